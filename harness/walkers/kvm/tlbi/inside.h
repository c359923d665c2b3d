/* SPDX-License-Identifier: GPL-2.0-only */
/* The subject `tlbi`: what the files of its kernel's half say to each other. To be included after the tree's headers.
 */
#ifndef WD_KVM_TLBI_INSIDE_H
#define WD_KVM_TLBI_INSIDE_H

struct kvm_vcpu;
struct kvm_s2_mmu;

/* In tlbi/inside_nested.c. */
void wd_nested_hold_vncr(struct kvm_vcpu *vcpu, const struct wd_kvm_vncr *vncr);
bool wd_nested_holds_vncr(struct kvm_vcpu *vcpu);
bool wd_nested_has_vncr(void);

/* In tlbi/inside_sys_regs.c. @return as wd_tree_tlbi(); WD_KVM_UNFINISHED if the instruction is not to be retired */
enum wd_kvm_tlbi wd_sys_regs_call(struct kvm_vcpu *vcpu, unsigned op1, unsigned crn, unsigned crm, unsigned op2,
                                  u64 operand);

/* In tlbi/tree.c. */
void wd_tree_load_context(struct kvm_s2_mmu *mmu);
void wd_tree_executes(const char *name, u64 operand);
void wd_tree_stores(void);
void wd_tree_dsb(bool of_stores_alone);

#endif
