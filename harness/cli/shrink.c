/* SPDX-License-Identifier: MIT */
/* `walkdiff shrink`: makes cases small while what walkers answer to them stays what it is. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/casefile/case_file.h"
#include "harness/casefile/case_files.h"
#include "harness/cli/cli.h"
#include "harness/shrink/shrinker.h"
#include "harness/support/allocate.h"
#include "harness/support/process.h"

enum { DEFAULT_SECONDS = 10, ID_MAX = 512 };

static const double progress_seconds = 0.1;

static const char *const keep_names[] = {
    [WD_KEEP_RULE] = "rule", [WD_KEEP_SIGNATURE] = "signature", [WD_KEEP_VERDICT] = "verdict"};

struct shrink_options {
    const char *walkers[WD_PINS_MAX];
    size_t walker_count;
    const char *out, *resume;
    struct wd_waiver_folders waivers;
    enum wd_keep keep;
    double seconds, timeout;
    bool quiet;
};

/** A walker that is named, and what is known of it. */
struct named {
    const char *text; /**< its spec */
    struct wd_walker_spec spec;
    struct wd_answerer answerer;
};

struct shrink {
    const struct shrink_options *options;
    const struct wd_places *places;
    struct wd_waivers *waivers;
    struct named walkers[WD_PINS_MAX];
    size_t walker_count;
    struct wd_shrinker *shrinker;
    char *walker_of_finding; /* the spec that the shrinker was opened with, if no option names one */
    bool terminal;
    char id[ID_MAX]; /* of what comes out */
    double last_progress;
    FILE *done; /* lines of the cases that are done, in memory */
    char *done_text;
    size_t done_size;
    uint64_t cases, left; /* read; of which nothing final came out */
    struct wd_error error;
    bool failed; /* `error` says why */
};

/* ---------------------------------------------------------------- output */

/* Writes what is done, and the case in hand as far as it has come, to the file of --out: whole, or not at all. */
static bool write_out(struct shrink *shrink, const struct wd_case *in_hand)
{
    const char *path = shrink->options->out;
    const struct wd_case_extra extra = {.id = shrink->id};
    char new_path[PATH_MAX];
    FILE *file;
    bool good;

    if (!path)
        return true;
    fflush(shrink->done);
    if (snprintf(new_path, sizeof(new_path), "%s.new", path) >= (int)sizeof(new_path))
        return wd_error_set(&shrink->error, "%s: the name is too long", path);
    file = fopen(new_path, "we");
    good = file && fwrite(shrink->done_text, 1, shrink->done_size, file) == shrink->done_size &&
           (!in_hand || !wd_case_write(file, in_hand, &extra));
    if (file && fclose(file))
        good = false;
    if (good && !rename(new_path, path))
        return true;
    wd_error_set(&shrink->error, "%s: cannot be written: %s", path, strerror(errno));
    unlink(new_path);
    return false;
}

static unsigned count_registers(const struct wd_case *c)
{
    unsigned count = 0;

    for (unsigned reg = 0; reg < WD_REGISTER_COUNT; reg++)
        count += c->regs[reg] != (reg == WD_HCR_EL2 ? WD_HCR_EL2_DEFAULT : 0);
    return count;
}

/* "3 registers, 1 word of memory" */
static void put_size(FILE *stream, const struct wd_case *c)
{
    unsigned registers = count_registers(c);

    fprintf(stream, "%u register%s, %u word%s of memory", registers, registers == 1 ? "" : "s", c->mem_count,
            c->mem_count == 1 ? "" : "s");
}

static void clear_progress(const struct shrink *shrink)
{
    if (shrink->terminal)
        fprintf(stderr, "\r\033[K");
}

/* Told of each smaller case. */
static void found(void *context, const struct wd_case *smaller)
{
    struct shrink *shrink = context;
    double now = wd_now();

    if (now - shrink->last_progress < progress_seconds)
        return;
    shrink->last_progress = now;
    shrink->failed |= !write_out(shrink, smaller);
    if (!shrink->terminal)
        return;
    fprintf(stderr, "\r\033[K");
    put_size(stderr, smaller);
    fflush(stderr);
}

static bool is_over(void *context)
{
    const struct shrink *shrink = context;

    return shrink->failed;
}

