/* SPDX-License-Identifier: MIT */
/*
 * What several of a walker's mistakes lead to together. An answer can be wrong in so many ways at once that the judge,
 * which looks at one answer alone, names none of them, or one that explains it by chance. But once a run is over it is
 * known what its walker has, from all the answers that are wrong in one way. So what is left is looked at again: each
 * case of a bucket is judged with the causes of all larger buckets as known, and where each is exactly what a walker
 * answers that has them, the bucket is no finding of its own. It is counted with that of the cause which its first case
 * needs.
 */
#ifndef WALKDIFF_FOLD_H
#define WALKDIFF_FOLD_H

#include "harness/engine/engine.h"
#include "harness/engine/merge.h"

/**
 * What a run reports: wd_merge_buckets(), and of that each bucket that says nothing of its own counted with another.
 * The order of the result means nothing, but it and all else are functions of the plan and of what is in the buckets.
 * @param state  its buckets remember what came of it, so that no case is judged twice with the same causes
 * @param count  receives how many
 * @return an array for free()
 */
struct wd_merged *wd_fold_buckets(const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state, size_t *count);

#endif
