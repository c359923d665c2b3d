/* SPDX-License-Identifier: MIT */
/* Walkers in this very process, one case at a time: for debuggers, which then have no process to follow. */
#ifndef WALKDIFF_IN_PROCESS_H
#define WALKDIFF_IN_PROCESS_H

#include "harness/host/case_pipeline.h"

/**
 * Has a walker answer all cases of files, here: if it crashes or hangs, so do we. Lines that are no cases are
 * complained of and left out.
 */
bool wd_answer_in_process(const struct wd_walker_spec *spec, const struct wd_case_files *files,
                          const struct wd_pipeline_handler *handler, struct wd_error *error);

/**
 * Asks a walker one case. Where `walkdiff debug` stops first: the walker is loaded and open, and api->answer is its
 * entry.
 */
void wd_call_walker(const struct wd_walker_api *api, void *walker, const struct wd_case *c, struct wd_result *result);

#endif
