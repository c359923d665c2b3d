/* SPDX-License-Identifier: MIT */
#include "harness/subjects/kind.h"

#include <string.h>

#include "harness/judge/changes.h"
#include "harness/subjects/abort/abort_kind.h"
#include "harness/subjects/idmap/idmap_kind.h"
#include "harness/subjects/pgtable/pgtable_kind.h"
#include "harness/subjects/tlbi/tlbi_kind.h"

static const struct wd_subject_kind *const kinds[] = {&wd_abort_kind, &wd_idmap_kind, &wd_pgtable_kind, &wd_tlbi_kind};

const struct wd_subject_kind *wd_subject_kind(size_t i)
{
    return i < sizeof(kinds) / sizeof(kinds[0]) ? kinds[i] : NULL;
}

const struct wd_subject_kind *wd_subject_kind_by_name(const char *name)
{
    const struct wd_subject_kind *kind;

    for (size_t i = 0; (kind = wd_subject_kind(i)); i++)
        if (!strcmp(kind->name, name))
            return kind;
    return NULL;
}

bool wd_subject_find_defect(const char *options, const char *const *ids, unsigned count, unsigned *defect, char *error,
                            size_t error_size)
{
    static const char key[] = "defect=";
    const char *id = strstr(options, key);

    *defect = 0;
    if (!id)
        return true;
    id += strlen(key);
    for (*defect = 1; *defect < count; ++*defect)
        if (!strcmp(ids[*defect], id))
            return true;
    snprintf(error, error_size, "there is no defect '%s'", id);
    return false;
}

bool wd_subject_identical(const struct wd_subject_kind *kind, const void *a, const void *b)
{
    const struct wd_subject_head *one = a, *other = b;

    return one->status == other->status && one->warning_count == other->warning_count &&
           (one->status == WD_SUBJECT_ANSWERED ? kind->same(a, b) : wd_texts_identical(one->text, other->text));
}

/* A number that tells texts apart: FNV-1a. */
static uint32_t number_of(const char *text)
{
    uint32_t number = 2166136261U;

    for (; *text; text++)
        number = (number ^ (unsigned char)*text) * 16777619U;
    return number;
}

void wd_subject_judge(const struct wd_subject_kind *kind, const void *c, const void *answer,
                      struct wd_subject_judgement *judgement)
{
    const struct wd_subject_head *head = answer;

    *judgement = (struct wd_subject_judgement){.rule = WD_NO_RULE};
    kind->judge(c, head->status == WD_SUBJECT_ANSWERED ? answer : NULL, judgement);
    switch (head->status) {
    case WD_SUBJECT_UNSUPPORTED:
        judgement->verdict = WD_VERDICT_UNSUPPORTED;
        judgement->key = 0;
        return;
    case WD_SUBJECT_CRASH:
        judgement->verdict = WD_VERDICT_CRASH;
        judgement->key = number_of(head->text);
        return;
    case WD_SUBJECT_HANG:
        judgement->verdict = WD_VERDICT_HANG;
        judgement->key = 0;
        return;
    default:
        break;
    }
    if (head->warning_count && !wd_verdict_is_finding[judgement->verdict]) {
        judgement->verdict = WD_VERDICT_WARN;
        judgement->key = number_of(head->warnings[0]);
    }
}

void wd_subject_describe(const struct wd_subject_kind *kind, const void *c, const void *answer,
                         const struct wd_subject_judgement *judgement, char *signature, char *title)
{
    const struct wd_subject_head *head = answer;

    *signature = *title = '\0';
    switch (judgement->verdict) {
    case WD_VERDICT_CRASH:
        snprintf(signature, WD_SIGNATURE_MAX, "%s: crash: %s", kind->name, head->text);
        snprintf(title, WD_TITLE_MAX, "The subject died: %s", head->text);
        break;
    case WD_VERDICT_HANG:
        snprintf(signature, WD_SIGNATURE_MAX, "%s: hang", kind->name);
        snprintf(title, WD_TITLE_MAX, "The subject did not answer in time");
        break;
    case WD_VERDICT_WARN:
        snprintf(signature, WD_SIGNATURE_MAX, "%s: warn: %s", kind->name, head->warnings[0]);
        snprintf(title, WD_TITLE_MAX, "The answer is permitted, but the subject's code raised a warning at %s",
                 head->warnings[0]);
        break;
    case WD_VERDICT_DEVIATION:
        kind->describe(c, answer, judgement, signature, title);
        break;
    default:
        break;
    }
}

void wd_subject_choices_text(const struct wd_subject_kind *kind, uint32_t choices, char *text, size_t size)
{
    size_t length = 0;

    *text = '\0';
    for (unsigned i = 0; i < kind->choice_count && length < size; i++)
        if (choices >> i & 1)
            length += (size_t)snprintf(text + length, size - length, "%s%s: %s", length ? "; " : "",
                                       kind->choices[i].name, kind->choices[i].function);
}

static void put_text(struct wd_json_out *out, const char *name, const char *text)
{
    wd_json_put_string(out, name);
    WD_JSON_PUT(out, ":");
    wd_json_put_string(out, text);
}

void wd_subject_write_case(struct wd_json_out *out, const struct wd_subject_kind *kind, const void *c, const char *id,
                           const char *note)
{
    WD_JSON_PUT(out, "{");
    put_text(out, "kind", kind->name);
    if (id && *id) {
        WD_JSON_PUT(out, ",");
        put_text(out, "id", id);
    }
    kind->write(out, c);
    if (note && *note) {
        WD_JSON_PUT(out, ",");
        put_text(out, "note", note);
    }
    WD_JSON_PUT(out, "}");
}

void wd_subject_write_answer(struct wd_json_out *out, const struct wd_subject_kind *kind, const void *c,
                             const void *answer, const char *id)
{
    static const char *const names[] = {"", "unsupported", "crash", "hang"};
    const struct wd_subject_head *head = answer;

    WD_JSON_PUT(out, "{");
    if (id && *id) {
        put_text(out, "id", id);
        WD_JSON_PUT(out, ",");
    }
    if (head->status == WD_SUBJECT_ANSWERED)
        kind->write_answer(out, c, answer);
    else if (head->status == WD_SUBJECT_HANG)
        WD_JSON_PUT(out, "\"hang\":true");
    else
        put_text(out, names[head->status], head->text);
    if (head->warning_count) {
        WD_JSON_PUT(out, ",\"warn\":[");
        for (unsigned i = 0; i < head->warning_count; i++) {
            if (i)
                WD_JSON_PUT(out, ",");
            wd_json_put_string(out, head->warnings[i]);
        }
        WD_JSON_PUT(out, "]");
    }
    WD_JSON_PUT(out, "}");
}
