/* SPDX-License-Identifier: MIT */
/*
 * Cases made by hand, for tests of the oracle and of the judge: registers by field name, tables by path, answers by
 * what they say. What a test expects is worked out from the rules, so nothing here asks the oracle for anything.
 */
#ifndef TESTS_UNIT_BUILDER_H
#define TESTS_UNIT_BUILDER_H

#include "walkdiff/oracle.h"

/* ---------------------------------------------------------------- a case */

enum {
    HAND_RAM_BASE = 0x40000000,
    HAND_RAM_SIZE = 0x4000000,
    HAND_STAGE1_TABLES = 0x40000000, /* a table every HAND_TABLE_STRIDE bytes, one a level */
    HAND_STAGE2_TABLES = 0x42000000,
    HAND_TABLE_STRIDE = 0x10000,
    HAND_WORDS_MAX = 64,
};

/** Input addresses that most cases use: 39 bits, in each half, and where they lead. */
#define HAND_VA       UINT64_C(0x0000001234567abc)
#define HAND_UPPER_VA UINT64_C(0xffffff9234567abc)
#define HAND_PAGE     UINT64_C(0x0000000187654000)
/** An IPA that the stage 2 of hand_stage2() can map together with the tables of stage 1, or apart from them. */
#define HAND_IPA      UINT64_C(0x00000000c7654000)

/** A case with its memory. Not to be copied: `c` points into it. */
struct hand {
    struct wd_case c;
    struct wd_ram ram[4];
    struct wd_word mem[HAND_WORDS_MAX];
    bool big_endian; /**< hand_put() swaps the bytes */
    char label[80];  /**< for messages of CHECK(), where a test makes many cases */
};

