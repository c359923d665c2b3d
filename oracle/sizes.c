/* SPDX-License-Identifier: MIT */
/* Where descriptors hold the high bits of an address; and what is told of a format. */
#include "oracle/format.h"

const struct wd_high_bits wd_high_bits[WD_HIGH_BITS_FORMAT_COUNT] = {
    [WD_HIGH_BITS_NONE] = {.seen = UINT64_C(3) << 48, .rule = WD_RULE_ADDRESS_48_BITS},
    [WD_HIGH_BITS_DS] = {.low = UINT64_C(3) << 8,
                         .low_shift = 50 - 8,
                         .in_place = UINT64_C(3) << 48,
                         .seen = UINT64_C(3) << 48 | UINT64_C(3) << 8,
                         .rule = WD_RULE_ADDRESS_52_BITS_DS},
    [WD_HIGH_BITS_64K] = {.low = UINT64_C(15) << 12,
                          .low_shift = 48 - 12,
                          .seen = UINT64_C(15) << 12,
                          .rule = WD_RULE_ADDRESS_52_BITS_64K},
    [WD_HIGH_BITS_64K_WITHOUT_LPA] = {.seen = UINT64_C(15) << 12, .rule = WD_RULE_DESCRIPTOR_15_12_WITHOUT_LPA},
};

void wd_tell_params(const struct wd_walk *w, enum wd_event_kind kind, const struct wd_format *f, bool on_walk,
                    struct wd_params params)
{
    if (!wd_tells(w))
        return;
    params.granule = f->granule;
    params.input_bits = (uint8_t)wd_input_bits(f);
    params.output_bits = (uint8_t)f->output_bits;
    params.start_level = (int8_t)f->start_level;
    params.txsz = f->txsz;
    params.ds = f->ds;
    params.ha = f->ha;
    params.hd = f->hd;
    params.haft = f->haft;
    params.big_endian = f->big_endian;
    WD_TELL(w, .kind = (uint8_t)kind, .stage = f->stage, .depth = on_walk, .params = &params);
}
