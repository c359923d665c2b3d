/* SPDX-License-Identifier: MIT */
/* The shape of one stage's tables. */
#include "generators/stage.h"

#include <string.h>

const uint8_t wd_tg_field[2][WD_GRANULE_COUNT + 1] = {
    {[WD_GRANULE_4K] = 0, [WD_GRANULE_64K] = 1, [WD_GRANULE_16K] = 2, [WD_GRANULE_NONE] = 3},
    {[WD_GRANULE_NONE] = 0, [WD_GRANULE_16K] = 1, [WD_GRANULE_4K] = 2, [WD_GRANULE_64K] = 3},
};

/* What the oracle takes by default for a reserved encoding or a granule that is not implemented. */
static enum wd_granule effective_granule(const struct wd_implementation *implementation, unsigned stage,
                                         enum wd_granule asked)
{
    static const uint8_t substitutes[] = {WD_GRANULE_4K, WD_GRANULE_64K};

    if (wd_implements_granule(implementation, stage, asked))
        return asked;
    for (unsigned i = 0; i < sizeof(substitutes); i++)
        if (wd_implements_granule(implementation, stage, (enum wd_granule)substitutes[i]))
            return (enum wd_granule)substitutes[i];
    return WD_GRANULE_16K;
}

/* Levels at which stage 2 may start, whatever the input size. */
static uint8_t start_levels(const struct wd_implementation *implementation, enum wd_granule granule, bool ds)
{
    /* Physical address size that a start level needs, 0: there is no such level; [granule][level + 1]. Table D8-9. */
    static const uint8_t needed_pa[WD_GRANULE_COUNT][WD_LEVEL_COUNT] = {
        [WD_GRANULE_4K] = {52, 44, 1, 1, 1}, [WD_GRANULE_16K] = {0, 52, 42, 1, 1}, [WD_GRANULE_64K] = {0, 0, 44, 1, 1}};
    unsigned levels = 0;

    for (int level = WD_LOWEST_LEVEL; level <= WD_FINAL_LEVEL; level++) {
        unsigned needed = needed_pa[granule][level - WD_LOWEST_LEVEL];
        bool small = granule == WD_GRANULE_4K && level == WD_FINAL_LEVEL;

        if (needed && implementation->pa_max >= needed && (needed < 52 || ds) &&
            (!small || wd_set_has(implementation->features, WD_FEAT_TTST)))
            levels |= WD_START_LEVEL(level);
    }
    return (uint8_t)levels;
}

static struct wd_format_limits limits_of(const struct wd_implementation *implementation, const uint64_t *regs,
                                         unsigned stage, enum wd_granule asked, bool ds)
{
    enum wd_granule granule = effective_granule(implementation, stage, asked);
    bool is_64k = granule == WD_GRANULE_64K;
    struct wd_format_limits limits = {.granule = (uint8_t)granule,
                                      .wide_64k = is_64k && wd_set_has(implementation->features, WD_FEAT_LPA),
                                      .ds = ds && wd_has_lpa2(regs, stage, granule)};
    bool lva = is_64k && wd_set_has(implementation->features, WD_FEAT_LVA);
    unsigned format_bits = limits.ds || limits.wide_64k ? 52 : 48;

    limits.address_bits = (uint8_t)(implementation->pa_max < format_bits ? implementation->pa_max : format_bits);
    limits.txsz_minimum = (uint8_t)(stage == 2 ? 64 - limits.address_bits : limits.ds || lva ? 12 : 16);
    limits.txsz_maximum = !wd_set_has(implementation->features, WD_FEAT_TTST) ? 39 : is_64k ? 47 : 48;
    limits.start_levels = start_levels(implementation, granule, limits.ds);
    return limits;
}

static void study(const uint64_t regs[WD_REGISTER_COUNT], struct wd_implementation *implementation)
{
    *implementation = (struct wd_implementation){.features = wd_features_of(regs), .pa_max = (uint8_t)wd_pa_max(regs)};
    for (unsigned stage = 1; stage <= 2; stage++) {
        for (unsigned granule = 0; granule < WD_GRANULE_COUNT; granule++)
            implementation->granules[stage - 1] |=
                (uint8_t)(wd_has_granule(regs, stage, (enum wd_granule)granule) << granule);
        for (unsigned asked = 0; asked <= WD_GRANULE_COUNT; asked++)
            for (unsigned ds = 0; ds < 2; ds++)
                implementation->limits[stage - 1][asked][ds] =
                    limits_of(implementation, regs, stage, (enum wd_granule)asked, ds);
    }
    for (unsigned layout = 0; layout < WD_CONTROL_LAYOUT_COUNT; layout++)
        implementation->absent[layout] = wd_absent_fields((enum wd_layout)layout, implementation->features);
}

