/* SPDX-License-Identifier: MIT */
/* Registers, descriptors and PAR_EL1 in words: every field by its name, from the one description of each. */
#ifndef REPORTS_FIELDS_H
#define REPORTS_FIELDS_H

#include "reports/text.h"
#include "walkdiff/oracle.h"

/** Prints a register's value and those of its fields that are not zero and that an AT depends on, as one item. */
void wd_print_register(FILE *out, unsigned indent, enum wd_layout layout, uint64_t value);

/** Prints what the ID registers say exists: address size, granules, features. */
void wd_print_implementation(FILE *out, unsigned indent, const uint64_t regs[WD_REGISTER_COUNT]);

/** Prints the fields of PAR_EL1, a line each, with what they mean and the rules that decided them. */
void wd_print_par(FILE *out, unsigned indent, const struct wd_oracle_output *output);

/** Adds a field's value as it is best read: sizes in decimal, short fields in binary, the rest in hexadecimal. */
void wd_add_field_value(struct wd_words *words, const char *name, uint64_t value, unsigned msb, unsigned lsb);

/** Adds what a field of PAR_EL1 says in an answer; `value` is the field's. */
void wd_add_par_meaning(struct wd_words *words, const struct wd_field *field, const struct wd_result *result,
                        uint64_t value);

/** Adds a rule's id, or the pseudocode function where it has none. */
void wd_add_rule_id(struct wd_words *words, unsigned rule);

/** What bits 1:0 and the level make of a descriptor. */
enum wd_descriptor_shape { WD_SHAPE_INVALID, WD_SHAPE_RESERVED, WD_SHAPE_TABLE, WD_SHAPE_BLOCK, WD_SHAPE_PAGE };

/**
 * The type of a descriptor, and the address in it: of the next table, or the output address.
 * @param params  of its stage
 * @param address  receives it; not set where there is none
 */
enum wd_descriptor_shape wd_shape_of_descriptor(const uint64_t regs[WD_REGISTER_COUNT], const struct wd_params *params,
                                                int level, uint64_t descriptor, uint64_t *address);

/**
 * Adds a descriptor in words: type, address and the fields that count.
 * @param params  of its stage
 */
void wd_add_descriptor(struct wd_words *words, const uint64_t regs[WD_REGISTER_COUNT], const struct wd_params *params,
                       unsigned stage, int level, uint64_t descriptor);

#endif
