/* SPDX-License-Identifier: MIT */
/* The instruction as a whole, for those who begin a walk. */
#ifndef ORACLE_AT_H
#define ORACLE_AT_H

#include "oracle/walk.h"

/** Answers the case of a walk of which nothing is known yet but what the caller asks for. AArch64.AT. */
void wd_answer(struct wd_walk *w);
void wd_answer_unwatched(struct wd_walk *w);

/** Reports attributes once more: wd_oracle_attributes(), which see. */
void wd_report_attributes(struct wd_walk *w, const struct wd_attribute_inputs *inputs);
void wd_report_attributes_unwatched(struct wd_walk *w, const struct wd_attribute_inputs *inputs);

#endif
