/* SPDX-License-Identifier: MIT */
/* Which translation regime an AT uses: AArch64.AT and the conditions on the instruction pages. */
#include "oracle/regime.h"

/* ID_AA64MMFR0_EL1 names the granules of stage 1; those of stage 2 are the same where its field is 0. wd_has_granule()
 */
static uint8_t stage1_granules(uint64_t mmfr0)
{
    return (uint8_t)((WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran4) < 8) << WD_GRANULE_4K |
                     (WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran16) != 0) << WD_GRANULE_16K |
                     (WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran64) < 8) << WD_GRANULE_64K);
}

static unsigned stage2_granule(uint64_t field, enum wd_granule granule, uint8_t stage1)
{
    bool own = field >= 2, same = field == 0;

    return (unsigned)own << granule | (stage1 & (unsigned)same << granule);
}

static uint8_t stage2_granules(uint64_t mmfr0, uint8_t stage1)
{
    return (uint8_t)(stage2_granule(WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran4_2), WD_GRANULE_4K, stage1) |
                     stage2_granule(WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran16_2), WD_GRANULE_16K, stage1) |
                     stage2_granule(WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran64_2), WD_GRANULE_64K, stage1));
}

/* Sets E2H, and what follows from it. */
static void set_e2h(struct wd_walk *w, bool e2h)
{
    uint64_t hcr = w->regs[WD_HCR_EL2];

    w->e2h = e2h;
    w->in_host = e2h & (WD_GET(hcr, HCR_EL2, TGE) != 0);
    w->stage2_enabled = ((WD_GET(hcr, HCR_EL2, VM) | WD_GET(hcr, HCR_EL2, DC)) != 0) & !w->in_host;
}

void wd_read_features(struct wd_walk *w)
{
    uint64_t mmfr0 = w->regs[WD_ID_AA64MMFR0_EL1];

    set_e2h(w, wd_e2h(w->regs));
    w->granules[0] = stage1_granules(mmfr0);
    w->granules[1] = stage2_granules(mmfr0, w->granules[0]);
    w->pa_max = wd_pa_max(w->regs);
}

/* Whether an operation exists: its feature is a field of an ID register; of WD_NONE any value is large enough. */
static bool operation_exists(const struct wd_walk *w, const struct wd_operation_info *operation)
{
    uint8_t feature = operation->feature;

    return wd_bits(w->regs[wd_feature_fields[feature].reg], wd_feature_fields[feature].msb,
                   wd_feature_fields[feature].lsb) >= wd_feature_fields[feature].at_least;
}

/* UNDEFINED, or trapped to EL2. */
static bool executable(struct wd_walk *w, const struct wd_operation_info *operation)
{
    bool at_el1 = w->c->el == 1;
    bool trapped = wd_has(w->regs, WD_FEAT_NV) & (WD_GET(w->regs[WD_HCR_EL2], HCR_EL2, AT) != 0);

    if (wd_check(w, 1, WD_RULE_AT_FEATURE_ABSENT, 0, !operation_exists(w, operation)))
        return false;
    if (wd_check(w, 1, WD_RULE_AT_UNDEFINED_AT_EL1, 0, at_el1 & ((operation->el == 2) | operation->both_stages)))
        return false;
    return !wd_check(w, 1, WD_RULE_AT_TRAPPED, 0, at_el1 & trapped);
}

/* E2H where it is RES0 or RES1 and written otherwise. */
static void read_fixed_e2h(struct wd_walk *w, bool written)
{
    wd_apply(w, 1, WD_RULE_E2H_FIXED, 0);
    if (wd_mistaken(w, WD_MISTAKE_E2H_AS_WRITTEN))
        set_e2h(w, written);
}

/* The mistake of choosing the regime from HCR_EL2.{E2H,TGE} alone. */
static bool supposed_el1(const struct wd_walk *w)
{
    return wd_mistaken(w, WD_MISTAKE_REGIME_BY_HCR) && !w->in_host;
}

bool wd_decode_operation(struct wd_walk *w, struct wd_request *request)
{
    const struct wd_operation_info *operation = &wd_operations[w->c->op];
    bool e2h = WD_GET(w->regs[WD_HCR_EL2], HCR_EL2, E2H);
    enum wd_rule rule;

    if (w->e2h != e2h)
        read_fixed_e2h(w, e2h);
    if (!executable(w, operation))
        return false;

    request->access = (struct wd_access){.read = operation->read,
                                         .write = operation->write,
                                         .unprivileged = operation->unprivileged,
                                         .pan = operation->pan & w->c->pan};
    request->both_stages = operation->both_stages;
    if (operation->el == 2 && !supposed_el1(w)) {
        request->regime = w->e2h ? WD_REGIME_EL20 : WD_REGIME_EL2;
        rule = w->e2h ? WD_RULE_REGIME_S1E2_EL20 : WD_RULE_REGIME_S1E2_EL2;
    } else if (w->in_host) {
        request->regime = WD_REGIME_EL20;
        request->both_stages = false;
        rule = operation->both_stages ? WD_RULE_REGIME_S12_HOST : WD_RULE_REGIME_S1E1_HOST;
    } else {
        request->regime = WD_REGIME_EL10;
        rule = operation->both_stages ? WD_RULE_REGIME_S12_EL10 : WD_RULE_REGIME_S1E1_EL10;
    }
    wd_apply(w, 1, rule, 0);
    return true;
}
