/* SPDX-License-Identifier: MIT */
/* Walkers in processes of their own: whatever a walker does, each case has one answer and the next one is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "tests/host_fixture.h"

static void open_rogue(struct fixture *f, const char *options)
{
    struct wd_error error;

    assert_true(open_spec(f, &error, "so:%s%s%s", ROGUE, *options ? "," : "", options));
}

static void assert_answered(const struct wd_result *results, size_t i)
{
    assert_int_equal(results[i].answer, WD_ANSWER_PAR);
    assert_int_equal(results[i].par, (i + 1) << 12);
}

/* The middle one of three cases does a deed; its neighbours have their answers. */
static const struct wd_result *middle_of_three(struct fixture *f, uint8_t deed)
{
    const uint8_t deeds[] = {DEED_NOTHING, deed, DEED_NOTHING};
    const struct wd_result *results = ask(f, deeds, 3);

    assert_answered(results, 0);
    assert_answered(results, 2);
    return &results[1];
}

/* ---------------------------------------------------------------- walkers that behave */

static void a_batch_is_answered_in_order(void **state)
{
    struct fixture *f = *state;
    uint8_t deeds[CASES_MAX] = {0};
    const struct wd_result *results;

    open_rogue(f, "");
    results = ask(f, deeds, CASES_MAX);
    for (size_t i = 0; i < CASES_MAX; i++)
        assert_answered(results, i);
    assert_string_equal(wd_walker_host_version(f->host), "6.66");
    assert_int_equal(wd_walker_host_restarts(f->host), 0);
}

static void several_batches_can_be_under_way(void **state)
{
    struct fixture *f = *state;
    uint8_t deeds[CASES_MAX] = {0};
    struct wd_error error;

    open_rogue(f, "");
    for (uint64_t batch = 0; batch < 1000; batch++) {
        size_t count = 1 + batch % CASES_MAX;

        give(f, deeds, count);
        if (f->given >= WD_SLOTS) {
            uint64_t oldest = f->given - WD_SLOTS;

            assert_answered(wd_walker_host_wait(f->host, oldest, &error), oldest % CASES_MAX);
        }
    }
}

static void an_empty_batch_is_answered(void **state)
{
    struct fixture *f = *state;

    open_rogue(f, "");
    assert_non_null(ask(f, NULL, 0));
}

static void what_a_walker_writes_reaches_neither_stdout_nor_stderr(void **state)
{
    struct fixture *f = *state;
    const uint8_t deeds[] = {DEED_TALK, DEED_SEGFAULT};
    const struct wd_result *results;

    open_rogue(f, "");
    results = ask(f, deeds, 2);
    assert_answered(results, 0);
    assert_crash(&results[1], "SIGSEGV");
    assert_non_null(strstr(f->deaths.last_words, "line 19999\nabout to touch nothing\n"));
}

/* ---------------------------------------------------------------- walkers that die */

static void a_crash_costs_its_case_alone_and_names_the_signal(void **state)
{
    struct fixture *f = *state;

    open_rogue(f, "");
    assert_crash(middle_of_three(f, DEED_SEGFAULT), "SIGSEGV");
    assert_crash(middle_of_three(f, DEED_ABORT), "SIGABRT");
    assert_int_equal(f->deaths.count, 2);
    assert_int_equal(f->deaths.last_case, 4);
    assert_int_equal(wd_walker_host_restarts(f->host), 2);
}

static void a_walker_that_exits_has_crashed_with_that_status(void **state)
{
    struct fixture *f = *state;

    open_rogue(f, "");
    assert_crash(middle_of_three(f, DEED_EXIT), "exit status 3");
}

static void crashes_at_either_end_of_batches_under_way_are_blamed_rightly(void **state)
{
    struct fixture *f = *state;
    const uint8_t deeds[] = {DEED_SEGFAULT, DEED_NOTHING, DEED_SEGFAULT};

    open_rogue(f, "");
    for (int i = 0; i < WD_SLOTS; i++)
        give(f, deeds, 3);
    for (uint64_t batch = 0; batch < WD_SLOTS; batch++) {
        const struct wd_result *results = take(f, batch);

        assert_crash(&results[0], "SIGSEGV");
        assert_answered(results, 1);
        assert_crash(&results[2], "SIGSEGV");
    }
}

static void a_write_to_the_case_is_a_crash_and_the_case_stays(void **state)
{
    struct fixture *f = *state;

    open_rogue(f, "");
    assert_crash(middle_of_three(f, DEED_WRITE_TO_CASE), "SIGSEGV");
    assert_int_equal(wd_case_area_slot(f->area, 0)->cases[1]->va, 2 << 12 | DEED_WRITE_TO_CASE);
}

