/* SPDX-License-Identifier: MIT */
/* What the registers of a regime say of a stage 1 walk: AArch64.GetS1TTWParams and its helpers. */
#include "oracle/format.h"
#include "oracle/regime.h"
#include "oracle/sizes.h"
#include "oracle/stage1.h"

/* Fields of the upper range lie 16 bits above those of the lower one, and its control bits one bit. */
_Static_assert(WD_TCR_EL1_T1SZ_lsb == WD_TCR_EL1_T0SZ_lsb + 16 && WD_TCR_EL1_TG1_lsb == WD_TCR_EL1_TG0_lsb + 16 &&
                   WD_TCR_EL1_SH1_lsb == WD_TCR_EL1_SH0_lsb + 16 && WD_TCR_EL1_IRGN1_lsb == WD_TCR_EL1_IRGN0_lsb + 16 &&
                   WD_TCR_EL1_ORGN1_lsb == WD_TCR_EL1_ORGN0_lsb + 16 &&
                   WD_TCR_EL1_EPD1_lsb == WD_TCR_EL1_EPD0_lsb + 16 && WD_TCR_EL1_TBI1_lsb == WD_TCR_EL1_TBI0_lsb + 1 &&
                   WD_TCR_EL1_E0PD1_lsb == WD_TCR_EL1_E0PD0_lsb + 1 && WD_TCR_EL1_HPD1_lsb == WD_TCR_EL1_HPD0_lsb + 1,
               "TCR_EL1 has two halves alike");

/* TCR_EL1, or TCR_EL2 where E2H = 1: both have the layout of two ranges. */
static void params_two_ranges(struct wd_walk *w, uint64_t tcr, struct wd_s1_params *p)
{
    struct wd_format *f = &p->format;
    uint64_t fields = tcr >> 16 * p->upper, bits = tcr >> p->upper;

    f->txsz = (uint8_t)WD_GET(fields, TCR_EL1, T0SZ);
    f->sh = (uint8_t)WD_GET(fields, TCR_EL1, SH0);
    f->irgn = (uint8_t)WD_GET(fields, TCR_EL1, IRGN0);
    f->orgn = (uint8_t)WD_GET(fields, TCR_EL1, ORGN0);
    p->tbi = WD_GET(bits, TCR_EL1, TBI0);
    p->epd = WD_GET(fields, TCR_EL1, EPD0);
    p->e0pd = wd_with_feature(w, WD_FEAT_E0PD, WD_GET(bits, TCR_EL1, E0PD0));
    p->hierarchical_disabled = wd_with_feature(w, WD_FEAT_HPDS, WD_GET(bits, TCR_EL1, HPD0));
    f->ps = (uint8_t)WD_GET(tcr, TCR_EL1, IPS);
    f->ha = wd_with_feature(w, WD_FEAT_HAFDBS, WD_GET(tcr, TCR_EL1, HA));
    f->hd = f->ha & wd_with_feature(w, WD_FEAT_HAFDBS_DIRTY, WD_GET(tcr, TCR_EL1, HD));
    f->ds = WD_GET(tcr, TCR_EL1, DS);
    if (p->enabled)
        f->granule = (uint8_t)wd_decode_granule(w, 1, p->upper, WD_GET(fields, TCR_EL1, TG0));
}

/* TCR_EL2 where E2H = 0: one range, the other layout. */
static void params_one_range(struct wd_walk *w, uint64_t tcr, struct wd_s1_params *p)
{
    struct wd_format *f = &p->format;

    f->txsz = (uint8_t)WD_GET(tcr, TCR_EL2, T0SZ);
    f->sh = (uint8_t)WD_GET(tcr, TCR_EL2, SH0);
    f->irgn = (uint8_t)WD_GET(tcr, TCR_EL2, IRGN0);
    f->orgn = (uint8_t)WD_GET(tcr, TCR_EL2, ORGN0);
    f->ps = (uint8_t)WD_GET(tcr, TCR_EL2, PS);
    f->ha = wd_with_feature(w, WD_FEAT_HAFDBS, WD_GET(tcr, TCR_EL2, HA));
    f->hd = f->ha & wd_with_feature(w, WD_FEAT_HAFDBS_DIRTY, WD_GET(tcr, TCR_EL2, HD));
    f->ds = WD_GET(tcr, TCR_EL2, DS);
    p->tbi = WD_GET(tcr, TCR_EL2, TBI);
    p->hierarchical_disabled = wd_with_feature(w, WD_FEAT_HPDS, WD_GET(tcr, TCR_EL2, HPD));
    if (p->enabled)
        f->granule = (uint8_t)wd_decode_granule(w, 1, false, WD_GET(tcr, TCR_EL2, TG0));
}

/* TCR2_EL1 has no effect without HCRX_EL2.TCR2En. IsTCR2EL1Enabled, IsTCR2EL2Enabled. */
static uint64_t effective_tcr2(struct wd_walk *w, enum wd_regime regime)
{
    bool el1 = regime == WD_REGIME_EL10;
    uint64_t tcr2 = w->regs[el1 ? WD_TCR2_EL1 : WD_TCR2_EL2];
    bool disabled = el1 && !wd_with_feature(w, WD_FEAT_HCX, WD_GET(w->regs[WD_HCRX_EL2], HCRX_EL2, TCR2En));

    if (!tcr2 || !wd_has(w->regs, WD_FEAT_TCR2))
        return 0;
    return wd_check(w, 1, WD_RULE_TCR2_DISABLED, 0, disabled) ? 0 : tcr2;
}

