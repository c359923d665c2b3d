/* SPDX-License-Identifier: MIT */
/*
 * The engine: shares the work of a fuzzing run among processes and puts together what they find. What it finds is a
 * function of the plan's seed, profiles and number of cases; neither the number of jobs nor their timing has a part in
 * it.
 */
#ifndef WALKDIFF_ENGINE_H
#define WALKDIFF_ENGINE_H

#include "harness/engine/buckets.h"
#include "harness/engine/fuzz_plan.h"
#include "harness/engine/proofs.h"
#include "harness/engine/tally.h"

/** Why a run is over. */
enum wd_end {
    WD_END_NOT_YET,
    WD_END_COMPLETE,    /**< all cases, or all the time */
    WD_END_INTERRUPTED, /**< by a signal */
    WD_END_FAILED,      /**< `error` says why */
};

/** What is known so far. */
struct wd_fuzz_state {
    struct wd_tally tally;
    struct wd_reached *reached;
    bool whole; /**< no process is about to tell: of the cases that are counted all is known */
    struct wd_buckets *buckets;
    struct wd_proofs proofs;
    size_t exhibits, exhibits_done; /**< to be shrunk, and looked at so far; 0 before all cases are judged */
    uint64_t changes;               /**< of buckets and proofs: counts up */
    double seconds;                 /**< since the begin */
    enum wd_end end;
    struct wd_error error;
};

/** A walker's death, as it is told. */
struct wd_fuzz_incident {
    size_t walker;
    uint64_t index; /**< of the case */
    const char *how, *last_words;
    bool asked_again;
};

/** Who follows a run. */
struct wd_fuzz_watcher {
    /** Called about three times a second, and once at the end. @return false: give up, `error` says why */
    bool (*progress)(void *context, const struct wd_fuzz_state *state, struct wd_error *error);
    void (*incident)(void *context, const struct wd_fuzz_incident *incident);
    /**
     * Of an acknowledged plan: how many of the states that progress() was told of and took are not taken over yet; not
     * asked while the last one was told. -1: there is nobody left who would take over anything.
     */
    int (*outstanding)(void *context);
    int acknowledgements; /**< likewise, the file that has something to read when that changes */
    void *context;
};

/**
 * Opens a walker of the plan once, and notes its version and its waivers.
 * @return false if it cannot be opened
 */
bool wd_engine_probe(struct wd_fuzz_plan *plan, size_t walker, struct wd_error *error);

/**
 * Runs a plan. SIGINT, SIGTERM and SIGHUP end the run in good order; a second one ends it at once.
 * @param state  receives what was found; wd_fuzz_state_free() ends it
 */
void wd_engine_run(const struct wd_fuzz_plan *plan, const struct wd_fuzz_watcher *watcher, struct wd_fuzz_state *state);

/** Makes a state in which nothing is known yet. */
void wd_fuzz_state_begin(struct wd_fuzz_state *state);

void wd_fuzz_state_free(struct wd_fuzz_state *state);

#endif
