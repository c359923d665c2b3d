/* SPDX-License-Identifier: MIT */
/* Cases and answers of the kind `abort` in JSON, and which cases can be. docs/subjects-abort.md has the format. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "harness/subjects/abort/abort_kind.h"
#include "harness/subjects/abort/bits.h"
#include "harness/subjects/case_io.h"
#include "harness/subjects/members.h"

/* ---------------------------------------------------------------- reading */

static bool read_bits(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    return wd_subject_read_small(in, place, value, 32, 48, into);
}

static bool read_el1(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    const char *name;

    if (!wd_json_read_string(in, place, value, &name))
        return false;
    if (strcmp(name, "AArch64") && strcmp(name, "AArch32"))
        return wd_json_fail(in, place, "AArch64 or AArch32 is wanted");
    *(uint8_t *)into = !strcmp(name, "AArch32");
    return true;
}

static const struct wd_json_member register_table[] = {
#define WD_ABORT_IN(name) WD_JSON_MEMBER(#name, false, WD_ABORT_IN_##name * sizeof(uint64_t), wd_json_read_hex),
#include "walkdiff/abort.def"
};
static const struct wd_json_members register_members = WD_JSON_MEMBERS("register", register_table);

static bool read_registers(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_abort_case *c = into;

    return wd_json_read_object(in, place, value, &register_members, c->regs, NULL);
}

/* Two 64-bit values. */
static bool read_pair(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *pair, const char *what,
                      uint64_t *one, uint64_t *other)
{
    yyjson_val *first = yyjson_arr_get_first(pair), *last = yyjson_arr_get_last(pair);
    struct wd_json_place first_place = wd_json_element(place, first, 0);
    struct wd_json_place last_place = wd_json_element(place, last, 1);

    return wd_json_is_array(in, place, pair, 2, 2, what) && wd_json_read_hex(in, &first_place, first, one) &&
           wd_json_read_hex(in, &last_place, last, other);
}

static bool read_ram(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_abort_case *c = into;
    size_t i, count;
    yyjson_val *pair;

    if (!wd_json_is_array(in, place, value, 0, WD_ABORT_RAM_MAX, "a list of ranges"))
        return false;
    yyjson_arr_foreach(value, i, count, pair)
    {
        struct wd_json_place at = wd_json_element(place, pair, i);
        struct wd_ram *ram = &c->ram[c->ram_count++];

        *ram = (struct wd_ram){0};
        if (!read_pair(in, &at, pair, "a range is [base, size]", &ram->base, &ram->size))
            return false;
        if ((ram->base | ram->size) % 8 || !ram->size || ram->base > UINT64_MAX - ram->size)
            return wd_json_fail(in, &at, "base and size are to be multiples of 8, and the range is to be one");
    }
    return true;
}

static bool read_mem(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_abort_case *c = into;
    size_t i, count;
    yyjson_val *pair;

    if (!wd_json_is_array(in, place, value, 0, WD_ABORT_WORDS_MAX, "a list of words"))
        return false;
    yyjson_arr_foreach(value, i, count, pair)
    {
        struct wd_json_place at = wd_json_element(place, pair, i);
        struct wd_word word;
        unsigned to = c->mem_count;

        if (!read_pair(in, &at, pair, "a word is [address, value]", &word.pa, &word.value))
            return false;
        if (word.pa % 8)
            return wd_json_fail(in, &at, "address 0x%" PRIx64 " is not a multiple of 8", word.pa);
        for (; to && c->mem[to - 1].pa >= word.pa; to--) {
            if (c->mem[to - 1].pa == word.pa)
                return wd_json_fail(in, &at, "address 0x%" PRIx64 " is given twice", word.pa);
            c->mem[to] = c->mem[to - 1];
        }
        c->mem[to] = word;
        c->mem_count++;
    }
    return true;
}

#define WD_MEMBER(name, required, member, read)                                                                        \
    WD_JSON_MEMBER(name, required, offsetof(struct wd_abort_case, member), read)

static const struct wd_json_member member_table[] = {
    WD_SUBJECT_COMMON_MEMBERS,
    WD_MEMBER("esr", true, esr, wd_json_read_hex),
    WD_MEMBER("far", true, far, wd_json_read_hex),
    WD_MEMBER("ipa", true, ipa, wd_json_read_hex),
    WD_MEMBER("pc", true, pc, wd_json_read_hex),
    WD_MEMBER("pstate", true, pstate, wd_json_read_hex),
    WD_MEMBER("ipa_bits", true, ipa_bits, read_bits),
    WD_MEMBER("el1", false, aarch32, read_el1),
    WD_MEMBER("el2", false, has_el2, wd_subject_read_flag),
    WD_JSON_MEMBER("regs", false, 0, read_registers),
    WD_JSON_MEMBER("ram", false, 0, read_ram),
    WD_JSON_MEMBER("mem", false, 0, read_mem),
};

