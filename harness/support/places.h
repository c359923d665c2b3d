/* SPDX-License-Identifier: MIT */
/*
 * Where the program finds what belongs to it: the modules of walkers, the programs of further verbs, and data. An
 * installed program looks beside itself (../libexec/walkdiff, ../share/walkdiff); one in a build tree reads the
 * file `walkdiff.tree` that CMake writes beside it. The environment variable WALKDIFF_DATA names another data folder.
 */
#ifndef WALKDIFF_PLACES_H
#define WALKDIFF_PLACES_H

#include <limits.h>

#include "harness/support/error.h"

enum { WD_PROGRAM_FOLDERS = 4 };

struct wd_places {
    char walkers[PATH_MAX]; /**< folder of walker modules, <name>.so */
    char data[PATH_MAX];    /**< folder that holds waivers/ */
    char sources[PATH_MAX]; /**< folder that holds harness/walkers/kvm/, include/ and oracle/, to build walkers from */
    char programs[WD_PROGRAM_FOLDERS][PATH_MAX]; /**< folders of walkdiff-<verb>; "" where there are fewer */
};

/** Finds the places of the running program. */
bool wd_places_find(struct wd_places *places, struct wd_error *error);

/** Writes folder/name into `path`. @return false if that is too long */
bool wd_path_join(char path[PATH_MAX], const char *folder, const char *name);

#endif
