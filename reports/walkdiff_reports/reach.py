# SPDX-License-Identifier: MIT
"""`walkdiff reach`: which findings of a run a guest of the tree's KVM can reach.

A finding's case may have features that KVM hides from guests, or control bits that it does not let them set. So each
case is made into what a guest would have of it (`walkdiff expose`), and the walker is asked that (as-exposed). If it is
wrong in the same way, a guest can reach the finding.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from walkdiff_driver.verb import FAILED, NOTHING_FOUND, Parser, VerbError, complain, use_utf8, walkdiff_program

from walkdiff_reports.run import Finding, Json, ReportError, load

USAGE = """\
usage: walkdiff reach DIR

Finds out which findings on a walker kvm:TREE a nested guest can reach: DIR is the folder that `walkdiff fuzz --out DIR`
left. Each finding gets a facet `guest` in DIR/findings.jsonl: `reaches it`, if the case, made into what a guest would
have of it, is answered wrongly in the same way; `another finding`, if in another way; `not by this case`, if not; or
`unknown`. The cases as a guest has them are in DIR/guest.jsonl.

Exit status: 0, or 2 if used wrongly, or the walker cannot be asked.
"""

REACHED, OTHER, NOT_REACHED, UNKNOWN = "reaches it", "another finding", "not by this case", "unknown"
FINE = ("agree", "permitted", "waived")


def run(arguments: list[str], statuses: tuple[int, ...]) -> str:
    """What walkdiff writes to standard output."""
    done = subprocess.run([walkdiff_program(), *arguments], stdout=subprocess.PIPE, text=True, encoding="utf-8")
    if done.returncode not in statuses:
        raise VerbError(f"walkdiff {arguments[0]} ended with status {done.returncode}")
    return done.stdout


def classify(finding: Finding, judgement: Json | None) -> str:
    """What the judgement of the guest's case says of the finding."""
    if judgement is None or judgement["verdict"] == "unsupported":
        return UNKNOWN
    if judgement["verdict"] in FINE:
        return NOT_REACHED
    return REACHED if judgement.get("signature") == finding.signature else OTHER


def guests(walker: str, findings: list[Finding], folder: Path) -> tuple[list[str], list[str]]:
    """For each finding on a walker, the facet's value; and the cases as a guest has them."""
    cases = folder / "cases.jsonl"
    lines = [json.dumps({**finding.case, "id": str(number)}) for number, finding in enumerate(findings)]
    cases.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    exposed = run(["expose", "--walker", walker, str(cases)], (0, 2))
    cases.write_text(exposed, encoding="utf-8")
    told = run(["replay", "--walker", f"{walker},as-exposed", "--json", str(cases)], (0, 1)) if exposed else ""
    judgements = {line["id"]: line for line in map(json.loads, told.splitlines())}
    return [classify(finding, judgements.get(str(i))) for i, finding in enumerate(findings)], exposed.splitlines()


def write(path: Path, lines: list[str]) -> None:
    """Writes a file whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    new.replace(path)


def reach(folder: Path) -> None:
    findings = load(folder).findings
    found: dict[int, str] = {}
    cases: list[str] = []
    for walker in sorted({finding.walker for finding in findings if finding.walker.startswith("kvm:")}):
        numbers = [i for i, finding in enumerate(findings) if finding.walker == walker]
        with tempfile.TemporaryDirectory() as scratch:
            values, exposed = guests(walker, [findings[i] for i in numbers], Path(scratch))
        found.update(zip(numbers, values, strict=True))
        for line in exposed:
            case = json.loads(line)
            finding = findings[numbers[int(case["id"])]]
            cases.append(json.dumps({**case, "id": finding.signature}, ensure_ascii=False))
    if not found:
        raise VerbError(f"{folder}: no finding on a walker kvm:TREE")
    lines = []
    for i, finding in enumerate(findings):
        facets = finding.facets | ({"guest": {found[i]: finding.count}} if i in found else {})
        lines.append(json.dumps({**finding.data, "facets": facets}, ensure_ascii=False))
    write(folder / "guest.jsonl", cases)
    write(folder / "findings.jsonl", lines)
    for value in (REACHED, OTHER, NOT_REACHED, UNKNOWN):
        print(f"{sum(one == value for one in found.values()):6,}  {value}")


def main() -> int:
    use_utf8()
    parser = Parser("reach", USAGE)
    parser.add_argument("folder", type=Path)
    try:
        reach(parser.parse_args().folder)
    except (VerbError, ReportError, OSError) as error:
        return complain(str(error)) or FAILED
    return NOTHING_FOUND


if __name__ == "__main__":
    sys.exit(main())
