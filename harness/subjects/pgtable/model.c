/* SPDX-License-Identifier: MIT */
/*
 * A small builder of our own, with the defects of pgtable_defects.def: `model:pgtable,defect=PT-01`. Without one
 * nothing is found in it. It shares the machine with every other subject, and no code with the judge but what an
 * operation is and what a protection means.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "harness/subjects/pgtable/entries.h"
#include "harness/subjects/pgtable/machine.h"
#include "harness/subjects/pgtable/pgtable_kind.h"

enum defect {
    NONE,
#define WD_PGTABLE_DEFECT(name, id, text) name,
#include "harness/subjects/pgtable/pgtable_defects.def"
    DEFECT_COUNT,
};

static const char *const ids[DEFECT_COUNT] = {
    "",
#define WD_PGTABLE_DEFECT(name, id, text) id,
#include "harness/subjects/pgtable/pgtable_defects.def"
};

struct builder {
    struct wd_pgtable_machine *machine;
    const struct wd_pgtable_case *c;
    const struct wd_pgtable_operation *operation;
    enum defect defect;
    uint64_t *root;
    uint64_t begin, end, first_physical, annotation;
    int young;
    jmp_buf out;
};

static struct builder *now; /* for what the machine calls without a context */

static void give_up(void)
{
    longjmp(now->out, 1);
}

/* ---------------------------------------------------------------- entries */

static bool has(const struct builder *b, enum wd_pgtable_feature_bit feature)
{
    return b->c->features & WD_PGTABLE_BIT(feature);
}

static uint64_t *below(const struct builder *b, uint64_t entry)
{
    return wd_pgtable_machine_virtual(b->machine, entry & WD_ENTRY_ADDRESS);
}

static uint64_t table_entry(const struct builder *b, const uint64_t *table)
{
    return wd_pgtable_machine_physical(b->machine, table) | WD_ENTRY_VALID | WD_ENTRY_TYPE;
}

static void store(struct builder *b, uint64_t *at, uint64_t value)
{
    wd_pgtable_machine_store(b->machine, at, value);
}

/* Makes an entry invalid, and what it was can be in no TLB any more. */
static void break_entry(struct builder *b, uint64_t *at, uint64_t ia, int level)
{
    uint64_t was = *at;

    if (!was || (b->defect == NO_BREAK && was & WD_ENTRY_VALID))
        return;
    store(b, at, 0);
    if (was & WD_ENTRY_VALID && b->defect != NO_TLBI) {
        if (wd_entry_is_table(was, level))
            wd_pgtable_machine_tlbi_range(b->machine, ia, wd_entry_size(level) >> WD_ENTRY_PAGE_SHIFT);
        else
            wd_pgtable_machine_tlbi(b->machine, ia, b->defect == WRONG_LEVEL ? level + 1 : level, false);
    }
    wd_pgtable_machine_put(b->machine, at);
}

static void make_entry(struct builder *b, uint64_t *at, uint64_t value)
{
    bool counted = b->defect != LOSES_REFERENCE || value & WD_ENTRY_VALID;

    if (counted && !(b->defect == NO_BREAK && *at & WD_ENTRY_VALID))
        wd_pgtable_machine_get(b->machine, at);
    store(b, at, value);
}

static void free_table(struct builder *b, uint64_t *table, int level)
{
    for (unsigned i = 0; i < WD_ENTRIES; i++) {
        if (!table[i])
            continue;
        if (wd_entry_is_table(table[i], level))
            free_table(b, below(b, table[i]), level + 1);
        wd_pgtable_machine_put(b->machine, table);
    }
    wd_pgtable_machine_put(b->machine, table);
}

static bool is_executable(uint64_t entry)
{
    return (entry & WD_ENTRY_XN) != UINT64_C(2) << 53;
}

static bool is_cacheable(const struct builder *b, uint64_t entry)
{
    return (entry & WD_ENTRY_MEMATTR) == (wd_pgtable_attributes(b->c, 0) & WD_ENTRY_MEMATTR);
}

