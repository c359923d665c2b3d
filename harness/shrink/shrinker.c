/* SPDX-License-Identifier: MIT */
#include "harness/shrink/shrinker.h"

#include <string.h>

#include "harness/host/case_pipeline.h"
#include "harness/host/walker_host.h"
#include "harness/support/allocate.h"
#include "harness/support/process.h"

enum {
    CANDIDATES_MAX = 60000, /* asked about: far more than any case needs */
    HANGS_MAX = 16,         /* candidates that hang and were waited for */
    CRASHES_MAX = 400,
};

/* A hanging walker is waited for as long as that part of its time limit, and not less than so many seconds. */
static const double impatience = 0.1, least_timeout = 0.2;

const char *const wd_shrink_end_texts[] = {
    [WD_SHRINK_FIXED_POINT] = "no single step is left",
    [WD_SHRINK_TIME] = "time was over",
    [WD_SHRINK_LIMIT] = "the walker died too often, or too many candidates were asked about",
    [WD_SHRINK_STOPPED] = "stopped",
    [WD_SHRINK_NOTHING] = "there is nothing to keep: the answer is no finding",
    [WD_SHRINK_OTHER] = "the walker's answer is not of this bucket",
    [WD_SHRINK_UNSTABLE] = "the walker does not always answer alike",
};

/* A walker's process, and how far it has come. */
struct line {
    struct wd_case_area *area;
    struct wd_walker_host *host; /* NULL: not opened yet */
    uint64_t given, taken;       /* batches */
};

/* What is to stay of a walker's judgement. */
struct target {
    uint8_t verdict;
    uint16_t rule;
    char signature[WD_SIGNATURE_MAX], choice[WD_CHOICE_TEXT_MAX];
};

struct walker {
    struct wd_pin pin;
    struct line patient, impatient;
    struct target target;
};

struct wd_shrinker {
    struct walker walkers[WD_PINS_MAX];
    size_t count;
    struct wd_shrinker_options options;
    unsigned profile;
    bool expects_death; /* a target is a hang or a crash */
    uint64_t deaths, deaths_max;
    double deadline; /* 0: none */
    enum wd_shrink_end end;
    struct wd_error *error;
    bool failed;
    struct wd_pinned scratch;
};

/* ---------------------------------------------------------------- processes */

static bool open_line(const struct walker *walker, double timeout, struct line *line, struct wd_error *error)
{
    const struct wd_walker_watcher nobody = {0};

    if (line->host)
        return true;
    line->area = wd_case_area_new(WD_FILE_SLOT_SIZE, error);
    if (line->area)
        line->host = wd_walker_host_open(walker->pin.spec, line->area, timeout, &nobody, error);
    return line->host;
}

static void close_line(struct line *line)
{
    wd_walker_host_close(line->host);
    wd_case_area_free(line->area);
}

struct wd_shrinker *wd_shrinker_open(const struct wd_pin *pins, size_t count, const struct wd_shrinker_options *options,
                                     struct wd_error *error)
{
    struct wd_shrinker *s = wd_allocate(1, sizeof(*s));

    s->options = *options;
    s->count = count;
    for (size_t i = 0; i < count; i++) {
        s->walkers[i].pin = pins[i];
        if (!open_line(&s->walkers[i], options->timeout, &s->walkers[i].patient, error)) {
            wd_shrinker_close(s);
            return NULL;
        }
    }
    return s;
}

void wd_shrinker_close(struct wd_shrinker *s)
{
    for (size_t i = 0; s && i < s->count; i++) {
        close_line(&s->walkers[i].patient);
        close_line(&s->walkers[i].impatient);
    }
    free(s);
}

/* ---------------------------------------------------------------- judging */

static void judge(struct wd_shrinker *s, const struct walker *walker, const struct wd_case *c,
                  const struct wd_result *got, struct wd_pinned *pinned)
{
    struct wd_facets facets;

    wd_oracle(c, NULL, NULL, NULL, &pinned->basis);
    facets = wd_facets_of(c, &pinned->basis, s->profile);
    pinned->got = *got;
    pinned->judgement.signature[0] = pinned->judgement.choice[0] = '\0';
    pinned->judgement.rule = WD_RULE_NONE;
    pinned->judgement.has_cause = false;
    pinned->waiver =
        wd_assess(walker->pin.answerer, c, &pinned->basis, NULL, &facets, got, UINT64_MAX, &pinned->judgement);
}

