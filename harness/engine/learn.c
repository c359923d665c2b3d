/* SPDX-License-Identifier: MIT */
#include "harness/engine/learn.h"

#include <string.h>

#include "harness/host/walker_host.h"
#include "harness/support/allocate.h"

enum {
    ONE_IN = 32,       /* of the cases of a run, at most */
    LEAST = 1024,      /* fewer teach too little */
    DEATHS = 16,       /* of the walker, that are enough */
    THOROUGHLY = 8192, /* so many of the cases at most, and */
    SHARE = 8,         /* one in so many */
    BATCH = 256,       /* are given to the walker at a time; how many it dies of and what is learned depend on it */
};

_Static_assert((int)BATCH <= (int)WD_BATCH_MAX, "a batch has room in a slot");

/* Learning from one walker. */
struct lesson {
    const struct wd_fuzz_plan *plan;
    const struct wd_answerer *who;
    uint64_t cases, thorough; /* of which so many are looked at thoroughly */
    struct wd_experience *experience;
    unsigned deaths, wrong;
    struct wd_oracle_output basis;
    struct wd_judgement judgement;
};

/* @param thoroughly  how an answer is explained is found out even if an explanation is known */
static void learn_from(struct lesson *l, const struct wd_case *c, unsigned profile, const struct wd_result *got,
                       bool thoroughly)
{
    struct wd_causes known;
    struct wd_facets facets;
    struct wd_wrong_answer wrong = {.c = c, .basis = &l->basis, .got = got, .settled = UINT64_MAX, .known = &known};

    l->deaths += got->answer == WD_ANSWER_CRASH || got->answer == WD_ANSWER_HANG;
    wd_oracle(c, NULL, NULL, NULL, &l->basis);
    wrong.differing = wd_answers_differ(&l->basis.result, got);
    if (!wrong.differing)
        return;
    facets = wd_facets_of(c, &l->basis, profile);
    wd_waivers_known(&l->who->waivers, &facets, l->who->profiles, &known);
    if (!thoroughly && wd_experience_judge(l->experience, &wrong, &l->judgement)) {
        l->wrong += l->judgement.verdict == WD_VERDICT_PERMITTED;
        return;
    }
    wd_judge_known(c, &l->basis, got, UINT64_MAX, &known, &l->judgement);
    l->wrong += l->judgement.explained || l->judgement.verdict == WD_VERDICT_PERMITTED;
    wd_allocated(wd_experience_learn(l->experience, &wrong, &l->judgement) ? l : NULL);
}

/* Has the walker answer a batch. @return false: the walker could not be started again */
static bool learn_batch(struct lesson *l, struct wd_case_area *area, struct wd_walker_host *host, uint64_t batch,
                        struct wd_error *error)
{
    struct wd_slot *slot = wd_case_area_slot(area, batch);
    uint8_t profiles[BATCH];
    const struct wd_result *results;
    uint64_t first = batch * BATCH;

    wd_slot_clear(slot);
    for (uint64_t i = first; i < l->cases && i < first + BATCH; i++) {
        profiles[i - first] = (uint8_t)wd_plan_make_case(l->plan, i, wd_slot_next(slot));
        wd_slot_keep(slot);
    }
    wd_walker_host_submit(host);
    results = wd_walker_host_wait(host, batch, error);
    if (!results)
        return false;
    for (uint32_t i = 0; i < slot->count && l->deaths < DEATHS; i++)
        learn_from(l, slot->cases[i], profiles[i], &results[i], first + i < l->thorough);
    return true;
}

static bool learn_walker(const struct wd_fuzz_plan *plan, struct wd_contestant *contestant, struct wd_error *error)
{
    const struct wd_walker_watcher nobody = {0};
    const uint64_t cases = contestant->learned_from;
    struct lesson *l = wd_allocate(1, sizeof(*l));
    struct wd_case_area *area = wd_case_area_new(BATCH * sizeof(struct wd_case_buffer), error);
    struct wd_walker_host *host =
        area ? wd_walker_host_open(&contestant->spec, area, plan->timeout, &nobody, error) : NULL;
    bool good = host;

    l->plan = plan;
    l->who = &contestant->answerer;
    l->cases = cases;
    l->thorough = cases / SHARE < THOROUGHLY ? cases / SHARE : THOROUGHLY;
    l->experience = wd_allocated(wd_experience_new());
    for (uint64_t batch = 0; good && batch * BATCH < cases && l->deaths < DEATHS; batch++) {
        if (batch * BATCH >= l->thorough && !l->wrong)
            break; /* there is nothing to be learned */
        good = learn_batch(l, area, host, batch, error);
    }
    wd_experience_settle(l->experience);
    contestant->answerer.experience = l->experience;
    free(l);
    wd_walker_host_close(host);
    wd_case_area_free(area);
    return good;
}

void wd_learn_from(struct wd_fuzz_plan *plan, uint64_t cases)
{
    for (size_t i = 0; i < plan->walker_count; i++) {
        const struct wd_walker_kind *kind = wd_walker_kind_by_name(plan->walkers[i].spec.name);
        uint64_t most = kind && !plan->against && !plan->until_finding ? kind->learned_from : 0;
        uint64_t learned = cases / ONE_IN < most ? cases / ONE_IN : most;

        plan->walkers[i].learned_from = learned < LEAST ? 0 : (uint32_t)learned;
    }
}

bool wd_learn(struct wd_fuzz_plan *plan, struct wd_error *error)
{
    for (size_t i = 0; i < plan->walker_count; i++)
        if (plan->walkers[i].learned_from && !learn_walker(plan, &plan->walkers[i], error))
            return false;
    return true;
}
