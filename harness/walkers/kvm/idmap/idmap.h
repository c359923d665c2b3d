/* SPDX-License-Identifier: GPL-2.0-only */
/* The subject `idmap`: what its two halves say to each other (see bridge.h). */
#ifndef WD_KVM_IDMAP_H
#define WD_KVM_IDMAP_H

#include "harness/walkers/kvm/bridge.h"

typedef unsigned long long wd_kvm_u64;

/* The kernel's half: idmap/tree.c, which the tree's nvhe/mem_protect.c is a part of. */

/** Begins a case: no page is mapped. @param pages  for tables, beside the first level @return 0 or an error */
int wd_tree_idmap_begin(unsigned bits, unsigned pages);

/** Adds a region of memory behind those before it. */
void wd_tree_idmap_region(wd_kvm_u64 base, wd_kvm_u64 size);

/** The host accesses an address. @return what the tree's function gave back */
int wd_tree_idmap_fault(wd_kvm_u64 address);

/** Pages become the hypervisor's. @return what the tree's function gave back */
int wd_tree_idmap_own(wd_kvm_u64 address, wd_kvm_u64 size);

/** Tells all leaves, by address. */
void wd_tree_idmap_tell(void);

/* The host's half. */
void wd_host_leaf(wd_kvm_u64 address, int level, wd_kvm_u64 entry);

#endif
