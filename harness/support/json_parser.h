/* SPDX-License-Identifier: MIT */
/* Parses one JSON document after the other in memory that is kept: it is asked for only when a longer one comes. */
#ifndef WALKDIFF_JSON_PARSER_H
#define WALKDIFF_JSON_PARSER_H

#include <yyjson.h>

#include "harness/support/memory.h"

/** {0} is a parser. */
struct wd_json_parser {
    struct wd_memory text;   /**< copy of the document, in which the strings are made */
    struct wd_memory values; /**< yyjson's values */
    bool values_in_use;
};

/**
 * Parses a document; strict RFC 8259, nothing but white space around the value. It lives until the next call.
 * @param error  says what is wrong and where; YYJSON_READ_ERROR_UNEXPECTED_END: nothing, but the document is not
 * complete
 * @return its root, or NULL
 */
yyjson_val *wd_json_parse(struct wd_json_parser *parser, const char *text, size_t length, yyjson_read_err *error);

/** Frees what a parser holds. */
void wd_json_parser_free(struct wd_json_parser *parser);

#endif
