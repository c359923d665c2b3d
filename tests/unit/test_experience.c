/* SPDX-License-Identifier: MIT */
/* What the judge learns of a walker: what explained a wrong answer explains others of its kind, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "generators/generate.h"
#include "generators/random.h"
#include "harness/judge/changes.h"
#include "harness/judge/experience.h"
#include "harness/judge/leaves.h"
#include "tests/unit/builder.h"

#define OTHER_VA (HAND_VA + 0x1000)

static const struct wd_causes nothing;

/* An answer to a case, seen by the oracle. */
struct answered {
    struct hand hand;
    struct wd_oracle_output basis;
    struct wd_result got;
    struct wd_judgement judgement;
};

static struct wd_wrong_answer as_wrong(const struct answered *answered, const struct wd_causes *known)
{
    return (struct wd_wrong_answer){.c = &answered->hand.c,
                                    .basis = &answered->basis,
                                    .got = &answered->got,
                                    .differing = wd_answers_differ(&answered->basis.result, &answered->got),
                                    .settled = UINT64_MAX,
                                    .known = known};
}

static void judge(struct answered *answered, uint64_t par)
{
    answered->got = answer_par(par);
    wd_oracle(&answered->hand.c, NULL, NULL, NULL, &answered->basis);
    wd_judge_known(&answered->hand.c, &answered->basis, &answered->got, UINT64_MAX, &nothing, &answered->judgement);
}

/* A walker that takes the regime from HCR_EL2 finds stage 1 off. */
static void start_regime_by_hcr(struct answered *answered, uint64_t va)
{
    hand_el2(&answered->hand, WD_AT_S1E2R, va);
    hand_map(&answered->hand, va, 3, THE_PAGE);
    judge(answered, OFF_PAR(va));
}

static struct wd_experience *learned_from(const struct answered *answered)
{
    struct wd_experience *experience = wd_experience_new();
    const struct wd_wrong_answer wrong = as_wrong(answered, &nothing);

    assert_non_null(experience);
    assert_true(wd_experience_learn(experience, &wrong, &answered->judgement));
    wd_experience_settle(experience);
    return experience;
}

static bool is_judged(const struct wd_experience *experience, const struct answered *answered,
                      const struct wd_causes *known)
{
    const struct wd_wrong_answer wrong = as_wrong(answered, known);
    struct wd_judgement judgement;

    return wd_experience_judge(experience, &wrong, &judgement);
}

static void what_explained_one_answer_explains_others_of_its_kind(void **state)
{
    struct answered learned, asked;
    struct wd_experience *experience;
    struct wd_wrong_answer wrong;
    struct wd_judgement judgement;

    (void)state;
    start_regime_by_hcr(&learned, HAND_VA);
    start_regime_by_hcr(&asked, OTHER_VA);
    experience = learned_from(&learned);
    wrong = as_wrong(&asked, &nothing);
    assert_true(wd_experience_judge(experience, &wrong, &judgement));
    assert_non_null(judgement.recalled);
    assert_int_equal(judgement.verdict, asked.judgement.verdict);
    assert_int_equal(judgement.rule, asked.judgement.rule);
    assert_int_equal(judgement.cause, wd_cause_mistake(WD_MISTAKE_REGIME_BY_HCR));
    assert_string_equal(judgement.signature, asked.judgement.signature);
    assert_int_equal(judgement.proved[0] | judgement.proved[1], 0);
    wd_experience_free(experience);
}

static void an_answer_that_is_not_just_what_it_would_be_is_not_explained(void **state)
{
    struct answered learned, asked;
    struct wd_experience *experience;

    (void)state;
    start_regime_by_hcr(&learned, HAND_VA);
    start_regime_by_hcr(&asked, OTHER_VA);
    experience = learned_from(&learned);
    assert_true(is_judged(experience, &asked, &nothing));
    judge(&asked, OFF_PAR(OTHER_VA) ^ UINT64_C(1) << 20);
    assert_false(is_judged(experience, &asked, &nothing));
    wd_experience_free(experience);
}

