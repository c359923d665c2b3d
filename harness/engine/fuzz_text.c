/* SPDX-License-Identifier: MIT */
#include "harness/engine/fuzz_text.h"

#include <inttypes.h>
#include <string.h>

#include "harness/support/allocate.h"

enum { BUCKETS_SHOWN = 10, COLUMN = 16 };

static const char *const verdict_texts[WD_VERDICT_COUNT] = {
#define WD_V(enumerator, name, finding, text) [WD_VERDICT_##enumerator] = text,
    WD_VERDICTS(WD_V)
#undef WD_V
};

/* A number with its thousands apart: "1,234,567". */
struct grouped {
    char text[32];
};

static struct grouped grouped(uint64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    struct grouped result;
    char *to = result.text;

    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return result;
}

static double rate(const struct wd_fuzz_state *state)
{
    return state->seconds > 0 ? (double)state->tally.cases / state->seconds : 0;
}

/* ---------------------------------------------------------------- the begin */

static void write_walker(FILE *stream, const char *label, const struct wd_contestant *contestant)
{
    fprintf(stream, "%-10s %s", label, contestant->spec.text);
    if (*contestant->version)
        fprintf(stream, " (%s)", contestant->version);
    fprintf(stream, "\n");
}

void wd_fuzz_write_head(FILE *stream, const struct wd_fuzz_plan *plan)
{
    fprintf(stream, "seed       %" PRIu64 "\n", plan->seed);
    write_walker(stream, "walker", &plan->walkers[0]);
    for (size_t i = 1; i < plan->walker_count; i++)
        write_walker(stream, "reference", &plan->walkers[i]);
    fprintf(stream, "judge      the oracle: every answer that the architecture permits\nprofiles  ");
    for (size_t i = 0; i < plan->profile_count; i++)
        fprintf(stream, " %s", plan->profile_names[i]);
    fprintf(stream, "\n");
}

/* ---------------------------------------------------------------- the middle */

static uint64_t count_findings(const struct wd_tally *tally, size_t walker)
{
    uint64_t sum = 0;

    for (size_t verdict = 0; verdict < WD_VERDICT_COUNT; verdict++)
        if (wd_verdict_is_finding[verdict])
            sum += wd_tally_verdict(tally, walker, verdict);
    return sum;
}

void wd_fuzz_write_progress(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state)
{
    const struct wd_tally *tally = &state->tally;

    if (state->end != WD_END_NOT_YET) {
        fprintf(stream, "shrinking: %s of %s buckets", grouped(state->exhibits_done).text,
                grouped(state->exhibits).text);
        return;
    }
    fprintf(stream, "%6.1f s  %s cases", state->seconds, grouped(tally->cases).text);
    if (plan->cases != UINT64_MAX)
        fprintf(stream, " of %s", grouped(plan->cases).text);
    fprintf(stream, "  %s/s  %zu buckets", grouped((uint64_t)rate(state)).text, wd_buckets_count(state->buckets));
    for (size_t i = 0; i < plan->walker_count; i++)
        fprintf(stream, "  %s: %s agree, %s differ", plan->walkers[i].spec.name,
                grouped(wd_tally_verdict(tally, i, WD_VERDICT_AGREE)).text, grouped(count_findings(tally, i)).text);
}

/* ---------------------------------------------------------------- the end */

static void write_outcome(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state)
{
    uint64_t cases = state->tally.cases;

    fprintf(stream, "%s cases in %.1f s (%s a second, %u job%s); %.0f%% translate to an address, the others fault\n",
            grouped(cases).text, state->seconds, grouped((uint64_t)rate(state)).text, plan->jobs,
            plan->jobs == 1 ? "" : "s", cases ? 100.0 * (double)state->tally.successes / (double)cases : 0);
    if (state->end == WD_END_INTERRUPTED)
        fprintf(stream, "interrupted before its end\n");
}

/* A column's heading: the walker's spec, or its name where that is too long. */
static void write_headings(FILE *stream, const struct wd_fuzz_plan *plan)
{
    fprintf(stream, "\n  %-20s", "verdict");
    for (size_t i = 0; i < plan->walker_count; i++) {
        const struct wd_walker_spec *spec = &plan->walkers[i].spec;

        fprintf(stream, " %*s", COLUMN, strlen(spec->text) <= COLUMN ? spec->text : spec->name);
    }
    fprintf(stream, "\n");
}

static bool occurs(const struct wd_fuzz_plan *plan, const struct wd_tally *tally, enum wd_verdict verdict)
{
    for (size_t i = 0; i < plan->walker_count; i++)
        if (wd_tally_verdict(tally, i, verdict))
            return true;
    return false;
}

