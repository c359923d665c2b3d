/* SPDX-License-Identifier: MIT */
/* Control registers at random: every field by its weight, then sizes and granules by rules of their own. */
#include "generators/scene.h"

#include "oracle/regime.h"

/*
 * Where the fields that shape a walk are, by their lowest bit; those of one name have one width. TCR_EL1 and TCR_EL2
 * with E2H = 1 have two ranges, TCR_EL2 with E2H = 0 one.
 */
struct tcr_map {
    uint8_t ranges;
    uint8_t txsz[2], tg[2], ps, ds;
};

enum {
    TXSZ_MAX = (1 << (WD_TCR_EL1_T0SZ_msb - WD_TCR_EL1_T0SZ_lsb + 1)) - 1,
    TG_MAX = (1 << (WD_TCR_EL1_TG0_msb - WD_TCR_EL1_TG0_lsb + 1)) - 1,
    PS_MAX = (1 << (WD_TCR_EL1_IPS_msb - WD_TCR_EL1_IPS_lsb + 1)) - 1
};

static const struct tcr_map two_ranges = {.ranges = 2,
                                          .txsz = {WD_TCR_EL1_T0SZ_lsb, WD_TCR_EL1_T1SZ_lsb},
                                          .tg = {WD_TCR_EL1_TG0_lsb, WD_TCR_EL1_TG1_lsb},
                                          .ps = WD_TCR_EL1_IPS_lsb,
                                          .ds = WD_TCR_EL1_DS_lsb};
static const struct tcr_map one_range = {.ranges = 1,
                                         .txsz = {WD_TCR_EL2_T0SZ_lsb},
                                         .tg = {WD_TCR_EL2_TG0_lsb},
                                         .ps = WD_TCR_EL2_PS_lsb,
                                         .ds = WD_TCR_EL2_DS_lsb};
static const struct tcr_map vtcr_map = {.ranges = 1,
                                        .txsz = {WD_VTCR_EL2_T0SZ_lsb},
                                        .tg = {WD_VTCR_EL2_TG0_lsb},
                                        .ps = WD_VTCR_EL2_PS_lsb,
                                        .ds = WD_VTCR_EL2_DS_lsb};

/* A register by its weights. */
static inline __attribute__((always_inline)) uint64_t draw_register(struct wd_scene *scene, enum wd_layout layout)
{
    uint64_t value = wd_random_register(&scene->draft.random, layout);

    return value & ~(scene->obeys_features ? scene->draft.implementation->absent[layout] : 0);
}

static inline __attribute__((always_inline)) void set_drawn(struct wd_scene *scene, enum wd_layout layout)
{
    *wd_draft_register(&scene->draft, (enum wd_register)wd_layouts[layout].reg) = draw_register(scene, layout);
}

/* An implemented granule, or with trouble any; WD_GRANULE_NONE stands for the reserved encoding. */
static enum wd_granule draw_granule(const struct wd_implementation *implementation, uint64_t *dice, unsigned stage,
                                    bool trouble)
{
    /* The members of a bit set of granules, behind their number. */
    static const uint8_t members[1 << WD_GRANULE_COUNT][1 + WD_GRANULE_COUNT] = {
        {1, WD_GRANULE_NONE},
        {1, WD_GRANULE_4K},
        {1, WD_GRANULE_16K},
        {2, WD_GRANULE_4K, WD_GRANULE_16K},
        {1, WD_GRANULE_64K},
        {2, WD_GRANULE_4K, WD_GRANULE_64K},
        {2, WD_GRANULE_16K, WD_GRANULE_64K},
        {3, WD_GRANULE_4K, WD_GRANULE_16K, WD_GRANULE_64K},
    };
    bool reserved = wd_dice_chance(dice, 40);
    unsigned set = !trouble ? implementation->granules[stage - 1] : reserved ? 0 : (1 << WD_GRANULE_COUNT) - 1;

    return (enum wd_granule)members[set][1 + wd_dice_below(dice, members[set][0])];
}

