/* SPDX-License-Identifier: MIT */
/*
 * A CPU that stands in for the implementation of which a case speaks. A reference has the features that it has; the
 * ID registers of a case say others. Here the two are brought together: what the CPU can be told so that it behaves as
 * the case's implementation would, and where it cannot, that it is of no use for this case.
 *
 *   - A control bit whose feature the case does not have is cleared: it has the effect of RES0.
 *   - A feature that one side has and the other has not makes the case `unsupported` if the answer could depend on it.
 *   - Hardware updates of descriptors that the CPU lacks matter only where it answers with a fault that they could
 *     prevent, so this is decided behind the walk.
 *   - FEAT_XS that the CPU alone has matters only where it reports an attribute that there is with FEAT_XS alone.
 *   - A granule field that names no granule of the case's implementation gets the default of that choice.
 *   - {I}PS is lowered to the case's PARange; where a size is decided by PARange itself and the two sides decide
 *     differently, the case is `unsupported`.
 */
#ifndef WALKDIFF_CPU_H
#define WALKDIFF_CPU_H

#include "walkdiff/case.h"
#include "walkdiff/registers.h"

struct wd_cpu {
    uint64_t id[WD_REGISTER_COUNT]; /**< the CPU's own ID registers; other members are not read */
    bool ignores_output_size;       /**< it checks no output address: PARange does not limit those that it gives */
    bool ignores_tge;               /**< HCR_EL2.TGE does not turn its stage 1 off */
    bool lacks_el20;                /**< its AT instructions know no EL2&0 regime, whatever its ID registers say */
};

/** A case as the CPU is told it. */
struct wd_cpu_case {
    uint64_t regs[WD_REGISTER_COUNT]; /**< what to load */
    bool lacks_access_flag[2],
        lacks_dirty_state[2]; /**< by stage: updates that the case enables, the CPU not making them */
    bool has_xs_alone;        /**< the CPU has FEAT_XS and the case has not */
};

enum {
    WD_CPU_ID_REGISTERS_MAX = 10, /**< those of wd_agent_id_register() */
    WD_CPU_IMPLEMENTATIONS = 32,  /**< a power of two */
};

/** What follows from the ID registers of a case alone, and from those of one CPU. */
struct wd_cpu_implementation {
    bool known; /**< false: the other members say nothing */
    uint64_t id[WD_CPU_ID_REGISTERS_MAX];
    bool present[WD_FEATURE_COUNT];
    uint8_t unequal[WD_FEATURE_COUNT], unequal_count; /**< features that one side has, and that could matter */
    uint64_t absent[WD_LAYOUT_COUNT];                 /**< bits that are RES0 without features that are not there */
    uint64_t stop[WD_LAYOUT_COUNT];                   /**< bits of features that no model of ours has */
};

/** Implementations that cases spoke of, so that each need not be studied anew. All zeroes: none. */
struct wd_cpu_memory {
    struct wd_cpu_implementation seen[WD_CPU_IMPLEMENTATIONS];
};

/**
 * Prepares a case for a CPU.
 * @param memory  of this CPU, with these ID registers
 * @param told  receives what to load
 * @return NULL, or why the CPU cannot answer the case
 */
const char *wd_cpu_prepare(const struct wd_cpu *cpu, struct wd_cpu_memory *memory, const struct wd_case *c,
                           struct wd_cpu_case *told);

/**
 * Makes a result of what PAR_EL1 holds after an AT that the stub executed at EL3. A stage 2 fault on a stage 1 walk is
 * then in PAR_EL1 always; where the case executes the AT at EL1 the architecture takes it as a Data Abort instead
 * (AArch64.AT, AArch64.EncodePAR): the same fault status code, stage and S1PTW, without the IPA, which PAR does not
 * tell.
 */
void wd_cpu_conclude(const struct wd_case *c, const struct wd_cpu_case *told, uint64_t par, struct wd_result *result);

/**
 * The registers that a stub loads on a CPU: those that decide what an AT does and that the CPU has.
 * @param id  its ID registers
 * @param registers  receives them, in the order in which they are to be loaded
 * @return how many there are
 */
size_t wd_cpu_loaded_registers(const uint64_t id[WD_REGISTER_COUNT], enum wd_register registers[WD_REGISTER_COUNT]);

/** The instruction that walks stage 1 as one does that walks both stages; any other is itself. */
enum wd_operation wd_cpu_stage1_of(enum wd_operation operation);

/** Whether an AT of both stages walks stage 1, by the registers that the CPU was told. */
bool wd_cpu_walks_stage1(const uint64_t regs[WD_REGISTER_COUNT]);

/** Whether the case's AT is one of both stages and walks stage 2. */
bool wd_cpu_walks_stage2(const struct wd_case *c, const uint64_t regs[WD_REGISTER_COUNT]);

#endif
