/* SPDX-License-Identifier: MIT */
#include "harness/agent/cpu.h"

#include <string.h>

#include "harness/agent/agent.h"
#include "walkdiff/oracle.h"

struct operation {
    uint8_t el; /* as the instruction names it */
    bool both_stages, unprivileged, write;
    enum wd_feature feature; /* without which it is UNDEFINED */
};

static const struct operation operations[WD_OPERATION_COUNT] = {
    [WD_AT_S1E1R] = {.el = 1},
    [WD_AT_S1E1W] = {.el = 1, .write = true},
    [WD_AT_S1E0R] = {.el = 1, .unprivileged = true},
    [WD_AT_S1E0W] = {.el = 1, .unprivileged = true, .write = true},
    [WD_AT_S1E1RP] = {.el = 1, .feature = WD_FEAT_PAN2},
    [WD_AT_S1E1WP] = {.el = 1, .write = true, .feature = WD_FEAT_PAN2},
    [WD_AT_S1E1A] = {.el = 1, .feature = WD_FEAT_ATS1A},
    [WD_AT_S1E2R] = {.el = 2},
    [WD_AT_S1E2W] = {.el = 2, .write = true},
    [WD_AT_S1E2A] = {.el = 2, .feature = WD_FEAT_ATS1A},
    [WD_AT_S12E1R] = {.el = 1, .both_stages = true},
    [WD_AT_S12E1W] = {.el = 1, .both_stages = true, .write = true},
    [WD_AT_S12E0R] = {.el = 1, .both_stages = true, .unprivileged = true},
    [WD_AT_S12E0W] = {.el = 1, .both_stages = true, .unprivileged = true, .write = true},
};

/* A field of a register that holds a granule or a size. */
struct place {
    enum wd_register reg;
    uint8_t msb, lsb;
};

#define PLACE(layout, field, reg)                                                                                      \
    (struct place)                                                                                                     \
    {                                                                                                                  \
        reg, WD_##layout##_##field##_msb, WD_##layout##_##field##_lsb                                                  \
    }

/* What a walk looks at in the registers of one stage, whatever their layout; of stage 1 the half of the VA. */
struct stage {
    bool used;
    bool upper; /* TG1 encodes granules in another way than TG0 */
    uint8_t txsz;
    bool ds, ha, hd, haft;
    struct place tg, ps;
};

struct view {
    const struct wd_case *c;
    uint64_t *regs; /* what the CPU is told */
    struct operation operation;
    enum wd_regime regime;
    bool ignores_tge; /* the CPU walks stage 1 all the same */
    bool hpd, e0pd, tbi, pie, poe;
    uint64_t sctlr, mair;
    struct stage stage[2];
};

/* {I}PS and PARange encode sizes alike. */
static const uint8_t size_bits[8] = {32, 36, 40, 42, 44, 48, 52, 56};

/* enum wd_granule of TG0 and of TG1 */
static const uint8_t granules[2][4] = {
    {WD_GRANULE_4K, WD_GRANULE_64K, WD_GRANULE_16K, WD_GRANULE_NONE},
    {WD_GRANULE_NONE, WD_GRANULE_16K, WD_GRANULE_4K, WD_GRANULE_64K},
};

static uint64_t get(const struct view *v, struct place place)
{
    return wd_bits(v->regs[place.reg], place.msb, place.lsb);
}

static void set(const struct view *v, struct place place, uint64_t field)
{
    v->regs[place.reg] = wd_with_bits(v->regs[place.reg], place.msb, place.lsb, field);
}

static enum wd_granule granule_of(const struct view *v, const struct stage *stage)
{
    return granules[stage->upper][get(v, stage->tg)];
}

/* ---------------------------------------------------------------- what the case asks for */

/* The instructions' own pages; with {E2H,TGE} = {1,1} AT S12E* too is one of EL2&0, which has one stage. */
static enum wd_regime regime_of(const struct operation *operation, uint64_t hcr)
{
    bool e2h = WD_GET(hcr, HCR_EL2, E2H), tge = WD_GET(hcr, HCR_EL2, TGE);

