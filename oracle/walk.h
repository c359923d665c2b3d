/* SPDX-License-Identifier: MIT */
/* What the parts of the oracle share: the state of one walk, and the records that the pseudocode passes around. */
#ifndef ORACLE_WALK_H
#define ORACLE_WALK_H

#include "walkdiff/oracle.h"

struct wd_attribute_inputs;
struct wd_s2_tables;

/*
 * A walk is watched if somebody is told what happens, or if checks are supposed to go otherwise. Most walks are not,
 * and what a walk does is compiled once more for them (unwatched.c): what would be told to nobody is no code there.
 */
#ifndef WD_WATCHED
#define WD_WATCHED true
#endif

/** State of one walk. */
struct wd_walk {
    const struct wd_case *c;
    const uint64_t *regs;
    const struct wd_resolution *resolution;
    wd_event_handler *handler;
    void *context;
    struct wd_oracle_output *out;
    uint64_t consulted;     /**< bit set of enum wd_choice */
    bool combined;          /**< stage 2 has translated what stage 1 gave */
    uint64_t by_attributes; /**< those of them that were consulted first for attributes */
    bool in_attributes;     /**< attributes are being found: nothing depends on them but what PAR_EL1 reports of them */
    unsigned pa_max;        /**< implemented physical address size in bits */
    bool e2h, in_host;      /**< Effective values of HCR_EL2.E2H, and of {E2H,TGE} = {1,1} */
    bool stage2_enabled;    /**< of EL1&0: HCR_EL2.VM or DC, both 0 where in_host */
    uint8_t granules[2];    /**< of stage 1 and 2, a bit set of enum wd_granule: those that are implemented */
    struct wd_s2_tables *stage2;        /**< what was found of them so far */
    struct wd_attribute_inputs *inputs; /**< receives what attributes follow from; NULL: nobody asks */
};

/** FaultRecord. */
struct wd_fault {
    uint8_t class; /**< enum wd_fault_class */
    int8_t level;
    bool stage2;
    bool on_walk; /**< stage 2 fault on the access to a stage 1 table */
    bool overlay, dirty_bit;
    bool has_status; /**< a mistake: `status` is reported instead of the status of class and level */
    uint8_t status;
    bool says_on_walk; /**< a mistake: PTW is reported of a fault of stage 1 itself */
    bool other_report; /**< S1_AF_UPDATE_FAULT, S2_AF_UPDATE_FAULT: PAR instead of an exception, or the reverse */
    uint16_t rule;     /**< enum wd_rule */
    uint64_t ipa;      /**< stage 2: the address that was being translated */
};

/** AccessDescriptor. */
struct wd_access {
    bool read, write, pan;
    bool unprivileged;
    bool table_walk;     /**< AccessType_TTW */
    bool stage1_updates; /**< stage 1 hardware updates are enabled, for S2_WALK_DIRTY */
};

/** Cacheability of one domain, MemAttrHints. */
struct wd_cacheability {
    uint8_t kind;  /**< enum wd_cacheability_kind */
    uint8_t hints; /**< bit 1 Read-Allocate, bit 0 Write-Allocate, as in MAIR */
    bool transient;
};

enum wd_cacheability_kind { WD_NON_CACHEABLE, WD_WRITE_THROUGH, WD_WRITE_BACK };
enum { WD_HINTS_NONE = 0, WD_HINTS_RA = 2, WD_HINTS_RWA = 3 };
/** Shareability, encoded as SH and PAR_EL1.SH encode it. */
enum wd_shareability { WD_NON_SHAREABLE = 0, WD_SH_RESERVED = 1, WD_OUTER_SHAREABLE = 2, WD_INNER_SHAREABLE = 3 };

/** MemoryAttributes. */
struct wd_attributes {
    bool device;
    uint8_t device_type; /**< 0 nGnRnE, 1 nGnRE, 2 nGRE, 3 GRE */
    struct wd_cacheability inner, outer;
    uint8_t shareability; /**< enum wd_shareability */
    bool xs, tagged, no_tag_access;
    bool tag_optional;       /**< stage 1 is Non-shareable: whether tagged memory is treated as Tagged is a choice */
    bool from_reserved;      /**< the MAIR encoding `mair` is reserved */
    bool as_encoded;         /**< a mistake: `mair` is reported */
    bool keeps_shareability; /**< a mistake: reported as it is, though the memory is Device or Non-cacheable */
    uint8_t mair;
};

