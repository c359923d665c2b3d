/* SPDX-License-Identifier: MIT */
/* The kind `idmap` as a table; how its cases are made simpler, operation by operation; and how they are told. */
#include <inttypes.h>
#include <string.h>

#include "harness/subjects/idmap/idmap_kind.h"

/* ---------------------------------------------------------------- shrinking */

static bool simplify(const void *opaque, unsigned step, void *simpler)
{
    enum { OPERATIONS = WD_IDMAP_OPERATIONS_MAX, REGIONS = WD_IDMAP_REGIONS_MAX };
    struct wd_idmap_case *c = simpler;

    memcpy(c, opaque, sizeof(*c));
    if (!step--) {
        c->pages = WD_IDMAP_PAGES_ANY;
        return true;
    }
    if (step < OPERATIONS) { /* from the last one on */
        unsigned i = OPERATIONS - 1 - step;

        if (i < c->operation_count) {
            memmove(&c->operations[i], &c->operations[i + 1], (c->operation_count - i - 1U) * sizeof(c->operations[0]));
            memset(&c->operations[--c->operation_count], 0, sizeof(c->operations[0]));
        }
        return true;
    }
    step -= OPERATIONS;
    if (step < REGIONS) {
        if (step < c->region_count) {
            memmove(&c->regions[step], &c->regions[step + 1], (c->region_count - step - 1U) * sizeof(c->regions[0]));
            memset(&c->regions[--c->region_count], 0, sizeof(c->regions[0]));
        }
        return true;
    }
    step -= REGIONS;
    if (step < OPERATIONS) {
        if (c->operations[step].kind == WD_IDMAP_OWN)
            c->operations[step].pages = 1;
        return true;
    }
    step -= OPERATIONS;
    if (step < OPERATIONS * 48) {
        c->operations[step / 48].addr &= ~(UINT64_C(1) << (47 - step % 48));
        return true;
    }
    step -= OPERATIONS * 48;
    if (step < REGIONS * 2 * 37) {
        struct wd_idmap_region *region = &c->regions[step / 74];

        *(step % 74 < 37 ? &region->base : &region->size) &= ~(UINT64_C(1) << (36 - step % 37));
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------- telling */

static void explain(FILE *stream, const void *opaque)
{
    const struct wd_idmap_case *c = opaque;

    fprintf(stream, "An identity map for %u bits of physical address\n", c->bits);
    if (c->pages != WD_IDMAP_PAGES_ANY)
        fprintf(stream, "  there are %u pages for tables\n", c->pages);
    for (unsigned i = 0; i < c->region_count; i++)
        fprintf(stream, "  memory from 0x%" PRIx64 " to 0x%" PRIx64 "\n", c->regions[i].base,
                c->regions[i].base + c->regions[i].size);
    for (unsigned i = 0; i < c->operation_count; i++) {
        const struct wd_idmap_operation *operation = &c->operations[i];
        struct wd_idmap_view nothing = {0};
        uint64_t begin, last;
        bool memory = wd_idmap_range(c, operation->addr, &begin, &last);

        fprintf(stream, "%u. %s 0x%" PRIx64, i, wd_idmap_operation_names[operation->kind], operation->addr);
        if (operation->kind == WD_IDMAP_OWN)
            fprintf(stream, ", %u pages: %s\n", operation->pages,
                    wd_idmap_may_own(c, operation) ? "they become another's" : "no memory of one region: -EPERM");
        else
            fprintf(stream, ": %s, where no block is larger than one of level %d\n", memory ? "memory" : "no memory",
                    wd_idmap_level(c, &nothing, operation->addr));
    }
    fprintf(stream, "\nAfter each, these hold:\n");
    for (unsigned i = 0; i < wd_idmap_kind.rule_count; i++)
        fprintf(stream, "  %-24s%s\n", wd_idmap_kind.rules[i].name, wd_idmap_kind.rules[i].text);
}

/* ---------------------------------------------------------------- comparing */

static bool same(const void *a, const void *b)
{
    const struct wd_idmap_answer *one = a, *other = b;
    unsigned count = one->steps_done ? one->ends[one->steps_done - 1] : 0;

    if (one->steps_done != other->steps_done)
        return false;
    for (unsigned i = 0; i < one->steps_done; i++)
        if (one->results[i] != other->results[i] || one->ends[i] != other->ends[i])
            return false;
    for (unsigned i = 0; i < count; i++)
        if (one->leaves[i].address != other->leaves[i].address || one->leaves[i].entry != other->leaves[i].entry ||
            one->leaves[i].level != other->leaves[i].level)
            return false;
    return true;
}

/* ---------------------------------------------------------------- the table */

static const struct wd_subject_text rules[] = {
#define WD_IDMAP_RULE(name, source, function, text) {#name, source, function, text},
#include "walkdiff/idmap.def"
};

static const struct wd_subject_text choices[] = {
#define WD_IDMAP_CHOICE(name, source, text, option) {#name, source, option, text},
#include "walkdiff/idmap.def"
};

_Static_assert(sizeof(struct wd_idmap_case) <= WD_SUBJECT_CASE_MAX, "a case fits");
_Static_assert(sizeof(struct wd_idmap_answer) <= WD_SUBJECT_ANSWER_MAX, "an answer fits");

const struct wd_subject_kind wd_idmap_kind = {
    .name = "idmap",
    .text = "a builder of an identity map that grows by faults, in the largest blocks that fit",
    .case_size = sizeof(struct wd_idmap_case),
    .answer_size = sizeof(struct wd_idmap_answer),
    .rules = rules,
    .rule_count = WD_IDMAP_RULE_COUNT,
    .choices = choices,
    .choice_count = WD_IDMAP_CHOICE_COUNT,
    .facets = wd_idmap_facets,
    .facet_count = WD_IDMAP_FACET_COUNT,
    .model = &wd_idmap_model,
    .generate = wd_idmap_generate,
    .members = &wd_idmap_members,
    .begin = wd_idmap_begin,
    .check = wd_idmap_check,
    .write = wd_idmap_write,
    .write_answer = wd_idmap_write_answer,
    .same = same,
    .judge = wd_idmap_judge,
    .expect = wd_idmap_expect,
    .describe = wd_idmap_describe,
    .replacing = 1,
    .simplify = simplify,
    .explain = explain,
};
