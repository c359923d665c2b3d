/* SPDX-License-Identifier: MIT */
/* Answers in JSON: each with its descriptor reads, and all side by side, field by field. */
#ifndef REPORTS_ANSWERS_JSON_H
#define REPORTS_ANSWERS_JSON_H

#include "reports/json_values.h"

enum { WD_ANSWERS_MAX = 5 };

/** An answer with the name that it is shown under: "expected", "got", … */
struct wd_named_answer {
    const char *name;
    struct wd_result result;
};

/**
 * Adds answers to an object: `answers`, each with `name`, `kind`, `outcome`, `words`, `par`, `text`, `warn`, `trace`
 * and `differs` as far as it has them, and `rows`: a field of the answers each, with a cell for each answer. What
 * differs is said in comparison with the first answer, by what the judge looks at alone.
 * @param params  what is known of each stage, [0] stage 1: so descriptors that were read are told in words
 * @param known  whether it is
 */
void wd_json_add_answers(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct wd_case *c,
                         const struct wd_named_answer *answers, size_t count, const struct wd_params params[2],
                         const bool known[2]);

#endif
