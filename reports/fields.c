/* SPDX-License-Identifier: MIT */
/* Registers, descriptors and PAR_EL1 in words. */
#include "reports/fields.h"
#include "generators/stage.h"
#include "harness/judge/facets.h"
#include "harness/judge/judge.h"

#include <inttypes.h>
#include <string.h>

enum { REGISTER_COLUMN = 18, FIELDS_COLUMN = REGISTER_COLUMN + 20, PAR_VALUE_COLUMN = 12, PAR_WORDS_COLUMN = 28 };

/* Addresses stand in place. */
void wd_add_field_value(struct wd_words *words, const char *name, uint64_t value, unsigned msb, unsigned lsb)
{
    unsigned width = msb - lsb + 1;

    if (strcmp(name, "T0SZ") == 0 || strcmp(name, "T1SZ") == 0) {
        wd_words_add(words, "%" PRIu64, value);
    } else if (width > 4) {
        wd_words_add(words, "0x%" PRIx64, width > 16 ? value << lsb : value);
    } else {
        while (width-- > 0)
            wd_words_add(words, "%c", wd_bit(value, width) ? '1' : '0');
    }
}

/* "NAME=value", behind a space unless it comes first. */
static void add_field(struct wd_words *words, const char *name, uint64_t reg, unsigned msb, unsigned lsb)
{
    wd_words_add(words, "%s%s=", words->used ? " " : "", name);
    wd_add_field_value(words, name, wd_bits(reg, msb, lsb), msb, lsb);
}

void wd_add_rule_id(struct wd_words *words, unsigned rule)
{
    const struct wd_rule_info *info = &wd_rules[rule];

    wd_words_add(words, "%s", info->id[0] ? info->id : info->function);
}

/* ---------------------------------------------------------------- registers */

void wd_print_register(FILE *out, unsigned indent, enum wd_layout layout, uint64_t value)
{
    struct wd_words label = {0}, words = {0};
    size_t count;
    const struct wd_field *fields = wd_layout_fields(layout, &count);

    wd_words_add(&label, "%-*s0x%016" PRIx64, REGISTER_COLUMN, wd_registers[wd_layouts[layout].reg].name, value);
    for (size_t i = 0; i < count; i++)
        if (fields[i].role != WD_ROLE_INERT && wd_bits(value, fields[i].msb, fields[i].lsb))
            add_field(&words, fields[i].name, value, fields[i].msb, fields[i].lsb);
    wd_print_item(out, indent, label.text, indent + FIELDS_COLUMN,
                  words.used ? words.text : "nothing that an AT depends on");
}

static void add_granules(struct wd_words *words, const uint64_t regs[WD_REGISTER_COUNT], unsigned stage)
{
    for (unsigned granule = 0; granule < WD_GRANULE_COUNT; granule++)
        if (wd_has_granule(regs, stage, granule))
            wd_words_add(words, " %s", wd_facet_value(WD_FACET_GRANULE, granule, NULL));
}

static bool same_granules(const uint64_t regs[WD_REGISTER_COUNT])
{
    for (unsigned granule = 0; granule < WD_GRANULE_COUNT; granule++)
        if (wd_has_granule(regs, 1, granule) != wd_has_granule(regs, 2, granule))
            return false;
    return true;
}

void wd_print_implementation(FILE *out, unsigned indent, const uint64_t regs[WD_REGISTER_COUNT])
{
    struct wd_words words = {0};

    wd_words_add(&words, "%u-bit physical addresses; granules", wd_pa_max(regs));
    add_granules(&words, regs, 1);
    if (!same_granules(regs)) {
        wd_words_add(&words, ", at stage 2");
        add_granules(&words, regs, 2);
    }
    wd_words_add(&words, ";");
    for (unsigned feature = WD_NONE + 1; feature < WD_FEATURE_COUNT; feature++)
        if (wd_has_feature(regs, feature))
            wd_words_add(&words, " %s", wd_features[feature].name);
    words.text[words.used - (words.text[words.used - 1] == ';')] = '\0';
    wd_print_item(out, indent, "implemented", indent + REGISTER_COLUMN, words.text);
}

