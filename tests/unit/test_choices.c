/* SPDX-License-Identifier: MIT */
/*
 * Every choice of choices.def: a case in which it is consulted and each of its options gives another answer, the
 * answers worked out by hand from the rule that leaves the choice. The judge must know each of them.
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

enum { ANSWERS_MAX = 6 };

/* What a case permits: the answers by option, and which option each is. */
struct answers {
    unsigned count;
    unsigned option[ANSWERS_MAX];
    struct wd_result result[ANSWERS_MAX];
};

/* Adds the answer of an option. @return it, for answer_changes() */
static struct wd_result *answer(struct answers *answers, unsigned option, struct wd_result result)
{
    unsigned i = answers->count++;

    assert_true(i < ANSWERS_MAX);
    answers->option[i] = option;
    answers->result[i] = result;
    return &answers->result[i];
}

/* The same for an answer that changes nothing. */
static void answer_with_par(struct answers *answers, unsigned option, uint64_t par)
{
    answer(answers, option, answer_par(par));
}

static const uint64_t page_success = UINT64_C(0xff00000187654980); /* Write-Back, Inner Shareable */

/* ---------------------------------------------------------------- sizes and granules */

/* R_SXWGM: below 16 without FEAT_LVA: level 0 Translation fault, or as 16. */
static void s1_txsz_low(struct hand *hand, struct answers *answers)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 48, .start_level = 0, .base = HAND_STAGE1_TABLES};

    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    SET(hand, TCR_EL1, T0SZ, 15);
    hand_map_path(hand, &path, HAND_VA, 3, THE_PAGE);
    answer_with_par(answers, 0, par_fault(TRANSLATION));
    answer_with_par(answers, 1, page_success);
}

/* R_YXNYW: above 39 without FEAT_TTST: level 0 Translation fault, or as 39: 25 bits, from level 2. */
static void s1_txsz_high(struct hand *hand, struct answers *answers)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 25, .start_level = 2, .base = HAND_STAGE1_TABLES};
    const uint64_t va = 0x1abcdef;

    hand_el10(hand, WD_AT_S1E1R, va);
    SET(hand, TCR_EL1, T0SZ, 40);
    hand_map_path(hand, &path, va, 3, THE_PAGE);
    answer_with_par(answers, 0, par_fault(TRANSLATION));
    answer_with_par(answers, 1, page_success);
}

/* Stage 2 alone: stage 1 is off, so memory is Device-nGnRnE. */
static void start_stage2_alone(struct hand *hand, uint64_t ipa)
{
    hand_start(hand, WD_AT_S12E1R, ipa);
    hand_stage2(hand);
}

static const uint64_t device_page_success = UINT64_C(0x0000000187654900);

/* R_MWXYY: below 64 − 48 without FEAT_LPA: level 0 Translation fault, or as 16. */
static void s2_txsz_low(struct hand *hand, struct answers *answers)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 48, .start_level = 0, .base = HAND_STAGE2_TABLES};

    start_stage2_alone(hand, HAND_VA);
    SET(hand, VTCR_EL2, T0SZ, 15);
    SET(hand, VTCR_EL2, SL0, 2);
    hand_map_path(hand, &path, HAND_VA, 3, HAND_PAGE | STAGE2_LEAF | PAGE);
    answer_with_par(answers, 0, par_stage2_fault(TRANSLATION));
    answer_with_par(answers, 1, device_page_success);
}

static void s2_txsz_high(struct hand *hand, struct answers *answers)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 25, .start_level = 2, .base = HAND_STAGE2_TABLES};
    const uint64_t ipa = 0x1abcdef;

    start_stage2_alone(hand, ipa);
    SET(hand, VTCR_EL2, T0SZ, 40);
    SET(hand, VTCR_EL2, SL0, 0);
    hand_map_path(hand, &path, ipa, 3, HAND_PAGE | STAGE2_LEAF | PAGE);
    answer_with_par(answers, 0, par_stage2_fault(TRANSLATION));
    answer_with_par(answers, 1, device_page_success);
}

/*
 * TCR_EL1.TG0 = 11 is reserved. The tables are of the 4K granule. 39 bits start at level 1 with 16K and at level 2 with
 * 64K, where other words, which are zero, are read.
 */
static void s1_tg0(struct hand *hand, struct answers *answers)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    SET(hand, TCR_EL1, TG0, 3);
    hand_map(hand, HAND_VA, 3, THE_PAGE);
    answer_with_par(answers, 0, page_success);
    answer_with_par(answers, 1, par_fault(TRANSLATION + 1));
    answer_with_par(answers, 2, par_fault(TRANSLATION + 2));
}

/* TCR_EL1.TG1 = 00 is reserved. */
static void s1_tg1(struct hand *hand, struct answers *answers)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_UPPER_VA);
    SET(hand, TCR_EL1, TG1, 0);
    hand_map(hand, HAND_UPPER_VA, 3, THE_PAGE);
    answer_with_par(answers, 0, page_success);
    answer_with_par(answers, 1, par_fault(TRANSLATION + 1));
    answer_with_par(answers, 2, par_fault(TRANSLATION + 2));
}

/* VTCR_EL2.TG0 = 11 is reserved. SL0 = 1 is level 1 with 4K, level 2 with 16K and 64K; 64K finds a block there. */
static void s2_tg0(struct hand *hand, struct answers *answers)
{
    const struct hand_path path_64k = {
        .granule_bits = 16, .input_bits = 39, .start_level = 2, .base = HAND_STAGE2_TABLES};

    start_stage2_alone(hand, HAND_VA);
    SET(hand, VTCR_EL2, TG0, 3);
    hand_map_stage2(hand, HAND_VA, 3, HAND_PAGE | STAGE2_LEAF | PAGE);
    hand_put(hand, hand_descriptor(&path_64k, 2, HAND_VA), UINT64_C(0x780000000) | STAGE2_LEAF | BLOCK);
    answer_with_par(answers, 0, device_page_success);
    answer_with_par(answers, 1, par_stage2_fault(TRANSLATION + 2));
    answer_with_par(answers, 2, par_success(UINT64_C(0x794567000), 0x00, SH_OUTER));
}

/* ---------------------------------------------------------------- table bases and addresses in descriptors */

/*
 * K1.2.5: base bits 7:6 of a 4 KB table are set. The descriptor's offset is 0x240; corrupted in those bits it is
 * 0x2c0 or 0x200. Blocks of 1 GB there tell which one was read.
 */
static void put_blocks_around_0x240(struct hand *hand, uint64_t table, uint64_t block_bits)
{
    hand_put(hand, table + 0x240, UINT64_C(0x100000000) | block_bits | BLOCK);
    hand_put(hand, table + 0x2c0, UINT64_C(0x200000000) | block_bits | BLOCK);
    hand_put(hand, table + 0x200, UINT64_C(0x300000000) | block_bits | BLOCK);
}

static void s1_table_base_low_bits(struct hand *hand, struct answers *answers)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    hand->c.regs[WD_TTBR0_EL1] |= 0xc0;
    put_blocks_around_0x240(hand, HAND_STAGE1_TABLES, LEAF);
    answer_with_par(answers, 0, par_success(UINT64_C(0x134567000), 0xff, SH_INNER));
    answer_with_par(answers, 1, par_success(UINT64_C(0x234567000), 0xff, SH_INNER));
    answer_with_par(answers, 2, par_success(UINT64_C(0x334567000), 0xff, SH_INNER));
}

