/* SPDX-License-Identifier: MIT */
#include "reports/program_machine.h"

#include <stdlib.h>

#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)

/* What memory consists of, and up to which size a range of the case is taken as a whole. */
#define BLOCK            (2 * MIB)
#define WHOLE_RANGE      GIB
/* Main memory may reach up to here; what is further up is in modules. */
#define MAIN_MEMORY_END  (4 * GIB)
/* QEMU's device tree has room at the beginning of main memory. */
#define DEVICE_TREE_SIZE MIB

/* Memory in the making. */
struct layout {
    const struct wd_case *c;
    struct wd_physical_range *ranges;
    size_t count, room;
    bool failed;
};

static void add_range(struct layout *layout, uint64_t base, uint64_t size)
{
    uint64_t first = base & ~(BLOCK - 1), end = (base + size + BLOCK - 1) & ~(BLOCK - 1);

    if (layout->count == layout->room) {
        size_t room = 2 * layout->room + 16;
        struct wd_physical_range *ranges = realloc(layout->ranges, room * sizeof(*ranges));

        if (!ranges) {
            layout->failed = true;
            return;
        }
        layout->ranges = ranges;
        layout->room = room;
    }
    layout->ranges[layout->count++] = (struct wd_physical_range){first, end - first};
}

/* A place in a large range of the case that the walk may come to. */
static void add_place(struct layout *layout, uint64_t pa)
{
    const struct wd_ram *ram = wd_case_ram_at(layout->c, pa);

    if (ram && ram->size > WHOLE_RANGE)
        add_range(layout, pa, 8);
}

static void add_fetch(void *context, const struct wd_event *event)
{
    if (event->kind == WD_EVENT_FETCH)
        add_place(context, event->address & ~UINT64_C(7));
}

static int by_base(const void *a, const void *b)
{
    uint64_t x = ((const struct wd_physical_range *)a)->base, y = ((const struct wd_physical_range *)b)->base;

    return (x > y) - (x < y);
}

/* Ranges that touch or overlap become one. */
static void merge(struct layout *layout)
{
    size_t count = 0;

    if (layout->count)
        qsort(layout->ranges, layout->count, sizeof(*layout->ranges), by_base);
    for (size_t i = 0; i < layout->count; i++) {
        struct wd_physical_range *last = count ? &layout->ranges[count - 1] : NULL, next = layout->ranges[i];

        if (last && next.base <= last->base + last->size) {
            if (next.base + next.size > last->base + last->size)
                last->size = next.base + next.size - last->base;
        } else {
            layout->ranges[count++] = next;
        }
    }
    layout->count = count;
}

static void collect(struct layout *layout)
{
    const struct wd_case *c = layout->c;
    struct wd_oracle_output output;

    for (uint32_t i = 0; i < c->ram_count; i++)
        if (c->ram[i].size <= WHOLE_RANGE)
            add_range(layout, c->ram[i].base, c->ram[i].size);
    for (uint32_t i = 0; i < c->mem_count; i++)
        add_place(layout, c->mem[i].pa);
    wd_oracle(c, NULL, add_fetch, layout, &output);
    merge(layout);
}

/* Main memory is there always and in one piece: from 1 GiB to the end of what the case has first there. */
static bool make_map(struct wd_physical_map *map, const struct layout *layout)
{
    map->ranges[0] = (struct wd_physical_range){WD_MAIN_MEMORY_BASE, BLOCK};
    map->count = 1;
    map->pa_bits = 52;
    for (size_t i = 0; i < layout->count; i++) {
        struct wd_physical_range range = layout->ranges[i];

        if (range.base + range.size <= WD_MAIN_MEMORY_BASE)
            continue; /* devices are there: the forecast will say so if it matters */
        if (range.base <= WD_MAIN_MEMORY_BASE + BLOCK && map->count == 1 &&
            range.base + range.size <= MAIN_MEMORY_END) {
            map->ranges[0].size = range.base + range.size - WD_MAIN_MEMORY_BASE;
            continue;
        }
        if (map->count > WD_MODULES_MAX)
            return false;
        map->ranges[map->count++] = range;
    }
    return true;
}

static uint64_t end_of(const struct wd_physical_range *range)
{
    return range->base + range->size;
}

