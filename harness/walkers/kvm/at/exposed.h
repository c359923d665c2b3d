/* SPDX-License-Identifier: GPL-2.0-only */
/* `as-exposed`: what is left of a case once the tree has limited what a nested guest can have and set. */
#ifndef WD_KVM_EXPOSED_H
#define WD_KVM_EXPOSED_H

#include "walkdiff/case.h"

/**
 * Applies the tree's limits: to the ID registers, then the RES0 and RES1 masks that follow from them to the others.
 * @param regs  receives the registers that the guest has
 * @param result  becomes a crash if the tree's code crashes; its `text` tells of a case that no guest can make
 * @return false if so: a feature or the value of a control that the answer may depend on is not to be had
 */
bool wd_at_expose(const struct wd_case *c, uint64_t regs[WD_REGISTER_COUNT], struct wd_result *result);

/**
 * The registers alone: makes those of the case the guest's. What else can be there is told by wd_at_expose().
 * @return NULL, or why that failed
 */
const char *walkdiff_expose(struct wd_case *c);

#endif
