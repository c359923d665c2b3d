/* SPDX-License-Identifier: MIT */
/* What our processes have in common: how they begin, and the time. */
#ifndef WALKDIFF_PROCESS_H
#define WALKDIFF_PROCESS_H

#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/** Seconds of a clock that only goes forward. */
static inline double wd_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/** In a new process: it ends when the one that started it does, in whatever way that ends. @param parent  its id */
static inline void wd_end_with_parent(int parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(2);
}

/**
 * In a new process: closes all files but standard ones and two more (or one, twice). An end of somebody else's pipe
 * kept open would hide that he is gone, and a lock would outlive its owner.
 */
static inline void wd_close_files_except(int a, int b)
{
    unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);

    if (low > 3)
        close_range(3, low - 1, 0);
    if (high > low + 1)
        close_range(low + 1, high - 1, 0);
    close_range(high + 1, ~0U, 0);
}

#endif
