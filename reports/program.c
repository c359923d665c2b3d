/* SPDX-License-Identifier: MIT */
#include "reports/program.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "harness/agent/cpu.h"
#include "harness/support/json_out.h"

/* Parts of the image, by offset. */
enum { FACTS = 0x4000, STRINGS = FACTS + 0x100, BATCH = STRINGS + WD_PROGRAM_ID_MAX + 0x400 };
_Static_assert(WD_AGENT_IMAGE_WORDS_MAX * sizeof(uint32_t) <= FACTS, "the stub has room before the facts");

/* Secure memory of the machine, and its parts. TEXT is aligned so that its length is the low bits of its end. */
#define SECURE_MEMORY UINT64_C(0x0e000000)
#define PROGRESS      SECURE_MEMORY
#define WRITE_BLOCK   (SECURE_MEMORY + 0x100)
#define TEXT          (SECURE_MEMORY + 0x100000)
#define RESPONSES     (SECURE_MEMORY + 0x200000)
enum { TEXT_BITS = 20, SECURE_MEMORY_SIZE = 0x1000000 };

/* What the doorbell knows of the case. */
struct facts {
    uint64_t at;         /* where the AT is that answers */
    uint64_t el1;        /* the case executes it at EL1 */
    uint64_t stage2;     /* a walk of stage 2 is part of what it does */
    uint64_t two_stages; /* so is one of stage 1: a second query tells which stage was aborted */
    uint64_t clear[2];   /* memory that is cleared first: from, to; multiples of 16 */
    uint64_t open[3];    /* semihosting: name, mode, length */
    uint64_t exit[2];
};

static const char *const strings[] = {
    "{\"id\":",
    "\"par\":\"0x",
    "\"exception\":{\"fst\":\"0x",
    "\",\"stage2\":",
    ",\"s1ptw\":",
    "}",
    "\"exception\":{\"undefined\":1}",
    "\"unsupported\":\"an exception: ESR_EL3 0x",
    ", ELR_EL3 0x",
    "\"",
    ",\"mem\":[",
    "[\"0x",
    "\",\"0x",
    "\"]",
    ",",
    "]",
    "}\n",
    ":tt",
};
enum string {
    STRING_ID,
    STRING_PAR,
    STRING_EXCEPTION,
    STRING_STAGE2,
    STRING_S1PTW,
    STRING_END_EXCEPTION,
    STRING_UNDEFINED,
    STRING_UNEXPECTED,
    STRING_ELR,
    STRING_QUOTE,
    STRING_MEM,
    STRING_WORD,
    STRING_VALUE,
    STRING_END_WORD,
    STRING_COMMA,
    STRING_END_MEM,
    STRING_END,
    STRING_CONSOLE,
    STRING_COUNT,
};
_Static_assert(sizeof(strings) / sizeof(strings[0]) == STRING_COUNT, "a string for each number");

/* The strings stand one behind the other, the case's id in quotation marks behind them. */
static uint64_t string_offset(unsigned number)
{
    size_t offset = STRINGS;

    for (unsigned i = 0; i < number; i++)
        offset += strlen(strings[i]) + 1;
    return offset;
}

/* ---------------------------------------------------------------- the doorbell */

enum { SYS_OPEN = 1, SYS_WRITE = 5, SYS_EXIT = 0x18, HLT_SEMIHOSTING = 0xf000 };
enum { MODE_WRITE = 4, ADP_STOPPED_APPLICATION_EXIT = 0x20026 };
enum { EC_UNKNOWN = 0x00, EC_DATA_ABORT = 0x24, EC_DATA_ABORT_SAME_EL = 0x25 }; /* ESR_EL3.EC */

enum {
    X_VALUE = 1, /* arguments of the routines */
    X_SKIP,
    X_DIGIT, /* their own */
    X_LEFT,
    X_TEST,
    X_OUT = 16, /* where the next character goes */
    X_FACTS,
    X_RESPONSE,
    X_PAR,
    X_ESR,
    X_ELR,
    X_COUNT, /* of changed words */
    X_FST,
    X_STAGE2,
    X_S1PTW,
    X_SECOND_ESR, /* of the second query */
    X_FIRST,      /* 0 before the first changed word */
};

