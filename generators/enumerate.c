/* SPDX-License-Identifier: MIT */
/*
 * Complete enumerations of small spaces. The index of a case is a number in mixed radix: each digit chooses one value
 * of one input, and everything else stands still: small tables in one range of RAM, permissive leaves, no surprises.
 */
#include <string.h>

#include "generators/draft.h"
#include "generators/profiles.h"

enum { DIGITS_MAX = 12 };

/* What stands still. */
#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE UINT64_C(0x2000000)
#define IPA_POOL (RAM_BASE + RAM_SIZE / 2) /* stage 1 tables, which stage 2 maps to themselves */
#define INPUT    UINT64_C(0x12345678)
#define OUTPUT   UINT64_C(0x51a2b3c4d000)

enum { TXSZ_STILL = 25, START_LEVEL_STILL = 1 };

struct wd_enumeration {
    const char *name, *description;
    uint16_t radix[DIGITS_MAX + 1]; /* how many values each digit has; ends with 0 */
    void (*make)(struct wd_draft *draft, const unsigned digit[DIGITS_MAX]);
};

/* An implementation: a profile, and whether it has what varies in it. */
struct implementation {
    const char *profile;
    bool ttst, nv;
};

static const struct implementation everything = {.profile = "max", .ttst = true};

/* Fields of TCR and VTCR. */
struct control {
    enum wd_granule granule;
    unsigned txsz, ps;
    bool ds, ha, hd, hpd;
};

static const struct control still_control = {.granule = WD_GRANULE_4K, .txsz = TXSZ_STILL, .ps = 5};

static void begin(struct wd_draft *draft, const struct implementation *implementation)
{
    uint64_t *regs = draft->buffer->c.regs;

    wd_profile_draw(wd_profile_by_name(implementation->profile), &draft->random, regs);
    if (strcmp(implementation->profile, "v80") == 0) { /* all granules, 48 bits */
        regs[WD_ID_AA64MMFR0_EL1] = WD_WITH(0, ID_AA64MMFR0_EL1, PARange, 5);
        WD_DRAFT_SET(draft, ID_AA64MMFR0_EL1, TGran16, 1);
    }
    WD_DRAFT_SET(draft, ID_AA64MMFR2_EL1, ST, implementation->ttst);
    WD_DRAFT_SET(draft, ID_AA64MMFR2_EL1, NV, implementation->nv);
    wd_draft_begin(draft, draft->buffer);
    wd_draft_add_ram(draft, RAM_BASE, RAM_SIZE, false, 0);
    draft->buffer->c.el = 2;
    draft->buffer->c.va = INPUT;
    if (wd_draft_has(draft, WD_FEAT_HCX))
        WD_DRAFT_SET(draft, HCRX_EL2, TCR2En, 1);
}

/* ---- stages that stand still but for what their callers say */

static unsigned clamp(unsigned value, unsigned low, unsigned high)
{
    return value < low ? low : value > high ? high : value;
}

/* Shape of a stage but for its start level; a TxSZ out of its range acts as the nearest one inside. */
static const struct wd_format_limits *shape(struct wd_draft *draft, struct wd_stage *stage, unsigned number,
                                            const struct control *control)
{
    const struct wd_format_limits *limits;

    *stage = (struct wd_stage){.stage = (uint8_t)number, .walkable = true};
    limits = wd_shape_formats(draft->implementation, control->granule, control->ds, control->ps, stage);
    stage->input_bits = 64 - clamp(control->txsz, limits->txsz_minimum, limits->txsz_maximum);
    return limits;
}

