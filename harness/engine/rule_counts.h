/* SPDX-License-Identifier: MIT */
/*
 * Counts the rules that walks apply. A case applies some thirty, others than the case before: what looks at them one by
 * one cannot be predicted, so counters of eight rules lie in one number, a byte each, and are added to all at once.
 */
#ifndef WALKDIFF_RULE_COUNTS_H
#define WALKDIFF_RULE_COUNTS_H

#include "walkdiff/oracle.h"

/** All zero: nothing is counted. */
struct wd_rule_counts {
    unsigned pending;                                           /**< cases in `bytes` */
    uint64_t bytes[2][WD_GRANULE_COUNT + 1][8 * WD_RULE_WORDS]; /**< of eight rules each, by stage and granule */
    uint64_t seen[2][WD_GRANULE_COUNT + 1][WD_RULE_WORDS];      /**< bit sets of the rules that were ever counted */
    uint64_t is_new[2][WD_RULE_WORDS];                          /**< those that the last case was the first to apply */
};

/**
 * Counts what the oracle says was applied. @return whether `is_new` holds any
 */
bool wd_rule_counts_add(struct wd_rule_counts *counts, const struct wd_oracle_output *output);

/** Whether the bytes are full: they are to be moved before more is counted. */
static inline bool wd_rule_counts_full(const struct wd_rule_counts *counts)
{
    return counts->pending == UINT8_MAX;
}

/** Moves what was counted to sums, by rule, stage and granule; what was seen stays. */
void wd_rule_counts_move(struct wd_rule_counts *counts, uint64_t (*sums)[2][WD_GRANULE_COUNT + 1]);

#endif
