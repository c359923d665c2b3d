/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Of a subject that is built with sanitizers: what they find becomes a warning of the answer, with its place, each time
 * that it happens; so an answer stays a function of the case. The checks for undefined behaviour call functions that
 * stand here instead of in the compiler's run time, which tells of each place once.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/walkers/kvm/host/guard.h"

/* What the compiler hands to every check begins with this. */
struct place {
    const char *file;
    uint32_t line, column;
};

static void warn(const char *what, const char *file, int line)
{
    char text[WD_TEXT_MAX];

    wd_place_in_tree(text, what, file);
    wd_host_warning(text, line);
}

/* ---------------------------------------------------------------- undefined behaviour */

#define WD_CHECK(name, what)                                                                                           \
    void __ubsan_handle_##name(const struct place *place);                                                             \
    void __ubsan_handle_##name(const struct place *place)                                                              \
    {                                                                                                                  \
        warn(what, place->file, (int)place->line);                                                                     \
    }
WD_CHECK(add_overflow, "integer-overflow")
WD_CHECK(sub_overflow, "integer-overflow")
WD_CHECK(mul_overflow, "integer-overflow")
WD_CHECK(negate_overflow, "integer-overflow")
WD_CHECK(divrem_overflow, "integer-divide")
WD_CHECK(shift_out_of_bounds, "shift")
WD_CHECK(out_of_bounds, "bounds")
WD_CHECK(type_mismatch_v1, "pointer")
WD_CHECK(pointer_overflow, "pointer-overflow")
WD_CHECK(alignment_assumption, "alignment")
WD_CHECK(vla_bound_not_positive, "vla-bound")
WD_CHECK(load_invalid_value, "invalid-value")
WD_CHECK(float_cast_overflow, "float-cast")
WD_CHECK(invalid_builtin, "builtin")
WD_CHECK(nonnull_arg, "null-argument")

/* After these there is nothing to go on with. */
#define WD_END(name, what)                                                                                             \
    _Noreturn void __ubsan_handle_##name(const struct place *place);                                                   \
    _Noreturn void __ubsan_handle_##name(const struct place *place)                                                    \
    {                                                                                                                  \
        char text[WD_TEXT_MAX];                                                                                        \
                                                                                                                       \
        wd_place_in_tree(text, what, place->file);                                                                     \
        wd_host_bug(text, (int)place->line);                                                                           \
        abort();                                                                                                       \
    }
WD_END(builtin_unreachable, "unreachable")
WD_END(missing_return, "missing-return")

/* ---------------------------------------------------------------- memory errors */

void __asan_set_error_report_callback(void (*callback)(const char *report));
void __sanitizer_set_report_fd(void *file);

/* "SUMMARY: AddressSanitizer: stack-buffer-overflow /home/you/linux/arch/arm64/kvm/at.c:150 in walk_s1" */
static void on_memory_error(const char *report)
{
    static const char head[] = "SUMMARY: AddressSanitizer: ";
    const char *summary = strstr(report, head);
    char what[64] = "memory-error", file[512] = "?";
    int line = 0;

    if (summary)
        sscanf(summary + strlen(head), "%63s %511[^:\n]:%d", what, file, &line);
    warn(what, file, line);
}

__attribute__((constructor)) static void begin(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    __asan_set_error_report_callback(on_memory_error);
    if (nowhere >= 0)
        __sanitizer_set_report_fd((void *)(intptr_t)nowhere);
}
