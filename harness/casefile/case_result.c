/* SPDX-License-Identifier: MIT */
/* Results, both ways: docs/format.md "A result". */
#include "harness/casefile/case_parts.h"

#include <string.h>

/* ---------------------------------------------------------------- reading: the answer */

static bool read_par(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_result *result = into;

    result->answer = WD_ANSWER_PAR;
    return wd_json_read_hex(in, place, value, &result->par);
}

static bool read_fault_status(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                              void *into)
{
    uint64_t fst;

    if (!wd_json_read_hex(in, place, value, &fst))
        return false;
    if (fst > 0x3f)
        return wd_json_fail(in, place, "a fault status code has 6 bits");
    *(uint8_t *)into = (uint8_t)fst;
    return true;
}

static bool read_flag(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    int number;

    if (!wd_json_read_integer(in, place, value, 0, 1, &number))
        return false;
    *(bool *)into = number;
    return true;
}

static bool read_undefined(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    int number;

    (void)into; /* that the member is there says it all */
    return wd_json_read_integer(in, place, value, 1, 1, &number);
}

static bool read_exception(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    enum { FST = 1 << 0, STAGE2 = 1 << 1, S1PTW = 1 << 2, IPA = 1 << 3, UNDEFINED = 1 << 4 }; /* in the table's order */
    static const struct wd_json_member table[] = {
        WD_JSON_MEMBER("fst", false, offsetof(struct wd_exception, fst), read_fault_status),
        WD_JSON_MEMBER("stage2", false, offsetof(struct wd_exception, stage2), read_flag),
        WD_JSON_MEMBER("s1ptw", false, offsetof(struct wd_exception, s1ptw), read_flag),
        WD_JSON_MEMBER("ipa", false, offsetof(struct wd_exception, ipa), wd_json_read_hex),
        WD_JSON_MEMBER("undefined", false, 0, read_undefined),
    };
    static const struct wd_json_members members = WD_JSON_MEMBERS("member", table);
    struct wd_result *result = into;
    uint64_t seen;

    if (!wd_json_read_object(in, place, value, &members, &result->exception, &seen))
        return false;
    if (seen != UNDEFINED && (seen & ~(uint64_t)IPA) != (FST | STAGE2 | S1PTW))
        return wd_json_fail(in, place, "neither \"fst\", \"stage2\", \"s1ptw\" (and \"ipa\") nor \"undefined\" alone");
    result->answer = seen == UNDEFINED ? WD_ANSWER_UNDEFINED : WD_ANSWER_EXCEPTION;
    result->exception.has_ipa = seen & IPA;
    return true;
}

/* The bytes of a string that fit into WD_TEXT_MAX, without half a character at the end. */
static size_t fitting(const char *string)
{
    size_t length = strlen(string);

    if (length < WD_TEXT_MAX)
        return length;
    length = WD_TEXT_MAX - 1;
    while (length && ((unsigned char)string[length] & 0xC0) == 0x80)
        length--;
    return length;
}

static bool read_text(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                      char text[WD_TEXT_MAX])
{
    const char *string;
    size_t length;

    if (!wd_json_read_string(in, place, value, &string))
        return false;
    length = fitting(string);
    memcpy(text, string, length);
    text[length] = '\0';
    return true;
}

static bool read_unsupported(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_result *result = into;

    result->answer = WD_ANSWER_UNSUPPORTED;
    return read_text(in, place, value, result->text);
}

static bool read_crash(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_result *result = into;

    result->answer = WD_ANSWER_CRASH;
    return read_text(in, place, value, result->text);
}

static bool read_true(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value)
{
    return yyjson_is_true(value) || wd_json_fail(in, place, "not true");
}

static bool read_retry(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_result *result = into;

    result->answer = WD_ANSWER_RETRY;
    return read_true(in, place, value);
}

static bool read_hang(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_result *result = into;

    result->answer = WD_ANSWER_HANG;
    return read_true(in, place, value);
}

/* ---------------------------------------------------------------- reading: what may stand beside it */

static bool read_unanswered(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_result *result = into;

    if (!wd_json_read_hex(in, place, value, &result->unanswered))
        return false;
    return !WD_GET(result->unanswered, PAR_EL1, F) ||
           wd_json_fail(in, place, "bit 0, success or fault, is always answered");
}

