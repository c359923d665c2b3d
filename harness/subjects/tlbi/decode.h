/* SPDX-License-Identifier: MIT */
/*
 * What a TLBI instruction says, and which entries it must invalidate: of the guest's instruction that is emulated, and
 * of those that the emulation gives to the machine. Arm ARM (DDI 0487), System instruction descriptions of TLBI.
 */
#ifndef WALKDIFF_TLBI_DECODE_H
#define WALKDIFF_TLBI_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "walkdiff/tlbi.h"

enum wd_tlbi_scope {
    WD_SCOPE_ALL,   /**< stage 1 of the regime, and in EL1&0 of the VMID */
    WD_SCOPE_VA,    /**< by address and ASID */
    WD_SCOPE_ASID,  /**< by ASID */
    WD_SCOPE_VAA,   /**< by address */
    WD_SCOPE_IPA,   /**< stage 2 by address */
    WD_SCOPE_ALLE1, /**< EL1&0, both stages */
    WD_SCOPE_S12,   /**< EL1&0 of the VMID, both stages */
    WD_SCOPE_COUNT,
};

enum wd_tlbi_feature { WD_TLBI_BASE, WD_TLBI_OS, WD_TLBI_RANGE };

struct wd_tlbi_description {
    const char *name;
    uint8_t scope, range, feature, op1, crm, op2;
};

extern const struct wd_tlbi_description wd_tlbi_instructions[WD_TLBI_INSTRUCTION_COUNT];

/** The number of a name in any case, WD_TLBI_INSTRUCTION_COUNT more for nXS; -1: there is no such instruction. */
int wd_tlbi_by_name(const char *name);

/** "VAE1ISNXS", into 32 bytes. */
void wd_tlbi_name(unsigned instruction, char *name);

/** Where a reader of the operand goes wrong: what the model's defects do, and how a judge finds the rule. */
enum wd_tlbi_misreading {
    WD_MISREAD_TTL = 1,      /**< takes bits 47:44 for a level without FEAT_TTL */
    WD_MISREAD_LOW_BITS = 2, /**< compares address bits below the granule */
    WD_MISREAD_VMID = 4,     /**< compares 16 bits of VMID with VTCR_EL2.VS = 0 */
    WD_MISREAD_TAG = 8,      /**< compares bits 63:56 of the address */
};

/** The processing element that executes an instruction. */
struct wd_tlbi_view {
    bool has_ttl;    /**< FEAT_TTL */
    bool el2_is_el1; /**< EL1 instructions act on EL2&0: HCR_EL2.{E2H, TGE} is {1, 1}, at EL2 */
    uint32_t vmid;
    unsigned misread; /**< bit set of enum wd_tlbi_misreading */
    bool touches;     /**< a range invalidates the entries that it touches, too, and not only those in it */
};

/** A TLB entry. */
struct wd_tlbi_held {
    uint64_t address;
    uint32_t vmid;
    uint16_t asid;
    uint8_t stage; /**< 1 or 2 */
    bool el2;      /**< of EL2&0, else of EL1&0 */
    bool global;
    uint8_t granule; /**< bits of its page size */
    int8_t level;
};

/** Bits of an entry's size. */
static inline unsigned wd_tlbi_size(unsigned granule, int level)
{
    return granule + (unsigned)(3 - level) * (granule - 3);
}

/** Whether an entry must go. What need not go may. */
bool wd_tlbi_requires(unsigned instruction, uint64_t operand, const struct wd_tlbi_view *view,
                      const struct wd_tlbi_held *held);

/** The guest's side of a case: its processing element, and entry i. */
void wd_tlbi_guest(const struct wd_tlbi_case *c, struct wd_tlbi_view *view);
void wd_tlbi_entry(const struct wd_tlbi_case *c, unsigned i, unsigned misread, struct wd_tlbi_held *held);

/** Whether the guest has an instruction. */
bool wd_tlbi_implemented(const struct wd_tlbi_case *c);

/**
 * Whether entry i cannot be in the machine's TLBs after an instruction with the VMID of a context.
 * @param context  the number of the context
 */
bool wd_tlbi_machine_requires(const struct wd_tlbi_case *c, unsigned instruction, uint64_t operand, unsigned context,
                              unsigned i);

/** The number of the context of entry i. */
unsigned wd_tlbi_context_of(const struct wd_tlbi_case *c, unsigned i);

#endif
