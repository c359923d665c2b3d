/* SPDX-License-Identifier: MIT */
/*
 * The vectors: what Arm's own specification answers (cases/vectors), and what we say against it (cases/disputed,
 * docs/disputed.md). Each test reads every file; what disagrees is printed, ten cases at most.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/judge/judge.h"
#include "harness/judge/leaves.h"
#include "tests/unit/case_folder.h"

#define VECTORS  WD_CASES "/vectors"
#define DISPUTED WD_CASES "/disputed"

enum { VECTOR_COUNT = 45351, DISPUTED_COUNT = 21, PRINTED_MAX = 10 };

/* Flipping every bit of every vector makes 1.6 million judgements: with sanitizers a vector in 16 has to do. */
#ifdef __SANITIZE_ADDRESS__
enum { FLIPPED_ONE_IN = 16 };
#else
enum { FLIPPED_ONE_IN = 1 };
#endif

/* What a test counts while it goes through the files. */
struct tally {
    unsigned cases;
    unsigned wrong;
    unsigned looked_at; /* alternatives or flips that were judged */
    unsigned rejected;  /* alternatives that name a granule that is not implemented */
};

static struct tally look_at_folder(const char *folder, look_at_case *look)
{
    struct tally tally = {0};

    tally.cases = for_every_case_below(folder, look, &tally);
    return tally;
}

static void complain(struct tally *tally, const struct wd_case_entry *entry, const struct wd_result *expected,
                     const struct wd_result *got, const char *what)
{
    char right[4096], wrong[4096];

    if (tally->wrong++ >= PRINTED_MAX)
        return;
    wd_result_to_json(expected, NULL, right, sizeof(right));
    wd_result_to_json(got, NULL, wrong, sizeof(wrong));
    print_error("%s: %s\n  expected %s\n  got      %s\n", entry->id, what, right, wrong);
}

/* ---------------------------------------------------------------- the default answer */

static void look_at_expect(void *tally, const struct wd_case_entry *entry)
{
    struct wd_oracle_output output;

    wd_oracle(&entry->c, NULL, NULL, NULL, &output);
    if (!entry->has_expect || output.result.answer == WD_ANSWER_UNSUPPORTED ||
        !wd_answers_equal(&entry->expect, &output.result))
        complain(tally, entry, &entry->expect, &output.result, "the oracle's default answer");
}

static void the_oracle_gives_the_expected_answer_of_every_vector(void **state)
{
    struct tally tally = look_at_folder(VECTORS, look_at_expect);

    (void)state;
    assert_int_equal(tally.wrong, 0);
    assert_int_equal(tally.cases, VECTOR_COUNT);
}

static void the_oracle_gives_the_answer_of_the_text_to_every_disputed_case(void **state)
{
    struct tally tally = look_at_folder(DISPUTED, look_at_expect);

    (void)state;
    assert_int_equal(tally.wrong, 0);
    assert_int_equal(tally.cases, DISPUTED_COUNT);
}

/* ---------------------------------------------------------------- permitted answers */

/* The number behind "name": in the choice of an alternative, -1 if it does not name it. */
static int chosen(const char *choice, const char *name)
{
    const char *at = strstr(choice, name);

    return at ? atoi(at + strlen(name)) : -1;
}

/* Whether some walk of the case consults a choice, however those before it are resolved. */
static bool is_consulted(const struct wd_case *c, enum wd_choice choice)
{
    struct wd_resolution resolution = {0};
    struct wd_oracle_output output;

    do {
        wd_oracle(c, &resolution, NULL, NULL, &output);
        for (unsigned i = 0; i < output.consulted_count; i++)
            if (output.consulted[i].choice == choice)
                return true;
    } while (wd_resolution_next(&resolution, &output, 0));
    return false;
}

/*
 * Whether an alternative comes from a granule that its stage does not implement: the register pages permit a size that
 * has been implemented, docs/disputed.md "Granules that do not exist". Vectors name the granule as TG0 and TG1 encode
 * it.
 */
static bool needs_absent_granule(const struct wd_case_entry *entry, const struct wd_permitted *alternative)
{
    static const uint8_t tg0[] = {WD_GRANULE_4K, WD_GRANULE_64K, WD_GRANULE_16K};
    static const uint8_t tg1[] = {WD_GRANULE_NONE, WD_GRANULE_16K, WD_GRANULE_4K, WD_GRANULE_64K};
    const struct wd_case *c = &entry->c;
    int lower = chosen(alternative->choice, "\"tg0\":"), upper = chosen(alternative->choice, "\"tg1\":");

    return (lower >= 0 && is_consulted(c, WD_CHOICE_S1_TG0) && !wd_has_granule(c->regs, 1, tg0[lower])) ||
           (lower >= 0 && is_consulted(c, WD_CHOICE_S2_TG0) && !wd_has_granule(c->regs, 2, tg0[lower])) ||
           (upper >= 0 && !wd_has_granule(c->regs, 1, tg1[upper]));
}

