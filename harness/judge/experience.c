/* SPDX-License-Identifier: MIT */
#include "harness/judge/experience.h"

#include <stdlib.h>
#include <string.h>

#include "harness/judge/answer_words.h"
#include "harness/judge/character.h"
#include "harness/judge/leaves.h"

enum {
    FIRST_PLACES = 64,  /* in the table of kinds */
    LINE = 64,          /* of the processor's cache */
    KNOWN_MAX = 64,     /* sets of causes that the walker is known for, one for each kind of case */
    ANSWERS_MAX = 4096, /* explanations: more are not learned */
    TRIED_MAX = 12,     /* explanations that are tried as they are */
    CLIMBED_MAX = 4,    /* and with other choices, in so many leaves of the tree of choices */
    LEAVES_MAX = 24,
    HOPEFUL_MAX = 256, /* leaves more, of the same walk and likely to explain: they differ in attributes alone */
};

/* Wrong answers of one kind are likely to be explained alike. Packed by pack() into a number that is not 0. */
struct kind {
    unsigned rule;        /* that decided the right answer */
    unsigned differing;   /* aspects, bit set */
    unsigned fault_stage; /* of the right answer */
    unsigned answer;      /* enum wd_answer, of the walker */
    unsigned is_fault;    /* that answer */
    unsigned fault;       /* enum wd_fault_class of it */
    unsigned known;       /* which set of causes */
    unsigned expected;    /* enum wd_answer, of the right answer */
};

/*
 * What explained an answer: no more than a line of the cache, since what one judgement needs the next seldom does. What
 * many of them have in common they point to.
 */
struct explanation {
    wd_mistake_set mistakes; /* of `supposed` */
    wd_mistake_set also;
    const struct wd_resolution *supposed; /* of the walker, with its choices; these alone, if the answer is permitted */
    const char *text;                     /* the signature; of what is permitted the choices */
    uint32_t count;                       /* wrong answers that it was found for */
    uint16_t rule, cause, also_check;
    uint8_t verdict;
    bool has_cause : 1;
    bool of_mistakes : 1;     /* mistakes alone are supposed */
    bool always_possible : 1; /* whatever mistakes the walk can make: see is_possible() */
};

_Static_assert(sizeof(struct explanation) == LINE, "an explanation is a line of the cache");

/* The explanations of a kind, in the order in which they are tried. */
struct group {
    uint64_t kind; /* 0: none */
    struct explanation *explanations;
    uint32_t count, room;
};

struct wd_experience {
    struct group *groups; /* each in the first free place from that of its kind on; half of the places are free */
    unsigned places, group_count;
    unsigned count; /* of the explanations */
    struct wd_resolution *resolutions[ANSWERS_MAX];
    char *texts[ANSWERS_MAX];
    unsigned resolution_count, text_count;
    struct wd_causes known[KNOWN_MAX];
    unsigned known_count;
    struct wd_character *character;
};

void wd_experience_free(struct wd_experience *experience)
{
    if (!experience)
        return;
    for (unsigned i = 0; experience->groups && i < experience->places; i++)
        free(experience->groups[i].explanations);
    for (unsigned i = 0; i < experience->resolution_count; i++)
        free(experience->resolutions[i]);
    for (unsigned i = 0; i < experience->text_count; i++)
        free(experience->texts[i]);
    free(experience->groups);
    wd_character_free(experience->character);
    free(experience);
}

struct wd_experience *wd_experience_new(void)
{
    struct wd_experience *experience = calloc(1, sizeof(struct wd_experience));

    if (!experience)
        return NULL;
    experience->places = FIRST_PLACES;
    experience->groups = calloc(FIRST_PLACES, sizeof(*experience->groups));
    experience->character = wd_character_new();
    if (experience->groups && experience->character)
        return experience;
    wd_experience_free(experience);
    return NULL;
}

/* ---------------------------------------------------------------- kinds */

/* The number of a set of causes; KNOWN_MAX if it was not learned. */
static unsigned number_of_known(const struct wd_experience *experience, const struct wd_causes *known)
{
    unsigned i = 0;

    while (i < experience->known_count && memcmp(&experience->known[i], known, sizeof(*known)) != 0)
        i++;
    return i < experience->known_count ? i : KNOWN_MAX;
}

