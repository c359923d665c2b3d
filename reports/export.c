/* SPDX-License-Identifier: MIT */
/* `walkdiff export`: a case as a program that plain QEMU runs. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/casefile/case_file.h"
#include "harness/casefile/case_files.h"
#include "harness/cli/cli.h"
#include "reports/fields.h"
#include "reports/program.h"
#include "reports/program_machine.h"
#include "reports/program_text.h"

static const struct wd_verb verb = {
    .name = "export",
    .text = "write a case as a program that plain QEMU runs",
    .usage =
        "usage: walkdiff export [OPTIONS] CASE\n"
        "\n"
        "Writes a case as a self-contained AArch64 program: registers, tables, the AT, and what prints the result as\n"
        "`walkdiff run` does. It runs from reset at EL3 on QEMU's machine `virt`, without walkdiff. \"-\" is standard\n"
        "input. The command that runs it is told: at the head of the assembly, or on standard error.\n"
        "\n"
        "  --format asm     assembly, with what each instruction and register means (default)\n"
        "  --format bin     the flat image, for -bios\n"
        "  --id ID          which case, if the file holds several\n"
        "  --cpu MODEL      for the command alone (default max)\n"
        "  --output FILE    instead of standard output\n"
        "\n"
        "Exit status: 0, or 2 if used wrongly, or the case cannot be a program: it says why.\n",
};

enum { ANSWER_MAX = 8192 };

struct export_options {
    bool binary;
    const char *id, *cpu, *output, *path;
};

/* A case and what it becomes. */
struct export
{
    const struct export_options *options;
    struct wd_program program;
    struct wd_program_machine machine;
    char *text; /* what is written */
    size_t length;
};

/* The implementation that the case is of, a comment a line. */
static void print_implementation(FILE *out, const struct wd_case *c)
{
    char *text = NULL;
    size_t length;
    FILE *lines = open_memstream(&text, &length);

    if (!lines)
        return;
    wd_print_implementation(lines, 0, c->regs);
    fclose(lines);
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) && rest;)
        fprintf(out, "// %s\n", line);
    free(text);
}

static void print_head(FILE *out, const struct export *export, const struct wd_case *c)
{
    struct wd_oracle_output output;
    char answer[ANSWER_MAX];

    wd_oracle(c, NULL, NULL, NULL, &output);
    output.result.read_count = 0;
    wd_result_to_json(&output.result, NULL, answer, sizeof(answer));
    fprintf(out,
            "// AT %s, executed for EL%u, VA 0x%016llx: a case of walkdiff as a program for QEMU's machine virt.\n"
            "// It prints the result. What the architecture says, choices at their defaults:\n"
            "//   %s\n"
            "//\n"
            "// The case speaks of an implementation with what follows. What the CPU lacks or has beside it shows:\n",
            wd_operation_names[c->op], c->el, (unsigned long long)c->va, answer);
    print_implementation(out, c);
    fprintf(out, "//\n"
                 "// To make the image:\n"
                 "//   aarch64-linux-gnu-as -o case.o case.s && aarch64-linux-gnu-objcopy -O binary case.o case.bin\n"
                 "// To run it:\n"
                 "//   ");
    wd_program_machine_print(out, &export->machine, " \\\n//     ", export->options->cpu, "case.bin");
    fputc('\n', out);
}

static bool write_text(struct export *export, const struct wd_case *c, struct wd_error *error)
{
    FILE *out = open_memstream(&export->text, &export->length);
    bool good = out;

    if (good && export->options->binary) {
        fwrite(export->program.image, 1, export->program.size, out);
    } else if (good) {
        print_head(out, export, c);
        good = wd_program_print(out, c, &export->program);
    }
    if (out && fclose(out))
        good = false;
    return good || wd_error_set(error, "out of memory");
}

static bool make_text(struct export *export, const struct wd_case_entry *entry, struct wd_error *error)
{
    bool good = wd_program_machine_make(&export->machine, &entry->c, error) &&
                wd_program_make(&export->program, &entry->c, entry->id, &export->machine.clear, error) &&
                write_text(export, &entry->c, error);

    wd_program_free(&export->program);
    return good;
}

