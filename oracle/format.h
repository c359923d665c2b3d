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

/** Where the descriptors of a format hold them. */
static inline const struct wd_high_bits *wd_high_bits_of(const struct wd_walk *w, const struct wd_format *f)
{
    static const uint8_t formats[2][2] = {{WD_HIGH_BITS_NONE, WD_HIGH_BITS_DS},
                                          {WD_HIGH_BITS_64K_WITHOUT_LPA, WD_HIGH_BITS_64K}};
    bool is_64k = f->granule == WD_GRANULE_64K;

    return &wd_high_bits[formats[is_64k][is_64k ? wd_has(w->regs, WD_FEAT_LPA) : f->ds]];
}

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
    return address >> f->output_bits != 0; /* 56 bits at most */
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
