/* SPDX-License-Identifier: MIT */
/* Walkers that are programs: whatever a program makes of its pipes, each case has one answer and the next one is asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/host_fixture.h"

/* Answers each case with PAR = its VA: what `sed` does with a line. */
#define ANSWER "s/.*\"id\":\"\\([0-9]*\\)\".*\"va\":\"\\([0-9a-fx]*\\)\".*/{\"id\":\"\\1\",\"par\":\"\\2\"}/"

static int set_up_patient(void **state)
{
    int result = set_up(state);
    struct fixture *f = *state;

    f->timeout = 5;
    return result;
}

static void open_command(struct fixture *f, const char *command)
{
    struct wd_error error;

    if (!open_spec(f, &error, "exec:%s", command))
        fail_msg("%s", error.text);
}

static void assert_par_is_va(const struct wd_result *results, size_t i)
{
    if (results[i].answer != WD_ANSWER_PAR)
        fail_msg("case %zu: no PAR but '%s'", i, results[i].text);
    assert_int_equal(results[i].par, (i + 1) << 12);
}

/* The command answers all cases of several batches. */
static void assert_answers_all(struct fixture *f, const char *command)
{
    uint8_t deeds[CASES_MAX] = {0};

    open_command(f, command);
    for (int batch = 0; batch < 4; batch++) {
        const struct wd_result *results = ask(f, deeds, CASES_MAX);

        for (size_t i = 0; i < CASES_MAX; i++)
            assert_par_is_va(results, i);
    }
    assert_int_equal(f->deaths.count, 0);
}

/* ---------------------------------------------------------------- programs that behave, each in its way */

static void a_program_may_answer_line_by_line(void **state)
{
    assert_answers_all(*state, "sed -u '" ANSWER "'");
}

static void a_program_may_keep_its_answers_in_a_buffer(void **state)
{
    assert_answers_all(*state, "sed '" ANSWER "'");
}

static void a_program_may_read_everything_before_it_answers(void **state)
{
    assert_answers_all(*state, "tac | tac | sed '" ANSWER "'");
}

static void a_program_may_answer_at_length(void **state)
{
    assert_answers_all(*state, "sed -u '" ANSWER "' | awk '{ printf \"%s%*s\\n\", $0, 20000, \"\"; fflush() }'");
}

static void a_program_may_be_slower_than_the_silence_that_is_borne(void **state)
{
    const uint8_t deeds[3] = {0};
    const struct wd_result *results;
    struct fixture *f = *state;

    open_command(f, "while read line; do sleep 0.7; echo \"$line\" | sed '" ANSWER "'; done");
    results = ask(f, deeds, 3);
    for (size_t i = 0; i < 3; i++)
        assert_par_is_va(results, i);
}

/* ---------------------------------------------------------------- programs that do not */

/* awk: ends after so many answers. */
#define ENDS_AFTER_2 "sed -u '" ANSWER "' | awk '{ print; fflush() } NR == 2 { exit }'; "

static void a_program_that_ends_has_crashed_on_the_next_case_with_its_status(void **state)
{
    const uint8_t deeds[4] = {0};
    const struct wd_result *results;
    struct fixture *f = *state;

    open_command(f, ENDS_AFTER_2 "echo farewell >&2; exit 3");
    results = ask(f, deeds, 4);
    assert_par_is_va(results, 0);
    assert_par_is_va(results, 1);
    assert_crash(&results[2], "exit status 3");
    assert_par_is_va(results, 3);
    assert_string_equal(f->deaths.last_words, "farewell\n");
}

static void a_program_that_is_killed_by_a_signal_has_crashed_with_it(void **state)
{
    const uint8_t deeds[4] = {0};
    const struct wd_result *results;
    struct fixture *f = *state;

    open_command(f, ENDS_AFTER_2 "kill -SEGV $$");
    results = ask(f, deeds, 4);
    assert_crash(&results[2], "SIGSEGV");
    assert_par_is_va(results, 3);
}

static void a_program_that_answers_too_late_hangs(void **state)
{
    const uint8_t deeds[2] = {0};
    const struct wd_result *results;
    struct fixture *f = *state;

    f->timeout = 1.2;
    open_command(f, "read line; echo \"$line\" | sed '" ANSWER "'; sleep 100");
    results = ask(f, deeds, 2);
    assert_par_is_va(results, 0);
    assert_int_equal(results[1].answer, WD_ANSWER_HANG);
}

