/* SPDX-License-Identifier: MIT */
/* The judge: compares an answer with every answer that the architecture permits, and names what differs. */
#include "harness/judge/judge.h"
#include "harness/judge/answer_words.h"
#include "harness/judge/diagnosis.h"
#include "harness/judge/leaves.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

const char *const wd_verdict_names[WD_VERDICT_COUNT] = {
#define WD_V(enumerator, name, finding, text) [WD_VERDICT_##enumerator] = name,
    WD_VERDICTS(WD_V)
#undef WD_V
};

const bool wd_verdict_is_finding[WD_VERDICT_COUNT] = {
#define WD_V(enumerator, name, finding, text) [WD_VERDICT_##enumerator] = finding,
    WD_VERDICTS(WD_V)
#undef WD_V
};

static unsigned aspect(enum wd_aspect which, bool differs)
{
    return (unsigned)differs << which;
}

/* PAR of two successes: what wd_par_mask() leaves, field by field. */
static unsigned successes_differ(uint64_t expected, uint64_t got)
{
    uint64_t differing = (expected ^ got) & wd_par_mask(expected);
    uint64_t named = wd_mask(WD_PAR_EL1_PA_msb, WD_PAR_EL1_PA_lsb) | wd_mask(WD_PAR_EL1_ATTR_msb, WD_PAR_EL1_ATTR_lsb) |
                     wd_mask(WD_PAR_EL1_SH_msb, WD_PAR_EL1_SH_lsb);

    return aspect(WD_ASPECT_PA, WD_GET(differing, PAR_EL1, PA)) |
           aspect(WD_ASPECT_ATTR, WD_GET(differing, PAR_EL1, ATTR)) |
           aspect(WD_ASPECT_SH, WD_GET(differing, PAR_EL1, SH)) | aspect(WD_ASPECT_RES, (differing & ~named) != 0);
}

/* PAR of two faults. */
static unsigned faults_differ(uint64_t expected, uint64_t got)
{
    uint64_t differing = (expected ^ got) & wd_par_mask(expected);
    struct wd_status a = wd_decode_status((unsigned)WD_GET(expected, PAR_EL1_F, FST));
    struct wd_status b = wd_decode_status((unsigned)WD_GET(got, PAR_EL1_F, FST));
    bool same_class = a.class == b.class && (a.class || !WD_GET(differing, PAR_EL1_F, FST));
    uint64_t named = wd_mask(WD_PAR_EL1_F_FST_msb, WD_PAR_EL1_F_FST_lsb) |
                     wd_mask(WD_PAR_EL1_F_S_msb, WD_PAR_EL1_F_S_lsb) |
                     wd_mask(WD_PAR_EL1_F_PTW_msb, WD_PAR_EL1_F_PTW_lsb) |
                     wd_mask(WD_PAR_EL1_F_DirtyBit_msb, WD_PAR_EL1_F_AssuredOnly_lsb);

    return aspect(WD_ASPECT_CLASS, !same_class) | aspect(WD_ASPECT_LEVEL, same_class && a.level != b.level) |
           aspect(WD_ASPECT_S, WD_GET(differing, PAR_EL1_F, S)) |
           aspect(WD_ASPECT_PTW, WD_GET(differing, PAR_EL1_F, PTW)) |
           aspect(WD_ASPECT_BITS_15_12, wd_bits(differing, WD_PAR_EL1_F_DirtyBit_msb, WD_PAR_EL1_F_AssuredOnly_lsb)) |
           aspect(WD_ASPECT_RES, (differing & ~named) != 0);
}

