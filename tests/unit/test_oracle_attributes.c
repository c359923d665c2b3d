/* SPDX-License-Identifier: MIT */
/*
 * The oracle where the vectors do not reach: memory attributes. What each test expects was worked out by hand
 * from the rule that stands in its comment, never by asking the oracle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/builder.h"

static void check_mair(const struct hand *hand, unsigned attr, uint64_t expected, uint64_t sh)
{
    struct hand changed = *hand;

    changed.c.ram = changed.ram;
    changed.c.mem = changed.mem;
    SET(&changed, MAIR_EL1, Attr0, attr);
    CHECK_PAR(&changed, par_success(HAND_PAGE, expected, sh));
}

/* MAIR_EL1: encodings that FEAT_XS and FEAT_MTE2 allocate; without them Device-nGnRnE by default. */
static void mair_encodings_are_those_of_the_features(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    check_mair(&hand, 0x0c, 0x0c, SH_OUTER);
    check_mair(&hand, 0x44, 0x44, SH_OUTER);
    check_mair(&hand, 0x4f, 0x4f, SH_INNER);
    check_mair(&hand, 0x37, 0x37, SH_INNER); /* transient Write-Through outer, Write-Back inner */
    for (unsigned i = 0; i < 6; i++) {
        static const unsigned reserved[6] = {0x05, 0x0e, 0x40, 0xa0, 0xf0, 0x80};

        check_mair(&hand, reserved[i], 0x00, SH_OUTER);
    }
    SET(&hand, ID_AA64ISAR1_EL1, XS, 1);
    check_mair(&hand, 0x05, 0x05, SH_OUTER);
    check_mair(&hand, 0x0e, 0x00, SH_OUTER);
    check_mair(&hand, 0x40, 0x40, SH_OUTER);
    check_mair(&hand, 0xa0, 0xa0, SH_INNER);
    check_mair(&hand, 0xaa, 0xaa, SH_INNER); /* the same memory with XS = 1 */
    check_mair(&hand, 0xf0, 0x00, SH_OUTER);
    SET(&hand, ID_AA64PFR1_EL1, MTE, 2);
    check_mair(&hand, 0xf0, 0xf0, SH_INNER);
}

/* D7.5.5: SCTLR_EL1.C = 0 makes Normal memory Non-cacheable and leaves XS as it is: Write-Back has XS = 0 (I_ZXKSJ). */
static void c_0_makes_normal_memory_non_cacheable_and_leaves_xs(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    SET(&hand, SCTLR_EL1, C, 0);
    check_mair(&hand, 0xff, 0x44, SH_OUTER);
    check_mair(&hand, 0x0c, 0x0c, SH_OUTER);
    SET(&hand, ID_AA64ISAR1_EL1, XS, 1);
    check_mair(&hand, 0xff, 0x40, SH_OUTER);
    check_mair(&hand, 0xbb, 0x44, SH_OUTER);
    check_mair(&hand, 0xa0, 0x40, SH_OUTER);
}

/* D7.5.5: what SCTLR_EL1.C = 0 does shows in PAR_EL1, also where a reserved encoding might have been reported. */
static void with_c_0_a_reserved_encoding_of_normal_memory_is_not_reported(void **state)
{
    const struct wd_resolution write_back = {
        .option = {[WD_CHOICE_S1_RESERVED_MAIR] = 4 + 14 * 15 + 14, [WD_CHOICE_PAR_ATTRIBUTES] = 1}};
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    SET(&hand, MAIR_EL1, Attr0, 0x80);
    check_answer(__FILE__, __LINE__, &hand, &write_back, answer_par(par_success(HAND_PAGE, 0x80, SH_INNER)));
    SET(&hand, SCTLR_EL1, C, 0);
    check_answer(__FILE__, __LINE__, &hand, &write_back, answer_par(par_success(HAND_PAGE, 0x44, SH_OUTER)));
}

/* HCR_EL2.DCT. R_YSLYC: with DC = 1 the Non-shareable memory of stage 1 stays Tagged; with stage 2 all depends on both.
 */
static void dct_makes_default_cacheable_memory_tagged(void **state)
{
    struct hand hand;

    (void)state;
    hand_start(&hand, WD_AT_S12E1R, HAND_VA);
    hand_stage2(&hand);
    hand_map_stage2(&hand, HAND_VA, 3, HAND_PAGE | STAGE2_LEAF | PAGE);
    SET(&hand, HCR_EL2, DC, 1);
    SET(&hand, HCR_EL2, DCT, 1);
    CHECK_PAR(&hand, PAGE_PAR); /* without FEAT_MTE2 */
    SET(&hand, ID_AA64PFR1_EL1, MTE, 2);
    CHECK_PAR(&hand, par_success(HAND_PAGE, 0xf0, SH_INNER));
    SET(&hand, HCR_EL2, DC, 0);
    CHECK_PAR(&hand, OFF_PAR(HAND_PAGE));
}

