/* SPDX-License-Identifier: MIT */
/*
 * Registers: names, layouts, fields, and access to fields by name. Everything here is an expansion of
 * registers.def and features.def, the one description of each.
 */
#ifndef WALKDIFF_REGISTERS_H
#define WALKDIFF_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A register that a case can set: WD_SCTLR_EL1, … Index into wd_case.regs. */
enum wd_register {
#define WD_REGISTER(name, title) WD_##name,
#include "registers.def"
    WD_REGISTER_COUNT,
    WD_RESULT = WD_REGISTER_COUNT, /**< the register of the PAR_EL1 layouts */
};

/** One meaning of a register's bits: WD_LAYOUT_TCR_EL2, WD_LAYOUT_TCR_EL2_E2H, … */
enum wd_layout {
#define WD_LAYOUT(layout, reg, title) WD_LAYOUT_##layout,
#include "registers.def"
    WD_LAYOUT_COUNT,
};

/** Features named by the ID registers. WD_FEAT_NONE stands for "always there". */
enum wd_feature {
    WD_NONE,
#define WD_FEATURE(name, reg, field, at_least, title) WD_##name,
#include "features.def"
    WD_FEATURE_COUNT,
};

/** What the oracle does with a field; see the head of registers.def. */
enum wd_field_role { WD_ROLE_MODEL, WD_ROLE_INERT, WD_ROLE_STOP, WD_ROLE_IDENT };

struct wd_field {
    const char *name;
    const char *meaning;
    uint8_t msb, lsb;
    uint8_t layout;  /**< enum wd_layout */
    uint8_t feature; /**< enum wd_feature; WD_NONE: always there */
    uint8_t role;    /**< enum wd_field_role */
    uint8_t weight;  /**< percent of random cases in which the generator sets it */
};

struct wd_layout_info {
    const char *name;
    const char *title;
    uint8_t reg;    /**< enum wd_register */
    uint16_t first; /**< for wd_layout_fields() */
};

struct wd_register_info {
    const char *name;
    const char *title;
};

struct wd_feature_info {
    const char *name;
    const char *title;
    uint8_t reg;      /**< enum wd_register: the ID register */
    uint8_t msb, lsb; /**< of the ID field */
    uint8_t at_least; /**< 0: decided by code, see wd_features_of() */
};

extern const struct wd_register_info wd_registers[WD_REGISTER_COUNT];
extern const struct wd_layout_info wd_layouts[WD_LAYOUT_COUNT];
extern const struct wd_feature_info wd_features[WD_FEATURE_COUNT]; /**< [WD_NONE] is empty */

/**
 * Finds a register by its architectural name.
 * @param name  not necessarily terminated
 * @param length  its length in bytes
 * @return the register, or -1 if no register that a case can set has that name
 */
int wd_register_by_name(const char *name, size_t length);

/**
 * The fields of a layout, in the order of registers.def (lowest bit first).
 * @param count  receives their number
 */
const struct wd_field *wd_layout_fields(enum wd_layout layout, size_t *count);

/** Bit positions of a field, as constants: WD_TCR_EL1_T0SZ_msb, WD_TCR_EL1_T0SZ_lsb. */
enum {
#define WD_FIELD(layout, field, msb, lsb, feature, role, weight, meaning)                                              \
    WD_##layout##_##field##_msb = (msb), WD_##layout##_##field##_lsb = (lsb),
#include "registers.def"
};

/** Bits msb:lsb of a value, both inclusive, 0 ≤ lsb ≤ msb ≤ 63. The result is right-aligned. */
static inline uint64_t wd_bits(uint64_t value, unsigned msb, unsigned lsb)
{
    return (value >> lsb) & (UINT64_MAX >> (63 - (msb - lsb)));
}

/** One bit of a value, 0 ≤ index ≤ 63. */
static inline bool wd_bit(uint64_t value, unsigned index)
{
    return (value >> index) & 1;
}

/** A mask of bits msb:lsb, both inclusive. */
static inline uint64_t wd_mask(unsigned msb, unsigned lsb)
{
    return (UINT64_MAX >> (63 - (msb - lsb))) << lsb;
}

/** A value with bits msb:lsb replaced by `field`, cut to the width. */
static inline uint64_t wd_with_bits(uint64_t value, unsigned msb, unsigned lsb, uint64_t field)
{
    return (value & ~wd_mask(msb, lsb)) | ((field << lsb) & wd_mask(msb, lsb));
}

/** A field of a register value by name: WD_GET(value, TCR_EL1, T0SZ). */
#define WD_GET(value, layout, field) wd_bits((value), WD_##layout##_##field##_msb, WD_##layout##_##field##_lsb)

/** A register value with one field replaced: WD_WITH(value, TCR_EL1, T0SZ, 16). */
#define WD_WITH(value, layout, field, bits)                                                                            \
    wd_with_bits((value), WD_##layout##_##field##_msb, WD_##layout##_##field##_lsb, (bits))

#endif
