/* SPDX-License-Identifier: MIT */
#include "harness/walkers/qemu/qemu.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/agent/cpu.h"
#include "harness/walkers/qemu/machine.h"
#include "walkdiff/oracle.h"

enum {
    BATCH = 512,
    CHANCES = 4, /* a case is asked so often before a death that QEMU says nothing of is its answer */
    BINARY_MAX = 4096,
    VERSION_MAX = WD_QEMU_VERSION_MAX + WD_MODEL_NAME_MAX + 8,
};

/* What of an answer is worth doubting: not where the output is. */
struct kind {
    uint8_t answer; /* enum wd_answer */
    bool fault, stage2, on_walk;
    uint8_t status;
};

/* A case of the batch in hand. */
struct pending {
    size_t index; /* of the case in the call of answer() */
    struct wd_cpu_case told;
    struct kind expected;        /* of the oracle's answer */
    uint64_t expected_page;      /* likewise, if it is a success: PAR_EL1.PA */
    enum wd_regime regime;       /* likewise */
    enum wd_operation operation; /* what is executed */
    uint64_t hash;               /* of its context */
    uint64_t place;              /* in the order: by these numbers */
    bool answered;
    bool is_risky;        /* QEMU may well die of it */
    bool looks_for_stage; /* its AT took an external abort at a stage that is to be found out; `result` has the rest */
};

struct walker {
    char binary[BINARY_MAX];
    enum wd_register registers[WD_REGISTER_COUNT];
    struct wd_machine machine;
    struct wd_cpu cpu;
    struct wd_cpu_memory memory;
    unsigned chances;

    const struct wd_case *const *cases;
    struct wd_result *results;
    size_t pending_count;
    struct pending pending[BATCH];
    size_t order[BATCH]; /* pending cases in the order in which they are asked */
};

/* ---------------------------------------------------------------- contexts */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15) ^ hash >> 29;
}

static uint64_t hash_context(const struct walker *w, const struct wd_case *c, const struct wd_cpu_case *told)
{
    uint64_t hash = c->mem_count;

    for (size_t i = 0; i < w->machine.config.register_count; i++)
        hash = mix(hash, told->regs[w->registers[i]]);
    for (uint32_t i = 0; i < c->mem_count; i++)
        hash = mix(mix(hash, c->mem[i].pa), c->mem[i].value);
    return hash;
}

static bool same_context(const struct walker *w, const struct pending *a, const struct pending *b)
{
    const struct wd_case *case_a = w->cases[a->index], *case_b = w->cases[b->index];

    if (a->hash != b->hash || case_a->mem_count != case_b->mem_count)
        return false;
    for (size_t i = 0; i < w->machine.config.register_count; i++)
        if (a->told.regs[w->registers[i]] != b->told.regs[w->registers[i]])
            return false;
    return !case_a->mem_count || !memcmp(case_a->mem, case_b->mem, case_a->mem_count * sizeof(case_a->mem[0]));
}

/*
 * Contexts of one group can follow each other with fewer writes that make QEMU forget addresses, those of the stub's
 * code among them: writes of other values to SCTLR_ELx, TCR_ELx and VTTBR_EL2, and some bits of HCR_EL2.
 */
static unsigned group_of(const uint64_t *regs)
{
    static const enum wd_register often_zero[] = {WD_SCTLR_EL1, WD_TCR_EL1, WD_SCTLR_EL2, WD_TCR_EL2, WD_VTTBR_EL2};
    uint64_t hcr = regs[WD_HCR_EL2];
    unsigned group = (unsigned)(WD_GET(hcr, HCR_EL2, VM) << 3 | WD_GET(hcr, HCR_EL2, DC) << 2 |
                                WD_GET(hcr, HCR_EL2, PTW) << 1 | WD_GET(hcr, HCR_EL2, FWB));

    for (size_t i = 0; i < sizeof(often_zero) / sizeof(often_zero[0]); i++)
        group = 2 * group + (regs[often_zero[i]] != 0);
    return group;
}

enum { GROUP_BITS = 9 };

/* Risky cases are last; then a group is together, and in it a context. */
static uint64_t place_of(const struct pending *p)
{
    uint64_t place = p->hash >> (GROUP_BITS + 1);

    place |= (uint64_t)group_of(p->told.regs) << (63 - GROUP_BITS);
    return place | (uint64_t)p->is_risky << 63;
}

