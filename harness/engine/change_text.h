/* SPDX-License-Identifier: MIT */
/* A change of a walker's answer as text: the signature of its bucket, and both sides in JSON. */
#ifndef WALKDIFF_CHANGE_TEXT_H
#define WALKDIFF_CHANGE_TEXT_H

#include "harness/judge/changes.h"

/** One of two answers to a case. */
struct wd_change_side {
    const struct wd_judgement *judgement; /**< `verdict` is always set, and never `waived` */
    const struct wd_result *got;
    const char *waiver; /**< id of the one that says that it is known; NULL: none */
};

/** What both answers are about. */
struct wd_change_shown {
    enum wd_change change;
    const struct wd_oracle_output *basis;
    struct wd_change_side before, after;
};

/**
 * "regression: right -> deviation: RULE s1 …": what all changes of one bucket have in common, which is the kind and
 * both sides' signatures. Of a neutral change it is the choices that one of the answers is given by and the other is
 * not.
 * @return for free()
 */
char *wd_change_signature(const struct wd_change_shown *shown);

/** {"change":…,"worse":…,"after":{…},"before":{…}}, the sides as `replay --json` writes a judgement. @return for free()
 */
char *wd_change_json(const struct wd_change_shown *shown);

#endif
