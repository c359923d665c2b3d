/* SPDX-License-Identifier: MIT */
#include "harness/a64/a64.h"

#include <assert.h>

static const char *const system_register_names[WD_A64_SYSTEM_REGISTER_COUNT] = {
#define WD_A64_SYSTEM_REGISTER(name, op0, op1, CRn, CRm, op2) [WD_A64_##name] = #name,
#include "harness/a64/system_registers.def"
};

static const struct wd_a64_system_encoding system_register_encodings[WD_A64_SYSTEM_REGISTER_COUNT] = {
#define WD_A64_SYSTEM_REGISTER(name, op0, op1, CRn, CRm, op2) [WD_A64_##name] = {op0, op1, CRn, CRm, op2},
#include "harness/a64/system_registers.def"
};

static const uint8_t registers_of_cases[WD_REGISTER_COUNT] = {
#define WD_REGISTER(name, title) [WD_##name] = WD_A64_##name,
#include "walkdiff/registers.def"
};

static const char *const tlb_operation_names[WD_A64_TLB_OPERATION_COUNT] = {
#define WD_A64_TLB_OPERATION(name, op1, CRm, op2) [WD_A64_TLBI_##name] = #name,
#include "harness/a64/tlb_operations.def"
};

static const struct wd_a64_system_encoding tlb_operation_encodings[WD_A64_TLB_OPERATION_COUNT] = {
#define WD_A64_TLB_OPERATION(name, op1, CRm, op2) [WD_A64_TLBI_##name] = {1, op1, 8, CRm, op2},
#include "harness/a64/tlb_operations.def"
};

static const struct wd_a64_system_encoding at_encodings[WD_OPERATION_COUNT] = {
    [WD_AT_S1E1R] = {1, 0, 7, 8, 0},  [WD_AT_S1E1W] = {1, 0, 7, 8, 1},  [WD_AT_S1E0R] = {1, 0, 7, 8, 2},
    [WD_AT_S1E0W] = {1, 0, 7, 8, 3},  [WD_AT_S1E1RP] = {1, 0, 7, 9, 0}, [WD_AT_S1E1WP] = {1, 0, 7, 9, 1},
    [WD_AT_S1E1A] = {1, 0, 7, 9, 2},  [WD_AT_S1E2R] = {1, 4, 7, 8, 0},  [WD_AT_S1E2W] = {1, 4, 7, 8, 1},
    [WD_AT_S1E2A] = {1, 4, 7, 9, 2},  [WD_AT_S12E1R] = {1, 4, 7, 8, 4}, [WD_AT_S12E1W] = {1, 4, 7, 8, 5},
    [WD_AT_S12E0R] = {1, 4, 7, 8, 6}, [WD_AT_S12E0W] = {1, 4, 7, 8, 7},
};

const char *wd_a64_system_register_name(enum wd_a64_system_register reg)
{
    return system_register_names[reg];
}

struct wd_a64_system_encoding wd_a64_system_register_encoding(enum wd_a64_system_register reg)
{
    return system_register_encodings[reg];
}

enum wd_a64_system_register wd_a64_register_of_case(enum wd_register reg)
{
    return registers_of_cases[reg];
}

struct wd_a64_system_encoding wd_a64_at_encoding(enum wd_operation operation)
{
    return at_encodings[operation];
}

const char *wd_a64_tlb_operation_name(enum wd_a64_tlb_operation operation)
{
    return tlb_operation_names[operation];
}

/* Puts an operand into bits msb:lsb of an instruction word. */
static uint32_t with(uint32_t word, unsigned msb, unsigned lsb, uint64_t operand)
{
    assert(operand <= wd_mask(msb - lsb, 0));
    return (uint32_t)wd_with_bits(word, msb, lsb, operand);
}

/* The same for a signed operand that counts units of `scale` bytes. */
static uint32_t with_signed(uint32_t word, unsigned msb, unsigned lsb, int64_t bytes, int64_t scale)
{
    int64_t units = bytes / scale;

    assert(bytes % scale == 0 && units >> (msb - lsb) == (units < 0 ? -1 : 0));
    return (uint32_t)wd_with_bits(word, msb, lsb, (uint64_t)units);
}

/* The same for an unsigned operand that counts units of `scale` bytes. */
static uint32_t with_unsigned(uint32_t word, unsigned msb, unsigned lsb, unsigned bytes, unsigned scale)
{
    assert(bytes % scale == 0);
    return with(word, msb, lsb, bytes / scale);
}

