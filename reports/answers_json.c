/* SPDX-License-Identifier: MIT */
#include "reports/answers_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/judge/judge.h"
#include "reports/fields.h"
#include "reports/walk_json.h"

/* ---------------------------------------------------------------- one answer */

static const struct {
    const char *kind, *heading;
} kinds[] = {
    [WD_ANSWER_PAR] = {"par", "PAR_EL1"},
    [WD_ANSWER_EXCEPTION] = {"exception", "Data Abort"},
    [WD_ANSWER_UNDEFINED] = {"undefined", "UNDEFINED"},
    [WD_ANSWER_UNSUPPORTED] = {"unsupported", "unsupported"},
    [WD_ANSWER_RETRY] = {"retry", "retry"},
    [WD_ANSWER_CRASH] = {"crash", "crash"},
    [WD_ANSWER_HANG] = {"hang", "hang"},
};

/* What an answer comes down to: "success", "fault", or its kind. */
static const char *outcome(const struct wd_result *result)
{
    if (result->answer != WD_ANSWER_PAR)
        return kinds[result->answer].kind;
    return WD_GET(result->par, PAR_EL1, F) ? "fault" : "success";
}

static void describe(const struct wd_result *result, char *text, size_t size)
{
    if (result->answer == WD_ANSWER_UNSUPPORTED || result->answer == WD_ANSWER_CRASH ||
        result->answer == WD_ANSWER_RETRY)
        snprintf(text, size, "%s%s%s", kinds[result->answer].kind, result->text[0] ? ": " : "", result->text);
    else if (result->answer == WD_ANSWER_HANG)
        snprintf(text, size, "no answer in time");
    else
        wd_describe_answer(result, text, size);
}

static void add_trace(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct wd_case *c,
                      const struct wd_result *result, const struct wd_params params[2], const bool known[2])
{
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, object, "trace");

    for (unsigned i = 0; i < result->read_count; i++) {
        const struct wd_read *read = &result->reads[i];
        yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, list);

        yyjson_mut_obj_add_int(doc, one, "stage", read->stage);
        yyjson_mut_obj_add_int(doc, one, "level", read->level);
        wd_json_add_hex(doc, one, "pa", read->pa, 1);
        wd_json_add_hex(doc, one, "descriptor", read->descriptor, 16);
        if (known[read->stage - 1])
            wd_json_add_descriptor(doc, one, c, &params[read->stage - 1], read->stage, read->level, read->descriptor);
    }
}

/* The aspects in which an answer differs, by the judge's order of them. */
static void add_differences(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct wd_result *expected,
                            const struct wd_result *got)
{
    static const char *const names[WD_ASPECT_COUNT] = {
        [WD_ASPECT_F] = "F",        [WD_ASPECT_CLASS] = "class", [WD_ASPECT_LEVEL] = "level",
        [WD_ASPECT_S] = "S",        [WD_ASPECT_PTW] = "PTW",     [WD_ASPECT_BITS_15_12] = "15:12",
        [WD_ASPECT_PA] = "PA",      [WD_ASPECT_ATTR] = "ATTR",   [WD_ASPECT_SH] = "SH",
        [WD_ASPECT_RES] = "RES0/1", [WD_ASPECT_IPA] = "IPA",     [WD_ASPECT_MEM] = "memory",
    };
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, object, "differs");
    unsigned differing = wd_answers_differ(expected, got);

    for (unsigned aspect = 0; aspect < WD_ASPECT_COUNT; aspect++)
        if (differing >> aspect & 1)
            yyjson_mut_arr_add_str(doc, list, names[aspect]);
}

static void add_answer(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct wd_case *c,
                       const struct wd_named_answer *answer, const struct wd_result *first,
                       const struct wd_params params[2], const bool known[2])
{
    const struct wd_result *result = &answer->result;
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
    char words[WD_TEXT_MAX + 200];

    yyjson_mut_obj_add_str(doc, object, "name", answer->name);
    yyjson_mut_obj_add_str(doc, object, "kind", kinds[result->answer].kind);
    yyjson_mut_obj_add_str(doc, object, "outcome", outcome(result));
    describe(result, words, sizeof(words));
    wd_json_add_text(doc, object, "words", words);
    if (result->answer == WD_ANSWER_PAR)
        wd_json_add_hex(doc, object, "par", result->par, 16);
    if (result->warning_count) {
        yyjson_mut_val *warnings = yyjson_mut_obj_add_arr(doc, object, "warn");

        for (unsigned i = 0; i < result->warning_count; i++)
            yyjson_mut_arr_add_strcpy(doc, warnings, result->warnings[i]);
    }
    add_differences(doc, object, first, result);
    if (result->read_count)
        add_trace(doc, object, c, result, params, known);
}

/* ---------------------------------------------------------------- side by side */

/* Sections of the table, in their order. */
enum section { THE_ANSWER, FIELDS, EXCEPTION, MEMORY };

