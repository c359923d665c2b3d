/* SPDX-License-Identifier: MIT */
/* The A64 encoder, read back by Capstone: what was encoded is what is disassembled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <capstone/capstone.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "harness/a64/a64.h"
#include "harness/agent/agent.h"

enum { TEXT_MAX = 256, ADDRESS = 0x100000 };

static int open_capstone(void **state)
{
    static csh handle;

    *state = &handle;
    return cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &handle) == CS_ERR_OK ? 0 : -1;
}

static int close_capstone(void **state)
{
    return cs_close(*state) == CS_ERR_OK ? 0 : -1;
}

/* "mrs x3, sctlr_el1", or "?" if Capstone knows no such instruction. */
static void disassemble(void **state, uint32_t word, char text[TEXT_MAX])
{
    const uint8_t bytes[4] = {(uint8_t)wd_bits(word, 7, 0), (uint8_t)wd_bits(word, 15, 8),
                              (uint8_t)wd_bits(word, 23, 16), (uint8_t)wd_bits(word, 31, 24)};
    const csh *handle = *state;
    cs_insn *instruction;
    size_t count = cs_disasm(*handle, bytes, sizeof(bytes), ADDRESS, 1, &instruction);

    snprintf(text, TEXT_MAX, "?");
    if (count) {
        const char *operands = instruction->op_str;
        snprintf(text, TEXT_MAX, "%s%s%s", instruction->mnemonic, operands[0] ? " " : "", operands);
        cs_free(instruction, count);
    }
}

/* Checks that an instruction reads as one of two texts: Capstone 4 and 5 write some in different ways. */
static void expect(void **state, uint32_t word, const char *text, const char *other_text)
{
    char got[TEXT_MAX];

    disassemble(state, word, got);
    if (strcmp(got, text) != 0 && (!other_text || strcmp(got, other_text) != 0))
        fail_msg("0x%08x is '%s', not '%s'", word, got, text);
}

static void lower_case(const char *name, char lower[TEXT_MAX])
{
    size_t i = 0;

    do
        lower[i] = (char)tolower((unsigned char)name[i]);
    while (name[i++]);
}

/* ---------------------------------------------------------------- system registers */

/* Registers that no Capstone names, or not every version does, as the "Accessing" part of their pages encodes them. */
static const struct {
    enum wd_a64_system_register reg;
    const char *generic;
} unnamed[] = {
    {WD_A64_TCR2_EL1, "s3_0_c2_c0_3"},         {WD_A64_PIRE0_EL1, "s3_0_c10_c2_2"},
    {WD_A64_PIR_EL1, "s3_0_c10_c2_3"},         {WD_A64_POR_EL0, "s3_3_c10_c2_4"},
    {WD_A64_POR_EL1, "s3_0_c10_c2_4"},         {WD_A64_TCR2_EL2, "s3_4_c2_c0_3"},
    {WD_A64_PIRE0_EL2, "s3_4_c10_c2_2"},       {WD_A64_PIR_EL2, "s3_4_c10_c2_3"},
    {WD_A64_POR_EL2, "s3_4_c10_c2_4"},         {WD_A64_HCRX_EL2, "s3_4_c1_c2_2"},
    {WD_A64_ID_AA64PFR2_EL1, "s3_0_c0_c4_2"},  {WD_A64_ID_AA64ISAR2_EL1, "s3_0_c0_c6_2"},
    {WD_A64_ID_AA64MMFR3_EL1, "s3_0_c0_c7_3"}, {WD_A64_ID_AA64MMFR4_EL1, "s3_0_c0_c7_4"},
};

static const char *generic_name(enum wd_a64_system_register reg)
{
    for (size_t i = 0; i < sizeof(unnamed) / sizeof(unnamed[0]); i++)
        if (unnamed[i].reg == reg)
            return unnamed[i].generic;
    return NULL;
}

static void mrs_reads_every_system_register(void **state)
{
    for (enum wd_a64_system_register reg = 0; reg < WD_A64_SYSTEM_REGISTER_COUNT; reg++) {
        const char *generic = generic_name(reg);
        char name[TEXT_MAX], text[2 * TEXT_MAX], other[2 * TEXT_MAX];

        lower_case(wd_a64_system_register_name(reg), name);
        snprintf(text, sizeof(text), "mrs x3, %s", name);
        snprintf(other, sizeof(other), "mrs x3, %s", generic ? generic : name);
        expect(state, wd_a64_mrs(3, reg), text, other);
    }
}

static bool read_only(enum wd_a64_system_register reg)
{
    const char *name = wd_a64_system_register_name(reg);

    return strncmp(name, "ID_", 3) == 0 || reg == WD_A64_CurrentEL;
}

