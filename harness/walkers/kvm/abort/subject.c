/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's half of the subject `abort` (walkdiff/subject.h). */
#include <stdio.h>
#include <string.h>

#include "harness/walkers/kvm/abort/abort.h"
#include "harness/walkers/kvm/host/guard.h"
#include "walkdiff/abort.h"

/* From the builder: "7.3.4, gcc 12.2.0". */
extern const char wd_build_version[];

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

static void set_text(struct wd_subject_head *head, enum wd_subject_status status, const char *before, const char *text)
{
    head->status = (uint8_t)status;
    snprintf(head->text, sizeof(head->text), "%s%s", before, text);
}

static void answer(void *subject, const void *opaque_case, void *opaque_answer)
{
    static struct wd_result noted; /* crash and warnings */
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
    got->head.status = WD_SUBJECT_ANSWERED;
    got->head.warning_count = 0;
    if (unknown) {
        set_text(&got->head, WD_SUBJECT_UNSUPPORTED, "this tree's KVM has no ", unknown);
        return;
    }
    for (unsigned i = 0; i < WD_ABORT_OUT_COUNT; i++)
        got->regs[i] = wd_abort_mark(i);
    now = c;
    noted.warning_count = 0;
    if (!wd_guarded_call(call_tree, &call, &noted)) {
        set_text(&got->head, WD_SUBJECT_CRASH, "", noted.text);
        return;
    }
    for (unsigned i = 0; i < noted.warning_count && i < WD_SUBJECT_WARNINGS_MAX; i++)
        snprintf(got->head.warnings[got->head.warning_count++], WD_SUBJECT_TEXT_MAX, "%s", noted.warnings[i]);
    if (call.aborted == WD_KVM_NO_SUCH_MACHINE)
        set_text(&got->head, WD_SUBJECT_UNSUPPORTED, "", "this tree's KVM runs on no machine with this PARange");
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
    static char subject;

    (void)options, (void)error, (void)error_size; /* the builder has looked at them */
    wd_guard_open();
    wd_tree_abort_open();
    return &subject;
}

static void close_subject(void *subject)
{
    (void)subject; /* static, as the kernel's state is */
}

__attribute__((visibility("default"))) wd_subject_entry walkdiff_subject;

const struct wd_subject_api *walkdiff_subject(void)
{
    static const struct wd_subject_api api = {
        .abi = WD_SUBJECT_ABI,
        .case_size = sizeof(struct wd_abort_case),
        .answer_size = sizeof(struct wd_abort_answer),
        .kind = "abort",
        .name = "kvm",
        .version = wd_build_version,
        .open = open_subject,
        .answer = answer,
        .close = close_subject,
    };
    return &api;
}
