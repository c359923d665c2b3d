/* SPDX-License-Identifier: MIT */
/*
 * bench_bare_qemu PROFILE SEED SECONDS JOBS [CPU]: QEMU's bare loop, see bare.h. A batch of encoded programs is copied
 * to where the agent takes it, each with its words of memory, and the bell is rung. Where QEMU dies the program in hand
 * counts as run, a new copy goes on behind it, and what that costs is on the clock.
 */
#include "bench/bare.h"

#include <string.h>

#include "harness/agent/cpu.h"
#include "harness/walkers/qemu/machine.h"

enum { BATCH = 512 };

/* A program stands from `begin` up to where the next one begins, in the encoded ones of the chunk. */
struct loop {
    struct wd_machine machine;
    enum wd_register registers[WD_REGISTER_COUNT];
    struct wd_cpu cpu;
    struct wd_cpu_memory memory;
    uint8_t *encoded;
    size_t encoded_room, count, begin[WD_BARE_CHUNK + 1];
    uint64_t pars; /* what came of it all: somebody must look */
};

static struct wd_agent_word *write_words(const struct loop *loop, const struct wd_case *c,
                                         struct wd_agent_context *context)
{
    struct wd_agent_word *word = (struct wd_agent_word *)((uint64_t *)context + loop->machine.image.context_words);

    for (uint32_t i = 0; i < c->mem_count; i++)
        if (wd_case_ram_at(c, c->mem[i].pa) && wd_map_has(&loop->machine.map, c->mem[i].pa))
            word[context->words++] = (struct wd_agent_word){c->mem[i].pa, c->mem[i].value};
    return word + context->words;
}

static void make_room(struct loop *loop, size_t size)
{
    if (loop->begin[loop->count] + size <= loop->encoded_room)
        return;
    loop->encoded_room = 2 * (loop->encoded_room + size);
    loop->encoded = realloc(loop->encoded, loop->encoded_room);
    if (!loop->encoded)
        wd_bare_fail("no memory");
}

static void encode(struct loop *loop, const struct wd_case *c)
{
    const struct wd_agent_image *image = &loop->machine.image;
    struct wd_forecast forecast;
    struct wd_cpu_case told;
    struct wd_agent_context *context;
    struct wd_agent_query *query;

    if (wd_cpu_prepare(&loop->cpu, &loop->memory, c, &told))
        return;
    wd_map_forecast(&loop->machine.map, c, &forecast);
    if (forecast.reach)
        return;
    make_room(loop, image->context_words * sizeof(uint64_t) + c->mem_count * sizeof(struct wd_agent_word) +
                        sizeof(struct wd_agent_query));
    context = (struct wd_agent_context *)(loop->encoded + loop->begin[loop->count]);
    *context = (struct wd_agent_context){.queries = 1};
    for (size_t i = 0; i < loop->machine.config.register_count; i++)
        context->registers[i] = told.regs[loop->registers[i]];
    query = (struct wd_agent_query *)write_words(loop, c, context);
    *query = (struct wd_agent_query){.at = image->at[c->op], .pan = wd_agent_pan(c->pan), .va = c->va};
    loop->begin[++loop->count] = (size_t)((uint8_t *)(query + 1) - loop->encoded);
}

/* Looks at the answers to the first programs of a batch, as one must who wants them. */
static void read_answers(struct loop *loop, size_t count)
{
    size_t size;
    const uint8_t *next = wd_machine_responses(&loop->machine, &size);

    for (size_t i = 0; i < count; i++) {
        const struct wd_agent_response *response = (const struct wd_agent_response *)next;

        loop->pars ^= response->par;
        next = (const uint8_t *)((const struct wd_agent_word *)(response + 1) + response->changes);
    }
}

/* Runs programs from one on, up to the end of a batch or to QEMU's. @return how many were run */
static size_t run_batch(struct loop *loop, size_t first)
{
    size_t count = loop->count - first < BATCH ? loop->count - first : BATCH, room, answered;
    struct wd_agent_batch *batch = (struct wd_agent_batch *)wd_machine_requests(&loop->machine, &room);
    struct wd_death death;
    struct wd_error error;

    while (loop->begin[first + count] - loop->begin[first] > room - sizeof(*batch))
        count--;
    *batch = (struct wd_agent_batch){.contexts = count};
    memcpy(batch + 1, loop->encoded + loop->begin[first], loop->begin[first + count] - loop->begin[first]);
    if (wd_machine_round(&loop->machine, false, &death) == WD_ROUND_DONE) {
        read_answers(loop, count);
        return count;
    }
    answered = wd_machine_answered(&loop->machine);
    read_answers(loop, answered);
    if (!wd_machine_restart(&loop->machine, &error))
        wd_bare_fail(error.text);
    return answered < count ? answered + 1 : count;
}

/* As the walker opens: the first start finds out what the CPU is. */
static void start(struct loop *loop, const char *cpu)
{
    struct wd_machine_config config = {.binary = "qemu-system-aarch64"};
    char version[WD_QEMU_VERSION_MAX];
    struct wd_error error;

    if (!wd_qemu_version(config.binary, version, &error))
        wd_bare_fail(error.text);
    config.has_high_windows = strtoul(version, NULL, 10) >= 8;
    snprintf(config.cpu, sizeof(config.cpu), "%s", cpu[0] ? cpu : "max");
    if (!wd_machine_start(&loop->machine, &config, &error))
        wd_bare_fail(error.text);
    wd_machine_learn(&loop->machine, &loop->cpu, loop->registers, &config);
    wd_machine_stop(&loop->machine);
    if (!wd_machine_start(&loop->machine, &config, &error))
        wd_bare_fail(error.text);
}

static struct wd_bare_figures run(const struct wd_bare *bare, const char *cpu)
{
    static struct loop loop;
    double spent = 0, begin, encoding = 0, before;
    uint64_t programs = 0;

    start(&loop, cpu);
    for (uint64_t chunk = 0; spent < bare->seconds; chunk++) {
        loop.count = 0;
        before = wd_bare_processor_time();
        for (uint64_t i = 0; i < WD_BARE_CHUNK; i++)
            encode(&loop, wd_bare_case(bare, chunk, i));
        encoding += wd_bare_processor_time() - before;
        begin = wd_now();
        for (size_t i = 0; i < loop.count && wd_now() - begin + spent < bare->seconds;) {
            size_t count = run_batch(&loop, i);

            i += count;
            programs += count;
        }
        spent += wd_now() - begin;
    }
    wd_machine_stop(&loop.machine);
    free(loop.encoded);
    return (struct wd_bare_figures){(double)programs / spent, (double)programs, encoding};
}

int main(int argc, char **argv)
{
    return wd_bare_main(argc, argv, run);
}
