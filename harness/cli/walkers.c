/* SPDX-License-Identifier: MIT */
/* `walkdiff walkers`: what can be named after --walker and --ref, and whether it is there. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli/cli.h"
#include "harness/walkers/sample/sample.h"

/* Opens a walker in a process of its own, and says how that went. */
static void try_walker(const char *name, const struct wd_places *places)
{
    const struct wd_walker_watcher nobody = {0};
    struct wd_walker_spec spec;
    struct wd_error error;
    struct wd_case_area *area = wd_case_area_new(sizeof(struct wd_case_buffer), &error);
    struct wd_walker_host *host = NULL;

    if (area && wd_walker_spec_parse(name, places, &spec, &error))
        host = wd_walker_host_open(&spec, area, WD_DEFAULT_TIMEOUT, &nobody, &error);
    if (!host)
        printf("not available: %s\n", error.text);
    else if (*wd_walker_host_version(host))
        printf("available, version %s\n", wd_walker_host_version(host));
    else
        printf("available\n");
    wd_walker_host_close(host);
    wd_case_area_free(area);
}

static void show_walker(const char *name, const char *usage, const char *text, const struct wd_places *places)
{
    bool needs_argument = !strcmp(name, "so") || !strcmp(name, "exec") || !strcmp(name, "kvm");

    printf("  %-22s %s\n", usage, text);
    if (needs_argument)
        return;
    printf("  %-22s ", "");
    try_walker(name, places);
}

static bool is_known(const char *name)
{
    const struct wd_walker_kind *kind;

    for (size_t i = 0; (kind = wd_walker_kind(i)); i++)
        if (!strcmp(kind->name, name))
            return true;
    return false;
}

static int is_module(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 3 && entry->d_name[0] != '.' && !strcmp(entry->d_name + length - 3, ".so");
}

/* Modules that somebody put beside ours. */
static void show_other_modules(const struct wd_places *places)
{
    struct dirent **entries;
    int count = scandir(places->walkers, &entries, is_module, alphasort);

    if (count < 0) {
        if (errno != ENOENT)
            wd_complain("%s: %s", places->walkers, strerror(errno));
        return;
    }
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name;

        name[strlen(name) - 3] = '\0';
        if (!is_known(name))
            show_walker(name, name, "a module", places);
        free(entries[i]);
    }
    free(entries);
}

static void show_defects(void)
{
    size_t count;
    const struct wd_sample_defect *defects = wd_sample_defects(&count);

    printf("\nDefects of the sample walker, switched on with sample,defect=ID:\n\n");
    for (size_t i = 0; i < count; i++)
        printf("  %s  %s\n", defects[i].id, defects[i].text);
}

static int show_walkers(const struct wd_places *places)
{
    const struct wd_walker_kind *kind;

    printf("Walkers, for --walker and --ref:\n\n");
    for (size_t i = 0; (kind = wd_walker_kind(i)); i++)
        show_walker(kind->name, kind->usage, kind->text, places);
    show_other_modules(places);
    show_defects();
    return wd_close_stdout(WD_EXIT_NOTHING_FOUND);
}

static int run(const struct wd_verb *verb, const struct wd_places *places, int argc, char **argv)
{
    static const struct option long_options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    int option;

    while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1)
        return wd_show_usage(verb, option == 'h' ? stdout : stderr);
    if (optind != argc) {
        wd_complain("walkers: takes no arguments");
        return wd_show_usage(verb, stderr);
    }
    signal(SIGPIPE, SIG_IGN);
    return show_walkers(places);
}

const struct wd_verb wd_verb_walkers = {
    .name = "walkers",
    .text = "list walkers, and the defects of the sample walker",
    .usage =
        "usage: walkdiff walkers\n"
        "\n"
        "Lists what can be named after --walker and --ref, whether it is available here, and the defects that the\n"
        "sample walker can be given.\n",
    .run = run,
};
