/* SPDX-License-Identifier: MIT */
/* Subjects by their specs, and one in a process of its own that is asked case by case. */
#ifndef WALKDIFF_SUBJECT_HOST_H
#define WALKDIFF_SUBJECT_HOST_H

#include "harness/host/walker_spec.h"
#include "harness/subjects/kind.h"

/** `model:KIND[,OPTIONS]`, `kvm:TREE[@REV],subject=KIND` or `so:LIB.so,subject=KIND[,OPTIONS]`. */
struct wd_subject_spec {
    const char *text;
    const struct wd_subject_kind *kind;
    const char *name;                     /**< "model", "kvm", "so": as waivers call it */
    const struct wd_subject_api *builtin; /**< NULL: in `walker.library` */
    const char *options;
    const char *coverage; /**< a file to note in what its library runs (harness/host/line_coverage.h); NULL: none */
    struct wd_walker_spec walker;
};

/** The kind that a spec names; NULL: it names a walker, or a kind that there is not. */
const struct wd_subject_kind *wd_subject_kind_of_spec(const char *text);

/** Whether a spec names a kind of subject, be there such a kind or not. */
bool wd_subject_is_named(const char *text);

/** Reads a spec, and builds what is to be built. */
bool wd_subject_spec_parse(const char *text, const struct wd_places *places, struct wd_subject_spec *spec,
                           struct wd_error *error);

/** Loads a subject's code, in the process that will run it. @return NULL: `error` says why */
const struct wd_subject_api *wd_subject_load(const struct wd_subject_spec *spec, struct wd_error *error);

struct wd_subject_host;

/** Opens a subject in a process of its own. @param timeout  seconds after which it hangs */
struct wd_subject_host *wd_subject_host_open(const struct wd_subject_spec *spec, double timeout,
                                             struct wd_error *error);

/** What it tells of its version. */
const char *wd_subject_host_version(const struct wd_subject_host *host);

/** Asks. If the subject dies or hangs, that is the answer, and it is started again. @return false: it cannot be */
bool wd_subject_host_ask(struct wd_subject_host *host, const void *c, void *answer, struct wd_error *error);

void wd_subject_host_close(struct wd_subject_host *host);

/** How a process ended, in words: "SIGSEGV", "exit status 3". */
void wd_subject_end_text(int status, char *text, size_t size);

#endif
