/* SPDX-License-Identifier: MIT */
/*
 * The walker `qemu[,cpu=MODEL][,bin=PATH][,accel=tcg]`: a CPU model of qemu-system-aarch64 as a reference, under TCG.
 * QEMU is a program of its own that is looked for when the walker is opened; nothing of it is built in.
 *
 * When QEMU dies, which it does of some cases, the case in hand has that as its answer, and another QEMU, as a rule a
 * copy that was made of one in time, goes on with the next. Where QEMU does not say what it died of, somebody may have
 * killed it: the case is asked again.
 */
#ifndef WALKDIFF_WALKER_QEMU_H
#define WALKDIFF_WALKER_QEMU_H

#include "walkdiff/walker.h"

/** The walker's interface. Its version is known once a walker was opened: "10.0.2 cpu=max". */
const struct wd_walker_api *wd_walker_qemu(void);

#endif