static unsigned exceptions_differ(const struct wd_exception *expected, const struct wd_exception *got)
{
    struct wd_status a = wd_decode_status(expected->fst), b = wd_decode_status(got->fst);
    bool same_class = a.class == b.class && (a.class || expected->fst == got->fst);
    bool ipas = expected->has_ipa && got->has_ipa;

    return aspect(WD_ASPECT_CLASS, !same_class) | aspect(WD_ASPECT_LEVEL, same_class && a.level != b.level) |
           aspect(WD_ASPECT_S, expected->stage2 != got->stage2) | aspect(WD_ASPECT_PTW, expected->s1ptw != got->s1ptw) |
           aspect(WD_ASPECT_IPA, ipas && (expected->ipa ^ got->ipa) >> 12 != 0);
}

/* An exception with the members that the walker does not tell as they are expected. */
static struct wd_exception completed_exception(const struct wd_result *expected, const struct wd_result *got)
{
    struct wd_exception completed = got->exception;
    uint64_t unanswered = got->unanswered;
    uint8_t fst = (uint8_t)WD_GET(unanswered, PAR_EL1_F, FST);

    completed.fst = (completed.fst & ~fst) | (expected->exception.fst & fst);
    if (WD_GET(unanswered, PAR_EL1_F, S))
        completed.stage2 = expected->exception.stage2;
    if (WD_GET(unanswered, PAR_EL1_F, PTW))
        completed.s1ptw = expected->exception.s1ptw;
    return completed;
}

/* Whether two answers come with the same changes of memory: mostly with none. */
static bool change_the_same(const struct wd_result *expected, const struct wd_result *got)
{
    if (expected->changed_count != got->changed_count)
        return false;
    return !expected->changed_count ||
           !memcmp(expected->changed, got->changed, expected->changed_count * sizeof(expected->changed[0]));
}

unsigned wd_answers_differ(const struct wd_result *expected, const struct wd_result *got)
{
    uint64_t par = (got->par & ~got->unanswered) | (expected->par & got->unanswered);
    struct wd_exception exception;
    unsigned differing = aspect(WD_ASPECT_MEM, !change_the_same(expected, got));

    if (expected->answer != got->answer)
        return differing | 1u << WD_ASPECT_F;
    if (expected->answer == WD_ANSWER_EXCEPTION) {
        exception = completed_exception(expected, got);
        return differing | exceptions_differ(&expected->exception, &exception);
    }
    if (expected->answer != WD_ANSWER_PAR)
        return differing;
    if (WD_GET(expected->par ^ got->par, PAR_EL1, F))
        return differing | 1u << WD_ASPECT_F;
    return differing | (WD_GET(expected->par, PAR_EL1, F) ? faults_differ(expected->par, par)
                                                          : successes_differ(expected->par, par));
}

bool wd_answers_equal(const struct wd_result *expected, const struct wd_result *got)
{
    return wd_answers_differ(expected, got) == 0;
}

/* What was found among the permitted answers. */
struct search {
    const struct wd_case *c;
    const struct wd_result *got;
    struct wd_judgement *judgement;
    unsigned best_differing; /* aspects in which the nearest answer differs; 0: it is equal */
    unsigned best_choices;   /* choices that are not at their default in the nearest answer */
    unsigned equal;          /* how many resolutions give the answer */
    uint64_t settled;        /* choices of which it need not be proved that the default is taken */
    uint64_t always[2];      /* choices resolved so in every resolution that gives the answer */
    wd_mistake_set met;      /* mistakes that the walks so far could make */
    bool proves;             /* there is a choice that the answer may prove */
    bool equal_alone;        /* only resolutions that give the answer are looked for */
    bool exhausted;
};

/*
 * Fewer aspects are nearer; of as many, those that come later in the order weigh less. Where one answer is a success
 * and the other is not, nothing else can be compared: no two answers are further apart.
 */
static unsigned distance(unsigned differing)
{
    unsigned weight = 0;

    if (differing >> WD_ASPECT_F & 1)
        return UINT_MAX;
    for (unsigned i = 0; i < WD_ASPECT_COUNT; i++)
        if (differing >> i & 1)
            weight |= 1u << (WD_ASPECT_COUNT - 1 - i);
    return (unsigned)__builtin_popcount(differing) << WD_ASPECT_COUNT | weight;
}

