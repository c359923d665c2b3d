/* SPDX-License-Identifier: MIT */
/* The reader and writer of case files: docs/format.md says what they accept and refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/casefile/case_file.h"
#include "harness/casefile/case_ids.h"
#include "tests/same_case.h"

enum { TEXT_MAX = 1 << 16 };

/* ---------------------------------------------------------------- files that stand in the test */

/* A reader of a text, which it calls x.jsonl. */
struct open_text {
    FILE *stream;
    struct wd_case_reader *reader;
};

static struct open_text open_bytes(const void *bytes, size_t length)
{
    struct open_text file;

    file.stream = fmemopen((void *)(uintptr_t)bytes, length, "r");
    assert_non_null(file.stream);
    file.reader = wd_case_reader_new(file.stream, "x.jsonl");
    assert_non_null(file.reader);
    return file;
}

static struct open_text open_text(const char *text)
{
    return open_bytes(text, strlen(text));
}

static void close_text(struct open_text *file)
{
    wd_case_reader_free(file->reader);
    fclose(file->stream);
}

static void expect_case(struct open_text *file, const char *id)
{
    struct wd_case_entry entry;
    int got = wd_case_reader_next(file->reader, &entry);

    if (got != 1)
        print_error("%s\n", wd_case_reader_error(file->reader));
    assert_int_equal(got, 1);
    assert_string_equal(entry.id, id);
}

/* Compares an error, or what comes before the JSON library's own words. */
static void assert_error(const char *error, const char *expected)
{
    size_t length = strlen(expected);

    if (length > 2 && strcmp(expected + length - 2, ": ") == 0 && strncmp(error, expected, length) == 0)
        return;
    assert_string_equal(error, expected);
}

static void expect_error(struct open_text *file, const char *message)
{
    struct wd_case_entry entry;

    assert_int_equal(wd_case_reader_next(file->reader, &entry), -1);
    assert_error(wd_case_reader_error(file->reader), message);
}

static void expect_end(struct open_text *file)
{
    struct wd_case_entry entry;

    assert_int_equal(wd_case_reader_next(file->reader, &entry), 0);
}

#define CASE(id) "{\"id\":\"" id "\",\"op\":\"S1E1R\",\"va\":\"0x0\",\"ram\":[]}"

/* ---------------------------------------------------------------- what is read */

static void every_member_of_a_case_is_read(void **state)
{
    struct open_text file = open_text(
        "{\"id\":\"a b\",\"op\":\"S12E0W\",\"el\":1,\"pan\":1,\"va\":\"0xFFFF00000000abCD\","
        "\"regs\":{\"TCR_EL1\":\"0x10\",\"HCR_EL2\":\"0x80000001\",\"ID_AA64ISAR2_EL1\":\"0xffffffffffffffff\"},"
        "\"ram\":[[\"0x40000000\",\"0x1000\"],[\"0xfffffffffffffff8\",\"0x8\",\"ro\"]],"
        "\"mem\":[[\"0x8\",\"0x1\"],[\"0x10\",\"0x0000000000000002\"]],\"host\":{\"ipa_bits\":40},"
        "\"expect\":{\"par\":\"0x1f\"},\"choices\":[\"ONE\",\"TWO\"],"
        "\"permitted\":[{\"par\":\"0x2\",\"choice\":\"free text\"},"
        "{\"exception\":{\"undefined\":1},\"choice\":{ \"tg0\" : 2, \"af\":\"no\"}},{\"hang\":true}],"
        "\"tags\":[\"t\"],\"note\":\"n\\u00e9\"}\n");
    struct wd_case_entry entry;

    (void)state;
    assert_int_equal(wd_case_reader_next(file.reader, &entry), 1);
    assert_string_equal(entry.id, "a b");
    assert_int_equal(entry.c.op, WD_AT_S12E0W);
    assert_int_equal(entry.c.el, 1);
    assert_int_equal(entry.c.pan, 1);
    assert_true(entry.c.va == UINT64_C(0xffff00000000abcd));
    assert_true(entry.c.regs[WD_TCR_EL1] == 0x10);
    assert_true(entry.c.regs[WD_HCR_EL2] == 0x80000001);
    assert_true(entry.c.regs[WD_ID_AA64ISAR2_EL1] == UINT64_MAX);
    assert_int_equal(entry.c.ram_count, 2);
    assert_true(entry.c.ram[0].base == 0x40000000 && entry.c.ram[0].size == 0x1000 && !entry.c.ram[0].read_only);
    assert_true(entry.c.ram[1].base == UINT64_MAX - 7 && entry.c.ram[1].size == 8 && entry.c.ram[1].read_only);
    assert_int_equal(entry.c.mem_count, 2);
    assert_true(entry.c.mem[1].pa == 0x10 && entry.c.mem[1].value == 2);
    assert_int_equal(entry.c.ipa_bits, 40);
    assert_true(entry.has_expect && entry.expect.answer == WD_ANSWER_PAR && entry.expect.par == 0x1f);
    assert_int_equal(entry.choice_count, 2);
    assert_string_equal(entry.choices[1], "TWO");
    assert_int_equal(entry.permitted_count, 3);
    assert_string_equal(entry.permitted[0].choice, "free text");
    assert_string_equal(entry.permitted[1].choice, "{\"tg0\":2,\"af\":\"no\"}");
    assert_int_equal(entry.permitted[1].result.answer, WD_ANSWER_UNDEFINED);
    assert_string_equal(entry.permitted[2].choice, "");
    assert_int_equal(entry.permitted[2].result.answer, WD_ANSWER_HANG);
    assert_int_equal(entry.tag_count, 1);
    assert_string_equal(entry.tags[0], "t");
    assert_string_equal(entry.note, "n\xC3\xA9");
    expect_end(&file);
    close_text(&file);
}

static void members_that_are_left_out_have_their_defaults(void **state)
{
    struct open_text file = open_text("{\"op\":\"S1E1R\",\"va\":\"0x0\",\"ram\":[]}");
    struct wd_case_entry entry;

    (void)state;
    assert_int_equal(wd_case_reader_next(file.reader, &entry), 1);
    assert_string_equal(entry.id, "");
    assert_string_equal(entry.note, "");
    assert_int_equal(entry.c.el, 2);
    assert_int_equal(entry.c.pan, 0);
    assert_int_equal(entry.c.ipa_bits, 0);
    assert_int_equal(entry.c.ram_count + entry.c.mem_count, 0);
    assert_int_equal(entry.choice_count + entry.permitted_count + entry.tag_count, 0);
    assert_false(entry.has_expect);
    for (int i = 0; i < WD_REGISTER_COUNT; i++)
        assert_true(entry.c.regs[i] == (i == WD_HCR_EL2 ? WD_HCR_EL2_DEFAULT : 0));
    close_text(&file);
}

static void words_of_memory_are_sorted_by_address(void **state)
{
    struct open_text file = open_text("{\"op\":\"S1E1R\",\"va\":\"0x0\",\"ram\":[],\"mem\":"
                                      "[[\"0x18\",\"0x1\"],[\"0x8\",\"0x2\"],[\"0x10\",\"0x3\"]]}");
    struct wd_case_entry entry;

    (void)state;
    assert_int_equal(wd_case_reader_next(file.reader, &entry), 1);
    assert_int_equal(entry.c.mem_count, 3);
    assert_true(entry.c.mem[0].pa == 0x8 && entry.c.mem[0].value == 2);
    assert_true(entry.c.mem[1].pa == 0x10 && entry.c.mem[1].value == 3);
    assert_true(entry.c.mem[2].pa == 0x18 && entry.c.mem[2].value == 1);
    close_text(&file);
}

