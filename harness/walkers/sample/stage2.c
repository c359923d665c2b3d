/* SPDX-License-Identifier: MIT */
/*
 * Stage 2 of the EL1&0 regime (AArch64.S2Translate, S2Walk): for the output of stage 1, and for each of its table
 * accesses.
 */
#include "walk.h"

/* One translation by stage 2. */
struct request {
    uint64_t ipa;
    const struct access *access;
};

static enum outcome fail(struct walk *w, const struct request *request, enum fault_type type, int level)
{
    w->fault = (struct fault){.type = (uint8_t)type,
                              .level = (int8_t)level,
                              .stage2 = true,
                              .on_stage1_walk = request->access->table_access,
                              .ipa = request->ipa};
    return WALK_FAULT;
}

/* ---- set-up */

enum { START_LEVEL_RESERVED = 4 };

/* VTCR_EL2.SL0, by granule, and with the 4K granule and DS = 1 SL2 as its upper bit. */
static int start_level(const struct walk *w, unsigned page_bits, unsigned sl2, unsigned sl0)
{
    static const int8_t of_4k[8] = {2, 1, 0, 3, -1, START_LEVEL_RESERVED, START_LEVEL_RESERVED, START_LEVEL_RESERVED};

    if (page_bits == 12 || has_defect(w, DEFECT_S2_05))
        return of_4k[sl2 << 2 | sl0];
    if (page_bits == 16 && sl0 == 3)
        return START_LEVEL_RESERVED;
    return 3 - (int)sl0;
}

/* Whether the implementation has a start level: by its PA size (Table D8-9) and its features (AArch64.S2InvalidSL). */
static bool start_level_exists(const struct walk *w, const struct tables *tables)
{
    unsigned size = has_defect(w, DEFECT_S2_01) ? tables->input_bits : wd_sample_pa_bits(w->c);
    bool is_4k = tables->page_bits == 12;

    switch (tables->start_level) {
    case START_LEVEL_RESERVED:
        return false;
    case 3:
        return !is_4k || IMPLEMENTS(w->c, ID_AA64MMFR2_EL1, ST, 1);
    case 1:
        return is_4k || size >= (tables->page_bits == 14 ? 42 : 44);
    case 0:
        return is_4k ? size >= 44 : size >= 52 && tables->form == ADDRESS_52_BITS_DS;
    case -1:
        return size >= 52;
    default:
        return true;
    }
}

/* The first lookup must resolve at least one bit, and at most four beyond a full table: 16 concatenated ones. */
static bool input_size_suits_start_level(const struct tables *tables)
{
    int resolved = tables->input_bits - (int)level_bits(tables, tables->start_level);

    return resolved >= 1 && resolved <= tables->page_bits - 3 + 4;
}

/* T0SZ out of its range is a Translation fault here too, and not a choice where FEAT_LPA exists (R_MYXHB). */
static bool txsz_in_range(const struct walk *w, const struct tables *tables, unsigned t0sz)
{
    unsigned largest_input = tables->form == ADDRESS_48_BITS && tables->page_bits != 16 ? 48 : 52;
    unsigned pa_bits = wd_sample_pa_bits(w->c);

    if (has_defect(w, DEFECT_S2_02))
        return true;
    if (pa_bits < largest_input)
        largest_input = pa_bits;
    return t0sz >= 64 - largest_input && t0sz <= wd_sample_txsz_max(w->c, tables->page_bits);
}

static unsigned output_bits(const struct walk *w, unsigned ps, enum address_form form)
{
    if (has_defect(w, DEFECT_S2_04))
        return w->c->ipa_bits ? w->c->ipa_bits : 56;
    return wd_sample_output_bits(w->c, ps, form);
}

