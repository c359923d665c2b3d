/* SPDX-License-Identifier: MIT */
#include "harness/subjects/run.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/subjects/compare.h"
#include "harness/support/allocate.h"
#include "harness/support/process.h"

enum { CHUNK = 2048, CELLS = 1 << 14 /* a power of two */, IDLE_MICROSECONDS = 20000 };

static const double progress_seconds = 0.3;

/* What one process counts. Nobody else writes it while the process lives. */
struct counts {
    _Atomic uint64_t at; /* index of the case that is being answered; UINT64_MAX: none */
    uint64_t next, end;  /* the indices that were taken and are still to be done, beside `at` */
    uint64_t cases, verdicts[WD_VERDICT_COUNT], consulted[32], permitted[32];
    bool full;        /* there are more cells than fit */
    bool done;        /* the process has done all that it could take */
    char error[2048]; /* it could not begin */
    struct wd_subject_cell cells[CELLS];
};

struct shared {
    _Atomic uint64_t next; /* the first index that nobody has taken */
    _Atomic bool stop;
    struct counts jobs[];
};

struct run {
    const struct wd_subject_plan *plan;
    struct shared *shared;
    pid_t processes[WD_SUBJECT_JOBS_MAX];
    uint64_t seen_at[WD_SUBJECT_JOBS_MAX]; /* where a process was when it was last looked at, and since when */
    uint64_t seen_cases[WD_SUBJECT_JOBS_MAX];
    double since[WD_SUBJECT_JOBS_MAX];
    uint64_t restarts;
};

static uint64_t limit_of(const struct wd_subject_plan *plan)
{
    uint64_t before = plan->begin + plan->stored_count;

    return plan->cases < UINT64_MAX - before ? before + plan->cases : UINT64_MAX;
}

void wd_subject_plan_case(const struct wd_subject_plan *plan, uint64_t index, void *c)
{
    if (index < plan->stored_count)
        memcpy(c, plan->stored[index].bytes, plan->spec->kind->case_size);
    else
        plan->spec->kind->generate(plan->seed, index - plan->stored_count, c);
}

/* ---------------------------------------------------------------- a process */

static uint64_t hash_of_mark(const struct wd_subject_mark *mark)
{
    return mark->key ^ (uint64_t)mark->choices << 20 ^ (uint64_t)mark->verdict << 56;
}

static uint64_t hash_of(const struct wd_subject_cell *cell)
{
    uint64_t facets, hash;

    memcpy(&facets, cell->facets, sizeof(facets));
    hash = (hash_of_mark(&cell->mark) ^ hash_of_mark(&cell->before) * 31 ^ facets * UINT64_C(0x9e3779b97f4a7c15)) *
           UINT64_C(0xbf58476d1ce4e5b9);
    return hash ^ hash >> 31;
}

static int compare_marks(const struct wd_subject_mark *a, const struct wd_subject_mark *b)
{
    if (a->verdict != b->verdict)
        return a->verdict < b->verdict ? -1 : 1;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    return a->choices < b->choices ? -1 : a->choices > b->choices;
}

static int in_order(const void *a, const void *b)
{
    const struct wd_subject_cell *one = a, *two = b;
    int order = compare_marks(&one->mark, &two->mark);

    order = order ? order : compare_marks(&one->before, &two->before);
    order = order ? order : one->change - two->change;
    return order ? order : memcmp(one->facets, two->facets, sizeof(one->facets));
}

static bool same_cell(const struct wd_subject_cell *a, const struct wd_subject_cell *b)
{
    return !in_order(a, b);
}

/* Counts a finding. */
static void count_cell(struct counts *counts, const struct wd_subject_cell *cell)
{
    uint64_t hash = hash_of(cell);

    for (unsigned i = 0; i < CELLS / 2; i++) {
        struct wd_subject_cell *at = &counts->cells[(hash + i) & (CELLS - 1)];

        if (!at->count) {
            *at = *cell;
            return;
        }
        if (same_cell(at, cell)) {
            at->first = cell->first < at->first ? cell->first : at->first;
            at->count += cell->count;
            return;
        }
    }
    counts->full = true;
}

