/* SPDX-License-Identifier: MIT */
/* The story of a walk, told from the oracle's events. */
#include "reports/story.h"
#include "reports/fields.h"
#include "reports/text.h"
#include "harness/judge.h"

#include <inttypes.h>
#include <string.h>

enum { MARGIN = 2, NESTED = 4, RULE_COLUMN = 14 };

struct story {
    FILE *out;
    struct wd_params params[2];
    unsigned stage; /* of the last event that printed */
    bool nested;    /* stage 2 of the access to a stage 1 table */
    unsigned indent;
    char passed[1024]; /* checks that did not hold since the last line, to be printed together */
};

static const char *const granules[] = {"4K", "16K", "64K", "none"};
static const char *const regimes[] = {"EL1&0", "EL2&0", "EL2"};

static void flush_passed(struct story *s)
{
    if (s->passed[0])
        wd_print_item(s->out, s->indent, "passed", s->indent + RULE_COLUMN, s->passed);
    s->passed[0] = '\0';
}

static void add_passed(struct story *s, unsigned rule)
{
    const struct wd_rule_info *info = &wd_rules[rule];
    size_t used = strlen(s->passed);

    snprintf(s->passed + used, sizeof s->passed - used, "%s%s (%s)", used ? ", " : "", info->name,
             info->id[0] ? info->id : info->function);
}

/* Moves the margin: what stage 2 does for a stage 1 table stands further in. */
static void at_stage(struct story *s, unsigned stage, bool nested)
{
    if (stage == s->stage && nested == s->nested)
        return;
    flush_passed(s);
    s->stage = stage;
    s->nested = nested;
    s->indent = nested ? MARGIN + NESTED : MARGIN;
}

static void tell_rule(struct story *s, const struct wd_event *event)
{
    const struct wd_rule_info *info = &wd_rules[event->rule];

    if (event->stage != s->stage)
        at_stage(s, event->stage, event->stage == 2 && s->stage == 1);
    if (!event->holds) {
        if (info->raises)
            add_passed(s, event->rule);
        return;
    }
    flush_passed(s);
    wd_print_item(s->out, s->indent, info->id[0] ? info->id : "(no id)", s->indent + RULE_COLUMN, info->text);
}

static void tell_params(struct story *s, const struct wd_event *event)
{
    const struct wd_params *p = event->params;
    char words[400];

    at_stage(s, event->stage, event->depth);
    flush_passed(s);
    s->params[event->stage - 1] = *p;
    snprintf(words, sizeof words,
             "%s granule, TxSZ %u: %u-bit input address, start level %d, output size %u bits, table base 0x%" PRIx64
             "%s%s%s%s%s%s%s%s",
             granules[p->granule], p->txsz, p->input_bits, p->start_level, p->output_bits, p->table_base,
             p->ds ? ", DS" : "", p->big_endian ? ", big-endian" : "", p->ha ? ", HA" : "", p->hd ? ", HD" : "",
             p->haft ? ", HAFT" : "", p->indirect ? ", indirect permissions" : "", p->overlay ? ", overlays" : "",
             p->forced_write_back ? ", FWB" : "");
    wd_print_item(s->out, s->indent, event->stage == 1 ? "stage 1" : "stage 2", s->indent + RULE_COLUMN, words);
}

static void tell_read(struct story *s, const struct wd_event *event)
{
    char label[40], words[640];

    at_stage(s, event->stage, event->depth);
    flush_passed(s);
    snprintf(label, sizeof label, "level %d", event->level);
    snprintf(words, sizeof words, "descriptor at 0x%" PRIx64 " = 0x%016" PRIx64, event->address, event->value);
    fputc('\n', s->out);
    wd_print_item(s->out, s->indent, label, s->indent + RULE_COLUMN, words);
    wd_descriptor_words(&s->params[event->stage - 1], event->stage, event->level, event->value, words, sizeof words);
    wd_print_item(s->out, s->indent, "", s->indent + RULE_COLUMN, words);
}

static void handle(void *context, const struct wd_event *event)
{
    struct story *s = context;
    char words[160];

    switch (event->kind) {
    case WD_EVENT_RULE:
        tell_rule(s, event);
        break;
    case WD_EVENT_PARAMS:
        tell_params(s, event);
        break;
    case WD_EVENT_READ:
        tell_read(s, event);
        break;
    case WD_EVENT_WRITE:
        flush_passed(s);
        snprintf(words, sizeof words, "0x%" PRIx64 " becomes 0x%016" PRIx64, event->address, event->value);
        wd_print_item(s->out, s->indent, "update", s->indent + RULE_COLUMN, words);
        break;
    case WD_EVENT_CHOICE:
        flush_passed(s);
        snprintf(words, sizeof words, "%s: %s", wd_choices[event->address].name,
                 wd_choice_option((enum wd_choice)event->address, (unsigned)event->value));
        wd_print_item(s->out, s->indent, "choice", s->indent + RULE_COLUMN, words);
        break;
    case WD_EVENT_OUTPUT:
        at_stage(s, event->stage, false);
        flush_passed(s);
        snprintf(words, sizeof words, "stage %u gives 0x%" PRIx64, event->stage, event->address);
        wd_print_item(s->out, s->indent, "output", s->indent + RULE_COLUMN, words);
        fputc('\n', s->out);
        break;
    }
}