static void tell_pin(FILE *stream, const struct named *walker, const struct wd_pinned *pinned)
{
    const struct wd_judgement *judgement = &pinned->judgement;
    const char *more = *judgement->signature ? judgement->signature : judgement->choice;

    fprintf(stream, "  %s: %s%s%s\n", walker->text, wd_verdict_names[judgement->verdict], *more ? ": " : "", more);
}

/* What became of a case, for the user. */
static void tell(const struct shrink *shrink, const char *id, const struct wd_case *c,
                 const struct wd_shrinking *shrinking)
{
    if (shrink->options->quiet)
        return;
    clear_progress(shrink);
    fprintf(stderr, "%s%s", id, *id ? ": " : "");
    put_size(stderr, c);
    if (shrinking->shrunk) {
        fprintf(stderr, "; shrunk to ");
        put_size(stderr, wd_shrunk_case(shrinking->shrunk));
    } else {
        fprintf(stderr, "; left as it is");
    }
    fprintf(stderr, "\n");
    for (size_t i = 0; i < shrink->walker_count; i++)
        tell_pin(stderr, &shrink->walkers[i], &shrinking->pins[i]);
    fprintf(stderr, "  %s (%" PRIu64 " steps, %" PRIu64 " candidates, %.1f s)\n", wd_shrink_end_texts[shrinking->end],
            shrinking->outcome.steps, shrinking->outcome.candidates, shrinking->seconds);
}

/* The answer that is to be expected of the case that comes out; NULL where the walkers are not wrong. */
static const struct wd_result *expected_answer(const struct shrink *shrink, const struct wd_shrinking *shrinking)
{
    for (size_t i = 0; i < shrink->walker_count; i++)
        if (wd_verdict_is_finding[shrinking->pins[i].judgement.verdict] ||
            shrinking->pins[i].judgement.verdict == WD_VERDICT_WAIVED)
            return &shrinking->pins[i].judgement.expected.result;
    return NULL;
}

/* Adds a case that is done with. @param expected  the answer that is to be expected of it; NULL: not said */
static bool put_case(struct shrink *shrink, const char *id, const struct wd_case *c, const struct wd_result *expected)
{
    struct wd_case_extra extra = {.id = id};
    struct wd_result bare;

    if (expected) {
        bare = *expected;
        bare.read_count = 0; /* how it came about is not what is expected */
        extra.expect = &bare;
    }
    if (!shrink->options->out)
        return !wd_case_write(stdout, c, &extra) ||
               wd_error_set(&shrink->error, "standard output: %s", strerror(errno));
    wd_case_write(shrink->done, c, &extra);
    return write_out(shrink, NULL);
}

/* ---------------------------------------------------------------- walkers */

static bool open_named(struct shrink *shrink, const char *text, struct named *walker)
{
    struct wd_case_area *area;
    struct wd_walker_host *host = NULL;
    const struct wd_walker_watcher nobody = {0};
    bool good;

    walker->text = text;
    if (!wd_walker_spec_parse(text, shrink->places, &walker->spec, &shrink->error))
        return false;
    area = wd_case_area_new(sizeof(struct wd_case_buffer), &shrink->error);
    if (area)
        host = wd_walker_host_open(&walker->spec, area, shrink->options->timeout, &nobody, &shrink->error);
    good = host && (wd_waivers_for(shrink->waivers, walker->spec.name, wd_walker_host_name(host),
                                   wd_walker_host_version(host), &walker->answerer.waivers) ||
                    wd_error_set(&shrink->error, "out of memory"));
    wd_walker_host_close(host);
    wd_case_area_free(area);
    return good;
}

static void close_walkers(struct shrink *shrink)
{
    wd_shrinker_close(shrink->shrinker);
    shrink->shrinker = NULL;
    for (size_t i = 0; i < shrink->walker_count; i++)
        free(shrink->walkers[i].answerer.waivers.indices);
    shrink->walker_count = 0;
    free(shrink->walker_of_finding);
    shrink->walker_of_finding = NULL;
}

