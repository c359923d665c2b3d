/* SPDX-License-Identifier: MIT */
/* Text in columns: wrapped lines with a hanging indent. */
#ifndef REPORTS_TEXT_H
#define REPORTS_TEXT_H

#include <stdio.h>

enum { WD_TEXT_COLUMNS = 100, WD_WORDS_MAX = 1200 };

/** A text that is put together piece by piece. {0} is empty. */
struct wd_words {
    char text[WD_WORDS_MAX];
    size_t used;
};

/** Adds a piece. What does not fit is cut off. */
__attribute__((format(printf, 2, 3))) void wd_words_add(struct wd_words *words, const char *format, ...);

/**
 * Prints words, wrapped at WD_TEXT_COLUMNS; lines after the first begin at column `hang`.
 * @param column  where the first word begins; the cursor is there
 */
void wd_print_wrapped(FILE *out, unsigned column, unsigned hang, const char *words);

/** Prints a line with `indent` spaces and a label, and words behind it from column `hang`, wrapped. */
void wd_print_item(FILE *out, unsigned indent, const char *label, unsigned hang, const char *words);

#endif
