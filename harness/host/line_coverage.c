/* SPDX-License-Identifier: MIT */
#include "harness/host/line_coverage.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Instrumented code calls back without a context. */
static struct {
    uint8_t *flags; /* NULL: nothing is noted */
    uintptr_t base;
    uint64_t size;
    struct wd_aimed *aimed; /* NULL: not by case */
    const volatile uint32_t *done;
    uint32_t count;
} coverage;

/* Maps the file. @return NULL with errno, or with errno 0 if it is not what it should be */
static struct wd_coverage_head *map_file(const char *path)
{
    struct wd_coverage_head *head = MAP_FAILED;
    int file = open(path, O_RDWR | O_CLOEXEC);
    struct stat status;

    if (file < 0)
        return NULL;
    if (!fstat(file, &status)) {
        errno = 0;
        if ((size_t)status.st_size >= sizeof(*head))
            head = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    close(file);
    if (head == MAP_FAILED)
        return NULL;
    errno = 0;
    return head->magic == WD_COVERAGE_MAGIC && head->size == (uint64_t)status.st_size - sizeof(*head) ? head : NULL;
}

bool wd_coverage_open(const char *path, const void *inside, struct wd_error *error)
{
    struct wd_coverage_head *head = map_file(path);
    Dl_info info;

    if (!head)
        return wd_error_set(error, "coverage: %s: %s", path, errno ? strerror(errno) : "no map of a library");
    if (!dladdr(inside, &info))
        return wd_error_set(error, "coverage: the walker is in no library");
    coverage.base = (uintptr_t)info.dli_fbase;
    coverage.size = head->size;
    coverage.flags = (uint8_t *)(head + 1);
    return true;
}

void wd_coverage_begin_batch(struct wd_aimed *aimed, const volatile uint32_t *done, uint32_t count)
{
    coverage.aimed = NULL;
    if (!coverage.flags)
        return;
    memset(aimed, 0, count * sizeof(*aimed));
    coverage.done = done;
    coverage.count = count;
    coverage.aimed = aimed;
}

__attribute__((visibility("default"))) void __sanitizer_cov_trace_pc(void)
{
    uint64_t address = (uintptr_t)__builtin_return_address(0) - coverage.base;
    unsigned block;
    uint32_t i;

    if (!coverage.flags || address >= coverage.size)
        return;
    block = coverage.flags[address] >> 1;
    if (!(coverage.flags[address] & 1))
        coverage.flags[address] |= 1;
    if (!block || !coverage.aimed)
        return;
    i = *coverage.done;
    if (i < coverage.count)
        coverage.aimed[i].blocks[block / 64] |= UINT64_C(1) << block % 64;
}
