# SPDX-License-Identifier: MIT
# A Permission fault by PSTATE.PAN, as EPAN has it.
walkdiff explain cases/explain/pan-with-epan.json
