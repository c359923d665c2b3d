/* SPDX-License-Identifier: MIT */
/*
 * The walker ABI: what the built-in walkers implement and a `so:` walker exports. A walker runs in a process of
 * its own, one thread, and may crash or hang: the engine notices, notes the case and starts it again.
 */
#ifndef WALKDIFF_WALKER_H
#define WALKDIFF_WALKER_H

#include "walkdiff/case.h"

/** Version of this header's contract. The loader refuses a walker with another one. */
#define WD_WALKER_ABI 2

struct wd_walker_api {
    uint32_t abi;         /**< WD_WALKER_ABI */
    uint32_t case_size;   /**< sizeof(struct wd_case): refuses a walker built against other headers */
    uint32_t result_size; /**< sizeof(struct wd_result) */
    const char *name;     /**< as in a walker spec: "sample" */
    const char *version;  /**< free text for reports; may be NULL */

    /**
     * Makes a walker.
     * @param options  what follows the name in the spec: "" or "defect=S1-02,…"
     * @param error  on failure receives a message for the user
     * @return the walker, or NULL
     */
    void *(*open)(const char *options, char *error, size_t error_size);

    /**
     * Answers cases. results[i] belongs to cases[i]; the walker must store `i + 1` to *done after it has
     * written results[i], so that a crash is blamed on the right case.
     * @param done  counts the answers; starts at 0
     */
    void (*answer)(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                   volatile uint32_t *done);

    void (*close)(void *walker);
};

/** The one symbol that a `so:` walker exports. */
typedef const struct wd_walker_api *wd_walker_entry(void);
#define WD_WALKER_ENTRY "walkdiff_walker"

#endif
