/* SPDX-License-Identifier: MIT */
/*
 * The oracle where the vectors do not reach: table walks of both stages, memory, hardware updates. What each test
 * expects was worked out by hand from the rule that stands in its comment, never by asking the oracle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/builder.h"

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
    {5, 0, 0, 34, 2},
    {5, 0, 1, 25, 1},
    {5, 0, 2, 24, 0},
    {4, 0, 2, 24, 0},
    {3, 0, 2, 24, INVALID},
    {5, 0, 3, 40, INVALID}, /* without FEAT_TTST */
    {5, 2, 0, 39, 3},
    {5, 2, 1, 28, 2},
    {5, 2, 2, 24, 1},
    {3, 2, 2, 24, 1},
    {2, 2, 2, 26, INVALID},
    {5, 2, 3, 16, INVALID}, /* level 0 with 16K needs DS */
    {5, 1, 0, 38, 3},
    {5, 1, 1, 24, 2},
    {5, 1, 2, 20, 1},
    {4, 1, 2, 20, 1},
    {3, 1, 2, 22, INVALID},
    {5, 1, 3, 24, INVALID},
    /* 4K, level 1: 31 to 43 bits. R_HRSBS: 43 are 16 concatenated tables. */
    {5, 0, 1, 33, 1},
    {5, 0, 1, 34, INVALID},
    {5, 0, 1, 21, 1},
    {5, 0, 1, 20, INVALID},
};

