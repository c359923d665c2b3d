/* SPDX-License-Identifier: MIT */
/* The steps of a walk, told from the oracle's events. */
#include "reports/steps.h"
#include "harness/support/allocate.h"
#include "harness/judge/facets.h"
#include "reports/fields.h"

#include <inttypes.h>

enum { NESTED = 4, PASSED_MAX = 32 };

struct steps {
    FILE *out;
    const struct wd_case *c;
    struct wd_params params[2]; /* of stage 1 and of stage 2 */
    unsigned indent;
    uint16_t last_rule; /* enum wd_rule: told last, if nothing was told since */
    int8_t last_level;
    uint16_t passed[PASSED_MAX]; /* checks that did not raise their fault since the last line, to be told together */
    unsigned passed_count;
    bool is_fetching; /* a descriptor's address is known, its line not yet told */
    struct wd_event fetch;
    bool has_ipa; /* of the stage 1 descriptor that is fetched next */
    uint64_t ipa;
    FILE *opening; /* collects what precedes the tables of a stage 2, see begin_opening() */
    char *opening_text;
    size_t opening_size;
    char *last_opening; /* NULL: there was none */
};

static FILE *output(const struct steps *s)
{
    return s->opening ? s->opening : s->out;
}

/* ---------------------------------------------------------------- lines */

static void tell_passed(struct steps *s)
{
    struct wd_words words = {0};

    for (unsigned i = 0; i < s->passed_count; i++) {
        wd_words_add(&words, "%s%s (", i ? ", " : "", wd_rules[s->passed[i]].name);
        wd_add_rule_id(&words, s->passed[i]);
        wd_words_add(&words, ")");
    }
    if (s->passed_count)
        wd_print_item(output(s), s->indent, "no fault", s->indent + WD_STORY_COLUMN, words.text);
    s->passed_count = 0;
}

static void note_passed(struct steps *s, unsigned rule)
{
    for (unsigned i = 0; i < s->passed_count; i++)
        if (s->passed[i] == rule)
            return;
    if (s->passed_count < PASSED_MAX)
        s->passed[s->passed_count++] = (uint16_t)rule;
}

/* What stage 2 does for a stage 1 table stands further in; the next event of stage 1 ends it. */
static void leave_nested(struct steps *s, unsigned stage)
{
    if (stage == 2 || s->indent == WD_STORY_MARGIN)
        return;
    tell_passed(s);
    s->indent = WD_STORY_MARGIN;
    fputc('\n', s->out);
}

static void tell(struct steps *s, const char *label, const char *words)
{
    tell_passed(s);
    wd_print_item(output(s), s->indent, label, s->indent + WD_STORY_COLUMN, words);
    s->last_rule = WD_RULE_NONE;
}

/*
 * A walk of two stages goes through stage 2 for every stage 1 descriptor, and what registers say of stage 2 and the
 * checks of it are the same each time. So that part is collected, and told in full only where it differs from the last.
 */
static void begin_opening(struct steps *s)
{
    s->opening = wd_allocated(open_memstream(&s->opening_text, &s->opening_size));
}

static void end_opening(struct steps *s)
{
    bool again;

    if (!s->opening)
        return;
    tell_passed(s);
    fclose(s->opening);
    s->opening = NULL;
    again = s->last_opening && strcmp(s->last_opening, s->opening_text) == 0;
    if (again)
        tell(s, "", "granule, sizes, tables and checks as above");
    else
        fputs(s->opening_text, s->out);
    free(again ? s->opening_text : s->last_opening);
    if (!again)
        s->last_opening = s->opening_text;
}

/* The line of the descriptor that is fetched, with its value or without. */
static void tell_descriptor(struct steps *s, const char *value)
{
    struct wd_words label = {0}, words = {0};

    s->is_fetching = false;
    wd_words_add(&label, "level %d", s->fetch.level);
    wd_words_add(&words, "descriptor at ");
    if (s->has_ipa && s->fetch.stage == 1)
        wd_words_add(&words, "IPA 0x%" PRIx64 ", PA ", s->ipa);
    wd_words_add(&words, "0x%" PRIx64 "%s", s->fetch.address, value);
    tell_passed(s);
    fputc('\n', s->out);
    tell(s, label.text, words.text);
}

/* ---------------------------------------------------------------- rules */

/* Rules that another line says: those of the report stand with the fields of PAR_EL1, the byte order with the value. */
static bool is_told_elsewhere(enum wd_rule rule)
{
    switch (rule) {
    case WD_RULE_BIG_ENDIAN:
    case WD_RULE_SUCCESS:
    case WD_RULE_NO_UPDATE:
    case WD_RULE_PAR_FAULT_FORMAT:
    case WD_RULE_FAULT_OF_STAGE_1:
    case WD_RULE_FAULT_OF_STAGE_2:
    case WD_RULE_S2_FAULT_ON_WALK:
    case WD_RULE_S2_FAULT_ON_WALK_LEVEL:
    case WD_RULE_S2_FAULT_ON_WALK_AT_EL1:
        return true;
    default:
        return false;
    }
}

/* Whether it is worth a word that a check raised no fault: where the next line does not show it, and it could have. */
static bool is_worth_telling(const struct steps *s, const struct wd_event *event)
{
    switch (event->rule) {
    case WD_RULE_EXTERNAL_ABORT:
    case WD_RULE_UPDATE_ABORT:
        return false;
    case WD_RULE_DIRTY_STATE:
        return s->params[0].indirect;
    case WD_RULE_NT_BLOCK:
        return wd_has_feature(s->c->regs, WD_FEAT_BBM);
    default:
        return wd_rules[event->rule].raises != WD_FAULT_NONE;
    }
}

