/* SPDX-License-Identifier: MIT */
/* Memory attributes: what descriptors say, how the stages combine, and how PAR_EL1 reports the result. */
#include "oracle/attributes.h"

static const struct wd_cacheability non_cacheable = {.kind = WD_NON_CACHEABLE};
static const struct wd_cacheability write_back_rwa = {.kind = WD_WRITE_BACK, .hints = WD_HINTS_RWA};

static bool fully_non_cacheable(const struct wd_attributes *a)
{
    return (a->inner.kind == WD_NON_CACHEABLE) & (a->outer.kind == WD_NON_CACHEABLE);
}

static bool fully_write_back(const struct wd_attributes *a)
{
    return (a->inner.kind == WD_WRITE_BACK) & (a->outer.kind == WD_WRITE_BACK);
}

/* Memory that is Outer Shareable whatever its descriptors say. EffectiveShareability. */
static bool always_outer_shareable(const struct wd_attributes *a)
{
    return a->device | fully_non_cacheable(a);
}

/* Memory of which PAR_EL1.ATTR is 0x40. */
static bool is_non_cacheable_without_xs(const struct wd_walk *w, const struct wd_attributes *a)
{
    return !a->device & fully_non_cacheable(a) & !a->xs & wd_has(w->regs, WD_FEAT_XS);
}

static void make_non_cacheable(struct wd_attributes *a)
{
    a->device = false;
    a->inner = a->outer = non_cacheable;
}

/*
 * One nibble of a MAIR byte for Normal memory: 0b0100 NC; bit 2 Write-Back, else Write-Through; bit 3 non-transient.
 * No allocated encoding has the nibble 0000; decoded by mistake, it is one that encode_nibble() makes 0000 of.
 */
static struct wd_cacheability decode_nibble(unsigned nibble)
{
    struct wd_cacheability c = {.hints = nibble & 3};

    if (nibble == 4)
        return non_cacheable;
    c.kind = nibble & 4 ? WD_WRITE_BACK : WD_WRITE_THROUGH;
    c.transient = !(nibble & 8);
    return c;
}

static unsigned encode_nibble(const struct wd_cacheability *c)
{
    if (c->kind == WD_NON_CACHEABLE)
        return 4;
    return (c->transient ? 0u : 8u) | (c->kind == WD_WRITE_BACK ? 4u : 0u) | c->hints;
}

/* Whether MAIR's description reserves an encoding. S1ConstrainUnpredictableRESMAIR. */
static bool mair_reserved(const struct wd_walk *w, unsigned attr)
{
    if (attr >> 4 == 0)
        return (attr & 3) == 1 ? !wd_has(w->regs, WD_FEAT_XS) : (attr & 3) != 0;
    if (attr & 0xf)
        return false;
    switch (attr) {
    case 0x40:
    case 0xa0:
        return !wd_has(w->regs, WD_FEAT_XS);
    case 0xf0:
        return !wd_has(w->regs, WD_FEAT_MTE2);
    default:
        return true;
    }
}

/* DecodeShareability: 01 is reserved. */
static uint8_t decode_shareability(struct wd_walk *w, unsigned stage, unsigned sh, int level)
{
    static const uint8_t options[3] = {WD_OUTER_SHAREABLE, WD_INNER_SHAREABLE, WD_NON_SHAREABLE};

    if (!wd_check(w, stage, WD_RULE_SHAREABILITY_RESERVED, level, sh == WD_SH_RESERVED) ||
        (stage == 1 && wd_mistaken(w, WD_MISTAKE_RESERVED_SHAREABILITY)))
        return (uint8_t)sh;
    return options[wd_choose(w, WD_STAGE_CHOICE(stage, SHAREABILITY))];
}

/* The SH field that counts: of the descriptor, or with DS of the control register. */
static unsigned shareability_field(struct wd_walk *w, const struct wd_format *f, uint64_t descriptor, int level)
{
    if (wd_check(w, f->stage, WD_RULE_SHAREABILITY_DS, level, f->ds))
        return f->sh;
    return (unsigned)wd_bits(descriptor, 9, 8);
}

