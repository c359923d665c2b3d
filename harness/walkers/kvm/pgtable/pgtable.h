/* SPDX-License-Identifier: GPL-2.0-only */
/* The subject `pgtable`: what its two halves say to each other (see bridge.h). */
#ifndef WD_KVM_PGTABLE_H
#define WD_KVM_PGTABLE_H

#include "harness/walkers/kvm/bridge.h"

typedef unsigned long long wd_kvm_u64;

/** An operation: as in struct wd_pgtable_operation, with the case's numbers of kinds and bits. */
struct wd_kvm_operation {
    wd_kvm_u64 addr, size, phys;
    unsigned kind, prot, annotation, pages, shared, mkold;
};

/* The kernel's half. */

/** Makes empty tables. @param features  bit set of enum wd_pgtable_feature_bit @return 0 or a negative errno value */
int wd_tree_pgtable_begin(unsigned ia_bits, unsigned features);

/** Why the tree cannot do an operation at all, or NULL. */
const char *wd_tree_pgtable_cannot(unsigned features, const struct wd_kvm_operation *operation);

/** The entry that the tree makes of an annotation's number; 0: it has none. */
wd_kvm_u64 wd_tree_pgtable_annotation(unsigned number);

/** Does one. @return what the tree's function gave back */
int wd_tree_pgtable_do(const struct wd_kvm_operation *operation);

/** Gives all tables back. */
void wd_tree_pgtable_end(void);

/* The host's half: the machine (harness/subjects/pgtable/machine.h). */
void *wd_host_table(void);
void *wd_host_root(unsigned long size);
void wd_host_free_root(void *root, unsigned long size);
void wd_host_get(void *page);
void wd_host_put(void *page);
int wd_host_count(void *page);
void *wd_host_virtual(wd_kvm_u64 physical);
wd_kvm_u64 wd_host_physical(const void *memory);
void wd_host_store(void *at, wd_kvm_u64 value);
void wd_host_dsb(void);
void wd_host_tlbi(wd_kvm_u64 ipa, int level, int here);
void wd_host_tlbi_range(wd_kvm_u64 ipa, wd_kvm_u64 pages);
void wd_host_tlbi_all(void);
void wd_host_clean(const void *memory, unsigned long size, int instruction);

#endif