static bool is_finding(const struct wd_judgement *judgement)
{
    return wd_verdict_is_finding[judgement->verdict] || judgement->verdict == WD_VERDICT_WAIVED;
}

static void set_target(const struct wd_judgement *judgement, struct target *target)
{
    *target = (struct target){.verdict = judgement->verdict, .rule = judgement->rule};
    memcpy(target->signature, judgement->signature, sizeof(target->signature));
    memcpy(target->choice, judgement->choice, sizeof(target->choice));
}

/* Whether a judgement is what it is to stay. */
static bool is_target(const struct wd_shrinker *s, const struct walker *walker, const struct wd_judgement *judgement)
{
    const struct target *target = &walker->target;

    if (judgement->verdict != target->verdict)
        return false;
    if (s->options.keep == WD_KEEP_VERDICT)
        return true;
    if (!is_finding(judgement))
        return !strcmp(judgement->choice, target->choice);
    return !strcmp(judgement->signature, target->signature) &&
           (s->options.keep == WD_KEEP_SIGNATURE || judgement->rule == target->rule);
}

/* ---------------------------------------------------------------- asking */

static bool stop(struct wd_shrinker *s, enum wd_shrink_end end)
{
    s->end = end;
    return false;
}

/* Whether there is a reason not to go on. */
static bool may_go_on(struct wd_shrinker *s)
{
    if (s->options.over && s->options.over(s->options.context))
        return stop(s, WD_SHRINK_STOPPED);
    if (s->deadline > 0 && wd_now() >= s->deadline)
        return stop(s, WD_SHRINK_TIME);
    if (s->deaths_max && s->deaths >= s->deaths_max)
        return stop(s, WD_SHRINK_LIMIT);
    return true;
}

/* Gives a walker as many of the cases as fit into a batch. @return how many */
static size_t give(struct line *line, const struct wd_case *const *cases, size_t count)
{
    struct wd_slot *slot = wd_case_area_slot(line->area, line->given);
    size_t given = 0;

    wd_slot_clear(slot);
    while (given < count && wd_slot_add(slot, cases[given]))
        given++;
    if (given) {
        wd_walker_host_submit(line->host);
        line->given++;
    }
    return given;
}

/* What receives the answers of a walker: a batch of cases, from the first on. */
typedef void take_answers(struct wd_shrinker *s, struct walker *walker, const struct wd_case *const *cases,
                          const struct wd_result *results, size_t count, void *context);

/* Has a walker answer cases, a few batches under way at once. @return false: stopped, or it could not be run */
static bool answer(struct wd_shrinker *s, struct walker *walker, struct line *line, const struct wd_case *const *cases,
                   size_t count, take_answers *take, bool *kept)
{
    size_t begun = 0, done = 0;
    bool good = true;

    while (done < count) {
        const struct wd_result *results;
        size_t in_batch;

        while (good && begun < count && line->given - line->taken < WD_SLOTS) {
            size_t given = give(line, cases + begun, count - begun);

            if (!given) {
                s->failed = true;
                good = wd_error_set(s->error, "a case is too large for a walker's process");
            }
            begun += given;
        }
        if (line->given == line->taken)
            return good;
        in_batch = wd_case_area_slot(line->area, line->taken)->count;
        results = wd_walker_host_wait(line->host, line->taken, s->error);
        if (!results) {
            s->failed = true;
            return false;
        }
        if (good)
            take(s, walker, cases + done, results, in_batch, kept ? kept + done : NULL);
        line->taken++;
        done += in_batch;
        good = good && may_go_on(s);
    }
    return good;
}

static void count_deaths(struct wd_shrinker *s, const struct wd_result *result)
{
    s->deaths += result->answer == WD_ANSWER_CRASH || result->answer == WD_ANSWER_HANG;
}

static void take_for_keeping(struct wd_shrinker *s, struct walker *walker, const struct wd_case *const *cases,
                             const struct wd_result *results, size_t count, void *context)
{
    bool *kept = context;

    for (size_t i = 0; i < count; i++) {
        count_deaths(s, &results[i]);
        judge(s, walker, cases[i], &results[i], &s->scratch);
        kept[i] = is_target(s, walker, &s->scratch.judgement);
    }
}

