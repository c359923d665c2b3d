/* SPDX-License-Identifier: MIT */
/* A case in the making. */
#include "generators/draft.h"

#include <string.h>

void wd_draft_begin(struct wd_draft *draft, struct wd_case_buffer *buffer)
{
    draft->buffer = buffer;
    draft->implementation = wd_implementation_of(buffer->c.regs);
    draft->nested = false;
    draft->map_table = NULL;
    buffer->c.regs[WD_HCR_EL2] = WD_HCR_EL2_DEFAULT;
    buffer->c.ipa_bits = 0;
    buffer->c.ram_count = buffer->c.mem_count = 0;
    wd_case_buffer_link(buffer);
}

void wd_draft_add_ram(struct wd_draft *draft, uint64_t base, uint64_t size, bool read_only, uint64_t first_table)
{
    struct wd_case *c = &draft->buffer->c;

    if (c->ram_count == WD_BUFFER_RAM_MAX)
        return;
    for (uint32_t i = 0; i < c->ram_count; i++)
        if (base < c->ram[i].base + c->ram[i].size && c->ram[i].base < base + size)
            return;
    draft->ram[c->ram_count] = (struct wd_pool){.base = base, .size = size, .next = first_table};
    draft->buffer->ram[c->ram_count++] = (struct wd_ram){.base = base, .size = size, .read_only = read_only};
}

uint64_t wd_pool_take(struct wd_pool *pool, unsigned bits)
{
    uint64_t size = UINT64_C(1) << bits, address = (pool->base + pool->next + size - 1) & ~(size - 1);

    if (address - pool->base >= pool->size)
        address = pool->base & ~(size - 1);
    pool->next = address - pool->base + size;
    return address;
}

uint64_t wd_draft_take_ram(struct wd_draft *draft, unsigned bits)
{
    uint64_t drawn = wd_random_bits(&draft->random);
    uint32_t any = wd_random_scale(drawn, draft->buffer->c.ram_count),
             not_first = -(uint32_t)(wd_bits(drawn, 1, 0) == 0);

    return wd_pool_take(&draft->ram[any & not_first], bits);
}

/* Index of the first word at `pa` or behind it. Tables are mostly taken at rising addresses: it is near the end. */
static uint32_t place_of(const struct wd_case_buffer *buffer, uint64_t pa)
{
    uint32_t i = buffer->c.mem_count;

    while (i > 0 && buffer->mem[i - 1].pa >= pa)
        i--;
    return i;
}

/* Lists a word. A case that holds WD_BUFFER_MEM_MAX words takes no more. */
static void insert_word(struct wd_case_buffer *buffer, uint32_t i, uint64_t pa, uint64_t value)
{
    struct wd_word *word = buffer->mem + i;
    uint32_t behind = buffer->c.mem_count - i;

    if (buffer->c.mem_count == WD_BUFFER_MEM_MAX)
        return;
    if (behind)
        memmove(word + 1, word, behind * sizeof(*word));
    *word = (struct wd_word){.pa = pa, .value = value};
    buffer->c.mem_count++;
}

/*
 * Bits of a descriptor that are neither attributes nor address: below the alignment, or above the format's address. Bit
 * 16 of a Block descriptor is nT.
 */
static uint64_t reserved_bits(const struct wd_stage *stage, bool leaf, unsigned lsb)
{
    uint64_t bits = wd_low(UINT64_MAX, lsb) & ~wd_low(UINT64_MAX, 12);

    if (leaf)
        bits &= ~wd_mask(16, 16);
    if (stage->wide_64k)
        bits &= ~wd_mask(15, 12);
    return stage->ds ? bits : bits | wd_mask(49, 48);
}

/* An address beyond the output size, if the format can hold one. */
static uint64_t beyond_output_size(struct wd_draft *draft, const struct wd_stage *stage, uint64_t address)
{
    unsigned format_bits = wd_format_bits(stage);

    if (stage->output_bits < format_bits)
        address |= UINT64_C(1) << wd_random_between(&draft->random, (int)stage->output_bits, (int)format_bits - 1);
    return address;
}

/*
 * A descriptor with a flaw: its type, address and other bits, of which it gets others.
 * @param lsb  lowest bit of the address
 * @return false: memory does not list it
 */
static bool spoil_descriptor(struct wd_draft *draft, const struct wd_stage *stage, enum wd_flaw flaw, bool leaf,
                             unsigned lsb, unsigned *type, uint64_t *address, uint64_t *descriptor)
{
    switch (flaw) {
    case WD_FLAW_NONE:
        break;
    case WD_FLAW_INVALID:
        *type &= ~(unsigned)WD_TYPE_BLOCK;
        break;
    case WD_FLAW_ZERO:
        return false;
    case WD_FLAW_BLOCK_TYPE:
        *type = WD_TYPE_BLOCK;
        break;
    case WD_FLAW_ADDRESS_SIZE:
        *address = beyond_output_size(draft, stage, *address);
        break;
    case WD_FLAW_UNREADABLE:
        *address = wd_low(wd_random_bits(&draft->random), stage->output_bits);
        break;
    case WD_FLAW_RESERVED_BITS:
        *descriptor |= wd_random_bits(&draft->random) & reserved_bits(stage, leaf, lsb);
        break;
    }
    return true;
}

