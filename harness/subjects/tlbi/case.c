/* SPDX-License-Identifier: MIT */
/* Cases and answers of the kind `tlbi` in JSON, and which cases can be. docs/subjects-tlbi.md has the format. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "harness/subjects/case_io.h"
#include "harness/subjects/members.h"
#include "harness/subjects/tlbi/tlbi_kind.h"

const char *const wd_tlbi_in_names[] = {
#define WD_TLBI_IN(name) #name,
#include "walkdiff/tlbi.def"
};
const char *const wd_tlbi_host_names[] = {
#define WD_TLBI_HOST(name, text) #name,
#include "walkdiff/tlbi.def"
};
const char *const wd_tlbi_type_names[] = {"stage2", "stage1", "vncr"};
static const char *const granule_names[] = {"4K", "16K", "64K"};

/* ---------------------------------------------------------------- reading */

static bool read_level(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    return wd_subject_read_small(in, place, value, 0, 3, into);
}

static bool read_number(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    return wd_subject_read_small(in, place, value, 0, WD_TLBI_ENTRIES_MAX - 1, into);
}

static bool read_granule(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_subject_names granules = {granule_names, 3, "granule", ""};
    uint8_t number;

    if (!wd_subject_read_name(in, place, value, &granules, &number))
        return false;
    *(uint8_t *)into = (uint8_t)(12 + 2 * number);
    return true;
}

static bool read_asid(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    uint64_t number;

    if (!wd_json_read_hex(in, place, value, &number))
        return false;
    if (number >> 16)
        return wd_json_fail(in, place, "an ASID has 16 bits");
    *(uint16_t *)into = (uint16_t)number;
    return true;
}

static bool read_type(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_subject_names types = {wd_tlbi_type_names, WD_TLBI_ENTRY_TYPE_COUNT, "type", ""};

    return wd_subject_read_name(in, place, value, &types, into);
}

static bool read_instruction(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    const char *name;
    int number;

    if (!wd_json_read_string(in, place, value, &name))
        return false;
    number = wd_tlbi_by_name(name);
    if (number < 0)
        return wd_json_fail(in, place, "there is no instruction TLBI %s", name);
    *(uint8_t *)into = (uint8_t)number;
    return true;
}

static const struct wd_json_member register_table[] = {
#define WD_TLBI_IN(name) WD_JSON_MEMBER(#name, false, WD_TLBI_IN_##name * sizeof(uint64_t), wd_json_read_hex),
#include "walkdiff/tlbi.def"
};
static const struct wd_json_members register_members = WD_JSON_MEMBERS("register", register_table);

static bool read_registers(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    struct wd_tlbi_case *c = into;

    return wd_json_read_object(in, place, value, &register_members, c->regs, NULL);
}

static bool read_host(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_subject_names features = {wd_tlbi_host_names, WD_TLBI_HOST_COUNT, "", "a list of features"};
    unsigned bits;

    if (!wd_subject_read_names(in, place, value, &features, &bits))
        return false;
    *(uint8_t *)into = (uint8_t)bits;
    return true;
}

#define WD_CONTEXT_MEMBER(name, required, member, read)                                                                \
    WD_JSON_MEMBER(name, required, offsetof(struct wd_tlbi_context, member), read)
#define WD_ENTRY_MEMBER(name, required, member, read)                                                                  \
    WD_JSON_MEMBER(name, required, offsetof(struct wd_tlbi_entry, member), read)

static const struct wd_json_member context_table[] = {
    WD_CONTEXT_MEMBER("vttbr", true, vttbr, wd_json_read_hex),
    WD_CONTEXT_MEMBER("vtcr", true, vtcr, wd_json_read_hex),
    WD_CONTEXT_MEMBER("enabled", false, enabled, wd_subject_read_flag),
};
static const struct wd_json_members context_members = WD_JSON_MEMBERS("member", context_table);

static const struct wd_json_member entry_table[] = {
    WD_ENTRY_MEMBER("type", true, type, read_type),
    WD_ENTRY_MEMBER("of", false, of, read_number),
    WD_ENTRY_MEMBER("address", true, address, wd_json_read_hex),
    WD_ENTRY_MEMBER("granule", false, granule, read_granule),
    WD_ENTRY_MEMBER("level", false, level, read_level),
    WD_ENTRY_MEMBER("asid", false, asid, read_asid),
    WD_ENTRY_MEMBER("global", false, global, wd_subject_read_flag),
    WD_ENTRY_MEMBER("leaf", false, leaf, wd_json_read_hex),
    WD_ENTRY_MEMBER("leaf_level", false, leaf_level, read_level),
};
static const struct wd_json_members entry_members = WD_JSON_MEMBERS("member", entry_table);

