/* SPDX-License-Identifier: MIT */
#include "harness/support/json_in.h"
#include "harness/support/json_out.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

enum { SHOWN_MAX = 40 /* bytes of a user's string that a message repeats */ };

static yyjson_val *first_name(yyjson_val *object)
{
    yyjson_obj_iter members;

    return yyjson_obj_iter_init(object, &members) ? yyjson_obj_iter_next(&members) : NULL;
}

/* The first string in a value, or NULL: strings are parsed in place and tell where the value stands. */
static const char *first_string(yyjson_val *value)
{
    while (yyjson_is_ctn(value))
        value = yyjson_is_obj(value) ? first_name(value) : yyjson_arr_get_first(value);
    return yyjson_get_str(value);
}

static size_t offset_of(const struct wd_json_input *in, const struct wd_json_place *place)
{
    for (; in->text && place; place = place->above) {
        const char *string = first_string(place->value);
        if (string)
            return (size_t)(string - in->text);
    }
    return 0;
}

static void put_shown(struct wd_json_out *out, yyjson_val *string)
{
    size_t length = yyjson_get_len(string);

    wd_json_put_escaped(out, yyjson_get_str(string), length < SHOWN_MAX ? length : SHOWN_MAX);
    if (length > SHOWN_MAX)
        WD_JSON_PUT(out, "...");
}

static void put_path(struct wd_json_out *out, const struct wd_json_place *place)
{
    if (place->above)
        put_path(out, place->above);
    if (place->is_element) {
        WD_JSON_PUT(out, "[");
        wd_json_put_integer(out, (int64_t)place->index);
        WD_JSON_PUT(out, "]");
        return;
    }
    if (place->above)
        WD_JSON_PUT(out, ".");
    put_shown(out, place->value);
}

bool wd_json_fail(struct wd_json_input *in, const struct wd_json_place *place, const char *format, ...)
{
    struct wd_json_out out = wd_json_to_buffer(in->error, sizeof(in->error));
    va_list arguments;

    in->error_offset = offset_of(in, place);
    if (place) {
        put_path(&out, place);
        WD_JSON_PUT(&out, ": ");
    }
    wd_json_end_buffer(&out);
    if (out.length < sizeof(in->error)) {
        va_start(arguments, format);
        vsnprintf(in->error + out.length, sizeof(in->error) - out.length, format, arguments);
        va_end(arguments);
    }
    return false;
}

/* ---------------------------------------------------------------- names that are nearly right */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many characters must be changed, added, dropped or swapped with their neighbour; case does not count. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned distance[SHOWN_MAX + 1][SHOWN_MAX + 1];

    for (unsigned i = 0; i <= a_length; i++)
        distance[i][0] = i;
    for (unsigned j = 0; j <= b_length; j++)
        distance[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        for (size_t j = 1; j <= b_length; j++) {
            int left = tolower((unsigned char)a[i - 1]), right = tolower((unsigned char)b[j - 1]);
            unsigned best = distance[i - 1][j - 1] + (left != right);

            best = least(best, least(distance[i - 1][j], distance[i][j - 1]) + 1);
            if (i > 1 && j > 1 && left == tolower((unsigned char)b[j - 2]) && right == tolower((unsigned char)a[i - 2]))
                best = least(best, distance[i - 2][j - 2] + 1);
            distance[i][j] = best;
        }
    }
    return distance[a_length][b_length];
}

struct wd_json_hint wd_json_nearest(const char *mistaken, const char *const *names, size_t count)
{
    struct wd_json_hint hint = {""};
    size_t length = strlen(mistaken);
    unsigned nearest = 3; /* three changes away is another name */

    if (length > SHOWN_MAX)
        return hint;
    for (size_t i = 0; i < count; i++) {
        size_t name_length = strlen(names[i]);
        unsigned distance;

        if (name_length > SHOWN_MAX)
            continue;
        distance = edit_distance(mistaken, length, names[i], name_length);
        if (distance < nearest && distance <= name_length / 2) {
            nearest = distance;
            snprintf(hint.text, sizeof(hint.text), " (did you mean %s?)", names[i]);
        }
    }
    return hint;
}

/* ---------------------------------------------------------------- objects */

static bool fail_unknown(struct wd_json_input *in, const struct wd_json_place *place,
                         const struct wd_json_members *members)
{
    const char *names[64];

    for (size_t i = 0; i < members->count; i++)
        names[i] = members->table[i].name;
    return wd_json_fail(in, place, "unknown %s%s", members->kind,
                        wd_json_nearest(yyjson_get_str(place->value), names, members->count).text);
}

