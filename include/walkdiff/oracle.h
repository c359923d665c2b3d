/* SPDX-License-Identifier: MIT */
/*
 * The oracle: what the architecture answers to a case. It alone knows every permitted answer: where the
 * architecture leaves a choice, the caller says how it is resolved and learns that it was consulted.
 */
#ifndef WALKDIFF_ORACLE_H
#define WALKDIFF_ORACLE_H

#include "walkdiff/case.h"

/** Points where the architecture lets implementations differ: WD_CHOICE_S1_TXSZ_LOW, … */
enum wd_choice {
#define WD_CHOICE(name, kind, rule, where, text, ...) WD_CHOICE_##name,
#include "walkdiff/choices.def"
    WD_CHOICE_COUNT,
};

/** Whether one implementation must always resolve a choice alike. */
enum wd_choice_kind {
    WD_IMPLEMENTATION_DEFINED,
    WD_CONSTRAINED_UNPREDICTABLE,
    WD_PERMITTED, /**< "is permitted, but not required": either way, each time anew */
};

struct wd_choice_info {
    const char *name;
    const char *rule;  /**< Arm ARM rule id or register page */
    const char *where; /**< pseudocode function or register field */
    const char *text;
    uint8_t kind;          /**< enum wd_choice_kind */
    uint8_t options;       /**< how many; option 0 is the default */
    const char *option[4]; /**< what each does, in words */
};

extern const struct wd_choice_info wd_choices[WD_CHOICE_COUNT];

/** What an option of a choice does, in words. Options beyond those described share the last description. */
const char *wd_choice_option(enum wd_choice choice, unsigned option);

/** Rules that decide: WD_RULE_…. Index 0 is "none". */
enum wd_rule {
    WD_RULE_NONE,
#define WD_RULE(name, raises, id, function, text) WD_RULE_##name,
#include "walkdiff/rules.def"
    WD_RULE_COUNT,
};

/** Classes of faults that an AT can report, FaultRecord.statuscode. */
enum wd_fault_class {
    WD_FAULT_NONE,
    WD_FAULT_ADDRESS_SIZE,
    WD_FAULT_TRANSLATION,
    WD_FAULT_ACCESS_FLAG,
    WD_FAULT_PERMISSION,
    WD_FAULT_EXTERNAL_ABORT,
    WD_FAULT_ATOMIC_UPDATE,
    WD_FAULT_CLASS_COUNT,
};

struct wd_rule_info {
    const char *name;     /**< "VA_LOWER_RANGE" */
    uint8_t raises;       /**< enum wd_fault_class: the fault that it may raise; NONE: it decides something else */
    const char *id;       /**< Arm ARM rule id ("R_VPBBF"), or "" where the text has none */
    const char *function; /**< pseudocode function */
    const char *text;     /**< one sentence */
};

extern const struct wd_rule_info wd_rules[WD_RULE_COUNT];

/** Mistakes that the oracle can make on purpose: WD_MISTAKE_REGIME_BY_HCR, … */
enum wd_mistake {
#define WD_MISTAKE(name, stage, rule, text) WD_MISTAKE_##name,
#include "walkdiff/mistakes.def"
    WD_MISTAKE_COUNT,
};

/** Whether a check can be left out: a walk can go on without it. */
bool wd_can_be_left_out(enum wd_rule rule);
/** A set of mistakes: a bit for each enum wd_mistake. */
__extension__ typedef unsigned __int128 wd_mistake_set;

_Static_assert(WD_MISTAKE_COUNT <= 8 * sizeof(wd_mistake_set), "a set of mistakes has a bit for each");

static inline wd_mistake_set wd_mistake_bit(enum wd_mistake mistake)
{
    return (wd_mistake_set)1 << mistake;
}

enum { WD_RULE_WORDS = (WD_RULE_COUNT + 63) / 64 };

/**
 * How each choice is resolved: an option number for each; all zero is the default. A judge looking for a cause also
 * supposes what a walker does wrongly; checks are bit sets of enum wd_rule, by stage.
 */
struct wd_resolution {
    uint8_t option[WD_CHOICE_COUNT];
    bool supposes; /**< a check is left out or raised */
    wd_mistake_set mistakes;
    uint64_t left_out[2][WD_RULE_WORDS]; /**< checks that are never made; those that a walk cannot go on without are */
    uint64_t raised[2][WD_RULE_WORDS];   /**< checks that find a fault where there is none */
};

