/* SPDX-License-Identifier: MIT */
#include "harness/judge/character.h"

#include <stdlib.h>
#include <string.h>

#include "harness/judge/diagnosis.h"

enum {
    SAMPLES = 128, /* answers on which a cause is tried before it stays */
    LEAST = 4,     /* answers that a cause was found for, to be tried at all */
    LEAVES = 16,   /* of a tree of choices, that are tried */
};

/* What is known of a cause. */
struct trait {
    uint32_t count;      /* answers that it was found for */
    wd_mistake_set also; /* what would explain them all as well */
    uint16_t also_check;
};

struct sample {
    struct wd_result got;
    struct wd_case c; /* its arrays follow */
};

struct wd_character {
    struct wd_causes causes;
    struct trait traits[WD_CAUSE_COUNT];
    struct sample *samples[SAMPLES];
    unsigned sample_count;
};

struct wd_character *wd_character_new(void)
{
    return calloc(1, sizeof(struct wd_character));
}

static void drop_samples(struct wd_character *character)
{
    while (character->sample_count)
        free(character->samples[--character->sample_count]);
}

void wd_character_free(struct wd_character *character)
{
    if (character)
        drop_samples(character);
    free(character);
}

/* ---------------------------------------------------------------- learning */

static struct sample *copy_sample(const struct wd_case *c, const struct wd_result *got)
{
    size_t ram_size = c->ram_count * sizeof(*c->ram), mem_size = c->mem_count * sizeof(*c->mem);
    struct sample *sample = malloc(sizeof(*sample) + ram_size + mem_size);
    unsigned char *arrays = (unsigned char *)(sample + 1);

    if (!sample)
        return NULL;
    sample->got = *got;
    sample->c = *c;
    sample->c.ram = ram_size ? memcpy(arrays, c->ram, ram_size) : arrays;
    sample->c.mem = mem_size ? memcpy(arrays + ram_size, c->mem, mem_size) : arrays;
    return sample;
}

bool wd_character_note(struct wd_character *character, const struct wd_case *c, const struct wd_result *got,
                       const struct wd_judgement *judgement)
{
    struct trait *trait = &character->traits[judgement->cause];
    bool first = !trait->count;

    if (judgement->cause == WD_CAUSE_NONE || got->answer > WD_ANSWER_UNDEFINED)
        return true;
    trait->count++;
    trait->also = first ? judgement->also : trait->also & judgement->also;
    if (first)
        trait->also_check = judgement->also_check;
    else if (trait->also_check != judgement->also_check)
        trait->also_check = WD_CAUSE_NONE;
    if (character->sample_count == SAMPLES)
        return true;
    character->samples[character->sample_count] = copy_sample(c, got);
    return character->samples[character->sample_count++] != NULL;
}

/* How many of the samples some causes explain. */
static unsigned count_explained(const struct wd_character *character, const struct wd_causes *causes)
{
    unsigned count = 0;

    for (unsigned i = 0; i < character->sample_count; i++) {
        const struct sample *sample = character->samples[i];
        struct wd_causes needed;

        count += wd_explain_together(&sample->c, &sample->got, causes, LEAVES, &needed);
    }
    return count;
}

/* The cause that was found most often of those that were not tried yet; WD_CAUSE_NONE: there is none. */
static unsigned next_candidate(const struct wd_character *character, const struct wd_causes *tried)
{
    unsigned best = WD_CAUSE_NONE;

    for (unsigned number = 1; number < WD_CAUSE_COUNT; number++)
        if (character->traits[number].count >= LEAST && !wd_causes_have(tried, number) &&
            (!best || character->traits[number].count > character->traits[best].count))
            best = number;
    return best;
}

void wd_character_settle(struct wd_character *character)
{
    struct wd_causes tried = {0};
    unsigned explained = 0, number;

    while ((number = next_candidate(character, &tried))) {
        struct wd_causes causes = character->causes;
        unsigned with;

        wd_causes_add(&tried, number);
        wd_causes_add(&causes, number);
        with = count_explained(character, &causes);
        if (with < explained)
            continue;
        character->causes = causes;
        explained = with;
    }
    drop_samples(character);
}

/* ---------------------------------------------------------------- judging */

/* The cause of those that are needed that the finding is of. */
static unsigned cause_among(const struct wd_causes *needed, const struct wd_causes *waived)
{
    unsigned first = WD_CAUSE_NONE;

    for (unsigned number = 1; number < WD_CAUSE_COUNT; number++)
        if (wd_causes_have(needed, number) && wd_cause_stands_before(waived, number, first))
            first = number;
    return first;
}

static bool is_exception(const struct wd_result *result)
{
    return result->answer == WD_ANSWER_EXCEPTION || result->answer == WD_ANSWER_UNDEFINED;
}

bool wd_character_judge(const struct wd_character *character, const struct wd_case *c,
                        const struct wd_oracle_output *basis, const struct wd_result *got,
                        const struct wd_causes *waived, struct wd_judgement *judgement)
{
    struct wd_causes needed;
    struct wd_cause cause;
    unsigned number;

    if (wd_causes_empty(&character->causes) || got->answer > WD_ANSWER_UNDEFINED || got->warning_count ||
        !wd_explain_together(c, got, &character->causes, LEAVES, &needed) || !(number = cause_among(&needed, waived)))
        return false;
    cause = wd_cause_by_number(number);
    judgement->recalled = &character->traits[number];
    judgement->proved[0] = judgement->proved[1] = 0;
    judgement->choice[0] = judgement->title[0] = '\0';
    judgement->verdict =
        is_exception(&basis->result) || is_exception(got) ? WD_VERDICT_EXCEPTION_MISMATCH : WD_VERDICT_DEVIATION;
    judgement->rule = cause.rule;
    judgement->has_cause = true;
    judgement->cause = cause.number;
    judgement->also = character->traits[number].also;
    judgement->also_check = character->traits[number].also_check;
    wd_cause_signature(&cause, judgement->signature, sizeof(judgement->signature));
    return true;
}
