/* SPDX-License-Identifier: MIT */
/* What a walker's process and the process that started it share. Of no concern to anyone else. */
#ifndef WALKDIFF_WALKER_PROCESS_H
#define WALKDIFF_WALKER_PROCESS_H

#include "harness/casefile/case_area.h"
#include "harness/support/doorbell.h"
#include "harness/host/line_coverage.h"
#include "harness/host/walker_spec.h"

enum { WD_VERSION_MAX = 128 };

enum wd_hello { WD_HELLO_OPENING, WD_HELLO_OPEN, WD_HELLO_FAILED };

/**
 * The shared memory. The walker's process may write anything into it, walkers being what they are: whoever reads
 * checks.
 */
struct wd_walker_shared {
    struct wd_doorbell given;      /**< rung by the engine: a batch was given */
    struct wd_doorbell finished;   /**< rung by the walker's process: a batch is finished */
    _Atomic uint32_t hello;        /**< enum wd_hello */
    uint32_t resume;               /**< in the first batch that a process answers, the case to begin with */
    _Atomic uint64_t begun;        /**< batches that the process has taken in hand, counted from the first of all */
    volatile uint32_t done;        /**< answers to the batch in hand, counted from the case that it began with */
    char name[WD_WALKER_NAME_MAX]; /**< that the walker gives itself */
    char version[WD_VERSION_MAX];
    struct wd_error error; /**< why the walker cannot be opened */
    struct wd_result results[WD_SLOTS][WD_BATCH_MAX];
    struct wd_aimed aimed[WD_SLOTS][WD_BATCH_MAX]; /**< all zero, unless the spec asks for coverage */
};

/** A result's `answer` before the walker has written it. */
enum { WD_ANSWER_NONE_YET = 0xff };

/** What the new process gets. */
struct wd_walker_process {
    const struct wd_walker_spec *spec;
    struct wd_case_area *area;
    struct wd_walker_shared *shared;
    int parent;       /**< process id */
    int given_end;    /**< to listen at */
    int finished_end; /**< to ring at */
    int words_end;    /**< for stdout and stderr */
};

/** What the process does, from fork() to its end. */
_Noreturn void wd_walker_process_run(const struct wd_walker_process *process);

#endif
