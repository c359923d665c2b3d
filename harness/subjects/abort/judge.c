/* SPDX-License-Identifier: MIT */
/* The judge of the kind `abort`: which permitted answer is nearest, what differs from it, and that in words. */
#include <string.h>

#include "harness/subjects/abort/abort_kind.h"
#include "harness/subjects/abort/bits.h"

/* ---------------------------------------------------------------- classes of what fields hold */

/* What a field is expected to hold, and what it holds: X(enumerator, text) */
#define WD_CLASSES(X)                                                                                                  \
    X(RIGHT, "right")                                                                                                  \
    X(OTHER, "something else")                                                                                         \
    X(UNCHANGED, "what it was")                                                                                        \
    X(EXCEPTION, "an exception")                                                                                       \
    X(DEVICE, "a device's access")                                                                                     \
    X(NEXT, "the next instruction")                                                                                    \
    X(AGAIN, "the same instruction again")                                                                             \
    X(ERROR, "an error of the virtual machine")                                                                        \
    X(EL1, "EL1")                                                                                                      \
    X(EL2, "EL2")                                                                                                      \
    X(SYNC, "the synchronous vector")                                                                                  \
    X(SERROR, "the SError vector")                                                                                     \
    X(SP0, "from the same Exception level with SP_EL0")                                                                \
    X(SPX, "from the same Exception level with SP_ELx")                                                                \
    X(LOWER64, "from a lower Exception level, AArch64")                                                                \
    X(LOWER32, "from a lower Exception level, AArch32")                                                                \
    X(PREFETCH_VECTOR, "the Prefetch Abort vector")                                                                    \
    X(DATA_VECTOR, "the Data Abort vector")                                                                            \
    X(INSTRUCTION_LOWER, "Instruction Abort from a lower Exception level")                                             \
    X(INSTRUCTION_SAME, "Instruction Abort from the same Exception level")                                             \
    X(DATA_LOWER, "Data Abort from a lower Exception level")                                                           \
    X(DATA_SAME, "Data Abort from the same Exception level")                                                           \
    X(SIZE_0, "Address size fault, level 0")                                                                           \
    X(SIZE, "Address size fault, another level")                                                                       \
    X(EXTERNAL, "external abort")                                                                                      \
    X(WALK, "external abort on a walk")                                                                                \
    X(WALK_LEVEL, "external abort on a walk, another level")                                                           \
    X(LONG, "the format of long descriptors")                                                                          \
    X(SHORT, "the format of short descriptors")                                                                        \
    X(ONE, "1")                                                                                                        \
    X(ZERO, "0")                                                                                                       \
    X(VIRTUAL, "the virtual address")                                                                                  \
    X(PHYSICAL, "the intermediate physical address")                                                                   \
    X(INSTRUCTION, "the address of the instruction")                                                                   \
    X(WRITTEN, "written")

enum holds {
#define X(enumerator, text) CLASS_##enumerator,
    WD_CLASSES(X)
#undef X
        CLASS_COUNT,
};

static const char *const class_texts[CLASS_COUNT] = {
#define X(enumerator, text) text,
    WD_CLASSES(X)
#undef X
};

/* ---------------------------------------------------------------- fields, the gravest first */

/* X(enumerator, rule, text); the rule of the first is that of the action. */
#define WD_FIELDS(X)                                                                                                   \
    X(OUTCOME, ABORT_NO_MEMORY, "what happens")                                                                        \
    X(TARGET, ABORT_TARGET, "taken to")                                                                                \
    X(SERROR_VECTOR, ABORT_SERROR_VECTOR, "taken at")                                                                  \
    X(VECTOR, ABORT_VECTOR, "vector")                                                                                  \
    X(PC, ABORT_VECTOR, "PC")                                                                                          \
    X(CLASS, ABORT_CLASS, "EC")                                                                                        \
    X(FORMAT, ABORT_SYNDROME, "LPAE")                                                                                  \
    X(STATUS, ABORT_WALK_LEVEL, "fault status")                                                                        \
    X(IL, ABORT_INSTRUCTION_LENGTH, "IL")                                                                              \
    X(ADDRESS, ABORT_ADDRESS, "fault address")                                                                         \
    X(WNR, ABORT_SYNDROME, "WnR")                                                                                      \
    X(CM, ABORT_SYNDROME, "CM")                                                                                        \
    X(SYNDROME, ABORT_SYNDROME, "other bits of the syndrome")                                                          \
    X(RETURN, ABORT_RETURN, "return address")                                                                          \
    X(SAVED, ABORT_SAVED_STATE, "saved state")                                                                         \
    X(PAN, ABORT_NEW_STATE, "PSTATE.PAN")                                                                              \
    X(SSBS, ABORT_NEW_STATE, "PSTATE.SSBS")                                                                            \
    X(MASKS, ABORT_NEW_STATE, "PSTATE.{D,A,I,F}")                                                                      \
    X(MODE, ABORT_NEW_STATE, "PSTATE.M")                                                                               \
    X(STATE, ABORT_NEW_STATE, "other bits of PSTATE")                                                                  \
    X(MMIO, ABORT_NO_MEMORY, "address of the device's access")                                                         \
    X(STRAY, ABORT_NOTHING_ELSE, "another register")

