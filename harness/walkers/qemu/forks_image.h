/* SPDX-License-Identifier: MIT */
/*
 * The library of forks.c as bytes of the program: it is handed to QEMU as a file without a name, so that neither a
 * build tree nor an installed program has one to look for.
 */
#ifndef WALKDIFF_QEMU_FORKS_IMAGE_H
#define WALKDIFF_QEMU_FORKS_IMAGE_H

#include <stddef.h>

/** The shared library, and how many bytes it has. */
const void *wd_forks_image(size_t *size);

#endif
