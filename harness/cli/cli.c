/* SPDX-License-Identifier: MIT */
#include "harness/cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEATHS_TOLD = 5, WORDS_TOLD = 2000 };

int wd_complain(const char *format, ...)
{
    va_list arguments;

    fflush(stdout);
    fputs("walkdiff: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return WD_EXIT_FAILED;
}

int wd_complain_of(const struct wd_error *error)
{
    wd_complain("%s", error->text);
    return error->cannot_build ? WD_EXIT_CANNOT_TEST : WD_EXIT_FAILED;
}

int wd_show_usage(const struct wd_verb *verb, FILE *stream)
{
    fprintf(stream, "%s", verb->usage);
    return stream == stdout ? WD_EXIT_NOTHING_FOUND : WD_EXIT_FAILED;
}

/* What a suffix multiplies by, or 0. */
static double factor_of(const char *suffix, const char *letters, const double *factors)
{
    const char *letter;

    if (!*suffix)
        return 1;
    letter = strchr(letters, *suffix);
    return letter && !suffix[1] ? factors[letter - letters] : 0;
}

bool wd_parse_number(const char *option, const char *text, uint64_t *number)
{
    static const double factors[] = {1e3, 1e6, 1e9};
    unsigned long long value;
    double factor;
    char *end;

    errno = 0;
    value = strtoull(text, &end, 10);
    factor = factor_of(end, "kMG", factors);
    if (errno || *text < '0' || *text > '9' || factor == 0 || value > UINT64_MAX / (uint64_t)factor) {
        wd_complain("%s '%s': a whole number is wanted, like 1000000 or 1M", option, text);
        return false;
    }
    *number = value * (uint64_t)factor;
    return true;
}

bool wd_parse_seconds(const char *option, const char *text, double *seconds)
{
    static const double factors[] = {1, 60, 3600};
    char *end;
    double value = strtod(text, &end), factor = factor_of(end, "smh", factors);

    if (*text < '0' || *text > '9' || factor == 0 || !(value > 0) || value > 1e9) {
        wd_complain("%s '%s': a time is wanted, like 30s, 10m or 2h", option, text);
        return false;
    }
    *seconds = value * factor;
    return true;
}

bool wd_add_waiver_folder(struct wd_waiver_folders *folders, const char *path)
{
    if (folders->count == sizeof(folders->path) / sizeof(*folders->path)) {
        wd_complain("--waivers: more than %zu folders", folders->count);
        return false;
    }
    folders->path[folders->count++] = path;
    return true;
}

struct wd_waivers *wd_load_waivers(const struct wd_places *places, const struct wd_waiver_folders *folders)
{
    char usual[PATH_MAX];
    struct wd_error error;
    bool have_usual = !folders->count && wd_path_join(usual, places->data, "waivers") && !access(usual, F_OK);
    struct wd_waivers *waivers = wd_waivers_load(have_usual ? usual : NULL, &error);
    bool good = waivers != NULL;

    for (size_t i = 0; good && i < folders->count; i++)
        good = wd_waivers_add(waivers, folders->path[i], &error);
    if (good)
        return waivers;
    wd_complain("%s", error.text);
    wd_waivers_free(waivers);
    return NULL;
}

void wd_tell_death(struct wd_obituaries *obituaries, const char *where, const char *how, const char *last_words,
                   bool asked_again)
{
    size_t length = strlen(last_words);

    if (obituaries->told > DEATHS_TOLD)
        return;
    if (obituaries->told++ == DEATHS_TOLD) {
        wd_complain("walker '%s': further deaths are not told one by one", obituaries->walker);
        return;
    }
    wd_complain("walker '%s', %s: %s%s%s%s", obituaries->walker, where, how,
                asked_again ? "; not of its own doing: the case is asked again" : "",
                length ? "; the end of what it wrote:\n" : "",
                length > WORDS_TOLD ? last_words + length - WORDS_TOLD : last_words);
}

void wd_tell_incident(void *context, const struct wd_incident *incident)
{
    char where[64];

    snprintf(where, sizeof(where), "case %llu of the input", (unsigned long long)incident->case_number + 1);
    wd_tell_death(context, where, incident->how, incident->last_words, incident->asked_again);
}

int wd_close_stdout(int status)
{
    bool failed = ferror(stdout);

    if ((fclose(stdout) || failed) && status != WD_EXIT_FAILED) /* which was told already */
        return wd_complain("standard output: %s", strerror(errno));
    return status;
}
