/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walker `unicorn`: libunicorn's CPU model "max" as a reference. A module of its own, loaded at run time, because
 * libunicorn is under the GPL.
 *
 * machine.h tells how it is run. A case that has memory where the stub is, or whose tables point there, is
 * `unsupported`.
 *
 * What Unicorn cannot do, and what is done about it:
 *   - A read can not be answered with an external abort. A read outside the case's memory is answered with 0, an
 * invalid descriptor; the Translation fault that Unicorn reports for it is given as a synchronous external abort of the
 * same stage and level: the exception that the AT takes. On a stage 2 walk for a stage 1 table the level that it
 * reports is not the one at which it read (a deviation of its own), so that case is `unsupported`.
 *   - AT in the EL2&0 regime does not exist (S1E1x with E2H = TGE = 1 walks the tables of EL1): `unsupported`.
 *   - HCR_EL2.{VF,VI,VSE} pend interrupts that the emulation loop can not take at EL3 and never returns from. They have
 *     no influence on an AT and are not loaded.
 *   - Its ID_AA64MMFR0_EL1 is a Cortex-A57's and denies the 16K granule, which its walker has all the same: taken as
 *     implemented.
 *   - Nothing in its walker limits output addresses: cases with a larger PARange than its own are answered as far as
 *     PARange decides nothing else.
 * Everything else that differs is in harness/agent/cpu.h, or is a deviation, listed in cases/waivers/unicorn.toml.
 * AT neither fills nor uses Unicorn's TLB, so there is nothing to flush between cases, and their order is of no
 * consequence: they are asked in groups (grouped_order()). A batch that comes to a bad end is asked again case by case.
 */
#include "harness/agent/cpu.h"
#include "harness/walkers/unicorn/machine.h"
#include "walkdiff/walker.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

/* A case of the batch in hand. */
struct pending {
    size_t index; /* of the case in the call of answer() */
    struct wd_cpu_case told;
    bool answered;
};

struct walker {
    struct wd_unicorn machine;
    struct wd_cpu cpu;
    struct wd_cpu_memory memory;

    const struct wd_case *const *cases;
    struct wd_result *results;
    volatile uint32_t *done;
    size_t pending_count, first; /* the first one that is not answered, if one is not */
    struct pending pending[WD_UNICORN_BATCH];
    size_t order[WD_UNICORN_BATCH]; /* pending cases as they are asked */
    size_t order_count, finished;
    bool read_nothing; /* the walk in hand read where no memory is */
    bool reached_stub; /* a descriptor of the walk in hand points at the stub */
};

/* ---------------------------------------------------------------- memory */

static bool points_at_stub(uint64_t address)
{
    return wd_bits(address, 47, 16) == wd_bits(WD_UNICORN_STUB_BASE, 47, 16);
}

static const struct wd_case *case_in_hand(const struct walker *w)
{
    return w->cases[w->pending[w->order[w->finished]].index];
}

static uint64_t read_memory(void *context, uint64_t pa)
{
    struct walker *w = context;
    uint64_t value = 0;

    if (!wd_case_read(case_in_hand(w), pa, &value))
        w->read_nothing = true;
    if (points_at_stub(value) || points_at_stub(__builtin_bswap64(value)))
        w->reached_stub = true;
    return value;
}

static bool overlaps_stub(const struct wd_case *c)
{
    for (uint32_t i = 0; i < c->ram_count; i++) {
        uint64_t base = c->ram[i].base;
        if (base < WD_UNICORN_STUB_BASE ? WD_UNICORN_STUB_BASE - base < c->ram[i].size
                                        : base < WD_UNICORN_STUB_BASE + WD_UNICORN_STUB_SIZE)
            return true;
    }
    return false;
}

static bool starts_at_stub(const struct wd_case *c)
{
    static const enum wd_register bases[] = {WD_TTBR0_EL1, WD_TTBR1_EL1, WD_TTBR0_EL2, WD_TTBR1_EL2, WD_VTTBR_EL2};

    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
        if (points_at_stub(c->regs[bases[i]]))
            return true;
    return false;
}

