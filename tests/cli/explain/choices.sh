# SPDX-License-Identifier: MIT
# The choices in force: what the nearest permitted answer took.
cat >case.json <<'CASE'
{"id":"AF not set, and the address wrong", "op":"S1E1R", "va":"0x0", "regs":{"SCTLR_EL1":"0x5", "TCR_EL1":"0x8000000020",
 "TTBR0_EL1":"0x1000", "MAIR_EL1":"0xff", "ID_AA64MMFR1_EL1":"0x1"}, "ram":[["0x0","0x2000"]],
 "mem":[["0x1000","0x0000000040000301"]]}
CASE
cat >walker.py <<'WALKER'
import json, sys
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "par": "0xff00000080000980"}), flush=True)
WALKER
walkdiff explain --walker 'exec:python3 walker.py' case.json | sed -n '/^Walker/,$p'
