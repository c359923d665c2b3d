/* SPDX-License-Identifier: MIT */
#include "harness/engine/stored.h"

#include <limits.h>
#include <stdio.h>

#include "harness/casefile/case_file.h"
#include "harness/casefile/case_files.h"
#include "harness/support/allocate.h"

struct one {
    struct wd_case c; /* with arrays of its own */
    char *id;
};

struct wd_stored {
    struct one *list;
    size_t count, room;
};

static void *copy(const void *from, size_t count, size_t size)
{
    void *to = wd_allocate(count ? count : 1, size);

    if (count)
        memcpy(to, from, count * size);
    return to;
}

static void add(struct wd_stored *stored, const char *path, const struct wd_case_entry *entry)
{
    char id[PATH_MAX + 256];
    struct one *one;

    if (stored->count == stored->room) {
        stored->room = stored->room ? 2 * stored->room : 64;
        stored->list = wd_allocated(realloc(stored->list, stored->room * sizeof(*stored->list)));
    }
    one = &stored->list[stored->count++];
    one->c = entry->c;
    one->c.ram = copy(entry->c.ram, entry->c.ram_count, sizeof(*entry->c.ram));
    one->c.mem = copy(entry->c.mem, entry->c.mem_count, sizeof(*entry->c.mem));
    snprintf(id, sizeof(id), "%s:%llu%s%.200s", path, (unsigned long long)entry->line, *entry->id ? " " : "",
             entry->id);
    one->id = wd_copy_text(id, strlen(id));
}

static bool load_file(struct wd_stored *stored, const char *path, uint64_t line, size_t *skipped,
                      struct wd_error *error)
{
    struct wd_case_stream stream;
    struct wd_case_reader *reader;
    struct wd_case_entry entry;
    int got;

    if (!wd_case_stream_open(&stream, path, error))
        return false;
    reader = wd_allocated(wd_case_reader_new(stream.file, path));
    wd_case_reader_select(reader, line);
    while ((got = wd_case_reader_next(reader, &entry)) == 1) {
        if (entry.c.ram_count > WD_BUFFER_RAM_MAX || entry.c.mem_count > WD_BUFFER_MEM_MAX)
            (*skipped)++;
        else
            add(stored, path, &entry);
    }
    if (got)
        wd_error_set(error, "%s", wd_case_reader_error(reader));
    wd_case_reader_free(reader);
    return wd_case_stream_close(&stream, got ? &(struct wd_error){0} : error) && !got;
}

struct wd_stored *wd_stored_load(const char *const *paths, size_t count, size_t *skipped, struct wd_error *error)
{
    struct wd_stored *stored = wd_allocate(1, sizeof(*stored));
    struct wd_case_files files = {0};
    bool good = true;

    *skipped = 0;
    for (size_t i = 0; good && i < count; i++)
        good = wd_case_files_add(&files, paths[i], error);
    for (size_t i = 0; good && i < files.count; i++)
        good = load_file(stored, files.paths[i], files.lines[i], skipped, error);
    wd_case_files_free(&files);
    if (good)
        return stored;
    wd_stored_free(stored);
    return NULL;
}

void wd_stored_free(struct wd_stored *stored)
{
    if (!stored)
        return;
    for (size_t i = 0; i < stored->count; i++) {
        free((void *)stored->list[i].c.ram);
        free((void *)stored->list[i].c.mem);
        free(stored->list[i].id);
    }
    free(stored->list);
    free(stored);
}

size_t wd_stored_count(const struct wd_stored *stored)
{
    return stored ? stored->count : 0;
}

void wd_stored_make_case(const struct wd_stored *stored, size_t i, struct wd_case_buffer *buffer)
{
    const struct wd_case *c = &stored->list[i].c;

    buffer->c = *c;
    memcpy(buffer->ram, c->ram, c->ram_count * sizeof(c->ram[0]));
    memcpy(buffer->mem, c->mem, c->mem_count * sizeof(c->mem[0]));
    wd_case_buffer_link(buffer);
}

const char *wd_stored_id(const struct wd_stored *stored, size_t i)
{
    return stored->list[i].id;
}
