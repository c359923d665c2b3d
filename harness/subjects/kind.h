/* SPDX-License-Identifier: MIT */
/*
 * Kinds of subjects beside walkers (walkdiff/subject.h). What is the same for all of them, running, counting, judging
 * in bulk, shrinking, case files and reports, asks a kind through this table; what a case is and what is right, the
 * kind knows alone.
 */
#ifndef WALKDIFF_SUBJECT_KIND_H
#define WALKDIFF_SUBJECT_KIND_H

#include <stdio.h>

#include "harness/judge/judge.h"
#include "harness/support/json_in.h"
#include "harness/support/json_out.h"
#include "walkdiff/subject.h"

enum {
    WD_SUBJECT_FACETS_MAX = 8,
    WD_SUBJECT_FACET_VALUES = 16, /**< of one facet */
    WD_SUBJECT_CASE_MAX = 4096,
    WD_SUBJECT_ANSWER_MAX = 32768,
    WD_NO_RULE = 0xFFFF
};

/** A rule or a choice of a kind. */
struct wd_subject_text {
    const char *name;
    const char *source;   /**< id in the Arm ARM, or whose contract it is */
    const char *function; /**< of the pseudocode, or of the code that documents it */
    const char *text;
};

/** Something that is counted of the cases of a bucket, and that waivers may be limited by. */
struct wd_subject_facet {
    const char *name;
    const char *const *values;
    unsigned count;
};

/** What is said of one answer, in numbers: what makes words of them is wd_subject_kind.describe. */
struct wd_subject_judgement {
    uint8_t verdict;    /**< enum wd_verdict; never `waived` */
    uint16_t rule;      /**< of the kind: what is broken; WD_NO_RULE */
    uint32_t key;       /**< the bucket: with the verdict, the same for all answers of one signature */
    uint32_t choices;   /**< bit set of the kind's choices: those that make the answer a permitted one */
    uint32_t consulted; /**< bit set of the kind's choices: those that the case leaves open */
    uint8_t facets[WD_SUBJECT_FACETS_MAX];
};

/** Memory for any case or any answer. */
union wd_subject_case {
    uint64_t align;
    unsigned char bytes[WD_SUBJECT_CASE_MAX];
};
union wd_subject_answer {
    struct wd_subject_head head;
    uint64_t align;
    unsigned char bytes[WD_SUBJECT_ANSWER_MAX];
};

struct wd_subject_kind {
    const char *name; /**< "abort": the member `kind` of a case, and `subject=` of a spec */
    const char *text; /**< one line */
    size_t case_size, answer_size;
    const struct wd_subject_text *rules;
    unsigned rule_count;
    const struct wd_subject_text *choices;
    unsigned choice_count;
    uint32_t doubtful; /**< bit set of choices that shrinking must not open: the case would be about another question */
    const struct wd_subject_facet *facets;
    unsigned facet_count;
    const struct wd_subject_api *model; /**< our own: `model:KIND[,defect=ID]` */

    /** Makes case `index` of `seed`, a function of the two. */
    void (*generate)(uint64_t seed, uint64_t index, void *c);

    /** The members of a case beside `kind`, `id` and `note`. */
    const struct wd_json_members *members;

    /** Before the members are read: what those have that are left out. */
    void (*begin)(void *c);

    /** After that: whether the case can be. @param why  receives what cannot be, naming the member */
    bool (*check)(const void *c, char *why, size_t size);

    /** Writes the members that `members` reads, each with a comma before it. */
    void (*write)(struct wd_json_out *out, const void *c);

    /** Writes an answer with status ANSWERED as the members of an object; what the case was begun with is left out. */
    void (*write_answer)(struct wd_json_out *out, const void *c, const void *answer);

    /** Whether two answers with status ANSWERED are the same in everything that they say. */
    bool (*same)(const void *a, const void *b);

    /** Judges an answer whose status is ANSWERED; verdict, rule, key, choices and facets. */
    void (*judge)(const void *c, const void *answer, struct wd_subject_judgement *judgement);

    /** The answer that is to be expected: of those permitted the one nearest to `answer`. */
    void (*expect)(const void *c, const void *answer, void *expected);

    /**
     * Words for a judgement that is a deviation.
     * @param signature  of WD_SIGNATURE_MAX bytes
     * @param title  of WD_TITLE_MAX bytes
     */
    void (*describe)(const void *c, const void *answer, const struct wd_subject_judgement *judgement, char *signature,
                     char *title);

    /**
     * Makes a case simpler by its step-th simplification, which may leave it as it is or make it one that `check`
     * refuses. The first `replacing` steps put one value in the place of another, and are taken once each; the others
     * take something away.
     * @return false if there is no such step
     */
    unsigned replacing;
    bool (*simplify)(const void *c, unsigned step, void *simpler);

    /** Tells the case, and why the expected answer is right, in words. */
    void (*explain)(FILE *stream, const void *c);
};

/** The i-th kind, or NULL past the last. */
const struct wd_subject_kind *wd_subject_kind(size_t i);

/** The kind of a name, or NULL. */
const struct wd_subject_kind *wd_subject_kind_by_name(const char *name);

/**
 * The defect that a model's options ask for, "defect=ID": its index in `ids`, 0 for none.
 * @param ids  [0] is of no defect
 * @return false: there is no such defect, `error` says so
 */
bool wd_subject_find_defect(const char *options, const char *const *ids, unsigned count, unsigned *defect, char *error,
                            size_t error_size);

/**
 * Whether two answers of whatever status are the same in everything, and as many warnings. Where in its file a warning
 * or a BUG() stands is not looked at: lines move.
 */
bool wd_subject_identical(const struct wd_subject_kind *kind, const void *a, const void *b);

/** Judges an answer of whatever status. */
void wd_subject_judge(const struct wd_subject_kind *kind, const void *c, const void *answer,
                      struct wd_subject_judgement *judgement);

/** Words for any judgement; both empty if it is no finding. */
void wd_subject_describe(const struct wd_subject_kind *kind, const void *c, const void *answer,
                         const struct wd_subject_judgement *judgement, char *signature, char *title);

/** "SIZE_FAULT_LEVEL: …": the choices of a permitted answer. */
void wd_subject_choices_text(const struct wd_subject_kind *kind, uint32_t choices, char *text, size_t size);

/** Writes a case as one object, without a newline. @param id, note  may be NULL */
void wd_subject_write_case(struct wd_json_out *out, const struct wd_subject_kind *kind, const void *c, const char *id,
                           const char *note);

/** Writes an answer of whatever status as one object. @param id  may be NULL */
void wd_subject_write_answer(struct wd_json_out *out, const struct wd_subject_kind *kind, const void *c,
                             const void *answer, const char *id);

#endif
