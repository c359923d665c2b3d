/* SPDX-License-Identifier: MIT */
/* `walkdiff explain`: the walk of a case, step by step, and what walkers answer to it. */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "harness/casefile/case_file.h"
#include "harness/host/case_pipeline.h"
#include "harness/cli/cli.h"
#include "harness/subjects/verbs.h"
#include "reports/explain_json.h"
#include "reports/paint.h"
#include "reports/side_by_side.h"
#include "reports/story.h"
#include "reports/text.h"

enum { WALKERS_MAX = 8 };

static const struct wd_verb verb = {
    .name = "explain",
    .text = "tell how the architecture answers a case, step by step",
    .usage =
        "usage: walkdiff explain [--json] [--walker W]... [--color WHEN] CASE...\n"
        "\n"
        "Tells for each case of the files how the architecture answers it: the registers field by field, each stage\n"
        "with its sizes, each descriptor with its fields and the rule that decided what becomes of it, PAR_EL1 field\n"
        "by field, and the choices that the walk consulted with what else would be permitted. \"-\" is standard "
        "input.\n"
        "A walker's answer that is not right stands beside the architecture's: both walks, and both answers field by\n"
        "field, with a mark where they differ. Of a line of findings.jsonl that is the answer that it tells of, if no\n"
        "walker is named. FILE:12 is line 12 of a file.\n"
        "\n"
        "  --walker W       also ask a walker, and judge its answer; may be given several times\n"
        "  --color WHEN     auto (on a terminal, unless NO_COLOR is set; the default), always, or never\n"
        "  --json           for programs: a line of JSON for each case, or for each finding of a findings.jsonl\n"
        "  --timeout TIME   without an answer after which a walker hangs (default 5s)\n"
        "\n"
        "Exit status: 0, or 2 if used wrongly, or a line is no case, or a walker could not be run.\n",
};

/** A walker that is asked about each case. */
struct asked {
    const char *text;
    struct wd_walker_spec spec;
    struct wd_case_area *area;
    struct wd_walker_host *host;
    struct wd_obituaries obituaries;
    uint64_t batch;
};

struct explain {
    struct asked walkers[WALKERS_MAX];
    size_t walker_count;
    double timeout;
    uint64_t told;
    bool json, coloured;
};

static bool open_walkers(struct explain *explain, const struct wd_places *places, struct wd_error *error)
{
    for (size_t i = 0; i < explain->walker_count; i++) {
        struct asked *asked = &explain->walkers[i];
        const struct wd_walker_watcher watcher = {.incident = wd_tell_incident, .context = &asked->obituaries};

        asked->obituaries.walker = asked->text;
        if (!wd_walker_spec_parse(asked->text, places, &asked->spec, error) ||
            !(asked->area = wd_case_area_new(WD_FILE_SLOT_SIZE, error)) ||
            !(asked->host = wd_walker_host_open(&asked->spec, asked->area, explain->timeout, &watcher, error)))
            return false;
    }
    return true;
}

static void close_walkers(struct explain *explain)
{
    for (size_t i = 0; i < explain->walker_count; i++) {
        wd_walker_host_close(explain->walkers[i].host);
        wd_case_area_free(explain->walkers[i].area);
    }
}

/* What one walker answers, and what the judge says of it. */
static bool ask(struct asked *asked, const struct wd_case_entry *entry, bool coloured, struct wd_error *error)
{
    static struct wd_oracle_output basis;
    static struct wd_judgement judgement;
    struct wd_slot *slot = wd_case_area_slot(asked->area, asked->batch);
    const struct wd_result *got;

    wd_slot_clear(slot);
    if (!wd_slot_add(slot, &entry->c))
        return wd_error_set(error, "%s: the case is too large", entry->id);
    wd_walker_host_submit(asked->host);
    got = wd_walker_host_wait(asked->host, asked->batch++, error);
    if (!got)
        return false;
    wd_oracle(&entry->c, NULL, NULL, NULL, &basis);
    wd_judge(&entry->c, &basis, got, UINT64_MAX, &judgement);
    wd_print_side_by_side(stdout, coloured, &entry->c, asked->text, "", &basis, got, &judgement);
    return true;
}

/* The member `got` of a finding. @return false if it holds none */
static bool read_got(const struct wd_case_entry *entry, struct wd_result *got, struct wd_error *error)
{
    yyjson_doc *doc = yyjson_read(entry->text, strlen(entry->text), YYJSON_READ_NOFLAG);
    size_t length = 0;
    char *text = yyjson_val_write(yyjson_obj_get(yyjson_doc_get_root(doc), "got"), YYJSON_WRITE_NOFLAG, &length);
    char message[512] = "there is none";
    bool good = text && !wd_result_from_json(text, length, got, NULL, 0, message, sizeof(message));

    free(text);
    yyjson_doc_free(doc);
    return good || wd_error_set(error, "line %llu: got: %s", (unsigned long long)entry->line, message);
}

/* What a finding tells of the walker's answer, if no walker is to be asked. */
static bool tell_finding(const struct wd_case_entry *entry, bool coloured, struct wd_error *error)
{
    static struct wd_oracle_output basis;
    static struct wd_judgement judgement;
    static struct wd_result got;

    if (!read_got(entry, &got, error))
        return false;
    wd_oracle(&entry->c, NULL, NULL, NULL, &basis);
    wd_judge(&entry->c, &basis, &got, UINT64_MAX, &judgement);
    wd_print_side_by_side(stdout, coloured, &entry->c, *entry->walker ? entry->walker : "unknown",
                          ", as the finding tells", &basis, &got, &judgement);
    return true;
}

