/* SPDX-License-Identifier: MIT */
/* `walkdiff fuzz` for a subject. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "harness/subjects/case_io.h"
#include "harness/subjects/compare.h"
#include "harness/support/allocate.h"
#include "harness/support/process.h"

enum { DEFAULT_SECONDS = 60, CASES_ALONE_MAX = 1024, STORED_MAX = 64 };

static const double shrink_seconds = 10, plain_progress_seconds = 10, write_seconds = 5;

struct options {
    const char *walker, *out;
    const char *against;     /* the subject before a change */
    const char *coverage[2]; /* files to note in what the subject runs, and the one before the change */
    const char *stored[STORED_MAX];
    size_t stored_count;
    struct wd_waiver_folders waivers;
    bool has_seed, quiet, json, no_shrink, until_finding;
    uint64_t seed, begin, cases, jobs;
    uint64_t alone[CASES_ALONE_MAX];
    size_t alone_count;
    double seconds, timeout;
};

enum fuzz_option {
    WALKER = 256,
    REF,
    SEED,
    BEGIN,
    CASES,
    TIME,
    UNTIL_FINDING,
    JOBS,
    OUT,
    CASE,
    QUIET,
    JSON,
    TIMEOUT,
    WAIVERS,
    NO_SHRINK,
    AGAINST,
    COVERAGE,
    COVERAGE_BEFORE,
    STORED,
    OTHER
};

static const struct option long_options[] = {
    {"walker", required_argument, NULL, WALKER},
    {"ref", required_argument, NULL, REF},
    {"seed", required_argument, NULL, SEED},
    {"begin", required_argument, NULL, BEGIN},
    {"cases", required_argument, NULL, CASES},
    {"time", required_argument, NULL, TIME},
    {"until-finding", no_argument, NULL, UNTIL_FINDING},
    {"jobs", required_argument, NULL, JOBS},
    {"out", required_argument, NULL, OUT},
    {"case", required_argument, NULL, CASE},
    {"quiet", no_argument, NULL, QUIET},
    {"json", no_argument, NULL, JSON},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"waivers", required_argument, NULL, WAIVERS},
    {"no-shrink", no_argument, NULL, NO_SHRINK},
    {"against", required_argument, NULL, AGAINST},
    {"coverage", required_argument, NULL, COVERAGE},
    {"coverage-before", required_argument, NULL, COVERAGE_BEFORE},
    {"stored", required_argument, NULL, STORED},
    /* of walkers alone: */
    {"profile", required_argument, NULL, OTHER},
    {"guided", no_argument, NULL, OTHER},
    {"corpus", required_argument, NULL, OTHER},
    {"shard", required_argument, NULL, OTHER},
    {"part", required_argument, NULL, OTHER},
    {"merge", no_argument, NULL, OTHER},
    {"stream", no_argument, NULL, OTHER},
    {"resume", no_argument, NULL, OTHER},
    {0},
};

static bool take(struct options *options, enum fuzz_option option, const char *argument, int index)
{
    switch (option) {
    case WALKER:
        options->walker = argument;
        return true;
    case REF:
        if (!strcmp(argument, "none"))
            return true;
        wd_complain("fuzz: --ref %s: a subject has no references beside walkdiff's own model", argument);
        return false;
    case SEED:
        options->has_seed = true;
        return wd_parse_number("--seed", argument, &options->seed);
    case BEGIN:
        return wd_parse_number("--begin", argument, &options->begin);
    case CASES:
        return wd_parse_number("--cases", argument, &options->cases);
    case TIME:
        return wd_parse_seconds("--time", argument, &options->seconds);
    case UNTIL_FINDING:
        options->until_finding = true;
        return true;
    case JOBS:
        return wd_parse_number("--jobs", argument, &options->jobs);
    case OUT:
        options->out = argument;
        return true;
    case CASE:
        if (options->alone_count == CASES_ALONE_MAX) {
            wd_complain("fuzz: --case: at most %d", CASES_ALONE_MAX);
            return false;
        }
        return wd_parse_number("--case", argument, &options->alone[options->alone_count++]);
    case QUIET:
        options->quiet = true;
        return true;
    case JSON:
        options->json = true;
        return true;
    case TIMEOUT:
        return wd_parse_seconds("--timeout", argument, &options->timeout);
    case WAIVERS:
        return wd_add_waiver_folder(&options->waivers, argument);
    case NO_SHRINK:
        options->no_shrink = true;
        return true;
    case AGAINST:
        options->against = argument;
        return true;
    case COVERAGE:
    case COVERAGE_BEFORE:
        options->coverage[option == COVERAGE_BEFORE] = argument;
        return true;
    case STORED:
        if (options->stored_count == STORED_MAX) {
            wd_complain("fuzz: --stored: at most %d", STORED_MAX);
            return false;
        }
        options->stored[options->stored_count++] = argument;
        return true;
    default:
        wd_complain("fuzz: --%s is for walkers; subjects of another kind do not have it", long_options[index].name);
        return false;
    }
}

