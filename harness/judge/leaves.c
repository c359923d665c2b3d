/* SPDX-License-Identifier: MIT */
#include "harness/judge/leaves.h"
#include "harness/judge/answer_words.h"

#include <string.h>

#define CHOICE(name) (UINT64_C(1) << WD_CHOICE_##name)

/* Choices whose other options leave a walk nothing but an unsupported atomic update fault. */
static const uint64_t atomic_update_choices =
    CHOICE(S1_ATOMIC_UPDATE) | CHOICE(S1_ATOMIC_UPDATE_BY_STAGE_2) | CHOICE(S2_ATOMIC_UPDATE);

enum { SH_RESERVED = 1 };

#define MISTAKE(name) ((wd_mistake_set)1 << WD_MISTAKE_##name)

const wd_mistake_set wd_mistakes_of_attributes =
    MISTAKE(CD_IGNORED) | MISTAKE(CD_IGNORED_WITH_FWB) | MISTAKE(CD_XS_LOST) | MISTAKE(COMBINED_BY_ENCODING) |
    MISTAKE(COMBINED_RES1_CLEAR) | MISTAKE(C_IGNORED) | MISTAKE(DCT_IGNORED) | MISTAKE(DEFAULT_CACHEABLE_AS_DEVICE) |
    MISTAKE(FWB_BIT_3_AS_DEVICE) | MISTAKE(FWB_DEVICE_ALONE) | MISTAKE(FWB_DEVICE_NGNRNE) | MISTAKE(FWB_HINTS) |
    MISTAKE(FWB_RESERVED_BY_ENCODING) | MISTAKE(FWB_TAG_LOST) | MISTAKE(HALF_NON_CACHEABLE_OUTER) |
    MISTAKE(NON_CACHEABLE_XS_LOST) | MISTAKE(NON_CACHEABLE_XS_SHAREABILITY) | MISTAKE(NO_TAG_ACCESS_IGNORED) |
    MISTAKE(OFF_NON_SHAREABLE) | MISTAKE(RESERVED_DEVICE_KEPT) | MISTAKE(RESERVED_F0_AS_TAGGED) |
    MISTAKE(RESERVED_MAIR_BY_HALVES) | MISTAKE(RESERVED_SHAREABILITY) | MISTAKE(S1_DEVICE_BY_HALVES) |
    MISTAKE(S2_DEVICE_BY_HALVES) | MISTAKE(SHAREABILITY_OF_DESCRIPTOR) | MISTAKE(SHAREABILITY_OF_DESCRIPTORS) |
    MISTAKE(TRANSIENCE_LOST) | MISTAKE(TRANSIENT_AS_STAGE_1) | MISTAKE(XS_NOT_COMBINED);

static const unsigned attribute_aspects = 1u << WD_ASPECT_ATTR | 1u << WD_ASPECT_SH;

static bool is_success(const struct wd_result *result)
{
    return result->answer == WD_ANSWER_PAR && !WD_GET(result->par, PAR_EL1, F);
}

static bool may_be_atomic_update_fault(const struct wd_result *got)
{
    unsigned status =
        got->answer == WD_ANSWER_EXCEPTION ? got->exception.fst : (unsigned)WD_GET(got->par, PAR_EL1_F, FST);

    if (got->answer != WD_ANSWER_EXCEPTION && !(got->answer == WD_ANSWER_PAR && WD_GET(got->par, PAR_EL1, F)))
        return false;
    return WD_GET(got->unanswered, PAR_EL1_F, FST) || wd_decode_status(status).fault == WD_FAULT_ATOMIC_UPDATE;
}

/* Whether a MAIR register holds an encoding. */
static bool mair_holds(const struct wd_case *c, unsigned attr)
{
    for (unsigned i = 0; i < 64; i += 8)
        if ((c->regs[WD_MAIR_EL1] >> i & 0xff) == attr || (c->regs[WD_MAIR_EL2] >> i & 0xff) == attr)
            return true;
    return false;
}

uint64_t wd_futile_choices(const struct wd_case *c, const struct wd_result *got)
{
    uint64_t futile = may_be_atomic_update_fault(got) ? 0 : atomic_update_choices;

    /* Its other option reports the encoding in MAIR. */
    if (!is_success(got) ||
        (!WD_GET(got->unanswered, PAR_EL1, ATTR) && !mair_holds(c, (unsigned)WD_GET(got->par, PAR_EL1, ATTR))))
        futile |= CHOICE(PAR_ATTRIBUTES);
    return futile;
}

