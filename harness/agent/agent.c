/* SPDX-License-Identifier: MIT */
#include "harness/agent/agent.h"

#include <assert.h>

/* What the stub keeps in general-purpose registers: a request's words from X0 on, its own state behind them. */
enum {
    X_AT = 0,
    X_PAN = 1,
    X_VA = 2,
    X_REGISTERS = WD_AGENT_REQUEST_FIXED_WORDS,
    X_REQUEST = X_REGISTERS + WD_AGENT_REGISTERS_MAX,
    X_RESPONSE,
    X_PROGRESS,
    X_REMAINING,
    X_PAR,
    X_COUNT,
};

_Static_assert((int)X_COUNT <= (int)WD_A64_XZR, "the stub has registers enough");
_Static_assert(X_REGISTERS % 2 == 1, "a request with an odd number of registers is loaded in whole pairs");

static const enum wd_register id_registers[] = {
    WD_ID_AA64PFR0_EL1,  WD_ID_AA64PFR1_EL1,  WD_ID_AA64PFR2_EL1,  WD_ID_AA64ISAR1_EL1, WD_ID_AA64ISAR2_EL1,
    WD_ID_AA64MMFR0_EL1, WD_ID_AA64MMFR1_EL1, WD_ID_AA64MMFR2_EL1, WD_ID_AA64MMFR3_EL1, WD_ID_AA64MMFR4_EL1,
};

enum { ID_REGISTER_COUNT = sizeof(id_registers) / sizeof(id_registers[0]) };

enum wd_register wd_agent_id_register(size_t i)
{
    return i < ID_REGISTER_COUNT ? id_registers[i] : WD_REGISTER_COUNT;
}

static uint64_t here(const struct wd_agent_config *config, const struct wd_a64_code *code)
{
    return config->base + code->count * sizeof(uint32_t);
}

static void emit_identify(const struct wd_agent_config *config, struct wd_a64_code *code)
{
    wd_a64_emit_constant(code, X_RESPONSE, config->responses);
    for (size_t i = 0; i < ID_REGISTER_COUNT; i++) {
        wd_a64_emit(code, wd_a64_mrs(X_PAR, wd_a64_register_of_case(id_registers[i])));
        wd_a64_emit(code, wd_a64_str_post(X_PAR, X_RESPONSE, 8));
    }
}

static void emit_batch_header(const struct wd_agent_config *config, struct wd_a64_code *code)
{
    wd_a64_emit_constant(code, X_REQUEST, config->requests);
    wd_a64_emit_constant(code, X_RESPONSE, config->responses);
    wd_a64_emit_constant(code, X_PROGRESS, config->progress);
    wd_a64_emit(code, wd_a64_ldr_post(X_REMAINING, X_REQUEST, sizeof(struct wd_agent_batch)));
}

static void emit_load(const struct wd_agent_config *config, struct wd_a64_code *code, size_t request_words)
{
    for (unsigned x = 0; x < request_words; x += 2)
        wd_a64_emit(code, wd_a64_ldp_post(x, x + 1, X_REQUEST, 16));
    if (config->has_pan)
        wd_a64_emit(code, wd_a64_msr(WD_A64_PAN, X_PAN));
    for (unsigned i = 0; i < config->register_count; i++)
        wd_a64_emit(code, wd_a64_msr(wd_a64_register_of_case(config->registers[i]), X_REGISTERS + i));
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

static void emit_respond(struct wd_a64_code *code)
{
    wd_a64_emit(code, wd_a64_isb());
    wd_a64_emit(code, wd_a64_mrs(X_PAR, WD_A64_PAR_EL1));
    wd_a64_emit(code, wd_a64_str_post(X_PAR, X_RESPONSE, 8));
    wd_a64_emit(code, wd_a64_sub(X_REMAINING, X_REMAINING, 1));
    wd_a64_emit(code, wd_a64_str_w(X_REMAINING, X_PROGRESS, 0));
}

bool wd_agent_build(const struct wd_agent_config *config, struct wd_agent_image *image)
{
    struct wd_a64_code code = {image->words, 0, WD_AGENT_IMAGE_WORDS_MAX};
    size_t words = WD_AGENT_REQUEST_FIXED_WORDS + config->register_count;
    size_t doorbell, next_request;

    assert(config->register_count <= WD_AGENT_REGISTERS_MAX);
    image->request_words = words + words % 2;

    image->identify = here(config, &code);
    emit_identify(config, &code);

    doorbell = code.count;
    image->doorbell = here(config, &code);
    config->doorbell(&code);

    image->batch = here(config, &code);
    emit_batch_header(config, &code);
    next_request = code.count;
    emit_load(config, &code, image->request_words);
    emit_translate(config, &code, image);
    emit_respond(&code);
    wd_a64_emit(&code, wd_a64_cbnz(X_REMAINING, wd_a64_offset_to(&code, next_request)));
    wd_a64_emit(&code, wd_a64_b(wd_a64_offset_to(&code, doorbell)));

    image->word_count = code.count;
    return code.count <= code.capacity;
}
