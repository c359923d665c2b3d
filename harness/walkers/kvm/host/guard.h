/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's half of every subject: calls into the kernel's code that survive its BUG() and its use of symbols that
 * nobody defines. Kernel code has no contexts to pass, so there is one call at a time and one walker a process.
 */
#ifndef WD_KVM_GUARD_H
#define WD_KVM_GUARD_H

#include "harness/walkers/kvm/bridge.h"
#include "walkdiff/case.h"

/** Once, before the first call: from now on the use of a symbol that nobody defines is told by its name. */
void wd_guard_open(void);

/**
 * Calls into the kernel's code.
 * @param result  receives warnings; if the code ends in a BUG() or uses an undefined symbol, becomes a crash that says
 * so
 * @return false if that happened: the call did not come to its end
 */
bool wd_guarded_call(void (*call)(void *context), void *context, struct wd_result *result);

/** What sanitizers find, and where: "shift at arch/arm64/kvm/at.c". A build knows none of where the tree lay. */
void wd_place_in_tree(char text[WD_TEXT_MAX], const char *what, const char *file);

#endif