const struct wd_json_members wd_abort_members = WD_JSON_MEMBERS("member", member_table);

void wd_abort_begin(void *c)
{
    memset(c, 0, sizeof(struct wd_abort_case));
}

/* ---------------------------------------------------------------- which cases can be */

struct requirement {
    bool holds;
    const char *why;
};

static bool is_mode(const struct wd_abort_case *c)
{
    switch (c->pstate & WD_PSTATE_M) {
    case WD_M_EL0T:
    case WD_M_EL1T:
    case WD_M_EL1H:
        return !c->aarch32;
    case WD_M_EL2T:
    case WD_M_EL2H:
        return c->has_el2;
    case WD_M_USR:
        return !c->has_el2;
    case WD_M_FIQ:
    case WD_M_IRQ:
    case WD_M_SVC:
    case WD_M_ABT:
    case WD_M_UND:
    case WD_M_SYS:
        return c->aarch32;
    default:
        return false;
    }
}

static bool is_status(uint64_t esr, bool translation_alone)
{
    unsigned fsc = (unsigned)(esr & WD_ESR_FSC);

    return fsc == 0x2b || (fsc >= 4 && fsc < (translation_alone ? 8 : 16));
}

static bool is_in_ram(const struct wd_abort_case *c, uint64_t page)
{
    for (unsigned i = 0; i < c->ram_count; i++)
        if (c->ram[i].base < page + 0x1000 && c->ram[i].base + c->ram[i].size > page)
            return true;
    return false;
}

static uint64_t vectors(uint64_t vbar, bool aarch32)
{
    return vbar & (aarch32 ? UINT64_C(0x1f) : UINT64_C(0x7ff));
}

