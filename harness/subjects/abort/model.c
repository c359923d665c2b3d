/* SPDX-License-Identifier: MIT */
/*
 * What must become of an abort: which action, by where the address lies, and if the guest takes an exception, all that
 * AArch64.TakeException or AArch32.EnterMode do.
 */
#include <string.h>

#include "harness/subjects/abort/abort_kind.h"
#include "harness/subjects/abort/bits.h"
#include "walkdiff/oracle.h"

const char *const wd_abort_in_names[WD_ABORT_IN_COUNT] = {
#define WD_ABORT_IN(name) #name,
#include "walkdiff/abort.def"
};

const char *const wd_abort_out_names[WD_ABORT_OUT_COUNT] = {
#define WD_ABORT_OUT(name) #name,
#include "walkdiff/abort.def"
};

/* ---------------------------------------------------------------- the case */

static unsigned physical_bits(uint64_t mmfr0)
{
    static const uint8_t bits[16] = {32, 36, 40, 42, 44, 48, 52, 56};

    return bits[mmfr0 & 15];
}

static uint64_t in(const struct wd_abort_case *c, enum wd_abort_in reg)
{
    return c->regs[reg];
}

#define WD_IN(c, name) in((c), WD_ABORT_IN_##name)

/* The first descriptor in a page that a walk reads. */
struct sought {
    uint64_t page;
    int level;
};

static void hear(void *context, const struct wd_event *event)
{
    struct sought *sought = context;

    if (event->kind == WD_EVENT_FETCH && sought->level == WD_NO_LEVEL && event->address >> 12 == sought->page)
        sought->level = event->level;
}

/* The level at which the walk of the virtual address reads in the page of the fault; WD_NO_LEVEL: at none. */
static int level_of_walk(const struct wd_abort_case *c, const struct wd_abort_facts *facts)
{
    bool el2 = facts->at_el2 || facts->host_el0;
    struct wd_case walk = {
        .op = el2 ? WD_AT_S1E2R : WD_AT_S1E1R,
        .el = 2,
        .va = c->far,
        .ram = c->ram,
        .ram_count = c->ram_count,
        .mem = c->mem,
        .mem_count = c->mem_count,
    };
    struct sought sought = {.page = c->ipa >> 12, .level = WD_NO_LEVEL};
    struct wd_oracle_output output;

    walk.regs[WD_ID_AA64MMFR0_EL1] = WD_IN(c, ID_AA64MMFR0_EL1);
    walk.regs[WD_ID_AA64MMFR1_EL1] = c->has_el2 ? UINT64_C(1) << WD_ID_AA64MMFR1_EL1_VH_lsb : 0;
    walk.regs[WD_HCR_EL2] = (WD_IN(c, HCR_EL2) & (WD_HCR_E2H_BIT | WD_HCR_TGE_BIT)) | WD_HCR_EL2_DEFAULT;
    walk.regs[WD_SCTLR_EL1] = WD_IN(c, SCTLR_EL1) & (WD_SCTLR_M | WD_SCTLR_EE);
    walk.regs[WD_TCR_EL1] = WD_IN(c, TCR_EL1);
    walk.regs[WD_TTBR0_EL1] = WD_IN(c, TTBR0_EL1);
    walk.regs[WD_SCTLR_EL2] = WD_IN(c, SCTLR_EL2) & (WD_SCTLR_M | WD_SCTLR_EE);
    walk.regs[WD_TCR_EL2] = WD_IN(c, TCR_EL2);
    walk.regs[WD_TTBR0_EL2] = WD_IN(c, TTBR0_EL2);
    wd_oracle(&walk, NULL, hear, &sought, &output);
    return sought.level;
}

