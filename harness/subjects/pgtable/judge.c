/* SPDX-License-Identifier: MIT */
/*
 * What must hold after each operation, as a relation of the leaves before it and after it: there is no model of the
 * tables that could drift. The rules are those of walkdiff/pgtable.def.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/subjects/pgtable/entries.h"
#include "harness/subjects/pgtable/machine.h"
#include "harness/subjects/pgtable/pgtable_kind.h"

#define WD_FEATURE(c, name) ((c)->features & WD_PGTABLE_BIT(WD_PGTABLE_FEATURE_##name))
#define WD_PROT(prot, name) ((prot)&WD_PGTABLE_BIT(WD_PGTABLE_PROT_##name))

/* ---------------------------------------------------------------- what is asked for */

uint64_t wd_pgtable_begin_of(const struct wd_pgtable_operation *operation)
{
    return operation->addr & ~UINT64_C(0xfff);
}

uint64_t wd_pgtable_end_of(const struct wd_pgtable_operation *operation)
{
    bool is_page = operation->kind == WD_PGTABLE_RELAX || operation->kind == WD_PGTABLE_MKYOUNG;

    return wd_pgtable_begin_of(operation) + (((is_page ? 1 : operation->size) + 0xfff) & ~UINT64_C(0xfff));
}

uint64_t wd_pgtable_attributes(const struct wd_pgtable_case *c, unsigned prot)
{
    bool fwb = WD_FEATURE(c, FWB), as_s1 = WD_FEATURE(c, AS_S1);
    unsigned normal = !fwb ? 15 : as_s1 ? 7 : 6; /* without FEAT_S2FWB Normal Write-Back leaves it to stage 1 */
    unsigned memattr = as_s1 ? normal : WD_PROT(prot, DEVICE) ? 1 : WD_PROT(prot, NC) ? 5 : normal;
    unsigned xn = WD_PROT(prot, PX) ? (WD_PROT(prot, UX) ? 0 : 3) : WD_PROT(prot, UX) ? 1 : 2;

    return (uint64_t)memattr << 2 | (WD_PROT(prot, R) ? WD_ENTRY_READ : 0) | (WD_PROT(prot, W) ? WD_ENTRY_WRITE : 0) |
           WD_ENTRY_SH | WD_ENTRY_AF | (uint64_t)xn << 53 | (uint64_t)(prot >> WD_PGTABLE_PROT_SW0 & 15) << 55;
}

static bool is_refused_prot(const struct wd_pgtable_case *c, const struct wd_pgtable_operation *operation)
{
    unsigned prot = operation->prot;
    bool px = WD_PROT(prot, PX), ux = WD_PROT(prot, UX);

    if (operation->kind != WD_PGTABLE_MAP && operation->kind != WD_PGTABLE_RELAX)
        return false;
    if (px != ux && !WD_FEATURE(c, XNX))
        return true;
    if (operation->kind == WD_PGTABLE_RELAX)
        return prot >> WD_PGTABLE_PROT_SW0 & 15;
    return (WD_PROT(prot, DEVICE) && WD_PROT(prot, NC)) || ((WD_PROT(prot, DEVICE) || WD_PROT(prot, NC)) && (px || ux));
}

int wd_pgtable_refusal(const struct wd_pgtable_case *c, const struct wd_pgtable_operation *operation)
{
    if (is_refused_prot(c, operation))
        return WD_PGTABLE_EINVAL;
    return wd_pgtable_end_of(operation) > UINT64_C(1) << c->ia_bits ? WD_PGTABLE_ERANGE : 0;
}

/* ---------------------------------------------------------------- the leaves of a step */

/* Leaves by address: read from low addresses to high ones. */
struct view {
    const struct wd_pgtable_run *runs;
    unsigned count, at;
};

/* What an address has. */
struct value {
    uint64_t entry;      /* 0: nothing; of a leaf with the address that this address has */
    uint64_t base, size; /* of its leaf */
    uint64_t until;      /* from here to there all have the same, but for the address */
    int level;
};

static struct view view_of(const struct wd_pgtable_answer *answer, int step)
{
    if (step < 0)
        return (struct view){0};
    return (struct view){.runs = answer->runs + answer->steps[step].run_begin, .count = answer->steps[step].run_count};
}

