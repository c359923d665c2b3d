/* SPDX-License-Identifier: MIT */
/* Answers and their differences in words: signatures and titles of buckets. */
#ifndef WALKDIFF_ANSWER_WORDS_H
#define WALKDIFF_ANSWER_WORDS_H

#include "harness/judge/judge.h"

/** A fault status code taken apart. */
struct wd_status {
    const char *class; /**< "Translation fault", …; NULL: not a code that a walk can give */
    uint8_t fault;     /**< enum wd_fault_class */
    int level;
};

/** Takes a fault status code (6 bits) apart. EncodeLDFSC. */
struct wd_status wd_decode_status(unsigned fst);

/**
 * Signature and title of a difference.
 * @param differing  enum wd_aspect: the first aspect in which the answers differ
 * @param rule  that decided it
 * @param cause  of the difference; without a rule: none is known, the classes of the answers are named
 */
void wd_name_difference(const struct wd_case *c, const struct wd_oracle_output *expected, const struct wd_result *got,
                        unsigned differing, unsigned rule, const struct wd_cause *cause, char *signature, char *title);

/**
 * Whether an answer that is a crash or a warning tells where in the walker's code it comes from: "BUG at.c:150",
 * "SIGABRT: assertion …", a file and line. That is its cause then, whatever the walk was about, and no rule is. Of
 * "SIGSEGV" alone nothing is known.
 */
bool wd_tells_place(const struct wd_result *got);

/** Signature and title of a crash, a hang, a retry or a warning. */
void wd_name_no_answer(const struct wd_case *c, const struct wd_oracle_output *expected, const struct wd_result *got,
                       char *signature, char *title);

#endif
