/* SPDX-License-Identifier: MIT */
/* Judgements of single answers, as `replay` and `fuzz --case` show them: in JSON, and in words. */
#ifndef WALKDIFF_JUDGEMENT_TEXT_H
#define WALKDIFF_JUDGEMENT_TEXT_H

#include <stdio.h>

#include "harness/judge/judge.h"
#include "harness/support/json_out.h"

/** What is shown of an answer. */
struct wd_shown {
    const char *id;     /**< of the case; "" if it has none */
    const char *where;  /**< "cases/x.jsonl:12", in words only */
    const char *walker; /**< who answers; NULL: not said */
    const char *waiver; /**< id of the waiver; NULL if there is none */
    const char *beside; /**< "reference-conflict" about the case itself: the verdict on the walker; else NULL */
    const struct wd_oracle_output *basis;
    const struct wd_judgement *judgement;
    const struct wd_result *got;
    bool words; /**< JSON: also what the answers are in words */
};

/**
 * Writes a judgement as one object of JSON: id, walker, verdict, walker_verdict, rule, choice, expected, got,
 * signature, title, also, families, waiver, as far as there are any; if they are asked for, expected_words and
 * got_words.
 */
void wd_judgement_write_json(FILE *stream, const struct wd_shown *shown);

/** Continues an object with the members `also` and `families`: the signatures of some mistakes, and of families of
 * checks. Writes nothing of what there is none. */
void wd_put_also(struct wd_json_out *out, wd_mistake_set also);

/**
 * Whether a signature is that of a finding, or of a mistake that explains it as well. Line numbers in it do not count:
 * they differ from one version of a walker's code to the next.
 */
bool wd_judgement_has_signature(const struct wd_judgement *judgement, const char *signature);

/** Writes a judgement in words: a line, for a finding several. */
void wd_judgement_write_text(FILE *stream, const struct wd_shown *shown);

#endif
