/* SPDX-License-Identifier: MIT */
/* The judge: what counts in an answer, which permitted answer is the nearest, verdicts, signatures, proved choices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "harness/judge/judge.h"
#include "tests/unit/builder.h"

/* A case in which nothing is left to choose: a page. */
static void start_page(struct hand *hand, enum wd_operation op, uint64_t va, uint64_t pa)
{
    hand_el10(hand, op, va);
    hand_map(hand, va, 3, pa | LEAF | PAGE);
}

static struct wd_judgement judge(const struct hand *hand, const struct wd_result *got)
{
    struct wd_oracle_output basis;
    struct wd_judgement judgement;

    wd_oracle(&hand->c, NULL, NULL, NULL, &basis);
    wd_judge(&hand->c, &basis, got, 0, &judgement);
    return judgement;
}

static struct wd_judgement judge_par(const struct hand *hand, uint64_t par)
{
    const struct wd_result got = answer_par(par);

    return judge(hand, &got);
}

static void expect_verdict(const struct wd_judgement *judgement, enum wd_verdict verdict)
{
    assert_string_equal(wd_verdict_names[judgement->verdict], wd_verdict_names[verdict]);
}

/* ---------------------------------------------------------------- what counts */

/* PAR_EL1 page: success: NS is UNKNOWN, bit 10 IMPLEMENTATION DEFINED; fault: bits 63:48 IMPLEMENTATION DEFINED. */
static void the_mask_leaves_out_what_is_unknown_or_implementation_defined(void **state)
{
    (void)state;
    assert_int_equal(wd_par_mask(0), ~UINT64_C(0x600));
    assert_int_equal(wd_par_mask(1), UINT64_C(0x0000ffffffffffff));
    assert_int_equal(wd_par_mask(PAGE_PAR), ~UINT64_C(0x600));
}

static void every_bit_under_the_mask_counts_and_no_other(void **state)
{
    struct hand success, fault;

    (void)state;
    start_page(&success, WD_AT_S1E1R, HAND_VA, HAND_PAGE);
    hand_el10(&fault, WD_AT_S1E1R, HAND_VA);
    for (unsigned bit = 0; bit < 64; bit++) {
        struct wd_judgement a = judge_par(&success, PAGE_PAR ^ BIT(bit));
        struct wd_judgement b = judge_par(&fault, par_fault(TRANSLATION + 1) ^ BIT(bit));

        expect_verdict(&a, bit == 9 || bit == 10 ? WD_VERDICT_AGREE : WD_VERDICT_DEVIATION);
        expect_verdict(&b, bit >= 48 ? WD_VERDICT_AGREE : WD_VERDICT_DEVIATION);
    }
}

/* Two answers and the aspects in which they differ. */
static void expect_aspects(uint64_t expected, uint64_t got, unsigned aspects)
{
    const struct wd_result a = answer_par(expected), b = answer_par(got);

    assert_int_equal(wd_answers_differ(&a, &b), aspects);
    assert_int_equal(wd_answers_equal(&a, &b), aspects == 0);
}

static void each_field_of_par_is_an_aspect(void **state)
{
    const uint64_t fault = par_fault(PERMISSION + 3);

    (void)state;
    expect_aspects(PAGE_PAR, PAGE_PAR, 0);
    expect_aspects(PAGE_PAR, fault, 1 << WD_ASPECT_F);
    expect_aspects(PAGE_PAR, PAGE_PAR ^ BIT(55), 1 << WD_ASPECT_PA);
    expect_aspects(PAGE_PAR, PAGE_PAR ^ BIT(12), 1 << WD_ASPECT_PA);
    expect_aspects(PAGE_PAR, PAGE_PAR ^ BIT(56), 1 << WD_ASPECT_ATTR);
    expect_aspects(PAGE_PAR, PAGE_PAR ^ BIT(7), 1 << WD_ASPECT_SH);
    expect_aspects(PAGE_PAR, PAGE_PAR ^ BIT(11), 1 << WD_ASPECT_RES);
    expect_aspects(PAGE_PAR, PAGE_PAR ^ BIT(1), 1 << WD_ASPECT_RES);
    expect_aspects(fault, par_fault(PERMISSION + 2), 1 << WD_ASPECT_LEVEL);
    expect_aspects(fault, par_fault(TRANSLATION + 2), 1 << WD_ASPECT_CLASS);
    expect_aspects(fault, fault ^ BIT(9), 1 << WD_ASPECT_S);
    expect_aspects(fault, fault ^ BIT(8), 1 << WD_ASPECT_PTW);
    for (unsigned bit = 12; bit < 16; bit++)
        expect_aspects(fault, fault ^ BIT(bit), 1 << WD_ASPECT_BITS_15_12);
    expect_aspects(fault, fault ^ BIT(11), 1 << WD_ASPECT_RES);
    expect_aspects(fault, fault ^ BIT(7), 1 << WD_ASPECT_RES);
    expect_aspects(fault, fault ^ BIT(10), 1 << WD_ASPECT_RES);
    expect_aspects(fault, fault ^ BIT(16), 1 << WD_ASPECT_RES);
    expect_aspects(par_fault(TRANSLATION_LEVEL_MINUS_1), par_fault(TRANSLATION), 1 << WD_ASPECT_LEVEL);
    expect_aspects(fault, par_walk_fault(TRANSLATION), 1 << WD_ASPECT_CLASS | 1 << WD_ASPECT_S | 1 << WD_ASPECT_PTW);
}

