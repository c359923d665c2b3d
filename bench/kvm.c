/* SPDX-License-Identifier: MIT */
/*
 * bench_kvm SPEC [CASES [SEED]]: on the same cases, in one run: how fast the walker of SPEC (kvm:TREE) answers alone,
 * how fast the oracle does, and what is left of that in `walkdiff fuzz`, which makes the cases, has the walker answer
 * them in a process of its own, judges, and sorts what it finds. In processor time, of all processes, and all on one
 * processor: what else the machine does is not measured, nor what two processors cost each other that share caches. At
 * last by the clock, where the walker's process may have a processor of its own.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "generators/generate.h"
#include "harness/host/walker_spec.h"
#include "walkdiff/oracle.h"

enum { CHUNK = 1024, DEFAULT_CASES = 200000 };

static const char *const profiles[] = {"v80", "n1", "lva64", "v92"}; /* those of `walkdiff fuzz` */

static struct wd_case_buffer buffers[CHUNK];
static struct wd_result results[CHUNK];

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static _Noreturn void fail(const char *message)
{
    fprintf(stderr, "bench_kvm: %s\n", message);
    exit(2);
}

static const struct wd_walker_api *load(const char *text, const char *build, struct wd_walker_spec *spec)
{
    struct wd_error error;
    struct wd_places places = {0};
    const struct wd_walker_api *api;

    snprintf(places.sources, sizeof(places.sources), "%s", WALKDIFF_SOURCE);
    snprintf(places.walkers, sizeof(places.walkers), "%s/walkers", build);
    if (!wd_walker_spec_parse(text, &places, spec, &error) || !(api = wd_walker_spec_load(spec, &error)))
        fail(error.text);
    return api;
}

/* Keeps this process and its children on the processor that it runs on. @return those that they could run on */
static cpu_set_t stay_on_one_processor(void)
{
    cpu_set_t all, one;
    int here = sched_getcpu();

    CPU_ZERO(&one);
    if (here >= 0)
        CPU_SET((size_t)here, &one);
    if (here < 0 || sched_getaffinity(0, sizeof(all), &all) || sched_setaffinity(0, sizeof(one), &one))
        fail("cannot stay on one processor");
    return all;
}

struct alone {
    double generator, walker, oracle;
};

/* The case that `walkdiff fuzz` makes (wd_plan_make_case()). */
static void make_case(uint64_t seed, uint64_t index, struct wd_case_buffer *buffer)
{
    struct wd_profile_mix mix = {.count = 1};

    mix.profiles[0] = wd_profile_by_name(profiles[index % (sizeof(profiles) / sizeof(profiles[0]))]);
    wd_generate(&mix, seed, index, buffer);
}

static void measure_chunk(const struct wd_walker_api *api, void *walker, uint64_t seed, uint64_t first, size_t count,
                          struct alone *alone)
{
    const struct wd_case *cases[CHUNK];
    struct wd_oracle_output output;
    volatile uint32_t done = 0;
    double begin = seconds(), generated, answered;

    for (size_t i = 0; i < count; i++) {
        make_case(seed, first + i, &buffers[i]);
        cases[i] = &buffers[i].c;
    }
    generated = seconds();
    api->answer(walker, cases, results, count, &done);
    answered = seconds();
    for (size_t i = 0; i < count; i++)
        wd_oracle(cases[i], NULL, NULL, NULL, &output);
    alone->generator += generated - begin;
    alone->walker += answered - generated;
    alone->oracle += seconds() - answered;
}

/* Every second chunk, so that what the machine does meanwhile is in both halves and what is between them alike. */
static void measure_half(const struct wd_walker_api *api, void *walker, uint64_t seed, uint64_t first, uint64_t cases,
                         struct alone *alone)
{
    for (uint64_t i = first; i < cases; i += 2 * CHUNK)
        measure_chunk(api, walker, seed, i, cases - i < CHUNK ? (size_t)(cases - i) : CHUNK, alone);
}

/* Seconds of processor time of all processes that have ended. */
static double children(void)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static double clock_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct cost {
    double processor, clock; /* seconds */
};

/* What `walkdiff fuzz` costs with all its processes. */
static struct cost cost_of_fuzz(const char *spec, uint64_t cases, uint64_t seed)
{
    const double processor = children(), begin = clock_seconds();
    char cases_text[24], seed_text[24];
    int status;
    pid_t fuzz;

    snprintf(cases_text, sizeof(cases_text), "%llu", (unsigned long long)cases);
    snprintf(seed_text, sizeof(seed_text), "%llu", (unsigned long long)seed);
    fflush(stdout);
    fuzz = fork();
    if (!fuzz) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(2);
        execl(WALKDIFF_PROGRAM, "walkdiff", "fuzz", "--walker", spec, "--ref", "none", "--seed", seed_text, "--cases",
              cases_text, "--no-shrink", "--quiet", (char *)NULL);
        _exit(2);
    }
    if (fuzz < 0 || waitpid(fuzz, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
        fail("walkdiff fuzz could not run");
    return (struct cost){.processor = children() - processor, .clock = clock_seconds() - begin};
}

static void print_row(const char *what, uint64_t cases, double time)
{
    printf("%-28s %8.3f µs a case  %12.0f cases a second\n", what, time / (double)cases * 1e6, (double)cases / time);
}

int main(int argc, char **argv)
{
    uint64_t cases = argc > 2 ? strtoull(argv[2], NULL, 10) : DEFAULT_CASES;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    struct alone alone = {0};
    const struct wd_walker_api *api;
    struct wd_walker_spec spec;
    char error[512] = "";
    struct cost whole, apart;
    cpu_set_t processors;
    double both;
    void *walker;

    if (argc < 2 || !cases)
        fail("usage: bench_kvm SPEC [CASES [SEED]]");
    processors = stay_on_one_processor();
    api = load(argv[1], WALKDIFF_BUILD, &spec);
    walker = api->open(spec.options, error, sizeof(error));
    if (!walker)
        fail(error);
    measure_half(api, walker, seed, 0, cases, &alone);
    whole = cost_of_fuzz(argv[1], cases, seed);
    measure_half(api, walker, seed, CHUNK, cases, &alone);
    api->close(walker);
    if (sched_setaffinity(0, sizeof(processors), &processors))
        fail("cannot run on all processors again");
    apart = cost_of_fuzz(argv[1], cases, seed);
    both = alone.walker + alone.oracle;

    printf("%llu cases, seed %llu, %s %s; processor time, on one processor\n\n", (unsigned long long)cases,
           (unsigned long long)seed, argv[1], api->version);
    print_row("walker alone", cases, alone.walker);
    print_row("oracle alone", cases, alone.oracle);
    print_row("both, one after the other", cases, both);
    print_row("generator alone", cases, alone.generator);
    print_row("walkdiff fuzz", cases, whole.processor);
    print_row("by the clock, not confined", cases, apart.clock);
    printf(
        "\noracle: %.2f × the walker's speed; fuzz: %.0f%% of what both alone allow, %.0f%% with the generator; by the "
        "clock %.0f%%\n",
        alone.walker / alone.oracle, 100 * both / whole.processor, 100 * (both + alone.generator) / whole.processor,
        100 * both / apart.clock);
    return 0;
}
