/* SPDX-License-Identifier: MIT */
/* The kind `pgtable` as a table; how its cases are made simpler, operation by operation; and how they are told. */
#include <inttypes.h>
#include <string.h>

#include "harness/subjects/pgtable/entries.h"
#include "harness/subjects/pgtable/machine.h"
#include "harness/subjects/pgtable/pgtable_kind.h"

/* ---------------------------------------------------------------- shrinking */

enum {
    REPLACING = 4 * WD_PGTABLE_OPERATIONS_MAX, /* steps that put one value in the place of another */
    OF_OPERATION = 20                          /* of one operation that take something away */
};

static void leave_out(struct wd_pgtable_case *c, unsigned i)
{
    if (i >= c->count)
        return;
    memmove(&c->operations[i], &c->operations[i + 1], (c->count - i - 1) * sizeof(c->operations[0]));
    c->count--;
    memset(&c->operations[c->count], 0, sizeof(c->operations[0]));
}

/* Addresses of all operations stay in the same distance. */
static void move_down(struct wd_pgtable_case *c)
{
    uint64_t least = UINT64_MAX, block = wd_entry_size(1);

    for (unsigned i = 0; i < c->count; i++)
        if (c->operations[i].addr < least)
            least = c->operations[i].addr;
    for (unsigned i = 0; i < c->count; i++)
        c->operations[i].addr -= least & ~(block - 1);
}

static void replace_in(struct wd_pgtable_operation *o, unsigned step)
{
    switch (step) {
    case 0:
        o->pages = WD_PGTABLE_PAGES_ANY;
        break;
    case 1:
        o->phys = o->phys ? 0x40000000 | (o->phys & 0x3fffffff) : 0;
        break;
    case 2:
        o->phys = o->phys ? 0x40000000 | (o->addr & 0x3fffffff) : 0;
        break;
    default:
        if (o->prot)
            o->prot = WD_PGTABLE_BIT(WD_PGTABLE_PROT_R);
        break;
    }
}

static void take_from(struct wd_pgtable_operation *o, unsigned step)
{
    static const uint64_t sizes[] = {4096, 8192, UINT64_C(1) << 21, UINT64_C(1) << 30};

    switch (step) {
    case 0:
        o->shared = 0;
        break;
    case 1:
        o->annotation = 0;
        break;
    case 2:
        o->mkold = 0;
        break;
    case 3:
        o->addr &= ~UINT64_C(0xfff);
        o->size = (o->size + 0xfff) & ~UINT64_C(0xfff);
        break;
    case 4:
        o->phys &= ~UINT64_C(0xfff);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        if (o->size > sizes[step - 5])
            o->size = sizes[step - 5];
        break;
    case 9:
        o->size &= ~UINT64_C(0xfff);
        break;
    default:
        if (step - 10 < WD_PGTABLE_PROT_COUNT)
            o->prot &= (uint16_t)~WD_PGTABLE_BIT(step - 10);
        break;
    }
}

bool wd_pgtable_simplify(const void *opaque, unsigned step, void *simpler)
{
    struct wd_pgtable_case *c = simpler;

    memcpy(c, opaque, sizeof(*c));
    if (step < REPLACING) {
        replace_in(&c->operations[step / 4], step % 4);
        return true;
    }
    step -= REPLACING;
    if (step < WD_PGTABLE_OPERATIONS_MAX) { /* from the last one on: what comes after the fault first */
        leave_out(c, WD_PGTABLE_OPERATIONS_MAX - 1 - step);
        return true;
    }
    step -= WD_PGTABLE_OPERATIONS_MAX;
    if (!step--) {
        move_down(c);
        return true;
    }
    if (!step--) {
        c->ia_bits = 40;
        return true;
    }
    if (step < WD_PGTABLE_FEATURE_COUNT) {
        c->features &= (uint8_t)~WD_PGTABLE_BIT(step);
        return true;
    }
    step -= WD_PGTABLE_FEATURE_COUNT;
    if (step >= WD_PGTABLE_OPERATIONS_MAX * OF_OPERATION)
        return false;
    take_from(&c->operations[step / OF_OPERATION], step % OF_OPERATION);
    return true;
}

/* ---------------------------------------------------------------- telling */

static void tell_names(FILE *stream, unsigned bits, const char *const *names)
{
    const char *separator = "";

    for (unsigned bit = 0; bits >> bit; bit++) {
        if (!(bits >> bit & 1))
            continue;
        fprintf(stream, "%s%s", separator, names[bit]);
        separator = ", ";
    }
}

