# SPDX-License-Identifier: MIT
"""A walker that gives stored answers: `exec:python3 stored_answers.py FILE`, FILE as tests/triage/README.md has it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

INPUTS = ("op", "el", "pan", "va", "regs", "ram", "mem", "host")
HCR_EL2_DEFAULT = 1 << 31  # RW
DEFAULTS = {"el": 2, "pan": 0, "regs": {}, "mem": [], "host": {}}


def number(value: Any) -> Any:  # noqa: ANN401 (any part of a case)
    """A part of a case with its numbers as numbers, however they are written."""
    if isinstance(value, dict):
        return {name: number(part) for name, part in sorted(value.items())}
    if isinstance(value, list):
        return [number(part) for part in value]
    return int(value, 16) if isinstance(value, str) and value.startswith("0x") else value


def key(case: dict[str, Any]) -> str:
    """What two writings of one case have in common."""
    inputs = {name: number(case.get(name, DEFAULTS.get(name))) for name in INPUTS}
    registers = {"HCR_EL2": HCR_EL2_DEFAULT, **inputs["regs"]}
    inputs["regs"] = {name: value for name, value in sorted(registers.items()) if value}
    inputs["mem"] = sorted(word for word in inputs["mem"] if word[1])
    return json.dumps(inputs)


def main() -> None:
    """Answers case after case."""
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    answers = {key(entry["case"]): entry["got"] for entry in map(json.loads, lines) if "case" in entry}
    for line in sys.stdin:
        case = json.loads(line)
        answer = answers.get(key(case), {"unsupported": "no answer is stored for this case"})
        print(json.dumps({"id": case["id"], **answer}), flush=True)


if __name__ == "__main__":
    main()
