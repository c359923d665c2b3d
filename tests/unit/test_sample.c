/* SPDX-License-Identifier: MIT */
/*
 * The sample walker where the vectors do not reach it, by scenarios: cases made by hand. Its defects have stored cases
 * and a test of their own, test_seed_defects.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "harness/walkers/sample/sample.h"

/* ------------------------------------------------------------------------------------------------ building cases */

enum {
    RAM_BASE = 0x40000000,
    RAM_SIZE = 0x2000000,
    STAGE1_TABLES = 0x40000000, /* a table every 64K, one a level */
    STAGE2_TABLES = 0x40800000,
    TABLE_STRIDE = 0x10000,
    WORDS_MAX = 32,
};

/* Addresses that most scenarios use. */
#define VA   UINT64_C(0x0000123456789abc)
#define PAGE UINT64_C(0x0000000187654000)
#define IPA  UINT64_C(0x40a00000)

/* Bits of descriptors. */
#define BIT(n)                          (UINT64_C(1) << (n))
#define TABLE                           UINT64_C(3)
#define AP1                             BIT(6)
#define AP2                             BIT(7)
#define AF                              BIT(10)
#define NT                              BIT(16)
#define DBM                             BIT(51)
#define UXN                             BIT(54)
#define AP_TABLE1                       BIT(62)
#define INNER_SHAREABLE                 (UINT64_C(3) << 8)
#define LEAF_BITS                       (UXN | AF | INNER_SHAREABLE)
#define STAGE1_PAGE(pa)                 ((pa) | LEAF_BITS | 3)
#define STAGE1_BLOCK(pa)                ((pa) | LEAF_BITS | 1)
#define S2AP_READ                       BIT(6)
#define S2AP_WRITE                      BIT(7)
#define MEM_ATTR(attr)                  ((uint64_t)(attr) << 2)
#define STAGE2_BLOCK_WITHOUT_ACCESS(pa) ((pa) | AF | INNER_SHAREABLE | MEM_ATTR(15) | 1)
#define STAGE2_BLOCK(pa)                (STAGE2_BLOCK_WITHOUT_ACCESS(pa) | S2AP_READ | S2AP_WRITE)

struct scenario {
    struct wd_case c;
    struct wd_ram ram[2];
    struct wd_word mem[WORDS_MAX];
    bool big_endian; /* put() swaps */
};

#define SET(s, reg, layout, field, value) ((s)->c.regs[WD_##reg] = WD_WITH((s)->c.regs[WD_##reg], layout, field, value))

static void put(struct scenario *s, uint64_t pa, uint64_t value)
{
    uint32_t i = s->c.mem_count;

    assert_true(i < WORDS_MAX);
    for (; i && s->mem[i - 1].pa > pa; i--)
        s->mem[i] = s->mem[i - 1];
    s->mem[i] = (struct wd_word){pa, s->big_endian ? __builtin_bswap64(value) : value};
    s->c.mem_count++;
}

/* The tables from `start` to `leaf`. */
struct path {
    unsigned page_bits, input_bits;
    int start, leaf;
    uint64_t base;
    uint64_t table_bits; /* or'ed into the table descriptors */
};

static uint64_t descriptor_address(const struct path *path, int level, uint64_t input)
{
    unsigned stride = path->page_bits - 3, low = path->page_bits + (unsigned)(3 - level) * stride;
    unsigned end = level == path->start ? path->input_bits : low + stride;

    return path->base + (uint64_t)(level - path->start) * TABLE_STRIDE +
           8 * (end > low ? wd_bits(input, end - 1, low) : 0);
}

/* Puts table descriptors down to `path.leaf`, and `leaf` there. */
static void map(struct scenario *s, struct path path, uint64_t input, uint64_t leaf)
{
    for (int level = path.start; level < path.leaf; level++)
        put(s, descriptor_address(&path, level, input),
            (path.base + (uint64_t)(level + 1 - path.start) * TABLE_STRIDE) | path.table_bits | TABLE);
    put(s, descriptor_address(&path, path.leaf, input), leaf);
}

static const struct path stage1_path = {
    .page_bits = 12, .input_bits = 48, .start = 0, .leaf = 3, .base = STAGE1_TABLES};
static const struct path stage2_path = {
    .page_bits = 12, .input_bits = 39, .start = 1, .leaf = 1, .base = STAGE2_TABLES};