static bool open_walkers(struct shrink *shrink, const char *const *texts, size_t count)
{
    struct wd_pin pins[WD_PINS_MAX];
    const struct wd_shrinker_options options = {
        .keep = shrink->options->keep,
        .seconds = shrink->options->seconds,
        .timeout = shrink->options->timeout,
        .over = is_over,
        .found = found,
        .context = shrink,
    };

    for (size_t i = 0; i < count; i++) {
        struct named *walker = &shrink->walkers[i];

        *walker = (struct named){0};
        shrink->walker_count = i + 1;
        if (!open_named(shrink, texts[i], walker))
            return false;
        pins[i] = (struct wd_pin){.spec = &walker->spec, .answerer = &walker->answerer};
    }
    shrink->shrinker = wd_shrinker_open(pins, count, &options, &shrink->error);
    return shrink->shrinker;
}

/* Sees to it that the right walkers are open: those of the options, else the one that the finding names. */
static bool have_walkers(struct shrink *shrink, const struct wd_case_entry *entry)
{
    const char *text;

    if (shrink->options->walker_count)
        return shrink->shrinker || open_walkers(shrink, shrink->options->walkers, shrink->options->walker_count);
    if (!entry->walker || !*entry->walker)
        return wd_error_set(&shrink->error, "shrink: --walker is missing, and the case is no finding that names one");
    if (shrink->shrinker && !strcmp(shrink->walker_of_finding, entry->walker))
        return true;
    close_walkers(shrink);
    shrink->walker_of_finding = wd_copy_text(entry->walker, strlen(entry->walker));
    text = shrink->walker_of_finding;
    return open_walkers(shrink, &text, 1);
}

/* ---------------------------------------------------------------- cases */

static void name_output(struct shrink *shrink, const char *id)
{
    static const char ending[] = ", shrunk";
    size_t length = strlen(id), with = strlen(ending);
    bool has_it = length >= with && !strcmp(id + length - with, ending);

    if (!length)
        snprintf(shrink->id, sizeof(shrink->id), "shrunk");
    else
        snprintf(shrink->id, sizeof(shrink->id), "%s%s", id, has_it ? "" : ending);
}

static bool verdict_by_name(const char *name, uint8_t *verdict)
{
    for (uint8_t i = 0; i < WD_VERDICT_COUNT; i++) {
        if (!strcmp(wd_verdict_names[i], name)) {
            *verdict = i;
            return true;
        }
    }
    return false;
}

static bool has_verdict(const struct wd_case_entry *entry, enum wd_verdict verdict)
{
    return entry->verdict && !strcmp(entry->verdict, wd_verdict_names[verdict]);
}

/* A reference that a finding is about is asked as one. */
static void set_role(struct shrink *shrink, const struct wd_case_entry *entry)
{
    for (size_t i = 0; i < shrink->walker_count; i++)
        shrink->walkers[i].answerer.reference = has_verdict(entry, WD_VERDICT_REFERENCE_CONFLICT);
}

/* It takes two cases to show that a choice is resolved both ways: the one that the finding holds stays as it is. */
static bool leave_inconsistent(struct shrink *shrink, const struct wd_case_entry *entry)
{
    shrink->left++;
    if (!shrink->options->quiet)
        fprintf(stderr, "%s: left as it is\n  inconsistent: %s\n  it takes two cases to show that\n", entry->id,
                entry->signature);
    return put_case(shrink, entry->id, &entry->c, NULL);
}

/* What an earlier shrink left in a file. */
struct left {
    struct wd_case_stream stream;
    struct wd_case_reader *reader;
    struct wd_case_entry entry;
    const struct wd_case *c; /* NULL: there is no such file yet */
};

static bool open_left(struct shrink *shrink, struct left *left)
{
    const char *path = shrink->options->resume;

    *left = (struct left){0};
    if (!path || access(path, F_OK))
        return true;
    if (!wd_case_stream_open(&left->stream, path, &shrink->error))
        return false;
    left->reader = wd_allocated(wd_case_reader_new(left->stream.file, path));
    switch (wd_case_reader_next(left->reader, &left->entry)) {
    case 1:
        left->c = &left->entry.c;
        return true;
    case 0:
        return wd_error_set(&shrink->error, "%s: no case to go on with", path);
    default:
        return wd_error_set(&shrink->error, "%s", wd_case_reader_error(left->reader));
    }
}

static void close_left(struct left *left)
{
    if (!left->stream.file)
        return;
    wd_case_reader_free(left->reader);
    wd_case_stream_close(&left->stream, &(struct wd_error){0});
}

