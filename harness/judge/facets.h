/* SPDX-License-Identifier: MIT */
/* Facets: what a bucket counts of its cases beside what makes them one bucket, and what waivers may be limited by. */
#ifndef WALKDIFF_FACETS_H
#define WALKDIFF_FACETS_H

#include "generators/generate.h"
#include "walkdiff/oracle.h"

enum wd_facet {
    WD_FACET_OPERATION,
    WD_FACET_REGIME,
    WD_FACET_GRANULE,
    WD_FACET_LEVEL,
    WD_FACET_PROFILE,
    WD_FACET_COUNT
};

enum { WD_FACET_VALUES = 16 };

extern const char *const wd_facet_names[WD_FACET_COUNT];

/** The facets of one case: for each the number of its value, below WD_FACET_VALUES. */
struct wd_facets {
    uint8_t value[WD_FACET_COUNT];
};

/**
 * The facets of a case.
 * @param basis  what the oracle says of it: regime; granule of the stage that decided, else of the first that was
 * walked; level of the fault or the leaf
 * @param profile  number of its profile
 */
struct wd_facets wd_facets_of(const struct wd_case *c, const struct wd_oracle_output *basis, unsigned profile);

/** The granule of the stage that decided, else of the first that was walked: enum wd_granule. */
uint8_t wd_granule_that_counts(const struct wd_oracle_output *basis);

/** The name of a value, "EL1&0". Profiles have the names that the caller gives, or "" where `profiles` is NULL. */
const char *wd_facet_value(enum wd_facet facet, unsigned value, const char *const *profiles);

#endif
