/* SPDX-License-Identifier: MIT */
/* What must go, and what of it is still there. */
#include <string.h>

#include "harness/subjects/tlbi/tlbi_kind.h"

static const char *const scope_values[] = {"ALL", "VA", "ASID", "VAA", "IPA", "ALLE1", "S12"};
static const char *const sharing_values[] = {"local", "IS", "OS"};
static const char *const entry_values[] = {"none", "stage2", "stage1", "vncr"};
static const char *const granule_values[] = {"none", "4K", "16K", "64K"};
static const char *const feature_values[] = {"base", "OS", "RANGE", "base XS", "OS XS", "RANGE XS"};

#define WD_VALUES(values) values, sizeof(values) / sizeof((values)[0])

const struct wd_subject_facet wd_tlbi_facets[] = {
    {"scope", WD_VALUES(scope_values)},  {"sharing", WD_VALUES(sharing_values)}, {"entry", WD_VALUES(entry_values)},
    {"page", WD_VALUES(granule_values)}, {"feature", WD_VALUES(feature_values)},
};

static bool must_go(const struct wd_tlbi_case *c, unsigned i, unsigned misread)
{
    struct wd_tlbi_view view = {.misread = misread};
    struct wd_tlbi_held held;

    wd_tlbi_guest(c, &view);
    wd_tlbi_entry(c, i, misread, &held);
    /* With stage 2 disabled there is no stage 2 entry of the guest's. */
    if (c->entries[i].type == WD_TLBI_STAGE2 && !c->contexts[c->entries[i].of].enabled)
        return false;
    return wd_tlbi_requires(c->instruction, c->operand, &view, &held);
}

unsigned wd_tlbi_must_go(const struct wd_tlbi_case *c)
{
    unsigned set = 0;

    if (!wd_tlbi_implemented(c))
        return 0;
    for (unsigned i = 0; i < c->entry_count; i++)
        set |= (unsigned)must_go(c, i, 0) << i;
    return set;
}

unsigned wd_tlbi_reason(const struct wd_tlbi_case *c, unsigned i)
{
    static const struct {
        unsigned misread, rule;
    } particular[] = {
        {WD_MISREAD_VMID, WD_TLBI_RULE_VMID_SIZE},
        {WD_MISREAD_TTL, WD_TLBI_RULE_TTL_RES0},
        {WD_MISREAD_LOW_BITS, WD_TLBI_RULE_LOW_BITS_RES0},
        {WD_MISREAD_TAG, WD_TLBI_RULE_TAGGED_ADDRESS},
    };
    static const uint8_t general[WD_SCOPE_COUNT] = {
        [WD_SCOPE_ALL] = WD_TLBI_RULE_ALL_OF_REGIME, [WD_SCOPE_VA] = WD_TLBI_RULE_VA_MATCH,
        [WD_SCOPE_ASID] = WD_TLBI_RULE_ASID_MATCH,   [WD_SCOPE_VAA] = WD_TLBI_RULE_VA_ANY_ASID,
        [WD_SCOPE_IPA] = WD_TLBI_RULE_IPA_MATCH,     [WD_SCOPE_ALLE1] = WD_TLBI_RULE_ALL_OF_EL1,
        [WD_SCOPE_S12] = WD_TLBI_RULE_ALL_OF_VMID,
    };
    const struct wd_tlbi_description *d = &wd_tlbi_instructions[c->instruction % WD_TLBI_INSTRUCTION_COUNT];

    for (size_t k = 0; k < sizeof(particular) / sizeof(particular[0]); k++)
        if (!must_go(c, i, particular[k].misread))
            return particular[k].rule;
    return d->range ? WD_TLBI_RULE_RANGE_MATCH : general[d->scope];
}

/* ---------------------------------------------------------------- judging */

enum { NO_ENTRY = WD_TLBI_ENTRIES_MAX };

/* What is wrong: a rule, and which entry shows it. @return WD_TLBI_RULE_COUNT: nothing is */
static unsigned find(const struct wd_tlbi_case *c, const struct wd_tlbi_answer *answer, unsigned *entry)
{
    bool implemented = wd_tlbi_implemented(c);
    unsigned left, found = WD_TLBI_RULE_COUNT;

    *entry = NO_ENTRY;
    if (answer->outcome == WD_TLBI_UNFINISHED)
        return WD_TLBI_RULE_FINISHED;
    if (implemented != (answer->outcome == WD_TLBI_DONE))
        return implemented ? WD_TLBI_RULE_IMPLEMENTED : WD_TLBI_RULE_NOT_IMPLEMENTED;
    left = wd_tlbi_must_go(c) & ~(unsigned)answer->gone;
    for (unsigned i = 0; i < c->entry_count; i++) {
        unsigned rule;

        if (!(left >> i & 1))
            continue;
        rule = wd_tlbi_reason(c, i);
        /* The plainest reason first: what needs no particular one is the graver mistake. */
        if (found == WD_TLBI_RULE_COUNT || rule < found) {
            found = rule;
            *entry = i;
        }
    }
    return found;
}

