/* SPDX-License-Identifier: MIT */
/*
 * The folder that a run leaves its results in: findings.jsonl, summary.json, and stderr.log with what walkers wrote
 * before they died. The first two are replaced whole, never changed in place: whoever reads them, and whenever the run
 * was ended, they are complete.
 */
#ifndef WALKDIFF_JOURNAL_H
#define WALKDIFF_JOURNAL_H

#include "harness/engine/findings.h"

struct wd_journal;

/**
 * Opens a folder for one run at a time, and makes it if it is not there.
 * @return NULL if it cannot be made, or another run has it open
 */
struct wd_journal *wd_journal_open(const char *folder, struct wd_error *error);

/** Replaces summary.json, and findings.jsonl if something changed since it was last written. */
bool wd_journal_write(struct wd_journal *journal, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state,
                      const char *const *command, struct wd_error *error);

/** Appends to stderr.log, up to 1 MiB of it. */
void wd_journal_log(struct wd_journal *journal, const char *heading, const char *words);

void wd_journal_close(struct wd_journal *journal);

#endif
