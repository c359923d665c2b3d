/* SPDX-License-Identifier: MIT */
/*
 * A walker in a process of its own. Batches of cases are given to it in order and answered in order, several under
 * way at once. When the process dies or makes no progress, the case that it had in hand gets that as its answer
 * (WD_ANSWER_CRASH, WD_ANSWER_HANG), and a new process goes on with the next case.
 *
 * A death by SIGKILL that we did not send is somebody else's doing (the machine ran out of memory, a user), and so is
 * one before the process had taken a batch in hand: the case is asked again in a new process. Only the fourth such
 * death in a row is its answer.
 *
 * The process has a group of its own, which ends with it, and it ends when the process that started it does, however
 * that dies. What it writes to its standard output or standard error is kept, the end of it, for messages.
 */
#ifndef WALKDIFF_WALKER_HOST_H
#define WALKDIFF_WALKER_HOST_H

#include "harness/casefile/case_area.h"
#include "harness/host/line_coverage.h"
#include "harness/host/walker_spec.h"

enum { WD_LAST_WORDS_MAX = 4096 };

/** What the engine learns of a walker's death beside the answer. */
struct wd_incident {
    uint64_t batch;
    uint32_t index;         /**< of the case, in the batch */
    uint64_t case_number;   /**< the same, counted from the first case that the walker was given */
    const char *how;        /**< "SIGSEGV", "exit status 3", "no answer within 5 s" */
    const char *last_words; /**< the end of what the process wrote, terminated */
    bool asked_again;       /**< not the case's fault: it was asked once more */
};

/** Who watches a host. All members may be NULL. */
struct wd_walker_watcher {
    void (*incident)(void *context, const struct wd_incident *incident); /**< the walker died or hangs */
    void (*idle)(void *context); /**< called several times a second while an answer is waited for */
    void *context;
};

struct wd_walker_host;

/**
 * Starts a walker's process and waits until the walker is open.
 * @param spec  must outlive the host, as must the area
 * @param timeout  seconds without an answer after which the walker hangs
 * @param watcher  copied
 * @return NULL if the walker cannot be opened: `error` says why, with what it wrote
 */
struct wd_walker_host *wd_walker_host_open(const struct wd_walker_spec *spec, struct wd_case_area *area, double timeout,
                                           const struct wd_walker_watcher *watcher, struct wd_error *error);

/** Name that the walker gives itself, which is another one than that in the spec for a library (`so:`). */
const char *wd_walker_host_name(const struct wd_walker_host *host);

/** Version that the walker tells of itself, "" if it tells none. */
const char *wd_walker_host_version(const struct wd_walker_host *host);

/** The process that answers at the moment. */
int wd_walker_host_pid(const struct wd_walker_host *host);

/** How often a new process had to be started. */
uint64_t wd_walker_host_restarts(const struct wd_walker_host *host);

/** Gives the walker the next batch, the one after those that it was given; its slot must be filled. */
void wd_walker_host_submit(struct wd_walker_host *host);

/**
 * Waits for the answers to a batch that was given.
 * @return as many results as the batch has cases, valid until WD_SLOTS batches later; NULL if the walker could not be
 * started again: `error` says why
 */
const struct wd_result *wd_walker_host_wait(struct wd_walker_host *host, uint64_t batch, struct wd_error *error);

/** Which of the blocks that are aimed at the cases of a batch ran that was waited for; valid as its results are. */
const struct wd_aimed *wd_walker_host_aimed(const struct wd_walker_host *host, uint64_t batch);

/** Ends the process. NULL is no host. */
void wd_walker_host_close(struct wd_walker_host *host);

#endif
