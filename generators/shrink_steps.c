/* SPDX-License-Identifier: MIT */
#include "generators/shrink_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    DROP_UNREAD,     /* every word that the walk does not look up */
    DROP_WORDS,      /* x, y: first and last address */
    CLEAR_REGISTER,  /* a */
    CLEAR_INERT,     /* a: layout; its bits that no AT depends on */
    SET_FIELD,       /* a: layout, b: number of the field, x: value */
    CLEAR_BIT,       /* a: register, b: bit */
    SET_OPERATION,   /* a */
    SET_LEVEL_2,     /* the AT is executed at EL2 */
    CLEAR_PAN,       /* PSTATE.PAN */
    CLEAR_HOST,      /* limits of the machine under the walker */
    TO_EL1,          /* the regime of EL2 becomes EL1&0 */
    TO_LOWER_RANGE,  /* the upper VA range becomes the lower one */
    STAGE2_OFF,      /* a: 1: and an S12 operation becomes an S1 operation; b: 1: and RAM becomes one low range */
    SHORTEN_INPUT,   /* a: stage; the walk starts one level later */
    RAISE_LEAF,      /* x: address of a Table descriptor that becomes what it leads to */
    GRANULE_4K,      /* a: stage */
    FORMAT_48,       /* a: stage; addresses of 48 bits */
    EE_OFF,          /* a: register whose EE is cleared */
    SET_BASE,        /* a: stage, x: address of its first table */
    MOVE_TABLE,      /* a: base register, x: new base; words near it and RAM move along */
    SET_ADDRESS,     /* a: stage, b: lowest address bit, x: address of a descriptor, y: address that it holds */
    CLEAR_VA,        /* x: bits */
    CLEAR_WORD_BITS, /* x: address of a descriptor, y: bits, as the walk sees them */
    ONE_RAM,         /* x: base, y: size of the one range of RAM */
    DROP_RAM,        /* x: base of a range */
    RAM_WRITABLE,    /* x: base of a range */
    CUT_RAM,         /* x: base of a range, y: new size; its base stays */
};

static const uint64_t all_bits = UINT64_MAX;

/* ---------------------------------------------------------------- taking steps */

typedef bool apply_step(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step);

static bool is_looked_up(const struct wd_shrink_walk *walk, uint64_t pa)
{
    for (unsigned i = 0; i < walk->count; i++)
        if (walk->lookups[i].pa == pa)
            return true;
    return false;
}

static bool drop_unread(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    uint32_t kept = 0, count = c->c.mem_count;

    (void)step;
    for (uint32_t i = 0; i < count; i++)
        if (is_looked_up(was, c->mem[i].pa))
            c->mem[kept++] = c->mem[i];
    c->c.mem_count = kept;
    return kept < count;
}

static bool drop_words(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    (void)was;
    return wd_shrink_drop_words(c, step->x, step->y) != 0;
}

static bool set_register(struct wd_shrink_case *c, unsigned reg, uint64_t value)
{
    bool changed = c->c.regs[reg] != value;

    c->c.regs[reg] = value;
    return changed;
}

static bool clear_register(struct wd_shrink_case *c, const struct wd_shrink_walk *was,
                           const struct wd_shrink_step *step)
{
    (void)was;
    return set_register(c, step->a, wd_shrink_default(step->a));
}

/* Bits that must not be cleared: HCR_EL2.RW, and VTCR_EL2's RES1. */
static uint64_t fixed_bits(unsigned reg)
{
    return reg == WD_VTCR_EL2 ? wd_mask(WD_VTCR_EL2_RES1_msb, WD_VTCR_EL2_RES1_lsb) : wd_shrink_default(reg);
}

static bool clear_inert(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    unsigned reg = wd_layouts[step->a].reg;
    uint64_t kept = fixed_bits(reg);
    size_t count;
    const struct wd_field *fields = wd_layout_fields(step->a, &count);

    (void)was;
    for (size_t i = 0; i < count; i++)
        if (fields[i].role != WD_ROLE_INERT)
            kept |= wd_mask(fields[i].msb, fields[i].lsb);
    return set_register(c, reg, c->c.regs[reg] & kept);
}

static bool set_field(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    unsigned reg = wd_layouts[step->a].reg;
    size_t count;
    const struct wd_field *field = wd_layout_fields(step->a, &count) + step->b;

    (void)was;
    if (!wd_shrink_layout_in_force(c->c.regs, step->a))
        return false;
    return set_register(c, reg, wd_with_bits(c->c.regs[reg], field->msb, field->lsb, step->x));
}

static bool clear_bit(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    (void)was;
    return set_register(c, step->a, c->c.regs[step->a] & ~(UINT64_C(1) << step->b));
}

static bool set_operation(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    bool changed = c->c.op != step->a;

    (void)was;
    c->c.op = step->a;
    return changed;
}

static bool set_level_2(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    bool changed = c->c.el != 2;

    (void)was, (void)step;
    c->c.el = 2;
    return changed;
}

static bool clear_pan(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    bool changed = c->c.pan;

    (void)was, (void)step;
    c->c.pan = 0;
    return changed;
}

