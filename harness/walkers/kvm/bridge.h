/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the two halves of an adapter. One is compiled against a kernel tree's headers, the other against the C
 * library's and walkdiff's: neither may see the other's, so this header includes nothing and uses no names of either.
 */
#ifndef WD_KVM_BRIDGE_H
#define WD_KVM_BRIDGE_H

/* From the kernel's half to the host's (host/guard.c). The file is relative to the tree. */
void wd_host_warning(const char *file, int line);
void __attribute__((noreturn)) wd_host_bug(const char *file, int line);

/* Memory of zeroes, or NULL; and back. */
void *wd_host_allocate(unsigned long size);
void wd_host_free(const void *memory);

#endif
