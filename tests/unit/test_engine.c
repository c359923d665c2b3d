/* SPDX-License-Identifier: MIT */
/* The engine: what a run finds depends on seed, profiles and number of cases, and on nothing else; nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yyjson.h>

#include "harness/support/allocate.h"
#include "harness/engine/engine.h"
#include "harness/engine/findings.h"
#include "harness/engine/merge.h"
#include "harness/engine/journal.h"

static const char *const command[] = {"walkdiff fuzz", NULL};

/* ---------------------------------------------------------------- walkers of this test, wrapped around the oracle */

/* How a walker departs from the oracle: changes its answer, or the resolution before. */
struct habit {
    void (*before)(const struct wd_case *c, struct wd_resolution *resolution);
    void (*after)(const struct wd_case *c, struct wd_result *result);
};

static bool is_every(const struct wd_case *c, unsigned n)
{
    return (c->va >> 13) % n == 0;
}

static void answer_with(const struct habit *habit, const struct wd_case *const *cases, struct wd_result *results,
                        size_t count, volatile uint32_t *done)
{
    struct wd_oracle_output output;

    for (size_t i = 0; i < count; i++) {
        struct wd_resolution resolution = {0};

        if (habit->before)
            habit->before(cases[i], &resolution);
        wd_oracle(cases[i], &resolution, NULL, NULL, &output);
        results[i] = output.result;
        if (habit->after)
            habit->after(cases[i], &results[i]);
        *done = (uint32_t)i + 1;
    }
}

static void flip_bit_12(const struct wd_case *c, struct wd_result *result)
{
    if (is_every(c, 3) && result->answer == WD_ANSWER_PAR)
        result->par ^= 1 << 12;
}

/* Wrong in another way most of the time, and now and then in the same way. */
static void flip_others(const struct wd_case *c, struct wd_result *result)
{
    if (result->answer != WD_ANSWER_PAR)
        return;
    if (!is_every(c, 3))
        result->par ^= UINT64_C(1) << 40;
    else if (is_every(c, 6))
        result->par ^= 1 << 12;
}

static void crash(const struct wd_case *c, struct wd_result *result)
{
    (void)result;
    if (is_every(c, 200))
        abort();
}

static void hang(const struct wd_case *c, struct wd_result *result)
{
    (void)result;
    if (is_every(c, 300))
        for (;;)
            pause();
}

static void support_nothing(const struct wd_case *c, struct wd_result *result)
{
    (void)c;
    wd_result_unsupported(result, "not today");
}

static void be_fickle(const struct wd_case *c, struct wd_resolution *resolution)
{
    resolution->option[WD_CHOICE_S1_TXSZ_HIGH] = is_every(c, 2);
}

static void be_constant(const struct wd_case *c, struct wd_resolution *resolution)
{
    (void)c;
    resolution->option[WD_CHOICE_S1_TXSZ_HIGH] = 1;
}

/* Takes T0SZ above its maximum as the maximum, and makes a Translation fault of each stage 2 fault on a stage 1 walk.
 */
static void clamp_and_confuse(const struct wd_case *c, struct wd_resolution *resolution)
{
    (void)c;
    resolution->option[WD_CHOICE_S2_TXSZ_HIGH] = 1;
    resolution->mistakes = wd_mistake_bit(WD_MISTAKE_WALK_FAULT_AS_TRANSLATION);
}

/* The same, but it clamps only where the VA is odd. */
static void clamp_at_times_and_confuse(const struct wd_case *c, struct wd_resolution *resolution)
{
    clamp_and_confuse(c, resolution);
    resolution->option[WD_CHOICE_S2_TXSZ_HIGH] = c->va & 1;
}

/* What a walker has that is wrong in many ways, now and then in several of them at once. */
static const unsigned many_ways[] = {
    WD_CAUSE_MISTAKES + WD_MISTAKE_S2_48_BITS,
    WD_CAUSE_MISTAKES + WD_MISTAKE_S2_SIZE_WITHOUT_STATUS,
    WD_CAUSE_MISTAKES + WD_MISTAKE_PTW_NOT_CHECKED,
    WD_CAUSE_MISTAKES + WD_MISTAKE_WALK_FAULT_AT_STAGE_1_LEVEL,
    WD_CAUSE_MISTAKES + WD_MISTAKE_COMBINED_BY_ENCODING,
    WD_CAUSE_MISTAKES + WD_MISTAKE_COMBINED_RES1_CLEAR,
    2 * WD_RULE_IPA_OUT_OF_RANGE + 1, /* left out in stage 2 */
};

static void be_wrong_in_many_ways(const struct wd_case *c, struct wd_resolution *resolution)
{
    struct wd_causes causes = {0};

    (void)c;
    for (size_t i = 0; i < sizeof(many_ways) / sizeof(many_ways[0]); i++)
        wd_causes_add(&causes, many_ways[i]);
    wd_causes_suppose(&causes, resolution);
}

static void flip_rarely(const struct wd_case *c, struct wd_result *result)
{
    if (is_every(c, 2003) && result->answer == WD_ANSWER_PAR)
        result->par ^= UINT64_C(1) << 40;
}

