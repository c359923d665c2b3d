/* SPDX-License-Identifier: MIT */
/* Granules, address sizes, and the table base that a register holds. */
#include "oracle/format.h"

/* TG0 and TG1 encode granules differently; 4: reserved. */
static const uint8_t tg_granule[2][4] = {{WD_GRANULE_4K, WD_GRANULE_64K, WD_GRANULE_16K, WD_GRANULE_NONE},
                                         {WD_GRANULE_NONE, WD_GRANULE_16K, WD_GRANULE_4K, WD_GRANULE_64K}};

static bool implemented(const struct wd_walk *w, unsigned stage, enum wd_granule granule)
{
    return w->granules[stage - 1] >> granule & 1;
}

/* The default of the choice: 4K if implemented, else 64K, else 16K. */
static unsigned default_granule(const struct wd_walk *w, unsigned stage)
{
    if (implemented(w, stage, WD_GRANULE_4K))
        return WD_GRANULE_4K;
    return implemented(w, stage, WD_GRANULE_64K) ? WD_GRANULE_64K : WD_GRANULE_16K;
}

unsigned wd_decode_granule(struct wd_walk *w, unsigned stage, bool upper, uint64_t field)
{
    unsigned granule = tg_granule[upper][field];
    unsigned as_encoded = granule == WD_GRANULE_NONE ? WD_GRANULE_64K : granule;
    unsigned fallback, absent = 0, option;

    if (granule == WD_GRANULE_NONE)
        wd_apply(w, stage, WD_RULE_GRANULE_RESERVED, 0);
    else if (implemented(w, stage, granule))
        return granule;
    else
        wd_apply(w, stage, WD_RULE_GRANULE_NOT_IMPLEMENTED, 0);
    if (!implemented(w, stage, as_encoded) && wd_mistaken(w, WD_STAGE_MISTAKE(stage, GRANULE_AS_ENCODED)))
        return as_encoded;

    /* Options 1 and 2 are 16K and 64K, numbered as enum wd_granule; 4K is never another one than the default. */
    fallback = default_granule(w, stage);
    for (unsigned other = WD_GRANULE_16K; other < WD_GRANULE_COUNT; other++)
        if (other == fallback || !implemented(w, stage, other))
            absent |= 1u << other;
    option = wd_choose_among(w, stage == 2 ? WD_CHOICE_S2_TG0 : upper ? WD_CHOICE_S1_TG1 : WD_CHOICE_S1_TG0, 3, absent);
    return option ? option : fallback;
}

const struct wd_high_bits wd_high_bits[WD_HIGH_BITS_FORMAT_COUNT] = {
    [WD_HIGH_BITS_NONE] = {.seen = UINT64_C(3) << 48, .rule = WD_RULE_ADDRESS_48_BITS},
    [WD_HIGH_BITS_DS] = {.low = UINT64_C(3) << 8,
                         .low_shift = 50 - 8,
                         .in_place = UINT64_C(3) << 48,
                         .seen = UINT64_C(3) << 48 | UINT64_C(3) << 8,
                         .rule = WD_RULE_ADDRESS_52_BITS_DS},
    [WD_HIGH_BITS_64K] = {.low = UINT64_C(15) << 12,
                          .low_shift = 48 - 12,
                          .seen = UINT64_C(15) << 12,
                          .rule = WD_RULE_ADDRESS_52_BITS_64K},
    [WD_HIGH_BITS_64K_WITHOUT_LPA] = {.seen = UINT64_C(15) << 12, .rule = WD_RULE_DESCRIPTOR_15_12_WITHOUT_LPA},
};

unsigned wd_output_bits(const struct wd_walk *w, const struct wd_format *f)
{
    static const uint8_t ps_bits[8] = {32, 36, 40, 42, 44, 48, 52, 56};
    bool format_has_52 = !f->only_48_bits & wd_has(w->regs, WD_FEAT_LPA) & ((f->granule == WD_GRANULE_64K) | f->ds);
    unsigned bits = ps_bits[f->ps];
    unsigned most = format_has_52 ? 52 : 48;

    if (most > w->pa_max)
        most = w->pa_max;
    return bits < most ? bits : most;
}

unsigned wd_max_txsz(const struct wd_walk *w, unsigned granule)
{
    unsigned with_small_tables = granule == WD_GRANULE_64K ? 47 : 48;

    return wd_has(w->regs, WD_FEAT_TTST) ? with_small_tables : 39;
}

/* The mistake of treating T0SZ or T1SZ below its minimum as the minimum where the architecture requires a fault. */
static bool clamped_by_mistake(const struct wd_walk *w, const struct wd_format *f)
{
    return f->stage == 1 && wd_mistaken(w, WD_MISTAKE_S1_TXSZ_CLAMPED);
}

/* The mistake of not limiting stage 2's T0SZ by the size of physical addresses, only by 48 bits. */
static bool taken_as_it_is_by_mistake(const struct wd_walk *w, const struct wd_format *f)
{
    return f->stage == 2 && f->txsz >= 16 && wd_mistaken(w, WD_MISTAKE_S2_TXSZ_AS_IT_IS);
}

bool wd_limit_txsz(struct wd_walk *w, struct wd_format *f, unsigned minimum, bool low_always_faults,
                   struct wd_fault *fault)
{
    unsigned maximum = f->stage == 2 && f->only_48_bits ? 39 : wd_max_txsz(w, f->granule);

