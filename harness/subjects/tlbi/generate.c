/* SPDX-License-Identifier: MIT */
/* Random cases of the kind `tlbi`: entries first, then an operand that is near one of them more often than not. */
#include <string.h>

#include "generators/random.h"
#include "harness/subjects/tlbi/tlbi_kind.h"

#define WD_BIT(n)              (UINT64_C(1) << (n))
#define WD_PUT(c, name, value) ((c)->regs[WD_TLBI_IN_##name] = (value))

static uint64_t mask(unsigned bits)
{
    return WD_BIT(bits) - 1;
}

static unsigned physical_bits(const struct wd_tlbi_case *c)
{
    static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48};

    return sizes[c->regs[WD_TLBI_IN_ID_AA64MMFR0_EL1]];
}

/* IDs are few, so that they meet; some differ in their upper half alone. */
static uint16_t choose_id(struct wd_random *random, bool wide)
{
    return (uint16_t)(1 + wd_random_below(random, 3) + (wide && wd_random_chance(random, 40) ? 0x100 : 0));
}

static void choose_machine(struct wd_random *random, struct wd_tlbi_case *c)
{
    static const uint8_t sizes[] = {50, 31, 3, 3, 3, 10}, small_sizes[] = {60, 37, 3};
    unsigned scope;

    c->instruction = (uint8_t)wd_random_below(random, 2 * WD_TLBI_INSTRUCTION_COUNT);
    c->host = (uint8_t)wd_random_below(random, 1U << WD_TLBI_HOST_COUNT);
    scope = wd_tlbi_instructions[c->instruction % WD_TLBI_INSTRUCTION_COUNT].scope;
    /* What goes through all addresses of a table takes its time where they are many. */
    WD_PUT(c, ID_AA64MMFR0_EL1,
           scope == WD_SCOPE_ALLE1 || scope == WD_SCOPE_S12 ? wd_random_index(random, small_sizes, 3)
                                                            : wd_random_index(random, sizes, 6));
    if (wd_random_chance(random, 90))
        WD_PUT(c, ID_AA64ISAR0_EL1, (uint64_t)(wd_random_chance(random, 80) ? 2 : 1) << 56);
    if (wd_random_chance(random, 85))
        WD_PUT(c, ID_AA64ISAR1_EL1, WD_BIT(56));
    if (c->host >> WD_TLBI_HOST_TTL & 1 && wd_random_chance(random, 60))
        WD_PUT(c, ID_AA64MMFR2_EL1, WD_BIT(48));
    WD_PUT(c, HCR_EL2,
           (wd_random_chance(random, 85) ? WD_BIT(34) : 0) | (wd_random_chance(random, 30) ? WD_BIT(27) : 0) |
               (wd_random_chance(random, 80) ? WD_BIT(0) : 0) | WD_BIT(31));
    WD_PUT(c, VTCR_EL2, wd_random_chance(random, 70) ? WD_BIT(19) : 0);
    WD_PUT(c, TCR_EL1, wd_random_bits(random) & (WD_BIT(36) | WD_BIT(37) | WD_BIT(38)));
    WD_PUT(c, TCR_EL2, wd_random_bits(random) & WD_BIT(36));
}

static void choose_contexts(struct wd_random *random, struct wd_tlbi_case *c)
{
    static const uint8_t granules[] = {50, 25, 25};
    bool wide_vmid = wd_random_chance(random, 30);

    c->context_count = (uint8_t)wd_random_between(random, 1, WD_TLBI_CONTEXTS_MAX);
    for (unsigned i = 0; i < c->context_count; i++) {
        struct wd_tlbi_context *context = &c->contexts[i];
        static const uint8_t codes[] = {0, 2, 1};

        context->enabled = wd_random_chance(random, 85);
        context->vttbr = (uint64_t)choose_id(random, wide_vmid) << 48 | (uint64_t)(0x80000 + i * 0x1000);
        context->vtcr = c->regs[WD_TLBI_IN_VTCR_EL2] | (uint64_t)codes[wd_random_index(random, granules, 3)] << 14;
    }
    WD_PUT(c, VTTBR_EL2,
           wd_random_chance(random, 80) ? c->contexts[wd_random_below(random, c->context_count)].vttbr
                                        : (uint64_t)choose_id(random, wide_vmid) << 48);
}

static uint8_t choose_level(struct wd_random *random, unsigned granule)
{
    static const uint8_t of_4k[] = {15, 35, 50};

    return (uint8_t)(granule == 12 ? 1 + wd_random_index(random, of_4k, 3) : wd_random_chance(random, 40) ? 2 : 3);
}

/* An offset in 2^bits bytes: the first one, the last one, or any. */
static uint64_t place_in(struct wd_random *random, unsigned bits)
{
    static const uint8_t places[] = {25, 15, 60};
    uint64_t any = wd_random_bits(random) & mask(bits);

    switch (wd_random_index(random, places, 3)) {
    case 0:
        return 0;
    case 1:
        return mask(bits);
    default:
        return any;
    }
}

