/* SPDX-License-Identifier: MIT */
#include "harness/engine/findings.h"
#include "harness/engine/fold.h"

#include <inttypes.h>

#include "harness/support/allocate.h"
#include "harness/casefile/case_file.h"
#include "harness/judge/judgement_text.h"
#include "harness/support/json_out.h"

enum { TEXT_MAX = 32768, WRITE_BUFFER = 4096 };

/* ---------------------------------------------------------------- choices that are resolved both ways */

/* What a finding of this kind points to. */
struct wd_inconsistency {
    char signature[WD_SIGNATURE_MAX], title[WD_TITLE_MAX];
    struct wd_facet_counts facets; /* of the one case */
    char *expected, *c;
};

/* The proofs of one choice of one walker, over all implementations. */
struct conflict {
    const struct wd_proof *proof; /* the conflict that shows first; NULL: there is none */
    uint64_t count;               /* answers that are not the default, in implementations that have a conflict */
};

static uint64_t shows_at(const struct wd_proof *proof)
{
    uint64_t a = proof->first[WD_SIDE_DEFAULT], b = proof->first[WD_SIDE_OTHER];

    return a > b ? a : b;
}

static struct conflict find_conflict(const struct wd_proofs *proofs, size_t walker, size_t choice)
{
    struct conflict conflict = {0};

    for (size_t i = 0; i < WD_IMPLEMENTATIONS_MAX; i++) {
        const struct wd_proof *proof = wd_proof_if_any(proofs, i, walker, choice);

        if (!proof || shows_at(proof) == UINT64_MAX)
            continue;
        conflict.count += proof->others;
        if (!conflict.proof || shows_at(proof) < shows_at(conflict.proof))
            conflict.proof = proof;
    }
    return conflict;
}

/* Makes the case again that shows an inconsistency, and what is to be said of it. @return its facets */
static struct wd_facets show_case(const struct wd_fuzz_plan *plan, uint64_t index, struct wd_inconsistency *shown)
{
    struct wd_case_buffer *buffer = wd_allocate(1, sizeof(*buffer));
    struct wd_oracle_output *basis = wd_allocate(1, sizeof(*basis));
    char id[64];
    const struct wd_case_extra extra = {.id = id};
    unsigned profile = wd_plan_make_case(plan, index, buffer);
    struct wd_facets facets;

    snprintf(id, sizeof(id), "seed %" PRIu64 " case %" PRIu64, plan->seed, index);
    wd_oracle(&buffer->c, NULL, NULL, NULL, basis);
    facets = wd_facets_of(&buffer->c, basis, profile);
    for (size_t facet = 0; facet < WD_FACET_COUNT; facet++)
        shown->facets.count[facet][facets.value[facet]] = 1;
    shown->c = wd_allocate(1, TEXT_MAX);
    shown->expected = wd_allocate(1, TEXT_MAX);
    wd_case_to_json(&buffer->c, &extra, shown->c, TEXT_MAX);
    wd_result_to_json(&basis->result, NULL, shown->expected, TEXT_MAX);
    free(basis);
    free(buffer);
    return facets;
}

/* Whether an answer proves how a choice was resolved, even of a walker that has these causes of wrong answers. */
static bool is_proved_by(const struct wd_fuzz_plan *plan, size_t walker, size_t choice, const struct wd_proof *proof,
                         enum wd_side side, const struct wd_causes *found)
{
    struct wd_case_buffer *buffer = wd_allocate(1, sizeof(*buffer));
    struct wd_oracle_output *basis = wd_allocate(1, sizeof(*basis));
    struct wd_judgement *judgement = wd_allocate(1, sizeof(*judgement));
    struct wd_result *got = wd_allocate(1, sizeof(*got));
    unsigned profile = wd_plan_make_case(plan, proof->first[side], buffer);
    struct wd_facets facets;
    struct wd_causes known;
    struct wd_error error;
    bool proved = true;

    wd_oracle(&buffer->c, NULL, NULL, NULL, basis);
    facets = wd_facets_of(&buffer->c, basis, profile);
    wd_waivers_known(&plan->walkers[walker].answerer.waivers, &facets, plan->profile_names, &known);
    wd_causes_add_all(&known, found);
    if (!wd_result_from_json(proof->got[side], strlen(proof->got[side]), got, NULL, 0, error.text,
                             sizeof(error.text))) {
        wd_judge_known(&buffer->c, basis, got, 0, &known, judgement);
        proved = judgement->proved[side] >> choice & 1;
    }
    free(got);
    free(judgement);
    free(basis);
    free(buffer);
    return proved;
}

