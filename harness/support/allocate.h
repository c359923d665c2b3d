/* SPDX-License-Identifier: MIT */
/* Memory for programs that cannot do anything without it. Not for the library of case files, which says that it failed.
 */
#ifndef WALKDIFF_ALLOCATE_H
#define WALKDIFF_ALLOCATE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Ends the program, in the way of wrong use, if there is no memory. @return `memory` */
static inline void *wd_allocated(void *memory)
{
    if (memory)
        return memory;
    fputs("walkdiff: out of memory\n", stderr);
    exit(2);
}

/** Memory for `count` elements, all zero. */
static inline void *wd_allocate(size_t count, size_t size)
{
    return wd_allocated(calloc(count, size));
}

/** A copy of `length` bytes, terminated. */
static inline char *wd_copy_text(const char *text, size_t length)
{
    char *copy = wd_allocate(1, length + 1);

    memcpy(copy, text, length);
    return copy;
}

#endif
