/* SPDX-License-Identifier: MIT */
/*
 * Weights become bits all at once: for each bit of a register the probability that it is set, in 1/32, is spread over
 * six planes (one a binary digit), and one random word a digit serves all 64 bits. A walk over the fields, one draw
 * each, would cost more than everything else that the generator does.
 */
#include "generators/weights.h"

#include "generators/mutate.h"
#include "walkdiff/oracle.h"

enum { WD_DIGITS = 5 };

/* Of each bit of a field, in 1/32: a wider field that is set holds random bits, half of them 1. */
#define WD_PROBABILITY(msb, lsb, weight) (((weight) * ((msb) == (lsb) ? 32 : 16) + 50) / 100)

#define WD_TABLE     "walkdiff/registers.def"
#define WD_TABLE_END WD_LAYOUT_COUNT
static const uint64_t register_planes[WD_DIGITS + 1][WD_LAYOUT_COUNT + 1] = {
#define WD_PLANE 0
#include "generators/weight_plane.inc"
#define WD_PLANE 1
#include "generators/weight_plane.inc"
#define WD_PLANE 2
#include "generators/weight_plane.inc"
#define WD_PLANE 3
#include "generators/weight_plane.inc"
#define WD_PLANE 4
#include "generators/weight_plane.inc"
#define WD_PLANE 5
#include "generators/weight_plane.inc"
};
#undef WD_TABLE
#undef WD_TABLE_END

#define WD_TABLE     "generators/descriptors.def"
#define WD_TABLE_END WD_DESCRIPTOR_LAYOUT_COUNT
static const uint64_t descriptor_planes[WD_DIGITS + 1][WD_DESCRIPTOR_LAYOUT_COUNT + 1] = {
#define WD_PLANE 0
#include "generators/weight_plane.inc"
#define WD_PLANE 1
#include "generators/weight_plane.inc"
#define WD_PLANE 2
#include "generators/weight_plane.inc"
#define WD_PLANE 3
#include "generators/weight_plane.inc"
#define WD_PLANE 4
#include "generators/weight_plane.inc"
#define WD_PLANE 5
#include "generators/weight_plane.inc"
};
#undef WD_TABLE
#undef WD_TABLE_END

/*
 * One digit of the probability, the lowest first: a bit is 1 with p before and with p / 2 after the digit 0, with
 * (1 + p) / 2 after the digit 1.
 */
static uint64_t digit(struct wd_random *random, uint64_t plane, uint64_t value)
{
    uint64_t bits = wd_random_bits(random);

    return (bits & value) | (plane & (bits | value));
}

uint64_t wd_random_register(struct wd_random *random, enum wd_layout layout)
{
    uint64_t value = digit(random, register_planes[0][layout], 0);

    value = digit(random, register_planes[1][layout], value);
    value = digit(random, register_planes[2][layout], value);
    value = digit(random, register_planes[3][layout], value);
    value = digit(random, register_planes[4][layout], value);
    value |= register_planes[5][layout];
    return random->swarm ? value & ~random->swarm->registers[layout] : value;
}

uint64_t wd_random_descriptor(struct wd_random *random, enum wd_descriptor_layout layout)
{
    uint64_t value = digit(random, descriptor_planes[0][layout], 0);

    value = digit(random, descriptor_planes[1][layout], value);
    value = digit(random, descriptor_planes[2][layout], value);
    value = digit(random, descriptor_planes[3][layout], value);
    value = digit(random, descriptor_planes[4][layout], value);
    value |= descriptor_planes[5][layout];
    return random->swarm ? value & ~random->swarm->descriptors[layout] : value;
}

static uint64_t is_at_least(uint64_t value, uint64_t least)
{
    return value >= least;
}

/* wd_has_feature() of all features at once: all but the few that it decides by code need no look into its table. */
wd_feature_set wd_features_of(const uint64_t regs[WD_REGISTER_COUNT])
{
    wd_feature_set features = UINT64_C(1) << WD_NONE;

#define WD_FEATURE(name, reg, field, at_least, title)                                                                  \
    features |= ((at_least) ? is_at_least(WD_GET(regs[WD_##reg], reg, field), at_least)                                \
                            : (uint64_t)wd_has_feature(regs, WD_##name))                                               \
                << WD_##name;
#include "walkdiff/features.def"
    return features;
}
