/* SPDX-License-Identifier: MIT */
#include "generators/shrink_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/regime.h"

enum { SPARE = 16 };

/* ---------------------------------------------------------------- memory */

/* Makes room for so many elements, and a few more. */
static void *make_room(void *memory, size_t *room, size_t count, size_t size)
{
    if (count <= *room && memory)
        return memory;
    *room = count + SPARE;
    memory = realloc(memory, *room * size);
    if (memory)
        return memory;
    fputs("walkdiff: out of memory\n", stderr);
    exit(2);
}

static void make_ram_room(struct wd_shrink_case *c, size_t count)
{
    c->ram = make_room(c->ram, &c->ram_room, count, sizeof(*c->ram));
    c->c.ram = c->ram;
}

static void make_mem_room(struct wd_shrink_case *c, size_t count)
{
    c->mem = make_room(c->mem, &c->mem_room, count, sizeof(*c->mem));
    c->c.mem = c->mem;
}

void wd_shrink_copy(struct wd_shrink_case *to, const struct wd_case *from)
{
    const struct wd_ram *ram = from->ram;
    const struct wd_word *mem = from->mem;

    to->c = *from;
    make_ram_room(to, from->ram_count);
    make_mem_room(to, from->mem_count);
    if (from->ram_count)
        memcpy(to->ram, ram, from->ram_count * sizeof(*ram));
    if (from->mem_count)
        memcpy(to->mem, mem, from->mem_count * sizeof(*mem));
}

void wd_shrink_case_free(struct wd_shrink_case *c)
{
    free(c->ram);
    free(c->mem);
    *c = (struct wd_shrink_case){0};
}