/* Finds the case and makes a program of it. */
static bool read_case(struct export *export, struct wd_case_reader *reader, struct wd_error *error)
{
    const struct export_options *options = export->options;
    struct wd_case_entry entry;
    int read;

    do
        read = wd_case_reader_next(reader, &entry);
    while (read == 1 && options->id && strcmp(entry.id, options->id) != 0);
    if (!read)
        return wd_error_set(error, options->id ? "%s: no case has this id" : "%s: there is no case", options->path);
    if (read == 1 && !make_text(export, &entry, error))
        return false;
    if (read == 1 && !options->id) {
        read = wd_case_reader_next(reader, &entry);
        if (read == 1)
            return wd_error_set(error, "%s: there are several cases; --id says which", options->path);
    }
    return read >= 0 || wd_error_set(error, "%s", wd_case_reader_error(reader));
}

static bool read_file(struct export *export, struct wd_error *error)
{
    struct wd_case_stream stream;
    struct wd_case_reader *reader;
    struct wd_error ignored;
    bool good;

    if (!wd_case_stream_open(&stream, export->options->path, error))
        return false;
    reader = wd_case_reader_new(stream.file, export->options->path);
    good = reader ? read_case(export, reader, error) : wd_error_set(error, "out of memory");
    if (reader)
        wd_case_reader_free(reader);
    /* Whoever was unpacking may not have come to the end. */
    wd_case_stream_close(&stream, &ignored);
    return good;
}

static bool write_output(const struct export *export, struct wd_error *error)
{
    const char *path = export->options->output, *name = path ? path : "standard output";
    FILE *out = path ? fopen(path, "wb") : stdout;
    bool good;

    if (!out)
        return wd_error_set(error, "%s: %s", name, strerror(errno));
    good = fwrite(export->text, 1, export->length, out) == export->length;
    good = (path ? fclose(out) : fflush(out)) == 0 && good;
    if (!good)
        return wd_error_set(error, "%s: %s", name, strerror(errno));
    if (export->options->binary) {
        fprintf(stderr, "to run it:\n  ");
        wd_program_machine_print(stderr, &export->machine, " \\\n    ", export->options->cpu, path ? path : "case.bin");
    }
    return true;
}

static int export_file(const struct export_options *options)
{
    struct export export = {.options = options};
    struct wd_error error;
    bool good = read_file(&export, &error) && write_output(&export, &error);

    free(export.text);
    if (!good)
        wd_complain("export: %s", error.text);
    return wd_close_stdout(good ? WD_EXIT_NOTHING_FOUND : WD_EXIT_FAILED);
}

static bool read_format(const char *text, struct export_options *options)
{
    options->binary = !strcmp(text, "bin");
    if (options->binary || !strcmp(text, "asm"))
        return true;
    wd_complain("--format '%s': asm or bin is wanted", text);
    return false;
}

/* The CPU's name becomes a part of a command line. */
static bool read_cpu(const char *text, struct export_options *options)
{
    options->cpu = text;
    if (*text && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.,=+") == strlen(text))
        return true;
    wd_complain("--cpu '%s': a CPU model of QEMU is wanted", text);
    return false;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"format", required_argument, NULL, 'f'}, {"id", required_argument, NULL, 'i'},
        {"cpu", required_argument, NULL, 'c'},    {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},         {0},
    };
    struct export_options options = {.cpu = "max"};
    int option;

    argv[0] = "walkdiff export";
    while ((option = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1) {
        switch (option) {
        case 'f':
            if (!read_format(optarg, &options))
                return WD_EXIT_FAILED;
            break;
        case 'i':
            options.id = optarg;
            break;
        case 'c':
            if (!read_cpu(optarg, &options))
                return WD_EXIT_FAILED;
            break;
        case 'o':
            options.output = optarg;
            break;
        case 'h':
            return wd_show_usage(&verb, stdout);
        default:
            return wd_show_usage(&verb, stderr);
        }
    }
    if (optind + 1 != argc) {
        wd_complain("export: one file is wanted");
        return wd_show_usage(&verb, stderr);
    }
    if (options.binary && !options.output && isatty(STDOUT_FILENO))
        return wd_complain("export: the image does not go to a terminal; --output says where to");
    options.path = argv[optind];
    return export_file(&options);
}
