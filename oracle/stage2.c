/* SPDX-License-Identifier: MIT */
/* Stage 2: AArch64.S2Translate, AArch64.S2Walk and their parts. */
#include "oracle/stage2.h"
#include "oracle/attributes.h"
#include "oracle/descriptor.h"
#include "oracle/format.h"
#include "oracle/memory.h"
#include "oracle/sizes.h"
#include "oracle/regime.h"

enum { LEVEL_RESERVED = 9 };

/* AArch64.NSS2TTWParams. */
static void stage2_params(struct wd_walk *w, struct wd_s2_params *p)
{
    uint64_t vtcr = w->regs[WD_VTCR_EL2], hcr = w->regs[WD_HCR_EL2];
    struct wd_format *f = &p->format;

    *p = (struct wd_s2_params){.vttbr = w->regs[WD_VTTBR_EL2]};
    f->stage = 2;
    f->granule = (uint8_t)wd_decode_granule(w, 2, false, WD_GET(vtcr, VTCR_EL2, TG0));
    f->txsz = (uint8_t)WD_GET(vtcr, VTCR_EL2, T0SZ);
    f->ps = (uint8_t)WD_GET(vtcr, VTCR_EL2, PS);
    f->sh = (uint8_t)WD_GET(vtcr, VTCR_EL2, SH0);
    f->irgn = (uint8_t)WD_GET(vtcr, VTCR_EL2, IRGN0);
    f->orgn = (uint8_t)WD_GET(vtcr, VTCR_EL2, ORGN0);
    f->ds = (WD_GET(vtcr, VTCR_EL2, DS) != 0) & wd_has_lpa2(w->regs, 2, f->granule);
    f->ha = wd_with_feature(w, WD_FEAT_HAFDBS, WD_GET(vtcr, VTCR_EL2, HA));
    if (wd_mistaken_where(w, WD_MISTAKE_S2_FLAG_WITHOUT_FEATURE, !f->ha & (WD_GET(vtcr, VTCR_EL2, HA) != 0)))
        f->ha = true;
    else if (wd_mistaken_where(w, WD_MISTAKE_S2_FLAG_IGNORED, f->ha))
        f->ha = false;
    f->hd = f->ha & wd_with_feature(w, WD_FEAT_HAFDBS_DIRTY, WD_GET(vtcr, VTCR_EL2, HD));
    f->hd &= !wd_mistaken_where(w, WD_MISTAKE_S2_DIRTY_IGNORED, f->hd);
    f->haft = f->ha & wd_with_feature(w, WD_FEAT_HAFT, WD_GET(vtcr, VTCR_EL2, HAFT));
    f->big_endian = WD_GET(w->regs[WD_SCTLR_EL2], SCTLR_EL2, EE);
    f->only_48_bits = wd_mistaken_where(w, WD_MISTAKE_S2_48_BITS,
                                        wd_has(w->regs, WD_FEAT_LPA) | wd_has(w->regs, WD_FEAT_TTST) | f->ds);
    f->ds &= !f->only_48_bits;
    f->output_bits = wd_output_bits(w, f);
    f->high_bits = wd_high_bits_of(w, f);
    p->sl0 = (uint8_t)WD_GET(vtcr, VTCR_EL2, SL0);
    p->sl2 = f->ds && f->granule == WD_GRANULE_4K && WD_GET(vtcr, VTCR_EL2, SL2);
    p->ptw = WD_GET(hcr, HCR_EL2, PTW) && !wd_check(w, 2, WD_RULE_PTW_IGNORED, 0, WD_GET(hcr, HCR_EL2, TGE));
    p->fwb = wd_with_feature(w, WD_FEAT_S2FWB, WD_GET(hcr, HCR_EL2, FWB));
    if (!p->fwb && WD_GET(hcr, HCR_EL2, FWB) && wd_mistaken(w, WD_MISTAKE_FWB_WITHOUT_FEATURE))
        p->fwb = true;
    else if (p->fwb && (wd_mistaken(w, WD_MISTAKE_FWB_IGNORED) || wd_mistaken(w, WD_MISTAKE_FWB_AND_CD_IGNORED)))
        p->fwb = false;
    p->cd = WD_GET(hcr, HCR_EL2, CD);
    f->atomic_updates = wd_updates_are_atomic(f, !p->cd);
}

