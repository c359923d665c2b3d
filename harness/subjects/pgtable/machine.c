/* SPDX-License-Identifier: MIT */
#include "harness/subjects/pgtable/machine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness/subjects/pgtable/entries.h"

enum {
    PAGES = 2048,
    ROOT_PAGES = 16,      /* the first ones: only the first level's table lies there */
    STORES_MAX = 1 << 22, /* of one operation: more than the largest one needs */
    RECENT = 4            /* maintenance of caches that is remembered */
};

static const uint64_t pool_physical = UINT64_C(0x7f0000000000); /* no operation maps that */

/* A translation that a TLB may hold although no entry gives it any more. */
struct stale {
    uint64_t ia;
    uint16_t page; /* that a table entry led to; 0: it was a leaf */
    int8_t level;
};

struct page {
    uint32_t references; /* 0: free */
    bool is_linked;      /* an entry leads to it; `ia` and `level` are those of its first entry */
    int8_t level;
    uint64_t ia;
};

struct range {
    uint64_t begin, end;
};

struct wd_pgtable_machine {
    uint64_t *pool;
    struct page pages[PAGES];
    uint16_t free_pages[PAGES];
    unsigned free_count, in_use, root_count;

    const struct wd_pgtable_case *c;
    struct wd_pgtable_answer *answer;
    wd_pgtable_endless *endless;
    const struct wd_pgtable_operation *operation; /* NULL: destroy */
    struct wd_pgtable_step *step;
    unsigned budget, stores;
    bool is_watched, unobserved;

    struct stale *stale;
    size_t stale_count, stale_room;
    struct stale changed; /* of relax: the entry whose permissions changed */
    bool has_changed;
    struct range cleaned[RECENT], invalidated[RECENT]; /* data and instruction caches */
    unsigned cleaned_count, invalidated_count;
    struct range to_clean; /* of unmap */
    bool has_to_clean;
};

int wd_pgtable_start_level(unsigned ia_bits)
{
    unsigned levels = (ia_bits - 4 - WD_ENTRY_PAGE_SHIFT + WD_ENTRY_TABLE_SHIFT - 1) / WD_ENTRY_TABLE_SHIFT;

    return levels < 2 ? 2 : 4 - (int)levels;
}

/* ---------------------------------------------------------------- what is seen */

static void breach(struct wd_pgtable_machine *machine, enum wd_pgtable_rule rule, enum wd_pgtable_detail detail,
                   uint64_t ia, int level, uint64_t was, uint64_t is)
{
    struct wd_pgtable_step *step = machine->step;

    for (unsigned i = 0; i < step->breach_count; i++)
        if (step->breaches[i].rule == rule)
            return;
    if (step->breach_count == WD_PGTABLE_BREACHES_MAX)
        return;
    step->breaches[step->breach_count++] = (struct wd_pgtable_breach){
        .ia = ia, .was = was, .is = is, .rule = (uint8_t)rule, .detail = (uint8_t)detail, .level = (int8_t)level};
}

static bool is_kind(const struct wd_pgtable_machine *machine, enum wd_pgtable_operation_kind kind)
{
    return machine->operation && machine->operation->kind == kind;
}

static enum wd_pgtable_detail leaf_or_table(const struct stale *stale)
{
    return stale->page ? WD_PGTABLE_DETAIL_TABLE : WD_PGTABLE_DETAIL_LEAF;
}

/* ---------------------------------------------------------------- pages */

/* The page that a pointer leads into, or PAGES. */
static unsigned page_of(const struct wd_pgtable_machine *machine, const void *at)
{
    uintptr_t offset = (uintptr_t)at - (uintptr_t)machine->pool;

    return offset < (uintptr_t)PAGES << WD_ENTRY_PAGE_SHIFT ? (unsigned)(offset >> WD_ENTRY_PAGE_SHIFT) : PAGES;
}

static uint64_t *entries_of(const struct wd_pgtable_machine *machine, unsigned page)
{
    return machine->pool + (size_t)page * WD_ENTRIES;
}

