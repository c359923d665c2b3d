/* SPDX-License-Identifier: MIT */
#include "harness/subjects/report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/support/allocate.h"

enum { BUFFER = 4096 };

/* ---------------------------------------------------------------- collecting */

static bool same_bucket(const struct wd_subject_cell *a, const struct wd_subject_cell *b)
{
    return a->mark.verdict == b->mark.verdict && a->mark.key == b->mark.key && a->mark.rule == b->mark.rule;
}

static const struct wd_subject_finding *find_old(const struct wd_subject_findings *old,
                                                 const struct wd_subject_finding *finding)
{
    for (size_t i = 0; i < old->count; i++)
        if (old->list[i].verdict == finding->verdict && old->list[i].key == finding->key &&
            old->list[i].rule == finding->rule && old->list[i].first == finding->first && old->list[i].asked)
            return &old->list[i];
    return NULL;
}

/* Makes the case of a finding again, and asks, unless that was done before. */
static bool show(const struct wd_subject_session *session, const struct wd_subject_plan *plan,
                 const struct wd_subject_findings *old, struct wd_subject_finding *finding, struct wd_error *error)
{
    const struct wd_subject_finding *known = find_old(old, finding);

    if (known) {
        finding->c = known->c;
        finding->assessment = known->assessment;
        finding->shrunk = known->shrunk;
        finding->asked = true;
        return true;
    }
    wd_subject_plan_case(plan, finding->first, finding->c.bytes);
    finding->asked = true;
    return wd_subject_assess(session, finding->c.bytes, &finding->assessment, error);
}

static void add_cell(const struct wd_subject_kind *kind, struct wd_subject_finding *finding,
                     const struct wd_subject_cell *cell)
{
    finding->count += cell->count;
    finding->first = cell->first < finding->first ? cell->first : finding->first;
    for (unsigned i = 0; i < kind->facet_count; i++)
        finding->facets[i][cell->facets[i] % WD_SUBJECT_FACET_VALUES] += cell->count;
}

static int in_order(const void *a, const void *b)
{
    const struct wd_subject_finding *one = a, *two = b;

    if (one->count != two->count)
        return one->count > two->count ? -1 : 1;
    return one->first < two->first ? -1 : one->first > two->first;
}

/* The cells of one bucket, from `begin`: those that are not waived are a finding. @return the end, 0 after an error */
static size_t collect_bucket(const struct wd_subject_session *session, const struct wd_subject_plan *plan,
                             const struct wd_subject_state *state, const struct wd_subject_findings *old, size_t begin,
                             struct wd_subject_findings *findings, struct wd_error *error)
{
    const struct wd_subject_cell *first = &state->cells[begin];
    struct wd_subject_finding *finding = &findings->list[findings->count];
    size_t end = begin;

    *finding = (struct wd_subject_finding){
        .verdict = first->mark.verdict, .rule = first->mark.rule, .key = first->mark.key, .first = UINT64_MAX};
    for (; end < state->cell_count && same_bucket(first, &state->cells[end]); end++)
        finding->first = state->cells[end].first < finding->first ? state->cells[end].first : finding->first;
    if (!show(session, plan, old, finding, error)) /* for its signature, which waivers look at */
        return 0;
    finding->first = UINT64_MAX;
    for (size_t i = begin; i < end; i++) {
        int waiver =
            wd_subject_waiver(session, finding->assessment.signature, first->mark.rule, state->cells[i].facets);

        if (waiver >= 0)
            findings->waived[waiver] += state->cells[i].count;
        else
            add_cell(session->spec.kind, finding, &state->cells[i]);
    }
    if (!finding->count)
        return end;
    finding->asked = false;
    if (!show(session, plan, old, finding, error))
        return 0;
    findings->count++;
    return end;
}

bool wd_subject_findings_collect(const struct wd_subject_session *session, const struct wd_subject_plan *plan,
                                 const struct wd_subject_state *state, struct wd_subject_findings *findings,
                                 struct wd_error *error)
{
    struct wd_subject_findings fresh = {
        .list = wd_allocate(state->cell_count + 1, sizeof(*fresh.list)),
        .waived = wd_allocate(wd_waivers_count(session->waivers) + 1, sizeof(*fresh.waived)),
    };
    size_t at = 0;

