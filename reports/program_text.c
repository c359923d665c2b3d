/* SPDX-License-Identifier: MIT */
#include "reports/program_text.h"

#include <string.h>

#include "reports/fields.h"

#ifdef WALKDIFF_CAPSTONE
#include <capstone/capstone.h>
#endif

enum { COMMENT_MAX = 256, COMMENT_COLUMN = 40 };

/* ---------------------------------------------------------------- disassembly */

struct disassembler {
#ifdef WALKDIFF_CAPSTONE
    csh handle;
#endif
    bool open;
};

#ifdef WALKDIFF_CAPSTONE
static bool open_disassembler(struct disassembler *d)
{
    return d->open = cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &d->handle) == CS_ERR_OK;
}

static void close_disassembler(struct disassembler *d)
{
    if (d->open)
        cs_close(&d->handle);
}

static void disassemble(const struct disassembler *d, const uint8_t *bytes, uint64_t address, char text[COMMENT_MAX])
{
    cs_insn *instruction;
    size_t count = cs_disasm(d->handle, bytes, 4, address, 1, &instruction);

    text[0] = '\0';
    if (!count)
        return;
    snprintf(text, COMMENT_MAX, "%s%s%s", instruction->mnemonic, instruction->op_str[0] ? " " : "",
             instruction->op_str);
    cs_free(instruction, count);
}
#else
static bool open_disassembler(struct disassembler *d)
{
    d->open = true;
    return true;
}

static void close_disassembler(struct disassembler *d)
{
    d->open = false;
}

static void disassemble(const struct disassembler *d, const uint8_t *bytes, uint64_t address, char text[COMMENT_MAX])
{
    (void)d, (void)bytes, (void)address;
    text[0] = '\0';
}
#endif

/* Which system register an MRS or MSR names, if Capstone's text is the encoding alone. "" if it is no such. */
static const char *register_name(uint32_t word)
{
    for (enum wd_a64_system_register reg = 0; reg < WD_A64_SYSTEM_REGISTER_COUNT; reg++)
        if ((word & ~UINT32_C(0x1f)) == wd_a64_msr(reg, 0) || (word & ~UINT32_C(0x1f)) == wd_a64_mrs(0, reg))
            return wd_a64_system_register_name(reg);
    return "";
}

/* ---------------------------------------------------------------- parts */

static uint64_t number_at(const struct wd_program *program, size_t offset)
{
    uint64_t value;

    memcpy(&value, program->image + offset, sizeof(value));
    return value;
}

/* What stands at an address of the stub. */
static void print_code_label(FILE *out, const struct wd_program *program, uint64_t address)
{
    const struct wd_agent_image *stub = &program->stub;
    const struct {
        uint64_t address;
        const char *label;
    } labels[] = {
        {stub->entry, "entry"}, {stub->identify, "identify"},  {stub->doorbell, "doorbell"},
        {stub->batch, "batch"}, {WD_AGENT_VECTORS, "vectors"},
    };

    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        if (labels[i].address == address)
            fprintf(out, "%s:\n", labels[i].label);
    for (enum wd_operation operation = 0; operation < WD_OPERATION_COUNT; operation++)
        if (stub->at[operation] == address)
            fprintf(out, "at_%s:\n", wd_operation_names[operation]);
}

static void print_instruction(FILE *out, const struct disassembler *d, const struct wd_program *program, size_t offset)
{
    char text[COMMENT_MAX];
    uint32_t word;
    const char *name;

    memcpy(&word, program->image + offset, sizeof(word));
    disassemble(d, program->image + offset, offset, text);
    name = register_name(word);
    fprintf(out, "    .inst 0x%08x", word);
    fprintf(out, "%8s// %5zx: %s", "", offset, text);
    if (name[0] && !strcasestr(text, name))
        fprintf(out, "  (%s)", name);
    fputc('\n', out);
}

static void print_code(FILE *out, const struct disassembler *d, const struct wd_program *program,
                       const struct wd_program_part *part)
{
    const uint32_t nop = wd_a64_nop();
    size_t end = part->offset + part->size;

    for (size_t offset = part->offset; offset < end; offset += sizeof(nop)) {
        size_t nops = 0;

        while (offset + 4 * nops < end && !memcmp(program->image + offset + 4 * nops, &nop, sizeof(nop)))
            nops++;
        print_code_label(out, program, offset);
        if (nops > 1) { /* room up to the vectors */
            fprintf(out, "    .rept %zu\n    .inst 0x%08x\n    .endr\n", nops, nop);
            offset += 4 * (nops - 1);
        } else {
            print_instruction(out, d, program, offset);
        }
    }
}

static void print_numbers(FILE *out, const struct wd_program *program, const struct wd_program_part *part)
{
    for (size_t offset = part->offset; offset < part->offset + part->size; offset += 8)
        fprintf(out, "    .quad 0x%016llx\n", (unsigned long long)number_at(program, offset));
}

