/* SPDX-License-Identifier: MIT */
/* Tables of either stage: granules and sizes, addresses in descriptors, reading and updating descriptors. */
#include "walk.h"

const uint8_t wd_sample_tg0[4] = {12, 16, 14, 0};
const uint8_t wd_sample_tg1[4] = {0, 14, 12, 16};

/* Address sizes by the encoding of PARange, PS and IPS. */
static const uint8_t address_sizes[8] = {32, 36, 40, 42, 44, 48, 52, 56};

unsigned wd_sample_pa_bits(const struct wd_case *c)
{
    uint64_t pa_range = WD_GET(c->regs[WD_ID_AA64MMFR0_EL1], ID_AA64MMFR0_EL1, PARange);

    return pa_range < sizeof(address_sizes) ? address_sizes[pa_range] : 0;
}

/* What the ID register says of a granule at a stage. */
enum granule_support { GRANULE_ABSENT, GRANULE_PRESENT, GRANULE_52_BITS };

/* TGran4 and TGran64 are signed: negative "absent", 0 "present", 1 "52 bits". */
static enum granule_support decode_signed(uint64_t field)
{
    if (wd_bit(field, 3))
        return GRANULE_ABSENT;
    return field ? GRANULE_52_BITS : GRANULE_PRESENT;
}

/* TGran16, and less 1 the fields of stage 2, count from 0 "absent". */
static enum granule_support decode_unsigned(uint64_t field)
{
    return field < GRANULE_52_BITS ? (enum granule_support)field : GRANULE_52_BITS;
}

/* A field of stage 2 that is 0 says "as stage 1". */
static enum granule_support granule_support(const struct wd_case *c, unsigned stage, unsigned page_bits)
{
    uint64_t id = c->regs[WD_ID_AA64MMFR0_EL1], stage2;
    enum granule_support stage1;

    switch (page_bits) {
    case 12:
        stage1 = decode_signed(WD_GET(id, ID_AA64MMFR0_EL1, TGran4));
        stage2 = WD_GET(id, ID_AA64MMFR0_EL1, TGran4_2);
        break;
    case 14:
        stage1 = decode_unsigned(WD_GET(id, ID_AA64MMFR0_EL1, TGran16));
        stage2 = WD_GET(id, ID_AA64MMFR0_EL1, TGran16_2);
        break;
    default:
        stage1 = decode_signed(WD_GET(id, ID_AA64MMFR0_EL1, TGran64));
        stage2 = WD_GET(id, ID_AA64MMFR0_EL1, TGran64_2);
    }
    return stage == 2 && stage2 ? decode_unsigned(stage2 - 1) : stage1;
}

/* In the order in which one stands in for a granule that is reserved or not implemented. */
static const uint8_t preferred_granules[] = {12, 16, 14};

unsigned wd_sample_preferred_granule(const struct wd_case *c, unsigned stage)
{
    for (size_t i = 0; i < sizeof(preferred_granules); i++)
        if (granule_support(c, stage, preferred_granules[i]) != GRANULE_ABSENT)
            return preferred_granules[i];
    return 0;
}

enum address_form wd_sample_address_form(const struct wd_case *c, unsigned stage, unsigned page_bits, bool ds)
{
    if (page_bits == 16)
        return wd_sample_pa_bits(c) >= 52 ? ADDRESS_52_BITS_64K : ADDRESS_48_BITS;
    return ds && granule_support(c, stage, page_bits) >= GRANULE_52_BITS ? ADDRESS_52_BITS_DS : ADDRESS_48_BITS;
}

void wd_sample_set_up_updates(struct tables *tables, const struct wd_case *c, bool ha, bool hd, bool haft)
{
    tables->access_flag = ha && IMPLEMENTS(c, ID_AA64MMFR1_EL1, HAFDBS, 1);
    tables->dirty_state = tables->access_flag && hd && IMPLEMENTS(c, ID_AA64MMFR1_EL1, HAFDBS, 2);
    tables->table_access_flag = tables->access_flag && haft && IMPLEMENTS(c, ID_AA64MMFR1_EL1, HAFDBS, 3);
}

