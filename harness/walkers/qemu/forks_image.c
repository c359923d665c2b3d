/* SPDX-License-Identifier: MIT */
#include "harness/walkers/qemu/forks_image.h"

/* WD_FORKS_FILE: the library, as CMakeLists.txt has it built. */
__asm__(".pushsection .rodata\n"
        ".globl wd_forks_begin\n"
        ".globl wd_forks_end\n"
        "wd_forks_begin: .incbin \"" WD_FORKS_FILE "\"\n"
        "wd_forks_end: .byte 0\n"
        ".popsection\n");

extern const unsigned char wd_forks_begin[], wd_forks_end[];

const void *wd_forks_image(size_t *size)
{
    *size = (size_t)(wd_forks_end - wd_forks_begin);
    return wd_forks_begin;
}
