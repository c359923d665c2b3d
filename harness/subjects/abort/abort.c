/* SPDX-License-Identifier: MIT */
/* The kind `abort` as a table; how its cases are made simpler; and how they are told. */
#include <inttypes.h>
#include <string.h>

#include "harness/subjects/abort/abort_kind.h"
#include "harness/subjects/abort/bits.h"

/* ---------------------------------------------------------------- shrinking */

/* Where the 64-bit values of a case are, all of whose bits may be cleared. */
static uint64_t *value_at(struct wd_abort_case *c, unsigned i)
{
    uint64_t *const named[] = {&c->esr, &c->far, &c->pstate, &c->pc};

    return i < 4 ? named[i] : i - 4 < WD_ABORT_IN_COUNT ? &c->regs[i - 4] : NULL;
}

enum { VALUES = 4 + WD_ABORT_IN_COUNT, LARGE_STEPS = 12 };

static void leave_out_word(struct wd_abort_case *c, unsigned i)
{
    if (i >= c->mem_count)
        return;
    memmove(&c->mem[i], &c->mem[i + 1], (c->mem_count - i - 1) * sizeof(c->mem[0]));
    c->mem_count--;
}

/* A guest without EL2 in the same state as far as that can be. */
static void leave_out_el2(struct wd_abort_case *c)
{
    static const enum wd_abort_in of_el2[] = {WD_ABORT_IN_HCR_EL2,    WD_ABORT_IN_HCRX_EL2, WD_ABORT_IN_SCTLR_EL2,
                                              WD_ABORT_IN_SCTLR2_EL2, WD_ABORT_IN_TCR_EL2,  WD_ABORT_IN_TTBR0_EL2,
                                              WD_ABORT_IN_VBAR_EL2};

    if (!c->has_el2)
        return;
    c->has_el2 = 0;
    for (size_t i = 0; i < sizeof(of_el2) / sizeof(of_el2[0]); i++)
        c->regs[of_el2[i]] = 0;
}

static void simplify_much(struct wd_abort_case *c, unsigned step)
{
    static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48};
    uint64_t top = UINT64_C(1) << sizes[c->regs[WD_ABORT_IN_ID_AA64MMFR0_EL1] % sizeof(sizes)];
    uint64_t size = UINT64_C(1) << c->ipa_bits;

    switch (step) {
    case 0:
        c->mem_count = c->ram_count = 0;
        break;
    case 1:
        leave_out_el2(c);
        break;
    case 2: /* the usual size; the address stays in its zone */
        c->ipa = c->ipa >= top ? UINT64_C(1) << 48 : c->ipa >= size ? UINT64_C(1) << 40 : c->ipa;
        c->regs[WD_ABORT_IN_ID_AA64MMFR0_EL1] = 5;
        c->ipa_bits = 40;
        break;
    case 3:
        c->ipa = c->ipa >= top ? top : c->ipa >= size ? size : UINT64_C(0x100000);
        break;
    case 4:
        c->far = 0x1000;
        break;
    case 5:
        c->pc = 0x4000;
        break;
    case 6:
        c->regs[WD_ABORT_IN_VBAR_EL1] = c->aarch32 ? UINT64_C(0x80000000) : UINT64_C(0xffff000000000000);
        break;
    case 7:
        if (c->has_el2)
            c->regs[WD_ABORT_IN_VBAR_EL2] = UINT64_C(0xffff800000000000);
        break;
    case 8:
        c->regs[WD_ABORT_IN_SCTLR_EL1] = WD_SCTLR_SPAN;
        break;
    case 9:
        if (!c->aarch32)
            c->pstate = WD_M_EL1H;
        break;
    case 10: /* an exception that does not change PSTATE.PAN is a simpler one */
        c->regs[WD_ABORT_IN_SCTLR_EL1] |= WD_SCTLR_SPAN;
        break;
    default:
        if (c->has_el2)
            c->regs[WD_ABORT_IN_SCTLR_EL2] |= WD_SCTLR_SPAN;
        break;
    }
}