/*
 * A walker that is found to be wrong may answer as another resolution would let it answer, only for what is wrong with
 * it. Both answers must be proofs all the same.
 */
static bool is_proved(const struct wd_fuzz_plan *plan, size_t walker, size_t choice, const struct wd_proof *proof,
                      const struct wd_causes *found)
{
    for (size_t side = 0; side < WD_SIDES; side++)
        if (!wd_causes_empty(found) && !is_proved_by(plan, walker, choice, proof, side, found))
            return false;
    return true;
}

static void add_inconsistency(const struct wd_fuzz_plan *plan, size_t walker, size_t choice,
                              const struct conflict *conflict, struct wd_findings *findings)
{
    struct wd_inconsistency *shown = &findings->inconsistencies[findings->inconsistency_count++];
    const struct wd_proof *proof = conflict->proof;
    struct wd_facets facets = show_case(plan, proof->first[WD_SIDE_OTHER], shown);
    int waiver;

    wd_inconsistent_bucket(choice, shown->signature, shown->title);
    waiver = wd_waiver_match(&plan->walkers[walker].answerer.waivers, shown->signature, wd_choices[choice].name,
                             &facets, plan->profile_names);
    if (waiver >= 0) {
        findings->waived[waiver] += conflict->count;
        return;
    }
    findings->list[findings->count++] = (struct wd_finding){
        .walker = walker,
        .verdict = WD_VERDICT_INCONSISTENT,
        .signature = shown->signature,
        .title = shown->title,
        .rule = wd_choices[choice].name,
        .rule_text = wd_choices[choice].text,
        .count = conflict->count,
        .facets = &shown->facets,
        .index = proof->first[WD_SIDE_OTHER],
        .expected = shown->expected,
        .got = proof->got[WD_SIDE_OTHER],
        .c = shown->c,
        .other_got = proof->got[WD_SIDE_DEFAULT],
        .other_index = proof->first[WD_SIDE_DEFAULT],
    };
}

/* ---------------------------------------------------------------- the list */

/* A family of checks as the cause of a finding, whose signature and case are of the first of them. */
struct wd_family_name {
    char signature[WD_SIGNATURE_MAX], title[WD_TITLE_MAX];
};

static void name_family(const struct wd_merged *merged, struct wd_finding *finding, struct wd_family_name *name)
{
    const struct wd_cause family = wd_cause_by_number(merged->cause);

    wd_cause_signature(&family, name->signature, sizeof(name->signature));
    snprintf(name->title, sizeof(name->title), "%s — %s", family.words, finding->title);
    finding->family = name->signature;
    finding->title = name->title;
}

static void add_merged(const struct wd_merged *merged, struct wd_findings *findings)
{
    const struct wd_exhibit *first = &merged->shown->first;

    findings->list[findings->count++] = (struct wd_finding){
        .walker = merged->shown->walker,
        .verdict = merged->shown->verdict,
        .signature = merged->shown->signature,
        .title = first->title,
        .rule = wd_rules[first->rule].name,
        .rule_text = wd_rules[first->rule].text,
        .count = merged->count,
        .facets = &merged->facets,
        .index = first->index,
        .expected = first->expected,
        .got = first->got,
        .c = first->c,
        .shrunk = first->shrunk,
        .also = merged->also,
    };
    if (merged->cause != merged->shown->cause)
        name_family(merged, &findings->list[findings->count - 1], &findings->families[findings->family_count++]);
}

static size_t count_families(const struct wd_merged *merged, size_t count)
{
    size_t families = 0;

    for (size_t i = 0; i < count; i++)
        families += merged[i].cause != merged[i].shown->cause;
    return families;
}

/*
 * Where all others agree against the oracle, it is most likely wrong: that comes first. Then what happens most often.
 * Nothing in the order depends on time or jobs.
 */
static int in_order(const void *a, const void *b)
{
    const struct wd_finding *one = a, *two = b;

    if (!one->facets->alone != !two->facets->alone)
        return one->facets->alone ? -1 : 1;
    if (one->count != two->count)
        return one->count > two->count ? -1 : 1;
    if (one->walker != two->walker)
        return one->walker < two->walker ? -1 : 1;
    if (one->index != two->index)
        return one->index < two->index ? -1 : 1;
    return strcmp(one->signature, two->signature);
}

