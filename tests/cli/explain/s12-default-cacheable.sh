# SPDX-License-Identifier: MIT
# A success where HCR_EL2.DC turns stage 1 off and stage 2 on.
walkdiff explain cases/explain/s12-default-cacheable.json