static void set_up(struct walk *w)
{
    struct stage2 *stage2 = &w->stage2;
    struct tables *tables = &stage2->tables;
    uint64_t vtcr = w->c->regs[WD_VTCR_EL2], vttbr = w->c->regs[WD_VTTBR_EL2];
    unsigned t0sz = (unsigned)WD_GET(vtcr, VTCR_EL2, T0SZ), ps = (unsigned)WD_GET(vtcr, VTCR_EL2, PS);
    bool sl2;

    stage2->ready = true;
    stage2->shareability = (uint8_t)WD_GET(vtcr, VTCR_EL2, SH0);
    tables->stage = 2;
    tables->page_bits = (uint8_t)wd_sample_granule(w, 2, wd_sample_tg0[WD_GET(vtcr, VTCR_EL2, TG0)]);
    tables->form = (uint8_t)wd_sample_address_form(w->c, 2, tables->page_bits, WD_GET(vtcr, VTCR_EL2, DS));
    tables->input_bits = (uint8_t)(64 - t0sz);
    tables->output_bits = (uint8_t)output_bits(w, ps, tables->form);
    tables->big_endian = WD_GET(w->c->regs[WD_SCTLR_EL2], SCTLR_EL2, EE);
    wd_sample_set_up_updates(tables, w->c, WD_GET(vtcr, VTCR_EL2, HA), WD_GET(vtcr, VTCR_EL2, HD),
                             WD_GET(vtcr, VTCR_EL2, HAFT));
    sl2 = tables->page_bits == 12 && tables->form == ADDRESS_52_BITS_DS && WD_GET(vtcr, VTCR_EL2, SL2);
    tables->start_level = (int8_t)start_level(w, tables->page_bits, sl2, (unsigned)WD_GET(vtcr, VTCR_EL2, SL0));
    stage2->invalid = !txsz_in_range(w, tables, t0sz) || !start_level_exists(w, tables) ||
                      (!input_size_suits_start_level(tables) && !has_defect(w, DEFECT_S2_07));
    if (stage2->invalid)
        return;
    tables->base = wd_sample_table_base(tables, vttbr, ps);
    if (has_defect(w, DEFECT_S2_06) && tables->input_bits > level_bits(tables, tables->start_level - 1))
        tables->base = wd_with_bits(tables->base, tables->page_bits + 3u, 0, 0);
}

/* ---- walk */

/* Writes a descriptor back if hardware has set something in it. */
static enum outcome update(struct walk *w, const struct request *request, int level, uint64_t pa, uint64_t read,
                           uint64_t updated)
{
    if (read == updated)
        return WALK_DONE;
    switch (wd_sample_update_descriptor(w, &w->stage2.tables, pa, read, updated)) {
    case UPDATE_DONE:
        return WALK_DONE;
    case UPDATE_CHANGED:
        return WALK_CHANGED;
    default:
        return fail(w, request, FAULT_EXTERNAL_ABORT, level);
    }
}

static enum outcome check_leaf(struct walk *w, const struct request *request, struct leaf *leaf)
{
    const struct tables *tables = &w->stage2.tables;

    if (wd_sample_is_nt_block(w->c, leaf->level, leaf->descriptor))
        return fail(w, request, FAULT_TRANSLATION, leaf->level);
    leaf->output = wd_sample_leaf_output(w, tables, leaf->level, leaf->descriptor, request->ipa);
    if (!fits_output_size(tables, leaf->output))
        return fail(w, request, FAULT_ADDRESS_SIZE, leaf->level);
    if (!wd_bit(leaf->descriptor, DESCRIPTOR_AF) && !tables->access_flag)
        return fail(w, request, FAULT_ACCESS_FLAG, leaf->level);
    return WALK_DONE;
}

static enum outcome walk_tables(struct walk *w, const struct request *request, struct leaf *leaf)
{
    const struct tables *tables = &w->stage2.tables;
    uint64_t table = tables->base, descriptor;
    enum outcome outcome;