static void start(struct scenario *s, enum wd_operation op, uint64_t va)
{
    memset(s, 0, sizeof(*s));
    s->ram[0] = (struct wd_ram){RAM_BASE, RAM_SIZE, false};
    s->c = (struct wd_case){.op = (uint8_t)op, .el = 2, .va = va, .ram_count = 1, .ram = s->ram, .mem = s->mem};
    s->c.regs[WD_HCR_EL2] = WD_HCR_EL2_DEFAULT;
    SET(s, ID_AA64MMFR0_EL1, ID_AA64MMFR0_EL1, PARange, 5);
    SET(s, ID_AA64MMFR0_EL1, ID_AA64MMFR0_EL1, TGran16, 1);
    SET(s, ID_AA64MMFR1_EL1, ID_AA64MMFR1_EL1, VH, 1);
    SET(s, ID_AA64MMFR1_EL1, ID_AA64MMFR1_EL1, HPDS, 1);
    SET(s, ID_AA64MMFR1_EL1, ID_AA64MMFR1_EL1, PAN, 3);
    SET(s, ID_AA64MMFR2_EL1, ID_AA64MMFR2_EL1, FWB, 1);
    SET(s, ID_AA64MMFR2_EL1, ID_AA64MMFR2_EL1, E0PD, 1);
}

/* EL1&0: 48 bits of 4K pages in both ranges; MAIR: write-back, Device-nGnRnE, Non-cacheable. */
static void start_el1(struct scenario *s, enum wd_operation op, uint64_t va)
{
    start(s, op, va);
    SET(s, SCTLR_EL1, SCTLR_EL1, M, 1);
    SET(s, SCTLR_EL1, SCTLR_EL1, C, 1);
    SET(s, TCR_EL1, TCR_EL1, T0SZ, 16);
    SET(s, TCR_EL1, TCR_EL1, T1SZ, 16);
    SET(s, TCR_EL1, TCR_EL1, TG1, 2);
    SET(s, TCR_EL1, TCR_EL1, IPS, 5);
    s->c.regs[WD_MAIR_EL1] = 0x4400ff;
    s->c.regs[WD_TTBR0_EL1] = s->c.regs[WD_TTBR1_EL1] = STAGE1_TABLES;
}

/* EL2 with E2H = 0: 48 bits of 4K pages. */
static void start_el2(struct scenario *s, enum wd_operation op, uint64_t va)
{
    start(s, op, va);
    SET(s, SCTLR_EL2, SCTLR_EL2, M, 1);
    SET(s, SCTLR_EL2, SCTLR_EL2, C, 1);
    SET(s, TCR_EL2, TCR_EL2, T0SZ, 16);
    SET(s, TCR_EL2, TCR_EL2, PS, 5);
    s->c.regs[WD_MAIR_EL1] = 0xff;
    s->c.regs[WD_MAIR_EL2] = 0x44;
    s->c.regs[WD_TTBR0_EL2] = STAGE1_TABLES;
}

static void start_el1_page(struct scenario *s, enum wd_operation op)
{
    start_el1(s, op, VA);
    map(s, stage1_path, VA, STAGE1_PAGE(PAGE));
}

/* Stage 2: 39 bits from level 1 of the 4K granule. */
static void turn_stage2_on(struct scenario *s)
{
    SET(s, HCR_EL2, HCR_EL2, VM, 1);
    SET(s, VTCR_EL2, VTCR_EL2, T0SZ, 25);
    SET(s, VTCR_EL2, VTCR_EL2, SL0, 1);
    SET(s, VTCR_EL2, VTCR_EL2, PS, 5);
    s->c.regs[WD_VTTBR_EL2] = STAGE2_TABLES;
}

/* Stage 2 alone: stage 1 is off. */
static void start_stage2(struct scenario *s, enum wd_operation op, uint64_t ipa)
{
    start(s, op, ipa);
    turn_stage2_on(s);
}

/* Both stages: a 4K page at stage 1, whose tables stage 2 maps flat with `block`. */
static void start_both(struct scenario *s, enum wd_operation op, uint64_t block)
{
    start_el1(s, op, VA);
    map(s, stage1_path, VA, STAGE1_PAGE(IPA));
    turn_stage2_on(s);
    map(s, stage2_path, STAGE1_TABLES, block);
}

/* ------------------------------------------------------------------------------------------------ asking the walker */

/* Asks the walker with some options. */
static void ask(const char *options, const struct scenario *s, struct wd_result *result)
{
    const struct wd_walker_api *api = wd_walker_sample();
    const struct wd_case *c = &s->c;
    volatile uint32_t done = 0;
    char error[200];
    void *walker = api->open(options, error, sizeof(error));

    if (!walker)
        fail_msg("open(\"%s\"): %s", options, error);
    memset(result, 0xa5, sizeof(*result));
    api->answer(walker, &c, result, 1, &done);
    assert_int_equal(done, 1);
    api->close(walker);
}

static void describe(const struct wd_result *result, char *text, size_t size)
{
    if (result->answer == WD_ANSWER_PAR)
        snprintf(text, size, "par %#018llx", (unsigned long long)result->par);
    else if (result->answer == WD_ANSWER_EXCEPTION)
        snprintf(text, size, "exception fst %#x stage2 %d s1ptw %d", result->exception.fst, result->exception.stage2,
                 result->exception.s1ptw);
    else
        snprintf(text, size, "answer %d %s", result->answer, result->text);
}

