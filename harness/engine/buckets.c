/* SPDX-License-Identifier: MIT */
#include "harness/engine/buckets.h"

#include "harness/support/allocate.h"

enum { FIRST_PLACES = 256 };

struct wd_buckets {
    struct wd_bucket **buckets; /* in the order of their making */
    size_t count, room;
    uint32_t *table; /* hash table of positions in `buckets`, + 1 */
    size_t places;   /* a power of two, at least twice `count` */
};

struct wd_buckets *wd_buckets_new(void)
{
    struct wd_buckets *buckets = wd_allocate(1, sizeof(*buckets));

    buckets->places = FIRST_PLACES;
    buckets->table = wd_allocate(buckets->places, sizeof(*buckets->table));
    return buckets;
}

void wd_exhibit_free(struct wd_exhibit *exhibit)
{
    free(exhibit->title);
    free(exhibit->expected);
    free(exhibit->got);
    free(exhibit->c);
}

void wd_buckets_free(struct wd_buckets *buckets)
{
    if (!buckets)
        return;
    for (size_t i = 0; i < buckets->count; i++) {
        wd_exhibit_free(&buckets->buckets[i]->first);
        wd_bucket_drop_witnesses(buckets->buckets[i]);
        free(buckets->buckets[i]->witnesses);
        free(buckets->buckets[i]->signature);
        free(buckets->buckets[i]);
    }
    free(buckets->buckets);
    free(buckets->table);
    free(buckets);
}

size_t wd_buckets_count(const struct wd_buckets *buckets)
{
    return buckets->count;
}

struct wd_bucket *wd_bucket_at(const struct wd_buckets *buckets, size_t i)
{
    return buckets->buckets[i];
}

static bool is(const struct wd_bucket *bucket, const struct wd_bucket_key *key)
{
    return bucket->walker == key->walker && bucket->verdict == key->verdict && bucket->also == key->also &&
           bucket->also_check == key->also_check && bucket->cause == key->cause &&
           !strcmp(bucket->signature, key->signature);
}

/* The place in the hash table where a bucket is or would be. */
static uint32_t *place_of(const struct wd_buckets *buckets, const struct wd_bucket_key *key)
{
    uint64_t also = (uint64_t)key->also ^ (uint64_t)(key->also >> 64) * UINT64_C(0xff51afd7ed558ccd);
    uint64_t hash =
        UINT64_C(0xcbf29ce484222325) + key->walker * 16 + key->verdict + also * UINT64_C(0x9e3779b9) + key->also_check;
    size_t place;

    for (const char *at = key->signature; *at; at++) /* FNV-1a */
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    place = (size_t)(hash ^ hash >> 32) & (buckets->places - 1);
    while (buckets->table[place] && !is(buckets->buckets[buckets->table[place] - 1], key))
        place = (place + 1) & (buckets->places - 1);
    return &buckets->table[place];
}

static void grow_table(struct wd_buckets *buckets)
{
    free(buckets->table);
    buckets->places *= 2;
    buckets->table = wd_allocate(buckets->places, sizeof(*buckets->table));
    for (size_t i = 0; i < buckets->count; i++) {
        const struct wd_bucket *bucket = buckets->buckets[i];
        const struct wd_bucket_key key = {.walker = bucket->walker,
                                          .verdict = bucket->verdict,
                                          .cause = bucket->cause,
                                          .also_check = bucket->also_check,
                                          .also = bucket->also,
                                          .signature = bucket->signature};

        *place_of(buckets, &key) = (uint32_t)i + 1;
    }
}

static struct wd_bucket *add(struct wd_buckets *buckets, const struct wd_bucket_key *key)
{
    struct wd_bucket *bucket = wd_allocate(1, sizeof(*bucket));

    *bucket = (struct wd_bucket){.walker = key->walker,
                                 .verdict = key->verdict,
                                 .cause = key->cause,
                                 .also = key->also,
                                 .also_check = key->also_check,
                                 .first = {.index = UINT64_MAX}};
    bucket->signature = wd_copy_text(key->signature, strlen(key->signature));
    if (buckets->count == buckets->room) {
        buckets->room = buckets->room ? 2 * buckets->room : FIRST_PLACES;
        buckets->buckets = wd_allocated(realloc(buckets->buckets, buckets->room * sizeof(*buckets->buckets)));
    }
    buckets->buckets[buckets->count++] = bucket;
    return bucket;
}