/*
 * Whether an answer reports what no attributes lead to: SH = 01 is reserved in PAR_EL1, and a descriptor that has it is
 * taken to have one of the others (R_ZWYSH, R_DNZJQ).
 */
static bool reports_reserved_shareability(const struct wd_result *got)
{
    return is_success(got) && !WD_GET(got->unanswered, PAR_EL1, SH) && WD_GET(got->par, PAR_EL1, SH) == SH_RESERVED;
}

/* ---------------------------------------------------------------- a leaf */

/*
 * Which IMPLEMENTATION DEFINED choices a leaf takes, at the default and elsewhere. A granule choice tells of an
 * implementation only where it had all granules to choose from: with fewer it may have to choose another one.
 */
static void add_resolved(const struct wd_oracle_output *output, uint64_t except, uint64_t resolved[2])
{
    for (unsigned i = 0; i < output->consulted_count; i++) {
        const struct wd_consulted *consulted = &output->consulted[i];
        bool all_options = !consulted->absent;

        if (wd_choices[consulted->choice].kind == WD_IMPLEMENTATION_DEFINED && all_options &&
            !(except >> consulted->choice & 1))
            resolved[consulted->option != 0] |= UINT64_C(1) << consulted->choice;
    }
}

void wd_output_resolved(const struct wd_oracle_output *output, uint64_t resolved[2])
{
    resolved[0] = resolved[1] = 0;
    add_resolved(output, 0, resolved);
}

void wd_leaf_resolved(const struct wd_leaf_walk *walk, uint64_t resolved[2])
{
    resolved[0] = resolved[1] = 0;
    add_resolved(&walk->output, walk->output.attribute_choices, resolved);
    if (walk->success)
        add_resolved(&walk->attributes, 0, resolved);
}

static unsigned count_choices(const struct wd_resolution *resolution)
{
    unsigned count = 0;

    for (unsigned i = 0; i < WD_CHOICE_COUNT; i++)
        count += resolution->option[i] != 0;
    return count;
}

unsigned wd_leaf_choices(const struct wd_leaf_walk *walk)
{
    return count_choices(&walk->resolution);
}

static void see_leaf(struct wd_leaf_walk *walk)
{
    uint64_t differing = (walk->attributes.result.par ^ walk->got->par) & ~walk->got->unanswered;

    walk->tried++;
    walk->differing = walk->differing_before_attributes;
    if (walk->success && !(walk->differing >> WD_ASPECT_F & 1))
        walk->differing |= (unsigned)(WD_GET(differing, PAR_EL1, ATTR) != 0) << WD_ASPECT_ATTR |
                           (unsigned)(WD_GET(differing, PAR_EL1, SH) != 0) << WD_ASPECT_SH;
    walk->equal_leaves += !walk->differing;
}

/* What wd_oracle_attributes() would say of the walk's own resolution. */
static void take_attributes(const struct wd_oracle_output *output, struct wd_oracle_output *attributes)
{
    attributes->result.par = output->result.par;
    attributes->attribute_choices = output->attribute_choices;
    attributes->mistakes_met = 0; /* they are among those of the walk */
    attributes->consulted_count = 0;
    for (unsigned i = 0; output->attribute_choices && i < output->consulted_count; i++)
        if (output->attribute_choices >> output->consulted[i].choice & 1)
            attributes->consulted[attributes->consulted_count++] = output->consulted[i];
}

/* Looks at a walk, with every choice that only attributes consult at its default. */
static void see_walk(struct wd_leaf_walk *walk, unsigned differing)
{
    walk->success = is_success(&walk->output.result);
    walk->walks++;
    walk->equal_leaves = 0;
    walk->choices_before_attributes = count_choices(&walk->resolution);
    walk->differing_before_attributes = walk->success ? differing & ~attribute_aspects : differing;
    walk->is_first = true;
    if (walk->success)
        take_attributes(&walk->output, &walk->attributes);
    see_leaf(walk);
}