static void s2_table_base_low_bits(struct hand *hand, struct answers *answers)
{
    start_stage2_alone(hand, HAND_VA);
    hand->c.regs[WD_VTTBR_EL2] |= 0xc0;
    put_blocks_around_0x240(hand, HAND_STAGE2_TABLES, STAGE2_LEAF);
    answer_with_par(answers, 0, par_success(UINT64_C(0x134567000), 0x00, SH_OUTER));
    answer_with_par(answers, 1, par_success(UINT64_C(0x234567000), 0x00, SH_OUTER));
    answer_with_par(answers, 2, par_success(UINT64_C(0x334567000), 0x00, SH_OUTER));
}

/* 64K granule: 39 bits start at level 2, 512 MB blocks. */
static const struct hand_path stage1_64k = {
    .granule_bits = 16, .input_bits = 39, .start_level = 2, .base = HAND_STAGE1_TABLES};
static const struct hand_path stage2_64k = {
    .granule_bits = 16, .input_bits = 39, .start_level = 2, .base = HAND_STAGE2_TABLES};

/* A 64K page: HAND_VA bits 15:12 are 7. */
#define PAGE_64K UINT64_C(0x0000000187650000)
static const uint64_t page_64k_success = UINT64_C(0xff00000187657980);
static const uint64_t device_page_64k_success = UINT64_C(0x0000000187657900);

static void start_64k(struct hand *hand)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    SET(hand, TCR_EL1, TG0, 1);
}

static void start_stage2_64k(struct hand *hand)
{
    start_stage2_alone(hand, HAND_VA);
    SET(hand, VTCR_EL2, TG0, 1);
}

/* PS = 110 with 48 bits of physical address: bit 2 of the register is no address bit, or address bit 48: out of range.
 */
static void s1_table_base_52_bits(struct hand *hand, struct answers *answers)
{
    start_64k(hand);
    SET(hand, TCR_EL1, IPS, 6);
    hand->c.regs[WD_TTBR0_EL1] |= 1 << 2;
    hand_map_path(hand, &stage1_64k, HAND_VA, 3, PAGE_64K | LEAF | PAGE);
    answer_with_par(answers, 0, page_64k_success);
    answer_with_par(answers, 1, par_fault(ADDRESS_SIZE));
}

static void s2_table_base_52_bits(struct hand *hand, struct answers *answers)
{
    start_stage2_64k(hand);
    SET(hand, VTCR_EL2, PS, 6);
    hand->c.regs[WD_VTTBR_EL2] |= 1 << 2;
    hand_map_path(hand, &stage2_64k, HAND_VA, 3, PAGE_64K | STAGE2_LEAF | PAGE);
    answer_with_par(answers, 0, device_page_64k_success);
    answer_with_par(answers, 1, par_stage2_fault(ADDRESS_SIZE));
}

/* PS = 111 with 52 bits of physical address: the tables at address bit 48 hold a block of their own. */
static void s1_table_base_ps_111(struct hand *hand, struct answers *answers)
{
    struct hand_path high = stage1_64k;

    start_64k(hand);
    SET(hand, ID_AA64MMFR0_EL1, PARange, 6);
    SET(hand, TCR_EL1, IPS, 7);
    hand->c.regs[WD_TTBR0_EL1] |= 1 << 2;
    hand_map_path(hand, &stage1_64k, HAND_VA, 3, PAGE_64K | LEAF | PAGE);
    high.base |= BIT(48);
    hand_ram(hand, BIT(48) | HAND_RAM_BASE, HAND_RAM_SIZE, false);
    hand_put(hand, hand_descriptor(&high, 2, HAND_VA), UINT64_C(0x780000000) | LEAF | BLOCK);
    answer_with_par(answers, 0, par_success(UINT64_C(0x794567000), 0xff, SH_INNER));
    answer_with_par(answers, 1, page_64k_success);
}

static void s2_table_base_ps_111(struct hand *hand, struct answers *answers)
{
    struct hand_path high = stage2_64k;

    start_stage2_64k(hand);
    SET(hand, ID_AA64MMFR0_EL1, PARange, 6);
    SET(hand, VTCR_EL2, PS, 7);
    hand->c.regs[WD_VTTBR_EL2] |= 1 << 2;
    hand_map_path(hand, &stage2_64k, HAND_VA, 3, PAGE_64K | STAGE2_LEAF | PAGE);
    high.base |= BIT(48);
    hand_ram(hand, BIT(48) | HAND_RAM_BASE, HAND_RAM_SIZE, false);
    hand_put(hand, hand_descriptor(&high, 2, HAND_VA), UINT64_C(0x780000000) | STAGE2_LEAF | BLOCK);
    answer_with_par(answers, 0, par_success(UINT64_C(0x794567000), 0x00, SH_OUTER));
    answer_with_par(answers, 1, device_page_64k_success);
}

/* R_WDZFC: bits 15:12 of a 64K page without 52-bit addresses. */
static void s1_descriptor_15_12(struct hand *hand, struct answers *answers)
{
    start_64k(hand);
    hand_map_path(hand, &stage1_64k, HAND_VA, 3, PAGE_64K | BIT(13) | LEAF | PAGE);
    answer_with_par(answers, 0, page_64k_success);
    answer_with_par(answers, 1, par_fault(ADDRESS_SIZE + 3));
}

static void s2_descriptor_15_12(struct hand *hand, struct answers *answers)
{
    start_stage2_64k(hand);
    hand_map_path(hand, &stage2_64k, HAND_VA, 3, PAGE_64K | BIT(13) | STAGE2_LEAF | PAGE);
    answer_with_par(answers, 0, device_page_64k_success);
    answer_with_par(answers, 1, par_stage2_fault(ADDRESS_SIZE + 3));
}

/* ---------------------------------------------------------------- contiguous bit, nT */

/*
 * R_WMNPV: 16 contiguous blocks of 1 GB are 34 bits, the input has 33. The block's bits 33:30 are the input's, so that
 * it does not matter whether the Contiguous bit is honoured.
 */
#define VA_33_BITS    UINT64_C(0x0000000123456abc)
#define BLOCK_34_BITS (UINT64_C(0x0000001100000000) | CONTIGUOUS | BLOCK)
#define BLOCK_34_PAGE UINT64_C(0x0000001123456000)

static void s1_contiguous_too_large(struct hand *hand, struct answers *answers)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 33, .start_level = 1, .base = HAND_STAGE1_TABLES};

    hand_el10(hand, WD_AT_S1E1R, VA_33_BITS);
    SET(hand, TCR_EL1, T0SZ, 31);
    hand_map_path(hand, &path, VA_33_BITS, 1, BLOCK_34_BITS | LEAF);
    answer_with_par(answers, 0, par_success(BLOCK_34_PAGE, 0xff, SH_INNER));
    answer_with_par(answers, 1, par_fault(TRANSLATION + 1));
}

static void s2_contiguous_too_large(struct hand *hand, struct answers *answers)
{
    const struct hand_path path = {.granule_bits = 12, .input_bits = 33, .start_level = 1, .base = HAND_STAGE2_TABLES};

    start_stage2_alone(hand, VA_33_BITS);
    SET(hand, VTCR_EL2, T0SZ, 31);
    hand_map_path(hand, &path, VA_33_BITS, 1, BLOCK_34_BITS | STAGE2_LEAF);
    answer_with_par(answers, 0, par_success(BLOCK_34_PAGE, 0x00, SH_OUTER));
    answer_with_par(answers, 1, par_stage2_fault(TRANSLATION + 1));
}