/** How one stage's tables are laid out: what the format of descriptors depends on. */
struct wd_format {
    uint8_t stage;   /**< 1 or 2 */
    uint8_t granule; /**< enum wd_granule */
    uint8_t txsz;
    uint8_t ps; /**< {I}PS */
    uint8_t sh; /**< SH0, SH1 of the control register */
    uint8_t irgn, orgn;
    bool ds, ha, hd, haft, big_endian;
    bool only_48_bits;    /**< a mistake: 52-bit addresses are not known */
    bool atomic_updates;  /**< table walks are made with attributes that guarantee atomic updates */
    unsigned output_bits; /**< AArch64.PhysicalAddressSize */
    const struct wd_high_bits *high_bits;
    int start_level;
};

/** S1TTWParams. */
struct wd_s1_params {
    struct wd_format format;
    uint64_t ttbr, mair, pir, pire0, por, por_el0;
    bool two_privileges; /**< HasUnprivileged(regime): EL1&0, EL2&0 */
    bool upper;          /**< VARange_UPPER */
    bool enabled;        /**< AArch64.S1Enabled */
    bool tbi, epd, e0pd, hierarchical_disabled, pie, poe, e0poe, wxn, epan, cacheable, default_cacheable,
        default_tagged;
};

/** S2TTWParams. */
struct wd_s2_params {
    struct wd_format format;
    uint64_t vttbr;
    bool enabled, ptw, fwb, cd;
    uint8_t sl0;
    bool sl2;
};

/** Where the walks of stage 2 begin. */
struct wd_s2_tables {
    bool known; /**< nothing is wrong with it; what is below is set */
    struct wd_s2_params params;
    uint64_t base, low_bits; /**< wd_table_base() */
};

/** What the attributes of a success follow from, beside choices and mistakes. It lies in the bytes of a caller. */
struct __attribute__((may_alias)) wd_attribute_inputs {
    const struct wd_case *c;
    bool stage1, stage2; /**< translated by tables */
    bool stage2_follows;
    uint64_t consulted; /**< bit set of enum wd_choice: by the walk itself */
    struct wd_s1_params s1;
    struct wd_s2_params s2;
    uint64_t descriptor[2]; /**< leaves of stage 1 and 2 */
    int level[2];
};

/** What a stage gives. */
struct wd_output {
    uint64_t address;
    struct wd_attributes attributes;
    int level;         /**< of the leaf; 0 where there is no walk */
    bool grants_write; /**< stage 2: a write would be permitted */
    bool write_back;   /**< of a table that hardware may update: stage 2 leaves Write-Back memory Write-Back */
};

/* ---- features: those of the ID registers that one field tells, as constants where the feature is one */

