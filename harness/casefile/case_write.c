/* SPDX-License-Identifier: MIT */
/* Writes cases: docs/format.md "A case". */
#include "harness/casefile/case_parts.h"

static void put_registers(struct wd_json_out *out, const uint64_t regs[WD_REGISTER_COUNT])
{
    const char *separator = "";

    WD_JSON_PUT(out, "{");
    for (unsigned i = 0; i < WD_REGISTER_COUNT; i++) {
        if (regs[i] == (i == WD_HCR_EL2 ? WD_HCR_EL2_DEFAULT : 0))
            continue;
        wd_json_put(out, separator, separator[0] != '\0');
        wd_json_put_string(out, wd_registers[i].name);
        WD_JSON_PUT(out, ":");
        wd_json_put_hex(out, regs[i], 1);
        separator = ",";
    }
    WD_JSON_PUT(out, "}");
}

static void put_ram(struct wd_json_out *out, const struct wd_ram *ram, size_t count)
{
    WD_JSON_PUT(out, "[");
    for (size_t i = 0; i < count; i++) {
        if (i)
            WD_JSON_PUT(out, ",");
        WD_JSON_PUT(out, "[");
        wd_json_put_hex(out, ram[i].base, 1);
        WD_JSON_PUT(out, ",");
        wd_json_put_hex(out, ram[i].size, 1);
        if (ram[i].read_only)
            WD_JSON_PUT(out, ",\"ro\"");
        WD_JSON_PUT(out, "]");
    }
    WD_JSON_PUT(out, "]");
}

static void put_inputs(struct wd_json_out *out, const struct wd_case *c)
{
    WD_JSON_PUT(out, "\"op\":");
    wd_json_put_string(out, wd_operation_names[c->op]);
    WD_JSON_PUT(out, ",\"el\":");
    wd_json_put_integer(out, c->el);
    WD_JSON_PUT(out, ",\"pan\":");
    wd_json_put_integer(out, c->pan);
    WD_JSON_PUT(out, ",\"va\":");
    wd_json_put_hex(out, c->va, 16);
    WD_JSON_PUT(out, ",\"regs\":");
    put_registers(out, c->regs);
    WD_JSON_PUT(out, ",\"ram\":");
    put_ram(out, c->ram, c->ram_count);
    WD_JSON_PUT(out, ",\"mem\":");
    wd_json_put_words(out, c->mem, c->mem_count);
    if (c->ipa_bits) {
        WD_JSON_PUT(out, ",\"host\":{\"ipa_bits\":");
        wd_json_put_integer(out, c->ipa_bits);
        WD_JSON_PUT(out, "}");
    }
}

static void put_case(struct wd_json_out *out, const struct wd_case *c, const struct wd_case_extra *extra)
{
    static const struct wd_case_extra nothing;

    extra = extra ? extra : &nothing;
    WD_JSON_PUT(out, "{");
    if (extra->id && extra->id[0]) {
        WD_JSON_PUT(out, "\"id\":");
        wd_json_put_string(out, extra->id);
        WD_JSON_PUT(out, ",");
    }
    put_inputs(out, c);
    if (extra->expect) {
        WD_JSON_PUT(out, ",\"expect\":{");
        wd_json_put_result(out, extra->expect);
        WD_JSON_PUT(out, "}");
    }
    if (extra->note && extra->note[0]) {
        WD_JSON_PUT(out, ",\"note\":");
        wd_json_put_string(out, extra->note);
    }
    WD_JSON_PUT(out, "}");
}

int wd_case_write(FILE *stream, const struct wd_case *c, const struct wd_case_extra *extra)
{
    char buffer[4096];
    struct wd_json_out out = wd_json_to_stream(stream, buffer, sizeof(buffer));

    put_case(&out, c, extra);
    WD_JSON_PUT(&out, "\n");
    return wd_json_end_stream(&out);
}

size_t wd_case_to_json(const struct wd_case *c, const struct wd_case_extra *extra, char *buffer, size_t size)
{
    struct wd_json_out out = wd_json_to_buffer(buffer, size);

    put_case(&out, c, extra);
    return wd_json_end_buffer(&out);
}