enum wd_granule { WD_GRANULE_4K, WD_GRANULE_16K, WD_GRANULE_64K, WD_GRANULE_COUNT, WD_GRANULE_NONE = WD_GRANULE_COUNT };
enum wd_regime { WD_REGIME_EL10, WD_REGIME_EL20, WD_REGIME_EL2, WD_REGIME_COUNT };

/** A choice that a walk consulted, with what it was told. */
struct wd_consulted {
    uint8_t choice;  /**< enum wd_choice */
    uint8_t option;  /**< the resolution in force */
    uint8_t options; /**< how many options this case has */
    uint8_t absent;  /**< bit set of options below 8 that this case does not have (a granule is not implemented) */
};

/** Aspects of an answer, in the order in which differences are weighed. */
enum wd_aspect {
    WD_ASPECT_F,          /**< success, fault or exception */
    WD_ASPECT_CLASS,      /**< class of the fault */
    WD_ASPECT_LEVEL,      /**< lookup level in the fault status code */
    WD_ASPECT_S,          /**< stage 2 fault */
    WD_ASPECT_PTW,        /**< stage 2 fault on a stage 1 walk */
    WD_ASPECT_BITS_15_12, /**< DirtyBit, Overlay, TopLevel, AssuredOnly */
    WD_ASPECT_PA,
    WD_ASPECT_ATTR,
    WD_ASPECT_SH,
    WD_ASPECT_RES, /**< RES0 and RES1 bits */
    WD_ASPECT_IPA, /**< address of a stage 2 fault taken as an exception */
    WD_ASPECT_MEM, /**< words that the walk changed */
    WD_ASPECT_COUNT,
};

/** What the oracle says of a case under one resolution. */
struct wd_oracle_output {
    struct wd_result result;
    uint16_t rule;                         /**< enum wd_rule: the one that decided the answer */
    uint16_t aspect_rule[WD_ASPECT_COUNT]; /**< enum wd_rule: the one that decided each aspect */
    uint8_t regime;                        /**< enum wd_regime */
    uint8_t granule[2]; /**< enum wd_granule of stage 1 and 2; WD_GRANULE_NONE: no walk at that stage */
    int8_t start_level[2];
    uint8_t fault_stage; /**< 0 success, 1 or 2 */
    int8_t level;        /**< of the leaf or of the fault */
    int8_t walk_level;   /**< of the last stage 1 lookup */
    uint8_t consulted_count;
    struct wd_consulted consulted[WD_CHOICE_COUNT]; /**< in the order of first consultation */
    uint64_t attribute_choices;                     /**< bit set of enum wd_choice: consulted for attributes alone */
    uint64_t rules_hit[2][WD_RULE_WORDS];           /**< bit sets of enum wd_rule, stage 1 and stage 2 */
    uint64_t left_out[2][WD_RULE_WORDS]; /**< the same: checks that were left out and would have found something */
    wd_mistake_set mistakes_met;         /**< those that this walk can make, supposed or not */
};

/** Things that happen in a walk, for those who want to tell the story. */
enum wd_event_kind {
    WD_EVENT_RULE,   /**< a rule was applied; `holds`: it decided (a fault, or a branch taken) */
    WD_EVENT_BEGIN,  /**< a stage begins: the address that it translates; value: 1 if a descriptor is written there */
    WD_EVENT_PARAMS, /**< what registers say of the stage: params without sizes, start level and table base */
    WD_EVENT_WALK,   /**< its tables are to be walked: params as a whole */
    WD_EVENT_FETCH,  /**< a descriptor is to be read: address, level */
    WD_EVENT_READ,   /**< it was read: address, descriptor, level */
    WD_EVENT_WRITE,  /**< a descriptor was changed: address, descriptor */
    WD_EVENT_CHOICE, /**< a choice was consulted: value = choice, option */
    WD_EVENT_OUTPUT, /**< a stage ended with an output address: address, attributes in value */
};

struct wd_event {
    uint8_t kind;  /**< enum wd_event_kind */
    uint8_t stage; /**< 1 or 2 */
    uint8_t depth; /**< 0 the stage that was asked for, 1 stage 2 of a stage 1 table access */
    int8_t level;
    uint16_t rule; /**< WD_EVENT_RULE */
    bool holds;
    uint64_t address, value;        /**< by kind */
    const struct wd_params *params; /**< WD_EVENT_PARAMS, WD_EVENT_WALK */
};

