/* SPDX-License-Identifier: MIT */
/* What the ID registers of a case say exists. */
#include "walkdiff/oracle.h"

/* ID_AA64MMFR0_EL1.TGran4, TGran64: signed; negative: not implemented. TGran16: unsigned; 0: not implemented. */
static bool stage1_granule(uint64_t mmfr0, enum wd_granule granule)
{
    switch (granule) {
    case WD_GRANULE_4K:
        return WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran4) < 8;
    case WD_GRANULE_16K:
        return WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran16) != 0;
    case WD_GRANULE_64K:
        return WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran64) < 8;
    default:
        return false;
    }
}

/* TGran4_2, TGran16_2, TGran64_2: 0 as at stage 1, 1 not implemented, 2 implemented, 3 with 52 bits. */
static unsigned stage2_granule_field(uint64_t mmfr0, enum wd_granule granule)
{
    switch (granule) {
    case WD_GRANULE_4K:
        return (unsigned)WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran4_2);
    case WD_GRANULE_16K:
        return (unsigned)WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran16_2);
    default:
        return (unsigned)WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran64_2);
    }
}

bool wd_has_granule(const uint64_t regs[WD_REGISTER_COUNT], unsigned stage, enum wd_granule granule)
{
    uint64_t mmfr0 = regs[WD_ID_AA64MMFR0_EL1];
    unsigned field = stage == 2 ? stage2_granule_field(mmfr0, granule) : 0;

    return field ? field >= 2 : stage1_granule(mmfr0, granule);
}

bool wd_has_lpa2(const uint64_t regs[WD_REGISTER_COUNT], unsigned stage, enum wd_granule granule)
{
    uint64_t mmfr0 = regs[WD_ID_AA64MMFR0_EL1];
    unsigned gran4 = stage2_granule_field(mmfr0, WD_GRANULE_4K), gran16 = stage2_granule_field(mmfr0, WD_GRANULE_16K);
    unsigned with = (WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran4) - 1 < 7) << WD_GRANULE_4K |
                    (WD_GET(mmfr0, ID_AA64MMFR0_EL1, TGran16) >= 2) << WD_GRANULE_16K;
    unsigned own = (gran4 >= 3) << WD_GRANULE_4K | (gran16 >= 3) << WD_GRANULE_16K;
    unsigned named = (gran4 != 0) << WD_GRANULE_4K | (gran16 != 0) << WD_GRANULE_16K;

    return (stage == 2 ? own | (with & ~named) : with) >> granule & 1;
}

bool wd_has_feature(const uint64_t regs[WD_REGISTER_COUNT], enum wd_feature feature)
{
    const struct wd_feature_info *info = &wd_features[feature];
    unsigned stage = feature == WD_FEAT_LPA2_S2 ? 2 : 1;

    if (feature == WD_NONE)
        return true;
    if (info->at_least == 0)
        return wd_has_lpa2(regs, stage, WD_GRANULE_4K) || wd_has_lpa2(regs, stage, WD_GRANULE_16K);
    return wd_bits(regs[info->reg], info->msb, info->lsb) >= info->at_least;
}

unsigned wd_pa_max(const uint64_t regs[WD_REGISTER_COUNT])
{
    static const uint8_t bits[16] = {32, 36, 40, 42, 44, 48, 52, 56};

    return bits[WD_GET(regs[WD_ID_AA64MMFR0_EL1], ID_AA64MMFR0_EL1, PARange)];
}