/* Shrinks a case, or goes on where an earlier shrink of it stopped. */
static bool shrink_from(struct shrink *shrink, const struct wd_case_entry *entry, const struct wd_case *begin,
                        struct wd_shrinking *shrinking)
{
    struct wd_wanted wanted = {.signature = entry->signature};
    bool has_wanted = entry->verdict && *entry->signature && verdict_by_name(entry->verdict, &wanted.verdict);
    const struct wd_case *c = begin ? begin : &entry->c;

    shrink->last_progress = wd_now();
    if (!wd_shrinker_run(shrink->shrinker, &entry->c, begin, 0, has_wanted ? &wanted : NULL, shrinking, &shrink->error))
        return false;
    if (begin && shrinking->end == WD_SHRINK_OTHER)
        return wd_error_set(&shrink->error, "%s: to the case in it the walker's answer is another one",
                            shrink->options->resume);
    tell(shrink, entry->id, c, shrinking);
    if (shrink->failed)
        return false;
    if (shrinking->shrunk)
        return put_case(shrink, shrink->id, wd_shrunk_case(shrinking->shrunk), expected_answer(shrink, shrinking));
    return put_case(shrink, entry->id, c, expected_answer(shrink, shrinking));
}

static bool shrink_entry(struct shrink *shrink, const struct wd_case_entry *entry)
{
    struct wd_shrinking *shrinking;
    struct left left = {0};
    bool good;

    if (has_verdict(entry, WD_VERDICT_INCONSISTENT))
        return leave_inconsistent(shrink, entry);
    shrinking = wd_allocate(1, sizeof(*shrinking));
    name_output(shrink, entry->id);
    good = have_walkers(shrink, entry) && open_left(shrink, &left);
    if (good) {
        set_role(shrink, entry);
        good = shrink_from(shrink, entry, left.c, shrinking);
        shrink->left += good && (!shrinking->shrunk || !shrinking->outcome.fixed_point);
    }
    wd_shrunk_free(shrinking->shrunk);
    close_left(&left);
    free(shrinking);
    return good;
}

static bool shrink_file(struct shrink *shrink, const char *path, uint64_t line)
{
    struct wd_case_stream stream;
    struct wd_case_reader *reader;
    struct wd_case_entry entry;
    bool good = true;
    int read = 0;

    if (!wd_case_stream_open(&stream, path, &shrink->error))
        return false;
    reader = wd_allocated(wd_case_reader_new(stream.file, path));
    wd_case_reader_select(reader, line);
    while (good && (read = wd_case_reader_next(reader, &entry)) == 1)
        good = (!shrink->options->resume || !shrink->cases++ ||
                wd_error_set(&shrink->error, "shrink: --resume goes on with one case, and here are several")) &&
               shrink_entry(shrink, &entry);
    if (good && read < 0)
        good = wd_error_set(&shrink->error, "%s", wd_case_reader_error(reader));
    wd_case_reader_free(reader);
    return wd_case_stream_close(&stream, good ? &shrink->error : &(struct wd_error){0}) && good;
}

static int shrink_all(struct shrink *shrink, char **paths)
{
    struct wd_case_files files = {0};
    bool good = true;

    for (; good && *paths; paths++)
        good = wd_case_files_add(&files, *paths, &shrink->error);
    for (size_t i = 0; good && i < files.count; i++)
        good = shrink_file(shrink, files.paths[i], files.lines[i]);
    wd_case_files_free(&files);
    clear_progress(shrink);
    if (!good)
        return wd_complain("%s", shrink->error.text);
    return shrink->left ? WD_EXIT_FOUND : WD_EXIT_NOTHING_FOUND;
}

/* ---------------------------------------------------------------- the verb */

static bool parse_keep(const char *text, enum wd_keep *keep)
{
    for (size_t i = 0; i < sizeof(keep_names) / sizeof(keep_names[0]); i++) {
        if (!strcmp(keep_names[i], text)) {
            *keep = (enum wd_keep)i;
            return true;
        }
    }
    wd_complain("--keep '%s': rule, signature or verdict is wanted", text);
    return false;
}

enum { WALKER = 'w', KEEP = 256, TIME, OUT, RESUME, TIMEOUT, WAIVERS, QUIET };

