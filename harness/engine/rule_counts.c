/* SPDX-License-Identifier: MIT */
#include "harness/engine/rule_counts.h"

#include <string.h>

/* Adds 1 to the counters of some rules: what is carried goes from digit to digit. */
static void add(uint64_t digits[WD_COUNT_DIGITS][WD_COUNT_WORDS], const uint64_t rules[WD_RULE_WORDS])
{
    uint64_t carried[WD_COUNT_WORDS] = {0};

    memcpy(carried, rules, WD_RULE_WORDS * sizeof(rules[0]));
    for (unsigned digit = 0; digit < WD_COUNT_DIGITS; digit++)
        for (unsigned word = 0; word < WD_COUNT_WORDS; word++) {
            uint64_t before = digits[digit][word];

            digits[digit][word] = before ^ carried[word];
            carried[word] &= before;
        }
}

bool wd_rule_counts_add(struct wd_rule_counts *counts, const struct wd_oracle_output *output)
{
    uint64_t any = 0;

    for (unsigned stage = 0; stage < 2; stage++) {
        const uint64_t *hit = output->rules_hit[stage];
        uint64_t *seen = counts->seen[stage][output->granule[stage]];

        add(counts->digits[stage][output->granule[stage]], hit);
        for (unsigned word = 0; word < WD_RULE_WORDS; word++) {
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
            for (unsigned digit = 0; digit < WD_COUNT_DIGITS; digit++)
                for (unsigned word = 0; word < WD_RULE_WORDS; word++)
                    for (uint64_t bits = counts->digits[stage][granule][digit][word]; bits; bits &= bits - 1)
                        sums[64 * word + (unsigned)__builtin_ctzll(bits)][stage][granule] += UINT64_C(1) << digit;
    memset(counts->digits, 0, sizeof(counts->digits));
    counts->pending = 0;
}
