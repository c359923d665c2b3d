/* SPDX-License-Identifier: MIT */
/* Descriptors in memory: FetchDescriptor, AArch64.MemSwapTableDesc. */
#include "oracle/memory.h"

static uint64_t byte_order(const struct wd_format *f, uint64_t word)
{
    return f->big_endian ? __builtin_bswap64(word) : word;
}

static bool external_abort(struct wd_fault *fault, const struct wd_format *f, int level, bool on_walk,
                           enum wd_rule rule)
{
    fault->stage2 = f->stage == 2;
    fault->on_walk = on_walk;
    return wd_raise(fault, WD_FAULT_EXTERNAL_ABORT, level, rule);
}

bool wd_fetch(struct wd_walk *w, const struct wd_format *f, uint64_t pa, int level, bool on_walk, uint64_t *descriptor,
              struct wd_fault *fault)
{
    struct wd_result *result = &w->out->result;
    uint64_t word;
    bool there = result->changed_count ? wd_result_read(w->c, result, pa, &word) : wd_case_read(w->c, pa, &word);

    WD_TELL(w, .kind = WD_EVENT_FETCH, .stage = f->stage, .depth = on_walk, .level = (int8_t)level, .address = pa);
    if (wd_check(w, f->stage, WD_RULE_EXTERNAL_ABORT, level, !there))
        return external_abort(fault, f, level, on_walk, WD_RULE_EXTERNAL_ABORT);
    wd_check(w, f->stage, WD_RULE_BIG_ENDIAN, level, f->big_endian);
    *descriptor = byte_order(f, word);
    if (result->read_count < WD_READS_MAX)
        result->reads[result->read_count++] =
            (struct wd_read){.pa = pa, .descriptor = *descriptor, .stage = f->stage, .level = (int8_t)level};
    WD_TELL(w, .kind = WD_EVENT_READ, .stage = f->stage, .depth = on_walk, .level = (int8_t)level, .address = pa,
            .value = *descriptor);
    return true;
}

bool wd_store(struct wd_walk *w, const struct wd_format *f, uint64_t pa, int level, bool on_walk, uint64_t descriptor,
              struct wd_fault *fault)
{
    if (wd_check(w, f->stage, WD_RULE_UPDATE_ABORT, level,
                 !wd_result_write(w->c, &w->out->result, pa, byte_order(f, descriptor))))
        return external_abort(fault, f, level, on_walk, WD_RULE_UPDATE_ABORT);
    WD_TELL(w, .kind = WD_EVENT_WRITE, .stage = f->stage, .depth = on_walk, .level = (int8_t)level, .address = pa,
            .value = descriptor);
    return true;
}
