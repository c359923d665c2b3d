/* SPDX-License-Identifier: MIT */
/*
 * The cause that the judge gives a wrong answer: checks left out, mistakes, checks wrongly made; what it makes of a
 * walker that is known for some causes; and what an answer of such a walker proves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "harness/judge/judge.h"
#include "tests/unit/builder.h"

#define CAUSE(mistake)        wd_cause_mistake(WD_MISTAKE_##mistake)
#define LEFT_OUT(rule, stage) wd_cause_left_out(WD_RULE_##rule, stage)

static const struct wd_causes nothing;

/* The set of some causes: KNOWN(CAUSE(C_IGNORED), LEFT_OUT(EPD, 1)). */
#define KNOWN(...)                                                                                                     \
    known_for((const unsigned[]){__VA_ARGS__}, sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))

static struct wd_causes known_for(const unsigned *numbers, size_t count)
{
    struct wd_causes causes = {0};

    for (size_t i = 0; i < count; i++)
        wd_causes_add(&causes, numbers[i]);
    return causes;
}

static struct wd_judgement judge(const struct hand *hand, uint64_t par, struct wd_causes known)
{
    const struct wd_result got = answer_par(par);
    struct wd_oracle_output basis;
    struct wd_judgement judgement;

    wd_oracle(&hand->c, NULL, NULL, NULL, &basis);
    wd_judge_known(&hand->c, &basis, &got, 0, &known, &judgement);
    return judgement;
}

static void expect_signature(const struct hand *hand, uint64_t par, struct wd_causes known, const char *signature)
{
    const struct wd_judgement judgement = judge(hand, par, known);
    struct wd_oracle_output basis;

    wd_oracle(&hand->c, NULL, NULL, NULL, &basis);
    assert_string_equal(wd_verdict_names[judgement.verdict],
                        basis.result.answer == WD_ANSWER_EXCEPTION ? "exception-mismatch" : "deviation");
    assert_string_equal(judgement.signature, signature);
}

/* The same of any answer. */
static void expect_cause_of(const struct hand *hand, const struct wd_result *got, struct wd_causes known,
                            unsigned number)
{
    struct wd_oracle_output basis;
    struct wd_judgement judgement;

    wd_oracle(&hand->c, NULL, NULL, NULL, &basis);
    wd_judge_known(&hand->c, &basis, got, 0, &known, &judgement);
    assert_true(wd_verdict_is_finding[judgement.verdict]);
    assert_int_equal(judgement.rule, wd_cause_by_number(number).rule);
    assert_non_null(strstr(judgement.signature, wd_cause_by_number(number).words));
}

/* The wrong answer comes from this cause. */
static void expect_cause(const struct hand *hand, uint64_t par, struct wd_causes known, unsigned number)
{
    const struct wd_cause cause = wd_cause_by_number(number);
    char signature[WD_SIGNATURE_MAX];

    wd_cause_signature(&cause, signature, sizeof(signature));
    expect_signature(hand, par, known, signature);
    assert_int_equal(judge(hand, par, known).rule, cause.rule);
}

/* ---------------------------------------------------------------- cases */

/* 36 bits of output, and a RAM range beyond them. */
#define FAR UINT64_C(0x1000000000)

static void start_small_output(struct hand *hand)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    SET(hand, TCR_EL1, IPS, 1);
    hand_ram(hand, FAR, 0x100000, false);
}

/* Both stages; stage 1 has one byte of MAIR, stage 2 one MemAttr. The output is HAND_IPA. */
static void start_both(struct hand *hand, uint64_t mair, uint64_t memattr)
{
    hand_el10(hand, WD_AT_S12E1R, HAND_VA);
    hand->c.regs[WD_MAIR_EL1] = mair;
    hand_map(hand, HAND_VA, 3, HAND_IPA | LEAF | PAGE);
    hand_stage2(hand);
    hand_map_stage2(hand, UINT64_C(1) << 30, 1, UINT64_C(1) << 30 | STAGE2_LEAF | BLOCK);
    hand_put(hand, HAND_STAGE2_TABLES + 3 * 8,
             UINT64_C(3) << 30 | AF | SH(3) | MEM_ATTR(memattr) | S2AP_READ | S2AP_WRITE | BLOCK);
}

/* A stage 1 walk whose first table has this leaf in stage 2, at level 1. */
static void start_walk(struct hand *hand, uint64_t stage2_leaf)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    hand_stage2(hand);
    hand_map_stage2(hand, UINT64_C(1) << 30, 1, stage2_leaf);
}

/* ---------------------------------------------------------------- mistakes */

static void the_regime_by_hcr_alone_is_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_el2(&hand, WD_AT_S1E2R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    expect_cause(&hand, OFF_PAR(HAND_VA), nothing, CAUSE(REGIME_BY_HCR));
}

static void e2h_taken_as_it_is_written_is_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_el20(&hand, WD_AT_S1E1R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    SET(&hand, HCR_EL2, E2H, 0);
    SET(&hand, ID_AA64MMFR4_EL1, E2H0, 15);
    assert_int_equal(judge(&hand, PAGE_PAR, nothing).verdict, WD_VERDICT_AGREE);
    expect_cause(&hand, OFF_PAR(HAND_VA), nothing, CAUSE(E2H_AS_WRITTEN));
    SET(&hand, HCR_EL2, E2H, 1);
    SET(&hand, ID_AA64MMFR4_EL1, E2H0, 0);
    SET(&hand, ID_AA64MMFR1_EL1, VH, 0);
    assert_int_equal(judge(&hand, OFF_PAR(HAND_VA), nothing).verdict, WD_VERDICT_AGREE);
    expect_cause(&hand, PAGE_PAR, nothing, CAUSE(E2H_AS_WRITTEN));
}

static void a_clamped_txsz_is_told_where_it_must_fault(void **state)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 48, .base = HAND_STAGE1_TABLES};
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64MMFR2_EL1, VARange, 1);
    SET(&hand, TCR_EL1, T0SZ, 10);
    hand_map_path(&hand, &path, HAND_VA, 3, THE_PAGE);
    expect_cause(&hand, PAGE_PAR, nothing, CAUSE(S1_TXSZ_CLAMPED));
}

static void a_start_level_by_the_input_size_is_told(void **state)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 40, .base = HAND_STAGE2_TABLES};
    struct wd_resolution resolution = {0};
    struct wd_oracle_output output;
    struct hand hand;

    (void)state;
    hand_start(&hand, WD_AT_S12E1R, HAND_IPA);
    hand_stage2(&hand);
    SET(&hand, VTCR_EL2, T0SZ, 24);
    SET(&hand, VTCR_EL2, SL0, 2);
    hand_map_path(&hand, &path, HAND_IPA, 3, HAND_PAGE | STAGE2_LEAF | PAGE);
    expect_cause(&hand, par_stage2_fault(TRANSLATION), nothing, CAUSE(START_LEVEL_BY_INPUT_SIZE));

    /* 43 bits from level 0: "less than 44" and "up to 42" differ. */
    hand_start(&hand, WD_AT_S12E1R, HAND_IPA);
    hand_stage2(&hand);
    SET(&hand, VTCR_EL2, T0SZ, 21);
    SET(&hand, VTCR_EL2, SL0, 2);
    hand_put(&hand, HAND_STAGE2_TABLES, HAND_STAGE2_TABLES | 0x10000 | TABLE);
    hand_put(&hand, HAND_STAGE2_TABLES + 0x10000 + 3 * 8, UINT64_C(1) << 30 | STAGE2_LEAF | BLOCK);
    resolution.mistakes = wd_mistake_bit(WD_MISTAKE_START_LEVEL_BY_INPUT_SIZE);
    wd_oracle(&hand.c, &resolution, NULL, NULL, &output);
    assert_int_equal(output.result.par, par_stage2_fault(TRANSLATION));
    resolution.mistakes |= wd_mistake_bit(WD_MISTAKE_START_LEVEL_BY_INPUT_SIZE_LESS_ONE);
    wd_oracle(&hand.c, &resolution, NULL, NULL, &output);
    assert_int_equal(output.result.par, OFF_PAR(UINT64_C(1) << 30 | wd_bits(HAND_IPA, 29, 0)));
}