static bool explain_entry(struct explain *explain, const struct wd_case_entry *entry, struct wd_error *error)
{
    if (explain->told++)
        printf("\n%.*s\n\n", WD_TEXT_COLUMNS,
               "----------------------------------------------------------------------"
               "------------------------------");
    wd_tell_story(stdout, &entry->c, entry->id, entry->note);
    for (size_t i = 0; i < explain->walker_count; i++)
        if (!ask(&explain->walkers[i], entry, explain->coloured, error))
            return false;
    return explain->walker_count || !entry->signature || tell_finding(entry, explain->coloured, error);
}

static bool explain_stream(struct explain *explain, FILE *file, const char *name, uint64_t line, struct wd_error *error)
{
    struct wd_case_reader *reader = wd_case_reader_new(file, name);
    struct wd_case_entry entry;
    bool good = true;
    int read = 0;

    if (!reader)
        return wd_error_set(error, "out of memory");
    wd_case_reader_select(reader, line);
    while (good && (read = wd_case_reader_next(reader, &entry)) == 1)
        good = explain_entry(explain, &entry, error);
    if (good && read < 0)
        good = wd_error_set(error, "%s", wd_case_reader_error(reader));
    wd_case_reader_free(reader);
    return good;
}

static bool explain_files(struct explain *explain, const struct wd_case_files *files, struct wd_error *error)
{
    for (size_t i = 0; i < files->count; i++) {
        struct wd_case_stream stream;
        bool ok;

        if (!wd_case_stream_open(&stream, files->paths[i], error))
            return false;
        ok = explain_stream(explain, stream.file, files->paths[i], files->lines[i], error);
        if (!wd_case_stream_close(&stream, ok ? error : &(struct wd_error){0}) || !ok)
            return false;
    }
    return true;
}

static int explain_as_json(const struct wd_case_files *files)
{
    int status = WD_EXIT_NOTHING_FOUND;

    for (size_t i = 0; i < files->count; i++) {
        struct wd_case_stream stream;
        struct wd_error error;
        int one;

        if (!wd_case_stream_open(&stream, files->paths[i], &error))
            return wd_complain("%s", error.text);
        one = wd_explain_json(stdout, stream.file, files->paths[i]);
        if (!wd_case_stream_close(&stream, &error))
            one = wd_complain("%s", error.text);
        status = one ? one : status;
    }
    return status;
}

static int explain_all(struct explain *explain, char **paths)
{
    struct wd_case_files files = {0};
    struct wd_places places;
    struct wd_error error;
    bool ok = wd_places_find(&places, &error);
    int status;

    for (; ok && *paths; paths++)
        ok = wd_case_files_add(&files, *paths, &error);
    if (ok && explain->json) {
        status = explain_as_json(&files);

        wd_case_files_free(&files);
        return wd_close_stdout(status);
    }
    ok = ok && open_walkers(explain, &places, &error) && explain_files(explain, &files, &error);
    fflush(stdout);
    status = ok ? WD_EXIT_NOTHING_FOUND : wd_complain_of(&error);
    close_walkers(explain);
    wd_case_files_free(&files);
    return wd_close_stdout(status);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"walker", required_argument, NULL, 'w'}, {"timeout", required_argument, NULL, 't'},
        {"json", no_argument, NULL, 'j'},         {"color", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},         {0},
    };
    struct explain explain = {.timeout = WD_DEFAULT_TIMEOUT};
    enum wd_colour_when when = WD_COLOUR_AUTO;
    int option;

    argv[0] = "explain";
    if (wd_subject_concerns(argv)) {
        struct wd_places places;
        struct wd_error error;

        return wd_places_find(&places, &error) ? wd_subject_explain(&places, argc, argv)
                                               : wd_complain("%s", error.text);
    }
    argv[0] = "walkdiff explain";
    while ((option = getopt_long(argc, argv, "w:h", options, NULL)) != -1) {
        switch (option) {
        case 'w':
            if (explain.walker_count == WALKERS_MAX)
                return wd_complain("explain: more than %d walkers", WALKERS_MAX);
            explain.walkers[explain.walker_count++].text = optarg;
            break;
        case 't':
            if (!wd_parse_seconds("--timeout", optarg, &explain.timeout))
                return WD_EXIT_FAILED;
            break;
        case 'j':
            explain.json = true;
            break;
        case 'c':
            if (!wd_colour_parse(optarg, &when))
                return wd_complain("--color '%s': auto, always or never is wanted", optarg);
            break;
        case 'h':
            return wd_show_usage(&verb, stdout);
        default:
            return wd_show_usage(&verb, stderr);
        }
    }
    if (explain.json && explain.walker_count)
        return wd_complain("explain: --json asks no walkers: `run` does, and a finding brings its answers along");
    if (optind == argc) {
        wd_complain("explain: the case is missing");
        return wd_show_usage(&verb, stderr);
    }
    explain.coloured = wd_is_coloured(when, stdout);
    signal(SIGPIPE, SIG_IGN);
    return explain_all(&explain, argv + optind);
}
