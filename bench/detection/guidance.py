# SPDX-License-Identifier: MIT
"""What guidance is worth: defects in rare places, searched for with it and without.

A place is a rule at a stage and with a granule. Of the places that random cases reach less often than once in ten
thousand, some are drawn; the walker (rare_walker.c) is the oracle, and wrong only there, and only where two control
bits are set, which are drawn too. No defect is chosen by how it fares.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import geometric_mean, median

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

from first_finding import fuzz, search  # noqa: E402

RESULTS = HERE / "guidance.json"
GRANULES = {"4K": 0, "16K": 1, "64K": 2}  # enum wd_granule
CONTROLS = ("SCTLR_EL1", "SCTLR_EL2", "TCR_EL1", "HCR_EL2", "VTCR_EL2", "TCR2_EL1")
OPTIONS = ("--profile", "all")


def build(target: Path, build_folder: Path) -> Path:
    """The walker."""
    flags = ["-std=c11", "-O2", "-shared", "-fPIC", f"-I{ROOT}", f"-I{ROOT / 'include'}"]
    oracle = build_folder / "oracle/libwd_oracle.a"
    subprocess.run(["cc", *flags, "-o", target, HERE / "rare_walker.c", oracle], check=True)
    return target


def rare_places(program: Path, cases: int) -> list[str]:
    """Places that random cases reach, but less often than once in ten thousand: RULE/STAGE/GRANULE."""
    coverage = fuzz(program, "oracle", "--seed", "99", "--cases", str(cases), *OPTIONS)["coverage"]
    return sorted(
        f"{rule}/{stage[-1]}/{GRANULES[granule]}"
        for rule, stages in coverage.items()
        for stage, granules in stages.items()
        for granule, count in granules.items()
        if granule in GRANULES and count * 10_000 < cases
    )


def controls() -> list[str]:
    """Control bits that random cases set now and then, but not mostly: REGISTER.BIT."""
    table = (ROOT / "include/walkdiff/registers.def").read_text()
    found = re.findall(r"^WD_FIELD\((\w+), \w+, (\d+), (\d+), \w+, MODEL, (\d+),", table, re.MULTILINE)
    return [
        f"{reg}.{lsb}" for reg, msb, lsb, weight in found if reg in CONTROLS and msb == lsb and 5 <= int(weight) <= 60
    ]


def main() -> int:
    """Measures, and keeps the result if it is told to."""
    parser = argparse.ArgumentParser(prog="python bench/detection/guidance.py")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--defects", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--limit", type=float, default=60, help="seconds that a search may take")
    parser.add_argument("--cases", type=int, default=500_000, help="cases that tell which places are rare")
    parser.add_argument("--update", action="store_true", help="keep the result; bench/detection makes a page of it")
    options = parser.parse_args()
    program = options.build / "harness/walkdiff"
    draw = random.Random(1)
    places = draw.sample(rare_places(program, options.cases), options.defects)
    defects = [f"{place}/{'/'.join(draw.sample(controls(), 2))}" for place in places]
    kept = []
    with tempfile.TemporaryDirectory() as temporary:
        library = build(Path(temporary) / "rare.so", options.build)
        for defect in defects:
            row: dict[str, object] = {"defect": defect}
            for name, way in (("plain", ()), ("guided", ("--guided",))):
                walker = f"so:{library},{defect}"
                found = [
                    search(program, walker, seed, options.limit, *OPTIONS, *way) for seed in range(1, options.seeds + 1)
                ]
                row[name] = [one.cases for one in found]
                row[f"{name}_found"] = sum(one.found for one in found)
                row[f"{name}_seconds"] = round(median(one.seconds for one in found), 2)
            kept.append(row)
            print(
                f"{median(row['plain']):>10.0f} ({row['plain_found']}) {median(row['guided']):>10.0f} "
                f"({row['guided_found']})  {defect}",
                flush=True,
            )
    ratios = [median(one["plain"]) / median(one["guided"]) for one in kept]
    print(
        f"\ncases without guidance / with it: geometric mean {geometric_mean(ratios):.1f}, median {median(ratios):.1f}"
    )
    if options.update:
        about = {"seeds": options.seeds, "limit": options.limit, "ratio": geometric_mean(ratios)}
        RESULTS.write_text(json.dumps({**about, "defects": kept}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