    while (at < state->cell_count) {
        at = collect_bucket(session, plan, state, findings, at, &fresh, error);
        if (!at) {
            wd_subject_findings_free(&fresh);
            return false;
        }
    }
    qsort(fresh.list, fresh.count, sizeof(*fresh.list), in_order);
    wd_subject_findings_free(findings);
    *findings = fresh;
    return true;
}

void wd_subject_findings_free(struct wd_subject_findings *findings)
{
    free(findings->list);
    free(findings->waived);
    *findings = (struct wd_subject_findings){0};
}

/* ---------------------------------------------------------------- JSON */

static void put_name(struct wd_json_out *out, bool *first, const char *name)
{
    if (!*first)
        WD_JSON_PUT(out, ",");
    *first = false;
    wd_json_put_string(out, name);
    WD_JSON_PUT(out, ":");
}

static void put_text(struct wd_json_out *out, bool *first, const char *name, const char *text)
{
    put_name(out, first, name);
    wd_json_put_string(out, text);
}

static void put_count(struct wd_json_out *out, bool *first, const char *name, uint64_t count)
{
    char text[24];

    put_name(out, first, name);
    wd_json_put(out, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, count));
}

void wd_subject_put_facets(struct wd_json_out *out, const struct wd_subject_kind *kind,
                           const uint64_t facets[WD_SUBJECT_FACETS_MAX][WD_SUBJECT_FACET_VALUES])
{
    bool first_facet = true;

    WD_JSON_PUT(out, "{");
    for (unsigned i = 0; i < kind->facet_count; i++) {
        bool first = true;

        put_name(out, &first_facet, kind->facets[i].name);
        WD_JSON_PUT(out, "{");
        for (unsigned value = 0; value < kind->facets[i].count; value++)
            if (facets[i][value])
                put_count(out, &first, kind->facets[i].values[value], facets[i][value]);
        WD_JSON_PUT(out, "}");
    }
    WD_JSON_PUT(out, "}");
}

static void put_finding(struct wd_json_out *out, const struct wd_subject_session *session,
                        const struct wd_subject_plan *plan, const struct wd_subject_finding *finding)
{
    const struct wd_subject_kind *kind = session->spec.kind;
    const void *c = finding->c.bytes;
    char id[64];
    bool first = true;

    snprintf(id, sizeof(id), "seed %" PRIu64 " case %" PRIu64 "%s", plan->seed, finding->first,
             finding->shrunk ? ", shrunk" : "");
    WD_JSON_PUT(out, "{");
    put_text(out, &first, "signature", finding->assessment.signature);
    put_text(out, &first, "title", finding->assessment.title);
    put_text(out, &first, "verdict", wd_verdict_names[finding->verdict]);
    put_text(out, &first, "rule", wd_subject_rule_name(kind, finding->rule));
    put_text(out, &first, "walker", session->spec.text);
    put_text(out, &first, "kind", kind->name);
    put_name(out, &first, "facets");
    wd_subject_put_facets(out, kind, (const uint64_t(*)[WD_SUBJECT_FACET_VALUES])finding->facets);
    put_count(out, &first, "count", finding->count);
    put_name(out, &first, "first");
    WD_JSON_PUT(out, "{");
    first = true;
    put_count(out, &first, "seed", plan->seed);
    put_count(out, &first, "index", finding->first);
    WD_JSON_PUT(out, "},\"expected\":");
    wd_subject_write_answer(out, kind, c, finding->assessment.expected.bytes, NULL);
    WD_JSON_PUT(out, ",\"got\":");
    wd_subject_write_answer(out, kind, c, finding->assessment.got.bytes, NULL);
    WD_JSON_PUT(out, ",\"shrunk\":");
    if (finding->shrunk)
        WD_JSON_PUT(out, "true");
    else
        WD_JSON_PUT(out, "false");
    WD_JSON_PUT(out, ",\"case\":");
    wd_subject_write_case(out, kind, c, id, NULL);
    WD_JSON_PUT(out, "}");
}

static void put_verdicts(struct wd_json_out *out, const uint64_t verdicts[WD_VERDICT_COUNT])
{
    bool first = true;

    WD_JSON_PUT(out, "{");
    for (unsigned i = 0; i < WD_VERDICT_COUNT; i++)
        if (verdicts[i])
            put_count(out, &first, wd_verdict_names[i], verdicts[i]);
    WD_JSON_PUT(out, "}");
}

