/* SPDX-License-Identifier: MIT */
#include "reports/side_by_side.h"

#include <inttypes.h>
#include <string.h>

#include "reports/answers_json.h"
#include "reports/fields.h"
#include "reports/paint.h"
#include "reports/steps.h"

/* Columns: a mark, the label, and two cells of the same width. */
enum {
    MARGIN = WD_STORY_MARGIN,
    LABEL = WD_STORY_COLUMN,
    GAP = 2,
    CELL = (WD_TEXT_COLUMNS - MARGIN - LABEL - GAP) / 2,
    CELL_MAX = 1500,
};

struct table {
    FILE *out;
    bool coloured;
    const struct wd_case *c;
    struct wd_params params[2]; /* of the walk that the architecture expects, by stage */
    bool known[2];
};

/* ---------------------------------------------------------------- rows */

/* How much of a text stands on the next line of a cell: up to a space, or as much as fits. */
static size_t line_length(const char *text)
{
    size_t length = strcspn(text, "\n"), fit = 0;

    if (length <= CELL)
        return length;
    for (size_t i = 0; i <= CELL; i++)
        if (text[i] == ' ')
            fit = i;
    return fit ? fit : CELL;
}

/* Prints the next line of a cell, and spaces up to a width. @return what is left of its text */
static const char *print_line(const struct table *table, const char *text, enum wd_paint paint, size_t width)
{
    size_t length = line_length(text);
    bool painted = paint != WD_PLAIN && length;

    if (painted)
        fputs(wd_paint(table->coloured, paint), table->out);
    fwrite(text, 1, length, table->out);
    if (painted)
        fputs(wd_paint(table->coloured, WD_PLAIN), table->out);
    text += length;
    text += *text == ' ' || *text == '\n';
    if (width > length)
        fprintf(table->out, "%*s", (int)(width - length), "");
    return text;
}

/* Prints a label, and spaces up to the first cell; one that is too long has a line of its own. */
static void print_label(const struct table *table, const char *label)
{
    if (strlen(label) >= LABEL)
        fprintf(table->out, "%s\n%*s", label, MARGIN + LABEL, "");
    else
        fprintf(table->out, "%-*s", LABEL, label);
}

/* Prints a row: what differs has a mark at the margin, which is there without colours too. */
static void print_row(const struct table *table, const char *label, bool differs, const char *left, const char *right)
{
    bool first = true;

    do {
        const char *mark = differs && first ? "!" : "";

        fprintf(table->out, "%s%s%s%*s", differs ? wd_paint(table->coloured, WD_WRONG) : "", mark,
                differs ? wd_paint(table->coloured, WD_PLAIN) : "", MARGIN - (int)strlen(mark), "");
        if (*right || *left) {
            print_label(table, first ? label : "");
            left = print_line(table, left, differs ? WD_RIGHT : WD_PLAIN, *right ? CELL + GAP : 0);
            right = print_line(table, right, differs ? WD_WRONG : WD_PLAIN, 0);
        } else {
            fputs(label, table->out);
        }
        fputc('\n', table->out);
        first = false;
    } while (*left || *right);
}

static void print_heading(const struct table *table, const char *title, const char *walker)
{
    const char *left = "the architecture";

    fputc('\n', table->out);
    do {
        fprintf(table->out, "%s%-*s", wd_paint(table->coloured, WD_STRONG), MARGIN + LABEL, title);
        left = print_line(table, left, WD_PLAIN, CELL + GAP);
        walker = print_line(table, walker, WD_PLAIN, 0);
        fprintf(table->out, "%s\n", wd_paint(table->coloured, WD_PLAIN));
        title = "";
    } while (*left || *walker);
}

/* ---------------------------------------------------------------- the walks */

static bool is_same_lookup(const struct wd_read *a, const struct wd_read *b)
{
    return a->stage == b->stage && a->level == b->level;
}

/* Whether one of the lookups from `i` on is for the same. */
static bool comes_later(const struct wd_result *result, unsigned i, const struct wd_read *read)
{
    for (; i < result->read_count; i++)
        if (is_same_lookup(&result->reads[i], read))
            return true;
    return false;
}

