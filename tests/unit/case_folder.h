/* SPDX-License-Identifier: MIT */
/* Every case of a folder of stored cases, for tests. */
#ifndef TESTS_UNIT_CASE_FOLDER_H
#define TESTS_UNIT_CASE_FOLDER_H

#include "harness/casefile/case_file.h"

/** Told a case; it is valid until the call returns. */
typedef void look_at_case(void *context, const struct wd_case_entry *entry);

/**
 * Shows every case in the files below a folder, sorted by path, packed or not. A file that cannot be read to its end
 * fails the test.
 * @return how many there were
 */
unsigned for_every_case_below(const char *folder, look_at_case *look, void *context);

#endif
