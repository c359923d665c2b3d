/* SPDX-License-Identifier: MIT */
/* Stage 1 permissions: direct and hierarchical, indirect, overlays, PAN, dirty state. */
#include "oracle/format.h"
#include "oracle/stage1.h"

/* S1AccessControls of one privilege, and which rule took reading or writing away. */
struct permissions {
    bool read, write, execute, gcs;
    bool wxn;
    bool overlay; /* overlay permissions apply */
    bool denied_by_pan;
    uint16_t no_read, no_write; /* enum wd_rule */
};

/* A base permission nibble of PIR_ELx and PIRE0_ELx: Table D8-68. */
static const struct permissions indirect[16] = {
    [0x1] = {.read = true},
    [0x2] = {.execute = true},
    [0x3] = {.read = true, .execute = true},
    [0x5] = {.read = true, .write = true},
    [0x6] = {.read = true, .write = true, .execute = true, .wxn = true},
    [0x7] = {.read = true, .write = true, .execute = true},
    [0x8] = {.read = true},
    [0x9] = {.read = true, .gcs = true},
    [0xa] = {.read = true, .execute = true},
    [0xc] = {.read = true, .write = true},
    [0xe] = {.read = true, .write = true, .execute = true},
};

/* Nibbles that are reserved and treated as no access. */
static bool reserved_nibble(unsigned nibble)
{
    return nibble == 0x4 || nibble == 0xb || nibble == 0xd || nibble == 0xf;
}

static unsigned nibble_of(uint64_t reg, unsigned index)
{
    return (unsigned)wd_bits(reg, 4 * index + 3, 4 * index);
}

void wd_s1_table_permissions(struct wd_walk *w, const struct wd_s1_params *p, uint64_t descriptor, int level,
                             struct wd_hierarchical *limits)
{
    unsigned ap_table = (unsigned)wd_bits(descriptor, 62, 61);
    bool upper_xn = wd_bit(descriptor, 60), lower_xn = wd_bit(descriptor, 59);

    if (!(descriptor & wd_mask(62, 59)))
        return;
    if (!p->hierarchical_disabled && wd_mistaken(w, WD_MISTAKE_HIERARCHICAL_IGNORED))
        return;
    if (p->hierarchical_disabled) {
        wd_apply(w, 1,
                 p->pie               ? WD_RULE_HIERARCHICAL_OFF_INDIRECT
                 : p->poe || p->e0poe ? WD_RULE_HIERARCHICAL_OFF_OVERLAY
                                      : WD_RULE_HIERARCHICAL_OFF_HPD,
                 level);
        return;
    }
    if (ap_table && wd_mistaken(w, WD_MISTAKE_APTABLE_IGNORED))
        ap_table = 0;
    if (p->two_privileges) {
        wd_check(w, 1, WD_RULE_APTABLE_TWO_PRIVILEGES, level, ap_table != 0);
        wd_check(w, 1, WD_RULE_UXNTABLE, level, upper_xn);
        wd_check(w, 1, WD_RULE_PXNTABLE, level, lower_xn);
        limits->ap_table |= (uint8_t)ap_table;
        limits->uxn_table |= upper_xn;
        limits->pxn_table |= lower_xn;
    } else {
        /* APTable[0] is RES0 where there is one privilege. */
        wd_check(w, 1, WD_RULE_APTABLE_ONE_PRIVILEGE, level, wd_bit(ap_table, 1));
        wd_check(w, 1, WD_RULE_XNTABLE, level, upper_xn);
        limits->ap_table |= (uint8_t)(ap_table & 2);
        limits->pxn_table |= upper_xn;
    }
}

/* `condition ? rule : otherwise`, of which compilers make a branch. */
static uint16_t rule_where(bool condition, enum wd_rule rule, uint16_t otherwise)
{
    return (uint16_t)(otherwise ^ ((otherwise ^ rule) & -(unsigned)condition));
}

/* Removes a permission where a condition says so; without a branch that depends on it, for nobody could predict it. */
static void remove_read_where(struct wd_walk *w, struct permissions *permissions, enum wd_rule rule, bool condition)
{
    bool removed = permissions->read & condition;

    if (WD_WATCHED && removed && wd_leaves_out(w, 1, rule))
        return;
    permissions->no_read = rule_where(removed, rule, permissions->no_read);
    permissions->read &= !removed;
}

