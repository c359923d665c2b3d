/* SPDX-License-Identifier: MIT */
/* Cases that are changed in a few places, and swarms. */
#include "generators/mutate.h"

#include <string.h>

#include "generators/scene.h"
#include "oracle/regime.h"

enum { PAGE_BITS = 12, CHANGES_MAX = 6 };

/* A field of a descriptor. */
struct descriptor_field {
    uint8_t layout, msb, lsb, weight;
};

static const struct descriptor_field descriptor_fields[] = {
#define WD_LAYOUT(layout, reg, title)
#define WD_FIELD(layout, field, msb, lsb, feature, role, weight, meaning) {WD_LAYOUT_##layout, msb, lsb, weight},
#include "generators/descriptors.def"
};
enum { DESCRIPTOR_FIELDS = sizeof(descriptor_fields) / sizeof(descriptor_fields[0]) };

/* ---------------------------------------------------------------- swarms */

/* The bits of fields of a layout that a swarm leaves out. */
static uint64_t leave_out_fields(struct wd_random *random, enum wd_layout layout, unsigned percent)
{
    size_t count;
    const struct wd_field *fields = wd_layout_fields(layout, &count);
    uint64_t bits = 0;

    for (size_t i = 0; i < count; i++)
        if (fields[i].role == WD_ROLE_MODEL && fields[i].msb == fields[i].lsb && wd_random_chance(random, percent))
            bits |= wd_mask(fields[i].msb, fields[i].lsb);
    return bits;
}

void wd_swarm_draw(struct wd_random *random, struct wd_swarm *swarm)
{
    unsigned percent = 10 * wd_random_below(random, 9); /* 0 … 80 */

    memset(swarm, 0, sizeof(*swarm));
    for (enum wd_layout layout = 0; layout < WD_LAYOUT_COUNT; layout++)
        if (wd_layouts[layout].reg < WD_REGISTER_COUNT && strncmp(wd_registers[wd_layouts[layout].reg].name, "ID_", 3))
            swarm->registers[layout] = leave_out_fields(random, layout, percent);
    for (size_t i = 0; i < DESCRIPTOR_FIELDS; i++)
        if (wd_random_chance(random, percent))
            swarm->descriptors[descriptor_fields[i].layout] |=
                wd_mask(descriptor_fields[i].msb, descriptor_fields[i].lsb);
    for (unsigned trouble = 0; trouble < WD_TROUBLE_COUNT; trouble++)
        if (wd_random_chance(random, percent))
            swarm->trouble |= (uint16_t)(1u << trouble);
}

/* ---------------------------------------------------------------- values */

/* Another value for some bits: one of them turned round, a neighbour, an end, or any. */
static uint64_t change_bits(struct wd_random *random, uint64_t value, unsigned msb, unsigned lsb)
{
    static const uint8_t percent[] = {35, 15, 10, 10, 30};
    uint64_t bits = wd_bits(value, msb, lsb);

    switch (wd_random_index(random, percent, sizeof(percent))) {
    case 0:
        bits ^= UINT64_C(1) << wd_random_below(random, msb - lsb + 1);
        break;
    case 1:
        bits += wd_random_chance(random, 50) ? 1 : UINT64_MAX;
        break;
    case 2:
        bits = 0;
        break;
    case 3:
        bits = UINT64_MAX;
        break;
    default:
        bits = wd_random_bits(random);
    }
    return wd_with_bits(value, msb, lsb, bits);
}

/* ---------------------------------------------------------------- registers */

/* Whether a layout is one of a register that software writes, and how it does with E2H as it is. */
static bool is_control(enum wd_layout layout, bool e2h)
{
    uint8_t reg = wd_layouts[layout].reg;

    if (reg >= WD_REGISTER_COUNT || !strncmp(wd_registers[reg].name, "ID_", 3))
        return false;
    return layout == WD_LAYOUT_TCR_EL2 ? !e2h : layout == WD_LAYOUT_TCR_EL2_E2H ? e2h : true;
}

