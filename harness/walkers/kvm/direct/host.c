/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's half of the subject `at-direct`: memory is what the caller of wd_direct_memory() says. */
#include <stdlib.h>

#include "harness/walkers/kvm/at/at.h"

#define WD_EXPORTED __attribute__((visibility("default")))

typedef int reader(wd_kvm_u64 pa, wd_kvm_u64 *value);
typedef int swapper(wd_kvm_u64 pa, wd_kvm_u64 old_value, wd_kvm_u64 new_value);

static reader *read_word;
static swapper *swap_word;

WD_EXPORTED void wd_direct_memory(reader *read, swapper *swap);

/* As wd_host_read() and wd_host_swap(). */
void wd_direct_memory(reader *read, swapper *swap)
{
    read_word = read;
    swap_word = swap;
}

int wd_host_read(wd_kvm_u64 pa, unsigned stage, wd_kvm_u64 *value)
{
    (void)stage;
    return read_word(pa, value);
}

int wd_host_swap(wd_kvm_u64 pa, wd_kvm_u64 old_value, wd_kvm_u64 new_value)
{
    return swap_word(pa, old_value, new_value);
}

void wd_host_warning(const char *file, int line)
{
    (void)file, (void)line;
}

void wd_host_bug(const char *file, int line)
{
    (void)file, (void)line;
    abort();
}

void *wd_host_allocate(unsigned long size)
{
    return calloc(1, size);
}

void wd_host_free(const void *memory)
{
    free((void *)memory);
}