static void a_hang_ends_after_the_timeout_and_costs_its_case_alone(void **state)
{
    struct fixture *f = *state;
    struct timespec before, after;
    double seconds;

    open_rogue(f, "");
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_int_equal(middle_of_three(f, DEED_HANG)->answer, WD_ANSWER_HANG);
    clock_gettime(CLOCK_MONOTONIC, &after);
    seconds = (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec);
    assert_true(seconds > 0.9 * short_timeout && seconds < 10 * short_timeout);
}

static void a_walker_that_closes_its_pipes_and_lives_on_has_crashed(void **state)
{
    struct fixture *f = *state;

    open_rogue(f, "");
    assert_crash(middle_of_three(f, DEED_BREAK_CONNECTION), "broke its connection to walkdiff");
}

static void nonsense_in_done_blames_some_case_of_the_batch(void **state)
{
    struct fixture *f = *state;
    const uint8_t deeds[] = {DEED_NOTHING, DEED_WILD_DONE, DEED_NOTHING};
    const struct wd_result *results;

    open_rogue(f, "");
    results = ask(f, deeds, 3);
    assert_crash(&results[2], "SIGSEGV");
    assert_answered(ask(f, deeds, 1), 0);
}

/* ---------------------------------------------------------------- deaths that are not the walker's own doing */

static void a_case_whose_walker_was_killed_is_asked_again(void **state)
{
    struct fixture *f = *state;
    char options[128];

    snprintf(options, sizeof(options), "mark=%s", f->mark);
    open_rogue(f, options);
    assert_answered(middle_of_three(f, DEED_DIE_ONCE) - 1, 1);
    assert_int_equal(f->deaths.asked_again, 1);
    assert_int_equal(f->deaths.count, 1);
}

static void a_case_that_gets_its_walker_killed_four_times_is_a_crash(void **state)
{
    struct fixture *f = *state;

    open_rogue(f, "");
    assert_crash(middle_of_three(f, DEED_KILL), "SIGKILL");
    assert_int_equal(f->deaths.count, 4);
    assert_int_equal(f->deaths.asked_again, 3);
}

static void killing_an_idle_walker_costs_nothing(void **state)
{
    struct fixture *f = *state;
    uint8_t deeds[CASES_MAX] = {0};

    open_rogue(f, "");
    for (int i = 0; i < 20; i++) {
        const struct wd_result *results = ask(f, deeds, CASES_MAX);

        assert_answered(results, CASES_MAX - 1);
        kill(wd_walker_host_pid(f->host), i % 2 ? SIGKILL : SIGTERM);
    }
    assert_true(wd_walker_host_restarts(f->host) >= 19);
}

static void killing_a_walker_at_random_moments_changes_no_answer(void **state)
{
    struct fixture *f = *state;
    uint8_t deeds[CASES_MAX] = {0};
    unsigned pause_us = 7;

    open_rogue(f, "");
    for (uint64_t batch = 0; batch < 300; batch++) {
        const struct wd_result *results;

        give(f, deeds, CASES_MAX);
        pause_us = pause_us * 1103515245 + 12345;
        if (batch % 3 == 0) {
            usleep(pause_us >> 16 & 63);
            kill(wd_walker_host_pid(f->host), SIGKILL);
        }
        results = take(f, batch);
        for (size_t i = 0; i < CASES_MAX; i++)
            assert_answered(results, i);
    }
}

/* ---------------------------------------------------------------- results that are none */

static void a_result_that_makes_no_sense_is_a_crash_that_says_so(void **state)
{
    static const struct {
        uint8_t deed;
        const char *text;
    } flaws[] = {
        {DEED_WILD_COUNT, "invalid result: a count beyond its array"},
        {DEED_WILD_ANSWER, "invalid result: no such kind of answer"},
        {DEED_UNSORTED, "invalid result: changed words not in ascending order"},
        {DEED_LEAVE_OUT, "invalid result: the walker returned without writing it"},
    };
    struct fixture *f = *state;

    open_rogue(f, "");
    for (size_t i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++)
        assert_crash(middle_of_three(f, flaws[i].deed), flaws[i].text);
    assert_int_equal(wd_walker_host_restarts(f->host), 0);
}

