/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "harness/subjects/members.h"
#include "harness/subjects/verbs.h"
#include "harness/support/allocate.h"
#include "harness/support/process.h"

int wd_subject_session_open(struct wd_subject_session *session, const struct wd_places *places, const char *spec,
                            const struct wd_waiver_folders *waivers, double timeout)
{
    struct wd_error error;

    *session = (struct wd_subject_session){.waivers = wd_load_waivers(places, waivers)};
    if (!session->waivers)
        return WD_EXIT_FAILED;
    if (!wd_subject_spec_parse(spec, places, &session->spec, &error))
        return wd_complain_of(&error);
    session->host = wd_subject_host_open(&session->spec, timeout, &error);
    if (!session->host)
        return wd_complain("%s", error.text);
    if (!wd_waivers_for(session->waivers, session->spec.name, NULL, wd_subject_host_version(session->host),
                        &session->list))
        return wd_complain("out of memory");
    return WD_EXIT_NOTHING_FOUND;
}

void wd_subject_session_close(struct wd_subject_session *session)
{
    wd_subject_host_close(session->host);
    free(session->list.indices);
    wd_waivers_free(session->waivers);
    *session = (struct wd_subject_session){0};
}

const char *wd_subject_rule_name(const struct wd_subject_kind *kind, uint16_t rule)
{
    return rule < kind->rule_count ? kind->rules[rule].name : "NONE";
}

int wd_subject_waiver(const struct wd_subject_session *session, const char *signature, uint16_t rule,
                      const uint8_t *facets)
{
    const struct wd_subject_kind *kind = session->spec.kind;
    const char *names[WD_SUBJECT_FACETS_MAX], *values[WD_SUBJECT_FACETS_MAX];

    for (unsigned i = 0; i < kind->facet_count; i++) {
        names[i] = kind->facets[i].name;
        values[i] = kind->facets[i].values[facets[i]];
    }
    return wd_waiver_match_named(&session->list, signature, wd_subject_rule_name(kind, rule), names, values,
                                 kind->facet_count);
}

bool wd_subject_assess(const struct wd_subject_session *session, const void *c,
                       struct wd_subject_assessment *assessment, struct wd_error *error)
{
    const struct wd_subject_kind *kind = session->spec.kind;
    const struct wd_subject_head *head = &assessment->got.head;
    struct wd_subject_judgement *judgement = &assessment->judgement;

    if (!wd_subject_host_ask(session->host, c, assessment->got.bytes, error))
        return false;
    wd_subject_judge(kind, c, assessment->got.bytes, judgement);
    wd_subject_describe(kind, c, assessment->got.bytes, judgement, assessment->signature, assessment->title);
    wd_subject_choices_text(kind, judgement->choices, assessment->choice, sizeof(assessment->choice));
    kind->expect(c, head->status == WD_SUBJECT_ANSWERED ? assessment->got.bytes : NULL, assessment->expected.bytes);
    assessment->waiver = wd_verdict_is_finding[judgement->verdict]
                             ? wd_subject_waiver(session, assessment->signature, judgement->rule, judgement->facets)
                             : -1;
    return true;
}

enum wd_verdict wd_subject_verdict(const struct wd_subject_assessment *assessment)
{
    return assessment->waiver >= 0 ? WD_VERDICT_WAIVED : assessment->judgement.verdict;
}

/* ---------------------------------------------------------------- showing */

void wd_subject_put_judgement(struct wd_json_out *out, const struct wd_subject_session *session, const void *c,
                              enum wd_verdict verdict, const struct wd_subject_assessment *assessment, bool words)
{
    const struct wd_subject_kind *kind = session->spec.kind;
    bool differs = verdict == WD_VERDICT_WAIVED || wd_verdict_is_finding[verdict];

    WD_JSON_PUT(out, "\"walker\":");
    wd_json_put_string(out, session->spec.text);
    wd_subject_put_text(out, "verdict", wd_verdict_names[verdict]);
    if (differs) {
        wd_subject_put_text(out, "rule", wd_subject_rule_name(kind, assessment->judgement.rule));
        WD_JSON_PUT(out, ",\"expected\":");
        wd_subject_write_answer(out, kind, c, assessment->expected.bytes, NULL);
    }
    if (*assessment->choice)
        wd_subject_put_text(out, "choice", assessment->choice);
    WD_JSON_PUT(out, ",\"got\":");
    wd_subject_write_answer(out, kind, c, assessment->got.bytes, NULL);
    if (differs) {
        wd_subject_put_text(out, "signature", assessment->signature);
        wd_subject_put_text(out, "title", assessment->title);
    }
    if (words) {
        wd_subject_put_text(out, "expected_words", "what the rules of the kind ask for");
        wd_subject_put_text(out, "got_words", differs ? assessment->title : wd_verdict_names[verdict]);
    }
    if (assessment->waiver >= 0)
        wd_subject_put_text(out, "waiver", wd_waiver_id(session->waivers, (size_t)assessment->waiver));
}

static void show_json(FILE *stream, const struct wd_subject_session *session, const void *c, const char *id,
                      const struct wd_subject_assessment *assessment, bool words)
{
    char buffer[4096];
    struct wd_json_out out = wd_json_to_stream(stream, buffer, sizeof(buffer));

    WD_JSON_PUT(&out, "{\"id\":");
    wd_json_put_string(&out, id);
    WD_JSON_PUT(&out, ",");
    wd_subject_put_judgement(&out, session, c, wd_subject_verdict(assessment), assessment, words);
    WD_JSON_PUT(&out, "}\n");
    wd_json_end_stream(&out);
}