/* Smallest T0SZ. AArch64.S2MinTxSZ; EL1 uses AArch64. */
static unsigned minimum_t0sz(const struct wd_walk *w, const struct wd_format *f)
{
    bool only_48 = f->only_48_bits | ((f->granule != WD_GRANULE_64K) & !f->ds);
    unsigned most = wd_has(w->regs, WD_FEAT_LPA) && only_48 ? 48 : 52;

    return 64 - (w->pa_max < most ? w->pa_max : most);
}

/* AArch64.S2StartLevel: SL2 and SL0, by granule. */
static int decode_start_level(const struct wd_s2_params *p)
{
    static const int8_t levels[WD_GRANULE_COUNT][4] = {
        [WD_GRANULE_4K] = {2, 1, 0, 3}, [WD_GRANULE_16K] = {3, 2, 1, 0}, [WD_GRANULE_64K] = {3, 2, 1, LEVEL_RESERVED}};

    if (p->sl2)
        return p->sl0 == 0 ? -1 : LEVEL_RESERVED;
    return levels[p->format.granule][p->sl0];
}

/* Whether the implementation has a start level at all. AArch64.S2InvalidSL, Table D8-9. */
static bool start_level_implemented(const struct wd_walk *w, const struct wd_format *f)
{
    static const uint8_t needs_bits[WD_GRANULE_COUNT][3] = {/* level          -1   0   1 */
                                                            [WD_GRANULE_4K] = {52, 44, 0},
                                                            [WD_GRANULE_16K] = {0, 52, 42},
                                                            [WD_GRANULE_64K] = {0, 0, 44}};
    unsigned bits = w->pa_max;

    /* In place of "less than 44 bits" a walker has "less than 44" of its input size, or "up to 42". */
    if (wd_mistaken(w, WD_MISTAKE_START_LEVEL_BY_INPUT_SIZE_LESS_ONE))
        bits = wd_input_bits(f) + 1;
    else if (wd_mistaken(w, WD_MISTAKE_START_LEVEL_BY_INPUT_SIZE))
        bits = wd_input_bits(f);

    if (f->start_level == WD_FINAL_LEVEL)
        return f->granule != WD_GRANULE_4K || (wd_has(w->regs, WD_FEAT_TTST) && !f->only_48_bits);
    if (f->granule == WD_GRANULE_16K && f->start_level == 0 && !f->ds)
        return false;
    return f->start_level > 1 || bits >= needs_bits[f->granule][f->start_level + 1];
}

/* Whether T0SZ fits the start level: from two entries to 16 concatenated tables. AArch64.S2InconsistentSL. */
static bool start_level_consistent(const struct wd_format *f)
{
    unsigned bits = wd_translation_bits(f->granule, f->start_level);

    return wd_input_bits(f) > bits && wd_input_bits(f) <= bits + wd_stride(f->granule) + 4;
}

static bool s2_translation_fault(struct wd_walk *w, struct wd_fault *fault, enum wd_rule rule, bool holds)
{
    if (!wd_check(w, 2, rule, 0, holds))
        return false;
    wd_raise(fault, WD_FAULT_TRANSLATION, 0, rule);
    return true;
}

/* What is checked of the input size and the start level. */
static bool check_sizes(struct wd_walk *w, struct wd_s2_params *p, struct wd_fault *fault)
{
    struct wd_format *f = &p->format;

    if (!wd_limit_txsz(w, 2, f, minimum_t0sz(w, f), wd_has(w->regs, WD_FEAT_LPA), fault))
        return false;
    f->start_level = decode_start_level(p);
    if (s2_translation_fault(w, fault, WD_RULE_START_LEVEL_RESERVED, f->start_level == LEVEL_RESERVED) ||
        s2_translation_fault(w, fault, WD_RULE_START_LEVEL_NOT_IMPLEMENTED, !start_level_implemented(w, f)) ||
        s2_translation_fault(w, fault, WD_RULE_START_LEVEL_INCONSISTENT, !start_level_consistent(f)))
        return false;
    wd_check(w, 2, WD_RULE_CONCATENATED_TABLES, f->start_level,
             wd_input_bits(f) > wd_translation_bits(f->granule, f->start_level) + wd_stride(f->granule));
    return true;
}

