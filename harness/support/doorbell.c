/* SPDX-License-Identifier: MIT */
#include "harness/support/doorbell.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int wd_doorbell_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC))
        return -1;
    /* A pipe full of bytes that nobody took yet wakes the listener as well as one more byte would. */
    return fcntl(ends[1], F_SETFL, O_NONBLOCK);
}

void wd_doorbell_ring(struct wd_doorbell *bell, int end)
{
    atomic_fetch_add(&bell->rung, 1);
    if (!atomic_exchange(&bell->sleeping, 0))
        return;
    while (write(end, "", 1) < 0 && errno == EINTR)
        ;
}

uint64_t wd_doorbell_rung(const struct wd_doorbell *bell)
{
    return atomic_load_explicit(&bell->rung, memory_order_acquire);
}

bool wd_doorbell_doze(struct wd_doorbell *bell, uint64_t seen)
{
    if (wd_doorbell_rung(bell) > seen)
        return false;
    /* Sequentially consistent on both sides: either we see the ring below, or the ringer sees that we sleep. */
    atomic_store(&bell->sleeping, 1);
    if (atomic_load(&bell->rung) <= seen)
        return true;
    atomic_store(&bell->sleeping, 0);
    return false;
}

bool wd_doorbell_wake(struct wd_doorbell *bell, int end)
{
    char bytes[64];
    ssize_t length;

    do
        length = read(end, bytes, sizeof(bytes));
    while (length < 0 && errno == EINTR);
    atomic_store(&bell->sleeping, 0);
    return length > 0 || (length < 0 && errno == EAGAIN);
}