/* I_JHQPP: 16 contiguous pages; bits 15:12 are 7 in the input and 4 in the descriptor. */
static void s1_contiguous_address(struct hand *hand, struct answers *answers)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    hand_map(hand, HAND_VA, 3, THE_PAGE | CONTIGUOUS);
    answer_with_par(answers, 0, par_success(UINT64_C(0x187657000), 0xff, SH_INNER));
    answer_with_par(answers, 1, page_success);
}

static void s2_contiguous_address(struct hand *hand, struct answers *answers)
{
    start_stage2_alone(hand, HAND_VA);
    hand_map_stage2(hand, HAND_VA, 3, HAND_PAGE | STAGE2_LEAF | CONTIGUOUS | PAGE);
    answer_with_par(answers, 0, par_success(UINT64_C(0x187657000), 0x00, SH_OUTER));
    answer_with_par(answers, 1, device_page_success);
}

/* R_MRRPW: nT in a block of 2 MB. */
static void s1_nt(struct hand *hand, struct answers *answers)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    SET(hand, ID_AA64MMFR2_EL1, BBM, 1);
    hand_map(hand, HAND_VA, 2, UINT64_C(0x187600000) | NT | LEAF | BLOCK);
    answer_with_par(answers, 0, par_fault(TRANSLATION + 2));
    answer_with_par(answers, 1, par_success(UINT64_C(0x187767000), 0xff, SH_INNER));
}

static void s2_nt(struct hand *hand, struct answers *answers)
{
    start_stage2_alone(hand, HAND_VA);
    SET(hand, ID_AA64MMFR2_EL1, BBM, 1);
    hand_map_stage2(hand, HAND_VA, 2, UINT64_C(0x187600000) | NT | STAGE2_LEAF | BLOCK);
    answer_with_par(answers, 0, par_stage2_fault(TRANSLATION + 2));
    answer_with_par(answers, 1, par_success(UINT64_C(0x187767000), 0x00, SH_OUTER));
}

/* ---------------------------------------------------------------- hardware updates */

/* A page of stage 1 with AF = 0 where hardware manages the Access flag. */
static uint64_t start_old_page(struct hand *hand, enum wd_operation op)
{
    hand_el10(hand, op, HAND_VA);
    SET(hand, ID_AA64MMFR1_EL1, HAFDBS, 1);
    SET(hand, TCR_EL1, HA, 1);
    hand_map(hand, HAND_VA, 3, THE_PAGE & ~AF);
    return hand_descriptor(&hand_stage1_path, 3, HAND_VA);
}

/* The same of stage 2, whose stage 1 is off. */
static uint64_t start_old_stage2_page(struct hand *hand, uint64_t s2ap)
{
    start_stage2_alone(hand, HAND_VA);
    SET(hand, ID_AA64MMFR1_EL1, HAFDBS, 1);
    SET(hand, VTCR_EL2, HA, 1);
    hand_map_stage2(hand, HAND_VA, 3, HAND_PAGE | SH(3) | MEM_ATTR(15) | s2ap | PAGE);
    return hand_descriptor(&hand_stage2_path, 3, HAND_VA);
}

#define STAGE2_PAGE_ACCESSED(s2ap) (HAND_PAGE | SH(3) | MEM_ATTR(15) | (s2ap) | AF | PAGE)

static void s1_af_by_at(struct hand *hand, struct answers *answers)
{
    uint64_t leaf = start_old_page(hand, WD_AT_S1E1R);

    answer_changes(answer(answers, 0, answer_par(page_success)), leaf, THE_PAGE);
    answer_with_par(answers, 1, page_success);
}

static void s2_af_by_at(struct hand *hand, struct answers *answers)
{
    uint64_t leaf = start_old_stage2_page(hand, S2AP_READ);

    answer_changes(answer(answers, 0, answer_par(device_page_success)), leaf, STAGE2_PAGE_ACCESSED(S2AP_READ));
    answer_with_par(answers, 1, device_page_success);
}

/* A page of stage 1 whose tables stage 2 maps with one block of 1 GB. @return where its descriptor is */
static uint64_t start_walk_through_block(struct hand *hand, uint64_t block_bits)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    hand_map(hand, HAND_VA, 3, THE_PAGE);
    hand_stage2(hand);
    hand_map_stage2(hand, HAND_STAGE1_TABLES, 1, HAND_STAGE1_TABLES | block_bits | BLOCK);
    return hand_descriptor(&hand_stage2_path, 1, HAND_STAGE1_TABLES);
}

static void s2_walk_af_by_at(struct hand *hand, struct answers *answers)
{
    uint64_t block = start_walk_through_block(hand, STAGE2_LEAF & ~AF);

    SET(hand, ID_AA64MMFR1_EL1, HAFDBS, 1);
    SET(hand, VTCR_EL2, HA, 1);
    answer_changes(answer(answers, 0, answer_par(page_success)), block, HAND_STAGE1_TABLES | STAGE2_LEAF | BLOCK);
    answer_with_par(answers, 1, page_success);
}

/* Stage 2 leaves that are dirty already, DBM = 1 and S2AP[1] = 1, when hardware writes a stage 1 descriptor. */
static void s2_walk_af_of_a_dirty_leaf(struct hand *hand, struct answers *answers)
{
    uint64_t leaf = start_old_page(hand, WD_AT_S1E1R);
    uint64_t block = hand_descriptor(&hand_stage2_path, 1, HAND_STAGE1_TABLES);
    struct wd_result *accessed;

    SET(hand, ID_AA64MMFR1_EL1, HAFDBS, 2);
    SET(hand, VTCR_EL2, HA, 1);
    SET(hand, VTCR_EL2, HD, 1);
    hand_stage2(hand);
    hand_map_stage2(hand, HAND_STAGE1_TABLES, 1, HAND_STAGE1_TABLES | (STAGE2_LEAF & ~AF) | DBM | BLOCK);
    accessed = answer(answers, 0, answer_par(page_success));
    answer_changes(accessed, leaf, THE_PAGE);
    answer_changes(accessed, block, HAND_STAGE1_TABLES | STAGE2_LEAF | DBM | BLOCK);
    answer_changes(answer(answers, 1, answer_par(page_success)), leaf, THE_PAGE);
}

/* R_QSPMS: AP = 00 denies the unprivileged access. */
static void s1_af_on_fault(struct hand *hand, struct answers *answers)
{
    uint64_t leaf = start_old_page(hand, WD_AT_S1E0R);

    answer_changes(answer(answers, 0, answer_par(par_fault(PERMISSION + 3))), leaf, THE_PAGE);
    answer_with_par(answers, 1, par_fault(PERMISSION + 3));
}

static void s2_af_on_fault(struct hand *hand, struct answers *answers)
{
    uint64_t leaf = start_old_stage2_page(hand, 0);

    answer_changes(answer(answers, 0, answer_par(par_stage2_fault(PERMISSION + 3))), leaf, STAGE2_PAGE_ACCESSED(0));
    answer_with_par(answers, 1, par_stage2_fault(PERMISSION + 3));
}

