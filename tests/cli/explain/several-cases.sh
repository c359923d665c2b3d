# SPDX-License-Identifier: MIT
# Several cases are told one after the other, those that the oracle does not model with the reason.
{
    printf '%s\n' '{"id":"assured","op":"S12E1R","va":"0x0","regs":{"VTCR_EL2":"0x400000000","ID_AA64PFR1_EL1":"0x1000000000000"},"ram":[]}'
    printf '%s\n' '{"id":"undefined","op":"S1E2R","el":1,"va":"0x0","ram":[]}'
} | walkdiff explain -