/* {I}PS: mostly what PARange says; else below or above it. */
static unsigned draw_ps(struct wd_draft *draft, uint64_t *dice)
{
    static const uint8_t percent[] = {60, 22, 18};
    unsigned implemented = (unsigned)WD_DRAFT_GET(draft, ID_AA64MMFR0_EL1, PARange) & PS_MAX;
    const unsigned low[] = {implemented, 0, implemented}, count[] = {1, implemented + 1, PS_MAX + 1 - implemented};
    unsigned place = wd_dice_index(dice, percent, sizeof(percent));

    return low[place] + wd_dice_below(dice, count[place]);
}

/* TxSZ inside its range, often at its ends. */
static unsigned draw_txsz(uint64_t *dice, unsigned minimum, unsigned maximum)
{
    /* With 52 bits those that lie next to the minimum start one level earlier. */
    static const uint8_t percent[] = {46, 16, 20, 10, 8};
    const unsigned low[] = {minimum, minimum, minimum + 1, maximum, maximum - 1};
    const unsigned count[] = {maximum - minimum + 1, 1, 3, 1, 1};
    unsigned place = wd_dice_index(dice, percent, sizeof(percent));

    return low[place] + wd_dice_far_below(dice, count[place]);
}

/* TxSZ outside its range, or any. */
static unsigned spoil_txsz(uint64_t *dice, unsigned minimum, unsigned maximum)
{
    static const uint8_t percent[] = {35, 35, 30};
    const unsigned txsz[] = {minimum - 1, maximum + 1, wd_dice_far_below(dice, TXSZ_MAX + 1)};

    return txsz[wd_dice_index(dice, percent, sizeof(percent))];
}

/*
 * {I}PS, and granule and TxSZ of the range that is walked; the shape of the stage follows, but for its start level. The
 * other range keeps what its weights gave.
 */
static inline __attribute__((always_inline)) uint64_t draw_range(struct wd_scene *scene, const struct tcr_map *map,
                                                                 unsigned range, uint64_t tcr, struct wd_stage *stage,
                                                                 bool trouble, const struct wd_format_limits **limits)
{
    struct wd_draft *draft = &scene->draft;
    uint64_t dice = wd_random_bits(&draft->random);
    bool granule_trouble = wd_dice_chance(&dice, 35) & trouble;
    enum wd_granule asked = draw_granule(draft->implementation, &dice, stage->stage, granule_trouble);
    unsigned ps = draw_ps(draft, &dice), minimum, maximum, txsz, effective;
    uint64_t drawn = (uint64_t)TG_MAX << map->tg[range] | (uint64_t)PS_MAX << map->ps;

    *limits = wd_shape_formats(draft->implementation, asked, wd_bit(tcr, map->ds), ps, stage);
    minimum = (*limits)->txsz_minimum;
    maximum = (*limits)->txsz_maximum;
    if (trouble & !granule_trouble) {
        txsz = spoil_txsz(&dice, minimum, maximum);
        effective = txsz < minimum ? minimum : txsz > maximum ? maximum : txsz;
    } else {
        effective = txsz = draw_txsz(&dice, minimum, maximum);
    }
    stage->input_bits = 64 - effective;
    drawn |= (uint64_t)TXSZ_MAX << map->txsz[range];
    return (tcr & ~drawn) | (uint64_t)wd_tg_field[range][asked] << map->tg[range] | (uint64_t)ps << map->ps |
           (uint64_t)txsz << map->txsz[range];
}

