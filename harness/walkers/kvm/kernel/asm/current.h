/* SPDX-License-Identifier: GPL-2.0-only */
/* Instead of the tree's header of this name, which asks a register: there is one task (kernel/seams.c), of zeroes. */
#ifndef WD_KVM_CURRENT_H
#define WD_KVM_CURRENT_H

struct task_struct;
extern struct task_struct wd_current_task;

#define get_current() (&wd_current_task)
#define current       get_current()

#endif
