/* SPDX-License-Identifier: MIT */
/* The members of a case: docs/format.md "A case". */
#include "harness/casefile/case_parts.h"

#include <string.h>

static bool read_operation(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    const char *name;

    if (!wd_json_read_string(in, place, value, &name))
        return false;
    for (uint8_t i = 0; i < WD_OPERATION_COUNT; i++) {
        if (strcmp(name, wd_operation_names[i]) == 0) {
            *(uint8_t *)into = i;
            return true;
        }
    }
    return wd_json_fail(in, place, "unknown operation%s",
                        wd_json_nearest(name, wd_operation_names, WD_OPERATION_COUNT).text);
}

static bool read_byte(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, int low, int high,
                      void *into)
{
    int number;

    if (!wd_json_read_integer(in, place, value, low, high, &number))
        return false;
    *(uint8_t *)into = (uint8_t)number;
    return true;
}

static bool read_exception_level(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                                 void *into)
{
    return read_byte(in, place, value, 1, 2, into);
}

static bool read_pan(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    return read_byte(in, place, value, 0, 1, into);
}

/* ---------------------------------------------------------------- regs */

static bool read_register(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    if (!wd_json_read_hex(in, place, value, into))
        return false;
    if (yyjson_equals_str(place->value, "HCR_EL2") && !WD_GET(*(uint64_t *)into, HCR_EL2, RW))
        return wd_json_fail(in, place, "RW (bit %d) is 0, but every Exception level is AArch64", WD_HCR_EL2_RW_lsb);
    return true;
}

static const struct wd_json_member register_table[] = {
#define WD_REGISTER(name, title) WD_JSON_MEMBER(#name, false, WD_##name * sizeof(uint64_t), read_register),
#include "walkdiff/registers.def"
};
_Static_assert(WD_REGISTER_COUNT <= 64, "wd_json_read_object() takes tables of up to 64 members");

static bool read_registers(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_json_members registers = WD_JSON_MEMBERS("register", register_table);

    return wd_json_read_object(in, place, value, &registers, into, NULL);
}

/* ---------------------------------------------------------------- ram and mem */

static bool read_range(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *range,
                       struct wd_ram *ram)
{
    yyjson_val *base, *size, *access;
    struct wd_json_place base_place, size_place;

    if (!wd_json_is_array(in, place, range, 2, 3, "a range is [base, size] or [base, size, \"ro\"]"))
        return false;
    base = yyjson_arr_get(range, 0);
    size = yyjson_arr_get(range, 1);
    access = yyjson_arr_get(range, 2);
    base_place = wd_json_element(place, base, 0);
    size_place = wd_json_element(place, size, 1);
    if (!wd_json_read_hex(in, &base_place, base, &ram->base) || !wd_json_read_hex(in, &size_place, size, &ram->size))
        return false;
    if (ram->base % 8)
        return wd_json_fail(in, &base_place, "the base is not a multiple of 8");
    if (ram->size % 8 || !ram->size)
        return wd_json_fail(in, &size_place, "the size is not a multiple of 8 above 0");
    if (ram->base + (ram->size - 1) < ram->base)
        return wd_json_fail(in, place, "the range ends beyond 2^64");
    if (access && !yyjson_equals_str(access, "ro"))
        return wd_json_fail(in, place, "the third element is not \"ro\"");
    ram->read_only = access != NULL;
    return true;
}

static bool overlap(const struct wd_ram *a, const struct wd_ram *b)
{
    return a->base - b->base < b->size || b->base - a->base < a->size;
}

static bool read_ram(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_case_store *store = into;
    struct wd_ram *ram;
    yyjson_val *range;
    size_t i, count;

    if (!wd_json_is_array(in, place, value, 0, WD_CASE_RAM_MAX, "ranges of memory, [base, size]"))
        return false;
    if (!wd_memory_reserve(&store->ram, yyjson_arr_size(value) * sizeof(*ram)))
        return wd_json_fail(in, place, "out of memory");
    ram = store->ram.data;
    yyjson_arr_foreach(value, i, count, range)
    {
        struct wd_json_place range_place = wd_json_element(place, range, i);

        if (!read_range(in, &range_place, range, ram + i))
            return false;
        for (size_t j = 0; j < i; j++)
            if (overlap(ram + i, ram + j))
                return wd_json_fail(in, &range_place, "the range overlaps element %zu", j);
    }
    store->entry.c.ram = ram;
    store->entry.c.ram_count = (uint32_t)count;
    return true;
}

static bool read_mem(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_case_store *store = into;

    if (!wd_json_is_array(in, place, value, 0, SIZE_MAX, "words of memory, [address, value]"))
        return false;
    if (!wd_memory_reserve(&store->mem, yyjson_arr_size(value) * sizeof(struct wd_word)))
        return wd_json_fail(in, place, "out of memory");
    if (!wd_json_read_words(in, place, value, store->mem.data))
        return false;
    store->entry.c.mem = store->mem.data;
    store->entry.c.mem_count = (uint32_t)yyjson_arr_size(value);
    return true;
}

