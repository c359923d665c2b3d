/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's half of the subject `tlbi`: a virtual machine whose guest is a hypervisor at its EL2, with shadow stage
 * 2 tables that the tree's own code builds. Compiled against the tree's headers.
 */
#include <linux/kvm_host.h>
#include <linux/xarray.h>

#include <asm/kvm_asm.h>
#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_nested.h>
#include <asm/kvm_pgtable.h>
#include <asm/stage2_pgtable.h>
#include <asm/sysreg.h>

#include "harness/walkers/kvm/tlbi/tlbi.h"
#include "harness/walkers/kvm/tlbi/inside.h"
#include "probed.h"

enum {
#define WD_TLBI_IN(name) IN_##name,
#include "walkdiff/tlbi.def"
    IN_COUNT,
};

enum {
#define WD_TLBI_HOST(name, text) HOST_##name,
#include "walkdiff/tlbi.def"
};

enum { CONTEXTS = 3, VCPUS = 2, PAGES = 512 };

static struct kvm kvm;
static struct kvm_vcpu vcpus[VCPUS];
static struct kvm_s2_mmu mmus[CONTEXTS], *mmu_pointers[CONTEXTS];
static struct kvm_pgtable tables[CONTEXTS], own_table;
static unsigned features;
static bool is_undefined;
static struct kvm_s2_mmu *loaded;

bool wd_tree_has_capability(unsigned long number)
{
    static const struct {
        unsigned long number;
        unsigned feature;
    } of_case[] = {
        {ARM64_HAS_STAGE2_FWB, HOST_FWB},
        {ARM64_HAS_TLB_RANGE, HOST_TLB_RANGE},
        {ARM64_HAS_ARMv8_4_TTL, HOST_TTL},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(of_case); i++)
        if (of_case[i].number == number)
            return features >> of_case[i].feature & 1;
#ifdef ARM64_HAS_HCR_NV1
    if (number == ARM64_HAS_HCR_NV1)
        return true;
#endif
    return number == ARM64_HAS_VIRT_HOST_EXTN || number == ARM64_HAS_NESTED_VIRT;
}

/* ---------------------------------------------------------------- registers */

#define WD_PLACE_NONE(name)     NULL
#define WD_PLACE_SYSREG(name)   &ctxt_sys_reg(&vcpus[0].arch.ctxt, name)
#define WD_PLACE_IDREG(name)    __vm_id_reg(&kvm.arch, SYS_##name)
#define WD_PLACE_AS(how, name)  WD_PLACE_AS_(how, name)
#define WD_PLACE_AS_(how, name) WD_PLACE_##how(name)

static u64 *places[IN_COUNT];

static void find_places(void)
{
#define WD_TLBI_IN(name) places[IN_##name] = WD_PLACE_AS(WD_IN_TREE_##name, name);
#include "walkdiff/tlbi.def"
}

/* ---------------------------------------------------------------- tables in memory of ours */

static struct {
    u8 bytes[PAGES][PAGE_SIZE] __aligned(PAGE_SIZE);
    int counts[PAGES];
    unsigned used;
} memory;

static const phys_addr_t memory_base = 0x7f0000000000;

static unsigned page_number(const void *page)
{
    return ((const u8 *)page - memory.bytes[0]) / PAGE_SIZE;
}

static void *pages_of(size_t size)
{
    unsigned first = memory.used, count = DIV_ROUND_UP(size, PAGE_SIZE);

    if (first + count > PAGES)
        return NULL;
    memory.used += count;
    memset(memory.bytes[first], 0, count * PAGE_SIZE);
    for (unsigned i = 0; i < count; i++)
        memory.counts[first + i] = 1;
    return memory.bytes[first];
}

static void *table_page(void *arg)
{
    return pages_of(PAGE_SIZE);
}

static void free_pages_of(void *page, size_t size)
{
}

static void get_page_of(void *page)
{
    memory.counts[page_number(page)]++;
}

static void put_page_of(void *page)
{
    memory.counts[page_number(page)]--;
}

static int page_count_of(void *page)
{
    return memory.counts[page_number(page)];
}

static void *physical_to_virtual(phys_addr_t physical)
{
    return memory.bytes[0] + (physical - memory_base);
}

static phys_addr_t virtual_to_physical(void *page)
{
    return memory_base + ((const u8 *)page - memory.bytes[0]);
}

static void clean(void *page, size_t size)
{
}

