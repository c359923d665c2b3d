/* SPDX-License-Identifier: MIT */
/*
 * The oracle where the vectors do not reach: instructions, regimes, stages that are off, input sizes. What each test
 * expects was worked out by hand from the rule that stands in its comment, never by asking the oracle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/unit/builder.h"

/* ---------------------------------------------------------------- the instruction */

enum { NEVER, WITH_FEATURE, ALWAYS };

/* C5.4: which AT can be executed at EL1 and at EL2. */
static const struct {
    uint8_t op, at_el1, at_el2;
} executable[] = {
    {WD_AT_S1E1R, ALWAYS, ALWAYS},
    {WD_AT_S1E1W, ALWAYS, ALWAYS},
    {WD_AT_S1E0R, ALWAYS, ALWAYS},
    {WD_AT_S1E0W, ALWAYS, ALWAYS},
    {WD_AT_S1E1RP, WITH_FEATURE, WITH_FEATURE},
    {WD_AT_S1E1WP, WITH_FEATURE, WITH_FEATURE},
    {WD_AT_S1E1A, WITH_FEATURE, WITH_FEATURE},
    {WD_AT_S1E2R, NEVER, ALWAYS},
    {WD_AT_S1E2W, NEVER, ALWAYS},
    {WD_AT_S1E2A, NEVER, WITH_FEATURE},
    {WD_AT_S12E1R, NEVER, ALWAYS},
    {WD_AT_S12E1W, NEVER, ALWAYS},
    {WD_AT_S12E0R, NEVER, ALWAYS},
    {WD_AT_S12E0W, NEVER, ALWAYS},
};

static void check_executable(enum wd_operation op, unsigned el, unsigned when)
{
    for (unsigned features = 0; features < 2; features++) {
        struct hand hand;

        hand_start(&hand, op, HAND_VA);
        hand.c.el = (uint8_t)el;
        SET(&hand, ID_AA64MMFR1_EL1, PAN, features ? 2 : 1);
        SET(&hand, ID_AA64ISAR2_EL1, ATS1A, features);
        if (when == ALWAYS || (when == WITH_FEATURE && features))
            CHECK_PAR(&hand, OFF_PAR(HAND_VA));
        else
            CHECK(&hand, answer_undefined());
    }
}

static void an_at_is_undefined_without_its_feature_and_at_el1_where_it_names_el2_or_stage_2(void **state)
{
    (void)state;
    assert_int_equal(sizeof(executable) / sizeof(executable[0]), WD_OPERATION_COUNT);
    for (size_t i = 0; i < WD_OPERATION_COUNT; i++) {
        check_executable(executable[i].op, 1, executable[i].at_el1);
        check_executable(executable[i].op, 2, executable[i].at_el2);
    }
}

/* HCR_EL2.AT, which is RES0 without FEAT_NV. */
static void hcr_at_traps_at_el1_alone_and_only_with_feat_nv(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    SET(&hand, HCR_EL2, AT, 1);
    hand.c.el = 1;
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, ID_AA64MMFR2_EL1, NV, 1);
    CHECK(&hand, answer_undefined());
    hand.c.el = 2;
    CHECK_PAR(&hand, PAGE_PAR);
}

/* C5.4.7, C5.4.12: no permission is checked, neither direct ones nor PAN nor overlays. */
static void s1e1a_and_s1e2a_check_no_permission(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1A, HAND_VA);
    hand.c.pan = 1;
    SET(&hand, ID_AA64ISAR2_EL1, ATS1A, 1);
    SET(&hand, ID_AA64MMFR1_EL1, HCX, 1);
    SET(&hand, ID_AA64MMFR3_EL1, TCRX, 1);
    SET(&hand, ID_AA64MMFR3_EL1, S1PIE, 1);
    SET(&hand, ID_AA64MMFR3_EL1, S1POE, 1);
    SET(&hand, HCRX_EL2, TCR2En, 1);
    SET(&hand, TCR2_EL1, PIE, 1); /* PIR_EL1 = 0: no access */
    SET(&hand, TCR2_EL1, POE, 1); /* POR_EL1 = 0: no access */
    hand_map(&hand, HAND_VA, 3, USER_PAGE);
    CHECK_PAR(&hand, PAGE_PAR);

    hand_el2(&hand, WD_AT_S1E2A, HAND_VA);
    SET(&hand, ID_AA64ISAR2_EL1, ATS1A, 1);
    hand_map(&hand, HAND_VA, 3, THE_PAGE | AP_READ_ONLY);
    CHECK_PAR(&hand, PAGE_PAR);
}

