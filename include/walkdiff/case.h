/* SPDX-License-Identifier: MIT */
/*
 * Cases and results: what a walker is asked, and what it answers. The format of the files is in
 * docs/format.md; these are the same things in memory.
 */
#ifndef WALKDIFF_CASE_H
#define WALKDIFF_CASE_H

#include "walkdiff/registers.h"

/** The AT instructions: WD_AT_S1E1R, … */
enum wd_operation {
#define WD_AT(name, el, stages, access, privilege, pan, feature) WD_AT_##name,
#include "walkdiff/operations.def"
    WD_OPERATION_COUNT,
};

/** What an AT instruction asks for. */
struct wd_operation_info {
    uint8_t el;      /**< Exception level whose regime it names: 1 or 2 */
    uint8_t feature; /**< enum wd_feature without which it is UNDEFINED */
    bool both_stages;
    bool read, write; /**< neither: no permission is checked */
    bool unprivileged;
    bool pan; /**< PSTATE.PAN counts */
};

extern const struct wd_operation_info wd_operations[WD_OPERATION_COUNT];

/** "S1E1R", … by enum wd_operation. */
extern const char *const wd_operation_names[WD_OPERATION_COUNT];

/** A range of physical memory that exists. */
struct wd_ram {
    uint64_t base, size; /**< bytes; multiples of 8 */
    bool read_only;      /**< an update of a descriptor here is refused: external abort */
};

/** A 64-bit word as a little-endian access sees it. */
struct wd_word {
    uint64_t pa; /**< physical address, a multiple of 8 */
    uint64_t value;
};

/**
 * One complete architectural input. The pointers belong to whoever made the case; `mem` is sorted by address
 * with no address twice, `ram` is in the order of the file.
 */
struct wd_case {
    uint8_t op;       /**< enum wd_operation */
    uint8_t el;       /**< Exception level that executes the AT: 1 or 2 */
    uint8_t pan;      /**< PSTATE.PAN: 0 or 1 */
    uint8_t ipa_bits; /**< host.ipa_bits, 0 if the case has none */
    uint32_t ram_count, mem_count;
    uint64_t va;
    uint64_t regs[WD_REGISTER_COUNT]; /**< registers that a case does not list: 0, HCR_EL2: RW */
    const struct wd_ram *ram;
    const struct wd_word *mem;
};

/** The value of HCR_EL2 in a case that does not list it: RW = 1. */
#define WD_HCR_EL2_DEFAULT (UINT64_C(1) << WD_HCR_EL2_RW_lsb)

/** What kind of answer a result holds. */
enum wd_answer {
    WD_ANSWER_PAR,         /**< `par` */
    WD_ANSWER_EXCEPTION,   /**< `exception`: the AT itself took a Data Abort */
    WD_ANSWER_UNDEFINED,   /**< the AT is UNDEFINED or trapped there */
    WD_ANSWER_UNSUPPORTED, /**< `text` says why */
    WD_ANSWER_RETRY,       /**< the walker asks for the instruction to be executed again */
    WD_ANSWER_CRASH,       /**< `text` names the signal or how it ended */
    WD_ANSWER_HANG,
};

struct wd_exception {
    uint8_t fst; /**< fault status code, 6 bits, as in ESR_ELx.ISS.DFSC */
    bool stage2, s1ptw;
    bool has_ipa;
    uint64_t ipa;
};

/** One descriptor that a walker read, in the order of reading. */
struct wd_read {
    uint64_t pa, descriptor;
    uint8_t stage; /**< 1 or 2 */
    int8_t level;  /**< −1 … 3 */
};

enum {
    WD_TEXT_MAX = 96,    /**< bytes of `text` and of one warning, with the terminating zero */
    WD_CHANGED_MAX = 64, /**< words that a walk can change: a walk makes at most 60 accesses */
    WD_READS_MAX = 64,
    WD_WARNINGS_MAX = 4,
};

