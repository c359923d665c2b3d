# SPDX-License-Identifier: MIT
# The run ends with what it was to find, long before its number of cases; without a defect it goes on to the end.
count() { sed 's/.*"cases":\([0-9]*\),.*"buckets":\([0-9]*\),.*/\1 \2/'; }
walkdiff fuzz --walker sample,defect=S1-05 --ref none --seed 1 --cases 100M --until-finding --quiet --json | count |
    awk '{ print ($1 < 1000000 ? "few" : "many") " cases, " ($2 > 0 ? "something" : "nothing") " found" }'
walkdiff fuzz --walker sample --ref none --seed 1 --cases 5000 --until-finding --quiet --json | count
