/* SPDX-License-Identifier: MIT */
/* Messages from the processes of a run to the one that coordinates them: over a pipe, between equal programs. */
#ifndef WALKDIFF_WIRE_H
#define WALKDIFF_WIRE_H

#include <stdint.h>

#include "harness/support/memory.h"

enum wd_message_kind {
    WD_MESSAGE_TALLY,     /**< struct wd_tally: what was counted since the last one, after all else of these cases */
    WD_MESSAGE_BUCKET,    /**< what a bucket gained */
    WD_MESSAGE_PROOF,     /**< a proof of a choice */
    WD_MESSAGE_REACHED,   /**< struct wd_reached */
    WD_MESSAGE_CANDIDATE, /**< a case that may have reached something new: a guided run */
    WD_MESSAGE_PART,      /**< of which run and of which cases the messages after it tell */
    WD_MESSAGE_INCIDENT,  /**< a walker's death */
    WD_MESSAGE_ERROR,     /**< the process cannot go on: text */
    WD_MESSAGE_DONE,      /**< the process has done all that it was to do */
};

/** A message that is being put together, and those before it that were not sent yet. {0} is empty. */
struct wd_wire_out {
    struct wd_memory memory;
    size_t end, begin; /**< bytes; where the message that is being put together begins */
};

void wd_wire_begin(struct wd_wire_out *out, enum wd_message_kind kind);
void wd_wire_put(struct wd_wire_out *out, const void *bytes, size_t size);
void wd_wire_put_u64(struct wd_wire_out *out, uint64_t value);

/** A terminated string. */
void wd_wire_put_text(struct wd_wire_out *out, const char *text);

void wd_wire_end(struct wd_wire_out *out);

/** Sends all messages. @return false with errno */
bool wd_wire_send(struct wd_wire_out *out, int fd);

/** What has arrived. {0} is empty. */
struct wd_wire_in {
    struct wd_memory memory;
    size_t begin, end;
};

/** Reads once what is there. @return bytes read, 0 at the end of file, -1 with errno */
long wd_wire_receive(struct wd_wire_in *in, int fd);

/** A message that has arrived, for reading from its begin to its end. */
struct wd_message {
    enum wd_message_kind kind;
    const unsigned char *at, *end;
};

/** Takes the next message, if it has arrived whole; it lives until the next wd_wire_receive(). */
bool wd_wire_next(struct wd_wire_in *in, struct wd_message *message);

void wd_wire_get(struct wd_message *message, void *bytes, size_t size);
uint64_t wd_wire_get_u64(struct wd_message *message);

/** A string; it lives as long as the message. */
const char *wd_wire_get_text(struct wd_message *message);

#endif
