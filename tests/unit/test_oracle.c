/* SPDX-License-Identifier: MIT */
/*
 * The oracle where the vectors do not reach. What each test expects was worked out by hand from the rule that stands in
 * its comment, never by asking the oracle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/unit/builder.h"

/* Asks the oracle with all choices at their default. */
static void check(const char *file, int line, const struct hand *hand, struct wd_result expected)
{
    struct wd_oracle_output output;
    char right[600], wrong[600];

    wd_oracle(&hand->c, NULL, NULL, NULL, &output);
    if (same_answer(&expected, &output.result))
        return;
    print_answer(&expected, right, sizeof(right));
    print_answer(&output.result, wrong, sizeof(wrong));
    print_error("expected %s\ngot      %s (%s)\n", right, wrong, wd_rules[output.rule].name);
    _fail(file, line);
}

#define CHECK(hand, result)  check(__FILE__, __LINE__, hand, result)
#define CHECK_PAR(hand, par) CHECK(hand, answer_par(par))

static struct wd_result answer_undefined(void)
{
    struct wd_result result = answer_par(0);

    result.answer = WD_ANSWER_UNDEFINED;
    return result;
}

/* An answer that changes one word. */
static struct wd_result with_change(struct wd_result result, uint64_t pa, uint64_t value)
{
    answer_changes(&result, pa, value);
    return result;
}

#define THE_PAGE  (HAND_PAGE | LEAF | PAGE)
#define USER_PAGE (THE_PAGE | AP_USER)

/* PAR_EL1 of THE_PAGE, and of memory that stage 1 makes Device because it is off. */
#define PAGE_PAR          par_success(HAND_PAGE, 0xff, SH_INNER)
#define OFF_PAR(address)  par_success(address, 0x00, SH_OUTER)

static void start_page(struct hand *hand, enum wd_operation op)
{
    hand_el10(hand, op, HAND_VA);
    hand_map(hand, HAND_VA, 3, THE_PAGE);
}

static void start_user_page(struct hand *hand, enum wd_operation op)
{
    hand_el10(hand, op, HAND_VA);
    hand_map(hand, HAND_VA, 3, USER_PAGE);
}

/* ---------------------------------------------------------------- the instruction */

enum { NEVER, WITH_FEATURE, ALWAYS };

/* C5.4: which AT can be executed at EL1 and at EL2. */
static const struct {
    uint8_t op, at_el1, at_el2;
} executable[] = {
    {WD_AT_S1E1R, ALWAYS, ALWAYS},           {WD_AT_S1E1W, ALWAYS, ALWAYS},
    {WD_AT_S1E0R, ALWAYS, ALWAYS},           {WD_AT_S1E0W, ALWAYS, ALWAYS},
    {WD_AT_S1E1RP, WITH_FEATURE, WITH_FEATURE}, {WD_AT_S1E1WP, WITH_FEATURE, WITH_FEATURE},
    {WD_AT_S1E1A, WITH_FEATURE, WITH_FEATURE},  {WD_AT_S1E2R, NEVER, ALWAYS},
    {WD_AT_S1E2W, NEVER, ALWAYS},            {WD_AT_S1E2A, NEVER, WITH_FEATURE},
    {WD_AT_S12E1R, NEVER, ALWAYS},           {WD_AT_S12E1W, NEVER, ALWAYS},
    {WD_AT_S12E0R, NEVER, ALWAYS},           {WD_AT_S12E0W, NEVER, ALWAYS},
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
    start_page(&hand, WD_AT_S1E1R);
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
    start_page(&hand, WD_AT_S1E1R);
    SET(&hand, HCR_EL2, TGE, 1);
    CHECK_PAR(&hand, OFF_PAR(HAND_VA));

    start_page(&hand, WD_AT_S12E1R);
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
    start_page(&hand, WD_AT_S1E1R);
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

/* R_VCDSW: the implemented size counts, not IPS. R_KYBQL: TBI strips the top byte first, of the half that bit 55 names. */
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
    start_page(&hand, WD_AT_S1E1R);
    SET(&hand, ID_AA64MMFR0_EL1, PARange, 8);
    expect_unsupported(&hand, "PARange");

    start_page(&hand, WD_AT_S1E1R);
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
    start_user_page(&hand, WD_AT_S1E0R);
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

/* ---------------------------------------------------------------- 52-bit addresses with 4K and 16K */

/* FEAT_LPA2 with the granules given: ID_AA64MMFR0_EL1.TGran4 = 1, TGran16 = 2 say that it is there. */
static void widen(struct hand *hand, unsigned tgran4, unsigned tgran16)
{
    SET(hand, ID_AA64MMFR0_EL1, PARange, 6);
    SET(hand, ID_AA64MMFR0_EL1, TGran4, tgran4);
    SET(hand, ID_AA64MMFR0_EL1, TGran16, tgran16);
    SET(hand, ID_AA64MMFR2_EL1, VARange, 1);
    SET(hand, TCR_EL1, DS, 1);
    SET(hand, TCR_EL1, IPS, 6);
}

#define WIDE_VA (BIT(51) | BIT(48) | HAND_VA)
static const struct hand_path wide_path = {
    .granule_bits = 12, .input_bits = 52, .start_level = -1, .base = HAND_STAGE1_TABLES};

static void start_wide(struct hand *hand)
{
    hand_el10(hand, WD_AT_S1E1R, WIDE_VA);
    widen(hand, 1, 2);
    SET(hand, TCR_EL1, T0SZ, 12);
}

/* I_LPRLS, I_GJPJW: bits 9:8 and 49:48 are address bits; shareability comes from TCR_EL1.SH0. PAR has bits 51:48. */
static void with_ds_a_page_has_52_bits_and_the_shareability_of_the_control_register(void **state)
{
    struct hand hand;

    (void)state;
    start_wide(&hand);
    SET(&hand, TCR_EL1, SH0, SH_OUTER);
    hand_map_path(&hand, &wide_path, WIDE_VA, 3, HAND_PAGE | AF | BIT(8) | BIT(49) | PAGE);
    CHECK_PAR(&hand, par_success(HAND_PAGE | BIT(50) | BIT(49), 0xff, SH_OUTER));
}

/* EncodeLDFSC: faults at level -1 have codes of their own. */
static void faults_at_level_minus_1_have_their_own_codes(void **state)
{
    struct hand hand;

    (void)state;
    start_wide(&hand);
    CHECK_PAR(&hand, par_fault(TRANSLATION_LEVEL_MINUS_1));
    hand_put(&hand, hand_descriptor(&wide_path, -1, WIDE_VA), BIT(49) | TABLE);
    SET(&hand, TCR_EL1, IPS, 5);
    CHECK_PAR(&hand, par_fault(ADDRESS_SIZE_LEVEL_MINUS_1));
    hand.c.ram_count = 0;
    CHECK(&hand, answer_exception(EXTERNAL_ABORT_LEVEL_MINUS_1, false, false));
    start_wide(&hand);
    hand_put(&hand, hand_descriptor(&wide_path, -1, WIDE_VA), BLOCK);
    CHECK_PAR(&hand, par_fault(TRANSLATION_LEVEL_MINUS_1)); /* R_KRMJZ: no blocks there */
}

/* R_KSBQV: with DS a 512 GB block at level 0, without it a Translation fault. */
static void blocks_at_level_0_with_4k_need_ds(void **state)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 48, .start_level = 0, .base = HAND_STAGE1_TABLES};
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    widen(&hand, 1, 2);
    SET(&hand, TCR_EL1, T0SZ, 16);
    hand_map_path(&hand, &path, HAND_VA, 0, UINT64_C(0x8000000000) | AF | BLOCK);
    CHECK_PAR(&hand, par_success(UINT64_C(0x8000000000) | HAND_VA, 0xff, SH_INNER));
    SET(&hand, TCR_EL1, DS, 0);
    CHECK_PAR(&hand, par_fault(TRANSLATION));
}

