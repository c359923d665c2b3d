# SPDX-License-Identifier: MIT
"""The built program, and what it says."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ProgramError(Exception):
    """The program is not there, or could not do what it was asked; the message is for the user."""


def build_folder(root: Path) -> Path:
    """The build that the tests use: the launcher's choice, or the release build."""
    return Path(os.environ.get("WALKDIFF_BUILD") or root / "build" / "release")


def program(root: Path) -> Path:
    """The program `walkdiff` of that build."""
    path = build_folder(root) / "harness" / "walkdiff"
    if not os.access(path, os.X_OK):
        raise ProgramError(f"{path} is not built: run ./walkdiff setup")
    return path


@dataclass(frozen=True)
class Judgement:
    """One line of `walkdiff replay --json`."""

    id: str
    verdict: str
    rule: str | None
    choice: str | None
    expected: Any
    got: Any
    signature: str | None

    @classmethod
    def from_line(cls, line: str) -> Judgement:
        """Reads a line; members that it does not have are None."""
        members = json.loads(line)
        return cls(
            id=members.get("id") or "",
            verdict=members["verdict"],
            **{name: members.get(name) for name in ("rule", "choice", "expected", "got", "signature")},
        )


FINISHED = (0, 1)  # exit status of a replay that judged every case


def replay(root: Path, walker: str, file: Path) -> list[Judgement]:
    """Judges the cases of a file, in order."""
    command = [str(program(root)), "replay", "--walker", walker, "--json", str(file)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=root)
    if done.returncode not in FINISHED:
        raise ProgramError(f"{' '.join(command)}\nended with status {done.returncode}:\n{done.stderr.strip()}")
    return [Judgement.from_line(line) for line in done.stdout.splitlines()]
