/* SPDX-License-Identifier: MIT */
/* Answers and their differences in words: signatures and titles of buckets. */
#include "harness/judge/answer_words.h"

#include "harness/judge/facets.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_WORDS = 100, DIFFERENCE_WORDS = 256 };

static const char *const classes[WD_FAULT_CLASS_COUNT] = {
    [WD_FAULT_ADDRESS_SIZE] = "Address size fault", [WD_FAULT_TRANSLATION] = "Translation fault",
    [WD_FAULT_ACCESS_FLAG] = "Access flag fault",   [WD_FAULT_PERMISSION] = "Permission fault",
    [WD_FAULT_EXTERNAL_ABORT] = "external abort",   [WD_FAULT_ATOMIC_UPDATE] = "unsupported atomic update fault",
};

/* Codes that stand apart, then those with the level in bits 1:0. */
static uint8_t fault_of(unsigned fst, int *level)
{
    static const uint8_t by_high_bits[16] = {WD_FAULT_ADDRESS_SIZE, WD_FAULT_TRANSLATION, WD_FAULT_ACCESS_FLAG,
                                             WD_FAULT_PERMISSION,   WD_FAULT_NONE,        WD_FAULT_EXTERNAL_ABORT};

    *level = -1;
    switch (fst) {
    case 0x13:
        return WD_FAULT_EXTERNAL_ABORT;
    case 0x29:
        return WD_FAULT_ADDRESS_SIZE;
    case 0x2b:
        return WD_FAULT_TRANSLATION;
    case 0x31:
        *level = 0;
        return WD_FAULT_ATOMIC_UPDATE;
    }
    *level = (int)(fst & 3);
    return by_high_bits[fst >> 2 & 0xf];
}

struct wd_status wd_decode_status(unsigned fst)
{
    struct wd_status status;

    status.fault = fault_of(fst, &status.level);
    status.class = classes[status.fault];
    return status;
}

static const char *class_of(unsigned fst)
{
    struct wd_status status = wd_decode_status(fst);

    return status.class ? status.class : "unknown fault status";
}

/* The class of a fault, as far as the walker tells it: the level alone may be left out. */
static const char *told_class(const struct wd_result *result, unsigned fst)
{
    return WD_GET(result->unanswered, PAR_EL1_F, FST) >> 2 ? "fault" : class_of(fst);
}

/* The class of an answer, without numbers. */
static void classify(const struct wd_result *result, char *text, size_t size)
{
    switch (result->answer) {
    case WD_ANSWER_PAR:
        if (!WD_GET(result->par, PAR_EL1, F))
            snprintf(text, size, "success");
        else
            snprintf(text, size, "%s%s%s", WD_GET(result->par, PAR_EL1_F, S) ? "stage 2 " : "",
                     told_class(result, (unsigned)WD_GET(result->par, PAR_EL1_F, FST)),
                     WD_GET(result->par, PAR_EL1_F, PTW) ? " on a stage 1 walk" : "");
        break;
    case WD_ANSWER_EXCEPTION:
        snprintf(text, size, "Data Abort with %s%s%s", result->exception.stage2 ? "stage 2 " : "",
                 told_class(result, result->exception.fst), result->exception.s1ptw ? " on a stage 1 walk" : "");
        break;
    case WD_ANSWER_UNDEFINED:
        snprintf(text, size, "UNDEFINED");
        break;
    default:
        snprintf(text, size, "no answer");
    }
}

static unsigned status_of(const struct wd_result *result)
{
    return result->answer == WD_ANSWER_EXCEPTION ? result->exception.fst
                                                 : (unsigned)WD_GET(result->par, PAR_EL1_F, FST);
}

void wd_describe_answer(const struct wd_result *result, char *text, size_t size)
{
    bool fault =
        result->answer == WD_ANSWER_EXCEPTION || (result->answer == WD_ANSWER_PAR && WD_GET(result->par, PAR_EL1, F));
    size_t used;

    classify(result, text, size);
    used = strlen(text);
    if (fault && !WD_GET(result->unanswered, PAR_EL1_F, FST))
        snprintf(text + used, size - used, ", level %d", wd_decode_status(status_of(result)).level);
}

