/* SPDX-License-Identifier: MIT */
/* Each operation is judged by the leaves before and after it: there is no state beside the answer. */
#include <string.h>

#include "harness/subjects/idmap/idmap_kind.h"
#include "harness/subjects/pgtable/entries.h"

static const char *const place_values[] = {"memory", "hole"};
static const char *const level_values[] = {"0", "1", "2", "3"};
static const char *const errno_values[] = {"0", "EPERM", "EAGAIN", "ENOMEM", "EEXIST", "another"};
const char *const wd_idmap_operation_names[] = {
#define WD_IDMAP_OPERATION(name, member, text) member,
#include "walkdiff/idmap.def"
};

#define WD_VALUES(values) values, sizeof(values) / sizeof((values)[0])

const struct wd_subject_facet wd_idmap_facets[] = {
    {"operation", WD_VALUES(wd_idmap_operation_names)},
    {"place", WD_VALUES(place_values)},
    {"largest", WD_VALUES(level_values)},
    {"error", WD_VALUES(errno_values)},
};

/* ---------------------------------------------------------------- leaves */

struct wd_idmap_view wd_idmap_after(const struct wd_idmap_answer *answer, int step)
{
    unsigned begin = step > 0 ? answer->ends[step - 1] : 0;

    if (step < 0)
        return (struct wd_idmap_view){.leaves = answer->leaves};
    return (struct wd_idmap_view){.leaves = &answer->leaves[begin], .count = answer->ends[step] - begin};
}

const struct wd_idmap_leaf *wd_idmap_at(const struct wd_idmap_view *view, uint64_t address)
{
    for (unsigned i = 0; i < view->count; i++)
        if (address - view->leaves[i].address < wd_entry_size(view->leaves[i].level))
            return &view->leaves[i];
    return NULL;
}

bool wd_idmap_range(const struct wd_idmap_case *c, uint64_t address, uint64_t *begin, uint64_t *last)
{
    *begin = 0;
    *last = UINT64_MAX;
    for (unsigned i = 0; i < c->region_count; i++) {
        const struct wd_idmap_region *region = &c->regions[i];

        if (address < region->base) {
            *last = region->base - 1;
            return false;
        }
        *begin = region->base + region->size;
        if (address < *begin) {
            *last = *begin - 1;
            *begin = region->base;
            return true;
        }
    }
    return false;
}

static bool is_free(const struct wd_idmap_view *view, uint64_t begin, uint64_t size)
{
    for (unsigned i = 0; i < view->count; i++)
        if (view->leaves[i].address < begin + size &&
            view->leaves[i].address + wd_entry_size(view->leaves[i].level) > begin)
            return false;
    return true;
}

int wd_idmap_level(const struct wd_idmap_case *c, const struct wd_idmap_view *view, uint64_t address)
{
    uint64_t begin, last;
    int level = c->bits == 32 ? 2 : 1; /* tables for 32 bits begin at level 2 */

    wd_idmap_range(c, address, &begin, &last);
    for (; level < WD_ENTRY_LAST_LEVEL; level++) {
        uint64_t size = wd_entry_size(level), base = address & ~(size - 1);

        if (base >= begin && base + (size - 1) <= last && is_free(view, base, size))
            break;
    }
    return level;
}

bool wd_idmap_may_own(const struct wd_idmap_case *c, const struct wd_idmap_operation *operation)
{
    uint64_t begin, last;

    return wd_idmap_range(c, operation->addr, &begin, &last) &&
           operation->addr + ((uint64_t)operation->pages << WD_ENTRY_PAGE_SHIFT) - 1 <= last;
}

/* ---------------------------------------------------------------- one operation */

static bool is_valid(const struct wd_idmap_leaf *leaf)
{
    return leaf && leaf->entry & WD_ENTRY_VALID;
}

static bool is_same(const struct wd_idmap_leaf *a, const struct wd_idmap_leaf *b)
{
    return a->address == b->address && a->entry == b->entry && a->level == b->level;
}

/* The first leaf of `from` that is not in `in`, but for those that touch a range. */
static const struct wd_idmap_leaf *lacks(const struct wd_idmap_view *from, const struct wd_idmap_view *in,
                                         uint64_t begin, uint64_t size)
{
    for (unsigned i = 0; i < from->count; i++) {
        const struct wd_idmap_leaf *leaf = &from->leaves[i], *other;

        if (leaf->address < begin + size && leaf->address + wd_entry_size(leaf->level) > begin)
            continue;
        other = wd_idmap_at(in, leaf->address);
        if (!other || !is_same(leaf, other))
            return leaf;
    }
    return NULL;
}

enum { GOOD = WD_IDMAP_RULE_COUNT };

struct moment {
    const struct wd_idmap_case *c;
    const struct wd_idmap_operation *operation;
    struct wd_idmap_view before, after;
    int result;
    bool scarce;  /* pages for tables */
    bool starved; /* an operation before had none, and may have left a table that is empty */
};

