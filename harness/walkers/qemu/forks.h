/* SPDX-License-Identifier: MIT */
/*
 * What stands between the host and the library that is loaded into QEMU (forks.c): the bytes of the doorbell.
 *
 * The host rings with one byte. WD_RING_GO has the QEMU that waits go on. WD_RING_GO_IN_CHILD has it make a copy of
 * itself (fork) that goes on in its stead, while it waits for the copy's end: a QEMU that dies then costs a fork, not a
 * start. A copy can be told the same, so that the copies form a chain, of which only the last one ever runs.
 *
 * The stub's own bell is one byte too: what it was rung with, which the library makes a WD_RING_GO. A QEMU without the
 * library sends WD_RING_GO_IN_CHILD back: it did not copy itself, and went on all the same.
 *
 * When a copy has died, the QEMU before it in the chain sends struct wd_fork_report, and leaves out what it is rung
 * with up to a WD_RING_RESUME: somebody can kill a copy that sleeps, and the host ring for it before it knows.
 */
#ifndef WALKDIFF_QEMU_FORKS_H
#define WALKDIFF_QEMU_FORKS_H

#include <stdint.h>

/** The file descriptors of the doorbell in QEMU: where the host's bell is read from, and where ours goes. */
enum { WD_GIVEN_FD = 3, WD_DONE_FD = 4 };

enum wd_ring {
    WD_RING_GO = 0,
    WD_RING_GO_IN_CHILD = 1,
    WD_RING_REPORT = 2, /**< the first byte of a report */
    WD_RING_RESUME = 3, /**< plus the depth of the one that reported: the host has read it */
};

/** One write to a pipe: it arrives whole. */
struct wd_fork_report {
    uint8_t ring;     /**< WD_RING_REPORT */
    uint8_t depth;    /**< of the one that reports: how many are before it in the chain */
    uint8_t forked;   /**< 0: no copy could be made; `status` is errno */
    uint8_t reserved; /**< 0 */
    int32_t status;   /**< of the copy that died, as waitpid() gives it */
};

#endif