    if (operation->el == 2)
        return e2h ? WD_REGIME_EL20 : WD_REGIME_EL2;
    return e2h && tge ? WD_REGIME_EL20 : WD_REGIME_EL10;
}

static void view_one_range(struct view *v, struct stage *stage)
{
    uint64_t tcr = v->regs[WD_TCR_EL2];

    v->hpd = WD_GET(tcr, TCR_EL2, HPD);
    v->tbi = WD_GET(tcr, TCR_EL2, TBI);
    stage->txsz = (uint8_t)WD_GET(tcr, TCR_EL2, T0SZ);
    stage->ds = WD_GET(tcr, TCR_EL2, DS);
    stage->ha = WD_GET(tcr, TCR_EL2, HA);
    stage->hd = WD_GET(tcr, TCR_EL2, HD);
    stage->tg = PLACE(TCR_EL2, TG0, WD_TCR_EL2);
    stage->ps = PLACE(TCR_EL2, PS, WD_TCR_EL2);
}

/* TCR_EL1, or TCR_EL2 with E2H = 1, which has the same layout. */
static void view_two_ranges(struct view *v, struct stage *stage, enum wd_register reg)
{
    uint64_t tcr = v->regs[reg];
    bool upper = wd_bit(v->c->va, 55);

    v->hpd = upper ? WD_GET(tcr, TCR_EL1, HPD1) : WD_GET(tcr, TCR_EL1, HPD0);
    v->e0pd = upper ? WD_GET(tcr, TCR_EL1, E0PD1) : WD_GET(tcr, TCR_EL1, E0PD0);
    v->tbi = upper ? WD_GET(tcr, TCR_EL1, TBI1) : WD_GET(tcr, TCR_EL1, TBI0);
    stage->upper = upper;
    stage->txsz = (uint8_t)(upper ? WD_GET(tcr, TCR_EL1, T1SZ) : WD_GET(tcr, TCR_EL1, T0SZ));
    stage->ds = WD_GET(tcr, TCR_EL1, DS);
    stage->ha = WD_GET(tcr, TCR_EL1, HA);
    stage->hd = WD_GET(tcr, TCR_EL1, HD);
    stage->tg = upper ? PLACE(TCR_EL1, TG1, reg) : PLACE(TCR_EL1, TG0, reg);
    stage->ps = PLACE(TCR_EL1, IPS, reg);
}

static void view_stage1(struct view *v)
{
    struct stage *stage = &v->stage[0];
    uint64_t hcr = v->regs[WD_HCR_EL2], tcr2;
    bool el10 = v->regime == WD_REGIME_EL10;

    if (v->regime == WD_REGIME_EL2)
        view_one_range(v, stage);
    else
        view_two_ranges(v, stage, el10 ? WD_TCR_EL1 : WD_TCR_EL2);
    v->sctlr = v->regs[el10 ? WD_SCTLR_EL1 : WD_SCTLR_EL2];
    v->mair = v->regs[el10 ? WD_MAIR_EL1 : WD_MAIR_EL2];
    tcr2 = v->regs[el10 ? WD_TCR2_EL1 : WD_TCR2_EL2];
    if (el10 && !WD_GET(v->regs[WD_HCRX_EL2], HCRX_EL2, TCR2En))
        tcr2 = 0;
    v->pie = WD_GET(tcr2, TCR2_EL1, PIE);
    v->poe = WD_GET(tcr2, TCR2_EL1, POE) || WD_GET(tcr2, TCR2_EL1, E0POE);
    stage->haft = WD_GET(tcr2, TCR2_EL1, HAFT);
    stage->used = WD_GET(v->sctlr, SCTLR_EL1, M);
    if (el10 && ((WD_GET(hcr, HCR_EL2, TGE) && !v->ignores_tge) || WD_GET(hcr, HCR_EL2, DC)))
        stage->used = false;
}

