/* SPDX-License-Identifier: GPL-2.0-only */
#include "harness/walkers/kvm/host/guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* From the builder (missing.c): a page for each symbol that the kernel's code names and nobody defines. */
extern char wd_missing_pages[];
extern const char *const wd_missing_names[];
extern const unsigned wd_missing_count;

enum { MISSING_PAGE = 4096 };

/* Kernel code calls back without a context. */
static struct {
    struct wd_result *result; /* of the call under way, or NULL */
    sigjmp_buf out;
} guard;

/* Gives up the call: its result is a crash. */
static _Noreturn void crash(const char *what, const char *where, int line)
{
    struct wd_result *result = guard.result;

    result->answer = WD_ANSWER_CRASH;
    if (line)
        snprintf(result->text, sizeof(result->text), "%s %s:%d", what, where, line);
    else
        snprintf(result->text, sizeof(result->text), "%s %s", what, where);
    siglongjmp(guard.out, 1);
}

void wd_host_bug(const char *file, int line)
{
    crash("BUG", file, line);
}

void wd_host_warning(const char *file, int line)
{
    struct wd_result *result = guard.result;
    char warning[WD_TEXT_MAX];

    if (!result || result->warning_count == WD_WARNINGS_MAX)
        return;
    snprintf(warning, sizeof(warning), "%s:%d", file, line);
    for (unsigned i = 0; i < result->warning_count; i++)
        if (!strcmp(result->warnings[i], warning))
            return;
    memcpy(result->warnings[result->warning_count++], warning, sizeof(warning));
}

void *wd_host_allocate(unsigned long size)
{
    return calloc(1, size);
}

void wd_host_free(const void *memory)
{
    free((void *)(uintptr_t)memory);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    size_t offset = (size_t)((char *)info->si_addr - wd_missing_pages);

    (void)context;
    if (guard.result && offset / MISSING_PAGE < wd_missing_count)
        crash("uses", wd_missing_names[offset / MISSING_PAGE], 0);
    signal(number, SIG_DFL); /* and the instruction is executed again */
}

void wd_guard_open(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};

    if (!wd_missing_count)
        return;
    mprotect(wd_missing_pages, (size_t)wd_missing_count * MISSING_PAGE, PROT_NONE);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

bool wd_guarded_call(void (*call)(void *context), void *context, struct wd_result *result)
{
    bool finished = false;

    guard.result = result;
    if (!sigsetjmp(guard.out, 0)) {
        call(context);
        finished = true;
    }
    guard.result = NULL;
    return finished;
}

void wd_place_in_tree(char text[WD_TEXT_MAX], const char *what, const char *file)
{
    static const char *const tops[] = {"/arch/arm64/", "/include/", "/virt/kvm/", "/harness/"};

    for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
        const char *found = strstr(file, tops[i]);

        if (found) {
            file = found + 1;
            break;
        }
    }
    snprintf(text, WD_TEXT_MAX, "%s at %s", what, file);
}