void wd_findings_collect(const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state,
                         struct wd_findings *findings)
{
    size_t choices = plan->walker_count * WD_CHOICE_COUNT;
    size_t buckets;
    struct wd_merged *merged = wd_fold_buckets(plan, state, &buckets);
    struct wd_causes known[WD_WALKERS_MAX] = {0};

    *findings = (struct wd_findings){
        .merged = merged,
        .list = wd_allocate(buckets + choices, sizeof(*findings->list)),
        .families = wd_allocate(count_families(merged, buckets) + 1, sizeof(*findings->families)),
        .inconsistencies = wd_allocate(choices, sizeof(*findings->inconsistencies)),
    };
    memcpy(findings->waived, state->tally.waived, sizeof(findings->waived));
    for (size_t i = 0; i < buckets; i++) {
        add_merged(&merged[i], findings);
        if (merged[i].cause != WD_CAUSE_NONE)
            wd_causes_add(&known[merged[i].shown->walker], merged[i].cause);
    }
    for (size_t walker = 0; walker < plan->walker_count; walker++) {
        for (size_t choice = 0; choice < WD_CHOICE_COUNT; choice++) {
            struct conflict conflict = find_conflict(&state->proofs, walker, choice);

            if (conflict.proof && is_proved(plan, walker, choice, conflict.proof, &known[walker]))
                add_inconsistency(plan, walker, choice, &conflict, findings);
        }
    }
    qsort(findings->list, findings->count, sizeof(*findings->list), in_order);
}

void wd_findings_free(struct wd_findings *findings)
{
    for (size_t i = 0; i < findings->inconsistency_count; i++) {
        free(findings->inconsistencies[i].expected);
        free(findings->inconsistencies[i].c);
    }
    free(findings->families);
    free(findings->inconsistencies);
    free(findings->merged);
    free(findings->list);
}

/* ---------------------------------------------------------------- JSON */

/* The beginning of a member of an object, `first` or not. */
static void put_name(struct wd_json_out *out, bool *first, const char *name)
{
    if (!*first)
        WD_JSON_PUT(out, ",");
    *first = false;
    wd_json_put_string(out, name);
    WD_JSON_PUT(out, ":");
}

static void put_number(struct wd_json_out *out, uint64_t number)
{
    char text[24];

    wd_json_put(out, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, number));
}

static void put_count(struct wd_json_out *out, bool *first, const char *name, uint64_t count)
{
    put_name(out, first, name);
    put_number(out, count);
}

static void put_text(struct wd_json_out *out, bool *first, const char *name, const char *text)
{
    put_name(out, first, name);
    wd_json_put_string(out, text);
}

/* A member whose value is JSON already. */
static void put_raw(struct wd_json_out *out, bool *first, const char *name, const char *json)
{
    put_name(out, first, name);
    wd_json_put(out, json, strlen(json));
}

static void put_facets(struct wd_json_out *out, const struct wd_fuzz_plan *plan, const struct wd_facet_counts *counts)
{
    bool first_facet = true;

    WD_JSON_PUT(out, "{");
    for (int facet = 0; facet < WD_FACET_COUNT; facet++) {
        bool first = true;

        put_name(out, &first_facet, wd_facet_names[facet]);
        WD_JSON_PUT(out, "{");
        for (unsigned value = 0; value < WD_FACET_VALUES; value++)
            if (counts->count[facet][value])
                put_count(out, &first, wd_facet_value(facet, value, plan->profile_names), counts->count[facet][value]);
        WD_JSON_PUT(out, "}");
    }
    WD_JSON_PUT(out, "}");
}

/* {"seed":…,"index":…} */
static void put_place(struct wd_json_out *out, const struct wd_fuzz_plan *plan, uint64_t index, const char *got)
{
    bool first = true;

    WD_JSON_PUT(out, "{");
    put_count(out, &first, "seed", plan->seed);
    put_count(out, &first, "index", index);
    if (got)
        put_raw(out, &first, "got", got);
    WD_JSON_PUT(out, "}");
}

const char *const wd_vote_names[WD_VOTES] = {"oracle", "same", "other", "none"};