static void a_walk_fault_at_the_level_of_stage_1_is_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand_stage2(&hand);
    hand_map_stage2(&hand, UINT64_C(1) << 30, 2, 0);
    expect_cause(&hand, par_walk_fault(TRANSLATION + 1), nothing, CAUSE(WALK_FAULT_AT_STAGE_1_LEVEL));

    /* A stage 1 walk that starts at level -1: the code of that level, or what becomes of its bits. One mistake. */
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64MMFR0_EL1, TGran4, 1);
    SET(&hand, ID_AA64MMFR0_EL1, PARange, 6);
    SET(&hand, TCR_EL1, DS, 1);
    SET(&hand, TCR_EL1, T0SZ, 12);
    SET(&hand, TCR_EL1, IPS, 6);
    hand_stage2(&hand);
    hand_map_stage2(&hand, UINT64_C(1) << 30, 2, 0);
    expect_signature(&hand, par_walk_fault(TRANSLATION_LEVEL_MINUS_1), nothing,
                     "S2_FAULT_ON_WALK_LEVEL s2 level of the stage 2 lookup → stage 1's level");
    expect_signature(&hand, par_walk_fault(0x3f), nothing,
                     "S2_FAULT_ON_WALK_LEVEL s2 level of the stage 2 lookup → stage 1's level");
}

static void an_external_abort_that_is_reported_in_par_is_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    hand.ram[0].size = 0x20000; /* the level 3 table is outside */
    expect_cause(&hand, par_fault(EXTERNAL_ABORT + 3), nothing, CAUSE(S1_ABORT_IN_PAR));
    hand_page(&hand, WD_AT_S1E1R);
    hand_stage2(&hand);
    hand.ram[0].size = HAND_STAGE2_TABLES - HAND_RAM_BASE;
    expect_cause(&hand, par_walk_fault(EXTERNAL_ABORT + 1), nothing, CAUSE(S2_ABORT_IN_PAR));
}

static void a_walk_fault_of_another_class_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_walk(&hand, UINT64_C(1) << 30 | (STAGE2_LEAF & ~AF) | BLOCK);
    expect_cause(&hand, par_walk_fault(TRANSLATION + 1), nothing, CAUSE(WALK_FAULT_AS_TRANSLATION));
}

/* A block that the user may read, and one that is read-only too: what PAN denies is at the level of the block. */
static void a_pan_fault_at_level_3_is_told(void **state)
{
    const uint64_t block = UINT64_C(0x187600000) | LEAF | AP_USER | BLOCK;
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1RP, HAND_VA);
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 2);
    hand.c.pan = 1;
    hand_map(&hand, HAND_VA, 2, block);
    expect_cause(&hand, par_fault(PERMISSION + 3), nothing, CAUSE(PAN_FAULT_AT_LEVEL_3));
    hand_el10(&hand, WD_AT_S1E1WP, HAND_VA);
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 2);
    hand.c.pan = 1;
    hand_map(&hand, HAND_VA, 2, block | AP_READ_ONLY);
    expect_cause(&hand, par_fault(PERMISSION + 3), nothing, CAUSE(PAN_FAULT_AT_LEVEL_3));
}

/* DS = 1 and 52 bits start at level -1, where 4K has no blocks. */
static void a_block_at_level_minus_1_is_told(void **state)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 52, .start_level = -1, .base = HAND_STAGE1_TABLES};
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64MMFR0_EL1, PARange, 6);
    SET(&hand, ID_AA64MMFR0_EL1, TGran4, 1);
    SET(&hand, ID_AA64MMFR2_EL1, VARange, 1);
    SET(&hand, TCR_EL1, T0SZ, 12);
    SET(&hand, TCR_EL1, DS, 1);
    SET(&hand, TCR_EL1, IPS, 6);
    SET(&hand, TCR_EL1, SH0, SH_INNER);
    hand_map_path(&hand, &path, HAND_VA, -1, AF | BLOCK);
    expect_cause(&hand, par_success(HAND_VA & ~UINT64_C(0xfff), 0xff, SH_INNER), nothing,
                 LEFT_OUT(BLOCK_NOT_SUPPORTED, 1));
}

static void a_fault_before_any_lookup_at_the_start_level_is_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    SET(&hand, TCR_EL1, EPD0, 1);
    expect_cause(&hand, par_fault(TRANSLATION + 1), nothing, CAUSE(FAULT_AT_START_LEVEL));
    hand_page(&hand, WD_AT_S1E1R);
    SET(&hand, TCR_EL1, T0SZ, 60); /* four bits are less than a page: the subtraction wraps round */
    expect_cause(&hand, par_fault(0x3f), nothing, CAUSE(FAULT_AT_START_LEVEL));
}

static void the_sign_of_an_address_taken_for_its_size_is_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA | BIT(60));
    expect_cause(&hand, par_fault(ADDRESS_SIZE), nothing, CAUSE(SIGN_AS_ADDRESS_SIZE));
    hand_el2(&hand, WD_AT_S1E2R, HAND_UPPER_VA);
    expect_cause(&hand, par_fault(ADDRESS_SIZE), nothing, CAUSE(HIGH_HALF_AS_ADDRESS_SIZE));
}

static void a_bit_that_is_lost_behind_stage_2_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_both(&hand, 0xff, 15);
    expect_cause(&hand, par_success(HAND_IPA, 0xff, SH_INNER) & ~BIT(11), nothing, CAUSE(COMBINED_RES1_CLEAR));
}

static void a_status_that_is_never_set_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_walk(&hand, UINT64_C(1) << 30 | STAGE2_LEAF | BLOCK);
    SET(&hand, VTCR_EL2, T0SZ, 10);
    expect_cause(&hand, par_walk_fault(ADDRESS_SIZE + 1), nothing, CAUSE(S2_SIZE_WITHOUT_STATUS));
}

static void transience_that_keeps_stage_1_as_it_is_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_both(&hand, 0x77, 10); /* Write-Back transient with Write-Through: Write-Through transient */
    expect_cause(&hand, par_success(HAND_IPA, 0x77, SH_INNER), nothing, CAUSE(TRANSIENT_AS_STAGE_1));
}

static void the_device_check_of_ptw_that_is_not_made_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_walk(&hand, UINT64_C(1) << 30 | (STAGE2_LEAF & ~MEM_ATTR(15)) | BLOCK);
    hand_put(&hand, hand_descriptor(&hand_stage1_path, 1, HAND_VA), 0);
    SET(&hand, HCR_EL2, PTW, 1);
    expect_cause(&hand, par_fault(TRANSLATION + 1), nothing, CAUSE(PTW_NOT_CHECKED));
}

static void start_overlay(struct hand *hand, enum wd_operation op, uint64_t overlay)
{
    hand_page(hand, op);
    SET(hand, ID_AA64MMFR3_EL1, TCRX, 1);
    SET(hand, ID_AA64MMFR3_EL1, S1POE, 1);
    SET(hand, ID_AA64MMFR1_EL1, HCX, 1);
    SET(hand, HCRX_EL2, TCR2En, 1);
    SET(hand, TCR2_EL1, POE, 1);
    hand->c.regs[WD_POR_EL1] = overlay;
}

static void mistakes_about_overlays_are_told(void **state)
{
    struct hand hand;

    (void)state;
    start_overlay(&hand, WD_AT_S1E1R, 4);
    expect_cause(&hand, par_fault(PERMISSION + 3), nothing, CAUSE(OVERLAY_NOT_REPORTED));
    start_overlay(&hand, WD_AT_S1E1W, 5);
    expect_cause(&hand, par_fault(PERMISSION + 3) | BIT(14), nothing, CAUSE(OVERLAY_READ_ALONE));
}

static void of_several_causes_at_once_the_first_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_overlay(&hand, WD_AT_S1E1W, 5); /* write is lost, and the fault is not said to be the overlay's */
    expect_cause(&hand, par_fault(PERMISSION + 3), nothing, CAUSE(OVERLAY_READ_ALONE));
    expect_cause(&hand, par_fault(PERMISSION + 3), KNOWN(CAUSE(OVERLAY_READ_ALONE)), CAUSE(OVERLAY_NOT_REPORTED));
    start_both(&hand, 0x77, 10);
    expect_cause(&hand, par_success(HAND_IPA, 0x77, SH_INNER) & ~BIT(11), nothing, CAUSE(TRANSIENT_AS_STAGE_1));
}

static void hcr_el2_that_is_not_looked_at_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_both(&hand, 0xff, 6); /* Write-Back with FWB; without it, outer Non-cacheable, inner Write-Through */
    SET(&hand, HCR_EL2, FWB, 1);
    SET(&hand, ID_AA64MMFR2_EL1, FWB, 1);
    expect_cause(&hand, par_success(HAND_IPA, 0x4b, SH_INNER), nothing, CAUSE(FWB_IGNORED));
    start_both(&hand, 0xff, 10); /* Write-Through */
    SET(&hand, HCR_EL2, CD, 1);
    expect_cause(&hand, par_success(HAND_IPA, 0xbb, SH_INNER), nothing, CAUSE(CD_IGNORED));
    start_both(&hand, 0xff, 7); /* stage 1's with FWB, that is Write-Back; without it, outer Non-cacheable */
    SET(&hand, HCR_EL2, FWB, 1);
    SET(&hand, HCR_EL2, CD, 1);
    SET(&hand, ID_AA64MMFR2_EL1, FWB, 1);
    expect_cause(&hand, par_success(HAND_IPA, 0x4f, SH_INNER), nothing, CAUSE(FWB_AND_CD_IGNORED));
}