enum field {
#define X(enumerator, rule, text) FIELD_##enumerator,
    WD_FIELDS(X)
#undef X
        FIELD_COUNT,
};

static const struct {
    uint16_t rule;
    const char *text;
} fields[FIELD_COUNT] = {
#define X(enumerator, rule, text) {WD_##rule, text},
    WD_FIELDS(X)
#undef X
};

/* The first field that differs. */
struct difference {
    enum field field; /* FIELD_COUNT: none does */
    enum holds expected, got;
    unsigned stray; /* enum wd_abort_out: of FIELD_STRAY the register, of FIELD_STATUS where the syndrome is */
};

/* ---------------------------------------------------------------- what an answer says */

static enum holds outcome_expected(const struct wd_abort_expected *expected)
{
    static const enum holds classes[] = {CLASS_EXCEPTION, CLASS_EXCEPTION, CLASS_DEVICE, CLASS_NEXT, CLASS_AGAIN};

    return classes[expected->action];
}

/* Whether PC is in the vectors of one of the guest's Exception levels. */
static bool is_vector(const struct wd_abort_case *c, uint64_t pc)
{
    uint64_t sctlr = c->regs[WD_ABORT_IN_SCTLR_EL1];

    if (c->aarch32)
        return (pc & ~UINT64_C(0x1f)) ==
               (sctlr & WD_SCTLR_V ? UINT64_C(0xffff0000) : c->regs[WD_ABORT_IN_VBAR_EL1] & UINT64_C(0xffffffe0));
    return (pc & ~UINT64_C(0x7ff)) == c->regs[WD_ABORT_IN_VBAR_EL1] ||
           (c->has_el2 && (pc & ~UINT64_C(0x7ff)) == c->regs[WD_ABORT_IN_VBAR_EL2]);
}

static enum holds outcome_got(const struct wd_abort_case *c, const struct wd_abort_answer *got)
{
    if (got->outcome == WD_ABORT_MMIO)
        return CLASS_DEVICE;
    if (got->outcome == WD_ABORT_ERROR)
        return CLASS_ERROR;
    if (is_vector(c, got->pc) && got->pc != c->pc)
        return CLASS_EXCEPTION;
    if (got->pc == c->pc)
        return CLASS_AGAIN;
    return got->pc == c->pc + 4 || got->pc == c->pc + 2 ? CLASS_NEXT : CLASS_OTHER;
}

static enum holds vector_class(const struct wd_abort_case *c, uint64_t pc)
{
    static const enum holds classes[4] = {CLASS_SP0, CLASS_SPX, CLASS_LOWER64, CLASS_LOWER32};

    if (c->aarch32)
        return (pc & 0x1f) == 0x0c ? CLASS_PREFETCH_VECTOR : (pc & 0x1f) == 0x10 ? CLASS_DATA_VECTOR : CLASS_OTHER;
    return classes[wd_bits(pc, 10, 9)];
}

static enum holds class_of_esr(uint64_t esr)
{
    switch (wd_bits(esr, 31, 26)) {
    case WD_EC_INSTRUCTION_LOWER:
        return CLASS_INSTRUCTION_LOWER;
    case WD_EC_INSTRUCTION_LOWER + 1:
        return CLASS_INSTRUCTION_SAME;
    case WD_EC_DATA_LOWER:
        return CLASS_DATA_LOWER;
    case WD_EC_DATA_LOWER + 1:
        return CLASS_DATA_SAME;
    default:
        return CLASS_OTHER;
    }
}