static bool clear_host(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    bool changed = c->c.ipa_bits;

    (void)was, (void)step;
    c->c.ipa_bits = 0;
    return changed;
}

/* The operation that asks for the same access in another way. @return false if there is none */
static bool find_operation(struct wd_shrink_case *c, unsigned el, bool both_stages)
{
    const struct wd_operation_info *now = &wd_operations[c->c.op];

    for (unsigned op = 0; op < WD_OPERATION_COUNT; op++) {
        const struct wd_operation_info *info = &wd_operations[op];

        if (info->el == el && info->both_stages == both_stages && info->read == now->read &&
            info->write == now->write && info->unprivileged == now->unprivileged && info->pan == now->pan) {
            c->c.op = (uint8_t)op;
            return true;
        }
    }
    return false;
}

/* TCR_EL2 of E2H = 0 as TCR_EL1 says the same. */
static uint64_t tcr_with_two_ranges(uint64_t tcr)
{
    uint64_t value = 0;

    value = WD_WITH(value, TCR_EL1, T0SZ, WD_GET(tcr, TCR_EL2, T0SZ));
    value = WD_WITH(value, TCR_EL1, IRGN0, WD_GET(tcr, TCR_EL2, IRGN0));
    value = WD_WITH(value, TCR_EL1, ORGN0, WD_GET(tcr, TCR_EL2, ORGN0));
    value = WD_WITH(value, TCR_EL1, SH0, WD_GET(tcr, TCR_EL2, SH0));
    value = WD_WITH(value, TCR_EL1, TG0, WD_GET(tcr, TCR_EL2, TG0));
    value = WD_WITH(value, TCR_EL1, IPS, WD_GET(tcr, TCR_EL2, PS));
    value = WD_WITH(value, TCR_EL1, TBI0, WD_GET(tcr, TCR_EL2, TBI));
    value = WD_WITH(value, TCR_EL1, HA, WD_GET(tcr, TCR_EL2, HA));
    value = WD_WITH(value, TCR_EL1, HD, WD_GET(tcr, TCR_EL2, HD));
    value = WD_WITH(value, TCR_EL1, HPD0, WD_GET(tcr, TCR_EL2, HPD));
    return WD_WITH(value, TCR_EL1, DS, WD_GET(tcr, TCR_EL2, DS));
}

static bool to_el1(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    static const uint8_t pairs[][2] = {
        {WD_SCTLR_EL1, WD_SCTLR_EL2}, {WD_TCR_EL1, WD_TCR_EL2},     {WD_TCR2_EL1, WD_TCR2_EL2},
        {WD_MAIR_EL1, WD_MAIR_EL2},   {WD_TTBR0_EL1, WD_TTBR0_EL2}, {WD_TTBR1_EL1, WD_TTBR1_EL2},
        {WD_PIR_EL1, WD_PIR_EL2},     {WD_PIRE0_EL1, WD_PIRE0_EL2}, {WD_POR_EL1, WD_POR_EL2},
    };
    uint64_t *regs = c->c.regs;

    (void)step;
    if (was->output.regime == WD_REGIME_EL10)
        return false;
    if (wd_operations[c->c.op].el == 2 && !find_operation(c, 1, false))
        return false;
    if (was->output.regime == WD_REGIME_EL2)
        regs[WD_TCR_EL2] = tcr_with_two_ranges(regs[WD_TCR_EL2]);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        regs[pairs[i][0]] = regs[pairs[i][1]];
        regs[pairs[i][1]] = 0;
    }
    if (regs[WD_TCR2_EL1])
        regs[WD_HCRX_EL2] = WD_WITH(regs[WD_HCRX_EL2], HCRX_EL2, TCR2En, 1);
    regs[WD_HCR_EL2] = WD_HCR_EL2_DEFAULT;
    return true;
}

static bool to_lower_range(struct wd_shrink_case *c, const struct wd_shrink_walk *was,
                           const struct wd_shrink_step *step)
{
    /* Lowest bit of a field of the lower range, of the upper range, and their width. */
#define PAIR(lower, upper)                                                                                             \
    {                                                                                                                  \
        WD_TCR_EL1_##lower##_lsb, WD_TCR_EL1_##upper##_lsb, WD_TCR_EL1_##lower##_msb - WD_TCR_EL1_##lower##_lsb        \
    }
    static const uint8_t pairs[][3] = {PAIR(T0SZ, T1SZ), PAIR(EPD0, EPD1), PAIR(IRGN0, IRGN1), PAIR(ORGN0, ORGN1),
                                       PAIR(SH0, SH1),   PAIR(TBI0, TBI1), PAIR(HPD0, HPD1),   PAIR(TBID0, TBID1),
                                       PAIR(NFD0, NFD1), PAIR(TG0, TG1),   PAIR(E0PD0, E0PD1), PAIR(TCMA0, TCMA1),
                                       PAIR(MTX0, MTX1)};
#undef PAIR
    struct wd_shrink_control control = wd_shrink_control(&c->c, was, 1);
    uint64_t tcr = c->c.regs[control.tcr], tg = WD_GET(tcr, TCR_EL1, TG1);
    unsigned txsz = (unsigned)WD_GET(tcr, TCR_EL1, T1SZ);

    (void)step;
    if (!control.upper)
        return false;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        unsigned lower = pairs[i][0], upper = pairs[i][1], more = pairs[i][2];

        tcr = wd_with_bits(tcr, lower + more, lower, wd_bits(tcr, upper + more, upper));
        tcr = wd_with_bits(tcr, upper + more, upper, 0);
    }
    for (unsigned granule = 0; granule <= WD_GRANULE_COUNT; granule++)
        if (wd_tg_field[1][granule] == tg)
            tcr = WD_WITH(tcr, TCR_EL1, TG0, wd_tg_field[0][granule]);
    c->c.regs[control.tcr] = tcr;
    c->c.regs[control.base - 1] = c->c.regs[control.base]; /* TTBR0 stands before TTBR1 */
    c->c.regs[control.base] = 0;
    c->c.va = wd_low(c->c.va, txsz && txsz <= 56 ? 64 - txsz : 55);
    return true;
}

