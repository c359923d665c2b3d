/* SPDX-License-Identifier: MIT */
#include "harness/subjects/members.h"

#include <inttypes.h>
#include <string.h>

/* ---------------------------------------------------------------- reading */

bool wd_subject_read_medium(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, int low,
                            int high, uint16_t *into)
{
    int number;

    if (!wd_json_read_integer(in, place, value, low, high, &number))
        return false;
    *into = (uint16_t)number;
    return true;
}

bool wd_subject_read_small(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, int low,
                           int high, uint8_t *into)
{
    uint16_t number;

    if (!wd_subject_read_medium(in, place, value, low, high, &number))
        return false;
    *into = (uint8_t)number;
    return true;
}

bool wd_subject_read_flag(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    return wd_subject_read_small(in, place, value, 0, 1, into);
}

/* The index of a name; `count` after an error. */
static size_t find_name(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                        const struct wd_subject_names *names)
{
    const char *name;
    size_t i = 0;

    if (!wd_json_read_string(in, place, value, &name))
        return names->count;
    while (i < names->count && strcmp(names->names[i], name))
        i++;
    if (i == names->count)
        wd_json_fail(in, place, "there is no %s%s%s%s", names->what, *names->what ? " " : "", name,
                     wd_json_nearest(name, names->names, names->count).text);
    return i;
}

bool wd_subject_read_name(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                          const struct wd_subject_names *names, uint8_t *into)
{
    size_t i = find_name(in, place, value, names);

    if (i == names->count)
        return false;
    *into = (uint8_t)i;
    return true;
}

bool wd_subject_read_names(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                           const struct wd_subject_names *names, unsigned *bits)
{
    size_t i, count;
    yyjson_val *element;

    *bits = 0;
    if (!wd_json_is_array(in, place, value, 0, names->count, names->list))
        return false;
    yyjson_arr_foreach(value, i, count, element)
    {
        struct wd_json_place at = wd_json_element(place, element, i);
        size_t bit = find_name(in, &at, element, names);

        if (bit == names->count)
            return false;
        *bits |= 1U << bit;
    }
    return true;
}

bool wd_subject_read_list(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                          const struct wd_subject_list *list, void *into, uint8_t *count)
{
    size_t i, length;
    yyjson_val *element;

    *count = 0;
    if (!wd_json_is_array(in, place, value, 0, list->most, list->what))
        return false;
    yyjson_arr_foreach(value, i, length, element)
    {
        struct wd_json_place at = wd_json_element(place, element, i);
        void *object = (char *)into + i * list->size;

        memcpy(object, list->usual, list->size);
        if (!wd_json_read_object(in, &at, element, list->members, object, NULL))
            return false;
        *count = (uint8_t)(i + 1);
    }
    return true;
}

/* ---------------------------------------------------------------- writing */

void wd_subject_put_name(struct wd_json_out *out, const char *name)
{
    WD_JSON_PUT(out, ",");
    wd_json_put_string(out, name);
    WD_JSON_PUT(out, ":");
}

void wd_subject_put_hex(struct wd_json_out *out, const char *name, uint64_t value)
{
    wd_subject_put_name(out, name);
    wd_json_put_hex(out, value, 1);
}

void wd_subject_put_count(struct wd_json_out *out, const char *name, uint64_t count)
{
    char text[24];

    wd_subject_put_name(out, name);
    wd_json_put(out, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, count));
}

void wd_subject_put_text(struct wd_json_out *out, const char *name, const char *text)
{
    wd_subject_put_name(out, name);
    wd_json_put_string(out, text);
}

void wd_subject_put_number(struct wd_json_out *out, const char *name, int64_t value)
{
    wd_subject_put_name(out, name);
    wd_json_put_integer(out, value);
}

void wd_subject_put_names(struct wd_json_out *out, const char *name, unsigned bits, const char *const *names)
{
    bool first = true;

    wd_subject_put_name(out, name);
    WD_JSON_PUT(out, "[");
    for (unsigned bit = 0; bits >> bit; bit++) {
        if (!(bits >> bit & 1))
            continue;
        if (!first)
            WD_JSON_PUT(out, ",");
        first = false;
        if (names)
            wd_json_put_string(out, names[bit]);
        else
            wd_json_put_integer(out, (int)bit);
    }
    WD_JSON_PUT(out, "]");
}
