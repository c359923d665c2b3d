/* SPDX-License-Identifier: MIT */
#include "harness/host/in_process.h"

#include "harness/casefile/case_file.h"

struct asked {
    const struct wd_walker_api *api;
    void *walker;
    const struct wd_pipeline_handler *handler;
    struct wd_result result;
};

__attribute__((noinline)) void wd_call_walker(const struct wd_walker_api *api, void *walker, const struct wd_case *c,
                                              struct wd_result *result)
{
    volatile uint32_t done = 0;

    wd_result_unsupported(result, "the walker gave no answer");
    api->answer(walker, &c, result, 1, &done);
}

static bool answer(struct asked *asked, const struct wd_case_entry *entry, const char *file, struct wd_error *error)
{
    const struct wd_answered answered = {
        .c = &entry->c,
        .got = &asked->result,
        .expect = entry->has_expect ? &entry->expect : NULL,
        .id = entry->id,
        .file = file,
        .line = entry->line,
    };

    wd_call_walker(asked->api, asked->walker, &entry->c, &asked->result);
    return asked->handler->answered(asked->handler->context, &answered, error);
}

static bool answer_file(struct asked *asked, const char *path, uint64_t line, struct wd_error *error)
{
    const struct wd_pipeline_handler *handler = asked->handler;
    struct wd_case_stream stream;
    struct wd_case_reader *reader;
    struct wd_case_entry entry;
    struct wd_error problem;
    bool good = true;
    int found;

    if (!wd_case_stream_open(&stream, path, &problem)) {
        handler->complain(handler->context, problem.text);
        return true;
    }
    reader = wd_case_reader_new(stream.file, path);
    if (!reader) {
        wd_case_stream_close(&stream, &problem);
        return wd_error_set(error, "out of memory");
    }
    wd_case_reader_select(reader, line);
    while (good && (found = wd_case_reader_next(reader, &entry)) != 0) {
        if (found < 0)
            handler->complain(handler->context, wd_case_reader_error(reader));
        else
            good = answer(asked, &entry, path, error);
    }
    wd_case_reader_free(reader);
    if (!wd_case_stream_close(&stream, &problem) && good)
        handler->complain(handler->context, problem.text);
    return good;
}

bool wd_answer_in_process(const struct wd_walker_spec *spec, const struct wd_case_files *files,
                          const struct wd_pipeline_handler *handler, struct wd_error *error)
{
    struct asked asked = {.api = wd_walker_spec_load(spec, error), .handler = handler};
    bool good = true;

    if (!asked.api)
        return false;
    error->text[0] = '\0';
    asked.walker = asked.api->open(spec->options, error->text, sizeof(error->text));
    if (!asked.walker)
        return wd_error_set(error, "walker '%s': %s", spec->text, error->text[0] ? error->text : "cannot be opened");
    for (size_t i = 0; good && i < files->count; i++)
        good = answer_file(&asked, files->paths[i], files->lines[i], error);
    asked.api->close(asked.walker);
    return good;
}
