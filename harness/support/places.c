/* SPDX-License-Identifier: MIT */
#include "harness/support/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool wd_path_join(char path[PATH_MAX], const char *folder, const char *name)
{
    return snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

static bool too_long(struct wd_error *error, const char *folder)
{
    return wd_error_set(error, "%s: the path of a folder of the program is too long", folder);
}

/* The folder that the program's file lies in. The program of a verb, walkdiff-<verb>, may be installed elsewhere. */
static bool program_folder(char folder[PATH_MAX], bool *of_verb, struct wd_error *error)
{
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    char *name;

    if (length < 0)
        return wd_error_set(error, "/proc/self/exe: %s", strerror(errno));
    folder[length] = '\0';
    name = strrchr(folder, '/');
    *of_verb = !strncmp(name, "/walkdiff-", strlen("/walkdiff-"));
    *name = '\0';
    return true;
}

static bool read_line(FILE *file, char line[PATH_MAX])
{
    if (!fgets(line, PATH_MAX, file))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* The two lines of walkdiff.tree: the source tree and the build tree. @return false if the program is in none */
static bool read_tree(const char *folder, char source[PATH_MAX], char build[PATH_MAX])
{
    char path[PATH_MAX];
    FILE *file = wd_path_join(path, folder, "walkdiff.tree") ? fopen(path, "re") : NULL;
    bool complete;

    if (!file)
        return false;
    complete = read_line(file, source) && read_line(file, build);
    fclose(file);
    return complete;
}

static bool in_tree(struct wd_places *places, const char *source, const char *build)
{
    return wd_path_join(places->walkers, build, "walkers") && wd_path_join(places->data, source, "cases") &&
           wd_path_join(places->sources, source, ".") && wd_path_join(places->programs[0], build, "harness") &&
           wd_path_join(places->programs[1], build, "reports") &&
           wd_path_join(places->programs[2], source, "harness/verbs");
}

static bool installed(struct wd_places *places, const char *folder, bool of_verb)
{
    char bin[PATH_MAX];

    return wd_path_join(bin, folder, of_verb ? WALKDIFF_BIN_FROM_LIBEXEC : ".") &&
           wd_path_join(places->programs[0], bin, WALKDIFF_LIBEXEC_FROM_BIN) &&
           wd_path_join(places->walkers, places->programs[0], "walkers") &&
           wd_path_join(places->sources, places->programs[0], "sources") &&
           wd_path_join(places->data, bin, WALKDIFF_DATA_FROM_BIN);
}

bool wd_places_find(struct wd_places *places, struct wd_error *error)
{
    char folder[PATH_MAX], source[PATH_MAX], build[PATH_MAX];
    const char *data = getenv("WALKDIFF_DATA");
    bool of_verb = false;

    memset(places, 0, sizeof(*places));
    if (!program_folder(folder, &of_verb, error))
        return false;
    if (read_tree(folder, source, build) ? !in_tree(places, source, build) : !installed(places, folder, of_verb))
        return too_long(error, folder);
    if (data && snprintf(places->data, sizeof(places->data), "%s", data) >= (int)sizeof(places->data))
        return too_long(error, data);
    return true;
}
