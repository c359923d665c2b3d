/* SPDX-License-Identifier: MIT */
/* The generator: that its cases are the same everywhere, that they are well formed, and what they reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "generators/generate.h"
#include "generators/stage.h"
#include "walkdiff/oracle.h"

enum { CASES = 20000, PAGE = 4096 };

static struct wd_profile_mix mix_of(const char *name)
{
    struct wd_profile_mix mix = {.profiles = {wd_profile_by_name(name)}, .count = 1};

    assert_non_null(mix.profiles[0]);
    return mix;
}

/* Calls a check on cases of every profile. */
static void for_each_profile(void (*check)(const struct wd_case_buffer *buffer))
{
    const char *name, *description;
    struct wd_case_buffer buffer;

    for (size_t i = 0; (name = wd_profile_name(i, &description)); i++) {
        struct wd_profile_mix mix = mix_of(name);

        for (uint64_t index = 0; index < CASES; index++) {
            wd_generate(&mix, i, index, &buffer);
            check(&buffer);
        }
    }
}

/* Calls a check on cases of every enumeration, the first and the last among them. */
static void for_each_enumeration(void (*check)(const struct wd_case_buffer *buffer))
{
    const char *name, *description;
    struct wd_case_buffer buffer;

    for (size_t i = 0; (name = wd_enumeration_name(i, &description)); i++) {
        const struct wd_enumeration *enumeration = wd_enumeration_by_name(name);
        uint64_t size = wd_enumeration_size(enumeration), step = size / CASES + 1;

        for (uint64_t index = 0; index < size; index += step) {
            wd_enumerate(enumeration, index, &buffer);
            check(&buffer);
        }
        wd_enumerate(enumeration, size - 1, &buffer);
        check(&buffer);
    }
}

/* ------------------------------------------------------------------------------------------------ the same everywhere
 */

/* FNV-1a over numbers, byte by byte, lowest first. */
static void hash_number(uint64_t *hash, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++, number >>= 8)
        *hash = (*hash ^ (number & 0xff)) * UINT64_C(0x100000001b3);
}

static void hash_case(uint64_t *hash, const struct wd_case *c)
{
    hash_number(hash, c->op);
    hash_number(hash, c->el);
    hash_number(hash, c->pan);
    hash_number(hash, c->ipa_bits);
    hash_number(hash, c->va);
    for (unsigned i = 0; i < WD_REGISTER_COUNT; i++)
        hash_number(hash, c->regs[i]);
    for (uint32_t i = 0; i < c->ram_count; i++) {
        hash_number(hash, c->ram[i].base);
        hash_number(hash, c->ram[i].size);
        hash_number(hash, c->ram[i].read_only);
    }
    for (uint32_t i = 0; i < c->mem_count; i++) {
        hash_number(hash, c->mem[i].pa);
        hash_number(hash, c->mem[i].value);
    }
}

static uint64_t hash_of_thousand(const char *profile, uint64_t seed)
{
    struct wd_profile_mix mix = mix_of(profile);
    struct wd_case_buffer buffer;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (uint64_t index = 0; index < 1000; index++) {
        wd_generate(&mix, seed, index, &buffer);
        hash_case(&hash, &buffer.c);
    }
    return hash;
}

/* A change of the generator changes these on purpose: stored seeds and indices then mean other cases. */
static void the_first_thousand_cases_of_a_seed_never_change(void **state)
{
    (void)state;
    assert_int_equal(hash_of_thousand("all", 1), UINT64_C(0xc5f00e1cf467936b));
    assert_int_equal(hash_of_thousand("all", UINT64_MAX), UINT64_C(0xef533a7eb9301908));
}

static void a_case_is_a_function_of_mix_seed_and_index_alone(void **state)
{
    struct wd_profile_mix mix = mix_of("all");
    struct wd_case_buffer *first = malloc(sizeof(*first)), *second = malloc(sizeof(*second));

    (void)state;
    assert_true(first && second);
    for (uint64_t index = 0; index < CASES; index++) {
        uint64_t first_hash = 0, second_hash = 0;

        memset(first, 0x00, sizeof(*first));
        memset(second, 0xff, sizeof(*second));
        wd_generate(&mix, 5, index, first);
        wd_generate(&mix, 6, index, second);
        wd_generate(&mix, 5, index, second);
        hash_case(&first_hash, &first->c);
        hash_case(&second_hash, &second->c);
        assert_int_equal(first_hash, second_hash);
    }
    free(first);
    free(second);
}

