/* SPDX-License-Identifier: MIT */
/* `walkdiff replay`: judges a walker's answers to stored cases. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "harness/judge/assess.h"
#include "harness/host/case_pipeline.h"
#include "harness/cli/cli.h"
#include "harness/judge/judgement_text.h"

struct replay_options {
    const char *walker;
    struct wd_waiver_folders waivers;
    const char *signature; /* that counts with `bisect`; NULL: each */
    double timeout;
    bool json, words, bisect, quiet;
};

struct replay {
    const struct replay_options *options;
    const struct wd_waivers *waivers;
    struct wd_answerer answerer;
    uint64_t cases, verdicts[WD_VERDICT_COUNT];
    uint64_t others; /* findings that have another signature than the one that counts */
    bool bad_lines;
    struct wd_oracle_output basis;
    struct wd_judgement judgement, of_expect;
};

static void show(const struct replay *replay, const struct wd_shown *shown)
{
    if (replay->options->json)
        wd_judgement_write_json(stdout, shown);
    else if (shown->judgement->verdict != WD_VERDICT_AGREE && !replay->options->quiet)
        wd_judgement_write_text(stdout, shown);
}

/* Whether the case itself expects what no resolution of the choices gives. */
static bool expects_wrongly(struct replay *replay, const struct wd_answered *answered)
{
    struct wd_judgement *judgement = &replay->of_expect;

    if (!answered->expect)
        return false;
    wd_judge(answered->c, &replay->basis, answered->expect, UINT64_MAX, judgement);
    if (!wd_verdict_is_finding[judgement->verdict])
        return false;
    judgement->verdict = WD_VERDICT_REFERENCE_CONFLICT;
    return true;
}

/* Judges an answer, and what the case expects. */
static bool judge(void *context, const struct wd_answered *answered, struct wd_error *error)
{
    struct replay *replay = context;
    char where[PATH_MAX + 32];
    struct wd_shown shown = {.id = answered->id,
                             .where = where,
                             .basis = &replay->basis,
                             .judgement = &replay->judgement,
                             .got = answered->got,
                             .words = replay->options->words};
    struct wd_facets facets;
    int waiver;

    wd_oracle(answered->c, NULL, NULL, NULL, &replay->basis);
    facets = wd_facets_of(answered->c, &replay->basis, 0);
    waiver = wd_assess(&replay->answerer, answered->c, &replay->basis, NULL, &facets, answered->got, UINT64_MAX,
                       &replay->judgement);
    if (waiver >= 0)
        shown.waiver = wd_waiver_id(replay->waivers, (size_t)waiver);
    if (expects_wrongly(replay, answered)) {
        shown.beside = wd_verdict_names[replay->judgement.verdict];
        shown.judgement = &replay->of_expect;
        shown.got = answered->expect;
    }
    replay->cases++;
    replay->verdicts[shown.judgement->verdict]++;
    if (replay->options->signature && wd_verdict_is_finding[shown.judgement->verdict] &&
        !wd_judgement_has_signature(shown.judgement, replay->options->signature))
        replay->others++;
    snprintf(where, sizeof(where), "%s:%llu", answered->file, (unsigned long long)answered->line);
    show(replay, &shown);
    return !ferror(stdout) || wd_error_set(error, "standard output: %s", strerror(errno));
}

static void complain(void *context, const char *message)
{
    struct replay *replay = context;

    replay->bad_lines = true;
    wd_complain("%s", message);
}

/* "12 cases: 10 agree, 1 permitted, 1 deviation" */
static void show_summary(const struct replay *replay)
{
    const char *separator = ": ";

    if (replay->options->json)
        return;
    printf("%llu case%s", (unsigned long long)replay->cases, replay->cases == 1 ? "" : "s");
    for (size_t i = 0; i < WD_VERDICT_COUNT; i++) {
        if (!replay->verdicts[i])
            continue;
        printf("%s%llu %s", separator, (unsigned long long)replay->verdicts[i], wd_verdict_names[i]);
        separator = ", ";
    }
    printf("\n");
}

static int exit_status(const struct replay *replay)
{
    uint64_t findings = 0;

    if (replay->bad_lines)
        return WD_EXIT_FAILED;
    for (size_t i = 0; i < WD_VERDICT_COUNT; i++)
        if (wd_verdict_is_finding[i])
            findings += replay->verdicts[i];
    if (findings > replay->others)
        return WD_EXIT_FOUND;
    if (replay->options->bisect && (replay->others || replay->verdicts[WD_VERDICT_UNSUPPORTED]))
        return WD_EXIT_CANNOT_TEST;
    return WD_EXIT_NOTHING_FOUND;
}

/* Has an open walker answer, and judges. */
static int judge_files(struct replay *replay, struct wd_walker_spec *spec, struct wd_case_area *area,
                       struct wd_walker_host *host, const struct wd_case_files *files)
{
    const struct wd_pipeline_handler handler = {.answered = judge, .complain = complain, .context = replay};
    struct wd_error error;

    if (!wd_waivers_for(replay->waivers, spec->name, wd_walker_host_name(host), wd_walker_host_version(host),
                        &replay->answerer.waivers))
        return wd_complain("out of memory");
    if (!wd_pipeline(files, area, host, &handler, &error))
        return wd_complain("%s", error.text);
    show_summary(replay);
    return exit_status(replay);
}

