# SPDX-License-Identifier: MIT
# A defect is found; the status is 1, and the folder holds the buckets and the summary.
walkdiff fuzz --walker sample,defect=S1-05 --ref none --seed 1 --cases 5000 --quiet --out out >/dev/null
echo "status $?"
ls out
cut -d, -f1 out/findings.jsonl | sort -u