/*
 * ID_AA64MMFR0_EL1: FEAT_LPA2 is there for each granule and stage apart. 16K without it: DS has no effect, so a level 1
 * block (64 GB) is a Translation fault; 4K without it: T0SZ = 12 is below the minimum.
 */
static void feat_lpa2_is_there_for_each_granule_apart(void **state)
{
    const struct hand_path path_16k = {
        .granule_bits = 14, .input_bits = 39, .start_level = 1, .base = HAND_STAGE1_TABLES};
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    widen(&hand, 1, 1);
    SET(&hand, TCR_EL1, TG0, 2);
    hand_map_path(&hand, &path_16k, HAND_VA, 1, UINT64_C(0x3000000000) | LEAF | BLOCK);
    CHECK_PAR(&hand, par_fault(TRANSLATION + 1));
    SET(&hand, ID_AA64MMFR0_EL1, TGran16, 2);
    /* Now bits 9:8 are address bits 51:50 and TCR_EL1.SH0 gives the shareability. */
    CHECK_PAR(&hand, par_success(BIT(51) | BIT(50) | UINT64_C(0x3234567000), 0xff, SH_INNER));

    start_wide(&hand);
    SET(&hand, ID_AA64MMFR0_EL1, TGran4, 0);
    CHECK_PAR(&hand, par_fault(TRANSLATION));
}

/* VTCR_EL2.DS with TGran4_2 = 2: the granule is there at stage 2, without 52 bits. */
static void feat_lpa2_is_there_for_each_stage_apart(void **state)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 42, .start_level = 0, .base = HAND_STAGE2_TABLES};
    struct hand hand;

    (void)state;
    hand_start(&hand, WD_AT_S12E1R, HAND_VA);
    hand_stage2(&hand);
    widen(&hand, 1, 2);
    SET(&hand, VTCR_EL2, DS, 1);
    SET(&hand, VTCR_EL2, SL0, 2);
    SET(&hand, VTCR_EL2, T0SZ, 22);
    SET(&hand, VTCR_EL2, PS, 6);
    hand_map_path(&hand, &path, HAND_VA, 0, UINT64_C(0x8000000000) | (STAGE2_LEAF & ~SH(3)) | BLOCK);
    CHECK_PAR(&hand, OFF_PAR(UINT64_C(0x8000000000) | HAND_VA));
    SET(&hand, ID_AA64MMFR0_EL1, TGran4_2, 3);
    CHECK_PAR(&hand, OFF_PAR(UINT64_C(0x8000000000) | HAND_VA));
    SET(&hand, ID_AA64MMFR0_EL1, TGran4_2, 2);
    CHECK_PAR(&hand, par_stage2_fault(TRANSLATION));
}

/* ---------------------------------------------------------------- stage 2: sizes */

struct start_level {
    unsigned parange, tg0, sl0, t0sz;
    int level; /* where the walk finds a zero descriptor; INVALID: a level 0 fault before it reads one */
};

enum { INVALID = -9 };

/* Tables D8-9 and D8-30, R_SRKBC, R_KTKWK, R_SGCBS: TG0 0 is 4K, 2 is 16K, 1 is 64K. */
static const struct start_level start_levels[] = {
    {5, 0, 0, 34, 2},       {5, 0, 1, 25, 1},       {5, 0, 2, 24, 0},       {4, 0, 2, 24, 0},
    {3, 0, 2, 24, INVALID}, {5, 0, 3, 40, INVALID}, /* without FEAT_TTST */
    {5, 2, 0, 39, 3},       {5, 2, 1, 28, 2},       {5, 2, 2, 24, 1},       {3, 2, 2, 24, 1},
    {2, 2, 2, 26, INVALID}, {5, 2, 3, 16, INVALID}, /* level 0 with 16K needs DS */
    {5, 1, 0, 38, 3},       {5, 1, 1, 24, 2},       {5, 1, 2, 20, 1},       {4, 1, 2, 20, 1},
    {3, 1, 2, 22, INVALID}, {5, 1, 3, 24, INVALID},
    /* 4K, level 1: 31 to 43 bits. R_HRSBS: 43 are 16 concatenated tables. */
    {5, 0, 1, 33, 1},       {5, 0, 1, 34, INVALID}, {5, 0, 1, 21, 1},       {5, 0, 1, 20, INVALID},
};

static void a_start_level_must_be_implemented_and_fit_the_input_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(start_levels) / sizeof(start_levels[0]); i++) {
        const struct start_level *s = &start_levels[i];
        struct hand hand;

        print_message("PARange %u TG0 %u SL0 %u T0SZ %u\n", s->parange, s->tg0, s->sl0, s->t0sz);
        hand_start(&hand, WD_AT_S12E1R, 0x12345);
        hand_stage2(&hand);
        SET(&hand, ID_AA64MMFR0_EL1, PARange, s->parange);
        SET(&hand, VTCR_EL2, TG0, s->tg0);
        SET(&hand, VTCR_EL2, SL0, s->sl0);
        SET(&hand, VTCR_EL2, T0SZ, s->t0sz);
        CHECK_PAR(&hand, par_stage2_fault((uint64_t)(TRANSLATION + (s->level == INVALID ? 0 : s->level))));
        if (s->level != INVALID && s->level != 0) {
            hand.c.ram_count = 0;
            CHECK(&hand, answer_exception((unsigned)(EXTERNAL_ABORT + s->level), true, false));
        }
    }
}