/* Puts the attributes of a leaf into what the oracle says of its walk. */
static void put_attributes(const struct wd_oracle_output *walk, const struct wd_oracle_output *attributes,
                           struct wd_oracle_output *output)
{
    uint8_t count = 0;

    output->result.par = attributes->result.par;
    output->aspect_rule[WD_ASPECT_ATTR] = attributes->aspect_rule[WD_ASPECT_ATTR];
    output->aspect_rule[WD_ASPECT_SH] = attributes->aspect_rule[WD_ASPECT_SH];
    output->attribute_choices = attributes->attribute_choices;
    output->mistakes_met = walk->mistakes_met | attributes->mistakes_met;
    for (unsigned i = 0; i < walk->consulted_count; i++)
        if (!(walk->attribute_choices >> walk->consulted[i].choice & 1))
            output->consulted[count++] = walk->consulted[i];
    memcpy(&output->consulted[count], attributes->consulted,
           attributes->consulted_count * sizeof(output->consulted[0]));
    output->consulted_count = (uint8_t)(count + attributes->consulted_count);
}

void wd_leaf_output(const struct wd_leaf_walk *walk, struct wd_oracle_output *output)
{
    wd_copy_output(output, &walk->output);
    if (walk->success && !walk->is_first)
        put_attributes(&walk->output, &walk->attributes, output);
}

void wd_output_with_attributes(const struct wd_oracle_output *walk, const struct wd_attribute_source *source,
                               const struct wd_resolution *resolution, struct wd_oracle_output *output)
{
    struct wd_oracle_output attributes;

    attributes.result.par = walk->result.par;
    memset(attributes.rules_hit, 0, sizeof attributes.rules_hit);
    wd_oracle_attributes(source, resolution, &attributes);
    wd_copy_output(output, walk);
    put_attributes(walk, &attributes, output);
}

static void begin_walk(struct wd_leaf_walk *walk)
{
    wd_oracle_with_source(walk->c, &walk->resolution, &walk->output, &walk->source);
    walk->has_source = true;
    see_walk(walk, wd_answers_differ(&walk->output.result, walk->got));
}

/* ---------------------------------------------------------------- a climb */

static void begin(struct wd_leaf_walk *walk, const struct wd_case *c, const struct wd_result *got)
{
    walk->c = c;
    walk->got = got;
    walk->futile = wd_futile_choices(c, got);
    walk->tried = walk->walks = 0;
    memset(walk->resolution.option, 0, sizeof walk->resolution.option);
    memset(walk->attributes.rules_hit, 0, sizeof walk->attributes.rules_hit);
}

void wd_leaves_begin(struct wd_leaf_walk *walk, const struct wd_case *c, const struct wd_resolution *base,
                     const struct wd_result *got)
{
    walk->resolution = *base;
    begin(walk, c, got);
    begin_walk(walk);
}

void wd_leaves_begin_at(struct wd_leaf_walk *walk, const struct wd_case *c, const struct wd_oracle_output *basis,
                        const struct wd_attribute_source *source, const struct wd_result *got, unsigned differing)
{
    walk->resolution = (struct wd_resolution){0};
    begin(walk, c, got);
    wd_copy_output(&walk->output, basis);
    walk->has_source = source;
    if (source)
        walk->source = *source;
    see_walk(walk, differing);
}

/*
 * The first option of a reserved MAIR encoding, from one on, that may lead to a leaf that gives the answer, whatever
 * choices come up behind it.
 */
static unsigned hopeful_option(const struct wd_leaf_walk *walk, unsigned option)
{
    return wd_mair_option_that_may_report(walk->c->regs, option, (unsigned)WD_GET(walk->got->par, PAR_EL1, ATTR));
}

static bool is_hopeless_option(const struct wd_leaf_walk *walk, unsigned option)
{
    return option && hopeful_option(walk, option) != option;
}

/* Whether no leaf behind the choices so far is a wanted one that gives the answer. */
static bool none_is_equal(const struct wd_leaf_walk *walk, unsigned choices, const struct wd_attributes_wanted *wanted)
{
    uint64_t mair_is_reported = CHOICE(PAR_ATTRIBUTES) & walk->output.attribute_choices & ~walk->futile;
    unsigned most = wanted->equal_most;

    if (choices > most)
        return true;
    if ((walk->resolution.supposes && !wanted->hopeful) || WD_GET(walk->got->unanswered, PAR_EL1, ATTR) ||
        walk->resolution.option[WD_CHOICE_PAR_ATTRIBUTES] || (mair_is_reported && choices < most))
        return false;
    return is_hopeless_option(walk, walk->resolution.option[WD_CHOICE_S1_RESERVED_MAIR]);
}