static void each_member_of_an_exception_is_an_aspect(void **state)
{
    const struct wd_result expected = answer_exception(EXTERNAL_ABORT + 2, true, true);
    struct wd_result got = expected;

    (void)state;
    assert_true(wd_answers_equal(&expected, &got));
    got.exception.fst = EXTERNAL_ABORT + 1;
    assert_int_equal(wd_answers_differ(&expected, &got), 1 << WD_ASPECT_LEVEL);
    got.exception.fst = TRANSLATION + 2;
    assert_int_equal(wd_answers_differ(&expected, &got), 1 << WD_ASPECT_CLASS);
    got = answer_exception(EXTERNAL_ABORT + 2, false, true);
    assert_int_equal(wd_answers_differ(&expected, &got), 1 << WD_ASPECT_S);
    got = answer_exception(EXTERNAL_ABORT + 2, true, false);
    assert_int_equal(wd_answers_differ(&expected, &got), 1 << WD_ASPECT_PTW);
    got = answer_par(par_walk_fault(EXTERNAL_ABORT + 2));
    assert_int_equal(wd_answers_differ(&expected, &got), 1 << WD_ASPECT_F);
}

static void what_a_walker_leaves_unanswered_is_no_difference(void **state)
{
    const uint64_t status = wd_mask(WD_PAR_EL1_F_FST_msb, WD_PAR_EL1_F_FST_lsb);
    const struct wd_result success = answer_par(PAGE_PAR), fault = answer_par(par_fault(PERMISSION + 3));
    const struct wd_result abort = answer_exception(EXTERNAL_ABORT + 2, true, true);
    struct wd_result got = answer_par(PAGE_PAR ^ BIT(56) ^ BIT(12));

    (void)state;
    got.unanswered = wd_mask(WD_PAR_EL1_ATTR_msb, WD_PAR_EL1_ATTR_lsb);
    assert_int_equal(wd_answers_differ(&success, &got), 1 << WD_ASPECT_PA);
    got.unanswered |= BIT(12);
    assert_true(wd_answers_equal(&success, &got));
    got.unanswered = ~BIT(0);
    assert_int_equal(wd_answers_differ(&fault, &got), 1 << WD_ASPECT_F);
    got = answer_par(par_stage2_fault(TRANSLATION + 1));
    got.unanswered = status;
    assert_int_equal(wd_answers_differ(&fault, &got), 1 << WD_ASPECT_S);
    got.unanswered = 6; /* the level */
    assert_int_equal(wd_answers_differ(&fault, &got), 1 << WD_ASPECT_CLASS | 1 << WD_ASPECT_S);
    got = answer_exception(0, false, false);
    got.unanswered = status;
    assert_int_equal(wd_answers_differ(&abort, &got), 1 << WD_ASPECT_S | 1 << WD_ASPECT_PTW);
    got.unanswered = ~BIT(0);
    assert_true(wd_answers_equal(&abort, &got));
}

static void a_fault_of_which_nothing_is_told_is_described_as_a_fault(void **state)
{
    struct wd_result got = answer_par(par_fault(0));
    struct hand hand;
    struct wd_judgement judgement;
    char text[80];

    (void)state;
    got.unanswered = ~BIT(0);
    wd_describe_answer(&got, text, sizeof text);
    assert_string_equal(text, "fault");
    start_page(&hand, WD_AT_S1E1R, HAND_VA, HAND_PAGE);
    judgement = judge(&hand, &got);
    expect_verdict(&judgement, WD_VERDICT_DEVIATION);
    assert_non_null(strstr(judgement.title, ": fault, expected success"));
}

