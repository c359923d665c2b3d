/* SPDX-License-Identifier: MIT */
/* `walkdiff fuzz`: the main job. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/support/allocate.h"
#include "harness/casefile/case_file.h"
#include "harness/cli/cli.h"
#include "harness/engine/corpus.h"
#include "harness/engine/engine.h"
#include "harness/engine/exhibits.h"
#include "harness/engine/exchange.h"
#include "harness/engine/fuzz_text.h"
#include "harness/engine/fuzz_worker.h"
#include "harness/engine/journal.h"
#include "harness/engine/learn.h"
#include "harness/engine/stored.h"
#include "harness/judge/judgement_text.h"
#include "harness/support/process.h"

enum { DEFAULT_SECONDS = 60, PLAIN_PROGRESS_SECONDS = 10, INDICES_MAX = 1024, STORED_MAX = 64 };

#define PART_NAME "part" /* in the folder of a shard */

static const char default_walker[] = "sample", default_reference[] = "unicorn", no_reference[] = "none";

/* Such that every walker that comes with walkdiff has something to say, and most features are there. */
static const char *const default_profiles[] = {"v80", "n1", "lva64", "v92"};

struct fuzz_options {
    const char *out;
    struct wd_waiver_folders waivers;
    const char *walker;
    const char *references[WD_WALKERS_MAX - 1];
    size_t reference_count;
    const char *profiles[WD_PROFILES_MAX];
    size_t profile_count;
    const char *corpus;
    const char *against;            /* the walker before a change */
    const char *coverage[2];        /* files to note in what the walker runs, and the one before the change */
    const char *stored[STORED_MAX]; /* files and folders */
    size_t stored_count;
    const char *part; /* a file to leave what was found in, for --merge */
    const char *const *parts;
    size_t part_count;
    bool has_seed, quiet, json, stream, acknowledged, until_finding, merge, no_shrink, guided;
    uint64_t seed, begin, cases, jobs;
    uint64_t of;                   /* cases of the run as a whole, if `cases` are a part; 0: they are not */
    uint64_t indices[INDICES_MAX]; /* of cases that are to be made alone */
    size_t index_count;
    uint64_t shard, shards; /* shard 1 … shards; 0: the run is not shared */
    double seconds, timeout;
};

/* ---------------------------------------------------------------- options */

/* Adds a word to a list. @return false if the list is full: told the user */
static bool add_word(const char *option, const char **words, size_t *count, size_t most, const char *word)
{
    if (*count == most) {
        wd_complain("fuzz: %s: at most %zu", option, most);
        return false;
    }
    words[(*count)++] = word;
    return true;
}

enum fuzz_option {
    WALKER = 256,
    REF,
    SEED,
    BEGIN,
    CASES,
    TIME,
    UNTIL_FINDING,
    PROFILE,
    JOBS,
    OUT,
    GUIDED,
    CORPUS,
    SHARD,
    PART,
    OF,
    MERGE,
    AGAINST,
    COVERAGE,
    COVERAGE_BEFORE,
    STORED,
    CASE,
    QUIET,
    JSON,
    STREAM,
    ACKNOWLEDGED,
    TIMEOUT,
    WAIVERS,
    NO_SHRINK,
    HELP
};

static const struct option long_options[] = {
    {"walker", required_argument, NULL, WALKER},
    {"ref", required_argument, NULL, REF},
    {"seed", required_argument, NULL, SEED},
    {"begin", required_argument, NULL, BEGIN},
    {"cases", required_argument, NULL, CASES},
    {"time", required_argument, NULL, TIME},
    {"until-finding", no_argument, NULL, UNTIL_FINDING},
    {"profile", required_argument, NULL, PROFILE},
    {"jobs", required_argument, NULL, JOBS},
    {"out", required_argument, NULL, OUT},
    {"guided", no_argument, NULL, GUIDED},
    {"corpus", required_argument, NULL, CORPUS},
    {"shard", required_argument, NULL, SHARD},
    {"part", required_argument, NULL, PART},
    {"of", required_argument, NULL, OF},
    {"merge", no_argument, NULL, MERGE},
    {"against", required_argument, NULL, AGAINST},
    {"coverage", required_argument, NULL, COVERAGE},
    {"coverage-before", required_argument, NULL, COVERAGE_BEFORE},
    {"stored", required_argument, NULL, STORED},
    {"case", required_argument, NULL, CASE},
    {"quiet", no_argument, NULL, QUIET},
    {"json", no_argument, NULL, JSON},
    {"stream", no_argument, NULL, STREAM},
    {"acknowledged", no_argument, NULL, ACKNOWLEDGED},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"waivers", required_argument, NULL, WAIVERS},
    {"no-shrink", no_argument, NULL, NO_SHRINK},
    {"help", no_argument, NULL, HELP},
    {0},
};

