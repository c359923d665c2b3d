# SPDX-License-Identifier: MIT
"""The C core as nightly runs ask it: command lines of walkdiff, and what they answer."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from walkdiff_driver.store import Walker
from walkdiff_driver.verb import VerbError

Cell = tuple[str, str, str]  # rule, stage, granule

# The members of fuzz's summary that add up, as they are.
ADDED = ("cases", "seconds", "processor_seconds", "successes", "waived", "choices", "coverage")


@dataclass(frozen=True)
class Core:
    """How walkdiff is called in a run."""

    program: str
    profiles: tuple[str, ...]
    timeout: float
    waivers: Path | None  # a folder instead of walkdiff's own

    def _options(self) -> list[str]:
        waivers = ["--waivers", str(self.waivers)] if self.waivers else []
        return ["--timeout", f"{self.timeout}s", *waivers]

    def _profiles(self) -> list[str]:
        return [word for profile in self.profiles for word in ("--profile", profile)]

    def fuzz(
        self, walker: str, references: Iterable[str], seed: int, begin: int, cases: int | None, seconds: float | None
    ) -> list[str]:
        """The command that fuzzes a stretch of a seed, and tells how far it has come."""
        return [
            *(self.program, "fuzz", "--walker", walker, *references_options(references)),
            *("--seed", str(seed), "--begin", str(begin), "--stream", "--acknowledged"),
            *("--quiet", "--no-shrink"),
            *(["--cases", str(cases)] if cases is not None else []),
            *(["--time", f"{seconds:.3f}s"] if seconds is not None else []),
            *self._profiles(),
            *self._options(),
        ]

    def make_cases(self, seed: int, indices: Iterable[int]) -> list[str]:
        """The command that shows cases of a seed, each before the oracle's answer to it."""
        cases = [word for index in indices for word in ("--case", str(index))]
        fuzz = (self.program, "fuzz", "--walker", "oracle", "--ref", "none", "--seed", str(seed))
        return [*fuzz, *cases, "--json", *self._profiles()]

    def replay(self, walker: str, file: Path) -> list[str]:
        """The command that judges stored cases."""
        return [self.program, "replay", "--walker", walker, "--json", *self._options(), str(file)]

    def shrink(self, walker: str, file: Path, seconds: float) -> list[str]:
        """The command that makes the case of a finding small."""
        options = ("--time", f"{seconds:.3f}s", "--quiet", *self._options())
        return [self.program, "shrink", "--walker", walker, *options, str(file)]

    def has_shrink(self) -> bool:
        """Whether this walkdiff can shrink."""
        return subprocess.run([self.program, "help", "shrink"], capture_output=True).returncode == 0

    def version(self) -> str:
        """Of walkdiff, with its oracle."""
        done = subprocess.run([self.program, "--version"], capture_output=True, text=True)
        return done.stdout.removeprefix("walkdiff").strip()

    def probe(self, name: str, walker: str, references: Iterable[str]) -> list[Walker]:
        """Opens a walker and its references once. Returns them with their versions; raises VerbError."""
        command = [self.program, "fuzz", "--walker", walker, *references_options(references)]
        command += [
            "--seed",
            "1",
            "--cases",
            "1",
            "--no-shrink",
            "--json",
            "--quiet",
            *self._profiles(),
            *self._options(),
        ]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise VerbError(f"walker '{name}': {done.stderr.strip().removeprefix('walkdiff: ')}")
        return [
            Walker(
                name if told["role"] == "under test" else told["walker"], told["walker"], told["version"], told["role"]
            )
            for told in json.loads(done.stdout)["walkers"]
        ]


def references_options(references: Iterable[str] | None) -> list[str]:
    """The options for some references; none is said aloud, None leaves it to fuzz."""
    if references is None:
        return []
    named = list(references)
    return [word for reference in named or ["none"] for word in ("--ref", reference)]


def adding(summary: dict[str, Any]) -> dict[str, Any]:
    """What of a summary adds up from leg to leg, by walkers' specs."""
    members = {name: summary[name] for name in ADDED if name in summary}
    for member in ("verdicts", "profiles"):
        members[member] = {walker["walker"]: walker[member] for walker in summary["walkers"]}
    members["restarts"] = {walker["walker"]: walker["restarts"] for walker in summary["walkers"] if walker["restarts"]}
    return members


def reached(summary: dict[str, Any]) -> dict[Cell, int]:
    """The first case that reached each cell of the coverage."""
    return {
        (rule, stage, granule): index
        for rule, stages in summary.get("reached", {}).items()
        for stage, granules in stages.items()
        for granule, index in granules.items()
    }


def write_cases(path: Path, cases: Iterable[dict[str, Any]]) -> None:
    """Writes cases for `replay`."""
    with path.open("w", encoding="utf-8") as file:
        for case in cases:
            file.write(json.dumps(case, ensure_ascii=False) + "\n")