/* ---------------------------------------------------------------- PAR_EL1 */

static void add_cacheability(struct wd_words *words, unsigned nibble)
{
    static const char *const hints[4] = {"no-allocate", "W-allocate", "R-allocate", "RW-allocate"};

    if (nibble == 4) {
        wd_words_add(words, "Non-cacheable");
        return;
    }
    wd_words_add(words, "%s %s%s", nibble & 4 ? "Write-Back" : "Write-Through", hints[nibble & 3],
                 nibble & 8 || !(nibble & 3) ? "" : " transient");
}

/* PAR_EL1.ATTR in words. */
static void add_attributes(struct wd_words *words, unsigned attr)
{
    static const char *const device[4] = {"Device-nGnRnE", "Device-nGnRE", "Device-nGRE", "Device-GRE"};

    if (attr >> 4 == 0) {
        wd_words_add(words, "%s%s%s", device[attr >> 2 & 3], attr & 1 ? ", XS = 0" : "", attr & 2 ? " (reserved)" : "");
    } else if (attr == 0x40) {
        wd_words_add(words, "Normal, Inner and Outer Non-cacheable, XS = 0");
    } else if (attr == 0xa0) {
        wd_words_add(words, "Normal, Inner and Outer Write-Through R-allocate, XS = 0");
    } else if (attr == 0xf0 || attr == 0xe0) {
        wd_words_add(words, "Tagged%s Normal, Inner and Outer Write-Back RW-allocate",
                     attr == 0xe0 ? " NoTagAccess" : "");
    } else if (!(attr & 0xf)) {
        wd_words_add(words, "reserved encoding");
    } else {
        wd_words_add(words, "Normal, Outer ");
        add_cacheability(words, attr >> 4);
        wd_words_add(words, ", Inner ");
        add_cacheability(words, attr & 0xf);
    }
}

/* Which aspect of an answer a field of PAR_EL1 shows. */
static enum wd_aspect aspect_of(const struct wd_field *field)
{
    static const struct {
        uint8_t layout, lsb, aspect;
    } aspects[] = {
        {WD_LAYOUT_PAR_EL1, WD_PAR_EL1_F_lsb, WD_ASPECT_F},
        {WD_LAYOUT_PAR_EL1, WD_PAR_EL1_SH_lsb, WD_ASPECT_SH},
        {WD_LAYOUT_PAR_EL1, WD_PAR_EL1_PA_lsb, WD_ASPECT_PA},
        {WD_LAYOUT_PAR_EL1, WD_PAR_EL1_ATTR_lsb, WD_ASPECT_ATTR},
        {WD_LAYOUT_PAR_EL1_F, WD_PAR_EL1_F_F_lsb, WD_ASPECT_F},
        {WD_LAYOUT_PAR_EL1_F, WD_PAR_EL1_F_FST_lsb, WD_ASPECT_CLASS},
        {WD_LAYOUT_PAR_EL1_F, WD_PAR_EL1_F_PTW_lsb, WD_ASPECT_PTW},
        {WD_LAYOUT_PAR_EL1_F, WD_PAR_EL1_F_S_lsb, WD_ASPECT_S},
        {WD_LAYOUT_PAR_EL1_F, WD_PAR_EL1_F_Overlay_lsb, WD_ASPECT_BITS_15_12},
        {WD_LAYOUT_PAR_EL1_F, WD_PAR_EL1_F_DirtyBit_lsb, WD_ASPECT_BITS_15_12},
    };

    for (size_t i = 0; i < sizeof(aspects) / sizeof(aspects[0]); i++)
        if (aspects[i].layout == field->layout && aspects[i].lsb == field->lsb)
            return aspects[i].aspect;
    return WD_ASPECT_RES;
}

