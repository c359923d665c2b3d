/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's half of the subject `idmap` (walkdiff/subject.h). */
#include "harness/walkers/kvm/host/subject.h"
#include "harness/walkers/kvm/idmap/idmap.h"
#include "walkdiff/idmap.h"

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
        answer_now->ends[i] = (uint16_t)(leaf_count < WD_IDMAP_LEAVES_MAX ? leaf_count : WD_IDMAP_LEAVES_MAX);
        answer_now->steps_done = (uint8_t)(i + 1);
        if (leaf_count > WD_IDMAP_LEAVES_MAX)
            return; /* more than operations can leave: the judge sees it by the number of those told */
    }
}

static void answer(void *subject, const void *opaque_case, void *opaque_answer)
{
    struct wd_idmap_answer *got = opaque_answer;
    struct call call = {.c = opaque_case};

    (void)subject;
    got->is_expectation = 0;
    got->steps_done = 0;
    answer_now = got;
    leaf_count = 0;
    if (wd_subject_call(call_tree, &call, &got->head) && call.cannot)
        wd_subject_cannot(&got->head, "", call.cannot);
}

WD_KVM_SUBJECT("idmap", struct wd_idmap_case, struct wd_idmap_answer, wd_subject_open, answer, wd_subject_close)