/** Sets a field of a register whose layout has its name. */
#define SET(hand, reg, field, value) SET_AS(hand, reg, reg, field, value)
/** Sets a field of one of several layouts: SET_AS(hand, TCR_EL2, TCR_EL2_E2H, T0SZ, 25). */
#define SET_AS(hand, reg, layout, field, value)                                                                        \
    ((hand)->c.regs[WD_##reg] = WD_WITH((hand)->c.regs[WD_##reg], layout, field, value))

/**
 * Starts a case, executed at EL2: 48 bits of physical address, the three granules, FEAT_VHE, no other feature; every
 * stage off.
 */
void hand_start(struct hand *hand, enum wd_operation op, uint64_t va);

/*
 * Each turns stage 1 of a regime on: 4K granule, 39-bit ranges (start level 1), 48 bits of output, table walks
 * Write-Back Inner Shareable, tables at HAND_STAGE1_TABLES. The bytes of MAIR are enum hand_mair.
 */
void hand_el10(struct hand *hand, enum wd_operation op, uint64_t va);
void hand_el2(struct hand *hand, enum wd_operation op, uint64_t va);  /**< E2H = 0 */
void hand_el20(struct hand *hand, enum wd_operation op, uint64_t va); /**< {E2H,TGE} = {1,1} */

/** AttrIndx of the bytes that the functions above put into MAIR. */
enum hand_mair { HAND_WRITE_BACK, HAND_DEVICE_nGnRnE, HAND_NON_CACHEABLE, HAND_WRITE_THROUGH, HAND_DEVICE_GRE };

/** Turns stage 2 of EL1&0 on: 4K granule, 39-bit IPAs from level 1, 48 bits of output, tables at HAND_STAGE2_TABLES. */
void hand_stage2(struct hand *hand);

/** Adds a word, at an address where there is none yet, as a descriptor: swapped where `big_endian`. */
void hand_put(struct hand *hand, uint64_t pa, uint64_t descriptor);

/** Adds a range of physical memory. */
void hand_ram(struct hand *hand, uint64_t base, uint64_t size, bool read_only);

/** Makes memory refuse updates. */
void hand_read_only(struct hand *hand);

/** Tables of one stage: where the descriptors for an input address are. */
struct hand_path {
    unsigned granule_bits, input_bits;
    int start_level;
    uint64_t base;
    uint64_t table_bits; /**< set in every Table descriptor beside its type and address */
};

/** The tables of hand_el10(), hand_el2() and hand_el20(), and of hand_stage2(). */
extern const struct hand_path hand_stage1_path, hand_stage2_path;

/** Physical address (stage 1: or IPA) of the descriptor at a level. */
uint64_t hand_descriptor(const struct hand_path *path, int level, uint64_t input);

/** Adds Table descriptors down to a level, and the leaf there. */
void hand_map_path(struct hand *hand, const struct hand_path *path, uint64_t input, int level, uint64_t leaf);

/** The same on the tables of hand_el10() and its like, and of hand_stage2(). */
void hand_map(struct hand *hand, uint64_t va, int level, uint64_t leaf);
void hand_map_stage2(struct hand *hand, uint64_t ipa, int level, uint64_t leaf);

/** Starts a case of EL1&0 in which HAND_VA leads to THE_PAGE, or to USER_PAGE. */
void hand_page(struct hand *hand, enum wd_operation op);
void hand_user_page(struct hand *hand, enum wd_operation op);

/** Maps the first 4 GB of IPAs flat: four blocks at level 1, each with these bits beside its address. */
void hand_map_stage2_flat(struct hand *hand, uint64_t block_bits);

/* ---------------------------------------------------------------- bits of descriptors */

#define BIT(n)        (UINT64_C(1) << (n))
#define TABLE         UINT64_C(3)
#define PAGE          UINT64_C(3)
#define BLOCK         UINT64_C(1)
#define ATTR_INDEX(n) ((uint64_t)(n) << 2)
#define AP_USER       BIT(6) /* AP[1] */
#define AP_READ_ONLY  BIT(7) /* AP[2] */
#define SH(n)         ((uint64_t)(n) << 8)
#define AF            BIT(10)
#define NT            BIT(16)
#define DBM           BIT(51)
#define CONTIGUOUS    BIT(52)
#define PXN           BIT(53)
#define UXN           BIT(54)
#define MEM_ATTR(n)   ((uint64_t)(n) << 2) /* stage 2 */
#define S2AP_READ     BIT(6)
#define S2AP_WRITE    BIT(7)
#define FNXS          BIT(11) /* stage 2 */

/** Write-Back, Inner Shareable, accessed: of stage 1 for privileged code, of stage 2 for all. */
#define LEAF        (AF | SH(3))
#define STAGE2_LEAF (AF | SH(3) | MEM_ATTR(15) | S2AP_READ | S2AP_WRITE)

/** The descriptor of HAND_PAGE, and one with unprivileged access. */
#define THE_PAGE  (HAND_PAGE | LEAF | PAGE)
#define USER_PAGE (THE_PAGE | AP_USER)

/* ---------------------------------------------------------------- answers */

/** Fault status codes at level 0; add the level. EncodeLDFSC. */
enum {
    ADDRESS_SIZE = 0x00,
    TRANSLATION = 0x04,
    ACCESS_FLAG = 0x08,
    PERMISSION = 0x0c,
    EXTERNAL_ABORT = 0x14,
    EXTERNAL_ABORT_LEVEL_MINUS_1 = 0x13,
    ADDRESS_SIZE_LEVEL_MINUS_1 = 0x29,
    TRANSLATION_LEVEL_MINUS_1 = 0x2b,
    ATOMIC_UPDATE = 0x31,
};

enum { SH_NON = 0, SH_OUTER = 2, SH_INNER = 3 };

/** PAR_EL1 of a success; of the address bits 55:12 count. */
uint64_t par_success(uint64_t pa, uint64_t attr, uint64_t sh);

/** PAR_EL1 of a fault of stage 1, of stage 2, and of stage 2 on the access to a stage 1 table. */
uint64_t par_fault(uint64_t fst);
uint64_t par_stage2_fault(uint64_t fst);
uint64_t par_walk_fault(uint64_t fst);

/** PAR_EL1 of THE_PAGE; of an address that stage 1 leaves as it is because it is off: Device-nGnRnE. */
#define PAGE_PAR         par_success(HAND_PAGE, 0xff, SH_INNER)
#define OFF_PAR(address) par_success(address, 0x00, SH_OUTER)

/** An answer that is a PAR_EL1, a Data Abort, or UNDEFINED. None changes memory. */
struct wd_result answer_par(uint64_t par);
struct wd_result answer_undefined(void);
struct wd_result answer_exception(unsigned fst, bool stage2, bool s1ptw);

/** Adds a changed word. They are kept sorted. */
void answer_changes(struct wd_result *result, uint64_t pa, uint64_t value);

/** The answer with a changed word added. */
struct wd_result answer_with_change(struct wd_result result, uint64_t pa, uint64_t value);

/** Whether two answers are the same, every bit of PAR_EL1 too; an IPA counts where `expected` has one. */
bool same_answer(const struct wd_result *expected, const struct wd_result *got);

/** An answer as text, for messages. */
void print_answer(const struct wd_result *result, char *text, size_t size);

/** Fails unless the oracle gives the answer, all choices at their default. */
#define CHECK(hand, result)  check_answer(__FILE__, __LINE__, hand, &(struct wd_resolution){0}, result)
#define CHECK_PAR(hand, par) CHECK(hand, answer_par(par))
/** The same with one choice resolved otherwise. */
#define CHECK_RESOLVED(hand, choice, number, result)                                                                   \
    check_answer(__FILE__, __LINE__, hand, &(struct wd_resolution){.option[choice] = (number)}, result)
void check_answer(const char *file, int line, const struct hand *hand, const struct wd_resolution *resolution,
                  struct wd_result expected);

#endif
