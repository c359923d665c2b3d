/* SPDX-License-Identifier: MIT */
#include "harness/host/walker_host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/support/process.h"
#include "harness/host/walker_process.h"

enum {
    SLICE_MS = 100,        /* how long to sleep at most before looking whether the process still lives */
    OPENING_SECONDS = 120, /* an opening that takes longer has failed */
    STARTS = 8,            /* how often a process is started, at least, that is killed while the walker opens */
    STARTS_SECONDS = 30,   /* and for how long, at least: how many kills an opening takes is the machine's affair */
    CHANCES = 4,           /* how often a case is asked whose walker dies of what is not its own doing */
};

/* The case that was last asked again in a new process. */
struct chances {
    unsigned taken; /* 0: none was */
    uint64_t batch;
    uint32_t index;
};

struct wd_walker_host {
    const struct wd_walker_spec *spec;
    struct wd_case_area *area;
    struct wd_walker_shared *shared;
    double timeout;
    struct wd_walker_watcher watcher;
    pid_t pid;                              /* 0: none */
    int given_end, finished_end, words_end; /* -1: closed */
    uint64_t submitted, restarts;
    uint64_t cases, cases_before[WD_SLOTS]; /* given in all; before the batch in a slot */
    uint64_t first_batch;                   /* that this process answers, and the case in it that it begins with */
    uint32_t first_case;
    struct chances chances;
    char words[WD_LAST_WORDS_MAX]; /* the last `words_length` bytes that the process wrote */
    size_t words_length;
};

static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

/* ---------------------------------------------------------------- what the process writes */

/* Appends to the last words; the oldest go. */
static void keep_words(struct wd_walker_host *host, const char *bytes, size_t length)
{
    size_t limit = sizeof(host->words) - 1, excess;

    if (length > limit) {
        bytes += length - limit;
        length = limit;
    }
    excess = host->words_length + length > limit ? host->words_length + length - limit : 0;
    memmove(host->words, host->words + excess, host->words_length - excess);
    memcpy(host->words + host->words_length - excess, bytes, length);
    host->words_length += length - excess;
    host->words[host->words_length] = '\0';
}

/* Takes what the process wrote so far, without waiting. */
static void listen_to_words(struct wd_walker_host *host)
{
    char bytes[4096];
    ssize_t length;

    while (host->words_end >= 0) {
        length = read(host->words_end, bytes, sizeof(bytes));
        if (length > 0)
            keep_words(host, bytes, (size_t)length);
        else if (length < 0 && errno == EINTR)
            continue;
        else if (length < 0 && errno == EAGAIN)
            return;
        else
            close_end(&host->words_end);
    }
}

/* ---------------------------------------------------------------- the process's life and death */

/* Makes the three pipes. ends: given, finished, words; [0] to read, [1] to write. @return false with errno */
static bool make_pipes(int ends[3][2])
{
    memset(ends, -1, 3 * sizeof(ends[0]));
    return !wd_doorbell_pipe(ends[0]) && !wd_doorbell_pipe(ends[1]) && !pipe2(ends[2], O_CLOEXEC) &&
           !fcntl(ends[1][0], F_SETFL, O_NONBLOCK) && !fcntl(ends[2][0], F_SETFL, O_NONBLOCK);
}

static void close_pipes(int ends[3][2])
{
    for (size_t i = 0; i < 3; i++) {
        close_end(&ends[i][0]);
        close_end(&ends[i][1]);
    }
}

/* Makes the shared memory say what it should, whatever a process before wrote into it. */
static void prepare_shared(struct wd_walker_host *host)
{
    struct wd_walker_shared *shared = host->shared;

    shared->given = (struct wd_doorbell){.rung = host->submitted};
    shared->finished = (struct wd_doorbell){.rung = host->first_batch};
    shared->hello = WD_HELLO_OPENING;
    shared->resume = host->first_case;
    shared->begun = host->first_batch;
    shared->done = 0;
}