/* ---------------------------------------------------------------- answers */

enum { FST_TRANSLATION = 1, FST_EXTERNAL_ABORT_ON_WALK = 5 }; /* bits 5:2 of the fault status code; 1:0 are the level */

/* The exception for a read outside memory, from the Translation fault that the 0 in its place led to. */
static void conclude_external_abort(uint64_t par, struct wd_result *result)
{
    uint64_t status = WD_GET(par, PAR_EL1_F, FST);

    if (WD_GET(par, PAR_EL1_F, PTW)) {
        wd_result_unsupported(result, "external abort on a stage 2 walk for a stage 1 table");
        return;
    }
    wd_result_clear(result, 0);
    result->answer = WD_ANSWER_EXCEPTION;
    result->exception = (struct wd_exception){
        .fst = (uint8_t)wd_with_bits(status, 5, 2, FST_EXTERNAL_ABORT_ON_WALK),
        .stage2 = WD_GET(par, PAR_EL1_F, S),
    };
}

static void conclude(struct walker *w, const struct pending *p, uint64_t par)
{
    struct wd_result *result = &w->results[p->index];
    bool translation_fault = WD_GET(par, PAR_EL1_F, F) && wd_bits(WD_GET(par, PAR_EL1_F, FST), 5, 2) == FST_TRANSLATION;

    if (w->reached_stub)
        wd_result_unsupported(result, "memory where the stub is");
    else if (w->read_nothing && translation_fault)
        conclude_external_abort(par, result);
    else
        wd_cpu_conclude(w->cases[p->index], &p->told, par, result);
}

static void note_answer(void *context)
{
    struct walker *w = context;
    struct pending *p = &w->pending[w->order[w->finished]];

    conclude(w, p, wd_unicorn_responses(&w->machine)[w->finished]);
    p->answered = true;
    w->finished++;
    w->read_nothing = w->reached_stub = false;
    while (w->first < w->pending_count && w->pending[w->first].answered)
        w->first++;
    if (w->first < w->pending_count)
        *w->done = (uint32_t)w->pending[w->first].index;
    if (w->finished < w->order_count)
        wd_unicorn_preload(&w->machine, w->finished);
}

/* ---------------------------------------------------------------- batches */

/* Writes the i-th request of the order. */
static void write_request(struct walker *w, size_t i)
{
    const struct wd_agent_image *image = &w->machine.image;
    const struct pending *p = &w->pending[w->order[i]];
    const struct wd_case *c = w->cases[p->index];
    size_t context_size = image->context_words * sizeof(uint64_t);
    size_t size = context_size + sizeof(struct wd_agent_query);
    uint8_t *request = (uint8_t *)(wd_unicorn_requests(&w->machine) + 1) + i * size;
    struct wd_agent_context *context = (struct wd_agent_context *)request;
    struct wd_agent_query *query = (struct wd_agent_query *)(request + context_size);

    *context = (struct wd_agent_context){.queries = 1};
    for (size_t k = 0; wd_unicorn_register(k) < WD_REGISTER_COUNT; k++)
        context->registers[k] = p->told.regs[wd_unicorn_register(k)];
    *query = (struct wd_agent_query){.at = image->at[c->op], .pan = wd_agent_pan(c->pan), .va = c->va};
}

/* Takes a case into the batch, or says at once that it is unsupported. */
static void take(struct walker *w, size_t index)
{
    const struct wd_case *c = w->cases[index];
    struct pending *p = &w->pending[w->pending_count];
    const char *reason = wd_cpu_prepare(&w->cpu, &w->memory, c, &p->told);

    if (!reason && (overlaps_stub(c) || starts_at_stub(c)))
        reason = "memory where the stub is";
    if (reason) {
        wd_result_unsupported(&w->results[index], reason);
        return;
    }
    __builtin_prefetch(c->mem); /* for its walk */
    p->index = index;
    p->answered = false;
    p->told.regs[WD_HCR_EL2] = wd_unicorn_hcr(p->told.regs[WD_HCR_EL2]);
    w->pending_count++;
}

