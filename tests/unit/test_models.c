/* SPDX-License-Identifier: MIT */
/* The profiles cpu:MODEL hold what the models of QEMU 10.0 say of themselves. Without QEMU 10.0 this is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "generators/generate.h"
#include "harness/walkers/qemu/machine.h"

static void check_model(const char *model, const struct wd_profile *profile)
{
    struct wd_machine_config config = {.binary = "qemu-system-aarch64", .has_high_windows = true};
    const struct wd_profile_mix mix = {.profiles = {profile}, .count = 1};
    struct wd_case_buffer buffer;
    struct wd_machine machine;
    struct wd_error error;

    snprintf(config.cpu, sizeof(config.cpu), "%s", model);
    if (!wd_machine_start(&machine, &config, &error))
        fail_msg("%s", error.text);
    wd_generate(&mix, 1, 1, &buffer);
    for (size_t i = 0; wd_agent_id_register(i) < WD_REGISTER_COUNT; i++) {
        enum wd_register reg = wd_agent_id_register(i);
        uint64_t value = wd_machine_id_registers(&machine)[i];

        if (buffer.c.regs[reg] != value)
            fail_msg("%s: %s is %#llx, in the profile %#llx", model,
                     wd_a64_system_register_name(wd_a64_register_of_case(reg)), (unsigned long long)value,
                     (unsigned long long)buffer.c.regs[reg]);
    }
    wd_machine_stop(&machine);
}

static void a_profile_of_a_model_has_the_id_registers_that_the_model_has(void **state)
{
    char version[WD_QEMU_VERSION_MAX];
    const char *name, *description;
    struct wd_error error;
    unsigned models = 0;

    (void)state;
    if (!wd_qemu_version("qemu-system-aarch64", version, &error) || strncmp(version, "10.0.", 5) != 0)
        skip();
    for (size_t i = 0; (name = wd_profile_name(i, &description)); i++) {
        if (strncmp(name, "cpu:", 4) != 0)
            continue;
        check_model(name + 4, wd_profile_by_name(name));
        models++;
    }
    assert_int_equal(models, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_of_a_model_has_the_id_registers_that_the_model_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
