/* SPDX-License-Identifier: MIT */
/*
 * Proofs of how walkers resolve what is IMPLEMENTATION DEFINED: an implementation must always resolve such a choice
 * alike. For each walker, implementation and choice this keeps the first case whose answer proves the default, and the
 * first whose answer proves that it was something else. Both: the walker is inconsistent.
 */
#ifndef WALKDIFF_PROOFS_H
#define WALKDIFF_PROOFS_H

#include "harness/engine/fuzz_plan.h"

enum wd_side { WD_SIDE_DEFAULT, WD_SIDE_OTHER, WD_SIDES };

struct wd_proof {
    uint64_t first[WD_SIDES]; /**< index of a case; UINT64_MAX: none */
    char *got[WD_SIDES];      /**< its answer in JSON */
    bool changed[WD_SIDES];
    uint64_t others; /**< answers that prove WD_SIDE_OTHER */
};

/** By implementation; blocks are made as they are needed. {0} is empty. */
struct wd_proofs {
    struct wd_proof (*blocks[WD_IMPLEMENTATIONS_MAX])[WD_WALKERS_MAX][WD_CHOICE_COUNT];
};

void wd_proofs_free(struct wd_proofs *proofs);

/** The proof of a walker's choice in an implementation; an empty one if there was none. */
struct wd_proof *wd_proof_of(struct wd_proofs *proofs, size_t implementation, size_t walker, size_t choice);

/** The same, or NULL if there is none. */
const struct wd_proof *wd_proof_if_any(const struct wd_proofs *proofs, size_t implementation, size_t walker,
                                       size_t choice);

/** Takes a case as proof of a side if its index is the smallest so far. Takes the text, too. */
void wd_proof_show(struct wd_proof *proof, enum wd_side side, uint64_t index, char *got);

#endif