void wd_abort_look(const struct wd_abort_case *c, struct wd_abort_facts *facts)
{
    unsigned mode = c->pstate & WD_PSTATE_M;
    bool m32 = mode & 0x10;

    *facts = (struct wd_abort_facts){
        .physical_bits = (uint8_t)physical_bits(WD_IN(c, ID_AA64MMFR0_EL1)),
        .data = wd_bits(c->esr, 31, 26) == WD_EC_DATA_LOWER,
        .walk = c->esr & WD_ESR_S1PTW,
        .from_aarch32 = m32,
        .from_el0 = mode == WD_M_EL0T || mode == WD_M_USR,
        .at_el2 = !m32 && mode >> 2 == 2,
        .walk_level = WD_NO_LEVEL,
    };
    facts->cache = facts->data && c->esr & WD_ESR_CM;
    facts->write = facts->data && c->esr & WD_ESR_WNR;
    facts->zone = c->ipa >> facts->physical_bits ? WD_ZONE_BEYOND
                  : c->ipa >> c->ipa_bits        ? WD_ZONE_BETWEEN
                                                 : WD_ZONE_INSIDE;
    facts->host_el0 = c->has_el2 && facts->from_el0 && WD_IN(c, HCR_EL2) & WD_HCR_TGE_BIT;
    facts->short_descriptors = c->aarch32 && !(WD_IN(c, TCR_EL1) & WD_TTBCR_EAE);
    facts->size_known = !((facts->at_el2 || facts->host_el0 ? WD_IN(c, SCTLR_EL2) : WD_IN(c, SCTLR_EL1)) & WD_SCTLR_M);
    if (facts->walk && !c->aarch32 && facts->zone != WD_ZONE_BEYOND)
        facts->walk_level = (int8_t)level_of_walk(c, facts);
}

/* ---------------------------------------------------------------- the exception */

/* Expected, and what it depends on. */
struct making {
    const struct wd_abort_case *c;
    const struct wd_abort_facts *facts;
    uint32_t choices;
    int level;
    struct wd_abort_expected *expected;
};

static bool choose(struct making *making, enum wd_abort_choice choice)
{
    making->expected->consulted |= 1U << choice;
    return making->choices >> choice & 1;
}

/* AArch64.SyncExternalAbortTarget, or for an Address size fault AArch64.DataAbort. */
static bool is_taken_to_el2(const struct making *making)
{
    const struct wd_abort_case *c = making->c;
    const struct wd_abort_facts *facts = making->facts;

    if (!c->has_el2)
        return false;
    if (facts->at_el2 || facts->host_el0)
        return true;
    if (making->expected->action == WD_ACTION_SIZE)
        return false;
    if (WD_IN(c, HCR_EL2) & WD_HCR_TEA_BIT)
        return true;
    return !facts->from_el0 && c->pstate & WD_PSTATE_A && WD_IN(c, HCRX_EL2) & WD_HCRX_TMEA_BIT &&
           wd_bits(WD_IN(c, ID_AA64PFR1_EL1), 59, 56);
}

/* AArch64.RouteToSErrorOffset; an Address size fault is no external abort. */
static bool is_at_serror_vector(const struct making *making)
{
    const struct wd_abort_case *c = making->c;

    if (making->expected->action != WD_ACTION_EXTERNAL || !wd_bits(WD_IN(c, ID_AA64PFR1_EL1), 59, 56) ||
        !wd_bits(WD_IN(c, ID_AA64MMFR3_EL1), 7, 4))
        return false;
    if (making->expected->target == WD_TARGET_EL2)
        return WD_IN(c, SCTLR2_EL2) & WD_SCTLR2_EASE;
    return WD_IN(c, SCTLR2_EL1) & WD_SCTLR2_EASE && (!c->has_el2 || WD_IN(c, HCRX_EL2) & WD_HCRX_SCTLR2EN);
}

