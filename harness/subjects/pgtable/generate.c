/* SPDX-License-Identifier: MIT */
/*
 * Random sequences of operations. They meet: there are a few places of address and of memory, near the borders of
 * blocks, and each operation takes one of them, or what an earlier one took.
 */
#include <string.h>

#include "generators/random.h"
#include "harness/subjects/pgtable/entries.h"
#include "harness/subjects/pgtable/pgtable_kind.h"

enum { PLACES = 3 };

struct places {
    uint64_t addr[PLACES], phys[PLACES];
};

static void choose_machine(struct wd_random *random, struct wd_pgtable_case *c)
{
    static const uint8_t percent[WD_PGTABLE_FEATURE_COUNT] = {50, 50, 25, 10, 12};

    c->ia_bits = (uint8_t)(wd_random_chance(random, 40) ? 40 : wd_random_between(random, 32, 48));
    for (unsigned i = 0; i < WD_PGTABLE_FEATURE_COUNT; i++)
        if (wd_random_chance(random, percent[i]))
            c->features |= (uint8_t)WD_PGTABLE_BIT(i);
}

static void choose_places(struct wd_random *random, const struct wd_pgtable_case *c, struct places *places)
{
    uint64_t limit = UINT64_C(1) << c->ia_bits;

    for (unsigned i = 0; i < PLACES; i++) {
        int level = (int)wd_random_between(random, 1, 3);
        uint64_t size = wd_entry_size(level);

        places->addr[i] = wd_random_chance(random, 10) ? limit - 2 * wd_entry_size(1)
                                                       : (wd_random_bits(random) & (limit - 1)) & ~(size - 1);
        if (i && wd_random_chance(random, 60)) /* the neighbour of another place */
            places->addr[i] = (places->addr[0] + wd_random_below(random, 3) * wd_entry_size(2)) & (limit - 1);
        places->phys[i] = (wd_random_bits(random) & UINT64_C(0x3fffffffffff)) & ~(wd_entry_size(1) - 1);
        if (wd_random_chance(random, 40))
            places->phys[i] += (uint64_t)wd_random_below(random, 512) << 21;
        if (wd_random_chance(random, 30))
            places->phys[i] += (uint64_t)wd_random_below(random, 512) << 12;
    }
}

static uint64_t choose_size(struct wd_random *random)
{
    static const uint8_t weights[] = {30, 20, 8, 22, 10, 5, 5};
    uint64_t page = wd_entry_size(3), block = wd_entry_size(2), large = wd_entry_size(1);

    switch (wd_random_index(random, weights, 7)) {
    case 0:
        return page;
    case 1:
        return page * wd_random_between(random, 2, 8);
    case 2:
        return page * wd_random_between(random, 500, 520);
    case 3:
        return block;
    case 4:
        return block * wd_random_between(random, 1, 3) + page * wd_random_below(random, 3);
    case 5:
        return large;
    default:
        return large + block * wd_random_below(random, 3) + page * wd_random_below(random, 3);
    }
}

static unsigned choose_prot(struct wd_random *random, const struct wd_pgtable_case *c, bool relax)
{
    unsigned prot = 0;

    if (wd_random_chance(random, 85))
        prot |= WD_PGTABLE_BIT(WD_PGTABLE_PROT_R);
    if (wd_random_chance(random, 50))
        prot |= WD_PGTABLE_BIT(WD_PGTABLE_PROT_W);
    if (!relax && wd_random_chance(random, 25))
        prot |= WD_PGTABLE_BIT(wd_random_chance(random, 50) ? WD_PGTABLE_PROT_DEVICE : WD_PGTABLE_PROT_NC);
    if (!relax && wd_random_chance(random, 2))
        prot |= WD_PGTABLE_BIT(WD_PGTABLE_PROT_DEVICE) | WD_PGTABLE_BIT(WD_PGTABLE_PROT_NC);
    if (c->features & WD_PGTABLE_BIT(WD_PGTABLE_FEATURE_XNX))
        prot |= wd_random_below(random, 4) << WD_PGTABLE_PROT_PX;
    else if (wd_random_chance(random, 40))
        prot |= 3U << WD_PGTABLE_PROT_PX;
    if (prot >> WD_PGTABLE_PROT_DEVICE & 3 && !wd_random_chance(random, 5))
        prot &= ~(3U << WD_PGTABLE_PROT_PX);
    if (wd_random_chance(random, relax ? 3 : 20))
        prot |= wd_random_below(random, 16) << WD_PGTABLE_PROT_SW0;
    return prot;
}

static void choose_range(struct wd_random *random, const struct wd_pgtable_case *c, const struct places *places,
                         struct wd_pgtable_operation *o)
{
    unsigned place = wd_random_below(random, PLACES);
    uint64_t limit = UINT64_C(1) << c->ia_bits;

