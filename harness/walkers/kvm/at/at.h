/* SPDX-License-Identifier: GPL-2.0-only */
/* The subject `at`, KVM's emulation of the AT instructions: what its two halves say to each other (see bridge.h). */
#ifndef WD_KVM_AT_H
#define WD_KVM_AT_H

#include "harness/walkers/kvm/bridge.h"

typedef unsigned long long wd_kvm_u64;

/** How the tree answered. */
enum wd_kvm_answer {
    WD_KVM_PAR,        /**< PAR_EL1 was written, or left alone: see `par` */
    WD_KVM_RETRY,      /**< the function failed, and the guest's instruction would be executed again */
    WD_KVM_UNKNOWN,    /**< the tree has no such instruction */
    WD_KVM_NO_MACHINE, /**< the tree runs on no machine with this `ipa_bits` */
};

/** An AT instruction as a guest hypervisor executes it. */
struct wd_kvm_at {
    unsigned op;            /**< enum wd_operation */
    unsigned el;            /**< 1 or 2 */
    unsigned pan;           /**< PSTATE.PAN */
    unsigned ipa_bits;      /**< IPA size limit of the machine below; 0: PARange of the case */
    wd_kvm_u64 va;          /**< the operand */
    const wd_kvm_u64 *regs; /**< by enum wd_register */
    wd_kvm_u64 par;         /**< out: PAR_EL1 */
    int error;              /**< out, for WD_KVM_RETRY: what the function returned */
};

/* The kernel's half. */

/** Makes the virtual machine. To be called once, before anything else. */
void wd_tree_at_open(void);

/** Has the tree emulate an instruction. */
enum wd_kvm_answer wd_tree_at(struct wd_kvm_at *at);

/** Name of the first register that has a value which this tree cannot hold, because it knows no such register, or NULL.
 */
const char *wd_tree_at_unknown_register(const wd_kvm_u64 *regs);

/**
 * Applies to registers, by enum wd_register, what the tree limits: the features that a nested guest is told of in its
 * ID registers, and the RES0 and RES1 bits of the others that follow from them.
 */
void wd_tree_at_expose(wd_kvm_u64 *regs);

/** Whether wd_tree_at() uses the RES0 and RES1 masks that the last wd_tree_at_expose() made. At first it does not. */
void wd_tree_at_use_masks(int use);

/* The host's half: the case's memory. */

/** Reads a word. @param stage  of the walk that reads: 1 or 2 @return false if no memory is there */
int wd_host_read(wd_kvm_u64 pa, unsigned stage, wd_kvm_u64 *value);

/** Compares and swaps a word. @return 1 done, 0 another value is there, −1 no memory, −2 read-only memory */
int wd_host_swap(wd_kvm_u64 pa, wd_kvm_u64 old_value, wd_kvm_u64 new_value);

#endif
