/* SPDX-License-Identifier: MIT */
/*
 * The kind of subject `abort`: a hypervisor's handler of stage 2 aborts, and then the entry into the exception that it
 * made pending. A case is an abort as EL2 sees it and the guest's state; an answer, the guest's state afterwards.
 */
#ifndef WALKDIFF_ABORT_H
#define WALKDIFF_ABORT_H

#include "walkdiff/case.h"
#include "walkdiff/subject.h"

/** Registers that a case gives: WD_ABORT_IN_SCTLR_EL1, … */
enum wd_abort_in {
#define WD_ABORT_IN(name) WD_ABORT_IN_##name,
#include "walkdiff/abort.def"
    WD_ABORT_IN_COUNT,
};

/** Registers of the guest that an answer tells: WD_ABORT_OUT_ESR_EL1, … */
enum wd_abort_out {
#define WD_ABORT_OUT(name) WD_ABORT_OUT_##name,
#include "walkdiff/abort.def"
    WD_ABORT_OUT_COUNT,
};

enum { WD_ABORT_WORDS_MAX = 8, WD_ABORT_RAM_MAX = 2 };

/** What a register that the case does not give holds before: a mark, so that stray writes show, at its ends as well. */
static inline uint64_t wd_abort_mark(enum wd_abort_out out)
{
    return (UINT64_C(0x9e3779b97f4a7c15) * ((uint64_t)out + 1)) | UINT64_C(0x8000000180000001);
}

/** One abort. The virtual machine has memory only for its tables, `ram`; where the abort is, there is none. */
struct wd_abort_case {
    uint64_t esr;      /**< ESR_EL2 of a stage 2 abort of a lower Exception level */
    uint64_t far;      /**< FAR_EL2: the virtual address */
    uint64_t ipa;      /**< the page that HPFAR_EL2 names: a multiple of 4096 */
    uint64_t pc;       /**< of the instruction */
    uint64_t pstate;   /**< as SPSR_EL2 shows it */
    uint8_t ipa_bits;  /**< the virtual machine's IPA size */
    uint8_t aarch32;   /**< EL1 is AArch32 */
    uint8_t has_el2;   /**< the guest has an EL2 (of FEAT_VHE); it is AArch64 */
    uint8_t ram_count; /**< at most WD_ABORT_RAM_MAX */
    uint8_t mem_count; /**< at most WD_ABORT_WORDS_MAX */
    uint64_t regs[WD_ABORT_IN_COUNT];
    struct wd_ram ram[WD_ABORT_RAM_MAX];
    struct wd_word mem[WD_ABORT_WORDS_MAX]; /**< sorted by address */
};

/** What the hypervisor does. */
enum wd_abort_outcome {
    WD_ABORT_GUEST, /**< the guest goes on, in the state that the answer tells */
    WD_ABORT_MMIO,  /**< the access is a device's, at `mmio` */
    WD_ABORT_ERROR, /**< the virtual machine cannot go on: `error`; 1: what was pending is so still */
};

struct wd_abort_answer {
    struct wd_subject_head head;
    uint8_t outcome; /**< enum wd_abort_outcome */
    int32_t error;   /**< WD_ABORT_ERROR */
    uint64_t mmio;   /**< WD_ABORT_MMIO: intermediate physical address, all bits */
    uint64_t pc, pstate;
    uint64_t regs[WD_ABORT_OUT_COUNT];
};

#endif
