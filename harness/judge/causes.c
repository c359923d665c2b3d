/* SPDX-License-Identifier: MIT */
#include "harness/judge/causes.h"

#include <stdio.h>

static const struct wd_cause mistakes[WD_MISTAKE_COUNT] = {
#define WD_MISTAKE(name, in_stage, of_rule, text)                                                                      \
    {.rule = WD_RULE_##of_rule, .stage = in_stage, .words = text, .number = WD_CAUSE_MISTAKES + WD_MISTAKE_##name},
#include "walkdiff/mistakes.def"
};

struct family {
    uint16_t mistake;
    uint8_t stage;
    uint16_t rules[WD_FAMILY_MAX]; /* NONE at the end */
};

static const struct family families[] = {
#define WD_MISTAKE(name, stage, rule, text)
#define WD_FAMILY(name, in_stage, text, first, second, third)                                                          \
    {WD_MISTAKE_##name, in_stage, {WD_RULE_##first, WD_RULE_##second, WD_RULE_##third}},
#include "walkdiff/mistakes.def"
};

enum { FAMILY_COUNT = sizeof(families) / sizeof(families[0]) };

static bool is_mistake(unsigned number)
{
    return number >= WD_CAUSE_MISTAKES;
}

/* The word of a set that has the bit of a check, and the bit. */
static unsigned word_of(unsigned number)
{
    return number / 2 / 64;
}

static uint64_t bit_of(unsigned number)
{
    return UINT64_C(1) << number / 2 % 64;
}

static unsigned stage_index(unsigned number)
{
    return number % 2;
}

struct wd_cause wd_cause_by_number(unsigned number)
{
    if (is_mistake(number))
        return mistakes[number - WD_CAUSE_MISTAKES];
    if (!wd_rules[number / 2].raises)
        return (struct wd_cause){.words = ""};
    return (struct wd_cause){.rule = (uint16_t)(number / 2),
                             .stage = (uint8_t)(stage_index(number) + 1),
                             .words = "fault → not checked",
                             .number = (uint16_t)number};
}

static unsigned members_of(const struct family *family, unsigned members[WD_FAMILY_MAX])
{
    unsigned count = 0;

    while (count < WD_FAMILY_MAX && family->rules[count]) {
        members[count] = wd_cause_left_out(family->rules[count], family->stage);
        count++;
    }
    return count;
}

unsigned wd_family(enum wd_mistake mistake, unsigned members[WD_FAMILY_MAX])
{
    for (size_t i = 0; i < FAMILY_COUNT; i++)
        if (families[i].mistake == mistake)
            return members_of(&families[i], members);
    return 0;
}

wd_mistake_set wd_families(void)
{
    wd_mistake_set all = 0;

    for (size_t i = 0; i < FAMILY_COUNT; i++)
        all |= wd_mistake_bit(families[i].mistake);
    return all;
}

wd_mistake_set wd_families_of(unsigned number)
{
    wd_mistake_set found = 0;

    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        unsigned members[WD_FAMILY_MAX], count = members_of(&families[i], members);

        for (unsigned k = 0; k < count; k++)
            if (members[k] == number)
                found |= wd_mistake_bit(families[i].mistake);
    }
    return found;
}

void wd_cause_signature(const struct wd_cause *cause, char *signature, size_t size)
{
    snprintf(signature, size, "%s s%u %s", wd_rules[cause->rule].name, cause->stage, cause->words);
}

void wd_causes_add(struct wd_causes *causes, unsigned number)
{
    unsigned members[WD_FAMILY_MAX], count;

    if (!is_mistake(number)) {
        causes->left_out[stage_index(number)][word_of(number)] |= bit_of(number);
        return;
    }
    causes->mistakes |= wd_mistake_bit(number - WD_CAUSE_MISTAKES);
    count = wd_family(number - WD_CAUSE_MISTAKES, members);
    for (unsigned i = 0; i < count; i++)
        wd_causes_add(causes, members[i]);
}

void wd_causes_add_all(struct wd_causes *causes, const struct wd_causes *more)
{
    causes->mistakes |= more->mistakes;
    for (unsigned stage = 0; stage < 2; stage++)
        for (unsigned i = 0; i < WD_RULE_WORDS; i++)
            causes->left_out[stage][i] |= more->left_out[stage][i];
}

bool wd_causes_have(const struct wd_causes *causes, unsigned number)
{
    if (is_mistake(number))
        return causes->mistakes >> (number - WD_CAUSE_MISTAKES) & 1;
    return causes->left_out[stage_index(number)][word_of(number)] & bit_of(number);
}

bool wd_causes_empty(const struct wd_causes *causes)
{
    uint64_t checks = 0;

    for (unsigned stage = 0; stage < 2; stage++)
        for (unsigned i = 0; i < WD_RULE_WORDS; i++)
            checks |= causes->left_out[stage][i];
    return !causes->mistakes && !checks;
}

void wd_causes_suppose(const struct wd_causes *causes, struct wd_resolution *resolution)
{
    resolution->supposes = true;
    resolution->mistakes |= causes->mistakes;
    for (unsigned stage = 0; stage < 2; stage++)
        for (unsigned i = 0; i < WD_RULE_WORDS; i++)
            resolution->left_out[stage][i] |= causes->left_out[stage][i];
}

void wd_causes_drop(struct wd_resolution *resolution, unsigned number)
{
    if (is_mistake(number))
        resolution->mistakes &= ~wd_mistake_bit(number - WD_CAUSE_MISTAKES);
    else
        resolution->left_out[stage_index(number)][word_of(number)] &= ~bit_of(number);
}

bool wd_cause_stands_before(const struct wd_causes *known, unsigned number, unsigned other)
{
    bool is_known, other_is_known, is_check = number < WD_CAUSE_MISTAKES, other_is_check = other < WD_CAUSE_MISTAKES;

    if (other == WD_CAUSE_NONE)
        return true;
    is_known = wd_causes_have(known, number);
    other_is_known = wd_causes_have(known, other);
    if (is_known != other_is_known)
        return other_is_known;
    return is_check != other_is_check ? other_is_check : number < other;
}
