/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walker `unicorn`: libunicorn's CPU model "max" as a reference. A module of its own, loaded at run time, because
 * libunicorn is under the GPL.
 *
 * The CPU is brought to EL3 and stays there, running our stub with the MMU off. Nearly all of physical memory is one
 * MMIO region, so that each read of a descriptor comes here and is answered from the case: tables can stand anywhere.
 * What stands out is the 64 KiB in which the stub lives; a case that has memory there, or whose tables point there, is
 * `unsupported`.
 *
 * What Unicorn cannot do, and what is done about it:
 *   - A read can not be answered with an external abort. A read outside the case's memory is answered with 0, an
 * invalid descriptor; the Translation fault that Unicorn reports for it is given as a synchronous external abort of the
 * same stage and level: the exception that the AT takes. On a stage 2 walk for a stage 1 table the level that it
 * reports is not the one at which it read (a deviation of its own), so that case is `unsupported`.
 *   - AT in the EL2&0 regime does not exist (S1E1x with E2H = TGE = 1 walks the tables of EL1): `unsupported`.
 *   - HCR_EL2.{VF,VI,VSE} pend interrupts that the emulation loop can not take at EL3 and never returns from. They have
 *     no influence on an AT and are not loaded.
 *   - Its ID_AA64MMFR0_EL1 is a Cortex-A57's and denies the 16K granule, which its walker has all the same: taken as
 *     implemented.
 *   - Nothing in its walker limits output addresses: cases with a larger PARange than its own are answered as far as
 *     PARange decides nothing else.
 * Everything else that differs is in harness/agent/cpu.h, or is a deviation, listed in cases/waivers/unicorn.toml.
 * AT neither fills nor uses Unicorn's TLB, so there is nothing to flush between cases.
 */
#include "harness/agent/agent.h"
#include "harness/agent/cpu.h"
#include "walkdiff/walker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

/* Where the stub is, within Unicorn's 44 bits of physical address and away from every power of two. */
#define STUB_BASE UINT64_C(0x0b6d7a510000)
enum {
    STUB_SIZE = 0x10000,
    STUB_PAGE = 0x1000,
    STUB_IMAGE = 0,
    STUB_RESPONSES = STUB_PAGE,
    STUB_REQUESTS = 2 * STUB_PAGE,
    STUB_PROGRESS = STUB_SIZE - STUB_PAGE, /* a page of MMIO */
    BATCH = 256,
};
#define PHYSICAL_MEMORY_END (UINT64_C(1) << 48)

/* PSTATE at EL3: EL3h, interrupts masked. SCR_EL3: RW, NS, and what is RES1. */
enum { PSTATE_EL3 = 0x3cd, SCR_EL3 = 0x431 };

static const enum wd_register loaded_registers[] = {
    WD_HCR_EL2, WD_SCTLR_EL1, WD_TCR_EL1,   WD_MAIR_EL1,  WD_TTBR0_EL1, WD_TTBR1_EL1, WD_SCTLR_EL2,
    WD_TCR_EL2, WD_MAIR_EL2,  WD_TTBR0_EL2, WD_TTBR1_EL2, WD_VTCR_EL2,  WD_VTTBR_EL2,
};
enum { LOADED_COUNT = sizeof(loaded_registers) / sizeof(loaded_registers[0]) };

/* A case of the batch in hand. */
struct pending {
    size_t index; /* of the case in the call of answer() */
    struct wd_cpu_case told;
};

/* Physical memory from `base` on. */
struct memory {
    struct walker *walker;
    uint64_t base;
};

struct walker {
    uc_engine *engine;
    uint8_t *stub; /* STUB_PROGRESS bytes */
    struct wd_agent_image image;
    struct wd_cpu cpu;
    struct memory below, above; /* the stub */

    const struct wd_case *const *cases;
    struct wd_result *results;
    volatile uint32_t *done;
    size_t pending_count, finished;
    struct pending pending[BATCH];
    bool read_nothing; /* the walk in hand read where no memory is */
    bool reached_stub; /* a descriptor of the walk in hand points at the stub */
};

/* ---------------------------------------------------------------- memory */

static bool points_at_stub(uint64_t address)
{
    return wd_bits(address, 47, 16) == wd_bits(STUB_BASE, 47, 16);
}