/* A granule that is reserved or not implemented acts as one that is: which, is the implementation's choice. */
unsigned wd_sample_granule(const struct walk *w, unsigned stage, unsigned encoded_page_bits)
{
    if (encoded_page_bits && granule_support(w->c, stage, encoded_page_bits) != GRANULE_ABSENT)
        return encoded_page_bits;
    return has_defect(w, DEFECT_S1_45) && stage == 1 ? 16 : wd_sample_preferred_granule(w->c, stage);
}

unsigned wd_sample_txsz_max(const struct wd_case *c, unsigned page_bits)
{
    if (!IMPLEMENTS(c, ID_AA64MMFR2_EL1, ST, 1))
        return 39;
    return page_bits == 16 ? 47 : 48;
}

unsigned wd_sample_output_bits(const struct wd_case *c, unsigned ps, enum address_form form)
{
    unsigned largest = form == ADDRESS_48_BITS ? 48 : 52;
    unsigned pa_bits = wd_sample_pa_bits(c);

    if (pa_bits < largest)
        largest = pa_bits;
    return address_sizes[ps] < largest ? address_sizes[ps] : largest;
}

/*
 * TTBRn_ELx.BADDR: PA[51:48] are in bits 5:2 where DS = 1, and where the 64K granule has 52 bits and PS is 110. (The
 * text lets PS = 111 count as 110, and lets implementations without 52 bits do the same; we take neither.) Bits below
 * the size of the table, or of 64 bytes in the 52-bit forms, are taken as zero: the other permitted behaviour is an
 * address that is corrupted in them.
 */
uint64_t wd_sample_table_base(const struct tables *tables, uint64_t ttbr, unsigned ps)
{
    bool wide = tables->form == ADDRESS_52_BITS_DS || (tables->form == ADDRESS_52_BITS_64K && ps == 6);
    int size_bits = tables->input_bits - (int)level_bits(tables, tables->start_level) + 3;
    uint64_t base = wd_with_bits(0, 47, 1, WD_GET(ttbr, TTBR0_EL1, BADDR));

    if (size_bits < (wide ? 6 : 3))
        size_bits = wide ? 6 : 3;
    base = wd_with_bits(base, (unsigned)size_bits - 1, 0, 0);
    return wide ? wd_with_bits(base, 51, 48, wd_bits(ttbr, 5, 2)) : base;
}

uint64_t wd_sample_descriptor_address(const struct tables *tables, int level, uint64_t table, uint64_t input)
{
    unsigned low = level_bits(tables, level);
    unsigned end = level == tables->start_level ? tables->input_bits : low + tables->page_bits - 3u;
    uint64_t index = end > low ? wd_bits(input, end - 1, low) : 0;

    return table | index * sizeof(uint64_t);
}

/* Blocks exist at level 2, at level 1 of the 4K granule, and one level further up with 52-bit addresses. */
static bool is_block_level(const struct tables *tables, int level)
{
    int first = (tables->page_bits == 12 ? 1 : 2) - (tables->form != ADDRESS_48_BITS);

    return level >= first && level <= 2;
}

enum descriptor_kind wd_sample_descriptor_kind(const struct walk *w, const struct tables *tables, int level,
                                               uint64_t descriptor)
{
    bool stage1 = tables->stage == 1;

    if (!wd_bit(descriptor, DESCRIPTOR_VALID))
        return KIND_INVALID;
    if (wd_bit(descriptor, DESCRIPTOR_TABLE))
        return level == 3 ? KIND_LEAF : KIND_TABLE;
    if (is_block_level(tables, level))
        return KIND_LEAF;
    if (has_defect(w, DEFECT_S1_28) && stage1 && level < 3)
        return KIND_LEAF;
    if (has_defect(w, DEFECT_S1_29) && stage1 && level == 3)
        return KIND_LEAF;
    return KIND_INVALID;
}