static const char *contradiction(const struct options *options)
{
    if ((options->alone_count || options->begin) && !options->has_seed)
        return "--case and --begin need --seed";
    if (options->alone_count && (options->begin || options->cases || options->seconds > 0 || options->out))
        return "--case makes cases alone: no --begin, --cases, --time or --out";
    if (options->jobs < 1 || options->jobs > WD_SUBJECT_JOBS_MAX)
        return "--jobs: 1 to 64";
    if (options->against && (options->alone_count || options->out || options->until_finding || !options->json))
        return "--against compares two subjects, for programs: needs --json; no --case, --out or --until-finding";
    if (!options->against && (options->stored_count || options->coverage[0] || options->coverage[1]))
        return "--stored and --coverage need --against";
    return NULL;
}

/* ---------------------------------------------------------------- cases alone */

static int run_alone(const struct wd_subject_session *session, const struct options *options)
{
    const struct wd_subject_kind *kind = session->spec.kind;
    union wd_subject_case *c = wd_allocate(1, sizeof(*c));
    struct wd_subject_assessment *assessment = wd_allocate(1, sizeof(*assessment));
    struct wd_error error;
    int status = WD_EXIT_NOTHING_FOUND;

    for (size_t i = 0; i < options->alone_count && status != WD_EXIT_FAILED; i++) {
        char id[64], buffer[4096];
        struct wd_json_out out = wd_json_to_stream(stdout, buffer, sizeof(buffer));

        snprintf(id, sizeof(id), "seed %" PRIu64 " case %" PRIu64, options->seed, options->alone[i]);
        kind->generate(options->seed, options->alone[i], c->bytes);
        wd_subject_write_case(&out, kind, c->bytes, id, NULL);
        WD_JSON_PUT(&out, "\n");
        wd_json_end_stream(&out);
        if (!wd_subject_assess(session, c->bytes, assessment, &error)) {
            status = wd_complain("%s", error.text);
            break;
        }
        wd_subject_show(stdout, session, c->bytes, id, "", assessment,
                        options->json ? WD_SUBJECT_JSON : WD_SUBJECT_WORDS);
        if (wd_verdict_is_finding[wd_subject_verdict(assessment)])
            status = WD_EXIT_FOUND;
    }
    free(assessment);
    free(c);
    return status;
}

/* ---------------------------------------------------------------- the run */

struct follower {
    const struct options *options;
    const struct wd_subject_session *session;
    const struct wd_subject_plan *plan;
    const char *const *command;
    struct wd_subject_findings findings;
    double told, written;
    bool terminal;
};

static void tell(struct follower *follower, const struct wd_subject_state *state)
{
    double now = wd_now();

    if (follower->options->quiet || (!follower->terminal && now - follower->told < plain_progress_seconds))
        return;
    follower->told = now;
    fprintf(stderr, "%s%" PRIu64 " cases, %.2f M/s, %zu cells of findings%s", follower->terminal ? "\r\033[K" : "",
            state->cases, (double)state->cases / state->seconds * 1e-6, state->cell_count,
            follower->terminal ? "" : "\n");
}

static bool follow(void *context, const struct wd_subject_state *state, struct wd_error *error)
{
    struct follower *follower = context;

    tell(follower, state);
    if (!follower->options->out || wd_now() - follower->written < write_seconds)
        return true;
    follower->written = wd_now();
    return wd_subject_findings_collect(follower->session, follower->plan, state, &follower->findings, error) &&
           wd_subject_write_folder(follower->options->out, follower->session, follower->plan, state,
                                   &follower->findings, follower->command, error);
}

