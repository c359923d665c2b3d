/* SPDX-License-Identifier: MIT */
/* Where things are: RAM, tables, and the address that is translated. */
#include "generators/scene.h"

enum { PAGE_BITS = 12, LARGEST_PAGE_BITS = 16, MEGABYTE_BITS = 20 };

/* Address bits that a stage's base register and descriptors can reach. */
static unsigned reachable_bits(struct wd_scene *scene, const struct wd_stage *stage)
{
    unsigned bits = stage->output_bits;

    if (bits > 48 && !stage->wide_base && !wd_random_chance(&scene->draft.random, 15))
        bits = 48;
    return bits;
}

/* One range of RAM below 2^limit: at its ends, at a usual place, or anywhere. */
static void add_ram(struct wd_scene *scene, unsigned limit)
{
    static const uint8_t size_bits[] = {20, 22, 24, 24, 24, 24, 28, 30, 36, 42};
    static const uint8_t places[] = {25, 20, 20, 30, 5};
    struct wd_draft *draft = &scene->draft;
    struct wd_random *random = &draft->random;
    unsigned bits = size_bits[wd_random_below(random, sizeof(size_bits))];
    uint64_t size = UINT64_C(1) << (bits > limit - 2 ? MEGABYTE_BITS : bits);
    unsigned place = wd_random_index(random, places, sizeof(places));
    const uint64_t bases[] = {UINT64_C(0x40000000) & ~(size - 1), UINT64_C(1) << (limit - 1),
                              (UINT64_C(1) << limit) - size, wd_low(wd_random_peek(random), limit) & ~(size - 1), 0};

    wd_random_take(random, place == 3);
    if (wd_random_chance(random, 10)) /* a table of the largest size can cross the end */
        size -= (uint64_t)wd_random_between(random, 1, 15) << PAGE_BITS;
    wd_draft_add_ram(draft, bases[place], size, wd_random_chance(random, 10));
}

/* Tables start at the beginning of a range of addresses, near its end, or anywhere. */
static void draw_first_table(struct wd_random *random, struct wd_pool *pool)
{
    static const uint8_t places[] = {50, 35, 15};
    unsigned place = wd_random_index(random, places, sizeof(places));
    uint64_t drawn = wd_random_peek(random);
    const uint64_t next[] = {0, (drawn & (pool->size - 1)) >> LARGEST_PAGE_BITS << LARGEST_PAGE_BITS,
                             pool->size - ((UINT64_C(1) + wd_random_scale(drawn, 8)) << LARGEST_PAGE_BITS)};

    wd_random_take(random, place != 0);
    pool->next = next[place];
}

/* Stage 1 tables behind stage 2: anywhere that both stages reach, sometimes where RAM is. */
static void draw_ipa_pool(struct wd_scene *scene)
{
    struct wd_draft *draft = &scene->draft;
    struct wd_random *random = &draft->random;
    unsigned bits = reachable_bits(scene, &draft->stage1);
    uint64_t base;

    if (bits > draft->stage2.input_bits)
        bits = draft->stage2.input_bits;
    base = wd_low(wd_random_bits(random), bits) >> LARGEST_PAGE_BITS << LARGEST_PAGE_BITS;
    if (wd_random_chance(random, 25))
        base = wd_low(draft->ram[0].base, bits);
    if (bits > MEGABYTE_BITS && wd_random_chance(random, 10))
        base = (UINT64_C(1) << bits) - (UINT64_C(1) << MEGABYTE_BITS);
    draft->ipa = (struct wd_pool){.base = base, .size = (UINT64_C(1) << bits) - base};
}

void wd_scene_draw_memory(struct wd_scene *scene)
{
    static const uint8_t further[] = {65, 25, 10};
    struct wd_draft *draft = &scene->draft;
    const struct wd_stage *last = scene->stage2_on ? &draft->stage2 : &draft->stage1;
    unsigned limit = reachable_bits(scene, last);

    add_ram(scene, limit);
    for (unsigned i = wd_random_index(&draft->random, further, sizeof(further)); i > 0; i--)
        add_ram(scene, limit);
    for (uint32_t i = 0; i < draft->buffer->c.ram_count; i++)
        draw_first_table(&draft->random, &draft->ram[i]);
    draft->nested = scene->stage2_on;
    if (draft->nested)
        draw_ipa_pool(scene);
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
    uint64_t drawn = wd_random_bits(random);

    return wd_bits(drawn, 2, 0) == 0 ? drawn & ~wd_mask(WD_TTBR0_EL1_BADDR_msb, WD_TTBR0_EL1_BADDR_lsb) : 0;
}

