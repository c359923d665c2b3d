/* SPDX-License-Identifier: MIT */
#include "reports/walk_json.h"

#include "harness/judge/facets.h"
#include "oracle/regime.h"
#include "reports/fields.h"

struct teller {
    yyjson_mut_doc *doc;
    yyjson_mut_val *steps, *rules;
    const struct wd_case *c;
    struct wd_params *params; /* of stage 1 and of stage 2 */
    yyjson_mut_val *fetching; /* the step of a descriptor that was not read yet; NULL: none */
};

/* ---------------------------------------------------------------- steps */

static yyjson_mut_val *add_step(struct teller *t, const char *kind, const struct wd_event *event)
{
    yyjson_mut_val *step = yyjson_mut_arr_add_obj(t->doc, t->steps);

    yyjson_mut_obj_add_str(t->doc, step, "kind", kind);
    yyjson_mut_obj_add_int(t->doc, step, "stage", event->stage);
    yyjson_mut_obj_add_int(t->doc, step, "depth", event->depth);
    return step;
}

static void tell_rule(struct teller *t, const struct wd_event *event)
{
    const char *name = wd_rules[event->rule].name;
    yyjson_mut_val *step;

    if (!event->holds)
        return;
    step = add_step(t, "rule", event);
    yyjson_mut_obj_add_int(t->doc, step, "level", event->level);
    yyjson_mut_obj_add_str(t->doc, step, "rule", name);
    if (!yyjson_mut_obj_get(t->rules, name))
        yyjson_mut_obj_add_val(t->doc, t->rules, name, wd_json_rule(t->doc, event->rule));
}

static void tell_begin(struct teller *t, const struct wd_event *event)
{
    yyjson_mut_val *step = add_step(t, "begin", event);

    wd_json_add_hex(t->doc, step, "address", event->address, 1);
    yyjson_mut_obj_add_bool(t->doc, step, "update", event->value);
}

static void tell_params(struct teller *t, const struct wd_event *event)
{
    const struct wd_params *p = event->params;
    const struct {
        const char *name;
        bool holds;
    } flags[] = {
        {"DS", p->ds},
        {"HA", p->ha},
        {"HD", p->hd},
        {"HAFT", p->haft},
        {"big-endian tables", p->big_endian},
        {"no hierarchical permissions", p->hierarchical_disabled},
        {"indirect permissions", p->indirect},
        {"overlays", p->overlay},
        {"FWB", p->forced_write_back},
    };
    yyjson_mut_val *step = add_step(t, "format", event), *list = yyjson_mut_obj_add_arr(t->doc, step, "flags");

    yyjson_mut_obj_add_str(t->doc, step, "granule", wd_facet_value(WD_FACET_GRANULE, p->granule, NULL));
    yyjson_mut_obj_add_int(t->doc, step, "txsz", p->txsz);
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (flags[i].holds)
            yyjson_mut_arr_add_str(t->doc, list, flags[i].name);
}

static void tell_walk(struct teller *t, const struct wd_event *event)
{
    const struct wd_params *p = event->params;
    yyjson_mut_val *step = add_step(t, "tables", event);

    t->params[event->stage - 1] = *p;
    yyjson_mut_obj_add_int(t->doc, step, "input_bits", p->input_bits);
    yyjson_mut_obj_add_int(t->doc, step, "output_bits", p->output_bits);
    yyjson_mut_obj_add_int(t->doc, step, "start_level", p->start_level);
    wd_json_add_hex(t->doc, step, "table_base", p->table_base, 1);
}

static void tell_fetch(struct teller *t, const struct wd_event *event)
{
    t->fetching = add_step(t, "descriptor", event);
    yyjson_mut_obj_add_int(t->doc, t->fetching, "level", event->level);
    wd_json_add_hex(t->doc, t->fetching, "pa", event->address, 1);
}

