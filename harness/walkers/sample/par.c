/* SPDX-License-Identifier: MIT */
/* PAR_EL1 (AArch64.EncodePAR, EncodePARAttrs, PAREncodeShareability, EncodeLDFSC). */
#include "walk.h"

enum {
    NIBBLE_WRITE_THROUGH_RA = 0xa, /* Write-Through, Read-Allocate, Non-transient */
    INNER_WRITE_BACK = 2,          /* the bit that is clear for inner Write-Through */
    MEMORY_XS0_WRITE_THROUGH_RA = 0xa0,
    MEMORY_XS0_NON_CACHEABLE = 0x40,
    MEMORY_XS0_DEVICE = 0x01, /* or'ed in */
    MEMORY_TAGGED = 0xf0,
    MEMORY_TAGGED_NO_ACCESS = 0xe0,
};

/* The encoding that says XS = 0, where there is one. */
static uint8_t without_xs(uint8_t memory)
{
    if (!wd_bits(memory, 7, 4))
        return memory | MEMORY_XS0_DEVICE;
    if (memory == MEMORY_NON_CACHEABLE)
        return MEMORY_XS0_NON_CACHEABLE;
    if (wd_bits(memory, 7, 4) == NIBBLE_WRITE_THROUGH_RA && !wd_bit(memory, INNER_WRITE_BACK))
        return MEMORY_XS0_WRITE_THROUGH_RA;
    return memory;
}

static uint8_t encode_attributes(const struct walk *w, const struct attributes *attributes)
{
    if (attributes->tagged)
        return attributes->no_tag_access ? MEMORY_TAGGED_NO_ACCESS : MEMORY_TAGGED;
    if (!attributes->xs && IMPLEMENTS(w->c, ID_AA64ISAR1_EL1, XS, 1))
        return without_xs(attributes->memory);
    return attributes->memory;
}

uint64_t wd_sample_par(const struct walk *w, const struct output *output)
{
    uint64_t par = WD_WITH(0, PAR_EL1, NSE, 1);

    par = WD_WITH(par, PAR_EL1, PA, wd_bits(output->address, 55, 12));
    par = WD_WITH(par, PAR_EL1, SH, output->attributes.shareability);
    return WD_WITH(par, PAR_EL1, ATTR, encode_attributes(w, &output->attributes));
}

uint8_t wd_sample_fault_status(const struct walk *w, const struct fault *fault)
{
    /* Access flag and Permission faults are a leaf's, and level -1 has none: only a defect can ask for their second
     * code. */
    static const struct {
        uint8_t level_0, level_minus_1;
    } codes[] = {
        [FAULT_ADDRESS_SIZE] = {0x00, 0x29}, [FAULT_TRANSLATION] = {0x04, 0x2b},    [FAULT_ACCESS_FLAG] = {0x08, 0x0b},
        [FAULT_PERMISSION] = {0x0c, 0x0f},   [FAULT_EXTERNAL_ABORT] = {0x14, 0x13},
    };

    if (fault->level == -1 && !has_defect(w, DEFECT_S1_43))
        return codes[fault->type].level_minus_1;
    return codes[fault->type].level_0 | (fault->level & 3);
}

uint64_t wd_sample_par_of_fault(const struct walk *w)
{
    const struct fault *fault = &w->fault;
    bool on_walk = fault->on_stage1_walk;
    uint64_t par = WD_WITH(0, PAR_EL1_F, F, 1);

    if (has_defect(w, DEFECT_S1_44) && fault->before_walk && !fault->stage2)
        return par;
    if (has_defect(w, DEFECT_S1_33))
        on_walk = false;
    if (has_defect(w, DEFECT_S1_39) && !fault->stage2)
        on_walk = true;
    if (has_defect(w, DEFECT_S1_18) && fault->type == FAULT_PERMISSION && !fault->stage2)
        par = WD_WITH(par, PAR_EL1, PA, wd_bits(w->output.address, 55, 12));
    par = WD_WITH(par, PAR_EL1_F, FST, wd_sample_fault_status(w, fault));
    par = WD_WITH(par, PAR_EL1_F, PTW, on_walk);
    par = WD_WITH(par, PAR_EL1_F, S, fault->stage2);
    par = WD_WITH(par, PAR_EL1_F, RES1, 1);
    par = WD_WITH(par, PAR_EL1_F, Overlay, fault->overlay);
    return WD_WITH(par, PAR_EL1_F, DirtyBit, fault->dirty_bit);
}
