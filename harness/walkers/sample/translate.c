/* SPDX-License-Identifier: MIT */
/* An AT from its operands to the result (AArch64.AT and the accessors of the AT instructions). */
#include "walk.h"

#include <stdio.h>

/* What an AT's name says. */
struct operation {
    uint8_t el; /* that it translates for; 0 and 1: EL1&0 or, from a host, EL2&0 */
    bool both_stages;
    struct access access;
};

static const struct operation operations[WD_OPERATION_COUNT] = {
    [WD_AT_S1E1R] = {.el = 1, .access = {.read = true}},
    [WD_AT_S1E1W] = {.el = 1, .access = {.write = true}},
    [WD_AT_S1E0R] = {.el = 0, .access = {.read = true, .unprivileged = true}},
    [WD_AT_S1E0W] = {.el = 0, .access = {.write = true, .unprivileged = true}},
    [WD_AT_S1E1RP] = {.el = 1, .access = {.read = true, .pan = true}},
    [WD_AT_S1E1WP] = {.el = 1, .access = {.write = true, .pan = true}},
    [WD_AT_S1E1A] = {.el = 1},
    [WD_AT_S1E2R] = {.el = 2, .access = {.read = true}},
    [WD_AT_S1E2W] = {.el = 2, .access = {.write = true}},
    [WD_AT_S1E2A] = {.el = 2},
    [WD_AT_S12E1R] = {.el = 1, .both_stages = true, .access = {.read = true}},
    [WD_AT_S12E1W] = {.el = 1, .both_stages = true, .access = {.write = true}},
    [WD_AT_S12E0R] = {.el = 0, .both_stages = true, .access = {.read = true, .unprivileged = true}},
    [WD_AT_S12E0W] = {.el = 0, .both_stages = true, .access = {.write = true, .unprivileged = true}},
};

/*
 * HCR_EL2 as it takes effect: fields of absent features are 0; where there is no E2H = 0, E2H is 1; a host ({E2H, TGE}
 * = {1, 1}) has no stage 2 and no default cacheability; TGE hides PTW; DC implies VM.
 */
static uint64_t effective_hcr(const struct wd_case *c)
{
    uint64_t hcr = c->regs[WD_HCR_EL2];

    if (!IMPLEMENTS(c, ID_AA64MMFR1_EL1, VH, 1))
        hcr = WD_WITH(hcr, HCR_EL2, E2H, 0);
    else if (IMPLEMENTS(c, ID_AA64MMFR4_EL1, E2H0, 14)) /* -1 and -2; the rest is reserved */
        hcr = WD_WITH(hcr, HCR_EL2, E2H, 1);
    if (!IMPLEMENTS(c, ID_AA64MMFR2_EL1, FWB, 1))
        hcr = WD_WITH(hcr, HCR_EL2, FWB, 0);
    if (WD_GET(hcr, HCR_EL2, TGE)) {
        hcr = WD_WITH(hcr, HCR_EL2, PTW, 0);
        if (WD_GET(hcr, HCR_EL2, E2H)) {
            hcr = WD_WITH(hcr, HCR_EL2, DC, 0);
            hcr = WD_WITH(hcr, HCR_EL2, VM, 0);
        }
    }
    if (WD_GET(hcr, HCR_EL2, DC))
        hcr = WD_WITH(hcr, HCR_EL2, VM, 1);
    return hcr;
}

/* Whether the instruction does not exist, is above the Exception level that executes it, or is trapped. */
static bool is_undefined(const struct wd_case *c, const struct operation *op)
{
    bool is_any = !op->access.read && !op->access.write;

    if (op->access.pan && !IMPLEMENTS(c, ID_AA64MMFR1_EL1, PAN, 2))
        return true;
    if (is_any && !IMPLEMENTS(c, ID_AA64ISAR2_EL1, ATS1A, 1))
        return true;
    if (c->el != 1)
        return false;
    return op->el == 2 || op->both_stages ||
           (IMPLEMENTS(c, ID_AA64MMFR2_EL1, NV, 1) && WD_GET(c->regs[WD_HCR_EL2], HCR_EL2, AT));
}

/*
 * A host's AT for EL0 and EL1 are for EL2&0. So are its S12E*, by the pages of those instructions (C5.4); AArch64.AT
 * alone, called with both stages, would say EL1&0.
 */
