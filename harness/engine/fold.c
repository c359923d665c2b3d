/* SPDX-License-Identifier: MIT */
#include "harness/engine/fold.h"

#include "harness/casefile/case_file.h"
#include "harness/engine/stored.h"
#include "harness/support/allocate.h"

/* Causes that one walker's findings have, those of more of them first. */
struct causes_found {
    uint16_t *numbers;
    size_t count;
    struct wd_causes all;
};

struct fold {
    const struct wd_fuzz_plan *plan;
    const struct wd_fuzz_state *state;
    const struct wd_buckets *buckets;
    struct wd_merged *merged;
    size_t count;  /* of them */
    size_t *into;  /* for each bucket its number in `merged` */
    size_t *order; /* numbers in `merged`: by walker, the largest first */
    bool *folded;
    struct causes_found found; /* of the walker that is looked at */
    /* what one case is looked at with */
    struct wd_case_buffer *buffer;
    struct wd_oracle_output *basis;
    struct wd_result *got;
    struct wd_judgement *judgement;
};

/* ---------------------------------------------------------------- one case */

/* Judges an answer of a walker that has some causes, beside those that its waivers say. @return whether they explain it
 */
static bool explain(struct fold *f, const struct wd_contestant *walker, const struct wd_case *c, unsigned profile,
                    const struct wd_causes *causes)
{
    struct wd_judgement *judgement = f->judgement;
    struct wd_facets facets;
    struct wd_causes known;

    wd_oracle(c, NULL, NULL, NULL, f->basis);
    facets = wd_facets_of(c, f->basis, profile);
    wd_waivers_known(&walker->answerer.waivers, &facets, f->plan->profile_names, &known);
    wd_causes_add_all(&known, causes);
    wd_judge_known(c, f->basis, f->got, UINT64_MAX, &known, judgement);
    return wd_verdict_is_finding[judgement->verdict] && judgement->cause != WD_CAUSE_NONE &&
           wd_causes_have(&known, judgement->cause);
}

/* All causes that were found but one. */
static struct wd_causes all_but(const struct causes_found *found, size_t one)
{
    struct wd_causes causes = {0};

    for (size_t i = 0; i < found->count; i++)
        if (i != one)
            wd_causes_add(&causes, found->numbers[i]);
    return causes;
}

/*
 * The cause that an explained answer needs: the one that the judge names; or, where that is a waived one, the first
 * without which it would not be explained.
 */
static uint16_t needed(struct fold *f, const struct wd_contestant *walker, const struct wd_case *c, unsigned profile)
{
    for (size_t i = 0; i < f->found.count; i++)
        if (f->found.numbers[i] == f->judgement->cause)
            return f->judgement->cause;
    for (size_t i = 0; i < f->found.count; i++) {
        struct wd_causes others = all_but(&f->found, i);

        if (!explain(f, walker, c, profile, &others))
            return f->found.numbers[i];
    }
    return f->found.numbers[0];
}

/*
 * Looks at a case again.
 * @param cause  receives the one that its answer needs, if it is not NULL
 * @return whether the causes that were found explain it
 */
static bool look_at(struct fold *f, const struct wd_contestant *walker, const struct wd_witness *witness,
                    uint16_t *cause)
{
    const struct wd_case *c = &f->buffer->c;
    struct wd_case_reader *reader = NULL;
    struct wd_case_entry entry;
    FILE *stream = NULL;
    char error[256];
    bool explained;

    if (witness->c[0]) {
        stream = wd_allocated(fmemopen(witness->c, strlen(witness->c), "r"));
        reader = wd_allocated(wd_case_reader_new(stream, "a finding"));
        c = wd_case_reader_next(reader, &entry) == 1 ? &entry.c : NULL;
    } else if (witness->index < wd_stored_count(f->plan->stored)) {
        wd_stored_make_case(f->plan->stored, witness->index, f->buffer);
    } else {
        wd_plan_make_case(f->plan, witness->index, f->buffer);
    }
    explained = c && !wd_result_from_json(witness->got, strlen(witness->got), f->got, NULL, 0, error, sizeof(error)) &&
                explain(f, walker, c, witness->profile, &f->found.all);
    if (explained && cause)
        *cause = needed(f, walker, c, witness->profile);
    wd_case_reader_free(reader);
    if (stream)
        fclose(stream);
    return explained;
}

/* ---------------------------------------------------------------- a bucket */

/*
 * Whether what was made of a bucket before still holds. While a run goes on its causes change again and again; then
 * what came of it stands until the run is twice as long. In the end only the same causes count.
 */
static bool is_of_now(const struct fold *f, struct wd_bucket *bucket)
{
    struct wd_fold_memo *memo = &bucket->memo;

    if (memo->judged > bucket->witness_count)
        return false;
    memo->mixed |= memcmp(&memo->known, &f->found.all, sizeof(memo->known)) != 0;
    return !memo->mixed || (f->state->end == WD_END_NOT_YET && memo->cases && f->state->tally.cases < 2 * memo->cases);
}

/* Whether the causes that were found explain all cases of a bucket. What came of it before is remembered. */
static bool is_explained(struct fold *f, struct wd_bucket *bucket)
{
    const struct wd_contestant *walker = &f->plan->walkers[bucket->walker];
    struct wd_fold_memo *memo = &bucket->memo;

    if (!is_of_now(f, bucket))
        *memo = (struct wd_fold_memo){.known = f->found.all, .index = UINT64_MAX, .cases = f->state->tally.cases};
    for (; !memo->refuted && memo->judged < bucket->witness_count; memo->judged++) {
        const struct wd_witness *witness = &bucket->witnesses[memo->judged];
        bool is_first = witness->index < memo->index;

        memo->refuted = !look_at(f, walker, witness, is_first ? &memo->into : NULL);
        if (is_first)
            memo->index = witness->index;
    }
    return !memo->refuted;
}

