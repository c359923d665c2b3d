/* SPDX-License-Identifier: MIT */
#include "harness/engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/support/allocate.h"
#include "harness/engine/exchange.h"
#include "harness/engine/fuzz_worker.h"
#include "harness/engine/guide.h"
#include "harness/support/process.h"
#include "harness/host/walker_host.h"

static const double progress_seconds = 0.3, acknowledged_seconds = 0.15;

/* One of the processes. */
struct job {
    pid_t pid;    /* 0: it has ended, and that is known */
    int messages; /* -1: closed */
    struct wd_wire_in in;
    bool telling;          /* the tally that belongs to what it told last is still to come */
    bool done;             /* it said that it had done its work */
    uint64_t tells, shown; /* tallies that came; that were there when progress was reported last */
};

/* A case that may go into the corpus at the end of an epoch. */
struct candidate {
    uint64_t index;
    uint8_t profile;
    struct wd_footprint footprint;
    struct wd_case_buffer buffer;
};

struct engine {
    const struct wd_fuzz_plan *plan;
    const struct wd_fuzz_watcher *watcher;
    struct wd_fuzz_state *state;
    struct wd_fuzz_control *control;
    struct job jobs[WD_JOBS_MAX];
    unsigned job_count;
    int signals; /* a file to read them from */
    struct candidate **candidates;
    size_t candidate_count, candidate_room;
    bool killed; /* the processes were ended by us */
    sigset_t old_mask;
    double begin, last_progress;
};

/* ---------------------------------------------------------------- walkers, once before the run */

static bool probe(struct wd_contestant *contestant, struct wd_case_area *area, const struct wd_fuzz_plan *plan,
                  struct wd_error *error)
{
    const struct wd_walker_watcher nobody = {0};
    struct wd_walker_host *host = wd_walker_host_open(&contestant->spec, area, plan->timeout, &nobody, error);
    bool good;

    if (!host)
        return false;
    snprintf(contestant->version, sizeof(contestant->version), "%s", wd_walker_host_version(host));
    good = wd_waivers_for(plan->waivers, contestant->spec.name, wd_walker_host_name(host), contestant->version,
                          &contestant->answerer.waivers);
    wd_walker_host_close(host);
    return good || wd_error_set(error, "out of memory");
}

bool wd_engine_probe(struct wd_fuzz_plan *plan, size_t walker, struct wd_error *error)
{
    struct wd_case_area *area = wd_case_area_new(sizeof(struct wd_case_buffer), error);
    bool good = area && probe(&plan->walkers[walker], area, plan, error);

    wd_case_area_free(area);
    return good;
}

/* ---------------------------------------------------------------- the end of a run */

/* Lets the processes finish what they have in hand. */
static void stop(struct engine *e, enum wd_end end)
{
    if (e->state->end == WD_END_NOT_YET)
        e->state->end = end;
    atomic_store(&e->control->stop, 1);
}

__attribute__((format(printf, 2, 3))) static void fail(struct engine *e, const char *format, ...)
{
    va_list arguments;

    if (e->state->end != WD_END_FAILED) { /* the first failure is the one to be told */
        va_start(arguments, format);
        vsnprintf(e->state->error.text, sizeof(e->state->error.text), format, arguments);
        va_end(arguments);
    }
    e->state->end = WD_END_FAILED;
    atomic_store(&e->control->stop, 1);
}

/* Ends the processes at once; what they have not told is lost. */
static void kill_jobs(struct engine *e)
{
    e->killed = true;
    for (unsigned i = 0; i < e->job_count; i++)
        if (e->jobs[i].pid)
            kill(e->jobs[i].pid, SIGKILL);
}

/* ---------------------------------------------------------------- messages */

static void take_incident(struct engine *e, struct wd_message *message)
{
    struct wd_fuzz_incident incident;

    incident.walker = wd_wire_get_u64(message);
    incident.index = wd_wire_get_u64(message);
    incident.asked_again = wd_wire_get_u64(message);
    incident.how = wd_wire_get_text(message);
    incident.last_words = wd_wire_get_text(message);
    e->watcher->incident(e->watcher->context, &incident);
}

static void take_candidate(struct engine *e, struct wd_message *message)
{
    struct candidate *candidate = wd_allocate(1, sizeof(*candidate));
    struct wd_case *c = &candidate->buffer.c;

    candidate->index = wd_wire_get_u64(message);
    candidate->profile = (uint8_t)wd_wire_get_u64(message);
    wd_wire_get(message, &candidate->footprint, sizeof(candidate->footprint));
    wd_wire_get(message, c, sizeof(*c));
    wd_wire_get(message, candidate->buffer.ram, c->ram_count * sizeof(c->ram[0]));
    wd_wire_get(message, candidate->buffer.mem, c->mem_count * sizeof(c->mem[0]));
    wd_case_buffer_link(&candidate->buffer);
    if (e->candidate_count == e->candidate_room) {
        e->candidate_room = e->candidate_room ? 2 * e->candidate_room : 256;
        e->candidates = wd_allocated(realloc(e->candidates, e->candidate_room * sizeof(struct candidate *)));
    }
    e->candidates[e->candidate_count++] = candidate;
}