/* One field of one answer. */
struct entry {
    uint8_t section; /* enum section */
    uint8_t lsb;     /* of a field; the place in the section else */
    uint64_t pa;     /* of a word of memory */
    char name[48];
    char bits[8];
    uint64_t raw;    /* the value, for comparison */
    uint64_t judged; /* bits of it that the judge looks at */
    char value[40];
    struct wd_words words;
};

enum { ENTRIES_MAX = 32 + WD_CHANGED_MAX };

struct entries {
    size_t count;
    struct entry list[ENTRIES_MAX];
};

static struct entry *new_entry(struct entries *entries, enum section section, unsigned lsb, const char *name)
{
    struct entry *entry = &entries->list[entries->count++];

    *entry = (struct entry){.section = (uint8_t)section, .lsb = (uint8_t)lsb, .judged = UINT64_MAX};
    snprintf(entry->name, sizeof(entry->name), "%s", name);
    return entry;
}

/* What a walker does not tell counts as right. @return false: it tells nothing of these bits of PAR_EL1 */
static bool note_told(struct entry *entry, uint64_t unanswered, uint64_t mask)
{
    entry->judged &= ~unanswered;
    if (mask & ~unanswered)
        return true;
    snprintf(entry->value, sizeof(entry->value), "not told");
    return false;
}

static void note_field(struct entries *entries, const struct wd_field *field, const struct wd_result *result)
{
    struct entry *entry = new_entry(entries, FIELDS, field->lsb, field->name);
    uint64_t value = wd_bits(result->par, field->msb, field->lsb), mask = wd_mask(field->msb, field->lsb);
    struct wd_words shown = {0};

    snprintf(entry->bits, sizeof(entry->bits), field->msb == field->lsb ? "%u" : "%u:%u", field->msb, field->lsb);
    entry->raw = result->par;
    entry->judged = wd_par_mask(result->par) & mask;
    if (!note_told(entry, result->unanswered, mask))
        return;
    wd_add_field_value(&shown, field->name, value, field->msb, field->lsb);
    snprintf(entry->value, sizeof(entry->value), "%.*s", (int)sizeof(entry->value) - 1, shown.text);
    if (entry->judged && (value || field->lsb < WD_PAR_EL1_F_AssuredOnly_lsb || !WD_GET(result->par, PAR_EL1, F)))
        wd_add_par_meaning(&entry->words, field, result, value);
}

static void note_par(struct entries *entries, const struct wd_result *result)
{
    size_t count;
    const struct wd_field *fields =
        wd_layout_fields(WD_GET(result->par, PAR_EL1, F) ? WD_LAYOUT_PAR_EL1_F : WD_LAYOUT_PAR_EL1, &count);
    uint64_t rest = wd_par_mask(result->par);
    struct entry *entry;

    for (size_t i = 0; i < count; i++) {
        rest &= ~wd_mask(fields[i].msb, fields[i].lsb);
        note_field(entries, &fields[i], result);
    }
    entry = new_entry(entries, FIELDS, 63, "RES0");
    entry->raw = result->par & rest;
    entry->judged = rest;
    if (!note_told(entry, result->unanswered, rest))
        return;
    snprintf(entry->value, sizeof(entry->value), "0x%" PRIx64, entry->raw);
    wd_words_add(&entry->words, "%s", entry->raw ? "bits that must be 0" : "");
}

static void note_flag(struct entries *entries, unsigned place, const char *name, bool flag, bool unanswered)
{
    struct entry *entry = new_entry(entries, EXCEPTION, place, name);

    entry->raw = flag;
    if (note_told(entry, unanswered, 1))
        snprintf(entry->value, sizeof(entry->value), "%d", flag);
}

static void note_exception(struct entries *entries, const struct wd_result *result)
{
    const struct wd_exception *exception = &result->exception;
    struct entry *entry = new_entry(entries, EXCEPTION, 0, "fault status");
    uint64_t unanswered = result->unanswered;
    char words[200];

    entry->raw = exception->fst;
    if (note_told(entry, WD_GET(unanswered, PAR_EL1_F, FST), 0x3f))
        snprintf(entry->value, sizeof(entry->value), "0x%02x", exception->fst);
    describe(result, words, sizeof(words));
    wd_words_add(&entry->words, "%s", words);
    note_flag(entries, 1, "stage 2", exception->stage2, WD_GET(unanswered, PAR_EL1_F, S));
    note_flag(entries, 2, "on a stage 1 walk", exception->s1ptw, WD_GET(unanswered, PAR_EL1_F, PTW));
    if (!exception->has_ipa)
        return;
    entry = new_entry(entries, EXCEPTION, 3, "IPA");
    entry->raw = exception->ipa >> 12; /* bits 11:0 are never judged */
    snprintf(entry->value, sizeof(entry->value), "0x%" PRIx64, exception->ipa);
}