bool wd_abort_simplify(const void *opaque, unsigned step, void *simpler)
{
    struct wd_abort_case *c = simpler;
    uint64_t *value;

    memcpy(c, opaque, sizeof(*c));
    if (step < LARGE_STEPS) {
        simplify_much(c, step);
        return true;
    }
    step -= LARGE_STEPS;
    if (step < WD_ABORT_WORDS_MAX) {
        leave_out_word(c, step);
        return true;
    }
    step -= WD_ABORT_WORDS_MAX;
    if (step < VALUES) {
        *value_at(c, step) = 0;
        return true;
    }
    step -= VALUES;
    value = value_at(c, step / 64);
    if (!value)
        return false;
    if (value != &c->regs[WD_ABORT_IN_SCTLR_EL1] && value != &c->regs[WD_ABORT_IN_SCTLR_EL2])
        *value &= ~(UINT64_C(1) << step % 64);
    else if (step % 64 != 23) /* SPAN: see above */
        *value &= ~(UINT64_C(1) << step % 64);
    return true;
}

/* ---------------------------------------------------------------- telling */

static const char *state_name(const struct wd_abort_case *c)
{
    switch (c->pstate & WD_PSTATE_M) {
    case WD_M_EL0T:
        return "EL0";
    case WD_M_EL1T:
        return "EL1, with SP_EL0";
    case WD_M_EL1H:
        return "EL1";
    case WD_M_EL2T:
        return "EL2, with SP_EL0";
    case WD_M_EL2H:
        return "EL2";
    case WD_M_USR:
        return "EL0, in AArch32";
    default:
        return "EL1, in AArch32";
    }
}

static const char *action_name(const struct wd_abort_expected *expected)
{
    static const char *const names[] = {"the guest takes an external abort", "the guest takes an Address size fault",
                                        "the access is a device's: the virtual machine's user is told",
                                        "the instruction does nothing, and the next one is executed",
                                        "the instruction is executed again"};

    return names[expected->action];
}

static void tell_exception(FILE *stream, const struct wd_abort_case *c, const struct wd_abort_expected *expected)
{
    static const char *const targets[] = {"EL1", "EL2", "AArch32 Abort mode"};
    static const enum wd_abort_out saved[] = {WD_ABORT_OUT_SPSR_EL1, WD_ABORT_OUT_SPSR_EL2, WD_ABORT_OUT_SPSR_abt};
    static const enum wd_abort_out returns[] = {WD_ABORT_OUT_ELR_EL1, WD_ABORT_OUT_ELR_EL2, WD_ABORT_OUT_LR_abt};
    const struct wd_abort_answer *answer = &expected->answer;
    const enum wd_abort_out told[] = {expected->syndrome, expected->address, returns[expected->target],
                                      saved[expected->target]};

    (void)c;
    fprintf(stream, "  It is taken to %s, at the %s: PC 0x%" PRIx64 ", PSTATE 0x%" PRIx64 ".\n",
            targets[expected->target], expected->serror ? "SError vector (EASE)" : "vector of its kind", answer->pc,
            answer->pstate);
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        if (told[i] < WD_ABORT_OUT_COUNT)
            fprintf(stream, "  %-10s 0x%" PRIx64 "\n", wd_abort_out_names[told[i]], answer->regs[told[i]]);
}

