# SPDX-License-Identifier: MIT
"""A walker as a program. It answers AT S1E0* and S1E1* where stage 1 of EL1&0 is off, and nothing else."""

import json
import sys
from typing import Any

SIZES = (32, 36, 40, 42, 44, 48, 52, 56)  # by ID_AA64MMFR0_EL1.PARange
DC, TGE, AT = 1 << 12, 1 << 27, 1 << 44  # HCR_EL2
KNOWN = ("S1E1R", "S1E1W", "S1E0R", "S1E0W")


def answer(case: dict[str, Any]) -> dict[str, str]:
    """A result, without its id."""
    regs = {name: int(value, 16) for name, value in case["regs"].items()}
    va = int(case["va"], 16)
    pa_range = regs.get("ID_AA64MMFR0_EL1", 0) & 15
    other_rules = regs.get("HCR_EL2", 0) & (DC | TGE | AT) or regs.get("SCTLR_EL1", 0) & 1
    if case["op"] not in KNOWN or other_rules or va >> 56 or pa_range >= len(SIZES):
        return {"unsupported": "not AT S1E0* or S1E1* with stage 1 off"}
    if va >> SIZES[pa_range]:
        return {"par": "0x801"}  # Address size fault, level 0
    return {"par": f"{va & ~0xFFF | 0x900:#x}"}  # the VA; Device-nGnRnE, Outer Shareable


for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps({"id": case["id"], **answer(case)}), flush=True)