static void count(struct counts *counts, uint64_t index, const struct wd_subject_judgement *judgement)
{
    struct wd_subject_cell cell = {
        .count = 1,
        .first = index,
        .mark = {.key = judgement->key, .rule = judgement->rule, .verdict = judgement->verdict}};

    counts->verdicts[judgement->verdict]++;
    for (uint32_t bits = judgement->consulted; bits; bits &= bits - 1)
        counts->consulted[__builtin_ctz(bits)]++;
    if (judgement->verdict == WD_VERDICT_PERMITTED)
        for (uint32_t bits = judgement->choices; bits; bits &= bits - 1)
            counts->permitted[__builtin_ctz(bits)]++;
    if (wd_verdict_is_finding[judgement->verdict]) {
        memcpy(cell.facets, judgement->facets, sizeof(cell.facets));
        count_cell(counts, &cell);
    }
    counts->cases++;
}

static bool take_chunk(const struct run *run, struct counts *counts)
{
    uint64_t limit = limit_of(run->plan);

    counts->next = counts->end = 0;
    if (atomic_load_explicit(&run->shared->stop, memory_order_relaxed))
        return false;
    counts->next = atomic_fetch_add(&run->shared->next, CHUNK);
    counts->end = counts->next >= limit ? counts->next : limit - counts->next < CHUNK ? limit : counts->next + CHUNK;
    return counts->next < counts->end;
}

/* Of the next case the index, which others can see from now on. */
static uint64_t begin_case(const struct run *run, struct counts *counts, void *c)
{
    uint64_t index = counts->next++;

    atomic_store_explicit(&counts->at, index, memory_order_relaxed);
    wd_subject_plan_case(run->plan, index, c);
    return index;
}

static void do_case(const struct run *run, struct counts *counts, const struct wd_subject_api *api, void *subject)
{
    static union wd_subject_case c;
    static union wd_subject_answer answer;
    const struct wd_subject_kind *kind = run->plan->spec->kind;
    struct wd_subject_judgement judgement;
    uint64_t index = begin_case(run, counts, c.bytes);

    api->answer(subject, c.bytes, answer.bytes);
    wd_subject_judge(kind, c.bytes, answer.bytes, &judgement);
    count(counts, index, &judgement);
    atomic_store_explicit(&counts->at, UINT64_MAX, memory_order_relaxed);
    if (run->plan->until_finding && wd_verdict_is_finding[judgement.verdict])
        atomic_store(&run->shared->stop, true);
}

/* ---------------------------------------------------------------- comparing */

/* A subject, and the one that it was before; each in a process of its own, so that this one lives. */
struct compared {
    struct wd_subject_host *after, *before;
    union wd_subject_case c;
    union wd_subject_answer answers[2];
};

static bool compare_case(const struct run *run, struct counts *counts, struct compared *compared,
                         struct wd_error *error)
{
    uint64_t index = begin_case(run, counts, compared->c.bytes);
    struct wd_subject_cell cell = {.count = 1, .first = index};

    if (!wd_subject_host_ask(compared->after, compared->c.bytes, compared->answers[0].bytes, error) ||
        !wd_subject_host_ask(compared->before, compared->c.bytes, compared->answers[1].bytes, error))
        return false;
    if (wd_subject_changed(run->plan->spec->kind, compared->c.bytes, compared->answers[1].bytes,
                           compared->answers[0].bytes, &cell))
        count_cell(counts, &cell);
    counts->cases++;
    atomic_store_explicit(&counts->at, UINT64_MAX, memory_order_relaxed);
    return true;
}

static _Noreturn void compare(const struct run *run, struct counts *counts)
{
    struct compared *compared = wd_allocate(1, sizeof(*compared));
    struct wd_error error = {0};
    bool good;

    signal(SIGINT, SIG_IGN);
    compared->after = wd_subject_host_open(run->plan->spec, run->plan->timeout, &error);
    compared->before = compared->after ? wd_subject_host_open(run->plan->against, run->plan->timeout, &error) : NULL;
    good = compared->before;
    do {
        while (good && counts->next < counts->end && !atomic_load_explicit(&run->shared->stop, memory_order_relaxed))
            good = compare_case(run, counts, compared, &error);
    } while (good && take_chunk(run, counts));
    if (!good)
        snprintf(counts->error, sizeof(counts->error), "%s", error.text);
    counts->done = good;
    _exit(good ? 0 : 2);
}