static void show_answer(FILE *stream, const struct wd_subject_kind *kind, const void *c, const char *label,
                        const void *answer)
{
    static char text[1 << 16];
    struct wd_json_out out = wd_json_to_buffer(text, sizeof(text));

    wd_subject_write_answer(&out, kind, c, answer, NULL);
    wd_json_end_buffer(&out);
    fprintf(stream, "  %-10s%s\n", label, text);
}

static void show_words(FILE *stream, const struct wd_subject_session *session, const void *c, const char *id,
                       const char *where, const struct wd_subject_assessment *assessment)
{
    const struct wd_subject_kind *kind = session->spec.kind;
    enum wd_verdict verdict = wd_subject_verdict(assessment);
    const char *remark = verdict == WD_VERDICT_WAIVED ? wd_waiver_id(session->waivers, (size_t)assessment->waiver)
                         : verdict == WD_VERDICT_UNSUPPORTED ? assessment->got.head.text
                                                             : assessment->choice;
    const struct wd_subject_text *rule;

    fprintf(stream, "%s%s%s: %s%s%s\n", where, *where && *id ? " " : "", id, wd_verdict_names[verdict],
            *remark ? ": " : "", remark);
    if (!wd_verdict_is_finding[verdict])
        return;
    fprintf(stream, "  %s\n", assessment->title);
    show_answer(stream, kind, c, "expected", assessment->expected.bytes);
    show_answer(stream, kind, c, "got", assessment->got.bytes);
    if (assessment->judgement.rule < kind->rule_count) {
        rule = &kind->rules[assessment->judgement.rule];
        fprintf(stream, "  rule      %s (%s%s%s): %s\n", rule->name, rule->source, *rule->source ? ", " : "",
                rule->function, rule->text);
    }
    fprintf(stream, "  signature %s\n", assessment->signature);
}

void wd_subject_show(FILE *stream, const struct wd_subject_session *session, const void *c, const char *id,
                     const char *where, const struct wd_subject_assessment *assessment, enum wd_subject_form form)
{
    if (form != WD_SUBJECT_WORDS)
        show_json(stream, session, c, id, assessment, form == WD_SUBJECT_JSON_WORDS);
    else
        show_words(stream, session, c, id, where, assessment);
}

/* ---------------------------------------------------------------- shrinking */

static bool is_same(const struct wd_subject_kind *kind, const union wd_subject_case *a, const union wd_subject_case *b)
{
    return !memcmp(a->bytes, b->bytes, kind->case_size);
}

static bool keeps(const struct wd_subject_kind *kind, const struct wd_subject_judgement *wanted,
                  const struct wd_subject_judgement *tried, bool choices)
{
    return tried->verdict == wanted->verdict && tried->key == wanted->key && tried->rule == wanted->rule &&
           (!choices || tried->choices == wanted->choices) && !(tried->consulted & ~wanted->consulted & kind->doubtful);
}

/* Asks all of a case that is tried. @return whether it is one that may be taken; `good` becomes false after an error */
static bool is_kept(const struct wd_subject_session *const *sessions, size_t count, const void *c,
                    const struct wd_subject_judgement *wanted, struct wd_subject_assessment *tried, bool *good,
                    struct wd_error *error)
{
    const struct wd_subject_kind *kind = sessions[0]->spec.kind;

    for (size_t i = 0; i < count; i++) {
        *good = wd_subject_assess(sessions[i], c, &tried[i], error);
        if (!*good || !keeps(kind, &wanted[i], &tried[i].judgement, count > 1))
            return false;
    }
    return count < 2 || !wd_subject_identical(kind, tried[0].got.bytes, tried[1].got.bytes);
}

bool wd_subject_shrink(const struct wd_subject_session *const *sessions, size_t count, void *c,
                       struct wd_subject_assessment *assessments, double seconds, struct wd_error *error)
{
    const struct wd_subject_kind *kind = sessions[0]->spec.kind;
    struct wd_subject_judgement wanted[WD_SUBJECT_SHRINK_MAX];
    struct wd_subject_assessment *tried = wd_allocate(count, sizeof(*tried));
    union wd_subject_case *seen = wd_allocate(2, sizeof(*seen)); /* the simplest so far, and one that is tried */
    double until = wd_now() + seconds;
    bool *taken = wd_allocate(kind->replacing + 1, sizeof(*taken)); /* steps that replace, so that there is an end */
    bool moved = true, good = true;
    char why[256];

    for (size_t i = 0; i < count; i++)
        wanted[i] = assessments[i].judgement;
    memcpy(seen[0].bytes, c, kind->case_size);
    while (moved && good && wd_now() < until) {
        moved = false;
        for (unsigned step = 0; good && wd_now() < until && kind->simplify(seen[0].bytes, step, seen[1].bytes);
             step++) {
            if ((step < kind->replacing && taken[step]) || is_same(kind, &seen[0], &seen[1]) ||
                !kind->check(seen[1].bytes, why, sizeof(why)) ||
                !is_kept(sessions, count, seen[1].bytes, wanted, tried, &good, error))
                continue;
            seen[0] = seen[1];
            memcpy(assessments, tried, count * sizeof(*tried));
            moved = true;
            if (step < kind->replacing)
                taken[step] = true;
        }
    }
    free(taken);
    memcpy(c, seen[0].bytes, kind->case_size);
    free(seen);
    free(tried);
    return good && !moved;
}
