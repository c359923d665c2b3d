/* SPDX-License-Identifier: GPL-2.0-only */
/* The subject `abort`: what its two halves say to each other (see bridge.h). */
#ifndef WD_KVM_ABORT_H
#define WD_KVM_ABORT_H

#include "harness/walkers/kvm/bridge.h"

typedef unsigned long long wd_kvm_u64;

/** What became of an abort. */
enum wd_kvm_aborted { WD_KVM_GUEST, WD_KVM_MMIO, WD_KVM_ERROR, WD_KVM_NO_SUCH_MACHINE };

/** An abort, and the guest's state: in, and out. */
struct wd_kvm_abort {
    wd_kvm_u64 esr, far, ipa; /* as in struct wd_abort_case */
    wd_kvm_u64 pc, pstate;    /* in and out */
    unsigned ipa_bits, aarch32, has_el2;
    const wd_kvm_u64 *in; /* by enum wd_abort_in */
    wd_kvm_u64 *out;      /* by enum wd_abort_out; in and out */
    wd_kvm_u64 mmio;      /* out */
    int error;            /* out */
};

/* The kernel's half. */

/** Makes the virtual machine. To be called once, before anything else. */
void wd_tree_abort_open(void);

/** Name of the first register that has a value and that the tree does not know, or NULL. */
const char *wd_tree_abort_unknown_register(const wd_kvm_u64 *in);

/** Has the tree handle an abort, and enter the exception that is then pending. */
enum wd_kvm_aborted wd_tree_abort(struct wd_kvm_abort *abort);

/* The host's half: the case's memory. */

/** Reads a word. @return false if no memory is there */
int wd_host_read(wd_kvm_u64 pa, wd_kvm_u64 *value);

#endif
