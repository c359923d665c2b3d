/* SPDX-License-Identifier: MIT */
/*
 * Memory attributes: MAIR_ELx and the leaf's fields at stage 1, MemAttr at stage 2, and what the two make together (Arm
 * ARM D8.6). Attributes are kept as MAIR_ELx encodes them, so that most of the rules are a matter of a few bits: in
 * each nibble of Normal memory bit 2 tells Write-Back from Write-Through, and 0100 is Non-cacheable.
 */
#include "walk.h"

enum {
    NIBBLE_NON_CACHEABLE = 0x4,
    NIBBLE_WRITE_BACK = 0x4, /* bit 2 of the nibble of cacheable memory */
    NIBBLE_ALLOCATE = 0xf,   /* Write-Back, Read-Allocate, Write-Allocate, Non-transient */

    MAIR_NON_CACHEABLE_XS0 = 0x40,
    MAIR_WRITE_THROUGH_XS0 = 0xa0,
    MAIR_TAGGED = 0xf0,
    MEMORY_WRITE_THROUGH = 0xaa, /* inner and outer, Read-Allocate, Non-transient */
};

/* The cacheability field of MemAttr without FWB, a half of MemAttr[3:0]. */
enum { S2_RESERVED, S2_NON_CACHEABLE, S2_WRITE_THROUGH, S2_WRITE_BACK };

static bool is_device(uint8_t memory)
{
    return !wd_bits(memory, 7, 4);
}

static unsigned inner_half(uint8_t memory)
{
    return (unsigned)wd_bits(memory, 3, 0);
}

static unsigned outer_half(uint8_t memory)
{
    return (unsigned)wd_bits(memory, 7, 4);
}

static uint8_t join_halves(unsigned outer, unsigned inner)
{
    return (uint8_t)wd_with_bits(inner, 7, 4, outer);
}

static bool is_write_back_half(unsigned nibble)
{
    return (nibble & NIBBLE_WRITE_BACK) && nibble != NIBBLE_NON_CACHEABLE;
}

static bool is_write_back(uint8_t memory)
{
    return is_write_back_half(inner_half(memory)) && is_write_back_half(outer_half(memory));
}

/*
 * A leaf's SH, which is the control register's where DS = 1. SH = 01 is reserved; we take it as Outer Shareable
 * (CONSTRAINED UNPREDICTABLE).
 */
static uint8_t leaf_shareability(const struct tables *tables, uint8_t control, uint64_t descriptor)
{
    uint8_t sh = tables->form == ADDRESS_52_BITS_DS ? control : (uint8_t)wd_bits(descriptor, 9, 8);

    return sh == 1 ? OUTER_SHAREABLE : sh;
}

/* Device and Normal Non-cacheable memory is Outer Shareable whatever the descriptor says (R_PYFVQ). */
static uint8_t effective_shareability(const struct walk *w, struct attributes a)
{
    if (has_defect(w, DEFECT_S1_32))
        return a.shareability;
    return is_device(a.memory) || a.memory == MEMORY_NON_CACHEABLE ? OUTER_SHAREABLE : a.shareability;
}

/*
 * One byte of MAIR_ELx. Reserved encodings (UNPREDICTABLE), and those of absent features, are Device-nGnRnE, the most
 * restrictive memory there is.
 */
static struct attributes decode_mair(const struct wd_case *c, uint8_t mair)
{
    bool has_xs = IMPLEMENTS(c, ID_AA64ISAR1_EL1, XS, 1);
    bool has_tags = IMPLEMENTS(c, ID_AA64PFR1_EL1, MTE, 2);
    uint64_t device_low = wd_bits(mair, 1, 0);

    if (is_device(mair) && (device_low == 0 || (device_low == 1 && has_xs)))
        return (struct attributes){.memory = mair & 0xc, .xs = !device_low};
    if (!is_device(mair) && inner_half(mair))
        return (struct attributes){.memory = mair, .xs = !is_write_back(mair)};
    if (mair == MAIR_NON_CACHEABLE_XS0 && has_xs)
        return (struct attributes){.memory = MEMORY_NON_CACHEABLE};
    if (mair == MAIR_WRITE_THROUGH_XS0 && has_xs)
        return (struct attributes){.memory = MEMORY_WRITE_THROUGH};
    if (mair == MAIR_TAGGED && has_tags)
        return (struct attributes){.memory = MEMORY_WRITE_BACK, .tagged = true};
    return (struct attributes){.memory = MEMORY_DEVICE_nGnRnE, .xs = true};
}

struct attributes wd_sample_stage1_attributes(const struct walk *w, const struct stage1 *stage1, uint64_t descriptor)
{
    unsigned index = (unsigned)wd_bits(descriptor, 4, 2);
    struct attributes a = decode_mair(w->c, (uint8_t)wd_bits(stage1->mair, 8 * index + 7, 8 * index));

    /* SCTLR_ELx.C = 0 makes Normal memory Non-cacheable, and Untagged (a choice); its XS attribute stays. */
    if (!stage1->cacheable && !is_device(a.memory) && !has_defect(w, DEFECT_S1_31)) {
        a.memory = MEMORY_NON_CACHEABLE;
        a.tagged = false;
    }
    a.shareability = leaf_shareability(&stage1->tables, stage1->shareability, descriptor);
    a.shareability = effective_shareability(w, a);
    return a;
}