/* The fault status code of AArch64 and of long descriptors. */
static unsigned status_of(struct making *making)
{
    const struct wd_abort_facts *facts = making->facts;
    int level = facts->walk_level;

    if (making->expected->action == WD_ACTION_SIZE)
        return !facts->size_known && choose(making, WD_ABORT_CHOICE_SIZE_FAULT_LEVEL)
                   ? WD_FSC_SIZE + (unsigned)making->level
                   : WD_FSC_SIZE;
    if (!facts->walk)
        return WD_FSC_EXTERNAL;
    if (making->c->aarch32 && choose(making, WD_ABORT_CHOICE_AARCH32_WALK_STATUS))
        return WD_FSC_EXTERNAL;
    if (level == WD_NO_LEVEL)
        level = making->level;
    return (unsigned)(WD_FSC_EXTERNAL_WALK + level);
}

static void set_syndrome64(struct making *making)
{
    const struct wd_abort_facts *facts = making->facts;
    struct wd_abort_expected *expected = making->expected;
    bool el2 = expected->target == WD_TARGET_EL2;
    bool lower = el2 ? !facts->at_el2 : facts->from_el0;
    uint64_t esr = WD_ESR_IL | (uint64_t)((facts->data ? WD_EC_DATA_LOWER : WD_EC_INSTRUCTION_LOWER) + !lower)
                                   << WD_ESR_EC_SHIFT;
    bool far_valid = true;

    esr |= status_of(making);
    if (facts->cache)
        esr |= WD_ESR_CM | WD_ESR_WNR;
    else if (facts->write && !facts->walk)
        esr |= WD_ESR_WNR;
    expected->esr_mask = ~UINT64_C(0);
    if (facts->walk)
        expected->esr_mask &= ~WD_ESR_WNR; /* of the access that was translated, which EL2 is not told */
    if (expected->action == WD_ACTION_EXTERNAL) {
        if (choose(making, WD_ABORT_CHOICE_EXTERNAL_ABORT_TYPE))
            esr |= WD_ESR_EA;
        if (!facts->walk && choose(making, WD_ABORT_CHOICE_FAR_NOT_VALID)) {
            esr |= WD_ESR_FNV;
            far_valid = false;
        }
    }
    expected->syndrome = el2 ? WD_ABORT_OUT_ESR_EL2 : WD_ABORT_OUT_ESR_EL1;
    expected->address = el2 ? WD_ABORT_OUT_FAR_EL2 : WD_ABORT_OUT_FAR_EL1;
    expected->answer.regs[expected->syndrome] = esr;
    if (far_valid)
        expected->answer.regs[expected->address] = making->c->far;
    else
        expected->address = WD_ABORT_OUT_COUNT;
}

/* AArch64.TakeException */
static void enter64(struct making *making)
{
    const struct wd_abort_case *c = making->c;
    const struct wd_abort_facts *facts = making->facts;
    struct wd_abort_expected *expected = making->expected;
    struct wd_abort_answer *answer = &expected->answer;
    bool el2 = is_taken_to_el2(making);
    uint64_t sctlr = el2 ? WD_IN(c, SCTLR_EL2) : WD_IN(c, SCTLR_EL1);
    bool lower = el2 ? !facts->at_el2 : facts->from_el0;
    uint64_t offset;
    /* AArch64.TakeException: SPAN counts at EL1, and at EL2 only where ELIsInHost(EL0). */
    bool span_counts = !el2 || WD_IN(c, HCR_EL2) & WD_HCR_TGE_BIT;

    expected->target = el2 ? WD_TARGET_EL2 : WD_TARGET_EL1;
    expected->serror = is_at_serror_vector(making);
    offset = lower ? (facts->from_aarch32 ? 0x600 : 0x400) : c->pstate & 1 ? 0x200 : 0;
    offset += expected->serror ? 0x180 : 0;
    answer->pc = (el2 ? WD_IN(c, VBAR_EL2) : WD_IN(c, VBAR_EL1)) + offset;
    answer->regs[el2 ? WD_ABORT_OUT_ELR_EL2 : WD_ABORT_OUT_ELR_EL1] = c->pc;
    answer->regs[el2 ? WD_ABORT_OUT_SPSR_EL2 : WD_ABORT_OUT_SPSR_EL1] = c->pstate;
    answer->pstate =
        (c->pstate & (WD_PSTATE_NZCV | WD_PSTATE_DIT | WD_PSTATE_PAN)) | WD_PSTATE_DAIF | (el2 ? WD_M_EL2H : WD_M_EL1H);
    if (span_counts && !(sctlr & WD_SCTLR_SPAN))
        answer->pstate |= WD_PSTATE_PAN;
    if (sctlr & WD_SCTLR_DSSBS)
        answer->pstate |= WD_PSTATE_SSBS;
    set_syndrome64(making);
}

