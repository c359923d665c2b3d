/* SPDX-License-Identifier: MIT */
/* Stage 1 (AArch64.S1Translate, S1Walk, S1DisabledOutput): set-up from the regime's registers, walk, permissions. */
#include "walk.h"

enum { VA_RANGE_BIT = 55 };

/* The registers of a regime. */
struct controls {
    uint8_t sctlr, tcr, tcr2, ttbr[2], mair, pir, pire0, por;
};

static const struct controls el1_controls = {
    WD_SCTLR_EL1, WD_TCR_EL1, WD_TCR2_EL1,  {WD_TTBR0_EL1, WD_TTBR1_EL1},
    WD_MAIR_EL1,  WD_PIR_EL1, WD_PIRE0_EL1, WD_POR_EL1,
};
static const struct controls el2_controls = {
    WD_SCTLR_EL2, WD_TCR_EL2, WD_TCR2_EL2,  {WD_TTBR0_EL2, WD_TTBR1_EL2},
    WD_MAIR_EL2,  WD_PIR_EL2, WD_PIRE0_EL2, WD_POR_EL2,
};

/* TCR_ELx for one VA range, whatever the layout. */
struct range {
    bool upper;
    unsigned txsz, page_bits, ps; /* page_bits: as encoded, 0 reserved */
    uint8_t shareability;
    bool tbi, epd, e0pd, hpd, ha, hd, ds;
};

static enum outcome fail(struct walk *w, enum fault_type type, int level)
{
    w->fault = (struct fault){.type = (uint8_t)type, .level = (int8_t)level};
    return WALK_FAULT;
}

static enum outcome fail_before_walk(struct walk *w, enum fault_type type)
{
    w->fault = (struct fault){.type = (uint8_t)type, .before_walk = true};
    return WALK_FAULT;
}

/* ---- set-up */

/* TCR_EL1, and TCR_EL2 with E2H = 1: one layout. */
static struct range half_range(const struct walk *w, uint64_t tcr, bool upper)
{
    struct range range = {
        .upper = upper,
        .ps = (unsigned)WD_GET(tcr, TCR_EL1, IPS),
        .ha = WD_GET(tcr, TCR_EL1, HA),
        .hd = WD_GET(tcr, TCR_EL1, HD),
        .ds = WD_GET(tcr, TCR_EL1, DS),
    };

    if (upper) {
        range.txsz = (unsigned)WD_GET(tcr, TCR_EL1, T1SZ);
        range.page_bits = (has_defect(w, DEFECT_S1_26) ? wd_sample_tg0 : wd_sample_tg1)[WD_GET(tcr, TCR_EL1, TG1)];
        range.shareability = (uint8_t)WD_GET(tcr, TCR_EL1, SH1);
        range.tbi = WD_GET(tcr, TCR_EL1, TBI1);
        range.epd = WD_GET(tcr, TCR_EL1, EPD1);
        range.e0pd = WD_GET(tcr, TCR_EL1, E0PD1);
        range.hpd = WD_GET(tcr, TCR_EL1, HPD1);
    } else {
        range.txsz = (unsigned)WD_GET(tcr, TCR_EL1, T0SZ);
        range.page_bits = wd_sample_tg0[WD_GET(tcr, TCR_EL1, TG0)];
        range.shareability = (uint8_t)WD_GET(tcr, TCR_EL1, SH0);
        range.tbi = WD_GET(tcr, TCR_EL1, TBI0);
        range.epd = WD_GET(tcr, TCR_EL1, EPD0);
        range.e0pd = WD_GET(tcr, TCR_EL1, E0PD0);
        range.hpd = WD_GET(tcr, TCR_EL1, HPD0);
    }
    return range;
}