static int by_place(const void *a, const void *b)
{
    const struct pending *one = *(const struct pending *const *)a, *other = *(const struct pending *const *)b;

    if (one->place != other->place)
        return one->place < other->place ? -1 : 1;
    return one < other ? -1 : one > other;
}

/* The cases that are not answered yet. */
static size_t make_order(struct walker *w)
{
    const struct pending *sorted[BATCH];
    size_t count = 0;

    for (size_t i = 0; i < w->pending_count; i++)
        if (!w->pending[i].answered)
            sorted[count++] = &w->pending[i];
    qsort(sorted, count, sizeof(sorted[0]), by_place);
    for (size_t i = 0; i < count; i++)
        w->order[i] = (size_t)(sorted[i] - w->pending);
    return count;
}

/* How many of an order, from the first one on, are as risky as that. */
static size_t as_risky_as_the_first(const struct walker *w, const size_t *order, size_t count)
{
    size_t i = 1;

    while (i < count && w->pending[order[i]].is_risky == w->pending[order[0]].is_risky)
        i++;
    return i;
}

/* How many cases of the call are answered without a gap; `taken` are answered or pending. */
static size_t answered_without_gap(const struct walker *w, size_t taken)
{
    for (size_t i = 0; i < w->pending_count; i++)
        if (!w->pending[i].answered)
            return w->pending[i].index;
    return taken;
}

/* ---------------------------------------------------------------- requests */

/* Requests in the making. */
struct writer {
    uint8_t *next;
    size_t room;          /* bytes */
    size_t response_room; /* bytes for responses, if every walk changed every word */
    struct wd_agent_context *context;
};

static size_t context_size(const struct walker *w)
{
    return w->machine.image.context_words * sizeof(uint64_t);
}

static void write_context(const struct walker *w, struct writer *writer, const struct pending *p)
{
    const struct wd_case *c = w->cases[p->index];
    struct wd_agent_context *context = (struct wd_agent_context *)writer->next;
    struct wd_agent_word *word = (struct wd_agent_word *)(writer->next + context_size(w));

    *context = (struct wd_agent_context){0};
    for (size_t i = 0; i < w->machine.config.register_count; i++)
        context->registers[i] = p->told.regs[w->registers[i]];
    for (uint32_t i = 0; i < c->mem_count; i++)
        if (wd_case_ram_at(c, c->mem[i].pa) && wd_map_has(&w->machine.map, c->mem[i].pa))
            word[context->words++] = (struct wd_agent_word){c->mem[i].pa, c->mem[i].value};
    writer->next = (uint8_t *)(word + context->words);
    writer->context = context;
}

/* Adds a case. @return false if it has no room in this round */
static bool write_request(const struct walker *w, struct writer *writer, const struct pending *p,
                          const struct pending *before)
{
    const struct wd_case *c = w->cases[p->index];
    size_t words_size = c->mem_count * sizeof(struct wd_agent_word);
    size_t size = context_size(w) + words_size + sizeof(struct wd_agent_query);
    size_t response_size = sizeof(struct wd_agent_response) + words_size;

    if (size > writer->room || response_size > writer->response_room)
        return false;
    writer->room -= size;
    writer->response_room -= response_size;
    if (!before || !same_context(w, p, before))
        write_context(w, writer, p);
    writer->context->queries++;
    *(struct wd_agent_query *)writer->next = (struct wd_agent_query){
        .at = w->machine.image.at[p->operation],
        .pan = wd_agent_pan(c->pan),
        .va = c->va,
    };
    writer->next += sizeof(struct wd_agent_query);
    return true;
}

/* Writes as many cases of an order as there is room for. @return how many */
static size_t write_requests(struct walker *w, const size_t *order, size_t count)
{
    struct wd_agent_batch *batch;
    struct writer writer;
    const struct pending *before = NULL;
    struct wd_agent_context *last = NULL;
    size_t i;

    writer.next = wd_machine_requests(&w->machine, &writer.room);
    wd_machine_responses(&w->machine, &writer.response_room);
    batch = (struct wd_agent_batch *)writer.next;
    *batch = (struct wd_agent_batch){0};
    writer.next += sizeof(*batch);
    writer.room -= sizeof(*batch);
    for (i = 0; i < count; i++) {
        const struct pending *p = &w->pending[order[i]];

        if (!write_request(w, &writer, p, before))
            break;
        batch->contexts += writer.context != last;
        last = writer.context;
        before = p;
    }
    return i;
}

