/* SPDX-License-Identifier: MIT */
/* Shrinking: what comes out is a fixed point, keeps what it must, and is small; and it costs little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "generators/generate.h"
#include "generators/shrink_case.h"
#include "harness/casefile/case_file.h"
#include "harness/engine/exhibits.h"
#include "harness/engine/fold.h"
#include "harness/shrink/shrinker.h"
#include "harness/support/allocate.h"
#include "harness/walkers/sample/sample.h"

/* ---------------------------------------------------------------- without walkers */

enum { ASKED_MAX = 100000 };

/* Processes are slow to start under a sanitizer: then every fourth defect must do. */
#ifdef __SANITIZE_ADDRESS__
enum { DEFECTS_STEP = 4 };
#else
enum { DEFECTS_STEP = 1 };
#endif

/* Keeps cases that the oracle decides by one rule, and watches over the shrinking. */
struct by_rule {
    unsigned rule;
    uint64_t asked[ASKED_MAX]; /* hashes */
    size_t asked_count, repeated, found;
    size_t patience; /* batches until it stops; 0: it does not */
    struct wd_shrink_measure last;
};

static bool keeps_rule(void *context, const struct wd_case *const *candidates, size_t count, bool *kept)
{
    struct by_rule *by_rule = context;
    struct wd_oracle_output output;

    for (size_t i = 0; i < count; i++) {
        uint64_t hash = wd_shrink_hash(candidates[i]);

        for (size_t j = 0; j < by_rule->asked_count; j++)
            by_rule->repeated += by_rule->asked[j] == hash;
        assert_true(by_rule->asked_count < ASKED_MAX);
        by_rule->asked[by_rule->asked_count++] = hash;
        wd_oracle(candidates[i], NULL, NULL, NULL, &output);
        kept[i] = output.rule == by_rule->rule;
    }
    return !by_rule->patience || --by_rule->patience;
}

static void note_found(void *context, const struct wd_case *smaller)
{
    struct by_rule *by_rule = context;
    struct wd_oracle_output output;
    struct wd_shrink_measure measure;

    wd_oracle(smaller, NULL, NULL, NULL, &output);
    measure = wd_shrink_measure(smaller, &output);
    assert_int_equal(output.rule, by_rule->rule);
    if (by_rule->found++)
        assert_true(wd_shrink_is_smaller(&measure, &by_rule->last));
    by_rule->last = measure;
}

/* A case that is decided by a rule. */
static void find_case(unsigned rule, struct wd_case_buffer *buffer)
{
    const struct wd_profile_mix mix = {.profiles = {wd_profile_by_name("all")}, .count = 1};
    struct wd_oracle_output output;

    for (uint64_t index = 0;; index++) {
        wd_generate(&mix, 3, index, buffer);
        wd_oracle(&buffer->c, NULL, NULL, NULL, &output);
        if (output.rule == rule)
            return;
    }
}

static char *text_of(const struct wd_case *c)
{
    char *text = calloc(1, 1 << 15);

    wd_case_to_json(c, NULL, text, 1 << 15);
    return text;
}

/* Shrinks a case as long as a rule decides it. The caller frees what comes out. */
static struct wd_shrunk *shrink_by_rule(struct by_rule *by_rule, const struct wd_case *c, bool frugal,
                                        struct wd_shrink_outcome *outcome)
{
    const struct wd_shrink_keeper keeper = {.keeps = keeps_rule, .found = note_found, .context = by_rule};
    const struct wd_shrink_limits limits = {.frugal = frugal};

    return wd_shrink(c, &keeper, &limits, outcome);
}

static void assert_fixed_point(struct by_rule *by_rule, const struct wd_case *c)
{
    const struct wd_shrink_keeper keeper = {.keeps = keeps_rule, .context = by_rule};
    const char *pass;
    struct wd_shrunk *smaller;

    by_rule->asked_count = by_rule->repeated = 0;
    smaller = wd_shrink_one_step(c, &keeper, &pass);
    if (smaller)
        fail_msg("%s: a step of pass %s is left, from\n%s to\n%s", wd_rules[by_rule->rule].name, pass, text_of(c),
                 text_of(wd_shrunk_case(smaller)));
}

