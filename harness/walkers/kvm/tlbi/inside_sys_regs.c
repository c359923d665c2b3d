/* SPDX-License-Identifier: GPL-2.0-only */
/* The tree's sys_regs.c, and a way to its table of system instructions. */
#define WD_ASKS_CAPABILITY
#include "sys_regs.c"

#include "harness/walkers/kvm/tlbi/tlbi.h"
#include "harness/walkers/kvm/tlbi/inside.h"

enum wd_kvm_tlbi wd_sys_regs_call(struct kvm_vcpu *vcpu, unsigned op1, unsigned crn, unsigned crm, unsigned op2,
                                  u64 operand)
{
    struct sys_reg_params params = {
        .Op0 = 1, .Op1 = op1, .CRn = crn, .CRm = crm, .Op2 = op2, .regval = operand, .is_write = true};

    for (size_t i = 0; i < ARRAY_SIZE(sys_insn_descs); i++) {
        const struct sys_reg_desc *r = &sys_insn_descs[i];

        if (r->Op0 != 1 || r->Op1 != op1 || r->CRn != crn || r->CRm != crm || r->Op2 != op2)
            continue;
        return r->access(vcpu, &params, r) ? WD_KVM_DONE : WD_KVM_UNFINISHED;
    }
    return WD_KVM_NOT_IN_TABLE;
}