/* The table page that a table entry leads to, or PAGES. */
static unsigned page_of_entry(const struct wd_pgtable_machine *machine, uint64_t entry)
{
    uint64_t offset = (entry & WD_ENTRY_ADDRESS) - pool_physical;
    unsigned page = offset < (uint64_t)PAGES << WD_ENTRY_PAGE_SHIFT ? (unsigned)(offset >> WD_ENTRY_PAGE_SHIFT) : PAGES;

    return page >= ROOT_PAGES && page < PAGES && machine->pages[page].references ? page : PAGES;
}

struct wd_pgtable_machine *wd_pgtable_machine_open(void)
{
    struct wd_pgtable_machine *machine = calloc(1, sizeof(*machine));
    size_t size = (size_t)PAGES << WD_ENTRY_PAGE_SHIFT;

    if (!machine)
        return NULL;
    machine->pool = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (machine->pool == MAP_FAILED) {
        free(machine);
        return NULL;
    }
    return machine;
}

void wd_pgtable_machine_close(struct wd_pgtable_machine *machine)
{
    munmap(machine->pool, (size_t)PAGES << WD_ENTRY_PAGE_SHIFT);
    free(machine->stale);
    free(machine);
}

static void take_page(struct wd_pgtable_machine *machine, unsigned page)
{
    machine->pages[page] = (struct page){.references = 1};
    machine->in_use++;
    memset(entries_of(machine, page), 0, (size_t)1 << WD_ENTRY_PAGE_SHIFT);
}

void *wd_pgtable_machine_allocate(struct wd_pgtable_machine *machine)
{
    unsigned page;

    if (!machine->budget || !machine->free_count) {
        machine->step->allocation_failed = 1;
        return NULL;
    }
    if (machine->budget != WD_PGTABLE_PAGES_ANY)
        machine->budget--;
    page = machine->free_pages[--machine->free_count];
    take_page(machine, page);
    return entries_of(machine, page);
}

void *wd_pgtable_machine_allocate_root(struct wd_pgtable_machine *machine, size_t size)
{
    int level = wd_pgtable_start_level(machine->c->ia_bits);
    unsigned count = (unsigned)((size + ((size_t)1 << WD_ENTRY_PAGE_SHIFT) - 1) >> WD_ENTRY_PAGE_SHIFT);
    uint64_t covers = wd_entry_size(level - 1);

    if (count > ROOT_PAGES || machine->root_count)
        return NULL;
    machine->root_count = count;
    for (unsigned i = 0; i < count; i++) {
        take_page(machine, i);
        machine->pages[i].is_linked = true;
        machine->pages[i].level = (int8_t)level;
        machine->pages[i].ia = i * covers;
    }
    return machine->pool;
}

static void free_page(struct wd_pgtable_machine *machine, unsigned page)
{
    if (machine->is_watched) {
        if (machine->pages[page].is_linked)
            breach(machine, WD_PGTABLE_RULE_FREED_REACHABLE, WD_PGTABLE_DETAIL_TABLE, machine->pages[page].ia,
                   machine->pages[page].level, 0, 0);
        for (size_t i = 0; i < machine->stale_count; i++)
            if (machine->stale[i].page == page)
                breach(machine, WD_PGTABLE_RULE_FREED_BEFORE_TLBI, WD_PGTABLE_DETAIL_TABLE, machine->stale[i].ia,
                       machine->stale[i].level, 0, 0);
    }
    machine->pages[page] = (struct page){0};
    machine->in_use--;
    if (page >= ROOT_PAGES)
        machine->free_pages[machine->free_count++] = (uint16_t)page;
}

void wd_pgtable_machine_free_root(struct wd_pgtable_machine *machine, void *root, size_t size)
{
    unsigned count = (unsigned)((size + ((size_t)1 << WD_ENTRY_PAGE_SHIFT) - 1) >> WD_ENTRY_PAGE_SHIFT);

    if (root != machine->pool || count != machine->root_count) {
        breach(machine, WD_PGTABLE_RULE_LEAKED, WD_PGTABLE_DETAIL_TABLE, 0, 0, machine->root_count, count);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        if (machine->pages[i].references != 1)
            breach(machine, WD_PGTABLE_RULE_REFERENCE_COUNT, WD_PGTABLE_DETAIL_TABLE, machine->pages[i].ia,
                   machine->pages[i].level, 1, machine->pages[i].references);
        free_page(machine, i);
    }
    machine->root_count = 0;
}

