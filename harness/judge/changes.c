/* SPDX-License-Identifier: MIT */
#include "harness/judge/changes.h"

#include <string.h>

const char *const wd_change_names[WD_CHANGE_COUNT] = {
#define WD_CHANGE(enumerator, name, worse, text) [WD_CHANGE_##enumerator] = name,
    WD_CHANGES(WD_CHANGE)
#undef WD_CHANGE
};

const bool wd_change_is_worse[WD_CHANGE_COUNT] = {
#define WD_CHANGE(enumerator, name, worse, text) [WD_CHANGE_##enumerator] = worse,
    WD_CHANGES(WD_CHANGE)
#undef WD_CHANGE
};

/* What somebody does instead of answering, the worst first: gained before lost. */
static const struct {
    enum wd_verdict verdict;
    enum wd_change gained, lost;
} failures[] = {
    {WD_VERDICT_CRASH, WD_CHANGE_CRASH_GAINED, WD_CHANGE_CRASH_LOST},
    {WD_VERDICT_HANG, WD_CHANGE_HANG_GAINED, WD_CHANGE_HANG_LOST},
    {WD_VERDICT_RETRY, WD_CHANGE_RETRY_GAINED, WD_CHANGE_RETRY_LOST},
};

static bool is_right(const struct wd_judged *judged)
{
    return judged->verdict == WD_VERDICT_AGREE || judged->verdict == WD_VERDICT_PERMITTED ||
           judged->verdict == WD_VERDICT_WARN;
}

static bool is_unsupported(const struct wd_judged *judged)
{
    return judged->verdict == WD_VERDICT_UNSUPPORTED && !judged->answered;
}

/* A waiver says that somebody knows; the answer is wrong all the same. */
static enum wd_change change_of_answers(const struct wd_judged *before, const struct wd_judged *after, bool alike)
{
    bool was_right = is_right(before), right = is_right(after);

    if (was_right != right)
        return right ? WD_CHANGE_FIX : WD_CHANGE_REGRESSION;
    if (before->warned != after->warned && (alike || right))
        return after->warned ? WD_CHANGE_WARNING_GAINED : WD_CHANGE_WARNING_LOST;
    return right ? WD_CHANGE_NEUTRAL : WD_CHANGE_STILL_WRONG;
}

enum wd_change wd_change_of(const struct wd_judged *before, const struct wd_judged *after, bool alike)
{
    const size_t count = sizeof(failures) / sizeof(failures[0]);

    for (size_t i = 0; i < count; i++) {
        bool failed = before->verdict == failures[i].verdict, fails = after->verdict == failures[i].verdict;

        if (failed && fails)
            return WD_CHANGE_STILL_WRONG;
        if (fails && after->verdict == WD_VERDICT_RETRY && is_unsupported(before))
            return WD_CHANGE_SUPPORT_GAINED; /* as with an answer that is wrong: nothing was lost */
        if (fails)
            return failures[i].gained;
    }
    if (is_unsupported(after))
        return is_unsupported(before) ? WD_CHANGE_NEUTRAL : WD_CHANGE_SUPPORT_LOST;
    for (size_t i = 0; i < count; i++)
        if (before->verdict == failures[i].verdict)
            return failures[i].lost;
    if (is_unsupported(before))
        return WD_CHANGE_SUPPORT_GAINED;
    if (before->verdict == WD_VERDICT_UNSUPPORTED || after->verdict == WD_VERDICT_UNSUPPORTED)
        return WD_CHANGE_UNJUDGED;
    return change_of_answers(before, after, alike);
}

static bool words_identical(const struct wd_result *a, const struct wd_result *b)
{
    if (a->changed_count != b->changed_count || a->changed_count > WD_CHANGED_MAX)
        return false;
    for (size_t i = 0; i < a->changed_count; i++)
        if (a->changed[i].pa != b->changed[i].pa || a->changed[i].value != b->changed[i].value)
            return false;
    return true;
}

static bool exceptions_identical(const struct wd_exception *a, const struct wd_exception *b)
{
    return a->fst == b->fst && a->stage2 == b->stage2 && a->s1ptw == b->s1ptw && a->has_ipa == b->has_ipa &&
           (!a->has_ipa || a->ipa == b->ipa);
}

bool wd_texts_identical(const char *a, const char *b)
{
    const char *colon = strrchr(a, ':');
    size_t length = colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1) ? (size_t)(colon - a) + 1
                                                                                              : WD_TEXT_MAX;

    return !strncmp(a, b, length);
}

bool wd_results_identical(const struct wd_result *a, const struct wd_result *b)
{
    if (a->answer != b->answer || a->warning_count != b->warning_count)
        return false;
    switch (a->answer) {
    case WD_ANSWER_PAR:
        return a->par == b->par && a->unanswered == b->unanswered && words_identical(a, b);
    case WD_ANSWER_EXCEPTION:
    case WD_ANSWER_UNDEFINED:
        return a->unanswered == b->unanswered && exceptions_identical(&a->exception, &b->exception) &&
               words_identical(a, b);
    default:
        return wd_texts_identical(a->text, b->text);
    }
}