static void msr_writes_every_system_register_that_can_be_written(void **state)
{
    for (enum wd_a64_system_register reg = 0; reg < WD_A64_SYSTEM_REGISTER_COUNT; reg++) {
        const char *generic = generic_name(reg);
        char name[TEXT_MAX], text[2 * TEXT_MAX], other[2 * TEXT_MAX];

        if (read_only(reg))
            continue;
        lower_case(wd_a64_system_register_name(reg), name);
        snprintf(text, sizeof(text), "msr %s, x29", name);
        snprintf(other, sizeof(other), "msr %s, x29", generic ? generic : name);
        expect(state, wd_a64_msr(reg, 29), text, other);
    }
}

static void each_register_of_a_case_is_the_system_register_of_that_name(void **state)
{
    (void)state;
    for (enum wd_register reg = 0; reg < WD_REGISTER_COUNT; reg++)
        assert_string_equal(wd_a64_system_register_name(wd_a64_register_of_case(reg)), wd_registers[reg].name);
}

/* ---------------------------------------------------------------- system instructions */

static void at_encodes_every_operation(void **state)
{
    static const char *const generic[WD_OPERATION_COUNT] = {
        [WD_AT_S1E1RP] = "sys #0, c7, c9, #0, x5",
        [WD_AT_S1E1WP] = "sys #0, c7, c9, #1, x5",
        [WD_AT_S1E1A] = "sys #0, c7, c9, #2, x5",
        [WD_AT_S1E2A] = "sys #4, c7, c9, #2, x5",
    };

    for (enum wd_operation operation = 0; operation < WD_OPERATION_COUNT; operation++) {
        char name[TEXT_MAX], text[2 * TEXT_MAX];

        lower_case(wd_operation_names[operation], name);
        snprintf(text, sizeof(text), "at %s, x5", name);
        expect(state, wd_a64_at(operation, 5), text, generic[operation]);
    }
}

static void tlbi_encodes_every_operation(void **state)
{
    for (enum wd_a64_tlb_operation operation = 0; operation < WD_A64_TLB_OPERATION_COUNT; operation++) {
        char name[TEXT_MAX], text[2 * TEXT_MAX];

        lower_case(wd_a64_tlb_operation_name(operation), name);
        snprintf(text, sizeof(text), "tlbi %s", name);
        expect(state, wd_a64_tlbi(operation), text, NULL);
    }
}

static void barriers_and_nop_are_encoded(void **state)
{
    expect(state, wd_a64_isb(), "isb", NULL);
    expect(state, wd_a64_dsb_sy(), "dsb sy", NULL);
    expect(state, wd_a64_nop(), "nop", NULL);
}

/* ---------------------------------------------------------------- the rest */

static void branches_reach_both_ways(void **state)
{
    expect(state, wd_a64_b(0), "b #0x100000", NULL);
    expect(state, wd_a64_b(-8), "b #0xffff8", NULL);
    expect(state, wd_a64_b((INT64_C(1) << 27) - 4), "b #0x80ffffc", NULL);
    expect(state, wd_a64_b(-(INT64_C(1) << 27)), "b #0xfffffffff8100000", NULL);
    expect(state, wd_a64_cbz(0, 16), "cbz x0, #0x100010", NULL);
    expect(state, wd_a64_cbz(30, (INT64_C(1) << 20) - 4), "cbz x30, #0x1ffffc", NULL);
    expect(state, wd_a64_cbnz(7, -(INT64_C(1) << 20)), "cbnz x7, #0", NULL);
    expect(state, wd_a64_bl(-8), "bl #0xffff8", NULL);
    expect(state, wd_a64_tbz(3, 0, 8), "tbz w3, #0, #0x100008", NULL);
    expect(state, wd_a64_tbz(30, 63, (INT64_C(1) << 15) - 4), "tbz x30, #0x3f, #0x107ffc", NULL);
    expect(state, wd_a64_tbnz(5, 32, -(INT64_C(1) << 15)), "tbnz x5, #0x20, #0xf8000", NULL);
    expect(state, wd_a64_ret(), "ret", NULL);
    expect(state, wd_a64_br(9), "br x9", NULL);
    expect(state, wd_a64_eret(), "eret", NULL);
}

static void instructions_that_take_an_exception_carry_their_number(void **state)
{
    expect(state, wd_a64_svc(0x10), "svc #0x10", NULL);
    expect(state, wd_a64_hvc(0xffff), "hvc #0xffff", NULL);
    expect(state, wd_a64_hlt(0xf000), "hlt #0xf000", NULL);
}