/** What WD_EVENT_PARAMS and WD_EVENT_WALK tell of a stage. */
struct wd_params {
    uint8_t regime, granule, input_bits, output_bits;
    int8_t start_level;
    uint8_t txsz;
    bool ds, ha, hd, haft, big_endian, hierarchical_disabled, indirect, overlay, forced_write_back;
    uint64_t table_base;
};

/** Receives events; must not keep the pointer. */
typedef void wd_event_handler(void *context, const struct wd_event *event);

/**
 * Answers a case as the architecture does (AArch64.AT, then AArch64.S1Translate and AArch64.S2Translate).
 * Pure: no I/O, no allocation, no state kept.
 * @param resolution  how choices are resolved; NULL: all defaults
 * @param handler  told what happens, in order; may be NULL
 * @param output  receives the answer; every member but the unused tail of arrays is written
 */
void wd_oracle(const struct wd_case *c, const struct wd_resolution *resolution, wd_event_handler *handler,
               void *context, struct wd_oracle_output *output);

/** What the attributes of a success follow from; opaque. */
struct wd_attribute_source {
    uint64_t opaque[48];
};

/**
 * The same as wd_oracle(), and if the answer is a success, what its attributes follow from. They come last and nothing
 * else depends on them, so that other resolutions of the choices that they alone consult need no other walk.
 * @param source  receives it; wd_oracle_attributes() must not be called if the answer is no success
 */
void wd_oracle_with_source(const struct wd_case *c, const struct wd_resolution *resolution,
                           struct wd_oracle_output *output, struct wd_attribute_source *source);

/**
 * Reports attributes under another resolution, which resolves what the walk itself consulted as the one did that gave
 * the source.
 * @param output  receives ATTR, SH and bit 11 (RES1) in `result.par`, of which nothing else changes; in `consulted` the
 * choices that only the attributes consult; and in `mistakes_met` the mistakes that they could make
 */
void wd_oracle_attributes(const struct wd_attribute_source *source, const struct wd_resolution *resolution,
                          struct wd_oracle_output *output);

/**
 * The first option of WD_CHOICE_S1_RESERVED_MAIR, from one on, that stands for an encoding which could be reported as
 * an ATTR of PAR_EL1, whatever else stage 2, control bits and other choices make of memory of it: those before it could
 * not. Not where WD_CHOICE_PAR_ATTRIBUTES reports the encoding in MAIR, and not where a mistake is supposed.
 * @param regs  of the case: the ID registers count
 * @return beyond the options that there are: there is no more
 */
unsigned wd_mair_option_that_may_report(const uint64_t *regs, unsigned option, unsigned attr);

/**
 * Steps to the next resolution over the choices that a walk consulted: the next leaf of the tree of choices.
 * @param resolution  in: the one that gave `output`; out: the next one
 * @param fixed  bit set of enum wd_choice: those that stay as they are
 * @return false if there is none left
 */
bool wd_resolution_next(struct wd_resolution *resolution, const struct wd_oracle_output *output, uint64_t fixed);

/** Whether a feature exists by the ID registers of a case. */
bool wd_has_feature(const uint64_t regs[WD_REGISTER_COUNT], enum wd_feature feature);

/** Whether a granule exists at a stage (1 or 2) by the ID registers of a case. */
bool wd_has_granule(const uint64_t regs[WD_REGISTER_COUNT], unsigned stage, enum wd_granule granule);

/** Whether a granule (not 64K) has 52-bit addresses at a stage (1 or 2), FEAT_LPA2. */
bool wd_has_lpa2(const uint64_t regs[WD_REGISTER_COUNT], unsigned stage, enum wd_granule granule);

/** Implemented physical address size in bits, from PARange: 32 … 52 (56 counts as 56). Reserved values: 0. */
unsigned wd_pa_max(const uint64_t regs[WD_REGISTER_COUNT]);

/**
 * The bits of PAR that count when an answer is judged, the one place that knows: success: not 9 (UNKNOWN) and 10
 * (IMPLEMENTATION DEFINED); fault: not 63:48 (IMPLEMENTATION DEFINED).
 */
uint64_t wd_par_mask(uint64_t par);

#endif