static void other_seeds_and_other_indices_give_other_cases(void **state)
{
    assert_int_not_equal(hash_of_thousand("all", 1), hash_of_thousand("all", 2));
    assert_int_not_equal(hash_of_thousand("v80", 1), hash_of_thousand("n1", 1));
    (void)state;
}

static void a_mix_draws_each_of_its_profiles(void **state)
{
    struct wd_profile_mix mix = {.profiles = {wd_profile_by_name("n1"), wd_profile_by_name("v92")}, .count = 2};
    struct wd_case_buffer buffer;
    unsigned of_v92 = 0;

    (void)state;
    for (uint64_t index = 0; index < CASES; index++) {
        wd_generate(&mix, 1, index, &buffer);
        of_v92 += wd_has_feature(buffer.c.regs, WD_FEAT_LPA2);
    }
    assert_in_range(of_v92, CASES * 45 / 100, CASES * 55 / 100);
}

/* ------------------------------------------------------------------------------------------------ well formed */

static void check_words(const struct wd_case_buffer *buffer)
{
    assert_ptr_equal(buffer->c.mem, buffer->mem);
    /* A case that fills the buffer may have lost words. */
    assert_true(buffer->c.mem_count < WD_BUFFER_MEM_MAX);
    for (uint32_t i = 0; i < buffer->c.mem_count; i++) {
        assert_int_equal(buffer->mem[i].pa % 8, 0);
        assert_true(buffer->mem[i].pa >> 52 == 0);
        if (i > 0)
            assert_true(buffer->mem[i - 1].pa < buffer->mem[i].pa);
    }
}

static void words_are_aligned_sorted_and_single(void **state)
{
    (void)state;
    for_each_profile(check_words);
    for_each_enumeration(check_words);
}

static void check_ram(const struct wd_case_buffer *buffer)
{
    assert_ptr_equal(buffer->c.ram, buffer->ram);
    assert_in_range(buffer->c.ram_count, 1, WD_BUFFER_RAM_MAX);
    for (uint32_t i = 0; i < buffer->c.ram_count; i++) {
        const struct wd_ram *ram = &buffer->ram[i];

        assert_int_equal(ram->base % PAGE, 0);
        assert_int_equal(ram->size % PAGE, 0);
        assert_true(ram->size > 0 && ram->base + ram->size > ram->base);
        assert_true((ram->base + ram->size - 1) >> 52 == 0);
        for (uint32_t k = 0; k < i; k++)
            assert_true(ram->base + ram->size <= buffer->ram[k].base ||
                        buffer->ram[k].base + buffer->ram[k].size <= ram->base);
    }
}

static void ram_ranges_are_whole_pages_and_do_not_overlap(void **state)
{
    (void)state;
    for_each_profile(check_ram);
    for_each_enumeration(check_ram);
}

static void check_defined(const struct wd_case_buffer *buffer)
{
    struct wd_oracle_output output;

    wd_oracle(&buffer->c, NULL, NULL, NULL, &output);
    assert_int_not_equal(output.result.answer, WD_ANSWER_UNDEFINED);
    assert_true(WD_GET(buffer->c.regs[WD_HCR_EL2], HCR_EL2, RW));
    if (buffer->c.el == 1)
        assert_false(WD_GET(buffer->c.regs[WD_HCR_EL2], HCR_EL2, TGE));
    else
        assert_int_equal(buffer->c.el, 2);
}

static void random_cases_execute_only_what_is_defined(void **state)
{
    (void)state;
    for_each_profile(check_defined);
}

static void check_stop_fields(const struct wd_case_buffer *buffer)
{
    for (unsigned layout = 0; layout < WD_LAYOUT_PAR_EL1; layout++) {
        size_t count;
        const struct wd_field *fields = wd_layout_fields((enum wd_layout)layout, &count);
        uint64_t value = buffer->c.regs[wd_layouts[layout].reg];

        if (layout == WD_LAYOUT_TCR_EL2) /* another meaning where E2H = 1 */
            continue;
        for (size_t i = 0; i < count; i++)
            if (fields[i].role == WD_ROLE_STOP && wd_has_feature(buffer->c.regs, (enum wd_feature)fields[i].feature))
                assert_int_equal(wd_bits(value, fields[i].msb, fields[i].lsb), 0);
    }
}

