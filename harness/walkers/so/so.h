/* SPDX-License-Identifier: MIT */
/* Walkers in shared libraries: `so:LIB.so`, and the modules that come with walkdiff. */
#ifndef WALKDIFF_WALKERS_SO_H
#define WALKDIFF_WALKERS_SO_H

#include "harness/support/error.h"
#include "walkdiff/walker.h"

/**
 * Loads a library and asks it for its walker. The library stays loaded.
 * @param path  with a slash in it
 * @return the walker's interface; NULL if the library cannot be loaded or was built against other headers
 */
const struct wd_walker_api *wd_walker_so_load(const char *path, struct wd_error *error);

#endif