/* Stage 1 maps HAND_VA to HAND_IPA with a MAIR byte, stage 2 that to HAND_PAGE with a MemAttr. */
static void start_both_stages_with(struct hand *hand, unsigned mair, uint64_t stage2_bits)
{
    hand_el10(hand, WD_AT_S12E1R, HAND_VA);
    SET(hand, MAIR_EL1, Attr0, mair);
    hand_map(hand, HAND_VA, 3, HAND_IPA | LEAF | PAGE);
    hand_stage2(hand);
    hand_map_stage2(hand, HAND_STAGE1_TABLES, 1, HAND_STAGE1_TABLES | STAGE2_LEAF | BLOCK);
    hand_map_stage2(hand, HAND_IPA, 3, HAND_PAGE | AF | SH(3) | stage2_bits | S2AP_READ | PAGE);
}

static void start_both_stages(struct hand *hand, unsigned mair, unsigned memattr)
{
    start_both_stages_with(hand, mair, MEM_ATTR(memattr));
}

struct combination {
    bool fwb;
    uint8_t mair, memattr; /* stage 1, stage 2 */
    uint8_t attr;          /* both */
};

static void check_combinations(const struct combination *combinations, size_t count,
                               void (*implement)(struct hand *hand))
{
    for (size_t i = 0; i < count; i++) {
        const struct combination *c = &combinations[i];
        /* R_WLQYW; and R_NSCNC, by default what stage 1 makes Device or Non-cacheable is Outer Shareable for stage 2.
         */
        bool outer = c->attr < 0x10 || c->attr == 0x44 || c->attr == 0x40 || c->mair < 0x10 || c->mair == 0x44;
        struct hand hand;

        start_both_stages(&hand, c->mair, c->memattr);
        implement(&hand);
        SET(&hand, HCR_EL2, FWB, c->fwb);
        snprintf(hand.label, sizeof(hand.label), "FWB %u MAIR %#x MemAttr %#x", c->fwb, c->mair, c->memattr);
        CHECK_PAR(&hand, par_success(HAND_PAGE, c->attr, outer ? SH_OUTER : SH_INNER));
    }
}

static void implement_fwb(struct hand *hand)
{
    SET(hand, ID_AA64MMFR2_EL1, FWB, 1);
}

/* Tables D8-97, D8-98, D8-100, D8-101. */
static void attributes_of_both_stages_combine_as_the_tables_say(void **state)
{
    static const struct combination combinations[] = {
        {0, 0xff, 15, 0xff},
        {0, 0xff, 10, 0xbb},
        {0, 0xff, 5, 0x44},
        {0, 0xff, 6, 0x4b},
        {0, 0xff, 14, 0xfb},
        {0, 0xbb, 15, 0xbb},
        {0, 0x44, 15, 0x44},
        {0, 0x4f, 15, 0x4f},
        {0, 0x04, 15, 0x04},
        {0, 0xff, 1, 0x04},
        {0, 0x0c, 1, 0x04},
        {0, 0x04, 3, 0x04},
        {0, 0x00, 3, 0x00},
        {0, 0x44, 2, 0x08},
        /* Transient hints are stage 1's. */
        {0, 0x77, 15, 0x77},
        {0, 0x77, 10, 0x33},
        {1, 0xff, 7, 0xff},
        {1, 0xbb, 7, 0xbb},
        {1, 0x44, 7, 0x44},
        {1, 0x04, 7, 0x04},
        {1, 0xff, 6, 0xff},
        {1, 0xee, 6, 0xee},
        {1, 0xbb, 6, 0xff},
        {1, 0xaa, 6, 0xee},
        {1, 0x44, 6, 0xff},
        {1, 0x04, 6, 0xff},
        {1, 0x4a, 6, 0xfe},
        {1, 0x33, 6, 0x77},
        {1, 0xff, 5, 0x44},
        {1, 0x44, 5, 0x44},
        {1, 0x0c, 5, 0x0c},
        {1, 0xff, 1, 0x04},
        {1, 0x0c, 1, 0x04},
        {1, 0x00, 3, 0x00},
        /* MemAttr[3] is RES0. */
        {1, 0xff, 15, 0xff},
        {1, 0xff, 9, 0x04},
    };

    (void)state;
    check_combinations(combinations, sizeof(combinations) / sizeof(combinations[0]), implement_fwb);
}