/* TCR with two ranges of one size and granule. */
static uint64_t tcr_two_ranges(const struct control *control)
{
    uint64_t tcr = WD_WITH(0, TCR_EL1, T0SZ, control->txsz);

    tcr = WD_WITH(tcr, TCR_EL1, T1SZ, control->txsz);
    tcr = WD_WITH(tcr, TCR_EL1, TG0, wd_tg_field[0][control->granule]);
    tcr = WD_WITH(tcr, TCR_EL1, TG1, wd_tg_field[1][control->granule]);
    tcr = WD_WITH(tcr, TCR_EL1, SH0, WD_INNER_SHAREABLE);
    tcr = WD_WITH(tcr, TCR_EL1, IRGN0, 1);
    tcr = WD_WITH(tcr, TCR_EL1, ORGN0, 1);
    tcr = WD_WITH(tcr, TCR_EL1, IPS, control->ps);
    tcr = WD_WITH(tcr, TCR_EL1, HA, control->ha);
    tcr = WD_WITH(tcr, TCR_EL1, HD, control->hd);
    tcr = WD_WITH(tcr, TCR_EL1, HPD0, control->hpd);
    tcr = WD_WITH(tcr, TCR_EL1, HPD1, control->hpd);
    return WD_WITH(tcr, TCR_EL1, DS, control->ds);
}

/* TCR_EL2 where E2H = 0. */
static uint64_t tcr_one_range(const struct control *control)
{
    uint64_t tcr = WD_WITH(0, TCR_EL2, T0SZ, control->txsz);

    tcr = WD_WITH(tcr, TCR_EL2, TG0, wd_tg_field[0][control->granule]);
    tcr = WD_WITH(tcr, TCR_EL2, SH0, WD_INNER_SHAREABLE);
    tcr = WD_WITH(tcr, TCR_EL2, IRGN0, 1);
    tcr = WD_WITH(tcr, TCR_EL2, ORGN0, 1);
    tcr = WD_WITH(tcr, TCR_EL2, PS, control->ps);
    tcr = WD_WITH(tcr, TCR_EL2, HA, control->ha);
    tcr = WD_WITH(tcr, TCR_EL2, HD, control->hd);
    tcr = WD_WITH(tcr, TCR_EL2, HPD, control->hpd);
    return WD_WITH(tcr, TCR_EL2, DS, control->ds);
}

/* Turns stage 1 of a regime on: SCTLR, TCR, both TTBRs, MAIR, HCR_EL2.{E2H, TGE}. */
static void enable_stage1(struct wd_draft *draft, enum wd_regime regime, const struct control *control)
{
    struct wd_stage *stage = &draft->stage1;
    bool el1 = regime == WD_REGIME_EL10;
    uint64_t ttbr;

    shape(draft, stage, 1, control);
    stage->start_level = (int8_t)wd_stage1_start_level(stage);
    stage->base = wd_pool_take(draft->nested ? &draft->ipa : &draft->ram[0], clamp(wd_start_table_bits(stage), 12, 20));
    ttbr = wd_with_table_base(stage, 0, stage->base);
    *wd_draft_register(draft, el1 ? WD_SCTLR_EL1 : WD_SCTLR_EL2) =
        WD_WITH(WD_WITH(0, SCTLR_EL1, M, 1), SCTLR_EL1, C, 1);
    *wd_draft_register(draft, el1 ? WD_TCR_EL1 : WD_TCR_EL2) =
        regime == WD_REGIME_EL2 ? tcr_one_range(control) : tcr_two_ranges(control);
    *wd_draft_register(draft, el1 ? WD_TTBR0_EL1 : WD_TTBR0_EL2) = ttbr;
    *wd_draft_register(draft, el1 ? WD_TTBR1_EL1 : WD_TTBR1_EL2) = ttbr;
    *wd_draft_register(draft, el1 ? WD_MAIR_EL1 : WD_MAIR_EL2) = WD_WITH(0, MAIR_EL1, Attr0, 0xff);
    WD_DRAFT_SET(draft, HCR_EL2, E2H, regime == WD_REGIME_EL20);
    WD_DRAFT_SET(draft, HCR_EL2, TGE, regime == WD_REGIME_EL20);
}

/* Readable and writable by everyone, Normal Write-Back. */
static uint64_t still_s1_leaf(void)
{
    uint64_t leaf = WD_WITH(WD_WITH(0, S1_LEAF, AF, 1), S1_LEAF, SH, WD_INNER_SHAREABLE);

    return WD_WITH(leaf, S1_LEAF, AP, 1);
}

static uint64_t still_s2_leaf(void)
{
    uint64_t leaf = WD_WITH(WD_WITH(0, S2_LEAF, AF, 1), S2_LEAF, SH, WD_INNER_SHAREABLE);

    return WD_WITH(WD_WITH(leaf, S2_LEAF, S2AP, 3), S2_LEAF, MemAttr, 15);
}

