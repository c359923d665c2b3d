/* SPDX-License-Identifier: MIT */
/* Stage 2 descriptors of a 4K granule without FEAT_LPA2 (Arm ARM D8.3, VMSAv8-64 descriptors). */
#ifndef WALKDIFF_PGTABLE_ENTRIES_H
#define WALKDIFF_PGTABLE_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

enum { WD_ENTRY_LAST_LEVEL = 3, WD_ENTRY_PAGE_SHIFT = 12, WD_ENTRY_TABLE_SHIFT = 9, WD_ENTRIES = 512 };

#define WD_ENTRY_VALID          UINT64_C(1)
#define WD_ENTRY_TYPE           UINT64_C(2)
#define WD_ENTRY_ADDRESS        UINT64_C(0x0000fffffffff000)
#define WD_ENTRY_MEMATTR        UINT64_C(0x3c)
/** With HCR_EL2.FWB = 1: as stage 1 says. */
#define WD_ENTRY_MEMATTR_STAGE1 UINT64_C(0x1c)
#define WD_ENTRY_S2AP           UINT64_C(0xc0)
#define WD_ENTRY_READ           UINT64_C(0x40)
#define WD_ENTRY_WRITE          UINT64_C(0x80)
#define WD_ENTRY_SH             UINT64_C(0x300)
#define WD_ENTRY_AF             UINT64_C(0x400)
#define WD_ENTRY_DBM            (UINT64_C(1) << 51)
#define WD_ENTRY_XN             (UINT64_C(3) << 53)
#define WD_ENTRY_SOFTWARE       (UINT64_C(15) << 55)

/** What a valid entry may change of itself without being made invalid. */
#define WD_ENTRY_LIVE (WD_ENTRY_S2AP | WD_ENTRY_XN | WD_ENTRY_AF | WD_ENTRY_DBM | WD_ENTRY_SOFTWARE)

static inline unsigned wd_entry_shift(int level)
{
    return WD_ENTRY_PAGE_SHIFT + WD_ENTRY_TABLE_SHIFT * (unsigned)(WD_ENTRY_LAST_LEVEL - level);
}

static inline uint64_t wd_entry_size(int level)
{
    return UINT64_C(1) << wd_entry_shift(level);
}

static inline bool wd_entry_is_table(uint64_t entry, int level)
{
    return level < WD_ENTRY_LAST_LEVEL && (entry & 3) == 3;
}

static inline bool wd_entry_is_leaf(uint64_t entry, int level)
{
    return level == WD_ENTRY_LAST_LEVEL ? (entry & 3) == 3 : level > 0 && (entry & 3) == 1;
}

#endif
