# SPDX-License-Identifier: MIT
"""What the C core knows: walks, fields, rules and verdicts. Nothing of the architecture is decoded here."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from walkdiff_reports.run import Json, ReportError


def _program() -> str:
    path = os.environ.get("WALKDIFF_PROGRAM")
    if not path:
        raise ReportError("WALKDIFF_PROGRAM is not set: reports are made with `walkdiff report`")
    return path


def _walkdiff(arguments: Sequence[str], lines: str, accepted: tuple[int, ...]) -> str:
    command = [_program(), *arguments]
    try:
        done = subprocess.run(command, input=lines, capture_output=True, text=True, encoding="utf-8")
    except OSError as error:
        raise ReportError(f"{command[0]}: {error.strerror}") from error
    if done.returncode not in accepted:
        raise ReportError(f"walkdiff {' '.join(arguments)}: status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def table(page: str) -> list[Json]:
    """A page of the manual as the entries of its table: rules, choices, verdicts."""
    return json.loads(_walkdiff(["manual", "--json", page], "", (0,)))


BATCH = 16  # findings that one call explains: so that progress shows


def explain(findings: Sequence[Json]) -> Iterator[Json]:
    """
    Explains findings, in order: a case, and the answers to it, each with members as in findings.jsonl. What cannot be
    read is explained by {"error": …} alone.
    """
    for begin in range(0, len(findings), BATCH):
        batch = findings[begin : begin + BATCH]
        lines = "".join(json.dumps(_for_explain(finding), ensure_ascii=True) + "\n" for finding in batch)
        told = [json.loads(line) for line in _walkdiff(["explain", "--json", "-"], lines, (0, 2)).split("\n") if line]
        if len(told) != len(batch):
            raise ReportError(f"walkdiff explain: {len(told)} answers to {len(batch)} findings")
        yield from told


ANSWERS = ("expected", "got", "base", "patch", "other")


def _for_explain(finding: Json) -> dict[str, Any]:
    return {name: finding[name] for name in ("case", "rule", *ANSWERS) if name in finding}
