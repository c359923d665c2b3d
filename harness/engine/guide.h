/* SPDX-License-Identifier: MIT */
/*
 * Guidance: which cases lead where no case has been, and new cases out of them.
 *
 * A guided run comes in epochs. All its processes share one guide; while an epoch runs it does not change, and every
 * case is a function of seed, index and guide. At the end of the epoch the coordinator, in the order of the indices,
 * takes in each case that reached a cell of the coverage that no case before it did. So the number of processes and
 * their timing have no part in it.
 */
#ifndef WALKDIFF_GUIDE_H
#define WALKDIFF_GUIDE_H

#include <stdatomic.h>

#include "generators/generate.h"
#include "harness/engine/fuzz_plan.h"
#include "harness/host/line_coverage.h"

enum {
    WD_EPOCH_CASES = 8192,
    WD_GUIDE_ENTRIES_MAX = 8192,
    WD_RULE_PLACES = WD_RULE_COUNT * 2 * (WD_GRANULE_COUNT + 1), /**< rule × stage × granule */
    WD_PLACES = WD_RULE_PLACES + WD_AIMED_BLOCKS,                /**< and blocks of the walkers that are aimed at */
    WD_PLACE_ENTRIES = 16,                                       /**< entries that are remembered for each of them */
};

/** What a case reaches, as far as coverage counts it. */
struct wd_footprint {
    uint64_t rules[2][WD_RULE_WORDS]; /**< by stage, bit sets of enum wd_rule */
    uint8_t granule[2];               /**< enum wd_granule */
    uint64_t controls;                /**< which control bits are set, hashed to 64 classes */
    struct wd_aimed aimed;            /**< blocks that are aimed at, which the walkers ran: not the oracle's to say */
};

/**
 * The coverage: rule × stage × granule × control bit that is set, and rule × stage × rule that was applied in the same
 * case; for each block that is aimed at, control bit and stage × rule. All zero: nothing is reached.
 */
struct wd_coverage {
    uint64_t controls[WD_RULE_COUNT][2][WD_GRANULE_COUNT + 1];
    uint64_t pairs[WD_RULE_COUNT][2][2][WD_RULE_WORDS];
    uint64_t aimed_controls[WD_AIMED_BLOCKS];
    uint64_t aimed_rules[WD_AIMED_BLOCKS][2][WD_RULE_WORDS];
};

/** A case of the corpus. */
struct wd_guide_entry {
    struct wd_case_buffer buffer;
    uint64_t index; /**< of the run; UINT64_MAX: it was there before */
    uint8_t profile;
};

/** Entries that applied a rule at a stage with a granule, the latest of them. */
struct wd_place {
    uint16_t entries[WD_PLACE_ENTRIES];
    uint32_t count; /**< that there were */
};

/** Shared memory of a guided run. */
struct wd_guide {
    _Atomic uint64_t epoch_end; /**< the first index of which cases cannot be made yet */
    uint32_t count;
    uint32_t before; /**< entries that were there before the run */
    struct wd_coverage coverage;
    struct wd_place places[WD_PLACES];
    uint16_t reached[WD_PLACES]; /**< places that have entries, the rarest first: see wd_guide_rank() */
    uint32_t reached_count;
    struct wd_guide_entry entries[WD_GUIDE_ENTRIES_MAX];
};

/** A new guide, shared with processes that are forked later; NULL: no memory. wd_guide_free() ends it. */
struct wd_guide *wd_guide_new(void);

void wd_guide_free(struct wd_guide *guide);

/** What the oracle's answer to a case says that it reaches. */
struct wd_footprint wd_footprint_of(const struct wd_case *c, const struct wd_oracle_output *basis);

/** Takes a footprint into a coverage. @return whether it had a cell that was not reached before */
bool wd_coverage_add(struct wd_coverage *coverage, const struct wd_footprint *footprint);

/**
 * Takes a case into the corpus if it reaches a new cell. A corpus that is full takes no more.
 * @param index  of the run; UINT64_MAX: it was there before
 */
void wd_guide_offer(struct wd_guide *guide, const struct wd_case *c, uint8_t profile, uint64_t index,
                    const struct wd_footprint *footprint);

/** Ranks the places by how often the cases of the run so far led there; blocks that are aimed at come first. */
void wd_guide_rank(struct wd_guide *guide, const uint64_t counts[WD_RULE_COUNT][2][WD_GRANULE_COUNT + 1]);

/** Makes case `index` of a guided run. @return the number of its profile */
unsigned wd_guide_make_case(const struct wd_guide *guide, const struct wd_fuzz_plan *plan, uint64_t index,
                            struct wd_case_buffer *buffer);

#endif