/* ---------------------------------------------------------------- answers */

enum { EC_UNKNOWN = 0x00, EC_DATA_ABORT = 0x24, EC_DATA_ABORT_SAME_EL = 0x25 }; /* ESR_EL3.EC */

/* Fault status codes of a Translation fault: level 0 (others are above it), and level -1. */
enum { FST_TRANSLATION = 0x04, FST_TRANSLATION_MINUS_1 = 0x2b };
enum { FST_PERMISSION = 0x0c }; /* at level 0 */

#define WD_READ_ONLY "an update in memory that is read-only"

/* Adds the words that the walk changed. @return why the answer is none */
static const char *take_changes(const struct wd_case *c, const struct wd_agent_word *words, uint64_t count,
                                struct wd_result *result)
{
    for (uint64_t i = 0; i < count; i++) {
        const struct wd_ram *ram = wd_case_ram_at(c, words[i].pa);

        if (ram && ram->read_only)
            return WD_READ_ONLY;
        if (!wd_result_write(c, result, words[i].pa, words[i].value))
            return "too many words changed";
    }
    return NULL;
}

/*
 * A Data Abort that the AT took at EL3. ESR_EL3 tells no stage: where both are walked, an AT of stage 1 alone finds
 * out. Such a one is asked next.
 */
static void conclude_abort(struct pending *p, const struct wd_case *c, uint64_t esr, struct wd_result *result)
{
    bool s1ptw = wd_bit(esr, 7), stage2 = wd_cpu_walks_stage2(c, p->told.regs);

    wd_result_clear(result, 0);
    result->answer = WD_ANSWER_EXCEPTION;
    result->exception = (struct wd_exception){
        .fst = (uint8_t)wd_bits(esr, 5, 0),
        .stage2 = s1ptw || stage2,
        .s1ptw = s1ptw,
    };
    /* TGE = 1 should turn stage 1 off, and does not turn QEMU's. */
    if (stage2 && !s1ptw && (wd_cpu_walks_stage1(p->told.regs) || WD_GET(p->told.regs[WD_HCR_EL2], HCR_EL2, TGE))) {
        p->looks_for_stage = true;
        p->operation = wd_cpu_stage1_of(p->operation);
        p->answered = false;
    }
}

static void conclude_exception(const struct walker *w, struct pending *p, const struct wd_case *c,
                               const struct wd_agent_response *response, struct wd_result *result)
{
    uint64_t class = wd_bits(response->esr, 31, 26);
    char reason[WD_TEXT_MAX];

    if (response->elr != w->machine.image.at[p->operation]) {
        snprintf(reason, sizeof(reason), "the stub took an exception: ESR_EL3 %#llx, ELR_EL3 %#llx",
                 (unsigned long long)response->esr, (unsigned long long)response->elr);
        wd_result_unsupported(result, reason);
    } else if (class == EC_UNKNOWN) {
        wd_result_clear(result, 0);
        result->answer = WD_ANSWER_UNDEFINED;
    } else if (class == EC_DATA_ABORT || class == EC_DATA_ABORT_SAME_EL) {
        conclude_abort(p, c, response->esr, result);
    } else {
        snprintf(reason, sizeof(reason), "an exception of class %#llx", (unsigned long long)class);
        wd_result_unsupported(result, reason);
    }
}

static struct kind kind_of(const struct wd_result *result)
{
    struct kind kind = {.answer = result->answer};

    if (result->answer == WD_ANSWER_EXCEPTION) {
        kind.status = result->exception.fst;
        kind.stage2 = result->exception.stage2;
        kind.on_walk = result->exception.s1ptw;
    } else if (result->answer == WD_ANSWER_PAR && WD_GET(result->par, PAR_EL1, F)) {
        kind.fault = true;
        kind.status = (uint8_t)WD_GET(result->par, PAR_EL1_F, FST);
        kind.stage2 = WD_GET(result->par, PAR_EL1_F, S);
        kind.on_walk = WD_GET(result->par, PAR_EL1_F, PTW);
    }
    return kind;
}