static void be_slow(const struct wd_case *c, struct wd_result *result)
{
    (void)c;
    (void)result;
    usleep(1000);
}

static void *open_any(const char *options, char *error, size_t error_size)
{
    static char walker;

    (void)options;
    (void)error;
    (void)error_size;
    return &walker;
}

static void *open_none(const char *options, char *error, size_t error_size)
{
    (void)options;
    snprintf(error, error_size, "closed on Mondays");
    return NULL;
}

static void close_any(void *walker)
{
    (void)walker;
}

/* A walker with a habit. */
#define WALKER(walker_name, opening, ...)                                                                              \
    static void answer_##walker_name(void *walker, const struct wd_case *const *cases, struct wd_result *results,      \
                                     size_t count, volatile uint32_t *done)                                            \
    {                                                                                                                  \
        static const struct habit habit = {__VA_ARGS__};                                                               \
                                                                                                                       \
        (void)walker;                                                                                                  \
        answer_with(&habit, cases, results, count, done);                                                              \
    }                                                                                                                  \
    static const struct wd_walker_api walker_name = {.abi = WD_WALKER_ABI,                                             \
                                                     .case_size = sizeof(struct wd_case),                              \
                                                     .result_size = sizeof(struct wd_result),                          \
                                                     .name = #walker_name,                                             \
                                                     .version = "1.5",                                                 \
                                                     .open = opening,                                                  \
                                                     .answer = answer_##walker_name,                                   \
                                                     .close = close_any}

WALKER(faithful, open_any, NULL, NULL);
WALKER(wrong, open_any, .after = flip_bit_12);
WALKER(crashing, open_any, .after = crash);
WALKER(hanging, open_any, .after = hang);
WALKER(incapable, open_any, .after = support_nothing);
WALKER(fickle, open_any, .before = be_fickle);
WALKER(constant, open_any, .before = be_constant);
WALKER(confused, open_any, .before = clamp_and_confuse);
WALKER(confused_and_fickle, open_any, .before = clamp_at_times_and_confuse);
WALKER(wrong_otherwise, open_any, .after = flip_others);
WALKER(wrong_in_many_ways, open_any, .before = be_wrong_in_many_ways);
WALKER(wrong_in_one_more, open_any, .before = be_wrong_in_many_ways, .after = flip_rarely);
WALKER(slow, open_any, .after = be_slow);
WALKER(closed, open_none, NULL, NULL);

/* ---------------------------------------------------------------- runs */

struct fixture {
    struct wd_fuzz_plan plan;
    struct wd_fuzz_state state;
    bool has_state;
    char folder[64];      /* a place for files; emptied afterwards */
    void (*meddle)(void); /* once, when the run has begun */
    unsigned incidents;
    struct wd_journal *journal;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct wd_error error;

    signal(SIGPIPE, SIG_IGN);
    f->plan = (struct wd_fuzz_plan){
        .seed = 7,
        .cases = 20000,
        .timeout = 0.5,
        .jobs = 1,
        .profile_count = 2,
        .profile_names = {"v80", "v92"},
        .profiles = {wd_profile_by_name("v80"), wd_profile_by_name("v92")},
    };
    f->plan.waivers = wd_waivers_load(NULL, &error);
    snprintf(f->folder, sizeof(f->folder), "/tmp/walkdiff-engine-%d", getpid());
    mkdir(f->folder, 0700);
    *state = f;
    return 0;
}

static void empty_folder(const char *folder)
{
    DIR *listing = opendir(folder);
    struct dirent *entry;

    while (listing && (entry = readdir(listing)))
        unlinkat(dirfd(listing), entry->d_name, 0);
    if (listing)
        closedir(listing);
    rmdir(folder);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    if (f->has_state)
        wd_fuzz_state_free(&f->state);
    for (size_t i = 0; i < f->plan.walker_count; i++)
        free(f->plan.walkers[i].answerer.waivers.indices);
    wd_waivers_free((struct wd_waivers *)f->plan.waivers);
    wd_journal_close(f->journal);
    empty_folder(f->folder);
    free(f);
    return 0;
}

static void add(struct fixture *f, const struct wd_walker_api *api, bool reference)
{
    struct wd_contestant *contestant = &f->plan.walkers[f->plan.walker_count];
    struct wd_error error;

    contestant->spec = (struct wd_walker_spec){.text = api->name, .options = "", .builtin = api};
    snprintf(contestant->spec.name, sizeof(contestant->spec.name), "%s", api->name);
    contestant->answerer = (struct wd_answerer){.reference = reference, .profiles = f->plan.profile_names};
    if (!wd_engine_probe(&f->plan, f->plan.walker_count, &error))
        fail_msg("%s", error.text);
    f->plan.walker_count++;
}

static bool progress(void *context, const struct wd_fuzz_state *state, struct wd_error *error)
{
    struct fixture *f = context;

    if (f->meddle && state->tally.cases) {
        f->meddle();
        f->meddle = NULL;
    }
    return !f->journal || wd_journal_write(f->journal, &f->plan, state, command, error);
}

