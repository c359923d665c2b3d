/* SPDX-License-Identifier: MIT */
/*
 * What the tests of walkers in processes have in common: a host, cases for it, and what became of them. To be included
 * after cmocka.h.
 */
#ifndef TESTS_HOST_FIXTURE_H
#define TESTS_HOST_FIXTURE_H

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/host/walker_host.h"
#include "tests/walkers/rogue.h"

enum { CASES_MAX = 200, SLOT_SIZE = 1 << 20 };

static const double short_timeout = 0.5; /* seconds */

/* What a test knows of a walker's deaths. */
struct deaths {
    unsigned count, asked_again;
    uint64_t last_case;
    char last_words[WD_LAST_WORDS_MAX];
};

struct fixture {
    struct wd_places places;
    struct wd_walker_spec spec;
    char text[1024]; /* of the spec */
    struct wd_case_area *area;
    struct wd_walker_host *host;
    double timeout;
    uint64_t given;
    struct deaths deaths;
    char mark[64];
};

static inline void note_death(void *context, const struct wd_incident *incident)
{
    struct deaths *deaths = context;

    deaths->count++;
    deaths->asked_again += incident->asked_again;
    deaths->last_case = incident->case_number;
    snprintf(deaths->last_words, sizeof(deaths->last_words), "%s", incident->last_words);
}

static inline int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct wd_error error;

    signal(SIGPIPE, SIG_IGN);
    assert_true(wd_places_find(&f->places, &error));
    f->area = wd_case_area_new(SLOT_SIZE, &error);
    assert_non_null(f->area);
    snprintf(f->mark, sizeof(f->mark), "/tmp/walkdiff-test-%d", getpid());
    unlink(f->mark);
    f->timeout = short_timeout;
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;

    wd_walker_host_close(f->host);
    wd_case_area_free(f->area);
    unlink(f->mark);
    free(f);
    return 0;
}

/* Opens a walker. @return false with a message */
static inline bool open_spec(struct fixture *f, struct wd_error *error, const char *format, ...)
{
    const struct wd_walker_watcher watcher = {.incident = note_death, .context = &f->deaths};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(f->text, sizeof(f->text), format, arguments);
    va_end(arguments);
    if (!wd_walker_spec_parse(f->text, &f->places, &f->spec, error))
        return false;
    f->host = wd_walker_host_open(&f->spec, f->area, f->timeout, &watcher, error);
    return f->host;
}

/* Gives a batch. The low byte of each VA is what a rogue walker is to do; the rest is the case's position, from 1. */
static inline void give(struct fixture *f, const uint8_t *deeds, size_t count)
{
    struct wd_slot *slot = wd_case_area_slot(f->area, f->given++);
    const struct wd_ram ram = {.size = 4096};

    wd_slot_clear(slot);
    for (size_t i = 0; i < count; i++) {
        struct wd_case c = {.va = (i + 1) << 12 | deeds[i], .ram = &ram, .ram_count = 1};

        assert_true(wd_slot_add(slot, &c));
    }
    wd_walker_host_submit(f->host);
}

static inline const struct wd_result *take(struct fixture *f, uint64_t batch)
{
    struct wd_error error;
    const struct wd_result *results = wd_walker_host_wait(f->host, batch, &error);

    if (!results)
        fail_msg("%s", error.text);
    return results;
}

static inline const struct wd_result *ask(struct fixture *f, const uint8_t *deeds, size_t count)
{
    give(f, deeds, count);
    return take(f, f->given - 1);
}

static inline void assert_crash(const struct wd_result *result, const char *text)
{
    assert_int_equal(result->answer, WD_ANSWER_CRASH);
    assert_string_equal(result->text, text);
}

static inline void assert_open_fails(struct fixture *f, const char *spec, const char *part)
{
    struct wd_error error;

    assert_false(open_spec(f, &error, "%s", spec));
    if (!strstr(error.text, part))
        fail_msg("'%s' does not say '%s'", error.text, part);
}

static inline bool is_gone(pid_t pid)
{
    for (int i = 0; i < 2000; i++) {
        if (kill(pid, 0) && errno == ESRCH)
            return true;
        usleep(1000);
    }
    return false;
}

/* In a process of its own: opens a walker, perhaps has it hang, tells its process id, and waits to be killed. */
static inline _Noreturn void be_an_engine(struct fixture *f, int answer, const char *spec, bool busy)
{
    const uint8_t deeds[] = {DEED_HANG};
    struct wd_error error;
    pid_t pid;

    if (!open_spec(f, &error, "%s", spec))
        _exit(1);
    if (busy) {
        give(f, deeds, 1);
        usleep(100000); /* now it hangs */
    }
    pid = wd_walker_host_pid(f->host);
    if (write(answer, &pid, sizeof(pid)) != sizeof(pid))
        _exit(1);
    for (;;)
        pause();
}

/* A walker's process, and all that it started, ends when its engine is killed, whatever it is doing then. */
static inline void assert_ends_with_engine(struct fixture *f, const char *spec, bool busy)
{
    int ends[2], status;
    pid_t engine, walker;

    assert_int_equal(pipe(ends), 0);
    engine = fork();
    if (engine == 0)
        be_an_engine(f, ends[1], spec, busy);
    assert_int_equal(read(ends[0], &walker, sizeof(walker)), sizeof(walker));
    assert_int_equal(kill(-walker, 0), 0);
    kill(engine, SIGKILL);
    waitpid(engine, &status, 0);
    assert_true(is_gone(-walker)); /* its process group */
    close(ends[0]);
    close(ends[1]);
}

#endif
