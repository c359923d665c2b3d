/* SPDX-License-Identifier: MIT */
#include "harness/support/toml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 64, FILE_MAX_BYTES = 16 << 20 };

/*
 * Strings are decoded in place, in the text that is being read: what is decoded is never longer than what it was
 * written as. Keys of inner tables are put together in `keys`, which the text's buffer has at its end.
 */
struct parser {
    const char *path, *array;
    char *at;
    unsigned line;
    struct wd_toml *toml;
    char prefix[KEY_MAX]; /* "facets." in [waiver.facets] */
    struct wd_error *error;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct parser *p, const char *format, ...)
{
    char message[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return wd_error_set(p->error, "%s:%u: %s", p->path, p->line, message);
}

/* ---------------------------------------------------------------- characters */

static void skip_blanks(struct parser *p)
{
    p->at += strspn(p->at, " \t");
}

static bool take(struct parser *p, const char *text)
{
    size_t length = strlen(text);

    if (strncmp(p->at, text, length))
        return false;
    p->at += length;
    return true;
}

/* A line's end, with a comment before it perhaps. */
static bool end_line(struct parser *p)
{
    skip_blanks(p);
    if (*p->at == '#')
        p->at += strcspn(p->at, "\n");
    take(p, "\r");
    if (*p->at == '\0')
        return true;
    if (!take(p, "\n"))
        return fail(p, "unexpected '%.*s'", (int)strcspn(p->at, "\r\n"), p->at);
    p->line++;
    return true;
}

/* A bare key. @return its length, 0 after an error */
static size_t bare_key(struct parser *p)
{
    size_t length = strspn(p->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    if (!length || length >= KEY_MAX / 2) {
        fail(p, "a key of letters, digits, '_' and '-' is wanted here");
        return 0;
    }
    return length;
}

/* ---------------------------------------------------------------- strings */

/* Writes a code point as UTF-8. @return the end of it */
static char *put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *to++ = (char)(0xE0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    } else {
        *to++ = (char)(0xF0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3F));
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    return to;
}

/* \u and \U, after the backslash and the letter. */
static char *take_code_point(struct parser *p, char *to, size_t digits)
{
    char text[9] = {0};
    uint32_t code;

    if (strspn(strncpy(text, p->at, digits), "0123456789abcdefABCDEF") != digits) {
        fail(p, "an escape \\u has 4 hexadecimal digits, \\U has 8");
        return NULL;
    }
    p->at += digits;
    code = (uint32_t)strtoul(text, NULL, 16);
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        fail(p, "an escape for a character that there is not");
        return NULL;
    }
    return put_utf8(to, code);
}

/* An escape sequence, after the backslash. @return where the next character goes, or NULL after an error */
static char *take_escape(struct parser *p, char *to)
{
    static const char letters[] = "btnfr\"\\", meanings[] = "\b\t\n\f\r\"\\";
    const char *letter = *p->at ? strchr(letters, *p->at) : NULL;

    if (letter) {
        *to = meanings[letter - letters];
        p->at++;
        return to + 1;
    }
    if (take(p, "u"))
        return take_code_point(p, to, 4);
    if (take(p, "U"))
        return take_code_point(p, to, 8);
    fail(p, "unknown escape \\%.1s", p->at);
    return NULL;
}

/* After a backslash at a line's end: the white space up to the next character that is none goes. */
static bool take_line_continuation(struct parser *p)
{
    size_t blanks = strspn(p->at, " \t\r");

    if (p->at[blanks] != '\n')
        return false;
    for (; *p->at && strchr(" \t\r\n", *p->at); p->at++)
        p->line += *p->at == '\n';
    return true;
}

/* The rest of a string after its opening delimiter. @return the string, or NULL after an error */
static const char *string_rest(struct parser *p, const char *delimiter)
{
    bool several_lines = delimiter[1], escapes = *delimiter == '"';
    char *begin = p->at, *to = begin;

    while (!take(p, delimiter)) {
        if (*p->at == '\0' || (*p->at == '\n' && !several_lines)) {
            fail(p, "the string does not end");
            return NULL;
        }
        if ((unsigned char)*p->at < 0x20 && !strchr("\t\r\n", *p->at)) {
            fail(p, "a control character in a string");
            return NULL;
        }
        if (escapes && take(p, "\\")) {
            if (several_lines && take_line_continuation(p))
                continue;
            to = take_escape(p, to);
            if (!to)
                return NULL;
            continue;
        }
        p->line += *p->at == '\n';
        *to++ = *p->at++;
    }
    *to = '\0';
    return begin;
}

static const char *string(struct parser *p)
{
    static const char *const delimiters[] = {"\"\"\"", "'''", "\"", "'"};

    for (size_t i = 0; i < sizeof(delimiters) / sizeof(delimiters[0]); i++) {
        if (!take(p, delimiters[i]))
            continue;
        if (delimiters[i][1] && (take(p, "\n") || take(p, "\r\n")))
            p->line++;
        return string_rest(p, delimiters[i]);
    }
    fail(p, "a string is wanted here: other values are not read");
    return NULL;
}

/* ---------------------------------------------------------------- tables */

const char *wd_toml_get(const struct wd_toml_table *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++)
        if (!strcmp(table->entries[i].key, key))
            return table->entries[i].value;
    return NULL;
}

