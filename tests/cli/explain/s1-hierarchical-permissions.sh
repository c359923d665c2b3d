# SPDX-License-Identifier: MIT
# A success of three levels of 4K tables, which limit the page by hierarchical permissions.
walkdiff explain cases/explain/s1-hierarchical-permissions.json