static void mistakes_about_combined_attributes_are_told(void **state)
{
    struct hand hand;

    (void)state;
    start_both(&hand, 0x88, 6); /* FWB: Write-Back, with stage 1's hints, which are none */
    SET(&hand, HCR_EL2, FWB, 1);
    SET(&hand, ID_AA64MMFR2_EL1, FWB, 1);
    expect_cause(&hand, par_success(HAND_IPA, 0xff, SH_INNER), nothing, CAUSE(FWB_HINTS));
    start_both(&hand, 0x88, 6); /* without the feature 0110 is Outer Non-cacheable, Inner Write-Through */
    SET(&hand, HCR_EL2, FWB, 1);
    expect_cause(&hand, par_success(HAND_IPA, 0xcc, SH_INNER), nothing, CAUSE(FWB_WITHOUT_FEATURE));
    start_both(&hand, 0x40, 15); /* FEAT_XS: Non-cacheable, XS = 0 */
    SET(&hand, ID_AA64ISAR1_EL1, XS, 1);
    expect_cause(&hand, par_success(HAND_IPA, 0x4c, SH_INNER), nothing, CAUSE(COMBINED_BY_ENCODING));
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64ISAR1_EL1, XS, 1);
    SET(&hand, SCTLR_EL1, C, 0);
    hand_map(&hand, HAND_VA, 3, THE_PAGE); /* Write-Back has XS = 0 */
    expect_cause(&hand, par_success(HAND_PAGE, 0x44, SH_OUTER), nothing, CAUSE(NON_CACHEABLE_XS_LOST));
}

/* Indirect permissions: the privileged nibble, the user's, and the overlays of both. */
static void start_indirect(struct hand *hand, enum wd_operation op, uint64_t privileged, uint64_t user)
{
    start_overlay(hand, op, 7);
    SET(hand, ID_AA64MMFR3_EL1, S1PIE, 1);
    SET(hand, ID_AA64MMFR1_EL1, PAN, 3);
    SET(hand, TCR2_EL1, POE, 0);
    SET(hand, TCR2_EL1, PIE, 1);
    hand->c.regs[WD_PIR_EL1] = privileged;
    hand->c.regs[WD_PIRE0_EL1] = user;
    hand->c.pan = op == WD_AT_S1E1RP;
}

static void mistakes_about_indirect_permissions_are_told(void **state)
{
    struct hand hand;

    (void)state;
    start_indirect(&hand, WD_AT_S1E1R, 3, 9); /* privileged execute, user's GCS */
    expect_cause(&hand, PAGE_PAR, nothing, CAUSE(GCS_NOT_COUNTED));
    start_indirect(&hand, WD_AT_S1E1RP, 1, 2); /* the user may execute alone: the nibble is not 0000 */
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 2);
    expect_cause(&hand, PAGE_PAR, nothing, CAUSE(INDIRECT_PAN_BY_PERMISSIONS));
}

static void pan_behind_the_overlay_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_overlay(&hand, WD_AT_S1E1RP, 7);
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 2);
    SET(&hand, TCR2_EL1, POE, 0);
    SET(&hand, TCR2_EL1, E0POE, 1); /* POR_EL0 = 0: the user's overlay grants nothing */
    hand.c.pan = 1;
    hand.mem[hand.c.mem_count - 1].value |= AP_USER;
    expect_cause(&hand, PAGE_PAR, nothing, CAUSE(PAN_AFTER_OVERLAY));
}

/* What PAN finds shows what the walker makes of the user's permissions. */
static void mistakes_about_the_users_permissions_are_told(void **state)
{
    struct hand_path path = hand_stage1_path;
    struct hand hand;

    (void)state;
    path.table_bits = BIT(61); /* APTable[0]: the user may do nothing, so that PAN does not matter */
    hand_el10(&hand, WD_AT_S1E1RP, HAND_VA);
    hand_map_path(&hand, &path, HAND_VA, 3, USER_PAGE | UXN);
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 2);
    hand.c.pan = 1;
    expect_cause(&hand, par_fault(PERMISSION + 3), nothing, CAUSE(APTABLE_IGNORED));
    path.table_bits = BIT(60); /* UXNTable: the user may not execute, so that EPAN does not matter */
    hand_el10(&hand, WD_AT_S1E1RP, HAND_VA);
    hand_map_path(&hand, &path, HAND_VA, 3, THE_PAGE);
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 3);
    SET(&hand, SCTLR_EL1, EPAN, 1);
    hand.c.pan = 1;
    expect_cause(&hand, par_fault(PERMISSION + 3), nothing, CAUSE(HIERARCHICAL_IGNORED));
    path.table_bits = BIT(62) | BIT(60); /* read-only; and no execution by the user, so that EPAN does not matter */
    hand_el10(&hand, WD_AT_S1E1WP, HAND_VA);
    hand_map_path(&hand, &path, HAND_VA, 3, THE_PAGE);
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 3);
    SET(&hand, SCTLR_EL1, EPAN, 1);
    hand.c.pan = 1;
    expect_cause(&hand, PAGE_PAR, nothing, CAUSE(APTABLE_IGNORED));

    hand_page(&hand, WD_AT_S1E1RP); /* the user may execute alone */
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 2);
    hand.c.pan = 1;
    expect_cause(&hand, par_fault(PERMISSION + 3), nothing, CAUSE(EPAN_ALWAYS));
}

static void permission_checks_that_are_left_out_are_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E0R);
    expect_cause(&hand, PAGE_PAR, nothing, LEFT_OUT(AP_NO_USER_ACCESS, 1));
    hand_user_page(&hand, WD_AT_S1E1RP);
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 2);
    hand.c.pan = 1;
    expect_cause(&hand, PAGE_PAR, nothing, LEFT_OUT(PAN, 1));
    start_both(&hand, 0xff, 15);
    hand.mem[hand.c.mem_count - 1].value &= ~S2AP_READ;
    expect_cause(&hand, par_success(HAND_IPA, 0xff, SH_INNER), nothing, LEFT_OUT(S2AP_NOT_READABLE, 2));
    start_walk(&hand, UINT64_C(1) << 30 | (STAGE2_LEAF & ~S2AP_READ) | BLOCK);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    expect_cause(&hand, PAGE_PAR, nothing, LEFT_OUT(S2_WALK_NOT_READABLE, 2));
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, HAND_PAGE | LEAF | BLOCK);
    expect_cause(&hand, PAGE_PAR, nothing, LEFT_OUT(DESCRIPTOR_RESERVED_LEVEL_3, 1));
}

static void what_a_walker_does_without_a_feature_or_not_at_all_is_told(void **state)
{
    struct wd_result got;
    struct hand hand;

    (void)state;
    start_both(&hand, 0xff, 15); /* HA without FEAT_HAFDBS: a leaf without AF faults */
    SET(&hand, VTCR_EL2, HA, 1);
    hand.mem[hand.c.mem_count - 1].value &= ~AF;
    got = answer_par(par_success(HAND_IPA, 0xff, SH_INNER));
    answer_changes(&got, HAND_STAGE2_TABLES + 3 * 8, hand.mem[hand.c.mem_count - 1].value | AF);
    expect_cause_of(&hand, &got, nothing, CAUSE(S2_FLAG_WITHOUT_FEATURE));

    hand_page(&hand, WD_AT_S1E1W);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 2);
    SET(&hand, TCR_EL1, HA, 1);
    SET(&hand, TCR_EL1, HD, 1);
    hand.mem[hand.c.mem_count - 1].value |= AP_READ_ONLY | DBM; /* writable, clean */
    expect_cause(&hand, par_fault(PERMISSION + 3), nothing, CAUSE(S1_DIRTY_IGNORED));
    start_both(&hand, 0xff, 15);
    hand.c.op = WD_AT_S12E1W;
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 2);
    SET(&hand, VTCR_EL2, HA, 1);
    SET(&hand, VTCR_EL2, HD, 1);
    hand.mem[hand.c.mem_count - 1].value = (hand.mem[hand.c.mem_count - 1].value & ~S2AP_WRITE) | DBM;
    expect_cause(&hand, par_stage2_fault(PERMISSION + 1), nothing, CAUSE(S2_DIRTY_IGNORED));
}