/* Strings, one a line, each with its terminating zero. What is not plain ASCII is escaped in octal. */
static void print_text(FILE *out, const struct wd_program *program, const struct wd_program_part *part)
{
    const uint8_t *bytes = program->image + part->offset, *end = bytes + part->size;

    while (bytes < end) {
        fputs("    .asciz \"", out);
        for (; *bytes; bytes++) {
            if (*bytes == '"' || *bytes == '\\')
                fprintf(out, "\\%c", *bytes);
            else if (*bytes < ' ' || *bytes >= 0x7f)
                fprintf(out, "\\%03o", *bytes);
            else
                fputc(*bytes, out);
        }
        bytes++;
        fputs("\"\n", out);
    }
}

/* The layout of TCR_EL2 is one of two. */
static enum wd_layout layout_of(enum wd_register reg, const uint64_t *regs)
{
    bool e2h = WD_GET(regs[WD_HCR_EL2], HCR_EL2, E2H);

    for (enum wd_layout layout = 0; layout < WD_LAYOUT_COUNT; layout++)
        if (wd_layouts[layout].reg == reg && (reg != WD_TCR_EL2 || (layout == WD_LAYOUT_TCR_EL2_E2H) == e2h))
            return layout;
    return 0;
}

static void print_registers(FILE *out, const struct wd_program *program, const struct wd_program_part *part)
{
    for (size_t i = 0; i < part->size / 8; i++) {
        uint64_t value = number_at(program, part->offset + 8 * i);
        struct wd_words words = {0};
        const struct wd_field *fields;
        size_t count;
        enum wd_register reg;

        fprintf(out, "    .quad 0x%016llx", (unsigned long long)value);
        if (i >= program->register_count) {
            fputs("        // fills up a pair\n", out);
            continue;
        }
        reg = program->registers[i];
        fields = wd_layout_fields(layout_of(reg, program->regs), &count);
        for (size_t f = 0; f < count; f++)
            if (wd_bits(value, fields[f].msb, fields[f].lsb)) {
                wd_words_add(&words, " %s=", fields[f].name);
                wd_add_field_value(&words, fields[f].name, wd_bits(value, fields[f].msb, fields[f].lsb), fields[f].msb,
                                   fields[f].lsb);
            }
        fprintf(out, "        // %s:%s\n", wd_registers[reg].name, words.text[0] ? words.text : " 0");
    }
}

/* Which words the walk reads, by the oracle. */
struct reader {
    uint64_t pa;
    char text[COMMENT_MAX];
};

static void note_read(void *context, const struct wd_event *event)
{
    struct reader *reader = context;

    if (event->kind == WD_EVENT_READ && event->address == reader->pa && !reader->text[0])
        snprintf(reader->text, sizeof(reader->text), "        // stage %u, level %d: 0x%016llx", event->stage,
                 event->level, (unsigned long long)event->value);
}

static void print_words(FILE *out, const struct wd_case *c, const struct wd_program *program,
                        const struct wd_program_part *part)
{
    enum { ANNOTATED_MAX = 512 }; /* each word is looked for in a walk of its own */
    struct wd_oracle_output output;

    for (size_t offset = part->offset; offset < part->offset + part->size; offset += sizeof(struct wd_agent_word)) {
        struct reader reader = {.pa = number_at(program, offset)};

        if (part->size <= ANNOTATED_MAX * sizeof(struct wd_agent_word))
            wd_oracle(c, NULL, note_read, &reader, &output);
        fprintf(out, "    .quad 0x%016llx, 0x%016llx%s\n", (unsigned long long)reader.pa,
                (unsigned long long)number_at(program, offset + 8), reader.text);
    }
}

static void print_part(FILE *out, const struct wd_case *c, const struct disassembler *d,
                       const struct wd_program *program, const struct wd_program_part *part)
{
    if (part->kind != WD_PROGRAM_CODE)
        fprintf(out, "\n    .org 0x%zx\n%s:%s%s\n", part->offset, part->label, part->says[0] ? " // " : "", part->says);
    switch (part->kind) {
    case WD_PROGRAM_CODE:
        print_code(out, d, program, part);
        break;
    case WD_PROGRAM_NUMBERS:
        print_numbers(out, program, part);
        break;
    case WD_PROGRAM_TEXT:
        print_text(out, program, part);
        break;
    case WD_PROGRAM_REGISTERS:
        print_registers(out, program, part);
        break;
    case WD_PROGRAM_WORDS:
        print_words(out, c, program, part);
        break;
    }
}

bool wd_program_print(FILE *out, const struct wd_case *c, const struct wd_program *program)
{
    struct disassembler d = {0};

    if (!open_disassembler(&d))
        return false;
    fputs("    .text\n    .globl entry\n", out);
    for (size_t i = 0; i < program->part_count; i++)
        print_part(out, c, &d, program, &program->parts[i]);
    close_disassembler(&d);
    return true;
}
