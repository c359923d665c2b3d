/* SPDX-License-Identifier: MIT */
/* The architecture's answer and a walker's, side by side. */
#ifndef REPORTS_SIDE_BY_SIDE_H
#define REPORTS_SIDE_BY_SIDE_H

#include <stdio.h>

#include "harness/judge/judge.h"

/**
 * Prints what a walker answers beside the nearest answer that the architecture permits: the verdict and the bucket;
 * both walks, lookup by lookup, where the walker tells of its own; both answers field by field; the rule that decides,
 * and the choices that are in force. What differs is marked. Of an answer that is right only the verdict is printed.
 * @param walker  what it is called
 * @param remark  stands behind its name, once; "" or ", …"
 * @param basis  what wd_oracle() says of the case by the default resolution
 * @param judgement  of `got`
 */
void wd_print_side_by_side(FILE *out, bool coloured, const struct wd_case *c, const char *walker, const char *remark,
                           const struct wd_oracle_output *basis, const struct wd_result *got,
                           const struct wd_judgement *judgement);

#endif