static void remove_write_where(struct wd_walk *w, struct permissions *permissions, enum wd_rule rule, bool condition)
{
    bool removed = permissions->write & condition;

    if (WD_WATCHED && removed && wd_leaves_out(w, 1, rule))
        return;
    permissions->no_write = rule_where(removed, rule, permissions->no_write);
    permissions->write &= !removed;
}

static void remove_read(struct wd_walk *w, struct permissions *permissions, enum wd_rule rule)
{
    remove_read_where(w, permissions, rule, true);
}

static void remove_write(struct wd_walk *w, struct permissions *permissions, enum wd_rule rule)
{
    remove_write_where(w, permissions, rule, true);
}

/* AP[2:1] and the XN bits of the leaf, limited by its tables. AArch64.S1DirectBasePermissions, before PAN. */
static void direct_permissions(struct wd_walk *w, const struct wd_s1_params *p, uint64_t descriptor, int level,
                               const struct wd_hierarchical *limits, struct permissions *privileged,
                               struct permissions *unprivileged)
{
    enum wd_rule table_rule = p->two_privileges ? WD_RULE_APTABLE_TWO_PRIVILEGES : WD_RULE_APTABLE_ONE_PRIVILEGE;
    bool read_only = wd_bit(descriptor, 7), no_user_access = !p->two_privileges | !wd_bit(descriptor, 6);

    if ((read_only & p->format.hd) && wd_check(w, 1, WD_RULE_S1_WRITABLE_CLEAN, level, wd_bit(descriptor, 51)))
        read_only = false;

    *privileged = (struct permissions){.read = true, .write = true, .overlay = true};
    *unprivileged = *privileged;
    remove_write_where(w, privileged, p->two_privileges ? WD_RULE_AP_READ_ONLY : WD_RULE_AP_READ_ONLY_ONE_PRIVILEGE,
                       read_only);
    remove_write_where(w, unprivileged, WD_RULE_AP_READ_ONLY, read_only);
    remove_read_where(w, unprivileged, WD_RULE_AP_NO_USER_ACCESS, no_user_access);
    remove_write_where(w, unprivileged, WD_RULE_AP_NO_USER_ACCESS, no_user_access);
    if (limits->ap_table & 2) {
        remove_write(w, privileged, table_rule);
        remove_write(w, unprivileged, table_rule);
    }
    if (limits->ap_table & 1) {
        remove_read(w, unprivileged, table_rule);
        remove_write(w, unprivileged, table_rule);
    }
    if (p->two_privileges) {
        unprivileged->execute = !wd_bit(descriptor, 54) & !limits->uxn_table;
        privileged->execute = !wd_bit(descriptor, 53) & !limits->pxn_table & !unprivileged->write;
    } else {
        privileged->execute = !wd_bit(descriptor, 54) & !limits->pxn_table;
    }
}

/* What an overlay nibble grants: bit 0 read, bit 1 execute, bit 2 write; 1xxx is reserved and grants nothing. */
static struct permissions overlay_permissions(struct wd_walk *w, unsigned nibble, int level, bool wxn)
{
    struct permissions overlay = {.no_read = WD_RULE_OVERLAY_DENIED, .no_write = WD_RULE_OVERLAY_DENIED};

    if (wd_check(w, 1, WD_RULE_OVERLAY_RESERVED, level, nibble >= 8)) {
        overlay.no_read = overlay.no_write = WD_RULE_OVERLAY_RESERVED;
        return overlay;
    }
    overlay.read = nibble & 1;
    overlay.execute = nibble & 2;
    overlay.write = nibble & 4;
    if ((overlay.execute || overlay.write) && wd_mistaken(w, WD_MISTAKE_OVERLAY_READ_ALONE))
        overlay.execute = overlay.write = false;
    if (wd_check(w, 1, WD_RULE_OVERLAY_WXN, level, wxn && overlay.execute && overlay.write))
        remove_write(w, &overlay, WD_RULE_OVERLAY_WXN);
    return overlay;
}

