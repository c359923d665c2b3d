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
    uint8_t percent; /* of cases; the last one takes what is left */
    uint64_t clear, set;
    uint8_t count;
    uint8_t operations[OPERATIONS_MAX]; /* each equally often */
};

#define OPERATIONS(...)                                                                                                \
    sizeof((uint8_t[]){__VA_ARGS__}),                                                                                  \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define S1E1  WD_AT_S1E1R, WD_AT_S1E1W, WD_AT_S1E0R, WD_AT_S1E0W
#define S1E1P WD_AT_S1E1RP, WD_AT_S1E1WP
#define S12   WD_AT_S12E1R, WD_AT_S12E1W, WD_AT_S12E0R, WD_AT_S12E0W
#define S1E2  WD_AT_S1E2R, WD_AT_S1E2W

static const struct setting settings[] = {
    /* EL1&0, stage 2 off; on for both; on for the walk alone */
    {26, TGE | VM | DC, 0, OPERATIONS(S1E1, S1E1, S1E1P, S1E1P, S12, WD_AT_S1E1A)},
    {24, TGE | DC, VM, OPERATIONS(S12)},
    {13, TGE | DC, VM, OPERATIONS(S1E1, S1E1P, WD_AT_S1E1A)},
    /* EL2 */
    {13, E2H, 0, OPERATIONS(S1E2, S1E2, S1E2, WD_AT_S1E2A)},
    /* EL2&0: the host, from EL1's instructions and from EL2's */
    {11, 0, E2H | TGE, OPERATIONS(S1E1, S1E1, S1E1P, S1E1P, S12, WD_AT_S1E1A)},
    {5, 0, E2H, OPERATIONS(S1E2, S1E2, S1E2, WD_AT_S1E2A)},
    /* EL1&0 with its stage 1 off: TGE, DC */
    {3, E2H, TGE, OPERATIONS(S1E1, S1E1P, S12, WD_AT_S1E1A)},
    {5, TGE, DC, OPERATIONS(S1E1, S1E1P, S12, WD_AT_S1E1A)},
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

/* A setting that the implementation has: E2H = 1 needs FEAT_VHE. */
static const struct setting *draw_setting(struct wd_scene *scene)
{
    const struct setting *setting;

    do {
        uint32_t draw = wd_random_below(&scene->draft.random, 100), sum = 0;

        setting = settings;
        for (unsigned i = 0; i < SETTINGS - 1; i++) {
            sum += settings[i].percent;
            setting += draw >= sum;
        }
    } while ((setting->set & E2H) && !wd_draft_has(&scene->draft, WD_FEAT_VHE));
    return setting;
}

static unsigned draw_operation(struct wd_scene *scene, const struct setting *setting)
{
    unsigned op;

    do {
        op = setting->operations[wd_random_below(&scene->draft.random, setting->count)];
    } while (!wd_draft_has(&scene->draft, (enum wd_feature)wd_operations[op].feature));
    return op;
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
    struct wd_draft *draft = &scene->draft;
    struct wd_case *c = &draft->buffer->c;
    const struct setting *setting = draw_setting(scene);
    const struct wd_operation_info *operation;
    uint64_t hcr;
    bool at_el2_only, in_host;

    c->op = (uint8_t)draw_operation(scene, setting);
    operation = &wd_operations[c->op];
    at_el2_only = operation->el == 2 || operation->both_stages;
    hcr = c->regs[WD_HCR_EL2] = draw_hcr(scene, setting);
    in_host = wd_in_host(c->regs);

    /* With TGE = 1 nothing executes at EL1. */
    c->el = at_el2_only || WD_GET(hcr, HCR_EL2, TGE) || !wd_random_chance(&draft->random, 35) ? 2 : 1;
    c->pan = wd_random_chance(&draft->random, operation->pan ? 75 : 40) &&
             (wd_draft_has(draft, WD_FEAT_PAN) || !scene->obeys_features);

    scene->unprivileged = operation->unprivileged;
    scene->write = operation->write;
    scene->checks_pan = operation->pan;
    if (operation->el == 2)
        scene->regime = wd_e2h(c->regs) ? WD_REGIME_EL20 : WD_REGIME_EL2;
    else
        scene->regime = in_host ? WD_REGIME_EL20 : WD_REGIME_EL10;
    scene->stage2_on = scene->regime == WD_REGIME_EL10 && (WD_GET(hcr, HCR_EL2, VM) || WD_GET(hcr, HCR_EL2, DC));
    scene->both_stages = scene->stage2_on && operation->both_stages;
}