static void note_incident(void *context, const struct wd_fuzz_incident *incident)
{
    struct fixture *f = context;

    (void)incident;
    f->incidents++;
}

static void run(struct fixture *f, unsigned jobs)
{
    const struct wd_fuzz_watcher watcher = {.progress = progress, .incident = note_incident, .context = f};

    if (f->has_state)
        wd_fuzz_state_free(&f->state);
    f->plan.jobs = jobs;
    wd_plan_find_implementations(&f->plan);
    wd_engine_run(&f->plan, &watcher, &f->state);
    f->has_state = true;
}

/* What findings.jsonl would hold. The caller frees it. */
static char *findings_text(const struct fixture *f)
{
    struct wd_findings findings;
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    wd_findings_collect(&f->plan, &f->state, &findings);
    for (size_t i = 0; i < findings.count; i++)
        wd_finding_write(stream, &f->plan, &findings.list[i]);
    wd_findings_free(&findings);
    fclose(stream);
    return text;
}

/* Shows where two long texts differ. */
static void assert_same_text(const char *a, const char *b)
{
    size_t same = 0, shown;

    while (a[same] && a[same] == b[same])
        same++;
    shown = same < 200 ? same : 200;
    if (a[same] || b[same])
        fail_msg("not the same from here:\n%.400s\n%.400s", a + same - shown, b + same - shown);
}

static bool finds(const struct fixture *f, const char *text)
{
    char *findings = findings_text(f);
    bool found = strstr(findings, text);

    free(findings);
    return found;
}

static uint64_t verdicts(const struct fixture *f, size_t walker, enum wd_verdict verdict)
{
    return wd_tally_verdict(&f->state.tally, walker, verdict);
}

/* Each walker has exactly one verdict on each case. */
static void assert_all_judged(const struct fixture *f)
{
    assert_int_equal(f->state.end, WD_END_COMPLETE);
    assert_int_equal(f->state.tally.cases, f->plan.cases);
    for (size_t walker = 0; walker < f->plan.walker_count; walker++) {
        uint64_t sum = 0;

        for (size_t verdict = 0; verdict < WD_VERDICT_COUNT; verdict++)
            sum += verdicts(f, walker, verdict);
        assert_int_equal(sum, f->plan.cases);
    }
}

/* ---------------------------------------------------------------- what is found */

static void a_faithful_walker_agrees_with_all_that_the_oracle_supports(void **state)
{
    struct fixture *f = *state;

    add(f, &faithful, false);
    run(f, 1);
    assert_all_judged(f);
    assert_int_equal(verdicts(f, 0, WD_VERDICT_AGREE) + verdicts(f, 0, WD_VERDICT_UNSUPPORTED), f->plan.cases);
    assert_true(verdicts(f, 0, WD_VERDICT_UNSUPPORTED) < f->plan.cases / 50);
    assert_int_equal(wd_buckets_count(f->state.buckets), 0);
}

static void what_is_found_does_not_depend_on_the_number_of_jobs(void **state)
{
    struct fixture *f = *state;
    char *alone;

    add(f, &wrong, false);
    add(f, &fickle, true);
    run(f, 1);
    assert_all_judged(f);
    assert_true(wd_buckets_count(f->state.buckets) > 10);
    alone = findings_text(f);
    for (unsigned jobs = 2; jobs <= 5; jobs++) {
        char *together;

        run(f, jobs);
        assert_all_judged(f);
        together = findings_text(f);
        assert_same_text(together, alone);
        free(together);
    }
    free(alone);
}

static void the_first_case_of_a_bucket_is_made_again_from_seed_and_index(void **state)
{
    struct fixture *f = *state;
    struct wd_case_buffer *buffer = calloc(1, sizeof(*buffer));

    add(f, &wrong, false);
    run(f, 3);
    for (size_t i = 0; i < wd_buckets_count(f->state.buckets); i++) {
        wd_plan_make_case(&f->plan, wd_bucket_at(f->state.buckets, i)->first.index, buffer);
        assert_true(is_every(&buffer->c, 3));
    }
    free(buffer);
}

static void more_cases_keep_the_findings_of_fewer(void **state)
{
    struct fixture *f = *state;
    uint64_t first;

    add(f, &wrong, false);
    f->plan.cases = 1000;
    run(f, 2);
    first = wd_bucket_at(f->state.buckets, 0)->first.index;
    f->plan.cases = 5000;
    run(f, 2);
    for (size_t i = 0; i < wd_buckets_count(f->state.buckets); i++)
        if (wd_bucket_at(f->state.buckets, i)->first.index == first)
            return;
    fail_msg("case %llu shows nothing any more", (unsigned long long)first);
}

static void a_reference_that_differs_is_a_conflict_in_a_bucket_of_its_own(void **state)
{
    struct fixture *f = *state;

    add(f, &faithful, false);
    add(f, &wrong, true);
    run(f, 2);
    assert_all_judged(f);
    assert_int_equal(verdicts(f, 1, WD_VERDICT_DEVIATION), 0);
    assert_true(verdicts(f, 1, WD_VERDICT_REFERENCE_CONFLICT) > 1000);
    for (size_t i = 0; i < wd_buckets_count(f->state.buckets); i++)
        assert_int_equal(wd_bucket_at(f->state.buckets, i)->walker, 1);
}