/* The fault status of short descriptors. */
static unsigned short_status_of(struct making *making)
{
    if (making->expected->action == WD_ACTION_SIZE)
        choose(making, WD_ABORT_CHOICE_SHORT_DESCRIPTOR_SIZE_FAULT); /* there is no other */
    if (!making->facts->walk || choose(making, WD_ABORT_CHOICE_AARCH32_WALK_STATUS))
        return WD_FS_EXTERNAL;
    return making->level == 2 ? WD_FS_EXTERNAL_WALK_2 : WD_FS_EXTERNAL_WALK_1;
}

/* AArch32.ReportDataAbort, AArch32.ReportPrefetchAbort */
static void set_syndrome32(struct making *making)
{
    const struct wd_abort_facts *facts = making->facts;
    struct wd_abort_expected *expected = making->expected;
    uint64_t *far = &expected->answer.regs[WD_ABORT_OUT_FAR_EL1];
    uint64_t fsr = facts->short_descriptors ? short_status_of(making) : WD_FSR_LPAE | status_of(making);
    bool is_external = expected->action == WD_ACTION_EXTERNAL || facts->short_descriptors;

    if (is_external && choose(making, WD_ABORT_CHOICE_EXTERNAL_ABORT_TYPE))
        fsr |= WD_FSR_EXT;
    expected->esr_mask = UINT64_C(0xffffffff);
    if (facts->data) {
        if (facts->cache)
            fsr |= WD_FSR_CM | WD_FSR_WNR;
        else if (facts->write && !facts->walk)
            fsr |= WD_FSR_WNR;
        if (facts->walk)
            expected->esr_mask &= ~WD_FSR_WNR;
        if (facts->short_descriptors)
            expected->esr_mask &= ~UINT64_C(0xf0); /* Domain: UNKNOWN */
        *far = (*far & ~UINT64_C(0xffffffff)) | (making->c->far & UINT64_C(0xffffffff));
    } else {
        *far = (*far & UINT64_C(0xffffffff)) | making->c->far << 32;
    }
    expected->syndrome = facts->data ? WD_ABORT_OUT_ESR_EL1 : WD_ABORT_OUT_IFSR32_EL2;
    expected->address = WD_ABORT_OUT_FAR_EL1;
    expected->answer.regs[expected->syndrome] = fsr;
}

/* AArch32.EnterMode */
static void enter32(struct making *making)
{
    const struct wd_abort_case *c = making->c;
    struct wd_abort_answer *answer = &making->expected->answer;
    uint64_t sctlr = WD_IN(c, SCTLR_EL1), old = c->pstate, new;
    bool data = making->facts->data;

    making->expected->target = WD_TARGET_AARCH32;
    new = old &(WD_PSTATE_NZCV | WD_CPSR_Q | WD_PSTATE_DIT | WD_PSTATE_PAN | WD_CPSR_GE | WD_CPSR_F);
    new |= WD_CPSR_A | WD_CPSR_I | WD_M_ABT;
    new |= sctlr &WD_SCTLR_SPAN ? 0 : WD_PSTATE_PAN;
    new |= sctlr &WD_SCTLR32_DSSBS ? WD_CPSR_SSBS : 0;
    new |= sctlr &WD_SCTLR_EE ? WD_CPSR_E : 0;
    new |= sctlr &WD_SCTLR_TE ? WD_CPSR_T : 0;
    answer->pstate = new;
    answer->pc = ((sctlr & WD_SCTLR_V ? UINT64_C(0xffff0000) : WD_IN(c, VBAR_EL1)) + (data ? 0x10 : 0x0c)) &
                 UINT64_C(0xffffffff);
    answer->regs[WD_ABORT_OUT_LR_abt] = (c->pc + (data ? 8 : 4)) & UINT64_C(0xffffffff);
    /* The AArch32 view: DIT is bit 21, and bit 24, J, is 0. */
    answer->regs[WD_ABORT_OUT_SPSR_abt] =
        (old & ~(WD_PSTATE_DIT | WD_PSTATE_SS)) | (old & WD_PSTATE_DIT ? WD_BIT(21) : 0);
    set_syndrome32(making);
}