static void draw_stage1(struct wd_scene *scene, uint64_t *dice, uint64_t sctlr)
{
    static const uint8_t tcr_layouts[] = {[WD_REGIME_EL10] = WD_LAYOUT_TCR_EL1,
                                          [WD_REGIME_EL20] = WD_LAYOUT_TCR_EL2_E2H,
                                          [WD_REGIME_EL2] = WD_LAYOUT_TCR_EL2};
    struct wd_draft *draft = &scene->draft;
    bool trouble = wd_has_trouble(scene, WD_TROUBLE_S1_CONTROL);
    const struct tcr_map *map = scene->regime == WD_REGIME_EL2 ? &one_range : &two_ranges;
    enum wd_layout layout = (enum wd_layout)tcr_layouts[scene->regime];
    uint64_t tcr = draw_register(scene, layout);
    struct wd_stage *stage = &draft->stage1;
    const struct wd_format_limits *limits;

    *stage = (struct wd_stage){.stage = 1, .walkable = true, .big_endian = WD_GET(sctlr, SCTLR_EL1, EE)};
    scene->upper = wd_dice_chance(dice, map->ranges == 2 ? 45 : 5);
    tcr = draw_range(scene, map, scene->upper & (map->ranges == 2), tcr, stage, trouble, &limits);
    stage->start_level = (int8_t)wd_stage1_start_level(stage);
    *wd_draft_register(draft, (enum wd_register)wd_layouts[layout].reg) = tcr;
}

/* A start level that stage 2 may have, or with trouble any that can be asked for. Sets SL0 and SL2. */
static uint64_t draw_start_level(struct wd_scene *scene, uint64_t dice, const struct wd_format_limits *limits,
                                 uint64_t vtcr, bool trouble)
{
    struct wd_draft *draft = &scene->draft;
    struct wd_stage *stage = &draft->stage2;
    unsigned levels = wd_stage2_start_levels(limits, stage), later = levels & (levels - 1), field;
    uint64_t sl2;

    stage->walkable = levels && !trouble;
    if (!stage->walkable) {
        vtcr =
            WD_WITH(vtcr, VTCR_EL2, SL0, wd_random_chance(&draft->random, 30) ? 3 : wd_random_below(&draft->random, 4));
        return WD_WITH(vtcr, VTCR_EL2, SL2, stage->ds && wd_random_chance(&draft->random, 40));
    }
    if (later && dice & 1) /* there are two at most */
        levels = later;
    stage->start_level = (int8_t)(WD_LOWEST_LEVEL + __builtin_ctz(levels));
    field = (unsigned)wd_start_level_field((enum wd_granule)stage->granule, stage->start_level);
    sl2 = (uint64_t)(stage->ds & (stage->granule == WD_GRANULE_4K)) << WD_VTCR_EL2_SL2_lsb;
    vtcr = WD_WITH(vtcr, VTCR_EL2, SL0, field);
    return (vtcr & ~sl2) | ((uint64_t)(field >> 2) << WD_VTCR_EL2_SL2_lsb & sl2);
}

static void draw_stage2(struct wd_scene *scene, uint64_t *dice)
{
    struct wd_draft *draft = &scene->draft;
    bool trouble = wd_has_trouble(scene, WD_TROUBLE_S2_CONTROL);
    bool level_trouble = trouble & wd_dice_chance(dice, 40);
    uint64_t vtcr = draw_register(scene, WD_LAYOUT_VTCR_EL2);
    struct wd_stage *stage = &draft->stage2;
    const struct wd_format_limits *limits;

    *stage = (struct wd_stage){.stage = 2, .big_endian = WD_DRAFT_GET(draft, SCTLR_EL2, EE)};
    vtcr = draw_range(scene, &vtcr_map, 0, vtcr, stage, trouble && !level_trouble, &limits);
    *wd_draft_register(draft, WD_VTCR_EL2) = draw_start_level(scene, *dice, limits, vtcr, level_trouble);
}

/* Registers that the translation does not use: a walker that uses the wrong ones shall find something there. */
static void draw_bystanders(struct wd_scene *scene)
{
    static const uint8_t el1[] = {WD_LAYOUT_SCTLR_EL1, WD_LAYOUT_TCR_EL1, WD_LAYOUT_TCR2_EL1, WD_LAYOUT_TTBR0_EL1,
                                  WD_LAYOUT_TTBR1_EL1};
    static const uint8_t el2[] = {WD_LAYOUT_SCTLR_EL2, WD_LAYOUT_TCR_EL2_E2H, WD_LAYOUT_TCR2_EL2, WD_LAYOUT_TTBR0_EL2,
                                  WD_LAYOUT_TTBR1_EL2};
    const uint8_t *layouts = scene->regime == WD_REGIME_EL10 ? el2 : el1;

    for (unsigned i = 0; i < sizeof(el1); i++)
        set_drawn(scene, (enum wd_layout)layouts[i]);
    if (!scene->stage2_on) {
        set_drawn(scene, WD_LAYOUT_VTCR_EL2);
        set_drawn(scene, WD_LAYOUT_VTTBR_EL2);
    }
}