/* Whether a page is in use; if not, that is a breach. */
static bool is_used(struct wd_pgtable_machine *machine, unsigned page)
{
    if (page < PAGES && machine->pages[page].references)
        return true;
    breach(machine, WD_PGTABLE_RULE_USED_FREED, WD_PGTABLE_DETAIL_TABLE, 0, 0, 0, 0);
    return false;
}

void wd_pgtable_machine_get(struct wd_pgtable_machine *machine, void *at)
{
    unsigned page = page_of(machine, at);

    if (is_used(machine, page))
        machine->pages[page].references++;
}

void wd_pgtable_machine_put(struct wd_pgtable_machine *machine, void *at)
{
    unsigned page = page_of(machine, at);

    if (is_used(machine, page) && !--machine->pages[page].references) {
        machine->pages[page].references = 1; /* until it is free */
        free_page(machine, page);
    }
}

int wd_pgtable_machine_count(struct wd_pgtable_machine *machine, void *at)
{
    unsigned page = page_of(machine, at);

    return is_used(machine, page) ? (int)machine->pages[page].references : 0;
}

void *wd_pgtable_machine_virtual(struct wd_pgtable_machine *machine, uint64_t physical)
{
    return (void *)((uintptr_t)machine->pool + (uintptr_t)(physical - pool_physical));
}

uint64_t wd_pgtable_machine_physical(struct wd_pgtable_machine *machine, const void *memory)
{
    return pool_physical + (uint64_t)((uintptr_t)memory - (uintptr_t)machine->pool);
}

/* ---------------------------------------------------------------- TLBs */

static void add_stale(struct wd_pgtable_machine *machine, uint64_t ia, int level, unsigned page)
{
    if (machine->stale_count == machine->stale_room) {
        size_t room = machine->stale_room ? 2 * machine->stale_room : 1024;
        struct stale *grown = realloc(machine->stale, room * sizeof(*grown));

        if (!grown)
            return;
        machine->stale = grown;
        machine->stale_room = room;
    }
    machine->stale[machine->stale_count++] = (struct stale){.ia = ia, .level = (int8_t)level, .page = (uint16_t)page};
}

/* What one TLB maintenance operation covers. */
struct invalidation {
    uint64_t begin, end;
    int level; /* WD_TLBI_ANY_LEVEL */
};

static bool covers(const struct invalidation *invalidation, const struct stale *stale)
{
    return stale->ia < invalidation->end && stale->ia + wd_entry_size(stale->level) > invalidation->begin &&
           (invalidation->level == WD_TLBI_ANY_LEVEL || (!stale->page && invalidation->level == stale->level));
}

static void invalidate(struct wd_pgtable_machine *machine, const struct invalidation *invalidation, bool here)
{
    size_t kept = 0;

    machine->step->tlbis++;
    machine->unobserved = false; /* a DSB comes with it */
    if (machine->has_changed && covers(invalidation, &machine->changed))
        machine->has_changed = false;
    if (here)
        return;
    for (size_t i = 0; i < machine->stale_count; i++)
        if (!covers(invalidation, &machine->stale[i]))
            machine->stale[kept++] = machine->stale[i];
    machine->stale_count = kept;
}

void wd_pgtable_machine_tlbi(struct wd_pgtable_machine *machine, uint64_t ipa, int level, bool here)
{
    uint64_t page = ipa >> WD_ENTRY_PAGE_SHIFT << WD_ENTRY_PAGE_SHIFT;
    struct invalidation invalidation = {.begin = page,
                                        .end = page + wd_entry_size(WD_ENTRY_LAST_LEVEL),
                                        .level =
                                            level >= 1 && level <= WD_ENTRY_LAST_LEVEL ? level : WD_TLBI_ANY_LEVEL};

    invalidate(machine, &invalidation, here);
}

