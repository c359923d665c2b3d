/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walker `so:xen.so`: Xen's software walk of a guest's stage 1 tables, guest_walk_tables() of
 * xen/arch/arm/guest_walk.c. An example of a walker that tells less than PAR_EL1: whether there is a translation, its
 * address, and whether privileged code may write there. Attributes, shareability and the fault status are `unanswered`.
 *
 * Where Xen's own comments say what it leaves out, the case is `unsupported`: unprivileged accesses and PAN, 52-bit
 * input and output addresses. So is what a guest of Xen never meets: other regimes, and a stage 2 in the case's own
 * tables (Xen reads guest memory by way of its own). Features that came after the code was written are `unsupported`
 * only where they give a descriptor another meaning that the code cannot know (FEAT_S1PIE, FEAT_S1POE, FEAT_HAFT).
 *
 * A walk that fails after a read outside memory is answered as an external abort, of which nothing else is told.
 */
#include "seam.h"
#include "walkdiff/oracle.h"
#include "walkdiff/walker.h"

#include <string.h>

#ifndef XEN_VERSION
#error "define XEN_VERSION"
#endif

/* The read function has no context of its own: Xen knows one running vCPU. */
static const struct wd_case *walked;
static bool read_failed;

int wd_xen_read(unsigned long long ipa, void *buffer, unsigned size)
{
    uint64_t word;

    if (size != sizeof(word) || !wd_case_read(walked, ipa, &word)) {
        read_failed = true;
        return 0;
    }
    memcpy(buffer, &word, size);
    return 1;
}

static const char *unsupported_address_size(const struct wd_case *c)
{
    uint64_t tcr = c->regs[WD_TCR_EL1];
    bool upper = wd_bit(c->va, 55);
    unsigned txsz = (unsigned)(upper ? WD_GET(tcr, TCR_EL1, T1SZ) : WD_GET(tcr, TCR_EL1, T0SZ));
    bool is_64k = upper ? WD_GET(tcr, TCR_EL1, TG1) == 3 : WD_GET(tcr, TCR_EL1, TG0) == 1;

    if (WD_GET(tcr, TCR_EL1, DS) && wd_has_feature(c->regs, WD_FEAT_LPA2))
        return "TCR_EL1.DS: 52-bit addresses";
    if (is_64k && txsz < 16 && wd_has_feature(c->regs, WD_FEAT_LVA))
        return "T0SZ or T1SZ below 16: 52-bit input addresses";
    if (wd_pa_max(c->regs) > 48 && (is_64k || WD_GET(tcr, TCR_EL1, IPS) >= 6))
        return "52-bit output addresses";
    return NULL;
}

static const char *unsupported_feature(const struct wd_case *c)
{
    uint64_t tcr2 = WD_GET(c->regs[WD_HCRX_EL2], HCRX_EL2, TCR2En) ? c->regs[WD_TCR2_EL1] : 0;

    if (WD_GET(tcr2, TCR2_EL1, PIE) && wd_has_feature(c->regs, WD_FEAT_S1PIE))
        return "FEAT_S1PIE";
    if ((WD_GET(tcr2, TCR2_EL1, POE) || WD_GET(tcr2, TCR2_EL1, E0POE)) && wd_has_feature(c->regs, WD_FEAT_S1POE))
        return "FEAT_S1POE";
    if (WD_GET(tcr2, TCR2_EL1, HAFT) && wd_has_feature(c->regs, WD_FEAT_HAFT))
        return "FEAT_HAFT";
    return NULL;
}

static const char *why_unsupported(const struct wd_case *c)
{
    uint64_t hcr = c->regs[WD_HCR_EL2];
    const char *reason;

    if (c->op != WD_AT_S1E1R && c->op != WD_AT_S1E1W)
        return "not AT S1E1R or S1E1W: privileged accesses without PAN alone";
    if (WD_GET(hcr, HCR_EL2, VM) || WD_GET(hcr, HCR_EL2, DC) || WD_GET(hcr, HCR_EL2, TGE))
        return "HCR_EL2.VM, DC or TGE: stage 1 of EL1&0 alone";
    if (c->el == 1 && WD_GET(hcr, HCR_EL2, AT))
        return "HCR_EL2.AT: no instruction is executed, so none is trapped";
    reason = unsupported_address_size(c);
    return reason ? reason : unsupported_feature(c);
}

/* Nothing is told of a fault but that there is one. */
static void answer_fault(struct wd_result *result)
{
    wd_result_clear(result, WD_WITH(0, PAR_EL1_F, F, 1));
    result->unanswered = ~result->par;
    if (read_failed) {
        result->answer = WD_ANSWER_EXCEPTION;
        result->par = 0;
    }
}

static void answer_success(struct wd_result *result, uint64_t ipa)
{
    wd_result_clear(result, WD_WITH(0, PAR_EL1, PA, ipa >> 12));
    result->unanswered = ~(wd_mask(WD_PAR_EL1_PA_msb, WD_PAR_EL1_PA_lsb) | wd_mask(WD_PAR_EL1_F_msb, WD_PAR_EL1_F_lsb));
}

static void answer_case(const struct wd_case *c, struct wd_result *result)
{
    const struct wd_xen_registers registers = {
        .SCTLR_EL1 = c->regs[WD_SCTLR_EL1],
        .TCR_EL1 = c->regs[WD_TCR_EL1],
        .TTBR0_EL1 = c->regs[WD_TTBR0_EL1],
        .TTBR1_EL1 = c->regs[WD_TTBR1_EL1],
    };
    const char *reason = why_unsupported(c);
    unsigned long long ipa;
    int writable;

    if (reason) {
        wd_result_unsupported(result, reason);
        return;
    }
    walked = c;
    read_failed = false;
    if (wd_xen_walk(&registers, c->va, &ipa, &writable) && (writable || c->op == WD_AT_S1E1R))
        answer_success(result, ipa);
    else
        answer_fault(result);
}

static void xen_answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                       volatile uint32_t *done)
{
    (void)walker;
    for (size_t i = 0; i < count; i++) {
        answer_case(cases[i], &results[i]);
        *done = (uint32_t)i + 1;
    }
}

static void *xen_open(const char *options, char *error, size_t error_size)
{
    static char no_state;

    if (*options && error_size) {
        static const char message[] = "this walker has no options";
        strncpy(error, message, error_size - 1);
        error[error_size - 1] = '\0';
        return NULL;
    }
    return &no_state;
}

static void xen_close(void *walker)
{
    (void)walker;
}

wd_walker_entry walkdiff_walker;

__attribute__((visibility("default"))) const struct wd_walker_api *walkdiff_walker(void)
{
    static const struct wd_walker_api api = {
        .abi = WD_WALKER_ABI,
        .case_size = sizeof(struct wd_case),
        .result_size = sizeof(struct wd_result),
        .name = "xen",
        .version = XEN_VERSION,
        .open = xen_open,
        .answer = xen_answer,
        .close = xen_close,
    };
    return &api;
}
