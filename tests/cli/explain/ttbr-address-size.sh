# SPDX-License-Identifier: MIT
# An Address size fault before the walk: the base in TTBR0_EL1.
walkdiff explain cases/explain/ttbr-address-size.json