static void a_fault_status_code_that_nobody_knows_is_of_no_class(void **state)
{
    (void)state;
    expect_aspects(par_fault(TRANSLATION), par_fault(0x3f), 1 << WD_ASPECT_CLASS);
    expect_aspects(par_fault(0x3e), par_fault(0x3f), 1 << WD_ASPECT_CLASS);
    expect_aspects(par_fault(0x3f), par_fault(0x3f), 0);
}

static void changed_words_are_compared_word_by_word(void **state)
{
    const struct wd_result none = answer_par(PAGE_PAR), one = answer_with_change(none, 0x1000, 7);
    const struct wd_result other_value = answer_with_change(none, 0x1000, 8),
                           other_address = answer_with_change(none, 0x1008, 7);
    const struct wd_result two = answer_with_change(one, 0x2000, 9);
    const struct wd_result abort = answer_exception(EXTERNAL_ABORT, false, false);
    const struct wd_result abort_one = answer_with_change(abort, 0x1000, 7);

    (void)state;
    assert_true(wd_answers_equal(&one, &one));
    assert_int_equal(wd_answers_differ(&one, &none), 1 << WD_ASPECT_MEM);
    assert_int_equal(wd_answers_differ(&none, &one), 1 << WD_ASPECT_MEM);
    assert_int_equal(wd_answers_differ(&one, &other_value), 1 << WD_ASPECT_MEM);
    assert_int_equal(wd_answers_differ(&one, &other_address), 1 << WD_ASPECT_MEM);
    assert_int_equal(wd_answers_differ(&one, &two), 1 << WD_ASPECT_MEM);
    assert_int_equal(wd_answers_differ(&abort, &abort_one), 1 << WD_ASPECT_MEM);
    assert_int_equal(wd_answers_differ(&none, &abort_one), 1 << WD_ASPECT_F | 1 << WD_ASPECT_MEM);
}

/* A stage 2 Access flag fault on the first table, taken at EL1: an exception with the table's IPA. */
static struct wd_result start_walk_exception(struct hand *hand)
{
    struct wd_result right = answer_exception(ACCESS_FLAG + 1, true, true);

    start_page(hand, WD_AT_S1E1R, HAND_VA, HAND_PAGE);
    hand_stage2(hand);
    hand_map_stage2_flat(hand, STAGE2_LEAF & ~AF);
    hand->c.el = 1;
    right.exception.has_ipa = true;
    right.exception.ipa = hand_descriptor(&hand_stage1_path, 1, HAND_VA);
    return right;
}

static void the_ipa_of_a_stage_2_fault_counts_down_to_its_page(void **state)
{
    struct hand hand;
    struct wd_result got = start_walk_exception(&hand);
    struct wd_judgement judgement = judge(&hand, &got);

    (void)state;
    expect_verdict(&judgement, WD_VERDICT_AGREE);
    got.exception.ipa ^= 0xfff;
    judgement = judge(&hand, &got);
    expect_verdict(&judgement, WD_VERDICT_AGREE);
    got.exception.ipa ^= 0x1000;
    judgement = judge(&hand, &got);
    expect_verdict(&judgement, WD_VERDICT_EXCEPTION_MISMATCH);
    got.exception.has_ipa = false; /* it may be left out */
    judgement = judge(&hand, &got);
    expect_verdict(&judgement, WD_VERDICT_AGREE);
}

static void the_ipa_of_an_external_abort_does_not_count(void **state)
{
    struct wd_result got = answer_exception(EXTERNAL_ABORT + 1, true, true);
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    start_walk_exception(&hand);
    hand.c.ram_count = 0;
    got.exception.has_ipa = true;
    got.exception.ipa = UINT64_C(0xdead000);
    judgement = judge(&hand, &got);
    expect_verdict(&judgement, WD_VERDICT_AGREE);
}

/* ---------------------------------------------------------------- the nearest permitted answer */

