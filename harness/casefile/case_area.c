/* SPDX-License-Identifier: MIT */
#include "harness/casefile/case_area.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { CACHE_LINE = 64 };

struct wd_case_area {
    size_t size; /* of the whole mapping */
    struct wd_slot slots[WD_SLOTS];
};

static size_t round_up(size_t size)
{
    return (size + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
}

struct wd_case_area *wd_case_area_new(size_t slot_size, struct wd_error *error)
{
    size_t head = round_up(sizeof(struct wd_case_area));
    size_t size = head + WD_SLOTS * round_up(slot_size);
    struct wd_case_area *area =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (area == MAP_FAILED) {
        wd_error_set(error, "cannot map %zu MiB of shared memory for cases: %s", size >> 20, strerror(errno));
        return NULL;
    }
    area->size = size;
    for (size_t i = 0; i < WD_SLOTS; i++) {
        area->slots[i].memory = (unsigned char *)area + head + i * round_up(slot_size);
        area->slots[i].size = round_up(slot_size);
    }
    return area;
}

void wd_case_area_free(struct wd_case_area *area)
{
    if (area)
        munmap(area, area->size);
}

bool wd_case_area_protect(struct wd_case_area *area)
{
    return mprotect(area, area->size, PROT_READ) == 0;
}

struct wd_slot *wd_case_area_slot(struct wd_case_area *area, uint64_t batch)
{
    return &area->slots[batch % WD_SLOTS];
}

void wd_slot_clear(struct wd_slot *slot)
{
    slot->count = 0;
    slot->used = 0;
}

/* Room for `size` bytes, or NULL. */
static void *room(struct wd_slot *slot, size_t size)
{
    return slot->count < WD_BATCH_MAX && size <= slot->size - slot->used ? slot->memory + slot->used : NULL;
}

/* Copies an array that may be empty, and then NULL. @return the copy */
static void *copy_array(void *to, const void *from, size_t size)
{
    return size ? memcpy(to, from, size) : to;
}

static void keep(struct wd_slot *slot, const struct wd_case *c, size_t size)
{
    slot->cases[slot->count++] = c;
    slot->used += round_up(size);
}

struct wd_case_buffer *wd_slot_next(struct wd_slot *slot)
{
    return room(slot, sizeof(struct wd_case_buffer));
}

void wd_slot_keep(struct wd_slot *slot)
{
    const struct wd_case_buffer *buffer = room(slot, sizeof(*buffer));

    /* Only what the case uses of its buffer stays: small cases that lie close together are quick to read. */
    keep(slot, &buffer->c, offsetof(struct wd_case_buffer, mem) + buffer->c.mem_count * sizeof(buffer->mem[0]));
}

bool wd_slot_add(struct wd_slot *slot, const struct wd_case *c)
{
    size_t ram_size = c->ram_count * sizeof(*c->ram), mem_size = c->mem_count * sizeof(*c->mem);
    size_t size = sizeof(*c) + ram_size + mem_size;
    struct wd_case *copy = room(slot, size);
    unsigned char *arrays = (unsigned char *)(copy + 1);

    if (!copy)
        return false;
    *copy = *c;
    copy->ram = copy_array(arrays, c->ram, ram_size);
    copy->mem = copy_array(arrays + ram_size, c->mem, mem_size);
    keep(slot, copy, size);
    return true;
}
