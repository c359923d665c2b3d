/* SPDX-License-Identifier: MIT */
#include "harness/agent/agent.h"

#include <assert.h>

#include "harness/agent/cpu.h"

/* What the stub keeps in general-purpose registers. */
enum {
    X_AT,
    X_PAN,
    X_VA,
    X_0, /* scratch from here … */
    X_1,
    X_2,
    X_3,
    X_CURSOR,
    X_LEFT, /* … to here */
    X_PAR,
    X_ESR,
    X_FAR,
    X_ELR,
    X_CHANGES,
    X_SLOT, /* where the count of changes goes */
    X_WORDS,
    X_WORD_COUNT,
    X_QUERIES,
    X_CONTEXTS,
    X_REQUEST,
    X_RESPONSE,
    X_PROGRESS,
    X_ANSWERED,
    X_HANDLER, /* the exception handler's own */
    X_COUNT,
};

_Static_assert((int)X_COUNT <= (int)WD_A64_XZR, "the stub has registers enough");

/*
 * SCR_EL3: NS and RW; APK, API, ATA, HXEn, TCR2En, PIEn, so that no use of an extension by lower Exception levels is
 * trapped or without effect; bits 5:4 are RES1. What the CPU does not have is RES0 there.
 */
#define SCR_EL3_VALUE                                                                                                  \
    (UINT64_C(1) << 0 | UINT64_C(3) << 4 | UINT64_C(1) << 10 | UINT64_C(3) << 16 | UINT64_C(1) << 26 |                 \
     UINT64_C(1) << 38 | UINT64_C(1) << 43 | UINT64_C(1) << 45)

enum { VECTOR_SIZE = 0x80, VECTOR_COUNT = 16 };

static const enum wd_register id_registers[] = {
    WD_ID_AA64PFR0_EL1,  WD_ID_AA64PFR1_EL1,  WD_ID_AA64PFR2_EL1,  WD_ID_AA64ISAR1_EL1, WD_ID_AA64ISAR2_EL1,
    WD_ID_AA64MMFR0_EL1, WD_ID_AA64MMFR1_EL1, WD_ID_AA64MMFR2_EL1, WD_ID_AA64MMFR3_EL1, WD_ID_AA64MMFR4_EL1,
};

enum { ID_REGISTER_COUNT = sizeof(id_registers) / sizeof(id_registers[0]) };
_Static_assert((int)ID_REGISTER_COUNT == (int)WD_CPU_ID_REGISTERS_MAX, "implementations are told apart");

enum wd_register wd_agent_id_register(size_t i)
{
    return i < ID_REGISTER_COUNT ? id_registers[i] : WD_REGISTER_COUNT;
}

static uint64_t here(const struct wd_agent_config *config, const struct wd_a64_code *code)
{
    return config->base + code->count * sizeof(uint32_t);
}

void wd_agent_emit_el3_set_up(struct wd_a64_code *code, uint64_t vectors)
{
    wd_a64_emit_constant(code, X_0, SCR_EL3_VALUE);
    wd_a64_emit(code, wd_a64_msr(WD_A64_SCR_EL3, X_0));
    wd_a64_emit_constant(code, X_0, vectors);
    wd_a64_emit(code, wd_a64_msr(WD_A64_VBAR_EL3, X_0));
    wd_a64_emit(code, wd_a64_isb());
}

static void emit_identify(const struct wd_agent_config *config, struct wd_a64_code *code)
{
    wd_a64_emit_constant(code, X_RESPONSE, config->responses);
    for (size_t i = 0; i < ID_REGISTER_COUNT; i++) {
        wd_a64_emit(code, wd_a64_mrs(X_0, wd_a64_register_of_case(id_registers[i])));
        wd_a64_emit(code, wd_a64_str_post(X_0, X_RESPONSE, 8));
    }
}

static void emit_move(struct wd_a64_code *code, unsigned xd, unsigned xn)
{
    wd_a64_emit(code, wd_a64_add(xd, xn, 0));
}

/* Translations of stage 2 that tables of stage 1 were read through, and those of both stages. */
static void emit_invalidate(const struct wd_agent_config *config, struct wd_a64_code *code)
{
    if (!config->tlb_maintenance)
        return;
    wd_a64_emit(code, wd_a64_tlbi(WD_A64_TLBI_ALLE1));
    wd_a64_emit(code, wd_a64_dsb_sy());
}

static void emit_batch_header(const struct wd_agent_config *config, struct wd_a64_code *code)
{
    wd_a64_emit_constant(code, X_REQUEST, config->requests);
    wd_a64_emit_constant(code, X_RESPONSE, config->responses);
    wd_a64_emit_constant(code, X_PROGRESS, config->progress);
    wd_a64_emit(code, wd_a64_movz(X_ANSWERED, 0, 0));
    wd_a64_emit(code, wd_a64_movz(X_ESR, 0, 0));
    wd_a64_emit(code, wd_a64_ldp_post(X_CONTEXTS, X_0, X_REQUEST, sizeof(struct wd_agent_batch)));
}

