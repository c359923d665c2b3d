/* SPDX-License-Identifier: MIT */
/*
 * Memory that holds batches of cases and that walkers' processes share: the cases are made in it, in place, and a
 * walker reads them there. It has a few slots, so that a batch can be made while walkers work on those before it. Batch
 * number n lies in slot n % WD_SLOTS.
 */
#ifndef WALKDIFF_CASE_AREA_H
#define WALKDIFF_CASE_AREA_H

#include "generators/generate.h"
#include "harness/support/error.h"

enum { WD_SLOTS = 3, WD_BATCH_MAX = 1024 };

/** A batch of cases. Everything that the pointers lead to lies in the slot's own memory. */
struct wd_slot {
    uint32_t count;
    const struct wd_case *cases[WD_BATCH_MAX];
    unsigned char *memory;
    size_t used, size; /**< bytes of `memory` */
};

struct wd_case_area;

/**
 * Makes an area of shared memory; pages are taken from the machine only as they are used.
 * @param slot_size  bytes for the cases of one batch
 */
struct wd_case_area *wd_case_area_new(size_t slot_size, struct wd_error *error);

void wd_case_area_free(struct wd_case_area *area);

/**
 * Makes the area read-only for this process: a walker that writes to a case dies of it and harms nobody else.
 * @return false with errno
 */
bool wd_case_area_protect(struct wd_case_area *area);

/** The slot of a batch. */
struct wd_slot *wd_case_area_slot(struct wd_case_area *area, uint64_t batch);

void wd_slot_clear(struct wd_slot *slot);

/** A place for the next case to be made in, or NULL if the slot is full. It counts only after wd_slot_keep(). */
struct wd_case_buffer *wd_slot_next(struct wd_slot *slot);

/** Keeps the case that was made at wd_slot_next(), linked to its own arrays. */
void wd_slot_keep(struct wd_slot *slot);

/** Copies a case, however large, into the slot. @return false if it does not fit into what is left */
bool wd_slot_add(struct wd_slot *slot, const struct wd_case *c);

#endif