/* Takes a stage's start table and writes its base into a register whose other fields are drawn. */
static void draw_base(struct wd_scene *scene, struct wd_stage *stage, enum wd_register reg, bool trouble)
{
    struct wd_draft *draft = &scene->draft;
    struct wd_random *random = &draft->random;
    uint64_t ttbr = draw_fields_without_base(random);
    unsigned alignment = wd_start_table_bits(stage);
    unsigned bits = alignment > PAGE_BITS ? alignment : PAGE_BITS;

    if (stage->wide_base && alignment < 6)
        alignment = 6;
    stage->base = stage->stage == 1 && draft->nested ? wd_pool_take(&draft->ipa, bits) : wd_draft_take_ram(draft, bits);
    if (alignment < PAGE_BITS && wd_random_chance(random, 40)) /* a small table need not begin a page */
        stage->base |= wd_low(wd_random_bits(random), PAGE_BITS) >> alignment << alignment;
    ttbr = wd_with_table_base(stage, ttbr, stage->base);
    if (trouble)
        ttbr = spoil_base(scene, stage, ttbr, alignment);
    *wd_draft_register(draft, reg) = ttbr;
}

void wd_scene_draw_bases(struct wd_scene *scene)
{
    struct wd_draft *draft = &scene->draft;
    bool el1 = scene->regime == WD_REGIME_EL10;
    enum wd_register lower = el1 ? WD_TTBR0_EL1 : WD_TTBR0_EL2, upper = el1 ? WD_TTBR1_EL1 : WD_TTBR1_EL2;
    bool walks_upper = scene->upper && scene->regime != WD_REGIME_EL2;

    if (scene->stage2_on && draft->stage2.walkable)
        draw_base(scene, &draft->stage2, WD_VTTBR_EL2, wd_has_trouble(scene, WD_TROUBLE_S2_BASE));
    else if (scene->stage2_on)
        *wd_draft_register(draft, WD_VTTBR_EL2) = wd_with_table_base(&draft->stage2, 0, draft->ram[0].base);
    draw_base(scene, &draft->stage1, walks_upper ? upper : lower, wd_has_trouble(scene, WD_TROUBLE_S1_BASE));
    *wd_draft_register(draft, walks_upper ? lower : upper) =
        wd_with_table_base(&draft->stage1, 0, draft->ram[0].base + (UINT64_C(1) << LARGEST_PAGE_BITS));
}

/* Whether TBI takes effect for the half of the VA. */
static bool top_byte_ignored(struct wd_scene *scene)
{
    struct wd_draft *draft = &scene->draft;
    uint64_t tcr = *wd_draft_register(draft, scene->regime == WD_REGIME_EL10 ? WD_TCR_EL1 : WD_TCR_EL2);

    if (scene->regime == WD_REGIME_EL2)
        return WD_GET(tcr, TCR_EL2, TBI);
    return scene->upper ? WD_GET(tcr, TCR_EL1, TBI1) : WD_GET(tcr, TCR_EL1, TBI0);
}

/* An address of `bits` bits: anywhere, at an end of the range, or at the beginning of a page. */
static uint64_t draw_inside(struct wd_random *random, unsigned bits)
{
    static const uint8_t places[] = {70, 6, 6, 18};
    uint64_t drawn = wd_random_bits(random), last = wd_low(UINT64_MAX, bits);

    switch (wd_random_index(random, places, sizeof(places))) {
    case 1: /* the first page */
        return wd_low(drawn, PAGE_BITS);
    case 2: /* the last page */
        return last - wd_low(drawn >> 32, drawn & 1 ? PAGE_BITS : 3);
    case 3:
        return wd_low(drawn, bits) >> PAGE_BITS << PAGE_BITS;
    default:
        return wd_low(drawn, bits);
    }
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
    bool tagged = wd_random_chance(random, 50);
    uint64_t va;

    if (!scene->stage1_on) { /* flat: what counts is the physical address size, and stage 2's input size */
        bits = draft->implementation->pa_max;
        if (scene->stage2_on && bits > draft->stage2.input_bits && !wd_random_chance(random, 10))
            bits = draft->stage2.input_bits;
        scene->upper = scene->upper && wd_random_chance(random, 20);
    }
    va = draw_inside(random, bits);
    if (scene->upper)
        va |= UINT64_MAX << bits;
    if (wd_has_trouble(scene, WD_TROUBLE_ADDRESS))
        va = spoil_address(random, va, bits, scene->upper);
    if (tagged && top_byte_ignored(scene))
        va = wd_with_bits(va, 63, 56, wd_random_bits(random));
    draft->buffer->c.va = va;
}
