# SPDX-License-Identifier: MIT
# A walker that goes another way: its lookups and its answer beside the architecture's, with a mark where they differ.
walkdiff explain --walker sample,defect=S1-28 cases/seed-defects/S1-28.json | sed -n '/^Walker/,$p'