static const unsigned rules[] = {WD_RULE_EPD,
                                 WD_RULE_VA_UPPER_RANGE,
                                 WD_RULE_VA_SINGLE_RANGE,
                                 WD_RULE_DESCRIPTOR_INVALID,
                                 WD_RULE_LEAF_ADDRESS_SIZE,
                                 WD_RULE_NEXT_TABLE_ADDRESS_SIZE,
                                 WD_RULE_EXTERNAL_ABORT,
                                 WD_RULE_ACCESS_FLAG,
                                 WD_RULE_S2_WALK_NOT_READABLE,
                                 WD_RULE_IPA_OUT_OF_RANGE,
                                 WD_RULE_AP_READ_ONLY,
                                 WD_RULE_SUCCESS};

static void shrink_each_rule(bool frugal)
{
    struct by_rule *by_rule = calloc(1, sizeof(*by_rule));
    struct wd_case_buffer *buffer = calloc(1, sizeof(*buffer));

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct wd_shrink_outcome outcome;
        struct wd_shrunk *shrunk;

        memset(by_rule, 0, sizeof(*by_rule));
        by_rule->rule = rules[i];
        find_case(rules[i], buffer);
        shrunk = shrink_by_rule(by_rule, &buffer->c, frugal, &outcome);
        assert_true(outcome.fixed_point);
        assert_int_equal(by_rule->repeated, 0);
        assert_int_equal(by_rule->asked_count, outcome.candidates);
        assert_fixed_point(by_rule, wd_shrunk_case(shrunk));
        wd_shrunk_free(shrunk);
    }
    free(buffer);
    free(by_rule);
}

static void what_comes_out_is_a_fixed_point_and_nothing_was_asked_twice(void **state)
{
    (void)state;
    shrink_each_rule(false);
}

static void frugal_shrinking_leads_to_a_fixed_point_too(void **state)
{
    (void)state;
    shrink_each_rule(true);
}

static void a_disabled_walk_needs_no_more_than_the_bit_that_disables_it(void **state)
{
    struct by_rule *by_rule = calloc(1, sizeof(*by_rule));
    struct wd_case_buffer *buffer = calloc(1, sizeof(*buffer));
    struct wd_shrunk *shrunk;
    const struct wd_case *c;

    (void)state;
    by_rule->rule = WD_RULE_EPD;
    find_case(WD_RULE_EPD, buffer);
    shrunk = shrink_by_rule(by_rule, &buffer->c, false, NULL);
    c = wd_shrunk_case(shrunk);
    assert_int_equal(c->op, WD_AT_S1E1R);
    assert_int_equal(c->va, 0);
    assert_int_equal(c->mem_count + c->ram_count, 0);
    assert_int_equal(c->regs[WD_SCTLR_EL1], 1);
    assert_int_equal(WD_GET(c->regs[WD_TCR_EL1], TCR_EL1, EPD0), 1);
    for (unsigned reg = 0; reg < WD_REGISTER_COUNT; reg++)
        if (reg != WD_SCTLR_EL1 && reg != WD_TCR_EL1)
            assert_int_equal(c->regs[reg], wd_shrink_default(reg));
    wd_shrunk_free(shrunk);
    free(buffer);
    free(by_rule);
}

