/* SPDX-License-Identifier: MIT */
#include "harness/judge/diagnosis.h"
#include "harness/judge/answer_words.h"
#include "harness/judge/judge.h"
#include "harness/judge/leaves.h"

#include <string.h>

enum {
    LEFT_OUT_MAX = 4, /* checks left out in one walk */
    LEAVES_MAX = 24,  /* resolutions that are tried with each unknown cause */
};

static const struct wd_cause none = {WD_RULE_NONE, 0, ""};

/* A leaf of the tree of choices: a walker may be wrong and choose otherwise at once. */
struct leaf {
    struct wd_resolution resolution;
    uint32_t mistakes_met; /* in walks from here, with checks left out too */
};

struct diagnosis {
    const struct wd_difference *difference;
    unsigned leaf_count;
    struct leaf leaves[LEAVES_MAX]; /* that of the nearest permitted answer first */
};

/* Whether the oracle gives the walker's answer. */
static bool explains(const struct wd_difference *d, const struct wd_resolution *resolution,
                     struct wd_oracle_output *output)
{
    wd_oracle(d->c, resolution, NULL, NULL, output);
    return wd_answers_equal(&output->result, d->got);
}

/* ---------------------------------------------------------------- what is known alone */

/* Finds how a walker that has all known causes must choose to answer so. */
static bool known_explain(const struct wd_difference *d, struct wd_resolution *resolution,
                          struct wd_oracle_output *output)
{
    *resolution = *d->resolution;
    wd_causes_suppose(d->known, resolution);
    if (explains(d, resolution, output))
        return true;
    return wd_find_leaf(d->c, d->got, resolution) && explains(d, resolution, output);
}

/* The causes that had a part in a walk: no other one can be needed. */
static struct wd_causes causes_met(const struct wd_oracle_output *output)
{
    struct wd_causes met = {.mistakes = output->mistakes_met};

    memcpy(met.left_out, output->left_out, sizeof met.left_out);
    return met;
}

/*
 * The first known cause without which the answer would be another one; causes that come later are dropped first.
 * @param output  what the oracle says under the resolution
 */
static struct wd_cause first_needed(const struct wd_difference *d, struct wd_resolution *resolution,
                                    struct wd_oracle_output *output)
{
    struct wd_causes met = causes_met(output);
    unsigned first = WD_CAUSE_NONE;

    for (unsigned number = WD_CAUSE_COUNT; number-- > 0;) {
        struct wd_resolution without;

        if (!wd_causes_have(&met, number) || !wd_causes_have(d->known, number))
            continue;
        without = *resolution;
        wd_causes_drop(&without, number);
        if (explains(d, &without, output)) {
            *resolution = without;
            met = causes_met(output);
        } else {
            first = number;
        }
    }
    return wd_cause_by_number(first);
}

/* ---------------------------------------------------------------- what is not known */

static void collect_leaves(struct diagnosis *d, const struct wd_causes *base)
{
    const struct wd_difference *difference = d->difference;
    struct wd_resolution resolution = {0}, nearest = *difference->resolution;
    struct wd_oracle_output output;

    wd_causes_suppose(base, &nearest);
    wd_causes_suppose(base, &resolution);
    d->leaves[0] = (struct leaf){.resolution = nearest};
    d->leaf_count = 1;
    do {
        wd_oracle(difference->c, &resolution, NULL, NULL, &output);
        if (memcmp(resolution.option, nearest.option, sizeof resolution.option) != 0)
            d->leaves[d->leaf_count++] = (struct leaf){.resolution = resolution};
    } while (d->leaf_count < LEAVES_MAX &&
             wd_resolution_next(&resolution, &output, wd_futile_choices(difference->c, difference->got)));
}

/* @return false: it is left out already, and the walk cannot go on without it */
static bool leave_out(struct wd_resolution *resolution, unsigned rule, unsigned stage)
{
    uint64_t *word = &resolution->left_out[stage - 1][rule / 64], bit = UINT64_C(1) << rule % 64;
    bool new = !(*word & bit);

    resolution->supposes = true;
    *word |= bit;
    return new;
}

/*
 * A walker that leaves a check out meets the next one: leaves out up to `most` checks, one after the other.
 * @param mistakes  that it makes beside those of the leaf
 * @param named  receives the first of them that is not known, else the first; WD_CAUSE_NONE: none is needed
 */
static bool left_out(const struct wd_difference *d, struct leaf *leaf, uint32_t mistakes, unsigned most,
                     unsigned *named)
{
    struct wd_resolution resolution = leaf->resolution;
    struct wd_oracle_output output;
    bool named_is_known = true;

    *named = WD_CAUSE_NONE;
    resolution.mistakes |= mistakes;
    for (unsigned count = 0; !explains(d, &resolution, &output); count++) {
        unsigned check;

        leaf->mistakes_met |= output.mistakes_met;
        if (count == most || !output.fault_stage)
            return false;
        check = wd_cause_left_out(output.rule, output.fault_stage);
        if (!*named || (named_is_known && !wd_causes_have(d->known, check))) {
            *named = check;
            named_is_known = wd_causes_have(d->known, check);
        }
        if (!leave_out(&resolution, output.rule, output.fault_stage))
            return false;
    }
    return true;
}

static struct wd_cause check_left_out(struct diagnosis *d, unsigned most)
{
    unsigned named;

    for (unsigned i = 0; i < d->leaf_count; i++)
        if (left_out(d->difference, &d->leaves[i], 0, most, &named) && named)
            return wd_cause_by_number(named);
    return none;
}

