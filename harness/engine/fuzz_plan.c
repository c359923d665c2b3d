/* SPDX-License-Identifier: MIT */
#include "harness/engine/fuzz_plan.h"

#include <string.h>

#include "harness/support/allocate.h"

enum { LOOKED_AT = 4096 /* cases whose implementations are told apart */ };

unsigned wd_plan_make_case(const struct wd_fuzz_plan *plan, uint64_t index, struct wd_case_buffer *buffer)
{
    unsigned profile = (unsigned)(index % plan->profile_count);
    const struct wd_profile_mix mix = {.profiles = {plan->profiles[profile]}, .count = 1};

    wd_generate(&mix, plan->seed, index, buffer);
    return profile;
}

/* FNV-1a over whole words, mixed once more: the low bits choose a place in the table. */
static size_t hash_of(const uint64_t *values, size_t count)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < count; i++)
        hash = (hash ^ values[i]) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 29 ^ hash >> 47);
}

/* The place in the table where an implementation is or would be. */
static size_t place_of(const struct wd_implementations *all, const uint64_t *values)
{
    const size_t places = sizeof(all->table) / sizeof(all->table[0]);
    size_t place = hash_of(values, all->register_count) % places;

    while (all->table[place] && memcmp(all->values[all->table[place] - 1], values, sizeof(all->values[0])))
        place = (place + 1) % places;
    return place;
}

static void collect(const struct wd_implementations *all, const struct wd_case *c, uint64_t values[WD_ID_REGISTERS_MAX])
{
    memset(values, 0, WD_ID_REGISTERS_MAX * sizeof(values[0]));
    for (size_t i = 0; i < all->register_count; i++)
        values[i] = c->regs[all->registers[i]];
}

static void find_registers(struct wd_implementations *all)
{
    for (uint8_t i = 0; i < WD_REGISTER_COUNT && all->register_count < WD_ID_REGISTERS_MAX; i++)
        if (!strncmp(wd_registers[i].name, "ID_", 3))
            all->registers[all->register_count++] = i;
}

static void add(struct wd_implementations *all, const struct wd_case *c)
{
    uint64_t values[WD_ID_REGISTERS_MAX];
    size_t place;

    collect(all, c, values);
    place = place_of(all, values);
    if (all->table[place] || all->count == WD_IMPLEMENTATIONS_MAX)
        return;
    memcpy(all->values[all->count++], values, sizeof(values));
    all->table[place] = (uint16_t)all->count;
}

void wd_plan_find_implementations(struct wd_fuzz_plan *plan)
{
    struct wd_implementations *all = &plan->implementations;
    struct wd_case_buffer *buffer = wd_allocate(1, sizeof(*buffer));

    memset(all, 0, sizeof(*all));
    find_registers(all);
    for (uint64_t index = 0; index < LOOKED_AT; index++) {
        wd_plan_make_case(plan, index, buffer);
        add(all, &buffer->c);
    }
    free(buffer);
}

int wd_plan_implementation_of(const struct wd_fuzz_plan *plan, const struct wd_case *c)
{
    uint64_t values[WD_ID_REGISTERS_MAX];

    collect(&plan->implementations, c, values);
    return (int)plan->implementations.table[place_of(&plan->implementations, values)] - 1;
}