/* SH = 01: Outer, Inner or Non-shareable. The address is wrong, so the shareability tells which is nearest. */
static void the_nearest_answer_differs_in_the_fewest_aspects(void **state)
{
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, HAND_PAGE | AF | SH(1) | PAGE);
    for (unsigned option = 0; option < 3; option++) {
        static const uint64_t sh[3] = {SH_OUTER, SH_INNER, SH_NON};

        judgement = judge_par(&hand, par_success(HAND_PAGE ^ BIT(20), 0xff, sh[option]));
        expect_verdict(&judgement, WD_VERDICT_DEVIATION);
        assert_int_equal(judgement.expected.result.par, par_success(HAND_PAGE, 0xff, sh[option]));
        assert_int_equal(judgement.resolution.option[WD_CHOICE_S1_SHAREABILITY], option);
    }
}

/* T0SZ below its minimum: a level 0 fault, or a walk as with 16. A wrong success is nearer to the latter. */
static void a_wrong_success_is_compared_with_a_permitted_success(void **state)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 48, .start_level = 0, .base = HAND_STAGE1_TABLES};
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, TCR_EL1, T0SZ, 15);
    hand_map_path(&hand, &path, HAND_VA, 3, THE_PAGE);
    judgement = judge_par(&hand, par_success(HAND_PAGE ^ BIT(20), 0xee, SH_OUTER));
    expect_verdict(&judgement, WD_VERDICT_DEVIATION);
    assert_int_equal(judgement.expected.result.par, PAGE_PAR);
    judgement = judge_par(&hand, par_fault(TRANSLATION + 1));
    expect_verdict(&judgement, WD_VERDICT_DEVIATION);
    assert_int_equal(judgement.expected.result.par, par_fault(TRANSLATION));
}

/*
 * Two blocks of 1 GB with the same address: at the table's entry one whose Contiguous bit and shareability are each a
 * choice, and a plain one where the base's low bits may lead. Two choices or one give the answer; the two are tried
 * first.
 */
static void of_the_resolutions_that_give_an_answer_the_one_with_the_fewest_choices_is_named(void **state)
{
    const uint64_t block = UINT64_C(0x100000000) | AF | BLOCK;
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand.c.regs[WD_TTBR0_EL1] |= 0xc0;
    hand_put(&hand, HAND_STAGE1_TABLES + 0x240, block | CONTIGUOUS | SH(1));
    hand_put(&hand, HAND_STAGE1_TABLES + 0x2c0, block | SH(3));
    judgement = judge_par(&hand, par_success(UINT64_C(0x134567000), 0xff, SH_INNER));
    expect_verdict(&judgement, WD_VERDICT_PERMITTED);
    assert_string_equal(judgement.choice,
                        "S1_TABLE_BASE_LOW_BITS: corrupt the descriptor's address: those bits are set in it");
}

static void choices_that_only_together_give_the_answer_are_all_named(void **state)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 48, .start_level = 0, .base = HAND_STAGE1_TABLES};
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, TCR_EL1, T0SZ, 15);
    hand_map_path(&hand, &path, HAND_VA, 3, HAND_PAGE | AF | SH(1) | PAGE);
    judgement = judge_par(&hand, par_success(HAND_PAGE, 0xff, SH_NON));
    expect_verdict(&judgement, WD_VERDICT_PERMITTED);
    assert_string_equal(judgement.choice, "S1_TXSZ_LOW: the minimum is used; S1_SHAREABILITY: Non-shareable");
}

/* ---------------------------------------------------------------- verdicts */

static struct wd_result answer_without_par(enum wd_answer kind, const char *text)
{
    struct wd_result result = answer_par(0);

    result.answer = (uint8_t)kind;
    snprintf(result.text, sizeof(result.text), "%s", text);
    return result;
}

static void each_kind_of_answer_that_is_no_par_has_its_verdict(void **state)
{
    static const struct {
        uint8_t answer, verdict; /* enum wd_answer, enum wd_verdict */
        const char *name;
    } kinds[] = {
        {WD_ANSWER_EXCEPTION, WD_VERDICT_EXCEPTION_MISMATCH, "exception-mismatch"},
        {WD_ANSWER_UNDEFINED, WD_VERDICT_EXCEPTION_MISMATCH, "exception-mismatch"},
        {WD_ANSWER_UNSUPPORTED, WD_VERDICT_UNSUPPORTED, "unsupported"},
        {WD_ANSWER_RETRY, WD_VERDICT_RETRY, "retry"},
        {WD_ANSWER_CRASH, WD_VERDICT_CRASH, "crash"},
        {WD_ANSWER_HANG, WD_VERDICT_HANG, "hang"},
    };
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1R, HAND_VA, HAND_PAGE);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct wd_result got = answer_without_par(kinds[i].answer, "SIGSEGV");
        struct wd_judgement judgement = judge(&hand, &got);

        expect_verdict(&judgement, kinds[i].verdict);
        assert_string_equal(wd_verdict_names[judgement.verdict], kinds[i].name);
        assert_int_equal(wd_verdict_is_finding[judgement.verdict], kinds[i].verdict != WD_VERDICT_UNSUPPORTED);
        assert_int_equal(judgement.signature[0] != '\0', wd_verdict_is_finding[judgement.verdict]);
        assert_int_equal(judgement.title[0] != '\0', wd_verdict_is_finding[judgement.verdict]);
    }
}

