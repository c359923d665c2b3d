/* SPDX-License-Identifier: MIT */
/* Tables at random: how deep they lead, what their descriptors say, and what is wrong with them. */
#include "generators/scene.h"

/* Nibbles of PIR_ELx and PIRE0_ELx that permit reading and writing, one that permits neither; one of POR_ELx. */
static const uint8_t nibbles_open[] = {0x5, 0x7, 0x6, 0xc, 0xe};
enum { NIBBLE_EXECUTE_ONLY = 0x2, OVERLAY_ALL = 0x7 };

static uint64_t with_nibble(uint64_t reg, unsigned index, unsigned nibble)
{
    return wd_with_bits(reg, 4 * index + 3, 4 * index, nibble);
}

/* A byte of MAIR: half any byte at all, half one that real systems use or that is nearly one. */
static uint64_t draw_mair(struct wd_random *random)
{
    static const uint8_t usual[32] = {0x00, 0x04, 0x08, 0x0c, 0x44, 0xff, 0xf0, 0xff, 0xf0, 0xf4, 0xbb,
                                      0xee, 0x00, 0x04, 0xff, 0xdd, 0x77, 0x44, 0x40, 0xa0, 0x01, 0x05,
                                      0x09, 0x0d, 0x02, 0x50, 0xaa, 0x4f, 0xcc, 0xf0, 0xff, 0x99};
    uint64_t any = wd_random_bits(random), pick = wd_random_bits(random), usual_bytes = 0, mask;

    for (unsigned lsb = 0; lsb < 64; lsb += 8)
        usual_bytes |= (uint64_t)usual[wd_bits(pick, lsb + 4, lsb)] << lsb;
    mask = (pick >> 7 & UINT64_C(0x0101010101010101)) * 0xff;
    return (usual_bytes & mask) | (any & ~mask);
}

void wd_scene_draw_attributes(struct wd_scene *scene)
{
    struct wd_draft *draft = &scene->draft;
    struct wd_random *random = &draft->random;
    bool el1 = scene->regime == WD_REGIME_EL10;

    *wd_draft_register(draft, el1 ? WD_MAIR_EL1 : WD_MAIR_EL2) = draw_mair(random);
    if (wd_draft_has(draft, WD_FEAT_S1PIE) || !scene->obeys_features) {
        *wd_draft_register(draft, el1 ? WD_PIR_EL1 : WD_PIR_EL2) = wd_random_bits(random);
        *wd_draft_register(draft, el1 ? WD_PIRE0_EL1 : WD_PIRE0_EL2) = wd_random_bits(random);
    }
    if (wd_draft_has(draft, WD_FEAT_S1POE) || !scene->obeys_features) {
        *wd_draft_register(draft, el1 ? WD_POR_EL1 : WD_POR_EL2) = wd_random_bits(random);
        *wd_draft_register(draft, WD_POR_EL0) = wd_random_bits(random);
    }
}

/* The level of a leaf: the last one in half of the cases, else any that has blocks; with trouble any at all. */
static int draw_leaf_level(uint64_t *dice, const struct wd_stage *stage, bool trouble)
{
    int with_blocks = wd_lowest_block_level(stage);
    int lowest = (trouble | (with_blocks < stage->start_level)) ? stage->start_level : with_blocks;
    bool last = *dice & 1;

    *dice >>= 1;
    return WD_FINAL_LEVEL - (int)(wd_dice_below(dice, (unsigned)(WD_FINAL_LEVEL - lowest + 1)) & (last - 1u));
}

/* A flaw in one of the descriptors of a path. */
static void draw_flaw(struct wd_random *random, const struct wd_stage *stage, struct wd_path *path)
{
    static const uint8_t percent[] = {
        [WD_FLAW_NONE] = 10,         [WD_FLAW_INVALID] = 20,    [WD_FLAW_ZERO] = 8,          [WD_FLAW_BLOCK_TYPE] = 17,
        [WD_FLAW_ADDRESS_SIZE] = 20, [WD_FLAW_UNREADABLE] = 10, [WD_FLAW_RESERVED_BITS] = 15};

    uint64_t dice = wd_random_bits(random);
    unsigned further_levels = (unsigned)(path->leaf_level - stage->start_level);

    path->flaw = (uint8_t)wd_dice_index(&dice, percent, sizeof(percent));
    path->flaw_level = stage->start_level;
    if (wd_dice_chance(&dice, 70))
        path->flaw_level = (int8_t)(path->flaw_level + (int)wd_dice_below(&dice, further_levels + 1));
}

/* An output address below 2^bits: anywhere, at its ends, or in RAM. */
static uint64_t draw_output(struct wd_draft *draft, uint64_t *dice, unsigned bits)
{
    static const uint8_t places[] = {70, 5, 10, 15};
    const struct wd_pool *ram = &draft->ram[0];
    uint64_t last = wd_low(UINT64_MAX, bits);
    const uint64_t free[] = {last, wd_mask(19, 0), wd_mask(15, 0), ram->size - 1}, base[] = {0, 0, 0, ram->base};
    const uint64_t flipped[] = {0, 0, last, 0};
    unsigned place = wd_dice_index(dice, places, sizeof(places));

    return ((base[place] + (wd_random_bits(&draft->random) & free[place])) & last) ^ flipped[place];
}

