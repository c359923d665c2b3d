/* SPDX-License-Identifier: MIT */
/*
 * bench_generate [CASES [SEED [PROFILE]]]: how fast the generator is, and what its cases reach: how many succeed in
 * each profile, how many the oracle cannot answer, and how often each rule takes effect in profile `all` (or PROFILE).
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "generators/generate.h"
#include "walkdiff/oracle.h"

enum { NANOSECONDS = 1000000000 };

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / NANOSECONDS;
}

static struct wd_profile_mix mix_of(const char *name)
{
    struct wd_profile_mix mix = {.profiles = {wd_profile_by_name(name)}, .count = 1};

    if (!mix.profiles[0]) {
        fprintf(stderr, "bench_generate: no profile \"%s\"\n", name);
        exit(2);
    }
    return mix;
}

static void print_speed(const struct wd_profile_mix *mix, uint64_t seed, uint64_t cases)
{
    struct wd_case_buffer buffer;
    uint64_t words = 0;
    double begin = seconds();

    for (uint64_t i = 0; i < cases; i++) {
        wd_generate(mix, seed, i, &buffer);
        words += buffer.c.mem_count;
    }
    printf("%.2f million cases a second, %.1f words a case\n", (double)cases / (seconds() - begin) / 1e6,
           (double)words / (double)cases);
}

static void print_profile(const char *name, uint64_t seed, uint64_t cases)
{
    struct wd_profile_mix mix = mix_of(name);
    struct wd_case_buffer buffer;
    struct wd_oracle_output output;
    uint64_t success = 0, exception = 0, unsupported = 0;

    for (uint64_t i = 0; i < cases; i++) {
        wd_generate(&mix, seed, i, &buffer);
        wd_oracle(&buffer.c, NULL, NULL, NULL, &output);
        success += output.result.answer == WD_ANSWER_PAR && !WD_GET(output.result.par, PAR_EL1, F);
        exception += output.result.answer == WD_ANSWER_EXCEPTION;
        unsupported += output.result.answer == WD_ANSWER_UNSUPPORTED;
    }
    printf("%-8s success %4.1f%%  exception %4.1f%%  unsupported %4.1f%%\n", name,
           100.0 * (double)success / (double)cases, 100.0 * (double)exception / (double)cases,
           100.0 * (double)unsupported / (double)cases);
}

struct reached {
    uint64_t rule[2][WD_RULE_COUNT], decided[WD_RULE_COUNT], choice[WD_CHOICE_COUNT];
};

static void count_reached(const struct wd_profile_mix *mix, uint64_t seed, uint64_t cases, struct reached *reached)
{
    struct wd_case_buffer buffer;
    struct wd_oracle_output output;

    for (uint64_t i = 0; i < cases; i++) {
        wd_generate(mix, seed, i, &buffer);
        wd_oracle(&buffer.c, NULL, NULL, NULL, &output);
        reached->decided[output.rule]++;
        for (unsigned stage = 0; stage < 2; stage++)
            for (unsigned rule = 0; rule < WD_RULE_COUNT; rule++)
                reached->rule[stage][rule] += output.rules_hit[stage][rule / 64] >> rule % 64 & 1;
        for (unsigned k = 0; k < output.consulted_count; k++)
            reached->choice[output.consulted[k].choice]++;
    }
}

static void print_reached(const struct wd_profile_mix *mix, uint64_t seed, uint64_t cases)
{
    static struct reached reached;

    count_reached(mix, seed, cases, &reached);
    printf("\n%-40s %9s %9s %9s\n", "rule", "stage 1", "stage 2", "decided");
    for (unsigned rule = 1; rule < WD_RULE_COUNT; rule++)
        printf("%-40s %9llu %9llu %9llu\n", wd_rules[rule].name, (unsigned long long)reached.rule[0][rule],
               (unsigned long long)reached.rule[1][rule], (unsigned long long)reached.decided[rule]);
    printf("\n%-40s %9s\n", "choice", "consulted");
    for (unsigned choice = 0; choice < WD_CHOICE_COUNT; choice++)
        printf("%-40s %9llu\n", wd_choices[choice].name, (unsigned long long)reached.choice[choice]);
}

int main(int argc, char **argv)
{
    uint64_t cases = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000, seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    struct wd_profile_mix mix = mix_of(argc > 3 ? argv[3] : "all");
    const char *name, *description;

    print_speed(&mix, seed, cases);
    for (size_t i = 0; (name = wd_profile_name(i, &description)); i++)
        print_profile(name, seed, cases / 10);
    print_reached(&mix, seed, cases);
    return 0;
}