/* The class of a fault status, long or short. @param right  the one that is expected; −1: this is it */
static enum holds status_class(bool is_short, unsigned status, int right)
{
    if (is_short) {
        if (status == WD_FS_EXTERNAL)
            return CLASS_EXTERNAL;
        if (status == WD_FS_EXTERNAL_WALK_1 || status == WD_FS_EXTERNAL_WALK_2)
            return right >= 0 && right != WD_FS_EXTERNAL ? CLASS_WALK_LEVEL : CLASS_WALK;
        return CLASS_OTHER;
    }
    if (status == WD_FSC_SIZE)
        return CLASS_SIZE_0;
    if (status < WD_FSC_SIZE + 4)
        return CLASS_SIZE;
    if (status == WD_FSC_EXTERNAL)
        return CLASS_EXTERNAL;
    if (status >= WD_FSC_EXTERNAL_WALK - 1 && status < WD_FSC_EXTERNAL_WALK + 4)
        return right >= WD_FSC_EXTERNAL_WALK - 1 && right < WD_FSC_EXTERNAL_WALK + 4 ? CLASS_WALK_LEVEL : CLASS_WALK;
    return CLASS_OTHER;
}

/* ---------------------------------------------------------------- comparing */

/* One comparison after the other, until one fails. @return false, always: for `return differ(…)` */
static bool differ(struct difference *difference, enum field field, enum holds expected, enum holds got)
{
    difference->field = field;
    difference->expected = expected;
    difference->got = got;
    return false;
}

static bool same_bit(struct difference *difference, enum field field, uint64_t bit, uint64_t expected, uint64_t got)
{
    if (!((expected ^ got) & bit))
        return true;
    return differ(difference, field, expected & bit ? CLASS_ONE : CLASS_ZERO, got & bit ? CLASS_ONE : CLASS_ZERO);
}

static bool same_entry(const struct wd_abort_case *c, const struct wd_abort_expected *expected,
                       const struct wd_abort_answer *got, struct difference *difference)
{
    uint64_t right = expected->answer.pc;
    bool el2 = expected->target == WD_TARGET_EL2, got_el2;

    if (got->pc == right)
        return true;
    if (!c->aarch32) {
        got_el2 = c->has_el2 && (got->pc & ~UINT64_C(0x7ff)) == c->regs[WD_ABORT_IN_VBAR_EL2];
        if (el2 != got_el2)
            return differ(difference, FIELD_TARGET, el2 ? CLASS_EL2 : CLASS_EL1, got_el2 ? CLASS_EL2 : CLASS_EL1);
        if ((right ^ got->pc) & 0x180)
            return differ(difference, FIELD_SERROR_VECTOR, right & 0x180 ? CLASS_SERROR : CLASS_SYNC,
                          (got->pc & 0x180) == 0x180 ? CLASS_SERROR
                          : got->pc & 0x180          ? CLASS_OTHER
                                                     : CLASS_SYNC);
    }
    if (vector_class(c, right) != vector_class(c, got->pc))
        return differ(difference, FIELD_VECTOR, vector_class(c, right), vector_class(c, got->pc));
    return differ(difference, FIELD_PC, CLASS_RIGHT, CLASS_OTHER);
}

static bool same_syndrome32(const struct wd_abort_facts *facts, const struct wd_abort_expected *expected, uint64_t got,
                            struct difference *difference)
{
    uint64_t right = expected->answer.regs[expected->syndrome];
    uint64_t status = facts->short_descriptors ? WD_BIT(10) | 0xf : WD_ESR_FSC;
    bool is_short = facts->short_descriptors;

    if (got == wd_abort_mark(expected->syndrome))
        return differ(difference, FIELD_STATUS, status_class(is_short, (unsigned)(right & status), -1),
                      CLASS_UNCHANGED);
    if ((right ^ got) & WD_FSR_LPAE)
        return differ(difference, FIELD_FORMAT, is_short ? CLASS_SHORT : CLASS_LONG,
                      is_short ? CLASS_LONG : CLASS_SHORT);
    if ((right ^ got) & status)
        return differ(difference, FIELD_STATUS, status_class(is_short, (unsigned)(right & status), -1),
                      status_class(is_short, (unsigned)(got & status), (int)(right & status)));
    return true;
}

