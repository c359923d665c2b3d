/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's half of the subject `at`: a walker (walkdiff/walker.h) that asks the tree. */
#include <stdio.h>
#include <string.h>

#include "harness/walkers/kvm/at/at.h"
#include "harness/walkers/kvm/at/exposed.h"
#include "harness/walkers/kvm/host/guard.h"
#include "walkdiff/walker.h"

/* From the builder: "7.3.4, gcc 12.2.0". */
extern const char wd_build_version[];

struct walker {
    bool as_exposed;
};

/* Kernel code calls back without a context: the case under way. */
static struct {
    const struct wd_case *c;
    struct wd_result *result;
} now;

int wd_host_read(wd_kvm_u64 pa, unsigned stage, wd_kvm_u64 *value)
{
    uint64_t word;

    (void)stage;
    if (!wd_result_read(now.c, now.result, pa, &word))
        return 0;
    *value = word;
    return 1;
}

int wd_host_swap(wd_kvm_u64 pa, wd_kvm_u64 old_value, wd_kvm_u64 new_value)
{
    uint64_t word;

    if (!wd_result_read(now.c, now.result, pa, &word))
        return -1;
    if (word != old_value)
        return 0;
    return wd_result_write(now.c, now.result, pa, new_value) ? 1 : -2;
}

struct call {
    struct wd_kvm_at at;
    enum wd_kvm_answer answer;
};

static void call_tree(void *context)
{
    struct call *call = context;

    call->answer = wd_tree_at(&call->at);
}

/* A stage 2 fault on a stage 1 walk: of an AT at EL1 it would be an exception. */
static bool is_fault_of_stage2_on_walk(uint64_t par)
{
    return WD_GET(par, PAR_EL1_F, F) && WD_GET(par, PAR_EL1_F, S) && WD_GET(par, PAR_EL1_F, PTW);
}

static void answer_case(const struct walker *walker, const struct wd_case *c, struct wd_result *result)
{
    uint64_t regs[WD_REGISTER_COUNT];
    struct call call = {.at = {.op = c->op,
                               .el = c->el,
                               .pan = c->pan,
                               .ipa_bits = c->ipa_bits,
                               .va = c->va,
                               .regs = (const wd_kvm_u64 *)c->regs}};
    const char *unknown = wd_tree_at_unknown_register(call.at.regs);
    char text[WD_TEXT_MAX];

    if (unknown) {
        snprintf(text, sizeof(text), "this tree's KVM has no %s", unknown);
        wd_result_unsupported(result, text);
        return;
    }
    wd_result_clear(result, 0);
    now.c = c;
    now.result = result;
    if (walker->as_exposed && c->el != 2) {
        wd_result_unsupported(result, "KVM emulates AT of a guest's EL2, not of its EL1");
        return;
    }
    if (walker->as_exposed) {
        if (!wd_at_expose(c, regs, result)) {
            if (result->answer != WD_ANSWER_CRASH)
                result->answer = WD_ANSWER_UNSUPPORTED;
            return;
        }
        call.at.regs = (const wd_kvm_u64 *)regs;
    }
    if (!wd_guarded_call(call_tree, &call, result))
        return;
    result->par = call.at.par;
    if (call.answer == WD_KVM_RETRY) {
        result->answer = WD_ANSWER_RETRY;
        snprintf(result->text, sizeof(result->text), "error %d", call.at.error);
    } else if (call.answer == WD_KVM_UNKNOWN) {
        wd_result_unsupported(result, "this tree's KVM does not have this instruction");
    } else if (call.answer == WD_KVM_NO_MACHINE) {
        wd_result_unsupported(result, "this tree's KVM runs on no machine with this host.ipa_bits");
    } else if (c->el == 1 && is_fault_of_stage2_on_walk(result->par)) {
        wd_result_unsupported(result, "KVM emulates AT of a guest's EL2; at EL1 this would be an exception");
    }
}

static void answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                   volatile uint32_t *done)
{
    for (size_t i = 0; i < count; i++) {
        answer_case(walker, cases[i], &results[i]);
        *done = (uint32_t)i + 1;
    }
}

/* Whether `name` is one of the options. The others are the builder's, which has looked at all of them. */
static bool has_option(const char *options, const char *name)
{
    size_t length = strlen(name);

    for (const char *option = options; option; option = strchr(option, ',')) {
        option += *option == ',';
        if (!strncmp(option, name, length) && (!option[length] || option[length] == ','))
            return true;
    }
    return false;
}

static void *open_walker(const char *options, char *error, size_t error_size)
{
    static struct walker walker;

    (void)error, (void)error_size;
    walker.as_exposed = has_option(options, "as-exposed");
    wd_guard_open();
    wd_tree_at_open();
    return &walker;
}

static void close_walker(void *walker)
{
    (void)walker; /* static, as the kernel's state is */
}

__attribute__((visibility("default"))) wd_walker_entry walkdiff_walker;

const struct wd_walker_api *walkdiff_walker(void)
{
    static const struct wd_walker_api api = {
        .abi = WD_WALKER_ABI,
        .case_size = sizeof(struct wd_case),
        .result_size = sizeof(struct wd_result),
        .name = "kvm",
        .version = wd_build_version,
        .open = open_walker,
        .answer = answer,
        .close = close_walker,
    };
    return &api;
}
