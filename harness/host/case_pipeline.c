/* SPDX-License-Identifier: MIT */
#include "harness/host/case_pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "harness/casefile/case_file.h"

/* What is kept of a case while the walker has it. */
struct pending {
    char *id;
    const char *file;
    uint64_t line;
    bool has_expect;
    struct wd_result expect;
};

struct pipeline {
    struct wd_case_area *area;
    struct wd_walker_host *host;
    const struct wd_pipeline_handler *handler;
    struct wd_error *error;
    uint64_t given, taken;                          /* batches; the slot of batch `given` is being filled */
    struct pending pending[WD_SLOTS][WD_BATCH_MAX]; /* by slot */
};

static bool hand_over(struct pipeline *p, const struct pending *pending, const struct wd_case *c,
                      const struct wd_result *got)
{
    const struct wd_answered answered = {
        .c = c,
        .got = got,
        .expect = pending->has_expect ? &pending->expect : NULL,
        .id = pending->id,
        .file = pending->file,
        .line = pending->line,
    };

    return p->handler->answered(p->handler->context, &answered, p->error);
}

/* Waits for the oldest batch under way and hands its answers over; its slot is then free. */
static bool take_batch(struct pipeline *p)
{
    struct wd_slot *slot = wd_case_area_slot(p->area, p->taken);
    struct pending *pending = p->pending[p->taken % WD_SLOTS];
    const struct wd_result *results = wd_walker_host_wait(p->host, p->taken, p->error);
    bool good = results != NULL;

    for (uint32_t i = 0; i < slot->count; i++) {
        good = good && hand_over(p, &pending[i], slot->cases[i], &results[i]);
        free(pending[i].id);
    }
    wd_slot_clear(slot);
    p->taken++;
    return good;
}

/* Gives the batch that is being filled to the walker; afterwards the next slot is empty. */
static bool give_batch(struct pipeline *p)
{
    wd_walker_host_submit(p->host);
    p->given++;
    return p->given - p->taken < WD_SLOTS || take_batch(p);
}

/* Keeps in the slot what will be wanted of a case. @return false when out of memory */
static bool keep(struct pending *pending, const struct wd_case_entry *entry, const char *file)
{
    pending->id = strdup(entry->id);
    pending->file = file;
    pending->line = entry->line;
    pending->has_expect = entry->has_expect;
    if (entry->has_expect)
        pending->expect = entry->expect;
    return pending->id;
}

/* Adds a case to the batch that is being filled; a full batch is given first. */
static bool add(struct pipeline *p, const struct wd_case_entry *entry, const char *file)
{
    struct wd_slot *slot = wd_case_area_slot(p->area, p->given);

    if (!wd_slot_add(slot, &entry->c)) {
        if (slot->count && !give_batch(p))
            return false;
        slot = wd_case_area_slot(p->area, p->given);
        if (!wd_slot_add(slot, &entry->c))
            return wd_error_set(p->error, "%s:%llu: a case with %u words of memory is too large for a walker's process",
                                file, (unsigned long long)entry->line, entry->c.mem_count);
    }
    if (keep(&p->pending[p->given % WD_SLOTS][slot->count - 1], entry, file))
        return true;
    return wd_error_set(p->error, "out of memory");
}

static bool read_cases(struct pipeline *p, struct wd_case_reader *reader, const char *file)
{
    struct wd_case_entry entry;
    int found;

    while ((found = wd_case_reader_next(reader, &entry)) != 0) {
        if (found < 0)
            p->handler->complain(p->handler->context, wd_case_reader_error(reader));
        else if (!add(p, &entry, file))
            return false;
    }
    return true;
}

static bool read_file(struct pipeline *p, const char *path, uint64_t line)
{
    struct wd_case_stream stream;
    struct wd_case_reader *reader;
    struct wd_error problem;
    bool good;

    if (!wd_case_stream_open(&stream, path, &problem)) {
        p->handler->complain(p->handler->context, problem.text);
        return true;
    }
    reader = wd_case_reader_new(stream.file, path);
    if (reader)
        wd_case_reader_select(reader, line);
    good = reader ? read_cases(p, reader, path) : wd_error_set(p->error, "out of memory");
    wd_case_reader_free(reader);
    if (!wd_case_stream_close(&stream, &problem) && good)
        p->handler->complain(p->handler->context, problem.text);
    return good;
}

static bool read_files(struct pipeline *p, const struct wd_case_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (!read_file(p, files->paths[i], files->lines[i]))
            return false;
    return true;
}

/* Gives the last batch, if it is not empty, and takes all that are under way. */
static bool finish(struct pipeline *p)
{
    if (wd_case_area_slot(p->area, p->given)->count && !give_batch(p))
        return false;
    while (p->taken < p->given)
        if (!take_batch(p))
            return false;
    return true;
}

/* Frees what is kept of cases that were not taken. */
static void drop(struct pipeline *p)
{
    for (; p->taken <= p->given; p->taken++) {
        struct wd_slot *slot = wd_case_area_slot(p->area, p->taken);

        for (uint32_t i = 0; i < slot->count; i++)
            free(p->pending[p->taken % WD_SLOTS][i].id);
        wd_slot_clear(slot);
    }
}

bool wd_pipeline(const struct wd_case_files *files, struct wd_case_area *area, struct wd_walker_host *host,
                 const struct wd_pipeline_handler *handler, struct wd_error *error)
{
    struct pipeline *p = calloc(1, sizeof(*p));
    bool good;

    if (!p)
        return wd_error_set(error, "out of memory");
    p->area = area;
    p->host = host;
    p->handler = handler;
    p->error = error;
    good = read_files(p, files) && finish(p);
    drop(p);
    free(p);
    return good;
}