static int by_index(const void *a, const void *b)
{
    const struct candidate *const *one = a, *const *two = b;

    return (*one)->index < (*two)->index ? -1 : (*one)->index > (*two)->index;
}

/* Takes candidates into the corpus in the order of their indices. */
static void take_in_candidates(struct engine *e)
{
    qsort(e->candidates, e->candidate_count, sizeof(struct candidate *), by_index);
    for (size_t i = 0; i < e->candidate_count; i++) {
        struct candidate *candidate = e->candidates[i];

        wd_guide_offer(e->plan->guide, &candidate->buffer.c, candidate->profile, candidate->index,
                       &candidate->footprint);
        free(candidate);
    }
    e->candidate_count = 0;
}

/* Begins the next epoch if all cases of this one are done. */
static void end_epoch(struct engine *e)
{
    struct wd_guide *guide = e->plan->guide;
    uint64_t end = guide ? atomic_load(&guide->epoch_end) : 0;

    if (!guide || e->state->tally.cases < end)
        return;
    take_in_candidates(e);
    wd_guide_rank(guide, (const uint64_t(*)[2][WD_GRANULE_COUNT + 1]) e->state->tally.rules);
    atomic_store_explicit(&guide->epoch_end, end + WD_EPOCH_CASES, memory_order_release);
}

static void take_message(struct engine *e, struct job *job, struct wd_message *message)
{
    if (message->kind != WD_MESSAGE_INCIDENT)
        job->telling = message->kind <= WD_MESSAGE_REACHED && message->kind != WD_MESSAGE_TALLY;
    if (wd_take_message(e->state, message)) {
        if (message->kind == WD_MESSAGE_TALLY) {
            job->tells++;
            end_epoch(e);
        }
        return;
    }
    switch (message->kind) {
    case WD_MESSAGE_CANDIDATE:
        take_candidate(e, message);
        break;
    case WD_MESSAGE_INCIDENT:
        take_incident(e, message);
        break;
    case WD_MESSAGE_ERROR:
        fail(e, "%s", wd_wire_get_text(message));
        job->done = true; /* it said why it ends */
        break;
    case WD_MESSAGE_DONE:
        job->done = true;
        break;
    default:
        break;
    }
}

/* The process has closed its pipe: it has done its work, or an accident befell it. */
static void end_job(struct engine *e, unsigned number)
{
    struct job *job = &e->jobs[number];
    int status = 0;

    close(job->messages);
    job->messages = -1;
    free(job->in.memory.data);
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        ;
    job->pid = 0;
    if (job->done || e->killed || e->state->end == WD_END_FAILED)
        return;
    fail(e,
         "internal error: process %u of the run ended with %s %d; cases %llu to %llu of seed %llu, which it had in "
         "hand, were not all judged",
         number, WIFSIGNALED(status) ? "signal" : "exit status",
         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
         (unsigned long long)atomic_load(&e->control->in_hand[number].first),
         (unsigned long long)atomic_load(&e->control->in_hand[number].end) - 1, (unsigned long long)e->plan->seed);
}

static void hear(struct engine *e, unsigned number)
{
    struct job *job = &e->jobs[number];
    struct wd_message message;
    bool over = wd_wire_receive(&job->in, job->messages) <= 0;

    while (wd_wire_next(&job->in, &message))
        take_message(e, job, &message);
    if (over)
        end_job(e, number);
}

/* ---------------------------------------------------------------- processes */

static bool start_job(struct engine *e, unsigned number)
{
    int ends[2], parent = getpid();
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC))
        return false;
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        wd_close_files_except(ends[1], ends[1]);
        wd_fuzz_worker(e->plan, e->control, number, ends[1], parent);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return false;
    }
    e->jobs[number] = (struct job){.pid = pid, .messages = ends[0]};
    e->job_count = number + 1;
    return true;
}

static void start_jobs(struct engine *e)
{
    for (unsigned i = 0; i < e->plan->jobs; i++) {
        if (!start_job(e, i)) {
            fail(e, "cannot start process %u of %u: %s", i + 1, e->plan->jobs, strerror(errno));
            return;
        }
    }
}

/* From now on signals that end the run are read from a file. The processes have them blocked too. */
static bool take_signals(struct engine *e)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGHUP);
    sigprocmask(SIG_BLOCK, &mask, &e->old_mask);
    e->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    return e->signals >= 0;
}

static void heed_signal(struct engine *e)
{
    struct signalfd_siginfo info;

    if (read(e->signals, &info, sizeof(info)) != sizeof(info))
        return;
    if (atomic_load(&e->control->stop))
        kill_jobs(e);
    if (e->state->end == WD_END_NOT_YET || e->state->end == WD_END_COMPLETE)
        e->state->end = WD_END_INTERRUPTED;
    atomic_store(&e->control->stop, 1);
}

