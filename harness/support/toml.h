/* SPDX-License-Identifier: MIT */
/*
 * Reads the part of TOML 1.0 that our data files use: an array of tables of one name whose values are strings, or
 * tables of strings. Everything else that TOML has is an error that names file and line, never skipped.
 *
 *   # comment
 *   [[waiver]]
 *   id = "basic string"                     also 'literal', """several lines""", '''several lines'''
 *   facets = { granule = "16K" }            or, equally,
 *   [waiver.facets]
 *   granule = "16K"
 */
#ifndef WALKDIFF_TOML_H
#define WALKDIFF_TOML_H

#include <stddef.h>

#include "harness/support/error.h"

struct wd_toml_entry {
    const char *key; /**< of an entry of a table within the table: "facets.granule" */
    const char *value;
    unsigned line;
};

struct wd_toml_table {
    struct wd_toml_entry *entries;
    size_t count;
    unsigned line; /**< of its [[name]] */
};

struct wd_toml {
    char *text; /**< where the strings are */
    struct wd_toml_table *tables;
    size_t count;
};

/**
 * Reads a file.
 * @param array  the name of its tables, "waiver"
 * @param toml  receives them; wd_toml_free() ends it
 */
bool wd_toml_read(const char *path, const char *array, struct wd_toml *toml, struct wd_error *error);

void wd_toml_free(struct wd_toml *toml);

/** The value of a key, or NULL. */
const char *wd_toml_get(const struct wd_toml_table *table, const char *key);

#endif
