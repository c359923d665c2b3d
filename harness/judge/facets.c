/* SPDX-License-Identifier: MIT */
#include "harness/judge/facets.h"

#include <assert.h>

enum { LOWEST_LEVEL = -1 };

const char *const wd_facet_names[WD_FACET_COUNT] = {"operation", "regime", "granule", "level", "profile"};

static const char *const regimes[WD_REGIME_COUNT] = {"EL1&0", "EL2&0", "EL2"};
static const char *const granules[WD_GRANULE_COUNT + 1] = {"4K", "16K", "64K", "none"};
static const char *const levels[] = {"-1", "0", "1", "2", "3"};

static_assert((int)WD_OPERATION_COUNT <= (int)WD_FACET_VALUES, "an operation is the value of a facet");

uint8_t wd_granule_that_counts(const struct wd_oracle_output *basis)
{
    if (basis->fault_stage)
        return basis->granule[basis->fault_stage - 1];
    return basis->granule[0] != WD_GRANULE_NONE ? basis->granule[0] : basis->granule[1];
}

struct wd_facets wd_facets_of(const struct wd_case *c, const struct wd_oracle_output *basis, unsigned profile)
{
    return (struct wd_facets){{
        [WD_FACET_OPERATION] = c->op,
        [WD_FACET_REGIME] = basis->regime,
        [WD_FACET_GRANULE] = wd_granule_that_counts(basis),
        [WD_FACET_LEVEL] = (uint8_t)(basis->level - LOWEST_LEVEL),
        [WD_FACET_PROFILE] = (uint8_t)profile,
    }};
}

const char *wd_facet_value(enum wd_facet facet, unsigned value, const char *const *profiles)
{
    switch (facet) {
    case WD_FACET_OPERATION:
        return value < WD_OPERATION_COUNT ? wd_operation_names[value] : "";
    case WD_FACET_REGIME:
        return value < WD_REGIME_COUNT ? regimes[value] : "";
    case WD_FACET_GRANULE:
        return value <= WD_GRANULE_COUNT ? granules[value] : "";
    case WD_FACET_LEVEL:
        return value < sizeof(levels) / sizeof(levels[0]) ? levels[value] : "";
    default:
        return profiles ? profiles[value] : "";
    }
}
