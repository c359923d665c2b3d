/* SPDX-License-Identifier: MIT */
/* A case's program as assembly: what an assembler makes of it is the image, byte by byte. */
#ifndef REPORTS_PROGRAM_TEXT_H
#define REPORTS_PROGRAM_TEXT_H

#include "reports/program.h"

/**
 * Prints the program. Instructions are `.inst`, so that any AArch64 assembler takes those too that it does not know;
 * Capstone's disassembly stands behind them as a comment, where walkdiff was built with it.
 * @return false: out of memory, or Capstone failed
 */
bool wd_program_print(FILE *out, const struct wd_case *c, const struct wd_program *program);

#endif