/* TCR_EL2 with E2H = 0. */
static struct range single_range(const struct walk *w, uint64_t tcr)
{
    return (struct range){
        .txsz = (unsigned)WD_GET(tcr, TCR_EL2, T0SZ),
        .page_bits = wd_sample_tg0[WD_GET(tcr, TCR_EL2, TG0)],
        .ps = (unsigned)(has_defect(w, DEFECT_S1_21) ? WD_GET(tcr, TCR_EL1, IPS) : WD_GET(tcr, TCR_EL2, PS)),
        .shareability = (uint8_t)WD_GET(tcr, TCR_EL2, SH0),
        .tbi = WD_GET(tcr, TCR_EL2, TBI),
        .hpd = WD_GET(tcr, TCR_EL2, HPD),
        .ha = WD_GET(tcr, TCR_EL2, HA),
        .hd = WD_GET(tcr, TCR_EL2, HD),
        .ds = WD_GET(tcr, TCR_EL2, DS),
    };
}

static struct range range_of(const struct walk *w, uint64_t tcr, uint64_t va)
{
    bool upper = wd_bit(va, VA_RANGE_BIT);

    if (w->regime == REGIME_EL2 && !(upper && has_defect(w, DEFECT_S1_20)))
        return single_range(w, tcr);
    return half_range(w, tcr, upper);
}

/* TCR2_ELx as far as it takes effect: TCR2_EL1 needs HCRX_EL2.TCR2En. */
static uint64_t effective_tcr2(const struct walk *w, const struct controls *controls)
{
    const struct wd_case *c = w->c;

    if (!IMPLEMENTS(c, ID_AA64MMFR3_EL1, TCRX, 1))
        return 0;
    if (controls->tcr2 == WD_TCR2_EL1 &&
        !(IMPLEMENTS(c, ID_AA64MMFR1_EL1, HCX, 1) && WD_GET(c->regs[WD_HCRX_EL2], HCRX_EL2, TCR2En)))
        return 0;
    return c->regs[controls->tcr2];
}

/* Permission fields: which of the models of D8.4.1 apply. */
static void set_up_permissions(struct stage1 *stage1, const struct walk *w, const struct controls *controls,
                               const struct range *range, uint64_t tcr2)
{
    const struct wd_case *c = w->c;
    uint64_t sctlr = c->regs[controls->sctlr];
    bool has_overlay = IMPLEMENTS(c, ID_AA64MMFR3_EL1, S1POE, 1);
    bool poe = has_overlay && WD_GET(tcr2, TCR2_EL1, POE);
    bool e0poe = has_overlay && stage1->has_unprivileged && WD_GET(tcr2, TCR2_EL1, E0POE);
    bool hpd = IMPLEMENTS(c, ID_AA64MMFR1_EL1, HPDS, 1) && range->hpd && !has_defect(w, DEFECT_S1_23);

    stage1->indirect = IMPLEMENTS(c, ID_AA64MMFR3_EL1, S1PIE, 1) && WD_GET(tcr2, TCR2_EL1, PIE);
    stage1->pir = c->regs[controls->pir];
    stage1->pire0 = c->regs[controls->pire0];
    stage1->overlay = w->access.unprivileged ? e0poe : poe;
    stage1->por = c->regs[w->access.unprivileged ? WD_POR_EL0 : controls->por];
    /* Indirect permissions and overlays, of whichever privilege, turn the hierarchical ones off (R_JHSVW, R_BVXDG). */
    stage1->hierarchical = !hpd && !stage1->indirect && !poe && !e0poe && !has_defect(w, DEFECT_S1_24);
    stage1->wxn = WD_GET(sctlr, SCTLR_EL1, WXN);
    stage1->epan = IMPLEMENTS(c, ID_AA64MMFR1_EL1, PAN, 3) && WD_GET(sctlr, SCTLR_EL1, EPAN);
}

static unsigned output_bits(const struct walk *w, const struct range *range, enum address_form form)
{
    enum { DEFAULT_IPA_BITS = 40 };
    unsigned bits = wd_sample_output_bits(w->c, range->ps, form);
    unsigned limit = w->c->ipa_bits ? w->c->ipa_bits : DEFAULT_IPA_BITS;

    return has_defect(w, DEFECT_S1_41) && limit < bits ? limit : bits;
}