/* 52 bits with the 64K granule: stage 1, or stage 2 of AT S12*, has one leaf at level 3. */
static void start_52_bits(struct hand *hand, uint64_t leaf)
{
    const struct hand_path path = {.granule_bits = 16, .input_bits = 42, .start_level = 2, .base = HAND_STAGE1_TABLES};

    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    SET(hand, ID_AA64MMFR0_EL1, PARange, 6);
    SET(hand, TCR_EL1, TG0, 1);
    SET(hand, TCR_EL1, T0SZ, 22);
    SET(hand, TCR_EL1, IPS, 7);
    hand_map_path(hand, &path, HAND_VA, 3, leaf);
}

/* DS = 1: bit 52 of a 4K level 0 block is RES0; a walker that looks at it takes more bits from the input. */
static void a_contiguous_bit_where_there_is_none_is_told(void **state)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 48, .base = HAND_STAGE1_TABLES};
    const uint64_t va = UINT64_C(0x00002a1234567abc), block = UINT64_C(0x0000808000000000);
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, va);
    SET(&hand, ID_AA64MMFR0_EL1, PARange, 6);
    SET(&hand, ID_AA64MMFR0_EL1, TGran4, 1);
    SET(&hand, TCR_EL1, DS, 1);
    SET(&hand, TCR_EL1, T0SZ, 16);
    SET(&hand, TCR_EL1, IPS, 6);
    SET(&hand, TCR_EL1, SH0, SH_INNER);
    hand_map_path(&hand, &path, va, 0, block | AF | CONTIGUOUS | BLOCK);
    expect_cause(&hand, par_success((block & ~wd_mask(42, 0)) | wd_bits(va, 42, 0), 0xff, SH_INNER), nothing,
                 CAUSE(S1_CONTIGUOUS_EVERYWHERE));

    /* In stage 2 no level has blocks and no contiguous range, so that the check is left out, too. */
    hand_start(&hand, WD_AT_S12E1R, HAND_IPA);
    hand_stage2(&hand);
    SET(&hand, VTCR_EL2, T0SZ, 20);
    SET(&hand, VTCR_EL2, SL0, 2);
    hand_put(&hand, HAND_STAGE2_TABLES, UINT64_C(0x25) << 39 | STAGE2_LEAF | CONTIGUOUS | BLOCK);
    expect_cause(&hand, OFF_PAR(UINT64_C(0x20) << 39 | HAND_IPA), nothing, CAUSE(S2_CONTIGUOUS_EVERYWHERE));
}

/* A base that is beyond the output size is cut to it, and the walk finds its tables there. */
static void a_table_base_that_is_cut_to_the_output_size_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_small_output(&hand);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    hand.c.regs[WD_TTBR0_EL1] |= FAR;
    expect_cause(&hand, PAGE_PAR, nothing, CAUSE(S1_BASE_BITS_DROPPED));
    expect_signature(&hand, PAGE_PAR, KNOWN(CAUSE(S1_BASE_BITS_DROPPED)),
                     "TABLE_BASE_ADDRESS_SIZE s1 fault → not checked");
    start_both(&hand, 0xff, 15);
    SET(&hand, VTCR_EL2, PS, 1);
    hand.c.regs[WD_VTTBR_EL2] |= FAR;
    expect_cause(&hand, par_success(HAND_IPA, 0xff, SH_INNER), nothing, CAUSE(S2_BASE_BITS_DROPPED));
}

/* DS = 1: the walk begins at level -1, and what is a Block descriptor there has no Access flag and no permission. */
static void a_block_at_level_minus_1_is_told_by_a_status_that_is_none(void **state)
{
    struct hand hand;

    (void)state;
    for (unsigned readable = 0; readable < 2; readable++) {
        hand_el10(&hand, WD_AT_S1E0R, HAND_VA);
        SET(&hand, ID_AA64MMFR0_EL1, PARange, 6);
        SET(&hand, ID_AA64MMFR0_EL1, TGran4, 1);
        SET(&hand, TCR_EL1, DS, 1);
        SET(&hand, TCR_EL1, T0SZ, 12);
        SET(&hand, TCR_EL1, IPS, 6);
        hand_put(&hand, HAND_STAGE1_TABLES, readable ? AF | BLOCK : BLOCK);
        expect_cause(&hand, par_fault(readable ? PERMISSION - 1 : ACCESS_FLAG - 1), nothing,
                     CAUSE(S1_BLOCK_AT_LEVEL_MINUS_1));
        expect_cause(&hand, par_fault(readable ? PERMISSION + 3 : ACCESS_FLAG + 3), nothing,
                     LEFT_OUT(BLOCK_NOT_SUPPORTED, 1));
    }
}

static void mistakes_about_52_bits_are_told(void **state)
{
    const struct hand_path path = {.granule_bits = 16, .input_bits = 42, .start_level = 2, .base = HAND_STAGE2_TABLES};
    struct hand hand;

    (void)state;
    /* IPS = 111: address bits 51:48 are in the descriptor all the same. */
    start_52_bits(&hand, UINT64_C(0x187650000) | BIT(13) | LEAF | PAGE);
    expect_cause(&hand, par_success(UINT64_C(0x187650000) | wd_bits(HAND_VA, 15, 0), 0xff, SH_INNER), nothing,
                 CAUSE(S1_52_BITS_BY_PS));
    hand_start(&hand, WD_AT_S12E1R, HAND_IPA);
    hand_stage2(&hand);
    SET(&hand, ID_AA64MMFR0_EL1, PARange, 6);
    SET(&hand, VTCR_EL2, TG0, 1);
    SET(&hand, VTCR_EL2, T0SZ, 22);
    SET(&hand, VTCR_EL2, SL0, 1);
    SET(&hand, VTCR_EL2, PS, 6);
    hand_map_path(&hand, &path, HAND_IPA, 3, UINT64_C(0x187650000) | BIT(13) | STAGE2_LEAF | PAGE);
    expect_cause(&hand, OFF_PAR(UINT64_C(0x187650000) | wd_bits(HAND_IPA, 15, 0)), nothing, CAUSE(S2_48_BITS));
}

static void an_instruction_that_is_asked_for_again_has_a_cause(void **state)
{
    struct wd_result got = answer_par(0);
    struct hand hand;

    (void)state;
    start_both(&hand, 0xff, 15);
    SET(&hand, VTTBR_EL2, BADDR, UINT64_C(0x7000000000) >> 1); /* nothing is there */
    SET(&hand, SCTLR_EL1, M, 0);                               /* so that no walk of stage 1 meets stage 2 */
    hand.c.va = HAND_IPA;
    got.answer = WD_ANSWER_RETRY;
    expect_cause_of(&hand, &got, nothing, CAUSE(S2_FAULT_AS_RETRY));
}

static void address_bits_of_a_block_are_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand_map(&hand, HAND_VA, 2, UINT64_C(0x187600000) | BIT(19) | LEAF | BLOCK);
    expect_cause(&hand, par_success(UINT64_C(0x187600000) | wd_bits(HAND_VA, 20, 0) | BIT(19), 0xff, SH_INNER), nothing,
                 CAUSE(S1_BLOCK_ADDRESS_BITS));
}

static void attributes_of_a_stage_1_that_is_off_are_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_start(&hand, WD_AT_S1E1R, HAND_PAGE);
    expect_cause(&hand, par_success(HAND_PAGE, 0x00, SH_NON), nothing, CAUSE(OFF_NON_SHAREABLE));
    SET(&hand, HCR_EL2, DC, 1);
    expect_cause(&hand, par_success(HAND_PAGE, 0x00, SH_NON), nothing, CAUSE(DEFAULT_CACHEABLE_AS_DEVICE));
}

/* FEAT_HAFT: a walk that leaves the Access flag of its tables as it is. */
static void table_access_flags_that_are_not_set_are_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 3);
    SET(&hand, ID_AA64MMFR1_EL1, HCX, 1);
    SET(&hand, ID_AA64MMFR3_EL1, TCRX, 1);
    SET(&hand, HCRX_EL2, TCR2En, 1);
    SET(&hand, TCR2_EL1, HAFT, 1);
    SET(&hand, TCR_EL1, HA, 1);
    expect_cause(&hand, PAGE_PAR, nothing, CAUSE(S1_HAFT_IGNORED));
    start_both(&hand, 0xff, 15);
    hand.mem[hand.c.mem_count - 1].value = HAND_STAGE2_TABLES + 0x8000 + TABLE;
    hand_put(&hand, HAND_STAGE2_TABLES + 0x8000 + wd_bits(HAND_IPA, 29, 21) * 8,
             (HAND_IPA & ~wd_mask(20, 0)) | STAGE2_LEAF | BLOCK);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 3);
    SET(&hand, VTCR_EL2, HA, 1);
    SET(&hand, VTCR_EL2, HAFT, 1);
    expect_cause(&hand, par_success(HAND_IPA, 0xff, SH_INNER), nothing, CAUSE(S2_HAFT_IGNORED));
}

