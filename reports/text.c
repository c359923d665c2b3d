/* SPDX-License-Identifier: MIT */
/* Text in columns. */
#include "reports/text.h"

#include <stdarg.h>
#include <string.h>

void wd_words_add(struct wd_words *words, const char *format, ...)
{
    size_t room = sizeof(words->text) - words->used;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(words->text + words->used, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        words->used += (size_t)length < room ? (size_t)length : room - 1;
}

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
    if (!*words) {
        fputc('\n', out);
        return;
    }
    if (column + 1 > hang)
        column += (unsigned)fprintf(out, " ");
    else
        column += (unsigned)fprintf(out, "%*s", (int)(hang - column), "");
    wd_print_wrapped(out, column, hang, words);
}
