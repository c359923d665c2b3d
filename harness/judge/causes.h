/* SPDX-License-Identifier: MIT */
/*
 * Causes of wrong answers: a mistake of include/walkdiff/mistakes.def, or a check that a walker leaves out. They have
 * numbers, so that there can be sets of them. The judge looks for the cause of a difference; a waiver says which causes
 * a walker is known for.
 */
#ifndef WALKDIFF_CAUSES_H
#define WALKDIFF_CAUSES_H

#include "walkdiff/oracle.h"

/** Numbers of causes: two for each enum wd_rule, the check that is left out in stage 1 or 2; then enum wd_mistake. */
enum { WD_CAUSE_NONE, WD_CAUSE_MISTAKES = 2 * WD_RULE_COUNT, WD_CAUSE_COUNT = WD_CAUSE_MISTAKES + WD_MISTAKE_COUNT };

/** The cause that a check is left out at a stage. */
static inline unsigned wd_cause_left_out(enum wd_rule rule, unsigned stage)
{
    return 2 * (unsigned)rule + stage - 1;
}

/** The cause that a mistake is made. */
static inline unsigned wd_cause_mistake(enum wd_mistake mistake)
{
    return WD_CAUSE_MISTAKES + (unsigned)mistake;
}

/** Most checks of a family, see include/walkdiff/mistakes.def. */
enum { WD_FAMILY_MAX = 3 };

/**
 * The checks of a family, as causes that are left out.
 * @param members  receives their numbers
 * @return how many; 0: the mistake is no family
 */
unsigned wd_family(enum wd_mistake mistake, unsigned members[WD_FAMILY_MAX]);

/** The families that a check belongs to, by the number of the cause that it is left out. */
wd_mistake_set wd_families_of(unsigned number);

/** All families. */
wd_mistake_set wd_families(void);

/** What a finding says of a cause. */
struct wd_cause {
    uint16_t rule;       /**< enum wd_rule; WD_RULE_NONE: there is no cause */
    uint8_t stage;       /**< 1 or 2 */
    const char *words;   /**< "right → wrong" */
    uint16_t number;     /**< WD_CAUSE_NONE: a check that is wrongly made has none */
    uint16_t also_check; /**< the first of some checks that, left out one after the other, explain it, too; or NONE */
    wd_mistake_set also; /**< each of them alone explains the answer, too */
};

/** A set of causes. {0} is empty. */
struct wd_causes {
    wd_mistake_set mistakes;
    uint64_t left_out[2][WD_RULE_WORDS]; /**< bit sets of enum wd_rule: checks left out in stage 1 and stage 2 */
};

/** A cause by its number; without a rule where there is none of that number: what decides no fault is no check. */
struct wd_cause wd_cause_by_number(unsigned number);

/**
 * The signature of the findings of a cause: the rule's name, "s1" or "s2", and the words.
 * @param signature  of `size` bytes
 */
void wd_cause_signature(const struct wd_cause *cause, char *signature, size_t size);

/** Adds a cause; with a family all its checks. */
void wd_causes_add(struct wd_causes *causes, unsigned number);

void wd_causes_add_all(struct wd_causes *causes, const struct wd_causes *more);

bool wd_causes_have(const struct wd_causes *causes, unsigned number);

bool wd_causes_empty(const struct wd_causes *causes);

/** Has a resolution suppose all causes of a set, beside what it supposes already. */
void wd_causes_suppose(const struct wd_causes *causes, struct wd_resolution *resolution);

/** Has a resolution no longer suppose a cause. */
void wd_causes_drop(struct wd_resolution *resolution, unsigned number);

/**
 * Of which of two causes that explain an answer together a finding is: mistakes in the order of their table, which has
 * what shows everywhere at its end, then checks left out. One that is known comes after those that are not.
 * @param other  may be WD_CAUSE_NONE: any other stands before it
 */
bool wd_cause_stands_before(const struct wd_causes *known, unsigned number, unsigned other);

#endif
