/* SPDX-License-Identifier: MIT */
/*
 * One of the processes that share the work of a run. It takes the next indices that nobody has, makes their cases, has
 * each walker of the plan answer them in a process of its own, judges, and sends what it found to the coordinator.
 */
#ifndef WALKDIFF_FUZZ_WORKER_H
#define WALKDIFF_FUZZ_WORKER_H

#include <stdatomic.h>

#include "harness/engine/fuzz_plan.h"

enum { WD_JOBS_MAX = 128 };

/** Shared memory of the run's processes. */
struct wd_fuzz_control {
    _Atomic uint64_t next; /**< the first index that nobody has taken */
    _Atomic uint32_t stop; /**< take no more */
    struct {
        _Atomic uint64_t first, end; /**< indices that a process has taken and not finished */
    } in_hand[WD_JOBS_MAX];
    _Atomic uint64_t settled[WD_JOBS_MAX]; /**< of an acknowledged plan: how many of its tallies were taken over */
    _Atomic uint32_t nobody;               /**< likewise: there is nobody left who would take over anything */
};

/**
 * Does a process's work, from fork() to its end.
 * @param job  its number, from 0
 * @param messages  the pipe to the coordinator
 * @param parent  the coordinator's process id: the process ends with it
 */
_Noreturn void wd_fuzz_worker(const struct wd_fuzz_plan *plan, struct wd_fuzz_control *control, unsigned job,
                              int messages, int parent);

#endif
