/* SPDX-License-Identifier: MIT */
/*
 * The kind of subject `tlbi`: an emulation of TLB maintenance that a guest hypervisor executes at its EL2. A case is an
 * instruction, and what the guest's TLBs may hold; an answer, what of it is gone.
 */
#ifndef WALKDIFF_TLBI_H
#define WALKDIFF_TLBI_H

#include <stdint.h>

#include "walkdiff/subject.h"

enum wd_tlbi_instruction {
#define WD_TLBI(name, scope, range, feature, op1, CRm, op2) WD_TLBI_##name,
#include "walkdiff/tlbi.def"
    WD_TLBI_INSTRUCTION_COUNT, /**< added to one: nXS */
};

enum wd_tlbi_in {
#define WD_TLBI_IN(name) WD_TLBI_IN_##name,
#include "walkdiff/tlbi.def"
    WD_TLBI_IN_COUNT,
};

enum wd_tlbi_host_bit {
#define WD_TLBI_HOST(name, text) WD_TLBI_HOST_##name,
#include "walkdiff/tlbi.def"
    WD_TLBI_HOST_COUNT,
};

enum {
    WD_TLBI_CONTEXTS_MAX = 3,
    WD_TLBI_ENTRIES_MAX = 10,
    WD_TLBI_VNCR_MAX = 2,
    WD_TLBI_SHOWN_MAX = 8 /**< instructions of the machine that an answer keeps */
};

/** What an entry is of. */
enum wd_tlbi_entry_type {
    WD_TLBI_STAGE2, /**< the guest's stage 2; the emulation holds a piece of it in its own tables */
    WD_TLBI_STAGE1, /**< stage 1 of EL1&0, whose output address a stage 2 entry translates */
    WD_TLBI_VNCR,   /**< stage 1 of EL2&0, for the page of VNCR_EL2 */
    WD_TLBI_ENTRY_TYPE_COUNT,
};

/** A stage 2 translation of the guest's. */
struct wd_tlbi_context {
    uint64_t vttbr, vtcr; /**< VTTBR_EL2 and VTCR_EL2, while it was the guest's */
    uint8_t enabled;      /**< HCR_EL2.VM */
};

struct wd_tlbi_entry {
    uint64_t address; /**< virtual or intermediate physical: of the entry's first byte; with the tag of an access */
    uint64_t leaf;    /**< STAGE2: the piece that is held: its intermediate physical address */
    uint16_t asid;
    uint8_t type;    /**< enum wd_tlbi_entry_type */
    uint8_t of;      /**< STAGE2: the number of its context; STAGE1: of the entry that translates its output */
    uint8_t granule; /**< 12, 14 or 16; of STAGE2 it is VTCR_EL2.TG0's */
    uint8_t level;
    uint8_t global;     /**< nG is 0 */
    uint8_t leaf_level; /**< STAGE2: of the piece, of a 4K granule */
};

struct wd_tlbi_case {
    uint64_t operand;
    uint64_t regs[WD_TLBI_IN_COUNT];
    uint8_t instruction; /**< enum wd_tlbi_instruction, and WD_TLBI_INSTRUCTION_COUNT more for nXS */
    uint8_t host;        /**< bit set of enum wd_tlbi_host_bit */
    uint8_t context_count, entry_count;
    struct wd_tlbi_context contexts[WD_TLBI_CONTEXTS_MAX];
    struct wd_tlbi_entry entries[WD_TLBI_ENTRIES_MAX];
};

enum wd_tlbi_outcome { WD_TLBI_DONE, WD_TLBI_UNDEFINED, WD_TLBI_UNFINISHED };

struct wd_tlbi_answer {
    struct wd_subject_head head;
    uint8_t outcome;       /**< enum wd_tlbi_outcome */
    uint8_t shown;         /**< of `instructions` */
    uint16_t gone;         /**< bit set of entries */
    uint32_t issued;       /**< how many instructions the machine has executed */
    uint32_t leaves_taken; /**< pieces that the emulation does not hold any more */
    struct {
        uint64_t operand;
        uint8_t instruction, context;
    } instructions[WD_TLBI_SHOWN_MAX];
};

#endif