/* "votes":{"unicorn":{"oracle":12,"same":0,"other":0,"none":3}},"oracle_alone":0 */
static void put_votes(struct wd_json_out *out, bool *first, const struct wd_fuzz_plan *plan,
                      const struct wd_finding *finding)
{
    bool first_walker = true;

    put_name(out, first, "votes");
    WD_JSON_PUT(out, "{");
    for (size_t walker = 0; walker < plan->walker_count; walker++) {
        bool first_vote = true;

        if (walker == finding->walker)
            continue;
        put_name(out, &first_walker, plan->walkers[walker].spec.text);
        WD_JSON_PUT(out, "{");
        for (size_t vote = 0; vote < WD_VOTES; vote++)
            put_count(out, &first_vote, wd_vote_names[vote], finding->facets->votes[walker][vote]);
        WD_JSON_PUT(out, "}");
    }
    WD_JSON_PUT(out, "}");
    put_count(out, first, "oracle_alone", finding->facets->alone);
}

/* Where two walkers differ: `got` holds both sides. */
static void put_change(struct wd_json_out *out, const struct wd_fuzz_plan *plan, const struct wd_finding *finding)
{
    bool first = true;

    WD_JSON_PUT(out, "{");
    put_text(out, &first, "signature", finding->signature);
    put_text(out, &first, "title", finding->title);
    put_text(out, &first, "rule", finding->rule);
    put_name(out, &first, "facets");
    put_facets(out, plan, finding->facets);
    put_count(out, &first, "count", finding->count);
    put_name(out, &first, "first");
    put_place(out, plan, finding->index, NULL);
    put_raw(out, &first, "expected", finding->expected);
    put_raw(out, &first, "sides", finding->got);
    put_raw(out, &first, "case", finding->c);
    WD_JSON_PUT(out, "}");
}

static void put_finding(struct wd_json_out *out, const struct wd_fuzz_plan *plan, const struct wd_finding *finding)
{
    bool first = true;

    if (plan->against) {
        put_change(out, plan, finding);
        return;
    }
    WD_JSON_PUT(out, "{");
    put_text(out, &first, "signature", finding->signature);
    put_text(out, &first, "title", finding->title);
    put_text(out, &first, "verdict", wd_verdict_names[finding->verdict]);
    put_text(out, &first, "rule", finding->rule);
    put_text(out, &first, "walker", plan->walkers[finding->walker].spec.text);
    if (finding->family)
        put_text(out, &first, "family", finding->family);
    wd_put_also(out, finding->also);
    put_name(out, &first, "facets");
    put_facets(out, plan, finding->facets);
    put_count(out, &first, "count", finding->count);
    if (plan->walker_count > 1 && finding->verdict != WD_VERDICT_INCONSISTENT)
        put_votes(out, &first, plan, finding);
    put_name(out, &first, "first");
    put_place(out, plan, finding->index, NULL);
    put_raw(out, &first, "expected", finding->expected);
    put_raw(out, &first, "got", finding->got);
    if (finding->other_got) {
        put_name(out, &first, "other");
        put_place(out, plan, finding->other_index, finding->other_got);
    }
    put_raw(out, &first, "shrunk", finding->shrunk ? "true" : "false");
    put_raw(out, &first, "case", finding->c);
    WD_JSON_PUT(out, "}");
}

void wd_finding_write(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_finding *finding)
{
    char buffer[WRITE_BUFFER];
    struct wd_json_out out = wd_json_to_stream(stream, buffer, sizeof(buffer));

    put_finding(&out, plan, finding);
    WD_JSON_PUT(&out, "\n");
    wd_json_end_stream(&out);
}

/* ---------------------------------------------------------------- the summary */

static void put_verdicts(struct wd_json_out *out, const uint64_t counts[WD_VERDICT_COUNT])
{
    bool first = true;

    WD_JSON_PUT(out, "{");
    for (size_t verdict = 0; verdict < WD_VERDICT_COUNT; verdict++)
        if (counts[verdict])
            put_count(out, &first, wd_verdict_names[verdict], counts[verdict]);
    WD_JSON_PUT(out, "}");
}

static void put_profiles(struct wd_json_out *out, const struct wd_fuzz_plan *plan, const struct wd_tally *tally,
                         size_t walker)
{
    bool first = true;

    WD_JSON_PUT(out, "{");
    for (size_t profile = 0; profile < plan->profile_count; profile++) {
        put_name(out, &first, plan->profile_names[profile]);
        put_verdicts(out, tally->verdicts[walker][profile]);
    }
    WD_JSON_PUT(out, "}");
}

