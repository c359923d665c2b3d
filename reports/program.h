/* SPDX-License-Identifier: MIT */
/*
 * A case as a program of its own: a flat image that stands at address 0 of the machine `virt` of QEMU, where the CPU
 * comes out of reset at EL3. It is our stub with one context, a doorbell that begins with the case's only batch and at
 * its end prints the result through semihosting, as `walkdiff run` prints it, and exits.
 *
 *     0            the stub (harness/agent/agent.h)
 *     FACTS        what the doorbell must know of the case, and its strings
 *     BATCH        the batch: registers, words of memory, one query, and where it is to be found out at which stage an
 *                  external abort was, a second one, of stage 1 alone
 *
 * What it writes to is in secure memory (`secure=on`), which no walk for Non-secure state can reach: all of the
 * Non-secure physical address space is the case's.
 */
#ifndef WALKDIFF_PROGRAM_H
#define WALKDIFF_PROGRAM_H

#include "harness/agent/agent.h"
#include "harness/support/error.h"
#include "harness/walkers/qemu/map.h"

enum { WD_PROGRAM_ID_MAX = 4096 }; /**< bytes of the case's id, escaped */

/** What a part of the image holds. */
enum wd_program_kind {
    WD_PROGRAM_CODE,
    WD_PROGRAM_NUMBERS, /**< 64 bits each */
    WD_PROGRAM_TEXT,    /**< one string, terminated */
    WD_PROGRAM_REGISTERS,
    WD_PROGRAM_WORDS, /**< of memory: struct wd_agent_word */
};

struct wd_program_part {
    const char *label, *says;
    enum wd_program_kind kind;
    size_t offset, size; /**< bytes; what lies between two parts is 0 */
};

enum { WD_PROGRAM_PARTS_MAX = 24 };

struct wd_program {
    uint8_t *image;
    size_t size;
    struct wd_agent_image stub;
    struct wd_program_part parts[WD_PROGRAM_PARTS_MAX]; /**< by offset */
    size_t part_count;
    enum wd_register registers[WD_REGISTER_COUNT]; /**< those of the part WD_PROGRAM_REGISTERS, in its order */
    size_t register_count;
    uint64_t regs[WD_REGISTER_COUNT]; /**< what is loaded: a case's registers as a CPU is to be told them */
};

/**
 * Makes the program of a case. It asks for a CPU that has the features of the case and those registers that come with
 * them; a larger physical address size and more granules do no harm.
 * @param id  of the case, for what it prints
 * @param clear  memory that does not come out of reset as 0: the program clears it first
 * @return false: `error` says why the case can be no program
 */
bool wd_program_make(struct wd_program *program, const struct wd_case *c, const char *id,
                     const struct wd_physical_range *clear, struct wd_error *error);

/** Gives back the image. A program of all zeroes is none. */
void wd_program_free(struct wd_program *program);

#endif
