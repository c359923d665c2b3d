/* SPDX-License-Identifier: MIT */
/* Random cases of the kind `abort`. All that a case says fits together: see wd_abort_check(). */
#include <string.h>

#include "generators/random.h"
#include "harness/subjects/abort/abort_kind.h"
#include "harness/subjects/abort/bits.h"

#define WD_PUT(c, name, value) ((c)->regs[WD_ABORT_IN_##name] = (value))

enum { PAGE = 4096, TABLE_BASE = 0x10000 };

static const uint8_t physical_bits[] = {32, 36, 40, 42, 44, 48};

static uint64_t some_bits(struct wd_random *random, uint64_t mask)
{
    return wd_random_bits(random) & mask;
}

/* The virtual machine: sizes, which state EL1 is in, whether there is an EL2. */
static void choose_machine(struct wd_random *random, struct wd_abort_case *c)
{
    static const uint8_t machines[] = {45, 30, 25};
    unsigned parange = wd_random_below(random, sizeof(physical_bits)), machine = wd_random_index(random, machines, 3);
    bool features = wd_random_chance(random, 50);

    c->has_el2 = machine == 1;
    c->aarch32 = machine == 2;
    WD_PUT(c, ID_AA64MMFR0_EL1, parange);
    c->ipa_bits = (uint8_t)wd_random_between(random, 32, physical_bits[parange]);
    if (c->aarch32 || !features)
        return;
    WD_PUT(c, ID_AA64MMFR3_EL1, WD_BIT(4)); /* SCTLRX */
    WD_PUT(c, ID_AA64PFR1_EL1, WD_BIT(56)); /* DF2 */
    if (wd_random_chance(random, 40))
        WD_PUT(c, SCTLR2_EL1, WD_SCTLR2_EASE);
    if (!c->has_el2)
        return;
    if (wd_random_chance(random, 40))
        WD_PUT(c, SCTLR2_EL2, WD_SCTLR2_EASE);
    WD_PUT(c, HCRX_EL2, some_bits(random, WD_HCRX_SCTLR2EN | WD_HCRX_TMEA_BIT));
}

static void choose_state64(struct wd_random *random, struct wd_abort_case *c)
{
    static const uint8_t plain[] = {WD_M_EL0T, WD_M_EL1T, WD_M_EL1H, WD_M_USR};
    static const uint8_t nested[] = {WD_M_EL0T, WD_M_EL1T, WD_M_EL1H, WD_M_EL2T, WD_M_EL2H, WD_M_EL0T, WD_M_EL2H};
    unsigned mode =
        c->has_el2 ? nested[wd_random_below(random, sizeof(nested))] : plain[wd_random_below(random, sizeof(plain))];
    uint64_t flags = WD_PSTATE_NZCV | WD_PSTATE_DIT | WD_PSTATE_PAN;

    if (mode == WD_M_USR)
        flags |= WD_CPSR_Q | WD_CPSR_SSBS | WD_CPSR_GE | WD_CPSR_E | WD_CPSR_T | WD_CPSR_A | WD_CPSR_I | WD_CPSR_F;
    else
        flags |= WD_PSTATE_UAO | WD_PSTATE_SSBS | WD_PSTATE_DAIF | WD_PSTATE_SS;
    c->pstate = some_bits(random, flags) | mode;
    if (c->has_el2) {
        bool el1 = mode == WD_M_EL1T || mode == WD_M_EL1H; /* with TGE there is no EL1 */

        WD_PUT(c, HCR_EL2,
               WD_HCR_RW_BIT | WD_HCR_E2H_BIT | (wd_random_chance(random, 30) ? WD_HCR_TEA_BIT : 0) |
                   (!el1 && wd_random_chance(random, 50) ? WD_HCR_TGE_BIT : 0));
        WD_PUT(c, SCTLR_EL2, some_bits(random, WD_SCTLR_M | WD_SCTLR_SPAN | WD_SCTLR_EE | WD_SCTLR_DSSBS));
        WD_PUT(c, VBAR_EL2, UINT64_C(0xffff800000000000) + ((uint64_t)wd_random_below(random, 1 << 16) << 11));
    }
    WD_PUT(c, SCTLR_EL1, some_bits(random, WD_SCTLR_M | WD_SCTLR_SPAN | WD_SCTLR_EE | WD_SCTLR_DSSBS));
    WD_PUT(c, VBAR_EL1, UINT64_C(0xffff000000000000) + ((uint64_t)wd_random_below(random, 1 << 16) << 11));
    c->pc = mode == WD_M_USR ? some_bits(random, UINT64_C(0x7ffffffc)) : some_bits(random, UINT64_C(0x7ffffffffffc));
}

