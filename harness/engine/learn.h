/* SPDX-License-Identifier: MIT */
/* What the judge learns of the walkers of a run before it begins. */
#ifndef WALKDIFF_LEARN_H
#define WALKDIFF_LEARN_H

#include "harness/engine/fuzz_plan.h"

/**
 * Decides how many of the seed's first cases are learned from, for each walker of a plan.
 * @param cases  of the run as a whole, of which the plan may be a part; UINT64_MAX: nobody knows how many
 */
void wd_learn_from(struct wd_fuzz_plan *plan, uint64_t cases);

/**
 * Has the walkers answer these cases, and learns from their wrong answers: sets each walker's `answerer.experience`,
 * which wd_experience_free() ends. It is the same in all parts of a run.
 */
bool wd_learn(struct wd_fuzz_plan *plan, struct wd_error *error);

#endif