static bool same_syndrome64(const struct wd_abort_expected *expected, uint64_t got, struct difference *difference)
{
    uint64_t right = expected->answer.regs[expected->syndrome];
    bool unchanged = got == wd_abort_mark(expected->syndrome);

    if (class_of_esr(right) != class_of_esr(got))
        return differ(difference, FIELD_CLASS, class_of_esr(right), unchanged ? CLASS_UNCHANGED : class_of_esr(got));
    if ((right ^ got) & WD_ESR_FSC)
        return differ(difference, FIELD_STATUS, status_class(false, (unsigned)(right & WD_ESR_FSC), -1),
                      status_class(false, (unsigned)(got & WD_ESR_FSC), (int)(right & WD_ESR_FSC)));
    return same_bit(difference, FIELD_IL, WD_ESR_IL, right, got);
}

/* The virtual address, and what is there instead. */
static bool same_address(const struct wd_abort_case *c, const struct wd_abort_facts *facts,
                         const struct wd_abort_expected *expected, const struct wd_abort_answer *got,
                         struct difference *difference)
{
    uint64_t mark, value, right, ipa = c->ipa | (c->far & 0xfff);

    if (expected->address == WD_ABORT_OUT_COUNT)
        return true;
    mark = wd_abort_mark(expected->address);
    value = got->regs[expected->address];
    right = expected->answer.regs[expected->address];
    if (value == right)
        return true;
    if (c->aarch32) {
        unsigned shift = facts->data ? 0 : 32;

        mark = (uint32_t)(mark >> shift);
        value = (uint32_t)(value >> shift);
        if (value == (uint32_t)(right >> shift)) /* DFAR for IFAR, or the other way round */
            return differ(difference, FIELD_STRAY, CLASS_UNCHANGED, CLASS_WRITTEN);
        ipa = (uint32_t)ipa;
    }
    return differ(difference, FIELD_ADDRESS, CLASS_VIRTUAL,
                  value == ipa    ? CLASS_PHYSICAL
                  : value == mark ? CLASS_UNCHANGED
                                  : CLASS_OTHER);
}

static bool same_rest_of_syndrome(const struct wd_abort_case *c, const struct wd_abort_expected *expected, uint64_t got,
                                  struct difference *difference)
{
    uint64_t right = expected->answer.regs[expected->syndrome], mask = expected->esr_mask;

    got &= mask;
    right &= mask;
    return same_bit(difference, FIELD_WNR, c->aarch32 ? WD_FSR_WNR : WD_ESR_WNR, right, got) &&
           same_bit(difference, FIELD_CM, c->aarch32 ? WD_FSR_CM : WD_ESR_CM, right, got) &&
           (right == got || differ(difference, FIELD_SYNDROME, CLASS_RIGHT, CLASS_OTHER));
}

/* A register that is to hold an address or a state. */
static bool same_register(const struct wd_abort_expected *expected, const struct wd_abort_answer *got,
                          enum wd_abort_out out, enum field field, struct difference *difference)
{
    if (got->regs[out] == expected->answer.regs[out])
        return true;
    return differ(difference, field, field == FIELD_RETURN ? CLASS_INSTRUCTION : CLASS_RIGHT,
                  got->regs[out] == wd_abort_mark(out) ? CLASS_UNCHANGED : CLASS_OTHER);
}

static bool same_saved(const struct wd_abort_expected *expected, const struct wd_abort_answer *got,
                       struct difference *difference)
{
    static const enum wd_abort_out returns[] = {WD_ABORT_OUT_ELR_EL1, WD_ABORT_OUT_ELR_EL2, WD_ABORT_OUT_LR_abt};
    static const enum wd_abort_out states[] = {WD_ABORT_OUT_SPSR_EL1, WD_ABORT_OUT_SPSR_EL2, WD_ABORT_OUT_SPSR_abt};

    return same_register(expected, got, returns[expected->target], FIELD_RETURN, difference) &&
           same_register(expected, got, states[expected->target], FIELD_SAVED, difference);
}

static bool same_state(const struct wd_abort_case *c, const struct wd_abort_expected *expected, uint64_t got,
                       struct difference *difference)
{
    uint64_t right = expected->answer.pstate;
    uint64_t masks = c->aarch32 ? WD_CPSR_A | WD_CPSR_I | WD_CPSR_F : WD_PSTATE_DAIF;

