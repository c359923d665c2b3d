/* SPDX-License-Identifier: GPL-2.0-only */
/* In front of the tree's header of this name, which asks a register: there is one CPU, and its variables are the
 * originals. */
#ifndef WD_KVM_PERCPU_H
#define WD_KVM_PERCPU_H

#include_next <asm/percpu.h>

#undef __my_cpu_offset
#define __my_cpu_offset 0UL

#endif
