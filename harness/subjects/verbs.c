/* SPDX-License-Identifier: MIT */
#include "harness/subjects/verbs.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "harness/subjects/case_io.h"
#include "harness/support/allocate.h"

/* ---------------------------------------------------------------- whose verb it is */

static bool is_verb(const char *verb, const char *a, const char *b)
{
    return !strcmp(verb, a) || !strcmp(verb, b);
}

/* The walker that an argument names, or NULL. @param next  the argument after it */
static const char *walker_in(const char *argument, const char *next)
{
    static const char with_value[] = "--walker=";

    if (!strcmp(argument, "--walker") || !strcmp(argument, "-w"))
        return next;
    if (!strncmp(argument, with_value, strlen(with_value)))
        return argument + strlen(with_value);
    return !strncmp(argument, "-w", 2) ? argument + 2 : NULL;
}

bool wd_subject_concerns(char **argv)
{
    bool has_walker = false;

    for (char **at = argv + 1; *at; at++) {
        const char *walker = walker_in(*at, at[1]);

        if (walker && wd_subject_is_named(walker))
            return true;
        has_walker |= walker != NULL;
    }
    if (has_walker || !is_verb(argv[0], "shrink", "explain"))
        return false;
    for (char **at = argv + 1; *at; at++)
        if ((*at)[0] != '-')
            return wd_subject_kind_of_file(*at);
    return false;
}

/* ---------------------------------------------------------------- options */

enum { WALKERS_MAX = 8 };

struct options {
    const char *walkers[WALKERS_MAX + 1]; /* ends with NULL */
    size_t walker_count;
    const char *out, *keep, *signature;
    struct wd_waiver_folders waivers;
    double timeout, seconds;
    bool json, words, bisect, quiet;
};

enum { WALKER = 'w', WAIVERS = 256, TIMEOUT, JSON, BISECT, QUIET, TIME, OUT, KEEP, COLOR, RESUME, WORDS, SIGNATURE };

static const struct option long_options[] = {
    {"walker", required_argument, NULL, WALKER},
    {"waivers", required_argument, NULL, WAIVERS},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"json", no_argument, NULL, JSON},
    {"bisect", no_argument, NULL, BISECT},
    {"quiet", no_argument, NULL, QUIET},
    {"time", required_argument, NULL, TIME},
    {"out", required_argument, NULL, OUT},
    {"keep", required_argument, NULL, KEEP},
    {"color", required_argument, NULL, COLOR},
    {"resume", required_argument, NULL, RESUME},
    {"words", no_argument, NULL, WORDS},
    {"signature", required_argument, NULL, SIGNATURE},
    {0},
};

/* How many are asked at once. */
static size_t most_walkers(const char *verb)
{
    return !strcmp(verb, "explain") ? WALKERS_MAX : !strcmp(verb, "shrink") ? WD_SUBJECT_SHRINK_MAX : 1;
}

static bool take_option(struct options *options, const char *verb, int option)
{
    switch (option) {
    case WALKER:
        if (options->walker_count == most_walkers(verb)) {
            wd_complain("%s: --walker: at most %zu", verb, options->walker_count);
            return false;
        }
        options->walkers[options->walker_count++] = optarg;
        return true;
    case WAIVERS:
        return wd_add_waiver_folder(&options->waivers, optarg);
    case TIMEOUT:
        return wd_parse_seconds("--timeout", optarg, &options->timeout);
    case JSON:
        options->json = true;
        return true;
    case BISECT:
        options->bisect = true;
        return true;
    case QUIET:
        options->quiet = true;
        return true;
    case WORDS:
        options->words = true;
        return true;
    case SIGNATURE:
        options->signature = optarg;
        return true;
    case TIME:
        return wd_parse_seconds("--time", optarg, &options->seconds);
    case OUT:
        options->out = optarg;
        return true;
    case KEEP: /* verdict, signature and rule are one thing here */
        options->keep = optarg;
        return is_verb(optarg, "rule", "signature") || (wd_complain("%s: --keep %s is for walkers", verb, optarg), 0);
    case COLOR:
        return true;
    case RESUME:
        wd_complain("%s: --resume is for walkers; subjects of another kind do not have it", verb);
        return false;
    default:
        return false;
    }
}

static bool take_options(struct options *options, const char *verb, int argc, char **argv)
{
    int option;

    *options = (struct options){.timeout = WD_DEFAULT_TIMEOUT, .seconds = 10};
    while ((option = getopt_long(argc, argv, "w:q", long_options, NULL)) != -1)
        if (!take_option(options, verb, option == 'q' ? QUIET : option))
            return false;
    return true;
}

static bool add_files(struct wd_case_files *files, char **paths, bool standard_input, struct wd_error *error)
{
    if (!*paths && standard_input)
        return wd_case_files_add(files, "-", error);
    for (; *paths; paths++)
        if (!wd_case_files_add(files, *paths, error))
            return false;
    return true;
}

