/* SPDX-License-Identifier: MIT */
/*
 * Doorbells: one process tells another that something was done, through a counter in shared memory and a pipe. As long
 * as neither has to wait no system call is made; who waits sleeps in the kernel; the pipe's end of file tells that
 * the other process is gone.
 */
#ifndef WALKDIFF_DOORBELL_H
#define WALKDIFF_DOORBELL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/** The half in shared memory; all zero at first. One process rings, one listens. */
struct wd_doorbell {
    _Atomic uint64_t rung;     /**< how often it was rung */
    _Atomic uint32_t sleeping; /**< the listener sleeps, or is about to: a byte must go through the pipe */
};

/** Makes the pipe of a doorbell: ends[0] to listen at, ends[1] to ring at. Both close on exec. @return 0, or -1 */
int wd_doorbell_pipe(int ends[2]);

/** Rings. A listener that is gone is no error: who rings learns it elsewhere. @param end  the pipe's ends[1] */
void wd_doorbell_ring(struct wd_doorbell *bell, int end);

/** How often it was rung; what the other process wrote before it rang is seen. */
uint64_t wd_doorbell_rung(const struct wd_doorbell *bell);

/**
 * Says that the listener is about to sleep until the bell was rung more than `seen` times.
 * @return false if it already was: do not sleep
 */
bool wd_doorbell_doze(struct wd_doorbell *bell, uint64_t seen);

/**
 * Ends the sleep: takes what lies in the pipe, waiting for it if ends[0] is a blocking one.
 * @return false at the pipe's end of file: the other process is gone
 */
bool wd_doorbell_wake(struct wd_doorbell *bell, int end);

#endif