/* System instructions share one format: MSR, MRS (op0 2 or 3), SYS (op0 1); L = 1 reads. */
static uint32_t system_instruction(bool read, struct wd_a64_system_encoding encoding, unsigned xt)
{
    uint32_t word = 0xd5000000;

    word = with(word, 21, 21, read);
    word = with(word, 20, 19, encoding.op0);
    word = with(word, 18, 16, encoding.op1);
    word = with(word, 15, 12, encoding.CRn);
    word = with(word, 11, 8, encoding.CRm);
    word = with(word, 7, 5, encoding.op2);
    return with(word, 4, 0, xt);
}

uint32_t wd_a64_mrs(unsigned xt, enum wd_a64_system_register reg)
{
    return system_instruction(true, system_register_encodings[reg], xt);
}

uint32_t wd_a64_msr(enum wd_a64_system_register reg, unsigned xt)
{
    return system_instruction(false, system_register_encodings[reg], xt);
}

uint32_t wd_a64_at(enum wd_operation operation, unsigned xt)
{
    return system_instruction(false, at_encodings[operation], xt);
}

uint32_t wd_a64_tlbi(enum wd_a64_tlb_operation operation)
{
    return system_instruction(false, tlb_operation_encodings[operation], WD_A64_XZR);
}

uint32_t wd_a64_isb(void)
{
    return 0xd5033fdf;
}

uint32_t wd_a64_dsb_sy(void)
{
    return 0xd5033f9f;
}

uint32_t wd_a64_nop(void)
{
    return 0xd503201f;
}

uint32_t wd_a64_b(int64_t offset)
{
    return with_signed(0x14000000, 25, 0, offset, 4);
}

uint32_t wd_a64_bl(int64_t offset)
{
    return with_signed(0x94000000, 25, 0, offset, 4);
}

uint32_t wd_a64_ret(void)
{
    return 0xd65f03c0;
}

static uint32_t test_bit(uint32_t word, unsigned xt, unsigned bit, int64_t offset)
{
    word = with(with(word, 31, 31, bit / 32), 23, 19, bit % 32);
    return with(with_signed(word, 18, 5, offset, 4), 4, 0, xt);
}

uint32_t wd_a64_tbz(unsigned xt, unsigned bit, int64_t offset)
{
    return test_bit(0x36000000, xt, bit, offset);
}

uint32_t wd_a64_tbnz(unsigned xt, unsigned bit, int64_t offset)
{
    return test_bit(0x37000000, xt, bit, offset);
}

uint32_t wd_a64_cbz(unsigned xt, int64_t offset)
{
    return with(with_signed(0xb4000000, 23, 5, offset, 4), 4, 0, xt);
}

uint32_t wd_a64_cbnz(unsigned xt, int64_t offset)
{
    return with(with_signed(0xb5000000, 23, 5, offset, 4), 4, 0, xt);
}

uint32_t wd_a64_br(unsigned xn)
{
    return with(0xd61f0000, 9, 5, xn);
}

uint32_t wd_a64_eret(void)
{
    return 0xd69f03e0;
}

uint32_t wd_a64_svc(uint16_t imm16)
{
    return with(0xd4000001, 20, 5, imm16);
}

uint32_t wd_a64_hvc(uint16_t imm16)
{
    return with(0xd4000002, 20, 5, imm16);
}

uint32_t wd_a64_hlt(uint16_t imm16)
{
    return with(0xd4400000, 20, 5, imm16);
}

static uint32_t move_wide(uint32_t word, unsigned xd, uint16_t imm16, unsigned shift)
{
    word = with_unsigned(word, 22, 21, shift, 16);
    return with(with(word, 20, 5, imm16), 4, 0, xd);
}

uint32_t wd_a64_movz(unsigned xd, uint16_t imm16, unsigned shift)
{
    return move_wide(0xd2800000, xd, imm16, shift);
}

uint32_t wd_a64_movk(unsigned xd, uint16_t imm16, unsigned shift)
{
    return move_wide(0xf2800000, xd, imm16, shift);
}

static uint32_t add_or_subtract(uint32_t word, unsigned xd, unsigned xn, unsigned imm12)
{
    return with(with(with(word, 21, 10, imm12), 9, 5, xn), 4, 0, xd);
}

uint32_t wd_a64_add(unsigned xd, unsigned xn, unsigned imm12)
{
    return add_or_subtract(0x91000000, xd, xn, imm12);
}