static struct wd_path still_path(uint64_t leaf)
{
    return (struct wd_path){.leaf_level = WD_FINAL_LEVEL, .leaf = leaf, .output = OUTPUT};
}

static void map_table_to_itself(struct wd_draft *draft, uint64_t ipa, struct wd_path *path)
{
    (void)draft;
    *path = still_path(still_s2_leaf());
    path->output = ipa;
}

/* Turns stage 2 on: VTCR, VTTBR, HCR_EL2.VM. The start level need not be a possible one. */
static void enable_stage2(struct wd_draft *draft, const struct control *control, int start_level)
{
    struct wd_stage *stage = &draft->stage2;
    int field = wd_start_level_field(control->granule, start_level);
    uint64_t vtcr = WD_WITH(0, VTCR_EL2, RES1, 1);
    const struct wd_format_limits *limits;

    limits = shape(draft, stage, 2, control);
    stage->walkable = wd_stage2_start_levels(limits, stage) & WD_START_LEVEL(start_level);
    stage->start_level = (int8_t)start_level;
    stage->base = wd_pool_take(&draft->ram[0], stage->walkable ? clamp(wd_start_table_bits(stage), 12, 20) : 16);
    vtcr = WD_WITH(vtcr, VTCR_EL2, T0SZ, control->txsz);
    vtcr = WD_WITH(vtcr, VTCR_EL2, TG0, wd_tg_field[0][control->granule]);
    vtcr = WD_WITH(vtcr, VTCR_EL2, PS, control->ps);
    vtcr = WD_WITH(vtcr, VTCR_EL2, HA, control->ha);
    vtcr = WD_WITH(vtcr, VTCR_EL2, HD, control->hd);
    vtcr = WD_WITH(vtcr, VTCR_EL2, DS, control->ds);
    vtcr = WD_WITH(vtcr, VTCR_EL2, SL0, field < 0 ? 3 : field);
    vtcr = WD_WITH(vtcr, VTCR_EL2, SL2, field == 4);
    *wd_draft_register(draft, WD_VTCR_EL2) = vtcr;
    *wd_draft_register(draft, WD_VTTBR_EL2) = wd_with_table_base(stage, 0, stage->base);
    WD_DRAFT_SET(draft, HCR_EL2, VM, 1);
    draft->nested = true;
    draft->map_table = map_table_to_itself;
    draft->ipa = (struct wd_pool){.base = IPA_POOL, .size = RAM_SIZE / 2};
}

/* Builds the tables of a stage for an address. */
static void map(struct wd_draft *draft, const struct wd_stage *stage, uint64_t input, const struct wd_path *path)
{
    uint64_t output;

    wd_draft_map(draft, stage, input, path, &output);
}

/* ---- txsz: what is translated, implementation, granule, TxSZ, address */

/* Stage 1 of a range, or stage 2 from one of the start levels. */
enum { RANGE_LOWER, RANGE_UPPER, RANGE_EL2, STAGE_2_FROM, TRANSLATION_COUNT = STAGE_2_FROM + WD_LEVEL_COUNT };
enum { TXSZ_COUNT = 64, EDGE_COUNT = 8, IMPLEMENTATION_COUNT = 7 };

/* Virtual addresses at the ends of ranges of 2^bits bytes. */
static uint64_t virtual_edge(unsigned which, unsigned bits)
{
    uint64_t upper = UINT64_MAX << bits;
    const uint64_t edges[EDGE_COUNT] = {0,     ~upper,    ~upper + 1, UINT64_C(1) << (bits - 1),
                                        upper, upper - 1, UINT64_MAX, wd_with_bits(~upper, 63, 56, 0xa5)};

    return edges[which];
}

/* Intermediate physical addresses at the ends of the stage 2 range and of the physical address space. */
static uint64_t ipa_edge(unsigned which, unsigned bits, unsigned pa_max)
{
    uint64_t last = wd_low(UINT64_MAX, bits), last_physical = wd_low(UINT64_MAX, pa_max);
    const uint64_t edges[EDGE_COUNT] = {
        0, last / 2, last / 2 + 1, last - 0xfff, last, (last + 1) & last_physical, INPUT & last, last_physical};

    return edges[which];
}

