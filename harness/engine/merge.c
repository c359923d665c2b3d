/* SPDX-License-Identifier: MIT */
#include "harness/engine/merge.h"

#include "harness/judge/causes.h"
#include "harness/support/allocate.h"

/* A bucket that is still to be merged. */
struct open_bucket {
    const struct wd_bucket *bucket;
    bool merged;
};

/* The bit of a cause that is a mistake; 0 of any other. */
static wd_mistake_set mistake_bit(unsigned cause)
{
    return cause >= WD_CAUSE_MISTAKES ? wd_mistake_bit(cause - WD_CAUSE_MISTAKES) : 0;
}

/* Whether a cause explains all of a bucket. */
static bool explains(unsigned cause, const struct wd_bucket *bucket)
{
    return cause == bucket->cause || (cause && cause == bucket->also_check) || (bucket->also & mistake_bit(cause));
}

static bool is_open(const struct open_bucket *open, const struct wd_bucket *like)
{
    return !open->merged && open->bucket->walker == like->walker && open->bucket->verdict == like->verdict;
}

/* How many findings of the walker of a bucket its cause explains that are in no other bucket yet. */
static uint64_t coverage(const struct open_bucket *open, size_t count, const struct wd_bucket *bucket)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        if (is_open(&open[i], bucket) && explains(bucket->cause, open[i].bucket))
            sum += open[i].bucket->count;
    return sum;
}

/* Of two buckets of one cause the one that shows first. */
static const struct wd_bucket *earlier(const struct wd_bucket *a, const struct wd_bucket *b)
{
    return !a || b->first.index < a->first.index ? b : a;
}

static void merge(struct open_bucket *open, size_t count, const struct wd_bucket *chosen, struct wd_merged *merged)
{
    *merged = (struct wd_merged){.also = ~(wd_mistake_set)0};
    for (size_t i = 0; i < count; i++) {
        const struct wd_bucket *bucket = open[i].bucket;

        if (!is_open(&open[i], chosen) || (bucket != chosen && !explains(chosen->cause, bucket)))
            continue;
        open[i].merged = true;
        merged->count += bucket->count;
        merged->also &= bucket->also | mistake_bit(bucket->cause);
        wd_facet_counts_add(&merged->facets, &bucket->facets);
        if (bucket->cause == chosen->cause)
            merged->shown = earlier(merged->shown, bucket);
    }
    merged->also &= ~mistake_bit(chosen->cause);
}

/* The open bucket whose cause explains most; of as many, the cause with the lowest number. */
static const struct wd_bucket *choose(const struct open_bucket *open, size_t count)
{
    const struct wd_bucket *best = NULL;
    uint64_t most = 0;

    for (size_t i = 0; i < count; i++) {
        const struct wd_bucket *bucket = open[i].bucket;
        uint64_t covered;

        if (open[i].merged || (best && best->walker == bucket->walker && best->verdict == bucket->verdict &&
                               best->cause == bucket->cause))
            continue;
        covered = coverage(open, count, bucket);
        if (!best || covered > most || (covered == most && bucket->cause < best->cause)) {
            best = bucket;
            most = covered;
        }
    }
    return best;
}

struct wd_merged *wd_merge_buckets(const struct wd_buckets *buckets, size_t *count)
{
    size_t all = wd_buckets_count(buckets), with_cause = 0;
    struct wd_merged *merged = wd_allocate(all + 1, sizeof(*merged));
    struct open_bucket *open = wd_allocate(all + 1, sizeof(*open));
    const struct wd_bucket *chosen;

    *count = 0;
    for (size_t i = 0; i < all; i++) {
        const struct wd_bucket *bucket = wd_bucket_at(buckets, i);

        if (bucket->cause == WD_CAUSE_NONE)
            merged[(*count)++] = (struct wd_merged){bucket, bucket->count, bucket->facets, bucket->also};
        else
            open[with_cause++] = (struct open_bucket){.bucket = bucket};
    }
    while ((chosen = choose(open, with_cause)))
        merge(open, with_cause, chosen, &merged[(*count)++]);
    free(open);
    return merged;
}
