/* SPDX-License-Identifier: MIT */
/*
 * bench_references [PROFILE]: how much of a reference's speed `fuzz` leaves, in one run. For unicorn and qemu, with one
 * job and with two: the walker alone, asked the same batches of cases again and again with nobody judging; and the
 * whole loop, `walkdiff fuzz --ref none`, which makes the cases, judges and buckets. Cases that the walker does not
 * support cost it next to nothing, so both are given cases a second that it answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "generators/generate.h"
#include "harness/host/walker_spec.h"

enum { BATCH = 256, SECONDS = 4, KEPT = 16 * BATCH, COMMAND_MAX = 4096 + 256 };

struct shared {
    double rate[2];
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static _Noreturn void fail(const char *text)
{
    fprintf(stderr, "bench_references: %s\n", text);
    exit(2);
}

/* Keeps the cases that the walker answers. @return how many */
static size_t choose_cases(const struct wd_walker_api *api, void *walker, const struct wd_profile_mix *mix,
                           struct wd_case_buffer *kept)
{
    static struct wd_result result;
    size_t count = 0;

    for (uint64_t index = 0; count < KEPT && index < UINT64_C(64) * KEPT; index++) {
        const struct wd_case *c = &kept[count].c;
        volatile uint32_t done = 0;

        wd_generate(mix, 1, index, &kept[count]);
        api->answer(walker, &c, &result, 1, &done);
        count += result.answer == WD_ANSWER_PAR || result.answer == WD_ANSWER_EXCEPTION;
    }
    return count;
}

/* Answers a second of the walker alone, in a process of its own. */
static double alone(const struct wd_walker_spec *spec, const struct wd_profile_mix *mix)
{
    static struct wd_result results[BATCH];
    struct wd_case_buffer *kept = malloc(KEPT * sizeof(*kept));
    const struct wd_case *cases[BATCH];
    struct wd_error error = {.text = ""};
    const struct wd_walker_api *api = wd_walker_spec_load(spec, &error);
    void *walker = api ? api->open(spec->options, error.text, sizeof(error.text)) : NULL;
    size_t count, next = 0;
    uint64_t answered = 0;
    double begin;

    if (!kept || !walker)
        fail(error.text);
    count = choose_cases(api, walker, mix, kept);
    if (!count)
        fail("no case that it supports");
    for (begin = now(); now() - begin < SECONDS; answered += BATCH) {
        volatile uint32_t done = 0;

        for (size_t i = 0; i < BATCH; i++) {
            wd_case_buffer_link(&kept[next]);
            cases[i] = &kept[next].c;
            next = (next + 1) % count;
        }
        api->answer(walker, cases, results, BATCH, &done);
    }
    begin = now() - begin;
    api->close(walker);
    free(kept);
    return (double)answered / begin;
}

static double alone_side_by_side(const struct wd_walker_spec *spec, const struct wd_profile_mix *mix, unsigned jobs)
{
    struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double sum = 0;

    if (shared == MAP_FAILED)
        fail("no memory");
    for (unsigned job = 0; job < jobs; job++) {
        if (fork() == 0) {
            shared->rate[job] = alone(spec, mix);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    for (unsigned job = 0; job < jobs; job++)
        sum += shared->rate[job];
    return sum;
}

/* Cases a second that the whole loop has answered. */
static double whole_loop(const char *program, const char *walker, const char *profile, unsigned jobs)
{
    char command[COMMAND_MAX], text[1 << 14];
    const char *seconds, *cases, *unsupported;
    double answered;
    size_t length;
    FILE *output;

    snprintf(command, sizeof(command),
             "'%s' fuzz --walker %s --ref none --profile %s --seed 1 --time %ds --jobs %u --json 2>/dev/null", program,
             walker, profile, 3 * SECONDS, jobs);
    output = popen(command, "r");
    length = output ? fread(text, 1, sizeof(text) - 1, output) : 0;
    text[length] = '\0';
    if (output)
        pclose(output);
    seconds = strstr(text, "\"seconds\":");
    cases = strstr(text, "\"cases\":");
    unsupported = strstr(text, "\"unsupported\":");
    if (!seconds || !cases)
        fail("fuzz gave no summary");
    answered = strtod(cases + 8, NULL) - (unsupported ? strtod(unsupported + 14, NULL) : 0);
    return answered / strtod(seconds + 10, NULL);
}

int main(int argc, char **argv)
{
    static const char *const walkers[] = {"unicorn", "qemu,cpu=neoverse-n1"};
    const char *profile = argc > 1 ? argv[1] : "n1";
    struct wd_profile_mix mix = {.profiles = {wd_profile_by_name(profile)}, .count = 1};
    static struct wd_places places;
    struct wd_error error;

    if (!mix.profiles[0])
        fail("no such profile");
    snprintf(places.walkers, sizeof(places.walkers), "%s/walkers", WALKDIFF_BUILD);
    printf("%-22s %5s %14s %14s %7s\n", "cases answered a second", "jobs", "walker alone", "whole loop", "part");
    for (size_t i = 0; i < sizeof(walkers) / sizeof(walkers[0]); i++) {
        struct wd_walker_spec spec;

        if (!wd_walker_spec_parse(walkers[i], &places, &spec, &error))
            fail(error.text);
        for (unsigned jobs = 1; jobs <= 2; jobs++) {
            double bare = alone_side_by_side(&spec, &mix, jobs);
            double ours = whole_loop(WALKDIFF_PROGRAM, walkers[i], profile, jobs);

            printf("%-22s %5u %14.0f %14.0f %6.0f%%\n", walkers[i], jobs, bare, ours, 100 * ours / bare);
            fflush(stdout);
        }
    }
    return 0;
}