/* R_XQSMX: memory refuses the update. */
static void s1_af_update_fault(struct hand *hand, struct answers *answers)
{
    start_old_page(hand, WD_AT_S1E1R);
    hand_read_only(hand);
    answer(answers, 0, answer_exception(EXTERNAL_ABORT + 3, false, false));
    answer_with_par(answers, 1, page_success);
    answer_with_par(answers, 2, par_fault(EXTERNAL_ABORT + 3));
}

static void s2_af_update_fault(struct hand *hand, struct answers *answers)
{
    start_old_stage2_page(hand, S2AP_READ);
    hand_read_only(hand);
    answer(answers, 0, answer_exception(EXTERNAL_ABORT + 3, true, false));
    answer_with_par(answers, 1, device_page_success);
    answer_with_par(answers, 2, par_stage2_fault(EXTERNAL_ABORT + 3));
}

/* R_MJLPH: the page is out of range; stage 2 does not let hardware write its descriptor. */
static void s1_update_priority(struct hand *hand, struct answers *answers)
{
    start_old_page(hand, WD_AT_S1E1R);
    SET(hand, TCR_EL1, IPS, 0);
    hand_stage2(hand);
    hand_map_stage2(hand, HAND_STAGE1_TABLES, 1, HAND_STAGE1_TABLES | (STAGE2_LEAF & ~S2AP_WRITE) | BLOCK);
    answer_with_par(answers, 0, par_fault(ADDRESS_SIZE + 3));
    answer_with_par(answers, 1, par_walk_fault(PERMISSION + 1));
}

/* At EL1 the fault of the update is an exception with the descriptor's address. */
static void s1_update_priority_at_el1(struct hand *hand, struct answers *answers)
{
    struct wd_result refused = answer_exception(PERMISSION + 1, true, true);

    s1_update_priority(hand, answers);
    hand->c.el = 1;
    refused.exception.has_ipa = true;
    refused.exception.ipa = hand_descriptor(&hand_stage1_path, 3, HAND_VA);
    answers->result[1] = refused;
}

/* D8.5.4: table walks are inner Non-cacheable. */
static void s1_atomic_update(struct hand *hand, struct answers *answers)
{
    uint64_t leaf = start_old_page(hand, WD_AT_S1E1R);

    SET(hand, TCR_EL1, IRGN0, 0);
    answer_changes(answer(answers, 0, answer_par(page_success)), leaf, THE_PAGE);
    answer_with_par(answers, 1, par_fault(ATOMIC_UPDATE));
}

/* SCTLR_EL1.C = 0 makes table walks Non-cacheable too. */
static void s1_atomic_update_c0(struct hand *hand, struct answers *answers)
{
    uint64_t leaf = start_old_page(hand, WD_AT_S1E1R);
    uint64_t par = par_success(HAND_PAGE, 0x44, SH_OUTER);

    SET(hand, SCTLR_EL1, C, 0);
    answer_changes(answer(answers, 0, answer_par(par)), leaf, THE_PAGE);
    answer_with_par(answers, 1, par_fault(ATOMIC_UPDATE));
}

/* To be enabled is enough: there is nothing to update. */
static void s1_atomic_update_not_needed(struct hand *hand, struct answers *answers)
{
    hand_page(hand, WD_AT_S1E1R);
    SET(hand, ID_AA64MMFR1_EL1, HAFDBS, 1);
    SET(hand, TCR_EL1, HA, 1);
    SET(hand, TCR_EL1, SH0, SH_NON);
    answer_with_par(answers, 0, page_success);
    answer_with_par(answers, 1, par_fault(ATOMIC_UPDATE));
}

/* The Permission fault of the same stage has lower priority, or higher: R_VSXXT. */
static void s1_atomic_update_before_permission(struct hand *hand, struct answers *answers)
{
    s1_atomic_update_not_needed(hand, answers);
    hand->c.op = WD_AT_S1E0R;
    answers->result[0] = answer_par(par_fault(PERMISSION + 3));
}

/* FEAT_HAFT: the Access flag of a table. The tables are not Shareable. */
static void s1_atomic_update_of_a_table(struct hand *hand, struct answers *answers)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    SET(hand, ID_AA64MMFR1_EL1, HAFDBS, 3);
    SET(hand, ID_AA64MMFR1_EL1, HCX, 1);
    SET(hand, ID_AA64MMFR3_EL1, TCRX, 1);
    SET(hand, HCRX_EL2, TCR2En, 1);
    SET(hand, TCR_EL1, HA, 1);
    SET(hand, TCR_EL1, SH0, SH_NON);
    SET(hand, TCR2_EL1, HAFT, 1);
    hand_map(hand, HAND_VA, 2, 0); /* behind the table an invalid descriptor */
    answer_changes(answer(answers, 0, answer_par(par_fault(TRANSLATION + 2))), hand->mem[0].pa,
                   hand->mem[0].value | AF);
    answer_with_par(answers, 1, par_fault(ATOMIC_UPDATE));
}

/* R_VSXXT: stage 1 has its tables in Write-Back memory, stage 2 in Non-cacheable: a fault of stage 2. */
static void s1_atomic_update_by_stage2(struct hand *hand, struct answers *answers)
{
    uint64_t leaf = start_old_page(hand, WD_AT_S1E1R);

    hand_stage2(hand);
    hand_map_stage2(hand, HAND_STAGE1_TABLES, 1,
                    HAND_STAGE1_TABLES | (STAGE2_LEAF & ~MEM_ATTR(15)) | MEM_ATTR(5) | BLOCK);
    answer_changes(answer(answers, 0, answer_par(page_success)), leaf, THE_PAGE);
    answer_with_par(answers, 1, par_walk_fault(ATOMIC_UPDATE));
}

/* At EL1 an exception, as other faults of stage 2 on a walk are, or PAR_EL1, which D8.5.4 names. */
static void s1_atomic_update_by_stage2_at_el1(struct hand *hand, struct answers *answers)
{
    struct wd_result refused = answer_exception(ATOMIC_UPDATE, true, true);

    s1_atomic_update_by_stage2(hand, answers);
    hand->c.el = 1;
    refused.exception.has_ipa = true;
    refused.exception.ipa = hand_descriptor(&hand_stage1_path, 3, HAND_VA);
    answers->result[1] = refused;
    answer_with_par(answers, 2, par_walk_fault(ATOMIC_UPDATE));
}

/* FWB = 1 and MemAttr 110 make the tables Write-Back; HCR_EL2.CD = 1 makes them Non-cacheable all the same. */
static void s1_atomic_update_by_cd(struct hand *hand, struct answers *answers)
{
    uint64_t leaf = start_old_page(hand, WD_AT_S1E1R);

    SET(hand, ID_AA64MMFR2_EL1, FWB, 1);
    SET(hand, HCR_EL2, FWB, 1);
    SET(hand, HCR_EL2, CD, 1);
    hand_stage2(hand);
    hand_map_stage2(hand, HAND_STAGE1_TABLES, 1,
                    HAND_STAGE1_TABLES | (STAGE2_LEAF & ~MEM_ATTR(15)) | MEM_ATTR(6) | BLOCK);
    answer_changes(answer(answers, 0, answer_par(page_success)), leaf, THE_PAGE);
    answer_with_par(answers, 1, par_walk_fault(ATOMIC_UPDATE));
}