void wd_add_par_meaning(struct wd_words *words, const struct wd_field *field, const struct wd_result *result,
                        uint64_t value)
{
    static const char *const shareability[4] = {"Non-shareable", "reserved", "Outer Shareable", "Inner Shareable"};
    char answer[160];

    switch (aspect_of(field)) {
    case WD_ASPECT_SH:
        wd_words_add(words, "%s", shareability[value]);
        break;
    case WD_ASPECT_ATTR:
        add_attributes(words, (unsigned)value);
        break;
    case WD_ASPECT_CLASS:
        wd_describe_answer(result, answer, sizeof(answer));
        wd_words_add(words, "%s", answer);
        break;
    case WD_ASPECT_S:
    case WD_ASPECT_PTW:
        wd_words_add(words, "%s%s", value ? "" : "not a ", field->meaning);
        break;
    default:
        wd_words_add(words, "%s", field->meaning);
    }
}

/* " (R_ZWYSH)": the rule that decided a field, for the fault status that of its level too. */
static void add_deciding_rules(struct wd_words *words, const struct wd_oracle_output *output, enum wd_aspect aspect)
{
    const uint16_t *rules = output->aspect_rule;

    wd_words_add(words, " (");
    wd_add_rule_id(words, rules[aspect]);
    if (aspect == WD_ASPECT_CLASS && rules[WD_ASPECT_LEVEL] != rules[WD_ASPECT_CLASS]) {
        wd_words_add(words, "; level: ");
        wd_add_rule_id(words, rules[WD_ASPECT_LEVEL]);
    }
    wd_words_add(words, ")");
}

void wd_print_par(FILE *out, unsigned indent, const struct wd_oracle_output *output)
{
    uint64_t par = output->result.par;
    bool fault = WD_GET(par, PAR_EL1, F);
    size_t count;
    const struct wd_field *fields = wd_layout_fields(fault ? WD_LAYOUT_PAR_EL1_F : WD_LAYOUT_PAR_EL1, &count);

    for (size_t i = 0; i < count; i++) {
        const struct wd_field *field = &fields[i];
        uint64_t value = wd_bits(par, field->msb, field->lsb);
        struct wd_words label = {0}, words = {0};

        if (field->role == WD_ROLE_INERT || (fault && !value && field->lsb >= WD_PAR_EL1_F_AssuredOnly_lsb))
            continue;
        wd_words_add(&label, "%-*s", PAR_VALUE_COLUMN, field->name);
        wd_add_field_value(&label, field->name, value, field->msb, field->lsb);
        wd_add_par_meaning(&words, field, &output->result, value);
        add_deciding_rules(&words, output, aspect_of(field));
        wd_print_item(out, indent, label.text, indent + PAR_WORDS_COLUMN, words.text);
    }
}

/* ---------------------------------------------------------------- descriptors */

