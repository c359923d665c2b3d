/* SPDX-License-Identifier: MIT */
/* Text in columns: wrapped lines with a hanging indent. */
#ifndef REPORTS_TEXT_H
#define REPORTS_TEXT_H

#include <stdio.h>

enum { WD_TEXT_COLUMNS = 100 };

/**
 * Prints words, wrapped at WD_TEXT_COLUMNS; lines after the first begin at column `hang`.
 * @param column  where the first word begins; the cursor is there
 */
void wd_print_wrapped(FILE *out, unsigned column, unsigned hang, const char *words);

/** Begins a line with `indent` spaces and a label, padded to column `hang`, and prints words behind it, wrapped. */
void wd_print_item(FILE *out, unsigned indent, const char *label, unsigned hang, const char *words);

#endif
