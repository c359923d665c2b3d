/* SPDX-License-Identifier: MIT */
/* Sizes and descriptor formats, the same for both stages. */
#ifndef ORACLE_FORMAT_H
#define ORACLE_FORMAT_H

#include "oracle/walk.h"

enum { WD_FINAL_LEVEL = 3, WD_DESCRIPTOR_SIZE_LOG2 = 3 };

/** Granule size as a power of two: 12, 14, 16. TGxGranuleBits. */
static inline unsigned wd_granule_bits(unsigned granule)
{
    return 12 + 2 * granule;
}

/** Address bits that one level resolves: 9, 11, 13. */
static inline unsigned wd_stride(unsigned granule)
{
    return wd_granule_bits(granule) - WD_DESCRIPTOR_SIZE_LOG2;
}

/** Size of what a descriptor at a level maps, as a power of two. TranslationSize. */
static inline unsigned wd_translation_bits(unsigned granule, int level)
{
    return wd_granule_bits(granule) + (unsigned)(WD_FINAL_LEVEL - level) * wd_stride(granule);
}

/** AArch64.IASize. */
static inline unsigned wd_input_bits(const struct wd_format *f)
{
    return 64u - f->txsz;
}

/** A value's bits msb:0 only. */
static inline uint64_t wd_low(uint64_t value, unsigned bits)
{
    return bits >= 64 ? value : value & ((UINT64_C(1) << bits) - 1);
}

/**
 * Granule of a TG0 or TG1 field. A reserved value or one whose granule is not implemented is a choice.
 * AArch64.S1DecodeTG0, AArch64.S1DecodeTG1, AArch64.S2DecodeTG0.
 * @param upper  the field is a TG1
 */
unsigned wd_decode_granule(struct wd_walk *w, unsigned stage, bool upper, uint64_t field);

/** Output size in bits of a stage: the least of {I}PS, PARange and what the format can hold.
 * AArch64.PhysicalAddressSize. */
unsigned wd_output_bits(const struct wd_walk *w, const struct wd_format *f);

/** Where a descriptor holds address bits 51:48. */
enum wd_high_bits_format {
    WD_HIGH_BITS_NONE, /**< 4K, 16K */
    WD_HIGH_BITS_DS,
    WD_HIGH_BITS_64K,
    WD_HIGH_BITS_64K_WITHOUT_LPA,
    WD_HIGH_BITS_FORMAT_COUNT
};

struct wd_high_bits {
    uint64_t low; /**< those of them that lie below bit 48, `low_shift` bits lower */
    uint64_t in_place;
    uint64_t seen; /**< bits that make the rule take effect */
    uint8_t low_shift;
    uint16_t rule; /**< enum wd_rule */
};

extern const struct wd_high_bits wd_high_bits[WD_HIGH_BITS_FORMAT_COUNT];

/** Where the descriptors of a format hold them: enum wd_high_bits_format. */
static inline uint8_t wd_high_bits_format(const struct wd_walk *w, const struct wd_format *f)
{
    static const uint8_t formats[2][2] = {{WD_HIGH_BITS_NONE, WD_HIGH_BITS_DS},
                                          {WD_HIGH_BITS_64K_WITHOUT_LPA, WD_HIGH_BITS_64K}};
    bool is_64k = f->granule == WD_GRANULE_64K;

    return formats[is_64k][is_64k ? wd_has(w->regs, WD_FEAT_LPA) : f->ds];
}

/** Largest TxSZ. AArch64.MaxTxSZ. */
unsigned wd_max_txsz(const struct wd_walk *w, unsigned granule);

/**
 * Applies the limits of TxSZ: a fault, or a clamp in the format.
 * AArch64.S1TxSZFaults, AArch64.S2TxSZFaults.
 * @param minimum  of this stage
 * @param low_always_faults  an implementation with 52 bits must not clamp at the minimum
 * @return false: `fault` is raised
 */
bool wd_limit_txsz(struct wd_walk *w, struct wd_format *f, unsigned minimum, bool low_always_faults,
                   struct wd_fault *fault);

/**
 * Base of the start level's table, which a register holds. AArch64.S1TTBaseAddress, AArch64.S2TTBaseAddress.
 * @param low_bits  receives the bits below the table's alignment that are not zero
 */
uint64_t wd_table_base(struct wd_walk *w, const struct wd_format *f, uint64_t ttbr, uint64_t *low_bits);

/**
 * The mistake of cutting a base that is beyond the output size to that size, instead of an Address size fault.
 * @return whether it is made: `base` is cut
 */
bool wd_drops_base_bits(struct wd_walk *w, const struct wd_format *f, uint64_t *base);

/**
 * Address of the start level's descriptor. AArch64.S1SLTTEntryAddress, AArch64.S2SLTTEntryAddress.
 * Where the register's base is not aligned, its low bits may corrupt the address: a choice.
 */
uint64_t wd_start_entry_address(struct wd_walk *w, const struct wd_format *f, uint64_t base, uint64_t low_bits,
                                uint64_t input);

/** Address of a descriptor at a level behind the start level. AArch64.TTEntryAddress. */
uint64_t wd_entry_address(const struct wd_format *f, int level, uint64_t base, uint64_t input);

/**
 * Whether hardware updates of descriptors are guaranteed to be atomic by the attributes of table walks: Write-Back in
 * both halves, and Shareable. R_WLTNL.
 * @param cacheable  no control makes table walks Non-cacheable
 */
static inline bool wd_updates_are_atomic(const struct wd_format *f, bool cacheable)
{
    return cacheable & f->irgn & f->orgn & ((f->sh == WD_INNER_SHAREABLE) | (f->sh == WD_OUTER_SHAREABLE));
}

/** AArch64.OAOutOfRange. */
static inline bool wd_output_out_of_range(const struct wd_format *f, uint64_t address)
{
    return f->output_bits < 64 && address >> f->output_bits != 0;
}

/**
 * Tells the handler, if there is one, what is known of a stage.
 * @param kind  WD_EVENT_PARAMS or WD_EVENT_WALK
 * @param on_walk  stage 2 of the access to a stage 1 table
 * @param params  what does not follow from the format; the rest is filled in
 */
void wd_tell_params(const struct wd_walk *w, enum wd_event_kind kind, const struct wd_format *f, bool on_walk,
                    struct wd_params params);

#endif