static void draw_tcr2(struct wd_scene *scene)
{
    struct wd_draft *draft = &scene->draft;
    bool el1 = scene->regime == WD_REGIME_EL10;
    bool enabled = !el1 || (wd_draft_has(draft, WD_FEAT_HCX) && WD_DRAFT_GET(draft, HCRX_EL2, TCR2En));
    uint64_t tcr2;

    scene->indirect = scene->overlay = false;
    if (scene->obeys_features && !wd_draft_has(draft, WD_FEAT_TCR2))
        return;
    set_drawn(scene, el1 ? WD_LAYOUT_TCR2_EL1 : WD_LAYOUT_TCR2_EL2);
    if (!enabled || !wd_draft_has(draft, WD_FEAT_TCR2))
        return;
    tcr2 = *wd_draft_register(draft, el1 ? WD_TCR2_EL1 : WD_TCR2_EL2);
    scene->indirect = WD_GET(tcr2, TCR2_EL1, PIE) && wd_draft_has(draft, WD_FEAT_S1PIE);
    scene->overlay =
        (WD_GET(tcr2, TCR2_EL1, POE) || WD_GET(tcr2, TCR2_EL1, E0POE)) && wd_draft_has(draft, WD_FEAT_S1POE);
}

/* Hardware management of Access flags in both stages: updates of stage 1 descriptors are accesses to stage 2. */
static void manage_both_stages(struct wd_draft *draft, uint64_t wanted)
{
    *wd_draft_register(draft, WD_TCR_EL1) |= wanted << WD_TCR_EL1_HA_lsb;
    *wd_draft_register(draft, WD_VTCR_EL2) |= wanted << WD_VTCR_EL2_HA_lsb | wanted << WD_VTCR_EL2_HD_lsb;
}

void wd_scene_draw_control(struct wd_scene *scene)
{
    static const struct {
        uint8_t layout, reg;
    } sctlrs[] = {{WD_LAYOUT_SCTLR_EL2, WD_SCTLR_EL2}, {WD_LAYOUT_SCTLR_EL1, WD_SCTLR_EL1}};
    struct wd_draft *draft = &scene->draft;
    bool el1 = scene->regime == WD_REGIME_EL10;
    uint64_t sctlr, dice = wd_random_bits(&draft->random), hcr = *wd_draft_register(draft, WD_HCR_EL2);
    bool manages_both = wd_dice_chance(&dice, 25);

    if (wd_dice_chance(&dice, 10))
        draw_bystanders(scene);
    if (wd_draft_has(draft, WD_FEAT_HCX) || !scene->obeys_features)
        set_drawn(scene, WD_LAYOUT_HCRX_EL2);
    sctlr = draw_register(scene, (enum wd_layout)sctlrs[el1].layout);
    *wd_draft_register(draft, (enum wd_register)sctlrs[el1].reg) = sctlr;
    if (scene->stage2_on) /* SCTLR_EL2.EE is stage 2's too */
        set_drawn(scene, WD_LAYOUT_SCTLR_EL2);
    scene->stage1_on = WD_GET(sctlr, SCTLR_EL1, M) & !(el1 & (WD_GET(hcr, HCR_EL2, DC) | WD_GET(hcr, HCR_EL2, TGE)));
    draw_stage1(scene, &dice, sctlr);
    draw_tcr2(scene);
    if (scene->stage2_on) {
        draw_stage2(scene, &dice);
        manage_both_stages(draft, manages_both & wd_draft_has(draft, WD_FEAT_HAFDBS));
    }
}