/* VTCR_EL2.SL2: level -1 with DS, SL0 = 0 and 52 bits. {SL2,SL0} = 1x1 and 11x are reserved. */
static void sl2_starts_stage_2_at_level_minus_1(void **state)
{
    struct hand hand;

    (void)state;
    hand_start(&hand, WD_AT_S12E1R, BIT(50) | 0x12345);
    hand_stage2(&hand);
    widen(&hand, 1, 2);
    SET(&hand, VTCR_EL2, DS, 1);
    SET(&hand, VTCR_EL2, SL2, 1);
    SET(&hand, VTCR_EL2, SL0, 0);
    SET(&hand, VTCR_EL2, T0SZ, 12);
    CHECK_PAR(&hand, par_stage2_fault(TRANSLATION_LEVEL_MINUS_1));
    SET(&hand, VTCR_EL2, SL0, 1);
    CHECK_PAR(&hand, par_stage2_fault(TRANSLATION));
    SET(&hand, VTCR_EL2, SL0, 0);
    SET(&hand, VTCR_EL2, DS, 0); /* then SL2 is RES0 and T0SZ = 12 is too small */
    CHECK_PAR(&hand, par_stage2_fault(TRANSLATION));
}

/* FEAT_TTST: level 3 with the 4K granule. */
static void feat_ttst_allows_stage_2_to_start_at_level_3_with_4k(void **state)
{
    struct hand hand;

    (void)state;
    hand_start(&hand, WD_AT_S12E1R, 0x7abc);
    hand_stage2(&hand);
    SET(&hand, ID_AA64MMFR2_EL1, ST, 1);
    SET(&hand, VTCR_EL2, SL0, 3);
    SET(&hand, VTCR_EL2, T0SZ, 46);
    hand_put(&hand, HAND_STAGE2_TABLES + 8 * 7, HAND_PAGE | STAGE2_LEAF | PAGE);
    hand.c.va = 0x7abc;
    CHECK_PAR(&hand, OFF_PAR(HAND_PAGE));
    hand.c.va |= BIT(18); /* R_DRRZZ */
    CHECK_PAR(&hand, par_stage2_fault(TRANSLATION));
}

/* R_HRSBS, R_JKZFY: with 40 bits at level 1 two tables stand side by side, aligned to both. */
static void concatenated_tables_are_indexed_by_the_extra_bits(void **state)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 40, .start_level = 1, .base = HAND_STAGE2_TABLES};
    const uint64_t ipa = BIT(39) | HAND_VA;
    struct hand hand;

    (void)state;
    hand_start(&hand, WD_AT_S12E1R, ipa);
    hand_stage2(&hand);
    SET(&hand, VTCR_EL2, T0SZ, 24);
    hand_map_path(&hand, &path, ipa, 1, UINT64_C(0x1c0000000) | STAGE2_LEAF | BLOCK);
    assert_int_equal(hand.mem[0].pa, HAND_STAGE2_TABLES + 0x1240);
    CHECK_PAR(&hand, OFF_PAR(UINT64_C(0x1c0000000) | (HAND_VA & wd_mask(29, 0))));
}

/* ---------------------------------------------------------------- memory */

/* R_FDKMS: SCTLR_EL1.EE for stage 1 of EL1&0; what hardware writes is swapped back. */
static void a_big_endian_descriptor_is_written_back_big_endian(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 1);
    SET(&hand, TCR_EL1, HA, 1);
    SET(&hand, SCTLR_EL1, EE, 1);
    hand.big_endian = true;
    hand_map(&hand, HAND_VA, 3, THE_PAGE & ~AF);
    CHECK(&hand, with_change(answer_par(PAGE_PAR), hand_descriptor(&hand_stage1_path, 3, HAND_VA),
                             __builtin_bswap64(THE_PAGE)));
}

/* Stage 2 is read as SCTLR_EL2.EE says, stage 1 of EL1&0 as SCTLR_EL1.EE does. */
static void each_stage_has_its_own_byte_order(void **state)
{
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1R);
    hand_stage2(&hand);
    SET(&hand, SCTLR_EL2, EE, 1);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 1);
    SET(&hand, VTCR_EL2, HA, 1);
    hand.big_endian = true;
    hand_map_stage2_flat(&hand, STAGE2_LEAF & ~AF);
    CHECK(&hand, with_change(answer_par(PAGE_PAR), hand_descriptor(&hand_stage2_path, 1, HAND_STAGE1_TABLES),
                             __builtin_bswap64(HAND_STAGE1_TABLES | STAGE2_LEAF | BLOCK)));
}

/* R_YLGBV: no memory there: the AT takes a Data Abort; at stage 2 it says so, and whether it was on a stage 1 walk. */
static void a_descriptor_outside_memory_is_an_external_abort(void **state)
{
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1R);
    hand.ram[0].size = 0x20000; /* the level 3 table is outside */
    CHECK(&hand, answer_exception(EXTERNAL_ABORT + 3, false, false));
    hand.c.el = 1;
    CHECK(&hand, answer_exception(EXTERNAL_ABORT + 3, false, false));

    start_page(&hand, WD_AT_S1E1R);
    hand_stage2(&hand);
    hand.ram[0].size = HAND_STAGE2_TABLES - HAND_RAM_BASE;
    CHECK(&hand, answer_exception(EXTERNAL_ABORT + 1, true, true));

    hand_start(&hand, WD_AT_S12E1R, HAND_VA);
    hand_stage2(&hand);
    hand.ram[0].size = HAND_STAGE2_TABLES - HAND_RAM_BASE;
    CHECK(&hand, answer_exception(EXTERNAL_ABORT + 1, true, false));
}

/* A table of 4 KB of which each half is in a range of its own, and one of which the second half does not exist. */
static void a_table_may_lie_across_ranges_of_memory(void **state)
{
    const uint64_t middle = HAND_STAGE1_TABLES + 2 * HAND_TABLE_STRIDE + 0x800;
    const uint64_t low = HAND_VA & ~UINT64_C(0x1ff000), high = low | UINT64_C(0x1ff000);
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, low);
    hand_map(&hand, low, 3, THE_PAGE);
    hand_put(&hand, hand_descriptor(&hand_stage1_path, 3, high), THE_PAGE);
    hand.ram[0].size = middle - HAND_RAM_BASE;
    CHECK_PAR(&hand, PAGE_PAR);
    hand.c.va = high;
    CHECK(&hand, answer_exception(EXTERNAL_ABORT + 3, false, false));
    hand_ram(&hand, middle, 0x800, false);
    CHECK_PAR(&hand, PAGE_PAR);
}

/* ---------------------------------------------------------------- stage 2 on the tables of stage 1 */

/* I_CLHMP, R_VMRFQ: PAR with S, PTW and the stage 2 level at EL2; an exception with the address at EL1. */
static void a_stage_2_fault_on_a_table_is_a_par_at_el2_and_an_exception_at_el1(void **state)
{
    struct wd_result exception = answer_exception(ACCESS_FLAG + 2, true, true);
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1R);
    hand_stage2(&hand);
    hand_map_stage2(&hand, HAND_STAGE1_TABLES, 2, HAND_STAGE1_TABLES | (STAGE2_LEAF & ~AF) | BLOCK);
    CHECK_PAR(&hand, par_walk_fault(ACCESS_FLAG + 2));
    hand.c.el = 1;
    exception.exception.has_ipa = true;
    exception.exception.ipa = hand_descriptor(&hand_stage1_path, 1, HAND_VA);
    CHECK(&hand, exception);
}