/* ---------------------------------------------------------------- lines */

static void blank_lines_are_skipped_and_counted(void **state)
{
    struct open_text file = open_text("\n  \t\n" CASE("a") "\n\n" CASE("b") "\n\n");
    struct wd_case_entry entry;

    (void)state;
    assert_int_equal(wd_case_reader_next(file.reader, &entry), 1);
    assert_int_equal(entry.line, 3);
    assert_int_equal(wd_case_reader_next(file.reader, &entry), 1);
    assert_int_equal(entry.line, 5);
    expect_end(&file);
    expect_end(&file);
    close_text(&file);
}

static void an_empty_file_has_no_case(void **state)
{
    struct open_text file = open_text("\n");

    (void)state;
    expect_end(&file);
    close_text(&file);
}

static void a_byte_order_mark_and_crlf_are_tolerated(void **state)
{
    struct open_text file = open_text("\xEF\xBB\xBF" CASE("a") "\r\n" CASE("b") "\r\n\r\n");
    struct wd_case_entry entry;

    (void)state;
    assert_int_equal(wd_case_reader_next(file.reader, &entry), 1);
    assert_string_equal(entry.text, CASE("a"));
    expect_case(&file, "b");
    expect_end(&file);
    close_text(&file);
}

static void a_byte_order_mark_inside_a_file_is_an_error(void **state)
{
    struct open_text file = open_text(CASE("a") "\n\xEF\xBB\xBF" CASE("b") "\n");

    (void)state;
    expect_case(&file, "a");
    expect_error(&file, "x.jsonl:2: not JSON: ");
    close_text(&file);
}

static void a_last_line_needs_no_newline(void **state)
{
    struct open_text file = open_text(CASE("a") "\n" CASE("b"));

    (void)state;
    expect_case(&file, "a");
    expect_case(&file, "b");
    expect_end(&file);
    close_text(&file);
}

static void the_text_of_a_case_is_its_line(void **state)
{
    struct open_text file = open_text("  " CASE("a \\u0041") " \n");
    struct wd_case_entry entry;

    (void)state;
    assert_int_equal(wd_case_reader_next(file.reader, &entry), 1);
    assert_string_equal(entry.id, "a A");
    assert_string_equal(entry.text, CASE("a \\u0041"));
    close_text(&file);
}

static void a_pretty_printed_file_is_one_case_with_its_text_on_one_line(void **state)
{
    struct open_text file = open_text("\n{\n  \"id\": \"a \\\" { b\",\r\n  \"op\": \"S1E1R\",\n\n\t\"va\": \"0x0\",\n"
                                      "  \"ram\": [\n    [\"0x0\", \"0x8\"]\n  ]\n}\n\n");
    struct wd_case_entry entry;

    (void)state;
    assert_int_equal(wd_case_reader_next(file.reader, &entry), 1);
    assert_int_equal(entry.line, 2);
    assert_string_equal(entry.id, "a \" { b");
    assert_string_equal(entry.text,
                        "{\"id\":\"a \\\" { b\",\"op\":\"S1E1R\",\"va\":\"0x0\",\"ram\":[[\"0x0\",\"0x8\"]]}");
    expect_end(&file);
    close_text(&file);
}

static void an_error_in_a_pretty_printed_case_names_its_own_line(void **state)
{
    struct open_text file = open_text("{\n  \"op\": \"S1E1R\",\n  \"va\": \"0x0\",\n  \"ram\": [],\n  \"mem\": [\n"
                                      "    [\"0x8\", \"0x0\"],\n    [\"0x9\", \"0x0\"]\n  ]\n}\n");

    (void)state;
    expect_error(&file, "x.jsonl:7: mem[1][0]: address 0x9 is not a multiple of 8");
    expect_end(&file);
    close_text(&file);
    file = open_text("{\n  \"op\": \"S1E1R\",\n  \"va\": 0x0\n}\n");
    expect_error(&file, "x.jsonl:3: not JSON: ");
    expect_end(&file);
    close_text(&file);
}

static void a_pretty_printed_case_stands_alone(void **state)
{
    struct open_text file = open_text("{\n\"op\":\"S1E1R\",\"va\":\"0x0\",\"ram\":[]\n}\n{\n\"op\":\"S1E1R\"\n}\n");

    (void)state;
    expect_error(&file, "x.jsonl:4: not JSON: ");
    expect_end(&file);
    close_text(&file);
    file = open_text("{\n\"op\":\"S1E1R\",\"va\":\"0x0\",\"ram\":[]\n}\n\n" CASE("a") "\n");
    expect_error(&file, "x.jsonl:5: a case behind one that is spread over several lines");
    expect_case(&file, "a");
    expect_end(&file);
    close_text(&file);
}

static void reading_goes_on_after_an_error(void **state)
{
    struct open_text file = open_text("{\"op\":1}\n" CASE("a") "\n{\"op\":\n[[[[\n\"\nnull\n{}\n" CASE("b") "\n");

    (void)state;
    expect_error(&file, "x.jsonl:1: op: not a string");
    expect_case(&file, "a");
    expect_error(&file, "x.jsonl:3: not JSON: ");
    expect_error(&file, "x.jsonl:4: not JSON: ");
    expect_error(&file, "x.jsonl:5: not JSON: ");
    expect_error(&file, "x.jsonl:6: not an object");
    expect_error(&file, "x.jsonl:7: missing member \"op\"");
    expect_case(&file, "b");
    expect_end(&file);
    close_text(&file);
}

static void a_first_line_that_was_cut_off_costs_no_other_case(void **state)
{
    struct open_text file = open_text("{\"id\":\"z\",\"op\":\n" CASE("a") "\n" CASE("b") "\n");

    (void)state;
    expect_error(&file, "x.jsonl:1: not JSON: ");
    expect_case(&file, "a");
    expect_case(&file, "b");
    expect_end(&file);
    close_text(&file);
}

static void a_case_is_read_before_the_next_one_is_written(void **state)
{
    static const char line[] = CASE("a") "\n";
    struct open_text file;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    file.stream = fdopen(ends[0], "r");
    file.reader = wd_case_reader_new(file.stream, "-");
    assert_int_equal(write(ends[1], line, sizeof(line) - 1), sizeof(line) - 1);
    expect_case(&file, "a"); /* waits for ever if it wants more than the line */
    assert_int_equal(write(ends[1], "{}\n", 3), 3);
    expect_error(&file, "<stdin>:2: missing member \"op\"");
    close(ends[1]);
    expect_end(&file);
    close_text(&file);
}

/* A stream that gives a text, then `count` times the same byte, then another text. */
struct long_file {
    const char *first;
    size_t count;
    char byte;
    const char *last;
};

static size_t read_text(const char **text, char *buffer, size_t size)
{
    size_t part = strnlen(*text, size);

    memcpy(buffer, *text, part);
    *text += part;
    return part;
}