/* Gives the output of a contiguous entry the bits of its place in the set, as software must. */
static void align_contiguous(const struct wd_stage *stage, uint64_t input, struct wd_path *path)
{
    unsigned lsb = wd_translation_bits(stage->granule, path->leaf_level);
    unsigned bits = wd_contiguous_bits(stage, path->leaf_level);

    if (bits && lsb + bits <= 52)
        path->output = wd_with_bits(path->output, lsb + bits - 1, lsb, input >> lsb);
}

/* Lets direct permissions grant the access. */
static uint64_t grant_direct(const struct wd_scene *scene, uint64_t leaf)
{
    bool needs_write = scene->write & !scene->indirect; /* otherwise AP[2] is nDirty */
    uint64_t set = scene->unprivileged, clear = (uint64_t)scene->checks_pan | (uint64_t)needs_write << 1;

    return (leaf | set << WD_S1_LEAF_AP_lsb) & ~(clear << WD_S1_LEAF_AP_lsb);
}

/* Lets indirect permissions and overlays grant the access: the nibbles that the leaf selects. */
static void grant_indirect(struct wd_scene *scene, uint64_t leaf)
{
    struct wd_draft *draft = &scene->draft;
    bool el1 = scene->regime == WD_REGIME_EL10;
    uint64_t *pir = wd_draft_register(draft, el1 ? WD_PIR_EL1 : WD_PIR_EL2);
    uint64_t *pire0 = wd_draft_register(draft, el1 ? WD_PIRE0_EL1 : WD_PIRE0_EL2);
    uint64_t *por = wd_draft_register(draft, scene->unprivileged ? WD_POR_EL0 : el1 ? WD_POR_EL1 : WD_POR_EL2);
    unsigned index = (unsigned)(WD_GET(leaf, S1_LEAF, UXN) << 3 | WD_GET(leaf, S1_LEAF, PXN) << 2 |
                                WD_GET(leaf, S1_LEAF, DBM) << 1 | wd_bit(leaf, WD_S1_LEAF_AP_lsb));
    unsigned open = nibbles_open[wd_random_below(&draft->random, sizeof(nibbles_open))];

    if (scene->indirect) {
        *(scene->unprivileged ? pire0 : pir) = with_nibble(*(scene->unprivileged ? pire0 : pir), index, open);
        if (scene->checks_pan)
            *pire0 = with_nibble(*pire0, index, wd_random_chance(&draft->random, 30) ? NIBBLE_EXECUTE_ONLY : 0);
    }
    if (scene->overlay)
        *por = with_nibble(*por, (unsigned)WD_GET(leaf, S1_LEAF, POIndex), OVERLAY_ALL);
}

/* All bits, or with trouble none: whether there is some, nobody could predict. */
static uint64_t all_unless_trouble(const struct wd_scene *scene, enum wd_trouble trouble)
{
    return (uint64_t)wd_has_trouble(scene, trouble) - 1;
}

/* The way to the VA's output address. */
static void draw_stage1_path(struct wd_scene *scene, struct wd_path *path)
{
    struct wd_draft *draft = &scene->draft;
    struct wd_random *random = &draft->random;
    const struct wd_stage *stage = &draft->stage1;
    bool walk_trouble = wd_has_trouble(scene, WD_TROUBLE_S1_WALK);
    unsigned bits = stage->output_bits;
    uint64_t dice = wd_random_bits(random);
    bool beyond_stage2 = wd_dice_chance(&dice, 5), any_level = wd_dice_chance(&dice, 30);
    bool aligned = wd_dice_chance(&dice, 70), accessed = !wd_dice_chance(&dice, 30);
    uint64_t granted;

    if (scene->both_stages && bits > draft->stage2.input_bits && !beyond_stage2)
        bits = draft->stage2.input_bits;
    *path = (struct wd_path){.random_tables = true, .output = draw_output(draft, &dice, bits)};
    path->leaf_level = (int8_t)draw_leaf_level(&dice, stage, walk_trouble & any_level);
    path->leaf = wd_random_descriptor(random, WD_LAYOUT_S1_LEAF);
    if (walk_trouble) {
        draw_flaw(random, stage, path);
        if (path->flaw == WD_FLAW_ADDRESS_SIZE && !accessed) /* which of two faults is reported? */
            path->leaf = WD_WITH(path->leaf, S1_LEAF, AF, 0);
    }
    if (WD_GET(path->leaf, S1_LEAF, Contiguous) & aligned)
        align_contiguous(stage, draft->buffer->c.va, path);
    granted = grant_direct(scene, path->leaf);
    path->leaf ^= (path->leaf ^ granted) & all_unless_trouble(scene, WD_TROUBLE_S1_LEAF);
    if ((scene->indirect || scene->overlay) && !wd_has_trouble(scene, WD_TROUBLE_S1_LEAF))
        grant_indirect(scene, path->leaf);
}