void wd_s1_attributes(struct wd_walk *w, const struct wd_s1_params *p, uint64_t descriptor, int level,
                      struct wd_attributes *a)
{
    unsigned index = (unsigned)wd_bits(descriptor, 4, 2);
    unsigned attr = (unsigned)wd_bits(p->mair, 8 * index + 7, 8 * index);
    unsigned sh = shareability_field(w, &p->format, descriptor, level);
    bool reserved = mair_reserved(w, attr);
    bool tagged = reserved && attr == 0xf0 && wd_mistaken(w, WD_MISTAKE_RESERVED_F0_AS_TAGGED);
    bool by_halves = reserved && !tagged && attr >> 4 != 0 && wd_mistaken(w, WD_MISTAKE_RESERVED_MAIR_BY_HALVES);

    *a = (struct wd_attributes){.xs = true, .mair = (uint8_t)attr};
    if (reserved && !by_halves && !tagged) {
        wd_decide(w, 1, WD_ASPECT_ATTR, WD_RULE_MAIR_RESERVED, level);
        a->from_reserved = true;
        attr = wd_allocated_encoding(wd_choose_among(w, WD_CHOICE_S1_RESERVED_MAIR, WD_ALLOCATED_ENCODINGS, 0));
    }
    if (attr >> 4 == 0) {
        wd_decide(w, 1, WD_ASPECT_ATTR, WD_RULE_MAIR_DEVICE, level);
        a->device = true;
        a->device_type = attr >> 2 & 3;
        a->xs = !wd_check(w, 1, WD_RULE_MAIR_XS, level, attr & 1);
    } else if (attr == 0x40 && !by_halves) {
        wd_decide(w, 1, WD_ASPECT_ATTR, WD_RULE_MAIR_XS, level);
        a->inner = a->outer = non_cacheable;
        a->xs = false;
    } else if (attr == 0xa0 && !by_halves) {
        wd_decide(w, 1, WD_ASPECT_ATTR, WD_RULE_MAIR_XS, level);
        a->inner = a->outer = (struct wd_cacheability){.kind = WD_WRITE_THROUGH, .hints = WD_HINTS_RA};
        a->xs = false;
    } else if (attr == 0xf0 && !by_halves) {
        wd_decide(w, 1, WD_ASPECT_ATTR, WD_RULE_MAIR_TAGGED, level);
        a->inner = a->outer = write_back_rwa;
        a->tagged = true;
        a->xs = false;
    } else {
        wd_decide(w, 1, WD_ASPECT_ATTR, WD_RULE_MAIR_NORMAL, level);
        a->outer = decode_nibble(attr >> 4);
        a->inner = decode_nibble(attr & 0xf);
        a->xs = !fully_write_back(a);
        wd_check(w, 1, WD_RULE_MAIR_TRANSIENT, level, a->inner.transient || a->outer.transient);
    }
    if (a->from_reserved)
        w->out->aspect_rule[WD_ASPECT_ATTR] = WD_RULE_MAIR_RESERVED;
    /* A reserved SH matters to cacheable memory alone. */
    if (always_outer_shareable(a))
        a->shareability = (uint8_t)sh;
    else
        a->shareability = decode_shareability(w, 1, sh, level);
    a->tag_optional = a->shareability == WD_NON_SHAREABLE;
}

struct wd_attributes wd_s1_disabled_attributes(struct wd_walk *w, const struct wd_s1_params *p, bool stage2_follows)
{
    const struct wd_attributes mistaken = {.device = true, .xs = true, .keeps_shareability = true};

    if (!p->default_cacheable) {
        wd_decide(w, 1, WD_ASPECT_ATTR, WD_RULE_S1_OFF_DEVICE, 0);
        w->out->aspect_rule[WD_ASPECT_SH] = WD_RULE_S1_OFF_DEVICE;
        if (!stage2_follows && wd_mistaken(w, WD_MISTAKE_OFF_NON_SHAREABLE))
            return mistaken;
        return (struct wd_attributes){.device = true, .shareability = WD_OUTER_SHAREABLE, .xs = true};
    }
    wd_decide(w, 1, WD_ASPECT_ATTR, WD_RULE_S1_OFF_DEFAULT_CACHEABLE, 0);
    w->out->aspect_rule[WD_ASPECT_SH] = WD_RULE_S1_OFF_DEFAULT_CACHEABLE;
    if (!stage2_follows && wd_mistaken(w, WD_MISTAKE_DEFAULT_CACHEABLE_AS_DEVICE))
        return mistaken;
    return (struct wd_attributes){.inner = write_back_rwa,
                                  .outer = write_back_rwa,
                                  .mair = 0xff,
                                  .shareability = WD_NON_SHAREABLE,
                                  .tagged = wd_check(w, 1, WD_RULE_DEFAULT_TAGGED, 0, p->default_tagged) &&
                                            !wd_mistaken(w, WD_MISTAKE_DCT_IGNORED)};
}