static void tell_read(struct teller *t, const struct wd_event *event)
{
    if (!t->fetching)
        tell_fetch(t, event);
    wd_json_add_hex(t->doc, t->fetching, "descriptor", event->value, 16);
    wd_json_add_descriptor(t->doc, t->fetching, t->c, &t->params[event->stage - 1], event->stage, event->level,
                           event->value);
    t->fetching = NULL;
}

static void tell_write(struct teller *t, const struct wd_event *event)
{
    yyjson_mut_val *step = add_step(t, "write", event);

    wd_json_add_hex(t->doc, step, "pa", event->address, 1);
    wd_json_add_hex(t->doc, step, "descriptor", event->value, 16);
}

static void tell_choice(struct teller *t, const struct wd_event *event)
{
    enum wd_choice choice = (enum wd_choice)event->address;
    yyjson_mut_val *step = add_step(t, "choice", event);

    yyjson_mut_obj_add_str(t->doc, step, "choice", wd_choices[choice].name);
    yyjson_mut_obj_add_str(t->doc, step, "option", wd_choice_option(choice, (unsigned)event->value));
}

static void tell_output(struct teller *t, const struct wd_event *event)
{
    wd_json_add_hex(t->doc, add_step(t, "output", event), "address", event->address, 1);
}

static void handle(void *context, const struct wd_event *event)
{
    static void (*const tellers[])(struct teller *, const struct wd_event *) = {
        [WD_EVENT_RULE] = tell_rule,   [WD_EVENT_BEGIN] = tell_begin,   [WD_EVENT_PARAMS] = tell_params,
        [WD_EVENT_WALK] = tell_walk,   [WD_EVENT_FETCH] = tell_fetch,   [WD_EVENT_READ] = tell_read,
        [WD_EVENT_WRITE] = tell_write, [WD_EVENT_CHOICE] = tell_choice, [WD_EVENT_OUTPUT] = tell_output,
    };

    tellers[event->kind](context, event);
}

void wd_json_add_descriptor(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct wd_case *c,
                            const struct wd_params *params, unsigned stage, int level, uint64_t descriptor)
{
    static const char *const types[] = {
        [WD_SHAPE_INVALID] = "invalid", [WD_SHAPE_RESERVED] = "reserved", [WD_SHAPE_TABLE] = "table",
        [WD_SHAPE_BLOCK] = "block",     [WD_SHAPE_PAGE] = "page",
    };
    uint64_t address;
    enum wd_descriptor_shape type = wd_shape_of_descriptor(c->regs, params, level, descriptor, &address);
    struct wd_words words = {0};

    yyjson_mut_obj_add_str(doc, object, "type", types[type]);
    if (type != WD_SHAPE_INVALID && type != WD_SHAPE_RESERVED)
        wd_json_add_hex(doc, object, "address", address, 1);
    wd_add_descriptor(&words, c->regs, params, stage, level, descriptor);
    wd_json_add_text(doc, object, "words", words.text);
}

/* ---------------------------------------------------------------- the case */

static void add_register(yyjson_mut_doc *doc, yyjson_mut_val *list, enum wd_layout layout, uint64_t value)
{
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list), *shown;
    size_t count;
    const struct wd_field *fields = wd_layout_fields(layout, &count);

    yyjson_mut_obj_add_str(doc, object, "name", wd_registers[wd_layouts[layout].reg].name);
    wd_json_add_hex(doc, object, "value", value, 16);
    shown = yyjson_mut_obj_add_arr(doc, object, "fields");
    for (size_t i = 0; i < count; i++) {
        const struct wd_field *field = &fields[i];
        uint64_t bits = wd_bits(value, field->msb, field->lsb);
        struct wd_words words = {0};
        yyjson_mut_val *one;

        if (field->role == WD_ROLE_INERT || !bits)
            continue;
        one = yyjson_mut_arr_add_obj(doc, shown);
        yyjson_mut_obj_add_str(doc, one, "name", field->name);
        wd_add_field_value(&words, field->name, bits, field->msb, field->lsb);
        wd_json_add_text(doc, one, "value", words.text);
        yyjson_mut_obj_add_str(doc, one, "meaning", field->meaning);
    }
}

