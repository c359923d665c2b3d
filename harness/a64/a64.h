/* SPDX-License-Identifier: MIT */
/*
 * A small A64 encoder: the instructions of which our stubs are made, one function an instruction, each giving the
 * instruction word. Pure: no I/O, no state. The names and the operands are those of the Arm ARM (DDI 0487), chapters C5
 * "The A64 System instruction class" and C6 "A64 base instruction descriptions".
 *
 * Registers are numbers 0 to 30; 31 is XZR, or SP where the instruction says so. Operands that do not fit their field
 * are a programming error, which assert() catches.
 */
#ifndef WALKDIFF_A64_H
#define WALKDIFF_A64_H

#include "walkdiff/case.h"

/** System registers by name: WD_A64_SCTLR_EL1, … */
enum wd_a64_system_register {
#define WD_A64_SYSTEM_REGISTER(name, op0, op1, CRn, CRm, op2) WD_A64_##name,
#include "harness/a64/system_registers.def"
    WD_A64_SYSTEM_REGISTER_COUNT,
};

/** TLB maintenance without an address: WD_A64_TLBI_ALLE1, … */
enum wd_a64_tlb_operation {
#define WD_A64_TLB_OPERATION(name, op1, CRm, op2) WD_A64_TLBI_##name,
#include "harness/a64/tlb_operations.def"
    WD_A64_TLB_OPERATION_COUNT,
};

/** The operands that name a system register or system instruction. */
struct wd_a64_system_encoding {
    uint8_t op0, op1, CRn, CRm, op2;
};

enum { WD_A64_XZR = 31, WD_A64_SP = 31 };

/** The architectural name of a system register. */
const char *wd_a64_system_register_name(enum wd_a64_system_register reg);

/** How MRS and MSR name a system register. */
struct wd_a64_system_encoding wd_a64_system_register_encoding(enum wd_a64_system_register reg);

/** The system register that holds a register of a case. */
enum wd_a64_system_register wd_a64_register_of_case(enum wd_register reg);

/** How SYS names an AT instruction. */
struct wd_a64_system_encoding wd_a64_at_encoding(enum wd_operation operation);

/** The name of a TLBI operation. */
const char *wd_a64_tlb_operation_name(enum wd_a64_tlb_operation operation);

/* ---------------------------------------------------------------- system instructions */
/** MRS <xt>, <reg> */
uint32_t wd_a64_mrs(unsigned xt, enum wd_a64_system_register reg);
/** MSR <reg>, <xt> */
uint32_t wd_a64_msr(enum wd_a64_system_register reg, unsigned xt);
/** AT <operation>, <xt> */
uint32_t wd_a64_at(enum wd_operation operation, unsigned xt);
/** TLBI <operation> */
uint32_t wd_a64_tlbi(enum wd_a64_tlb_operation operation);
/** ISB */
uint32_t wd_a64_isb(void);
/** DSB SY */
uint32_t wd_a64_dsb_sy(void);
/** NOP */
uint32_t wd_a64_nop(void);

/* ---------------------------------------------------------------- branches and exceptions
 * Offsets are in bytes from the instruction itself, multiples of 4. */
/** B <offset>: ±128 MiB */
uint32_t wd_a64_b(int64_t offset);
/** BL <offset>: ±128 MiB */
uint32_t wd_a64_bl(int64_t offset);
/** RET */
uint32_t wd_a64_ret(void);
/** TBZ <xt>, #<bit>, <offset>: ±32 KiB */
uint32_t wd_a64_tbz(unsigned xt, unsigned bit, int64_t offset);
/** TBNZ <xt>, #<bit>, <offset>: ±32 KiB */
uint32_t wd_a64_tbnz(unsigned xt, unsigned bit, int64_t offset);
/** CBZ <xt>, <offset>: ±1 MiB */
uint32_t wd_a64_cbz(unsigned xt, int64_t offset);
/** CBNZ <xt>, <offset>: ±1 MiB */
uint32_t wd_a64_cbnz(unsigned xt, int64_t offset);
/** BR <xn> */
uint32_t wd_a64_br(unsigned xn);
/** ERET */
uint32_t wd_a64_eret(void);
/** SVC #<imm16> */
uint32_t wd_a64_svc(uint16_t imm16);
/** HVC #<imm16> */
uint32_t wd_a64_hvc(uint16_t imm16);
/** HLT #<imm16> */
uint32_t wd_a64_hlt(uint16_t imm16);