/* HCR_EL2 as a case may have it. */
static void repair(struct wd_case *c)
{
    c->regs[WD_HCR_EL2] |= WD_HCR_EL2_DEFAULT;
    if (WD_GET(c->regs[WD_HCR_EL2], HCR_EL2, TGE) || wd_operations[c->op].el == 2 || wd_operations[c->op].both_stages)
        c->el = 2; /* at EL1 it would be UNDEFINED, or there is no EL1 */
}

static void change_field(struct wd_random *random, struct wd_case *c, wd_feature_set features)
{
    bool e2h = wd_e2h(c->regs), takes_absent = wd_random_chance(random, 8), takes_inert = wd_random_chance(random, 8);

    for (unsigned tries = 0; tries < 64; tries++) {
        enum wd_layout layout = (enum wd_layout)wd_random_below(random, WD_LAYOUT_COUNT);
        const struct wd_field *field;
        size_t count;

        if (!is_control(layout, e2h))
            continue;
        field = wd_layout_fields(layout, &count);
        field += wd_random_below(random, (uint32_t)count);
        if (field->role == WD_ROLE_STOP || (field->role != WD_ROLE_MODEL && !takes_inert) ||
            (!wd_set_has(features, (enum wd_feature)field->feature) && !takes_absent))
            continue;
        c->regs[wd_layouts[layout].reg] = change_bits(random, c->regs[wd_layouts[layout].reg], field->msb, field->lsb);
        return;
    }
}

/* Draws the control bits of a register anew, or of every register. */
static void redraw_controls(struct wd_random *random, struct wd_case *c, wd_feature_set features)
{
    bool e2h = wd_e2h(c->regs), all = wd_random_chance(random, 60);
    enum wd_layout only = (enum wd_layout)wd_random_below(random, WD_LAYOUT_COUNT);

    for (enum wd_layout layout = 0; layout < WD_LAYOUT_COUNT; layout++) {
        uint64_t *reg, bits = 0;
        const struct wd_field *fields;
        size_t count;

        if (!is_control(layout, e2h) || (layout != only && !all))
            continue;
        fields = wd_layout_fields(layout, &count);
        for (size_t i = 0; i < count; i++)
            if (fields[i].msb == fields[i].lsb && fields[i].role == WD_ROLE_MODEL && fields[i].weight < 100 &&
                wd_set_has(features, (enum wd_feature)fields[i].feature) && wd_random_chance(random, 50))
                bits |= wd_mask(fields[i].msb, fields[i].lsb);
        reg = &c->regs[wd_layouts[layout].reg];
        *reg = (*reg & ~bits) | (wd_random_register(random, layout) & bits);
    }
}

/* Takes some registers from another case, but not what says which implementation it is. */
static void take_registers(struct wd_random *random, struct wd_case *c, const struct wd_case *other)
{
    for (unsigned reg = 0; reg < WD_REGISTER_COUNT; reg++)
        if (strncmp(wd_registers[reg].name, "ID_", 3) && wd_random_chance(random, 15))
            c->regs[reg] = other->regs[reg];
}

/* ---------------------------------------------------------------- the VA and the instruction */

static uint64_t change_address(struct wd_random *random, uint64_t va)
{
    static const uint8_t boundaries[] = {PAGE_BITS, 14, 16, 21, 25, 29, 30, 36, 39, 42, 47, 48, 51, 52};
    unsigned boundary = boundaries[wd_random_below(random, sizeof(boundaries))];

    switch (wd_random_below(random, 6)) {
    case 0:
        return va ^ (UINT64_C(1) << wd_random_below(random, 64));
    case 1: /* the neighbour */
        return wd_random_chance(random, 50) ? va + (UINT64_C(1) << boundary) : va - (UINT64_C(1) << boundary);
    case 2:
        return wd_with_bits(va, 63, 56, wd_random_bits(random));
    case 3: /* the same place in the other range */
        return va ^ (UINT64_MAX << boundary);
    case 4: /* the end or the beginning of what lies below a boundary */
        return wd_with_bits(va, boundary - 1, 0, wd_random_chance(random, 50) ? UINT64_MAX : 0);
    default:
        return wd_with_bits(va, boundary - 1, 0, wd_random_bits(random));
    }
}

