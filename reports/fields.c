/* SPDX-License-Identifier: MIT */
/* Registers, descriptors and PAR_EL1 in words. */
#include "reports/fields.h"
#include "reports/text.h"
#include "harness/judge.h"

#include <inttypes.h>
#include <string.h>

/* Descriptor fields, from generators/descriptors.def: it uses the same form as registers.def. */
struct descriptor_field {
    const char *name;
    uint8_t layout, msb, lsb, role;
};

enum descriptor_layout {
#define WD_LAYOUT(layout, reg, title) LAYOUT_##layout,
#define WD_FIELD(layout, field, msb, lsb, feature, role, weight, meaning)
#include "generators/descriptors.def"
};

static const struct descriptor_field descriptor_fields[] = {
#define WD_LAYOUT(layout, reg, title)
#define WD_FIELD(layout, field, msb, lsb, feature, role, weight, meaning)                                              \
    {#field, LAYOUT_##layout, msb, lsb, WD_ROLE_##role},
#include "generators/descriptors.def"
};

/* How a field is best read: sizes in decimal, short fields in binary, addresses in place, the rest in hexadecimal. */
static size_t print_value(char *text, size_t size, const char *name, uint64_t value, unsigned msb, unsigned lsb)
{
    unsigned width = msb - lsb + 1;
    char digits[5] = "";

    if (strcmp(name, "T0SZ") == 0 || strcmp(name, "T1SZ") == 0)
        return (size_t)snprintf(text, size, "%" PRIu64, value);
    if (width > 4)
        return (size_t)snprintf(text, size, "0x%" PRIx64, width > 16 ? value << lsb : value);
    for (unsigned i = 0; i < width; i++)
        digits[i] = wd_bit(value, width - 1 - i) ? '1' : '0';
    return (size_t)snprintf(text, size, "%s", digits);
}

void wd_print_register(FILE *out, unsigned indent, enum wd_layout layout, uint64_t value)
{
    size_t count, used = 0;
    const struct wd_field *fields = wd_layout_fields(layout, &count);
    char label[64], words[2048] = "";

    for (size_t i = 0; i < count && used + 80 < sizeof words; i++) {
        uint64_t field = wd_bits(value, fields[i].msb, fields[i].lsb);

        if (!field || fields[i].role == WD_ROLE_INERT)
            continue;
        used += (size_t)snprintf(words + used, sizeof words - used, "%s%s=", used ? " " : "", fields[i].name);
        used += print_value(words + used, sizeof words - used, fields[i].name, field, fields[i].msb, fields[i].lsb);
    }
    snprintf(label, sizeof label, "%-16s 0x%016" PRIx64, wd_registers[wd_layouts[layout].reg].name, value);
    wd_print_item(out, indent, label, indent + 37, words);
}

static const char *hint_words(unsigned hints)
{
    static const char *const words[4] = {"no-allocate", "W-allocate", "R-allocate", "RW-allocate"};

    return words[hints & 3];
}

static size_t cacheability_words(char *text, size_t size, unsigned nibble)
{
    if (nibble == 4)
        return (size_t)snprintf(text, size, "Non-cacheable");
    return (size_t)snprintf(text, size, "%s %s%s", nibble & 4 ? "Write-Back" : "Write-Through", hint_words(nibble),
                            nibble & 8 || !(nibble & 3) ? "" : " transient");
}

void wd_attribute_words(unsigned attr, char *text, size_t size)
{
    static const char *const device[4] = {"Device-nGnRnE", "Device-nGnRE", "Device-nGRE", "Device-GRE"};
    size_t used;

    if (attr >> 4 == 0) {
        snprintf(text, size, "%s%s%s", device[attr >> 2 & 3], attr & 1 ? ", XS = 0" : "",
                 attr & 2 ? " (reserved)" : "");
        return;
    }
    if (attr == 0x40) {
        snprintf(text, size, "Normal, Inner and Outer Non-cacheable, XS = 0");
    } else if (attr == 0xa0) {
        snprintf(text, size, "Normal, Inner and Outer Write-Through R-allocate, XS = 0");
    } else if (attr == 0xf0 || attr == 0xe0) {
        snprintf(text, size, "Tagged%s Normal, Inner and Outer Write-Back RW-allocate",
                 attr == 0xe0 ? " NoTagAccess" : "");
    } else if (!(attr & 0xf)) {
        snprintf(text, size, "reserved encoding");
    } else {
        used = (size_t)snprintf(text, size, "Normal, Outer ");
        used += cacheability_words(text + used, size - used, attr >> 4);
        used += (size_t)snprintf(text + used, size - used, ", Inner ");
        cacheability_words(text + used, size - used, attr & 0xf);
    }
}

static const char *const shareability[4] = {"Non-shareable", "reserved", "Outer Shareable", "Inner Shareable"};

static void print_field(FILE *out, unsigned indent, const struct wd_field *field, uint64_t value, const char *words)
{
    char label[64];
    size_t used = (size_t)snprintf(label, sizeof label, "%-8s ", field->name);

    print_value(label + used, sizeof label - used, field->name, value, field->msb, field->lsb);
    wd_print_item(out, indent, label, indent + 27, words);
}

void wd_print_par(FILE *out, unsigned indent, uint64_t par)
{
    char words[160];
    bool fault = WD_GET(par, PAR_EL1, F);
    size_t count;
    const struct wd_field *fields = wd_layout_fields(fault ? WD_LAYOUT_PAR_EL1_F : WD_LAYOUT_PAR_EL1, &count);
    struct wd_result result;

    for (size_t i = 0; i < count; i++) {
        const struct wd_field *field = &fields[i];
        uint64_t value = wd_bits(par, field->msb, field->lsb);

        if (field->role == WD_ROLE_INERT || (fault && !value && field->lsb >= WD_PAR_EL1_F_AssuredOnly_lsb))
            continue;
        snprintf(words, sizeof words, "%s%s", fault && !value ? "not a " : "", field->meaning);
        if (!fault && field->lsb == WD_PAR_EL1_ATTR_lsb) {
            wd_attribute_words((unsigned)value, words, sizeof words);
        } else if (!fault && field->lsb == WD_PAR_EL1_SH_lsb) {
            snprintf(words, sizeof words, "%s", shareability[value]);
        } else if (!fault && field->lsb == WD_PAR_EL1_PA_lsb) {
            snprintf(words, sizeof words, "output address 0x%" PRIx64, value << 12);
        } else if (fault && field->lsb == WD_PAR_EL1_F_FST_lsb) {
            wd_result_clear(&result, par);
            wd_describe_answer(&result, words, sizeof words);
        }
        print_field(out, indent, field, value, words);
    }
}

/* The fields of a descriptor that say something here. */
static void field_words(enum descriptor_layout layout, uint64_t descriptor, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof descriptor_fields / sizeof *descriptor_fields && used + 40 < size; i++) {
        const struct descriptor_field *field = &descriptor_fields[i];

        if (field->layout != layout || field->role != WD_ROLE_MODEL)
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s=", used ? " " : "", field->name);
        used += print_value(text + used, size - used, field->name, wd_bits(descriptor, field->msb, field->lsb),
                            field->msb, field->lsb);
    }
}

