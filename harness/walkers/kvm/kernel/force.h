/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before everything in each file of a kernel tree, and in the adapters that see its headers: makes assembly
 * disappear, so that arm64's own headers and sources compile for any machine. The macros fire only where a parenthesis
 * follows at once, so the type qualifier in `volatile u64 *p` and the statement `goto out` are not touched; what is
 * left of `asm volatile(…)` and `asm goto(…)` is an empty assembly statement.
 *
 * Our own files say `__asm`, which is not hidden.
 */
#ifndef WD_KVM_FORCE_H
#define WD_KVM_FORCE_H

#define asm(...)
#define __asm__(...)
#define volatile(...) ("")
#define __volatile__(...) ("")
#define goto(...) ("")
#define register /* "register u64 sp asm("sp")" is nothing special any more */

/* What the adapter replaces although the tree's own sources define it: its definition wins, and is not inlined. */
#ifndef WD_ADAPTER
#pragma weak __kvm_at_swap_desc
#endif

#endif