/* The mistake of limiting what the user may do by the user's overlay before PAN looks at it. */
static struct permissions after_overlay(struct wd_walk *w, const struct wd_s1_params *p, uint64_t descriptor, int level,
                                        const struct permissions *unprivileged)
{
    struct permissions limited = *unprivileged, overlay;

    if (!p->e0poe || !unprivileged->overlay || !wd_mistaken(w, WD_MISTAKE_PAN_AFTER_OVERLAY))
        return limited;
    overlay = overlay_permissions(w, nibble_of(p->por_el0, (unsigned)wd_bits(descriptor, 62, 60)), level,
                                  p->pie ? unprivileged->wxn : p->wxn);
    limited.read = limited.read && overlay.read;
    limited.write = limited.write && overlay.write;
    limited.execute = limited.execute && overlay.execute;
    return limited;
}

/* PSTATE.PAN with direct permissions: what the user may do, and with EPAN may execute, privileged code may not touch.
 */
static void direct_pan(struct wd_walk *w, const struct wd_s1_params *p, const struct wd_access *access,
                       uint64_t descriptor, int level, struct permissions *privileged,
                       const struct permissions *unprivileged)
{
    enum wd_rule rule = WD_RULE_PAN;

    struct permissions limited;

    if (!access->pan || !p->two_privileges)
        return;
    limited = after_overlay(w, p, descriptor, level, unprivileged);
    unprivileged = &limited;
    if (!unprivileged->read && !unprivileged->write) {
        if (!unprivileged->execute)
            return;
        rule = WD_RULE_EPAN;
        if (wd_check(w, 1, WD_RULE_EPAN_OFF, level, !p->epan) && !wd_mistaken(w, WD_MISTAKE_EPAN_ALWAYS))
            return;
    }
    if (!wd_check(w, 1, rule, level, true))
        return;
    privileged->denied_by_pan = true;
    remove_read(w, privileged, rule);
    remove_write(w, privileged, rule);
}

/* Decodes one base permission nibble. */
static struct permissions decode_base_permission(struct wd_walk *w, unsigned nibble, int level)
{
    struct permissions permissions = indirect[nibble];
    enum wd_rule rule = WD_RULE_INDIRECT_DENIED;

    if (wd_check(w, 1, WD_RULE_INDIRECT_RESERVED, level, reserved_nibble(nibble)))
        rule = WD_RULE_INDIRECT_RESERVED;
    permissions.overlay = nibble < 8;
    permissions.no_read = permissions.no_write = (uint16_t)rule;
    return permissions;
}

static void remove_all(struct wd_walk *w, struct permissions *permissions, enum wd_rule rule)
{
    remove_read(w, permissions, rule);
    remove_write(w, permissions, rule);
    permissions->execute = permissions->gcs = false;
}

/* Whether PSTATE.PAN takes privileged access away: the user's nibble is not 0000, or what a mistake makes of that. */
static bool indirect_pan_applies(struct wd_walk *w, const struct wd_s1_params *p, uint64_t descriptor, int level,
                                 unsigned user_nibble, const struct permissions *unprivileged)
{
    struct permissions limited;

    if (!user_nibble || !wd_mistaken(w, WD_MISTAKE_INDIRECT_PAN_BY_PERMISSIONS))
        return user_nibble != 0;
    limited = after_overlay(w, p, descriptor, level, unprivileged);
    return limited.read || limited.write || (limited.execute && wd_has(w->regs, WD_FEAT_PAN3));
}

/* AArch64.S1IndirectBasePermissions. */
static void indirect_permissions(struct wd_walk *w, const struct wd_s1_params *p, const struct wd_access *access,
                                 uint64_t descriptor, int level, struct permissions *privileged,
                                 struct permissions *unprivileged)
{
    unsigned index =
        (unsigned)(wd_bits(descriptor, 54, 53) << 2 | wd_bits(descriptor, 51, 51) << 1 | wd_bit(descriptor, 6));
    unsigned user_nibble = nibble_of(p->pire0, index);

    wd_apply(w, 1, WD_RULE_INDIRECT_INDEX, level);
    *privileged = decode_base_permission(w, nibble_of(p->pir, index), level);
    *unprivileged = (struct permissions){0};
    if (!p->two_privileges)
        return;

