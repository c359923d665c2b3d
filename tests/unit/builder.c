/* SPDX-License-Identifier: MIT */
#include "tests/unit/builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- a case */

static const uint64_t mair = UINT64_C(0x0000000cbb4400ff); /* enum hand_mair, lowest byte first */

const struct hand_path hand_stage1_path = {
    .granule_bits = 12, .input_bits = 39, .start_level = 1, .base = HAND_STAGE1_TABLES};
const struct hand_path hand_stage2_path = {
    .granule_bits = 12, .input_bits = 39, .start_level = 1, .base = HAND_STAGE2_TABLES};

void hand_start(struct hand *hand, enum wd_operation op, uint64_t va)
{
    memset(hand, 0, sizeof(*hand));
    hand->c = (struct wd_case){.op = (uint8_t)op, .el = 2, .va = va, .ram = hand->ram, .mem = hand->mem};
    hand->c.regs[WD_HCR_EL2] = WD_HCR_EL2_DEFAULT;
    hand_ram(hand, HAND_RAM_BASE, HAND_RAM_SIZE, false);
    SET(hand, ID_AA64MMFR0_EL1, PARange, 5);
    SET(hand, ID_AA64MMFR0_EL1, TGran16, 1);
    SET(hand, ID_AA64MMFR1_EL1, VH, 1);
}

/* The fields that TCR_EL1 and, with E2H = 1, TCR_EL2 share. */
#define SET_TWO_RANGES(hand, reg, layout)                                                                              \
    do {                                                                                                               \
        SET_AS(hand, reg, layout, T0SZ, 25);                                                                           \
        SET_AS(hand, reg, layout, T1SZ, 25);                                                                           \
        SET_AS(hand, reg, layout, TG1, 2);                                                                             \
        SET_AS(hand, reg, layout, IPS, 5);                                                                             \
        SET_AS(hand, reg, layout, IRGN0, 1);                                                                           \
        SET_AS(hand, reg, layout, ORGN0, 1);                                                                           \
        SET_AS(hand, reg, layout, SH0, SH_INNER);                                                                      \
        SET_AS(hand, reg, layout, IRGN1, 1);                                                                           \
        SET_AS(hand, reg, layout, ORGN1, 1);                                                                           \
        SET_AS(hand, reg, layout, SH1, SH_INNER);                                                                      \
    } while (0)

void hand_el10(struct hand *hand, enum wd_operation op, uint64_t va)
{
    hand_start(hand, op, va);
    SET(hand, SCTLR_EL1, M, 1);
    SET(hand, SCTLR_EL1, C, 1);
    SET_TWO_RANGES(hand, TCR_EL1, TCR_EL1);
    hand->c.regs[WD_MAIR_EL1] = mair;
    hand->c.regs[WD_TTBR0_EL1] = hand->c.regs[WD_TTBR1_EL1] = HAND_STAGE1_TABLES;
}

static void turn_el2_on(struct hand *hand)
{
    SET(hand, SCTLR_EL2, M, 1);
    SET(hand, SCTLR_EL2, C, 1);
    hand->c.regs[WD_MAIR_EL2] = mair;
    hand->c.regs[WD_TTBR0_EL2] = hand->c.regs[WD_TTBR1_EL2] = HAND_STAGE1_TABLES;
}

void hand_el2(struct hand *hand, enum wd_operation op, uint64_t va)
{
    hand_start(hand, op, va);
    turn_el2_on(hand);
    SET(hand, TCR_EL2, T0SZ, 25);
    SET(hand, TCR_EL2, PS, 5);
    SET(hand, TCR_EL2, IRGN0, 1);
    SET(hand, TCR_EL2, ORGN0, 1);
    SET(hand, TCR_EL2, SH0, SH_INNER);
}

void hand_el20(struct hand *hand, enum wd_operation op, uint64_t va)
{
    hand_start(hand, op, va);
    turn_el2_on(hand);
    SET(hand, HCR_EL2, E2H, 1);
    SET(hand, HCR_EL2, TGE, 1);
    SET_TWO_RANGES(hand, TCR_EL2, TCR_EL2_E2H);
}