struct wd_bucket *wd_bucket_of(struct wd_buckets *buckets, const struct wd_bucket_key *key)
{
    uint32_t *place = place_of(buckets, key);
    struct wd_bucket *bucket;

    if (*place)
        return buckets->buckets[*place - 1];
    bucket = add(buckets, key);
    *place = (uint32_t)buckets->count;
    if (2 * buckets->count > buckets->places)
        grow_table(buckets);
    return bucket;
}

void wd_facet_counts_add(struct wd_facet_counts *counts, const struct wd_facet_counts *more)
{
    for (size_t facet = 0; facet < WD_FACET_COUNT; facet++)
        for (size_t value = 0; value < WD_FACET_VALUES; value++)
            counts->count[facet][value] += more->count[facet][value];
    for (size_t walker = 0; walker < WD_WALKERS_MAX; walker++)
        for (size_t vote = 0; vote < WD_VOTES; vote++)
            counts->votes[walker][vote] += more->votes[walker][vote];
    counts->alone += more->alone;
}

void wd_bucket_add(struct wd_bucket *bucket, uint64_t count, const struct wd_facet_counts *facets)
{
    bucket->count += count;
    bucket->changed = true;
    wd_facet_counts_add(&bucket->facets, facets);
}

bool wd_bucket_add_one(struct wd_bucket *bucket, const struct wd_facets *facets, const struct wd_ballot *ballot,
                       size_t walkers, uint64_t index)
{
    bucket->count++;
    bucket->changed = true;
    for (size_t facet = 0; facet < WD_FACET_COUNT; facet++)
        bucket->facets.count[facet][facets->value[facet]]++;
    for (size_t walker = 0; walker < walkers; walker++)
        if (walker != bucket->walker)
            bucket->facets.votes[walker][ballot->vote[walker]]++;
    bucket->facets.alone += ballot->alone;
    return bucket->first.doubtful || index < bucket->first.index;
}

/* Whether a case is rather shown than another one. */
static bool is_better(const struct wd_exhibit *exhibit, const struct wd_exhibit *other)
{
    if (other->index != UINT64_MAX && exhibit->doubtful != other->doubtful)
        return other->doubtful;
    return exhibit->index < other->index;
}

void wd_bucket_show(struct wd_bucket *bucket, const struct wd_exhibit *exhibit)
{
    struct wd_exhibit unwanted = *exhibit;

    if (is_better(exhibit, &bucket->first)) {
        unwanted = bucket->first;
        bucket->first = *exhibit;
        bucket->changed = bucket->exhibit_changed = true;
    }
    wd_exhibit_free(&unwanted);
}

bool wd_bucket_wants_witness(const struct wd_bucket *bucket, bool whole)
{
    return bucket->witnessed <= (whole ? WD_WITNESSES_MAX_WHOLE : WD_WITNESSES_MAX);
}

void wd_bucket_drop_witnesses(struct wd_bucket *bucket)
{
    for (size_t i = 0; i < bucket->witness_count; i++) {
        free(bucket->witnesses[i].got);
        free(bucket->witnesses[i].c);
    }
    bucket->witness_count = 0;
}

void wd_bucket_keep_witness(struct wd_bucket *bucket, const struct wd_witness *witness)
{
    if (bucket->witness_count == bucket->witness_room) {
        bucket->witness_room = bucket->witness_room ? 2 * bucket->witness_room : 4;
        bucket->witnesses = wd_allocated(realloc(bucket->witnesses, bucket->witness_room * sizeof(*bucket->witnesses)));
    }
    bucket->witnesses[bucket->witness_count++] = *witness;
    bucket->witnessed++;
    if (!wd_bucket_wants_witness(bucket, witness->c[0]))
        wd_bucket_drop_witnesses(bucket);
}
