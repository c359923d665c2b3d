/* SPDX-License-Identifier: MIT */
/*
 * The stub that asks a CPU: A64 code that takes a batch of requests, and for each loads the system registers, executes
 * the AT and stores PAR_EL1. It runs at EL3 with the MMU off: every regime that an AT walks is another one, so whatever
 * the tables hold, the stub goes on.
 *
 * The image is a function of struct wd_agent_config alone. What differs from engine to engine stays outside: how EL3 is
 * entered, and the doorbell, the code with which the stub says that a batch is done and waits for the next one.
 *
 *     identify:  stores the ID registers that a case can have, in the order of enum wd_register, as responses
 *                goes to the doorbell
 *     doorbell:  the engine's own code; falls through
 *     batch:     reads the batch header, then for each request:
 *                    loads its registers and PSTATE.PAN, executes its AT, stores PAR_EL1 as its response,
 *                    stores the number of requests still to do, 32 bits, at `progress`
 *                goes to the doorbell
 */
#ifndef WALKDIFF_AGENT_H
#define WALKDIFF_AGENT_H

#include "harness/a64/a64.h"

enum {
    WD_AGENT_IMAGE_WORDS_MAX = 256,
    WD_AGENT_REGISTERS_MAX = 23, /**< a stub has no more general-purpose registers to load them from */
    WD_AGENT_REQUEST_FIXED_WORDS = 3,
};

/** What stands at `requests`, before the first request. */
struct wd_agent_batch {
    uint64_t count; /**< requests that follow, at least 1 */
    uint64_t reserved;
};

/**
 * A request; the words of all requests stand one behind the other, `request_words` each (an even number, so the last
 * may be unused). `registers[i]` is what the i-th register of the configuration gets.
 */
struct wd_agent_request {
    uint64_t at;  /**< wd_agent_image.at[operation] */
    uint64_t pan; /**< as MSR PAN takes it, see wd_agent_pan() */
    uint64_t va;
    uint64_t registers[];
};

/** Emits the doorbell. It may use every register, the stub keeps nothing over it. */
typedef void wd_agent_doorbell(struct wd_a64_code *code);

struct wd_agent_config {
    uint64_t base;                     /**< where the image runs, a multiple of 4 */
    uint64_t requests;                 /**< where struct wd_agent_batch stands, a multiple of 8 */
    uint64_t responses;                /**< where the responses go, 8 bytes each */
    uint64_t progress;                 /**< where the count of requests still to do goes */
    const enum wd_register *registers; /**< what requests set: registers that this CPU has */
    size_t register_count;             /**< at most WD_AGENT_REGISTERS_MAX */
    bool has_pan;                      /**< whether the CPU has PSTATE.PAN */
    wd_agent_doorbell *doorbell;
};

struct wd_agent_image {
    uint32_t words[WD_AGENT_IMAGE_WORDS_MAX];
    size_t word_count;
    size_t request_words;               /**< 64-bit words of a request */
    uint64_t identify, doorbell, batch; /**< addresses of the parts */
    uint64_t at[WD_OPERATION_COUNT];    /**< addresses, for requests */
};

/**
 * Builds the stub.
 * @param image  receives the code and where its parts are
 * @return false if the doorbell makes the image larger than WD_AGENT_IMAGE_WORDS_MAX
 */
bool wd_agent_build(const struct wd_agent_config *config, struct wd_agent_image *image);

/** PSTATE.PAN as the operand of MSR PAN, <Xt>: bit 22. */
static inline uint64_t wd_agent_pan(bool pan)
{
    return wd_with_bits(0, 22, 22, pan);
}

/** The i-th ID register that `identify` stores; WD_REGISTER_COUNT past the last. */
enum wd_register wd_agent_id_register(size_t i);

#endif
