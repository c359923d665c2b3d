/* SPDX-License-Identifier: MIT */
#include "harness/judge/diagnosis.h"
#include "harness/judge/answer_words.h"
#include "harness/judge/judge.h"
#include "harness/judge/leaves.h"

#include <string.h>

enum {
    LEFT_OUT_MAX = 4,     /* checks left out in one walk */
    FAULTS_MAX = 8,       /* faults that different choices lead to, of which each may be the one left out */
    CLIMBS_MAX = 96,      /* trees of choices that are climbed to find one cause */
    LEAVES_MAX = 1 << 10, /* leaves of each */
    TOGETHER_MAX = 4,     /* causes that are supposed together */
    SEEN_MAX = 1 << 10,   /* sets of such that are remembered */
};

static const struct wd_cause none = {.words = ""};

/* A walker may be wrong and choose otherwise at once: with each supposition the tree of choices is climbed anew. */
struct diagnosis {
    const struct wd_difference *difference;
    struct wd_resolution base;     /* what the walker has for sure */
    wd_mistake_set mistakes_met;   /* in walks so far */
    struct wd_causes needed;       /* what explained the answer last, beside the base */
    struct wd_resolution supposed; /* what explained it at first, with the base */
    unsigned climbs;
    struct wd_leaf_walk leaf;
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

/* A check that is known to be left out as one of a family stands for the family. */
static unsigned by_family(const struct wd_causes *known, unsigned number)
{
    wd_mistake_set families = wd_families_of(number) & known->mistakes;

    for (unsigned mistake = 0; families && mistake < WD_MISTAKE_COUNT; mistake++)
        if (families & wd_mistake_bit(mistake))
            return wd_cause_mistake(mistake);
    return number;
}

/*
 * The known causes without which the answer would be another one; the others are dropped, those that come later first.
 * To drop one may lead the walk to others, of which then one is needed: so they are looked at again.
 * @param output  what the oracle says under the resolution
 */
static struct wd_causes keep_needed(const struct wd_difference *d, struct wd_resolution *resolution,
                                    struct wd_oracle_output *output)
{
    struct wd_causes met = causes_met(output), seen = {0}, needed = {0};
    bool again = true;

    while (again) {
        again = false;
        for (unsigned number = WD_CAUSE_COUNT; number-- > 0;) {
            struct wd_resolution without;

            if (!wd_causes_have(&met, number) || !wd_causes_have(d->known, number) || wd_causes_have(&seen, number))
                continue;
            wd_causes_add(&seen, number);
            without = *resolution;
            wd_causes_drop(&without, number);
            if (explains(d, &without, output)) {
                *resolution = without;
                met = causes_met(output);
                again = true;
            } else if (number < WD_CAUSE_MISTAKES) {
                wd_causes_add(&needed, number);
            } else {
                needed.mistakes |= wd_mistake_bit(number - WD_CAUSE_MISTAKES); /* not the checks of a family */
            }
        }
    }
    return needed;
}

/* The first known cause without which the answer would be another one. */
static struct wd_cause first_needed(const struct wd_difference *d, struct wd_resolution *resolution,
                                    struct wd_oracle_output *output)
{
    struct wd_causes needed = keep_needed(d, resolution, output);
    unsigned first = 1;