static uint64_t run_end(const struct wd_pgtable_run *run)
{
    return run->ia + run->count * wd_entry_size(run->level);
}

static struct value value_at(struct view *view, uint64_t ia)
{
    const struct wd_pgtable_run *run;
    struct value value = {.until = UINT64_MAX};

    while (view->at && ia < view->runs[view->at - 1].ia + 1 && view->runs[view->at - 1].ia >= ia)
        view->at--; /* never when addresses grow */
    while (view->at < view->count && run_end(&view->runs[view->at]) <= ia)
        view->at++;
    if (view->at == view->count)
        return value;
    run = &view->runs[view->at];
    if (run->ia > ia) {
        value.until = run->ia;
        return value;
    }
    value.level = run->level;
    value.size = wd_entry_size(run->level);
    value.base = ia & ~(value.size - 1);
    value.until = run_end(run);
    value.entry = run->entry;
    if (run->entry & WD_ENTRY_VALID)
        value.entry = (run->entry & ~WD_ENTRY_ADDRESS) | ((run->entry & WD_ENTRY_ADDRESS) + (ia - run->ia));
    return value;
}

static bool is_mapped(const struct value *value)
{
    return value->entry & WD_ENTRY_VALID;
}

/* The translation that an entry gives: its type is of the level. */
static uint64_t meaning(uint64_t entry)
{
    return entry & WD_ENTRY_VALID ? entry & ~WD_ENTRY_TYPE : entry;
}

static bool same(const struct value *value, uint64_t entry)
{
    return meaning(value->entry) == meaning(entry);
}

static enum wd_pgtable_detail difference(uint64_t got, uint64_t wanted)
{
    static const struct {
        uint64_t mask;
        enum wd_pgtable_detail detail;
    } fields[] = {
        {WD_ENTRY_ADDRESS, WD_PGTABLE_DETAIL_ADDRESS}, {WD_ENTRY_MEMATTR, WD_PGTABLE_DETAIL_MEMATTR},
        {WD_ENTRY_S2AP, WD_PGTABLE_DETAIL_S2AP},       {WD_ENTRY_XN, WD_PGTABLE_DETAIL_XN},
        {WD_ENTRY_SH, WD_PGTABLE_DETAIL_SH},           {WD_ENTRY_SOFTWARE, WD_PGTABLE_DETAIL_SOFTWARE},
        {WD_ENTRY_AF, WD_PGTABLE_DETAIL_AF},
    };

    if (!got)
        return WD_PGTABLE_DETAIL_DROPPED;
    if (!(got & WD_ENTRY_VALID))
        return WD_PGTABLE_DETAIL_ANNOTATED;
    if (!(wanted & WD_ENTRY_VALID))
        return WD_PGTABLE_DETAIL_MAPPED;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if ((got ^ wanted) & fields[i].mask)
            return fields[i].detail;
    return WD_PGTABLE_DETAIL_OTHER;
}

/* ---------------------------------------------------------------- the relation of an operation */

struct relation {
    const struct wd_pgtable_case *c;
    const struct wd_pgtable_operation *operation;
    const struct wd_pgtable_step *step;
    uint64_t asked_begin, asked_end;
    uint64_t begin, end; /* where it acts */
    uint64_t low, high;  /* with the leaves that it touches */
    int refusal;
    int first_level;
    bool any_young, any_block, same_but_permissions, leaf; /* before, in its range */
    struct wd_pgtable_fault *fault;
};

static void fail(const struct relation *relation, enum wd_pgtable_rule rule, enum wd_pgtable_detail detail, uint64_t ia,
                 uint64_t got, uint64_t wanted)
{
    if (relation->fault->found)
        return;
    relation->fault->found = true;
    relation->fault->rule = (uint8_t)rule;
    relation->fault->detail = (uint8_t)detail;
    relation->fault->ia = ia;
    relation->fault->got = got;
    relation->fault->wanted = wanted;
}

static bool changes_leaves_whole(const struct wd_pgtable_operation *operation)
{
    return operation->kind == WD_PGTABLE_WRPROTECT || operation->kind == WD_PGTABLE_RELAX ||
           operation->kind == WD_PGTABLE_MKYOUNG || operation->kind == WD_PGTABLE_AGE ||
           operation->kind == WD_PGTABLE_SPLIT;
}

