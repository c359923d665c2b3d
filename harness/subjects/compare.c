/* SPDX-License-Identifier: MIT */
#include "harness/subjects/compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/engine/change_text.h"
#include "harness/subjects/members.h"
#include "harness/support/allocate.h"

/* ---------------------------------------------------------------- two answers */

static struct wd_judged judged(const struct wd_subject_judgement *judgement, const void *answer)
{
    const struct wd_subject_head *head = answer;

    return (struct wd_judged){.verdict = judgement->verdict,
                              .warned = head->warning_count,
                              .answered = head->status != WD_SUBJECT_UNSUPPORTED};
}

static struct wd_subject_mark mark(const struct wd_subject_judgement *judgement)
{
    return (struct wd_subject_mark){
        .key = judgement->key, .choices = judgement->choices, .rule = judgement->rule, .verdict = judgement->verdict};
}

/* Whether two answers differ in their warnings alone. */
static bool are_alike(const struct wd_subject_kind *kind, const void *a, const void *b)
{
    const struct wd_subject_head *one = a, *other = b;

    return one->status == WD_SUBJECT_ANSWERED && other->status == WD_SUBJECT_ANSWERED && kind->same(a, b);
}

bool wd_subject_changed(const struct wd_subject_kind *kind, const void *c, const void *before, const void *after,
                        struct wd_subject_cell *cell)
{
    struct wd_subject_judgement was, is;
    struct wd_judged judged_before, judged_after;

    if (wd_subject_identical(kind, before, after))
        return false;
    wd_subject_judge(kind, c, before, &was);
    wd_subject_judge(kind, c, after, &is);
    judged_before = judged(&was, before);
    judged_after = judged(&is, after);
    cell->change = (uint8_t)wd_change_of(&judged_before, &judged_after, are_alike(kind, before, after));
    cell->before = mark(&was);
    cell->mark = mark(&is);
    memcpy(cell->facets, wd_verdict_is_finding[is.verdict] ? is.facets : was.facets, sizeof(cell->facets));
    return true;
}

/* ---------------------------------------------------------------- collecting */

/* What is said of a side as the text of walkers' changes wants it. */
static void translate(const struct wd_subject_assessment *assessment, struct wd_judgement *judgement,
                      struct wd_result *got, struct wd_change_side *side)
{
    const struct wd_subject_head *head = &assessment->got.head;

    judgement->verdict = assessment->judgement.verdict;
    snprintf(judgement->choice, sizeof(judgement->choice), "%s", assessment->choice);
    snprintf(judgement->signature, sizeof(judgement->signature), "%s", assessment->signature);
    got->answer = head->status == WD_SUBJECT_UNSUPPORTED ? WD_ANSWER_UNSUPPORTED : WD_ANSWER_PAR;
    if (head->status != WD_SUBJECT_ANSWERED)
        snprintf(got->text, sizeof(got->text), "%s", head->text);
    *side = (struct wd_change_side){.judgement = judgement, .got = got};
}

static char *signature_of(const struct wd_subject_change *change)
{
    struct wd_judgement *judgements = wd_allocate(2, sizeof(*judgements));
    struct wd_result *results = wd_allocate(2, sizeof(*results));
    struct wd_change_shown shown = {.change = change->change};
    char *text;

    translate(&change->before, &judgements[0], &results[0], &shown.before);
    translate(&change->after, &judgements[1], &results[1], &shown.after);
    text = wd_change_signature(&shown);
    free(results);
    free(judgements);
    return text;
}

static bool same_bucket(const struct wd_subject_cell *a, const struct wd_subject_cell *b)
{
    return a->change == b->change && a->mark.verdict == b->mark.verdict && a->mark.key == b->mark.key &&
           a->mark.rule == b->mark.rule && a->mark.choices == b->mark.choices &&
           a->before.verdict == b->before.verdict && a->before.key == b->before.key &&
           a->before.rule == b->before.rule && a->before.choices == b->before.choices;
}

/* Counts what waivers say of one side's answers. */
static void count_waived(const struct wd_subject_session *session, const struct wd_subject_assessment *assessment,
                         const struct wd_subject_cell *cell, uint64_t *waived)
{
    int waiver;

    if (!wd_verdict_is_finding[assessment->judgement.verdict])
        return;
    waiver = wd_subject_waiver(session, assessment->signature, assessment->judgement.rule, cell->facets);
    if (waiver >= 0)
        waived[waiver] += cell->count;
}

/* Adds the facets of a cell, and what is waived of it. */
static void add_cell(const struct wd_subject_sides *sides, struct wd_subject_changes *changes,
                     struct wd_subject_change *change, const struct wd_subject_cell *cell)
{
    const struct wd_subject_kind *kind = sides->after->spec.kind;