static bool read_contexts(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_tlbi_context usual = {.enabled = 1};
    static const struct wd_subject_list list = {&context_members, &usual, sizeof(usual), WD_TLBI_CONTEXTS_MAX,
                                                "a list of contexts"};
    struct wd_tlbi_case *c = into;

    return wd_subject_read_list(in, place, value, &list, c->contexts, &c->context_count);
}

static bool read_entries(struct wd_json_input *in, const struct wd_json_place *place, yyjson_val *value, void *into)
{
    static const struct wd_tlbi_entry usual = {.granule = 12, .level = 3, .leaf_level = 3};
    static const struct wd_subject_list list = {&entry_members, &usual, sizeof(usual), WD_TLBI_ENTRIES_MAX,
                                                "a list of entries"};
    struct wd_tlbi_case *c = into;

    return wd_subject_read_list(in, place, value, &list, c->entries, &c->entry_count);
}

static const struct wd_json_member member_table[] = {
    WD_SUBJECT_COMMON_MEMBERS,
    WD_JSON_MEMBER("instruction", true, offsetof(struct wd_tlbi_case, instruction), read_instruction),
    WD_JSON_MEMBER("operand", false, offsetof(struct wd_tlbi_case, operand), wd_json_read_hex),
    WD_JSON_MEMBER("host", false, offsetof(struct wd_tlbi_case, host), read_host),
    WD_JSON_MEMBER("regs", false, 0, read_registers),
    WD_JSON_MEMBER("contexts", false, 0, read_contexts),
    WD_JSON_MEMBER("entries", false, 0, read_entries),
};

const struct wd_json_members wd_tlbi_members = WD_JSON_MEMBERS("member", member_table);

void wd_tlbi_begin(void *c)
{
    memset(c, 0, sizeof(struct wd_tlbi_case));
}

/* ---------------------------------------------------------------- which cases can be */

static unsigned physical_bits(const struct wd_tlbi_case *c)
{
    static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48};

    return sizes[c->regs[WD_TLBI_IN_ID_AA64MMFR0_EL1] & 7];
}

static unsigned granule_of(uint64_t vtcr)
{
    static const uint8_t granules[] = {12, 16, 14, 0};

    return granules[vtcr >> 14 & 3];
}

static const char *wrong_in_context(const struct wd_tlbi_case *c, unsigned i)
{
    const struct wd_tlbi_context *context = &c->contexts[i];

    if (!granule_of(context->vtcr))
        return "vtcr: TG0 is reserved";
    if (context->vttbr & 1)
        return "vttbr: CnP is not modelled";
    if ((context->vtcr ^ c->regs[WD_TLBI_IN_VTCR_EL2]) >> 19 & 1)
        return "vtcr: VS is to be that of VTCR_EL2";
    for (unsigned j = 0; j < i; j++)
        if (c->contexts[j].enabled == context->enabled && c->contexts[j].vttbr == context->vttbr &&
            c->contexts[j].vtcr == context->vtcr)
            return "is the same as one before it";
    return NULL;
}

static bool is_canonical(const struct wd_tlbi_case *c, const struct wd_tlbi_entry *entry)
{
    uint64_t tcr = c->regs[entry->type == WD_TLBI_VNCR ? WD_TLBI_IN_TCR_EL2 : WD_TLBI_IN_TCR_EL1];
    bool upper = entry->address >> 55 & 1, tagged = entry->type == WD_TLBI_STAGE1 && tcr >> (upper ? 38 : 37) & 1;
    uint64_t top = entry->address >> 47;

    return tagged ? (top & 0x1ff) == (upper ? 0x1ffU : 0U) : top == (upper ? 0x1ffffU : 0U);
}