static void what_the_oracle_does_not_model_is_never_switched_on(void **state)
{
    (void)state;
    for_each_profile(check_stop_fields);
}

/* ------------------------------------------------------------------------------------------------ what is reached */

static void three_to_five_cases_in_ten_succeed_in_every_profile(void **state)
{
    const char *name, *description;
    struct wd_case_buffer buffer;
    struct wd_oracle_output output;

    (void)state;
    for (size_t i = 0; (name = wd_profile_name(i, &description)); i++) {
        struct wd_profile_mix mix = mix_of(name);
        unsigned successes = 0, unsupported = 0;

        for (uint64_t index = 0; index < CASES; index++) {
            wd_generate(&mix, 3, index, &buffer);
            wd_oracle(&buffer.c, NULL, NULL, NULL, &output);
            successes += output.result.answer == WD_ANSWER_PAR && !WD_GET(output.result.par, PAR_EL1, F);
            unsupported += output.result.answer == WD_ANSWER_UNSUPPORTED;
        }
        if (successes < CASES * 30 / 100 || successes > CASES * 50 / 100)
            fail_msg("%s: %u of %u cases succeed", name, successes, CASES);
        if (unsupported > CASES / 100)
            fail_msg("%s: %u of %u cases are unsupported", name, unsupported, CASES);
    }
}

/* Rules of instructions that are UNDEFINED or trapped: the enumeration "operation" has them. */
static bool never_generated(unsigned rule)
{
    return rule == WD_RULE_AT_FEATURE_ABSENT || rule == WD_RULE_AT_UNDEFINED_AT_EL1 || rule == WD_RULE_AT_TRAPPED;
}

static void every_rule_takes_effect_a_thousand_times_in_a_million_cases(void **state)
{
    enum { QUARTER_MILLION = 250000, QUARTER_THOUSAND = 250 };
    struct wd_profile_mix mix = mix_of("all");
    struct wd_case_buffer buffer;
    struct wd_oracle_output output;
    unsigned hits[WD_RULE_COUNT] = {0};

    (void)state;
    for (uint64_t index = 0; index < QUARTER_MILLION; index++) {
        wd_generate(&mix, 1, index, &buffer);
        wd_oracle(&buffer.c, NULL, NULL, NULL, &output);
        for (unsigned rule = 1; rule < WD_RULE_COUNT; rule++)
            hits[rule] += (output.rules_hit[0][rule / 64] | output.rules_hit[1][rule / 64]) >> rule % 64 & 1;
    }
    for (unsigned rule = 1; rule < WD_RULE_COUNT; rule++)
        if (hits[rule] < QUARTER_THOUSAND && !never_generated(rule))
            fail_msg("%s takes effect in %u of %u cases", wd_rules[rule].name, hits[rule], QUARTER_MILLION);
}

static void every_operation_occurs(void **state)
{
    struct wd_profile_mix mix = mix_of("max");
    struct wd_case_buffer buffer;
    unsigned hits[WD_OPERATION_COUNT] = {0};

    (void)state;
    for (uint64_t index = 0; index < CASES; index++) {
        wd_generate(&mix, 1, index, &buffer);
        hits[buffer.c.op]++;
    }
    for (unsigned op = 0; op < WD_OPERATION_COUNT; op++)
        assert_true(hits[op] >= CASES / 100);
}

static bool stage2_bits_with_el2_regime(const struct wd_case_buffer *buffer, const struct wd_oracle_output *output)
{
    uint64_t hcr = buffer->c.regs[WD_HCR_EL2];

    return output->regime != WD_REGIME_EL10 && (WD_GET(hcr, HCR_EL2, VM) || WD_GET(hcr, HCR_EL2, DC));
}

static bool bits_of_absent_features(const struct wd_case_buffer *buffer, const struct wd_oracle_output *output)
{
    (void)output;
    return buffer->c.regs[WD_TCR_EL1] & wd_absent_fields(WD_LAYOUT_TCR_EL1, wd_features_of(buffer->c.regs));
}

