/* SPDX-License-Identifier: MIT */
#include "harness/host/walker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/support/process.h"

/* The walker's code finds signals as any program does, whatever the engine made of them. */
static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* fails for SIGKILL and its like: they are as they should be */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A walker may die a thousand times: no core files. */
static void no_core_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_CORE, &limit))
        return;
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_CORE, &limit);
}

/* stdin is empty; stdout and stderr go where the engine collects them. @return false with errno */
static bool set_up_files(const struct wd_walker_process *process)
{
    int null = open("/dev/null", O_RDONLY);

    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(process->words_end, STDOUT_FILENO) < 0 ||
        dup2(process->words_end, STDERR_FILENO) < 0)
        return false;
    wd_close_files_except(process->given_end, process->finished_end);
    return true;
}

/* Tells how the opening went, and wakes the engine: no bell was rung, so its pipe is written to. */
static void say_hello(const struct wd_walker_process *process, enum wd_hello hello)
{
    atomic_store(&process->shared->hello, hello);
    while (write(process->finished_end, "", 1) < 0 && errno == EINTR)
        ;
}

static _Noreturn void fail(const struct wd_walker_process *process)
{
    say_hello(process, WD_HELLO_FAILED);
    _exit(0);
}

static void tell_version(const struct wd_walker_process *process, const struct wd_walker_api *api)
{
    snprintf(process->shared->name, WD_WALKER_NAME_MAX, "%s", api->name ? api->name : "");
    snprintf(process->shared->version, WD_VERSION_MAX, "%s", api->version ? api->version : "");
}

static const struct wd_walker_api *load(const struct wd_walker_process *process)
{
    const struct wd_walker_api *api = wd_walker_spec_load(process->spec, &process->shared->error);

    if (!api)
        fail(process);
    tell_version(process, api);
    if (process->spec->coverage && !wd_coverage_open(process->spec->coverage, api, &process->shared->error))
        fail(process);
    return api;
}

static void *open_walker(const struct wd_walker_process *process, const struct wd_walker_api *api)
{
    struct wd_error *error = &process->shared->error;
    void *walker;

    error->text[0] = '\0';
    walker = api->open(process->spec->options, error->text, sizeof(error->text));
    if (!walker) {
        if (!error->text[0])
            wd_error_set(error, "it does not say why");
        fail(process);
    }
    tell_version(process, api); /* some learn it when they open */
    say_hello(process, WD_HELLO_OPEN);
    return walker;
}

/* Sleeps until batch `batch` is given. @return false: there will be none */
static bool wait_for_batch(const struct wd_walker_process *process, uint64_t batch)
{
    struct wd_doorbell *given = &process->shared->given;

    while (wd_doorbell_rung(given) <= batch)
        if (wd_doorbell_doze(given, batch) && !wd_doorbell_wake(given, process->given_end))
            return false;
    return true;
}

/* Marks results from `first` on as not written, so that one that the walker leaves out is not taken for an old one. */
static void mark_unanswered(struct wd_result *results, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < count; i++)
        results[i].answer = WD_ANSWER_NONE_YET;
}

static void answer_batch(const struct wd_walker_process *process, const struct wd_walker_api *api, void *walker,
                         uint64_t batch, uint32_t first)
{
    struct wd_walker_shared *shared = process->shared;
    struct wd_result *results = shared->results[batch % WD_SLOTS];
    const struct wd_slot *slot = wd_case_area_slot(process->area, batch);

    mark_unanswered(results, first, slot->count);
    shared->done = 0;
    atomic_store(&shared->begun, batch + 1);
    wd_coverage_begin_batch(shared->aimed[batch % WD_SLOTS] + first, &shared->done, slot->count - first);
    if (first < slot->count)
        api->answer(walker, slot->cases + first, results + first, slot->count - first, &shared->done);
    wd_doorbell_ring(&shared->finished, process->finished_end);
}

/* Ends, and takes along whatever the walker started: the engine that would see to it may be gone. */
static _Noreturn void end(void)
{
    if (getpgrp() == getpid())
        kill(0, SIGKILL);
    _exit(0);
}

_Noreturn void wd_walker_process_run(const struct wd_walker_process *process)
{
    uint64_t first_batch = wd_doorbell_rung(&process->shared->finished);
    uint32_t resume = process->shared->resume;
    const struct wd_walker_api *api;
    void *walker;

    wd_end_with_parent(process->parent);
    setpgid(0, 0);
    reset_signals();
    no_core_files();
    if (!set_up_files(process) || !wd_case_area_protect(process->area)) {
        wd_error_set(&process->shared->error, "cannot set up its process: %s", strerror(errno));
        fail(process);
    }
    api = load(process);
    walker = open_walker(process, api);
    for (uint64_t batch = first_batch; wait_for_batch(process, batch); batch++)
        answer_batch(process, api, walker, batch, batch == first_batch ? resume : 0);
    api->close(walker);
    end();
}
