/* SPDX-License-Identifier: MIT */
#include "generators/shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generators/shrink_steps.h"

enum { CANDIDATES_AT_ONCE = 512, FIRST_PLACES = 1024 };

struct wd_shrunk {
    struct wd_shrink_case now;
};

/* Cases that were asked about, by hash, and the answers. */
struct history {
    uint64_t *places; /* a hash, its lowest bit the answer; 0: empty */
    size_t count, room;
};

/* What is known of a candidate. */
enum knowledge { UNKNOWN, LOST, KEPT };

struct shrink {
    const struct wd_shrink_keeper *keeper;
    const struct wd_shrink_limits *limits;
    struct wd_shrink_view view; /* of the smallest case so far */
    struct wd_shrink_measure measure;
    struct wd_shrink_case now, scratch;
    struct wd_shrink_case candidates[CANDIDATES_AT_ONCE];
    struct history history;
    struct wd_shrink_outcome outcome;
    bool stopped;
};

/* A step that leads to a smaller case, and whether that keeps what is to be kept. */
struct option {
    struct wd_shrink_step step;
    struct wd_shrink_measure measure;
    uint64_t hash;
    bool kept;
};

struct options {
    struct option *list;
    size_t count;
};

static void *must(void *memory)
{
    if (memory)
        return memory;
    fputs("walkdiff: out of memory\n", stderr);
    exit(2);
}

/* ---------------------------------------------------------------- history */

static uint64_t *place_of(const struct history *history, uint64_t hash)
{
    size_t place = (size_t)(hash >> 1) & (history->room - 1);

    while (history->places[place] && (history->places[place] ^ hash) >> 1)
        place = (place + 1) & (history->room - 1);
    return &history->places[place];
}

/* A hash in the form in which it is kept: the lowest bit is free, and it is not 0. */
static uint64_t kept_hash(uint64_t hash)
{
    return (hash & ~UINT64_C(1)) ? hash & ~UINT64_C(1) : 2;
}

static enum knowledge recall(const struct history *history, uint64_t hash)
{
    uint64_t found = *place_of(history, kept_hash(hash));

    return !found ? UNKNOWN : found & 1 ? KEPT : LOST;
}

static void grow(struct history *history)
{
    struct history larger = {.room = history->room ? 4 * history->room : FIRST_PLACES, .count = history->count};

    larger.places = must(calloc(larger.room, sizeof(*larger.places)));
    for (size_t i = 0; i < history->room; i++)
        if (history->places[i])
            *place_of(&larger, history->places[i]) = history->places[i];
    free(history->places);
    *history = larger;
}

static void remember(struct history *history, uint64_t hash, bool kept)
{
    if (2 * history->count >= history->room)
        grow(history);
    history->count++;
    *place_of(history, kept_hash(hash)) = kept_hash(hash) | kept;
}

/* ---------------------------------------------------------------- asking */

/* Asks about the first `count` candidates, none of which was asked about before. @return false: it is over */
static bool ask(struct shrink *s, size_t count, bool *kept)
{
    const struct wd_case *cases[CANDIDATES_AT_ONCE];
    uint64_t limit = s->limits->candidates;

    if (s->stopped || !count)
        return !s->stopped;
    for (size_t i = 0; i < count; i++)
        cases[i] = &s->candidates[i].c;
    if (limit && s->outcome.candidates + count > limit)
        s->stopped = true;
    else
        s->stopped = !s->keeper->keeps(s->keeper->context, cases, count, kept);
    if (s->stopped)
        return false;
    s->outcome.candidates += count;
    for (size_t i = 0; i < count; i++)
        remember(&s->history, wd_shrink_hash(cases[i]), kept[i]);
    return true;
}

/* Asks about options whose candidates were made, and notes the answers. */
static bool ask_options(struct shrink *s, struct option *const *asked, size_t count)
{
    bool kept[CANDIDATES_AT_ONCE];

    if (!ask(s, count, kept))
        return false;
    for (size_t i = 0; i < count; i++)
        asked[i]->kept = kept[i];
    return true;
}

/* Takes a case, which is smaller and keeps what is to be kept, for the smallest so far. */
static void accept(struct shrink *s, const struct wd_case *smaller, uint64_t steps)
{
    wd_shrink_copy(&s->now, smaller);
    s->view.c = &s->now.c;
    wd_shrink_trace(s->view.c, &s->view.walk);
    s->measure = wd_shrink_measure(s->view.c, &s->view.walk.output);
    s->outcome.steps += steps;
    if (s->keeper->found)
        s->keeper->found(s->keeper->context, s->view.c);
}

