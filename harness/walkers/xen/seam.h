/* SPDX-License-Identifier: GPL-2.0-only */
/* Between Xen's code and walkdiff's, which cannot include each other's headers: plain C types alone. */
#ifndef WALKDIFF_XEN_SEAM_H
#define WALKDIFF_XEN_SEAM_H

/** The registers that Xen's walker reads. */
struct wd_xen_registers {
    unsigned long long SCTLR_EL1, TCR_EL1, TTBR0_EL1, TTBR1_EL1;
};

/**
 * guest_walk_tables(): translates an address of a 64-bit guest.
 * @param ipa  receives the output address
 * @param writable  receives whether privileged code may write there
 * @return 0 if the walk failed; Xen does not tell why
 */
int wd_xen_walk(const struct wd_xen_registers *registers, unsigned long long va, unsigned long long *ipa,
                int *writable);

/** Reads guest memory. @return 0 if there is none */
int wd_xen_read(unsigned long long ipa, void *buffer, unsigned size);

#endif