static void a_start_level_must_be_implemented_and_fit_the_input_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(start_levels) / sizeof(start_levels[0]); i++) {
        const struct start_level *s = &start_levels[i];
        struct hand hand;

        hand_start(&hand, WD_AT_S12E1R, 0x12345);
        snprintf(hand.label, sizeof(hand.label), "PARange %u TG0 %u SL0 %u T0SZ %u", s->parange, s->tg0, s->sl0,
                 s->t0sz);
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

/* ID_AA64MMFR0_EL1.TGran4_2: 0 as TGran4, 1 not at stage 2, 2 at stage 2. Without 4K the default is 64K: 29 bits of
 * block. */
static void a_granule_may_exist_at_one_stage_alone(void **state)
{
    const struct hand_path path_64k = {
        .granule_bits = 16, .input_bits = 39, .start_level = 2, .base = HAND_STAGE2_TABLES};
    struct hand hand;

    (void)state;
    hand_start(&hand, WD_AT_S12E1R, HAND_VA);
    hand_stage2(&hand);
    hand_map_stage2(&hand, HAND_VA, 3, HAND_PAGE | STAGE2_LEAF | PAGE);
    hand_put(&hand, hand_descriptor(&path_64k, 2, HAND_VA), UINT64_C(0x780000000) | STAGE2_LEAF | BLOCK);
    CHECK_PAR(&hand, OFF_PAR(HAND_PAGE));
    SET(&hand, ID_AA64MMFR0_EL1, TGran4_2, 1);
    CHECK_PAR(&hand, OFF_PAR(UINT64_C(0x794567000)));
    SET(&hand, ID_AA64MMFR0_EL1, TGran4_2, 2);
    SET(&hand, ID_AA64MMFR0_EL1, TGran4, 15);
    CHECK_PAR(&hand, OFF_PAR(HAND_PAGE));
    SET(&hand, ID_AA64MMFR0_EL1, TGran4_2, 0);
    CHECK_PAR(&hand, OFF_PAR(UINT64_C(0x794567000)));
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
    CHECK(&hand, answer_with_change(answer_par(PAGE_PAR), hand_descriptor(&hand_stage1_path, 3, HAND_VA),
                                    __builtin_bswap64(THE_PAGE)));
}

/* Stage 2 is read as SCTLR_EL2.EE says, stage 1 of EL1&0 as SCTLR_EL1.EE does. */
static void each_stage_has_its_own_byte_order(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    hand_stage2(&hand);
    SET(&hand, SCTLR_EL2, EE, 1);
    SET(&hand, ID_AA64MMFR1_EL1, HAFDBS, 1);
    SET(&hand, VTCR_EL2, HA, 1);
    hand.big_endian = true;
    hand_map_stage2_flat(&hand, STAGE2_LEAF & ~AF);
    CHECK(&hand, answer_with_change(answer_par(PAGE_PAR), hand_descriptor(&hand_stage2_path, 1, HAND_STAGE1_TABLES),
                                    __builtin_bswap64(HAND_STAGE1_TABLES | STAGE2_LEAF | BLOCK)));
}

/* What a result records of the words that a walk writes. */
static void a_word_written_back_to_its_first_value_is_no_change(void **state)
{
    struct wd_result result = answer_par(0);
    struct hand hand;
    uint64_t value;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    assert_true(wd_result_write(&hand.c, &result, HAND_RAM_BASE + 0x1008, 7));
    assert_true(wd_result_write(&hand.c, &result, HAND_RAM_BASE + 0x1000, 8));
    assert_int_equal(result.changed_count, 2);
    assert_int_equal(result.changed[0].pa, HAND_RAM_BASE + 0x1000);
    assert_true(wd_result_read(&hand.c, &result, HAND_RAM_BASE + 0x1008, &value));
    assert_int_equal(value, 7);
    assert_true(wd_result_write(&hand.c, &result, HAND_RAM_BASE + 0x1000, 0));
    assert_int_equal(result.changed_count, 1);
    assert_int_equal(result.changed[0].value, 7);
    assert_true(wd_result_write(&hand.c, &result, HAND_RAM_BASE + 0x1008, 9));
    assert_int_equal(result.changed_count, 1);
    assert_true(wd_result_write(&hand.c, &result, HAND_RAM_BASE + 0x2000, 0));
    assert_int_equal(result.changed_count, 1);
    assert_false(wd_result_write(&hand.c, &result, HAND_RAM_BASE - 8, 1));
    hand_read_only(&hand);
    assert_false(wd_result_write(&hand.c, &result, HAND_RAM_BASE, 1));
}

/* R_YLGBV: no memory there: the AT takes a Data Abort; at stage 2 it says so, and whether it was on a stage 1 walk. */
static void a_descriptor_outside_memory_is_an_external_abort(void **state)
{
    struct hand hand;

    (void)state;
    hand_page(&hand, WD_AT_S1E1R);
    hand.ram[0].size = 0x20000; /* the level 3 table is outside */
    CHECK(&hand, answer_exception(EXTERNAL_ABORT + 3, false, false));
    hand.c.el = 1;
    CHECK(&hand, answer_exception(EXTERNAL_ABORT + 3, false, false));

    hand_page(&hand, WD_AT_S1E1R);
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
    hand_page(&hand, WD_AT_S1E1R);
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
    hand_page(&hand, WD_AT_S1E1R);
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

/* Stage 1 has AF = 0 and HA = 1; stage 2, with HA and HD, maps its tables with these bits. */
static void start_access_flag_write(struct hand *hand, uint64_t stage2_bits)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    SET(hand, ID_AA64MMFR1_EL1, HAFDBS, 2);
    SET(hand, TCR_EL1, HA, 1);
    SET(hand, VTCR_EL2, HA, 1);
    SET(hand, VTCR_EL2, HD, 1);
    hand_map(hand, HAND_VA, 3, THE_PAGE & ~AF);
    hand_stage2(hand);
    hand_map_stage2_flat(hand, stage2_bits);
}

/* R_BDJJL: a writable-clean stage 2 leaf becomes dirty by the write of the stage 1 descriptor. */
static void the_access_flag_write_makes_its_stage_2_leaf_dirty(void **state)
{
    const uint64_t clean = (STAGE2_LEAF & ~S2AP_WRITE) | DBM;
    struct wd_result expected = answer_par(PAGE_PAR);
    struct hand hand;

    (void)state;
    start_access_flag_write(&hand, clean);
    answer_changes(&expected, hand_descriptor(&hand_stage1_path, 3, HAND_VA), THE_PAGE);
    answer_changes(&expected, hand_descriptor(&hand_stage2_path, 1, HAND_STAGE1_TABLES),
                   HAND_STAGE1_TABLES | clean | S2AP_WRITE | BLOCK);
    CHECK(&hand, expected);
}

/* The same where the walk itself left the Access flag of stage 2 alone: a dirty leaf is an accessed one. */
static void a_stage_2_leaf_that_becomes_dirty_becomes_accessed(void **state)
{
    const uint64_t clean = (STAGE2_LEAF & ~(S2AP_WRITE | AF)) | DBM;
    struct wd_result expected = answer_par(PAGE_PAR);
    struct hand hand;

    (void)state;
    start_access_flag_write(&hand, clean);
    answer_changes(&expected, hand_descriptor(&hand_stage1_path, 3, HAND_VA), THE_PAGE);
    answer_changes(&expected, hand_descriptor(&hand_stage2_path, 1, HAND_STAGE1_TABLES),
                   HAND_STAGE1_TABLES | clean | S2AP_WRITE | AF | BLOCK);
    CHECK_RESOLVED(&hand, WD_CHOICE_S2_WALK_AF_BY_AT, 1, expected);
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
    hand_page(&hand, WD_AT_S1E1R);
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
    hand_page(&hand, WD_AT_S1E1R);
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
    hand_page(&hand, WD_AT_S1E1R);
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

/* HA of either stage is RES0 without FEAT_HAFDBS. */
static void without_feat_hafdbs_ha_has_no_effect(void **state)
{
    struct hand hand;

    (void)state;
    hand_el10(&hand, WD_AT_S1E1R, HAND_VA);
    SET(&hand, TCR_EL1, HA, 1);
    hand_map(&hand, HAND_VA, 3, THE_PAGE & ~AF);
    CHECK_PAR(&hand, par_fault(ACCESS_FLAG + 3));

    hand_start(&hand, WD_AT_S12E1R, HAND_VA);
    hand_stage2(&hand);
    SET(&hand, VTCR_EL2, HA, 1);
    hand_map_stage2(&hand, HAND_VA, 3, HAND_PAGE | (STAGE2_LEAF & ~AF) | PAGE);
    CHECK_PAR(&hand, par_stage2_fault(ACCESS_FLAG + 3));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_ds_a_page_has_52_bits_and_the_shareability_of_the_control_register),
        cmocka_unit_test(faults_at_level_minus_1_have_their_own_codes),
        cmocka_unit_test(blocks_at_level_0_with_4k_need_ds),
        cmocka_unit_test(feat_lpa2_is_there_for_each_granule_apart),
        cmocka_unit_test(feat_lpa2_is_there_for_each_stage_apart),
        cmocka_unit_test(a_start_level_must_be_implemented_and_fit_the_input_size),
        cmocka_unit_test(sl2_starts_stage_2_at_level_minus_1),
        cmocka_unit_test(feat_ttst_allows_stage_2_to_start_at_level_3_with_4k),
        cmocka_unit_test(concatenated_tables_are_indexed_by_the_extra_bits),
        cmocka_unit_test(a_granule_may_exist_at_one_stage_alone),
        cmocka_unit_test(a_big_endian_descriptor_is_written_back_big_endian),
        cmocka_unit_test(each_stage_has_its_own_byte_order),
        cmocka_unit_test(a_word_written_back_to_its_first_value_is_no_change),
        cmocka_unit_test(a_descriptor_outside_memory_is_an_external_abort),
        cmocka_unit_test(a_table_may_lie_across_ranges_of_memory),
        cmocka_unit_test(a_stage_2_fault_on_a_table_is_a_par_at_el2_and_an_exception_at_el1),
        cmocka_unit_test(ptw_makes_a_table_in_device_memory_fault),
        cmocka_unit_test(the_access_flag_write_needs_stage_2_write_permission),
        cmocka_unit_test(the_access_flag_write_makes_its_stage_2_leaf_dirty),
        cmocka_unit_test(a_stage_2_leaf_that_becomes_dirty_becomes_accessed),
        cmocka_unit_test(haft_sets_the_access_flag_of_every_table),
        cmocka_unit_test(haft_sets_the_access_flag_of_the_tables_of_stage_2),
        cmocka_unit_test(haft_updates_need_stage_2_write_permission),
        cmocka_unit_test(a_refused_haft_update_is_an_external_abort),
        cmocka_unit_test(a_writable_clean_page_counts_as_writable_and_stays_clean),
        cmocka_unit_test(a_writable_clean_stage_2_page_counts_as_writable_and_stays_clean),
        cmocka_unit_test(without_feat_hafdbs_ha_has_no_effect),
        cmocka_unit_test(nt_counts_in_blocks_with_feat_bbm_alone),
        cmocka_unit_test(nt_comes_before_the_output_address),
        cmocka_unit_test(the_contiguous_bit_does_not_count_in_a_64k_block_at_level_1),
        cmocka_unit_test(contiguous_ranges_have_the_size_of_granule_and_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