/* Adds the one range that holds all words, from 0 on. */
static void one_low_ram(struct wd_shrink_case *c, uint64_t least)
{
    uint64_t last = c->c.mem_count ? c->mem[c->c.mem_count - 1].pa : 0;

    while (least <= last && least < UINT64_C(1) << 60)
        least *= 2;
    while (c->c.ram_count)
        wd_shrink_drop_ram(c, 0);
    wd_shrink_add_ram(c, 0, least);
}

static bool stage2_off(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    uint64_t *hcr = &c->c.regs[WD_HCR_EL2];
    bool changed = WD_GET(*hcr, HCR_EL2, VM) || WD_GET(*hcr, HCR_EL2, DC) || wd_operations[c->c.op].both_stages;

    (void)was;
    if (!changed)
        return false;
    *hcr = WD_WITH(WD_WITH(*hcr, HCR_EL2, VM, 0), HCR_EL2, DC, 0);
    c->c.regs[WD_VTCR_EL2] = c->c.regs[WD_VTTBR_EL2] = 0;
    if (step->b)
        one_low_ram(c, 0x1000);
    return !step->a || (wd_operations[c->c.op].both_stages && find_operation(c, 1, false));
}

/* The input address of stage 1 with `bits` bits, the upper range being all ones above. */
static uint64_t shortened(uint64_t va, unsigned bits, bool upper)
{
    return upper ? va | ~wd_low(UINT64_MAX, bits) : wd_low(va, bits);
}

/* Gives a stage an input size and, where a register says so, a start level. @return false: there is no such */
static bool set_input(struct wd_shrink_case *c, const struct wd_shrink_walk *was, unsigned stage,
                      enum wd_granule granule, int start_level, unsigned bits)
{
    struct wd_shrink_control control = wd_shrink_control(&c->c, was, stage);
    uint64_t *tcr = &c->c.regs[control.tcr];
    int field = stage == 2 ? wd_start_level_field(granule, start_level) : 0;

    if (field < 0)
        return false;
    *tcr = wd_with_bits(*tcr, control.txsz + 5u, control.txsz, 64 - bits);
    if (stage == 1) {
        c->c.va = shortened(c->c.va, bits, control.upper);
        return true;
    }
    *tcr = WD_WITH(*tcr, VTCR_EL2, SL0, (unsigned)field);
    *tcr = WD_WITH(*tcr, VTCR_EL2, SL2, (unsigned)field >> 2);
    return true;
}

static bool shorten_input(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    const struct wd_params *params = &was->params[step->a - 1];

    if (!was->walked[step->a - 1] || params->start_level == WD_FINAL_LEVEL)
        return false;
    return set_input(c, was, step->a, params->granule, params->start_level + 1,
                     wd_translation_bits(params->granule, params->start_level));
}

static bool granule_4k(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    struct wd_shrink_control control = wd_shrink_control(&c->c, was, step->a);
    uint64_t *tcr = &c->c.regs[control.tcr];
    int level;

    if (!was->walked[step->a - 1] || was->params[step->a - 1].granule == WD_GRANULE_4K)
        return false;
    level = was->params[step->a - 1].start_level;
    *tcr = wd_with_bits(*tcr, control.tg + 1u, control.tg, wd_tg_field[control.upper][WD_GRANULE_4K]);
    if (!step->b)
        return true;
    return set_input(c, was, step->a, WD_GRANULE_4K, level, wd_translation_bits(WD_GRANULE_4K, level - 1));
}

/* The lookup of the walk at an address, or NULL. */
static const struct wd_shrink_lookup *lookup_at(const struct wd_shrink_walk *walk, uint64_t pa)
{
    for (unsigned i = 0; i < walk->count; i++)
        if (walk->lookups[i].there && walk->lookups[i].pa == pa)
            return &walk->lookups[i];
    return NULL;
}

/* Changes a descriptor that the walk looks up. @return whether it is another one now */
static bool set_descriptor(struct wd_shrink_case *c, const struct wd_shrink_walk *was,
                           const struct wd_shrink_lookup *lookup, uint64_t descriptor)
{
    bool big_endian = was->params[lookup->stage - 1].big_endian;

    if (descriptor == lookup->descriptor || !wd_shrink_find_word(&c->c, lookup->pa))
        return false;
    wd_shrink_put_word(c, lookup->pa, big_endian ? __builtin_bswap64(descriptor) : descriptor);
    return true;
}

