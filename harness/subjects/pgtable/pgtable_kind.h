/* SPDX-License-Identifier: MIT */
/* The kind `pgtable`, and what its parts say to each other. */
#ifndef WALKDIFF_PGTABLE_KIND_H
#define WALKDIFF_PGTABLE_KIND_H

#include "harness/subjects/kind.h"
#include "walkdiff/pgtable.h"

extern const struct wd_subject_kind wd_pgtable_kind;

enum wd_pgtable_facet {
    WD_PGTABLE_FACET_OPERATION,
    WD_PGTABLE_FACET_RESULT,
    WD_PGTABLE_FACET_ALIGNMENT,
    WD_PGTABLE_FACET_FWB,
    WD_PGTABLE_FACET_TLB_RANGE,
    WD_PGTABLE_FACET_COUNT,
};

/** Names, by enum wd_pgtable_operation_kind, _feature_bit, _prot_bit and _detail. */
extern const char *const wd_pgtable_operation_names[],
    *const wd_pgtable_feature_names[], *const wd_pgtable_prot_names[], *const wd_pgtable_detail_names[];

/** Errno values of Linux that builders give back, negative. */
enum { WD_PGTABLE_EAGAIN = -11, WD_PGTABLE_ENOMEM = -12, WD_PGTABLE_EINVAL = -22, WD_PGTABLE_ERANGE = -34 };

/** The first thing of an answer that must not be. */
struct wd_pgtable_fault {
    bool found;
    uint8_t step, rule, detail; /**< enum wd_pgtable_rule, enum wd_pgtable_detail */
    uint64_t ia, got, wanted;   /**< entries; 0: none, or not known */
    uint32_t choices,
        consulted; /**< bit sets of enum wd_pgtable_choice: what was permitted, and what could have been */
};

void wd_pgtable_find(const struct wd_pgtable_case *c, const struct wd_pgtable_answer *answer,
                     struct wd_pgtable_fault *fault);

/** Attributes of a leaf for a protection, as an entry without address and type. */
uint64_t wd_pgtable_attributes(const struct wd_pgtable_case *c, unsigned prot);

/** The result that a protection or a range must have by itself: 0 or an errno value. */
int wd_pgtable_refusal(const struct wd_pgtable_case *c, const struct wd_pgtable_operation *operation);

/** The range of an operation in whole pages. */
uint64_t wd_pgtable_begin_of(const struct wd_pgtable_operation *operation);
uint64_t wd_pgtable_end_of(const struct wd_pgtable_operation *operation);

/** The parts of wd_pgtable_kind. */
void wd_pgtable_generate(uint64_t seed, uint64_t index, void *c);
void wd_pgtable_judge(const void *c, const void *answer, struct wd_subject_judgement *judgement);
void wd_pgtable_describe(const void *c, const void *answer, const struct wd_subject_judgement *judgement,
                         char *signature, char *title);
void wd_pgtable_expect(const void *c, const void *answer, void *expected);
bool wd_pgtable_simplify(const void *c, unsigned step, void *simpler);
void wd_pgtable_explain(FILE *stream, const void *c);
extern const struct wd_json_members wd_pgtable_members;
void wd_pgtable_begin(void *c);
bool wd_pgtable_check(const void *c, char *why, size_t size);
void wd_pgtable_write(struct wd_json_out *out, const void *c);
void wd_pgtable_write_answer(struct wd_json_out *out, const void *c, const void *answer);
extern const struct wd_subject_api wd_pgtable_model;
extern const struct wd_subject_facet wd_pgtable_facets[WD_PGTABLE_FACET_COUNT];

#endif
