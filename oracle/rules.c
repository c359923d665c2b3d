/* SPDX-License-Identifier: MIT */
/* Rules: their table, and the record of which took effect in a walk. */
#include "oracle/walk.h"

const struct wd_rule_info wd_rules[WD_RULE_COUNT] = {
    [WD_RULE_NONE] = {"NONE", WD_FAULT_NONE, "", "", "no rule decided this"},
#define WD_RULE(name, raises, id, function, text) [WD_RULE_##name] = {#name, WD_FAULT_##raises, id, function, text},
#include "walkdiff/rules.def"
};

static void tell_rule(const struct wd_walk *w, unsigned stage, enum wd_rule rule, int level, bool holds)
{
    if (w->handler)
        w->handler(w->context, &(struct wd_event){.kind = WD_EVENT_RULE,
                                                  .stage = (uint8_t)stage,
                                                  .level = (int8_t)level,
                                                  .rule = (uint16_t)rule,
                                                  .holds = holds});
}

void wd_apply(struct wd_walk *w, unsigned stage, enum wd_rule rule, int level)
{
    w->out->rules_hit[stage - 1][rule / 64] |= UINT64_C(1) << rule % 64;
    tell_rule(w, stage, rule, level, true);
}

void wd_decide(struct wd_walk *w, unsigned stage, enum wd_aspect aspect, enum wd_rule rule, int level)
{
    w->out->aspect_rule[aspect] = (uint16_t)rule;
    wd_apply(w, stage, rule, level);
}

/* Checks without which a walk can still go on: those that may be inverted where they hold. */
static bool skippable(enum wd_rule rule)
{
    switch (rule) {
    case WD_RULE_S1_OFF_ADDRESS_SIZE:
    case WD_RULE_VA_LOWER_RANGE:
    case WD_RULE_VA_UPPER_RANGE:
    case WD_RULE_VA_SINGLE_RANGE:
    case WD_RULE_E0PD:
    case WD_RULE_EPD:
    case WD_RULE_IPA_OUT_OF_RANGE:
    case WD_RULE_START_LEVEL_NOT_IMPLEMENTED:
    case WD_RULE_TABLE_BASE_ADDRESS_SIZE:
    case WD_RULE_BLOCK_NOT_SUPPORTED:
    case WD_RULE_NEXT_TABLE_ADDRESS_SIZE:
    case WD_RULE_LEAF_ADDRESS_SIZE:
    case WD_RULE_ACCESS_FLAG:
    case WD_RULE_DIRTY_STATE:
        return true;
    default:
        return false;
    }
}

/* Whether the judge wants this check the other way; where it holds, the walk must be able to go on. */
static bool inverted(const struct wd_walk *w, unsigned stage, enum wd_rule rule, bool holds)
{
    const uint64_t *rules = w->resolution->inverted[stage - 1];

    return (rules[rule / 64] >> rule % 64 & 1) && (holds ? skippable(rule) : wd_rules[rule].raises != WD_FAULT_NONE);
}

bool wd_check(struct wd_walk *w, unsigned stage, enum wd_rule rule, int level, bool holds)
{
    if (w->resolution->supposes && inverted(w, stage, rule, holds))
        holds = !holds;
    if (holds)
        wd_apply(w, stage, rule, level);
    else
        tell_rule(w, stage, rule, level, false);
    return holds;
}