static const char *wrong_in_stage2(const struct wd_tlbi_case *c, unsigned i)
{
    const struct wd_tlbi_entry *entry = &c->entries[i];
    unsigned size, leaf_size = wd_tlbi_size(12, entry->leaf_level);

    if (entry->of >= c->context_count)
        return "of: there is no such context";
    if (granule_of(c->contexts[entry->of].vtcr) != entry->granule)
        return "granule: it is to be that of the context's VTCR_EL2.TG0";
    size = wd_tlbi_size(entry->granule, entry->level);
    if (entry->leaf_level == 1 && physical_bits(c) == 32)
        return "leaf_level: tables for 32 bits begin at level 2";
    if (!entry->leaf_level || leaf_size > size)
        return "leaf_level: a piece is no block, or larger than the entry";
    if (entry->leaf & ((UINT64_C(1) << leaf_size) - 1) || (entry->leaf ^ entry->address) >> size)
        return "leaf: no place in the entry";
    if ((entry->address >> size) + 1 > UINT64_C(1) << (physical_bits(c) - size))
        return "address: beyond PARange";
    for (unsigned j = 0; j < i; j++) {
        const struct wd_tlbi_entry *other = &c->entries[j];
        unsigned larger = wd_tlbi_size(other->granule, other->level);

        if (other->type != WD_TLBI_STAGE2 || other->of != entry->of)
            continue;
        if (other->address == entry->address && other->level == entry->level) {
            larger = wd_tlbi_size(12, other->leaf_level);
            larger = larger > leaf_size ? larger : leaf_size;
            if ((other->leaf ^ entry->leaf) >> larger)
                continue;
            return "leaf: overlaps one before it";
        }
        larger = larger > size ? larger : size;
        if (!((other->address ^ entry->address) >> larger))
            return "address: overlaps an entry before it";
    }
    return NULL;
}

static const char *wrong_in_stage1(const struct wd_tlbi_case *c, const struct wd_tlbi_entry *entry)
{
    bool vncr = entry->type == WD_TLBI_VNCR;
    uint64_t tcr = c->regs[vncr ? WD_TLBI_IN_TCR_EL2 : WD_TLBI_IN_TCR_EL1];

    if (!is_canonical(c, entry))
        return "address: no address of 48 bits";
    if (!vncr && (entry->of >= c->entry_count || c->entries[entry->of].type != WD_TLBI_STAGE2))
        return "of: the number of a stage 2 entry is wanted";
    if (vncr && !(c->regs[WD_TLBI_IN_HCR_EL2] >> 34 & 1))
        return "type: EL2&0 needs HCR_EL2.E2H = 1";
    if (!(tcr >> 36 & 1) && entry->asid >> 8)
        return "asid: with TCR_ELx.AS = 0 it has 8 bits";
    return entry->leaf ? "leaf: a stage 1 entry has none" : NULL;
}

static const char *wrong_in_entry(const struct wd_tlbi_case *c, unsigned i)
{
    static const uint8_t least[] = {1, 2, 2}; /* levels that have blocks, without FEAT_LPA2 and FEAT_LPA */
    const struct wd_tlbi_entry *entry = &c->entries[i];
    unsigned vncr = 0;

    if (entry->level < least[(entry->granule - 12) / 2])
        return "level: the granule has no block there";
    if (entry->address & ((UINT64_C(1) << wd_tlbi_size(entry->granule, entry->level)) - 1))
        return "address: not that of the entry's first byte";
    for (unsigned j = 0; j <= i; j++)
        vncr += c->entries[j].type == WD_TLBI_VNCR;
    if (entry->type == WD_TLBI_VNCR && vncr > WD_TLBI_VNCR_MAX)
        return "type: too many vncr entries";
    return entry->type == WD_TLBI_STAGE2 ? wrong_in_stage2(c, i) : wrong_in_stage1(c, entry);
}

bool wd_tlbi_check(const void *opaque, char *why, size_t size)
{
    const struct wd_tlbi_case *c = opaque;
    const char *wrong;

    if (c->regs[WD_TLBI_IN_ID_AA64MMFR0_EL1] & ~UINT64_C(7) || c->regs[WD_TLBI_IN_ID_AA64MMFR0_EL1] > 5) {
        snprintf(why, size, "regs.ID_AA64MMFR0_EL1: PARange from 0 to 5, and nothing else, is wanted");
        return false;
    }
    if (c->regs[WD_TLBI_IN_HCR_EL2] & ~(UINT64_C(1) << 34 | UINT64_C(1) << 27 | UINT64_C(1) << 31 | UINT64_C(1))) {
        snprintf(why, size, "regs.HCR_EL2: a bit is set that is not modelled");
        return false;
    }
    if (c->regs[WD_TLBI_IN_VTTBR_EL2] & 1) {
        snprintf(why, size, "regs.VTTBR_EL2: CnP is not modelled");
        return false;
    }
    for (unsigned i = 0; i < c->context_count; i++) {
        wrong = wrong_in_context(c, i);
        if (!wrong)
            continue;
        snprintf(why, size, "contexts[%u]: %s", i, wrong);
        return false;
    }
    for (unsigned i = 0; i < c->entry_count; i++) {
        wrong = wrong_in_entry(c, i);
        if (!wrong)
            continue;
        snprintf(why, size, "entries[%u]: %s", i, wrong);
        return false;
    }
    return true;
}

