/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench_bare_unicorn PROFILE SEED SECONDS JOBS: Unicorn's bare loop, see bare.h. A batch is copied to where the stub
 * takes it, and the stub is started once for it; it alone sets the registers. (The walker sets some ahead of it,
 * wd_unicorn_preload(), and can be faster for that.) A read of a descriptor is looked up in the case's words, as it
 * must: nobody can map memory wherever tables are.
 */
#include "bench/bare.h"

#include <string.h>

#include "harness/walkers/unicorn/machine.h"

/* A case as it runs: where its program is is known from its number. */
struct program {
    size_t first_word, words; /* of all words of the chunk */
};

struct loop {
    struct wd_unicorn machine;
    struct wd_cpu cpu;
    struct wd_cpu_memory memory;
    size_t program_size, count, running;
    uint8_t *encoded; /* the programs of a chunk */
    struct program programs[WD_BARE_CHUNK];
    struct wd_word *words;
    size_t word_count, word_room;
    uint64_t pars; /* what came of it all: somebody must look */
};

static uint64_t read_word(void *context, uint64_t pa)
{
    const struct loop *loop = context;
    const struct program *program = &loop->programs[loop->running];
    const struct wd_word *words = loop->words + program->first_word;
    size_t low = 0;

    for (size_t count = program->words; count > 1; count -= count / 2) /* without branches that nobody can predict */
        low += words[low + count / 2].pa <= pa ? count / 2 : 0;
    return program->words && words[low].pa == pa ? words[low].value : 0;
}

static void next_program(void *context)
{
    struct loop *loop = context;

    loop->running++;
}

static void keep_words(struct loop *loop, const struct wd_case *c)
{
    if (loop->word_count + c->mem_count > loop->word_room) {
        loop->word_room = 2 * (loop->word_count + c->mem_count);
        loop->words = realloc(loop->words, loop->word_room * sizeof(loop->words[0]));
        if (!loop->words)
            wd_bare_fail("no memory");
    }
    if (c->mem_count)
        memcpy(loop->words + loop->word_count, c->mem, c->mem_count * sizeof(c->mem[0]));
    loop->programs[loop->count] = (struct program){loop->word_count, c->mem_count};
    loop->word_count += c->mem_count;
}

static void encode(struct loop *loop, const struct wd_case *c)
{
    const struct wd_agent_image *image = &loop->machine.image;
    uint8_t *program = loop->encoded + loop->count * loop->program_size;
    struct wd_agent_context *context = (struct wd_agent_context *)program;
    struct wd_agent_query *query = (struct wd_agent_query *)(program + image->context_words * sizeof(uint64_t));
    struct wd_cpu_case told;

    if (wd_cpu_prepare(&loop->cpu, &loop->memory, c, &told))
        return;
    told.regs[WD_HCR_EL2] = wd_unicorn_hcr(told.regs[WD_HCR_EL2]);
    *context = (struct wd_agent_context){.queries = 1};
    for (size_t i = 0; wd_unicorn_register(i) < WD_REGISTER_COUNT; i++)
        context->registers[i] = told.regs[wd_unicorn_register(i)];
    *query = (struct wd_agent_query){.at = image->at[c->op], .pan = wd_agent_pan(c->pan), .va = c->va};
    keep_words(loop, c);
    loop->count++;
}

static void run_chunk(struct loop *loop)
{
    struct wd_agent_batch *batch = wd_unicorn_requests(&loop->machine);

    loop->running = 0;
    while (loop->running < loop->count) {
        size_t first = loop->running;
        size_t count = loop->count - first < WD_UNICORN_BATCH ? loop->count - first : WD_UNICORN_BATCH;

        batch->contexts = count;
        memcpy(batch + 1, loop->encoded + first * loop->program_size, count * loop->program_size);
        if (wd_unicorn_run(&loop->machine) != UC_ERR_OK || loop->running != first + count)
            wd_bare_fail("unicorn stopped");
        for (size_t i = 0; i < count; i++)
            loop->pars ^= wd_unicorn_responses(&loop->machine)[i];
    }
}

static struct wd_bare_figures run(const struct wd_bare *bare, const char *option)
{
    static struct loop loop;
    struct wd_error error;
    double spent = 0, begin, encoding = 0, before;
    uint64_t programs = 0;

    (void)option;
    if (!wd_unicorn_start(&loop.machine, &(struct wd_unicorn_hooks){read_word, next_program, &loop}, &error))
        wd_bare_fail(error.text);
    wd_unicorn_learn(&loop.machine, &loop.cpu);
    loop.program_size = loop.machine.image.context_words * sizeof(uint64_t) + sizeof(struct wd_agent_query);
    loop.encoded = malloc(WD_BARE_CHUNK * loop.program_size);
    if (!loop.encoded)
        wd_bare_fail("no memory");
    for (uint64_t chunk = 0; spent < bare->seconds; chunk++) {
        loop.count = loop.word_count = 0;
        before = wd_bare_processor_time();
        for (uint64_t i = 0; i < WD_BARE_CHUNK; i++)
            encode(&loop, wd_bare_case(bare, chunk, i));
        encoding += wd_bare_processor_time() - before;
        begin = wd_now();
        run_chunk(&loop);
        spent += wd_now() - begin;
        programs += loop.count;
    }
    wd_unicorn_stop(&loop.machine);
    free(loop.words);
    free(loop.encoded);
    return (struct wd_bare_figures){(double)programs / spent, (double)programs, encoding};
}

int main(int argc, char **argv)
{
    return wd_bare_main(argc, argv, run);
}