static bool shrink_all(struct follower *follower, struct wd_error *error)
{
    for (size_t i = 0; i < follower->findings.count; i++) {
        struct wd_subject_finding *finding = &follower->findings.list[i];

        if (finding->assessment.judgement.verdict != finding->verdict ||
            finding->assessment.judgement.key != finding->key)
            continue; /* not the same when it is asked again: stays as it was found */
        finding->shrunk =
            wd_subject_shrink(&follower->session, 1, finding->c.bytes, &finding->assessment, shrink_seconds, error);
    }
    return true;
}

static int run_plan(struct follower *follower)
{
    const struct options *options = follower->options;
    struct wd_subject_state state;
    struct wd_error error;
    int status;
    bool good = wd_subject_run(follower->plan, follow, follower, &state, &error);

    if (!options->quiet && follower->terminal)
        fprintf(stderr, "\r\033[K");
    good = good && wd_subject_findings_collect(follower->session, follower->plan, &state, &follower->findings, &error);
    if (good && !options->no_shrink && !state.interrupted)
        good = shrink_all(follower, &error);
    if (good && options->out)
        good = wd_subject_write_folder(options->out, follower->session, follower->plan, &state, &follower->findings,
                                       follower->command, &error);
    if (!good) {
        status = wd_complain("%s", error.text);
    } else {
        if (options->json)
            wd_subject_write_summary_json(stdout, follower->session, follower->plan, &state, &follower->findings,
                                          follower->command, true);
        else
            wd_subject_write_summary(stdout, follower->session, follower->plan, &state, &follower->findings,
                                     options->quiet);
        if (options->out && !options->json && !options->quiet)
            printf("\nAll of it: %s/findings.jsonl and %s/summary.json\n", options->out, options->out);
        status = follower->findings.count ? WD_EXIT_FOUND : WD_EXIT_NOTHING_FOUND;
    }
    wd_subject_findings_free(&follower->findings);
    wd_subject_state_free(&state);
    return status;
}

/* ---------------------------------------------------------------- two subjects */

/* Cases that are read before the first is asked. */
struct stored {
    union wd_subject_case *cases;
    char **ids;
    size_t count;
    bool bad;
};

static bool store_case(void *context, const struct wd_subject_entry *entry, struct wd_error *error)
{
    struct stored *stored = context;

    (void)error;
    stored->cases = wd_allocated(realloc(stored->cases, (stored->count + 1) * sizeof(*stored->cases)));
    stored->ids = wd_allocated(realloc(stored->ids, (stored->count + 1) * sizeof(*stored->ids)));
    stored->cases[stored->count] = entry->c;
    stored->ids[stored->count++] = wd_copy_text(entry->id, strlen(entry->id));
    return true;
}

static void complain_of_stored(void *context, const char *message)
{
    struct stored *stored = context;

    stored->bad = true;
    wd_complain("%s", message);
}

static bool read_stored(const struct options *options, const struct wd_subject_kind *kind, struct stored *stored)
{
    const struct wd_subject_reader reader = {.read = store_case, .complain = complain_of_stored, .context = stored};
    struct wd_case_files files = {0};
    struct wd_error error;
    bool good = true;

    for (size_t i = 0; good && i < options->stored_count; i++)
        good = wd_case_files_add(&files, options->stored[i], &error);
    good = good && wd_subject_read_files(kind, &files, &reader, &error);
    if (!good)
        wd_complain("%s", error.text);
    wd_case_files_free(&files);
    return good && !stored->bad;
}

static void free_stored(struct stored *stored)
{
    for (size_t i = 0; i < stored->count; i++)
        free(stored->ids[i]);
    free(stored->ids);
    free(stored->cases);
}

