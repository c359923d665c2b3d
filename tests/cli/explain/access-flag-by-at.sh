# SPDX-License-Identifier: MIT
# A success that sets an Access flag: a choice.
walkdiff explain cases/explain/access-flag-by-at.json