/* What the others said of the cases of a finding, as the first finding of a run tells it. */
static struct wd_facet_counts first_votes(const struct fixture *f)
{
    struct wd_findings findings;
    struct wd_facet_counts votes;

    wd_findings_collect(&f->plan, &f->state, &findings);
    assert_true(findings.count > 0);
    votes = *findings.list[0].facets;
    wd_findings_free(&findings);
    return votes;
}

static void where_all_walkers_agree_against_the_oracle_that_is_told_first(void **state)
{
    struct fixture *f = *state;
    struct wd_facet_counts votes;

    add(f, &wrong_otherwise, false); /* its largest buckets are those in which no reference is wrong */
    add(f, &wrong, true);
    add(f, &wrong, true);
    run(f, 2);
    votes = first_votes(f);
    assert_true(votes.alone > 0);
    assert_true(votes.count[WD_FACET_PROFILE][0] + votes.count[WD_FACET_PROFILE][1] < f->plan.cases / 4);
    assert_true(finds(f, "\"oracle_alone\":"));
}

static void a_finding_tells_who_agrees_with_whom(void **state)
{
    struct fixture *f = *state;
    struct wd_findings findings;

    add(f, &wrong, false);
    add(f, &wrong, true);
    add(f, &faithful, true);
    add(f, &incapable, true);
    run(f, 2);
    wd_findings_collect(&f->plan, &f->state, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        const struct wd_finding *finding = &findings.list[i];

        assert_int_equal(finding->facets->alone, 0);
        assert_int_equal(finding->facets->votes[1 - finding->walker][WD_VOTE_SAME], finding->count);
        assert_int_equal(finding->facets->votes[2][WD_VOTE_ORACLE], finding->count);
        assert_int_equal(finding->facets->votes[3][WD_VOTE_NONE], finding->count);
    }
    assert_true(findings.count > 10);
    wd_findings_free(&findings);
}

/* Files `count` findings of walker 0 with a cause, from an index on; `also`: of what mistakes they may come, too. */
static void file(struct wd_buckets *buckets, unsigned cause, wd_mistake_set also, uint64_t index, unsigned count)
{
    static const struct wd_facets facets;
    static const struct wd_ballot ballot;
    const struct wd_cause what = wd_cause_by_number(cause);
    char signature[WD_SIGNATURE_MAX];
    struct wd_bucket_key key = {.verdict = WD_VERDICT_DEVIATION, .cause = (uint16_t)cause, .also = also};
    struct wd_bucket *bucket;

    wd_cause_signature(&what, signature, sizeof(signature));
    key.signature = signature;
    bucket = wd_bucket_of(buckets, &key);
    for (unsigned i = 0; i < count; i++)
        wd_bucket_add_one(bucket, &facets, &ballot, 1, index + i);
    wd_bucket_show(bucket, &(struct wd_exhibit){.index = index});
}

static void causes_that_explain_most_take_what_they_explain(void **state)
{
    const unsigned regime = wd_cause_mistake(WD_MISTAKE_REGIME_BY_HCR), epd = wd_cause_left_out(WD_RULE_EPD, 1);
    const wd_mistake_set may_be_regime = wd_mistake_bit(WD_MISTAKE_REGIME_BY_HCR);
    struct wd_buckets *buckets = wd_buckets_new();
    struct wd_merged *merged;
    size_t count;

    (void)state;
    file(buckets, regime, 0, 100, 50);
    file(buckets, epd, may_be_regime, 7, 3); /* perhaps it is the regime: then there is one defect, not two */
    merged = wd_merge_buckets(buckets, &count);
    assert_int_equal(count, 1);
    assert_int_equal(merged[0].count, 53);
    assert_int_equal(merged[0].shown->cause, regime);
    assert_int_equal(merged[0].shown->first.index, 100); /* a case that shows this cause and no other */
    free(merged);

    file(buckets, epd, 0, 500, 2); /* these are not the regime for sure */
    merged = wd_merge_buckets(buckets, &count);
    assert_int_equal(count, 2);
    assert_int_equal(merged[0].count, 53);
    assert_int_equal(merged[1].count, 2);
    assert_int_equal(merged[1].shown->cause, epd);
    free(merged);

    file(buckets, epd, 0, 600, 200); /* now EPD explains most */
    merged = wd_merge_buckets(buckets, &count);
    assert_int_equal(count, 2);
    assert_int_equal(merged[0].count, 205);
    assert_int_equal(merged[0].shown->cause, epd);
    assert_int_equal(merged[0].shown->first.index, 7);
    assert_int_equal(merged[1].count, 50);
    free(merged);
    wd_buckets_free(buckets);
}