void wd_s1_finish_attributes(struct wd_walk *w, const struct wd_s1_params *p, bool stage2_follows, int level,
                             struct wd_attributes *a)
{
    if (!p->cacheable && wd_check(w, 1, WD_RULE_C_DEVICE, level, a->device)) {
        /* SCTLR_ELx.C = 0 leaves Device memory as it is. */
    } else if (!p->cacheable && !wd_mistaken(w, WD_MISTAKE_C_IGNORED)) {
        wd_decide(w, 1, WD_ASPECT_ATTR, WD_RULE_C_NON_CACHEABLE, level);
        make_non_cacheable(a);
        a->from_reserved = false;
        if (!a->xs && wd_mistaken(w, WD_MISTAKE_NON_CACHEABLE_XS_LOST))
            a->xs = true;
        if (a->tagged)
            a->tagged = wd_choose(w, WD_CHOICE_TAGGED_C0);
    }
    if (stage2_follows)
        return;
    if (always_outer_shareable(a)) {
        wd_decide(w, 1, WD_ASPECT_SH, WD_RULE_SHAREABILITY_DEVICE_NC, level);
        a->keeps_shareability = wd_mistaken(w, WD_MISTAKE_SHAREABILITY_OF_DESCRIPTOR) ||
                                wd_mistaken(w, WD_MISTAKE_SHAREABILITY_OF_DESCRIPTORS);
        if (is_non_cacheable_without_xs(w, a) && wd_mistaken(w, WD_MISTAKE_NON_CACHEABLE_XS_SHAREABILITY)) {
            a->keeps_shareability = true;
            a->shareability = decode_shareability(w, 1, a->shareability, level);
        }
    } else {
        wd_decide(w, 1, WD_ASPECT_SH, WD_RULE_SHAREABILITY_S1, level);
    }
}

/* S2CombineS1Shareability: the stronger of the two. */
static uint8_t stronger_shareability(unsigned s1, unsigned s2)
{
    if (s1 == WD_OUTER_SHAREABLE || s2 == WD_OUTER_SHAREABLE)
        return WD_OUTER_SHAREABLE;
    return s1 == WD_INNER_SHAREABLE || s2 == WD_INNER_SHAREABLE ? WD_INNER_SHAREABLE : WD_NON_SHAREABLE;
}

/* S2CombineS1Device: the type with fewer freedoms has the lower number. */
static uint8_t stronger_device(unsigned s1, unsigned s2)
{
    return (uint8_t)(s1 < s2 ? s1 : s2);
}

/* S2CombineS1AttrHints: the weaker cacheability; hints are stage 1's. */
static struct wd_cacheability weaker_cacheability(struct wd_walk *w, const struct wd_cacheability *s1,
                                                  const struct wd_cacheability *s2)
{
    struct wd_cacheability c = *s1;

    if (s2->kind < c.kind)
        c.kind = s2->kind;
    if (c.transient && c.kind < s1->kind && c.kind != WD_NON_CACHEABLE &&
        wd_mistaken(w, WD_MISTAKE_TRANSIENT_AS_STAGE_1))
        c.kind = s1->kind;
    if (c.transient && c.kind < s1->kind && wd_mistaken(w, WD_MISTAKE_TRANSIENCE_LOST))
        c.transient = false;
    return c.kind == WD_NON_CACHEABLE ? non_cacheable : c;
}

/* The mistake of taking the inner half of Normal memory for a Device type: no limit where it is no encoding of one. */
static uint8_t device_type_of_half(const struct wd_cacheability *inner)
{
    unsigned nibble = encode_nibble(inner);

    return nibble & 3 ? WD_DEVICE_ENCODINGS - 1 : (uint8_t)(nibble >> 2);
}

