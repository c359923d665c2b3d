/* SPDX-License-Identifier: MIT */
#include "harness/engine/corpus.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/casefile/case_file.h"
#include "harness/casefile/case_files.h"
#include "harness/support/allocate.h"

/* Takes in the cases of a file. */
static bool load_file(const char *path, struct wd_guide *guide, size_t *skipped, struct wd_error *error)
{
    struct wd_oracle_output *basis = wd_allocate(1, sizeof(*basis));
    struct wd_case_stream stream;
    struct wd_case_reader *reader;
    struct wd_case_entry entry;
    int got;

    if (!wd_case_stream_open(&stream, path, error)) {
        free(basis);
        return false;
    }
    reader = wd_allocated(wd_case_reader_new(stream.file, path));
    while ((got = wd_case_reader_next(reader, &entry)) == 1) {
        uint32_t before = guide->count;
        struct wd_footprint footprint;

        wd_oracle(&entry.c, NULL, NULL, NULL, basis);
        footprint = wd_footprint_of(&entry.c, basis);
        wd_guide_offer(guide, &entry.c, 0, UINT64_MAX, &footprint);
        *skipped += guide->count == before;
    }
    if (got)
        wd_error_set(error, "%s", wd_case_reader_error(reader));
    wd_case_reader_free(reader);
    free(basis);
    return wd_case_stream_close(&stream, error) && !got;
}

bool wd_corpus_load(const char *folder, struct wd_guide *guide, size_t *skipped, struct wd_error *error)
{
    struct wd_case_files files = {0};
    struct stat status;
    bool good = true;

    *skipped = 0;
    if (stat(folder, &status) && errno == ENOENT)
        return true;
    if (!wd_case_files_add(&files, folder, error))
        return false;
    for (size_t i = 0; good && i < files.count; i++)
        good = load_file(files.paths[i], guide, skipped, error);
    wd_case_files_free(&files);
    return good;
}

static bool write_cases(FILE *stream, const struct wd_guide *guide, uint64_t seed)
{
    for (uint32_t i = guide->before; i < guide->count; i++) {
        char id[64];
        const struct wd_case_extra extra = {.id = id};

        snprintf(id, sizeof(id), "guided seed %" PRIu64 " case %" PRIu64, seed, guide->entries[i].index);
        if (wd_case_write(stream, &guide->entries[i].buffer.c, &extra))
            return false;
    }
    return !fflush(stream);
}

bool wd_corpus_save(const char *folder, const struct wd_guide *guide, uint64_t seed, struct wd_error *error)
{
    char path[PATH_MAX], new_path[PATH_MAX + 4];
    FILE *stream;
    bool good;

    if (guide->before == guide->count)
        return true;
    if (snprintf(path, sizeof(path), "%s/seed-%" PRIu64 "-after-%" PRIu32 ".jsonl", folder, seed, guide->before) >=
            (int)sizeof(path) ||
        snprintf(new_path, sizeof(new_path), "%s.new", path) >= (int)sizeof(new_path))
        return wd_error_set(error, "%s: the name is too long", folder);
    if (mkdir(folder, 0777) && errno != EEXIST)
        return wd_error_set(error, "%s: %s", folder, strerror(errno));
    stream = fopen(new_path, "w");
    good = stream && write_cases(stream, guide, seed);
    if (stream && fclose(stream))
        good = false;
    good = good && !rename(new_path, path);
    return good || wd_error_set(error, "%s: cannot be written: %s", path, strerror(errno));
}
