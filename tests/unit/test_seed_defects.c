/* SPDX-License-Identifier: MIT */
/*
 * The stored cases of the seed defects (cases/seed-defects): one for each, which bears its id. The right answers in
 * them were worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "harness/judge/judge.h"
#include "harness/walkers/sample/sample.h"
#include "tests/unit/case_folder.h"

#define SEED_DEFECTS WD_CASES "/seed-defects"

enum { DEFECTS_MAX = 64, RIGHT = DEFECTS_MAX /* the walker without a defect */ };

/* The answers of every defective walker, and of the right one, to every case. */
struct answers {
    const struct wd_sample_defect *defects;
    size_t defect_count, case_count;
    void *walkers[DEFECTS_MAX + 1];
    char ids[DEFECTS_MAX][16];
    bool as_expected[DEFECTS_MAX];                     /* what the right walker answers is what stands in the file */
    bool has_note[DEFECTS_MAX];                        /* the file says what the case is for */
    struct wd_result of[DEFECTS_MAX + 1][DEFECTS_MAX]; /* by walker and case */
    struct wd_judgement judgements[DEFECTS_MAX];       /* of each defective walker's answer to its own case */
};

static void ask(void *walker, const struct wd_case *c, struct wd_result *result)
{
    volatile uint32_t done = 0;

    wd_walker_sample()->answer(walker, &c, result, 1, &done);
}

static void *open_walker(const char *defect)
{
    char options[32] = "", error[200];
    void *walker;

    if (defect)
        snprintf(options, sizeof(options), "defect=%s", defect);
    walker = wd_walker_sample()->open(options, error, sizeof(error));
    if (!walker)
        fail_msg("%s", error);
    return walker;
}

static void take_case(void *context, const struct wd_case_entry *entry)
{
    struct answers *answers = context;
    size_t k = answers->case_count++;
    static struct wd_oracle_output basis;

    assert_true(k < DEFECTS_MAX);
    snprintf(answers->ids[k], sizeof(answers->ids[k]), "%s", entry->id);
    for (size_t i = 0; i < answers->defect_count; i++)
        ask(answers->walkers[i], &entry->c, &answers->of[i][k]);
    ask(answers->walkers[RIGHT], &entry->c, &answers->of[RIGHT][k]);
    answers->as_expected[k] = entry->has_expect && wd_answers_equal(&entry->expect, &answers->of[RIGHT][k]);
    answers->has_note[k] = *entry->note;
    for (size_t i = 0; i < answers->defect_count; i++) {
        if (strcmp(answers->defects[i].id, entry->id))
            continue;
        wd_oracle(&entry->c, NULL, NULL, NULL, &basis);
        wd_judge(&entry->c, &basis, &answers->of[i][k], UINT64_MAX, &answers->judgements[i]);
    }
}

static int ask_all(void **state)
{
    static struct answers answers;

    answers.defects = wd_sample_defects(&answers.defect_count);
    for (size_t i = 0; i < answers.defect_count; i++)
        answers.walkers[i] = open_walker(answers.defects[i].id);
    answers.walkers[RIGHT] = open_walker(NULL);
    for_every_case_below(SEED_DEFECTS, take_case, &answers);
    for (size_t i = 0; i <= RIGHT; i++)
        if (answers.walkers[i])
            wd_walker_sample()->close(answers.walkers[i]);
    *state = &answers;
    return 0;
}

static void every_defect_has_a_stored_case_that_bears_its_id_and_tells_of_it(void **state)
{
    const struct answers *answers = *state;

    assert_int_equal(answers->defect_count, 58);
    assert_int_equal(answers->case_count, answers->defect_count);
    for (size_t i = 0; i < answers->defect_count; i++) {
        assert_string_equal(answers->ids[i], answers->defects[i].id); /* files come sorted */
        if (!answers->has_note[i])
            fail_msg("%s has no note", answers->ids[i]);
    }
}

static void without_a_defect_every_stored_case_has_the_answer_that_stands_in_it(void **state)
{
    const struct answers *answers = *state;

    for (size_t k = 0; k < answers->case_count; k++)
        if (!answers->as_expected[k])
            fail_msg("%s: the sample walker does not give the answer that is expected", answers->ids[k]);
}

static void no_permitted_choice_excuses_a_defect_in_its_own_case(void **state)
{
    const struct answers *answers = *state;

    for (size_t i = 0; i < answers->defect_count; i++) {
        uint8_t verdict = answers->judgements[i].verdict;

        if (verdict != WD_VERDICT_DEVIATION && verdict != WD_VERDICT_EXCEPTION_MISMATCH)
            fail_msg("%s is %s in its own case", answers->defects[i].id, wd_verdict_names[verdict]);
    }
}

static void some_stored_case_tells_each_pair_of_defects_apart(void **state)
{
    const struct answers *answers = *state;

    for (size_t i = 0; i < answers->defect_count; i++)
        for (size_t j = 0; j < i; j++) {
            size_t k = 0;

            while (k < answers->case_count && wd_answers_equal(&answers->of[i][k], &answers->of[j][k]))
                k++;
            if (k == answers->case_count)
                fail_msg("no stored case tells %s from %s", answers->defects[j].id, answers->defects[i].id);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_defect_has_a_stored_case_that_bears_its_id_and_tells_of_it),
        cmocka_unit_test(without_a_defect_every_stored_case_has_the_answer_that_stands_in_it),
        cmocka_unit_test(no_permitted_choice_excuses_a_defect_in_its_own_case),
        cmocka_unit_test(some_stored_case_tells_each_pair_of_defects_apart),
    };

    return cmocka_run_group_tests(tests, ask_all, NULL);
}
