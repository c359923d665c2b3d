/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's half of the subject `idmap`: the tree's nvhe/mem_protect.c, which keeps host_stage2_idmap() to itself,
 * with memory and pages of ours below. Compiled against the tree's headers, as a part of pKVM's hypervisor.
 */
#define __KVM_NVHE_HYPERVISOR__
#include "hyp/nvhe/mem_protect.c"

#include <nvhe/early_alloc.h>

#include "harness/walkers/kvm/idmap/idmap.h"

/* ---------------------------------------------------------------- memory of ours */

enum { PAGES = 256 };

static const phys_addr_t memory_base = 0x3000000000; /* beyond all memory of cases, which is below 2^37 */

static struct {
    u8 bytes[PAGES][PAGE_SIZE] __aligned(PAGE_SIZE);
    void *unused[PAGES];
    unsigned used, unused_count, left;
} memory;

/* One struct for each page below 2^38; what is not touched takes no memory. */
static struct hyp_page pages_of_machine[BIT(38 - PAGE_SHIFT)];

u64 __hyp_vmemmap;
s64 hyp_physvirt_offset;
struct memblock_region hyp_memory[HYP_MEMBLOCK_REGIONS];
unsigned int hyp_memblock_nr;

void *hyp_alloc_pages(struct hyp_pool *pool, typeof(((struct hyp_page *)0)->order) order)
{
    void *first;

    if (!order && !memory.left)
        return NULL;
    if (!order)
        memory.left--;
    if (!order && memory.unused_count) {
        first = memory.unused[--memory.unused_count];
    } else {
        if (memory.used + BIT(order) > PAGES)
            return NULL;
        first = memory.bytes[memory.used];
        memory.used += BIT(order);
    }
    memset(first, 0, PAGE_SIZE << order);
    for (unsigned i = 0; i < BIT(order); i++)
        hyp_virt_to_page((u8 *)first + i * PAGE_SIZE)->refcount = 1;
    return first;
}

void hyp_split_page(struct hyp_page *page)
{
}

void hyp_get_page(struct hyp_pool *pool, void *page)
{
    hyp_virt_to_page(page)->refcount++;
}

void hyp_put_page(struct hyp_pool *pool, void *page)
{
    if (--hyp_virt_to_page(page)->refcount)
        return;
    memory.unused[memory.unused_count++] = page;
    memory.left++;
}

int hyp_pool_init(struct hyp_pool *pool, u64 pfn, unsigned int count, unsigned int reserved)
{
    return 0;
}

/* TLB maintenance: there are no TLBs. */
void __kvm_tlb_flush_vmid_ipa(struct kvm_s2_mmu *mmu, phys_addr_t ipa, int level)
{
}

void __kvm_tlb_flush_vmid_range(struct kvm_s2_mmu *mmu, phys_addr_t start, unsigned long count)
{
}

void __kvm_tlb_flush_vmid(struct kvm_s2_mmu *mmu)
{
}

/* ---------------------------------------------------------------- a case */

static struct {
    u64 address, size;
} owned[16];
static unsigned owned_count;

int wd_tree_idmap_begin(unsigned bits, unsigned pages)
{
    struct kvm_s2_mmu *mmu = &host_mmu.arch.mmu;
    int levels = max(stage2_pgtable_levels(bits), 2);

    __hyp_vmemmap = (u64)pages_of_machine;
    hyp_physvirt_offset = (s64)memory_base - (s64)memory.bytes;
    for (unsigned i = 0; i < owned_count; i++)
        memset(hyp_phys_to_page(owned[i].address), 0, (owned[i].size >> PAGE_SHIFT) * sizeof(struct hyp_page));
    owned_count = 0;
    memory.used = memory.unused_count = 0;
    memory.left = pages;
    hyp_memblock_nr = 0;
    memset(&host_mmu, 0, sizeof(host_mmu));
    mmu->arch = &host_mmu.arch;
    mmu->vtcr = (64 - bits) | VTCR_EL2_LVLS_TO_SL0(levels); /* T0SZ is the lowest field */
    prepare_s2_pool(memory.bytes[0]);
    mmu->pgt = &host_mmu.pgt;
    return __kvm_pgtable_stage2_init(&host_mmu.pgt, mmu, &host_mmu.mm_ops, KVM_HOST_S2_FLAGS, host_stage2_force_pte_cb);
}

void wd_tree_idmap_region(wd_kvm_u64 base, wd_kvm_u64 size)
{
    hyp_memory[hyp_memblock_nr++] = (struct memblock_region){.base = base, .size = size};
}

int wd_tree_idmap_fault(wd_kvm_u64 address)
{
    return host_stage2_idmap(address);
}

int wd_tree_idmap_own(wd_kvm_u64 address, wd_kvm_u64 size)
{
    int ret = host_stage2_set_owner_locked(address, size, PKVM_ID_HYP);

    if (!ret && address + size <= BIT_ULL(38)) { /* elsewhere is no memory, and nothing is noted of it */
        owned[owned_count].address = address;
        owned[owned_count++].size = size;
    }
    return ret;
}

/* Our own walk. */
static void tell(const u64 *table, unsigned entries, int level, u64 address)
{
    unsigned shift = PAGE_SHIFT + (3 - level) * (PAGE_SHIFT - 3);

    for (unsigned i = 0; i < entries; i++) {
        u64 at = address + ((u64)i << shift);

        if (level < 3 && (table[i] & 3) == 3)
            tell(__hyp_va(table[i] & GENMASK_ULL(47, PAGE_SHIFT)), 512, level + 1, at);
        else if (table[i])
            wd_host_leaf(at, level, table[i]);
    }
}

void wd_tree_idmap_tell(void)
{
    const struct kvm_pgtable *pgt = &host_mmu.pgt;
    unsigned shift = PAGE_SHIFT + (3 - pgt->start_level) * (PAGE_SHIFT - 3);

    tell((const u64 *)pgt->pgd, pgt->ia_bits > shift ? BIT(pgt->ia_bits - shift) : 1, pgt->start_level, 0);
}
