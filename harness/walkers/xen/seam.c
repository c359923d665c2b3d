/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Xen's side of the walker: Xen's own arch/arm/guest_walk.c, unmodified, compiled against the tree's own headers. What
 * it needs of the hypervisor is replaced here: the system registers of the guest, the running vCPU, and the guest's
 * memory. Compiled with Xen's flags and headers (see `build`); nothing of walkdiff's is included but seam.h.
 */
#include <xen/domain_page.h>
#include <xen/guest_access.h>
#include <xen/sched.h>

#include <asm/guest_walk.h>
#include <asm/short-desc.h>

#include "seam.h"

_Static_assert(sizeof(paddr_t) == 8 && sizeof(vaddr_t) == 8 && sizeof(register_t) == 8 && sizeof(lpae_t) == 8,
               "the tree is configured for arm64");

static struct wd_xen_registers guest_registers;
static struct domain guest = {.arch.type = DOMAIN_64BIT};
static struct vcpu running = {.domain = &guest};

#undef READ_SYSREG
#undef READ_SYSREG64
#define READ_SYSREG(name)   (guest_registers.name)
#define READ_SYSREG64(name) (guest_registers.name)
#undef current
#define current (&running)

int access_guest_memory_by_ipa(struct domain *d, paddr_t gpa, void *buf, uint32_t size, bool is_write)
{
    return !is_write && wd_xen_read(gpa, buf, size) ? 0 : -EINVAL;
}

#include "arch/arm/guest_walk.c"

int wd_xen_walk(const struct wd_xen_registers *registers, unsigned long long va, unsigned long long *ipa, int *writable)
{
    unsigned int permissions = 0;
    paddr_t address = 0;
    bool found;

    guest_registers = *registers;
    found = guest_walk_tables(&running, va, &address, &permissions);
    *ipa = address;
    *writable = (permissions & GV2M_WRITE) != 0;
    return found;
}