/* The middle one of three answers is replaced by `line`. */
static void assert_bad_answer(struct fixture *f, const char *line, const char *text)
{
    const uint8_t deeds[3] = {0};
    const struct wd_result *results;
    char command[512];

    snprintf(command, sizeof(command), "sed -u -e '" ANSWER "' -e '/\"id\":\"1\"/s/.*/%s/'", line);
    open_command(f, command);
    results = ask(f, deeds, 3);
    assert_par_is_va(results, 0);
    if (results[1].answer != WD_ANSWER_CRASH || !strstr(results[1].text, text))
        fail_msg("kind %u: '%s' does not say '%s'", results[1].answer, results[1].text, text);
    assert_par_is_va(results, 2);
    assert_int_equal(f->deaths.count, 0);
}

static void a_line_that_is_no_answer_is_a_crash_that_says_what_is_wrong(void **state)
{
    assert_bad_answer(*state, "no JSON", "bad answer: ");
}

static void an_answer_with_a_bad_member_is_a_crash_that_names_it(void **state)
{
    assert_bad_answer(*state, "{\"id\":\"1\",\"par\":\"0y\"}", "par");
}

static void an_answer_to_another_case_is_a_crash_that_says_so(void **state)
{
    assert_bad_answer(*state, "{\"id\":\"7\",\"par\":\"0x1\"}", "bad answer: has id \"7\", not \"1\"");
}

static void an_answer_without_an_end_is_a_crash(void **state)
{
    const uint8_t deeds[1] = {0};
    const struct wd_result *results;
    struct fixture *f = *state;

    open_command(f, "read line; head -c 3000000 /dev/zero | tr '\\0' x; sleep 100");
    results = ask(f, deeds, 1);
    assert_crash(&results[0], "bad answer: a line of more than 1 MiB");
}

static void a_command_that_cannot_be_run_does_not_open(void **state)
{
    assert_open_fails(*state, "exec:/no/such/program", "exit status 127");
    assert_open_fails(*state, "exec:exit 5", "exit status 5");
}

static void a_program_that_is_killed_from_outside_is_asked_again(void **state)
{
    const uint8_t deeds[4] = {0};
    struct fixture *f = *state;
    const struct wd_result *results;
    char command[512];

    snprintf(command, sizeof(command),
             "test -e %s || { touch %s; read line; kill -KILL $$; }; exec sed -u '" ANSWER "'", f->mark, f->mark);
    open_command(f, command);
    results = ask(f, deeds, 4);
    for (size_t i = 0; i < 4; i++)
        assert_par_is_va(results, i);
    assert_int_equal(f->deaths.asked_again, 1);
}

/* ---------------------------------------------------------------- the end */

static void nothing_that_a_program_started_outlives_an_engine_that_is_killed(void **state)
{
    for (int i = 0; i < 10; i++)
        assert_ends_with_engine(*state, "exec:sleep 1000 & sleep 1000 | sleep 1000", i % 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_patient, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(a_program_may_answer_line_by_line),
        TEST(a_program_may_keep_its_answers_in_a_buffer),
        TEST(a_program_may_read_everything_before_it_answers),
        TEST(a_program_may_answer_at_length),
        TEST(a_program_may_be_slower_than_the_silence_that_is_borne),
        TEST(a_program_that_ends_has_crashed_on_the_next_case_with_its_status),
        TEST(a_program_that_is_killed_by_a_signal_has_crashed_with_it),
        TEST(a_program_that_answers_too_late_hangs),
        TEST(a_line_that_is_no_answer_is_a_crash_that_says_what_is_wrong),
        TEST(an_answer_with_a_bad_member_is_a_crash_that_names_it),
        TEST(an_answer_to_another_case_is_a_crash_that_says_so),
        TEST(an_answer_without_an_end_is_a_crash),
        TEST(a_command_that_cannot_be_run_does_not_open),
        TEST(a_program_that_is_killed_from_outside_is_asked_again),
        TEST(nothing_that_a_program_started_outlives_an_engine_that_is_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
