/* SPDX-License-Identifier: MIT */
/* `walkdiff explain --json`: cases and findings for programs. */
#ifndef REPORTS_EXPLAIN_JSON_H
#define REPORTS_EXPLAIN_JSON_H

#include <stdio.h>

/**
 * Explains the cases of a stream, or its findings: lines that have a member `case`, and the answers to it beside. One
 * line of JSON for each; for a finding that cannot be read {"error":…}, and a complaint to standard error.
 * @param name  of the stream, for messages
 * @return the exit status
 */
int wd_explain_json(FILE *out, FILE *in, const char *name);

#endif