/* For wd_shrink(): whether candidates keep the judgement of every walker. */
static bool keeps(void *context, const struct wd_case *const *candidates, size_t count, bool *kept)
{
    struct wd_shrinker *s = context;
    const struct wd_case **asked = wd_allocate(count, sizeof(*asked));
    size_t *places = wd_allocate(count, sizeof(*places));
    bool *answers = wd_allocate(count, sizeof(*answers));
    bool good = true;

    memset(kept, true, count * sizeof(*kept));
    for (size_t i = 0; good && i < s->count; i++) {
        struct walker *walker = &s->walkers[i];
        size_t left = 0;

        for (size_t j = 0; j < count; j++) {
            if (!kept[j])
                continue;
            places[left] = j;
            asked[left++] = candidates[j];
        }
        good = answer(s, walker, s->expects_death ? &walker->impatient : &walker->patient, asked, left,
                      take_for_keeping, answers);
        for (size_t j = 0; good && j < left; j++)
            kept[places[j]] = answers[j];
    }
    free(answers);
    free(places);
    free(asked);
    return good;
}

static void take_one(struct wd_shrinker *s, struct walker *walker, const struct wd_case *const *cases,
                     const struct wd_result *results, size_t count, void *context)
{
    (void)count, (void)context;
    judge(s, walker, cases[0], &results[0], &s->scratch);
}

/* Has each walker answer one case, with all the time that it may take, and judges. */
static bool look_at(struct wd_shrinker *s, const struct wd_case *c, struct wd_pinned pins[WD_PINS_MAX])
{
    double deadline = s->deadline;
    uint64_t deaths_max = s->deaths_max;
    bool (*over)(void *) = s->options.over;
    bool good = true;

    s->deadline = 0; /* one answer is not worth a stop */
    s->deaths_max = 0;
    s->options.over = NULL;
    for (size_t i = 0; good && i < s->count; i++) {
        good = answer(s, &s->walkers[i], &s->walkers[i].patient, &c, 1, take_one, NULL);
        pins[i] = s->scratch;
    }
    s->deadline = deadline;
    s->deaths_max = deaths_max;
    s->options.over = over;
    return good;
}

/* ---------------------------------------------------------------- a case */

/* Whether there is something to be kept: a finding, or answers of two walkers that are judged differently. */
static bool has_target(const struct wd_shrinker *s, const struct wd_pinned pins[WD_PINS_MAX])
{
    for (size_t i = 0; i < s->count; i++) {
        if (is_finding(&pins[i].judgement))
            return true;
        if (i && (pins[i].judgement.verdict != pins[0].judgement.verdict ||
                  strcmp(pins[i].judgement.choice, pins[0].judgement.choice) != 0))
            return true;
    }
    return false;
}

/* Whether one of the answers is of the bucket that somebody wants it to be of. */
static bool is_wanted(const struct wd_shrinker *s, const struct wd_pinned pins[WD_PINS_MAX],
                      const struct wd_wanted *wanted)
{
    for (size_t i = 0; wanted && i < s->count; i++)
        if (wd_bucket_verdict(&pins[i].judgement) == wanted->verdict &&
            !strcmp(pins[i].judgement.signature, wanted->signature))
            return true;
    return !wanted;
}

/* Notes what is to stay, and how walkers are to be asked. */
static bool aim(struct wd_shrinker *s, const struct wd_pinned pins[WD_PINS_MAX])
{
    double timeout = s->options.timeout * impatience;
    bool hangs = false;

    s->expects_death = false;
    for (size_t i = 0; i < s->count; i++) {
        set_target(&pins[i].judgement, &s->walkers[i].target);
        hangs |= pins[i].got.answer == WD_ANSWER_HANG;
        s->expects_death |= pins[i].got.answer == WD_ANSWER_HANG || pins[i].got.answer == WD_ANSWER_CRASH;
    }
    s->deaths = 0;
    s->deaths_max = hangs ? HANGS_MAX : CRASHES_MAX;
    if (timeout < least_timeout)
        timeout = least_timeout < s->options.timeout ? least_timeout : s->options.timeout;
    for (size_t i = 0; i < s->count && s->expects_death; i++) {
        if (!open_line(&s->walkers[i], timeout, &s->walkers[i].impatient, s->error)) {
            s->failed = true;
            return false;
        }
    }
    return true;
}

