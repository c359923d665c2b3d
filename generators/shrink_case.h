/* SPDX-License-Identifier: MIT */
/* A case that is being made smaller: with memory of its own, and a measure of how small it is. */
#ifndef GENERATORS_SHRINK_CASE_H
#define GENERATORS_SHRINK_CASE_H

#include "walkdiff/oracle.h"

/** A case with the memory that its pointers lead to. {0} is empty. */
struct wd_shrink_case {
    struct wd_case c;
    struct wd_ram *ram;
    struct wd_word *mem;
    size_t ram_room, mem_room; /**< elements */
};

/** Makes `to` a copy. `from` may lie anywhere but in `to`. Ends the program if there is no memory. */
void wd_shrink_copy(struct wd_shrink_case *to, const struct wd_case *from);

void wd_shrink_case_free(struct wd_shrink_case *c);

/** Lists a word; one that is listed at that address already is replaced. */
void wd_shrink_put_word(struct wd_shrink_case *c, uint64_t pa, uint64_t value);

/** Drops the words that are listed from one address to another, both inclusive. @return how many there were */
size_t wd_shrink_drop_words(struct wd_shrink_case *c, uint64_t first, uint64_t last);

/** The word that is listed at an address, or NULL. */
const struct wd_word *wd_shrink_find_word(const struct wd_case *c, uint64_t pa);

/** Adds a range of RAM. It must not overlap another. */
void wd_shrink_add_ram(struct wd_shrink_case *c, uint64_t base, uint64_t size);

void wd_shrink_drop_ram(struct wd_shrink_case *c, size_t index);

/** Whether a layout says what the bits of its register mean: TCR_EL2 has two. */
bool wd_shrink_layout_in_force(const uint64_t regs[WD_REGISTER_COUNT], enum wd_layout layout);

/** The value of a register in a case that does not list it. */
static inline uint64_t wd_shrink_default(enum wd_register reg)
{
    return reg == WD_HCR_EL2 ? WD_HCR_EL2_DEFAULT : 0;
}

/** How much there is to read in a case. The first member that differs decides. */
struct wd_shrink_measure {
    uint32_t parts; /**< descriptors, registers, fields, choices, ranges, …, weighted */
    uint32_t bits;  /**< that are set in numbers */
    uint32_t width; /**< of the numbers, in bits */
};

/**
 * Measures a case.
 * @param output  what wd_oracle() says of it with the default resolution
 */
struct wd_shrink_measure wd_shrink_measure(const struct wd_case *c, const struct wd_oracle_output *output);

/** Whether the first of two is the smaller one. */
bool wd_shrink_is_smaller(const struct wd_shrink_measure *a, const struct wd_shrink_measure *b);

/** A hash of everything in a case. */
uint64_t wd_shrink_hash(const struct wd_case *c);

#endif