static void an_exception_that_the_walker_does_not_take_is_a_mismatch(void **state)
{
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1R, HAND_VA, HAND_PAGE);
    hand.ram[0].size = 0x20000;
    judgement = judge_par(&hand, par_fault(TRANSLATION + 3));
    expect_verdict(&judgement, WD_VERDICT_EXCEPTION_MISMATCH);
    hand.c.op = WD_AT_S1E2R;
    hand.c.el = 1; /* UNDEFINED */
    judgement = judge_par(&hand, par_fault(TRANSLATION + 3));
    expect_verdict(&judgement, WD_VERDICT_EXCEPTION_MISMATCH);
}

static void where_the_oracle_cannot_answer_no_answer_passes(void **state)
{
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1R, HAND_VA, HAND_PAGE);
    SET(&hand, ID_AA64MMFR3_EL1, S2PIE, 1);
    SET(&hand, VTCR_EL2, S2PIE, 1);
    judgement = judge_par(&hand, PAGE_PAR);
    expect_verdict(&judgement, WD_VERDICT_UNSUPPORTED);
    assert_false(wd_verdict_is_finding[judgement.verdict]);
}

static struct wd_result with_warning(struct wd_result result)
{
    result.warning_count = 1;
    snprintf(result.warnings[0], sizeof(result.warnings[0]), "at.c:123");
    return result;
}

static void a_warning_makes_a_permitted_answer_a_finding_and_leaves_a_wrong_one_what_it_is(void **state)
{
    struct wd_judgement judgement;
    struct wd_result got;
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, HAND_PAGE | AF | SH(1) | PAGE);
    got = with_warning(answer_par(par_success(HAND_PAGE, 0xff, SH_OUTER))); /* the default */
    judgement = judge(&hand, &got);
    expect_verdict(&judgement, WD_VERDICT_WARN);
    assert_true(wd_verdict_is_finding[WD_VERDICT_WARN]);
    assert_string_equal(judgement.signature, "warn: at.c:123");
    got = with_warning(answer_par(par_success(HAND_PAGE, 0xff, SH_NON))); /* another option */
    judgement = judge(&hand, &got);
    expect_verdict(&judgement, WD_VERDICT_WARN);
    assert_int_equal(judgement.expected.result.par, got.par);
    assert_int_equal(judgement.rule, WD_RULE_NONE);
    got = with_warning(answer_par(par_success(HAND_PAGE, 0xee, SH_NON)));
    judgement = judge(&hand, &got);
    expect_verdict(&judgement, WD_VERDICT_DEVIATION);
}

static void what_is_no_finding_has_no_signature(void **state)
{
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, HAND_PAGE | AF | SH(1) | PAGE);
    judgement = judge_par(&hand, par_success(HAND_PAGE, 0xff, SH_OUTER));
    expect_verdict(&judgement, WD_VERDICT_AGREE);
    assert_string_equal(judgement.signature, "");
    assert_string_equal(judgement.choice, "");
    judgement = judge_par(&hand, par_success(HAND_PAGE, 0xff, SH_INNER));
    expect_verdict(&judgement, WD_VERDICT_PERMITTED);
    assert_string_equal(judgement.signature, "");
    assert_string_equal(judgement.title, "");
}

/* ---------------------------------------------------------------- signatures */

