/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In front of the tree's header of this name: a BUG() or a WARN_ON() that fires is told to the host side of the
 * adapter, with the place. Warnings "once" fire each time: the next case must not depend on the last.
 */
#ifndef WD_KVM_BUG_H
#define WD_KVM_BUG_H

#include_next <asm/bug.h>
#include "harness/walkers/kvm/bridge.h"

/* The flags come last: trees differ in whether the text of the condition stands before them. */
#undef __BUG_FLAGS
#define __BUG_FLAGS(...)                                                                                               \
    (wd_flags_of(__VA_ARGS__) & BUGFLAG_WARNING ? wd_host_warning(__FILE__, __LINE__) : wd_host_bug(__FILE__, __LINE__))
#define wd_flags_of(flags) (flags)

#undef BUG
#define BUG()                                                                                                          \
    do {                                                                                                               \
        wd_host_bug(__FILE__, __LINE__);                                                                               \
        __builtin_unreachable();                                                                                       \
    } while (0)

#endif