/* The address in a descriptor, down to bit `lowest`. Without 52 bits those of 51:48 are ignored. */
static uint64_t descriptor_output(const struct tables *tables, uint64_t descriptor, unsigned lowest)
{
    /* A block is larger only where a defect lets it stand too high. */
    uint64_t address = lowest > 47 ? 0 : descriptor & wd_mask(47, lowest);

    switch (tables->form) {
    case ADDRESS_52_BITS_64K:
        return wd_with_bits(address, 51, 48, wd_bits(descriptor, 15, 12));
    case ADDRESS_52_BITS_DS:
        return wd_with_bits(address, 51, 48, wd_bits(descriptor, 9, 8) << 2 | wd_bits(descriptor, 49, 48));
    default:
        return address;
    }
}

uint64_t wd_sample_next_table(const struct walk *w, const struct tables *tables, uint64_t descriptor)
{
    if (has_defect(w, DEFECT_S1_01) && tables->stage == 1)
        return wd_mask(47, tables->page_bits);
    return descriptor_output(tables, descriptor, tables->page_bits);
}

/* How many address bits the Contiguous bit adds to a leaf. It is not looked at in blocks that only 52-bit addresses
 * have. */
static unsigned contiguous_bits(const struct tables *tables, int level)
{
    switch (tables->page_bits) {
    case 12:
        return level >= 1 ? 4 : 0;
    case 14:
        return level == 3 ? 7 : level == 2 ? 5 : 0;
    default:
        return level >= 2 ? 5 : 0;
    }
}

bool wd_sample_is_nt_block(const struct wd_case *c, int level, uint64_t descriptor)
{
    return level < 3 && wd_bit(descriptor, DESCRIPTOR_NT) && IMPLEMENTS(c, ID_AA64MMFR2_EL1, BBM, 1);
}

/* A contiguous range that is larger than the input range is no fault (the implementation's choice, R_WMNPV). */
uint64_t wd_sample_leaf_output(const struct walk *w, const struct tables *tables, int level, uint64_t descriptor,
                               uint64_t input)
{
    unsigned bits = level_bits(tables, level), input_bits;

    if (wd_bit(descriptor, DESCRIPTOR_CONTIGUOUS))
        bits += contiguous_bits(tables, level);
    input_bits = has_defect(w, DEFECT_S1_37) && tables->stage == 1 && tables->page_bits > 12 ? 12 : bits;
    return descriptor_output(tables, descriptor, bits) | (input & wd_mask(input_bits - 1, 0));
}

static uint64_t in_byte_order(const struct tables *tables, uint64_t word)
{
    return tables->big_endian ? __builtin_bswap64(word) : word;
}

bool wd_sample_read_descriptor(struct walk *w, const struct tables *tables, int level, uint64_t pa,
                               uint64_t *descriptor)
{
    struct wd_result *result = w->result;
    uint64_t word;

    if (!wd_result_read(w->c, result, pa, &word))
        return false;
    *descriptor = in_byte_order(tables, word);
    if (result->read_count < WD_READS_MAX)
        result->reads[result->read_count++] =
            (struct wd_read){.pa = pa, .descriptor = *descriptor, .stage = tables->stage, .level = (int8_t)level};
    return true;
}

enum update wd_sample_update_descriptor(struct walk *w, const struct tables *tables, uint64_t pa, uint64_t read,
                                        uint64_t updated)
{
    uint64_t word;

    if (!wd_result_read(w->c, w->result, pa, &word))
        return UPDATE_ABORTED;
    if (word != in_byte_order(tables, read))
        return UPDATE_CHANGED;
    return wd_result_write(w->c, w->result, pa, in_byte_order(tables, updated)) ? UPDATE_DONE : UPDATE_ABORTED;
}
