/* SPDX-License-Identifier: MIT */
/*
 * Which of a walker's basic blocks ran. A library that is compiled with -fsanitize-coverage=trace-pc calls
 * __sanitizer_cov_trace_pc(), which the program defines, at the begin of each block. What ran is noted in a file that
 * all processes of all runs share and that no kill loses; which lines the blocks hold is for whoever made the file to
 * know.
 *
 * The file is a struct wd_coverage_head and then a byte for each address of the library: bit 0, set here, says that a
 * call with this return address was executed; bits 7:1 are the number of a block that is aimed at, 0 if it is not.
 */
#ifndef WALKDIFF_LINE_COVERAGE_H
#define WALKDIFF_LINE_COVERAGE_H

#include "harness/support/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WD_COVERAGE_MAGIC UINT64_C(0x3165676172766f43) /* "Covrage1", as the file holds it */

enum { WD_AIMED_BLOCKS = 128, WD_AIMED_WORDS = WD_AIMED_BLOCKS / 64 };

struct wd_coverage_head {
    uint64_t magic;
    uint64_t size; /**< addresses, from 0, as the library's file counts them */
};

/** Which of the blocks that are aimed at a case ran, a bit each. */
struct wd_aimed {
    uint64_t blocks[WD_AIMED_WORDS];
};

/**
 * Notes from now on what the library that `inside` lies in runs. There is one walker a process.
 * @param path  of the file
 * @return false: `error` says why not
 */
bool wd_coverage_open(const char *path, const void *inside, struct wd_error *error);

/**
 * From now on the blocks that are aimed at are noted by case.
 * @param aimed  for the cases of a batch
 * @param done  cases of it that the walker has answered: it counts up
 */
void wd_coverage_begin_batch(struct wd_aimed *aimed, const volatile uint32_t *done, uint32_t count);

/** What instrumented code calls. */
void __sanitizer_cov_trace_pc(void);

#endif
