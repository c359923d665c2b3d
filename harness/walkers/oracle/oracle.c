/* SPDX-License-Identifier: MIT */
#include "harness/walkers/oracle/oracle.h"

#include <stdio.h>
#include <stdlib.h>

#include "walkdiff/oracle.h"

/* The walker is the place for what the oracle says, which is larger than a result. */
static void *open_oracle(const char *options, char *error, size_t error_size)
{
    struct wd_oracle_output *output;

    if (*options) {
        snprintf(error, error_size, "'%s': the oracle takes no options", options);
        return NULL;
    }
    output = malloc(sizeof(*output));
    if (!output)
        snprintf(error, error_size, "out of memory");
    return output;
}

static void answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                   volatile uint32_t *done)
{
    struct wd_oracle_output *output = walker;

    for (size_t i = 0; i < count; i++) {
        wd_oracle(cases[i], NULL, NULL, NULL, output);
        results[i] = output->result;
        *done = (uint32_t)i + 1;
    }
}

const struct wd_walker_api *wd_walker_oracle(void)
{
    static const struct wd_walker_api api = {
        .abi = WD_WALKER_ABI,
        .case_size = sizeof(struct wd_case),
        .result_size = sizeof(struct wd_result),
        .name = "oracle",
        .version = WALKDIFF_VERSION,
        .open = open_oracle,
        .answer = answer,
        .close = free,
    };

    return &api;
}
