# SPDX-License-Identifier: MIT
"""Whether the same bug found by many seeds is one bucket.

Each of twelve defects of the sample walker (`--all`: each there is, `--only`: those that are named) is searched for
with several seeds, and so is KVM's walker of each Linux tree that is given, as it is and with a defect planted in it.
Tells how many buckets a seed ends with, and how many signatures all seeds have together: 1 and 1 are best. Of a tree,
the buckets that its planted defect adds to those of the tree without it are counted.

The exit status is 1 if one of the twelve is not one bucket, the same for all seeds, or a planted defect is not one.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "detection"))
RESULTS = Path(__file__).with_name("results.json")

from first_finding import fuzz, key_of  # noqa: E402

TWELVE = ("S1-02", "S1-05", "S1-06", "S1-14", "S1-19", "S1-22", "S1-27", "S1-28", "S1-34", "S2-01", "S2-04", "S2-12")

# A file of the tree, what stands there in some version, and what a defective walker has instead.
AT = "arch/arm64/kvm/at.c"
NESTED = "arch/arm64/kvm/nested.c"
PLANTED = (
    (AT, "(tcr & (va55 ? TCR_EPD1_MASK : TCR_EPD0_MASK))", "(tcr && va55 && !tcr)"),
    (AT, "if (check_output_size(wi->baddr, wi))", "if (0)"),
    (AT, "if (check_output_size(baddr, wi))", "if (0)"),
    (AT, "wr->APTable  |= FIELD_GET(S1_TABLE_AP, desc);", ";"),
    (AT, "if (!valid_block)", "if (0)"),
    (AT, "if (!(desc & PTE_AF)) {", "if (0) {"),
    (NESTED, "if (check_output_size(wi, base_addr)) {", "if (0) {"),
    (NESTED, "if (level < first_block_level) {", "if (0) {"),
    (NESTED, "if (!(desc & KVM_PTE_LEAF_ATTR_LO_S2_AF)) {", "if (0) {"),
    (NESTED, "if (!(desc & BIT(10))) {", "if (0) {"),
    (NESTED, "out->writable = desc & KVM_PTE_LEAF_ATTR_LO_S2_S2AP_W;", "out->writable = true;"),
    (NESTED, "out->writable = desc & (0b10 << 6);", "out->writable = true;"),
)


def seed_defects(program: Path) -> dict[str, str]:
    """The defects that the sample walker says it can be given, with what they are."""
    listing = subprocess.run([program, "walkers"], check=True, capture_output=True, text=True).stdout
    return dict(re.findall(r"^  (S\d-\d\d)  (.*)$", listing, re.MULTILINE))


def buckets(program: Path, walker: str, seed: int, options: argparse.Namespace) -> Counter[str]:
    """The buckets of a run, with their sizes."""
    summary = fuzz(program, walker, "--seed", str(seed), "--cases", str(options.cases), "--jobs", "1")
    return Counter({key_of(finding): finding["count"] for finding in summary["findings"]})


def measure(program: Path, walker: str, options: argparse.Namespace) -> list[Counter[str]]:
    """The buckets of each seed."""
    return [buckets(program, walker, seed, options) for seed in range(1, options.seeds + 1)]


def row(name: str, runs: list[Counter[str]]) -> dict[str, Any]:
    """What is told of the runs of one walker."""
    sizes = sorted(len(run) for run in runs)
    union = Counter(key for run in runs for key in run)
    return {
        "name": name,
        "seeds": len(runs),
        "least": sizes[0],
        "median": median(sizes),
        "most": sizes[-1],
        "signatures": len(union),
        "in_all": sum(count == len(runs) for count in union.values()),
    }


HEAD = f"{'':28} {'least':>6} {'median':>6} {'most':>6} {'over all':>9} {'in all':>7}"


def tell(told: dict[str, Any]) -> None:
    numbers = f"{told['least']:6} {told['median']:6g} {told['most']:6} {told['signatures']:9} {told['in_all']:7}"
    print(f"{told['name']:28} {numbers}", flush=True)


def planted_trees(tree: Path, folder: Path) -> Iterable[tuple[str, Path]]:
    """Copies of a tree, each with one defect: those of PLANTED that fit it."""
    sys.path.insert(0, str(ROOT / "tests" / "python"))
    from kernel_trees import variant

    for number, (file, right, wrong) in enumerate(PLANTED):
        text = (tree / file).read_text(encoding="utf-8")
        if text.count(right) == 1:
            path = folder / str(number)
            yield f"{right} -> {wrong}", variant(tree, path, file, lambda t, r=right, w=wrong: t.replace(r, w))


def measure_tree(program: Path, tree: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """A tree as it is, and what each planted defect adds to it."""
    stock = measure(program, f"kvm:{tree}", options)
    rows = [row(f"kvm: {tree.name}", stock)]
    tell(rows[0])
    with tempfile.TemporaryDirectory() as folder:
        for what, path in planted_trees(tree, Path(folder)):
            runs = measure(program, f"kvm:{path}", options)
            names = {key for run in stock for key in run}  # of whichever seed: a rare bucket is not the defect's
            added = [Counter({k: n for k, n in run.items() if k not in names}) for run in runs]
            rows.append(row(f"kvm: {tree.name}, new", added) | {"planted": what})
            tell(rows[-1])
            for key, count in Counter(key for run in added for key in run).most_common():
                print(f"    {count:3} seeds: {key}")
    return rows


def main() -> int:
    """Measures, shows, and keeps what it is told to keep."""
    parser = argparse.ArgumentParser(prog="python bench/triage", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/harness/walkdiff")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--cases", type=int, default=100_000, help="of each run")
    parser.add_argument("--all", action="store_true", help="all defects of the sample walker")
    parser.add_argument("--only", nargs="+", metavar="ID", help="these defects alone")
    parser.add_argument("--tree", type=Path, action="append", default=[], help="a Linux tree; several are several")
    parser.add_argument("--update", action="store_true", help="keep the numbers; bench/detection --page shows them")
    options = parser.parse_args()
    texts = seed_defects(options.program)
    chosen = options.only or (list(texts) if options.all else TWELVE)

    print(HEAD)
    rows = []
    for name in chosen:
        rows.append(row(name, measure(options.program, f"sample,defect={name}", options)) | {"text": texts[name]})
        tell(rows[-1])
    trees = [told for tree in options.tree for told in measure_tree(options.program, tree, options)]
    if options.update:
        kept = {"cases": options.cases, "twelve": TWELVE, "rows": rows, "trees": trees}
        RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    must = [told for told in rows if told["name"] in TWELVE] + [told for told in trees if "planted" in told]
    bad = [told["name"] for told in must if (told["least"], told["most"], told["signatures"]) != (1, 1, 1)]
    print(f"{len(must) - len(bad)} of {len(must)} are one bucket, the same for each of {options.seeds} seeds")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
