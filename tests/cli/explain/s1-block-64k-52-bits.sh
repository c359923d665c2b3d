# SPDX-License-Identifier: MIT
# A success that ends in a 64K granule's block, with 52-bit addresses in base, table and block.
walkdiff explain cases/explain/s1-block-64k-52-bits.json
