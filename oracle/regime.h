/* SPDX-License-Identifier: MIT */
/* Which translation regime an AT uses, and the bits of HCR_EL2 that decide it. */
#ifndef ORACLE_REGIME_H
#define ORACLE_REGIME_H

#include "oracle/walk.h"

/** What an operation asks for. */
struct wd_request {
    struct wd_access access;
    enum wd_regime regime;
    bool both_stages; /**< stage 2 of the output too */
};

/** Effective value of HCR_EL2.E2H. */
static inline bool wd_e2h(const uint64_t *regs)
{
    /* Without FEAT_E2H0 the bit is RES1 and acts as 1. */
    bool fixed = WD_GET(regs[WD_ID_AA64MMFR4_EL1], ID_AA64MMFR4_EL1, E2H0) >= 14;

    return wd_has(regs, WD_FEAT_VHE) & (fixed | (WD_GET(regs[WD_HCR_EL2], HCR_EL2, E2H) != 0));
}

/** Whether {E2H, TGE} = {1,1}: ELIsInHost(EL0). */
static inline bool wd_in_host(const uint64_t *regs)
{
    return wd_e2h(regs) & (WD_GET(regs[WD_HCR_EL2], HCR_EL2, TGE) != 0);
}

/** Sets what the registers say of a walk as a whole: e2h, in_host, stage2_enabled, granules, pa_max. */
void wd_read_features(struct wd_walk *w);

/**
 * Decodes the operation. AArch64.AT and the instructions' own conditions.
 * @return false: the instruction is UNDEFINED or trapped at this Exception level
 */
bool wd_decode_operation(struct wd_walk *w, struct wd_request *request);

#endif