/* What is checked of the address. */
static bool s2_check_range(struct wd_walk *w, const struct wd_format *f, uint64_t ipa, struct wd_fault *fault)
{
    if (f->only_48_bits && ipa >> 48)
        ipa = wd_low(ipa, 48);
    return !s2_translation_fault(w, fault, WD_RULE_IPA_OUT_OF_RANGE, ipa >> wd_input_bits(f) != 0);
}

/* Whether hardware reports that it cannot update stage 2 descriptors, where table walks do not guarantee atomicity. */
static bool s2_updates_unsupported(struct wd_walk *w, const struct wd_format *f, int level, struct wd_fault *fault)
{
    if (!wd_check(w, 2, WD_RULE_UPDATE_NOT_ATOMIC, level, !f->atomic_updates) ||
        !wd_choose(w, WD_CHOICE_S2_ATOMIC_UPDATE))
        return false;
    wd_raise(fault, WD_FAULT_ATOMIC_UPDATE, level, WD_RULE_UPDATE_NOT_ATOMIC);
    return true;
}

/* Sets the Access flag of a Table descriptor: required, with FEAT_HAFT. */
static bool s2_set_table_access_flag(struct wd_walk *w, const struct wd_format *f, uint64_t address,
                                     uint64_t descriptor, int level, bool on_walk, struct wd_fault *fault)
{
    if (!f->haft || wd_bit(descriptor, 10) || wd_mistaken(w, WD_MISTAKE_S2_HAFT_IGNORED))
        return true;
    wd_decide(w, 2, WD_ASPECT_MEM, WD_RULE_TABLE_ACCESS_FLAG, level);
    return !s2_updates_unsupported(w, f, level, fault) &&
           wd_store(w, f, address, level, on_walk, descriptor | UINT64_C(1) << 10, fault);
}

struct s2_leaf {
    uint64_t descriptor, address, output_address;
    int level;
};

/* AArch64.S2Walk. */
static bool s2_walk_tables(struct wd_walk *w, const struct wd_format *f, uint64_t base, uint64_t low_bits, uint64_t ipa,
                           bool on_walk, struct s2_leaf *leaf, struct wd_fault *fault)
{
    leaf->address = wd_start_entry_address(w, 2, f, base, low_bits, ipa);

    for (int level = f->start_level;; level++) {
        enum wd_descriptor_type type;

        leaf->level = level;
        if (!wd_fetch(w, 2, f, leaf->address, level, on_walk, &leaf->descriptor, fault))
            return false;
        type = wd_decode_descriptor(w, 2, f, leaf->descriptor, level, fault);
        if (type == WD_DESCRIPTOR_INVALID)
            return false;
        if (type == WD_DESCRIPTOR_LEAF)
            return wd_check_leaf(w, 2, f, leaf->descriptor, level, ipa, &leaf->output_address, fault);
        if (!wd_next_table(w, 2, f, leaf->descriptor, level, &base, fault) ||
            !s2_set_table_access_flag(w, f, leaf->address, leaf->descriptor, level, on_walk, fault))
            return false;
        leaf->address = wd_entry_address(f, level + 1, base, ipa);
    }
}

/* S2AP[1], or a leaf that hardware may make dirty. */
static bool grants_write(struct wd_walk *w, const struct wd_format *f, const struct s2_leaf *leaf)
{
    if (wd_bit(leaf->descriptor, 7))
        return true;
    return f->hd && wd_check(w, 2, WD_RULE_S2_WRITABLE_CLEAN, leaf->level, wd_bit(leaf->descriptor, 51));
}