static void cases_that_a_walker_leaves_unanswered_do_not_get_old_answers(void **state)
{
    struct fixture *f = *state;
    const uint8_t good[] = {DEED_NOTHING, DEED_NOTHING, DEED_NOTHING};
    const uint8_t early[] = {DEED_NOTHING, DEED_RETURN_EARLY, DEED_NOTHING};
    const struct wd_result *results;

    open_rogue(f, "");
    for (int i = 0; i < WD_SLOTS; i++)
        ask(f, good, 3);
    results = ask(f, early, 3);
    assert_answered(results, 0);
    assert_crash(&results[1], "invalid result: the walker returned without writing it");
    assert_crash(&results[2], "invalid result: the walker returned without writing it");
}

static void a_text_without_an_end_is_cut(void **state)
{
    struct fixture *f = *state;
    const struct wd_result *result;

    open_rogue(f, "");
    result = middle_of_three(f, DEED_ENDLESS_TEXT);
    assert_int_equal(strlen(result->text), WD_TEXT_MAX - 1);
}

/* ---------------------------------------------------------------- opening */

static void a_walker_that_does_not_open_says_why(void **state)
{
    assert_open_fails(*state, "so:" ROGUE ",open=fail", "it does not want to\nand it says so\n");
    assert_open_fails(*state, "so:" ROGUE ",open=silent", "it does not say why");
    assert_open_fails(*state, "so:" ROGUE ",open=crash", "SIGABRT");
    assert_open_fails(*state, "oracle,x=1", "takes no options");
}

static void a_library_for_another_program_is_refused(void **state)
{
    assert_open_fails(*state, "so:" ROGUE_OTHER_ABI, "built for version 999 of the walker ABI");
    assert_open_fails(*state, "so:" ROGUE_OTHER_SIZE, "built against other headers");
    assert_open_fails(*state, "so:" ROGUE_NO_ENTRY, "no symbol walkdiff_walker");
}

static void a_spec_that_names_nothing_is_refused(void **state)
{
    assert_open_fails(*state, "", "not of the form");
    assert_open_fails(*state, "Oracle", "not of the form");
    assert_open_fails(*state, "../../etc/passwd", "not of the form");
    assert_open_fails(*state, "no-such-walker", "there is no walker 'no-such-walker'");
    assert_open_fails(*state, "so:", "so: needs a library");
    assert_open_fails(*state, "so:/nowhere/x.so", "No such file");
    assert_open_fails(*state, "exec:", "exec: needs a command");
    assert_open_fails(*state, "exec", "exec: needs a command");
}

/* ---------------------------------------------------------------- the end */

static void closing_ends_the_process_even_while_it_hangs(void **state)
{
    struct fixture *f = *state;
    const uint8_t deeds[] = {DEED_HANG};
    pid_t pid;

    open_rogue(f, "");
    pid = wd_walker_host_pid(f->host);
    give(f, deeds, 1);
    wd_walker_host_close(f->host);
    f->host = NULL;
    assert_true(is_gone(pid));
}

static void a_walker_does_not_outlive_an_engine_that_is_killed(void **state)
{
    assert_ends_with_engine(*state, "so:" ROGUE, false);
    assert_ends_with_engine(*state, "so:" ROGUE, true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(a_batch_is_answered_in_order),
        TEST(several_batches_can_be_under_way),
        TEST(an_empty_batch_is_answered),
        TEST(what_a_walker_writes_reaches_neither_stdout_nor_stderr),
        TEST(a_crash_costs_its_case_alone_and_names_the_signal),
        TEST(a_walker_that_exits_has_crashed_with_that_status),
        TEST(crashes_at_either_end_of_batches_under_way_are_blamed_rightly),
        TEST(a_write_to_the_case_is_a_crash_and_the_case_stays),
        TEST(a_hang_ends_after_the_timeout_and_costs_its_case_alone),
        TEST(a_walker_that_closes_its_pipes_and_lives_on_has_crashed),
        TEST(nonsense_in_done_blames_some_case_of_the_batch),
        TEST(a_case_whose_walker_was_killed_is_asked_again),
        TEST(a_case_that_gets_its_walker_killed_four_times_is_a_crash),
        TEST(killing_an_idle_walker_costs_nothing),
        TEST(killing_a_walker_at_random_moments_changes_no_answer),
        TEST(a_result_that_makes_no_sense_is_a_crash_that_says_so),
        TEST(cases_that_a_walker_leaves_unanswered_do_not_get_old_answers),
        TEST(a_text_without_an_end_is_cut),
        TEST(a_walker_that_does_not_open_says_why),
        TEST(a_library_for_another_program_is_refused),
        TEST(a_spec_that_names_nothing_is_refused),
        TEST(closing_ends_the_process_even_while_it_hangs),
        TEST(a_walker_does_not_outlive_an_engine_that_is_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
