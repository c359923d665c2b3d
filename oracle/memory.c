/* SPDX-License-Identifier: MIT */
/* Descriptors in memory: AArch64.MemSwapTableDesc. */
#include "oracle/memory.h"

bool wd_store(struct wd_walk *w, const struct wd_format *f, uint64_t pa, int level, bool on_walk, uint64_t descriptor,
              struct wd_fault *fault)
{
    if (wd_check(w, f->stage, WD_RULE_UPDATE_ABORT, level,
                 !wd_result_write(w->c, &w->out->result, pa, wd_byte_order(f, descriptor))))
        return wd_external_abort(fault, f->stage, level, on_walk, WD_RULE_UPDATE_ABORT);
    WD_TELL(w, .kind = WD_EVENT_WRITE, .stage = f->stage, .depth = on_walk, .level = (int8_t)level, .address = pa,
            .value = descriptor);
    return true;
}