static int replay_walker(struct replay *replay, const struct wd_places *places, const struct wd_case_files *files)
{
    const struct replay_options *options = replay->options;
    struct wd_obituaries obituaries = {.walker = options->walker};
    const struct wd_walker_watcher watcher = {.incident = wd_tell_incident, .context = &obituaries};
    struct wd_walker_spec spec;
    struct wd_error error;
    struct wd_case_area *area = NULL;
    struct wd_walker_host *host = NULL;
    int status;

    if (!wd_walker_spec_parse(options->walker, places, &spec, &error) ||
        !(area = wd_case_area_new(WD_FILE_SLOT_SIZE, &error)))
        status = wd_complain_of(&error);
    else if (!(host = wd_walker_host_open(&spec, area, options->timeout, &watcher, &error))) {
        wd_complain("%s", error.text);
        status = options->bisect ? WD_EXIT_CANNOT_TEST : WD_EXIT_FAILED;
    } else
        status = judge_files(replay, &spec, area, host, files);
    wd_walker_host_close(host);
    wd_case_area_free(area);
    return status;
}

static int replay_files(const struct replay_options *options, const struct wd_places *places, char **paths)
{
    struct replay *replay = calloc(1, sizeof(*replay));
    struct wd_waivers *waivers = wd_load_waivers(places, &options->waivers);
    struct wd_case_files files = {0};
    struct wd_error error;
    int status = replay && waivers ? WD_EXIT_NOTHING_FOUND : WD_EXIT_FAILED;

    for (; status == WD_EXIT_NOTHING_FOUND && *paths; paths++)
        if (!wd_case_files_add(&files, *paths, &error))
            status = wd_complain("%s", error.text);
    if (status == WD_EXIT_NOTHING_FOUND) {
        replay->options = options;
        replay->waivers = waivers;
        status = replay_walker(replay, places, &files);
        free(replay->answerer.waivers.indices);
    }
    wd_case_files_free(&files);
    wd_waivers_free(waivers);
    free(replay);
    return wd_close_stdout(status);
}

/* What git bisect is to do: 0 good, 1 bad, 125 skip; nothing else may look like one of these. */
static int status_for_bisect(int status)
{
    return status == WD_EXIT_FAILED ? WD_EXIT_STOP_BISECT : status;
}

static int run(const struct wd_verb *verb, const struct wd_places *places, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"walker", required_argument, NULL, 'w'},  {"waivers", required_argument, NULL, 'W'},
        {"timeout", required_argument, NULL, 't'}, {"json", no_argument, NULL, 'j'},
        {"bisect", no_argument, NULL, 'b'},        {"signature", required_argument, NULL, 's'},
        {"words", no_argument, NULL, 'o'},         {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},          {0},
    };
    struct replay_options options = {.timeout = WD_DEFAULT_TIMEOUT};
    int option, status = WD_EXIT_NOTHING_FOUND;

    for (int i = 1; i < argc; i++) /* also a mistake in the options before it must not look like a verdict */
        options.bisect |= !strcmp(argv[i], "--bisect");
    while (status == WD_EXIT_NOTHING_FOUND && (option = getopt_long(argc, argv, "w:qh", long_options, NULL)) != -1) {
        switch (option) {
        case 'w':
            options.walker = optarg;
            break;
        case 'W':
            status = wd_add_waiver_folder(&options.waivers, optarg) ? status : WD_EXIT_FAILED;
            break;
        case 't':
            status = wd_parse_seconds("--timeout", optarg, &options.timeout) ? status : WD_EXIT_FAILED;
            break;
        case 'j':
            options.json = true;
            break;
        case 'b':
            break;
        case 's':
            options.signature = optarg;
            break;
        case 'o':
            options.words = true;
            break;
        case 'q':
            options.quiet = true;
            break;
        case 'h':
            return wd_show_usage(verb, stdout);
        default:
            status = wd_show_usage(verb, stderr);
        }
    }
    if (status == WD_EXIT_NOTHING_FOUND && (!options.walker || optind == argc)) {
        wd_complain("replay: %s missing", options.walker ? "the cases are" : "--walker is");
        status = wd_show_usage(verb, stderr);
    }
    if (status == WD_EXIT_NOTHING_FOUND && options.signature && !options.bisect) {
        wd_complain("replay: --signature is for --bisect");
        status = wd_show_usage(verb, stderr);
    }
    signal(SIGPIPE, SIG_IGN);
    if (status == WD_EXIT_NOTHING_FOUND)
        status = replay_files(&options, places, argv + optind);
    return options.bisect ? status_for_bisect(status) : status;
}

const struct wd_verb wd_verb_replay = {
    .name = "replay",
    .text = "judge a walker's answers to stored cases",
    .usage =
        "usage: walkdiff replay --walker W [OPTIONS] FILE-OR-FOLDER...\n"
        "\n"
        "Judges the walker's answer to each case of the files, and of all *.json, *.jsonl and *.jsonl.xz below the\n"
        "folders. Where a case says what it expects, that is judged too: if the architecture does not permit it the\n"
        "verdict is reference-conflict.\n"
        "\n"
        "  --walker W       the walker, see `walkdiff walkers`\n"
        "  --json           a line a case: id, verdict, rule, choice, expected, got, signature\n"
        "  --words          with --json: also the answers in words, as expected_words and got_words\n"
        "  --bisect         exit status for `git bisect run`: 0, 1, 125 (unsupported, or the walker cannot be "
        "opened),\n"
        "                   128 for anything else\n"
        "  --signature S    with --bisect: 1 for a finding with this signature alone, 125 for any other\n"
        "  --waivers DIR    folder of waivers instead of walkdiff's own; several are several options\n"
        "  --timeout TIME   without an answer after which the walker hangs (default 5s)\n"
        "  --quiet          only the summary\n"
        "\n"
        "Exit status: 0 nothing found (agree, permitted, waived, unsupported), 1 something found, 2 used wrongly, or "
        "a\n"
        "line is no case, or the walker could not be run.\n",
    .run = run,
};