static bool read_changed(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_result *result = into;

    if (!wd_json_is_array(in, place, value, 0, WD_CHANGED_MAX, "words that changed, [address, value]"))
        return false;
    result->changed_count = (uint8_t)yyjson_arr_size(value);
    return wd_json_read_words(in, place, value, result->changed);
}

static bool read_warnings(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_result *result = into;
    yyjson_val *warning;
    size_t i, count;

    if (!wd_json_is_array(in, place, value, 0, WD_WARNINGS_MAX, "warnings, \"file:line\""))
        return false;
    yyjson_arr_foreach(value, i, count, warning)
    {
        struct wd_json_place warning_place = wd_json_element(place, warning, i);

        if (!read_text(in, &warning_place, warning, result->warnings[i]))
            return false;
    }
    result->warning_count = (uint8_t)count;
    return true;
}

static bool read_read(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                      struct wd_read *read)
{
    struct wd_json_place places[4];
    int stage, level;

    if (!wd_json_is_array(in, place, value, 4, 4, "a read is [address, descriptor, stage, level]"))
        return false;
    for (size_t i = 0; i < 4; i++)
        places[i] = wd_json_element(place, yyjson_arr_get(value, i), i);
    if (!wd_json_read_hex(in, &places[0], places[0].value, &read->pa) ||
        !wd_json_read_hex(in, &places[1], places[1].value, &read->descriptor) ||
        !wd_json_read_integer(in, &places[2], places[2].value, 1, 2, &stage) ||
        !wd_json_read_integer(in, &places[3], places[3].value, -1, 3, &level))
        return false;
    read->stage = (uint8_t)stage;
    read->level = (int8_t)level;
    return true;
}

static bool read_trace(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_result *result = into;
    yyjson_val *read;
    size_t i, count;

    if (!wd_json_is_array(in, place, value, 0, WD_READS_MAX, "reads, [address, descriptor, stage, level]"))
        return false;
    yyjson_arr_foreach(value, i, count, read)
    {
        struct wd_json_place read_place = wd_json_element(place, read, i);

        if (!read_read(in, &read_place, read, result->reads + i))
            return false;
    }
    result->read_count = (uint8_t)count;
    return true;
}

/* ---------------------------------------------------------------- reading: the whole */

#define ANSWER_MEMBERS                                                                                                 \
    WD_JSON_MEMBER("par", false, 0, read_par), WD_JSON_MEMBER("exception", false, 0, read_exception),                  \
        WD_JSON_MEMBER("unsupported", false, 0, read_unsupported), WD_JSON_MEMBER("retry", false, 0, read_retry),      \
        WD_JSON_MEMBER("crash", false, 0, read_crash), WD_JSON_MEMBER("hang", false, 0, read_hang)
#define RESULT_MEMBERS                                                                                                 \
    ANSWER_MEMBERS, WD_JSON_MEMBER("unanswered", false, 0, read_unanswered),                                           \
        WD_JSON_MEMBER("mem", false, 0, read_changed), WD_JSON_MEMBER("warn", false, 0, read_warnings),                \
        WD_JSON_MEMBER("trace", false, 0, read_trace)

/* Reads the members of a result, which stands at the beginning of `into`. */
static bool read_result_members(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                                const struct wd_json_members *members, void *into)
{
    static const struct wd_json_member answers[] = {ANSWER_MEMBERS};
    const uint64_t answer_mask = (UINT64_C(1) << sizeof(answers) / sizeof(answers[0])) - 1;
    uint64_t seen;

    wd_result_clear(into, 0);
    if (!wd_json_read_object(in, place, value, members, into, &seen))
        return false;
    seen &= answer_mask;
    if (!seen)
        return wd_json_fail(in, place, "no answer: par, exception, unsupported, retry, crash or hang");
    if (seen & (seen - 1))
        return wd_json_fail(in, place, "more than one answer of par, exception, unsupported, retry, crash and hang");
    return true;
}

bool wd_json_read_result(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_json_member table[] = {RESULT_MEMBERS};
    static const struct wd_json_members members = WD_JSON_MEMBERS("member", table);

    return read_result_members(in, place, value, &members, into);
}

/* A choice as it is read: `object` is the room for one that is an object. */
struct choice_reading {
    const char *text;
    char *object;
};

