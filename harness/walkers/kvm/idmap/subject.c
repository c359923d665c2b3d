/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's half of the subject `idmap` (walkdiff/subject.h). */
#include <stdio.h>
#include <string.h>

#include "harness/walkers/kvm/host/guard.h"
#include "harness/walkers/kvm/idmap/idmap.h"
#include "walkdiff/idmap.h"

/* From the builder: "7.3.4, gcc 12.2.0". */
extern const char wd_build_version[];

/* Kernel code calls back without a context. */
static struct wd_idmap_answer *answer_now;
static unsigned leaf_count;

void wd_host_leaf(wd_kvm_u64 address, int level, wd_kvm_u64 entry)
{
    if (leaf_count < WD_IDMAP_LEAVES_MAX)
        answer_now->leaves[leaf_count] =
            (struct wd_idmap_leaf){.address = address, .entry = entry, .level = (int8_t)level};
    leaf_count++;
}

struct call {
    const struct wd_idmap_case *c;
    const char *cannot;
};

static void call_tree(void *context)
{
    struct call *call = context;
    const struct wd_idmap_case *c = call->c;

    if (wd_tree_idmap_begin(c->bits, c->pages)) {
        call->cannot = "this tree's KVM makes no such tables";
        return;
    }
    for (unsigned i = 0; i < c->region_count; i++)
        wd_tree_idmap_region(c->regions[i].base, c->regions[i].size);
    for (unsigned i = 0; i < c->operation_count; i++) {
        const struct wd_idmap_operation *operation = &c->operations[i];

        answer_now->results[i] = operation->kind == WD_IDMAP_FAULT
                                     ? wd_tree_idmap_fault(operation->addr)
                                     : wd_tree_idmap_own(operation->addr, operation->pages * 4096ULL);
        wd_tree_idmap_tell();
        if (leaf_count > WD_IDMAP_LEAVES_MAX) {
            call->cannot = "more leaves than an answer has room for";
            return;
        }
        answer_now->ends[i] = (uint16_t)leaf_count;
        answer_now->steps_done = (uint8_t)(i + 1);
    }
}

static void set_text(struct wd_subject_head *head, enum wd_subject_status status, const char *text)
{
    head->status = (uint8_t)status;
    snprintf(head->text, sizeof(head->text), "%s", text);
}

static void answer(void *subject, const void *opaque_case, void *opaque_answer)
{
    static struct wd_result noted; /* crash and warnings */
    struct wd_idmap_answer *got = opaque_answer;
    struct call call = {.c = opaque_case};

    (void)subject;
    got->head.status = WD_SUBJECT_ANSWERED;
    got->head.warning_count = 0;
    got->is_expectation = 0;
    got->steps_done = 0;
    answer_now = got;
    leaf_count = 0;
    noted.warning_count = 0;
    if (!wd_guarded_call(call_tree, &call, &noted)) {
        set_text(&got->head, WD_SUBJECT_CRASH, noted.text);
        return;
    }
    for (unsigned i = 0; i < noted.warning_count && i < WD_SUBJECT_WARNINGS_MAX; i++)
        snprintf(got->head.warnings[got->head.warning_count++], WD_SUBJECT_TEXT_MAX, "%s", noted.warnings[i]);
    if (call.cannot)
        set_text(&got->head, WD_SUBJECT_UNSUPPORTED, call.cannot);
}

static void *open_subject(const char *options, char *error, size_t error_size)
{
    static char subject;

    (void)options, (void)error, (void)error_size; /* the builder has looked at them */
    wd_guard_open();
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
        .case_size = sizeof(struct wd_idmap_case),
        .answer_size = sizeof(struct wd_idmap_answer),
        .kind = "idmap",
        .name = "kvm",
        .version = wd_build_version,
        .open = open_subject,
        .answer = answer,
        .close = close_subject,
    };
    return &api;
}