static void nothing_is_judged_by_no_experience(void **state)
{
    struct wd_experience *experience = wd_experience_new();
    struct answered asked;

    (void)state;
    wd_experience_settle(experience);
    start_regime_by_hcr(&asked, HAND_VA);
    assert_false(is_judged(experience, &asked, &nothing));
    wd_experience_free(experience);
    wd_experience_free(NULL);
}

static void a_right_answer_is_no_wrong_one(void **state)
{
    struct answered learned, asked;
    struct wd_experience *experience;

    (void)state;
    start_regime_by_hcr(&learned, HAND_VA);
    experience = learned_from(&learned);
    start_regime_by_hcr(&asked, OTHER_VA);
    judge(&asked, asked.basis.result.par);
    assert_int_equal(asked.judgement.verdict, WD_VERDICT_AGREE);
    assert_false(is_judged(experience, &asked, &nothing));
    wd_experience_free(experience);
}

/* T0SZ below the minimum: without larger addresses the walker may use the minimum instead of a Translation fault. */
static void start_clamped(struct answered *answered, bool permitted)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 48, .base = HAND_STAGE1_TABLES};

    hand_el10(&answered->hand, WD_AT_S1E1R, HAND_VA);
    SET(&answered->hand, ID_AA64MMFR2_EL1, VARange, !permitted);
    SET(&answered->hand, TCR_EL1, T0SZ, 10);
    hand_map_path(&answered->hand, &path, HAND_VA, 3, THE_PAGE);
    judge(answered, PAGE_PAR);
}

static void what_is_permitted_is_permitted_whatever_was_learned(void **state)
{
    struct answered wrong, permitted;
    struct wd_experience *experience;
    struct wd_wrong_answer asked;
    struct wd_judgement judgement;

    (void)state;
    start_clamped(&wrong, false);
    assert_true(wrong.judgement.explained);
    assert_int_equal(wrong.judgement.cause, wd_cause_mistake(WD_MISTAKE_S1_TXSZ_CLAMPED));
    start_clamped(&permitted, true);
    assert_int_equal(permitted.judgement.verdict, WD_VERDICT_PERMITTED);
    wrong.hand = permitted.hand; /* as if somebody had learned it of this very case */
    wrong.hand.c.ram = wrong.hand.ram;
    wrong.hand.c.mem = wrong.hand.mem;
    wrong.basis = permitted.basis;
    experience = learned_from(&wrong);
    asked = as_wrong(&permitted, &nothing);
    assert_true(wd_experience_judge(experience, &asked, &judgement));
    assert_int_equal(judgement.verdict, WD_VERDICT_PERMITTED);
    assert_null(judgement.recalled);
    assert_string_equal(judgement.choice, permitted.judgement.choice);
    assert_int_equal(judgement.proved[1], permitted.judgement.proved[1]);
    wd_experience_free(experience);
}

static void what_the_walker_is_known_for_must_be_the_same(void **state)
{
    struct wd_causes known = {0};
    struct answered learned, asked;
    struct wd_experience *experience;

    (void)state;
    wd_causes_add(&known, wd_cause_mistake(WD_MISTAKE_C_IGNORED));
    start_regime_by_hcr(&learned, HAND_VA);
    start_regime_by_hcr(&asked, OTHER_VA);
    experience = learned_from(&learned);
    assert_false(is_judged(experience, &asked, &known));
    wd_experience_free(experience);
}