void wd_subject_put_command(struct wd_json_out *out, const char *const *command)
{
    WD_JSON_PUT(out, "[");
    for (size_t i = 0; command[i]; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        wd_json_put_string(out, command[i]);
    }
    WD_JSON_PUT(out, "]");
}

const char *wd_subject_state_name(const struct wd_subject_state *state)
{
    return state->complete ? "complete" : state->interrupted ? "interrupted" : "running";
}

/* The verdicts, with those that are waived apart. */
static void find_verdicts(const struct wd_subject_session *session, const struct wd_subject_state *state,
                          const struct wd_subject_findings *findings, uint64_t verdicts[WD_VERDICT_COUNT])
{
    memset(verdicts, 0, WD_VERDICT_COUNT * sizeof(*verdicts));
    for (unsigned i = 0; i < WD_VERDICT_COUNT; i++)
        if (!wd_verdict_is_finding[i])
            verdicts[i] = state->verdicts[i];
    for (size_t i = 0; i < findings->count; i++)
        verdicts[findings->list[i].verdict] += findings->list[i].count;
    for (size_t i = 0; i < wd_waivers_count(session->waivers); i++)
        verdicts[WD_VERDICT_WAIVED] += findings->waived[i];
}

void wd_subject_write_summary_json(FILE *stream, const struct wd_subject_session *session,
                                   const struct wd_subject_plan *plan, const struct wd_subject_state *state,
                                   const struct wd_subject_findings *findings, const char *const *command, bool whole)
{
    const struct wd_subject_kind *kind = session->spec.kind;
    char buffer[BUFFER], seconds[32];
    struct wd_json_out out = wd_json_to_stream(stream, buffer, sizeof(buffer));
    uint64_t verdicts[WD_VERDICT_COUNT];
    bool first = true;

    find_verdicts(session, state, findings, verdicts);
    snprintf(seconds, sizeof(seconds), "%.1f", state->seconds);
    WD_JSON_PUT(&out, "{");
    put_text(&out, &first, "walkdiff", WALKDIFF_VERSION);
    put_text(&out, &first, "kind", kind->name);
    put_name(&out, &first, "command");
    wd_subject_put_command(&out, command);
    put_count(&out, &first, "seed", plan->seed);
    put_count(&out, &first, "begin", plan->begin);
    put_text(&out, &first, "state", wd_subject_state_name(state));
    put_name(&out, &first, "seconds");
    wd_json_put(&out, seconds, strlen(seconds));
    put_count(&out, &first, "cases", state->cases);
    put_name(&out, &first, "findings");
    if (whole) {
        for (size_t i = 0; i < findings->count; i++) {
            wd_json_put(&out, i ? "," : "[", 1);
            put_finding(&out, session, plan, &findings->list[i]);
        }
        wd_json_put(&out, findings->count ? "]" : "[]", findings->count ? 1 : 2);
    } else {
        wd_json_put_integer(&out, (int64_t)findings->count);
    }
    put_name(&out, &first, "walkers");
    WD_JSON_PUT(&out, "[{");
    first = true;
    put_text(&out, &first, "walker", session->spec.text);
    put_text(&out, &first, "version", wd_subject_host_version(session->host));
    put_text(&out, &first, "role", "under test");
    put_name(&out, &first, "verdicts");
    put_verdicts(&out, verdicts);
    put_count(&out, &first, "restarts", state->restarts);
    WD_JSON_PUT(&out, "}],\"choices\":{");
    first = true;
    for (unsigned i = 0; i < kind->choice_count; i++) {
        bool first_count = true;

        if (!state->consulted[i])
            continue;
        put_name(&out, &first, kind->choices[i].name);
        WD_JSON_PUT(&out, "{");
        put_count(&out, &first_count, "consulted", state->consulted[i]);
        put_count(&out, &first_count, "permitted", state->permitted[i]);
        WD_JSON_PUT(&out, "}");
    }
    WD_JSON_PUT(&out, "},\"waived\":{");
    first = true;
    for (size_t i = 0; i < wd_waivers_count(session->waivers); i++)
        if (findings->waived[i])
            put_count(&out, &first, wd_waiver_id(session->waivers, i), findings->waived[i]);
    WD_JSON_PUT(&out, "},\"coverage\":{}}\n");
    wd_json_end_stream(&out);
}

