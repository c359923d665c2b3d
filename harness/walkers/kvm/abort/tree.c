/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's half of the subject `abort`: a virtual machine with one virtual CPU and no memory slot, on which the
 * tree's own kvm_handle_guest_abort() and __kvm_adjust_pc() run. Compiled against the tree's headers.
 */
#include <linux/kvm_host.h>

#include <asm/esr.h>
#include <asm/kvm_asm.h>
#include <asm/kvm_emulate.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_nested.h>
#include <asm/kvm_pgtable.h>
#include <asm/sysreg.h>

#include "harness/walkers/kvm/abort/abort.h"
#include "probed.h"

static struct kvm kvm;
static struct kvm_vcpu vcpu;
static struct kvm_pgtable pgt;
static struct kvm_memslots no_slots;

/* ---------------------------------------------------------------- registers */

enum {
#define WD_ABORT_IN(name) IN_##name,
#include "walkdiff/abort.def"
    IN_COUNT,
};

enum {
#define WD_ABORT_OUT(name) OUT_##name,
#include "walkdiff/abort.def"
    OUT_COUNT,
};

#define WD_PLACE_NONE(name)     NULL
#define WD_PLACE_SYSREG(name)   &ctxt_sys_reg(&vcpu.arch.ctxt, name)
#define WD_PLACE_IDREG(name)    __vm_id_reg(&kvm.arch, SYS_##name)
#define WD_PLACE_AS(how, name)  WD_PLACE_AS_(how, name)
#define WD_PLACE_AS_(how, name) WD_PLACE_##how(name)

#define WD_IN_TREE_SPSR_abt    CONTEXT
#define WD_IN_TREE_LR_abt      CONTEXT
#define WD_IN_TREE_SPSR_und    CONTEXT
#define WD_IN_TREE_LR_und      CONTEXT
#define WD_FIELD_SPSR_und      vcpu.arch.ctxt.spsr_und
#define WD_FIELD_LR_und        vcpu_gp_regs(&vcpu)->compat_lr_und
#define WD_FIELD_SPSR_abt      vcpu.arch.ctxt.spsr_abt
#define WD_FIELD_LR_abt        vcpu_gp_regs(&vcpu)->compat_lr_abt
#define WD_PLACE_CONTEXT(name) (u64 *)&WD_FIELD_##name

static u64 *in_place[IN_COUNT], *out_place[OUT_COUNT];

static const char *const in_names[IN_COUNT] = {
#define WD_ABORT_IN(name) #name,
#include "walkdiff/abort.def"
};

static void find_places(void)
{
#define WD_ABORT_IN(name) in_place[IN_##name] = WD_PLACE_AS(WD_IN_TREE_##name, name);
#include "walkdiff/abort.def"
#define WD_ABORT_OUT(name) out_place[OUT_##name] = WD_PLACE_AS(WD_IN_TREE_##name, name);
#include "walkdiff/abort.def"
}

const char *wd_tree_abort_unknown_register(const wd_kvm_u64 *in)
{
    for (unsigned i = 0; i < IN_COUNT; i++)
        if (!in_place[i] && in[i])
            return in_names[i];
    return NULL;
}

/* The memory copy of a register is the register. */
static u64 read_register(const struct kvm_vcpu *v, int reg)
{
    return __vcpu_sys_reg(v, reg);
}

static void write_register(struct kvm_vcpu *v, u64 value, int reg)
{
    ctxt_sys_reg(&v->arch.ctxt, reg) = value;
}

extern typeof(vcpu_read_sys_reg) vcpu_read_sys_reg __attribute__((alias("read_register")));
extern typeof(vcpu_write_sys_reg) vcpu_write_sys_reg __attribute__((alias("write_register")));

/* ---------------------------------------------------------------- what the tree asks of the rest of KVM */

/* The case under way. */
static struct wd_kvm_abort *now;
static bool is_mmio;

int kvm_read_guest(struct kvm *k, gpa_t gpa, void *data, unsigned long length)
{
    wd_kvm_u64 value;

    if (length != sizeof(value) || (gpa & 7) || !wd_host_read(gpa, &value))
        return -EFAULT;
    memcpy(data, &value, sizeof(value));
    return 0;
}

/* No access flag is set on the way to a descriptor: the answer is nothing but the guest's state. */
int __kvm_at_swap_desc(struct kvm *k, gpa_t ipa, u64 old, u64 new)
{
    return 0;
}

/* There is no memory slot. */
struct kvm_memory_slot *gfn_to_memslot(struct kvm *k, gfn_t gfn)
{
    return NULL;
}

unsigned long gfn_to_hva_memslot_prot(struct kvm_memory_slot *slot, gfn_t gfn, bool *writable)
{
    if (writable)
        *writable = false;
    return KVM_HVA_ERR_BAD;
}