/* PAR_EL1 of a success. */
static uint64_t success(uint64_t pa, uint64_t attr, uint64_t sh)
{
    uint64_t par = WD_WITH(WD_WITH(0, PAR_EL1, NSE, 1), PAR_EL1, PA, pa >> 12);

    return WD_WITH(WD_WITH(par, PAR_EL1, ATTR, attr), PAR_EL1, SH, sh);
}

/* Members of PAR_EL1 that only faults have. */
#define FAULT_STAGE2    WD_WITH(0, PAR_EL1_F, S, 1)
#define FAULT_ON_WALK   WD_WITH(FAULT_STAGE2, PAR_EL1_F, PTW, 1)
#define FAULT_OVERLAY   WD_WITH(0, PAR_EL1_F, Overlay, 1)
#define FAULT_DIRTY_BIT WD_WITH(0, PAR_EL1_F, DirtyBit, 1)

static uint64_t fault(uint64_t fst, uint64_t further)
{
    return WD_WITH(WD_WITH(WD_WITH(0, PAR_EL1_F, F, 1), PAR_EL1_F, RES1, 1), PAR_EL1_F, FST, fst) | further;
}

enum { SH_NONE = 0, SH_OUTER = 2, SH_INNER = 3 };
enum { DEVICE = 0x00, NON_CACHEABLE = 0x44, WRITE_BACK = 0xff };

static void expect_par(const struct scenario *s, uint64_t par)
{
    struct wd_result result;
    char got[120];

    ask("", s, &result);
    describe(&result, got, sizeof(got));
    if (result.answer != WD_ANSWER_PAR || result.par != par)
        fail_msg("expected par %#018llx, got %s", (unsigned long long)par, got);
}

static void expect_exception(const struct scenario *s, unsigned fst, bool stage2, bool s1ptw)
{
    struct wd_result result;
    char got[120];

    ask("", s, &result);
    describe(&result, got, sizeof(got));
    if (result.answer != WD_ANSWER_EXCEPTION || result.exception.fst != fst || result.exception.stage2 != stage2 ||
        result.exception.s1ptw != s1ptw)
        fail_msg("expected exception fst %#x stage2 %d s1ptw %d, got %s", fst, stage2, s1ptw, got);
}

/* ------------------------------------------------------------------------------------------------ scenarios */

static void build_plain(struct scenario *s)
{
    start_el1_page(s, WD_AT_S1E1R);
}

static void build_epd(struct scenario *s)
{
    start_el1_page(s, WD_AT_S1E1R);
    SET(s, TCR_EL1, TCR_EL1, EPD0, 1);
}

static void build_el2(struct scenario *s)
{
    start_el2(s, WD_AT_S1E2R, VA);
    map(s, stage1_path, VA, STAGE1_PAGE(PAGE));
}

static void build_ap_table(struct scenario *s)
{
    struct path path = stage1_path;

    path.table_bits = AP_TABLE1;
    start_el1(s, WD_AT_S1E1W, VA);
    map(s, path, VA, STAGE1_PAGE(PAGE));
}

static void build_access_flag_clear(struct scenario *s)
{
    start_el1(s, WD_AT_S1E1R, VA);
    map(s, stage1_path, VA, STAGE1_PAGE(PAGE) & ~AF);
}

static void build_caches_off(struct scenario *s)
{
    start_el1_page(s, WD_AT_S1E1R);
    SET(s, SCTLR_EL1, SCTLR_EL1, C, 0);
}

static void build_walk_unmapped_at_stage2(struct scenario *s)
{
    start_both(s, WD_AT_S1E1R, 0);
}

/* ------------------------------------------------------------------------------------------------ options */

static void expect_open_error(const char *options, const char *expected)
{
    char error[200] = "";

    assert_null(wd_walker_sample()->open(options, error, sizeof(error)));
    assert_string_equal(error, expected);
}

static void an_unknown_option_is_an_error_that_names_it(void **state)
{
    (void)state;
    expect_open_error("defects=S1-02",
                      "sample: unknown option \"defects=S1-02\"; it takes defect=ID, several joined with '+'");
    expect_open_error("defect=S1-02+S9-99", "sample: no defect \"S9-99\"; `walkdiff walkers` lists them");
    expect_open_error("defect=", "sample: no defect \"\"; `walkdiff walkers` lists them");
}

static void several_defects_act_together(void **state)
{
    struct scenario s;
    struct wd_result result;

    (void)state;
    build_epd(&s);
    s.c.va |= BIT(48);
    ask("defect=S1-05+S1-06", &s, &result);
    assert_int_equal(result.answer, WD_ANSWER_PAR);
    assert_int_equal(result.par, success(PAGE, WRITE_BACK, SH_INNER));
}