/* The tables of stage 2 are Write-Through. */
static void s2_atomic_update(struct hand *hand, struct answers *answers)
{
    uint64_t leaf = start_old_stage2_page(hand, S2AP_READ);

    SET(hand, VTCR_EL2, ORGN0, 2);
    answer_changes(answer(answers, 0, answer_par(device_page_success)), leaf, STAGE2_PAGE_ACCESSED(S2AP_READ));
    answer_with_par(answers, 1, par_stage2_fault(ATOMIC_UPDATE));
}

/* FEAT_HAFT in stage 2; its tables are Non-cacheable by HCR_EL2.CD. */
static void s2_atomic_update_of_a_table(struct hand *hand, struct answers *answers)
{
    start_stage2_alone(hand, HAND_VA);
    SET(hand, ID_AA64MMFR1_EL1, HAFDBS, 3);
    SET(hand, VTCR_EL2, HA, 1);
    SET(hand, VTCR_EL2, HAFT, 1);
    SET(hand, HCR_EL2, CD, 1);
    hand_map_stage2(hand, HAND_VA, 2, 0);
    answer_changes(answer(answers, 0, answer_par(par_stage2_fault(TRANSLATION + 2))), hand->mem[0].pa,
                   hand->mem[0].value | AF);
    answer_with_par(answers, 1, par_stage2_fault(ATOMIC_UPDATE));
}

/* R_JCXVS: nothing writes a stage 1 descriptor, whose stage 2 leaf is writable-clean. */
static void s2_walk_dirty(struct hand *hand, struct answers *answers)
{
    const uint64_t clean = (STAGE2_LEAF & ~S2AP_WRITE) | DBM;
    uint64_t block = start_walk_through_block(hand, clean);

    SET(hand, ID_AA64MMFR1_EL1, HAFDBS, 2);
    SET(hand, TCR_EL1, HA, 1);
    SET(hand, VTCR_EL2, HA, 1);
    SET(hand, VTCR_EL2, HD, 1);
    answer_with_par(answers, 0, page_success);
    answer_changes(answer(answers, 1, answer_par(page_success)), block,
                   HAND_STAGE1_TABLES | clean | S2AP_WRITE | BLOCK);
}

/* ---------------------------------------------------------------- permissions */

/* R_TBKKB: the privileged nibble 0001 reads; the unprivileged one, 0100, is reserved. */
static void pan_reserved_permission(struct hand *hand, struct answers *answers)
{
    hand_el10(hand, WD_AT_S1E1RP, HAND_VA);
    hand->c.pan = 1;
    SET(hand, ID_AA64MMFR1_EL1, PAN, 2);
    SET(hand, ID_AA64MMFR1_EL1, HCX, 1);
    SET(hand, ID_AA64MMFR3_EL1, TCRX, 1);
    SET(hand, ID_AA64MMFR3_EL1, S1PIE, 1);
    SET(hand, HCRX_EL2, TCR2En, 1);
    SET(hand, TCR2_EL1, PIE, 1);
    SET(hand, PIR_EL1, Perm0, 1);
    SET(hand, PIRE0_EL1, Perm0, 4);
    hand_map(hand, HAND_VA, 3, THE_PAGE);
    answer_with_par(answers, 0, par_fault(PERMISSION + 3));
    answer_with_par(answers, 1, page_success);
}

/* ---------------------------------------------------------------- attributes */

static void s1_shareability(struct hand *hand, struct answers *answers)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    hand_map(hand, HAND_VA, 3, HAND_PAGE | AF | SH(1) | PAGE);
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0xff, SH_OUTER));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0xff, SH_INNER));
    answer_with_par(answers, 2, par_success(HAND_PAGE, 0xff, SH_NON));
}

/* Both stages: stage 1 maps HAND_VA to HAND_IPA, stage 2 that to HAND_PAGE. */
static void start_both_stages(struct hand *hand, uint64_t stage1_bits, uint64_t stage2_bits)
{
    hand_el10(hand, WD_AT_S12E1R, HAND_VA);
    hand_map(hand, HAND_VA, 3, HAND_IPA | AF | stage1_bits | PAGE);
    hand_stage2(hand);
    hand_map_stage2(hand, HAND_STAGE1_TABLES, 1, HAND_STAGE1_TABLES | STAGE2_LEAF | BLOCK);
    hand_map_stage2(hand, HAND_IPA, 3, HAND_PAGE | AF | S2AP_READ | S2AP_WRITE | stage2_bits | PAGE);
}

/* The stronger of the two wins, so stage 1 is Non-shareable. */
static void s2_shareability(struct hand *hand, struct answers *answers)
{
    start_both_stages(hand, SH(0), SH(1) | MEM_ATTR(15));
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0xff, SH_OUTER));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0xff, SH_INNER));
    answer_with_par(answers, 2, par_success(HAND_PAGE, 0xff, SH_NON));
}

/* R_NSCNC: with FWB, MemAttr 110 makes stage 1's Non-cacheable Non-shareable memory Write-Back. */
static void s1_effective_shareability(struct hand *hand, struct answers *answers)
{
    start_both_stages(hand, ATTR_INDEX(HAND_NON_CACHEABLE) | SH(0), SH(0) | MEM_ATTR(6));
    SET(hand, ID_AA64MMFR2_EL1, FWB, 1);
    SET(hand, HCR_EL2, FWB, 1);
    /* The block that maps the tables is read with FWB too: MemAttr 1111 is as stage 1 has it. */
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0xff, SH_OUTER));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0xff, SH_NON));
}

/* MemAttr 1100: outer Write-Back, inner reserved. */
static void s2_reserved_memattr(struct hand *hand, struct answers *answers)
{
    start_both_stages(hand, SH(3), SH(3) | MEM_ATTR(12));
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0xf4, SH_INNER));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0xfb, SH_INNER));
    answer_with_par(answers, 2, par_success(HAND_PAGE, 0xff, SH_INNER));
    answer_with_par(answers, 3, par_success(HAND_PAGE, 0x00, SH_OUTER));
    answer_with_par(answers, 3 + 9, par_success(HAND_PAGE, 0xbf, SH_INNER));
}

/* MemAttr 0100 is reserved without FEAT_MTE_PERM. */
static void s2_reserved_memattr_0100(struct hand *hand, struct answers *answers)
{
    start_both_stages(hand, SH(3), SH(3) | MEM_ATTR(4));
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0x44, SH_OUTER));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0x4b, SH_INNER));
    answer_with_par(answers, 2, par_success(HAND_PAGE, 0x4f, SH_INNER));
}

/* HCR_EL2.PTW: a table of stage 1 in memory with a reserved MemAttr faults where that is Device memory. */
static void s2_walk_reserved_memattr(struct hand *hand, struct answers *answers)
{
    start_walk_through_block(hand, (STAGE2_LEAF & ~MEM_ATTR(15)) | MEM_ATTR(8));
    SET(hand, HCR_EL2, PTW, 1);
    answer_with_par(answers, 0, page_success);
    answer_with_par(answers, 1, par_walk_fault(PERMISSION + 1));
}

static void s2_walk_reserved_memattr_fwb(struct hand *hand, struct answers *answers)
{
    start_walk_through_block(hand, (STAGE2_LEAF & ~MEM_ATTR(15)) | MEM_ATTR(4));
    SET(hand, ID_AA64MMFR2_EL1, FWB, 1);
    SET(hand, HCR_EL2, FWB, 1);
    SET(hand, HCR_EL2, PTW, 1);
    answer_with_par(answers, 0, page_success);
    answer_with_par(answers, 1, par_walk_fault(PERMISSION + 1));
}