/* Code in the making: routines stand before the code that calls them. */
struct maker {
    struct wd_a64_code *code;
    size_t put_string, put_hex;
};

/* A branch forward: a place that land() fills in. */
struct jump {
    enum { JUMP, JUMP_IF_ZERO, JUMP_IF_NOT_ZERO, JUMP_IF_CLEAR, JUMP_IF_SET } condition;
    unsigned xt, bit;
    size_t at;
};

static struct jump emit_jump(struct wd_a64_code *code, struct jump jump)
{
    jump.at = code->count;
    wd_a64_emit(code, wd_a64_nop());
    return jump;
}

static struct jump jump(struct wd_a64_code *code)
{
    return emit_jump(code, (struct jump){.condition = JUMP});
}

static struct jump jump_if_zero(struct wd_a64_code *code, unsigned xt)
{
    return emit_jump(code, (struct jump){.condition = JUMP_IF_ZERO, .xt = xt});
}

static struct jump jump_if_not_zero(struct wd_a64_code *code, unsigned xt)
{
    return emit_jump(code, (struct jump){.condition = JUMP_IF_NOT_ZERO, .xt = xt});
}

static struct jump jump_if_clear(struct wd_a64_code *code, unsigned xt, unsigned bit)
{
    return emit_jump(code, (struct jump){.condition = JUMP_IF_CLEAR, .xt = xt, .bit = bit});
}

static struct jump jump_if_set(struct wd_a64_code *code, unsigned xt, unsigned bit)
{
    return emit_jump(code, (struct jump){.condition = JUMP_IF_SET, .xt = xt, .bit = bit});
}

static uint32_t encode_jump(const struct jump *jump, int64_t offset)
{
    switch (jump->condition) {
    case JUMP_IF_ZERO:
        return wd_a64_cbz(jump->xt, offset);
    case JUMP_IF_NOT_ZERO:
        return wd_a64_cbnz(jump->xt, offset);
    case JUMP_IF_CLEAR:
        return wd_a64_tbz(jump->xt, jump->bit, offset);
    case JUMP_IF_SET:
        return wd_a64_tbnz(jump->xt, jump->bit, offset);
    default:
        return wd_a64_b(offset);
    }
}

/* The next instruction is where the jump leads. */
static void land(struct wd_a64_code *code, struct jump from)
{
    if (from.at < code->capacity)
        code->words[from.at] = encode_jump(&from, 4 * (int64_t)(code->count - from.at));
}

/* Puts the string at X_VALUE. */
static void emit_put_string(struct maker *m)
{
    struct wd_a64_code *code = m->code;
    struct jump end;

    m->put_string = code->count;
    wd_a64_emit(code, wd_a64_ldrb_post(X_DIGIT, X_VALUE, 1));
    end = jump_if_zero(code, X_DIGIT);
    wd_a64_emit(code, wd_a64_strb_post(X_DIGIT, X_OUT, 1));
    wd_a64_emit(code, wd_a64_b(wd_a64_offset_to(code, m->put_string)));
    land(code, end);
    wd_a64_emit(code, wd_a64_ret());
}

