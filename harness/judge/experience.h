/* SPDX-License-Identifier: MIT */
/*
 * What was learned of a walker's wrong answers: how those of its first cases were explained. To find the cause of one
 * takes a hundred walks of the oracle and more; to see that what explained one like it explains this one too takes one
 * or two. Nothing is taken for granted: an answer counts as explained only if the oracle gives just this answer under
 * what is supposed of the walker.
 *
 * Learned in the order of the cases, then settled, then only asked: so what is made of a case depends on the case and
 * on what was learned, not on who judges it or on what else was judged.
 */
#ifndef WALKDIFF_EXPERIENCE_H
#define WALKDIFF_EXPERIENCE_H

#include "harness/judge/judge.h"

struct wd_experience;

/** Nothing learned yet. NULL when out of memory. */
struct wd_experience *wd_experience_new(void);

void wd_experience_free(struct wd_experience *experience);

/**
 * Learns how an answer was explained.
 * @param judgement  what wd_judge_known() says of it: its cause, or how choices must be resolved so that it is
 * permitted; anything else teaches nothing
 * @return false when out of memory
 */
bool wd_experience_learn(struct wd_experience *experience, const struct wd_wrong_answer *wrong,
                         const struct wd_judgement *judgement);

/** Ends the learning: what explained most will be tried first. */
void wd_experience_settle(struct wd_experience *experience);

/**
 * Judges an answer by what was learned.
 * @param judgement  receives verdict, rule, cause, what else explains it, and signature, but no title, and `expected`
 * is not set; of an answer that is permitted, all that wd_judge_permitted() tells
 * @return false: nothing that was learned explains it, or it may be permitted; `judgement` says nothing
 */
bool wd_experience_judge(const struct wd_experience *experience, const struct wd_wrong_answer *wrong,
                         struct wd_judgement *judgement);

#endif
