/* SPDX-License-Identifier: MIT */
/* The shape of one stage's tables. */
#include "generators/stage.h"

const uint8_t wd_tg_field[2][WD_GRANULE_COUNT + 1] = {
    {[WD_GRANULE_4K] = 0, [WD_GRANULE_64K] = 1, [WD_GRANULE_16K] = 2, [WD_GRANULE_NONE] = 3},
    {[WD_GRANULE_NONE] = 0, [WD_GRANULE_16K] = 1, [WD_GRANULE_4K] = 2, [WD_GRANULE_64K] = 3},
};

struct wd_implementation wd_implementation_of(const uint64_t regs[WD_REGISTER_COUNT])
{
    struct wd_implementation implementation = {
        .regs = regs, .features = wd_features_of(regs), .pa_max = wd_pa_max(regs)};

    for (unsigned stage = 1; stage <= 2; stage++)
        for (unsigned granule = 0; granule < WD_GRANULE_COUNT; granule++)
            implementation.granules[stage - 1] |=
                (uint8_t)(wd_has_granule(regs, stage, (enum wd_granule)granule) << granule);
    return implementation;
}

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

unsigned wd_txsz_maximum(const struct wd_implementation *implementation, const struct wd_stage *stage)
{
    if (!wd_set_has(implementation->features, WD_FEAT_TTST))
        return 39;
    return stage->granule == WD_GRANULE_64K ? 47 : 48;
}

unsigned wd_txsz_minimum(const struct wd_implementation *implementation, const struct wd_stage *stage)
{
    unsigned most = wd_format_bits(stage);
    bool lva = stage->granule == WD_GRANULE_64K && wd_set_has(implementation->features, WD_FEAT_LVA);

    if (stage->stage == 2)
        return 64 - (implementation->pa_max < most ? implementation->pa_max : most);
    return stage->ds || lva ? 12 : 16;
}

/* AArch64.PhysicalAddressSize. */
static unsigned output_bits(const struct wd_implementation *implementation, const struct wd_stage *stage, unsigned ps)
{
    static const uint8_t bits[8] = {32, 36, 40, 42, 44, 48, 52, 56};
    unsigned most = wd_format_bits(stage);

    if (most > implementation->pa_max)
        most = implementation->pa_max;
    return bits[ps] < most ? bits[ps] : most;
}

void wd_shape_formats(const struct wd_implementation *implementation, enum wd_granule asked, bool ds, unsigned ps,
                      struct wd_stage *stage)
{
    enum wd_granule granule = effective_granule(implementation, stage->stage, asked);

    stage->granule = (uint8_t)granule;
    stage->wide_64k = (granule == WD_GRANULE_64K) & wd_set_has(implementation->features, WD_FEAT_LPA);
    stage->ds = ds & wd_has_lpa2(implementation->regs, stage->stage, granule);
    stage->output_bits = output_bits(implementation, stage, ps);
    stage->wide_base = stage->ds | (stage->wide_64k & (ps == 6));
}

int wd_stage1_start_level(const struct wd_stage *stage)
{
    unsigned granule_bits = wd_granule_bits(stage->granule);

    return WD_FINAL_LEVEL - (int)((stage->input_bits - 1 - granule_bits) / wd_stride(stage->granule));
}

bool wd_stage2_may_start(const struct wd_implementation *implementation, const struct wd_stage *stage, int level)
{
    /* Physical address size that a start level needs, 0: there is no such level; [granule][level + 1]. Table D8-9. */
    static const uint8_t needed_pa[WD_GRANULE_COUNT][WD_LEVEL_COUNT] = {
        [WD_GRANULE_4K] = {52, 44, 1, 1, 1}, [WD_GRANULE_16K] = {0, 52, 42, 1, 1}, [WD_GRANULE_64K] = {0, 0, 44, 1, 1}};
    unsigned needed = needed_pa[stage->granule][level - WD_LOWEST_LEVEL];
    unsigned start_bits = wd_translation_bits(stage->granule, level);

    if (!needed || implementation->pa_max < needed || (needed == 52 && !stage->ds))
        return false;
    if (stage->granule == WD_GRANULE_4K && level == WD_FINAL_LEVEL &&
        !wd_set_has(implementation->features, WD_FEAT_TTST))
        return false;
    return stage->input_bits > start_bits && stage->input_bits <= start_bits + wd_stride(stage->granule) + 4;
}

