# SPDX-License-Identifier: MIT
"""How small findings become, and what that costs.

Fuzzes each defect of the sample walker, or the walkers that are named, without shrinking, then shrinks the first case
of every bucket, and tells of those that were shrunk: the registers beyond those that turn the MMU on (SCTLR, TCR, TTBR;
HCR_EL2, VTCR_EL2, VTTBR_EL2 where stage 2 is on), the words of memory, the candidates that the walker was asked about,
and the seconds. `before` is the same of the cases as they were found.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STAGE_2 = 1 << 0 | 1 << 12  # HCR_EL2.VM and DC
COST = re.compile(r"\((\d+) steps, (\d+) candidates, ([\d.]+) s\)")
ENDING = ", shrunk"


def defects(program: Path) -> list[str]:
    """A spec for each defect that the sample walker can be given."""
    listing = subprocess.run([program, "walkers"], check=True, capture_output=True, text=True).stdout
    return [f"sample,defect={name}" for name in re.findall(r"^  (S\d-\d\d)  ", listing, re.MULTILINE)]


def beyond_minimum(case: dict[str, Any]) -> int:
    minimum = 6 if int(case["regs"].get("HCR_EL2", "0"), 16) & STAGE_2 else 3
    return max(0, len(case["regs"]) - minimum)


def run(program: Path, folder: Path, walker: str, options: argparse.Namespace) -> list[tuple[dict[str, Any], str]]:
    """Shrinks what a walker's run finds. Returns the cases and what was said of each; tells of those before."""
    fuzz = [program, "fuzz", "--walker", walker, "--ref", "none", "--seed", options.seed, "--cases", options.cases]
    fuzz += ["--profile", options.profile, "--no-shrink", "--quiet", "--out", folder]
    done = subprocess.run([str(word) for word in fuzz], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    if done.returncode == 0:
        return []
    shrink = subprocess.run(
        [str(program), "shrink", str(folder / "findings.jsonl")], capture_output=True, text=True, check=False
    )
    if shrink.returncode not in (0, 1):
        sys.exit(shrink.stderr)
    told = re.split(r"^(?=\S)", shrink.stderr, flags=re.MULTILINE)[1:]
    return list(zip(map(json.loads, shrink.stdout.splitlines()), told, strict=True))


def row(name: str, values: list[float]) -> str:
    ordered = sorted(values)
    return f"{name:<28} {median(ordered):>10g} {ordered[int(0.9 * (len(ordered) - 1))]:>10g} {ordered[-1]:>10g}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/shrinking", description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/harness/walkdiff")
    parser.add_argument("--walker", action="append", help="instead of the sample walker's defects")
    parser.add_argument("--cases", default="20000", help="of each walker")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--profile", default="all")
    options = parser.parse_args()

    shrunk: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    candidates: list[float] = []
    seconds: list[float] = []
    left = unfinished = 0
    for walker in options.walker or defects(options.program):
        with tempfile.TemporaryDirectory() as folder:
            results = run(options.program, Path(folder), walker, options)
            if results:
                lines = (Path(folder) / "findings.jsonl").read_text().splitlines()
                found += [json.loads(line)["case"] for line in lines]
        for case, said in results:
            cost = COST.search(said)
            if not case.get("id", "").endswith(ENDING) or not cost:
                left += 1
                continue
            unfinished += "no single step is left" not in said
            shrunk.append(case)
            candidates.append(float(cost[2]))
            seconds.append(float(cost[3]))
    if not shrunk:
        sys.exit("nothing was found that could be shrunk")
    print(f"{len(shrunk)} cases shrunk, {unfinished} of them not to a fixed point; {left} left as they were\n")
    print(f"{'':<28} {'median':>10} {'9 of 10':>10} {'most':>10}")
    print(row("registers beyond the MMU", [beyond_minimum(case) for case in shrunk]))
    print(row("  before", [beyond_minimum(case) for case in found]))
    print(row("words of memory", [len(case["mem"]) for case in shrunk]))
    print(row("  before", [len(case["mem"]) for case in found]))
    print(row("candidates", candidates))
    print(row("seconds", seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