static _Noreturn void work(const struct run *run, struct counts *counts)
{
    struct wd_error error = {0};
    const struct wd_subject_api *api = wd_subject_load(run->plan->spec, &error);
    void *subject = api ? api->open(run->plan->spec->options, error.text, sizeof(error.text)) : NULL;

    signal(SIGINT, SIG_IGN); /* the one that coordinates tells */
    if (!subject) {
        snprintf(counts->error, sizeof(counts->error), "%s", error.text);
        _exit(2);
    }
    for (;;) {
        while (counts->next < counts->end && !atomic_load_explicit(&run->shared->stop, memory_order_relaxed))
            do_case(run, counts, api, subject);
        if (!take_chunk(run, counts))
            break;
    }
    counts->done = true;
    _exit(0);
}

/* ---------------------------------------------------------------- the one that coordinates */

static bool start(struct run *run, unsigned job, struct wd_error *error)
{
    int parent = getpid();
    pid_t process;

    fflush(NULL);
    process = fork();
    if (!process) {
        wd_end_with_parent(parent);
        if (run->plan->against)
            compare(run, &run->shared->jobs[job]);
        work(run, &run->shared->jobs[job]);
    }
    if (process < 0)
        return wd_error_set(error, "fork: %s", strerror(errno));
    run->processes[job] = process;
    run->since[job] = wd_now();
    run->seen_cases[job] = run->shared->jobs[job].cases;
    return true;
}

/* A case that its process did not survive is a finding; whoever comes next goes on behind it. */
static void blame(struct run *run, unsigned job, int status, bool hang)
{
    struct counts *counts = &run->shared->jobs[job];
    const struct wd_subject_kind *kind = run->plan->spec->kind;
    uint64_t index = atomic_load(&counts->at);
    union wd_subject_case *c = wd_allocate(1, sizeof(*c));
    struct wd_subject_head head = {.status = hang ? WD_SUBJECT_HANG : WD_SUBJECT_CRASH};
    struct wd_subject_judgement judgement;

    atomic_store(&counts->at, UINT64_MAX);
    if (index != UINT64_MAX) {
        wd_subject_end_text(status, head.text, sizeof(head.text));
        wd_subject_plan_case(run->plan, index, c->bytes);
        wd_subject_judge(kind, c->bytes, &head, &judgement);
        count(counts, index, &judgement);
        if (run->plan->until_finding)
            atomic_store(&run->shared->stop, true);
    }
    free(c);
}

static bool is_hanging(struct run *run, unsigned job)
{
    const struct counts *counts = &run->shared->jobs[job];
    uint64_t at = atomic_load_explicit(&counts->at, memory_order_relaxed);
    uint64_t cases = counts->cases;

    if (run->plan->against)
        return false; /* it looks after the time itself */
    if (at == run->seen_at[job] && cases == run->seen_cases[job] && at != UINT64_MAX)
        return wd_now() - run->since[job] > run->plan->timeout;
    run->seen_at[job] = at;
    run->seen_cases[job] = cases;
    run->since[job] = wd_now();
    return false;
}

/* Looks after a process. @return false: the run cannot go on */
static bool look_after(struct run *run, unsigned job, struct wd_error *error)
{
    struct counts *counts = &run->shared->jobs[job];
    bool hang = false;
    int status;
    pid_t ended = waitpid(run->processes[job], &status, WNOHANG);

    if (!ended && is_hanging(run, job)) {
        hang = true;
        kill(run->processes[job], SIGKILL);
        ended = waitpid(run->processes[job], &status, 0);
    }
    if (!ended)
        return true;
    run->processes[job] = 0;
    if (counts->done)
        return true;
    if (*counts->error)
        return wd_error_set(error, "%s", counts->error);
    if (atomic_load(&counts->at) == UINT64_MAX && !hang)
        return wd_error_set(error, "a process of the run ended between two cases");
    blame(run, job, status, hang);
    run->restarts++;
    return start(run, job, error);
}

