# SPDX-License-Identifier: MIT
# A Translation fault by an invalid descriptor, at level -1.
walkdiff explain cases/explain/invalid-at-level-minus-1.json