static struct kvm_pgtable_mm_ops mm_ops = {
    .zalloc_page = table_page,
    .zalloc_pages_exact = pages_of,
    .free_pages_exact = free_pages_of,
    .get_page = get_page_of,
    .put_page = put_page_of,
    .page_count = page_count_of,
    .phys_to_virt = physical_to_virtual,
    .virt_to_phys = virtual_to_physical,
    .dcache_clean_inval_poc = clean,
    .icache_inval_pou = clean,
};

/* ---------------------------------------------------------------- what the tree asks of the rest of the kernel */

void __rcu_read_lock(void)
{
}

void __rcu_read_unlock(void)
{
}

/* Nobody runs meanwhile: no virtual CPU is loaded, and nobody waits for the lock. */
struct kvm_vcpu *kvm_get_running_vcpu(void)
{
    return NULL;
}

int __cond_resched_rwlock_write(rwlock_t *lock)
{
    return 0;
}

/* Trees differ in what it gives. */
static int note_undefined(struct kvm_vcpu *v)
{
    is_undefined = true;
    return 1;
}
extern typeof(kvm_inject_undefined) kvm_inject_undefined __attribute__((alias("note_undefined")));

/* The one array of the virtual machine's: its virtual CPUs. */
void *xa_find(struct xarray *array, unsigned long *index, unsigned long max, xa_mark_t mark)
{
    return *index <= max && *index < VCPUS ? &vcpus[*index] : NULL;
}

void *xa_find_after(struct xarray *array, unsigned long *index, unsigned long max, xa_mark_t mark)
{
    ++*index;
    return xa_find(array, index, max, mark);
}

void *xa_load(struct xarray *array, unsigned long index)
{
    return index < VCPUS ? &vcpus[index] : NULL;
}

/* No mapping of VNCR_EL2 is loaded on a CPU. */
void __set_fixmap(enum fixed_addresses index, phys_addr_t physical, pgprot_t flags)
{
}

/* ---------------------------------------------------------------- the machine below */

static u64 machine_parange;

/* What the guest is told of the physical address size and of granules is what the machine has. */
u64 read_sanitised_ftr_reg(u32 id)
{
    if (id == SYS_ID_AA64MMFR1_EL1)
        return SYS_FIELD_PREP_ENUM(ID_AA64MMFR1_EL1, VMIDBits, 16);
    if (id != SYS_ID_AA64MMFR0_EL1)
        return 0;
    return SYS_FIELD_PREP(ID_AA64MMFR0_EL1, PARANGE, machine_parange) |
           SYS_FIELD_PREP_ENUM(ID_AA64MMFR0_EL1, TGRAN4_2, IMP) |
           SYS_FIELD_PREP_ENUM(ID_AA64MMFR0_EL1, TGRAN16_2, IMP) |
           SYS_FIELD_PREP_ENUM(ID_AA64MMFR0_EL1, TGRAN64_2, IMP);
}

int kvm_set_ipa_limit(void);

static int set_machine(u64 parange)
{
    static bool is_set;

    if (is_set && parange == machine_parange)
        return 0;
    machine_parange = parange;
    is_set = !kvm_set_ipa_limit();
    return is_set ? 0 : -EINVAL;
}

/* ---------------------------------------------------------------- the machine's TLB maintenance */

void wd_tree_load_context(struct kvm_s2_mmu *mmu)
{
    loaded = mmu;
}

/* A store that another processor's walk may not see yet, and maintenance of stage 2 that may not be complete. */
static bool store_pending, stage2_pending;

void wd_tree_stores(void)
{
    store_pending = true;
}

void wd_tree_dsb(bool of_stores_alone)
{
    store_pending = false;
    stage2_pending &= of_stores_alone;
}

/*
 * What is invalidated while a walk may still see the old entry can come back; so can what combines both stages, if
 * stage 1 is invalidated before maintenance of stage 2 is complete.
 */
static bool may_come_back(const char *name)
{
    bool stage2 = strstr(name, "ipas2");

    if (stage2)
        stage2_pending = true;
    return store_pending || (!stage2 && stage2_pending);
}

void wd_tree_executes(const char *name, u64 operand)
{
    unsigned context = WD_KVM_NO_CONTEXT;

    for (unsigned i = 0; i < CONTEXTS; i++)
        if (loaded == &mmus[i])
            context = i;
    wd_host_tlbi(name, operand, context, !may_come_back(name));
}

/* ---------------------------------------------------------------- a case */

