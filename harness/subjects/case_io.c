/* SPDX-License-Identifier: MIT */
#include "harness/subjects/case_io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/support/allocate.h"
#include "harness/support/memory.h"

bool wd_subject_read_text(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    const char *text;

    (void)into;
    return wd_json_read_string(in, place, value, &text);
}

bool wd_subject_read_tags(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    size_t i, count;
    yyjson_val *tag;

    (void)into;
    if (!yyjson_is_arr(value))
        return wd_json_fail(in, place, "an array of strings is wanted");
    yyjson_arr_foreach(value, i, count, tag)
    {
        struct wd_json_place at = wd_json_element(place, tag, i);
        const char *text;

        if (!wd_json_read_string(in, &at, tag, &text))
            return false;
    }
    return true;
}

static void copy(char *to, size_t size, yyjson_val *object, const char *member)
{
    const char *text = yyjson_get_str(yyjson_obj_get(object, member));

    snprintf(to, size, "%s", text ? text : "");
}

/* The case in an object: itself, or that of a finding. */
static yyjson_val *case_in(yyjson_val *object)
{
    yyjson_val *inner = yyjson_obj_get(object, "case");

    return yyjson_is_obj(inner) ? inner : object;
}

/* ---------------------------------------------------------------- one case */

static bool read_case(const struct wd_subject_kind *kind, yyjson_val *root, struct wd_subject_entry *entry, char *why,
                      size_t size)
{
    struct wd_json_input in = {0};
    yyjson_val *object = case_in(root);
    const char *named = yyjson_get_str(yyjson_obj_get(object, "kind"));

    if (!yyjson_is_obj(root)) {
        snprintf(why, size, "must be an object");
        return false;
    }
    if (!named || strcmp(named, kind->name)) {
        snprintf(why, size, "kind: %s, and the subject is of the kind %s", named ? named : "this is a walker's case",
                 kind->name);
        return false;
    }
    kind->begin(entry->c.bytes);
    copy(entry->id, sizeof(entry->id), object, "id");
    copy(entry->note, sizeof(entry->note), object, "note");
    entry->walker[0] = '\0';
    if (object != root)
        copy(entry->walker, sizeof(entry->walker), root, "walker");
    if (!wd_json_read_object(&in, NULL, object, kind->members, entry->c.bytes, NULL)) {
        snprintf(why, size, "%s", in.error);
        return false;
    }
    return kind->check(entry->c.bytes, why, size);
}

/* ---------------------------------------------------------------- files */

struct reading {
    const struct wd_subject_kind *kind;
    const struct wd_subject_reader *reader;
    struct wd_subject_entry *entry;
    const char *name;
};

static void complain(const struct reading *reading, uint64_t line, const char *why)
{
    char message[WD_JSON_ERROR_MAX + 512];

    if (line)
        snprintf(message, sizeof(message), "%s:%llu: %s", reading->name, (unsigned long long)line, why);
    else
        snprintf(message, sizeof(message), "%s: %s", reading->name, why); /* the name says the line */
    reading->reader->complain(reading->reader->context, message);
}

/* Reads a text that is a case. @return false if reading is to end */
static bool read_one(struct reading *reading, const char *text, size_t length, uint64_t line, struct wd_error *error)
{
    struct wd_subject_entry *entry = reading->entry;
    yyjson_read_err wrong;
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)text, length, YYJSON_READ_NOFLAG, NULL, &wrong);
    char why[WD_JSON_ERROR_MAX];
    char *copied;
    bool good = true;

    if (!doc) {
        complain(reading, line, wrong.msg);
        return true;
    }
    entry->file = reading->name;
    entry->line = line;
    if (!read_case(reading->kind, yyjson_doc_get_root(doc), entry, why, sizeof(why))) {
        complain(reading, line, why);
    } else {
        copied = wd_copy_text(text, length);
        entry->text = copied;
        good = reading->reader->read(reading->reader->context, entry, error);
        free(copied);
    }
    yyjson_doc_free(doc);
    return good;
}

void wd_subject_read_text_as(const struct wd_subject_kind *kind, const char *place, const char *text, size_t length,
                             const struct wd_subject_reader *reader)
{
    struct reading reading = {
        .kind = kind, .reader = reader, .entry = wd_allocate(1, sizeof(*reading.entry)), .name = place};
    struct wd_error error;

    read_one(&reading, text, length, 0, &error);
    free(reading.entry);
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\r\n", text[i]))
            return false;
    return true;
}

