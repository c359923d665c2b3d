/* SPDX-License-Identifier: MIT */
/* What a fuzzing run counts. Counts of several processes are added up. */
#ifndef WALKDIFF_TALLY_H
#define WALKDIFF_TALLY_H

#include "harness/engine/fuzz_plan.h"

enum { WD_OPTIONS_COUNTED = 8 /* options of a choice from here on are counted as the last */ };

/** Nothing but uint64_t: see wd_tally_add(). */
struct wd_tally {
    uint64_t cases;
    uint64_t successes; /**< cases that the oracle answers with F = 0 */
    uint64_t verdicts[WD_WALKERS_MAX][WD_PROFILES_MAX][WD_VERDICT_COUNT];
    uint64_t rules[WD_RULE_COUNT][2][WD_GRANULE_COUNT + 1]; /**< applied, by stage and granule: coverage */
    uint64_t consulted[WD_CHOICE_COUNT];
    uint64_t resolved[WD_WALKERS_MAX][WD_CHOICE_COUNT][WD_OPTIONS_COUNTED]; /**< by `permitted` answers */
    uint64_t waived[WD_WAIVERS_MAX];
    uint64_t restarts[WD_WALKERS_MAX];
};

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