/* AArch64.S2CheckPermissions with direct permissions. */
static bool s2_check_permissions(struct wd_walk *w, const struct wd_s2_params *p, const struct wd_access *access,
                                 const struct s2_leaf *leaf, bool writable, struct wd_fault *fault)
{
    bool device_table = access->table_walk && wd_s2_is_device(w, p, leaf->descriptor, leaf->level);
    enum wd_rule no_read = access->table_walk ? WD_RULE_S2_WALK_NOT_READABLE : WD_RULE_S2AP_NOT_READABLE;
    enum wd_rule no_write = access->table_walk ? WD_RULE_S2_WALK_NOT_WRITABLE : WD_RULE_S2AP_NOT_WRITABLE;
    enum wd_rule rule;

    if (device_table && p->ptw && !wd_mistaken(w, WD_MISTAKE_PTW_NOT_CHECKED))
        rule = WD_RULE_PTW_DEVICE;
    else if (access->read && !wd_bit(leaf->descriptor, 6) && !wd_leaves_out(w, 2, no_read))
        rule = no_read;
    else if (access->write && !writable && !wd_leaves_out(w, 2, no_write))
        rule = no_write;
    else {
        wd_apply(w, 2, WD_RULE_S2_PERMITTED, leaf->level);
        if (access->table_walk)
            wd_check(w, 2, WD_RULE_PTW_AS_NON_CACHEABLE, leaf->level, device_table);
        return true;
    }
    wd_apply(w, 2, rule, leaf->level);
    if (rule == WD_RULE_PTW_DEVICE && wd_bit(leaf->descriptor, 6) && leaf->level != 0 &&
        wd_mistaken(w, WD_MISTAKE_PTW_DEVICE_AT_LEVEL_0))
        return wd_raise(fault, WD_FAULT_PERMISSION, 0, rule);
    return wd_raise(fault, WD_FAULT_PERMISSION, leaf->level, rule);
}

/* Whether hardware makes the leaf dirty: never for the target of the AT, always for a written stage 1 descriptor. */
static bool becomes_dirty(struct wd_walk *w, const struct wd_format *f, const struct wd_access *access,
                          const struct s2_leaf *leaf)
{
    if (!f->hd | !wd_bit(leaf->descriptor, 51) | wd_bit(leaf->descriptor, 7))
        return false;
    if (!access->table_walk)
        return access->write && wd_mistaken(w, WD_MISTAKE_S2_DIRTY_BY_AT);
    if (access->write) {
        wd_decide(w, 2, WD_ASPECT_MEM, WD_RULE_S2_DIRTY_BY_UPDATE, leaf->level);
        return true;
    }
    return access->stage1_updates && wd_choose(w, WD_CHOICE_S2_WALK_DIRTY);
}

/* Whether hardware sets the leaf's Access flag: permitted, not required, for an AT. */
static bool sets_access_flag(struct wd_walk *w, const struct wd_format *f, const struct wd_access *access,
                             const struct s2_leaf *leaf, bool denied)
{
    enum wd_choice choice = denied               ? WD_CHOICE_S2_AF_ON_FAULT
                            : access->table_walk ? WD_CHOICE_S2_WALK_AF_BY_AT
                                                 : WD_CHOICE_S2_AF_BY_AT;

    if (!f->ha | wd_bit(leaf->descriptor, 10))
        return false;
    wd_decide(w, 2, WD_ASPECT_MEM, denied ? WD_RULE_ACCESS_FLAG_ON_FAULT : WD_RULE_ACCESS_FLAG_BY_AT, leaf->level);
    return wd_choose(w, choice) == 0;
}

/* Hardware updates of the leaf. `fault` holds what the permission check gave. */
static bool s2_update_leaf(struct wd_walk *w, const struct wd_format *f, const struct wd_access *access,
                           struct s2_leaf *leaf, struct wd_fault *fault)
{
    bool denied = fault->class != WD_FAULT_NONE;
    bool dirty = !denied && becomes_dirty(w, f, access, leaf);
    bool accessed = dirty ? !wd_bit(leaf->descriptor, 10) : sets_access_flag(w, f, access, leaf, denied);
    uint64_t descriptor = leaf->descriptor | (uint64_t)accessed << 10 | (uint64_t)dirty << 7;
    struct wd_fault update_fault = {.ipa = fault->ipa};

    if (descriptor == leaf->descriptor)
        return !denied;
    if (s2_updates_unsupported(w, f, leaf->level, &update_fault)) {
        *fault = update_fault;
        return false;
    }
    if (wd_store(w, f, leaf->address, leaf->level, access->table_walk, descriptor, &update_fault))
        return !denied;
    if (!dirty) {
        switch (wd_choose(w, WD_CHOICE_S2_AF_UPDATE_FAULT)) {
        case 1:
            return !denied;
        case 2:
            update_fault.other_report = true;
            break;
        }
    }
    *fault = update_fault;
    return false;
}

