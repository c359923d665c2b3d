/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A libunicorn that runs our stub: the engine, its memory, and the way to EL3.
 *
 * The CPU is brought to EL3 and stays there, running our stub with the MMU off. Nearly all of physical memory is one
 * MMIO region, so that each read of a descriptor comes to whoever asks: tables can stand anywhere. What stands out are
 * the WD_UNICORN_STUB_SIZE bytes in which the stub lives.
 */
#ifndef WALKDIFF_UNICORN_MACHINE_H
#define WALKDIFF_UNICORN_MACHINE_H

#include <unicorn/unicorn.h>

#include "harness/agent/agent.h"
#include "harness/agent/cpu.h"
#include "harness/support/error.h"

/* Where the stub is: within Unicorn's 44 bits of physical address and away from every power of two. */
#define WD_UNICORN_STUB_BASE UINT64_C(0x0b6d7a510000)
enum {
    WD_UNICORN_STUB_SIZE = 0x10000,
    WD_UNICORN_BATCH = 256, /* cases, each with a context of its own, for which there is room */
};

/** What a batch asks for while it runs. */
struct wd_unicorn_hooks {
    /** The 64-bit word of memory at an address, which is a multiple of 8. */
    uint64_t (*read)(void *context, uint64_t pa);
    /** The stub has answered the next query of the batch. */
    void (*answered)(void *context);
    void *context;
};

/* Physical memory from `base` on. */
struct wd_unicorn_memory {
    struct wd_unicorn *machine;
    uint64_t base;
};

struct wd_unicorn {
    uc_engine *engine;
    uint8_t *stub;
    struct wd_agent_image image;
    struct wd_unicorn_hooks hooks;
    struct wd_unicorn_memory below, above; /* the stub */
    uint64_t read_pa, read_value;          /* of the word that was read last in the query in hand */
};

/**
 * The i-th register that a context sets; WD_REGISTER_COUNT past the last. Those that Unicorn has and an AT depends on.
 */
enum wd_register wd_unicorn_register(size_t i);

/** @param machine  must stay where it is until it is stopped  @return false: `error` says why */
bool wd_unicorn_start(struct wd_unicorn *machine, const struct wd_unicorn_hooks *hooks, struct wd_error *error);

/** What the CPU is, behind a start: what it says of itself, and what it does not. @param cpu  all zeroes */
void wd_unicorn_learn(const struct wd_unicorn *machine, struct wd_cpu *cpu);

/** HCR_EL2 as Unicorn is told it: without what an AT does not depend on and the emulation would choke on. */
static inline uint64_t wd_unicorn_hcr(uint64_t hcr)
{
    hcr = WD_WITH(hcr, HCR_EL2, VF, 0);
    hcr = WD_WITH(hcr, HCR_EL2, VI, 0);
    return WD_WITH(hcr, HCR_EL2, VSE, 0);
}

/** Where struct wd_agent_batch and what belongs to it are written. */
struct wd_agent_batch *wd_unicorn_requests(struct wd_unicorn *machine);

/** PAR_EL1 of each query that was answered. */
const uint64_t *wd_unicorn_responses(const struct wd_unicorn *machine);

/**
 * Sets the registers for a context of the batch ahead of the stub, which costs less than to have the stub do it: before
 * the batch is run for its first context, and while it runs, when a query was answered, for the next one. The stub then
 * finds that they hold what they shall and leaves them alone.
 * @param i  the context; each of the batch has one query
 */
void wd_unicorn_preload(struct wd_unicorn *machine, size_t i);

/** Has the stub do what stands in the requests. */
uc_err wd_unicorn_run(struct wd_unicorn *machine);

/** Gives back all that the machine has. A machine of all zeroes is none. */
void wd_unicorn_stop(struct wd_unicorn *machine);

#endif