/* Unicorn reads a descriptor in two halves of 32 bits. */
static uint64_t read_memory(uc_engine *engine, uint64_t offset, unsigned size, void *context)
{
    struct memory *memory = context;
    struct walker *w = memory->walker;
    uint64_t pa = memory->base + offset, value = 0;
    unsigned lsb = 8 * (unsigned)wd_bits(pa, 2, 0);

    (void)engine;
    if (!wd_case_read(w->cases[w->pending[w->finished].index], pa & ~UINT64_C(7), &value))
        w->read_nothing = true;
    if (points_at_stub(value) || points_at_stub(__builtin_bswap64(value)))
        w->reached_stub = true;
    return wd_bits(value, lsb + 8 * size - 1, lsb);
}

/* Nothing writes there: Unicorn makes no hardware updates, and the stub stays in its own memory. */
static void write_memory(uc_engine *engine, uint64_t offset, unsigned size, uint64_t value, void *context)
{
    (void)engine, (void)offset, (void)size, (void)value, (void)context;
}

static bool overlaps_stub(const struct wd_case *c)
{
    for (uint32_t i = 0; i < c->ram_count; i++) {
        uint64_t base = c->ram[i].base;
        if (base < STUB_BASE ? STUB_BASE - base < c->ram[i].size : base < STUB_BASE + STUB_SIZE)
            return true;
    }
    return false;
}

static bool starts_at_stub(const struct wd_case *c)
{
    static const enum wd_register bases[] = {WD_TTBR0_EL1, WD_TTBR1_EL1, WD_TTBR0_EL2, WD_TTBR1_EL2, WD_VTTBR_EL2};

    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
        if (points_at_stub(c->regs[bases[i]]))
            return true;
    return false;
}

/* ---------------------------------------------------------------- answers */

enum { FST_TRANSLATION = 1, FST_EXTERNAL_ABORT_ON_WALK = 5 }; /* bits 5:2 of the fault status code; 1:0 are the level */

/* The exception for a read outside memory, from the Translation fault that the 0 in its place led to. */
static void conclude_external_abort(uint64_t par, struct wd_result *result)
{
    uint64_t status = WD_GET(par, PAR_EL1_F, FST);

    if (WD_GET(par, PAR_EL1_F, PTW)) {
        wd_result_unsupported(result, "external abort on a stage 2 walk for a stage 1 table");
        return;
    }
    wd_result_clear(result, 0);
    result->answer = WD_ANSWER_EXCEPTION;
    result->exception = (struct wd_exception){
        .fst = (uint8_t)wd_with_bits(status, 5, 2, FST_EXTERNAL_ABORT_ON_WALK),
        .stage2 = WD_GET(par, PAR_EL1_F, S),
    };
}

static void conclude(struct walker *w, const struct pending *p, uint64_t par)
{
    struct wd_result *result = &w->results[p->index];
    bool translation_fault = WD_GET(par, PAR_EL1_F, F) && wd_bits(WD_GET(par, PAR_EL1_F, FST), 5, 2) == FST_TRANSLATION;

    if (w->reached_stub)
        wd_result_unsupported(result, "memory where the stub is");
    else if (w->read_nothing && translation_fault)
        conclude_external_abort(par, result);
    else
        wd_cpu_conclude(w->cases[p->index], &p->told, par, result);
}

/* The stub says after each case how many are left: all before the next pending one are answered. */
static void note_progress(uc_engine *engine, uint64_t offset, unsigned size, uint64_t value, void *context)
{
    struct walker *w = context;
    const uint64_t *responses = (const uint64_t *)(w->stub + STUB_RESPONSES);

    (void)engine, (void)offset, (void)size, (void)value;
    conclude(w, &w->pending[w->finished], responses[w->finished]);
    w->finished++;
    w->read_nothing = w->reached_stub = false;
    if (w->finished < w->pending_count)
        *w->done = (uint32_t)w->pending[w->finished].index;
}

static uint64_t read_progress(uc_engine *engine, uint64_t offset, unsigned size, void *context)
{
    (void)engine, (void)offset, (void)size, (void)context;
    return 0;
}

/* What an AT does not depend on and the emulation would choke on. */
static uint64_t without_interrupts(uint64_t hcr)
{
    hcr = WD_WITH(hcr, HCR_EL2, VF, 0);
    hcr = WD_WITH(hcr, HCR_EL2, VI, 0);
    return WD_WITH(hcr, HCR_EL2, VSE, 0);
}