/* Stage 1 is Write-Through, so that 101, 110, 111 and 000 differ. */
static void s2_reserved_memattr_fwb(struct hand *hand, struct answers *answers)
{
    start_both_stages(hand, ATTR_INDEX(HAND_WRITE_THROUGH) | SH(3), SH(3) | MEM_ATTR(4));
    SET(hand, ID_AA64MMFR2_EL1, FWB, 1);
    SET(hand, HCR_EL2, FWB, 1);
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0x44, SH_OUTER));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0xff, SH_INNER));
    answer_with_par(answers, 2, par_success(HAND_PAGE, 0xbb, SH_INNER));
    answer_with_par(answers, 3, par_success(HAND_PAGE, 0x00, SH_OUTER));
    answer_with_par(answers, 6, par_success(HAND_PAGE, 0x0c, SH_OUTER));
}

/* FEAT_MTE_PERM, R_JXGKQ: MemAttr[3:2] = 10 is reserved; by default it is the Device type of MemAttr[1:0]. */
static void s2_reserved_memattr_fwb_mte_perm(struct hand *hand, struct answers *answers)
{
    start_both_stages(hand, ATTR_INDEX(HAND_WRITE_THROUGH) | SH(3), SH(3) | MEM_ATTR(9));
    SET(hand, ID_AA64MMFR2_EL1, FWB, 1);
    SET(hand, ID_AA64PFR1_EL1, MTE, 2);
    SET(hand, ID_AA64PFR2_EL1, MTEPERM, 1);
    SET(hand, HCR_EL2, FWB, 1);
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0x04, SH_OUTER));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0xff, SH_INNER));
    answer_with_par(answers, 2, par_success(HAND_PAGE, 0xbb, SH_INNER));
}

/* A page whose MAIR byte is 0x01: reserved without FEAT_XS. */
static void start_reserved_mair(struct hand *hand)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    SET(hand, MAIR_EL1, Attr0, 0x01);
    hand_map(hand, HAND_VA, 3, THE_PAGE);
}

/* K1.2.19: any allocated encoding: the four Device types, then each pair of outer and inner cacheability. */
static void s1_reserved_mair(struct hand *hand, struct answers *answers)
{
    start_reserved_mair(hand);
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0x00, SH_OUTER));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0x04, SH_OUTER));
    answer_with_par(answers, 4, par_success(HAND_PAGE, 0x11, SH_INNER));
    answer_with_par(answers, 4 + 3 * 15 + 3, par_success(HAND_PAGE, 0x44, SH_OUTER));
    answer_with_par(answers, 4 + 14 * 15 + 14, par_success(HAND_PAGE, 0xff, SH_INNER));
}

static void par_attributes(struct hand *hand, struct answers *answers)
{
    start_reserved_mair(hand);
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0x00, SH_OUTER));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0x01, SH_OUTER));
}

/* A page of Tagged memory. */
static void start_tagged(struct hand *hand, uint64_t sh)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    SET(hand, ID_AA64PFR1_EL1, MTE, 2);
    SET(hand, MAIR_EL1, Attr0, 0xf0);
    hand_map(hand, HAND_VA, 3, HAND_PAGE | AF | SH(sh) | PAGE);
}

/* R_YSLYC: SCTLR_EL1.C = 0 makes it Non-cacheable, and Tagged or not. */
/* D7.5.3.1: outer Write-Through and inner Write-Back, both transient; without the hint both are non-transient. */
static void transient_hint(struct hand *hand, struct answers *answers)
{
    hand_page(hand, WD_AT_S1E1R);
    SET(hand, MAIR_EL1, Attr0, 0x37);
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0x37, SH_INNER));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0xbf, SH_INNER));
}

static void tagged_c0(struct hand *hand, struct answers *answers)
{
    start_tagged(hand, SH_INNER);
    SET(hand, SCTLR_EL1, C, 0);
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0x44, SH_OUTER));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0xf0, SH_OUTER));
}

static void tagged_non_shareable(struct hand *hand, struct answers *answers)
{
    start_tagged(hand, SH_NON);
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0xf0, SH_NON));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0xff, SH_NON));
}

/* R_YSLYC: what stage 1 makes Non-shareable counts, whatever stage 2 makes of it. */
static void tagged_non_shareable_at_stage_1(struct hand *hand, struct answers *answers)
{
    start_both_stages(hand, SH(0), SH(3) | MEM_ATTR(15));
    SET(hand, ID_AA64PFR1_EL1, MTE, 2);
    SET(hand, MAIR_EL1, Attr0, 0xf0);
    answer_with_par(answers, 0, par_success(HAND_PAGE, 0xf0, SH_INNER));
    answer_with_par(answers, 1, par_success(HAND_PAGE, 0xff, SH_INNER));
}

/* ---------------------------------------------------------------- the table */

typedef void build(struct hand *hand, struct answers *answers);