/*
 * The descriptor that a path asks for at a level, with the flaw that it asks for there. What is inline from here on has
 * the number of the stage as a constant.
 */
static inline __attribute__((always_inline)) uint64_t make_descriptor(struct wd_draft *draft, unsigned number,
                                                                      const struct wd_stage *stage,
                                                                      const struct wd_path *path, int level)
{
    unsigned lsb, type = WD_TYPE_TABLE_OR_PAGE;
    uint64_t address, descriptor;
    bool leaf = level == path->leaf_level;

    if (leaf) {
        lsb = wd_translation_bits(stage->granule, level);
        type = (level < WD_FINAL_LEVEL ? WD_TYPE_BLOCK : WD_TYPE_TABLE_OR_PAGE) ^ path->flipped_type;
        address = path->output;
        descriptor = path->leaf;
    } else {
        lsb = wd_granule_bits(stage->granule);
        address = number == 1 && draft->nested ? wd_pool_take(&draft->ipa, lsb) : wd_draft_take_ram(draft, lsb);
        descriptor = path->random_tables
                         ? wd_random_descriptor(&draft->random, number == 1 ? WD_LAYOUT_S1_TABLE : WD_LAYOUT_S2_TABLE)
                         : path->table;
    }
    if (path->flaw && level == path->flaw_level &&
        !spoil_descriptor(draft, stage, (enum wd_flaw)path->flaw, leaf, lsb, &type, &address, &descriptor))
        return 0;
    return wd_with_bits(wd_with_address(stage, descriptor, lsb, address), 1, 0, type);
}

/* A descriptor as the word that a little-endian access sees, and the reverse. */
static uint64_t in_memory_order(const struct wd_stage *stage, uint64_t value)
{
    uint64_t reversed = __builtin_bswap64(value);

    return value ^ ((value ^ reversed) & -(uint64_t)stage->big_endian);
}

/* The descriptor at a physical address: the one that is there, or a new one. */
static inline __attribute__((always_inline)) uint64_t descriptor_at(struct wd_draft *draft, unsigned number,
                                                                    const struct wd_stage *stage,
                                                                    const struct wd_path *path, int level, uint64_t pa)
{
    struct wd_case_buffer *buffer = draft->buffer;
    uint32_t i = place_of(buffer, pa);
    uint64_t descriptor;

    if (i < buffer->c.mem_count && buffer->mem[i].pa == pa)
        return in_memory_order(stage, buffer->mem[i].value);
    descriptor = make_descriptor(draft, number, stage, path, level);
    if (descriptor)
        insert_word(buffer, i, pa, in_memory_order(stage, descriptor));
    return descriptor;
}

static bool map_stage2(struct wd_draft *draft, const struct wd_stage *stage, uint64_t input, const struct wd_path *path,
                       uint64_t *output);

/* Where the descriptor that stands at `address` of a stage is in physical memory. */
static inline __attribute__((always_inline)) bool place_descriptor(struct wd_draft *draft, unsigned number,
                                                                   uint64_t address, uint64_t *pa)
{
    struct wd_path path;

    *pa = address;
    if (number == 2 || !draft->nested)
        return true;
    draft->map_table(draft, address, &path);
    return map_stage2(draft, &draft->stage2, address, &path, pa);
}

static inline __attribute__((always_inline)) bool map(struct wd_draft *draft, unsigned number,
                                                      const struct wd_stage *stage, uint64_t input,
                                                      const struct wd_path *path, uint64_t *output)
{
    unsigned lsb = wd_translation_bits(stage->granule, stage->start_level);
    uint64_t table = stage->base, rest = wd_low(input, stage->input_bits); /* what no level has resolved yet */

    if (!stage->walkable || (number == 2 && input != rest))
        return false;
    for (int level = stage->start_level; level <= WD_FINAL_LEVEL; level++) {
        uint64_t pa, descriptor;

        if (!place_descriptor(draft, number, table + (rest >> lsb << WD_DESCRIPTOR_SIZE_LOG2), &pa))
            return false;
        rest = wd_low(rest, lsb);
        descriptor = descriptor_at(draft, number, stage, path, level, pa);
        if (!(descriptor & WD_TYPE_BLOCK))
            return false;
        if (level == WD_FINAL_LEVEL || wd_bits(descriptor, 1, 0) == WD_TYPE_BLOCK) {
            *output = (wd_address_of(stage, descriptor, lsb) & UINT64_MAX << lsb) | rest;
            return true;
        }
        table = wd_address_of(stage, descriptor, wd_granule_bits(stage->granule));
        lsb -= wd_stride(stage->granule);
    }
    return false;
}

static bool map_stage2(struct wd_draft *draft, const struct wd_stage *stage, uint64_t input, const struct wd_path *path,
                       uint64_t *output)
{
    return map(draft, 2, stage, input, path, output);
}

bool wd_draft_map(struct wd_draft *draft, const struct wd_stage *stage, uint64_t input, const struct wd_path *path,
                  uint64_t *output)
{
    return stage->stage == 1 ? map(draft, 1, stage, input, path, output)
                             : map_stage2(draft, stage, input, path, output);
}