/* Whether nothing has changed but what is dropped for want of pages. */
static unsigned unchanged(const struct moment *m, unsigned rule)
{
    if (lacks(&m->after, &m->before, 0, 0))
        return rule;
    return m->before.count == m->after.count ? GOOD : rule;
}

/* What is left of what was, outside a range. Mappings of holes may go where pages are scarce. */
static unsigned judge_rest(const struct moment *m, uint64_t begin, uint64_t size)
{
    uint64_t from, last;

    for (unsigned i = 0; i < m->before.count; i++) {
        const struct wd_idmap_leaf *leaf = &m->before.leaves[i], *now = wd_idmap_at(&m->after, leaf->address);
        uint64_t end = leaf->address + wd_entry_size(leaf->level);
        bool touches = leaf->address < begin + size && end > begin;

        if (now && is_same(leaf, now))
            continue;
        if (!is_valid(leaf)) {
            if (!touches || m->operation->kind == WD_IDMAP_FAULT)
                return WD_IDMAP_RULE_PINNED_KEPT;
        } else if (!touches && !(m->scarce && !now && !wd_idmap_range(m->c, leaf->address, &from, &last))) {
            return WD_IDMAP_RULE_MEMORY_KEPT;
        }
    }
    return lacks(&m->after, &m->before, begin, size) ? WD_IDMAP_RULE_NOTHING_ELSE : GOOD;
}

/*
 * The memory type is left to stage 1 by MemAttr = 0b1111, Normal Write-Back, since the weaker of both counts; where
 * HCR_EL2.FWB is 1, by 0b0111. A tree has the former where its host runs without FWB.
 */
static bool leaves_type_to_stage1(const struct wd_idmap_leaf *leaf)
{
    uint64_t type = leaf->entry & WD_ENTRY_MEMATTR;

    return type == WD_ENTRY_MEMATTR || type == WD_ENTRY_MEMATTR_STAGE1;
}

static bool has_attributes(const struct wd_idmap_leaf *leaf, bool memory)
{
    uint64_t permissions = WD_ENTRY_READ | WD_ENTRY_WRITE;

    return (leaf->entry & WD_ENTRY_S2AP) == permissions && (leaf->entry & WD_ENTRY_AF) && leaves_type_to_stage1(leaf) &&
           (leaf->entry & WD_ENTRY_XN) == (memory ? 0 : UINT64_C(1) << 54);
}

/* Pages are wanting where those of the mappings of holes were recycled, and were not enough. */
static bool recycled(const struct moment *m)
{
    uint64_t begin, last;

    for (unsigned i = 0; i < m->after.count; i++)
        if (is_valid(&m->after.leaves[i]) && !wd_idmap_range(m->c, m->after.leaves[i].address, &begin, &last))
            return false;
    return m->scarce;
}

static unsigned judge_fault(const struct moment *m)
{
    const struct wd_idmap_leaf *was = wd_idmap_at(&m->before, m->operation->addr), *leaf;
    uint64_t begin, last, size;
    bool memory = wd_idmap_range(m->c, m->operation->addr, &begin, &last);
    unsigned rest;

    if (is_valid(was))
        return m->result == WD_IDMAP_EEXIST || m->result == WD_IDMAP_EAGAIN ? unchanged(m, WD_IDMAP_RULE_RESULT_MAPPED)
                                                                            : WD_IDMAP_RULE_RESULT_MAPPED;
    if (was)
        return m->result == WD_IDMAP_EPERM ? unchanged(m, WD_IDMAP_RULE_RESULT_PINNED) : WD_IDMAP_RULE_RESULT_PINNED;
    if (m->result)
        return m->result == WD_IDMAP_ENOMEM && recycled(m) ? judge_rest(m, 0, 0) : WD_IDMAP_RULE_RESULT_NO_CAUSE;
    leaf = wd_idmap_at(&m->after, m->operation->addr);
    if (!is_valid(leaf))
        return WD_IDMAP_RULE_COVERS;
    size = wd_entry_size(leaf->level);
    rest = judge_rest(m, leaf->address, size);
    if (rest != GOOD)
        return rest;
    if ((leaf->entry & WD_ENTRY_ADDRESS) != leaf->address)
        return WD_IDMAP_RULE_IDENTITY;
    if (leaf->level != WD_ENTRY_LAST_LEVEL && (leaf->address < begin || leaf->address + (size - 1) > last))
        return WD_IDMAP_RULE_IN_REGION;
    if (!m->starved && leaf->level != wd_idmap_level(m->c, &m->before, m->operation->addr))
        return WD_IDMAP_RULE_LARGEST;
    return has_attributes(leaf, memory) ? GOOD : WD_IDMAP_RULE_ATTRIBUTES;
}