/* What an address of the range is to have when a map is done. */
static uint64_t new_mapping(const struct relation *relation, uint64_t ia)
{
    uint64_t physical = (relation->operation->phys & ~UINT64_C(0xfff)) + (ia - relation->begin);

    return wd_pgtable_attributes(relation->c, relation->operation->prot) | (physical & WD_ENTRY_ADDRESS) |
           WD_ENTRY_VALID;
}

static uint64_t relaxed(uint64_t entry, unsigned prot)
{
    unsigned xn = entry >> 53 & 3;
    bool px = xn == 0 || xn == 3 || WD_PROT(prot, PX), ux = xn == 0 || xn == 1 || WD_PROT(prot, UX);

    xn = px ? (ux ? 0 : 3) : ux ? 1 : 2;
    return (entry & ~WD_ENTRY_XN) | (uint64_t)xn << 53 | (WD_PROT(prot, R) ? WD_ENTRY_READ : 0) |
           (WD_PROT(prot, W) ? WD_ENTRY_WRITE : 0);
}

static bool is_same_but_permissions(uint64_t a, uint64_t b)
{
    return a & b & WD_ENTRY_VALID && !((meaning(a) ^ meaning(b)) & ~(WD_ENTRY_S2AP | WD_ENTRY_XN));
}

/* The level of the leaf that a map makes for an address: the first at which it has a block that fits. */
static int level_of_map(const struct relation *relation, uint64_t ia)
{
    int level = WD_FEATURE(relation->c, FORCE_PTE) ? WD_ENTRY_LAST_LEVEL : relation->first_level;
    uint64_t delta = (relation->operation->phys & ~UINT64_C(0xfff)) - relation->begin;

    for (; level < WD_ENTRY_LAST_LEVEL; level++) {
        uint64_t size = wd_entry_size(level), base = ia & ~(size - 1);

        if (level > 0 && base >= relation->begin && base + size <= relation->end && !((base + delta) & (size - 1)))
            break;
    }
    return level;
}

static void relate_inside(const struct relation *relation, uint64_t ia, const struct value *was, const struct value *is)
{
    const struct wd_pgtable_operation *operation = relation->operation;
    bool failed = relation->step->result < 0;
    uint64_t wanted = was->entry;
    enum wd_pgtable_rule rule;

    switch (operation->kind) {
    case WD_PGTABLE_MAP:
        rule = WD_PGTABLE_RULE_MAP_EXACT;
        wanted = new_mapping(relation, ia);
        if (is_same_but_permissions(was->entry, wanted) && level_of_map(relation, ia) == was->level) {
            if (!failed && !same(was, wanted))
                relation->fault->choices |= 1U << WD_PGTABLE_CHOICE_PERMISSIONS_KEPT;
            rule = WD_PGTABLE_RULE_MAP_ABORTED;
            wanted = was->entry;
            break;
        }
        if (same(is, wanted) && WD_FEATURE(relation->c, FORCE_PTE) && is->level != WD_ENTRY_LAST_LEVEL &&
            !same(was, wanted))
            fail(relation, WD_PGTABLE_RULE_MAP_LEVEL, WD_PGTABLE_DETAIL_LEVEL, ia, is->entry, wanted);
        break;
    case WD_PGTABLE_UNMAP:
        rule = WD_PGTABLE_RULE_UNMAP_NOTHING_LEFT;
        wanted = 0;
        break;
    case WD_PGTABLE_ANNOTATE:
        rule = WD_PGTABLE_RULE_ANNOTATE_EXACT;
        wanted = relation->step->annotation;
        break;
    case WD_PGTABLE_WRPROTECT:
        rule = WD_PGTABLE_RULE_WRPROTECT_EXACT;
        if (is_mapped(was) && !failed)
            wanted &= ~WD_ENTRY_WRITE;
        break;
    case WD_PGTABLE_RELAX:
        rule = WD_PGTABLE_RULE_RELAX_UNION;
        if (is_mapped(was) && !failed)
            wanted = relaxed(wanted, operation->prot);
        break;
    case WD_PGTABLE_MKYOUNG:
        rule = WD_PGTABLE_RULE_MKYOUNG_EXACT;
        if (is_mapped(was) && !relation->refusal)
            wanted |= WD_ENTRY_AF;
        break;
    case WD_PGTABLE_AGE:
        rule = WD_PGTABLE_RULE_AGE_EXACT;
        if (is_mapped(was) && operation->mkold && !relation->refusal)
            wanted &= ~WD_ENTRY_AF;
        break;
    default:
        rule = WD_PGTABLE_RULE_SPLIT_SAME;
        if (!failed && is_mapped(is) && is->level != WD_ENTRY_LAST_LEVEL && ia >= relation->asked_begin &&
            ia < relation->asked_end)
            fail(relation, WD_PGTABLE_RULE_SPLIT_PAGES, WD_PGTABLE_DETAIL_LEVEL, ia, is->entry, was->entry);
        break;
    }
    if (same(is, wanted))
        return;
    if (failed && (operation->kind == WD_PGTABLE_MAP || operation->kind == WD_PGTABLE_ANNOTATE ||
                   operation->kind == WD_PGTABLE_UNMAP)) {
        if (!is->entry || same(is, was->entry))
            return;
        rule = WD_PGTABLE_RULE_MAP_PARTIAL;
    }
    fail(relation, rule, difference(is->entry, wanted), ia, is->entry, wanted);
}

