# SPDX-License-Identifier: MIT
# A line that is no case is named with its member; the others are answered, and the status is 2.
{
    cat cases/examples/read-only.jsonl
    echo '{"op":"S1E1R","va":"0x0","ram":[],"regs":{"TCR_EL9":"0x1"}}'
    echo '{"op":"S1E1R","va":"0x0","ram":[["0x40000001","0x1000"]]}'
    echo '{"id":"last","op":"S1E1R","va":"0x0","ram":[]}'
} | walkdiff run --walker sample
