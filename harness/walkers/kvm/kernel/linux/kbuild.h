/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instead of the tree's header of this name, whose DEFINE() is assembly: the same lines in the compiler's output for
 * include/generated/bounds.h and its like.
 */
#ifndef WD_KVM_KBUILD_H
#define WD_KVM_KBUILD_H

#define DEFINE(name, value)        __asm("\n.ascii \"->" #name " %c0 \"" : : "i"(value))
#define BLANK()                    (void)0
#define OFFSET(name, type, member) DEFINE(name, offsetof(struct type, member))
#define COMMENT(text)              (void)0

#endif