/* ---------------------------------------------------------------- the steps of a pass */

/* Makes the case that a step leads to. @return false if it is not smaller than the smallest so far */
static bool make_candidate(struct shrink *s, const struct wd_shrink_step *step, struct wd_shrink_case *candidate,
                           struct wd_shrink_measure *measure)
{
    struct wd_oracle_output output;

    wd_shrink_copy(candidate, s->view.c);
    if (!wd_shrink_apply(candidate, &s->view.walk, step))
        return false;
    wd_oracle(&candidate->c, NULL, NULL, NULL, &output);
    *measure = wd_shrink_measure(&candidate->c, &output);
    return wd_shrink_is_smaller(measure, &s->measure);
}

static bool is_listed(const struct options *options, uint64_t hash)
{
    for (size_t i = 0; i < options->count; i++)
        if (options->list[i].hash == hash)
            return true;
    return false;
}

/* The steps of a pass that lead to smaller cases, each case once; not asked about. */
static struct options find_options(struct shrink *s, const struct wd_shrink_pass *pass)
{
    struct wd_shrink_steps steps = {0};
    struct options options = {0};

    pass->propose(&s->view, &steps);
    options.list = must(calloc(steps.count + 1, sizeof(*options.list)));
    for (size_t i = 0; i < steps.count; i++) {
        struct option *option = &options.list[options.count];

        option->step = steps.list[i];
        if (!make_candidate(s, &option->step, &s->scratch, &option->measure))
            continue;
        option->hash = wd_shrink_hash(&s->scratch.c);
        if (!is_listed(&options, option->hash))
            options.count++;
    }
    free(steps.list);
    return options;
}

/* Finds out which options keep what is to be kept, each by itself. */
static bool try_each(struct shrink *s, struct options *options)
{
    struct option *asked[CANDIDATES_AT_ONCE];
    size_t count = 0;

    for (size_t i = 0; i < options->count; i++) {
        struct option *option = &options->list[i];
        enum knowledge known = recall(&s->history, option->hash);

        s->outcome.repeated += known != UNKNOWN;
        option->kept = known == KEPT;
        if (known != UNKNOWN)
            continue;
        make_candidate(s, &option->step, &s->candidates[count], &option->measure);
        asked[count++] = option;
        if (count < CANDIDATES_AT_ONCE)
            continue;
        if (!ask_options(s, asked, count))
            return false;
        count = 0;
    }
    return ask_options(s, asked, count);
}

/* Whether a case that lies in the first candidate is kept. */
static bool is_kept(struct shrink *s)
{
    enum knowledge known = recall(&s->history, wd_shrink_hash(&s->candidates[0].c));
    bool kept = false;

    if (known == UNKNOWN)
        return ask(s, 1, &kept) && kept;
    s->outcome.repeated++;
    return known == KEPT;
}

/* Takes as many of the options as can be taken together, the first half of them at a time where not all can. */
static void take_together(struct shrink *s, const struct option *options, size_t count)
{
    struct wd_shrink_case *candidate = &s->candidates[0];
    struct wd_shrink_walk walk = s->view.walk;
    struct wd_shrink_measure measure;
    bool changed = false;

    if (!count || s->stopped)
        return;
    wd_shrink_copy(candidate, s->view.c);
    for (size_t i = 0; i < count; i++) {
        wd_shrink_copy(&s->scratch, &candidate->c);
        if (!wd_shrink_apply(&s->scratch, &walk, &options[i].step))
            continue;
        wd_shrink_copy(candidate, &s->scratch.c);
        wd_shrink_trace(&candidate->c, &walk);
        changed = true;
    }
    measure = wd_shrink_measure(&candidate->c, &walk.output);
    if (changed && wd_shrink_is_smaller(&measure, &s->measure) && is_kept(s)) {
        accept(s, &candidate->c, count);
        return;
    }
    if (count == 1)
        return;
    take_together(s, options, count / 2);
    take_together(s, options + count / 2, count - count / 2);
}

/* Takes the option that leaves the least. */
static void take_smallest(struct shrink *s, const struct options *options)
{
    const struct option *best = NULL;

    for (size_t i = 0; i < options->count; i++) {
        const struct option *option = &options->list[i];

        if (option->kept && (!best || wd_shrink_is_smaller(&option->measure, &best->measure)))
            best = option;
    }
    if (!best)
        return;
    make_candidate(s, &best->step, &s->candidates[0], &(struct wd_shrink_measure){0});
    accept(s, &s->candidates[0].c, 1);
}