static void relate_outside(const struct relation *relation, uint64_t ia, const struct value *was,
                           const struct value *is)
{
    bool touched = ia >= relation->low && ia < relation->high;
    bool drops = relation->operation->kind == WD_PGTABLE_MAP || relation->operation->kind == WD_PGTABLE_ANNOTATE ||
                 relation->operation->kind == WD_PGTABLE_UNMAP;

    if (same(is, was->entry) || (touched && drops && is_mapped(was) && !is->entry))
        return;
    fail(relation, was->entry && !is_mapped(was) ? WD_PGTABLE_RULE_ANNOTATION_KEPT : WD_PGTABLE_RULE_OUTSIDE_KEPT,
         difference(is->entry, was->entry), ia, is->entry, was->entry);
}

/* Where the operation acts, and what is there before it. */
static void look_before(struct relation *relation, struct view view)
{
    const struct wd_pgtable_operation *operation = relation->operation;
    struct value value;

    relation->begin = relation->low = wd_pgtable_begin_of(operation);
    relation->end = relation->high = wd_pgtable_end_of(operation);
    if (relation->refusal)
        relation->end = relation->high = relation->begin; /* nothing is to change */
    for (uint64_t ia = relation->begin; ia < relation->end; ia = value.until) {
        value = value_at(&view, ia);
        if (!value.entry)
            continue;
        if (value.base < relation->low)
            relation->low = value.base;
        if (value.until >= relation->end) {
            uint64_t last = (relation->end - 1) & ~(value.size - 1);

            if (last + value.size > relation->high)
                relation->high = last + value.size;
        }
        if (!is_mapped(&value))
            continue;
        relation->leaf = true;
        relation->any_young |= (value.entry & WD_ENTRY_AF) != 0;
        relation->any_block |= value.level != WD_ENTRY_LAST_LEVEL;
        relation->same_but_permissions |=
            operation->kind == WD_PGTABLE_MAP && is_same_but_permissions(value.entry, new_mapping(relation, ia));
    }
    relation->asked_begin = relation->begin;
    relation->asked_end = relation->end;
    if (changes_leaves_whole(operation)) {
        relation->begin = relation->low;
        relation->end = relation->high;
    }
}

static void relate_result(const struct relation *relation)
{
    const struct wd_pgtable_operation *operation = relation->operation;
    int result = relation->step->result;
    bool has_cause;

    if (operation->kind == WD_PGTABLE_MKYOUNG)
        return; /* has none */
    if (operation->kind == WD_PGTABLE_AGE) {
        if (!relation->refusal && result != relation->any_young)
            fail(relation, WD_PGTABLE_RULE_AGE_ANSWER, WD_PGTABLE_DETAIL_RESULT, relation->begin, 0, 0);
        return;
    }
    if (relation->refusal && result >= 0)
        fail(relation, WD_PGTABLE_RULE_RESULT_REFUSED, WD_PGTABLE_DETAIL_RESULT, relation->begin, 0, 0);
    if (!result)
        return;
    switch (result) {
    case WD_PGTABLE_ENOMEM:
        has_cause = relation->step->allocation_failed || (operation->kind == WD_PGTABLE_SPLIT && relation->any_block &&
                                                          operation->pages != WD_PGTABLE_PAGES_ANY);
        break;
    case WD_PGTABLE_EAGAIN:
        has_cause = operation->kind == WD_PGTABLE_RELAX ? !relation->leaf : relation->same_but_permissions;
        break;
    default:
        has_cause = result == relation->refusal;
        break;
    }
    if (!has_cause)
        fail(relation, WD_PGTABLE_RULE_RESULT_NO_CAUSE, WD_PGTABLE_DETAIL_RESULT, relation->begin, 0, 0);
}