void hand_stage2(struct hand *hand)
{
    SET(hand, HCR_EL2, VM, 1);
    SET(hand, VTCR_EL2, T0SZ, 25);
    SET(hand, VTCR_EL2, SL0, 1);
    SET(hand, VTCR_EL2, PS, 5);
    SET(hand, VTCR_EL2, IRGN0, 1);
    SET(hand, VTCR_EL2, ORGN0, 1);
    SET(hand, VTCR_EL2, SH0, SH_INNER);
    hand->c.regs[WD_VTTBR_EL2] = HAND_STAGE2_TABLES;
}

void hand_put(struct hand *hand, uint64_t pa, uint64_t descriptor)
{
    uint32_t i = hand->c.mem_count;

    assert_true(i < HAND_WORDS_MAX);
    for (; i && hand->mem[i - 1].pa > pa; i--)
        hand->mem[i] = hand->mem[i - 1];
    assert_true(i == 0 || hand->mem[i - 1].pa != pa);
    hand->mem[i] = (struct wd_word){pa, hand->big_endian ? __builtin_bswap64(descriptor) : descriptor};
    hand->c.mem_count++;
}

void hand_ram(struct hand *hand, uint64_t base, uint64_t size, bool read_only)
{
    assert_true(hand->c.ram_count < sizeof(hand->ram) / sizeof(hand->ram[0]));
    hand->ram[hand->c.ram_count++] = (struct wd_ram){base, size, read_only};
}

void hand_read_only(struct hand *hand)
{
    for (uint32_t i = 0; i < hand->c.ram_count; i++)
        hand->ram[i].read_only = true;
}

uint64_t hand_descriptor(const struct hand_path *path, int level, uint64_t input)
{
    unsigned stride = path->granule_bits - 3;
    unsigned lsb = path->granule_bits + (unsigned)(3 - level) * stride;
    unsigned msb = (level == path->start_level ? path->input_bits : lsb + stride) - 1;

    return path->base + (uint64_t)(level - path->start_level) * HAND_TABLE_STRIDE + 8 * wd_bits(input, msb, lsb);
}

void hand_map_path(struct hand *hand, const struct hand_path *path, uint64_t input, int level, uint64_t leaf)
{
    for (int above = path->start_level; above < level; above++)
        hand_put(hand, hand_descriptor(path, above, input),
                 (path->base + (uint64_t)(above + 1 - path->start_level) * HAND_TABLE_STRIDE) | path->table_bits |
                     TABLE);
    hand_put(hand, hand_descriptor(path, level, input), leaf);
}

void hand_map(struct hand *hand, uint64_t va, int level, uint64_t leaf)
{
    hand_map_path(hand, &hand_stage1_path, va, level, leaf);
}

void hand_map_stage2(struct hand *hand, uint64_t ipa, int level, uint64_t leaf)
{
    hand_map_path(hand, &hand_stage2_path, ipa, level, leaf);
}

void hand_page(struct hand *hand, enum wd_operation op)
{
    hand_el10(hand, op, HAND_VA);
    hand_map(hand, HAND_VA, 3, THE_PAGE);
}

void hand_user_page(struct hand *hand, enum wd_operation op)
{
    hand_el10(hand, op, HAND_VA);
    hand_map(hand, HAND_VA, 3, USER_PAGE);
}

void hand_map_stage2_flat(struct hand *hand, uint64_t block_bits)
{
    for (uint64_t gigabyte = 0; gigabyte < 4; gigabyte++)
        hand_map_stage2(hand, gigabyte << 30, 1, gigabyte << 30 | block_bits | BLOCK);
}

/* ---------------------------------------------------------------- answers */

