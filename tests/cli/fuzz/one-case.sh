# SPDX-License-Identifier: MIT
# A finding's case is made again from seed and index: the same case, and the same verdict.
walkdiff fuzz --walker sample,defect=S1-05 --ref none --seed 2 --cases 3000 --profile v80 --out out --no-shrink --quiet >/dev/null
index=$(head -n 1 out/findings.jsonl | sed 's/.*"index":\([0-9]*\).*/\1/')
walkdiff fuzz --walker sample,defect=S1-05 --ref none --seed 2 --case "$index" --profile v80 >again
echo "status $?"
head -n 1 again >case.json
grep -qF "$(cat case.json)" out/findings.jsonl && echo the same case
sed -n '2s/.*: //p' again
walkdiff replay --walker sample,defect=S1-05 --quiet case.json
