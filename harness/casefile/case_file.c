/* SPDX-License-Identifier: MIT */
/* Reads case files one case at a time. */
#include "harness/casefile/case_file.h"
#include "harness/casefile/case_ids.h"
#include "harness/casefile/case_parts.h"
#include "harness/support/json_parser.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

enum { ERROR_MAX = WD_JSON_ERROR_MAX + 320, SHOWN_ID_MAX = 60 };

struct wd_case_reader {
    FILE *stream;
    char *name;
    uint64_t line;           /* lines read */
    struct wd_memory text;   /* the case as it stands in the file */
    size_t ahead, ahead_end; /* of `text`: a line that was read but is not part of the case; empty: none */
    bool begun;              /* something other than blank lines was read */
    bool ended;              /* nothing more can be read */
    uint64_t selected;       /* the line of the only case that is wanted; 0: all are */
    struct wd_json_parser parser;
    struct wd_case_store store;
    struct wd_case_ids ids;
    char error[ERROR_MAX];
};

/* A part of reader->text. */
struct span {
    size_t start, end;
    uint64_t line; /* of the file, where it starts */
};

struct wd_case_reader *wd_case_reader_new(FILE *stream, const char *name)
{
    struct wd_case_reader *reader = calloc(1, sizeof(*reader));

    if (!reader)
        return NULL;
    reader->stream = stream;
    reader->name = strdup(strcmp(name, "-") == 0 ? "<stdin>" : name);
    reader->ids.limit = WD_CASE_IDS_LIMIT;
    if (!reader->name) {
        free(reader);
        return NULL;
    }
    return reader;
}

void wd_case_reader_free(struct wd_case_reader *reader)
{
    if (!reader)
        return;
    wd_case_ids_free(&reader->ids);
    wd_case_store_free(&reader->store);
    wd_json_parser_free(&reader->parser);
    free(reader->text.data);
    free(reader->name);
    free(reader);
}

const char *wd_case_reader_error(const struct wd_case_reader *reader)
{
    return reader->error;
}

__attribute__((format(printf, 3, 4))) static int fail(struct wd_case_reader *reader, uint64_t line, const char *format,
                                                      ...)
{
    int length = snprintf(reader->error, ERROR_MAX, "%s:%llu: ", reader->name, (unsigned long long)line);
    va_list arguments;

    if (length > 0 && length < ERROR_MAX) {
        va_start(arguments, format);
        vsnprintf(reader->error + length, ERROR_MAX - (size_t)length, format, arguments);
        va_end(arguments);
    }
    return -1;
}

/* ---------------------------------------------------------------- lines */

static char *text_at(const struct wd_case_reader *reader, size_t offset)
{
    return (char *)reader->text.data + offset;
}

static bool is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

/* Leaves out white space at both ends. What remains is empty for a blank line. */
static void trim(const struct wd_case_reader *reader, struct span *span)
{
    while (span->start < span->end && is_space(*text_at(reader, span->start)))
        span->start++;
    while (span->start < span->end && is_space(*text_at(reader, span->end - 1)))
        span->end--;
}

static void skip_byte_order_mark(const struct wd_case_reader *reader, struct span *span)
{
    if (span->end - span->start >= 3 && memcmp(text_at(reader, span->start), "\xEF\xBB\xBF", 3) == 0)
        span->start += 3;
}

static int fail_too_long(struct wd_case_reader *reader, uint64_t line)
{
    return fail(reader, line, "longer than %d MiB", WD_CASE_BYTES_MAX >> 20);
}

static void skip_line(FILE *stream)
{
    int character;

    do
        character = getc_unlocked(stream);
    while (character != EOF && character != '\n');
}

/*
 * Reads a line to text[start…], without its end. Byte by byte from the stream's own buffer: fread() would wait for a
 * full buffer where a pipe has one line, getline() would take a line of any length. Returns 1, 0 at the end of the
 * file, -1 after an error.
 */
static int read_line(struct wd_case_reader *reader, size_t start, struct span *span)
{
    int character = getc_unlocked(reader->stream);
    size_t end = start;

    if (character != EOF)
        reader->line++;
    for (; character != EOF && character != '\n'; character = getc_unlocked(reader->stream)) {
        if (end == WD_CASE_BYTES_MAX) {
            skip_line(reader->stream);
            return fail_too_long(reader, reader->line);
        }
        if (end == reader->text.size && !wd_memory_reserve(&reader->text, end + BUFSIZ)) {
            skip_line(reader->stream);
            return fail(reader, reader->line, "out of memory");
        }
        *text_at(reader, end++) = (char)character;
    }
    if (ferror(reader->stream)) {
        reader->ended = true;
        return fail(reader, reader->line, "cannot read: %s", strerror(errno));
    }
    *span = (struct span){start, end, reader->line};
    return character == '\n' || end > start;
}