/* HCR_EL2.PTW, R_KTSYP: Device memory under a table is a Permission fault, else it is read all the same. */
static void ptw_makes_a_table_in_device_memory_fault(void **state)
{
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1R);
    hand_stage2(&hand);
    hand_map_stage2_flat(&hand, AF | S2AP_READ | MEM_ATTR(1));
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, HCR_EL2, PTW, 1);
    CHECK_PAR(&hand, par_walk_fault(PERMISSION + 1));
}

/* R_BDJJL: to write a stage 1 descriptor hardware needs stage 2 write permission; refused, nothing is written. */
static void the_access_flag_write_needs_stage_2_write_permission(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 1);
    SET(&hand, TCR_EL1, HA, 1);
    hand_map(&hand, HAND_VA, 3, THE_PAGE & ~AF);
    hand_stage2(&hand);
    hand_map_stage2_flat(&hand, STAGE2_LEAF & ~S2AP_WRITE);
    CHECK_PAR(&hand, par_walk_fault(PERMISSION + 1));
}

/* R_BDJJL: a writable-clean stage 2 leaf becomes dirty, and accessed, by the write of the stage 1 descriptor. */
static void the_access_flag_write_makes_its_stage_2_leaf_dirty(void **state)
{
    const uint64_t clean = (STAGE2_LEAF & ~(S2AP_WRITE | AF)) | DBM;
    struct wd_result expected = answer_par(PAGE_PAR);
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 2);
    SET(&hand, TCR_EL1, HA, 1);
    SET(&hand, VTCR_EL2, HA, 1);
    SET(&hand, VTCR_EL2, HD, 1);
    hand_map(&hand, HAND_VA, 3, THE_PAGE & ~AF);
    hand_stage2(&hand);
    hand_map_stage2_flat(&hand, clean);
    answer_changes(&expected, hand_descriptor(&hand_stage1_path, 3, HAND_VA), THE_PAGE);
    answer_changes(&expected, hand_descriptor(&hand_stage2_path, 1, HAND_STAGE1_TABLES),
                   HAND_STAGE1_TABLES | clean | S2AP_WRITE | AF | BLOCK);
    CHECK(&hand, expected);
}

/* ---------------------------------------------------------------- hardware updates */

static void enable_haft(struct hand *hand)
{
    SET(hand, ID_AA64MMFR1_EL1, HAFDBS, 3);
    SET(hand, ID_AA64MMFR1_EL1, HCX, 1);
    SET(hand, ID_AA64MMFR3_EL1, TCRX, 1);
    SET(hand, HCRX_EL2, TCR2En, 1);
    SET(hand, TCR_EL1, HA, 1);
    SET(hand, TCR2_EL1, HAFT, 1);
}

/* The Table descriptor that hand_map() puts at a level, with AF. */
static uint64_t accessed_table(const struct hand_path *path, int level)
{
    return (path->base + (uint64_t)(level + 1 - path->start_level) * HAND_TABLE_STRIDE) | AF | TABLE;
}

/* R_FBZPR: an AT must set AF in every Table descriptor. R_SNVTX: not with HA = 0; HCRX_EL2.TCR2En = 0: not either. */
static void haft_sets_the_access_flag_of_every_table(void **state)
{
    struct wd_result expected = answer_par(PAGE_PAR);
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1R);
    enable_haft(&hand);
    answer_changes(&expected, hand_descriptor(&hand_stage1_path, 1, HAND_VA), accessed_table(&hand_stage1_path, 1));
    answer_changes(&expected, hand_descriptor(&hand_stage1_path, 2, HAND_VA), accessed_table(&hand_stage1_path, 2));
    CHECK(&hand, expected);
    SET(&hand, HCRX_EL2, TCR2En, 0);
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, HCRX_EL2, TCR2En, 1);
    SET(&hand, TCR_EL1, HA, 0);
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, TCR_EL1, HA, 1);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 2);
    CHECK_PAR(&hand, PAGE_PAR);
}

static void haft_sets_the_access_flag_of_the_tables_of_stage_2(void **state)
{
    struct wd_result expected = answer_par(OFF_PAR(HAND_PAGE));
    struct hand hand;

    (void)state;
    hand_start(&hand, WD_AT_S12E1R, HAND_VA);
    hand_stage2(&hand);
    hand_map_stage2(&hand, HAND_VA, 3, HAND_PAGE | STAGE2_LEAF | PAGE);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 3);
    SET(&hand, VTCR_EL2, HA, 1);
    SET(&hand, VTCR_EL2, HAFT, 1);
    answer_changes(&expected, hand_descriptor(&hand_stage2_path, 1, HAND_VA), accessed_table(&hand_stage2_path, 1));
    answer_changes(&expected, hand_descriptor(&hand_stage2_path, 2, HAND_VA), accessed_table(&hand_stage2_path, 2));
    CHECK(&hand, expected);
    SET(&hand, VTCR_EL2, HA, 0);
    CHECK_PAR(&hand, OFF_PAR(HAND_PAGE));
}

/* I_VPNMG: the update is a write for stage 2. R_WLLHL: a bad address in the table comes first. */
static void haft_updates_need_stage_2_write_permission(void **state)
{
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1R);
    enable_haft(&hand);
    hand_stage2(&hand);
    hand_map_stage2_flat(&hand, STAGE2_LEAF & ~S2AP_WRITE);
    CHECK_PAR(&hand, par_walk_fault(PERMISSION + 1));

    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    enable_haft(&hand);
    hand_stage2(&hand);
    hand_map_stage2_flat(&hand, STAGE2_LEAF & ~S2AP_WRITE);
    SET(&hand, TCR_EL1, IPS, 0);
    hand_put(&hand, hand_descriptor(&hand_stage1_path, 1, HAND_VA), BIT(32) | TABLE);
    CHECK_PAR(&hand, par_fault(ADDRESS_SIZE + 1));
}

/* R_LXCKP: memory that refuses the update of a table: an external abort at the table's level, required by HAFT. */
static void a_refused_haft_update_is_an_external_abort(void **state)
{
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1R);
    CHECK_PAR(&hand, PAGE_PAR);
    hand_read_only(&hand); /* reading is no update */
    CHECK_PAR(&hand, PAGE_PAR);
    enable_haft(&hand);
    CHECK(&hand, answer_exception(EXTERNAL_ABORT + 1, false, false));
}

/* R_XZFQH, R_TYCNM: writable-clean counts as writable; an AT does not make it dirty. */
static void a_writable_clean_page_counts_as_writable_and_stays_clean(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1W, HAND_VA);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 2);
    SET(&hand, TCR_EL1, HA, 1);
    hand_map(&hand, HAND_VA, 3, THE_PAGE | AP_READ_ONLY | DBM);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    SET(&hand, TCR_EL1, HD, 1);
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, TCR_EL1, HA, 0);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    SET(&hand, TCR_EL1, HA, 1);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 1); /* no hardware management of the dirty state: HD has no effect */
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
}

