/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's half of the subject `at`: a virtual machine with nested virtualisation and one virtual CPU, made of the
 * tree's own structures, on which the tree's own __kvm_at_*() run. Compiled against the tree's headers; what differs
 * between trees is found by the builder (probed.h) or by the compiler's own questions about types, never by a version.
 */
#include <linux/kvm_host.h>

#include <asm/esr.h>
#include <asm/kvm_asm.h>
#include <asm/kvm_emulate.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_nested.h>
#include <asm/sysreg.h>

#include "harness/walkers/kvm/at/at.h"
#include "probed.h"

/* A configuration or a shim gone wrong shows here first. */
_Static_assert(sizeof(phys_addr_t) == 8 && sizeof(gpa_t) == 8 && sizeof(unsigned long) == 8, "64-bit addresses");
_Static_assert(IS_ENABLED(CONFIG_KVM) && IS_ENABLED(CONFIG_ARM64), "arm64 with KVM");

static struct kvm kvm;
static struct kvm_vcpu vcpu;

/* ---------------------------------------------------------------- registers */

/* The numbers of walkdiff's registers, from its own table. */
enum {
#define WD_REGISTER(name, title) WD_NUMBER_##name,
#include "walkdiff/registers.def"
    WD_NUMBER_COUNT,
};

/* Where the tree keeps a register: probed.h says of each which it is. */
#define WD_PLACE_NONE(name)     NULL
#define WD_PLACE_SYSREG(name)   &ctxt_sys_reg(&vcpu.arch.ctxt, name)
#define WD_PLACE_IDREG(name)    __vm_id_reg(&kvm.arch, SYS_##name)
#define WD_PLACE_AS(how, name)  WD_PLACE_AS_(how, name)
#define WD_PLACE_AS_(how, name) WD_PLACE_##how(name)

static const struct {
    const char *name;
} registers[WD_NUMBER_COUNT] = {
#define WD_REGISTER(name, title) {#name},
#include "walkdiff/registers.def"
};

static u64 *places[WD_NUMBER_COUNT];

static void find_places(void)
{
#define WD_REGISTER(name, title) places[WD_NUMBER_##name] = WD_PLACE_AS(WD_IN_TREE_##name, name);
#include "walkdiff/registers.def"
}

const char *wd_tree_at_unknown_register(const wd_kvm_u64 *regs)
{
    for (unsigned i = 0; i < WD_NUMBER_COUNT; i++)
        if (!places[i] && regs[i])
            return registers[i].name;
    return NULL;
}

/* The memory copy of a register is the register: nothing is loaded on a CPU. */
static u64 read_register(const struct kvm_vcpu *v, int reg)
{
    return __vcpu_sys_reg(v, reg);
}

static void write_register(struct kvm_vcpu *v, u64 value, int reg)
{
    ctxt_sys_reg(&v->arch.ctxt, reg) = value;
}

/* Trees differ in whether a register's number is an int or an enum: an alias has the tree's own type. */
extern typeof(vcpu_read_sys_reg) vcpu_read_sys_reg __attribute__((alias("read_register")));
extern typeof(vcpu_write_sys_reg) vcpu_write_sys_reg __attribute__((alias("write_register")));

/* ---------------------------------------------------------------- what the tree asks of the rest of KVM */

static int read_memory(gpa_t gpa, void *data, unsigned long length, unsigned stage)
{
    wd_kvm_u64 value;

    if (length != sizeof(value) || (gpa & 7)) {
        wd_host_warning("read of guest memory that is no aligned doubleword", 0);
        return -EFAULT;
    }
    if (!wd_host_read(gpa, stage, &value))
        return -EFAULT;
    memcpy(data, &value, sizeof(value));
    return 0;
}

/* at.c and nested.c call kvm_read_guest() by these names, which tell the stage of the walk. */
int wd_kvm_read_guest_stage1(struct kvm *k, gpa_t gpa, void *data, unsigned long length)
{
    return read_memory(gpa, data, length, 1);
}

int wd_kvm_read_guest_stage2(struct kvm *k, gpa_t gpa, void *data, unsigned long length)
{
    return read_memory(gpa, data, length, 2);
}

/* Instead of the tree's, which is assembly on user memory; the same errors for the same reasons. */
int __kvm_at_swap_desc(struct kvm *k, gpa_t ipa, u64 old, u64 new)
{
    switch (wd_host_swap(ipa, old, new)) {
    case 1:
        return 0;
    case 0:
        return -EAGAIN;
    case -1:
        return -EINVAL;
    default:
        return -EPERM;
    }
}