/* Puts the value of a member of a choice that is an object: a string or a whole number from 0. */
static bool put_choice_option(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                              struct wd_json_out *out)
{
    const char *string;
    int number;

    if (!yyjson_is_str(value)) {
        if (!wd_json_read_integer(in, place, value, 0, INT16_MAX, &number))
            return false;
        wd_json_put_integer(out, number);
        return true;
    }
    if (!wd_json_read_string(in, place, value, &string))
        return false;
    wd_json_put_string(out, string);
    return true;
}

/* Writes a choice that is an object compactly. */
static bool read_choice_object(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *object,
                               char *text)
{
    struct wd_json_out out = wd_json_to_buffer(text, WD_CHOICE_OBJECT_MAX);
    yyjson_val *name, *value;
    size_t i, count;

    WD_JSON_PUT(&out, "{");
    yyjson_obj_foreach(object, i, count, name, value)
    {
        struct wd_json_place option_place = {.above = place, .value = name};
        const char *string;

        if (!wd_json_read_string(in, &option_place, name, &string))
            return false;
        if (yyjson_obj_getn(object, string, yyjson_get_len(name)) != value)
            return wd_json_fail(in, &option_place, "this choice is given twice");
        if (i)
            WD_JSON_PUT(&out, ",");
        wd_json_put_string(&out, string);
        WD_JSON_PUT(&out, ":");
        if (!put_choice_option(in, &option_place, value, &out))
            return false;
        if (out.length >= WD_CHOICE_OBJECT_MAX)
            return wd_json_fail(in, place, "longer than %d bytes", WD_CHOICE_OBJECT_MAX - 2);
    }
    WD_JSON_PUT(&out, "}");
    return wd_json_end_buffer(&out) < WD_CHOICE_OBJECT_MAX ||
           wd_json_fail(in, place, "longer than %d bytes", WD_CHOICE_OBJECT_MAX - 1);
}

static bool read_choice(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct choice_reading *choice = into;

    if (!yyjson_is_obj(value))
        return wd_json_read_string(in, place, value, &choice->text);
    choice->text = choice->object;
    return read_choice_object(in, place, value, choice->object);
}

bool wd_json_read_permitted(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value,
                            struct wd_permitted *permitted, char *choice_text)
{
    struct permitted_reading {
        struct wd_result result; /* first: the members of a result are read into it */
        struct choice_reading choice;
    } reading = {.choice = {.text = "", .object = choice_text}};
    static const struct wd_json_member table[] = {
        RESULT_MEMBERS,
        WD_JSON_MEMBER("choice", false, offsetof(struct permitted_reading, choice), read_choice),
    };
    static const struct wd_json_members members = WD_JSON_MEMBERS("member", table);

    if (!read_result_members(in, place, value, &members, &reading))
        return false;
    *permitted = (struct wd_permitted){.result = reading.result, .choice = reading.choice.text};
    return true;
}

/* ---------------------------------------------------------------- a result as a line of its own */

static bool read_line(struct wd_json_input *in, yyjson_val *root, struct wd_result *result, const char **id)
{
    struct line_reading {
        struct wd_result result; /* first: the members of a result are read into it */
        const char *id;
    } reading = {.id = ""};
    static const struct wd_json_member table[] = {
        RESULT_MEMBERS,
        WD_JSON_MEMBER("id", false, offsetof(struct line_reading, id), wd_json_read_string),
    };
    static const struct wd_json_members members = WD_JSON_MEMBERS("member", table);

    if (!read_result_members(in, NULL, root, &members, &reading))
        return false;
    *result = reading.result;
    *id = reading.id;
    return true;
}

int wd_result_from_json(const char *line, size_t length, struct wd_result *result, char *id, size_t id_size,
                        char *error, size_t error_size)
{
    enum { POOL_SIZE = 32 << 10 }; /* for all results but those with a long trace */
    char pool[POOL_SIZE];
    size_t needed = yyjson_read_max_memory_usage(length, 0);
    struct wd_json_input in = {.text = NULL};
    yyjson_alc allocator;
    yyjson_read_err syntax;
    yyjson_doc *document;
    const char *id_read;
    bool good;

    yyjson_alc_pool_init(&allocator, pool, sizeof(pool));
    document =
        yyjson_read_opts((char *)(uintptr_t)line, length, 0, needed <= sizeof(pool) ? &allocator : NULL, &syntax);
    if (!document) {
        snprintf(error, error_size, "not JSON: %s (byte %zu)", syntax.msg, syntax.pos + 1);
        return -1;
    }
    good = read_line(&in, yyjson_doc_get_root(document), result, &id_read);
    if (!good)
        snprintf(error, error_size, "%s", in.error);
    else if (id)
        snprintf(id, id_size, "%s", id_read);
    yyjson_doc_free(document);
    return good ? 0 : -1;
}

