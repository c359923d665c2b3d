/* SPDX-License-Identifier: MIT */
#include "harness/judge/judgement_text.h"

#include <string.h>

#include "harness/casefile/case_file.h"
#include "harness/judge/causes.h"

enum { RESULT_MAX = 32768, WORDS_MAX = 160, WRITE_BUFFER = 4096 };

/* The answer that the judge expected: the nearest permitted one. */
static const struct wd_result *expected_answer(const struct wd_shown *shown)
{
    enum wd_verdict verdict = shown->judgement->verdict;

    if (verdict == WD_VERDICT_AGREE || verdict == WD_VERDICT_UNSUPPORTED)
        return &shown->basis->result;
    return &shown->judgement->expected.result;
}

static bool is_finding(const struct wd_shown *shown)
{
    return wd_verdict_is_finding[shown->judgement->verdict] || shown->judgement->verdict == WD_VERDICT_WAIVED;
}

/* ---------------------------------------------------------------- JSON */

static void put_name(struct wd_json_out *out, const char *name)
{
    WD_JSON_PUT(out, ",");
    wd_json_put_string(out, name);
    WD_JSON_PUT(out, ":");
}

static void put_text(struct wd_json_out *out, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    put_name(out, name);
    wd_json_put_string(out, text);
}

static void put_result(struct wd_json_out *out, const char *name, const struct wd_result *result)
{
    char text[RESULT_MAX];
    size_t length = wd_result_to_json(result, NULL, text, sizeof(text));

    put_name(out, name);
    wd_json_put(out, text, length);
}

static void put_words(struct wd_json_out *out, const char *name, const struct wd_result *result)
{
    char words[WORDS_MAX + WD_TEXT_MAX];

    wd_describe_whole_answer(result, words, sizeof(words));
    put_text(out, name, words);
}

static void mistake_signature(unsigned mistake, char signature[WD_SIGNATURE_MAX])
{
    const struct wd_cause cause = wd_cause_by_number(wd_cause_mistake((enum wd_mistake)mistake));

    wd_cause_signature(&cause, signature, WD_SIGNATURE_MAX);
}

/* A member: the signatures of some mistakes. */
static void put_mistakes(struct wd_json_out *out, const char *name, wd_mistake_set mistakes)
{
    if (!mistakes)
        return;
    put_name(out, name);
    for (unsigned mistake = 0, count = 0; mistake < WD_MISTAKE_COUNT; mistake++) {
        char signature[WD_SIGNATURE_MAX];

        if (!(mistakes & wd_mistake_bit(mistake)))
            continue;
        mistake_signature(mistake, signature);
        wd_json_put(out, count++ ? "," : "[", 1);
        wd_json_put_string(out, signature);
    }
    WD_JSON_PUT(out, "]");
}

void wd_put_also(struct wd_json_out *out, wd_mistake_set also)
{
    put_mistakes(out, "also", also & ~wd_families());
    put_mistakes(out, "families", also & wd_families());
}

void wd_judgement_write_json(FILE *stream, const struct wd_shown *shown)
{
    const struct wd_judgement *judgement = shown->judgement;
    char buffer[WRITE_BUFFER];
    struct wd_json_out out = wd_json_to_stream(stream, buffer, sizeof(buffer));

    WD_JSON_PUT(&out, "{\"id\":");
    wd_json_put_string(&out, shown->id);
    put_text(&out, "walker", shown->walker);
    put_text(&out, "verdict", wd_verdict_names[judgement->verdict]);
    put_text(&out, "walker_verdict", shown->beside);
    put_text(&out, "rule", wd_rules[judgement->rule].name);
    put_text(&out, "choice", judgement->choice);
    put_result(&out, "expected", expected_answer(shown));
    put_result(&out, "got", shown->got);
    if (is_finding(shown)) {
        put_text(&out, "signature", judgement->signature);
        put_text(&out, "title", judgement->title);
        wd_put_also(&out, judgement->also);
    }
    put_text(&out, "waiver", shown->waiver);
    if (shown->words) {
        put_words(&out, "expected_words", expected_answer(shown));
        put_words(&out, "got_words", shown->got);
    }
    WD_JSON_PUT(&out, "}\n");
    wd_json_end_stream(&out);
}

/* ---------------------------------------------------------------- signatures */

/* What follows the line number that stands behind a colon, or the text itself. */
static const char *skip_line_number(const char *text)
{
    return *text == ':' ? text + 1 + strspn(text + 1, "0123456789") : text;
}

static bool same_signature(const char *a, const char *b)
{
    while (*a && *a == *b) {
        const char *rest_of_a = skip_line_number(a), *rest_of_b = skip_line_number(b);

        a = rest_of_a > a ? rest_of_a : a + 1;
        b = rest_of_b > b ? rest_of_b : b + 1;
    }
    return *a == *b;
}

bool wd_judgement_has_signature(const struct wd_judgement *judgement, const char *signature)
{
    if (same_signature(judgement->signature, signature))
        return true;
    for (unsigned mistake = 0; mistake < WD_MISTAKE_COUNT; mistake++) {
        char other[WD_SIGNATURE_MAX];

        if (!(judgement->also >> mistake & 1))
            continue;
        mistake_signature(mistake, other);
        if (!strcmp(other, signature))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- words */

/* "  got       {"par":"0x809"}  (Translation fault, level 0)" */
static void write_answer(FILE *stream, const char *label, const struct wd_result *result)
{
    struct wd_result bare = *result;
    char text[RESULT_MAX], words[WORDS_MAX];

    bare.read_count = 0; /* the trace is for programs */
    wd_result_to_json(&bare, NULL, text, sizeof(text));
    wd_describe_answer(result, words, sizeof(words));
    fprintf(stream, "  %-10s%s  (%s)\n", label, text, words);
}

static void write_finding(FILE *stream, const struct wd_shown *shown)
{
    const struct wd_judgement *judgement = shown->judgement;
    const struct wd_rule_info *rule = &wd_rules[judgement->rule ? judgement->rule : judgement->expected.rule];

    fprintf(stream, "  %s\n", judgement->title);
    write_answer(stream, "expected", expected_answer(shown));
    write_answer(stream, shown->beside ? "the case" : "got", shown->got);
    fprintf(stream, "  rule      %s (%s%s%s): %s\n", rule->name, rule->id, *rule->id ? ", " : "", rule->function,
            rule->text);
    fprintf(stream, "  signature %s\n", judgement->signature);
}

/* What follows the verdict on its line. */
static const char *remark(const struct wd_shown *shown)
{
    if (shown->judgement->verdict == WD_VERDICT_PERMITTED)
        return shown->judgement->choice;
    if (shown->judgement->verdict == WD_VERDICT_WAIVED)
        return shown->waiver;
    if (shown->judgement->verdict == WD_VERDICT_UNSUPPORTED)
        return shown->got->answer == WD_ANSWER_UNSUPPORTED ? shown->got->text : shown->basis->result.text;
    return "";
}

void wd_judgement_write_text(FILE *stream, const struct wd_shown *shown)
{
    const char *name = wd_verdict_names[shown->judgement->verdict];
    const char *more = remark(shown);

    fprintf(stream, "%s%s%s: ", shown->where, *shown->id ? " " : "", shown->id);
    if (shown->walker)
        fprintf(stream, "%s: ", shown->walker);
    fprintf(stream, "%s%s%s\n", name, *more ? ": " : "", more);
    if (shown->beside)
        fprintf(stream, "  the case expects what the architecture does not permit; the walker itself: %s\n",
                shown->beside);
    if (wd_verdict_is_finding[shown->judgement->verdict])
        write_finding(stream, shown);
}
