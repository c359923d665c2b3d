/* SPDX-License-Identifier: MIT */
#include "harness/walkers/exec/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/casefile/case_file.h"
#include "harness/support/memory.h"

enum {
    STARTUP_MS = 50,  /* a command that cannot be run ends within this time */
    SILENCE_MS = 500, /* without an answer after which the end of input may be what the program waits for */
    LINE_MAX_BYTES = 1 << 20,
    ID_MAX = 24,
};

/* A text that grows at its end and is used up from its beginning. */
struct text {
    struct wd_memory memory;
    size_t begin, end;
};

struct exec_walker {
    const char *command;
    pid_t pid;         /* 0: the command does not run */
    int input, output; /* our ends of its stdin (-1: closed) and stdout */
    bool one_batch;    /* give it one batch and then the end of its input */
    uint64_t next_id;  /* of the case that is sent next */
    struct text to_send, received;
};

/* What a batch has come to. */
struct conversation {
    struct wd_result *results;
    size_t count, answered;
    uint64_t first_id;
    volatile uint32_t *done;
};

static bool reserve(struct text *text, size_t more)
{
    return wd_memory_reserve(&text->memory, text->end + more);
}

static char *at(const struct text *text, size_t offset)
{
    return (char *)text->memory.data + offset;
}

/* The engine's process is gone: so must we be, and all that we started. Our process group is ours alone. */
static void end_group(int signal_number)
{
    (void)signal_number;
    kill(0, SIGKILL);
}

static void close_input(struct exec_walker *walker)
{
    if (walker->input >= 0)
        close(walker->input);
    walker->input = -1;
}

/* In the new process: becomes the command. */
static _Noreturn void become(const char *command, const int in[2], const int out[2])
{
    signal(SIGPIPE, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(in[0], STDIN_FILENO) >= 0 && dup2(out[1], STDOUT_FILENO) >= 0)
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    fprintf(stderr, "/bin/sh: %s\n", strerror(errno));
    _exit(127);
}

/* Starts the command, its pipes' other ends with us. @return false with errno */
static bool start(struct exec_walker *walker)
{
    int in[2], out[2];

    if (pipe2(in, O_CLOEXEC))
        return false;
    if (pipe2(out, O_CLOEXEC)) {
        close(in[0]);
        close(in[1]);
        return false;
    }
    walker->pid = fork();
    if (walker->pid == 0)
        become(walker->command, in, out);
    close(in[0]);
    close(out[1]);
    if (walker->pid < 0) {
        walker->pid = 0;
        close(in[1]);
        close(out[0]);
        return false;
    }
    walker->input = in[1];
    walker->output = out[0];
    walker->received.begin = walker->received.end = 0;
    return !fcntl(walker->input, F_SETFL, O_NONBLOCK) && !fcntl(walker->output, F_SETFL, O_NONBLOCK);
}

/* Waits for the command's end. @return its wait status */
static int reap(struct exec_walker *walker)
{
    int status = 0;

    close_input(walker);
    close(walker->output);
    while (waitpid(walker->pid, &status, 0) < 0 && errno == EINTR)
        ;
    walker->pid = 0;
    return status;
}

static void stop(struct exec_walker *walker)
{
    if (!walker->pid)
        return;
    kill(walker->pid, SIGKILL);
    reap(walker);
}

/* The command ended without having answered: ends as it did, so that the engine sees what happened. */
static _Noreturn void end_alike(int status)
{
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    _exit(WEXITSTATUS(status));
}

/* Appends case `i`, with the next id, to what is to be sent. @return false when out of memory */
static bool add_case(struct exec_walker *walker, const struct wd_case *c)
{
    struct text *text = &walker->to_send;
    char id[ID_MAX];
    const struct wd_case_extra extra = {.id = id};
    size_t length, room = 0;

    snprintf(id, sizeof(id), "%llu", (unsigned long long)walker->next_id++);
    do {
        if (!reserve(text, room + 2))
            return false;
        length = wd_case_to_json(c, &extra, at(text, text->end), text->memory.size - text->end);
        room = length;
    } while (length + 2 > text->memory.size - text->end);
    text->end += length;
    *at(text, text->end++) = '\n';
    return true;
}

/* Sends what the pipe takes. A program that closed its input may answer all the same. */
static void send_some(struct exec_walker *walker)
{
    struct text *text = &walker->to_send;
    ssize_t sent = write(walker->input, at(text, text->begin), text->end - text->begin);

    if (sent > 0)
        text->begin += (size_t)sent;
    else if (sent < 0 && errno != EAGAIN && errno != EINTR)
        text->begin = text->end;
    if (text->begin == text->end && walker->one_batch)
        close_input(walker);
}

/* Notes as the answer that there is none that can be read, and why. */
static void protocol_error(struct conversation *talk, const char *what, const char *detail)
{
    struct wd_result *result = &talk->results[talk->answered];

    wd_result_clear(result, 0);
    result->answer = WD_ANSWER_CRASH;
    if (snprintf(result->text, sizeof(result->text), "%s%s", what, detail) >= (int)sizeof(result->text))
        memcpy(result->text + sizeof(result->text) - 4, "...", 4);
    *talk->done = (uint32_t)++talk->answered;
}

/* Takes one line as the next answer. @return false if it is none: the line was noted as a crash */
static bool take_answer(struct conversation *talk, const char *line, size_t length)
{
    char id[ID_MAX], expected[ID_MAX], problem[WD_TEXT_MAX];

    if (wd_result_from_json(line, length, &talk->results[talk->answered], id, sizeof(id), problem, sizeof(problem))) {
        protocol_error(talk, "bad answer: ", problem);
        return false;
    }
    snprintf(expected, sizeof(expected), "%llu", (unsigned long long)(talk->first_id + talk->answered));
    if (strcmp(id, expected)) {
        snprintf(problem, sizeof(problem), "has id \"%s\", not \"%s\"", id, expected);
        protocol_error(talk, "bad answer: ", problem);
        return false;
    }
    *talk->done = (uint32_t)++talk->answered;
    return true;
}