void wd_pgtable_machine_tlbi_range(struct wd_pgtable_machine *machine, uint64_t ipa, uint64_t pages)
{
    uint64_t begin = ipa >> WD_ENTRY_PAGE_SHIFT << WD_ENTRY_PAGE_SHIFT;
    struct invalidation invalidation = {
        .begin = begin, .end = begin + (pages << WD_ENTRY_PAGE_SHIFT), .level = WD_TLBI_ANY_LEVEL};

    invalidate(machine, &invalidation, false);
}

void wd_pgtable_machine_tlbi_all(struct wd_pgtable_machine *machine)
{
    struct invalidation invalidation = {.end = UINT64_MAX, .level = WD_TLBI_ANY_LEVEL};

    invalidate(machine, &invalidation, false);
}

void wd_pgtable_machine_dsb(struct wd_pgtable_machine *machine)
{
    machine->unobserved = false;
}

/* ---------------------------------------------------------------- caches */

void wd_pgtable_machine_clean(struct wd_pgtable_machine *machine, uint64_t physical, uint64_t size, bool instruction)
{
    struct range *ranges = instruction ? machine->invalidated : machine->cleaned;
    unsigned *count = instruction ? &machine->invalidated_count : &machine->cleaned_count;

    ranges[(*count)++ % RECENT] = (struct range){.begin = physical, .end = physical + size};
    if (!instruction && machine->has_to_clean && machine->to_clean.begin >= physical &&
        machine->to_clean.end <= physical + size)
        machine->has_to_clean = false;
}

static bool is_among(const struct range *ranges, unsigned count, uint64_t begin, uint64_t size)
{
    for (unsigned i = 0; i < (count < RECENT ? count : RECENT); i++)
        if (ranges[i].begin <= begin && begin + size <= ranges[i].end)
            return true;
    return false;
}

static bool is_executable(uint64_t entry)
{
    return (entry & WD_ENTRY_XN) != UINT64_C(2) << 53;
}

/* Whether the memory of a leaf is cacheable if that is up to stage 2. */
static bool is_cacheable(const struct wd_pgtable_machine *machine, uint64_t entry)
{
    bool fwb = machine->c->features & WD_PGTABLE_BIT(WD_PGTABLE_FEATURE_FWB);
    bool as_s1 = machine->c->features & WD_PGTABLE_BIT(WD_PGTABLE_FEATURE_AS_S1);

    return (entry & WD_ENTRY_MEMATTR) >> 2 == (!fwb ? 15U : as_s1 ? 7U : 6U);
}

static void look_at_caches(struct wd_pgtable_machine *machine, uint64_t ia, int level, uint64_t was, uint64_t is)
{
    uint64_t physical = is & WD_ENTRY_ADDRESS, size = wd_entry_size(level);
    bool was_leaf = wd_entry_is_leaf(was, level);

    if (is_kind(machine, WD_PGTABLE_MAP) && !was_leaf && is_cacheable(machine, is) &&
        !is_among(machine->cleaned, machine->cleaned_count, physical, size))
        breach(machine, WD_PGTABLE_RULE_NOT_CLEANED, WD_PGTABLE_DETAIL_LEAF, ia, level, was, is);
    if ((is_kind(machine, WD_PGTABLE_MAP) && !was_leaf && is_executable(is)) ||
        (is_kind(machine, WD_PGTABLE_RELAX) && was_leaf && is_executable(is) && !is_executable(was))) {
        if (!is_among(machine->invalidated, machine->invalidated_count, physical, size))
            breach(machine, WD_PGTABLE_RULE_NOT_INVALIDATED_ICACHE, WD_PGTABLE_DETAIL_LEAF, ia, level, was, is);
    }
}

/* ---------------------------------------------------------------- stores */