static void clean(struct builder *b, uint64_t leaf, int level, bool data, bool instructions)
{
    if (data && b->defect != NOT_CLEAN)
        wd_pgtable_machine_clean(b->machine, leaf & WD_ENTRY_ADDRESS, wd_entry_size(level), false);
    if (instructions && b->defect != STALE_INSTRUCTIONS)
        wd_pgtable_machine_clean(b->machine, leaf & WD_ENTRY_ADDRESS, wd_entry_size(level), true);
}

/* ---------------------------------------------------------------- operations, entry by entry */

static uint64_t leaf_of(const struct builder *b, uint64_t ia, int level)
{
    uint64_t physical = b->first_physical + (ia - b->begin);

    return (physical & ~(wd_entry_size(level) - 1)) | wd_pgtable_attributes(b->c, b->operation->prot) | WD_ENTRY_VALID |
           (level == WD_ENTRY_LAST_LEVEL && b->defect != WRONG_TYPE ? WD_ENTRY_TYPE : 0);
}

static int replace(struct builder *b, uint64_t *at, uint64_t ia, int level, uint64_t value)
{
    uint64_t was = *at;

    if (was & value & WD_ENTRY_VALID && !((was ^ value) & ~(WD_ENTRY_S2AP | WD_ENTRY_XN)) &&
        b->defect != CHANGES_PERMISSIONS)
        return WD_PGTABLE_EAGAIN;
    if (was & value & WD_ENTRY_VALID && !((was ^ value) & ~WD_ENTRY_SOFTWARE) && !b->operation->shared) {
        store(b, at, value);
        return 0;
    }
    if (b->defect == FREES_REACHABLE && wd_entry_is_table(was, level))
        free_table(b, below(b, was), level + 1);
    break_entry(b, at, ia, level);
    if (value & WD_ENTRY_VALID)
        clean(b, value, level, is_cacheable(b, value), is_executable(value));
    make_entry(b, at, value);
    if (wd_entry_is_table(was, level) && b->defect != LEAKS && b->defect != FREES_REACHABLE)
        free_table(b, below(b, was), level + 1);
    return 0;
}

static bool fits(const struct builder *b, uint64_t ia, int level)
{
    uint64_t size = wd_entry_size(level), physical = b->first_physical + (ia - b->begin);
    bool is_pages = b->operation->kind == WD_PGTABLE_ANNOTATE ||
                    (has(b, WD_PGTABLE_FEATURE_FORCE_PTE) && b->defect != FORGETS_FORCE);

    return level == WD_ENTRY_LAST_LEVEL ||
           (!is_pages && level > 0 && !(ia & (size - 1)) && !(physical & (size - 1)) && b->end - ia >= size);
}

static int build(struct builder *b, uint64_t *table, uint64_t table_ia, unsigned count, int level);

static int build_entry(struct builder *b, uint64_t *at, uint64_t ia, int level)
{
    uint64_t *table;

    if (fits(b, ia < b->begin ? b->begin : ia, level) && ia >= b->begin) {
        if (b->defect == LOSES_ANNOTATIONS && b->operation->kind == WD_PGTABLE_ANNOTATE && at[1] &&
            (uintptr_t)(at + 1) % 4096)
            break_entry(b, at + 1, ia + wd_entry_size(level), level);
        return replace(b, at, ia, level,
                       b->operation->kind == WD_PGTABLE_ANNOTATE ? b->annotation : leaf_of(b, ia, level));
    }
    if (b->defect == OVERRIDES && b->operation->kind == WD_PGTABLE_MAP && wd_entry_is_leaf(*at, level)) {
        uint64_t value = leaf_of(b, ia, level);

        return (*at ^ value) & ~(WD_ENTRY_S2AP | WD_ENTRY_XN) ? replace(b, at, ia, level, value) : WD_PGTABLE_EAGAIN;
    }
    if (!wd_entry_is_table(*at, level)) {
        do
            table = wd_pgtable_machine_allocate(b->machine);
        while (!table && b->defect == NO_PROGRESS && (store(b, at, *at), true));
        if (!table)
            return WD_PGTABLE_ENOMEM;
        break_entry(b, at, ia, level);
        make_entry(b, at, table_entry(b, table));
    }
    return build(b, below(b, *at), ia, WD_ENTRIES, level + 1);
}