static void what_explains_as_well_must_explain_all_that_was_learned(void **state)
{
    const wd_mistake_set both = wd_mistake_bit(WD_MISTAKE_C_IGNORED) | wd_mistake_bit(WD_MISTAKE_S1_TXSZ_CLAMPED);
    struct answered learned;
    struct wd_wrong_answer wrong;
    struct wd_judgement judgement;
    struct wd_experience *experience = wd_experience_new();

    (void)state;
    start_regime_by_hcr(&learned, HAND_VA);
    wrong = as_wrong(&learned, &nothing);
    learned.judgement.also = both;
    assert_true(wd_experience_learn(experience, &wrong, &learned.judgement));
    learned.judgement.also = wd_mistake_bit(WD_MISTAKE_C_IGNORED);
    assert_true(wd_experience_learn(experience, &wrong, &learned.judgement));
    wd_experience_settle(experience);
    assert_true(wd_experience_judge(experience, &wrong, &judgement));
    assert_true(judgement.also == wd_mistake_bit(WD_MISTAKE_C_IGNORED));
    wd_experience_free(experience);
}

/* Of two explanations of a kind, that which was found more often is tried first. */
static void what_explained_most_is_told(void **state)
{
    struct answered learned;
    struct wd_wrong_answer wrong;
    struct wd_judgement other, judgement;
    struct wd_experience *experience = wd_experience_new();

    (void)state;
    start_regime_by_hcr(&learned, HAND_VA);
    wrong = as_wrong(&learned, &nothing);
    other = learned.judgement;
    other.supposed.mistakes |= wd_mistake_bit(WD_MISTAKE_C_IGNORED);
    strcpy(other.signature, "another");
    assert_true(wd_experience_learn(experience, &wrong, &other));
    assert_true(wd_experience_learn(experience, &wrong, &learned.judgement));
    assert_true(wd_experience_learn(experience, &wrong, &learned.judgement));
    wd_experience_settle(experience);
    assert_true(wd_experience_judge(experience, &wrong, &judgement));
    assert_string_equal(judgement.signature, learned.judgement.signature);
    wd_experience_free(experience);
}

/*
 * A walker that clears bit 11 where stage 2 combines, and takes reserved encodings in MAIR_EL1 and in stage 2's leaf as
 * some others: thousands of combinations.
 */
static void start_reserved(struct answered *answered, uint8_t mair_option, uint8_t memattr_option)
{
    struct wd_resolution supposed = {.supposes = true, .mistakes = wd_mistake_bit(WD_MISTAKE_COMBINED_RES1_CLEAR)};
    struct wd_oracle_output output;

    hand_el10(&answered->hand, WD_AT_S12E1R, HAND_VA);
    hand_stage2(&answered->hand);
    answered->hand.c.regs[WD_MAIR_EL1] = 0x0b;
    hand_map(&answered->hand, HAND_VA, 3, HAND_IPA | AF | ATTR_INDEX(0) | SH(3) | PAGE);
    hand_map_stage2_flat(&answered->hand, AF | SH(3) | MEM_ATTR(4) | S2AP_READ | S2AP_WRITE | BLOCK);
    supposed.option[WD_CHOICE_S1_RESERVED_MAIR] = mair_option;
    supposed.option[WD_CHOICE_S2_RESERVED_MEMATTR] = memattr_option;
    wd_oracle(&answered->hand.c, &supposed, NULL, NULL, &output);
    judge(answered, output.result.par);
}

static void combinations_of_reserved_encodings_are_looked_through(void **state)
{
    struct answered learned, asked;
    struct wd_experience *experience;
    unsigned far = 0;

    (void)state;
    start_reserved(&learned, 1, 0);
    assert_int_equal(learned.judgement.cause, wd_cause_mistake(WD_MISTAKE_COMBINED_RES1_CLEAR));
    experience = learned_from(&learned);
    for (uint8_t option = 1; option < 229; option++) {
        start_reserved(&asked, option, 2);
        if (wd_answers_differ(&asked.basis.result, &asked.got) !=
            wd_answers_differ(&learned.basis.result, &learned.got))
            continue; /* of another kind */
        far += option > 24;
        assert_int_equal(asked.judgement.cause, learned.judgement.cause);
        assert_true(is_judged(experience, &asked, &nothing));
        asked.got.par ^= UINT64_C(1) << 30;
        assert_false(is_judged(experience, &asked, &nothing));
    }
    assert_in_range(far, 10, 229);
    wd_experience_free(experience);
}

