# SPDX-License-Identifier: MIT
"""The report as KTAP version 1 (Documentation/dev-tools/ktap.rst of Linux): a test a walker, a subtest a bucket."""

from __future__ import annotations

from collections.abc import Iterator

from walkdiff_reports.junit_report import Outcome, outcomes
from walkdiff_reports.report import Report
from walkdiff_reports.run import Json
from walkdiff_reports.text_report import plain

DIRECTIVES = {"hang": "TIMEOUT", "crash": "ERROR"}


def words(text: str) -> str:
    """A description: one line without the hash sign, which would end it."""
    return " ".join(plain(text).replace("#", "%23").split())


def _result(number: int, case: Outcome) -> Iterator[str]:
    for line in case.text.splitlines():
        yield f"# {plain(line)}".rstrip()
    if case.kind == "skipped":
        yield f"ok {number} {words(case.name)} # SKIP {words(case.message)}"
    elif case.kind:
        directive = "XFAIL" if case.kind == "known" else DIRECTIVES.get(case.type)
        yield f"not ok {number} {words(case.name)} # {f'{directive} ' if directive else ''}{words(case.message)}"
    else:
        yield f"ok {number} {words(case.name)}"


def _walker(report: Report, number: int, walker: Json) -> Iterator[str]:
    cases = list(outcomes(report, walker))
    failed = sum(case.kind in ("failure", "error") for case in cases)
    yield "  KTAP version 1"
    yield f"  1..{len(cases)}"
    for place, case in enumerate(cases, 1):
        yield from (f"  {line}" for line in _result(place, case))
    version = f" {walker['version']}" if walker["version"] else ""
    result = f"{number} {words(walker['walker'] + version)} ({words(walker['role'])})"
    yield f"not ok {result} # {failed} of {len(cases)} failed" if failed else f"ok {result}"


def write(report: Report) -> str:
    """The report as KTAP."""
    lines = ["KTAP version 1", f"1..{len(report.walkers)}"]
    lines += [f"# walkdiff {words(report.summary['walkdiff'])}: {words(report.of_summary)}"]
    for number, walker in enumerate(report.walkers, 1):
        lines += _walker(report, number, walker)
    return "\n".join(lines) + "\n"