    if (got == right)
        return true;
    if ((got ^ right) & WD_PSTATE_M)
        return differ(difference, FIELD_MODE, CLASS_RIGHT, CLASS_OTHER);
    if ((got ^ right) & masks)
        return differ(difference, FIELD_MASKS, CLASS_RIGHT, CLASS_OTHER);
    return same_bit(difference, FIELD_PAN, WD_PSTATE_PAN, right, got) &&
           same_bit(difference, FIELD_SSBS, c->aarch32 ? WD_CPSR_SSBS : WD_PSTATE_SSBS, right, got) &&
           differ(difference, FIELD_STATE, CLASS_RIGHT, CLASS_OTHER);
}

/* What does not belong to the exception stays as it was. */
static bool same_others(const struct wd_abort_expected *expected, const struct wd_abort_answer *got,
                        struct difference *difference)
{
    for (unsigned i = 0; i < WD_ABORT_OUT_COUNT; i++) {
        /* FAR_ELx that FnV says is not valid may hold anything. */
        bool any = expected->exception && expected->address == WD_ABORT_OUT_COUNT &&
                   i == (expected->target == WD_TARGET_EL2 ? WD_ABORT_OUT_FAR_EL2 : WD_ABORT_OUT_FAR_EL1);

        if (i == expected->syndrome || any || got->regs[i] == expected->answer.regs[i])
            continue;
        difference->stray = i;
        return differ(difference, FIELD_STRAY, CLASS_UNCHANGED, CLASS_WRITTEN);
    }
    return true;
}

static bool same(const struct wd_abort_case *c, const struct wd_abort_facts *facts,
                 const struct wd_abort_expected *expected, const struct wd_abort_answer *got,
                 struct difference *difference)
{
    enum holds wanted = outcome_expected(expected), outcome = outcome_got(c, got);
    uint64_t syndrome = expected->exception ? got->regs[expected->syndrome] : 0;

    *difference = (struct difference){.field = FIELD_COUNT};
    if (wanted != outcome)
        return differ(difference, FIELD_OUTCOME, wanted, outcome);
    if (expected->exception)
        return same_entry(c, expected, got, difference) &&
               (c->aarch32 ? same_syndrome32(facts, expected, syndrome, difference)
                           : same_syndrome64(expected, syndrome, difference)) &&
               same_address(c, facts, expected, got, difference) &&
               same_rest_of_syndrome(c, expected, syndrome, difference) && same_saved(expected, got, difference) &&
               same_state(c, expected, got->pstate, difference) && same_others(expected, got, difference);
    if (got->pc != expected->answer.pc)
        return differ(difference, FIELD_PC, CLASS_RIGHT, CLASS_OTHER);
    if (got->mmio != expected->answer.mmio)
        return differ(difference, FIELD_MMIO, CLASS_RIGHT, CLASS_OTHER);
    return same_state(c, expected, got->pstate, difference) && same_others(expected, got, difference);
}

/* ---------------------------------------------------------------- the nearest answer */

struct nearest {
    struct wd_abort_expected expected;
    struct difference difference;
    uint32_t choices;   /* that give it */
    uint32_t consulted; /* by any */
};

/* The level that an answer names where the case leaves it open; else one that is permitted. */
static int level_told(const struct wd_abort_case *c, const struct wd_abort_facts *facts,
                      const struct wd_abort_expected *expected, const struct wd_abort_answer *got)
{
    uint64_t syndrome = expected->exception ? got->regs[expected->syndrome] : 0;
    unsigned status = (unsigned)(syndrome & WD_ESR_FSC);

    (void)c;
    if (facts->short_descriptors)
        return (syndrome & 0xf) == WD_FS_EXTERNAL_WALK_2 ? 2 : 1;
    if (expected->action == WD_ACTION_SIZE)
        return status >= WD_FSC_SIZE + 1 && status < WD_FSC_SIZE + 4 ? (int)status - WD_FSC_SIZE : 1;
    return status >= WD_FSC_EXTERNAL_WALK && status < WD_FSC_EXTERNAL_WALK + 4 ? (int)status - WD_FSC_EXTERNAL_WALK : 3;
}

/*
 * Whether an answer can be the one that a choice gives when it is resolved the other way. One that gives another answer
 * altogether would only be further away.
 */
