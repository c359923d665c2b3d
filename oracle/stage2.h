/* SPDX-License-Identifier: MIT */
/* Stage 2 of a translation. */
#ifndef ORACLE_STAGE2_H
#define ORACLE_STAGE2_H

#include "oracle/walk.h"

/**
 * Translates an IPA. With stage 2 disabled the output is the input. AArch64.S2Translate.
 * @param input  the address and attributes that stage 1 gives
 * @return false: `fault` is raised
 */
bool wd_s2_translate(struct wd_walk *w, const struct wd_output *input, const struct wd_access *access,
                     struct wd_output *output, struct wd_fault *fault);

#endif