/* Brings an address to the first or the last of all, or of the block of a lower level that it is in. */
static uint64_t at_an_end(struct wd_random *random, uint64_t address, unsigned granule, int level, unsigned bits)
{
    int least = granule == 12 ? 1 : 2; /* the first level that has blocks */
    unsigned size = bits;

    if (level > least && wd_random_chance(random, 90))
        size = wd_tlbi_size(granule, wd_random_between(random, least, level - 1));
    return (address & ~mask(size)) | (wd_random_chance(random, 65) ? 0 : mask(size));
}

/* An address that is near another one, or that one is taken for where a bit of it, or the place of its field, is lost.
 */
static uint64_t like(struct wd_random *random, uint64_t address, unsigned size, unsigned bits)
{
    static const uint8_t ways[] = {40, 40, 12, 8};
    uint64_t any = wd_random_bits(random);

    switch (wd_random_index(random, ways, 4)) {
    case 0:
        return address ^ (any & mask(size > 20 ? size : 20));
    case 1:
        return address ^ (any & mask(size > 30 ? size : 30));
    case 2:
        return address ^ WD_BIT(12 + any % (bits - 12));
    default:
        return any & 1 ? address << 1 : address >> 1;
    }
}

static void choose_leaf(struct wd_random *random, struct wd_tlbi_entry *entry)
{
    unsigned size = wd_tlbi_size(entry->granule, entry->level), leaf;

    do {
        entry->leaf_level = (uint8_t)(wd_random_chance(random, 70) ? 3 : wd_random_between(random, 1, 2));
        leaf = wd_tlbi_size(12, entry->leaf_level);
    } while (leaf > size);
    entry->leaf = entry->address | (place_in(random, size) & ~mask(leaf));
}

static void choose_stage2(struct wd_random *random, struct wd_tlbi_case *c, struct wd_tlbi_entry *entry)
{
    static const uint8_t granules[] = {12, 16, 14, 0};
    unsigned bits = physical_bits(c), size;
    const struct wd_tlbi_entry *other = c->entry_count ? &c->entries[wd_random_below(random, c->entry_count)] : NULL;

    entry->type = WD_TLBI_STAGE2;
    entry->of = (uint8_t)wd_random_below(random, c->context_count);
    entry->granule = granules[c->contexts[entry->of].vtcr >> 14 & 3];
    entry->level = choose_level(random, entry->granule);
    size = wd_tlbi_size(entry->granule, entry->level);
    entry->address = wd_random_bits(random) & mask(bits);
    if (wd_random_chance(random, 50))
        entry->address &= 0x7fffffff; /* they are near one another */
    if (other && other->type == WD_TLBI_STAGE2 && wd_random_chance(random, 50)) {
        entry->address = like(random, other->address, size, bits);
        if (wd_random_chance(random, 30)) { /* another piece of it */
            entry->of = other->of;
            entry->granule = other->granule;
            entry->level = other->level;
            size = wd_tlbi_size(entry->granule, entry->level);
            entry->address = other->address;
        }
    }
    if (wd_random_chance(random, 30))
        entry->address = at_an_end(random, entry->address, entry->granule, entry->level, bits);
    entry->address &= mask(bits) & ~mask(size);
    choose_leaf(random, entry);
}

static uint64_t choose_va(struct wd_random *random, const struct wd_tlbi_case *c, bool tagged_lower, bool tagged_upper)
{
    uint64_t address = wd_random_bits(random) & mask(wd_random_chance(random, 50) ? 34 : 47);
    bool upper = wd_random_chance(random, 50);
    const struct wd_tlbi_entry *other = c->entry_count ? &c->entries[wd_random_below(random, c->entry_count)] : NULL;

    if (other && other->type != WD_TLBI_STAGE2 && wd_random_chance(random, 50)) {
        upper = other->address >> 55 & 1;
        address = (other->address + (wd_random_bits(random) & mask(wd_random_chance(random, 50) ? 14 : 32))) & mask(47);
    }
    if (upper)
        address |= ~mask(wd_random_chance(random, 30) ? 34 : 47); /* near the last address, too */
    if ((upper ? tagged_upper : tagged_lower) && wd_random_chance(random, 60))
        address = (address & mask(56)) | wd_random_bits(random) << 56;
    return address;
}

static void choose_stage1(struct wd_random *random, struct wd_tlbi_case *c, struct wd_tlbi_entry *entry, bool vncr)
{
    static const uint8_t granules[] = {12, 14, 16};
    uint64_t tcr = c->regs[vncr ? WD_TLBI_IN_TCR_EL2 : WD_TLBI_IN_TCR_EL1];

    entry->type = vncr ? WD_TLBI_VNCR : WD_TLBI_STAGE1;
    entry->granule = granules[wd_random_below(random, 3)];
    entry->level = choose_level(random, entry->granule);
    entry->asid = choose_id(random, tcr >> 36 & 1);
    entry->global = wd_random_chance(random, 30);
    entry->address = choose_va(random, c, !vncr && tcr >> 37 & 1, !vncr && tcr >> 38 & 1) &
                     ~mask(wd_tlbi_size(entry->granule, entry->level));
    if (!vncr)
        entry->of = (uint8_t)wd_random_below(random, c->entry_count);
}

