/* SPDX-License-Identifier: MIT */
/* Which instruction is executed, and the bits of HCR_EL2 that say what it translates. */
#include "generators/scene.h"

#include "oracle/regime.h"

enum { OPERATIONS_MAX = 20 };

#define BIT(field) (UINT64_C(1) << WD_HCR_EL2_##field##_lsb)
#define E2H        BIT(E2H)
#define TGE        BIT(TGE)
#define VM         BIT(VM)
#define DC         BIT(DC)

/* What is translated, with the bits of HCR_EL2 that make it so. Bits in neither mask keep what their weights gave. */
struct setting {
    uint8_t below; /* percent of cases, with those of the settings before it */
    uint64_t clear, set;
    uint8_t always, with_pan2, with_ats1a; /* how many of the operations need which feature, in this order */
    uint8_t operations[OPERATIONS_MAX];    /* each equally often */
};

#define S1E1  WD_AT_S1E1R, WD_AT_S1E1W, WD_AT_S1E0R, WD_AT_S1E0W
#define S1E1P WD_AT_S1E1RP, WD_AT_S1E1WP
#define S12   WD_AT_S12E1R, WD_AT_S12E1W, WD_AT_S12E0R, WD_AT_S12E0W
#define S1E2  WD_AT_S1E2R, WD_AT_S1E2W

static const struct setting settings[] = {
    /* EL1&0, stage 2 off; on for both; on for the walk alone */
    {26, TGE | VM | DC, 0, 12, 4, 1, {S1E1, S1E1, S12, S1E1P, S1E1P, WD_AT_S1E1A}},
    {50, TGE | DC, VM, 4, 0, 0, {S12}},
    {63, TGE | DC, VM, 4, 2, 1, {S1E1, S1E1P, WD_AT_S1E1A}},
    /* EL2 */
    {76, E2H, 0, 6, 0, 1, {S1E2, S1E2, S1E2, WD_AT_S1E2A}},
    /* EL1&0 with its stage 1 off: TGE, DC */
    {79, E2H, TGE, 8, 2, 1, {S1E1, S12, S1E1P, WD_AT_S1E1A}},
    {84, TGE, DC, 8, 2, 1, {S1E1, S12, S1E1P, WD_AT_S1E1A}},
    /* EL2&0: the host, from EL1's instructions and from EL2's */
    {95, 0, E2H | TGE, 12, 4, 1, {S1E1, S1E1, S12, S1E1P, S1E1P, WD_AT_S1E1A}},
    {100, 0, E2H, 6, 0, 1, {S1E2, S1E2, S1E2, WD_AT_S1E2A}},
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]), SETTINGS_WITHOUT_VHE = 6 };

/* A setting that the implementation has: E2H = 1 needs FEAT_VHE. */
static const struct setting *draw_setting(const struct wd_scene *scene, uint64_t dice)
{
    unsigned count = wd_draft_has(&scene->draft, WD_FEAT_VHE) ? SETTINGS : SETTINGS_WITHOUT_VHE;
    uint32_t draw = wd_random_scale(dice, settings[count - 1].below);
    unsigned setting = 0;

    for (unsigned i = 0; i < SETTINGS - 1; i++)
        setting += draw >= settings[i].below;
    return &settings[setting];
}

static unsigned draw_operation(const struct wd_scene *scene, const struct setting *setting, uint64_t *dice)
{
    unsigned with_pan2 = wd_draft_has(&scene->draft, WD_FEAT_PAN2) ? setting->with_pan2 : 0;
    unsigned with_ats1a = wd_draft_has(&scene->draft, WD_FEAT_ATS1A) ? setting->with_ats1a : 0;
    unsigned i = wd_dice_far_below(dice, setting->always + with_pan2 + with_ats1a);

    if (i >= setting->always)
        i += setting->with_pan2 - with_pan2;
    return setting->operations[i];
}

static uint64_t draw_hcr(struct wd_scene *scene, const struct setting *setting)
{
    uint64_t hcr = wd_random_register(&scene->draft.random, WD_LAYOUT_HCR_EL2);
    uint64_t absent = scene->draft.implementation->absent[WD_LAYOUT_HCR_EL2];

    hcr = (hcr & ~setting->clear) | setting->set;
    return hcr & ~(scene->obeys_features ? absent : 0);
}

void wd_scene_choose_operation(struct wd_scene *scene)
{
    /* [EL2's instruction][E2H][TGE] */
    static const uint8_t regimes[2][2][2] = {{{WD_REGIME_EL10, WD_REGIME_EL10}, {WD_REGIME_EL10, WD_REGIME_EL20}},
                                             {{WD_REGIME_EL2, WD_REGIME_EL2}, {WD_REGIME_EL20, WD_REGIME_EL20}}};
    struct wd_draft *draft = &scene->draft;
    struct wd_case *c = &draft->buffer->c;
    uint64_t dice = wd_random_bits(&draft->random); /* the setting takes its upper half */
    const struct setting *setting = draw_setting(scene, dice);
    const struct wd_operation_info *operation;
    uint64_t hcr;
    bool at_el2_only;

    c->op = (uint8_t)draw_operation(scene, setting, &dice);
    operation = &wd_operations[c->op];
    at_el2_only = (operation->el == 2) | operation->both_stages;
    hcr = c->regs[WD_HCR_EL2] = draw_hcr(scene, setting);

    /* With TGE = 1 nothing executes at EL1. */
    c->el = 2 - (wd_dice_chance(&dice, 35) & !at_el2_only & !WD_GET(hcr, HCR_EL2, TGE));
    c->pan =
        wd_dice_chance(&dice, operation->pan ? 75 : 40) & (wd_draft_has(draft, WD_FEAT_PAN) | !scene->obeys_features);

    scene->unprivileged = operation->unprivileged;
    scene->write = operation->write;
    scene->checks_pan = operation->pan;
    scene->regime = regimes[operation->el == 2][wd_e2h(c->regs)][WD_GET(hcr, HCR_EL2, TGE)];
    scene->stage2_on = (scene->regime == WD_REGIME_EL10) & (WD_GET(hcr, HCR_EL2, VM) | WD_GET(hcr, HCR_EL2, DC));
    scene->both_stages = scene->stage2_on & operation->both_stages;
}