/* A device's access: userspace would be told. */
int io_mem_abort(struct kvm_vcpu *v, phys_addr_t fault_ipa)
{
    is_mmio = true;
    now->mmio = fault_ipa;
    return 0;
}

/* Nothing is loaded on a CPU. Trees differ in what they give. */
static void do_nothing(struct kvm_vcpu *v, int cpu)
{
}
extern typeof(kvm_arch_vcpu_load) kvm_arch_vcpu_load __attribute__((alias("do_nothing")));

void kvm_arch_vcpu_put(struct kvm_vcpu *v)
{
}

/* There is nobody else to run. */
void preempt_schedule(void)
{
}

/* ---------------------------------------------------------------- the machine below */

static u64 machine_parange;

u64 read_sanitised_ftr_reg(u32 id)
{
    if (id != SYS_ID_AA64MMFR0_EL1)
        return 0;
    return SYS_FIELD_PREP(ID_AA64MMFR0_EL1, PARANGE, machine_parange) |
           SYS_FIELD_PREP_ENUM(ID_AA64MMFR0_EL1, TGRAN4_2, IMP) |
           SYS_FIELD_PREP_ENUM(ID_AA64MMFR0_EL1, TGRAN16_2, IMP) |
           SYS_FIELD_PREP_ENUM(ID_AA64MMFR0_EL1, TGRAN64_2, IMP);
}

int kvm_set_ipa_limit(void);

/* The guest is told of the physical address size of the machine. */
static bool set_machine(void)
{
    static bool is_set;
    u64 parange = SYS_FIELD_GET(ID_AA64MMFR0_EL1, PARANGE, *__vm_id_reg(&kvm.arch, SYS_ID_AA64MMFR0_EL1));

    if (is_set && parange == machine_parange)
        return true;
    machine_parange = parange;
    is_set = !kvm_set_ipa_limit();
    return is_set;
}

static void choose_features(const struct wd_kvm_abort *abort)
{
    unsigned long features = 0;

    if (abort->aarch32)
        features |= BIT(KVM_ARM_VCPU_EL1_32BIT);
    if (abort->has_el2)
        features |= BIT(KVM_ARM_VCPU_HAS_EL2);
    kvm.arch.vcpu_features[0] = features;
    vcpu.arch.hcr_el2 = HCR_VM | (abort->aarch32 ? 0 : HCR_RW);
}

/* ---------------------------------------------------------------- the abort */

void wd_tree_abort_open(void)
{
    vcpu.kvm = &kvm;
    vcpu.arch.hw_mmu = &kvm.arch.mmu;
    kvm.arch.mmu.arch = &kvm.arch;
    kvm.arch.mmu.pgt = &pgt;
    find_places();
}

enum wd_kvm_aborted wd_tree_abort(struct wd_kvm_abort *abort)
{
    int ret;

    now = abort;
    is_mmio = false;
    for (unsigned i = 0; i < IN_COUNT; i++)
        if (in_place[i])
            *in_place[i] = abort->in[i];
    for (unsigned i = 0; i < OUT_COUNT; i++)
        if (out_place[i])
            *out_place[i] = abort->out[i];
    choose_features(abort);
    if (!set_machine())
        return WD_KVM_NO_SUCH_MACHINE;
    pgt.ia_bits = abort->ipa_bits;
    kvm.arch.mmu.vtcr = 64 - abort->ipa_bits;
    vcpu.arch.cflags = vcpu.arch.iflags = vcpu.arch.sflags = 0;
    vcpu.arch.fault.esr_el2 = abort->esr;
    vcpu.arch.fault.far_el2 = abort->far;
    vcpu.arch.fault.hpfar_el2 = abort->ipa >> 8;
#ifdef HPFAR_EL2_NS
    vcpu.arch.fault.hpfar_el2 |= HPFAR_EL2_NS; /* the tree's own way of saying that it is valid */
#endif
    *vcpu_pc(&vcpu) = abort->pc;
    *vcpu_cpsr(&vcpu) = abort->pstate;
    ret = kvm_handle_guest_abort(&vcpu);
    if (ret >= 0)
        __kvm_adjust_pc(&vcpu);
    abort->pc = *vcpu_pc(&vcpu);
    abort->pstate = *vcpu_cpsr(&vcpu);
    for (unsigned i = 0; i < OUT_COUNT; i++)
        if (out_place[i])
            abort->out[i] = *out_place[i];
    abort->error = ret;
    if (ret == 1 && (vcpu_get_flag(&vcpu, PENDING_EXCEPTION) || vcpu_get_flag(&vcpu, INCREMENT_PC)))
        return WD_KVM_ERROR; /* it would be done once more */
    return is_mmio ? WD_KVM_MMIO : ret == 1 ? WD_KVM_GUEST : WD_KVM_ERROR;
}
