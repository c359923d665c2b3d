# SPDX-License-Identifier: MIT
# Shards put together are the run itself, in whatever order they come; what is not all of one run is refused.
run='--walker sample,defect=S2-02 --ref none --seed 5 --cases 20001'
walkdiff fuzz $run --quiet --out whole
for i in 1 2 3; do walkdiff fuzz $run --shard $i/3 --quiet --out shard-$i; done
walkdiff fuzz $run --merge --quiet --out merged shard-3 shard-1 shard-2
cmp whole/findings.jsonl merged/findings.jsonl && echo same findings
numbers() { sed 's/"command":[^]]*],//; s/"seconds":[^,]*,//; s/"cases_per_second":[^,]*,//' "$1/summary.json"; }
[ "$(numbers whole)" = "$(numbers merged)" ] && echo same numbers
refuse() { walkdiff fuzz $run --merge --quiet "$@" 2>&1 | cut -c1-60 | head -1; }
refuse shard-1 shard-3
refuse shard-1 shard-2 shard-2 shard-3
head -c 5000 shard-2/part >cut
refuse shard-1 cut shard-3
refuse shard-1/summary.json
walkdiff fuzz --walker sample --ref none --seed 5 --cases 20001 --merge --quiet shard-1 shard-2 shard-3 2>&1 | head -1
walkdiff fuzz $run --shard 4/3 --out out 2>&1 | head -1
walkdiff fuzz $run --shard 1/3 2>&1 | head -1