static void put_walker(struct wd_json_out *out, const struct wd_fuzz_plan *plan, const struct wd_tally *tally,
                       size_t walker)
{
    const struct wd_contestant *contestant = &plan->walkers[walker];
    uint64_t verdicts[WD_VERDICT_COUNT];
    bool first = true;

    for (size_t verdict = 0; verdict < WD_VERDICT_COUNT; verdict++)
        verdicts[verdict] = wd_tally_verdict(tally, walker, verdict);
    WD_JSON_PUT(out, "{");
    put_text(out, &first, "walker", contestant->spec.text);
    put_text(out, &first, "version", contestant->version);
    put_text(out, &first, "role", contestant->answerer.reference ? "reference" : "under test");
    put_name(out, &first, "verdicts");
    put_verdicts(out, verdicts);
    put_name(out, &first, "profiles");
    put_profiles(out, plan, tally, walker);
    put_count(out, &first, "restarts", tally->restarts[walker]);
    WD_JSON_PUT(out, "}");
}

static void put_walkers(struct wd_json_out *out, const struct wd_fuzz_plan *plan, const struct wd_tally *tally)
{
    for (size_t i = 0; i < plan->walker_count; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        put_walker(out, plan, tally, i);
    }
}

/* By walker, how often an answer that is permitted took each option: {"sample":[0,17]} */
static void put_resolved(struct wd_json_out *out, const struct wd_fuzz_plan *plan, const struct wd_tally *tally,
                         size_t choice)
{
    bool first = true;

    WD_JSON_PUT(out, "{");
    for (size_t walker = 0; walker < plan->walker_count; walker++) {
        const uint64_t *counts = tally->resolved[walker][choice];

        put_name(out, &first, plan->walkers[walker].spec.text);
        for (size_t option = 0; option < WD_OPTIONS_COUNTED && option < wd_choices[choice].options; option++) {
            wd_json_put(out, option ? "," : "[", 1);
            put_number(out, counts[option]);
        }
        WD_JSON_PUT(out, "]");
    }
    WD_JSON_PUT(out, "}");
}

static void put_choices(struct wd_json_out *out, const struct wd_fuzz_plan *plan, const struct wd_tally *tally)
{
    bool first_choice = true;

    WD_JSON_PUT(out, "{");
    for (size_t choice = 0; choice < WD_CHOICE_COUNT; choice++) {
        bool first = true;

        if (!tally->consulted[choice])
            continue;
        put_name(out, &first_choice, wd_choices[choice].name);
        WD_JSON_PUT(out, "{");
        put_count(out, &first, "consulted", tally->consulted[choice]);
        put_name(out, &first, "permitted");
        put_resolved(out, plan, tally, choice);
        WD_JSON_PUT(out, "}");
    }
    WD_JSON_PUT(out, "}");
}

static bool is_any(const uint64_t numbers[WD_GRANULE_COUNT + 1], uint64_t none)
{
    for (size_t granule = 0; granule <= WD_GRANULE_COUNT; granule++)
        if (numbers[granule] != none)
            return true;
    return false;
}

/* {"RULE":{"stage1":{"4K":12},"stage2":{}}}: a number for each cell of the coverage, but those that have `none` */
static void put_cells(struct wd_json_out *out, const uint64_t numbers[WD_RULE_COUNT][2][WD_GRANULE_COUNT + 1],
                      uint64_t none)
{
    bool first_rule = true;

    WD_JSON_PUT(out, "{");
    for (size_t rule = 1; rule < WD_RULE_COUNT; rule++) {
        bool first_stage = true;

        put_name(out, &first_rule, wd_rules[rule].name);
        WD_JSON_PUT(out, "{");
        for (size_t stage = 0; stage < 2; stage++) {
            const uint64_t *cells = numbers[rule][stage];
            bool first = true;

            if (!is_any(cells, none))
                continue;
            put_name(out, &first_stage, stage ? "stage2" : "stage1");
            WD_JSON_PUT(out, "{");
            for (size_t granule = 0; granule <= WD_GRANULE_COUNT; granule++)
                if (cells[granule] != none)
                    put_count(out, &first, wd_facet_value(WD_FACET_GRANULE, granule, NULL), cells[granule]);
            WD_JSON_PUT(out, "}");
        }
        WD_JSON_PUT(out, "}");
    }
    WD_JSON_PUT(out, "}");
}