/* Puts X_VALUE in hexadecimal, without up to X_SKIP leading zeroes of 16 digits. */
static void emit_put_hex(struct maker *m)
{
    struct wd_a64_code *code = m->code;
    struct jump digit, zero, skipped, decimal;
    size_t next;

    m->put_hex = code->count;
    wd_a64_emit(code, wd_a64_movz(X_LEFT, 16, 0));
    next = code->count;
    wd_a64_emit(code, wd_a64_ubfx(X_DIGIT, X_VALUE, 60, 4));
    wd_a64_emit(code, wd_a64_lsl(X_VALUE, X_VALUE, 4));
    digit = jump_if_not_zero(code, X_DIGIT);
    zero = jump_if_zero(code, X_SKIP);
    wd_a64_emit(code, wd_a64_sub(X_SKIP, X_SKIP, 1));
    skipped = jump(code);
    land(code, digit);
    wd_a64_emit(code, wd_a64_movz(X_SKIP, 0, 0));
    land(code, zero);
    wd_a64_emit(code, wd_a64_sub(X_TEST, X_DIGIT, 10));
    wd_a64_emit(code, wd_a64_add(X_DIGIT, X_DIGIT, '0'));
    decimal = jump_if_set(code, X_TEST, 63);
    wd_a64_emit(code, wd_a64_add(X_DIGIT, X_DIGIT, 'a' - '0' - 10));
    land(code, decimal);
    wd_a64_emit(code, wd_a64_strb_post(X_DIGIT, X_OUT, 1));
    land(code, skipped);
    wd_a64_emit(code, wd_a64_sub(X_LEFT, X_LEFT, 1));
    wd_a64_emit(code, wd_a64_cbnz(X_LEFT, wd_a64_offset_to(code, next)));
    wd_a64_emit(code, wd_a64_ret());
}

static void put_string(struct maker *m, unsigned number)
{
    wd_a64_emit_constant(m->code, X_VALUE, string_offset(number));
    wd_a64_emit(m->code, wd_a64_bl(wd_a64_offset_to(m->code, m->put_string)));
}

/* @param digits  at least so many */
static void put_hex(struct maker *m, unsigned x, unsigned digits)
{
    wd_a64_emit(m->code, wd_a64_add(X_VALUE, x, 0));
    wd_a64_emit(m->code, wd_a64_movz(X_SKIP, (uint16_t)(16 - digits), 0));
    wd_a64_emit(m->code, wd_a64_bl(wd_a64_offset_to(m->code, m->put_hex)));
}

static void load_fact(struct wd_a64_code *code, unsigned x, size_t fact)
{
    wd_a64_emit(code, wd_a64_ldr(x, X_FACTS, (unsigned)fact));
}

/* The first response, and of the second the ESR: it stands behind the words that changed. */
static void load_responses(struct wd_a64_code *code)
{
    wd_a64_emit_constant(code, X_FACTS, FACTS);
    wd_a64_emit_constant(code, X_RESPONSE, RESPONSES);
    wd_a64_emit_constant(code, X_OUT, TEXT);
    wd_a64_emit(code, wd_a64_ldr(X_PAR, X_RESPONSE, offsetof(struct wd_agent_response, par)));
    wd_a64_emit(code, wd_a64_ldr(X_ESR, X_RESPONSE, offsetof(struct wd_agent_response, esr)));
    wd_a64_emit(code, wd_a64_ldr(X_ELR, X_RESPONSE, offsetof(struct wd_agent_response, elr)));
    wd_a64_emit(code, wd_a64_ldr(X_COUNT, X_RESPONSE, offsetof(struct wd_agent_response, changes)));
    wd_a64_emit(code, wd_a64_add(X_RESPONSE, X_RESPONSE, sizeof(struct wd_agent_response)));
}

static void load_second_esr(struct wd_a64_code *code)
{
    struct jump none;
    size_t next;

    wd_a64_emit(code, wd_a64_add(X_VALUE, X_RESPONSE, 0));
    wd_a64_emit(code, wd_a64_add(X_LEFT, X_COUNT, 0));
    next = code->count;
    none = jump_if_zero(code, X_LEFT);
    wd_a64_emit(code, wd_a64_add(X_VALUE, X_VALUE, sizeof(struct wd_agent_word)));
    wd_a64_emit(code, wd_a64_sub(X_LEFT, X_LEFT, 1));
    wd_a64_emit(code, wd_a64_b(wd_a64_offset_to(code, next)));
    land(code, none);
    wd_a64_emit(code, wd_a64_ldr(X_SECOND_ESR, X_VALUE, offsetof(struct wd_agent_response, esr)));
}

