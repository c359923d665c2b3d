/* SPDX-License-Identifier: MIT */
/*
 * What the bare loops of references have in common (bare_qemu.c, bare_unicorn.c): their cases, the clock, and jobs side
 * by side. A bare loop knows no case, no answer and no judge: the programs, that is the registers, the words of memory
 * and the AT of each case as the stub takes them, are encoded while the clock stands, and then only run.
 *
 * The cases are those of `walkdiff fuzz` with the same profile and seed, from the first one on, without those that the
 * walker says are unsupported: those have no program.
 */
#ifndef WALKDIFF_BENCH_BARE_H
#define WALKDIFF_BENCH_BARE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "generators/generate.h"
#include "harness/support/process.h"

enum {
    WD_BARE_CHUNK = 8192, /* cases that are encoded at a time */
    WD_BARE_JOBS_MAX = 2,
};

/** What a bare loop is asked for. */
struct wd_bare {
    struct wd_profile_mix mix;
    uint64_t seed;
    double seconds; /* of the clock */
    unsigned job, jobs;
};

/** What came of a loop. */
struct wd_bare_figures {
    double rate;     /* programs a second */
    double programs; /* that were run */
    double encoding; /* processor time of this process while the clock stood, seconds */
};

/** Has a loop run. */
typedef struct wd_bare_figures wd_bare_loop(const struct wd_bare *bare, const char *option);

/** Processor time of this process so far, seconds. */
static inline double wd_bare_processor_time(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static _Noreturn void wd_bare_fail(const char *text)
{
    fprintf(stderr, "bare loop: %s\n", text);
    exit(2);
}

/** The case `i` of a chunk; jobs take chunks in turn, which no two share. */
static inline const struct wd_case *wd_bare_case(const struct wd_bare *bare, uint64_t chunk, uint64_t i)
{
    static struct wd_case_buffer buffer;

    wd_generate(&bare->mix, bare->seed, (chunk * bare->jobs + bare->job) * WD_BARE_CHUNK + i, &buffer);
    return &buffer.c;
}

/**
 * main() of a bare loop: PROFILE SEED SECONDS JOBS [OPTION]. Prints the figures of all jobs together: programs a
 * second, programs, and seconds of processor time that are none of theirs.
 */
static inline int wd_bare_main(int argc, char **argv, wd_bare_loop *loop)
{
    struct wd_bare bare = {.mix = {.profiles = {argc > 4 ? wd_profile_by_name(argv[1]) : NULL}, .count = 1}};
    struct wd_bare_figures *of_job =
        mmap(NULL, WD_BARE_JOBS_MAX * sizeof(*of_job), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct wd_bare_figures sum = {0};

    if (!bare.mix.profiles[0] || of_job == MAP_FAILED)
        wd_bare_fail("takes PROFILE SEED SECONDS JOBS [OPTION]");
    bare.seed = strtoull(argv[2], NULL, 0);
    bare.seconds = strtod(argv[3], NULL);
    bare.jobs = (unsigned)strtoul(argv[4], NULL, 0);
    if (!bare.jobs || bare.jobs > WD_BARE_JOBS_MAX)
        wd_bare_fail("one job, or two");
    for (bare.job = 0; bare.job < bare.jobs; bare.job++) {
        if (fork() == 0) {
            of_job[bare.job] = loop(&bare, argc > 5 ? argv[5] : "");
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    for (unsigned job = 0; job < bare.jobs; job++) {
        if (of_job[job].rate <= 0)
            wd_bare_fail("a job gave no figure");
        sum.rate += of_job[job].rate;
        sum.programs += of_job[job].programs;
        sum.encoding += of_job[job].encoding;
    }
    printf("%.1f %.0f %.3f\n", sum.rate, sum.programs, sum.encoding);
    return 0;
}

#endif
