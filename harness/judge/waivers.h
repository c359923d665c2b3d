/* SPDX-License-Identifier: MIT */
/*
 * Waivers: known deviations of walkers, written down with their reasons in waivers/<anything>.toml. Each entry:
 *
 *   [[waiver]]
 *   id = "unicorn-…"            unique
 *   walker = "unicorn"          the name of its spec, without options
 *   versions = ">=2.0.1, <2.1"  of the walker; "*": all
 *   signature = "…"             pattern (as file names: * ? [])
 *   rule = "VA_OUT_OF_RANGE"    the one rule or choice whose findings it matches
 *   facets = { granule = "16K" } optional patterns: operation, regime, granule, level, profile; those of its kind of
 *                              subject, if the rule is of one
 *   instead = "…"               what the walker does
 *   reason = "…"                why we are sure
 *   link = "…"                  where that can be read
 *   case = "…"                  a case that shows it: JSON, or a file below cases/
 *   spec = "unicorn,…"          optional: the walker's spec with which the case shows it, if the name alone is not
 */
#ifndef WALKDIFF_WAIVERS_H
#define WALKDIFF_WAIVERS_H

#include "harness/judge/causes.h"
#include "harness/support/error.h"
#include "harness/judge/facets.h"

struct wd_waivers;

/** Loads every *.toml file of a folder; NULL: there are no waivers. @return NULL after an error: it names file and line
 */
struct wd_waivers *wd_waivers_load(const char *folder, struct wd_error *error);

/** Loads those of one more folder. @return false after an error, as above: then only wd_waivers_free() can follow */
bool wd_waivers_add(struct wd_waivers *waivers, const char *folder, struct wd_error *error);

void wd_waivers_free(struct wd_waivers *waivers);

size_t wd_waivers_count(const struct wd_waivers *waivers);

/** The id of the i-th waiver. */
const char *wd_waiver_id(const struct wd_waivers *waivers, size_t i);

/** The waivers that apply to one walker. */
struct wd_waiver_list {
    const struct wd_waivers *all;
    uint16_t *indices;
    size_t count;
};

/**
 * Chooses the waivers for a walker.
 * @param name  as in its spec
 * @param own_name  that it gives itself: waivers for either name apply; NULL: none
 * @param version  as it tells it: the first number with dots in it counts; "" only fits waivers for all versions
 * @return false when out of memory
 */
bool wd_waivers_for(const struct wd_waivers *waivers, const char *name, const char *own_name, const char *version,
                    struct wd_waiver_list *list);

/**
 * Finds the waiver of a finding.
 * @param rule  name of the rule or choice
 * @return its index, or -1
 */
int wd_waiver_match(const struct wd_waiver_list *list, const char *signature, const char *rule,
                    const struct wd_facets *facets, const char *const *profiles);

/**
 * The same for a subject of another kind (include/walkdiff/subject.h), whose facets are told by their names.
 * @param count  of the facets: `names` and `values`
 */
int wd_waiver_match_named(const struct wd_waiver_list *list, const char *signature, const char *rule,
                          const char *const *names, const char *const *values, size_t count);

/**
 * What a walker is known for in cases that have these facets: the causes whose findings its waivers match.
 * @param known  receives them
 */
void wd_waivers_known(const struct wd_waiver_list *list, const struct wd_facets *facets, const char *const *profiles,
                      struct wd_causes *known);

/** Whether a version lies in a range (">=2.0.1, <2.1"). @return 1, 0, or -1 if the range cannot be read */
int wd_version_in_range(const char *version, const char *range);

#endif