static void choose_state32(struct wd_random *random, struct wd_abort_case *c)
{
    static const uint8_t modes[] = {WD_M_USR, WD_M_FIQ, WD_M_IRQ, WD_M_SVC, WD_M_ABT, WD_M_UND, WD_M_SYS, WD_M_SVC};

    c->pstate =
        modes[wd_random_below(random, sizeof(modes))] |
        some_bits(random, WD_PSTATE_NZCV | WD_CPSR_Q | WD_PSTATE_DIT | WD_CPSR_SSBS | WD_PSTATE_PAN | WD_PSTATE_SS |
                              WD_CPSR_GE | WD_CPSR_E | WD_CPSR_A | WD_CPSR_I | WD_CPSR_F | WD_CPSR_T);
    WD_PUT(c, SCTLR_EL1,
           some_bits(random, WD_SCTLR_M | WD_SCTLR_V | WD_SCTLR_SPAN | WD_SCTLR_EE | WD_SCTLR_TE | WD_SCTLR32_DSSBS));
    WD_PUT(c, VBAR_EL1, UINT64_C(0x80000000) + ((uint64_t)wd_random_below(random, 1 << 16) << 5));
    WD_PUT(c, TCR_EL1, wd_random_chance(random, 60) ? WD_TTBCR_EAE : 0);
    c->pc = some_bits(random, UINT64_C(0x7ffffffc));
}

/* An address of the zone: near its ends more often than not. */
static uint64_t choose_ipa(struct wd_random *random, const struct wd_abort_case *c)
{
    unsigned top = physical_bits[c->regs[WD_ABORT_IN_ID_AA64MMFR0_EL1]];
    uint64_t low = 0, high = WD_BIT(c->ipa_bits), page;

    switch (wd_random_below(random, 3)) {
    case 0:
        low = 0x100000; /* where there are no tables */
        break;
    case 1:
        if (c->ipa_bits < top) {
            low = high;
            high = WD_BIT(top);
            break;
        }
        /* fallthrough */
    default:
        low = WD_BIT(top);
        high = top < 48 ? WD_BIT(48) : WD_BIT(52);
        break;
    }
    page = wd_random_bits(random) % ((high - low) / PAGE);
    switch (wd_random_below(random, 4)) {
    case 0:
        page = 0;
        break;
    case 1:
        page = (high - low) / PAGE - 1;
        break;
    default:
        break;
    }
    return low + page * PAGE;
}

static void choose_syndrome(struct wd_random *random, struct wd_abort_case *c)
{
    bool data = wd_random_chance(random, 60), outer = c->ipa >> c->ipa_bits;
    uint64_t status = 0x04 + wd_random_below(random, 4);

    if (!outer && wd_random_chance(random, 30)) /* an Access flag or a Permission fault */
        status += wd_random_chance(random, 50) ? 4 : 8;
    c->esr = (uint64_t)(data ? WD_EC_DATA_LOWER : WD_EC_INSTRUCTION_LOWER) << WD_ESR_EC_SHIFT | status;
    c->esr |= WD_ESR_IL;
    if (!data || wd_random_chance(random, 40)) {
        if (wd_random_chance(random, 50))
            c->esr |= WD_ESR_S1PTW;
        return;
    }
    if (wd_random_chance(random, 15)) {
        c->esr |= WD_ESR_CM | WD_ESR_WNR;
        return;
    }
    c->esr |= some_bits(random, WD_ESR_WNR);
    if (wd_random_chance(random, 70)) { /* SAS, SSE, SRT, SF, AR */
        c->esr |= WD_ESR_ISV | some_bits(random, UINT64_C(0xffc000));
        if (c->pstate & 0x10 && c->pstate & WD_CPSR_T && wd_random_chance(random, 50))
            c->esr &= ~WD_ESR_IL; /* a 16-bit instruction */
    }
}