static void change_operation(struct wd_random *random, struct wd_case *c, wd_feature_set features)
{
    unsigned op = wd_random_below(random, WD_OPERATION_COUNT);

    if (wd_random_chance(random, 30))
        c->pan = !c->pan && wd_set_has(features, WD_FEAT_PAN);
    else if (wd_random_chance(random, 30))
        c->el = 3 - c->el;
    else if (wd_set_has(features, (enum wd_feature)wd_operations[op].feature))
        c->op = (uint8_t)op;
}

/* ---------------------------------------------------------------- memory */

/* Whether the tables are big-endian, as far as one can say without knowing whose a word is. */
static bool may_be_swapped(const struct wd_case *c)
{
    return WD_GET(c->regs[WD_SCTLR_EL1] | c->regs[WD_SCTLR_EL2], SCTLR_EL1, EE);
}

static uint64_t change_descriptor(struct wd_random *random, const struct wd_case_buffer *buffer, uint64_t descriptor)
{
    static const uint8_t percent[] = {45, 15, 15, 10, 15};
    const struct descriptor_field *field;
    unsigned bit;

    switch (wd_random_index(random, percent, sizeof(percent))) {
    case 0:
        field = &descriptor_fields[wd_random_below(random, DESCRIPTOR_FIELDS)];
        return change_bits(random, descriptor, field->msb, field->lsb);
    case 1: /* the type */
        return descriptor ^ (1 + wd_random_below(random, 3));
    case 2: /* the address: another page or table near by */
        bit = (unsigned)wd_random_between(random, PAGE_BITS, 20);
        return descriptor ^ (UINT64_C(1) << bit);
    case 3: /* what another descriptor holds */
        return buffer->mem[wd_random_below(random, buffer->c.mem_count)].value;
    default: /* the address: its upper bits */
        return descriptor ^ (UINT64_C(1) << wd_random_between(random, 30, 51));
    }
}

static void change_word(struct wd_random *random, struct wd_case_buffer *buffer)
{
    bool swapped = may_be_swapped(&buffer->c) && wd_random_chance(random, 70);
    struct wd_word *word;
    uint64_t value;

    if (!buffer->c.mem_count)
        return;
    word = &buffer->mem[wd_random_below(random, buffer->c.mem_count)];
    value = swapped ? __builtin_bswap64(word->value) : word->value;
    value = change_descriptor(random, buffer, value);
    word->value = swapped ? __builtin_bswap64(value) : value;
}

static void change_ram(struct wd_random *random, struct wd_case_buffer *buffer)
{
    struct wd_ram *ram = &buffer->ram[wd_random_below(random, buffer->c.ram_count)];

    if (wd_random_chance(random, 60))
        ram->read_only = !ram->read_only;
    else if (ram->size >= UINT64_C(2) << PAGE_BITS)
        ram->size /= 2; /* a multiple of 8 still */
}

/* ---------------------------------------------------------------- a case */

static void copy(const struct wd_case_buffer *from, struct wd_case_buffer *to)
{
    to->c = from->c;
    memcpy(to->ram, from->ram, from->c.ram_count * sizeof(to->ram[0]));
    memcpy(to->mem, from->mem, from->c.mem_count * sizeof(to->mem[0]));
    wd_case_buffer_link(to);
}

void wd_mutate(const struct wd_case_buffer *parent, const struct wd_case_buffer *other, struct wd_random *random,
               struct wd_case_buffer *buffer)
{
    static const uint8_t percent[] = {30, 28, 15, 7, 4, 12, 4};
    wd_feature_set features = wd_features_of(parent->c.regs);
    unsigned changes = 1;

    while (changes < CHANGES_MAX && wd_random_chance(random, 45))
        changes++;
    copy(parent, buffer);
    while (changes--) {
        switch (wd_random_index(random, percent, sizeof(percent))) {
        case 0:
            change_field(random, &buffer->c, features);
            break;
        case 1:
            change_word(random, buffer);
            break;
        case 2:
            buffer->c.va = change_address(random, buffer->c.va);
            break;
        case 3:
            change_operation(random, &buffer->c, features);
            break;
        case 4:
            change_ram(random, buffer);
            break;
        case 5:
            redraw_controls(random, &buffer->c, features);
            break;
        default:
            take_registers(random, &buffer->c, &other->c);
        }
    }
    repair(&buffer->c);
}
