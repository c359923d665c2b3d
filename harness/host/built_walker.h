/* SPDX-License-Identifier: MIT */
/* Walkers that are compiled from somebody's sources when they are asked for: `kvm:TREE…`. */
#ifndef WALKDIFF_BUILT_WALKER_H
#define WALKDIFF_BUILT_WALKER_H

#include "harness/host/walker_spec.h"

/**
 * Has the builder (harness/walkers/kvm/kvmbuild) build a walker, or find it built, and waits for it. The builder says
 * on standard error what takes long. It is Python: WALKDIFF_PYTHON names the interpreter.
 * @param rest  what follows the name in the spec
 * @param spec  its text and name stand; receives the library, or the command, and the options
 * @return false: `error` says why, and whether the sources are the reason
 */
bool wd_build_walker(const char *rest, const struct wd_places *places, struct wd_walker_spec *spec,
                     struct wd_error *error);

#endif
