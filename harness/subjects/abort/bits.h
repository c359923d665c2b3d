/* SPDX-License-Identifier: MIT */
/* Fields of the registers that the kind `abort` looks at, by their places in the Arm ARM. */
#ifndef WALKDIFF_ABORT_BITS_H
#define WALKDIFF_ABORT_BITS_H

#include "walkdiff/registers.h"

#define WD_BIT(n) (UINT64_C(1) << (n))

/* ESR_ELx */
#define WD_ESR_EC_SHIFT 26
#define WD_ESR_IL       WD_BIT(25)
#define WD_ESR_ISV      WD_BIT(24)
#define WD_ESR_FNV      WD_BIT(10)
#define WD_ESR_EA       WD_BIT(9)
#define WD_ESR_CM       WD_BIT(8)
#define WD_ESR_S1PTW    WD_BIT(7)
#define WD_ESR_WNR      WD_BIT(6)
#define WD_ESR_FSC      UINT64_C(0x3f)
enum { WD_EC_INSTRUCTION_LOWER = 0x20, WD_EC_DATA_LOWER = 0x24 }; /* and one more: from the same Exception level */
enum { WD_FSC_SIZE = 0x00, WD_FSC_EXTERNAL = 0x10, WD_FSC_EXTERNAL_WALK = 0x14 /* of level 0 */ };

/* DFSR, IFSR */
#define WD_FSR_CM   WD_BIT(13)
#define WD_FSR_EXT  WD_BIT(12)
#define WD_FSR_WNR  WD_BIT(11)
#define WD_FSR_LPAE WD_BIT(9)
enum { WD_FS_EXTERNAL = 0x08, WD_FS_EXTERNAL_WALK_1 = 0x0c, WD_FS_EXTERNAL_WALK_2 = 0x0e };

/* PSTATE, as SPSR_ELx shows it */
#define WD_PSTATE_NZCV UINT64_C(0xf0000000)
#define WD_PSTATE_DIT  WD_BIT(24)
#define WD_PSTATE_UAO  WD_BIT(23)
#define WD_PSTATE_PAN  WD_BIT(22)
#define WD_PSTATE_SS   WD_BIT(21)
#define WD_PSTATE_SSBS WD_BIT(12)
#define WD_PSTATE_D    WD_BIT(9)
#define WD_PSTATE_A    WD_BIT(8)
#define WD_PSTATE_DAIF UINT64_C(0x3c0)
#define WD_PSTATE_M    UINT64_C(0x1f)
enum { WD_M_EL0T = 0x0, WD_M_EL1T = 0x4, WD_M_EL1H = 0x5, WD_M_EL2T = 0x8, WD_M_EL2H = 0x9 };

/* The same of AArch32 */
#define WD_CPSR_Q    WD_BIT(27)
#define WD_CPSR_SSBS WD_BIT(23)
#define WD_CPSR_GE   UINT64_C(0xf0000)
#define WD_CPSR_IT   UINT64_C(0x600fc00)
#define WD_CPSR_E    WD_BIT(9)
#define WD_CPSR_A    WD_BIT(8)
#define WD_CPSR_I    WD_BIT(7)
#define WD_CPSR_F    WD_BIT(6)
#define WD_CPSR_T    WD_BIT(5)
enum {
    WD_M_USR = 0x10,
    WD_M_FIQ = 0x11,
    WD_M_IRQ = 0x12,
    WD_M_SVC = 0x13,
    WD_M_ABT = 0x17,
    WD_M_UND = 0x1b,
    WD_M_SYS = 0x1f
};

/* SCTLR_ELx; of AArch32: DSSBS, TE and V */
#define WD_SCTLR_M       WD_BIT(0)
#define WD_SCTLR_V       WD_BIT(13)
#define WD_SCTLR_SPAN    WD_BIT(23)
#define WD_SCTLR_EE      WD_BIT(25)
#define WD_SCTLR_TE      WD_BIT(30)
#define WD_SCTLR32_DSSBS WD_BIT(31)
#define WD_SCTLR_DSSBS   WD_BIT(44)
#define WD_SCTLR2_EASE   WD_BIT(5)

#define WD_TTBCR_EAE     WD_BIT(31)
#define WD_HCR_RW_BIT    WD_BIT(31)
#define WD_HCR_TGE_BIT   WD_BIT(27)
#define WD_HCR_E2H_BIT   WD_BIT(34)
#define WD_HCR_TEA_BIT   WD_BIT(37)
#define WD_HCRX_SCTLR2EN WD_BIT(15)
#define WD_HCRX_TMEA_BIT WD_BIT(19)

#endif