/* What Non-cacheable memory with XS = 0 is taken for. */
/* Tagged memory in stage 1, MemAttr with FWB and FEAT_MTE_PERM in stage 2. */
static void start_tagged(struct hand *hand, uint64_t memattr)
{
    start_both(hand, 0xf0, memattr);
    SET(hand, ID_AA64PFR1_EL1, MTE, 2);
    SET(hand, ID_AA64PFR2_EL1, MTEPERM, 1);
    SET(hand, ID_AA64MMFR2_EL1, FWB, 1);
    SET(hand, HCR_EL2, FWB, 1);
}

static void mistakes_about_tagged_memory_are_told(void **state)
{
    struct hand hand;

    (void)state;
    start_tagged(&hand, 6);
    expect_cause(&hand, par_success(HAND_IPA, 0xff, SH_INNER), nothing, CAUSE(FWB_TAG_LOST));
    start_tagged(&hand, 14);
    expect_cause(&hand, par_success(HAND_IPA, 0xff, SH_INNER), nothing, CAUSE(FWB_TAG_LOST));
    start_tagged(&hand, 15);
    expect_cause(&hand, par_success(HAND_IPA, 0xf0, SH_INNER), nothing, CAUSE(NO_TAG_ACCESS_IGNORED));
    start_tagged(&hand, 4);
    SET(&hand, HCR_EL2, FWB, 0);
    expect_cause(&hand, par_success(HAND_IPA, 0xf0, SH_INNER), nothing, CAUSE(NO_TAG_ACCESS_IGNORED));
    start_tagged(&hand, 15);
    SET(&hand, ID_AA64PFR2_EL1, MTEPERM, 0);
    SET(&hand, HCR_EL2, DC, 1);
    SET(&hand, HCR_EL2, DCT, 1);
    hand.c.va = HAND_IPA;
    expect_cause(&hand, par_success(HAND_IPA, 0xff, SH_INNER), nothing, CAUSE(DCT_IGNORED));
}

static void what_fwb_reserves_taken_by_its_number_is_told(void **state)
{
    static const uint8_t encodings[4] = {0x44, 0x84, 0x88, 0x8c};
    struct hand hand;

    (void)state;
    for (unsigned i = 1; i < 4; i++) { /* 1000 as Non-cacheable is a permitted meaning */
        start_tagged(&hand, 8 + i);
        expect_cause(&hand, par_success(HAND_IPA, encodings[i], SH_INNER), nothing, CAUSE(FWB_RESERVED_BY_ENCODING));
    }
    start_tagged(&hand, 10);
    SET(&hand, HCR_EL2, CD, 1);
    assert_int_equal(judge(&hand, par_success(HAND_IPA, 0x44, SH_OUTER), nothing).verdict, WD_VERDICT_PERMITTED);
    start_tagged(&hand, 11);
    hand.c.regs[WD_MAIR_EL1] = 0x77; /* the lower encoding of the two */
    assert_int_equal(judge(&hand, par_success(HAND_IPA, 0x77, SH_INNER), nothing).verdict, WD_VERDICT_PERMITTED);
}

static void features_that_a_walker_does_not_know_are_told(void **state)
{
    const struct hand_path path = {.granule_bits = 14, .input_bits = 39, .start_level = 1, .base = HAND_STAGE1_TABLES};
    const struct hand_path stage2_path = {
        .granule_bits = 14, .input_bits = 39, .start_level = 2, .base = HAND_STAGE2_TABLES};
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA); /* DS: bits 9:8 of THE_PAGE are address bits */
    SET(&hand, ID_AA64MMFR0_EL1, TGran4, 1);
    SET(&hand, ID_AA64MMFR0_EL1, PARange, 6);
    SET(&hand, TCR_EL1, DS, 1);
    SET(&hand, TCR_EL1, IPS, 6);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    expect_cause(&hand, PAGE_PAR, nothing, CAUSE(S1_48_BITS));
    start_indirect(&hand, WD_AT_S1E1W, 1, 0); /* AP lets write what the nibble lets read */
    expect_cause(&hand, PAGE_PAR, nothing, CAUSE(S1_PIE_AND_POE_IGNORED));
    start_walk(&hand, UINT64_C(1) << 30 | (STAGE2_LEAF & ~AF) | BLOCK);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 1);
    SET(&hand, VTCR_EL2, HA, 1);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    expect_cause(&hand, par_walk_fault(ACCESS_FLAG + 1), nothing, CAUSE(S2_FLAG_IGNORED));
    start_both(&hand, 0xff, 1);
    SET(&hand, ID_AA64MMFR2_EL1, FWB, 1);
    SET(&hand, HCR_EL2, FWB, 1);
    expect_cause(&hand, par_success(HAND_IPA, 0x00, SH_OUTER), nothing, CAUSE(FWB_DEVICE_NGNRNE));
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64MMFR0_EL1, TGran16, 0);
    SET(&hand, TCR_EL1, TG0, 2);
    hand_map_path(&hand, &path, HAND_VA, 3, THE_PAGE);
    expect_cause(&hand, par_success(HAND_PAGE | wd_bits(HAND_VA, 13, 0), 0xff, SH_INNER), nothing,
                 CAUSE(S1_GRANULE_AS_ENCODED));
    hand_start(&hand, WD_AT_S12E1R, HAND_IPA);
    hand_stage2(&hand);
    SET(&hand, ID_AA64MMFR0_EL1, TGran16, 0);
    SET(&hand, VTCR_EL2, TG0, 2); /* SL0 = 1: level 2, eight concatenated tables */
    hand_map_path(&hand, &stage2_path, HAND_IPA, 3, HAND_PAGE | STAGE2_LEAF | PAGE);
    expect_cause(&hand, par_success(HAND_PAGE | wd_bits(HAND_IPA, 13, 0), 0x00, SH_OUTER), nothing,
                 CAUSE(S2_GRANULE_AS_ENCODED));
}

static void mistakes_about_non_cacheable_memory_without_xs_are_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64ISAR1_EL1, XS, 1);
    hand.c.regs[WD_MAIR_EL1] = 0x40;
    hand_map(&hand, HAND_VA, 3, HAND_PAGE | AF | SH(1) | PAGE); /* reserved: Non-shareable is one meaning of it */
    expect_cause(&hand, par_success(HAND_PAGE, 0x40, SH_NON), nothing, CAUSE(NON_CACHEABLE_XS_SHAREABILITY));
    start_both(&hand, 0, 6); /* FWB makes Device memory Write-Back, which has XS = 0 */
    SET(&hand, ID_AA64ISAR1_EL1, XS, 1);
    SET(&hand, ID_AA64MMFR2_EL1, FWB, 1);
    SET(&hand, HCR_EL2, FWB, 1);
    SET(&hand, HCR_EL2, CD, 1);
    expect_cause(&hand, par_success(HAND_IPA, 0x44, SH_OUTER), nothing, CAUSE(CD_XS_LOST));
    start_both(&hand, 0xa0, 4); /* Write-Through with XS = 0, and what is reserved without FEAT_MTE_PERM */
    SET(&hand, ID_AA64ISAR1_EL1, XS, 1);
    expect_cause(&hand, par_success(HAND_IPA, 0xac, SH_INNER), nothing, CAUSE(COMBINED_BY_ENCODING));
}

/* 32 bits of output; the block's own address is in them, but not what it has of the contiguous range's input. */
static void the_size_of_a_leafs_base_is_told(void **state)
{
    const uint64_t input = UINT64_C(1) << 32 | wd_bits(HAND_VA, 29, 0);
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, input);
    SET(&hand, TCR_EL1, IPS, 0);
    hand_map(&hand, input, 1, LEAF | CONTIGUOUS | BLOCK);
    expect_cause(&hand, par_success(input, 0xff, SH_INNER), KNOWN(CAUSE(S1_LEAF_SIZE_OF_BASE)),
                 CAUSE(S1_LEAF_SIZE_OF_BASE));
    hand_start(&hand, WD_AT_S12E1R, input);
    hand_stage2(&hand);
    SET(&hand, VTCR_EL2, PS, 0);
    hand_map_stage2(&hand, input, 1, STAGE2_LEAF | CONTIGUOUS | BLOCK);
    expect_cause(&hand, OFF_PAR(input), KNOWN(CAUSE(S2_LEAF_SIZE_OF_BASE)), CAUSE(S2_LEAF_SIZE_OF_BASE));
}