static bool is_document(const char *text, size_t length)
{
    yyjson_doc *doc = yyjson_read(text, length, YYJSON_READ_NOFLAG);
    bool is = yyjson_is_obj(yyjson_doc_get_root(doc));

    yyjson_doc_free(doc);
    return is;
}

enum { PIECE = 16384 }; /* bytes that are read at a time */

/* All that a stream holds. */
static char *read_whole(FILE *file, size_t *length)
{
    struct wd_memory text = {0};
    size_t got;

    *length = 0;
    do {
        wd_allocated(wd_memory_reserve(&text, *length + PIECE + 1) ? text.data : NULL);
        got = fread((char *)text.data + *length, 1, PIECE, file);
        *length += got;
    } while (got);
    ((char *)text.data)[*length] = '\0';
    return text.data;
}

/* A file of lines, or one case that is spread over them. */
static bool read_text(struct reading *reading, const char *text, size_t length, uint64_t only, struct wd_error *error)
{
    const char *newline = memchr(text, '\n', length);
    uint64_t line = 0;

    if (newline && !is_document(text, (size_t)(newline - text)) && is_document(text, length))
        return read_one(reading, text, length, 1, error);
    for (size_t begin = 0, end; begin < length; begin = end + 1) {
        newline = memchr(text + begin, '\n', length - begin);
        end = newline ? (size_t)(newline - text) : length;
        line++;
        if ((!only || line == only) && !is_blank(text + begin, end - begin) &&
            !read_one(reading, text + begin, end - begin, line, error))
            return false;
    }
    return true;
}

bool wd_subject_read_files(const struct wd_subject_kind *kind, const struct wd_case_files *files,
                           const struct wd_subject_reader *reader, struct wd_error *error)
{
    struct reading reading = {.kind = kind, .reader = reader, .entry = wd_allocate(1, sizeof(*reading.entry))};
    bool good = true;

    for (size_t i = 0; good && i < files->count; i++) {
        struct wd_case_stream stream;
        size_t length;
        char *text;

        if (!wd_case_stream_open(&stream, files->paths[i], error)) {
            good = false;
            break;
        }
        reading.name = strcmp(files->paths[i], "-") ? files->paths[i] : "<stdin>";
        text = read_whole(stream.file, &length);
        good = read_text(&reading, text, length, files->lines[i], error);
        good = wd_case_stream_close(&stream, good ? error : &(struct wd_error){0}) && good;
        free(text);
    }
    free(reading.entry);
    return good;
}

/* ---------------------------------------------------------------- which kind */

const struct wd_subject_kind *wd_subject_kind_of_text(const char *text, size_t length, char *unknown, size_t size)
{
    const char *end;
    yyjson_doc *doc;
    const char *named;
    const struct wd_subject_kind *kind;

    while (length && strchr(" \t\r\n", *text)) {
        text++;
        length--;
    }
    end = memchr(text, '\n', length);
    doc = yyjson_read(text, end ? (size_t)(end - text) : length, YYJSON_READ_NOFLAG);
    if (!doc)
        doc = yyjson_read(text, length, YYJSON_READ_NOFLAG);
    named = yyjson_get_str(yyjson_obj_get(case_in(yyjson_doc_get_root(doc)), "kind"));
    kind = named ? wd_subject_kind_by_name(named) : NULL;
    if (unknown)
        snprintf(unknown, size, "%s", named && !kind ? named : "");
    yyjson_doc_free(doc);
    return kind;
}

const struct wd_subject_kind *wd_subject_kind_of_file(const char *path)
{
    struct wd_case_files files = {0};
    struct wd_case_stream stream;
    struct wd_error error;
    const struct wd_subject_kind *kind = NULL;
    size_t length;
    char *text;

    if (!strcmp(path, "-") || !wd_case_files_add(&files, path, &error))
        return NULL;
    if (files.count && wd_case_stream_open(&stream, files.paths[0], &error)) {
        text = read_whole(stream.file, &length);
        kind = wd_subject_kind_of_text(text, length, NULL, 0);
        free(text);
        wd_case_stream_close(&stream, &error);
    }
    wd_case_files_free(&files);
    return kind;
}
