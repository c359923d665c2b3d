/* SPDX-License-Identifier: MIT */
#include "harness/judge/causes.h"

#include <stdio.h>

static const struct wd_cause mistakes[WD_MISTAKE_COUNT] = {
#define WD_MISTAKE(name, rule, text) {WD_RULE_##rule, text},
#include "walkdiff/mistakes.def"
};

_Static_assert(WD_MISTAKE_COUNT <= 32, "a set of causes has a bit for each mistake");

struct wd_cause wd_cause_by_number(unsigned number)
{
    if (number >= WD_RULE_COUNT)
        return mistakes[number - WD_RULE_COUNT];
    if (!wd_rules[number].raises)
        return (struct wd_cause){WD_RULE_NONE, ""};
    return (struct wd_cause){(uint16_t)number, "fault → not checked"};
}

void wd_cause_signature(const struct wd_cause *cause, char *signature, size_t size)
{
    snprintf(signature, size, "%s %s", wd_rules[cause->rule].name, cause->words);
}

void wd_causes_add(struct wd_causes *causes, unsigned number)
{
    if (number >= WD_RULE_COUNT)
        causes->mistakes |= UINT32_C(1) << (number - WD_RULE_COUNT);
    else
        causes->left_out[number / 64] |= UINT64_C(1) << number % 64;
}

void wd_causes_add_all(struct wd_causes *causes, const struct wd_causes *more)
{
    causes->mistakes |= more->mistakes;
    for (unsigned i = 0; i < WD_RULE_WORDS; i++)
        causes->left_out[i] |= more->left_out[i];
}

bool wd_causes_have(const struct wd_causes *causes, unsigned number)
{
    if (number >= WD_RULE_COUNT)
        return causes->mistakes >> (number - WD_RULE_COUNT) & 1;
    return causes->left_out[number / 64] >> number % 64 & 1;
}

bool wd_causes_empty(const struct wd_causes *causes)
{
    uint64_t all = causes->mistakes;

    for (unsigned i = 0; i < WD_RULE_WORDS; i++)
        all |= causes->left_out[i];
    return !all;
}

void wd_causes_suppose(const struct wd_causes *causes, struct wd_resolution *resolution)
{
    resolution->supposes = true;
    resolution->mistakes |= causes->mistakes;
    for (unsigned stage = 0; stage < 2; stage++)
        for (unsigned i = 0; i < WD_RULE_WORDS; i++)
            resolution->left_out[stage][i] |= causes->left_out[i];
}

void wd_causes_drop(struct wd_resolution *resolution, unsigned number)
{
    if (number >= WD_RULE_COUNT)
        resolution->mistakes &= ~(UINT32_C(1) << (number - WD_RULE_COUNT));
    else
        for (unsigned stage = 0; stage < 2; stage++)
            resolution->left_out[stage][number / 64] &= ~(UINT64_C(1) << number % 64);
}