/* An address that fits into a format; one that does not is as small as it can be beyond the output size. */
static uint64_t fitted(const struct wd_stage *shape, uint64_t address)
{
    return address >> 48 && shape->output_bits < 48 ? UINT64_C(1) << shape->output_bits : wd_low(address, 48);
}

/* The same addresses without DS: as it is, the format's bits mean something else then. */
static bool format_48(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    struct wd_shrink_control control = wd_shrink_control(&c->c, was, step->a);
    unsigned ds = control.tcr == WD_TCR_EL1             ? WD_TCR_EL1_DS_lsb
                  : control.tcr == WD_VTCR_EL2          ? WD_VTCR_EL2_DS_lsb
                  : was->output.regime == WD_REGIME_EL2 ? WD_TCR_EL2_DS_lsb
                                                        : WD_TCR_EL2_E2H_DS_lsb;
    struct wd_stage wide, plain;
    unsigned bits;

    if (!was->walked[step->a - 1] || !was->params[step->a - 1].ds)
        return false;
    wide = wd_shrink_stage(&c->c, was, step->a);
    bits = wd_granule_bits(wide.granule);
    c->c.regs[control.tcr] = wd_with_bits(c->c.regs[control.tcr], ds, ds, 0);
    plain = wide;
    plain.ds = plain.wide_base = false;
    if (plain.output_bits > 48)
        plain.output_bits = 48;
    c->c.regs[control.base] = wd_with_table_base(&plain, c->c.regs[control.base], fitted(&plain, wide.base));
    for (unsigned i = 0; i < was->count; i++) {
        const struct wd_shrink_lookup *lookup = &was->lookups[i];
        uint64_t address, descriptor;

        if (lookup->stage != step->a || !lookup->there)
            continue;
        address = fitted(&plain, wd_address_of(&wide, lookup->descriptor, bits));
        descriptor = wd_with_address(&wide, lookup->descriptor, bits, 0);
        set_descriptor(c, was, lookup, wd_with_address(&plain, descriptor, bits, address));
    }
    return true;
}

static bool ee_off(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    bool stage1 = (step->a == WD_SCTLR_EL1) == (was->output.regime == WD_REGIME_EL10), stage2 = step->a == WD_SCTLR_EL2;
    uint64_t *sctlr = &c->c.regs[step->a];

    if (!WD_GET(*sctlr, SCTLR_EL1, EE))
        return false;
    *sctlr = WD_WITH(*sctlr, SCTLR_EL1, EE, 0);
    for (unsigned i = 0; i < was->count; i++) {
        const struct wd_shrink_lookup *lookup = &was->lookups[i];

        if ((lookup->stage == 1 ? stage1 : stage2) && wd_shrink_find_word(&c->c, lookup->pa))
            wd_shrink_put_word(c, lookup->pa, lookup->descriptor);
    }
    return true;
}

static bool set_base(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    struct wd_shrink_control control = wd_shrink_control(&c->c, was, step->a);
    struct wd_stage shape;

    if (!was->walked[step->a - 1])
        return false;
    shape = wd_shrink_stage(&c->c, was, step->a);
    return set_register(c, control.base, wd_with_table_base(&shape, c->c.regs[control.base], step->x));
}

static bool set_address(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    const struct wd_shrink_lookup *lookup = lookup_at(was, step->x);
    struct wd_stage shape;

    if (!lookup || lookup->stage != step->a)
        return false;
    shape = wd_shrink_stage(&c->c, was, step->a);
    return set_descriptor(c, was, lookup, wd_with_address(&shape, lookup->descriptor, step->b, step->y));
}

/* For a table that no walk by the rules looks at, but a walker does. */
static bool move_table(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    const uint64_t near = 0x10000, page = 0x1000;
    uint64_t *reg = &c->c.regs[step->a];
    uint64_t base = WD_GET(*reg, TTBR0_EL1, BADDR) << WD_TTBR0_EL1_BADDR_lsb;
    uint64_t from = base & ~(page - 1);
    struct wd_shrink_case before = {0};

    (void)was;
    if (from == step->x)
        return false;
    wd_shrink_copy(&before, &c->c);
    wd_shrink_drop_words(c, from, from + near - 1);
    for (unsigned i = 0; i < before.c.mem_count; i++)
        if (before.mem[i].pa - from < near)
            wd_shrink_put_word(c, before.mem[i].pa - from + step->x, before.mem[i].value);
    wd_shrink_case_free(&before);
    *reg = step->x ? WD_WITH(*reg, TTBR0_EL1, BADDR, step->x >> WD_TTBR0_EL1_BADDR_lsb) : 0;
    one_low_ram(c, step->x ? 2 * step->x : page);
    return true;
}

/* The lookup that follows one in the same table walk, or NULL. */
static const struct wd_shrink_lookup *next_lookup(const struct wd_shrink_walk *walk,
                                                  const struct wd_shrink_lookup *lookup)
{
    for (unsigned i = 0; i < walk->count; i++) {
        const struct wd_shrink_lookup *next = &walk->lookups[i];

        if (next->there && next->stage == lookup->stage && next->level == lookup->level + 1 &&
            next->serves == lookup->serves)
            return next;
    }
    return NULL;
}

