/* SPDX-License-Identifier: MIT */
/*
 * Case files: JSON Lines in the format of docs/format.md, read one case at a time (constant memory whatever the size of
 * the file) and written back. Strict: whatever is unknown, missing, misplaced or does not fit is an error that names
 * file, line and member.
 */
#ifndef WALKDIFF_CASE_FILE_H
#define WALKDIFF_CASE_FILE_H

#include <stdio.h>
#include "walkdiff/case.h"

/** A further permitted answer that a case lists, with the choice that gives it (free text or compact JSON). */
struct wd_permitted {
    struct wd_result result;
    const char *choice; /**< "" if none was given */
};

/** A case as a file holds it. Everything belongs to the reader and lives until the next call. */
struct wd_case_entry {
    struct wd_case c;
    const char *id;   /**< "" if the case has none */
    const char *note; /**< "" if the case has none */
    bool has_expect;
    struct wd_result expect;
    size_t choice_count;
    const char *const *choices;
    size_t permitted_count;
    const struct wd_permitted *permitted;
    size_t tag_count;
    const char *const *tags;
    uint64_t line;    /**< of the file, from 1: where the case begins */
    const char *text; /**< the case, or finding, as it stood in the file, on one line, terminated */
    /**
     * A line of findings.jsonl stands for its case; then what it says of the answer, "" where it says nothing.
     * Otherwise NULL.
     */
    const char *walker, *verdict, *signature;
};

struct wd_case_reader;

/**
 * Starts to read a stream. A file that holds one pretty-printed case is read too.
 * @param stream  stays the caller's
 * @param name  of the file, for messages ("-" is shown as <stdin>)
 * @return NULL when out of memory
 */
struct wd_case_reader *wd_case_reader_new(FILE *stream, const char *name);

/** Has a reader read the case alone that begins in a line; that there is none is an error. 0: all cases, as at first.
 */
void wd_case_reader_select(struct wd_case_reader *reader, uint64_t line);

/**
 * Reads the next case.
 * @return 1 a case; 0 end of file; -1 an error: wd_case_reader_error() says which. After an error the reader stands
 * behind the bad line and may go on.
 */
int wd_case_reader_next(struct wd_case_reader *reader, struct wd_case_entry *entry);

/** The last error: "cases/x.jsonl:12: regs.TCR_EL9: unknown register". */
const char *wd_case_reader_error(const struct wd_case_reader *reader);

void wd_case_reader_free(struct wd_case_reader *reader);

/** What a written case carries beside its inputs; all members may be empty. */
struct wd_case_extra {
    const char *id;
    const struct wd_result *expect;
    const char *note;
};

/**
 * Writes a case as one line of JSON, newline included: registers that are not at their default, memory sorted.
 * @return 0, or -1 if the stream failed
 */
int wd_case_write(FILE *stream, const struct wd_case *c, const struct wd_case_extra *extra);

/**
 * The case as one line of JSON without a newline.
 * @return bytes written without the terminating zero, or the bytes needed if `size` is too small (as snprintf)
 */
size_t wd_case_to_json(const struct wd_case *c, const struct wd_case_extra *extra, char *buffer, size_t size);

/** A result as one line of JSON without a newline: {"id":…,"par":"0x…"}; `id` may be NULL. As snprintf. */
size_t wd_result_to_json(const struct wd_result *result, const char *id, char *buffer, size_t size);

/**
 * Reads one result line, as `run` writes them and `exec:` walkers answer.
 * @param id  receives the id (cut to id_size), "" if there is none; may be NULL
 * @param error  receives a message that names the member
 * @return 0, or -1
 */
int wd_result_from_json(const char *line, size_t length, struct wd_result *result, char *id, size_t id_size,
                        char *error, size_t error_size);

#endif