/* ---------------------------------------------------------------- several causes together */

enum { BOTH_CASES = 20000, TAUGHT = 40 };

static const enum wd_mistake the_one = WD_MISTAKE_COMBINED_RES1_CLEAR, the_other = WD_MISTAKE_C_IGNORED;

static struct wd_case_buffer generated;

static void generate(const char *profile, uint64_t index)
{
    const struct wd_profile_mix mix = {.profiles = {wd_profile_by_name(profile)}, .count = 1};

    wd_generate(&mix, 7, index, &generated);
}

/* What a walker answers to the generated case that makes some mistakes. */
static struct wd_result answer_with(wd_mistake_set mistakes)
{
    const struct wd_resolution supposed = {.supposes = true, .mistakes = mistakes};
    struct wd_oracle_output output;

    wd_oracle(&generated.c, &supposed, NULL, NULL, &output);
    return output.result;
}

/* A walker that makes two mistakes is learned from where it takes one of them alone to see an answer, and judged where
 * it takes both. */
static void causes_that_were_learned_one_by_one_explain_together(void **state)
{
    const wd_mistake_set one = wd_mistake_bit(the_one), other = wd_mistake_bit(the_other);
    struct wd_experience *experience = wd_experience_new();
    unsigned taught[2] = {0}, explained = 0, may_prove = 0; /* that a choice is resolved so, were it permitted */

    (void)state;
    for (uint64_t round = 0; round < 2; round++) {
        for (uint64_t i = 0; i < BOTH_CASES; i++) {
            struct wd_result got, by_one, by_other;
            struct wd_oracle_output basis;
            struct wd_wrong_answer wrong = {
                .c = &generated.c, .basis = &basis, .got = &got, .settled = UINT64_MAX, .known = &nothing};
            struct wd_judgement judgement;
            uint64_t resolved[2];
            bool first, second;

            generate("v80", i);
            wd_oracle(&generated.c, NULL, NULL, NULL, &basis);
            got = answer_with(one | other);
            wrong.differing = wd_answers_differ(&basis.result, &got);
            by_one = answer_with(one);
            by_other = answer_with(other);
            first = wd_answers_equal(&by_one, &got);
            second = wd_answers_equal(&by_other, &got);
            if (wd_answers_equal(&basis.result, &got) || (round == 0) == (!first && !second))
                continue;
            if (round == 0 && taught[second]++ < TAUGHT) {
                wd_judge_known(&generated.c, &basis, &got, UINT64_MAX, &nothing, &judgement);
                assert_true(wd_experience_learn(experience, &wrong, &judgement));
            }
            if (round == 0)
                continue;
            if (!wd_experience_judge(experience, &wrong, &judgement))
                continue; /* it may be permitted */
            explained++;
            wd_output_resolved(&basis, resolved);
            may_prove += (resolved[0] | resolved[1]) != 0;
            assert_true(judgement.cause == wd_cause_mistake(the_one) || judgement.cause == wd_cause_mistake(the_other));
            assert_int_equal(judgement.verdict, WD_VERDICT_DEVIATION);
            got.par ^= UINT64_C(1) << 30;
            assert_false(wd_experience_judge(experience, &wrong, &judgement));
        }
        if (round == 0)
            wd_experience_settle(experience);
    }
    assert_in_range(explained, 20, BOTH_CASES);
    assert_in_range(may_prove, 1, BOTH_CASES);
    wd_experience_free(experience);
}

/* ---------------------------------------------------------------- what is permitted */

static uint64_t consulted_at(const struct wd_oracle_output *output)
{
    uint64_t sum = 0; /* of all choices with their options, in any order */

    for (unsigned i = 0; i < output->consulted_count; i++)
        sum += (UINT64_C(1) << output->consulted[i].choice) * (output->consulted[i].option + 1u);
    return sum;
}

