/* SPDX-License-Identifier: MIT */
#include "harness/engine/merge.h"

#include "harness/judge/causes.h"
#include "harness/support/allocate.h"

/* A bucket that is still to be merged. */
struct open_bucket {
    const struct wd_bucket *bucket;
    size_t number; /* in all of them */
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

/* What may be the cause of some findings: that of a bucket, or a family that its cause belongs to. */
struct candidate {
    const struct wd_bucket *bucket; /* of the walker and the verdict; NULL: there is none */
    unsigned cause;
    uint64_t covered; /* findings that it explains and that are in no other bucket yet */
};

/* How many findings of the walker of a bucket a cause explains that are in no other bucket yet. */
static uint64_t coverage(const struct open_bucket *open, size_t count, const struct wd_bucket *bucket, unsigned cause)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        if (is_open(&open[i], bucket) && explains(cause, open[i].bucket))
            sum += open[i].bucket->count;
    return sum;
}

/* Whether a walker leaves a check out, and nothing of that contradicts that it leaves out all of a family. */
static bool is_left_out(const struct open_bucket *open, size_t count, const struct wd_bucket *like, unsigned check,
                        unsigned family)
{
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        if (!is_open(&open[i], like) || open[i].bucket->cause != check)
            continue;
        if (!explains(family, open[i].bucket))
            return false;
        found = true;
    }
    return found;
}

static bool is_whole(const struct open_bucket *open, size_t count, const struct wd_bucket *like, enum wd_mistake family)
{
    unsigned members[WD_FAMILY_MAX], member_count = wd_family(family, members);

    for (unsigned i = 0; i < member_count; i++)
        if (!is_left_out(open, count, like, members[i], wd_cause_mistake(family)))
            return false;
    return member_count;
}

/* Takes a candidate if it explains more than the best one so far; of as many, that which has the lower number. */
static void consider(const struct open_bucket *open, size_t count, const struct wd_bucket *bucket, unsigned cause,
                     struct candidate *best)
{
    uint64_t covered;

    if (best->bucket && best->bucket->walker == bucket->walker && best->bucket->verdict == bucket->verdict &&
        best->cause == cause)
        return;
    covered = coverage(open, count, bucket, cause);
    if (!best->bucket || covered > best->covered || (covered == best->covered && cause < best->cause))
        *best = (struct candidate){bucket, cause, covered};
}

/* The cause that explains most of what is still open. */
static struct candidate choose(const struct open_bucket *open, size_t count)
{
    struct candidate best = {0};

    for (size_t i = 0; i < count; i++) {
        const struct wd_bucket *bucket = open[i].bucket;
        wd_mistake_set families = open[i].merged ? 0 : wd_families_of(bucket->cause) & bucket->also;

        if (!open[i].merged)
            consider(open, count, bucket, bucket->cause, &best);
        for (unsigned mistake = 0; families && mistake < WD_MISTAKE_COUNT; mistake++)
            if ((families & wd_mistake_bit(mistake)) && is_whole(open, count, bucket, mistake))
                consider(open, count, bucket, wd_cause_mistake(mistake), &best);
    }
    return best;
}

/* The cause whose case is shown: of a family its first check. */
static unsigned shown_cause(unsigned cause)
{
    unsigned members[WD_FAMILY_MAX];

    return cause >= WD_CAUSE_MISTAKES && wd_family(cause - WD_CAUSE_MISTAKES, members) ? members[0] : cause;
}

/* Of two buckets of one cause the one that shows first. */
static const struct wd_bucket *earlier(const struct wd_bucket *a, const struct wd_bucket *b)
{
    if (!a || a->first.doubtful != b->first.doubtful)
        return !a || a->first.doubtful ? b : a;
    return b->first.index < a->first.index ? b : a;
}

/* @param number  of `merged` in the array */
static void merge(struct open_bucket *open, size_t count, const struct candidate *chosen, struct wd_merged *merged,
                  size_t number, size_t *into)
{
    unsigned shown = shown_cause(chosen->cause);

    *merged = (struct wd_merged){.cause = (uint16_t)chosen->cause, .also = ~(wd_mistake_set)0};
    for (size_t i = 0; i < count; i++) {
        const struct wd_bucket *bucket = open[i].bucket;

        if (!is_open(&open[i], chosen->bucket) || !explains(chosen->cause, bucket))
            continue;
        open[i].merged = true;
        into[open[i].number] = number;
        merged->count += bucket->count;
        merged->also &= bucket->also | mistake_bit(bucket->cause);
        wd_facet_counts_add(&merged->facets, &bucket->facets);
        if (bucket->cause == shown)
            merged->shown = earlier(merged->shown, bucket);
    }
    merged->also &= ~mistake_bit(chosen->cause);
}

/* Where variants of one mistake both explain what the other does not, they are one all the same. */
static void add_variant(struct wd_merged *merged, size_t *count, size_t *into, size_t all)
{
    const struct wd_merged *last = &merged[*count - 1];

    for (size_t i = 0; i + 1 < *count; i++) {
        const struct wd_bucket *shown = merged[i].shown;

        if (shown->walker != last->shown->walker || shown->verdict != last->shown->verdict ||
            strcmp(shown->signature, last->shown->signature) != 0)
            continue;
        merged[i].count += last->count;
        merged[i].also &= last->also;
        wd_facet_counts_add(&merged[i].facets, &last->facets);
        --*count;
        for (size_t k = 0; k < all; k++)
            if (into[k] == *count)
                into[k] = i;
        return;
    }
}

struct wd_merged *wd_merge_buckets_into(const struct wd_buckets *buckets, size_t *count, size_t *into)
{
    size_t all = wd_buckets_count(buckets), with_cause = 0;
    struct wd_merged *merged = wd_allocate(all + 1, sizeof(*merged));
    struct open_bucket *open = wd_allocate(all + 1, sizeof(*open));
    struct candidate chosen;

    *count = 0;
    for (size_t i = 0; i < all; i++) {
        const struct wd_bucket *bucket = wd_bucket_at(buckets, i);

        into[i] = SIZE_MAX;
        if (bucket->cause == WD_CAUSE_NONE) {
            into[i] = *count;
            merged[(*count)++] = (struct wd_merged){bucket, bucket->cause, bucket->count, bucket->facets, bucket->also};
        } else {
            open[with_cause++] = (struct open_bucket){.bucket = bucket, .number = i};
        }
    }
    while ((chosen = choose(open, with_cause)).bucket) {
        merge(open, with_cause, &chosen, &merged[*count], *count, into);
        ++*count;
        add_variant(merged, count, into, all);
    }
    free(open);
    return merged;
}

struct wd_merged *wd_merge_buckets(const struct wd_buckets *buckets, size_t *count)
{
    size_t *into = wd_allocate(wd_buckets_count(buckets) + 1, sizeof(*into));
    struct wd_merged *merged = wd_merge_buckets_into(buckets, count, into);

    free(into);
    return merged;
}