static void look_at_permitted(void *context, const struct wd_case_entry *entry)
{
    struct tally *tally = context;
    struct wd_oracle_output basis;
    struct wd_judgement judgement;

    wd_oracle(&entry->c, NULL, NULL, NULL, &basis);
    for (size_t i = 0; i < entry->permitted_count; i++) {
        const struct wd_permitted *alternative = &entry->permitted[i];
        bool agrees = wd_answers_equal(&basis.result, &alternative->result);

        wd_judge(&entry->c, &basis, &alternative->result, 0, &judgement);
        tally->looked_at++;
        if (judgement.verdict == (agrees ? WD_VERDICT_AGREE : WD_VERDICT_PERMITTED))
            continue;
        if (wd_verdict_is_finding[judgement.verdict] && needs_absent_granule(entry, alternative))
            tally->rejected++;
        else
            complain(tally, entry, &alternative->result, &judgement.expected.result,
                     wd_verdict_names[judgement.verdict]);
    }
}

static void every_permitted_answer_is_permitted_but_those_of_granules_that_do_not_exist(void **state)
{
    struct tally tally = look_at_folder(VECTORS, look_at_permitted);

    (void)state;
    assert_int_equal(tally.wrong, 0);
    assert_int_equal(tally.looked_at, 4235);
    assert_int_equal(tally.rejected, 70);
}

/* ---------------------------------------------------------------- one bit wrong */

static void judge_flipped(struct tally *tally, const struct wd_case_entry *entry, const struct wd_oracle_output *basis,
                          const struct wd_result *flipped, enum wd_verdict verdict, const char *what)
{
    struct wd_judgement judgement;

    tally->looked_at++;
    wd_judge(&entry->c, basis, flipped, 0, &judgement);
    if (judgement.verdict != verdict)
        complain(tally, entry, &entry->expect, flipped, what);
}

static void flip_par(struct tally *tally, const struct wd_case_entry *entry, const struct wd_oracle_output *basis)
{
    uint64_t counted = wd_par_mask(entry->expect.par);
    struct wd_result flipped = entry->expect;

    for (unsigned bit = 0; bit < 64; bit++) {
        if (!wd_bit(counted, bit))
            continue;
        flipped.par = entry->expect.par ^ wd_mask(bit, bit);
        judge_flipped(tally, entry, basis, &flipped, WD_VERDICT_DEVIATION, "a flipped bit of PAR is no deviation");
    }
}

static void flip_exception(struct tally *tally, const struct wd_case_entry *entry, const struct wd_oracle_output *basis)
{
    struct wd_result flipped = entry->expect;

    for (unsigned bit = 0; bit < 8; bit++) {
        flipped.exception = entry->expect.exception;
        flipped.exception.fst ^= bit < 6 ? (uint8_t)(1u << bit) : 0;
        flipped.exception.stage2 ^= bit == 6;
        flipped.exception.s1ptw ^= bit == 7;
        judge_flipped(tally, entry, basis, &flipped, WD_VERDICT_EXCEPTION_MISMATCH,
                      "a flipped bit of the exception is no mismatch");
    }
}

/* Whether all choices that were consulted can only give another answer than one that is like this. */
static bool choices_are_futile(const struct wd_case *c, const struct wd_oracle_output *basis,
                               const struct wd_result *answer)
{
    for (unsigned i = 0; i < basis->consulted_count; i++)
        if (!(wd_futile_choices(c, answer) >> basis->consulted[i].choice & 1))
            return false;
    return true;
}

static void look_at_flips(void *tally, const struct wd_case_entry *entry)
{
    struct wd_oracle_output basis;

    wd_oracle(&entry->c, NULL, NULL, NULL, &basis);
    if (entry->line % FLIPPED_ONE_IN || entry->choice_count || !choices_are_futile(&entry->c, &basis, &entry->expect))
        return;
    if (entry->expect.answer == WD_ANSWER_PAR)
        flip_par(tally, entry, &basis);
    else
        flip_exception(tally, entry, &basis);
}

static void without_a_choice_any_flipped_bit_that_counts_is_a_deviation(void **state)
{
    struct tally tally = look_at_folder(VECTORS, look_at_flips);

    (void)state;
    assert_int_equal(tally.wrong, 0);
    assert_true(tally.looked_at > 1000000 / FLIPPED_ONE_IN);
    print_message("%u flipped answers judged\n", tally.looked_at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oracle_gives_the_expected_answer_of_every_vector),
        cmocka_unit_test(the_oracle_gives_the_answer_of_the_text_to_every_disputed_case),
        cmocka_unit_test(every_permitted_answer_is_permitted_but_those_of_granules_that_do_not_exist),
        cmocka_unit_test(without_a_choice_any_flipped_bit_that_counts_is_a_deviation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
