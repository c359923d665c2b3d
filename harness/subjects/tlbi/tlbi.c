/* SPDX-License-Identifier: MIT */
/* The kind `tlbi` as a table; how its cases are made simpler, entry by entry; and how they are told. */
#include <inttypes.h>
#include <string.h>

#include "harness/subjects/tlbi/tlbi_kind.h"

/* ---------------------------------------------------------------- shrinking */

static void leave_out_entry(struct wd_tlbi_case *c, unsigned i)
{
    if (i >= c->entry_count)
        return;
    for (unsigned j = 0; j < c->entry_count; j++) /* what it translates goes with it */
        if (c->entries[j].type == WD_TLBI_STAGE1 && c->entries[j].of == i)
            return;
    memmove(&c->entries[i], &c->entries[i + 1], (c->entry_count - i - 1U) * sizeof(c->entries[0]));
    memset(&c->entries[--c->entry_count], 0, sizeof(c->entries[0]));
    for (unsigned j = 0; j < c->entry_count; j++)
        if (c->entries[j].type == WD_TLBI_STAGE1 && c->entries[j].of > i)
            c->entries[j].of--;
}

static void leave_out_context(struct wd_tlbi_case *c, unsigned i)
{
    if (i >= c->context_count)
        return;
    for (unsigned j = 0; j < c->entry_count; j++)
        if (c->entries[j].type == WD_TLBI_STAGE2 && c->entries[j].of == i)
            return;
    memmove(&c->contexts[i], &c->contexts[i + 1], (c->context_count - i - 1U) * sizeof(c->contexts[0]));
    memset(&c->contexts[--c->context_count], 0, sizeof(c->contexts[0]));
    for (unsigned j = 0; j < c->entry_count; j++)
        if (c->entries[j].type == WD_TLBI_STAGE2 && c->entries[j].of > i)
            c->entries[j].of--;
}

enum { REPLACING = 3 + 2 * WD_TLBI_ENTRIES_MAX };

static void replace(struct wd_tlbi_case *c, unsigned step)
{
    struct wd_tlbi_entry *entry;

    switch (step) {
    case 0:
        c->instruction %= WD_TLBI_INSTRUCTION_COUNT;
        return;
    case 1:
        c->regs[WD_TLBI_IN_ID_AA64ISAR0_EL1] = UINT64_C(2) << 56;
        return;
    case 2:
        c->regs[WD_TLBI_IN_ID_AA64ISAR1_EL1] = UINT64_C(1) << 56;
        return;
    default:
        break;
    }
    entry = &c->entries[(step - 3) / 2];
    if (step & 1)
        entry->leaf = entry->type == WD_TLBI_STAGE2 ? entry->address : 0;
    else if (entry->leaf_level)
        entry->leaf_level = 3;
}

static bool take_away(struct wd_tlbi_case *c, unsigned step)
{
    if (step < WD_TLBI_ENTRIES_MAX) {
        leave_out_entry(c, WD_TLBI_ENTRIES_MAX - 1 - step);
        return true;
    }
    step -= WD_TLBI_ENTRIES_MAX;
    if (step < WD_TLBI_CONTEXTS_MAX) {
        leave_out_context(c, WD_TLBI_CONTEXTS_MAX - 1 - step);
        return true;
    }
    step -= WD_TLBI_CONTEXTS_MAX;
    if (step < WD_TLBI_HOST_COUNT) {
        c->host &= (uint8_t) ~(1U << step);
        return true;
    }
    step -= WD_TLBI_HOST_COUNT;
    if (step < WD_TLBI_ENTRIES_MAX) {
        c->entries[step].global = 0;
        return true;
    }
    step -= WD_TLBI_ENTRIES_MAX;
    if (step < 64) {
        c->operand &= ~(UINT64_C(1) << (63 - step));
        return true;
    }
    step -= 64;
    if (step < 64 * WD_TLBI_IN_COUNT) {
        c->regs[step / 64] &= ~(UINT64_C(1) << step % 64);
        return true;
    }
    step -= 64 * WD_TLBI_IN_COUNT;
    if (step < 64 * WD_TLBI_CONTEXTS_MAX) {
        c->contexts[step / 64].vttbr &= ~(UINT64_C(1) << step % 64);
        return true;
    }
    return false;
}

static bool simplify(const void *opaque, unsigned step, void *simpler)
{
    memcpy(simpler, opaque, sizeof(struct wd_tlbi_case));
    if (step >= REPLACING)
        return take_away(simpler, step - REPLACING);
    replace(simpler, step);
    return true;
}

/* ---------------------------------------------------------------- telling */

