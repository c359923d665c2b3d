/* SPDX-License-Identifier: MIT */
/* Memory that is kept and grows when more is needed: a loop that reuses it does not allocate in the long run. */
#ifndef WALKDIFF_MEMORY_H
#define WALKDIFF_MEMORY_H

#include <stdbool.h>
#include <stdlib.h>

/** A block that grows. {0} is an empty one; free(data) ends it. */
struct wd_memory {
    void *data;
    size_t size; /**< bytes */
};

/** Makes a block at least `size` bytes long; what is in it stays. @return false when out of memory */
static inline bool wd_memory_reserve(struct wd_memory *memory, size_t size)
{
    size_t wanted = memory->size + memory->size / 2;
    void *data;

    if (size <= memory->size)
        return true;
    if (wanted < size)
        wanted = size;
    data = realloc(memory->data, wanted);
    if (!data)
        return false;
    memory->data = data;
    memory->size = wanted;
    return true;
}

#endif