/* ---------------------------------------------------------------- replay, run, shrink */

enum verb { REPLAY, RUN, SHRINK };

struct doing {
    enum verb verb;
    const struct options *options;
    const struct wd_places *places;
    struct wd_subject_session session;
    struct wd_subject_session other; /* shrink: of the second walker */
    const struct wd_subject_kind *kind;
    bool is_open, bad_lines;
    char walker[512]; /* of a finding */
    uint64_t cases, verdicts[WD_VERDICT_COUNT], left;
    uint64_t others; /* findings that have another signature than the one that counts */
    struct wd_subject_assessment assessments[WD_SUBJECT_SHRINK_MAX];
    FILE *out;
    char *bytes; /* what was put there */
    size_t size;
};

static void complain(void *context, const char *message)
{
    struct doing *doing = context;

    doing->bad_lines = true;
    wd_complain("%s", message);
}

static void put_case(struct doing *doing, const void *c, const char *id)
{
    char buffer[4096];
    struct wd_json_out out = wd_json_to_stream(doing->out, buffer, sizeof(buffer));

    wd_subject_write_case(&out, doing->kind, c, id, NULL);
    WD_JSON_PUT(&out, "\n");
    wd_json_end_stream(&out);
}

/* Opens the subject that a finding names, if none is named otherwise. */
static bool have_subject(struct doing *doing, const struct wd_subject_entry *entry, struct wd_error *error)
{
    if (doing->is_open && (*doing->options->walkers || !strcmp(doing->walker, entry->walker)))
        return true;
    if (!*entry->walker)
        return wd_error_set(error, "shrink: --walker is missing, and the case is no finding that names one");
    if (doing->is_open)
        wd_subject_session_close(&doing->session);
    snprintf(doing->walker, sizeof(doing->walker), "%s", entry->walker);
    doing->is_open = !wd_subject_session_open(&doing->session, doing->places, doing->walker, &doing->options->waivers,
                                              doing->options->timeout);
    return doing->is_open || wd_error_set(error, "%s: the finding's subject cannot be asked", doing->walker);
}

/* `shrink --out` leaves the cases in a file, whole or not at all. */
static bool store_output(const struct doing *doing, struct wd_error *error)
{
    char fresh[PATH_MAX];
    FILE *file;
    bool good;

    fflush(doing->out);
    if (!doing->options->out)
        return true;
    snprintf(fresh, sizeof(fresh), "%s.new", doing->options->out);
    file = fopen(fresh, "we");
    good = file && fwrite(doing->bytes, 1, doing->size, file) == doing->size;
    if (file && fclose(file))
        good = false;
    return (good && !rename(fresh, doing->options->out)) ||
           wd_error_set(error, "%s cannot be written", doing->options->out);
}

static bool shrink_entry(struct doing *doing, const struct wd_subject_entry *entry, struct wd_error *error)
{
    union wd_subject_case *c = wd_allocate(1, sizeof(*c));
    const struct wd_subject_session *const sessions[] = {&doing->session, &doing->other};
    size_t count = doing->options->walker_count == 2 ? 2 : 1;
    struct wd_subject_assessment *assessment = doing->assessments;
    char id[300];
    bool good = true, fixed = false;

    *c = entry->c;
    for (size_t i = 0; good && i < count; i++)
        good = wd_subject_assess(sessions[i], c->bytes, &assessment[i], error);
    if (good && (count > 1 || wd_verdict_is_finding[assessment->judgement.verdict]))
        fixed = wd_subject_shrink(sessions, count, c->bytes, assessment, doing->options->seconds, error);
    if (good) {
        snprintf(id, sizeof(id), "%s%s", *entry->id ? entry->id : "shrunk",
                 *entry->id && !strstr(entry->id, ", shrunk") ? ", shrunk" : "");
        put_case(doing, c->bytes, id);
        doing->left += !fixed;
        if (!doing->options->quiet)
            fprintf(stderr, "%s: %s\n  %s\n", id, wd_verdict_names[assessment->judgement.verdict],
                    *assessment->signature ? assessment->signature
                    : count > 1            ? "what both answer stays"
                                           : "nothing to keep");
        good = store_output(doing, error);
    }
    free(c);
    return good;
}

