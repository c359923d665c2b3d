/* SPDX-License-Identifier: MIT */
/*
 * A walker that is right but for one rare place: where a rule is applied at a stage and with a granule, and some
 * control bits are set, a bit of PAR_EL1 is wrong. Its options are RULE/STAGE/GRANULE/REGISTER.BIT/REGISTER.BIT…, the
 * granule as enum wd_granule has it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walkdiff/oracle.h"
#include "walkdiff/walker.h"

enum { BITS_MAX = 4, FAULT_BIT = 1 /* of FST */, SUCCESS_BIT = 12 /* of PA */ };

struct defect {
    unsigned rule, stage, granule, bit_count;
    struct {
        unsigned reg, bit;
    } bits[BITS_MAX];
    struct wd_oracle_output output;
};

static bool is_in_force(const struct defect *defect, const struct wd_case *c)
{
    const struct wd_oracle_output *output = &defect->output;

    if (!wd_bit(output->rules_hit[defect->stage][defect->rule / 64], defect->rule % 64) ||
        output->granule[defect->stage] != defect->granule)
        return false;
    for (unsigned i = 0; i < defect->bit_count; i++)
        if (!wd_bit(c->regs[defect->bits[i].reg], defect->bits[i].bit))
            return false;
    return true;
}

static void answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                   volatile uint32_t *done)
{
    struct defect *defect = walker;

    for (size_t i = 0; i < count; i++) {
        wd_oracle(cases[i], NULL, NULL, NULL, &defect->output);
        results[i] = defect->output.result;
        if (results[i].answer == WD_ANSWER_PAR && is_in_force(defect, cases[i]))
            results[i].par ^= UINT64_C(1) << (WD_GET(results[i].par, PAR_EL1, F) ? FAULT_BIT : SUCCESS_BIT);
        *done = (uint32_t)i + 1;
    }
}

static unsigned rule_of(const char *name)
{
    unsigned rule = 0;

    while (rule < WD_RULE_COUNT && strcmp(wd_rules[rule].name, name))
        rule++;
    return rule;
}

static unsigned register_of(const char *name)
{
    unsigned reg = 0;

    while (reg < WD_REGISTER_COUNT && strcmp(wd_registers[reg].name, name))
        reg++;
    return reg;
}

static void *open_walker(const char *options, char *error, size_t error_size)
{
    struct defect *defect = calloc(1, sizeof(*defect));
    char rule[64], reg[32];
    unsigned stage, bit;
    int length = 0, more;
    bool good = defect && sscanf(options, "%63[^/]/%u/%u%n", rule, &stage, &defect->granule, &length) == 3 &&
                (stage == 1 || stage == 2) && rule_of(rule) < WD_RULE_COUNT;

    for (options += length; good && *options; options += more) {
        good = defect->bit_count < BITS_MAX && sscanf(options, "/%31[^.].%u%n", reg, &bit, &more) == 2 &&
               register_of(reg) < WD_REGISTER_COUNT && bit < 64;
        if (good) {
            defect->bits[defect->bit_count].reg = register_of(reg);
            defect->bits[defect->bit_count++].bit = bit;
        }
    }
    if (good) {
        defect->rule = rule_of(rule);
        defect->stage = stage - 1;
        return defect;
    }
    snprintf(error, error_size, "options: RULE/STAGE/GRANULE/REGISTER.BIT…");
    free(defect);
    return NULL;
}

wd_walker_entry walkdiff_walker;

const struct wd_walker_api *walkdiff_walker(void)
{
    static const struct wd_walker_api api = {
        .abi = WD_WALKER_ABI,
        .case_size = sizeof(struct wd_case),
        .result_size = sizeof(struct wd_result),
        .name = "rare",
        .open = open_walker,
        .answer = answer,
        .close = free,
    };

    return &api;
}