bool wd_abort_check(const void *opaque, char *why, size_t size)
{
    static const uint64_t pstate64 = WD_PSTATE_NZCV | WD_PSTATE_DIT | WD_PSTATE_UAO | WD_PSTATE_PAN | WD_PSTATE_SS |
                                     WD_PSTATE_SSBS | WD_PSTATE_DAIF | WD_PSTATE_M;
    static const uint64_t pstate32 = WD_PSTATE_NZCV | WD_CPSR_Q | WD_PSTATE_DIT | WD_CPSR_SSBS | WD_PSTATE_PAN |
                                     WD_PSTATE_SS | WD_CPSR_GE | WD_CPSR_E | WD_CPSR_A | WD_CPSR_I | WD_CPSR_F |
                                     WD_CPSR_T | WD_PSTATE_M;
    const struct wd_abort_case *c = opaque;
    const uint64_t *regs = c->regs;
    uint64_t hcr = regs[WD_ABORT_IN_HCR_EL2], mode = c->pstate & WD_PSTATE_M;
    unsigned ec = (unsigned)wd_bits(c->esr, 63, 26), parange = (unsigned)regs[WD_ABORT_IN_ID_AA64MMFR0_EL1];
    bool data = ec == WD_EC_DATA_LOWER, m32 = mode & 0x10, walk = c->esr & WD_ESR_S1PTW, isv = c->esr & WD_ESR_ISV;
    bool el2 = mode >> 2 == 2 || (mode == WD_M_EL0T && hcr & WD_HCR_TGE_BIT);
    bool ease = wd_bits(regs[WD_ABORT_IN_ID_AA64PFR1_EL1], 59, 56) && regs[WD_ABORT_IN_ID_AA64MMFR3_EL1];
    static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48};
    uint64_t syndrome = UINT64_C(0x3f) | WD_ESR_IL | WD_ESR_S1PTW | (uint64_t)0x3f << WD_ESR_EC_SHIFT;
    const struct requirement requirements[] = {
        {parange < sizeof(sizes), "regs.ID_AA64MMFR0_EL1: PARange from 0 to 5, and nothing else, is wanted"},
        {parange < sizeof(sizes) && c->ipa_bits <= sizes[parange], "ipa_bits: more than PARange"},
        {!(c->ipa & 0xfff) && !(c->ipa >> 52), "ipa: the address of a page is wanted, below 2^52"},
        {ec == WD_EC_INSTRUCTION_LOWER || data, "esr: EC is not that of an abort from a lower Exception level"},
        {!(c->esr & ~(syndrome | (data ? WD_ESR_ISV | UINT64_C(0xffc000) | WD_ESR_CM | WD_ESR_WNR : 0))),
         "esr: a bit is set that such an abort does not have"},
        {is_status(c->esr, c->ipa >> c->ipa_bits),
         "esr: a Translation fault is wanted, or where there may be memory an Access flag or Permission fault"},
        {isv || !(c->esr & UINT64_C(0xffc000)), "esr: ISV is 0, and its fields are not"},
        {!(isv && (walk || c->esr & WD_ESR_CM)), "esr: ISV is 1 of a walk or of cache maintenance"},
        {!(walk && c->esr & WD_ESR_CM), "esr: CM is 1 of a walk"},
        {!(c->esr & WD_ESR_CM) || c->esr & WD_ESR_WNR, "esr: CM is 1, and WnR is not"},
        {c->esr & WD_ESR_IL || (isv && m32 && c->pstate & WD_CPSR_T), "esr: IL is 0, and no 16-bit instruction is it"},
        {!(c->aarch32 && c->has_el2), "el2: an AArch32 guest has none"},
        {is_mode(c), "pstate: M is no mode of this guest"},
        {!(c->pstate & ~(m32 ? pstate32 : pstate64)), "pstate: a bit is set that is not modelled"},
        {!m32 || !((c->pc | c->far) >> 32), "pc, far: more than 32 bits in AArch32"},
        {!(c->pc & (m32 && c->pstate & WD_CPSR_T ? 1 : 3)), "pc: no address of an instruction"},
        {c->has_el2 ? hcr & WD_HCR_E2H_BIT && hcr & WD_HCR_RW_BIT : !hcr,
         "regs.HCR_EL2: a guest with EL2 has E2H = 1 and RW = 1, and one without has none of it"},
        {!(hcr & ~(WD_HCR_RW_BIT | WD_HCR_E2H_BIT | WD_HCR_TGE_BIT | WD_HCR_TEA_BIT)),
         "regs.HCR_EL2: a bit is set that is not modelled"},
        {!(hcr & WD_HCR_TGE_BIT && mode >> 2 == 1), "pstate: with TGE = 1 there is no EL1"},
        {!vectors(regs[WD_ABORT_IN_VBAR_EL1], c->aarch32) && !vectors(regs[WD_ABORT_IN_VBAR_EL2], false),
         "regs: a VBAR is not aligned"},
        {!c->aarch32 || !(regs[WD_ABORT_IN_VBAR_EL1] >> 32), "regs.VBAR_EL1: more than 32 bits in AArch32"},
        {!c->has_el2 || regs[WD_ABORT_IN_VBAR_EL1] != regs[WD_ABORT_IN_VBAR_EL2],
         "regs: the vectors of EL1 and EL2 are the same: no answer could say which it is"},
        {c->pc >> 11 != regs[WD_ABORT_IN_VBAR_EL1] >> 11 && c->pc >> 11 != regs[WD_ABORT_IN_VBAR_EL2] >> 11 &&
             !(c->aarch32 && c->pc >> 16 == 0xffff),
         "pc: in the vectors: no answer could say where it goes"},
        {ease || !((regs[WD_ABORT_IN_SCTLR2_EL1] | regs[WD_ABORT_IN_SCTLR2_EL2]) ||
                   regs[WD_ABORT_IN_HCRX_EL2] & WD_HCRX_SCTLR2EN),
         "regs: SCTLR2_ELx needs FEAT_SCTLR2 and FEAT_DoubleFault2"},
        {!((regs[WD_ABORT_IN_SCTLR2_EL1] | regs[WD_ABORT_IN_SCTLR2_EL2]) & ~WD_SCTLR2_EASE) &&
             !(regs[WD_ABORT_IN_HCRX_EL2] & ~(WD_HCRX_SCTLR2EN | WD_HCRX_TMEA_BIT)),
         "regs: of SCTLR2_ELx EASE and of HCRX_EL2 SCTLR2En and TMEA are modelled"},
        {!(regs[WD_ABORT_IN_HCRX_EL2] & WD_HCRX_TMEA_BIT) || ease, "regs.HCRX_EL2: TMEA needs FEAT_DoubleFault2"},
        {!walk || c->aarch32 || regs[el2 ? WD_ABORT_IN_SCTLR_EL2 : WD_ABORT_IN_SCTLR_EL1] & WD_SCTLR_M,
         "esr: S1PTW is 1, and stage 1 is off"},
        {!is_in_ram(c, c->ipa), "ram: there is memory where the abort is"},
        {c->has_el2 || !(regs[WD_ABORT_IN_SCTLR_EL2] | regs[WD_ABORT_IN_SCTLR2_EL2] | regs[WD_ABORT_IN_TCR_EL2] |
                         regs[WD_ABORT_IN_TTBR0_EL2] | regs[WD_ABORT_IN_VBAR_EL2] | regs[WD_ABORT_IN_HCRX_EL2]),
         "regs: a register of EL2, which the guest does not have"},
    };

    for (size_t i = 0; i < sizeof(requirements) / sizeof(requirements[0]); i++) {
        if (requirements[i].holds)
            continue;
        snprintf(why, size, "%s", requirements[i].why);
        return false;
    }
    return true;
}

