/* SPDX-License-Identifier: MIT */
/* The tables of registers, layouts, fields and features, expanded from their one description. */
#include "walkdiff/registers.h"

#include <string.h>

const struct wd_register_info wd_registers[WD_REGISTER_COUNT] = {
#define WD_REGISTER(name, title) [WD_##name] = {#name, title},
#include "walkdiff/registers.def"
};

/* All fields in the order of the file; those of one layout stand together. */
static const struct wd_field all_fields[] = {
#define WD_FIELD(layout, field, msb, lsb, feature, role, weight, meaning)                                              \
    {#field, meaning, msb, lsb, WD_LAYOUT_##layout, WD_##feature, WD_ROLE_##role, weight},
#include "walkdiff/registers.def"
};

/* Index of the first field of each layout: a layout contributes one enumerator that does not advance the count. */
enum {
#define WD_LAYOUT(layout, reg, title)                                     first_##layout, back_##layout = first_##layout - 1,
#define WD_FIELD(layout, field, msb, lsb, feature, role, weight, meaning) index_##layout##_##field,
#include "walkdiff/registers.def"
    field_count,
};

const struct wd_layout_info wd_layouts[WD_LAYOUT_COUNT] = {
#define WD_LAYOUT(layout, reg, title) [WD_LAYOUT_##layout] = {#layout, title, WD_##reg, first_##layout},
#include "walkdiff/registers.def"
};

const struct wd_feature_info wd_features[WD_FEATURE_COUNT] = {
#define WD_FEATURE(name, reg, field, at_least, title)                                                                  \
    [WD_##name] = {#name, title, WD_##reg, WD_##reg##_##field##_msb, WD_##reg##_##field##_lsb, at_least},
#include "walkdiff/features.def"
};

int wd_register_by_name(const char *name, size_t length)
{
    for (int i = 0; i < WD_REGISTER_COUNT; i++)
        if (strlen(wd_registers[i].name) == length && memcmp(wd_registers[i].name, name, length) == 0)
            return i;
    return -1;
}

const struct wd_field *wd_layout_fields(enum wd_layout layout, size_t *count)
{
    size_t first = wd_layouts[layout].first;
    size_t end = layout + 1 < WD_LAYOUT_COUNT ? wd_layouts[layout + 1].first : (size_t)field_count;

    *count = end - first;
    return all_fields + first;
}
