# SPDX-License-Identifier: MIT
"""How soon the defects of the kinds that are no walkers are found: those that the model of each kind can be given.

The ids of the seeds (PT, TL, IP) come first in each table of defects (harness/subjects/KIND/KIND_defects.def).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

from first_finding import Detection, search  # noqa: E402

RESULTS = HERE / "kinds.json"
KINDS = ("pgtable", "idmap", "tlbi", "abort")
RIGHT = {"everything"}  # what a table has that is no defect


def defects_of(kind: str) -> list[tuple[str, str]]:
    """The id of each defect, and what it does."""
    table = (ROOT / f"harness/subjects/{kind}/{kind}_defects.def").read_text()
    found = re.findall(r'^WD_\w+_DEFECT\(\w+, "([^"]+)",\s+"([^"]+)"\)', table, re.MULTILINE)
    return [(name, text) for name, text in found if name not in RIGHT]


def main() -> int:
    """Measures; the exit status is 1 if a defect is not found by every seed."""
    parser = argparse.ArgumentParser(prog="python bench/detection/kinds.py")
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/harness/walkdiff")
    parser.add_argument("--seeds", type=int, default=5, help="searches a defect, each with a seed of its own")
    parser.add_argument("--limit", type=float, default=60, help="seconds that a search may take")
    parser.add_argument("--update", action="store_true", help="keep the result; bench/detection makes a page of it")
    options = parser.parse_args()
    kept: list[dict[str, Any]] = []
    for kind in KINDS:
        for name, text in defects_of(kind):
            one = Detection(name, text)
            for seed in range(1, options.seeds + 1):
                walker = f"model:{kind},defect={name}"
                one.searches.append(search(options.program, walker, seed, options.limit, "--timeout", "1s"))
            found = sum(each.found for each in one.searches)
            print(
                f"{kind:8} {name:14} {found}/{options.seeds} {one.cases:8.0f} {one.seconds:6.2f}s  {text}", flush=True
            )
            kept.append(
                {
                    "kind": kind,
                    "defect": name,
                    "text": text,
                    "found": found,
                    "cases": one.cases,
                    "most_cases": max(each.cases for each in one.searches),
                }
            )
    lost = [f"{one['kind']} {one['defect']}" for one in kept if one["found"] < options.seeds]
    print(f"\n{len(kept) - len(lost)} of {len(kept)} found by every seed; ", end="")
    print(f"median {median(one['cases'] for one in kept):.0f} cases; not: {', '.join(lost) or 'none'}")
    if options.update:
        kept_all = {"seeds": options.seeds, "limit": options.limit, "defects": kept}
        RESULTS.write_text(json.dumps(kept_all, indent=1) + "\n")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
