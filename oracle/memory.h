/* SPDX-License-Identifier: MIT */
/* Descriptors in memory: reading them, and writing back what hardware changes. */
#ifndef ORACLE_MEMORY_H
#define ORACLE_MEMORY_H

#include "oracle/walk.h"

/** A descriptor of a format as memory has it, and the reverse. */
static inline uint64_t wd_byte_order(const struct wd_format *f, uint64_t word)
{
    return f->big_endian ? __builtin_bswap64(word) : word;
}

/** Raises an external abort. @return false */
static inline bool wd_external_abort(struct wd_fault *fault, unsigned stage, int level, bool on_walk, enum wd_rule rule)
{
    fault->stage2 = stage == 2;
    fault->on_walk = on_walk;
    return wd_raise(fault, WD_FAULT_EXTERNAL_ABORT, level, rule);
}

/**
 * Reads the descriptor at a physical address. FetchDescriptor.
 * @return false: no memory is there, the external abort is in `fault`
 */
static inline __attribute__((always_inline)) bool wd_fetch(struct wd_walk *w, unsigned stage, const struct wd_format *f,
                                                           uint64_t pa, int level, bool on_walk, uint64_t *descriptor,
                                                           struct wd_fault *fault)
{
    struct wd_result *result = &w->out->result;
    uint64_t word = 0;
    bool there = result->changed_count ? wd_result_read(w->c, result, pa, &word) : wd_case_read(w->c, pa, &word);

    WD_TELL(w, .kind = WD_EVENT_FETCH, .stage = stage, .depth = on_walk, .level = (int8_t)level, .address = pa);
    if (wd_check(w, stage, WD_RULE_EXTERNAL_ABORT, level, !there))
        return wd_external_abort(fault, stage, level, on_walk, WD_RULE_EXTERNAL_ABORT);
    wd_check(w, stage, WD_RULE_BIG_ENDIAN, level, f->big_endian);
    *descriptor = wd_byte_order(f, word);
    if (result->read_count < WD_READS_MAX)
        result->reads[result->read_count++] =
            (struct wd_read){.pa = pa, .descriptor = *descriptor, .stage = stage, .level = (int8_t)level};
    WD_TELL(w, .kind = WD_EVENT_READ, .stage = stage, .depth = on_walk, .level = (int8_t)level, .address = pa,
            .value = *descriptor);
    return true;
}

/**
 * Writes a changed descriptor back. AArch64.MemSwapTableDesc.
 * @return false: memory refuses it, the external abort is in `fault`
 */
bool wd_store(struct wd_walk *w, const struct wd_format *f, uint64_t pa, int level, bool on_walk, uint64_t descriptor,
              struct wd_fault *fault);

#endif