static void view_stage2(struct view *v)
{
    struct stage *stage = &v->stage[1];
    uint64_t hcr = v->regs[WD_HCR_EL2], vtcr = v->regs[WD_VTCR_EL2];

    stage->used = v->regime == WD_REGIME_EL10 && (v->operation.both_stages || v->stage[0].used) &&
                  (WD_GET(hcr, HCR_EL2, VM) || WD_GET(hcr, HCR_EL2, DC));
    stage->txsz = (uint8_t)WD_GET(vtcr, VTCR_EL2, T0SZ);
    stage->ds = WD_GET(vtcr, VTCR_EL2, DS);
    stage->ha = WD_GET(vtcr, VTCR_EL2, HA);
    stage->hd = WD_GET(vtcr, VTCR_EL2, HD);
    stage->haft = WD_GET(vtcr, VTCR_EL2, HAFT);
    stage->tg = PLACE(VTCR_EL2, TG0, WD_VTCR_EL2);
    stage->ps = PLACE(VTCR_EL2, PS, WD_VTCR_EL2);
}

static struct view view_case(const struct wd_cpu *cpu, const struct wd_case *c, uint64_t *regs)
{
    struct view v = {.c = c, .regs = regs, .operation = operations[c->op], .ignores_tge = cpu->ignores_tge};

    v.regime = regime_of(&v.operation, regs[WD_HCR_EL2]);
    view_stage1(&v);
    view_stage2(&v);
    return v;
}

/* ---------------------------------------------------------------- features */

/* Whether the answer could depend on a feature, its control bits being set as they are. */
typedef bool needs(const struct view *v);

static bool any_stage_has_granule(const struct view *v, enum wd_granule granule)
{
    return (v->stage[0].used && granule_of(v, &v->stage[0]) == granule) ||
           (v->stage[1].used && granule_of(v, &v->stage[1]) == granule);
}

static bool any_attribute_is(const struct view *v, uint64_t attribute)
{
    for (unsigned i = 0; i < 8; i++)
        if (wd_bits(v->mair, 8 * i + 7, 8 * i) == attribute)
            return true;
    return false;
}

static bool needs_pan3(const struct view *v)
{
    return v->operation.feature == WD_FEAT_PAN2 && v->c->pan && WD_GET(v->sctlr, SCTLR_EL1, EPAN);
}

static bool needs_vhe(const struct view *v)
{
    return v->regime == WD_REGIME_EL20;
}

static bool needs_hpds(const struct view *v)
{
    return v->stage[0].used && v->hpd;
}

static bool needs_haft(const struct view *v)
{
    return (v->stage[0].used && v->stage[0].haft) || (v->stage[1].used && v->stage[1].haft);
}

static bool needs_lva(const struct view *v)
{
    return v->stage[0].used && granule_of(v, &v->stage[0]) == WD_GRANULE_64K && v->stage[0].txsz < 16;
}

/*
 * With the 64K granule. What a CPU alone has of it: address bits in descriptor bits 15:12, and blocks at level 1; other
 * uses are ruled out with the output size that it is told.
 */
static bool needs_lpa(const struct view *v)
{
    if (!any_stage_has_granule(v, WD_GRANULE_64K))
        return false;
    if (wd_has_feature(v->c->regs, WD_FEAT_LPA))
        return true;
    for (uint32_t i = 0; i < v->c->mem_count; i++) {
        uint64_t words[] = {v->c->mem[i].value, __builtin_bswap64(v->c->mem[i].value)};

        for (unsigned order = 0; order < 2; order++)
            if (wd_bit(words[order], 0) && (wd_bits(words[order], 15, 12) || !wd_bit(words[order], 1)))
                return true;
    }
    return false;
}

/* DS = 1 with a granule that has 52-bit addresses on one side alone. */
static bool unequal_lpa2(const struct wd_cpu *cpu, const struct view *v)
{
    for (unsigned stage = 1; stage <= 2; stage++) {
        enum wd_granule granule = granule_of(v, &v->stage[stage - 1]);

        if (v->stage[stage - 1].used && v->stage[stage - 1].ds && granule < WD_GRANULE_64K &&
            wd_has_lpa2(v->c->regs, stage, granule) != wd_has_lpa2(cpu->id, stage, granule))
            return true;
    }
    return false;
}

