/* SPDX-License-Identifier: MIT */
#include "harness/casefile/case_files.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), end_length = strlen(end);

    return length > end_length && !strcmp(name + length - end_length, end);
}

static bool is_case_file(const char *name)
{
    static const char *const endings[] = {".json", ".jsonl", ".jsonl.xz"};

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (ends_with(name, endings[i]))
            return !ends_with(name, ".schema.json");
    return false;
}

/* @param length  of the path, which may be a part of a text */
static bool add(struct wd_case_files *files, const char *path, size_t length, uint64_t line, struct wd_error *error)
{
    char **paths = realloc(files->paths, (files->count + 1) * sizeof(*paths));
    uint64_t *lines;

    if (paths)
        files->paths = paths;
    lines = realloc(files->lines, (files->count + 1) * sizeof(*lines));
    if (lines)
        files->lines = lines;
    if (!paths || !lines || !(paths[files->count] = strndup(path, length)))
        return wd_error_set(error, "out of memory");
    lines[files->count++] = line;
    return true;
}

static bool add_whole(struct wd_case_files *files, const char *path, struct wd_error *error)
{
    return add(files, path, strlen(path), 0, error);
}

static int compare_names(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Looks at one entry of a folder. */
static bool visit(struct wd_case_files *files, FTS *walk, FTSENT *entry, struct wd_error *error)
{
    switch (entry->fts_info) {
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return wd_error_set(error, "%s: %s", entry->fts_path, strerror(entry->fts_errno));
    case FTS_D:
        if (entry->fts_level > FTS_ROOTLEVEL && entry->fts_name[0] == '.')
            fts_set(walk, entry, FTS_SKIP);
        return true;
    case FTS_F:
        return entry->fts_name[0] == '.' || !is_case_file(entry->fts_name) || add_whole(files, entry->fts_path, error);
    default:
        return true;
    }
}

static bool add_folder(struct wd_case_files *files, const char *path, struct wd_error *error)
{
    char *roots[] = {(char *)path, NULL};
    size_t before = files->count;
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_names);
    FTSENT *entry;
    bool good = true;

    if (!walk)
        return wd_error_set(error, "%s: %s", path, strerror(errno));
    while (good && (entry = fts_read(walk)))
        good = visit(files, walk, entry, error);
    fts_close(walk);
    if (good && files->count == before)
        return wd_error_set(error, "%s: no case file (*.json, *.jsonl, *.jsonl.xz) in this folder", path);
    return good;
}

/* The number behind the last colon of a path, which is "FILE:12" then; else 0. */
static uint64_t line_in_path(const char *path, const char *colon)
{
    char *end;
    uint64_t line;

    if (!colon || colon == path || colon[1] < '0' || colon[1] > '9')
        return 0;
    errno = 0;
    line = strtoull(colon + 1, &end, 10);
    return errno || *end ? 0 : line;
}

bool wd_case_files_add(struct wd_case_files *files, const char *path, struct wd_error *error)
{
    const char *colon = strrchr(path, ':');
    uint64_t line = line_in_path(path, colon);
    struct stat status;

    if (!strcmp(path, "-"))
        return add_whole(files, path, error);
    if (!stat(path, &status))
        return S_ISDIR(status.st_mode) ? add_folder(files, path, error) : add_whole(files, path, error);
    if (line)
        return add(files, path, (size_t)(colon - path), line, error);
    return wd_error_set(error, "%s: %s", path, strerror(errno));
}

void wd_case_files_free(struct wd_case_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->paths[i]);
    free(files->paths);
    free(files->lines);
    *files = (struct wd_case_files){0};
}

/* In the new process: becomes xz. */
static _Noreturn void unpack(int packed, int output)
{
    if (dup2(packed, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0)
        execlp("xz", "xz", "-dc", (char *)NULL);
    fprintf(stderr, "xz: %s\n", strerror(errno));
    _exit(127);
}

/* Starts xz on a file. @return the end of the pipe to read from, or -1 with errno */
static int start_unpacker(int packed, pid_t *pid)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return -1;
    *pid = fork();
    if (*pid == 0)
        unpack(packed, ends[1]);
    close(ends[1]);
    if (*pid > 0)
        return ends[0];
    *pid = 0;
    close(ends[0]);
    return -1;
}

bool wd_case_stream_open(struct wd_case_stream *stream, const char *path, struct wd_error *error)
{
    int descriptor, packed;

    *stream = (struct wd_case_stream){.path = path};
    if (!strcmp(path, "-")) {
        stream->file = stdin;
        return true;
    }
    descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0 && ends_with(path, ".xz")) {
        packed = descriptor;
        descriptor = start_unpacker(packed, &stream->unpacker);
        close(packed);
    }
    if (descriptor >= 0)
        stream->file = fdopen(descriptor, "r");
    return stream->file || wd_error_set(error, "%s: %s", path, strerror(errno));
}

bool wd_case_stream_close(struct wd_case_stream *stream, struct wd_error *error)
{
    bool failed = ferror(stream->file), left = !feof(stream->file);
    int status = 0;

    if (stream->file != stdin)
        fclose(stream->file);
    while (stream->unpacker && waitpid(stream->unpacker, &status, 0) < 0 && errno == EINTR)
        ;
    if (failed)
        return wd_error_set(error, "%s: cannot be read to its end", stream->path);
    /* Who did not want all of it closes the pipe before xz is done. */
    return status == 0 || left || wd_error_set(error, "%s: xz could not unpack it", stream->path);
}
