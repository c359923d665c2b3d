/* SPDX-License-Identifier: MIT */
/* Whether two cases or results say the same, member by member; the unused tails of arrays do not count. */
#ifndef WALKDIFF_TESTS_SAME_CASE_H
#define WALKDIFF_TESTS_SAME_CASE_H

#include <string.h>

#include "walkdiff/case.h"

static inline bool same_words(const struct wd_word *a, size_t a_count, const struct wd_word *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (a[i].pa != b[i].pa || a[i].value != b[i].value)
            return false;
    return true;
}

static inline bool same_ram(const struct wd_case *a, const struct wd_case *b)
{
    if (a->ram_count != b->ram_count)
        return false;
    for (uint32_t i = 0; i < a->ram_count; i++)
        if (a->ram[i].base != b->ram[i].base || a->ram[i].size != b->ram[i].size ||
            a->ram[i].read_only != b->ram[i].read_only)
            return false;
    return true;
}

static inline bool same_case(const struct wd_case *a, const struct wd_case *b)
{
    return a->op == b->op && a->el == b->el && a->pan == b->pan && a->ipa_bits == b->ipa_bits && a->va == b->va &&
           memcmp(a->regs, b->regs, sizeof(a->regs)) == 0 && same_ram(a, b) &&
           same_words(a->mem, a->mem_count, b->mem, b->mem_count);
}

static inline bool same_exception(const struct wd_exception *a, const struct wd_exception *b)
{
    return a->fst == b->fst && a->stage2 == b->stage2 && a->s1ptw == b->s1ptw && a->has_ipa == b->has_ipa &&
           a->ipa == b->ipa;
}

static inline bool same_trace(const struct wd_result *a, const struct wd_result *b)
{
    if (a->read_count != b->read_count)
        return false;
    for (size_t i = 0; i < a->read_count; i++)
        if (a->reads[i].pa != b->reads[i].pa || a->reads[i].descriptor != b->reads[i].descriptor ||
            a->reads[i].stage != b->reads[i].stage || a->reads[i].level != b->reads[i].level)
            return false;
    return true;
}

static inline bool same_result(const struct wd_result *a, const struct wd_result *b)
{
    if (a->answer != b->answer || a->par != b->par || a->unanswered != b->unanswered || strcmp(a->text, b->text) != 0 ||
        a->warning_count != b->warning_count)
        return false;
    for (size_t i = 0; i < a->warning_count; i++)
        if (strcmp(a->warnings[i], b->warnings[i]) != 0)
            return false;
    return same_exception(&a->exception, &b->exception) && same_trace(a, b) &&
           same_words(a->changed, a->changed_count, b->changed, b->changed_count);
}

#endif
