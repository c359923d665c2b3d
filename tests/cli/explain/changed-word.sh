# SPDX-License-Identifier: MIT
# A word that the walk changed lies at an address that is longer than the column of labels: what it holds begins a line.
walkdiff fuzz --walker sample,defect=S2-11 --ref none --profile lva64 --seed 2 --cases 5000 --quiet --out out >/dev/null
walkdiff explain out/findings.jsonl:1 | grep -A 1 '^  word at'
