# SPDX-License-Identifier: MIT
"""Mutants of a walker, made by machine, and which of them walkdiff finds.

The edits are what a C parser (tree-sitter) offers in lines that random cases execute: an operator, a number, a truth
value or a condition exchanged, a statement left out. A sample of them, always the same for a seed, is built, one edit
a mutant, and searched for by `walkdiff fuzz --until-finding` on one core. A mutant whose machine code is that of the
walker is equivalent; so is one that explained.toml says so of, with the reason. `--update` keeps the results.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "detection"))

from edits import Edit  # noqa: E402
from first_finding import Comparison, Search, search  # noqa: E402
from kvm import KvmAbort, KvmIdmap, KvmPgtable, KvmTlbi, KvmWalker  # noqa: E402
from sample import SampleWalker  # noqa: E402

RESULTS = HERE / "results"
EXPLAINED = HERE / "explained.toml"


Subject = SampleWalker | KvmWalker


@dataclass
class Outcome:
    """What became of a mutant."""

    edit: Edit
    status: str  # "found", "not found", "equivalent", "not built"
    search: Search | None = None
    reason: str = ""

    def numbers(self) -> dict[str, Any]:
        """What is kept of it."""
        edit = self.edit
        kept: dict[str, Any] = {"file": edit.file, "line": edit.line, "function": edit.function}
        kept |= {"context": " ".join(edit.context.split()), "was": edit.was, "now": edit.now, "status": self.status}
        if self.search is not None:
            kept |= {"cases": self.search.cases, "seconds": round(self.search.seconds, 2)}
            kept |= {"signature": self.search.signature} if self.search.found else {}
        return kept | ({"reason": self.reason} if self.reason else {})


def explanations(subject: str) -> dict[str, tuple[bool, str]]:
    """By name of the edit: whether it is equivalent, and why it is not found."""
    found: dict[str, tuple[bool, str]] = {}
    for entry in tomllib.loads(EXPLAINED.read_text()).get(subject, []):
        for edit in entry["edits"]:
            name = f"{entry['file']}: {entry['function']}: {' '.join(entry['context'].split())}: {edit}"
            found[name] = (entry["equivalent"], " ".join(entry["reason"].split()))
    return found


Searcher = Callable[[str], Search]  # for a walker, by its spec


def searcher_of(subject: Subject, options: argparse.Namespace) -> Searcher:
    """How mutants of a walker are searched for: by what they find, or by what they find otherwise."""
    unchanged = subject.walker(subject.unchanged())
    if subject.deviates:
        comparison = Comparison(options.program, unchanged, "--timeout", "1s", *subject.options)
        return lambda walker: comparison.search(walker, options.limit, options.most)
    right = search(options.program, unchanged, 1, 5, *subject.options)
    if right.found:
        raise SystemExit(f"{subject.name}: the walker itself deviates: {right.signature}")
    return lambda walker: search(options.program, walker, 1, options.limit, "--timeout", "3s", *subject.options)


def try_out(subject: Subject, edit: Edit, number: int, find: Searcher, options: argparse.Namespace) -> Outcome:
    """Builds a mutant and searches for it."""
    folder = Path(options.work) / f"mutant-{number}"
    try:
        library = subject.build(edit, folder)
        if library is None:
            return Outcome(edit, "equivalent", reason="the same machine code")
        result = find(subject.walker(library))
        return Outcome(edit, "found" if result.found else "not found", result)
    except subprocess.CalledProcessError:
        return Outcome(edit, "not built")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def explain_again() -> None:
    """Gives the results that were kept the reasons that were written down since."""
    for file in sorted(RESULTS.glob("*.json")):
        kept = json.loads(file.read_text())
        known = explanations(file.stem)
        for one in kept["mutants"]:
            name = f"{one['file']}: {one['function']}: {one['context']}: {one['was']} -> {one['now']}"
            if one["status"] != "found" and name in known:
                equivalent, one["reason"] = known[name]
                one["status"] = "equivalent" if equivalent else "not found"
        file.write_text(json.dumps(kept, indent=1) + "\n")


def explain(outcome: Outcome, known: dict[str, tuple[bool, str]]) -> None:
    """Gives an outcome the reason that somebody wrote down."""
    if outcome.status == "not found" and outcome.edit.name in known:
        equivalent, outcome.reason = known[outcome.edit.name]
        outcome.status = "equivalent" if equivalent else "not found"


def campaign(subject: Subject, options: argparse.Namespace) -> Iterator[Outcome]:
    """Makes the mutants and tries each out, in an order of their own."""
    lines = subject.covered(options.program, options.coverage_cases)
    edits = subject.edits(lines)
    print(f"{subject.name}: {len(edits)} edits in {sum(map(len, lines.values()))} executed lines", flush=True)
    chosen = random.Random(options.seed).sample(edits, min(options.count, len(edits)))
    if options.only:
        chosen = [edit for edit in edits if any(words in edit.name for words in options.only)]
    find = searcher_of(subject, options)
    with ThreadPoolExecutor(options.jobs) as pool:
        yield from pool.map(lambda item: try_out(subject, item[1], item[0], find, options), enumerate(chosen))


MADE = {"kvm": KvmWalker, "abort": KvmAbort, "pgtable": KvmPgtable, "tlbi": KvmTlbi, "idmap": KvmIdmap}
ABOUT = """`bench/mutation --subject {name} --count {count}`: a random sample of the edits in lines that random
cases execute (seed {seed}), one edit a mutant, each searched for {limited} on one core.{compared}"""
COMPARED = """
KVM deviates by itself, so a mutant is found where what walkdiff finds in it differs from what it finds in the walker
without the edit, on the same cases."""


def main() -> int:
    """Tries the mutants out; the exit status is 1 if one that is not explained is not found."""
    parser = argparse.ArgumentParser(prog="python bench/mutation", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--subject",
        default="sample",
        help="sample, kvm:TREE (KVM's walker of a Linux tree), abort:TREE, pgtable:TREE, tlbi:TREE, or idmap:TREE",
    )
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--count", type=int, default=400, help="mutants")
    parser.add_argument("--seed", type=int, default=1, help="of the sample of mutants")
    parser.add_argument("--limit", type=float, default=60, help="seconds that a search may take")
    parser.add_argument(
        "--most", type=int, default=4_000_000, help="cases that a search may take, for subjects that deviate themselves"
    )
    parser.add_argument("--coverage-cases", type=int, default=300_000, help="cases that say what is executed")
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="these mutants instead, by a part of their names")
    parser.add_argument("--jobs", type=int, default=1, help="mutants that are tried out at once")
    parser.add_argument("--work", type=Path, help="a folder to build in (default: one for the time being)")
    parser.add_argument("--update", action="store_true", help="keep the results; bench/detection makes a page of them")
    parser.add_argument("--explain", action="store_true", help="run nothing; look up explained.toml for what was kept")
    options = parser.parse_args()
    if options.explain:
        explain_again()
        return 0
    options.program = options.build / "harness/walkdiff"
    with tempfile.TemporaryDirectory() as temporary:
        options.work = options.work or Path(temporary)
        kind, _, tree = options.subject.partition(":")
        folder = options.work / "walker"
        made = MADE.get(kind)
        subject = made(ROOT, tree, folder) if made else SampleWalker(ROOT, options.build, folder)
        known = explanations(subject.name)
        outcomes = []
        for outcome in campaign(subject, options):
            explain(outcome, known)
            outcomes.append(outcome)
            took = f"{outcome.search.cases:>9} {outcome.search.seconds:6.2f}s" if outcome.search else ""
            print(f"{outcome.status:10} {took:17} {outcome.edit.name} {outcome.reason}".rstrip(), flush=True)
    count = {status: sum(one.status == status for one in outcomes) for status in ("found", "not found", "equivalent")}
    judged = count["found"] + count["not found"]
    print(f"\n{', '.join(f'{number} {status}' for status, number in count.items())}; ", end="")
    print(f"{100 * count['found'] / max(judged, 1):.1f} % of {judged} that are not equivalent found")
    if options.update:
        RESULTS.mkdir(exist_ok=True)
        compared = COMPARED if subject.deviates else ""
        limited = f"no longer than {options.limit:g} s"
        if subject.deviates and options.most < parser.get_default("most"):
            limited = f"in no more than {options.most:,} cases"
        about = ABOUT.format(name=kind, compared=compared, count=options.count, seed=options.seed, limited=limited)
        kept = {
            "title": subject.title,
            "about": about,
            "mutants": [one.numbers() for one in outcomes if one.status != "not built"],
        }
        (RESULTS / f"{subject.name}.json").write_text(json.dumps(kept, indent=1) + "\n")
    return 1 if any(one.status == "not found" and not one.reason for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