/* ---------------------------------------------------------------- writing */

static void put_hex(struct wd_json_out *out, const char *name, uint64_t value)
{
    wd_json_put_string(out, name);
    WD_JSON_PUT(out, ":");
    wd_json_put_hex(out, value, 1);
}

static void put_comma_hex(struct wd_json_out *out, const char *name, uint64_t value)
{
    WD_JSON_PUT(out, ",");
    put_hex(out, name, value);
}

static void put_pair(struct wd_json_out *out, bool first, uint64_t one, uint64_t other)
{
    if (!first)
        WD_JSON_PUT(out, ",");
    WD_JSON_PUT(out, "[");
    wd_json_put_hex(out, one, 1);
    WD_JSON_PUT(out, ",");
    wd_json_put_hex(out, other, 1);
    WD_JSON_PUT(out, "]");
}

/* Registers that differ from what `same` holds. */
static void put_registers(struct wd_json_out *out, const char *const *names, const uint64_t *regs, unsigned count,
                          bool marked)
{
    bool first = true;

    WD_JSON_PUT(out, "\"regs\":{");
    for (unsigned i = 0; i < count; i++) {
        if (regs[i] == (marked ? wd_abort_mark(i) : 0))
            continue;
        if (!first)
            WD_JSON_PUT(out, ",");
        first = false;
        put_hex(out, names[i], regs[i]);
    }
    WD_JSON_PUT(out, "}");
}

void wd_abort_write(struct wd_json_out *out, const void *opaque)
{
    const struct wd_abort_case *c = opaque;

    put_comma_hex(out, "esr", c->esr);
    put_comma_hex(out, "far", c->far);
    put_comma_hex(out, "ipa", c->ipa);
    put_comma_hex(out, "pc", c->pc);
    put_comma_hex(out, "pstate", c->pstate);
    WD_JSON_PUT(out, ",\"ipa_bits\":");
    wd_json_put_integer(out, c->ipa_bits);
    if (c->aarch32)
        WD_JSON_PUT(out, ",\"el1\":\"AArch32\"");
    if (c->has_el2)
        WD_JSON_PUT(out, ",\"el2\":1");
    WD_JSON_PUT(out, ",");
    put_registers(out, wd_abort_in_names, c->regs, WD_ABORT_IN_COUNT, false);
    if (c->ram_count) {
        WD_JSON_PUT(out, ",\"ram\":[");
        for (unsigned i = 0; i < c->ram_count; i++)
            put_pair(out, !i, c->ram[i].base, c->ram[i].size);
        WD_JSON_PUT(out, "]");
    }
    if (c->mem_count) {
        WD_JSON_PUT(out, ",\"mem\":[");
        for (unsigned i = 0; i < c->mem_count; i++)
            put_pair(out, !i, c->mem[i].pa, c->mem[i].value);
        WD_JSON_PUT(out, "]");
    }
}

void wd_abort_write_answer(struct wd_json_out *out, const void *c, const void *opaque)
{
    static const char *const outcomes[] = {"guest", "mmio", "error"};
    const struct wd_abort_answer *answer = opaque;

    (void)c;
    WD_JSON_PUT(out, "\"outcome\":");
    wd_json_put_string(out, outcomes[answer->outcome]);
    if (answer->outcome == WD_ABORT_MMIO)
        put_comma_hex(out, "ipa", answer->mmio);
    if (answer->outcome == WD_ABORT_ERROR) {
        WD_JSON_PUT(out, ",\"error\":");
        wd_json_put_integer(out, answer->error);
    }
    put_comma_hex(out, "pc", answer->pc);
    put_comma_hex(out, "pstate", answer->pstate);
    WD_JSON_PUT(out, ",");
    put_registers(out, wd_abort_out_names, answer->regs, WD_ABORT_OUT_COUNT, true);
}