/* "2/8": the second of eight. @return false if it is wrong: told the user */
static bool take_shard(struct fuzz_options *options, const char *argument)
{
    int length = 0;

    if (sscanf(argument, "%" SCNu64 "/%" SCNu64 "%n", &options->shard, &options->shards, &length) == 2 &&
        !argument[length] && options->shard >= 1 && options->shard <= options->shards)
        return true;
    wd_complain("--shard '%s': must be I/N, from 1/N to N/N", argument);
    return false;
}

/* Takes one option. @return false if it is wrong: told the user */
static bool take_option(struct fuzz_options *options, enum fuzz_option option, const char *argument)
{
    switch (option) {
    case WALKER:
        options->walker = argument;
        return true;
    case REF:
        return add_word("--ref", options->references, &options->reference_count, WD_WALKERS_MAX - 1, argument);
    case PROFILE:
        return add_word("--profile", options->profiles, &options->profile_count, WD_PROFILES_MAX, argument);
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
    case CORPUS:
        options->corpus = argument;
        options->guided = true;
        return true;
    case GUIDED:
        options->guided = true;
        return true;
    case SHARD:
        return take_shard(options, argument);
    case PART:
        options->part = argument;
        return true;
    case OF:
        return wd_parse_number("--of", argument, &options->of);
    case MERGE:
        options->merge = true;
        return true;
    case AGAINST:
        options->against = argument;
        return true;
    case COVERAGE:
    case COVERAGE_BEFORE:
        options->coverage[option == COVERAGE_BEFORE] = argument;
        return true;
    case STORED:
        return add_word("--stored", options->stored, &options->stored_count, STORED_MAX, argument);
    case CASE:
        if (options->index_count == INDICES_MAX) {
            wd_complain("fuzz: --case: at most %d", INDICES_MAX);
            return false;
        }
        return wd_parse_number("--case", argument, &options->indices[options->index_count++]);
    case NO_SHRINK:
        options->no_shrink = true;
        return true;
    case QUIET:
        options->quiet = true;
        return true;
    case JSON:
        options->json = true;
        return true;
    case STREAM:
        options->json = options->stream = true;
        return true;
    case ACKNOWLEDGED:
        options->acknowledged = true;
        return true;
    case TIMEOUT:
        return wd_parse_seconds("--timeout", argument, &options->timeout);
    case WAIVERS:
        return wd_add_waiver_folder(&options->waivers, argument);
    default:
        return false;
    }
}

/* What is wrong with the options together, or NULL. */
static const char *contradiction(const struct fuzz_options *options)
{
    if (options->index_count && !options->has_seed)
        return "--case needs --seed";
    if (options->index_count &&
        (options->begin || options->cases || options->seconds > 0 || options->out || options->until_finding))
        return "--case makes cases alone: no --begin, --cases, --time, --until-finding or --out";
    if ((options->shards || options->part || options->merge) && (!options->has_seed || !options->cases))
        return "--shard, --part and --merge need --seed and --cases: all parts must be of one run";
    if ((options->shards || options->part) && (options->seconds > 0 || options->until_finding || options->merge))
        return "a part is a number of cases: no --time, --until-finding or --merge";
    if (options->guided && (options->index_count || options->begin || options->stream || options->shards ||
                            options->part || options->merge))
        return "a guided case depends on those before it: no --case, --begin, --stream, --shard, --part or --merge";
    if (options->against && (options->reference_count || options->index_count || options->shards || options->part ||
                             options->merge || options->stream || !options->json))
        return "--against compares two walkers, for programs: needs --json; no --ref, --case, --stream or parts";
    if (options->coverage[1] && !options->against)
        return "--coverage-before needs --against";
    if (options->stored_count && (options->index_count || options->begin || options->shards || options->part ||
                                  options->merge || options->stream))
        return "--stored begins with stored cases: no --case, --begin, --stream, --shard, --part or --merge";
    if (options->shards && (!options->out || options->cases < options->shards))
        return "--shard needs --out, and a case for each shard";
    if (options->merge && (options->stream || options->index_count || !options->part_count))
        return "--merge needs the parts, files or folders that --shard left, and nothing is run";
    if (options->part_count && !options->merge)
        return "takes no arguments without an option's name";
    if (options->begin && !options->has_seed)
        return "--begin needs --seed";
    if (options->acknowledged && !options->stream)
        return "--acknowledged needs --stream";
    if (options->stream && (options->index_count || options->jobs != 1))
        return "--stream tells how far one process has come: no --case, --jobs 1";
    if (options->jobs < 1 || options->jobs > WD_JOBS_MAX)
        return "--jobs: 1 to 128";
    return NULL;
}

