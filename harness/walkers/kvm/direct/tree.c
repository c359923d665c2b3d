/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The subject `at-direct`: the tree's own functions behind plain ones, for a test of the subject `at`. It has that
 * one's virtual machine and seams, and nothing of what makes an answer of what the functions do.
 */
#include "harness/walkers/kvm/at/tree.c"

#define WD_EXPORTED __attribute__((visibility("default")))

WD_EXPORTED void wd_direct_open(void);
WD_EXPORTED int wd_direct_register(const char *name, u64 value);
WD_EXPORTED int wd_direct_at(const char *name, u64 va, int el, int pan, unsigned ipa_bits, int *error, u64 *par);

void wd_direct_open(void)
{
    wd_tree_at_open();
}

/* Sets a register. @return 0, or -1 if the tree has none of this name */
int wd_direct_register(const char *name, u64 value)
{
#define WD_REGISTER(reg, title)                                                                                        \
    if (!strcmp(name, #reg)) {                                                                                         \
        u64 *place = WD_PLACE_AS(WD_IN_TREE_##reg, reg);                                                               \
                                                                                                                       \
        if (place)                                                                                                     \
            *place = value;                                                                                            \
        return place ? 0 : -1;                                                                                         \
    }
#include "walkdiff/registers.def"
    return -1;
}

/*
 * Calls the function that emulates the instruction.
 * @param par  receives PAR_EL1 as the function leaves it; all ones if it does not write it
 * @param error  receives what it returns
 * @return 0, or -1 if the tree has no such instruction, or does not run on a machine with this size
 */
int wd_direct_at(const char *name, u64 va, int el, int pan, unsigned ipa_bits, int *error, u64 *par)
{
    static const struct {
        const char *name;
        int function;
        u32 encoding;
    } known[] = {
        {"S1E1R", S1E01, OP_AT_S1E1R}, {"S1E1W", S1E01, OP_AT_S1E1W},   {"S1E0R", S1E01, OP_AT_S1E0R},
        {"S1E0W", S1E01, OP_AT_S1E0W}, {"S1E1RP", S1E01, OP_AT_S1E1RP}, {"S1E1WP", S1E01, OP_AT_S1E1WP},
        {"S1E2R", S1E2, OP_AT_S1E2R},  {"S1E2W", S1E2, OP_AT_S1E2W},    {"S12E1R", S12, OP_AT_S12E1R},
        {"S12E1W", S12, OP_AT_S12E1W}, {"S12E0R", S12, OP_AT_S12E0R},   {"S12E0W", S12, OP_AT_S12E0W},
#ifdef OP_AT_S1E1A
        {"S1E1A", S1E01, OP_AT_S1E1A}, {"S1E2A", S1E2, OP_AT_S1E2A},
#endif
    };

    if (!set_machine(ipa_bits))
        return -1;
    *vcpu_cpsr(&vcpu) = (el == 2 ? PSR_MODE_EL2h : PSR_MODE_EL1h) | (pan ? PSR_PAN_BIT : 0);
    ctxt_sys_reg(&vcpu.arch.ctxt, PAR_EL1) = ~0ULL;
    for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
        if (strcmp(name, known[i].name))
            continue;
        vcpu.arch.fault.esr_el2 = trap_syndrome(known[i].encoding);
        *error = known[i].function == S1E01  ? WD_ERROR_OF(__kvm_at_s1e01(&vcpu, known[i].encoding, va))
                 : known[i].function == S1E2 ? WD_ERROR_OF(__kvm_at_s1e2(&vcpu, known[i].encoding, va))
                                             : WD_ERROR_OF(__kvm_at_s12(&vcpu, known[i].encoding, va));
        *par = __vcpu_sys_reg(&vcpu, PAR_EL1);
        return 0;
    }
    return -1;
}
