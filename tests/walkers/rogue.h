/* SPDX-License-Identifier: MIT */
/* What the walker tests/walkers/rogue.c can be asked to do. */
#ifndef TESTS_WALKERS_ROGUE_H
#define TESTS_WALKERS_ROGUE_H

#include "walkdiff/walker.h"

enum deed {
    DEED_NOTHING, /**< answers */
    DEED_SEGFAULT,
    DEED_ABORT,
    DEED_EXIT, /**< with status 3 */
    DEED_HANG,
    DEED_WRITE_TO_CASE,
    DEED_WILD_COUNT,       /**< a result whose count is beyond its array */
    DEED_WILD_ANSWER,      /**< a result of no kind that there is */
    DEED_UNSORTED,         /**< changed words in descending order */
    DEED_ENDLESS_TEXT,     /**< a text without its terminating zero */
    DEED_RETURN_EARLY,     /**< leaves this case and those after it in the batch unanswered */
    DEED_LEAVE_OUT,        /**< answers all others */
    DEED_WILD_DONE,        /**< dies after writing nonsense to *done */
    DEED_BREAK_CONNECTION, /**< closes every file and lives on */
    DEED_KILL,             /**< dies by SIGKILL, each time */
    DEED_DIE_ONCE,         /**< dies by SIGKILL, the first time */
    DEED_TALK,             /**< writes a lot to stdout and stderr, then answers */
    DEED_WARN,
};

#endif