static bool do_entry(void *context, const struct wd_subject_entry *entry, struct wd_error *error)
{
    struct doing *doing = context;
    struct wd_subject_assessment *assessment = doing->assessments;
    char where[PATH_MAX + 32], buffer[4096];
    struct wd_json_out out = wd_json_to_stream(stdout, buffer, sizeof(buffer));
    enum wd_verdict verdict;

    if (doing->verb == SHRINK)
        return have_subject(doing, entry, error) && shrink_entry(doing, entry, error);
    if (!wd_subject_assess(&doing->session, entry->c.bytes, assessment, error))
        return false;
    if (doing->verb == RUN) {
        wd_subject_write_answer(&out, doing->kind, entry->c.bytes, assessment->got.bytes, entry->id);
        WD_JSON_PUT(&out, "\n");
        wd_json_end_stream(&out);
        return true;
    }
    verdict = wd_subject_verdict(assessment);
    doing->cases++;
    doing->verdicts[verdict]++;
    if (doing->options->signature && wd_verdict_is_finding[verdict] &&
        strcmp(doing->options->signature, assessment->signature))
        doing->others++;
    snprintf(where, sizeof(where), "%s:%llu", entry->file, (unsigned long long)entry->line);
    if (doing->options->json || (verdict != WD_VERDICT_AGREE && !doing->options->quiet))
        wd_subject_show(stdout, &doing->session, entry->c.bytes, entry->id, where, assessment,
                        doing->options->json ? doing->options->words ? WD_SUBJECT_JSON_WORDS : WD_SUBJECT_JSON
                                             : WD_SUBJECT_WORDS);
    return true;
}

static void show_replayed(const struct doing *doing)
{
    const char *separator = ": ";

    if (doing->options->json)
        return;
    printf("%llu case%s", (unsigned long long)doing->cases, doing->cases == 1 ? "" : "s");
    for (unsigned i = 0; i < WD_VERDICT_COUNT; i++) {
        if (!doing->verdicts[i])
            continue;
        printf("%s%llu %s", separator, (unsigned long long)doing->verdicts[i], wd_verdict_names[i]);
        separator = ", ";
    }
    printf("\n");
}

static int status_of(const struct doing *doing)
{
    uint64_t found = 0;

    if (doing->bad_lines)
        return WD_EXIT_FAILED;
    if (doing->verb == SHRINK)
        return doing->left ? WD_EXIT_FOUND : WD_EXIT_NOTHING_FOUND;
    for (unsigned i = 0; i < WD_VERDICT_COUNT; i++)
        if (wd_verdict_is_finding[i])
            found += doing->verdicts[i];
    if (found > doing->others)
        return WD_EXIT_FOUND;
    return doing->options->bisect && (doing->others || doing->verdicts[WD_VERDICT_UNSUPPORTED]) ? WD_EXIT_CANNOT_TEST
                                                                                                : WD_EXIT_NOTHING_FOUND;
}

static int do_files(struct doing *doing, char **paths)
{
    const struct wd_subject_reader reader = {.read = do_entry, .complain = complain, .context = doing};
    const struct options *options = doing->options;
    struct wd_case_files files = {0};
    struct wd_error error;
    int status = WD_EXIT_NOTHING_FOUND;

    if (*options->walkers) {
        doing->kind = wd_subject_kind_of_spec(*options->walkers);
        status = wd_subject_session_open(&doing->session, doing->places, *options->walkers, &options->waivers,
                                         options->timeout);
        doing->is_open = status == WD_EXIT_NOTHING_FOUND;
        if (doing->is_open && options->walkers[1])
            status = wd_subject_session_open(&doing->other, doing->places, options->walkers[1], &options->waivers,
                                             options->timeout);
        if (!status && options->walkers[1] && doing->other.spec.kind != doing->kind)
            status = wd_complain("shrink: %s is of another kind than %s", options->walkers[1], *options->walkers);
    } else {
        doing->kind = wd_subject_kind_of_file(*paths);
    }
    if (status != WD_EXIT_NOTHING_FOUND)
        return status;
    if (!add_files(&files, paths, doing->verb == RUN, &error) ||
        !wd_subject_read_files(doing->kind, &files, &reader, &error))
        status = wd_complain("%s", error.text);
    else
        status = status_of(doing);
    if (doing->verb == REPLAY && status != WD_EXIT_FAILED)
        show_replayed(doing);
    wd_case_files_free(&files);
    return status;
}

static int do_verb(enum verb verb, const struct wd_places *places, int argc, char **argv)
{
    struct doing *doing = wd_allocate(1, sizeof(*doing));
    struct options options;
    bool bisect = false;
    int status = WD_EXIT_FAILED;

    for (int i = 1; i < argc; i++)
        bisect |= !strcmp(argv[i], "--bisect");
    *doing = (struct doing){.verb = verb, .options = &options, .places = places};
    doing->out = wd_allocated(open_memstream(&doing->bytes, &doing->size));
    if (take_options(&options, argv[0], argc, argv)) {
        if (options.signature && !options.bisect)
            wd_complain("%s: --signature is for --bisect", argv[0]);
        else if (optind == argc && verb != RUN)
            wd_complain("%s: the cases are missing", argv[0]);
        else
            status = do_files(doing, argv + optind);
    }
    fclose(doing->out);
    if (verb == SHRINK && !options.out && fwrite(doing->bytes, 1, doing->size, stdout) != doing->size)
        status = WD_EXIT_FAILED;
    free(doing->bytes);
    if (doing->is_open)
        wd_subject_session_close(&doing->session);
    wd_subject_session_close(&doing->other);
    free(doing);
    status = wd_close_stdout(status);
    return bisect && status == WD_EXIT_FAILED ? WD_EXIT_STOP_BISECT : status;
}

