/* SPDX-License-Identifier: MIT */
/*
 * A library that the dynamic linker loads into QEMU (LD_PRELOAD), so that a QEMU that dies costs a fork instead of a
 * start: see forks.h.
 *
 * QEMU's threads are the main loop, one for RCU, and with thread=single one for all CPUs. That one executes the stub,
 * and the semihosting call with which the stub waits for the host is a read() in it, of one byte, under QEMU's big
 * lock. So a copy that is made there holds the lock, and no lock that is only taken under it can be held by a thread
 * that the copy does not have. What the copy lacks are timers, which the stub does not use, interrupts, which are
 * masked, and RCU's reclaiming: little is left to it, and the host starts anew from a fresh copy at each death.
 *
 * Memory that cases use and main memory are kept out of copies by QEMU (MADV_DONTFORK), for other accelerators' sake;
 * that is made to do nothing. Main memory is shared with the host and among all copies; all else is each copy's own.
 * Huge pages for it (MADV_HUGEPAGE) are no help where a table or two are read: each copy would clear 2 MiB for them.
 * While the stub waits all that cases use is 0: it is mapped anew before a copy is made, as most of the time that that
 * takes goes by page tables, and a table for each 2 MiB that cases ever used would stay.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/walkers/qemu/forks.h"

#define EXPORTED __attribute__((visibility("default")))

/* How many are before this process in the chain. */
static uint8_t depth;

/* Whether it is the pipe on which the host rings; QEMU has opened it once more, under another number. */
static bool is_doorbell(int fd)
{
    struct stat given, other;

    return !fstat(WD_GIVEN_FD, &given) && S_ISFIFO(given.st_mode) && !fstat(fd, &other) &&
           given.st_dev == other.st_dev && given.st_ino == other.st_ino;
}

/*
 * Memory of the machine, which QEMU tells by its MADV_DONTFORK. For cases is what is private and anonymous and had not
 * been touched when the stub waited for the first time: modules, but not the flash, where the stub is.
 */
static struct {
    unsigned char *begin;
    size_t length;
    bool for_cases;
} blocks[64];
static size_t block_count;

static void note_block(void *begin, size_t length)
{
    if (block_count == sizeof(blocks) / sizeof(blocks[0]))
        return; /* it costs time, no more */
    blocks[block_count].begin = begin;
    blocks[block_count++].length = length;
}

/* @return false too if it can not be told */
static bool is_untouched(unsigned char *begin, size_t length)
{
    static unsigned char resident[1 << 14];
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), step = sizeof(resident) * page;

    for (size_t done = 0; done < length; done += step) {
        size_t part = length - done < step ? length - done : step;

        if (mincore(begin + done, part, resident))
            return false;
        for (size_t i = 0; i < part / page; i++)
            if (resident[i] & 1)
                return false;
    }
    return true;
}

static bool is_private_and_anonymous(const unsigned char *begin, size_t length)
{
    unsigned long first, end, inode;
    char line[512], access[8];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "re");

    while (maps && !found && fgets(line, sizeof(line), maps))
        found = sscanf(line, "%lx-%lx %7s %*x %*s %lu", &first, &end, access, &inode) == 4 &&
                first <= (uintptr_t)begin && (uintptr_t)begin + length <= end && !strcmp(access, "rw-p") && !inode;
    if (maps)
        fclose(maps);
    return found;
}

static void find_memory_for_cases(void)
{
    for (size_t i = 0; i < block_count; i++)
        blocks[i].for_cases = is_private_and_anonymous(blocks[i].begin, blocks[i].length) &&
                              is_untouched(blocks[i].begin, blocks[i].length);
}

static void map_memory_for_cases_anew(void)
{
    for (size_t i = 0; i < block_count; i++)
        if (blocks[i].for_cases)
            mmap(blocks[i].begin, blocks[i].length, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

/* Makes the new process a copy that goes on. A dump of its memory, when it dies, is of no use to anybody. */
static void become_copy(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    prctl(PR_SET_DUMPABLE, 0);
    depth++;
}

/*
 * Waits for the end of all that came of a copy. If one in the middle of the chain is killed, those behind it are killed
 * by the kernel, a moment later: they are ours to wait for then, and write nothing behind our report.
 */
static int wait_for_end(pid_t copy)
{
    int status = 0, one;
    pid_t pid;

    while ((pid = waitpid(-1, &one, 0)) > 0 || errno == EINTR)
        if (pid == copy)
            status = one;
    return status;
}

static ssize_t read_ring(int fd, unsigned char *ring)
{
    ssize_t length;

    do
        length = syscall(SYS_read, fd, ring, 1);
    while (length < 0 && errno == EINTR);
    return length;
}

/* @return true in a copy; false in the process that made it, when it has ended and the host knows it */
static bool go_on_in_copy(int doorbell)
{
    unsigned char ring;
    struct wd_fork_report report = {.ring = WD_RING_REPORT, .depth = depth};
    pid_t self = getpid(), copy;

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (depth == 0)
        find_memory_for_cases();
    else
        map_memory_for_cases_anew();
    copy = fork();
    if (copy == 0) {
        become_copy(self);
        return true;
    }
    report.forked = copy > 0;
    report.status = copy > 0 ? wait_for_end(copy) : errno;
    while (write(WD_DONE_FD, &report, sizeof(report)) < 0 && errno == EINTR)
        ;
    while (read_ring(doorbell, &ring) == 1 && ring != WD_RING_RESUME + depth)
        ;
    return false;
}

/* The stub's wait: reads one ring. */
static ssize_t wait_for_host(int doorbell, unsigned char *ring)
{
    ssize_t length;

    do
        length = read_ring(doorbell, ring);
    while (length == 1 && *ring == WD_RING_GO_IN_CHILD && !go_on_in_copy(doorbell));
    if (length == 1)
        *ring = WD_RING_GO;
    /* The host is gone. A copy has no main loop that could end it in good order. */
    else if (length == 0 && depth > 0)
        _exit(0);
    return length;
}

EXPORTED ssize_t read(int fd, void *buffer, size_t size)
{
    return size == 1 && is_doorbell(fd) ? wait_for_host(fd, buffer) : syscall(SYS_read, fd, buffer, size);
}

EXPORTED int madvise(void *begin, size_t length, int advice)
{
    if (advice == MADV_DONTFORK)
        note_block(begin, length);
    if (advice == MADV_DONTFORK || advice == MADV_HUGEPAGE)
        return 0;
    return (int)syscall(SYS_madvise, begin, length, advice);
}
