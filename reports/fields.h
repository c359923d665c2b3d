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

/** Adds a rule's id, or the pseudocode function where it has none. */
void wd_add_rule_id(struct wd_words *words, unsigned rule);

/**
 * Adds a descriptor in words: type, address and the fields that count.
 * @param params  of its stage
 */
void wd_add_descriptor(struct wd_words *words, const uint64_t regs[WD_REGISTER_COUNT], const struct wd_params *params,
                       unsigned stage, int level, uint64_t descriptor);

#endif