/* Descriptor fields, from generators/descriptors.def: it uses the same form as registers.def. */
static const struct {
    const char *name;
    uint8_t layout, msb, lsb, feature, role;
} descriptor_fields[] = {
#define WD_LAYOUT(layout, reg, title)
#define WD_FIELD(layout, field, msb, lsb, feature, role, weight, meaning)                                              \
    {#field, WD_LAYOUT_##layout, msb, lsb, WD_##feature, WD_ROLE_##role},
#include "generators/descriptors.def"
};

/* Circumstances in which bits of a descriptor mean something else. */
enum circumstance {
    INDIRECT = 1,      /* PIE = 1 */
    ONE_PRIVILEGE = 2, /* the EL2 regime */
    DS = 4,
    PAGE = 8, /* a Page descriptor */
};

/* What a field is called in a circumstance; NULL: it is not there. */
static const char *name_in(const char *field, unsigned circumstances)
{
    static const struct {
        const char *field;
        unsigned circumstances;
        const char *name;
    } other_names[] = {
        {"AP", INDIRECT, NULL},
        {"DBM", INDIRECT, NULL},
        {"PXN", INDIRECT | ONE_PRIVILEGE, NULL},
        {"UXN", INDIRECT, NULL},
        {"UXN", ONE_PRIVILEGE, "XN"},
        {"PXNTable", ONE_PRIVILEGE, NULL},
        {"UXNTable", ONE_PRIVILEGE, "XNTable"},
        {"SH", DS, NULL},
        {"nT", PAGE, NULL},
    };

    for (size_t i = 0; i < sizeof(other_names) / sizeof(other_names[0]); i++)
        if (strcmp(other_names[i].field, field) == 0 && (other_names[i].circumstances & circumstances))
            return other_names[i].name;
    return field;
}

static unsigned circumstances_of(const struct wd_params *params, unsigned stage, bool table, bool page)
{
    bool stage1 = stage == 1;

    return (stage1 && params->indirect && !table ? INDIRECT : 0u) |
           (stage1 && params->regime == WD_REGIME_EL2 ? ONE_PRIVILEGE : 0u) | (params->ds ? DS : 0u) |
           (page ? PAGE : 0u);
}

static void add_descriptor_fields(struct wd_words *words, const uint64_t regs[WD_REGISTER_COUNT],
                                  enum wd_descriptor_layout layout, unsigned circumstances, uint64_t descriptor)
{
    if (circumstances & INDIRECT)
        wd_words_add(words, "PIIndex=%" PRIu64 " nDirty=%d",
                     wd_bits(descriptor, 54, 53) << 2 | wd_bits(descriptor, 51, 51) << 1 | wd_bits(descriptor, 6, 6),
                     wd_bit(descriptor, 7));
    for (size_t i = 0; i < sizeof(descriptor_fields) / sizeof(descriptor_fields[0]); i++) {
        const char *name = name_in(descriptor_fields[i].name, circumstances);

        if (name && descriptor_fields[i].layout == layout && descriptor_fields[i].role == WD_ROLE_MODEL &&
            wd_has_feature(regs, descriptor_fields[i].feature))
            add_field(words, name, descriptor, descriptor_fields[i].msb, descriptor_fields[i].lsb);
    }
}

enum wd_descriptor_shape wd_shape_of_descriptor(const uint64_t regs[WD_REGISTER_COUNT], const struct wd_params *params,
                                                int level, uint64_t descriptor, uint64_t *address)
{
    const struct wd_stage format = {.ds = params->ds,
                                    .wide_64k = params->granule == WD_GRANULE_64K && wd_has_feature(regs, WD_FEAT_LPA)};
    bool page = level == WD_FINAL_LEVEL, table = wd_bit(descriptor, 1) && !page;

    if (!wd_bit(descriptor, 0))
        return WD_SHAPE_INVALID;
    if (page && !wd_bit(descriptor, 1))
        return WD_SHAPE_RESERVED;
    *address = wd_address_of(&format, descriptor,
                             table ? wd_granule_bits(params->granule) : wd_translation_bits(params->granule, level));
    return table ? WD_SHAPE_TABLE : page ? WD_SHAPE_PAGE : WD_SHAPE_BLOCK;
}

void wd_add_descriptor(struct wd_words *words, const uint64_t regs[WD_REGISTER_COUNT], const struct wd_params *params,
                       unsigned stage, int level, uint64_t descriptor)
{
    static const char *const texts[] = {
        [WD_SHAPE_INVALID] = "invalid: bit 0 is 0, the rest is ignored",
        [WD_SHAPE_RESERVED] = "reserved: bits 1:0 = 01 at level 3",
        [WD_SHAPE_TABLE] = "Table descriptor, next-level table at",
        [WD_SHAPE_BLOCK] = "Block descriptor, output address",
        [WD_SHAPE_PAGE] = "Page descriptor, output address",
    };
    uint64_t address;
    enum wd_descriptor_shape type = wd_shape_of_descriptor(regs, params, level, descriptor, &address);
    bool table = type == WD_SHAPE_TABLE;
    enum wd_descriptor_layout layout = stage == 1 ? (table ? WD_LAYOUT_S1_TABLE : WD_LAYOUT_S1_LEAF)
                                                  : (table ? WD_LAYOUT_S2_TABLE : WD_LAYOUT_S2_LEAF);
    struct wd_words fields = {0};

    wd_words_add(words, "%s", texts[type]);
    if (type == WD_SHAPE_INVALID || type == WD_SHAPE_RESERVED)
        return;
    wd_words_add(words, " 0x%" PRIx64, address);
    add_descriptor_fields(&fields, regs, layout, circumstances_of(params, stage, table, type == WD_SHAPE_PAGE),
                          descriptor);
    if (fields.used)
        wd_words_add(words, ": %s", fields.text);
}
