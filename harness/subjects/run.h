/* SPDX-License-Identifier: MIT */
/*
 * A fuzzing run of a subject: processes that make cases, ask and judge, and count in memory that all share, so that
 * whatever dies leaves what it counted. What is found is a function of seed and number of cases; how many processes
 * there are, and when they die, has no part in it.
 */
#ifndef WALKDIFF_SUBJECT_RUN_H
#define WALKDIFF_SUBJECT_RUN_H

#include "harness/subjects/host.h"

enum { WD_SUBJECT_JOBS_MAX = 64 };

struct wd_subject_plan {
    const struct wd_subject_spec *spec;
    const struct wd_subject_spec *against; /**< before a change: it is counted where that one answers otherwise; NULL */
    const union wd_subject_case *stored;   /**< cases that come before those of the seed */
    uint64_t stored_count;
    uint64_t seed, begin, cases; /**< cases of the seed; UINT64_MAX: no end */
    double seconds, timeout;     /**< 0: no limit of time */
    unsigned jobs;
    bool until_finding;
};

/** Makes the case of an index. */
void wd_subject_plan_case(const struct wd_subject_plan *plan, uint64_t index, void *c);

/** Which bucket an answer is in. */
struct wd_subject_mark {
    uint32_t key, choices; /**< choices: of a comparison alone, in which they tell answers apart */
    uint16_t rule;
    uint8_t verdict;
};

/** The cases of one bucket that have the same facets. */
struct wd_subject_cell {
    uint64_t count, first; /**< the smallest index */
    struct wd_subject_mark mark;
    struct wd_subject_mark before; /**< of a comparison: the answer before the change */
    uint8_t change;                /**< of a comparison: enum wd_change */
    uint8_t facets[WD_SUBJECT_FACETS_MAX];
};

/** What a run has counted. */
struct wd_subject_state {
    uint64_t cases, verdicts[WD_VERDICT_COUNT], restarts;
    uint64_t consulted[32], permitted[32]; /**< by choice */
    struct wd_subject_cell *cells;         /**< of findings, or changes: those of one bucket together */
    size_t cell_count;
    double seconds;
    bool complete, interrupted;
};

/** Called a few times a second. @return false: give up */
typedef bool wd_subject_progress(void *context, const struct wd_subject_state *state, struct wd_error *error);

/** Runs a plan. @return false: it could not be run to its end, `error` says why; what was counted stands */
bool wd_subject_run(const struct wd_subject_plan *plan, wd_subject_progress *progress, void *context,
                    struct wd_subject_state *state, struct wd_error *error);

void wd_subject_state_free(struct wd_subject_state *state);

#endif
