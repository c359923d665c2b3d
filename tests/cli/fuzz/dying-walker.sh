# SPDX-License-Identifier: MIT
# A walker that dies is a finding, and the run goes on; what it wrote before is in stderr.log.
cat >walker.sh <<'END'
answered=0
while [ $answered -lt 40 ] && read -r line; do
    id=${line#*\"id\":\"}
    echo "{\"id\":\"${id%%\"*}\",\"unsupported\":\"none of it\"}"
    answered=$((answered + 1))
done
echo farewell >&2
exit 7
END
walkdiff fuzz --walker "exec:sh walker.sh" --ref none --seed 1 --cases 100 --out out --quiet >/dev/null
echo "status $?"
grep -o '"verdicts":{[^}]*}' out/summary.json | head -n 1
grep -o '"got":[^}]*}' out/findings.jsonl | sort -u
cat out/stderr.log