static void note_memory(struct entries *entries, const struct wd_result *result)
{
    for (unsigned i = 0; i < result->changed_count; i++) {
        char name[48];
        struct entry *entry;

        snprintf(name, sizeof(name), "word at 0x%" PRIx64, result->changed[i].pa);
        entry = new_entry(entries, MEMORY, 0, name);
        entry->pa = result->changed[i].pa;
        entry->raw = result->changed[i].value;
        snprintf(entry->value, sizeof(entry->value), "0x%016" PRIx64, result->changed[i].value);
        wd_words_add(&entry->words, "changed by the walk");
    }
}

static void note_answer(struct entries *entries, const struct wd_result *result)
{
    struct entry *entry = new_entry(entries, THE_ANSWER, 0, "answer");
    char words[WD_TEXT_MAX + 200];

    entry->raw = result->answer;
    if (result->answer == WD_ANSWER_PAR)
        snprintf(entry->value, sizeof(entry->value), "0x%016" PRIx64, result->par);
    else
        snprintf(entry->value, sizeof(entry->value), "%s", kinds[result->answer].heading);
    describe(result, words, sizeof(words));
    wd_words_add(&entry->words, "%s", words);
    if (result->answer == WD_ANSWER_PAR)
        note_par(entries, result);
    else if (result->answer == WD_ANSWER_EXCEPTION)
        note_exception(entries, result);
    note_memory(entries, result);
}

static int by_place(const void *a, const void *b)
{
    const struct entry *one = *(const struct entry *const *)a, *two = *(const struct entry *const *)b;

    if (one->section != two->section)
        return one->section < two->section ? -1 : 1;
    if (one->lsb != two->lsb)
        return one->lsb < two->lsb ? -1 : 1;
    if (one->pa != two->pa)
        return one->pa < two->pa ? -1 : 1;
    return strcmp(one->name, two->name);
}

static const struct entry *find(const struct entries *entries, const struct entry *like)
{
    for (size_t i = 0; i < entries->count; i++) {
        const struct entry *entry = &entries->list[i];

        if (!by_place(&like, &entry))
            return entry;
    }
    return NULL;
}

/* A walk that does not change a word that the other changes differs in it; other fields are there or are not. */
static bool differs(const struct entry *expected, const struct entry *got, const struct entry *any)
{
    if (!expected || !got)
        return any->section == MEMORY && expected != got;
    return (expected->raw ^ got->raw) & expected->judged & got->judged;
}

static void add_cell(yyjson_mut_doc *doc, yyjson_mut_val *cells, const struct entry *first, const struct entry *entry,
                     const struct entry *any)
{
    yyjson_mut_val *cell = yyjson_mut_arr_add_obj(doc, cells);
    bool missing = !entry;

    yyjson_mut_obj_add_bool(doc, cell, "differs", differs(first, entry, any));
    yyjson_mut_obj_add_bool(doc, cell, "present", !missing);
    yyjson_mut_obj_add_strcpy(doc, cell, "value", missing ? "" : entry->value);
    yyjson_mut_obj_add_strcpy(doc, cell, "words",
                              !missing                 ? entry->words.text
                              : any->section == MEMORY ? "not changed"
                                                       : "");
}

/* A row for every field that an answer has, a cell for every answer. */
static void add_rows(yyjson_mut_doc *doc, yyjson_mut_val *rows, const struct entries *entries, size_t count)
{
    const struct entry *order[WD_ANSWERS_MAX * ENTRIES_MAX];
    size_t used = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < entries[i].count; j++)
            order[used++] = &entries[i].list[j];
    qsort(order, used, sizeof(order[0]), by_place);
    for (size_t i = 0; i < used; i++) {
        const struct entry *first = find(&entries[0], order[i]);
        yyjson_mut_val *row, *cells;

        if (i && !by_place(&order[i - 1], &order[i]))
            continue;
        row = yyjson_mut_arr_add_obj(doc, rows);
        yyjson_mut_obj_add_strcpy(doc, row, "name", order[i]->name);
        yyjson_mut_obj_add_strcpy(doc, row, "bits", order[i]->bits);
        yyjson_mut_obj_add_bool(doc, row, "judged", order[i]->judged != 0);
        cells = yyjson_mut_obj_add_arr(doc, row, "cells");
        for (size_t j = 0; j < count; j++)
            add_cell(doc, cells, first, find(&entries[j], order[i]), order[i]);
    }
}

void wd_json_add_answers(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct wd_case *c,
                         const struct wd_named_answer *answers, size_t count, const struct wd_params params[2],
                         const bool known[2])
{
    static struct entries entries[WD_ANSWERS_MAX];
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, object, "answers");

    for (size_t i = 0; i < count; i++) {
        add_answer(doc, list, c, &answers[i], &answers[0].result, params, known);
        entries[i].count = 0;
        note_answer(&entries[i], &answers[i].result);
    }
    add_rows(doc, yyjson_mut_obj_add_arr(doc, object, "rows"), entries, count);
}
