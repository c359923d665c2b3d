/* SPDX-License-Identifier: MIT */
/*
 * Shrinks cases while walkers' answers to them stay what they are in the judge's eyes: the verdict, the signature of
 * the bucket, and the rule that decides. One walker is pinned for a finding; two for a difference between two walkers,
 * a base and its patch.
 */
#ifndef WALKDIFF_SHRINKER_H
#define WALKDIFF_SHRINKER_H

#include "generators/shrink.h"
#include "harness/host/walker_spec.h"
#include "harness/judge/assess.h"

enum { WD_PINS_MAX = 2 };

/** What is to be kept of a judgement. */
enum wd_keep {
    WD_KEEP_RULE,      /**< verdict, signature, and the rule that decides */
    WD_KEEP_SIGNATURE, /**< verdict and signature */
    WD_KEEP_VERDICT,
};

/** A walker whose answer is to stay. */
struct wd_pin {
    const struct wd_walker_spec *spec;  /**< must outlive the shrinker */
    const struct wd_answerer *answerer; /**< likewise */
};

struct wd_shrinker_options {
    enum wd_keep keep;
    double seconds; /**< for one case; 0: no limit */
    double timeout; /**< seconds that a walker may take for an answer */
    /** Asked several times a second whether to stop. May be NULL. */
    bool (*over)(void *context);
    /** Told of each smaller case. May be NULL. */
    void (*found)(void *context, const struct wd_case *smaller);
    void *context;
};

struct wd_shrinker;

/**
 * Opens the walkers.
 * @return NULL if one cannot be opened: `error` says why
 */
struct wd_shrinker *wd_shrinker_open(const struct wd_pin *pins, size_t count, const struct wd_shrinker_options *options,
                                     struct wd_error *error);

void wd_shrinker_close(struct wd_shrinker *shrinker);

/** How a shrink ended. */
enum wd_shrink_end {
    WD_SHRINK_FIXED_POINT, /**< nothing is left to be made simpler */
    WD_SHRINK_TIME,        /**< time was over */
    WD_SHRINK_LIMIT,       /**< the walker died or hung too often, or too many candidates were asked about */
    WD_SHRINK_STOPPED,     /**< somebody stopped it */
    WD_SHRINK_NOTHING,     /**< there is nothing to keep: the answers agree or are unsupported */
    WD_SHRINK_OTHER,       /**< the answer to the case is not of the bucket that it was said to be of */
    WD_SHRINK_UNSTABLE,    /**< asked once more, the walker answered the shrunk case otherwise: left as it was */
};

extern const char *const wd_shrink_end_texts[];

/** What a walker answers to the case that came out. */
struct wd_pinned {
    struct wd_oracle_output basis;
    struct wd_result got;
    struct wd_judgement judgement;
    int waiver; /**< -1: none */
};

struct wd_shrinking {
    enum wd_shrink_end end;
    struct wd_shrunk *shrunk; /**< NULL: the case stays as it is; else wd_shrunk_free() ends it */
    struct wd_shrink_outcome outcome;
    double seconds;
    struct wd_pinned pins[WD_PINS_MAX];
};

/** What a bucket wants the answer of a walker to be. */
struct wd_wanted {
    uint8_t verdict; /**< enum wd_verdict, as wd_bucket_verdict() gives it */
    const char *signature;
};

/**
 * Shrinks one case.
 * @param begin  where to go on: what an earlier shrink of the case left; NULL: the case itself
 * @param profile  number of its profile, for the facets that waivers are limited by
 * @param wanted  NULL: whatever the answers are is kept
 * @param shrinking  receives how it ended; where nothing could be shrunk `pins` are those of the case itself
 * @return false if a walker could not be run any more: `error` says why
 */
bool wd_shrinker_run(struct wd_shrinker *shrinker, const struct wd_case *c, const struct wd_case *begin,
                     unsigned profile, const struct wd_wanted *wanted, struct wd_shrinking *shrinking,
                     struct wd_error *error);

/**
 * For tests: looks for a single step that is left in a case, as wd_shrink_one_step() does, asking the walkers anew.
 * @param pass  receives the name of its pass
 */
struct wd_shrunk *wd_shrinker_step_left(struct wd_shrinker *shrinker, const struct wd_case *c, unsigned profile,
                                        const char **pass, struct wd_error *error);

#endif
