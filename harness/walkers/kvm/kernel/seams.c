/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every piece of KVM needs of the rest of a kernel and that a single thread need not have: locks, read-copy
 * update, the text of warnings. Compiled against the tree's headers.
 */
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>

#include "harness/walkers/kvm/bridge.h"

struct task_struct wd_current_task;

/* One thread: every lock is free. An inlined one is assembly, and gone. */
#define WD_LOCK(name, type)                                                                                            \
    void name(type *lock)                                                                                              \
    {                                                                                                                  \
    }
#undef _raw_spin_lock
#undef _raw_spin_unlock
#undef _raw_read_lock
#undef _raw_read_unlock
#undef _raw_write_lock
#undef _raw_write_unlock
#undef _raw_write_lock_irqsave
#undef _raw_write_unlock_irqrestore
WD_LOCK(_raw_spin_lock, raw_spinlock_t)
WD_LOCK(_raw_spin_unlock, raw_spinlock_t)
WD_LOCK(_raw_read_lock, rwlock_t)
WD_LOCK(_raw_read_unlock, rwlock_t)
WD_LOCK(_raw_write_lock, rwlock_t)
WD_LOCK(_raw_write_unlock, rwlock_t)

unsigned long _raw_write_lock_irqsave(rwlock_t *lock)
{
    return 0;
}

void _raw_write_unlock_irqrestore(rwlock_t *lock, unsigned long flags)
{
}

#undef mutex_lock
#undef mutex_unlock
void mutex_lock(struct mutex *lock)
{
}

void mutex_unlock(struct mutex *lock)
{
}

/* The kernel's allocators, from the C library; all memory is zeroed. Trees differ in their types. */
static void *allocate_of_cache(void *cache, gfp_t flags, size_t size)
{
    return wd_host_allocate(size);
}

static void *allocate(size_t size, gfp_t flags)
{
    return wd_host_allocate(size);
}

static void give_back(const void *memory)
{
    wd_host_free(memory);
}

typeof(kmalloc_caches) kmalloc_caches;
extern typeof(__kmalloc_cache_noprof) __kmalloc_cache_noprof __attribute__((alias("allocate_of_cache")));
extern typeof(__kmalloc_noprof) __kmalloc_noprof __attribute__((alias("allocate")));
extern typeof(kfree) kfree __attribute__((alias("give_back")));
extern typeof(kvfree) kvfree __attribute__((alias("give_back")));

int __srcu_read_lock(struct srcu_struct *srcu)
{
    return 0;
}

void __srcu_read_unlock(struct srcu_struct *srcu, int index)
{
}

int _printk(const char *format, ...)
{
    return 0;
}

/* The place of a warning is told by its flags (asm/bug.h); its text needs the kernel's printf. */
void __warn_printk(const char *format, ...)
{
}
