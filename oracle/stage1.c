/* SPDX-License-Identifier: MIT */
/* Stage 1: AArch64.S1Translate, AArch64.S1Walk, AArch64.S1DisabledOutput. */
#include "oracle/stage1.h"
#include "oracle/attributes.h"
#include "oracle/descriptor.h"
#include "oracle/format.h"
#include "oracle/memory.h"
#include "oracle/sizes.h"
#include "oracle/stage2.h"

/** What is known of a descriptor: the one read last, and of the leaf when its table walk is over. */
struct s1_leaf {
    uint64_t descriptor;
    uint64_t descriptor_address; /* IPA or PA */
    struct wd_output fetched;    /* the descriptor's physical address, and whether stage 2 lets hardware write it */
    uint64_t output_address;
    int level;
    struct wd_hierarchical limits;
};

/* Attributes do not matter to a table walk, but stage 2 wants some: Normal memory. */
static const struct wd_attributes walk_attributes = {.shareability = WD_OUTER_SHAREABLE, .xs = true};

/*
 * Whether an address lies outside its VA range. AArch64.VAIsOutOfRange.
 * With TBI, bits 63:56 do not count; an upper range is all ones above the input size.
 */
static bool va_out_of_range(const struct wd_s1_params *p, uint64_t va)
{
    unsigned top = p->tbi ? 55 : 63, input_bits = wd_input_bits(&p->format);
    uint64_t above;

    if (top < input_bits)
        return false;
    above = wd_bits(va, top, input_bits);
    return above != wd_low(-(uint64_t)p->upper, top - input_bits + 1);
}

static bool s1_translation_fault(struct wd_walk *w, struct wd_fault *fault, enum wd_rule rule, bool holds)
{
    if (!wd_check(w, 1, rule, 0, holds))
        return false;
    wd_raise(fault, WD_FAULT_TRANSLATION, 0, rule);
    return true;
}

/*
 * Mistakes about the sign of an address: bits 63:56 that are no copies of bit 55, or, where there is one range, bit 55
 * itself, are taken for an address beyond the physical address size, before anything else is looked at.
 */
static bool sign_by_mistake(struct wd_walk *w, const struct wd_s1_params *p, uint64_t va, struct wd_fault *fault)
{
    bool extended = (uint64_t)((int64_t)(va << 8) >> 8) == va;

    if (wd_mistaken_where(w, WD_MISTAKE_HIGH_HALF_AS_ADDRESS_SIZE, !p->two_privileges & wd_bit(va, 55)) ||
        wd_mistaken_where(w, WD_MISTAKE_SIGN_AS_ADDRESS_SIZE, !p->tbi & !extended))
        return wd_raise(fault, WD_FAULT_ADDRESS_SIZE, 0,
                        p->two_privileges ? WD_RULE_VA_UPPER_RANGE : WD_RULE_VA_SINGLE_RANGE);
    return true;
}

/* The mistake of reporting the start level, where TxSZ is out of range whatever the subtraction gives. */
static bool at_start_level(struct wd_walk *w, const struct wd_s1_params *p, struct wd_fault *fault)
{
    uint64_t steps =
        (UINT64_C(63) - p->format.txsz - wd_granule_bits(p->format.granule)) / wd_stride(p->format.granule);
    int level = (int)(uint32_t)(UINT64_C(3) - steps);

    if (fault->class != WD_FAULT_TRANSLATION || !level || !wd_mistaken(w, WD_MISTAKE_FAULT_AT_START_LEVEL))
        return false;
    fault->level = (int8_t)level;
    fault->has_status = true;
    fault->status = (uint8_t)((level < 0 ? 0x2c : 0x04) + (uint32_t)level) & 0x3f;
    return false;
}

