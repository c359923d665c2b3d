/* SPDX-License-Identifier: MIT */
/* A fuzzing run in words: what is shown at its begin, while it runs and at its end. */
#ifndef WALKDIFF_FUZZ_TEXT_H
#define WALKDIFF_FUZZ_TEXT_H

#include "harness/engine/findings.h"

/** What is compared: seed, walkers, profiles. */
void wd_fuzz_write_head(FILE *stream, const struct wd_fuzz_plan *plan);

/** Where a run is, in one line without an end. */
void wd_fuzz_write_progress(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state);

/** Verdicts and the largest buckets. */
void wd_fuzz_write_summary(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state,
                           const struct wd_findings *findings);

/** The verdicts in one line. */
void wd_fuzz_write_short_summary(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state,
                                 const struct wd_findings *findings);

#endif