    *unprivileged = decode_base_permission(w, user_nibble, level);
    if (wd_check(w, 1, WD_RULE_INDIRECT_EXECUTE_AND_USER_WRITE, level,
                 (privileged->execute || privileged->gcs) && (unprivileged->write || unprivileged->gcs)) &&
        ((privileged->execute && unprivileged->write) || !wd_mistaken(w, WD_MISTAKE_GCS_NOT_COUNTED))) {
        remove_all(w, privileged, WD_RULE_INDIRECT_EXECUTE_AND_USER_WRITE);
        remove_all(w, unprivileged, WD_RULE_INDIRECT_EXECUTE_AND_USER_WRITE);
    }
    if (wd_check(w, 1, WD_RULE_INDIRECT_PAN, level,
                 access->pan && indirect_pan_applies(w, p, descriptor, level, user_nibble, unprivileged))) {
        bool removes = privileged->read || privileged->write;

        if (!removes || !reserved_nibble(user_nibble) || !wd_choose(w, WD_CHOICE_PAN_RESERVED_PERMISSION)) {
            privileged->denied_by_pan = true;
            remove_read(w, privileged, WD_RULE_INDIRECT_PAN);
            remove_write(w, privileged, WD_RULE_INDIRECT_PAN);
        }
    }
}

/* Raises a Permission fault if `granted` lacks what the access needs; reading is looked at first. */
static bool granted(struct wd_walk *w, const struct permissions *permissions, const struct wd_access *access, int level,
                    struct wd_fault *fault)
{
    bool no_read = access->read & !permissions->read, no_write = access->write & !permissions->write;
    enum wd_rule rule = no_read ? permissions->no_read : permissions->no_write;

    if (!(no_read | no_write))
        return true;
    wd_apply(w, 1, rule, level);
    return wd_raise(fault, WD_FAULT_PERMISSION, level, rule);
}

/* Whether PAN takes a privileged access away, alone or beside other things: for a mistake about its fault. */
static bool pan_denies(const struct wd_access *access, const struct permissions *privileged)
{
    return access->pan && !access->unprivileged && privileged->denied_by_pan;
}

bool wd_s1_check_permissions(struct wd_walk *w, const struct wd_s1_params *p, const struct wd_access *access,
                             uint64_t descriptor, int level, const struct wd_hierarchical *limits,
                             struct wd_fault *fault)
{
    struct permissions privileged, unprivileged;
    struct permissions *base = access->unprivileged ? &unprivileged : &privileged;
    bool overlay_enabled = access->unprivileged ? p->e0poe : p->poe;

    if (wd_check(w, 1, WD_RULE_NO_PERMISSION_CHECK, level, !(access->read | access->write)))
        return true;
    if (p->pie) {
        indirect_permissions(w, p, access, descriptor, level, &privileged, &unprivileged);
    } else {
        direct_permissions(w, p, descriptor, level, limits, &privileged, &unprivileged);
        direct_pan(w, p, access, descriptor, level, &privileged, &unprivileged);
        base->wxn = p->wxn & base->write & base->execute;
    }
    if (overlay_enabled && !wd_check(w, 1, WD_RULE_OVERLAY_NOT_APPLIED, level, !base->overlay)) {
        unsigned nibble = nibble_of(access->unprivileged ? p->por_el0 : p->por, (unsigned)wd_bits(descriptor, 62, 60));
        struct permissions overlay = overlay_permissions(w, nibble, level, base->wxn);

        wd_apply(w, 1, access->unprivileged ? WD_RULE_OVERLAY_UNPRIVILEGED : WD_RULE_OVERLAY_PRIVILEGED, level);
        if (!granted(w, &overlay, access, level, fault)) {
            fault->overlay = !wd_mistaken(w, WD_MISTAKE_OVERLAY_NOT_REPORTED);
            return false;
        }
    }
    if (!granted(w, base, access, level, fault)) {
        if (level < WD_FINAL_LEVEL && pan_denies(access, &privileged) &&
            wd_mistaken(w, WD_MISTAKE_PAN_FAULT_AT_LEVEL_3))
            fault->level = WD_FINAL_LEVEL;
        return false;
    }
    if (wd_check(w, 1, WD_RULE_DIRTY_STATE, level, access->write & p->pie & !p->format.hd & wd_bit(descriptor, 7))) {
        fault->dirty_bit = true;
        return wd_raise(fault, WD_FAULT_PERMISSION, level, WD_RULE_DIRTY_STATE);
    }
    wd_apply(w, 1, WD_RULE_PERMITTED, level);
    return true;
}