/* R_SWTYY is no permission check; stage 2 of the table accesses stays too. */
static void s1e1a_checks_the_access_flag_and_stage_2_of_its_tables(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1A, HAND_VA);
    SET(&hand, ID_AA64ISAR2_EL1, ATS1A, 1);
    hand_map(&hand, HAND_VA, 3, THE_PAGE & ~AF);
    CHECK_PAR(&hand, par_fault(ACCESS_FLAG + 3));
    hand_stage2(&hand);
    hand_map_stage2_flat(&hand, STAGE2_LEAF & ~S2AP_READ);
    CHECK_PAR(&hand, par_walk_fault(PERMISSION + 1));
}

/* ---------------------------------------------------------------- the regime */

/* Page and tables of both EL1&0 and EL2&0: the former lead nowhere. */
static void start_host_beside_el10(struct hand *hand, enum wd_operation op)
{
    hand_el20(hand, op, HAND_VA);
    SET(hand, SCTLR_EL1, M, 1);
    SET(hand, TCR_EL1, T0SZ, 25);
    SET(hand, TCR_EL1, IPS, 5);
    hand->c.regs[WD_TTBR0_EL1] = HAND_RAM_BASE + 0x100000;
    hand_map(hand, HAND_VA, 3, USER_PAGE);
}

/* C5.4.1 to C5.4.6: with {E2H,TGE} = {1,1} all of them use EL2&0; HCR_EL2.{VM,DC} have the Effective value 0. */
static void in_a_host_s12_and_s1e1_use_el20_and_no_stage_2(void **state)
{
    static const enum wd_operation operations[] = {WD_AT_S12E1R, WD_AT_S12E1W, WD_AT_S12E0R, WD_AT_S12E0W,
                                                   WD_AT_S1E1R,  WD_AT_S1E1W,  WD_AT_S1E0R,  WD_AT_S1E0W};
    struct hand hand;

    (void)state;
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        start_host_beside_el10(&hand, operations[i]);
        CHECK_PAR(&hand, PAGE_PAR);
        hand_stage2(&hand); /* VTTBR_EL2 leads to zeros */
        CHECK_PAR(&hand, PAGE_PAR);
        SET(&hand, HCR_EL2, DC, 1);
        CHECK_PAR(&hand, PAGE_PAR);
    }
}

/* With E2H = 1 and TGE = 0, S1E1 is of EL1&0 and S1E2 of EL2&0, R_KBSNT. */
static void with_e2h_alone_s1e1_uses_el10_and_s1e2_uses_el20(void **state)
{
    struct hand hand;

    (void)state;
    start_host_beside_el10(&hand, WD_AT_S1E1R);
    SET(&hand, HCR_EL2, TGE, 0);
    CHECK_PAR(&hand, par_fault(TRANSLATION + 1));
    start_host_beside_el10(&hand, WD_AT_S1E2R);
    SET(&hand, HCR_EL2, TGE, 0);
    CHECK_PAR(&hand, PAGE_PAR);
}

/* R_QLSFG: EL2&0 has an upper range; R_ZQYNV, R_VZZSZ: EL2 has none. */
static void el20_has_an_upper_range_and_el2_has_none(void **state)
{
    struct hand hand;

    (void)state;
    hand_el20(&hand, WD_AT_S1E2R, HAND_UPPER_VA);
    hand_map(&hand, HAND_UPPER_VA, 3, THE_PAGE);
    CHECK_PAR(&hand, PAGE_PAR);

    hand_el2(&hand, WD_AT_S1E2R, HAND_UPPER_VA);
    hand_map(&hand, HAND_UPPER_VA, 3, THE_PAGE);
    CHECK_PAR(&hand, par_fault(TRANSLATION));
    SET(&hand, TCR_EL2, TBI, 1); /* strips 63:56 alone */
    CHECK_PAR(&hand, par_fault(TRANSLATION));
}

