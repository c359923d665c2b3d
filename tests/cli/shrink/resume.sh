# SPDX-License-Identifier: MIT
# A shrink that time ran out for leaves how far it came, and goes on from there.
walkdiff fuzz --walker sample,defect=S1-02 --ref none --seed 1 --cases 5000 --no-shrink --quiet --out out >/dev/null
walkdiff shrink --quiet --time 0.000001s --resume small.json out/findings.jsonl:1
echo "status $?"
walkdiff shrink --resume small.json out/findings.jsonl:1 2>summary
echo "status $?"
sed -n 's/ (.*//; $p' summary
walkdiff shrink --quiet --resume small.json out/findings.jsonl:1
walkdiff shrink --quiet out/findings.jsonl:1 | cmp - small.json && echo "the same as at one go"
cat out/findings.jsonl out/findings.jsonl >two.jsonl
walkdiff shrink --resume small.json two.jsonl 2>&1 | tail -n 1
walkdiff shrink --quiet --resume small.json --walker sample,defect=S1-06 cases/explain/epd.json
echo "status $?"