/* QEMU's place for modules begins at the first GiB behind main memory. */
static uint64_t modules_begin(const struct wd_physical_map *map)
{
    return (end_of(&map->ranges[0]) + GIB - 1) / GIB * GIB;
}

static const char *refuse(const struct wd_physical_map *map, const struct wd_case *c)
{
    struct wd_forecast forecast;

    for (size_t i = 1; i < map->count; i++)
        if (map->ranges[i].base < modules_begin(map))
            return "QEMU's machine cannot have memory where the case has it";
    wd_map_forecast(map, c, &forecast);
    if (forecast.reach & WD_REACH_DEVICES)
        return "the walk reads where QEMU's machine has devices";
    if (forecast.reach & WD_REACH_FOREIGN)
        return "the walk reads where QEMU's machine has memory and the case has none";
    return forecast.reach & WD_REACH_MISSING ? "the walk reads where the case has memory and QEMU's machine has none"
                                             : NULL;
}

/* Whether hardware may want to write to a descriptor: then memory that refuses it matters, which QEMU does not have. */
static bool updates_read_only(const struct wd_case *c)
{
    uint64_t regs[] = {c->regs[WD_TCR_EL1], c->regs[WD_TCR_EL2], c->regs[WD_VTCR_EL2]};
    bool manages = WD_GET(regs[0], TCR_EL1, HA) || WD_GET(regs[1], TCR_EL2, HA) || WD_GET(regs[1], TCR_EL2_E2H, HA) ||
                   WD_GET(regs[2], VTCR_EL2, HA);

    for (uint32_t i = 0; manages && i < c->ram_count; i++)
        if (c->ram[i].read_only)
            return true;
    return false;
}

bool wd_program_machine_make(struct wd_program_machine *machine, const struct wd_case *c, struct wd_error *error)
{
    struct layout layout = {.c = c};
    const char *reason;
    bool good;

    if (updates_read_only(c))
        return wd_error_set(error, "hardware may update descriptors, and QEMU has no memory that refuses it");
    collect(&layout);
    good = !layout.failed && make_map(&machine->map, &layout);
    free(layout.ranges);
    if (!good)
        return wd_error_set(error, layout.failed ? "out of memory" : "the case's memory is in too many pieces");
    machine->clear = machine->map.ranges[0];
    if (machine->clear.size > DEVICE_TREE_SIZE)
        machine->clear.size = DEVICE_TREE_SIZE;
    reason = refuse(&machine->map, c);
    return !reason || wd_error_set(error, "%s", reason);
}

/* `maxmem` is the size of main memory and of the place for modules; QEMU adds a GiB for each slot to it. */
static void print_memory(FILE *out, const struct wd_physical_map *map, const char *before)
{
    uint64_t main_size = map->ranges[0].size;
    uint64_t place = map->count > 1 ? end_of(&map->ranges[map->count - 1]) - modules_begin(map) : 0;

    fprintf(out, "%s-m %lluM", before, (unsigned long long)(main_size / MIB));
    if (place)
        fprintf(out, ",slots=%zu,maxmem=%lluM", map->count - 1,
                (unsigned long long)((main_size + (place + GIB - 1) / GIB * GIB) / MIB));
    for (size_t i = 1; i < map->count; i++) {
        fprintf(out, "%s-object memory-backend-ram,id=memory%zu,size=%lluM", before, i,
                (unsigned long long)(map->ranges[i].size / MIB));
        fprintf(out, "%s-device pc-dimm,memdev=memory%zu,addr=%#llx", before, i,
                (unsigned long long)map->ranges[i].base);
    }
}

void wd_program_machine_print(FILE *out, const struct wd_program_machine *machine, const char *before, const char *cpu,
                              const char *image)
{
    fprintf(out, "qemu-system-aarch64 -machine virt,secure=on,virtualization=on,gic-version=3,");
    fprintf(out, "highmem-mmio=off,highmem-ecam=off,highmem-redists=off");
    fprintf(out, "%s-cpu %s -accel tcg -display none -nodefaults", before, cpu);
    fprintf(out, "%s-semihosting-config enable=on,target=native", before);
    print_memory(out, &machine->map, before);
    fprintf(out, "%s-bios %s\n", before, image);
}
