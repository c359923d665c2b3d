/* SPDX-License-Identifier: MIT */
/* The story of a walk: what the oracle does with a case, step by step, in words. */
#ifndef REPORTS_STORY_H
#define REPORTS_STORY_H

#include <stdio.h>
#include "walkdiff/oracle.h"

/**
 * Tells how a case is answered: registers, each stage with its parameters, each descriptor with its fields and what
 * was decided of it by which rule, the result field by field, the choices that were consulted.
 * @param id  of the case, "" if it has none
 */
void wd_tell_story(FILE *out, const struct wd_case *c, const char *id);

#endif