uint32_t wd_a64_sub(unsigned xd, unsigned xn, unsigned imm12)
{
    return add_or_subtract(0xd1000000, xd, xn, imm12);
}

uint32_t wd_a64_eor(unsigned xd, unsigned xn, unsigned xm)
{
    return with(with(with(0xca000000, 20, 16, xm), 9, 5, xn), 4, 0, xd);
}

/* UBFM <xd>, <xn>, #<immr>, #<imms>: its aliases are what we use. */
static uint32_t unsigned_bit_field_move(unsigned xd, unsigned xn, unsigned immr, unsigned imms)
{
    return with(with(with(with(0xd3400000, 21, 16, immr), 15, 10, imms), 9, 5, xn), 4, 0, xd);
}

uint32_t wd_a64_ubfx(unsigned xd, unsigned xn, unsigned lsb, unsigned width)
{
    assert(width && lsb + width <= 64);
    return unsigned_bit_field_move(xd, xn, lsb, lsb + width - 1);
}

uint32_t wd_a64_lsl(unsigned xd, unsigned xn, unsigned shift)
{
    assert(shift && shift < 64);
    return unsigned_bit_field_move(xd, xn, 64 - shift, 63 - shift);
}

static uint32_t with_base(uint32_t word, unsigned xt, unsigned xn)
{
    return with(with(word, 9, 5, xn), 4, 0, xt);
}

uint32_t wd_a64_ldr(unsigned xt, unsigned xn, unsigned offset)
{
    return with_base(with_unsigned(0xf9400000, 21, 10, offset, 8), xt, xn);
}

uint32_t wd_a64_str(unsigned xt, unsigned xn, unsigned offset)
{
    return with_base(with_unsigned(0xf9000000, 21, 10, offset, 8), xt, xn);
}

uint32_t wd_a64_ldr_post(unsigned xt, unsigned xn, int step)
{
    return with_base(with_signed(0xf8400400, 20, 12, step, 1), xt, xn);
}

uint32_t wd_a64_str_post(unsigned xt, unsigned xn, int step)
{
    return with_base(with_signed(0xf8000400, 20, 12, step, 1), xt, xn);
}

uint32_t wd_a64_ldrb_post(unsigned wt, unsigned xn, int step)
{
    return with_base(with_signed(0x38400400, 20, 12, step, 1), wt, xn);
}

uint32_t wd_a64_strb_post(unsigned wt, unsigned xn, int step)
{
    return with_base(with_signed(0x38000400, 20, 12, step, 1), wt, xn);
}

uint32_t wd_a64_str_w(unsigned wt, unsigned xn, unsigned offset)
{
    return with_base(with_unsigned(0xb9000000, 21, 10, offset, 4), wt, xn);
}

static uint32_t pair(uint32_t word, unsigned xt1, unsigned xt2, unsigned xn, int offset)
{
    return with_base(with(with_signed(word, 21, 15, offset, 8), 14, 10, xt2), xt1, xn);
}

uint32_t wd_a64_ldp(unsigned xt1, unsigned xt2, unsigned xn, int offset)
{
    return pair(0xa9400000, xt1, xt2, xn, offset);
}

uint32_t wd_a64_stp(unsigned xt1, unsigned xt2, unsigned xn, int offset)
{
    return pair(0xa9000000, xt1, xt2, xn, offset);
}

uint32_t wd_a64_ldp_post(unsigned xt1, unsigned xt2, unsigned xn, int step)
{
    return pair(0xa8c00000, xt1, xt2, xn, step);
}

uint32_t wd_a64_stp_post(unsigned xt1, unsigned xt2, unsigned xn, int step)
{
    return pair(0xa8800000, xt1, xt2, xn, step);
}

void wd_a64_emit(struct wd_a64_code *code, uint32_t word)
{
    if (code->count < code->capacity)
        code->words[code->count] = word;
    code->count++;
}

void wd_a64_emit_constant(struct wd_a64_code *code, unsigned xd, uint64_t value)
{
    wd_a64_emit(code, wd_a64_movz(xd, (uint16_t)wd_bits(value, 15, 0), 0));
    for (unsigned shift = 16; shift < 64; shift += 16)
        if (wd_bits(value, shift + 15, shift))
            wd_a64_emit(code, wd_a64_movk(xd, (uint16_t)wd_bits(value, shift + 15, shift), shift));
}

int64_t wd_a64_offset_to(const struct wd_a64_code *code, size_t target)
{
    return ((int64_t)target - (int64_t)code->count) * 4;
}
