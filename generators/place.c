/* SPDX-License-Identifier: MIT */
/* Where things are: RAM, tables, and the address that is translated. */
#include "generators/scene.h"

enum { PAGE_BITS = 12, LARGEST_PAGE_BITS = 16, MEGABYTE_BITS = 20 };

/* Address bits that a stage's base register and descriptors can reach. */
static unsigned reachable_bits(uint64_t *dice, const struct wd_stage *stage)
{
    unsigned beyond_48 = (stage->output_bits - 48) & -(unsigned)(stage->output_bits > 48);
    bool reaches = wd_dice_chance(dice, 15) | stage->wide_base;

    return stage->output_bits - (beyond_48 & (reaches - 1u));
}

/* Tables start at the beginning of a range of addresses, near its end, or anywhere. */
static uint64_t draw_first_table(struct wd_random *random, uint64_t *dice, uint64_t size)
{
    static const uint8_t places[] = {50, 35, 15};
    uint64_t drawn = wd_random_bits(random);
    const uint64_t next[] = {0, (drawn & (size - 1)) >> LARGEST_PAGE_BITS << LARGEST_PAGE_BITS,
                             size - ((UINT64_C(1) + (drawn >> 61)) << LARGEST_PAGE_BITS)};

    return next[wd_dice_index(dice, places, sizeof(places))];
}

/* One range of RAM below 2^limit: at its ends, at a usual place, or anywhere. */
static void add_ram(struct wd_scene *scene, unsigned limit)
{
    static const uint8_t size_bits[] = {20, 22, 24, 24, 24, 24, 28, 30, 36, 42};
    static const uint8_t places[] = {25, 20, 20, 30, 5};
    struct wd_draft *draft = &scene->draft;
    struct wd_random *random = &draft->random;
    uint64_t dice = wd_random_bits(random), anywhere = wd_random_bits(random);
    unsigned bits = size_bits[wd_dice_below(&dice, sizeof(size_bits))];
    uint64_t size = UINT64_C(1) << (bits > limit - 2 ? MEGABYTE_BITS : bits);
    const uint64_t bases[] = {UINT64_C(0x40000000) & ~(size - 1), UINT64_C(1) << (limit - 1),
                              (UINT64_C(1) << limit) - size, wd_low(anywhere, limit) & ~(size - 1), 0};
    uint64_t base = bases[wd_dice_index(&dice, places, sizeof(places))];
    bool read_only = wd_dice_chance(&dice, 10);
    /* A table of the largest size can cross the end. */
    unsigned missing_pages = wd_dice_chance(&dice, 10) ? 1 + wd_dice_below(&dice, 15) : 0;

    size -= (uint64_t)missing_pages << PAGE_BITS;
    wd_draft_add_ram(draft, base, size, read_only, draw_first_table(random, &dice, size));
}

/* Stage 1 tables behind stage 2: anywhere that both stages reach, sometimes where RAM is or at the end. */
static void draw_ipa_pool(struct wd_scene *scene, uint64_t *dice)
{
    static const uint8_t places[] = {67, 23, 10};
    struct wd_draft *draft = &scene->draft;
    unsigned bits = reachable_bits(dice, &draft->stage1), input_bits = draft->stage2.input_bits;
    uint64_t anywhere = wd_random_bits(&draft->random) >> LARGEST_PAGE_BITS << LARGEST_PAGE_BITS;
    const uint64_t bases[] = {anywhere, draft->ram[0].base, UINT64_MAX << MEGABYTE_BITS};
    uint64_t base;

    bits = bits < input_bits ? bits : input_bits;
    base = wd_low(bases[wd_dice_index(dice, places, sizeof(places))], bits);
    draft->ipa = (struct wd_pool){.base = base, .size = (UINT64_C(1) << bits) - base};
}

