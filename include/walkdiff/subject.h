/* SPDX-License-Identifier: MIT */
/*
 * Subjects that are no walkers: other pieces of the machinery around translation tables. Each kind of subject has a
 * case and an answer of its own (walkdiff/abort.h, …); this is what all kinds have in common, and the interface of a
 * library that holds such a subject. A subject runs in a process of its own, one thread, and may crash or hang.
 */
#ifndef WALKDIFF_SUBJECT_H
#define WALKDIFF_SUBJECT_H

#include <stddef.h>
#include <stdint.h>

/** Version of this header's contract. The loader refuses a subject with another one. */
#define WD_SUBJECT_ABI 1

enum {
    WD_SUBJECT_TEXT_MAX = 96,   /**< bytes of `text` and of a warning, with the terminating zero */
    WD_SUBJECT_WARNINGS_MAX = 2 /**< warnings of one answer that are kept */
};

/** How a subject came to its end. */
enum wd_subject_status {
    WD_SUBJECT_ANSWERED,
    WD_SUBJECT_UNSUPPORTED, /**< `text` says why */
    WD_SUBJECT_CRASH,       /**< `text` says how it ended */
    WD_SUBJECT_HANG,
};

/** What every answer, of whatever kind, begins with. `text` and a warning are valid only where the counts say so. */
struct wd_subject_head {
    uint8_t status; /**< enum wd_subject_status */
    uint8_t warning_count;
    char text[WD_SUBJECT_TEXT_MAX];                              /**< unless `status` is ANSWERED */
    char warnings[WD_SUBJECT_WARNINGS_MAX][WD_SUBJECT_TEXT_MAX]; /**< "file:line" */
};

struct wd_subject_api {
    uint32_t abi;         /**< WD_SUBJECT_ABI */
    uint32_t case_size;   /**< of the kind's case: refuses a subject that was built against other headers */
    uint32_t answer_size; /**< of the kind's answer */
    const char *kind;     /**< "abort" */
    const char *name;     /**< as in a spec: "kvm" */
    const char *version;  /**< free text for reports; may be NULL */

    /**
     * Makes a subject.
     * @param options  what follows the name in the spec
     * @param error  on failure receives a message for the user
     * @return the subject, or NULL
     */
    void *(*open)(const char *options, char *error, size_t error_size);

    /** Answers one case. The answer must be a function of the case alone. */
    void (*answer)(void *subject, const void *c, void *answer);

    void (*close)(void *subject);
};

/** The one symbol that a subject's library exports. */
typedef const struct wd_subject_api *wd_subject_entry(void);
#define WD_SUBJECT_ENTRY "walkdiff_subject"

#endif