/* Adds an entry to the table that is being read; takes `key`, which was allocated. */
static bool add_entry(struct parser *p, char *key, const char *value, unsigned line)
{
    struct wd_toml_table *table = &p->toml->tables[p->toml->count - 1];
    struct wd_toml_entry *entries = realloc(table->entries, (table->count + 1) * sizeof(*entries));

    if (!entries) {
        free(key);
        return fail(p, "out of memory");
    }
    table->entries = entries;
    if (wd_toml_get(table, key)) {
        fail(p, "%s stands here twice", key);
        free(key);
        return false;
    }
    entries[table->count++] = (struct wd_toml_entry){.key = key, .value = value, .line = line};
    return true;
}

/* `key = "string"`, the key with a prefix. */
static bool string_entry(struct parser *p, const char *prefix, const char *key, size_t key_length, unsigned line)
{
    const char *value = string(p);
    char *whole = NULL;

    if (!value)
        return false;
    if (asprintf(&whole, "%s%.*s", prefix, (int)key_length, key) < 0)
        return fail(p, "out of memory");
    return add_entry(p, whole, value, line);
}

static bool take_equals(struct parser *p)
{
    skip_blanks(p);
    if (!take(p, "="))
        return fail(p, "'=' is wanted after a key");
    skip_blanks(p);
    return true;
}

/* The rest of `key = { a = "b", … }` after the brace. */
static bool inline_table_rest(struct parser *p, const char *prefix)
{
    do {
        const char *key;
        size_t length;

        skip_blanks(p);
        key = p->at;
        length = bare_key(p);
        p->at += length;
        if (!length || !take_equals(p) || !string_entry(p, prefix, key, length, p->line))
            return false;
        skip_blanks(p);
    } while (take(p, ","));
    return take(p, "}") || fail(p, "'}' or ',' is wanted here");
}

static bool entry(struct parser *p)
{
    const char *key = p->at;
    size_t length = bare_key(p);
    unsigned line = p->line;
    char prefix[KEY_MAX];

    p->at += length;
    if (!length || !take_equals(p))
        return false;
    if (!p->toml->count)
        return fail(p, "a key outside of [[%s]]", p->array);
    if (!take(p, "{"))
        return string_entry(p, p->prefix, key, length, line);
    if (*p->prefix)
        return fail(p, "a table in a table in a table is not read");
    snprintf(prefix, sizeof(prefix), "%.*s.", (int)length, key);
    return inline_table_rest(p, prefix);
}

static bool add_table(struct parser *p)
{
    struct wd_toml *toml = p->toml;
    struct wd_toml_table *tables = realloc(toml->tables, (toml->count + 1) * sizeof(*tables));

    if (!tables)
        return fail(p, "out of memory");
    toml->tables = tables;
    tables[toml->count++] = (struct wd_toml_table){.line = p->line};
    p->prefix[0] = '\0';
    return true;
}

/* `[[array]]` or `[array.name]`. */
static bool header(struct parser *p)
{
    size_t length;

    if (take(p, "[[")) {
        if (take(p, p->array) && take(p, "]]"))
            return add_table(p);
        return fail(p, "only [[%s]] is read here", p->array);
    }
    if (!take(p, "[") || !take(p, p->array) || !take(p, "."))
        return fail(p, "only [[%s]] and [%s.NAME] are read here", p->array, p->array);
    if (!p->toml->count)
        return fail(p, "[%s.NAME] before the first [[%s]]", p->array, p->array);
    length = bare_key(p);
    if (!length)
        return false;
    snprintf(p->prefix, sizeof(p->prefix), "%.*s.", (int)length, p->at);
    p->at += length;
    return take(p, "]") || fail(p, "']' is wanted here");
}

static bool document(struct parser *p)
{
    while (*p->at) {
        skip_blanks(p);
        if (*p->at == '[') {
            if (!header(p))
                return false;
        } else if (!strchr("#\r\n", *p->at) && !entry(p)) { /* the terminating zero is found too */
            return false;
        }
        if (!end_line(p))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- files */

/* The whole file, terminated. */
static char *read_text(const char *path, struct wd_error *error)
{
    FILE *file = fopen(path, "re");
    char *text = malloc(FILE_MAX_BYTES + 1);
    size_t length;

    if (!file || !text) {
        wd_error_set(error, "%s: %s", path, strerror(errno));
        goto failed;
    }
    length = fread(text, 1, FILE_MAX_BYTES + 1, file);
    if (ferror(file) || length > FILE_MAX_BYTES || memchr(text, '\0', length)) {
        wd_error_set(error, "%s: cannot be read, is no text or is longer than 16 MiB", path);
        goto failed;
    }
    text[length] = '\0';
    fclose(file);
    return text;
failed:
    if (file)
        fclose(file);
    free(text);
    return NULL;
}

bool wd_toml_read(const char *path, const char *array, struct wd_toml *toml, struct wd_error *error)
{
    struct parser p = {.path = path, .array = array, .line = 1, .toml = toml, .error = error};

    *toml = (struct wd_toml){.text = read_text(path, error)};
    p.at = toml->text;
    if (toml->text && document(&p))
        return true;
    wd_toml_free(toml);
    return false;
}

void wd_toml_free(struct wd_toml *toml)
{
    for (size_t i = 0; i < toml->count; i++) {
        for (size_t j = 0; j < toml->tables[i].count; j++)
            free((char *)toml->tables[i].entries[j].key);
        free(toml->tables[i].entries);
    }
    free(toml->tables);
    free(toml->text);
    *toml = (struct wd_toml){0};
}