/* Adds up what all processes have counted so far. */
static void collect(const struct run *run, struct wd_subject_state *state)
{
    size_t count = 0, kept = 0;

    free(state->cells);
    memset(state->verdicts, 0, sizeof(state->verdicts));
    memset(state->consulted, 0, sizeof(state->consulted));
    memset(state->permitted, 0, sizeof(state->permitted));
    state->cases = 0;
    state->restarts = run->restarts;
    for (unsigned job = 0; job < run->plan->jobs; job++) {
        const struct counts *counts = &run->shared->jobs[job];

        state->cases += counts->cases;
        for (unsigned i = 0; i < WD_VERDICT_COUNT; i++)
            state->verdicts[i] += counts->verdicts[i];
        for (unsigned i = 0; i < 32; i++) {
            state->consulted[i] += counts->consulted[i];
            state->permitted[i] += counts->permitted[i];
        }
        for (unsigned i = 0; i < CELLS; i++)
            count += counts->cells[i].count != 0;
    }
    state->cells = wd_allocate(count + 1, sizeof(*state->cells));
    for (unsigned job = 0; job < run->plan->jobs; job++)
        for (unsigned i = 0; i < CELLS; i++)
            if (run->shared->jobs[job].cells[i].count && kept < count)
                state->cells[kept++] = run->shared->jobs[job].cells[i];
    qsort(state->cells, kept, sizeof(*state->cells), in_order);
    state->cell_count = 0;
    for (size_t i = 0; i < kept; i++) {
        struct wd_subject_cell *last = &state->cells[state->cell_count - 1];

        if (state->cell_count && same_cell(last, &state->cells[i])) {
            last->count += state->cells[i].count;
            last->first = state->cells[i].first < last->first ? state->cells[i].first : last->first;
        } else {
            state->cells[state->cell_count++] = state->cells[i];
        }
    }
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    if (interrupted++)
        _exit(2);
}

static bool any_runs(const struct run *run)
{
    for (unsigned job = 0; job < run->plan->jobs; job++)
        if (run->processes[job])
            return true;
    return false;
}

static bool coordinate(struct run *run, wd_subject_progress *progress, void *context, struct wd_subject_state *state,
                       struct wd_error *error)
{
    double begin = wd_now(), last = begin;

    for (unsigned job = 0; job < run->plan->jobs; job++)
        if (!start(run, job, error))
            return false;
    while (any_runs(run)) {
        double now;

        usleep(IDLE_MICROSECONDS);
        for (unsigned job = 0; job < run->plan->jobs; job++)
            if (run->processes[job] && !look_after(run, job, error))
                return false;
        now = wd_now();
        state->seconds = now - begin;
        if (interrupted || (run->plan->seconds > 0 && state->seconds >= run->plan->seconds))
            atomic_store(&run->shared->stop, true);
        if (now - last < progress_seconds)
            continue;
        last = now;
        collect(run, state);
        if (progress && !progress(context, state, error))
            return false;
    }
    state->seconds = wd_now() - begin;
    state->interrupted = interrupted;
    state->complete = !interrupted;
    return true;
}

bool wd_subject_run(const struct wd_subject_plan *plan, wd_subject_progress *progress, void *context,
                    struct wd_subject_state *state, struct wd_error *error)
{
    size_t size = sizeof(struct shared) + plan->jobs * sizeof(struct counts);
    struct run run = {.plan = plan};
    struct sigaction action = {.sa_handler = on_signal};
    bool good;

    *state = (struct wd_subject_state){0};
    run.shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run.shared == MAP_FAILED)
        return wd_error_set(error, "mmap: %s", strerror(errno));
    run.shared->next = plan->begin;
    for (unsigned job = 0; job < plan->jobs; job++)
        run.shared->jobs[job].at = UINT64_MAX;
    interrupted = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    good = coordinate(&run, progress, context, state, error);
    for (unsigned job = 0; job < plan->jobs; job++)
        if (run.processes[job] && !kill(run.processes[job], SIGKILL))
            waitpid(run.processes[job], NULL, 0);
    collect(&run, state);
    for (unsigned job = 0; good && job < plan->jobs; job++)
        if (run.shared->jobs[job].full)
            good = wd_error_set(error, "more different findings than there is room for: run fewer cases at a time");
    munmap(run.shared, size);
    return good;
}

void wd_subject_state_free(struct wd_subject_state *state)
{
    free(state->cells);
    *state = (struct wd_subject_state){0};
}