static bool raise_leaf(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    const struct wd_shrink_lookup *lookup = lookup_at(was, step->x), *next;
    struct wd_stage shape;
    uint64_t descriptor, address;
    unsigned bits;

    next = lookup ? next_lookup(was, lookup) : NULL;
    if (!next)
        return false;
    shape = wd_shrink_stage(&c->c, was, lookup->stage);
    bits = wd_translation_bits(shape.granule, lookup->level);
    address = wd_address_of(&shape, next->descriptor, wd_granule_bits(shape.granule));
    descriptor = wd_with_address(&shape, next->descriptor, wd_granule_bits(shape.granule), 0);
    descriptor = wd_with_address(&shape, descriptor, bits, address & ~wd_low(UINT64_MAX, bits));
    if (next->level == WD_FINAL_LEVEL && wd_bits(descriptor, 1, 0) == WD_TYPE_TABLE_OR_PAGE)
        descriptor = wd_with_bits(descriptor, 1, 0, WD_TYPE_BLOCK);
    return set_descriptor(c, was, lookup, descriptor);
}

static bool clear_va(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    uint64_t va = c->c.va;

    (void)was;
    c->c.va &= ~step->x;
    return c->c.va != va;
}

static bool clear_word_bits(struct wd_shrink_case *c, const struct wd_shrink_walk *was,
                            const struct wd_shrink_step *step)
{
    const struct wd_shrink_lookup *lookup = lookup_at(was, step->x);
    const struct wd_word *word = wd_shrink_find_word(&c->c, step->x);

    if (lookup)
        return set_descriptor(c, was, lookup, lookup->descriptor & ~step->y);
    if (!word || !(word->value & step->y))
        return false;
    wd_shrink_put_word(c, step->x, word->value & ~step->y);
    return true;
}

static bool one_ram(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    (void)was;
    while (c->c.ram_count)
        wd_shrink_drop_ram(c, 0);
    if (step->y)
        wd_shrink_add_ram(c, step->x, step->y);
    return true;
}

/* Index of the range that begins at an address, or the number of ranges. */
static size_t ram_from(const struct wd_shrink_case *c, uint64_t base)
{
    size_t i = 0;

    while (i < c->c.ram_count && c->ram[i].base != base)
        i++;
    return i;
}

static bool drop_ram(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    size_t i = ram_from(c, step->x);

    (void)was;
    if (i == c->c.ram_count)
        return false;
    wd_shrink_drop_ram(c, i);
    return true;
}

static bool ram_writable(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    size_t i = ram_from(c, step->x);

    (void)was;
    if (i == c->c.ram_count || !c->ram[i].read_only)
        return false;
    c->ram[i].read_only = false;
    return true;
}

static bool cut_ram(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    size_t i = ram_from(c, step->x);

    (void)was;
    if (i == c->c.ram_count || c->ram[i].size <= step->y)
        return false;
    c->ram[i].size = step->y;
    return true;
}

bool wd_shrink_apply(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step)
{
    static apply_step *const apply[] = {
        [DROP_UNREAD] = drop_unread,
        [DROP_WORDS] = drop_words,
        [CLEAR_REGISTER] = clear_register,
        [CLEAR_INERT] = clear_inert,
        [SET_FIELD] = set_field,
        [CLEAR_BIT] = clear_bit,
        [SET_OPERATION] = set_operation,
        [SET_LEVEL_2] = set_level_2,
        [CLEAR_PAN] = clear_pan,
        [CLEAR_HOST] = clear_host,
        [TO_EL1] = to_el1,
        [TO_LOWER_RANGE] = to_lower_range,
        [STAGE2_OFF] = stage2_off,
        [SHORTEN_INPUT] = shorten_input,
        [RAISE_LEAF] = raise_leaf,
        [GRANULE_4K] = granule_4k,
        [FORMAT_48] = format_48,
        [EE_OFF] = ee_off,
        [SET_BASE] = set_base,
        [MOVE_TABLE] = move_table,
        [SET_ADDRESS] = set_address,
        [CLEAR_VA] = clear_va,
        [CLEAR_WORD_BITS] = clear_word_bits,
        [ONE_RAM] = one_ram,
        [DROP_RAM] = drop_ram,
        [RAM_WRITABLE] = ram_writable,
        [CUT_RAM] = cut_ram,
    };

    return apply[step->kind](c, was, step) && (!step->replant || wd_shrink_replant(c, was));
}

/* ---------------------------------------------------------------- proposing steps */

static void add(struct wd_shrink_steps *steps, struct wd_shrink_step step)
{
    if (steps->count == steps->room) {
        steps->room = steps->room ? 2 * steps->room : 64;
        steps->list = realloc(steps->list, steps->room * sizeof(*steps->list));
        if (!steps->list) {
            fputs("walkdiff: out of memory\n", stderr);
            exit(2);
        }
    }
    steps->list[steps->count++] = step;
}

