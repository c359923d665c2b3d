# SPDX-License-Identifier: MIT
# The exit status is made for `git bisect run`.
for walker in sample sample,defect=S1-27 nobody; do
    walkdiff replay --bisect --quiet --walker "$walker" cases/examples >/dev/null 2>&1
    echo "$walker: $?"
done
echo '{"op":"none"}' >bad.json
walkdiff replay --bisect --quiet --walker sample bad.json >/dev/null 2>&1
echo "no case: $?"
