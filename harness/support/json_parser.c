/* SPDX-License-Identifier: MIT */
#include "harness/support/json_parser.h"

#include <string.h>

/*
 * yyjson's allocator: its one block of values is kept in the parser. (yyjson has a pool for this too; but a pool must
 * be as large as the worst document of that length needs, four times what a case does.)
 */
static void *values_malloc(void *context, size_t size)
{
    struct wd_json_parser *parser = context;

    if (parser->values_in_use)
        return malloc(size);
    if (!wd_memory_reserve(&parser->values, size))
        return NULL;
    parser->values_in_use = true;
    return parser->values.data;
}

static void *values_realloc(void *context, void *block, size_t old_size, size_t size)
{
    struct wd_json_parser *parser = context;

    (void)old_size;
    if (block != parser->values.data)
        return realloc(block, size);
    return wd_memory_reserve(&parser->values, size) ? parser->values.data : NULL;
}

static void values_free(void *context, void *block)
{
    struct wd_json_parser *parser = context;

    if (block == parser->values.data)
        parser->values_in_use = false;
    else
        free(block);
}

yyjson_val *wd_json_parse(struct wd_json_parser *parser, const char *text, size_t length, yyjson_read_err *error)
{
    yyjson_alc allocator = {values_malloc, values_realloc, values_free, parser};
    yyjson_doc *document;

    if (!wd_memory_reserve(&parser->text, length + YYJSON_PADDING_SIZE)) {
        *error = (yyjson_read_err){.code = YYJSON_READ_ERROR_MEMORY_ALLOCATION, .msg = "out of memory"};
        return NULL;
    }
    memcpy(parser->text.data, text, length);
    memset((char *)parser->text.data + length, 0, YYJSON_PADDING_SIZE);
    parser->values_in_use = false; /* the last document, if any, has had its time */
    document = yyjson_read_opts(parser->text.data, length, YYJSON_READ_INSITU, &allocator, error);
    return yyjson_doc_get_root(document);
}

void wd_json_parser_free(struct wd_json_parser *parser)
{
    free(parser->text.data);
    free(parser->values.data);
}
