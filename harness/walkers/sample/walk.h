/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the sample walker share. They are those of a kernel's walker: translate.c takes an AT apart and
 * puts the answer together; stage1.c and stage2.c set a stage up from the registers and walk its tables with what
 * tables.c knows of granules; permissions.c and attributes.c say what a leaf means; par.c encodes PAR_EL1.
 */
#ifndef WALKDIFF_SAMPLE_WALK_H
#define WALKDIFF_SAMPLE_WALK_H

#include "walkdiff/case.h"

enum sample_defect {
#define WD_DEFECT(name, id, text) DEFECT_##name,
#include "defects.def"
    DEFECT_COUNT,
};
_Static_assert(DEFECT_COUNT <= 64, "struct sample holds the defects as bits of one word");

enum { SAMPLE_STOPS_MAX = 32 };

/** A field with which the walker cannot answer, if its feature exists. */
struct sample_stop {
    const struct wd_field *field;
    uint8_t reg; /**< enum wd_register */
};

/** A walker, as open() makes it. */
struct sample {
    uint64_t defects; /**< bit set of enum sample_defect */
    size_t stop_count;
    struct sample_stop stops[SAMPLE_STOPS_MAX];
};

/** Translation regimes, Non-secure. */
enum regime { REGIME_EL10, REGIME_EL20, REGIME_EL2, REGIME_COUNT };

/** What an AT, or a table access under it, asks of a translation. */
struct access {
    bool read, write; /**< neither: permissions are not checked (AT S1E1A, S1E2A) */
    bool unprivileged;
    bool pan;          /**< the instruction looks at PSTATE.PAN */
    bool table_access; /**< reads or updates a stage 1 descriptor */
};

enum fault_type {
    FAULT_ADDRESS_SIZE,
    FAULT_TRANSLATION,
    FAULT_ACCESS_FLAG,
    FAULT_PERMISSION,
    FAULT_EXTERNAL_ABORT, /**< on a translation table walk or update */
};

struct fault {
    uint8_t type; /**< enum fault_type */
    int8_t level;
    bool before_walk; /**< found before the first descriptor of the stage was read */
    bool stage2;
    bool on_stage1_walk; /**< a stage 2 fault on a stage 1 table access */
    bool overlay, dirty_bit;
    uint64_t ipa; /**< stage 2 */
};

/** How a step of a walk ended. */
enum outcome {
    WALK_DONE,
    WALK_FAULT,   /**< walk.fault says which */
    WALK_CHANGED, /**< a descriptor is no longer what was read: the stage starts again */
};

/** Memory attributes. */
struct attributes {
    uint8_t memory;       /**< as in MAIR_ELx, XS and Tagged forms apart: 0000dd00, or oooo iiii of Normal memory */
    uint8_t shareability; /**< enum shareability */
    bool xs;              /**< the XS attribute */
    bool tagged, no_tag_access;
};

enum shareability { NON_SHAREABLE = 0, OUTER_SHAREABLE = 2, INNER_SHAREABLE = 3 };

/** MAIR encodings that the walker itself produces. */
enum {
    MEMORY_DEVICE_nGnRnE = 0x00,
    MEMORY_NON_CACHEABLE = 0x44,
    MEMORY_WRITE_BACK = 0xff, /**< inner and outer, Read-Allocate, Write-Allocate, Non-transient */
};

/** A stage's result: address and attributes. */
struct output {
    uint64_t address;
    struct attributes attributes;
};

/** Where descriptors hold address bits above 47. */
enum address_form {
    ADDRESS_48_BITS,
    ADDRESS_52_BITS_64K, /**< FEAT_LPA: descriptor bits 15:12 are address bits 51:48 */
    ADDRESS_52_BITS_DS,  /**< DS = 1: descriptor bits 9:8 and 49:48 are address bits 51:48 */
};

/** The tables of one stage. */
struct tables {
    uint64_t base;      /**< address of the first table */
    uint8_t stage;      /**< 1 or 2 */
    uint8_t page_bits;  /**< 12, 14 or 16 by granule */
    uint8_t input_bits; /**< 64 - TxSZ */
    uint8_t output_bits;
    uint8_t form; /**< enum address_form */
    int8_t start_level;
    bool big_endian;
    bool access_flag;       /**< HA: hardware sets the Access flag of a leaf */
    bool dirty_state;       /**< HA and HD: hardware manages the dirty state */
    bool table_access_flag; /**< HAFT: and the Access flag of tables */
};