static void a_writable_clean_stage_2_page_counts_as_writable_and_stays_clean(void **state)
{
    struct hand hand;

    (void)state;
    hand_start(&hand, WD_AT_S12E1W, HAND_VA);
    hand_stage2(&hand);
    hand_map_stage2(&hand, HAND_VA, 3, HAND_PAGE | (STAGE2_LEAF & ~S2AP_WRITE) | DBM | PAGE);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 2);
    SET(&hand, VTCR_EL2, HA, 1);
    CHECK_PAR(&hand, par_stage2_fault(PERMISSION + 3));
    SET(&hand, VTCR_EL2, HD, 1);
    CHECK_PAR(&hand, OFF_PAR(HAND_PAGE));
}

/* ---------------------------------------------------------------- descriptors */

/* FEAT_BBM absent: bit 16 of a block is RES0. It is an address bit of a 4K page and of a table. */
static void nt_counts_in_blocks_with_feat_bbm_alone(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    hand_map(&hand, HAND_VA, 2, UINT64_C(0x187600000) | NT | LEAF | BLOCK);
    CHECK_PAR(&hand, par_success(UINT64_C(0x187767000), 0xff, SH_INNER));
    SET(&hand, ID_AA64MMFR2_EL1, BBM, 2);
    CHECK_PAR(&hand, par_fault(TRANSLATION + 2));

    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64MMFR2_EL1, BBM, 2);
    hand_map(&hand, HAND_VA, 3, UINT64_C(0x187610000) | LEAF | PAGE); /* the level 1 table is at a 64K boundary too */
    CHECK_PAR(&hand, par_success(UINT64_C(0x187610000), 0xff, SH_INNER));
}

/* R_XCHFJ: nT (Translation) before the output address (Address size). */
static void nt_comes_before_the_output_address(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64MMFR2_EL1, BBM, 1);
    SET(&hand, TCR_EL1, IPS, 0);
    hand_map(&hand, HAND_VA, 2, UINT64_C(0x187600000) | NT | BLOCK);
    CHECK_PAR(&hand, par_fault(TRANSLATION + 2));
}

/* R_HMQXG: the Contiguous bit is RES0 in the level 1 blocks (4 TB) of 64K with 52 bits. */
static void the_contiguous_bit_does_not_count_in_a_64k_block_at_level_1(void **state)
{
    const struct hand_path path = {.granule_bits = 16, .input_bits = 48, .start_level = 1, .base = HAND_STAGE1_TABLES};
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, ID_AA64MMFR0_EL1, PARange, 6);
    SET(&hand, TCR_EL1, IPS, 6);
    SET(&hand, TCR_EL1, TG0, 1);
    SET(&hand, TCR_EL1, T0SZ, 16);
    hand_map_path(&hand, &path, HAND_VA, 1, UINT64_C(0x840000000000) | CONTIGUOUS | LEAF | BLOCK);
    CHECK_PAR(&hand, par_success(UINT64_C(0x840000000000) | HAND_VA, 0xff, SH_INNER));
    SET(&hand, ID_AA64MMFR0_EL1, PARange, 5); /* R_MLLGN: no such blocks */
    CHECK_PAR(&hand, par_fault(TRANSLATION + 1));
}

/* Contiguous ranges, Table D8-104: 16K level 3: 128 pages; level 2: 32 blocks. 64K: 32 of each. 4K: 16 of each. */
static void contiguous_ranges_have_the_size_of_granule_and_level(void **state)
{
    static const struct {
        unsigned tg0, granule_bits, bits;
        int start, level;
    } sizes[] = {
        {0, 12, 34, 1, 1}, {0, 12, 25, 1, 2}, {0, 12, 16, 1, 3}, {2, 14, 30, 1, 2},
        {2, 14, 21, 1, 3}, {1, 16, 34, 2, 2}, {1, 16, 21, 2, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const struct hand_path path = {.granule_bits = sizes[i].granule_bits,
                                       .input_bits = 39,
                                       .start_level = sizes[i].start,
                                       .base = HAND_STAGE1_TABLES};
        uint64_t type = sizes[i].level == 3 ? PAGE : BLOCK;
        uint64_t va = UINT64_C(0x7fffffffff); /* every bit inside the range is the input's */
        struct hand hand;

        hand_el10(&hand, WD_AT_S1E1R, va);
        SET(&hand, TCR_EL1, TG0, sizes[i].tg0);
        hand_map_path(&hand, &path, va, sizes[i].level, BIT(40) | CONTIGUOUS | LEAF | type);
        CHECK_PAR(&hand, par_success(BIT(40) | wd_mask(sizes[i].bits - 1, 0), 0xff, SH_INNER));
    }
}

/* ---------------------------------------------------------------- permissions */

/* R_CBNKR, I_PCLHM: one privilege: AP[1] and APTable[0] do not count, AP[2] and APTable[1] do. */
static void in_el2_ap1_and_aptable0_do_not_count(void **state)
{
    struct hand_path path = hand_stage1_path;
    struct hand hand;

    (void)state;
    path.table_bits = BIT(61);
    hand_el2(&hand, WD_AT_S1E2W, HAND_VA);
    hand_map_path(&hand, &path, HAND_VA, 3, THE_PAGE);
    CHECK_PAR(&hand, PAGE_PAR);

    path.table_bits = BIT(62);
    hand_el2(&hand, WD_AT_S1E2W, HAND_VA);
    hand_map_path(&hand, &path, HAND_VA, 3, THE_PAGE);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3)); /* I_GQYCH: level of the leaf */

    hand_el2(&hand, WD_AT_S1E2W, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE | AP_READ_ONLY);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
}

/* R_YTXKB, I_PKGJC. */
static void aptable_takes_permissions_away_unless_hpd_is_set(void **state)
{
    struct hand_path path = hand_stage1_path;
    struct hand hand;

    (void)state;
    path.table_bits = BIT(61) | BIT(62);
    hand_el10(&hand, WD_AT_S1E0R, HAND_VA);
    hand_map_path(&hand, &path, HAND_VA, 3, USER_PAGE);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    hand.c.op = WD_AT_S1E1W;
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    hand.c.op = WD_AT_S1E1R;
    CHECK_PAR(&hand, PAGE_PAR);
    hand.c.op = WD_AT_S1E1W;
    SET(&hand, TCR_EL1, HPD0, 1);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3)); /* without FEAT_HPDS */
    SET(&hand, ID_AA64MMFR1_EL1, HPDS, 1);
    CHECK_PAR(&hand, PAGE_PAR);
}

/* FEAT_S1PIE and FEAT_S1POE, TCR2_EL1 in effect. */
static void enable_tcr2(struct hand *hand)
{
    SET(hand, ID_AA64MMFR1_EL1, HCX, 1);
    SET(hand, ID_AA64MMFR3_EL1, TCRX, 1);
    SET(hand, ID_AA64MMFR3_EL1, S1PIE, 1);
    SET(hand, ID_AA64MMFR3_EL1, S1POE, 1);
    SET(hand, HCRX_EL2, TCR2En, 1);
}

