/* SPDX-License-Identifier: MIT */
/*
 * Causes of wrong answers: a mistake of include/walkdiff/mistakes.def, or a check that a walker leaves out. They have
 * numbers, so that there can be sets of them. The judge looks for the cause of a difference; a waiver says which causes
 * a walker is known for.
 */
#ifndef WALKDIFF_CAUSES_H
#define WALKDIFF_CAUSES_H

#include "walkdiff/oracle.h"

/** The number of a cause: enum wd_rule, the check that is left out; from WD_RULE_COUNT on enum wd_mistake. */
enum { WD_CAUSE_COUNT = WD_RULE_COUNT + WD_MISTAKE_COUNT, WD_CAUSE_NONE = WD_RULE_NONE };

/** What a finding says of a cause. */
struct wd_cause {
    uint16_t rule;     /**< enum wd_rule; WD_RULE_NONE: there is no cause */
    const char *words; /**< "right → wrong" */
};

/** A set of causes. {0} is empty. */
struct wd_causes {
    uint32_t mistakes;                /**< bit set of enum wd_mistake */
    uint64_t left_out[WD_RULE_WORDS]; /**< bit set of enum wd_rule: checks left out in both stages */
};

/** A cause by its number; without a rule where there is none of that number: what decides no fault is no check. */
struct wd_cause wd_cause_by_number(unsigned number);

/**
 * The signature of the findings of a cause: the rule's name and the words.
 * @param signature  of `size` bytes
 */
void wd_cause_signature(const struct wd_cause *cause, char *signature, size_t size);

void wd_causes_add(struct wd_causes *causes, unsigned number);

void wd_causes_add_all(struct wd_causes *causes, const struct wd_causes *more);

bool wd_causes_have(const struct wd_causes *causes, unsigned number);

bool wd_causes_empty(const struct wd_causes *causes);

/** Has a resolution suppose all causes of a set, beside what it supposes already. */
void wd_causes_suppose(const struct wd_causes *causes, struct wd_resolution *resolution);

/** Has a resolution no longer suppose a cause. */
void wd_causes_drop(struct wd_resolution *resolution, unsigned number);

#endif