/* What a wrong level is, in words that do not depend on the case: the level itself where none fits. */
static void level_words(const struct wd_oracle_output *expected, int got, char *text, size_t size)
{
    unsigned stage = expected->fault_stage ? expected->fault_stage : 1;
    int right = wd_decode_status(status_of(&expected->result)).level;

    if (expected->fault_stage == 2 && got == expected->walk_level)
        snprintf(text, size, "stage 1's level");
    else if (got == 0)
        snprintf(text, size, "level 0");
    else if (got == expected->start_level[stage - 1])
        snprintf(text, size, "start level");
    else if (got == 3)
        snprintf(text, size, "level 3");
    else
        snprintf(text, size, "%s level", got < right ? "an earlier" : "a later");
}

/* Which part of an address is wrong. */
static const char *address_words(uint64_t expected, uint64_t got)
{
    uint64_t differing = WD_GET(expected ^ got, PAR_EL1, PA) << 12;

    if (!(differing & ~wd_mask(55, 48)))
        return "bits 51:48 differ";
    if (!(differing & ~wd_mask(15, 12)))
        return "bits 15:12 differ";
    return WD_GET(got, PAR_EL1, PA) ? "another address" : "address 0";
}

/* The kind of memory that PAR_EL1.ATTR names. */
static const char *attribute_words(uint64_t par)
{
    unsigned attr = (unsigned)WD_GET(par, PAR_EL1, ATTR);

    if (attr >> 4 == 0)
        return attr & 1 ? "Device XS=0" : "Device";
    if (attr == 0x40)
        return "Non-cacheable XS=0";
    if (attr == 0x44)
        return "Non-cacheable";
    if (attr == 0xa0)
        return "Write-Through XS=0";
    if (attr == 0xf0 || attr == 0xe0)
        return attr == 0xf0 ? "Tagged" : "Tagged NoTagAccess";
    if (!(attr & 0xf))
        return "reserved encoding";
    return (attr & 0x44) == 0x44 && attr >> 4 != 4 && (attr & 0xf) != 4 ? "Write-Back" : "other cacheable";
}

static const char *shareability_words(uint64_t par)
{
    static const char *const words[4] = {"Non-shareable", "reserved", "Outer Shareable", "Inner Shareable"};

    return words[WD_GET(par, PAR_EL1, SH)];
}

/* Of enum wd_answer, from WD_ANSWER_UNSUPPORTED on. */
static const char *const no_answer_words[] = {"unsupported", "asks to be executed again", "crash", "hang"};

void wd_describe_whole_answer(const struct wd_result *result, char *text, size_t size)
{
    uint64_t par = result->par;
    size_t used;

    if (result->answer == WD_ANSWER_PAR && !WD_GET(par, PAR_EL1, F))
        snprintf(text, size, "success: PA 0x%llx, ATTR 0x%02x (%s), SH %u (%s)",
                 (unsigned long long)WD_GET(par, PAR_EL1, PA) << 12, (unsigned)WD_GET(par, PAR_EL1, ATTR),
                 attribute_words(par), (unsigned)WD_GET(par, PAR_EL1, SH), shareability_words(par));
    else if (result->answer <= WD_ANSWER_UNDEFINED)
        wd_describe_answer(result, text, size);
    else
        snprintf(text, size, "%s%s%s", no_answer_words[result->answer - WD_ANSWER_UNSUPPORTED],
                 *result->text ? ": " : "", result->text);
    used = strlen(text);
    if (result->changed_count)
        snprintf(text + used, size - used, "; %u word%s changed", (unsigned)result->changed_count,
                 result->changed_count == 1 ? "" : "s");
    used = strlen(text);
    if (result->warning_count)
        snprintf(text + used, size - used, "; warns at %s", result->warnings[0]);
}

/* How the changed words differ. */
static const char *memory_words(const struct wd_result *expected, const struct wd_result *got)
{
    if (expected->changed_count > got->changed_count)
        return "a descriptor was not updated";
    if (expected->changed_count < got->changed_count)
        return "a word was changed that should not";
    return "another update";
}

/* DirtyBit, Overlay, TopLevel and AssuredOnly, in binary. */
static void bits_15_12(uint64_t par, char *text)
{
    for (unsigned i = 0; i < 4; i++)
        text[i] = wd_bit(par, WD_PAR_EL1_F_DirtyBit_lsb - i) ? '1' : '0';
    text[4] = '\0';
}