static void arithmetic_takes_its_whole_immediate(void **state)
{
    expect(state, wd_a64_movz(1, 0x1234, 0), "movz x1, #0x1234", "mov x1, #0x1234");
    expect(state, wd_a64_movz(30, 0x8001, 32), "movz x30, #0x8001, lsl #32", "mov x30, #0x800100000000");
    expect(state, wd_a64_movk(1, 0xabcd, 16), "movk x1, #0xabcd, lsl #16", NULL);
    expect(state, wd_a64_movk(1, 0xffff, 48), "movk x1, #0xffff, lsl #48", NULL);
    expect(state, wd_a64_add(1, 2, 4095), "add x1, x2, #0xfff", NULL);
    expect(state, wd_a64_add(WD_A64_SP, WD_A64_SP, 16), "add sp, sp, #0x10", NULL);
    expect(state, wd_a64_sub(1, 30, 1), "sub x1, x30, #1", NULL);
    expect(state, wd_a64_eor(1, 30, 2), "eor x1, x30, x2", NULL);
    expect(state, wd_a64_ubfx(1, 30, 8, 4), "ubfx x1, x30, #8, #4", NULL);
    expect(state, wd_a64_ubfx(1, 30, 60, 4), "lsr x1, x30, #0x3c", NULL);
    expect(state, wd_a64_lsl(1, 30, 1), "lsl x1, x30, #1", NULL);
    expect(state, wd_a64_lsl(1, 30, 63), "lsl x1, x30, #0x3f", NULL);
}

static void loads_and_stores_take_the_offsets_at_both_ends(void **state)
{
    expect(state, wd_a64_ldr(1, 2, 0), "ldr x1, [x2]", NULL);
    expect(state, wd_a64_ldr(1, WD_A64_SP, 32760), "ldr x1, [sp, #0x7ff8]", NULL);
    expect(state, wd_a64_str(WD_A64_XZR, 2, 8), "str xzr, [x2, #8]", NULL);
    expect(state, wd_a64_ldr_post(1, 2, -256), "ldr x1, [x2], #0xffffffffffffff00", "ldr x1, [x2], #-0x100");
    expect(state, wd_a64_ldr_post(1, 2, 16), "ldr x1, [x2], #0x10", NULL);
    expect(state, wd_a64_str_post(1, 2, 255), "str x1, [x2], #0xff", NULL);
    expect(state, wd_a64_str_w(1, 2, 16380), "str w1, [x2, #0x3ffc]", NULL);
    expect(state, wd_a64_ldrb_post(1, 2, 1), "ldrb w1, [x2], #1", NULL);
    expect(state, wd_a64_strb_post(1, 2, 255), "strb w1, [x2], #0xff", NULL);
    expect(state, wd_a64_ldp(1, 2, 3, -512), "ldp x1, x2, [x3, #-0x200]", NULL);
    expect(state, wd_a64_stp(1, 2, 3, 504), "stp x1, x2, [x3, #0x1f8]", NULL);
    expect(state, wd_a64_ldp_post(1, 2, 3, 16), "ldp x1, x2, [x3], #0x10", NULL);
    expect(state, wd_a64_stp_post(1, WD_A64_XZR, WD_A64_SP, -16), "stp x1, xzr, [sp], #-0x10", NULL);
}

static void a_constant_takes_as_many_instructions_as_it_has_parts(void **state)
{
    uint32_t words[8];
    struct wd_a64_code code = {words, 0, 8};

    wd_a64_emit_constant(&code, 4, UINT64_C(0x12340000abcd0000));
    assert_int_equal(code.count, 3);
    expect(state, words[0], "movz x4, #0", "mov x4, #0");
    expect(state, words[1], "movk x4, #0xabcd, lsl #16", NULL);
    expect(state, words[2], "movk x4, #0x1234, lsl #48", NULL);
}

static void code_past_its_capacity_is_counted_and_not_written(void **state)
{
    uint32_t words[2] = {0, 0};
    struct wd_a64_code code = {words, 0, 1};

    (void)state;
    wd_a64_emit(&code, wd_a64_nop());
    wd_a64_emit(&code, wd_a64_nop());
    assert_int_equal(code.count, 2);
    assert_int_equal(words[1], 0);
}

/* ---------------------------------------------------------------- the stub */

static void wait_by_hlt(struct wd_a64_code *code)
{
    wd_a64_emit(code, wd_a64_hlt(0xf000));
}

static void fill_the_image(struct wd_a64_code *code)
{
    for (size_t i = 0; i < WD_AGENT_IMAGE_WORDS_MAX; i++)
        wd_a64_emit(code, wd_a64_nop());
}

