/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's half of the subject `pgtable`: stage 2 tables that the tree's own kvm_pgtable_stage2_*() build, with
 * pages of the host's for kvm_pgtable_mm_ops. Compiled against the tree's headers.
 */
#include <linux/kvm_host.h>

#include <asm/kvm_asm.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/stage2_pgtable.h>

#include "harness/walkers/kvm/pgtable/pgtable.h"
#include "probed.h"

enum {
#define WD_PGTABLE_OPERATION(name, member, text) OP_##name,
#include "walkdiff/pgtable.def"
};

enum {
#define WD_PGTABLE_FEATURE(name, text) HAS_##name,
#include "walkdiff/pgtable.def"
};

enum {
#define WD_PGTABLE_PROT(name, text) PROT_##name,
#include "walkdiff/pgtable.def"
};

static struct kvm kvm;
static struct kvm_s2_mmu mmu;
static struct kvm_pgtable pgt;
static unsigned features;

bool wd_tree_has_capability(unsigned long number)
{
    static const struct {
        unsigned long number;
        unsigned feature;
    } of_case[] = {
        {ARM64_HAS_STAGE2_FWB, HAS_FWB},
        {ARM64_HAS_TLB_RANGE, HAS_TLB_RANGE},
#ifdef ARM64_HAS_XNX
        {ARM64_HAS_XNX, HAS_XNX},
#endif
    };

    for (unsigned i = 0; i < ARRAY_SIZE(of_case); i++)
        if (of_case[i].number == number)
            return features >> of_case[i].feature & 1;
    return number == ARM64_HAS_VIRT_HOST_EXTN;
}

/* ---------------------------------------------------------------- what the tree asks of the machine */

static struct kvm_mmu_memory_cache *cache; /* of a split: how many pages it still has */

static void *table_page(void *arg)
{
    void *page = wd_host_table();

    if (page && arg == cache && cache->nobjs)
        cache->nobjs--;
    return page;
}

static void *root_pages(size_t size)
{
    return wd_host_root(size);
}

static void free_root_pages(void *memory, size_t size)
{
    wd_host_free_root(memory, size);
}

static void get_page_of(void *memory)
{
    wd_host_get(memory);
}

static void put_page_of(void *memory)
{
    wd_host_put(memory);
}

static int page_count_of(void *memory)
{
    return wd_host_count(memory);
}

static void *physical_to_virtual(phys_addr_t physical)
{
    return wd_host_virtual(physical);
}

static phys_addr_t virtual_to_physical(void *memory)
{
    return wd_host_physical(memory);
}

static void clean(void *memory, size_t size)
{
    wd_host_clean(memory, size, 0);
}

static void invalidate_instructions(void *memory, size_t size)
{
    wd_host_clean(memory, size, 1);
}

static void free_unlinked(void *table, s8 level);

static struct kvm_pgtable_mm_ops mm_ops = {
    .zalloc_page = table_page,
    .zalloc_pages_exact = root_pages,
    .free_pages_exact = free_root_pages,
    .free_unlinked_table = free_unlinked,
    .get_page = get_page_of,
    .put_page = put_page_of,
    .page_count = page_count_of,
    .phys_to_virt = physical_to_virtual,
    .virt_to_phys = virtual_to_physical,
    .dcache_clean_inval_poc = clean,
    .icache_inval_pou = invalidate_instructions,
};

/* Nobody else walks the tables: there is no grace period to wait for. */
static void free_unlinked(void *table, s8 level)
{
    kvm_pgtable_stage2_free_unlinked(&mm_ops, table, level);
}

/* Shared walks are read-side critical sections. Trees differ in which of these are functions. */
void __rcu_read_lock(void)
{
}

void __rcu_read_unlock(void)
{
}

/* TLB maintenance, each with its barriers: hyp/vhe/tlb.c. */
void __kvm_tlb_flush_vmid_ipa(struct kvm_s2_mmu *of, phys_addr_t ipa, int level)
{
    wd_host_tlbi(ipa, level, 0);
}

void __kvm_tlb_flush_vmid_ipa_nsh(struct kvm_s2_mmu *of, phys_addr_t ipa, int level)
{
    wd_host_tlbi(ipa, level, 1);
}

void __kvm_tlb_flush_vmid_range(struct kvm_s2_mmu *of, phys_addr_t start, unsigned long pages)
{
    wd_host_tlbi_range(start, pages);
}

void __kvm_tlb_flush_vmid(struct kvm_s2_mmu *of)
{
    wd_host_tlbi_all();
}

/* ---------------------------------------------------------------- operations */

static bool no_blocks(u64 addr, u64 end, enum kvm_pgtable_prot prot)
{
    return true;
}

int wd_tree_pgtable_begin(unsigned ia_bits, unsigned of_case)
{
    int levels = max(stage2_pgtable_levels(ia_bits), 2);
    enum kvm_pgtable_stage2_flags flags = 0;

#if WD_HAS_KVM_PGTABLE_S2_AS_S1
    if (of_case >> HAS_AS_S1 & 1)
        flags |= KVM_PGTABLE_S2_AS_S1;
#endif
    features = of_case;
    memset(&pgt, 0, sizeof(pgt));
    memset(&mmu, 0, sizeof(mmu));
    mmu.arch = &kvm.arch;
    mmu.pgt = &pgt;
    mmu.vtcr = (64 - ia_bits) | VTCR_EL2_LVLS_TO_SL0(levels); /* T0SZ is the lowest field */
    return __kvm_pgtable_stage2_init(&pgt, &mmu, &mm_ops, flags, of_case >> HAS_FORCE_PTE & 1 ? no_blocks : NULL);
}

