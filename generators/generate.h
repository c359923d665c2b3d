/* SPDX-License-Identifier: MIT */
/*
 * Cases from numbers: an unguided case is a function of its profile mix, the seed and its index, the same on every
 * machine and for every number of jobs.
 */
#ifndef WALKDIFF_GENERATE_H
#define WALKDIFF_GENERATE_H

#include "walkdiff/case.h"

enum { WD_BUFFER_RAM_MAX = 8, WD_BUFFER_MEM_MAX = 256 };

/** A case with the memory that its pointers lead to. wd_case_buffer_link() sets the pointers. */
struct wd_case_buffer {
    struct wd_case c;
    struct wd_ram ram[WD_BUFFER_RAM_MAX];
    struct wd_word mem[WD_BUFFER_MEM_MAX];
};

/** A named distribution of implementations (ID registers) and of what software does with them. */
struct wd_profile;

/** Finds a profile: "v80", "n1", "lva64", "v92", "v94pie", "v9xs", "all", "cpu:cortex-a53", …; NULL if there is none of
 * that name. */
const struct wd_profile *wd_profile_by_name(const char *name);

/** The i-th profile and its one-line description, for listings; NULL past the last. */
const char *wd_profile_name(size_t i, const char **description);

/** Profiles from which cases are drawn, each equally often. */
struct wd_profile_mix {
    const struct wd_profile *profiles[32];
    size_t count;
};

/**
 * Makes case `index` of `seed`. Deterministic; no allocation; two calls with equal arguments give equal bytes.
 * @param buffer  receives the case, linked
 */
void wd_generate(const struct wd_profile_mix *mix, uint64_t seed, uint64_t index, struct wd_case_buffer *buffer);

/** Complete enumerations of small spaces: "txsz", "leaf", "attributes", "indirect", "direct", … */
struct wd_enumeration;
const struct wd_enumeration *wd_enumeration_by_name(const char *name);
const char *wd_enumeration_name(size_t i, const char **description);
/** How many cases an enumeration has. */
uint64_t wd_enumeration_size(const struct wd_enumeration *enumeration);
/** Makes case `index` (below the size) of an enumeration. */
void wd_enumerate(const struct wd_enumeration *enumeration, uint64_t index, struct wd_case_buffer *buffer);

/** Points c.ram and c.mem at the buffer's own arrays; after a buffer was copied. */
static inline void wd_case_buffer_link(struct wd_case_buffer *buffer)
{
    buffer->c.ram = buffer->ram;
    buffer->c.mem = buffer->mem;
}

#endif
