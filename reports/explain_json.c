/* SPDX-License-Identifier: MIT */
#include "reports/explain_json.h"

#include <stdlib.h>
#include <string.h>

#include "harness/subjects/verbs.h"
#include "harness/casefile/case_file.h"
#include "harness/cli/cli.h"
#include "harness/judge/judge.h"
#include "harness/support/allocate.h"
#include "reports/answers_json.h"
#include "reports/walk_json.h"

/* Resolutions that are tried to find the one that gives the expected answer, before the default one is told. */
enum { RESOLUTIONS_TRIED = 1 << 14, MESSAGE_MAX = 2048 };

/* What is to be explained: a case, and the answers to it, if there are any. */
struct subject {
    const struct wd_case_entry *entry;
    size_t count;
    struct wd_named_answer answers[WD_ANSWERS_MAX];
    const char *rule; /* NULL: not said */
    bool has_other;
    struct wd_result other; /* the answer to another case */
};

/* Members of a finding that are answers to its case, in the order in which they are shown. */
static const char *const answer_names[] = {"expected", "got", "base", "patch"};

/* ---------------------------------------------------------------- writing */

/* The resolution that gives an answer. @return false, with the default one, if none is found */
static bool find_resolution(const struct wd_case *c, const struct wd_result *answer, struct wd_resolution *resolution)
{
    static struct wd_oracle_output output;

    *resolution = (struct wd_resolution){0};
    wd_oracle(c, resolution, NULL, NULL, &output);
    for (unsigned tried = 0; tried < RESOLUTIONS_TRIED; tried++) {
        if (wd_answers_equal(&output.result, answer))
            return true;
        if (!wd_resolution_next(resolution, &output, 0))
            break;
        wd_oracle(c, resolution, NULL, NULL, &output);
    }
    *resolution = (struct wd_resolution){0};
    return false;
}

static bool expects(const struct subject *subject)
{
    return subject->count && !strcmp(subject->answers[0].name, answer_names[0]);
}

/* Puts the architecture's own answer before the others, if the finding names none. */
static void add_own_answer(struct subject *subject, const struct wd_result *own)
{
    memmove(&subject->answers[1], &subject->answers[0], subject->count * sizeof(subject->answers[0]));
    subject->answers[0] = (struct wd_named_answer){.name = answer_names[0], .result = *own};
    subject->count++;
}

static void note_stages(yyjson_mut_val *object, bool known[2])
{
    yyjson_mut_arr_iter steps = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(object, "steps"));
    yyjson_mut_val *step;

    while ((step = yyjson_mut_arr_iter_next(&steps)))
        if (yyjson_mut_equals_str(yyjson_mut_obj_get(step, "kind"), "tables"))
            known[yyjson_mut_get_int(yyjson_mut_obj_get(step, "stage")) - 1] = true;
}

static void write_document(FILE *out, yyjson_mut_doc *doc)
{
    size_t length;
    char *text = wd_allocated(yyjson_mut_write(doc, YYJSON_WRITE_NOFLAG, &length));

    fwrite(text, 1, length, out);
    fputc('\n', out);
    free(text);
    yyjson_mut_doc_free(doc);
}

static void write_subject(FILE *out, struct subject *subject)
{
    static struct wd_oracle_output output;
    yyjson_mut_doc *doc = wd_allocated(yyjson_mut_doc_new(NULL));
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    struct wd_resolution resolution = {0};
    struct wd_params params[2] = {0};
    bool known[2] = {false, false}, found = true;
    const struct wd_case *c = &subject->entry->c;

    yyjson_mut_doc_set_root(doc, object);
    wd_json_add_text(doc, object, "id", subject->entry->id);
    wd_json_add_text(doc, object, "note", subject->entry->note);
    if (expects(subject))
        found = find_resolution(c, &subject->answers[0].result, &resolution);
    wd_json_add_walk(doc, object, c, &resolution, params, &output);
    yyjson_mut_obj_add_bool(doc, object, "walk_gives_expected", found);
    if (!expects(subject))
        add_own_answer(subject, &output.result);
    note_stages(object, known);
    wd_json_add_answers(doc, object, c, subject->answers, subject->count, params, known);
    if (subject->has_other) {
        const struct wd_named_answer other = {.name = "other", .result = subject->other};

        wd_json_add_answers(doc, yyjson_mut_obj_add_obj(doc, object, "other"), c, &other, 1, params,
                            (const bool[2]){false, false});
    }
    yyjson_mut_obj_add_val(doc, object, "decided_by", wd_json_rule(doc, output.rule));
    if (subject->rule) {
        yyjson_mut_val *rule = wd_json_rule_by_name(doc, subject->rule);

        if (rule)
            yyjson_mut_obj_add_val(doc, object, "rule", rule);
    }
    write_document(out, doc);
}

static int write_error(FILE *out, const char *message)
{
    yyjson_mut_doc *doc = wd_allocated(yyjson_mut_doc_new(NULL));
    yyjson_mut_val *object = yyjson_mut_obj(doc);

    yyjson_mut_doc_set_root(doc, object);
    wd_json_add_text(doc, object, "error", message);
    write_document(out, doc);
    return wd_complain("%s", message);
}

/* ---------------------------------------------------------------- findings */

/* The text of a member's value, which the caller frees. */
static char *text_of(yyjson_val *value, size_t *length)
{
    return wd_allocated(yyjson_val_write(value, YYJSON_WRITE_NOFLAG, length));
}