/* ------------------------------------------------------------------------------------------------ instructions,
 * regimes */

static void s1e1a_ignores_permissions_but_not_the_access_flag(void **state)
{
    struct scenario s;

    (void)state;
    start_el1(&s, WD_AT_S1E1A, VA);
    SET(&s, ID_AA64ISAR2_EL1, ID_AA64ISAR2_EL1, ATS1A, 1);
    SET(&s, ID_AA64MMFR3_EL1, ID_AA64MMFR3_EL1, TCRX, 1);
    SET(&s, ID_AA64MMFR3_EL1, ID_AA64MMFR3_EL1, S1POE, 1);
    SET(&s, ID_AA64MMFR1_EL1, ID_AA64MMFR1_EL1, HCX, 1);
    SET(&s, HCRX_EL2, HCRX_EL2, TCR2En, 1);
    SET(&s, TCR2_EL1, TCR2_EL1, POE, 1); /* POR_EL1 = 0: no access */
    s.c.pan = 1;
    map(&s, stage1_path, VA, STAGE1_PAGE(PAGE) | AP1);
    expect_par(&s, success(PAGE, WRITE_BACK, SH_INNER));
    s.mem[s.c.mem_count - 1].value &= ~AF;
    expect_par(&s, fault(0x0b, 0));
}