    while (first < WD_CAUSE_COUNT && !wd_causes_have(&needed, first))
        first++;
    return wd_cause_by_number(by_family(d->known, first < WD_CAUSE_COUNT ? first : WD_CAUSE_NONE));
}

bool wd_explain_together(const struct wd_case *c, const struct wd_result *got, const struct wd_causes *causes,
                         unsigned leaves, struct wd_causes *needed)
{
    const struct wd_difference difference = {.c = c, .got = got, .known = causes};
    struct wd_resolution supposed = {0};
    struct wd_leaf_walk leaf;

    wd_causes_suppose(causes, &supposed);
    wd_leaves_begin(&leaf, c, &supposed, got);
    while (leaf.differing)
        if (!--leaves || !wd_leaves_next(&leaf, wd_equal_attributes(!leaf.differing_before_attributes)))
            return false;
    supposed = leaf.resolution;
    *needed = (struct wd_causes){0};
    if (!explains(&difference, &supposed, &leaf.output))
        return false;
    *needed = keep_needed(&difference, &supposed, &leaf.output);
    return true;
}

/* ---------------------------------------------------------------- what is not known */

/* Checks by which walks ended, in the order in which they were found. */
struct faults {
    unsigned count;
    struct {
        uint16_t rule;
        uint8_t stage;
    } check[FAULTS_MAX];
};

static void add_fault(struct faults *faults, const struct wd_oracle_output *output)
{
    if (!output->fault_stage || faults->count == FAULTS_MAX || !wd_can_be_left_out(output->rule))
        return;
    for (unsigned i = 0; i < faults->count; i++)
        if (faults->check[i].rule == output->rule && faults->check[i].stage == output->fault_stage)
            return;
    faults->check[faults->count].rule = output->rule;
    faults->check[faults->count++].stage = output->fault_stage;
}

/* Whether a walker of which this is supposed gives the answer, however it chooses. Notes the faults of those that do
 * not. */
static bool some_leaf_explains(struct diagnosis *d, const struct wd_resolution *supposed, struct faults *faults)
{
    struct wd_leaf_walk *leaf = &d->leaf;
    unsigned leaves = 0;

    d->climbs++;
    wd_leaves_begin(leaf, d->difference->c, supposed, d->difference->got);
    do {
        if (!leaf->differing)
            return true;
        d->mistakes_met |= leaf->output.mistakes_met;
        if (leaf->success)
            d->mistakes_met |= leaf->attributes.mistakes_met;
        else
            add_fault(faults, &leaf->output);
    } while (++leaves < LEAVES_MAX && wd_leaves_next(leaf, wd_all_attributes(!leaf->differing_before_attributes)));
    return false;
}

/* @return false: it is left out already */
static bool leave_out(struct wd_resolution *resolution, unsigned rule, unsigned stage)
{
    uint64_t *word = &resolution->left_out[stage - 1][rule / 64], bit = UINT64_C(1) << rule % 64;
    bool new = !(*word & bit);

    resolution->supposes = true;
    *word |= bit;
    return new;
}

/* The checks that a walker leaves out, one after the other. */
struct chain {
    unsigned count;
    unsigned cause[LEFT_OUT_MAX];
};

/*
 * A walker that leaves a check out meets the next one: leaves out up to `most` checks.
 * @param supposed  of the walker beside them
 * @param chain  receives them; empty: none is needed
 */
static bool left_out(struct diagnosis *d, const struct wd_resolution *supposed, unsigned most, struct chain *chain)
{
    struct faults faults = {0};

    if (!chain->count)
        add_fault(&faults, d->difference->expected); /* whose check is the first to be looked at */
    if (some_leaf_explains(d, supposed, &faults))
        return true;
    for (unsigned i = 0; i < faults.count && chain->count < most && d->climbs < CLIMBS_MAX; i++) {
        struct wd_resolution further = *supposed;

        if (!leave_out(&further, faults.check[i].rule, faults.check[i].stage))
            continue;
        chain->cause[chain->count++] = wd_cause_left_out(faults.check[i].rule, faults.check[i].stage);
        if (left_out(d, &further, most, chain))
            return true;
        chain->count--;
    }
    return false;
}

/* The first of the checks that is not known, else the first. */
static unsigned cause_of_chain(const struct chain *chain, const struct wd_causes *known)
{
    for (unsigned i = 0; i < chain->count; i++)
        if (!wd_causes_have(known, chain->cause[i]))
            return chain->cause[i];
    return chain->count ? chain->cause[0] : WD_CAUSE_NONE;
}

/* Notes what explains the answer: some mistakes, and the checks of a chain. */
static void note_needed(struct diagnosis *d, wd_mistake_set mistakes, const struct chain *chain)
{
    d->needed = (struct wd_causes){.mistakes = mistakes};
    for (unsigned i = 0; i < chain->count; i++)
        wd_causes_add(&d->needed, chain->cause[i]);
}

static struct wd_cause check_left_out(struct diagnosis *d, unsigned most)
{
    struct chain chain = {0};