/* Takes one option. @return false if it is wrong: told the user */
static bool take_option(struct shrink_options *options, int option, const char *argument)
{
    switch (option) {
    case WALKER:
        if (options->walker_count == WD_PINS_MAX)
            wd_complain("shrink: --walker: at most %d", WD_PINS_MAX);
        else
            options->walkers[options->walker_count++] = argument;
        return options->walkers[options->walker_count - 1] == argument;
    case KEEP:
        return parse_keep(argument, &options->keep);
    case TIME:
        return wd_parse_seconds("--time", argument, &options->seconds);
    case TIMEOUT:
        return wd_parse_seconds("--timeout", argument, &options->timeout);
    case OUT:
        options->out = argument;
        return true;
    case RESUME:
        options->resume = argument;
        return true;
    case WAIVERS:
        return wd_add_waiver_folder(&options->waivers, argument);
    case QUIET:
        options->quiet = true;
        return true;
    default:
        return false;
    }
}

static int shrink_with(const struct shrink_options *options, const struct wd_places *places, char **paths)
{
    struct shrink *shrink = wd_allocate(1, sizeof(*shrink));
    int status = WD_EXIT_FAILED;

    shrink->options = options;
    shrink->places = places;
    shrink->terminal = !options->quiet && isatty(STDERR_FILENO);
    shrink->done = wd_allocated(open_memstream(&shrink->done_text, &shrink->done_size));
    shrink->waivers = wd_load_waivers(places, &options->waivers);
    if (shrink->waivers)
        status = shrink_all(shrink, paths);
    close_walkers(shrink);
    wd_waivers_free(shrink->waivers);
    fclose(shrink->done);
    free(shrink->done_text);
    free(shrink);
    return wd_close_stdout(status);
}

static int run(const struct wd_verb *verb, const struct wd_places *places, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"walker", required_argument, NULL, WALKER},
        {"keep", required_argument, NULL, KEEP},
        {"time", required_argument, NULL, TIME},
        {"out", required_argument, NULL, OUT},
        {"resume", required_argument, NULL, RESUME},
        {"timeout", required_argument, NULL, TIMEOUT},
        {"waivers", required_argument, NULL, WAIVERS},
        {"quiet", no_argument, NULL, QUIET},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct shrink_options options = {.seconds = DEFAULT_SECONDS, .timeout = WD_DEFAULT_TIMEOUT};
    int option;

    while ((option = getopt_long(argc, argv, "w:h", long_options, NULL)) != -1) {
        if (option == 'h' || option == '?')
            return wd_show_usage(verb, option == 'h' ? stdout : stderr);
        if (!take_option(&options, option, optarg))
            return WD_EXIT_FAILED;
    }
    if (optind == argc) {
        wd_complain("shrink: the case is missing");
        return wd_show_usage(verb, stderr);
    }
    if (!options.out)
        options.out = options.resume;
    signal(SIGPIPE, SIG_IGN);
    return shrink_with(&options, places, argv + optind);
}

const struct wd_verb wd_verb_shrink = {
    .name = "shrink",
    .text = "make a case small while a walker's answer stays what it is",
    .usage =
        "usage: walkdiff shrink [--walker W] [OPTIONS] CASE...\n"
        "\n"
        "Makes each case of the files as small as it can be while what the judge says of the walker's answer stays as\n"
        "it is: fewer descriptors, features off, registers zero, shorter walks, round addresses. A file may be a\n"
        "findings.jsonl, and FILE:12 is line 12 of a file. Cases go to standard output, a line each.\n"
        "\n"
        "  --walker W       the walker, see `walkdiff walkers`; without it the one that the finding names. Two: the\n"
        "                   answers of both stay, for a case in which they differ\n"
        "  --keep WHAT      what stays: `rule` (verdict, signature and deciding rule; the default), `signature`\n"
        "                   (verdict and signature), or `verdict`\n"
        "  --time TIME      at most so long for a case (default 10s)\n"
        "  --out FILE       cases go there; the file is replaced as often as a smaller case is found\n"
        "  --resume FILE    goes on with the case that FILE holds, if it is there, and leaves the result there\n"
        "  --timeout TIME   without an answer after which the walker hangs (default 5s)\n"
        "  --waivers DIR    folder of waivers instead of walkdiff's own; several are several options\n"
        "  --quiet          no progress, no summary\n"
        "\n"
        "Exit status: 0 every case is a fixed point: no single step is left that makes it smaller; 1 one of them is "
        "not,\n"
        "since time was over or there was nothing to keep; 2 used wrongly, or could not run.\n",
    .run = run,
};