/* ---------------------------------------------------------------- writing */

static void put_instruction(struct wd_json_out *out, unsigned instruction)
{
    char name[32];

    wd_tlbi_name(instruction, name);
    wd_json_put_string(out, name);
}

static void put_entry(struct wd_json_out *out, const struct wd_tlbi_entry *entry)
{
    WD_JSON_PUT(out, "{\"type\":");
    wd_json_put_string(out, wd_tlbi_type_names[entry->type]);
    if (entry->type != WD_TLBI_VNCR)
        wd_subject_put_number(out, "of", entry->of);
    wd_subject_put_hex(out, "address", entry->address);
    wd_subject_put_name(out, "granule");
    wd_json_put_string(out, granule_names[(entry->granule - 12) / 2]);
    wd_subject_put_number(out, "level", entry->level);
    if (entry->asid)
        wd_subject_put_hex(out, "asid", entry->asid);
    if (entry->global)
        wd_subject_put_number(out, "global", 1);
    if (entry->type == WD_TLBI_STAGE2) {
        wd_subject_put_hex(out, "leaf", entry->leaf);
        wd_subject_put_number(out, "leaf_level", entry->leaf_level);
    }
    WD_JSON_PUT(out, "}");
}

void wd_tlbi_write(struct wd_json_out *out, const void *opaque)
{
    const struct wd_tlbi_case *c = opaque;
    bool first = true;

    wd_subject_put_name(out, "instruction");
    put_instruction(out, c->instruction);
    wd_subject_put_hex(out, "operand", c->operand);
    if (c->host)
        wd_subject_put_names(out, "host", c->host, wd_tlbi_host_names);
    WD_JSON_PUT(out, ",\"regs\":{");
    for (unsigned i = 0; i < WD_TLBI_IN_COUNT; i++) {
        if (!c->regs[i])
            continue;
        if (!first)
            WD_JSON_PUT(out, ",");
        first = false;
        wd_json_put_string(out, wd_tlbi_in_names[i]);
        WD_JSON_PUT(out, ":");
        wd_json_put_hex(out, c->regs[i], 1);
    }
    WD_JSON_PUT(out, "},\"contexts\":[");
    for (unsigned i = 0; i < c->context_count; i++) {
        WD_JSON_PUT(out, "{\"vttbr\":");
        wd_json_put_hex(out, c->contexts[i].vttbr, 1);
        wd_subject_put_hex(out, "vtcr", c->contexts[i].vtcr);
        if (!c->contexts[i].enabled)
            wd_subject_put_number(out, "enabled", 0);
        WD_JSON_PUT(out, "}");
        if (i + 1U < c->context_count)
            WD_JSON_PUT(out, ",");
    }
    WD_JSON_PUT(out, "],\"entries\":[");
    for (unsigned i = 0; i < c->entry_count; i++) {
        put_entry(out, &c->entries[i]);
        if (i + 1U < c->entry_count)
            WD_JSON_PUT(out, ",");
    }
    WD_JSON_PUT(out, "]");
}

void wd_tlbi_write_answer(struct wd_json_out *out, const void *c, const void *opaque)
{
    static const char *const outcomes[] = {"done", "undefined", "unfinished"};
    const struct wd_tlbi_answer *answer = opaque;

    (void)c;
    WD_JSON_PUT(out, "\"outcome\":");
    wd_json_put_string(out, outcomes[answer->outcome]);
    if (answer->outcome != WD_TLBI_DONE)
        return;
    wd_subject_put_names(out, "gone", answer->gone, NULL);
    if (answer->issued)
        wd_subject_put_number(out, "issued", (int)answer->issued);
    if (answer->leaves_taken)
        wd_subject_put_number(out, "leaves_taken", (int)answer->leaves_taken);
    if (!answer->shown)
        return;
    WD_JSON_PUT(out, ",\"instructions\":[");
    for (unsigned i = 0; i < answer->shown; i++) {
        WD_JSON_PUT(out, "[");
        put_instruction(out, answer->instructions[i].instruction);
        WD_JSON_PUT(out, ",");
        wd_json_put_hex(out, answer->instructions[i].operand, 1);
        WD_JSON_PUT(out, ",");
        wd_json_put_integer(out, answer->instructions[i].context);
        WD_JSON_PUT(out, "]");
        if (i + 1U < answer->shown)
            WD_JSON_PUT(out, ",");
    }
    WD_JSON_PUT(out, "]");
}
