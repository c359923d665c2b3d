# SPDX-License-Identifier: MIT
# What is found is the same for every number of jobs.
for jobs in 1 2 3; do
    walkdiff fuzz --walker sample,defect=S1-05 --ref none --seed 2 --cases 30000 --jobs $jobs --out $jobs --quiet >$jobs.txt
done
cmp 1/findings.jsonl 2/findings.jsonl && cmp 1/findings.jsonl 3/findings.jsonl && cmp 1.txt 2.txt && echo the same
