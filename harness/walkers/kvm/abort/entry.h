/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In front of the tree's hyp/exception.c: what it reads and writes is in memory, nothing is loaded on a CPU. Trees that
 * look on the CPU first find nothing there.
 */
#ifndef WD_KVM_ABORT_ENTRY_H
#define WD_KVM_ABORT_ENTRY_H

#include <hyp/adjust_pc.h>
#include <linux/kvm_host.h>
#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_nested.h>
#include <asm/sysreg.h>

#define __vcpu_read_sys_reg_from_cpu(reg, value) false
#define __vcpu_write_sys_reg_to_cpu(value, reg)  false

#undef write_sysreg
#define write_sysreg(value, reg) ((void)(vcpu->arch.ctxt.reg = (value)))

#undef write_sysreg_el1
#define write_sysreg_el1(value, reg) ((void)(ctxt_sys_reg(&vcpu->arch.ctxt, reg##_EL1_IN_MEMORY) = (value)))
#define SYS_SPSR_EL1_IN_MEMORY       SPSR_EL1

#endif
