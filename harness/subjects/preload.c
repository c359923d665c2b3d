/* SPDX-License-Identifier: MIT */
#include "harness/subjects/preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/support/allocate.h"

/* Set in the program that has begun again, to what was to be loaded first before that. */
static const char marker[] = "WALKDIFF_PRELOADED", preload[] = "LD_PRELOAD", asan[] = "ASAN_OPTIONS";

/* After a memory error it goes on, and tells of each: the answer gets a warning (walkers/kvm/host/sanitized.c). */
static const char options[] = "detect_leaks=0:halt_on_error=0:suppress_equal_pcs=0";

void wd_subject_preload_end(void)
{
    const char *former = getenv(marker);

    if (!former)
        return;
    if (*former)
        setenv(preload, former, 1);
    else
        unsetenv(preload);
}

/* The run time that a library needs. @return false: none */
static bool find_runtime(const char *library, char runtime[PATH_MAX])
{
    char path[PATH_MAX];
    const char *slash = strrchr(library, '/');
    FILE *file;
    bool found;

    if (!slash || snprintf(path, sizeof(path), "%.*s/preload", (int)(slash - library), library) >= (int)sizeof(path))
        return false;
    file = fopen(path, "re");
    if (!file)
        return false;
    found = fgets(runtime, PATH_MAX, file);
    fclose(file);
    runtime[strcspn(runtime, "\n")] = '\0';
    return found && *runtime;
}

/* Adds a word before those that a variable of the environment holds. */
static void put_before(const char *name, const char *word)
{
    const char *former = getenv(name);
    char *text = NULL;
    size_t size;
    FILE *stream = wd_allocated(open_memstream(&text, &size));

    fprintf(stream, "%s%s%s", word, former && *former ? ":" : "", former ? former : "");
    fclose(stream);
    setenv(name, wd_allocated(text), 1);
    free(text);
}

/* The words that this program was called with. They end with NULL, and stay. */
static char **own_command(void)
{
    static char text[1 << 17];
    char **words = wd_allocate(sizeof(text) / 2 + 2, sizeof(*words));
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    size_t length = 0, count = 0;
    ssize_t got = 0;

    while (file >= 0 && length < sizeof(text) - 1 && (got = read(file, text + length, sizeof(text) - 1 - length)) > 0)
        length += (size_t)got;
    if (file >= 0)
        close(file);
    for (size_t at = 0; at < length; at += strlen(text + at) + 1)
        words[count++] = text + at;
    return words;
}

bool wd_subject_preload(const char *library, struct wd_error *error)
{
    char runtime[PATH_MAX];
    const char *former = getenv(preload);

    if (dlsym(RTLD_DEFAULT, "__asan_init") || !find_runtime(library, runtime))
        return true;
    if (getenv(marker))
        return wd_error_set(error, "%s: needs %s, which cannot be loaded first", library, runtime);
    setenv(marker, former ? former : "", 1);
    put_before(preload, runtime);
    put_before(asan, options);
    fflush(NULL);
    execv("/proc/self/exe", own_command());
    return wd_error_set(error, "%s: the program cannot begin again: %s", library, strerror(errno));
}
