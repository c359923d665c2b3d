/* SPDX-License-Identifier: MIT */
/* What the files that read cases and results share; nobody else includes it. */
#ifndef WALKDIFF_CASE_PARTS_H
#define WALKDIFF_CASE_PARTS_H

#include "harness/casefile/case_file.h"
#include "harness/support/json_in.h"
#include "harness/support/json_out.h"
#include "harness/support/memory.h"

/** Limits of the format, docs/format.md "Limits". */
enum {
    WD_CASE_BYTES_MAX = 16 << 20, /**< one case as it stands in the file */
    WD_CASE_RAM_MAX = 1024,
    WD_CASE_PERMITTED_MAX = 256,
    WD_CHOICE_OBJECT_MAX = 240, /**< `choice` as an object, written compactly, with the terminating zero */
};

/** A case that is being read, with the memory that it keeps its arrays in. {0} is an empty one. */
struct wd_case_store {
    struct wd_case_entry entry;
    struct wd_memory ram, mem, choices, tags, permitted, permitted_choices;
};

/**
 * Reads the members of a case into store->entry; `line` and `text` are left to the caller.
 * @param place  of the case in the document; NULL: it is the whole document
 * @return false: `in` says what is wrong
 */
bool wd_case_read_members(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *root,
                          struct wd_case_store *store);

/** Frees the arrays. */
void wd_case_store_free(struct wd_case_store *store);

/**
 * Reads words, [["0x…address","0x…value"],…], and sorts them. Errors: no such pair, a misaligned or a doubled address.
 * @param array  an array: its size has been looked at
 * @param words  receives as many as the array has
 */
bool wd_json_read_words(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *array,
                        struct wd_word *words);

/** Puts words as wd_json_read_words() reads them. */
void wd_json_put_words(struct wd_json_out *out, const struct wd_word *words, size_t count);

/** Reads a result without an id into a struct wd_result. */
wd_json_read wd_json_read_result;

/**
 * Reads a result that may name the choice that gives it.
 * @param choice_text  WD_CHOICE_OBJECT_MAX bytes for a choice that is an object; permitted->choice may point there
 */
bool wd_json_read_permitted(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                            struct wd_permitted *permitted, char *choice_text);

/** Puts the members of a result, without braces and id. */
void wd_json_put_result(struct wd_json_out *out, const struct wd_result *result);

#endif