/* Stage 2 attributes that let a stage 1 walk and its updates through. */
static uint64_t draw_table_leaf(uint64_t *dice, uint64_t leaf)
{
    /* Otherwise read-only, or clean. */
    uint64_t writable = !wd_dice_chance(dice, WD_GET(leaf, S2_LEAF, DBM) ? 45 : 15);
    uint64_t accessed = !wd_dice_chance(dice, 10), normal = !wd_dice_chance(dice, 10);

    leaf = WD_WITH(leaf, S2_LEAF, S2AP, writable << 1 | 1);
    leaf |= accessed << WD_S2_LEAF_AF_lsb;
    return leaf | 6 * normal << WD_S2_LEAF_MemAttr_lsb; /* Normal memory, with FWB and without */
}

/* Stage 2 of a stage 1 table: somewhere in RAM. */
static void map_table(struct wd_draft *draft, uint64_t ipa, struct wd_path *path)
{
    struct wd_scene *scene = (struct wd_scene *)draft;
    struct wd_random *random = &draft->random;
    const struct wd_stage *stage = &draft->stage2;
    uint64_t dice = wd_random_bits(random), leaf = wd_random_descriptor(random, WD_LAYOUT_S2_LEAF);
    int level = draw_leaf_level(&dice, stage, false);

    if (UINT64_C(1) << wd_translation_bits(stage->granule, level) > draft->ram[0].size)
        level = WD_FINAL_LEVEL;
    *path = (struct wd_path){.random_tables = true, .leaf_level = (int8_t)level, .leaf = draw_table_leaf(&dice, leaf)};
    path->output = wd_draft_take_ram(draft, wd_translation_bits(stage->granule, level));
    if (wd_has_trouble(scene, WD_TROUBLE_S2_TABLE) && wd_dice_chance(&dice, 50)) {
        if (wd_dice_chance(&dice, 50))
            draw_flaw(random, stage, path);
        else
            path->leaf = leaf;
    }
    if (WD_GET(path->leaf, S2_LEAF, Contiguous))
        align_contiguous(stage, ipa, path);
}

/*
 * MemAttr of stage 2 with effects that are rare otherwise. Without FWB: NoTagAccess, which is reserved where
 * FEAT_MTE_PERM is absent, or Write-Back. With FWB: reserved, Write-Back forced, or as stage 1 has it.
 */
static unsigned draw_special_memattr(struct wd_scene *scene, uint64_t *dice)
{
    static const uint8_t special[2][8] = {{4, 4, 4, 4, 4, 4, 15, 15}, {4, 6, 6, 6, 6, 14, 7, 7}};
    unsigned fwb = (unsigned)WD_DRAFT_GET(&scene->draft, HCR_EL2, FWB);

    return special[fwb][wd_dice_below(dice, 8)];
}

/* Stage 2 of the address that stage 1 gives. */
static void draw_stage2_path(struct wd_scene *scene, uint64_t ipa, struct wd_path *path)
{
    struct wd_draft *draft = &scene->draft;
    struct wd_random *random = &draft->random;
    const struct wd_stage *stage = &draft->stage2;
    bool walk_trouble = wd_has_trouble(scene, WD_TROUBLE_S2_WALK);
    uint64_t dice = wd_random_bits(random), special, permitted;
    bool any_level = wd_dice_chance(&dice, 30), aligned = wd_dice_chance(&dice, 70);

    *path = (struct wd_path){.random_tables = true, .output = draw_output(draft, &dice, stage->output_bits)};
    path->leaf_level = (int8_t)draw_leaf_level(&dice, stage, walk_trouble & any_level);
    if (walk_trouble)
        draw_flaw(random, stage, path);
    path->leaf = wd_random_descriptor(random, WD_LAYOUT_S2_LEAF);
    if (WD_GET(path->leaf, S2_LEAF, Contiguous) & aligned)
        align_contiguous(stage, ipa, path);
    special = WD_WITH(path->leaf, S2_LEAF, MemAttr, draw_special_memattr(scene, &dice));
    path->leaf = dice & 1 ? path->leaf : special;
    permitted = (UINT64_C(1) << scene->write) << WD_S2_LEAF_S2AP_lsb;
    path->leaf |= permitted & all_unless_trouble(scene, WD_TROUBLE_S2_LEAF);
}

void wd_scene_draw_tables(struct wd_scene *scene)
{
    struct wd_draft *draft = &scene->draft;
    uint64_t va = draft->buffer->c.va, ipa, pa;
    struct wd_path path;

    draft->map_table = map_table;
    if (scene->stage1_on) {
        draw_stage1_path(scene, &path);
        if (!wd_draft_map(draft, &draft->stage1, va, &path, &ipa))
            return;
    } else {
        ipa = wd_low(va, draft->implementation->pa_max);
    }
    if (scene->both_stages) {
        draw_stage2_path(scene, ipa, &path);
        wd_draft_map(draft, &draft->stage2, ipa, &path, &pa);
    }
}