    o->addr = places->addr[place];
    o->phys = places->phys[wd_random_chance(random, 80) ? place : wd_random_below(random, PLACES)];
    o->size = choose_size(random);
    if (wd_random_chance(random, 40)) { /* within the place; the memory with it, or not */
        uint64_t offset = wd_random_chance(random, 50) ? (uint64_t)wd_random_below(random, 512) << 12
                                                       : (uint64_t)wd_random_below(random, 4) << 21;

        o->addr += offset;
        if (wd_random_chance(random, 80))
            o->phys += offset;
    }
    if (wd_random_chance(random, 6)) { /* no whole pages */
        o->addr += wd_random_below(random, 4096);
        o->size += wd_random_below(random, 4096);
    }
    if (wd_random_chance(random, 6))
        o->phys += wd_random_below(random, 4096);
    if (wd_random_chance(random, 1))
        o->size = 0;
    if (o->addr >= limit)
        o->addr &= limit - 1;
    if (o->addr + o->size > limit && (o->kind == WD_PGTABLE_AGE || !wd_random_chance(random, 10)))
        o->addr = (limit - o->size) & ~UINT64_C(0xfff);
    if (o->kind == WD_PGTABLE_AGE && wd_pgtable_end_of(o) > limit)
        o->size = 4096;
}

static void choose_operation(struct wd_random *random, const struct wd_pgtable_case *c, const struct places *places,
                             unsigned i, struct wd_pgtable_operation *o)
{
    static const uint8_t weights[WD_PGTABLE_DESTROY] = {34, 14, 8, 8, 10, 6, 8, 12};

    o->kind = (uint8_t)(i ? wd_random_index(random, weights, WD_PGTABLE_DESTROY) : WD_PGTABLE_MAP);
    o->pages = WD_PGTABLE_PAGES_ANY;
    choose_range(random, c, places, o);
    switch (o->kind) {
    case WD_PGTABLE_MAP:
    case WD_PGTABLE_RELAX:
        o->prot = (uint16_t)choose_prot(random, c, o->kind == WD_PGTABLE_RELAX);
        o->shared = wd_random_chance(random, 30);
        break;
    case WD_PGTABLE_MKYOUNG:
        o->shared = wd_random_chance(random, 50);
        break;
    case WD_PGTABLE_AGE:
        o->mkold = wd_random_chance(random, 70);
        break;
    case WD_PGTABLE_ANNOTATE:
        o->annotation = (uint8_t)(wd_random_chance(random, 70) ? 0 : wd_random_below(random, 64));
        if (o->size > 64 * wd_entry_size(3)) /* each page has an entry of its own */
            o->size = wd_entry_size(3) * wd_random_between(random, 1, 64);
        break;
    case WD_PGTABLE_SPLIT:
        if (wd_random_chance(random, 97) && o->size >= wd_entry_size(1)) /* a whole block of level 1 is 513 tables */
            o->size = wd_entry_size(2);
        o->pages = (uint16_t)wd_random_below(random, 8);
        if (wd_random_chance(random, 1))
            o->pages = 1100;
        break;
    default:
        break;
    }
    if (o->kind == WD_PGTABLE_MAP && o->size > 4 * wd_entry_size(2) &&
        ((o->addr ^ o->phys) & (wd_entry_size(2) - 1) & ~UINT64_C(0xfff)))
        o->size = wd_entry_size(2) + wd_entry_size(3); /* or a whole block of level 1 in pages */
    if (o->kind != WD_PGTABLE_MAP)
        o->phys = 0;
    if (o->kind == WD_PGTABLE_RELAX || o->kind == WD_PGTABLE_MKYOUNG)
        o->size = 0;
    if ((o->kind == WD_PGTABLE_MAP || o->kind == WD_PGTABLE_ANNOTATE) && wd_random_chance(random, 20))
        o->pages = (uint16_t)wd_random_below(random, 6);
    if (o->kind == WD_PGTABLE_MAP && c->features & WD_PGTABLE_BIT(WD_PGTABLE_FEATURE_FORCE_PTE) &&
        o->size > 4 * wd_entry_size(2))
        o->size = wd_entry_size(2); /* or a whole block of level 1 in pages */
}

void wd_pgtable_generate(uint64_t seed, uint64_t index, void *opaque)
{
    struct wd_pgtable_case *c = opaque;
    struct wd_random random = wd_random_stream(seed, index);
    struct places places;

    memset(c, 0, sizeof(*c));
    choose_machine(&random, c);
    choose_places(&random, c, &places);
    c->count = (uint8_t)wd_random_between(&random, 2, WD_PGTABLE_OPERATIONS_MAX);
    for (unsigned i = 0; i < c->count; i++)
        choose_operation(&random, c, &places, i, &c->operations[i]);
}
