/* SPDX-License-Identifier: MIT */
/*
 * bench_speed_core CASES PROFILE [SO…]: what one core does in process, a line of JSON: nanoseconds a case of the
 * generator, of the oracle, of the oracle and the comparison of two answers, of the sample walker, and of each shared
 * library (public ABI): the median, the least and the most of some repeats. As in the loop, no case is seen twice: a
 * processor learns the way of a few thousand cases by heart. All parts take turns, batch by batch, so that they are
 * measured in the same moments.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "generators/generate.h"
#include "harness/judge/judge.h"
#include "harness/walkers/sample/sample.h"

enum { NANOSECONDS = 1000000000, REPEATS = 7, BATCH = 256, PARTS_MAX = 12 };

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * NANOSECONDS + (double)time.tv_nsec;
}

struct bench;

/* One thing that is measured. */
struct part {
    const char *name;
    void (*run)(struct bench *b, const struct part *part);
    const struct wd_walker_api *walker;
    void *instance;
    double times[REPEATS]; /* nanoseconds in all */
};

struct bench {
    struct wd_profile_mix mix;
    uint64_t index; /* of the next case */
    struct wd_case_buffer cases[BATCH];
    struct wd_result results[BATCH];
    struct wd_oracle_output output;
    uint64_t sum; /* of something that was computed: nothing is left out */
    size_t part_count;
    struct part parts[PARTS_MAX];
};

static void generate(struct bench *b, const struct part *part)
{
    (void)part;
    for (size_t i = 0; i < BATCH; i++)
        wd_generate(&b->mix, 1, b->index++, &b->cases[i]);
}

static void ask_oracle(struct bench *b, const struct part *part)
{
    (void)part;
    for (size_t i = 0; i < BATCH; i++) {
        wd_oracle(&b->cases[i].c, NULL, NULL, NULL, &b->output);
        b->sum += b->output.result.par;
    }
}

/* What the judge does with most cases. */
static void judge(struct bench *b, const struct part *part)
{
    (void)part;
    for (size_t i = 0; i < BATCH; i++) {
        wd_oracle(&b->cases[i].c, NULL, NULL, NULL, &b->output);
        b->sum += wd_answers_equal(&b->output.result, &b->output.result);
    }
}

static void ask_walker(struct bench *b, const struct part *part)
{
    const struct wd_case *batch[BATCH];
    volatile uint32_t done = 0;

    for (size_t i = 0; i < BATCH; i++)
        batch[i] = &b->cases[i].c;
    part->walker->answer(part->instance, batch, b->results, BATCH, &done);
    b->sum += b->results[0].par;
}

static void add(struct bench *b, struct part part)
{
    if (b->part_count == PARTS_MAX) {
        fprintf(stderr, "bench_speed_core: too many libraries\n");
        exit(2);
    }
    b->parts[b->part_count++] = part;
}

static void add_walker(struct bench *b, const char *name, const struct wd_walker_api *walker)
{
    char error[200] = "";
    void *instance = walker->open("", error, sizeof(error));

    if (!instance) {
        fprintf(stderr, "bench_speed_core: %s: %s\n", name, error);
        exit(2);
    }
    add(b, (struct part){.name = name, .run = ask_walker, .walker = walker, .instance = instance});
}

static void add_library(struct bench *b, const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    wd_walker_entry *entry = NULL;

    if (library)
        *(void **)&entry = dlsym(library, WD_WALKER_ENTRY);
    if (!entry) {
        fprintf(stderr, "bench_speed_core: %s\n", dlerror());
        exit(2);
    }
    add_walker(b, path, entry());
}

static void measure_part(struct bench *b, struct part *part, int repeat)
{
    double begin = now();

    part->run(b, part);
    if (repeat >= 0)
        part->times[repeat] += now() - begin;
}

static void measure(struct bench *b, int repeat, size_t batches)
{
    size_t others = b->part_count - 1;

    for (size_t batch = 0; batch < batches; batch++) {
        measure_part(b, &b->parts[0], repeat); /* which makes the cases */
        for (size_t i = 0; i < others; i++)    /* each of the others is the first to see them as often */
            measure_part(b, &b->parts[1 + (i + batch) % others], repeat);
    }
}

static int by_size(const void *a, const void *b)
{
    const double *one = a, *two = b;

    return (*one > *two) - (*one < *two);
}

static void print_part(struct part *part, double cases)
{
    qsort(part->times, REPEATS, sizeof(part->times[0]), by_size);
    printf(",\"%s\":[%.1f,%.1f,%.1f]", part->name, part->times[REPEATS / 2] / cases, part->times[0] / cases,
           part->times[REPEATS - 1] / cases);
}

int main(int argc, char **argv)
{
    static struct bench b;
    size_t batches;

    if (argc < 3 || !(b.mix.profiles[0] = wd_profile_by_name(argv[2]))) {
        fprintf(stderr, "usage: bench_speed_core CASES PROFILE [SO…]\n");
        return 2;
    }
    b.mix.count = 1;
    batches = strtoull(argv[1], NULL, 0) / BATCH + 1;
    add(&b, (struct part){.name = "generator", .run = generate});
    add(&b, (struct part){.name = "oracle", .run = ask_oracle});
    add(&b, (struct part){.name = "oracle and comparison", .run = judge});
    add_walker(&b, "sample", wd_walker_sample());
    for (int i = 3; i < argc; i++)
        add_library(&b, argv[i]);
    for (int repeat = -1; repeat < REPEATS; repeat++) /* the first one warms up */
        measure(&b, repeat, batches);
    printf("{\"profile\":\"%s\"", argv[2]);
    for (size_t i = 0; i < b.part_count; i++)
        print_part(&b.parts[i], (double)(batches * BATCH));
    printf(",\"sum\":%llu}\n", (unsigned long long)b.sum);
    return 0;
}