/* A stage 2 fault on a stage 1 walk is in PAR_EL1 where EL3 asks; at EL1 the AT takes it as a Data Abort. */
static void put_par(struct maker *m, struct jump to_exception[1], struct jump *end)
{
    struct wd_a64_code *code = m->code;
    struct jump is_par[4];

    load_fact(code, X_TEST, offsetof(struct facts, el1));
    is_par[0] = jump_if_zero(code, X_TEST);
    is_par[1] = jump_if_clear(code, X_PAR, WD_PAR_EL1_F_F_lsb);
    is_par[2] = jump_if_clear(code, X_PAR, WD_PAR_EL1_F_S_lsb);
    is_par[3] = jump_if_clear(code, X_PAR, WD_PAR_EL1_F_PTW_lsb);
    wd_a64_emit(code, wd_a64_ubfx(X_FST, X_PAR, WD_PAR_EL1_F_FST_lsb, 6));
    wd_a64_emit(code, wd_a64_movz(X_STAGE2, 1, 0));
    wd_a64_emit(code, wd_a64_movz(X_S1PTW, 1, 0));
    to_exception[0] = jump(code);
    for (unsigned i = 0; i < 4; i++)
        land(code, is_par[i]);
    put_string(m, STRING_PAR);
    put_hex(m, X_PAR, 16);
    put_string(m, STRING_QUOTE);
    *end = jump(code);
}

/* An exception that is none of the AT's, or of a class that it cannot have. */
static void put_unexpected(struct maker *m)
{
    put_string(m, STRING_UNEXPECTED);
    put_hex(m, X_ESR, 1);
    put_string(m, STRING_ELR);
    put_hex(m, X_ELR, 1);
    put_string(m, STRING_QUOTE);
}

/* ESR_EL3 tells no stage. Where both were walked, the second query walked stage 1 alone. */
static void find_stage(struct wd_a64_code *code)
{
    struct jump is_stage1, told, aborted_too;

    wd_a64_emit(code, wd_a64_ubfx(X_FST, X_ESR, 0, 6));
    wd_a64_emit(code, wd_a64_ubfx(X_S1PTW, X_ESR, 7, 1));
    wd_a64_emit(code, wd_a64_movz(X_STAGE2, 1, 0));
    told = jump_if_not_zero(code, X_S1PTW);
    load_fact(code, X_STAGE2, offsetof(struct facts, stage2));
    is_stage1 = jump_if_zero(code, X_STAGE2);
    load_fact(code, X_TEST, offsetof(struct facts, two_stages));
    aborted_too = jump_if_zero(code, X_TEST);
    load_second_esr(code);
    wd_a64_emit(code, wd_a64_cbz(X_SECOND_ESR, 8));
    wd_a64_emit(code, wd_a64_movz(X_STAGE2, 0, 0));
    land(code, aborted_too);
    land(code, is_stage1);
    land(code, told);
}

static void put_digit(struct wd_a64_code *code, unsigned x)
{
    wd_a64_emit(code, wd_a64_add(X_DIGIT, x, '0'));
    wd_a64_emit(code, wd_a64_strb_post(X_DIGIT, X_OUT, 1));
}

static void put_exception(struct maker *m)
{
    put_string(m, STRING_EXCEPTION);
    put_hex(m, X_FST, 2);
    put_string(m, STRING_STAGE2);
    put_digit(m->code, X_STAGE2);
    put_string(m, STRING_S1PTW);
    put_digit(m->code, X_S1PTW);
    put_string(m, STRING_END_EXCEPTION);
}