static const struct {
    uint8_t reg, msb, lsb, at_least;
} wd_feature_fields[WD_FEATURE_COUNT] = {
#define WD_FEATURE(name, reg, field, at_least, title)                                                                  \
    [WD_##name] = {WD_##reg, WD_##reg##_##field##_msb, WD_##reg##_##field##_lsb, at_least},
#include "walkdiff/features.def"
};

/** wd_has_feature(), which see. */
static inline bool wd_has(const uint64_t *regs, enum wd_feature feature)
{
    if (!wd_feature_fields[feature].at_least)
        return wd_has_feature(regs, feature);
    return wd_bits(regs[wd_feature_fields[feature].reg], wd_feature_fields[feature].msb,
                   wd_feature_fields[feature].lsb) >= wd_feature_fields[feature].at_least;
}

/** A control bit whose feature is absent acts as 0. */
static inline __attribute__((always_inline)) bool wd_with_feature(const struct wd_walk *w, enum wd_feature feature,
                                                                  uint64_t bit)
{
    return (bit != 0) & wd_has(w->regs, feature); /* without a branch: nobody could predict it */
}

/* ---- events (rules.c) and choices (choices.c) */

/** wd_rule_info.raises, as constants where the rule is one. */
static const uint8_t wd_rule_raises[WD_RULE_COUNT] = {
#define WD_RULE(name, raises, id, function, text) [WD_RULE_##name] = WD_FAULT_##raises,
#include "walkdiff/rules.def"
};

/** wd_apply(), wd_check() and wd_leaves_out() where somebody watches. */
void wd_apply_watched(struct wd_walk *w, unsigned stage, enum wd_rule rule, int level);
bool wd_check_watched(struct wd_walk *w, unsigned stage, enum wd_rule rule, int level, bool holds);

bool wd_leaves_out_watched(struct wd_walk *w, unsigned stage, enum wd_rule rule);

/** Whether the judge wants a check to be left out that finds something. */
static inline bool wd_leaves_out(struct wd_walk *w, unsigned stage, enum wd_rule rule)
{
    return WD_WATCHED && wd_leaves_out_watched(w, stage, rule);
}

/** Whether somebody is told what happens. */
static inline bool wd_tells(const struct wd_walk *w)
{
    return WD_WATCHED && w->handler;
}

/** Records that a rule took effect, for coverage and the story. */
static inline void wd_apply(struct wd_walk *w, unsigned stage, enum wd_rule rule, int level)
{
    w->out->rules_hit[stage - 1][rule / 64] |= UINT64_C(1) << rule % 64;
    if (wd_tells(w))
        wd_apply_watched(w, stage, rule, level);
}

/** Records that a rule took effect and decided an aspect of the answer. */
static inline void wd_decide(struct wd_walk *w, unsigned stage, enum wd_aspect aspect, enum wd_rule rule, int level)
{
    w->out->aspect_rule[aspect] = (uint16_t)rule;
    wd_apply(w, stage, rule, level);
}

/** Records that a check was made; when it holds the rule took effect. @return holds, unless something is supposed */
static inline bool wd_check(struct wd_walk *w, unsigned stage, enum wd_rule rule, int level, bool holds)
{
    /* Checks that raise nothing are not supposed to go otherwise. */
    if (WD_WATCHED && (wd_rule_raises[rule] || w->handler))
        return wd_check_watched(w, stage, rule, level, holds);
    w->out->rules_hit[stage - 1][rule / 64] |= (uint64_t)holds << rule % 64;
    return holds;
}

/**
 * Consults a choice.
 * @param options  how many this case has
 * @param absent  bit set of options below 8 that it does not have
 * @return the option in force; 0 if the resolution asks for one that this case does not have
 */
unsigned wd_choose_among(struct wd_walk *w, enum wd_choice choice, unsigned options, unsigned absent);

/** Consults a choice that has all its options. */
unsigned wd_choose(struct wd_walk *w, enum wd_choice choice);

/** The same choice of stage 1 or stage 2: WD_CHOICE_S1_NT and WD_CHOICE_S2_NT. */
#define WD_STAGE_CHOICE(stage, name) ((stage) == 1 ? WD_CHOICE_S1_##name : WD_CHOICE_S2_##name)

/** The same mistake in stage 1 or stage 2: WD_MISTAKE_S1_BLOCK_ADDRESS_BITS and WD_MISTAKE_S2_BLOCK_ADDRESS_BITS. */
#define WD_STAGE_MISTAKE(stage, name) ((stage) == 1 ? WD_MISTAKE_S1_##name : WD_MISTAKE_S2_##name)

/** Whether the judge wants the oracle to make a mistake. Ask only where it would make a difference. */
static inline bool wd_mistaken(const struct wd_walk *w, enum wd_mistake mistake)
{
    w->out->mistakes_met |= wd_mistake_bit(mistake);
    return w->resolution->mistakes & wd_mistake_bit(mistake);
}

/**
 * The same where `condition` says whether it would make a difference: `condition && wd_mistaken(w, mistake)` without a
 * branch that depends on the condition, for those that nobody could predict.
 */
static inline __attribute__((always_inline)) bool wd_mistaken_where(const struct wd_walk *w, enum wd_mistake mistake,
                                                                    bool condition)
{
    w->out->mistakes_met |= (wd_mistake_set)condition << mistake;
    return condition & (unsigned)(w->resolution->mistakes >> mistake);
}

/** Tells the handler, if there is one; else the event is not even made. */
#define WD_TELL(w, ...)                                                                                                \
    do {                                                                                                               \
        if (__builtin_expect(wd_tells(w), 0))                                                                          \
            (w)->handler((w)->context, &(struct wd_event){__VA_ARGS__});                                               \
    } while (0)

/** Fills a fault. @return false, so that a check can end with it */
static inline bool wd_raise(struct wd_fault *fault, enum wd_fault_class class, int level, enum wd_rule rule)
{
    fault->class = class;
    fault->level = (int8_t)level;
    fault->rule = rule;
    return false;
}

#endif