static bool can_be(const struct wd_abort_case *c, const struct wd_abort_facts *facts, enum wd_abort_choice choice,
                   const struct wd_abort_expected *expected, const struct wd_abort_answer *got)
{
    uint64_t syndrome = expected->exception ? got->regs[expected->syndrome] : 0;
    unsigned status = (unsigned)(syndrome & WD_ESR_FSC);

    switch (choice) {
    case WD_ABORT_CHOICE_SIZE_FAULT_LEVEL:
        return status > WD_FSC_SIZE && status < WD_FSC_SIZE + 4;
    case WD_ABORT_CHOICE_AARCH32_WALK_STATUS:
        return facts->short_descriptors ? (syndrome & 0xf) == WD_FS_EXTERNAL : status == WD_FSC_EXTERNAL;
    case WD_ABORT_CHOICE_WALK_NOT_FOUND:
        return outcome_got(c, got) == CLASS_AGAIN;
    case WD_ABORT_CHOICE_CACHE_MAINTENANCE:
        return outcome_got(c, got) == CLASS_EXCEPTION;
    case WD_ABORT_CHOICE_FAR_NOT_VALID:
        return expected->exception && syndrome & WD_ESR_FNV;
    case WD_ABORT_CHOICE_EXTERNAL_ABORT_TYPE:
        return expected->exception && syndrome & (c->aarch32 ? WD_FSR_EXT : WD_ESR_EA);
    default:
        return false;
    }
}

/* Tries the other resolutions of the choices that were consulted. */
static void try_others(const struct wd_abort_case *c, const struct wd_abort_facts *facts,
                       const struct wd_abort_answer *got, struct nearest *nearest)
{
    struct nearest other;

    for (uint32_t choices = 1; choices < 1U << WD_ABORT_CHOICE_COUNT; choices++) {
        uint32_t beyond = choices & ~nearest->consulted;
        unsigned lowest = (unsigned)__builtin_ctz(choices);

        if (beyond) { /* no combination that holds the lowest of these needs to be tried */
            choices += (beyond & -beyond) - 1;
            continue;
        }
        if (!can_be(c, facts, lowest, &nearest->expected, got))
            continue;
        wd_abort_expect(c, facts, choices, level_told(c, facts, &nearest->expected, got), &other.expected);
        if (!same(c, facts, &other.expected, got, &other.difference) &&
            other.difference.field <= nearest->difference.field) {
            nearest->consulted |= other.expected.consulted;
            continue;
        }
        other.consulted = nearest->consulted | other.expected.consulted;
        other.choices = choices & other.expected.consulted;
        *nearest = other;
        if (nearest->difference.field == FIELD_COUNT)
            return;
    }
}

static void find_nearest(const struct wd_abort_case *c, const struct wd_abort_facts *facts,
                         const struct wd_abort_answer *got, struct nearest *nearest)
{
    nearest->choices = 0;
    wd_abort_expect(c, facts, 0, 0, &nearest->expected);
    if (nearest->expected.exception && facts->walk && facts->walk_level == WD_NO_LEVEL &&
        nearest->expected.action == WD_ACTION_EXTERNAL)
        wd_abort_expect(c, facts, 0, level_told(c, facts, &nearest->expected, got), &nearest->expected);
    nearest->consulted = nearest->expected.consulted;
    if (!same(c, facts, &nearest->expected, got, &nearest->difference) && nearest->consulted)
        try_others(c, facts, got, nearest);
}

/* ---------------------------------------------------------------- facets */

static const char *const zone_names[] = {"inside", "between", "beyond"};
static const char *const access_names[] = {"instruction", "read", "write", "cache maintenance"};
static const char *const walk_names[] = {"no", "yes"};
static const char *const level_names[] = {"-1", "0", "1", "2", "3"};
static const char *const status_names[] = {"Translation fault", "Access flag fault", "Permission fault"};
static const char *const machine_names[] = {"AArch64", "AArch64 with EL2", "AArch32, long descriptors",
                                            "AArch32, short descriptors"};
static const char *const state_names[] = {"EL0",  "EL0 of a host", "EL1t",        "EL1h",
                                          "EL2t", "EL2h",          "AArch32 EL0", "AArch32 EL1"};

#define WD_ABORT_FACET(name) [WD_ABORT_FACET_##name] = {#name, name##_names, sizeof(name##_names) / sizeof(char *)},
const struct wd_subject_facet wd_abort_facets[WD_ABORT_FACET_COUNT] = {
#include "walkdiff/abort.def"
};

