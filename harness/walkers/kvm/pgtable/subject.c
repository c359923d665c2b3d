/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's half of the subject `pgtable` (walkdiff/subject.h). */
#include <stdio.h>

#include "harness/subjects/pgtable/machine.h"
#include "harness/walkers/kvm/host/subject.h"
#include "harness/walkers/kvm/pgtable/pgtable.h"

/* Kernel code calls back without a context. */
static struct wd_pgtable_machine *machine;

void *wd_host_table(void)
{
    return wd_pgtable_machine_allocate(machine);
}

void *wd_host_root(unsigned long size)
{
    return wd_pgtable_machine_allocate_root(machine, size);
}

void wd_host_free_root(void *root, unsigned long size)
{
    wd_pgtable_machine_free_root(machine, root, size);
}

void wd_host_get(void *page)
{
    wd_pgtable_machine_get(machine, page);
}

void wd_host_put(void *page)
{
    wd_pgtable_machine_put(machine, page);
}

int wd_host_count(void *page)
{
    return wd_pgtable_machine_count(machine, page);
}

void *wd_host_virtual(wd_kvm_u64 physical)
{
    return wd_pgtable_machine_virtual(machine, physical);
}

wd_kvm_u64 wd_host_physical(const void *memory)
{
    return wd_pgtable_machine_physical(machine, memory);
}

void wd_host_store(void *at, wd_kvm_u64 value)
{
    wd_pgtable_machine_store(machine, at, value);
}

void wd_host_dsb(void)
{
    wd_pgtable_machine_dsb(machine);
}

void wd_host_tlbi(wd_kvm_u64 ipa, int level, int here)
{
    wd_pgtable_machine_tlbi(machine, ipa, level, here);
}

void wd_host_tlbi_range(wd_kvm_u64 ipa, wd_kvm_u64 pages)
{
    wd_pgtable_machine_tlbi_range(machine, ipa, pages);
}

void wd_host_tlbi_all(void)
{
    wd_pgtable_machine_tlbi_all(machine);
}

void wd_host_clean(const void *memory, unsigned long size, int instruction)
{
    wd_pgtable_machine_clean(machine, wd_pgtable_machine_physical(machine, memory), size, instruction);
}

static void endless(void)
{
    wd_host_bug("an operation that comes to no end", 0);
}

/* ---------------------------------------------------------------- a case */

struct call {
    const struct wd_pgtable_case *c;
    const char *cannot;
};

static struct wd_kvm_operation for_tree(const struct wd_pgtable_operation *o)
{
    return (struct wd_kvm_operation){.addr = o->addr,
                                     .size = o->size,
                                     .phys = o->phys,
                                     .annotation = o->annotation,
                                     .kind = o->kind,
                                     .prot = o->prot,
                                     .pages = o->pages,
                                     .shared = o->shared,
                                     .mkold = o->mkold};
}

static void call_tree(void *context)
{
    struct call *call = context;
    const struct wd_pgtable_case *c = call->c;
    int result = wd_tree_pgtable_begin(c->ia_bits, c->features);

    if (result) {
        call->cannot = "this tree's KVM makes no such tables";
        return;
    }
    for (unsigned i = 0; i < c->count && !call->cannot; i++) {
        struct wd_kvm_operation operation = for_tree(&c->operations[i]);

        wd_pgtable_machine_before(machine, i, wd_tree_pgtable_annotation(operation.annotation));
        if (!wd_pgtable_machine_after(machine, wd_tree_pgtable_do(&operation)))
            call->cannot = "more leaves than an answer has room for";
    }
    wd_pgtable_machine_before(machine, c->count, 0);
    wd_tree_pgtable_end();
    wd_pgtable_machine_after(machine, 0);
}

static void answer(void *subject, const void *opaque_case, void *opaque_answer)
{
    const struct wd_pgtable_case *c = opaque_case;
    struct wd_pgtable_answer *got = opaque_answer;
    struct call call = {.c = c};

    (void)subject;
    for (unsigned i = 0; i < c->count && !call.cannot; i++) {
        struct wd_kvm_operation operation = for_tree(&c->operations[i]);

        call.cannot = wd_tree_pgtable_cannot(c->features, &operation);
    }
    wd_pgtable_machine_begin(machine, c, got, endless);
    if (!call.cannot && !wd_subject_call(call_tree, &call, &got->head))
        return;
    if (call.cannot)
        wd_subject_cannot(&got->head, "", call.cannot);
}

static void *open_subject(const char *options, char *error, size_t error_size)
{
    (void)options; /* the builder has looked at them */
    wd_guard_open();
    machine = wd_pgtable_machine_open();
    if (!machine)
        snprintf(error, error_size, "out of memory");
    return machine;
}

static void close_subject(void *subject)
{
    wd_pgtable_machine_close(subject);
}

WD_KVM_SUBJECT("pgtable", struct wd_pgtable_case, struct wd_pgtable_answer, open_subject, answer, close_subject)
