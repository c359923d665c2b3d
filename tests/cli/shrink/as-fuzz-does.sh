# SPDX-License-Identifier: MIT
# `fuzz` shrinks the first case of each bucket as `shrink` does.
fuzz() {
    walkdiff fuzz --walker sample,defect=S1-40 --ref none --seed 3 --cases 5000 --profile all --quiet "$@" >/dev/null
}
fuzz --out out
fuzz --out found --no-shrink
grep -c '"shrunk":true' out/findings.jsonl
grep -c '"shrunk":false' found/findings.jsonl
sed 's/.*"case"://; s/}$//' out/findings.jsonl >fuzz.jsonl
walkdiff shrink --quiet found/findings.jsonl | sed 's/,"expect":.*/}/' >shrink.jsonl
cmp fuzz.jsonl shrink.jsonl && echo "the same cases"
