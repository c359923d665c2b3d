/* SPDX-License-Identifier: MIT */
/* The program `walkdiff`. A verb that is not part of it is a program walkdiff-<verb>, run the way git runs git-<verb>.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/cli.h"
#include "harness/subjects/verbs.h"

static const struct wd_verb *const verbs[] = {&wd_verb_fuzz, &wd_verb_replay, &wd_verb_shrink, &wd_verb_run,
                                              &wd_verb_walkers};
enum { VERB_COUNT = sizeof(verbs) / sizeof(verbs[0]) };

static const char program_prefix[] = "walkdiff-";

/* What the help says of verbs that are programs of their own. */
static const struct {
    const char *name, *text;
} program_texts[] = {
    {"bisect", "find the commit that made a case go wrong, in the git tree of a walker"},
    {"dask", "share a fuzzing run among machines: `walkdiff fuzz --dask`"},
    {"debug", "open gdb where a walker begins to answer a case"},
    {"explain", "tell how the architecture answers a case, step by step"},
    {"expose", "show cases as a guest of a tree's KVM would have them"},
    {"findings", "list what a store of findings knows, and what became of it"},
    {"export", "write a case as a program that plain QEMU runs"},
    {"manual", "print a reference page of the manual: registers, rules, choices, …"},
    {"nightly", "fuzz for hours, and say what is new since the nights before"},
    {"waive", "write down that a finding is known, and why; look for waivers that are stale"},
    {"reach", "find out which findings of a run a guest can reach"},
    {"report", "make a report of a run that fuzz left: its findings, worst first"},
    {"review", "compare a walker before and after a change: what is fixed, what is worse"},
};

static const char *program_text(const char *name)
{
    for (size_t i = 0; i < sizeof(program_texts) / sizeof(program_texts[0]); i++)
        if (!strcmp(program_texts[i].name, name))
            return program_texts[i].text;
    return "";
}

static const struct wd_verb *find_verb(const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (!strcmp(verbs[i]->name, name))
            return verbs[i];
    return NULL;
}

/* Looks for the program of a verb. @return false if there is none */
static bool find_program(const struct wd_places *places, const char *verb, char path[PATH_MAX])
{
    char name[NAME_MAX];

    if (strchr(verb, '/') || snprintf(name, sizeof(name), "%s%s", program_prefix, verb) >= (int)sizeof(name))
        return false;
    for (size_t i = 0; i < WD_PROGRAM_FOLDERS; i++)
        if (*places->programs[i] && wd_path_join(path, places->programs[i], name) && !access(path, X_OK))
            return true;
    return false;
}

static int is_program(const struct dirent *entry)
{
    return !strncmp(entry->d_name, program_prefix, strlen(program_prefix)) && !strchr(entry->d_name, '.');
}

static void list_programs(const char *folder)
{
    struct dirent **entries;
    int count = *folder ? scandir(folder, &entries, is_program, alphasort) : 0;

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name + strlen(program_prefix);

        printf("  %-10s %s\n", name, program_text(name));
        free(entries[i]);
    }
    if (count > 0)
        free(entries);
}

static int show_help(const struct wd_places *places)
{
    printf("usage: walkdiff VERB [ARGUMENTS]\n\n"
           "Finds where a walker of AArch64 translation tables departs from the architecture.\n\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        printf("  %-10s %s\n", verbs[i]->name, verbs[i]->text);
    for (size_t i = 0; i < WD_PROGRAM_FOLDERS; i++)
        list_programs(places->programs[i]);
    printf("\n`walkdiff VERB --help` tells more of each; `walkdiff --version` which version this is.\n");
    return wd_close_stdout(WD_EXIT_NOTHING_FOUND);
}

/* Verbs that are scripts run this program again: they are told which it is, and where its data are. */
static bool tell_program(const struct wd_places *places)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (length < 0)
        return false;
    path[length] = '\0';
    return !setenv("WALKDIFF_PROGRAM", path, 1) && !setenv("WALKDIFF_DATA", places->data, 1);
}

/* Becomes the program of a verb, if there is one. */
static int run_program(const struct wd_places *places, char **argv)
{
    char path[PATH_MAX];

    if (!find_program(places, argv[0], path))
        return wd_complain("there is no verb '%s' (`walkdiff help` lists them)", argv[0]);
    if (!tell_program(places))
        return wd_complain("/proc/self/exe: %s", strerror(errno));
    argv[0] = path;
    execv(path, argv);
    return wd_complain("%s: %s", path, strerror(errno));
}

/* Whether an option is among the arguments, with its value behind it or in it. */
static bool has_option(char **argv, const char *option)
{
    size_t length = strlen(option);

    for (; *argv && strcmp(*argv, "--"); argv++)
        if (!strncmp(*argv, option, length) && (!(*argv)[length] || (*argv)[length] == '='))
            return true;
    return false;
}

/* @param argv  [0] the verb */
static int run_verb(const struct wd_places *places, int argc, char **argv)
{
    static char dask[] = "dask";
    const struct wd_verb *verb = find_verb(argv[0]);
    char name[64];

    if (verb == &wd_verb_fuzz && has_option(argv, "--dask")) {
        argv[0] = dask; /* shares the run among others that run this verb */
        verb = NULL;
    }
    if (!verb)
        return run_program(places, argv);
    if (wd_subject_concerns(argv))
        return wd_subject_verb(places, argc, argv);
    snprintf(name, sizeof(name), "walkdiff %s", verb->name);
    argv[0] = name;
    return verb->run(verb, places, argc, argv);
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return !strcmp(word, a) || !strcmp(word, b) || !strcmp(word, c);
}

/* Whoever started us may have closed a standard file; what we open must not take its number. */
static bool open_standard_files(void)
{
    int file;

    do
        file = open("/dev/null", O_RDONLY); /* writing to what was closed is an error still */
    while (file >= 0 && file <= STDERR_FILENO);
    return file >= 0 && !close(file);
}

int main(int argc, char **argv)
{
    static char help[] = "--help";
    struct wd_places places;
    struct wd_error error;

    if (!open_standard_files())
        return wd_complain("/dev/null: %s", strerror(errno));
    if (!wd_places_find(&places, &error))
        return wd_complain("%s", error.text);
    if (argc < 2) {
        show_help(&places);
        return WD_EXIT_FAILED;
    }
    if (is_one_of(argv[1], "--version", "-V", "version")) {
        printf("walkdiff %s\n", WALKDIFF_VERSION);
        return wd_close_stdout(WD_EXIT_NOTHING_FOUND);
    }
    if (!is_one_of(argv[1], "--help", "-h", "help"))
        return run_verb(&places, argc - 1, argv + 1);
    if (argc == 2)
        return show_help(&places);
    return run_verb(&places, 2, (char *[]){argv[2], help, NULL});
}
