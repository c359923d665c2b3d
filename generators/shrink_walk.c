/* SPDX-License-Identifier: MIT */
#include "generators/shrink_walk.h"

/* ---------------------------------------------------------------- the walk */

struct tracer {
    struct wd_shrink_walk *walk;
    int next_level; /* of stage 1 */
    uint64_t ipa;   /* that stage 2 translates */
    bool nested;    /* for a table of stage 1 */
    bool has_ipa;
};

static void note_lookup(struct tracer *tracer, const struct wd_event *event)
{
    struct wd_shrink_walk *walk = tracer->walk;
    struct wd_shrink_lookup *lookup = &walk->lookups[walk->count];

    if (walk->count == WD_READS_MAX)
        return;
    *lookup = (struct wd_shrink_lookup){
        .stage = event->stage, .level = event->level, .pa = event->address, .ipa = event->address};
    if (event->stage == 2)
        lookup->serves = (int8_t)(tracer->nested ? tracer->next_level : WD_SERVES_OUTPUT);
    else if (tracer->has_ipa)
        lookup->ipa = tracer->ipa;
    walk->count++;
}

static void note(void *context, const struct wd_event *event)
{
    struct tracer *tracer = context;
    struct wd_shrink_walk *walk = tracer->walk;

    switch (event->kind) {
    case WD_EVENT_BEGIN:
        if (event->stage == 2) {
            tracer->ipa = event->address;
            tracer->nested = event->depth;
            tracer->has_ipa = true;
        }
        break;
    case WD_EVENT_WALK:
        walk->walked[event->stage - 1] = true;
        walk->params[event->stage - 1] = *event->params;
        if (event->stage == 1)
            tracer->next_level = event->params->start_level;
        break;
    case WD_EVENT_FETCH:
        note_lookup(tracer, event);
        break;
    case WD_EVENT_READ:
        if (walk->count && walk->lookups[walk->count - 1].pa == event->address) {
            walk->lookups[walk->count - 1].there = true;
            walk->lookups[walk->count - 1].descriptor = event->value;
        }
        if (event->stage == 1)
            tracer->next_level = event->level + 1;
        break;
    default:
        break;
    }
}

void wd_shrink_trace(const struct wd_case *c, struct wd_shrink_walk *walk)
{
    struct tracer tracer = {.walk = walk};

    walk->walked[0] = walk->walked[1] = false;
    walk->count = 0;
    wd_oracle(c, NULL, note, &tracer, &walk->output);
}

/* ---------------------------------------------------------------- control */

struct wd_shrink_control wd_shrink_control(const struct wd_case *c, const struct wd_shrink_walk *walk, unsigned stage)
{
    bool el1 = walk->output.regime == WD_REGIME_EL10, one_range = walk->output.regime == WD_REGIME_EL2;
    bool upper = !one_range && wd_bit(c->va, 55);

    if (stage == 2)
        return (struct wd_shrink_control){.tcr = WD_VTCR_EL2,
                                          .base = WD_VTTBR_EL2,
                                          .txsz = WD_VTCR_EL2_T0SZ_lsb,
                                          .tg = WD_VTCR_EL2_TG0_lsb,
                                          .ps = WD_VTCR_EL2_PS_lsb};
    if (one_range)
        return (struct wd_shrink_control){.tcr = WD_TCR_EL2,
                                          .base = WD_TTBR0_EL2,
                                          .txsz = WD_TCR_EL2_T0SZ_lsb,
                                          .tg = WD_TCR_EL2_TG0_lsb,
                                          .ps = WD_TCR_EL2_PS_lsb};
    return (struct wd_shrink_control){.tcr = el1 ? WD_TCR_EL1 : WD_TCR_EL2,
                                      .base = el1 ? (upper ? WD_TTBR1_EL1 : WD_TTBR0_EL1)
                                                  : (upper ? WD_TTBR1_EL2 : WD_TTBR0_EL2),
                                      .txsz = upper ? WD_TCR_EL1_T1SZ_lsb : WD_TCR_EL1_T0SZ_lsb,
                                      .tg = upper ? WD_TCR_EL1_TG1_lsb : WD_TCR_EL1_TG0_lsb,
                                      .ps = WD_TCR_EL1_IPS_lsb,
                                      .upper = upper};
}

