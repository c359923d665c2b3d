/* SPDX-License-Identifier: MIT */
/*
 * The leaves of the tree of choices: every resolution of the choices that a walk consults. Which choices come up
 * depends on how those before were resolved. Attributes come last and decide nothing else, so the choices that they
 * alone consult are a tree of their own at the end of each walk that succeeds; it is climbed without walking again.
 */
#ifndef WALKDIFF_LEAVES_H
#define WALKDIFF_LEAVES_H

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "walkdiff/oracle.h"

/** Combinations of choices that are tried before the judge gives up, loudly. No case reached a tenth of it. */
enum { WD_RESOLUTIONS_MAX = 1 << 18 };

/** Copies what is set of what the oracle says: a fourth of the bytes, most of the time much less. */
static inline void wd_copy_output(struct wd_oracle_output *to, const struct wd_oracle_output *from)
{
    size_t head = offsetof(struct wd_result, changed), tail = offsetof(struct wd_oracle_output, rule);

    memcpy(&to->result, &from->result, head);
    memcpy(to->result.changed, from->result.changed, from->result.changed_count * sizeof(to->result.changed[0]));
    memcpy(to->result.reads, from->result.reads, from->result.read_count * sizeof(to->result.reads[0]));
    memcpy((char *)to + tail, (const char *)from + tail, sizeof(*to) - tail);
}

/**
 * What a climb still looks for among the leaves of one walk, which differ in attributes alone: those that give the
 * answer, and others, each with at most so many choices that are not at their default. What is not wanted may be left
 * out.
 */
struct wd_attributes_wanted {
    bool any;     /**< false: none; the climb goes on to the next walk */
    bool hopeful; /**< of those that give the answer only such as give it to a walker of which nothing is supposed */
    unsigned equal_most, other_most;
};

/** All that give an answer, if a walk can give it. */
static inline struct wd_attributes_wanted wd_equal_attributes(bool possible)
{
    return (struct wd_attributes_wanted){.any = possible, .equal_most = UINT_MAX};
}

/** Of all that give an answer, if a walk can give it, those that are likely to: where there are hundreds. */
static inline struct wd_attributes_wanted wd_hopeful_attributes(bool possible)
{
    return (struct wd_attributes_wanted){.any = possible, .hopeful = true, .equal_most = UINT_MAX};
}

/** All, if a walk can give the answer. */
static inline struct wd_attributes_wanted wd_all_attributes(bool possible)
{
    return (struct wd_attributes_wanted){.any = possible, .equal_most = UINT_MAX, .other_most = UINT_MAX};
}

/** Where a climb is. */
struct wd_leaf_walk {
    struct wd_resolution resolution;      /**< of the leaf that it has come to */
    unsigned differing;                   /**< aspects in which the leaf's answer differs from the one compared with */
    unsigned differing_before_attributes; /**< the same without ATTR and SH: what all leaves of its walk have */
    unsigned choices_before_attributes;   /**< choices of the walk that are not at their default */
    const struct wd_case *c;
    const struct wd_result *got;
    uint64_t futile;
    unsigned tried;        /**< leaves so far */
    unsigned walks;        /**< of which leaves were seen so far */
    unsigned equal_leaves; /**< leaves of this walk so far that do not differ */
    bool success, has_source;
    bool is_first;                      /**< leaf of its walk: that which the walk itself gives */
    struct wd_oracle_output output;     /**< of the walk */
    struct wd_attribute_source source;  /**< likewise, if it succeeds and has_source */
    struct wd_oracle_output attributes; /**< of the leaf: what wd_oracle_attributes() writes, if the walk succeeds */
};

/**
 * Begins a climb at the leaf that takes every choice at its default.
 * @param base  what is supposed of the walker; options that it sets are not kept
 * @param got  the answer that those of the leaves are compared with
 */
void wd_leaves_begin(struct wd_leaf_walk *walk, const struct wd_case *c, const struct wd_resolution *base,
                     const struct wd_result *got);

/**
 * The same where nothing is supposed.
 * @param basis  what wd_oracle() says of the case by default
 * @param source  what the attributes of that follow from, if it is a success; NULL: not known yet
 * @param differing  aspects in which `got` differs from that
 */
void wd_leaves_begin_at(struct wd_leaf_walk *walk, const struct wd_case *c, const struct wd_oracle_output *basis,
                        const struct wd_attribute_source *source, const struct wd_result *got, unsigned differing);

/**
 * Goes to the next leaf.
 * @param attributes  which of those that differ from this one in attributes alone
 * @return false if there is none left, or WD_RESOLUTIONS_MAX were tried
 */
bool wd_leaves_next(struct wd_leaf_walk *walk, struct wd_attributes_wanted attributes);

/** The mistakes that could be made on the way to the leaf, supposed or not. */
static inline wd_mistake_set wd_leaf_mistakes_met(const struct wd_leaf_walk *walk)
{
    return walk->output.mistakes_met | (walk->success ? walk->attributes.mistakes_met : 0);
}

/**
 * What wd_oracle() says under the leaf's resolution, without another walk. Choices that attributes alone consult come
 * last, and `rules_hit` and `mistakes_met` are of several leaves of the walk.
 */
void wd_leaf_output(const struct wd_leaf_walk *walk, struct wd_oracle_output *output);

/**
 * Mistakes about attributes: only what finds and reports those of a success can make them, all that it can make but
 * FWB_AND_CD_IGNORED, which is about the registers, too.
 */
extern const wd_mistake_set wd_mistakes_of_attributes;

/**
 * What wd_oracle() says, as far as wd_leaf_output() does, of a walk under a resolution that can make a difference to
 * attributes alone: those of its mistakes that the walk meets are of attributes, no checks are supposed, and what the
 * walk itself consulted is resolved as it was.
 * @param walk  what the oracle says of the walk: a success
 * @param source  what its attributes follow from
 */
void wd_output_with_attributes(const struct wd_oracle_output *walk, const struct wd_attribute_source *source,
                               const struct wd_resolution *resolution, struct wd_oracle_output *output);

/** How many choices are not at their default in the leaf. */
unsigned wd_leaf_choices(const struct wd_leaf_walk *walk);

/** IMPLEMENTATION DEFINED choices that the leaf takes, bit sets of enum wd_choice: [0] at the default, [1] elsewhere.
 */
void wd_leaf_resolved(const struct wd_leaf_walk *walk, uint64_t resolved[2]);

/** The same of what the oracle says under a resolution. */
void wd_output_resolved(const struct wd_oracle_output *output, uint64_t resolved[2]);

/**
 * Whether no leaf can give an answer, whatever the choices, as long as nothing is supposed of the walker.
 * @param differing  aspects in which it differs from `basis`
 * @return false: only a climb can tell
 */
bool wd_cannot_be_permitted(const struct wd_case *c, const struct wd_oracle_output *basis, const struct wd_result *got,
                            unsigned differing);

/** Whether a climb was given up. */
static inline bool wd_leaves_exhausted(const struct wd_leaf_walk *walk)
{
    return walk->tried >= WD_RESOLUTIONS_MAX;
}

/**
 * Finds the first leaf that gives an answer.
 * @param resolution  in: what is supposed of the walker; out: the leaf's resolution
 * @return false: none does, `resolution` is as it was
 */
bool wd_find_leaf(const struct wd_case *c, const struct wd_result *got, struct wd_resolution *resolution);

/**
 * The choices whose other options cannot lead to an answer, whatever else is resolved: a bit set of enum wd_choice.
 */
uint64_t wd_futile_choices(const struct wd_case *c, const struct wd_result *got);

#endif
