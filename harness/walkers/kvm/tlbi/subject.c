/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's half of the subject `tlbi` (walkdiff/subject.h). */
#include <stdio.h>
#include <string.h>

#include "harness/subjects/tlbi/decode.h"
#include "harness/walkers/kvm/host/subject.h"
#include "harness/walkers/kvm/tlbi/tlbi.h"

/* Kernel code calls back without a context: the case under way, and what the machine's TLBs have lost. */
static const struct wd_tlbi_case *now;
static struct wd_tlbi_answer *answer_now;
static unsigned lost;

/* The number of an instruction that kernel code has a name for: each name is one literal. */
static int number_of(const char *name)
{
    static struct {
        const char *name;
        int number;
    } known[64];
    static unsigned count;
    const char *prefix = strstr(name, "wd_");
    char plain[32];

    for (unsigned i = 0; i < count; i++)
        if (known[i].name == name)
            return known[i].number;
    snprintf(plain, sizeof(plain), "%.*s%s", prefix ? (int)(prefix - name) : 0, name, prefix ? prefix + 3 : name);
    if (count == sizeof(known) / sizeof(known[0]))
        count = 0;
    known[count].name = name;
    known[count].number = wd_tlbi_by_name(plain);
    return known[count++].number;
}

void wd_host_tlbi(const char *name, wd_kvm_u64 operand, unsigned context, int lasts)
{
    int number = number_of(name);

    if (number < 0)
        wd_host_bug("a TLBI instruction that is not known", 0);
    if (answer_now->shown < WD_TLBI_SHOWN_MAX) {
        unsigned i = answer_now->shown++;

        answer_now->instructions[i].instruction = (uint8_t)number;
        answer_now->instructions[i].operand = operand;
        answer_now->instructions[i].context = (uint8_t)context;
    }
    answer_now->issued++;
    for (unsigned i = 0; lasts && context != WD_KVM_NO_CONTEXT && i < now->entry_count; i++)
        if (!(lost >> i & 1) && now->entries[i].type != WD_TLBI_VNCR &&
            wd_tlbi_machine_requires(now, (unsigned)number, operand, context, i))
            lost |= 1U << i;
}

struct call {
    const char *cannot;
    enum wd_kvm_tlbi became;
};

static void hold(struct call *call)
{
    const struct wd_tlbi_case *c = now;
    unsigned vncr = 0;

    for (unsigned i = 0; i < c->entry_count && !call->cannot; i++) {
        const struct wd_tlbi_entry *entry = &c->entries[i];

        if (entry->type == WD_TLBI_STAGE2) {
            if (wd_tree_tlbi_map(entry->of, entry->leaf, entry->leaf_level,
                                 c->contexts[entry->of].enabled ? entry->level : 0))
                call->cannot = "this tree's KVM does not map this";
        } else if (entry->type == WD_TLBI_VNCR) {
            const struct wd_kvm_vncr held = {.address = entry->address,
                                             .asid = entry->asid,
                                             .global = entry->global,
                                             .granule = entry->granule,
                                             .level = entry->level};

            call->cannot = wd_tree_tlbi_no_vncr();
            wd_tree_tlbi_hold_vncr(vncr++, &held);
        }
    }
}

static void look(void)
{
    const struct wd_tlbi_case *c = now;
    unsigned vncr = 0;

    for (unsigned i = 0; i < c->entry_count; i++) {
        const struct wd_tlbi_entry *entry = &c->entries[i];
        bool gone = lost >> i & 1, taken;

        if (entry->type == WD_TLBI_STAGE2) {
            taken = !wd_tree_tlbi_is_mapped(entry->of, entry->leaf);
            answer_now->leaves_taken += taken;
            gone = gone && taken;
        } else if (entry->type == WD_TLBI_VNCR) {
            gone = !wd_tree_tlbi_holds_vncr(vncr++);
        }
        answer_now->gone |= (uint16_t)(gone << i);
    }
}

/* Whether the instruction is about EL2's own translations: of those KVM's table is asked for VNCR_EL2 alone. */
static bool is_el2s(void)
{
    const struct wd_tlbi_description *d = &wd_tlbi_instructions[now->instruction % WD_TLBI_INSTRUCTION_COUNT];
    struct wd_tlbi_view view = {0};

    wd_tlbi_guest(now, &view);
    return d->op1 == 0 ? view.el2_is_el1 : d->scope == WD_SCOPE_ALL || d->scope == WD_SCOPE_VA;
}

static void call_tree(void *context)
{
    const struct wd_tlbi_description *d = &wd_tlbi_instructions[now->instruction % WD_TLBI_INSTRUCTION_COUNT];
    struct wd_kvm_context contexts[WD_TLBI_CONTEXTS_MAX];
    struct call *call = context;

    for (unsigned i = 0; i < now->context_count; i++)
        contexts[i] = (struct wd_kvm_context){
            .vttbr = now->contexts[i].vttbr, .vtcr = now->contexts[i].vtcr, .enabled = now->contexts[i].enabled};
    if (wd_tree_tlbi_begin((const wd_kvm_u64 *)now->regs, now->host, contexts, now->context_count))
        call->cannot = "this tree's KVM makes no such tables";
    if (!call->cannot && is_el2s())
        call->cannot = wd_tree_tlbi_no_vncr();
    if (!call->cannot)
        hold(call);
    if (call->cannot)
        return;
    lost = 0;
    answer_now->shown = 0;
    answer_now->issued = 0;
    call->became =
        wd_tree_tlbi(d->op1, now->instruction >= WD_TLBI_INSTRUCTION_COUNT ? 9 : 8, d->crm, d->op2, now->operand);
    look();
}

static void answer(void *subject, const void *opaque_case, void *opaque_answer)
{
    struct wd_tlbi_answer *got = opaque_answer;
    struct call call = {0};

    (void)subject;
    memset(got, 0, sizeof(*got));
    now = opaque_case;
    answer_now = got;
    lost = 0;
    if (!wd_subject_call(call_tree, &call, &got->head))
        return;
    if (!call.cannot && call.became == WD_KVM_NOT_IN_TABLE)
        call.cannot = "this tree's KVM has no such instruction in its table";
    if (call.cannot)
        wd_subject_cannot(&got->head, "", call.cannot);
    got->outcome = call.became == WD_KVM_DONE        ? WD_TLBI_DONE
                   : call.became == WD_KVM_UNDEFINED ? WD_TLBI_UNDEFINED
                                                     : WD_TLBI_UNFINISHED;
}

static void *open_subject(const char *options, char *error, size_t error_size)
{
    void *subject = wd_subject_open(options, error, error_size);

    wd_tree_tlbi_open();
    return subject;
}

WD_KVM_SUBJECT("tlbi", struct wd_tlbi_case, struct wd_tlbi_answer, open_subject, answer, wd_subject_close)
