/* SPDX-License-Identifier: MIT */
/* A case in the making: its memory, where its tables go, and the tables themselves. */
#ifndef GENERATORS_DRAFT_H
#define GENERATORS_DRAFT_H

#include "generators/generate.h"
#include "generators/stage.h"

/** A range of addresses from which tables are taken one after the other. */
struct wd_pool {
    uint64_t base, size; /**< bytes */
    uint64_t next;       /**< offset of the first byte that is not taken */
};

/** What is wrong with one descriptor on the way. */
enum wd_flaw {
    WD_FLAW_NONE,
    WD_FLAW_INVALID,       /**< bit 0 is 0 */
    WD_FLAW_ZERO,          /**< memory does not list the word */
    WD_FLAW_BLOCK_TYPE,    /**< bits 1:0 are 01 where there are no blocks: Table level, or level 3 */
    WD_FLAW_ADDRESS_SIZE,  /**< the address is beyond the output size */
    WD_FLAW_UNREADABLE,    /**< the next table is where no memory is */
    WD_FLAW_RESERVED_BITS, /**< address bits below the alignment or above the format's size are set */
};

/** How to translate one input address: the descriptors from start level to leaf. */
struct wd_path {
    int8_t leaf_level;
    uint8_t flaw; /**< enum wd_flaw */
    int8_t flaw_level;
    uint8_t flipped_type; /**< bits 1:0 of the leaf that are not what its level asks for */
    bool random_tables;   /**< Table descriptors have random attributes, otherwise `table` */
    uint64_t leaf, table; /**< attributes of the leaf and of Table descriptors, without type and address */
    uint64_t output;      /**< output address of the leaf; bits below its size are taken from the input address */
};

struct wd_draft;

/** Says how stage 2 shall translate the address of a stage 1 descriptor. */
typedef void wd_table_mapping(struct wd_draft *draft, uint64_t ipa, struct wd_path *path);

struct wd_draft {
    struct wd_case_buffer *buffer;
    struct wd_random random;
    const struct wd_implementation *implementation;
    struct wd_stage stage1, stage2;
    bool nested;                           /**< stage 1 tables lie at IPAs, behind stage 2 */
    wd_table_mapping *map_table;           /**< used where `nested` */
    struct wd_pool ram[WD_BUFFER_RAM_MAX]; /**< one for each range of RAM */
    struct wd_pool ipa;                    /**< for stage 1 tables where `nested` */
};

/** Starts a case: no memory, registers at their default but for the ID registers, which the caller has set. */
void wd_draft_begin(struct wd_draft *draft, struct wd_case_buffer *buffer);

/** Whether the implementation of the case has a feature. */
static inline bool wd_draft_has(const struct wd_draft *draft, enum wd_feature feature)
{
    return wd_set_has(draft->implementation->features, feature);
}

/** A register of the case. */
static inline uint64_t *wd_draft_register(struct wd_draft *draft, enum wd_register reg)
{
    return &draft->buffer->c.regs[reg];
}

/** Sets a field of a register of the case. */
#define WD_DRAFT_SET(draft, layout, field, value)                                                                      \
    (*wd_draft_register(draft, WD_##layout) = WD_WITH(*wd_draft_register(draft, WD_##layout), layout, field, value))

/** A field of a register of the case. */
#define WD_DRAFT_GET(draft, layout, field) WD_GET(*wd_draft_register(draft, WD_##layout), layout, field)

/**
 * Adds RAM. A range that overlaps another is left out.
 * @param base, size  multiples of 4K
 * @param first_table  offset at which tables start
 */
void wd_draft_add_ram(struct wd_draft *draft, uint64_t base, uint64_t size, bool read_only, uint64_t first_table);

/** Takes 2^bits bytes, aligned to their size, from a pool; starts again at its base when it is used up. */
uint64_t wd_pool_take(struct wd_pool *pool, unsigned bits);

/** Takes 2^bits bytes of physical memory for a table: mostly from the first range of RAM. */
uint64_t wd_draft_take_ram(struct wd_draft *draft, unsigned bits);

/**
 * Writes the descriptors that translate `input` at a stage. Descriptors that are there already stay, and are followed.
 * A case that holds WD_BUFFER_MEM_MAX words takes no more.
 * @param path  what to write where there is none
 * @param output  receives the address that the descriptors give, whatever their flaws and permissions
 * @return false: the descriptors lead nowhere
 */
bool wd_draft_map(struct wd_draft *draft, const struct wd_stage *stage, uint64_t input, const struct wd_path *path,
                  uint64_t *output);

#endif