/* Cases of a group can follow each other without a write that makes Unicorn forget addresses. */
enum { GROUPS = 32 };

static unsigned group_of(const struct pending *p)
{
    uint64_t hcr = p->told.regs[WD_HCR_EL2];

    return (unsigned)(WD_GET(hcr, HCR_EL2, VM) << 4 | WD_GET(hcr, HCR_EL2, DC) << 3 | WD_GET(hcr, HCR_EL2, PTW) << 2) |
           (unsigned)(p->told.regs[WD_TCR_EL2] != 0) << 1 | (unsigned)(p->told.regs[WD_VTTBR_EL2] != 0);
}

/* All cases of the batch, by their groups, those of one in the order of the call. */
static void make_grouped_order(struct walker *w)
{
    uint8_t groups[WD_UNICORN_BATCH];
    size_t next[GROUPS + 1] = {0};

    for (size_t i = 0; i < w->pending_count; i++)
        next[(groups[i] = (uint8_t)group_of(&w->pending[i])) + 1]++;
    for (size_t group = 1; group < GROUPS; group++)
        next[group] += next[group - 1];
    for (size_t i = 0; i < w->pending_count; i++)
        w->order[next[groups[i]]++] = i;
    w->order_count = w->pending_count;
}

/* Those that are not answered yet, in the order of the call. */
static void make_plain_order(struct walker *w)
{
    w->order_count = 0;
    for (size_t i = 0; i < w->pending_count; i++)
        if (!w->pending[i].answered)
            w->order[w->order_count++] = i;
}

/* @return NULL, or why Unicorn did not come to the end of the order */
static const char *run_order(struct walker *w)
{
    uc_err error;

    for (size_t i = 0; i < w->order_count; i++)
        write_request(w, i);
    wd_unicorn_requests(&w->machine)->contexts = w->order_count;
    w->finished = 0;
    w->read_nothing = w->reached_stub = false;
    *w->done = (uint32_t)w->pending[w->first].index;
    wd_unicorn_preload(&w->machine, 0);
    error = wd_unicorn_run(&w->machine);
    if (error != UC_ERR_OK)
        return uc_strerror(error);
    return w->finished == w->order_count ? NULL : "stopped before the end";
}

/* What a batch can die of, and the end of the time that it is given, a hundred times what it takes. */
static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGVTALRM};
enum { FATAL_COUNT = sizeof(fatal_signals) / sizeof(fatal_signals[0]), GUARD_MICROSECONDS = 200000 };

/* Where a signal that came while a batch ran leads to. A signal handler can know of nothing else. */
static sigjmp_buf bad_end;

static void come_to_a_bad_end(int number)
{
    siglongjmp(bad_end, number);
}

/* Of the process's own time: a machine that is busy, or a process that was stopped, makes nothing a hang. */
static void set_alarm(long microseconds)
{
    setitimer(ITIMER_VIRTUAL, &(struct itimerval){.it_value = {.tv_usec = microseconds}}, NULL);
}

/* run_order(), where Unicorn may crash or hang. @return whether it came to the end */
static bool run_guarded(struct walker *w)
{
    const struct sigaction guard = {.sa_handler = come_to_a_bad_end};
    struct sigaction before[FATAL_COUNT];
    volatile bool good = false;

    for (size_t i = 0; i < FATAL_COUNT; i++)
        sigaction(fatal_signals[i], &guard, &before[i]);
    if (!sigsetjmp(bad_end, 1)) {
        set_alarm(GUARD_MICROSECONDS);
        good = !run_order(w);
    }
    set_alarm(0);
    for (size_t i = 0; i < FATAL_COUNT; i++)
        sigaction(fatal_signals[i], &before[i], NULL);
    return good;
}