static void write_verdicts(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_tally *tally)
{
    write_headings(stream, plan);
    for (size_t verdict = 0; verdict < WD_VERDICT_COUNT; verdict++) {
        if (!occurs(plan, tally, verdict))
            continue;
        fprintf(stream, "  %-20s", wd_verdict_names[verdict]);
        for (size_t i = 0; i < plan->walker_count; i++)
            fprintf(stream, " %*s", COLUMN, grouped(wd_tally_verdict(tally, i, verdict)).text);
        fprintf(stream, "  %s\n", verdict_texts[verdict]);
    }
}

static void write_waived(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_findings *findings)
{
    bool first = true;

    for (size_t i = 0; i < wd_waivers_count(plan->waivers); i++) {
        if (!findings->waived[i])
            continue;
        if (first)
            fprintf(stream, "\nwaived, by waiver:\n");
        first = false;
        fprintf(stream, "  %*s  %s\n", COLUMN, grouped(findings->waived[i]).text, wd_waiver_id(plan->waivers, i));
    }
}

static void write_restarts(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_tally *tally)
{
    for (size_t i = 0; i < plan->walker_count; i++)
        if (tally->restarts[i])
            fprintf(stream, "walker %s had to be started again %s times\n", plan->walkers[i].spec.text,
                    grouped(tally->restarts[i]).text);
}

/* A word of a shell command, quoted if it must be. */
static void write_word(FILE *stream, const char *word)
{
    if (*word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,.:/@%")]) {
        fputs(word, stream);
        return;
    }
    fputc('\'', stream);
    for (; *word; word++)
        fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, stream);
    fputc('\'', stream);
}

/* The command that makes the case of a finding again, and judges it. */
static void write_command(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_finding *finding)
{
    fprintf(stream, "     again: walkdiff fuzz --walker ");
    write_word(stream, plan->walkers[finding->walker].spec.text);
    for (size_t i = 0; i < plan->profile_count; i++)
        fprintf(stream, " --profile %s", plan->profile_names[i]);
    fprintf(stream, " --seed %" PRIu64 " --case %" PRIu64 "\n", plan->seed, finding->index);
}

/* "     votes: unicorn gives the same answer in 12 cases and the oracle's in 3" */
static void write_votes(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_finding *finding)
{
    static const char *const words[WD_VOTES] = {"for the oracle", "for this answer", "for another answer",
                                                "without an answer"};

    for (size_t walker = 0; walker < plan->walker_count; walker++) {
        bool first = true;

        if (walker == finding->walker)
            continue;
        fprintf(stream, "     votes: %s:", plan->walkers[walker].spec.text);
        for (size_t vote = 0; vote < WD_VOTES; vote++) {
            if (!finding->facets->votes[walker][vote])
                continue;
            fprintf(stream, "%s %s %s", first ? "" : ",", grouped(finding->facets->votes[walker][vote]).text,
                    words[vote]);
            first = false;
        }
        fprintf(stream, "\n");
    }
    if (finding->facets->alone)
        fprintf(stream, "     in %s of them everybody who answers says so but the oracle: look there first\n",
                grouped(finding->facets->alone).text);
}

static void write_finding(FILE *stream, const struct wd_fuzz_plan *plan, size_t number,
                          const struct wd_finding *finding)
{
    fprintf(stream, "\n%3zu. %s: %s  (%s case%s)\n     %s\n", number, plan->walkers[finding->walker].spec.text,
            wd_verdict_names[finding->verdict], grouped(finding->count).text, finding->count == 1 ? "" : "s",
            finding->title);
    fprintf(stream, "     rule:  %s: %s\n", finding->rule, finding->rule_text);
    if (finding->verdict != WD_VERDICT_INCONSISTENT)
        write_votes(stream, plan, finding);
    write_command(stream, plan, finding);
}

static void write_buckets(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_findings *findings)
{
    size_t shown = findings->count < BUCKETS_SHOWN ? findings->count : BUCKETS_SHOWN;

    fprintf(stream, "\n%s bucket%s of findings, one for each way in which a walker differs",
            grouped(findings->count).text, findings->count == 1 ? "" : "s");
    if (shown < findings->count)
        fprintf(stream, "; the largest %zu:", shown);
    fprintf(stream, "\n");
    for (size_t i = 0; i < shown; i++)
        write_finding(stream, plan, i + 1, &findings->list[i]);
}

void wd_fuzz_write_summary(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state,
                           const struct wd_findings *findings)
{
    fprintf(stream, "\n");
    write_outcome(stream, plan, state);
    write_verdicts(stream, plan, &state->tally);
    write_waived(stream, plan, findings);
    write_restarts(stream, plan, &state->tally);
    if (findings->count)
        write_buckets(stream, plan, findings);
    else
        fprintf(stream, "\nNothing found: no answer departs from the architecture.\n");
}

void wd_fuzz_write_short_summary(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state,
                                 const struct wd_findings *findings)
{
    fprintf(stream, "seed %" PRIu64 ": %s cases, %s buckets\n", plan->seed, grouped(state->tally.cases).text,
            grouped(findings->count).text);
}
