/* SPDX-License-Identifier: MIT */
/*
 * Walkers that are programs: `exec:COMMAND`. The command is given to /bin/sh; it reads cases from its standard input
 * and writes results to its standard output, both as JSON Lines (docs/format.md), in order.
 */
#ifndef WALKDIFF_WALKERS_EXEC_H
#define WALKDIFF_WALKERS_EXEC_H

#include "walkdiff/walker.h"

/**
 * The adapter. Its options are the command. It runs in a process of its own and ends as its command does: with the same
 * signal or the same exit status, so that the engine sees a walker die of what its program died of. An answer that
 * cannot be read, or that is to another case, is a crash whose text says what is wrong.
 *
 * The program may read as many cases as it likes before it answers. One that does not answer until it sees the end
 * of its input (or that keeps its answers in a buffer until then) gets it once it has been silent for half a second;
 * from then on the program is started for each batch.
 */
const struct wd_walker_api *wd_walker_exec(void);

#endif
