/* SPDX-License-Identifier: MIT */
/*
 * The shape of one stage's tables: sizes, start level and format of descriptors, as the registers that the generator
 * writes say it. What it knows of the architecture is what it needs to build tables; the oracle alone judges.
 */
#ifndef GENERATORS_STAGE_H
#define GENERATORS_STAGE_H

#include "generators/weights.h"
#include "oracle/format.h"

enum { WD_LOWEST_LEVEL = -1, WD_LEVEL_COUNT = 5 };

/** Member of a bit set of start levels. */
#define WD_START_LEVEL(level) (1u << ((level)-WD_LOWEST_LEVEL))

/** Bits 1:0 of a valid descriptor. */
enum { WD_TYPE_BLOCK = 1, WD_TYPE_TABLE_OR_PAGE = 3 };

struct wd_stage {
    uint8_t stage;   /**< 1 or 2 */
    uint8_t granule; /**< enum wd_granule */
    bool ds;         /**< 52-bit addresses with 4K and 16K */
    bool wide_64k;   /**< 52-bit addresses with 64K: FEAT_LPA */
    bool wide_base;  /**< bits 5:2 of the base register are address bits 51:48 */
    bool big_endian;
    bool walkable; /**< false: no table shape fits the registers */
    int8_t start_level;
    unsigned input_bits, output_bits;
    uint64_t base; /**< address of the start level's table */
};

/** TG0 (upper = 0) and TG1 (upper = 1) of each granule; [WD_GRANULE_NONE] is reserved. */
extern const uint8_t wd_tg_field[2][WD_GRANULE_COUNT + 1];

/** Layouts of registers that software writes: those in front of the ID registers' in registers.def. */
enum { WD_CONTROL_LAYOUT_COUNT = WD_LAYOUT_ID_AA64MMFR0_EL1 };

/** What an implementation makes of a granule at a stage, with the DS bit or without. */
struct wd_format_limits {
    uint8_t granule; /**< what acts as it: itself, or another one where it is not implemented */
    bool ds, wide_64k;
    uint8_t address_bits;               /**< that descriptors can hold and the implementation has */
    uint8_t txsz_minimum, txsz_maximum; /**< AArch64.S1MinTxSZ, AArch64.S2MinTxSZ, AArch64.MaxTxSZ */
    uint8_t start_levels; /**< where stage 2 may start, as far as sizes let it: bit set, WD_START_LEVEL() */
};

/** What the ID registers of a case say that counts here. */
struct wd_implementation {
    wd_feature_set features;
    uint8_t granules[2];                                        /**< of stage 1 and 2: bit sets of enum wd_granule */
    uint8_t pa_max;                                             /**< bits */
    struct wd_format_limits limits[2][WD_GRANULE_COUNT + 1][2]; /**< [stage - 1][granule asked for][DS bit] */
    uint64_t absent[WD_CONTROL_LAYOUT_COUNT];                   /**< wd_absent_fields() */
};

/**
 * What the ID registers of a case say. Implementations repeat, and a look is much cheaper than the answer: each thread
 * remembers some. That is of no consequence but time: what is remembered stands beside all that it follows from.
 * @return valid until the same thread asks again
 */
const struct wd_implementation *wd_implementation_of(const uint64_t regs[WD_REGISTER_COUNT]);

/** Whether a stage (1 or 2) has a granule; false for WD_GRANULE_NONE. */
static inline bool wd_implements_granule(const struct wd_implementation *implementation, unsigned stage,
                                         enum wd_granule granule)
{
    return implementation->granules[stage - 1] >> granule & 1;
}

/**
 * Granule, address forms and output size of a stage whose number is set.
 * @param asked  what TG says; a granule that is not implemented acts as another one
 * @param ds  what the DS bit says
 * @param ps  what {I}PS says
 * @return the limits of the stage's sizes
 */
const struct wd_format_limits *wd_shape_formats(const struct wd_implementation *implementation, enum wd_granule asked,
                                                bool ds, unsigned ps, struct wd_stage *stage);

/** Start level of a stage 1 whose granule and input_bits are set. AArch64.S1StartLevel. */
int wd_stage1_start_level(const struct wd_stage *stage);

/**
 * Levels at which stage 2 may start: the implementation allows it, and the start tables are between two entries and
 * 16 concatenated tables. AArch64.S2InvalidSL, AArch64.S2InconsistentSL.
 * @return bit set, WD_START_LEVEL()
 */
unsigned wd_stage2_start_levels(const struct wd_format_limits *limits, const struct wd_stage *stage);

/** A start level as VTCR_EL2.SL0 and SL2 encode it for a granule, SL2 as bit 2; -1: it has no encoding. */
int wd_start_level_field(enum wd_granule granule, int level);

/** Size of the start level's table or concatenated tables as a power of two. */
static inline unsigned wd_start_table_bits(const struct wd_stage *stage)
{
    return stage->input_bits - wd_translation_bits(stage->granule, stage->start_level) + WD_DESCRIPTOR_SIZE_LOG2;
}

/** The lowest level that has Block descriptors. AArch64.BlockDescSupported. */
static inline int wd_lowest_block_level(const struct wd_stage *stage)
{
    return (stage->granule == WD_GRANULE_4K ? 1 : 2) - (stage->ds | stage->wide_64k);
}

/** Entries of a contiguous set at a level as a power of two; 0: there are none. Table D8-104. */
unsigned wd_contiguous_bits(const struct wd_stage *stage, int level);

/** Address bits that a descriptor or a wide base register can hold: 48 or 52. */
static inline unsigned wd_format_bits(const struct wd_stage *stage)
{
    return stage->ds || stage->wide_64k ? 52 : 48;
}

/** The base address as TTBR or VTTBR holds it; the other bits of `ttbr` stay. */
static inline uint64_t wd_with_table_base(const struct wd_stage *stage, uint64_t ttbr, uint64_t base)
{
    uint64_t high = wd_mask(5, 2) & -(uint64_t)stage->wide_base;

    ttbr = WD_WITH(ttbr, TTBR0_EL1, BADDR, base >> WD_TTBR0_EL1_BADDR_lsb);
    return (ttbr & ~high) | (base >> 46 & high);
}

/** Where the descriptors of a stage hold address bits 51:48. */
static inline const struct wd_high_bits *wd_stage_high_bits(const struct wd_stage *stage)
{
    return &wd_high_bits[stage->wide_64k * WD_HIGH_BITS_64K + stage->ds * WD_HIGH_BITS_DS];
}

/** Address bits 47:lsb, of which a block of level -1, taken for one by a flaw, has none. */
static inline uint64_t wd_address_mask(unsigned lsb)
{
    return wd_mask(47, 0) & UINT64_MAX << lsb;
}

/** A descriptor with its address bits replaced, from `lsb` on. */
static inline uint64_t wd_with_address(const struct wd_stage *stage, uint64_t descriptor, unsigned lsb,
                                       uint64_t address)
{
    const struct wd_high_bits *high = wd_stage_high_bits(stage);
    uint64_t in_place = wd_address_mask(lsb) | high->in_place;

    descriptor &= ~(in_place | high->low);
    return descriptor | (address & in_place) | (address >> high->low_shift & high->low);
}

/** The address that a descriptor holds, from `lsb` on. */
static inline uint64_t wd_address_of(const struct wd_stage *stage, uint64_t descriptor, unsigned lsb)
{
    const struct wd_high_bits *high = wd_stage_high_bits(stage);

    return (descriptor & (wd_address_mask(lsb) | high->in_place)) | (descriptor & high->low) << high->low_shift;
}

#endif
