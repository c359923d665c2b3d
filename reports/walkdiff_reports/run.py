# SPDX-License-Identifier: MIT
"""What `walkdiff fuzz --out DIR` leaves: read, checked as far as reports rely on it, and never trusted as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

Json = dict[str, Any]
Kind = TypeVar("Kind")


class ReportError(Exception):
    """A report cannot be made; the message is for the user and names file, line and member."""


@dataclass(frozen=True)
class Finding:
    """A bucket: a line of findings.jsonl, with what it must have taken out. `data` is the line, whole."""

    signature: str
    title: str
    verdict: str
    rule: str
    walker: str
    count: int
    facets: dict[str, dict[str, int]]
    votes: dict[str, dict[str, int]]
    oracle_alone: int | None  # cases in which all others that answer say the same, against the oracle; None: not told
    expected: Json
    got: Json
    case: Json
    data: Json
    first: Json = field(default_factory=dict)
    other: Json | None = None
    shrunk: bool = False


@dataclass(frozen=True)
class Run:
    """A run, as its folder tells of it."""

    folder: Path
    summary: Json
    findings: list[Finding]


def _member(where: str, line: Json, name: str, kind: type[Kind]) -> Kind:
    value = line.get(name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        what = {str: "a string", int: "a whole number", dict: "an object", list: "an array", bool: "true or false"}
        raise ReportError(f"{where}: {name}: {'is missing' if name not in line else f'must be {what[kind]}'}")
    return value


def _counts(where: str, line: Json, member: str) -> dict[str, dict[str, int]]:
    """A member that holds counts by two names."""
    table = _member(where, line, member, dict)
    for name, counts in table.items():
        _member(f"{where}: {member}", table, name, dict)
        for value in counts:
            _member(f"{where}: {member}.{name}", counts, value, int)
    return table


def _other(where: str, line: Json) -> Json | None:
    if "other" not in line:
        return None
    other = _member(where, line, "other", dict)
    _member(f"{where}: other", other, "got", dict)
    return other


def finding_of(where: str, line: Json) -> Finding:
    """A finding from its line; `where` names the line for messages."""
    return Finding(
        **{name: _member(where, line, name, str) for name in ("signature", "title", "verdict", "rule", "walker")},
        **{name: _member(where, line, name, dict) for name in ("expected", "got", "case")},
        count=_member(where, line, "count", int),
        facets=_counts(where, line, "facets"),
        votes=_counts(where, line, "votes") if "votes" in line else {},
        oracle_alone=_member(where, line, "oracle_alone", int) if "oracle_alone" in line else None,
        first=_member(where, line, "first", dict) if "first" in line else {},
        other=_other(where, line),
        shrunk=_member(where, line, "shrunk", bool) if "shrunk" in line else False,
        data=line,
    )


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _parse(where: str, text: str) -> Json:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{where}: {error}") from error
    if not isinstance(value, dict):
        raise ReportError(f"{where}: must be an object")
    return value


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ReportError(f"{path}: {reason}: is this the folder of a `walkdiff fuzz --out`?") from error


def _lines(path: Path) -> Iterator[tuple[str, Json]]:
    for number, text in enumerate(_read(path).split("\n"), 1):
        if text.strip():
            where = f"{path}:{number}"
            yield where, _parse(where, text)


def load(folder: Path) -> Run:
    """Reads the folder of a run; raises ReportError."""
    path = folder / "summary.json"
    summary = _parse(str(path), _read(path))
    for name, kind in (("walkdiff", str), ("walkers", list), ("coverage", dict)):
        _member(str(path), summary, name, kind)
    for i, walker in enumerate(summary["walkers"]):
        where = f"{path}: walkers[{i}]"
        if not isinstance(walker, dict):
            raise ReportError(f"{where}: must be an object")
        for name, kind in (("walker", str), ("version", str), ("role", str), ("verdicts", dict)):
            _member(where, walker, name, kind)
        for verdict in walker["verdicts"]:
            _member(f"{where}: verdicts", walker["verdicts"], verdict, int)
    return Run(folder, summary, [finding_of(where, line) for where, line in _lines(folder / "findings.jsonl")])
