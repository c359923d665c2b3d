/* SPDX-License-Identifier: MIT */
/*
 * The machine that a builder of stage 2 tables runs on: pages for tables, each with a count of references, and what
 * could be seen from outside: stores into tables, barriers, TLB and cache maintenance. It knows what TLBs may hold, and
 * reads the tables by itself. No knowledge of any builder.
 */
#ifndef WALKDIFF_PGTABLE_MACHINE_H
#define WALKDIFF_PGTABLE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "walkdiff/pgtable.h"

struct wd_pgtable_machine;

/** NULL: no memory. */
struct wd_pgtable_machine *wd_pgtable_machine_open(void);
void wd_pgtable_machine_close(struct wd_pgtable_machine *machine);

/** Called when an operation does more than any may: does not return. */
typedef void wd_pgtable_endless(void);

/** Begins a case: no page is in use. The answer is written into from now on. */
void wd_pgtable_machine_begin(struct wd_pgtable_machine *machine, const struct wd_pgtable_case *c,
                              struct wd_pgtable_answer *answer, wd_pgtable_endless *endless);

/** Before and after operation `i`; i == count: destroy. @return false: there is no room for the leaves */
void wd_pgtable_machine_before(struct wd_pgtable_machine *machine, unsigned i, uint64_t annotation);
bool wd_pgtable_machine_after(struct wd_pgtable_machine *machine, int result);

/* What the builder does. A pointer is into a table page. */
void *wd_pgtable_machine_allocate(struct wd_pgtable_machine *machine); /**< one, of zeroes; NULL: none left */
void *wd_pgtable_machine_allocate_root(struct wd_pgtable_machine *machine, size_t size); /**< that of the first level */
void wd_pgtable_machine_free_root(struct wd_pgtable_machine *machine, void *root, size_t size);
void wd_pgtable_machine_get(struct wd_pgtable_machine *machine, void *page);
void wd_pgtable_machine_put(struct wd_pgtable_machine *machine, void *page); /**< the last one frees it */
int wd_pgtable_machine_count(struct wd_pgtable_machine *machine, void *page);
void *wd_pgtable_machine_virtual(struct wd_pgtable_machine *machine, uint64_t physical);
uint64_t wd_pgtable_machine_physical(struct wd_pgtable_machine *machine, const void *memory);

void wd_pgtable_machine_store(struct wd_pgtable_machine *machine, uint64_t *at, uint64_t value);
void wd_pgtable_machine_dsb(struct wd_pgtable_machine *machine);

enum { WD_TLBI_ANY_LEVEL = 4 };
/** TLB maintenance of stage 2 by IPA, with a DSB before and after. @param here  only of this processor */
void wd_pgtable_machine_tlbi(struct wd_pgtable_machine *machine, uint64_t ipa, int level, bool here);
void wd_pgtable_machine_tlbi_range(struct wd_pgtable_machine *machine, uint64_t ipa, uint64_t pages);
void wd_pgtable_machine_tlbi_all(struct wd_pgtable_machine *machine);

/** Cache maintenance of memory, by its physical address. */
void wd_pgtable_machine_clean(struct wd_pgtable_machine *machine, uint64_t physical, uint64_t size, bool instruction);

/** First level of a walk for an input size, with as much concatenation as may be but at least two levels. */
int wd_pgtable_start_level(unsigned ia_bits);

#endif