/* TxSZ above what is the maximum without it, or stage 2 with 4K that starts at level 3. */
static bool needs_ttst(const struct view *v)
{
    return (v->stage[0].used && v->stage[0].txsz > 39) ||
           (v->stage[1].used && (v->stage[1].txsz > 39 || WD_GET(v->regs[WD_VTCR_EL2], VTCR_EL2, SL0) == 3));
}

static bool needs_s2fwb(const struct view *v)
{
    return v->stage[1].used && WD_GET(v->regs[WD_HCR_EL2], HCR_EL2, FWB);
}

static bool needs_e0pd(const struct view *v)
{
    return v->stage[0].used && v->operation.unprivileged && v->e0pd;
}

static bool needs_s1pie(const struct view *v)
{
    return v->stage[0].used && v->pie;
}

static bool needs_s1poe(const struct view *v)
{
    return v->stage[0].used && v->poe;
}

static bool needs_mte2(const struct view *v)
{
    return (v->stage[0].used && any_attribute_is(v, 0xf0)) || WD_GET(v->regs[WD_HCR_EL2], HCR_EL2, DCT);
}

/* Stage 2 MemAttr 0100, and more with FWB, is no longer reserved. */
static bool needs_mte_perm(const struct view *v)
{
    return v->stage[1].used && v->operation.both_stages;
}

/* Attributes that are reserved without FEAT_XS: XS = 0. MAIR_EL1. */
static bool is_xs_attribute(uint64_t attribute)
{
    return (attribute & 0xf3) == 0x01 || attribute == 0x40 || attribute == 0xa0;
}

/*
 * FEAT_XS changes how attributes are reported and combined. Without it nothing has XS = 0, unless MAIR holds a reserved
 * encoding, or stage 2 a bit that is none. That shows in what is reported, but for a reserved encoding that is
 * combined.
 */
static bool needs_xs(const struct view *v)
{
    if (wd_has_feature(v->c->regs, WD_FEAT_XS))
        return v->stage[0].used || v->stage[1].used;
    if (!v->stage[0].used || !v->stage[1].used || !v->operation.both_stages)
        return false;
    for (unsigned i = 0; i < 8; i++)
        if (is_xs_attribute(wd_bits(v->mair, 8 * i + 7, 8 * i)))
            return true;
    return false;
}

/*
 * Features without a line here have no part in the answer (FEAT_XNX: data accesses), show in others (FEAT_TCR2), may be
 * ignored (FEAT_BBM: nT need not fault), belong to the instruction (FEAT_PAN2, FEAT_ATS1A), or are decided behind the
 * walk (FEAT_HAFDBS).
 */
static needs *const needed[WD_FEATURE_COUNT] = {
    [WD_FEAT_PAN3] = needs_pan3,   [WD_FEAT_VHE] = needs_vhe,           [WD_FEAT_HPDS] = needs_hpds,
    [WD_FEAT_HAFT] = needs_haft,   [WD_FEAT_LVA] = needs_lva,           [WD_FEAT_LPA] = needs_lpa,
    [WD_FEAT_TTST] = needs_ttst,   [WD_FEAT_S2FWB] = needs_s2fwb,       [WD_FEAT_E0PD] = needs_e0pd,
    [WD_FEAT_S1PIE] = needs_s1pie, [WD_FEAT_S1POE] = needs_s1poe,       [WD_FEAT_MTE2] = needs_mte2,
    [WD_FEAT_XS] = needs_xs,       [WD_FEAT_MTE_PERM] = needs_mte_perm,
};

/* ---------------------------------------------------------------- implementations */

