/* SPDX-License-Identifier: MIT */
/*
 * Granules, address sizes, and the table base that a register holds. Inline, so that each stage has what is its own as
 * constants.
 */
#ifndef ORACLE_SIZES_H
#define ORACLE_SIZES_H

#include "oracle/format.h"

/* TG0 and TG1 encode granules differently; WD_GRANULE_NONE: reserved. */
static const uint8_t wd_tg_granule[2][4] = {{WD_GRANULE_4K, WD_GRANULE_64K, WD_GRANULE_16K, WD_GRANULE_NONE},
                                            {WD_GRANULE_NONE, WD_GRANULE_16K, WD_GRANULE_4K, WD_GRANULE_64K}};

static inline bool wd_implements_granule(const struct wd_walk *w, unsigned stage, enum wd_granule granule)
{
    return w->granules[stage - 1] >> granule & 1;
}

/* The default of the choice: 4K if implemented, else 64K, else 16K. */
static inline unsigned wd_default_granule(const struct wd_walk *w, unsigned stage)
{
    if (wd_implements_granule(w, stage, WD_GRANULE_4K))
        return WD_GRANULE_4K;
    return wd_implements_granule(w, stage, WD_GRANULE_64K) ? WD_GRANULE_64K : WD_GRANULE_16K;
}

/* What a TG0 or TG1 field stands for that is reserved, or whose granule is not implemented: a choice. */
static inline unsigned wd_choose_granule(struct wd_walk *w, unsigned stage, bool upper, unsigned granule)
{
    unsigned as_encoded = granule == WD_GRANULE_NONE ? WD_GRANULE_64K : granule;
    unsigned fallback, absent = 0, option;

    wd_apply(w, stage, granule == WD_GRANULE_NONE ? WD_RULE_GRANULE_RESERVED : WD_RULE_GRANULE_NOT_IMPLEMENTED, 0);
    if (!wd_implements_granule(w, stage, as_encoded) && wd_mistaken(w, WD_STAGE_MISTAKE(stage, GRANULE_AS_ENCODED)))
        return as_encoded;

    /* Options 1 and 2 are 16K and 64K, numbered as enum wd_granule; 4K is never another one than the default. */
    fallback = wd_default_granule(w, stage);
    for (unsigned other = WD_GRANULE_16K; other < WD_GRANULE_COUNT; other++)
        if (other == fallback || !wd_implements_granule(w, stage, other))
            absent |= 1u << other;
    option = wd_choose_among(w, stage == 2 ? WD_CHOICE_S2_TG0 : upper ? WD_CHOICE_S1_TG1 : WD_CHOICE_S1_TG0, 3, absent);
    return option ? option : fallback;
}

/**
 * Granule of a TG0 or TG1 field. A reserved value or one whose granule is not implemented is a choice.
 * AArch64.S1DecodeTG0, AArch64.S1DecodeTG1, AArch64.S2DecodeTG0.
 * @param upper  the field is a TG1
 */
static inline unsigned wd_decode_granule(struct wd_walk *w, unsigned stage, bool upper, uint64_t field)
{
    unsigned granule = wd_tg_granule[upper][field];

    /* WD_GRANULE_NONE is implemented at no stage. */
    return wd_implements_granule(w, stage, granule) ? granule : wd_choose_granule(w, stage, upper, granule);
}

/**
 * Output size in bits of a stage: the least of {I}PS, PARange and what the format can hold.
 * AArch64.PhysicalAddressSize.
 */
static inline unsigned wd_output_bits(const struct wd_walk *w, const struct wd_format *f)
{
    static const uint8_t ps_bits[8] = {32, 36, 40, 42, 44, 48, 52, 56};
    bool format_has_52 = !f->only_48_bits & wd_has(w->regs, WD_FEAT_LPA) & ((f->granule == WD_GRANULE_64K) | f->ds);
    unsigned bits = ps_bits[f->ps];
    unsigned most = format_has_52 ? 52 : 48;

    if (most > w->pa_max)
        most = w->pa_max;
    return bits < most ? bits : most;
}

