/* SPDX-License-Identifier: MIT */
/* What `explain --json` says of a case of a kind: the case in words, and the answers of a finding, member by member. */
#include <stdlib.h>
#include <string.h>

#include "harness/subjects/case_io.h"
#include "harness/subjects/verbs.h"
#include "harness/support/allocate.h"

static const char *const answer_names[] = {"expected", "got", "base", "patch"};
enum { ANSWERS = sizeof(answer_names) / sizeof(answer_names[0]), ROWS_MAX = 64, VALUE_MAX = 512 };

/* A member of any of the answers: its name, and what each answer has there. */
struct row {
    const char *name;
    char value[ANSWERS][VALUE_MAX];
    bool present[ANSWERS];
};

struct table {
    struct row *rows;
    size_t count;
};

static struct row *row_of(struct table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (!strcmp(table->rows[i].name, name))
            return &table->rows[i];
    if (table->count == ROWS_MAX)
        return NULL;
    table->rows[table->count].name = name;
    return &table->rows[table->count++];
}

/* Adds the members of an answer; those of an object within it stand beside them. */
static void add_answer(struct table *table, yyjson_val *answer, size_t number)
{
    size_t i, count;
    yyjson_val *key, *value;

    yyjson_obj_foreach(answer, i, count, key, value)
    {
        struct row *row;
        char *text;

        if (yyjson_is_obj(value)) {
            add_answer(table, value, number);
            continue;
        }
        row = row_of(table, yyjson_get_str(key));
        text = yyjson_is_str(value) ? NULL : yyjson_val_write(value, YYJSON_WRITE_NOFLAG, NULL);
        if (row) {
            snprintf(row->value[number], VALUE_MAX, "%s", text ? text : yyjson_get_str(value));
            row->present[number] = true;
        }
        free(text);
    }
}

static bool differs(const struct row *row, size_t number)
{
    return row->present[number] != row->present[0] ||
           (row->present[0] && strcmp(row->value[number], row->value[0]) != 0);
}

static void put(struct wd_json_out *out, const char *before, const char *name, const char *text)
{
    wd_json_put(out, before, strlen(before));
    wd_json_put_string(out, name);
    WD_JSON_PUT(out, ":");
    wd_json_put_string(out, text);
}

static void put_flag(struct wd_json_out *out, const char *before, const char *name, bool flag)
{
    wd_json_put(out, before, strlen(before));
    wd_json_put_string(out, name);
    wd_json_put(out, flag ? ":true" : ":false", flag ? 5 : 6);
}

/* An answer in a few words: what it says first. */
static void words_of(const struct table *table, size_t number, char words[VALUE_MAX])
{
    static const struct {
        const char *member, *before;
    } telling[] = {{"outcome", ""},         {"must", ""},      {"crash", "crash: "}, {"unsupported", "unsupported: "},
                   {"results", "results "}, {"hang", "hang: "}};

    for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++)
        for (size_t row = 0; row < table->count; row++) {
            if (strcmp(table->rows[row].name, telling[i].member) != 0 || !table->rows[row].present[number])
                continue;
            snprintf(words, VALUE_MAX, "%s%s", telling[i].before, table->rows[row].value[number]);
            return;
        }
    snprintf(words, VALUE_MAX, "an answer");
}

static void put_answers(struct wd_json_out *out, const struct table *table, yyjson_val *const *answers)
{
    bool first = true;

    WD_JSON_PUT(out, ",\"answers\":[");
    for (size_t i = 0; i < ANSWERS; i++) {
        bool first_name = true;
        char words[VALUE_MAX];

        if (!answers[i])
            continue;
        put(out, first ? "{" : ",{", "name", answer_names[i]);
        first = false;
        put(out, ",", "outcome", "of the kind");
        words_of(table, i, words);
        put(out, ",", "words", words);
        WD_JSON_PUT(out, ",\"differs\":[");
        for (size_t row = 0; row < table->count; row++) {
            if (!differs(&table->rows[row], i))
                continue;
            if (!first_name)
                WD_JSON_PUT(out, ",");
            first_name = false;
            wd_json_put_string(out, table->rows[row].name);
        }
        WD_JSON_PUT(out, "]}");
    }
    WD_JSON_PUT(out, "],\"rows\":[");
    for (size_t row = 0; row < table->count; row++) {
        const struct row *at = &table->rows[row];

        put(out, row ? ",{" : "{", "name", at->name);
        WD_JSON_PUT(out, ",\"bits\":\"\",\"judged\":true,\"cells\":[");
        first = true;
        for (size_t i = 0; i < ANSWERS; i++) {
            if (!answers[i])
                continue;
            put_flag(out, first ? "{" : ",{", "differs", differs(at, i));
            first = false;
            put_flag(out, ",", "present", at->present[i]);
            put(out, ",", "value", at->value[i]);
            put(out, ",", "words", "");
            WD_JSON_PUT(out, "}");
        }
        WD_JSON_PUT(out, "]}");
    }
    WD_JSON_PUT(out, "]");
}