/* A family is one finding where each of its checks is left out, and nothing contradicts it; not else. */
static void checks_of_a_family_are_one_finding_if_all_of_them_are_left_out(void **state)
{
    const unsigned lower = wd_cause_left_out(WD_RULE_VA_LOWER_RANGE, 1);
    const unsigned upper = wd_cause_left_out(WD_RULE_VA_UPPER_RANGE, 1);
    const unsigned single = wd_cause_left_out(WD_RULE_VA_SINGLE_RANGE, 1);
    const wd_mistake_set family = wd_mistake_bit(WD_MISTAKE_VA_RANGES);
    const wd_mistake_set regime = wd_mistake_bit(WD_MISTAKE_REGIME_BY_HCR);
    struct wd_buckets *buckets = wd_buckets_new();
    struct wd_merged *merged;
    size_t count;

    (void)state;
    file(buckets, lower, family, 100, 50);
    free(wd_merge_buckets(buckets, &count));
    assert_int_equal(count, 1);
    file(buckets, upper, family, 7, 90); /* two of three: the third check is made */
    merged = wd_merge_buckets(buckets, &count);
    assert_int_equal(count, 2);
    assert_true(merged[0].cause == upper && merged[1].cause == lower);
    free(merged);

    file(buckets, single, family, 500, 2);
    file(buckets, lower, family | regime, 60, 3);
    merged = wd_merge_buckets(buckets, &count);
    assert_int_equal(count, 1);
    assert_int_equal(merged[0].count, 145);
    assert_int_equal(merged[0].cause, wd_cause_mistake(WD_MISTAKE_VA_RANGES));
    assert_int_equal(merged[0].shown->cause, lower); /* the first of the family, whichever was found first */
    assert_int_equal(merged[0].shown->first.index, 60);
    assert_true(merged[0].also == 0);
    free(merged);

    file(buckets, lower, 0, 700, 1); /* an answer of a walker that leaves out this check, and makes another one */
    free(wd_merge_buckets(buckets, &count));
    assert_int_equal(count, 3);
    wd_buckets_free(buckets);
}

/* Variants of a mistake differ in a detail. */
static void variants_of_a_mistake_are_one_finding(void **state)
{
    const unsigned one = wd_cause_mistake(WD_MISTAKE_WALK_FAULT_AT_STAGE_1_LEVEL);
    const unsigned other = wd_cause_mistake(WD_MISTAKE_WALK_FAULT_AT_STAGE_1_LEVEL_MINUS_1);
    struct wd_buckets *buckets = wd_buckets_new();
    struct wd_merged *merged;
    size_t count;

    (void)state;
    file(buckets, one, 0, 100, 50);
    file(buckets, other, 0, 7, 3);
    merged = wd_merge_buckets(buckets, &count);
    assert_int_equal(count, 1);
    assert_int_equal(merged[0].count, 53);
    free(merged);
    wd_buckets_free(buckets);
}

/* Whether a cause is one of those that the walker has. */
static bool is_of_many_ways(const char *signature)
{
    for (size_t i = 0; i < sizeof(many_ways) / sizeof(many_ways[0]); i++) {
        const struct wd_cause cause = wd_cause_by_number(many_ways[i]);
        char text[WD_SIGNATURE_MAX];

        wd_cause_signature(&cause, text, sizeof(text));
        if (!strcmp(signature, text))
            return true;
    }
    return false;
}

static void what_several_causes_lead_to_is_counted_with_them_whoever_found_it(void **state)
{
    struct fixture *f = *state;
    struct wd_findings findings;
    uint64_t cases = 0;
    size_t merged;
    char *alone;

    f->plan.cases = 60000;
    add(f, &wrong_in_many_ways, false);
    run(f, 1);
    free(wd_merge_buckets(f->state.buckets, &merged));
    wd_findings_collect(&f->plan, &f->state, &findings);
    assert_true(merged > 2 * findings.count); /* else this test shows nothing */
    for (size_t i = 0; i < findings.count; i++) {
        if (!is_of_many_ways(findings.list[i].signature))
            fail_msg("%s", findings.list[i].signature);
        cases += findings.list[i].count;
    }
    assert_int_equal(cases, verdicts(f, 0, WD_VERDICT_DEVIATION) + verdicts(f, 0, WD_VERDICT_EXCEPTION_MISMATCH));
    assert_int_equal(findings.count, sizeof(many_ways) / sizeof(many_ways[0]));
    wd_findings_free(&findings);
    alone = findings_text(f);
    for (unsigned jobs = 2; jobs <= 3; jobs++) {
        char *together;

        run(f, jobs);
        together = findings_text(f);
        assert_same_text(together, alone);
        free(together);
    }
    free(alone);
}