static bool read_answer(yyjson_val *value, const char *place, const char *name, struct wd_result *result,
                        struct wd_error *error)
{
    size_t length;
    char *text, message[MESSAGE_MAX];
    int status;

    if (!yyjson_is_obj(value))
        return wd_error_set(error, "%s: %s: must be an object", place, name);
    text = text_of(value, &length);
    status = wd_result_from_json(text, length, result, NULL, 0, message, sizeof(message));
    free(text);
    return !status || wd_error_set(error, "%s: %s: %s", place, name, message);
}

static bool read_answers(yyjson_val *finding, const char *place, struct subject *subject, struct wd_error *error)
{
    yyjson_val *other = yyjson_obj_get(yyjson_obj_get(finding, "other"), "got");

    for (size_t i = 0; i < sizeof(answer_names) / sizeof(answer_names[0]); i++) {
        yyjson_val *value = yyjson_obj_get(finding, answer_names[i]);
        struct wd_named_answer *answer = &subject->answers[subject->count];

        if (!value)
            continue;
        if (!read_answer(value, place, answer_names[i], &answer->result, error))
            return false;
        answer->name = answer_names[i];
        subject->count++;
    }
    subject->rule = yyjson_get_str(yyjson_obj_get(finding, "rule"));
    subject->has_other = other;
    return !other || read_answer(other, place, "other.got", &subject->other, error);
}

static int explain_finding(FILE *out, yyjson_val *finding, const char *place)
{
    static struct subject subject;
    size_t length;
    char *text = text_of(yyjson_obj_get(finding, "case"), &length);
    FILE *stream = wd_allocated(fmemopen(text, length, "r"));
    struct wd_case_reader *reader = wd_allocated(wd_case_reader_new(stream, place));
    struct wd_case_entry entry;
    struct wd_error error;
    int status = WD_EXIT_NOTHING_FOUND;

    subject = (struct subject){.entry = &entry};
    if (wd_case_reader_next(reader, &entry) != 1)
        status = write_error(out, wd_case_reader_error(reader));
    else if (!read_answers(finding, place, &subject, &error))
        status = write_error(out, error.text);
    else
        write_subject(out, &subject);
    wd_case_reader_free(reader);
    fclose(stream);
    free(text);
    return status;
}

static int explain_findings(FILE *out, char *text, size_t length, const char *name)
{
    int status = WD_EXIT_NOTHING_FOUND;
    unsigned line = 0;

    for (char *start = text, *end; start < text + length; start = end + 1) {
        char place[MESSAGE_MAX];
        yyjson_doc *doc;
        int one = WD_EXIT_NOTHING_FOUND;

        end = memchr(start, '\n', (size_t)(text + length - start));
        end = end ? end : text + length;
        snprintf(place, sizeof(place), "%s:%u", strcmp(name, "-") ? name : "<stdin>", ++line);
        if (strspn(start, " \t\r") >= (size_t)(end - start))
            continue;
        doc = yyjson_read(start, (size_t)(end - start), YYJSON_READ_NOFLAG);
        if (yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(doc), "case"), "kind")) {
            one = wd_subject_explain_json(out, yyjson_doc_get_root(doc), place);
        } else if (yyjson_is_obj(yyjson_obj_get(yyjson_doc_get_root(doc), "case"))) {
            one = explain_finding(out, yyjson_doc_get_root(doc), place);
        } else {
            strncat(place, ": is no finding", sizeof(place) - strlen(place) - 1);
            one = write_error(out, place);
        }
        yyjson_doc_free(doc);
        status = one ? one : status;
    }
    return status;
}

/* ---------------------------------------------------------------- cases */

static int explain_cases(FILE *out, FILE *in, const char *name)
{
    struct wd_case_reader *reader = wd_allocated(wd_case_reader_new(in, name));
    struct wd_case_entry entry;
    int status = WD_EXIT_NOTHING_FOUND, read;

    while ((read = wd_case_reader_next(reader, &entry))) {
        if (read < 0)
            status = write_error(out, wd_case_reader_error(reader));
        else
            write_subject(out, &(struct subject){.entry = &entry});
    }
    wd_case_reader_free(reader);
    return status;
}

/* Whether the first line of a text is a finding. */
static bool holds_findings(const char *text, size_t length)
{
    const char *end = memchr(text, '\n', length);
    yyjson_doc *doc = yyjson_read(text, end ? (size_t)(end - text) : length, YYJSON_READ_NOFLAG);
    bool finding = yyjson_is_obj(yyjson_obj_get(yyjson_doc_get_root(doc), "case"));

    yyjson_doc_free(doc);
    return finding;
}

int wd_explain_json(FILE *out, FILE *in, const char *name)
{
    char *text = NULL, piece[16384];
    size_t length = 0, got;
    FILE *whole = wd_allocated(open_memstream(&text, &length));
    int status;

    while ((got = fread(piece, 1, sizeof(piece), in)))
        fwrite(piece, 1, got, whole);
    fclose(whole);
    wd_allocated(text);
    if (holds_findings(text, length)) {
        status = explain_findings(out, text, length, name);
    } else {
        whole = length ? wd_allocated(fmemopen(text, length, "r")) : NULL;
        status = whole ? explain_cases(out, whole, name) : WD_EXIT_NOTHING_FOUND;
        if (whole)
            fclose(whole);
    }
    free(text);
    return ferror(in) ? wd_complain("%s: cannot be read", name) : status;
}
