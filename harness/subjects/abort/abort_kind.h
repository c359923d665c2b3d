/* SPDX-License-Identifier: MIT */
/* The kind `abort`, and what its parts say to each other. */
#ifndef WALKDIFF_ABORT_KIND_H
#define WALKDIFF_ABORT_KIND_H

#include "harness/subjects/kind.h"
#include "walkdiff/abort.h"

extern const struct wd_subject_kind wd_abort_kind;

enum wd_abort_rule {
#define WD_ABORT_RULE(name, id, source, text) WD_##name,
#include "walkdiff/abort.def"
    WD_ABORT_RULE_COUNT,
};

enum wd_abort_choice {
#define WD_ABORT_CHOICE(name, source, text, option) WD_ABORT_CHOICE_##name,
#include "walkdiff/abort.def"
    WD_ABORT_CHOICE_COUNT,
};

enum wd_abort_facet {
#define WD_ABORT_FACET(name) WD_ABORT_FACET_##name,
#include "walkdiff/abort.def"
    WD_ABORT_FACET_COUNT,
};

/** Names of registers, by enum wd_abort_in and enum wd_abort_out. */
extern const char *const wd_abort_in_names[WD_ABORT_IN_COUNT], *const wd_abort_out_names[WD_ABORT_OUT_COUNT];

/** Where the intermediate physical address lies. */
enum wd_abort_zone { WD_ZONE_INSIDE, WD_ZONE_BETWEEN, WD_ZONE_BEYOND };

/** What must become of an abort. */
enum wd_abort_action {
    WD_ACTION_EXTERNAL, /**< the guest takes an external abort */
    WD_ACTION_SIZE,     /**< the guest takes an Address size fault */
    WD_ACTION_DEVICE,   /**< the access is a device's */
    WD_ACTION_SKIP,     /**< the next instruction is executed */
    WD_ACTION_AGAIN,    /**< the same instruction is executed again */
};

/** Where an exception is taken to. */
enum wd_abort_target { WD_TARGET_EL1, WD_TARGET_EL2, WD_TARGET_AARCH32 };

/** What a case says, taken apart. */
struct wd_abort_facts {
    uint8_t zone; /**< enum wd_abort_zone */
    bool data, walk, cache, write;
    bool size_known;        /**< stage 1 is off: an Address size fault is of level 0 */
    bool short_descriptors; /**< AArch32 without TTBCR.EAE */
    bool from_aarch32, from_el0, at_el2, host_el0;
    int8_t walk_level;     /**< of the descriptor at the address of the fault; WD_NO_LEVEL */
    uint8_t physical_bits; /**< PARange */
};

enum { WD_NO_LEVEL = -2 };

void wd_abort_look(const struct wd_abort_case *c, struct wd_abort_facts *facts);

/** The answer that a resolution of the choices gives. */
struct wd_abort_expected {
    struct wd_abort_answer answer; /**< without its head */
    uint8_t action, target;
    bool exception, serror;
    uint64_t esr_mask;  /**< bits of the syndrome register that count */
    uint8_t syndrome;   /**< enum wd_abort_out: where the syndrome is */
    uint8_t address;    /**< enum wd_abort_out: where the virtual address is */
    uint32_t consulted; /**< bit set of enum wd_abort_choice */
    uint16_t rule;      /**< enum wd_abort_rule: why this action */
};

/**
 * What must become of an abort.
 * @param choices  bit set of enum wd_abort_choice: those that are resolved the other way
 * @param level  of an Address size fault, or of an external abort on a walk of unknown level, where the choice is open
 */
void wd_abort_expect(const struct wd_abort_case *c, const struct wd_abort_facts *facts, uint32_t choices, int level,
                     struct wd_abort_expected *expected);

/** The parts of wd_abort_kind. */
void wd_abort_generate(uint64_t seed, uint64_t index, void *c);
void wd_abort_judge(const void *c, const void *answer, struct wd_subject_judgement *judgement);
void wd_abort_describe(const void *c, const void *answer, const struct wd_subject_judgement *judgement, char *signature,
                       char *title);
void wd_abort_nearest(const void *c, const void *answer, void *expected);
bool wd_abort_simplify(const void *c, unsigned step, void *simpler);
void wd_abort_explain(FILE *stream, const void *c);
extern const struct wd_json_members wd_abort_members;
void wd_abort_begin(void *c);
bool wd_abort_check(const void *c, char *why, size_t size);
void wd_abort_write(struct wd_json_out *out, const void *c);
void wd_abort_write_answer(struct wd_json_out *out, const void *c, const void *answer);
extern const struct wd_subject_api wd_abort_model;
extern const struct wd_subject_facet wd_abort_facets[WD_ABORT_FACET_COUNT];

#endif