static void tell_rule(struct steps *s, const struct wd_event *event)
{
    struct wd_words id = {0};

    if (!event->holds) {
        if (!is_worth_telling(s, event))
            return;
        leave_nested(s, event->stage);
        note_passed(s, event->rule);
        return;
    }
    /* What takes a permission away is told once more where the permission is found to be missing. */
    if (is_told_elsewhere(event->rule) || (event->rule == s->last_rule && event->level == s->last_level))
        return;
    leave_nested(s, event->stage);
    if (s->is_fetching)
        tell_descriptor(s, "");
    wd_add_rule_id(&id, event->rule);
    tell(s, id.text, wd_rules[event->rule].text);
    s->last_rule = event->rule;
    s->last_level = event->level;
}

/* ---------------------------------------------------------------- stages */

static void tell_begin(struct steps *s, const struct wd_event *event)
{
    bool nested = event->depth != 0;
    struct wd_words words = {0};

    end_opening(s);
    tell_passed(s);
    s->indent = WD_STORY_MARGIN + (nested ? NESTED : 0);
    wd_words_add(&words, "%s 0x%" PRIx64 "%s", event->stage == 1 ? "VA" : "IPA", event->address,
                 !nested        ? ""
                 : event->value ? ", where the stage 1 descriptor is to be written"
                                : ", where the stage 1 descriptor is");
    fputc('\n', s->out);
    tell(s, event->stage == 1 ? "stage 1" : "stage 2", words.text);
    if (event->stage == 1)
        return;
    s->has_ipa = true;
    s->ipa = event->address;
    begin_opening(s);
}

static void tell_params(struct steps *s, const struct wd_event *event)
{
    const struct wd_params *p = event->params;
    struct wd_words words = {0};

    wd_words_add(&words, "%s granule, %s %u%s%s%s%s%s%s%s%s%s", wd_facet_value(WD_FACET_GRANULE, p->granule, NULL),
                 event->stage == 2 || p->regime == WD_REGIME_EL2 ? "T0SZ" : "TxSZ", p->txsz, p->ds ? ", DS" : "",
                 p->big_endian ? ", big-endian tables" : "", p->ha ? ", HA" : "", p->hd ? ", HD" : "",
                 p->haft ? ", HAFT" : "", p->hierarchical_disabled ? ", no hierarchical permissions" : "",
                 p->indirect ? ", indirect permissions" : "", p->overlay ? ", overlays" : "",
                 p->forced_write_back ? ", FWB" : "");
    tell(s, "format", words.text);
}

static void tell_walk(struct steps *s, const struct wd_event *event)
{
    const struct wd_params *p = event->params;
    struct wd_words words = {0};

    s->params[event->stage - 1] = *p;
    wd_words_add(&words, "%u-bit input address, start level %d, table base 0x%" PRIx64 ", output size %u bits",
                 p->input_bits, p->start_level, p->table_base, p->output_bits);
    tell(s, "tables", words.text);
}

/* ---------------------------------------------------------------- descriptors */

static void note_fetch(struct steps *s, const struct wd_event *event)
{
    end_opening(s);
    tell_passed(s);
    if (event->stage == 1)
        s->indent = WD_STORY_MARGIN;
    s->is_fetching = true;
    s->fetch = *event;
}

static void tell_read(struct steps *s, const struct wd_event *event)
{
    const struct wd_params *params = &s->params[event->stage - 1];
    struct wd_words value = {0}, words = {0};

    wd_words_add(&value, " = 0x%016" PRIx64, event->value);
    if (params->big_endian) {
        wd_words_add(&value, ", after a swap of its bytes (");
        wd_add_rule_id(&value, WD_RULE_BIG_ENDIAN);
        wd_words_add(&value, ")");
    }
    tell_descriptor(s, value.text);
    wd_add_descriptor(&words, s->c->regs, params, event->stage, event->level, event->value);
    tell(s, "", words.text);
}

static void tell_write(struct steps *s, const struct wd_event *event)
{
    struct wd_words words = {0};

    leave_nested(s, event->stage);
    wd_words_add(&words, "descriptor at 0x%" PRIx64 " becomes 0x%016" PRIx64, event->address, event->value);
    tell(s, "update", words.text);
}

static void tell_choice(struct steps *s, const struct wd_event *event)
{
    struct wd_words words = {0};

    wd_words_add(&words, "%s: %s", wd_choices[event->address].name,
                 wd_choice_option((enum wd_choice)event->address, (unsigned)event->value));
    tell(s, "choice", words.text);
}

static void tell_output(struct steps *s, const struct wd_event *event)
{
    struct wd_words words = {0};

    wd_words_add(&words, "0x%" PRIx64, event->address);
    tell(s, "output", words.text);
}

static void handle(void *context, const struct wd_event *event)
{
    static void (*const tellers[])(struct steps *, const struct wd_event *) = {
        [WD_EVENT_RULE] = tell_rule,   [WD_EVENT_BEGIN] = tell_begin,   [WD_EVENT_PARAMS] = tell_params,
        [WD_EVENT_WALK] = tell_walk,   [WD_EVENT_FETCH] = note_fetch,   [WD_EVENT_READ] = tell_read,
        [WD_EVENT_WRITE] = tell_write, [WD_EVENT_CHOICE] = tell_choice, [WD_EVENT_OUTPUT] = tell_output,
    };

    tellers[event->kind](context, event);
}

void wd_tell_steps(FILE *out, const struct wd_case *c, struct wd_oracle_output *o)
{
    struct steps s = {.out = out, .c = c, .indent = WD_STORY_MARGIN};

    wd_oracle(c, NULL, handle, &s, o);
    end_opening(&s);
    tell_passed(&s);
    free(s.last_opening);
}
