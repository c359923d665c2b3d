/* SPDX-License-Identifier: MIT */
/*
 * Which buckets are reported as one. An answer can have several causes that would explain it, each alone, and what a
 * defect leads to is now and then what another would lead to. So of the causes that a walker's findings have for sure
 * or perhaps, those are taken that explain most of them, one after the other, and each takes with it all that it
 * explains.
 *
 * A family of checks is taken for the cause only where the walker leaves out each of them: if one of them has no bucket
 * of its own, what is wrong with the others is reported one by one. And it takes with it only what was looked at case
 * by case and found to be what a walker answers that leaves out the whole family.
 */
#ifndef WALKDIFF_MERGE_H
#define WALKDIFF_MERGE_H

#include "harness/engine/buckets.h"

/** What is reported as one. */
struct wd_merged {
    const struct wd_bucket *shown; /**< whose signature and first case stand for all */
    uint16_t cause;                /**< its number: of `shown`, or a family that it belongs to */
    uint64_t count;
    struct wd_facet_counts facets;
    wd_mistake_set also; /**< each of them explains all of it, too */
};

/**
 * Merges the buckets of all walkers. The order of the result means nothing, but it and all else are functions of what
 * is in the buckets.
 * @param count  receives how many
 * @return an array for free()
 */
struct wd_merged *wd_merge_buckets(const struct wd_buckets *buckets, size_t *count);

/**
 * The same.
 * @param into  receives for each bucket the number of the one in the array that it is part of
 */
struct wd_merged *wd_merge_buckets_into(const struct wd_buckets *buckets, size_t *count, size_t *into);

#endif