/* R_BVXDG, R_JHSVW: each of POE, E0POE and PIE turns APTable off, for either privilege. */
static void overlays_and_indirect_permissions_turn_hierarchical_ones_off(void **state)
{
    struct hand_path path = hand_stage1_path;
    struct hand hand;

    (void)state;
    path.table_bits = BIT(61) | BIT(62);
    for (unsigned control = 0; control < 3; control++) {
        hand_el10(&hand, WD_AT_S1E1W, HAND_VA);
        hand_map_path(&hand, &path, HAND_VA, 3, THE_PAGE);
        enable_tcr2(&hand);
        CHECK_PAR(&hand, par_fault(PERMISSION + 3));
        SET(&hand, PIR_EL1, Perm0, 5);
        SET(&hand, POR_EL1, Perm0, 7);
        SET(&hand, TCR2_EL1, POE, control == 0);
        SET(&hand, TCR2_EL1, E0POE, control == 1);
        SET(&hand, TCR2_EL1, PIE, control == 2);
        CHECK_PAR(&hand, PAGE_PAR);
    }
}

#define OVERLAY   WD_WITH(0, PAR_EL1_F, Overlay, 1)
#define DIRTY_BIT WD_WITH(0, PAR_EL1_F, DirtyBit, 1)

/* R_RPXZR, R_DPZHF, R_GDVJK: POE concerns privileged accesses, E0POE the others. */
static void an_overlay_fault_has_the_overlay_bit(void **state)
{
    struct hand hand;

    (void)state;
    start_user_page(&hand, WD_AT_S1E1W);
    enable_tcr2(&hand);
    SET(&hand, TCR2_EL1, POE, 1);
    SET(&hand, POR_EL1, Perm0, 1); /* read */
    SET(&hand, POR_EL0, Perm0, 1);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3) | OVERLAY);
    hand.c.op = WD_AT_S1E1R;
    CHECK_PAR(&hand, PAGE_PAR);
    hand.c.op = WD_AT_S1E0W; /* E0POE = 0 */
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, TCR2_EL1, E0POE, 1);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3) | OVERLAY);
    SET(&hand, POR_EL0, Perm0, 7);
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, POR_EL0, Perm0, 15); /* R_WDCGP: reserved, nothing */
    CHECK_PAR(&hand, par_fault(PERMISSION + 3) | OVERLAY);
}

/* R_BXJBV: bits 62:60 of the descriptor choose the nibble. */
static void the_overlay_index_is_in_bits_62_to_60(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1W, HAND_VA);
    enable_tcr2(&hand);
    SET(&hand, TCR2_EL1, POE, 1);
    SET(&hand, POR_EL1, Perm6, 5);
    hand_map(&hand, HAND_VA, 3, THE_PAGE | BIT(62) | BIT(61));
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, POR_EL1, Perm6, 1);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3) | OVERLAY);
}

/* R_QXXPC, R_SYMMB: SCTLR_EL1.WXN, a writable and executable page, and an overlay that gives execute: write goes. */
static void wxn_takes_write_from_an_overlay_that_gives_execute(void **state)
{
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1W);
    enable_tcr2(&hand);
    SET(&hand, SCTLR_EL1, WXN, 1);
    CHECK_PAR(&hand, PAGE_PAR); /* without an overlay execute goes instead */
    SET(&hand, TCR2_EL1, POE, 1);
    SET(&hand, POR_EL1, Perm0, 7);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3) | OVERLAY);
    SET(&hand, POR_EL1, Perm0, 5); /* no execute */
    CHECK_PAR(&hand, PAGE_PAR);
    /* Table D8-68: of indirect permissions 0110 alone has WXN, whatever SCTLR_EL1 says (I_PMKFB). */
    SET(&hand, SCTLR_EL1, WXN, 0);
    SET(&hand, POR_EL1, Perm0, 7);
    SET(&hand, TCR2_EL1, PIE, 1);
    SET(&hand, PIR_EL1, Perm0, 6);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3) | OVERLAY);
    SET(&hand, PIR_EL1, Perm0, 7);
    CHECK_PAR(&hand, PAGE_PAR);
}

/* Table D8-68: what each nibble lets read and write; 1xxx have no overlay. */
static void indirect_permissions_are_those_of_the_table(void **state)
{
    static const bool reads[16] = {0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0};
    static const bool writes[16] = {0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0};

    (void)state;
    for (unsigned nibble = 0; nibble < 16; nibble++) {
        struct hand hand;

        start_page(&hand, WD_AT_S1E1R);
        enable_tcr2(&hand);
        SET(&hand, TCR2_EL1, PIE, 1);
        SET(&hand, PIR_EL1, Perm0, nibble);
        CHECK_PAR(&hand, reads[nibble] ? PAGE_PAR : par_fault(PERMISSION + 3));
        hand.c.op = WD_AT_S1E1W;
        CHECK_PAR(&hand, writes[nibble] ? PAGE_PAR : par_fault(PERMISSION + 3));
        hand.c.op = WD_AT_S1E1R;
        SET(&hand, TCR2_EL1, POE, 1); /* POR_EL1 = 0: no access */
        CHECK_PAR(&hand, nibble < 8     ? par_fault(PERMISSION + 3) | OVERLAY
                         : reads[nibble] ? PAGE_PAR
                                         : par_fault(PERMISSION + 3));
    }
}

/* R_BCPGD: bits 54, 53, 51 and 6, in this order. */
static void the_indirect_index_is_in_bits_54_53_51_and_6(void **state)
{
    static const unsigned bits[4] = {6, 51, 53, 54};

    (void)state;
    for (unsigned index = 0; index < 16; index++) {
        uint64_t leaf = THE_PAGE;
        struct hand hand;

        for (unsigned i = 0; i < 4; i++)
            leaf |= wd_bit(index, i) ? BIT(bits[i]) : 0;
        hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
        enable_tcr2(&hand);
        SET(&hand, TCR2_EL1, PIE, 1);
        hand.c.regs[WD_PIR_EL1] = BIT(4 * index);
        hand_map(&hand, HAND_VA, 3, leaf);
        CHECK_PAR(&hand, PAGE_PAR);
        hand.c.regs[WD_PIR_EL1] = ~(UINT64_C(15) << 4 * index) & UINT64_C(0x1111111111111111);
        CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    }
}

/* R_VFPJF: privileged execute with unprivileged write removes everything from both. */
static void privileged_execute_with_unprivileged_write_is_no_access(void **state)
{
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1R);
    enable_tcr2(&hand);
    SET(&hand, TCR2_EL1, PIE, 1);
    SET(&hand, PIR_EL1, Perm0, 3);
    SET(&hand, PIRE0_EL1, Perm0, 1);
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, PIRE0_EL1, Perm0, 5);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    hand.c.op = WD_AT_S1E0W;
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    SET(&hand, PIR_EL1, Perm0, 1);
    CHECK_PAR(&hand, PAGE_PAR);
}

