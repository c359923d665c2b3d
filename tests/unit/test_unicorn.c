/* SPDX-License-Identifier: MIT */
/* The walker `unicorn`, loaded as the program loads it, on cases made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "walkdiff/oracle.h"
#include "walkdiff/walker.h"

#ifndef WD_UNICORN_MODULE
#error "define WD_UNICORN_MODULE: the path of unicorn.so"
#endif

#define NORMAL_MAIR UINT64_C(0x00000000000044ff) /* 0: Write-Back, 1: Non-cacheable, 2: Device-nGnRnE */

/* Descriptors: tables; leaves with AF, Inner Shareable, AttrIndx 0 (stage 2: Write-Back, read and write). */
#define TABLE     UINT64_C(0x3)
#define BLOCK     UINT64_C(0x701)
#define PAGE      UINT64_C(0x703)
#define AP_USER   UINT64_C(0x40)
#define READ_ONLY UINT64_C(0x80)
#define S2_BLOCK  UINT64_C(0x7fd)

enum { RAM = 0x40000000, RAM_SIZE = 0x1000000 };
enum { S1_TABLE = RAM, S2_TABLE = RAM + 0x8000 };

struct module {
    void *library;
    const struct wd_walker_api *api;
    void *walker;
};

static int open_walker(void **state)
{
    static struct module module;
    wd_walker_entry *entry;
    char error[256];

    *state = &module;
    module.library = dlopen(WD_UNICORN_MODULE, RTLD_NOW | RTLD_LOCAL);
    if (!module.library) {
        print_error("%s\n", dlerror());
        return -1;
    }
    *(void **)&entry = dlsym(module.library, WD_WALKER_ENTRY);
    if (!entry)
        return -1;
    module.api = entry();
    module.walker = module.api->open("", error, sizeof(error));
    if (!module.walker)
        print_error("%s\n", error);
    return module.walker ? 0 : -1;
}

static int close_walker(void **state)
{
    struct module *module = *state;

    module->api->close(module->walker);
    return dlclose(module->library);
}

/* ---------------------------------------------------------------- cases */

static const struct wd_ram ram[] = {{RAM, RAM_SIZE, false}};

