/* SPDX-License-Identifier: MIT */
/* What the cases of several kinds are made of: small numbers, names out of a list, lists of objects; how they are read
 * and written. */
#ifndef WALKDIFF_SUBJECT_MEMBERS_H
#define WALKDIFF_SUBJECT_MEMBERS_H

#include "harness/support/json_in.h"
#include "harness/support/json_out.h"

/** Reads a whole number from `low` to `high`, at most 255. */
bool wd_subject_read_small(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, int low,
                           int high, uint8_t *into);

/** The same up to 65535. */
bool wd_subject_read_medium(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, int low,
                            int high, uint16_t *into);

/** Reads 0 or 1 into a uint8_t. */
wd_json_read wd_subject_read_flag;

/** Names out of which a member takes one, or several: "operation", and what a list of them is called. */
struct wd_subject_names {
    const char *const *names;
    size_t count;
    const char *what, *list;
};

/** Reads a name: its index. */
bool wd_subject_read_name(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                          const struct wd_subject_names *names, uint8_t *into);

/** Reads a list of names: a bit set. */
bool wd_subject_read_names(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                           const struct wd_subject_names *names, unsigned *bits);

/** A list of objects in a case. */
struct wd_subject_list {
    const struct wd_json_members *members; /**< of an object */
    const void *usual;                     /**< an object with what its members are that are left out */
    size_t size;                           /**< of an object */
    size_t most;                           /**< objects of the list */
    const char *what;                      /**< "a list of entries" */
};

/**
 * Reads a list.
 * @param into  receives the objects, one behind the other
 * @param count  receives how many there are
 */
bool wd_subject_read_list(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                          const struct wd_subject_list *list, void *into, uint8_t *count);

/** Writes `,"name":`, after which the value is to come. */
void wd_subject_put_name(struct wd_json_out *out, const char *name);

/** Writes a member, with a comma before it. */
void wd_subject_put_hex(struct wd_json_out *out, const char *name, uint64_t value);
void wd_subject_put_number(struct wd_json_out *out, const char *name, int64_t value);
void wd_subject_put_count(struct wd_json_out *out, const char *name, uint64_t count);
void wd_subject_put_text(struct wd_json_out *out, const char *name, const char *text);

/** Writes a bit set as a member: the names of its bits, or their numbers if there are no names. */
void wd_subject_put_names(struct wd_json_out *out, const char *name, unsigned bits, const char *const *names);

#endif