static void consider(struct search *search, const struct wd_leaf_walk *leaf)
{
    unsigned choices;

    search->met |= wd_leaf_mistakes_met(leaf);
    if (!leaf->differing && (search->proves || !search->equal)) {
        uint64_t resolved[2];

        wd_leaf_resolved(leaf, resolved);
        resolved[0] &= ~search->settled;
        for (unsigned side = 0; side < 2; side++)
            search->always[side] = search->equal ? search->always[side] & resolved[side] : resolved[side];
    }
    search->equal += !leaf->differing;
    if (leaf->tried > 1 && leaf->differing != search->best_differing &&
        distance(leaf->differing) >= distance(search->best_differing))
        return;
    choices = wd_leaf_choices(leaf);
    if (leaf->tried == 1 || leaf->differing != search->best_differing || choices < search->best_choices) {
        search->best_differing = leaf->differing;
        search->best_choices = choices;
        search->judgement->resolution = leaf->resolution;
        if (search->equal_alone && !leaf->differing)
            wd_leaf_output(leaf, &search->judgement->expected);
    }
}

/* No resolution can be nearer to the answer than this one, and nothing is to be proved by the others. */
static bool is_found(const struct search *search)
{
    bool proves = search->proves && (search->always[0] | search->always[1]);

    return search->equal && !proves && search->best_choices <= 1;
}

/* Whether a leaf of other attributes that differs so would be nearer to the answer than what was found. */
static bool is_nearer(const struct search *search, const struct wd_leaf_walk *leaf, unsigned differing)
{
    if (differing == search->best_differing)
        return leaf->choices_before_attributes + 1 < search->best_choices;
    return distance(differing) < distance(search->best_differing);
}

/*
 * Whether other attributes of a walk can be a proof, or take one away. Once one of its leaves gave the answer, the
 * others can take away only what is proved of choices that attributes consult.
 */
static bool attributes_prove(const struct search *search, const struct wd_leaf_walk *leaf)
{
    static const uint64_t of_attributes = UINT64_C(1) << WD_CHOICE_S1_EFFECTIVE_SHAREABILITY |
                                          UINT64_C(1) << WD_CHOICE_TRANSIENT_HINT |
                                          UINT64_C(1) << WD_CHOICE_TAGGED_NON_SHAREABLE;

    uint64_t proved = search->always[0] | search->always[1];

    if (leaf->differing_before_attributes || !search->proves || (search->equal && !proved))
        return false;
    return !leaf->equal_leaves || (proved & of_attributes);
}

/* How many choices a leaf of other attributes may have that differs from the answer so, to be nearer to it. */
static unsigned most_of_others(const struct search *search, unsigned differing)
{
    if (differing == search->best_differing)
        return search->best_choices ? search->best_choices - 1 : 0;
    return distance(differing) < distance(search->best_differing) ? UINT_MAX : 0;
}

/* Which other attributes can make a walk nearer to the answer than what was found, or prove something. */
static struct wd_attributes_wanted attributes_wanted(const struct search *search, const struct wd_leaf_walk *leaf)
{
    unsigned differing = leaf->differing_before_attributes, others = UINT_MAX;
    bool prove = attributes_prove(search, leaf);

    if ((search->equal_alone && differing) || (!is_nearer(search, leaf, differing) && !prove))
        return (struct wd_attributes_wanted){.any = false};
    if (search->equal_alone)
        others = 0;
    else if (!(differing >> WD_ASPECT_F & 1))
        others = most_of_others(search, differing | 1u << WD_ASPECT_ATTR);
    return (struct wd_attributes_wanted){
        .any = true, .equal_most = search->equal && !prove ? search->best_choices - 1 : UINT_MAX, .other_most = others};
}

