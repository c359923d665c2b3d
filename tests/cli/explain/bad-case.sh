# SPDX-License-Identifier: MIT
# A line that is no case is named with its member, and the status is 2.
printf '%s\n' '{"op":"S1E1R","va":"0x0","regs":{"TCR_EL9":"0x0"},"ram":[]}' | walkdiff explain -
