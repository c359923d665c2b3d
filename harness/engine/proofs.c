/* SPDX-License-Identifier: MIT */
#include "harness/engine/proofs.h"

#include "harness/support/allocate.h"

void wd_proofs_free(struct wd_proofs *proofs)
{
    for (size_t i = 0; i < WD_IMPLEMENTATIONS_MAX; i++) {
        if (!proofs->blocks[i])
            continue;
        for (size_t walker = 0; walker < WD_WALKERS_MAX; walker++)
            for (size_t choice = 0; choice < WD_CHOICE_COUNT; choice++)
                for (size_t side = 0; side < WD_SIDES; side++)
                    free((*proofs->blocks[i])[walker][choice].got[side]);
        free(proofs->blocks[i]);
    }
    *proofs = (struct wd_proofs){0};
}

static void *new_block(void)
{
    struct wd_proof(*block)[WD_WALKERS_MAX][WD_CHOICE_COUNT] = wd_allocate(1, sizeof(*block));

    for (size_t walker = 0; walker < WD_WALKERS_MAX; walker++)
        for (size_t choice = 0; choice < WD_CHOICE_COUNT; choice++)
            for (size_t side = 0; side < WD_SIDES; side++)
                (*block)[walker][choice].first[side] = UINT64_MAX;
    return block;
}

struct wd_proof *wd_proof_of(struct wd_proofs *proofs, size_t implementation, size_t walker, size_t choice)
{
    if (!proofs->blocks[implementation])
        proofs->blocks[implementation] = new_block();
    return &(*proofs->blocks[implementation])[walker][choice];
}

const struct wd_proof *wd_proof_if_any(const struct wd_proofs *proofs, size_t implementation, size_t walker,
                                       size_t choice)
{
    return proofs->blocks[implementation] ? &(*proofs->blocks[implementation])[walker][choice] : NULL;
}

void wd_proof_show(struct wd_proof *proof, enum wd_side side, uint64_t index, char *got)
{
    if (index >= proof->first[side]) {
        free(got);
        return;
    }
    free(proof->got[side]);
    proof->first[side] = index;
    proof->got[side] = got;
    proof->changed[side] = true;
}