void wd_scene_draw_memory(struct wd_scene *scene)
{
    static const uint8_t further[] = {65, 25, 10};
    struct wd_draft *draft = &scene->draft;
    uint64_t dice = wd_random_bits(&draft->random);
    unsigned limit = reachable_bits(&dice, scene->stage2_on ? &draft->stage2 : &draft->stage1);

    add_ram(scene, limit);
    for (unsigned i = wd_dice_index(&dice, further, sizeof(further)); i > 0; i--)
        add_ram(scene, limit);
    draft->nested = scene->stage2_on;
    if (draft->nested)
        draw_ipa_pool(scene, &dice);
}

/* A table base beyond the output size, where no memory is, or with bits below its alignment. */
static uint64_t spoil_base(struct wd_scene *scene, struct wd_stage *stage, uint64_t ttbr, unsigned alignment)
{
    struct wd_random *random = &scene->draft.random;
    unsigned format_bits = stage->wide_base ? 52 : 48;
    uint64_t low = wd_low(UINT64_MAX, alignment) & (stage->wide_base ? ~wd_low(UINT64_MAX, 6) : ~UINT64_C(7));

    switch (wd_random_below(random, 5)) {
    case 0:
    case 1:
        if (stage->output_bits < format_bits)
            stage->base |= UINT64_C(1) << wd_random_between(random, (int)stage->output_bits, (int)format_bits - 1);
        return wd_with_table_base(stage, ttbr, stage->base);
    case 2:
        stage->base = wd_low(wd_random_bits(random), stage->output_bits) & ~wd_low(UINT64_MAX, alignment);
        return wd_with_table_base(stage, ttbr, stage->base);
    default:
        return ttbr | (wd_random_bits(random) & low);
    }
}

/* CnP, and ASID or VMID: set together, so that one draw does. */
static uint64_t draw_fields_without_base(struct wd_random *random)
{
    uint64_t drawn = wd_random_bits(random), base = wd_mask(WD_TTBR0_EL1_BADDR_msb, WD_TTBR0_EL1_BADDR_lsb);

    return drawn & ~base & -(uint64_t)(wd_bits(drawn, 10, 8) == 0);
}

/* Takes a stage's start table and writes its base into a register whose other fields are drawn. */
static void draw_base(struct wd_scene *scene, struct wd_stage *stage, enum wd_register reg, bool trouble)
{
    struct wd_draft *draft = &scene->draft;
    struct wd_random *random = &draft->random;
    uint64_t ttbr = draw_fields_without_base(random), dice = wd_random_bits(random), in_page;
    unsigned alignment = wd_start_table_bits(stage);
    unsigned bits = alignment > PAGE_BITS ? alignment : PAGE_BITS;

    if (stage->wide_base && alignment < 6)
        alignment = 6;
    stage->base = stage->stage == 1 && draft->nested ? wd_pool_take(&draft->ipa, bits) : wd_draft_take_ram(draft, bits);
    in_page = wd_low(dice >> 8, PAGE_BITS) >> alignment << alignment; /* a small table need not begin a page */
    stage->base |= in_page & -(uint64_t)wd_dice_chance(&dice, 40);
    ttbr = wd_with_table_base(stage, ttbr, stage->base);
    if (trouble)
        ttbr = spoil_base(scene, stage, ttbr, alignment);
    *wd_draft_register(draft, reg) = ttbr;
}

void wd_scene_draw_bases(struct wd_scene *scene)
{
    struct wd_draft *draft = &scene->draft;
    static const uint8_t ttbrs[][2] = {{WD_TTBR0_EL2, WD_TTBR1_EL2}, {WD_TTBR0_EL1, WD_TTBR1_EL1}};
    const uint8_t *ttbr = ttbrs[scene->regime == WD_REGIME_EL10];
    bool upper = scene->upper & (scene->regime != WD_REGIME_EL2);

    if (scene->stage2_on && draft->stage2.walkable)
        draw_base(scene, &draft->stage2, WD_VTTBR_EL2, wd_has_trouble(scene, WD_TROUBLE_S2_BASE));
    else if (scene->stage2_on)
        *wd_draft_register(draft, WD_VTTBR_EL2) = wd_with_table_base(&draft->stage2, 0, draft->ram[0].base);
    draw_base(scene, &draft->stage1, (enum wd_register)ttbr[upper], wd_has_trouble(scene, WD_TROUBLE_S1_BASE));
    *wd_draft_register(draft, (enum wd_register)ttbr[!upper]) =
        wd_with_table_base(&draft->stage1, 0, draft->ram[0].base + (UINT64_C(1) << LARGEST_PAGE_BITS));
}

