/* SPDX-License-Identifier: MIT */
#include "harness/support/json_out.h"

#include <string.h>

struct wd_json_out wd_json_to_buffer(char *buffer, size_t size)
{
    return (struct wd_json_out){.buffer = buffer, .size = size};
}

size_t wd_json_end_buffer(struct wd_json_out *out)
{
    if (out->size)
        out->buffer[out->length < out->size ? out->length : out->size - 1] = '\0';
    return out->length;
}

struct wd_json_out wd_json_to_stream(FILE *stream, char *buffer, size_t size)
{
    return (struct wd_json_out){.buffer = buffer, .size = size, .stream = stream};
}

static void flush(struct wd_json_out *out)
{
    if (fwrite(out->buffer, 1, out->length, out->stream) != out->length)
        out->failed = true;
    out->length = 0;
}

int wd_json_end_stream(struct wd_json_out *out)
{
    flush(out);
    return out->failed ? -1 : 0;
}

/* The bytes do not fit: fills the buffer, and empties it into the stream if there is one. */
static void put_over_the_end(struct wd_json_out *out, const char *bytes, size_t length)
{
    size_t room = out->length < out->size ? out->size - out->length : 0;
    size_t part = length < room ? length : room;

    if (part)
        memcpy(out->buffer + out->length, bytes, part);
    if (!out->stream) {
        out->length += length;
        return;
    }
    out->length += part;
    flush(out);
    wd_json_put(out, bytes + part, length - part);
}

void wd_json_put(struct wd_json_out *out, const char *bytes, size_t length)
{
    if (out->length + length > out->size) {
        put_over_the_end(out, bytes, length);
        return;
    }
    memcpy(out->buffer + out->length, bytes, length);
    out->length += length;
}

/* The length of the well-formed UTF-8 sequence that begins at a byte >= 0x80, or 0 (Unicode, table 3-7). */
static size_t utf8_sequence(const unsigned char *bytes, size_t length)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, length;
    } sequences[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };

    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        if (bytes[0] < sequences[i].first_low || bytes[0] > sequences[i].first_high)
            continue;
        if (length < sequences[i].length || bytes[1] < sequences[i].second_low || bytes[1] > sequences[i].second_high)
            return 0;
        for (size_t j = 2; j < sequences[i].length; j++)
            if (bytes[j] < 0x80 || bytes[j] > 0xBF)
                return 0;
        return sequences[i].length;
    }
    return 0;
}

static void put_control_character(struct wd_json_out *out, unsigned char character)
{
    char escape[8];

    wd_json_put(out, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", character));
}

void wd_json_put_escaped(struct wd_json_out *out, const char *bytes, size_t length)
{
    const unsigned char *text = (const unsigned char *)bytes;
    size_t plain = 0; /* bytes before i from here on are put as they are */

    for (size_t i = 0; i < length;) {
        size_t sequence = text[i] < 0x80 ? 1 : utf8_sequence(text + i, length - i);

        if (sequence && text[i] >= 0x20 && text[i] != '"' && text[i] != '\\') {
            i += sequence;
            continue;
        }
        wd_json_put(out, bytes + plain, i - plain);
        if (!sequence)
            WD_JSON_PUT(out, "\xEF\xBF\xBD");
        else if (text[i] < 0x20)
            put_control_character(out, text[i]);
        else
            wd_json_put(out, text[i] == '"' ? "\\\"" : "\\\\", 2);
        plain = ++i;
    }
    wd_json_put(out, bytes + plain, length - plain);
}

void wd_json_put_string(struct wd_json_out *out, const char *string)
{
    WD_JSON_PUT(out, "\"");
    wd_json_put_escaped(out, string, strlen(string));
    WD_JSON_PUT(out, "\"");
}

void wd_json_put_hex(struct wd_json_out *out, uint64_t value, unsigned digits)
{
    char text[] = "\"0x0123456789abcdef\"";
    const char *end = text + sizeof(text) - 1;
    char *first = text + sizeof(text) - 2; /* where the closing quotation mark stands */

    for (unsigned written = 0; value || written < digits; written++) {
        *--first = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
    memcpy(first -= 3, "\"0x", 3);
    wd_json_put(out, first, (size_t)(end - first));
}

void wd_json_put_integer(struct wd_json_out *out, int64_t value)
{
    char text[20]; /* "-9223372036854775808" */
    char *first = text + sizeof(text);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

    do
        *--first = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--first = '-';
    wd_json_put(out, first, (size_t)(text + sizeof(text) - first));
}