/* Looks for a name from `start` on, around the table: files list members in much the same order as tables do. */
static size_t member_by_name(const struct wd_json_members *members, yyjson_val *name, size_t start)
{
    size_t length = yyjson_get_len(name);

    for (size_t step = 0; step < members->count; step++) {
        size_t i = start + step < members->count ? start + step : start + step - members->count;

        if (members->table[i].length == length && memcmp(members->table[i].name, yyjson_get_str(name), length) == 0)
            return i;
    }
    return members->count;
}

static bool has_required(struct wd_json_input *in, const struct wd_json_place *place,
                         const struct wd_json_members *members, uint64_t seen)
{
    for (size_t i = 0; i < members->count; i++)
        if (members->table[i].required && !(seen >> i & 1))
            return wd_json_fail(in, place, "missing %s \"%s\"", members->kind, members->table[i].name);
    return true;
}

bool wd_json_read_object(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *object,
                         const struct wd_json_members *members, void *into, uint64_t *seen)
{
    uint64_t found = 0;
    size_t next = 0, i, count;
    yyjson_val *name, *value;

    if (!yyjson_is_obj(object))
        return wd_json_fail(in, place, "not an object");
    yyjson_obj_foreach(object, i, count, name, value)
    {
        struct wd_json_place member_place = {.above = place, .value = name};
        size_t index = member_by_name(members, name, next);

        if (index == members->count)
            return fail_unknown(in, &member_place, members);
        if (found >> index & 1)
            return wd_json_fail(in, &member_place, "this %s is given twice", members->kind);
        found |= UINT64_C(1) << index;
        if (!members->table[index].read(in, &member_place, value, (char *)into + members->table[index].offset))
            return false;
        next = index + 1 < members->count ? index + 1 : 0;
    }
    if (seen)
        *seen = found;
    return has_required(in, place, members, found);
}

/* ---------------------------------------------------------------- values */

static bool fail_hex(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value)
{
    char shown[SHOWN_MAX * 6 + 4]; /* each byte may become an escape sequence */
    struct wd_json_out out = wd_json_to_buffer(shown, sizeof(shown));

    if (yyjson_is_num(value))
        return wd_json_fail(in, place, "a JSON number; a 64-bit value is a string, \"0x\" and 1 to 16 hex digits");
    if (!yyjson_is_str(value))
        return wd_json_fail(in, place, "not a string, \"0x\" and 1 to 16 hex digits");
    put_shown(&out, value);
    wd_json_end_buffer(&out);
    return wd_json_fail(in, place, "\"%s\" is not \"0x\" and 1 to 16 hex digits", shown);
}

/* The value of a hex digit, or 16. */
static unsigned hex_digit(char character)
{
    if (character >= '0' && character <= '9')
        return (unsigned)(character - '0');
    if (character >= 'a' && character <= 'f')
        return (unsigned)(character - 'a') + 10;
    if (character >= 'A' && character <= 'F')
        return (unsigned)(character - 'A') + 10;
    return 16;
}

bool wd_json_read_hex(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    const char *text = yyjson_get_str(value);
    size_t length = yyjson_get_len(value);
    uint64_t number = 0;

    if (!text || length < 3 || length > 18 || text[0] != '0' || text[1] != 'x')
        return fail_hex(in, place, value);
    for (size_t i = 2; i < length; i++) {
        unsigned digit = hex_digit(text[i]);
        if (digit == 16)
            return fail_hex(in, place, value);
        number = number << 4 | digit;
    }
    *(uint64_t *)into = number;
    return true;
}

bool wd_json_read_string(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    const char *text = yyjson_get_str(value);

    if (!text)
        return wd_json_fail(in, place, "not a string");
    if (strlen(text) != yyjson_get_len(value))
        return wd_json_fail(in, place, "the string holds the character U+0000");
    *(const char **)into = text;
    return true;
}

bool wd_json_read_integer(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, int low,
                          int high, int *number)
{
    int64_t wide = yyjson_get_sint(value);

    if (!yyjson_is_int(value) || (yyjson_is_uint(value) && yyjson_get_uint(value) > INT64_MAX) || wide < low ||
        wide > high)
        return wd_json_fail(in, place, "not a whole number from %d to %d", low, high);
    *number = (int)wide;
    return true;
}

bool wd_json_is_array(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, size_t least_size,
                      size_t most_size, const char *what)
{
    size_t size = yyjson_arr_size(value);

    if (!yyjson_is_arr(value))
        return wd_json_fail(in, place, "not an array: %s", what);
    if (size < least_size)
        return wd_json_fail(in, place, "%zu elements, at least %zu: %s", size, least_size, what);
    if (size > most_size)
        return wd_json_fail(in, place, "%zu elements, at most %zu: %s", size, most_size, what);
    return true;
}