static int build(struct builder *b, uint64_t *table, uint64_t table_ia, unsigned count, int level)
{
    uint64_t size = wd_entry_size(level);
    int result = 0;

    for (unsigned i = 0; i < count && !result; i++)
        if (table_ia + i * size < b->end && table_ia + (i + 1) * size > b->begin)
            result = build_entry(b, &table[i], table_ia + i * size, level);
    return result;
}

static int unmap(struct builder *b, uint64_t *table, uint64_t table_ia, unsigned count, int level)
{
    uint64_t size = wd_entry_size(level);

    for (unsigned i = 0; i < count; i++) {
        uint64_t was = table[i], ia = table_ia + i * size, *child = below(b, was);

        if (!was || ia >= b->end || ia + size <= b->begin)
            continue;
        if (wd_entry_is_table(was, level)) {
            unmap(b, child, ia, WD_ENTRIES, level + 1);
            if (wd_pgtable_machine_count(b->machine, child) != 1 || b->defect == KEEPS_TABLES)
                continue;
            if (b->defect == LATE_TLBI) {
                store(b, &table[i], 0);
                wd_pgtable_machine_put(b->machine, child);
                wd_pgtable_machine_tlbi(b->machine, ia, WD_TLBI_ANY_LEVEL, false);
                wd_pgtable_machine_put(b->machine, table);
                continue;
            }
            break_entry(b, &table[i], ia, level);
            wd_pgtable_machine_put(b->machine, child);
            if (b->defect == PUTS_TWICE)
                wd_pgtable_machine_put(b->machine, child);
            continue;
        }
        if (b->defect == KEEPS_ANNOTATIONS && !(was & WD_ENTRY_VALID))
            continue;
        break_entry(b, &table[i], ia, level);
        if (table[i]) { /* NO_BREAK */
            store(b, &table[i], 0);
            wd_pgtable_machine_put(b->machine, table);
        }
        if (was & WD_ENTRY_VALID && is_cacheable(b, was))
            clean(b, was, level, !has(b, WD_PGTABLE_FEATURE_FWB), false);
    }
    return 0;
}

/* A leaf whose bits change while it stays valid. @return the entry that it becomes */
static uint64_t changed(struct builder *b, uint64_t was)
{
    const struct wd_pgtable_operation *o = b->operation;
    uint64_t asked = wd_pgtable_attributes(b->c, o->prot);

    switch (o->kind) {
    case WD_PGTABLE_WRPROTECT:
        return was & ~(WD_ENTRY_WRITE | (b->defect == PROTECT_AGES ? WD_ENTRY_AF : 0));
    case WD_PGTABLE_MKYOUNG:
        return b->defect == STAYS_OLD ? was : was | WD_ENTRY_AF;
    case WD_PGTABLE_AGE:
        b->young |= (was & WD_ENTRY_AF) != 0;
        return o->mkold && b->defect != STAYS_YOUNG ? was & ~WD_ENTRY_AF : was;
    default: {
        /* XN: bit 0 differs from bit 1 where EL1 may not, bit 1 is set where EL0 may not */
        unsigned xn = was >> 53 & 3, other = asked >> 53 & 3;
        unsigned may = (xn == 0 || xn == 3 ? 1U : 0) | (xn < 2 ? 2U : 0) | (other == 0 || other == 3 ? 1U : 0) |
                       (other < 2 ? 2U : 0);
        static const uint8_t encoded[] = {2, 3, 1, 0};

        if (b->defect == RELAX_REPLACES)
            return (was & ~(WD_ENTRY_S2AP | WD_ENTRY_XN)) | (asked & (WD_ENTRY_S2AP | WD_ENTRY_XN));
        return (was & ~WD_ENTRY_XN) | (uint64_t)encoded[may] << 53 | (asked & WD_ENTRY_S2AP);
    }
    }
}

