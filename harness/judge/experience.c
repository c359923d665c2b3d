/* SPDX-License-Identifier: MIT */
#include "harness/judge/experience.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/judge/answer_words.h"
#include "harness/judge/character.h"
#include "harness/judge/leaves.h"

enum {
    SLOTS = 1 << 12,
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

struct explanation {
    uint64_t kind;
    struct explanation *next;
    struct wd_resolution supposed; /* of the walker, with its choices; these alone, if the answer is permitted */
    uint16_t rule, cause, also_check;
    uint8_t verdict;
    bool has_cause;
    bool of_mistakes; /* mistakes alone are supposed */
    wd_mistake_set also;
    char text[WD_SIGNATURE_MAX]; /* the signature; of what is permitted the choices */
    uint32_t count;              /* wrong answers that it was found for */
};

struct wd_experience {
    struct explanation *slots[SLOTS];
    unsigned count;
    struct wd_causes known[KNOWN_MAX];
    unsigned known_count;
    struct wd_character *character;
};

struct wd_experience *wd_experience_new(void)
{
    struct wd_experience *experience = calloc(1, sizeof(struct wd_experience));

    if (experience && !(experience->character = wd_character_new())) {
        free(experience);
        return NULL;
    }
    return experience;
}

void wd_experience_free(struct wd_experience *experience)
{
    if (!experience)
        return;
    for (unsigned i = 0; i < SLOTS; i++)
        for (struct explanation *e = experience->slots[i], *next; e; e = next) {
            next = e->next;
            free(e);
        }
    wd_character_free(experience->character);
    free(experience);
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

static unsigned slot_of(uint64_t kind)
{
    return (unsigned)(kind * UINT64_C(0x9e3779b97f4a7c15) >> 52) % SLOTS;
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

bool wd_experience_learn(struct wd_experience *experience, const struct wd_wrong_answer *wrong,
                         const struct wd_judgement *judgement)
{
    const char *text = judgement->verdict == WD_VERDICT_PERMITTED ? judgement->choice : judgement->signature;
    struct wd_resolution supposed;
    struct explanation **place, *explanation;
    uint64_t kind;

    if (judgement->verdict != WD_VERDICT_PERMITTED && judgement->explained &&
        !wd_character_note(experience->character, wrong->c, wrong->got, judgement))
        return false;
    if (!learn_known(experience, wrong->known) || !(kind = kind_of(experience, wrong)) ||
        !find_supposed(wrong, judgement, &supposed))
        return true;
    for (place = &experience->slots[slot_of(kind)]; *place; place = &(*place)->next)
        if ((*place)->kind == kind && resolve_the_same(&(*place)->supposed, &supposed) &&
            (*place)->verdict == judgement->verdict && !strcmp((*place)->text, text)) {
            confirm(*place, judgement);
            return true;
        }
    if (experience->count == ANSWERS_MAX)
        return true;
    explanation = malloc(sizeof(*explanation));
    if (!explanation)
        return false;
    *explanation = (struct explanation){.kind = kind,
                                        .supposed = supposed,
                                        .rule = judgement->rule,
                                        .cause = judgement->cause,
                                        .also_check = judgement->also_check,
                                        .verdict = judgement->verdict,
                                        .has_cause = judgement->has_cause,
                                        .of_mistakes = supposes_mistakes_alone(&supposed),
                                        .also = judgement->also,
                                        .count = 1};
    snprintf(explanation->text, sizeof(explanation->text), "%s", text);
    *place = explanation;
    experience->count++;
    return true;
}

/* Moves the explanations that were found more often to the front, those found as often stay in order. */
static struct explanation *sorted(struct explanation *list)
{
    struct explanation *result = NULL;

    while (list) {
        struct explanation *moved = list, **place = &result;

        list = list->next;
        while (*place && (*place)->count >= moved->count)
            place = &(*place)->next;
        moved->next = *place;
        *place = moved;
    }
    return result;
}

void wd_experience_settle(struct wd_experience *experience)
{
    for (unsigned i = 0; i < SLOTS; i++)
        experience->slots[i] = sorted(experience->slots[i]);
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
        (explanation->supposed.mistakes & basis->mistakes_met & ~wd_mistakes_of_attributes))
        return false;
    for (unsigned i = 0; i < basis->consulted_count; i++) {
        unsigned choice = basis->consulted[i].choice;

        if (!(basis->attribute_choices >> choice & 1) && explanation->supposed.option[choice])
            return false;
    }
    return true;
}

/* Whether a walker that is supposed to be so gives the answer, with the choices of the explanation. */
static bool explains(const struct explanation *explanation, const struct wd_wrong_answer *wrong,
                     struct failures *failures, struct wd_oracle_output *output)
{
    if (explanation->verdict == WD_VERDICT_PERMITTED && must_be_seen(wrong))
        return false;
    if (has_failed(failures, &explanation->supposed))
        return false;
    if (differs_in_attributes(explanation, wrong))
        wd_output_with_attributes(wrong->basis, wrong->source, &explanation->supposed, output);
    else
        wd_oracle(wrong->c, &explanation->supposed, NULL, NULL, output);
    if (wd_answers_equal(&output->result, wrong->got))
        return true;
    note_failure(failures, &explanation->supposed, output);
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

/* Whether an explanation before this one in the list supposes the same. */
static bool is_tried(const struct explanation *list, const struct explanation *explanation)
{
    for (; list != explanation; list = list->next)
        if (list->kind == explanation->kind && suppose_the_same(&list->supposed, &explanation->supposed))
            return true;
    return false;
}

/*
 * Whether an explanation can be one of this answer: it begins with a mistake that the walk can make, or with the check
 * by which it ends left out.
 */
static bool is_possible(const struct explanation *explanation, const struct wd_oracle_output *basis)
{
    const struct wd_resolution *supposed = &explanation->supposed;

    if (supposed->mistakes & basis->mistakes_met)
        return true;
    if (!explanation->cause)
        return true; /* a check that is wrongly made */
    return basis->fault_stage && (supposed->left_out[basis->fault_stage - 1][basis->rule / 64] >> basis->rule % 64 & 1);
}

/* The same where other choices were taken when the explanation was learned, of those that suppose something else. */
static const struct explanation *find_with_other_choices(const struct explanation *list, uint64_t kind,
                                                         const struct wd_wrong_answer *wrong)
{
    const struct wd_resolution *climbed[CLIMBED_MAX];
    wd_mistake_set met[CLIMBED_MAX];
    unsigned tried = 0, climbs = 0;

    for (const struct explanation *e = list; e && tried < CLIMBED_MAX; e = e->next) {
        bool again = false;

        if (e->kind != kind || e->verdict == WD_VERDICT_PERMITTED || is_tried(list, e))
            continue;
        tried++;
        for (unsigned i = 0; i < climbs; i++)
            again = again || makes_no_difference(climbed[i], &e->supposed, met[i]);
        if (again)
            continue;
        climbed[climbs] = &e->supposed;
        if (some_leaf_explains(&e->supposed, wrong, &met[climbs++]))
            return e;
    }
    return NULL;
}

static const struct explanation *find_explanation(const struct explanation *list, uint64_t kind,
                                                  const struct wd_wrong_answer *wrong, struct wd_oracle_output *output)
{
    struct failures failures;
    unsigned tried = 0;

    failures.count = 0;
    for (unsigned possible = 2; possible-- > 0; tried = 0)
        for (const struct explanation *e = list; e && tried < TRIED_MAX; e = e->next)
            if (e->kind == kind && is_possible(e, wrong->basis) == possible && ++tried &&
                explains(e, wrong, &failures, output))
                return e;
    return find_with_other_choices(list, kind, wrong);
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
        judgement->resolution = explanation->supposed;
        memcpy(judgement->choice, explanation->text, sizeof(judgement->choice));
        return;
    }
    memcpy(judgement->signature, explanation->text, sizeof(judgement->signature));
}

/* The same where no answer like it was learned, by what was learned of others, together. */
static bool judge_by_character(const struct wd_experience *experience, const struct wd_wrong_answer *wrong,
                               struct wd_judgement *judgement)
{
    return (must_be_seen(wrong) || !may_be_permitted(wrong)) &&
           wd_character_judge(experience->character, wrong->c, wrong->basis, wrong->got, wrong->known, judgement);
}

bool wd_experience_judge(const struct wd_experience *experience, const struct wd_wrong_answer *wrong,
                         struct wd_judgement *judgement)
{
    uint64_t kind = kind_of(experience, wrong);
    const struct explanation *list = experience->slots[slot_of(kind)], *explanation;

    if (!kind)
        return false;
    if (must_be_seen(wrong) && wd_judge_permitted(wrong, judgement))
        return true;
    explanation = find_explanation(list, kind, wrong, &judgement->expected);
    if (!explanation)
        return judge_by_character(experience, wrong, judgement);
    if (explanation->verdict != WD_VERDICT_PERMITTED && !must_be_seen(wrong) && may_be_permitted(wrong))
        return false;
    judge_by(explanation, judgement);
    return true;
}