struct wd_stage wd_shrink_stage(const struct wd_case *c, const struct wd_shrink_walk *walk, unsigned stage)
{
    const struct wd_params *params = &walk->params[stage - 1];
    const struct wd_implementation *implementation = wd_implementation_of(c->regs);
    struct wd_shrink_control control = wd_shrink_control(c, walk, stage);
    struct wd_stage shape = {.stage = (uint8_t)stage, .walkable = true};

    wd_shape_formats(implementation, params->granule, params->ds,
                     (unsigned)wd_bits(c->regs[control.tcr], control.ps + 2u, control.ps), &shape);
    shape.big_endian = params->big_endian;
    shape.start_level = params->start_level;
    shape.input_bits = params->input_bits;
    shape.output_bits = params->output_bits;
    shape.base = params->table_base;
    return shape;
}

/* ---------------------------------------------------------------- planting */

/* The lookup of another walk that is for the same, or NULL. */
static const struct wd_shrink_lookup *same_lookup(const struct wd_shrink_walk *walk,
                                                  const struct wd_shrink_lookup *lookup)
{
    for (unsigned i = 0; i < walk->count; i++) {
        const struct wd_shrink_lookup *other = &walk->lookups[i];

        if (other->there && other->stage == lookup->stage && other->level == lookup->level &&
            other->serves == lookup->serves)
            return other;
    }
    return NULL;
}

static bool looks_up(const struct wd_shrink_walk *walk, uint64_t pa)
{
    for (unsigned i = 0; i < walk->count; i++)
        if (walk->lookups[i].pa == pa)
            return true;
    return false;
}

static bool has_ram_between(const struct wd_case *c, uint64_t base, uint64_t size)
{
    for (unsigned i = 0; i < c->ram_count; i++)
        if (c->ram[i].base - base < size || base - c->ram[i].base < c->ram[i].size)
            return true;
    return false;
}

/* Sees to it that memory is there: a page around the address, or the word alone where other RAM begins in the page. */
static void provide_ram(struct wd_shrink_case *c, uint64_t pa)
{
    const uint64_t page = 0x1000;
    uint64_t base = pa & ~(page - 1);

    if (wd_case_ram_at(&c->c, pa))
        return;
    if (has_ram_between(&c->c, base, page))
        wd_shrink_add_ram(c, pa, sizeof(uint64_t));
    else
        wd_shrink_add_ram(c, base, page);
}

/* Plants the first descriptor that is missing. @return whether there was one */
static bool plant(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_walk *now)
{
    for (unsigned i = 0; i < now->count; i++) {
        const struct wd_shrink_lookup *lookup = &now->lookups[i], *source;
        uint64_t value;

        if (wd_shrink_find_word(&c->c, lookup->pa))
            continue;
        source = same_lookup(was, lookup);
        if (!source || !source->descriptor)
            continue;
        value = source->descriptor;
        if (now->walked[lookup->stage - 1] && now->params[lookup->stage - 1].big_endian)
            value = __builtin_bswap64(value);
        wd_shrink_put_word(c, lookup->pa, value);
        provide_ram(c, lookup->pa);
        return true;
    }
    return false;
}

/* Drops the words of the walk before that are not looked up any more, and RAM that held nothing else. */
static bool weed(struct wd_shrink_case *c, const struct wd_shrink_walk *was, const struct wd_shrink_walk *now)
{
    bool changed = false;

    for (unsigned i = 0; i < was->count; i++) {
        const struct wd_ram *ram;

        if (looks_up(now, was->lookups[i].pa))
            continue;
        changed |= wd_shrink_drop_words(c, was->lookups[i].pa, was->lookups[i].pa) != 0;
        ram = wd_case_ram_at(&c->c, was->lookups[i].pa);
        if (!ram)
            continue;
        for (unsigned j = 0; ram && j < c->c.mem_count; j++)
            if (c->mem[j].pa - ram->base < ram->size)
                ram = NULL;
        for (unsigned j = 0; ram && j < now->count; j++)
            if (now->lookups[j].pa - ram->base < ram->size)
                ram = NULL;
        if (ram)
            wd_shrink_drop_ram(c, (size_t)(ram - c->ram));
    }
    return changed;
}

bool wd_shrink_replant(struct wd_shrink_case *c, const struct wd_shrink_walk *was)
{
    struct wd_shrink_walk now;
    bool changed = false;

    for (unsigned i = 0; i < WD_READS_MAX; i++) {
        wd_shrink_trace(&c->c, &now);
        if (!plant(c, was, &now))
            break;
        changed = true;
    }
    return weed(c, was, &now) || changed;
}