static void set_up_tables(struct tables *tables, const struct walk *w, const struct controls *controls,
                          const struct range *range, uint64_t tcr2)
{
    const struct wd_case *c = w->c;

    tables->stage = 1;
    tables->page_bits = (uint8_t)wd_sample_granule(w, 1, range->page_bits);
    tables->form = (uint8_t)wd_sample_address_form(c, 1, tables->page_bits, range->ds);
    tables->input_bits = (uint8_t)(64 - range->txsz);
    tables->output_bits = (uint8_t)output_bits(w, range, tables->form);
    tables->big_endian = WD_GET(c->regs[controls->sctlr], SCTLR_EL1, EE) && !has_defect(w, DEFECT_S1_30);
    wd_sample_set_up_updates(tables, c, range->ha, range->hd, WD_GET(tcr2, TCR2_EL1, HAFT));
}

/*
 * TxSZ out of its range is a Translation fault: above the largest, and below the smallest without FEAT_LVA, the
 * architecture lets implementations take the limit instead (R_YXNYW, R_SXWGM).
 */
static enum outcome check_txsz(struct walk *w, const struct tables *tables, unsigned txsz)
{
    bool wide = tables->form == ADDRESS_52_BITS_DS ||
                (tables->page_bits == 16 && IMPLEMENTS(w->c, ID_AA64MMFR2_EL1, VARange, 1));
    unsigned smallest = wide ? 12 : 16;

    if (has_defect(w, DEFECT_S1_04))
        return WALK_DONE;
    if (txsz < smallest && has_defect(w, DEFECT_S1_25))
        return fail_before_walk(w, FAULT_ADDRESS_SIZE);
    if (txsz < smallest || txsz > wd_sample_txsz_max(w->c, tables->page_bits))
        return fail_before_walk(w, FAULT_TRANSLATION);
    return WALK_DONE;
}

/* Above the input size a VA is all zeroes, or all ones in the upper range, up to its top byte where TBI applies. */
static enum outcome check_va(struct walk *w, const struct tables *tables, const struct range *range, uint64_t va)
{
    int top = range->tbi && !has_defect(w, DEFECT_S1_09) ? 55 : 63;

    if (!any_bits(range->upper ? ~va : va, top, tables->input_bits) || has_defect(w, DEFECT_S1_05))
        return WALK_DONE;
    if (has_defect(w, DEFECT_S1_12) && !range->tbi && w->regime != REGIME_EL2)
        return fail_before_walk(w, FAULT_ADDRESS_SIZE);
    if (has_defect(w, DEFECT_S1_42) && w->regime == REGIME_EL2 && wd_bit(va, VA_RANGE_BIT))
        return fail_before_walk(w, FAULT_ADDRESS_SIZE);
    return fail_before_walk(w, FAULT_TRANSLATION);
}

static int start_level(const struct tables *tables)
{
    return 3 - (tables->input_bits - 1 - tables->page_bits) / (tables->page_bits - 3);
}