static void add_word(struct wd_abort_case *c, uint64_t pa, uint64_t value, bool big_endian)
{
    c->mem[c->mem_count++] = (struct wd_word){pa, big_endian ? __builtin_bswap64(value) : value};
}

/*
 * Tables whose descriptor for the virtual address, of some level, is in the page of the fault; or, now and then, of
 * none. Only an AArch64 guest's: nobody reads those of an AArch32 guest.
 */
static void lay_tables(struct wd_random *random, struct wd_abort_case *c)
{
    bool el2 = (c->pstate & WD_PSTATE_M) >> 2 == 2 ||
               ((c->pstate & WD_PSTATE_M) == WD_M_EL0T && c->regs[WD_ABORT_IN_HCR_EL2] & WD_HCR_TGE_BIT);
    uint64_t *sctlr = &c->regs[el2 ? WD_ABORT_IN_SCTLR_EL2 : WD_ABORT_IN_SCTLR_EL1];
    unsigned txsz = (unsigned)wd_random_between(random, 16, 39), input = 64 - txsz;
    int start = 4 - (int)(input - 12 + 8) / 9, level = wd_random_between(random, start, 3);
    bool big_endian = *sctlr & WD_SCTLR_EE, astray = wd_random_chance(random, 10);
    uint64_t base = TABLE_BASE, first = start == level && !astray ? c->ipa : base;
    uint64_t parange = c->regs[WD_ABORT_IN_ID_AA64MMFR0_EL1];

    *sctlr |= WD_SCTLR_M;
    c->far = some_bits(random, (WD_BIT(input) - 1) & (c->pstate & 0x10 ? UINT64_C(0xfffffff8) : ~UINT64_C(7)));
    /* T0SZ, IPS (TCR_EL2 of a host has the same layout), EPD1: TTBR1 is not there */
    c->regs[el2 ? WD_ABORT_IN_TCR_EL2 : WD_ABORT_IN_TCR_EL1] = txsz | parange << 32 | WD_BIT(23);
    c->regs[el2 ? WD_ABORT_IN_TTBR0_EL2 : WD_ABORT_IN_TTBR0_EL1] = first;
    c->ram[0] = (struct wd_ram){.base = base, .size = 0x8000};
    c->ram_count = 1;
    for (int at = start; at < level; at++, base += PAGE) {
        unsigned shift = 12 + 9 * (3 - (unsigned)at), top = at == start ? input - 1 : shift + 8;
        uint64_t index = wd_bits(c->far, top, shift);
        uint64_t next = at + 1 == level ? (astray ? 0 : c->ipa) : base + PAGE;

        add_word(c, base + index * 8, next ? next | 3 : 0, big_endian);
    }
}

void wd_abort_generate(uint64_t seed, uint64_t index, void *opaque)
{
    struct wd_random random = wd_random_stream(seed, index);
    struct wd_abort_case *c = opaque;

    wd_abort_begin(c);
    choose_machine(&random, c);
    if (c->aarch32)
        choose_state32(&random, c);
    else
        choose_state64(&random, c);
    c->ipa = choose_ipa(&random, c);
    choose_syndrome(&random, c);
    c->far = some_bits(&random, c->pstate & 0x10 ? UINT64_C(0xffffffff) : UINT64_C(0x7fffffffffff));
    if (!(c->pstate & 0x10) && wd_random_chance(&random, 20))
        c->far |= UINT64_C(0xffff800000000000);
    if (wd_random_chance(&random, 30)) /* stage 1 off */
        c->far = (c->ipa | (c->far & 0xfff)) & (c->pstate & 0x10 ? UINT64_C(0xffffffff) : ~UINT64_C(0));
    if (c->esr & WD_ESR_S1PTW && !c->aarch32)
        lay_tables(&random, c);
}