/* R_PPGMC: nDirty = 1 without HA and HD: a write is a Permission fault with DirtyBit; a missing permission comes first. */
static void a_write_to_a_page_that_is_not_dirty_has_the_dirty_bit(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1W, HAND_VA);
    enable_tcr2(&hand);
    SET(&hand, TCR2_EL1, PIE, 1);
    SET(&hand, PIR_EL1, Perm0, 5);
    hand_map(&hand, HAND_VA, 3, THE_PAGE | BIT(7));
    CHECK_PAR(&hand, par_fault(PERMISSION + 3) | DIRTY_BIT);
    hand.c.op = WD_AT_S1E1R;
    CHECK_PAR(&hand, PAGE_PAR);
    hand.c.op = WD_AT_S1E1W;
    SET(&hand, PIR_EL1, Perm0, 1);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    SET(&hand, PIR_EL1, Perm0, 5);
    SET(&hand, TCR_EL1, HA, 1);
    SET(&hand, TCR_EL1, HD, 1);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3) | DIRTY_BIT); /* without FEAT_HAFDBS */
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 1);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3) | DIRTY_BIT); /* no dirty state in hardware */
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 2);
    CHECK_PAR(&hand, PAGE_PAR);
}

/* R_XTSQH, R_ZGCNT, R_PMTWB: PAN matters to S1E1RP and S1E1WP alone. */
static void pan_blocks_what_the_user_may_read_and_with_epan_execute(void **state)
{
    struct hand hand;

    (void)state;
    start_user_page(&hand, WD_AT_S1E1RP);
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 3);
    CHECK_PAR(&hand, PAGE_PAR);
    hand.c.pan = 1;
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    hand.c.op = WD_AT_S1E1R;
    CHECK_PAR(&hand, PAGE_PAR);

    start_page(&hand, WD_AT_S1E1RP); /* UXN = 0: the user may execute it */
    hand.c.pan = 1;
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 3);
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, SCTLR_EL1, EPAN, 1);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 2); /* EPAN is RES0 */
    CHECK_PAR(&hand, PAGE_PAR);
}

/* R_TBKKB: with indirect permissions any unprivileged nibble but 0000 counts, execute-only too, whatever EPAN says. */
static void with_indirect_permissions_pan_counts_every_user_permission(void **state)
{
    struct hand hand;

    (void)state;
    start_page(&hand, WD_AT_S1E1RP);
    hand.c.pan = 1;
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 3);
    enable_tcr2(&hand);
    SET(&hand, TCR2_EL1, PIE, 1);
    SET(&hand, PIR_EL1, Perm0, 1);
    CHECK_PAR(&hand, PAGE_PAR);
    SET(&hand, PIRE0_EL1, Perm0, 2); /* execute, EPAN = 0 */
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
}

/* R_FQNDX: the access's own stage 2 permission; R_KKXMY: stage 1 first. */
static void s12_checks_the_access_at_both_stages_stage_1_first(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S12E1W, HAND_VA);
    hand_map(&hand, HAND_VA, 3, HAND_IPA | LEAF | PAGE);
    hand_stage2(&hand);
    hand_map_stage2(&hand, HAND_STAGE1_TABLES, 1, HAND_STAGE1_TABLES | STAGE2_LEAF | BLOCK);
    hand_map_stage2(&hand, HAND_IPA, 3, HAND_PAGE | (STAGE2_LEAF & ~S2AP_WRITE) | PAGE);
    CHECK_PAR(&hand, par_stage2_fault(PERMISSION + 3));
    hand.c.op = WD_AT_S12E1R;
    CHECK_PAR(&hand, PAGE_PAR);
    hand.c.op = WD_AT_S12E0W;
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    hand.c.op = WD_AT_S1E1W; /* asks for stage 1 alone: reports the IPA */
    CHECK_PAR(&hand, par_success(HAND_IPA, 0xff, SH_INNER));
}

/* ---------------------------------------------------------------- attributes */

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
    start_page(&hand, WD_AT_S1E1R);
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
    start_page(&hand, WD_AT_S1E1R);
    SET(&hand, SCTLR_EL1, C, 0);
    check_mair(&hand, 0xff, 0x44, SH_OUTER);
    check_mair(&hand, 0x0c, 0x0c, SH_OUTER);
    SET(&hand, ID_AA64ISAR1_EL1, XS, 1);
    check_mair(&hand, 0xff, 0x40, SH_OUTER);
    check_mair(&hand, 0xbb, 0x44, SH_OUTER);
    check_mair(&hand, 0xa0, 0x40, SH_OUTER);
}

