/* SPDX-License-Identifier: MIT */
/* Random cases. */
#include <string.h>

#include "generators/mutate.h"
#include "generators/profiles.h"
#include "generators/scene.h"

/*
 * What goes wrong on purpose. Permissions, Access flags and the like fail by themselves too; the weights are such that
 * about four cases in ten succeed, with one stage and with two.
 */
static const uint8_t trouble_percent[WD_TROUBLE_COUNT] = {
    [WD_TROUBLE_ADDRESS] = 9,     [WD_TROUBLE_S1_CONTROL] = 9, [WD_TROUBLE_S1_BASE] = 8,   [WD_TROUBLE_S1_WALK] = 26,
    [WD_TROUBLE_S1_LEAF] = 65,    [WD_TROUBLE_S2_BASE] = 8,    [WD_TROUBLE_S2_TABLE] = 14, [WD_TROUBLE_S2_WALK] = 18,
    [WD_TROUBLE_S2_CONTROL] = 10, [WD_TROUBLE_S2_LEAF] = 35,
};

/*
 * Which of the eight places from `first` on go wrong, as bits. A byte of the draws decides on each, all at once: its
 * seven low bits are below the weight, in 1/128, if bit 7 stays when they are taken away from 127 + weight.
 */
static inline __attribute__((always_inline)) unsigned draw_eight_troubles(uint64_t draws, unsigned first)
{
    const uint64_t high_bits = UINT64_C(0x8080808080808080);
    uint64_t weights = 0;

    for (unsigned i = 0; i < 8; i++)
        weights |= (UINT64_C(127) + (first + i < WD_TROUBLE_COUNT ? (trouble_percent[first + i] * 128u + 50) / 100 : 0))
                   << 8 * i;
    draws = (weights - (draws & ~high_bits)) & high_bits;
    return (unsigned)((draws >> 7) * UINT64_C(0x0102040810204080) >> 56) << first; /* bits 8i to bits i */
}

static uint16_t draw_trouble(struct wd_random *random, uint64_t *dice)
{
    unsigned some = draw_eight_troubles(wd_random_bits(random), 0) | draw_eight_troubles(wd_random_bits(random), 8);

    return (uint16_t)(wd_dice_chance(dice, 15) ? 0 : some);
}

void wd_generate_swarm(const struct wd_profile_mix *mix, const struct wd_swarm *swarm, uint64_t seed, uint64_t index,
                       struct wd_case_buffer *buffer)
{
    struct wd_scene scene;
    struct wd_random *random = &scene.draft.random;
    uint64_t dice;

    *random = wd_random_stream(seed, index);
    random->swarm = swarm;
    memset(buffer->c.regs, 0, sizeof(buffer->c.regs));
    wd_profile_draw(mix->profiles[mix->count > 1 ? wd_random_below(random, (uint32_t)mix->count) : 0], random,
                    buffer->c.regs);
    wd_draft_begin(&scene.draft, buffer);
    dice = wd_random_bits(random);
    scene.trouble = draw_trouble(random, &dice);
    if (swarm)
        scene.trouble &= (uint16_t)~swarm->trouble;
    scene.obeys_features = !wd_dice_chance(&dice, 12);
    wd_scene_choose_operation(&scene);
    wd_scene_draw_control(&scene);
    wd_scene_draw_attributes(&scene);
    wd_scene_draw_memory(&scene);
    wd_scene_draw_bases(&scene);
    wd_scene_draw_address(&scene);
    wd_scene_draw_tables(&scene);
}

void wd_generate(const struct wd_profile_mix *mix, uint64_t seed, uint64_t index, struct wd_case_buffer *buffer)
{
    wd_generate_swarm(mix, NULL, seed, index, buffer);
}