/* The bucket of a walker that does not check the Access flag, for a leaf of some size, address and operation. */
static void missing_access_flag_check(enum wd_operation op, uint64_t va, int level, uint64_t pa, char *signature)
{
    const uint64_t size = wd_mask(level == 3 ? 11 : 20, 0);
    struct wd_judgement judgement;
    struct hand hand;

    hand_el10(&hand, op, va);
    hand_map(&hand, va, level, pa | (LEAF & ~AF) | AP_USER | (level == 3 ? PAGE : BLOCK));
    judgement = judge_par(&hand, par_success(pa | (va & size), 0xff, SH_INNER));
    expect_verdict(&judgement, WD_VERDICT_DEVIATION);
    assert_int_equal(judgement.rule, WD_RULE_ACCESS_FLAG);
    snprintf(signature, WD_SIGNATURE_MAX, "%s", judgement.signature);
}

static void a_signature_does_not_depend_on_operation_address_and_level(void **state)
{
    char first[WD_SIGNATURE_MAX], other[WD_SIGNATURE_MAX];

    (void)state;
    missing_access_flag_check(WD_AT_S1E1R, HAND_VA, 3, HAND_PAGE, first);
    assert_non_null(strstr(first, "ACCESS_FLAG"));
    missing_access_flag_check(WD_AT_S1E1R, HAND_VA ^ BIT(30), 3, HAND_PAGE ^ BIT(33), other);
    assert_string_equal(first, other);
    missing_access_flag_check(WD_AT_S1E0W, HAND_VA, 3, HAND_PAGE, other);
    assert_string_equal(first, other);
    missing_access_flag_check(WD_AT_S1E1R, HAND_VA, 2, UINT64_C(0x187600000), other);
    assert_string_equal(first, other);
}

/* Invalid descriptors at levels 1, 2 and 3 that a walker reports at level 0. */
static void a_wrong_level_is_told_in_words(void **state)
{
    char first[WD_SIGNATURE_MAX] = "";

    (void)state;
    for (int level = 2; level <= 3; level++) {
        struct wd_judgement judgement;
        struct hand hand;

        hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
        hand_map(&hand, HAND_VA, level, 0);
        judgement = judge_par(&hand, par_fault(TRANSLATION));
        expect_verdict(&judgement, WD_VERDICT_DEVIATION);
        assert_int_equal(judgement.rule, WD_RULE_DESCRIPTOR_INVALID);
        assert_non_null(strstr(judgement.signature, "level"));
        assert_null(strpbrk(judgement.signature, "23456789")); /* "s1" and "level 0" alone have digits */
        if (level > 2)
            assert_string_equal(first, judgement.signature);
        snprintf(first, sizeof(first), "%s", judgement.signature);
    }
}

static void different_faults_of_a_walker_have_different_signatures(void **state)
{
    struct wd_judgement no_check, wrong_attribute, wrong_address;
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1R, HAND_VA, HAND_PAGE);
    no_check = judge_par(&hand, par_fault(PERMISSION + 3));
    wrong_attribute = judge_par(&hand, par_success(HAND_PAGE, 0x44, SH_INNER));
    wrong_address = judge_par(&hand, par_success(0, 0xff, SH_INNER));
    assert_string_not_equal(no_check.signature, wrong_attribute.signature);
    assert_string_not_equal(no_check.signature, wrong_address.signature);
    assert_string_not_equal(wrong_attribute.signature, wrong_address.signature);
}

static void a_crash_is_a_bucket_by_how_it_ended(void **state)
{
    const struct wd_result segv = answer_without_par(WD_ANSWER_CRASH, "SIGSEGV");
    const struct wd_result trap = answer_without_par(WD_ANSWER_CRASH, "SIGTRAP");
    struct wd_judgement a, b, c;
    struct hand hand, elsewhere;

    (void)state;
    start_page(&hand, WD_AT_S1E1R, HAND_VA, HAND_PAGE);
    start_page(&elsewhere, WD_AT_S1E0R, HAND_VA ^ BIT(30), HAND_PAGE ^ BIT(33));
    SET(&elsewhere, TCR_EL1, EPD1, 1);
    elsewhere.c.op = WD_AT_S1E1W;
    a = judge(&hand, &segv);
    b = judge(&elsewhere, &segv);
    c = judge(&hand, &trap);
    assert_non_null(strstr(a.signature, "SIGSEGV"));
    assert_string_equal(a.signature, b.signature);
    assert_string_not_equal(a.signature, c.signature);
}