/* ---------------------------------------------------------------- writing */

static void put_exception(struct wd_json_out *out, const struct wd_exception *exception)
{
    WD_JSON_PUT(out, "{\"fst\":");
    wd_json_put_hex(out, exception->fst, 2);
    WD_JSON_PUT(out, ",\"stage2\":");
    wd_json_put_integer(out, exception->stage2);
    WD_JSON_PUT(out, ",\"s1ptw\":");
    wd_json_put_integer(out, exception->s1ptw);
    if (exception->has_ipa) {
        WD_JSON_PUT(out, ",\"ipa\":");
        wd_json_put_hex(out, exception->ipa, 1);
    }
    WD_JSON_PUT(out, "}");
}

static void put_answer(struct wd_json_out *out, const struct wd_result *result)
{
    switch ((enum wd_answer)result->answer) {
    case WD_ANSWER_PAR:
        WD_JSON_PUT(out, "\"par\":");
        wd_json_put_hex(out, result->par, 16);
        break;
    case WD_ANSWER_EXCEPTION:
        WD_JSON_PUT(out, "\"exception\":");
        put_exception(out, &result->exception);
        break;
    case WD_ANSWER_UNDEFINED:
        WD_JSON_PUT(out, "\"exception\":{\"undefined\":1}");
        break;
    case WD_ANSWER_UNSUPPORTED:
        WD_JSON_PUT(out, "\"unsupported\":");
        wd_json_put_string(out, result->text);
        break;
    case WD_ANSWER_RETRY:
        WD_JSON_PUT(out, "\"retry\":true");
        break;
    case WD_ANSWER_CRASH:
        WD_JSON_PUT(out, "\"crash\":");
        wd_json_put_string(out, result->text);
        break;
    case WD_ANSWER_HANG:
        WD_JSON_PUT(out, "\"hang\":true");
        break;
    }
}

static void put_warnings(struct wd_json_out *out, const struct wd_result *result)
{
    WD_JSON_PUT(out, ",\"warn\":[");
    for (size_t i = 0; i < result->warning_count; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        wd_json_put_string(out, result->warnings[i]);
    }
    WD_JSON_PUT(out, "]");
}

static void put_trace(struct wd_json_out *out, const struct wd_result *result)
{
    WD_JSON_PUT(out, ",\"trace\":[");
    for (size_t i = 0; i < result->read_count; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        WD_JSON_PUT(out, "[");
        wd_json_put_hex(out, result->reads[i].pa, 1);
        WD_JSON_PUT(out, ",");
        wd_json_put_hex(out, result->reads[i].descriptor, 16);
        WD_JSON_PUT(out, ",");
        wd_json_put_integer(out, result->reads[i].stage);
        WD_JSON_PUT(out, ",");
        wd_json_put_integer(out, result->reads[i].level);
        WD_JSON_PUT(out, "]");
    }
    WD_JSON_PUT(out, "]");
}

void wd_json_put_result(struct wd_json_out *out, const struct wd_result *result)
{
    put_answer(out, result);
    if (result->unanswered) {
        WD_JSON_PUT(out, ",\"unanswered\":");
        wd_json_put_hex(out, result->unanswered, 16);
    }
    if (result->changed_count) {
        WD_JSON_PUT(out, ",\"mem\":");
        wd_json_put_words(out, result->changed, result->changed_count);
    }
    if (result->warning_count)
        put_warnings(out, result);
    if (result->read_count)
        put_trace(out, result);
}

size_t wd_result_to_json(const struct wd_result *result, const char *id, char *buffer, size_t size)
{
    struct wd_json_out out = wd_json_to_buffer(buffer, size);

    WD_JSON_PUT(&out, "{");
    if (id) {
        WD_JSON_PUT(&out, "\"id\":");
        wd_json_put_string(&out, id);
        WD_JSON_PUT(&out, ",");
    }
    wd_json_put_result(&out, result);
    WD_JSON_PUT(&out, "}");
    return wd_json_end_buffer(&out);
}