/* Starts a process that begins with a case of the first batch that is not finished. */
static bool spawn(struct wd_walker_host *host, uint64_t batch, uint32_t index, struct wd_error *error)
{
    int ends[3][2];
    pid_t pid = -1;

    host->first_batch = batch;
    host->first_case = index;
    prepare_shared(host);
    host->words_length = 0;
    host->words[0] = '\0';
    fflush(NULL); /* what the walker's code flushes must not be our text */
    if (make_pipes(ends)) {
        const struct wd_walker_process process = {
            .spec = host->spec,
            .area = host->area,
            .shared = host->shared,
            .parent = getpid(),
            .given_end = ends[0][0],
            .finished_end = ends[1][1],
            .words_end = ends[2][1],
        };

        pid = fork();
        if (pid == 0)
            wd_walker_process_run(&process);
    }
    if (pid < 0) {
        wd_error_set(error, "walker '%s': cannot start a process: %s", host->spec->text, strerror(errno));
        close_pipes(ends);
        return false;
    }
    setpgid(pid, pid); /* the child does so too: whoever comes first */
    close_end(&ends[0][0]);
    close_end(&ends[1][1]);
    close_end(&ends[2][1]);
    host->given_end = ends[0][1];
    host->finished_end = ends[1][0];
    host->words_end = ends[2][0];
    host->pid = pid;
    return true;
}

/* Whether the process has ended; it stays a zombie, so that its id and its group's are not anybody else's yet. */
static bool has_ended(const struct wd_walker_host *host)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)host->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == host->pid;
}

/* Ends the process, if it has not ended, and its group. @return its wait status */
static int end_process(struct wd_walker_host *host)
{
    int status = 0;

    kill(-host->pid, SIGKILL);
    kill(host->pid, SIGKILL); /* in case that it is not in its group yet */
    while (waitpid(host->pid, &status, 0) < 0 && errno == EINTR)
        ;
    listen_to_words(host);
    close_end(&host->given_end);
    close_end(&host->finished_end);
    close_end(&host->words_end);
    host->pid = 0;
    return status;
}

/* "SIGSEGV", "exit status 3" */
static void describe_status(int status, char how[WD_TEXT_MAX])
{
    const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;

    if (name)
        snprintf(how, WD_TEXT_MAX, "SIG%s", name);
    else if (WIFSIGNALED(status))
        snprintf(how, WD_TEXT_MAX, "signal %d", WTERMSIG(status));
    else
        snprintf(how, WD_TEXT_MAX, "exit status %d", WEXITSTATUS(status));
}

/* ---------------------------------------------------------------- waiting */

enum wake { WAKE_BELL, WAKE_NOTHING, WAKE_DEATH };

/* Sleeps until the process rings, dies or writes, or a slice of time has passed. */
static enum wake sleep_a_slice(struct wd_walker_host *host)
{
    struct pollfd fds[] = {
        {.fd = host->finished_end, .events = POLLIN},
        {.fd = host->words_end, .events = POLLIN},
    };
    int ready = poll(fds, 2, SLICE_MS);

    if (ready > 0 && fds[1].revents)
        listen_to_words(host);
    if (ready > 0 && fds[0].revents)
        return wd_doorbell_wake(&host->shared->finished, host->finished_end) ? WAKE_BELL : WAKE_DEATH;
    return ready == 0 && has_ended(host) ? WAKE_DEATH : WAKE_NOTHING;
}

/* How long a walker has been waited for since it last got on with its work. */
struct patience {
    uint64_t begun;
    uint32_t done;
    double waited; /* seconds; a time in which we did not run ourselves counts as one slice */
};