/* What the ID registers say that a case can have, one of each. */
static void copy_id_registers(uint64_t id[WD_CPU_ID_REGISTERS_MAX], const uint64_t regs[WD_REGISTER_COUNT])
{
    for (size_t i = 0; wd_agent_id_register(i) < WD_REGISTER_COUNT; i++)
        id[i] = regs[wd_agent_id_register(i)];
}

static void study_features(struct wd_cpu_implementation *implementation, const struct wd_cpu *cpu, const uint64_t *regs)
{
    for (enum wd_feature feature = 0; feature < WD_FEATURE_COUNT; feature++) {
        implementation->present[feature] = wd_has_feature(regs, feature);
        if (needed[feature] && implementation->present[feature] != wd_has_feature(cpu->id, feature))
            implementation->unequal[implementation->unequal_count++] = (uint8_t)feature;
    }
}

static void study_fields(struct wd_cpu_implementation *implementation)
{
    for (enum wd_layout layout = 0; layout < WD_LAYOUT_COUNT; layout++) {
        size_t count;
        const struct wd_field *fields = wd_layout_fields(layout, &count);

        for (const struct wd_field *field = fields; field < fields + count; field++) {
            uint64_t mask = wd_mask(field->msb, field->lsb);
            if (!implementation->present[field->feature])
                implementation->absent[layout] |= mask;
            else if (field->role == WD_ROLE_STOP)
                implementation->stop[layout] |= mask;
        }
    }
}

/* What is to be known of the implementation that a case speaks of: most cases speak of one that others spoke of. */
static const struct wd_cpu_implementation *implementation_of(struct wd_cpu_memory *memory, const struct wd_cpu *cpu,
                                                             const struct wd_case *c)
{
    uint64_t id[WD_CPU_ID_REGISTERS_MAX] = {0}, hash = 0;
    struct wd_cpu_implementation *implementation;

    copy_id_registers(id, c->regs);
    for (size_t i = 0; i < WD_CPU_ID_REGISTERS_MAX; i++)
        hash = (hash ^ id[i]) * UINT64_C(0x9e3779b97f4a7c15);
    implementation = &memory->seen[hash >> 32 & (WD_CPU_IMPLEMENTATIONS - 1)];
    if (!implementation->known || memcmp(implementation->id, id, sizeof(id)) != 0) {
        *implementation = (struct wd_cpu_implementation){.known = true};
        memcpy(implementation->id, id, sizeof(id));
        study_features(implementation, cpu, c->regs);
        study_fields(implementation);
    }
    return implementation;
}

static const char *unequal_feature(const struct wd_cpu_implementation *implementation, const struct wd_cpu *cpu,
                                   const struct view *v)
{
    for (size_t i = 0; i < implementation->unequal_count; i++)
        if (needed[implementation->unequal[i]](v))
            return wd_features[implementation->unequal[i]].name;
    return unequal_lpa2(cpu, v) ? wd_features[WD_FEAT_LPA2].name : NULL;
}

/* The name of the feature of the first field of a register that is not 0 and that no model of ours has. */
static const char *first_stop(const struct wd_cpu_implementation *implementation, enum wd_layout layout, uint64_t value)
{
    size_t count;
    const struct wd_field *field = wd_layout_fields(layout, &count);

    while (field->role != WD_ROLE_STOP || !implementation->present[field->feature] ||
           !wd_bits(value, field->msb, field->lsb))
        field++;
    return wd_features[field->feature].name;
}

/*
 * Clears the control bits of features that the case does not have.
 * @return NULL, or the name of a feature that a set bit needs and that no model of ours has
 */
static const char *clear_absent(const struct wd_cpu_implementation *implementation, uint64_t *regs)
{
    bool e2h = implementation->present[WD_FEAT_VHE] && WD_GET(regs[WD_HCR_EL2], HCR_EL2, E2H);

    for (enum wd_layout layout = 0; layout < WD_LAYOUT_COUNT; layout++) {
        enum wd_register reg = wd_layouts[layout].reg;

        if (reg >= WD_REGISTER_COUNT || layout == (e2h ? WD_LAYOUT_TCR_EL2 : WD_LAYOUT_TCR_EL2_E2H))
            continue;
        regs[reg] &= ~implementation->absent[layout];
        if (regs[reg] & implementation->stop[layout])
            return first_stop(implementation, layout, regs[reg]);
    }
    return NULL;
}