static void the_same_case_always_shrinks_to_the_same_case(void **state)
{
    struct by_rule *by_rule = calloc(1, sizeof(*by_rule));
    struct wd_case_buffer *buffer = calloc(1, sizeof(*buffer));
    char *texts[2];

    (void)state;
    find_case(WD_RULE_SUCCESS, buffer);
    for (unsigned i = 0; i < 2; i++) {
        struct wd_shrunk *shrunk;

        memset(by_rule, 0, sizeof(*by_rule));
        by_rule->rule = WD_RULE_SUCCESS;
        shrunk = shrink_by_rule(by_rule, &buffer->c, false, NULL);
        texts[i] = text_of(wd_shrunk_case(shrunk));
        wd_shrunk_free(shrunk);
    }
    assert_string_equal(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
    free(buffer);
    free(by_rule);
}

static void a_keeper_can_stop_it_and_what_is_left_can_be_gone_on_with(void **state)
{
    struct by_rule *by_rule = calloc(1, sizeof(*by_rule));
    struct wd_case_buffer *buffer = calloc(1, sizeof(*buffer));
    struct wd_shrink_outcome outcome = {0};
    struct wd_shrunk *shrunk = NULL;
    unsigned rounds = 0;

    (void)state;
    find_case(WD_RULE_S2_WALK_NOT_READABLE, buffer);
    do {
        struct wd_shrunk *before = shrunk;

        memset(by_rule, 0, sizeof(*by_rule));
        by_rule->rule = WD_RULE_S2_WALK_NOT_READABLE;
        by_rule->patience = 13;
        shrunk = shrink_by_rule(by_rule, before ? wd_shrunk_case(before) : &buffer->c, false, &outcome);
        wd_shrunk_free(before);
        assert_true(++rounds < 100);
    } while (!outcome.fixed_point);
    assert_true(rounds > 1);
    by_rule->patience = 0;
    assert_fixed_point(by_rule, wd_shrunk_case(shrunk));
    wd_shrunk_free(shrunk);
    free(buffer);
    free(by_rule);
}

static void a_limit_of_candidates_is_kept(void **state)
{
    struct by_rule *by_rule = calloc(1, sizeof(*by_rule));
    struct wd_case_buffer *buffer = calloc(1, sizeof(*buffer));
    const struct wd_shrink_keeper keeper = {.keeps = keeps_rule, .context = by_rule};
    const struct wd_shrink_limits limits = {.candidates = 60};
    struct wd_shrink_outcome outcome;
    struct wd_oracle_output output;
    struct wd_shrunk *shrunk;

    (void)state;
    by_rule->rule = WD_RULE_S2_WALK_NOT_READABLE;
    find_case(WD_RULE_S2_WALK_NOT_READABLE, buffer);
    shrunk = wd_shrink(&buffer->c, &keeper, &limits, &outcome);
    assert_false(outcome.fixed_point);
    assert_true(outcome.candidates <= 60);
    wd_oracle(wd_shrunk_case(shrunk), NULL, NULL, NULL, &output);
    assert_int_equal(output.rule, WD_RULE_S2_WALK_NOT_READABLE);
    wd_shrunk_free(shrunk);
    free(buffer);
    free(by_rule);
}

static void thousands_of_words_that_no_walk_reads_are_dropped(void **state)
{
    struct by_rule *by_rule = calloc(1, sizeof(*by_rule));
    struct wd_case_buffer *buffer = calloc(1, sizeof(*buffer));
    struct wd_shrink_case large = {0};
    struct wd_shrunk *shrunk;

    (void)state;
    by_rule->rule = WD_RULE_AP_READ_ONLY;
    find_case(WD_RULE_AP_READ_ONLY, buffer);
    wd_shrink_copy(&large, &buffer->c);
    for (uint64_t i = 0; i < 5000; i++)
        wd_shrink_put_word(&large, UINT64_C(0x0f00000000000000) + 8 * i, i + 1);
    shrunk = shrink_by_rule(by_rule, &large.c, false, NULL);
    assert_true(wd_shrunk_case(shrunk)->mem_count <= 2);
    wd_shrunk_free(shrunk);
    wd_shrink_case_free(&large);
    free(buffer);
    free(by_rule);
}

/* ---------------------------------------------------------------- findings of a run */

struct fixture {
    struct wd_places places;
    struct wd_fuzz_plan plan;
    struct wd_fuzz_state state;
    bool has_state;
    char spec[64];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct wd_error error;

    signal(SIGPIPE, SIG_IGN);
    f->plan = (struct wd_fuzz_plan){
        .seed = 11,
        .cases = 3000,
        .timeout = 5,
        .jobs = 1,
        .profile_count = 2,
        .profile_names = {"v80", "all"},
        .profiles = {wd_profile_by_name("v80"), wd_profile_by_name("all")},
    };
    f->plan.waivers = wd_waivers_load(NULL, &error);
    wd_plan_find_implementations(&f->plan);
    *state = f;
    return 0;
}

static void forget_run(struct fixture *f)
{
    if (f->has_state)
        wd_fuzz_state_free(&f->state);
    f->has_state = false;
    for (size_t i = 0; i < f->plan.walker_count; i++)
        free(f->plan.walkers[i].answerer.waivers.indices);
    f->plan.walker_count = 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    forget_run(f);
    wd_waivers_free((struct wd_waivers *)f->plan.waivers);
    free(f);
    return 0;
}

static bool go_on(void *context, const struct wd_fuzz_state *state, struct wd_error *error)
{
    (void)context, (void)state, (void)error;
    return true;
}

static void ignore_incident(void *context, const struct wd_fuzz_incident *incident)
{
    (void)context, (void)incident;
}

static void run_spec(struct fixture *f, const struct wd_walker_spec *spec)
{
    const struct wd_fuzz_watcher watcher = {.progress = go_on, .incident = ignore_incident};
    struct wd_error error;

    forget_run(f);
    f->plan.walkers[0] = (struct wd_contestant){.spec = *spec, .answerer.profiles = f->plan.profile_names};
    if (!wd_engine_probe(&f->plan, 0, &error))
        fail_msg("%s", error.text);
    f->plan.walker_count = 1;
    wd_engine_run(&f->plan, &watcher, &f->state);
    wd_shrink_exhibits(&f->plan, &watcher, &f->state);
    f->has_state = true;
    assert_int_equal(f->state.end, WD_END_COMPLETE);
}

static void run_defect(struct fixture *f, const char *defect)
{
    struct wd_walker_spec spec;
    struct wd_error error;

    snprintf(f->spec, sizeof(f->spec), "sample,defect=%s", defect);
    assert_true(wd_walker_spec_parse(f->spec, &f->places, &spec, &error));
    run_spec(f, &spec);
}

/* What a shrunk case must be, for the judge and for those who read it. */
struct census {
    unsigned cases;
    unsigned registers[64]; /* how many have so many registers beyond those that turn the MMU on */
    unsigned excessive;     /* have more words than the walk reads, or than a walker tells that goes another way */
};

static unsigned count_registers(const struct wd_case *c)
{
    unsigned count = 0;

    for (unsigned reg = 0; reg < WD_REGISTER_COUNT; reg++)
        count += c->regs[reg] != wd_shrink_default(reg);
    return count;
}

/* Registers that turn the MMU on: SCTLR, TCR, TTBR; HCR_EL2, VTCR_EL2 and VTTBR_EL2 for stage 2. */
static unsigned minimum(const struct wd_case *c)
{
    return WD_GET(c->regs[WD_HCR_EL2], HCR_EL2, VM) || WD_GET(c->regs[WD_HCR_EL2], HCR_EL2, DC) ? 6 : 3;
}

static void assert_small(const struct wd_case *c, const struct wd_pinned *pinned, struct census *census)
{
    unsigned reads = pinned->basis.result.read_count, beyond;

    if (pinned->got.read_count > reads)
        reads = pinned->got.read_count;
    census->excessive += c->mem_count > reads;
    beyond = count_registers(c) > minimum(c) ? count_registers(c) - minimum(c) : 0;
    census->registers[beyond < 63 ? beyond : 63]++;
    census->cases++;
}

static unsigned median_of(const struct census *census)
{
    unsigned seen = 0, value = 0;

    while ((seen += census->registers[value]) * 2 < census->cases)
        value++;
    return value;
}

/* The case that a bucket shows. The reader must live as long as the case. */
static struct wd_case_reader *read_exhibit(const struct wd_bucket *bucket, FILE **stream, struct wd_case_entry *entry)
{
    struct wd_case_reader *reader;

    *stream = fmemopen(bucket->first.c, strlen(bucket->first.c), "r");
    reader = wd_case_reader_new(*stream, "exhibit");
    assert_int_equal(wd_case_reader_next(reader, entry), 1);
    return reader;
}

/* No step is left in what a bucket shows, and it is of the bucket. */
static void check_bucket(struct fixture *f, struct wd_shrinker *shrinker, const struct wd_bucket *bucket,
                         struct census *census)
{
    const struct wd_wanted wanted = {.verdict = bucket->verdict, .signature = bucket->signature};
    struct wd_shrinking *again = calloc(1, sizeof(*again));
    unsigned profile = bucket->first.profile;
    struct wd_case_entry entry;
    struct wd_shrunk *step;
    struct wd_error error;
    FILE *stream;
    struct wd_case_reader *reader = read_exhibit(bucket, &stream, &entry);
    const char *pass = "";
    char got[1 << 14];

    assert_true(bucket->first.shrunk);
    step = wd_shrinker_step_left(shrinker, &entry.c, profile, &pass, &error);
    if (step)
        fail_msg("%s, %s: a step of pass %s is left, from\n%s to\n%s", f->spec, bucket->signature, pass,
                 text_of(&entry.c), text_of(wd_shrunk_case(step)));
    assert_true(wd_shrinker_run(shrinker, &entry.c, NULL, profile, &wanted, again, &error));
    assert_int_equal(again->end, WD_SHRINK_FIXED_POINT);
    assert_int_equal(again->outcome.steps, 0);
    assert_int_equal(again->pins[0].judgement.rule, bucket->first.rule);
    wd_result_to_json(&again->pins[0].got, NULL, got, sizeof(got));
    assert_string_equal(got, bucket->first.got);
    wd_result_to_json(&again->pins[0].judgement.expected.result, NULL, got, sizeof(got));
    assert_string_equal(got, bucket->first.expected);
    assert_small(&entry.c, &again->pins[0], census);
    wd_shrunk_free(again->shrunk);
    wd_case_reader_free(reader);
    fclose(stream);
    free(again);
}

static void check_run(struct fixture *f, struct census *census)
{
    const struct wd_pin pin = {.spec = &f->plan.walkers[0].spec, .answerer = &f->plan.walkers[0].answerer};
    const struct wd_shrinker_options options = {.timeout = f->plan.timeout};
    struct wd_error error;
    struct wd_shrinker *shrinker = wd_shrinker_open(&pin, 1, &options, &error);
    size_t count;
    struct wd_merged *merged = wd_fold_buckets(&f->plan, &f->state, &count);

    assert_non_null(shrinker);
    for (size_t i = 0; i < count; i++)
        check_bucket(f, shrinker, merged[i].shown, census);
    free(merged);
    wd_shrinker_close(shrinker);
}

static void findings_of_all_defects_shrink_to_small_fixed_points_of_their_buckets(void **state)
{
    struct fixture *f = *state;
    struct census census = {0};
    size_t count;
    const struct wd_sample_defect *defects = wd_sample_defects(&count);

    for (size_t i = 0; i < count; i += DEFECTS_STEP) {
        run_defect(f, defects[i].id);
        check_run(f, &census);
    }
    assert_true(census.cases > 100 / DEFECTS_STEP);
    assert_true(median_of(&census) <= 4);
    assert_true(census.excessive * 10 < census.cases);
}

/* ---------------------------------------------------------------- walkers of this test, wrapped around the oracle */

/* Whether a case is one of those that the walkers treat in their own way: an index of the top level that is odd. */
static bool is_hit(const struct wd_case *c)
{
    return WD_GET(c->regs[WD_SCTLR_EL1], SCTLR_EL1, M) && c->va >> 13 & 1;
}

static void die(const struct wd_case *c, struct wd_result *result)
{
    (void)result;
    if (is_hit(c))
        abort();
}

static void hang(const struct wd_case *c, struct wd_result *result)
{
    (void)result;
    for (; is_hit(c);)
        pause();
}

static void retry(const struct wd_case *c, struct wd_result *result)
{
    if (is_hit(c))
        result->answer = WD_ANSWER_RETRY;
}

static void warn(const struct wd_case *c, struct wd_result *result)
{
    result->warning_count = is_hit(c);
    snprintf(result->warnings[0], sizeof(result->warnings[0]), "at.c:%u", c->op == WD_AT_S1E1R ? 1 : 2);
}

static void be_moody(const struct wd_case *c, struct wd_result *result)
{
    static unsigned calls;

    if (is_hit(c) && calls++ % 2)
        result->answer = WD_ANSWER_RETRY;
}

static void *open_any(const char *options, char *error, size_t error_size)
{
    static char walker;

    (void)options, (void)error, (void)error_size;
    return &walker;
}

static void close_any(void *walker)
{
    (void)walker;
}

#define WALKER(walker_name, habit)                                                                                     \
    static void answer_##walker_name(void *walker, const struct wd_case *const *cases, struct wd_result *results,      \
                                     size_t count, volatile uint32_t *done)                                            \
    {                                                                                                                  \
        struct wd_oracle_output output;                                                                                \
                                                                                                                       \
        (void)walker;                                                                                                  \
        for (size_t i = 0; i < count; i++) {                                                                           \
            wd_oracle(cases[i], NULL, NULL, NULL, &output);                                                            \
            results[i] = output.result;                                                                                \
            if (output.result.answer <= WD_ANSWER_UNDEFINED)                                                           \
                habit(cases[i], &results[i]);                                                                          \
            *done = (uint32_t)i + 1;                                                                                   \
        }                                                                                                              \
    }                                                                                                                  \
    static const struct wd_walker_api walker_name = {.abi = WD_WALKER_ABI,                                             \
                                                     .case_size = sizeof(struct wd_case),                              \
                                                     .result_size = sizeof(struct wd_result),                          \
                                                     .name = #walker_name,                                             \
                                                     .version = "1.5",                                                 \
                                                     .open = open_any,                                                 \
                                                     .answer = answer_##walker_name,                                   \
                                                     .close = close_any}

