/* SPDX-License-Identifier: MIT */
/*
 * The sample walker: what an AT answers, written a second time in the shape that a kernel's software walker has. As it
 * stands it is right; `defect=ID` makes it go wrong in the way that the defect of that id does.
 */
#ifndef WALKDIFF_SAMPLE_H
#define WALKDIFF_SAMPLE_H

#include "walkdiff/walker.h"

/**
 * The walker as the engine knows it. Its options are "" or "defect=ID", several joined with '+': "defect=S1-02+S1-05".
 * @return a constant; never NULL
 */
const struct wd_walker_api *wd_walker_sample(void);

/** One defect that can be switched on. */
struct wd_sample_defect {
    const char *id;   /**< "S1-02"; never changes */
    const char *text; /**< what the defective walker does, one line */
};

/**
 * The defects that the walker knows, in the order of their ids.
 * @param count  receives their number
 */
const struct wd_sample_defect *wd_sample_defects(size_t *count);

#endif
