/* SPDX-License-Identifier: MIT */
/* Mutation of cases and swarms, and the guide that draws from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "generators/mutate.h"
#include "harness/casefile/case_file.h"
#include "harness/engine/guide.h"
#include "walkdiff/oracle.h"

enum { CASES = 20000, TEXT_MAX = 32768 };

static struct wd_profile_mix everything(void)
{
    return (struct wd_profile_mix){.profiles = {wd_profile_by_name("all")}, .count = 1};
}

/* Writes a case to a file and reads it back: it is one that a case file can hold. */
static void check_can_be_stored(const struct wd_case *c)
{
    static char text[TEXT_MAX];
    const struct wd_case_extra extra = {.id = "mutant"};
    size_t length = wd_case_to_json(c, &extra, text, sizeof(text));
    FILE *stream = fmemopen(text, length, "r");
    struct wd_case_reader *reader = wd_case_reader_new(stream, "mutant");
    struct wd_case_entry entry;

    assert_true(length < sizeof(text));
    if (wd_case_reader_next(reader, &entry) != 1)
        fail_msg("%s", wd_case_reader_error(reader));
    assert_memory_equal(entry.c.regs, c->regs, sizeof(c->regs));
    assert_int_equal(entry.c.va, c->va);
    assert_int_equal(entry.c.el, c->el);
    wd_case_reader_free(reader);
    fclose(stream);
}

static void a_mutant_is_a_case_of_the_same_implementation_that_a_case_file_can_hold(void **state)
{
    static struct wd_case_buffer parent, other, mutant;
    const struct wd_profile_mix mix = everything();
    unsigned changed = 0;

    (void)state;
    for (uint64_t i = 0; i < CASES; i++) {
        struct wd_random random = wd_random_stream(7, i);

        wd_generate(&mix, 1, i, &parent);
        wd_generate(&mix, 2, i, &other);
        wd_mutate(&parent, &other, &random, &mutant);
        for (unsigned reg = 0; reg < WD_REGISTER_COUNT; reg++)
            if (!strncmp(wd_registers[reg].name, "ID_", 3))
                assert_int_equal(mutant.c.regs[reg], parent.c.regs[reg]);
        assert_true(wd_has_feature(mutant.c.regs, (enum wd_feature)wd_operations[mutant.c.op].feature));
        changed += memcmp(mutant.c.regs, parent.c.regs, sizeof(parent.c.regs)) || mutant.c.va != parent.c.va ||
                   mutant.c.op != parent.c.op || mutant.c.el != parent.c.el || mutant.c.pan != parent.c.pan ||
                   memcmp(mutant.ram, parent.ram, parent.c.ram_count * sizeof(parent.ram[0])) ||
                   memcmp(mutant.mem, parent.mem, parent.c.mem_count * sizeof(parent.mem[0]));
        if (i % 16 == 0)
            check_can_be_stored(&mutant.c);
    }
    assert_in_range(changed, CASES * 17 / 20, CASES);
}

static void a_mutant_is_a_function_of_its_parents_and_the_stream(void **state)
{
    static struct wd_case_buffer parent, other, one, two;
    const struct wd_profile_mix mix = everything();

    (void)state;
    for (uint64_t i = 0; i < 500; i++) {
        struct wd_random random = wd_random_stream(7, i), again = random;

        wd_generate(&mix, 1, i, &parent);
        wd_generate(&mix, 2, i, &other);
        wd_mutate(&parent, &other, &random, &one);
        wd_mutate(&parent, &other, &again, &two);
        assert_memory_equal(one.c.regs, two.c.regs, sizeof(one.c.regs));
        assert_int_equal(one.c.va, two.c.va);
        assert_memory_equal(one.mem, two.mem, one.c.mem_count * sizeof(one.mem[0]));
    }
}

/* SCTLR_EL1.WXN and the like: a field that a swarm leaves out is 0 in each of its cases. */
static void a_swarm_does_without_what_it_leaves_out(void **state)
{
    static struct wd_case_buffer buffer;
    const struct wd_profile_mix mix = everything();
    struct wd_swarm swarm = {0};
    unsigned with = 0;

    (void)state;
    swarm.registers[WD_LAYOUT_SCTLR_EL1] = wd_mask(WD_SCTLR_EL1_WXN_msb, WD_SCTLR_EL1_WXN_lsb);
    for (uint64_t i = 0; i < 2000; i++) {
        wd_generate_swarm(&mix, &swarm, 1, i, &buffer);
        assert_int_equal(WD_GET(buffer.c.regs[WD_SCTLR_EL1], SCTLR_EL1, WXN), 0);
        wd_generate(&mix, 1, i, &buffer);
        with += WD_GET(buffer.c.regs[WD_SCTLR_EL1], SCTLR_EL1, WXN) != 0;
    }
    assert_true(with > 0);
}

static void the_corpus_takes_a_case_once_for_what_it_reaches(void **state)
{
    static struct wd_case_buffer buffer;
    static struct wd_oracle_output basis;
    const struct wd_profile_mix mix = everything();
    struct wd_guide *guide = wd_guide_new();
    struct wd_footprint footprint;
    uint32_t count;

    (void)state;
    assert_non_null(guide);
    for (uint64_t i = 0; i < 100; i++) {
        wd_generate(&mix, 1, i, &buffer);
        wd_oracle(&buffer.c, NULL, NULL, NULL, &basis);
        footprint = wd_footprint_of(&buffer.c, &basis);
        wd_guide_offer(guide, &buffer.c, 0, i, &footprint);
        count = guide->count;
        wd_guide_offer(guide, &buffer.c, 0, i, &footprint);
        assert_int_equal(guide->count, count);
    }
    assert_in_range(count, 20, 100);
    assert_true(guide->entries[1].index > guide->entries[0].index);
    wd_guide_free(guide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mutant_is_a_case_of_the_same_implementation_that_a_case_file_can_hold),
        cmocka_unit_test(a_mutant_is_a_function_of_its_parents_and_the_stream),
        cmocka_unit_test(a_swarm_does_without_what_it_leaves_out),
        cmocka_unit_test(the_corpus_takes_a_case_once_for_what_it_reaches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