/* A lookup in words: where, what was found, and what that is if it is to be told in full. */
static void describe_lookup(const struct table *table, const struct wd_read *read, bool in_full, struct wd_words *words)
{
    if (!read) {
        wd_words_add(words, "-");
        return;
    }
    wd_words_add(words, "0x%" PRIx64 ": 0x%016" PRIx64, read->pa, read->descriptor);
    if (!in_full || !table->known[read->stage - 1])
        return;
    wd_words_add(words, "\n");
    wd_add_descriptor(words, table->c->regs, &table->params[read->stage - 1], read->stage, read->level,
                      read->descriptor);
}

static void print_lookups(const struct table *table, const struct wd_read *left, const struct wd_read *right)
{
    const struct wd_read *any = left ? left : right;
    bool differs = !left || !right || left->pa != right->pa || left->descriptor != right->descriptor;
    struct wd_words label = {0}, words[2] = {0};

    wd_words_add(&label, "stage %d level %d", any->stage, any->level);
    describe_lookup(table, left, differs, &words[0]);
    describe_lookup(table, right, differs, &words[1]);
    print_row(table, label.text, differs, words[0].text, words[1].text);
}

static void print_walks(const struct table *table, const struct wd_result *expected, const struct wd_result *got,
                        const char *walker)
{
    unsigned i = 0, j = 0;

    if (!expected->read_count && !got->read_count)
        return;
    print_heading(table, "Lookups", walker);
    if (!got->read_count) {
        for (; i < expected->read_count; i++) {
            struct wd_words label = {0}, words = {0};

            wd_words_add(&label, "stage %d level %d", expected->reads[i].stage, expected->reads[i].level);
            describe_lookup(table, &expected->reads[i], false, &words);
            print_row(table, label.text, false, words.text, i ? "" : "(it does not tell of its walk)");
        }
        return;
    }
    while (i < expected->read_count || j < got->read_count) {
        const struct wd_read *left = i < expected->read_count ? &expected->reads[i] : NULL;
        const struct wd_read *right = j < got->read_count ? &got->reads[j] : NULL;

        if (left && right && !is_same_lookup(left, right)) {
            if (comes_later(got, j, left))
                left = NULL;
            else
                right = NULL;
        }
        print_lookups(table, left, right);
        i += left != NULL;
        j += right != NULL;
    }
}

/* ---------------------------------------------------------------- the answers */

static const char *text_of(yyjson_mut_val *object, const char *name)
{
    const char *text = yyjson_mut_get_str(yyjson_mut_obj_get(object, name));

    return text ? text : "";
}

/* A cell's value and what it means. */
static void describe_cell(yyjson_mut_val *cell, struct wd_words *words)
{
    const char *value = text_of(cell, "value"), *meaning = text_of(cell, "words");

    if (!yyjson_mut_get_bool(yyjson_mut_obj_get(cell, "present")) && !*meaning)
        wd_words_add(words, "-");
    else
        wd_words_add(words, "%s%s%s", value, *value && *meaning ? "  " : "", meaning);
}

/* Whether neither answer says anything in a field: it is zero, and has no meaning then. */
static bool says_nothing(yyjson_mut_val *cell)
{
    const char *value = text_of(cell, "value");

    return !*text_of(cell, "words") && (!*value || !strcmp(value, "0") || !strcmp(value, "0x0"));
}

static void print_field(const struct table *table, yyjson_mut_val *row)
{
    yyjson_mut_val *cells = yyjson_mut_obj_get(row, "cells");
    yyjson_mut_val *left = yyjson_mut_arr_get(cells, 0), *right = yyjson_mut_arr_get(cells, 1);
    const char *bits = text_of(row, "bits");
    struct wd_words label = {0}, words[2] = {0};

    bool differs = yyjson_mut_get_bool(yyjson_mut_obj_get(right, "differs"));

    if (!yyjson_mut_get_bool(yyjson_mut_obj_get(row, "judged")) ||
        (!differs && says_nothing(left) && says_nothing(right)))
        return;
    wd_words_add(&label, "%s%s%s%s", text_of(row, "name"), *bits ? " [" : "", bits, *bits ? "]" : "");
    describe_cell(left, &words[0]);
    describe_cell(right, &words[1]);
    print_row(table, label.text, differs, words[0].text, words[1].text);
}