static void implement_xs(struct hand *hand)
{
    implement_fwb(hand);
    SET(hand, ID_AA64ISAR1_EL1, XS, 1);
}

/* R_FQWJG, R_TDMCS, I_ZXKSJ: XS is stage 1's; memory that is Write-Back after both stages has XS = 0. */
static void xs_is_that_of_stage_1(void **state)
{
    static const struct combination combinations[] = {
        {0, 0xff, 15, 0xff}, {0, 0xff, 5, 0x40}, {0, 0xbb, 5, 0x44},  {0, 0x05, 15, 0x05}, {0, 0x04, 15, 0x04},
        {0, 0xff, 1, 0x05},  {0, 0xbb, 1, 0x04}, {0, 0x40, 15, 0x40}, {0, 0xee, 10, 0xa0}, {0, 0xff, 10, 0xbb},
        {1, 0xff, 5, 0x40},  {1, 0xbb, 5, 0x44}, {1, 0xa0, 7, 0xa0},  {1, 0xff, 1, 0x05},
    };

    (void)state;
    check_combinations(combinations, sizeof(combinations) / sizeof(combinations[0]), implement_xs);
}

/* R_FQWJG: bit 11 of a stage 2 leaf clears XS. */
static void fnxs_clears_xs(void **state)
{
    struct hand hand;

    (void)state;
    start_both_stages(&hand, 0x44, 15);
    for (uint32_t i = 0; i < hand.c.mem_count; i++)
        if (hand.mem[i].pa == hand_descriptor(&hand_stage2_path, 3, HAND_IPA))
            hand.mem[i].value |= FNXS;
    CHECK_PAR(&hand, par_success(HAND_PAGE, 0x44, SH_OUTER));
    SET(&hand, ID_AA64ISAR1_EL1, XS, 1);
    CHECK_PAR(&hand, par_success(HAND_PAGE, 0x40, SH_OUTER));
}

static void implement_mte2(struct hand *hand)
{
    implement_fwb(hand);
    SET(hand, ID_AA64PFR1_EL1, MTE, 2);
}

static void implement_mte_perm(struct hand *hand)
{
    implement_mte2(hand);
    SET(hand, ID_AA64PFR2_EL1, MTEPERM, 1);
}

/* D10.3: memory stays Tagged while it is Write-Back with both hints. */
static void tagged_memory_stays_tagged_while_it_is_write_back(void **state)
{
    static const struct combination combinations[] = {
        {0, 0xf0, 15, 0xf0}, {0, 0xf0, 10, 0xbb}, {0, 0xf0, 5, 0x44}, {0, 0xf0, 1, 0x04},
        {1, 0xf0, 7, 0xf0},  {1, 0xf0, 6, 0xf0},  {1, 0xf0, 5, 0x44}, {1, 0xf0, 1, 0x04},
    };

    (void)state;
    check_combinations(combinations, sizeof(combinations) / sizeof(combinations[0]), implement_mte2);
}

static void implement_mte2_and_set_cd(struct hand *hand)
{
    implement_mte2(hand);
    SET(hand, HCR_EL2, CD, 1);
}

/* HCR_EL2.CD, D7.5.5: Normal memory is Non-cacheable at stage 2, and then not Tagged; Device memory stays what it is.
 */
static void cd_makes_stage_2_non_cacheable(void **state)
{
    static const struct combination combinations[] = {
        {0, 0xff, 15, 0x44}, {0, 0xf0, 15, 0x44}, {0, 0xff, 1, 0x04}, {0, 0x0c, 15, 0x0c},
        {1, 0xff, 7, 0x44},  {1, 0xff, 6, 0x44},  {1, 0xf0, 7, 0x44}, {1, 0xf0, 6, 0x44},
        {1, 0x04, 7, 0x04},  {1, 0x04, 6, 0x44},  {1, 0xff, 1, 0x04},
    };

    (void)state;
    check_combinations(combinations, sizeof(combinations) / sizeof(combinations[0]), implement_mte2_and_set_cd);
}

/* R_JSXRX, Tables D8-96, D8-99 and D8-101: NoTagAccess counts for Tagged memory alone. */
static void no_tag_access_is_reported_for_tagged_memory(void **state)
{
    static const struct combination combinations[] = {
        {0, 0xf0, 4, 0xe0},  {0, 0xff, 4, 0xff}, {0, 0xf0, 15, 0xf0}, {1, 0xf0, 14, 0xe0},
        {1, 0xf0, 15, 0xe0}, {1, 0xf0, 7, 0xf0}, {1, 0xf0, 6, 0xf0},  {1, 0xff, 15, 0xff},
    };

    (void)state;
    check_combinations(combinations, sizeof(combinations) / sizeof(combinations[0]), implement_mte_perm);
}

