/* SPDX-License-Identifier: MIT */
/* The steps of a walk in words. */
#ifndef REPORTS_STEPS_H
#define REPORTS_STEPS_H

#include <stdio.h>
#include "walkdiff/oracle.h"

/** Columns of a story: its margin, and where text begins behind a label that stands at the margin. */
enum { WD_STORY_MARGIN = 2, WD_STORY_COLUMN = 18 };

/**
 * Answers a case by the default resolution and tells what happens, step by step: the stages with their sizes, each
 * descriptor with its fields, what was decided of it and by which rule.
 * @param output  receives the answer
 */
void wd_tell_steps(FILE *out, const struct wd_case *c, struct wd_oracle_output *output);

#endif