static void instructions_that_do_not_exist_or_are_above_el1_are_undefined(void **state)
{
    static const struct {
        uint8_t op, el, pan, ats1a;
        bool trap;
    } undefined[] = {
        {WD_AT_S1E1RP, 2, 1, 0, false}, {WD_AT_S1E1WP, 2, 0, 0, false}, {WD_AT_S1E1A, 2, 3, 0, false},
        {WD_AT_S1E2A, 2, 3, 0, false},  {WD_AT_S1E2R, 1, 3, 0, false},  {WD_AT_S1E2A, 1, 3, 1, false},
        {WD_AT_S12E0W, 1, 3, 0, false}, {WD_AT_S12E1R, 1, 3, 0, false}, {WD_AT_S1E0R, 1, 3, 0, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(undefined) / sizeof(undefined[0]); i++) {
        struct scenario s;
        struct wd_result result;

        start_el1_page(&s, (enum wd_operation)undefined[i].op);
        s.c.el = undefined[i].el;
        SET(&s, ID_AA64MMFR1_EL1, ID_AA64MMFR1_EL1, PAN, undefined[i].pan);
        SET(&s, ID_AA64ISAR2_EL1, ID_AA64ISAR2_EL1, ATS1A, undefined[i].ats1a);
        SET(&s, ID_AA64MMFR2_EL1, ID_AA64MMFR2_EL1, NV, 1);
        SET(&s, HCR_EL2, HCR_EL2, AT, undefined[i].trap);
        ask("", &s, &result);
        if (result.answer != WD_ANSWER_UNDEFINED)
            fail_msg("%s at EL%d (row %zu) is not UNDEFINED", wd_operation_names[undefined[i].op], undefined[i].el, i);
    }
}

static void a_host_translates_by_el2_without_stage_2_or_default_cacheability(void **state)
{
    struct scenario s;

    (void)state;
    start_el1_page(&s, WD_AT_S1E1R);
    s.c.regs[WD_TCR_EL2] = s.c.regs[WD_TCR_EL1];
    s.c.regs[WD_SCTLR_EL2] = s.c.regs[WD_SCTLR_EL1];
    s.c.regs[WD_TTBR0_EL2] = s.c.regs[WD_TTBR0_EL1];
    s.c.regs[WD_MAIR_EL2] = NON_CACHEABLE;
    turn_stage2_on(&s);
    SET(&s, HCR_EL2, HCR_EL2, E2H, 1);
    SET(&s, HCR_EL2, HCR_EL2, TGE, 1);
    SET(&s, HCR_EL2, HCR_EL2, DC, 1);
    expect_par(&s, success(PAGE, NON_CACHEABLE, SH_OUTER));
    s.c.op = WD_AT_S12E1R;
    expect_par(&s, success(PAGE, NON_CACHEABLE, SH_OUTER));
}

static void tge_turns_stage_1_off_and_leaves_stage_2_on(void **state)
{
    struct scenario s;

    (void)state;
    start_both(&s, WD_AT_S12E1R, STAGE2_BLOCK(RAM_BASE));
    s.c.va = IPA;
    SET(&s, HCR_EL2, HCR_EL2, TGE, 1);
    expect_par(&s, success(IPA, DEVICE, SH_OUTER));
    SET(&s, HCR_EL2, HCR_EL2, VM, 0);
    SET(&s, HCR_EL2, HCR_EL2, DC, 1); /* implies VM */
    expect_par(&s, success(IPA, WRITE_BACK, SH_INNER));
    s.c.va = IPA + BIT(30);
    expect_par(&s, fault(0x05, FAULT_STAGE2));
}

static void e2h_is_1_where_it_cannot_be_0(void **state)
{
    struct scenario s;

    (void)state;
    start_el1_page(&s, WD_AT_S1E2R);
    s.c.regs[WD_TCR_EL2] = s.c.regs[WD_TCR_EL1]; /* in the layout of E2H = 1 */
    s.c.regs[WD_SCTLR_EL2] = s.c.regs[WD_SCTLR_EL1];
    s.c.regs[WD_TTBR0_EL2] = s.c.regs[WD_TTBR0_EL1];
    s.c.regs[WD_MAIR_EL2] = s.c.regs[WD_MAIR_EL1];
    SET(&s, ID_AA64MMFR4_EL1, ID_AA64MMFR4_EL1, E2H0, 15);
    expect_par(&s, success(PAGE, WRITE_BACK, SH_INNER));
}

static void a_control_of_a_feature_that_the_walker_does_not_know_is_unsupported(void **state)
{
    struct scenario s;
    struct wd_result result;

    (void)state;
    build_plain(&s);
    SET(&s, TCR_EL1, TCR_EL1, MTX0, 1);
    expect_par(&s, success(PAGE, WRITE_BACK, SH_INNER)); /* without the feature the bit is nothing */
    SET(&s, ID_AA64PFR1_EL1, ID_AA64PFR1_EL1, MTEX, 1);
    ask("", &s, &result);
    assert_int_equal(result.answer, WD_ANSWER_UNSUPPORTED);
    assert_string_equal(result.text, "TCR_EL1.MTX0 is set");
}

static void a_field_of_the_other_layout_of_tcr_el2_is_no_reason_to_be_unsupported(void **state)
{
    struct scenario s;
    struct wd_result result;

    (void)state;
    build_el2(&s);
    SET(&s, ID_AA64PFR1_EL1, ID_AA64PFR1_EL1, MTEX, 1);
    SET(&s, TCR_EL2, TCR_EL2_E2H, MTX0, 1);
    expect_par(&s, success(PAGE, NON_CACHEABLE, SH_OUTER));
    SET(&s, TCR_EL2, TCR_EL2, MTX, 1);
    ask("", &s, &result);
    assert_int_equal(result.answer, WD_ANSWER_UNSUPPORTED);
}

/* ------------------------------------------------------------------------------------------------ hardware updates */

static void manage_access_flag(struct scenario *s)
{
    SET(s, ID_AA64MMFR1_EL1, ID_AA64MMFR1_EL1, HAFDBS, 2);
    SET(s, TCR_EL1, TCR_EL1, HA, 1);
}

static void expect_change(const struct wd_result *result, unsigned i, uint64_t pa, uint64_t value)
{
    assert_true(i < result->changed_count);
    assert_int_equal(result->changed[i].pa, pa);
    assert_int_equal(result->changed[i].value, value);
}

static void the_access_flag_is_set_in_the_byte_order_of_the_tables(void **state)
{
    uint64_t leaf = STAGE1_PAGE(PAGE) & ~AF;
    struct scenario s;
    struct wd_result result;

    (void)state;
    start_el1(&s, WD_AT_S1E1R, VA);
    SET(&s, SCTLR_EL1, SCTLR_EL1, EE, 1);
    s.big_endian = true;
    manage_access_flag(&s);
    map(&s, stage1_path, VA, leaf);
    ask("", &s, &result);
    assert_int_equal(result.par, success(PAGE, WRITE_BACK, SH_INNER));
    assert_int_equal(result.changed_count, 1);
    expect_change(&result, 0, descriptor_address(&stage1_path, 3, VA), __builtin_bswap64(leaf | AF));
}

static void an_update_that_memory_refuses_is_an_external_abort(void **state)
{
    struct scenario s;

    (void)state;
    build_access_flag_clear(&s);
    manage_access_flag(&s);
    s.ram[0].read_only = true;
    expect_exception(&s, 0x17, false, false);
}

static void the_update_of_a_stage_1_descriptor_needs_stage_2_write_permission_and_dirties_its_leaf(void **state)
{
    uint64_t block = STAGE2_BLOCK(RAM_BASE) & ~S2AP_WRITE;
    struct scenario s;
    struct wd_result result;

    (void)state;
    start_both(&s, WD_AT_S1E1R, block | DBM);
    manage_access_flag(&s);
    for (unsigned i = 0; i < s.c.mem_count; i++)
        if (s.mem[i].pa == descriptor_address(&stage1_path, 3, VA))
            s.mem[i].value &= ~AF;
    expect_par(&s, fault(0x0d, FAULT_ON_WALK));
    SET(&s, VTCR_EL2, VTCR_EL2, HA, 1);
    SET(&s, VTCR_EL2, VTCR_EL2, HD, 1);
    ask("", &s, &result);
    assert_int_equal(result.par, success(IPA, WRITE_BACK, SH_INNER));
    assert_int_equal(result.changed_count, 2);
    expect_change(&result, 0, descriptor_address(&stage1_path, 3, VA), STAGE1_PAGE(IPA));
    expect_change(&result, 1, descriptor_address(&stage2_path, 1, STAGE1_TABLES), block | DBM | S2AP_WRITE);
    s.c.el = 1;
    SET(&s, VTCR_EL2, VTCR_EL2, HD, 0);
    expect_exception(&s, 0x0d, true, true);
}

static void table_access_flags_are_set_with_haft_alone(void **state)
{
    struct scenario s;
    struct wd_result result;

    (void)state;
    build_plain(&s);
    manage_access_flag(&s);
    SET(&s, ID_AA64MMFR1_EL1, ID_AA64MMFR1_EL1, HAFDBS, 3);
    SET(&s, ID_AA64MMFR1_EL1, ID_AA64MMFR1_EL1, HCX, 1);
    SET(&s, ID_AA64MMFR3_EL1, ID_AA64MMFR3_EL1, TCRX, 1);
    SET(&s, TCR2_EL1, TCR2_EL1, HAFT, 1);
    ask("", &s, &result);
    assert_int_equal(result.changed_count, 0); /* HCRX_EL2.TCR2En = 0: TCR2_EL1 has no effect */
    SET(&s, HCRX_EL2, HCRX_EL2, TCR2En, 1);
    ask("", &s, &result);
    assert_int_equal(result.par, success(PAGE, WRITE_BACK, SH_INNER));
    assert_int_equal(result.changed_count, 3);
    for (int level = 0; level < 3; level++)
        expect_change(&result, (unsigned)level, descriptor_address(&stage1_path, level, VA),
                      (STAGE1_TABLES + (uint64_t)(level + 1) * TABLE_STRIDE) | AF | TABLE);
}

/*
 * One word is the stage 2 leaf that maps the stage 1 table, and, in the other byte order, the stage 1 leaf. The write
 * of the stage 1 Access flag makes stage 2 set the dirty state in that word, after stage 1 has read it.
 */
static void a_descriptor_that_changes_under_the_walk_is_read_again(void **state)
{
    struct path path = {.page_bits = 12, .input_bits = 39, .start = 1, .leaf = 1, .base = RAM_BASE};
    uint64_t stage1_valid = BIT(56), stage1_af = BIT(50); /* of the swapped word */
    uint64_t shared = RAM_BASE | INNER_SHAREABLE | MEM_ATTR(15) | S2AP_READ | DBM | stage1_valid | 1;
    uint64_t va = RAM_BASE | 0x123000;
    struct scenario s;
    struct wd_result result;

    (void)state;
    start_el1(&s, WD_AT_S1E1R, va);
    turn_stage2_on(&s);
    manage_access_flag(&s);
    SET(&s, SCTLR_EL1, SCTLR_EL1, EE, 1);
    SET(&s, TCR_EL1, TCR_EL1, T0SZ, 25);
    SET(&s, VTCR_EL2, VTCR_EL2, HA, 1);
    SET(&s, VTCR_EL2, VTCR_EL2, HD, 1);
    s.c.regs[WD_TTBR0_EL1] = s.c.regs[WD_VTTBR_EL2] = RAM_BASE;
    map(&s, path, va, shared);
    ask("", &s, &result);
    assert_int_equal(result.answer, WD_ANSWER_PAR);
    assert_int_equal(WD_GET(result.par, PAR_EL1, F), 0);
    assert_int_equal(WD_GET(result.par, PAR_EL1, PA) << 12, UINT64_C(0x4000123000));
    assert_int_equal(result.changed_count, 1);
    expect_change(&result, 0, descriptor_address(&path, 1, va), shared | AF | S2AP_WRITE | stage1_af);
}

/* ------------------------------------------------------------------------------------------------ permissions,
 * attributes */

static void use_overlays_and_indirection(struct scenario *s)
{
    SET(s, ID_AA64MMFR1_EL1, ID_AA64MMFR1_EL1, HCX, 1);
    SET(s, ID_AA64MMFR3_EL1, ID_AA64MMFR3_EL1, TCRX, 1);
    SET(s, ID_AA64MMFR3_EL1, ID_AA64MMFR3_EL1, S1PIE, 1);
    SET(s, ID_AA64MMFR3_EL1, ID_AA64MMFR3_EL1, S1POE, 1);
    SET(s, HCRX_EL2, HCRX_EL2, TCR2En, 1);
}

static void wxn_takes_write_from_an_overlay_that_permits_execution(void **state)
{
    struct scenario s;

    (void)state;
    start_el1_page(&s, WD_AT_S1E1W);
    use_overlays_and_indirection(&s);
    SET(&s, SCTLR_EL1, SCTLR_EL1, WXN, 1);
    expect_par(&s, success(PAGE, WRITE_BACK, SH_INNER));
    SET(&s, TCR2_EL1, TCR2_EL1, POE, 1);
    s.c.regs[WD_POR_EL1] = 7;
    expect_par(&s, fault(0x0f, FAULT_OVERLAY));
    s.c.regs[WD_POR_EL1] = 5;
    expect_par(&s, success(PAGE, WRITE_BACK, SH_INNER));
}

static void overlays_of_either_privilege_turn_hierarchical_permissions_off(void **state)
{
    struct scenario s;

    (void)state;
    build_ap_table(&s);
    use_overlays_and_indirection(&s);
    expect_par(&s, fault(0x0f, 0));
    SET(&s, TCR2_EL1, TCR2_EL1, E0POE, 1);
    expect_par(&s, success(PAGE, WRITE_BACK, SH_INNER));
}

static void software_managed_dirty_state_is_a_permission_fault_of_its_own(void **state)
{
    struct scenario s;

    (void)state;
    start_el1(&s, WD_AT_S1E1W, VA);
    use_overlays_and_indirection(&s);
    SET(&s, TCR2_EL1, TCR2_EL1, PIE, 1);
    map(&s, stage1_path, VA, (STAGE1_PAGE(PAGE) | AP2) & ~UXN); /* AP2: nDirty; PIIndex 0 */
    s.c.regs[WD_PIR_EL1] = 5;
    expect_par(&s, fault(0x0f, FAULT_DIRTY_BIT));
    manage_access_flag(&s);
    SET(&s, TCR_EL1, TCR_EL1, HD, 1);
    expect_par(&s, success(PAGE, WRITE_BACK, SH_INNER));
}

static void pan_counts_any_user_permission_under_indirection(void **state)
{
    struct scenario s;

    (void)state;
    start_el1(&s, WD_AT_S1E1RP, VA);
    use_overlays_and_indirection(&s);
    SET(&s, TCR2_EL1, TCR2_EL1, PIE, 1);
    map(&s, stage1_path, VA, STAGE1_PAGE(PAGE) & ~UXN);
    s.c.pan = 1;
    s.c.regs[WD_PIR_EL1] = 5;
    s.c.regs[WD_PIRE0_EL1] = 2; /* execute-only, and EPAN = 0 */
    expect_par(&s, fault(0x0f, 0));
    s.c.regs[WD_PIRE0_EL1] = 0;
    expect_par(&s, success(PAGE, WRITE_BACK, SH_INNER));
}

static void mair_encodings_need_their_feature(void **state)
{
    static const struct {
        uint8_t mair, plain, with_features, sh;
    } encodings[] = {
        {0x0c, 0x0c, 0x0c, SH_OUTER}, {0x0d, 0x00, 0x0d, SH_OUTER}, {0x0e, 0x00, 0x00, SH_OUTER},
        {0x40, 0x00, 0x40, SH_OUTER}, {0xa0, 0x00, 0xa0, SH_INNER}, {0xf0, 0x00, 0xf0, SH_INNER},
        {0xb0, 0x00, 0x00, SH_OUTER}, {0x3b, 0x3b, 0x3b, SH_INNER}, {0x14, 0x14, 0x14, SH_INNER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        struct scenario s;

        build_plain(&s);
        s.c.regs[WD_MAIR_EL1] = encodings[i].mair;
        expect_par(&s, success(PAGE, encodings[i].plain, encodings[i].plain > 0x0f ? SH_INNER : SH_OUTER));
        SET(&s, ID_AA64ISAR1_EL1, ID_AA64ISAR1_EL1, XS, 1);
        SET(&s, ID_AA64PFR1_EL1, ID_AA64PFR1_EL1, MTE, 2);
        expect_par(&s, success(PAGE, encodings[i].with_features, encodings[i].sh));
    }
}

static void memory_made_non_cacheable_keeps_its_xs_attribute(void **state)
{
    struct scenario s;

    (void)state;
    build_caches_off(&s);
    SET(&s, ID_AA64ISAR1_EL1, ID_AA64ISAR1_EL1, XS, 1);
    expect_par(&s, success(PAGE, 0x40, SH_OUTER)); /* write-back memory has XS = 0 */
}

static void default_cacheability_can_be_tagged(void **state)
{
    struct scenario s;

    (void)state;
    start_stage2(&s, WD_AT_S12E1R, IPA);
    map(&s, stage2_path, IPA, STAGE2_BLOCK(RAM_BASE) & ~INNER_SHAREABLE);
    SET(&s, HCR_EL2, HCR_EL2, DC, 1);
    SET(&s, HCR_EL2, HCR_EL2, DCT, 1);
    expect_par(&s, success(IPA, WRITE_BACK, SH_NONE));
    SET(&s, ID_AA64PFR1_EL1, ID_AA64PFR1_EL1, MTE, 2);
    expect_par(&s, success(IPA, 0xf0, SH_NONE));
}

static void a_block_with_nt_faults_where_the_bit_exists(void **state)
{
    struct path path = stage1_path;
    struct scenario s;

    (void)state;
    path.leaf = 2;
    start_el1(&s, WD_AT_S1E1R, VA);
    map(&s, path, VA, STAGE1_BLOCK(UINT64_C(0x187600000)) | NT);
    expect_par(&s, success(UINT64_C(0x187789000), WRITE_BACK, SH_INNER));
    SET(&s, ID_AA64MMFR2_EL1, ID_AA64MMFR2_EL1, BBM, 1);
    expect_par(&s, fault(0x06, 0));
}

/* ------------------------------------------------------------------------------------------------ the result */

static void the_trace_holds_each_descriptor_read_in_order(void **state)
{
    struct scenario s;
    struct wd_result result;

    (void)state;
    start_both(&s, WD_AT_S12E1R, STAGE2_BLOCK(RAM_BASE));
    ask("", &s, &result);
    assert_int_equal(result.read_count, 4 + 4 + 1); /* four stage 1 levels, each through stage 2, and the output */
    for (unsigned i = 0; i < result.read_count; i++) {
        const struct wd_read *read = &result.reads[i];
        bool stage1 = i % 2;

        assert_int_equal(read->stage, stage1 ? 1 : 2);
        assert_int_equal(read->level, stage1 ? (int)i / 2 : 1);
        assert_int_equal(read->pa, stage1 ? descriptor_address(&stage1_path, (int)i / 2, VA)
                                          : descriptor_address(&stage2_path, 1, STAGE1_TABLES));
        assert_int_equal(read->descriptor, wd_case_word_at(&s.c, read->pa));
    }
}

static void a_stage_2_exception_carries_the_ipa_of_the_table(void **state)
{
    struct scenario s;
    struct wd_result result;

    (void)state;
    build_walk_unmapped_at_stage2(&s);
    s.c.el = 1;
    expect_exception(&s, 0x05, true, true);
    ask("", &s, &result);
    assert_true(result.exception.has_ipa);
    assert_int_equal(result.exception.ipa >> 12, STAGE1_TABLES >> 12);
}

static void a_reserved_pa_range_is_unsupported(void **state)
{
    struct scenario s;
    struct wd_result result;

    (void)state;
    build_plain(&s);
    SET(&s, ID_AA64MMFR0_EL1, ID_AA64MMFR0_EL1, PARange, 9);
    ask("", &s, &result);
    assert_int_equal(result.answer, WD_ANSWER_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_option_is_an_error_that_names_it),
        cmocka_unit_test(several_defects_act_together),
        cmocka_unit_test(s1e1a_ignores_permissions_but_not_the_access_flag),
        cmocka_unit_test(instructions_that_do_not_exist_or_are_above_el1_are_undefined),
        cmocka_unit_test(a_host_translates_by_el2_without_stage_2_or_default_cacheability),
        cmocka_unit_test(tge_turns_stage_1_off_and_leaves_stage_2_on),
        cmocka_unit_test(e2h_is_1_where_it_cannot_be_0),
        cmocka_unit_test(a_control_of_a_feature_that_the_walker_does_not_know_is_unsupported),
        cmocka_unit_test(a_field_of_the_other_layout_of_tcr_el2_is_no_reason_to_be_unsupported),
        cmocka_unit_test(the_access_flag_is_set_in_the_byte_order_of_the_tables),
        cmocka_unit_test(an_update_that_memory_refuses_is_an_external_abort),
        cmocka_unit_test(the_update_of_a_stage_1_descriptor_needs_stage_2_write_permission_and_dirties_its_leaf),
        cmocka_unit_test(table_access_flags_are_set_with_haft_alone),
        cmocka_unit_test(a_descriptor_that_changes_under_the_walk_is_read_again),
        cmocka_unit_test(wxn_takes_write_from_an_overlay_that_permits_execution),
        cmocka_unit_test(overlays_of_either_privilege_turn_hierarchical_permissions_off),
        cmocka_unit_test(software_managed_dirty_state_is_a_permission_fault_of_its_own),
        cmocka_unit_test(pan_counts_any_user_permission_under_indirection),
        cmocka_unit_test(mair_encodings_need_their_feature),
        cmocka_unit_test(memory_made_non_cacheable_keeps_its_xs_attribute),
        cmocka_unit_test(default_cacheability_can_be_tagged),
        cmocka_unit_test(a_block_with_nt_faults_where_the_bit_exists),
        cmocka_unit_test(the_trace_holds_each_descriptor_read_in_order),
        cmocka_unit_test(a_stage_2_exception_carries_the_ipa_of_the_table),
        cmocka_unit_test(a_reserved_pa_range_is_unsupported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
