/* SPDX-License-Identifier: MIT */
/* Control registers at random: every field by its weight, then sizes and granules by rules of their own. */
#include "generators/scene.h"

#include "oracle/regime.h"

struct position {
    uint8_t msb, lsb;
};

#define POSITION(layout, field)                                                                                        \
    {                                                                                                                  \
        WD_##layout##_##field##_msb, WD_##layout##_##field##_lsb                                                       \
    }

/* Where the fields that shape a walk are: TCR_EL1 and TCR_EL2 with E2H = 1 have two ranges, TCR_EL2 with E2H = 0 one.
 */
struct tcr_map {
    unsigned ranges;
    struct position txsz[2], tg[2], ps, ds;
};

static const struct tcr_map two_ranges = {.ranges = 2,
                                          .txsz = {POSITION(TCR_EL1, T0SZ), POSITION(TCR_EL1, T1SZ)},
                                          .tg = {POSITION(TCR_EL1, TG0), POSITION(TCR_EL1, TG1)},
                                          .ps = POSITION(TCR_EL1, IPS),
                                          .ds = POSITION(TCR_EL1, DS)};
static const struct tcr_map one_range = {.ranges = 1,
                                         .txsz = {POSITION(TCR_EL2, T0SZ)},
                                         .tg = {POSITION(TCR_EL2, TG0)},
                                         .ps = POSITION(TCR_EL2, PS),
                                         .ds = POSITION(TCR_EL2, DS)};
static const struct tcr_map vtcr_map = {.ranges = 1,
                                        .txsz = {POSITION(VTCR_EL2, T0SZ)},
                                        .tg = {POSITION(VTCR_EL2, TG0)},
                                        .ps = POSITION(VTCR_EL2, PS),
                                        .ds = POSITION(VTCR_EL2, DS)};

static uint64_t get(uint64_t value, struct position position)
{
    return wd_bits(value, position.msb, position.lsb);
}

static uint64_t with(uint64_t value, struct position position, uint64_t field)
{
    return wd_with_bits(value, position.msb, position.lsb, field);
}

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

/* Mostly an implemented granule; WD_GRANULE_NONE stands for the reserved encoding. */
static enum wd_granule draw_granule(struct wd_scene *scene, unsigned stage, bool trouble)
{
    struct wd_random *random = &scene->draft.random;
    enum wd_granule granule;

    if (trouble && wd_random_chance(random, 40))
        return WD_GRANULE_NONE;
    do {
        granule = (enum wd_granule)wd_random_below(random, WD_GRANULE_COUNT);
    } while (!trouble && !wd_implements_granule(scene->draft.implementation, stage, granule));
    return granule;
}

/* {I}PS: mostly what PARange says; else below or above it. */
static unsigned draw_ps(struct wd_scene *scene)
{
    static const uint8_t percent[] = {60, 22, 18};
    struct wd_random *random = &scene->draft.random;
    unsigned implemented = (unsigned)WD_DRAFT_GET(&scene->draft, ID_AA64MMFR0_EL1, PARange) & 7;
    unsigned place = wd_random_index(random, percent, sizeof(percent));
    unsigned low = place == 1 ? 0 : implemented, count = place == 1 ? implemented + 1 : 8 - implemented;
    unsigned other = low + wd_random_scale(wd_random_peek(random), count);

    wd_random_take(random, place != 0);
    return place ? other : implemented;
}

/* TxSZ: mostly inside its range, often at its ends; with trouble outside. */
static unsigned draw_txsz(struct wd_random *random, unsigned minimum, unsigned maximum, bool trouble)
{
    static const uint8_t inside[] = {46, 16, 20, 10, 8}, outside[] = {35, 35, 30};
    /* With 52 bits those that lie next to the minimum start one level earlier. */
    const unsigned low[] = {minimum, minimum, minimum + 1, maximum, maximum - 1};
    const unsigned count[] = {maximum - minimum + 1, 1, 3, 1, 1};
    unsigned place, txsz;

    if (trouble) {
        switch (wd_random_index(random, outside, sizeof(outside))) {
        case 0:
            return minimum - 1;
        case 1:
            return maximum + 1;
        default:
            return wd_random_below(random, 64);
        }
    }
    place = wd_random_index(random, inside, sizeof(inside));
    txsz = low[place] + wd_random_scale(wd_random_peek(random), count[place]);
    wd_random_take(random, place == 0 || place == 2);
    return txsz;
}

/*
 * Granule and TxSZ of the range that is walked; the shape of the stage follows, but for its start level. The other
 * range keeps what its weights gave.
 */
static uint64_t draw_range(struct wd_scene *scene, const struct tcr_map *map, unsigned range, uint64_t tcr,
                           struct wd_stage *stage, bool trouble, const struct wd_format_limits **limits)
{
    struct wd_draft *draft = &scene->draft;
    bool granule_trouble = trouble && wd_random_chance(&draft->random, 35);
    enum wd_granule asked = draw_granule(scene, stage->stage, granule_trouble);
    unsigned minimum, maximum, txsz;

    *limits = wd_shape_formats(draft->implementation, asked, get(tcr, map->ds), (unsigned)get(tcr, map->ps), stage);
    minimum = (*limits)->txsz_minimum;
    maximum = (*limits)->txsz_maximum;
    txsz = draw_txsz(&draft->random, minimum, maximum, trouble && !granule_trouble);
    stage->input_bits = 64 - (txsz < minimum ? minimum : txsz > maximum ? maximum : txsz);
    tcr = with(tcr, map->tg[range], wd_tg_field[range][asked]);
    return with(tcr, map->txsz[range], txsz);
}

