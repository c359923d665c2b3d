/* SPDX-License-Identifier: MIT */
/*
 * `walkdiff expose`: cases as a guest of the walker's hypervisor would have them. A program of its own: it loads the
 * walker's library.
 */
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "harness/casefile/case_file.h"
#include "harness/casefile/case_files.h"
#include "harness/cli/cli.h"

static const char usage[] = "usage: walkdiff expose --walker kvm:TREE CASE...\n"
                            "\n"
                            "Reads cases from files and writes them as a nested guest would have them under the KVM of "
                            "the tree: the ID registers\n"
                            "as KVM limits them, the other registers with the RES0 and RES1 bits that follow. `expect` "
                            "and what belongs to it are\n"
                            "left out. Answers to them are those of `--walker kvm:TREE,as-exposed`.\n"
                            "\n"
                            "  --walker W       kvm:TREE\n"
                            "\n"
                            "Exit status: 0, 2, or 125 if the walker cannot be built.\n";

/* What such a library exports beside its walker: host/… of the adapter. */
typedef const char *expose_entry(struct wd_case *c);

static expose_entry *load(const char *text, struct wd_error *error)
{
    static struct wd_walker_spec spec;
    struct wd_places places;
    const struct wd_walker_api *api;
    expose_entry *entry;
    void *library;

    if (!wd_places_find(&places, error) || !wd_walker_spec_parse(text, &places, &spec, error))
        return NULL;
    if (spec.builtin) {
        wd_error_set(error, "walker '%s': a program: it cannot be asked what a guest would have", text);
        return NULL;
    }
    api = wd_walker_spec_load(&spec, error);
    if (!api || !api->open(spec.options, error->text, sizeof(error->text)))
        return NULL;
    library = dlopen(spec.library, RTLD_NOW | RTLD_LOCAL);
    *(void **)&entry = library ? dlsym(library, "walkdiff_expose") : NULL;
    if (!entry)
        wd_error_set(error, "walker '%s': knows of no guests", text);
    return entry;
}

static int expose_file(expose_entry *expose, const char *path)
{
    static struct wd_case_entry entry;
    struct wd_case_stream stream;
    struct wd_case_reader *reader;
    struct wd_error error;
    int got, status = WD_EXIT_NOTHING_FOUND;

    if (!wd_case_stream_open(&stream, path, &error))
        return wd_complain_of(&error);
    reader = wd_case_reader_new(stream.file, path);
    while (reader && (got = wd_case_reader_next(reader, &entry)) != 0) {
        const char *problem = got < 0 ? wd_case_reader_error(reader) : expose(&entry.c);
        struct wd_case_extra extra = {.id = entry.id, .note = entry.note};

        if (problem)
            status = got < 0 ? wd_complain("%s", problem) : wd_complain("%s: case %s: %s", path, entry.id, problem);
        else if (wd_case_write(stdout, &entry.c, &extra))
            break;
    }
    wd_case_reader_free(reader);
    if (!wd_case_stream_close(&stream, &error))
        status = wd_complain_of(&error);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"walker", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    const char *walker = NULL;
    struct wd_case_files files = {0};
    struct wd_error error = {0};
    expose_entry *expose;
    int option, status = WD_EXIT_NOTHING_FOUND;

    while ((option = getopt_long(argc, argv, "w:h", options, NULL)) != -1) {
        if (option != 'w') {
            fputs(usage, option == 'h' ? stdout : stderr);
            return option == 'h' ? WD_EXIT_NOTHING_FOUND : WD_EXIT_FAILED;
        }
        walker = optarg;
    }
    if (!walker || optind == argc) {
        fputs(usage, stderr);
        return WD_EXIT_FAILED;
    }
    for (; optind < argc; optind++)
        if (!wd_case_files_add(&files, argv[optind], &error))
            return wd_complain_of(&error);
    expose = load(walker, &error);
    if (!expose)
        return wd_complain_of(&error);
    for (size_t i = 0; i < files.count; i++) {
        int of_file = expose_file(expose, files.paths[i]);

        status = of_file ? of_file : status;
    }
    wd_case_files_free(&files);
    return wd_close_stdout(status);
}