/** Bits of descriptors, both stages unless said. */
enum {
    DESCRIPTOR_VALID = 0,
    DESCRIPTOR_TABLE = 1, /**< or page */
    DESCRIPTOR_AF = 10,
    DESCRIPTOR_NT = 16, /**< blocks */
    DESCRIPTOR_DBM = 51,
    DESCRIPTOR_CONTIGUOUS = 52,
    /* stage 1 */
    DESCRIPTOR_AP1 = 6,
    DESCRIPTOR_AP2 = 7,
    DESCRIPTOR_NOT_DIRTY = 7,
    DESCRIPTOR_PXN = 53,
    DESCRIPTOR_UXN = 54, /**< XN where there is one privilege level */
    DESCRIPTOR_PXN_TABLE = 59,
    DESCRIPTOR_UXN_TABLE = 60,
    DESCRIPTOR_AP_TABLE0 = 61,
    DESCRIPTOR_AP_TABLE1 = 62,
    /* stage 2 */
    DESCRIPTOR_S2AP0 = 6,
    DESCRIPTOR_S2AP1 = 7,
    DESCRIPTOR_FNXS = 11,
};

enum descriptor_kind { KIND_INVALID, KIND_TABLE, KIND_LEAF };

/** A leaf that a walk has found. */
struct leaf {
    uint64_t descriptor;
    uint64_t table_descriptors; /**< all table descriptors above it, or'ed: the hierarchical permissions */
    uint64_t address;           /**< of the descriptor: IPA for stage 1 of EL1&0, else PA */
    uint64_t pa;                /**< of the descriptor, stage 2 */
    uint64_t output;            /**< output address */
    int8_t level;
};

/** Stage 1, set up for one address. */
struct stage1 {
    struct tables tables;
    uint64_t mair, pir, pire0, por;
    uint8_t shareability;  /**< TCR.SHn: that of leaves where DS = 1 */
    bool has_unprivileged; /**< EL1&0 and EL2&0 */
    bool hierarchical;     /**< hierarchical permissions apply */
    bool indirect;         /**< PIE */
    bool overlay;          /**< POE or E0POE, as the access has it */
    bool wxn, epan;
    bool cacheable; /**< SCTLR_ELx.C */
};

/** Stage 2, the same for all accesses under one AT. */
struct stage2 {
    struct tables tables;
    bool ready;           /**< set up */
    bool invalid;         /**< T0SZ or SL0 is */
    uint8_t shareability; /**< VTCR_EL2.SH0: that of leaves where DS = 1 */
};

/** One AT under way. */
struct walk {
    const struct sample *sample;
    const struct wd_case *c;
    struct wd_result *result;
    uint64_t hcr;    /**< HCR_EL2 with the Effective values of its fields */
    uint8_t regime;  /**< enum regime */
    bool has_stage2; /**< stage 2 is enabled for this regime */
    struct access access;
    struct fault fault;
    struct output output; /**< of the stage that was done last */
    struct stage2 stage2;
};

/** Whether a defect is switched on. */
static inline bool has_defect(const struct walk *w, enum sample_defect defect)
{
    return wd_bit(w->sample->defects, defect);
}

/** Whether an ID field of the case is at least `value`: IMPLEMENTS(c, ID_AA64MMFR1_EL1, PAN, 2) is FEAT_PAN2. */
#define IMPLEMENTS(c, id_register, field, value) (WD_GET((c)->regs[WD_##id_register], id_register, field) >= (value))

/** Whether any of bits msb:lsb is set; false if there are none (msb < lsb). */
static inline bool any_bits(uint64_t value, int msb, int lsb)
{
    return msb >= lsb && wd_bits(value, (unsigned)msb, (unsigned)lsb);
}

/** What one stage's granule field means, by its encoding: page_bits, or 0 where it is reserved. */
extern const uint8_t wd_sample_tg0[4], wd_sample_tg1[4];

/* ---- translate.c */

/** Answers one case. */
void wd_sample_translate(const struct sample *sample, const struct wd_case *c, struct wd_result *result);

/* ---- tables.c: granules, addresses, descriptors, memory */

/** Implemented physical address size in bits, 0 if ID_AA64MMFR0_EL1.PARange is reserved. */
unsigned wd_sample_pa_bits(const struct wd_case *c);

/** page_bits of the granule that stands in for those that a stage does not have, 0 if it has none at all. */
unsigned wd_sample_preferred_granule(const struct wd_case *c, unsigned stage);

/** page_bits of an encoded granule (through wd_sample_tg0 or _tg1) at a stage, or of what stands in for it. */
unsigned wd_sample_granule(const struct walk *w, unsigned stage, unsigned encoded_page_bits);

/** Where the descriptors of a granule hold their address at a stage; `ds`: DS of the stage's control register. */
enum address_form wd_sample_address_form(const struct wd_case *c, unsigned stage, unsigned page_bits, bool ds);

/** Sets up hardware updates from HA, HD and HAFT of the stage's control registers, as far as FEAT_HAFDBS and FEAT_HAFT
 * go. */
void wd_sample_set_up_updates(struct tables *tables, const struct wd_case *c, bool ha, bool hd, bool haft);