static void put_rule(struct wd_json_out *out, const struct wd_subject_kind *kind, const char *name)
{
    for (unsigned i = 0; name && i < kind->rule_count; i++) {
        if (strcmp(kind->rules[i].name, name))
            continue;
        WD_JSON_PUT(out, ",\"rule\":");
        put(out, "{", "kind", "rule");
        put(out, ",", "name", kind->rules[i].name);
        put(out, ",", "id", kind->rules[i].source);
        put(out, ",", "function", kind->rules[i].function);
        put(out, ",", "text", kind->rules[i].text);
        WD_JSON_PUT(out, "}");
    }
}

static char *story_of(const struct wd_subject_kind *kind, const void *c)
{
    char *text = NULL;
    size_t size;
    FILE *stream = wd_allocated(open_memstream(&text, &size));

    kind->explain(stream, c);
    fclose(stream);
    return wd_allocated(text);
}

/* What is read again out of the line, so that there is one reader of cases. */
struct telling {
    FILE *out;
    const struct wd_subject_kind *kind;
    yyjson_val *root;
    const char *place;
    char wrong[1024];
};

static bool tell(void *context, const struct wd_subject_entry *entry, struct wd_error *error)
{
    struct telling *telling = context;
    char buffer[4096];
    struct wd_json_out out = wd_json_to_stream(telling->out, buffer, sizeof(buffer));
    struct table table = {.rows = wd_allocate(ROWS_MAX, sizeof(*table.rows))};
    yyjson_val *answers[ANSWERS];
    char *story = story_of(telling->kind, entry->c.bytes);

    (void)error;
    put(&out, "{", "kind", telling->kind->name);
    put(&out, ",", "id", entry->id);
    put(&out, ",", "note", entry->note);
    put(&out, ",", "story", story);
    put_rule(&out, telling->kind, yyjson_get_str(yyjson_obj_get(telling->root, "rule")));
    for (size_t i = 0; i < ANSWERS; i++) {
        answers[i] = yyjson_obj_get(telling->root, answer_names[i]);
        add_answer(&table, answers[i], i);
    }
    if (answers[0] && (answers[1] || answers[2] || answers[3]))
        put_answers(&out, &table, answers);
    WD_JSON_PUT(&out, "}\n");
    wd_json_end_stream(&out);
    free(story);
    free(table.rows);
    return true;
}

static void note_wrong(void *context, const char *message)
{
    struct telling *telling = context;

    snprintf(telling->wrong, sizeof(telling->wrong), "%s", message);
}

int wd_subject_explain_json(FILE *out, yyjson_val *root, const char *place)
{
    yyjson_val *inner = yyjson_obj_get(root, "case");
    const char *named = yyjson_get_str(yyjson_obj_get(yyjson_is_obj(inner) ? inner : root, "kind"));
    struct telling telling = {
        .out = out, .kind = named ? wd_subject_kind_by_name(named) : NULL, .root = root, .place = place};
    const struct wd_subject_reader reader = {.read = tell, .complain = note_wrong, .context = &telling};
    char buffer[4096];
    struct wd_json_out json = wd_json_to_stream(out, buffer, sizeof(buffer));
    char *text;
    size_t length;

    if (!telling.kind) {
        snprintf(telling.wrong, sizeof(telling.wrong), "%s: kind: there is no kind '%s'", place, named ? named : "");
    } else {
        text = wd_allocated(yyjson_val_write(root, YYJSON_WRITE_NOFLAG, &length));
        wd_subject_read_text_as(telling.kind, place, text, length, &reader);
        free(text);
    }
    if (!*telling.wrong)
        return WD_EXIT_NOTHING_FOUND;
    put(&json, "{", "error", telling.wrong);
    WD_JSON_PUT(&json, "}\n");
    wd_json_end_stream(&json);
    return WD_EXIT_FAILED;
}