/* ---------------------------------------------------------------- the plan */

static bool choose_profiles(struct wd_fuzz_plan *plan, const struct fuzz_options *options)
{
    const char *const *names = options->profile_count ? options->profiles : default_profiles;
    size_t count =
        options->profile_count ? options->profile_count : sizeof(default_profiles) / sizeof(default_profiles[0]);

    for (size_t i = 0; i < count; i++) {
        const struct wd_profile *profile = wd_profile_by_name(names[i]);

        if (!profile) {
            const char *name, *description;

            wd_complain("--profile '%s': there is no such profile. There are:", names[i]);
            for (size_t j = 0; (name = wd_profile_name(j, &description)); j++)
                fprintf(stderr, "  %-8s %s\n", name, description);
            return false;
        }
        plan->profiles[i] = profile;
        plan->profile_names[i] = names[i];
    }
    plan->profile_count = count;
    return true;
}

/* Adds a walker to the plan, opened once to see that it can be. */
static bool add_walker(struct wd_fuzz_plan *plan, const struct wd_places *places, const char *text, bool reference,
                       const char *coverage, struct wd_error *error)
{
    struct wd_contestant *contestant = &plan->walkers[plan->walker_count];

    contestant->answerer = (struct wd_answerer){.reference = reference, .profiles = plan->profile_names};
    if (!wd_walker_spec_parse(text, places, &contestant->spec, error))
        return false;
    contestant->spec.coverage = coverage;
    if (!wd_engine_probe(plan, plan->walker_count, error))
        return false;
    plan->walker_count++;
    return true;
}

/* Adds the references that were named; if none was, the one that we have, if it is there. */
static int add_references(struct wd_fuzz_plan *plan, const struct wd_places *places, const struct fuzz_options *options)
{
    struct wd_error error;

    if (options->against) {
        plan->against = true;
        return add_walker(plan, places, options->against, false, options->coverage[1], &error) ? WD_EXIT_NOTHING_FOUND
                                                                                               : wd_complain_of(&error);
    }
    if (!options->reference_count && strcmp(plan->walkers[0].spec.name, default_reference)) {
        if (!add_walker(plan, places, default_reference, true, NULL, &error) && !options->quiet)
            fprintf(stderr, "no reference beside the oracle: %s\n", error.text);
        return WD_EXIT_NOTHING_FOUND;
    }
    for (size_t i = 0; i < options->reference_count; i++) {
        if (!strcmp(options->references[i], no_reference))
            continue;
        if (!add_walker(plan, places, options->references[i], true, NULL, &error))
            return wd_complain_of(&error);
    }
    return WD_EXIT_NOTHING_FOUND;
}

/* A seed that nobody chose: short enough to be typed. */
static uint64_t random_seed(void)
{
    uint32_t seed = 0;

    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        seed = (uint32_t)getpid();
    return seed;
}

static void set_limits(struct wd_fuzz_plan *plan, const struct fuzz_options *options)
{
    plan->seed = options->has_seed ? options->seed : random_seed();
    plan->begin = options->begin;
    plan->cases = options->cases ? options->cases : UINT64_MAX;
    if (options->shards) {
        uint64_t each = options->cases / options->shards, more = options->cases % options->shards;
        uint64_t before = options->shard - 1;

        plan->begin += before * each + (before < more ? before : more);
        plan->cases = each + (before < more);
    }
    plan->seconds = !options->cases && options->seconds <= 0 ? DEFAULT_SECONDS : options->seconds;
    plan->timeout = options->timeout;
    plan->until_finding = options->until_finding;
    plan->acknowledged = options->acknowledged;
    plan->jobs = (unsigned)options->jobs;
}

