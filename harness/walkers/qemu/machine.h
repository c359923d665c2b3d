/* SPDX-License-Identifier: MIT */
/*
 * A QEMU that runs our stub: the process, the memory that we share with it, and the doorbell.
 *
 * The stub is a flat image in the machine's flash, where the CPU comes out of reset at EL3. Requests and responses are
 * in main memory, a file of ours that QEMU maps too. The doorbell is semihosting: the stub opens the ends of two pipes
 * that QEMU inherits, writes to one that it is done and sleeps in a read from the other. Whichever side dies, the
 * other reads the end of file.
 *
 * What dies is as a rule no QEMU but a copy of one (forks.h). Of what a start costs (55 ms: half of it is the dynamic
 * linker's, a quarter the memory modules') nothing is paid then.
 */
#ifndef WALKDIFF_QEMU_MACHINE_H
#define WALKDIFF_QEMU_MACHINE_H

#include "harness/agent/agent.h"
#include "harness/agent/cpu.h"
#include "harness/support/error.h"
#include "harness/walkers/qemu/map.h"

enum { WD_MODEL_NAME_MAX = 64, WD_QEMU_VERSION_MAX = 32, WD_HOW_MAX = 24, WD_LAST_LINE_MAX = 256 };

/** What the machine is asked to be. */
struct wd_machine_config {
    const char *binary;                /**< a path, or a name to be found in PATH */
    char cpu[WD_MODEL_NAME_MAX];       /**< as -cpu takes it */
    const enum wd_register *registers; /**< what contexts set */
    size_t register_count;
    bool has_pan;
    bool has_high_windows; /**< QEMU can be told to have no devices above main memory: since 8.0 */
    unsigned pa_bits;      /**< the CPU's physical address size; 0: not known, there is main memory alone */
};

struct wd_machine {
    struct wd_machine_config config;
    struct wd_agent_image image;
    struct wd_physical_map map;
    int memory_file, image_file, forks_file;
    int words_file;          /* what QEMU writes to its standard error */
    uint8_t *memory;         /* main memory, shared with it */
    uint8_t *exchange;       /* in main memory */
    int pid;                 /* 0: does not run */
    int given_end, done_end; /* the doorbell: ours to write to, to read from */
    unsigned depth;          /* how many wait behind the one that runs, each for the death of its copy */
    unsigned deaths;         /* of copies, since main memory was given back */
};

/** How a round ended. */
enum wd_round { WD_ROUND_DONE, WD_ROUND_DIED };

/** What became of a process. */
struct wd_death {
    bool killed;                  /**< a SIGKILL: somebody else's doing, no case's */
    char how[WD_HOW_MAX];         /**< "SIGABRT", "exit status 1" */
    char words[WD_LAST_LINE_MAX]; /**< the last line that it wrote, "" if none */
};

/**
 * Starts QEMU and waits until the stub has stored the ID registers.
 * @return false: `error` says why
 */
bool wd_machine_start(struct wd_machine *machine, const struct wd_machine_config *config, struct wd_error *error);

/** Has it go on after it died: as another copy, or from a new start. Main memory is all zeroes again. */
bool wd_machine_restart(struct wd_machine *machine, struct wd_error *error);

/** The ID registers, behind a start: as many 64-bit words as wd_agent_id_register() has registers. */
const uint64_t *wd_machine_id_registers(const struct wd_machine *machine);

/**
 * What the CPU is, behind a start, and what the machine must be to make use of it at the next one.
 * @param cpu  all zeroes; receives what the CPU says of itself, and what it does not
 * @param registers  receives what contexts set; `config` refers to it
 */
void wd_machine_learn(const struct wd_machine *machine, struct wd_cpu *cpu,
                      enum wd_register registers[WD_REGISTER_COUNT], struct wd_machine_config *config);

/** Where requests are written, and how many bytes there are. */
uint8_t *wd_machine_requests(struct wd_machine *machine, size_t *size);

/** Where responses are read, and how many bytes there are. */
const uint8_t *wd_machine_responses(const struct wd_machine *machine, size_t *size);

/** How many queries the stub has answered since the last round began. */
uint32_t wd_machine_answered(const struct wd_machine *machine);

/**
 * Has the stub do what stands in the requests. Behind a death the machine must be started again.
 * @param risky  it may well die of this. Then a copy that was made for this does it: the one that it was made of has
 * still all the memory that it works with, and costs less the next time than a new one.
 */
enum wd_round wd_machine_round(struct wd_machine *machine, bool risky, struct wd_death *death);

/** Ends the process and gives back all that the machine has. A machine of all zeroes is none. */
void wd_machine_stop(struct wd_machine *machine);

/** "10.0.2", from what `binary --version` says. @return false: `error` says what to do about it */
bool wd_qemu_version(const char *binary, char version[WD_QEMU_VERSION_MAX], struct wd_error *error);

#endif
