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
static uint16_t draw_trouble(struct wd_random *random)
{
    static const uint8_t percent[WD_TROUBLE_COUNT] = {
        [WD_TROUBLE_ADDRESS] = 9,     [WD_TROUBLE_S1_CONTROL] = 9, [WD_TROUBLE_S1_BASE] = 8,
        [WD_TROUBLE_S1_WALK] = 26,    [WD_TROUBLE_S1_LEAF] = 65,   [WD_TROUBLE_S2_BASE] = 8,
        [WD_TROUBLE_S2_CONTROL] = 10, [WD_TROUBLE_S2_TABLE] = 14,  [WD_TROUBLE_S2_WALK] = 18,
        [WD_TROUBLE_S2_LEAF] = 35,
    };
    uint64_t stage1 = wd_random_bits(random), stage2 = wd_random_bits(random);
    uint16_t trouble = 0;

    if (wd_random_chance(random, 15))
        return 0;
    /* A byte of the draws decides on each place. */
    for (unsigned i = 0; i < WD_TROUBLE_COUNT; i++) {
        uint64_t *draws = i < WD_TROUBLE_S2_CONTROL ? &stage1 : &stage2;

        trouble |= (uint16_t)((wd_bits(*draws, 7, 0) * 100 < percent[i] * 256u) << i);
        *draws >>= 8;
    }
    return trouble;
}

void wd_generate_swarm(const struct wd_profile_mix *mix, const struct wd_swarm *swarm, uint64_t seed, uint64_t index,
                       struct wd_case_buffer *buffer)
{
    struct wd_scene scene;
    struct wd_random *random = &scene.draft.random;

    *random = wd_random_stream(seed, index);
    random->swarm = swarm;
    memset(buffer->c.regs, 0, sizeof(buffer->c.regs));
    wd_profile_draw(mix->profiles[wd_random_below(random, (uint32_t)mix->count)], random, buffer->c.regs);
    wd_draft_begin(&scene.draft, buffer);
    scene.trouble = draw_trouble(random);
    if (swarm)
        scene.trouble &= (uint16_t)~swarm->trouble;
    scene.obeys_features = !wd_random_chance(random, 12);
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
