/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In front of the tree's hyp/pgtable.c: its stores to table entries and its barriers are told to the host. The headers
 * come first, so that their own inline functions stay what they are.
 */
#ifndef WD_KVM_PGTABLE_ENTRY_H
#define WD_KVM_PGTABLE_ENTRY_H

#include <linux/bitfield.h>
#include <linux/kvm_host.h>

#include <asm/barrier.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/stage2_pgtable.h>

#include "harness/walkers/kvm/pgtable/pgtable.h"

/* One thread: what is compared has not changed. */
#undef WRITE_ONCE
#define WRITE_ONCE(place, value) wd_host_store(&(place), (value))
#undef smp_store_release
#define smp_store_release(place, value) wd_host_store((place), (value))
#undef cmpxchg
#define cmpxchg(place, old, new)                                                                                       \
    ({                                                                                                                 \
        typeof(*(place)) wd_was = *(place);                                                                            \
        if (wd_was == (old))                                                                                           \
            wd_host_store((place), (new));                                                                             \
        wd_was;                                                                                                        \
    })
#undef dsb
#define dsb(options) wd_host_dsb()

/* Every processor has the virtualisation host extensions: hypercalls are calls. */
#undef kvm_call_hyp
#define kvm_call_hyp(function, ...) function(__VA_ARGS__)

#endif
