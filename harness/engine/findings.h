/* SPDX-License-Identifier: MIT */
/* The findings of a run, and how they are written: the lines of findings.jsonl, and summary.json. */
#ifndef WALKDIFF_FINDINGS_H
#define WALKDIFF_FINDINGS_H

#include "harness/engine/engine.h"

/** A bucket as it is reported. Its texts belong to the run's state or to the list. */
struct wd_finding {
    size_t walker;
    enum wd_verdict verdict;
    const char *signature, *title;
    const char *family;    /**< signature of the family of checks of which `signature` is the first, if that is the
                              cause; NULL: it is not */
    const char *rule;      /**< name of the rule that decided; of the choice, where that is resolved both ways */
    const char *rule_text; /**< the same in words */
    uint64_t count;
    const struct wd_facet_counts *facets; /**< and votes */
    uint64_t index;                       /**< of the case that shows it */
    const char *expected, *got, *c;
    bool shrunk;           /**< they are of a shrunk case */
    wd_mistake_set also;   /**< each of them explains all of it, too */
    const char *other_got; /**< inconsistent: an answer that proves the default; else NULL */
    uint64_t other_index;
};

/** "oracle", "same", "other", "none", by enum wd_vote. */
extern const char *const wd_vote_names[WD_VOTES];

struct wd_findings {
    struct wd_finding
        *list; /**< those first in which the oracle is alone, then the largest, then by walker and index */
    size_t count;
    struct wd_merged *merged;        /**< what the others of the list point to */
    struct wd_family_name *families; /**< likewise, those whose cause is a family of checks */
    size_t family_count;
    struct wd_inconsistency *inconsistencies; /**< what those of the list that are inconsistent point to */
    size_t inconsistency_count;
    uint64_t waived[WD_WAIVERS_MAX]; /**< findings that are not in the list, by waiver */
};

/** Puts together the findings so far. */
void wd_findings_collect(const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state,
                         struct wd_findings *findings);

void wd_findings_free(struct wd_findings *findings);

/** Writes a finding as a line of JSON. */
void wd_finding_write(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_finding *finding);

/**
 * Writes the summary as one JSON object and a newline.
 * @param command  the arguments of the program, NULL at the end
 * @param whole  with the findings, which else are only counted, and the first index that reached each cell of coverage
 */
void wd_summary_write(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state,
                      const char *const *command, const struct wd_findings *findings, bool whole);

#endif
