/* SPDX-License-Identifier: GPL-2.0-only */
#include "harness/walkers/unicorn/machine.h"

#include <stdlib.h>
#include <string.h>

enum {
    STUB_PAGE = 0x1000,
    STUB_IMAGE = 0,
    STUB_RESPONSES = STUB_PAGE,
    STUB_REQUESTS = 2 * STUB_PAGE,
    STUB_PROGRESS = WD_UNICORN_STUB_SIZE - STUB_PAGE, /* a page of MMIO */
};
#define STUB_BASE           WD_UNICORN_STUB_BASE
#define NOTHING_READ        UINT64_MAX /* no address of a word */
#define PHYSICAL_MEMORY_END (UINT64_C(1) << 48)

/* PSTATE at EL3: EL3h, interrupts masked. SCR_EL3: RW, NS, and what is RES1. */
enum { PSTATE_EL3 = 0x3cd, SCR_EL3 = 0x431 };

/* Those last whose writes make Unicorn forget addresses, so that it has to find few of them again (see below). */
static const enum wd_register loaded_registers[] = {
    WD_SCTLR_EL1, WD_TCR_EL1,   WD_MAIR_EL1, WD_TTBR0_EL1, WD_TTBR1_EL1, WD_SCTLR_EL2, WD_MAIR_EL2,
    WD_TTBR0_EL2, WD_TTBR1_EL2, WD_VTCR_EL2, WD_HCR_EL2,   WD_TCR_EL2,   WD_VTTBR_EL2,
};
enum { LOADED_COUNT = sizeof(loaded_registers) / sizeof(loaded_registers[0]) };

/* Registers that have a name, by which a write costs less than by the encoding. */
static const int names[WD_REGISTER_COUNT] = {
    [WD_MAIR_EL1] = UC_ARM64_REG_MAIR_EL1,
    [WD_TTBR0_EL1] = UC_ARM64_REG_TTBR0_EL1,
    [WD_TTBR1_EL1] = UC_ARM64_REG_TTBR1_EL1,
};

_Static_assert(sizeof(struct wd_agent_batch) +
                       WD_UNICORN_BATCH *
                           (sizeof(struct wd_agent_context) + 8 * (LOADED_COUNT + 1) + sizeof(struct wd_agent_query)) <=
                   STUB_PROGRESS - STUB_REQUESTS,
               "a batch has room");

enum wd_register wd_unicorn_register(size_t i)
{
    return i < LOADED_COUNT ? loaded_registers[i] : WD_REGISTER_COUNT;
}

/* ---------------------------------------------------------------- memory */

/* Unicorn reads a descriptor in two halves of 32 bits: the second one is of the word that was asked for last. */
static uint64_t read_memory(uc_engine *engine, uint64_t offset, unsigned size, void *context)
{
    const struct wd_unicorn_memory *memory = context;
    struct wd_unicorn *machine = memory->machine;
    uint64_t pa = memory->base + offset;
    unsigned lsb = 8 * (unsigned)wd_bits(pa, 2, 0);

    (void)engine;
    if (machine->read_pa != (pa & ~UINT64_C(7))) {
        machine->read_pa = pa & ~UINT64_C(7);
        machine->read_value = machine->hooks.read(machine->hooks.context, machine->read_pa);
    }
    return wd_bits(machine->read_value, lsb + 8 * size - 1, lsb);
}

/* Nothing writes there: Unicorn makes no hardware updates, and the stub stays in its own memory. */
static void write_memory(uc_engine *engine, uint64_t offset, unsigned size, uint64_t value, void *context)
{
    (void)engine, (void)offset, (void)size, (void)value, (void)context;
}

/* The stub says after each query how many it has answered. */
static void note_progress(uc_engine *engine, uint64_t offset, unsigned size, uint64_t value, void *context)
{
    struct wd_unicorn *machine = context;

    (void)engine, (void)offset, (void)size, (void)value;
    machine->read_pa = NOTHING_READ;
    machine->hooks.answered(machine->hooks.context);
}

static uint64_t read_progress(uc_engine *engine, uint64_t offset, unsigned size, void *context)
{
    (void)engine, (void)offset, (void)size, (void)context;
    return 0;
}

