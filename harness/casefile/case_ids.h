/* SPDX-License-Identifier: MIT */
/*
 * Finds ids that a file gives to two cases, however long the file is, in bounded memory.
 *
 * An id is kept as a 64-bit hash with its line, 16 bytes, in a table that grows up to a limit. A full table is merged,
 * sorted, into a temporary file and begins anew. So a doubled id is found at once if its two cases stand near each
 * other, else when the table is merged or at the end of the file: late, with both lines.
 */
#ifndef WALKDIFF_CASE_IDS_H
#define WALKDIFF_CASE_IDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** The limit for case files: a table of 16 MiB, which holds some 780,000 ids. */
enum { WD_CASE_IDS_LIMIT = 1 << 20 };

/** An id that a case has: a hash that is not 0, and the line where the case begins. */
struct wd_case_id {
    uint64_t hash, line;
};

/** The ids of a file so far. All zero but `limit` are none. */
struct wd_case_ids {
    size_t limit;             /**< entries of the table at most: a power of two, at least 16 */
    struct wd_case_id *table; /**< open addressing; hash 0: free */
    size_t size, used;        /**< entries of the table: all, taken */
    FILE *merged;             /**< earlier ids, sorted by hash; NULL: none */
    uint64_t late;            /**< doubled ids found by merging; whoever reports them sets it to 0 */
    uint64_t late_lines[2];   /**< where one of them stands */
};

/** What wd_case_ids_add() says of an id. */
enum wd_case_ids_answer {
    WD_IDS_NEW,
    WD_IDS_DOUBLED, /**< it is that of an earlier case */
    WD_IDS_FAILED,  /**< no memory, or no room for the temporary file: errno says which */
};

/**
 * Adds an id. May find doubled ids among the earlier ones: `late`.
 * @param line  in: where the case begins; out, if it is doubled: where the earlier case does
 */
enum wd_case_ids_answer wd_case_ids_add(struct wd_case_ids *ids, const char *id, uint64_t *line);

/**
 * At the end of the file: looks for doubled ids not found yet and counts them in `late`.
 * @return false as WD_IDS_FAILED
 */
bool wd_case_ids_finish(struct wd_case_ids *ids);

/** Frees the table and the temporary file. */
void wd_case_ids_free(struct wd_case_ids *ids);

#endif
