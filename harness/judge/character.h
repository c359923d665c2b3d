/* SPDX-License-Identifier: MIT */
/*
 * A walker's character: the causes that it was found to have in its first cases, taken together. Where several of them
 * have a part in one wrong answer, to find that out takes hundreds of walks of the oracle; to see that all of them at
 * once explain it takes one, and a few more to see which are needed.
 */
#ifndef WALKDIFF_CHARACTER_H
#define WALKDIFF_CHARACTER_H

#include "harness/judge/judge.h"

struct wd_character;

/** None yet. NULL when out of memory. */
struct wd_character *wd_character_new(void);

void wd_character_free(struct wd_character *character);

/**
 * Takes note of an answer whose cause was found.
 * @return false when out of memory
 */
bool wd_character_note(struct wd_character *character, const struct wd_case *c, const struct wd_result *got,
                       const struct wd_judgement *judgement);

/** Ends the learning: a cause stays if answers that were explained without it are explained with it, too. */
void wd_character_settle(struct wd_character *character);

/**
 * Judges a wrong answer that the architecture does not permit.
 * @param waived  causes that the walker's waivers know; another one that is needed is the finding's
 * @param judgement  as wd_experience_judge() fills it
 * @return false: the character does not explain it, `judgement` is as it was
 */
bool wd_character_judge(const struct wd_character *character, const struct wd_case *c,
                        const struct wd_oracle_output *basis, const struct wd_result *got,
                        const struct wd_causes *waived, struct wd_judgement *judgement);

#endif