/* What is checked before the first descriptor is read. */
static bool s1_check_range(struct wd_walk *w, struct wd_s1_params *p, uint64_t va, const struct wd_access *access,
                           struct wd_fault *fault)
{
    struct wd_format *f = &p->format;
    bool format_has_52 = f->ds | ((f->granule == WD_GRANULE_64K) & wd_has(w->regs, WD_FEAT_LVA));
    static const uint16_t range_rules[2][2] = {{WD_RULE_VA_SINGLE_RANGE, WD_RULE_VA_SINGLE_RANGE},
                                               {WD_RULE_VA_LOWER_RANGE, WD_RULE_VA_UPPER_RANGE}};
    enum wd_rule range = range_rules[p->two_privileges][p->upper];

    if (!sign_by_mistake(w, p, va, fault))
        return false;
    if (!wd_limit_txsz(w, 1, f, 16 - 4u * format_has_52, wd_has(w->regs, WD_FEAT_LVA), fault))
        return at_start_level(w, p, fault);
    wd_check(w, 1, WD_RULE_TOP_BYTE_IGNORED, 0, p->tbi & (wd_bits(va, 63, 56) != (p->upper ? 0xff : 0)));
    return (!s1_translation_fault(w, fault, range, va_out_of_range(p, va)) &&
            !s1_translation_fault(w, fault, WD_RULE_E0PD, p->e0pd && access->unprivileged) &&
            !s1_translation_fault(w, fault, WD_RULE_EPD, p->epd)) ||
           at_start_level(w, p, fault);
}

/* Stage 2 of an access to a stage 1 table, in the regime that has one. */
static bool translate_table_access(struct wd_walk *w, bool two_stages, uint64_t address, const struct wd_access *access,
                                   struct wd_output *output, struct wd_fault *fault)
{
    if (!two_stages) {
        output->address = address;
        output->grants_write = output->write_back = true;
        return true;
    }
    return wd_s2_translate(w, &(struct wd_output){.address = address, .attributes = walk_attributes}, access, output,
                           fault);
}

/*
 * Whether an AT reports that hardware cannot update stage 1 descriptors: permitted, not required, as soon as updates
 * are enabled, where the memory of the descriptor does not guarantee that they are atomic. The fault is one of stage 2
 * where only that makes the memory so (R_VSXXT).
 */
static bool s1_updates_unsupported(struct wd_walk *w, const struct wd_format *f, const struct s1_leaf *leaf,
                                   struct wd_fault *fault)
{
    bool by_stage2 = f->atomic_updates;
    unsigned stage = by_stage2 ? 2 : 1, report;

    if (!wd_check(w, stage, WD_RULE_UPDATE_NOT_ATOMIC, leaf->level, !(by_stage2 && leaf->fetched.write_back)))
        return false;
    report = by_stage2 ? wd_choose_among(w, WD_CHOICE_S1_ATOMIC_UPDATE_BY_STAGE_2, w->c->el == 1 ? 3 : 2, 0)
                       : wd_choose(w, WD_CHOICE_S1_ATOMIC_UPDATE);
    if (!report)
        return false;
    *fault = (struct wd_fault){
        .stage2 = by_stage2, .on_walk = by_stage2, .other_report = report == 2, .ipa = leaf->descriptor_address};
    wd_raise(fault, WD_FAULT_ATOMIC_UPDATE, by_stage2 ? leaf->fetched.level : leaf->level, WD_RULE_UPDATE_NOT_ATOMIC);
    return true;
}

/* Sets the Access flag of a Table descriptor: required, with FEAT_HAFT. */
static bool s1_set_table_access_flag(struct wd_walk *w, const struct wd_s1_params *p, bool two_stages,
                                     const struct s1_leaf *table, struct wd_fault *fault)
{
    const struct wd_access update = {.read = true, .write = true, .table_walk = true, .stage1_updates = true};
    struct wd_output target;

    if (!p->format.haft || wd_bit(table->descriptor, 10) || wd_mistaken(w, WD_MISTAKE_S1_HAFT_IGNORED))
        return true;
    wd_decide(w, 1, WD_ASPECT_MEM, WD_RULE_TABLE_ACCESS_FLAG, table->level);
    return !s1_updates_unsupported(w, &p->format, table, fault) &&
           translate_table_access(w, two_stages, table->descriptor_address, &update, &target, fault) &&
           wd_store(w, &p->format, target.address, table->level, false, table->descriptor | UINT64_C(1) << 10, fault);
}