/* Everything that is checked before the first lookup, in the order of the architecture; its faults are of level 0. */
static enum outcome set_up(struct walk *w, struct stage1 *stage1, const struct controls *controls,
                           const struct range *range, uint64_t va)
{
    const struct wd_case *c = w->c;
    struct tables *tables = &stage1->tables;
    uint64_t tcr2 = effective_tcr2(w, controls);
    enum outcome outcome;

    stage1->has_unprivileged = w->regime != REGIME_EL2;
    stage1->shareability = range->shareability;
    stage1->mair = c->regs[has_defect(w, DEFECT_S1_38) ? WD_MAIR_EL1 : controls->mair];
    stage1->cacheable = WD_GET(c->regs[controls->sctlr], SCTLR_EL1, C);
    set_up_permissions(stage1, w, controls, range, tcr2);
    set_up_tables(tables, w, controls, range, tcr2);

    outcome = check_txsz(w, tables, range->txsz);
    if (outcome == WALK_DONE)
        outcome = check_va(w, tables, range, va);
    if (outcome != WALK_DONE)
        return outcome;
    if (w->access.unprivileged && range->e0pd && IMPLEMENTS(c, ID_AA64MMFR2_EL1, E0PD, 1) &&
        !has_defect(w, DEFECT_S1_07))
        return fail_before_walk(w, FAULT_TRANSLATION);
    if (range->epd && !has_defect(w, DEFECT_S1_06))
        return fail_before_walk(w, FAULT_TRANSLATION);

    tables->start_level = (int8_t)start_level(tables);
    tables->base = wd_sample_table_base(tables, c->regs[controls->ttbr[range->upper]], range->ps);
    if (!fits_output_size(tables, tables->base) && !has_defect(w, DEFECT_S1_03))
        return fail_before_walk(w, FAULT_ADDRESS_SIZE);
    return WALK_DONE;
}

/* ---- walk */

/* The PA of a descriptor: its address through stage 2, for a read or for an update of what was read. */
static bool locate(struct walk *w, uint64_t address, int level, bool update, uint64_t *pa)
{
    const struct access access = {.read = true, .write = update, .table_access = true};
    const struct output input = {.address = address};
    struct output output;

    if (!w->has_stage2) {
        *pa = address;
        return true;
    }
    if (!wd_sample_stage2(w, &input, &access, &output)) {
        if (has_defect(w, DEFECT_S1_34))
            w->fault.level = (int8_t)level;
        return false;
    }
    *pa = output.address;
    return true;
}

/* Sets the Access flag of a descriptor that was read, if it is clear. For stage 2 that is a write. */
static enum outcome set_access_flag(struct walk *w, const struct tables *tables, int level, uint64_t address,
                                    uint64_t descriptor)
{
    uint64_t pa;

    if (wd_bit(descriptor, DESCRIPTOR_AF))
        return WALK_DONE;
    if (!locate(w, address, level, true, &pa))
        return WALK_FAULT;
    switch (wd_sample_update_descriptor(w, tables, pa, descriptor, with_access_flag(descriptor))) {
    case UPDATE_DONE:
        return WALK_DONE;
    case UPDATE_CHANGED:
        return WALK_CHANGED;
    default:
        return fail(w, FAULT_EXTERNAL_ABORT, level);
    }
}

static enum outcome check_leaf(struct walk *w, const struct tables *tables, uint64_t va, struct leaf *leaf)
{
    if (wd_sample_is_nt_block(w->c, leaf->level, leaf->descriptor))
        return fail(w, FAULT_TRANSLATION, leaf->level);
    leaf->output = wd_sample_leaf_output(w, tables, leaf->level, leaf->descriptor, va);
    if (!fits_output_size(tables, leaf->output) && !has_defect(w, DEFECT_S1_02))
        return fail(w, FAULT_ADDRESS_SIZE, leaf->level);
    if (!wd_bit(leaf->descriptor, DESCRIPTOR_AF) && !tables->access_flag && !has_defect(w, DEFECT_S1_27))
        return fail(w, FAULT_ACCESS_FLAG, leaf->level);
    return WALK_DONE;
}

static enum outcome walk_tables(struct walk *w, const struct stage1 *stage1, uint64_t va, struct leaf *leaf)
{
    const struct tables *tables = &stage1->tables;
    uint64_t table = tables->base, pa;
    enum outcome outcome;

