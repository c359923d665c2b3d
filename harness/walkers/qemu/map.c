/* SPDX-License-Identifier: MIT */
#include "harness/walkers/qemu/map.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* ---------------------------------------------------------------- the map */

/* Where cases have memory: at powers of two and below them, for each size of physical addresses; and two more. */
static const struct wd_physical_range modules[] = {
    {UINT64_C(1) << 31, 64 * MIB},     {(UINT64_C(1) << 32) - 16 * MIB, 16 * MIB},
    {UINT64_C(0x7f0000000), 16 * MIB}, {UINT64_C(1) << 35, 256 * MIB},
    {UINT64_C(0xffc000000), 64 * MIB}, /* up to 2^36 */
    {UINT64_C(1) << 36, 64 * MIB},     {UINT64_C(1) << 39, GIB},
    {(UINT64_C(1) << 40) - GIB, GIB},  {UINT64_C(1) << 40, 64 * MIB},
    {UINT64_C(1) << 41, GIB},          {(UINT64_C(1) << 42) - GIB, GIB},
    {UINT64_C(1) << 42, 64 * MIB},     {UINT64_C(1) << 43, GIB},
    {(UINT64_C(1) << 44) - GIB, GIB},  {UINT64_C(1) << 44, 64 * MIB},
    {UINT64_C(1) << 47, GIB},          {(UINT64_C(1) << 48) - GIB, GIB},
    {UINT64_C(1) << 48, 64 * MIB},     {UINT64_C(1) << 51, GIB},
    {(UINT64_C(1) << 52) - GIB, GIB},
};

enum { MODULE_COUNT = sizeof(modules) / sizeof(modules[0]) };
_Static_assert((int)MODULE_COUNT <= (int)WD_MODULES_MAX, "the map holds every module");

void wd_map_make(struct wd_physical_map *map, unsigned pa_bits)
{
    map->ranges[0] = (struct wd_physical_range){WD_MAIN_MEMORY_BASE, WD_MAIN_MEMORY_SIZE - WD_EXCHANGE_SIZE};
    map->count = 1;
    map->pa_bits = pa_bits;
    for (size_t i = 0; i < MODULE_COUNT; i++)
        if (modules[i].base + modules[i].size <= UINT64_C(1) << pa_bits)
            map->ranges[map->count++] = modules[i];
}

static bool contains(const struct wd_physical_range *range, uint64_t pa)
{
    return pa - range->base < range->size;
}

bool wd_map_has(const struct wd_physical_map *map, uint64_t pa)
{
    for (size_t i = 0; i < map->count; i++)
        if (contains(&map->ranges[i], pa))
            return true;
    return false;
}

/* ---------------------------------------------------------------- what a table walk can reach */

/* Larger than any table but concatenated ones, and what all tables are aligned to, or within. */
enum { TABLE_WINDOW = 0x10000, CONCATENATED_WINDOW = 0x100000 };

struct search {
    const struct wd_physical_map *map;
    const struct wd_case *c;
    unsigned found;
    enum wd_regime regime;
    bool wide;    /* addresses may have 52 bits */
    uint64_t ipa; /* of the stage 1 table that stage 2 leaves are tried on */
};

static bool overlap(uint64_t base, uint64_t size, uint64_t other_base, uint64_t other_size)
{
    return base < other_base ? other_base - base < size : base - other_base < other_size;
}

/* The part of a range that lies in another one, which overlaps it. */
static struct wd_physical_range common(struct wd_physical_range a, struct wd_physical_range b)
{
    uint64_t base = a.base > b.base ? a.base : b.base;
    uint64_t a_last = a.base + a.size - 1, b_last = b.base + b.size - 1;

    return (struct wd_physical_range){base, (a_last < b_last ? a_last : b_last) - base + 1};
}

static bool case_has(const struct wd_case *c, struct wd_physical_range range)
{
    for (uint32_t i = 0; i < c->ram_count; i++)
        if (range.base >= c->ram[i].base && range.base - c->ram[i].base + range.size <= c->ram[i].size)
            return true;
    return false;
}

