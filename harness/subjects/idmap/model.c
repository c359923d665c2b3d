/* SPDX-License-Identifier: MIT */
/* `model:idmap[,defect=ID]`: a greedy identity map kept as a list of leaves, without tables; or with a defect. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/subjects/idmap/idmap_kind.h"
#include "harness/subjects/pgtable/entries.h"

enum defect {
    NONE,
#define WD_IDMAP_DEFECT(name, id, text) name,
#include "harness/subjects/idmap/idmap_defects.def"
    DEFECT_COUNT,
};

static const char *const ids[DEFECT_COUNT] = {
    "",
#define WD_IDMAP_DEFECT(name, id, text) id,
#include "harness/subjects/idmap/idmap_defects.def"
};

enum { LEAVES = 128 };

struct model {
    unsigned defect, count;
    struct wd_idmap_leaf leaves[LEAVES];
};

static const uint64_t annotation = 0x4;

static void take(struct model *model, unsigned i)
{
    memmove(&model->leaves[i], &model->leaves[i + 1], (--model->count - i) * sizeof(model->leaves[0]));
}

/* Puts a leaf in its place by address, instead of whatever it touches. */
static void put(struct model *model, uint64_t address, int level, uint64_t entry)
{
    uint64_t size = wd_entry_size(level);
    unsigned i = 0;

    while (i < model->count) {
        const struct wd_idmap_leaf *leaf = &model->leaves[i];

        if (leaf->address < address + size && leaf->address + wd_entry_size(leaf->level) > address)
            take(model, i);
        else if (leaf->address < address)
            i++;
        else
            break;
    }
    if (model->count == LEAVES)
        return;
    memmove(&model->leaves[i + 1], &model->leaves[i], (model->count++ - i) * sizeof(model->leaves[0]));
    model->leaves[i] = (struct wd_idmap_leaf){.address = address, .entry = entry, .level = (int8_t)level};
}

static uint64_t entry_of(const struct model *model, const struct wd_idmap_case *c, uint64_t address, int level)
{
    uint64_t begin, last, entry = address | WD_ENTRY_AF | WD_ENTRY_MEMATTR | (level == WD_ENTRY_LAST_LEVEL ? 3 : 1);
    bool memory = wd_idmap_range(c, address, &begin, &last);

    if (model->defect == SHIFTED && level == 2)
        entry += wd_entry_size(level);
    if (memory)
        return entry | WD_ENTRY_S2AP;
    return entry | (model->defect == NO_ATTRIBUTES ? 0 : WD_ENTRY_S2AP) | UINT64_C(1) << 54;
}

/* A block of level 1 or 2 although the region, or what is another's, does not let it. */
static int level_without(const struct model *model, const struct wd_idmap_case *c, const struct wd_idmap_view *view,
                         uint64_t address)
{
    struct wd_idmap_case boundless = *c;
    struct wd_idmap_view nothing = {0};

    switch (model->defect) {
    case OUTSIDE:
        boundless.region_count = 0;
        return wd_idmap_level(&boundless, view, address);
    case OVERRIDES:
        return wd_idmap_level(c, &nothing, address);
    case SMALL:
        return WD_ENTRY_LAST_LEVEL;
    default:
        return wd_idmap_level(c, view, address);
    }
}

static int fault(struct model *model, const struct wd_idmap_case *c, uint64_t address)
{
    struct wd_idmap_view view = {.leaves = model->leaves, .count = model->count};
    const struct wd_idmap_leaf *leaf = wd_idmap_at(&view, address);
    int level = level_without(model, c, &view, address);
    uint64_t size = wd_entry_size(level);

    if (leaf && leaf->entry & WD_ENTRY_VALID)
        return model->defect == AGAIN ? 0 : WD_IDMAP_EEXIST;
    if (leaf && model->defect != TAKES)
        return WD_IDMAP_EPERM;
    while (model->defect == NO_PROGRESS && level == WD_ENTRY_LAST_LEVEL)
        pause();
    if (model->defect == REPORTS && level == 1)
        return 0;
    if (model->defect == FAILS && level == 1)
        return WD_IDMAP_ENOMEM;
    address &= ~(size - 1);
    if (model->defect == DROPS && model->count)
        take(model, model->count - 1);
    put(model, address, level, entry_of(model, c, address, level));
    if (model->defect == END_AS_SIZE)
        put(model, address + size, level, entry_of(model, c, address + size, level));
    return 0;
}

static int own(struct model *model, const struct wd_idmap_case *c, const struct wd_idmap_operation *operation)
{
    unsigned pages = operation->pages - (model->defect == OWNS_LESS);

    if (!wd_idmap_may_own(c, operation) && model->defect != OWNS_ANY)
        return WD_IDMAP_EPERM;
    for (unsigned i = 0; i < pages; i++)
        put(model, operation->addr + i * UINT64_C(4096), WD_ENTRY_LAST_LEVEL, annotation);
    return 0;
}

static void answer(void *opaque, const void *opaque_case, void *opaque_answer)
{
    struct model *model = opaque;
    const struct wd_idmap_case *c = opaque_case;
    struct wd_idmap_answer *got = opaque_answer;
    unsigned end = 0;

    got->head.status = WD_SUBJECT_ANSWERED;
    got->head.warning_count = 0;
    got->is_expectation = 0;
    model->count = 0;
    for (unsigned i = 0; i < c->operation_count; i++) {
        const struct wd_idmap_operation *operation = &c->operations[i];

        got->results[i] =
            operation->kind == WD_IDMAP_FAULT ? fault(model, c, operation->addr) : own(model, c, operation);
        memcpy(&got->leaves[end], model->leaves, model->count * sizeof(model->leaves[0]));
        end += model->count;
        got->ends[i] = (uint16_t)end;
    }
    got->steps_done = c->operation_count;
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

const struct wd_subject_api wd_idmap_model = {
    .abi = WD_SUBJECT_ABI,
    .case_size = sizeof(struct wd_idmap_case),
    .answer_size = sizeof(struct wd_idmap_answer),
    .kind = "idmap",
    .name = "model",
    .version = WALKDIFF_VERSION,
    .open = open_model,
    .answer = answer,
    .close = close_model,
};