/* Looks at the leaves of the tree of choices. */
static void search_permitted(struct search *search, const struct wd_oracle_output *basis,
                             const struct wd_attribute_source *source, unsigned differing)
{
    struct wd_leaf_walk leaf;

    wd_leaves_begin_at(&leaf, search->c, basis, source, search->got, differing);
    do
        consider(search, &leaf);
    while (!is_found(search) && wd_leaves_next(&leaf, attributes_wanted(search, &leaf)));
    search->exhausted = wd_leaves_exhausted(&leaf);
}

/* Notes what the oracle says of the nearest answer. */
static void note_expected(struct search *search, const struct wd_oracle_output *basis)
{
    struct wd_judgement *j = search->judgement;

    if (search->best_choices)
        wd_oracle(search->c, &j->resolution, NULL, NULL, &j->expected);
    else
        wd_copy_output(&j->expected, basis);
}

/*
 * Takes from what is proved what a walker that has some causes does not prove, however it chooses.
 * @return whether such a walker gives the answer
 */
static bool doubt_by(struct search *search, const struct wd_causes *causes)
{
    struct wd_resolution supposed = {0};
    struct wd_leaf_walk leaf;
    uint64_t resolved[2];
    bool gives = false;

    wd_causes_suppose(causes, &supposed);
    wd_leaves_begin(&leaf, search->c, &supposed, search->got);
    do {
        if (leaf.differing)
            continue;
        gives = true;
        wd_leaf_resolved(&leaf, resolved);
        for (unsigned side = 0; side < 2; side++)
            search->always[side] &= resolved[side];
        if (!(search->always[0] | search->always[1]))
            return true;
    } while (wd_leaves_next(&leaf, wd_equal_attributes(!leaf.differing_before_attributes)));
    search->exhausted |= wd_leaves_exhausted(&leaf);
    return gives;
}

/* Whether what a walker is known for can have a part in any walk of the case. */
static bool may_show(const struct search *search, const struct wd_causes *known)
{
    uint64_t checks = 0;

    for (unsigned i = 0; i < WD_RULE_WORDS; i++)
        checks |= known->left_out[0][i] | known->left_out[1][i];
    return checks || (search->met & known->mistakes);
}

/*
 * A walker that is known for something may answer as another resolution would let it answer, only for what it is known
 * for: then the answer proves nothing. So its resolutions too must agree on what is proved. Where it does not answer as
 * one does that has all of that at once, each alone may be what shows.
 */
static void doubt_proofs(struct search *search, const struct wd_causes *known)
{
    if (!(search->always[0] | search->always[1]) || !may_show(search, known) || doubt_by(search, known))
        return;
    for (unsigned number = 0; number < WD_CAUSE_COUNT; number++) {
        struct wd_causes one = {0};

        wd_causes_add(&one, number);
        if (wd_causes_have(known, number))
            doubt_by(search, &one);
    }
}

/* What the answer proves. Of a tree of choices that was not seen as a whole nothing can be said. */
static void note_proofs(struct search *search, const struct wd_causes *known)
{
    if (!search->exhausted && !wd_causes_empty(known))
        doubt_proofs(search, known);
    for (unsigned side = 0; side < 2 && !search->exhausted; side++)
        search->judgement->proved[side] = search->always[side];
}

/* Appends what there is room for. @return the length so far */
static size_t append(char *text, size_t used, size_t size, const char *more)
{
    size_t length = strlen(more), room = size - 1 - used;

    if (length > room)
        length = room;
    memcpy(text + used, more, length);
    text[used + length] = '\0';
    return used + length;
}

/* Names the choices that are not at their default: of every permitted answer of a run, so it is not printed. */
static void name_choices(const struct wd_resolution *resolution, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < WD_CHOICE_COUNT; i++) {
        if (!resolution->option[i])
            continue;
        used = append(text, used, size, used ? "; " : "");
        used = append(text, used, size, wd_choices[i].name);
        used = append(text, used, size, ": ");
        used = append(text, used, size, wd_choice_option(i, resolution->option[i]));
    }
}