static bool map_has(const struct wd_physical_map *map, struct wd_physical_range range)
{
    for (size_t i = 0; i < map->count; i++)
        if (contains(&map->ranges[i], range.base) &&
            range.base - map->ranges[i].base + range.size <= map->ranges[i].size)
            return true;
    return false;
}

/* A table may be anywhere in a range of addresses. */
static void look_at(struct search *search, uint64_t base, uint64_t size)
{
    const struct wd_physical_range window = {base, size};

    if (base < WD_MAIN_MEMORY_BASE || overlap(base, size, WD_EXCHANGE_BASE, WD_EXCHANGE_SIZE))
        search->found |= WD_REACH_DEVICES;
    for (size_t i = 0; i < search->map->count; i++) {
        const struct wd_physical_range *range = &search->map->ranges[i];
        if (overlap(base, size, range->base, range->size) && !case_has(search->c, common(window, *range)))
            search->found |= WD_REACH_FOREIGN;
    }
    for (uint32_t i = 0; i < search->c->ram_count; i++) {
        const struct wd_physical_range range = {search->c->ram[i].base, search->c->ram[i].size};
        if (overlap(base, size, range.base, range.size) && !map_has(search->map, common(window, range)))
            search->found |= WD_REACH_MISSING;
    }
}

/* Gives an address on; `size` bytes from there on count. */
typedef void taker(struct search *search, uint64_t address, uint64_t size);

static void take_table(struct search *search, uint64_t address, uint64_t size)
{
    look_at(search, address & ~(uint64_t)(TABLE_WINDOW - 1), size);
}

/* The addresses that a descriptor can hold, by granule and format. */
static void each_address(struct search *search, uint64_t descriptor, taker *take)
{
    uint64_t narrow = wd_bits(descriptor, 47, 12) << 12;

    take(search, narrow, TABLE_WINDOW);
    if (!search->wide)
        return;
    if (wd_bits(descriptor, 15, 12)) /* 64K granule */
        take(search, wd_bits(descriptor, 15, 12) << 48 | wd_bits(descriptor, 47, 16) << 16, TABLE_WINDOW);
    if (wd_bits(descriptor, 9, 8) || wd_bits(descriptor, 49, 48)) /* DS = 1 */
        take(search, wd_bits(descriptor, 9, 8) << 50 | wd_bits(descriptor, 49, 12) << 12, TABLE_WINDOW);
}

static void each_base(struct search *search, uint64_t ttbr, uint64_t size, taker *take)
{
    uint64_t narrow = wd_bits(ttbr, 47, 1) << 1;

    take(search, narrow, size);
    if (search->wide && wd_bits(ttbr, 5, 2))
        take(search, wd_bits(ttbr, 5, 2) << 48 | wd_bits(narrow, 47, 6) << 6, size);
}

/* The words of the case that can be descriptors of a type, in either byte order. */
static void each_descriptor(struct search *search, bool blocks_too, taker *take)
{
    for (uint32_t i = 0; i < search->c->mem_count && search->found != WD_REACH_ALL; i++) {
        uint64_t words[] = {search->c->mem[i].value, __builtin_bswap64(search->c->mem[i].value)};

        for (unsigned order = 0; order < 2; order++)
            if (wd_bits(words[order], 1, 0) == 3 || (blocks_too && wd_bit(words[order], 0)))
                each_address(search, words[order], take);
    }
}

/* Sizes of leaves, as address bits. */
static const uint8_t leaf_bits[] = {12, 14, 16, 21, 25, 29, 30, 36, 39, 42};

static void take_leaf(struct search *search, uint64_t address, uint64_t size)
{
    for (size_t i = 0; i < sizeof(leaf_bits); i++) {
        uint64_t mask = wd_mask(leaf_bits[i] - 1u, 0);
        take_table(search, (address & ~mask) | (search->ipa & mask), size);
    }
}

/* An IPA of a stage 1 table: behind each leaf of stage 2 it is somewhere else. */
static void take_ipa(struct search *search, uint64_t ipa, uint64_t size)
{
    (void)size;
    search->ipa = ipa;
    each_descriptor(search, true, take_leaf);
}

