/* SPDX-License-Identifier: MIT */
/* What MAIR's reserved encodings may stand for, and be reported as. */
#include "oracle/attributes.h"

/*
 * What can become of one half of Normal memory, in the encoding of MAIR: it can be made Non-cacheable, and that, with
 * FWB, Write-Back. Else stage 2 limits the kind; hints stay, and only transient memory can become non-transient.
 */
static bool half_may_become(unsigned half, unsigned reported, bool fwb)
{
    if (reported == 4 || (fwb && reported == 15))
        return true;
    if (half == 4)
        return false;
    return (half & 3) == (reported & 3) && (!(half & 8) || reported & 8);
}

/* Whether Normal memory of this outer half could be reported so, if the inner half does not speak against it. */
static bool outer_may_report(const uint64_t *regs, unsigned outer, unsigned attr, bool fwb)
{
    if (attr >> 4 == 0) /* Device memory, which stage 2 can make of any */
        return !(attr & 2) && (!(attr & 1) || wd_has(regs, WD_FEAT_XS));
    if (attr == 0x40) /* Non-cacheable with XS = 0 */
        return wd_has(regs, WD_FEAT_XS);
    if (attr == 0xa0) /* Write-Through with XS = 0: the outer hints alone are looked at */
        return wd_has(regs, WD_FEAT_XS) && half_may_become(outer, 0xa, fwb);
    return half_may_become(outer, attr >> 4, fwb);
}

static bool device_may_report(const uint64_t *regs, unsigned attr, bool fwb)
{
    if (attr >> 4 == 0)
        return outer_may_report(regs, 0, attr, fwb);
    if (attr == 0x40)
        return fwb && wd_has(regs, WD_FEAT_XS);
    return fwb && (attr == 0xff || attr == 0x44); /* forced to be Write-Back; HCR_EL2.CD */
}

static bool inner_may_report(unsigned inner, unsigned attr, bool fwb)
{
    return attr >> 4 == 0 || attr == 0x40 || attr == 0xa0 || half_may_become(inner, attr & 0xf, fwb);
}

unsigned wd_mair_option_that_may_report(const uint64_t *regs, unsigned option, unsigned attr)
{
    bool fwb = WD_GET(regs[WD_HCR_EL2], HCR_EL2, FWB);

    if (option < WD_DEVICE_ENCODINGS) {
        if (device_may_report(regs, attr, fwb))
            return option;
        option = WD_DEVICE_ENCODINGS;
    }
    while (option < WD_ALLOCATED_ENCODINGS) {
        unsigned encoding = wd_allocated_encoding(option), inner = encoding & 0xf;

        if (!outer_may_report(regs, encoding >> 4, attr, fwb))
            option += 16 - inner; /* to the next outer half */
        else if (inner_may_report(inner, attr, fwb))
            return option;
        else
            option++;
    }
    return option;
}