int wd_start_level_field(enum wd_granule granule, int level)
{
    static const int8_t field[WD_GRANULE_COUNT][WD_LEVEL_COUNT] = {
        [WD_GRANULE_4K] = {4, 2, 1, 0, 3}, [WD_GRANULE_16K] = {-1, 3, 2, 1, 0}, [WD_GRANULE_64K] = {-1, -1, 2, 1, 0}};

    return field[granule][level - WD_LOWEST_LEVEL];
}

unsigned wd_start_table_bits(const struct wd_stage *stage)
{
    return stage->input_bits - wd_translation_bits(stage->granule, stage->start_level) + WD_DESCRIPTOR_SIZE_LOG2;
}

bool wd_has_blocks(const struct wd_stage *stage, int level)
{
    int lowest = stage->granule == WD_GRANULE_4K ? 1 : 2;

    if (stage->ds || stage->wide_64k)
        lowest--;
    return level >= lowest && level < WD_FINAL_LEVEL;
}

unsigned wd_contiguous_bits(const struct wd_stage *stage, int level)
{
    static const uint8_t bits[WD_GRANULE_COUNT][WD_LEVEL_COUNT] = {
        [WD_GRANULE_4K] = {0, 0, 4, 4, 4}, [WD_GRANULE_16K] = {0, 0, 0, 5, 7}, [WD_GRANULE_64K] = {0, 0, 0, 5, 5}};

    return bits[stage->granule][level - WD_LOWEST_LEVEL];
}

/* All bits or none: which format of addresses a case has, nobody could predict. */
static uint64_t all_if(bool condition)
{
    return -(uint64_t)condition;
}

uint64_t wd_with_table_base(const struct wd_stage *stage, uint64_t ttbr, uint64_t base)
{
    uint64_t high = wd_mask(5, 2) & all_if(stage->wide_base);

    ttbr = WD_WITH(ttbr, TTBR0_EL1, BADDR, base >> WD_TTBR0_EL1_BADDR_lsb);
    return (ttbr & ~high) | (base >> 46 & high);
}

uint64_t wd_with_address(const struct wd_stage *stage, uint64_t descriptor, unsigned lsb, uint64_t address)
{
    uint64_t in_64k = wd_mask(15, 12) & all_if(stage->wide_64k);
    uint64_t in_ds = all_if(stage->ds), low_in_ds = wd_mask(49, 48) & in_ds, high_in_ds = wd_mask(9, 8) & in_ds;

    if (lsb < 48)
        descriptor = wd_with_bits(descriptor, 47, lsb, address >> lsb);
    descriptor &= ~(in_64k | low_in_ds | high_in_ds);
    return descriptor | (address >> 36 & in_64k) | (address & low_in_ds) | (address >> 42 & high_in_ds);
}

uint64_t wd_address_of(const struct wd_stage *stage, uint64_t descriptor, unsigned lsb)
{
    uint64_t address = lsb < 48 ? descriptor & wd_mask(47, lsb) : 0;
    uint64_t high_64k = wd_bits(descriptor, 15, 12) << 48 & all_if(stage->wide_64k);
    uint64_t high_ds = (wd_bits(descriptor, 49, 48) << 48 | wd_bits(descriptor, 9, 8) << 50) & all_if(stage->ds);

    return address | high_64k | high_ds;
}

uint64_t wd_descriptor_address(const struct wd_stage *stage, int level, uint64_t table, uint64_t input)
{
    unsigned lsb = wd_translation_bits(stage->granule, level);
    unsigned msb = level == stage->start_level ? stage->input_bits - 1 : lsb + wd_stride(stage->granule) - 1;

    return table + (wd_bits(input, msb, lsb) << WD_DESCRIPTOR_SIZE_LOG2);
}
