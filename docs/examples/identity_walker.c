/* SPDX-License-Identifier: MIT */
/* A walker in a shared library. It answers AT S1E0* and S1E1* where stage 1 of EL1&0 is off, and nothing else. */
#include "walkdiff/walker.h"

static bool is_supported(const struct wd_case *c)
{
    uint64_t hcr = c->regs[WD_HCR_EL2];
    bool known = c->op == WD_AT_S1E1R || c->op == WD_AT_S1E1W || c->op == WD_AT_S1E0R || c->op == WD_AT_S1E0W;
    bool other_rules = WD_GET(hcr, HCR_EL2, TGE) || WD_GET(hcr, HCR_EL2, DC) || WD_GET(hcr, HCR_EL2, AT);
    bool on = WD_GET(c->regs[WD_SCTLR_EL1], SCTLR_EL1, M);

    return known && !other_rules && !on && !wd_bits(c->va, 63, 56);
}

/* The output address is the VA, Device-nGnRnE. Beyond the physical address size: Address size fault, level 0. */
static uint64_t flat_map(const struct wd_case *c)
{
    static const unsigned sizes[16] = {32, 36, 40, 42, 44, 48, 52, 56};
    unsigned size = sizes[WD_GET(c->regs[WD_ID_AA64MMFR0_EL1], ID_AA64MMFR0_EL1, PARange)];

    if (c->va >> size)
        return WD_WITH(WD_WITH(0, PAR_EL1_F, F, 1), PAR_EL1_F, RES1, 1);
    return WD_WITH(WD_WITH(WD_WITH(0, PAR_EL1, PA, c->va >> 12), PAR_EL1, SH, 2), PAR_EL1, NSE, 1);
}

static void answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                   volatile uint32_t *done)
{
    (void)walker;
    for (size_t i = 0; i < count; i++) {
        if (is_supported(cases[i]))
            wd_result_clear(&results[i], flat_map(cases[i]));
        else
            wd_result_unsupported(&results[i], "not AT S1E0* or S1E1* with stage 1 off");
        *done = (uint32_t)i + 1; /* so that a crash is blamed on the right case */
    }
}

static void *open_walker(const char *options, char *error, size_t error_size)
{
    static char no_state;

    (void)options, (void)error, (void)error_size;
    return &no_state;
}

static void close_walker(void *walker)
{
    (void)walker;
}

wd_walker_entry walkdiff_walker;

const struct wd_walker_api *walkdiff_walker(void)
{
    static const struct wd_walker_api api = {
        WD_WALKER_ABI, sizeof(struct wd_case), sizeof(struct wd_result), "identity", NULL, open_walker, answer,
        close_walker};
    return &api;
}
