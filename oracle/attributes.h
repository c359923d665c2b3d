/* SPDX-License-Identifier: MIT */
/* Memory attributes: what descriptors say, how the stages combine, and how PAR_EL1 reports the result. */
#ifndef ORACLE_ATTRIBUTES_H
#define ORACLE_ATTRIBUTES_H

#include "oracle/walk.h"

/** Encodings that MAIR does not reserve. */
enum {
    WD_DEVICE_ENCODINGS = 4,
    WD_NORMAL_ENCODINGS = 15 * 15,
    WD_ALLOCATED_ENCODINGS = WD_DEVICE_ENCODINGS + WD_NORMAL_ENCODINGS
};

/** The option-th allocated encoding: the Device types, then each pair of outer and inner cacheability. */
static inline unsigned wd_allocated_encoding(unsigned option)
{
    if (option < WD_DEVICE_ENCODINGS)
        return option << 2;
    option -= WD_DEVICE_ENCODINGS;
    return (option / 15 + 1) << 4 | (option % 15 + 1);
}

/** Attributes of a MAIR byte and an SH field. S1DecodeMemAttrs. */
void wd_s1_attributes(struct wd_walk *w, const struct wd_s1_params *p, uint64_t descriptor, int level,
                      struct wd_attributes *attributes);

/** Attributes of the output where stage 1 is disabled. AArch64.S1DisabledOutput. */
struct wd_attributes wd_s1_disabled_attributes(struct wd_walk *w, const struct wd_s1_params *p, bool stage2_follows);

/** Applies SCTLR_ELx.C = 0 and what stage 1 hands on as shareability. The end of AArch64.S1Translate. */
void wd_s1_finish_attributes(struct wd_walk *w, const struct wd_s1_params *p, bool stage2_follows, int level,
                             struct wd_attributes *attributes);

/** Attributes of both stages: AArch64.S2ApplyFWBMemAttrs, or S2DecodeMemAttrs and S2CombineS1MemAttrs. */
void wd_s2_attributes(struct wd_walk *w, const struct wd_s2_params *p, const struct wd_attributes *stage1,
                      uint64_t descriptor, int level, struct wd_attributes *attributes);

/** Whether a stage 2 leaf makes a stage 1 table Device memory, for HCR_EL2.PTW. AArch64.S2CheckPermissions. */
bool wd_s2_is_device(struct wd_walk *w, const struct wd_s2_params *p, uint64_t descriptor, int level);

/** Whether Write-Back memory of stage 1 is surely Write-Back behind a stage 2 leaf. S2CombineS1MemAttrs. */
bool wd_s2_is_write_back(const struct wd_walk *w, const struct wd_s2_params *p, uint64_t descriptor);

/** PAR_EL1.ATTR. EncodePARAttrs. @param attributes  lose their transience where the hint is not supported */
uint8_t wd_encode_attributes(struct wd_walk *w, struct wd_attributes *attributes);

/** PAR_EL1.SH. PAREncodeShareability. */
uint8_t wd_encode_shareability(const struct wd_attributes *attributes);

#endif