static void make_txsz(struct wd_draft *draft, const unsigned digit[DIGITS_MAX])
{
    static const struct implementation implementations[IMPLEMENTATION_COUNT] = {{.profile = "v80"},
                                                                                {.profile = "n1"},
                                                                                {.profile = "lva64"},
                                                                                {.profile = "lva64", .ttst = true},
                                                                                {.profile = "v92", .ttst = true},
                                                                                {.profile = "v92", .ttst = true},
                                                                                {.profile = "v9xs", .ttst = true}};
    unsigned translation = digit[0];
    struct control control = {.granule = (enum wd_granule)digit[2], .txsz = digit[3], .ds = digit[1] == 5};
    struct wd_case *c = &draft->buffer->c;
    struct wd_stage *stage = translation < STAGE_2_FROM ? &draft->stage1 : &draft->stage2;
    struct wd_path path = still_path(translation < STAGE_2_FROM ? still_s1_leaf() : still_s2_leaf());

    begin(draft, &implementations[digit[1]]);
    control.ps = (unsigned)WD_DRAFT_GET(draft, ID_AA64MMFR0_EL1, PARange);
    if (translation < STAGE_2_FROM) {
        enable_stage1(draft, translation == RANGE_EL2 ? WD_REGIME_EL2 : WD_REGIME_EL10, &control);
        c->op = translation == RANGE_EL2 ? WD_AT_S1E2R : WD_AT_S1E1R;
    } else {
        enable_stage2(draft, &control, (int)(translation - STAGE_2_FROM) + WD_LOWEST_LEVEL);
        c->op = WD_AT_S12E1R;
    }
    c->va = translation < STAGE_2_FROM ? virtual_edge(digit[4], stage->input_bits)
                                       : ipa_edge(digit[4], stage->input_bits, draft->implementation->pa_max);
    map(draft, stage, c->va, &path);
}

/* ---- leaf: stage, granule, DS, level, type, AF, HA, contiguous, nT, write, permissions, flaw of the address */

static const uint8_t address_flaws[] = {WD_FLAW_NONE, WD_FLAW_ADDRESS_SIZE, WD_FLAW_RESERVED_BITS};

/* The layouts of both stages agree on these fields; S2AP stands where AP stands. */
static uint64_t enumerated_leaf(uint64_t leaf, const unsigned digit[DIGITS_MAX])
{
    leaf = WD_WITH(leaf, S1_LEAF, AF, digit[5]);
    leaf = WD_WITH(leaf, S1_LEAF, Contiguous, digit[7]);
    leaf = WD_WITH(leaf, S1_LEAF, nT, digit[8]);
    return WD_WITH(leaf, S1_LEAF, AP, digit[10]);
}

/* The lowest level of a granule. */
static int lowest_level(enum wd_granule granule, bool ds)
{
    static const int8_t levels[WD_GRANULE_COUNT][2] = {
        [WD_GRANULE_4K] = {0, -1}, [WD_GRANULE_16K] = {1, 0}, [WD_GRANULE_64K] = {1, 1}};

    return levels[granule][ds];
}

static void make_leaf(struct wd_draft *draft, const unsigned digit[DIGITS_MAX])
{
    struct control control = {.granule = (enum wd_granule)digit[1], .ps = 4, .ds = digit[2], .ha = digit[6]};
    bool write = digit[9];
    struct wd_stage *stage = digit[0] == 0 ? &draft->stage1 : &draft->stage2;
    struct wd_path path = still_path(enumerated_leaf(digit[0] == 0 ? still_s1_leaf() : still_s2_leaf(), digit));

    begin(draft, &everything);
    control.txsz = control.ds || control.granule == WD_GRANULE_64K ? 12 : 16;
    if (digit[0] == 0) {
        enable_stage1(draft, WD_REGIME_EL10, &control);
        draft->buffer->c.op = write ? WD_AT_S1E0W : WD_AT_S1E0R;
    } else {
        enable_stage2(draft, &control, lowest_level(control.granule, control.ds));
        draft->buffer->c.op = write ? WD_AT_S12E0W : WD_AT_S12E0R;
    }
    path.output = wd_low(path.output, stage->output_bits);
    path.leaf_level = (int8_t)((int)digit[3] + WD_LOWEST_LEVEL);
    if (path.leaf_level < stage->start_level)
        path.leaf_level = stage->start_level;
    path.flipped_type = (uint8_t)digit[4];
    path.flaw = address_flaws[digit[11]];
    path.flaw_level = path.leaf_level;
    map(draft, stage, draft->buffer->c.va, &path);
}