    if (f->txsz < minimum) {
        enum wd_rule rule = low_always_faults ? WD_RULE_TXSZ_BELOW_MINIMUM_52 : WD_RULE_TXSZ_BELOW_MINIMUM;

        wd_apply(w, f->stage, rule, 0);
        if (taken_as_it_is_by_mistake(w, f))
            return true;
        if (!(low_always_faults ? clamped_by_mistake(w, f) : wd_choose(w, WD_STAGE_CHOICE(f->stage, TXSZ_LOW))))
            return wd_raise(fault, WD_FAULT_TRANSLATION, 0, rule);
        f->txsz = (uint8_t)minimum;
    } else if (wd_check(w, f->stage, WD_RULE_TXSZ_ABOVE_MAXIMUM, 0, f->txsz > maximum)) {
        if (!wd_choose(w, WD_STAGE_CHOICE(f->stage, TXSZ_HIGH)))
            return wd_raise(fault, WD_FAULT_TRANSLATION, 0, WD_RULE_TXSZ_ABOVE_MAXIMUM);
        f->txsz = (uint8_t)maximum;
    }
    return true;
}

/* Whether bits 5:2 of the register are address bits 51:48. */
static bool base_has_52_bits(struct wd_walk *w, const struct wd_format *f, uint64_t ttbr)
{
    if (wd_check(w, f->stage, WD_RULE_TABLE_BASE_52_BITS_DS, 0, f->ds))
        return true;
    if ((f->granule != WD_GRANULE_64K) | (f->ps < 6) | f->only_48_bits)
        return false;
    if (!wd_has(w->regs, WD_FEAT_LPA))
        return wd_bits(ttbr, 5, 2) && wd_choose(w, WD_STAGE_CHOICE(f->stage, TABLE_BASE_52_BITS));
    if (f->ps == 7 && wd_bits(ttbr, 5, 2) && wd_choose(w, WD_STAGE_CHOICE(f->stage, TABLE_BASE_PS_111)))
        return false;
    wd_apply(w, f->stage, WD_RULE_TABLE_BASE_52_BITS_64K, 0);
    return true;
}

/* The mistake of taking no address bits above bit 47 from where they are, unless the output size is larger. */
static bool ignores_base_bits(struct wd_walk *w, const struct wd_format *f, uint64_t ttbr)
{
    return f->output_bits <= 48 && wd_bits(ttbr, 5, 2) && wd_mistaken(w, WD_STAGE_MISTAKE(f->stage, BASE_BITS_IGNORED));
}

uint64_t wd_table_base(struct wd_walk *w, const struct wd_format *f, uint64_t ttbr, uint64_t *low_bits)
{
    unsigned start_bits = wd_translation_bits(f->granule, f->start_level);
    unsigned alignment = wd_input_bits(f) - start_bits + WD_DESCRIPTOR_SIZE_LOG2;
    uint64_t base;

    if (base_has_52_bits(w, f, ttbr) && !ignores_base_bits(w, f, ttbr)) {
        bool twice =
            alignment < 6 && wd_bits(ttbr, 5, 2) && wd_mistaken(w, WD_STAGE_MISTAKE(f->stage, BASE_BITS_TWICE));

        if (wd_check(w, f->stage, WD_RULE_TABLE_BASE_64_BYTES, 0, alignment < 6) && !twice)
            alignment = 6;
        base = wd_bits(ttbr, 5, 2) << 48 | (ttbr & wd_mask(47, twice ? 2 : 6));
    } else {
        base = ttbr & wd_mask(47, 1);
    }
    *low_bits = wd_low(base, alignment);
    wd_check(w, f->stage, WD_RULE_TABLE_BASE_ALIGNED, 0, *low_bits != 0);
    return base & ~wd_low(UINT64_MAX, alignment);
}

bool wd_drops_base_bits(struct wd_walk *w, const struct wd_format *f, uint64_t *base)
{
    if (!wd_mistaken(w, WD_STAGE_MISTAKE(f->stage, BASE_BITS_DROPPED)))
        return false;
    *base = wd_low(*base, f->output_bits);
    return true;
}

uint64_t wd_start_entry_address(struct wd_walk *w, const struct wd_format *f, uint64_t base, uint64_t low_bits,
                                uint64_t input)
{
    unsigned lsb = wd_translation_bits(f->granule, f->start_level);
    uint64_t offset = wd_bits(input, wd_input_bits(f) - 1, lsb) << WD_DESCRIPTOR_SIZE_LOG2;

    /* Descriptors are 8 bytes: bits 2:0 of the base cannot reach the address of one. */
    low_bits &= ~UINT64_C(7);
    if (low_bits) {
        switch (wd_choose(w, WD_STAGE_CHOICE(f->stage, TABLE_BASE_LOW_BITS))) {
        case 1:
            offset |= low_bits;
            break;
        case 2:
            offset &= ~low_bits;
            break;
        }
    }
    return base | offset;
}

uint64_t wd_entry_address(const struct wd_format *f, int level, uint64_t base, uint64_t input)
{
    unsigned lsb = wd_translation_bits(f->granule, level);

    return base | wd_bits(input, lsb + wd_stride(f->granule) - 1, lsb) << WD_DESCRIPTOR_SIZE_LOG2;
}

void wd_tell_params(const struct wd_walk *w, enum wd_event_kind kind, const struct wd_format *f, bool on_walk,
                    struct wd_params params)
{
    if (!w->handler)
        return;
    params.granule = f->granule;
    params.input_bits = (uint8_t)wd_input_bits(f);
    params.output_bits = (uint8_t)f->output_bits;
    params.start_level = (int8_t)f->start_level;
    params.txsz = f->txsz;
    params.ds = f->ds;
    params.ha = f->ha;
    params.hd = f->hd;
    params.haft = f->haft;
    params.big_endian = f->big_endian;
    WD_TELL(w, .kind = (uint8_t)kind, .stage = f->stage, .depth = on_walk, .params = &params);
}