static ssize_t read_long_file(void *cookie, char *buffer, size_t size)
{
    struct long_file *file = cookie;
    size_t part = file->count < size ? file->count : size;

    if (*file->first)
        return (ssize_t)read_text(&file->first, buffer, size);
    if (part == 0)
        return (ssize_t)read_text(&file->last, buffer, size);
    memset(buffer, file->byte, part);
    file->count -= part;
    return (ssize_t)part;
}

static struct open_text open_long_file(struct long_file *long_file)
{
    struct open_text file;

    file.stream = fopencookie(long_file, "r", (cookie_io_functions_t){.read = read_long_file});
    file.reader = wd_case_reader_new(file.stream, "x.jsonl");
    return file;
}

static void a_line_that_is_too_long_is_an_error_and_is_skipped(void **state)
{
    struct long_file lines[] = {
        {"", (16 << 20) + 1, ' ', "\n" CASE("a") "\n"},
        {"", 64 << 20, 'x', "\n" CASE("a") "\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct open_text file = open_long_file(&lines[i]);

        expect_error(&file, "x.jsonl:1: longer than 16 MiB");
        expect_case(&file, "a");
        expect_end(&file);
        close_text(&file);
    }
}

static void a_pretty_printed_case_has_the_limit_of_a_line(void **state)
{
    struct long_file lines[] = {
        {"\n{\n", 32 << 20, '\n', CASE("a") "\n"},
        {"\n{", (16 << 20) - 1, '\n', "}\n" CASE("a") "\n"},
        {"\n{\n", 32 << 20, ' ', "\n" CASE("a") "\n"},
    };
    static const char *const errors[] = {
        "x.jsonl:2: longer than 16 MiB",
        "x.jsonl:16777217: longer than 16 MiB",
        "x.jsonl:3: longer than 16 MiB",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct open_text file = open_long_file(&lines[i]);

        expect_error(&file, errors[i]);
        expect_case(&file, "a");
        expect_end(&file);
        close_text(&file);
    }
}

static void nesting_of_any_depth_is_an_error_and_no_more(void **state)
{
    struct long_file brackets = {"", 1 << 20, '[', "\n" CASE("a") "\n"};
    struct open_text file = open_long_file(&brackets);

    (void)state;
    expect_error(&file, "x.jsonl:1: not JSON: ");
    expect_case(&file, "a");
    close_text(&file);
}

static ssize_t fail_to_read(void *cookie, char *buffer, size_t size)
{
    (void)cookie;
    (void)buffer;
    (void)size;
    errno = EIO;
    return -1;
}

static void a_stream_that_fails_is_an_error_and_the_end(void **state)
{
    struct open_text file;

    (void)state;
    file.stream = fopencookie(NULL, "r", (cookie_io_functions_t){.read = fail_to_read});
    file.reader = wd_case_reader_new(file.stream, "x.jsonl");
    expect_error(&file, "x.jsonl:0: cannot read: Input/output error");
    expect_end(&file);
    close_text(&file);
}

/* A file of cases with ids 0, 1, …, made while it is read. */
struct many_cases {
    size_t next, count;
};

static ssize_t read_many_cases(void *cookie, char *buffer, size_t size)
{
    struct many_cases *cases = cookie;

    if (cases->next == cases->count)
        return 0;
    return snprintf(buffer, size, CASE("%zu") "\n", cases->next++);
}

static void memory_does_not_grow_with_the_file(void **state)
{
    struct many_cases cases = {0, 100000};
    struct open_text file;
    struct wd_case_entry entry;
    size_t early = 0;

    (void)state;
    file.stream = fopencookie(&cases, "r", (cookie_io_functions_t){.read = read_many_cases});
    file.reader = wd_case_reader_new(file.stream, "x.jsonl");
    for (size_t i = 0; i < cases.count; i++) {
        assert_int_equal(wd_case_reader_next(file.reader, &entry), 1);
        if (i == 1000)
            early = mallinfo2().uordblks + mallinfo2().hblkhd;
    }
    /* The ids take 16 bytes each at three quarters of a table that doubles, up to a limit of 16 MiB. */
    assert_true(mallinfo2().uordblks + mallinfo2().hblkhd <= early + (1 << 18) * 16);
    expect_end(&file);
    close_text(&file);
}

/* ---------------------------------------------------------------- ids */

static void a_doubled_id_names_both_lines(void **state)
{
    struct open_text file =
        open_text(CASE("a") "\n" CASE("b") "\n" CASE("") "\n" CASE("") "\n" CASE("a") "\n" CASE("c") "\n");

    (void)state;
    expect_case(&file, "a");
    expect_case(&file, "b");
    expect_case(&file, "");
    expect_case(&file, "");
    expect_error(&file, "x.jsonl:5: id: \"a\" is already that of line 1");
    expect_case(&file, "c");
    expect_end(&file);
    close_text(&file);
}

static enum wd_case_ids_answer add_number(struct wd_case_ids *ids, unsigned number, uint64_t *line)
{
    char id[16];

    snprintf(id, sizeof(id), "id-%u", number);
    return wd_case_ids_add(ids, id, line);
}

static void a_doubled_id_is_found_however_many_ids_lie_between(void **state)
{
    (void)state;
    for (unsigned distance = 1; distance < 400; distance += 7) {
        struct wd_case_ids ids = {.limit = 16};
        uint64_t found[2] = {0, 0};

        for (unsigned i = 0; i < 500; i++) {
            uint64_t line = i + 1;
            enum wd_case_ids_answer answer = add_number(&ids, i == 60 + distance ? 60 : i, &line);

            assert_int_not_equal(answer, WD_IDS_FAILED);
            if (answer == WD_IDS_DOUBLED) {
                found[0] = line;
                found[1] = i + 1;
            }
        }
        assert_true(wd_case_ids_finish(&ids));
        if (ids.late) {
            assert_int_equal(ids.late, 1);
            assert_int_equal(found[0], 0);
            found[0] = ids.late_lines[0];
            found[1] = ids.late_lines[1];
        }
        assert_int_equal(found[0], 61);
        assert_int_equal(found[1], 61 + distance);
        wd_case_ids_free(&ids);
    }
}

static void different_ids_are_never_called_doubled(void **state)
{
    struct wd_case_ids ids = {.limit = 1 << 12};

    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t line = i + 1;

        assert_int_equal(add_number(&ids, i, &line), WD_IDS_NEW);
    }
    assert_true(wd_case_ids_finish(&ids));
    assert_int_equal(ids.late, 0);
    wd_case_ids_free(&ids);
}

/* ---------------------------------------------------------------- what is refused */

/* A case with further members. */
#define WITH(members)   "{\"op\":\"S1E1R\",\"va\":\"0x0\",\"ram\":[]," members "}"
#define RAM(ranges)     "{\"op\":\"S1E1R\",\"va\":\"0x0\",\"ram\":[" ranges "]}"
#define HEX             "\"0x\" and 1 to 16 hex digits"
#define NOT_HEX(string) "\"" string "\" is not " HEX

