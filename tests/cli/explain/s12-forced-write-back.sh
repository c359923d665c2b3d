# SPDX-License-Identifier: MIT
# A success of both stages, whose attributes are combined under HCR_EL2.FWB.
walkdiff explain cases/explain/s12-forced-write-back.json
