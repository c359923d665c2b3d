/* SPDX-License-Identifier: MIT */
/* The steps of shrinking: what can be made simpler in a case, in the architecture's own terms. */
#ifndef GENERATORS_SHRINK_STEPS_H
#define GENERATORS_SHRINK_STEPS_H

#include "generators/shrink_walk.h"

/** One change of a case. What the members mean depends on the kind. */
struct wd_shrink_step {
    uint8_t kind;
    bool replant; /**< afterwards the walk's descriptors follow: wd_shrink_replant() */
    uint8_t a, b;
    uint64_t x, y;
};

struct wd_shrink_steps {
    struct wd_shrink_step *list;
    size_t count, room;
};

/** A case that steps are proposed for. */
struct wd_shrink_view {
    const struct wd_case *c;
    struct wd_shrink_walk walk;
};

/** A group of steps of one kind of simplification. */
struct wd_shrink_pass {
    const char *name;
    bool alternatives; /**< its steps exclude each other: the one that leaves the least is taken, not all together */
    void (*propose)(const struct wd_shrink_view *view, struct wd_shrink_steps *steps);
};

/** The i-th pass, the coarsest first; NULL past the last. */
const struct wd_shrink_pass *wd_shrink_pass(size_t i);

/**
 * Takes a step.
 * @param c  the case, which is changed
 * @param was  its walk before
 * @return false if the step does not apply; the case may be changed all the same
 */
bool wd_shrink_apply(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_step *step);

#endif
