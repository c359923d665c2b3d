/* SPDX-License-Identifier: MIT */
#include "harness/engine/guide.h"

#include <string.h>
#include <sys/mman.h>

#include "generators/mutate.h"
#include "oracle/regime.h"

enum { SWARM_CASES = 1024 /* cases that share a swarm */ };

/* Streams of their own: what a case is made of must not depend on what it would be without guidance. */
#define GUIDE_STREAM UINT64_C(0x9b05688c2b3e6c1f)
#define SWARM_STREAM UINT64_C(0x1f83d9abfb41bd6b)

struct wd_guide *wd_guide_new(void)
{
    void *memory = mmap(NULL, sizeof(struct wd_guide), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void wd_guide_free(struct wd_guide *guide)
{
    if (guide)
        munmap(guide, sizeof(*guide));
}

/* ---------------------------------------------------------------- coverage */

/* A control bit, or what is none: `counts` is false. */
struct control {
    uint8_t layout, bit, feature;
    bool counts;
};

static const struct control controls[] = {
#define WD_FIELD(layout, field, msb, lsb, feature, role, weight, meaning)                                              \
    {WD_LAYOUT_##layout, lsb, WD_##feature, WD_ROLE_##role == WD_ROLE_MODEL && (msb) == (lsb)},
#include "walkdiff/registers.def"
};

/* The control bits that are set and have an effect, hashed to 64 classes. */
static uint64_t controls_of(const struct wd_case *c)
{
    bool e2h = wd_e2h(c->regs);
    wd_feature_set features = wd_features_of(c->regs);
    uint64_t set = 0;
    unsigned number = 0;

    for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
        const struct control *control = &controls[i];
        uint8_t reg = wd_layouts[control->layout].reg;

        if (!control->counts || reg >= WD_REGISTER_COUNT)
            continue;
        number = (number + 1) % 64;
        if (control->layout == (e2h ? WD_LAYOUT_TCR_EL2 : WD_LAYOUT_TCR_EL2_E2H))
            continue;
        set |= (uint64_t)(wd_bit(c->regs[reg], control->bit) && wd_set_has(features, (enum wd_feature)control->feature))
               << number;
    }
    return set;
}

struct wd_footprint wd_footprint_of(const struct wd_case *c, const struct wd_oracle_output *basis)
{
    struct wd_footprint footprint = {.controls = controls_of(c)};

    memcpy(footprint.rules, basis->rules_hit, sizeof(footprint.rules));
    for (size_t stage = 0; stage < 2; stage++)
        footprint.granule[stage] = basis->granule[stage];
    return footprint;
}

/* Takes bits into a set. @return whether one of them is new */
static bool take_bits(uint64_t *set, uint64_t bits)
{
    bool new = bits & ~*set;

    *set |= bits;
    return new;
}

static bool take_rule(struct wd_coverage *coverage, const struct wd_footprint *footprint, size_t stage, size_t rule)
{
    bool new = take_bits(&coverage->controls[rule][stage][footprint->granule[stage]],
                         footprint->controls | UINT64_C(1)); /* the rule alone is a cell too */

    for (size_t other = 0; other < 2; other++)
        for (size_t word = 0; word < WD_RULE_WORDS; word++)
            new |= take_bits(&coverage->pairs[rule][stage][other][word], footprint->rules[other][word]);
    return new;
}

static bool take_block(struct wd_coverage *coverage, const struct wd_footprint *footprint, size_t block)
{
    bool new = take_bits(&coverage->aimed_controls[block], footprint->controls | UINT64_C(1));

    for (size_t stage = 0; stage < 2; stage++)
        for (size_t word = 0; word < WD_RULE_WORDS; word++)
            new |= take_bits(&coverage->aimed_rules[block][stage][word], footprint->rules[stage][word]);
    return new;
}

bool wd_coverage_add(struct wd_coverage *coverage, const struct wd_footprint *footprint)
{
    bool new = false;

    for (size_t word = 0; word < WD_AIMED_WORDS; word++)
        for (uint64_t bits = footprint->aimed.blocks[word]; bits; bits &= bits - 1)
            new |= take_block(coverage, footprint, 64 * word + (size_t)__builtin_ctzll(bits));

    for (size_t stage = 0; stage < 2; stage++)
        for (size_t word = 0; word < WD_RULE_WORDS; word++)
            for (uint64_t bits = footprint->rules[stage][word]; bits; bits &= bits - 1)
                new |= take_rule(coverage, footprint, stage, 64 * word + (size_t)__builtin_ctzll(bits));
    return new;
}

/* ---------------------------------------------------------------- the corpus */

static void remember_at(struct wd_guide *guide, uint16_t entry, size_t number)
{
    struct wd_place *place = &guide->places[number];

    if (!place->count)
        guide->reached[guide->reached_count++] = (uint16_t)number;
    place->entries[place->count++ % WD_PLACE_ENTRIES] = entry;
}

/* Remembers an entry wherever it leads. */
static void remember(struct wd_guide *guide, uint16_t entry, const struct wd_footprint *footprint)
{
    for (size_t word = 0; word < WD_AIMED_WORDS; word++)
        for (uint64_t bits = footprint->aimed.blocks[word]; bits; bits &= bits - 1)
            remember_at(guide, entry, WD_RULE_PLACES + 64 * word + (size_t)__builtin_ctzll(bits));
    for (size_t stage = 0; stage < 2; stage++)
        for (size_t word = 0; word < WD_RULE_WORDS; word++)
            for (uint64_t bits = footprint->rules[stage][word]; bits; bits &= bits - 1) {
                size_t rule = 64 * word + (size_t)__builtin_ctzll(bits);

                remember_at(guide, entry, (rule * 2 + stage) * (WD_GRANULE_COUNT + 1) + footprint->granule[stage]);
            }
}

void wd_guide_offer(struct wd_guide *guide, const struct wd_case *c, uint8_t profile, uint64_t index,
                    const struct wd_footprint *footprint)
{
    struct wd_guide_entry *entry = &guide->entries[guide->count];

    if (guide->count == WD_GUIDE_ENTRIES_MAX || c->ram_count > WD_BUFFER_RAM_MAX || c->mem_count > WD_BUFFER_MEM_MAX ||
        !wd_coverage_add(&guide->coverage, footprint))
        return;
    entry->buffer.c = *c;
    if (c->ram_count)
        memcpy(entry->buffer.ram, c->ram, c->ram_count * sizeof(c->ram[0]));
    if (c->mem_count) /* a case of a file without any has no array */
        memcpy(entry->buffer.mem, c->mem, c->mem_count * sizeof(c->mem[0]));
    wd_case_buffer_link(&entry->buffer);
    entry->index = index;
    entry->profile = profile;
    remember(guide, (uint16_t)guide->count++, footprint);
    guide->before += index == UINT64_MAX;
}

/* Whether one place may stand before another: blocks that are aimed at before rules, what is rarer before what is not.
 */
static bool in_rank(const struct wd_guide *guide, const uint64_t *counts, uint16_t one, uint16_t two)
{
    bool aimed = one >= WD_RULE_PLACES, too = two >= WD_RULE_PLACES;

    if (aimed != too)
        return aimed;
    return aimed ? guide->places[one].count <= guide->places[two].count : counts[one] <= counts[two];
}

void wd_guide_rank(struct wd_guide *guide, const uint64_t counts[WD_RULE_COUNT][2][WD_GRANULE_COUNT + 1])
{
    for (uint32_t i = 1; i < guide->reached_count; i++) { /* almost in order since the last time */
        uint16_t place = guide->reached[i];
        uint32_t k = i;

        for (; k && !in_rank(guide, &counts[0][0][0], guide->reached[k - 1], place); k--)
            guide->reached[k] = guide->reached[k - 1];
        guide->reached[k] = place;
    }
}

/*
 * An entry: of a place that is drawn by its rank, half of the time one of the rarest eighth. That is what guidance is
 * for: neighbours of rare cases are made more often than those of frequent ones.
 */
static const struct wd_guide_entry *draw_entry(const struct wd_guide *guide, struct wd_random *random)
{
    uint64_t draw = wd_random_below(random, 1 << 16), rank = (draw * draw * draw * guide->reached_count) >> 48;
    const struct wd_place *place = &guide->places[guide->reached[rank]];
    uint32_t count = place->count < WD_PLACE_ENTRIES ? place->count : WD_PLACE_ENTRIES;

    return &guide->entries[place->entries[wd_random_below(random, count)]];
}

static unsigned make_in_swarm(const struct wd_fuzz_plan *plan, uint64_t index, struct wd_case_buffer *buffer)
{
    unsigned profile = (unsigned)(index % plan->profile_count);
    const struct wd_profile_mix mix = {.profiles = {plan->profiles[profile]}, .count = 1};
    struct wd_random random = wd_random_stream(plan->seed ^ SWARM_STREAM, index / SWARM_CASES);
    struct wd_swarm swarm;

    wd_swarm_draw(&random, &swarm);
    wd_generate_swarm(&mix, &swarm, plan->seed, index, buffer);
    return profile;
}

unsigned wd_guide_make_case(const struct wd_guide *guide, const struct wd_fuzz_plan *plan, uint64_t index,
                            struct wd_case_buffer *buffer)
{
    struct wd_random random = wd_random_stream(plan->seed ^ GUIDE_STREAM, index);
    const struct wd_guide_entry *parent;

    if (guide->count && wd_random_chance(&random, 50)) {
        parent = draw_entry(guide, &random);
        wd_mutate(&parent->buffer, &draw_entry(guide, &random)->buffer, &random, buffer);
        return parent->profile;
    }
    if (wd_random_chance(&random, 30))
        return make_in_swarm(plan, index, buffer);
    return wd_plan_make_case(plan, index, buffer);
}