/* S2MemTagType: memory stays Tagged only while it is Write-Back with the hints that tags have. */
static bool stays_tagged(const struct wd_attributes *a, bool stage1_tagged)
{
    const struct wd_cacheability *both[2] = {&a->inner, &a->outer};

    if (!stage1_tagged || a->device)
        return false;
    for (unsigned i = 0; i < 2; i++)
        if (both[i]->kind != WD_WRITE_BACK || both[i]->hints != WD_HINTS_RWA || both[i]->transient)
            return false;
    return true;
}

/* S2DecodeCacheability of MemAttr[1:0] or MemAttr[3:2], not 00. */
static struct wd_cacheability decode_s2_cacheability(unsigned field)
{
    static const uint8_t kinds[4] = {0, WD_NON_CACHEABLE, WD_WRITE_THROUGH, WD_WRITE_BACK};

    return (struct wd_cacheability){.kind = kinds[field]};
}

/* Whether stage 2's MemAttr is reserved: it stands for any allocated encoding, or has the effects of several. */
static bool is_reserved_memattr(const struct wd_walk *w, bool fwb, unsigned memattr)
{
    bool mte_perm = wd_has(w->regs, WD_FEAT_MTE_PERM);

    if (fwb)
        return (memattr & 7) == 4 || (mte_perm && (memattr >> 2 == 2 || memattr == 13));
    return memattr > 3 && !(memattr & 3) && !(memattr == 4 && mte_perm);
}

/* MemAttr without FWB, or the allocated encoding that a reserved one stands for. S2ResMemAttr. */
static unsigned allocated_memattr(struct wd_walk *w, unsigned memattr, int level)
{
    static const uint8_t allocated[] = {0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15};
    unsigned option;

    if (!wd_check(w, 2, WD_RULE_MEMATTR_RESERVED, level, is_reserved_memattr(w, false, memattr)))
        return memattr;
    option = wd_choose_among(w, WD_CHOICE_S2_RESERVED_MEMATTR, 3 + sizeof allocated, 0);
    return option < 3 ? memattr + 1 + option : allocated[option - 3];
}

/* S2DecodeMemAttrs of an allocated encoding: what stage 2 says by itself, FWB = 0. */
static struct wd_attributes decode_memattr(struct wd_walk *w, unsigned memattr, int level)
{
    struct wd_attributes a = {0};

    if (memattr < 4) {
        a.device = true;
        a.device_type = (uint8_t)memattr;
    } else if (wd_check(w, 2, WD_RULE_NO_TAG_ACCESS, level, memattr == 4)) {
        a.no_tag_access = true;
        a.inner = a.outer = write_back_rwa;
    } else {
        a.outer = decode_s2_cacheability(memattr >> 2);
        a.inner = decode_s2_cacheability(memattr & 3);
    }
    return a;
}

/* S2CombineS1MemAttrs, FWB = 0. @param memattr  an allocated encoding */
static void combine(struct wd_walk *w, const struct wd_s2_params *p, const struct wd_attributes *s1, unsigned memattr,
                    int level, struct wd_attributes *a)
{
    struct wd_attributes s2 = decode_memattr(w, memattr, level);

    *a = *s1;
    if (p->cd && wd_check(w, 2, WD_RULE_CD_NON_CACHEABLE, level, !s2.device))
        make_non_cacheable(&s2);
    a->from_reserved = false;
    if (s1->device && s2.device) {
        wd_decide(w, 2, WD_ASPECT_ATTR, WD_RULE_COMBINE_DEVICE, level);
        a->device_type = stronger_device(s1->device_type, s2.device_type);
    } else if (s1->device) {
        wd_decide(w, 2, WD_ASPECT_ATTR, WD_RULE_COMBINE_S1_DEVICE, level);
        if (s2.inner.kind == WD_NON_CACHEABLE && wd_mistaken(w, WD_MISTAKE_S1_DEVICE_BY_HALVES))
            a->device_type = stronger_device(s1->device_type, device_type_of_half(&s2.inner));
    } else if (s2.device) {
        wd_decide(w, 2, WD_ASPECT_ATTR, WD_RULE_COMBINE_S2_DEVICE, level);
        a->device = true;
        a->device_type = s2.device_type;
        if (wd_mistaken(w, WD_MISTAKE_S2_DEVICE_BY_HALVES))
            a->device_type = stronger_device(s2.device_type, device_type_of_half(&s1->inner));
    } else {
        wd_decide(w, 2, WD_ASPECT_ATTR, WD_RULE_COMBINE_CACHEABILITY, level);
        a->inner = weaker_cacheability(w, &s1->inner, &s2.inner);
        a->outer = weaker_cacheability(w, &s1->outer, &s2.outer);
    }
    a->tagged = stays_tagged(a, s1->tagged);
    a->no_tag_access = s2.no_tag_access && s1->tagged && !wd_mistaken(w, WD_MISTAKE_NO_TAG_ACCESS_IGNORED);
    if (!a->device && wd_check(w, 2, WD_RULE_XS_WRITE_BACK, level, fully_write_back(a)))
        a->xs = false;
}

