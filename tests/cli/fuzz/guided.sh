# SPDX-License-Identifier: MIT
# What a guided run finds depends on its seed and the corpus that it begins with, not on the number of jobs. The corpus
# that it leaves is case files, and the next run begins with it.
run='--walker sample,defect=S2-02 --ref none --seed 5 --cases 40k --quiet'
walkdiff fuzz $run --corpus corpus --out one | sed 's/,.*//'
walkdiff fuzz $run --guided --jobs 2 --out two | sed 's/,.*//'
cmp one/findings.jsonl two/findings.jsonl && echo same findings
ls corpus
[ "$(wc -l <corpus/seed-5-after-0.jsonl)" -gt 500 ] && echo a corpus
walkdiff replay --walker sample --quiet corpus >/dev/null && echo that can be replayed
walkdiff fuzz $run --corpus corpus --jobs 2 --out three | sed 's/,.*//'
cmp -s one/findings.jsonl three/findings.jsonl || echo other findings
ls corpus | sed 's/after-[1-9][0-9]*/after-N/'
walkdiff fuzz $run --guided --begin 7 2>&1 | head -1