static bool has_open_choice(const struct wd_oracle_output *basis, uint64_t settled)
{
    uint64_t resolved[2];

    wd_output_resolved(basis, resolved);
    return ((resolved[0] | resolved[1]) & ~settled) != 0;
}

static void judge_difference(struct search *search, const struct wd_causes *known)
{
    const struct wd_result *got = search->got;
    struct wd_judgement *j = search->judgement;
    const struct wd_difference difference = {
        .c = search->c, .got = got, .resolution = &j->resolution, .expected = &j->expected, .known = known};
    unsigned first = (unsigned)__builtin_ctz(search->best_differing);
    bool exception = j->expected.result.answer == WD_ANSWER_EXCEPTION || got->answer == WD_ANSWER_EXCEPTION ||
                     j->expected.result.answer == WD_ANSWER_UNDEFINED || got->answer == WD_ANSWER_UNDEFINED;
    struct wd_cause cause;

    j->verdict = exception ? WD_VERDICT_EXCEPTION_MISMATCH : WD_VERDICT_DEVIATION;
    cause = wd_diagnose(&difference, &j->supposed);
    j->explained = j->has_cause = cause.rule != WD_RULE_NONE;
    j->cause = cause.number;
    j->also = cause.also;
    j->also_check = cause.also_check;
    j->rule = cause.rule ? cause.rule : j->expected.aspect_rule[first];
    wd_name_difference(search->c, &j->expected, got, first, j->rule, &cause, j->signature, j->title);
}

/* A walker that asks for the instruction again, though no case needs it, may have a cause that is known. */
static void judge_retry(const struct wd_case *c, const struct wd_result *got, const struct wd_causes *known,
                        struct wd_judgement *j)
{
    const struct wd_difference difference = {
        .c = c, .got = got, .resolution = &j->resolution, .expected = &j->expected, .known = known};
    struct wd_cause cause = wd_diagnose(&difference, &j->supposed);

    if (!cause.rule)
        return;
    j->explained = true;
    j->rule = cause.rule;
    j->has_cause = true;
    j->cause = cause.number;
    j->also = cause.also;
    j->also_check = cause.also_check;
    wd_cause_signature(&cause, j->signature, WD_SIGNATURE_MAX);
}

/* Verdicts that need no comparison. @return false: compare */
static bool judge_without_answer(const struct wd_case *c, const struct wd_oracle_output *basis,
                                 const struct wd_result *got, const struct wd_causes *known, struct wd_judgement *j)
{
    static const uint8_t verdicts[] = {[WD_ANSWER_UNSUPPORTED] = WD_VERDICT_UNSUPPORTED,
                                       [WD_ANSWER_RETRY] = WD_VERDICT_RETRY,
                                       [WD_ANSWER_CRASH] = WD_VERDICT_CRASH,
                                       [WD_ANSWER_HANG] = WD_VERDICT_HANG};

    j->rule = basis->rule;
    if (got->answer >= WD_ANSWER_UNSUPPORTED) {
        j->verdict = verdicts[got->answer];
        if (j->verdict != WD_VERDICT_UNSUPPORTED) {
            wd_copy_output(&j->expected, basis);
            wd_name_no_answer(c, basis, got, j->signature, j->title);
        }
        if (wd_tells_place(got))
            j->rule = WD_RULE_NONE;
        if (j->verdict == WD_VERDICT_RETRY)
            judge_retry(c, got, known, j);
        return true;
    }
    if (basis->result.answer == WD_ANSWER_UNSUPPORTED) {
        j->verdict = WD_VERDICT_UNSUPPORTED;
        return true;
    }
    return false;
}

void wd_judge(const struct wd_case *c, const struct wd_oracle_output *basis, const struct wd_result *got,
              uint64_t settled, struct wd_judgement *judgement)
{
    static const struct wd_causes nothing;

    wd_judge_known(c, basis, got, settled, &nothing, judgement);
}

