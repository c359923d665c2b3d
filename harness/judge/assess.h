/* SPDX-License-Identifier: MIT */
/* What an answer is worth to a run: the judge's verdict, seen in the light of who answered and what is known of him. */
#ifndef WALKDIFF_ASSESS_H
#define WALKDIFF_ASSESS_H

#include "harness/judge/experience.h"
#include "harness/judge/waivers.h"

/** Who answers. */
struct wd_answerer {
    bool reference; /**< asked for the right answer: where it differs, it and the oracle are in conflict */
    struct wd_waiver_list waivers;
    const char *const *profiles;      /**< names for the facet; may be NULL */
    struct wd_experience *experience; /**< what was learned of it; NULL: nothing */
};

/**
 * Judges an answer.
 * @param source  of the attributes of `basis`, if that is a success; NULL: not known
 * @param facets  of the case
 * @param settled  as for wd_judge()
 * @param judgement  receives what the judge says, with the verdict made `reference-conflict` or `waived` where it is
 * @return the index of the waiver, or -1
 */
int wd_assess(const struct wd_answerer *who, const struct wd_case *c, const struct wd_oracle_output *basis,
              const struct wd_attribute_source *source, const struct wd_facets *facets, const struct wd_result *got,
              uint64_t settled, struct wd_judgement *judgement);

#endif