/* Whoever asks only whether an answer is permitted learns the same of it as who asks for the nearest answer. */
static void an_answer_is_permitted_alike_whatever_else_is_asked(void **state)
{
    struct wd_random random = wd_random_stream(3, 1);
    unsigned permitted = 0, proving = 0;

    (void)state;
    for (uint64_t i = 0; i < 6000; i++) {
        static struct wd_judgement whole, alone;
        struct wd_resolution resolution = {0};
        struct wd_oracle_output basis, output;
        uint64_t settled = wd_random_chance(&random, 50) ? UINT64_MAX : 0;
        struct wd_attribute_source source;
        struct wd_wrong_answer wrong;
        unsigned differing;

        generate("all", i);
        for (unsigned choice = 0; choice < WD_CHOICE_COUNT; choice++)
            resolution.option[choice] = (uint8_t)(wd_random_chance(&random, 50) ? wd_random_bits(&random) % 4 : 0);
        wd_oracle_with_source(&generated.c, &(struct wd_resolution){0}, &basis, &source);
        wd_oracle(&generated.c, &resolution, NULL, NULL, &output);
        if (wd_random_chance(&random, 20))
            output.result.par ^= UINT64_C(1) << wd_random_bits(&random) % 16;
        differing = wd_answers_differ(&basis.result, &output.result);
        if (!differing || basis.result.answer == WD_ANSWER_UNSUPPORTED)
            continue;
        wrong = (struct wd_wrong_answer){.c = &generated.c,
                                         .basis = &basis,
                                         .source = wd_random_chance(&random, 50) ? &source : NULL,
                                         .got = &output.result,
                                         .differing = differing,
                                         .settled = settled,
                                         .known = &nothing};
        wd_judge(&generated.c, &basis, &output.result, settled, &whole);
        if (!wd_judge_permitted(&wrong, &alone)) {
            assert_int_not_equal(whole.verdict, WD_VERDICT_PERMITTED);
            continue;
        }
        permitted++;
        assert_int_equal(whole.verdict, alone.verdict);
        assert_int_equal(whole.rule, alone.rule);
        assert_string_equal(whole.choice, alone.choice);
        assert_memory_equal(whole.resolution.option, alone.resolution.option, sizeof(whole.resolution.option));
        assert_memory_equal(whole.proved, alone.proved, sizeof(whole.proved));
        proving += (whole.proved[0] | whole.proved[1]) != 0;
        assert_true(wd_results_identical(&whole.expected.result, &alone.expected.result));
        assert_int_equal(consulted_at(&whole.expected), consulted_at(&alone.expected));
        assert_memory_equal(whole.expected.aspect_rule, alone.expected.aspect_rule, sizeof(whole.expected.aspect_rule));
        assert_int_equal(whole.expected.attribute_choices, alone.expected.attribute_choices);
    }
    assert_in_range(permitted, 200, 6000);
    assert_in_range(proving, 50, 6000);
}

/* ---------------------------------------------------------------- what no choice brings about */

static bool some_leaf_gives(const struct wd_oracle_output *basis, const struct wd_result *got)
{
    struct wd_leaf_walk leaf;

    wd_leaves_begin_at(&leaf, &generated.c, basis, NULL, got, wd_answers_differ(&basis->result, got));
    do {
        if (!leaf.differing)
            return true;
    } while (wd_leaves_next(&leaf, wd_all_attributes(true)));
    return false;
}

static void an_answer_that_cannot_be_permitted_is_none_of_any_leaf(void **state)
{
    struct wd_random random = wd_random_stream(1, 1);
    unsigned seen = 0;

    (void)state;
    for (uint64_t i = 0; i < 3000; i++) {
        struct wd_oracle_output basis;
        struct wd_result got;

        generate("all", i);
        wd_oracle(&generated.c, NULL, NULL, NULL, &basis);
        if (basis.result.answer != WD_ANSWER_PAR)
            continue;
        got = basis.result;
        got.par ^= wd_random_bits(&random) & wd_mask(WD_PAR_EL1_SH_msb, WD_PAR_EL1_SH_lsb);
        if (wd_random_chance(&random, 30))
            got.par ^= wd_random_bits(&random) & wd_mask(WD_PAR_EL1_ATTR_msb, WD_PAR_EL1_ATTR_lsb);
        if (wd_random_chance(&random, 10))
            got.par ^= UINT64_C(1) << 11;
        if (wd_random_chance(&random, 20))
            got.par ^= UINT64_C(1) << 20; /* of the address, or the fault's status */
        if (!wd_cannot_be_permitted(&generated.c, &basis, &got, wd_answers_differ(&basis.result, &got)))
            continue;
        seen++;
        assert_false(some_leaf_gives(&basis, &got));
    }
    assert_in_range(seen, 200, 3000);
}

