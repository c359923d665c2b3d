/* SPDX-License-Identifier: MIT */
/*
 * bench_references [PROFILE [WALKER…]]: how much of a reference's speed `fuzz` leaves, in one run. For unicorn and
 * qemu, with one job and with two, the answers a second of
 *
 *   - the bare loop (bare.h): programs that were encoded while the clock stood, and nothing but them, run by the stub;
 *   - the walker alone: cases that were made while the clock stood, with nobody judging. On its clock are besides what
 *     turns a case into a program, and what comes back into a result, and for QEMU a walk of the oracle that tells
 * which memory the case reads;
 *   - the whole loop, `walkdiff fuzz --ref none`, in the processes of a run: makes the cases, and passes them to the
 *     walker, has the oracle walk them, judges and buckets. Its clock runs from the start of its processes on.
 *
 * All are given the same stream of cases, the first ones of the seed, with those that end QEMU. Counted are the cases
 * that the walker answers; those that are unsupported cost the two latter what it takes to say so, and the bare loop
 * nothing; so without arguments each walker gets the profile of which it answers most. `part` is what the whole loop is
 * of the bare one. With two jobs two bare loops run side by side.
 *
 * By the clock: the machine should have nothing else to do. Each is measured in three rounds, in turns; shown are the
 * medians, and the least and the greatest part. A machine that has other work tells more by the last two columns: the
 * processor time, of all processes together, that an answer costs in the bare and in the whole loop, with all starts.
 * Where there are as many jobs as processors, nothing else counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "generators/generate.h"
#include "harness/host/walker_spec.h"

enum { BATCH = 256, SECONDS = 6, WHOLE_SECONDS = 12, ROUNDS = 3, SEED = 1, JOBS_MAX = 2, COMMAND_MAX = 4096 + 256 };

struct shared {
    double rate[JOBS_MAX];
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

/* The next cases of the stream for one of several jobs, which share it. */
static void make_cases(const struct wd_profile_mix *mix, uint64_t batch, struct wd_case_buffer buffers[BATCH],
                       const struct wd_case *cases[BATCH])
{
    for (size_t i = 0; i < BATCH; i++) {
        wd_generate(mix, SEED, batch * BATCH + i, &buffers[i]);
        cases[i] = &buffers[i].c;
    }
}

static bool is_answered(const struct wd_result *result)
{
    return result->answer != WD_ANSWER_UNSUPPORTED;
}

/* Answers a second of the walker alone, in a process of its own. */
static double alone(const struct wd_walker_spec *spec, const struct wd_profile_mix *mix, unsigned job, unsigned jobs)
{
    static struct wd_result results[BATCH];
    static struct wd_case_buffer buffers[BATCH];
    const struct wd_case *cases[BATCH];
    struct wd_error error = {.text = ""};
    const struct wd_walker_api *api = wd_walker_spec_load(spec, &error);
    void *walker = api ? api->open(spec->options, error.text, sizeof(error.text)) : NULL;
    uint64_t answered = 0;
    double spent = 0;

    if (!walker)
        fail(error.text);
    if (!freopen("/dev/null", "w", stderr)) /* QEMU's last words, some thousand times */
        fail("no /dev/null");
    for (uint64_t batch = job; spent < SECONDS; batch += jobs) {
        volatile uint32_t done = 0;
        double begin;

        make_cases(mix, batch, buffers, cases);
        begin = now();
        api->answer(walker, cases, results, BATCH, &done);
        spent += now() - begin;
        for (size_t i = 0; i < BATCH; i++)
            answered += is_answered(&results[i]);
    }
    api->close(walker);
    return (double)answered / spent;
}

