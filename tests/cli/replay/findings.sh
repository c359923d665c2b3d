# SPDX-License-Identifier: MIT
# A line of findings.jsonl stands for its case; FILE:12 is line 12 alone.
walkdiff fuzz --walker sample,defect=S1-02+S1-06+S1-27 --ref none --seed 1 --cases 5000 --quiet --out out >/dev/null
walkdiff replay --quiet --walker sample,defect=S1-02+S1-06+S1-27 out/findings.jsonl
walkdiff replay --quiet --walker sample out/findings.jsonl:2
walkdiff replay --quiet --walker sample out/findings.jsonl:77
echo "status $?"
cp out/findings.jsonl a:1
walkdiff replay --quiet --walker sample a:1