/* Cacheability that FWB forces: Write-Back with stage 1's hints if it has any. */
static struct wd_cacheability forced_write_back(const struct wd_walk *w, const struct wd_attributes *s1,
                                                const struct wd_cacheability *domain)
{
    struct wd_cacheability c = *domain;

    if (s1->device || c.kind == WD_NON_CACHEABLE || !encode_nibble(&c))
        return write_back_rwa;
    if ((c.hints != WD_HINTS_RWA || c.transient) && wd_mistaken(w, WD_MISTAKE_FWB_HINTS))
        return write_back_rwa;
    c.kind = WD_WRITE_BACK;
    return c;
}

/*
 * MemAttr with FWB, or the allocated encoding that a reserved one stands for. MemAttr[3] is RES0 without FEAT_MTE_PERM;
 * with it 10xx and 1101 are reserved too, of which the pseudocode makes Device memory and Non-cacheable.
 */
static unsigned allocated_fwb_memattr(struct wd_walk *w, unsigned memattr, int level)
{
    static const uint8_t allocated[] = {5, 6, 7, 0, 1, 2, 3, 14, 15};
    bool mte_perm = wd_has(w->regs, WD_FEAT_MTE_PERM);
    unsigned option;

    if (!mte_perm)
        memattr &= 7;
    if (!wd_check(w, 2, WD_RULE_FWB_RESERVED, level, is_reserved_memattr(w, true, memattr)))
        return memattr;
    option = wd_choose_among(w, WD_CHOICE_S2_RESERVED_MEMATTR_FWB, mte_perm ? 9 : 7, 0);
    return option == 0 && memattr >> 2 == 2 ? memattr & 3 : allocated[option];
}

/* AArch64.S2ApplyFWBMemAttrs, FWB = 1. @param encoding  of MemAttr, an allocated one */
static void force_write_back(struct wd_walk *w, const struct wd_s2_params *p, const struct wd_attributes *s1,
                             uint64_t descriptor, unsigned encoding, int level, struct wd_attributes *a)
{
    bool kept_bit_3 = wd_bit(descriptor, 5) && wd_has(w->regs, WD_FEAT_MTE_PERM);
    bool reserved_bit = wd_bit(descriptor, 5) && !kept_bit_3;
    unsigned memattr = encoding & 7;

    *a = *s1;
    a->from_reserved = false;
    if (reserved_bit && wd_mistaken(w, WD_MISTAKE_FWB_BIT_3_AS_DEVICE)) {
        wd_decide(w, 2, WD_ASPECT_ATTR, WD_RULE_FWB_DEVICE, level);
        *a = (struct wd_attributes){.device = true, .xs = true};
        return;
    }
    if (memattr < 4 && wd_mistaken(w, WD_MISTAKE_FWB_DEVICE_NGNRNE)) {
        wd_decide(w, 2, WD_ASPECT_ATTR, WD_RULE_FWB_DEVICE, level);
        /* Two bits of MemAttr are taken where the other two are meant: of what FEAT_MTE_PERM reserves, nGRE. */
        *a = (struct wd_attributes){.device = true, .device_type = kept_bit_3 ? 2 : 0, .xs = true};
        return;
    }
    if (memattr < 4) {
        wd_decide(w, 2, WD_ASPECT_ATTR, WD_RULE_FWB_DEVICE, level);
        a->device = true;
        a->device_type = (uint8_t)memattr;
        if (s1->device && s1->device_type < memattr && !wd_mistaken(w, WD_MISTAKE_FWB_DEVICE_ALONE))
            a->device_type = s1->device_type;
        a->xs = s1->xs || (wd_has(w->regs, WD_FEAT_XS) && wd_mistaken(w, WD_MISTAKE_XS_NOT_COMBINED));
    } else if (memattr == 7) {
        wd_decide(w, 2, WD_ASPECT_ATTR, WD_RULE_FWB_AS_STAGE_1, level);
    } else if (memattr == 6) {
        wd_decide(w, 2, WD_ASPECT_ATTR, WD_RULE_FWB_WRITE_BACK, level);
        a->inner = forced_write_back(w, s1, &s1->inner);
        a->outer = forced_write_back(w, s1, &s1->outer);
        a->device = false;
        a->xs = false;
        /* What stage 1 hands on as shareability shows only where its type no longer decides. */
        if (always_outer_shareable(s1) && s1->shareability != WD_OUTER_SHAREABLE) {
            wd_apply(w, 2, WD_RULE_EFFECTIVE_SHAREABILITY, level);
            a->shareability = wd_choose(w, WD_CHOICE_S1_EFFECTIVE_SHAREABILITY)
                                  ? decode_shareability(w, 1, s1->shareability, level)
                                  : WD_OUTER_SHAREABLE;
        }
    } else {
        wd_decide(w, 2, WD_ASPECT_ATTR, WD_RULE_FWB_NON_CACHEABLE, level);
        if (!a->device)
            make_non_cacheable(a);
    }
    if (s1->from_reserved && s1->device && (memattr == 7 || memattr == 5))
        a->from_reserved = wd_mistaken(w, WD_MISTAKE_RESERVED_DEVICE_KEPT);
    a->tagged = stays_tagged(a, s1->tagged) && !(memattr == 6 && wd_mistaken(w, WD_MISTAKE_FWB_TAG_LOST));
    a->no_tag_access = a->tagged && encoding > 13 && !wd_mistaken(w, WD_MISTAKE_NO_TAG_ACCESS_IGNORED);
    if (p->cd && wd_check(w, 2, WD_RULE_CD_NON_CACHEABLE, level, !a->device) &&
        !wd_mistaken(w, WD_MISTAKE_CD_IGNORED_WITH_FWB)) {
        make_non_cacheable(a);
        a->tagged = false;
    }
}