void wd_abort_explain(FILE *stream, const void *opaque)
{
    static const char *const zones[] = {"inside the virtual machine's IPA size",
                                        "between the virtual machine's IPA size and PARange", "beyond PARange"};
    const struct wd_abort_case *c = opaque;
    struct wd_abort_facts facts;
    struct wd_abort_expected expected;
    const struct wd_subject_text *rule;

    wd_abort_look(c, &facts);
    wd_abort_expect(c, &facts, 0, 3, &expected);
    rule = &wd_abort_kind.rules[expected.rule];
    fprintf(stream, "A stage 2 abort on %s%s, of %s, PC 0x%" PRIx64 "\n", facts.walk ? "the stage 1 walk for " : "",
            !facts.data   ? "an instruction fetch"
            : facts.cache ? "cache maintenance"
            : facts.write ? "a write"
                          : "a read",
            state_name(c), c->pc);
    fprintf(stream, "  virtual address 0x%" PRIx64 ", intermediate physical address 0x%" PRIx64 "\n", c->far,
            c->ipa | (c->far & 0xfff));
    fprintf(stream, "  The address is %s (%u bits; PARange %u bits), and there is no memory.\n", zones[facts.zone],
            c->ipa_bits, facts.physical_bits);
    if (c->aarch32)
        fprintf(stream, "  EL1 is AArch32, with %s descriptors.\n", facts.short_descriptors ? "short" : "long");
    if (c->has_el2)
        fprintf(stream, "  The guest has an EL2.\n");
    if (facts.walk && !c->aarch32 && facts.zone != WD_ZONE_BEYOND) {
        if (facts.walk_level == WD_NO_LEVEL)
            fprintf(stream, "  The walk for the virtual address reads no descriptor there.\n");
        else
            fprintf(stream, "  The walk for the virtual address reads its level %d descriptor there.\n",
                    facts.walk_level);
    }
    fprintf(stream, "\nSo %s.\n  %s (%s%s%s): %s\n", action_name(&expected), rule->name, rule->source,
            *rule->source ? "; " : "", rule->function, rule->text);
    if (expected.exception)
        tell_exception(stream, c, &expected);
    for (unsigned i = 0; i < WD_ABORT_CHOICE_COUNT; i++)
        if (expected.consulted >> i & 1)
            fprintf(stream, "  choice     %s: %s; also permitted: %s (%s)\n", wd_abort_kind.choices[i].name,
                    wd_abort_kind.choices[i].text, wd_abort_kind.choices[i].function, wd_abort_kind.choices[i].source);
}

/* ---------------------------------------------------------------- comparing */

static bool same(const void *a, const void *b)
{
    const struct wd_abort_answer *one = a, *other = b;

    return one->outcome == other->outcome && one->error == other->error && one->mmio == other->mmio &&
           one->pc == other->pc && one->pstate == other->pstate && !memcmp(one->regs, other->regs, sizeof(one->regs));
}

/* ---------------------------------------------------------------- the table */

static const struct wd_subject_text rules[] = {
#define WD_ABORT_RULE(name, id, source, text) {#name, id, source, text},
#include "walkdiff/abort.def"
};

static const struct wd_subject_text choices[] = {
#define WD_ABORT_CHOICE(name, source, text, option) {#name, source, option, text},
#include "walkdiff/abort.def"
};

_Static_assert(sizeof(struct wd_abort_case) <= WD_SUBJECT_CASE_MAX, "a case fits");
_Static_assert(sizeof(struct wd_abort_answer) <= WD_SUBJECT_ANSWER_MAX, "an answer fits");

const struct wd_subject_kind wd_abort_kind = {
    .name = "abort",
    .text = "a hypervisor's handling of a stage 2 abort that no memory is behind",
    .case_size = sizeof(struct wd_abort_case),
    .answer_size = sizeof(struct wd_abort_answer),
    .rules = rules,
    .rule_count = WD_ABORT_RULE_COUNT,
    .choices = choices,
    .choice_count = WD_ABORT_CHOICE_COUNT,
    .doubtful = 1U << WD_ABORT_CHOICE_WALK_NOT_FOUND,
    .facets = wd_abort_facets,
    .facet_count = WD_ABORT_FACET_COUNT,
    .model = &wd_abort_model,
    .generate = wd_abort_generate,
    .members = &wd_abort_members,
    .begin = wd_abort_begin,
    .check = wd_abort_check,
    .write = wd_abort_write,
    .write_answer = wd_abort_write_answer,
    .same = same,
    .judge = wd_abort_judge,
    .expect = wd_abort_nearest,
    .describe = wd_abort_describe,
    .replacing = LARGE_STEPS,
    .simplify = wd_abort_simplify,
    .explain = wd_abort_explain,
};