/* Registers that are not zero, TCR_EL2 in the layout that is in force. */
static void add_registers(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct wd_case *c)
{
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, object, "registers");
    unsigned out_of_force = wd_e2h(c->regs) ? WD_LAYOUT_TCR_EL2 : WD_LAYOUT_TCR_EL2_E2H;

    for (unsigned layout = 0; layout < WD_LAYOUT_COUNT; layout++) {
        unsigned reg = wd_layouts[layout].reg;

        if (reg != WD_RESULT && c->regs[reg] && layout != out_of_force)
            add_register(doc, list, layout, c->regs[reg]);
    }
}

static void add_implementation(yyjson_mut_doc *doc, yyjson_mut_val *object, const uint64_t regs[WD_REGISTER_COUNT])
{
    static const char *const stages[2] = {"stage1_granules", "stage2_granules"};
    yyjson_mut_val *implementation = yyjson_mut_obj_add_obj(doc, object, "implementation"), *list;

    yyjson_mut_obj_add_int(doc, implementation, "pa_bits", wd_pa_max(regs));
    for (unsigned stage = 1; stage <= 2; stage++) {
        list = yyjson_mut_obj_add_arr(doc, implementation, stages[stage - 1]);
        for (unsigned granule = 0; granule < WD_GRANULE_COUNT; granule++)
            if (wd_has_granule(regs, stage, granule))
                yyjson_mut_arr_add_str(doc, list, wd_facet_value(WD_FACET_GRANULE, granule, NULL));
    }
    list = yyjson_mut_obj_add_arr(doc, implementation, "features");
    for (unsigned feature = WD_NONE + 1; feature < WD_FEATURE_COUNT; feature++)
        if (wd_has_feature(regs, feature))
            yyjson_mut_arr_add_str(doc, list, wd_features[feature].name);
}

static void add_choices(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct wd_oracle_output *output)
{
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, object, "choices");

    for (unsigned i = 0; i < output->consulted_count; i++) {
        const struct wd_consulted *consulted = &output->consulted[i];
        yyjson_mut_val *choice = wd_json_choice(doc, consulted->choice), *others;

        yyjson_mut_arr_append(list, choice);
        yyjson_mut_obj_add_bool(doc, choice, "default", consulted->option == 0);
        yyjson_mut_obj_add_str(doc, choice, "taken", wd_choice_option(consulted->choice, consulted->option));
        others = yyjson_mut_obj_add_arr(doc, choice, "also_permitted");
        for (unsigned option = 0; option < wd_choices[consulted->choice].options; option++)
            if (option != consulted->option && !(option < 8 && consulted->absent >> option & 1))
                yyjson_mut_arr_add_str(doc, others, wd_choices[consulted->choice].option[option]);
    }
}

void wd_json_add_walk(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct wd_case *c,
                      const struct wd_resolution *resolution, struct wd_params params[2],
                      struct wd_oracle_output *output)
{
    struct teller teller = {
        .doc = doc, .steps = yyjson_mut_arr(doc), .rules = yyjson_mut_obj(doc), .c = c, .params = params};

    yyjson_mut_obj_add_str(doc, object, "operation", wd_operation_names[c->op]);
    yyjson_mut_obj_add_int(doc, object, "el", c->el);
    yyjson_mut_obj_add_int(doc, object, "pan", c->pan);
    wd_json_add_hex(doc, object, "va", c->va, 16);
    wd_oracle(c, resolution, handle, &teller, output);
    yyjson_mut_obj_add_str(doc, object, "regime", wd_facet_value(WD_FACET_REGIME, output->regime, NULL));
    add_registers(doc, object, c);
    add_implementation(doc, object, c->regs);
    yyjson_mut_obj_add_val(doc, object, "steps", teller.steps);
    yyjson_mut_obj_add_val(doc, object, "rules", teller.rules);
    add_choices(doc, object, output);
}