/* Whether the walkers' answers to a case are judged as they are to stay. */
static bool are_targets(const struct wd_shrinker *s, const struct wd_pinned pins[WD_PINS_MAX])
{
    for (size_t i = 0; i < s->count; i++)
        if (!is_target(s, &s->walkers[i], &pins[i].judgement))
            return false;
    return true;
}

/* Shrinks the case, and asks the walkers once more about what came out. */
static bool shrink(struct wd_shrinker *s, const struct wd_case *c, struct wd_shrinking *shrinking)
{
    const struct wd_shrink_keeper keeper = {.keeps = keeps, .context = s};
    const struct wd_shrink_limits limits = {.candidates = CANDIDATES_MAX, .frugal = s->expects_death};
    struct wd_pinned *pins;

    s->end = WD_SHRINK_LIMIT;
    shrinking->shrunk = wd_shrink(c, &keeper, &limits, &shrinking->outcome);
    shrinking->end = shrinking->outcome.fixed_point ? WD_SHRINK_FIXED_POINT : s->end;
    if (s->failed)
        return false;
    pins = wd_allocate(WD_PINS_MAX, sizeof(*pins));
    if (look_at(s, wd_shrunk_case(shrinking->shrunk), pins)) {
        if (are_targets(s, pins)) {
            memcpy(shrinking->pins, pins, sizeof(shrinking->pins));
        } else {
            shrinking->end = WD_SHRINK_UNSTABLE;
            wd_shrunk_free(shrinking->shrunk);
            shrinking->shrunk = NULL;
        }
    }
    free(pins);
    return !s->failed;
}

static void start_case(struct wd_shrinker *s, unsigned profile, struct wd_error *error)
{
    s->profile = profile;
    s->error = error;
    s->failed = false;
    s->deaths_max = 0;
    s->expects_death = false;
    s->deadline = s->options.seconds > 0 ? wd_now() + s->options.seconds : 0;
}

/* Shrinks a case whose judgements are in `shrinking`, if there is something to keep. */
static bool shrink_judged(struct wd_shrinker *s, const struct wd_case *c, const struct wd_case *begin,
                          const struct wd_wanted *wanted, struct wd_shrinking *shrinking)
{
    if (!is_wanted(s, shrinking->pins, wanted)) {
        shrinking->end = WD_SHRINK_OTHER;
        return true;
    }
    if (!has_target(s, shrinking->pins)) {
        shrinking->end = WD_SHRINK_NOTHING;
        return true;
    }
    if (!aim(s, shrinking->pins))
        return false;
    if (begin && !look_at(s, begin, shrinking->pins))
        return false;
    if (begin && !are_targets(s, shrinking->pins)) {
        shrinking->end = WD_SHRINK_OTHER;
        return true;
    }
    return shrink(s, begin ? begin : c, shrinking);
}

bool wd_shrinker_run(struct wd_shrinker *s, const struct wd_case *c, const struct wd_case *begin, unsigned profile,
                     const struct wd_wanted *wanted, struct wd_shrinking *shrinking, struct wd_error *error)
{
    double start = wd_now();
    bool good;

    start_case(s, profile, error);
    shrinking->shrunk = NULL;
    shrinking->outcome = (struct wd_shrink_outcome){0};
    good = look_at(s, c, shrinking->pins) && shrink_judged(s, c, begin, wanted, shrinking);
    if (!good) {
        wd_shrunk_free(shrinking->shrunk);
        shrinking->shrunk = NULL;
    }
    shrinking->seconds = wd_now() - start;
    return good;
}

struct wd_shrunk *wd_shrinker_step_left(struct wd_shrinker *s, const struct wd_case *c, unsigned profile,
                                        const char **pass, struct wd_error *error)
{
    const struct wd_shrink_keeper keeper = {.keeps = keeps, .context = s};
    struct wd_pinned *pins = wd_allocate(WD_PINS_MAX, sizeof(*pins));
    struct wd_shrunk *step = NULL;

    start_case(s, profile, error);
    if (look_at(s, c, pins) && aim(s, pins))
        step = wd_shrink_one_step(c, &keeper, pass);
    free(pins);
    return step;
}