static void s2_tell_params(const struct wd_walk *w, enum wd_event_kind kind, const struct wd_s2_params *p,
                           uint64_t base, bool on_walk)
{
    wd_tell_params(w, kind, &p->format, on_walk,
                   (struct wd_params){.regime = WD_REGIME_EL10, .forced_write_back = p->fwb, .table_base = base});
}

/*
 * Where the walk of an address begins, with all that is checked before the first descriptor is read. What registers say
 * of it is the same for all accesses of an AT, so it is found once, unless somebody watches.
 */
static bool find_tables(struct wd_walk *w, uint64_t ipa, bool on_walk, struct wd_s2_tables *t, struct wd_fault *fault)
{
    struct wd_s2_params *p = &t->params;
    struct wd_format *f = &p->format;

    if (t->known && !WD_WATCHED)
        return s2_check_range(w, f, ipa, fault);
    stage2_params(w, p);
    w->out->granule[1] = f->granule;
    if (wd_tells(w))
        s2_tell_params(w, WD_EVENT_PARAMS, p, 0, on_walk);
    if (!check_sizes(w, p, fault) || !s2_check_range(w, f, ipa, fault))
        return false;
    w->out->start_level[1] = (int8_t)f->start_level;
    t->base = wd_table_base(w, 2, f, p->vttbr, &t->low_bits);
    if (wd_tells(w))
        s2_tell_params(w, WD_EVENT_WALK, p, t->base, on_walk);
    if (wd_check(w, 2, WD_RULE_TABLE_BASE_ADDRESS_SIZE, 0, wd_output_out_of_range(f, t->base)) &&
        !wd_drops_base_bits(w, 2, f, &t->base))
        return wd_raise(fault, WD_FAULT_ADDRESS_SIZE, 0, WD_RULE_TABLE_BASE_ADDRESS_SIZE);
    t->known = true;
    return true;
}

static bool s2_translate_address(struct wd_walk *w, const struct wd_output *input, const struct wd_access *access,
                                 struct wd_output *output, struct wd_fault *fault)
{
    struct wd_s2_tables *t = w->stage2;
    const struct wd_s2_params *p = &t->params;
    const struct wd_format *f = &p->format;
    struct s2_leaf leaf;
    bool writable;

    WD_TELL(w, .kind = WD_EVENT_BEGIN, .stage = 2, .depth = access->table_walk, .address = input->address,
            .value = access->table_walk && access->write);
    if (!find_tables(w, input->address, access->table_walk, t, fault) ||
        !s2_walk_tables(w, f, t->base, t->low_bits, input->address, access->table_walk, &leaf, fault))
        return false;

    writable = grants_write(w, f, &leaf);
    s2_check_permissions(w, p, access, &leaf, writable, fault);
    if (!s2_update_leaf(w, f, access, &leaf, fault))
        return false;

    output->address = leaf.output_address;
    output->level = leaf.level;
    output->grants_write = writable && wd_bit(leaf.descriptor, 6);
    output->write_back = access->stage1_updates & wd_s2_is_write_back(w, p, leaf.descriptor);
    if (!access->table_walk) {
        wd_decide(w, 2, WD_ASPECT_PA, WD_RULE_LEAF_OUTPUT_ADDRESS, leaf.level);
        if (w->inputs) {
            w->inputs->s2 = *p;
            w->inputs->stage2 = true;
            w->inputs->descriptor[1] = leaf.descriptor;
            w->inputs->level[1] = leaf.level;
        }
        w->in_attributes = true;
        wd_s2_attributes(w, p, &input->attributes, leaf.descriptor, leaf.level, &output->attributes);
        w->in_attributes = false;
    }
    return true;
}

bool wd_s2_translate(struct wd_walk *w, const struct wd_output *input, const struct wd_access *access,
                     struct wd_output *output, struct wd_fault *fault)
{
    if (!w->stage2_enabled) {
        *output = *input;
        return true;
    }
    *fault = (struct wd_fault){.ipa = input->address};
    if (s2_translate_address(w, input, access, output, fault))
        return true;
    fault->stage2 = true;
    fault->on_walk = access->table_walk;
    return false;
}
