/* SPDX-License-Identifier: MIT */
/* `walkdiff run`: cases in, answers out. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "harness/casefile/case_file.h"
#include "harness/host/case_pipeline.h"
#include "harness/host/in_process.h"
#include "harness/cli/cli.h"

enum { ANSWER_MAX = 1 << 16 };

struct run_options {
    const char *walker;
    double timeout;
    bool in_process;
};

struct run {
    bool bad_lines;
    char text[ANSWER_MAX];
};

/* Writes an answer. The result may be larger than usual with its id: then memory is asked for. */
static bool write_answer(void *context, const struct wd_answered *answered, struct wd_error *error)
{
    struct run *run = context;
    const char *id = *answered->id ? answered->id : NULL;
    size_t length = wd_result_to_json(answered->got, id, run->text, sizeof(run->text) - 1);
    char *text = run->text;

    if (length > sizeof(run->text) - 2) {
        text = malloc(length + 2);
        if (!text)
            return wd_error_set(error, "out of memory");
        wd_result_to_json(answered->got, id, text, length + 1);
    }
    text[length] = '\n';
    fwrite(text, 1, length + 1, stdout);
    if (text != run->text)
        free(text);
    return !ferror(stdout) || wd_error_set(error, "standard output: %s", strerror(errno));
}

static void complain(void *context, const char *message)
{
    struct run *run = context;

    run->bad_lines = true;
    wd_complain("%s", message);
}

static int run_walker(const struct run_options *options, const struct wd_places *places,
                      const struct wd_case_files *files)
{
    struct run run = {0};
    struct wd_obituaries obituaries = {.walker = options->walker};
    const struct wd_walker_watcher watcher = {.incident = wd_tell_incident, .context = &obituaries};
    const struct wd_pipeline_handler handler = {.answered = write_answer, .complain = complain, .context = &run};
    struct wd_walker_spec spec;
    struct wd_error error;
    struct wd_case_area *area = NULL;
    struct wd_walker_host *host = NULL;
    int status = WD_EXIT_NOTHING_FOUND;

    error.cannot_build = false;
    if (options->in_process) {
        if (!wd_walker_spec_parse(options->walker, places, &spec, &error) ||
            !wd_answer_in_process(&spec, files, &handler, &error))
            status = wd_complain_of(&error);
    } else if (!wd_walker_spec_parse(options->walker, places, &spec, &error) ||
               !(area = wd_case_area_new(WD_FILE_SLOT_SIZE, &error)) ||
               !(host = wd_walker_host_open(&spec, area, options->timeout, &watcher, &error)) ||
               !wd_pipeline(files, area, host, &handler, &error))
        status = wd_complain_of(&error);
    if (run.bad_lines)
        status = WD_EXIT_FAILED;
    wd_walker_host_close(host);
    wd_case_area_free(area);
    return wd_close_stdout(status);
}

static int run_files(const struct run_options *options, const struct wd_places *places, char **paths)
{
    static char *standard_input[] = {"-", NULL};
    struct wd_case_files files = {0};
    struct wd_error error;
    int status = WD_EXIT_NOTHING_FOUND;

    if (!*paths)
        paths = standard_input;
    for (; status == WD_EXIT_NOTHING_FOUND && *paths; paths++)
        if (!wd_case_files_add(&files, *paths, &error))
            status = wd_complain("%s", error.text);
    if (status == WD_EXIT_NOTHING_FOUND)
        status = run_walker(options, places, &files);
    wd_case_files_free(&files);
    return status;
}

static int run(const struct wd_verb *verb, const struct wd_places *places, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"walker", required_argument, NULL, 'w'},
        {"timeout", required_argument, NULL, 't'},
        {"in-process", no_argument, NULL, 'i'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct run_options options = {.timeout = WD_DEFAULT_TIMEOUT};
    int option;

    while ((option = getopt_long(argc, argv, "w:h", long_options, NULL)) != -1) {
        switch (option) {
        case 'w':
            options.walker = optarg;
            break;
        case 't':
            if (!wd_parse_seconds("--timeout", optarg, &options.timeout))
                return WD_EXIT_FAILED;
            break;
        case 'i':
            options.in_process = true;
            break;
        case 'h':
            return wd_show_usage(verb, stdout);
        default:
            return wd_show_usage(verb, stderr);
        }
    }
    if (!options.walker) {
        wd_complain("run: --walker is missing");
        return wd_show_usage(verb, stderr);
    }
    signal(SIGPIPE, SIG_IGN);
    return run_files(&options, places, argv + optind);
}

const struct wd_verb wd_verb_run = {
    .name = "run",
    .text = "have a walker answer cases; no judging",
    .usage =
        "usage: walkdiff run --walker W [OPTIONS] [FILE...]\n"
        "\n"
        "Reads cases (JSON Lines) from files, folders, or standard input, and writes the walker's answers to standard\n"
        "output, in the same order. PAR is passed on as the walker gave it.\n"
        "\n"
        "  --walker W       the walker, see `walkdiff walkers`\n"
        "  --timeout TIME   without an answer after which the walker hangs (default 5s)\n"
        "  --in-process     the walker runs in this process instead of its own, for debuggers: see `walkdiff debug`\n"
        "\n"
        "A line that is no case is complained of on standard error and has no answer; all others have theirs.\n"
        "Exit status: 0, or 2 if there was such a line or the walker could not be run.\n",
    .run = run,
};