/* VA 0x40201234 through 4K tables from level 1 on: entries 1 and 1. */
#define VA UINT64_C(0x40201234)
static const struct wd_word s1_block[] = {
    {S1_TABLE + 8, (S1_TABLE + 0x1000) | TABLE},
    {S1_TABLE + 0x1008, UINT64_C(0x80200000) | BLOCK | AP_USER},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Stage 1 of EL1&0 and of EL2 on, 39 bits, 4K; 44 bits of physical address; words of memory as given. */
static struct wd_case make_case(enum wd_operation op, uint64_t va, const struct wd_word *mem, size_t mem_count)
{
    struct wd_case c = {
        .op = (uint8_t)op,
        .el = 2,
        .va = va,
        .ram = ram,
        .ram_count = LENGTH(ram),
        .mem = mem,
        .mem_count = (uint32_t)mem_count,
    };

    c.regs[WD_HCR_EL2] = WD_HCR_EL2_DEFAULT;
    c.regs[WD_ID_AA64MMFR0_EL1] = WD_WITH(4, ID_AA64MMFR0_EL1, TGran16, 1);
    c.regs[WD_SCTLR_EL1] = c.regs[WD_SCTLR_EL2] = WD_WITH(1, SCTLR_EL1, C, 1);
    c.regs[WD_TCR_EL1] = WD_WITH(WD_WITH(25, TCR_EL1, T1SZ, 25), TCR_EL1, IPS, 4);
    c.regs[WD_TCR_EL1] = WD_WITH(c.regs[WD_TCR_EL1], TCR_EL1, TG1, 2);
    c.regs[WD_TCR_EL2] = WD_WITH(25, TCR_EL2, PS, 4);
    c.regs[WD_MAIR_EL1] = c.regs[WD_MAIR_EL2] = NORMAL_MAIR;
    c.regs[WD_TTBR0_EL1] = c.regs[WD_TTBR0_EL2] = S1_TABLE;
    return c;
}

/* Turns stage 2 on: 39 bits from level 1, 4K. */
static void turn_stage2_on(struct wd_case *c)
{
    uint64_t vtcr = WD_WITH(25, VTCR_EL2, SL0, 1);

    c->regs[WD_HCR_EL2] = WD_WITH(c->regs[WD_HCR_EL2], HCR_EL2, VM, 1);
    c->regs[WD_VTCR_EL2] = WD_WITH(vtcr, VTCR_EL2, PS, 4);
    c->regs[WD_VTTBR_EL2] = S2_TABLE;
}

static void set_big_endian(struct wd_case *c)
{
    c->regs[WD_SCTLR_EL1] = WD_WITH(c->regs[WD_SCTLR_EL1], SCTLR_EL1, EE, 1);
}

/* Says that a feature exists. */
static void add_feature(struct wd_case *c, enum wd_feature feature)
{
    const struct wd_feature_info *info = &wd_features[feature];

    c->regs[info->reg] = wd_with_bits(c->regs[info->reg], info->msb, info->lsb, info->at_least);
}

static struct wd_result answer(void **state, const struct wd_case *c)
{
    const struct module *module = *state;
    static struct wd_result result;
    volatile uint32_t done = 0;

    module->api->answer(module->walker, &c, &result, 1, &done);
    assert_int_equal(done, 1);
    return result;
}

static void expect_par(void **state, const struct wd_case *c, uint64_t par)
{
    struct wd_result result = answer(state, c);

    if (result.answer != WD_ANSWER_PAR)
        print_error("answer %u: %s\n", result.answer, result.text);
    assert_int_equal(result.answer, WD_ANSWER_PAR);
    assert_int_equal(result.par & wd_par_mask(par), par & wd_par_mask(par));
    assert_int_equal(result.changed_count, 0);
}

static void expect_success(void **state, const struct wd_case *c, uint64_t pa, unsigned attr, unsigned sh)
{
    uint64_t par = WD_WITH(pa & ~UINT64_C(0xfff), PAR_EL1, ATTR, attr);

    par = WD_WITH(par, PAR_EL1, NSE, 1);
    expect_par(state, c, WD_WITH(par, PAR_EL1, SH, sh));
}

static void expect_fault(void **state, const struct wd_case *c, unsigned fst, bool stage2, bool s1ptw)
{
    uint64_t par = WD_WITH(WD_WITH(1, PAR_EL1_F, FST, fst), PAR_EL1_F, RES1, 1);

    expect_par(state, c, WD_WITH(WD_WITH(par, PAR_EL1_F, S, stage2), PAR_EL1_F, PTW, s1ptw));
}

static void expect_exception(void **state, const struct wd_case *c, unsigned fst, bool stage2, bool s1ptw)
{
    struct wd_result result = answer(state, c);

    assert_int_equal(result.answer, WD_ANSWER_EXCEPTION);
    assert_int_equal(result.exception.fst, fst);
    assert_int_equal(result.exception.stage2, stage2);
    assert_int_equal(result.exception.s1ptw, s1ptw);
}

static void expect_unsupported(void **state, const struct wd_case *c, const char *reason)
{
    struct wd_result result = answer(state, c);

    assert_int_equal(result.answer, WD_ANSWER_UNSUPPORTED);
    assert_string_equal(result.text, reason);
}

enum { TRANSLATION = 4, PERMISSION = 12, EXTERNAL_ABORT = 20 }; /* fault status codes of level 0 */

/* ---------------------------------------------------------------- stage 1 */

static void a_block_gives_address_and_attributes(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E1R, VA, s1_block, LENGTH(s1_block));

    expect_success(state, &c, 0x80201000, 0xff, 3);
}

static void an_invalid_descriptor_is_a_translation_fault_at_its_level(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E1R, VA, s1_block, 1);

    expect_fault(state, &c, TRANSLATION + 2, false, false);
}