    if (!left_out(d, &d->base, most, &chain))
        return none;
    note_needed(d, 0, &chain);
    return wd_cause_by_number(cause_of_chain(&chain, d->difference->known));
}

/* Whether some mistakes, of which `number` is one, explain the answer. A mistake that no walk could make is not tried.
 */
static bool mistakes_explain(struct diagnosis *d, wd_mistake_set mistakes, unsigned most, unsigned *number)
{
    const struct wd_causes *known = d->difference->known;
    struct wd_resolution supposed = d->base;
    struct chain chain = {0};
    unsigned named;

    if ((mistakes & ~d->mistakes_met) || (supposed.mistakes & mistakes) || d->climbs >= CLIMBS_MAX)
        return false;
    supposed.mistakes |= mistakes;
    if (!left_out(d, &supposed, most, &chain))
        return false;
    note_needed(d, mistakes, &chain);
    named = cause_of_chain(&chain, known);
    if (named && wd_causes_have(known, *number) && !wd_causes_have(known, named))
        *number = named;
    return true;
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
        wd_mistake_set bit = wd_mistake_bit(mistake);
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

/* What is supposed of the walker for sure, with the choices of the nearest permitted answer. */
static struct wd_resolution nearest_choices(const struct diagnosis *d)
{
    struct wd_resolution nearest = d->base;

    memcpy(nearest.option, d->difference->resolution->option, sizeof nearest.option);
    return nearest;
}

/* A check that the walker made wrongly: it reports a fault that the walk looked for and did not find. */
static struct wd_cause wrongly_raised(struct diagnosis *d)
{
    const struct wd_difference *difference = d->difference;
    struct wd_resolution nearest = nearest_choices(d);
    struct wd_oracle_output output;
    struct reported reported;

    if (!fault_of(difference->got, &reported) || difference->expected->fault_stage == reported.stage)
        return none;
    wd_oracle(difference->c, &nearest, note_passed, &reported, &output);
    while (reported.passed_count-- > 0) {
        struct wd_resolution resolution = nearest;
        unsigned rule = reported.passed[reported.passed_count];

        resolution.supposes = true;
        resolution.raised[reported.stage - 1][rule / 64] |= UINT64_C(1) << rule % 64;
        if (!explains(difference, &resolution, &output))
            continue;
        d->supposed = resolution;
        return (struct wd_cause){.rule = (uint16_t)rule, .stage = (uint8_t)reported.stage, .words = "no fault → fault"};
    }
    return none;
}

/* The mistakes beside a cause that would explain the answer as well, with nothing else supposed. */
static wd_mistake_set also_explaining(struct diagnosis *d, const struct wd_cause *cause)
{
    wd_mistake_set also = 0;

    for (unsigned mistake = 0; mistake < WD_MISTAKE_COUNT; mistake++) {
        unsigned number = wd_cause_mistake(mistake);

        if (number != cause->number && mistakes_explain(d, wd_mistake_bit(mistake), 0, &number))
            also |= wd_mistake_bit(mistake);
    }
    return also;
}

/* ---------------------------------------------------------------- several causes together */

/* A search for causes that explain the answer together, of which each changes it. */
struct together {
    const struct wd_difference *difference;
    unsigned most;
    unsigned count;                /* of causes that explain it */
    unsigned causes[TOGETHER_MAX]; /* their numbers, in the order in which they are supposed */
    uint64_t seen[SEEN_MAX];       /* sets of causes that do not explain it; a newer one takes an older one's place */
    uint64_t left[SEEN_MAX];       /* the same with all that may be supposed beside them */
};

_Static_assert(WD_CAUSE_COUNT < 1 << 16 && TOGETHER_MAX <= 4, "a set of causes has room in 64 bits");

/* The causes so far as a set, a number that is not 0: in whatever order they came, the walk is the same. */
static uint64_t set_of(const struct together *t, unsigned count)
{
    uint64_t set = 0;
    unsigned sorted[TOGETHER_MAX];

    for (unsigned i = 0; i < count; i++) {
        unsigned k = i;

        for (; k && sorted[k - 1] > t->causes[i]; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = t->causes[i];
    }
    for (unsigned i = 0; i < count; i++)
        set = set << 16 | sorted[i];
    return set;
}

static size_t place_of(uint64_t set)
{
    return (size_t)(set * UINT64_C(0x9e3779b97f4a7c15) >> 40) % SEEN_MAX;
}

static bool causes_explain(struct together *t, const struct wd_resolution *resolution,
                           const struct wd_oracle_output *output, unsigned count);

/* Whether two answers are of one kind: what choices of a walk on its way to it can still make equal. */
static bool alike(const struct wd_result *a, const struct wd_result *b)
{
    return !(wd_answers_differ(a, b) & (1u << WD_ASPECT_F | 1u << WD_ASPECT_CLASS | 1u << WD_ASPECT_LEVEL));
}

/* Goes on with one more cause, if it changes the answer, or opens the way to further mistakes. */
static bool one_more(struct together *t, const struct wd_resolution *resolution, const struct wd_oracle_output *before,
                     unsigned count, unsigned number)
{
    struct wd_oracle_output output;
    bool goes_on = count + 1 < t->most, explained = false;
    uint64_t set;
    size_t place;

    t->causes[count] = number;
    t->count = count + 1;
    set = set_of(t, count + 1);
    place = place_of(set);
    if ((goes_on ? t->left : t->seen)[place] == set)
        return false;
    explained = explains(t->difference, resolution, &output);
    if (!explained && t->seen[place] != set && alike(&output.result, t->difference->got)) {
        struct wd_resolution leaf = *resolution;

        explained = wd_find_leaf(t->difference->c, t->difference->got, &leaf);
    }
    if (explained)
        return true;
    t->seen[place] = set;
    if (!goes_on ||
        (wd_answers_equal(&before->result, &output.result) && !(output.mistakes_met & ~before->mistakes_met)))
        return false;
    if (causes_explain(t, resolution, &output, count + 1))
        return true;
    t->left[place] = set;
    return false;
}

/* @param output  what the oracle says under the resolution: not the walker's answer @param count  causes so far */
static bool causes_explain(struct together *t, const struct wd_resolution *resolution,
                           const struct wd_oracle_output *output, unsigned count)
{
    for (unsigned mistake = 0; mistake < WD_MISTAKE_COUNT; mistake++) {
        struct wd_resolution next = *resolution;

        if (!(output->mistakes_met & ~resolution->mistakes & wd_mistake_bit(mistake)))
            continue;
        next.mistakes |= wd_mistake_bit(mistake);
        if (one_more(t, &next, output, count, wd_cause_mistake(mistake)))
            return true;
    }
    if (output->fault_stage) {
        struct wd_resolution next = *resolution;

        if (leave_out(&next, output->rule, output->fault_stage))
            return one_more(t, &next, output, count, wd_cause_left_out(output->rule, output->fault_stage));
    }
    return false;
}

/*
 * Several causes at once, as few as it takes. The finding is of that which stands first: mistakes in the order of their
 * table, which has what shows everywhere at its end, then checks left out. One that is known comes after those that are
 * not.
 */
static struct wd_cause several(struct diagnosis *d)
{
    const struct wd_causes *known = d->difference->known;
    struct together t = {.difference = d->difference};

    struct wd_resolution nearest = nearest_choices(d);
    struct wd_oracle_output output;
    unsigned first = WD_CAUSE_NONE;

    if (explains(d->difference, &nearest, &output))
        return none;
    for (t.most = 2; t.most <= TOGETHER_MAX; t.most++) {
        memset(t.left, 0, sizeof t.left);
        if (!causes_explain(&t, &nearest, &output, 0))
            continue;
        d->needed = (struct wd_causes){0};
        for (unsigned k = 0; k < t.count; k++) {
            wd_causes_add(&d->needed, t.causes[k]);
            if (wd_cause_stands_before(known, t.causes[k], first))
                first = t.causes[k];
        }
        return wd_cause_by_number(first);
    }
    return none;
}

/* A mistake about a permission explains less than the check that is left out as a whole: it is the one to be told. */
static struct wd_cause narrower(struct diagnosis *d, const struct wd_cause *check)
{
    if (wd_rules[check->rule].raises == WD_FAULT_PERMISSION)
        for (unsigned mistake = 0; mistake < WD_MISTAKE_COUNT; mistake++) {
            unsigned number = wd_cause_mistake(mistake);
            const struct wd_cause cause = wd_cause_by_number(number);

            if (cause.rule == check->rule && cause.stage == check->stage &&
                mistakes_explain(d, wd_mistake_bit(mistake), 0, &number))
                return cause;
        }
    return *check;
}

/* The families that may be left out as a whole: one of their checks is, or should have found the fault. */
static wd_mistake_set families_in_question(const struct diagnosis *d)
{
    const struct wd_oracle_output *expected = d->difference->expected;
    wd_mistake_set families = 0;

    if (expected->fault_stage)
        families = wd_families_of(wd_cause_left_out(expected->rule, expected->fault_stage));
    for (unsigned number = 1; number < WD_CAUSE_MISTAKES; number++)
        if (wd_causes_have(&d->needed, number))
            families |= wd_families_of(number);
    return families;
}

/* Those of them that as a whole, with what else it took, explain the answer. */
static wd_mistake_set families_explaining(struct diagnosis *d)
{
    const struct wd_causes needed = d->needed;
    wd_mistake_set families = families_in_question(d), explaining = 0;

    for (unsigned mistake = 0; families && mistake < WD_MISTAKE_COUNT; mistake++) {
        struct wd_resolution supposed = d->base;
        struct wd_causes all = needed;
        struct chain chain = {0};

        if (!(families & wd_mistake_bit(mistake)))
            continue;
        wd_causes_add(&all, wd_cause_mistake(mistake));
        wd_causes_suppose(&all, &supposed);
        if (left_out(d, &supposed, 0, &chain))
            explaining |= wd_mistake_bit(mistake);
    }
    return explaining;
}

/* What would explain the answer as well. A run's findings as a whole tell which it is. */
static void note_alternatives(struct diagnosis *d, struct wd_cause *cause)
{
    struct chain chain = {0};

    cause->also = also_explaining(d, cause);
    if (cause->number >= WD_CAUSE_MISTAKES && left_out(d, &d->base, 2, &chain))
        cause->also_check = (uint16_t)cause_of_chain(&chain, d->difference->known);
}

/* Notes what is supposed of the walker by what explained its answer last. */
static void note_supposed(struct diagnosis *d)
{
    d->supposed = d->base;
    wd_causes_suppose(&d->needed, &d->supposed);
}

/* Finds a cause beside those that the walker has for sure: the fewer suppositions it takes, the better. */
static struct wd_cause further_cause(struct diagnosis *d, const struct wd_causes *base)
{
    wd_mistake_set families;
    struct wd_cause cause;
    bool single;

    d->base = (struct wd_resolution){0};
    wd_causes_suppose(base, &d->base);
    d->mistakes_met = 0;
    d->climbs = 0;
    cause = check_left_out(d, 1);
    cause = cause.rule ? narrower(d, &cause) : mistake_made(d, 0);
    single = cause.rule;
    if (!single)
        cause = check_left_out(d, LEFT_OUT_MAX);
    if (!cause.rule)
        cause = several(d);
    note_supposed(d);
    families = cause.rule ? families_explaining(d) : 0;
    if (single)
        note_alternatives(d, &cause);
    cause.also |= families;
    if (!cause.rule)
        cause = wrongly_raised(d);
    if (cause.rule)
        return cause;
    cause = mistake_made(d, LEFT_OUT_MAX);
    note_supposed(d);
    return cause;
}

struct wd_cause wd_diagnose(const struct wd_difference *difference, struct wd_resolution *supposed)
{
    static const struct wd_causes nothing;
    struct diagnosis d = {.difference = difference};
    struct wd_resolution resolution;
    struct wd_oracle_output output;
    struct wd_cause cause = none;

    if (!wd_causes_empty(difference->known)) {
        if (known_explain(difference, &resolution, &output)) {
            cause = first_needed(difference, &resolution, &output);
            *supposed = resolution;
            return cause;
        }
        cause = further_cause(&d, difference->known);
    }
    if (!cause.rule)
        cause = further_cause(&d, &nothing);
    *supposed = d.supposed;
    return cause;
}