/* Whether a permitted answer may prove how an IMPLEMENTATION DEFINED choice is resolved: the judge must look at it. */
static bool may_prove(const struct wd_oracle_output *basis)
{
    uint64_t resolved[2];

    wd_output_resolved(basis, resolved);
    return resolved[0] | resolved[1];
}

static uint64_t pack(const struct kind *kind)
{
    uint64_t packed = kind->rule;

    packed = packed << 16 | kind->differing;
    packed = packed << 7 | kind->known;
    packed = packed << 4 | kind->answer;
    packed = packed << 4 | kind->expected;
    packed = packed << 4 | kind->fault;
    packed = packed << 2 | kind->fault_stage;
    return packed << 1 | kind->is_fault;
}

_Static_assert(WD_ASPECT_COUNT <= 16 && KNOWN_MAX <= 128 && WD_FAULT_CLASS_COUNT <= 16 && WD_ANSWER_HANG < 16 &&
                   WD_RULE_COUNT < 1 << 16,
               "a kind has room for them");

/* @return 0: no answer of this kind was learned */
static uint64_t kind_of(const struct wd_experience *experience, const struct wd_wrong_answer *wrong)
{
    const struct wd_result *got = wrong->got;
    bool is_par = got->answer == WD_ANSWER_PAR, is_fault = is_par && WD_GET(got->par, PAR_EL1, F);
    unsigned known = number_of_known(experience, wrong->known), status = 0;

    if (known == KNOWN_MAX || !(wrong->differing || got->answer > WD_ANSWER_UNDEFINED) ||
        wrong->basis->result.answer == WD_ANSWER_UNSUPPORTED)
        return 0;
    if (got->answer == WD_ANSWER_EXCEPTION)
        status = got->exception.fst;
    else if (is_fault)
        status = (unsigned)WD_GET(got->par, PAR_EL1_F, FST);
    return pack(&(struct kind){.rule = wrong->basis->rule,
                               .differing = wrong->differing,
                               .fault_stage = wrong->basis->fault_stage,
                               .answer = got->answer,
                               .is_fault = is_fault,
                               .fault = wd_decode_status(status).fault,
                               .known = known,
                               .expected = wrong->basis->result.answer});
}

