/* SPDX-License-Identifier: MIT */
/* Registers and descriptors at random, each field as often as the weights of registers.def and descriptors.def say. */
#ifndef GENERATORS_WEIGHTS_H
#define GENERATORS_WEIGHTS_H

#include "generators/random.h"
#include "walkdiff/registers.h"

/** Layouts of descriptors: WD_LAYOUT_S1_TABLE, … */
enum wd_descriptor_layout {
#define WD_LAYOUT(layout, reg, title) WD_LAYOUT_##layout,
#define WD_FIELD(layout, field, msb, lsb, feature, role, weight, meaning)
#include "generators/descriptors.def"
    WD_DESCRIPTOR_LAYOUT_COUNT,
};

/** Bit positions of descriptor fields, for WD_GET and WD_WITH: WD_S1_LEAF_AP_msb. */
enum {
#define WD_LAYOUT(layout, reg, title)
#define WD_FIELD(layout, field, msb, lsb, feature, role, weight, meaning)                                              \
    WD_##layout##_##field##_msb = (msb), WD_##layout##_##field##_lsb = (lsb),
#include "generators/descriptors.def"
};

/** A bit set of enum wd_feature: what a case's ID registers say exists. */
typedef uint64_t wd_feature_set;

/** The features of a case. */
wd_feature_set wd_features_of(const uint64_t regs[WD_REGISTER_COUNT]);

static inline bool wd_set_has(wd_feature_set features, enum wd_feature feature)
{
    return features >> feature & 1;
}

/** The value of a register in which each field is set with its weight. */
uint64_t wd_random_register(struct wd_random *random, enum wd_layout layout);

/** A descriptor without type and address in which each field is set with its weight. */
uint64_t wd_random_descriptor(struct wd_random *random, enum wd_descriptor_layout layout);

/** The bits msb:lsb. */
#define WD_FIELD_MASK(msb, lsb) ((UINT64_MAX >> (63 - ((msb) - (lsb)))) << (lsb))

/** The bits of a register whose features do not exist. Inline: a layout that is known leaves nothing to branch on. */
static inline __attribute__((always_inline)) uint64_t wd_absent_fields(enum wd_layout layout, wd_feature_set features)
{
    switch (layout) {
#define WD_LAYOUT(layout, reg, title)                                                                                  \
    ;                                                                                                                  \
    case WD_LAYOUT_##layout:                                                                                           \
        return 0
#define WD_FIELD(layout, field, msb, lsb, feature, role, weight, meaning)                                              \
    | (WD_##feature == WD_NONE || wd_set_has(features, WD_##feature) ? 0 : WD_FIELD_MASK(msb, lsb))
#include "walkdiff/registers.def"
        ;
    default:
        return 0;
    }
}

#endif