/* Field, expected class and got class of a difference. */
static void difference_words(const struct wd_oracle_output *expected, const struct wd_result *got, unsigned differing,
                             char *text, size_t size)
{
    const struct wd_result *right = &expected->result;
    char a[80], b[80];

    switch (differing) {
    case WD_ASPECT_F:
    case WD_ASPECT_CLASS:
        classify(right, a, sizeof a);
        classify(got, b, sizeof b);
        snprintf(text, size, "%s: %s → %s", differing == WD_ASPECT_F ? "F" : "class", a, b);
        break;
    case WD_ASPECT_LEVEL:
        level_words(expected, wd_decode_status(status_of(got)).level, b, sizeof b);
        snprintf(text, size, "level: right level → %s", b);
        break;
    case WD_ASPECT_S:
        snprintf(text, size, "S: %s", expected->fault_stage == 2 ? "1 → 0" : "0 → 1");
        break;
    case WD_ASPECT_PTW:
        snprintf(text, size, "PTW: %s",
                 right->answer == WD_ANSWER_PAR ? (WD_GET(right->par, PAR_EL1_F, PTW) ? "1 → 0" : "0 → 1")
                                                : (right->exception.s1ptw ? "1 → 0" : "0 → 1"));
        break;
    case WD_ASPECT_BITS_15_12:
        bits_15_12(right->par, a);
        bits_15_12(got->par, b);
        snprintf(text, size, "15:12: %s → %s", a, b);
        break;
    case WD_ASPECT_PA:
        snprintf(text, size, "PA: right address → %s", address_words(right->par, got->par));
        break;
    case WD_ASPECT_ATTR:
        snprintf(text, size, "ATTR: %s → %s", attribute_words(right->par), attribute_words(got->par));
        break;
    case WD_ASPECT_SH:
        snprintf(text, size, "SH: %s → %s", shareability_words(right->par), shareability_words(got->par));
        break;
    case WD_ASPECT_RES:
        snprintf(text, size, "RES: RES0 or RES1 bits wrong");
        break;
    case WD_ASPECT_IPA:
        snprintf(text, size, "IPA: right address → another address");
        break;
    default:
        snprintf(text, size, "mem: %s", memory_words(right, got));
    }
}

static unsigned stage_of(const struct wd_oracle_output *expected)
{
    if (expected->fault_stage)
        return expected->fault_stage;
    return expected->granule[1] != WD_GRANULE_NONE ? 2 : 1;
}

/* ---------------------------------------------------------------- titles */

static const char *const regime_names[WD_REGIME_COUNT] = {"EL1&0", "EL2&0", "EL2"};
static const char *const granule_names[WD_GRANULE_COUNT + 1] = {"4K", "16K", "64K", "MMU off"};

/* Where two answers are the same in words: "success with ATTR 0x44 (Non-cacheable), expected 0xff (Write-Back)". */
static void field_title(const struct wd_result *right, const struct wd_result *wrong, unsigned differing,
                        const char *answer, char *text, size_t size)
{
    char a[8], b[8];

    switch (differing) {
    case WD_ASPECT_BITS_15_12:
        bits_15_12(right->par, a);
        bits_15_12(wrong->par, b);
        snprintf(text, size, "%s, with bits 15:12 = %s, expected %s", answer, b, a);
        break;
    case WD_ASPECT_PA:
        snprintf(text, size, "%s with PA 0x%" PRIx64 ", expected 0x%" PRIx64, answer,
                 WD_GET(wrong->par, PAR_EL1, PA) << 12, WD_GET(right->par, PAR_EL1, PA) << 12);
        break;
    case WD_ASPECT_ATTR:
        snprintf(text, size, "%s with ATTR 0x%02x (%s), expected 0x%02x (%s)", answer,
                 (unsigned)WD_GET(wrong->par, PAR_EL1, ATTR), attribute_words(wrong->par),
                 (unsigned)WD_GET(right->par, PAR_EL1, ATTR), attribute_words(right->par));
        break;
    case WD_ASPECT_SH:
        snprintf(text, size, "%s with SH %s, expected %s", answer, shareability_words(wrong->par),
                 shareability_words(right->par));
        break;
    case WD_ASPECT_RES:
        snprintf(text, size, "%s, with RES0 or RES1 bits wrong", answer);
        break;
    case WD_ASPECT_IPA:
        snprintf(text, size, "%s, with IPA 0x%" PRIx64 ", expected 0x%" PRIx64, answer, wrong->exception.ipa,
                 right->exception.ipa);
        break;
    default:
        snprintf(text, size, "%s, but %s", answer, memory_words(right, wrong));
    }
}