/* ---------------------------------------------------------------- opening */

/* Stands where the stub waits for work; emulation stops in front of it. */
static void doorbell(struct wd_a64_code *code)
{
    wd_a64_emit(code, wd_a64_nop());
}

static bool build_stub(struct wd_unicorn *machine)
{
    const struct wd_agent_config config = {
        .base = STUB_BASE + STUB_IMAGE,
        .requests = STUB_BASE + STUB_REQUESTS,
        .responses = STUB_BASE + STUB_RESPONSES,
        .progress = STUB_BASE + STUB_PROGRESS,
        .registers = loaded_registers,
        .register_count = LOADED_COUNT,
        .has_pan = true,
        .doorbell = doorbell,
    };
    uint32_t eret = wd_a64_eret();

    if (!wd_agent_build(&config, &machine->image) ||
        (machine->image.word_count + 1) * sizeof(eret) > STUB_RESPONSES - STUB_IMAGE)
        return false;
    memcpy(machine->stub + STUB_IMAGE, machine->image.words, machine->image.word_count * sizeof(uint32_t));
    memcpy(machine->stub + STUB_IMAGE + machine->image.word_count * sizeof(uint32_t), &eret, sizeof(eret));
    return true;
}

static uc_err map_memory(struct wd_unicorn *machine)
{
    uint64_t above = STUB_BASE + WD_UNICORN_STUB_SIZE;
    uc_err error;

    machine->below = (struct wd_unicorn_memory){machine, 0};
    machine->above = (struct wd_unicorn_memory){machine, above};
    error = uc_mem_map_ptr(machine->engine, STUB_BASE, STUB_PROGRESS, UC_PROT_ALL, machine->stub);
    if (error == UC_ERR_OK)
        error = uc_mmio_map(machine->engine, STUB_BASE + STUB_PROGRESS, STUB_PAGE, read_progress, machine,
                            note_progress, machine);
    if (error == UC_ERR_OK)
        error = uc_mmio_map(machine->engine, 0, STUB_BASE, read_memory, &machine->below, write_memory, &machine->below);
    if (error == UC_ERR_OK)
        error = uc_mmio_map(machine->engine, above, PHYSICAL_MEMORY_END - above, read_memory, &machine->above,
                            write_memory, &machine->above);
    return error;
}

static uc_err write_system_register(struct wd_unicorn *machine, enum wd_a64_system_register reg, uint64_t value)
{
    struct wd_a64_system_encoding encoding = wd_a64_system_register_encoding(reg);
    uc_arm64_cp_reg operand = {
        .crn = encoding.CRn,
        .crm = encoding.CRm,
        .op0 = encoding.op0,
        .op1 = encoding.op1,
        .op2 = encoding.op2,
        .val = value,
    };

    return uc_reg_write(machine->engine, UC_ARM64_REG_CP_REG, &operand);
}

/*
 * Takes the CPU to EL3 and has the stub store the ID registers. The CPU starts at EL1 and what is written to PSTATE
 * takes effect with an ERET only, which finds its link register by the Exception level of before or after: both are
 * set.
 */
static uc_err enter_el3(struct wd_unicorn *machine)
{
    uint64_t eret = STUB_BASE + STUB_IMAGE + machine->image.word_count * sizeof(uint32_t);
    uint64_t pstate = PSTATE_EL3;
    const struct {
        enum wd_a64_system_register reg;
        uint64_t value;
    } set_up[] = {
        {WD_A64_SCR_EL3, SCR_EL3},
        {WD_A64_SPSR_EL3, PSTATE_EL3},
        {WD_A64_ELR_EL1, machine->image.identify},
        {WD_A64_ELR_EL3, machine->image.identify},
    };
    uc_err error = uc_reg_write(machine->engine, UC_ARM64_REG_PSTATE, &pstate);

    for (size_t i = 0; error == UC_ERR_OK && i < sizeof(set_up) / sizeof(set_up[0]); i++)
        error = write_system_register(machine, set_up[i].reg, set_up[i].value);
    if (error == UC_ERR_OK)
        error = uc_emu_start(machine->engine, eret, machine->image.doorbell, 0, 0);
    return error;
}

