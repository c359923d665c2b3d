/* SPDX-License-Identifier: MIT */
#include "harness/engine/rule_counts.h"

#include <string.h>

/* Eight bits as eight bytes, the lowest first, each 0 or 1. */
#define BYTE(bits, n)   ((uint64_t)((bits) >> (n)&1) << 8 * (n))
#define HALF(bits, n)   BYTE(bits, n) | BYTE(bits, n + 1) | BYTE(bits, n + 2) | BYTE(bits, n + 3)
#define SPREAD(bits)    (HALF(bits, 0) | HALF(bits, 4))
#define SPREAD_4(bits)  SPREAD(bits), SPREAD((bits) + 1), SPREAD((bits) + 2), SPREAD((bits) + 3)
#define SPREAD_16(bits) SPREAD_4(bits), SPREAD_4((bits) + 4), SPREAD_4((bits) + 8), SPREAD_4((bits) + 12)
#define SPREAD_64(bits) SPREAD_16(bits), SPREAD_16((bits) + 16), SPREAD_16((bits) + 32), SPREAD_16((bits) + 48)

static const uint64_t spread[256] = {SPREAD_64(0), SPREAD_64(64), SPREAD_64(128), SPREAD_64(192)};

bool wd_rule_counts_add(struct wd_rule_counts *counts, const struct wd_oracle_output *output)
{
    uint64_t any = 0;

    for (unsigned stage = 0; stage < 2; stage++) {
        const uint64_t *hit = output->rules_hit[stage];
        uint64_t *bytes = counts->bytes[stage][output->granule[stage]];
        uint64_t *seen = counts->seen[stage][output->granule[stage]];

        for (unsigned word = 0; word < WD_RULE_WORDS; word++) {
            for (uint64_t bits = hit[word], i = 0; i < 8; i++, bits >>= 8)
                bytes[8 * word + i] += spread[bits & 0xff];
            counts->is_new[stage][word] = hit[word] & ~seen[word];
            seen[word] |= hit[word];
            any |= counts->is_new[stage][word];
        }
    }
    counts->pending++;
    return any;
}

void wd_rule_counts_move(struct wd_rule_counts *counts, uint64_t (*sums)[2][WD_GRANULE_COUNT + 1])
{
    for (unsigned stage = 0; stage < 2; stage++)
        for (unsigned granule = 0; granule <= WD_GRANULE_COUNT; granule++)
            for (unsigned rule = 0; rule < WD_RULE_COUNT; rule++)
                sums[rule][stage][granule] += (uint8_t)(counts->bytes[stage][granule][rule / 8] >> rule % 8 * 8);
    memset(counts->bytes, 0, sizeof(counts->bytes));
    counts->pending = 0;
}