static void write_request(struct walker *w, const struct wd_case *c, const struct wd_cpu_case *told)
{
    size_t size = w->image.context_words * sizeof(uint64_t) + sizeof(struct wd_agent_query);
    uint8_t *request = w->stub + STUB_REQUESTS + sizeof(struct wd_agent_batch) + w->pending_count * size;
    struct wd_agent_context *context = (struct wd_agent_context *)request;
    struct wd_agent_query *query = (struct wd_agent_query *)(request + w->image.context_words * sizeof(uint64_t));

    *context = (struct wd_agent_context){.queries = 1};
    for (size_t i = 0; i < LOADED_COUNT; i++)
        context->registers[i] = told->regs[loaded_registers[i]];
    *query = (struct wd_agent_query){.at = w->image.at[c->op], .pan = wd_agent_pan(c->pan), .va = c->va};
}

/* Takes a case into the batch, or says at once that it is unsupported. */
static void take(struct walker *w, size_t index)
{
    const struct wd_case *c = w->cases[index];
    struct pending *p = &w->pending[w->pending_count];
    const char *reason = wd_cpu_prepare(&w->cpu, c, &p->told);

    if (!reason && (overlaps_stub(c) || starts_at_stub(c)))
        reason = "memory where the stub is";
    if (reason) {
        wd_result_unsupported(&w->results[index], reason);
        return;
    }
    p->index = index;
    p->told.regs[WD_HCR_EL2] = without_interrupts(p->told.regs[WD_HCR_EL2]);
    write_request(w, c, &p->told);
    w->pending_count++;
}

static void run_batch(struct walker *w)
{
    struct wd_agent_batch *batch = (struct wd_agent_batch *)(w->stub + STUB_REQUESTS);
    uc_err error;

    if (w->pending_count == 0)
        return;
    batch->contexts = w->pending_count;
    w->finished = 0;
    w->read_nothing = w->reached_stub = false;
    *w->done = (uint32_t)w->pending[0].index;
    error = uc_emu_start(w->engine, w->image.batch, w->image.doorbell, 0, 0);
    if (error != UC_ERR_OK || w->finished != w->pending_count) {
        /* The engine takes the end of the process as a crash in the case in hand, which it is. */
        fprintf(stderr, "unicorn: %s\n", error != UC_ERR_OK ? uc_strerror(error) : "stopped before the end");
        abort();
    }
    w->pending_count = w->finished = 0;
}

static void unicorn_answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                           volatile uint32_t *done)
{
    struct walker *w = walker;

    w->cases = cases;
    w->results = results;
    w->done = done;
    for (size_t i = 0; i < count; i++) {
        take(w, i);
        if (w->pending_count == BATCH)
            run_batch(w);
    }
    run_batch(w);
    *done = (uint32_t)count;
}

/* ---------------------------------------------------------------- opening */

/* Stands where the stub waits for work; emulation stops in front of it. */
static void doorbell(struct wd_a64_code *code)
{
    wd_a64_emit(code, wd_a64_nop());
}

static bool build_stub(struct walker *w)
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

    if (!wd_agent_build(&config, &w->image) || (w->image.word_count + 1) * sizeof(eret) > STUB_RESPONSES - STUB_IMAGE)
        return false;
    memcpy(w->stub + STUB_IMAGE, w->image.words, w->image.word_count * sizeof(uint32_t));
    memcpy(w->stub + STUB_IMAGE + w->image.word_count * sizeof(uint32_t), &eret, sizeof(eret));
    return true;
}

static uc_err map_memory(struct walker *w)
{
    uint64_t above = STUB_BASE + STUB_SIZE;
    uc_err error;

    w->below = (struct memory){w, 0};
    w->above = (struct memory){w, above};
    error = uc_mem_map_ptr(w->engine, STUB_BASE, STUB_PROGRESS, UC_PROT_ALL, w->stub);
    if (error == UC_ERR_OK)
        error = uc_mmio_map(w->engine, STUB_BASE + STUB_PROGRESS, STUB_PAGE, read_progress, w, note_progress, w);
    if (error == UC_ERR_OK)
        error = uc_mmio_map(w->engine, 0, STUB_BASE, read_memory, &w->below, write_memory, &w->below);
    if (error == UC_ERR_OK)
        error =
            uc_mmio_map(w->engine, above, PHYSICAL_MEMORY_END - above, read_memory, &w->above, write_memory, &w->above);
    return error;
}

static uc_err write_system_register(struct walker *w, enum wd_a64_system_register reg, uint64_t value)
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

    return uc_reg_write(w->engine, UC_ARM64_REG_CP_REG, &operand);
}

/*
 * Takes the CPU to EL3 and has the stub store the ID registers. The CPU starts at EL1 and what is written to PSTATE
 * takes effect with an ERET only, which finds its link register by the Exception level of before or after: both are
 * set.
 */
