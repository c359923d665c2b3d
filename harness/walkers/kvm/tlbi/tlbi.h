/* SPDX-License-Identifier: GPL-2.0-only */
/* The subject `tlbi`: what its two halves say to each other (see bridge.h). */
#ifndef WD_KVM_TLBI_H
#define WD_KVM_TLBI_H

#include "harness/walkers/kvm/bridge.h"

typedef unsigned long long wd_kvm_u64;

enum { WD_KVM_NO_CONTEXT = 255 };

/** What became of an instruction. */
enum wd_kvm_tlbi { WD_KVM_DONE, WD_KVM_UNDEFINED, WD_KVM_UNFINISHED, WD_KVM_NOT_IN_TABLE };

/** A stage 2 translation, and a VNCR_EL2 mapping: as in struct wd_tlbi_context and struct wd_tlbi_entry. */
struct wd_kvm_context {
    wd_kvm_u64 vttbr, vtcr;
    unsigned enabled;
};
struct wd_kvm_vncr {
    wd_kvm_u64 address;
    unsigned asid, global, granule;
    int level;
};

/* The kernel's half: tlbi/tree.c, and for the tree's static parts tlbi/inside_nested.c and tlbi/inside_sys_regs.c. */

/** Makes the virtual machine. To be called once, before anything else. */
void wd_tree_tlbi_open(void);

/** Why the tree cannot hold a VNCR_EL2 mapping, or NULL. */
const char *wd_tree_tlbi_no_vncr(void);

/** Begins a case. @param regs  by enum wd_tlbi_in @param host  bit set of enum wd_tlbi_host_bit @return 0 or an error
 */
int wd_tree_tlbi_begin(const wd_kvm_u64 *regs, unsigned host, const struct wd_kvm_context *contexts, unsigned count);

/** Maps a piece of a context. @param guest_level  of the guest's entry that it is of; 0: none @return 0 or an error */
int wd_tree_tlbi_map(unsigned context, wd_kvm_u64 address, int level, unsigned guest_level);

/** Whether there is a valid leaf. */
int wd_tree_tlbi_is_mapped(unsigned context, wd_kvm_u64 address);

/** Has virtual CPU `number` hold a VNCR_EL2 mapping; whether it still does. */
void wd_tree_tlbi_hold_vncr(unsigned number, const struct wd_kvm_vncr *vncr);
int wd_tree_tlbi_holds_vncr(unsigned number);

/** Has the tree emulate an instruction. */
enum wd_kvm_tlbi wd_tree_tlbi(unsigned op1, unsigned crn, unsigned crm, unsigned op2, wd_kvm_u64 operand);

/* The host's half. */

/**
 * The machine executes an instruction.
 * @param name     "vae1is"
 * @param context  whose VMID is loaded; or NO_CONTEXT
 * @param lasts    what it invalidates does not come back out of tables: the barriers before it are there
 */
void wd_host_tlbi(const char *name, wd_kvm_u64 operand, unsigned context, int lasts);

#endif