/* ---------------------------------------------------------------- granules and sizes */

static enum wd_granule default_granule(const uint64_t *id, unsigned stage)
{
    if (wd_has_granule(id, stage, WD_GRANULE_4K))
        return WD_GRANULE_4K;
    return wd_has_granule(id, stage, WD_GRANULE_64K) ? WD_GRANULE_64K : WD_GRANULE_16K;
}

/* A TG that names no granule of the case: what an implementation takes instead is its own choice; take the default. */
static const char *settle_granule(const struct wd_cpu *cpu, const struct view *v, unsigned stage)
{
    static const char *const names[WD_GRANULE_COUNT] = {"4K granule", "16K granule", "64K granule"};
    const struct stage *s = &v->stage[stage - 1];
    enum wd_granule granule = granule_of(v, s);

    if (!s->used)
        return NULL;
    if (granule == WD_GRANULE_NONE || !wd_has_granule(v->c->regs, stage, granule)) {
        granule = default_granule(v->c->regs, stage);
        for (unsigned field = 0; field < 4; field++)
            if (granules[s->upper][field] == granule)
                set(v, s->tg, field);
    }
    return wd_has_granule(cpu->id, stage, granule) ? NULL : names[granule];
}

/* Lowers {I}PS to the case's PARange. AArch64.PhysicalAddressSize. */
static const char *settle_output_size(const struct wd_cpu *cpu, const struct view *v, const struct stage *stage)
{
    unsigned case_bits = wd_pa_max(v->c->regs), cpu_bits = wd_pa_max(cpu->id);

    if (!stage->used || case_bits == cpu_bits)
        return NULL;
    if (size_bits[get(v, stage->ps)] > case_bits)
        set(v, stage->ps, WD_GET(v->c->regs[WD_ID_AA64MMFR0_EL1], ID_AA64MMFR0_EL1, PARange));
    return size_bits[get(v, stage->ps)] > cpu_bits && !cpu->ignores_output_size ? "PARange" : NULL;
}

/* Whether an address is beyond the physical address size, the MMU being off. AArch64.S1DisabledOutput. */
static bool flat_address_out_of_range(const struct view *v, unsigned pa_max)
{
    return wd_bits(v->c->va, v->tbi ? 55 : 63, pa_max) != 0;
}

/* Whether T0SZ and SL0 are refused on account of PARange. AArch64.S2MinTxSZ, AArch64.S2InvalidSL. */
static bool stage2_size_out_of_range(const struct view *v, unsigned pa_max)
{
    unsigned start_needs = granule_of(v, &v->stage[1]) == WD_GRANULE_16K ? 42 : 44;
    bool starts_high = WD_GET(v->regs[WD_VTCR_EL2], VTCR_EL2, SL0) == 2;

    return 64u - v->stage[1].txsz > pa_max || (starts_high && pa_max < start_needs);
}

static const char *settle_sizes(const struct wd_cpu *cpu, const struct view *v)
{
    unsigned case_bits = wd_pa_max(v->c->regs), cpu_bits = wd_pa_max(cpu->id);
    const char *reason = case_bits ? settle_output_size(cpu, v, &v->stage[0]) : "PARange"; /* 0: reserved */

    if (!reason)
        reason = settle_output_size(cpu, v, &v->stage[1]);
    if (!reason && !v->stage[0].used &&
        flat_address_out_of_range(v, case_bits) != flat_address_out_of_range(v, cpu_bits))
        reason = "PARange";
    if (!reason && v->stage[1].used && stage2_size_out_of_range(v, case_bits) != stage2_size_out_of_range(v, cpu_bits))
        reason = "PARange";
    return reason;
}

/* ---------------------------------------------------------------- all together */

