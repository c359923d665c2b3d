/* SPDX-License-Identifier: MIT */
/* Cases and answers of the kind `pgtable` in JSON, and which cases can be. docs/subjects-pgtable.md has the format. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "harness/subjects/case_io.h"
#include "harness/subjects/members.h"
#include "harness/subjects/pgtable/pgtable_kind.h"

const char *const wd_pgtable_operation_names[] = {
#define WD_PGTABLE_OPERATION(name, member, text) member,
#include "walkdiff/pgtable.def"
};
const char *const wd_pgtable_feature_names[] = {
#define WD_PGTABLE_FEATURE(name, text) #name,
#include "walkdiff/pgtable.def"
};
const char *const wd_pgtable_prot_names[] = {
#define WD_PGTABLE_PROT(name, text) #name,
#include "walkdiff/pgtable.def"
};
const char *const wd_pgtable_detail_names[] = {
#define WD_PGTABLE_DETAIL(name, text) text,
#include "walkdiff/pgtable.def"
};

/* ---------------------------------------------------------------- reading */

static bool read_ia_bits(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    return wd_subject_read_small(in, place, value, 32, 48, into);
}

static bool read_byte(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    return wd_subject_read_small(in, place, value, 0, 255, into);
}

static bool read_pages(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    return wd_subject_read_medium(in, place, value, 0, WD_PGTABLE_PAGES_ANY - 1, into);
}

static bool read_features(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_subject_names features = {wd_pgtable_feature_names, WD_PGTABLE_FEATURE_COUNT, "",
                                                     "a list of features"};
    unsigned bits;

    if (!wd_subject_read_names(in, place, value, &features, &bits))
        return false;
    *(uint8_t *)into = (uint8_t)bits;
    return true;
}

static bool read_prot(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_subject_names protections = {wd_pgtable_prot_names, WD_PGTABLE_PROT_COUNT, "",
                                                        "a list of protections"};
    unsigned bits;

    if (!wd_subject_read_names(in, place, value, &protections, &bits))
        return false;
    *(uint16_t *)into = (uint16_t)bits;
    return true;
}

static bool read_kind(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_subject_names kinds = {wd_pgtable_operation_names, WD_PGTABLE_DESTROY, "operation", ""};

    return wd_subject_read_name(in, place, value, &kinds, into);
}

#define WD_OPERATION_MEMBER(name, required, member, read)                                                              \
    WD_JSON_MEMBER(name, required, offsetof(struct wd_pgtable_operation, member), read)

static const struct wd_json_member operation_table[] = {
    WD_OPERATION_MEMBER("op", true, kind, read_kind),
    WD_OPERATION_MEMBER("addr", true, addr, wd_json_read_hex),
    WD_OPERATION_MEMBER("size", false, size, wd_json_read_hex),
    WD_OPERATION_MEMBER("phys", false, phys, wd_json_read_hex),
    WD_OPERATION_MEMBER("prot", false, prot, read_prot),
    WD_OPERATION_MEMBER("pages", false, pages, read_pages),
    WD_OPERATION_MEMBER("shared", false, shared, wd_subject_read_flag),
    WD_OPERATION_MEMBER("mkold", false, mkold, wd_subject_read_flag),
    WD_OPERATION_MEMBER("annotation", false, annotation, read_byte),
};
static const struct wd_json_members operation_members = WD_JSON_MEMBERS("member", operation_table);

static bool read_operations(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_pgtable_operation usual = {.pages = WD_PGTABLE_PAGES_ANY};
    static const struct wd_subject_list list = {&operation_members, &usual, sizeof(usual), WD_PGTABLE_OPERATIONS_MAX,
                                                "a list of operations"};
    struct wd_pgtable_case *c = into;

    return wd_subject_read_list(in, place, value, &list, c->operations, &c->count);
}

static const struct wd_json_member member_table[] = {
    WD_SUBJECT_COMMON_MEMBERS,
    WD_JSON_MEMBER("ia_bits", true, offsetof(struct wd_pgtable_case, ia_bits), read_ia_bits),
    WD_JSON_MEMBER("features", false, offsetof(struct wd_pgtable_case, features), read_features),
    WD_JSON_MEMBER("operations", true, 0, read_operations),
};

const struct wd_json_members wd_pgtable_members = WD_JSON_MEMBERS("member", member_table);

void wd_pgtable_begin(void *c)
{
    memset(c, 0, sizeof(struct wd_pgtable_case));
}

/* ---------------------------------------------------------------- which cases can be */

bool wd_pgtable_check(const void *opaque, char *why, size_t size)
{
    static const uint64_t top = UINT64_C(1) << 48, memory = UINT64_C(0x7f0000000000);
    const struct wd_pgtable_case *c = opaque;

    for (unsigned i = 0; i < c->count; i++) {
        const struct wd_pgtable_operation *o = &c->operations[i];
        const char *wrong = NULL;

        if (o->addr >= top || o->size > top)
            wrong = "addr and size are to be below 2^48";
        else if (o->phys >= memory || o->phys + o->size > memory)
            wrong = "phys: the range is to lie below 0x7f0000000000, where the tables are";
        else if ((o->kind == WD_PGTABLE_AGE) && wd_pgtable_end_of(o) > UINT64_C(1) << c->ia_bits)
            wrong = "age: the range is beyond the input size, and the function has no error to tell so";
        if (!wrong)
            continue;
        snprintf(why, size, "operations[%u]: %s", i, wrong);
        return false;
    }
    return true;
}

