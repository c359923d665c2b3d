/* SPDX-License-Identifier: MIT */
/* The findings of a run of a subject, and how they are written: findings.jsonl, summary.json, and in words. */
#ifndef WALKDIFF_SUBJECT_REPORT_H
#define WALKDIFF_SUBJECT_REPORT_H

#include "harness/subjects/run.h"
#include "harness/subjects/verbs.h"

/** A bucket, and the case that shows it. */
struct wd_subject_finding {
    uint8_t verdict;
    uint16_t rule;
    uint32_t key;
    uint64_t count, first;
    uint64_t facets[WD_SUBJECT_FACETS_MAX][WD_SUBJECT_FACET_VALUES]; /**< how often each value */
    union wd_subject_case c;
    struct wd_subject_assessment assessment;
    bool asked, shrunk;
};

struct wd_subject_findings {
    struct wd_subject_finding *list; /**< the largest first */
    size_t count;
    uint64_t *waived; /**< by waiver */
};

/**
 * Puts cells together into findings. What `old` holds of the same cases is taken over, so that nobody is asked twice.
 * @return false: the subject cannot be asked any more
 */
bool wd_subject_findings_collect(const struct wd_subject_session *session, const struct wd_subject_plan *plan,
                                 const struct wd_subject_state *state, struct wd_subject_findings *findings,
                                 struct wd_error *error);

void wd_subject_findings_free(struct wd_subject_findings *findings);

/** Writes how often each value of each facet was there, as an object. */
void wd_subject_put_facets(struct wd_json_out *out, const struct wd_subject_kind *kind,
                           const uint64_t facets[WD_SUBJECT_FACETS_MAX][WD_SUBJECT_FACET_VALUES]);

/** Writes the words of a command as an array. */
void wd_subject_put_command(struct wd_json_out *out, const char *const *command);

/** "complete", "interrupted", "running": how far a run is. */
const char *wd_subject_state_name(const struct wd_subject_state *state);

/** Writes findings.jsonl and summary.json of a folder anew, each whole or not at all. */
bool wd_subject_write_folder(const char *folder, const struct wd_subject_session *session,
                             const struct wd_subject_plan *plan, const struct wd_subject_state *state,
                             const struct wd_subject_findings *findings, const char *const *command,
                             struct wd_error *error);

/** Writes summary.json's object and a newline. @param whole  with the findings, which else are only counted */
void wd_subject_write_summary_json(FILE *stream, const struct wd_subject_session *session,
                                   const struct wd_subject_plan *plan, const struct wd_subject_state *state,
                                   const struct wd_subject_findings *findings, const char *const *command, bool whole);

/** Verdicts and findings in words; `quiet`: a line. */
void wd_subject_write_summary(FILE *stream, const struct wd_subject_session *session,
                              const struct wd_subject_plan *plan, const struct wd_subject_state *state,
                              const struct wd_subject_findings *findings, bool quiet);

#endif
