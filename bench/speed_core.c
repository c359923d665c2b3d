/* SPDX-License-Identifier: MIT */
/*
 * bench_speed_core CASES PROFILE [SO…]: what one core does in process, a line of JSON: nanoseconds a case of the
 * generator, of the oracle, of the sample walker, of each shared library (public ABI), of the comparison of two
 * answers, and the least and the most of some repeats. bench/speed sets it against the whole loop.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "generators/generate.h"
#include "harness/judge/judge.h"
#include "harness/walkers/sample/sample.h"

enum { NANOSECONDS = 1000000000, REPEATS = 7, BATCH = 256 };

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * NANOSECONDS + (double)time.tv_nsec;
}

/* The cases, and where answers go. */
struct work {
    struct wd_profile_mix mix;
    size_t count;
    struct wd_case_buffer *cases;
    struct wd_oracle_output output;
    struct wd_result results[BATCH];
    const struct wd_walker_api *walker;
    void *instance;
    uint64_t sum; /* of something that was computed: nothing is left out */
};

static void generate(struct work *w)
{
    static struct wd_case_buffer buffer;

    for (size_t i = 0; i < w->count; i++) {
        wd_generate(&w->mix, 1, i, &buffer);
        w->sum += buffer.c.va;
    }
}

static void ask_oracle(struct work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        wd_oracle(&w->cases[i].c, NULL, NULL, NULL, &w->output);
        w->sum += w->output.result.par;
    }
}

static void ask_walker(struct work *w)
{
    const struct wd_case *batch[BATCH];
    volatile uint32_t done = 0;

    for (size_t i = 0; i < w->count; i += BATCH) {
        size_t count = w->count - i < BATCH ? w->count - i : BATCH;

        for (size_t k = 0; k < count; k++)
            batch[k] = &w->cases[i + k].c;
        w->walker->answer(w->instance, batch, w->results, count, &done);
        w->sum += w->results[0].par;
    }
}

/* The oracle and the comparison with its own answer: what the judge does with most cases. */
static void judge(struct work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        wd_oracle(&w->cases[i].c, NULL, NULL, NULL, &w->output);
        w->sum += wd_answers_equal(&w->output.result, &w->output.result);
    }
}

static int by_size(const void *a, const void *b)
{
    const double *one = a, *two = b;

    return (*one > *two) - (*one < *two);
}

/* Prints the median of the repeats, the least and the most, in nanoseconds a case. */
static void measure(struct work *w, const char *name, void (*what)(struct work *w))
{
    double times[REPEATS];

    what(w);
    for (int i = 0; i < REPEATS; i++) {
        double begin = now();

        what(w);
        times[i] = (now() - begin) / (double)w->count;
    }
    qsort(times, REPEATS, sizeof(times[0]), by_size);
    printf(",\"%s\":[%.1f,%.1f,%.1f]", name, times[REPEATS / 2], times[0], times[REPEATS - 1]);
}

static void measure_walker(struct work *w, const char *name, const struct wd_walker_api *walker)
{
    char error[200] = "";

    w->walker = walker;
    w->instance = walker->open("", error, sizeof(error));
    if (!w->instance) {
        fprintf(stderr, "bench_speed_core: %s: %s\n", name, error);
        exit(2);
    }
    measure(w, name, ask_walker);
    walker->close(w->instance);
}

static void measure_library(struct work *w, const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    wd_walker_entry *entry = NULL;

    if (library)
        *(void **)&entry = dlsym(library, WD_WALKER_ENTRY);
    if (!entry) {
        fprintf(stderr, "bench_speed_core: %s\n", dlerror());
        exit(2);
    }
    measure_walker(w, path, entry());
}

int main(int argc, char **argv)
{
    static struct work w;

    if (argc < 3 || !(w.mix.profiles[0] = wd_profile_by_name(argv[2]))) {
        fprintf(stderr, "usage: bench_speed_core CASES PROFILE [SO…]\n");
        return 2;
    }
    w.mix.count = 1;
    w.count = strtoull(argv[1], NULL, 0);
    w.cases = calloc(w.count, sizeof(*w.cases));
    for (size_t i = 0; i < w.count; i++)
        wd_generate(&w.mix, 1, i, &w.cases[i]);
    printf("{\"profile\":\"%s\"", argv[2]);
    measure(&w, "generator", generate);
    measure(&w, "oracle", ask_oracle);
    measure(&w, "oracle and comparison", judge);
    measure_walker(&w, "sample", wd_walker_sample());
    for (int i = 3; i < argc; i++)
        measure_library(&w, argv[i]);
    printf(",\"sum\":%llu}\n", (unsigned long long)w.sum);
    free(w.cases);
    return 0;
}