/*
 * An Address size fault of the leaf, where its Access flag would be set but stage 2 refuses the write: which of the two
 * is reported is a choice (R_MJLPH).
 */
static void prioritize_update_fault(struct wd_walk *w, const struct wd_s1_params *p, const struct s1_leaf *leaf,
                                    struct wd_fault *fault)
{
    if (fault->class != WD_FAULT_ADDRESS_SIZE || !p->format.ha || wd_bit(leaf->descriptor, 10) ||
        leaf->fetched.grants_write)
        return;
    if (wd_choose(w, WD_CHOICE_S1_UPDATE_PRIORITY)) {
        *fault = (struct wd_fault){.stage2 = true, .on_walk = true, .ipa = leaf->descriptor_address};
        wd_raise(fault, WD_FAULT_PERMISSION, leaf->fetched.level, WD_RULE_S2_WALK_NOT_WRITABLE);
    }
}

/* AArch64.S1Walk. */
static bool s1_walk_tables(struct wd_walk *w, const struct wd_s1_params *p, uint64_t base, uint64_t low_bits,
                           bool two_stages, uint64_t va, struct s1_leaf *leaf, struct wd_fault *fault)
{
    const struct wd_format *f = &p->format;
    const struct wd_access access = {.read = true, .table_walk = true, .stage1_updates = f->ha};
    uint64_t address = wd_start_entry_address(w, 1, f, base, low_bits, va);

    for (int level = f->start_level;; level++) {
        enum wd_descriptor_type type;

        leaf->level = level;
        leaf->descriptor_address = address;
        w->out->walk_level = (int8_t)level;
        if (!translate_table_access(w, two_stages, address, &access, &leaf->fetched, fault) ||
            !wd_fetch(w, 1, f, leaf->fetched.address, level, false, &leaf->descriptor, fault))
            return false;
        type = wd_decode_descriptor(w, 1, f, leaf->descriptor, level, fault);
        if (type == WD_DESCRIPTOR_INVALID)
            return false;
        if (type == WD_DESCRIPTOR_LEAF)
            break;
        wd_s1_table_permissions(w, p, leaf->descriptor, level, &leaf->limits);
        if (!wd_next_table(w, 1, f, leaf->descriptor, level, &base, fault) ||
            !s1_set_table_access_flag(w, p, two_stages, leaf, fault))
            return false;
        address = wd_entry_address(f, level + 1, base, va);
    }
    if (wd_check_leaf(w, 1, f, leaf->descriptor, leaf->level, va, &leaf->output_address, fault))
        return true;
    prioritize_update_fault(w, p, leaf, fault);
    return false;
}

/* Writes AF = 1 into the leaf; with the mistake of making it dirty, AP[2] = 0 too. */
static bool s1_update_leaf(struct wd_walk *w, const struct wd_s1_params *p, bool two_stages, const struct s1_leaf *leaf,
                           bool dirty, struct wd_fault *fault)
{
    const struct wd_access update = {.read = true, .write = true, .table_walk = true, .stage1_updates = true};
    struct wd_output target;

    return translate_table_access(w, two_stages, leaf->descriptor_address, &update, &target, fault) &&
           wd_store(w, &p->format, target.address, leaf->level, false,
                    (leaf->descriptor & ~((uint64_t)dirty << 7)) | UINT64_C(1) << 10, fault);
}

/*
 * Hardware management of the leaf's Access flag by an AT: permitted, not required. `fault` holds what the permission
 * check gave; a fault of the update takes its place.
 */