/* Registers of the case, those that say what is implemented last. */
static void tell_registers(FILE *out, const struct wd_case *c, bool e2h)
{
    fprintf(out, "Registers (fields that are not zero)\n");
    for (unsigned layout = 0; layout < WD_LAYOUT_COUNT; layout++) {
        unsigned reg = wd_layouts[layout].reg;
        bool other = (layout == WD_LAYOUT_TCR_EL2 && e2h) || (layout == WD_LAYOUT_TCR_EL2_E2H && !e2h);

        if (reg != WD_RESULT && !other && c->regs[reg])
            wd_print_register(out, MARGIN, layout, c->regs[reg]);
    }
    fputc('\n', out);
}

static void tell_result(FILE *out, const struct wd_oracle_output *o)
{
    const struct wd_result *result = &o->result;
    char words[200];

    wd_describe_answer(result, words, sizeof words);
    fprintf(out, "Result: %s\n", result->answer == WD_ANSWER_UNSUPPORTED ? result->text : words);
    if (result->answer == WD_ANSWER_PAR) {
        fprintf(out, "  PAR_EL1 = 0x%016" PRIx64 "\n", result->par);
        wd_print_par(out, MARGIN + 2, result->par);
    } else if (result->answer == WD_ANSWER_EXCEPTION) {
        fprintf(out, "  The AT takes a Data Abort: status 0x%02x, stage %d, on a stage 1 walk: %s\n",
                result->exception.fst, result->exception.stage2 ? 2 : 1, result->exception.s1ptw ? "yes" : "no");
        if (result->exception.has_ipa)
            fprintf(out, "  IPA 0x%" PRIx64 "\n", result->exception.ipa);
    }
    for (unsigned i = 0; i < result->changed_count; i++)
        fprintf(out, "  memory: 0x%" PRIx64 " becomes 0x%016" PRIx64 "\n", result->changed[i].pa,
                result->changed[i].value);
    if (o->rule)
        wd_print_item(out, MARGIN, "decided by", MARGIN + RULE_COLUMN, wd_rules[o->rule].text);
}

/* Choices that the walk consulted, with what else would be permitted. */
static void tell_choices(FILE *out, const struct wd_oracle_output *o)
{
    char words[400];

    if (!o->consulted_count)
        return;
    fprintf(out, "\nChoices consulted, at their defaults\n");
    for (unsigned i = 0; i < o->consulted_count; i++) {
        const struct wd_choice_info *info = &wd_choices[o->consulted[i].choice];
        size_t used = (size_t)snprintf(words, sizeof words, "%s (%s): %s. Also permitted:", info->text, info->rule,
                                       info->option[o->consulted[i].option]);

        for (unsigned option = 1; option < info->options && used < sizeof words; option++)
            if (!(o->consulted[i].absent >> option & 1))
                used += (size_t)snprintf(words + used, sizeof words - used, "%s %s", option > 1 ? ";" : "",
                                         info->option[option]);
        wd_print_item(out, MARGIN, info->name, MARGIN + RULE_COLUMN, words);
    }
}

void wd_tell_story(FILE *out, const struct wd_case *c, const char *id)
{
    static struct wd_oracle_output o;
    struct story s = {.out = out, .stage = 1, .indent = MARGIN};

    wd_oracle(c, NULL, NULL, NULL, &o);
    fprintf(out, "%s%sAT %s, VA 0x%016" PRIx64 ", executed at EL%u%s\n\n", id, id[0] ? ": " : "",
            wd_operation_names[c->op], c->va, c->el, c->pan ? ", PSTATE.PAN = 1" : "");
    tell_registers(out, c, o.regime == WD_REGIME_EL20 || (WD_GET(c->regs[WD_HCR_EL2], HCR_EL2, E2H) != 0));
    if (o.result.answer != WD_ANSWER_UNSUPPORTED) {
        fprintf(out, "Walk in the %s regime\n", regimes[o.regime]);
        wd_oracle(c, NULL, handle, &s, &o);
        flush_passed(&s);
        fputc('\n', out);
    }
    tell_result(out, &o);
    tell_choices(out, &o);
}
