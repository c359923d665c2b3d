/* SPDX-License-Identifier: MIT */
/* The verbs for subjects that are no walkers: what `fuzz`, `replay`, `run`, `shrink` and `explain` do with a kind. */
#ifndef WALKDIFF_SUBJECT_VERBS_H
#define WALKDIFF_SUBJECT_VERBS_H

#include "harness/cli/cli.h"
#include "harness/subjects/host.h"

/**
 * Whether a verb is to be done here: a walker among its arguments is of a kind, or, of `shrink` and `explain`, the
 * first file holds a case of one.
 * @param argv  [0] the verb; ends with NULL
 */
bool wd_subject_concerns(char **argv);

/** Does a verb. @param argv  [0] its name @return the exit status */
int wd_subject_verb(const struct wd_places *places, int argc, char **argv);

/** What every verb needs: a subject that is open, and the waivers for it. {0} before. */
struct wd_subject_session {
    struct wd_subject_spec spec;
    struct wd_subject_host *host;
    struct wd_waivers *waivers;
    struct wd_waiver_list list;
};

/**
 * Opens a subject.
 * @param waivers  folders of them
 * @return WD_EXIT_NOTHING_FOUND, or the exit status: told the user
 */
int wd_subject_session_open(struct wd_subject_session *session, const struct wd_places *places, const char *spec,
                            const struct wd_waiver_folders *waivers, double timeout);

void wd_subject_session_close(struct wd_subject_session *session);

/** The waiver of a finding, by its index, or -1. */
int wd_subject_waiver(const struct wd_subject_session *session, const char *signature, uint16_t rule,
                      const uint8_t *facets);

/** "ABORT_ADDRESS"; "NONE". */
const char *wd_subject_rule_name(const struct wd_subject_kind *kind, uint16_t rule);

/** What is said of a case that was asked. */
struct wd_subject_assessment {
    union wd_subject_answer got, expected;
    struct wd_subject_judgement judgement;
    char signature[WD_SIGNATURE_MAX], title[WD_TITLE_MAX], choice[WD_CHOICE_TEXT_MAX];
    int waiver; /**< -1: none */
};

/** Asks and judges. @return false: the subject cannot be asked any more */
bool wd_subject_assess(const struct wd_subject_session *session, const void *c,
                       struct wd_subject_assessment *assessment, struct wd_error *error);

/** The verdict, with `waived`. */
enum wd_verdict wd_subject_verdict(const struct wd_subject_assessment *assessment);

/** How an assessment is shown: in words; as `replay --json`; the same with `--words`. */
enum wd_subject_form { WD_SUBJECT_WORDS, WD_SUBJECT_JSON, WD_SUBJECT_JSON_WORDS };

/** Writes an assessment. @param where  of the case, in words only */
void wd_subject_show(FILE *stream, const struct wd_subject_session *session, const void *c, const char *id,
                     const char *where, const struct wd_subject_assessment *assessment, enum wd_subject_form form);

/** Writes the members of an object that tells an assessment, as `replay --json` has them but for `id`. */
void wd_subject_put_judgement(struct wd_json_out *out, const struct wd_subject_session *session, const void *c,
                              enum wd_verdict verdict, const struct wd_subject_assessment *assessment, bool words);

enum { WD_SUBJECT_SHRINK_MAX = 2 /**< subjects whose answers a shrink keeps */ };

/**
 * Makes a case as simple as it can be while verdict and bucket stay what they are; with two subjects of both, and while
 * their answers stay different.
 * @param c  in and out
 * @param assessments  in and out: what is said of it, by subject
 * @param seconds  no longer than that
 * @return whether no single step is left
 */
bool wd_subject_shrink(const struct wd_subject_session *const *sessions, size_t count, void *c,
                       struct wd_subject_assessment *assessments, double seconds, struct wd_error *error);

/** `fuzz`. */
int wd_subject_fuzz(const struct wd_places *places, int argc, char **argv);

/** A line of `explain --json` for a case, or for a finding. @param place  "x.jsonl:12" @return the exit status */
int wd_subject_explain_json(FILE *out, yyjson_val *root, const char *place);

/** Tells cases in words, as `explain` does. */
int wd_subject_explain(const struct wd_places *places, int argc, char **argv);

#endif
