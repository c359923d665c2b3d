/* SPDX-License-Identifier: MIT */
/* What a fuzzing run counts. Counts of several processes are added up. */
#ifndef WALKDIFF_TALLY_H
#define WALKDIFF_TALLY_H

#include <string.h>

#include "harness/engine/fuzz_plan.h"
#include "harness/judge/changes.h"
#include "harness/support/allocate.h"

enum { WD_OPTIONS_COUNTED = 8 /* options of a choice from here on are counted as the last */ };

/** Nothing but uint64_t: see wd_tally_add(). */
struct wd_tally {
    uint64_t cases;
    uint64_t
        processor_ns;   /**< time that processors have spent on it, without walkers that are processes of their own */
    uint64_t successes; /**< cases that the oracle answers with F = 0 */
    uint64_t verdicts[WD_WALKERS_MAX][WD_PROFILES_MAX][WD_VERDICT_COUNT];
    uint64_t rules[WD_RULE_COUNT][2][WD_GRANULE_COUNT + 1]; /**< applied, by stage and granule: coverage */
    uint64_t consulted[WD_CHOICE_COUNT];
    uint64_t resolved[WD_WALKERS_MAX][WD_CHOICE_COUNT][WD_OPTIONS_COUNTED]; /**< by `permitted` answers */
    uint64_t waived[WD_WAIVERS_MAX];
    uint64_t restarts[WD_WALKERS_MAX];
    uint64_t changes[WD_CHANGE_COUNT]; /**< cases that two walkers answer differently, of a run that compares them */
};

/** For each cell of the coverage the smallest index of a case that reached it; UINT64_MAX: none. */
struct wd_reached {
    uint64_t by[WD_RULE_COUNT][2][WD_GRANULE_COUNT + 1];
};

/** One in which nothing is reached; free() ends it. */
static inline struct wd_reached *wd_reached_new(void)
{
    struct wd_reached *reached = wd_allocate(1, sizeof(*reached));

    memset(reached, 0xFF, sizeof(*reached));
    return reached;
}

/** Takes over what `more` reached by smaller indices. */
static inline void wd_reached_add(struct wd_reached *reached, const struct wd_reached *more)
{
    uint64_t *mine = (uint64_t *)reached;
    const uint64_t *theirs = (const uint64_t *)more;

    for (size_t i = 0; i < sizeof(*reached) / sizeof(*mine); i++)
        if (theirs[i] < mine[i])
            mine[i] = theirs[i];
}

/** Adds `more` to `tally`. */
static inline void wd_tally_add(struct wd_tally *tally, const struct wd_tally *more)
{
    uint64_t *sums = (uint64_t *)tally;
    const uint64_t *addends = (const uint64_t *)more;

    for (size_t i = 0; i < sizeof(*tally) / sizeof(*sums); i++)
        sums[i] += addends[i];
}

/** How often a walker got a verdict, over all profiles. */
static inline uint64_t wd_tally_verdict(const struct wd_tally *tally, size_t walker, enum wd_verdict verdict)
{
    uint64_t sum = 0;

    for (size_t profile = 0; profile < WD_PROFILES_MAX; profile++)
        sum += tally->verdicts[walker][profile][verdict];
    return sum;
}

#endif
