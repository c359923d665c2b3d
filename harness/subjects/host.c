/* SPDX-License-Identifier: MIT */
#include "harness/subjects/host.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "harness/host/line_coverage.h"
#include "harness/subjects/preload.h"
#include "harness/support/allocate.h"
#include "harness/support/process.h"

/* ---------------------------------------------------------------- specs */

static const char model_prefix[] = "model:", option_key[] = "subject=";

/* The kind's name in a spec, up to its end. @return its length; 0: it names none */
static size_t find_name(const char *text, const char **name)
{
    const char *option = text;

    if (!strncmp(text, model_prefix, strlen(model_prefix))) {
        *name = text + strlen(model_prefix);
        return strcspn(*name, ",");
    }
    if (strncmp(text, "kvm:", 4) != 0 && strncmp(text, "so:", 3) != 0)
        return 0;
    while ((option = strchr(option, ','))) {
        option++;
        if (!strncmp(option, option_key, strlen(option_key))) {
            *name = option + strlen(option_key);
            return strcspn(*name, ",");
        }
    }
    return 0;
}

const struct wd_subject_kind *wd_subject_kind_of_spec(const char *text)
{
    const char *name;
    size_t length = find_name(text, &name);
    char copied[64];

    if (!length || length >= sizeof(copied))
        return NULL;
    memcpy(copied, name, length);
    copied[length] = '\0';
    return wd_subject_kind_by_name(copied);
}

bool wd_subject_is_named(const char *text)
{
    const char *name;
    size_t length = find_name(text, &name);

    return length && !(length == 2 && !strncmp(name, "at", 2)); /* KVM's walker is a subject of its builder, too */
}

/* "there is no kind of subject 'x' (there are: abort)" */
static bool fail_unknown(const char *text, struct wd_error *error)
{
    const char *name = "";
    size_t length = find_name(text, &name), written = 0;
    const struct wd_subject_kind *kind;
    char known[256] = "";

    for (size_t i = 0; (kind = wd_subject_kind(i)) && written < sizeof(known); i++)
        written += (size_t)snprintf(known + written, sizeof(known) - written, "%s%s", i ? ", " : "", kind->name);
    return wd_error_set(error, "'%s': there is no kind of subject '%.*s' (there are: %s)", text, (int)length, name,
                        known);
}

bool wd_subject_spec_parse(const char *text, const struct wd_places *places, struct wd_subject_spec *spec,
                           struct wd_error *error)
{
    const char *comma = strchr(text, ',');

    wd_subject_preload_end();
    *spec = (struct wd_subject_spec){.text = text, .kind = wd_subject_kind_of_spec(text)};
    if (!spec->kind)
        return fail_unknown(text, error);
    spec->options = comma ? comma + 1 : "";
    if (!strncmp(text, model_prefix, strlen(model_prefix))) {
        spec->name = "model";
        spec->builtin = spec->kind->model;
        return true;
    }
    spec->name = strncmp(text, "so:", 3) ? "kvm" : "so";
    return wd_walker_spec_parse(text, places, &spec->walker, error) && wd_subject_preload(spec->walker.library, error);
}

static bool check_api(const struct wd_subject_spec *spec, const struct wd_subject_api *api, struct wd_error *error)
{
    if (api->abi != WD_SUBJECT_ABI || strcmp(api->kind, spec->kind->name))
        return wd_error_set(error, "'%s': the library holds a subject of another kind or ABI", spec->text);
    if (api->case_size != spec->kind->case_size || api->answer_size != spec->kind->answer_size)
        return wd_error_set(error, "'%s': built against other headers", spec->text);
    return true;
}

const struct wd_subject_api *wd_subject_load(const struct wd_subject_spec *spec, struct wd_error *error)
{
    const struct wd_subject_api *api = spec->builtin;
    wd_subject_entry *entry;
    void *library;

    if (!api) {
        library = dlopen(spec->walker.library, RTLD_NOW | RTLD_LOCAL);
        if (!library) {
            wd_error_set(error, "'%s': %s", spec->text, dlerror());
            return NULL;
        }
        *(void **)&entry = dlsym(library, WD_SUBJECT_ENTRY);
        if (!entry) {
            wd_error_set(error, "'%s': the library exports no %s", spec->text, WD_SUBJECT_ENTRY);
            return NULL;
        }
        api = entry();
    }
    return check_api(spec, api, error) ? api : NULL;
}

void wd_subject_end_text(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "SIG%s", sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
    else
        snprintf(text, size, "exit status %d", WEXITSTATUS(status));
}

/* ---------------------------------------------------------------- a process */

/* What the two processes share. */
struct exchange {
    union wd_subject_case c;
    union wd_subject_answer answer;
    char version[128];
    char error[2048]; /* the subject could not be opened */
};

struct wd_subject_host {
    const struct wd_subject_spec *spec;
    double timeout;
    struct exchange *shared;
    int end; /* of a pair of sockets: a byte to ask, a byte when it is answered */
    pid_t process;
};