/* What KVM of Linux 6.12 does where stage 2 has no answer, or is not asked. */
static void mistakes_about_stages_are_told(void **state)
{
    struct hand hand;

    (void)state;
    start_both(&hand, 0xff, 0); /* stage 2 makes Device memory of it */
    expect_cause(&hand, par_success(HAND_IPA, 0xff, SH_INNER), nothing, CAUSE(S12_STAGE_1_ALONE));
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, 0);
    expect_cause(&hand, par_fault(TRANSLATION + 3) | BIT(8), nothing, CAUSE(OWN_FAULT_WITH_PTW));
    SET(&hand, TCR_EL1, EPD0, 1); /* no descriptor is read */
    expect_cause(&hand, par_fault(TRANSLATION) | BIT(8), nothing, CAUSE(OWN_FAULT_WITH_PTW_ALWAYS));
    hand_start(&hand, WD_AT_S12E1R, HAND_IPA);
    hand_stage2(&hand);
    SET(&hand, VTTBR_EL2, BADDR, UINT64_C(0x7000000000) >> 1); /* nothing is there */
    expect_cause(&hand, OFF_PAR(HAND_IPA), nothing, CAUSE(S2_FAULT_KEEPS_STAGE_1));
    SET(&hand, VTCR_EL2, PS, 0); /* and its address is too large */
    expect_cause(&hand, par_stage2_fault(ADDRESS_SIZE + 1), nothing, CAUSE(S2_BASE_AT_START_LEVEL));
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand_stage2(&hand);
    SET(&hand, VTTBR_EL2, BADDR, UINT64_C(0x7000000000) >> 1);
    expect_cause(&hand, par_walk_fault(ADDRESS_SIZE + 1), nothing, CAUSE(S2_FAULT_WITHOUT_STATUS));
}

/* Stage 2 of AT S12* has a fault that a walker does not report: where only that is wrong, or a cause leads to it. */
static void what_leads_to_an_instruction_that_is_asked_for_again_is_a_deviation(void **state)
{
    const struct wd_result got = {.answer = WD_ANSWER_RETRY};
    const struct wd_causes retries = KNOWN(CAUSE(S2_FAULT_AS_RETRY));
    struct wd_oracle_output basis;
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    start_both(&hand, 0xff, 15);
    hand.mem[hand.c.mem_count - 1].value = UINT64_C(0x7000000000) | TABLE; /* nothing is there */
    wd_oracle(&hand.c, NULL, NULL, NULL, &basis);
    wd_judge_known(&hand.c, &basis, &got, 0, &nothing, &judgement);
    assert_int_equal(judgement.verdict, WD_VERDICT_RETRY);
    assert_int_equal(judgement.cause, CAUSE(S2_FAULT_AS_RETRY));
    assert_int_equal(wd_bucket_verdict(&judgement), WD_VERDICT_RETRY);

    SET(&hand, TCR_EL1, EPD0, 1);
    wd_oracle(&hand.c, NULL, NULL, NULL, &basis);
    wd_judge_known(&hand.c, &basis, &got, 0, &retries, &judgement);
    assert_int_equal(judgement.verdict, WD_VERDICT_RETRY);
    assert_int_equal(judgement.cause, LEFT_OUT(EPD, 1));
    assert_int_equal(wd_bucket_verdict(&judgement), WD_VERDICT_DEVIATION);
}

/* Stage 1 begins at level -1, and stage 2 does not let its table be read. */
static void a_walk_permission_fault_that_becomes_another_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_walk(&hand, UINT64_C(1) << 30 | (STAGE2_LEAF & ~S2AP_READ) | BLOCK);
    SET(&hand, ID_AA64MMFR0_EL1, TGran4, 1);
    SET(&hand, TCR_EL1, DS, 1);
    SET(&hand, TCR_EL1, T0SZ, 12);
    expect_cause(&hand, par_walk_fault(ACCESS_FLAG + 3), KNOWN(CAUSE(WALK_FAULT_AT_STAGE_1_LEVEL)),
                 CAUSE(WALK_PERMISSION_LESS_ONE));
}

static void an_ignored_cacheability_control_is_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    SET(&hand, SCTLR_EL1, C, 0);
    expect_cause(&hand, PAGE_PAR, nothing, CAUSE(C_IGNORED));
    start_both(&hand, 0xff, 10);
    SET(&hand, SCTLR_EL1, C, 0);
    expect_cause(&hand, par_success(HAND_IPA, 0xbb, SH_INNER), nothing, CAUSE(C_IGNORED));
}

static void the_shareability_of_the_descriptor_is_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE | ATTR_INDEX(HAND_DEVICE_GRE));
    expect_cause(&hand, par_success(HAND_PAGE, 0x0c, SH_INNER), nothing, CAUSE(SHAREABILITY_OF_DESCRIPTOR));
    start_both(&hand, 0x44, 15);
    expect_cause(&hand, par_success(HAND_IPA, 0x44, SH_INNER), nothing, CAUSE(SHAREABILITY_OF_DESCRIPTORS));
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, HAND_PAGE | AF | SH(1) | PAGE);
    expect_cause(&hand, par_success(HAND_PAGE, 0xff, 1), nothing, CAUSE(RESERVED_SHAREABILITY));
}

/* Both stages with these leaves: of stage 1 at a level, of stage 2 the level 1 block of HAND_IPA. */
static void start_leaves(struct hand *hand, int level, uint64_t leaf, uint64_t stage2_leaf)
{
    hand_el10(hand, WD_AT_S12E1R, HAND_VA);
    hand_map(hand, HAND_VA, level, leaf);
    hand_stage2(hand);
    hand_map_stage2(hand, UINT64_C(1) << 30, 1, UINT64_C(1) << 30 | STAGE2_LEAF | BLOCK);
    hand_put(hand, HAND_STAGE2_TABLES + 3 * 8, UINT64_C(3) << 30 | MEM_ATTR(0xf) | S2AP_READ | BLOCK | stage2_leaf);
}

/* Of a mistake that can be made in either stage, the signature says in which; where in both, that of stage 1
 * counts. */
static void the_stage_of_a_mistake_is_told(void **state)
{
    const uint64_t block = wd_bits(HAND_IPA, 47, 21) << 21, page = par_success(HAND_IPA | BIT(20), 0xff, SH_INNER);
    struct hand hand;

    (void)state;
    start_leaves(&hand, 3, HAND_IPA | LEAF | PAGE, BIT(20) | AF | SH(3));
    expect_cause(&hand, page, nothing, CAUSE(S2_BLOCK_ADDRESS_BITS));
    start_leaves(&hand, 2, block | BIT(19) | LEAF | BLOCK, BIT(20) | AF | SH(3));
    expect_cause(&hand, par_success(block | BIT(20) | BIT(19) | wd_bits(HAND_VA, 20, 0), 0xff, SH_INNER), nothing,
                 CAUSE(S1_BLOCK_ADDRESS_BITS));
}

/* The same check is left out in stage 1 and in stage 2: two buckets. */
static void the_stage_of_a_check_left_out_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_leaves(&hand, 3, HAND_IPA | SH(3) | PAGE, AF | SH(3));
    expect_signature(&hand, par_success(HAND_IPA, 0xff, SH_INNER), nothing, "ACCESS_FLAG s1 fault → not checked");
    start_leaves(&hand, 3, HAND_IPA | LEAF | PAGE, SH(3));
    expect_signature(&hand, par_success(HAND_IPA, 0xff, SH_INNER), nothing, "ACCESS_FLAG s2 fault → not checked");
}

static void wrong_combinations_of_both_stages_are_told(void **state)
{
    struct hand hand;

    (void)state;
    start_both(&hand, 0x50, 15);
    expect_cause(&hand, par_success(HAND_IPA, 0x50, SH_INNER), nothing, CAUSE(RESERVED_MAIR_BY_HALVES));
    start_both(&hand, 0x0c, 5);
    expect_cause(&hand, par_success(HAND_IPA, 0x04, SH_OUTER), nothing, CAUSE(S1_DEVICE_BY_HALVES));
    start_both(&hand, 0xf4, 3);
    expect_cause(&hand, par_success(HAND_IPA, 0x04, SH_OUTER), nothing, CAUSE(S2_DEVICE_BY_HALVES));
    start_both(&hand, 0x77, 14); /* of the inner half alone: without transient hints it would be both */
    expect_cause(&hand, par_success(HAND_IPA, 0x7b, SH_INNER), nothing, CAUSE(TRANSIENCE_LOST));
}

/* ---------------------------------------------------------------- checks */

static void a_check_that_is_left_out_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_small_output(&hand);
    hand_map(&hand, HAND_VA, 3, FAR | LEAF | PAGE);
    expect_cause(&hand, par_success(FAR, 0xff, SH_INNER), nothing, LEFT_OUT(LEAF_ADDRESS_SIZE, 1));
}

/* The table at level 2 is near and the one at level 3 is far: who leaves the check out leaves it out at both
 * levels. */
static void a_check_left_out_at_one_level_is_not_made_wrongly_at_another(void **state)
{
    struct hand hand;

    (void)state;
    start_small_output(&hand);
    hand_map(&hand, HAND_VA, 2, FAR | TABLE);
    hand_put(&hand, FAR | wd_bits(HAND_VA, 20, 12) << 3, THE_PAGE);
    expect_cause(&hand, PAGE_PAR, nothing, LEFT_OUT(NEXT_TABLE_ADDRESS_SIZE, 1));
}