static void an_address_out_of_range_is_a_translation_fault_at_level_0(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E1R, VA | UINT64_C(1) << 40, s1_block, LENGTH(s1_block));

    expect_fault(state, &c, TRANSLATION, false, false);
}

static void an_unprivileged_access_without_permission_faults(void **state)
{
    const struct wd_word privileged[] = {s1_block[0], {s1_block[1].pa, s1_block[1].value & ~AP_USER}};
    struct wd_case c = make_case(WD_AT_S1E0R, VA, privileged, LENGTH(privileged));

    expect_fault(state, &c, PERMISSION + 2, false, false);
}

static void a_write_to_read_only_memory_faults(void **state)
{
    const struct wd_word read_only[] = {s1_block[0], {s1_block[1].pa, s1_block[1].value | READ_ONLY}};
    struct wd_case c = make_case(WD_AT_S1E1W, VA, read_only, LENGTH(read_only));

    expect_fault(state, &c, PERMISSION + 2, false, false);
}

static void pan_stops_the_operations_that_look_at_it(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E1RP, VA, s1_block, LENGTH(s1_block));

    add_feature(&c, WD_FEAT_PAN2);
    expect_success(state, &c, 0x80201000, 0xff, 3);
    c.pan = 1;
    expect_fault(state, &c, PERMISSION + 2, false, false);
    c.op = WD_AT_S1E1R;
    expect_success(state, &c, 0x80201000, 0xff, 3);
}

static void descriptors_are_read_big_endian_if_the_regime_says_so(void **state)
{
    const struct wd_word swapped[] = {
        {s1_block[0].pa, __builtin_bswap64(s1_block[0].value)},
        {s1_block[1].pa, __builtin_bswap64(s1_block[1].value)},
    };
    struct wd_case c = make_case(WD_AT_S1E1R, VA, swapped, LENGTH(swapped));

    set_big_endian(&c);
    expect_success(state, &c, 0x80201000, 0xff, 3);
}

/* 39 bits start at level 1 with 16K, at level 2 with 64K. */
static void other_granules_are_walked(void **state)
{
    const struct wd_word with_16k[] = {{S1_TABLE, (S1_TABLE + 0x4000) | TABLE},
                                       {S1_TABLE + 0x4000 + 8 * 0x20, UINT64_C(0x80000000) | BLOCK}};
    const struct wd_word with_64k[] = {{S1_TABLE + 8 * 2, UINT64_C(0xa0000000) | BLOCK}};
    struct wd_case c = make_case(WD_AT_S1E1R, VA, with_16k, LENGTH(with_16k));

    c.regs[WD_TCR_EL1] = WD_WITH(c.regs[WD_TCR_EL1], TCR_EL1, TG0, 2);
    expect_success(state, &c, 0x80201000, 0xff, 3);
    c.regs[WD_TCR_EL1] = WD_WITH(c.regs[WD_TCR_EL1], TCR_EL1, TG0, 1);
    c.mem = with_64k;
    c.mem_count = LENGTH(with_64k);
    expect_success(state, &c, 0xa0201000, 0xff, 3);
}

static void tables_can_stand_at_both_ends_of_physical_memory(void **state)
{
    const uint64_t ends[] = {0, (UINT64_C(1) << 48) - 0x2000};

    for (size_t i = 0; i < LENGTH(ends); i++) {
        const struct wd_ram there[] = {{ends[i], 0x2000, false}};
        const struct wd_word words[] = {
            {ends[i] + 8, (ends[i] + 0x1000) | TABLE},
            {ends[i] + 0x1008, UINT64_C(0x80200000) | BLOCK},
        };
        struct wd_case c = make_case(WD_AT_S1E1R, VA, words, LENGTH(words));

        c.ram = there;
        c.regs[WD_ID_AA64MMFR0_EL1] = WD_WITH(c.regs[WD_ID_AA64MMFR0_EL1], ID_AA64MMFR0_EL1, PARange, 5);
        c.regs[WD_TCR_EL1] = WD_WITH(c.regs[WD_TCR_EL1], TCR_EL1, IPS, 5);
        c.regs[WD_TTBR0_EL1] = ends[i];
        expect_success(state, &c, 0x80201000, 0xff, 3);
    }
}