static bool execute_only_user_under_pan(const struct wd_case_buffer *buffer, const struct wd_oracle_output *output)
{
    (void)buffer;
    return output->rules_hit[0][WD_RULE_EPAN_OFF / 64] >> WD_RULE_EPAN_OFF % 64 & 1;
}

static bool table_in_second_range(const struct wd_case_buffer *buffer, const struct wd_oracle_output *output)
{
    unsigned in_first = 0, in_second = 0;

    (void)output;
    for (uint32_t i = 0; i < buffer->c.mem_count; i++) {
        const struct wd_ram *ram = wd_case_ram_at(&buffer->c, buffer->mem[i].pa);

        in_first += ram == &buffer->ram[0];
        in_second += ram == &buffer->ram[1];
    }
    return in_first && in_second;
}

static bool update_refused(const struct wd_case_buffer *buffer, const struct wd_oracle_output *output)
{
    (void)buffer;
    return output->rule == WD_RULE_UPDATE_ABORT;
}

static bool tag_without_tbi(const struct wd_case_buffer *buffer, const struct wd_oracle_output *output)
{
    return output->rule == WD_RULE_VA_LOWER_RANGE && wd_bits(buffer->c.va, 63, 56) && !wd_bits(buffer->c.va, 54, 52);
}

static void corners_that_reviews_ask_for_are_reached(void **state)
{
    static const struct {
        const char *name;
        bool (*holds)(const struct wd_case_buffer *buffer, const struct wd_oracle_output *output);
    } corners[] = {
        {"VM or DC with an EL2 regime", stage2_bits_with_el2_regime},
        {"control bits of absent features", bits_of_absent_features},
        {"EPAN = 0 and memory that the user may only execute", execute_only_user_under_pan},
        {"tables across RAM ranges", table_in_second_range},
        {"an update of read-only memory", update_refused},
        {"a tagged address without TBI", tag_without_tbi},
    };
    struct wd_profile_mix mix = mix_of("all");
    struct wd_case_buffer buffer;
    struct wd_oracle_output output;
    unsigned hits[sizeof(corners) / sizeof(corners[0])] = {0};

    (void)state;
    for (uint64_t index = 0; index < CASES; index++) {
        wd_generate(&mix, 9, index, &buffer);
        wd_oracle(&buffer.c, NULL, NULL, NULL, &output);
        for (unsigned i = 0; i < sizeof(corners) / sizeof(corners[0]); i++)
            hits[i] += corners[i].holds(&buffer, &output);
    }
    for (unsigned i = 0; i < sizeof(corners) / sizeof(corners[0]); i++)
        if (hits[i] < CASES / 1000)
            fail_msg("%s: %u of %u cases", corners[i].name, hits[i], CASES);
}

/* ------------------------------------------------------------------------------------------------ weights */

static void fields_are_set_as_often_as_their_weights_say(void **state)
{
    struct wd_random random = wd_random_stream(1, 1);
    size_t count;
    const struct wd_field *fields = wd_layout_fields(WD_LAYOUT_TCR_EL1, &count);
    unsigned ones[64] = {0};

    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        uint64_t value = wd_random_register(&random, WD_LAYOUT_TCR_EL1);

        for (unsigned bit = 0; bit < 64; bit++)
            ones[bit] += wd_bit(value, bit);
    }
    for (size_t i = 0; i < count; i++) {
        /* The bits of a wider field are random where it is set. */
        int expected = fields[i].msb == fields[i].lsb ? fields[i].weight : fields[i].weight / 2;
        int got = (int)(ones[fields[i].lsb] * 100 / CASES);

        if (abs(got - expected) > 3)
            fail_msg("TCR_EL1.%s is set in %d%%, not in %d%%", fields[i].name, got, expected);
    }
}

static void a_field_of_weight_0_is_never_set(void **state)
{
    struct wd_random random = wd_random_stream(1, 2);
    uint64_t any = 0;

    (void)state;
    for (unsigned i = 0; i < CASES; i++)
        any |= wd_random_register(&random, WD_LAYOUT_HCR_EL2);
    assert_int_equal(WD_GET(any, HCR_EL2, VF) | WD_GET(any, HCR_EL2, VSE) | WD_GET(any, HCR_EL2, NV1), 0);
    assert_int_equal(WD_GET(any, HCR_EL2, RW), 1);
}