static bool manage_access_flag(struct wd_walk *w, const struct wd_s1_params *p, const struct wd_access *access,
                               bool two_stages, const struct s1_leaf *leaf, struct wd_fault *fault)
{
    bool denied = fault->class != WD_FAULT_NONE;
    bool clean = p->format.hd && !p->pie && wd_bit(leaf->descriptor, 51) && wd_bit(leaf->descriptor, 7);
    bool dirty = clean && access->write && !denied && wd_mistaken(w, WD_MISTAKE_S1_DIRTY_BY_AT);
    struct wd_fault update_fault = {0};

    if (!p->format.ha)
        return !denied;
    if (s1_updates_unsupported(w, &p->format, leaf, fault))
        return false;
    if (wd_bit(leaf->descriptor, 10) && !dirty)
        return !denied;
    if (!dirty && wd_choose(w, denied ? WD_CHOICE_S1_AF_ON_FAULT : WD_CHOICE_S1_AF_BY_AT)) {
        wd_decide(w, 1, WD_ASPECT_MEM, WD_RULE_ACCESS_FLAG_BY_AT, leaf->level);
        return !denied;
    }
    wd_decide(w, 1, WD_ASPECT_MEM, denied ? WD_RULE_ACCESS_FLAG_ON_FAULT : WD_RULE_ACCESS_FLAG_BY_AT, leaf->level);
    if (s1_update_leaf(w, p, two_stages, leaf, dirty, &update_fault))
        return !denied;
    switch (wd_choose(w, WD_CHOICE_S1_AF_UPDATE_FAULT)) {
    case 1:
        return !denied;
    case 2:
        update_fault.other_report = true;
        break;
    }
    *fault = update_fault;
    return false;
}

/* AArch64.S1DisabledOutput. */
static bool disabled_output(struct wd_walk *w, const struct wd_s1_params *p, uint64_t va, bool stage2_follows,
                            struct wd_output *output, struct wd_fault *fault)
{
    unsigned top = p->tbi ? 55 : 63;

    wd_check(w, 1, WD_RULE_TOP_BYTE_IGNORED, 0, p->tbi && wd_bits(va, 63, 56) != 0);
    if (wd_check(w, 1, WD_RULE_S1_OFF_ADDRESS_SIZE, 0, wd_low(va, top + 1) >> w->pa_max != 0))
        return wd_raise(fault, WD_FAULT_ADDRESS_SIZE, 0, WD_RULE_S1_OFF_ADDRESS_SIZE);
    wd_decide(w, 1, WD_ASPECT_PA, WD_RULE_S1_OFF_FLAT, 0);
    if (w->inputs) {
        w->inputs->s1 = *p;
        w->inputs->stage1 = false;
        w->inputs->stage2_follows = stage2_follows;
    }
    *output = (struct wd_output){.address = wd_low(va, p->format.only_48_bits ? 48 : 56),
                                 .attributes = wd_s1_disabled_attributes(w, p, stage2_follows)};
    return true;
}

static void s1_tell_params(const struct wd_walk *w, enum wd_event_kind kind, enum wd_regime regime,
                           const struct wd_s1_params *p, uint64_t base)
{
    wd_tell_params(w, kind, &p->format, false,
                   (struct wd_params){.regime = (uint8_t)regime,
                                      .hierarchical_disabled = p->hierarchical_disabled,
                                      .indirect = p->pie,
                                      .overlay = p->poe || p->e0poe,
                                      .table_base = base});
}

/* AArch64.S1StartLevel: as many levels as the input size needs. */
static int s1_start_level(const struct wd_format *f)
{
    /* Of each stride, 1024 divided by it: exact for what is divided here, and a division would take its time. */
    static const uint8_t reciprocals[WD_GRANULE_COUNT] = {114, 94, 79};
    unsigned bits = wd_input_bits(f) - 1 - wd_granule_bits(f->granule);

    return WD_FINAL_LEVEL - (int)(bits * reciprocals[f->granule] >> 10);
}

