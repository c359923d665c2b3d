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
    command = [str(program), "fuzz", "--walker", walker, "--ref", "none", "--json", "--quiet", *options]
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