static void features_of_a_case_are_those_that_the_oracle_sees(void **state)
{
    struct wd_profile_mix mix = mix_of("random");
    struct wd_case_buffer buffer;

    (void)state;
    for (uint64_t index = 0; index < CASES; index++) {
        wd_feature_set features;

        wd_generate(&mix, 1, index, &buffer);
        features = wd_features_of(buffer.c.regs);
        for (unsigned feature = 0; feature < WD_FEATURE_COUNT; feature++)
            assert_int_equal(wd_set_has(features, (enum wd_feature)feature),
                             wd_has_feature(buffer.c.regs, (enum wd_feature)feature));
    }
}

/* Other implementations were asked for before and between, far more than are remembered. */
static void what_is_remembered_of_an_implementation_is_what_its_registers_say(void **state)
{
    struct wd_profile_mix mix = mix_of("all");
    struct wd_case_buffer buffer;

    (void)state;
    for (uint64_t index = 0; index < CASES; index++) {
        const struct wd_implementation *implementation;
        const uint64_t *regs = buffer.c.regs;

        wd_generate(&mix, 1, index, &buffer);
        implementation = wd_implementation_of(regs);
        assert_ptr_equal(implementation, wd_implementation_of(regs));
        assert_int_equal(implementation->features, wd_features_of(regs));
        assert_int_equal(implementation->pa_max, wd_pa_max(regs));
        for (unsigned granule = 0; granule < WD_GRANULE_COUNT; granule++)
            for (unsigned stage = 1; stage <= 2; stage++)
                assert_int_equal(wd_implements_granule(implementation, stage, (enum wd_granule)granule),
                                 wd_has_granule(regs, stage, (enum wd_granule)granule));
        for (unsigned layout = 0; layout < WD_CONTROL_LAYOUT_COUNT; layout++)
            assert_int_equal(implementation->absent[layout],
                             wd_absent_fields((enum wd_layout)layout, implementation->features));
    }
}

/* S1E1RP and S1E1R are listed equally often. Whichever of FEAT_PAN2 and FEAT_ATS1A is absent, what needs the other is
 * drawn. */
static void operations_that_need_a_feature_are_drawn_where_it_is_whatever_else_is_absent(void **state)
{
    struct wd_profile_mix n1 = mix_of("n1"), random = mix_of("random");
    struct wd_case_buffer buffer;
    unsigned checking = 0, plain = 0, without_pan2 = 0, without_ats1a = 0;

    (void)state;
    for (uint64_t index = 0; index < CASES; index++) {
        wd_feature_set features;

        wd_generate(&n1, 1, index, &buffer);
        checking += buffer.c.op == WD_AT_S1E1RP;
        plain += buffer.c.op == WD_AT_S1E1R;
        wd_generate(&random, 1, index, &buffer);
        features = wd_features_of(buffer.c.regs);
        without_pan2 += buffer.c.op == WD_AT_S1E1A && !wd_set_has(features, WD_FEAT_PAN2);
        without_ats1a += buffer.c.op == WD_AT_S1E1WP && !wd_set_has(features, WD_FEAT_ATS1A);
    }
    assert_in_range(checking * 100 / plain, 90, 110);
    assert_true(without_pan2 > CASES / 1000);
    assert_true(without_ats1a > CASES / 1000);
}

/* ------------------------------------------------------------------------------------------------ names and sizes */

static void profiles_and_enumerations_are_found_by_the_names_that_are_listed(void **state)
{
    const char *name, *description;
    size_t count;

    (void)state;
    for (count = 0; (name = wd_profile_name(count, &description)); count++) {
        assert_non_null(wd_profile_by_name(name));
        assert_true(strlen(description) > 0);
    }
    assert_in_range(count, 8, sizeof(((struct wd_profile_mix *)0)->profiles) / sizeof(void *));
    for (count = 0; (name = wd_enumeration_name(count, &description)); count++) {
        assert_non_null(wd_enumeration_by_name(name));
        assert_true(strlen(description) > 0);
    }
    assert_true(count >= 5);
    assert_null(wd_profile_by_name("v81"));
    assert_null(wd_enumeration_by_name(""));
}