/* The ID registers are the last ones of registers.def. */
enum { ID_REGISTERS = WD_REGISTER_COUNT - WD_ID_AA64MMFR0_EL1, REMEMBERED_LOG2 = 7 };

/* An implementation, and the ID registers that say it. */
struct remembered {
    uint64_t id[ID_REGISTERS];
    bool known;
    struct wd_implementation implementation;
};

static size_t hash_of(const uint64_t id[ID_REGISTERS])
{
    uint64_t hash = 0;

    for (unsigned i = 0; i < ID_REGISTERS; i++)
        hash = (hash << 41 | hash >> 23) ^ id[i];
    return hash * UINT64_C(0x9e3779b97f4a7c15) >> (64 - REMEMBERED_LOG2);
}

const struct wd_implementation *wd_implementation_of(const uint64_t regs[WD_REGISTER_COUNT])
{
    static _Thread_local struct remembered all[1 << REMEMBERED_LOG2];
    const uint64_t *id = regs + WD_ID_AA64MMFR0_EL1;
    struct remembered *remembered = &all[hash_of(id)];
    uint64_t other = !remembered->known;

    for (unsigned i = 0; i < ID_REGISTERS; i++)
        other |= remembered->id[i] ^ id[i];
    if (other) {
        memcpy(remembered->id, id, sizeof(remembered->id));
        remembered->known = true;
        study(regs, &remembered->implementation);
    }
    return &remembered->implementation;
}

/* AArch64.PhysicalAddressSize. */
static unsigned output_bits(const struct wd_format_limits *limits, unsigned ps)
{
    static const uint8_t bits[8] = {32, 36, 40, 42, 44, 48, 52, 56};

    return bits[ps] < limits->address_bits ? bits[ps] : limits->address_bits;
}

const struct wd_format_limits *wd_shape_formats(const struct wd_implementation *implementation, enum wd_granule asked,
                                                bool ds, unsigned ps, struct wd_stage *stage)
{
    const struct wd_format_limits *limits = &implementation->limits[stage->stage - 1][asked][ds];

    stage->granule = limits->granule;
    stage->wide_64k = limits->wide_64k;
    stage->ds = limits->ds;
    stage->output_bits = output_bits(limits, ps);
    stage->wide_base = stage->ds | (stage->wide_64k & (ps == 6));
    return limits;
}

int wd_stage1_start_level(const struct wd_stage *stage)
{
    unsigned resolved = stage->input_bits - 1 - wd_granule_bits(stage->granule), stride = wd_stride(stage->granule);

    /* resolved / stride: not more than four levels stand in front of the last */
    return WD_FINAL_LEVEL - (resolved >= stride) - (resolved >= 2 * stride) - (resolved >= 3 * stride) -
           (resolved >= 4 * stride);
}

unsigned wd_stage2_start_levels(const struct wd_format_limits *limits, const struct wd_stage *stage)
{
    /* Where stage 1 would start, or one level later, if up to 16 concatenated tables do instead of the first one. */
    int level = wd_stage1_start_level(stage);
    unsigned above = stage->input_bits - wd_translation_bits(stage->granule, level);
    unsigned later = above <= 4 ? 2 * WD_START_LEVEL(level) : 0;

    return (WD_START_LEVEL(level) | later) & limits->start_levels;
}

int wd_start_level_field(enum wd_granule granule, int level)
{
    static const int8_t field[WD_GRANULE_COUNT][WD_LEVEL_COUNT] = {
        [WD_GRANULE_4K] = {4, 2, 1, 0, 3}, [WD_GRANULE_16K] = {-1, 3, 2, 1, 0}, [WD_GRANULE_64K] = {-1, -1, 2, 1, 0}};

    return field[granule][level - WD_LOWEST_LEVEL];
}

unsigned wd_contiguous_bits(const struct wd_stage *stage, int level)
{
    static const uint8_t bits[WD_GRANULE_COUNT][WD_LEVEL_COUNT] = {
        [WD_GRANULE_4K] = {0, 0, 4, 4, 4}, [WD_GRANULE_16K] = {0, 0, 0, 5, 7}, [WD_GRANULE_64K] = {0, 0, 0, 5, 5}};

    return bits[stage->granule][level - WD_LOWEST_LEVEL];
}
