/* SPDX-License-Identifier: MIT */
/* A subject before and after a change: which of its answers are other ones, what that means, and how it is written. */
#ifndef WALKDIFF_SUBJECT_COMPARE_H
#define WALKDIFF_SUBJECT_COMPARE_H

#include "harness/judge/changes.h"
#include "harness/subjects/report.h"

/**
 * Sorts two answers to a case.
 * @param cell  receives change, marks and facets
 * @return false: they are the same
 */
bool wd_subject_changed(const struct wd_subject_kind *kind, const void *c, const void *before, const void *after,
                        struct wd_subject_cell *cell);

/** Who is compared. */
struct wd_subject_sides {
    const struct wd_subject_session *before, *after;
};

/** All changes of one signature, and the first case. */
struct wd_subject_change {
    enum wd_change change;
    char *signature;
    uint64_t count, first;
    uint64_t facets[WD_SUBJECT_FACETS_MAX][WD_SUBJECT_FACET_VALUES];
    union wd_subject_case c;
    struct wd_subject_assessment before, after; /**< of that case */
};

struct wd_subject_changes {
    struct wd_subject_change *list; /**< by kind of change, the most frequent first */
    size_t count;
    uint64_t *waived; /**< by waiver, the answers before and after */
};

/**
 * Puts the cells of a comparison together. Each bucket's first case is asked again.
 * @return false: one side cannot be asked any more
 */
bool wd_subject_changes_collect(const struct wd_subject_sides *sides, const struct wd_subject_plan *plan,
                                const struct wd_subject_state *state, struct wd_subject_changes *changes,
                                struct wd_error *error);

void wd_subject_changes_free(struct wd_subject_changes *changes);

/**
 * Writes the comparison as one object and a newline: the members of a summary.json, with `changes`, and each change
 * with both `sides`, as `fuzz --against` of walkers has them.
 * @param ids  names of the plan's stored cases
 */
void wd_subject_write_changes(FILE *stream, const struct wd_subject_sides *sides, const struct wd_subject_plan *plan,
                              const struct wd_subject_state *state, const struct wd_subject_changes *changes,
                              const char *const *command, const char *const *ids);

#endif