/* Notes a time of waiting. @return seconds without progress */
static double lose_patience(const struct wd_walker_host *host, struct patience *patience, double seconds)
{
    uint64_t begun = atomic_load(&host->shared->begun);
    uint32_t done = host->shared->done;
    double most = 2e-3 * SLICE_MS;

    if (begun != patience->begun || done != patience->done)
        *patience = (struct patience){.begun = begun, .done = done};
    else
        patience->waited += seconds < most ? seconds : most;
    return patience->waited;
}

enum outcome { OUTCOME_FINISHED, OUTCOME_DIED, OUTCOME_HANGS };

/* Whether the process says that a batch is finished, and can be believed. */
static bool is_finished(const struct wd_walker_host *host, uint64_t batch)
{
    uint64_t finished = wd_doorbell_rung(&host->shared->finished);

    return finished > batch && finished <= host->submitted;
}

/* Waits until a batch is finished or the process will not finish it. */
static enum outcome wait_for_batch(struct wd_walker_host *host, uint64_t batch)
{
    struct wd_doorbell *finished = &host->shared->finished;
    struct patience patience = {0};

    while (!is_finished(host, batch)) {
        double before = wd_now();

        if (!wd_doorbell_doze(finished, batch))
            return is_finished(host, batch) ? OUTCOME_FINISHED : OUTCOME_DIED;
        if (sleep_a_slice(host) == WAKE_DEATH)
            return is_finished(host, batch) ? OUTCOME_FINISHED : OUTCOME_DIED;
        if (host->watcher.idle)
            host->watcher.idle(host->watcher.context);
        if (lose_patience(host, &patience, wd_now() - before) >= host->timeout)
            return OUTCOME_HANGS;
    }
    return OUTCOME_FINISHED;
}

static bool wait_for_end(struct wd_walker_host *host);

/* Waits until the walker is open. @param killed  receives whether it is not, because somebody killed its process */
static bool wait_for_hello(struct wd_walker_host *host, bool *killed, struct wd_error *error)
{
    double deadline = wd_now() + OPENING_SECONDS;
    enum wake wake = WAKE_NOTHING;
    char how[WD_TEXT_MAX];
    uint32_t hello;
    bool ended;
    int status;

    while ((hello = atomic_load(&host->shared->hello)) == WD_HELLO_OPENING && wake != WAKE_DEATH && wd_now() < deadline)
        wake = sleep_a_slice(host);
    hello = atomic_load(&host->shared->hello);
    if (hello == WD_HELLO_OPEN)
        return true;
    ended = wake == WAKE_DEATH && wait_for_end(host);
    status = end_process(host);
    *killed = ended && hello == WD_HELLO_OPENING && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    describe_status(status, how);
    host->shared->error.text[sizeof(host->shared->error.text) - 1] = '\0';
    return wd_error_set(error, "walker '%s' cannot be opened: %s%s%s", host->spec->text,
                        hello == WD_HELLO_FAILED ? host->shared->error.text
                        : wake == WAKE_DEATH     ? how
                                                 : "no end of the opening in sight after two minutes",
                        host->words_length ? "\n" : "", host->words);
}

/* ---------------------------------------------------------------- answers that are none */

static bool had_begun(const struct wd_walker_host *host, uint64_t batch)
{
    return atomic_load(&host->shared->begun) == batch + 1;
}

/* The case that the process had in hand when it ended, whatever nonsense the walker wrote to `done`. */
static uint32_t case_in_hand(const struct wd_walker_host *host, uint64_t batch)
{
    uint32_t count = wd_case_area_slot(host->area, batch)->count;
    uint64_t index = batch == host->first_batch ? host->first_case : 0;

    if (had_begun(host, batch))
        index += host->shared->done;
    return index < count ? (uint32_t)index : count - 1;
}

/* Whether the case may be asked once more. */
static bool take_chance(struct wd_walker_host *host, uint64_t batch, uint32_t index)
{
    struct chances *chances = &host->chances;

    if (chances->batch != batch || chances->index != index)
        *chances = (struct chances){.batch = batch, .index = index};
    return ++chances->taken < CHANCES;
}

