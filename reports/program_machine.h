/* SPDX-License-Identifier: MIT */
/* The QEMU machine that a case's program runs on: with the case's memory and, as far as a walk goes, no other. */
#ifndef REPORTS_PROGRAM_MACHINE_H
#define REPORTS_PROGRAM_MACHINE_H

#include <stdio.h>

#include "harness/support/error.h"
#include "harness/walkers/qemu/map.h"

struct wd_program_machine {
    struct wd_physical_map map;     /**< main memory, which begins at 1 GiB, then modules */
    struct wd_physical_range clear; /**< where QEMU leaves a device tree */
};

/**
 * Lays out the machine's memory.
 * @return false: the walk could read what the machine cannot have as the case has it; `error` says what
 */
bool wd_program_machine_make(struct wd_program_machine *machine, const struct wd_case *c, struct wd_error *error);

/**
 * Prints the command that runs a program.
 * @param before  begins each line but the first, "" for a single line
 * @param image  the file's name
 */
void wd_program_machine_print(FILE *out, const struct wd_program_machine *machine, const char *before, const char *cpu,
                              const char *image);

#endif