static void tell_operation(FILE *stream, const struct wd_pgtable_case *c, unsigned i)
{
    static const char *const contracts[] = {
#define WD_PGTABLE_OPERATION(name, member, text) text,
#include "walkdiff/pgtable.def"
    };
    const struct wd_pgtable_operation *o = &c->operations[i];
    int refusal = wd_pgtable_refusal(c, o);

    fprintf(stream, "%u. %s 0x%" PRIx64 " to 0x%" PRIx64 ": %s\n", i, wd_pgtable_operation_names[o->kind],
            wd_pgtable_begin_of(o), wd_pgtable_end_of(o), contracts[o->kind]);
    if (o->addr % 4096 || o->size % 4096)
        fprintf(stream, "   (asked for 0x%" PRIx64 " bytes at 0x%" PRIx64 ")\n", o->size, o->addr);
    if (o->kind == WD_PGTABLE_MAP)
        fprintf(stream, "   to memory at 0x%" PRIx64 "\n", o->phys & ~UINT64_C(0xfff));
    if (o->prot) {
        fprintf(stream, "   protection: ");
        tell_names(stream, o->prot, wd_pgtable_prot_names);
        fprintf(stream, "\n");
    }
    if (o->kind == WD_PGTABLE_MAP)
        fprintf(stream, "   a leaf of it has the attributes 0x%016" PRIx64 "\n", wd_pgtable_attributes(c, o->prot));
    if (o->pages != WD_PGTABLE_PAGES_ANY)
        fprintf(stream, "   %u pages can be allocated for tables\n", o->pages);
    if (refusal)
        fprintf(stream, "   This cannot be done: %s.\n",
                refusal == WD_PGTABLE_EINVAL ? "the protection is refused" : "the range is beyond the input size");
}

void wd_pgtable_explain(FILE *stream, const void *opaque)
{
    const struct wd_pgtable_case *c = opaque;

    fprintf(stream, "Stage 2 tables for %u bits of intermediate physical address, from level %d on; 4K granule\n",
            c->ia_bits, wd_pgtable_start_level(c->ia_bits));
    fprintf(stream, "  features: ");
    tell_names(stream, c->features, wd_pgtable_feature_names);
    fprintf(stream, "%s\n", c->features ? "" : "none");
    for (unsigned i = 0; i < c->count; i++)
        tell_operation(stream, c, i);
    fprintf(stream, "%u. destroy: no table is left\n\nAfter each, these hold:\n", c->count);
    for (unsigned i = 0; i < wd_pgtable_kind.rule_count; i++)
        fprintf(stream, "  %-24s%s\n", wd_pgtable_kind.rules[i].name, wd_pgtable_kind.rules[i].text);
}

/* ---------------------------------------------------------------- comparing */

static bool same_step(const struct wd_pgtable_step *a, const struct wd_pgtable_step *b)
{
    if (a->result != b->result || a->annotation != b->annotation || a->run_begin != b->run_begin ||
        a->run_count != b->run_count || a->tables != b->tables || a->empty_tables != b->empty_tables ||
        a->tlbis != b->tlbis || a->allocation_failed != b->allocation_failed || a->breach_count != b->breach_count)
        return false;
    for (unsigned i = 0; i < a->breach_count && i < WD_PGTABLE_BREACHES_MAX; i++)
        if (a->breaches[i].ia != b->breaches[i].ia || a->breaches[i].was != b->breaches[i].was ||
            a->breaches[i].is != b->breaches[i].is || a->breaches[i].rule != b->breaches[i].rule ||
            a->breaches[i].detail != b->breaches[i].detail || a->breaches[i].level != b->breaches[i].level)
            return false;
    return true;
}

static bool same(const void *a, const void *b)
{
    const struct wd_pgtable_answer *one = a, *other = b;

    if (one->steps_done != other->steps_done || one->run_count != other->run_count)
        return false;
    for (unsigned i = 0; i < one->steps_done; i++)
        if (!same_step(&one->steps[i], &other->steps[i]))
            return false;
    for (unsigned i = 0; i < one->run_count; i++)
        if (one->runs[i].ia != other->runs[i].ia || one->runs[i].entry != other->runs[i].entry ||
            one->runs[i].count != other->runs[i].count || one->runs[i].level != other->runs[i].level)
            return false;
    return true;
}

/* ---------------------------------------------------------------- the table */

static const struct wd_subject_text rules[] = {
#define WD_PGTABLE_RULE(name, source, function, text) {#name, source, function, text},
#include "walkdiff/pgtable.def"
};

static const struct wd_subject_text choices[] = {
#define WD_PGTABLE_CHOICE(name, source, text, option) {#name, source, option, text},
#include "walkdiff/pgtable.def"
};

_Static_assert(sizeof(struct wd_pgtable_case) <= WD_SUBJECT_CASE_MAX, "a case fits");
_Static_assert(sizeof(struct wd_pgtable_answer) <= WD_SUBJECT_ANSWER_MAX, "an answer fits");

const struct wd_subject_kind wd_pgtable_kind = {
    .name = "pgtable",
    .text = "a builder of stage 2 tables: sequences of map, unmap, split and their like",
    .case_size = sizeof(struct wd_pgtable_case),
    .answer_size = sizeof(struct wd_pgtable_answer),
    .rules = rules,
    .rule_count = WD_PGTABLE_RULE_COUNT,
    .choices = choices,
    .choice_count = WD_PGTABLE_CHOICE_COUNT,
    .facets = wd_pgtable_facets,
    .facet_count = WD_PGTABLE_FACET_COUNT,
    .model = &wd_pgtable_model,
    .generate = wd_pgtable_generate,
    .members = &wd_pgtable_members,
    .begin = wd_pgtable_begin,
    .check = wd_pgtable_check,
    .write = wd_pgtable_write,
    .write_answer = wd_pgtable_write_answer,
    .same = same,
    .judge = wd_pgtable_judge,
    .expect = wd_pgtable_expect,
    .describe = wd_pgtable_describe,
    .replacing = REPLACING,
    .simplify = wd_pgtable_simplify,
    .explain = wd_pgtable_explain,
};