/* A write costs much more than to look whether it is needed: an emulator drops translations. */
static void emit_load_register(struct wd_a64_code *code, enum wd_a64_system_register reg, unsigned xt)
{
    wd_a64_emit(code, wd_a64_mrs(X_1, reg));
    wd_a64_emit(code, wd_a64_eor(X_1, X_1, xt));
    wd_a64_emit(code, wd_a64_cbz(X_1, 8));
    wd_a64_emit(code, wd_a64_msr(reg, xt));
}

/* Emits the head of a loop over the context's words: X_CURSOR at the first. @return the place of a CBZ to patch */
static size_t emit_words_begin(struct wd_a64_code *code)
{
    emit_move(code, X_CURSOR, X_WORDS);
    emit_move(code, X_LEFT, X_WORD_COUNT);
    wd_a64_emit(code, wd_a64_nop());
    return code->count - 1;
}

/* Emits the loop's end; its body begins behind `begin`. */
static void emit_words_end(struct wd_a64_code *code, size_t begin)
{
    wd_a64_emit(code, wd_a64_sub(X_LEFT, X_LEFT, 1));
    wd_a64_emit(code, wd_a64_cbnz(X_LEFT, wd_a64_offset_to(code, begin + 1)));
    if (begin < code->capacity)
        code->words[begin] = wd_a64_cbz(X_LEFT, 4 * (int64_t)(code->count - begin));
}

static void emit_load_context(const struct wd_agent_config *config, struct wd_a64_code *code)
{
    size_t i, loop;

    wd_a64_emit(code, wd_a64_ldp_post(X_QUERIES, X_WORD_COUNT, X_REQUEST, sizeof(struct wd_agent_context)));
    for (i = 0; i + 1 < config->register_count; i += 2) {
        wd_a64_emit(code, wd_a64_ldp_post(X_0, X_2, X_REQUEST, 16));
        emit_load_register(code, wd_a64_register_of_case(config->registers[i]), X_0);
        emit_load_register(code, wd_a64_register_of_case(config->registers[i + 1]), X_2);
    }
    if (i < config->register_count) {
        wd_a64_emit(code, wd_a64_ldp_post(X_0, X_2, X_REQUEST, 16));
        emit_load_register(code, wd_a64_register_of_case(config->registers[i]), X_0);
    }
    if (!config->with_memory)
        return;
    emit_move(code, X_WORDS, X_REQUEST);
    loop = emit_words_begin(code);
    wd_a64_emit(code, wd_a64_ldp_post(X_0, X_1, X_CURSOR, 16));
    wd_a64_emit(code, wd_a64_str(X_1, X_0, 0));
    emit_words_end(code, loop);
    emit_move(code, X_REQUEST, X_CURSOR);
    emit_invalidate(config, code);
}

static void emit_load_query(const struct wd_agent_config *config, struct wd_a64_code *code)
{
    wd_a64_emit(code, wd_a64_ldp_post(X_AT, X_PAN, X_REQUEST, 16));
    wd_a64_emit(code, wd_a64_ldp_post(X_VA, X_0, X_REQUEST, 16));
    if (config->has_pan)
        wd_a64_emit(code, wd_a64_msr(WD_A64_PAN, X_PAN));
    wd_a64_emit(code, wd_a64_isb());
    wd_a64_emit(code, wd_a64_br(X_AT));
}

/* Each AT is followed by a branch to what comes after the last one. */
static void emit_translate(const struct wd_agent_config *config, struct wd_a64_code *code, struct wd_agent_image *image)
{
    size_t behind = code->count + 2 * (size_t)WD_OPERATION_COUNT;

    for (enum wd_operation operation = 0; operation < WD_OPERATION_COUNT; operation++) {
        image->at[operation] = here(config, code);
        wd_a64_emit(code, wd_a64_at(operation, X_VA));
        wd_a64_emit(code, wd_a64_b(wd_a64_offset_to(code, behind)));
    }
}

/* Reports the words that the walk changed and puts them back. */
static void emit_changes(const struct wd_agent_config *config, struct wd_a64_code *code)
{
    size_t loop, unchanged;

    wd_a64_emit(code, wd_a64_movz(X_CHANGES, 0, 0));
    emit_move(code, X_SLOT, X_RESPONSE);
    wd_a64_emit(code, wd_a64_add(X_RESPONSE, X_RESPONSE, 8));
    loop = emit_words_begin(code);
    wd_a64_emit(code, wd_a64_ldp_post(X_0, X_1, X_CURSOR, 16));
    wd_a64_emit(code, wd_a64_ldr(X_2, X_0, 0));
    wd_a64_emit(code, wd_a64_eor(X_3, X_2, X_1));
    unchanged = code->count + 4;
    wd_a64_emit(code, wd_a64_cbz(X_3, wd_a64_offset_to(code, unchanged)));
    wd_a64_emit(code, wd_a64_stp_post(X_0, X_2, X_RESPONSE, 16));
    wd_a64_emit(code, wd_a64_str(X_1, X_0, 0));
    wd_a64_emit(code, wd_a64_add(X_CHANGES, X_CHANGES, 1));
    emit_words_end(code, loop);
    wd_a64_emit(code, wd_a64_str(X_CHANGES, X_SLOT, 0));
    if (config->tlb_maintenance) {
        wd_a64_emit(code, wd_a64_cbz(X_CHANGES, 12));
        emit_invalidate(config, code);
    }
}

