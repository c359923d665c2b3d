/* SPDX-License-Identifier: MIT */
/* What a fuzzing run is to do. Made once, before any process of the run starts, and read by all of them. */
#ifndef WALKDIFF_FUZZ_PLAN_H
#define WALKDIFF_FUZZ_PLAN_H

#include "harness/judge/assess.h"
#include "harness/host/walker_spec.h"

enum {
    WD_WALKERS_MAX = 8,
    WD_PROFILES_MAX = WD_FACET_VALUES,
    WD_IMPLEMENTATIONS_MAX = 1024,
    WD_ID_REGISTERS_MAX = 16,
    WD_WAIVERS_MAX = 512,
};

/** A walker of the run: the one under test, or a reference. */
struct wd_contestant {
    struct wd_walker_spec spec;
    char version[128];
    struct wd_answerer answerer;
    uint32_t learned_from; /**< so many of the seed's first cases, see learn.h */
};

/**
 * Implementations that the run can tell apart: the values of the ID registers in its first cases, one number for each.
 * What is IMPLEMENTATION DEFINED must be the same in each of them, not across them. A profile in which no two cases are
 * of one implementation fills the table with such that never come again; it has nothing to be inconsistent about.
 */
struct wd_implementations {
    uint8_t registers[WD_ID_REGISTERS_MAX]; /**< enum wd_register of the ID registers */
    size_t register_count;
    uint64_t values[WD_IMPLEMENTATIONS_MAX][WD_ID_REGISTERS_MAX];
    uint16_t table[4 * WD_IMPLEMENTATIONS_MAX]; /**< hash table of numbers + 1 */
    size_t count;
};

struct wd_guide;
struct wd_stored;

struct wd_fuzz_plan {
    struct wd_contestant walkers[WD_WALKERS_MAX]; /**< [0] is under test */
    size_t walker_count;
    const struct wd_profile *profiles[WD_PROFILES_MAX];
    const char *profile_names[WD_PROFILES_MAX];
    size_t profile_count;
    const struct wd_waivers *waivers;
    uint64_t seed;
    uint64_t begin;     /**< index of the first case */
    uint64_t cases;     /**< so many from there; UINT64_MAX: no limit */
    double seconds;     /**< 0: no limit */
    double timeout;     /**< seconds that a walker may take for an answer */
    bool against;       /**< walker 1 is the same walker before a change: where the two differ is what is found */
    bool acknowledged;  /**< no process goes on far beyond what somebody has told to have taken over */
    bool until_finding; /**< the run ends with the batch in which something is found */
    unsigned jobs;
    struct wd_guide *guide;   /**< of a guided run; NULL: it is not */
    struct wd_stored *stored; /**< the run begins with these; NULL: with the seed's */
    struct wd_implementations implementations;
};

/**
 * Makes case `index` of the run: a function of the plan's seed and profiles and of the index alone.
 * @return the number of its profile
 */
unsigned wd_plan_make_case(const struct wd_fuzz_plan *plan, uint64_t index, struct wd_case_buffer *buffer);

/** Fills the plan's table of implementations; seed and profiles must stand. */
void wd_plan_find_implementations(struct wd_fuzz_plan *plan);

/** The number of a case's implementation, or -1 if it is not in the table. */
int wd_plan_implementation_of(const struct wd_fuzz_plan *plan, const struct wd_case *c);

#endif