/* TGE = 1 should turn stage 1 off, and does not turn QEMU's. */
static bool walks_stage1(const struct search *search)
{
    const uint64_t *regs = search->c->regs;

    if (search->regime != WD_REGIME_EL10)
        return WD_GET(regs[WD_SCTLR_EL2], SCTLR_EL2, M);
    return WD_GET(regs[WD_SCTLR_EL1], SCTLR_EL1, M) && !WD_GET(regs[WD_HCR_EL2], HCR_EL2, DC);
}

/* The register that the walk of stage 1 begins with, if it is walked. */
static enum wd_register base_in_use(const struct search *search)
{
    static const enum wd_register bases[WD_REGIME_COUNT][2] = {
        [WD_REGIME_EL10] = {WD_TTBR0_EL1, WD_TTBR1_EL1},
        [WD_REGIME_EL20] = {WD_TTBR0_EL2, WD_TTBR1_EL2},
        [WD_REGIME_EL2] = {WD_TTBR0_EL2, WD_TTBR0_EL2},
    };

    return walks_stage1(search) ? bases[search->regime][wd_bit(search->c->va, 55)] : WD_REGISTER_COUNT;
}

/*
 * A register that is 0 is as a rule one that nobody set; it counts where it is in use.
 * @param in_use  the register that is, or WD_REGISTER_COUNT
 */
static void search_stage1(struct search *search, enum wd_register in_use, taker *take)
{
    static const enum wd_register bases[] = {WD_TTBR0_EL1, WD_TTBR1_EL1, WD_TTBR0_EL2, WD_TTBR1_EL2};

    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
        if (search->c->regs[bases[i]] || bases[i] == in_use)
            each_base(search, search->c->regs[bases[i]], TABLE_WINDOW, take);
    each_descriptor(search, false, take);
}

unsigned wd_map_reach(const struct wd_physical_map *map, const struct wd_case *c, enum wd_regime regime)
{
    uint64_t hcr = c->regs[WD_HCR_EL2];
    bool nested = WD_GET(hcr, HCR_EL2, VM) || WD_GET(hcr, HCR_EL2, DC);
    struct search search = {.map = map, .c = c, .regime = regime, .wide = map->pa_bits > 48};

    /* With stage 2 the base is an IPA. What is in other registers may be what a wrong walk takes for a PA. */
    search_stage1(&search, nested ? WD_REGISTER_COUNT : base_in_use(&search), take_table);
    if (nested && search.found != WD_REACH_ALL) {
        each_base(&search, c->regs[WD_VTTBR_EL2], CONCATENATED_WINDOW, take_table);
        search_stage1(&search, base_in_use(&search), take_ipa);
    }
    return search.found;
}

/* ---------------------------------------------------------------- what the oracle's walk meets */

struct route {
    const struct wd_physical_map *map;
    const struct wd_case *c;
    unsigned reach;
};

static void follow(void *context, const struct wd_event *event)
{
    struct route *route = context;
    uint64_t pa = event->address & ~UINT64_C(7);
    bool in_case, in_map;

    if (event->kind != WD_EVENT_FETCH)
        return;
    in_case = wd_case_ram_at(route->c, pa);
    in_map = wd_map_has(route->map, pa);
    if (pa < WD_MAIN_MEMORY_BASE || pa - WD_EXCHANGE_BASE < WD_EXCHANGE_SIZE)
        route->reach |= WD_REACH_DEVICES;
    else if (in_map && !in_case)
        route->reach |= WD_REACH_FOREIGN;
    else if (in_case && !in_map)
        route->reach |= WD_REACH_MISSING;
}

void wd_map_forecast(const struct wd_physical_map *map, const struct wd_case *c, struct wd_forecast *forecast)
{
    struct route route = {.map = map, .c = c};
    struct wd_oracle_output output;

    wd_oracle(c, NULL, follow, &route, &output);
    forecast->reach = route.reach | (output.rule == WD_RULE_UPDATE_ABORT ? WD_REACH_READ_ONLY : 0);
    forecast->result = output.result;
    forecast->regime = output.regime;
}
