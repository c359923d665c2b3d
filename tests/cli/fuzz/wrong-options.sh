# SPDX-License-Identifier: MIT
# What cannot be run is said in a line, with status 2.
wrong() {
    walkdiff fuzz --ref none "$@" 2>&1 >/dev/null | head -n 1
    walkdiff fuzz --ref none "$@" >/dev/null 2>&1
    echo "status $?"
}
wrong --cases many
wrong --time 0s
wrong --seed -1
wrong --case 7
wrong --case 7 --seed 1 --cases 10
wrong --jobs 0
wrong --profile none-such
wrong --walker sample,defect=none-such
wrong --walker so:./none-such.so
wrong --out /dev/null/none-such
wrong --waivers none-such
wrong stray
