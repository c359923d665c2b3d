/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's half of the subject `abort` (walkdiff/subject.h). */
#include "harness/walkers/kvm/abort/abort.h"
#include "harness/walkers/kvm/host/subject.h"
#include "walkdiff/abort.h"

/* Kernel code calls back without a context: the case under way. */
static const struct wd_abort_case *now;

int wd_host_read(wd_kvm_u64 pa, wd_kvm_u64 *value)
{
    bool is_ram = false;

    for (unsigned i = 0; i < now->ram_count; i++)
        is_ram |= pa - now->ram[i].base < now->ram[i].size;
    if (!is_ram)
        return 0;
    *value = 0;
    for (unsigned i = 0; i < now->mem_count; i++)
        if (now->mem[i].pa == pa)
            *value = now->mem[i].value;
    return 1;
}

struct call {
    struct wd_kvm_abort abort;
    enum wd_kvm_aborted aborted;
};

static void call_tree(void *context)
{
    struct call *call = context;

    call->aborted = wd_tree_abort(&call->abort);
}

static void answer(void *subject, const void *opaque_case, void *opaque_answer)
{
    const struct wd_abort_case *c = opaque_case;
    struct wd_abort_answer *got = opaque_answer;
    struct call call = {.abort = {.esr = c->esr,
                                  .far = c->far,
                                  .ipa = c->ipa,
                                  .pc = c->pc,
                                  .pstate = c->pstate,
                                  .ipa_bits = c->ipa_bits,
                                  .aarch32 = c->aarch32,
                                  .has_el2 = c->has_el2,
                                  .in = (const wd_kvm_u64 *)c->regs,
                                  .out = (wd_kvm_u64 *)got->regs}};
    const char *unknown = wd_tree_abort_unknown_register(call.abort.in);

    (void)subject;
    if (unknown) {
        wd_subject_cannot(&got->head, "this tree's KVM has no ", unknown);
        return;
    }
    for (unsigned i = 0; i < WD_ABORT_OUT_COUNT; i++)
        got->regs[i] = wd_abort_mark(i);
    now = c;
    if (!wd_subject_call(call_tree, &call, &got->head))
        return;
    if (call.aborted == WD_KVM_NO_SUCH_MACHINE)
        wd_subject_cannot(&got->head, "", "this tree's KVM runs on no machine with this PARange");
    got->outcome = call.aborted == WD_KVM_MMIO    ? WD_ABORT_MMIO
                   : call.aborted == WD_KVM_GUEST ? WD_ABORT_GUEST
                                                  : WD_ABORT_ERROR;
    got->error = call.aborted == WD_KVM_ERROR ? call.abort.error : 0;
    got->mmio = call.aborted == WD_KVM_MMIO ? call.abort.mmio : 0;
    got->pc = call.abort.pc;
    got->pstate = call.abort.pstate;
}

static void *open_subject(const char *options, char *error, size_t error_size)
{
    void *subject = wd_subject_open(options, error, error_size);

    wd_tree_abort_open();
    return subject;
}

WD_KVM_SUBJECT("abort", struct wd_abort_case, struct wd_abort_answer, open_subject, answer, wd_subject_close)
