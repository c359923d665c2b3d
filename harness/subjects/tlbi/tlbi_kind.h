/* SPDX-License-Identifier: MIT */
/* The kind `tlbi`, and what its parts say to each other. */
#ifndef WALKDIFF_TLBI_KIND_H
#define WALKDIFF_TLBI_KIND_H

#include "harness/subjects/kind.h"
#include "harness/subjects/tlbi/decode.h"

extern const struct wd_subject_kind wd_tlbi_kind;

enum wd_tlbi_rule {
#define WD_TLBI_RULE(name, source, function, text) WD_TLBI_RULE_##name,
#include "walkdiff/tlbi.def"
    WD_TLBI_RULE_COUNT,
};

enum wd_tlbi_choice {
#define WD_TLBI_CHOICE(name, source, text, option) WD_TLBI_CHOICE_##name,
#include "walkdiff/tlbi.def"
    WD_TLBI_CHOICE_COUNT,
};

enum wd_tlbi_facet {
#define WD_TLBI_FACET(name) WD_TLBI_FACET_##name,
#include "walkdiff/tlbi.def"
    WD_TLBI_FACET_COUNT,
};

extern const char *const wd_tlbi_in_names[WD_TLBI_IN_COUNT], *const wd_tlbi_host_names[WD_TLBI_HOST_COUNT],
                                                                 *const wd_tlbi_type_names[WD_TLBI_ENTRY_TYPE_COUNT];

/** The entries that must go: a bit set. */
unsigned wd_tlbi_must_go(const struct wd_tlbi_case *c);

/** Why entry i must go: enum wd_tlbi_rule. */
unsigned wd_tlbi_reason(const struct wd_tlbi_case *c, unsigned i);

/** The parts of wd_tlbi_kind. */
void wd_tlbi_generate(uint64_t seed, uint64_t index, void *c);
void wd_tlbi_judge(const void *c, const void *answer, struct wd_subject_judgement *judgement);
void wd_tlbi_describe(const void *c, const void *answer, const struct wd_subject_judgement *judgement, char *signature,
                      char *title);
void wd_tlbi_expect(const void *c, const void *answer, void *expected);
extern const struct wd_json_members wd_tlbi_members;
void wd_tlbi_begin(void *c);
bool wd_tlbi_check(const void *c, char *why, size_t size);
void wd_tlbi_write(struct wd_json_out *out, const void *c);
void wd_tlbi_write_answer(struct wd_json_out *out, const void *c, const void *answer);
extern const struct wd_subject_api wd_tlbi_model;
extern const struct wd_subject_facet wd_tlbi_facets[WD_TLBI_FACET_COUNT];

#endif
