/* SPDX-License-Identifier: MIT */
/* Stage 1 of a translation, and its parts. */
#ifndef ORACLE_STAGE1_H
#define ORACLE_STAGE1_H

#include "oracle/regime.h"

/** Gathers what the registers of a regime say of a VA. AArch64.GetS1TTWParams, AArch64.S1Enabled. */
void wd_s1_params(struct wd_walk *w, enum wd_regime regime, uint64_t va, struct wd_s1_params *p);

/** Permissions that the tables on the way to the leaf leave. Permissions.{ap_table, xn_table, …}. */
struct wd_hierarchical {
    uint8_t ap_table;
    bool uxn_table, pxn_table; /**< xn_table of one privilege: pxn_table */
};

/** Adds what a Table descriptor takes away. AArch64.S1ApplyTablePerms. */
void wd_s1_table_permissions(struct wd_walk *w, const struct wd_s1_params *p, uint64_t descriptor, int level,
                             struct wd_hierarchical *limits);

/**
 * Checks an access against stage 1 permissions. AArch64.S1CheckPermissions.
 * @param descriptor  of the leaf
 * @return false: `fault` is raised
 */
bool wd_s1_check_permissions(struct wd_walk *w, const struct wd_s1_params *p, const struct wd_access *access,
                             uint64_t descriptor, int level, const struct wd_hierarchical *limits,
                             struct wd_fault *fault);

/** Translates a VA. AArch64.S1Translate. @return false: `fault` is raised */
bool wd_s1_translate(struct wd_walk *w, const struct wd_request *request, uint64_t va, struct wd_output *output,
                     struct wd_fault *fault);

#endif