/*
 * Asks what a batch that came to a bad end left unanswered, in the order of the call: `done` then tells the case in
 * hand, and if that is what Unicorn dies of, or hangs at, the engine takes it for what it is. This is a new Unicorn;
 * the old one may be in any state, and is not touched again.
 */
static void ask_one_by_one(struct walker *w)
{
    const struct wd_unicorn_hooks hooks = w->machine.hooks;
    struct wd_error problem;
    const char *error;

    make_plain_order(w);
    if (!w->order_count) /* the alarm came when all was done */
        return;
    error = wd_unicorn_start(&w->machine, &hooks, &problem) ? run_order(w) : problem.text;
    if (error) {
        fprintf(stderr, "unicorn: %s\n", error);
        abort();
    }
}

static void run_batch(struct walker *w)
{
    w->first = 0;
    if (w->pending_count == 0)
        return;
    make_grouped_order(w);
    if (!run_guarded(w))
        ask_one_by_one(w);
    w->pending_count = 0;
}

/* Cases come from where they were made, another processor's cache as a rule: they are asked for some time before. */
enum { AHEAD = 2, CACHE_LINE = 64 };

static void fetch_ahead(const struct wd_case *c)
{
    for (size_t byte = 0; byte < sizeof(*c); byte += CACHE_LINE)
        __builtin_prefetch((const uint8_t *)c + byte);
}

static void unicorn_answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                           volatile uint32_t *done)
{
    struct walker *w = walker;

    w->cases = cases;
    w->results = results;
    w->done = done;
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            fetch_ahead(cases[i + AHEAD]);
        take(w, i);
        if (w->pending_count == WD_UNICORN_BATCH)
            run_batch(w);
    }
    run_batch(w);
    *done = (uint32_t)count;
}

/* ---------------------------------------------------------------- opening */

/* The library must be the one for which this was built: waivers go by its version. */
static bool same_version(void)
{
    unsigned built = UC_API_MAJOR << 24 | UC_API_MINOR << 16 | UC_API_PATCH << 8 | UC_API_EXTRA;

    return uc_version(NULL, NULL) == built;
}

static void unicorn_close(void *walker)
{
    struct walker *w = walker;

    wd_unicorn_stop(&w->machine);
    free(w);
}

__attribute__((format(printf, 4, 5))) static void *fail(struct walker *w, char *error, size_t error_size,
                                                        const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error, error_size, format, arguments);
    va_end(arguments);
    if (w)
        unicorn_close(w);
    return NULL;
}

static void *unicorn_open(const char *options, char *error, size_t error_size)
{
    struct wd_error problem;
    struct walker *w;

    if (options[0])
        return fail(NULL, error, error_size, "unicorn: no option '%s': it takes none", options);
    if (!same_version())
        return fail(NULL, error, error_size, "unicorn: built for another libunicorn than the one that was loaded");
    w = calloc(1, sizeof(*w));
    if (!w)
        return fail(NULL, error, error_size, "unicorn: out of memory");
    if (!wd_unicorn_start(&w->machine, &(struct wd_unicorn_hooks){read_memory, note_answer, w}, &problem))
        return fail(w, error, error_size, "%s", problem.text);
    wd_unicorn_learn(&w->machine, &w->cpu);
    return w;
}

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

__attribute__((visibility("default"))) wd_walker_entry walkdiff_walker;

const struct wd_walker_api *walkdiff_walker(void)
{
    static const struct wd_walker_api api = {
        .abi = WD_WALKER_ABI,
        .case_size = sizeof(struct wd_case),
        .result_size = sizeof(struct wd_result),
        .name = "unicorn",
        .version = TEXT(UC_API_MAJOR) "." TEXT(UC_API_MINOR) "." TEXT(UC_API_PATCH),
        .open = unicorn_open,
        .answer = unicorn_answer,
        .close = unicorn_close,
    };

    return &api;
}
