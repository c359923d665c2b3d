/* SPDX-License-Identifier: MIT */
/* Buckets: all findings of one walker that have one verdict and one signature. */
#ifndef WALKDIFF_BUCKETS_H
#define WALKDIFF_BUCKETS_H

#include "harness/judge/facets.h"
#include "harness/judge/judge.h"

/** How often each value of each facet occurs. */
struct wd_facet_counts {
    uint64_t count[WD_FACET_COUNT][WD_FACET_VALUES];
};

/** What a bucket shows: its case of the smallest index. Texts are owned by the bucket. */
struct wd_exhibit {
    uint64_t index;                   /**< UINT64_MAX: there is none yet */
    uint16_t rule;                    /**< enum wd_rule */
    char *title, *expected, *got, *c; /**< the last three in JSON */
};

struct wd_bucket {
    uint8_t walker; /**< number in the plan */
    uint8_t verdict;
    char *signature;
    uint64_t count;
    struct wd_facet_counts facets;
    struct wd_exhibit first;
    bool changed;         /**< since whoever owns the bucket set it to false */
    bool exhibit_changed; /**< likewise, `first` */
};

struct wd_buckets;

struct wd_buckets *wd_buckets_new(void);

void wd_buckets_free(struct wd_buckets *buckets);

size_t wd_buckets_count(const struct wd_buckets *buckets);

/** The i-th bucket, in no order that means anything. */
struct wd_bucket *wd_bucket_at(const struct wd_buckets *buckets, size_t i);

/** The bucket of a walker, a verdict and a signature; an empty one if there was none. */
struct wd_bucket *wd_bucket_of(struct wd_buckets *buckets, uint8_t walker, uint8_t verdict, const char *signature);

/** Counts `count` more findings with their facets. */
void wd_bucket_add(struct wd_bucket *bucket, uint64_t count, const struct wd_facet_counts *facets);

/** Counts one finding. @return whether its index is the smallest so far: it is to be shown, see wd_bucket_show() */
bool wd_bucket_add_one(struct wd_bucket *bucket, const struct wd_facets *facets, uint64_t index);

/** Shows a case, if its index is the smallest so far. Takes the texts, which it frees where it does not want them. */
void wd_bucket_show(struct wd_bucket *bucket, const struct wd_exhibit *exhibit);

void wd_exhibit_free(struct wd_exhibit *exhibit);

#endif