static void print_answers(const struct table *table, const struct wd_result *expected, const struct wd_result *got,
                          const char *walker)
{
    static struct wd_named_answer answers[2];
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *object = yyjson_mut_obj(doc), *row;
    yyjson_mut_arr_iter rows;

    yyjson_mut_doc_set_root(doc, object);
    answers[0] = (struct wd_named_answer){.name = "expected", .result = *expected};
    answers[1] = (struct wd_named_answer){.name = "got", .result = *got};
    wd_json_add_answers(doc, object, table->c, answers, 2, table->params, table->known);
    print_heading(table, "Answers", walker);
    rows = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(object, "rows"));
    while ((row = yyjson_mut_arr_iter_next(&rows)))
        print_field(table, row);
    yyjson_mut_doc_free(doc);
}

/* ---------------------------------------------------------------- the whole */

/* Notes what the walk knows of its stages. */
static void note_params(void *context, const struct wd_event *event)
{
    struct table *table = context;

    if (event->kind != WD_EVENT_WALK)
        return;
    table->params[event->stage - 1] = *event->params;
    table->known[event->stage - 1] = true;
}

static void print_item(const struct table *table, const char *label, const char *words)
{
    wd_print_item(table->out, MARGIN, label, MARGIN + LABEL, words);
}

/* The choices that the expected answer took, whether or not they are at their default. */
static void print_choices(const struct table *table, const struct wd_oracle_output *expected)
{
    for (unsigned i = 0; i < expected->consulted_count; i++) {
        const struct wd_consulted *consulted = &expected->consulted[i];
        struct wd_words words = {0};

        wd_words_add(&words, "%s (%s): %s%s", wd_choices[consulted->choice].name, wd_choices[consulted->choice].rule,
                     wd_choice_option(consulted->choice, consulted->option), consulted->option ? "" : ", the default");
        print_item(table, i ? "" : "choices in force", words.text);
    }
}

static void print_rule(const struct table *table, unsigned rule)
{
    const struct wd_rule_info *info = &wd_rules[rule];
    struct wd_words words = {0};

    wd_words_add(&words, "%s (%s%s%s): %s", info->name, info->id, *info->id ? ", " : "", info->function, info->text);
    print_item(table, "rule", words.text);
}

void wd_print_side_by_side(FILE *out, bool coloured, const struct wd_case *c, const char *walker, const char *remark,
                           const struct wd_oracle_output *basis, const struct wd_result *got,
                           const struct wd_judgement *judgement)
{
    static struct wd_oracle_output again;
    struct table table = {.out = out, .coloured = coloured, .c = c};
    bool finding = wd_verdict_is_finding[judgement->verdict];
    const char *more = judgement->verdict == WD_VERDICT_PERMITTED     ? judgement->choice
                       : judgement->verdict != WD_VERDICT_UNSUPPORTED ? ""
                       : got->answer == WD_ANSWER_UNSUPPORTED         ? got->text
                                                                      : basis->result.text;
    struct wd_words head = {0};

    wd_words_add(&head, "%s%s%s", wd_verdict_names[judgement->verdict], *more ? ": " : "", more);
    fprintf(out, "\n%sWalker %s%s%s: %s%s%s\n", wd_paint(coloured, WD_STRONG), walker, wd_paint(coloured, WD_PLAIN),
            remark, wd_paint(coloured, finding ? WD_WRONG : WD_RIGHT), head.text, wd_paint(coloured, WD_PLAIN));
    if (!finding)
        return;
    fprintf(out, "%*s", MARGIN, "");
    wd_print_wrapped(out, MARGIN, MARGIN, judgement->title);
    wd_oracle(c, &judgement->resolution, note_params, &table, &again);
    print_walks(&table, &judgement->expected.result, got, walker);
    print_answers(&table, &judgement->expected.result, got, walker);
    fputc('\n', out);
    print_rule(&table, judgement->rule ? judgement->rule : judgement->expected.rule);
    print_choices(&table, &judgement->expected);
    print_item(&table, "signature", judgement->signature);
}
