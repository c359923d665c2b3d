/* SPDX-License-Identifier: GPL-2.0-only */
/* In front of the tree's hyp/pgtable.c as pKVM's hypervisor has it: stores to tables are stores, hypercalls calls. */
#ifndef WD_KVM_IDMAP_ENTRY_H
#define WD_KVM_IDMAP_ENTRY_H

#include <linux/bitfield.h>
#include <linux/kvm_host.h>

#include <asm/barrier.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/stage2_pgtable.h>

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
#undef kvm_call_hyp
#define kvm_call_hyp(function, ...) function(__VA_ARGS__)

#endif
