/* SPDX-License-Identifier: MIT */
/*
 * Profiles. A profile is a set of ID registers: whole values, and fields that vary from case to case. Each alternative
 * is drawn equally often, one that stands twice twice as often. Whole values hold bits that no AT can notice too (CnP,
 * VMID size, …), as real implementations do.
 */
#include "generators/profiles.h"

#include <string.h>
#include "walkdiff/oracle.h"

enum { WHOLE_MAX = 10, WHOLE_VALUES_MAX = 3, VARIED_MAX = 26, VARIED_VALUES_MAX = 8, MEMBERS_MAX = 8 };

struct whole {
    uint8_t reg, count;
    uint64_t values[WHOLE_VALUES_MAX];
};

struct varied {
    uint8_t reg, msb, lsb, count;
    uint8_t values[VARIED_VALUES_MAX];
};

#define WHOLE(name, ...)                                                                                               \
    {                                                                                                                  \
        WD_##name, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t),                                               \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
#define VARIED(layout, field, ...)                                                                                     \
    {                                                                                                                  \
        WD_##layout, WD_##layout##_##field##_msb, WD_##layout##_##field##_lsb, sizeof((uint8_t[]){__VA_ARGS__}),       \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }

enum {
    PROFILE_ALL, /* no member of a mix: ends the lists of members */
    PROFILE_V80,
    PROFILE_N1,
    PROFILE_LVA64,
    PROFILE_V92,
    PROFILE_V94PIE,
    PROFILE_V9XS,
    PROFILE_MAX,
    PROFILE_RANDOM,
    PROFILE_CPU_CORTEX_A53,
    PROFILE_CPU_CORTEX_A57,
    PROFILE_CPU_CORTEX_A72,
    PROFILE_CPU_CORTEX_A76,
    PROFILE_CPU_NEOVERSE_N1,
    PROFILE_CPU_NEOVERSE_N2,
    PROFILE_CPU_NEOVERSE_V1,
    PROFILE_CPU_CORTEX_A710,
    PROFILE_CPU_A64FX,
    PROFILE_CPU_MAX,
    PROFILE_COUNT,
};

struct wd_profile {
    const char *name, *description;
    struct whole whole[WHOLE_MAX];
    struct varied varied[VARIED_MAX];
    bool independent;                 /* fields are drawn independently and made consistent afterwards */
    uint8_t members[MEMBERS_MAX + 1]; /* a mix: each case draws one of these profiles */
};

static const struct wd_profile profiles[PROFILE_COUNT] = {
    [PROFILE_ALL] = {.name = "all",
                     .description = "all other profiles: each case draws one",
                     .members = {PROFILE_V80, PROFILE_N1, PROFILE_LVA64, PROFILE_V92, PROFILE_V94PIE, PROFILE_V9XS,
                                 PROFILE_MAX, PROFILE_RANDOM}},
    [PROFILE_V80] = {.name = "v80",
                     .description =
                         "Armv8.0 minimum: no VHE, PAN, HPDS or hardware Access flag; PARange and granules vary",
                     .varied = {VARIED(ID_AA64MMFR0_EL1, PARange, 0, 1, 2, 3, 4, 5, 2, 5),
                                VARIED(ID_AA64MMFR0_EL1, TGran64, 0, 0, 0, 15),
                                VARIED(ID_AA64MMFR0_EL1, TGran16, 0, 1)}},
    [PROFILE_N1] = {.name = "n1",
                    .description = "Neoverse-N1-like, Armv8.2: VHE, PAN2, HPDS, HAFDBS, XNX; 48 bits",
                    .whole = {WHOLE(ID_AA64MMFR0_EL1, 0x100005), WHOLE(ID_AA64MMFR1_EL1, 0x10202122),
                              WHOLE(ID_AA64MMFR2_EL1, 0x1)}},
    [PROFILE_LVA64] = {.name = "lva64",
                       .description = "Armv8.2 with LPA and LVA: 52 bits with the 64K granule; E0PD and TTST vary",
                       .whole = {WHOLE(ID_AA64MMFR0_EL1, 0x100006), WHOLE(ID_AA64MMFR1_EL1, 0x10101121),
                                 WHOLE(ID_AA64MMFR2_EL1, 0x10001)},
                       .varied = {VARIED(ID_AA64MMFR2_EL1, ST, 0, 1), VARIED(ID_AA64MMFR2_EL1, E0PD, 0, 1)}},
    [PROFILE_V92] = {.name = "v92",
                     .description = "Armv9.2 with LPA2 and everything before it",
                     .whole = {WHOLE(ID_AA64MMFR0_EL1, 0x32310200006), WHOLE(ID_AA64MMFR1_EL1, 0x10010302122),
                               WHOLE(ID_AA64MMFR2_EL1, 0x1020010010010001)}},
    [PROFILE_V94PIE] = {.name = "v94pie",
                        .description = "Armv9.4: TCR2, S1PIE, S1POE on top; with LPA2 or with 48 bits; BBM varies",
                        .whole = {WHOLE(ID_AA64MMFR0_EL1, 0x32310200006, 0x32310200006, 0x22200100005),
                                  WHOLE(ID_AA64MMFR1_EL1, 0x10010302122), WHOLE(ID_AA64MMFR2_EL1, 0x1000010010010001),
                                  WHOLE(ID_AA64MMFR3_EL1, 0x10101)},
                        .varied = {VARIED(ID_AA64MMFR2_EL1, BBM, 0, 0, 1, 2)}},
    [PROFILE_V9XS] = {.name = "v9xs",
                      .description = "Armv9.2 without LPA2, with FEAT_XS and FEAT_HAFT; 48 bits",
                      .whole = {WHOLE(ID_AA64MMFR0_EL1, 0x22200100005), WHOLE(ID_AA64MMFR1_EL1, 0x10010302123),
                                WHOLE(ID_AA64MMFR2_EL1, 0x1020010010010001), WHOLE(ID_AA64MMFR3_EL1, 0x1),
                                WHOLE(ID_AA64ISAR1_EL1, 0x100000000000000)}},
    [PROFILE_MAX] = {.name = "max",
                     .description = "all that the oracle models: LPA2, HAFT, PIE, POE, XS, ATS1A, MTE2, BBM",
                     .whole = {WHOLE(ID_AA64MMFR0_EL1, 0x32310200006), WHOLE(ID_AA64MMFR1_EL1, 0x10010302123),
                               WHOLE(ID_AA64MMFR2_EL1, 0x1020010010010001), WHOLE(ID_AA64MMFR3_EL1, 0x10101),
                               WHOLE(ID_AA64ISAR1_EL1, 0x100000000000000), WHOLE(ID_AA64ISAR2_EL1, 0x1000000000000000)},
                     .varied = {VARIED(ID_AA64PFR1_EL1, MTE, 2, 3), VARIED(ID_AA64PFR2_EL1, MTEPERM, 0, 1, 1)}},
    [PROFILE_RANDOM] = {.name = "random",
                        .description =
                            "each feature there or not, independently but for what the architecture requires",
                        .varied = {VARIED(ID_AA64MMFR0_EL1, PARange, 0, 1, 2, 3, 4, 5, 6, 6),
                                   VARIED(ID_AA64MMFR0_EL1, TGran4, 0, 0, 1, 15),
                                   VARIED(ID_AA64MMFR0_EL1, TGran16, 0, 1, 2, 2),
                                   VARIED(ID_AA64MMFR0_EL1, TGran64, 0, 0, 0, 15),
                                   VARIED(ID_AA64MMFR0_EL1, TGran4_2, 0, 0, 1, 2, 3),
                                   VARIED(ID_AA64MMFR0_EL1, TGran16_2, 0, 0, 1, 2, 3),
                                   VARIED(ID_AA64MMFR0_EL1, TGran64_2, 0, 0, 1, 2),
                                   VARIED(ID_AA64MMFR1_EL1, HAFDBS, 0, 1, 2, 3),
                                   VARIED(ID_AA64MMFR1_EL1, VH, 0, 1, 1),
                                   VARIED(ID_AA64MMFR1_EL1, HPDS, 0, 1, 2),
                                   VARIED(ID_AA64MMFR1_EL1, PAN, 0, 1, 2, 3, 3),
                                   VARIED(ID_AA64MMFR1_EL1, XNX, 0, 1),
                                   VARIED(ID_AA64MMFR1_EL1, HCX, 0, 1),
                                   VARIED(ID_AA64MMFR2_EL1, VARange, 0, 1),
                                   VARIED(ID_AA64MMFR2_EL1, ST, 0, 1),
                                   VARIED(ID_AA64MMFR2_EL1, FWB, 0, 1),
                                   VARIED(ID_AA64MMFR2_EL1, BBM, 0, 1, 2),
                                   VARIED(ID_AA64MMFR2_EL1, E0PD, 0, 1),
                                   VARIED(ID_AA64MMFR3_EL1, TCRX, 0, 1, 1),
                                   VARIED(ID_AA64MMFR3_EL1, S1PIE, 0, 1),
                                   VARIED(ID_AA64MMFR3_EL1, S1POE, 0, 1),
                                   VARIED(ID_AA64MMFR4_EL1, E2H0, 0, 0, 0, 0, 0, 0, 14, 15),
                                   VARIED(ID_AA64PFR1_EL1, MTE, 0, 1, 2, 3),
                                   VARIED(ID_AA64PFR2_EL1, MTEPERM, 0, 1),
                                   VARIED(ID_AA64ISAR1_EL1, XS, 0, 1),
                                   VARIED(ID_AA64ISAR2_EL1, ATS1A, 0, 0, 1)},
                        .independent = true},

    /*
     * The ID registers of CPU models, as a program at EL3 of QEMU 10.0 reads them (tests/unit/test_models.c compares):
     * what a model has and the oracle does not know is not enabled in any case, and then of no consequence.
     */
    [PROFILE_CPU_CORTEX_A53] = {.name = "cpu:cortex-a53",
                                .description = "QEMU 10.0: Cortex-A53",
                                .whole = {WHOLE(ID_AA64PFR0_EL1, 0x1002222), WHOLE(ID_AA64MMFR0_EL1, 0x1122)}},
    [PROFILE_CPU_CORTEX_A57] = {.name = "cpu:cortex-a57",
                                .description = "QEMU 10.0: Cortex-A57",
                                .whole = {WHOLE(ID_AA64PFR0_EL1, 0x1002222), WHOLE(ID_AA64MMFR0_EL1, 0x1124)}},
    [PROFILE_CPU_CORTEX_A72] = {.name = "cpu:cortex-a72",
                                .description = "QEMU 10.0: Cortex-A72",
                                .whole = {WHOLE(ID_AA64PFR0_EL1, 0x1002222), WHOLE(ID_AA64MMFR0_EL1, 0x1124)}},
    [PROFILE_CPU_CORTEX_A76] = {.name = "cpu:cortex-a76",
                                .description = "QEMU 10.0: Cortex-A76",
                                .whole = {WHOLE(ID_AA64PFR0_EL1, 0x1100000011111112), WHOLE(ID_AA64PFR1_EL1, 0x10),
                                          WHOLE(ID_AA64ISAR1_EL1, 0x100001), WHOLE(ID_AA64MMFR0_EL1, 0x101122),
                                          WHOLE(ID_AA64MMFR1_EL1, 0x10212122), WHOLE(ID_AA64MMFR2_EL1, 0x1011)}},
    [PROFILE_CPU_NEOVERSE_N1] = {.name = "cpu:neoverse-n1",
                                 .description = "QEMU 10.0: Neoverse-N1",
                                 .whole = {WHOLE(ID_AA64PFR0_EL1, 0x1100000011111112), WHOLE(ID_AA64PFR1_EL1, 0x20),
                                           WHOLE(ID_AA64ISAR1_EL1, 0x100001), WHOLE(ID_AA64MMFR0_EL1, 0x101125),
                                           WHOLE(ID_AA64MMFR1_EL1, 0x10212122), WHOLE(ID_AA64MMFR2_EL1, 0x1011)}},
    [PROFILE_CPU_NEOVERSE_N2] = {.name = "cpu:neoverse-n2",
                                 .description = "QEMU 10.0: Neoverse-N2",
                                 .whole = {WHOLE(ID_AA64PFR0_EL1, 0x1201001121111112), WHOLE(ID_AA64PFR1_EL1, 0x121),
                                           WHOLE(ID_AA64ISAR1_EL1, 0x11111110211502),
                                           WHOLE(ID_AA64MMFR0_EL1, 0x22200101125), WHOLE(ID_AA64MMFR1_EL1, 0x10212122),
                                           WHOLE(ID_AA64MMFR2_EL1, 0x1221011112101011)}},
    [PROFILE_CPU_NEOVERSE_V1] = {.name = "cpu:neoverse-v1",
                                 .description = "QEMU 10.0: Neoverse-V1",
                                 .whole = {WHOLE(ID_AA64PFR0_EL1, 0x1101000121111112), WHOLE(ID_AA64PFR1_EL1, 0x20),
                                           WHOLE(ID_AA64ISAR1_EL1, 0x11100010211302), WHOLE(ID_AA64MMFR0_EL1, 0x101125),
                                           WHOLE(ID_AA64MMFR1_EL1, 0x10212122),
                                           WHOLE(ID_AA64MMFR2_EL1, 0x220011102101011)}},
    [PROFILE_CPU_CORTEX_A710] = {.name = "cpu:cortex-a710",
                                 .description = "QEMU 10.0: Cortex-A710",
                                 .whole = {WHOLE(ID_AA64PFR0_EL1, 0x1201001121111112), WHOLE(ID_AA64PFR1_EL1, 0x121),
                                           WHOLE(ID_AA64ISAR1_EL1, 0x10111110211502),
                                           WHOLE(ID_AA64MMFR0_EL1, 0x22200101122), WHOLE(ID_AA64MMFR1_EL1, 0x10212122),
                                           WHOLE(ID_AA64MMFR2_EL1, 0x1221011110101011)}},
    [PROFILE_CPU_A64FX] = {.name = "cpu:a64fx",
                           .description = "QEMU 10.0: A64FX",
                           .whole = {WHOLE(ID_AA64PFR0_EL1, 0x101111111), WHOLE(ID_AA64ISAR1_EL1, 0x10001),
                                     WHOLE(ID_AA64MMFR0_EL1, 0x1122), WHOLE(ID_AA64MMFR1_EL1, 0x11212100),
                                     WHOLE(ID_AA64MMFR2_EL1, 0x1011)}},
    [PROFILE_CPU_MAX] = {.name = "cpu:max",
                         .description = "QEMU 10.0: the CPU max, all that it emulates",
                         .whole = {WHOLE(ID_AA64PFR0_EL1, 0x1301001121112222), WHOLE(ID_AA64PFR1_EL1, 0x1001000121),
                                   WHOLE(ID_AA64ISAR1_EL1, 0x111211110211502), WHOLE(ID_AA64ISAR2_EL1, 0x110012),
                                   WHOLE(ID_AA64MMFR0_EL1, 0x2100032310201126),
                                   WHOLE(ID_AA64MMFR1_EL1, 0x110112010312122),
                                   WHOLE(ID_AA64MMFR2_EL1, 0x1221011112011011),
                                   WHOLE(ID_AA64MMFR3_EL1, 0x1000000000000000)}},
};

const struct wd_profile *wd_profile_by_name(const char *name)
{
    for (unsigned i = 0; i < PROFILE_COUNT; i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

const char *wd_profile_name(size_t i, const char **description)
{
    if (i >= PROFILE_COUNT)
        return NULL;
    *description = profiles[i].description;
    return profiles[i].name;
}

/* Sets a field of an ID register. */
#define SET(regs, layout, field, value) ((regs)[WD_##layout] = WD_WITH((regs)[WD_##layout], layout, field, value))

/* 52-bit forms of a granule are there at stage 2 only if they are at stage 1. */
static void limit_stage2_to_stage1(uint64_t regs[WD_REGISTER_COUNT])
{
    if (WD_GET(regs[WD_ID_AA64MMFR0_EL1], ID_AA64MMFR0_EL1, TGran4_2) == 3 && !wd_has_lpa2(regs, 1, WD_GRANULE_4K))
        SET(regs, ID_AA64MMFR0_EL1, TGran4_2, 2);
    if (WD_GET(regs[WD_ID_AA64MMFR0_EL1], ID_AA64MMFR0_EL1, TGran16_2) == 3 && !wd_has_lpa2(regs, 1, WD_GRANULE_16K))
        SET(regs, ID_AA64MMFR0_EL1, TGran16_2, 2);
}

static bool has_any_granule(const uint64_t regs[WD_REGISTER_COUNT], unsigned stage)
{
    return wd_has_granule(regs, stage, WD_GRANULE_4K) || wd_has_granule(regs, stage, WD_GRANULE_16K) ||
           wd_has_granule(regs, stage, WD_GRANULE_64K);
}

static void make_granules_consistent(uint64_t regs[WD_REGISTER_COUNT])
{
    if (!has_any_granule(regs, 1))
        SET(regs, ID_AA64MMFR0_EL1, TGran4, 0);
    if (!wd_has_feature(regs, WD_FEAT_LPA)) {
        if (wd_has_lpa2(regs, 1, WD_GRANULE_4K))
            SET(regs, ID_AA64MMFR0_EL1, TGran4, 0);
        if (wd_has_lpa2(regs, 1, WD_GRANULE_16K))
            SET(regs, ID_AA64MMFR0_EL1, TGran16, 1);
    }
    limit_stage2_to_stage1(regs);
    if (!has_any_granule(regs, 2))
        SET(regs, ID_AA64MMFR0_EL1, TGran4_2, 2);
}

/* What the Arm ARM requires of combinations of features ("If FEAT_S1PIE is implemented, then …"). */
static void make_consistent(uint64_t regs[WD_REGISTER_COUNT])
{
    make_granules_consistent(regs);
    if (wd_has_feature(regs, WD_FEAT_S1PIE) || wd_has_feature(regs, WD_FEAT_S1POE)) {
        SET(regs, ID_AA64MMFR3_EL1, TCRX, 1);
        SET(regs, ID_AA64ISAR2_EL1, ATS1A, 1);
    }
    if (!wd_has_feature(regs, WD_FEAT_MTE2))
        SET(regs, ID_AA64PFR2_EL1, MTEPERM, 0);
    if (wd_has_feature(regs, WD_FEAT_HAFT))
        SET(regs, ID_AA64MMFR3_EL1, TCRX, 1);
    if (wd_has_feature(regs, WD_FEAT_TCR2))
        SET(regs, ID_AA64MMFR1_EL1, HCX, 1);
    if (WD_GET(regs[WD_ID_AA64MMFR4_EL1], ID_AA64MMFR4_EL1, E2H0))
        SET(regs, ID_AA64MMFR1_EL1, VH, 1);
}

void wd_profile_draw(const struct wd_profile *profile, struct wd_random *random, uint64_t regs[WD_REGISTER_COUNT])
{
    if (profile->members[0]) {
        unsigned count = 0;

        while (profile->members[count])
            count++;
        profile = &profiles[profile->members[wd_random_below(random, count)]];
    }
    for (const struct whole *id = profile->whole; id < profile->whole + WHOLE_MAX && id->count; id++)
        regs[id->reg] = id->values[id->count > 1 ? wd_random_below(random, id->count) : 0];
    for (const struct varied *id = profile->varied; id < profile->varied + VARIED_MAX && id->count; id++)
        regs[id->reg] = wd_with_bits(regs[id->reg], id->msb, id->lsb, id->values[wd_random_below(random, id->count)]);
    if (profile->independent)
        make_consistent(regs);
}
