/* SPDX-License-Identifier: MIT */
/* Descriptors in memory: reading them, and writing back what hardware changes. */
#ifndef ORACLE_MEMORY_H
#define ORACLE_MEMORY_H

#include "oracle/walk.h"

/**
 * Reads the descriptor at a physical address. FetchDescriptor.
 * @return false: no memory is there, the external abort is in `fault`
 */
bool wd_fetch(struct wd_walk *w, const struct wd_format *f, uint64_t pa, int level, bool on_walk, uint64_t *descriptor,
              struct wd_fault *fault);

/**
 * Writes a changed descriptor back. AArch64.MemSwapTableDesc.
 * @return false: memory refuses it, the external abort is in `fault`
 */
bool wd_store(struct wd_walk *w, const struct wd_format *f, uint64_t pa, int level, bool on_walk, uint64_t descriptor,
              struct wd_fault *fault);

#endif