void wd_tree_tlbi_open(void)
{
    find_places();
    kvm.arch.mmu.arch = &kvm.arch;
    kvm.arch.mmu.pgt = &own_table;
    kvm.arch.vcpu_features[0] = BIT(KVM_ARM_VCPU_HAS_EL2);
    for (unsigned i = 0; i < CONTEXTS; i++)
        mmu_pointers[i] = &mmus[i];
    /* Trees differ in whether they have the contexts or pointers to them. */
    if (__builtin_types_compatible_p(typeof(kvm.arch.nested_mmus), struct kvm_s2_mmu **))
        kvm.arch.nested_mmus = (void *)mmu_pointers;
    else
        kvm.arch.nested_mmus = (void *)mmus;
    for (unsigned i = 0; i < VCPUS; i++) {
        vcpus[i].kvm = &kvm;
        vcpus[i].vcpu_idx = i;
        vcpus[i].arch.hw_mmu = &kvm.arch.mmu;
        *vcpu_cpsr(&vcpus[i]) = PSR_MODE_EL2h;
    }
    atomic_set(&kvm.online_vcpus, VCPUS);
}

const char *wd_tree_tlbi_no_vncr(void)
{
    return wd_nested_has_vncr() ? NULL : "this tree's KVM holds no mapping of VNCR_EL2";
}

int wd_tree_tlbi_begin(const wd_kvm_u64 *regs, unsigned host, const struct wd_kvm_context *contexts, unsigned count)
{
    u64 ia_bits;
    int levels;

    features = host;
    is_undefined = false;
    loaded = NULL;
    memory.used = 0;
    for (unsigned i = 0; i < IN_COUNT; i++)
        if (places[i])
            *places[i] = regs[i];
    if (set_machine(regs[IN_ID_AA64MMFR0_EL1]))
        return -EINVAL;
    *places[IN_ID_AA64MMFR0_EL1] = read_sanitised_ftr_reg(SYS_ID_AA64MMFR0_EL1);
    for (unsigned i = 0; i < VCPUS; i++)
        wd_nested_hold_vncr(&vcpus[i], NULL);
    ia_bits = id_aa64mmfr0_parange_to_phys_shift(regs[IN_ID_AA64MMFR0_EL1] & 0xf);
    levels = max(stage2_pgtable_levels(ia_bits), 2);
    kvm.arch.nested_mmus_size = count;
    for (unsigned i = 0; i < count; i++) {
        struct kvm_s2_mmu *mmu = &mmus[i];
        int error;

        memset(mmu, 0, sizeof(*mmu));
        memset(&tables[i], 0, sizeof(tables[i]));
        mmu->arch = &kvm.arch;
        mmu->pgt = &tables[i];
        mmu->vtcr = (64 - ia_bits) | VTCR_EL2_LVLS_TO_SL0(levels); /* T0SZ is the lowest field */
        mmu->tlb_vttbr = contexts[i].vttbr;
        mmu->tlb_vtcr = contexts[i].vtcr;
        mmu->nested_stage2_enabled = contexts[i].enabled;
        error = __kvm_pgtable_stage2_init(&tables[i], mmu, &mm_ops, 0, NULL);
        if (error)
            return error;
    }
    return 0;
}

int wd_tree_tlbi_map(unsigned context, wd_kvm_u64 address, int level, unsigned guest_level)
{
    enum kvm_pgtable_prot prot = KVM_PGTABLE_PROT_R | KVM_PGTABLE_PROT_W;
    int pages;

    prot |= FIELD_PREP(KVM_NV_GUEST_MAP_SZ, guest_level); /* as kvm_encode_nested_level() has it */
    return kvm_pgtable_stage2_map(&tables[context], address, kvm_granule_size(level), address, prot, &pages, 0);
}

int wd_tree_tlbi_is_mapped(unsigned context, wd_kvm_u64 address)
{
    kvm_pte_t entry;

    return !kvm_pgtable_get_leaf(&tables[context], address, &entry, NULL) && kvm_pte_valid(entry);
}

void wd_tree_tlbi_hold_vncr(unsigned number, const struct wd_kvm_vncr *vncr)
{
    wd_nested_hold_vncr(&vcpus[number], vncr);
}

int wd_tree_tlbi_holds_vncr(unsigned number)
{
    return wd_nested_holds_vncr(&vcpus[number]);
}

enum wd_kvm_tlbi wd_tree_tlbi(unsigned op1, unsigned crn, unsigned crm, unsigned op2, wd_kvm_u64 operand)
{
    enum wd_kvm_tlbi became;

    store_pending = stage2_pending = false;
    became = wd_sys_regs_call(&vcpus[0], op1, crn, crm, op2, operand);

    return is_undefined ? WD_KVM_UNDEFINED : became;
}