/* Indirect permissions, overlays and table Access flags, which TCR2_ELx enables. */
static void params_tcr2(struct wd_walk *w, uint64_t tcr2, struct wd_s1_params *p)
{
    p->pie = wd_with_feature(w, WD_FEAT_S1PIE, WD_GET(tcr2, TCR2_EL1, PIE));
    p->poe = wd_with_feature(w, WD_FEAT_S1POE, WD_GET(tcr2, TCR2_EL1, POE));
    p->e0poe = p->two_privileges & wd_with_feature(w, WD_FEAT_S1POE, WD_GET(tcr2, TCR2_EL1, E0POE));
    if (wd_mistaken_where(w, WD_MISTAKE_S1_PIE_AND_POE_IGNORED, p->pie | p->poe | p->e0poe))
        p->pie = p->poe = p->e0poe = false;
    p->format.haft = p->format.ha & wd_with_feature(w, WD_FEAT_HAFT, WD_GET(tcr2, TCR2_EL1, HAFT));
    p->hierarchical_disabled |= p->pie | p->poe | p->e0poe;
}

/* AArch64.S1Enabled of EL1&0: DC and TGE act as SCTLR_EL1.M = 0. */
static bool el10_enabled(struct wd_walk *w)
{
    uint64_t hcr = w->regs[WD_HCR_EL2];

    if (wd_check(w, 1, WD_RULE_S1_OFF_BY_DC, 0, WD_GET(hcr, HCR_EL2, DC)) ||
        (wd_check(w, 1, WD_RULE_S1_OFF_BY_TGE, 0, WD_GET(hcr, HCR_EL2, TGE)) &&
         !wd_mistaken(w, WD_MISTAKE_TGE_IGNORED)))
        return false;
    return !wd_check(w, 1, WD_RULE_S1_OFF_BY_M, 0, !WD_GET(w->regs[WD_SCTLR_EL1], SCTLR_EL1, M));
}

/* The registers of a regime: of EL1 or EL2. */
struct registers {
    uint8_t sctlr, tcr, mair, ttbr[2], pir, pire0, por; /* enum wd_register */
};

#define REGISTERS(el)                                                                                                  \
    {                                                                                                                  \
        .sctlr = WD_SCTLR_##el, .tcr = WD_TCR_##el, .mair = WD_MAIR_##el, .ttbr = {WD_TTBR0_##el, WD_TTBR1_##el},      \
        .pir = WD_PIR_##el, .pire0 = WD_PIRE0_##el, .por = WD_POR_##el                                                 \
    }

static const struct registers registers_of[WD_REGIME_COUNT] = {
    [WD_REGIME_EL10] = REGISTERS(EL1), [WD_REGIME_EL20] = REGISTERS(EL2), [WD_REGIME_EL2] = REGISTERS(EL2)};

void wd_s1_params(struct wd_walk *w, enum wd_regime regime, uint64_t va, struct wd_s1_params *p)
{
    const struct registers *of = &registers_of[regime];
    uint64_t sctlr = w->regs[of->sctlr], tcr = w->regs[of->tcr], hcr = w->regs[WD_HCR_EL2];
    struct wd_format *f = &p->format;

    *p = (struct wd_s1_params){.two_privileges = regime != WD_REGIME_EL2};
    f->stage = 1;
    f->granule = WD_GRANULE_NONE;
    p->upper = p->two_privileges & wd_bit(va, 55);
    p->enabled = regime == WD_REGIME_EL10 ? el10_enabled(w)
                                          : !wd_check(w, 1, WD_RULE_S1_OFF_BY_M, 0, !WD_GET(sctlr, SCTLR_EL2, M));
    if (p->two_privileges)
        params_two_ranges(w, tcr, p);
    else
        params_one_range(w, tcr, p);
    params_tcr2(w, effective_tcr2(w, regime), p);

    p->mair = w->regs[of->mair];
    p->ttbr = w->regs[of->ttbr[p->upper]];
    p->pir = w->regs[of->pir];
    p->pire0 = w->regs[of->pire0];
    p->por = w->regs[of->por];
    p->por_el0 = w->regs[WD_POR_EL0];
    p->wxn = WD_GET(sctlr, SCTLR_EL1, WXN);
    p->cacheable = WD_GET(sctlr, SCTLR_EL1, C);
    p->epan = wd_with_feature(w, WD_FEAT_PAN3, WD_GET(sctlr, SCTLR_EL1, EPAN));
    f->big_endian = WD_GET(sctlr, SCTLR_EL1, EE);
    if (regime == WD_REGIME_EL10) {
        p->default_cacheable = WD_GET(hcr, HCR_EL2, DC);
        p->default_tagged = p->default_cacheable && wd_with_feature(w, WD_FEAT_MTE2, WD_GET(hcr, HCR_EL2, DCT));
    }
    if (wd_mistaken_where(w, WD_MISTAKE_S1_DIRTY_IGNORED, f->hd))
        f->hd = false;
    f->atomic_updates = wd_updates_are_atomic(f, p->cacheable);
    f->ds = p->enabled & f->ds & wd_has_lpa2(w->regs, 1, f->granule);
    if (wd_mistaken_where(w, WD_MISTAKE_S1_48_BITS, f->ds | wd_has(w->regs, WD_FEAT_LPA))) {
        f->only_48_bits = true;
        f->ds = false;
    }
}
