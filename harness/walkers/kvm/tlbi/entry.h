/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In front of the tree's hyp/vhe/tlb.c and hyp/pgtable.c: TLBI instructions are told to the host, with the context
 * whose VMID is loaded; stores to tables are stores. The headers come first, so that their own functions stay as they
 * are.
 */
#ifndef WD_KVM_TLBI_ENTRY_H
#define WD_KVM_TLBI_ENTRY_H

#include <linux/bitfield.h>
#include <linux/irqflags.h>
#include <linux/kvm_host.h>

#include <asm/barrier.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/stage2_pgtable.h>
#include <asm/tlbflush.h>

#include "harness/walkers/kvm/tlbi/tlbi.h"
#include "harness/walkers/kvm/tlbi/inside.h"
#include "probed.h"

#undef __TLBI_0
#undef __TLBI_1
#define __TLBI_0(op, arg) wd_tree_executes(#op, 0)
#define __TLBI_1(op, arg) wd_tree_executes(#op, (arg))

/* Some trees have functions for those whose operand has a level, and they are behind us. */
#if WD_DECLARES_ipas2e1is
#define WD_TLBI_FUNCTION(name)                                                                                         \
    static __always_inline void wd_##name(u64 operand)                                                                 \
    {                                                                                                                  \
        wd_tree_executes(#name, operand);                                                                              \
    }
WD_TLBI_FUNCTION(ipas2e1is)
WD_TLBI_FUNCTION(ipas2e1)
WD_TLBI_FUNCTION(ripas2e1is)
#define ipas2e1is  wd_ipas2e1is
#define ipas2e1    wd_ipas2e1
#define ripas2e1is wd_ripas2e1is
#endif

#undef __load_stage2
#define __load_stage2(mmu, ...) wd_tree_load_context(mmu)

/*
 * A store into a table is told, and so is a barrier: TLB maintenance for the store has to come after both. A DSB of
 * stores alone does not wait for TLB maintenance.
 */
#undef WRITE_ONCE
#define WRITE_ONCE(place, value)                                                                                       \
    do {                                                                                                               \
        wd_tree_stores();                                                                                              \
        *(volatile typeof(place) *)&(place) = (value);                                                                 \
    } while (0)
#undef dsb
#define dsb(options) wd_tree_dsb(sizeof(#options) > 3 && #options[sizeof(#options) - 2] == 't')

/* One thread: what is compared has not changed. */
#undef smp_store_release
#define smp_store_release(place, value) WRITE_ONCE(*(place), (value))
#undef cmpxchg
#define cmpxchg(place, old, new)                                                                                       \
    ({                                                                                                                 \
        typeof(*(place)) wd_was = *(place);                                                                            \
        if (wd_was == (old))                                                                                           \
            *(place) = (new);                                                                                          \
        wd_was;                                                                                                        \
    })

/* Every processor has the virtualisation host extensions: hypercalls are calls. */
#undef kvm_call_hyp
#define kvm_call_hyp(function, ...) function(__VA_ARGS__)

#endif
