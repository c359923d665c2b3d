/* SPDX-License-Identifier: MIT */
/* Text in columns. */
#include "reports/text.h"

#include <string.h>

void wd_print_wrapped(FILE *out, unsigned column, unsigned hang, const char *words)
{
    unsigned start = column;

    while (*words) {
        size_t length = strcspn(words, " ");

        if (column > start && column + 1 + length > WD_TEXT_COLUMNS) {
            fprintf(out, "\n%*s", (int)hang, "");
            column = start = hang;
        } else if (column > start) {
            fputc(' ', out);
            column++;
        }
        fwrite(words, 1, length, out);
        column += (unsigned)length;
        words += length;
        words += strspn(words, " ");
    }
    fputc('\n', out);
}

void wd_print_item(FILE *out, unsigned indent, const char *label, unsigned hang, const char *words)
{
    unsigned column = indent + (unsigned)strlen(label);

    fprintf(out, "%*s%s", (int)indent, "", label);
    if (column + 1 > hang)
        column += (unsigned)fprintf(out, " ");
    else
        column += (unsigned)fprintf(out, "%*s", (int)(hang - column), "");
    wd_print_wrapped(out, column, hang, words);
}
