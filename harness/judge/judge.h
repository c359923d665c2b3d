/* SPDX-License-Identifier: MIT */
/* The judge: what an answer is worth. Verdicts and buckets, as the manual describes them (docs/judging.md). */
#ifndef WALKDIFF_JUDGE_H
#define WALKDIFF_JUDGE_H

#include "harness/judge/causes.h"

/** Verdicts: WD_V(enumerator, "name", finding?, "what it says") */
#define WD_VERDICTS(WD_V)                                                                                              \
    WD_V(AGREE, "agree", 0, "the answer is the default one")                                                           \
    WD_V(PERMITTED, "permitted", 0, "another resolution of the choices gives the answer")                              \
    WD_V(DEVIATION, "deviation", 1, "no resolution gives the answer")                                                  \
    WD_V(EXCEPTION_MISMATCH, "exception-mismatch", 1, "one side took an exception and the other none, or another one") \
    WD_V(CRASH, "crash", 1, "the walker died")                                                                         \
    WD_V(HANG, "hang", 1, "the walker did not answer in time")                                                         \
    WD_V(RETRY, "retry", 1, "the walker asks for the instruction to be executed again")                                \
    WD_V(WARN, "warn", 1, "the answer is permitted, but the walker's code raised a warning")                           \
    WD_V(INCONSISTENT, "inconsistent", 1, "an IMPLEMENTATION DEFINED choice is resolved both ways")                    \
    WD_V(UNSUPPORTED, "unsupported", 0, "the walker or the oracle cannot answer: never a pass")                        \
    WD_V(WAIVED, "waived", 0, "a known deviation, written down with its reason")                                       \
    WD_V(REFERENCE_CONFLICT, "reference-conflict", 1, "the oracle and another reference disagree")

enum wd_verdict {
#define WD_V(enumerator, name, finding, text) WD_VERDICT_##enumerator,
    WD_VERDICTS(WD_V)
#undef WD_V
        WD_VERDICT_COUNT,
};

extern const char *const wd_verdict_names[WD_VERDICT_COUNT];
extern const bool wd_verdict_is_finding[WD_VERDICT_COUNT];

enum { WD_SIGNATURE_MAX = 256, WD_TITLE_MAX = 480, WD_CHOICE_TEXT_MAX = 240 };

/** What the judge says of one answer. */
struct wd_judgement {
    uint8_t verdict;  /**< enum wd_verdict */
    uint8_t unwaived; /**< of wd_assess(), where `verdict` is `waived`: what it is without that */
    uint16_t rule;    /**< enum wd_rule that decided the expected answer, or what differs in it; WD_RULE_NONE where
                         wd_tells_place() */
    struct wd_resolution resolution;  /**< gives `expected` */
    struct wd_oracle_output expected; /**< the nearest permitted answer; not set for agree and unsupported */
    struct wd_resolution supposed;    /**< explained: what the walker does wrongly, so that it gives the answer */
    bool explained;
    const void
        *recalled;  /**< judged by wd_experience_judge(): the same for all that one explanation explains; else NULL */
    bool has_cause; /**< findings: the signature is that of a cause */
    uint16_t cause; /**< its number, or WD_CAUSE_NONE */
    uint16_t also_check; /**< number of the cause that, with checks left out behind it, explains it as well */
    wd_mistake_set also; /**< each of them explains the answer as well */
    char choice[WD_CHOICE_TEXT_MAX];  /**< permitted: the choices that give the answer, "S1_TXSZ_HIGH: the maximum is
                                         used" */
    char signature[WD_SIGNATURE_MAX]; /**< findings: the bucket */
    char title[WD_TITLE_MAX];         /**< findings: the bucket in words */
    /**
     * IMPLEMENTATION DEFINED choices that the answer proves, bit sets of enum wd_choice: [0] the default option,
     * [1] another one. A walker that proves both is `inconsistent`.
     */
    uint64_t proved[2];
};

/**
 * The verdict of a finding's bucket. A cause leads to exceptions in some cases and to none in others, and where a
 * walker asks for the instruction again instead of reporting a fault, to that: one bucket.
 */
static inline uint8_t wd_bucket_verdict(const struct wd_judgement *judgement)
{
    bool otherwise =
        judgement->verdict == WD_VERDICT_EXCEPTION_MISMATCH ||
        (judgement->verdict == WD_VERDICT_RETRY && judgement->cause != wd_cause_mistake(WD_MISTAKE_S2_FAULT_AS_RETRY));

    return otherwise && judgement->has_cause ? (uint8_t)WD_VERDICT_DEVIATION : judgement->verdict;
}

/** Whether two answers are the same as far as the judge looks: PAR under wd_par_mask(), exception members, changed
 * words; what `got` leaves unanswered counts as equal. */
bool wd_answers_equal(const struct wd_result *expected, const struct wd_result *got);

/** In which aspects two answers differ: a bit set of enum wd_aspect; 0 where wd_answers_equal(). */
unsigned wd_answers_differ(const struct wd_result *expected, const struct wd_result *got);

/**
 * Judges an answer.
 * @param basis  what wd_oracle() said of the case with the default resolution
 * @param got  the walker's answer
 * @param settled  bit set of enum wd_choice of which need not be proved any more that the default is taken; it costs
 * time to do so
 */
void wd_judge(const struct wd_case *c, const struct wd_oracle_output *basis, const struct wd_result *got,
              uint64_t settled, struct wd_judgement *judgement);

/**
 * The same of a walker that is known for some causes of wrong answers. A finding that they explain has the signature of
 * one of them; one that needs another cause too has the signature of that. What proves a choice only as long as the
 * walker is right proves nothing.
 */
void wd_judge_known(const struct wd_case *c, const struct wd_oracle_output *basis, const struct wd_result *got,
                    uint64_t settled, const struct wd_causes *known, struct wd_judgement *judgement);

/** An answer that is not the default one, and who gave it. */
struct wd_wrong_answer {
    const struct wd_case *c;
    const struct wd_oracle_output *basis;     /**< what wd_oracle() says of the case by default */
    const struct wd_attribute_source *source; /**< of that, if it is a success; NULL: not known */
    const struct wd_result *got;
    unsigned differing;            /**< wd_answers_differ() of the two */
    uint64_t settled;              /**< as for wd_judge() */
    const struct wd_causes *known; /**< what the walker is known for */
};

/**
 * The same as wd_judge_known() of an answer that is not the default one, if the architecture permits it, or if there
 * are too many resolutions to say so: the judgement is the same, but `expected` is as wd_leaf_output() has it. It costs
 * less, since nothing is asked of the answers that are not the walker's.
 * @return false: it is not permitted; `judgement` says nothing
 */
bool wd_judge_permitted(const struct wd_wrong_answer *wrong, struct wd_judgement *judgement);

/**
 * The bucket of a choice that a walker resolves both ways.
 * @param signature  of WD_SIGNATURE_MAX bytes
 * @param title  of WD_TITLE_MAX bytes
 */
void wd_inconsistent_bucket(enum wd_choice choice, char *signature, char *title);

/** "Translation fault, level 1", "success", "external abort, level 2, stage 2", …: an answer in words. */
void wd_describe_answer(const struct wd_result *result, char *text, size_t size);

/**
 * The same with what a success gives, and what the walk changed: "success: PA 0x80001000, ATTR 0xff (Write-Back), SH 0
 * (Non-shareable); 1 word changed"; of a crash what it was.
 */
void wd_describe_whole_answer(const struct wd_result *result, char *text, size_t size);

#endif
