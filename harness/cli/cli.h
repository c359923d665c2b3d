/* SPDX-License-Identifier: MIT */
/* The command line: what the verbs that are part of the program have in common. */
#ifndef WALKDIFF_CLI_H
#define WALKDIFF_CLI_H

#include <stdint.h>

#include "harness/support/places.h"
#include "harness/host/walker_host.h"
#include "harness/judge/waivers.h"

/** Exit statuses. */
enum {
    WD_EXIT_NOTHING_FOUND = 0,
    WD_EXIT_FOUND = 1,
    WD_EXIT_FAILED = 2,        /**< used wrongly, or could not run */
    WD_EXIT_CANNOT_TEST = 125, /**< what git bisect run takes as "skip" */
    WD_EXIT_STOP_BISECT = 128, /**< what makes git bisect run give up */
};

/** A verb. */
struct wd_verb {
    const char *name;
    const char *text;  /**< one line */
    const char *usage; /**< several lines */
    /** @param argv  [0] "walkdiff <verb>", for messages @return the exit status */
    int (*run)(const struct wd_verb *verb, const struct wd_places *places, int argc, char **argv);
};

extern const struct wd_verb wd_verb_run, wd_verb_replay, wd_verb_fuzz, wd_verb_shrink, wd_verb_walkers;

/** Writes "walkdiff: <message>" to stderr. @return WD_EXIT_FAILED, for `return wd_complain(…)` */
__attribute__((format(printf, 1, 2))) int wd_complain(const char *format, ...);

/** The same for an error that somebody noticed. @return WD_EXIT_CANNOT_TEST if a walker cannot be built */
int wd_complain_of(const struct wd_error *error);

/** Shows a verb's usage. @param stream  stdout if it was asked for @return the exit status */
int wd_show_usage(const struct wd_verb *verb, FILE *stream);

/** Reads a whole number, with k, M or G after it perhaps (thousands, millions, milliards). @return false: told the user
 */
bool wd_parse_number(const char *option, const char *text, uint64_t *number);

/** Reads a time in seconds: "90", "90s", "1.5m", "2h". @return false: told the user */
bool wd_parse_seconds(const char *option, const char *text, double *seconds);

/** Seconds without an answer after which a walker hangs, if the user does not say. */
#define WD_DEFAULT_TIMEOUT 5.0

/** The folders that the options --waivers name. {0}: those that come with walkdiff. */
struct wd_waiver_folders {
    const char *path[8];
    size_t count;
};

/** Notes what an option --waivers names. @return false: told the user */
bool wd_add_waiver_folder(struct wd_waiver_folders *folders, const char *path);

/** Loads the waivers of all folders. @return NULL: told the user */
struct wd_waivers *wd_load_waivers(const struct wd_places *places, const struct wd_waiver_folders *folders);

/** Tells the user of walkers' deaths: the first few, with what they wrote. */
struct wd_obituaries {
    const char *walker; /**< its spec */
    unsigned told;
};

/** For struct wd_walker_watcher; the context is a struct wd_obituaries. */
void wd_tell_incident(void *context, const struct wd_incident *incident);

/** The same for whoever knows of an incident otherwise. @param where  names the case */
void wd_tell_death(struct wd_obituaries *obituaries, const char *where, const char *how, const char *last_words,
                   bool asked_again);

/** Closes stdout. @return `status`, or WD_EXIT_FAILED if what was written did not arrive */
int wd_close_stdout(int status);

#endif
