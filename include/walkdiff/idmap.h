/* SPDX-License-Identifier: MIT */
/*
 * The kind of subject `idmap`: a builder that maps what a host accesses to itself when it first does, in the largest
 * blocks that fit. A case is a map of memory and a sequence of operations; an answer, what each gave back and what was
 * mapped afterwards.
 */
#ifndef WALKDIFF_IDMAP_H
#define WALKDIFF_IDMAP_H

#include <stdint.h>

#include "walkdiff/subject.h"

enum wd_idmap_operation_kind {
#define WD_IDMAP_OPERATION(name, member, text) WD_IDMAP_##name,
#include "walkdiff/idmap.def"
    WD_IDMAP_OPERATION_COUNT,
};

enum {
    WD_IDMAP_REGIONS_MAX = 5,
    WD_IDMAP_OPERATIONS_MAX = 10,
    WD_IDMAP_LEAVES_MAX = 900,   /**< of all steps together */
    WD_IDMAP_PAGES_ANY = 0xFFFF, /**< allocations never fail */
    WD_IDMAP_OWN_MAX = 8         /**< pages of one OWN */
};

struct wd_idmap_region {
    uint64_t base, size; /**< whole pages */
};

struct wd_idmap_operation {
    uint64_t addr; /**< OWN: of a page */
    uint8_t kind;  /**< enum wd_idmap_operation_kind */
    uint8_t pages; /**< OWN */
};

struct wd_idmap_case {
    uint8_t bits;   /**< physical address size: 32, 36, 40, 42, 44 or 48 */
    uint16_t pages; /**< how many table pages there are beside those of the first level */
    uint8_t region_count, operation_count;
    struct wd_idmap_region regions[WD_IDMAP_REGIONS_MAX]; /**< of memory, by address, with holes between them */
    struct wd_idmap_operation operations[WD_IDMAP_OPERATIONS_MAX];
};

/** An entry of the tables that is not zero, and no table. */
struct wd_idmap_leaf {
    uint64_t address, entry;
    int8_t level;
};

struct wd_idmap_answer {
    struct wd_subject_head head;
    uint8_t steps_done;
    uint8_t is_expectation; /**< no answer: `told` says what should have been */
    uint8_t told_step, told_rule;
    int32_t results[WD_IDMAP_OPERATIONS_MAX]; /**< 0 or a negative errno value of Linux */
    uint16_t ends[WD_IDMAP_OPERATIONS_MAX];   /**< of the leaves of a step; they begin at the end of the one before */
    struct wd_idmap_leaf leaves[WD_IDMAP_LEAVES_MAX]; /**< by address */
};

#endif