/* In the new process. */
static _Noreturn void serve(const struct wd_subject_spec *spec, struct exchange *shared, int end)
{
    struct wd_error error;
    const struct wd_subject_api *api = wd_subject_load(spec, &error);
    void *subject = NULL;
    char byte = 0;

    signal(SIGINT, SIG_IGN); /* whoever asks decides */
    if (!api)
        snprintf(shared->error, sizeof(shared->error), "%s", error.text);
    else if (!(subject = api->open(spec->options, shared->error, sizeof(shared->error))) && !*shared->error)
        snprintf(shared->error, sizeof(shared->error), "'%s' cannot be opened", spec->text);
    if (subject && spec->coverage && !wd_coverage_open(spec->coverage, (const void *)(uintptr_t)api, &error)) {
        snprintf(shared->error, sizeof(shared->error), "%s", error.text);
        subject = NULL;
    }
    if (subject)
        snprintf(shared->version, sizeof(shared->version), "%s", api->version ? api->version : "");
    if (write(end, &byte, 1) != 1 || !subject)
        _exit(0);
    while (read(end, &byte, 1) == 1) {
        api->answer(subject, shared->c.bytes, shared->answer.bytes);
        if (write(end, &byte, 1) != 1)
            break;
    }
    _exit(0);
}

/* Waits for a byte. @return 1: it is there; 0: the process has ended; -1: it was waited for too long */
static int await_byte(int end, double seconds)
{
    double until = wd_now() + seconds;
    char byte;

    for (;;) {
        double left = until - wd_now();
        struct pollfd poll_end = {.fd = end, .events = POLLIN};
        int ready = poll(&poll_end, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
        ssize_t got;

        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return -1;
        got = read(end, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        return got == 1;
    }
}

static void reap(struct wd_subject_host *host, int *status)
{
    while (waitpid(host->process, status, 0) < 0 && errno == EINTR)
        ;
    close(host->end);
    host->process = 0;
}

static bool start(struct wd_subject_host *host, struct wd_error *error)
{
    int ends[2], status, parent = getpid();

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return wd_error_set(error, "socketpair: %s", strerror(errno));
    host->shared->error[0] = '\0';
    fflush(NULL);
    host->process = fork();
    if (!host->process) {
        wd_end_with_parent(parent);
        wd_close_files_except(ends[1], ends[1]);
        serve(host->spec, host->shared, ends[1]);
    }
    close(ends[1]);
    host->end = ends[0];
    if (host->process < 0) {
        close(ends[0]);
        host->process = 0;
        return wd_error_set(error, "fork: %s", strerror(errno));
    }
    if (await_byte(host->end, 60) == 1 && !*host->shared->error)
        return true;
    kill(host->process, SIGKILL);
    reap(host, &status);
    return wd_error_set(error, "%s",
                        *host->shared->error ? host->shared->error : "the subject died when it was opened");
}

struct wd_subject_host *wd_subject_host_open(const struct wd_subject_spec *spec, double timeout, struct wd_error *error)
{
    struct wd_subject_host *host = wd_allocate(1, sizeof(*host));

    host->spec = spec;
    host->timeout = timeout;
    host->shared = mmap(NULL, sizeof(*host->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (host->shared == MAP_FAILED) {
        wd_error_set(error, "mmap: %s", strerror(errno));
        free(host);
        return NULL;
    }
    if (start(host, error))
        return host;
    munmap(host->shared, sizeof(*host->shared));
    free(host);
    return NULL;
}

const char *wd_subject_host_version(const struct wd_subject_host *host)
{
    return host->shared->version;
}

bool wd_subject_host_ask(struct wd_subject_host *host, const void *c, void *answer, struct wd_error *error)
{
    struct wd_subject_head *head = answer;
    char byte = 0;
    int status, came = 0;

    memcpy(host->shared->c.bytes, c, host->spec->kind->case_size);
    memset(host->shared->answer.bytes, 0, host->spec->kind->answer_size);
    if (send(host->end, &byte, 1, MSG_NOSIGNAL) == 1)
        came = await_byte(host->end, host->timeout);
    memcpy(answer, host->shared->answer.bytes, host->spec->kind->answer_size);
    if (came == 1)
        return true;
    if (came < 0)
        kill(host->process, SIGKILL);
    reap(host, &status);
    *head = (struct wd_subject_head){.status = came < 0 ? WD_SUBJECT_HANG : WD_SUBJECT_CRASH};
    wd_subject_end_text(status, head->text, sizeof(head->text));
    return start(host, error);
}

void wd_subject_host_close(struct wd_subject_host *host)
{
    int status;

    if (!host)
        return;
    if (host->process) {
        kill(host->process, SIGKILL);
        reap(host, &status);
    }
    munmap(host->shared, sizeof(*host->shared));
    free(host);
}
