/* SPDX-License-Identifier: MIT */
/*
 * The kind of subject `pgtable`: a builder of stage 2 tables with a 4K granule. A case is a sequence of operations on
 * tables that are empty at first; an answer, what each gave back and what the tables were afterwards.
 */
#ifndef WALKDIFF_PGTABLE_H
#define WALKDIFF_PGTABLE_H

#include <stdint.h>

#include "walkdiff/subject.h"

enum wd_pgtable_operation_kind {
#define WD_PGTABLE_OPERATION(name, member, text) WD_PGTABLE_##name,
#include "walkdiff/pgtable.def"
    WD_PGTABLE_OPERATION_COUNT,
};

enum wd_pgtable_feature_bit {
#define WD_PGTABLE_FEATURE(name, text) WD_PGTABLE_FEATURE_##name,
#include "walkdiff/pgtable.def"
    WD_PGTABLE_FEATURE_COUNT,
};

enum wd_pgtable_prot_bit {
#define WD_PGTABLE_PROT(name, text) WD_PGTABLE_PROT_##name,
#include "walkdiff/pgtable.def"
    WD_PGTABLE_PROT_COUNT,
};

enum wd_pgtable_rule {
#define WD_PGTABLE_RULE(name, source, function, text) WD_PGTABLE_RULE_##name,
#include "walkdiff/pgtable.def"
    WD_PGTABLE_RULE_COUNT,
};

enum wd_pgtable_choice {
#define WD_PGTABLE_CHOICE(name, source, text, option) WD_PGTABLE_CHOICE_##name,
#include "walkdiff/pgtable.def"
    WD_PGTABLE_CHOICE_COUNT,
};

enum wd_pgtable_detail {
#define WD_PGTABLE_DETAIL(name, text) WD_PGTABLE_DETAIL_##name,
#include "walkdiff/pgtable.def"
    WD_PGTABLE_DETAIL_COUNT,
};

enum {
    WD_PGTABLE_OPERATIONS_MAX = 12,
    WD_PGTABLE_RUNS_MAX = 1000,   /**< of all steps together */
    WD_PGTABLE_BREACHES_MAX = 2,  /**< of one step that are kept */
    WD_PGTABLE_PAGES_ANY = 0xFFFF /**< allocations never fail */
};

/** The bit of WD_PGTABLE_FEATURE_x or WD_PGTABLE_PROT_x. */
#define WD_PGTABLE_BIT(x) (1U << (x))

struct wd_pgtable_operation {
    uint64_t addr, size, phys; /**< bytes; they need not be aligned */
    uint16_t prot;             /**< MAP, RELAX: bit set of enum wd_pgtable_prot_bit */
    uint16_t pages;            /**< how many table pages can be allocated before that fails */
    uint8_t kind;              /**< enum wd_pgtable_operation_kind, without DESTROY */
    uint8_t shared;            /**< MAP, RELAX, MKYOUNG: others may walk the tables meanwhile */
    uint8_t mkold;             /**< AGE */
    uint8_t annotation;        /**< ANNOTATE: a number; the builder knows what entry it makes of it */
};

struct wd_pgtable_case {
    uint8_t ia_bits;  /**< 32 to 48 */
    uint8_t features; /**< bit set of enum wd_pgtable_feature_bit */
    uint8_t count;
    struct wd_pgtable_operation operations[WD_PGTABLE_OPERATIONS_MAX];
};

/** Consecutive entries of one level that are not zero and no tables: each is the one before it and a block further. */
struct wd_pgtable_run {
    uint64_t ia, entry; /**< of the first */
    uint32_t count;
    int8_t level;
};

/** Something that the machine saw. */
struct wd_pgtable_breach {
    uint64_t ia, was, is;
    uint8_t rule, detail; /**< enum wd_pgtable_rule, enum wd_pgtable_detail */
    int8_t level;
};

/** After an operation. */
struct wd_pgtable_step {
    int32_t result;      /**< 0 or a negative errno value of Linux; of AGE 0 or 1 */
    uint64_t annotation; /**< of ANNOTATE: the entry that the builder makes of the number */
    uint16_t run_begin, run_count;
    uint16_t tables; /**< reachable */
    uint16_t
        empty_tables; /**< of them, within the operation's range and without entries, but those of the first level */
    uint16_t tlbis;   /**< TLB maintenance operations */
    uint8_t allocation_failed, breach_count;
    struct wd_pgtable_breach breaches[WD_PGTABLE_BREACHES_MAX];
};

struct wd_pgtable_answer {
    struct wd_subject_head head;
    uint8_t steps_done;
    uint8_t is_expectation; /**< no answer: what `told` says is what should have been */
    uint16_t run_count;
    struct {
        uint64_t ia, entry;
        uint8_t step, rule, detail;
    } told;
    struct wd_pgtable_step steps[WD_PGTABLE_OPERATIONS_MAX + 1]; /**< the last one is destroy */
    struct wd_pgtable_run runs[WD_PGTABLE_RUNS_MAX];
};

#endif