static const struct {
    uint8_t choice; /* enum wd_choice */
    build *build;
} cases[] = {
    {WD_CHOICE_S1_TXSZ_LOW, s1_txsz_low},
    {WD_CHOICE_S1_TXSZ_HIGH, s1_txsz_high},
    {WD_CHOICE_S2_TXSZ_LOW, s2_txsz_low},
    {WD_CHOICE_S2_TXSZ_HIGH, s2_txsz_high},
    {WD_CHOICE_S1_TG0, s1_tg0},
    {WD_CHOICE_S1_TG1, s1_tg1},
    {WD_CHOICE_S2_TG0, s2_tg0},
    {WD_CHOICE_S1_TABLE_BASE_LOW_BITS, s1_table_base_low_bits},
    {WD_CHOICE_S2_TABLE_BASE_LOW_BITS, s2_table_base_low_bits},
    {WD_CHOICE_S1_TABLE_BASE_52_BITS, s1_table_base_52_bits},
    {WD_CHOICE_S2_TABLE_BASE_52_BITS, s2_table_base_52_bits},
    {WD_CHOICE_S1_TABLE_BASE_PS_111, s1_table_base_ps_111},
    {WD_CHOICE_S2_TABLE_BASE_PS_111, s2_table_base_ps_111},
    {WD_CHOICE_S1_DESCRIPTOR_15_12, s1_descriptor_15_12},
    {WD_CHOICE_S2_DESCRIPTOR_15_12, s2_descriptor_15_12},
    {WD_CHOICE_S1_CONTIGUOUS_TOO_LARGE, s1_contiguous_too_large},
    {WD_CHOICE_S2_CONTIGUOUS_TOO_LARGE, s2_contiguous_too_large},
    {WD_CHOICE_S1_CONTIGUOUS_ADDRESS, s1_contiguous_address},
    {WD_CHOICE_S2_CONTIGUOUS_ADDRESS, s2_contiguous_address},
    {WD_CHOICE_S1_NT, s1_nt},
    {WD_CHOICE_S2_NT, s2_nt},
    {WD_CHOICE_S1_AF_BY_AT, s1_af_by_at},
    {WD_CHOICE_S2_AF_BY_AT, s2_af_by_at},
    {WD_CHOICE_S2_WALK_AF_BY_AT, s2_walk_af_by_at},
    {WD_CHOICE_S2_WALK_AF_BY_AT, s2_walk_af_of_a_dirty_leaf},
    {WD_CHOICE_S1_AF_ON_FAULT, s1_af_on_fault},
    {WD_CHOICE_S2_AF_ON_FAULT, s2_af_on_fault},
    {WD_CHOICE_S1_AF_UPDATE_FAULT, s1_af_update_fault},
    {WD_CHOICE_S2_AF_UPDATE_FAULT, s2_af_update_fault},
    {WD_CHOICE_S1_UPDATE_PRIORITY, s1_update_priority},
    {WD_CHOICE_S1_UPDATE_PRIORITY, s1_update_priority_at_el1},
    {WD_CHOICE_S1_ATOMIC_UPDATE, s1_atomic_update},
    {WD_CHOICE_S1_ATOMIC_UPDATE, s1_atomic_update_c0},
    {WD_CHOICE_S1_ATOMIC_UPDATE, s1_atomic_update_not_needed},
    {WD_CHOICE_S1_ATOMIC_UPDATE, s1_atomic_update_before_permission},
    {WD_CHOICE_S1_ATOMIC_UPDATE, s1_atomic_update_of_a_table},
    {WD_CHOICE_S1_ATOMIC_UPDATE_BY_STAGE_2, s1_atomic_update_by_stage2},
    {WD_CHOICE_S1_ATOMIC_UPDATE_BY_STAGE_2, s1_atomic_update_by_stage2_at_el1},
    {WD_CHOICE_S1_ATOMIC_UPDATE_BY_STAGE_2, s1_atomic_update_by_cd},
    {WD_CHOICE_S2_ATOMIC_UPDATE, s2_atomic_update},
    {WD_CHOICE_S2_ATOMIC_UPDATE, s2_atomic_update_of_a_table},
    {WD_CHOICE_S2_WALK_DIRTY, s2_walk_dirty},
    {WD_CHOICE_PAN_RESERVED_PERMISSION, pan_reserved_permission},
    {WD_CHOICE_S1_SHAREABILITY, s1_shareability},
    {WD_CHOICE_S2_SHAREABILITY, s2_shareability},
    {WD_CHOICE_S1_EFFECTIVE_SHAREABILITY, s1_effective_shareability},
    {WD_CHOICE_S2_RESERVED_MEMATTR, s2_reserved_memattr},
    {WD_CHOICE_S2_RESERVED_MEMATTR, s2_reserved_memattr_0100},
    {WD_CHOICE_S2_RESERVED_MEMATTR_FWB, s2_reserved_memattr_fwb},
    {WD_CHOICE_S2_WALK_RESERVED_MEMATTR, s2_walk_reserved_memattr},
    {WD_CHOICE_S2_WALK_RESERVED_MEMATTR, s2_walk_reserved_memattr_fwb},
    {WD_CHOICE_S2_RESERVED_MEMATTR_FWB, s2_reserved_memattr_fwb_mte_perm},
    {WD_CHOICE_S1_RESERVED_MAIR, s1_reserved_mair},
    {WD_CHOICE_PAR_ATTRIBUTES, par_attributes},
    {WD_CHOICE_TRANSIENT_HINT, transient_hint},
    {WD_CHOICE_TAGGED_C0, tagged_c0},
    {WD_CHOICE_TAGGED_NON_SHAREABLE, tagged_non_shareable},
    {WD_CHOICE_TAGGED_NON_SHAREABLE, tagged_non_shareable_at_stage_1},
};

/* How many options a walk had of a choice, 0 if it did not consult it. */
static unsigned options_of(const struct wd_oracle_output *output, enum wd_choice choice)
{
    for (unsigned i = 0; i < output->consulted_count; i++)
        if (output->consulted[i].choice == choice)
            return output->consulted[i].options;
    return 0;
}

static bool has_option(const struct answers *answers, unsigned option)
{
    for (unsigned i = 0; i < answers->count; i++)
        if (answers->option[i] == option)
            return true;
    return false;
}

static void build_case(size_t i, struct hand *hand, struct answers *answers)
{
    *answers = (struct answers){0};
    cases[i].build(hand, answers);
}

/* Whether some case has an answer for an option. */
static bool is_answered(enum wd_choice choice, unsigned option)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct answers answers;
        struct hand hand;

        build_case(i, &hand, &answers);
        if (cases[i].choice == choice && has_option(&answers, option))
            return true;
    }
    return false;
}

static void every_option_of_every_choice_has_a_case(void **state)
{
    (void)state;
    for (unsigned choice = 0; choice < WD_CHOICE_COUNT; choice++)
        for (unsigned option = 0; option < wd_choices[choice].options; option++)
            if (!is_answered(choice, option))
                fail_msg("%s has no case for option %u", wd_choices[choice].name, option);
}

typedef void check(enum wd_choice choice, const struct hand *hand, const struct answers *answers);

static void for_every_case(check *checks)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct answers answers;
        struct hand hand;

        build_case(i, &hand, &answers);
        checks(cases[i].choice, &hand, &answers);
    }
}

static void check_answers_differ(enum wd_choice choice, const struct hand *hand, const struct answers *answers)
{
    (void)hand;
    for (unsigned i = 0; i < answers->count; i++)
        for (unsigned j = 0; j < i; j++)
            if (same_answer(&answers->result[i], &answers->result[j]))
                fail_msg("%s: options %u and %u have one answer", wd_choices[choice].name, answers->option[j],
                         answers->option[i]);
}

static void in_its_case_each_option_gives_another_answer(void **state)
{
    (void)state;
    for_every_case(check_answers_differ);
}

static void check_oracle(enum wd_choice choice, const struct hand *hand, const struct answers *answers)
{
    for (unsigned i = 0; i < answers->count; i++) {
        struct wd_resolution resolution = {0};
        struct wd_oracle_output output;
        char right[400], wrong[400];

        resolution.option[choice] = (uint8_t)answers->option[i];
        wd_oracle(&hand->c, &resolution, NULL, NULL, &output);
        print_answer(&answers->result[i], right, sizeof(right));
        print_answer(&output.result, wrong, sizeof(wrong));
        if (options_of(&output, choice) <= answers->option[i])
            fail_msg("%s: %u options, option %u is wanted", wd_choices[choice].name, options_of(&output, choice),
                     answers->option[i]);
        if (!same_answer(&answers->result[i], &output.result))
            fail_msg("%s, option %u (%s):\n  expected %s\n  got      %s (%s)", wd_choices[choice].name,
                     answers->option[i], wd_choice_option(choice, answers->option[i]), right, wrong,
                     wd_rules[output.rule].name);
    }
}

static void check_judge(enum wd_choice choice, const struct hand *hand, const struct answers *answers)
{
    struct wd_oracle_output basis;

    wd_oracle(&hand->c, NULL, NULL, NULL, &basis);
    for (unsigned i = 0; i < answers->count; i++) {
        struct wd_judgement judgement;
        char name[300];

        wd_judge(&hand->c, &basis, &answers->result[i], 0, &judgement);
        assert_string_equal(wd_verdict_names[judgement.verdict], answers->option[i] ? "permitted" : "agree");
        if (!answers->option[i])
            continue;
        snprintf(name, sizeof(name), "%s: %s", wd_choices[choice].name, wd_choice_option(choice, answers->option[i]));
        assert_string_equal(judgement.choice, name);
        assert_int_equal(judgement.resolution.option[choice], answers->option[i]);
        assert_true(wd_answers_equal(&judgement.expected.result, &answers->result[i]));
    }
}