/* Makes the run a guided one, with what the corpus holds. */
static int add_guide(struct wd_fuzz_plan *plan, const struct fuzz_options *options)
{
    struct wd_error error;
    size_t skipped = 0;

    plan->guide = wd_allocated(wd_guide_new());
    if (options->corpus && !wd_corpus_load(options->corpus, plan->guide, &skipped, &error))
        return wd_complain("%s", error.text);
    if (options->corpus && !options->quiet)
        fprintf(stderr, "corpus: %u cases; %zu more reach nothing else, or are too large\n", plan->guide->count,
                skipped);
    return WD_EXIT_NOTHING_FOUND;
}

/* Reads the stored cases, which come before as many of the seed as are wanted. */
static bool add_stored(struct wd_fuzz_plan *plan, const struct fuzz_options *options)
{
    struct wd_error error;
    size_t skipped;

    plan->stored = wd_stored_load(options->stored, options->stored_count, &skipped, &error);
    if (!plan->stored) {
        wd_complain("%s", error.text);
        return false;
    }
    if (skipped)
        wd_complain("%zu stored cases are too large for a run, and are left out", skipped);
    if (options->cases || options->seconds <= 0)
        plan->cases = options->cases + wd_stored_count(plan->stored);
    if (!options->cases && options->seconds <= 0)
        plan->seconds = 0; /* they are all that there is */
    return true;
}

/* How many cases the run has as a whole, of which this may be a part. */
static uint64_t whole_run(const struct fuzz_options *options)
{
    uint64_t cases = options->of ? options->of : options->cases;
    bool stored_alone = options->stored_count && options->seconds <= 0;

    return cases || stored_alone ? cases : UINT64_MAX;
}

/* @return WD_EXIT_NOTHING_FOUND, or how the program ends without a plan */
static int make_plan(struct wd_fuzz_plan *plan, const struct fuzz_options *options, const struct wd_places *places)
{
    struct wd_error error;
    int status;

    set_limits(plan, options);
    if (!choose_profiles(plan, options))
        return WD_EXIT_FAILED;
    plan->waivers = wd_load_waivers(places, &options->waivers);
    if (!plan->waivers)
        return WD_EXIT_FAILED;
    if (wd_waivers_count(plan->waivers) > WD_WAIVERS_MAX)
        return wd_complain("more than %d waivers", WD_WAIVERS_MAX);
    if (options->stored_count && !add_stored(plan, options))
        return WD_EXIT_FAILED;
    if (!add_walker(plan, places, options->walker, false, options->coverage[0], &error))
        return wd_complain_of(&error);
    status = add_references(plan, places, options);
    if (status == WD_EXIT_NOTHING_FOUND)
        wd_plan_find_implementations(plan);
    if (status == WD_EXIT_NOTHING_FOUND && options->guided)
        status = add_guide(plan, options);
    wd_learn_from(plan, whole_run(options));
    if (status == WD_EXIT_NOTHING_FOUND && !options->index_count && !options->merge && !wd_learn(plan, &error))
        status = wd_complain_of(&error);
    return status;
}

static void free_plan(struct wd_fuzz_plan *plan)
{
    for (size_t i = 0; i < WD_WALKERS_MAX; i++) {
        free(plan->walkers[i].answerer.waivers.indices);
        wd_experience_free(plan->walkers[i].answerer.experience);
    }
    wd_waivers_free((struct wd_waivers *)plan->waivers);
    wd_guide_free(plan->guide);
    wd_stored_free(plan->stored);
    free(plan);
}

/* ---------------------------------------------------------------- a run */

/* Who follows a run for the user. */
struct follower {
    const struct wd_fuzz_plan *plan;
    const struct fuzz_options *options;
    const char *const *command;
    struct wd_journal *journal; /* NULL: nothing is written */
    bool terminal;              /* progress is one line that changes */
    double last_line;           /* of progress: when; 0: there was none */
    int unacknowledged;         /* lines of the stream; -1: nobody is there to acknowledge any */
    struct wd_obituaries obituaries[WD_WALKERS_MAX];
};

/* How much of a line fits on the terminal: one that wraps could not be written over. */
static int terminal_width(void)
{
    struct winsize size;

    return !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col - 1 : 79;
}

