/* SPDX-License-Identifier: MIT */
/* Rules that are counted all at once are counted as one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "generators/random.h"
#include "harness/engine/rule_counts.h"

enum { CASES = 3000 };

typedef uint64_t sums[WD_RULE_COUNT][2][WD_GRANULE_COUNT + 1];

static sums by_one, by_all;

/* What a walk might have applied. Some rules are seldom applied, some always; granules are the same for many cases. */
static void draw(struct wd_random *random, unsigned i, struct wd_oracle_output *output)
{
    for (unsigned stage = 0; stage < 2; stage++) {
        output->granule[stage] = (uint8_t)((i / 600 + stage) % (WD_GRANULE_COUNT + 1));
        for (unsigned rule = 0; rule < WD_RULE_COUNT; rule++)
            if (wd_random_below(random, WD_RULE_COUNT - 8) < rule)
                output->rules_hit[stage][rule / 64] |= UINT64_C(1) << rule % 64;
    }
}

static bool is_new_as_expected(const struct wd_rule_counts *counts, const struct wd_oracle_output *output,
                               unsigned stage, unsigned rule)
{
    bool hit = output->rules_hit[stage][rule / 64] >> rule % 64 & 1;
    bool is_new = counts->is_new[stage][rule / 64] >> rule % 64 & 1;

    return is_new == (hit && !by_one[rule][stage][output->granule[stage]]);
}

static void test_rules_are_counted_by_stage_and_granule(void **state)
{
    static struct wd_rule_counts counts;
    struct wd_random random = wd_random_stream(1, 1);

    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct wd_oracle_output output = {0};
        bool any;

        draw(&random, i, &output);
        if (wd_rule_counts_full(&counts))
            wd_rule_counts_move(&counts, by_all);
        any = wd_rule_counts_add(&counts, &output);
        for (unsigned stage = 0; stage < 2; stage++)
            for (unsigned rule = 0; rule < WD_RULE_COUNT; rule++) {
                assert_true(is_new_as_expected(&counts, &output, stage, rule));
                assert_true(any || !(counts.is_new[stage][rule / 64] >> rule % 64 & 1));
                by_one[rule][stage][output.granule[stage]] += output.rules_hit[stage][rule / 64] >> rule % 64 & 1;
            }
    }
    wd_rule_counts_move(&counts, by_all);
    wd_rule_counts_move(&counts, by_all); /* nothing is left to be counted twice */
    assert_memory_equal(by_one, by_all, sizeof(by_one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_are_counted_by_stage_and_granule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
