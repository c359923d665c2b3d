/* SPDX-License-Identifier: MIT */
/*
 * Property: whatever bytes a case file holds, the reader comes to its end; an error names the file and a line of it; a
 * case that it accepts keeps what docs/format.md promises, its text on one line is that case too, and written and read
 * again it is the same case. The same bytes taken as a walker's answer are refused with a message, or written and read
 * again are the same result.
 *
 *   fuzz_case_file -dict=tests/fuzz/case_file.dict tests/fuzz/corpus/case_file
 */
#include <stdlib.h>

#include "harness/casefile/case_file.h"
#include "tests/same_case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, so that the fuzzer keeps the input. */
static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static char *case_to_json(const struct wd_case *c, const struct wd_case_extra *extra, size_t *length)
{
    char *text;

    *length = wd_case_to_json(c, extra, NULL, 0);
    text = malloc(*length + 1);
    require(text, "memory for the written case");
    require(wd_case_to_json(c, extra, text, *length + 1) == *length && strlen(text) == *length, "the length of a case");
    return text;
}

/* Reads a text that holds one case and nothing else; it must be the same as `entry`. */
static void require_same(const struct wd_case_entry *entry, const char *text, size_t length)
{
    FILE *stream = fmemopen((void *)(uintptr_t)text, length, "r");
    struct wd_case_reader *reader = wd_case_reader_new(stream, "again");
    static struct wd_case_entry again, end;

    if (wd_case_reader_next(reader, &again) != 1) {
        fprintf(stderr, "%s\n%s\n", wd_case_reader_error(reader), text);
        require(false, "a written case can be read");
    }
    require(same_case(&entry->c, &again.c), "the same case");
    require(strcmp(entry->id, again.id) == 0, "the same id");
    require(strcmp(entry->note, again.note) == 0, "the same note");
    require(entry->has_expect == again.has_expect, "expect stands there again");
    require(same_result(&entry->expect, &again.expect), "the same expected result");
    require(wd_case_reader_next(reader, &end) == 0, "a case is one line");
    wd_case_reader_free(reader);
    fclose(stream);
}

static void require_well_formed(const struct wd_case *c)
{
    require(c->op < WD_OPERATION_COUNT && (c->el == 1 || c->el == 2) && c->pan <= 1, "op, el and pan");
    require(c->ipa_bits == 0 || (c->ipa_bits >= 32 && c->ipa_bits <= 52), "host.ipa_bits");
    require(WD_GET(c->regs[WD_HCR_EL2], HCR_EL2, RW), "HCR_EL2.RW");
    for (uint32_t i = 0; i < c->mem_count; i++)
        require(c->mem[i].pa % 8 == 0 && (i == 0 || c->mem[i - 1].pa < c->mem[i].pa), "sorted words");
    for (uint32_t i = 0; i < c->ram_count; i++) {
        const struct wd_ram *ram = c->ram + i;

        require(ram->base % 8 == 0 && ram->size % 8 == 0 && ram->size > 0, "aligned memory");
        require(ram->base + (ram->size - 1) >= ram->base, "memory below 2^64");
        require(wd_case_ram_at(c, ram->base) == ram && wd_case_ram_at(c, ram->base + (ram->size - 8)) == ram,
                "memory that does not overlap");
    }
}

static void require_accepted(const struct wd_case_entry *entry)
{
    struct wd_case_extra extra = {entry->id, entry->has_expect ? &entry->expect : NULL, entry->note};
    size_t length;
    char *text;

    require_well_formed(&entry->c);
    require(!strchr(entry->text, '\n'), "the text of a case is one line");
    require_same(entry, entry->text, strlen(entry->text));
    text = case_to_json(&entry->c, &extra, &length);
    require_same(entry, text, length);
    free(text);
}

static void read_as_case_file(const uint8_t *data, size_t size)
{
    FILE *stream = fmemopen((void *)(uintptr_t)data, size, "r");
    struct wd_case_reader *reader = wd_case_reader_new(stream, "file");
    static struct wd_case_entry entry;
    uint64_t line = 0;
    int got;

    while ((got = wd_case_reader_next(reader, &entry)) != 0) {
        if (got == 1) {
            require(entry.line > line, "each case begins on a line of its own");
            line = entry.line;
            require_accepted(&entry);
        } else {
            require(strncmp(wd_case_reader_error(reader), "file:", 5) == 0, "an error names the file");
            require(strtoull(wd_case_reader_error(reader) + 5, NULL, 10) > line,
                    "an error names a line after the last");
        }
    }
    wd_case_reader_free(reader);
    fclose(stream);
}

static void read_as_result(const uint8_t *data, size_t size)
{
    static struct wd_result result, again;
    static char text[1 << 15];
    char id[64], error[256] = "";
    size_t length;

    if (wd_result_from_json((const char *)data, size, &result, id, sizeof(id), error, sizeof(error)) != 0) {
        require(error[0], "a result that is refused has a message");
        return;
    }
    length = wd_result_to_json(&result, id, text, sizeof(text));
    require(length < sizeof(text), "a result fits 32 KiB");
    require(wd_result_from_json(text, length, &again, NULL, 0, error, sizeof(error)) == 0, "a result can be read");
    require(same_result(&result, &again), "the same result");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) /* fmemopen() does not open nothing */
        return 0;
    read_as_case_file(data, size);
    read_as_result(data, size);
    return 0;
}