/* ---------------------------------------------------------------- the machine below */

/* ID_AA64MMFR0_EL1.PARange of the machine that KVM runs on. */
static u64 machine_parange;

/* The tree's reset.c asks this for the size of the machine's physical addresses. */
u64 read_sanitised_ftr_reg(u32 id)
{
    if (id != SYS_ID_AA64MMFR0_EL1)
        return 0;
    return SYS_FIELD_PREP(ID_AA64MMFR0_EL1, PARANGE, machine_parange) |
           SYS_FIELD_PREP_ENUM(ID_AA64MMFR0_EL1, TGRAN4_2, IMP) |
           SYS_FIELD_PREP_ENUM(ID_AA64MMFR0_EL1, TGRAN16_2, IMP) |
           SYS_FIELD_PREP_ENUM(ID_AA64MMFR0_EL1, TGRAN64_2, IMP);
}

int __weak kvm_set_ipa_limit(void)
{
    return 0;
}

/* In trees whose reset.c has no such limit. */
u32 __weak get_kvm_ipa_limit(void)
{
    return id_aa64mmfr0_parange_to_phys_shift(machine_parange);
}

u32 __weak kvm_get_pa_bits(struct kvm *k)
{
    return get_kvm_ipa_limit();
}

/* Finds the encoding of a size. @return false if there is none */
static bool parange_of(unsigned bits, u64 *parange)
{
    for (*parange = 0; *parange < 8; ++*parange)
        if (id_aa64mmfr0_parange_to_phys_shift(*parange) == bits)
            return true;
    return false;
}

/* @param bits  IPA size limit of the machine; 0: it has the virtual machine's PARange */
static bool set_machine(unsigned bits)
{
    static bool is_set;
    u64 parange = SYS_FIELD_GET(ID_AA64MMFR0_EL1, PARANGE, *__vm_id_reg(&kvm.arch, SYS_ID_AA64MMFR0_EL1));

    if (bits && !parange_of(bits, &parange))
        return false;
    if (is_set && parange == machine_parange)
        return true;
    machine_parange = parange;
    is_set = true;
    return !kvm_set_ipa_limit();
}

/* ---------------------------------------------------------------- what a guest can have */

/* The masks that the tree made last, and the virtual machine that they are of: its ID registers and features. */
static struct {
    bool made;
    struct kvm_sysreg_masks *masks;
    u64 ids[WD_NUMBER_COUNT];
    unsigned long features;
} exposed;

/* What the tree's sys_regs.c does with a value; the tree's limits call it in versions that change the registers in
 * place. */
void kvm_set_vm_id_reg(struct kvm *k, u32 reg, u64 value)
{
    u64 *place = __vm_id_reg(&k->arch, reg);

    if (place)
        *place = value;
}

/* The bits of an ID register's number in the table of walkdiff; 0: no ID register. */
#define WD_ID_NONE(name)     0
#define WD_ID_SYSREG(name)   0
#define WD_ID_IDREG(name)    SYS_##name
#define WD_ID_AS(how, name)  WD_ID_AS_(how, name)
#define WD_ID_AS_(how, name) WD_ID_##how(name)

static const u32 id_numbers[WD_NUMBER_COUNT] = {
#define WD_REGISTER(name, title) WD_ID_AS(WD_IN_TREE_##name, name),
#include "walkdiff/registers.def"
};

static void limit_ids(void)
{
#if WD_DECLARES_limit_nv_id_reg
    for (unsigned i = 0; i < WD_NUMBER_COUNT; i++)
        if (id_numbers[i])
            *places[i] = limit_nv_id_reg(&kvm, id_numbers[i], *places[i]);
#endif
    /* Where there is no such function, kvm_init_nv_sysregs() limits them. */
}

/* What the tree hides elsewhere than in its limits: FEAT_MTE_PERM, which needs FEAT_MTE2. */
static void hide_what_needs_more(u64 *ids)
{
#if defined(ID_AA64PFR2_EL1_MTEPERM_MASK) && defined(ID_AA64PFR1_EL1_MTE_MTE2)
    if (SYS_FIELD_GET(ID_AA64PFR1_EL1, MTE, ids[WD_NUMBER_ID_AA64PFR1_EL1]) < ID_AA64PFR1_EL1_MTE_MTE2)
        ids[WD_NUMBER_ID_AA64PFR2_EL1] &= ~ID_AA64PFR2_EL1_MTEPERM_MASK;
#endif
}

