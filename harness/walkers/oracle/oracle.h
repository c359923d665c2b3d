/* SPDX-License-Identifier: MIT */
#ifndef WALKDIFF_WALKERS_ORACLE_H
#define WALKDIFF_WALKERS_ORACLE_H

#include "walkdiff/walker.h"

/** The oracle as a walker: answers with every choice at its default. Takes no options. */
const struct wd_walker_api *wd_walker_oracle(void);

#endif
