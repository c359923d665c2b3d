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

/** What the ID registers of a case say that counts here. */
struct wd_implementation {
    const uint64_t *regs;
    wd_feature_set features;
    uint8_t granules[2]; /**< of stage 1 and 2: bit sets of enum wd_granule */
    unsigned pa_max;     /**< bits */
};

/** What the ID registers of a case say. `regs` must outlive it. */
struct wd_implementation wd_implementation_of(const uint64_t regs[WD_REGISTER_COUNT]);

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
 */
void wd_shape_formats(const struct wd_implementation *implementation, enum wd_granule asked, bool ds, unsigned ps,
                      struct wd_stage *stage);

/** Largest TxSZ of a stage whose granule is set. AArch64.MaxTxSZ. */
unsigned wd_txsz_maximum(const struct wd_implementation *implementation, const struct wd_stage *stage);

/** Smallest TxSZ of a stage whose formats are set. AArch64.S1MinTxSZ, AArch64.S2MinTxSZ. */
unsigned wd_txsz_minimum(const struct wd_implementation *implementation, const struct wd_stage *stage);

/** Start level of a stage 1 whose granule and input_bits are set. AArch64.S1StartLevel. */
int wd_stage1_start_level(const struct wd_stage *stage);

/**
 * Whether stage 2 may start at a level: the implementation allows it, and the start tables are between two entries and
 * 16 concatenated tables. AArch64.S2InvalidSL, AArch64.S2InconsistentSL.
 */
bool wd_stage2_may_start(const struct wd_implementation *implementation, const struct wd_stage *stage, int level);

/** A start level as VTCR_EL2.SL0 and SL2 encode it for a granule, SL2 as bit 2; -1: it has no encoding. */
int wd_start_level_field(enum wd_granule granule, int level);

/** Size of the start level's table or concatenated tables as a power of two. */
unsigned wd_start_table_bits(const struct wd_stage *stage);

/** Whether a level has Block descriptors. AArch64.BlockDescSupported. */
bool wd_has_blocks(const struct wd_stage *stage, int level);

/** Entries of a contiguous set at a level as a power of two; 0: there are none. Table D8-104. */
unsigned wd_contiguous_bits(const struct wd_stage *stage, int level);

/** Address bits that a descriptor or a wide base register can hold: 48 or 52. */
static inline unsigned wd_format_bits(const struct wd_stage *stage)
{
    return stage->ds || stage->wide_64k ? 52 : 48;
}

/** The base address as TTBR or VTTBR holds it; the other bits of `ttbr` stay. */
uint64_t wd_with_table_base(const struct wd_stage *stage, uint64_t ttbr, uint64_t base);

/** A descriptor with its address bits replaced, from `lsb` on. */
uint64_t wd_with_address(const struct wd_stage *stage, uint64_t descriptor, unsigned lsb, uint64_t address);

/** The address that a descriptor holds, from `lsb` on. */
uint64_t wd_address_of(const struct wd_stage *stage, uint64_t descriptor, unsigned lsb);

/** Address of the descriptor that a level looks up for an input address in the table at `table`. */
uint64_t wd_descriptor_address(const struct wd_stage *stage, int level, uint64_t table, uint64_t input);

#endif
