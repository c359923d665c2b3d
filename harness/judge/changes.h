/* SPDX-License-Identifier: MIT */
/* What it means that a walker answers a case otherwise than another one did: before and after a change of its code. */
#ifndef WALKDIFF_CHANGES_H
#define WALKDIFF_CHANGES_H

#include "harness/judge/judge.h"

/** Changes: WD_CHANGE(enumerator, "name", worse?, "what it says") */
#define WD_CHANGES(WD_CHANGE)                                                                                          \
    WD_CHANGE(REGRESSION, "regression", 1, "it was right, and is wrong")                                               \
    WD_CHANGE(CRASH_GAINED, "crash gained", 1, "the walker dies where it did not")                                     \
    WD_CHANGE(HANG_GAINED, "hang gained", 1, "the walker does not answer where it did")                                \
    WD_CHANGE(RETRY_GAINED, "retry gained", 1, "the walker asks to execute the instruction again")                     \
    WD_CHANGE(WARNING_GAINED, "warning gained", 1, "the walker's code raises a warning where it did not")              \
    WD_CHANGE(STILL_WRONG, "still wrong", 0, "it was wrong, and is wrong in another way")                              \
    WD_CHANGE(SUPPORT_LOST, "support lost", 0, "the walker does not answer this kind of case any more")                \
    WD_CHANGE(FIX, "fix", 0, "it was wrong, and is right")                                                             \
    WD_CHANGE(CRASH_LOST, "crash lost", 0, "the walker does not die any more")                                         \
    WD_CHANGE(HANG_LOST, "hang lost", 0, "the walker answers where it did not")                                        \
    WD_CHANGE(RETRY_LOST, "retry lost", 0, "the walker does not ask to execute the instruction again any more")        \
    WD_CHANGE(WARNING_LOST, "warning lost", 0, "the walker's code does not raise a warning any more")                  \
    WD_CHANGE(SUPPORT_GAINED, "support gained", 0, "the walker answers this kind of case where it did not")            \
    WD_CHANGE(NEUTRAL, "neutral", 0, "both answers are permitted")                                                     \
    WD_CHANGE(UNJUDGED, "unjudged", 0, "the oracle does not know the answer to this kind of case")

enum wd_change {
#define WD_CHANGE(enumerator, name, worse, text) WD_CHANGE_##enumerator,
    WD_CHANGES(WD_CHANGE)
#undef WD_CHANGE
        WD_CHANGE_COUNT,
};

extern const char *const wd_change_names[WD_CHANGE_COUNT];

/** Whether a change is one for the worse: what a review ends with status 1 for. */
extern const bool wd_change_is_worse[WD_CHANGE_COUNT];

/** One of the two answers, in the eyes of the judge. */
struct wd_judged {
    enum wd_verdict verdict;
    bool warned;   /**< the walker's code raised a warning */
    bool answered; /**< the walker gave an answer, whatever the verdict */
};

/**
 * Sorts a change. Death goes before hanging, both before a retry, that before support, that before what answers are
 * worth, and warnings are looked at where nothing else is different.
 * @param alike  the answers are the same as far as the judge looks
 */
enum wd_change wd_change_of(const struct wd_judged *before, const struct wd_judged *after, bool alike);

/**
 * Whether two results are the same in every bit: answer, PAR_EL1, exception, changed words, reason; and as many
 * warnings. Where in its file a warning or a BUG() stands is not looked at: lines move.
 */
bool wd_results_identical(const struct wd_result *a, const struct wd_result *b);

/** Whether two texts are the same but for the number of a line at their ends: "BUG arch/arm64/kvm/at.c:150". */
bool wd_texts_identical(const char *a, const char *b);

#endif
