/* SPDX-License-Identifier: MIT */
#include "harness/engine/exhibits.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "harness/casefile/case_file.h"
#include "harness/engine/fold.h"
#include "harness/shrink/shrinker.h"
#include "harness/support/allocate.h"
#include "harness/support/process.h"

enum { TEXT_ROOM = 32768 };

/* Seconds for one bucket; and for all of them at least so many, or as many as the run took. */
static const double seconds_each = 10, seconds_least = 60;

static const double progress_seconds = 0.3;

struct exhibits {
    const struct wd_fuzz_plan *plan;
    const struct wd_fuzz_watcher *watcher;
    struct wd_fuzz_state *state;
    struct wd_error error;
    double deadline, last_progress;
    int signals; /* a file to read them from */
    bool stopped;
};

static bool is_over(void *context)
{
    struct exhibits *e = context;
    struct signalfd_siginfo info;

    e->stopped |= wd_now() >= e->deadline || read(e->signals, &info, sizeof(info)) == sizeof(info);
    return e->stopped;
}

/* @return false if whoever watches gives up */
static bool report_progress(struct exhibits *e)
{
    e->last_progress = wd_now();
    return e->watcher->progress(e->watcher->context, e->state, &e->error);
}

static void replace_text(char **text, char *with)
{
    free(*text);
    *text = with;
}

static char *result_text(const struct wd_result *result)
{
    char text[TEXT_ROOM];
    size_t length = wd_result_to_json(result, NULL, text, sizeof(text));

    return wd_copy_text(text, length < sizeof(text) ? length : sizeof(text) - 1);
}

static char *case_text(const struct wd_case *c, const char *id)
{
    const struct wd_case_extra extra = {.id = id};
    size_t length = wd_case_to_json(c, &extra, NULL, 0);
    char *text = wd_allocate(1, length + 1);

    wd_case_to_json(c, &extra, text, length + 1);
    return text;
}

/* Has a bucket show what came out. */
static void show(struct exhibits *e, struct wd_bucket *bucket, const struct wd_shrinking *shrinking)
{
    struct wd_exhibit *exhibit = &bucket->first;
    const struct wd_pinned *pinned = &shrinking->pins[0];
    char id[80];

    snprintf(id, sizeof(id), "seed %llu case %llu, shrunk", (unsigned long long)e->plan->seed,
             (unsigned long long)exhibit->index);
    replace_text(&exhibit->title, wd_copy_text(pinned->judgement.title, strlen(pinned->judgement.title)));
    replace_text(&exhibit->expected, result_text(&pinned->judgement.expected.result));
    replace_text(&exhibit->got, result_text(&pinned->got));
    replace_text(&exhibit->c, case_text(wd_shrunk_case(shrinking->shrunk), id));
    exhibit->shrunk = shrinking->end == WD_SHRINK_FIXED_POINT;
    bucket->changed = bucket->exhibit_changed = true;
    e->state->changes++;
}

static bool shrink_case(struct exhibits *e, struct wd_shrinker *shrinker, struct wd_bucket *bucket,
                        const struct wd_case *c)
{
    const struct wd_wanted wanted = {.verdict = bucket->verdict, .signature = bucket->signature};
    struct wd_shrinking *shrinking = wd_allocate(1, sizeof(*shrinking));
    bool good = wd_shrinker_run(shrinker, c, NULL, bucket->first.profile, &wanted, shrinking, &e->error);

    /* What somebody stopped half-way is not shown: a bucket shows the case of its index, or the shrunk one. */
    if (good && shrinking->shrunk && shrinking->end != WD_SHRINK_STOPPED)
        show(e, bucket, shrinking);
    wd_shrunk_free(shrinking->shrunk);
    free(shrinking);
    return good;
}

