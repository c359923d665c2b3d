# SPDX-License-Identifier: MIT
# The exit status is made for `git bisect run`.
for walker in sample sample,defect=S1-27 nobody; do
    walkdiff replay --bisect --quiet --walker "$walker" cases/examples >/dev/null 2>&1
    echo "$walker: $?"
done
echo '{"op":"none"}' >bad.json
walkdiff replay --bisect --quiet --walker sample bad.json >/dev/null 2>&1
echo "no case: $?"
# With a signature, a finding with another one is skipped: it may hide the one that is looked for.
walkdiff replay --json --walker sample,defect=S1-27 cases/examples | grep deviation | head -n 1 >found
signature=$(sed 's/.*"signature":"\([^"]*\)".*/\1/' found)
for looked_for in "$signature" "ACCESS_FLAG s1 another"; do
    walkdiff replay --bisect --quiet --signature "$looked_for" --walker sample,defect=S1-27 cases/examples >/dev/null
    echo "$looked_for: $?"
done