/* Why the instruction is none that the stub can execute as the case does. */
static const char *not_executable(const struct wd_cpu *cpu, const struct view *v)
{
    enum wd_feature feature = v->operation.feature;

    if (!wd_has_feature(v->c->regs, feature) || !wd_has_feature(cpu->id, feature))
        return wd_features[feature].name;
    if (v->c->el == 1 && (v->operation.el == 2 || v->operation.both_stages))
        return "UNDEFINED at EL1; the stub runs at EL3";
    if (v->c->el == 1 && WD_GET(v->regs[WD_HCR_EL2], HCR_EL2, AT))
        return "trapped at EL1; the stub runs at EL3";
    return NULL;
}

const char *wd_cpu_prepare(const struct wd_cpu *cpu, struct wd_cpu_memory *memory, const struct wd_case *c,
                           struct wd_cpu_case *told)
{
    const struct wd_cpu_implementation *implementation = implementation_of(memory, cpu, c);
    const char *reason;
    struct view v;

    for (enum wd_register reg = 0; reg < WD_REGISTER_COUNT; reg++)
        told->regs[reg] = c->regs[reg];
    if (WD_GET(c->regs[WD_ID_AA64MMFR4_EL1], ID_AA64MMFR4_EL1, E2H0) >= 14)
        told->regs[WD_HCR_EL2] = WD_WITH(told->regs[WD_HCR_EL2], HCR_EL2, E2H, 1);
    reason = clear_absent(implementation, told->regs);
    v = view_case(cpu, c, told->regs);
    for (unsigned i = 0; i < 2; i++) {
        const struct stage *stage = &v.stage[i];
        told->lacks_access_flag[i] = stage->used && stage->ha && !wd_has_feature(cpu->id, WD_FEAT_HAFDBS);
        told->lacks_dirty_state[i] = stage->used && stage->hd && !wd_has_feature(cpu->id, WD_FEAT_HAFDBS_DIRTY);
    }

    told->has_xs_alone = wd_has_feature(cpu->id, WD_FEAT_XS) && !wd_has_feature(c->regs, WD_FEAT_XS);

    if (!reason)
        reason = not_executable(cpu, &v);
    if (!reason && v.regime == WD_REGIME_EL20 && cpu->lacks_el20)
        reason = "the EL2&0 regime";
    if (!reason)
        reason = settle_granule(cpu, &v, 1);
    if (!reason)
        reason = settle_granule(cpu, &v, 2);
    if (!reason)
        reason = unequal_feature(implementation, cpu, &v);
    if (!reason)
        reason = settle_sizes(cpu, &v);
    return reason;
}

enum { FST_ACCESS_FLAG = 2, FST_PERMISSION = 3 }; /* bits 5:2 of the fault status code; 1:0 are the level */

/*
 * Whether a hardware update of a descriptor that the CPU does not make could have made something else of a fault. Of a
 * stage 2 fault on a stage 1 walk not every CPU tells the class: each counts as an Access flag fault.
 */
static bool update_could_prevent(const struct wd_case *c, const struct wd_cpu_case *told, uint64_t par)
{
    unsigned stage = (unsigned)WD_GET(par, PAR_EL1_F, S);
    unsigned class = (unsigned)WD_GET(par, PAR_EL1_F, FST) / 4;

    if (class == FST_ACCESS_FLAG || WD_GET(par, PAR_EL1_F, PTW))
        return told->lacks_access_flag[stage];
    return class == FST_PERMISSION && operations[c->op].write && told->lacks_dirty_state[stage];
}