/* A step as it is, and with descriptors that follow. */
static void add_both(struct wd_shrink_steps *steps, struct wd_shrink_step step)
{
    step.replant = true;
    add(steps, step);
    step.replant = false;
    add(steps, step);
}

/* Words in chunks of half of them, a quarter, … and one by one, if they are not very many. */
static void propose_words(const struct wd_shrink_view *view, struct wd_shrink_steps *steps)
{
    enum { CHUNKS_MAX = 1024 };
    const struct wd_case *c = view->c;

    if (!c->mem_count)
        return;
    add(steps, (struct wd_shrink_step){.kind = DROP_WORDS, .y = all_bits});
    add(steps, (struct wd_shrink_step){.kind = DROP_UNREAD});
    for (uint32_t size = c->mem_count / 2; size && c->mem_count / size <= CHUNKS_MAX; size /= 2)
        for (uint32_t i = 0; i < c->mem_count; i += size)
            add(steps,
                (struct wd_shrink_step){.kind = DROP_WORDS,
                                        .x = c->mem[i].pa,
                                        .y = c->mem[i + size < c->mem_count ? i + size - 1 : c->mem_count - 1].pa});
}

static void propose_scene(const struct wd_shrink_view *view, struct wd_shrink_steps *steps)
{
    add_both(steps, (struct wd_shrink_step){.kind = STAGE2_OFF});
    add_both(steps, (struct wd_shrink_step){.kind = STAGE2_OFF, .a = 1});
    add(steps, (struct wd_shrink_step){.kind = STAGE2_OFF, .b = 1});
    add(steps, (struct wd_shrink_step){.kind = STAGE2_OFF, .a = 1, .b = 1});
    add(steps, (struct wd_shrink_step){.kind = TO_EL1});
    add(steps, (struct wd_shrink_step){.kind = TO_LOWER_RANGE});
    for (uint8_t op = 0; op < WD_OPERATION_COUNT; op++)
        if (op != view->c->op)
            add(steps, (struct wd_shrink_step){.kind = SET_OPERATION, .a = op});
    add(steps, (struct wd_shrink_step){.kind = SET_LEVEL_2});
    add(steps, (struct wd_shrink_step){.kind = CLEAR_PAN});
    add(steps, (struct wd_shrink_step){.kind = CLEAR_HOST});
}

/* ID registers are last in the list of registers: features go before the controls that they bring. */
static void propose_registers(const struct wd_shrink_view *view, struct wd_shrink_steps *steps)
{
    for (unsigned reg = WD_REGISTER_COUNT; reg-- > 0;)
        if (view->c->regs[reg] != wd_shrink_default(reg))
            add(steps, (struct wd_shrink_step){.kind = CLEAR_REGISTER, .a = (uint8_t)reg});
}

static void propose_field(const struct wd_shrink_view *view, unsigned layout, unsigned number,
                          const struct wd_field *field, struct wd_shrink_steps *steps)
{
    uint64_t value = wd_bits(view->c->regs[wd_layouts[layout].reg], field->msb, field->lsb);
    struct wd_shrink_step step = {.kind = SET_FIELD, .a = (uint8_t)layout, .b = (uint8_t)number};

    if (!value || (fixed_bits(wd_layouts[layout].reg) & wd_mask(field->msb, field->lsb)))
        return;
    add_both(steps, step);
    if (field->role != WD_ROLE_IDENT)
        return;
    for (step.x = 1; step.x < value; step.x++)
        add(steps, step);
}

static void propose_fields(const struct wd_shrink_view *view, struct wd_shrink_steps *steps)
{
    for (unsigned layout = WD_LAYOUT_COUNT; layout-- > 0;) {
        size_t count;
        const struct wd_field *fields = wd_layout_fields(layout, &count);
        unsigned reg = wd_layouts[layout].reg;

        if (reg == WD_RESULT || view->c->regs[reg] == wd_shrink_default(reg) ||
            !wd_shrink_layout_in_force(view->c->regs, layout))
            continue;
        add(steps, (struct wd_shrink_step){.kind = CLEAR_INERT, .a = (uint8_t)layout});
        for (unsigned i = 0; i < count; i++)
            propose_field(view, layout, i, &fields[i], steps);
    }
}

/* Shorter walks: a later start, an earlier end, the 4K granule, little-endian tables. */
static void propose_walk(const struct wd_shrink_view *view, struct wd_shrink_steps *steps)
{
    for (uint8_t stage = 1; stage <= 2; stage++) {
        add_both(steps, (struct wd_shrink_step){.kind = SHORTEN_INPUT, .a = stage});
        add_both(steps, (struct wd_shrink_step){.kind = GRANULE_4K, .a = stage, .b = 1});
        add_both(steps, (struct wd_shrink_step){.kind = GRANULE_4K, .a = stage});
        add_both(steps, (struct wd_shrink_step){.kind = FORMAT_48, .a = stage});
    }
    for (unsigned i = 0; i < view->walk.count; i++)
        add_both(steps, (struct wd_shrink_step){.kind = RAISE_LEAF, .x = view->walk.lookups[i].pa});
    add(steps, (struct wd_shrink_step){.kind = EE_OFF, .a = WD_SCTLR_EL1});
    add(steps, (struct wd_shrink_step){.kind = EE_OFF, .a = WD_SCTLR_EL2});
}