static void emit_respond(const struct wd_agent_config *config, struct wd_a64_code *code)
{
    wd_a64_emit(code, wd_a64_isb());
    wd_a64_emit(code, wd_a64_mrs(X_PAR, WD_A64_PAR_EL1));
    wd_a64_emit(code, wd_a64_str_post(X_PAR, X_RESPONSE, 8));
    if (config->el3_entry) {
        wd_a64_emit(code, wd_a64_stp_post(X_ESR, X_FAR, X_RESPONSE, 16));
        wd_a64_emit(code, wd_a64_str_post(X_ELR, X_RESPONSE, 8));
        wd_a64_emit(code, wd_a64_movz(X_ESR, 0, 0));
    }
    if (config->with_memory)
        emit_changes(config, code);
    wd_a64_emit(code, wd_a64_add(X_ANSWERED, X_ANSWERED, 1));
    wd_a64_emit(code, wd_a64_str_w(X_ANSWERED, X_PROGRESS, 0));
}

static void emit_clear_words(const struct wd_agent_config *config, struct wd_a64_code *code)
{
    size_t loop;

    if (!config->with_memory)
        return;
    loop = emit_words_begin(code);
    wd_a64_emit(code, wd_a64_ldp_post(X_0, X_1, X_CURSOR, 16));
    wd_a64_emit(code, wd_a64_str(WD_A64_XZR, X_0, 0));
    emit_words_end(code, loop);
}

/* Every exception goes the same way: it is noted, and execution goes on behind its instruction. */
static void emit_vectors(struct wd_a64_code *code)
{
    while (code->count % (WD_AGENT_VECTORS / sizeof(uint32_t)))
        wd_a64_emit(code, wd_a64_nop());
    for (size_t vector = 0; vector < VECTOR_COUNT; vector++) {
        size_t end = code->count + VECTOR_SIZE / sizeof(uint32_t);

        wd_a64_emit(code, wd_a64_mrs(X_ESR, WD_A64_ESR_EL3));
        wd_a64_emit(code, wd_a64_mrs(X_FAR, WD_A64_FAR_EL3));
        wd_a64_emit(code, wd_a64_mrs(X_ELR, WD_A64_ELR_EL3));
        wd_a64_emit(code, wd_a64_add(X_HANDLER, X_ELR, 4));
        wd_a64_emit(code, wd_a64_msr(WD_A64_ELR_EL3, X_HANDLER));
        wd_a64_emit(code, wd_a64_eret());
        while (code->count < end)
            wd_a64_emit(code, wd_a64_nop());
    }
}

static size_t response_words(const struct wd_agent_config *config)
{
    return 1 + (config->el3_entry ? 3 : 0) + (config->with_memory ? 1 : 0);
}

bool wd_agent_build(const struct wd_agent_config *config, struct wd_agent_image *image)
{
    struct wd_a64_code code = {image->words, 0, WD_AGENT_IMAGE_WORDS_MAX};
    size_t doorbell, next_context, next_query;

    image->context_words = 2 + config->register_count + config->register_count % 2;
    image->response_words = response_words(config);

    image->entry = here(config, &code);
    if (config->el3_entry)
        wd_agent_emit_el3_set_up(&code, config->base + WD_AGENT_VECTORS);
    image->identify = here(config, &code);
    emit_identify(config, &code);

    doorbell = code.count;
    image->doorbell = here(config, &code);
    config->doorbell(&code);

    image->batch = here(config, &code);
    emit_batch_header(config, &code);
    next_context = code.count;
    emit_load_context(config, &code);
    next_query = code.count;
    emit_load_query(config, &code);
    emit_translate(config, &code, image);
    emit_respond(config, &code);
    wd_a64_emit(&code, wd_a64_sub(X_QUERIES, X_QUERIES, 1));
    wd_a64_emit(&code, wd_a64_cbnz(X_QUERIES, wd_a64_offset_to(&code, next_query)));
    emit_clear_words(config, &code);
    wd_a64_emit(&code, wd_a64_sub(X_CONTEXTS, X_CONTEXTS, 1));
    wd_a64_emit(&code, wd_a64_cbnz(X_CONTEXTS, wd_a64_offset_to(&code, next_context)));
    wd_a64_emit(&code, wd_a64_b(wd_a64_offset_to(&code, doorbell)));
    if (config->el3_entry) {
        if (code.count * sizeof(uint32_t) > WD_AGENT_VECTORS)
            return false;
        emit_vectors(&code);
    }

    image->word_count = code.count;
    return code.count <= code.capacity;
}
