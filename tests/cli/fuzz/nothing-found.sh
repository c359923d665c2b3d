# SPDX-License-Identifier: MIT
# The sample walker without a defect agrees with the architecture.
walkdiff fuzz --walker sample --ref none --seed 1 --cases 5000 --quiet