/* A table becomes reachable. */
static void link_page(struct wd_pgtable_machine *machine, unsigned page, uint64_t ia, int level)
{
    const uint64_t *entries = entries_of(machine, page);

    machine->pages[page].is_linked = true;
    machine->pages[page].ia = ia;
    machine->pages[page].level = (int8_t)level;
    for (unsigned i = 0; level < WD_ENTRY_LAST_LEVEL && i < WD_ENTRIES; i++) {
        unsigned below = wd_entry_is_table(entries[i], level) ? page_of_entry(machine, entries[i]) : PAGES;

        if (below < PAGES && !machine->pages[below].is_linked)
            link_page(machine, below, ia + i * wd_entry_size(level), level + 1);
    }
}

/* A table is no longer reachable: what it gave, TLBs may hold. */
static void unlink_page(struct wd_pgtable_machine *machine, unsigned page)
{
    const uint64_t *entries = entries_of(machine, page);
    struct page *table = &machine->pages[page];

    table->is_linked = false;
    for (unsigned i = 0; i < WD_ENTRIES; i++) {
        uint64_t ia = table->ia + i * wd_entry_size(table->level);

        if (wd_entry_is_leaf(entries[i], table->level)) {
            add_stale(machine, ia, table->level, 0);
        } else if (wd_entry_is_table(entries[i], table->level)) {
            unsigned below = page_of_entry(machine, entries[i]);

            add_stale(machine, ia, table->level, below < PAGES ? below : 0);
            if (below < PAGES && machine->pages[below].is_linked)
                unlink_page(machine, below);
        }
    }
}

static void take_away(struct wd_pgtable_machine *machine, uint64_t ia, int level, uint64_t was)
{
    bool fwb = machine->c->features & WD_PGTABLE_BIT(WD_PGTABLE_FEATURE_FWB);

    if (wd_entry_is_table(was, level)) {
        unsigned page = page_of_entry(machine, was);

        add_stale(machine, ia, level, page < PAGES ? page : 0);
        if (page < PAGES && machine->pages[page].is_linked)
            unlink_page(machine, page);
        return;
    }
    add_stale(machine, ia, level, 0);
    if (is_kind(machine, WD_PGTABLE_UNMAP) && !fwb && is_cacheable(machine, was)) {
        if (machine->has_to_clean)
            breach(machine, WD_PGTABLE_RULE_NOT_CLEANED, WD_PGTABLE_DETAIL_LEAF, ia, level, was, 0);
        machine->to_clean.begin = was & WD_ENTRY_ADDRESS;
        machine->to_clean.end = machine->to_clean.begin + wd_entry_size(level);
        machine->has_to_clean = true;
    }
}

static void make(struct wd_pgtable_machine *machine, uint64_t ia, int level, uint64_t was, uint64_t is)
{
    uint64_t end = ia + wd_entry_size(level);

    for (size_t i = 0; i < machine->stale_count; i++) {
        const struct stale *stale = &machine->stale[i];

        if (stale->ia >= end || stale->ia + wd_entry_size(stale->level) <= ia)
            continue;
        breach(machine, WD_PGTABLE_RULE_MAKE_BEFORE_TLBI, leaf_or_table(stale), ia, level, was, is);
        break;
    }
    if (wd_entry_is_table(is, level)) {
        unsigned page = page_of_entry(machine, is);

        if (page < PAGES && !machine->pages[page].is_linked)
            link_page(machine, page, ia, level + 1);
    }
}

/* A store into a table that is reachable. */
static void watch(struct wd_pgtable_machine *machine, uint64_t ia, int level, uint64_t was, uint64_t is)
{
    bool was_valid = was & WD_ENTRY_VALID, is_valid = is & WD_ENTRY_VALID;
    bool live = was_valid && is_valid && !((was ^ is) & ~WD_ENTRY_LIVE);

    if (was == is)
        return;
    if (wd_entry_is_leaf(is, level))
        look_at_caches(machine, ia, level, was, is);
    if (is_valid)
        machine->unobserved = true;
    if (live) {
        if (is_kind(machine, WD_PGTABLE_RELAX) && (was ^ is) & (WD_ENTRY_S2AP | WD_ENTRY_XN)) {
            machine->changed = (struct stale){.ia = ia, .level = (int8_t)level};
            machine->has_changed = true;
        }
        return;
    }
    if (was_valid && is_valid)
        breach(machine, WD_PGTABLE_RULE_BREAK_BEFORE_MAKE,
               wd_entry_is_table(was, level) || wd_entry_is_table(is, level) ? WD_PGTABLE_DETAIL_TABLE
                                                                             : WD_PGTABLE_DETAIL_LEAF,
               ia, level, was, is);
    if (is_valid)
        make(machine, ia, level, was, is);
    if (was_valid)
        take_away(machine, ia, level, was);
}

