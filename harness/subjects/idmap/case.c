/* SPDX-License-Identifier: MIT */
/* Cases and answers of the kind `idmap` in JSON, and which cases can be. docs/subjects-idmap.md has the format. */
#include <stddef.h>
#include <string.h>

#include "harness/subjects/case_io.h"
#include "harness/subjects/idmap/idmap_kind.h"
#include "harness/subjects/members.h"

static bool read_bits(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    return wd_subject_read_small(in, place, value, 32, 48, into);
}

static bool read_pages(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    return wd_subject_read_medium(in, place, value, 0, WD_IDMAP_PAGES_ANY - 1, into);
}

static bool read_count(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    return wd_subject_read_small(in, place, value, 1, WD_IDMAP_OWN_MAX, into);
}

static bool read_kind(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_subject_names kinds = {wd_idmap_operation_names, WD_IDMAP_OPERATION_COUNT, "operation", ""};

    return wd_subject_read_name(in, place, value, &kinds, into);
}

static bool read_regions(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_idmap_case *c = into;
    size_t i, count;
    yyjson_val *pair;

    if (!wd_json_is_array(in, place, value, 0, WD_IDMAP_REGIONS_MAX, "a list of regions"))
        return false;
    yyjson_arr_foreach(value, i, count, pair)
    {
        struct wd_json_place at = wd_json_element(place, pair, i);
        yyjson_val *first = yyjson_arr_get_first(pair), *last = yyjson_arr_get_last(pair);
        struct wd_json_place base = wd_json_element(&at, first, 0), size = wd_json_element(&at, last, 1);
        struct wd_idmap_region *region = &c->regions[c->region_count++];

        if (!wd_json_is_array(in, &at, pair, 2, 2, "a region is [base, size]") ||
            !wd_json_read_hex(in, &base, first, &region->base) || !wd_json_read_hex(in, &size, last, &region->size))
            return false;
    }
    return true;
}

#define WD_OPERATION_MEMBER(name, required, member, read)                                                              \
    WD_JSON_MEMBER(name, required, offsetof(struct wd_idmap_operation, member), read)

static const struct wd_json_member operation_table[] = {
    WD_OPERATION_MEMBER("op", true, kind, read_kind),
    WD_OPERATION_MEMBER("addr", true, addr, wd_json_read_hex),
    WD_OPERATION_MEMBER("pages", false, pages, read_count),
};
static const struct wd_json_members operation_members = WD_JSON_MEMBERS("member", operation_table);

static bool read_operations(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_idmap_operation usual = {0};
    static const struct wd_subject_list list = {&operation_members, &usual, sizeof(usual), WD_IDMAP_OPERATIONS_MAX,
                                                "a list of operations"};
    struct wd_idmap_case *c = into;

    if (!wd_subject_read_list(in, place, value, &list, c->operations, &c->operation_count))
        return false;
    for (unsigned i = 0; i < c->operation_count; i++)
        if (c->operations[i].kind == WD_IDMAP_OWN && !c->operations[i].pages)
            c->operations[i].pages = 1;
    return true;
}

static const struct wd_json_member member_table[] = {
    WD_SUBJECT_COMMON_MEMBERS,
    WD_JSON_MEMBER("bits", true, offsetof(struct wd_idmap_case, bits), read_bits),
    WD_JSON_MEMBER("pages", false, offsetof(struct wd_idmap_case, pages), read_pages),
    WD_JSON_MEMBER("regions", false, 0, read_regions),
    WD_JSON_MEMBER("operations", true, 0, read_operations),
};

const struct wd_json_members wd_idmap_members = WD_JSON_MEMBERS("member", member_table);

void wd_idmap_begin(void *opaque)
{
    struct wd_idmap_case *c = opaque;

    memset(c, 0, sizeof(*c));
    c->pages = WD_IDMAP_PAGES_ANY;
}

/* ---------------------------------------------------------------- which cases can be */

static const char *wrong_in_region(const struct wd_idmap_case *c, unsigned i)
{
    const struct wd_idmap_region *region = &c->regions[i];
    uint64_t end = region->base + region->size;

    if ((region->base | region->size) & 0xfff || !region->size)
        return "whole pages are wanted";
    if (region->base >> 37 || region->size >> 37 || end > UINT64_C(1) << 37 || end > UINT64_C(1) << c->bits)
        return "memory lies below 2^37, and below the physical address size";
    if (i && region->base < c->regions[i - 1].base + c->regions[i - 1].size)
        return "regions are in the order of their addresses, and do not overlap";
    return NULL;
}

