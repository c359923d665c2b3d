/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: their type, the addresses they hold, and what is checked of a leaf before its permissions. Inline, so
 * that each stage has what is its own as constants.
 */
#ifndef ORACLE_DESCRIPTOR_H
#define ORACLE_DESCRIPTOR_H

#include "oracle/sizes.h"

enum wd_descriptor_type { WD_DESCRIPTOR_INVALID, WD_DESCRIPTOR_TABLE, WD_DESCRIPTOR_LEAF };

/*
 * The mistake of knowing no 52-bit addresses at all; only_48_bits alone may be that of one format in stage 1. It was
 * met when the registers were read: where it makes a difference there is FEAT_LPA.
 */
static inline bool knows_no_52_bits(const struct wd_walk *w, unsigned stage, const struct wd_format *f)
{
    return f->only_48_bits && (stage == 2 || (w->resolution->mistakes & wd_mistake_bit(WD_MISTAKE_S1_48_BITS)));
}

/* Whether a level has Block descriptors. AArch64.BlockDescSupported. */
static inline bool block_supported(const struct wd_walk *w, unsigned stage, const struct wd_format *f, int level)
{
    switch (f->granule) {
    case WD_GRANULE_4K:
        return level == 1 || level == 2 || (level == 0 && f->ds);
    case WD_GRANULE_16K:
        return level == 2 || (level == 1 && f->ds);
    default:
        return level == 2 || (level == 1 && w->pa_max >= 52 && !knows_no_52_bits(w, stage, f));
    }
}

/* Bits 47:lsb, of which a block of level -1, taken for one by mistake, has none. */
static inline uint64_t address_mask(unsigned lsb)
{
    return lsb > 47 ? 0 : wd_mask(47, lsb);
}

/**
 * Type of a descriptor; raises the Translation fault of an invalid one. AArch64.DecodeDescriptorType.
 */
static inline enum wd_descriptor_type wd_decode_descriptor(struct wd_walk *w, unsigned stage, const struct wd_format *f,
                                                           uint64_t descriptor, int level, struct wd_fault *fault)
{
    enum wd_rule rule;

    if (!wd_bit(descriptor, 0)) {
        rule = WD_RULE_DESCRIPTOR_INVALID;
    } else if (wd_bit(descriptor, 1)) {
        wd_apply(w, stage, level == WD_FINAL_LEVEL ? WD_RULE_DESCRIPTOR_PAGE : WD_RULE_DESCRIPTOR_TABLE, level);
        return level == WD_FINAL_LEVEL ? WD_DESCRIPTOR_LEAF : WD_DESCRIPTOR_TABLE;
    } else if (level == WD_FINAL_LEVEL && wd_leaves_out(w, stage, WD_RULE_DESCRIPTOR_RESERVED_LEVEL_3)) {
        return WD_DESCRIPTOR_LEAF;
    } else if (level == WD_FINAL_LEVEL) {
        rule = WD_RULE_DESCRIPTOR_RESERVED_LEVEL_3;
    } else if (wd_check(w, stage, WD_RULE_BLOCK_NOT_SUPPORTED, level, !block_supported(w, stage, f, level)) &&
               !(stage == 1 && level < 0 && wd_mistaken(w, WD_MISTAKE_S1_BLOCK_AT_LEVEL_MINUS_1))) {
        wd_raise(fault, WD_FAULT_TRANSLATION, level, WD_RULE_BLOCK_NOT_SUPPORTED);
        return WD_DESCRIPTOR_INVALID;
    } else {
        wd_apply(w, stage, WD_RULE_DESCRIPTOR_BLOCK, level);
        return WD_DESCRIPTOR_LEAF;
    }
    wd_apply(w, stage, rule, level);
    wd_raise(fault, WD_FAULT_TRANSLATION, level, rule);
    return WD_DESCRIPTOR_INVALID;
}

/* The mistake of taking no address bits above bit 47 from where they are, unless the output size is larger. */
static inline bool ignores_high_bits(struct wd_walk *w, unsigned stage, const struct wd_format *f)
{
    enum wd_mistake mistake = f->granule == WD_GRANULE_64K ? WD_STAGE_MISTAKE(stage, HIGH_BITS_64K_IGNORED)
                                                           : WD_STAGE_MISTAKE(stage, HIGH_BITS_DS_IGNORED);

    return f->output_bits <= 48 && wd_mistaken(w, mistake);
}

/*
 * Address bits 51:48 of a descriptor. With 64K and no 52-bit physical addresses, bits 15:12 that are not zero may
 * fault: R_WDZFC.
 */
static inline __attribute__((always_inline)) bool high_address_bits(struct wd_walk *w, unsigned stage,
                                                                    const struct wd_format *f, uint64_t descriptor,
                                                                    int level, uint64_t *high, struct wd_fault *fault)
{
    const struct wd_high_bits *bits = f->high_bits;
    uint64_t low = descriptor & bits->low;

    *high = 0;
    if (f->only_48_bits)
        return true;
    if (wd_check(w, stage, bits->rule, level, (descriptor & bits->seen) != 0) &&
        bits->rule == WD_RULE_DESCRIPTOR_15_12_WITHOUT_LPA && wd_choose(w, WD_STAGE_CHOICE(stage, DESCRIPTOR_15_12)))
        return wd_raise(fault, WD_FAULT_ADDRESS_SIZE, level, WD_RULE_DESCRIPTOR_15_12_WITHOUT_LPA);
    if (low && ignores_high_bits(w, stage, f))
        low = 0;
    *high = low << bits->low_shift | (descriptor & bits->in_place);
    return true;
}

/**
 * Address of the next table. AArch64.NextTableBase.
 * @return false: the address is beyond the output size, `fault` is raised
 */
