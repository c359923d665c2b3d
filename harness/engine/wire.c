/* SPDX-License-Identifier: MIT */
#include "harness/engine/wire.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "harness/support/allocate.h"

enum { READ_SIZE = 1 << 16 };

struct header {
    uint32_t kind, size; /* of what follows */
};

static void reserve(struct wd_memory *memory, size_t size)
{
    wd_allocated(wd_memory_reserve(memory, size) ? memory->data : NULL);
}

void wd_wire_put(struct wd_wire_out *out, const void *bytes, size_t size)
{
    reserve(&out->memory, out->end + size);
    memcpy((char *)out->memory.data + out->end, bytes, size);
    out->end += size;
}

void wd_wire_begin(struct wd_wire_out *out, enum wd_message_kind kind)
{
    const struct header header = {.kind = kind};

    out->begin = out->end;
    wd_wire_put(out, &header, sizeof(header));
}

void wd_wire_put_u64(struct wd_wire_out *out, uint64_t value)
{
    wd_wire_put(out, &value, sizeof(value));
}

void wd_wire_put_text(struct wd_wire_out *out, const char *text)
{
    wd_wire_put(out, text, strlen(text) + 1);
}

void wd_wire_end(struct wd_wire_out *out)
{
    uint32_t size = (uint32_t)(out->end - out->begin - sizeof(struct header));

    memcpy((char *)out->memory.data + out->begin + offsetof(struct header, size), &size, sizeof(size));
}

bool wd_wire_send(struct wd_wire_out *out, int fd)
{
    size_t sent = 0;

    while (sent < out->end) {
        ssize_t length = write(fd, (char *)out->memory.data + sent, out->end - sent);

        if (length < 0 && errno != EINTR)
            return false;
        sent += length > 0 ? (size_t)length : 0;
    }
    out->end = 0;
    return true;
}

long wd_wire_receive(struct wd_wire_in *in, int fd)
{
    ssize_t length;

    if (in->begin) {
        memmove(in->memory.data, (char *)in->memory.data + in->begin, in->end - in->begin);
        in->end -= in->begin;
        in->begin = 0;
    }
    reserve(&in->memory, in->end + READ_SIZE);
    do
        length = read(fd, (char *)in->memory.data + in->end, in->memory.size - in->end);
    while (length < 0 && errno == EINTR);
    in->end += length > 0 ? (size_t)length : 0;
    return length;
}

bool wd_wire_next(struct wd_wire_in *in, struct wd_message *message)
{
    const unsigned char *at = (const unsigned char *)in->memory.data + in->begin;
    size_t there = in->end - in->begin;
    struct header header;

    if (there < sizeof(header))
        return false;
    memcpy(&header, at, sizeof(header));
    if (there - sizeof(header) < header.size)
        return false;
    message->kind = header.kind;
    message->at = at + sizeof(header);
    message->end = message->at + header.size;
    in->begin += sizeof(header) + header.size;
    return true;
}

void wd_wire_get(struct wd_message *message, void *bytes, size_t size)
{
    assert((size_t)(message->end - message->at) >= size);
    memcpy(bytes, message->at, size);
    message->at += size;
}

uint64_t wd_wire_get_u64(struct wd_message *message)
{
    uint64_t value;

    wd_wire_get(message, &value, sizeof(value));
    return value;
}

const char *wd_wire_get_text(struct wd_message *message)
{
    const char *text = (const char *)message->at;

    message->at += strnlen(text, (size_t)(message->end - message->at)) + 1;
    assert(message->at <= message->end);
    return text;
}