static void of_checks_left_out_one_after_the_other_the_first_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_small_output(&hand);
    hand_map(&hand, HAND_VA, 3, FAR | SH(3) | PAGE);
    expect_cause(&hand, par_success(FAR, 0xff, SH_INNER), nothing, LEFT_OUT(LEAF_ADDRESS_SIZE, 1));
}

/* Two tables and a leaf are far. Who leaves out one check would have met the next one. */
static void a_family_of_checks_explains_what_its_checks_explain_one_by_one(void **state)
{
    const uint64_t got = par_success(FAR, 0xff, SH_INNER);
    const wd_mistake_set all = wd_mistake_bit(WD_MISTAKE_S1_OUTPUT_SIZES);
    const wd_mistake_set in_descriptors = wd_mistake_bit(WD_MISTAKE_S1_DESCRIPTOR_SIZES);
    struct hand hand;

    (void)state;
    start_small_output(&hand);
    hand_map(&hand, HAND_VA, 3, FAR | LEAF | PAGE);
    expect_cause(&hand, got, nothing, LEFT_OUT(LEAF_ADDRESS_SIZE, 1));
    assert_true((judge(&hand, got, nothing).also & wd_families()) == (all | in_descriptors));

    start_small_output(&hand);
    hand_map(&hand, HAND_VA, 2, FAR | TABLE);
    hand_put(&hand, FAR | wd_bits(HAND_VA, 20, 12) << 3, FAR | LEAF | PAGE);
    expect_cause(&hand, got, nothing, LEFT_OUT(NEXT_TABLE_ADDRESS_SIZE, 1)); /* and the leaf's */
    assert_true((judge(&hand, got, nothing).also & wd_families()) == (all | in_descriptors));
    expect_cause(&hand, par_fault(ADDRESS_SIZE + 3), nothing,
                 LEFT_OUT(NEXT_TABLE_ADDRESS_SIZE, 1)); /* not the leaf's */
    assert_true((judge(&hand, par_fault(ADDRESS_SIZE + 3), nothing).also & wd_families()) == 0);

    /* A walker that is known for the family is known for each of its checks. */
    expect_cause(&hand, got, KNOWN(CAUSE(S1_OUTPUT_SIZES)), CAUSE(S1_OUTPUT_SIZES));
}

static void a_check_that_finds_what_is_not_there_is_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    expect_signature(&hand, par_fault(ADDRESS_SIZE + 3), nothing, "LEAF_ADDRESS_SIZE s1 no fault → fault");
}

static void what_nothing_explains_is_told_by_what_differs(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    expect_signature(&hand, PAGE_PAR ^ BIT(13), nothing,
                     "LEAF_OUTPUT_ADDRESS s1 PA: right address → bits 15:12 differ");
}

/* ---------------------------------------------------------------- walkers that are known for something */

/* SCTLR_EL1.C ignored, and an address beyond the output size given. */
static void start_two_causes(struct hand *hand)
{
    start_small_output(hand);
    SET(hand, SCTLR_EL1, C, 0);
    hand_map(hand, HAND_VA, 3, FAR | LEAF | PAGE);
}

static void an_answer_that_known_causes_explain_together_is_one_of_theirs(void **state)
{
    const uint64_t got = par_success(FAR, 0xff, SH_INNER);
    struct hand hand;

    (void)state;
    start_two_causes(&hand);
    expect_cause(&hand, got, KNOWN(CAUSE(C_IGNORED), LEFT_OUT(LEAF_ADDRESS_SIZE, 1)), LEFT_OUT(LEAF_ADDRESS_SIZE, 1));
    expect_cause(&hand, got, KNOWN(CAUSE(C_IGNORED), LEFT_OUT(LEAF_ADDRESS_SIZE, 1), CAUSE(S1_BLOCK_ADDRESS_BITS)),
                 LEFT_OUT(LEAF_ADDRESS_SIZE, 1));
}

static void beside_known_causes_the_unknown_one_is_told(void **state)
{
    const uint64_t got = par_success(FAR, 0xff, SH_INNER);
    struct hand hand;

    (void)state;
    start_two_causes(&hand);
    expect_cause(&hand, got, KNOWN(CAUSE(C_IGNORED)), LEFT_OUT(LEAF_ADDRESS_SIZE, 1));
    expect_cause(&hand, got, KNOWN(LEFT_OUT(LEAF_ADDRESS_SIZE, 1)), CAUSE(C_IGNORED));
    expect_cause(&hand, got, KNOWN(LEFT_OUT(LEAF_ADDRESS_SIZE, 1), CAUSE(OFF_NON_SHAREABLE)), CAUSE(C_IGNORED));
}

/* Two checks left out: the one that is not known is told, whichever comes first. */
static void of_checks_left_out_the_unknown_one_is_told(void **state)
{
    const uint64_t got = par_success(FAR, 0xff, SH_INNER);
    struct hand hand;

    (void)state;
    start_small_output(&hand);
    hand_map(&hand, HAND_VA, 3, FAR | SH(3) | PAGE);
    expect_cause(&hand, got, KNOWN(LEFT_OUT(LEAF_ADDRESS_SIZE, 1)), LEFT_OUT(ACCESS_FLAG, 1));
    expect_cause(&hand, got, KNOWN(LEFT_OUT(ACCESS_FLAG, 1)), LEFT_OUT(LEAF_ADDRESS_SIZE, 1));
}

static void a_known_cause_that_is_not_needed_is_not_told(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    SET(&hand, SCTLR_EL1, C, 0);
    expect_cause(&hand, PAGE_PAR, KNOWN(LEFT_OUT(LEAF_ADDRESS_SIZE, 1), LEFT_OUT(ACCESS_FLAG, 1), CAUSE(C_IGNORED)),
                 CAUSE(C_IGNORED));
}

/* A known cause does not show in each case that it could show in: what else is wrong is told all the same. */
/* Without the first two of them the walk makes the third: two mistakes of XS hide each other. */
static void a_known_cause_that_shows_without_another_is_told(void **state)
{
    struct hand hand;

    (void)state;
    start_both(&hand, 0xff, 15);
    SET(&hand, ID_AA64ISAR1_EL1, XS, 1);
    SET(&hand, HCR_EL2, CD, 1);
    expect_cause(
        &hand, par_success(HAND_IPA, 0x44, SH_OUTER) & ~BIT(11),
        KNOWN(CAUSE(COMBINED_BY_ENCODING), CAUSE(XS_NOT_COMBINED), CAUSE(CD_XS_LOST), CAUSE(COMBINED_RES1_CLEAR)),
        CAUSE(CD_XS_LOST));
}

static void a_walker_need_not_do_always_what_it_is_known_for(void **state)
{
    struct hand hand;

    (void)state;
    start_small_output(&hand);
    hand_map(&hand, HAND_VA, 3, FAR | LEAF | PAGE | ATTR_INDEX(HAND_DEVICE_GRE));
    expect_cause(&hand, par_success(FAR, 0x0c, SH_OUTER), KNOWN(CAUSE(SHAREABILITY_OF_DESCRIPTOR)),
                 LEFT_OUT(LEAF_ADDRESS_SIZE, 1));
}

/*
 * The Contiguous bit ignored, a reserved MAIR encoding as one of 229, a reserved MemAttr as one of 16: where the
 * address is wrong too, the nearest permitted answer does not tell that the Contiguous bit is ignored.
 */
static void known_causes_explain_an_answer_however_much_there_is_to_choose(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S12E1R, HAND_VA);
    hand.c.regs[WD_MAIR_EL1] = 0x05;
    hand_map(&hand, HAND_VA, 3, HAND_IPA | CONTIGUOUS | LEAF | PAGE);
    hand_stage2(&hand);
    hand_map_stage2(&hand, UINT64_C(1) << 30, 1, UINT64_C(1) << 30 | STAGE2_LEAF | BLOCK);
    hand_put(&hand, HAND_STAGE2_TABLES + 3 * 8,
             UINT64_C(3) << 30 | BIT(20) | AF | MEM_ATTR(4) | S2AP_READ | S2AP_WRITE | BLOCK);
    expect_cause(&hand, par_success(HAND_IPA | BIT(20), 0x0c, SH_OUTER), KNOWN(CAUSE(S2_BLOCK_ADDRESS_BITS)),
                 CAUSE(S2_BLOCK_ADDRESS_BITS));
}

static void what_known_causes_do_not_explain_is_told_by_what_differs(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    expect_signature(&hand, PAGE_PAR ^ BIT(13), KNOWN(CAUSE(C_IGNORED), LEFT_OUT(LEAF_ADDRESS_SIZE, 1)),
                     "LEAF_OUTPUT_ADDRESS s1 PA: right address → bits 15:12 differ");
}

