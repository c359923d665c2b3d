/* SPDX-License-Identifier: MIT */
/* What it means that an answer changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/engine/change_text.h"

struct row {
    enum wd_verdict before, after;
    enum wd_change change;
};

static struct wd_judged judged(enum wd_verdict verdict)
{
    return (struct wd_judged){
        .verdict = verdict, .warned = verdict == WD_VERDICT_WARN, .answered = verdict != WD_VERDICT_UNSUPPORTED};
}

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct wd_judged before = judged(rows[i].before), after = judged(rows[i].after);
        enum wd_change change = wd_change_of(&before, &after, false);

        if (change != rows[i].change)
            fail_msg("%s to %s is %s, must be %s", wd_verdict_names[rows[i].before], wd_verdict_names[rows[i].after],
                     wd_change_names[change], wd_change_names[rows[i].change]);
    }
}

static void what_was_right_and_is_not_is_a_regression_and_the_reverse_a_fix(void **state)
{
    static const struct row rows[] = {
        {WD_VERDICT_AGREE, WD_VERDICT_DEVIATION, WD_CHANGE_REGRESSION},
        {WD_VERDICT_PERMITTED, WD_VERDICT_EXCEPTION_MISMATCH, WD_CHANGE_REGRESSION},
        {WD_VERDICT_WARN, WD_VERDICT_DEVIATION, WD_CHANGE_REGRESSION},
        {WD_VERDICT_AGREE, WD_VERDICT_WAIVED, WD_CHANGE_REGRESSION},
        {WD_VERDICT_DEVIATION, WD_VERDICT_AGREE, WD_CHANGE_FIX},
        {WD_VERDICT_WAIVED, WD_VERDICT_PERMITTED, WD_CHANGE_FIX},
        {WD_VERDICT_EXCEPTION_MISMATCH, WD_VERDICT_WARN, WD_CHANGE_FIX},
        {WD_VERDICT_DEVIATION, WD_VERDICT_EXCEPTION_MISMATCH, WD_CHANGE_STILL_WRONG},
        {WD_VERDICT_WAIVED, WD_VERDICT_DEVIATION, WD_CHANGE_STILL_WRONG},
        {WD_VERDICT_AGREE, WD_VERDICT_PERMITTED, WD_CHANGE_NEUTRAL},
        {WD_VERDICT_PERMITTED, WD_VERDICT_PERMITTED, WD_CHANGE_NEUTRAL},
    };

    (void)state;
    check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void who_dies_hangs_or_asks_again_is_told_of_before_what_answers_are_worth(void **state)
{
    static const struct row rows[] = {
        {WD_VERDICT_DEVIATION, WD_VERDICT_CRASH, WD_CHANGE_CRASH_GAINED},
        {WD_VERDICT_HANG, WD_VERDICT_CRASH, WD_CHANGE_CRASH_GAINED},
        {WD_VERDICT_UNSUPPORTED, WD_VERDICT_CRASH, WD_CHANGE_CRASH_GAINED},
        {WD_VERDICT_CRASH, WD_VERDICT_DEVIATION, WD_CHANGE_CRASH_LOST},
        {WD_VERDICT_CRASH, WD_VERDICT_HANG, WD_CHANGE_HANG_GAINED},
        {WD_VERDICT_CRASH, WD_VERDICT_UNSUPPORTED, WD_CHANGE_SUPPORT_LOST},
        {WD_VERDICT_CRASH, WD_VERDICT_CRASH, WD_CHANGE_STILL_WRONG},
        {WD_VERDICT_HANG, WD_VERDICT_AGREE, WD_CHANGE_HANG_LOST},
        {WD_VERDICT_AGREE, WD_VERDICT_RETRY, WD_CHANGE_RETRY_GAINED},
        {WD_VERDICT_RETRY, WD_VERDICT_PERMITTED, WD_CHANGE_RETRY_LOST},
        {WD_VERDICT_UNSUPPORTED, WD_VERDICT_DEVIATION, WD_CHANGE_SUPPORT_GAINED},
        {WD_VERDICT_UNSUPPORTED, WD_VERDICT_RETRY, WD_CHANGE_SUPPORT_GAINED},
        {WD_VERDICT_AGREE, WD_VERDICT_UNSUPPORTED, WD_CHANGE_SUPPORT_LOST},
    };

    (void)state;
    check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void a_warning_is_looked_at_where_nothing_else_is_different(void **state)
{
    struct wd_judged quiet = judged(WD_VERDICT_AGREE), loud = judged(WD_VERDICT_WARN);
    struct wd_judged wrong = judged(WD_VERDICT_DEVIATION), loudly_wrong = {WD_VERDICT_DEVIATION, true, true};

    (void)state;
    assert_int_equal(wd_change_of(&quiet, &loud, false), WD_CHANGE_WARNING_GAINED);
    assert_int_equal(wd_change_of(&loud, &quiet, true), WD_CHANGE_WARNING_LOST);
    assert_int_equal(wd_change_of(&wrong, &loudly_wrong, true), WD_CHANGE_WARNING_GAINED);
    assert_int_equal(wd_change_of(&wrong, &loudly_wrong, false), WD_CHANGE_STILL_WRONG);
}

static void what_the_oracle_does_not_know_is_not_judged(void **state)
{
    struct wd_judged answer = {WD_VERDICT_UNSUPPORTED, false, true};

    (void)state;
    assert_int_equal(wd_change_of(&answer, &answer, false), WD_CHANGE_UNJUDGED);
}

static void results_are_identical_whatever_the_line_of_a_warning_or_a_bug(void **state)
{
    struct wd_result one, other;

    (void)state;
    wd_result_clear(&one, 0x80b);
    wd_result_clear(&other, 0x80b);
    one.warning_count = other.warning_count = 1;
    strcpy(one.warnings[0], "at.c:12");
    strcpy(other.warnings[0], "at.c:13");
    assert_true(wd_results_identical(&one, &other));
    other.warning_count = 0;
    assert_false(wd_results_identical(&one, &other));
    other = one;
    other.par ^= UINT64_C(1) << 60; /* which is not judged in a fault */
    assert_false(wd_results_identical(&one, &other));
    one.answer = other.answer = WD_ANSWER_CRASH;
    strcpy(one.text, "BUG at.c:150");
    strcpy(other.text, "BUG at.c:151");
    assert_true(wd_results_identical(&one, &other));
    strcpy(other.text, "SIGSEGV");
    assert_false(wd_results_identical(&one, &other));
}