/* HCR_EL2.DCT. R_YSLYC: with DC = 1 the Non-shareable memory of stage 1 stays Tagged; with stage 2 all depends on both. */
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
static void start_both_stages(struct hand *hand, unsigned mair, unsigned memattr)
{
    hand_el10(hand, WD_AT_S12E1R, HAND_VA);
    SET(hand, MAIR_EL1, Attr0, mair);
    hand_map(hand, HAND_VA, 3, HAND_IPA | LEAF | PAGE);
    hand_stage2(hand);
    hand_map_stage2(hand, HAND_STAGE1_TABLES, 1, HAND_STAGE1_TABLES | STAGE2_LEAF | BLOCK);
    hand_map_stage2(hand, HAND_IPA, 3, HAND_PAGE | AF | SH(3) | MEM_ATTR(memattr) | S2AP_READ | PAGE);
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
        /* R_WLQYW; and R_NSCNC, by default what stage 1 makes Device or Non-cacheable is Outer Shareable for stage 2. */
        bool outer = c->attr < 0x10 || c->attr == 0x44 || c->attr == 0x40 || c->mair < 0x10 || c->mair == 0x44;
        struct hand hand;

        start_both_stages(&hand, c->mair, c->memattr);
        implement(&hand);
        SET(&hand, HCR_EL2, FWB, c->fwb);
        print_message("FWB %u MAIR %#x MemAttr %#x\n", c->fwb, c->mair, c->memattr);
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
        {0, 0xff, 15, 0xff}, {0, 0xff, 10, 0xbb}, {0, 0xff, 5, 0x44},  {0, 0xff, 6, 0x4b},  {0, 0xff, 14, 0xfb},
        {0, 0xbb, 15, 0xbb}, {0, 0x44, 15, 0x44}, {0, 0x4f, 15, 0x4f}, {0, 0x04, 15, 0x04}, {0, 0xff, 1, 0x04},
        {0, 0x0c, 1, 0x04},  {0, 0x04, 3, 0x04},  {0, 0x00, 3, 0x00},  {0, 0x44, 2, 0x08},
        /* Transient hints are stage 1's. */
        {0, 0x77, 15, 0x77}, {0, 0x77, 10, 0x33},
        {1, 0xff, 7, 0xff},  {1, 0xbb, 7, 0xbb},  {1, 0x44, 7, 0x44},  {1, 0x04, 7, 0x04},
        {1, 0xff, 6, 0xff},  {1, 0xee, 6, 0xee},  {1, 0xbb, 6, 0xff},  {1, 0xaa, 6, 0xee},  {1, 0x44, 6, 0xff},
        {1, 0x04, 6, 0xff},  {1, 0x4a, 6, 0xfe},  {1, 0x33, 6, 0x77},
        {1, 0xff, 5, 0x44},  {1, 0x44, 5, 0x44},  {1, 0x0c, 5, 0x0c},
        {1, 0xff, 1, 0x04},  {1, 0x0c, 1, 0x04},  {1, 0x00, 3, 0x00},
        /* MemAttr[3] is RES0. */
        {1, 0xff, 15, 0xff}, {1, 0xff, 9, 0x04},
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
        {0, 0xff, 15, 0xff}, {0, 0xff, 5, 0x40},  {0, 0xbb, 5, 0x44},  {0, 0x05, 15, 0x05}, {0, 0x04, 15, 0x04},
        {0, 0xff, 1, 0x05},  {0, 0xbb, 1, 0x04},  {0, 0x40, 15, 0x40}, {0, 0xee, 10, 0xa0}, {0, 0xff, 10, 0xbb},
        {1, 0xff, 5, 0x40},  {1, 0xbb, 5, 0x44},  {1, 0xa0, 7, 0xa0},  {1, 0xff, 1, 0x05},
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

/* R_JSXRX, Tables D8-96, D8-99 and D8-101: NoTagAccess counts for Tagged memory alone. */
static void no_tag_access_is_reported_for_tagged_memory(void **state)
{
    static const struct combination combinations[] = {
        {0, 0xf0, 4, 0xe0}, {0, 0xff, 4, 0xff},  {0, 0xf0, 15, 0xf0}, {1, 0xf0, 14, 0xe0},
        {1, 0xf0, 15, 0xe0}, {1, 0xf0, 7, 0xf0}, {1, 0xf0, 6, 0xf0},  {1, 0xff, 15, 0xff},
    };

    (void)state;
    check_combinations(combinations, sizeof(combinations) / sizeof(combinations[0]), implement_mte_perm);
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
        cmocka_unit_test(an_implementation_that_cannot_be_is_unsupported),
        cmocka_unit_test(feat_lva_lowers_the_minimum_of_txsz_for_64k_alone),
        cmocka_unit_test(feat_ttst_raises_the_maximum_of_txsz),
        cmocka_unit_test(range_e0pd_and_epd_are_translation_faults_at_level_0),
        cmocka_unit_test(the_upper_range_is_all_ones_above_its_size),
        cmocka_unit_test(with_ds_a_page_has_52_bits_and_the_shareability_of_the_control_register),
        cmocka_unit_test(faults_at_level_minus_1_have_their_own_codes),
        cmocka_unit_test(blocks_at_level_0_with_4k_need_ds),
        cmocka_unit_test(feat_lpa2_is_there_for_each_granule_apart),
        cmocka_unit_test(feat_lpa2_is_there_for_each_stage_apart),
        cmocka_unit_test(a_start_level_must_be_implemented_and_fit_the_input_size),
        cmocka_unit_test(sl2_starts_stage_2_at_level_minus_1),
        cmocka_unit_test(feat_ttst_allows_stage_2_to_start_at_level_3_with_4k),
        cmocka_unit_test(concatenated_tables_are_indexed_by_the_extra_bits),
        cmocka_unit_test(a_big_endian_descriptor_is_written_back_big_endian),
        cmocka_unit_test(each_stage_has_its_own_byte_order),
        cmocka_unit_test(a_descriptor_outside_memory_is_an_external_abort),
        cmocka_unit_test(a_table_may_lie_across_ranges_of_memory),
        cmocka_unit_test(a_stage_2_fault_on_a_table_is_a_par_at_el2_and_an_exception_at_el1),
        cmocka_unit_test(ptw_makes_a_table_in_device_memory_fault),
        cmocka_unit_test(the_access_flag_write_needs_stage_2_write_permission),
        cmocka_unit_test(the_access_flag_write_makes_its_stage_2_leaf_dirty),
        cmocka_unit_test(haft_sets_the_access_flag_of_every_table),
        cmocka_unit_test(haft_sets_the_access_flag_of_the_tables_of_stage_2),
        cmocka_unit_test(haft_updates_need_stage_2_write_permission),
        cmocka_unit_test(a_refused_haft_update_is_an_external_abort),
        cmocka_unit_test(a_writable_clean_page_counts_as_writable_and_stays_clean),
        cmocka_unit_test(a_writable_clean_stage_2_page_counts_as_writable_and_stays_clean),
        cmocka_unit_test(nt_counts_in_blocks_with_feat_bbm_alone),
        cmocka_unit_test(nt_comes_before_the_output_address),
        cmocka_unit_test(the_contiguous_bit_does_not_count_in_a_64k_block_at_level_1),
        cmocka_unit_test(contiguous_ranges_have_the_size_of_granule_and_level),
        cmocka_unit_test(in_el2_ap1_and_aptable0_do_not_count),
        cmocka_unit_test(aptable_takes_permissions_away_unless_hpd_is_set),
        cmocka_unit_test(overlays_and_indirect_permissions_turn_hierarchical_ones_off),
        cmocka_unit_test(an_overlay_fault_has_the_overlay_bit),
        cmocka_unit_test(the_overlay_index_is_in_bits_62_to_60),
        cmocka_unit_test(wxn_takes_write_from_an_overlay_that_gives_execute),
        cmocka_unit_test(indirect_permissions_are_those_of_the_table),
        cmocka_unit_test(the_indirect_index_is_in_bits_54_53_51_and_6),
        cmocka_unit_test(privileged_execute_with_unprivileged_write_is_no_access),
        cmocka_unit_test(a_write_to_a_page_that_is_not_dirty_has_the_dirty_bit),
        cmocka_unit_test(pan_blocks_what_the_user_may_read_and_with_epan_execute),
        cmocka_unit_test(with_indirect_permissions_pan_counts_every_user_permission),
        cmocka_unit_test(s12_checks_the_access_at_both_stages_stage_1_first),
        cmocka_unit_test(mair_encodings_are_those_of_the_features),
        cmocka_unit_test(c_0_makes_normal_memory_non_cacheable_and_leaves_xs),
        cmocka_unit_test(dct_makes_default_cacheable_memory_tagged),
        cmocka_unit_test(attributes_of_both_stages_combine_as_the_tables_say),
        cmocka_unit_test(xs_is_that_of_stage_1),
        cmocka_unit_test(fnxs_clears_xs),
        cmocka_unit_test(tagged_memory_stays_tagged_while_it_is_write_back),
        cmocka_unit_test(no_tag_access_is_reported_for_tagged_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