static bool is_translation_fault(struct kind kind)
{
    return (kind.fault || kind.answer == WD_ANSWER_EXCEPTION) &&
           ((kind.status & 0x3c) == FST_TRANSLATION || kind.status == FST_TRANSLATION_MINUS_1);
}

static bool same_kind(struct kind a, struct kind b)
{
    return a.answer == b.answer && a.fault == b.fault && a.status == b.status && a.stage2 == b.stage2 &&
           a.on_walk == b.on_walk;
}

static const char *const reach_words[] = {
    [WD_REACH_DEVICES] = "a table walk could read what is a device in QEMU",
    [WD_REACH_FOREIGN] = "a table walk could read memory that QEMU has and the case has not",
    [WD_REACH_MISSING] = "a table walk could read memory that the case has and QEMU has not",
    [WD_REACH_READ_ONLY] = WD_READ_ONLY,
};

static const char *reach_reason(unsigned reach)
{
    return reach ? reach_words[reach & -reach] : NULL;
}

/*
 * Whether a success is that of a walk where stage 1 is off: TGE = 1 does not turn QEMU's off. It is of the kind that is
 * expected; the address tells.
 */
static bool walked_in_spite_of_tge(const struct wd_case *c, const struct pending *p, const struct wd_result *result)
{
    return p->regime == WD_REGIME_EL10 && WD_GET(c->regs[WD_HCR_EL2], HCR_EL2, TGE) &&
           WD_GET(result->par, PAR_EL1, PA) != p->expected_page;
}

/* Whether memory that one side has and the other has not can have been what made the answer. */
static const char *doubt(const struct walker *w, const struct wd_case *c, const struct pending *p,
                         const struct wd_result *result)
{
    struct kind kind = kind_of(result);
    unsigned possible = WD_REACH_DEVICES;

    if (same_kind(kind, p->expected) && !walked_in_spite_of_tge(c, p, result))
        return NULL;
    if (is_translation_fault(kind))
        possible |= WD_REACH_FOREIGN;
    if (kind.answer == WD_ANSWER_EXCEPTION)
        possible |= WD_REACH_MISSING;
    return reach_reason(wd_map_reach(&w->machine.map, c, p->regime) & possible);
}

static void conclude(struct walker *w, struct pending *p, const struct wd_agent_response *response,
                     const struct wd_agent_word *changes)
{
    const struct wd_case *c = w->cases[p->index];
    struct wd_result *result = &w->results[p->index];
    const char *reason;

    p->answered = true;
    if (p->looks_for_stage) {
        if (response->esr)
            result->exception.stage2 = false;
        return;
    }
    if (response->esr)
        conclude_exception(w, p, c, response, result);
    else
        wd_cpu_conclude(c, &p->told, response->par, result);
    reason = doubt(w, c, p, result);
    if (!reason && (result->answer == WD_ANSWER_PAR || result->answer == WD_ANSWER_EXCEPTION))
        reason = take_changes(c, changes, response->changes, result);
    if (reason) {
        p->answered = true;
        wd_result_unsupported(result, reason);
    }
}

static void take_responses(struct walker *w, const size_t *order, size_t count)
{
    size_t size;
    const uint8_t *next = wd_machine_responses(&w->machine, &size);

    for (size_t i = 0; i < count; i++) {
        const struct wd_agent_response *response = (const struct wd_agent_response *)next;
        const struct wd_agent_word *changes = (const struct wd_agent_word *)(response + 1);

        conclude(w, &w->pending[order[i]], response, changes);
        next = (const uint8_t *)(changes + response->changes);
    }
}

/* "SIGABRT: do_ats_write: Assertion …", without the file and the line, which are others in each version. */
static void tell_death(const struct wd_death *death, struct wd_result *result)
{
    const char *words = death->words;

    for (const char *colon = strchr(words, ':'); colon; colon = strchr(colon + 1, ':')) {
        size_t digits = strspn(colon + 1, "0123456789");
        if (digits && colon[1 + digits] == ':')
            words = colon + 2 + digits + strspn(colon + 2 + digits, " ");
    }
    wd_result_clear(result, 0);
    result->answer = WD_ANSWER_CRASH;
    snprintf(result->text, sizeof(result->text), "%s%s%.64s", death->how, words[0] ? ": " : "", words);
}