int wd_subject_verb(const struct wd_places *places, int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (!strcmp(argv[0], "fuzz"))
        return wd_subject_fuzz(places, argc, argv);
    if (!strcmp(argv[0], "replay"))
        return do_verb(REPLAY, places, argc, argv);
    if (!strcmp(argv[0], "run"))
        return do_verb(RUN, places, argc, argv);
    return do_verb(SHRINK, places, argc, argv);
}

/* ---------------------------------------------------------------- explain */

struct explaining {
    const struct wd_subject_kind *kind;
    struct wd_subject_session sessions[WALKERS_MAX];
    size_t count;
    bool json, bad_lines;
    uint64_t told;
};

/* A line for programs. */
static void explain_as_json(const struct wd_subject_entry *entry)
{
    yyjson_doc *doc = yyjson_read(entry->text, strlen(entry->text), YYJSON_READ_NOFLAG);

    wd_subject_explain_json(stdout, yyjson_doc_get_root(doc), entry->file);
    yyjson_doc_free(doc);
}

static bool explain_entry(void *context, const struct wd_subject_entry *entry, struct wd_error *error)
{
    struct explaining *explaining = context;
    struct wd_subject_assessment *assessment;
    bool good = true;

    if (explaining->json) {
        explain_as_json(entry);
        return true;
    }
    if (explaining->told++)
        printf("\n");
    if (*entry->id)
        printf("%s\n", entry->id);
    if (*entry->note)
        printf("%s\n", entry->note);
    explaining->kind->explain(stdout, entry->c.bytes);
    assessment = wd_allocate(1, sizeof(*assessment));
    for (size_t i = 0; good && i < explaining->count; i++) {
        const struct wd_subject_session *session = &explaining->sessions[i];

        good = wd_subject_assess(session, entry->c.bytes, assessment, error);
        if (!good)
            break;
        printf("\n");
        wd_subject_show(stdout, session, entry->c.bytes, session->spec.text, "", assessment, WD_SUBJECT_WORDS);
    }
    free(assessment);
    return good;
}

static void complain_of_line(void *context, const char *message)
{
    struct explaining *explaining = context;

    explaining->bad_lines = true;
    wd_complain("%s", message);
}

static int open_all(struct explaining *explaining, const struct wd_places *places, const struct options *options)
{
    for (size_t i = 0; options->walkers[i]; i++) {
        struct wd_subject_session *session = &explaining->sessions[explaining->count++];
        int status = wd_subject_session_open(session, places, options->walkers[i], &options->waivers, options->timeout);

        if (status)
            return status;
        if (session->spec.kind != explaining->kind)
            return wd_complain("explain: %s is of another kind than %s", options->walkers[i], *options->walkers);
    }
    return WD_EXIT_NOTHING_FOUND;
}

int wd_subject_explain(const struct wd_places *places, int argc, char **argv)
{
    struct explaining *explaining = wd_allocate(1, sizeof(*explaining));
    const struct wd_subject_reader reader = {
        .read = explain_entry, .complain = complain_of_line, .context = explaining};
    struct wd_case_files files = {0};
    struct options options;
    struct wd_error error;
    int status = WD_EXIT_NOTHING_FOUND;

    if (!take_options(&options, "explain", argc, argv) || optind == argc) {
        free(explaining);
        return optind == argc ? wd_complain("explain: the case is missing") : WD_EXIT_FAILED;
    }
    explaining->kind =
        *options.walkers ? wd_subject_kind_of_spec(*options.walkers) : wd_subject_kind_of_file(argv[optind]);
    explaining->json = options.json;
    if (options.json && *options.walkers)
        status = wd_complain("explain: --json asks nobody: `run` does, and a finding brings its answers along");
    else
        status = open_all(explaining, places, &options);
    if (!status && (!add_files(&files, argv + optind, false, &error) ||
                    !wd_subject_read_files(explaining->kind, &files, &reader, &error)))
        status = wd_complain("%s", error.text);
    if (!status && explaining->bad_lines)
        status = WD_EXIT_FAILED;
    wd_case_files_free(&files);
    for (size_t i = 0; i < explaining->count; i++)
        wd_subject_session_close(&explaining->sessions[i]);
    free(explaining);
    return wd_close_stdout(status);
}
