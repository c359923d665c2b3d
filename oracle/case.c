/* SPDX-License-Identifier: MIT */
/* Cases and results: names of the operations, and a case's memory as a walk sees and changes it. */
#include "walkdiff/case.h"

#include <string.h>

const char *const wd_operation_names[WD_OPERATION_COUNT] = {
#define WD_AT(name, el, stages, access, privilege, pan, feature) [WD_AT_##name] = #name,
#include "walkdiff/operations.def"
};

/* The words of operations.def as numbers. */
enum { ONE, BOTH };
enum { READ = 1, WRITE = 2, ANY = 0 };
enum { PRIVILEGED, UNPRIVILEGED };

const struct wd_operation_info wd_operations[WD_OPERATION_COUNT] = {
#define WD_AT(name, el, stages, access, privilege, pan, feature)                                                       \
    [WD_AT_##                                                                                                          \
        name] = {el, WD_##feature, stages == BOTH, access == READ, access == WRITE, privilege == UNPRIVILEGED, pan},
#include "walkdiff/operations.def"
};

/* Index of the first changed word at or above `pa`. */
static unsigned changed_at_or_above(const struct wd_result *result, uint64_t pa)
{
    unsigned i = 0;

    while (i < result->changed_count && result->changed[i].pa < pa)
        i++;
    return i;
}

bool wd_result_read(const struct wd_case *c, const struct wd_result *result, uint64_t pa, uint64_t *value)
{
    unsigned i = changed_at_or_above(result, pa);

    if (i < result->changed_count && result->changed[i].pa == pa) {
        *value = result->changed[i].value;
        return true;
    }
    return wd_case_read(c, pa, value);
}

bool wd_result_write(const struct wd_case *c, struct wd_result *result, uint64_t pa, uint64_t value)
{
    const struct wd_ram *ram = wd_case_ram_at(c, pa);
    unsigned i = changed_at_or_above(result, pa);
    bool listed = i < result->changed_count && result->changed[i].pa == pa;

    if (!ram || ram->read_only)
        return false;
    if (value == wd_case_word_at(c, pa)) {
        if (listed) {
            result->changed_count--;
            memmove(&result->changed[i], &result->changed[i + 1], (result->changed_count - i) * sizeof(struct wd_word));
        }
        return true;
    }
    if (!listed) {
        if (result->changed_count == WD_CHANGED_MAX)
            return false;
        memmove(&result->changed[i + 1], &result->changed[i], (result->changed_count - i) * sizeof(struct wd_word));
        result->changed_count++;
    }
    result->changed[i] = (struct wd_word){pa, value};
    return true;
}
