/* SPDX-License-Identifier: MIT */
/* New cases out of old ones: what guided fuzzing draws from beside wd_generate(). */
#ifndef GENERATORS_MUTATE_H
#define GENERATORS_MUTATE_H

#include "generators/generate.h"
#include "generators/weights.h"

/**
 * Features that a number of random cases do without: fields that are 0 in all of them, and places where nothing goes
 * wrong. What is left meets more often than it does in cases that have a little of everything ("swarm testing").
 */
struct wd_swarm {
    uint64_t registers[WD_LAYOUT_COUNT]; /**< bits that are 0 */
    uint64_t descriptors[WD_DESCRIPTOR_LAYOUT_COUNT];
    uint16_t trouble; /**< bit set of enum wd_trouble: not wanted */
};

/** Draws a swarm: each field and place is left out with the same chance, which differs from swarm to swarm. */
void wd_swarm_draw(struct wd_random *random, struct wd_swarm *swarm);

/** wd_generate() with a swarm. */
void wd_generate_swarm(const struct wd_profile_mix *mix, const struct wd_swarm *swarm, uint64_t seed, uint64_t index,
                       struct wd_case_buffer *buffer);

/**
 * Changes a case in a few places: fields of registers and descriptors, by registers.def and descriptors.def; the VA, to
 * a neighbour or across a boundary; the instruction; words and ranges of memory; registers from another case. The
 * implementation stays, and so do the places of words.
 * @param parent  the case
 * @param other  a case to take registers from; may be the parent
 * @param buffer  receives the new case, linked; not the parent or the other
 */
void wd_mutate(const struct wd_case_buffer *parent, const struct wd_case_buffer *other, struct wd_random *random,
               struct wd_case_buffer *buffer);

#endif