static void show_line(const struct follower *follower, const struct wd_fuzz_state *state)
{
    char line[512] = "";
    FILE *stream = fmemopen(line, sizeof(line), "w");

    if (!stream)
        return;
    wd_fuzz_write_progress(stream, follower->plan, state);
    fclose(stream);
    if (follower->terminal)
        fprintf(stderr, "\r\033[K%.*s", terminal_width(), line);
    else
        fprintf(stderr, "%s\n", line);
    fflush(stderr);
}

static void show_progress(struct follower *follower, const struct wd_fuzz_state *state)
{
    bool at_work = state->end == WD_END_NOT_YET || state->exhibits;
    double now = wd_now();

    if (!follower->last_line)
        follower->last_line = now;
    if (follower->options->quiet || !at_work ||
        (!follower->terminal && now - follower->last_line < PLAIN_PROGRESS_SECONDS))
        return;
    follower->last_line = now;
    show_line(follower, state);
}

static void clear_progress(const struct follower *follower)
{
    if (follower->terminal && !follower->options->quiet)
        fprintf(stderr, "\r\033[K");
}

/* Writes what was found so far. The last line of the stream is the summary of the run. */
static bool write_to_stream(struct follower *follower, const struct wd_fuzz_state *state, struct wd_error *error)
{
    struct wd_findings findings;

    if (!state->whole || state->end != WD_END_NOT_YET)
        return true;
    wd_findings_collect(follower->plan, state, &findings);
    wd_summary_write(stdout, follower->plan, state, follower->command, &findings, true);
    wd_findings_free(&findings);
    if (follower->unacknowledged >= 0)
        follower->unacknowledged++;
    return (!fflush(stdout) && !ferror(stdout)) || wd_error_set(error, "standard output: %s", strerror(errno));
}

/* Reads what was acknowledged: a byte a line. */
static int outstanding(void *context)
{
    struct follower *follower = context;
    struct pollfd file = {.fd = STDIN_FILENO, .events = POLLIN};
    char bytes[64];
    ssize_t length;

    while (follower->unacknowledged > 0 && poll(&file, 1, 0) > 0) {
        length = read(STDIN_FILENO, bytes, sizeof(bytes));
        if (length > 0)
            follower->unacknowledged -= length < follower->unacknowledged ? (int)length : follower->unacknowledged;
        else if (!length || errno != EINTR)
            follower->unacknowledged = -1;
    }
    return follower->unacknowledged;
}

static bool follow(void *context, const struct wd_fuzz_state *state, struct wd_error *error)
{
    struct follower *follower = context;

    show_progress(follower, state);
    if (follower->options->stream && !write_to_stream(follower, state, error))
        return false;
    return !follower->journal || wd_journal_write(follower->journal, follower->plan, state, follower->command, error);
}

static void hear_of_incident(void *context, const struct wd_fuzz_incident *incident)
{
    struct follower *follower = context;
    char where[64], heading[256];

    snprintf(where, sizeof(where), "case %" PRIu64, incident->index);
    snprintf(heading, sizeof(heading), "# %.120s, seed %" PRIu64 " %s: %s",
             follower->plan->walkers[incident->walker].spec.text, follower->plan->seed, where, incident->how);
    if (follower->journal)
        wd_journal_log(follower->journal, heading, incident->last_words);
    if (follower->options->quiet && !follower->options->stream) /* who reads the stream keeps the last words */
        return;
    clear_progress(follower);
    wd_tell_death(&follower->obituaries[incident->walker], where, incident->how, incident->last_words,
                  incident->asked_again);
}

/* Shows what came out. @return the exit status */
static int conclude(const struct follower *follower, const struct wd_fuzz_state *state)
{
    const struct fuzz_options *options = follower->options;
    struct wd_findings findings;
    int status;

    wd_findings_collect(follower->plan, state, &findings);
    if (options->json)
        wd_summary_write(stdout, follower->plan, state, follower->command, &findings, true);
    else if (options->quiet)
        wd_fuzz_write_short_summary(stdout, follower->plan, state, &findings);
    else
        wd_fuzz_write_summary(stdout, follower->plan, state, &findings);
    if (!options->json && !options->quiet && options->out)
        printf("\nAll of it: %s/findings.jsonl and %s/summary.json\n", options->out, options->out);
    status = findings.count ? WD_EXIT_FOUND : WD_EXIT_NOTHING_FOUND;
    wd_findings_free(&findings);
    return state->end == WD_END_FAILED ? wd_complain("%s", state->error.text) : status;
}