/* ---------------------------------------------------------------- what no walk could tell */

static wd_mistake_set some_mistakes(struct wd_random *random)
{
    wd_mistake_set mistakes = 0;

    for (unsigned i = 0; i < WD_MISTAKE_COUNT; i++)
        mistakes |= (wd_mistake_set)wd_random_chance(random, 10) << i;
    return mistakes;
}

/* What fails with some suppositions is not tried with others that differ in mistakes which the walk did not meet. */
static void a_mistake_that_a_walk_does_not_meet_makes_no_difference_to_it(void **state)
{
    struct wd_random random = wd_random_stream(2, 1);
    unsigned different = 0;

    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        struct wd_resolution one = {.supposes = true, .mistakes = some_mistakes(&random)}, other;
        struct wd_oracle_output by_one, by_other;

        generate("all", i);
        for (unsigned choice = 0; choice < WD_CHOICE_COUNT; choice++)
            one.option[choice] = (uint8_t)(wd_random_chance(&random, 30) ? wd_random_bits(&random) % 4 : 0);
        wd_oracle(&generated.c, &one, NULL, NULL, &by_one);
        other = one;
        other.mistakes ^= some_mistakes(&random) & ~by_one.mistakes_met;
        different += other.mistakes != one.mistakes;
        wd_oracle(&generated.c, &other, NULL, NULL, &by_other);
        assert_true(wd_results_identical(&by_one.result, &by_other.result));
        assert_int_equal(by_one.consulted_count, by_other.consulted_count);
        assert_true(by_one.mistakes_met == by_other.mistakes_met);
    }
    assert_in_range(different, 10000, 20000);
}

/* ---------------------------------------------------------------- who watches */

static void ignore_event(void *context, const struct wd_event *event)
{
    (void)context;
    (void)event;
}

/* Walks that somebody watches are compiled apart from those that nobody does: what they say and record is the same. */
static void a_walk_says_and_records_the_same_whether_somebody_watches_or_not(void **state)
{
    static struct wd_oracle_output watched, unwatched;
    struct wd_random random = wd_random_stream(3, 1);
    size_t tail = offsetof(struct wd_oracle_output, rule);

    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        struct wd_resolution resolution = {.mistakes = some_mistakes(&random)};

        generate("all", i);
        for (unsigned choice = 0; choice < WD_CHOICE_COUNT; choice++)
            resolution.option[choice] = (uint8_t)(wd_random_chance(&random, 30) ? wd_random_bits(&random) % 4 : 0);
        if (i % 2)
            resolution = (struct wd_resolution){0};
        memset(&watched, 0, sizeof(watched));
        memset(&unwatched, 0, sizeof(unwatched));
        wd_oracle(&generated.c, &resolution, ignore_event, NULL, &watched);
        wd_oracle(&generated.c, &resolution, NULL, NULL, &unwatched);
        assert_true(wd_results_identical(&watched.result, &unwatched.result));
        assert_memory_equal((char *)&watched + tail, (char *)&unwatched + tail, sizeof(watched) - tail);
        assert_int_equal(watched.result.read_count, unwatched.result.read_count);
        for (unsigned read = 0; read < watched.result.read_count; read++) {
            const struct wd_read *a = &watched.result.reads[read], *b = &unwatched.result.reads[read];

            assert_true(a->pa == b->pa && a->descriptor == b->descriptor && a->stage == b->stage &&
                        a->level == b->level);
        }
    }
}