void wd_cpu_conclude(const struct wd_case *c, const struct wd_cpu_case *told, uint64_t par, struct wd_result *result)
{
    bool fault = WD_GET(par, PAR_EL1, F);

    wd_result_clear(result, par);
    if (fault && update_could_prevent(c, told, par)) {
        wd_result_unsupported(result, wd_features[WD_FEAT_HAFDBS].name);
    } else if (!fault && told->has_xs_alone && is_xs_attribute(WD_GET(par, PAR_EL1, ATTR))) {
        wd_result_unsupported(result, wd_features[WD_FEAT_XS].name);
    } else if (fault && c->el == 1 && WD_GET(par, PAR_EL1_F, S) && WD_GET(par, PAR_EL1_F, PTW)) {
        result->answer = WD_ANSWER_EXCEPTION;
        result->exception = (struct wd_exception){
            .fst = (uint8_t)WD_GET(par, PAR_EL1_F, FST),
            .stage2 = true,
            .s1ptw = true,
        };
    }
}

/* ---------------------------------------------------------------- what a stub does with it */

/* Registers that a stub loads, with the feature without which an access is UNDEFINED. */
static const struct {
    enum wd_register reg;
    enum wd_feature feature; /* 0: all CPUs have it */
} loadable[] = {
    {WD_HCR_EL2, 0},
    {WD_SCTLR_EL1, 0},
    {WD_TCR_EL1, 0},
    {WD_MAIR_EL1, 0},
    {WD_TTBR0_EL1, 0},
    {WD_TTBR1_EL1, 0},
    {WD_SCTLR_EL2, 0},
    {WD_TCR_EL2, 0},
    {WD_MAIR_EL2, 0},
    {WD_TTBR0_EL2, 0},
    {WD_TTBR1_EL2, WD_FEAT_VHE},
    {WD_VTCR_EL2, 0},
    {WD_VTTBR_EL2, 0},
    {WD_HCRX_EL2, WD_FEAT_HCX},
    {WD_TCR2_EL1, WD_FEAT_TCR2},
    {WD_TCR2_EL2, WD_FEAT_TCR2},
    {WD_PIRE0_EL1, WD_FEAT_S1PIE},
    {WD_PIR_EL1, WD_FEAT_S1PIE},
    {WD_PIRE0_EL2, WD_FEAT_S1PIE},
    {WD_PIR_EL2, WD_FEAT_S1PIE},
    {WD_POR_EL0, WD_FEAT_S1POE},
    {WD_POR_EL1, WD_FEAT_S1POE},
    {WD_POR_EL2, WD_FEAT_S1POE},
};
enum { LOADABLE_COUNT = sizeof(loadable) / sizeof(loadable[0]) };

size_t wd_cpu_loaded_registers(const uint64_t id[WD_REGISTER_COUNT], enum wd_register registers[WD_REGISTER_COUNT])
{
    size_t count = 0;

    for (size_t i = 0; i < LOADABLE_COUNT; i++)
        if (wd_has_feature(id, loadable[i].feature))
            registers[count++] = loadable[i].reg;
    return count;
}

enum wd_operation wd_cpu_stage1_of(enum wd_operation operation)
{
    switch (operation) {
    case WD_AT_S12E1R:
        return WD_AT_S1E1R;
    case WD_AT_S12E1W:
        return WD_AT_S1E1W;
    case WD_AT_S12E0R:
        return WD_AT_S1E0R;
    case WD_AT_S12E0W:
        return WD_AT_S1E0W;
    default:
        return operation;
    }
}

bool wd_cpu_walks_stage1(const uint64_t regs[WD_REGISTER_COUNT])
{
    uint64_t hcr = regs[WD_HCR_EL2];

    return WD_GET(regs[WD_SCTLR_EL1], SCTLR_EL1, M) && !WD_GET(hcr, HCR_EL2, DC) && !WD_GET(hcr, HCR_EL2, TGE);
}

bool wd_cpu_walks_stage2(const struct wd_case *c, const uint64_t regs[WD_REGISTER_COUNT])
{
    uint64_t hcr = regs[WD_HCR_EL2];

    return wd_operations[c->op].both_stages && (WD_GET(hcr, HCR_EL2, VM) || WD_GET(hcr, HCR_EL2, DC)) &&
           !(WD_GET(hcr, HCR_EL2, E2H) && WD_GET(hcr, HCR_EL2, TGE));
}