/* What the causes that were found do not explain to the bit is a finding, if it is one case among thousands. */
static void what_is_wrong_in_one_more_way_is_not_counted_with_others(void **state)
{
    struct fixture *f = *state;
    struct wd_findings findings;
    uint64_t others = 0, flipped = 0;
    struct wd_case_buffer *buffer = calloc(1, sizeof(*buffer));

    f->plan.cases = 20000;
    add(f, &wrong_in_one_more, false);
    run(f, 2);
    for (uint64_t i = 0; i < f->plan.cases; i++) {
        struct wd_oracle_output output;
        struct wd_resolution resolution = {0};

        wd_plan_make_case(&f->plan, i, buffer);
        be_wrong_in_many_ways(&buffer->c, &resolution);
        wd_oracle(&buffer->c, &resolution, NULL, NULL, &output);
        flipped += is_every(&buffer->c, 2003) && output.result.answer == WD_ANSWER_PAR &&
                   !WD_GET(output.result.par, PAR_EL1, F);
    }
    wd_findings_collect(&f->plan, &f->state, &findings);
    for (size_t i = 0; i < findings.count; i++)
        others += is_of_many_ways(findings.list[i].signature) ? 0 : findings.list[i].count;
    wd_findings_free(&findings);
    free(buffer);
    assert_true(flipped > 0);
    assert_true(others >= flipped);
}

static void what_a_walker_does_not_support_is_counted_and_is_no_pass(void **state)
{
    struct fixture *f = *state;

    add(f, &incapable, false);
    run(f, 2);
    assert_all_judged(f);
    assert_int_equal(verdicts(f, 0, WD_VERDICT_UNSUPPORTED), f->plan.cases);
}

static void crashes_are_findings_and_the_run_goes_on(void **state)
{
    struct fixture *f = *state;
    uint64_t expected = 0;
    struct wd_case_buffer *buffer = calloc(1, sizeof(*buffer));

    add(f, &crashing, false);
    run(f, 3);
    assert_all_judged(f);
    for (uint64_t i = 0; i < f->plan.cases; i++) {
        wd_plan_make_case(&f->plan, i, buffer);
        expected += is_every(&buffer->c, 200);
    }
    assert_int_equal(verdicts(f, 0, WD_VERDICT_CRASH), expected);
    assert_int_equal(f->state.tally.restarts[0], expected);
    assert_int_equal(f->incidents, expected);
    free(buffer);
}

static void hangs_are_findings_and_the_run_goes_on(void **state)
{
    struct fixture *f = *state;

    add(f, &hanging, false);
    f->plan.cases = 300;
    f->plan.timeout = 0.2;
    run(f, 2);
    assert_all_judged(f);
    assert_true(verdicts(f, 0, WD_VERDICT_HANG) > 0);
    assert_int_equal(verdicts(f, 0, WD_VERDICT_HANG), f->state.tally.restarts[0]);
}

/* ---------------------------------------------------------------- choices that must be fixed */

static void a_choice_that_is_resolved_both_ways_is_inconsistent(void **state)
{
    struct fixture *f = *state;

    add(f, &fickle, false);
    run(f, 2);
    assert_all_judged(f);
    assert_true(finds(f, "\"verdict\":\"inconsistent\",\"rule\":\"S1_TXSZ_HIGH\""));
    assert_true(verdicts(f, 0, WD_VERDICT_PERMITTED) > 0);
    assert_int_equal(wd_buckets_count(f->state.buckets), 0);
}

static void a_choice_that_is_always_resolved_alike_is_not(void **state)
{
    struct fixture *f = *state;

    add(f, &constant, false);
    run(f, 2);
    assert_all_judged(f);
    assert_false(finds(f, "inconsistent"));
    assert_true(verdicts(f, 0, WD_VERDICT_PERMITTED) > 0);
}

/* ---------------------------------------------------------------- waivers */

/* Has a run of one walker, with a waiver for some of its findings. */
static void run_waived(struct fixture *f, const struct wd_walker_api *api, const char *signature, const char *rule)
{
    char path[128];
    struct wd_error error;
    FILE *file;

    snprintf(path, sizeof(path), "%s/a.toml", f->folder);
    file = fopen(path, "w");
    fprintf(file,
            "[[waiver]]\nid='w'\nwalker='%s'\nversions='>=1.5, <2'\nsignature=\"%s\"\nrule='%s'\ninstead='x'\n"
            "reason='x'\nlink='x'\ncase='x'\n",
            api->name, signature, rule);
    fclose(file);
    wd_waivers_free((struct wd_waivers *)f->plan.waivers);
    f->plan.waivers = wd_waivers_load(f->folder, &error);
    if (!f->plan.waivers)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < f->plan.walker_count; i++)
        free(f->plan.walkers[i].answerer.waivers.indices);
    f->plan.walker_count = 0;
    add(f, api, false);
    run(f, 2);
}

static void a_waived_finding_is_counted_and_fills_no_bucket(void **state)
{
    struct fixture *f = *state;
    uint64_t findings, waived;
    const struct wd_bucket *bucket;

    add(f, &wrong, false);
    run(f, 2);
    bucket = wd_bucket_at(f->state.buckets, 0);
    findings = verdicts(f, 0, WD_VERDICT_DEVIATION);
    waived = bucket->count;
    run_waived(f, &wrong, bucket->signature, wd_rules[bucket->first.rule].name);
    assert_int_equal(verdicts(f, 0, WD_VERDICT_WAIVED), waived);
    assert_int_equal(f->state.tally.waived[0], waived);
    assert_int_equal(verdicts(f, 0, WD_VERDICT_DEVIATION), findings - waived);
}