/* ---- attributes: implementation, MAIR byte, MemAttr, FWB, CD, C, SH of both stages */

static void make_attributes(struct wd_draft *draft, const unsigned digit[DIGITS_MAX])
{
    static const struct implementation implementations[] = {{.profile = "v92", .ttst = true},
                                                            {.profile = "max", .ttst = true}};
    struct wd_path path = still_path(WD_WITH(still_s1_leaf(), S1_LEAF, SH, digit[6]));
    uint64_t s2_leaf = WD_WITH(still_s2_leaf(), S2_LEAF, MemAttr, digit[2]), ipa;

    begin(draft, &implementations[digit[0]]);
    enable_stage2(draft, &still_control, START_LEVEL_STILL);
    enable_stage1(draft, WD_REGIME_EL10, &still_control);
    WD_DRAFT_SET(draft, MAIR_EL1, Attr0, digit[1]);
    WD_DRAFT_SET(draft, HCR_EL2, FWB, digit[3]);
    WD_DRAFT_SET(draft, HCR_EL2, CD, digit[4]);
    WD_DRAFT_SET(draft, SCTLR_EL1, C, digit[5]);
    draft->buffer->c.op = WD_AT_S12E1R;
    path.output = wd_low(OUTPUT, draft->stage2.input_bits);
    if (wd_draft_map(draft, &draft->stage1, draft->buffer->c.va, &path, &ipa)) {
        path = still_path(WD_WITH(s2_leaf, S2_LEAF, SH, digit[7]));
        map(draft, &draft->stage2, ipa, &path);
    }
}

/* ---- permissions: an operation in a regime */

struct asked {
    uint8_t op, regime;
};

static const struct asked asked[] = {
    {WD_AT_S1E0R, WD_REGIME_EL10}, {WD_AT_S1E0W, WD_REGIME_EL10},  {WD_AT_S1E1R, WD_REGIME_EL10},
    {WD_AT_S1E1W, WD_REGIME_EL10}, {WD_AT_S1E1RP, WD_REGIME_EL10}, {WD_AT_S1E1WP, WD_REGIME_EL10},
    {WD_AT_S1E0R, WD_REGIME_EL20}, {WD_AT_S1E0W, WD_REGIME_EL20},  {WD_AT_S1E1R, WD_REGIME_EL20},
    {WD_AT_S1E1W, WD_REGIME_EL20}, {WD_AT_S1E1RP, WD_REGIME_EL20}, {WD_AT_S1E1WP, WD_REGIME_EL20},
    {WD_AT_S1E2R, WD_REGIME_EL2},  {WD_AT_S1E2W, WD_REGIME_EL2},   {WD_AT_S1E1A, WD_REGIME_EL10},
};

enum { ASKED_COUNT = sizeof(asked) / sizeof(asked[0]) };

/* Sets a field of SCTLR that has the same place at EL1 and EL2. */
#define SET_SCTLR(draft, field, value)                                                                                 \
    do {                                                                                                               \
        WD_DRAFT_SET(draft, SCTLR_EL1, field, value);                                                                  \
        WD_DRAFT_SET(draft, SCTLR_EL2, field, value);                                                                  \
    } while (0)

static void ask(struct wd_draft *draft, const struct asked *what, const struct control *control, unsigned pan,
                unsigned epan, unsigned wxn)
{
    begin(draft, &everything);
    enable_stage1(draft, (enum wd_regime)what->regime, control);
    draft->buffer->c.op = what->op;
    draft->buffer->c.pan = (uint8_t)pan;
    SET_SCTLR(draft, EPAN, epan);
    SET_SCTLR(draft, WXN, wxn);
}

/* ---- indirect: operation, PAN, EPAN, nDirty, nibbles of PIR, PIRE0 and POR (the last value: no overlay) */

