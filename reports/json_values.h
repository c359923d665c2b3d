/* SPDX-License-Identifier: MIT */
/* Values of a JSON document that is being made, in the forms that walkdiff writes everywhere. */
#ifndef REPORTS_JSON_VALUES_H
#define REPORTS_JSON_VALUES_H

#include "walkdiff/oracle.h"
#include <yyjson.h>

/** Adds a 64-bit value as the case format writes it: "0x1f", at least `digits` (1 to 16) digits. */
void wd_json_add_hex(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, uint64_t value, unsigned digits);

/** Adds a copy of a text. Bytes that are not UTF-8 must not be in it. */
void wd_json_add_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const char *text);

/** A rule as an object: kind "rule", name, id, function, text. */
yyjson_mut_val *wd_json_rule(yyjson_mut_doc *doc, enum wd_rule rule);

/** A choice as an object: kind "choice", name, id, function, text. */
yyjson_mut_val *wd_json_choice(yyjson_mut_doc *doc, enum wd_choice choice);

/** The rule or choice of a name, as an object; NULL: there is none of that name. */
yyjson_mut_val *wd_json_rule_by_name(yyjson_mut_doc *doc, const char *name);

#endif
