/* SPDX-License-Identifier: MIT */
/* Cases from files through a walker, and its answers in the same order: what `run` and `replay` have in common. */
#ifndef WALKDIFF_CASE_PIPELINE_H
#define WALKDIFF_CASE_PIPELINE_H

#include "harness/casefile/case_files.h"
#include "harness/host/walker_host.h"

/** A case with its answer. Valid during the call that receives it. */
struct wd_answered {
    const struct wd_case *c;
    const struct wd_result *got;
    const struct wd_result *expect; /**< NULL if the case has none */
    const char *id;                 /**< "" if the case has none */
    const char *file;
    uint64_t line;
};

struct wd_pipeline_handler {
    /** Takes the next case. @return false to stop: `error` says why */
    bool (*answered)(void *context, const struct wd_answered *answered, struct wd_error *error);
    /** Takes a message about a line that is no case, or a file that could not be read to its end. */
    void (*complain)(void *context, const char *message);
    void *context;
};

/** Bytes of a slot for cases that come from files: no case may be larger. */
#define WD_FILE_SLOT_SIZE ((size_t)64 << 20)

/**
 * Has a walker answer all cases of files. Constant memory, however many cases. Lines that are no cases are complained
 * of and left out.
 * @param area  the host's, with slots of WD_FILE_SLOT_SIZE
 */
bool wd_pipeline(const struct wd_case_files *files, struct wd_case_area *area, struct wd_walker_host *host,
                 const struct wd_pipeline_handler *handler, struct wd_error *error);

#endif
