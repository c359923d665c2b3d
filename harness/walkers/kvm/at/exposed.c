/* SPDX-License-Identifier: GPL-2.0-only */
#include "harness/walkers/kvm/at/exposed.h"

#include <stdio.h>
#include <string.h>

#include "harness/walkers/kvm/at/at.h"
#include "harness/walkers/kvm/host/guard.h"
#include "walkdiff/oracle.h"

static const char *const granule_names[] = {
    [WD_GRANULE_4K] = "4K",
    [WD_GRANULE_16K] = "16K",
    [WD_GRANULE_64K] = "64K",
};

/* What the guest has of the implementation that the case is of, as far as an answer can depend on it. */
static bool same_implementation(const uint64_t *wanted, const uint64_t *given, struct wd_result *result)
{
    for (unsigned i = 1; i < WD_FEATURE_COUNT; i++) {
        bool wants = wd_has_feature(wanted, i), has = wd_has_feature(given, i);

        if (wants != has) {
            snprintf(result->text, sizeof(result->text), "no guest is %s %s", wants ? "given" : "spared",
                     wd_features[i].name);
            return false;
        }
    }
    for (unsigned stage = 1; stage <= 2; stage++)
        for (unsigned granule = WD_GRANULE_4K; granule <= WD_GRANULE_64K; granule++)
            if (wd_has_granule(wanted, stage, granule) != wd_has_granule(given, stage, granule) ||
                wd_has_lpa2(wanted, stage, granule) != wd_has_lpa2(given, stage, granule)) {
                snprintf(result->text, sizeof(result->text), "no guest has the %s granule of stage %u like this",
                         granule_names[granule], stage);
                return false;
            }
    if (wd_pa_max(wanted) == wd_pa_max(given))
        return true;
    snprintf(result->text, sizeof(result->text), "no guest has %u address bits", wd_pa_max(wanted));
    return false;
}

/* Whether the guest's registers have the case's values where the oracle reads them. */
static bool same_controls(const uint64_t *wanted, const uint64_t *given, struct wd_result *result)
{
    for (unsigned layout = 0; layout < WD_LAYOUT_COUNT; layout++) {
        const struct wd_layout_info *info = &wd_layouts[layout];
        size_t count;
        const struct wd_field *fields = wd_layout_fields(layout, &count);

        if (info->reg >= WD_REGISTER_COUNT || wanted[info->reg] == given[info->reg])
            continue;
        for (size_t i = 0; i < count; i++) {
            const struct wd_field *field = &fields[i];
            uint64_t value = wd_bits(wanted[info->reg], field->msb, field->lsb);

            if ((field->role != WD_ROLE_MODEL && field->role != WD_ROLE_STOP) ||
                !wd_has_feature(given, field->feature) || value == wd_bits(given[info->reg], field->msb, field->lsb))
                continue;
            snprintf(result->text, sizeof(result->text), "no guest can have %s.%s = %llu", wd_registers[info->reg].name,
                     field->name, (unsigned long long)value);
            return false;
        }
    }
    return true;
}

static void call_tree(void *context)
{
    wd_tree_at_expose(context);
}

bool wd_at_expose(const struct wd_case *c, uint64_t regs[WD_REGISTER_COUNT], struct wd_result *result)
{
    memcpy(regs, c->regs, sizeof(c->regs));
    return wd_guarded_call(call_tree, regs, result) && same_implementation(c->regs, regs, result) &&
           same_controls(c->regs, regs, result);
}

__attribute__((visibility("default"))) const char *walkdiff_expose(struct wd_case *c)
{
    static struct wd_result result;

    wd_result_clear(&result, 0);
    return wd_guarded_call(call_tree, c->regs, &result) ? NULL : result.text;
}
