/* SPDX-License-Identifier: MIT */
/*
 * Why a walker may have answered wrongly. The oracle answers once more with something done wrongly on purpose: if it
 * then gives the walker's answer, that names the cause, and all that the cause leads to is one bucket. The manual tells
 * what is tried in which order (docs/judging.md).
 */
#ifndef WALKDIFF_DIAGNOSIS_H
#define WALKDIFF_DIAGNOSIS_H

#include "harness/judge/causes.h"

/** A wrong answer. */
struct wd_difference {
    const struct wd_case *c;
    const struct wd_result *got;
    const struct wd_resolution *resolution;  /**< gives the nearest permitted answer */
    const struct wd_oracle_output *expected; /**< that answer */
    const struct wd_causes *known;           /**< what the walker is known for */
};

/**
 * Finds the cause of a difference. Where causes that are known explain the answer, the first of them that is needed is
 * it; where others are needed too, the first that is not known.
 * @param supposed  receives what is supposed of the walker so that it answers so, whatever it chooses besides; only if
 * there is a cause
 * @return a cause without a rule where nothing that was tried explains the answer
 */
struct wd_cause wd_diagnose(const struct wd_difference *difference, struct wd_resolution *supposed);

/**
 * Which of some causes explain an answer, if all of them are supposed at once.
 * @param causes  not empty
 * @param leaves  so many resolutions of the choices are tried at most
 * @param needed  receives those without which the answer would be another one
 * @return false: they do not explain it
 */
bool wd_explain_together(const struct wd_case *c, const struct wd_result *got, const struct wd_causes *causes,
                         unsigned leaves, struct wd_causes *needed);

#endif
