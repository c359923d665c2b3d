/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON piece by piece, without allocation, into a buffer or through one into a stream. What comes out is always
 * valid UTF-8 and valid JSON if the pieces are put in a valid order.
 */
#ifndef WALKDIFF_JSON_OUT_H
#define WALKDIFF_JSON_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** A place that JSON is written to. Made by wd_json_to_buffer() or wd_json_to_stream(). */
struct wd_json_out {
    char *buffer;
    size_t size;
    size_t length; /**< bytes put since the last flush; more than `size` if a buffer without a stream is too small */
    FILE *stream;  /**< where a full buffer goes; NULL: nowhere */
    bool failed;   /**< the stream did not take everything */
};

/**
 * Writes into a buffer as snprintf() does: what does not fit is counted and dropped.
 * @param size  of the buffer, with room for a terminating zero; may be 0
 */
struct wd_json_out wd_json_to_buffer(char *buffer, size_t size);

/** Ends writing into a buffer. @return the bytes that the whole text needs, without the terminating zero */
size_t wd_json_end_buffer(struct wd_json_out *out);

/** Writes into a stream, through a buffer of the caller's of at least 64 bytes. */
struct wd_json_out wd_json_to_stream(FILE *stream, char *buffer, size_t size);

/** Ends writing into a stream: hands it what is still in the buffer. @return 0, or -1 if the stream failed */
int wd_json_end_stream(struct wd_json_out *out);

/** Puts bytes as they are. */
void wd_json_put(struct wd_json_out *out, const char *bytes, size_t length);

/** Puts a string constant as it is. */
#define WD_JSON_PUT(out, constant) wd_json_put((out), "" constant, sizeof(constant) - 1)

/** Puts the inside of a JSON string: escapes what must be, writes U+FFFD where the bytes are not UTF-8. */
void wd_json_put_escaped(struct wd_json_out *out, const char *bytes, size_t length);

/** Puts a terminated string with its quotation marks. */
void wd_json_put_string(struct wd_json_out *out, const char *string);

/** Puts a 64-bit value as the format writes it, "0x1f" with its quotation marks; at least `digits` (1 to 16) digits. */
void wd_json_put_hex(struct wd_json_out *out, uint64_t value, unsigned digits);

/** Puts a whole number. */
void wd_json_put_integer(struct wd_json_out *out, int64_t value);

#endif