WALKER(dying, die);
WALKER(hanging, hang);
WALKER(retrying, retry);
WALKER(warning, warn);
WALKER(moody, be_moody);

static struct wd_walker_spec spec_of(const struct wd_walker_api *api)
{
    struct wd_walker_spec spec = {.text = api->name, .options = "", .builtin = api};

    snprintf(spec.name, sizeof(spec.name), "%s", api->name);
    return spec;
}

static void run_walker(struct fixture *f, const struct wd_walker_api *api, uint64_t cases)
{
    const struct wd_walker_spec spec = spec_of(api);

    snprintf(f->spec, sizeof(f->spec), "%s", api->name);
    f->plan.cases = cases;
    run_spec(f, &spec);
    assert_true(wd_buckets_count(f->state.buckets) > 0);
}

/* All that such a case needs is the bit of the VA and that of SCTLR_EL1. */
static void assert_minimal_hits(struct fixture *f, enum wd_verdict verdict)
{
    unsigned count = 0;

    for (size_t i = 0; i < wd_buckets_count(f->state.buckets); i++) {
        const struct wd_bucket *bucket = wd_bucket_at(f->state.buckets, i);
        struct wd_case_entry entry;
        FILE *stream;
        struct wd_case_reader *reader = read_exhibit(bucket, &stream, &entry);

        if (bucket->verdict == verdict) {
            count++;
            assert_true(is_hit(&entry.c));
            if (bucket->first.shrunk)
                assert_int_equal(__builtin_popcountll(entry.c.va & UINT64_C(0x1fff)), 0);
        }
        wd_case_reader_free(reader);
        fclose(stream);
    }
    assert_true(count > 0);
}

