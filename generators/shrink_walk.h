/* SPDX-License-Identifier: MIT */
/* The walk of a case as shrinking sees it: which descriptors are looked up where, and what they are for. */
#ifndef GENERATORS_SHRINK_WALK_H
#define GENERATORS_SHRINK_WALK_H

#include "generators/shrink_case.h"
#include "generators/stage.h"

/** What a lookup of stage 2 serves, beside the levels of stage 1: the output of stage 1. */
enum { WD_SERVES_OUTPUT = WD_FINAL_LEVEL + 1 };

/** One lookup of a descriptor. */
struct wd_shrink_lookup {
    uint8_t stage; /**< 1 or 2 */
    int8_t level;  /**< −1 … 3 */
    int8_t serves; /**< stage 2: the level of the stage 1 table that is accessed, or WD_SERVES_OUTPUT; stage 1: 0 */
    bool there;    /**< memory is there */
    uint64_t pa;   /**< of the descriptor */
    uint64_t ipa;  /**< stage 1: its address before stage 2 */
    uint64_t descriptor; /**< after a byte swap, where there is one */
};

/** The walk by the oracle's default resolution. */
struct wd_shrink_walk {
    struct wd_oracle_output output;
    bool walked[2];             /**< by stage: its sizes are known */
    struct wd_params params[2]; /**< by stage */
    unsigned count;
    struct wd_shrink_lookup lookups[WD_READS_MAX];
};

/** Has the oracle answer a case and notes its walk. */
void wd_shrink_trace(const struct wd_case *c, struct wd_shrink_walk *walk);

/** Where the registers that control a stage's walk have what counts for it. */
struct wd_shrink_control {
    uint8_t tcr, base;    /**< enum wd_register: TCR_ELx or VTCR_EL2, TTBRn_ELx or VTTBR_EL2 */
    uint8_t txsz, tg, ps; /**< lowest bits of the fields: of 6, 2 and 3 bits */
    bool upper;           /**< of the upper VA range */
};

/** The control of a stage (1 or 2) of a case with that walk. */
struct wd_shrink_control wd_shrink_control(const struct wd_case *c, const struct wd_shrink_walk *walk, unsigned stage);

/** The shape of a stage (1 or 2) that was walked. */
struct wd_stage wd_shrink_stage(const struct wd_case *c, const struct wd_shrink_walk *walk, unsigned stage);

/**
 * After a change of registers, addresses or descriptors: puts the descriptors of the walk that was to where the walk
 * looks them up now, as far as nothing is listed there, and drops those that it does not look up any more. RAM follows.
 * @param was  the walk before the change
 * @return whether anything was changed
 */
bool wd_shrink_replant(struct wd_shrink_case *c, const struct wd_shrink_walk *was);

#endif
