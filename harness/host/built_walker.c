/* SPDX-License-Identifier: MIT */
#include "harness/host/built_walker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/support/process.h"
#include "harness/walkers/exec/exec.h"

/* What the builder answers: two lines, a word and what it is about. */
enum { ANSWER_MAX = PATH_MAX + 64 };

static const char *interpreter(const struct wd_places *places, char path[PATH_MAX])
{
    const char *named = getenv("WALKDIFF_PYTHON");

    if (named && *named)
        return named;
    return wd_path_join(path, places->sources, ".venv/bin/python") && !access(path, X_OK) ? path : "python3";
}

/* In the new process. */
static _Noreturn void become_builder(const struct wd_places *places, const char *argument, int answer_end)
{
    char path[PATH_MAX], modules[PATH_MAX];
    const char *python = interpreter(places, path);

    if (wd_path_join(modules, places->sources, "harness/walkers/kvm") && !setenv("PYTHONPATH", modules, 1) &&
        !setenv("PYTHONDONTWRITEBYTECODE", "1", 1) && dup2(answer_end, STDOUT_FILENO) >= 0)
        execlp(python, python, "-P", "-m", "kvmbuild", argument, (char *)NULL);
    dprintf(STDOUT_FILENO, "error\n%s: %s\n", python, strerror(errno));
    _exit(2);
}

static size_t read_all(int end, char *text, size_t size)
{
    size_t length = 0;
    ssize_t got;

    while (length < size - 1 && (got = read(end, text + length, size - 1 - length)) != 0) {
        if (got < 0 && errno != EINTR)
            break;
        if (got > 0)
            length += (size_t)got;
    }
    text[length] = '\0';
    return length;
}

/* Runs the builder. @return false with errno if it could not be started */
static bool ask_builder(const struct wd_places *places, const char *argument, char answer[ANSWER_MAX])
{
    int ends[2], status, parent = getpid();
    pid_t builder;

    if (pipe2(ends, O_CLOEXEC))
        return false;
    builder = fork();
    if (!builder) {
        wd_end_with_parent(parent);
        become_builder(places, argument, ends[1]);
    }
    close(ends[1]);
    if (builder > 0) {
        read_all(ends[0], answer, ANSWER_MAX);
        while (waitpid(builder, &status, 0) < 0 && errno == EINTR)
            ;
    }
    close(ends[0]);
    return builder > 0;
}

/* Takes the answer over into the spec. */
static bool use_answer(char *answer, struct wd_walker_spec *spec, struct wd_error *error)
{
    char *subject = strchr(answer, '\n');

    if (subject) {
        *subject++ = '\0';
        subject[strcspn(subject, "\n")] = '\0';
    }
    if (!subject || strlen(subject) >= sizeof(spec->library))
        return wd_error_set(error, "walker '%s': its builder failed", spec->text);
    if (!strcmp(answer, "library") || !strcmp(answer, "command")) {
        strcpy(spec->library, subject);
        if (!strcmp(answer, "command")) {
            spec->builtin = wd_walker_exec();
            spec->options = spec->library;
        }
        return true;
    }
    wd_error_set(error, "walker '%s': %s%s", spec->text, strcmp(answer, "cannot") ? "" : "cannot be built: ", subject);
    error->cannot_build = !strcmp(answer, "cannot");
    return false;
}

bool wd_build_walker(const char *rest, const struct wd_places *places, struct wd_walker_spec *spec,
                     struct wd_error *error)
{
    char answer[ANSWER_MAX];

    if (*rest != ':' || !rest[1])
        return wd_error_set(error, "walker '%s': needs a tree: kvm:TREE or kvm:TREE@REVISION", spec->text);
    spec->options = strchr(rest, ',') ? strchr(rest, ',') + 1 : "";
    if (!ask_builder(places, rest + 1, answer))
        return wd_error_set(error, "walker '%s': its builder: %s", spec->text, strerror(errno));
    return use_answer(answer, spec, error);
}