/* The next line that is not blank, at text[0…]. Returns as read_line(). */
static int next_line(struct wd_case_reader *reader, struct span *span)
{
    int got;

    if (reader->ahead < reader->ahead_end) {
        *span = (struct span){0, reader->ahead_end - reader->ahead, reader->line};
        memmove(text_at(reader, 0), text_at(reader, reader->ahead), span->end);
        reader->ahead = reader->ahead_end = 0;
        trim(reader, span);
        return 1;
    }
    do {
        got = read_line(reader, 0, span);
        if (got != 1)
            return got;
        if (reader->line == 1)
            skip_byte_order_mark(reader, span);
        trim(reader, span);
    } while (span->start == span->end);
    return 1;
}

/* ---------------------------------------------------------------- parsing */

static yyjson_val *parse(struct wd_case_reader *reader, const struct span *span, yyjson_read_err *syntax)
{
    return wd_json_parse(&reader->parser, text_at(reader, span->start), span->end - span->start, syntax);
}

/* The line of the file where the byte at an offset from the start of a span stands. */
static uint64_t line_of(const struct wd_case_reader *reader, const struct span *span, size_t offset)
{
    uint64_t line = span->line;

    for (size_t i = span->start; i < span->start + offset; i++)
        line += *text_at(reader, i) == '\n';
    return line;
}