static unsigned state_of(const struct wd_abort_case *c, const struct wd_abort_facts *facts)
{
    if (facts->from_aarch32)
        return facts->from_el0 ? 6 : 7;
    switch (c->pstate & WD_PSTATE_M) {
    case WD_M_EL0T:
        return facts->host_el0 ? 1 : 0;
    case WD_M_EL1T:
        return 2;
    case WD_M_EL1H:
        return 3;
    case WD_M_EL2T:
        return 4;
    default:
        return 5;
    }
}

static void find_facets(const struct wd_abort_case *c, const struct wd_abort_facts *facts, uint8_t *facets)
{
    unsigned fsc = (unsigned)(c->esr & WD_ESR_FSC);
    bool lowest = fsc == 0x2b; /* Translation fault, level -1 */

    facets[WD_ABORT_FACET_zone] = facts->zone;
    facets[WD_ABORT_FACET_access] = (uint8_t)(!facts->data ? 0 : facts->cache ? 3 : facts->write ? 2 : 1);
    facets[WD_ABORT_FACET_walk] = facts->walk;
    facets[WD_ABORT_FACET_status] = (uint8_t)(lowest ? 0 : (fsc >> 2) - 1);
    facets[WD_ABORT_FACET_level] = (uint8_t)(lowest ? 0 : (fsc & 3) + 1);
    facets[WD_ABORT_FACET_machine] = (uint8_t)(!c->aarch32 ? c->has_el2 : facts->short_descriptors ? 3 : 2);
    facets[WD_ABORT_FACET_state] = (uint8_t)state_of(c, facts);
}

/* ---------------------------------------------------------------- verdicts */

static enum wd_abort_rule rule_of(const struct nearest *nearest, enum field field)
{
    if (field == FIELD_OUTCOME)
        return nearest->expected.rule;
    if (field == FIELD_STATUS && nearest->expected.action == WD_ACTION_SIZE)
        return WD_ABORT_SIZE_FAULT;
    return fields[field].rule;
}

void wd_abort_judge(const void *opaque_case, const void *answer, struct wd_subject_judgement *judgement)
{
    const struct wd_abort_case *c = opaque_case;
    struct wd_abort_facts facts;
    struct nearest nearest;

    wd_abort_look(c, &facts);
    find_facets(c, &facts, judgement->facets);
    if (!answer)
        return;
    find_nearest(c, &facts, answer, &nearest);
    judgement->consulted = nearest.consulted;
    if (nearest.difference.field == FIELD_COUNT) {
        judgement->choices = nearest.choices;
        judgement->verdict = nearest.choices ? WD_VERDICT_PERMITTED : WD_VERDICT_AGREE;
        return;
    }
    if (nearest.difference.field == FIELD_STATUS)
        nearest.difference.stray = nearest.expected.syndrome;
    judgement->verdict = WD_VERDICT_DEVIATION;
    judgement->rule = (uint16_t)rule_of(&nearest, nearest.difference.field);
    judgement->key = (uint32_t)judgement->rule << 26 | (uint32_t)nearest.difference.field << 20 |
                     (uint32_t)nearest.difference.expected << 13 | (uint32_t)nearest.difference.got << 6 |
                     nearest.difference.stray;
}

void wd_abort_nearest(const void *opaque_case, const void *answer, void *expected)
{
    const struct wd_abort_case *c = opaque_case;
    struct wd_abort_facts facts;
    struct nearest nearest;

    wd_abort_look(c, &facts);
    if (answer)
        find_nearest(c, &facts, answer, &nearest);
    else
        wd_abort_expect(c, &facts, 0, 3, &nearest.expected);
    *(struct wd_abort_answer *)expected = nearest.expected.answer;
}

void wd_abort_describe(const void *c, const void *answer, const struct wd_subject_judgement *judgement, char *signature,
                       char *title)
{
    enum field field = judgement->key >> 20 & 63;
    const char *expected = class_texts[judgement->key >> 13 & 127], *got = class_texts[judgement->key >> 6 & 127];
    const char *reg = wd_abort_out_names[judgement->key & 63], *name = wd_abort_kind.rules[judgement->rule].name;
    char what[64];

    (void)c, (void)answer;
    snprintf(what, sizeof(what), "%s%s%s", field == FIELD_STRAY ? reg : fields[field].text,
             field == FIELD_STATUS ? " in " : "", field == FIELD_STATUS ? reg : "");
    snprintf(signature, WD_SIGNATURE_MAX, "%s: %s: %s -> %s", name, what, expected, got);
    snprintf(title, WD_TITLE_MAX, "%s: expected %s, and it is %s", what, expected, got);
}