/* The next border of blocks of a level, and the last one. */
static uint64_t up(uint64_t ia, int level)
{
    return (ia + wd_entry_size(level) - 1) & ~(wd_entry_size(level) - 1);
}

static uint64_t down(uint64_t ia, int level)
{
    return ia & ~(wd_entry_size(level) - 1);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void relate(const struct wd_pgtable_case *c, const struct wd_pgtable_answer *answer, unsigned i,
                   struct wd_pgtable_fault *fault)
{
    const struct wd_pgtable_step *step = &answer->steps[i];
    struct relation relation = {.c = c, .operation = &c->operations[i], .step = step, .fault = fault};
    struct view before = view_of(answer, (int)i - 1), after = view_of(answer, (int)i);
    uint64_t limit = UINT64_C(1) << c->ia_bits, next;

    relation.refusal = wd_pgtable_refusal(c, relation.operation);
    relation.first_level = wd_pgtable_start_level(c->ia_bits);
    look_before(&relation, before);
    if (relation.same_but_permissions)
        fault->consulted |= 1U << WD_PGTABLE_CHOICE_PERMISSIONS_KEPT;
    relate_result(&relation);
    for (uint64_t ia = 0; ia < limit && !fault->found; ia = next) {
        struct value was = value_at(&before, ia), is = value_at(&after, ia);
        const uint64_t borders[] = {relation.begin,        relation.end,          relation.low,
                                    relation.high,         relation.asked_begin,  relation.asked_end,
                                    up(relation.begin, 1), up(relation.begin, 2), down(relation.end, 1),
                                    down(relation.end, 2)};

        next = least(least(was.until, is.until), limit);
        for (size_t border = 0; border < sizeof(borders) / sizeof(borders[0]); border++)
            if (borders[border] > ia)
                next = least(next, borders[border]);
        if (ia >= relation.begin && ia < relation.end)
            relate_inside(&relation, ia, &was, &is);
        else
            relate_outside(&relation, ia, &was, &is);
    }
    if (relation.operation->kind == WD_PGTABLE_SPLIT && step->result == WD_PGTABLE_ENOMEM && i &&
        step->tables != answer->steps[i - 1].tables + relation.operation->pages)
        fail(&relation, WD_PGTABLE_RULE_SPLIT_BEST_EFFORT, WD_PGTABLE_DETAIL_RESULT, relation.begin, 0, 0);
    if (relation.operation->kind == WD_PGTABLE_UNMAP && !step->result && relation.begin < relation.end &&
        step->empty_tables)
        fail(&relation, WD_PGTABLE_RULE_UNMAP_TABLES, WD_PGTABLE_DETAIL_TABLE, relation.begin, 0, 0);
}

void wd_pgtable_find(const struct wd_pgtable_case *c, const struct wd_pgtable_answer *answer,
                     struct wd_pgtable_fault *fault)
{
    *fault = (struct wd_pgtable_fault){0};
    for (unsigned i = 0; i < answer->steps_done && !fault->found; i++) {
        const struct wd_pgtable_breach *breach = &answer->steps[i].breaches[0];

        fault->step = (uint8_t)i;
        if (i < c->count)
            relate(c, answer, i, fault);
        if (fault->found || !answer->steps[i].breach_count)
            continue;
        *fault = (struct wd_pgtable_fault){.found = true,
                                           .step = (uint8_t)i,
                                           .rule = breach->rule,
                                           .detail = breach->detail,
                                           .ia = breach->ia,
                                           .got = breach->is};
    }
}

/* ---------------------------------------------------------------- the verdict */

static const char *const results[] = {"0", "EAGAIN", "ENOMEM", "EINVAL", "ERANGE", "other"};
static const char *const alignments[] = {"pages", "unaligned"};
static const char *const no_yes[] = {"no", "yes"};

const struct wd_subject_facet wd_pgtable_facets[WD_PGTABLE_FACET_COUNT] = {
    [WD_PGTABLE_FACET_OPERATION] = {"operation", wd_pgtable_operation_names, WD_PGTABLE_OPERATION_COUNT},
    [WD_PGTABLE_FACET_RESULT] = {"result", results, sizeof(results) / sizeof(results[0])},
    [WD_PGTABLE_FACET_ALIGNMENT] = {"alignment", alignments, 2},
    [WD_PGTABLE_FACET_FWB] = {"fwb", no_yes, 2},
    [WD_PGTABLE_FACET_TLB_RANGE] = {"tlb_range", no_yes, 2},
};

static uint8_t result_facet(int result)
{
    static const int values[] = {0, WD_PGTABLE_EAGAIN, WD_PGTABLE_ENOMEM, WD_PGTABLE_EINVAL, WD_PGTABLE_ERANGE};
    uint8_t i = 0;

    while (i < sizeof(values) / sizeof(values[0]) && values[i] != result)
        i++;
    return i;
}

void wd_pgtable_judge(const void *opaque_case, const void *opaque_answer, struct wd_subject_judgement *judgement)
{
    const struct wd_pgtable_case *c = opaque_case;
    const struct wd_pgtable_answer *answer = opaque_answer;
    struct wd_pgtable_fault fault;
    unsigned kind;

    judgement->facets[WD_PGTABLE_FACET_FWB] = WD_FEATURE(c, FWB) != 0;
    judgement->facets[WD_PGTABLE_FACET_TLB_RANGE] = WD_FEATURE(c, TLB_RANGE) != 0;
    judgement->facets[WD_PGTABLE_FACET_OPERATION] = WD_PGTABLE_DESTROY;
    if (!answer)
        return;
    wd_pgtable_find(c, answer, &fault);
    judgement->verdict = fault.choices ? WD_VERDICT_PERMITTED : WD_VERDICT_AGREE;
    judgement->choices = fault.found ? 0 : fault.choices;
    judgement->consulted = fault.consulted;
    if (!fault.found)
        return;
    kind = fault.step < c->count ? c->operations[fault.step].kind : WD_PGTABLE_DESTROY;
    judgement->verdict = WD_VERDICT_DEVIATION;
    judgement->rule = fault.rule;
    judgement->key = (uint32_t)fault.rule << 16 | kind << 8 | fault.detail;
    judgement->facets[WD_PGTABLE_FACET_OPERATION] = (uint8_t)kind;
    judgement->facets[WD_PGTABLE_FACET_RESULT] = result_facet(answer->steps[fault.step].result);
    judgement->facets[WD_PGTABLE_FACET_ALIGNMENT] =
        fault.step < c->count && (c->operations[fault.step].addr | c->operations[fault.step].size) & 0xfff;
}

void wd_pgtable_describe(const void *c, const void *answer, const struct wd_subject_judgement *judgement,
                         char *signature, char *title)
{
    const char *operation = wd_pgtable_operation_names[judgement->key >> 8 & 255];
    const char *detail = wd_pgtable_detail_names[judgement->key & 255];
    const struct wd_subject_text *rule = &wd_pgtable_kind.rules[judgement->rule];

    (void)c, (void)answer;
    snprintf(signature, WD_SIGNATURE_MAX, "%s: %s%s%s", rule->name, operation, *detail ? ": " : "", detail);
    snprintf(title, WD_TITLE_MAX, "%s%s%s: not so: %s", operation, *detail ? ", " : "", detail, rule->text);
}

void wd_pgtable_expect(const void *c, const void *opaque_answer, void *opaque_expected)
{
    struct wd_pgtable_answer *expected = opaque_expected;
    struct wd_pgtable_fault fault = {0};

    memset(expected, 0, offsetof(struct wd_pgtable_answer, steps));
    expected->is_expectation = 1;
    if (opaque_answer)
        wd_pgtable_find(c, opaque_answer, &fault);
    expected->told.rule = fault.found ? fault.rule : UINT8_MAX;
    expected->told.detail = fault.detail;
    expected->told.step = fault.step;
    expected->told.ia = fault.ia;
    expected->told.entry = fault.wanted;
}