static const struct {
    const char *line, *error;
} refused[] = {
    /* objects */
    {"[]", "not an object"},
    {"\"0x0\"", "not an object"},
    {WITH("\"foo\":1"), "foo: unknown member"},
    {WITH("\"notes\":\"\""), "notes: unknown member (did you mean note?)"},
    {WITH("\"a\\n\\u0001\":\"\""), "a\\u000a\\u0001: unknown member"},
    {WITH("\"a_very_long_name_that_nobody_would_ever_use\":1"),
     "a_very_long_name_that_nobody_would_ever_...: unknown member"},
    {WITH("\"op\":\"S1E1R\""), "op: this member is given twice"},
    {WITH("\"\\u006fp\":\"S1E1R\""), "op: this member is given twice"},
    {WITH("\"regs\":{\"TCR_EL1\":\"0x0\",\"TCR_EL1\":\"0x0\"}"), "regs.TCR_EL1: this register is given twice"},
    {"{\"va\":\"0x0\",\"ram\":[]}", "missing member \"op\""},
    {"{\"op\":\"S1E1R\",\"ram\":[]}", "missing member \"va\""},
    {"{\"op\":\"S1E1R\",\"va\":\"0x0\"}", "missing member \"ram\""},
    /* JSON */
    {WITH("\"el\":1") "x", "not JSON: "},
    {WITH("\"el\":1,"), "not JSON: "},
    {WITH("\"el\":01"), "not JSON: "},
    {WITH("\"note\":\"\xFF\""), "not JSON: "},
    {WITH("\"note\":\"\\ud800\""), "not JSON: "},
    {WITH("\"note\":\"\t\""), "not JSON: "},
    {WITH("/* */\"el\":1"), "not JSON: "},
    /* strings */
    {WITH("\"id\":7"), "id: not a string"},
    {WITH("\"id\":\"a\\u0000b\""), "id: the string holds the character U+0000"},
    {WITH("\"note\":null"), "note: not a string"},
    {WITH("\"tags\":\"a\""), "tags: not an array: strings"},
    {WITH("\"tags\":[\"a\",1]"), "tags[1]: not a string"},
    {WITH("\"choices\":[[]]"), "choices[0]: not a string"},
    /* op, el, pan */
    {"{\"op\":\"S1E1X\",\"va\":\"0x0\",\"ram\":[]}", "op: unknown operation (did you mean S1E1R?)"},
    {"{\"op\":\"s12e1r\",\"va\":\"0x0\",\"ram\":[]}", "op: unknown operation (did you mean S12E1R?)"},
    {"{\"op\":\"\",\"va\":\"0x0\",\"ram\":[]}", "op: unknown operation"},
    {WITH("\"el\":0"), "el: not a whole number from 1 to 2"},
    {WITH("\"el\":3"), "el: not a whole number from 1 to 2"},
    {WITH("\"el\":-1"), "el: not a whole number from 1 to 2"},
    {WITH("\"el\":1.0"), "el: not a whole number from 1 to 2"},
    {WITH("\"el\":\"1\""), "el: not a whole number from 1 to 2"},
    {WITH("\"el\":18446744073709551617"), "el: not a whole number from 1 to 2"},
    {WITH("\"el\":18446744073709551614"), "el: not a whole number from 1 to 2"},
    {WITH("\"pan\":2"), "pan: not a whole number from 0 to 1"},
    {WITH("\"pan\":true"), "pan: not a whole number from 0 to 1"},
    /* 64-bit values */
    {"{\"op\":\"S1E1R\",\"va\":0,\"ram\":[]}", "va: a JSON number; a 64-bit value is a string, " HEX},
    {"{\"op\":\"S1E1R\",\"va\":null,\"ram\":[]}", "va: not a string, " HEX},
    {"{\"op\":\"S1E1R\",\"va\":\"\",\"ram\":[]}", "va: " NOT_HEX("")},
    {"{\"op\":\"S1E1R\",\"va\":\"0x\",\"ram\":[]}", "va: " NOT_HEX("0x")},
    {"{\"op\":\"S1E1R\",\"va\":\"12\",\"ram\":[]}", "va: " NOT_HEX("12")},
    {"{\"op\":\"S1E1R\",\"va\":\"0X1\",\"ram\":[]}", "va: " NOT_HEX("0X1")},
    {"{\"op\":\"S1E1R\",\"va\":\"-0x1\",\"ram\":[]}", "va: " NOT_HEX("-0x1")},
    {"{\"op\":\"S1E1R\",\"va\":\"0x1 \",\"ram\":[]}", "va: " NOT_HEX("0x1 ")},
    {"{\"op\":\"S1E1R\",\"va\":\"0x1g\",\"ram\":[]}", "va: " NOT_HEX("0x1g")},
    {"{\"op\":\"S1E1R\",\"va\":\"0x1_0\",\"ram\":[]}", "va: " NOT_HEX("0x1_0")},
    {"{\"op\":\"S1E1R\",\"va\":\"0x1\\u0000\",\"ram\":[]}", "va: " NOT_HEX("0x1\\u0000")},
    {"{\"op\":\"S1E1R\",\"va\":\"0x10000000000000000\",\"ram\":[]}", "va: " NOT_HEX("0x10000000000000000")},
    {"{\"op\":\"S1E1R\",\"va\":\"0x00000000000000001\",\"ram\":[]}", "va: " NOT_HEX("0x00000000000000001")},
    /* regs */
    {WITH("\"regs\":[]"), "regs: not an object"},
    {WITH("\"regs\":{\"TCR_EL9\":\"0x0\"}"), "regs.TCR_EL9: unknown register (did you mean TCR_EL1?)"},
    {WITH("\"regs\":{\"sctlr_el2\":\"0x0\"}"), "regs.sctlr_el2: unknown register (did you mean SCTLR_EL2?)"},
    {WITH("\"regs\":{\"SCTLR_EL12\":\"0x0\"}"), "regs.SCTLR_EL12: unknown register (did you mean SCTLR_EL1?)"},
    {WITH("\"regs\":{\"PAR_EL1\":\"0x0\"}"), "regs.PAR_EL1: unknown register (did you mean PIR_EL1?)"},
    {WITH("\"regs\":{\"X0\":\"0x0\"}"), "regs.X0: unknown register"},
    {WITH("\"regs\":{\"TCR_EL1\":1}"), "regs.TCR_EL1: a JSON number; a 64-bit value is a string, " HEX},
    {WITH("\"regs\":{\"HCR_EL2\":\"0x1\"}"), "regs.HCR_EL2: RW (bit 31) is 0, but every Exception level is AArch64"},
    /* ram */
    {"{\"op\":\"S1E1R\",\"va\":\"0x0\",\"ram\":{}}", "ram: not an array: ranges of memory, [base, size]"},
    {RAM("\"0x0\""), "ram[0]: not an array: a range is [base, size] or [base, size, \"ro\"]"},
    {RAM("[\"0x0\"]"), "ram[0]: 1 elements, at least 2: a range is [base, size] or [base, size, \"ro\"]"},
    {RAM("[\"0x0\",\"0x8\",\"ro\",1]"),
     "ram[0]: 4 elements, at most 3: a range is [base, size] or [base, size, \"ro\"]"},
    {RAM("[\"0x0\",\"0x8\",\"rw\"]"), "ram[0]: the third element is not \"ro\""},
    {RAM("[\"0x4\",\"0x8\"]"), "ram[0][0]: the base is not a multiple of 8"},
    {RAM("[\"0x0\",\"0x9\"]"), "ram[0][1]: the size is not a multiple of 8 above 0"},
    {RAM("[\"0x0\",\"0x0\"]"), "ram[0][1]: the size is not a multiple of 8 above 0"},
    {RAM("[\"0x0\",8]"), "ram[0][1]: a JSON number; a 64-bit value is a string, " HEX},
    {RAM("[\"0xfffffffffffffff8\",\"0x10\"]"), "ram[0]: the range ends beyond 2^64"},
    {RAM("[\"0x10\",\"0x10\"],[\"0x0\",\"0x8\"],[\"0x18\",\"0x8\"]"), "ram[2]: the range overlaps element 0"},
    {RAM("[\"0x10\",\"0x10\"],[\"0x8\",\"0x10\"]"), "ram[1]: the range overlaps element 0"},
    /* mem */
    {WITH("\"mem\":\"0x0\""), "mem: not an array: words of memory, [address, value]"},
    {WITH("\"mem\":[\"0x0\"]"), "mem[0]: not an array: a word is [address, value]"},
    {WITH("\"mem\":[[\"0x0\"]]"), "mem[0]: 1 elements, at least 2: a word is [address, value]"},
    {WITH("\"mem\":[[\"0x0\",\"0x0\",\"0x0\"]]"), "mem[0]: 3 elements, at most 2: a word is [address, value]"},
    {WITH("\"mem\":[[\"0x0\",0]]"), "mem[0][1]: a JSON number; a 64-bit value is a string, " HEX},
    {WITH("\"mem\":[[\"0x4\",\"0x0\"]]"), "mem[0][0]: address 0x4 is not a multiple of 8"},
    {WITH("\"mem\":[[\"0x8\",\"0x0\"],[\"0x10\",\"0x0\"],[\"0x0\",\"0x0\"],[\"0x08\",\"0x1\"]]"),
     "mem[3]: address 0x8 is already that of element 0"},
    /* host */
    {WITH("\"host\":1"), "host: not an object"},
    {WITH("\"host\":{\"ipa\":40}"), "host.ipa: unknown member"},
    {WITH("\"host\":{\"ipa_bits\":31}"), "host.ipa_bits: not a whole number from 32 to 52"},
    {WITH("\"host\":{\"ipa_bits\":53}"), "host.ipa_bits: not a whole number from 32 to 52"},
    /* results */
    {WITH("\"expect\":{}"), "expect: no answer: par, exception, unsupported, retry, crash or hang"},
    {WITH("\"expect\":{\"par\":\"0x0\",\"retry\":true}"),
     "expect: more than one answer of par, exception, unsupported, retry, crash and hang"},
    {WITH("\"expect\":{\"par\":\"0x0\",\"id\":\"a\"}"), "expect.id: unknown member"},
    {WITH("\"expect\":{\"par\":\"0x0\",\"choice\":\"a\"}"), "expect.choice: unknown member"},
    {WITH("\"expect\":{\"par\":0}"), "expect.par: a JSON number; a 64-bit value is a string, " HEX},
    {WITH("\"expect\":{\"retry\":false}"), "expect.retry: not true"},
    {WITH("\"expect\":{\"hang\":1}"), "expect.hang: not true"},
    {WITH("\"expect\":{\"crash\":true}"), "expect.crash: not a string"},
    {WITH("\"expect\":{\"exception\":{}}"),
     "expect.exception: neither \"fst\", \"stage2\", \"s1ptw\" (and \"ipa\") nor \"undefined\" alone"},
    {WITH("\"expect\":{\"exception\":{\"fst\":\"0x15\",\"stage2\":0}}"),
     "expect.exception: neither \"fst\", \"stage2\", \"s1ptw\" (and \"ipa\") nor \"undefined\" alone"},
    {WITH("\"expect\":{\"exception\":{\"undefined\":1,\"ipa\":\"0x0\"}}"),
     "expect.exception: neither \"fst\", \"stage2\", \"s1ptw\" (and \"ipa\") nor \"undefined\" alone"},
    {WITH("\"expect\":{\"exception\":{\"undefined\":0}}"),
     "expect.exception.undefined: not a whole number from 1 to 1"},
    {WITH("\"expect\":{\"exception\":{\"fst\":\"0x40\",\"stage2\":0,\"s1ptw\":0}}"),
     "expect.exception.fst: a fault status code has 6 bits"},
    {WITH("\"expect\":{\"exception\":{\"fst\":\"0x15\",\"stage2\":2,\"s1ptw\":0}}"),
     "expect.exception.stage2: not a whole number from 0 to 1"},
    {WITH("\"expect\":{\"par\":\"0x0\",\"mem\":[[\"0x8\",\"0x0\"],[\"0x8\",\"0x0\"]]}"),
     "expect.mem[1]: address 0x8 is already that of element 0"},
    {WITH("\"expect\":{\"par\":\"0x0\",\"warn\":[\"\",\"\",\"\",\"\",\"\"]}"),
     "expect.warn: 5 elements, at most 4: warnings, \"file:line\""},
    {WITH("\"expect\":{\"par\":\"0x0\",\"trace\":[[\"0x0\",\"0x0\",1]]}"),
     "expect.trace[0]: 3 elements, at least 4: a read is [address, descriptor, stage, level]"},
    {WITH("\"expect\":{\"par\":\"0x0\",\"trace\":[[\"0x0\",\"0x0\",3,0]]}"),
     "expect.trace[0][2]: not a whole number from 1 to 2"},
    {WITH("\"expect\":{\"par\":\"0x0\",\"trace\":[[\"0x0\",\"0x0\",1,-2]]}"),
     "expect.trace[0][3]: not a whole number from -1 to 3"},
    {WITH("\"permitted\":{}"), "permitted: not an array: results"},
    {WITH("\"permitted\":[{\"par\":\"0x0\"},{\"choice\":\"a\"}]"),
     "permitted[1]: no answer: par, exception, unsupported, retry, crash or hang"},
    {WITH("\"permitted\":[{\"par\":\"0x0\",\"choice\":1}]"), "permitted[0].choice: not a string"},
    {WITH("\"permitted\":[{\"par\":\"0x0\",\"choice\":{\"a\":-1}}]"),
     "permitted[0].choice.a: not a whole number from 0 to 32767"},
    {WITH("\"permitted\":[{\"par\":\"0x0\",\"choice\":{\"a\":{}}}]"),
     "permitted[0].choice.a: not a whole number from 0 to 32767"},
    {WITH("\"permitted\":[{\"par\":\"0x0\",\"choice\":{\"a\":1,\"a\":1}}]"),
     "permitted[0].choice.a: this choice is given twice"},
};