static int fail_syntax(struct wd_case_reader *reader, const struct span *span, const yyjson_read_err *syntax)
{
    if (syntax->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return fail(reader, span->line, "out of memory");
    return fail(reader, line_of(reader, span, syntax->pos), "not JSON: %s", syntax->msg);
}

/* Whether an object is a finding: it has a case instead of being one. */
static bool is_finding(yyjson_val *root)
{
    return !yyjson_obj_get(root, "op") && yyjson_is_obj(yyjson_obj_get(root, "case"));
}

/* Whether a line is a case by itself, and so not part of a pretty-printed one. */
static bool is_case(struct wd_case_reader *reader, struct span line)
{
    yyjson_read_err syntax;
    yyjson_val *root;

    trim(reader, &line);
    if (line.start == line.end || *text_at(reader, line.start) != '{')
        return false;
    root = parse(reader, &line, &syntax);
    return yyjson_obj_get(root, "op") || is_finding(root);
}

/*
 * The first line of a file ends before its object does: takes the lines that follow as its continuation, up to the end
 * of the file or to a line that is a case by itself (then the first line was cut off, and the file is JSON Lines).
 * Returns 1 or -1.
 */
static int read_pretty_printed(struct wd_case_reader *reader, struct span *span)
{
    for (;;) {
        struct span line;
        int got;

        if (span->end == WD_CASE_BYTES_MAX)
            return fail_too_long(reader, span->line);
        if (!wd_memory_reserve(&reader->text, span->end + 1))
            return fail(reader, span->line, "out of memory");
        got = read_line(reader, span->end + 1, &line);
        if (got != 1)
            return got == 0 ? 1 : -1;
        if (is_case(reader, line)) {
            reader->ahead = line.start;
            reader->ahead_end = line.end;
            return 1;
        }
        *text_at(reader, span->end) = '\n';
        span->end = line.end;
    }
}

/* The JSON document of the next case. Returns 1 with its root, 0 at the end of the file, -1 after an error. */
static int next_document(struct wd_case_reader *reader, struct span *span, yyjson_val **root)
{
    yyjson_read_err syntax;
    bool first = !reader->begun;
    int got = next_line(reader, span);

    if (got != 1)
        return got;
    reader->begun = true;
    *root = parse(reader, span, &syntax);
    if (!*root && first && syntax.code == YYJSON_READ_ERROR_UNEXPECTED_END) {
        if (read_pretty_printed(reader, span) != 1)
            return -1;
        trim(reader, span);
        *root = parse(reader, span, &syntax);
        if (*root && reader->ahead < reader->ahead_end)
            return fail(reader, reader->line, "a case behind one that is spread over several lines");
    }
    return *root ? 1 : fail_syntax(reader, span, &syntax);
}

/* Puts a document on one line and terminates it: white space outside its strings goes, if it stood on several. */
static const char *one_line(struct wd_case_reader *reader, const struct span *span)
{
    char *text = text_at(reader, span->start), *to = text;
    const char *end = text_at(reader, span->end);
    bool in_string = false;

    if (!memchr(text, '\n', span->end - span->start)) {
        *text_at(reader, span->end) = '\0';
        return text;
    }
    for (const char *from = text; from < end; from++) {
        if (*from == '"')
            in_string = !in_string;
        if (in_string && *from == '\\')
            *to++ = *from++;
        if (in_string || !is_space(*from))
            *to++ = *from;
    }
    *to = '\0';
    return text;
}

/* ---------------------------------------------------------------- cases */

static int fail_late(struct wd_case_reader *reader)
{
    unsigned long long others = reader->ids.late - 1;

    reader->ids.late = 0;
    return fail(reader, reader->ids.late_lines[1], "id: already that of line %llu (and %llu more ids are doubled)",
                (unsigned long long)reader->ids.late_lines[0], others);
}

static int fail_ids(struct wd_case_reader *reader)
{
    reader->ended = true;
    return fail(reader, reader->line, "id: cannot keep the ids of so many cases: %s", strerror(errno));
}

static int fail_doubled(struct wd_case_reader *reader, const char *id, uint64_t line, uint64_t earlier)
{
    char shown[SHOWN_ID_MAX * 6 + 1]; /* a byte may become an escape sequence */
    struct wd_json_out out = wd_json_to_buffer(shown, sizeof(shown));

    wd_json_put_escaped(&out, id, strnlen(id, SHOWN_ID_MAX));
    wd_json_end_buffer(&out);
    return fail(reader, line, "id: \"%s\" is already that of line %llu", shown, (unsigned long long)earlier);
}

/* Looks whether the id was there before. Returns 1 or -1. */
static int add_id(struct wd_case_reader *reader, const char *id, uint64_t line)
{
    uint64_t earlier = line;

    if (!id[0])
        return 1;
    switch (wd_case_ids_add(&reader->ids, id, &earlier)) {
    case WD_IDS_NEW:
        return 1;
    case WD_IDS_DOUBLED:
        return fail_doubled(reader, id, line, earlier);
    case WD_IDS_FAILED:
        break;
    }
    return fail_ids(reader);
}

static int finish(struct wd_case_reader *reader)
{
    reader->ended = true;
    if (!wd_case_ids_finish(&reader->ids))
        return fail_ids(reader);
    return reader->ids.late ? fail_late(reader) : 0;
}

/* A member of a finding that is a string; "" where there is none. */
static const char *text_of(yyjson_val *finding, const char *name)
{
    const char *text = yyjson_get_str(yyjson_obj_get(finding, name));

    return text ? text : "";
}

/* The name of the member `case` of a finding. */
static yyjson_val *name_of_case(yyjson_val *finding)
{
    yyjson_obj_iter names = yyjson_obj_iter_with(finding);
    yyjson_val *name;

    while ((name = yyjson_obj_iter_next(&names)) && !yyjson_equals_str(name, "case"))
        ;
    return name;
}

/* Reads the case that a document is or, as a finding, has. Of a finding's other members only some strings count. */
static bool read_document(struct wd_json_input *in, yyjson_val *root, struct wd_case_store *store)
{
    struct wd_json_place place = {0};

    if (!is_finding(root))
        return wd_case_read_members(in, NULL, root, store);
    place.value = name_of_case(root);
    if (!wd_case_read_members(in, &place, yyjson_obj_get(root, "case"), store))
        return false;
    store->entry.walker = text_of(root, "walker");
    store->entry.verdict = text_of(root, "verdict");
    store->entry.signature = text_of(root, "signature");
    return true;
}

void wd_case_reader_select(struct wd_case_reader *reader, uint64_t line)
{
    reader->selected = line;
}

/* @param line  receives where the case, or what is none, begins; not set at the end of the file */
static int read_next(struct wd_case_reader *reader, struct wd_case_entry *entry, uint64_t *line)
{
    struct wd_json_input in;
    struct span span = {0};
    yyjson_val *root;
    int got;

    if (reader->ended)
        return 0;
    if (reader->ids.late)
        return fail_late(reader);
    got = next_document(reader, &span, &root);
    *line = span.line ? span.line : reader->line;
    if (got != 1)
        return got == 0 ? finish(reader) : -1;
    in.text = reader->parser.text.data;
    if (!read_document(&in, root, &reader->store))
        return fail(reader, line_of(reader, &span, in.error_offset), "%s", in.error);
    if (!wd_memory_reserve(&reader->text, span.end + 1))
        return fail(reader, span.line, "out of memory");
    reader->store.entry.line = span.line;
    reader->store.entry.text = one_line(reader, &span);
    *entry = reader->store.entry;
    return entry->signature ? 1 : add_id(reader, entry->id, entry->line); /* two findings may show the same case */
}

int wd_case_reader_next(struct wd_case_reader *reader, struct wd_case_entry *entry)
{
    uint64_t line;
    int got;

    if (!reader->selected)
        return read_next(reader, entry, &line);
    if (reader->ended)
        return 0;
    do
        got = read_next(reader, entry, &line);
    while (got && line < reader->selected);
    reader->ended = true;
    return got && line == reader->selected ? got : fail(reader, reader->selected, "no case begins in this line");
}
