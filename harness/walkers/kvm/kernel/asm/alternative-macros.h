/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In front of the tree's header of this name: CPU capabilities are constants, those of a machine that has whatever
 * nested virtualisation needs or can use, and no erratum. What a guest sees of them is up to its ID registers.
 */
#ifndef WD_KVM_ALTERNATIVE_MACROS_H
#define WD_KVM_ALTERNATIVE_MACROS_H

#define alternative_has_cap_likely   wd_hidden_alternative_has_cap_likely
#define alternative_has_cap_unlikely wd_hidden_alternative_has_cap_unlikely
#include_next <asm/alternative-macros.h>
#undef alternative_has_cap_likely
#undef alternative_has_cap_unlikely

#include <asm/cpucaps.h>

#ifdef WD_ASKS_CAPABILITY
/* A subject whose cases say what the CPU can. */
bool wd_tree_has_capability(unsigned long number);
#endif

/* One test for each capability that the tree knows, so that none depends on its version. */
static __always_inline bool wd_machine_has(const unsigned long cap)
{
#define WD_HAS(name)                                                                                                   \
    if (cap == (name))                                                                                                 \
        return true;
#ifdef ARM64_ALWAYS_BOOT
    WD_HAS(ARM64_ALWAYS_BOOT)
#endif
#ifdef ARM64_ALWAYS_SYSTEM
    WD_HAS(ARM64_ALWAYS_SYSTEM)
#endif
#ifdef WD_ASKS_CAPABILITY
    return wd_tree_has_capability(cap);
#endif
#ifdef ARM64_HAS_VIRT_HOST_EXTN
    WD_HAS(ARM64_HAS_VIRT_HOST_EXTN)
#endif
#ifdef ARM64_HAS_NESTED_VIRT
    WD_HAS(ARM64_HAS_NESTED_VIRT)
#endif
#ifdef ARM64_HAS_HCR_NV1
    WD_HAS(ARM64_HAS_HCR_NV1)
#endif
#ifdef ARM64_HAS_TCR2
    WD_HAS(ARM64_HAS_TCR2)
#endif
#ifdef ARM64_HAS_S1PIE
    WD_HAS(ARM64_HAS_S1PIE)
#endif
#ifdef ARM64_HAS_S1POE
    WD_HAS(ARM64_HAS_S1POE)
#endif
#ifdef ARM64_HAS_XNX
    WD_HAS(ARM64_HAS_XNX)
#endif
#ifdef ARM64_HAS_STAGE2_FWB
    WD_HAS(ARM64_HAS_STAGE2_FWB)
#endif
#ifdef ARM64_HAS_PAN
    WD_HAS(ARM64_HAS_PAN)
#endif
#ifdef ARM64_HAS_EPAN
    WD_HAS(ARM64_HAS_EPAN)
#endif
#ifdef ARM64_HAS_CNP
    WD_HAS(ARM64_HAS_CNP)
#endif
#ifdef ARM64_HAS_VA52
    WD_HAS(ARM64_HAS_VA52)
#endif
#ifdef ARM64_HAS_LPA2
    WD_HAS(ARM64_HAS_LPA2)
#endif
#undef WD_HAS
    return false;
}

static __always_inline bool alternative_has_cap_likely(const unsigned long cap)
{
    return wd_machine_has(cap);
}

static __always_inline bool alternative_has_cap_unlikely(const unsigned long cap)
{
    return wd_machine_has(cap);
}

#endif
