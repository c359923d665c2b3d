# SPDX-License-Identifier: MIT
"""`walkdiff waive`: writes a waiver for a finding, and looks for stale ones."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from walkdiff_driver import waiver_files
from walkdiff_driver.core import Core, write_cases
from walkdiff_driver.filing import Judgement
from walkdiff_driver.store import WAIVED, Store, StoreError
from walkdiff_driver.verb import (
    DEFAULT_STORE,
    FOUND,
    NOTHING_FOUND,
    Parser,
    VerbError,
    complain,
    use_utf8,
    walkdiff_program,
)
from walkdiff_driver.waiver_files import Waiver

USAGE = f"""\
usage: walkdiff waive FINDING --reason TEXT --link URL [OPTIONS]

Writes a waiver for a finding of a store, with a case that shows it, and looks whether it is then waived. With --check
instead of a finding: looks for waivers whose case does not show any more what they waive.

  --reason TEXT    why it is the walker that is wrong, with the Arm ARM's rule; required
  --link URL       where that can be read; required
  --store FILE     the store that FINDING is a number of (default: {DEFAULT_STORE})
  --from FILE      a findings.jsonl instead of a store: FINDING is a line of it
  --instead TEXT   what the walker does (default: the title of the finding)
  --id ID          what the waiver is called (default: made from walker and signature)
  --versions RANGE of the walker, like '>=2.0.1, <2.1' (default: the version that was seen, '*' if it tells none)
  --facet NAME=PATTERN
                   only findings with this facet, like granule=16K; several are several options
  --waivers DIR    the folder of waivers (default: walkdiff's own)
  --check          look for stale waivers
  --walker W       with --check: a walker to be asked; without it, those that waivers name and that need no argument

Exit status: 0, 1 a waiver is stale, 2 used wrongly, or the finding is not waived by what was written: nothing is kept.
"""

TIMEOUT = 5.0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = Parser("waive", USAGE)
    parser.add_argument("finding", nargs="?", type=int)
    for name in ("--reason", "--link", "--instead", "--id", "--versions"):
        parser.add_argument(name)
    parser.add_argument("--store", type=Path, default=Path(DEFAULT_STORE))
    parser.add_argument("--from", dest="lines", type=Path)
    parser.add_argument("--waivers", type=Path)
    for name in ("--facet", "--walker"):
        parser.add_argument(name, action="append", default=[])
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    if given.check == (given.finding is not None):
        parser.error("either a FINDING is wanted, or --check")
    if not given.check and not (given.reason and given.link):
        parser.error("a waiver needs a --reason and a --link")
    if not given.check and given.walker:
        parser.error("--walker is for --check")
    return given


def core_for(folder: Path) -> Core:
    """walkdiff with the waivers of a folder."""
    return Core(walkdiff_program(), (), TIMEOUT, folder)


def judge(core: Core, spec: str, cases: list[dict[str, Any]]) -> list[Judgement]:
    """What a walker's answers to cases are judged."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.jsonl"
        write_cases(path, cases)
        done = subprocess.run(core.replay(spec, path), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise VerbError(done.stderr.strip().removeprefix("walkdiff: "))
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---------------------------------------------------------------- writing one


def from_store(store: Store, number: int) -> tuple[dict[str, Any], str, str]:
    """A finding of a store, its walker's spec, and the version that was seen."""
    bucket = store.bucket(number)
    for walker in store.run(bucket.last_run).walkers:
        if walker.name == bucket.walker:
            return bucket.as_finding(), walker.spec, walker.version
    raise VerbError(f"{store.path}: finding {number}: run {bucket.last_run} has no walker '{bucket.walker}'")


def from_lines(path: Path, number: int) -> tuple[dict[str, Any], str, str]:
    """A line of a findings.jsonl; the summary beside it has the version."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        if not 1 <= number <= len(lines):
            raise VerbError(f"{path}: there is no line {number}")
        finding = json.loads(lines[number - 1])
        summary = json.loads((path.parent / "summary.json").read_text(encoding="utf-8"))
        versions = {walker["walker"]: walker["version"] for walker in summary["walkers"]}
        return finding, finding["walker"], versions.get(finding["walker"], "")
    except OSError as error:
        raise VerbError(f"{error.filename}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise VerbError(f"{path}:{number}: is no finding: {error}") from error


def facets_of(texts: list[str]) -> dict[str, str]:
    """The facets of the options."""
    facets = {}
    for text in texts:
        name, equals, pattern = text.partition("=")
        if not equals or not name or not pattern:
            raise VerbError(f"waive: --facet '{text}': NAME=PATTERN is wanted, like granule=16K")
        facets[name] = pattern
    return facets


def versions_of(version: str) -> str:
    """A range with the one version that was seen."""
    found = re.search(r"\d+(?:\.\d+)+", version)
    return f"={found[0]}" if found else "*"


def id_for(walker: str, signature: str) -> str:
    """A name for a waiver."""
    return re.sub(r"[^a-z0-9]+", "-", f"{walker} {signature}".lower()).strip("-")[:60].rstrip("-")


def write(folder: Path, table: dict[str, Any], case: dict[str, Any], spec: str, checked: bool) -> Path:
    """Adds a waiver to the file of its walker. If the case is not waived by it then, all is as it was."""
    walker = table["walker"]
    file, case_file = folder / f"{walker}.toml", folder / walker / f"{table['id']}.json"
    if case_file.exists() or any(waiver.id == table["id"] for waiver in waiver_files.load([folder])):
        raise VerbError(f"{folder}: there is a waiver '{table['id']}'; name another one with --id")
    if checked:
        (judgement,) = judge(core_for(folder), spec, [case])
        if judgement["verdict"] == "waived":
            raise VerbError(f"waive: waiver '{judgement['waiver']}' matches it already")
    before = file.read_text(encoding="utf-8") if file.exists() else None
    head = "# SPDX-License-Identifier: MIT\n" if before is None else before.rstrip("\n") + "\n"
    table["case"] = f"{folder.resolve().name}/{walker}/{table['id']}.json"
    try:
        case_file.parent.mkdir(parents=True, exist_ok=True)
        case_file.write_text(json.dumps({**case, "id": table["id"]}, ensure_ascii=False) + "\n", encoding="utf-8")
        new = file.with_name(file.name + ".new")
        new.write_text(head + "\n" + waiver_files.as_toml(table), encoding="utf-8")
        new.replace(file)
        if checked:
            (judgement,) = judge(core_for(folder), spec, [case])
            if (judgement["verdict"], judgement.get("waiver")) != ("waived", table["id"]):
                said = judgement.get("waiver") or judgement.get("signature") or ""
                raise VerbError(f"waive: with the waiver its case is still judged '{judgement['verdict']}' {said}")
    except BaseException:
        case_file.unlink(missing_ok=True)
        if before is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(before, encoding="utf-8")
        raise
    return file


def waive(given: argparse.Namespace) -> int:
    """Writes a waiver; the exit status."""
    folder = given.waivers or waiver_files.own_folder()
    folder.mkdir(parents=True, exist_ok=True)
    store = None if given.lines else Store.open_for_reading(given.store)
    finding, spec, version = from_store(store, given.finding) if store else from_lines(given.lines, given.finding)
    if store:
        store.close()
    name = waiver_files.name_in(spec)
    table = {
        "id": given.id or id_for(name, finding.get("family") or finding["signature"]),
        "walker": name,
        "versions": given.versions or versions_of(version),
        "signature": waiver_files.literally(finding.get("family") or finding["signature"]),
        "rule": finding["rule"],
        "facets": facets_of(given.facet),
        "instead": given.instead or finding["title"],
        "reason": given.reason,
        "link": given.link,
    }
    case = {member: value for member, value in finding["case"].items() if member not in ("expect", "permitted")}
    inconsistent = finding["verdict"] == "inconsistent"  # one case cannot show it
    file = write(folder, table, case, spec, checked=not inconsistent)
    print(f"{file}: waiver {table['id']}" + (": not tried, two cases are needed to show it" if inconsistent else ""))
    if store:
        with Store.open(given.store) as opened:
            why = f"waiver {table['id']} was written"
            opened.set_state(given.finding, WAIVED, None, why, waiver=table["id"])
    return NOTHING_FOUND


# ---------------------------------------------------------------- stale ones


def version_of(core: Core, spec: str) -> str:
    """What a walker tells of its version."""
    return core.probe(spec, spec, ())[0].version


def check_walker(core: Core, spec: str, waivers: list[Waiver]) -> int:
    """Says which of a walker's waivers are stale. Returns how many."""
    version = version_of(core, spec)
    due = [waiver for waiver in waivers if waiver.is_for(waiver_files.name_in(spec), version)]
    cases = [{**waiver.case(), "id": str(number)} for number, waiver in enumerate(due)]
    stale = 0
    for judgement in judge(core, spec, cases) if cases else []:
        why = due[int(judgement["id"])].stale_by(judgement)
        if why:
            stale += 1
            print(f"stale: {due[int(judgement['id'])].id} ({spec}): {why}")
    print(f"{spec}: {len(due)} waivers, {stale} stale")
    return stale


def check(given: argparse.Namespace) -> int:
    """Looks for stale waivers; the exit status."""
    folder = given.waivers or waiver_files.own_folder()
    waivers = waiver_files.load([folder])
    core = core_for(folder)
    named = {waiver_files.name_in(spec) for spec in given.walker}
    stale = sum(check_walker(core, spec, waivers) for spec in given.walker)
    for name in sorted({waiver.table.get("walker", "") for waiver in waivers} - named):
        if given.walker:
            continue
        try:
            stale += check_walker(core, name, waivers)
        except VerbError as error:
            print(f"{name}: not checked: {error}", file=sys.stderr)
    return FOUND if stale else NOTHING_FOUND


def main() -> int:
    """The verb; its exit status."""
    use_utf8()
    given = arguments()
    try:
        return check(given) if given.check else waive(given)
    except (VerbError, StoreError) as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{error.filename or 'waive'}: {error.strerror}")


if __name__ == "__main__":
    sys.exit(main())
