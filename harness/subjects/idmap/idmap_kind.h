/* SPDX-License-Identifier: MIT */
/* The kind `idmap`, and what its parts say to each other. */
#ifndef WALKDIFF_IDMAP_KIND_H
#define WALKDIFF_IDMAP_KIND_H

#include "harness/subjects/kind.h"
#include "walkdiff/idmap.h"

extern const struct wd_subject_kind wd_idmap_kind;

enum wd_idmap_rule {
#define WD_IDMAP_RULE(name, source, function, text) WD_IDMAP_RULE_##name,
#include "walkdiff/idmap.def"
    WD_IDMAP_RULE_COUNT,
};

enum wd_idmap_choice {
#define WD_IDMAP_CHOICE(name, source, text, option) WD_IDMAP_CHOICE_##name,
#include "walkdiff/idmap.def"
    WD_IDMAP_CHOICE_COUNT,
};

enum wd_idmap_facet {
#define WD_IDMAP_FACET(name) WD_IDMAP_FACET_##name,
#include "walkdiff/idmap.def"
    WD_IDMAP_FACET_COUNT,
};

/** errno values of Linux, negative */
enum { WD_IDMAP_EPERM = -1, WD_IDMAP_EAGAIN = -11, WD_IDMAP_ENOMEM = -12, WD_IDMAP_EEXIST = -17 };

extern const char *const wd_idmap_operation_names[WD_IDMAP_OPERATION_COUNT];

/** Leaves of one moment. */
struct wd_idmap_view {
    const struct wd_idmap_leaf *leaves;
    unsigned count;
};

/** After operation `step`; -1: before the first one. */
struct wd_idmap_view wd_idmap_after(const struct wd_idmap_answer *answer, int step);

/** The leaf that an address is in, or NULL. */
const struct wd_idmap_leaf *wd_idmap_at(const struct wd_idmap_view *view, uint64_t address);

/** Whether an address is memory; `begin` and `last` are those of its region, or of the hole. */
bool wd_idmap_range(const struct wd_idmap_case *c, uint64_t address, uint64_t *begin, uint64_t *last);

/** The level of the largest block around an address that fits its region and touches no leaf. */
int wd_idmap_level(const struct wd_idmap_case *c, const struct wd_idmap_view *view, uint64_t address);

/** Whether the pages of an OWN are memory of one region. */
bool wd_idmap_may_own(const struct wd_idmap_case *c, const struct wd_idmap_operation *operation);

/** The parts of wd_idmap_kind. */
void wd_idmap_generate(uint64_t seed, uint64_t index, void *c);
void wd_idmap_judge(const void *c, const void *answer, struct wd_subject_judgement *judgement);
void wd_idmap_describe(const void *c, const void *answer, const struct wd_subject_judgement *judgement, char *signature,
                       char *title);
void wd_idmap_expect(const void *c, const void *answer, void *expected);
extern const struct wd_json_members wd_idmap_members;
void wd_idmap_begin(void *c);
bool wd_idmap_check(const void *c, char *why, size_t size);
void wd_idmap_write(struct wd_json_out *out, const void *c);
void wd_idmap_write_answer(struct wd_json_out *out, const void *c, const void *answer);
extern const struct wd_subject_api wd_idmap_model;
extern const struct wd_subject_facet wd_idmap_facets[WD_IDMAP_FACET_COUNT];

#endif