static void crashes_retries_and_warnings_are_shrunk(void **state)
{
    struct fixture *f = *state;
    struct census census = {0};

    run_walker(f, &dying, 20);
    assert_minimal_hits(f, WD_VERDICT_CRASH);
    run_walker(f, &retrying, 1000);
    assert_minimal_hits(f, WD_VERDICT_RETRY);
    check_run(f, &census);
    run_walker(f, &warning, 1000);
    assert_minimal_hits(f, WD_VERDICT_WARN);
    check_run(f, &census);
}

static void a_hanging_walker_is_waited_for_a_few_times_only(void **state)
{
    struct fixture *f = *state;

    f->plan.timeout = 0.02;
    run_walker(f, &hanging, 4);
    assert_minimal_hits(f, WD_VERDICT_HANG);
}

static void what_a_moody_walker_was_found_with_is_left_as_it_is(void **state)
{
    struct fixture *f = *state;

    run_walker(f, &moody, 300);
    for (size_t i = 0; i < wd_buckets_count(f->state.buckets); i++) {
        const struct wd_bucket *bucket = wd_bucket_at(f->state.buckets, i);

        if (!bucket->first.shrunk)
            assert_null(strstr(bucket->first.c, "shrunk"));
    }
}

/* ---------------------------------------------------------------- two walkers */

