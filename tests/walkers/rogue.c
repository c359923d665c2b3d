/* SPDX-License-Identifier: MIT */
/*
 * A walker that misbehaves on demand, for the tests of whoever has to cope with walkers. Options:
 *
 *   ""             what it does with a case is the low byte of its VA, see enum deed
 *   "deed=N,every=M"  it does deed N with every M-th case, by the VA's bits; the oracle's PAR is not its concern
 *   "open=fail" · "open=crash" · "open=silent"  opening fails with a message, crashes, or fails without a word
 *   "mark=FILE"    for DEED_DIE_ONCE: it has died if the file exists
 *
 * An answer of its own is PAR = VA with the deed's byte zero.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/walkers/rogue.h"

#ifndef ROGUE_ABI
#define ROGUE_ABI WD_WALKER_ABI
#endif
#ifndef ROGUE_RESULT_SIZE
#define ROGUE_RESULT_SIZE sizeof(struct wd_result)
#endif

struct rogue {
    unsigned deed; /* with every `every`-th case; every = 0: what the VA says */
    unsigned long every;
    char mark[256];
    void *nowhere; /* NULL */
};

const struct wd_walker_api *walkdiff_walker(void);

static void *open_rogue(const char *options, char *error, size_t error_size)
{
    struct rogue *rogue = calloc(1, sizeof(*rogue));

    if (!strcmp(options, "open=crash"))
        abort();
    if (!strcmp(options, "open=silent"))
        return NULL;
    if (!strcmp(options, "open=fail")) {
        snprintf(error, error_size, "it does not want to");
        fprintf(stderr, "and it says so\n");
        return NULL;
    }
    if (rogue && !strncmp(options, "mark=", 5))
        snprintf(rogue->mark, sizeof(rogue->mark), "%s", options + 5);
    else if (rogue && *options && sscanf(options, "deed=%u,every=%lu", &rogue->deed, &rogue->every) != 2)
        return NULL;
    return rogue;
}

static void close_rogue(void *walker)
{
    free(walker);
}

/* As an evil program does that ends all that it can reach. */
static void break_connection(void)
{
    for (int fd = 3; fd < 256; fd++)
        close(fd);
    for (;;)
        pause();
}

static void die_once(const struct rogue *rogue)
{
    if (!access(rogue->mark, F_OK))
        return;
    close(open(rogue->mark, O_WRONLY | O_CREAT, 0600));
    raise(SIGKILL);
}

static void misbehave(const struct rogue *rogue, unsigned deed, const struct wd_case *c, struct wd_result *result)
{
    switch (deed) {
    case DEED_SEGFAULT:
        fprintf(stderr, "about to touch nothing\n");
        *(volatile int *)rogue->nowhere = 0;
        break;
    case DEED_ABORT:
        abort();
    case DEED_EXIT:
        exit(3);
    case DEED_HANG:
        for (;;)
            pause();
    case DEED_WRITE_TO_CASE:
        ((struct wd_case *)(uintptr_t)c)->va = 0;
        break;
    case DEED_WILD_COUNT:
        result->changed_count = 255;
        break;
    case DEED_WILD_ANSWER:
        result->answer = 77;
        break;
    case DEED_UNSORTED:
        result->changed_count = 2;
        result->changed[0] = (struct wd_word){.pa = 16};
        result->changed[1] = (struct wd_word){.pa = 8};
        break;
    case DEED_ENDLESS_TEXT:
        result->answer = WD_ANSWER_UNSUPPORTED;
        memset(result->text, 'x', sizeof(result->text));
        break;
    case DEED_BREAK_CONNECTION:
        break_connection();
        break;
    case DEED_KILL:
        raise(SIGKILL);
        break;
    case DEED_DIE_ONCE:
        die_once(rogue);
        break;
    case DEED_WARN:
        result->warning_count = 1;
        snprintf(result->warnings[0], sizeof(result->warnings[0]), "rogue.c:1");
        break;
    case DEED_TALK:
        printf("out ");
        fflush(stdout);
        for (int i = 0; i < 20000; i++)
            fprintf(stderr, "line %d\n", i);
        break;
    default:
        break;
    }
}

static void answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                   volatile uint32_t *done)
{
    const struct rogue *rogue = walker;

    for (size_t i = 0; i < count; i++) {
        unsigned deed = cases[i]->va & 0xff;

        if (rogue->every)
            deed = (cases[i]->va >> 12) % rogue->every == 0 ? rogue->deed : DEED_NOTHING;
        if (deed == DEED_RETURN_EARLY)
            return;
        if (deed == DEED_WILD_DONE) {
            *done = UINT32_MAX;
            raise(SIGSEGV);
        }
        if (deed == DEED_LEAVE_OUT)
            continue;
        wd_result_clear(&results[i], cases[i]->va & ~UINT64_C(0xff));
        misbehave(rogue, deed, cases[i], &results[i]);
        *done = (uint32_t)i + 1;
    }
}

const struct wd_walker_api *walkdiff_walker(void)
{
    static const struct wd_walker_api api = {
        .abi = ROGUE_ABI,
        .case_size = sizeof(struct wd_case),
        .result_size = ROGUE_RESULT_SIZE,
        .name = "rogue",
        .version = "6.66",
        .open = open_rogue,
        .answer = answer,
        .close = close_rogue,
    };

    return &api;
}
