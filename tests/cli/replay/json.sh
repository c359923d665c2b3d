# SPDX-License-Identifier: MIT
# A line a case.
walkdiff replay --json --walker sample,defect=S1-27 cases/examples/faults.jsonl