/* Takes the complete lines of what was received. @return false after a protocol error */
static bool take_lines(struct exec_walker *walker, struct conversation *talk)
{
    struct text *text = &walker->received;

    while (talk->answered < talk->count) {
        const char *line = at(text, text->begin);
        const char *newline = memchr(line, '\n', text->end - text->begin);

        if (!newline)
            break;
        text->begin += (size_t)(newline - line) + 1;
        if (!take_answer(talk, line, (size_t)(newline - line)))
            return false;
    }
    if (talk->answered < talk->count && text->end - text->begin > LINE_MAX_BYTES) {
        protocol_error(talk, "bad answer: ", "a line of more than 1 MiB");
        return false;
    }
    memmove(text->memory.data, at(text, text->begin), text->end - text->begin);
    text->end -= text->begin;
    text->begin = 0;
    return true;
}

enum reception { NOTHING, SOMETHING, END_OF_FILE };

static enum reception receive(struct exec_walker *walker)
{
    struct text *text = &walker->received;
    ssize_t length;

    if (!reserve(text, 65536)) {
        fprintf(stderr, "out of memory\n");
        _exit(1);
    }
    length = read(walker->output, at(text, text->end), text->memory.size - text->end);
    if (length < 0)
        return errno == EAGAIN || errno == EINTR ? NOTHING : END_OF_FILE;
    text->end += (size_t)length;
    return length ? SOMETHING : END_OF_FILE;
}

/* Waits until the program takes or gives something. @return false if it is silent though it has all cases */
static bool wait_for_program(const struct exec_walker *walker)
{
    bool sending = walker->input >= 0 && walker->to_send.begin < walker->to_send.end;
    struct pollfd fds[] = {
        {.fd = walker->output, .events = POLLIN},
        {.fd = sending ? walker->input : -1, .events = POLLOUT},
    };
    int patience = sending || walker->input < 0 ? -1 : SILENCE_MS;

    return poll(fds, 2, patience) != 0;
}

/* Talks with the program until all cases are answered. @return false if it must be started anew before it goes on */
static bool converse(struct exec_walker *walker, struct conversation *talk)
{
    while (talk->answered < talk->count) {
        if (walker->input >= 0 && walker->to_send.begin < walker->to_send.end)
            send_some(walker);
        if (!wait_for_program(walker)) {
            walker->one_batch = true;
            close_input(walker);
            continue;
        }
        switch (receive(walker)) {
        case SOMETHING:
            if (!take_lines(walker, talk))
                return false;
            break;
        case END_OF_FILE:
            end_alike(reap(walker));
        case NOTHING:
            break;
        }
    }
    return !walker->one_batch;
}

/* Has the program, newly started or running, answer cases from the first that has no answer. */
static void answer_rest(struct exec_walker *walker, const struct wd_case *const *cases, struct conversation *talk)
{
    if (!walker->pid && !start(walker)) {
        fprintf(stderr, "cannot start the command: %s\n", strerror(errno));
        _exit(1);
    }
    talk->first_id = walker->next_id - talk->answered;
    walker->to_send.begin = walker->to_send.end = 0;
    for (size_t i = talk->answered; i < talk->count; i++) {
        if (!add_case(walker, cases[i])) {
            fprintf(stderr, "out of memory\n");
            _exit(1);
        }
    }
    if (!converse(walker, talk))
        stop(walker);
}

static void answer(void *self, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                   volatile uint32_t *done)
{
    struct conversation talk = {.results = results, .count = count, .done = done};

    while (talk.answered < count)
        answer_rest(self, cases, &talk);
}

static void close_exec(void *self)
{
    struct exec_walker *walker = self;

    stop(walker);
    free(walker->to_send.memory.data);
    free(walker->received.memory.data);
    free(walker);
}

/* Whether the command ends at once, before it was asked anything: it cannot be run. */
static bool ends_at_once(struct exec_walker *walker, char *error, size_t error_size)
{
    struct pollfd fd = {.fd = walker->output, .events = POLLIN};
    int status;

    if (poll(&fd, 1, STARTUP_MS) <= 0 || !(fd.revents & POLLHUP) || fd.revents & POLLIN)
        return false;
    status = reap(walker);
    if (WIFSIGNALED(status))
        snprintf(error, error_size, "the command ended at once, with signal %d", WTERMSIG(status));
    else
        snprintf(error, error_size, "the command ended at once, with exit status %d", WEXITSTATUS(status));
    return true;
}

static void *open_exec(const char *command, char *error, size_t error_size)
{
    struct exec_walker *walker = calloc(1, sizeof(*walker));

    if (!walker) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    walker->command = command;
    signal(SIGPIPE, SIG_IGN);
    /* The engine's death must reach the command's own children too, which a mere SIGKILL to us would not. */
    signal(SIGTERM, end_group);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (!start(walker)) {
        snprintf(error, error_size, "cannot start the command: %s", strerror(errno));
        close_exec(walker);
        return NULL;
    }
    if (ends_at_once(walker, error, error_size)) {
        close_exec(walker);
        return NULL;
    }
    return walker;
}

const struct wd_walker_api *wd_walker_exec(void)
{
    static const struct wd_walker_api api = {
        .abi = WD_WALKER_ABI,
        .case_size = sizeof(struct wd_case),
        .result_size = sizeof(struct wd_result),
        .name = "exec",
        .open = open_exec,
        .answer = answer,
        .close = close_exec,
    };

    return &api;
}