/*
 * The mistake of knowing MAIR's encodings with XS = 0 by their halves alone: the inner one limits no Device type, and
 * is none of Normal memory.
 */
static void take_xs_by_halves(const struct wd_s2_params *p, uint64_t descriptor, struct wd_attributes *stage1)
{
    bool keeps = p->fwb && wd_bit(descriptor, 4); /* FWB: MemAttr[2] */

    if (stage1->device && keeps)
        return;
    if (stage1->device && !stage1->xs)
        stage1->device_type = WD_DEVICE_ENCODINGS - 1;
    else if (!stage1->device && !(stage1->mair & 0xf) && !stage1->xs && !stage1->tagged)
        stage1->inner = decode_nibble(0);
    stage1->xs = true;
}

/* PAR_EL1.ATTR of memory that is not Tagged. */
static uint8_t encode(const struct wd_attributes *a, bool xs)
{
    if (a->device)
        return (uint8_t)(a->device_type << 2 | !xs);
    if (!xs) {
        if (a->outer.kind == WD_WRITE_THROUGH && a->inner.kind == WD_WRITE_THROUGH && !a->outer.transient &&
            a->outer.hints == WD_HINTS_RA)
            return 0xa0;
        if (fully_non_cacheable(a))
            return 0x40;
    }
    return (uint8_t)(encode_nibble(&a->outer) << 4 | encode_nibble(&a->inner));
}

/* One half of two encodings combined: 0000 counts as Write-Back. */
static unsigned combine_halves(struct wd_walk *w, unsigned s1, unsigned s2)
{
    struct wd_cacheability stage1, stage2 = decode_nibble(s2), c;

    if (!s1)
        return s2;
    stage1 = decode_nibble(s1);
    c = weaker_cacheability(w, &stage1, &stage2);
    return encode_nibble(&c);
}

/* MAIR's encoding of what MemAttr without FWB says: 0100 is Write-Back, 1000 Non-cacheable, if they are anything. */
static unsigned encoding_of_memattr(unsigned memattr)
{
    static const uint8_t halves[4] = {0, 4, 8, 12};

    if (memattr < 4)
        return memattr << 2;
    if (memattr == 8)
        return 0x44;
    return memattr == 4 ? 0xcc : (unsigned)halves[memattr >> 2] << 4 | halves[memattr & 3];
}