/* The explanations of a kind, or the place where they belong. */
static struct group *group_of(struct group *groups, unsigned places, uint64_t kind)
{
    unsigned place = (unsigned)(kind * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (places - 1);

    while (groups[place].kind && groups[place].kind != kind)
        place = (place + 1) & (places - 1);
    return &groups[place];
}

/* ---------------------------------------------------------------- learning */

static bool suppose_the_same(const struct wd_resolution *a, const struct wd_resolution *b)
{
    return a->mistakes == b->mistakes && !memcmp(a->left_out, b->left_out, sizeof(a->left_out)) &&
           !memcmp(a->raised, b->raised, sizeof(a->raised));
}

static bool resolve_the_same(const struct wd_resolution *a, const struct wd_resolution *b)
{
    return suppose_the_same(a, b) && !memcmp(a->option, b->option, sizeof(a->option));
}

static bool supposes_mistakes_alone(const struct wd_resolution *supposed)
{
    uint64_t checks = 0;

    for (unsigned stage = 0; stage < 2; stage++)
        for (unsigned i = 0; i < WD_RULE_WORDS; i++)
            checks |= supposed->left_out[stage][i] | supposed->raised[stage][i];
    return !checks && supposed->mistakes;
}

static bool learn_known(struct wd_experience *experience, const struct wd_causes *known)
{
    if (number_of_known(experience, known) < KNOWN_MAX)
        return true;
    if (experience->known_count == KNOWN_MAX)
        return false;
    experience->known[experience->known_count++] = *known;
    return true;
}

/* One more answer that an explanation was found for; what else explains must explain them all. */
static void confirm(struct explanation *explanation, const struct wd_judgement *judgement)
{
    explanation->count++;
    explanation->also &= judgement->also;
    if (explanation->also_check != judgement->also_check)
        explanation->also_check = WD_CAUSE_NONE;
}

/* What gives an answer. @return false: nothing that can be learned */
static bool find_supposed(const struct wd_wrong_answer *wrong, const struct wd_judgement *judgement,
                          struct wd_resolution *supposed)
{
    *supposed = judgement->resolution;
    if (judgement->verdict == WD_VERDICT_PERMITTED)
        return !may_prove(wrong->basis);
    *supposed = judgement->supposed;
    return judgement->explained && wd_find_leaf(wrong->c, wrong->got, supposed);
}

/*
 * Whether an explanation may be one of any answer of its kind: it is a check that is wrongly made, or has the check by
 * which the right answer ends left out.
 */
static bool is_always_possible(const struct wd_resolution *supposed, unsigned cause,
                               const struct wd_oracle_output *basis)
{
    const unsigned stage = basis->fault_stage, rule = basis->rule;

    return !cause || (stage && (supposed->left_out[stage - 1][rule / 64] >> rule % 64 & 1));
}

/* Puts an explanation behind the others of its kind. @return false when out of memory */
static bool append_to(struct group *group, const struct explanation *explanation)
{
    if (group->count == group->room) {
        const uint32_t room = group->room ? 2 * group->room : 1;
        struct explanation *grown = aligned_alloc(LINE, room * sizeof(*grown));

        if (!grown)
            return false;
        for (uint32_t i = 0; i < group->count; i++)
            grown[i] = group->explanations[i];
        free(group->explanations);
        group->explanations = grown;
        group->room = room;
    }
    group->explanations[group->count++] = *explanation;
    return true;
}

/* Makes room for one more kind. @return false when out of memory */
static bool reserve_group(struct wd_experience *experience)
{
    const unsigned places = 2 * experience->places;
    struct group *groups;

    if (2 * (experience->group_count + 1) <= experience->places)
        return true;
    groups = calloc(places, sizeof(*groups));
    if (!groups)
        return false;
    for (unsigned i = 0; i < experience->places; i++)
        if (experience->groups[i].kind)
            *group_of(groups, places, experience->groups[i].kind) = experience->groups[i];
    free(experience->groups);
    experience->groups = groups;
    experience->places = places;
    return true;
}

/* The one resolution like this that explanations point to. @return NULL when out of memory */
static const struct wd_resolution *keep_resolution(struct wd_experience *experience,
                                                   const struct wd_resolution *resolution)
{
    struct wd_resolution *kept;

    for (unsigned i = 0; i < experience->resolution_count; i++) {
        kept = experience->resolutions[i];
        if (kept->supposes == resolution->supposes && resolve_the_same(kept, resolution))
            return kept;
    }
    kept = malloc(sizeof(*kept));
    if (!kept)
        return NULL;
    *kept = *resolution;
    return experience->resolutions[experience->resolution_count++] = kept;
}

/* The same of a text. */
static const char *keep_text(struct wd_experience *experience, const char *text)
{
    char *kept;

    for (unsigned i = 0; i < experience->text_count; i++)
        if (!strcmp(experience->texts[i], text))
            return experience->texts[i];
    kept = strdup(text);
    if (!kept)
        return NULL;
    return experience->texts[experience->text_count++] = kept;
}

/* The explanation of a group that says the same; NULL: there is none. */
static struct explanation *find_same(const struct group *group, const struct wd_resolution *supposed, uint8_t verdict,
                                     const char *text)
{
    for (uint32_t i = 0; i < group->count; i++) {
        struct explanation *e = &group->explanations[i];

        if (resolve_the_same(e->supposed, supposed) && e->verdict == verdict && !strcmp(e->text, text))
            return e;
    }
    return NULL;
}

bool wd_experience_learn(struct wd_experience *experience, const struct wd_wrong_answer *wrong,
                         const struct wd_judgement *judgement)
{
    const char *text = judgement->verdict == WD_VERDICT_PERMITTED ? judgement->choice : judgement->signature;
    struct wd_resolution supposed;
    struct explanation *same, explanation;
    struct group *group;
    uint64_t kind;

    if (judgement->verdict != WD_VERDICT_PERMITTED && judgement->explained &&
        !wd_character_note(experience->character, wrong->c, wrong->got, judgement))
        return false;
    if (!learn_known(experience, wrong->known) || !(kind = kind_of(experience, wrong)) ||
        !find_supposed(wrong, judgement, &supposed))
        return true;
    same = find_same(group_of(experience->groups, experience->places, kind), &supposed, judgement->verdict, text);
    if (same) {
        confirm(same, judgement);
        return true;
    }
    if (experience->count == ANSWERS_MAX)
        return true;
    explanation =
        (struct explanation){.mistakes = supposed.mistakes,
                             .also = judgement->also,
                             .supposed = keep_resolution(experience, &supposed),
                             .text = keep_text(experience, text),
                             .count = 1,
                             .rule = judgement->rule,
                             .cause = judgement->cause,
                             .also_check = judgement->also_check,
                             .verdict = judgement->verdict,
                             .has_cause = judgement->has_cause,
                             .of_mistakes = supposes_mistakes_alone(&supposed),
                             .always_possible = is_always_possible(&supposed, judgement->cause, wrong->basis)};
    if (!explanation.supposed || !explanation.text || !reserve_group(experience))
        return false;
    group = group_of(experience->groups, experience->places, kind);
    if (!append_to(group, &explanation))
        return false;
    experience->group_count += !group->kind;
    group->kind = kind;
    experience->count++;
    return true;
}

/* Moves the explanations that were found more often to the front, those found as often stay in order. */
static void sort(struct group *group)
{
    for (uint32_t i = 1; i < group->count; i++) {
        const struct explanation moved = group->explanations[i];
        uint32_t to = i;

        for (; to && group->explanations[to - 1].count < moved.count; to--)
            group->explanations[to] = group->explanations[to - 1];
        group->explanations[to] = moved;
    }
}

void wd_experience_settle(struct wd_experience *experience)
{
    for (unsigned i = 0; i < experience->places; i++)
        sort(&experience->groups[i]);
    wd_character_settle(experience->character);
}

/* ---------------------------------------------------------------- judging */

/* Whether the judge must look at the answer itself, if it is permitted. */
static bool must_be_seen(const struct wd_wrong_answer *wrong)
{
    return wrong->got->warning_count || may_prove(wrong->basis);
}

/* What was supposed in vain of one answer. Another supposition that no walk could tell from it need not be tried. */
struct failures {
    unsigned count;
    struct failure {
        const struct wd_resolution *supposed;
        wd_mistake_set met; /* mistakes that the walk could make */
        unsigned consulted_count;
        struct wd_consulted consulted[WD_CHOICE_COUNT]; /* by it */
    } failure[2 * TRIED_MAX];
};

/* Whether what two suppose makes no difference to walks that could make some mistakes alone. */
static bool makes_no_difference(const struct wd_resolution *a, const struct wd_resolution *b, wd_mistake_set met)
{
    return !((a->mistakes ^ b->mistakes) & met) && a->supposes == b->supposes && !a->mistakes == !b->mistakes &&
           !memcmp(a->left_out, b->left_out, sizeof(a->left_out)) && !memcmp(a->raised, b->raised, sizeof(a->raised));
}

/* Whether a resolution resolves what a walk consulted as that was resolved. */
static bool resolves_the_same(const struct wd_resolution *resolution, const struct failure *failure)
{
    for (unsigned i = 0; i < failure->consulted_count; i++) {
        const struct wd_consulted *consulted = &failure->consulted[i];
        unsigned option = resolution->option[consulted->choice];

        if (option != consulted->option && option < consulted->options)
            return false;
    }
    return true;
}

static bool has_failed(const struct failures *failures, const struct wd_resolution *supposed)
{
    for (unsigned i = 0; i < failures->count; i++)
        if (makes_no_difference(failures->failure[i].supposed, supposed, failures->failure[i].met) &&
            resolves_the_same(supposed, &failures->failure[i]))
            return true;
    return false;
}

static void note_failure(struct failures *failures, const struct wd_resolution *supposed,
                         const struct wd_oracle_output *output)
{
    struct failure *failure = &failures->failure[failures->count++];

    failure->supposed = supposed;
    failure->met = output->mistakes_met;
    failure->consulted_count = output->consulted_count;
    memcpy(failure->consulted, output->consulted, output->consulted_count * sizeof(output->consulted[0]));
}

/* Whether a walk is the same under what an explanation supposes, up to the attributes that it reports. */
static bool differs_in_attributes(const struct explanation *explanation, const struct wd_wrong_answer *wrong)
{
    const struct wd_oracle_output *basis = wrong->basis;

    if (!explanation->of_mistakes || !wrong->source || basis->rule != WD_RULE_SUCCESS ||
        (explanation->mistakes & basis->mistakes_met & ~wd_mistakes_of_attributes))
        return false;
    for (unsigned i = 0; i < basis->consulted_count; i++) {
        unsigned choice = basis->consulted[i].choice;

        if (!(basis->attribute_choices >> choice & 1) && explanation->supposed->option[choice])
            return false;
    }
    return true;
}

/* Whether a walker that is supposed to be so gives the answer, with the choices of the explanation. */
static bool explains(const struct explanation *explanation, const struct wd_wrong_answer *wrong,
                     struct failures *failures, struct wd_oracle_output *output)
{
    if (has_failed(failures, explanation->supposed))
        return false;
    if (differs_in_attributes(explanation, wrong))
        wd_output_with_attributes(wrong->basis, wrong->source, explanation->supposed, output);
    else
        wd_oracle(wrong->c, explanation->supposed, NULL, NULL, output);
    if (wd_answers_equal(&output->result, wrong->got))
        return true;
    note_failure(failures, explanation->supposed, output);
    return false;
}

/*
 * Goes on with a climb that took too many leaves, but only among those of the walk that it has come to: a reserved
 * encoding in MAIR and one in stage 2 have thousands of combinations, which cost little.
 */
static bool hopeful_leaf_explains(struct wd_leaf_walk *leaf)
{
    const unsigned walks = leaf->walks;
    unsigned leaves = 0;

    while (leaf->success && ++leaves < HOPEFUL_MAX &&
           wd_leaves_next(leaf, wd_hopeful_attributes(!leaf->differing_before_attributes)) && leaf->walks == walks)
        if (!leaf->differing)
            return true;
    return false;
}

/*
 * Whether a walker that is supposed to be so gives the answer with other choices, if it takes few.
 * @param met  receives the mistakes that the walks could make
 */
static bool some_leaf_explains(const struct wd_resolution *supposed, const struct wd_wrong_answer *wrong,
                               wd_mistake_set *met)
{
    struct wd_leaf_walk leaf;
    unsigned leaves = 0;

    *met = 0;
    wd_leaves_begin(&leaf, wrong->c, supposed, wrong->got);
    do {
        if (!leaf.differing)
            return true;
        *met |= wd_leaf_mistakes_met(&leaf);
        if (++leaves == LEAVES_MAX)
            return hopeful_leaf_explains(&leaf);
    } while (wd_leaves_next(&leaf, wd_equal_attributes(!leaf.differing_before_attributes)));
    return false;
}

/* Whether an explanation before this one in the group supposes the same. */
static bool is_tried(const struct group *group, uint32_t which)
{
    for (uint32_t i = 0; i < which; i++)
        if (suppose_the_same(group->explanations[i].supposed, group->explanations[which].supposed))
            return true;
    return false;
}

/*
 * Whether an explanation can be one of this answer: it begins with a mistake that the walk can make, or with the check
 * by which it ends left out.
 */
static bool is_possible(const struct explanation *explanation, const struct wd_oracle_output *basis)
{
    return (explanation->mistakes & basis->mistakes_met) || explanation->always_possible;
}

/* The same where other choices were taken when the explanation was learned, of those that suppose something else. */
static const struct explanation *find_with_other_choices(const struct group *group, const struct wd_wrong_answer *wrong)
{
    const struct wd_resolution *climbed[CLIMBED_MAX];
    wd_mistake_set met[CLIMBED_MAX];
    unsigned tried = 0, climbs = 0;

    for (uint32_t k = 0; k < group->count && tried < CLIMBED_MAX; k++) {
        const struct explanation *e = &group->explanations[k];
        bool again = false;

        if (e->verdict == WD_VERDICT_PERMITTED || is_tried(group, k))
            continue;
        tried++;
        for (unsigned i = 0; i < climbs; i++)
            again = again || makes_no_difference(climbed[i], e->supposed, met[i]);
        if (again)
            continue;
        climbed[climbs] = e->supposed;
        if (some_leaf_explains(e->supposed, wrong, &met[climbs++]))
            return e;
    }
    return NULL;
}

/* @param seen  must_be_seen() of the answer */
static const struct explanation *find_explanation(const struct group *group, const struct wd_wrong_answer *wrong,
                                                  bool seen, struct wd_oracle_output *output)
{
    struct failures failures;
    unsigned tried = 0;

    failures.count = 0;
    for (unsigned possible = 2; possible-- > 0; tried = 0)
        for (uint32_t i = 0; i < group->count && tried < TRIED_MAX; i++) {
            const struct explanation *e = &group->explanations[i];

            if (is_possible(e, wrong->basis) != possible)
                continue;
            tried++;
            if (!(e->verdict == WD_VERDICT_PERMITTED && seen) && explains(e, wrong, &failures, output))
                return e;
        }
    return find_with_other_choices(group, wrong);
}

/* Whether the architecture permits the answer, or there are too many leaves to say so. */
static bool may_be_permitted(const struct wd_wrong_answer *wrong)
{
    struct wd_leaf_walk leaf;

    if (wd_cannot_be_permitted(wrong->c, wrong->basis, wrong->got, wrong->differing))
        return false;
    wd_leaves_begin_at(&leaf, wrong->c, wrong->basis, wrong->source, wrong->got, wrong->differing);
    do {
        if (!leaf.differing)
            return true;
    } while (wd_leaves_next(&leaf, wd_equal_attributes(!leaf.differing_before_attributes)));
    return wd_leaves_exhausted(&leaf);
}

static void judge_by(const struct explanation *explanation, struct wd_judgement *judgement)
{
    judgement->recalled = explanation;
    judgement->proved[0] = judgement->proved[1] = 0;
    judgement->choice[0] = judgement->signature[0] = judgement->title[0] = '\0';
    judgement->verdict = explanation->verdict;
    judgement->rule = explanation->rule;
    judgement->has_cause = explanation->has_cause;
    judgement->cause = explanation->cause;
    judgement->also = explanation->also;
    judgement->also_check = explanation->also_check;
    if (explanation->verdict == WD_VERDICT_PERMITTED) {
        judgement->resolution = *explanation->supposed;
        strcpy(judgement->choice, explanation->text);
        return;
    }
    strcpy(judgement->signature, explanation->text);
}

/* The same where no answer like it was learned, by what was learned of others, together. */
static bool judge_by_character(const struct wd_experience *experience, const struct wd_wrong_answer *wrong, bool seen,
                               struct wd_judgement *judgement)
{
    return (seen || !may_be_permitted(wrong)) &&
           wd_character_judge(experience->character, wrong->c, wrong->basis, wrong->got, wrong->known, judgement);
}

bool wd_experience_judge(const struct wd_experience *experience, const struct wd_wrong_answer *wrong,
                         struct wd_judgement *judgement)
{
    uint64_t kind = kind_of(experience, wrong);
    const struct explanation *explanation;
    bool seen;

    if (!kind)
        return false;
    seen = must_be_seen(wrong);
    if (seen && wd_judge_permitted(wrong, judgement))
        return true;
    explanation =
        find_explanation(group_of(experience->groups, experience->places, kind), wrong, seen, &judgement->expected);
    if (!explanation)
        return judge_by_character(experience, wrong, seen, judgement);
    if (explanation->verdict != WD_VERDICT_PERMITTED && !seen && may_be_permitted(wrong))
        return false;
    judge_by(explanation, judgement);
    return true;
}
