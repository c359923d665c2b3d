/* SPDX-License-Identifier: MIT */
#include "harness/engine/change_text.h"

#include <stdio.h>
#include <string.h>

#include "harness/judge/judgement_text.h"
#include "harness/support/allocate.h"

/* ---------------------------------------------------------------- signatures */

/* What is said of one side: its bucket, that it is right, or why it does not answer. */
static void put_side_name(FILE *stream, const struct wd_change_side *side)
{
    const struct wd_judgement *judgement = side->judgement;
    enum wd_verdict verdict = judgement->verdict;
    bool unsupported = side->got->answer == WD_ANSWER_UNSUPPORTED;
    const char *more = unsupported ? side->got->text : judgement->signature;

    if (verdict == WD_VERDICT_AGREE || verdict == WD_VERDICT_PERMITTED) {
        fprintf(stream, "right");
        return;
    }
    fprintf(stream, "%s%s%s", wd_verdict_names[verdict], *more ? ": " : "", more);
}

/* What a side was or is worth where it is not what the change is about. */
static const char *worth_of(const struct wd_change_side *side)
{
    switch (side->judgement->verdict) {
    case WD_VERDICT_AGREE:
    case WD_VERDICT_PERMITTED:
        return "right";
    case WD_VERDICT_DEVIATION:
    case WD_VERDICT_EXCEPTION_MISMATCH:
        return "wrong";
    default:
        return wd_verdict_names[side->judgement->verdict];
    }
}

/* Whether a change is about one side alone, whatever the other was in particular. */
static bool is_about(enum wd_change change, bool after)
{
    switch (change) {
    case WD_CHANGE_CRASH_GAINED:
    case WD_CHANGE_HANG_GAINED:
    case WD_CHANGE_RETRY_GAINED:
        return after;
    case WD_CHANGE_CRASH_LOST:
    case WD_CHANGE_HANG_LOST:
    case WD_CHANGE_RETRY_LOST:
    case WD_CHANGE_SUPPORT_LOST:
        return !after;
    default:
        return false;
    }
}

/* Whether one of a list of choices is in another: "A: this; B: that". */
static bool has_choice(const char *list, const char *choice, size_t length)
{
    for (const char *at = list; *at; at++)
        if (!strncmp(at, choice, length) && (at == list || at[-1] == ' ') && (!at[length] || at[length] == ';'))
            return true;
    return false;
}

/* Of the choices that give one of two answers, those that do not give the other; none is the default. */
static void put_choices(FILE *stream, const char *list, const char *other)
{
    const char *separator = "";

    for (const char *at = list; *at;) {
        const char *end = strstr(at, "; ");
        size_t length = end ? (size_t)(end - at) : strlen(at);

        if (!has_choice(other, at, length)) {
            fprintf(stream, "%s%.*s", separator, (int)length, at);
            separator = "; ";
        }
        at += length + (end ? 2 : 0);
    }
    if (!*separator)
        fprintf(stream, "the default");
}

static void put_neutral(FILE *stream, const struct wd_change_shown *shown)
{
    const char *before = shown->before.judgement->choice, *after = shown->after.judgement->choice;

    if (!strcmp(before, after)) {
        fprintf(stream, "bits that nobody may rely on");
        return;
    }
    put_choices(stream, before, after);
    fprintf(stream, " -> ");
    put_choices(stream, after, before);
}

char *wd_change_signature(const struct wd_change_shown *shown)
{
    bool answered = shown->before.got->answer != WD_ANSWER_UNSUPPORTED;
    char *text = NULL;
    size_t size;
    FILE *stream = wd_allocated(open_memstream(&text, &size));

    fprintf(stream, "%s: ", wd_change_names[shown->change]);
    if (shown->change == WD_CHANGE_NEUTRAL && answered) {
        put_neutral(stream, shown);
    } else {
        bool lost = shown->change == WD_CHANGE_SUPPORT_LOST;

        if (is_about(shown->change, true) || lost)
            fputs(worth_of(&shown->before), stream);
        else
            put_side_name(stream, &shown->before);
        fprintf(stream, " -> ");
        if (is_about(shown->change, false) && !lost)
            fputs(worth_of(&shown->after), stream);
        else
            put_side_name(stream, &shown->after);
    }
    fclose(stream);
    return wd_allocated(text);
}

/* ---------------------------------------------------------------- JSON */

static void put_side(FILE *stream, const struct wd_change_shown *shown, const struct wd_change_side *side)
{
    const struct wd_shown one = {.id = "",
                                 .where = "",
                                 .basis = shown->basis,
                                 .judgement = side->judgement,
                                 .got = side->got,
                                 .waiver = side->waiver};

    wd_judgement_write_json(stream, &one);
}

char *wd_change_json(const struct wd_change_shown *shown)
{
    char *text = NULL;
    size_t size;
    FILE *stream = wd_allocated(open_memstream(&text, &size));

    fprintf(stream, "{\"change\":\"%s\",\"worse\":%s,\"after\":", wd_change_names[shown->change],
            wd_change_is_worse[shown->change] ? "true" : "false");
    put_side(stream, shown, &shown->after);
    fprintf(stream, ",\"before\":");
    put_side(stream, shown, &shown->before);
    fprintf(stream, "}");
    fclose(stream);
    for (char *end = wd_allocated(text); (end = strchr(end, '\n')); end++)
        *end = ' '; /* of a line of JSON: in a string there is none */
    return text;
}