static void open_pin(struct fixture *f, const char *text, struct wd_walker_spec *spec)
{
    struct wd_error error;

    assert_true(wd_walker_spec_parse(text, &f->places, spec, &error));
}

/* A case without stage 2 that both walkers answer, and one of them with a wrong PAR_EL1. */
static void find_difference(struct wd_shrinker *shrinker, struct wd_case_buffer *buffer, struct wd_shrinking *shrinking)
{
    const struct wd_profile_mix mix = {.profiles = {wd_profile_by_name("v80")}, .count = 1};
    struct wd_error error;

    for (uint64_t index = 0; index < 3000; index++) {
        wd_generate(&mix, 5, index, buffer);
        buffer->c.regs[WD_HCR_EL2] = WD_HCR_EL2_DEFAULT;
        assert_true(wd_shrinker_run(shrinker, &buffer->c, NULL, 0, NULL, shrinking, &error));
        if (shrinking->end == WD_SHRINK_FIXED_POINT && shrinking->pins[1].judgement.verdict == WD_VERDICT_DEVIATION)
            return;
        wd_shrunk_free(shrinking->shrunk);
    }
    fail_msg("no case tells the walkers apart");
}

static void the_answers_of_two_walkers_stay_what_they_are(void **state)
{
    struct fixture *f = *state;
    static const struct wd_answerer answerer;
    struct wd_walker_spec specs[2];
    const struct wd_pin pins[] = {{&specs[0], &answerer}, {&specs[1], &answerer}};
    const struct wd_shrinker_options options = {.timeout = 5};
    struct wd_case_buffer *buffer = calloc(1, sizeof(*buffer));
    struct wd_shrinking *shrinking = calloc(1, sizeof(*shrinking));
    struct wd_shrinker *shrinker;
    struct wd_error error;

    open_pin(f, "sample", &specs[0]);
    open_pin(f, "sample,defect=S1-06", &specs[1]);
    shrinker = wd_shrinker_open(pins, 2, &options, &error);
    assert_non_null(shrinker);
    find_difference(shrinker, buffer, shrinking);
    assert_int_equal(shrinking->pins[0].judgement.verdict, WD_VERDICT_AGREE);
    assert_int_equal(shrinking->pins[1].judgement.verdict, WD_VERDICT_DEVIATION);
    assert_int_equal(shrinking->pins[1].judgement.rule, WD_RULE_EPD);
    assert_int_equal(wd_shrunk_case(shrinking->shrunk)->mem_count, 0);
    assert_int_equal(count_registers(wd_shrunk_case(shrinking->shrunk)), 2);
    wd_shrunk_free(shrinking->shrunk);
    wd_shrinker_close(shrinker);
    free(shrinking);
    free(buffer);
}