    if (!fits_output_size(tables, table))
        return fail(w, request, FAULT_ADDRESS_SIZE, has_defect(w, DEFECT_S2_03) ? tables->start_level : 0);
    for (int level = tables->start_level;; level++) {
        uint64_t pa = wd_sample_descriptor_address(tables, level, table, request->ipa);

        if (!wd_sample_read_descriptor(w, tables, level, pa, &descriptor))
            return fail(w, request, has_defect(w, DEFECT_S2_08) ? FAULT_TRANSLATION : FAULT_EXTERNAL_ABORT, level);
        switch (wd_sample_descriptor_kind(w, tables, level, descriptor)) {
        case KIND_INVALID:
            return fail(w, request, FAULT_TRANSLATION, level);
        case KIND_LEAF:
            *leaf = (struct leaf){.descriptor = descriptor, .pa = pa, .level = (int8_t)level};
            return check_leaf(w, request, leaf);
        case KIND_TABLE:
            table = wd_sample_next_table(w, tables, descriptor);
            if (!fits_output_size(tables, table))
                return fail(w, request, FAULT_ADDRESS_SIZE, level);
            if (!tables->table_access_flag)
                break;
            /* FEAT_HAFT: for tables it is not left to the implementation whether an AT does so (R_FBZPR). */
            outcome = update(w, request, level, pa, descriptor, with_access_flag(descriptor));
            if (outcome != WALK_DONE)
                return outcome;
        }
    }
}

/* ---- permission and hardware update of the leaf */

static bool permits(const struct walk *w, const struct access *access, uint64_t descriptor)
{
    bool readable = wd_bit(descriptor, DESCRIPTOR_S2AP0);
    bool writable =
        wd_bit(descriptor, DESCRIPTOR_S2AP1) || (w->stage2.tables.dirty_state && wd_bit(descriptor, DESCRIPTOR_DBM));

    if (access->table_access) {
        if (WD_GET(w->hcr, HCR_EL2, PTW) && wd_sample_stage2_is_device(w, descriptor))
            return false;
        readable |= has_defect(w, DEFECT_S1_35);
    } else if (has_defect(w, DEFECT_S2_09)) {
        return true;
    }
    return (readable || !access->read) && (writable || !access->write);
}

/*
 * The Access flag is set even if the access then has no permission (CONSTRAINED UNPREDICTABLE, R_QSPMS). The dirty
 * state is not a matter of the AT (R_ZYGHJ), but the update of a stage 1 descriptor is a write.
 */
static uint64_t with_hardware_update(const struct tables *tables, const struct access *access, bool permitted,
                                     uint64_t descriptor)
{
    if (!tables->access_flag)
        return descriptor;
    descriptor = with_access_flag(descriptor);
    if (permitted && tables->dirty_state && wd_bit(descriptor, DESCRIPTOR_DBM) && access->write && access->table_access)
        descriptor = wd_with_bits(descriptor, DESCRIPTOR_S2AP1, DESCRIPTOR_S2AP1, 1);
    return descriptor;
}

static enum outcome attempt(struct walk *w, const struct request *request, struct leaf *leaf)
{
    enum outcome outcome = walk_tables(w, request, leaf);
    bool permitted;

    if (outcome != WALK_DONE)
        return outcome;
    permitted = permits(w, request->access, leaf->descriptor);
    outcome = update(w, request, leaf->level, leaf->pa, leaf->descriptor,
                     with_hardware_update(&w->stage2.tables, request->access, permitted, leaf->descriptor));
    if (outcome == WALK_DONE && !permitted)
        return fail(w, request, FAULT_PERMISSION, leaf->level);
    return outcome;
}

bool wd_sample_stage2(struct walk *w, const struct output *input, const struct access *access, struct output *output)
{
    const struct request request = {.ipa = input->address, .access = access};
    struct leaf leaf;
    enum outcome outcome;

    if (!w->stage2.ready)
        set_up(w);
    if (w->stage2.invalid) {
        fail(w, &request, has_defect(w, DEFECT_S2_13) ? FAULT_ADDRESS_SIZE : FAULT_TRANSLATION, 0);
        return false;
    }
    if (any_bits(request.ipa, 55, w->stage2.tables.input_bits) && !has_defect(w, DEFECT_S2_12)) {
        fail(w, &request, FAULT_TRANSLATION, 0);
        return false;
    }
    do
        outcome = attempt(w, &request, &leaf);
    while (outcome == WALK_CHANGED);
    if (outcome == WALK_FAULT)
        return false;
    output->address = leaf.output;
    if (!access->table_access)
        output->attributes = wd_sample_combine_attributes(w, input->attributes, leaf.descriptor);
    return true;
}