static void what_does_not_fit_is_an_error_that_names_line_and_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        char text[1024], message[1024];
        struct open_text file;

        snprintf(text, sizeof(text), CASE("before") "\n%s\n" CASE("after") "\n", refused[i].line);
        snprintf(message, sizeof(message), "x.jsonl:2: %s", refused[i].error);
        file = open_text(text);
        expect_case(&file, "before");
        expect_error(&file, message);
        expect_case(&file, "after");
        expect_end(&file);
        close_text(&file);
    }
}

static void bytes_that_are_zero_are_an_error(void **state)
{
    static const char text[] = "{\"op\":\"S1E1R\"\0,\"va\":\"0x0\",\"ram\":[]}\n" CASE("a") "\n";
    struct open_text file = open_bytes(text, sizeof(text) - 1);

    (void)state;
    expect_error(&file, "x.jsonl:1: not JSON: ");
    expect_case(&file, "a");
    close_text(&file);
}

/* ---------------------------------------------------------------- writing cases */

static void a_case_is_written_on_one_line_without_what_is_at_its_default(void **state)
{
    static const struct wd_ram ram[] = {{0x40000000, 0x1000, false}, {0x0, 0x8, true}};
    static const struct wd_word mem[] = {{0x8, 0x403}, {0x40000000, UINT64_MAX}};
    struct wd_case c = {.op = WD_AT_S1E2W, .el = 2, .ipa_bits = 48, .va = 0x1000, .ram = ram, .ram_count = 2};
    struct wd_result expect;
    struct wd_case_extra extra = {.id = "a\"b", .expect = &expect, .note = "line\nbreak \xC3\xA9"};
    char text[1024];

    (void)state;
    c.regs[WD_HCR_EL2] = WD_HCR_EL2_DEFAULT;
    c.regs[WD_TCR_EL2] = 0x80800010;
    c.mem = mem;
    c.mem_count = 2;
    wd_result_clear(&expect, 0x809);
    wd_case_to_json(&c, &extra, text, sizeof(text));
    assert_string_equal(text, "{\"id\":\"a\\\"b\",\"op\":\"S1E2W\",\"el\":2,\"pan\":0,\"va\":\"0x0000000000001000\","
                              "\"regs\":{\"TCR_EL2\":\"0x80800010\"},"
                              "\"ram\":[[\"0x40000000\",\"0x1000\"],[\"0x0\",\"0x8\",\"ro\"]],"
                              "\"mem\":[[\"0x8\",\"0x0000000000000403\"],[\"0x40000000\",\"0xffffffffffffffff\"]],"
                              "\"host\":{\"ipa_bits\":48},\"expect\":{\"par\":\"0x0000000000000809\"},"
                              "\"note\":\"line\\u000abreak \xC3\xA9\"}");
    c.mem_count = 0;
    c.ram_count = 0;
    c.ipa_bits = 0;
    c.regs[WD_TCR_EL2] = 0;
    wd_case_to_json(&c, NULL, text, sizeof(text));
    assert_string_equal(text, "{\"op\":\"S1E2W\",\"el\":2,\"pan\":0,\"va\":\"0x0000000000001000\",\"regs\":{},"
                              "\"ram\":[],\"mem\":[]}");
}