/* Whether the page of a table is free: nothing is listed there, and nothing is looked up there. */
static bool is_free(const struct wd_shrink_view *view, uint64_t page, unsigned bits)
{
    for (unsigned i = 0; i < view->c->mem_count; i++)
        if (view->c->mem[i].pa >> bits == page >> bits)
            return false;
    for (unsigned i = 0; i < view->walk.count; i++)
        if (view->walk.lookups[i].pa >> bits == page >> bits || view->walk.lookups[i].ipa >> bits == page >> bits)
            return false;
    return true;
}

/* Round addresses for a table: of one bit each, from the granule's size on. */
static void propose_pages(const struct wd_shrink_view *view, struct wd_shrink_step step, bool base,
                          struct wd_shrink_steps *steps)
{
    enum { PAGES = 6 };
    unsigned bits = wd_granule_bits(view->walk.params[step.a - 1].granule);

    for (unsigned i = 0; i < PAGES; i++) {
        uint64_t page = UINT64_C(1) << (bits + i);

        if (!is_free(view, page, bits))
            continue;
        *(base ? &step.x : &step.y) = page;
        add_both(steps, step);
    }
}

/* A Table descriptor's address, or a leaf's. */
static void propose_address(const struct wd_shrink_view *view, const struct wd_shrink_lookup *lookup,
                            struct wd_shrink_steps *steps)
{
    struct wd_stage shape = wd_shrink_stage(view->c, &view->walk, lookup->stage);
    unsigned bits = wd_granule_bits(shape.granule);
    bool table = wd_bits(lookup->descriptor, 1, 0) == WD_TYPE_TABLE_OR_PAGE && lookup->level < WD_FINAL_LEVEL;
    unsigned block = table ? bits : wd_translation_bits(shape.granule, lookup->level);
    struct wd_shrink_step step = {
        .kind = SET_ADDRESS, .a = lookup->stage, .b = (uint8_t)bits, .x = lookup->pa, .replant = true};

    if (table) {
        propose_pages(view, step, false, steps);
        return;
    }
    add_both(steps, step);
    if (lookup->stage == 1)
        step.y = lookup->ipa & ~wd_low(UINT64_MAX, block); /* where stage 2 translates already */
    else
        step.y = UINT64_C(1) << block;
    add_both(steps, step);
}

static void propose_addresses(const struct wd_shrink_view *view, struct wd_shrink_steps *steps)
{
    static const uint8_t base_registers[] = {WD_TTBR0_EL1, WD_TTBR1_EL1, WD_TTBR0_EL2, WD_TTBR1_EL2, WD_VTTBR_EL2};

    for (uint8_t stage = 1; stage <= 2; stage++)
        if (view->walk.walked[stage - 1])
            propose_pages(view, (struct wd_shrink_step){.kind = SET_BASE, .a = stage}, true, steps);
    for (size_t i = 0; i < sizeof(base_registers); i++) {
        if (!view->c->regs[base_registers[i]])
            continue;
        add(steps, (struct wd_shrink_step){.kind = MOVE_TABLE, .a = base_registers[i]});
        add(steps, (struct wd_shrink_step){.kind = MOVE_TABLE, .a = base_registers[i], .x = 0x10000});
    }
    for (unsigned i = 0; i < view->walk.count; i++)
        if (view->walk.lookups[i].there && wd_bit(view->walk.lookups[i].descriptor, 0))
            propose_address(view, &view->walk.lookups[i], steps);
}

/* The VA: 0; without the bits below a level's index, and without the index; without each bit. */
static void propose_va(const struct wd_shrink_view *view, struct wd_shrink_steps *steps)
{
    const uint64_t va = view->c->va;

    if (va)
        add_both(steps, (struct wd_shrink_step){.kind = CLEAR_VA, .x = all_bits});
    for (unsigned level = 0; view->walk.walked[0] && level <= WD_FINAL_LEVEL; level++) {
        unsigned granule = view->walk.params[0].granule;
        unsigned lsb = wd_translation_bits(granule, (int)level);

        add_both(steps, (struct wd_shrink_step){.kind = CLEAR_VA, .x = wd_low(UINT64_MAX, lsb)});
        add_both(steps, (struct wd_shrink_step){.kind = CLEAR_VA, .x = wd_mask(lsb + wd_stride(granule) - 1, lsb)});
    }
    add_both(steps, (struct wd_shrink_step){.kind = CLEAR_VA, .x = UINT64_C(0xfff)});
    for (unsigned bit = 0; bit < 64; bit++)
        if (wd_bit(va, bit))
            add_both(steps, (struct wd_shrink_step){.kind = CLEAR_VA, .x = UINT64_C(1) << bit});
}

