/* SPDX-License-Identifier: MIT */
/* AArch64.AT: the instruction as a whole, and PAR_EL1. */
#include "oracle/at.h"
#include "oracle/attributes.h"
#include "oracle/regime.h"
#include "oracle/stage1.h"
#include "oracle/stage2.h"

/* The register of a layout. */
enum {
#define WD_LAYOUT(layout, reg, title) register_of_##layout = WD_##reg,
#include "walkdiff/registers.def"
};

/* TCR_EL2 has two layouts; every other register has one. */
static bool layout_in_force(const struct wd_walk *w, unsigned layout)
{
    if (layout == WD_LAYOUT_TCR_EL2)
        return !w->e2h;
    if (layout == WD_LAYOUT_TCR_EL2_E2H)
        return w->e2h;
    return true;
}

/*
 * A field of a feature that the oracle does not model, picked from the one description by its role: a test of it, in
 * the place of an entry in a table, for each case is asked this.
 */
#define STOP_MODEL(layout, field, msb, lsb, feature)
#define STOP_INERT(layout, field, msb, lsb, feature)
#define STOP_IDENT(layout, field, msb, lsb, feature)
#define STOP_STOP(layout, field, msb, lsb, feature)                                                                    \
    if (wd_bits(regs[register_of_##layout], msb, lsb) && layout_in_force(w, WD_LAYOUT_##layout) &&                     \
        wd_has(regs, WD_##feature))                                                                                    \
        return #layout "." #field " (" #feature ") is not modelled";

/* What makes a case unsupported, or NULL. */
static const char *not_modelled(const struct wd_walk *w)
{
    const uint64_t *regs = w->regs;

#define WD_FIELD(layout, field, msb, lsb, feature, role, weight, meaning) STOP_##role(layout, field, msb, lsb, feature)
#include "walkdiff/registers.def"

    if (!w->pa_max)
        return "ID_AA64MMFR0_EL1.PARange is reserved";
    if (!w->granules[0] || !w->granules[1])
        return "ID_AA64MMFR0_EL1 has no translation granule";
    return NULL;
}

/* EncodeLDFSC: class and level as a fault status code. Levels below 0 have codes of their own. */
static uint8_t fault_status(const struct wd_fault *fault)
{
    static const uint8_t level_0[] = {
        [WD_FAULT_ADDRESS_SIZE] = 0x00, [WD_FAULT_TRANSLATION] = 0x04,    [WD_FAULT_ACCESS_FLAG] = 0x08,
        [WD_FAULT_PERMISSION] = 0x0c,   [WD_FAULT_EXTERNAL_ABORT] = 0x14, [WD_FAULT_ATOMIC_UPDATE] = 0x31};
    static const uint8_t level_minus_1[] = {
        [WD_FAULT_ADDRESS_SIZE] = 0x29, [WD_FAULT_TRANSLATION] = 0x2b, [WD_FAULT_EXTERNAL_ABORT] = 0x13};

    if (fault->has_status)
        return fault->status;
    if (fault->class == WD_FAULT_ATOMIC_UPDATE)
        return level_0[WD_FAULT_ATOMIC_UPDATE];
    /* Of a class that has no code for level -1, such a fault is a mistake: its level is cut to two bits. */
    if (fault->level < 0 && level_minus_1[fault->class])
        return level_minus_1[fault->class];
    return (uint8_t)(level_0[fault->class] + (fault->level & 3));
}

/* AArch64.EncodePAR of a fault. */
static uint64_t encode_fault(const struct wd_fault *fault)
{
    uint64_t par = 0;

    par = WD_WITH(par, PAR_EL1_F, F, 1);
    par = WD_WITH(par, PAR_EL1_F, FST, fault_status(fault));
    par = WD_WITH(par, PAR_EL1_F, PTW, fault->on_walk || fault->says_on_walk);
    par = WD_WITH(par, PAR_EL1_F, S, fault->stage2);
    par = WD_WITH(par, PAR_EL1_F, RES1, 1);
    par = WD_WITH(par, PAR_EL1_F, Overlay, fault->overlay);
    return WD_WITH(par, PAR_EL1_F, DirtyBit, fault->dirty_bit);
}

/* ATTR and SH of PAR_EL1, and the bit that is 1 whatever they are. */
static uint64_t encode_attributes(struct wd_walk *w, struct wd_attributes *attributes, uint64_t par)
{
    par = WD_WITH(par, PAR_EL1, NSE, !(w->combined && wd_mistaken(w, WD_MISTAKE_COMBINED_RES1_CLEAR)));
    par = WD_WITH(par, PAR_EL1, SH, wd_encode_shareability(attributes));
    return WD_WITH(par, PAR_EL1, ATTR, wd_encode_attributes(w, attributes));
}

/* AArch64.EncodePAR of a success. */
static uint64_t encode_success(struct wd_walk *w, struct wd_output *output)
{
    uint64_t par = 0;

    par = WD_WITH(par, PAR_EL1, PA, output->address >> 12);
    w->in_attributes = true;
    return encode_attributes(w, &output->attributes, par);
}

/*
 * Whether the AT itself takes a Data Abort: an external abort always, a stage 2 fault on a stage 1 walk at EL1. A
 * choice of a faulting Access flag update may have turned this round.
 */
static bool takes_data_abort(const struct wd_walk *w, const struct wd_fault *fault)
{
    bool external = fault->class == WD_FAULT_EXTERNAL_ABORT &&
                    !wd_mistaken(w, fault->stage2 ? WD_MISTAKE_S2_ABORT_IN_PAR : WD_MISTAKE_S1_ABORT_IN_PAR);
    bool aborts = external || (fault->on_walk && w->c->el == 1);

    return aborts != fault->other_report;
}

/* Whether a fault is one of T0SZ, or of the start level that SL0 gives. */
static bool is_size_or_start_level(enum wd_rule rule)
{
    switch (rule) {
    case WD_RULE_TXSZ_ABOVE_MAXIMUM:
    case WD_RULE_TXSZ_BELOW_MINIMUM:
    case WD_RULE_TXSZ_BELOW_MINIMUM_52:
    case WD_RULE_START_LEVEL_RESERVED:
    case WD_RULE_START_LEVEL_NOT_IMPLEMENTED:
    case WD_RULE_START_LEVEL_INCONSISTENT:
        return true;
    default:
        return false;
    }
}

/* Whether VTCR_EL2.T0SZ gives 25 to 48 bits, the sizes of Armv8.0: of others some walkers tell nothing. */
static bool t0sz_is_usual(const struct wd_walk *w)
{
    uint64_t t0sz = WD_GET(w->regs[WD_VTCR_EL2], VTCR_EL2, T0SZ);

    return t0sz >= 16 && t0sz <= 39;
}

/* Whether a fault is one of a descriptor that a walk came to, and not of what follows the walk. */
static bool is_of_descriptor(enum wd_rule rule)
{
    switch (rule) {
    case WD_RULE_EXTERNAL_ABORT:
    case WD_RULE_DESCRIPTOR_INVALID:
    case WD_RULE_DESCRIPTOR_RESERVED_LEVEL_3:
    case WD_RULE_BLOCK_NOT_SUPPORTED:
    case WD_RULE_NEXT_TABLE_ADDRESS_SIZE:
    case WD_RULE_LEAF_ADDRESS_SIZE:
        return true;
    default:
        return false;
    }
}

/* Whether a fault of stage 2 is one that leaves a walk without a status where nobody cares. */
static bool is_without_status(const struct wd_fault *fault)
{
    return fault->rule == WD_RULE_EXTERNAL_ABORT || is_size_or_start_level(fault->rule);
}

/* The mistake of reporting PTW = 1 for faults of stage 1 that a descriptor has, or for all. */
static bool own_fault_with_ptw(const struct wd_walk *w, const struct wd_fault *fault)
{
    if (is_of_descriptor(fault->rule) && wd_mistaken(w, WD_MISTAKE_OWN_FAULT_WITH_PTW))
        return true;
    /* Who makes both reports it of those that a descriptor has. */
    return wd_mistaken(w, WD_MISTAKE_OWN_FAULT_WITH_PTW_ALWAYS) && !wd_mistaken(w, WD_MISTAKE_OWN_FAULT_WITH_PTW);
}

/* What walkers make of the faults of a walk by mistake. */
static void mistake_walk_fault(const struct wd_walk *w, struct wd_fault *fault)
{
    if (!fault->stage2)
        fault->says_on_walk = own_fault_with_ptw(w, fault);
    if (fault->stage2 && fault->rule == WD_RULE_TABLE_BASE_ADDRESS_SIZE && w->out->start_level[1] &&
        wd_mistaken(w, WD_MISTAKE_S2_BASE_AT_START_LEVEL))
        fault->level = w->out->start_level[1];
    /* Of a leaf at level -1, where no format has one: less 1 than the code of level 0. */
    if (!fault->stage2 && fault->level < 0 &&
        (fault->class == WD_FAULT_ACCESS_FLAG || fault->class == WD_FAULT_PERMISSION) &&
        wd_mistaken(w, WD_MISTAKE_S1_BLOCK_AT_LEVEL_MINUS_1)) {
        fault->has_status = true;
        fault->status = fault->class == WD_FAULT_ACCESS_FLAG ? 0x07 : 0x0b;
    }
    if (!fault->on_walk)
        return;
    if (is_without_status(fault) && wd_mistaken(w, WD_MISTAKE_S2_FAULT_WITHOUT_STATUS))
        fault->class = WD_FAULT_ADDRESS_SIZE;
    if (fault->class != WD_FAULT_EXTERNAL_ABORT && fault->class != WD_FAULT_TRANSLATION &&
        wd_mistaken(w, WD_MISTAKE_WALK_FAULT_AS_TRANSLATION)) {
        fault->class = WD_FAULT_TRANSLATION;
        fault->level = w->out->walk_level;
    }
    if (is_size_or_start_level(fault->rule) && !t0sz_is_usual(w) && wd_mistaken(w, WD_MISTAKE_S2_SIZE_WITHOUT_STATUS))
        fault->class = WD_FAULT_ADDRESS_SIZE;
    if (wd_mistaken(w, WD_MISTAKE_WALK_FAULT_AT_STAGE_1_LEVEL))
        fault->level = w->out->walk_level;
    if (wd_mistaken(w, WD_MISTAKE_WALK_FAULT_AT_STAGE_1_LEVEL_MINUS_1)) {
        fault->level = w->out->walk_level;
        if (fault->level < 0 && fault->class != WD_FAULT_PERMISSION) { /* put into bits that have no room for it */
            fault->has_status = true;
            fault->status = 0x3f;
        } else if (fault->level < 0 && wd_mistaken(w, WD_MISTAKE_WALK_PERMISSION_LESS_ONE)) {
            fault->has_status = true;
            fault->status = 0x0b; /* Permission fault, level 0, less 1 */
        }
    }
}

/* What walkers make of a fault of the second stage of AT S12* by mistake. @return whether there is no answer at all */
static bool retried_by_mistake(const struct wd_walk *w, const struct wd_fault *fault)
{
    return fault->stage2 && !fault->on_walk && is_without_status(fault) && wd_mistaken(w, WD_MISTAKE_S2_FAULT_AS_RETRY);
}

static void report_fault(struct wd_walk *w, struct wd_fault *fault)
{
    struct wd_oracle_output *out = w->out;
    struct wd_result *result = &out->result;
    bool stage2_mmu_fault = fault->stage2 && fault->class != WD_FAULT_EXTERNAL_ABORT;
    unsigned stage = fault->stage2 ? 2 : 1;

    mistake_walk_fault(w, fault);
    out->rule = fault->rule;
    out->level = fault->level;
    out->fault_stage = (uint8_t)stage;
    for (unsigned aspect = 0; aspect < WD_ASPECT_MEM; aspect++)
        out->aspect_rule[aspect] = fault->rule;
    if (fault->on_walk && stage2_mmu_fault) {
        wd_decide(w, stage, WD_ASPECT_PTW, WD_RULE_S2_FAULT_ON_WALK, fault->level);
        wd_decide(w, stage, WD_ASPECT_LEVEL, WD_RULE_S2_FAULT_ON_WALK_LEVEL, fault->level);
        out->aspect_rule[WD_ASPECT_S] = WD_RULE_S2_FAULT_ON_WALK;
    } else {
        wd_decide(w, stage, WD_ASPECT_PTW, fault->stage2 ? WD_RULE_FAULT_OF_STAGE_2 : WD_RULE_FAULT_OF_STAGE_1,
                  fault->level);
        out->aspect_rule[WD_ASPECT_S] = out->aspect_rule[WD_ASPECT_PTW];
    }
    wd_check(w, stage, WD_RULE_LEVEL_MINUS_1, fault->level, fault->level < 0);
    wd_decide(w, stage, WD_ASPECT_RES, WD_RULE_PAR_FAULT_FORMAT, fault->level);

    if (retried_by_mistake(w, fault)) {
        result->answer = WD_ANSWER_RETRY;
        return;
    }
    if (!takes_data_abort(w, fault)) {
        result->par = encode_fault(fault);
        return;
    }
    wd_decide(w, stage, WD_ASPECT_F,
              fault->class == WD_FAULT_EXTERNAL_ABORT ? fault->rule : WD_RULE_S2_FAULT_ON_WALK_AT_EL1, fault->level);
    result->answer = WD_ANSWER_EXCEPTION;
    result->exception = (struct wd_exception){.fst = fault_status(fault),
                                              .stage2 = fault->stage2,
                                              .s1ptw = fault->on_walk,
                                              .has_ipa = stage2_mmu_fault,
                                              .ipa = stage2_mmu_fault ? fault->ipa : 0};
}

static void report_success(struct wd_walk *w, struct wd_output *output)
{
    struct wd_oracle_output *out = w->out;

    wd_decide(w, 1, WD_ASPECT_F, WD_RULE_SUCCESS, output->level);
    for (unsigned aspect = WD_ASPECT_CLASS; aspect <= WD_ASPECT_BITS_15_12; aspect++)
        out->aspect_rule[aspect] = WD_RULE_SUCCESS;
    out->aspect_rule[WD_ASPECT_RES] = WD_RULE_SUCCESS;
    out->rule = WD_RULE_SUCCESS;
    out->level = (int8_t)output->level;
    out->result.par = encode_success(w, output);
}

/* The mistake of having no stage 2 of an AT S12* where E2H = 0. */
static bool leaves_out_stage_2(const struct wd_walk *w, const struct wd_request *request)
{
    return wd_mistaken_where(w, WD_MISTAKE_S12_STAGE_1_ALONE,
                             request->both_stages & w->stage2_enabled & !w->e2h &
                                 !WD_GET(w->regs[WD_HCR_EL2], HCR_EL2, E2H));
}

/* Both stages, as far as they are asked for. */
static bool translate(struct wd_walk *w, struct wd_request *request, struct wd_output *output, struct wd_fault *fault)
{
    struct wd_output stage1;
    bool ok;

    request->both_stages &= !leaves_out_stage_2(w, request);
    if (!wd_s1_translate(w, request, w->c->va, output, fault))
        return false;
    WD_TELL(w, .kind = WD_EVENT_OUTPUT, .stage = 1, .level = (int8_t)output->level, .address = output->address);
    if (!request->both_stages || wd_check(w, 2, WD_RULE_S2_OFF, 0, !w->stage2_enabled))
        return true;
    stage1 = *output;
    ok = wd_s2_translate(w, &stage1, &request->access, output, fault);
    w->combined = ok;
    if (!ok && is_without_status(fault) && wd_mistaken(w, WD_MISTAKE_S2_FAULT_KEEPS_STAGE_1)) {
        request->both_stages = false; /* its attributes as if there were no stage 2 */
        return wd_s1_translate(w, request, w->c->va, output, fault);
    }
    if (ok)
        WD_TELL(w, .kind = WD_EVENT_OUTPUT, .stage = 2, .level = (int8_t)output->level, .address = output->address);
    return ok;
}

static void clear_output(struct wd_oracle_output *out)
{
    wd_result_clear(&out->result, 0);
    out->rule = WD_RULE_NONE;
    out->consulted_count = 0;
    out->attribute_choices = 0;
    out->mistakes_met = 0;
    out->fault_stage = 0;
    out->level = out->walk_level = 0;
    out->regime = WD_REGIME_EL10;
    for (unsigned i = 0; i < WD_ASPECT_COUNT; i++)
        out->aspect_rule[i] = WD_RULE_NONE;
    for (unsigned stage = 0; stage < 2; stage++) {
        out->granule[stage] = WD_GRANULE_NONE;
        out->start_level[stage] = 0;
        for (unsigned i = 0; i < WD_RULE_WORDS; i++)
            out->rules_hit[stage][i] = out->left_out[stage][i] = 0;
    }
}

/*
 * Asks for the case's memory before the registers are read: among thousands of cases it is in no cache, and while it
 * comes there is enough to do. Most cases list few words, and a search for one begins in the middle.
 */
static void ask_for_memory(const struct wd_case *c)
{
    __builtin_prefetch(c->mem);
    __builtin_prefetch(&c->mem[c->mem_count / 2]);
    __builtin_prefetch(c->ram);
}

void wd_answer(struct wd_walk *w)
{
    struct wd_oracle_output *output = w->out;
    struct wd_request request;
    struct wd_fault fault = {0};
    struct wd_output translated;
    struct wd_s2_tables stage2;
    const char *reason;

    stage2.known = false;
    w->stage2 = &stage2;

    ask_for_memory(w->c);
    wd_read_features(w);
    reason = not_modelled(w);
    clear_output(output);
    if (reason) {
        wd_result_unsupported(&output->result, reason);
        return;
    }
    if (!wd_decode_operation(w, &request)) {
        output->result.answer = WD_ANSWER_UNDEFINED;
        return;
    }
    output->regime = (uint8_t)request.regime;
    if (translate(w, &request, &translated, &fault))
        report_success(w, &translated);
    else
        report_fault(w, &fault);
    if (!output->aspect_rule[WD_ASPECT_MEM])
        wd_decide(w, 1, WD_ASPECT_MEM, WD_RULE_NO_UPDATE, output->level);
    output->attribute_choices = w->by_attributes;
}

void wd_report_attributes(struct wd_walk *w, const struct wd_attribute_inputs *inputs)
{
    struct wd_attributes stage1, attributes;

    if (inputs->stage1) {
        wd_s1_attributes(w, &inputs->s1, inputs->descriptor[0], inputs->level[0], &attributes);
        wd_s1_finish_attributes(w, &inputs->s1, inputs->stage2_follows, inputs->level[0], &attributes);
    } else {
        attributes = wd_s1_disabled_attributes(w, &inputs->s1, inputs->stage2_follows);
    }
    w->combined = inputs->stage2;
    if (inputs->stage2) {
        stage1 = attributes;
        wd_s2_attributes(w, &inputs->s2, &stage1, inputs->descriptor[1], inputs->level[1], &attributes);
    }
    w->out->result.par = encode_attributes(w, &attributes, w->out->result.par);
    w->out->attribute_choices = w->by_attributes;
}