static void what_is_permitted_stays_so_whatever_a_walker_is_known_for(void **state)
{
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, HAND_PAGE | AF | SH(1) | PAGE);
    judgement = judge(&hand, PAGE_PAR, KNOWN(CAUSE(RESERVED_SHAREABILITY)));
    assert_string_equal(wd_verdict_names[judgement.verdict], "permitted");
}

/* ---------------------------------------------------------------- what such a walker proves */

/*
 * Stage 2 T0SZ above its maximum: a Translation fault, level 0, or taken as 39. A walker that takes it as 39 and
 * makes a Translation fault of the Access flag fault that it then meets, at the level of a stage 1 walk that starts
 * at level 0, answers as one that does not.
 */
static void start_coincidence(struct hand *hand)
{
    const struct hand_path stage2 = {
        .granule_bits = 12, .input_bits = 25, .start_level = 2, .base = HAND_STAGE2_TABLES};

    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    SET(hand, TCR_EL1, T0SZ, 16);
    hand->c.regs[WD_TTBR0_EL1] = 0x1000000;
    hand_stage2(hand);
    SET(hand, VTCR_EL2, T0SZ, 40);
    SET(hand, VTCR_EL2, SL0, 0);
    hand_map_path(hand, &stage2, 0x1000000, 2, HAND_RAM_BASE | (STAGE2_LEAF & ~AF) | BLOCK);
}

static void an_answer_that_a_known_cause_could_have_given_proves_nothing(void **state)
{
    const uint64_t choice = BIT(WD_CHOICE_S2_TXSZ_HIGH), got = par_walk_fault(TRANSLATION);
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    start_coincidence(&hand);
    judgement = judge(&hand, got, nothing);
    assert_string_equal(wd_verdict_names[judgement.verdict], "agree");
    assert_int_equal(judgement.proved[0], choice);
    judgement = judge(&hand, got, KNOWN(CAUSE(C_IGNORED)));
    assert_int_equal(judgement.proved[0], choice);
    judgement = judge(&hand, got, KNOWN(CAUSE(WALK_FAULT_AS_TRANSLATION)));
    assert_string_equal(wd_verdict_names[judgement.verdict], "agree");
    assert_int_equal(judgement.proved[0] | judgement.proved[1], 0);
}

/* All three at once never give the answer; the first alone does. */
static void an_answer_that_one_of_several_known_causes_could_have_given_proves_nothing(void **state)
{
    const uint64_t got = par_walk_fault(TRANSLATION);
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    start_coincidence(&hand);
    judgement = judge(&hand, got,
                      KNOWN(CAUSE(WALK_FAULT_AS_TRANSLATION), LEFT_OUT(ACCESS_FLAG, 2), CAUSE(S2_SIZE_WITHOUT_STATUS)));
    assert_int_equal(judgement.proved[0] | judgement.proved[1], 0);
}

static void an_answer_that_no_known_cause_could_have_given_proves_its_choice(void **state)
{
    struct wd_judgement judgement;
    struct hand hand;

    (void)state;
    start_coincidence(&hand);
    judgement = judge(&hand, par_walk_fault(ACCESS_FLAG + 2), KNOWN(CAUSE(C_IGNORED)));
    assert_string_equal(wd_verdict_names[judgement.verdict], "permitted");
    assert_int_equal(judgement.proved[1], BIT(WD_CHOICE_S2_TXSZ_HIGH));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_contiguous_bit_where_there_is_none_is_told),
        cmocka_unit_test(a_table_base_that_is_cut_to_the_output_size_is_told),
        cmocka_unit_test(a_block_at_level_minus_1_is_told_by_a_status_that_is_none),
        cmocka_unit_test(hcr_el2_that_is_not_looked_at_is_told),
        cmocka_unit_test(mistakes_about_combined_attributes_are_told),
        cmocka_unit_test(mistakes_about_indirect_permissions_are_told),
        cmocka_unit_test(pan_behind_the_overlay_is_told),
        cmocka_unit_test(mistakes_about_the_users_permissions_are_told),
        cmocka_unit_test(permission_checks_that_are_left_out_are_told),
        cmocka_unit_test(what_a_walker_does_without_a_feature_or_not_at_all_is_told),
        cmocka_unit_test(mistakes_about_52_bits_are_told),
        cmocka_unit_test(a_fault_before_any_lookup_at_the_start_level_is_told),
        cmocka_unit_test(the_sign_of_an_address_taken_for_its_size_is_told),
        cmocka_unit_test(a_bit_that_is_lost_behind_stage_2_is_told),
        cmocka_unit_test(a_status_that_is_never_set_is_told),
        cmocka_unit_test(transience_that_keeps_stage_1_as_it_is_is_told),
        cmocka_unit_test(the_device_check_of_ptw_that_is_not_made_is_told),
        cmocka_unit_test(mistakes_about_overlays_are_told),
        cmocka_unit_test(of_several_causes_at_once_the_first_is_told),
        cmocka_unit_test(an_instruction_that_is_asked_for_again_has_a_cause),
        cmocka_unit_test(the_regime_by_hcr_alone_is_told),
        cmocka_unit_test(e2h_taken_as_it_is_written_is_told),
        cmocka_unit_test(a_clamped_txsz_is_told_where_it_must_fault),
        cmocka_unit_test(a_start_level_by_the_input_size_is_told),
        cmocka_unit_test(a_walk_fault_at_the_level_of_stage_1_is_told),
        cmocka_unit_test(an_external_abort_that_is_reported_in_par_is_told),
        cmocka_unit_test(a_walk_fault_of_another_class_is_told),
        cmocka_unit_test(a_pan_fault_at_level_3_is_told),
        cmocka_unit_test(a_block_at_level_minus_1_is_told),
        cmocka_unit_test(address_bits_of_a_block_are_told),
        cmocka_unit_test(attributes_of_a_stage_1_that_is_off_are_told),
        cmocka_unit_test(table_access_flags_that_are_not_set_are_told),
        cmocka_unit_test(mistakes_about_non_cacheable_memory_without_xs_are_told),
        cmocka_unit_test(mistakes_about_tagged_memory_are_told),
        cmocka_unit_test(features_that_a_walker_does_not_know_are_told),
        cmocka_unit_test(what_fwb_reserves_taken_by_its_number_is_told),
        cmocka_unit_test(the_size_of_a_leafs_base_is_told),
        cmocka_unit_test(what_leads_to_an_instruction_that_is_asked_for_again_is_a_deviation),
        cmocka_unit_test(a_walk_permission_fault_that_becomes_another_is_told),
        cmocka_unit_test(mistakes_about_stages_are_told),
        cmocka_unit_test(an_ignored_cacheability_control_is_told),
        cmocka_unit_test(the_shareability_of_the_descriptor_is_told),
        cmocka_unit_test(wrong_combinations_of_both_stages_are_told),
        cmocka_unit_test(the_stage_of_a_mistake_is_told),
        cmocka_unit_test(the_stage_of_a_check_left_out_is_told),
        cmocka_unit_test(a_check_that_is_left_out_is_told),
        cmocka_unit_test(a_check_left_out_at_one_level_is_not_made_wrongly_at_another),
        cmocka_unit_test(of_checks_left_out_one_after_the_other_the_first_is_told),
        cmocka_unit_test(a_family_of_checks_explains_what_its_checks_explain_one_by_one),
        cmocka_unit_test(a_check_that_finds_what_is_not_there_is_told),
        cmocka_unit_test(what_nothing_explains_is_told_by_what_differs),
        cmocka_unit_test(an_answer_that_known_causes_explain_together_is_one_of_theirs),
        cmocka_unit_test(beside_known_causes_the_unknown_one_is_told),
        cmocka_unit_test(of_checks_left_out_the_unknown_one_is_told),
        cmocka_unit_test(a_known_cause_that_is_not_needed_is_not_told),
        cmocka_unit_test(a_known_cause_that_shows_without_another_is_told),
        cmocka_unit_test(a_walker_need_not_do_always_what_it_is_known_for),
        cmocka_unit_test(known_causes_explain_an_answer_however_much_there_is_to_choose),
        cmocka_unit_test(what_known_causes_do_not_explain_is_told_by_what_differs),
        cmocka_unit_test(what_is_permitted_stays_so_whatever_a_walker_is_known_for),
        cmocka_unit_test(an_answer_that_a_known_cause_could_have_given_proves_nothing),
        cmocka_unit_test(an_answer_that_one_of_several_known_causes_could_have_given_proves_nothing),
        cmocka_unit_test(an_answer_that_no_known_cause_could_have_given_proves_its_choice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