static void with_the_mmu_off_the_address_is_the_same(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E1R, VA, NULL, 0);

    c.regs[WD_SCTLR_EL1] = 0;
    assert_int_equal(WD_GET(answer(state, &c).par, PAR_EL1, PA), VA >> 12);
    c.va = UINT64_C(1) << 44;
    expect_fault(state, &c, 0, false, false);
}

/* ---------------------------------------------------------------- reads outside memory */

static void a_table_outside_memory_is_an_external_abort_with_its_level(void **state)
{
    const struct wd_word outside[] = {{S1_TABLE + 8, UINT64_C(0x1230000000) | TABLE}};
    struct wd_case c = make_case(WD_AT_S1E1R, VA, outside, LENGTH(outside));

    expect_exception(state, &c, EXTERNAL_ABORT + 2, false, false);
    c.regs[WD_TTBR0_EL1] = UINT64_C(0x3000000000);
    expect_exception(state, &c, EXTERNAL_ABORT + 1, false, false);
}

static void a_stage_2_table_outside_memory_is_a_stage_2_external_abort(void **state)
{
    const struct wd_word outside[] = {
        s1_block[0],
        s1_block[1],
        {S2_TABLE + 8, UINT64_C(0x40000000) | S2_BLOCK},
        {S2_TABLE + 16, UINT64_C(0x1230000000) | TABLE},
    };
    struct wd_case c = make_case(WD_AT_S12E1R, VA, outside, LENGTH(outside));

    turn_stage2_on(&c);
    expect_exception(state, &c, EXTERNAL_ABORT + 2, true, false);
}

static void an_external_abort_on_a_stage_2_walk_for_a_stage_1_table_is_unsupported(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E1R, VA, s1_block, LENGTH(s1_block));

    turn_stage2_on(&c);
    c.regs[WD_VTTBR_EL2] = UINT64_C(0x3000000000);
    expect_unsupported(state, &c, "external abort on a stage 2 walk for a stage 1 table");
}

/* ---------------------------------------------------------------- EL2, stage 2 */

static void the_el2_regime_has_registers_of_its_own(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E2R, VA, s1_block, LENGTH(s1_block));

    c.regs[WD_TTBR0_EL1] = c.regs[WD_SCTLR_EL1] = c.regs[WD_TCR_EL1] = c.regs[WD_MAIR_EL1] = 0;
    expect_success(state, &c, 0x80201000, 0xff, 3);
}

static void the_el2_regime_has_one_range(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E2R, UINT64_C(0xffffffffc0201234), s1_block, LENGTH(s1_block));

    expect_fault(state, &c, TRANSLATION, false, false);
}

/* IPA 0x80201000 to 0xc0201000 by a 1 GiB block; tables at 0x40000000 stay where they are. */
static const struct wd_word both_stages[] = {
    {S1_TABLE + 8, (S1_TABLE + 0x1000) | TABLE},
    {S1_TABLE + 0x1008, UINT64_C(0x80200000) | BLOCK | AP_USER},
    {S2_TABLE + 8, UINT64_C(0x40000000) | S2_BLOCK},
    {S2_TABLE + 16, UINT64_C(0xc0000000) | S2_BLOCK},
};

static void both_stages_are_walked(void **state)
{
    struct wd_case c = make_case(WD_AT_S12E1R, VA, both_stages, LENGTH(both_stages));

    turn_stage2_on(&c);
    expect_success(state, &c, 0xc0201000, 0xff, 3);
    c.op = WD_AT_S1E1R;
    expect_success(state, &c, 0x80201000, 0xff, 3);
}