static void a_case_that_all_answer_rightly_has_nothing_to_keep(void **state)
{
    struct fixture *f = *state;
    static const struct wd_answerer answerer;
    struct wd_walker_spec spec;
    const struct wd_pin pin = {&spec, &answerer};
    const struct wd_shrinker_options options = {.timeout = 5};
    struct wd_case_buffer *buffer = calloc(1, sizeof(*buffer));
    struct wd_shrinking *shrinking = calloc(1, sizeof(*shrinking));
    struct wd_shrinker *shrinker;
    struct wd_error error;

    open_pin(f, "sample", &spec);
    shrinker = wd_shrinker_open(&pin, 1, &options, &error);
    find_case(WD_RULE_EPD, buffer);
    assert_true(wd_shrinker_run(shrinker, &buffer->c, NULL, 0, NULL, shrinking, &error));
    assert_int_equal(shrinking->end, WD_SHRINK_NOTHING);
    assert_null(shrinking->shrunk);
    wd_shrinker_close(shrinker);
    free(shrinking);
    free(buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_out_is_a_fixed_point_and_nothing_was_asked_twice),
        cmocka_unit_test(frugal_shrinking_leads_to_a_fixed_point_too),
        cmocka_unit_test(a_disabled_walk_needs_no_more_than_the_bit_that_disables_it),
        cmocka_unit_test(the_same_case_always_shrinks_to_the_same_case),
        cmocka_unit_test(a_keeper_can_stop_it_and_what_is_left_can_be_gone_on_with),
        cmocka_unit_test(a_limit_of_candidates_is_kept),
        cmocka_unit_test(thousands_of_words_that_no_walk_reads_are_dropped),
        cmocka_unit_test_setup_teardown(findings_of_all_defects_shrink_to_small_fixed_points_of_their_buckets, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(crashes_retries_and_warnings_are_shrunk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hanging_walker_is_waited_for_a_few_times_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_moody_walker_was_found_with_is_left_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_answers_of_two_walkers_stay_what_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_case_that_all_answer_rightly_has_nothing_to_keep, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