/* A way to read an operand or a register: the same mistake whatever the instruction's scope. */
static bool is_particular(unsigned rule)
{
    return rule >= WD_TLBI_RULE_TTL_RES0 && rule <= WD_TLBI_RULE_TAGGED_ADDRESS;
}

static void set_facets(const struct wd_tlbi_case *c, unsigned entry, uint8_t *facets)
{
    const struct wd_tlbi_description *d = &wd_tlbi_instructions[c->instruction % WD_TLBI_INSTRUCTION_COUNT];
    const char *end = d->name + strlen(d->name) - 2;

    facets[WD_TLBI_FACET_scope] = d->scope;
    facets[WD_TLBI_FACET_sharing] = !strcmp(end, "IS") ? 1 : !strcmp(end, "OS") ? 2 : 0;
    facets[WD_TLBI_FACET_entry] = entry < c->entry_count ? (uint8_t)(c->entries[entry].type + 1) : 0;
    facets[WD_TLBI_FACET_page] = entry < c->entry_count ? (uint8_t)((c->entries[entry].granule - 10) / 2) : 0;
    facets[WD_TLBI_FACET_feature] =
        (uint8_t)(d->feature + (c->instruction >= WD_TLBI_INSTRUCTION_COUNT ? WD_TLBI_RANGE + 1 : 0));
}

void wd_tlbi_judge(const void *opaque, const void *opaque_answer, struct wd_subject_judgement *judgement)
{
    const struct wd_tlbi_case *c = opaque;
    const struct wd_tlbi_answer *answer = opaque_answer;
    unsigned entry = NO_ENTRY, rule, must = wd_tlbi_must_go(c);

    judgement->consulted = wd_tlbi_implemented(c) && must != (1U << c->entry_count) - 1;
    if (!answer) {
        set_facets(c, NO_ENTRY, judgement->facets);
        return;
    }
    rule = find(c, answer, &entry);
    set_facets(c, entry, judgement->facets);
    if (rule == WD_TLBI_RULE_COUNT) {
        judgement->choices = (answer->gone & ~must) != 0;
        judgement->verdict = judgement->choices ? WD_VERDICT_PERMITTED : WD_VERDICT_AGREE;
        return;
    }
    judgement->verdict = WD_VERDICT_DEVIATION;
    judgement->rule = (uint16_t)rule;
    judgement->key = rule << 16 | judgement->facets[WD_TLBI_FACET_entry];
    if (!is_particular(rule))
        judgement->key |= (uint32_t)judgement->facets[WD_TLBI_FACET_scope] << 8;
    if (entry == NO_ENTRY) /* of which feature it is */
        judgement->key |= (uint32_t)(judgement->facets[WD_TLBI_FACET_feature] + 1) << 24;
}

void wd_tlbi_describe(const void *opaque, const void *opaque_answer, const struct wd_subject_judgement *judgement,
                      char *signature, char *title)
{
    const struct wd_tlbi_case *c = opaque;
    const struct wd_tlbi_answer *answer = opaque_answer;
    const char *scope = scope_values[judgement->facets[WD_TLBI_FACET_scope]];
    const char *rule = wd_tlbi_kind.rules[judgement->rule].name;
    unsigned entry;
    char name[32];

    find(c, answer, &entry);
    wd_tlbi_name(c->instruction, name);
    if (entry == NO_ENTRY) {
        const char *feature = feature_values[judgement->facets[WD_TLBI_FACET_feature]];

        snprintf(signature, WD_SIGNATURE_MAX, "%s: %s of %s", rule, scope, feature);
        snprintf(title, WD_TITLE_MAX, "TLBI %s %s", name,
                 judgement->rule == WD_TLBI_RULE_NOT_IMPLEMENTED
                     ? "is executed, although the guest has no such instruction"
                 : judgement->rule == WD_TLBI_RULE_IMPLEMENTED ? "is UNDEFINED, although the guest has it"
                                                               : "comes to no end");
        return;
    }
    if (is_particular(judgement->rule))
        snprintf(signature, WD_SIGNATURE_MAX, "%s: %s", rule, wd_tlbi_type_names[c->entries[entry].type]);
    else
        snprintf(signature, WD_SIGNATURE_MAX, "%s: %s: %s", rule, scope, wd_tlbi_type_names[c->entries[entry].type]);
    snprintf(title, WD_TITLE_MAX, "TLBI %s leaves a %s entry that must go: %s", name,
             entry_values[judgement->facets[WD_TLBI_FACET_entry]], wd_tlbi_kind.rules[judgement->rule].text);
}

void wd_tlbi_expect(const void *opaque, const void *opaque_answer, void *expected)
{
    const struct wd_tlbi_case *c = opaque;
    const struct wd_tlbi_answer *answer = opaque_answer;
    struct wd_tlbi_answer *wanted = expected;

    memset(wanted, 0, sizeof(*wanted));
    wanted->outcome = wd_tlbi_implemented(c) ? WD_TLBI_DONE : WD_TLBI_UNDEFINED;
    if (wanted->outcome != WD_TLBI_DONE)
        return;
    wanted->gone = (uint16_t)(wd_tlbi_must_go(c) | (answer && answer->outcome == WD_TLBI_DONE ? answer->gone : 0));
}
