/* SPDX-License-Identifier: MIT */
/*
 * Counts the rules that walks apply. A case applies some thirty, others than the case before: what looks at them one by
 * one cannot be predicted, so all counters are added to at once. They stand upright: the lowest bits of 64 of them are
 * one word, the next bits another.
 */
#ifndef WALKDIFF_RULE_COUNTS_H
#define WALKDIFF_RULE_COUNTS_H

#include "walkdiff/oracle.h"

enum {
    WD_COUNT_DIGITS = 8, /**< binary, of a counter */
    WD_COUNT_WORDS = 4,  /**< WD_RULE_WORDS, and up to a number that vector registers divide */
};

_Static_assert((int)WD_COUNT_WORDS >= (int)WD_RULE_WORDS, "each rule has a counter");

/** All zero: nothing is counted. */
struct wd_rule_counts {
    unsigned pending;                                                          /**< cases in `digits` */
    uint64_t digits[2][WD_GRANULE_COUNT + 1][WD_COUNT_DIGITS][WD_COUNT_WORDS]; /**< by stage and granule */
    uint64_t seen[2][WD_GRANULE_COUNT + 1][WD_RULE_WORDS]; /**< bit sets of the rules that were ever counted */
    uint64_t is_new[2][WD_RULE_WORDS];                     /**< those that the last case was the first to apply */
};

/**
 * Counts what the oracle says was applied. @return whether `is_new` holds any
 */
bool wd_rule_counts_add(struct wd_rule_counts *counts, const struct wd_oracle_output *output);

/** Whether a counter may be full: they are to be moved before more is counted. */
static inline bool wd_rule_counts_full(const struct wd_rule_counts *counts)
{
    return counts->pending == (1 << WD_COUNT_DIGITS) - 1;
}

/** Moves what was counted to sums, by rule, stage and granule; what was seen stays. */
void wd_rule_counts_move(struct wd_rule_counts *counts, uint64_t (*sums)[2][WD_GRANULE_COUNT + 1]);

#endif