/*
 * Whether no leaf behind the choices so far is wanted. Steps over further options of a reserved MAIR encoding of which
 * the same holds: there are hundreds.
 */
static bool is_unwanted(struct wd_leaf_walk *walk, const struct wd_attributes_wanted *wanted)
{
    unsigned choices = wd_leaf_choices(walk);
    uint8_t *option = &walk->resolution.option[WD_CHOICE_S1_RESERVED_MAIR];

    if (choices <= wanted->other_most || !none_is_equal(walk, choices, wanted))
        return false;
    if (is_hopeless_option(walk, *option))
        *option = (uint8_t)(hopeful_option(walk, *option + 1u) - 1);
    return true;
}

/* Takes the choices so far as seen, with all that come up behind them. */
static void pass_over(struct wd_leaf_walk *walk)
{
    struct wd_oracle_output *attributes = &walk->attributes;
    uint8_t count = attributes->consulted_count;

    while (count && !walk->resolution.option[attributes->consulted[count - 1].choice])
        count--;
    attributes->consulted_count = count;
    if (count)
        attributes->consulted[count - 1].option = walk->resolution.option[attributes->consulted[count - 1].choice];
}

/* Goes to the next leaf of the walk, in the tree of attributes. */
static bool next_attributes(struct wd_leaf_walk *walk, const struct wd_attributes_wanted *wanted)
{
    bool supposes = walk->resolution.supposes || walk->resolution.mistakes;

    if (!wanted->other_most && !supposes && reports_reserved_shareability(walk->got))
        return false;
    while (wanted->any && wd_resolution_next(&walk->resolution, &walk->attributes, walk->futile)) {
        if (is_unwanted(walk, wanted)) {
            pass_over(walk);
            continue;
        }
        if (!walk->has_source)
            wd_oracle_with_source(walk->c, &(struct wd_resolution){0}, &walk->output, &walk->source);
        walk->has_source = true;
        walk->is_first = false;
        wd_oracle_attributes(&walk->source, &walk->resolution, &walk->attributes);
        see_leaf(walk);
        return true;
    }
    return false;
}

bool wd_leaves_next(struct wd_leaf_walk *walk, struct wd_attributes_wanted attributes)
{
    if (wd_leaves_exhausted(walk))
        return false;
    if (walk->success) {
        if (next_attributes(walk, &attributes))
            return true;
        for (uint64_t bits = walk->attributes.attribute_choices; bits; bits &= bits - 1)
            walk->resolution.option[__builtin_ctzll(bits)] = 0;
    }
    if (!wd_resolution_next(&walk->resolution, &walk->output, walk->futile | walk->output.attribute_choices))
        return false;
    begin_walk(walk);
    return true;
}

bool wd_cannot_be_permitted(const struct wd_case *c, const struct wd_oracle_output *basis, const struct wd_result *got,
                            unsigned differing)
{
    uint64_t futile;

    if (got->answer > WD_ANSWER_UNDEFINED || (differing >> WD_ASPECT_RES & 1))
        return true; /* bits that are RES0 or RES1 are so in every answer of the format */
    if (reports_reserved_shareability(got))
        return true;
    futile = wd_futile_choices(c, got);
    if (differing & ~attribute_aspects)
        futile |= basis->attribute_choices;
    for (unsigned i = 0; i < basis->consulted_count; i++)
        if (!(futile >> basis->consulted[i].choice & 1))
            return false;
    return differing != 0;
}

bool wd_find_leaf(const struct wd_case *c, const struct wd_result *got, struct wd_resolution *resolution)
{
    struct wd_leaf_walk walk;

    wd_leaves_begin(&walk, c, resolution, got);
    do {
        if (!walk.differing) {
            *resolution = walk.resolution;
            return true;
        }
    } while (wd_leaves_next(&walk, wd_equal_attributes(!walk.differing_before_attributes)));
    return false;
}