static unsigned judge_own(const struct moment *m)
{
    uint64_t begin = m->operation->addr, size = (uint64_t)m->operation->pages << WD_ENTRY_PAGE_SHIFT;

    if (!wd_idmap_may_own(m->c, m->operation))
        return m->result == WD_IDMAP_EPERM ? unchanged(m, WD_IDMAP_RULE_RESULT_REFUSED) : WD_IDMAP_RULE_RESULT_REFUSED;
    if (m->result)
        return m->result == WD_IDMAP_ENOMEM && recycled(m) ? GOOD : WD_IDMAP_RULE_RESULT_NO_CAUSE;
    for (uint64_t page = begin; page < begin + size; page += 4096) {
        const struct wd_idmap_leaf *leaf = wd_idmap_at(&m->after, page);

        if (!leaf || is_valid(leaf))
            return WD_IDMAP_RULE_OWNED;
    }
    return judge_rest(m, begin, size);
}

/* Whether there are more leaves than an operation makes: one, or the pages of an OWN. A split leaves out the rest. */
static bool makes_too_many(const struct moment *m)
{
    return m->after.count > m->before.count + (m->operation->kind == WD_IDMAP_OWN ? m->operation->pages : 1U);
}

static unsigned judge(const struct moment *m)
{
    if (makes_too_many(m))
        return WD_IDMAP_RULE_NOTHING_ELSE;
    return m->operation->kind == WD_IDMAP_FAULT ? judge_fault(m) : judge_own(m);
}

/* The first operation that is wrong. @return the rule that it breaks, or GOOD */
static unsigned find(const struct wd_idmap_case *c, const struct wd_idmap_answer *answer, unsigned *step)
{
    bool starved = false;

    for (*step = 0; *step < answer->steps_done && *step < c->operation_count; ++*step) {
        struct moment m = {.c = c,
                           .operation = &c->operations[*step],
                           .before = wd_idmap_after(answer, (int)*step - 1),
                           .after = wd_idmap_after(answer, (int)*step),
                           .result = answer->results[*step],
                           .scarce = c->pages != WD_IDMAP_PAGES_ANY,
                           .starved = starved};
        unsigned rule = judge(&m);

        if (rule != GOOD)
            return rule;
        starved |= m.result == WD_IDMAP_ENOMEM;
    }
    return GOOD;
}

/* ---------------------------------------------------------------- the whole case */

static uint8_t errno_value(int result)
{
    static const int values[] = {0, WD_IDMAP_EPERM, WD_IDMAP_EAGAIN, WD_IDMAP_ENOMEM, WD_IDMAP_EEXIST};
    uint8_t i = 0;

    while (i < sizeof(values) / sizeof(values[0]) && values[i] != result)
        i++;
    return i;
}

void wd_idmap_judge(const void *opaque, const void *opaque_answer, struct wd_subject_judgement *judgement)
{
    const struct wd_idmap_case *c = opaque;
    const struct wd_idmap_answer *answer = opaque_answer;
    const struct wd_idmap_operation *operation;
    struct wd_idmap_view before;
    uint64_t begin, last;
    unsigned step, rule;

    judgement->consulted = c->pages != WD_IDMAP_PAGES_ANY;
    if (!answer)
        return;
    rule = find(c, answer, &step);
    if (rule == GOOD) {
        judgement->verdict = WD_VERDICT_AGREE;
        return;
    }
    operation = &c->operations[step];
    before = wd_idmap_after(answer, (int)step - 1);
    judgement->verdict = WD_VERDICT_DEVIATION;
    judgement->rule = (uint16_t)rule;
    judgement->facets[WD_IDMAP_FACET_operation] = operation->kind;
    judgement->facets[WD_IDMAP_FACET_place] = !wd_idmap_range(c, operation->addr, &begin, &last);
    judgement->facets[WD_IDMAP_FACET_largest] = (uint8_t)wd_idmap_level(c, &before, operation->addr);
    judgement->facets[WD_IDMAP_FACET_error] = errno_value(answer->results[step]);
    judgement->key = rule << 8 | operation->kind;
}

void wd_idmap_describe(const void *opaque, const void *opaque_answer, const struct wd_subject_judgement *judgement,
                       char *signature, char *title)
{
    const struct wd_idmap_case *c = opaque;
    const struct wd_subject_text *rule = &wd_idmap_kind.rules[judgement->rule];
    const char *operation = wd_idmap_operation_names[judgement->facets[WD_IDMAP_FACET_operation]];
    unsigned step;

    find(c, opaque_answer, &step);
    snprintf(signature, WD_SIGNATURE_MAX, "%s: %s", rule->name, operation);
    snprintf(title, WD_TITLE_MAX, "Operation %u (%s, 0x%llx): not so: %s", step, operation,
             (unsigned long long)c->operations[step].addr, rule->text);
}

void wd_idmap_expect(const void *opaque, const void *opaque_answer, void *expected)
{
    const struct wd_idmap_answer *answer = opaque_answer;
    struct wd_idmap_answer *wanted = expected;
    unsigned step = 0, rule = answer ? find(opaque, answer, &step) : GOOD;

    wanted->head.status = WD_SUBJECT_ANSWERED;
    wanted->head.warning_count = 0;
    wanted->is_expectation = 1;
    wanted->told_step = (uint8_t)step;
    wanted->told_rule = (uint8_t)rule;
}