/* Trees differ in whether it is given the virtual machine or a CPU of it. */
#define WD_OF_MACHINE __builtin_types_compatible_p(typeof(&kvm_init_nv_sysregs), int (*)(struct kvm *))

static void make_masks(void)
{
    int (*make)(void *) = (int (*)(void *))kvm_init_nv_sysregs;

    kvm.arch.sysreg_masks = NULL; /* else they would be kept as they are */
    wd_host_free(exposed.masks);
    exposed.masks = NULL;
    if (make(WD_OF_MACHINE ? (void *)&kvm : (void *)&vcpu))
        BUG();
    exposed.masks = kvm.arch.sysreg_masks;
}

/* A guest that has E2H = 0 is one that was made to have no FEAT_VHE, where a tree can make such. */
static void choose_features(u64 hcr)
{
    kvm.arch.vcpu_features[0] = BIT(KVM_ARM_VCPU_HAS_EL2);
#ifdef KVM_ARM_VCPU_HAS_EL2_E2H0
    if (!(hcr & HCR_E2H))
        kvm.arch.vcpu_features[0] |= BIT(KVM_ARM_VCPU_HAS_EL2_E2H0);
#endif
}

static bool same_machine(const wd_kvm_u64 *regs)
{
    if (!exposed.made || exposed.features != kvm.arch.vcpu_features[0])
        return false;
    for (unsigned i = 0; i < WD_NUMBER_COUNT; i++)
        if (id_numbers[i] && exposed.ids[i] != regs[i])
            return false;
    return true;
}

void wd_tree_at_expose(wd_kvm_u64 *regs)
{
    static u64 limited[WD_NUMBER_COUNT];

    choose_features(regs[WD_NUMBER_HCR_EL2]);
    if (!same_machine(regs)) {
        exposed.made = false;
        for (unsigned i = 0; i < WD_NUMBER_COUNT; i++) {
            exposed.ids[i] = regs[i];
            if (id_numbers[i])
                *places[i] = regs[i];
        }
        *places[WD_NUMBER_ID_AA64MMFR0_EL1] |= SYS_FIELD_PREP_ENUM(ID_AA64MMFR0_EL1, BIGEND, IMP); /* no case has it */
        set_machine(0);
        limit_ids();
        make_masks();
        for (unsigned i = 0; i < WD_NUMBER_COUNT; i++)
            limited[i] = id_numbers[i] ? *places[i] : 0;
        if (!(exposed.ids[WD_NUMBER_ID_AA64MMFR0_EL1] & ID_AA64MMFR0_EL1_BIGEND_MASK))
            limited[WD_NUMBER_ID_AA64MMFR0_EL1] &= ~ID_AA64MMFR0_EL1_BIGEND_MASK;
        hide_what_needs_more(limited);
        exposed.features = kvm.arch.vcpu_features[0];
        exposed.made = true;
    }
    kvm.arch.sysreg_masks = exposed.masks;
    for (unsigned i = 0; i < WD_NUMBER_COUNT; i++) {
        if (!places[i] || id_numbers[i])
            continue;
        *places[i] = regs[i];
        regs[i] = read_register(&vcpu, places[i] - vcpu.arch.ctxt.sys_regs);
    }
    for (unsigned i = 0; i < WD_NUMBER_COUNT; i++)
        if (id_numbers[i])
            regs[i] = limited[i];
}

void wd_tree_at_use_masks(int use)
{
    if (use)
        return;
    kvm.arch.sysreg_masks = NULL;
    choose_features(HCR_E2H);
}

/* ---------------------------------------------------------------- the instruction */

void wd_tree_at_open(void)
{
    vcpu.kvm = &kvm;
    choose_features(HCR_E2H);
    find_places();
}

/* Whether a call gives nothing. */
#define WD_IS_VOID(call) __builtin_types_compatible_p(typeof(call), void)

/* The result of a call that in some trees gives an error and in others nothing. */
#define WD_ERROR_OF(call) __builtin_choose_expr(WD_IS_VOID(call), ((call), 0), (call))

struct instruction {
    u32 encoding;
    u8 function; /* of the three, 0: not in this tree */
};

enum { S1E01 = 1, S1E2, S12 };

#define WD_INSTRUCTION(name, function)                                                                                 \
    {                                                                                                                  \
        OP_AT_##name, function                                                                                         \
    }