static int compare(const struct options *options, const struct wd_subject_sides *sides, struct wd_subject_plan *plan,
                   const char *const *command)
{
    struct stored stored = {0};
    struct wd_subject_changes changes = {0};
    struct wd_subject_state state = {0};
    struct wd_error error;
    int status = WD_EXIT_FAILED;

    if (read_stored(options, plan->spec->kind, &stored)) {
        plan->against = &sides->before->spec;
        plan->stored = stored.cases;
        plan->stored_count = stored.count;
        if (stored.count && !options->cases && !(options->seconds > 0)) {
            plan->cases = 0; /* these alone */
            plan->seconds = 0;
        }
        if (wd_subject_run(plan, NULL, NULL, &state, &error) &&
            wd_subject_changes_collect(sides, plan, &state, &changes, &error)) {
            wd_subject_write_changes(stdout, sides, plan, &state, &changes, command, (const char *const *)stored.ids);
            status = changes.count ? WD_EXIT_FOUND : WD_EXIT_NOTHING_FOUND;
        } else {
            wd_complain("%s", error.text);
        }
    }
    wd_subject_changes_free(&changes);
    wd_subject_state_free(&state);
    free_stored(&stored);
    return status;
}

/* Opens the subject before the change, and compares. */
static int run_against(const struct wd_places *places, const struct options *options,
                       const struct wd_subject_session *after, struct wd_subject_plan *plan, const char *const *command)
{
    struct wd_subject_session before;
    const struct wd_subject_sides sides = {.before = &before, .after = after};
    int status = wd_subject_session_open(&before, places, options->against, &options->waivers, options->timeout);

    if (status == WD_EXIT_NOTHING_FOUND && before.spec.kind != after->spec.kind)
        status = wd_complain("fuzz: --against: %s is of the kind %s, and %s of %s", before.spec.text,
                             before.spec.kind->name, after->spec.text, after->spec.kind->name);
    before.spec.coverage = options->coverage[1];
    if (status == WD_EXIT_NOTHING_FOUND)
        status = compare(options, &sides, plan, command);
    wd_subject_session_close(&before);
    return status;
}

/* ---------------------------------------------------------------- the verb */

int wd_subject_fuzz(const struct wd_places *places, int argc, char **argv)
{
    struct options options = {.jobs = 1, .timeout = WD_DEFAULT_TIMEOUT};
    const char **command = wd_allocate((size_t)argc + 1, sizeof(*command));
    struct wd_subject_session session;
    struct wd_subject_plan plan;
    struct follower follower;
    int option, index, status;

    memcpy(command, argv, (size_t)argc * sizeof(*command));
    while ((option = getopt_long(argc, argv, "", long_options, &index)) != -1)
        if (option == '?' || !take(&options, option, optarg, index)) {
            free(command);
            return WD_EXIT_FAILED;
        }
    if (optind < argc || contradiction(&options)) {
        free(command);
        return wd_complain("fuzz: %s",
                           optind < argc ? "takes no arguments without an option's name" : contradiction(&options));
    }
    if (!options.has_seed && getrandom(&options.seed, 4, 0) != 4)
        options.seed = (uint64_t)getpid();
    signal(SIGPIPE, SIG_IGN);
    status = wd_subject_session_open(&session, places, options.walker, &options.waivers, options.timeout);
    plan = (struct wd_subject_plan){
        .spec = &session.spec,
        .seed = options.seed,
        .begin = options.begin,
        .cases = options.cases ? options.cases : UINT64_MAX,
        .seconds = options.seconds > 0                      ? options.seconds
                   : options.cases || options.until_finding ? 0
                                                            : DEFAULT_SECONDS,
        .timeout = options.timeout,
        .jobs = (unsigned)options.jobs,
        .until_finding = options.until_finding,
    };
    follower = (struct follower){.options = &options,
                                 .session = &session,
                                 .plan = &plan,
                                 .command = command,
                                 .told = wd_now(),
                                 .written = wd_now(),
                                 .terminal = isatty(STDERR_FILENO)};
    if (status == WD_EXIT_NOTHING_FOUND) {
        if (!options.quiet && !options.json && !options.alone_count)
            printf("seed %" PRIu64 ", %s (%s)\n", options.seed, session.spec.text,
                   wd_subject_host_version(session.host));
        session.spec.coverage = options.coverage[0];
        status = options.against       ? run_against(places, &options, &session, &plan, command)
                 : options.alone_count ? run_alone(&session, &options)
                                       : run_plan(&follower);
    }
    wd_subject_session_close(&session);
    free(command);
    return wd_close_stdout(status);
}