/*
 * Whether a bucket may be counted with another at all. Not one of which cases are lacking; nor one that tells of us
 * rather than of the walker, since all others agree with it.
 */
static bool may_be_folded(const struct wd_bucket *bucket)
{
    switch (bucket->verdict) {
    case WD_VERDICT_DEVIATION:
    case WD_VERDICT_EXCEPTION_MISMATCH:
    case WD_VERDICT_RETRY:
    case WD_VERDICT_REFERENCE_CONFLICT:
        return bucket->witness_count == bucket->count && !bucket->facets.alone;
    default:
        return false;
    }
}

/* Whether `test` holds for each bucket that one of the merged ones consists of. */
static bool all_of(struct fold *f, size_t number, bool (*test)(struct fold *f, struct wd_bucket *bucket))
{
    for (size_t i = 0; i < wd_buckets_count(f->buckets); i++)
        if (f->into[i] == number && !test(f, wd_bucket_at(f->buckets, i)))
            return false;
    return true;
}

static bool has_all_cases(struct fold *f, struct wd_bucket *bucket)
{
    (void)f;
    return may_be_folded(bucket);
}

/* The one that is reported for a cause of the walker that is looked at. @param end  of those in order before */
static size_t reported_for(const struct fold *f, size_t walker, uint16_t cause, size_t end)
{
    size_t largest = SIZE_MAX;

    for (size_t i = 0; i < end; i++) {
        size_t number = f->order[i];
        const struct wd_merged *merged = &f->merged[number];

        if (f->folded[number] || merged->shown->walker != walker || merged->cause == WD_CAUSE_NONE)
            continue;
        if (merged->cause == cause)
            return number;
        if (largest == SIZE_MAX)
            largest = number;
    }
    return largest;
}

/* Counts a bucket's cases with those of the cause that they need. */
static void count_with(struct fold *f, size_t number, size_t end)
{
    for (size_t i = 0; i < wd_buckets_count(f->buckets); i++) {
        const struct wd_bucket *bucket = wd_bucket_at(f->buckets, i);
        struct wd_merged *with;

        if (f->into[i] != number)
            continue;
        with = &f->merged[reported_for(f, bucket->walker, bucket->memo.into, end)];
        with->count += bucket->count;
        wd_facet_counts_add(&with->facets, &bucket->facets);
    }
    f->folded[number] = true;
}

/* ---------------------------------------------------------------- all of them */

/* By walker; the largest first, which tells most surely of a cause of its own. */
static int in_order(const void *a, const void *b, void *context)
{
    const struct wd_merged *merged = context;
    const struct wd_merged *one = &merged[*(const size_t *)a], *two = &merged[*(const size_t *)b];

    if (one->shown->walker != two->shown->walker)
        return one->shown->walker < two->shown->walker ? -1 : 1;
    if (one->count != two->count)
        return one->count > two->count ? -1 : 1;
    if (one->shown->first.index != two->shown->first.index)
        return one->shown->first.index < two->shown->first.index ? -1 : 1;
    return strcmp(one->shown->signature, two->shown->signature);
}

/* Takes what one of the merged ones tells: nothing new, or a cause. @param place  in the order */
static void take(struct fold *f, size_t place)
{
    size_t number = f->order[place];
    const struct wd_merged *merged = &f->merged[number];

    if (place && f->merged[f->order[place - 1]].shown->walker != merged->shown->walker) {
        f->found.all = (struct wd_causes){0};
        f->found.count = 0;
    }
    if (f->found.count && all_of(f, number, has_all_cases) && all_of(f, number, is_explained)) {
        count_with(f, number, place);
    } else if (merged->cause != WD_CAUSE_NONE) {
        f->found.numbers[f->found.count++] = merged->cause;
        wd_causes_add(&f->found.all, merged->cause);
    }
}

/* Takes what was counted with others out of the array. */
static void close_gaps(struct fold *f)
{
    size_t left = 0;

    for (size_t i = 0; i < f->count; i++)
        if (!f->folded[i])
            f->merged[left++] = f->merged[i];
    f->count = left;
}

struct wd_merged *wd_fold_buckets(const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state, size_t *count)
{
    size_t buckets = wd_buckets_count(state->buckets);
    struct fold f = {.plan = plan, .state = state, .buckets = state->buckets};

    f.into = wd_allocate(buckets + 1, sizeof(*f.into));
    f.merged = wd_merge_buckets_into(state->buckets, &f.count, f.into);
    f.order = wd_allocate(f.count + 1, sizeof(*f.order));
    f.folded = wd_allocate(f.count + 1, sizeof(*f.folded));
    f.found.numbers = wd_allocate(f.count + 1, sizeof(*f.found.numbers));
    f.buffer = wd_allocate(1, sizeof(*f.buffer));
    f.basis = wd_allocate(1, sizeof(*f.basis));
    f.got = wd_allocate(1, sizeof(*f.got));
    f.judgement = wd_allocate(1, sizeof(*f.judgement));
    for (size_t i = 0; i < f.count; i++)
        f.order[i] = i;
    qsort_r(f.order, f.count, sizeof(*f.order), in_order, f.merged);
    for (size_t place = 0; place < f.count; place++)
        take(&f, place);
    close_gaps(&f);
    free(f.judgement);
    free(f.got);
    free(f.basis);
    free(f.buffer);
    free(f.found.numbers);
    free(f.folded);
    free(f.order);
    free(f.into);
    *count = f.count;
    return f.merged;
}