/* The file of a part that is named by itself, or by the folder that --shard left it in. */
static char *part_path(const char *argument)
{
    struct stat status;
    size_t size = strlen(argument) + sizeof("/" PART_NAME);
    char *path = wd_allocate(size, 1);

    snprintf(path, size, "%s%s", argument, !stat(argument, &status) && S_ISDIR(status.st_mode) ? "/" PART_NAME : "");
    return path;
}

/* Puts the parts of a run together instead of running it. */
static void merge(const struct follower *follower, struct wd_fuzz_state *state)
{
    const struct fuzz_options *options = follower->options;
    char **paths = wd_allocate(options->part_count, sizeof(*paths));
    struct wd_error error;

    for (size_t i = 0; i < options->part_count; i++)
        paths[i] = part_path(options->parts[i]);
    wd_parts_merge(follower->plan, (const char *const *)paths, options->part_count, state);
    if (follower->journal && state->end == WD_END_COMPLETE &&
        !wd_journal_write(follower->journal, follower->plan, state, follower->command, &error)) {
        state->end = WD_END_FAILED;
        state->error = error;
    }
    for (size_t i = 0; i < options->part_count; i++)
        free(paths[i]);
    free(paths);
}

/* Leaves what was found for --merge, if that was asked for. */
static bool leave_part(const struct follower *follower, const struct wd_fuzz_state *state, struct wd_error *error)
{
    const struct fuzz_options *options = follower->options;
    bool good = !options->part || wd_part_write(options->part, follower->plan, state, error);

    if (good && options->shards) {
        char *path = part_path(options->out);

        good = wd_part_write(path, follower->plan, state, error);
        free(path);
    }
    return good;
}

/* Of a part nothing is shrunk: whoever merges the parts does that. */
static bool wants_shrinking(const struct fuzz_options *options)
{
    return !options->no_shrink && !options->shards && !options->part && !options->against;
}

static int run_plan(struct wd_fuzz_plan *plan, const struct fuzz_options *options, const char *const *command)
{
    struct follower follower = {
        .plan = plan, .options = options, .command = command, .terminal = isatty(STDERR_FILENO)};
    const struct wd_fuzz_watcher watcher = {.progress = follow,
                                            .incident = hear_of_incident,
                                            .outstanding = outstanding,
                                            .acknowledgements = STDIN_FILENO,
                                            .context = &follower};
    struct wd_fuzz_state *state = wd_allocate(1, sizeof(*state));
    struct wd_error error;
    int status;

    for (size_t i = 0; i < plan->walker_count; i++)
        follower.obituaries[i].walker = plan->walkers[i].spec.text;
    if (options->out) {
        follower.journal = wd_journal_open(options->out, &error);
        if (!follower.journal) {
            free(state);
            return wd_complain("%s", error.text);
        }
    }
    if (!options->quiet)
        wd_fuzz_write_head(options->json ? stderr : stdout, plan);
    if (options->merge)
        merge(&follower, state);
    else
        wd_engine_run(plan, &watcher, state);
    if (wants_shrinking(options) && state->end == WD_END_COMPLETE)
        wd_shrink_exhibits(plan, &watcher, state);
    clear_progress(&follower);
    if (options->merge && state->end == WD_END_FAILED)
        status = wd_complain("%s", state->error.text);
    else
        status = conclude(&follower, state);
    if (state->end == WD_END_COMPLETE && !leave_part(&follower, state, &error))
        status = wd_complain("%s", error.text);
    if (options->corpus && state->end != WD_END_FAILED &&
        !wd_corpus_save(options->corpus, plan->guide, plan->seed, &error))
        status = wd_complain("%s", error.text);
    wd_journal_close(follower.journal);
    wd_fuzz_state_free(state);
    free(state);
    return status;
}

/* ---------------------------------------------------------------- one case */

static void show_case(const struct wd_fuzz_plan *plan, uint64_t index, const struct wd_case *c)
{
    char id[64];
    const struct wd_case_extra extra = {.id = id};

    snprintf(id, sizeof(id), "seed %" PRIu64 " case %" PRIu64, plan->seed, index);
    wd_case_write(stdout, c, &extra);
}