static void a_stage_2_fault_of_the_output_is_told_apart(void **state)
{
    struct wd_case c = make_case(WD_AT_S12E1R, VA, both_stages, LENGTH(both_stages) - 1);

    turn_stage2_on(&c);
    expect_fault(state, &c, TRANSLATION + 1, true, false);
}

static void a_stage_2_fault_on_the_walk_is_a_par_at_el2_and_an_exception_at_el1(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E1R, VA, both_stages, 2);

    turn_stage2_on(&c);
    expect_fault(state, &c, TRANSLATION + 1, true, true);
    c.el = 1;
    expect_exception(state, &c, TRANSLATION + 1, true, true);
}

/* ---------------------------------------------------------------- features */

static void control_bits_of_absent_features_have_no_effect(void **state)
{
    const struct wd_word no_user[] = {{s1_block[0].pa, s1_block[0].value | UINT64_C(1) << 61}, s1_block[1]};
    struct wd_case c = make_case(WD_AT_S1E0R, VA, no_user, LENGTH(no_user));

    c.regs[WD_TCR_EL1] = WD_WITH(c.regs[WD_TCR_EL1], TCR_EL1, HPD0, 1);
    expect_fault(state, &c, PERMISSION + 2, false, false);
    add_feature(&c, WD_FEAT_HPDS);
    expect_success(state, &c, 0x80201000, 0xff, 3);
}

static void features_that_unicorn_lacks_are_unsupported_where_they_count(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E1R, VA, s1_block, LENGTH(s1_block));

    c.regs[WD_ID_AA64MMFR0_EL1] = WD_WITH(c.regs[WD_ID_AA64MMFR0_EL1], ID_AA64MMFR0_EL1, TGran4, 1);
    expect_success(state, &c, 0x80201000, 0xff, 3);
    c.regs[WD_TCR_EL1] = WD_WITH(c.regs[WD_TCR_EL1], TCR_EL1, DS, 1);
    expect_unsupported(state, &c, "FEAT_LPA2");
}

/* With FEAT_MTE_PERM stage 2 MemAttr 0100 is no longer reserved. */
static void tag_permissions_count_only_where_stage_2_gives_attributes(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E1R, VA, both_stages, LENGTH(both_stages));

    turn_stage2_on(&c);
    add_feature(&c, WD_FEAT_MTE_PERM);
    expect_success(state, &c, 0x80201000, 0xff, 3);
    c.op = WD_AT_S12E1R;
    expect_unsupported(state, &c, "FEAT_MTE_PERM");
}

static void hardware_updates_count_only_where_they_could_prevent_a_fault(void **state)
{
    const struct wd_word not_accessed[] = {s1_block[0], {s1_block[1].pa, s1_block[1].value & ~UINT64_C(0x400)}};
    struct wd_case c = make_case(WD_AT_S1E1R, VA, s1_block, LENGTH(s1_block));

    add_feature(&c, WD_FEAT_HAFDBS);
    c.regs[WD_TCR_EL1] = WD_WITH(c.regs[WD_TCR_EL1], TCR_EL1, HA, 1);
    expect_success(state, &c, 0x80201000, 0xff, 3);
    c.mem = not_accessed;
    expect_unsupported(state, &c, "FEAT_HAFDBS");
}

static void the_el20_regime_is_unsupported(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E2R, VA, s1_block, LENGTH(s1_block));

    add_feature(&c, WD_FEAT_VHE);
    c.regs[WD_HCR_EL2] = WD_WITH(c.regs[WD_HCR_EL2], HCR_EL2, E2H, 1);
    expect_unsupported(state, &c, "the EL2&0 regime");
}

static void an_operation_that_is_undefined_is_unsupported(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E1A, VA, s1_block, LENGTH(s1_block));

    expect_unsupported(state, &c, "FEAT_ATS1A");
    c.op = WD_AT_S12E1R;
    c.el = 1;
    expect_unsupported(state, &c, "UNDEFINED at EL1; the stub runs at EL3");
}