struct attributes wd_sample_stage1_off_attributes(const struct walk *w)
{
    if (w->regime == REGIME_EL10 && WD_GET(w->hcr, HCR_EL2, DC))
        return (struct attributes){
            .memory = MEMORY_WRITE_BACK,
            .shareability = NON_SHAREABLE,
            .tagged = IMPLEMENTS(w->c, ID_AA64PFR1_EL1, MTE, 2) && WD_GET(w->hcr, HCR_EL2, DCT),
        };
    return (struct attributes){.memory = MEMORY_DEVICE_nGnRnE, .shareability = OUTER_SHAREABLE, .xs = true};
}

static bool forced_write_back(const struct walk *w)
{
    return WD_GET(w->hcr, HCR_EL2, FWB) && !has_defect(w, DEFECT_S2_10);
}

bool wd_sample_stage2_is_device(const struct walk *w, uint64_t descriptor)
{
    uint64_t mem_attr = wd_bits(descriptor, 5, 2);

    return forced_write_back(w) ? !wd_bit(mem_attr, 2) : !wd_bits(mem_attr, 3, 2);
}

/* The more restrictive Device type has the smaller number: nGnRnE, nGnRE, nGRE, GRE. */
static uint8_t combine_device(uint8_t stage1, uint64_t stage2_type)
{
    uint8_t stage2 = (uint8_t)(stage2_type << 2);

    return is_device(stage1) && stage1 < stage2 ? stage1 : stage2;
}

/* The weaker of two cacheabilities, for the inner or the outer half; hints are those of stage 1. */
static unsigned weaker_half(unsigned stage1, unsigned stage2)
{
    if (stage1 == NIBBLE_NON_CACHEABLE || stage2 == S2_NON_CACHEABLE || stage2 == S2_RESERVED)
        return NIBBLE_NON_CACHEABLE;
    return stage2 == S2_WRITE_THROUGH ? stage1 & ~(unsigned)NIBBLE_WRITE_BACK : stage1;
}

/* MemAttr without FWB: the more restrictive of the two stages (D8.6.5). */
static void combine_weaker(const struct walk *w, struct attributes *a, uint64_t mem_attr)
{
    unsigned outer = (unsigned)wd_bits(mem_attr, 3, 2), inner = (unsigned)wd_bits(mem_attr, 1, 0);

    if (!outer) {
        a->memory = combine_device(a->memory, inner);
        return;
    }
    if (mem_attr == 4 && IMPLEMENTS(w->c, ID_AA64PFR2_EL1, MTEPERM, 1)) {
        inner = outer = S2_WRITE_BACK;
        a->no_tag_access = true;
    }
    if (!is_device(a->memory))
        a->memory = join_halves(weaker_half(outer_half(a->memory), outer), weaker_half(inner_half(a->memory), inner));
}

static unsigned write_back_half(unsigned stage1)
{
    return stage1 == NIBBLE_NON_CACHEABLE ? NIBBLE_ALLOCATE : stage1 | NIBBLE_WRITE_BACK;
}

/*
 * MemAttr with FWB: stage 2 decides, or lets stage 1 (D8.6.6). MemAttr[1:0] = 00 of Normal memory is reserved; we take
 * it as 01.
 */
static void combine_forced(const struct walk *w, struct attributes *a, uint64_t mem_attr)
{
    if (!wd_bit(mem_attr, 2)) {
        a->memory = combine_device(a->memory, wd_bits(mem_attr, 1, 0));
        return;
    }
    a->no_tag_access = wd_bits(mem_attr, 3, 1) == 7 && IMPLEMENTS(w->c, ID_AA64PFR2_EL1, MTEPERM, 1);
    switch (wd_bits(mem_attr, 1, 0)) {
    case 3:
        break;
    case 2:
        a->memory = is_device(a->memory)
                        ? MEMORY_WRITE_BACK
                        : join_halves(write_back_half(outer_half(a->memory)), write_back_half(inner_half(a->memory)));
        break;
    default:
        if (!is_device(a->memory))
            a->memory = MEMORY_NON_CACHEABLE;
    }
}

/* Outer Shareable is the strongest, then Inner. */
static uint8_t combine_shareability(uint8_t stage1, uint8_t stage2)
{
    if (stage1 == OUTER_SHAREABLE || stage2 == OUTER_SHAREABLE)
        return OUTER_SHAREABLE;
    return stage1 == INNER_SHAREABLE || stage2 == INNER_SHAREABLE ? INNER_SHAREABLE : NON_SHAREABLE;
}

struct attributes wd_sample_combine_attributes(const struct walk *w, struct attributes stage1, uint64_t descriptor)
{
    struct attributes a = stage1;
    uint64_t mem_attr = wd_bits(descriptor, 5, 2);

    if (forced_write_back(w))
        combine_forced(w, &a, mem_attr);
    else
        combine_weaker(w, &a, mem_attr);
    a.xs = !is_write_back(a.memory) && stage1.xs && !wd_bit(descriptor, DESCRIPTOR_FNXS);
    /* HCR_EL2.CD makes Non-cacheable what is Normal by now; the XS attribute stays. */
    if (WD_GET(w->hcr, HCR_EL2, CD) && !is_device(a.memory) && !has_defect(w, DEFECT_S2_10))
        a.memory = MEMORY_NON_CACHEABLE;
    a.tagged = stage1.tagged && a.memory == MEMORY_WRITE_BACK;
    a.shareability = combine_shareability(stage1.shareability,
                                          leaf_shareability(&w->stage2.tables, w->stage2.shareability, descriptor));
    a.shareability = effective_shareability(w, a);
    return a;
}