static void put_answer(struct maker *m)
{
    struct wd_a64_code *code = m->code;
    struct jump exception, elsewhere, undefined, data_abort, same_el, to_exception, end[3];

    exception = jump_if_not_zero(code, X_ESR);
    put_par(m, &to_exception, &end[0]);

    land(code, exception);
    load_fact(code, X_TEST, offsetof(struct facts, at));
    wd_a64_emit(code, wd_a64_eor(X_TEST, X_TEST, X_ELR));
    elsewhere = jump_if_not_zero(code, X_TEST);
    wd_a64_emit(code, wd_a64_ubfx(X_TEST, X_ESR, 26, 6));
    undefined = jump_if_zero(code, X_TEST);
    wd_a64_emit(code, wd_a64_sub(X_TEST, X_TEST, EC_DATA_ABORT));
    data_abort = jump_if_zero(code, X_TEST);
    wd_a64_emit(code, wd_a64_sub(X_TEST, X_TEST, EC_DATA_ABORT_SAME_EL - EC_DATA_ABORT));
    same_el = jump_if_zero(code, X_TEST);
    land(code, elsewhere);
    put_unexpected(m);
    end[1] = jump(code);

    land(code, undefined);
    put_string(m, STRING_UNDEFINED);
    end[2] = jump(code);

    land(code, data_abort);
    land(code, same_el);
    find_stage(code);
    land(code, to_exception);
    put_exception(m);
    for (unsigned i = 0; i < 3; i++)
        land(code, end[i]);
}

static void put_changes(struct maker *m)
{
    struct wd_a64_code *code = m->code;
    struct jump none, first;
    size_t next;

    none = jump_if_zero(code, X_COUNT);
    put_string(m, STRING_MEM);
    wd_a64_emit(code, wd_a64_movz(X_FIRST, 0, 0));
    next = code->count;
    first = jump_if_zero(code, X_FIRST);
    put_string(m, STRING_COMMA);
    land(code, first);
    wd_a64_emit(code, wd_a64_movz(X_FIRST, 1, 0));
    put_string(m, STRING_WORD);
    wd_a64_emit(code, wd_a64_ldp_post(X_FST, X_STAGE2, X_RESPONSE, sizeof(struct wd_agent_word)));
    put_hex(m, X_FST, 1);
    put_string(m, STRING_VALUE);
    put_hex(m, X_STAGE2, 16);
    put_string(m, STRING_END_WORD);
    wd_a64_emit(code, wd_a64_sub(X_COUNT, X_COUNT, 1));
    wd_a64_emit(code, wd_a64_cbnz(X_COUNT, wd_a64_offset_to(code, next)));
    put_string(m, STRING_END_MEM);
    land(code, none);
}

/* Asks whoever runs the machine for something; X0 is the answer. */
static void emit_semihosting(struct wd_a64_code *code, unsigned operation, uint64_t block)
{
    wd_a64_emit_constant(code, 1, block);
    wd_a64_emit(code, wd_a64_movz(0, (uint16_t)operation, 0));
    wd_a64_emit(code, wd_a64_hlt(HLT_SEMIHOSTING));
}

static void print_and_exit(struct wd_a64_code *code)
{
    emit_semihosting(code, SYS_OPEN, FACTS + offsetof(struct facts, open));
    wd_a64_emit_constant(code, X_VALUE, WRITE_BLOCK);
    wd_a64_emit(code, wd_a64_str(0, X_VALUE, 0));
    wd_a64_emit_constant(code, X_TEST, TEXT);
    wd_a64_emit(code, wd_a64_str(X_TEST, X_VALUE, 8));
    wd_a64_emit(code, wd_a64_ubfx(X_TEST, X_OUT, 0, TEXT_BITS));
    wd_a64_emit(code, wd_a64_str(X_TEST, X_VALUE, 16));
    emit_semihosting(code, SYS_WRITE, WRITE_BLOCK);
    emit_semihosting(code, SYS_EXIT, FACTS + offsetof(struct facts, exit));
    wd_a64_emit(code, wd_a64_b(0));
}

/* QEMU leaves a device tree where memory begins. */
static void clear_memory(struct wd_a64_code *code)
{
    struct jump done;
    size_t next;

    wd_a64_emit_constant(code, X_FACTS, FACTS);
    load_fact(code, X_OUT, offsetof(struct facts, clear));
    load_fact(code, X_VALUE, offsetof(struct facts, clear) + 8);
    next = code->count;
    wd_a64_emit(code, wd_a64_eor(X_TEST, X_OUT, X_VALUE));
    done = jump_if_zero(code, X_TEST);
    wd_a64_emit(code, wd_a64_stp_post(WD_A64_XZR, WD_A64_XZR, X_OUT, 16));
    wd_a64_emit(code, wd_a64_b(wd_a64_offset_to(code, next)));
    land(code, done);
}