static uc_err enter_el3(struct walker *w)
{
    uint64_t eret = STUB_BASE + STUB_IMAGE + w->image.word_count * sizeof(uint32_t);
    uint64_t pstate = PSTATE_EL3;
    const struct {
        enum wd_a64_system_register reg;
        uint64_t value;
    } set_up[] = {
        {WD_A64_SCR_EL3, SCR_EL3},
        {WD_A64_SPSR_EL3, PSTATE_EL3},
        {WD_A64_ELR_EL1, w->image.identify},
        {WD_A64_ELR_EL3, w->image.identify},
    };
    uc_err error = uc_reg_write(w->engine, UC_ARM64_REG_PSTATE, &pstate);

    for (size_t i = 0; error == UC_ERR_OK && i < sizeof(set_up) / sizeof(set_up[0]); i++)
        error = write_system_register(w, set_up[i].reg, set_up[i].value);
    if (error == UC_ERR_OK)
        error = uc_emu_start(w->engine, eret, w->image.doorbell, 0, 0);
    return error;
}

/* What Unicorn says of itself, and what it does not. */
static void learn_cpu(struct walker *w)
{
    const uint64_t *responses = (const uint64_t *)(w->stub + STUB_RESPONSES);
    uint64_t *mmfr0 = &w->cpu.id[WD_ID_AA64MMFR0_EL1];

    for (size_t i = 0; wd_agent_id_register(i) < WD_REGISTER_COUNT; i++)
        w->cpu.id[wd_agent_id_register(i)] = responses[i];
    *mmfr0 = WD_WITH(*mmfr0, ID_AA64MMFR0_EL1, TGran16, 1);
    w->cpu.ignores_output_size = true;
    w->cpu.lacks_el20 = true;
}

/* The library must be the one for which this was built: waivers go by its version. */
static bool same_version(void)
{
    unsigned built = UC_API_MAJOR << 24 | UC_API_MINOR << 16 | UC_API_PATCH << 8 | UC_API_EXTRA;

    return uc_version(NULL, NULL) == built;
}

static void unicorn_close(void *walker)
{
    struct walker *w = walker;

    if (w->engine)
        uc_close(w->engine);
    free(w->stub);
    free(w);
}

__attribute__((format(printf, 4, 5))) static void *fail(struct walker *w, char *error, size_t error_size,
                                                        const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error, error_size, format, arguments);
    va_end(arguments);
    if (w)
        unicorn_close(w);
    return NULL;
}

static uc_err start_engine(struct walker *w)
{
    uc_err error = uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &w->engine);

    if (error == UC_ERR_OK)
        error = uc_ctl_set_cpu_model(w->engine, UC_CPU_ARM64_MAX);
    if (error == UC_ERR_OK)
        error = map_memory(w);
    if (error == UC_ERR_OK)
        error = enter_el3(w);
    return error;
}

static void *unicorn_open(const char *options, char *error, size_t error_size)
{
    struct walker *w;
    uc_err status;

    if (options[0])
        return fail(NULL, error, error_size, "unicorn: no option '%s': it takes none", options);
    if (!same_version())
        return fail(NULL, error, error_size, "unicorn: built for another libunicorn than the one that was loaded");
    w = calloc(1, sizeof(*w));
    if (!w)
        return fail(NULL, error, error_size, "unicorn: out of memory");
    w->stub = aligned_alloc(STUB_PAGE, STUB_PROGRESS);
    if (!w->stub)
        return fail(w, error, error_size, "unicorn: out of memory");
    memset(w->stub, 0, STUB_PROGRESS);
    if (!build_stub(w))
        return fail(w, error, error_size, "unicorn: the stub does not fit");
    status = start_engine(w);
    if (status != UC_ERR_OK)
        return fail(w, error, error_size, "unicorn: %s", uc_strerror(status));
    learn_cpu(w);
    return w;
}

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

__attribute__((visibility("default"))) wd_walker_entry walkdiff_walker;

const struct wd_walker_api *walkdiff_walker(void)
{
    static const struct wd_walker_api api = {
        .abi = WD_WALKER_ABI,
        .case_size = sizeof(struct wd_case),
        .result_size = sizeof(struct wd_result),
        .name = "unicorn",
        .version = TEXT(UC_API_MAJOR) "." TEXT(UC_API_MINOR) "." TEXT(UC_API_PATCH),
        .open = unicorn_open,
        .answer = unicorn_answer,
        .close = unicorn_close,
    };

    return &api;
}