    change->count += cell->count;
    for (unsigned i = 0; i < kind->facet_count; i++)
        change->facets[i][cell->facets[i] % WD_SUBJECT_FACET_VALUES] += cell->count;
    count_waived(sides->after, &change->after, cell, changes->waived);
    count_waived(sides->before, &change->before, cell, changes->waived);
}

/* Puts a bucket to those of the same signature: several pairs of marks can have one. */
static void merge(const struct wd_subject_kind *kind, struct wd_subject_changes *changes)
{
    struct wd_subject_change *last = &changes->list[changes->count - 1];

    for (size_t i = 0; i + 1 < changes->count; i++) {
        struct wd_subject_change *known = &changes->list[i];
        uint64_t count = known->count + last->count;

        if (strcmp(known->signature, last->signature) != 0)
            continue;
        for (unsigned facet = 0; facet < kind->facet_count; facet++)
            for (unsigned value = 0; value < WD_SUBJECT_FACET_VALUES; value++)
                last->facets[facet][value] = known->facets[facet][value] += last->facets[facet][value];
        free(last->first < known->first ? known->signature : last->signature);
        if (last->first < known->first)
            *known = *last;
        known->count = count;
        changes->count--;
        return;
    }
}

static int in_order(const void *a, const void *b)
{
    const struct wd_subject_change *one = a, *two = b;

    if (one->change != two->change)
        return one->change < two->change ? -1 : 1;
    if (one->count != two->count)
        return one->count > two->count ? -1 : 1;
    return one->first < two->first ? -1 : one->first > two->first;
}

bool wd_subject_changes_collect(const struct wd_subject_sides *sides, const struct wd_subject_plan *plan,
                                const struct wd_subject_state *state, struct wd_subject_changes *changes,
                                struct wd_error *error)
{
    const struct wd_subject_kind *kind = sides->after->spec.kind;
    size_t end;

    *changes = (struct wd_subject_changes){
        .list = wd_allocate(state->cell_count + 1, sizeof(*changes->list)),
        .waived = wd_allocate(wd_waivers_count(sides->after->waivers) + 1, sizeof(*changes->waived)),
    };
    for (size_t begin = 0; begin < state->cell_count; begin = end) {
        struct wd_subject_change *change = &changes->list[changes->count];

        memset(change, 0, sizeof(*change));
        change->change = state->cells[begin].change;
        change->first = UINT64_MAX;
        for (end = begin; end < state->cell_count && same_bucket(&state->cells[begin], &state->cells[end]); end++)
            change->first = state->cells[end].first < change->first ? state->cells[end].first : change->first;
        wd_subject_plan_case(plan, change->first, change->c.bytes);
        if (!wd_subject_assess(sides->before, change->c.bytes, &change->before, error) ||
            !wd_subject_assess(sides->after, change->c.bytes, &change->after, error))
            return false;
        change->signature = signature_of(change);
        for (size_t i = begin; i < end; i++)
            add_cell(sides, changes, change, &state->cells[i]);
        changes->count++;
        merge(kind, changes);
    }
    qsort(changes->list, changes->count, sizeof(*changes->list), in_order);
    return true;
}

void wd_subject_changes_free(struct wd_subject_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        free(changes->list[i].signature);
    free(changes->list);
    free(changes->waived);
    *changes = (struct wd_subject_changes){0};
}

/* ---------------------------------------------------------------- writing */

static void put_side(struct wd_json_out *out, const char *name, const struct wd_subject_session *session, const void *c,
                     const struct wd_subject_assessment *assessment)
{
    wd_subject_put_name(out, name);
    WD_JSON_PUT(out, "{");
    wd_subject_put_judgement(out, session, c, assessment->judgement.verdict, assessment, false);
    WD_JSON_PUT(out, "}");
}