/* ---------------------------------------------------------------- files */

/* Replaces a file by what was written into memory. */
static bool replace(const char *folder, const char *name, const char *bytes, size_t size, struct wd_error *error)
{
    char path[PATH_MAX], fresh[PATH_MAX];
    FILE *file = NULL;
    bool good;

    if (!wd_path_join(path, folder, name) || snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
        return wd_error_set(error, "%s/%s: the path is too long", folder, name);
    file = fopen(fresh, "we");
    good = file && fwrite(bytes, 1, size, file) == size && !fflush(file) && !fdatasync(fileno(file));
    if (file && fclose(file))
        good = false;
    if (good && !rename(fresh, path))
        return true;
    wd_error_set(error, "%s: cannot be written: %s", path, strerror(errno));
    unlink(fresh);
    return false;
}

bool wd_subject_write_folder(const char *folder, const struct wd_subject_session *session,
                             const struct wd_subject_plan *plan, const struct wd_subject_state *state,
                             const struct wd_subject_findings *findings, const char *const *command,
                             struct wd_error *error)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *stream;
    bool good;

    if (mkdir(folder, 0777) && errno != EEXIST)
        return wd_error_set(error, "%s: %s", folder, strerror(errno));
    stream = wd_allocated(open_memstream(&bytes, &size));
    for (size_t i = 0; i < findings->count; i++) {
        char buffer[BUFFER];
        struct wd_json_out out = wd_json_to_stream(stream, buffer, sizeof(buffer));

        put_finding(&out, session, plan, &findings->list[i]);
        WD_JSON_PUT(&out, "\n");
        wd_json_end_stream(&out);
    }
    fclose(stream);
    good = replace(folder, "findings.jsonl", bytes, size, error);
    free(bytes);
    bytes = NULL;
    stream = wd_allocated(open_memstream(&bytes, &size));
    wd_subject_write_summary_json(stream, session, plan, state, findings, command, false);
    fclose(stream);
    good = good && replace(folder, "summary.json", bytes, size, error);
    free(bytes);
    return good;
}

/* ---------------------------------------------------------------- words */

void wd_subject_write_summary(FILE *stream, const struct wd_subject_session *session,
                              const struct wd_subject_plan *plan, const struct wd_subject_state *state,
                              const struct wd_subject_findings *findings, bool quiet)
{
    uint64_t verdicts[WD_VERDICT_COUNT];
    const char *separator = ": ";

    find_verdicts(session, state, findings, verdicts);
    fprintf(stream, "%s: seed %" PRIu64 ", %" PRIu64 " cases in %.1f s", session->spec.text, plan->seed, state->cases,
            state->seconds);
    for (unsigned i = 0; i < WD_VERDICT_COUNT; i++) {
        if (!verdicts[i])
            continue;
        fprintf(stream, "%s%" PRIu64 " %s", separator, verdicts[i], wd_verdict_names[i]);
        separator = ", ";
    }
    fprintf(stream, "; %zu finding%s\n", findings->count, findings->count == 1 ? "" : "s");
    if (quiet)
        return;
    for (size_t i = 0; i < findings->count; i++) {
        const struct wd_subject_finding *finding = &findings->list[i];

        fprintf(stream, "\n%zu. %s (%" PRIu64 " cases)\n", i + 1, wd_verdict_names[finding->verdict], finding->count);
        fprintf(stream, "  %s\n  signature %s\n  first     case %" PRIu64 "%s\n", finding->assessment.title,
                finding->assessment.signature, finding->first, finding->shrunk ? ", shrunk:" : ":");
        {
            char buffer[BUFFER];
            struct wd_json_out out = wd_json_to_stream(stream, buffer, sizeof(buffer));

            WD_JSON_PUT(&out, "  ");
            wd_subject_write_case(&out, session->spec.kind, finding->c.bytes, NULL, NULL);
            WD_JSON_PUT(&out, "\n");
            wd_json_end_stream(&out);
        }
    }
}
