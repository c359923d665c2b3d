/* SPDX-License-Identifier: MIT */
/* Profiles: which implementations the cases are drawn from. */
#ifndef GENERATORS_PROFILES_H
#define GENERATORS_PROFILES_H

#include "generators/generate.h"
#include "generators/random.h"

/**
 * Sets the ID registers of an implementation of a profile.
 * @param regs  all zero
 */
void wd_profile_draw(const struct wd_profile *profile, struct wd_random *random, uint64_t regs[WD_REGISTER_COUNT]);

#endif