static void a_buffer_that_is_too_small_gets_a_terminated_beginning_and_the_size_is_told(void **state)
{
    struct wd_case c = {.op = WD_AT_S1E1R, .el = 1};
    char whole[256], part[256];
    size_t length;

    (void)state;
    length = wd_case_to_json(&c, NULL, whole, sizeof(whole));
    assert_int_equal(length, strlen(whole));
    assert_int_equal(wd_case_to_json(&c, NULL, NULL, 0), length);
    for (size_t size = 1; size <= length + 1; size++) {
        memset(part, 'x', sizeof(part));
        assert_int_equal(wd_case_to_json(&c, NULL, part, size), length);
        assert_int_equal(strlen(part), size - 1);
        assert_memory_equal(part, whole, size - 1);
        assert_int_equal(part[size], 'x');
    }
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

enum { RANDOM_RAM = 3, RANDOM_MEM = 300 };

/* Any case at all that fits the format, with answers to expect. */
struct random_case {
    struct wd_case c;
    struct wd_ram ram[RANDOM_RAM];
    struct wd_word mem[RANDOM_MEM];
    struct wd_result expect;
};

static void make_random_result(struct wd_result *result, uint64_t *seed)
{
    wd_result_clear(result, next_random(seed));
    result->answer = next_random(seed) % (WD_ANSWER_HANG + 1);
    if (result->answer != WD_ANSWER_PAR)
        result->par = 0;
    result->unanswered = next_random(seed) & next_random(seed) & ~UINT64_C(1);
    if (result->answer == WD_ANSWER_EXCEPTION)
        result->exception = (struct wd_exception){next_random(seed) % 64, next_random(seed) % 2, next_random(seed) % 2,
                                                  true, next_random(seed)};
    if (result->answer == WD_ANSWER_UNSUPPORTED || result->answer == WD_ANSWER_CRASH)
        snprintf(result->text, WD_TEXT_MAX, "\"\\\x01 %llx", (unsigned long long)next_random(seed));
    result->changed_count = (uint8_t)(next_random(seed) % (WD_CHANGED_MAX + 1));
    for (size_t i = 0; i < result->changed_count; i++)
        result->changed[i] = (struct wd_word){i * 64 + next_random(seed) % 8 * 8, next_random(seed)};
    result->read_count = (uint8_t)(next_random(seed) % (WD_READS_MAX + 1));
    for (size_t i = 0; i < result->read_count; i++)
        result->reads[i] = (struct wd_read){next_random(seed), next_random(seed), 1 + next_random(seed) % 2,
                                            (int8_t)(next_random(seed) % 5) - 1};
    result->warning_count = (uint8_t)(next_random(seed) % (WD_WARNINGS_MAX + 1));
    for (size_t i = 0; i < result->warning_count; i++)
        snprintf(result->warnings[i], WD_TEXT_MAX, "at.c:%u", (unsigned)next_random(seed));
}

static void make_random_case(struct random_case *random, uint64_t *seed)
{
    struct wd_case *c = &random->c;

    memset(random, 0, sizeof(*random));
    c->op = next_random(seed) % WD_OPERATION_COUNT;
    c->el = 1 + next_random(seed) % 2;
    c->pan = next_random(seed) % 2;
    c->ipa_bits = next_random(seed) % 2 ? 32 + next_random(seed) % 21 : 0;
    c->va = next_random(seed);
    for (size_t i = 0; i < WD_REGISTER_COUNT; i++)
        c->regs[i] = next_random(seed) % 3 ? next_random(seed) >> next_random(seed) % 64 : 0;
    c->regs[WD_HCR_EL2] |= WD_HCR_EL2_DEFAULT;
    c->ram_count = next_random(seed) % (RANDOM_RAM + 1);
    for (uint64_t i = 0; i < c->ram_count; i++)
        random->ram[i] = (struct wd_ram){i << 62, 8 + (next_random(seed) >> 2 & ~UINT64_C(7)), next_random(seed) % 2};
    c->mem_count = next_random(seed) % (RANDOM_MEM + 1);
    for (uint64_t i = 0; i < c->mem_count; i++)
        random->mem[i] = (struct wd_word){(i << 54) + (next_random(seed) >> 10 & ~UINT64_C(7)), next_random(seed)};
    c->ram = random->ram;
    c->mem = random->mem;
    make_random_result(&random->expect, seed);
}

static void any_case_that_is_written_reads_back_as_it_was(void **state)
{
    uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
    struct random_case *random = malloc(sizeof(*random));
    char *text = malloc(TEXT_MAX);

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        struct wd_case_extra extra = {.id = "one", .expect = &random->expect, .note = "two"};
        struct open_text file;
        struct wd_case_entry entry;

        make_random_case(random, &seed);
        assert_in_range(wd_case_to_json(&random->c, &extra, text, TEXT_MAX), 1, TEXT_MAX - 1);
        file = open_text(text);
        if (wd_case_reader_next(file.reader, &entry) != 1)
            fail_msg("%s\n%s", wd_case_reader_error(file.reader), text);
        assert_string_equal(entry.text, text);
        assert_true(same_case(&entry.c, &random->c));
        assert_true(entry.has_expect && same_result(&entry.expect, &random->expect));
        assert_string_equal(entry.id, "one");
        assert_string_equal(entry.note, "two");
        close_text(&file);
    }
    free(text);
    free(random);
}