static int change(struct builder *b, uint64_t *table, uint64_t table_ia, unsigned count, int level)
{
    uint64_t size = wd_entry_size(level);
    int found = 0;

    for (unsigned i = 0; i < count; i++) {
        uint64_t was = table[i], ia = table_ia + i * size, value;

        if (ia >= b->end || ia + size <= b->begin)
            continue;
        if (wd_entry_is_table(was, level)) {
            found |= change(b, below(b, was), ia, WD_ENTRIES, level + 1);
            continue;
        }
        if (!wd_entry_is_leaf(was, level))
            continue;
        found = 1;
        value = changed(b, was);
        if (b->operation->kind == WD_PGTABLE_RELAX && is_executable(value) && !is_executable(was))
            clean(b, was, level, false, true);
        if (value != was)
            store(b, &table[i], value);
        if (b->operation->kind == WD_PGTABLE_RELAX && b->defect != RELAX_QUIET)
            wd_pgtable_machine_tlbi(b->machine, ia, b->defect == WRONG_LEVEL ? level + 1 : level, true);
    }
    return found;
}

static int split(struct builder *b, uint64_t *table, uint64_t table_ia, unsigned count, int level)
{
    uint64_t size = wd_entry_size(level);
    int result = 0;

    for (unsigned i = 0; i < count && level < WD_ENTRY_LAST_LEVEL && !result; i++) {
        uint64_t was = table[i], ia = table_ia + i * size, *child;

        if (ia >= b->end || ia + size <= b->begin)
            continue;
        if (wd_entry_is_leaf(was, level)) {
            uint64_t type = level + 1 == WD_ENTRY_LAST_LEVEL ? WD_ENTRY_TYPE : 0;

            child = b->defect == GIVES_UP && b->operation->pages < 3 ? NULL : wd_pgtable_machine_allocate(b->machine);
            if (!child)
                return WD_PGTABLE_ENOMEM;
            if (b->defect == SPLIT_FORGETS)
                was = (was & ~WD_ENTRY_MEMATTR) | (wd_pgtable_attributes(b->c, 0) & WD_ENTRY_MEMATTR);
            for (unsigned k = 0; k < WD_ENTRIES; k++)
                make_entry(b, &child[k], (was + k * wd_entry_size(level + 1)) | type);
            break_entry(b, &table[i], ia, level);
            make_entry(b, &table[i], table_entry(b, child));
        }
        if (wd_entry_is_table(table[i], level) && b->defect != SPLITS_ONCE)
            result = split(b, below(b, table[i]), ia, WD_ENTRIES, level + 1);
    }
    return result;
}

static int perform(struct builder *b, unsigned roots, int level)
{
    static int (*const functions[])(struct builder *, uint64_t *, uint64_t, unsigned, int) = {
        [WD_PGTABLE_MAP] = build,        [WD_PGTABLE_UNMAP] = unmap,  [WD_PGTABLE_ANNOTATE] = build,
        [WD_PGTABLE_WRPROTECT] = change, [WD_PGTABLE_RELAX] = change, [WD_PGTABLE_MKYOUNG] = change,
        [WD_PGTABLE_AGE] = change,       [WD_PGTABLE_SPLIT] = split,
    };
    const struct wd_pgtable_operation *o = b->operation;
    int refusal = wd_pgtable_refusal(b->c, o), result;

    if (b->defect == ACCEPTS_CONTRADICTION && o->kind == WD_PGTABLE_MAP && refusal == WD_PGTABLE_EINVAL)
        refusal = 0;
    if (refusal)
        return o->kind == WD_PGTABLE_MKYOUNG ? 0 : refusal;
    b->begin = wd_pgtable_begin_of(o);
    b->end = wd_pgtable_end_of(o);
    b->first_physical =
        b->defect == WRONG_ADDRESS && o->phys % 4096 ? (o->phys & ~UINT64_C(0xfff)) + 4096 : o->phys & ~UINT64_C(0xfff);
    b->young = b->defect == ALWAYS_YOUNG;
    if (b->defect == END_AS_SIZE && o->kind == WD_PGTABLE_UNMAP && b->begin < b->end)
        b->end += b->begin;
    if (b->defect == MAPS_OUTSIDE && o->kind == WD_PGTABLE_MAP && b->end - b->begin > 4096)
        b->end += 4096;
    result = b->begin < b->end ? functions[o->kind](b, b->root, 0, roots * WD_ENTRIES, level) : 0;
    if (b->defect != NO_DSB)
        wd_pgtable_machine_dsb(b->machine);
    if (b->defect == WRONG_ERROR && result == WD_PGTABLE_ENOMEM)
        result = WD_PGTABLE_EINVAL;
    switch (o->kind) {
    case WD_PGTABLE_RELAX:
        return result ? 0 : WD_PGTABLE_EAGAIN;
    case WD_PGTABLE_AGE:
        return b->young;
    case WD_PGTABLE_WRPROTECT:
    case WD_PGTABLE_MKYOUNG:
        return 0;
    default:
        return result;
    }
}

