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

void wd_apply_watched(struct wd_walk *w, unsigned stage, enum wd_rule rule, int level)
{
    tell_rule(w, stage, rule, level, true);
}

bool wd_can_be_left_out(enum wd_rule rule)
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
    case WD_RULE_DESCRIPTOR_RESERVED_LEVEL_3:
    case WD_RULE_AP_NO_USER_ACCESS:
    case WD_RULE_AP_READ_ONLY:
    case WD_RULE_AP_READ_ONLY_ONE_PRIVILEGE:
    case WD_RULE_APTABLE_TWO_PRIVILEGES:
    case WD_RULE_APTABLE_ONE_PRIVILEGE:
    case WD_RULE_PAN:
    case WD_RULE_EPAN:
    case WD_RULE_INDIRECT_PAN:
    case WD_RULE_S2AP_NOT_READABLE:
    case WD_RULE_S2AP_NOT_WRITABLE:
    case WD_RULE_S2_WALK_NOT_READABLE:
    case WD_RULE_S2_WALK_NOT_WRITABLE:
        return true;
    default:
        return false;
    }
}

static bool is_among(const uint64_t *rules, enum wd_rule rule)
{
    return rules[rule / 64] >> rule % 64 & 1;
}

/* What the judge wants of a check. */
static bool supposed(const struct wd_walk *w, unsigned stage, enum wd_rule rule, bool holds)
{
    const struct wd_resolution *resolution = w->resolution;

    if (holds && is_among(resolution->left_out[stage - 1], rule) && wd_can_be_left_out(rule)) {
        w->out->left_out[stage - 1][rule / 64] |= UINT64_C(1) << rule % 64;
        return false;
    }
    if (holds)
        return true;
    return is_among(resolution->raised[stage - 1], rule) && wd_rules[rule].raises != WD_FAULT_NONE;
}

bool wd_leaves_out_watched(struct wd_walk *w, unsigned stage, enum wd_rule rule)
{
    return w->resolution->supposes && !supposed(w, stage, rule, true);
}

bool wd_check_watched(struct wd_walk *w, unsigned stage, enum wd_rule rule, int level, bool holds)
{
    if (w->resolution->supposes)
        holds = supposed(w, stage, rule, holds);
    if (holds)
        wd_apply(w, stage, rule, level);
    else
        tell_rule(w, stage, rule, level, false);
    return holds;
}
