# SPDX-License-Identifier: MIT
"""Folders of runs for the tests of reports: real ones, and ones that hold everything that a run can leave."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
EVIL = (
    "<script>document.title='owned'</script><img src=x onerror=alert(1)>&amp;\"'{{ 7 * 7 }} # ]]> \x1b[31m\u2028\u202e"
)
Finding = dict[str, Any]
WALKER = "sample,defect=S1-04"  # its defect leaves several buckets
KINDS = ("real", "clean", "empty", "of every kind", "evil", "300 buckets")  # of the fixture `runs`


def walkdiff(*arguments: str, lines: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "WALKDIFF_PROGRAM"}
    return subprocess.run(
        [str(program(ROOT)), *arguments],
        **{"input": lines, "cwd": cwd, "env": environment, "timeout": 120, "encoding": "utf-8"},
        capture_output=True,
    )


def fuzz(folder: Path, walker: str, cases: int) -> Path:
    """The folder of a real run."""
    done = walkdiff(
        *(
            "fuzz",
            "--walker",
            walker,
            "--seed",
            "1",
            "--cases",
            str(cases),
            "--out",
            str(folder),
            "--ref",
            "none",
            "--quiet",
        )
    )
    assert done.returncode in (0, 1), done.stderr
    return folder


def read(folder: Path) -> tuple[dict[str, Any], list[Finding]]:
    """Summary and findings of a run."""
    lines = (folder / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    return json.loads((folder / "summary.json").read_text(encoding="utf-8")), [json.loads(line) for line in lines]


def write(folder: Path, summary: dict[str, Any], findings: list[Finding]) -> Path:
    """A run that holds just these findings."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    text = "".join(json.dumps(finding) + "\n" for finding in findings)
    (folder / "findings.jsonl").write_text(text, encoding="utf-8")
    return folder


def of_every_kind(real: Path) -> tuple[dict[str, Any], list[Finding]]:
    """A run with a finding of every verdict, and of everything that a finding can have."""
    summary, findings = read(real)
    first = findings[0]
    reference = "unicorn"
    summary["walkers"] = [
        *summary["walkers"],
        {"walker": reference, "version": "2.0.1", "role": "reference", "verdicts": {"reference-conflict": 3}},
    ]

    def like(verdict: str, **members: object) -> Finding:
        return {**first, "verdict": verdict, "signature": f"{verdict} of a test", **members}

    return summary, [
        *findings,
        like("crash", got={"crash": "SIGSEGV"}, count=2),
        like("hang", got={"hang": True}),
        like("retry", got={"retry": True}),
        like("warn", got={**first["expected"], "warn": ["arch/arm64/kvm/at.c:42"]}),
        like("exception-mismatch", got={"exception": {"fst": "0x7", "stage2": 1, "s1ptw": 1, "ipa": "0x1000"}}),
        like("exception-mismatch", signature="UNDEFINED of a test", got={"exception": {"undefined": 1}}),
        like("inconsistent", rule="S1_TXSZ_HIGH", other={"seed": 1, "index": 99, "got": {"par": "0x809"}}),
        like("reference-conflict", walker=reference, count=3),
        like("deviation", signature="both of a test"),
        like("reference-conflict", signature="both of a test", walker=reference),
        like("deviation", signature="shrunk of a test", shrunk=True, oracle_alone=0, votes={reference: {"oracle": 3}}),
        like(
            "deviation",
            signature="alone of a test",
            count=9999,
            oracle_alone=4,
            votes={reference: {"oracle": 0, "same": 4, "other": 1, "none": 2}},
        ),
        like("deviation", signature="memory of a test", got={**first["got"], "mem": [["0x40000000", "0x1"]]}),
        like("deviation", signature="not seeded", first={}, state="new"),
        like("deviation", signature="unknown rule", rule="NO_SUCH_RULE"),
        like("deviation", signature="unreadable", case={"op": "S1E9R"}),
        like("a verdict of the future", signature="verdict that is not known"),
    ]


def with_evil_text(real: Path) -> tuple[dict[str, Any], list[Finding]]:
    """A run in which every text that comes from cases and walkers is hostile."""
    summary, findings = of_every_kind(real)
    case = {**findings[0]["case"], "id": f"id {EVIL}", "note": f"note {EVIL}", "tags": [f"tag {EVIL}"]}
    summary["walkers"][0]["walker"] = f"exec:evil {EVIL}"
    summary["walkers"][0]["version"] = f"version {EVIL}"
    evil = [
        {**finding, "case": case if "op" in finding["case"] and finding["case"]["op"] != "S1E9R" else finding["case"]}
        for finding in findings
    ]
    return summary, [
        *evil,
        {**evil[0], "verdict": "crash", "got": {"crash": f"died {EVIL}"[:90]}, "walker": f"exec:evil {EVIL}",
         "signature": f"signature {EVIL}", "title": f"title {EVIL}", "rule": f"rule {EVIL}"},
        {**evil[0], "verdict": "warn", "got": {**evil[0]["expected"], "warn": [f"warn {EVIL}"[:90]]},
         "signature": "warn of evil \ud800", "facets": {f"facet {EVIL}": {f"value {EVIL}": 1}}},
    ]  # fmt: skip


def many(real: Path, count: int) -> tuple[dict[str, Any], list[Finding]]:
    """A run with so many buckets."""
    summary, findings = read(real)
    return summary, [
        {**findings[i % len(findings)], "signature": f"bucket {i} of a test", "count": count - i} for i in range(count)
    ]