bool wd_idmap_check(const void *opaque, char *why, size_t size)
{
    const struct wd_idmap_case *c = opaque;

    if (!memchr("\x20\x24\x28\x2a\x2c\x30", c->bits, 6)) {
        snprintf(why, size, "bits: 32, 36, 40, 42, 44 or 48 is wanted");
        return false;
    }
    for (unsigned i = 0; i < c->region_count; i++) {
        const char *wrong = wrong_in_region(c, i);

        if (!wrong)
            continue;
        snprintf(why, size, "regions[%u]: %s", i, wrong);
        return false;
    }
    for (unsigned i = 0; i < c->operation_count; i++) {
        const struct wd_idmap_operation *operation = &c->operations[i];

        if (operation->addr < UINT64_C(1) << c->bits &&
            (operation->kind == WD_IDMAP_FAULT || !(operation->addr & 0xfff)))
            continue;
        snprintf(why, size, "operations[%u]: addr: below the physical address size, and of an own that of a page", i);
        return false;
    }
    return true;
}

/* ---------------------------------------------------------------- writing */

void wd_idmap_write(struct wd_json_out *out, const void *opaque)
{
    const struct wd_idmap_case *c = opaque;

    wd_subject_put_number(out, "bits", c->bits);
    if (c->pages != WD_IDMAP_PAGES_ANY)
        wd_subject_put_number(out, "pages", c->pages);
    WD_JSON_PUT(out, ",\"regions\":[");
    for (unsigned i = 0; i < c->region_count; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        WD_JSON_PUT(out, "[");
        wd_json_put_hex(out, c->regions[i].base, 1);
        WD_JSON_PUT(out, ",");
        wd_json_put_hex(out, c->regions[i].size, 1);
        WD_JSON_PUT(out, "]");
    }
    WD_JSON_PUT(out, "],\"operations\":[");
    for (unsigned i = 0; i < c->operation_count; i++) {
        const struct wd_idmap_operation *operation = &c->operations[i];

        if (i)
            WD_JSON_PUT(out, ",");
        WD_JSON_PUT(out, "{\"op\":");
        wd_json_put_string(out, wd_idmap_operation_names[operation->kind]);
        wd_subject_put_hex(out, "addr", operation->addr);
        if (operation->kind == WD_IDMAP_OWN)
            wd_subject_put_number(out, "pages", operation->pages);
        WD_JSON_PUT(out, "}");
    }
    WD_JSON_PUT(out, "]");
}

void wd_idmap_write_answer(struct wd_json_out *out, const void *opaque, const void *opaque_answer)
{
    enum { SHOWN = 16 };
    const struct wd_idmap_case *c = opaque;
    const struct wd_idmap_answer *answer = opaque_answer;
    struct wd_idmap_view view;

    if (answer->is_expectation) {
        WD_JSON_PUT(out, "\"must\":");
        wd_json_put_string(out, answer->told_rule < WD_IDMAP_RULE_COUNT ? wd_idmap_kind.rules[answer->told_rule].text
                                                                        : "each operation does what it documents");
        wd_subject_put_number(out, "step", answer->told_step);
        return;
    }
    WD_JSON_PUT(out, "\"results\":[");
    for (unsigned i = 0; i < answer->steps_done; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        wd_json_put_integer(out, answer->results[i]);
    }
    WD_JSON_PUT(out, "],\"leaves\":[");
    view = wd_idmap_after(answer, c->operation_count ? answer->steps_done - 1 : -1);
    for (unsigned i = 0; i < view.count && i < SHOWN; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        WD_JSON_PUT(out, "[");
        wd_json_put_hex(out, view.leaves[i].address, 1);
        WD_JSON_PUT(out, ",");
        wd_json_put_integer(out, view.leaves[i].level);
        WD_JSON_PUT(out, ",");
        wd_json_put_hex(out, view.leaves[i].entry, 1);
        WD_JSON_PUT(out, "]");
    }
    WD_JSON_PUT(out, "]");
}
