# SPDX-License-Identifier: MIT
# With two walkers the answers of both stay: what a patch changed.
walkdiff shrink --walker sample --walker sample,defect=S1-06 cases/explain/epd.json 2>summary
sed 's/, [0-9.]* s)$/, TIME)/' summary
