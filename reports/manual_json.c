/* SPDX-License-Identifier: MIT */
#include "reports/manual_json.h"

#include <stdlib.h>
#include <string.h>

#include "harness/judge/judge.h"
#include "harness/support/allocate.h"
#include "reports/json_values.h"

static void add_rules(yyjson_mut_doc *doc, yyjson_mut_val *list)
{
    for (unsigned rule = WD_RULE_NONE + 1; rule < WD_RULE_COUNT; rule++) {
        yyjson_mut_val *object = wd_json_rule(doc, rule);

        yyjson_mut_arr_append(list, object);
        yyjson_mut_obj_add_bool(doc, object, "raises_fault", wd_rules[rule].raises != WD_FAULT_NONE);
    }
}

static void add_choices(yyjson_mut_doc *doc, yyjson_mut_val *list)
{
    for (unsigned choice = 0; choice < WD_CHOICE_COUNT; choice++)
        yyjson_mut_arr_append(list, wd_json_choice(doc, choice));
}

static void add_verdicts(yyjson_mut_doc *doc, yyjson_mut_val *list)
{
    static const struct {
        const char *name, *text;
        bool finding;
    } verdicts[] = {
#define WD_V(enumerator, name_, finding_, text_) {name_, text_, finding_},
        WD_VERDICTS(WD_V)
#undef WD_V
    };

    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);

        yyjson_mut_obj_add_str(doc, object, "name", verdicts[i].name);
        yyjson_mut_obj_add_bool(doc, object, "finding", verdicts[i].finding);
        yyjson_mut_obj_add_str(doc, object, "text", verdicts[i].text);
    }
}

static const struct {
    const char *name;
    void (*add)(yyjson_mut_doc *doc, yyjson_mut_val *list);
} pages[] = {{"rules", add_rules}, {"choices", add_choices}, {"verdicts", add_verdicts}};

bool wd_manual_json(FILE *out, const char *page)
{
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        yyjson_mut_doc *doc;
        yyjson_mut_val *list;
        char *text;

        if (strcmp(pages[i].name, page))
            continue;
        doc = wd_allocated(yyjson_mut_doc_new(NULL));
        list = yyjson_mut_arr(doc);
        yyjson_mut_doc_set_root(doc, list);
        pages[i].add(doc, list);
        text = wd_allocated(yyjson_mut_write(doc, YYJSON_WRITE_PRETTY, NULL));
        fprintf(out, "%s\n", text);
        free(text);
        yyjson_mut_doc_free(doc);
        return true;
    }
    return false;
}
