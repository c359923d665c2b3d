# SPDX-License-Identifier: MIT
# A Translation fault before the walk: an address that the EL2 regime has no range for.
walkdiff explain cases/explain/va-out-of-range-el2.json