enum { NIBBLE_COUNT = 16, OVERLAY_COUNT = NIBBLE_COUNT + 1 };

static void make_indirect(struct wd_draft *draft, const unsigned digit[DIGITS_MAX])
{
    /* The leaf selects nibble 0 of PIR and POR; the others are no access. */
    struct wd_path path = still_path(WD_WITH(still_s1_leaf(), S1_LEAF, AP, digit[3] << 1));
    unsigned overlay = digit[6];
    uint64_t tcr2 = WD_WITH(0, TCR2_EL1, PIE, 1);

    ask(draft, &asked[digit[0]], &still_control, digit[1], digit[2], 0);
    if (overlay < NIBBLE_COUNT)
        tcr2 = WD_WITH(WD_WITH(tcr2, TCR2_EL1, POE, 1), TCR2_EL1, E0POE, 1);
    else
        overlay = 0;
    *wd_draft_register(draft, WD_TCR2_EL1) = *wd_draft_register(draft, WD_TCR2_EL2) = tcr2;
    WD_DRAFT_SET(draft, PIR_EL1, Perm0, digit[4]);
    WD_DRAFT_SET(draft, PIR_EL2, Perm0, digit[4]);
    WD_DRAFT_SET(draft, PIRE0_EL1, Perm0, digit[5]);
    WD_DRAFT_SET(draft, PIRE0_EL2, Perm0, digit[5]);
    WD_DRAFT_SET(draft, POR_EL0, Perm0, overlay);
    WD_DRAFT_SET(draft, POR_EL1, Perm0, overlay);
    WD_DRAFT_SET(draft, POR_EL2, Perm0, overlay);
    map(draft, &draft->stage1, draft->buffer->c.va, &path);
}

/* ---- direct: operation, PAN, EPAN, WXN, HPD, AP, UXN, PXN, APTable, UXNTable, PXNTable, writable-clean */

static void make_direct(struct wd_draft *draft, const unsigned digit[DIGITS_MAX])
{
    struct control control = still_control;
    struct wd_path path = still_path(still_s1_leaf());

    control.hpd = digit[4];
    control.ha = control.hd = digit[11];
    ask(draft, &asked[digit[0]], &control, digit[1], digit[2], digit[3]);
    path.leaf = WD_WITH(path.leaf, S1_LEAF, AP, digit[5]);
    path.leaf = WD_WITH(path.leaf, S1_LEAF, UXN, digit[6]);
    path.leaf = WD_WITH(path.leaf, S1_LEAF, PXN, digit[7]);
    path.table = WD_WITH(path.table, S1_TABLE, APTable, digit[8]);
    path.table = WD_WITH(path.table, S1_TABLE, UXNTable, digit[9]);
    path.table = WD_WITH(path.table, S1_TABLE, PXNTable, digit[10]);
    path.leaf = WD_WITH(path.leaf, S1_LEAF, DBM, digit[11]);
    map(draft, &draft->stage1, draft->buffer->c.va, &path);
}

/* ---- operation: which regime it uses, and where it is UNDEFINED or trapped: implementation, operation, EL, HCR_EL2
 * bits */

static void make_operation(struct wd_draft *draft, const unsigned digit[DIGITS_MAX])
{
    static const struct implementation implementations[] = {
        {.profile = "v80"}, {.profile = "n1"}, {.profile = "max"}, {.profile = "max", .nv = true}};
    struct wd_path path = still_path(still_s1_leaf());
    bool el20;

    begin(draft, &implementations[digit[0]]);
    el20 = digit[3] && wd_draft_has(draft, WD_FEAT_VHE);
    /* Stage 1 of EL2 and of EL1&0 have tables, with different outputs; stage 2 has none. */
    enable_stage1(draft, el20 ? WD_REGIME_EL20 : WD_REGIME_EL2, &still_control);
    map(draft, &draft->stage1, draft->buffer->c.va, &path);
    enable_stage1(draft, WD_REGIME_EL10, &still_control);
    path.output += RAM_SIZE;
    map(draft, &draft->stage1, draft->buffer->c.va, &path);

    draft->buffer->c.op = (uint8_t)digit[1];
    /* With TGE = 1 nothing executes at EL1. */
    draft->buffer->c.el = digit[2] || digit[4] ? 2 : 1;
    WD_DRAFT_SET(draft, HCR_EL2, E2H, digit[3]);
    WD_DRAFT_SET(draft, HCR_EL2, TGE, digit[4]);
    WD_DRAFT_SET(draft, HCR_EL2, VM, digit[5]);
    WD_DRAFT_SET(draft, HCR_EL2, DC, digit[6]);
    WD_DRAFT_SET(draft, HCR_EL2, AT, digit[7]);
    WD_DRAFT_SET(draft, SCTLR_EL1, M, digit[8]);
    WD_DRAFT_SET(draft, SCTLR_EL2, M, digit[9]);
}