    *leaf = (struct leaf){0};
    for (int level = tables->start_level;; level++) {
        leaf->level = (int8_t)level;
        leaf->address = wd_sample_descriptor_address(tables, level, table, va);
        if (!locate(w, leaf->address, level, false, &pa))
            return WALK_FAULT;
        if (!wd_sample_read_descriptor(w, tables, level, pa, &leaf->descriptor))
            return fail(w, has_defect(w, DEFECT_S1_36) ? FAULT_TRANSLATION : FAULT_EXTERNAL_ABORT, level);
        switch (wd_sample_descriptor_kind(w, tables, level, leaf->descriptor)) {
        case KIND_INVALID:
            return fail(w, FAULT_TRANSLATION, level);
        case KIND_LEAF:
            return check_leaf(w, tables, va, leaf);
        case KIND_TABLE:
            table = wd_sample_next_table(w, tables, leaf->descriptor);
            if (!fits_output_size(tables, table))
                return fail(w, FAULT_ADDRESS_SIZE, level);
            if (tables->table_access_flag) {
                outcome = set_access_flag(w, tables, level, leaf->address, leaf->descriptor);
                if (outcome != WALK_DONE)
                    return outcome;
            }
            if (stage1->hierarchical)
                leaf->table_descriptors |= leaf->descriptor;
        }
    }
}

/* A walk, then permissions. Without permission the leaf's Access flag is set all the same (a choice, R_QSPMS). */
static enum outcome attempt(struct walk *w, const struct stage1 *stage1, uint64_t va)
{
    struct leaf leaf;
    enum outcome outcome = walk_tables(w, stage1, va, &leaf);
    struct denial denial;

    if (outcome != WALK_DONE)
        return outcome;
    w->output.address = leaf.output;
    w->output.attributes = wd_sample_stage1_attributes(w, stage1, leaf.descriptor);
    denial = wd_sample_stage1_permission(w, stage1, &leaf);
    if (stage1->tables.access_flag) {
        outcome = set_access_flag(w, &stage1->tables, leaf.level, leaf.address, leaf.descriptor);
        if (outcome != WALK_DONE)
            return outcome;
    }
    if (!denial.denied)
        return WALK_DONE;
    fail(w, FAULT_PERMISSION, denial.pan && has_defect(w, DEFECT_S1_14) ? 3 : leaf.level);
    w->fault.overlay = denial.overlay;
    w->fault.dirty_bit = denial.dirty_bit;
    return WALK_FAULT;
}

/* ---- the whole stage */

/* SCTLR_ELx.M; HCR_EL2.TGE and DC turn stage 1 of EL1&0 off. */
static bool is_enabled(const struct walk *w, const struct controls *controls)
{
    if (w->regime == REGIME_EL10 && (WD_GET(w->hcr, HCR_EL2, TGE) || WD_GET(w->hcr, HCR_EL2, DC)))
        return false;
    if (has_defect(w, DEFECT_S1_11) && WD_GET(w->c->regs[WD_HCR_EL2], HCR_EL2, DC))
        return false;
    return WD_GET(w->c->regs[controls->sctlr], SCTLR_EL1, M);
}

/* Stage 1 off: a flat map of what fits the implemented PA size (R_VCDSW). */
static enum outcome map_flat(struct walk *w, const struct range *range, uint64_t va)
{
    int top = range->tbi && !has_defect(w, DEFECT_S1_10) ? 55 : 63;

    if (any_bits(va, top, (int)wd_sample_pa_bits(w->c)))
        return fail_before_walk(w, FAULT_ADDRESS_SIZE);
    w->output.address = has_defect(w, DEFECT_S1_08) ? 0 : wd_bits(va, 55, 0);
    w->output.attributes = wd_sample_stage1_off_attributes(w);
    return WALK_DONE;
}

bool wd_sample_stage1(struct walk *w, uint64_t va)
{
    const struct controls *controls = w->regime == REGIME_EL10 ? &el1_controls : &el2_controls;
    const struct range range = range_of(w, w->c->regs[controls->tcr], va);
    struct stage1 stage1;
    enum outcome outcome;

    if (!is_enabled(w, controls))
        return map_flat(w, &range, va) == WALK_DONE;
    outcome = set_up(w, &stage1, controls, &range, va);
    if (outcome == WALK_DONE)
        do
            outcome = attempt(w, &stage1, va);
        while (outcome == WALK_CHANGED);
    return outcome == WALK_DONE;
}