static void writing_to_a_stream_and_to_a_buffer_gives_the_same(void **state)
{
    uint64_t seed = 7;
    struct random_case *random = malloc(sizeof(*random));
    char *text = malloc(TEXT_MAX), *written = NULL;
    size_t length, size;
    FILE *stream;

    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        make_random_case(random, &seed);
        length = wd_case_to_json(&random->c, NULL, text, TEXT_MAX);
        stream = open_memstream(&written, &size);
        assert_int_equal(wd_case_write(stream, &random->c, NULL), 0);
        fclose(stream);
        assert_int_equal(size, length + 1);
        assert_memory_equal(written, text, length);
        assert_int_equal(written[length], '\n');
        free(written);
    }
    free(text);
    free(random);
}

static void a_stream_that_takes_nothing_is_told(void **state)
{
    struct wd_case c = {.op = WD_AT_S1E1R, .el = 1};
    FILE *stream = fopen("/dev/full", "w");

    (void)state;
    assert_non_null(stream);
    setbuf(stream, NULL);
    assert_int_equal(wd_case_write(stream, &c, NULL), -1);
    fclose(stream);
}

/* Reads a file of examples; each case is written and read again. Gives how many there are. */
static unsigned read_examples(const char *path)
{
    struct open_text file = {.stream = fopen(path, "r")};
    struct wd_case_entry entry, again;
    unsigned count = 0;
    int got;

    assert_non_null(file.stream);
    file.reader = wd_case_reader_new(file.stream, path);
    while ((got = wd_case_reader_next(file.reader, &entry)) == 1) {
        struct wd_case_extra extra = {entry.id, entry.has_expect ? &entry.expect : NULL, entry.note};
        char text[TEXT_MAX];
        struct open_text copy = open_bytes(text, wd_case_to_json(&entry.c, &extra, text, sizeof(text)));

        assert_int_equal(wd_case_reader_next(copy.reader, &again), 1);
        assert_true(same_case(&entry.c, &again.c) && entry.has_expect == again.has_expect &&
                    same_result(&entry.expect, &again.expect));
        assert_string_equal(entry.id, again.id);
        assert_string_equal(entry.note, again.note);
        close_text(&copy);
        count++;
    }
    if (got != 0)
        fail_msg("%s", wd_case_reader_error(file.reader));
    close_text(&file);
    return count;
}

static void every_example_reads_and_reads_back_as_it_was(void **state)
{
    DIR *folder = opendir(WD_EXAMPLES);
    unsigned count = 0;

    (void)state;
    assert_non_null(folder);
    for (struct dirent *file = readdir(folder); file; file = readdir(folder)) {
        char path[4096];

        if (file->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", WD_EXAMPLES, file->d_name);
        count += read_examples(path);
    }
    closedir(folder);
    assert_true(count >= 12);
}

/* ---------------------------------------------------------------- results */

static const char *const result_lines[] = {
    "{\"id\":\"x\",\"par\":\"0xff00001234567980\"}",
    "{\"id\":\"x\",\"par\":\"0x0000000000000809\",\"mem\":[[\"0x8\",\"0x0000000000000403\"]]}",
    "{\"id\":\"x\",\"exception\":{\"fst\":\"0x15\",\"stage2\":0,\"s1ptw\":0}}",
    "{\"id\":\"x\",\"exception\":{\"fst\":\"0x07\",\"stage2\":1,\"s1ptw\":1,\"ipa\":\"0x8028\"},"
    "\"mem\":[[\"0x8\",\"0x0000000000000403\"]]}",
    "{\"id\":\"x\",\"exception\":{\"undefined\":1}}",
    "{\"id\":\"x\",\"par\":\"0x0000000012345000\",\"unanswered\":\"0xff00000000000ff0\"}",
    "{\"id\":\"x\",\"unsupported\":\"S2PIE \\\"with\\\" VTCR_EL2.S2PIE\"}",
    "{\"id\":\"x\",\"retry\":true}",
    "{\"id\":\"x\",\"crash\":\"SIGSEGV\"}",
    "{\"id\":\"x\",\"hang\":true}",
    "{\"id\":\"x\",\"par\":\"0x0000000000000000\",\"warn\":[\"at.c:12\",\"at.c:13\"],"
    "\"trace\":[[\"0x40000000\",\"0x0000000040001003\",1,-1],[\"0x8\",\"0x0000000000000000\",2,3]]}",
};

static void every_kind_of_result_reads_and_writes_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(result_lines) / sizeof(result_lines[0]); i++) {
        struct wd_result result;
        char id[8], error[256], text[1024];

        if (wd_result_from_json(result_lines[i], strlen(result_lines[i]), &result, id, sizeof(id), error,
                                sizeof(error)) != 0)
            fail_msg("%s: %s", result_lines[i], error);
        assert_string_equal(id, "x");
        assert_int_equal(wd_result_to_json(&result, "x", text, sizeof(text)), strlen(result_lines[i]));
        assert_string_equal(text, result_lines[i]);
    }
}

static void the_members_of_a_result_are_read(void **state)
{
    static const char line[] = " {\"exception\":{\"fst\":\"0x07\",\"stage2\":1,\"s1ptw\":0,\"ipa\":\"0x20\"},"
                               "\"mem\":[[\"0x10\",\"0x2\"],[\"0x8\",\"0x1\"]],\"warn\":[\"at.c:1\"],"
                               "\"trace\":[[\"0x8\",\"0x403\",2,-1]]}\r\n";
    struct wd_result result;
    char id[8], error[256];

    (void)state;
    assert_int_equal(wd_result_from_json(line, sizeof(line) - 1, &result, id, sizeof(id), error, sizeof(error)), 0);
    assert_string_equal(id, "");
    assert_int_equal(result.answer, WD_ANSWER_EXCEPTION);
    assert_true(same_exception(&result.exception, &(struct wd_exception){7, true, false, true, 0x20}));
    assert_int_equal(result.changed_count, 2);
    assert_true(result.changed[0].pa == 8 && result.changed[0].value == 1 && result.changed[1].pa == 0x10);
    assert_int_equal(result.warning_count, 1);
    assert_string_equal(result.warnings[0], "at.c:1");
    assert_int_equal(result.read_count, 1);
    assert_true(result.reads[0].pa == 8 && result.reads[0].descriptor == 0x403 && result.reads[0].stage == 2 &&
                result.reads[0].level == -1);
}

