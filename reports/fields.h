/* SPDX-License-Identifier: MIT */
/* Registers, descriptors and PAR_EL1 in words: every field by its name, from the one description of each. */
#ifndef REPORTS_FIELDS_H
#define REPORTS_FIELDS_H

#include <stdio.h>
#include "walkdiff/oracle.h"

/** Prints "NAME = value" and its fields that are not zero, as one item. */
void wd_print_register(FILE *out, unsigned indent, enum wd_layout layout, uint64_t value);

/** Prints the fields of PAR_EL1, a line each, with what they mean. */
void wd_print_par(FILE *out, unsigned indent, uint64_t par);

/** Memory attributes in words: "Normal, Outer Write-Back RW-allocate, Inner Non-cacheable". */
void wd_attribute_words(unsigned attr, char *text, size_t size);

/**
 * A descriptor in words: type, address and fields.
 * @param params  of its stage
 */
void wd_descriptor_words(const struct wd_params *params, unsigned stage, int level, uint64_t descriptor, char *text,
                         size_t size);

#endif