/* Address bits 51:48 of a descriptor, where its format has them. */
static uint64_t high_bits(const struct wd_params *params, uint64_t descriptor)
{
    if (params->granule == WD_GRANULE_64K)
        return wd_bits(descriptor, 15, 12) << 48;
    return params->ds ? (wd_bits(descriptor, 9, 8) << 2 | wd_bits(descriptor, 49, 48)) << 48 : 0;
}

void wd_descriptor_words(const struct wd_params *params, unsigned stage, int level, uint64_t descriptor, char *text,
                         size_t size)
{
    static const char *const kinds[] = {"Table descriptor, next-level table at", "Block descriptor, output address",
                                        "Page descriptor, output address"};
    unsigned page_bits = 12 + 2 * params->granule;
    unsigned leaf_bits = page_bits + (unsigned)(3 - level) * (page_bits - 3);
    bool table = wd_bit(descriptor, 1) && level < 3;
    uint64_t address = (descriptor & wd_mask(47, table ? page_bits : leaf_bits)) | high_bits(params, descriptor);
    char fields[400];

    if (!wd_bit(descriptor, 0)) {
        snprintf(text, size, "invalid: bit 0 is 0, the rest is ignored");
        return;
    }
    if (!wd_bit(descriptor, 1) && level == 3) {
        snprintf(text, size, "reserved: bits 1:0 = 01 at level 3");
        return;
    }
    if (stage == 1)
        field_words(table ? LAYOUT_S1_TABLE : LAYOUT_S1_LEAF, descriptor, fields, sizeof fields);
    else
        field_words(table ? LAYOUT_S2_TABLE : LAYOUT_S2_LEAF, descriptor, fields, sizeof fields);
    snprintf(text, size, "%s 0x%" PRIx64 ": %s", kinds[table ? 0 : level == 3 ? 2 : 1], address, fields);
}