bool wd_s1_translate(struct wd_walk *w, const struct wd_request *request, uint64_t va, struct wd_output *output,
                     struct wd_fault *fault)
{
    bool two_stages = (request->regime == WD_REGIME_EL10) & w->stage2_enabled;
    bool stage2_follows = two_stages & request->both_stages;
    struct wd_s1_params p;
    struct wd_format *f = &p.format;
    struct s1_leaf leaf = {0};
    uint64_t base, low_bits;

    WD_TELL(w, .kind = WD_EVENT_BEGIN, .stage = 1, .address = va);
    wd_s1_params(w, request->regime, va, &p);
    if (!p.enabled)
        return disabled_output(w, &p, va, stage2_follows, output, fault);
    w->out->granule[0] = f->granule;
    if (wd_tells(w))
        s1_tell_params(w, WD_EVENT_PARAMS, request->regime, &p, 0);
    if (!s1_check_range(w, &p, va, &request->access, fault))
        return false;
    if (wd_mistaken_where(w, WD_MISTAKE_S1_52_BITS_BY_PS,
                          (f->ps != 6) & (w->pa_max > 48) & (f->ds | (f->granule == WD_GRANULE_64K)))) {
        f->only_48_bits = f->granule == WD_GRANULE_64K;
        f->ps = f->ps == 7 ? 5 : f->ps;
    }
    f->output_bits = wd_output_bits(w, f);
    f->high_bits = wd_high_bits_of(w, f);
    f->start_level = s1_start_level(f);
    w->out->start_level[0] = (int8_t)f->start_level;

    base = wd_table_base(w, 1, f, p.ttbr, &low_bits);
    if (wd_tells(w))
        s1_tell_params(w, WD_EVENT_WALK, request->regime, &p, base);
    if (wd_check(w, 1, WD_RULE_TABLE_BASE_ADDRESS_SIZE, 0, wd_output_out_of_range(f, base)) &&
        !wd_drops_base_bits(w, 1, f, &base))
        return wd_raise(fault, WD_FAULT_ADDRESS_SIZE, 0, WD_RULE_TABLE_BASE_ADDRESS_SIZE);
    if (wd_mistaken_where(w, WD_MISTAKE_PTW_WITHOUT_STAGE_2,
                          (request->regime == WD_REGIME_EL10) & !two_stages & !request->both_stages &
                              (WD_GET(w->regs[WD_HCR_EL2], HCR_EL2, PTW) != 0) &
                              !WD_GET(w->regs[WD_HCR_EL2], HCR_EL2, TGE))) {
        *fault = (struct wd_fault){.stage2 = true, .on_walk = true, .ipa = base};
        return wd_raise(fault, WD_FAULT_PERMISSION, 0, WD_RULE_S2_OFF);
    }
    if (!s1_walk_tables(w, &p, base, low_bits, two_stages, va, &leaf, fault))
        return false;

    wd_s1_check_permissions(w, &p, &request->access, leaf.descriptor, leaf.level, &leaf.limits, fault);
    if (!manage_access_flag(w, &p, &request->access, two_stages, &leaf, fault))
        return false;

    wd_decide(w, 1, WD_ASPECT_PA, WD_RULE_LEAF_OUTPUT_ADDRESS, leaf.level);
    output->address = leaf.output_address;
    output->level = leaf.level;
    if (w->inputs) {
        w->inputs->s1 = p;
        w->inputs->stage1 = true;
        w->inputs->stage2_follows = stage2_follows;
        w->inputs->descriptor[0] = leaf.descriptor;
        w->inputs->level[0] = leaf.level;
    }
    w->in_attributes = true;
    wd_s1_attributes(w, &p, leaf.descriptor, leaf.level, &output->attributes);
    wd_s1_finish_attributes(w, &p, stage2_follows, leaf.level, &output->attributes);
    w->in_attributes = false;
    return true;
}