/* Judges a walker's answer to the one case that is in the area. */
static int judge_one(const struct wd_fuzz_plan *plan, const struct fuzz_options *options, size_t walker,
                     struct wd_case_area *area, uint64_t index, unsigned profile, const struct wd_result *got)
{
    const struct wd_contestant *contestant = &plan->walkers[walker];
    const struct wd_case *c = wd_case_area_slot(area, 0)->cases[0];
    struct wd_oracle_output *basis = wd_allocate(1, sizeof(*basis));
    struct wd_judgement *judgement = wd_allocate(1, sizeof(*judgement));
    struct wd_shown shown = {
        .id = "", .where = "", .walker = contestant->spec.text, .basis = basis, .judgement = judgement, .got = got};
    char where[64];
    struct wd_facets facets;
    int waiver, status;

    wd_oracle(c, NULL, NULL, NULL, basis);
    facets = wd_facets_of(c, basis, profile);
    waiver = wd_assess(&contestant->answerer, c, basis, NULL, &facets, got, UINT64_MAX, judgement);
    if (waiver >= 0)
        shown.waiver = wd_waiver_id(plan->waivers, (size_t)waiver);
    snprintf(where, sizeof(where), "seed %" PRIu64 " case %" PRIu64, plan->seed, index);
    if (options->json) {
        shown.id = where;
        wd_judgement_write_json(stdout, &shown);
    } else {
        shown.where = where;
        wd_judgement_write_text(stdout, &shown);
    }
    status = wd_verdict_is_finding[judgement->verdict] ? WD_EXIT_FOUND : WD_EXIT_NOTHING_FOUND;
    free(judgement);
    free(basis);
    return status;
}

static int answer_one(const struct wd_fuzz_plan *plan, const struct fuzz_options *options, size_t walker,
                      struct wd_case_area *area, uint64_t index, unsigned profile)
{
    struct wd_obituaries obituaries = {.walker = plan->walkers[walker].spec.text};
    const struct wd_walker_watcher watcher = {.incident = wd_tell_incident, .context = &obituaries};
    struct wd_error error;
    struct wd_walker_host *host =
        wd_walker_host_open(&plan->walkers[walker].spec, area, plan->timeout, &watcher, &error);
    const struct wd_result *results;
    int status;

    if (!host)
        return wd_complain("%s", error.text);
    wd_walker_host_submit(host);
    results = wd_walker_host_wait(host, 0, &error);
    status = results ? judge_one(plan, options, walker, area, index, profile, results) : wd_complain("%s", error.text);
    wd_walker_host_close(host);
    return status;
}

/* Makes one case, shows it, and what each walker answers. */
static int run_one_case(const struct wd_fuzz_plan *plan, const struct fuzz_options *options, uint64_t index)
{
    struct wd_error error;
    struct wd_case_area *area = wd_case_area_new(sizeof(struct wd_case_buffer), &error);
    struct wd_slot *slot;
    unsigned profile;
    int status = WD_EXIT_NOTHING_FOUND;

    if (!area)
        return wd_complain("%s", error.text);
    slot = wd_case_area_slot(area, 0);
    profile = wd_plan_make_case(plan, index, wd_slot_next(slot));
    wd_slot_keep(slot);
    show_case(plan, index, slot->cases[0]);
    for (size_t i = 0; i < plan->walker_count && status != WD_EXIT_FAILED; i++) {
        int of_walker = answer_one(plan, options, i, area, index, profile);

        status = of_walker > status ? of_walker : status;
    }
    wd_case_area_free(area);
    return status;
}

/* Makes cases alone, one after the other. @return the highest exit status */
static int run_alone(const struct wd_fuzz_plan *plan, const struct fuzz_options *options)
{
    int status = WD_EXIT_NOTHING_FOUND;

    for (size_t i = 0; i < options->index_count && status != WD_EXIT_FAILED; i++) {
        int of_case = run_one_case(plan, options, options->indices[i]);

        status = of_case > status ? of_case : status;
    }
    return status;
}

/* ---------------------------------------------------------------- the verb */

static int fuzz(const struct fuzz_options *options, const struct wd_places *places, const char *const *command)
{
    struct wd_fuzz_plan *plan = wd_allocate(1, sizeof(*plan));
    int status = make_plan(plan, options, places);

    if (status == WD_EXIT_NOTHING_FOUND)
        status = options->index_count ? run_alone(plan, options) : run_plan(plan, options, command);
    free_plan(plan);
    return wd_close_stdout(status);
}

