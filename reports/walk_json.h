/* SPDX-License-Identifier: MIT */
/* A case and the architecture's walk of it in JSON: registers by fields, the steps in order, the choices. */
#ifndef REPORTS_WALK_JSON_H
#define REPORTS_WALK_JSON_H

#include "reports/json_values.h"

/**
 * Answers a case and adds what is to be said of it to an object: `operation`, `el`, `pan`, `va`, `regime`, `registers`,
 * `implementation`, `steps`, `rules` (those that steps name), `choices`.
 * @param resolution  by which the case is answered
 * @param params  receives what the walk knew of each stage, [0] stage 1; only a stage that was walked is written
 * @param output  receives the answer
 */
void wd_json_add_walk(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct wd_case *c,
                      const struct wd_resolution *resolution, struct wd_params params[2],
                      struct wd_oracle_output *output);

/**
 * Adds to an object what a descriptor is: `type`, `address` (of the next table, or the output) if it has one, `words`.
 * @param params  of its stage
 */
void wd_json_add_descriptor(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct wd_case *c,
                            const struct wd_params *params, unsigned stage, int level, uint64_t descriptor);

#endif
