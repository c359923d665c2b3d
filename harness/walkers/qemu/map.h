/* SPDX-License-Identifier: MIT */
/*
 * Physical memory as QEMU has it, and what a case thinks of it. The machine `virt` has devices below 1 GiB, main memory
 * from there on, and room for memory modules up to the end of the physical addresses. A case has its memory anywhere.
 * The two can not be made the same for each case, so:
 *
 *   - There are modules at the places where cases have memory most often.
 *   - Words of a case at another place do not exist for QEMU. If the walk meets one that shows as an external abort.
 *   - Memory of QEMU that the case does not have shows as 0, an invalid descriptor: as a Translation fault.
 *   - What devices would answer to a table walk, and what the walk would do to them, is no matter to find out.
 *
 * Where an answer could have come about so, the case is `unsupported`. The oracle tells where the walk reads: if one of
 * these places is not the same for both sides, QEMU need not be asked. If QEMU's answer is of another kind than the
 * oracle's, QEMU has read elsewhere: then all addresses count that registers and descriptors of the case could lead a
 * table walk to, however they are read.
 */
#ifndef WALKDIFF_QEMU_MAP_H
#define WALKDIFF_QEMU_MAP_H

#include "walkdiff/oracle.h"

enum { WD_MODULES_MAX = 48 };

struct wd_physical_range {
    uint64_t base, size;
};

#define WD_MAIN_MEMORY_BASE UINT64_C(0x40000000)
#define WD_MAIN_MEMORY_SIZE UINT64_C(0x10800000) /**< with the exchange at its end */
#define WD_EXCHANGE_SIZE    UINT64_C(0x800000)   /**< where requests and responses are: no memory for cases */
#define WD_EXCHANGE_BASE    (WD_MAIN_MEMORY_BASE + WD_MAIN_MEMORY_SIZE - WD_EXCHANGE_SIZE)

/** The memory that cases can use. */
struct wd_physical_map {
    struct wd_physical_range ranges[1 + WD_MODULES_MAX]; /**< main memory, then the modules, by address */
    size_t count;
    unsigned pa_bits; /**< of the CPU's physical addresses */
};

/** Makes the map for a CPU. @param pa_bits  of its PARange; 0: main memory alone */
void wd_map_make(struct wd_physical_map *map, unsigned pa_bits);

/** Whether the 8 bytes at `pa` are memory that cases can use. */
bool wd_map_has(const struct wd_physical_map *map, uint64_t pa);

/** What the addresses to which a case leads may be, from QEMU's side: a bit set. */
enum wd_reach {
    WD_REACH_DEVICES = 1, /**< below main memory, or the exchange */
    WD_REACH_FOREIGN = 2, /**< memory of QEMU that the case does not have */
    WD_REACH_MISSING = 4, /**< memory of the case that QEMU does not have */
    WD_REACH_ALL = 7,
    WD_REACH_READ_ONLY = 8, /**< an update of what is read-only in the case, and nowhere in QEMU */
};

/** What the oracle says of a case. */
struct wd_forecast {
    unsigned reach;          /**< enum wd_reach: what the walk meets */
    struct wd_result result; /**< the default answer */
    enum wd_regime regime;   /**< the translation regime */
};

/** Has the oracle walk. */
void wd_map_forecast(const struct wd_physical_map *map, const struct wd_case *c, struct wd_forecast *forecast);

/** Finds out what any table walk of a case in a regime could reach: a bit set of enum wd_reach. */
unsigned wd_map_reach(const struct wd_physical_map *map, const struct wd_case *c, enum wd_regime regime);

#endif