static void an_answer_is_described_by_class_level_and_stage(void **state)
{
    static const struct {
        uint64_t par;
        const char *text;
    } pars[] = {
        {UINT64_C(0x0000000187654900), "success"},
        {UINT64_C(0x80b), "Translation fault, level 1"},
        {UINT64_C(0x801), "Address size fault, level 0"},
        {UINT64_C(0x857), "Translation fault, level -1"},
        {UINT64_C(0xa1f), "stage 2 Permission fault, level 3"},
        {UINT64_C(0xb15), "stage 2 Access flag fault on a stage 1 walk, level 2"},
    };
    const struct wd_result abort = answer_exception(EXTERNAL_ABORT + 2, false, false);
    char text[100];

    (void)state;
    for (size_t i = 0; i < sizeof(pars) / sizeof(pars[0]); i++) {
        const struct wd_result result = answer_par(pars[i].par);

        wd_describe_answer(&result, text, sizeof(text));
        assert_string_equal(text, pars[i].text);
    }
    wd_describe_answer(&abort, text, sizeof(text));
    assert_string_equal(text, "Data Abort with external abort, level 2");
}

/* ---------------------------------------------------------------- what an answer proves */

/* T0SZ above its maximum: IMPLEMENTATION DEFINED. */
static void start_txsz_high(struct hand *hand)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 25, .start_level = 2, .base = HAND_STAGE1_TABLES};

    hand_el10(hand, WD_AT_S1E1R, 0x1abcdef);
    SET(hand, TCR_EL1, T0SZ, 40);
    hand_map_path(hand, &path, 0x1abcdef, 3, THE_PAGE);
}

static void an_answer_proves_how_an_implementation_defined_choice_is_resolved(void **state)
{
    const uint64_t choice = BIT(WD_CHOICE_S1_TXSZ_HIGH);
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    start_txsz_high(&hand);
    judgement = judge_par(&hand, par_fault(TRANSLATION));
    expect_verdict(&judgement, WD_VERDICT_AGREE);
    assert_int_equal(judgement.proved[0], choice);
    assert_int_equal(judgement.proved[1], 0);
    judgement = judge_par(&hand, PAGE_PAR);
    expect_verdict(&judgement, WD_VERDICT_PERMITTED);
    assert_int_equal(judgement.proved[0], 0);
    assert_int_equal(judgement.proved[1], choice);
    judgement = judge_par(&hand, par_fault(TRANSLATION + 1));
    expect_verdict(&judgement, WD_VERDICT_DEVIATION);
    assert_int_equal(judgement.proved[0] | judgement.proved[1], 0);
}

static void an_answer_that_both_resolutions_give_proves_nothing(void **state)
{
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    start_txsz_high(&hand);
    hand.c.va |= BIT(40); /* out of range with 39 too */
    judgement = judge_par(&hand, par_fault(TRANSLATION));
    expect_verdict(&judgement, WD_VERDICT_AGREE);
    assert_int_equal(judgement.proved[0] | judgement.proved[1], 0);
}

/* A settled choice needs no search while the answer is the default one. */
static void a_settled_choice_is_not_proved_again(void **state)
{
    const struct wd_result got = answer_par(par_fault(TRANSLATION));
    struct wd_oracle_output basis;
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    start_txsz_high(&hand);
    wd_oracle(&hand.c, NULL, NULL, NULL, &basis);
    wd_judge(&hand.c, &basis, &got, BIT(WD_CHOICE_S1_TXSZ_HIGH), &judgement);
    expect_verdict(&judgement, WD_VERDICT_AGREE);
    assert_int_equal(judgement.proved[0] | judgement.proved[1], 0);
}

static void a_settled_choice_is_proved_all_the_same_by_an_answer_that_takes_another_option(void **state)
{
    const struct wd_result got = answer_par(PAGE_PAR);
    struct wd_oracle_output basis;
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    start_txsz_high(&hand);
    wd_oracle(&hand.c, NULL, NULL, NULL, &basis);
    wd_judge(&hand.c, &basis, &got, BIT(WD_CHOICE_S1_TXSZ_HIGH), &judgement);
    expect_verdict(&judgement, WD_VERDICT_PERMITTED);
    assert_int_equal(judgement.proved[1], BIT(WD_CHOICE_S1_TXSZ_HIGH));
}

/* "permitted, but not required" and CONSTRAINED UNPREDICTABLE: each time anew. */
static void only_implementation_defined_choices_are_proved(void **state)
{
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 1);
    SET(&hand, TCR_EL1, HA, 1);
    hand_map(&hand, HAND_VA, 3, HAND_PAGE | SH(1) | PAGE);
    judgement = judge_par(&hand, par_success(HAND_PAGE, 0xff, SH_INNER));
    expect_verdict(&judgement, WD_VERDICT_PERMITTED);
    assert_int_equal(judgement.proved[0] | judgement.proved[1], 0);
}

