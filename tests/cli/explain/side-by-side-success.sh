# SPDX-License-Identifier: MIT
# A fault where the architecture has none, in colours: what is right and what is wrong of each line that differs.
walkdiff explain --color always --walker sample,defect=S1-23 cases/seed-defects/S1-23.json | sed -n '/Walker/,$p' |
    sed 's/\x1b\[0m/<>/g; s/\x1b\[1;31m/<wrong>/g; s/\x1b\[32m/<right>/g; s/\x1b\[1m/<strong>/g'
walkdiff explain --color sometimes cases/explain/epd.json
echo "status $?"