/* ID_AA64MMFR4_EL1.E2H0: where it says that E2H cannot be 0, the bit acts as 1 whatever is written. I_CDMXB. */
static void without_feat_e2h0_the_bit_e2h_acts_as_one(void **state)
{
    struct hand hand;

    (void)state;
    hand_el20(&hand, WD_AT_S1E2R, HAND_UPPER_VA);
    SET(&hand, HCR_EL2, E2H, 0);
    SET(&hand, HCR_EL2, TGE, 0);
    SET(&hand, ID_AA64MMFR4_EL1, E2H0, 15);
    hand_map(&hand, HAND_UPPER_VA, 3, THE_PAGE);
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, ID_AA64MMFR4_EL1, E2H0, 14);
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, HCR_EL2, TGE, 1); /* a host, then */
    hand.c.op = WD_AT_S12E1R;
    CHECK_PAR(&hand, PAGE_PAR);
}

static void without_feat_vhe_e2h_has_no_effect(void **state)
{
    struct hand hand;

    (void)state;
    hand_el2(&hand, WD_AT_S1E2R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    SET(&hand, HCR_EL2, E2H, 1);
    SET(&hand, ID_AA64MMFR1_EL1, VH, 0);
    CHECK_PAR(&hand, PAGE_PAR);
}

/* TCR_EL2 has PS at 18:16 with E2H = 0; bits 34:32 hold DS there, IPS with E2H = 1. */
static void tcr_el2_has_the_layout_that_e2h_gives(void **state)
{
    struct hand hand;

    (void)state;
    hand_el2(&hand, WD_AT_S1E2R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    SET(&hand, TCR_EL2, PS, 0); /* 32 bits: the page is at 6 GB */
    CHECK_PAR(&hand, par_fault(ADDRESS_SIZE + 3));

    hand_el20(&hand, WD_AT_S1E2R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    SET_AS(&hand, TCR_EL2, TCR_EL2_E2H, T1SZ, 16); /* bits 18:16 are 0 */
    CHECK_PAR(&hand, PAGE_PAR);
    SET_AS(&hand, TCR_EL2, TCR_EL2_E2H, IPS, 0);
    CHECK_PAR(&hand, par_fault(ADDRESS_SIZE + 3));
}

/* ---------------------------------------------------------------- a stage that is off */

/* HCR_EL2 page: TGE = 1 turns stage 1 of EL1&0 off, E2H = 0 leaves VM and DC as they are. */
static void with_tge_stage_1_is_off_and_stage_2_as_programmed(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    SET(&hand, HCR_EL2, TGE, 1);
    CHECK_PAR(&hand, OFF_PAR(HAND_VA));

    hand_page(&hand, WD_AT_S12E1R);
    SET(&hand, HCR_EL2, TGE, 1);
    CHECK_PAR(&hand, OFF_PAR(HAND_VA));
    hand_stage2(&hand);
    hand_map_stage2(&hand, HAND_VA, 3, HAND_PAGE | STAGE2_LEAF | PAGE);
    CHECK_PAR(&hand, OFF_PAR(HAND_PAGE));
    SET(&hand, HCR_EL2, DC, 1); /* R_WFZPW: Write-Back Non-shareable; stage 2 makes it Inner Shareable */
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, HCR_EL2, VM, 0); /* DC implies it, R_LBPTY */
    CHECK_PAR(&hand, PAGE_PAR);
}

/* R_LBPTY, R_WFZPW. SCTLR_EL1.C is ignored. */
static void dc_turns_stage_1_of_el10_off_and_stage_2_on(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    SET(&hand, HCR_EL2, DC, 1);
    SET(&hand, SCTLR_EL1, C, 0);
    CHECK_PAR(&hand, par_success(HAND_VA, 0xff, SH_NON));

    hand.c.op = WD_AT_S12E1R;
    hand_stage2(&hand);
    SET(&hand, HCR_EL2, VM, 0);
    hand_map_stage2(&hand, HAND_VA, 3, HAND_PAGE | STAGE2_LEAF | PAGE);
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, HCR_EL2, CD, 1); /* D7.5.5: stage 2 Non-cacheable */
    CHECK_PAR(&hand, par_success(HAND_PAGE, 0x44, SH_OUTER));
}

static void dc_does_not_touch_el2_and_el20(void **state)
{
    struct hand hand;

    (void)state;
    hand_el2(&hand, WD_AT_S1E2R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    SET(&hand, HCR_EL2, DC, 1);
    SET(&hand, HCR_EL2, VM, 1);
    CHECK_PAR(&hand, PAGE_PAR);
    hand_el20(&hand, WD_AT_S1E2R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    SET(&hand, HCR_EL2, TGE, 0);
    SET(&hand, HCR_EL2, DC, 1);
    CHECK_PAR(&hand, PAGE_PAR);
}

/* R_VCDSW: the implemented size counts, not IPS. R_KYBQL: TBI strips the top byte first, of the half that bit 55 names.
 */
static void with_stage_1_off_an_address_beyond_parange_is_an_address_size_fault(void **state)
{
    struct hand hand;

    (void)state;
    hand_start(&hand, WD_AT_S1E1R, BIT(47) | 0x123456);
    CHECK_PAR(&hand, OFF_PAR(hand.c.va));
    hand.c.va |= BIT(48);
    CHECK_PAR(&hand, par_fault(ADDRESS_SIZE));
    SET(&hand, ID_AA64MMFR0_EL1, PARange, 6);
    CHECK_PAR(&hand, OFF_PAR(hand.c.va));
    hand.c.va |= UINT64_C(0x5a) << 56;
    CHECK_PAR(&hand, par_fault(ADDRESS_SIZE));
    SET(&hand, TCR_EL1, TBI0, 1);
    CHECK_PAR(&hand, OFF_PAR(hand.c.va & wd_mask(55, 0)));
    hand.c.va |= BIT(55);
    CHECK_PAR(&hand, par_fault(ADDRESS_SIZE));
    SET(&hand, TCR_EL1, TBI1, 1);
    CHECK_PAR(&hand, par_fault(ADDRESS_SIZE));
}

/* 56 bits of physical address and the top byte ignored: nothing is left to check. */
static void with_stage_1_off_and_56_bits_no_address_is_out_of_range_under_tbi(void **state)
{
    struct hand hand;

    (void)state;
    hand_start(&hand, WD_AT_S1E1R, UINT64_C(0x5a7f000012345000));
    SET(&hand, ID_AA64MMFR0_EL1, PARange, 7);
    CHECK_PAR(&hand, par_fault(ADDRESS_SIZE));
    SET(&hand, TCR_EL1, TBI0, 1);
    CHECK_PAR(&hand, OFF_PAR(UINT64_C(0x007f000012345000)));
}

/* ---------------------------------------------------------------- what is not modelled */

static void set_feature(struct hand *hand, enum wd_feature feature)
{
    const struct wd_feature_info *info = &wd_features[feature];

    hand->c.regs[info->reg] = wd_with_bits(hand->c.regs[info->reg], info->msb, info->lsb, info->at_least);
}

static void check_stop_field(enum wd_layout layout, const struct wd_field *field)
{
    bool e2h = layout == WD_LAYOUT_TCR_EL2_E2H;
    uint64_t bits = wd_mask(field->msb, field->lsb);
    enum wd_register reg = wd_layouts[layout].reg;
    struct wd_oracle_output output;
    struct hand hand;
    char name[80];

    if (e2h)
        hand_el20(&hand, WD_AT_S1E2R, HAND_VA);
    else
        hand_el2(&hand, WD_AT_S1E2R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    hand.c.regs[reg] |= bits;
    CHECK_PAR(&hand, PAGE_PAR); /* RES0 */
    set_feature(&hand, field->feature);
    wd_oracle(&hand.c, NULL, NULL, NULL, &output);
    snprintf(name, sizeof(name), "%s.%s ", wd_layouts[layout].name, field->name);
    if (output.result.answer != WD_ANSWER_UNSUPPORTED || strncmp(output.result.text, name, strlen(name)) != 0)
        fail_msg("%s: answer %u \"%s\"", name, output.result.answer, output.result.text);
}

/* DESIGN.md: unsupported where the feature is there, no effect where it is not. */
static void a_control_bit_that_is_not_modelled_makes_the_case_unsupported_and_is_named(void **state)
{
    unsigned fields = 0;

    (void)state;
    for (unsigned layout = 0; layout < WD_LAYOUT_COUNT; layout++) {
        size_t count;
        const struct wd_field *field = wd_layout_fields(layout, &count);

        for (size_t i = 0; i < count; i++)
            if (field[i].role == WD_ROLE_STOP) {
                check_stop_field(layout, &field[i]);
                fields++;
            }
    }
    assert_in_range(fields, 18, 64);
}

/* TCR_EL2 bits 60 and 61 are MTX0 and MTX1 with E2H = 1 alone, bit 33 is MTX with E2H = 0 alone. */
static void a_bit_of_tcr_el2_is_what_the_layout_in_force_makes_of_it(void **state)
{
    struct hand hand;

    (void)state;
    hand_el2(&hand, WD_AT_S1E2R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    SET(&hand, ID_AA64PFR1_EL1, MTEX, 1);
    SET_AS(&hand, TCR_EL2, TCR_EL2_E2H, MTX0, 1);
    SET_AS(&hand, TCR_EL2, TCR_EL2_E2H, MTX1, 1);
    CHECK_PAR(&hand, PAGE_PAR);

    hand_el20(&hand, WD_AT_S1E2R, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    SET(&hand, ID_AA64PFR1_EL1, MTEX, 1);
    SET_AS(&hand, TCR_EL2, TCR_EL2_E2H, IPS, 2); /* 40 bits: bit 33 is set */
    CHECK_PAR(&hand, PAGE_PAR);
}

static void expect_unsupported(const struct hand *hand, const char *reason)
{
    struct wd_oracle_output output;

    wd_oracle(&hand->c, NULL, NULL, NULL, &output);
    assert_int_equal(output.result.answer, WD_ANSWER_UNSUPPORTED);
    assert_non_null(strstr(output.result.text, reason));
}

static void an_implementation_that_cannot_be_is_unsupported(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    SET(&hand, ID_AA64MMFR0_EL1, PARange, 8);
    expect_unsupported(&hand, "PARange");

    hand_page(&hand, WD_AT_S1E1R);
    SET(&hand, ID_AA64MMFR0_EL1, TGran4, 15);
    SET(&hand, ID_AA64MMFR0_EL1, TGran16, 0);
    SET(&hand, ID_AA64MMFR0_EL1, TGran64, 15);
    expect_unsupported(&hand, "granule");
}

/* ---------------------------------------------------------------- input sizes */

/* R_SXWGM, R_GTJBY: 12 with the 64K granule and FEAT_LVA; with 4K a smaller T0SZ than 16 is a fault, no choice. */
static void feat_lva_lowers_the_minimum_of_txsz_for_64k_alone(void **state)
{
    const struct hand_path path = {.granule_bits = 16, .input_bits = 52, .start_level = 1, .base = HAND_STAGE1_TABLES};
    const uint64_t va = BIT(51) | HAND_VA;
    struct wd_oracle_output output;
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, va);
    SET(&hand, ID_AA64MMFR2_EL1, VARange, 1);
    SET(&hand, TCR_EL1, T0SZ, 12);
    SET(&hand, TCR_EL1, TG0, 1);
    hand_map_path(&hand, &path, va, 3, UINT64_C(0x187650000) | LEAF | PAGE);
    CHECK_PAR(&hand, par_success(UINT64_C(0x187657000), 0xff, SH_INNER));

    SET(&hand, TCR_EL1, TG0, 0);
    CHECK_PAR(&hand, par_fault(TRANSLATION));
    wd_oracle(&hand.c, NULL, NULL, NULL, &output);
    assert_int_equal(output.consulted_count, 0);
}

/* R_PLCGL: 48 with FEAT_TTST; 16 bits of input start at level 3. 64K: 47. */
static void feat_ttst_raises_the_maximum_of_txsz(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, 0x7abc);
    SET(&hand, ID_AA64MMFR2_EL1, ST, 1);
    SET(&hand, TCR_EL1, T0SZ, 48);
    hand_put(&hand, HAND_STAGE1_TABLES + 8 * 7, THE_PAGE);
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, TCR_EL1, T0SZ, 49);
    CHECK_PAR(&hand, par_fault(TRANSLATION));
    SET(&hand, TCR_EL1, TG0, 1);
    SET(&hand, TCR_EL1, T0SZ, 48);
    CHECK_PAR(&hand, par_fault(TRANSLATION));
    SET(&hand, TCR_EL1, T0SZ, 47); /* 17 bits: two 64K pages; the first word is zero */
    CHECK_PAR(&hand, par_fault(TRANSLATION + 3));
}

/* R_VZZSZ, I_RFRSQ, I_ZFSYQ: level 0, whatever the start level. */
static void range_e0pd_and_epd_are_translation_faults_at_level_0(void **state)
{
    struct hand hand;

    (void)state;
    hand_user_page(&hand, WD_AT_S1E0R);
    CHECK_PAR(&hand, PAGE_PAR);
    hand.c.va |= BIT(39);
    CHECK_PAR(&hand, par_fault(TRANSLATION));
    hand.c.va = HAND_VA | UINT64_C(0x5a) << 56;
    CHECK_PAR(&hand, par_fault(TRANSLATION));
    SET(&hand, TCR_EL1, TBI0, 1);
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, TCR_EL1, E0PD0, 1);
    CHECK_PAR(&hand, PAGE_PAR); /* without FEAT_E0PD */
    SET(&hand, ID_AA64MMFR2_EL1, E0PD, 1);
    CHECK_PAR(&hand, par_fault(TRANSLATION));
    hand.c.op = WD_AT_S1E1R;
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, TCR_EL1, EPD0, 1);
    CHECK_PAR(&hand, par_fault(TRANSLATION));
}

/* R_VZZSZ: the upper range is all ones above the input size. */
static void the_upper_range_is_all_ones_above_its_size(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_UPPER_VA);
    hand_map(&hand, HAND_UPPER_VA, 3, THE_PAGE);
    CHECK_PAR(&hand, PAGE_PAR);
    hand.c.va ^= BIT(39);
    CHECK_PAR(&hand, par_fault(TRANSLATION));
    hand.c.va = HAND_UPPER_VA ^ BIT(60);
    CHECK_PAR(&hand, par_fault(TRANSLATION));
    SET(&hand, TCR_EL1, TBI1, 1);
    CHECK_PAR(&hand, PAGE_PAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_at_is_undefined_without_its_feature_and_at_el1_where_it_names_el2_or_stage_2),
        cmocka_unit_test(hcr_at_traps_at_el1_alone_and_only_with_feat_nv),
        cmocka_unit_test(s1e1a_and_s1e2a_check_no_permission),
        cmocka_unit_test(s1e1a_checks_the_access_flag_and_stage_2_of_its_tables),
        cmocka_unit_test(in_a_host_s12_and_s1e1_use_el20_and_no_stage_2),
        cmocka_unit_test(with_e2h_alone_s1e1_uses_el10_and_s1e2_uses_el20),
        cmocka_unit_test(el20_has_an_upper_range_and_el2_has_none),
        cmocka_unit_test(without_feat_e2h0_the_bit_e2h_acts_as_one),
        cmocka_unit_test(without_feat_vhe_e2h_has_no_effect),
        cmocka_unit_test(tcr_el2_has_the_layout_that_e2h_gives),
        cmocka_unit_test(with_tge_stage_1_is_off_and_stage_2_as_programmed),
        cmocka_unit_test(dc_turns_stage_1_of_el10_off_and_stage_2_on),
        cmocka_unit_test(dc_does_not_touch_el2_and_el20),
        cmocka_unit_test(with_stage_1_off_an_address_beyond_parange_is_an_address_size_fault),
        cmocka_unit_test(with_stage_1_off_and_56_bits_no_address_is_out_of_range_under_tbi),
        cmocka_unit_test(a_control_bit_that_is_not_modelled_makes_the_case_unsupported_and_is_named),
        cmocka_unit_test(a_bit_of_tcr_el2_is_what_the_layout_in_force_makes_of_it),
        cmocka_unit_test(an_implementation_that_cannot_be_is_unsupported),
        cmocka_unit_test(feat_lva_lowers_the_minimum_of_txsz_for_64k_alone),
        cmocka_unit_test(feat_ttst_raises_the_maximum_of_txsz),
        cmocka_unit_test(range_e0pd_and_epd_are_translation_faults_at_level_0),
        cmocka_unit_test(the_upper_range_is_all_ones_above_its_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
