/* SPDX-License-Identifier: MIT */
/*
 * A small subject of our own, in the shape of a hypervisor's handler, with the defects of abort_defects.def:
 * `model:abort,defect=IP-01`. Without one it answers rightly.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/subjects/abort/abort_kind.h"
#include "harness/subjects/abort/bits.h"

enum defect {
    NONE,
#define WD_ABORT_DEFECT(name, id, text) name,
#include "harness/subjects/abort/abort_defects.def"
    DEFECT_COUNT,
};

static const char *const ids[DEFECT_COUNT] = {
    "",
#define WD_ABORT_DEFECT(name, id, text) id,
#include "harness/subjects/abort/abort_defects.def"
};

struct sample {
    enum defect defect;
};

static void as_device(const struct wd_abort_case *c, struct wd_abort_answer *answer)
{
    answer->outcome = WD_ABORT_MMIO;
    answer->mmio = c->ipa | (c->far & 0xfff);
    answer->pc = c->pc;
    answer->pstate = c->pstate;
    for (unsigned i = 0; i < WD_ABORT_OUT_COUNT; i++)
        answer->regs[i] = wd_abort_mark(i);
}

/* What a handler with a defect sees of a case; or how it spoils the answer. */
static void answer(void *opaque, const void *opaque_case, void *opaque_answer)
{
    const struct sample *sample = opaque;
    struct wd_abort_case c = *(const struct wd_abort_case *)opaque_case;
    struct wd_abort_answer *got = opaque_answer;
    struct wd_abort_facts facts;
    struct wd_abort_expected expected;
    bool as_data = sample->defect == INSTRUCTION_AS_DATA && wd_bits(c.esr, 31, 26) == WD_EC_INSTRUCTION_LOWER;

    wd_abort_look(&c, &facts);
    if (as_data)
        facts.data = true;
    wd_abort_expect(&c, &facts, 0, 3, &expected);
    *got = expected.answer;
    if (sample->defect == DIES && facts.cache && facts.at_el2)
        raise(SIGSEGV);
    while (sample->defect == HANGS && facts.cache && facts.at_el2)
        pause();
    if (sample->defect == WARNS && facts.cache)
        snprintf(got->head.warnings[got->head.warning_count++], WD_SUBJECT_TEXT_MAX, "sample.c:1");
    if ((sample->defect == BEYOND_IS_DEVICE && facts.zone == WD_ZONE_BEYOND) ||
        (sample->defect == BETWEEN_IS_DEVICE && facts.zone == WD_ZONE_BETWEEN))
        as_device(&c, got);
    if (sample->defect == STRAY_STATUS_BITS && expected.action == WD_ACTION_SIZE && !facts.short_descriptors)
        got->regs[expected.syndrome] |= WD_FSC_EXTERNAL;
    if (sample->defect == SHORT_SIZE_STATUS && expected.action == WD_ACTION_SIZE && facts.short_descriptors)
        got->regs[expected.syndrome] &= ~WD_ESR_FSC;
}

static void *open_sample(const char *options, char *error, size_t error_size)
{
    static struct sample sample;
    static const char key[] = "defect=";
    const char *defect = strstr(options, key);

    sample.defect = NONE;
    if (!defect)
        return &sample;
    defect += strlen(key);
    for (unsigned i = 1; i < DEFECT_COUNT; i++)
        if (!strcmp(ids[i], defect))
            sample.defect = i;
    if (sample.defect)
        return &sample;
    snprintf(error, error_size, "there is no defect '%s'", defect);
    return NULL;
}

static void close_sample(void *sample)
{
    (void)sample;
}

const struct wd_subject_api wd_abort_model = {
    .abi = WD_SUBJECT_ABI,
    .case_size = sizeof(struct wd_abort_case),
    .answer_size = sizeof(struct wd_abort_answer),
    .kind = "abort",
    .name = "model",
    .version = WALKDIFF_VERSION,
    .open = open_sample,
    .answer = answer,
    .close = close_sample,
};