/* Before the batch there is no answer yet: the batch follows. Behind it the answer is printed. */
static void doorbell(struct wd_a64_code *code)
{
    struct maker m = {.code = code};
    struct jump begin, over;

    wd_a64_emit_constant(code, X_VALUE, PROGRESS);
    wd_a64_emit(code, wd_a64_ldr(X_TEST, X_VALUE, 0));
    begin = jump_if_zero(code, X_TEST);
    over = jump(code);
    emit_put_string(&m);
    emit_put_hex(&m);
    land(code, over);
    load_responses(code);
    put_string(&m, STRING_ID);
    put_string(&m, STRING_COUNT); /* the id itself */
    put_string(&m, STRING_COMMA);
    put_answer(&m);
    put_changes(&m);
    put_string(&m, STRING_END);
    print_and_exit(code);
    land(code, begin);
    clear_memory(code);
}

/* ---------------------------------------------------------------- the parts */

static void add_part(struct wd_program *program, const char *label, const char *says, enum wd_program_kind kind,
                     size_t offset, size_t size)
{
    assert(program->part_count < WD_PROGRAM_PARTS_MAX);
    if (size)
        program->parts[program->part_count++] = (struct wd_program_part){label, says, kind, offset, size};
}

/* What the registers are set to. An {I}PS that PARange limits acts as PARange: so a CPU with more bits will do. */
static const char *prepare(const struct wd_case *c, struct wd_cpu_case *told)
{
    struct wd_cpu_memory more = {0}, equal = {0};
    struct wd_cpu cpu = {0};
    const char *reason;

    memcpy(cpu.id, c->regs, sizeof(cpu.id));
    cpu.id[WD_ID_AA64MMFR0_EL1] = WD_WITH(cpu.id[WD_ID_AA64MMFR0_EL1], ID_AA64MMFR0_EL1, PARange, 6);
    reason = wd_cpu_prepare(&cpu, &more, c, told);
    if (!reason)
        return NULL;
    memcpy(cpu.id, c->regs, sizeof(cpu.id)); /* one that has just what the case has */
    return wd_cpu_prepare(&cpu, &equal, c, told);
}

/* Whether the answer would be another one without a feature that the case has. */
static bool needs(const struct wd_case *c, enum wd_feature feature)
{
    const struct wd_feature_info *info = &wd_features[feature];
    struct wd_cpu_memory memory = {0};
    struct wd_cpu_case told;
    struct wd_cpu cpu = {0};

    memcpy(cpu.id, c->regs, sizeof(cpu.id));
    cpu.id[info->reg] = wd_with_bits(cpu.id[info->reg], info->msb, info->lsb, 0);
    return wd_cpu_prepare(&cpu, &memory, c, &told) != NULL;
}

/* Whether an AT can depend on a register that comes with a feature. */
static bool is_used(enum wd_register reg, const struct wd_case *c)
{
    switch (reg) {
    case WD_PIRE0_EL1:
    case WD_PIR_EL1:
    case WD_PIRE0_EL2:
    case WD_PIR_EL2:
        return needs(c, WD_FEAT_S1PIE);
    case WD_POR_EL0:
    case WD_POR_EL1:
    case WD_POR_EL2:
        return needs(c, WD_FEAT_S1POE);
    case WD_HCRX_EL2:
    case WD_TCR2_EL1:
    case WD_TCR2_EL2:
        return needs(c, WD_FEAT_S1PIE) || needs(c, WD_FEAT_S1POE) || needs(c, WD_FEAT_HAFT);
    default:
        return true;
    }
}