static const enum wd_register two_registers[] = {WD_HCR_EL2, WD_TTBR0_EL1};

static struct wd_agent_config small_config(wd_agent_doorbell *doorbell)
{
    return (struct wd_agent_config){
        .base = 0x80000000,
        .requests = 0x80002000,
        .responses = 0x80001000,
        .progress = 0x80000ff0,
        .registers = two_registers,
        .register_count = 2,
        .has_pan = true,
        .doorbell = doorbell,
    };
}

static uint32_t word_at(const struct wd_agent_image *image, uint64_t address)
{
    return image->words[(address - image->entry) / sizeof(uint32_t)];
}

static void the_stub_has_its_parts_where_it_says(void **state)
{
    const struct wd_agent_config config = small_config(wait_by_hlt);
    struct wd_agent_image image;

    assert_true(wd_agent_build(&config, &image));
    assert_int_equal(image.identify, config.base);
    assert_int_equal(image.context_words, 4); /* two, and two registers */
    assert_int_equal(image.response_words, 1);
    expect(state, word_at(&image, image.doorbell), "hlt #0xf000", NULL);
    assert_int_equal(image.batch, image.doorbell + sizeof(uint32_t));
    for (enum wd_operation operation = 0; operation < WD_OPERATION_COUNT; operation++)
        assert_int_equal(word_at(&image, image.at[operation]), wd_a64_at(operation, 2));
    assert_int_equal(image.words[image.word_count - 1],
                     wd_a64_b(-4 * (int64_t)(image.word_count - 1 - (image.doorbell - image.entry) / 4)));
}

static void the_stub_sets_the_registers_of_its_configuration(void **state)
{
    const struct wd_agent_config config = small_config(wait_by_hlt);
    struct wd_agent_image image;
    size_t written = 0;

    (void)state;
    assert_true(wd_agent_build(&config, &image));
    for (size_t i = 0; i < image.word_count; i++)
        for (unsigned x = 0; x < 31; x++)
            for (enum wd_a64_system_register reg = 0; reg < WD_A64_SYSTEM_REGISTER_COUNT; reg++)
                if (image.words[i] == wd_a64_msr(reg, x)) {
                    assert_true(reg == WD_A64_PAN || reg == WD_A64_HCR_EL2 || reg == WD_A64_TTBR0_EL1);
                    written++;
                }
    assert_int_equal(written, 3);
}

static void a_stub_for_reset_begins_with_the_set_up_of_el3_and_has_vectors(void **state)
{
    struct wd_agent_config config = small_config(wait_by_hlt);
    struct wd_agent_image image;

    config.el3_entry = config.with_memory = config.tlb_maintenance = true;
    assert_true(wd_agent_build(&config, &image));
    assert_int_equal(image.entry, config.base);
    assert_true(image.identify > image.entry);
    assert_int_equal(image.response_words, 5);
    assert_int_equal(image.word_count * sizeof(uint32_t), WD_AGENT_VECTORS + 0x800);
    for (size_t vector = 0; vector < 16; vector++)
        expect(state, image.words[(WD_AGENT_VECTORS + vector * 0x80) / sizeof(uint32_t)], "mrs x10, esr_el3", NULL);
}

static void a_stub_that_does_not_fit_is_refused(void **state)
{
    const struct wd_agent_config config = small_config(fill_the_image);
    struct wd_agent_image image;

    (void)state;
    assert_false(wd_agent_build(&config, &image));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mrs_reads_every_system_register),
        cmocka_unit_test(msr_writes_every_system_register_that_can_be_written),
        cmocka_unit_test(each_register_of_a_case_is_the_system_register_of_that_name),
        cmocka_unit_test(at_encodes_every_operation),
        cmocka_unit_test(tlbi_encodes_every_operation),
        cmocka_unit_test(barriers_and_nop_are_encoded),
        cmocka_unit_test(branches_reach_both_ways),
        cmocka_unit_test(instructions_that_take_an_exception_carry_their_number),
        cmocka_unit_test(arithmetic_takes_its_whole_immediate),
        cmocka_unit_test(loads_and_stores_take_the_offsets_at_both_ends),
        cmocka_unit_test(a_constant_takes_as_many_instructions_as_it_has_parts),
        cmocka_unit_test(code_past_its_capacity_is_counted_and_not_written),
        cmocka_unit_test(the_stub_has_its_parts_where_it_says),
        cmocka_unit_test(the_stub_sets_the_registers_of_its_configuration),
        cmocka_unit_test(a_stub_for_reset_begins_with_the_set_up_of_el3_and_has_vectors),
        cmocka_unit_test(a_stub_that_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests(tests, open_capstone, close_capstone);
}
