/* SPDX-License-Identifier: MIT */
/*
 * Case files of kinds: the files of docs/format.md, whose cases have a member `kind`, by which whoever reads only
 * cases of walkers refuses them.
 */
#ifndef WALKDIFF_SUBJECT_CASE_IO_H
#define WALKDIFF_SUBJECT_CASE_IO_H

#include "harness/casefile/case_files.h"
#include "harness/subjects/kind.h"

/** A case of a file, or of a line of findings.jsonl. */
struct wd_subject_entry {
    union wd_subject_case c;
    const char *file;
    uint64_t line;
    char id[256], note[512]; /**< empty if the case has none; cut if they are longer */
    char walker[512];        /**< of a finding; empty if it is none */
    const char *text;        /**< the line as it stood there, terminated; until the next case is read */
};

/** Members that a case of every kind has, for its table; they are read beforehand. */
#define WD_SUBJECT_COMMON_MEMBERS                                                                                      \
    WD_JSON_MEMBER("kind", true, 0, wd_subject_read_text), WD_JSON_MEMBER("id", false, 0, wd_subject_read_text),       \
        WD_JSON_MEMBER("note", false, 0, wd_subject_read_text), WD_JSON_MEMBER("tags", false, 0, wd_subject_read_tags)

wd_json_read wd_subject_read_text, wd_subject_read_tags;

/** Whoever reads cases. */
struct wd_subject_reader {
    /** @return false: `error` says why, and reading ends */
    bool (*read)(void *context, const struct wd_subject_entry *entry, struct wd_error *error);
    /** Told of a line that is no case of the kind: "night.jsonl:12: esr: …". Reading goes on. */
    void (*complain)(void *context, const char *message);
    void *context;
};

/** Reads the cases of files, in order. @return false after an error that is not of a line */
bool wd_subject_read_files(const struct wd_subject_kind *kind, const struct wd_case_files *files,
                           const struct wd_subject_reader *reader, struct wd_error *error);

/** Reads one case out of a text. @param place  what messages call it */
void wd_subject_read_text_as(const struct wd_subject_kind *kind, const char *place, const char *text, size_t length,
                             const struct wd_subject_reader *reader);

/**
 * The kind of the first case of a text; NULL: it is a walker's, or none.
 * @param unknown  receives a kind that there is not, else ""; may be NULL
 */
const struct wd_subject_kind *wd_subject_kind_of_text(const char *text, size_t length, char *unknown, size_t size);

/** The same of a file; standard input is not looked at. */
const struct wd_subject_kind *wd_subject_kind_of_file(const char *path);

#endif
