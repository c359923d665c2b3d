# SPDX-License-Identifier: MIT
# What cannot be shrunk is said, and the status tells it from what was.
wrong() {
    walkdiff shrink "$@" >out 2>err
    echo "status $?"
    head -n 1 err
}
wrong
wrong cases/explain/epd.json
wrong --walker sample --keep nothing cases/explain/epd.json
wrong --walker sample --walker sample --walker sample cases/explain/epd.json
wrong --walker sample none-such.json
wrong --walker sample cases/explain/epd.json:2
walkdiff shrink --walker sample cases/explain/epd.json 2>&1 >out | sed 's/ (.*//'
cut -c 1-30 out
echo '{"walker":"sample","verdict":"deviation","signature":"EPD s1 fault","case":{"op":"S1E1R","va":"0"}}' >bad.jsonl
wrong bad.jsonl