static void report(struct wd_walker_host *host, uint64_t batch, uint32_t index, const char *how, bool asked_again)
{
    const struct wd_incident incident = {
        .batch = batch,
        .index = index,
        .case_number = host->cases_before[batch % WD_SLOTS] + index,
        .how = how,
        .last_words = host->words,
        .asked_again = asked_again,
    };

    if (host->watcher.incident)
        host->watcher.incident(host->watcher.context, &incident);
}

/* Waits for the end of a process that closed its pipes. @return false if it goes on living */
static bool wait_for_end(struct wd_walker_host *host)
{
    const double deadline = wd_now() + 1;
    const struct timespec pause = {.tv_nsec = 200000};

    while (!has_ended(host)) {
        if (wd_now() > deadline)
            return false;
        listen_to_words(host);
        nanosleep(&pause, NULL);
    }
    return true;
}

/*
 * Ends a process that died or hangs and says what became of it.
 * @return whether that may be none of its case's doing
 */
static bool autopsy(struct wd_walker_host *host, bool hangs, char how[WD_TEXT_MAX])
{
    bool ended = !hangs && wait_for_end(host);
    int status = end_process(host);

    if (ended)
        describe_status(status, how);
    else if (hangs)
        snprintf(how, WD_TEXT_MAX, "no answer within %g s", host->timeout);
    else
        snprintf(how, WD_TEXT_MAX, "broke its connection to walkdiff");
    return ended && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/*
 * Starts a process and waits until the walker is open. One that is killed before is none of the walker's doing, unless
 * that goes on and on.
 */
static bool start(struct wd_walker_host *host, uint64_t batch, uint32_t index, struct wd_error *error)
{
    const double patience_ends = wd_now() + STARTS_SECONDS;
    bool killed = false;

    for (unsigned chance = 0; chance < STARTS || wd_now() < patience_ends; chance++) {
        if (!spawn(host, batch, index, error))
            return false;
        if (wait_for_hello(host, &killed, error))
            return true;
        if (!killed)
            return false;
    }
    return false;
}

/* The process died or hangs: answers the case in its hand so, and has a new process go on. */
static bool replace_process(struct wd_walker_host *host, uint64_t batch, bool hangs, struct wd_error *error)
{
    struct wd_result *results = host->shared->results[batch % WD_SLOTS];
    uint32_t index = case_in_hand(host, batch);
    bool begun = had_begun(host, batch);
    char how[WD_TEXT_MAX];
    bool innocent = autopsy(host, hangs, how) || (!begun && !hangs);
    bool again = innocent && take_chance(host, batch, index);

    if (!again) {
        wd_result_clear(&results[index], 0);
        results[index].answer = hangs ? WD_ANSWER_HANG : WD_ANSWER_CRASH;
        if (!hangs)
            memcpy(results[index].text, how, sizeof(how));
    }
    report(host, batch, index, how, again);
    host->restarts++;
    return start(host, batch, again ? index : index + 1, error);
}

/* What is wrong with a result, or NULL. A walker may have written anything. */
static const char *flaw(const struct wd_result *result)
{
    const unsigned char *exception = (const unsigned char *)&result->exception;

    if (result->answer == WD_ANSWER_NONE_YET)
        return "invalid result: the walker returned without writing it";
    if (result->answer > WD_ANSWER_HANG)
        return "invalid result: no such kind of answer";
    if (result->changed_count > WD_CHANGED_MAX || result->read_count > WD_READS_MAX ||
        result->warning_count > WD_WARNINGS_MAX)
        return "invalid result: a count beyond its array";
    if (result->answer == WD_ANSWER_EXCEPTION &&
        (exception[offsetof(struct wd_exception, stage2)] > 1 || exception[offsetof(struct wd_exception, s1ptw)] > 1 ||
         exception[offsetof(struct wd_exception, has_ipa)] > 1))
        return "invalid result: a truth value of the exception is neither 0 nor 1";
    for (size_t i = 1; i < result->changed_count; i++)
        if (result->changed[i - 1].pa >= result->changed[i].pa)
            return "invalid result: changed words not in ascending order";
    return NULL;
}

/* Makes sure that whatever the walker wrote can be read: a result with a flaw is as a crash. */
static void check_result(struct wd_result *result)
{
    const char *text = flaw(result);

    if (text) {
        wd_result_clear(result, 0);
        result->answer = WD_ANSWER_CRASH;
        strncpy(result->text, text, sizeof(result->text));
    }
    result->text[WD_TEXT_MAX - 1] = '\0';
    for (size_t i = 0; i < result->warning_count; i++)
        result->warnings[i][WD_TEXT_MAX - 1] = '\0';
}

/* ---------------------------------------------------------------- the interface */

struct wd_walker_host *wd_walker_host_open(const struct wd_walker_spec *spec, struct wd_case_area *area, double timeout,
                                           const struct wd_walker_watcher *watcher, struct wd_error *error)
{
    struct wd_walker_host *host = calloc(1, sizeof(*host));
    struct wd_walker_shared *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (!host || shared == MAP_FAILED) {
        wd_error_set(error, "walker '%s': no memory for its results: %s", spec->text, strerror(errno));
        if (shared != MAP_FAILED)
            munmap(shared, sizeof(*shared));
        free(host);
        return NULL;
    }
    *host = (struct wd_walker_host){.spec = spec,
                                    .area = area,
                                    .shared = shared,
                                    .timeout = timeout,
                                    .watcher = *watcher,
                                    .given_end = -1,
                                    .finished_end = -1,
                                    .words_end = -1};
    if (!start(host, 0, 0, error)) {
        wd_walker_host_close(host);
        return NULL;
    }
    shared->name[WD_WALKER_NAME_MAX - 1] = '\0';
    shared->version[WD_VERSION_MAX - 1] = '\0';
    return host;
}

const char *wd_walker_host_name(const struct wd_walker_host *host)
{
    return host->shared->name;
}

const char *wd_walker_host_version(const struct wd_walker_host *host)
{
    return host->shared->version;
}

int wd_walker_host_pid(const struct wd_walker_host *host)
{
    return host->pid;
}

uint64_t wd_walker_host_restarts(const struct wd_walker_host *host)
{
    return host->restarts;
}

void wd_walker_host_submit(struct wd_walker_host *host)
{
    host->cases_before[host->submitted % WD_SLOTS] = host->cases;
    host->cases += wd_case_area_slot(host->area, host->submitted)->count;
    host->submitted++;
    wd_doorbell_ring(&host->shared->given, host->given_end);
}

const struct wd_result *wd_walker_host_wait(struct wd_walker_host *host, uint64_t batch, struct wd_error *error)
{
    struct wd_result *results = host->shared->results[batch % WD_SLOTS];
    enum outcome outcome;

    while ((outcome = wait_for_batch(host, batch)) != OUTCOME_FINISHED)
        if (!replace_process(host, batch, outcome == OUTCOME_HANGS, error))
            return NULL;
    for (uint32_t i = 0; i < wd_case_area_slot(host->area, batch)->count; i++)
        check_result(&results[i]);
    return results;
}

const struct wd_aimed *wd_walker_host_aimed(const struct wd_walker_host *host, uint64_t batch)
{
    return host->shared->aimed[batch % WD_SLOTS];
}

void wd_walker_host_close(struct wd_walker_host *host)
{
    if (!host)
        return;
    if (host->pid) {
        close_end(&host->given_end);
        if (wd_doorbell_rung(&host->shared->finished) == host->submitted)
            wait_for_end(host); /* it has nothing to do and can end by itself; else it must */
        end_process(host);
    }
    munmap(host->shared, sizeof(*host->shared));
    free(host);
}
