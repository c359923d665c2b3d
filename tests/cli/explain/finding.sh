# SPDX-License-Identifier: MIT
# A line of findings.jsonl tells itself what the walker answered: nobody has to be asked again.
walkdiff fuzz --walker sample,defect=S2-11 --ref none --profile lva64 --seed 1 --cases 5000 --quiet --out out >/dev/null
sed 's/sample,defect=S2-11/so:gone.so/' out/findings.jsonl >gone.jsonl
walkdiff explain gone.jsonl:1
