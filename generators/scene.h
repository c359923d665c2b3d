/* SPDX-License-Identifier: MIT */
/* A random case in the making: what is translated by which instruction, and what shall be wrong with it. */
#ifndef GENERATORS_SCENE_H
#define GENERATORS_SCENE_H

#include "generators/draft.h"

/** Places where a random case can go wrong on purpose. Each case draws a set of them, many the empty one. */
enum wd_trouble {
    WD_TROUBLE_ADDRESS,    /**< the VA */
    WD_TROUBLE_S1_CONTROL, /**< TCR */
    WD_TROUBLE_S1_BASE,    /**< TTBR */
    WD_TROUBLE_S1_WALK,    /**< a descriptor on the way */
    WD_TROUBLE_S1_LEAF,    /**< permissions and Access flag */
    WD_TROUBLE_S2_CONTROL, /**< VTCR */
    WD_TROUBLE_S2_BASE,    /**< VTTBR */
    WD_TROUBLE_S2_TABLE,   /**< stage 2 of a stage 1 table */
    WD_TROUBLE_S2_WALK,    /**< stage 2 of the output: a descriptor on the way */
    WD_TROUBLE_S2_LEAF,    /**< stage 2 of the output: permissions and Access flag */
    WD_TROUBLE_COUNT,
};

struct wd_scene {
    struct wd_draft draft; /**< first: wd_table_mapping() is given its address */
    uint16_t trouble;      /**< bit set of enum wd_trouble */
    uint8_t regime;        /**< enum wd_regime */
    bool unprivileged, write, checks_pan;
    bool both_stages; /**< stage 2 of the output is asked for */
    bool stage1_on, stage2_on;
    bool upper;             /**< VA bit 55, where the regime has two ranges */
    bool indirect, overlay; /**< PIE, and POE or E0POE, take effect */
    bool obeys_features;    /**< control bits whose feature is absent are 0 */
};

static inline bool wd_has_trouble(const struct wd_scene *scene, enum wd_trouble trouble)
{
    return scene->trouble >> trouble & 1;
}

/** Chooses the instruction and the bits of HCR_EL2 that say what it translates. */
void wd_scene_choose_operation(struct wd_scene *scene);

/** Draws all control registers but HCR_EL2; the shapes of both stages follow. */
void wd_scene_draw_control(struct wd_scene *scene);

/** Draws memory attributes and permission registers. */
void wd_scene_draw_attributes(struct wd_scene *scene);

/** Draws RAM, and the places of tables in it and in the IPA space. */
void wd_scene_draw_memory(struct wd_scene *scene);

/** Draws the bases of both stages' tables, and the TTBRs and VTTBR. */
void wd_scene_draw_bases(struct wd_scene *scene);

/** Draws the VA. */
void wd_scene_draw_address(struct wd_scene *scene);

/** Writes the tables. */
void wd_scene_draw_tables(struct wd_scene *scene);

#endif