/* The waiver that confused and confused_and_fickle need. */
static const char confusion[] = "S2_FAULT_ON_WALK s2 fault of stage 2 → *", confusion_rule[] = "S2_FAULT_ON_WALK";

/*
 * A fault that it makes another one of can be what the other resolution gives: that proves nothing against it, be it
 * found to do so in this run or waived for it.
 */
static void what_a_walker_is_found_or_waived_for_makes_it_not_inconsistent(void **state)
{
    struct fixture *f = *state;

    f->plan.cases = 60000;
    add(f, &confused, false);
    run(f, 2);
    assert_true(finds(f, "S2_FAULT_ON_WALK s2 fault of stage 2"));
    assert_false(finds(f, "inconsistent"));
    run_waived(f, &confused, confusion, confusion_rule);
    assert_false(finds(f, "inconsistent"));
    assert_true(verdicts(f, 0, WD_VERDICT_WAIVED) > 0);
    assert_int_equal(wd_buckets_count(f->state.buckets), 0);
}

static void a_walker_that_is_waived_for_something_is_found_inconsistent_all_the_same(void **state)
{
    struct fixture *f = *state;

    f->plan.cases = 60000;
    run_waived(f, &confused_and_fickle, confusion, confusion_rule);
    assert_true(finds(f, "\"verdict\":\"inconsistent\",\"rule\":\"S2_TXSZ_HIGH\""));
    assert_int_equal(wd_buckets_count(f->state.buckets), 0);
}

/* ---------------------------------------------------------------- ends of runs */

static void a_walker_that_cannot_be_opened_is_an_error_with_its_message(void **state)
{
    struct fixture *f = *state;
    struct wd_error error;

    f->plan.walkers[0].spec =
        (struct wd_walker_spec){.name = "closed", .text = "closed", .options = "", .builtin = &closed};
    assert_false(wd_engine_probe(&f->plan, 0, &error));
    assert_non_null(strstr(error.text, "closed on Mondays"));
}

static void a_run_ends_when_its_time_is_over(void **state)
{
    struct fixture *f = *state;

    add(f, &slow, false);
    f->plan.cases = UINT64_MAX;
    f->plan.seconds = 0.7;
    run(f, 2);
    assert_int_equal(f->state.end, WD_END_COMPLETE);
    assert_true(f->state.seconds >= 0.7 && f->state.seconds < 3);
    assert_true(f->state.tally.cases > 50);
}

static void interrupt(void)
{
    kill(getpid(), SIGINT);
}

static void an_interrupted_run_ends_in_good_order(void **state)
{
    struct fixture *f = *state;

    add(f, &slow, false);
    f->plan.cases = 1000000;
    f->meddle = interrupt;
    run(f, 2);
    assert_int_equal(f->state.end, WD_END_INTERRUPTED);
    assert_int_equal(verdicts(f, 0, WD_VERDICT_AGREE) + verdicts(f, 0, WD_VERDICT_UNSUPPORTED), f->state.tally.cases);
}

/* Kills one of the processes of the run, which are this process's children. */
static void kill_a_job(void)
{
    char path[64], text[64] = {0};
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", getpid(), getpid());
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    kill(atoi(text), SIGKILL);
}

static void a_run_that_loses_a_process_says_so_and_which_cases_it_had(void **state)
{
    struct fixture *f = *state;

    add(f, &slow, false);
    f->meddle = kill_a_job;
    run(f, 2);
    assert_int_equal(f->state.end, WD_END_FAILED);
    assert_non_null(strstr(f->state.error.text, "ended with signal 9; cases "));
    assert_non_null(strstr(f->state.error.text, "of seed 7, which it had in hand, were not all judged"));
}

/* ---------------------------------------------------------------- what is on the disk */

static char *read_file(const struct fixture *f, const char *name, size_t *size)
{
    char path[128];
    struct stat status;
    char *text;
    int file;

    snprintf(path, sizeof(path), "%s/%s", f->folder, name);
    file = open(path, O_RDONLY);
    assert_true(file >= 0);
    assert_int_equal(fstat(file, &status), 0);
    text = malloc((size_t)status.st_size + 1);
    assert_int_equal(read(file, text, (size_t)status.st_size), status.st_size);
    text[status.st_size] = '\0';
    *size = (size_t)status.st_size;
    close(file);
    return text;
}

/* Each line is an object with its members. @return their number */
static unsigned assert_findings_are_whole(const struct fixture *f)
{
    static const char *const members[] = {"signature", "title", "verdict",  "rule", "walker", "facets",
                                          "count",     "first", "expected", "got",  "case"};
    size_t size;
    char *text = read_file(f, "findings.jsonl", &size), *line = text, *end;
    unsigned lines = 0;

    for (; *line; line = end + 1, lines++) {
        yyjson_doc *document;

        end = strchr(line, '\n');
        assert_non_null(end);
        document = yyjson_read(line, (size_t)(end - line), 0);
        assert_non_null(document);
        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
            assert_non_null(yyjson_obj_get(yyjson_doc_get_root(document), members[i]));
        yyjson_doc_free(document);
    }
    free(text);
    return lines;
}

