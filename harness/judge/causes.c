/* SPDX-License-Identifier: MIT */
#include "harness/judge/causes.h"

#include <stdio.h>

static const struct wd_cause mistakes[WD_MISTAKE_COUNT] = {
#define WD_MISTAKE(name, in_stage, of_rule, text)                                                                      \
    {.rule = WD_RULE_##of_rule, .stage = in_stage, .words = text, .number = WD_CAUSE_MISTAKES + WD_MISTAKE_##name},
#include "walkdiff/mistakes.def"
};

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

void wd_cause_signature(const struct wd_cause *cause, char *signature, size_t size)
{
    snprintf(signature, size, "%s s%u %s", wd_rules[cause->rule].name, cause->stage, cause->words);
}

void wd_causes_add(struct wd_causes *causes, unsigned number)
{
    if (is_mistake(number))
        causes->mistakes |= wd_mistake_bit(number - WD_CAUSE_MISTAKES);
    else
        causes->left_out[stage_index(number)][word_of(number)] |= bit_of(number);
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
