/* SPDX-License-Identifier: MIT */
/*
 * The oracle where the vectors do not reach: permissions. What each test expects was worked out by hand
 * from the rule that stands in its comment, never by asking the oracle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/builder.h"

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

/* TCR2_EL1 needs FEAT_TCR2 and HCRX_EL2.TCR2En, which needs FEAT_HCX; each field its own feature too. */
static void tcr2_has_no_effect_without_its_features_and_its_enable(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    enable_tcr2(&hand);
    SET(&hand, TCR2_EL1, PIE, 1); /* PIR_EL1 = 0: no access */
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    SET(&hand, ID_AA64MMFR3_EL1, TCRX, 0);
    CHECK_PAR(&hand, PAGE_PAR);
    enable_tcr2(&hand);
    SET(&hand, ID_AA64MMFR3_EL1, S1PIE, 0);
    CHECK_PAR(&hand, PAGE_PAR);
    enable_tcr2(&hand);
    SET(&hand, HCRX_EL2, TCR2En, 0);
    CHECK_PAR(&hand, PAGE_PAR);
    enable_tcr2(&hand);
    SET(&hand, ID_AA64MMFR1_EL1, HCX, 0);
    CHECK_PAR(&hand, PAGE_PAR);

    hand_el2(&hand, WD_AT_S1E2R, HAND_VA); /* TCR2_EL2 needs no enable */
    hand_map(&hand, HAND_VA, 3, THE_PAGE);
    enable_tcr2(&hand);
    SET(&hand, HCRX_EL2, TCR2En, 0);
    SET(&hand, TCR2_EL2, PIE, 1);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
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

/* R_BVXDG: E0POE concerns regimes with unprivileged accesses; EL2 with E2H = 0 has none. */
static void in_el2_e0poe_leaves_hierarchical_permissions_on(void **state)
{
    struct hand_path path = hand_stage1_path;
    struct hand hand;

    (void)state;
    path.table_bits = BIT(62);
    hand_el2(&hand, WD_AT_S1E2W, HAND_VA);
    hand_map_path(&hand, &path, HAND_VA, 3, THE_PAGE);
    enable_tcr2(&hand);
    SET(&hand, TCR2_EL2, E0POE, 1);
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    SET(&hand, TCR2_EL2, POE, 1);
    SET(&hand, POR_EL2, Perm0, 7);
    CHECK_PAR(&hand, PAGE_PAR);
}

#define OVERLAY   WD_WITH(0, PAR_EL1_F, Overlay, 1)
#define DIRTY_BIT WD_WITH(0, PAR_EL1_F, DirtyBit, 1)

/* R_RPXZR, R_DPZHF, R_GDVJK: POE concerns privileged accesses, E0POE the others. */
static void an_overlay_fault_has_the_overlay_bit(void **state)
{
    struct hand hand;

    (void)state;
    hand_user_page(&hand, WD_AT_S1E1W);
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

static void expect_rule(const struct hand *hand, enum wd_rule rule)
{
    struct wd_oracle_output output;

    wd_oracle(&hand->c, NULL, NULL, NULL, &output);
    assert_string_equal(wd_rules[output.rule].name, wd_rules[rule].name);
}

/* Of several that deny it, the first in the order of the pseudocode. */
static void a_permission_fault_names_the_rule_that_denied_the_access(void **state)
{
    struct hand_path path = hand_stage1_path;
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E0R);
    expect_rule(&hand, WD_RULE_AP_NO_USER_ACCESS);
    hand_el10(&hand, WD_AT_S1E1W, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE | AP_READ_ONLY);
    expect_rule(&hand, WD_RULE_AP_READ_ONLY);
    hand_el2(&hand, WD_AT_S1E2W, HAND_VA);
    hand_map(&hand, HAND_VA, 3, THE_PAGE | AP_READ_ONLY);
    expect_rule(&hand, WD_RULE_AP_READ_ONLY_ONE_PRIVILEGE);
    path.table_bits = BIT(62);
    hand_el10(&hand, WD_AT_S1E1W, HAND_VA);
    hand_map_path(&hand, &path, HAND_VA, 3, THE_PAGE);
    expect_rule(&hand, WD_RULE_APTABLE_TWO_PRIVILEGES);

    hand_page(&hand, WD_AT_S1E1R);
    enable_tcr2(&hand);
    SET(&hand, TCR2_EL1, POE, 1);
    expect_rule(&hand, WD_RULE_OVERLAY_DENIED);
    SET(&hand, POR_EL1, Perm0, 8);
    expect_rule(&hand, WD_RULE_OVERLAY_RESERVED);
    SET(&hand, POR_EL1, Perm0, 7);
    SET(&hand, TCR2_EL1, PIE, 1);
    expect_rule(&hand, WD_RULE_INDIRECT_DENIED);
    SET(&hand, PIR_EL1, Perm0, 4);
    expect_rule(&hand, WD_RULE_INDIRECT_RESERVED);
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
    hand_page(&hand, WD_AT_S1E1W);
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

        hand_page(&hand, WD_AT_S1E1R);
        enable_tcr2(&hand);
        SET(&hand, TCR2_EL1, PIE, 1);
        SET(&hand, PIR_EL1, Perm0, nibble);
        CHECK_PAR(&hand, reads[nibble] ? PAGE_PAR : par_fault(PERMISSION + 3));
        hand.c.op = WD_AT_S1E1W;
        CHECK_PAR(&hand, writes[nibble] ? PAGE_PAR : par_fault(PERMISSION + 3));
        hand.c.op = WD_AT_S1E1R;
        SET(&hand, TCR2_EL1, POE, 1); /* POR_EL1 = 0: no access */
        CHECK_PAR(&hand, nibble < 8      ? par_fault(PERMISSION + 3) | OVERLAY
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
    hand_page(&hand, WD_AT_S1E1R);
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

/* R_PPGMC: nDirty = 1 without HA and HD: a write is a Permission fault with DirtyBit; a missing permission comes first.
 */
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
    hand_user_page(&hand, WD_AT_S1E1RP);
    SET(&hand, ID_AA64MMFR1_EL1, PAN, 3);
    CHECK_PAR(&hand, PAGE_PAR);
    hand.c.pan = 1;
    CHECK_PAR(&hand, par_fault(PERMISSION + 3));
    hand.c.op = WD_AT_S1E1R;
    CHECK_PAR(&hand, PAGE_PAR);

    hand_page(&hand, WD_AT_S1E1RP); /* UXN = 0: the user may execute it */
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
    hand_page(&hand, WD_AT_S1E1RP);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_el2_ap1_and_aptable0_do_not_count),
        cmocka_unit_test(aptable_takes_permissions_away_unless_hpd_is_set),
        cmocka_unit_test(tcr2_has_no_effect_without_its_features_and_its_enable),
        cmocka_unit_test(overlays_and_indirect_permissions_turn_hierarchical_ones_off),
        cmocka_unit_test(in_el2_e0poe_leaves_hierarchical_permissions_on),
        cmocka_unit_test(an_overlay_fault_has_the_overlay_bit),
        cmocka_unit_test(a_permission_fault_names_the_rule_that_denied_the_access),
        cmocka_unit_test(the_overlay_index_is_in_bits_62_to_60),
        cmocka_unit_test(wxn_takes_write_from_an_overlay_that_gives_execute),
        cmocka_unit_test(indirect_permissions_are_those_of_the_table),
        cmocka_unit_test(the_indirect_index_is_in_bits_54_53_51_and_6),
        cmocka_unit_test(privileged_execute_with_unprivileged_write_is_no_access),
        cmocka_unit_test(a_write_to_a_page_that_is_not_dirty_has_the_dirty_bit),
        cmocka_unit_test(pan_blocks_what_the_user_may_read_and_with_epan_execute),
        cmocka_unit_test(with_indirect_permissions_pan_counts_every_user_permission),
        cmocka_unit_test(s12_checks_the_access_at_both_stages_stage_1_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