static double alone_side_by_side(const struct wd_walker_spec *spec, const struct wd_profile_mix *mix, unsigned jobs)
{
    struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double sum = 0;

    if (shared == MAP_FAILED)
        fail("no memory");
    for (unsigned job = 0; job < jobs; job++) {
        if (fork() == 0) {
            shared->rate[job] = alone(spec, mix, job, jobs);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    for (unsigned job = 0; job < jobs; job++)
        sum += shared->rate[job];
    munmap(shared, sizeof(*shared));
    return sum;
}

/* What a loop gives. */
struct figures {
    double rate; /* answers a second */
    double cost; /* processor time an answer, seconds */
};

/* Processor time of all processes that ended, seconds; of those that lost their parents too (PR_SET_CHILD_SUBREAPER).
 */
static double processor_time(void)
{
    struct rusage usage;

    while (wait(NULL) > 0)
        ;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

/* What a command prints. @return the processor time that it took */
static double read_output(const char *command, char *text, size_t size)
{
    double before = processor_time();
    FILE *output = popen(command, "r");
    size_t length = output ? fread(text, 1, size - 1, output) : 0;

    text[length] = '\0';
    if (output)
        pclose(output);
    return processor_time() - before;
}

static struct figures bare_loop(const struct wd_walker_spec *spec, const char *profile, unsigned jobs)
{
    const char *cpu = strstr(spec->options, "cpu=");
    char command[COMMAND_MAX], text[64], *next;
    double rate, programs, encoding, time;

    snprintf(command, sizeof(command), "'%s%s' %s %d %d %u %.*s", WALKDIFF_BARE, spec->name, profile, SEED, SECONDS,
             jobs, cpu ? (int)strcspn(cpu + 4, ",") : 0, cpu ? cpu + 4 : "");
    time = read_output(command, text, sizeof(text));
    rate = strtod(text, &next);
    programs = strtod(next, &next);
    encoding = strtod(next, NULL);
    if (rate <= 0 || programs <= 0)
        fail("there is no bare loop of this walker, or it says why it does not run");
    return (struct figures){rate, (time - encoding) / programs};
}

static struct figures whole_loop(const char *program, const char *walker, const char *profile, unsigned jobs)
{
    static char text[1 << 20];
    char command[COMMAND_MAX];
    const char *seconds, *cases, *unsupported;
    double answered, time;

    snprintf(
        command, sizeof(command),
        "'%s' fuzz --walker %s --ref none --profile %s --seed %d --time %ds --jobs %u --no-shrink --json 2>/dev/null",
        program, walker, profile, SEED, WHOLE_SECONDS, jobs);
    time = read_output(command, text, sizeof(text));
    seconds = strstr(text, "\"seconds\":");
    cases = strstr(text, "\"cases\":");
    unsupported = strstr(text, "\"unsupported\":");
    if (!seconds || !cases)
        fail("fuzz gave no summary");
    answered = strtod(cases + 8, NULL) - (unsupported ? strtod(unsupported + 14, NULL) : 0);
    return (struct figures){answered / strtod(seconds + 10, NULL), time / answered};
}

/* What is measured if nothing else is asked for. */
static const struct {
    const char *walker, *profile;
} usual[] = {{"unicorn", "v80"}, {"qemu,cpu=neoverse-n1", "n1"}};
enum { USUAL_COUNT = sizeof(usual) / sizeof(usual[0]) };

static int by_size(const void *a, const void *b)
{
    const double *one = a, *other = b;

    return (*one > *other) - (*one < *other);
}

static void sort(double figures[ROUNDS])
{
    qsort(figures, ROUNDS, sizeof(figures[0]), by_size);
}

static double median(const double figures[ROUNDS])
{
    double sorted[ROUNDS];

    memcpy(sorted, figures, sizeof(sorted));
    sort(sorted);
    return sorted[ROUNDS / 2];
}

static void measure(const char *walker, const char *profile)
{
    struct wd_profile_mix mix = {.profiles = {wd_profile_by_name(profile)}, .count = 1};
    struct wd_places places = {.walkers = WALKDIFF_BUILD "/walkers"};
    struct wd_walker_spec spec;
    struct wd_error error;

    if (!mix.profiles[0])
        fail("no such profile");
    if (!wd_walker_spec_parse(walker, &places, &spec, &error))
        fail(error.text);
    for (unsigned jobs = 1; jobs <= JOBS_MAX; jobs++) {
        double bare[ROUNDS], alone[ROUNDS], ours[ROUNDS], part[ROUNDS], bare_cost[ROUNDS], our_cost[ROUNDS];

        for (size_t i = 0; i < ROUNDS; i++) {
            struct figures figures = bare_loop(&spec, profile, jobs);

            bare[i] = figures.rate;
            bare_cost[i] = figures.cost * 1e6;
            alone[i] = alone_side_by_side(&spec, &mix, jobs);
            figures = whole_loop(WALKDIFF_PROGRAM, walker, profile, jobs);
            ours[i] = figures.rate;
            our_cost[i] = figures.cost * 1e6;
            part[i] = 100 * ours[i] / bare[i];
        }
        sort(part);
        printf("%-20s %-7s %4u %10.0f %13.0f %11.0f %5.0f%% (%.0f to %.0f) %8.2f %8.2f\n", walker, profile, jobs,
               median(bare), median(alone), median(ours), median(part), part[0], part[ROUNDS - 1], median(bare_cost),
               median(our_cost));
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    printf("%-20s %-7s %4s %10s %13s %11s %6s %13s %8s %8s\n", "answers a second", "profile", "jobs", "bare loop",
           "walker alone", "whole loop", "part", "µs each:", "bare", "whole");
    for (int i = 2; i < argc; i++)
        measure(argv[i], argv[1]);
    for (size_t i = 0; argc <= 2 && i < USUAL_COUNT; i++)
        measure(usual[i].walker, argc > 1 ? argv[1] : usual[i].profile);
    return 0;
}