/* Mistakes about attributes and choices that attributes alone consult change nothing but what a success reports of
 * them. */
static void mistakes_about_attributes_need_no_other_walk(void **state)
{
    const struct wd_resolution by_default = {0};
    struct wd_random random = wd_random_stream(4, 1);
    unsigned different = 0;

    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        struct wd_resolution supposed = {.supposes = true};
        struct wd_oracle_output walk, by_walk, by_attributes;
        struct wd_attribute_source source;

        generate("all", i);
        wd_oracle_with_source(&generated.c, &by_default, &walk, &source);
        if (walk.rule != WD_RULE_SUCCESS)
            continue;
        supposed.mistakes = some_mistakes(&random) & ~(walk.mistakes_met & ~wd_mistakes_of_attributes);
        for (unsigned choice = 0; choice < WD_CHOICE_COUNT; choice++)
            if (walk.attribute_choices >> choice & 1)
                supposed.option[choice] = (uint8_t)(wd_random_bits(&random) % 4);
        wd_oracle(&generated.c, &supposed, NULL, NULL, &by_walk);
        wd_output_with_attributes(&walk, &source, &supposed, &by_attributes);
        different += !wd_answers_equal(&walk.result, &by_walk.result);
        assert_true(wd_results_identical(&by_walk.result, &by_attributes.result));
        assert_int_equal(consulted_at(&by_walk), consulted_at(&by_attributes));
        assert_int_equal(by_walk.attribute_choices, by_attributes.attribute_choices);
        assert_true(!(by_walk.mistakes_met & ~by_attributes.mistakes_met));
    }
    assert_in_range(different, 500, 20000);
}

/* What attributes can meet is in the set of their mistakes, but for one that is about registers, too. */
static void no_other_mistake_is_met_by_attributes(void **state)
{
    const wd_mistake_set of_attributes = wd_mistakes_of_attributes | wd_mistake_bit(WD_MISTAKE_FWB_AND_CD_IGNORED);
    struct wd_random random = wd_random_stream(5, 1);

    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        struct wd_resolution supposed = {.supposes = true, .mistakes = some_mistakes(&random)};
        struct wd_oracle_output output;
        struct wd_attribute_source source;

        generate("all", i);
        wd_oracle_with_source(&generated.c, &supposed, &output, &source);
        if (output.rule != WD_RULE_SUCCESS)
            continue;
        wd_oracle_attributes(&source, &supposed, &output);
        assert_true(!(output.mistakes_met & ~of_attributes));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_explained_one_answer_explains_others_of_its_kind),
        cmocka_unit_test(an_answer_that_is_not_just_what_it_would_be_is_not_explained),
        cmocka_unit_test(nothing_is_judged_by_no_experience),
        cmocka_unit_test(a_right_answer_is_no_wrong_one),
        cmocka_unit_test(what_is_permitted_is_permitted_whatever_was_learned),
        cmocka_unit_test(what_the_walker_is_known_for_must_be_the_same),
        cmocka_unit_test(what_explains_as_well_must_explain_all_that_was_learned),
        cmocka_unit_test(what_explained_most_is_told),
        cmocka_unit_test(combinations_of_reserved_encodings_are_looked_through),
        cmocka_unit_test(causes_that_were_learned_one_by_one_explain_together),
        cmocka_unit_test(an_answer_is_permitted_alike_whatever_else_is_asked),
        cmocka_unit_test(an_answer_that_cannot_be_permitted_is_none_of_any_leaf),
        cmocka_unit_test(mistakes_about_attributes_need_no_other_walk),
        cmocka_unit_test(no_other_mistake_is_met_by_attributes),
        cmocka_unit_test(a_mistake_that_a_walk_does_not_meet_makes_no_difference_to_it),
        cmocka_unit_test(a_walk_says_and_records_the_same_whether_somebody_watches_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