/* What a title says of the two answers. */
static void answers_title(const struct wd_result *right, const struct wd_result *wrong, unsigned differing, char *text,
                          size_t size)
{
    char expected[ANSWER_WORDS], got[ANSWER_WORDS];

    if (differing == WD_ASPECT_LEVEL) {
        classify(wrong, got, sizeof got);
        snprintf(text, size, "%s reported at level %d, expected level %d", got,
                 wd_decode_status(status_of(wrong)).level, wd_decode_status(status_of(right)).level);
        return;
    }
    wd_describe_answer(right, expected, sizeof expected);
    wd_describe_answer(wrong, got, sizeof got);
    if (strcmp(expected, got) != 0)
        snprintf(text, size, "%s, expected %s", got, expected);
    else
        field_title(right, wrong, differing, got, text, size);
}

/* "S1E1R EL1&0 4K: <text> (<rule>)" */
static void put_title(const struct wd_case *c, const struct wd_oracle_output *expected, const char *text, unsigned rule,
                      char *title)
{
    const struct wd_rule_info *info = &wd_rules[rule];

    snprintf(title, WD_TITLE_MAX, "%s %s %s: %.240s (%s%s%s)", wd_operation_names[c->op],
             regime_names[expected->regime], granule_names[wd_granule_that_counts(expected)], text, info->id,
             info->id[0] ? ": " : "", info->text);
}

/* ---------------------------------------------------------------- buckets */

void wd_name_difference(const struct wd_case *c, const struct wd_oracle_output *expected, const struct wd_result *got,
                        unsigned differing, unsigned rule, const struct wd_cause *cause, char *signature, char *title)
{
    char words[DIFFERENCE_WORDS];

    if (cause->rule) {
        wd_cause_signature(cause, signature, WD_SIGNATURE_MAX);
    } else {
        difference_words(expected, got, differing, words, sizeof words);
        snprintf(signature, WD_SIGNATURE_MAX, "%s s%u %.150s", wd_rules[rule].name, stage_of(expected), words);
    }
    answers_title(&expected->result, got, differing, words, sizeof words);
    put_title(c, expected, words, rule, title);
}

/* Whether all that is told of a crash is how the process ended: "SIGSEGV", "signal 40", "exit status 3". */
static bool is_end_alone(const char *text)
{
    static const char *const ends[] = {"SIG", "signal ", "exit status "};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!strncmp(text, ends[i], strlen(ends[i])))
            return !strchr(text, ':');
    return false;
}

bool wd_tells_place(const struct wd_result *got)
{
    if (got->answer == WD_ANSWER_CRASH)
        return got->text[0] && !is_end_alone(got->text);
    return got->answer < WD_ANSWER_UNSUPPORTED && got->warning_count;
}

void wd_name_no_answer(const struct wd_case *c, const struct wd_oracle_output *expected, const struct wd_result *got,
                       char *signature, char *title)
{
    static const char *const names[] = {
        [WD_ANSWER_RETRY] = "retry", [WD_ANSWER_CRASH] = "crash", [WD_ANSWER_HANG] = "hang"};
    const char *name = got->answer >= WD_ANSWER_RETRY ? names[got->answer] : "warn";
    const char *detail = got->answer == WD_ANSWER_CRASH || got->answer == WD_ANSWER_RETRY ? got->text
                         : got->answer == WD_ANSWER_HANG                                  ? ""
                                                                                          : got->warnings[0];
    char right[ANSWER_WORDS], words[DIFFERENCE_WORDS], where[64] = "";

    wd_describe_answer(&expected->result, right, sizeof right);
    if (!wd_tells_place(got))
        snprintf(where, sizeof where, "%s s%u ", wd_rules[expected->rule].name, stage_of(expected));
    snprintf(signature, WD_SIGNATURE_MAX, "%s%s%s%s", where, name, detail[0] ? ": " : "", detail);
    snprintf(words, sizeof words, "%s%s%.80s, expected %s", name, detail[0] ? ": " : "", detail, right);
    put_title(c, expected, words, expected->rule, title);
}

void wd_inconsistent_bucket(enum wd_choice choice, char *signature, char *title)
{
    const struct wd_choice_info *info = &wd_choices[choice];

    snprintf(signature, WD_SIGNATURE_MAX, "inconsistent: %s", info->name);
    snprintf(title, WD_TITLE_MAX,
             "%s: the walker resolves an IMPLEMENTATION DEFINED choice both ways: \"%s\" and \"%s\" (%s)", info->text,
             info->option[0], info->option[1], info->rule);
}
