# SPDX-License-Identifier: MIT
"""How soon each seed defect is found: a table, a plot, and what has changed since the last time.

Each defect of the sample walker is searched for with several seeds until the first finding; `cases` and `seconds` are
medians. A run of a fixed number of cases then says how many buckets the one defect makes. `--update` writes
docs/detection.md, docs/detection.svg and the numbers that the next run is compared with. The exit status is 1 if a
defect is not found, or takes more than ten times as many cases as the last time.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from first_finding import Detection, fuzz, search
from report import page, plot

ROOT = Path(__file__).resolve().parents[2]
LAST = Path(__file__).with_name("last.json")
GUIDANCE = Path(__file__).with_name("guidance.json")
KINDS = Path(__file__).with_name("kinds.json")
TRIAGE = ROOT / "bench" / "triage" / "results.json"
MUTANTS = ROOT / "bench" / "mutation" / "results"
SLOWER = 10  # times as many cases as the last time: worth a word, and the exit status


def seed_defects(program: Path) -> list[Detection]:
    """The defects that the sample walker says it can be given."""
    listing = subprocess.run([program, "walkers"], check=True, capture_output=True, text=True).stdout
    return [Detection(*found) for found in re.findall(r"^  (S\d-\d\d)  (.*)$", listing, re.MULTILINE)]


def measure(program: Path, options: argparse.Namespace) -> Iterable[Detection]:
    """Searches for each defect."""
    for detection in seed_defects(program):
        if options.only and detection.subject not in options.only:
            continue
        walker = f"sample,defect={detection.subject}"
        for seed in range(1, options.seeds + 1):
            detection.searches.append(search(program, walker, seed, options.limit))
        detection.buckets = len(fuzz(program, walker, "--seed", "1", "--cases", str(options.cases))["findings"])
        yield detection


def changes(detections: list[Detection]) -> list[str]:
    """What differs from the last time in a way that somebody should hear of."""
    if not LAST.exists():
        return []
    last = {entry["subject"]: entry for entry in json.loads(LAST.read_text())["defects"]}
    words = []
    for one in detections:
        before = last.get(one.subject)
        if before is None:
            words.append(f"{one.subject}: new")
        elif one.found != before["found"]:
            words.append(f"{one.subject}: {'found' if one.found else 'NOT found'}, and the last time it was otherwise")
        elif one.cases > SLOWER * before["cases"]:
            words.append(f"{one.subject}: {one.cases:.0f} cases, the last time {before['cases']:.0f}")
    return words


def numbers(detections: list[Detection]) -> list[dict[str, object]]:
    """What is kept for the next run, and for the plot."""
    return [
        {
            "subject": one.subject,
            "text": one.text,
            "found": one.found,
            "cases": one.cases,
            "seconds": round(one.seconds, 3),
            "most_seconds": round(one.most_seconds, 3),
            "buckets": one.buckets,
            "searches": [{**asdict(each), "seconds": round(each.seconds, 3)} for each in one.searches],
        }
        for one in detections
    ]


def write_page(kept: dict[str, Any]) -> None:
    """Makes docs/detection.* of these numbers and of what the other benchmarks kept."""
    mutants = [json.loads(file.read_text()) for file in sorted(MUTANTS.glob("*.json"))]
    guidance = json.loads(GUIDANCE.read_text()) if GUIDANCE.exists() else None
    triage = json.loads(TRIAGE.read_text()) if TRIAGE.exists() else None
    kinds = json.loads(KINDS.read_text()) if KINDS.exists() else None
    (ROOT / "docs/detection.md").write_text(page(kept, mutants, guidance, triage, kinds))
    (ROOT / "docs/detection.svg").write_text(plot(kept, mutants))


def main() -> int:
    """Measures, shows, compares, and keeps what it is told to keep."""
    parser = argparse.ArgumentParser(prog="python bench/detection", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/harness/walkdiff")
    parser.add_argument("--seeds", type=int, default=5, help="searches a defect, each with a seed of its own")
    parser.add_argument("--limit", type=float, default=60, help="seconds that a search may take")
    parser.add_argument("--cases", type=int, default=100_000, help="of the run that counts buckets")
    parser.add_argument("--only", nargs="+", metavar="ID", help="these defects alone")
    parser.add_argument("--page", action="store_true", help="measure nothing; write docs/detection.* of what was kept")
    parser.add_argument("--update", action="store_true", help="write docs/detection.* and the numbers")
    options = parser.parse_args()
    if options.update and options.only:
        parser.error("--update keeps all defects: no --only")

    if options.page:
        write_page(json.loads(LAST.read_text()))
        return 0
    detections = []
    print(f"{'':6} {'found':>5} {'cases':>8} {'seconds':>8} {'most':>6} {'buckets':>7}")
    for one in measure(options.program, options):
        detections.append(one)
        found = sum(each.found for each in one.searches)
        times = f"{one.cases:8.0f} {one.seconds:8.2f} {one.most_seconds:6.2f}"
        print(f"{one.subject:6} {found}/{len(one.searches):<3} {times} {one.buckets:7}  {one.text}", flush=True)
    lost = [one.subject for one in detections if not one.found]
    print(f"\n{len(detections) - len(lost)} of {len(detections)} found by every seed", end="; ")
    print(f"median {median(one.cases for one in detections):.0f} cases, ", end="")
    print(f"{median(one.seconds for one in detections):.2f} s with the program's start")
    heard = changes(detections)
    for words in heard:
        print(words)
    if options.update:
        kept = {"seeds": options.seeds, "limit": options.limit, "cases": options.cases, "defects": numbers(detections)}
        LAST.write_text(json.dumps(kept, indent=1) + "\n")
        write_page(kept)
    return 1 if lost or any("new" not in words for words in heard) else 0


if __name__ == "__main__":
    sys.exit(main())
