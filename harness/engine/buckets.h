/* SPDX-License-Identifier: MIT */
/*
 * Buckets: all findings of one walker that have one verdict and one signature, and are explained by the same mistakes
 * beside; see merge.h for what is reported of them.
 */
#ifndef WALKDIFF_BUCKETS_H
#define WALKDIFF_BUCKETS_H

#include "harness/engine/fuzz_plan.h"
#include "harness/judge/facets.h"
#include "harness/judge/judge.h"

/** What another walker says of a case in which a walker differs from the oracle. */
enum wd_vote {
    WD_VOTE_ORACLE, /**< its answer is permitted */
    WD_VOTE_SAME,   /**< its answer is the same as the walker's */
    WD_VOTE_OTHER,  /**< its answer is a third one */
    WD_VOTE_NONE,   /**< it does not answer */
    WD_VOTES,
};

/** How often each value of each facet occurs, and how the other walkers voted. */
struct wd_facet_counts {
    uint64_t count[WD_FACET_COUNT][WD_FACET_VALUES];
    uint64_t votes[WD_WALKERS_MAX][WD_VOTES];
    uint64_t
        alone; /**< cases in which somebody else answers, and all who answer say the same: not what the oracle says */
};

/** What a bucket shows: its case of the smallest index. Texts are owned by the bucket. */
struct wd_exhibit {
    uint64_t index;  /**< UINT64_MAX: there is none yet */
    uint16_t rule;   /**< enum wd_rule */
    uint8_t profile; /**< number of the case's profile in the plan */
    bool shrunk;     /**< the case is a fixed point of shrinking, not that of the index itself */
    bool doubtful;   /**< the judge alone, without what was learned, sees another bucket in it: any other is better */
    char *title, *expected, *got, *c; /**< the last three in JSON */
};

/** A case of a bucket, to look at again. Texts are owned by the bucket. */
struct wd_witness {
    uint64_t index;
    uint8_t profile;
    char *got; /**< the walker's answer in JSON */
    char *c;   /**< the case in JSON; "": the plan can make it again */
};

enum {
    WD_WITNESSES_MAX = 1024,     /**< a bucket of more cases keeps none */
    WD_WITNESSES_MAX_WHOLE = 256 /**< likewise, if the cases are kept whole */
};

/** What came of looking at a bucket's cases again, see fold.h. */
struct wd_fold_memo {
    struct wd_causes known; /**< that they were looked at with */
    size_t judged;          /**< so many of the witnesses, of which all were explained */
    bool refuted;           /**< one was not */
    bool mixed;             /**< some were looked at with other causes */
    uint64_t cases;         /**< of the run when this began */
    uint64_t index;         /**< the smallest of those judged */
    uint16_t into;          /**< number of the cause that this one needs */
};

struct wd_bucket {
    uint8_t walker; /**< number in the plan */
    uint8_t verdict;
    char *signature;
    uint16_t cause;      /**< number of the cause; WD_CAUSE_NONE: it has none, or none that a walker can be known for */
    uint16_t also_check; /**< with checks left out behind it this one explains all of the bucket, too; or NONE */
    wd_mistake_set also; /**< each of them explains all of the bucket, too */
    uint64_t count;
    struct wd_facet_counts facets;
    struct wd_exhibit first;
    struct wd_witness *witnesses;
    size_t witness_count, witness_room; /**< those that are kept; `witness_count` is `count`, or they are not all */
    size_t witnessed;                   /**< all that there were so far */
    struct wd_fold_memo memo;
    bool changed;         /**< since whoever owns the bucket set it to false */
    bool exhibit_changed; /**< likewise, `first` */
};

struct wd_buckets;

struct wd_buckets *wd_buckets_new(void);

void wd_buckets_free(struct wd_buckets *buckets);

size_t wd_buckets_count(const struct wd_buckets *buckets);

/** The i-th bucket, in no order that means anything. */
struct wd_bucket *wd_bucket_at(const struct wd_buckets *buckets, size_t i);

/** What makes two findings fall into one bucket. */
struct wd_bucket_key {
    uint8_t walker, verdict;
    uint16_t cause, also_check;
    wd_mistake_set also;
    const char *signature;
};

/** The bucket of a key; an empty one if there was none. */
struct wd_bucket *wd_bucket_of(struct wd_buckets *buckets, const struct wd_bucket_key *key);

/** Adds `more` to `counts`. */
void wd_facet_counts_add(struct wd_facet_counts *counts, const struct wd_facet_counts *more);

/** Counts `count` more findings with their facets. */
void wd_bucket_add(struct wd_bucket *bucket, uint64_t count, const struct wd_facet_counts *facets);

/** The votes on one case, by walker: enum wd_vote. The walker itself has none. */
struct wd_ballot {
    uint8_t vote[WD_WALKERS_MAX];
    bool alone; /**< see struct wd_facet_counts */
};

/**
 * Counts one finding.
 * @param walkers  how many there are
 * @return whether it is to be shown, see wd_bucket_show(): nothing that is not doubtful has a smaller index
 */
bool wd_bucket_add_one(struct wd_bucket *bucket, const struct wd_facets *facets, const struct wd_ballot *ballot,
                       size_t walkers, uint64_t index);

/** Whether a bucket may still keep each of its cases. @param whole  they are kept as text */
bool wd_bucket_wants_witness(const struct wd_bucket *bucket, bool whole);

/** Keeps a case, unless there are more than any bucket keeps: then it keeps none. Takes the texts. */
void wd_bucket_keep_witness(struct wd_bucket *bucket, const struct wd_witness *witness);

/** Forgets the cases that are kept, not how many there were. */
void wd_bucket_drop_witnesses(struct wd_bucket *bucket);

/** Shows a case, if its index is the smallest so far, and the case no more doubtful. Takes the texts, which it frees
 * where it does not want them. */
void wd_bucket_show(struct wd_bucket *bucket, const struct wd_exhibit *exhibit);

void wd_exhibit_free(struct wd_exhibit *exhibit);

#endif
