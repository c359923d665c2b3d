# SPDX-License-Identifier: MIT
# A line of findings.jsonl says itself which walker was asked. What comes out is of the same bucket, and a fixed point.
walkdiff fuzz --walker sample,defect=S1-06 --ref none --seed 1 --cases 5000 --no-shrink --quiet --out out >/dev/null
walkdiff shrink out/findings.jsonl:1 2>summary | tee small.jsonl
sed 's/, [0-9.]* s)$/, TIME)/' summary
walkdiff replay --walker sample,defect=S1-06 small.jsonl
echo "status $?"
walkdiff shrink --walker sample,defect=S1-06 --quiet small.jsonl | cmp - small.jsonl && echo "a fixed point"
