/* SPDX-License-Identifier: MIT */
/*
 * The stub that asks a CPU: A64 code that takes a batch of contexts, and for each loads the system registers, writes
 * the words of memory, executes ATs and stores what they answered. It runs at EL3 with the MMU off: every regime that
 * an AT walks is another one, so whatever the tables hold, the stub goes on.
 *
 * The image is a function of struct wd_agent_config alone. What differs from engine to engine stays outside: how EL3 is
 * entered (for one that starts there, see el3_entry), and the doorbell, the code with which the stub says that a batch
 * is done and waits for the next one.
 *
 *     entry:     with el3_entry: sets EL3 up and goes on with identify
 *     identify:  stores the ID registers that a case can have, in the order of wd_agent_id_register(), 64 bits each, as
 *                responses, and goes to the doorbell
 *     doorbell:  the engine's own code; falls through
 *     batch:     for each context: loads its registers and writes its words, invalidates what a TLB may hold of stage
 * 2; then for each of its queries: loads PSTATE.PAN, executes the AT, stores the response, puts back the words that the
 * walk changed, stores the number of queries answered so far, 32 bits, at `progress`; behind the last query the words
 * are 0 again. goes to the doorbell vectors:   with el3_entry: an exception is noted in the response in hand and its
 * instruction left out
 */
#ifndef WALKDIFF_AGENT_H
#define WALKDIFF_AGENT_H

#include "harness/a64/a64.h"

enum {
    WD_AGENT_IMAGE_WORDS_MAX = 2048,
    WD_AGENT_VECTORS = 0x1000, /**< offset of the vector table in an image that has one, a multiple of 2 KiB */
};

/** What stands at `requests`, before the first context. */
struct wd_agent_batch {
    uint64_t contexts; /**< at least 1 */
    uint64_t reserved;
};

/**
 * A context: this, `register_count` registers, one more word if that makes them even; its words of memory; its queries.
 * `registers[i]` is what the i-th register of the configuration gets.
 */
struct wd_agent_context {
    uint64_t queries; /**< at least 1 */
    uint64_t words;   /**< 0 without with_memory */
    uint64_t registers[];
};

/** A word of memory of a context, or one that a walk changed. */
struct wd_agent_word {
    uint64_t pa, value;
};

struct wd_agent_query {
    uint64_t at;  /**< wd_agent_image.at[operation] */
    uint64_t pan; /**< as MSR PAN takes it, see wd_agent_pan() */
    uint64_t va;
    uint64_t reserved;
};

/**
 * A response, as far as the configuration asks for it: `par` always; `esr` to `elr` with el3_entry; `changes` and as
 * many struct wd_agent_word with with_memory. All behind each other, without gaps.
 */
struct wd_agent_response {
    uint64_t par;
    uint64_t esr; /**< of the last exception since the query before; 0: there was none, and PAR_EL1 is the answer */
    uint64_t far, elr;
    uint64_t changes; /**< words that the walk changed, with the new values */
};

/** Emits the doorbell. It may use every register, the stub keeps nothing over it. */
typedef void wd_agent_doorbell(struct wd_a64_code *code);

struct wd_agent_config {
    uint64_t base;                     /**< where the image runs, a multiple of 4; with el3_entry of 2 KiB */
    uint64_t requests;                 /**< where struct wd_agent_batch stands, a multiple of 8 */
    uint64_t responses;                /**< where the responses go */
    uint64_t progress;                 /**< where the count of queries answered goes */
    const enum wd_register *registers; /**< what contexts set: registers that this CPU has */
    size_t register_count;
    bool has_pan;         /**< whether the CPU has PSTATE.PAN */
    bool el3_entry;       /**< the engine starts the image at its first word, at EL3, as a reset does */
    bool with_memory;     /**< contexts bring words of memory; otherwise the engine answers reads by itself */
    bool tlb_maintenance; /**< the CPU keeps translations of stage 2 */
    wd_agent_doorbell *doorbell;
};

struct wd_agent_image {
    uint32_t words[WD_AGENT_IMAGE_WORDS_MAX];
    size_t word_count;
    size_t context_words;                      /**< 64-bit words of a context up to its words of memory */
    size_t response_words;                     /**< of a response up to the words that changed */
    uint64_t entry, identify, doorbell, batch; /**< addresses of the parts */
    uint64_t at[WD_OPERATION_COUNT];           /**< addresses, for queries */
};

/**
 * Builds the stub.
 * @param image  receives the code and where its parts are
 * @return false if the doorbell makes the image too large
 */
bool wd_agent_build(const struct wd_agent_config *config, struct wd_agent_image *image);

/** PSTATE.PAN as the operand of MSR PAN, <Xt>: bit 22. */
static inline uint64_t wd_agent_pan(bool pan)
{
    return wd_with_bits(0, 22, 22, pan);
}

/** The i-th ID register that `identify` stores; WD_REGISTER_COUNT past the last. */
enum wd_register wd_agent_id_register(size_t i);

/**
 * Emits what a CPU needs that comes out of reset at EL3: SCR_EL3 for Non-secure AArch64 lower Exception levels that may
 * use every extension, and the vector base.
 * @param vectors  a multiple of 2 KiB
 */
void wd_agent_emit_el3_set_up(struct wd_a64_code *code, uint64_t vectors);

#endif
