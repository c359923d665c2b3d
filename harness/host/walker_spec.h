/* SPDX-License-Identifier: MIT */
/*
 * Walker specs, what users name walkers by: name[:argument][,key=value…]. `exec:` takes the whole rest as its command;
 * `so:` a library and then what the library's walker is opened with; every other walker what follows its name.
 */
#ifndef WALKDIFF_WALKER_SPEC_H
#define WALKDIFF_WALKER_SPEC_H

#include <limits.h>

#include "harness/support/error.h"
#include "harness/support/places.h"
#include "walkdiff/walker.h"

enum { WD_WALKER_NAME_MAX = 32 };

struct wd_walker_spec {
    char name[WD_WALKER_NAME_MAX];       /**< "sample", "so", "exec", … */
    const char *text;                    /**< the whole spec; the caller's */
    const char *options;                 /**< what the walker is opened with; within `text` */
    const struct wd_walker_api *builtin; /**< NULL: `library` holds the walker */
    const char *coverage;   /**< file to note in what the walker's code runs, see line_coverage.h; NULL: none */
    char library[PATH_MAX]; /**< or the command that `options` is, for a walker that was built as a program */
};

/** What a listing says of a kind of walker. */
struct wd_walker_kind {
    const char *name;
    const char *usage;                            /**< "sample[,defect=ID]" */
    const char *text;                             /**< one line */
    const struct wd_walker_api *(*builtin)(void); /**< NULL: in a library */
    uint32_t learned_from; /**< cases of which a run learns how the walker is wrong: what it answers in no time */
};

/** The i-th kind of walker, or NULL past the last. */
const struct wd_walker_kind *wd_walker_kind(size_t i);

/** The kind of a walker by its name, or NULL: it is somebody's module. */
const struct wd_walker_kind *wd_walker_kind_by_name(const char *name);

/**
 * Reads a spec. Loads and opens nothing: a library that is not there is found out when it is to be loaded. But a walker
 * that is made from somebody's sources is built.
 * @param text  must outlive the spec
 */
bool wd_walker_spec_parse(const char *text, const struct wd_places *places, struct wd_walker_spec *spec,
                          struct wd_error *error);

/**
 * Loads the walker's code, in the process that will run it.
 * @return its interface, checked to be one that this program can use; NULL: `error` says why not
 */
const struct wd_walker_api *wd_walker_spec_load(const struct wd_walker_spec *spec, struct wd_error *error);

#endif