static const struct wd_enumeration enumerations[] = {
    {"txsz",
     "every TxSZ with every granule in seven implementations, at the ends of the range: stage 1 of each range, stage 2 "
     "from "
     "each start level",
     {TRANSLATION_COUNT, IMPLEMENTATION_COUNT, WD_GRANULE_COUNT, TXSZ_COUNT, EDGE_COUNT},
     make_txsz},
    {"leaf",
     "every type of leaf at every level of every granule, with and without DS: AF, HA, contiguous, nT, permissions, "
     "address",
     {2, WD_GRANULE_COUNT, 2, WD_LEVEL_COUNT, 4, 2, 2, 2, 2, 2, 4, sizeof(address_flaws)},
     make_leaf},
    {"attributes",
     "every byte of MAIR with every stage 2 MemAttr, FWB, CD, SCTLR_EL1.C and both shareabilities",
     {2, 256, 16, 2, 2, 2, 4, 4},
     make_attributes},
    {"indirect",
     "every nibble of PIR with every nibble of PIRE0 and of POR, or no overlay: PAN, EPAN, nDirty, operation",
     {ASKED_COUNT, 2, 2, 2, NIBBLE_COUNT, NIBBLE_COUNT, OVERLAY_COUNT},
     make_indirect},
    {"direct",
     "every AP with every APTable, XN and XNTable bit: PAN, EPAN, WXN, HPD, writable-clean, operation and regime",
     {ASKED_COUNT, 2, 2, 2, 2, 4, 2, 2, 4, 2, 2, 2},
     make_direct},
    {"operation",
     "every instruction at EL1 and EL2 with every E2H, TGE, VM, DC, HCR_EL2.AT and M, where it is UNDEFINED too",
     {4, WD_OPERATION_COUNT, 2, 2, 2, 2, 2, 2, 2, 2},
     make_operation},
};

enum { ENUMERATION_COUNT = sizeof(enumerations) / sizeof(enumerations[0]) };

const struct wd_enumeration *wd_enumeration_by_name(const char *name)
{
    for (unsigned i = 0; i < ENUMERATION_COUNT; i++)
        if (strcmp(enumerations[i].name, name) == 0)
            return &enumerations[i];
    return NULL;
}

const char *wd_enumeration_name(size_t i, const char **description)
{
    if (i >= ENUMERATION_COUNT)
        return NULL;
    *description = enumerations[i].description;
    return enumerations[i].name;
}

uint64_t wd_enumeration_size(const struct wd_enumeration *enumeration)
{
    uint64_t size = 1;

    for (const uint16_t *radix = enumeration->radix; *radix; radix++)
        size *= *radix;
    return size;
}

/* The last digit varies fastest. */
static void digits_of(const struct wd_enumeration *enumeration, uint64_t index, unsigned digit[DIGITS_MAX])
{
    unsigned count = 0;

    while (enumeration->radix[count])
        count++;
    while (count-- > 0) {
        digit[count] = (unsigned)(index % enumeration->radix[count]);
        index /= enumeration->radix[count];
    }
}

void wd_enumerate(const struct wd_enumeration *enumeration, uint64_t index, struct wd_case_buffer *buffer)
{
    struct wd_draft draft = {.buffer = buffer, .random = wd_random_stream(0, 0)};
    unsigned digit[DIGITS_MAX] = {0};

    memset(&buffer->c, 0, sizeof(buffer->c));
    digits_of(enumeration, index, digit);
    enumeration->make(&draft, digit);
}