/*
 * The mistake of combining what PAR_EL1.ATTR would say of each stage, as if encodings had no meaning but as two halves
 * or as a Device type: those with XS = 0 and the reserved ones have another.
 * @param field  MemAttr as the descriptor has it
 * @param memattr  an allocated encoding
 */
static void combine_encodings(struct wd_walk *w, const struct wd_s2_params *p, const struct wd_attributes *s1,
                              unsigned field, unsigned memattr, struct wd_attributes *a)
{
    bool reserved_with_fwb = p->fwb && field >> 2 == 2 && wd_has(w->regs, WD_FEAT_MTE_PERM) &&
                             wd_mistaken(w, WD_MISTAKE_FWB_RESERVED_BY_ENCODING);
    unsigned encoded, stage1 = s1->mair, stage2, with_fwb = p->fwb ? memattr & 7 : 0;
    bool non_cacheable_forced = with_fwb == 5 && !s1->device;

    if (!reserved_with_fwb && with_fwb > 4 &&
        (with_fwb == 6 || (!non_cacheable_forced && !s1->from_reserved) || (non_cacheable_forced && a->xs)))
        return;
    if (!reserved_with_fwb && !wd_mistaken(w, WD_MISTAKE_COMBINED_BY_ENCODING))
        return;
    if (!reserved_with_fwb && p->fwb && with_fwb < 4 && wd_mistaken(w, WD_MISTAKE_FWB_DEVICE_NGNRNE))
        return;

    if (!s1->from_reserved && !(s1->tagged && s1->mair == 0xf0))
        stage1 = encode(s1, s1->xs || !wd_has(w->regs, WD_FEAT_XS));
    if (reserved_with_fwb) {
        stage2 = encoding_of_memattr(field);
        encoded = stage1 < stage2 ? stage1 : stage2;
    } else if (with_fwb > 4) {
        encoded = non_cacheable_forced ? 0x44 : stage1;
    } else {
        stage2 = p->fwb ? with_fwb << 2 : encoding_of_memattr(memattr);
        if (stage1 >> 4 == 0 || stage2 >> 4 == 0)
            encoded = stage1 < stage2 ? stage1 : stage2;
        else
            encoded = combine_halves(w, stage1 >> 4, stage2 >> 4) << 4 | combine_halves(w, stage1 & 15, stage2 & 15);
    }
    a->as_encoded = true;
    a->mair = (uint8_t)encoded;
    a->device = encoded >> 4 == 0;
    if (!a->device) {
        a->outer = decode_nibble(encoded >> 4);
        a->inner = encoded & 15 ? decode_nibble(encoded & 15) : write_back_rwa;
    }
    if (p->cd && !a->device) {
        a->as_encoded = false;
        make_non_cacheable(a);
        a->xs = true;
    }
}

void wd_s2_attributes(struct wd_walk *w, const struct wd_s2_params *p, const struct wd_attributes *stage1,
                      uint64_t descriptor, int level, struct wd_attributes *a)
{
    bool with_xs = wd_has(w->regs, WD_FEAT_XS);
    unsigned field = (unsigned)wd_bits(descriptor, 5, 2), memattr;
    const struct wd_attributes *s1 = stage1;
    struct wd_attributes by_halves;
    struct wd_s2_params without_cd;
    bool not_combined = with_xs && (!s1->xs || wd_bit(descriptor, 11)) && wd_mistaken(w, WD_MISTAKE_XS_NOT_COMBINED);

    if (p->cd && (wd_mistaken(w, WD_MISTAKE_CD_IGNORED) || wd_mistaken(w, WD_MISTAKE_FWB_AND_CD_IGNORED))) {
        without_cd = *p;
        without_cd.cd = false;
        p = &without_cd;
    }
    if (not_combined) {
        by_halves = *stage1;
        take_xs_by_halves(p, descriptor, &by_halves);
        s1 = &by_halves;
    }
    memattr = p->fwb ? allocated_fwb_memattr(w, field, level) : allocated_memattr(w, field, level);
    if (p->fwb)
        force_write_back(w, p, s1, descriptor, memattr, level, a);
    else
        combine(w, p, s1, memattr, level, a);
    combine_encodings(w, p, stage1, field, memattr, a);
    if (wd_check(w, 2, WD_RULE_FNXS, level, wd_bit(descriptor, 11) && with_xs) && !not_combined)
        a->xs = false;
    if (p->cd && is_non_cacheable_without_xs(w, a) && wd_mistaken(w, WD_MISTAKE_CD_XS_LOST))
        a->xs = true;
    a->keeps_shareability = always_outer_shareable(a) && wd_mistaken(w, WD_MISTAKE_SHAREABILITY_OF_DESCRIPTORS);
    if (always_outer_shareable(a) && !a->keeps_shareability) {
        wd_decide(w, 2, WD_ASPECT_SH, WD_RULE_COMBINE_SHAREABILITY_DEVICE_NC, level);
        a->shareability = WD_OUTER_SHAREABLE;
    } else {
        unsigned sh = decode_shareability(w, 2, shareability_field(w, &p->format, descriptor, level), level);

        wd_decide(w, 2, WD_ASPECT_SH, WD_RULE_COMBINE_SHAREABILITY, level);
        a->shareability = stronger_shareability(a->shareability, sh);
        if (encode_nibble(&a->outer) == 4 && !encode_nibble(&a->inner) &&
            wd_mistaken(w, WD_MISTAKE_HALF_NON_CACHEABLE_OUTER))
            a->shareability = WD_OUTER_SHAREABLE;
    }
}

