/* SPDX-License-Identifier: MIT */
/* The story of a case: what the oracle does with it, step by step, in words. */
#ifndef REPORTS_STORY_H
#define REPORTS_STORY_H

#include <stdio.h>
#include "walkdiff/oracle.h"

/**
 * Tells how a case is answered: registers, the steps of the walk, the result field by field with the rule that decided
 * each, and the choices that were consulted.
 * @param id, note  of the case, "" if it has none
 */
void wd_tell_story(FILE *out, const struct wd_case *c, const char *id, const char *note);

#endif
