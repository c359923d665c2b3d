/* SPDX-License-Identifier: MIT */
/*
 * Libraries that were compiled with AddressSanitizer: its run time must be loaded before everything else, so the
 * program begins again with it. Whoever built such a library left a file `preload` beside it, which names the run time.
 */
#ifndef WALKDIFF_SUBJECT_PRELOAD_H
#define WALKDIFF_SUBJECT_PRELOAD_H

#include "harness/support/error.h"

/** Before another program is started: what was loaded first is for us alone. */
void wd_subject_preload_end(void);

/** Sees to it that a library can be loaded. Does not return if the program begins again. @return false: it cannot be */
bool wd_subject_preload(const char *library, struct wd_error *error);

#endif