/* The signature of a neutral change between answers that these choices give. */
static void check_neutral(const char *before, const char *after, const char *signature)
{
    struct wd_judgement *judgements = calloc(2, sizeof(*judgements));
    struct wd_oracle_output *basis = calloc(1, sizeof(*basis));
    struct wd_result result;
    struct wd_change_shown shown = {.change = WD_CHANGE_NEUTRAL,
                                    .basis = basis,
                                    .before = {&judgements[0], &result, NULL},
                                    .after = {&judgements[1], &result, NULL}};
    char *text;

    wd_result_clear(&result, 0);
    strcpy(judgements[0].choice, before);
    strcpy(judgements[1].choice, after);
    text = wd_change_signature(&shown);
    assert_string_equal(text, signature);
    free(text);
    free(basis);
    free(judgements);
}

static void a_neutral_change_names_the_choices_that_differ(void **state)
{
    (void)state;
    check_neutral("", "A: x", "neutral: the default -> A: x");
    check_neutral("A: x; B: y", "B: y", "neutral: A: x -> the default");
    check_neutral("A: x; B: y", "A: x; B: z", "neutral: B: y -> B: z");
    check_neutral("A: x", "AA: x; A: x y", "neutral: A: x -> AA: x; A: x y");
    check_neutral("A: x", "A: x", "neutral: bits that nobody may rely on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_right_and_is_not_is_a_regression_and_the_reverse_a_fix),
        cmocka_unit_test(who_dies_hangs_or_asks_again_is_told_of_before_what_answers_are_worth),
        cmocka_unit_test(a_warning_is_looked_at_where_nothing_else_is_different),
        cmocka_unit_test(what_the_oracle_does_not_know_is_not_judged),
        cmocka_unit_test(results_are_identical_whatever_the_line_of_a_warning_or_a_bug),
        cmocka_unit_test(a_neutral_change_names_the_choices_that_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