/** Largest TxSZ. AArch64.MaxTxSZ. */
static inline unsigned wd_max_txsz(const struct wd_walk *w, unsigned granule)
{
    unsigned with_small_tables = granule == WD_GRANULE_64K ? 47 : 48;

    return wd_has(w->regs, WD_FEAT_TTST) ? with_small_tables : 39;
}

/* The mistake of treating T0SZ or T1SZ below its minimum as the minimum where the architecture requires a fault. */
static inline bool wd_clamps_txsz_by_mistake(const struct wd_walk *w, unsigned stage)
{
    return stage == 1 && wd_mistaken(w, WD_MISTAKE_S1_TXSZ_CLAMPED);
}

/* The mistake of not limiting stage 2's T0SZ by the size of physical addresses, only by 48 bits. */
static inline bool wd_takes_t0sz_as_it_is_by_mistake(const struct wd_walk *w, unsigned stage, const struct wd_format *f)
{
    return stage == 2 && f->txsz >= 16 && wd_mistaken(w, WD_MISTAKE_S2_TXSZ_AS_IT_IS);
}

/**
 * Applies the limits of TxSZ: a fault, or a clamp in the format.
 * AArch64.S1TxSZFaults, AArch64.S2TxSZFaults.
 * @param minimum  of this stage
 * @param low_always_faults  an implementation with 52 bits must not clamp at the minimum
 * @return false: `fault` is raised
 */
static inline bool wd_limit_txsz(struct wd_walk *w, unsigned stage, struct wd_format *f, unsigned minimum,
                                 bool low_always_faults, struct wd_fault *fault)
{
    unsigned maximum = stage == 2 && f->only_48_bits ? 39 : wd_max_txsz(w, f->granule);

    if (f->txsz < minimum) {
        enum wd_rule rule = low_always_faults ? WD_RULE_TXSZ_BELOW_MINIMUM_52 : WD_RULE_TXSZ_BELOW_MINIMUM;

        wd_apply(w, stage, rule, 0);
        if (wd_takes_t0sz_as_it_is_by_mistake(w, stage, f))
            return true;
        if (!(low_always_faults ? wd_clamps_txsz_by_mistake(w, stage) : wd_choose(w, WD_STAGE_CHOICE(stage, TXSZ_LOW))))
            return wd_raise(fault, WD_FAULT_TRANSLATION, 0, rule);
        f->txsz = (uint8_t)minimum;
    } else if (wd_check(w, stage, WD_RULE_TXSZ_ABOVE_MAXIMUM, 0, f->txsz > maximum)) {
        if (!wd_choose(w, WD_STAGE_CHOICE(stage, TXSZ_HIGH)))
            return wd_raise(fault, WD_FAULT_TRANSLATION, 0, WD_RULE_TXSZ_ABOVE_MAXIMUM);
        f->txsz = (uint8_t)maximum;
    }
    return true;
}

/* Whether bits 5:2 of the register are address bits 51:48. */
static inline bool wd_base_has_52_bits(struct wd_walk *w, unsigned stage, const struct wd_format *f, uint64_t ttbr)
{
    if (wd_check(w, stage, WD_RULE_TABLE_BASE_52_BITS_DS, 0, f->ds))
        return true;
    if ((f->granule != WD_GRANULE_64K) | (f->ps < 6) | f->only_48_bits)
        return false;
    if (!wd_has(w->regs, WD_FEAT_LPA))
        return wd_bits(ttbr, 5, 2) && wd_choose(w, WD_STAGE_CHOICE(stage, TABLE_BASE_52_BITS));
    if (f->ps == 7 && wd_bits(ttbr, 5, 2) && wd_choose(w, WD_STAGE_CHOICE(stage, TABLE_BASE_PS_111)))
        return false;
    wd_apply(w, stage, WD_RULE_TABLE_BASE_52_BITS_64K, 0);
    return true;
}

