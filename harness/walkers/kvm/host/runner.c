/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A walker's library as a program of its own, in the protocol of `exec:`: for builds that cannot be loaded into
 * walkdiff's process, because they bring a sanitizer's run time along or are another machine's. What the undefined
 * behaviour sanitizer reports becomes a warning of the case's result.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/casefile/case_file.h"
#include "harness/walkers/kvm/host/guard.h"
#include "walkdiff/walker.h"

enum { RESULT_MAX = 1 << 16 };

extern wd_walker_entry walkdiff_walker;

#ifdef WD_SANITIZE
void __ubsan_get_current_report_data(const char **kind, const char **message, const char **file, unsigned *line,
                                     unsigned *column, char **address);
void __ubsan_on_report(void);

__attribute__((visibility("default"))) void __ubsan_on_report(void)
{
    const char *kind, *message, *file;
    char *address, what[WD_TEXT_MAX];
    unsigned line, column;

    __ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
    wd_place_in_tree(what, kind, file);
    wd_host_warning(what, (int)line);
}
#endif

static int answer(const struct wd_walker_api *api, void *walker, struct wd_case_reader *reader)
{
    static struct wd_case_entry entry;
    static char text[RESULT_MAX];
    int got;

    while ((got = wd_case_reader_next(reader, &entry)) == 1) {
        const struct wd_case *one = &entry.c;
        struct wd_result result;
        uint32_t done = 0;

        api->answer(walker, &one, &result, 1, &done);
        if (wd_result_to_json(&result, entry.id, text, sizeof(text)) >= sizeof(text)) {
            fprintf(stderr, "the result of case %s is too long\n", entry.id);
            return EXIT_FAILURE;
        }
        puts(text);
        fflush(stdout);
    }
    if (!got)
        return EXIT_SUCCESS;
    fprintf(stderr, "%s\n", wd_case_reader_error(reader));
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    const struct wd_walker_api *api = walkdiff_walker();
    char error[512] = "";
    void *walker = api->open(argc > 1 ? argv[1] : "", error, sizeof(error));
    struct wd_case_reader *reader = wd_case_reader_new(stdin, "-");
    int status;

    if (!walker || !reader) {
        fprintf(stderr, "%s\n", walker ? "out of memory" : error);
        return EXIT_FAILURE;
    }
    status = answer(api, walker, reader);
    wd_case_reader_free(reader);
    api->close(walker);
    return status;
}