static inline bool wd_next_table(struct wd_walk *w, unsigned stage, const struct wd_format *f, uint64_t descriptor,
                                 int level, uint64_t *base, struct wd_fault *fault)
{
    uint64_t high;

    if (!high_address_bits(w, stage, f, descriptor, level, &high, fault))
        return false;
    *base = high | (descriptor & wd_mask(47, wd_granule_bits(f->granule)));
    if (wd_check(w, stage, WD_RULE_NEXT_TABLE_ADDRESS_SIZE, level, wd_output_out_of_range(f, *base)))
        return wd_raise(fault, WD_FAULT_ADDRESS_SIZE, level, WD_RULE_NEXT_TABLE_ADDRESS_SIZE);
    return true;
}

/* Number of contiguous entries as a power of two, 0: the Contiguous bit is RES0 at this level. ContiguousSize. */
static inline unsigned contiguous_entries(const struct wd_walk *w, unsigned stage, const struct wd_format *f, int level)
{
    /* [granule][level - 1]; Table D8-104. */
    static const uint8_t entries[WD_GRANULE_COUNT][3] = {{4, 4, 4}, {0, 5, 7}, {0, 5, 5}};
    static const uint8_t everywhere[WD_GRANULE_COUNT] = {4, 7, 5};

    unsigned number = level < 1 ? 0 : entries[f->granule][level - 1];

    if (!number && wd_mistaken(w, WD_STAGE_MISTAKE(stage, CONTIGUOUS_EVERYWHERE))) {
        unsigned bits = wd_translation_bits(f->granule, level), most = bits < 52 ? 52 - bits : 0;

        number = everywhere[f->granule] < most ? everywhere[f->granule] : most; /* an address has 52 bits */
    }
    return number;
}

/**
 * What can be said of a leaf before permissions: contiguous, nT, output address and Access flag, in that order.
 * The latter part of AArch64.S1Walk and AArch64.S2Walk.
 * @param address  receives the output address, StageOA()
 * @return false: `fault` is raised
 */
static inline __attribute__((always_inline)) bool wd_check_leaf(struct wd_walk *w, unsigned stage,
                                                                const struct wd_format *f, uint64_t descriptor,
                                                                int level, uint64_t input, uint64_t *address,
                                                                struct wd_fault *fault)
{
    unsigned leaf_bits = wd_translation_bits(f->granule, level);
    unsigned entries = wd_bit(descriptor, 52) ? contiguous_entries(w, stage, f, level) : 0;
    unsigned contiguous_bits = leaf_bits + entries;
    uint64_t high, base = descriptor & address_mask(leaf_bits);
    uint64_t field = descriptor & wd_mask(47, wd_granule_bits(f->granule));
    uint64_t stray_bits = wd_low(field, leaf_bits); /* of a block */
    bool beyond;

    if (entries && wd_check(w, stage, WD_RULE_CONTIGUOUS_TOO_LARGE, level, contiguous_bits > wd_input_bits(f)) &&
        wd_choose(w, WD_STAGE_CHOICE(stage, CONTIGUOUS_TOO_LARGE)))
        return wd_raise(fault, WD_FAULT_TRANSLATION, level, WD_RULE_CONTIGUOUS_TOO_LARGE);

    if (level < WD_FINAL_LEVEL &&
        wd_check(w, stage, WD_RULE_NT_BLOCK, level, wd_bit(descriptor, 16) && wd_has(w->regs, WD_FEAT_BBM)) &&
        !wd_choose(w, WD_STAGE_CHOICE(stage, NT)))
        return wd_raise(fault, WD_FAULT_TRANSLATION, level, WD_RULE_NT_BLOCK);

    if (!high_address_bits(w, stage, f, descriptor, level, &high, fault))
        return false;
    base |= high;
    field |= high;
    if (entries) {
        uint64_t inside = wd_low(UINT64_MAX, contiguous_bits) & ~wd_low(UINT64_MAX, leaf_bits);

        wd_apply(w, stage, WD_RULE_CONTIGUOUS_ADDRESS, level);
        /* base is 0 above bit 47 but for `high`, so a range that reaches beyond is cut there as StageOA() cuts it. */
        if ((base & inside) == (input & inside) || !wd_choose(w, WD_STAGE_CHOICE(stage, CONTIGUOUS_ADDRESS)))
            leaf_bits = contiguous_bits;
    }
    *address = (base & ~wd_low(UINT64_MAX, leaf_bits)) | wd_low(input, leaf_bits);
    if (stray_bits && wd_mistaken(w, WD_STAGE_MISTAKE(stage, BLOCK_ADDRESS_BITS)))
        *address |= stray_bits;
    beyond = wd_output_out_of_range(f, *address);
    if (beyond != wd_output_out_of_range(f, base) && wd_mistaken(w, WD_STAGE_MISTAKE(stage, LEAF_SIZE_OF_BASE)))
        beyond = !beyond;
    if (beyond != wd_output_out_of_range(f, field) && wd_mistaken(w, WD_STAGE_MISTAKE(stage, LEAF_SIZE_OF_DESCRIPTOR)))
        beyond = !beyond;
    if (wd_check(w, stage, WD_RULE_LEAF_ADDRESS_SIZE, level, beyond))
        return wd_raise(fault, WD_FAULT_ADDRESS_SIZE, level, WD_RULE_LEAF_ADDRESS_SIZE);
    if (wd_check(w, stage, WD_RULE_ACCESS_FLAG, level, !wd_bit(descriptor, 10) & !f->ha))
        return wd_raise(fault, WD_FAULT_ACCESS_FLAG, level, WD_RULE_ACCESS_FLAG);
    return true;
}

#endif