/* ---------------------------------------------------------------- arithmetic */
/** MOVZ <xd>, #<imm16>, LSL #<shift>: shift 0, 16, 32 or 48 */
uint32_t wd_a64_movz(unsigned xd, uint16_t imm16, unsigned shift);
/** MOVK <xd>, #<imm16>, LSL #<shift> */
uint32_t wd_a64_movk(unsigned xd, uint16_t imm16, unsigned shift);
/** ADD <xd|sp>, <xn|sp>, #<imm12> */
uint32_t wd_a64_add(unsigned xd, unsigned xn, unsigned imm12);
/** SUB <xd|sp>, <xn|sp>, #<imm12> */
uint32_t wd_a64_sub(unsigned xd, unsigned xn, unsigned imm12);
/** EOR <xd>, <xn>, <xm> */
uint32_t wd_a64_eor(unsigned xd, unsigned xn, unsigned xm);

/** UBFX <xd>, <xn>, #<lsb>, #<width> */
uint32_t wd_a64_ubfx(unsigned xd, unsigned xn, unsigned lsb, unsigned width);
/** LSL <xd>, <xn>, #<shift>: shift 1 … 63 */
uint32_t wd_a64_lsl(unsigned xd, unsigned xn, unsigned shift);

/* ---------------------------------------------------------------- loads and stores of bytes */
/** LDRB <wt>, [<xn|sp>], #<step>: step −256 … 255 */
uint32_t wd_a64_ldrb_post(unsigned wt, unsigned xn, int step);
/** STRB <wt>, [<xn|sp>], #<step>: step −256 … 255 */
uint32_t wd_a64_strb_post(unsigned wt, unsigned xn, int step);

/* ---------------------------------------------------------------- loads and stores of 64 bits; offsets in bytes */
/** LDR <xt>, [<xn|sp>, #<offset>]: offset 0 … 32760, a multiple of 8 */
uint32_t wd_a64_ldr(unsigned xt, unsigned xn, unsigned offset);
/** STR <xt>, [<xn|sp>, #<offset>]: as wd_a64_ldr() */
uint32_t wd_a64_str(unsigned xt, unsigned xn, unsigned offset);
/** LDR <xt>, [<xn|sp>], #<step>: step −256 … 255 */
uint32_t wd_a64_ldr_post(unsigned xt, unsigned xn, int step);
/** STR <xt>, [<xn|sp>], #<step>: step −256 … 255 */
uint32_t wd_a64_str_post(unsigned xt, unsigned xn, int step);
/** STR <wt>, [<xn|sp>, #<offset>]: 32 bits; offset 0 … 16380, a multiple of 4 */
uint32_t wd_a64_str_w(unsigned wt, unsigned xn, unsigned offset);
/** LDP <xt1>, <xt2>, [<xn|sp>, #<offset>]: offset −512 … 504, a multiple of 8 */
uint32_t wd_a64_ldp(unsigned xt1, unsigned xt2, unsigned xn, int offset);
/** STP <xt1>, <xt2>, [<xn|sp>, #<offset>]: as wd_a64_ldp() */
uint32_t wd_a64_stp(unsigned xt1, unsigned xt2, unsigned xn, int offset);
/** LDP <xt1>, <xt2>, [<xn|sp>], #<step>: step −512 … 504, a multiple of 8 */
uint32_t wd_a64_ldp_post(unsigned xt1, unsigned xt2, unsigned xn, int step);
/** STP <xt1>, <xt2>, [<xn|sp>], #<step>: as wd_a64_ldp_post() */
uint32_t wd_a64_stp_post(unsigned xt1, unsigned xt2, unsigned xn, int step);

/* ---------------------------------------------------------------- code: instructions in a row */
/** Where instructions are written. `count` goes on counting past `capacity`, so that one check at the end is enough. */
struct wd_a64_code {
    uint32_t *words;
    size_t count, capacity;
};

/** Appends an instruction. */
void wd_a64_emit(struct wd_a64_code *code, uint32_t word);

/** Appends a MOVZ, and a MOVK for each further 16 bits that are not 0, which give `xd` a value. */
void wd_a64_emit_constant(struct wd_a64_code *code, unsigned xd, uint64_t value);

/** Offset in bytes from the next instruction to instruction number `target`. */
int64_t wd_a64_offset_to(const struct wd_a64_code *code, size_t target);

#endif
