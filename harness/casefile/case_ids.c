/* SPDX-License-Identifier: MIT */
#include "harness/casefile/case_ids.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a, then a finalizer that spreads it over all bits: the low ones choose the entry of the table. */
static uint64_t hash_of(const char *id)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * UINT64_C(0x100000001b3);
    hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
    hash ^= hash >> 32;
    return hash ? hash : 1;
}

/* The entry of a hash, or the free one where it belongs. */
static struct wd_case_id *entry_of(struct wd_case_id *table, size_t size, uint64_t hash)
{
    size_t i = hash & (size - 1);

    while (table[i].hash && table[i].hash != hash)
        i = (i + 1) & (size - 1);
    return table + i;
}

static bool grow(struct wd_case_ids *ids)
{
    size_t size = ids->size ? ids->size * 2 : 16;
    struct wd_case_id *table = calloc(size, sizeof(*table));

    if (!table)
        return false;
    for (size_t i = 0; i < ids->size; i++)
        if (ids->table[i].hash)
            *entry_of(table, size, ids->table[i].hash) = ids->table[i];
    free(ids->table);
    ids->table = table;
    ids->size = size;
    return true;
}

/* ---------------------------------------------------------------- a full table goes into the file */

static int compare_ids(const void *left, const void *right)
{
    const struct wd_case_id *a = left, *b = right;

    return (a->hash > b->hash) - (a->hash < b->hash);
}

static void sort_table(struct wd_case_ids *ids)
{
    size_t taken = 0;

    for (size_t i = 0; i < ids->size; i++)
        if (ids->table[i].hash)
            ids->table[taken++] = ids->table[i];
    qsort(ids->table, taken, sizeof(ids->table[0]), compare_ids);
}

static bool read_id(FILE *file, struct wd_case_id *id)
{
    return file && fread(id, sizeof(*id), 1, file) == 1;
}

static void note_late(struct wd_case_ids *ids, const struct wd_case_id *earlier, const struct wd_case_id *later)
{
    ids->late++;
    ids->late_lines[0] = earlier->line;
    ids->late_lines[1] = later->line;
}

/* Writes the ids of the file and of the sorted table in order, those that are in both once. */
static bool write_merged(struct wd_case_ids *ids, FILE *into)
{
    struct wd_case_id earlier;
    bool more = read_id(ids->merged, &earlier);
    size_t i = 0;

    while (more || i < ids->used) {
        bool take_earlier = more && (i == ids->used || earlier.hash <= ids->table[i].hash);

        if (take_earlier && i < ids->used && earlier.hash == ids->table[i].hash)
            note_late(ids, &earlier, &ids->table[i++]);
        if (fwrite(take_earlier ? &earlier : &ids->table[i], sizeof(earlier), 1, into) != 1)
            return false;
        if (take_earlier)
            more = read_id(ids->merged, &earlier);
        else
            i++;
    }
    return fflush(into) == 0 && !(ids->merged && ferror(ids->merged));
}

static bool merge(struct wd_case_ids *ids)
{
    FILE *merged = tmpfile();

    if (!merged)
        return false;
    if (ids->merged)
        rewind(ids->merged);
    sort_table(ids);
    if (!write_merged(ids, merged)) {
        fclose(merged);
        return false;
    }
    if (ids->merged)
        fclose(ids->merged);
    ids->merged = merged;
    memset(ids->table, 0, ids->size * sizeof(ids->table[0]));
    ids->used = 0;
    return true;
}

/* ---------------------------------------------------------------- for the reader */

enum wd_case_ids_answer wd_case_ids_add(struct wd_case_ids *ids, const char *id, uint64_t *line)
{
    uint64_t hash = hash_of(id);
    struct wd_case_id *entry;

    if (ids->used >= ids->size / 4 * 3 && !(ids->size < ids->limit ? grow(ids) : merge(ids)))
        return WD_IDS_FAILED;
    entry = entry_of(ids->table, ids->size, hash);
    if (entry->hash) {
        *line = entry->line;
        return WD_IDS_DOUBLED;
    }
    *entry = (struct wd_case_id){hash, *line};
    ids->used++;
    return WD_IDS_NEW;
}

bool wd_case_ids_finish(struct wd_case_ids *ids)
{
    return !ids->merged || merge(ids);
}

void wd_case_ids_free(struct wd_case_ids *ids)
{
    free(ids->table);
    if (ids->merged)
        fclose(ids->merged);
}
