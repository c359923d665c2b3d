/* SPDX-License-Identifier: MIT */
/* Stored cases that a run begins with: index 0 of the run is the first of them, and cases of the seed follow the last.
 */
#ifndef WALKDIFF_STORED_H
#define WALKDIFF_STORED_H

#include "generators/generate.h"
#include "harness/support/error.h"

struct wd_stored;

/**
 * Reads case files, and those below folders.
 * @param skipped  receives how many cases were left out, because they are larger than a run's cases can be
 * @return NULL if one cannot be read: `error` says why
 */
struct wd_stored *wd_stored_load(const char *const *paths, size_t count, size_t *skipped, struct wd_error *error);

void wd_stored_free(struct wd_stored *stored);

/** How many there are; NULL has none. */
size_t wd_stored_count(const struct wd_stored *stored);

/** Copies case `i`. */
void wd_stored_make_case(const struct wd_stored *stored, size_t i, struct wd_case_buffer *buffer);

/** "cases/x.jsonl:12", or the case's id with that. */
const char *wd_stored_id(const struct wd_stored *stored, size_t i);

#endif