/* ---------------------------------------------------------------- host */

static bool read_ipa_bits(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    return read_byte(in, place, value, 32, 52, into);
}

static bool read_host(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_json_member table[] = {
        WD_JSON_MEMBER("ipa_bits", false, offsetof(struct wd_case, ipa_bits), read_ipa_bits),
    };
    static const struct wd_json_members members = WD_JSON_MEMBERS("member", table);

    return wd_json_read_object(in, place, value, &members, into, NULL);
}

/* ---------------------------------------------------------------- what is known of the answer, and remarks */

static bool read_expect(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_case_entry *entry = into;

    entry->has_expect = true;
    return wd_json_read_result(in, place, value, &entry->expect);
}

static bool read_permitted(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_case_store *store = into;
    struct wd_permitted *permitted;
    yyjson_val *result;
    char *choices;
    size_t i, count;

    if (!wd_json_is_array(in, place, value, 0, WD_CASE_PERMITTED_MAX, "results"))
        return false;
    if (!wd_memory_reserve(&store->permitted, yyjson_arr_size(value) * sizeof(*permitted)) ||
        !wd_memory_reserve(&store->permitted_choices, yyjson_arr_size(value) * WD_CHOICE_OBJECT_MAX))
        return wd_json_fail(in, place, "out of memory");
    permitted = store->permitted.data;
    choices = store->permitted_choices.data;
    yyjson_arr_foreach(value, i, count, result)
    {
        struct wd_json_place result_place = wd_json_element(place, result, i);

        if (!wd_json_read_permitted(in, &result_place, result, permitted + i, choices + i * WD_CHOICE_OBJECT_MAX))
            return false;
    }
    store->entry.permitted = permitted;
    store->entry.permitted_count = count;
    return true;
}

static bool read_strings(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                         struct wd_memory *memory)
{
    yyjson_val *element;
    size_t i, count;

    if (!wd_json_is_array(in, place, value, 0, SIZE_MAX, "strings"))
        return false;
    if (!wd_memory_reserve(memory, yyjson_arr_size(value) * sizeof(const char *)))
        return wd_json_fail(in, place, "out of memory");
    yyjson_arr_foreach(value, i, count, element)
    {
        struct wd_json_place element_place = wd_json_element(place, element, i);

        if (!wd_json_read_string(in, &element_place, element, (const char **)memory->data + i))
            return false;
    }
    return true;
}

static bool read_choices(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_case_store *store = into;

    if (!read_strings(in, place, value, &store->choices))
        return false;
    store->entry.choices = store->choices.data;
    store->entry.choice_count = yyjson_arr_size(value);
    return true;
}

static bool read_tags(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_case_store *store = into;

    if (!read_strings(in, place, value, &store->tags))
        return false;
    store->entry.tags = store->tags.data;
    store->entry.tag_count = yyjson_arr_size(value);
    return true;
}

/* ---------------------------------------------------------------- the whole */

bool wd_case_read_members(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *root,
                          struct wd_case_store *store)
{
#define MEMBER(name, required, member, read)                                                                           \
    WD_JSON_MEMBER(name, required, offsetof(struct wd_case_store, member), read)
    static const struct wd_json_member table[] = {
        MEMBER("id", false, entry.id, wd_json_read_string),
        MEMBER("op", true, entry.c.op, read_operation),
        MEMBER("el", false, entry.c.el, read_exception_level),
        MEMBER("pan", false, entry.c.pan, read_pan),
        MEMBER("va", true, entry.c.va, wd_json_read_hex),
        MEMBER("regs", false, entry.c.regs, read_registers),
        WD_JSON_MEMBER("ram", true, 0, read_ram),
        WD_JSON_MEMBER("mem", false, 0, read_mem),
        MEMBER("host", false, entry.c, read_host),
        MEMBER("expect", false, entry, read_expect),
        WD_JSON_MEMBER("choices", false, 0, read_choices),
        WD_JSON_MEMBER("permitted", false, 0, read_permitted),
        WD_JSON_MEMBER("tags", false, 0, read_tags),
        MEMBER("note", false, entry.note, wd_json_read_string),
    };
#undef MEMBER
    static const struct wd_json_members members = WD_JSON_MEMBERS("member", table);

    store->entry = (struct wd_case_entry){.id = "", .note = "", .c.el = 2};
    store->entry.c.regs[WD_HCR_EL2] = WD_HCR_EL2_DEFAULT;
    wd_result_clear(&store->entry.expect, 0);
    return wd_json_read_object(in, place, root, &members, store, NULL);
}

void wd_case_store_free(struct wd_case_store *store)
{
    free(store->ram.data);
    free(store->mem.data);
    free(store->choices.data);
    free(store->tags.data);
    free(store->permitted.data);
    free(store->permitted_choices.data);
}