/* Which action: by where the address lies. */
static enum wd_abort_action act(struct making *making)
{
    const struct wd_abort_facts *facts = making->facts;
    struct wd_abort_expected *expected = making->expected;

    switch (facts->zone) {
    case WD_ZONE_BEYOND:
        expected->rule = WD_ABORT_SIZE_FAULT;
        return WD_ACTION_SIZE;
    case WD_ZONE_BETWEEN:
        expected->rule = WD_ABORT_OUTSIDE_IPA;
        return WD_ACTION_EXTERNAL;
    default:
        expected->rule = WD_ABORT_NO_MEMORY;
        if (!facts->data || facts->walk)
            return WD_ACTION_EXTERNAL;
        if (!facts->cache)
            return WD_ACTION_DEVICE;
        expected->rule = WD_ABORT_SKIP;
        return choose(making, WD_ABORT_CHOICE_CACHE_MAINTENANCE) ? WD_ACTION_EXTERNAL : WD_ACTION_SKIP;
    }
}

/* AArch64: 4 bytes, BTYPE and SS are 0 then. AArch32: cache maintenance is 4 bytes long in both instruction sets. */
static void skip(const struct wd_abort_case *c, struct wd_abort_answer *answer)
{
    answer->pc = c->pc + 4;
    answer->pstate &= ~WD_PSTATE_SS;
    if (c->pstate & 0x10)
        answer->pc &= UINT64_C(0xffffffff);
}

void wd_abort_expect(const struct wd_abort_case *c, const struct wd_abort_facts *facts, uint32_t choices, int level,
                     struct wd_abort_expected *expected)
{
    struct making making = {.c = c, .facts = facts, .choices = choices, .level = level, .expected = expected};
    struct wd_abort_answer *answer = &expected->answer;

    answer->head.status = WD_SUBJECT_ANSWERED;
    answer->head.warning_count = 0;
    answer->outcome = WD_ABORT_GUEST;
    answer->error = 0;
    answer->mmio = 0;
    answer->pc = c->pc;
    answer->pstate = c->pstate;
    for (unsigned i = 0; i < WD_ABORT_OUT_COUNT; i++)
        answer->regs[i] = wd_abort_mark(i);
    expected->consulted = 0;
    expected->target = 0;
    expected->serror = false;
    expected->esr_mask = ~UINT64_C(0);
    expected->syndrome = expected->address = WD_ABORT_OUT_COUNT;
    expected->action = (uint8_t)act(&making);
    if (expected->action == WD_ACTION_EXTERNAL && facts->walk && !c->aarch32 && facts->walk_level == WD_NO_LEVEL &&
        choose(&making, WD_ABORT_CHOICE_WALK_NOT_FOUND))
        expected->action = WD_ACTION_AGAIN;
    expected->exception = expected->action == WD_ACTION_EXTERNAL || expected->action == WD_ACTION_SIZE;
    if (expected->exception && c->aarch32)
        enter32(&making);
    else if (expected->exception)
        enter64(&making);
    else if (expected->action == WD_ACTION_SKIP)
        skip(c, answer);
    else if (expected->action == WD_ACTION_DEVICE) {
        answer->outcome = WD_ABORT_MMIO;
        answer->mmio = c->ipa | (c->far & 0xfff);
    }
}
