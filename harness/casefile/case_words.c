/* SPDX-License-Identifier: MIT */
#include "harness/casefile/case_parts.h"

static int compare_words(const void *left, const void *right)
{
    const struct wd_word *a = left, *b = right;

    return (a->pa > b->pa) - (a->pa < b->pa);
}

/* The first word whose address does not lie above that of the word before it; `count` if all do. */
static size_t first_out_of_order(const struct wd_word *words, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (words[i].pa <= words[i - 1].pa)
            return i;
    return count;
}

static bool read_word(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *pair,
                      struct wd_word *word)
{
    yyjson_val *address = yyjson_arr_get_first(pair), *value = yyjson_arr_get_last(pair);
    struct wd_json_place address_place = wd_json_element(place, address, 0);
    struct wd_json_place value_place = wd_json_element(place, value, 1);

    if (!wd_json_is_array(in, place, pair, 2, 2, "a word is [address, value]") ||
        !wd_json_read_hex(in, &address_place, address, &word->pa) ||
        !wd_json_read_hex(in, &value_place, value, &word->value))
        return false;
    if (word->pa % 8)
        return wd_json_fail(in, &address_place, "address 0x%llx is not a multiple of 8", (unsigned long long)word->pa);
    return true;
}

/* Names the second element of the array that has the address. */
static bool fail_doubled(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *array, uint64_t pa)
{
    size_t i, count, first = SIZE_MAX;
    yyjson_val *pair;

    yyjson_arr_foreach(array, i, count, pair)
    {
        struct wd_json_place pair_place = wd_json_element(place, pair, i);
        struct wd_word word;

        if (!read_word(in, &pair_place, pair, &word))
            return false;
        if (word.pa == pa && first != SIZE_MAX)
            return wd_json_fail(in, &pair_place, "address 0x%llx is already that of element %zu",
                                (unsigned long long)pa, first);
        if (word.pa == pa)
            first = i;
    }
    return wd_json_fail(in, place, "address 0x%llx is given twice", (unsigned long long)pa);
}

bool wd_json_read_words(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *array,
                        struct wd_word *words)
{
    size_t i, count, unsorted;
    yyjson_val *pair;

    yyjson_arr_foreach(array, i, count, pair)
    {
        struct wd_json_place pair_place = wd_json_element(place, pair, i);

        if (!read_word(in, &pair_place, pair, words + i))
            return false;
    }
    if (first_out_of_order(words, count) == count)
        return true;
    qsort(words, count, sizeof(words[0]), compare_words);
    unsorted = first_out_of_order(words, count);
    return unsorted == count || fail_doubled(in, place, array, words[unsorted].pa);
}

void wd_json_put_words(struct wd_json_out *out, const struct wd_word *words, size_t count)
{
    WD_JSON_PUT(out, "[");
    for (size_t i = 0; i < count; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        WD_JSON_PUT(out, "[");
        wd_json_put_hex(out, words[i].pa, 1);
        WD_JSON_PUT(out, ",");
        wd_json_put_hex(out, words[i].value, 16);
        WD_JSON_PUT(out, "]");
    }
    WD_JSON_PUT(out, "]");
}