static void every_option_gives_the_answer_that_the_rule_says(void **state)
{
    (void)state;
    for_every_case(check_oracle);
}

static void the_judge_permits_the_answer_of_every_option_and_names_the_choice(void **state)
{
    (void)state;
    for_every_case(check_judge);
}

/* ---------------------------------------------------------------- options that a case does not have */

static void an_option_that_a_case_does_not_have_acts_as_the_default(void **state)
{
    struct answers answers = {0};
    struct hand hand;

    (void)state;
    s1_nt(&hand, &answers);
    CHECK_RESOLVED(&hand, WD_CHOICE_S1_NT, 2, answers.result[0]);
    CHECK_RESOLVED(&hand, WD_CHOICE_S1_NT, 200, answers.result[0]);

    answers.count = 0;
    s1_tg0(&hand, &answers);
    SET(&hand, ID_AA64MMFR0_EL1, TGran16, 0);
    CHECK_RESOLVED(&hand, WD_CHOICE_S1_TG0, 1, answers.result[0]);
    CHECK_RESOLVED(&hand, WD_CHOICE_S1_TG0, 2, answers.result[2]);
}

/* MemAttr 111x is an encoding of its own with FEAT_MTE_PERM alone: NoTagAccess. */
static void without_feat_mte_perm_no_reserved_memattr_stands_for_no_tag_access(void **state)
{
    struct wd_oracle_output basis;
    struct wd_judgement judgement;
    struct wd_result got = answer_par(par_success(HAND_PAGE, 0xe0, SH_INNER));
    struct hand hand;

    (void)state;
    start_both_stages(&hand, SH(3), SH(3) | MEM_ATTR(4));
    SET(&hand, ID_AA64MMFR2_EL1, FWB, 1);
    SET(&hand, ID_AA64PFR1_EL1, MTE, 2);
    SET(&hand, HCR_EL2, FWB, 1);
    SET(&hand, MAIR_EL1, Attr0, 0xf0);
    wd_oracle(&hand.c, NULL, NULL, NULL, &basis);
    wd_judge(&hand.c, &basis, &got, 0, &judgement);
    assert_string_equal(wd_verdict_names[judgement.verdict], "deviation");
    SET(&hand, ID_AA64PFR2_EL1, MTEPERM, 1);
    wd_oracle(&hand.c, NULL, NULL, NULL, &basis);
    wd_judge(&hand.c, &basis, &got, 0, &judgement);
    assert_string_equal(wd_verdict_names[judgement.verdict], "permitted");
}

/* ---------------------------------------------------------------- where there is nothing to choose */

/* Bits 2:1 of the base cannot reach the address of a descriptor. */
static void base_bits_2_and_1(struct hand *hand)
{
    hand_page(hand, WD_AT_S1E1R);
    hand->c.regs[WD_TTBR0_EL1] |= 6;
}

static void base_bits_5_to_2_are_zero_with_ps_111(struct hand *hand)
{
    start_64k(hand);
    SET(hand, ID_AA64MMFR0_EL1, PARange, 6);
    SET(hand, TCR_EL1, IPS, 7);
    hand_map_path(hand, &stage1_64k, HAND_VA, 3, PAGE_64K | LEAF | PAGE);
}

static void descriptor_15_12_with_lpa(struct hand *hand)
{
    start_64k(hand);
    SET(hand, ID_AA64MMFR0_EL1, PARange, 6);
    SET(hand, TCR_EL1, IPS, 6);
    hand_map_path(hand, &stage1_64k, HAND_VA, 3, PAGE_64K | BIT(13) | LEAF | PAGE);
}

static void contiguous_as_it_should_be(struct hand *hand)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    hand_map(hand, HAND_VA, 3, (HAND_VA & ~UINT64_C(0xfff)) | CONTIGUOUS | LEAF | PAGE);
}

static void nt_without_feat_bbm(struct hand *hand)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    hand_map(hand, HAND_VA, 2, UINT64_C(0x187600000) | NT | LEAF | BLOCK);
}

/* R_MJLPH: stage 2 lets hardware write the descriptor. */
static void an_update_that_would_not_fault(struct hand *hand)
{
    start_old_page(hand, WD_AT_S1E1R);
    SET(hand, TCR_EL1, IPS, 0);
    hand_stage2(hand);
    hand_map_stage2(hand, HAND_STAGE1_TABLES, 1, HAND_STAGE1_TABLES | STAGE2_LEAF | BLOCK);
}

/* R_ZWYSH: SH is reserved for cacheable memory alone. */
static void reserved_shareability_of_device_memory(struct hand *hand)
{
    hand_el10(hand, WD_AT_S1E1R, HAND_VA);
    hand_map(hand, HAND_VA, 3, HAND_PAGE | AF | SH(1) | ATTR_INDEX(HAND_DEVICE_GRE) | PAGE);
}

static void reserved_mair_of_another_index(struct hand *hand)
{
    hand_page(hand, WD_AT_S1E1R);
    SET(hand, MAIR_EL1, Attr7, 0x01);
}

static void reserved_granule_of_the_other_range(struct hand *hand)
{
    hand_page(hand, WD_AT_S1E1R);
    SET(hand, TCR_EL1, TG1, 0);
}

static void access_flag_is_set_already(struct hand *hand)
{
    hand_page(hand, WD_AT_S1E1R);
    SET(hand, ID_AA64MMFR1_EL1, HAFDBS, 1);
    SET(hand, TCR_EL1, HA, 1);
}

/* A table in Device memory by a reserved MemAttr matters with HCR_EL2.PTW alone. */
static void reserved_memattr_of_a_table_without_ptw(struct hand *hand)
{
    start_walk_through_block(hand, (STAGE2_LEAF & ~MEM_ATTR(15)) | MEM_ATTR(8));
}

static void nothing_is_consulted_where_nothing_is_left_to_choose(void **state)
{
    static void (*const plain[])(struct hand * hand) = {base_bits_2_and_1,
                                                        base_bits_5_to_2_are_zero_with_ps_111,
                                                        descriptor_15_12_with_lpa,
                                                        contiguous_as_it_should_be,
                                                        nt_without_feat_bbm,
                                                        an_update_that_would_not_fault,
                                                        reserved_shareability_of_device_memory,
                                                        reserved_mair_of_another_index,
                                                        reserved_granule_of_the_other_range,
                                                        access_flag_is_set_already,
                                                        reserved_memattr_of_a_table_without_ptw};

    (void)state;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        struct wd_oracle_output output;
        struct hand hand;

        plain[i](&hand);
        wd_oracle(&hand.c, NULL, NULL, NULL, &output);
        if (output.consulted_count)
            fail_msg("case %zu consults %s", i, wd_choices[output.consulted[0].choice].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_of_every_choice_has_a_case),
        cmocka_unit_test(in_its_case_each_option_gives_another_answer),
        cmocka_unit_test(every_option_gives_the_answer_that_the_rule_says),
        cmocka_unit_test(the_judge_permits_the_answer_of_every_option_and_names_the_choice),
        cmocka_unit_test(an_option_that_a_case_does_not_have_acts_as_the_default),
        cmocka_unit_test(without_feat_mte_perm_no_reserved_memattr_stands_for_no_tag_access),
        cmocka_unit_test(nothing_is_consulted_where_nothing_is_left_to_choose),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
