/* SPDX-License-Identifier: MIT */
#include "harness/judge/assess.h"

int wd_assess(const struct wd_answerer *who, const struct wd_case *c, const struct wd_oracle_output *basis,
              const struct wd_attribute_source *source, const struct wd_facets *facets, const struct wd_result *got,
              uint64_t settled, struct wd_judgement *judgement)
{
    struct wd_causes known;
    const struct wd_wrong_answer wrong = {.c = c,
                                          .basis = basis,
                                          .source = source,
                                          .got = got,
                                          .differing = wd_answers_differ(&basis->result, got),
                                          .settled = settled,
                                          .known = &known};
    int waiver;

    wd_waivers_known(&who->waivers, facets, who->profiles, &known);
    if (!who->experience || !wd_experience_judge(who->experience, &wrong, judgement))
        wd_judge_known(c, basis, got, settled, &known, judgement);
    if (!wd_verdict_is_finding[judgement->verdict])
        return -1;
    waiver =
        wd_waiver_match(&who->waivers, judgement->signature, wd_rules[judgement->rule].name, facets, who->profiles);
    judgement->unwaived = judgement->verdict;
    if (waiver >= 0)
        judgement->verdict = WD_VERDICT_WAIVED;
    else if (who->reference &&
             (judgement->verdict == WD_VERDICT_DEVIATION || judgement->verdict == WD_VERDICT_EXCEPTION_MISMATCH))
        judgement->verdict = WD_VERDICT_REFERENCE_CONFLICT;
    return waiver;
}
