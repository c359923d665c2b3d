# SPDX-License-Identifier: MIT
"""Whether the same bug found by many seeds is one bucket.

Each of twelve defects of the sample walker (`--all`: each there is, `--only`: those that are named) is searched for
with several seeds, and so is KVM's walker of each Linux tree that is given: as it is, with the waivers of what is known
of its version (docs/findings), and with these waivers and a defect planted in it. Tells how many buckets a seed ends
with, and how many signatures all seeds have together: 1 and 1 are best, of a tree with its waivers 0.

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
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "detection"))
RESULTS = Path(__file__).with_name("results.json")

from first_finding import fuzz, key_of  # noqa: E402

TWELVE = ("S1-02", "S1-05", "S1-06", "S1-14", "S1-19", "S1-22", "S1-27", "S1-28", "S1-34", "S2-01", "S2-04", "S2-12")

AT = "arch/arm64/kvm/at.c"
NESTED = "arch/arm64/kvm/nested.c"
FINDINGS = ROOT / "docs" / "findings"
MORE = 10  # times as many cases of a tree whose waivers hold for what a guest can have alone: nine in ten are refused

# What an edit lays open: a second defect of the tree that showed nowhere before.
LAID_OPEN = (
    "a second defect shows where no block was taken before: contiguous_bit_shift() knows no level without ranges"
)


class Planted(NamedTuple):
    """An edit that makes a walker of the tree defective."""

    file: str
    right: str  # what stands there in some version
    wrong: str
    more: Mapping[str, str] = MappingProxyType({})  # by version: why it is not exactly one bucket there


PLANTED = (
    Planted(AT, "(tcr & (va55 ? TCR_EPD1_MASK : TCR_EPD0_MASK))", "(tcr && va55 && !tcr)"),
    Planted(AT, "if (check_output_size(wi->baddr, wi))", "if (0)"),
    Planted(AT, "if (check_output_size(baddr, wi))", "if (0)"),
    Planted(AT, "wr->APTable  |= FIELD_GET(S1_TABLE_AP, desc);", ";"),
    Planted(AT, "if (!valid_block)", "if (0)", {"6.12": LAID_OPEN}),
    Planted(AT, "if (!(desc & PTE_AF)) {", "if (0) {"),
    Planted(NESTED, "if (check_output_size(wi, base_addr)) {", "if (0) {"),
    Planted(
        NESTED,
        "if (level < first_block_level) {",
        "if (0) {",
        {
            "7.3": f"{LAID_OPEN}; and a third: check_output_size() looks at the bits below a block, too",
            "6.12": LAID_OPEN,
        },
    ),
    Planted(NESTED, "if (!(desc & KVM_PTE_LEAF_ATTR_LO_S2_AF)) {", "if (0) {"),
    Planted(NESTED, "if (!(desc & BIT(10))) {", "if (0) {"),
    Planted(NESTED, "out->writable = desc & KVM_PTE_LEAF_ATTR_LO_S2_S2AP_W;", "out->writable = true;"),
    Planted(NESTED, "out->writable = desc & (0b10 << 6);", "out->writable = true;"),
)


def seed_defects(program: Path) -> dict[str, str]:
    """The defects that the sample walker says it can be given, with what they are."""
    listing = subprocess.run([program, "walkers"], check=True, capture_output=True, text=True).stdout
    return dict(re.findall(r"^  (S\d-\d\d)  (.*)$", listing, re.MULTILINE))


def buckets(program: Path, walker: str, seed: int, cases: int, *more: str) -> Counter[str]:
    """The buckets of a run, with their sizes."""
    summary = fuzz(program, walker, "--seed", str(seed), "--cases", str(cases), "--jobs", "1", *more)
    return Counter({key_of(finding): finding["count"] for finding in summary["findings"]})


def measure(walker: str, options: argparse.Namespace, cases: int = 0, *more: str) -> list[Counter[str]]:
    """The buckets of each seed."""
    seeds = range(1, options.seeds + 1)
    return [buckets(options.program, walker, seed, cases or options.cases, *more) for seed in seeds]


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


def version_of(tree: Path) -> str:
    """ "7.3", from the tree's Makefile."""
    text = (tree / "Makefile").read_text(encoding="utf-8")
    return ".".join(re.findall(r"^(?:VERSION|PATCHLEVEL) = (\d+)$", text, re.MULTILINE))


def planted_trees(tree: Path, folder: Path) -> Iterable[tuple[Planted, Path]]:
    """Copies of a tree, each with one defect: those of PLANTED that fit it."""
    sys.path.insert(0, str(ROOT / "tests" / "python"))
    from kernel_trees import variant

    for number, edit in enumerate(PLANTED):
        text = (tree / edit.file).read_text(encoding="utf-8")
        if text.count(edit.right) == 1:
            path = folder / str(number)
            yield edit, variant(tree, path, edit.file, lambda t, e=edit: t.replace(e.right, e.wrong))


def measure_tree(tree: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """A tree as it is, the same with its waivers, and with them each planted defect."""
    version = version_of(tree)
    folders = [folder for folder in (FINDINGS / f"kvm-{version}", FINDINGS / f"kvm-{version}/no-guest")]
    waivers = [word for folder in folders if folder.is_dir() for word in ("--waivers", str(folder))]
    exposed, cases = ("", options.cases) if folders[1].is_dir() else (",as-exposed", MORE * options.cases)
    name = f"kvm: {version}{exposed}"
    rows = [row(name, measure(f"kvm:{tree}{exposed}", options, cases))]
    tell(rows[-1])
    rows.append(row(f"{name}, waived", measure(f"kvm:{tree}{exposed}", options, cases, *waivers)))
    tell(rows[-1])
    with tempfile.TemporaryDirectory() as folder:
        for edit, path in planted_trees(tree, Path(folder)):
            runs = measure(f"kvm:{path}{exposed}", options, cases, *waivers)
            rows.append(row(rows[1]["name"], runs) | {"planted": edit.right, "file": Path(edit.file).name})
            if version in edit.more:
                rows[-1]["more"] = edit.more[version]
            tell(rows[-1])
            for key, count in Counter(key for run in runs for key in run).most_common():
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
        rows.append(row(name, measure(f"sample,defect={name}", options)) | {"text": texts[name]})
        tell(rows[-1])
    trees = [told for tree in options.tree for told in measure_tree(tree, options)]
    if options.update:
        kept = {"cases": options.cases, "twelve": TWELVE, "rows": rows, "trees": trees}
        RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    must = [told for told in rows if told["name"] in TWELVE] + [t for t in trees if "planted" in t and "more" not in t]
    bad = [told["name"] for told in must if (told["least"], told["most"], told["signatures"]) != (1, 1, 1)]
    print(f"{len(must) - len(bad)} of {len(must)} are one bucket, the same for each of {options.seeds} seeds")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