/* Whether TBI takes effect for the half of the VA. */
static bool top_byte_ignored(struct wd_scene *scene)
{
    struct wd_draft *draft = &scene->draft;
    static const uint8_t tbi[][2] = {{WD_TCR_EL1_TBI0_lsb, WD_TCR_EL1_TBI1_lsb},
                                     {WD_TCR_EL2_TBI_lsb, WD_TCR_EL2_TBI_lsb}};
    static const uint8_t tcr[] = {WD_TCR_EL2, WD_TCR_EL1};

    return wd_bit(*wd_draft_register(draft, (enum wd_register)tcr[scene->regime == WD_REGIME_EL10]),
                  tbi[scene->regime == WD_REGIME_EL2][scene->upper]);
}

/* An address of `bits` bits: anywhere, in the first or the last page, or at the beginning of a page. */
static uint64_t draw_inside(struct wd_random *random, uint64_t *dice, unsigned bits)
{
    static const uint8_t places[] = {70, 18, 6, 6};
    uint64_t drawn = wd_random_bits(random), last = wd_low(UINT64_MAX, bits), in_page = wd_low(UINT64_MAX, PAGE_BITS);
    const uint64_t free[] = {last, last & ~in_page, in_page, *dice & 1 ? in_page : 7}, flipped[] = {0, 0, 0, last};
    unsigned place;

    *dice >>= 1;
    place = wd_dice_index(dice, places, sizeof(places));
    return (drawn & free[place]) ^ flipped[place];
}

/* Takes an address out of its range: by one, by one bit, or by any bits. */
static uint64_t spoil_address(struct wd_random *random, uint64_t address, unsigned bits, bool upper)
{
    uint64_t above = UINT64_MAX << bits;

    switch (wd_random_below(random, 5)) {
    case 0: /* the first address beyond the range */
        return upper ? above - 1 : UINT64_C(1) << bits;
    case 4: /* a tag, with TBI or without */
        return wd_with_bits(address, 63, 56, wd_random_bits(random));
    case 1:
        return address ^ (UINT64_C(1) << wd_random_between(random, (int)bits, 63));
    case 2: /* bit 55 chooses the same half as before */
        return address ^ (wd_random_bits(random) & above & ~(UINT64_C(1) << 55));
    default:
        return address ^ (wd_random_bits(random) & above);
    }
}

void wd_scene_draw_address(struct wd_scene *scene)
{
    struct wd_draft *draft = &scene->draft;
    struct wd_random *random = &draft->random;
    unsigned bits = draft->stage1.input_bits;
    uint64_t va, tag, dice = wd_random_bits(random);
    bool tagged = dice & 1;

    dice >>= 1;
    if (!scene->stage1_on) { /* flat: what counts is the physical address size, and stage 2's input size */
        bits = draft->implementation->pa_max;
        if (scene->stage2_on && bits > draft->stage2.input_bits && !wd_random_chance(random, 10))
            bits = draft->stage2.input_bits;
        scene->upper = scene->upper && wd_random_chance(random, 20);
    }
    va = draw_inside(random, &dice, bits);
    va |= UINT64_MAX << bits & -(uint64_t)scene->upper;
    if (wd_has_trouble(scene, WD_TROUBLE_ADDRESS))
        va = spoil_address(random, va, bits, scene->upper);
    tag = wd_mask(63, 56) & -(uint64_t)(tagged & top_byte_ignored(scene));
    draft->buffer->c.va = (va & ~tag) | (dice << 32 & tag);
}