static bool shrink_bucket(struct exhibits *e, struct wd_shrinker *shrinker, struct wd_bucket *bucket)
{
    FILE *stream = wd_allocated(fmemopen(bucket->first.c, strlen(bucket->first.c), "r"));
    struct wd_case_reader *reader = wd_allocated(wd_case_reader_new(stream, "a finding"));
    struct wd_case_entry entry;
    bool good = wd_case_reader_next(reader, &entry) == 1;

    if (good)
        good = shrink_case(e, shrinker, bucket, &entry.c);
    else
        wd_error_set(&e->error, "internal error: %s", wd_case_reader_error(reader));
    wd_case_reader_free(reader);
    fclose(stream);
    return good;
}

/* By walker, then by index: the order does not depend on which process told what first. */
static int in_order(const void *a, const void *b)
{
    const struct wd_bucket *one = *(struct wd_bucket *const *)a, *two = *(struct wd_bucket *const *)b;

    if (one->walker != two->walker)
        return one->walker < two->walker ? -1 : 1;
    if (one->first.index != two->first.index)
        return one->first.index < two->first.index ? -1 : 1;
    return one->verdict != two->verdict ? one->verdict - two->verdict : strcmp(one->signature, two->signature);
}

/* Shrinks the buckets of one walker. @param buckets  `count` of them */
static bool shrink_walker(struct exhibits *e, struct wd_bucket *const *buckets, size_t count)
{
    const struct wd_contestant *walker = &e->plan->walkers[buckets[0]->walker];
    struct wd_answerer alone = walker->answerer;
    const struct wd_pin pin = {.spec = &walker->spec, .answerer = &alone};
    const struct wd_shrinker_options options = {
        .seconds = seconds_each, .timeout = e->plan->timeout, .over = is_over, .context = e};
    struct wd_shrinker *shrinker = wd_shrinker_open(&pin, 1, &options, &e->error);
    bool good = shrinker;

    alone.experience = NULL; /* a shrunk case is to be in its bucket for whoever looks at it alone */
    for (size_t i = 0; good && i < count && !is_over(e); i++) {
        good = shrink_bucket(e, shrinker, buckets[i]);
        e->state->exhibits_done++;
        if (good && wd_now() - e->last_progress >= progress_seconds)
            good = report_progress(e);
    }
    wd_shrinker_close(shrinker);
    return good;
}

/* The buckets whose first cases are shown: those that stand for the buckets that are reported as one with them. */
static struct wd_bucket **shown_buckets(const struct exhibits *e, size_t *count)
{
    struct wd_merged *merged = wd_fold_buckets(e->plan, e->state, count);
    struct wd_bucket **buckets = wd_allocate(*count + 1, sizeof(struct wd_bucket *));

    for (size_t i = 0; i < *count; i++)
        buckets[i] = (struct wd_bucket *)merged[i].shown; /* one of the state's own */
    free(merged);
    return buckets;
}

/* Shrinks the buckets of all walkers. */
static bool shrink_all(struct exhibits *e)
{
    size_t count;
    struct wd_bucket **buckets = shown_buckets(e, &count);
    bool good = true;

    qsort(buckets, count, sizeof(struct wd_bucket *), in_order);
    e->state->exhibits = count;
    for (size_t i = 0, end; good && i < count; i = end) {
        for (end = i + 1; end < count && buckets[end]->walker == buckets[i]->walker; end++)
            ;
        good = shrink_walker(e, buckets + i, end - i);
    }
    free(buckets);
    return good && report_progress(e);
}

void wd_shrink_exhibits(const struct wd_fuzz_plan *plan, const struct wd_fuzz_watcher *watcher,
                        struct wd_fuzz_state *state)
{
    struct exhibits e = {.plan = plan,
                         .watcher = watcher,
                         .state = state,
                         .deadline = wd_now() + (state->seconds > seconds_least ? state->seconds : seconds_least)};
    sigset_t mask, old_mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGHUP);
    sigprocmask(SIG_BLOCK, &mask, &old_mask);
    e.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (e.signals < 0 ? !wd_error_set(&e.error, "cannot shrink: %s", strerror(errno)) : !shrink_all(&e)) {
        state->end = WD_END_FAILED;
        state->error = e.error;
    }
    if (e.signals >= 0)
        close(e.signals);
    sigprocmask(SIG_SETMASK, &old_mask, NULL);
}