static enum kvm_pgtable_prot prot_of(unsigned prot)
{
    u64 of_tree = 0;

#define WD_PROT(name, value)                                                                                           \
    if (prot >> PROT_##name & 1)                                                                                       \
        of_tree |= (value);
    WD_PROT(R, KVM_PGTABLE_PROT_R)
    WD_PROT(W, KVM_PGTABLE_PROT_W)
    WD_PROT(DEVICE, KVM_PGTABLE_PROT_DEVICE)
    WD_PROT(NC, KVM_PGTABLE_PROT_NORMAL_NC)
    WD_PROT(SW0, KVM_PGTABLE_PROT_SW0)
    WD_PROT(SW1, KVM_PGTABLE_PROT_SW1)
    WD_PROT(SW2, KVM_PGTABLE_PROT_SW2)
    WD_PROT(SW3, KVM_PGTABLE_PROT_SW3)
#if WD_HAS_KVM_PGTABLE_PROT_PX
    WD_PROT(PX, KVM_PGTABLE_PROT_PX)
    WD_PROT(UX, KVM_PGTABLE_PROT_UX)
#else
    if ((prot >> PROT_PX & 1) && (prot >> PROT_UX & 1))
        of_tree |= KVM_PGTABLE_PROT_X;
#endif
#undef WD_PROT
    return of_tree;
}

const char *wd_tree_pgtable_cannot(unsigned of_case, const struct wd_kvm_operation *operation)
{
#if !WD_HAS_KVM_PGTABLE_PROT_PX
    if ((operation->prot >> PROT_PX & 1) != (operation->prot >> PROT_UX & 1))
        return "this tree's KVM does not know execution at EL1 and EL0 apart";
#endif
#if !WD_HAS_KVM_PGTABLE_S2_AS_S1
    if (of_case >> HAS_AS_S1 & 1)
        return "this tree's KVM does not leave memory attributes to stage 1";
#endif
    if (operation->kind == OP_ANNOTATE && !wd_tree_pgtable_annotation(operation->annotation))
        return "this tree's KVM has fewer annotations";
    return NULL;
}

#if WD_DECLARES_kvm_pgtable_stage2_annotate
/* Types and values in turn. */
static u64 annotation_type(unsigned number)
{
    return KVM_HOST_INVALID_PTE_TYPE_DONATION + (number & 1);
}

static u64 annotation_value(unsigned number)
{
    return (u64)(number >> 1) << 12;
}

wd_kvm_u64 wd_tree_pgtable_annotation(unsigned number)
{
    return FIELD_PREP(KVM_INVALID_PTE_TYPE_MASK, annotation_type(number)) | annotation_value(number);
}

static int annotate(const struct wd_kvm_operation *o, void *memory)
{
    return kvm_pgtable_stage2_annotate(&pgt, o->addr, o->size, memory, annotation_type(o->annotation),
                                       annotation_value(o->annotation));
}
#else
/* Owners, of which the tree has one beside the host. */
wd_kvm_u64 wd_tree_pgtable_annotation(unsigned number)
{
    return number + 1 <= KVM_MAX_OWNER_ID ? FIELD_PREP(KVM_INVALID_PTE_OWNER_MASK, number + 1) : 0;
}

static int annotate(const struct wd_kvm_operation *o, void *memory)
{
    return kvm_pgtable_stage2_set_owner(&pgt, o->addr, o->size, memory, o->annotation + 1);
}
#endif

static int split(const struct wd_kvm_operation *o)
{
    int ret;

    cache = &mmu.split_page_cache;
    cache->nobjs = o->pages;
    ret = kvm_pgtable_stage2_split(&pgt, o->addr, o->size, cache);
    cache = NULL;
    return ret;
}

/* Some trees' functions have no last parameter: what they are not asked for, they do not look at. */
typedef int relax_function(struct kvm_pgtable *, u64, enum kvm_pgtable_prot, enum kvm_pgtable_walk_flags);
typedef void mkyoung_function(struct kvm_pgtable *, u64, enum kvm_pgtable_walk_flags);

int wd_tree_pgtable_do(const struct wd_kvm_operation *o)
{
    enum kvm_pgtable_walk_flags flags = o->shared ? KVM_PGTABLE_WALK_SHARED : 0;
    int memory;

    switch (o->kind) {
    case OP_MAP:
        return kvm_pgtable_stage2_map(&pgt, o->addr, o->size, o->phys, prot_of(o->prot), &memory, flags);
    case OP_UNMAP:
        return kvm_pgtable_stage2_unmap(&pgt, o->addr, o->size);
    case OP_ANNOTATE:
        return annotate(o, &memory);
    case OP_WRPROTECT:
        return kvm_pgtable_stage2_wrprotect(&pgt, o->addr, o->size);
    case OP_RELAX:
        return ((relax_function *)kvm_pgtable_stage2_relax_perms)(&pgt, o->addr, prot_of(o->prot), flags);
    case OP_MKYOUNG:
        ((mkyoung_function *)kvm_pgtable_stage2_mkyoung)(&pgt, o->addr, flags);
        return 0;
    case OP_AGE:
        return kvm_pgtable_stage2_test_clear_young(&pgt, o->addr, o->size, o->mkold);
    default:
        return split(o);
    }
}

void wd_tree_pgtable_end(void)
{
    kvm_pgtable_stage2_destroy(&pgt);
}