static void begin_judgement(struct wd_judgement *j)
{
    j->resolution = (struct wd_resolution){0};
    j->choice[0] = j->signature[0] = j->title[0] = '\0';
    j->proved[0] = j->proved[1] = 0;
    j->has_cause = j->explained = false;
    j->recalled = NULL;
    j->cause = WD_CAUSE_NONE;
    j->also = 0;
    j->also_check = WD_CAUSE_NONE;
}

/* Of an answer that is right, what a warning makes of it. */
static void judge_warning(const struct wd_case *c, const struct wd_result *got, struct wd_judgement *j)
{
    if (!got->warning_count)
        return;
    j->verdict = WD_VERDICT_WARN;
    j->rule = WD_RULE_NONE; /* its cause is where the walker's code warns */
    wd_name_no_answer(c, &j->expected, got, j->signature, j->title);
}

static void judge_as_permitted(const struct search *search)
{
    struct wd_judgement *j = search->judgement;

    j->verdict = WD_VERDICT_PERMITTED;
    name_choices(&j->resolution, j->choice, sizeof j->choice);
    judge_warning(search->c, search->got, j);
}

/*
 * Whether what is known of a walker, as far as it matters to proofs, can be met in walks only: then leaves that differ
 * in attributes and cannot give the answer need not be seen.
 */
static bool is_about_walks(const struct wd_causes *known)
{
    const wd_mistake_set of_attributes = wd_mistakes_of_attributes | wd_mistake_bit(WD_MISTAKE_FWB_AND_CD_IGNORED);

    return !(known->mistakes & of_attributes);
}

bool wd_judge_permitted(const struct wd_wrong_answer *wrong, struct wd_judgement *j)
{
    struct search search = {.c = wrong->c,
                            .got = wrong->got,
                            .judgement = j,
                            .settled = wrong->settled,
                            .proves = has_open_choice(wrong->basis, 0),
                            .equal_alone = is_about_walks(wrong->known)};

    if (wd_cannot_be_permitted(wrong->c, wrong->basis, wrong->got, wrong->differing))
        return false;
    begin_judgement(j);
    j->rule = wrong->basis->rule;
    search_permitted(&search, wrong->basis, wrong->source, wrong->differing);
    if (!search.equal && !search.exhausted)
        return false;
    j->verdict = WD_VERDICT_UNSUPPORTED;
    if (!search.equal)
        return true;
    if (!search.equal_alone)
        note_expected(&search, wrong->basis);
    if (search.proves)
        note_proofs(&search, wrong->known);
    judge_as_permitted(&search);
    return true;
}

void wd_judge_known(const struct wd_case *c, const struct wd_oracle_output *basis, const struct wd_result *got,
                    uint64_t settled, const struct wd_causes *known, struct wd_judgement *j)
{
    struct search search = {
        .c = c, .got = got, .judgement = j, .settled = settled, .proves = has_open_choice(basis, 0)};
    unsigned differing;

    begin_judgement(j);
    if (judge_without_answer(c, basis, got, known, j))
        return;

    differing = wd_answers_differ(&basis->result, got);
    j->verdict = WD_VERDICT_AGREE;
    if (differing || has_open_choice(basis, settled)) {
        search_permitted(&search, basis, NULL, differing);
        note_expected(&search, basis);
        if (search.exhausted && !search.equal) {
            j->verdict = WD_VERDICT_UNSUPPORTED;
            return;
        }
        if (search.proves)
            note_proofs(&search, known);
    }
    if (differing && search.best_differing) {
        judge_difference(&search, known);
    } else if (differing) {
        judge_as_permitted(&search);
    } else if (got->warning_count) {
        wd_copy_output(&j->expected, basis);
        judge_warning(c, got, j);
    }
}