static void put_waived(struct wd_json_out *out, const struct wd_fuzz_plan *plan, const struct wd_findings *findings)
{
    bool first = true;

    WD_JSON_PUT(out, "{");
    for (size_t i = 0; i < wd_waivers_count(plan->waivers); i++)
        if (findings->waived[i])
            put_count(out, &first, wd_waiver_id(plan->waivers, i), findings->waived[i]);
    WD_JSON_PUT(out, "}");
}

static void put_strings(struct wd_json_out *out, const char *const *strings, size_t count)
{
    WD_JSON_PUT(out, "[");
    for (size_t i = 0; i < count; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        wd_json_put_string(out, strings[i]);
    }
    WD_JSON_PUT(out, "]");
}

static size_t count_strings(const char *const *strings)
{
    size_t count = 0;

    while (strings[count])
        count++;
    return count;
}

static void put_findings(struct wd_json_out *out, const struct wd_fuzz_plan *plan, const struct wd_findings *findings)
{
    WD_JSON_PUT(out, "[");
    for (size_t i = 0; i < findings->count; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        put_finding(out, plan, &findings->list[i]);
    }
    WD_JSON_PUT(out, "]");
}

static void put_seconds(struct wd_json_out *out, bool *first, const char *name, double number)
{
    char text[64];

    snprintf(text, sizeof(text), "%.1f", number);
    put_raw(out, first, name, text);
}

static void put_changes(struct wd_json_out *out, const uint64_t counts[WD_CHANGE_COUNT])
{
    bool first = true;

    WD_JSON_PUT(out, "{");
    for (size_t change = 0; change < WD_CHANGE_COUNT; change++)
        if (counts[change])
            put_count(out, &first, wd_change_names[change], counts[change]);
    WD_JSON_PUT(out, "}");
}

static const char *const end_names[] = {
    [WD_END_NOT_YET] = "running",
    [WD_END_COMPLETE] = "complete",
    [WD_END_INTERRUPTED] = "interrupted",
    [WD_END_FAILED] = "failed",
};

void wd_summary_write(FILE *stream, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state,
                      const char *const *command, const struct wd_findings *findings, bool whole)
{
    const struct wd_tally *tally = &state->tally;
    char buffer[WRITE_BUFFER];
    struct wd_json_out out = wd_json_to_stream(stream, buffer, sizeof(buffer));
    bool first = true;

    WD_JSON_PUT(&out, "{");
    put_text(&out, &first, "walkdiff", WALKDIFF_VERSION);
    put_name(&out, &first, "command");
    put_strings(&out, command, count_strings(command));
    put_text(&out, &first, "state", end_names[state->end]);
    if (plan->against) {
        put_name(&out, &first, "changes");
        put_changes(&out, tally->changes);
    }
    if (state->end == WD_END_FAILED)
        put_text(&out, &first, "error", state->error.text);
    put_count(&out, &first, "seed", plan->seed);
    put_name(&out, &first, "profiles");
    put_strings(&out, plan->profile_names, plan->profile_count);
    put_count(&out, &first, "jobs", plan->jobs);
    put_seconds(&out, &first, "seconds", state->seconds);
    put_count(&out, &first, "begin", plan->begin);
    put_count(&out, &first, "cases", tally->cases);
    if (plan->acknowledged) {
        char text[64];

        snprintf(text, sizeof(text), "%.6f", (double)tally->processor_ns * 1e-9);
        put_raw(&out, &first, "processor_seconds", text);
    }
    put_seconds(&out, &first, "cases_per_second", state->seconds > 0 ? (double)tally->cases / state->seconds : 0);
    put_count(&out, &first, "successes", tally->successes);
    put_name(&out, &first, "walkers");
    WD_JSON_PUT(&out, "[");
    put_walkers(&out, plan, tally);
    WD_JSON_PUT(&out, "]");
    put_name(&out, &first, "waived");
    put_waived(&out, plan, findings);
    put_count(&out, &first, "buckets", findings->count);
    if (whole) {
        put_name(&out, &first, "findings");
        put_findings(&out, plan, findings);
    }
    put_name(&out, &first, "choices");
    put_choices(&out, plan, tally);
    put_name(&out, &first, "coverage");
    put_cells(&out, tally->rules, 0);
    if (whole) {
        put_name(&out, &first, "reached");
        put_cells(&out, (const uint64_t(*)[2][WD_GRANULE_COUNT + 1]) state->reached->by, UINT64_MAX);
    }
    WD_JSON_PUT(&out, "}\n");
    wd_json_end_stream(&out);
}