/* The 64 KiB at 0xb6d7a510000. */
static void memory_where_the_stub_is_makes_a_case_unsupported(void **state)
{
    const uint64_t stub = UINT64_C(0x0b6d7a510000);
    const struct wd_ram around[] = {{0, UINT64_C(1) << 44, false}, {stub + 0xfff8, 8, false}, {stub - 8, 16, false}};
    const struct wd_ram beside[] = {ram[0], {stub - 8, 8, false}, {stub + 0x10000, 8, false}};
    const struct wd_word points_at_it[] = {{S1_TABLE + 8, (stub + 0x2000) | TABLE}};
    struct wd_case c = make_case(WD_AT_S1E1R, VA, s1_block, LENGTH(s1_block));

    for (size_t i = 0; i < LENGTH(around); i++) {
        c.ram = &around[i];
        expect_unsupported(state, &c, "memory where the stub is");
    }
    c.ram = beside;
    c.ram_count = LENGTH(beside);
    expect_success(state, &c, 0x80201000, 0xff, 3);
    c.mem = points_at_it;
    c.mem_count = LENGTH(points_at_it);
    expect_unsupported(state, &c, "memory where the stub is");
    c.regs[WD_TTBR0_EL1] = stub;
    expect_unsupported(state, &c, "memory where the stub is");
}

static void pending_virtual_interrupts_do_not_stop_it(void **state)
{
    struct wd_case c = make_case(WD_AT_S1E1R, VA, s1_block, LENGTH(s1_block));

    c.regs[WD_HCR_EL2] = WD_WITH(c.regs[WD_HCR_EL2], HCR_EL2, VF, 1);
    c.regs[WD_HCR_EL2] = WD_WITH(c.regs[WD_HCR_EL2], HCR_EL2, VI, 1);
    c.regs[WD_HCR_EL2] = WD_WITH(c.regs[WD_HCR_EL2], HCR_EL2, VSE, 1);
    expect_success(state, &c, 0x80201000, 0xff, 3);
}

/* What the adapter takes for granted, or cases with other sizes than Unicorn's could not be given to it. */
static void output_addresses_are_not_checked_against_any_size(void **state)
{
    const struct wd_word far[] = {s1_block[0], {s1_block[1].pa, UINT64_C(0xfff800200000) | BLOCK}};
    struct wd_case c = make_case(WD_AT_S1E1R, VA, far, LENGTH(far));

    c.regs[WD_TCR_EL1] = WD_WITH(c.regs[WD_TCR_EL1], TCR_EL1, IPS, 0);
    expect_success(state, &c, 0xfff800201000, 0xff, 3);
}

/* ---------------------------------------------------------------- the interface */

static void a_batch_of_any_size_is_answered_in_order(void **state)
{
    enum { COUNT = 700 };
    static struct wd_case cases[COUNT];
    static struct wd_result results[COUNT];
    const struct wd_case *pointers[COUNT];
    const struct module *module = *state;
    volatile uint32_t done = 0;

    for (unsigned i = 0; i < COUNT; i++) {
        cases[i] = make_case(WD_AT_S1E1R, VA + i * UINT64_C(0x1000) % 0x100000, s1_block, LENGTH(s1_block));
        if (i % 7 == 3)
            cases[i].op = WD_AT_S1E1A;
        pointers[i] = &cases[i];
    }
    module->api->answer(module->walker, pointers, results, COUNT, &done);
    assert_int_equal(done, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(results[i].answer, i % 7 == 3 ? WD_ANSWER_UNSUPPORTED : WD_ANSWER_PAR);
        if (i % 7 != 3)
            assert_int_equal(WD_GET(results[i].par, PAR_EL1, PA), (cases[i].va + 0x40000000) >> 12);
    }
}