/* The mistake of taking no address bits above bit 47 from where they are, unless the output size is larger. */
static inline bool wd_ignores_base_bits(struct wd_walk *w, unsigned stage, const struct wd_format *f, uint64_t ttbr)
{
    return f->output_bits <= 48 && wd_bits(ttbr, 5, 2) && wd_mistaken(w, WD_STAGE_MISTAKE(stage, BASE_BITS_IGNORED));
}

/**
 * Base of the start level's table, which a register holds. AArch64.S1TTBaseAddress, AArch64.S2TTBaseAddress.
 * @param low_bits  receives the bits below the table's alignment that are not zero
 */
static inline uint64_t wd_table_base(struct wd_walk *w, unsigned stage, const struct wd_format *f, uint64_t ttbr,
                                     uint64_t *low_bits)
{
    unsigned start_bits = wd_translation_bits(f->granule, f->start_level);
    unsigned alignment = wd_input_bits(f) - start_bits + WD_DESCRIPTOR_SIZE_LOG2;
    uint64_t base;

    if (wd_base_has_52_bits(w, stage, f, ttbr) && !wd_ignores_base_bits(w, stage, f, ttbr)) {
        bool twice = alignment < 6 && wd_bits(ttbr, 5, 2) && wd_mistaken(w, WD_STAGE_MISTAKE(stage, BASE_BITS_TWICE));

        if (wd_check(w, stage, WD_RULE_TABLE_BASE_64_BYTES, 0, alignment < 6) && !twice)
            alignment = 6;
        base = wd_bits(ttbr, 5, 2) << 48 | (ttbr & wd_mask(47, twice ? 2 : 6));
    } else {
        base = ttbr & wd_mask(47, 1);
    }
    *low_bits = wd_low(base, alignment);
    wd_check(w, stage, WD_RULE_TABLE_BASE_ALIGNED, 0, *low_bits != 0);
    return base & ~wd_low(UINT64_MAX, alignment);
}

/**
 * The mistake of cutting a base that is beyond the output size to that size, instead of an Address size fault.
 * @return whether it is made: `base` is cut
 */
static inline bool wd_drops_base_bits(struct wd_walk *w, unsigned stage, const struct wd_format *f, uint64_t *base)
{
    if (!wd_mistaken(w, WD_STAGE_MISTAKE(stage, BASE_BITS_DROPPED)))
        return false;
    *base = wd_low(*base, f->output_bits);
    return true;
}

/**
 * Address of the start level's descriptor. AArch64.S1SLTTEntryAddress, AArch64.S2SLTTEntryAddress.
 * Where the register's base is not aligned, its low bits may corrupt the address: a choice.
 */
static inline uint64_t wd_start_entry_address(struct wd_walk *w, unsigned stage, const struct wd_format *f,
                                              uint64_t base, uint64_t low_bits, uint64_t input)
{
    unsigned lsb = wd_translation_bits(f->granule, f->start_level);
    uint64_t offset = wd_bits(input, wd_input_bits(f) - 1, lsb) << WD_DESCRIPTOR_SIZE_LOG2;

    /* Descriptors are 8 bytes: bits 2:0 of the base cannot reach the address of one. */
    low_bits &= ~UINT64_C(7);
    if (low_bits) {
        switch (wd_choose(w, WD_STAGE_CHOICE(stage, TABLE_BASE_LOW_BITS))) {
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

/** Address of a descriptor at a level behind the start level. AArch64.TTEntryAddress. */
static inline uint64_t wd_entry_address(const struct wd_format *f, int level, uint64_t base, uint64_t input)
{
    unsigned lsb = wd_translation_bits(f->granule, level);

    return base | wd_bits(input, lsb + wd_stride(f->granule) - 1, lsb) << WD_DESCRIPTOR_SIZE_LOG2;
}

#endif
