/* SPDX-License-Identifier: MIT */
#include "tests/unit/case_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "harness/casefile/case_files.h"

static unsigned look_at_file(const char *path, look_at_case *look, void *context)
{
    struct wd_case_stream stream;
    struct wd_error error;
    struct wd_case_reader *reader;
    struct wd_case_entry entry;
    unsigned count = 0;
    int got;

    if (!wd_case_stream_open(&stream, path, &error))
        fail_msg("%s", error.text);
    reader = wd_case_reader_new(stream.file, path);
    assert_non_null(reader);
    while ((got = wd_case_reader_next(reader, &entry)) == 1) {
        look(context, &entry);
        count++;
    }
    if (got)
        fail_msg("%s", wd_case_reader_error(reader));
    wd_case_reader_free(reader);
    if (!wd_case_stream_close(&stream, &error))
        fail_msg("%s", error.text);
    return count;
}

unsigned for_every_case_below(const char *folder, look_at_case *look, void *context)
{
    struct wd_case_files files = {0};
    struct wd_error error;
    unsigned count = 0;

    if (!wd_case_files_add(&files, folder, &error))
        fail_msg("%s", error.text);
    for (size_t i = 0; i < files.count; i++)
        count += look_at_file(files.paths[i], look, context);
    wd_case_files_free(&files);
    return count;
}