/* ---------------------------------------------------------------- the loop */

static bool is_running(const struct engine *e)
{
    for (unsigned i = 0; i < e->job_count; i++)
        if (e->jobs[i].messages >= 0)
            return true;
    return false;
}

static bool is_telling(const struct engine *e)
{
    for (unsigned i = 0; i < e->job_count; i++)
        if (e->jobs[i].telling)
            return true;
    return false;
}

/* Lets the processes go on when what they told is taken over. @return whether there is nothing to wait for */
static bool settle(struct engine *e)
{
    int outstanding = e->plan->acknowledged ? e->watcher->outstanding(e->watcher->context) : 0;

    if (outstanding < 0)
        atomic_store(&e->control->nobody, 1);
    for (unsigned i = 0; e->plan->acknowledged && !outstanding && i < e->job_count; i++)
        atomic_store(&e->control->settled[i], e->jobs[i].shown);
    return outstanding <= 0;
}

/* What the state tells of now. If that is not taken, because a process is about to tell, it is no harm. */
static void note_shown(struct engine *e)
{
    for (unsigned i = 0; i < e->job_count; i++)
        e->jobs[i].shown = e->jobs[i].tells;
}

static void report_progress(struct engine *e)
{
    struct wd_error error;

    e->last_progress = wd_now();
    e->state->seconds = e->last_progress - e->begin;
    e->state->whole = !is_telling(e);
    if (!e->watcher->progress(e->watcher->context, e->state, &error))
        fail(e, "%s", error.text);
    if (e->plan->acknowledged && e->watcher->outstanding(e->watcher->context) > 0)
        note_shown(e);
}

/* Waits for messages and signals, a while. */
static void wait_and_hear(struct engine *e)
{
    struct pollfd fds[WD_JOBS_MAX + 2];
    const int while_ms = 100;

    for (unsigned i = 0; i < e->job_count; i++)
        fds[i] = (struct pollfd){.fd = e->jobs[i].messages, .events = POLLIN};
    fds[e->job_count] = (struct pollfd){.fd = e->signals, .events = POLLIN};
    fds[e->job_count + 1] = (struct pollfd){
        .fd = e->plan->acknowledged && !atomic_load(&e->control->nobody) ? e->watcher->acknowledgements : -1,
        .events = POLLIN};
    if (poll(fds, e->job_count + 2, while_ms) <= 0)
        return;
    for (unsigned i = 0; i < e->job_count; i++)
        if (fds[i].revents)
            hear(e, i);
    if (fds[e->job_count].revents)
        heed_signal(e);
}

static void run(struct engine *e)
{
    double interval = e->plan->acknowledged ? acknowledged_seconds : progress_seconds;

    report_progress(e);
    if (e->state->end == WD_END_NOT_YET)
        start_jobs(e);
    while (is_running(e)) {
        wait_and_hear(e);
        if (e->plan->seconds > 0 && wd_now() - e->begin >= e->plan->seconds)
            stop(e, WD_END_COMPLETE);
        if (settle(e) && wd_now() - e->last_progress >= interval)
            report_progress(e);
    }
    stop(e, WD_END_COMPLETE);
    if (e->plan->guide)
        take_in_candidates(e); /* for whoever keeps the corpus; what the run found does not depend on it */
    report_progress(e);
}

void wd_fuzz_state_begin(struct wd_fuzz_state *state)
{
    memset(state, 0, sizeof(*state));
    state->buckets = wd_buckets_new();
    state->reached = wd_reached_new();
}

void wd_engine_run(const struct wd_fuzz_plan *plan, const struct wd_fuzz_watcher *watcher, struct wd_fuzz_state *state)
{
    struct engine *e = wd_allocate(1, sizeof(*e));

    *e = (struct engine){.plan = plan, .watcher = watcher, .state = state, .begin = wd_now(), .signals = -1};
    wd_fuzz_state_begin(state);
    e->control = mmap(NULL, sizeof(*e->control), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (e->control != MAP_FAILED)
        atomic_store(&e->control->next, plan->begin);
    if (plan->guide)
        atomic_store(&plan->guide->epoch_end, WD_EPOCH_CASES);
    if (e->control == MAP_FAILED || !take_signals(e)) {
        state->end = WD_END_FAILED;
        wd_error_set(&state->error, "cannot set up the run: %s", strerror(errno));
    } else {
        run(e);
    }
    if (e->signals >= 0) {
        close(e->signals);
        sigprocmask(SIG_SETMASK, &e->old_mask, NULL);
    }
    if (e->control != MAP_FAILED)
        munmap(e->control, sizeof(*e->control));
    free(e->candidates);
    free(e);
}

void wd_fuzz_state_free(struct wd_fuzz_state *state)
{
    wd_buckets_free(state->buckets);
    free(state->reached);
    wd_proofs_free(&state->proofs);
}
