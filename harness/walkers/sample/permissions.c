/* SPDX-License-Identifier: MIT */
/*
 * Stage 1 permissions: direct with hierarchical, or indirect, then PSTATE.PAN, then overlays (Arm ARM D8.4.1,
 * AArch64.S1ComputePermissions and S1CheckPermissions).
 */
#include "walk.h"

/* Permissions as bits. The numbers are those of the overlay encoding 0rwx, which is why execute is 2. */
enum { PERMIT_READ = 1, PERMIT_EXECUTE = 2, PERMIT_WRITE = 4, PERMIT_GCS = 8 };
enum {
    PERMIT_RW = PERMIT_READ | PERMIT_WRITE,
    PERMIT_RX = PERMIT_READ | PERMIT_EXECUTE,
    PERMIT_RWX = PERMIT_RW | PERMIT_EXECUTE,
};

/* Nibbles of PIR_ELx and PIRE0_ELx (Table D8-68): with bit 3 set no overlay applies; the gaps are reserved. */
enum { NIBBLE_NO_OVERLAY = 8, NIBBLE_WXN = 6 };
static const uint8_t base_permissions[16] = {
    [1] = PERMIT_READ, [2] = PERMIT_EXECUTE, [3] = PERMIT_RX,   [5] = PERMIT_RW,
    [6] = PERMIT_RWX,  [7] = PERMIT_RWX,     [8] = PERMIT_READ, [9] = PERMIT_READ | PERMIT_GCS,
    [10] = PERMIT_RX,  [12] = PERMIT_RW,     [14] = PERMIT_RWX,
};

/* What one leaf permits. */
struct permissions {
    uint8_t privileged, unprivileged;
    bool pan;           /* PSTATE.PAN took something away */
    bool wxn;           /* PrivWXN or UnprivWXN, as the access has it */
    bool takes_overlay; /* as the access has it */
};

static bool pan_applies(const struct walk *w)
{
    return w->access.pan && w->c->pan && !has_defect(w, DEFECT_S1_13);
}

static void remove_for_pan(struct permissions *p)
{
    p->pan = p->privileged & PERMIT_RW;
    p->privileged &= (uint8_t)~PERMIT_RW;
}

/* PAN blocks what is accessible at EL0: by data accesses, and with EPAN by execution. */
static void apply_pan_direct(const struct walk *w, const struct stage1 *stage1, struct permissions *p)
{
    uint8_t relevant = PERMIT_RW;
    bool counts_execute = stage1->epan;

    if (has_defect(w, DEFECT_S1_15))
        relevant = PERMIT_WRITE;
    if (has_defect(w, DEFECT_S1_16))
        counts_execute = false;
    if (has_defect(w, DEFECT_S1_17))
        counts_execute = true;
    if (counts_execute)
        relevant |= PERMIT_EXECUTE;
    if (p->unprivileged & relevant)
        remove_for_pan(p);
}

/* AP[2:1], APTable, and the execute-never fields; an AT reads and writes only, but PAN and WXN ask who may execute. */
static struct permissions direct_permissions(const struct walk *w, const struct stage1 *stage1, const struct leaf *leaf)
{
    uint64_t descriptor = leaf->descriptor, tables = leaf->table_descriptors;
    bool dirty_managed = stage1->tables.dirty_state && wd_bit(descriptor, DESCRIPTOR_DBM);
    bool uxn = wd_bit(descriptor, DESCRIPTOR_UXN) || wd_bit(tables, DESCRIPTOR_UXN_TABLE);
    bool pxn = wd_bit(descriptor, DESCRIPTOR_PXN) || wd_bit(tables, DESCRIPTOR_PXN_TABLE);
    struct permissions p = {.privileged = PERMIT_READ, .takes_overlay = true};
    uint8_t effective;