/* An option may report an attribute; and no step to the next one that may passes over it. */
static bool may_report(const uint64_t *regs, unsigned option, unsigned attr)
{
    bool may = wd_mair_option_that_may_report(regs, option, attr) == option;

    for (unsigned from = 0; may && from < option; from++)
        assert_true(wd_mair_option_that_may_report(regs, from, attr) <= option);
    return may;
}

/* What is reported of a reserved MAIR encoding, with all attribute choices but PAR_ATTRIBUTES: no option is ruled out
 * that gives it. @return how many answers were looked at */
static unsigned check_options_of_reserved_mair(const struct hand *hand)
{
    const uint64_t fixed = UINT64_C(1) << WD_CHOICE_PAR_ATTRIBUTES;
    struct wd_resolution resolution = {0};
    struct wd_attribute_source source;
    struct wd_oracle_output output;
    unsigned count = 0;

    wd_oracle_with_source(&hand->c, &resolution, &output, &source);
    assert_int_equal(WD_GET(output.result.par, PAR_EL1, F), 0);
    while (wd_resolution_next(&resolution, &output, fixed | ~output.attribute_choices)) {
        unsigned option = resolution.option[WD_CHOICE_S1_RESERVED_MAIR];

        wd_oracle_attributes(&source, &resolution, &output);
        if (!may_report(hand->c.regs, option, (unsigned)WD_GET(output.result.par, PAR_EL1, ATTR)))
            fail_msg("%s: option %u of S1_RESERVED_MAIR gives ATTR %#x", hand->label, option,
                     (unsigned)WD_GET(output.result.par, PAR_EL1, ATTR));
        count++;
    }
    return count;
}

static void no_option_of_a_reserved_mair_encoding_is_ruled_out_that_gives_the_answer(void **state)
{
    enum {
        WITH_XS = 1,
        WITH_MTE_PERM = 2,
        WITH_FNXS = 4,
        C_0 = 8,
        WITH_CD = 16,
        WITH_FWB = 32,
        S1_ALONE = 64,
        VARIANTS = 128
    };
    unsigned count = 0, ruled_out = 0;

    (void)state;
    for (unsigned memattr = 0; memattr < 16; memattr++)
        for (unsigned variant = 0; variant < VARIANTS; variant++) {
            struct hand hand;

            start_both_stages_with(&hand, 0x80, MEM_ATTR(memattr) | (variant & WITH_FNXS ? UINT64_C(1) << 11 : 0));
            if (variant & S1_ALONE)
                hand.c.op = WD_AT_S1E1R;
            if (variant & WITH_MTE_PERM)
                implement_mte_perm(&hand);
            implement_fwb(&hand);
            SET(&hand, ID_AA64ISAR1_EL1, XS, variant & WITH_XS ? 1 : 0);
            SET(&hand, SCTLR_EL1, C, variant & C_0 ? 0 : 1);
            SET(&hand, HCR_EL2, CD, variant & WITH_CD ? 1 : 0);
            SET(&hand, HCR_EL2, FWB, variant & WITH_FWB ? 1 : 0);
            snprintf(hand.label, sizeof(hand.label), "variant %#x, MemAttr %#x", variant, memattr);
            count += check_options_of_reserved_mair(&hand);
        }
    assert_true(count > 100000);
    for (unsigned option = 0; option < 4 + 15 * 15; option++)
        ruled_out += !may_report((const uint64_t[WD_REGISTER_COUNT]){0}, option, 0xff);
    assert_int_equal(ruled_out, 4 + 225 - 16); /* hints 11 are left, in both halves */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_option_of_a_reserved_mair_encoding_is_ruled_out_that_gives_the_answer),
        cmocka_unit_test(mair_encodings_are_those_of_the_features),
        cmocka_unit_test(c_0_makes_normal_memory_non_cacheable_and_leaves_xs),
        cmocka_unit_test(with_c_0_a_reserved_encoding_of_normal_memory_is_not_reported),
        cmocka_unit_test(dct_makes_default_cacheable_memory_tagged),
        cmocka_unit_test(attributes_of_both_stages_combine_as_the_tables_say),
        cmocka_unit_test(xs_is_that_of_stage_1),
        cmocka_unit_test(fnxs_clears_xs),
        cmocka_unit_test(tagged_memory_stays_tagged_while_it_is_write_back),
        cmocka_unit_test(cd_makes_stage_2_non_cacheable),
        cmocka_unit_test(no_tag_access_is_reported_for_tagged_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