/* TCR_EL1.TG0 = 11. A granule that had to be chosen among fewer than three says nothing of other implementations. */
static void a_granule_is_proved_only_where_all_granules_exist(void **state)
{
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, TCR_EL1, TG0, 3);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    judgement = judge_par(&hand, PAGE_PAR);
    assert_int_equal(judgement.proved[0], BIT(WD_CHOICE_S1_TG0));
    judgement = judge_par(&hand, par_fault(TRANSLATION + 2)); /* 64K */
    expect_verdict(&judgement, WD_VERDICT_PERMITTED);
    assert_int_equal(judgement.proved[1], BIT(WD_CHOICE_S1_TG0));
    SET(&hand, ID_AA64MMFR0_EL1, TGran16, 0);
    judgement = judge_par(&hand, PAGE_PAR);
    expect_verdict(&judgement, WD_VERDICT_AGREE);
    assert_int_equal(judgement.proved[0], 0);
}

static void an_inconsistent_choice_has_a_bucket_that_names_it(void **state)
{
    char signature[WD_SIGNATURE_MAX], title[WD_TITLE_MAX];

    (void)state;
    wd_inconsistent_bucket(WD_CHOICE_S1_TXSZ_HIGH, signature, title);
    assert_string_equal(signature, "inconsistent: S1_TXSZ_HIGH");
    assert_non_null(strstr(title, "Translation fault, level 0"));
    assert_non_null(strstr(title, "the maximum is used"));
    assert_non_null(strstr(title, "R_YXNYW"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mask_leaves_out_what_is_unknown_or_implementation_defined),
        cmocka_unit_test(every_bit_under_the_mask_counts_and_no_other),
        cmocka_unit_test(each_field_of_par_is_an_aspect),
        cmocka_unit_test(each_member_of_an_exception_is_an_aspect),
        cmocka_unit_test(what_a_walker_leaves_unanswered_is_no_difference),
        cmocka_unit_test(a_fault_of_which_nothing_is_told_is_described_as_a_fault),
        cmocka_unit_test(a_fault_status_code_that_nobody_knows_is_of_no_class),
        cmocka_unit_test(changed_words_are_compared_word_by_word),
        cmocka_unit_test(the_ipa_of_a_stage_2_fault_counts_down_to_its_page),
        cmocka_unit_test(the_ipa_of_an_external_abort_does_not_count),
        cmocka_unit_test(the_nearest_answer_differs_in_the_fewest_aspects),
        cmocka_unit_test(a_wrong_success_is_compared_with_a_permitted_success),
        cmocka_unit_test(of_the_resolutions_that_give_an_answer_the_one_with_the_fewest_choices_is_named),
        cmocka_unit_test(choices_that_only_together_give_the_answer_are_all_named),
        cmocka_unit_test(each_kind_of_answer_that_is_no_par_has_its_verdict),
        cmocka_unit_test(an_exception_that_the_walker_does_not_take_is_a_mismatch),
        cmocka_unit_test(where_the_oracle_cannot_answer_no_answer_passes),
        cmocka_unit_test(a_warning_makes_a_permitted_answer_a_finding_and_leaves_a_wrong_one_what_it_is),
        cmocka_unit_test(what_is_no_finding_has_no_signature),
        cmocka_unit_test(a_signature_does_not_depend_on_operation_address_and_level),
        cmocka_unit_test(a_wrong_level_is_told_in_words),
        cmocka_unit_test(different_faults_of_a_walker_have_different_signatures),
        cmocka_unit_test(a_crash_is_a_bucket_by_how_it_ended),
        cmocka_unit_test(an_answer_is_described_by_class_level_and_stage),
        cmocka_unit_test(an_answer_proves_how_an_implementation_defined_choice_is_resolved),
        cmocka_unit_test(an_answer_that_both_resolutions_give_proves_nothing),
        cmocka_unit_test(a_settled_choice_is_not_proved_again),
        cmocka_unit_test(a_settled_choice_is_proved_all_the_same_by_an_answer_that_takes_another_option),
        cmocka_unit_test(only_implementation_defined_choices_are_proved),
        cmocka_unit_test(a_granule_is_proved_only_where_all_granules_exist),
        cmocka_unit_test(an_inconsistent_choice_has_a_bucket_that_names_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