static void the_profiles_of_the_vectors_have_their_id_registers(void **state)
{
    struct wd_profile_mix n1 = mix_of("n1"), v92 = mix_of("v92"), v9xs = mix_of("v9xs");
    struct wd_case_buffer buffer;

    (void)state;
    wd_generate(&n1, 1, 1, &buffer);
    assert_int_equal(buffer.c.regs[WD_ID_AA64MMFR1_EL1], 0x10202122);
    wd_generate(&v92, 1, 1, &buffer);
    assert_int_equal(buffer.c.regs[WD_ID_AA64MMFR0_EL1], UINT64_C(0x32310200006));
    wd_generate(&v9xs, 1, 1, &buffer);
    assert_int_equal(buffer.c.regs[WD_ID_AA64ISAR1_EL1], UINT64_C(0x100000000000000));
}

static int compare_hashes(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return a < b ? -1 : a > b;
}

/* With as many cases as its digits have combinations, an enumeration whose cases all differ is complete. */
static void cases_of_the_permission_and_attribute_enumerations_all_differ(void **state)
{
    static const char *const names[] = {"attributes", "indirect", "direct"};
    struct wd_case_buffer buffer;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct wd_enumeration *enumeration = wd_enumeration_by_name(names[i]);
        uint64_t size = wd_enumeration_size(enumeration), *hashes = calloc(size, sizeof(*hashes));

        assert_non_null(hashes);
        for (uint64_t index = 0; index < size; index++) {
            wd_enumerate(enumeration, index, &buffer);
            hash_case(&hashes[index], &buffer.c);
        }
        qsort(hashes, size, sizeof(*hashes), compare_hashes);
        for (uint64_t index = 1; index < size; index++)
            assert_int_not_equal(hashes[index - 1], hashes[index]);
        free(hashes);
    }
}

static void the_enumeration_of_operations_has_what_is_undefined(void **state)
{
    const struct wd_enumeration *operation = wd_enumeration_by_name("operation");
    struct wd_case_buffer buffer;
    struct wd_oracle_output output;
    unsigned hits[WD_RULE_COUNT] = {0};

    (void)state;
    for (uint64_t index = 0; index < wd_enumeration_size(operation); index++) {
        wd_enumerate(operation, index, &buffer);
        wd_oracle(&buffer.c, NULL, NULL, NULL, &output);
        for (unsigned rule = 1; rule < WD_RULE_COUNT; rule++)
            hits[rule] += output.rules_hit[0][rule / 64] >> rule % 64 & 1;
    }
    assert_true(hits[WD_RULE_AT_FEATURE_ABSENT] > 0);
    assert_true(hits[WD_RULE_AT_UNDEFINED_AT_EL1] > 0);
    assert_true(hits[WD_RULE_AT_TRAPPED] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_thousand_cases_of_a_seed_never_change),
        cmocka_unit_test(a_case_is_a_function_of_mix_seed_and_index_alone),
        cmocka_unit_test(other_seeds_and_other_indices_give_other_cases),
        cmocka_unit_test(a_mix_draws_each_of_its_profiles),
        cmocka_unit_test(words_are_aligned_sorted_and_single),
        cmocka_unit_test(ram_ranges_are_whole_pages_and_do_not_overlap),
        cmocka_unit_test(random_cases_execute_only_what_is_defined),
        cmocka_unit_test(what_the_oracle_does_not_model_is_never_switched_on),
        cmocka_unit_test(three_to_five_cases_in_ten_succeed_in_every_profile),
        cmocka_unit_test(every_rule_takes_effect_a_thousand_times_in_a_million_cases),
        cmocka_unit_test(every_operation_occurs),
        cmocka_unit_test(corners_that_reviews_ask_for_are_reached),
        cmocka_unit_test(fields_are_set_as_often_as_their_weights_say),
        cmocka_unit_test(a_field_of_weight_0_is_never_set),
        cmocka_unit_test(features_of_a_case_are_those_that_the_oracle_sees),
        cmocka_unit_test(what_is_remembered_of_an_implementation_is_what_its_registers_say),
        cmocka_unit_test(operations_that_need_a_feature_are_drawn_where_it_is_whatever_else_is_absent),
        cmocka_unit_test(profiles_and_enumerations_are_found_by_the_names_that_are_listed),
        cmocka_unit_test(the_profiles_of_the_vectors_have_their_id_registers),
        cmocka_unit_test(cases_of_the_permission_and_attribute_enumerations_all_differ),
        cmocka_unit_test(the_enumeration_of_operations_has_what_is_undefined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