/* ---------------------------------------------------------------- writing */

static void put_operation(struct wd_json_out *out, const struct wd_pgtable_operation *o)
{
    WD_JSON_PUT(out, "{\"op\":");
    wd_json_put_string(out, wd_pgtable_operation_names[o->kind]);
    wd_subject_put_hex(out, "addr", o->addr);
    if (o->size)
        wd_subject_put_hex(out, "size", o->size);
    if (o->phys)
        wd_subject_put_hex(out, "phys", o->phys);
    if (o->prot)
        wd_subject_put_names(out, "prot", o->prot, wd_pgtable_prot_names);
    if (o->pages != WD_PGTABLE_PAGES_ANY)
        wd_subject_put_number(out, "pages", o->pages);
    if (o->shared)
        wd_subject_put_number(out, "shared", 1);
    if (o->mkold)
        wd_subject_put_number(out, "mkold", 1);
    if (o->annotation)
        wd_subject_put_number(out, "annotation", o->annotation);
    WD_JSON_PUT(out, "}");
}

void wd_pgtable_write(struct wd_json_out *out, const void *opaque)
{
    const struct wd_pgtable_case *c = opaque;

    wd_subject_put_number(out, "ia_bits", c->ia_bits);
    if (c->features)
        wd_subject_put_names(out, "features", c->features, wd_pgtable_feature_names);
    WD_JSON_PUT(out, ",\"operations\":[");
    for (unsigned i = 0; i < c->count; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        put_operation(out, &c->operations[i]);
    }
    WD_JSON_PUT(out, "]");
}

static void put_leaves(struct wd_json_out *out, const char *name, const struct wd_pgtable_answer *answer, int step)
{
    enum { SHOWN = 16 };
    unsigned count = step < 0 ? 0 : answer->steps[step].run_count;

    WD_JSON_PUT(out, ",");
    wd_json_put_string(out, name);
    WD_JSON_PUT(out, ":[");
    for (unsigned i = 0; i < count && i < SHOWN; i++) {
        const struct wd_pgtable_run *run = &answer->runs[answer->steps[step].run_begin + i];

        if (i)
            WD_JSON_PUT(out, ",");
        WD_JSON_PUT(out, "[");
        wd_json_put_hex(out, run->ia, 1);
        WD_JSON_PUT(out, ",");
        wd_json_put_integer(out, run->level);
        WD_JSON_PUT(out, ",");
        wd_json_put_integer(out, (int)run->count);
        WD_JSON_PUT(out, ",");
        wd_json_put_hex(out, run->entry, 1);
        WD_JSON_PUT(out, "]");
    }
    WD_JSON_PUT(out, "]");
    if (count > SHOWN)
        wd_subject_put_number(out, "left_out", (int)(count - SHOWN));
}

/* What an expectation is: a rule at a place. */
static void put_expectation(struct wd_json_out *out, const struct wd_pgtable_answer *expected)
{
    WD_JSON_PUT(out, "\"must\":");
    if (expected->told.rule >= WD_PGTABLE_RULE_COUNT) {
        WD_JSON_PUT(out, "\"each operation comes to its end, and what it documents holds\"");
        return;
    }
    wd_json_put_string(out, wd_pgtable_kind.rules[expected->told.rule].text);
    wd_subject_put_number(out, "step", expected->told.step);
    wd_subject_put_hex(out, "ia", expected->told.ia);
    if (expected->told.entry)
        wd_subject_put_hex(out, "entry", expected->told.entry);
}

void wd_pgtable_write_answer(struct wd_json_out *out, const void *c, const void *opaque)
{
    const struct wd_pgtable_answer *answer = opaque;
    struct wd_pgtable_fault fault;
    int last = answer->steps_done - 1;

    if (answer->is_expectation) {
        put_expectation(out, answer);
        return;
    }
    wd_pgtable_find(c, answer, &fault);
    WD_JSON_PUT(out, "\"results\":[");
    for (unsigned i = 0; i + 1 < answer->steps_done; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        wd_json_put_integer(out, answer->steps[i].result);
    }
    WD_JSON_PUT(out, "]");
    if (!fault.found) { /* the one before destroy */
        put_leaves(out, "leaves", answer, last - 1);
        return;
    }
    wd_subject_put_number(out, "step", fault.step);
    wd_subject_put_hex(out, "ia", fault.ia);
    wd_subject_put_hex(out, "entry", fault.got);
    put_leaves(out, "before", answer, fault.step - 1);
    put_leaves(out, "leaves", answer, fault.step);
}