/* Those that come with a feature are loaded only where they say something: so more CPUs will do. */
static void choose_registers(struct wd_program *program, const struct wd_case *c)
{
    static const uint64_t no_features[WD_REGISTER_COUNT];
    enum wd_register all[WD_REGISTER_COUNT], plain[WD_REGISTER_COUNT];
    size_t all_count = wd_cpu_loaded_registers(c->regs, all), plain_count = wd_cpu_loaded_registers(no_features, plain);

    for (size_t i = 0; i < all_count; i++) {
        bool is_plain = false;

        for (size_t j = 0; j < plain_count; j++)
            is_plain |= plain[j] == all[i];
        if (is_plain || (program->regs[all[i]] && is_used(all[i], c)))
            program->registers[program->register_count++] = all[i];
    }
}

static size_t count_words(const struct wd_case *c)
{
    size_t count = 0;

    for (uint32_t i = 0; i < c->mem_count; i++)
        count += wd_case_ram_at(c, c->mem[i].pa) != NULL;
    return count;
}

static bool build_stub(struct wd_program *program, const struct wd_case *c)
{
    const struct wd_agent_config config = {
        .base = 0,
        .requests = BATCH,
        .responses = RESPONSES,
        .progress = PROGRESS,
        .registers = program->registers,
        .register_count = program->register_count,
        .has_pan = wd_has_feature(c->regs, WD_FEAT_PAN),
        .el3_entry = true,
        .with_memory = true,
        .tlb_maintenance = true,
        .doorbell = doorbell,
    };

    return wd_agent_build(&config, &program->stub);
}

static void write_facts(struct wd_program *program, const struct wd_case *c, const struct wd_physical_range *clear)
{
    bool stage2 = wd_cpu_walks_stage2(c, program->regs);
    const struct facts facts = {
        .at = program->stub.at[c->op],
        .el1 = c->el == 1,
        .stage2 = stage2,
        .two_stages = stage2 && wd_cpu_walks_stage1(program->regs),
        .clear = {clear->base, clear->base + clear->size},
        .open = {string_offset(STRING_CONSOLE), MODE_WRITE, strlen(strings[STRING_CONSOLE])},
        .exit = {ADP_STOPPED_APPLICATION_EXIT, 0},
    };

    memcpy(program->image + FACTS, &facts, sizeof(facts));
    add_part(
        program, "facts",
        "the AT's address; is it executed at EL1; does it walk stage 2; both stages; memory to be cleared: from, to",
        WD_PROGRAM_NUMBERS, FACTS, offsetof(struct facts, open));
    add_part(program, "open_block", "semihosting SYS_OPEN: name, mode, length", WD_PROGRAM_NUMBERS,
             FACTS + offsetof(struct facts, open), sizeof(facts.open));
    add_part(program, "exit_block", "semihosting SYS_EXIT", WD_PROGRAM_NUMBERS, FACTS + offsetof(struct facts, exit),
             sizeof(facts.exit));
}

static void write_strings(struct wd_program *program, const char *id)
{
    for (unsigned i = 0; i < STRING_COUNT; i++)
        memcpy(program->image + string_offset(i), strings[i], strlen(strings[i]) + 1);
    memcpy(program->image + string_offset(STRING_COUNT), id, strlen(id) + 1);
    add_part(program, "strings", "of the result", WD_PROGRAM_TEXT, STRINGS,
             string_offset(STRING_COUNT) + strlen(id) + 1 - STRINGS);
}

