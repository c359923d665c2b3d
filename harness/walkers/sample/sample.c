/* SPDX-License-Identifier: MIT */
/* The sample walker behind the walker ABI: its options, and its defects by name. */
#include "harness/walkers/sample/sample.h"
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct wd_sample_defect defects[] = {
#define WD_DEFECT(name, id, text) [DEFECT_##name] = {id, text},
#include "defects.def"
};

const struct wd_sample_defect *wd_sample_defects(size_t *count)
{
    *count = DEFECT_COUNT;
    return defects;
}

/* The defect whose id is the first `length` bytes of `id`, or DEFECT_COUNT. */
static enum sample_defect find_defect(const char *id, size_t length)
{
    int i = 0;

    while (i < DEFECT_COUNT && (strlen(defects[i].id) != length || memcmp(defects[i].id, id, length) != 0))
        i++;
    return (enum sample_defect)i;
}

/* Reads "" or "defect=ID+ID…" into a set of defects. False: `error` says why not. */
static bool parse_options(const char *options, uint64_t *set, char *error, size_t error_size)
{
    static const char key[] = "defect=";
    const char *id = options + strlen(key);

    *set = 0;
    if (!*options)
        return true;
    if (strncmp(options, key, strlen(key)) != 0) {
        snprintf(error, error_size, "sample: unknown option \"%s\"; it takes defect=ID, several joined with '+'",
                 options);
        return false;
    }
    for (;;) {
        size_t length = strcspn(id, "+");
        enum sample_defect defect = find_defect(id, length);

        if (defect == DEFECT_COUNT) {
            snprintf(error, error_size, "sample: no defect \"%.*s\"; `walkdiff walkers` lists them", (int)length, id);
            return false;
        }
        *set |= UINT64_C(1) << defect;
        if (!id[length])
            return true;
        id += length + 1;
    }
}

/* Finds the fields with which the walker cannot answer. */
static bool collect_stops(struct sample *sample)
{
    for (enum wd_layout layout = 0; layout < WD_LAYOUT_COUNT; layout++) {
        size_t count;
        const struct wd_field *fields = wd_layout_fields(layout, &count);

        for (size_t i = 0; i < count; i++) {
            if (fields[i].role != WD_ROLE_STOP)
                continue;
            if (sample->stop_count == SAMPLE_STOPS_MAX)
                return false;
            sample->stops[sample->stop_count++] =
                (struct sample_stop){.field = &fields[i], .reg = wd_layouts[layout].reg};
        }
    }
    return true;
}

static void *sample_open(const char *options, char *error, size_t error_size)
{
    struct sample *sample;
    uint64_t set;

    if (!parse_options(options, &set, error, error_size))
        return NULL;
    sample = calloc(1, sizeof(*sample));
    if (!sample) {
        snprintf(error, error_size, "sample: out of memory");
        return NULL;
    }
    sample->defects = set;
    if (!collect_stops(sample)) {
        snprintf(error, error_size, "sample: registers.def has more than %d fields of role STOP", SAMPLE_STOPS_MAX);
        free(sample);
        return NULL;
    }
    return sample;
}

static void sample_answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                          volatile uint32_t *done)
{
    const struct sample *sample = walker;

    for (size_t i = 0; i < count; i++) {
        wd_sample_translate(sample, cases[i], &results[i]);
        *done = (uint32_t)(i + 1);
    }
}

const struct wd_walker_api *wd_walker_sample(void)
{
    static const struct wd_walker_api api = {
        .abi = WD_WALKER_ABI,
        .case_size = sizeof(struct wd_case),
        .result_size = sizeof(struct wd_result),
        .name = "sample",
        .version = NULL,
        .open = sample_open,
        .answer = sample_answer,
        .close = free,
    };

    return &api;
}
