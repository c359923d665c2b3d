/* SPDX-License-Identifier: MIT */
/*
 * Pseudo-random numbers in integer arithmetic of fixed width: the same on every machine. The generator is wyrand, whose
 * state is a counter: a case takes more than a hundred numbers, and one costs a multiplication. Its starting point is a
 * hash of seed and index, so that every case has its own stream.
 */
#ifndef GENERATORS_RANDOM_H
#define GENERATORS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct wd_swarm;

struct wd_random {
    uint64_t state;
    const struct wd_swarm *swarm; /**< what random registers and descriptors do without; NULL: nothing */
};

/** A bijection of 64-bit numbers that spreads every input bit over the whole output. */
static inline uint64_t wd_random_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/** The stream of case `index` of `seed`. */
static inline struct wd_random wd_random_stream(uint64_t seed, uint64_t index)
{
    return (struct wd_random){.state = wd_random_mix(seed + wd_random_mix(index + UINT64_C(0x6a09e667f3bcc909)))};
}

static const uint64_t wd_random_step = UINT64_C(0xa0761d6478bd642f);

/** The number that a state of the counter stands for: the halves of a product, one upon the other. */
static inline uint64_t wd_random_number(uint64_t state)
{
    __extension__ unsigned __int128 product = (unsigned __int128)state * (state ^ UINT64_C(0xe7037ed1a0b428db));

    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/** 64 uniform bits. */
static inline uint64_t wd_random_bits(struct wd_random *random)
{
    random->state += wd_random_step;
    return wd_random_number(random->state);
}

/** What wd_random_bits() would give, which stays untaken: where a draw is needed or not, nobody could predict it. */
static inline uint64_t wd_random_peek(const struct wd_random *random)
{
    return wd_random_number(random->state + wd_random_step);
}

/** Takes what was peeked at, if it was needed. */
static inline void wd_random_take(struct wd_random *random, bool needed)
{
    random->state += wd_random_step & -(uint64_t)needed;
}

/** Uniform bits as a number below `limit`, 1 ≤ limit < 2^32. */
static inline uint32_t wd_random_scale(uint64_t bits, uint32_t limit)
{
    return (uint32_t)(((bits >> 32) * limit) >> 32);
}

/** A uniform number below `limit`, 1 ≤ limit < 2^32. */
static inline uint32_t wd_random_below(struct wd_random *random, uint32_t limit)
{
    return wd_random_scale(wd_random_bits(random), limit);
}

/** A uniform number from `low` to `high`, both inclusive. */
static inline int wd_random_between(struct wd_random *random, int low, int high)
{
    return low + (int)wd_random_below(random, (uint32_t)(high - low + 1));
}

/** True in `percent` of 100 calls. */
static inline bool wd_random_chance(struct wd_random *random, unsigned percent)
{
    return wd_random_below(random, 100) < percent;
}

/**
 * An index below `count`, drawn by weight.
 * @param percent  one for each index; the last index takes what is left of 100
 */
static inline unsigned wd_random_index(struct wd_random *random, const uint8_t *percent, unsigned count)
{
    uint32_t draw = wd_random_below(random, 100), sum = 0;
    unsigned index = 0;

    /* Counts instead of leaving the loop: a processor cannot guess where it would. */
    for (unsigned i = 0; i < count - 1; i++) {
        sum += percent[i];
        index += draw >= sum;
    }
    return index;
}

/*
 * Several small decisions out of one number, the dice: each takes its lowest 8 bits, or 16. Weights are rounded to
 * 1/256.
 */

/** A uniform number below `limit`, 1 ≤ limit < 16, out of 8 bits of the dice. */
static inline unsigned wd_dice_below(uint64_t *dice, unsigned limit)
{
    unsigned drawn = (unsigned)(*dice & 0xff) * limit >> 8;

    *dice >>= 8;
    return drawn;
}

/** A uniform number below `limit`, 1 ≤ limit < 2^12, out of 16 bits of the dice. */
static inline unsigned wd_dice_far_below(uint64_t *dice, unsigned limit)
{
    unsigned drawn = (unsigned)(*dice & 0xffff) * limit >> 16;

    *dice >>= 16;
    return drawn;
}

/** True in `percent` of 100 calls; takes 8 bits of the dice. */
static inline bool wd_dice_chance(uint64_t *dice, unsigned percent)
{
    bool drawn = (*dice & 0xff) * 100 < percent * 256;

    *dice >>= 8;
    return drawn;
}

/** wd_random_index() out of 8 bits of the dice. */
static inline unsigned wd_dice_index(uint64_t *dice, const uint8_t *percent, unsigned count)
{
    unsigned draw = (unsigned)(*dice & 0xff) * 100, sum = 0, index = 0;

    for (unsigned i = 0; i < count - 1; i++) {
        sum += percent[i];
        index += draw >= sum * 256;
    }
    *dice >>= 8;
    return index;
}

#endif
