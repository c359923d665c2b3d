/* SPDX-License-Identifier: MIT */
/*
 * What a run shows of its buckets, made small: after the last case was judged, the first case of each bucket is shrunk.
 * A shrunk case is a function of the case and the walker alone, unless time is over or it is stopped; then the rest
 * stays as it was found.
 */
#ifndef WALKDIFF_EXHIBITS_H
#define WALKDIFF_EXHIBITS_H

#include "harness/engine/engine.h"

/**
 * Shrinks what the buckets of a complete run show. SIGINT, SIGTERM and SIGHUP stop it, and nothing else: the run stays
 * complete.
 * @param watcher  told of progress about three times a second, and at the end: state->exhibits_done
 * @param state  fails if a walker could not be run
 */
void wd_shrink_exhibits(const struct wd_fuzz_plan *plan, const struct wd_fuzz_watcher *watcher,
                        struct wd_fuzz_state *state);

#endif