    if (!wd_bit(descriptor, DESCRIPTOR_AP2) || dirty_managed)
        p.privileged |= PERMIT_WRITE;
    if (stage1->has_unprivileged) {
        if (wd_bit(descriptor, DESCRIPTOR_AP1) && !wd_bit(tables, DESCRIPTOR_AP_TABLE0))
            p.unprivileged = p.privileged;
        if (!uxn)
            p.unprivileged |= PERMIT_EXECUTE;
    }
    if (wd_bit(tables, DESCRIPTOR_AP_TABLE1) && (stage1->has_unprivileged || !has_defect(w, DEFECT_S1_22))) {
        p.privileged &= (uint8_t)~PERMIT_WRITE;
        p.unprivileged &= (uint8_t)~PERMIT_WRITE;
    }
    if (stage1->has_unprivileged ? !pxn && !(p.unprivileged & PERMIT_WRITE) : !uxn)
        p.privileged |= PERMIT_EXECUTE;

    if (stage1->has_unprivileged && pan_applies(w))
        apply_pan_direct(w, stage1, &p);
    effective = w->access.unprivileged ? p.unprivileged : p.privileged;
    p.wxn = stage1->wxn && (effective & PERMIT_WRITE) && (effective & PERMIT_EXECUTE);
    return p;
}

/* Nibbles of PIR and PIRE0 by PIIndex. */
static struct permissions indirect_permissions(const struct walk *w, const struct stage1 *stage1,
                                               const struct leaf *leaf)
{
    unsigned index = (unsigned)(wd_bits(leaf->descriptor, 54, 53) << 2 | wd_bits(leaf->descriptor, 51, 51) << 1 |
                                wd_bits(leaf->descriptor, 6, 6));
    unsigned privileged = (unsigned)wd_bits(stage1->pir, 4 * index + 3, 4 * index);
    unsigned unprivileged = stage1->has_unprivileged ? (unsigned)wd_bits(stage1->pire0, 4 * index + 3, 4 * index) : 0;
    unsigned nibble = w->access.unprivileged ? unprivileged : privileged;
    struct permissions p = {
        .privileged = base_permissions[privileged],
        .unprivileged = base_permissions[unprivileged],
        .wxn = nibble == NIBBLE_WXN,
        .takes_overlay = !(nibble & NIBBLE_NO_OVERLAY),
    };

    /* What EL0 may write, the privileged level must not execute: the combination permits nothing (R_VFPJF). */
    if ((p.privileged & (PERMIT_EXECUTE | PERMIT_GCS)) && (p.unprivileged & (PERMIT_WRITE | PERMIT_GCS)))
        p.privileged = p.unprivileged = 0;
    /* PAN looks at the nibble, EPAN or not (R_TBKKB); a reserved one counts too (the implementation's choice). */
    if (unprivileged && pan_applies(w))
        remove_for_pan(&p);
    return p;
}

/* What the overlay register permits: 0rwx with the bits of PERMIT_; 1xxx is reserved, no access (R_WDCGP). */
static uint8_t overlay_permissions(const struct stage1 *stage1, const struct permissions *p, uint64_t descriptor)
{
    unsigned index = (unsigned)wd_bits(descriptor, 62, 60);
    uint8_t overlay = (uint8_t)wd_bits(stage1->por, 4 * index + 3, 4 * index);

    if (overlay & 8)
        return 0;
    if (p->wxn && (overlay & PERMIT_EXECUTE))
        overlay &= (uint8_t)~PERMIT_WRITE;
    return overlay;
}

struct denial wd_sample_stage1_permission(const struct walk *w, const struct stage1 *stage1, const struct leaf *leaf)
{
    struct permissions p =
        stage1->indirect ? indirect_permissions(w, stage1, leaf) : direct_permissions(w, stage1, leaf);
    uint8_t wanted = (uint8_t)((w->access.read ? PERMIT_READ : 0) | (w->access.write ? PERMIT_WRITE : 0));
    uint8_t permitted = w->access.unprivileged ? p.unprivileged : p.privileged;

    if (stage1->overlay && p.takes_overlay && (wanted & ~overlay_permissions(stage1, &p, leaf->descriptor)))
        return (struct denial){.denied = true, .overlay = true};
    if (wanted & ~permitted)
        return (struct denial){.denied = true, .pan = p.pan};
    if (w->access.write && stage1->indirect && !stage1->tables.dirty_state &&
        wd_bit(leaf->descriptor, DESCRIPTOR_NOT_DIRTY))
        return (struct denial){.denied = true, .dirty_bit = true};
    return (struct denial){0};
}