#ifdef OP_AT_S1E1A
#define WD_ATS1A(name, function)                                                                                       \
    {                                                                                                                  \
        OP_AT_##name, function                                                                                         \
    }
#else
#define WD_ATS1A(name, function)                                                                                       \
    {                                                                                                                  \
        0, 0                                                                                                           \
    }
#endif

static const struct instruction instructions[] = {
#define WD_FUNCTION_S1E1R                                        WD_INSTRUCTION(S1E1R, S1E01)
#define WD_FUNCTION_S1E1W                                        WD_INSTRUCTION(S1E1W, S1E01)
#define WD_FUNCTION_S1E0R                                        WD_INSTRUCTION(S1E0R, S1E01)
#define WD_FUNCTION_S1E0W                                        WD_INSTRUCTION(S1E0W, S1E01)
#define WD_FUNCTION_S1E1RP                                       WD_INSTRUCTION(S1E1RP, S1E01)
#define WD_FUNCTION_S1E1WP                                       WD_INSTRUCTION(S1E1WP, S1E01)
#define WD_FUNCTION_S1E1A                                        WD_ATS1A(S1E1A, S1E01)
#define WD_FUNCTION_S1E2R                                        WD_INSTRUCTION(S1E2R, S1E2)
#define WD_FUNCTION_S1E2W                                        WD_INSTRUCTION(S1E2W, S1E2)
#define WD_FUNCTION_S1E2A                                        WD_ATS1A(S1E2A, S1E2)
#define WD_FUNCTION_S12E1R                                       WD_INSTRUCTION(S12E1R, S12)
#define WD_FUNCTION_S12E1W                                       WD_INSTRUCTION(S12E1W, S12)
#define WD_FUNCTION_S12E0R                                       WD_INSTRUCTION(S12E0R, S12)
#define WD_FUNCTION_S12E0W                                       WD_INSTRUCTION(S12E0W, S12)
#define WD_AT(name, el, stages, access, privilege, pan, feature) WD_FUNCTION_##name,
#include "walkdiff/operations.def"
};

static int emulate(const struct instruction *instruction, u64 va)
{
    switch (instruction->function) {
    case S1E01:
        return WD_ERROR_OF(__kvm_at_s1e01(&vcpu, instruction->encoding, va));
    case S1E2:
        return WD_ERROR_OF(__kvm_at_s1e2(&vcpu, instruction->encoding, va));
    default:
        return WD_ERROR_OF(__kvm_at_s12(&vcpu, instruction->encoding, va));
    }
}

/* The syndrome of the trap: parts of it are taken over into that of a fault, so it is not 0. */
static u64 trap_syndrome(u32 encoding)
{
    return ((u64)ESR_ELx_EC_SYS64 << ESR_ELx_EC_SHIFT) | ESR_ELx_IL |
           (sys_reg_Op0(encoding) << ESR_ELx_SYS64_ISS_OP0_SHIFT) |
           (sys_reg_Op1(encoding) << ESR_ELx_SYS64_ISS_OP1_SHIFT) |
           (sys_reg_Op2(encoding) << ESR_ELx_SYS64_ISS_OP2_SHIFT) |
           (sys_reg_CRn(encoding) << ESR_ELx_SYS64_ISS_CRN_SHIFT) |
           (sys_reg_CRm(encoding) << ESR_ELx_SYS64_ISS_CRM_SHIFT);
}

enum wd_kvm_answer wd_tree_at(struct wd_kvm_at *at)
{
    const struct instruction *instruction = &instructions[at->op];
    u64 *par = &ctxt_sys_reg(&vcpu.arch.ctxt, PAR_EL1);

    if (!instruction->function)
        return WD_KVM_UNKNOWN;
    for (unsigned i = 0; i < WD_NUMBER_COUNT; i++)
        if (places[i])
            *places[i] = at->regs[i];
    *vcpu_cpsr(&vcpu) = (at->el == 2 ? PSR_MODE_EL2h : PSR_MODE_EL1h) | (at->pan ? PSR_PAN_BIT : 0);
    vcpu.arch.fault.esr_el2 = trap_syndrome(instruction->encoding);
    if (!set_machine(at->ipa_bits))
        return WD_KVM_NO_MACHINE;
    *par = ~0ULL; /* no PAR at all, so that one that is left alone shows, and does not depend on the case before */
    at->error = emulate(instruction, at->va);
    at->par = *par;
    return at->error ? WD_KVM_RETRY : WD_KVM_PAR;
}