/** Largest TxSZ of a granule. */
unsigned wd_sample_txsz_max(const struct wd_case *c, unsigned page_bits);

/** Output size in bits: PS or IPS limited by the implementation and by what descriptors can hold. */
unsigned wd_sample_output_bits(const struct wd_case *c, unsigned ps, enum address_form form);

/** The address of the first table, from TTBRn_ELx or VTTBR_EL2. */
uint64_t wd_sample_table_base(const struct tables *tables, uint64_t ttbr, unsigned ps);

/** Lowest input address bit that a lookup at `level` resolves: the size of what one entry covers, in bits. */
static inline unsigned level_bits(const struct tables *tables, int level)
{
    return tables->page_bits + (unsigned)(3 - level) * (tables->page_bits - 3u);
}

/** Address of the descriptor of `input` in the table at `table`. */
uint64_t wd_sample_descriptor_address(const struct tables *tables, int level, uint64_t table, uint64_t input);

/** What a descriptor is at its level. */
enum descriptor_kind wd_sample_descriptor_kind(const struct walk *w, const struct tables *tables, int level,
                                               uint64_t descriptor);

/** Address of the table that a table descriptor leads to. */
uint64_t wd_sample_next_table(const struct walk *w, const struct tables *tables, uint64_t descriptor);

/** Whether a leaf is a block with nT set: a Translation fault (the implementation's choice, R_MRRPW). */
bool wd_sample_is_nt_block(const struct wd_case *c, int level, uint64_t descriptor);

/** Output address of `input` through a leaf. */
uint64_t wd_sample_leaf_output(const struct walk *w, const struct tables *tables, int level, uint64_t descriptor,
                               uint64_t input);

/** Whether an address fits the stage's output size. */
static inline bool fits_output_size(const struct tables *tables, uint64_t address)
{
    return !any_bits(address, 55, tables->output_bits);
}

/** A descriptor with its Access flag set. */
static inline uint64_t with_access_flag(uint64_t descriptor)
{
    return wd_with_bits(descriptor, DESCRIPTOR_AF, DESCRIPTOR_AF, 1);
}

/** Reads a descriptor and notes it in the trace. False: no memory is there. */
bool wd_sample_read_descriptor(struct walk *w, const struct tables *tables, int level, uint64_t pa,
                               uint64_t *descriptor);

/** How the update of a descriptor ended. */
enum update { UPDATE_DONE, UPDATE_ABORTED, UPDATE_CHANGED };

/** Replaces a descriptor if it is still the one that was read. */
enum update wd_sample_update_descriptor(struct walk *w, const struct tables *tables, uint64_t pa, uint64_t read,
                                        uint64_t updated);

/* ---- stage1.c, stage2.c */

/** Stage 1 of `va` for w->access, into w->output. False: w->fault. */
bool wd_sample_stage1(struct walk *w, uint64_t va);

/**
 * Stage 2 of an IPA.
 * @param input  the IPA, and the attributes that stage 1 gave it
 * @param output  receives the PA; and attributes, unless the access is to a table
 * @return false: w->fault
 */
bool wd_sample_stage2(struct walk *w, const struct output *input, const struct access *access, struct output *output);

/* ---- permissions.c */

/** Why stage 1 permissions stop an access. */
struct denial {
    bool denied;
    bool overlay, dirty_bit;
    bool pan; /**< PSTATE.PAN took the permission away */
};

/** Whether a stage 1 leaf permits w->access. */
struct denial wd_sample_stage1_permission(const struct walk *w, const struct stage1 *stage1, const struct leaf *leaf);

/* ---- attributes.c */

/** Attributes of stage 1 memory: MAIR encoding and SH of the leaf. */
struct attributes wd_sample_stage1_attributes(const struct walk *w, const struct stage1 *stage1, uint64_t descriptor);

/** Attributes with stage 1 off: HCR_EL2.DC's, or Device-nGnRnE. */
struct attributes wd_sample_stage1_off_attributes(const struct walk *w);

/** Stage 1's attributes with those of a stage 2 leaf. */
struct attributes wd_sample_combine_attributes(const struct walk *w, struct attributes stage1, uint64_t descriptor);

/** Whether a stage 2 leaf makes a stage 1 table access one to Device memory. */
bool wd_sample_stage2_is_device(const struct walk *w, uint64_t descriptor);

/* ---- par.c */

/** PAR_EL1 of a success. */
uint64_t wd_sample_par(const struct walk *w, const struct output *output);

/** Fault status code, as in PAR_EL1.FST and ESR_ELx.ISS.DFSC. */
uint8_t wd_sample_fault_status(const struct walk *w, const struct fault *fault);

/** PAR_EL1 of w->fault. */
uint64_t wd_sample_par_of_fault(const struct walk *w);

#endif
