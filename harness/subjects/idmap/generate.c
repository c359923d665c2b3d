/* SPDX-License-Identifier: MIT */
/* Random cases of the kind `idmap`: regions whose ends are aligned to pages or blocks, and addresses near them. */
#include <string.h>

#include "generators/random.h"
#include "harness/subjects/idmap/idmap_kind.h"
#include "harness/subjects/pgtable/entries.h"

static uint64_t aligned(struct wd_random *random, uint64_t value)
{
    return value & ~(wd_entry_size(1 + (int)wd_random_below(random, 3)) - 1);
}

static void choose_regions(struct wd_random *random, struct wd_idmap_case *c)
{
    unsigned count = wd_random_below(random, WD_IDMAP_REGIONS_MAX + 1);
    uint64_t at = 0, top = UINT64_C(1) << (c->bits < 36 ? c->bits : 36);

    for (unsigned i = 0; i < count; i++) {
        struct wd_idmap_region *region = &c->regions[c->region_count];

        region->base = at + (wd_random_chance(random, 15)
                                 ? 0
                                 : aligned(random, wd_random_bits(random) &
                                                       (wd_random_chance(random, 50) ? 0xffffffff : 0xffffff)));
        region->size =
            4096 + aligned(random, wd_random_bits(random) & (wd_random_chance(random, 60) ? 0x1ffffffff : 0x3fffff));
        if (wd_random_chance(random, 40))
            region->size = (region->size + 0x3fffffff) & ~UINT64_C(0x3fffffff);
        at = region->base + region->size;
        if (at > top) {
            *region = (struct wd_idmap_region){0};
            return;
        }
        c->region_count++;
    }
}

/* An address near the end of a region, or of an operation before. */
static uint64_t choose_address(struct wd_random *random, const struct wd_idmap_case *c)
{
    uint64_t address = wd_random_bits(random), near = 0;

    if (c->region_count && wd_random_chance(random, 70)) {
        const struct wd_idmap_region *region = &c->regions[wd_random_below(random, c->region_count)];

        near = region->base + (wd_random_chance(random, 40) ? region->size : 0);
        if (wd_random_chance(random, 40))
            near = region->base + wd_random_bits(random) % region->size;
    }
    if (c->operation_count && wd_random_chance(random, 50))
        near = c->operations[wd_random_below(random, c->operation_count)].addr;
    if (near || wd_random_chance(random, 50)) {
        static const uint64_t distances[] = {0x1000, 0x4000, 0x200000, 0x40000000};

        address = near + address % (2 * distances[wd_random_below(random, 4)]) - distances[wd_random_below(random, 4)];
    }
    return address & ((UINT64_C(1) << c->bits) - 1);
}

void wd_idmap_generate(uint64_t seed, uint64_t index, void *opaque)
{
    static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48};
    struct wd_random random = wd_random_stream(seed, index);
    struct wd_idmap_case *c = opaque;
    unsigned count;

    wd_idmap_begin(c);
    c->bits = sizes[wd_random_below(&random, sizeof(sizes))];
    if (wd_random_chance(&random, 20))
        c->pages = (uint16_t)wd_random_below(&random, 14);
    choose_regions(&random, c);
    count = 1 + wd_random_below(&random, WD_IDMAP_OPERATIONS_MAX);
    for (unsigned i = 0; i < count; i++) {
        struct wd_idmap_operation operation = {.addr = choose_address(&random, c)};

        if (wd_random_chance(&random, 30)) {
            operation.kind = WD_IDMAP_OWN;
            operation.pages = (uint8_t)(1 + wd_random_below(&random, WD_IDMAP_OWN_MAX));
            operation.addr &= ~UINT64_C(0xfff);
        }
        c->operations[c->operation_count++] = operation;
    }
}
