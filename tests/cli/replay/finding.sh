# SPDX-License-Identifier: MIT
# A finding is told with what was expected, what came, and the rule; the status is 1.
walkdiff replay --walker sample,defect=S1-27 cases/examples