void wd_pgtable_machine_store(struct wd_pgtable_machine *machine, uint64_t *at, uint64_t value)
{
    unsigned page = page_of(machine, at);
    uint64_t was;

    if (++machine->stores > STORES_MAX)
        machine->endless();
    if (!is_used(machine, page))
        return;
    was = *at;
    *at = value;
    if (machine->is_watched && machine->pages[page].is_linked) {
        unsigned i = (unsigned)((size_t)(at - machine->pool) % WD_ENTRIES);
        int level = machine->pages[page].level;

        watch(machine, machine->pages[page].ia + i * wd_entry_size(level), level, was, value);
    }
}

/* ---------------------------------------------------------------- reading the tables */

struct reading {
    struct wd_pgtable_machine *machine;
    uint64_t begin, end; /* of the operation */
    bool fits;
};

static void add_leaf(struct reading *reading, uint64_t ia, int level, uint64_t entry)
{
    struct wd_pgtable_answer *answer = reading->machine->answer;
    struct wd_pgtable_step *step = reading->machine->step;
    struct wd_pgtable_run *last = step->run_count ? &answer->runs[answer->run_count - 1] : NULL;
    uint64_t size = wd_entry_size(level);

    if (last && last->level == level && last->ia + last->count * size == ia &&
        entry == last->entry + (entry & WD_ENTRY_VALID ? last->count * size : 0)) {
        last->count++;
        return;
    }
    if (answer->run_count == WD_PGTABLE_RUNS_MAX) {
        reading->fits = false;
        return;
    }
    answer->runs[answer->run_count++] =
        (struct wd_pgtable_run){.ia = ia, .entry = entry, .count = 1, .level = (int8_t)level};
    step->run_count++;
}

static void read_table(struct reading *reading, unsigned page, uint64_t table_ia, int level)
{
    struct wd_pgtable_machine *machine = reading->machine;
    const uint64_t *entries = entries_of(machine, page);
    uint64_t size = wd_entry_size(level);
    uint32_t used = 0;

    machine->step->tables++;
    for (unsigned i = 0; i < WD_ENTRIES; i++) {
        uint64_t entry = entries[i], ia = table_ia + i * size;

        if (!entry)
            continue;
        used++;
        if (wd_entry_is_table(entry, level)) {
            unsigned below = page_of_entry(machine, entry);

            if (below < PAGES)
                read_table(reading, below, ia, level + 1);
            else
                breach(machine, WD_PGTABLE_RULE_MALFORMED, WD_PGTABLE_DETAIL_TABLE, ia, level, 0, entry);
        } else {
            if (entry & WD_ENTRY_VALID && !wd_entry_is_leaf(entry, level))
                breach(machine, WD_PGTABLE_RULE_MALFORMED, WD_PGTABLE_DETAIL_LEAF, ia, level, 0, entry);
            add_leaf(reading, ia, level, entry);
        }
    }
    if (machine->pages[page].references != used + 1)
        breach(machine, WD_PGTABLE_RULE_REFERENCE_COUNT, WD_PGTABLE_DETAIL_TABLE, table_ia, level, used + 1,
               machine->pages[page].references);
    if (!used && page >= ROOT_PAGES && table_ia < reading->end && table_ia + WD_ENTRIES * size > reading->begin)
        machine->step->empty_tables++;
}

/* ---------------------------------------------------------------- operations */

