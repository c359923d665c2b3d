/* SPDX-License-Identifier: MIT */
/*
 * A walker that is right, but resolves one choice now so, now otherwise: at its default in cases whose VA has an even
 * number of ones. Option: "choice=NAME".
 */
#include <stdio.h>
#include <string.h>

#include "walkdiff/oracle.h"
#include "walkdiff/walker.h"

const struct wd_walker_api *walkdiff_walker(void);

/* The name's place in the table is where the choice is. */
static void *open_fickle(const char *options, char *error, size_t error_size)
{
    for (unsigned i = 0; i < WD_CHOICE_COUNT; i++)
        if (!strncmp(options, "choice=", 7) && !strcmp(options + 7, wd_choices[i].name))
            return (void *)(uintptr_t)&wd_choices[i];
    snprintf(error, error_size, "'%s' is not choice=NAME", options);
    return NULL;
}

static void close_fickle(void *walker)
{
    (void)walker;
}

static void answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                   volatile uint32_t *done)
{
    size_t choice = (size_t)((const struct wd_choice_info *)walker - wd_choices);

    for (size_t i = 0; i < count; i++) {
        struct wd_resolution resolution = {0};
        struct wd_oracle_output output;

        resolution.option[choice] = __builtin_popcountll(cases[i]->va) & 1;
        wd_oracle(cases[i], &resolution, NULL, NULL, &output);
        results[i] = output.result;
        *done = (uint32_t)i + 1;
    }
}

const struct wd_walker_api *walkdiff_walker(void)
{
    static const struct wd_walker_api api = {
        .abi = WD_WALKER_ABI,
        .case_size = sizeof(struct wd_case),
        .result_size = sizeof(struct wd_result),
        .name = "fickle",
        .version = "1.0",
        .open = open_fickle,
        .answer = answer,
        .close = close_fickle,
    };

    return &api;
}
