# SPDX-License-Identifier: MIT
"""How soon a run of `walkdiff fuzz` finds something in a walker."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

FINISHED = (0, 1)  # exit statuses of a run that came to its end


class RunError(Exception):
    """The run could not be made; the message is for the user."""


def fuzz(program: Path, walker: str, *options: str) -> dict[str, Any]:
    """Runs `walkdiff fuzz` against a walker without further references, and reads its summary."""
    command = [str(program), "fuzz", "--walker", walker, "--ref", "none", "--no-shrink", "--json", "--quiet", *options]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode not in FINISHED:
        raise RunError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


@dataclass
class Search:
    """One search for a first finding."""

    found: bool
    cases: int  # up to the finding, or all there were
    seconds: float  # from the start of the program to its end
    signature: str = ""


def search(program: Path, walker: str, seed: int, seconds: float, *options: str) -> Search:
    """Looks for a first finding, no longer than some time, on one core."""
    begin = time.monotonic()
    summary = fuzz(
        program, walker, "--seed", str(seed), "--time", f"{seconds:g}s", "--until-finding", "--jobs", "1", *options
    )
    taken = time.monotonic() - begin
    first = min(summary["findings"], key=lambda finding: finding["first"]["index"], default=None)
    if first is None:
        return Search(False, summary["cases"], taken)
    return Search(True, first["first"]["index"] - summary["begin"] + 1, taken, first["signature"])


@dataclass
class Detection:
    """What several seeds took to find one subject."""

    subject: str
    text: str
    searches: list[Search] = field(default_factory=list)
    buckets: int = 0  # that a run of a fixed length ends with

    @property
    def found(self) -> bool:
        """Whether every seed found it."""
        return all(one.found for one in self.searches)

    @property
    def cases(self) -> float:
        """The median number of cases."""
        return median(one.cases for one in self.searches)

    @property
    def seconds(self) -> float:
        """The median time."""
        return median(one.seconds for one in self.searches)

    @property
    def most_seconds(self) -> float:
        """The longest time."""
        return max(one.seconds for one in self.searches)


STAGES = (2_000, 20_000, 200_000, 1_000_000, 4_000_000)  # cases of the runs that are compared


class Comparison:
    """Searches for what a walker does otherwise than one that deviates already.

    Both get the same cases. A bucket that the other does not have, or that it has more or less often, is a finding; all
    is a function of the cases, so nothing but the walker can make such a difference.
    """

    def __init__(self, program: Path, walker: str, *options: str) -> None:
        self.program, self.walker, self.options = program, walker, options
        self._known: dict[int, dict[str, int]] = {}

    def _run(self, walker: str, cases: int, *options: str) -> dict[str, Any]:
        return fuzz(self.program, walker, "--seed", "1", "--cases", str(cases), *self.options, *options)

    def _baseline(self, cases: int) -> dict[str, int]:
        if cases not in self._known:
            self._known[cases] = buckets_of(self._run(self.walker, cases))
        return self._known[cases]

    def search(self, walker: str, seconds: float, most: int = STAGES[-1]) -> Search:
        """Looks for a difference, no longer than some time and in no more than so many cases."""
        begin = time.monotonic()
        cases = 0
        for stage in (each for each in STAGES if each <= most):
            baseline = self._baseline(stage)
            spent = time.monotonic() - begin if cases else 0.0  # the baseline is not the mutant's
            if not cases:
                begin = time.monotonic()
            summary = self._run(walker, stage, "--time", f"{max(seconds - spent, 1):.1f}s")
            new = [finding for finding in summary["findings"] if key_of(finding) not in baseline]
            if new:
                first = min(new, key=lambda finding: finding["first"]["index"])
                taken = time.monotonic() - begin
                return Search(True, first["first"]["index"] + 1, taken, first["signature"])
            whole = summary["cases"] == stage
            if whole and buckets_of(summary) != baseline:
                return Search(True, stage, time.monotonic() - begin, "a known bucket, more or less often")
            cases = summary["cases"]
            if not whole or time.monotonic() - begin > seconds / 2:
                break
        return Search(False, cases, time.monotonic() - begin)


def key_of(finding: dict[str, Any]) -> str:
    """What tells a bucket from others."""
    return f"{finding['verdict']} {finding['signature']}"


def buckets_of(summary: dict[str, Any]) -> dict[str, int]:
    """The buckets of a run, and how many cases each has."""
    return {key_of(finding): finding["count"] for finding in summary["findings"]}