bool wd_s2_is_device(struct wd_walk *w, const struct wd_s2_params *p, uint64_t descriptor, int level)
{
    unsigned memattr = (unsigned)wd_bits(descriptor, 5, 2);
    enum wd_rule rule = p->fwb ? WD_RULE_FWB_RESERVED : WD_RULE_MEMATTR_RESERVED;
    /* Stage 1 asks for its tables as Normal memory, so with FWB too stage 2 alone decides. */
    bool device = p->fwb ? !wd_bit(memattr, 2) : memattr < 4;

    /*
     * What a reserved encoding stands for here and what for the output are two choices: it may have effects of several
     * allocated ones (K1.2.19). Where PTW = 0 nothing depends on it.
     */
    if (p->ptw && wd_check(w, 2, rule, level, is_reserved_memattr(w, p->fwb, memattr)) &&
        wd_choose(w, WD_CHOICE_S2_WALK_RESERVED_MEMATTR))
        return !device;
    return device;
}

bool wd_s2_is_write_back(const struct wd_walk *w, const struct wd_s2_params *p, uint64_t descriptor)
{
    unsigned memattr = (unsigned)wd_bits(descriptor, 5, 2);
    bool forced = (memattr & 7) >= 6;
    bool by_itself = (memattr == 15) | ((memattr == 4) & wd_has(w->regs, WD_FEAT_MTE_PERM));

    return (p->fwb ? forced : by_itself) & !p->cd;
}

/* D7.5.3.1: whether the transient hint is supported is IMPLEMENTATION DEFINED; if not, memory is non-transient. */
static void limit_transience(struct wd_walk *w, struct wd_attributes *a)
{
    bool transient = (a->inner.transient & (a->inner.kind != WD_NON_CACHEABLE)) |
                     (a->outer.transient & (a->outer.kind != WD_NON_CACHEABLE));

    if ((transient & !a->device) && wd_choose(w, WD_CHOICE_TRANSIENT_HINT))
        a->inner.transient = a->outer.transient = false;
}

/* Whether one of the stages, or both together, make Tagged memory Non-shareable. */
static bool tag_is_optional(const struct wd_attributes *a)
{
    return a->tag_optional || wd_encode_shareability(a) == WD_NON_SHAREABLE;
}

uint8_t wd_encode_attributes(struct wd_walk *w, struct wd_attributes *a)
{
    bool xs = a->xs | !wd_has(w->regs, WD_FEAT_XS);

    if (a->as_encoded)
        return a->mair;
    if (a->from_reserved && wd_choose(w, WD_CHOICE_PAR_ATTRIBUTES))
        return a->mair;
    if (a->tagged && !(tag_is_optional(a) && wd_choose(w, WD_CHOICE_TAGGED_NON_SHAREABLE)))
        return a->no_tag_access ? 0xe0 : 0xf0;
    limit_transience(w, a);
    return encode(a, xs);
}

uint8_t wd_encode_shareability(const struct wd_attributes *a)
{
    return always_outer_shareable(a) && !a->keeps_shareability ? WD_OUTER_SHAREABLE : a->shareability;
}