/** What a walker answers. Only the members that `answer` and the counts call valid are set; see wd_result_clear(). */
struct wd_result {
    uint8_t answer; /**< enum wd_answer */
    uint8_t changed_count, read_count, warning_count;
    uint64_t par; /**< PAR_EL1, all 64 bits, as the walker gave it */
    /**
     * Bits of PAR_EL1 that the walker does not tell, which count as right; bit 0 (F) cannot be one. With an exception:
     * FST, S and PTW, where PAR_EL1 of a fault has them.
     */
    uint64_t unanswered;
    struct wd_exception exception;
    char text[WD_TEXT_MAX];
    struct wd_word changed[WD_CHANGED_MAX];      /**< words that the walk changed, sorted by address */
    char warnings[WD_WARNINGS_MAX][WD_TEXT_MAX]; /**< "file:line" */
    struct wd_read reads[WD_READS_MAX];          /**< optional trace */
};

/** Makes a result hold PAR_EL1 = `par` and nothing else. */
static inline void wd_result_clear(struct wd_result *result, uint64_t par)
{
    result->answer = WD_ANSWER_PAR;
    result->changed_count = result->read_count = result->warning_count = 0;
    result->par = par;
    result->unanswered = 0;
    result->exception = (struct wd_exception){0};
    result->text[0] = '\0';
}

/** Makes a result say that the walker does not support the case. The reason is cut to WD_TEXT_MAX - 1 bytes. */
static inline void wd_result_unsupported(struct wd_result *result, const char *reason)
{
    size_t i = 0;

    wd_result_clear(result, 0);
    result->answer = WD_ANSWER_UNSUPPORTED;
    while (reason[i] && i < WD_TEXT_MAX - 1) {
        result->text[i] = reason[i];
        i++;
    }
    result->text[i] = '\0';
}

/** The RAM range that holds the 8 bytes at `pa` (a multiple of 8), or NULL if no memory is there. */
static inline const struct wd_ram *wd_case_ram_at(const struct wd_case *c, uint64_t pa)
{
    for (uint32_t i = 0; i < c->ram_count; i++)
        if (pa - c->ram[i].base < c->ram[i].size)
            return &c->ram[i];
    return NULL;
}

/** The word at `pa`, a multiple of 8, as the case lists it; words that it does not list are 0. Ignores `ram`. */
static inline uint64_t wd_case_word_at(const struct wd_case *c, uint64_t pa)
{
    const struct wd_word *word = c->mem, *last;
    uint32_t count = c->mem_count;

    if (!count)
        return 0;
    /* Without a branch that depends on the address, nor, for few words, on their number: nobody could predict it. */
    for (unsigned i = 0; i < 2; i++) {
        uint32_t half = count / 2;

        word += word[half].pa <= pa ? half : 0;
        count -= half;
    }
    while (count > 2) {
        uint32_t half = count / 2;

        word += word[half].pa <= pa ? half : 0;
        count -= half;
    }
    last = word + (count - 1);
    return (word->value & -(uint64_t)(word->pa == pa)) | (last->value & -(uint64_t)(last->pa == pa));
}

/**
 * Reads a word of the case's memory as it is before the walk.
 * @param pa  physical address, a multiple of 8
 * @param value  receives the word as a little-endian access sees it
 * @return false if no memory is there: an external abort
 */
static inline bool wd_case_read(const struct wd_case *c, uint64_t pa, uint64_t *value)
{
    if (!wd_case_ram_at(c, pa))
        return false;
    *value = wd_case_word_at(c, pa);
    return true;
}

/**
 * Reads a word as it is after the changes that `result` records so far.
 * @return false if no memory is there
 */
bool wd_result_read(const struct wd_case *c, const struct wd_result *result, uint64_t pa, uint64_t *value);

/**
 * Records in `result` that the walk wrote a word; a word written back to what the case lists is no change.
 * @return false if memory does not exist or is read-only there, or more than WD_CHANGED_MAX words changed
 */
bool wd_result_write(const struct wd_case *c, struct wd_result *result, uint64_t pa, uint64_t value);

#endif