/* Index of the first listed word at or above an address. */
static uint32_t word_at_or_above(const struct wd_case *c, uint64_t pa)
{
    uint32_t low = 0, high = c->mem_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (c->mem[middle].pa < pa)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct wd_word *wd_shrink_find_word(const struct wd_case *c, uint64_t pa)
{
    uint32_t i = word_at_or_above(c, pa);

    return i < c->mem_count && c->mem[i].pa == pa ? &c->mem[i] : NULL;
}

void wd_shrink_put_word(struct wd_shrink_case *c, uint64_t pa, uint64_t value)
{
    uint32_t i = word_at_or_above(&c->c, pa);

    if (i == c->c.mem_count || c->mem[i].pa != pa) {
        make_mem_room(c, c->c.mem_count + 1);
        memmove(&c->mem[i + 1], &c->mem[i], (c->c.mem_count - i) * sizeof(*c->mem));
        c->c.mem_count++;
    }
    c->mem[i] = (struct wd_word){pa, value};
}

size_t wd_shrink_drop_words(struct wd_shrink_case *c, uint64_t first, uint64_t last)
{
    uint32_t from = word_at_or_above(&c->c, first);
    uint32_t to = last == UINT64_MAX ? c->c.mem_count : word_at_or_above(&c->c, last + 1);

    if (from >= to)
        return 0;
    memmove(&c->mem[from], &c->mem[to], (c->c.mem_count - to) * sizeof(*c->mem));
    c->c.mem_count -= to - from;
    return to - from;
}

void wd_shrink_add_ram(struct wd_shrink_case *c, uint64_t base, uint64_t size)
{
    make_ram_room(c, c->c.ram_count + 1);
    c->ram[c->c.ram_count++] = (struct wd_ram){.base = base, .size = size};
}

void wd_shrink_drop_ram(struct wd_shrink_case *c, size_t index)
{
    c->c.ram_count--;
    memmove(&c->ram[index], &c->ram[index + 1], (c->c.ram_count - index) * sizeof(*c->ram));
}

/* ---------------------------------------------------------------- the measure */

bool wd_shrink_layout_in_force(const uint64_t regs[WD_REGISTER_COUNT], enum wd_layout layout)
{
    return layout != (wd_e2h(regs) ? WD_LAYOUT_TCR_EL2 : WD_LAYOUT_TCR_EL2_E2H);
}

/* What each thing weighs that somebody who reads the case has to understand. */
enum {
    WEIGHT_CHOICE = 12, /* the walk gives one answer of several: more than a register that would settle it */
    WEIGHT_WORD = 4,
    WEIGHT_LOOKUP = 4,
    WEIGHT_REGISTER = 4,
    WEIGHT_FIELD = 1,
    WEIGHT_HIDDEN_BASE = 6, /* more than the register that says where the table is */
    WEIGHT_AT_ZERO = 1,
    WEIGHT_RAM = 1,
    WEIGHT_GRANULE = 1, /* other than 4K */
    WEIGHT_HOST = 1,
    WEIGHT_FLAG = 1,
};

static uint32_t count_fields(const uint64_t regs[WD_REGISTER_COUNT], enum wd_layout layout)
{
    uint64_t value = regs[wd_layouts[layout].reg] ^ wd_shrink_default(wd_layouts[layout].reg);
    uint32_t set = 0;
    size_t count;
    const struct wd_field *fields = wd_layout_fields(layout, &count);

    for (size_t i = 0; i < count; i++)
        set += wd_bits(value, fields[i].msb, fields[i].lsb) != 0;
    return set;
}

static uint32_t weigh_registers(const uint64_t regs[WD_REGISTER_COUNT])
{
    uint32_t weight = 0;

    for (unsigned reg = 0; reg < WD_REGISTER_COUNT; reg++)
        if (regs[reg] != wd_shrink_default(reg))
            weight += WEIGHT_REGISTER;
    for (unsigned layout = 0; layout < WD_LAYOUT_COUNT; layout++)
        if (wd_layouts[layout].reg != WD_RESULT && wd_shrink_layout_in_force(regs, layout))
            weight += WEIGHT_FIELD * count_fields(regs, layout);
    return weight;
}

/* Operations, the simplest first: in the order of the table, but those of PAN and without an access last. */
static uint32_t weigh_operation(const struct wd_case *c)
{
    const struct wd_operation_info *info = &wd_operations[c->op];

    return WEIGHT_FLAG * (info->write + 2u * info->unprivileged + 2u * info->pan + 3u * info->both_stages +
                          4u * (info->el == 2) + 2u * (!info->read && !info->write));
}

/* Different addresses at which the walk looks for descriptors. */
static uint32_t count_lookups(const struct wd_result *result)
{
    uint32_t count = 0;

    for (unsigned i = 0; i < result->read_count; i++) {
        bool again = false;

        for (unsigned j = 0; j < i; j++)
            again |= result->reads[j].pa == result->reads[i].pa;
        count += !again;
    }
    return count;
}

/* Stages that have tables, but a base register of 0: somebody who reads the case looks for it. */
static uint32_t count_hidden_bases(const struct wd_case *c, const struct wd_oracle_output *output)
{
    bool el1 = output->regime == WD_REGIME_EL10, upper = output->regime != WD_REGIME_EL2 && wd_bit(c->va, 55);
    unsigned bases[2] = {el1 ? (upper ? WD_TTBR1_EL1 : WD_TTBR0_EL1) : (upper ? WD_TTBR1_EL2 : WD_TTBR0_EL2),
                         WD_VTTBR_EL2};
    uint32_t count = 0;

    for (unsigned stage = 1; stage <= 2; stage++) {
        bool walked = false;

        for (unsigned i = 0; i < output->result.read_count; i++)
            walked |= output->result.reads[i].stage == stage && output->result.reads[i].descriptor;
        count += walked && !c->regs[bases[stage - 1]];
    }
    return count;
}

/* Descriptors in a table at address 0, which reads like no address. */
static uint32_t count_at_zero(const struct wd_result *result)
{
    uint32_t count = 0;

    for (unsigned i = 0; i < result->read_count; i++)
        count += result->reads[i].pa < 0x1000 && result->reads[i].descriptor;
    return count;
}

static void add_number(struct wd_shrink_measure *measure, uint64_t number)
{
    measure->bits += (uint32_t)__builtin_popcountll(number);
    measure->width += number ? 64 - (uint32_t)__builtin_clzll(number) : 0;
}

struct wd_shrink_measure wd_shrink_measure(const struct wd_case *c, const struct wd_oracle_output *output)
{
    struct wd_shrink_measure measure = {0};

    measure.parts = WEIGHT_CHOICE * output->consulted_count + WEIGHT_WORD * c->mem_count +
                    WEIGHT_LOOKUP * count_lookups(&output->result) +
                    WEIGHT_HIDDEN_BASE * count_hidden_bases(c, output) +
                    WEIGHT_AT_ZERO * count_at_zero(&output->result) + weigh_registers(c->regs) + weigh_operation(c) +
                    WEIGHT_FLAG * ((c->el == 1) + 3u * c->pan) + (c->ipa_bits ? WEIGHT_HOST : 0);
    for (unsigned stage = 0; stage < 2; stage++)
        if (output->granule[stage] != WD_GRANULE_4K && output->granule[stage] != WD_GRANULE_NONE)
            measure.parts += WEIGHT_GRANULE;
    for (unsigned i = 0; i < c->ram_count; i++)
        measure.parts += WEIGHT_RAM + (c->ram[i].read_only ? WEIGHT_FLAG : 0);
    for (unsigned reg = 0; reg < WD_REGISTER_COUNT; reg++)
        add_number(&measure, c->regs[reg]);
    add_number(&measure, c->va);
    for (unsigned i = 0; i < c->ram_count; i++) {
        add_number(&measure, c->ram[i].base);
        add_number(&measure, c->ram[i].size);
    }
    for (unsigned i = 0; i < c->mem_count; i++) {
        add_number(&measure, c->mem[i].pa);
        add_number(&measure, c->mem[i].value);
    }
    return measure;
}

bool wd_shrink_is_smaller(const struct wd_shrink_measure *a, const struct wd_shrink_measure *b)
{
    if (a->parts != b->parts)
        return a->parts < b->parts;
    if (a->bits != b->bits)
        return a->bits < b->bits;
    return a->width < b->width;
}

/* ---------------------------------------------------------------- the hash */

static void mix(uint64_t *hash, uint64_t number)
{
    *hash = (*hash ^ number) * UINT64_C(0x9e3779b97f4a7c15);
    *hash ^= *hash >> 29;
    *hash *= UINT64_C(0xbf58476d1ce4e5b9);
    *hash ^= *hash >> 32;
}

uint64_t wd_shrink_hash(const struct wd_case *c)
{
    uint64_t hash = c->ram_count + ((uint64_t)c->mem_count << 32);

    mix(&hash, c->op | (uint64_t)c->el << 8 | (uint64_t)c->pan << 16 | (uint64_t)c->ipa_bits << 24);
    mix(&hash, c->va);
    for (unsigned reg = 0; reg < WD_REGISTER_COUNT; reg++)
        mix(&hash, c->regs[reg]);
    for (unsigned i = 0; i < c->ram_count; i++) {
        mix(&hash, c->ram[i].base);
        mix(&hash, c->ram[i].size | c->ram[i].read_only);
    }
    for (unsigned i = 0; i < c->mem_count; i++) {
        mix(&hash, c->mem[i].pa);
        mix(&hash, c->mem[i].value);
    }
    return hash;
}