static uc_err start_engine(struct wd_unicorn *machine)
{
    uc_err error = uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &machine->engine);

    if (error == UC_ERR_OK)
        error = uc_ctl_set_cpu_model(machine->engine, UC_CPU_ARM64_MAX);
    if (error == UC_ERR_OK)
        error = map_memory(machine);
    if (error == UC_ERR_OK)
        error = enter_el3(machine);
    return error;
}

bool wd_unicorn_start(struct wd_unicorn *machine, const struct wd_unicorn_hooks *hooks, struct wd_error *error)
{
    uc_err status;

    *machine = (struct wd_unicorn){.hooks = *hooks, .read_pa = NOTHING_READ};
    machine->stub = aligned_alloc(STUB_PAGE, STUB_PROGRESS);
    if (!machine->stub)
        return wd_error_set(error, "unicorn: out of memory");
    memset(machine->stub, 0, STUB_PROGRESS);
    if (!build_stub(machine))
        return wd_error_set(error, "unicorn: the stub does not fit");
    status = start_engine(machine);
    return status == UC_ERR_OK || wd_error_set(error, "unicorn: %s", uc_strerror(status));
}

void wd_unicorn_learn(const struct wd_unicorn *machine, struct wd_cpu *cpu)
{
    const uint64_t *values = wd_unicorn_responses(machine);
    uint64_t *mmfr0 = &cpu->id[WD_ID_AA64MMFR0_EL1];

    for (size_t i = 0; wd_agent_id_register(i) < WD_REGISTER_COUNT; i++)
        cpu->id[wd_agent_id_register(i)] = values[i];
    *mmfr0 = WD_WITH(*mmfr0, ID_AA64MMFR0_EL1, TGran16, 1);
    cpu->ignores_output_size = true;
    cpu->lacks_el20 = true;
}

/* ---------------------------------------------------------------- running */

struct wd_agent_batch *wd_unicorn_requests(struct wd_unicorn *machine)
{
    return (struct wd_agent_batch *)(machine->stub + STUB_REQUESTS);
}

const uint64_t *wd_unicorn_responses(const struct wd_unicorn *machine)
{
    return (const uint64_t *)(machine->stub + STUB_RESPONSES);
}

/* The i-th context of the batch, each with one query. */
static const struct wd_agent_context *context_at(struct wd_unicorn *machine, size_t i)
{
    const size_t size = machine->image.context_words * sizeof(uint64_t) + sizeof(struct wd_agent_query);

    return (const struct wd_agent_context *)((const uint8_t *)(wd_unicorn_requests(machine) + 1) + i * size);
}

/*
 * What the stub writes to SCTLR_ELx or TCR_ELx, to HCR_EL2, VTTBR_EL2 and another ASID make Unicorn forget all that it
 * knows of addresses, the stub's own code among it, which took two thirds of the time of a case. Most of what is
 * written from outside does not (SCTLR_ELx, TCR_EL1, TTBRx_EL1), the rest costs less there; and an AT neither fills nor
 * uses what would be forgotten. Whatever a version of Unicorn makes of it, the stub has the last word.
 */
void wd_unicorn_preload(struct wd_unicorn *machine, size_t i)
{
    const uint64_t *values = context_at(machine, i)->registers;
    const uint64_t *before = i ? context_at(machine, i - 1)->registers : NULL;

    for (size_t k = 0; k < LOADED_COUNT; k++) {
        enum wd_register reg = loaded_registers[k];

        if (before && values[k] == before[k])
            continue;
        if (names[reg])
            uc_reg_write(machine->engine, names[reg], &values[k]);
        else
            write_system_register(machine, wd_a64_register_of_case(reg), values[k]);
    }
}

uc_err wd_unicorn_run(struct wd_unicorn *machine)
{
    return uc_emu_start(machine->engine, machine->image.batch, machine->image.doorbell, 0, 0);
}

void wd_unicorn_stop(struct wd_unicorn *machine)
{
    if (machine->engine)
        uc_close(machine->engine);
    free(machine->stub);
    *machine = (struct wd_unicorn){0};
}
