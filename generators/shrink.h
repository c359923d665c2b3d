/* SPDX-License-Identifier: MIT */
/*
 * Shrinking: makes a case as small as it can be while something about it stays true. What that is, a callback says; the
 * steps are those of the domain: features off, registers reset whole and field by field, stage 2 off, shorter walks,
 * fewer descriptors, rounder addresses.
 *
 * The result is a fixed point: whatever single step leads to a smaller case does not keep what is to be kept. It is a
 * function of the case and of what the callback answers.
 */
#ifndef GENERATORS_SHRINK_H
#define GENERATORS_SHRINK_H

#include "walkdiff/case.h"

/** Who says whether candidates keep what is to be kept. */
struct wd_shrink_keeper {
    /**
     * Asked about many candidates at once.
     * @param kept  receives the answers
     * @return false: shrinking stops here; what `kept` holds is not looked at
     */
    bool (*keeps)(void *context, const struct wd_case *const *candidates, size_t count, bool *kept);
    /** Told of each smaller case that was found; valid during the call. May be NULL. */
    void (*found)(void *context, const struct wd_case *smaller);
    void *context;
};

struct wd_shrink_limits {
    uint64_t candidates; /**< at most so many are asked about; 0: no limit */
    /**
     * What is kept costs far more than what is not (a walker that hangs): candidates are asked about one by one, many
     * steps in each, and single steps only where those together do not keep it.
     */
    bool frugal;
};

/** What became of it. */
struct wd_shrink_outcome {
    bool fixed_point;    /**< false: it was stopped, or reached a limit */
    uint64_t candidates; /**< asked about */
    uint64_t repeated;   /**< candidates that were asked about before, and were not asked about again */
    uint64_t steps;      /**< that were taken */
};

/** A case in memory of its own. */
struct wd_shrunk;

/**
 * Shrinks a case, which keeps what is to be kept.
 * @param outcome  may be NULL
 * @return the smallest case found; wd_shrunk_free() ends it
 */
struct wd_shrunk *wd_shrink(const struct wd_case *c, const struct wd_shrink_keeper *keeper,
                            const struct wd_shrink_limits *limits, struct wd_shrink_outcome *outcome);

const struct wd_case *wd_shrunk_case(const struct wd_shrunk *shrunk);

void wd_shrunk_free(struct wd_shrunk *shrunk);

/**
 * Looks for a single step to a smaller case that keeps what is to be kept.
 * @param pass  receives the name of its pass
 * @return NULL: there is none, the case is a fixed point (or the keeper stopped)
 */
struct wd_shrunk *wd_shrink_one_step(const struct wd_case *c, const struct wd_shrink_keeper *keeper, const char **pass);

#endif