uint64_t par_success(uint64_t pa, uint64_t attr, uint64_t sh)
{
    uint64_t par = WD_WITH(0, PAR_EL1, NSE, 1);

    par = WD_WITH(par, PAR_EL1, PA, pa >> 12);
    par = WD_WITH(par, PAR_EL1, ATTR, attr);
    return WD_WITH(par, PAR_EL1, SH, sh);
}

uint64_t par_fault(uint64_t fst)
{
    uint64_t par = WD_WITH(0, PAR_EL1_F, F, 1);

    par = WD_WITH(par, PAR_EL1_F, RES1, 1);
    return WD_WITH(par, PAR_EL1_F, FST, fst);
}

uint64_t par_stage2_fault(uint64_t fst)
{
    return WD_WITH(par_fault(fst), PAR_EL1_F, S, 1);
}

uint64_t par_walk_fault(uint64_t fst)
{
    return WD_WITH(par_stage2_fault(fst), PAR_EL1_F, PTW, 1);
}

struct wd_result answer_par(uint64_t par)
{
    struct wd_result result;

    memset(&result, 0, sizeof(result));
    wd_result_clear(&result, par);
    return result;
}

struct wd_result answer_undefined(void)
{
    struct wd_result result = answer_par(0);

    result.answer = WD_ANSWER_UNDEFINED;
    return result;
}

struct wd_result answer_exception(unsigned fst, bool stage2, bool s1ptw)
{
    struct wd_result result = answer_par(0);

    result.answer = WD_ANSWER_EXCEPTION;
    result.exception = (struct wd_exception){.fst = (uint8_t)fst, .stage2 = stage2, .s1ptw = s1ptw};
    return result;
}

void answer_changes(struct wd_result *result, uint64_t pa, uint64_t value)
{
    unsigned i = result->changed_count++;

    for (; i && result->changed[i - 1].pa > pa; i--)
        result->changed[i] = result->changed[i - 1];
    result->changed[i] = (struct wd_word){pa, value};
}

struct wd_result answer_with_change(struct wd_result result, uint64_t pa, uint64_t value)
{
    answer_changes(&result, pa, value);
    return result;
}

bool same_answer(const struct wd_result *expected, const struct wd_result *got)
{
    const struct wd_exception *a = &expected->exception, *b = &got->exception;

    return expected->answer == got->answer && expected->par == got->par && a->fst == b->fst && a->stage2 == b->stage2 &&
           a->s1ptw == b->s1ptw && (!a->has_ipa || (b->has_ipa && a->ipa == b->ipa)) &&
           expected->changed_count == got->changed_count &&
           memcmp(expected->changed, got->changed, expected->changed_count * sizeof(expected->changed[0])) == 0;
}

void print_answer(const struct wd_result *result, char *text, size_t size)
{
    static const char *const names[] = {"par", "exception", "undefined", "unsupported", "retry", "crash", "hang"};
    int used = snprintf(text, size, "%s par %#018llx fst %#x stage2 %d s1ptw %d ipa %#llx %s", names[result->answer],
                        (unsigned long long)result->par, result->exception.fst, result->exception.stage2,
                        result->exception.s1ptw, (unsigned long long)result->exception.ipa, result->text);

    for (unsigned i = 0; i < result->changed_count && (size_t)used < size; i++)
        used += snprintf(text + used, size - (size_t)used, " [%#llx]=%#llx", (unsigned long long)result->changed[i].pa,
                         (unsigned long long)result->changed[i].value);
}

void check_answer(const char *file, int line, const struct hand *hand, const struct wd_resolution *resolution,
                  struct wd_result expected)
{
    struct wd_oracle_output output;
    char right[600], wrong[600];

    wd_oracle(&hand->c, resolution, NULL, NULL, &output);
    if (same_answer(&expected, &output.result))
        return;
    print_answer(&expected, right, sizeof(right));
    print_answer(&output.result, wrong, sizeof(wrong));
    print_error("%s\nexpected %s\ngot      %s (%s)\n", hand->label, right, wrong, wd_rules[output.rule].name);
    _fail(file, line);
}
