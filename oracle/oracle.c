/* SPDX-License-Identifier: MIT */
/* What the oracle is asked: which walk answers it. */
#include "oracle/at.h"

static const struct wd_resolution default_resolution;

/* Whether checks are supposed to be left out, or to find something: mistakes alone are asked for where they are made.
 */
static bool supposes_checks(const struct wd_resolution *resolution)
{
    uint64_t checks = 0;

    for (unsigned i = 0; resolution->supposes && i < WD_RULE_WORDS; i++)
        checks |= resolution->left_out[0][i] | resolution->left_out[1][i] | resolution->raised[0][i] |
                  resolution->raised[1][i];
    return checks;
}

static void answer(struct wd_walk *w)
{
    if (w->handler || supposes_checks(w->resolution))
        wd_answer(w);
    else
        wd_answer_unwatched(w);
}

void wd_oracle(const struct wd_case *c, const struct wd_resolution *resolution, wd_event_handler *handler,
               void *context, struct wd_oracle_output *output)
{
    struct wd_walk w = {.c = c,
                        .regs = c->regs,
                        .resolution = resolution ? resolution : &default_resolution,
                        .handler = handler,
                        .context = context,
                        .out = output};

    answer(&w);
}

_Static_assert(sizeof(struct wd_attribute_inputs) <= sizeof(struct wd_attribute_source), "it fits");

void wd_oracle_with_source(const struct wd_case *c, const struct wd_resolution *resolution,
                           struct wd_oracle_output *output, struct wd_attribute_source *source)
{
    struct wd_attribute_inputs *inputs = (struct wd_attribute_inputs *)source->opaque;
    struct wd_walk w = {.c = c, .regs = c->regs, .resolution = resolution, .out = output, .inputs = inputs};

    inputs->c = c;
    inputs->stage2 = false;
    answer(&w);
    inputs->consulted = w.consulted & ~w.by_attributes;
}

void wd_oracle_attributes(const struct wd_attribute_source *source, const struct wd_resolution *resolution,
                          struct wd_oracle_output *output)
{
    const struct wd_attribute_inputs *inputs = (const struct wd_attribute_inputs *)source->opaque;
    struct wd_walk w = {.c = inputs->c,
                        .regs = inputs->c->regs,
                        .resolution = resolution,
                        .out = output,
                        .consulted = inputs->consulted,
                        .in_attributes = true};

    output->consulted_count = 0;
    output->mistakes_met = 0;
    if (supposes_checks(resolution))
        wd_report_attributes(&w, inputs);
    else
        wd_report_attributes_unwatched(&w, inputs);
}

uint64_t wd_par_mask(uint64_t par)
{
    if (WD_GET(par, PAR_EL1, F))
        return ~wd_mask(WD_PAR_EL1_F_IMPDEF_msb, WD_PAR_EL1_F_IMPDEF_lsb);
    return ~(wd_mask(WD_PAR_EL1_NS_msb, WD_PAR_EL1_NS_lsb) | wd_mask(WD_PAR_EL1_IMPDEF_msb, WD_PAR_EL1_IMPDEF_lsb));
}