/* A word: all attributes, those above and those below the address, each bit. */
static void propose_word(const struct wd_shrink_view *view, const struct wd_word *word, struct wd_shrink_steps *steps)
{
    static const uint8_t groups[][2] = {{63, 2}, {63, 50}, {11, 2}, {49, 12}};
    const struct wd_shrink_lookup *lookup = lookup_at(&view->walk, word->pa);
    uint64_t value = lookup ? lookup->descriptor : word->value;
    struct wd_shrink_step step = {.kind = CLEAR_WORD_BITS, .x = word->pa};

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        step.y = wd_mask(groups[i][0], groups[i][1]);
        if (value & step.y)
            add_both(steps, step);
    }
    for (unsigned bit = 0; bit < 64; bit++) {
        step.y = UINT64_C(1) << bit;
        if (value & step.y)
            add_both(steps, step);
    }
}

static void propose_word_bits(const struct wd_shrink_view *view, struct wd_shrink_steps *steps)
{
    enum { WORDS_MAX = 256 };

    for (unsigned i = 0; i < view->c->mem_count && i < WORDS_MAX; i++)
        propose_word(view, &view->c->mem[i], steps);
}

static void propose_bits(const struct wd_shrink_view *view, struct wd_shrink_steps *steps)
{
    for (unsigned reg = 0; reg < WD_REGISTER_COUNT; reg++)
        for (unsigned bit = 0; bit < 64; bit++)
            if (wd_bit(view->c->regs[reg] & ~fixed_bits(reg), bit))
                add_both(steps, (struct wd_shrink_step){.kind = CLEAR_BIT, .a = (uint8_t)reg, .b = (uint8_t)bit});
}

/* The number of the field of a layout that begins at a bit. */
static uint8_t field_from(enum wd_layout layout, unsigned lsb)
{
    size_t count;
    const struct wd_field *fields = wd_layout_fields(layout, &count);
    uint8_t number = 0;

    while (number + 1u < count && fields[number].lsb != lsb)
        number++;
    return number;
}

/* Input sizes that are round: the largest of a start level. Also where the field is 0, which is no size. */
static void propose_sizes(const struct wd_shrink_view *view, struct wd_shrink_steps *steps)
{
    static const uint8_t sizes[] = {32, 16, 24, 25, 34, 20, 28};
    static const uint8_t fields[][2] = {
        {WD_LAYOUT_TCR_EL1, WD_TCR_EL1_T0SZ_lsb},         {WD_LAYOUT_TCR_EL1, WD_TCR_EL1_T1SZ_lsb},
        {WD_LAYOUT_TCR_EL2, WD_TCR_EL2_T0SZ_lsb},         {WD_LAYOUT_TCR_EL2_E2H, WD_TCR_EL2_E2H_T0SZ_lsb},
        {WD_LAYOUT_TCR_EL2_E2H, WD_TCR_EL2_E2H_T1SZ_lsb}, {WD_LAYOUT_VTCR_EL2, WD_VTCR_EL2_T0SZ_lsb},
    };

    (void)view;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        for (size_t size = 0; size < sizeof(sizes); size++)
            add_both(steps, (struct wd_shrink_step){.kind = SET_FIELD,
                                                    .a = fields[i][0],
                                                    .b = field_from(fields[i][0], fields[i][1]),
                                                    .x = sizes[size]});
}

/* RAM: none; one low round range that holds all that is listed; one where it is; fewer and smaller ranges. */
static void propose_ram(const struct wd_shrink_view *view, struct wd_shrink_steps *steps)
{
    const struct wd_case *c = view->c;
    uint64_t first = c->mem_count ? c->mem[0].pa : 0, last = c->mem_count ? c->mem[c->mem_count - 1].pa : 0;
    uint64_t size = 0x1000;

    if (c->ram_count)
        add(steps, (struct wd_shrink_step){.kind = ONE_RAM});
    while (last - (first & ~(size - 1)) >= size && size < UINT64_C(1) << 60)
        size *= 2;
    add(steps, (struct wd_shrink_step){.kind = ONE_RAM, .x = first & ~(size - 1), .y = size});
    while (last >= size && size < UINT64_C(1) << 60)
        size *= 2;
    add(steps, (struct wd_shrink_step){.kind = ONE_RAM, .y = size});
    for (unsigned i = 0; i < c->ram_count; i++) {
        add(steps, (struct wd_shrink_step){.kind = DROP_RAM, .x = c->ram[i].base});
        add(steps, (struct wd_shrink_step){.kind = RAM_WRITABLE, .x = c->ram[i].base});
        for (unsigned bit = 12; bit < 63; bit++)
            if (c->ram[i].size > UINT64_C(1) << bit)
                add(steps, (struct wd_shrink_step){.kind = CUT_RAM, .x = c->ram[i].base, .y = UINT64_C(1) << bit});
    }
}

const struct wd_shrink_pass *wd_shrink_pass(size_t i)
{
    static const struct wd_shrink_pass passes[] = {
        {"words", false, propose_words},
        {"scene", true, propose_scene},
        {"registers", false, propose_registers},
        {"fields", false, propose_fields},
        {"walk", true, propose_walk},
        {"va", false, propose_va},
        {"addresses", true, propose_addresses},
        {"descriptors", false, propose_word_bits},
        {"sizes", true, propose_sizes},
        {"bits", false, propose_bits},
        {"ram", true, propose_ram},
    };

    return i < sizeof(passes) / sizeof(passes[0]) ? &passes[i] : NULL;
}
