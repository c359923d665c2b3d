/* SPDX-License-Identifier: GPL-2.0-only */
/* The tree's nested.c, and ways to what it keeps to itself: mappings of VNCR_EL2. */
#define WD_ASKS_CAPABILITY
#include "nested.c"

#include "harness/walkers/kvm/tlbi/tlbi.h"
#include "harness/walkers/kvm/tlbi/inside.h"
#include "probed.h"

#if WD_HAS_vncr_tlb
static struct vncr_tlb held[8];

bool wd_nested_has_vncr(void)
{
    return true;
}

void wd_nested_hold_vncr(struct kvm_vcpu *vcpu, const struct wd_kvm_vncr *vncr)
{
    struct vncr_tlb *vt = &held[vcpu->vcpu_idx];

    vcpu->arch.vncr_tlb = vncr ? vt : NULL;
    if (!vncr)
        return;
    memset(vt, 0, sizeof(*vt));
    vt->gva = vncr->address;
    vt->wi.pgshift = vncr->granule;
    vt->wr.level = vncr->level;
    vt->wr.nG = !vncr->global;
    vt->wr.asid = vncr->asid;
    atomic_set(&vt->cpu, -1);
    vt->valid = true;
}

bool wd_nested_holds_vncr(struct kvm_vcpu *vcpu)
{
    return vcpu->arch.vncr_tlb->valid;
}
#else
bool wd_nested_has_vncr(void)
{
    return false;
}

void wd_nested_hold_vncr(struct kvm_vcpu *vcpu, const struct wd_kvm_vncr *vncr)
{
}

bool wd_nested_holds_vncr(struct kvm_vcpu *vcpu)
{
    return false;
}
#endif