static uint64_t assert_summary_is_whole(const struct fixture *f)
{
    static const char *const members[] = {"walkdiff", "seed", "cases", "walkers", "coverage"};
    size_t size;
    char *text = read_file(f, "summary.json", &size);
    yyjson_doc *document = yyjson_read(text, size, 0);
    uint64_t cases;

    assert_non_null(document);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        assert_non_null(yyjson_obj_get(yyjson_doc_get_root(document), members[i]));
    cases = yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(document), "cases"));
    yyjson_doc_free(document);
    free(text);
    return cases;
}

static void open_journal(struct fixture *f)
{
    struct wd_error error;

    f->journal = wd_journal_open(f->folder, &error);
    if (!f->journal)
        fail_msg("%s", error.text);
}

static void a_finished_run_leaves_all_its_findings(void **state)
{
    struct fixture *f = *state;
    size_t size;
    char *text, *file;

    add(f, &wrong, false);
    open_journal(f);
    run(f, 2);
    assert_int_equal(assert_findings_are_whole(f), wd_buckets_count(f->state.buckets));
    assert_int_equal(assert_summary_is_whole(f), f->plan.cases);
    text = findings_text(f);
    file = read_file(f, "findings.jsonl", &size);
    assert_same_text(file, text);
    free(file);
    free(text);
}

static void two_runs_do_not_write_to_one_folder(void **state)
{
    struct fixture *f = *state;
    struct wd_error error;

    open_journal(f);
    assert_null(wd_journal_open(f->folder, &error));
    assert_non_null(strstr(error.text, "another run writes its results there"));
}

/* However slow the machine is, both files are there in the end; a run that never writes them hangs, and the test's time
 * is up. */
static void wait_for_first_write(const struct fixture *f)
{
    char findings[PATH_MAX], summary[PATH_MAX];

    snprintf(findings, sizeof(findings), "%s/findings.jsonl", f->folder);
    snprintf(summary, sizeof(summary), "%s/summary.json", f->folder);
    while (access(findings, F_OK) || access(summary, F_OK))
        usleep(1000);
}

/* Processes of a run that was killed a moment ago may still be there, and with them its lock on the folder. */
static void open_journal_when_free(struct fixture *f)
{
    struct wd_error error;

    while (!(f->journal = wd_journal_open(f->folder, &error)))
        usleep(1000);
}

static void what_is_on_the_disk_is_whole_whenever_the_run_is_killed(void **state)
{
    struct fixture *f = *state;

    add(f, &wrong, false);
    f->plan.cases = UINT64_MAX;
    for (unsigned i = 0; i < 12; i++) {
        pid_t engine = fork();

        if (engine == 0) {
            open_journal_when_free(f);
            run(f, 2);
            _exit(0);
        }
        wait_for_first_write(f);
        usleep(37 * 1000 * i);
        kill(engine, SIGKILL);
        waitpid(engine, NULL, 0);
        assert_findings_are_whole(f);
        assert_summary_is_whole(f);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(a_faithful_walker_agrees_with_all_that_the_oracle_supports),
        TEST(what_is_found_does_not_depend_on_the_number_of_jobs),
        TEST(the_first_case_of_a_bucket_is_made_again_from_seed_and_index),
        TEST(more_cases_keep_the_findings_of_fewer),
        TEST(a_reference_that_differs_is_a_conflict_in_a_bucket_of_its_own),
        TEST(where_all_walkers_agree_against_the_oracle_that_is_told_first),
        TEST(a_finding_tells_who_agrees_with_whom),
        TEST(causes_that_explain_most_take_what_they_explain),
        TEST(checks_of_a_family_are_one_finding_if_all_of_them_are_left_out),
        TEST(variants_of_a_mistake_are_one_finding),
        TEST(what_several_causes_lead_to_is_counted_with_them_whoever_found_it),
        TEST(what_is_wrong_in_one_more_way_is_not_counted_with_others),
        TEST(what_a_walker_does_not_support_is_counted_and_is_no_pass),
        TEST(crashes_are_findings_and_the_run_goes_on),
        TEST(hangs_are_findings_and_the_run_goes_on),
        TEST(a_choice_that_is_resolved_both_ways_is_inconsistent),
        TEST(a_choice_that_is_always_resolved_alike_is_not),
        TEST(a_waived_finding_is_counted_and_fills_no_bucket),
        TEST(what_a_walker_is_found_or_waived_for_makes_it_not_inconsistent),
        TEST(a_walker_that_is_waived_for_something_is_found_inconsistent_all_the_same),
        TEST(a_walker_that_cannot_be_opened_is_an_error_with_its_message),
        TEST(a_run_ends_when_its_time_is_over),
        TEST(an_interrupted_run_ends_in_good_order),
        TEST(a_run_that_loses_a_process_says_so_and_which_cases_it_had),
        TEST(a_finished_run_leaves_all_its_findings),
        TEST(two_runs_do_not_write_to_one_folder),
        TEST(what_is_on_the_disk_is_whole_whenever_the_run_is_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