/* ---------------------------------------------------------------- the subject */

static void give_back(struct builder *b, unsigned roots, int level)
{
    for (unsigned i = 0; i < roots * WD_ENTRIES; i++) {
        if (!b->root[i])
            continue;
        if (wd_entry_is_table(b->root[i], level))
            free_table(b, below(b, b->root[i]), level + 1);
        wd_pgtable_machine_put(b->machine, &b->root[i]);
    }
    wd_pgtable_machine_free_root(b->machine, b->root, (size_t)roots * 4096);
}

static void answer(void *opaque, const void *opaque_case, void *opaque_answer)
{
    struct builder *b = opaque;
    struct wd_pgtable_answer *got = opaque_answer;
    const struct wd_pgtable_case *c = opaque_case;
    int level = wd_pgtable_start_level(c->ia_bits);
    uint64_t covered = wd_entry_size(level - 1), limit = UINT64_C(1) << c->ia_bits;
    unsigned roots = limit <= covered ? 1 : (unsigned)(limit / covered);

    now = b;
    b->c = c;
    got->head = (struct wd_subject_head){.status = WD_SUBJECT_ANSWERED};
    wd_pgtable_machine_begin(b->machine, c, got, give_up);
    if (setjmp(b->out)) {
        got->head.status = WD_SUBJECT_CRASH;
        snprintf(got->head.text, sizeof(got->head.text), "an operation that comes to no end");
        return;
    }
    b->root = wd_pgtable_machine_allocate_root(b->machine, (size_t)roots * 4096);
    for (unsigned i = 0; i < c->count; i++) {
        b->operation = &c->operations[i];
        b->annotation = UINT64_C(2) << 60 | (uint64_t)b->operation->annotation << 2;
        wd_pgtable_machine_before(b->machine, i, b->annotation);
        b->annotation += b->defect == OTHER_ANNOTATION ? 4 : 0;
        if (wd_pgtable_machine_after(b->machine, perform(b, roots, level)))
            continue;
        got->head.status = WD_SUBJECT_UNSUPPORTED;
        snprintf(got->head.text, sizeof(got->head.text), "more leaves than an answer has room for");
        return;
    }
    wd_pgtable_machine_before(b->machine, c->count, 0);
    give_back(b, roots, level);
    wd_pgtable_machine_after(b->machine, 0);
}

static void *open_builder(const char *options, char *error, size_t error_size)
{
    static struct builder builder;
    static const char key[] = "defect=";
    const char *defect = strstr(options, key);

    builder = (struct builder){.defect = NONE};
    for (unsigned i = 1; defect && i < DEFECT_COUNT; i++)
        if (!strcmp(ids[i], defect + strlen(key)))
            builder.defect = i;
    if (defect && !builder.defect) {
        snprintf(error, error_size, "there is no defect '%s'", defect + strlen(key));
        return NULL;
    }
    builder.machine = wd_pgtable_machine_open();
    if (!builder.machine)
        snprintf(error, error_size, "out of memory");
    return builder.machine ? &builder : NULL;
}

static void close_builder(void *opaque)
{
    struct builder *b = opaque;

    wd_pgtable_machine_close(b->machine);
}

const struct wd_subject_api wd_pgtable_model = {
    .abi = WD_SUBJECT_ABI,
    .case_size = sizeof(struct wd_pgtable_case),
    .answer_size = sizeof(struct wd_pgtable_answer),
    .kind = "pgtable",
    .name = "model",
    .version = WALKDIFF_VERSION,
    .open = open_builder,
    .answer = answer,
    .close = close_builder,
};
