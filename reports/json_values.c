/* SPDX-License-Identifier: MIT */
#include "reports/json_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void wd_json_add_hex(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, uint64_t value, unsigned digits)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%0*" PRIx64, (int)digits, value);
    yyjson_mut_obj_add_strcpy(doc, object, name, text);
}

void wd_json_add_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const char *text)
{
    yyjson_mut_obj_add_strcpy(doc, object, name, text);
}

static yyjson_mut_val *decision(yyjson_mut_doc *doc, const char *kind, const char *name, const char *id,
                                const char *function, const char *text)
{
    yyjson_mut_val *object = yyjson_mut_obj(doc);

    yyjson_mut_obj_add_str(doc, object, "kind", kind);
    yyjson_mut_obj_add_str(doc, object, "name", name);
    yyjson_mut_obj_add_str(doc, object, "id", id);
    yyjson_mut_obj_add_str(doc, object, "function", function);
    yyjson_mut_obj_add_str(doc, object, "text", text);
    return object;
}

yyjson_mut_val *wd_json_rule(yyjson_mut_doc *doc, enum wd_rule rule)
{
    const struct wd_rule_info *info = &wd_rules[rule];

    return decision(doc, "rule", info->name, info->id, info->function, info->text);
}

yyjson_mut_val *wd_json_choice(yyjson_mut_doc *doc, enum wd_choice choice)
{
    const struct wd_choice_info *info = &wd_choices[choice];

    return decision(doc, "choice", info->name, info->rule, info->where, info->text);
}

yyjson_mut_val *wd_json_rule_by_name(yyjson_mut_doc *doc, const char *name)
{
    for (unsigned rule = WD_RULE_NONE + 1; rule < WD_RULE_COUNT; rule++)
        if (!strcmp(wd_rules[rule].name, name))
            return wd_json_rule(doc, rule);
    for (unsigned choice = 0; choice < WD_CHOICE_COUNT; choice++)
        if (!strcmp(wd_choices[choice].name, name))
            return wd_json_choice(doc, choice);
    return NULL;
}
