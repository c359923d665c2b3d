/* SPDX-License-Identifier: MIT */
/* `model:tlbi[,defect=ID]`: an emulation that invalidates what it must and nothing else; or with a defect. */
#include <stdio.h>
#include <string.h>

#include "harness/subjects/tlbi/tlbi_kind.h"

enum defect {
    NONE,
#define WD_TLBI_DEFECT(name, id, text) name,
#include "harness/subjects/tlbi/tlbi_defects.def"
    DEFECT_COUNT,
};

static const char *const ids[DEFECT_COUNT] = {
    "",
#define WD_TLBI_DEFECT(name, id, text) id,
#include "harness/subjects/tlbi/tlbi_defects.def"
};

struct model {
    unsigned defect;
};

static unsigned misreading(unsigned defect)
{
    switch (defect) {
    case HOSTS_TBI:
        return WD_MISREAD_TAG;
    case LOW_BITS:
        return WD_MISREAD_LOW_BITS;
    case RES0_TTL:
        return WD_MISREAD_TTL;
    case WIDE_VMID:
        return WD_MISREAD_VMID;
    default:
        return 0;
    }
}

/* Whether what must go stays all the same. */
static bool is_left(const struct wd_tlbi_case *c, unsigned i, unsigned defect)
{
    const struct wd_tlbi_description *d = &wd_tlbi_instructions[c->instruction % WD_TLBI_INSTRUCTION_COUNT];
    const struct wd_tlbi_entry *entry = &c->entries[i];
    struct wd_tlbi_view view = {0};
    struct wd_tlbi_held held;
    bool by_address = d->scope == WD_SCOPE_VA || d->scope == WD_SCOPE_VAA || d->scope == WD_SCOPE_IPA;

    wd_tlbi_guest(c, &view);
    wd_tlbi_entry(c, i, 0, &held);
    switch (defect) {
    case LESS_VA:
        return by_address && !d->range &&
               ((c->operand ^ held.address >> 12) & UINT64_C(0xfffffffff)) >> (held.granule - 12);
    case LESS_ASID:
        return d->scope == WD_SCOPE_VA && entry->global && entry->asid != c->operand >> 48;
    case LESS_VMID:
        for (unsigned j = 0; held.stage == 2 && j < entry->of; j++)
            if (c->contexts[j].vttbr >> 48 == c->contexts[entry->of].vttbr >> 48)
                return true;
        return false;
    case LESS_LEVEL:
        return by_address && entry->level != 3;
    case LESS_STAGE:
        return (d->scope == WD_SCOPE_ALLE1 || d->scope == WD_SCOPE_S12) && held.stage == 1;
    case LESS_RANGE: {
        uint64_t num = c->operand >> 39 & 31, shorter = (c->operand & ~(UINT64_C(31) << 39)) | (num - 1) << 39;

        return d->range && (!num || !wd_tlbi_requires(c->instruction, shorter, &view, &held));
    }
    case LESS_REGIME:
        return d->op1 == 0 && entry->type == WD_TLBI_VNCR;
    case LESS_ALL:
        return d->scope == WD_SCOPE_ALL && entry->global;
    case LESS_CONTEXTS:
        return d->scope == WD_SCOPE_ALLE1 && held.vmid != view.vmid;
    default: /* LESS_ASIDS */
        return defect == LESS_ASIDS && d->scope == WD_SCOPE_VAA && !entry->global && entry->asid != 1;
    }
}

static void answer(void *opaque, const void *opaque_case, void *opaque_answer)
{
    const struct model *model = opaque;
    const struct wd_tlbi_case *c = opaque_case;
    struct wd_tlbi_answer *got = opaque_answer;
    const struct wd_tlbi_description *d = &wd_tlbi_instructions[c->instruction % WD_TLBI_INSTRUCTION_COUNT];
    unsigned misread = misreading(model->defect);
    struct wd_tlbi_view view = {.misread = misread};
    bool implemented = wd_tlbi_implemented(c) || model->defect == NO_FEATURE;

    memset(got, 0, sizeof(*got));
    got->head.status = WD_SUBJECT_ANSWERED;
    if (model->defect == NO_OS && strstr(d->name, "OS"))
        implemented = false;
    if (!implemented)
        got->outcome = WD_TLBI_UNDEFINED;
    else if (model->defect == STUCK && d->range && d->scope == WD_SCOPE_IPA)
        got->outcome = WD_TLBI_UNFINISHED;
    if (got->outcome != WD_TLBI_DONE)
        return;
    wd_tlbi_guest(c, &view);
    for (unsigned i = 0; i < c->entry_count; i++) {
        struct wd_tlbi_held held;
        bool goes;

        wd_tlbi_entry(c, i, misread, &held);
        goes = wd_tlbi_requires(c->instruction, c->operand, &view, &held) && !is_left(c, i, model->defect);
        if (goes || model->defect == EVERYTHING)
            got->gone |= (uint16_t)(1U << i);
    }
}

static void *open_model(const char *options, char *error, size_t error_size)
{
    static struct model model;

    return wd_subject_find_defect(options, ids, DEFECT_COUNT, &model.defect, error, error_size) ? &model : NULL;
}

static void close_model(void *model)
{
    (void)model;
}

const struct wd_subject_api wd_tlbi_model = {
    .abi = WD_SUBJECT_ABI,
    .case_size = sizeof(struct wd_tlbi_case),
    .answer_size = sizeof(struct wd_tlbi_answer),
    .kind = "tlbi",
    .name = "model",
    .version = WALKDIFF_VERSION,
    .open = open_model,
    .answer = answer,
    .close = close_model,
};