/* Whether some mistakes, of which `number` is one, explain the answer. A mistake that no walk could make is not tried.
 */
static bool mistakes_explain(struct diagnosis *d, uint32_t mistakes, unsigned most, unsigned *number)
{
    const struct wd_causes *known = d->difference->known;

    for (unsigned i = 0; i < d->leaf_count; i++) {
        struct leaf *leaf = &d->leaves[i];
        unsigned named;

        if ((mistakes & ~leaf->mistakes_met) || (leaf->resolution.mistakes & mistakes) ||
            !left_out(d->difference, leaf, mistakes, most, &named))
            continue;
        if (named && wd_causes_have(known, *number) && !wd_causes_have(known, named))
            *number = named;
        return true;
    }
    return false;
}

/* Whether a mistake is the one before it, made in the other stage. */
static bool is_twin(unsigned mistake)
{
    struct wd_cause this, before;

    if (!mistake)
        return false;
    this = wd_cause_by_number(wd_cause_mistake(mistake));
    before = wd_cause_by_number(wd_cause_mistake(mistake - 1));
    return this.rule == before.rule && this.stage != before.stage && !strcmp(this.words, before.words);
}

static struct wd_cause mistake_made(struct diagnosis *d, unsigned most)
{
    for (unsigned mistake = 0; mistake < WD_MISTAKE_COUNT; mistake++) {
        uint32_t bit = UINT32_C(1) << mistake;
        unsigned number = wd_cause_mistake(mistake);

        if (mistakes_explain(d, bit, most, &number))
            return wd_cause_by_number(number);
        number = wd_cause_mistake(mistake) - 1; /* of a mistake made in both stages that of the first is told */
        if (is_twin(mistake) && mistakes_explain(d, bit | bit >> 1, most, &number))
            return wd_cause_by_number(number);
    }
    return none;
}

/* The fault that a walker reports, and the checks that could have raised it and did not. */
struct reported {
    unsigned class, stage;
    int level;
    unsigned passed_count;
    uint16_t passed[16];
};

static void note_passed(void *context, const struct wd_event *event)
{
    struct reported *r = context;

    if (event->kind == WD_EVENT_RULE && !event->holds && event->stage == r->stage && event->level == r->level &&
        wd_rules[event->rule].raises == r->class && r->passed_count < sizeof r->passed / sizeof *r->passed)
        r->passed[r->passed_count++] = event->rule;
}

/* @return false: the answer is no fault, or does not tell which */
static bool fault_of(const struct wd_result *got, struct reported *r)
{
    bool exception = got->answer == WD_ANSWER_EXCEPTION;
    struct wd_status status;

    if (!exception && !(got->answer == WD_ANSWER_PAR && WD_GET(got->par, PAR_EL1, F)))
        return false;
    if (WD_GET(got->unanswered, PAR_EL1_F, FST))
        return false;
    status = wd_decode_status(exception ? got->exception.fst : (unsigned)WD_GET(got->par, PAR_EL1_F, FST));
    *r = (struct reported){.class = status.fault,
                           .level = status.level,
                           .stage = (exception ? got->exception.stage2 : WD_GET(got->par, PAR_EL1_F, S)) ? 2 : 1};
    return status.fault != WD_FAULT_NONE;
}

/* A check that the walker made wrongly: it reports a fault that the walk looked for and did not find. */
static struct wd_cause wrongly_raised(const struct diagnosis *d)
{
    const struct wd_difference *difference = d->difference;
    struct wd_oracle_output output;
    struct reported reported;

    if (!fault_of(difference->got, &reported) || difference->expected->fault_stage == reported.stage)
        return none;
    wd_oracle(difference->c, &d->leaves[0].resolution, note_passed, &reported, &output);
    while (reported.passed_count-- > 0) {
        struct wd_resolution resolution = d->leaves[0].resolution;
        unsigned rule = reported.passed[reported.passed_count];

        resolution.supposes = true;
        resolution.raised[reported.stage - 1][rule / 64] |= UINT64_C(1) << rule % 64;
        if (explains(difference, &resolution, &output))
            return (struct wd_cause){(uint16_t)rule, (uint8_t)reported.stage, "no fault → fault"};
    }
    return none;
}

/* Finds a cause beside those that the walker has for sure: the fewer suppositions it takes, the better. */
static struct wd_cause further_cause(struct diagnosis *d, const struct wd_causes *base)
{
    struct wd_cause cause;

    collect_leaves(d, base);
    cause = check_left_out(d, 1);
    if (!cause.rule)
        cause = mistake_made(d, 0);
    if (!cause.rule)
        cause = check_left_out(d, LEFT_OUT_MAX);
    if (!cause.rule)
        cause = wrongly_raised(d);
    if (!cause.rule)
        cause = mistake_made(d, LEFT_OUT_MAX);
    return cause;
}

struct wd_cause wd_diagnose(const struct wd_difference *difference)
{
    static const struct wd_causes nothing;
    struct diagnosis d = {.difference = difference};
    struct wd_resolution resolution;
    struct wd_oracle_output output;
    struct wd_cause cause = none;

    if (!wd_causes_empty(difference->known)) {
        if (known_explain(difference, &resolution, &output))
            return first_needed(difference, &resolution, &output);
        cause = further_cause(&d, difference->known);
    }
    return cause.rule ? cause : further_cause(&d, &nothing);
}
