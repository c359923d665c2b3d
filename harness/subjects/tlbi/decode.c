/* SPDX-License-Identifier: MIT */
#include "harness/subjects/tlbi/decode.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WD_FIELD(value, high, low) ((value) >> (low) & (UINT64_MAX >> (63 - ((high) - (low)))))

const struct wd_tlbi_description wd_tlbi_instructions[WD_TLBI_INSTRUCTION_COUNT] = {
#define WD_TLBI(name, scope, range, feature, op1, CRm, op2)                                                            \
    {#name, WD_SCOPE_##scope, range, WD_TLBI_##feature, op1, CRm, op2},
#include "walkdiff/tlbi.def"
};

int wd_tlbi_by_name(const char *name)
{
    char full[32];

    for (unsigned i = 0; i < 2 * WD_TLBI_INSTRUCTION_COUNT; i++) {
        wd_tlbi_name(i, full);
        if (!strcasecmp(full, name))
            return (int)i;
    }
    return -1;
}

void wd_tlbi_name(unsigned instruction, char *name)
{
    snprintf(name, 32, "%s%s", wd_tlbi_instructions[instruction % WD_TLBI_INSTRUCTION_COUNT].name,
             instruction >= WD_TLBI_INSTRUCTION_COUNT ? "NXS" : "");
}

static uint64_t sign_extend(uint64_t value, unsigned top)
{
    return (uint64_t)((int64_t)(value << (63 - top)) >> (63 - top));
}

/* ---------------------------------------------------------------- operands */

static bool ttl_names_a_level(unsigned granule_code, unsigned level)
{
    /* Level 0, and level 1 of 16K, need FEAT_LPA2: else TTL is treated as if it named none. */
    return granule_code && level >= (granule_code == 2 ? 2U : 1U);
}

/* Whether an entry is of the level that an operand by address names. If it is wrong, nothing need be invalidated. */
static bool is_of_level(uint64_t operand, const struct wd_tlbi_view *view, const struct wd_tlbi_held *held)
{
    unsigned code = (unsigned)WD_FIELD(operand, 47, 46), level = (unsigned)WD_FIELD(operand, 45, 44);

    if (!(view->has_ttl || view->misread & WD_MISREAD_TTL) || !ttl_names_a_level(code, level))
        return true;
    return held->granule == 10 + 2 * code && held->level == (int)level;
}

static bool is_at(uint64_t address, const struct wd_tlbi_view *view, const struct wd_tlbi_held *held)
{
    uint64_t size = UINT64_C(1) << wd_tlbi_size(held->granule, held->level);

    if (view->misread & WD_MISREAD_LOW_BITS && address & ((UINT64_C(1) << held->granule) - 1))
        return false; /* as if the low bits of the operand had to be those of the entry */
    return (address & ~(size - 1)) == held->address;
}

/* The range from `base` to `last` that an operand names. @return false: no entry like this is required to go */
static bool range_of(uint64_t operand, bool is_ipa, const struct wd_tlbi_held *held, uint64_t *base, uint64_t *last)
{
    unsigned code = (unsigned)WD_FIELD(operand, 47, 46), scale = (unsigned)WD_FIELD(operand, 45, 44);
    unsigned num = (unsigned)WD_FIELD(operand, 43, 39), ttl = (unsigned)WD_FIELD(operand, 38, 37);
    unsigned granule = 10 + 2 * code;

    if (!code || held->granule != granule)
        return false; /* TG = 00 is reserved; of another granule none need be invalidated */
    *base = WD_FIELD(operand, 36, 0) << granule;
    if (!is_ipa)
        *base = sign_extend(*base, 36 + granule);
    if (ttl) {
        /* A level that the granule has no entries of, or a base that is not aligned to it: nothing is required. */
        if (held->level != (int)ttl || *base & ((UINT64_C(1) << wd_tlbi_size(granule, (int)ttl)) - 1))
            return false;
    }
    *last = *base + ((uint64_t)(num + 1) << (5 * scale + 1 + granule)) - 1;
    if (*last < *base)
        *last = UINT64_MAX; /* TLBIRange(): beyond the last address there is nothing, and not the first one */
    return true;
}

static bool is_in_place(const struct wd_tlbi_description *d, uint64_t operand, const struct wd_tlbi_view *view,
                        const struct wd_tlbi_held *held)
{
    bool is_ipa = d->scope == WD_SCOPE_IPA;
    uint64_t size = UINT64_C(1) << wd_tlbi_size(held->granule, held->level), base, last;

    if (d->range) {
        if (!range_of(operand, is_ipa, held, &base, &last))
            return false;
        if (view->touches)
            return held->address + (size - 1) >= base && held->address <= last;
        return held->address >= base && held->address + (size - 1) <= last;
    }
    /* IPA[51:48] are RES0 without 52-bit addresses, of which there are none. */
    base = is_ipa ? WD_FIELD(operand, 35, 0) << 12 : sign_extend(WD_FIELD(operand, 43, 0) << 12, 55);
    return is_at(base, view, held) && is_of_level(operand, view, held);
}

bool wd_tlbi_requires(unsigned instruction, uint64_t operand, const struct wd_tlbi_view *view,
                      const struct wd_tlbi_held *held)
{
    const struct wd_tlbi_description *d = &wd_tlbi_instructions[instruction % WD_TLBI_INSTRUCTION_COUNT];
    bool of_both = d->scope == WD_SCOPE_ALLE1 || d->scope == WD_SCOPE_S12 || d->scope == WD_SCOPE_IPA;
    bool el2 = !of_both && (d->op1 == 4 || view->el2_is_el1);
    uint16_t asid = (uint16_t)WD_FIELD(operand, 63, 48);

    if (held->el2 != el2)
        return false;
    if (!el2 && d->scope != WD_SCOPE_ALLE1 && held->vmid != view->vmid)
        return false;
    switch (d->scope) {
    case WD_SCOPE_ALLE1:
    case WD_SCOPE_S12:
        return true;
    case WD_SCOPE_ALL:
        return held->stage == 1;
    case WD_SCOPE_ASID:
        return held->stage == 1 && !held->global && held->asid == asid;
    case WD_SCOPE_VA:
        return held->stage == 1 && (held->global || held->asid == asid) && is_in_place(d, operand, view, held);
    case WD_SCOPE_VAA:
        return held->stage == 1 && is_in_place(d, operand, view, held);
    default:
        return held->stage == 2 && is_in_place(d, operand, view, held);
    }
}

/* ---------------------------------------------------------------- cases */

static uint32_t vmid_of(const struct wd_tlbi_case *c, uint64_t vttbr, unsigned misread)
{
    bool wide = c->regs[WD_TLBI_IN_VTCR_EL2] >> 19 & 1; /* VS */

    return (uint32_t)(wide || misread & WD_MISREAD_VMID ? WD_FIELD(vttbr, 63, 48) : WD_FIELD(vttbr, 55, 48));
}

void wd_tlbi_guest(const struct wd_tlbi_case *c, struct wd_tlbi_view *view)
{
    uint64_t hcr = c->regs[WD_TLBI_IN_HCR_EL2];

    view->has_ttl = WD_FIELD(c->regs[WD_TLBI_IN_ID_AA64MMFR2_EL1], 51, 48);
    view->el2_is_el1 = (hcr >> 34 & 1) && (hcr >> 27 & 1);
    view->vmid = vmid_of(c, c->regs[WD_TLBI_IN_VTTBR_EL2], view->misread);
}

unsigned wd_tlbi_context_of(const struct wd_tlbi_case *c, unsigned i)
{
    const struct wd_tlbi_entry *entry = &c->entries[i];

    return entry->type == WD_TLBI_STAGE1 ? c->entries[entry->of].of : entry->of;
}

void wd_tlbi_entry(const struct wd_tlbi_case *c, unsigned i, unsigned misread, struct wd_tlbi_held *held)
{
    const struct wd_tlbi_entry *entry = &c->entries[i];
    uint64_t address = entry->address;

    if (entry->type != WD_TLBI_STAGE2 && !(misread & WD_MISREAD_TAG))
        address = sign_extend(address, 55);
    *held = (struct wd_tlbi_held){.address = address,
                                  .asid = entry->asid,
                                  .stage = entry->type == WD_TLBI_STAGE2 ? 2 : 1,
                                  .el2 = entry->type == WD_TLBI_VNCR,
                                  .global = entry->global,
                                  .granule = entry->granule,
                                  .level = (int8_t)entry->level};
    if (entry->type != WD_TLBI_VNCR)
        held->vmid = vmid_of(c, c->contexts[wd_tlbi_context_of(c, i)].vttbr, misread);
}

bool wd_tlbi_implemented(const struct wd_tlbi_case *c)
{
    const struct wd_tlbi_description *d = &wd_tlbi_instructions[c->instruction % WD_TLBI_INSTRUCTION_COUNT];

    if (c->instruction >= WD_TLBI_INSTRUCTION_COUNT && !WD_FIELD(c->regs[WD_TLBI_IN_ID_AA64ISAR1_EL1], 59, 56))
        return false;
    return WD_FIELD(c->regs[WD_TLBI_IN_ID_AA64ISAR0_EL1], 59, 56) >= d->feature;
}

bool wd_tlbi_machine_requires(const struct wd_tlbi_case *c, unsigned instruction, uint64_t operand, unsigned context,
                              unsigned i)
{
    const struct wd_tlbi_entry *entry = &c->entries[i];
    /*
     * "The entry would be required to translate any IPA in the specified address range" and "is within the address
     * range": what becomes of an entry that lies in it in part is open. The guest cannot count on it; that the
     * emulation does is no mistake.
     */
    struct wd_tlbi_view view = {.has_ttl = c->host >> WD_TLBI_HOST_TTL & 1, .vmid = context, .touches = true};
    struct wd_tlbi_held held;

    wd_tlbi_entry(c, i, 0, &held);
    held.vmid = wd_tlbi_context_of(c, i); /* the machine knows each context by a VMID of its own */
    if (entry->type == WD_TLBI_STAGE2) {
        held.address = entry->leaf;
        held.granule = 12;
        held.level = (int8_t)entry->leaf_level;
    }
    return wd_tlbi_requires(instruction, operand, &view, &held);
}