/*
 * QEMU died with a case in hand. Where it says why, with a failed assertion, the case is what it died of. Where it says
 * nothing, and whatever it said where it was killed (SIGKILL), that may be somebody else's doing: it is asked again.
 */
static void bury(struct walker *w, struct pending *p, const struct wd_death *death)
{
    struct wd_result *result = &w->results[p->index];
    struct wd_error error;

    fprintf(stderr, "qemu: %s %s\n", death->how, death->words);
    if ((!death->killed && death->words[0]) || ++w->chances == CHANCES) {
        w->chances = 0;
        p->answered = true;
        tell_death(death, result);
    }
    if (!wd_machine_restart(&w->machine, &error)) {
        /* The machine is out of something. The engine takes this for what it is, and tries again, but not for ever. */
        fprintf(stderr, "%s\n", error.text);
        kill(getpid(), SIGKILL);
    }
}

/*
 * Asks the first of `count` cases of `order`, as many as there is room for, until the last of them is answered or QEMU
 * died of one. @return how many were dealt with, one that is to be asked again not among them
 */
static size_t ask(struct walker *w, const size_t *order, size_t count)
{
    size_t asked = write_requests(w, order, as_risky_as_the_first(w, order, count)), answered;
    struct wd_death death;

    if (!asked) { /* one case alone is too large */
        w->pending[order[0]].answered = true;
        wd_result_unsupported(&w->results[w->pending[order[0]].index], "more memory than a request can hold");
        return 1;
    }
    if (wd_machine_round(&w->machine, w->pending[order[0]].is_risky, &death) == WD_ROUND_DONE) {
        w->chances = 0;
        take_responses(w, order, asked);
        return asked;
    }
    answered = wd_machine_answered(&w->machine);
    if (answered >= asked) /* it was done with all, and died before it said so */
        answered = asked - 1;
    if (answered)
        w->chances = 0;
    take_responses(w, order, answered);
    bury(w, &w->pending[order[answered]], &death);
    return answered + w->pending[order[answered]].answered;
}

/* @param taken  cases of the call that were taken so far */
static void run_batch(struct walker *w, size_t taken, volatile uint32_t *done)
{
    size_t count;

    /* A case whose stage is looked for is asked once more, in another round. */
    while ((count = make_order(w)) > 0)
        for (size_t i = 0; i < count; *done = (uint32_t)answered_without_gap(w, taken))
            i += ask(w, w->order + i, count - i);
    w->pending_count = 0;
}

/* What QEMU 10.0 dies of. Whoever is asked with care and lives answers as any other. */
static bool may_be_fatal(const struct wd_case *c, const struct wd_forecast *forecast)
{
    struct kind kind = kind_of(&forecast->result);

    return wd_operations[c->op].both_stages && kind.fault && kind.stage2 && !kind.on_walk &&
           (kind.status & 0x3c) == FST_PERMISSION;
}

/* Takes a case into the batch, or says at once that it is unsupported. */
static void take(struct walker *w, size_t index)
{
    const struct wd_case *c = w->cases[index];
    struct pending *p = &w->pending[w->pending_count];
    const char *reason = wd_cpu_prepare(&w->cpu, &w->memory, c, &p->told);
    struct wd_forecast forecast;

    if (!reason) {
        wd_map_forecast(&w->machine.map, c, &forecast);
        reason = reach_reason(forecast.reach);
    }
    if (reason) {
        wd_result_unsupported(&w->results[index], reason);
        return;
    }
    p->expected = kind_of(&forecast.result);
    p->expected_page = WD_GET(forecast.result.par, PAR_EL1, PA);
    p->regime = forecast.regime;
    p->index = index;
    p->operation = (enum wd_operation)c->op;
    p->hash = hash_context(w, c, &p->told);
    p->is_risky = may_be_fatal(c, &forecast);
    p->place = place_of(p);
    p->answered = p->looks_for_stage = false;
    w->pending_count++;
}

