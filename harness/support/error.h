/* SPDX-License-Identifier: MIT */
/* Errors as values: a message for the user that whoever notices writes and whoever stands at the command line shows. */
#ifndef WALKDIFF_ERROR_H
#define WALKDIFF_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

struct wd_error {
    char text[2048];   /**< without a newline at its end; cut if it is longer */
    bool cannot_build; /**< a walker that is built from somebody's sources cannot be: nothing is wrong with the command
                        */
};

/** Writes the message. @return false, always, for `return wd_error_set(…)` */
__attribute__((format(printf, 2, 3))) static inline bool wd_error_set(struct wd_error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    error->cannot_build = false;
    return false;
}

#endif
