/* SPDX-License-Identifier: MIT */
/* The story of a case: registers, steps, result, choices. */
#include "reports/story.h"
#include "harness/judge/facets.h"
#include "harness/judge/judge.h"
#include "oracle/regime.h"
#include "reports/fields.h"
#include "reports/steps.h"

#include <inttypes.h>

enum { FIELD_MARGIN = WD_STORY_MARGIN + 2 };

static void tell_item(FILE *out, const char *label, const struct wd_words *words)
{
    wd_print_item(out, WD_STORY_MARGIN, label, WD_STORY_MARGIN + WD_STORY_COLUMN, words->text);
}

static void tell_indented(FILE *out, const char *words)
{
    fprintf(out, "%*s", WD_STORY_MARGIN, "");
    wd_print_wrapped(out, WD_STORY_MARGIN, WD_STORY_MARGIN, words);
}

/* An answer in words, also where there is none. */
static void add_answer(struct wd_words *words, const struct wd_result *result)
{
    char answer[200];

    wd_describe_answer(result, answer, sizeof(answer));
    if (result->answer == WD_ANSWER_UNSUPPORTED)
        wd_words_add(words, "unsupported: %s", result->text);
    else
        wd_words_add(words, "%s", answer);
}

static void tell_title(FILE *out, const struct wd_case *c, const char *id, const char *note,
                       const struct wd_result *result)
{
    struct wd_words title = {0};

    wd_words_add(&title, "%s%sAT %s at EL%u%s, VA 0x%016" PRIx64 ": ", id, id[0] ? ": " : "", wd_operation_names[c->op],
                 c->el, c->pan ? " with PSTATE.PAN = 1" : "", c->va);
    add_answer(&title, result);
    wd_print_wrapped(out, 0, 0, title.text);
    if (note[0])
        tell_indented(out, note);
}

/* TCR_EL2 has two layouts. */
static bool is_in_force(unsigned layout, const struct wd_case *c)
{
    return layout != (wd_e2h(c->regs) ? WD_LAYOUT_TCR_EL2 : WD_LAYOUT_TCR_EL2_E2H);
}

static void tell_registers(FILE *out, const struct wd_case *c)
{
    fprintf(out, "\nRegisters: fields that are not zero\n");
    for (unsigned layout = 0; layout < WD_LAYOUT_COUNT; layout++) {
        unsigned reg = wd_layouts[layout].reg;

        if (reg != WD_RESULT && c->regs[reg] && is_in_force(layout, c))
            wd_print_register(out, WD_STORY_MARGIN, layout, c->regs[reg]);
    }
    wd_print_implementation(out, WD_STORY_MARGIN, c->regs);
}

/* ---------------------------------------------------------------- the result */

static void tell_par(FILE *out, const struct wd_oracle_output *o)
{
    struct wd_words words = {0};

    wd_words_add(&words, "0x%016" PRIx64, o->result.par);
    tell_item(out, "PAR_EL1", &words);
    wd_print_par(out, FIELD_MARGIN, o);
}

static void tell_exception(FILE *out, const struct wd_oracle_output *o)
{
    const struct wd_exception *exception = &o->result.exception;
    unsigned why = o->aspect_rule[WD_ASPECT_F];
    struct wd_words words = {0};

    wd_words_add(&words, "taken by the AT itself (");
    wd_add_rule_id(&words, why);
    wd_words_add(&words, ")%s%s", why == o->rule ? "" : ": ", why == o->rule ? "" : wd_rules[why].text);
    tell_item(out, "Data Abort", &words);
    fprintf(out, "%*sfault status 0x%02x, stage %d, on a stage 1 walk: %s", FIELD_MARGIN, "", exception->fst,
            exception->stage2 ? 2 : 1, exception->s1ptw ? "yes" : "no");
    if (exception->has_ipa)
        fprintf(out, ", IPA 0x%" PRIx64, exception->ipa);
    fputc('\n', out);
}

static void tell_changes(FILE *out, const struct wd_oracle_output *o)
{
    for (unsigned i = 0; i < o->result.changed_count; i++) {
        struct wd_words words = {0};

        wd_words_add(&words, "the word at 0x%" PRIx64 " becomes 0x%016" PRIx64, o->result.changed[i].pa,
                     o->result.changed[i].value);
        tell_item(out, "memory", &words);
    }
}

static void tell_result(FILE *out, const struct wd_oracle_output *o)
{
    const struct wd_rule_info *rule = &wd_rules[o->rule];
    struct wd_words title = {0}, words = {0};

    wd_words_add(&title, "Result: ");
    add_answer(&title, &o->result);
    fprintf(out, "\n%s\n", title.text);
    if (o->result.answer == WD_ANSWER_PAR)
        tell_par(out, o);
    else if (o->result.answer == WD_ANSWER_EXCEPTION)
        tell_exception(out, o);
    tell_changes(out, o);
    if (!o->fault_stage)
        return;
    wd_words_add(&words, "%s (%s%s%s): %s", rule->name, rule->id, rule->id[0] ? ", " : "", rule->function, rule->text);
    tell_item(out, "decided by", &words);
}

/* ---------------------------------------------------------------- choices */

static void tell_choice(FILE *out, const struct wd_consulted *consulted)
{
    const struct wd_choice_info *info = &wd_choices[consulted->choice];
    struct wd_words words = {0};

    wd_words_add(&words, "%s (%s): %s", info->name, info->rule, info->text);
    tell_indented(out, words.text);
    wd_print_item(out, FIELD_MARGIN, "taken", WD_STORY_MARGIN + WD_STORY_COLUMN, info->option[consulted->option]);
    for (unsigned option = 1; option < info->options; option++)
        if (!(consulted->absent >> option & 1))
            wd_print_item(out, FIELD_MARGIN, "also permitted", WD_STORY_MARGIN + WD_STORY_COLUMN, info->option[option]);
}

static void tell_choices(FILE *out, const struct wd_oracle_output *o)
{
    if (!o->consulted_count)
        return;
    fprintf(out, "\nChoices that the walk consulted\n");
    for (unsigned i = 0; i < o->consulted_count; i++)
        tell_choice(out, &o->consulted[i]);
}

void wd_tell_story(FILE *out, const struct wd_case *c, const char *id, const char *note)
{
    static struct wd_oracle_output o;

    wd_oracle(c, NULL, NULL, NULL, &o);
    tell_title(out, c, id, note, &o.result);
    tell_registers(out, c);
    if (o.result.answer == WD_ANSWER_UNSUPPORTED)
        return;
    if (o.result.answer == WD_ANSWER_UNDEFINED)
        fprintf(out, "\nInstruction\n");
    else
        fprintf(out, "\nWalk in the %s regime\n", wd_facet_value(WD_FACET_REGIME, o.regime, NULL));
    wd_tell_steps(out, c, &o);
    tell_result(out, &o);
    tell_choices(out, &o);
}