static void qemu_answer(void *walker, const struct wd_case *const *cases, struct wd_result *results, size_t count,
                        volatile uint32_t *done)
{
    struct walker *w = walker;

    w->cases = cases;
    w->results = results;
    for (size_t i = 0; i < count; i++) {
        take(w, i);
        if (w->pending_count == BATCH)
            run_batch(w, i + 1, done);
    }
    run_batch(w, count, done);
    *done = (uint32_t)count;
}

/* ---------------------------------------------------------------- opening */

static char version[VERSION_MAX];

static bool is_model_name(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("-_.+", text[i]))
            return false;
    return length && length < WD_MODEL_NAME_MAX;
}

/* Real hardware: what that takes stands in docs/references.md. */
static bool refuse_kvm(struct wd_error *error)
{
#if defined(__aarch64__)
    if (access("/dev/kvm", R_OK | W_OK))
        return wd_error_set(error, "qemu: accel=kvm: there is no /dev/kvm that this process may use");
    return wd_error_set(error, "qemu: accel=kvm: the stub for EL1 under KVM is not part of this version");
#else
    return wd_error_set(error, "qemu: accel=kvm: this machine is no AArch64 one, and KVM runs the machine's own CPU");
#endif
}

static bool read_option(struct walker *w, struct wd_machine_config *config, const char *option, size_t length,
                        struct wd_error *error)
{
    if (!strncmp(option, "cpu=", 4) && is_model_name(option + 4, length - 4)) {
        snprintf(config->cpu, sizeof(config->cpu), "%.*s", (int)length - 4, option + 4);
        return true;
    }
    if (!strncmp(option, "bin=", 4) && length > 4 && length < sizeof(w->binary)) {
        snprintf(w->binary, sizeof(w->binary), "%.*s", (int)length - 4, option + 4);
        return true;
    }
    if (length == 9 && !strncmp(option, "accel=tcg", 9))
        return true;
    if (length == 9 && !strncmp(option, "accel=kvm", 9))
        return refuse_kvm(error);
    return wd_error_set(error, "qemu: '%.*s': it takes cpu=MODEL, bin=PATH and accel=tcg", (int)length, option);
}

static bool read_options(struct walker *w, struct wd_machine_config *config, const char *options,
                         struct wd_error *error)
{
    snprintf(w->binary, sizeof(w->binary), "qemu-system-aarch64");
    snprintf(config->cpu, sizeof(config->cpu), "max");
    while (*options) {
        size_t length = strcspn(options, ",");

        if (!read_option(w, config, options, length, error))
            return false;
        options += length + (options[length] == ',');
    }
    config->binary = w->binary;
    return true;
}

static void qemu_close(void *walker)
{
    struct walker *w = walker;

    wd_machine_stop(&w->machine);
    free(w);
}

/* The first start finds out what the CPU is, which the machine's memory and the stub's registers depend on. */
static bool start(struct walker *w, const char *options, struct wd_error *error)
{
    struct wd_machine_config config = {0};
    char number[WD_QEMU_VERSION_MAX];

    if (!read_options(w, &config, options, error) || !wd_qemu_version(w->binary, number, error))
        return false;
    config.has_high_windows = strtoul(number, NULL, 10) >= 8;
    if (!wd_machine_start(&w->machine, &config, error))
        return false;
    snprintf(version, sizeof(version), "%s cpu=%s", number, config.cpu);
    wd_machine_learn(&w->machine, &w->cpu, w->registers, &config);
    wd_machine_stop(&w->machine);
    return wd_machine_start(&w->machine, &config, error);
}

static void *qemu_open(const char *options, char *error, size_t error_size)
{
    struct walker *w = calloc(1, sizeof(*w));
    struct wd_error problem = {.text = "out of memory"};

    if (w && start(w, options, &problem))
        return w;
    snprintf(error, error_size, "%s", problem.text);
    if (w)
        qemu_close(w);
    return NULL;
}

const struct wd_walker_api *wd_walker_qemu(void)
{
    static const struct wd_walker_api api = {
        .abi = WD_WALKER_ABI,
        .case_size = sizeof(struct wd_case),
        .result_size = sizeof(struct wd_result),
        .name = "qemu",
        .version = version,
        .open = qemu_open,
        .answer = qemu_answer,
        .close = qemu_close,
    };

    return &api;
}
