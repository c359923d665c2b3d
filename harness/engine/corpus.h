/* SPDX-License-Identifier: MIT */
/* The corpus of guided runs in a folder. */
#ifndef WALKDIFF_CORPUS_H
#define WALKDIFF_CORPUS_H

#include "harness/engine/guide.h"
#include "harness/support/error.h"

/**
 * Takes the cases of all case files below a folder into a guide, in the order of their paths. A folder that is not
 * there is empty.
 * @param skipped  receives how many cases are too large, or reach nothing that those before them do not
 */
bool wd_corpus_load(const char *folder, struct wd_guide *guide, size_t *skipped, struct wd_error *error);

/** Writes what the run added to a guide to a file of its own, by the seed and the cases that were there before;
 * nothing, no file. */
bool wd_corpus_save(const char *folder, const struct wd_guide *guide, uint64_t seed, struct wd_error *error);

#endif