static enum regime regime_of(const struct walk *w, const struct operation *op)
{
    bool e2h = WD_GET(w->hcr, HCR_EL2, E2H), host = e2h && WD_GET(w->hcr, HCR_EL2, TGE);

    if (op->el == 2 && !has_defect(w, DEFECT_S1_19))
        return e2h ? REGIME_EL20 : REGIME_EL2;
    return host ? REGIME_EL20 : REGIME_EL10;
}

/*
 * A fault goes to PAR_EL1, unless the AT itself takes a Data Abort for it: an external abort, and executed at EL1 a
 * stage 2 fault on the stage 1 walk (R_VMRFQ).
 */
static void report_fault(struct walk *w)
{
    const struct fault *fault = &w->fault;

    if (fault->type != FAULT_EXTERNAL_ABORT && !(fault->on_stage1_walk && w->c->el == 1)) {
        w->result->par = wd_sample_par_of_fault(w);
        return;
    }
    w->result->answer = WD_ANSWER_EXCEPTION;
    w->result->exception = (struct wd_exception){
        .fst = wd_sample_fault_status(w, fault),
        .stage2 = fault->stage2,
        .s1ptw = fault->on_stage1_walk && !has_defect(w, DEFECT_S1_33),
        .has_ipa = fault->stage2,
        .ipa = fault->ipa,
    };
}

static bool translate(struct walk *w, bool both_stages)
{
    bool has_stage2_output = both_stages && w->has_stage2;
    struct output input;

    if (!wd_sample_stage1(w, w->c->va))
        return false;
    if (has_stage2_output) {
        input = w->output;
        if (!wd_sample_stage2(w, &input, &w->access, &w->output))
            return false;
    }
    if (has_defect(w, has_stage2_output ? DEFECT_S2_11 : DEFECT_S1_40))
        w->output.address = wd_with_bits(w->output.address, 51, 48, 0);
    return true;
}

/* TCR_EL2 has two layouts; all other registers have one. */
static bool is_in_use(uint8_t layout, bool e2h)
{
    return layout == WD_LAYOUT_TCR_EL2 ? !e2h : layout == WD_LAYOUT_TCR_EL2_E2H ? e2h : true;
}

/* A field that is set, whose feature exists, and with which the walker cannot answer; NULL if there is none. */
static const struct wd_field *unknown_control(const struct walk *w)
{
    const uint64_t *regs = w->c->regs;

    for (size_t i = 0; i < w->sample->stop_count; i++) {
        const struct sample_stop *stop = &w->sample->stops[i];
        const struct wd_feature_info *feature = &wd_features[stop->field->feature];

        if (wd_bits(regs[stop->reg], stop->field->msb, stop->field->lsb) &&
            wd_bits(regs[feature->reg], feature->msb, feature->lsb) >= feature->at_least &&
            is_in_use(stop->field->layout, WD_GET(w->hcr, HCR_EL2, E2H)))
            return stop->field;
    }
    return NULL;
}

void wd_sample_translate(const struct sample *sample, const struct wd_case *c, struct wd_result *result)
{
    const struct operation *op = &operations[c->op];
    struct walk w = {.sample = sample, .c = c, .result = result, .access = op->access, .hcr = effective_hcr(c)};
    const struct wd_field *unknown = unknown_control(&w);
    char reason[WD_TEXT_MAX];

    wd_result_clear(result, 0);
    if (unknown) {
        snprintf(reason, sizeof(reason), "%s.%s is set", wd_layouts[unknown->layout].name, unknown->name);
        wd_result_unsupported(result, reason);
        return;
    }
    if (!wd_sample_pa_bits(c)) {
        wd_result_unsupported(result, "ID_AA64MMFR0_EL1.PARange is reserved");
        return;
    }
    if (!wd_sample_preferred_granule(c, 1) || !wd_sample_preferred_granule(c, 2)) {
        wd_result_unsupported(result, "ID_AA64MMFR0_EL1 has no granule");
        return;
    }
    if (is_undefined(c, op)) {
        result->answer = WD_ANSWER_UNDEFINED;
        return;
    }
    w.regime = (uint8_t)regime_of(&w, op);
    w.has_stage2 = w.regime == REGIME_EL10 && WD_GET(w.hcr, HCR_EL2, VM);
    if (translate(&w, op->both_stages))
        result->par = wd_sample_par(&w, &w.output);
    else
        report_fault(&w);
}