static void put_change(struct wd_json_out *out, const struct wd_subject_sides *sides,
                       const struct wd_subject_plan *plan, const struct wd_subject_change *change,
                       const char *const *ids)
{
    const struct wd_subject_kind *kind = sides->after->spec.kind;
    const struct wd_subject_assessment *wrong =
        wd_verdict_is_finding[change->after.judgement.verdict] ? &change->after : &change->before;
    bool is_stored = change->first < plan->stored_count;
    const void *c = change->c.bytes;
    char id[64];

    snprintf(id, sizeof(id), "seed %" PRIu64 " case %" PRIu64, plan->seed, change->first - plan->stored_count);
    WD_JSON_PUT(out, "{\"signature\":");
    wd_json_put_string(out, change->signature);
    wd_subject_put_text(out, "title", wrong->title);
    wd_subject_put_text(out, "rule", wd_subject_rule_name(kind, wrong->judgement.rule));
    wd_subject_put_text(out, "kind", kind->name);
    wd_subject_put_name(out, "facets");
    wd_subject_put_facets(out, kind, (const uint64_t(*)[WD_SUBJECT_FACET_VALUES])change->facets);
    wd_subject_put_count(out, "count", change->count);
    WD_JSON_PUT(out, ",\"first\":{\"kind\":");
    wd_json_put_string(out, kind->name);
    wd_subject_put_count(out, "seed", plan->seed);
    wd_subject_put_count(out, "index", change->first);
    WD_JSON_PUT(out, "},\"expected\":");
    wd_subject_write_answer(out, kind, c, wrong->expected.bytes, NULL);
    WD_JSON_PUT(out, ",\"sides\":{\"change\":");
    wd_json_put_string(out, wd_change_names[change->change]);
    wd_subject_put_name(out, "worse");
    wd_json_put(out, wd_change_is_worse[change->change] ? "true" : "false", wd_change_is_worse[change->change] ? 4 : 5);
    put_side(out, "after", sides->after, c, &change->after);
    put_side(out, "before", sides->before, c, &change->before);
    WD_JSON_PUT(out, "},\"case\":");
    wd_subject_write_case(out, kind, c, is_stored ? ids[change->first] : id, NULL);
    WD_JSON_PUT(out, "}");
}

static void put_walker(struct wd_json_out *out, const struct wd_subject_session *session, const char *role)
{
    WD_JSON_PUT(out, "{\"walker\":");
    wd_json_put_string(out, session->spec.text);
    wd_subject_put_text(out, "version", wd_subject_host_version(session->host));
    wd_subject_put_text(out, "role", role);
    WD_JSON_PUT(out, "}");
}

static void put_separated(struct wd_json_out *out, bool *first, const char *name, uint64_t count)
{
    if (!*first)
        WD_JSON_PUT(out, ",");
    *first = false;
    wd_json_put_string(out, name);
    WD_JSON_PUT(out, ":");
    wd_json_put_integer(out, (int64_t)count);
}

static void put_counts(struct wd_json_out *out, const struct wd_subject_changes *changes)
{
    bool first = true;

    wd_subject_put_name(out, "changes");
    WD_JSON_PUT(out, "{");
    for (unsigned change = 0; change < WD_CHANGE_COUNT; change++) {
        uint64_t count = 0;

        for (size_t i = 0; i < changes->count; i++)
            count += changes->list[i].change == change ? changes->list[i].count : 0;
        if (count)
            put_separated(out, &first, wd_change_names[change], count);
    }
    WD_JSON_PUT(out, "}");
}

void wd_subject_write_changes(FILE *stream, const struct wd_subject_sides *sides, const struct wd_subject_plan *plan,
                              const struct wd_subject_state *state, const struct wd_subject_changes *changes,
                              const char *const *command, const char *const *ids)
{
    char buffer[4096], seconds[32];
    struct wd_json_out out = wd_json_to_stream(stream, buffer, sizeof(buffer));
    bool first = true;

    snprintf(seconds, sizeof(seconds), "%.1f", state->seconds);
    WD_JSON_PUT(&out, "{\"walkdiff\":");
    wd_json_put_string(&out, WALKDIFF_VERSION);
    wd_subject_put_text(&out, "kind", sides->after->spec.kind->name);
    wd_subject_put_name(&out, "command");
    wd_subject_put_command(&out, command);
    wd_subject_put_text(&out, "state", wd_subject_state_name(state));
    put_counts(&out, changes);
    wd_subject_put_count(&out, "seed", plan->seed);
    WD_JSON_PUT(&out, ",\"profiles\":[]");
    wd_subject_put_name(&out, "seconds");
    wd_json_put(&out, seconds, strlen(seconds));
    wd_subject_put_count(&out, "cases", state->cases);
    WD_JSON_PUT(&out, ",\"walkers\":[");
    put_walker(&out, sides->after, "under test");
    WD_JSON_PUT(&out, ",");
    put_walker(&out, sides->before, "before");
    WD_JSON_PUT(&out, "],\"waived\":{");
    for (size_t i = 0; i < wd_waivers_count(sides->after->waivers); i++)
        if (changes->waived[i])
            put_separated(&out, &first, wd_waiver_id(sides->after->waivers, i), changes->waived[i]);
    WD_JSON_PUT(&out, "},\"coverage\":{},\"findings\":[");
    for (size_t i = 0; i < changes->count; i++) {
        if (i)
            WD_JSON_PUT(&out, ",");
        put_change(&out, sides, plan, &changes->list[i], ids);
    }
    WD_JSON_PUT(&out, "]}\n");
    wd_json_end_stream(&out);
}