/* Adds an entry, if it is one. */
static void add(struct wd_tlbi_case *c, const struct wd_tlbi_entry *entry)
{
    char why[128];

    if (c->entry_count == WD_TLBI_ENTRIES_MAX)
        return;
    c->entries[c->entry_count++] = *entry;
    if (!wd_tlbi_check(c, why, sizeof(why)))
        memset(&c->entries[--c->entry_count], 0, sizeof(*entry));
}

static void choose_entries(struct wd_random *random, struct wd_tlbi_case *c)
{
    unsigned stage2 = (unsigned)wd_random_between(random, 1, 5), stage1 = wd_random_below(random, 4);
    unsigned vncr = wd_random_below(random, WD_TLBI_VNCR_MAX + 1), pieces;

    for (unsigned i = 0; i < stage2; i++) {
        struct wd_tlbi_entry entry = {0};

        choose_stage2(random, c, &entry);
        add(c, &entry);
    }
    pieces = c->entry_count;
    for (unsigned i = 0; i < stage1 + vncr; i++) {
        struct wd_tlbi_entry entry = {0};

        choose_stage1(random, c, &entry, i >= stage1);
        if (i < stage1 && pieces)
            entry.of = (uint8_t)wd_random_below(random, pieces);
        if (pieces || i >= stage1)
            add(c, &entry);
    }
}

/* ---------------------------------------------------------------- operands */

static uint64_t range_operand(struct wd_random *random, const struct wd_tlbi_entry *entry, uint64_t address)
{
    unsigned granule = wd_random_chance(random, 85) ? entry->granule : 12 + 2 * wd_random_below(random, 3);
    unsigned scale = wd_random_below(random, 4), num = wd_random_below(random, 32), ttl = 0;
    uint64_t span = WD_BIT(5 * scale + 1 + granule);

    if (wd_random_chance(random, 40)) {
        ttl = wd_random_chance(random, 80) ? entry->level : wd_random_below(random, 4);
        address &= ~mask(wd_tlbi_size(granule, ttl ? (int)ttl : 3));
    }
    if (wd_random_chance(random, 50)) /* the entry is not the first thing in the range */
        address -= (wd_random_bits(random) % (num + 1)) * span;
    if (ttl)
        address &= ~mask(wd_tlbi_size(granule, (int)ttl));
    return (uint64_t)(wd_random_chance(random, 95) ? (granule - 10) / 2 : 0) << 46 | (uint64_t)scale << 44 |
           (uint64_t)num << 39 | (uint64_t)ttl << 37 | (address >> granule & mask(37));
}

static uint64_t address_operand(struct wd_random *random, const struct wd_tlbi_entry *entry, uint64_t address,
                                bool is_ipa)
{
    unsigned size = wd_tlbi_size(entry->granule, entry->level);
    uint64_t operand;

    if (is_ipa && wd_random_chance(random, 25)) /* a piece that the host holds, or one like it */
        address = entry->leaf + (wd_random_bits(random) & mask(wd_tlbi_size(12, entry->leaf_level)));
    else if (wd_random_chance(random, 75))
        address += place_in(random, size);
    operand = address >> 12 & mask(is_ipa ? 36 : 44);
    if (is_ipa && wd_random_chance(random, 10))
        operand |= wd_random_bits(random) & (mask(4) << 36 | mask(4) << 60); /* RES0, and NS */
    if (wd_random_chance(random, 40))
        operand |= (uint64_t)((entry->granule - 10) / 2) << 46 | (uint64_t)entry->level << 44;
    else if (wd_random_chance(random, 40))
        operand |= (uint64_t)wd_random_below(random, 16) << 44;
    return operand;
}

static void choose_operand(struct wd_random *random, struct wd_tlbi_case *c)
{
    const struct wd_tlbi_description *d = &wd_tlbi_instructions[c->instruction % WD_TLBI_INSTRUCTION_COUNT];
    bool is_ipa = d->scope == WD_SCOPE_IPA;
    const struct wd_tlbi_entry *entry = NULL;
    uint64_t asid = choose_id(random, true), address;

    c->operand = wd_random_bits(random);
    for (unsigned tries = 0; tries < 8 && c->entry_count; tries++) {
        entry = &c->entries[wd_random_below(random, c->entry_count)];
        if ((entry->type == WD_TLBI_STAGE2) == is_ipa)
            break;
    }
    if (!entry || wd_random_chance(random, 3))
        return;
    if (wd_random_chance(random, 75))
        asid = entry->asid;
    address = entry->address;
    if (wd_random_chance(random, 8))
        address += WD_BIT(12 + wd_random_below(random, 30));
    c->operand = d->range ? range_operand(random, entry, address) : address_operand(random, entry, address, is_ipa);
    if (!is_ipa)
        c->operand |= asid << 48;
}

void wd_tlbi_generate(uint64_t seed, uint64_t index, void *opaque)
{
    struct wd_random random = wd_random_stream(seed, index);
    struct wd_tlbi_case *c = opaque;

    memset(c, 0, sizeof(*c));
    choose_machine(&random, c);
    choose_contexts(&random, c);
    choose_entries(&random, c);
    choose_operand(&random, c);
}