void wd_pgtable_machine_begin(struct wd_pgtable_machine *machine, const struct wd_pgtable_case *c,
                              struct wd_pgtable_answer *answer, wd_pgtable_endless *endless)
{
    for (unsigned i = 0; i < ROOT_PAGES; i++)
        machine->pages[i] = (struct page){0};
    if (!machine->free_count || machine->in_use || machine->free_count != PAGES - ROOT_PAGES) {
        memset(machine->pages, 0, sizeof(machine->pages));
        machine->free_count = 0;
        for (unsigned i = PAGES; i-- > ROOT_PAGES;)
            machine->free_pages[machine->free_count++] = (uint16_t)i;
    }
    machine->in_use = machine->root_count = 0;
    machine->c = c;
    machine->answer = answer;
    machine->endless = endless;
    machine->stale_count = 0;
    machine->is_watched = false;
    machine->operation = NULL;
    machine->budget = WD_PGTABLE_PAGES_ANY;
    answer->run_count = answer->steps_done = answer->is_expectation = 0;
    machine->step = &answer->steps[0]; /* of what is done to make empty tables */
    *machine->step = (struct wd_pgtable_step){0};
}

void wd_pgtable_machine_before(struct wd_pgtable_machine *machine, unsigned i, uint64_t annotation)
{
    const struct wd_pgtable_case *c = machine->c;

    machine->operation = i < c->count ? &c->operations[i] : NULL;
    machine->step = &machine->answer->steps[i];
    *machine->step = (struct wd_pgtable_step){.run_begin = machine->answer->run_count, .annotation = annotation};
    machine->budget = machine->operation ? machine->operation->pages : WD_PGTABLE_PAGES_ANY;
    machine->stores = 0;
    machine->is_watched = machine->operation;
    machine->unobserved = machine->has_changed = machine->has_to_clean = false;
    machine->cleaned_count = machine->invalidated_count = 0;
    machine->stale_count = 0;
}

static void look_at_end(struct wd_pgtable_machine *machine)
{
    const struct stale *changed = &machine->changed;

    if (machine->stale_count)
        breach(machine, WD_PGTABLE_RULE_LEFT_STALE, leaf_or_table(machine->stale), machine->stale->ia,
               machine->stale->level, 0, 0);
    if (machine->has_changed)
        breach(machine, WD_PGTABLE_RULE_RELAX_TLBI, WD_PGTABLE_DETAIL_LEAF, changed->ia, changed->level, 0, 0);
    if (machine->unobserved && (is_kind(machine, WD_PGTABLE_MAP) || is_kind(machine, WD_PGTABLE_MKYOUNG) ||
                                is_kind(machine, WD_PGTABLE_SPLIT)))
        breach(machine, WD_PGTABLE_RULE_NOT_OBSERVED, WD_PGTABLE_DETAIL_NONE, 0, 0, 0, 0);
    if (machine->has_to_clean)
        breach(machine, WD_PGTABLE_RULE_NOT_CLEANED, WD_PGTABLE_DETAIL_LEAF, 0, 0, 0, 0);
}

bool wd_pgtable_machine_after(struct wd_pgtable_machine *machine, int result)
{
    const struct wd_pgtable_operation *operation = machine->operation;
    struct reading reading = {.machine = machine, .fits = true};
    int level = wd_pgtable_start_level(machine->c->ia_bits);
    uint64_t mask = wd_entry_size(WD_ENTRY_LAST_LEVEL) - 1;

    machine->step->result = result;
    if (operation) {
        look_at_end(machine);
        reading.begin = operation->addr & ~mask;
        reading.end = reading.begin + ((operation->size + mask) & ~mask);
        for (unsigned i = 0; i < machine->root_count; i++)
            read_table(&reading, i, i * wd_entry_size(level - 1), level);
    }
    if (machine->in_use != machine->step->tables)
        breach(machine, WD_PGTABLE_RULE_LEAKED, WD_PGTABLE_DETAIL_TABLE, 0, 0, machine->step->tables, machine->in_use);
    machine->answer->steps_done++;
    return reading.fits;
}