static void a_result_that_does_not_fit_is_an_error_that_names_the_member(void **state)
{
    static const struct {
        const char *line, *error;
    } lines[] = {
        {"", "not JSON: "},
        {"{\"par\":\"0x0\"} {}", "not JSON: "},
        {"[]", "not an object"},
        {"{\"id\":\"a\"}", "no answer: par, exception, unsupported, retry, crash or hang"},
        {"{\"id\":1,\"par\":\"0x0\"}", "id: not a string"},
        {"{\"par\":\"0x0\",\"Par\":\"0x0\"}", "Par: unknown member (did you mean par?)"},
        {"{\"par\":\"0x0\",\"par\":\"0x0\"}", "par: this member is given twice"},
        {"{\"par\":\"12\"}", "par: " NOT_HEX("12")},
        {"{\"par\":\"0x0\",\"unanswered\":\"0x1\"}", "unanswered: bit 0, success or fault, is always answered"},
        {"{\"par\":\"0x0\",\"trace\":[[\"0x0\",\"0x0\",0,0]]}", "trace[0][2]: not a whole number from 1 to 2"},
    };
    struct wd_result result;
    char id[8], error[256];

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_int_equal(
            wd_result_from_json(lines[i].line, strlen(lines[i].line), &result, id, sizeof(id), error, sizeof(error)),
            -1);
        assert_error(error, lines[i].error);
    }
}

static void a_long_reason_is_cut_between_characters(void **state)
{
    char line[256], error[256];
    struct wd_result result;
    int length = snprintf(line, sizeof(line), "{\"unsupported\":\"%094d\xC3\xA9tail\"}", 0);

    (void)state;
    assert_int_equal(wd_result_from_json(line, (size_t)length, &result, NULL, 0, error, sizeof(error)), 0);
    assert_int_equal(strlen(result.text), 94);
    length = snprintf(line, sizeof(line), "{\"unsupported\":\"%093d\xC3\xA9tail\"}", 0);
    assert_int_equal(wd_result_from_json(line, (size_t)length, &result, NULL, 0, error, sizeof(error)), 0);
    assert_int_equal(strlen(result.text), WD_TEXT_MAX - 1);
}

static void an_id_that_is_too_long_is_cut(void **state)
{
    static const char line[] = "{\"id\":\"abcdefgh\",\"par\":\"0x0\"}";
    struct wd_result result;
    char id[4], error[256];

    (void)state;
    assert_int_equal(wd_result_from_json(line, sizeof(line) - 1, &result, id, sizeof(id), error, sizeof(error)), 0);
    assert_string_equal(id, "abc");
}

static void a_result_longer_than_the_pool_is_read(void **state)
{
    char line[8192], again[8192], error[256];
    struct wd_result result, copy;
    uint64_t seed = 3;
    size_t length;

    (void)state;
    do
        make_random_result(&result, &seed);
    while (result.read_count < WD_READS_MAX || result.answer != WD_ANSWER_PAR);
    length = wd_result_to_json(&result, NULL, line, sizeof(line));
    assert_int_equal(wd_result_from_json(line, length, &copy, NULL, 0, error, sizeof(error)), 0);
    assert_true(same_result(&result, &copy));
    wd_result_to_json(&copy, NULL, again, sizeof(again));
    assert_string_equal(line, again);
}

static void bytes_that_are_not_utf8_are_written_as_replacement_characters(void **state)
{
    static const struct {
        const char *text, *json;
    } texts[] = {
        {"a\xFFz", "a\xEF\xBF\xBDz"},
        {"\xC3", "\xEF\xBF\xBD"},
        {"\xE2\x82\xAC \xF0\x9F\x98\x80", "\xE2\x82\xAC \xF0\x9F\x98\x80"},
        {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xC0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\x7F\x1F", "\x7F\\u001f"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct wd_result result;
        char text[256], wanted[256];

        wd_result_unsupported(&result, texts[i].text);
        snprintf(wanted, sizeof(wanted), "{\"unsupported\":\"%s\"}", texts[i].json);
        wd_result_to_json(&result, NULL, text, sizeof(text));
        assert_string_equal(text, wanted);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_of_a_case_is_read),
        cmocka_unit_test(members_that_are_left_out_have_their_defaults),
        cmocka_unit_test(words_of_memory_are_sorted_by_address),
        cmocka_unit_test(blank_lines_are_skipped_and_counted),
        cmocka_unit_test(an_empty_file_has_no_case),
        cmocka_unit_test(a_byte_order_mark_and_crlf_are_tolerated),
        cmocka_unit_test(a_byte_order_mark_inside_a_file_is_an_error),
        cmocka_unit_test(a_last_line_needs_no_newline),
        cmocka_unit_test(the_text_of_a_case_is_its_line),
        cmocka_unit_test(a_pretty_printed_file_is_one_case_with_its_text_on_one_line),
        cmocka_unit_test(an_error_in_a_pretty_printed_case_names_its_own_line),
        cmocka_unit_test(a_pretty_printed_case_stands_alone),
        cmocka_unit_test(reading_goes_on_after_an_error),
        cmocka_unit_test(a_first_line_that_was_cut_off_costs_no_other_case),
        cmocka_unit_test(a_case_is_read_before_the_next_one_is_written),
        cmocka_unit_test(a_line_that_is_too_long_is_an_error_and_is_skipped),
        cmocka_unit_test(a_pretty_printed_case_has_the_limit_of_a_line),
        cmocka_unit_test(nesting_of_any_depth_is_an_error_and_no_more),
        cmocka_unit_test(a_stream_that_fails_is_an_error_and_the_end),
        cmocka_unit_test(memory_does_not_grow_with_the_file),
        cmocka_unit_test(a_doubled_id_names_both_lines),
        cmocka_unit_test(a_doubled_id_is_found_however_many_ids_lie_between),
        cmocka_unit_test(different_ids_are_never_called_doubled),
        cmocka_unit_test(what_does_not_fit_is_an_error_that_names_line_and_member),
        cmocka_unit_test(bytes_that_are_zero_are_an_error),
        cmocka_unit_test(a_case_is_written_on_one_line_without_what_is_at_its_default),
        cmocka_unit_test(a_buffer_that_is_too_small_gets_a_terminated_beginning_and_the_size_is_told),
        cmocka_unit_test(any_case_that_is_written_reads_back_as_it_was),
        cmocka_unit_test(writing_to_a_stream_and_to_a_buffer_gives_the_same),
        cmocka_unit_test(a_stream_that_takes_nothing_is_told),
        cmocka_unit_test(every_example_reads_and_reads_back_as_it_was),
        cmocka_unit_test(every_kind_of_result_reads_and_writes_alike),
        cmocka_unit_test(the_members_of_a_result_are_read),
        cmocka_unit_test(a_result_that_does_not_fit_is_an_error_that_names_the_member),
        cmocka_unit_test(a_long_reason_is_cut_between_characters),
        cmocka_unit_test(an_id_that_is_too_long_is_cut),
        cmocka_unit_test(a_result_longer_than_the_pool_is_read),
        cmocka_unit_test(bytes_that_are_not_utf8_are_written_as_replacement_characters),
    };

    return cmocka_run_group_tests_name("case_file", tests, NULL, NULL);
}