static void tell_entry(FILE *stream, const struct wd_tlbi_case *c, unsigned i, bool goes)
{
    const struct wd_tlbi_entry *entry = &c->entries[i];
    unsigned size = wd_tlbi_size(entry->granule, entry->level);

    fprintf(stream, "%u. %s entry for 0x%" PRIx64 ", 2^%u bytes (level %u, %uK granule)", i,
            wd_tlbi_type_names[entry->type], entry->address, size, entry->level, 1U << (entry->granule - 10));
    if (entry->type == WD_TLBI_STAGE2)
        fprintf(stream, ", of context %u\n   held: 0x%" PRIx64 ", level %u\n", entry->of, entry->leaf,
                entry->leaf_level);
    else if (entry->global)
        fprintf(stream, ", global\n");
    else
        fprintf(stream, ", ASID 0x%x\n", entry->asid);
    if (entry->type == WD_TLBI_STAGE1)
        fprintf(stream, "   its output address is translated by %u\n", entry->of);
    if (goes) {
        const struct wd_subject_text *rule = &wd_tlbi_kind.rules[wd_tlbi_reason(c, i)];

        fprintf(stream, "   It must go: %s (%s).\n", rule->text, rule->source);
    } else {
        fprintf(stream, "   It may stay.\n");
    }
}

static void explain(FILE *stream, const void *opaque)
{
    const struct wd_tlbi_case *c = opaque;
    const struct wd_tlbi_description *d = &wd_tlbi_instructions[c->instruction % WD_TLBI_INSTRUCTION_COUNT];
    unsigned must = wd_tlbi_must_go(c);
    struct wd_tlbi_view view = {0};
    char name[32];

    wd_tlbi_name(c->instruction, name);
    wd_tlbi_guest(c, &view);
    fprintf(stream, "TLBI %s, operand 0x%016" PRIx64 ", at the guest's EL2\n", name, c->operand);
    if (!wd_tlbi_implemented(c)) {
        fprintf(stream, "  The guest has no such instruction: it is UNDEFINED.\n");
        return;
    }
    fprintf(stream, "  VMID 0x%x; EL1 instructions act on %s; FEAT_TTL %s\n", view.vmid,
            view.el2_is_el1 ? "EL2&0" : "EL1&0", view.has_ttl ? "yes" : "no");
    if (d->range)
        fprintf(stream, "  a range: TG %u, SCALE %u, NUM %u, TTL %u, base 0x%" PRIx64 "\n",
                (unsigned)(c->operand >> 46 & 3), (unsigned)(c->operand >> 44 & 3), (unsigned)(c->operand >> 39 & 31),
                (unsigned)(c->operand >> 37 & 3), c->operand & UINT64_C(0x1fffffffff));
    for (unsigned i = 0; i < c->context_count; i++)
        fprintf(stream, "  context %u: VTTBR_EL2 0x%" PRIx64 ", VTCR_EL2 0x%" PRIx64 ", stage 2 %s\n", i,
                c->contexts[i].vttbr, c->contexts[i].vtcr, c->contexts[i].enabled ? "enabled" : "disabled");
    for (unsigned i = 0; i < c->entry_count; i++)
        tell_entry(stream, c, i, must >> i & 1);
}

/* ---------------------------------------------------------------- comparing */

static bool same(const void *a, const void *b)
{
    const struct wd_tlbi_answer *one = a, *other = b;

    if (one->outcome != other->outcome || one->shown != other->shown || one->gone != other->gone ||
        one->issued != other->issued || one->leaves_taken != other->leaves_taken)
        return false;
    for (unsigned i = 0; i < one->shown; i++)
        if (one->instructions[i].operand != other->instructions[i].operand ||
            one->instructions[i].instruction != other->instructions[i].instruction ||
            one->instructions[i].context != other->instructions[i].context)
            return false;
    return true;
}

/* ---------------------------------------------------------------- the table */

static const struct wd_subject_text rules[] = {
#define WD_TLBI_RULE(name, source, function, text) {#name, source, function, text},
#include "walkdiff/tlbi.def"
};

static const struct wd_subject_text choices[] = {
#define WD_TLBI_CHOICE(name, source, text, option) {#name, source, option, text},
#include "walkdiff/tlbi.def"
};

_Static_assert(sizeof(struct wd_tlbi_case) <= WD_SUBJECT_CASE_MAX, "a case fits");
_Static_assert(sizeof(struct wd_tlbi_answer) <= WD_SUBJECT_ANSWER_MAX, "an answer fits");

const struct wd_subject_kind wd_tlbi_kind = {
    .name = "tlbi",
    .text = "an emulation of TLB maintenance that a guest hypervisor executes",
    .case_size = sizeof(struct wd_tlbi_case),
    .answer_size = sizeof(struct wd_tlbi_answer),
    .rules = rules,
    .rule_count = WD_TLBI_RULE_COUNT,
    .choices = choices,
    .choice_count = WD_TLBI_CHOICE_COUNT,
    .facets = wd_tlbi_facets,
    .facet_count = WD_TLBI_FACET_COUNT,
    .model = &wd_tlbi_model,
    .generate = wd_tlbi_generate,
    .members = &wd_tlbi_members,
    .begin = wd_tlbi_begin,
    .check = wd_tlbi_check,
    .write = wd_tlbi_write,
    .write_answer = wd_tlbi_write_answer,
    .same = same,
    .judge = wd_tlbi_judge,
    .expect = wd_tlbi_expect,
    .describe = wd_tlbi_describe,
    .replacing = REPLACING,
    .simplify = simplify,
    .explain = explain,
};
