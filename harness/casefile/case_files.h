/* SPDX-License-Identifier: MIT */
/* Which files the command line names, and how each is opened: as it is, or unpacked by xz. */
#ifndef WALKDIFF_CASE_FILES_H
#define WALKDIFF_CASE_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "harness/support/error.h"

/** Paths of case files. {0} is an empty list. */
struct wd_case_files {
    char **paths;    /**< "-" is standard input */
    uint64_t *lines; /**< the case that begins in this line alone is meant; 0: all, see wd_case_reader_select() */
    size_t count;
};

/**
 * Adds a file, or every case file below a folder, sorted by path: *.json, *.jsonl and *.jsonl.xz, except *.schema.json
 * and whatever begins with a dot. "FILE:12", where there is no file of that name, is line 12 of FILE.
 */
bool wd_case_files_add(struct wd_case_files *files, const char *path, struct wd_error *error);

void wd_case_files_free(struct wd_case_files *files);

/** A case file that is open. */
struct wd_case_stream {
    FILE *file;
    const char *path;
    pid_t unpacker; /**< 0: the file is read as it is */
};

/** Opens a case file; one whose name ends in .xz through `xz -dc`. `path` must outlive the stream. */
bool wd_case_stream_open(struct wd_case_stream *stream, const char *path, struct wd_error *error);

/** Closes it. @return false if it could not be read or unpacked to its end */
bool wd_case_stream_close(struct wd_case_stream *stream, struct wd_error *error);

#endif