/* One after the other, the first that keeps it is taken: the rest is not asked about. */
static void take_first(struct shrink *s, const struct options *options)
{
    for (size_t i = 0; i < options->count && !s->stopped; i++) {
        make_candidate(s, &options->list[i].step, &s->candidates[0], &(struct wd_shrink_measure){0});
        if (is_kept(s)) {
            accept(s, &s->candidates[0].c, 1);
            return;
        }
    }
}

static void drop_lost(struct options *options)
{
    size_t kept = 0;

    for (size_t i = 0; i < options->count; i++)
        if (options->list[i].kept)
            options->list[kept++] = options->list[i];
    options->count = kept;
}

/* Takes steps of a pass once. */
static void run_pass_once(struct shrink *s, const struct wd_shrink_pass *pass)
{
    struct options options = find_options(s, pass);

    if (s->limits->frugal && pass->alternatives) {
        take_first(s, &options);
    } else if (s->limits->frugal) {
        take_together(s, options.list, options.count);
    } else if (try_each(s, &options)) {
        if (pass->alternatives) {
            take_smallest(s, &options);
        } else {
            drop_lost(&options);
            take_together(s, options.list, options.count);
        }
    }
    free(options.list);
}

/* @return whether a step was taken */
static bool run_pass(struct shrink *s, const struct wd_shrink_pass *pass)
{
    uint64_t before = s->outcome.steps, last;

    do {
        last = s->outcome.steps;
        run_pass_once(s, pass);
    } while (!s->stopped && s->outcome.steps != last);
    return s->outcome.steps != before;
}

/* ---------------------------------------------------------------- the whole */

static struct shrink *begin(const struct wd_case *c, const struct wd_shrink_keeper *keeper,
                            const struct wd_shrink_limits *limits)
{
    struct shrink *s = must(calloc(1, sizeof(*s)));

    s->keeper = keeper;
    s->limits = limits;
    grow(&s->history);
    wd_shrink_copy(&s->now, c);
    s->view.c = &s->now.c;
    wd_shrink_trace(s->view.c, &s->view.walk);
    s->measure = wd_shrink_measure(s->view.c, &s->view.walk.output);
    return s;
}

/* @return the smallest case, taken out of the rest, which is freed */
static struct wd_shrunk *end(struct shrink *s)
{
    struct wd_shrunk *shrunk = must(calloc(1, sizeof(*shrunk)));

    shrunk->now = s->now;
    for (size_t i = 0; i < CANDIDATES_AT_ONCE; i++)
        wd_shrink_case_free(&s->candidates[i]);
    wd_shrink_case_free(&s->scratch);
    free(s->history.places);
    free(s);
    return shrunk;
}

struct wd_shrunk *wd_shrink(const struct wd_case *c, const struct wd_shrink_keeper *keeper,
                            const struct wd_shrink_limits *limits, struct wd_shrink_outcome *outcome)
{
    struct shrink *s = begin(c, keeper, limits);
    const struct wd_shrink_pass *pass;
    bool taken = true;

    while (taken && !s->stopped) {
        taken = false;
        for (size_t i = 0; !s->stopped && (pass = wd_shrink_pass(i)); i++)
            taken |= run_pass(s, pass);
    }
    s->outcome.fixed_point = !s->stopped;
    if (outcome)
        *outcome = s->outcome;
    return end(s);
}

struct wd_shrunk *wd_shrink_one_step(const struct wd_case *c, const struct wd_shrink_keeper *keeper, const char **name)
{
    static const struct wd_shrink_limits no_limits;
    struct shrink *s = begin(c, keeper, &no_limits);
    const struct wd_shrink_pass *pass;
    struct wd_shrunk *shrunk;
    bool taken = false;

    for (size_t i = 0; !taken && !s->stopped && (pass = wd_shrink_pass(i)); i++) {
        struct options options = find_options(s, pass);

        if (try_each(s, &options))
            take_smallest(s, &options);
        taken = s->outcome.steps != 0;
        if (taken)
            *name = pass->name;
        free(options.list);
    }
    shrunk = end(s);
    if (taken)
        return shrunk;
    wd_shrunk_free(shrunk);
    return NULL;
}

const struct wd_case *wd_shrunk_case(const struct wd_shrunk *shrunk)
{
    return &shrunk->now.c;
}

void wd_shrunk_free(struct wd_shrunk *shrunk)
{
    if (!shrunk)
        return;
    wd_shrink_case_free(&shrunk->now);
    free(shrunk);
}
