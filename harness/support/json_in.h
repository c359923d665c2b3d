/* SPDX-License-Identifier: MIT */
/*
 * Reads values out of a parsed JSON document, strictly: objects by tables of their members, 64-bit values as hex
 * strings. Whatever does not fit is an error that names the member by its path ("mem[3][0]").
 */
#ifndef WALKDIFF_JSON_IN_H
#define WALKDIFF_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

enum { WD_JSON_ERROR_MAX = 480 };

/** A document that is being read, and the first thing found wrong with it. */
struct wd_json_input {
    const char *text;              /**< what was parsed in place, or NULL: errors have no offset */
    size_t error_offset;           /**< of the value at fault in `text`; 0 if that is the whole document */
    char error[WD_JSON_ERROR_MAX]; /**< "regs.TCR_EL9: unknown register (did you mean TCR_EL2?)" */
};

/** Where a value stands: a chain from the value up to the document, which is NULL. */
struct wd_json_place {
    const struct wd_json_place *above;
    yyjson_val *value; /**< the name of a member, or an element itself */
    size_t index;      /**< of an element */
    bool is_element;
};

/** The place of element `i` of the array at `place`. */
static inline struct wd_json_place wd_json_element(const struct wd_json_place *place, yyjson_val *element, size_t i)
{
    return (struct wd_json_place){.above = place, .value = element, .index = i, .is_element = true};
}

/**
 * Notes an error at a place. @return false, always, for `return wd_json_fail(…)`
 */
__attribute__((format(printf, 3, 4))) bool wd_json_fail(struct wd_json_input *in, const struct wd_json_place *place,
                                                        const char *format, ...);

/** Reads one value into where it belongs. @return false after wd_json_fail() */
typedef bool wd_json_read(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into);

/** A member that an object can have. */
struct wd_json_member {
    const char *name;
    uint8_t length; /**< of the name */
    bool required;
    uint16_t offset; /**< of what is read, in the struct that the object is read into */
    wd_json_read *read;
};

/** An entry of a table of members; `name` is a string constant. */
#define WD_JSON_MEMBER(name, required, offset, read)                                                                   \
    {                                                                                                                  \
        name, sizeof(name) - 1, required, offset, read                                                                 \
    }

/** All members that an object can have: at most 64. */
struct wd_json_members {
    const char *kind; /**< what an unknown one is called: "member", "register" */
    const struct wd_json_member *table;
    size_t count;
};

#define WD_JSON_MEMBERS(kind, table)                                                                                   \
    {                                                                                                                  \
        kind, table, sizeof(table) / sizeof((table)[0])                                                                \
    }

/**
 * Reads an object. Errors: no object; a member that is not in the table, stands there twice or is missing.
 * @param into  the struct that the offsets of the table lead into
 * @param seen  receives a bit for each entry of the table that the object has; may be NULL
 */
bool wd_json_read_object(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *object,
                         const struct wd_json_members *members, void *into, uint64_t *seen);

/** Reads a 64-bit value, a string "0x" with 1 to 16 hex digits, into a uint64_t. */
wd_json_read wd_json_read_hex;

/** Reads a string into a const char *. It must not hold the character U+0000. It lives as long as the document. */
wd_json_read wd_json_read_string;

/** Reads a whole number of a range. */
bool wd_json_read_integer(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, int low,
                          int high, int *number);

/** Whether the value is an array of `least` to `most` elements; else an error that calls it `what`. */
bool wd_json_is_array(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, size_t least,
                      size_t most, const char *what);

/** A text for the end of an error message, " (did you mean TCR_EL2?)", or "" if no name is near enough. */
struct wd_json_hint {
    char text[64];
};

/** The name of `names` that is nearest to a mistaken one, as a hint. */
struct wd_json_hint wd_json_nearest(const char *mistaken, const char *const *names, size_t count);

#endif
