# SPDX-License-Identifier: MIT
# An Access flag fault, in 16K tables.
walkdiff explain cases/explain/access-flag-16k.json