static int run(const struct wd_verb *verb, const struct wd_places *places, int argc, char **argv)
{
    struct fuzz_options options = {.walker = default_walker, .timeout = WD_DEFAULT_TIMEOUT, .jobs = 1};
    const char **command = wd_allocate((size_t)argc + 1, sizeof(*command));
    const char *problem;
    int option, status;

    memcpy(command, argv, (size_t)argc * sizeof(*command)); /* getopt_long() changes the order in argv */
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == HELP || option == '?')
            return wd_show_usage(verb, option == HELP ? stdout : stderr);
        if (!take_option(&options, option, optarg))
            return WD_EXIT_FAILED;
    }
    options.parts = (const char *const *)argv + optind;
    options.part_count = (size_t)(argc - optind);
    problem = contradiction(&options);
    if (problem) {
        wd_complain("fuzz: %s", problem);
        return wd_show_usage(verb, stderr);
    }
    signal(SIGPIPE, SIG_IGN);
    status = fuzz(&options, places, command);
    free(command);
    return status;
}

const struct wd_verb wd_verb_fuzz = {
    .name = "fuzz",
    .text = "make cases and compare a walker with the architecture: the main job",
    .usage =
        "usage: walkdiff fuzz [OPTIONS]\n"
        "\n"
        "Makes cases, has a walker and references answer them, judges each answer by the architecture, and sorts what\n"
        "departs from it into buckets.\n"
        "\n"
        "  --walker W       the walker under test, see `walkdiff walkers` (default: sample)\n"
        "  --ref R          a further reference beside the oracle; several are several options; `none`: no other\n"
        "                   (default: unicorn, if it is there)\n"
        "  --seed S         the same seed gives the same cases (default: random, and shown first)\n"
        "  --begin I        begin with case I of the seed (default: 0)\n"
        "  --cases N        so many cases, like 1000000 or 1M\n"
        "  --time T         so long, like 30s, 10m, 2h (default: 60s, if --cases is not given)\n"
        "  --until-finding  no longer than until something is found\n"
        "  --profile P      what implementations to draw cases from; several are several options\n"
        "  --jobs J         so many processes at once (default: 1); what is found does not depend on it\n"
        "  --out DIR        leave DIR/findings.jsonl, DIR/summary.json, and DIR/stderr.log if a walker dies\n"
        "  --guided         new cases out of those that led where no case had been, beside random ones\n"
        "  --corpus DIR     the same; begins with the cases of a folder, and adds to it\n"
        "  --shard I/N      do the I-th of N shares of the cases, and leave it in DIR for --merge\n"
        "  --part FILE      leave what was found in a file for --merge\n"
        "  --of CASES       with --part: the run as a whole has so many\n"
        "  --merge          run nothing; put together the parts that are named: files of --part, folders of --shard\n"
        "  --dask WHERE     share the run among machines: `walkdiff fuzz --dask local --help`\n"
        "  --stored PATH    begin with the cases of a file, or of the files below a folder; several are several "
        "options\n"
        "  --against W      for programs (people have `walkdiff review`): what is found is where the walker and W, "
        "which\n"
        "                   is the same one before a change, answer otherwise; needs --json\n"
        "  --coverage FILE  note in FILE which blocks of the walker's code ran\n"
        "  --coverage-before FILE\n"
        "                   the same of W of --against\n"
        "  --case I         make case I of the seed alone, show it, and judge the answers to it; several are several\n"
        "                   options\n"
        "  --waivers DIR    folder of waivers instead of walkdiff's own; several are several options\n"
        "  --timeout TIME   without an answer after which a walker hangs (default 5s)\n"
        "  --json           the summary as one JSON object\n"
        "  --stream         the same, and before it, a few times a second, what was found up to then: a line each\n"
        "  --acknowledged   with --stream: waits for a byte on standard input for each line, rather than do much more\n"
        "                   than was acknowledged\n"
        "  --no-shrink      shows the first case of each bucket as it was found, and does not shrink it\n"
        "  --quiet          no progress, and a summary of one line\n"
        "\n"
        "Exit status: 0 nothing found, 1 something found, 2 used wrongly or could not run.\n",
    .run = run,
};