/* Cases of one kind are asked together; that is nobody's concern, not even where one of them ends the process. */
static void a_crash_is_blamed_on_its_case_though_others_are_asked_before_their_turn(void **state)
{
    enum { COUNT = 4, CULPRIT = 2 };
    struct shared {
        struct wd_result results[COUNT];
        volatile uint32_t done;
    } *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const struct wd_word *poison = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct module *module = *state;
    const struct wd_case *pointers[COUNT];
    struct wd_case cases[COUNT];
    int status;

    for (unsigned i = 0; i < COUNT; i++) {
        cases[i] = make_case(WD_AT_S1E1R, VA, s1_block, LENGTH(s1_block));
        pointers[i] = &cases[i];
    }
    turn_stage2_on(&cases[1]); /* of another kind: it is asked behind the others */
    cases[CULPRIT].mem = poison;
    if (fork() == 0) {
        signal(SIGSEGV, SIG_DFL); /* which the test runner has a handler for */
        module->api->answer(module->walker, pointers, shared->results, COUNT, &shared->done);
        _exit(0);
    }
    assert_true(wait(&status) > 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_int_equal(shared->done, CULPRIT);
    for (unsigned i = 0; i < CULPRIT; i++)
        assert_int_equal(shared->results[i].par, answer(state, &cases[i]).par);
    assert_int_not_equal(shared->results[0].par, shared->results[1].par);
    munmap((void *)poison, 4096);
    munmap(shared, sizeof(*shared));
}

static void options_are_refused(void **state)
{
    const struct module *module = *state;
    char error[128];

    assert_null(module->api->open("cpu=max", error, sizeof(error)));
    assert_non_null(strstr(error, "cpu=max"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_gives_address_and_attributes),
        cmocka_unit_test(an_invalid_descriptor_is_a_translation_fault_at_its_level),
        cmocka_unit_test(an_address_out_of_range_is_a_translation_fault_at_level_0),
        cmocka_unit_test(an_unprivileged_access_without_permission_faults),
        cmocka_unit_test(a_write_to_read_only_memory_faults),
        cmocka_unit_test(pan_stops_the_operations_that_look_at_it),
        cmocka_unit_test(descriptors_are_read_big_endian_if_the_regime_says_so),
        cmocka_unit_test(other_granules_are_walked),
        cmocka_unit_test(tables_can_stand_at_both_ends_of_physical_memory),
        cmocka_unit_test(with_the_mmu_off_the_address_is_the_same),
        cmocka_unit_test(a_table_outside_memory_is_an_external_abort_with_its_level),
        cmocka_unit_test(a_stage_2_table_outside_memory_is_a_stage_2_external_abort),
        cmocka_unit_test(an_external_abort_on_a_stage_2_walk_for_a_stage_1_table_is_unsupported),
        cmocka_unit_test(the_el2_regime_has_registers_of_its_own),
        cmocka_unit_test(the_el2_regime_has_one_range),
        cmocka_unit_test(both_stages_are_walked),
        cmocka_unit_test(a_stage_2_fault_of_the_output_is_told_apart),
        cmocka_unit_test(a_stage_2_fault_on_the_walk_is_a_par_at_el2_and_an_exception_at_el1),
        cmocka_unit_test(control_bits_of_absent_features_have_no_effect),
        cmocka_unit_test(features_that_unicorn_lacks_are_unsupported_where_they_count),
        cmocka_unit_test(tag_permissions_count_only_where_stage_2_gives_attributes),
        cmocka_unit_test(hardware_updates_count_only_where_they_could_prevent_a_fault),
        cmocka_unit_test(the_el20_regime_is_unsupported),
        cmocka_unit_test(an_operation_that_is_undefined_is_unsupported),
        cmocka_unit_test(memory_where_the_stub_is_makes_a_case_unsupported),
        cmocka_unit_test(pending_virtual_interrupts_do_not_stop_it),
        cmocka_unit_test(output_addresses_are_not_checked_against_any_size),
        cmocka_unit_test(a_batch_of_any_size_is_answered_in_order),
        cmocka_unit_test(a_crash_is_blamed_on_its_case_though_others_are_asked_before_their_turn),
        cmocka_unit_test(options_are_refused),
    };

    return cmocka_run_group_tests(tests, open_walker, close_walker);
}