static void write_batch(struct wd_program *program, const struct wd_case *c, size_t words)
{
    struct wd_agent_batch *batch = (struct wd_agent_batch *)(program->image + BATCH);
    struct wd_agent_context *context = (struct wd_agent_context *)(batch + 1);
    size_t context_size = program->stub.context_words * sizeof(uint64_t);
    struct wd_agent_word *word = (struct wd_agent_word *)((uint8_t *)context + context_size);
    struct wd_agent_query *query = (struct wd_agent_query *)(word + words);
    bool two_stages = wd_cpu_walks_stage2(c, program->regs) && wd_cpu_walks_stage1(program->regs);
    size_t offset = BATCH;

    *batch = (struct wd_agent_batch){.contexts = 1};
    context->queries = 1 + two_stages;
    context->words = words;
    for (size_t i = 0; i < program->register_count; i++)
        context->registers[i] = program->regs[program->registers[i]];
    for (uint32_t i = 0; i < c->mem_count; i++)
        if (wd_case_ram_at(c, c->mem[i].pa))
            *word++ = (struct wd_agent_word){c->mem[i].pa, c->mem[i].value};
    for (unsigned i = 0; i < context->queries; i++)
        query[i] = (struct wd_agent_query){
            .at = program->stub.at[i ? wd_cpu_stage1_of((enum wd_operation)c->op) : (enum wd_operation)c->op],
            .pan = wd_agent_pan(c->pan),
            .va = c->va,
        };

    add_part(program, "batch_data", "contexts; reserved; queries; words of memory", WD_PROGRAM_NUMBERS, offset,
             sizeof(*batch) + sizeof(*context));
    offset += sizeof(*batch) + sizeof(*context);
    add_part(program, "registers", "in the order in which they are loaded", WD_PROGRAM_REGISTERS, offset,
             context_size - sizeof(*context));
    offset += context_size - sizeof(*context);
    add_part(program, "memory", "words that are written before the AT: address, value", WD_PROGRAM_WORDS, offset,
             words * sizeof(*word));
    offset += words * sizeof(*word);
    add_part(program, "query", "the AT's address, PSTATE.PAN, the address to translate; reserved", WD_PROGRAM_NUMBERS,
             offset, sizeof(*query));
    if (two_stages)
        add_part(program, "query_stage1", "the same of stage 1 alone: it tells at which stage an external abort was",
                 WD_PROGRAM_NUMBERS, offset + sizeof(*query), sizeof(*query));
    program->size = offset + context->queries * sizeof(*query);
}

static bool escape_id(const char *id, char text[WD_PROGRAM_ID_MAX], struct wd_error *error)
{
    struct wd_json_out out = wd_json_to_buffer(text, WD_PROGRAM_ID_MAX);

    wd_json_put_string(&out, id);
    return wd_json_end_buffer(&out) < WD_PROGRAM_ID_MAX ||
           wd_error_set(error, "the case's id is too long for a program");
}

bool wd_program_make(struct wd_program *program, const struct wd_case *c, const char *id,
                     const struct wd_physical_range *clear, struct wd_error *error)
{
    size_t words = count_words(c);
    char escaped[WD_PROGRAM_ID_MAX];
    struct wd_cpu_case told;
    const char *reason = prepare(c, &told);
    size_t room = BATCH + sizeof(struct wd_agent_batch) + sizeof(struct wd_agent_context) +
                  (WD_REGISTER_COUNT + 1) * sizeof(uint64_t) + words * sizeof(struct wd_agent_word) +
                  2 * sizeof(struct wd_agent_query);

    *program = (struct wd_program){0};
    if (reason)
        return wd_error_set(error, "no CPU can be told this case: %s", reason);
    if (RESPONSES + 2 * sizeof(struct wd_agent_response) + 2 * words * sizeof(struct wd_agent_word) >
        SECURE_MEMORY + SECURE_MEMORY_SIZE)
        return wd_error_set(error, "the case has more words of memory than a program can hold");
    if (!escape_id(id, escaped, error))
        return false;
    memcpy(program->regs, told.regs, sizeof(program->regs));
    choose_registers(program, c);
    program->image = calloc(1, room);
    if (!program->image)
        return wd_error_set(error, "out of memory");
    if (!build_stub(program, c)) {
        wd_program_free(program);
        return wd_error_set(error, "the program's code does not fit");
    }
    memcpy(program->image, program->stub.words, program->stub.word_count * sizeof(uint32_t));
    add_part(program, "stub", "", WD_PROGRAM_CODE, 0, program->stub.word_count * sizeof(uint32_t));
    write_facts(program, c, clear);
    write_strings(program, escaped);
    write_batch(program, c, words);
    return true;
}

void wd_program_free(struct wd_program *program)
{
    free(program->image);
    program->image = NULL;
}