static void draw_stage1(struct wd_scene *scene, uint64_t sctlr)
{
    struct wd_draft *draft = &scene->draft;
    bool trouble = wd_has_trouble(scene, WD_TROUBLE_S1_CONTROL);
    const struct tcr_map *map = scene->regime == WD_REGIME_EL2 ? &one_range : &two_ranges;
    enum wd_layout layout = scene->regime == WD_REGIME_EL10  ? WD_LAYOUT_TCR_EL1
                            : scene->regime == WD_REGIME_EL2 ? WD_LAYOUT_TCR_EL2
                                                             : WD_LAYOUT_TCR_EL2_E2H;
    uint64_t tcr = draw_register(scene, layout);
    struct wd_stage *stage = &draft->stage1;
    const struct wd_format_limits *limits;

    *stage = (struct wd_stage){.stage = 1, .walkable = true, .big_endian = WD_GET(sctlr, SCTLR_EL1, EE)};
    scene->upper = wd_random_chance(&draft->random, map->ranges == 2 ? 45 : 5);
    tcr = with(tcr, map->ps, draw_ps(scene));
    tcr = draw_range(scene, map, map->ranges == 2 && scene->upper, tcr, stage, trouble, &limits);
    stage->start_level = (int8_t)wd_stage1_start_level(stage);
    *wd_draft_register(draft, scene->regime == WD_REGIME_EL10 ? WD_TCR_EL1 : WD_TCR_EL2) = tcr;
}

/* A start level that stage 2 may have, or with trouble any that can be asked for. Sets SL0 and SL2. */
static uint64_t draw_start_level(struct wd_scene *scene, const struct wd_format_limits *limits, uint64_t vtcr,
                                 bool trouble)
{
    struct wd_draft *draft = &scene->draft;
    struct wd_stage *stage = &draft->stage2;
    unsigned levels = wd_stage2_start_levels(limits, stage), later = levels & (levels - 1);
    int field;

    stage->walkable = levels && !trouble;
    if (!stage->walkable) {
        vtcr =
            WD_WITH(vtcr, VTCR_EL2, SL0, wd_random_chance(&draft->random, 30) ? 3 : wd_random_below(&draft->random, 4));
        return WD_WITH(vtcr, VTCR_EL2, SL2, stage->ds && wd_random_chance(&draft->random, 40));
    }
    /* There are two at most. */
    if (wd_random_below(&draft->random, later ? 2 : 1))
        levels = later;
    stage->start_level = (int8_t)(WD_LOWEST_LEVEL + __builtin_ctz(levels));
    field = wd_start_level_field((enum wd_granule)stage->granule, stage->start_level);
    vtcr = WD_WITH(vtcr, VTCR_EL2, SL0, field);
    if (stage->granule == WD_GRANULE_4K && stage->ds)
        vtcr = WD_WITH(vtcr, VTCR_EL2, SL2, field >> 2);
    return vtcr;
}

static void draw_stage2(struct wd_scene *scene)
{
    struct wd_draft *draft = &scene->draft;
    bool trouble = wd_has_trouble(scene, WD_TROUBLE_S2_CONTROL);
    bool level_trouble = trouble && wd_random_chance(&draft->random, 40);
    uint64_t vtcr = draw_register(scene, WD_LAYOUT_VTCR_EL2);
    struct wd_stage *stage = &draft->stage2;
    const struct wd_format_limits *limits;

    *stage = (struct wd_stage){.stage = 2, .big_endian = WD_DRAFT_GET(draft, SCTLR_EL2, EE)};
    vtcr = with(vtcr, vtcr_map.ps, draw_ps(scene));
    vtcr = draw_range(scene, &vtcr_map, 0, vtcr, stage, trouble && !level_trouble, &limits);
    *wd_draft_register(draft, WD_VTCR_EL2) = draw_start_level(scene, limits, vtcr, level_trouble);
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
static void manage_both_stages(struct wd_draft *draft)
{
    WD_DRAFT_SET(draft, TCR_EL1, HA, 1);
    WD_DRAFT_SET(draft, VTCR_EL2, HA, 1);
    WD_DRAFT_SET(draft, VTCR_EL2, HD, 1);
}

void wd_scene_draw_control(struct wd_scene *scene)
{
    struct wd_draft *draft = &scene->draft;
    bool el1 = scene->regime == WD_REGIME_EL10;
    uint64_t sctlr;

    if (wd_random_chance(&draft->random, 10))
        draw_bystanders(scene);
    if (wd_draft_has(draft, WD_FEAT_HCX) || !scene->obeys_features)
        set_drawn(scene, WD_LAYOUT_HCRX_EL2);
    if (scene->stage2_on || !el1) /* SCTLR_EL2.EE is stage 2's too */
        set_drawn(scene, WD_LAYOUT_SCTLR_EL2);
    if (el1)
        set_drawn(scene, WD_LAYOUT_SCTLR_EL1);
    sctlr = *wd_draft_register(draft, el1 ? WD_SCTLR_EL1 : WD_SCTLR_EL2);
    scene->stage1_on = WD_GET(sctlr, SCTLR_EL1, M);
    if (el1 && (WD_DRAFT_GET(draft, HCR_EL2, DC) || WD_DRAFT_GET(draft, HCR_EL2, TGE)))
        scene->stage1_on = false;
    draw_stage1(scene, sctlr);
    draw_tcr2(scene);
    if (scene->stage2_on) {
        draw_stage2(scene);
        if (wd_draft_has(draft, WD_FEAT_HAFDBS) && wd_random_chance(&draft->random, 25))
            manage_both_stages(draft);
    }
}
