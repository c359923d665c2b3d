# SPDX-License-Identifier: MIT
"""A bisection's folder in the cache: what is looked for, and what was found of each commit so far.

Everything that a bisection knows is in two files. `plan.json` says what was asked; it never changes. `journal.jsonl`
has a line for each commit that was tested, written when its answer is there. Whatever else there is (git's own state of
the bisection) can be made again from these: that is what resuming is.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from walkdiff_driver.verb import VerbError

FORGOTTEN_AFTER = 30 * 24 * 3600.0  # seconds


@dataclass(frozen=True)
class Plan:
    """What was asked, with every revision resolved."""

    tree: str  # the user's repository
    good: str
    bad: str
    first: str  # "bad": where it went wrong; "good": where it was repaired
    case: dict[str, Any]
    case_name: str
    signature: str | None  # that of the finding; None: the one that the bad end shows
    any: bool = False  # whatever is no right answer is the bug
    paths: tuple[str, ...] = ()
    options: str = ""  # of the walker kvm:
    build: str | None = None  # a command; None: the walker is kvm:
    walker: str | None = None  # what it builds
    timeout: str = "5s"


@dataclass(frozen=True)
class Outcome:
    """What a commit answered."""

    commit: str
    state: str  # "right", "wrong", "skip"
    reason: str  # of a skip
    seconds: float
    judgement: dict[str, Any] = field(default_factory=dict)  # a line of `replay --json --words`, if there was an answer


class Session:
    """A bisection, held by this process."""

    def __init__(self, folder: Path, plan: Plan, lock: int) -> None:
        self.folder, self.plan, self._lock = folder, plan, lock
        self.outcomes: dict[str, Outcome] = {}
        self._read_journal()

    # ------------------------------------------------------------ begin and end

    @classmethod
    def begin(cls, root: Path, plan: Plan) -> Self:
        """A new one."""
        root.mkdir(parents=True, exist_ok=True)
        _forget_old(root)
        name = time.strftime("%Y%m%d-%H%M%S")
        for number in range(1000):
            folder = root / (f"{name}-{number}" if number else name)
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                break
        lock = _lock(folder)
        assert lock is not None
        new = folder / "plan.new"
        new.write_text(json.dumps(asdict(plan), ensure_ascii=False), encoding="utf-8")
        new.replace(folder / "plan.json")
        return cls(folder, plan, lock)

    @classmethod
    def resume(cls, root: Path, tree: str | None) -> Self:
        """The last one that was not finished, of a tree if one is named. Raises VerbError."""
        for folder in sorted(root.glob("*"), reverse=True) if root.is_dir() else ():
            if (folder / "finished").exists() or not (folder / "plan.json").exists():
                continue
            members = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
            plan = Plan(**{**members, "paths": tuple(members["paths"])})
            if tree is not None and plan.tree != tree:
                continue
            lock = _lock(folder)
            if lock is None:
                raise VerbError(f"{folder}: that bisection is running")
            return cls(folder, plan, lock)
        raise VerbError("there is no bisection to be resumed" + (f" of {tree}" if tree else ""))

    def finish(self) -> None:
        """Notes that nothing is left to do, and removes what is large."""
        (self.folder / "finished").touch()
        shutil.rmtree(self.folder / "git", ignore_errors=True)
        shutil.rmtree(self.folder / "files", ignore_errors=True)

    def close(self) -> None:
        """Lets others have it."""
        os.close(self._lock)

    # ------------------------------------------------------------ the journal

    def note(self, outcome: Outcome) -> None:
        """Writes down what a commit answered, before anything else is done with it."""
        line = json.dumps(asdict(outcome), ensure_ascii=False) + "\n"
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as journal:
            journal.write(line)
            journal.flush()
            os.fsync(journal.fileno())
        self.outcomes[outcome.commit] = outcome

    def _read_journal(self) -> None:
        path = self.folder / "journal.jsonl"
        if not path.exists():
            return
        whole = b""
        for line in path.read_bytes().splitlines(keepends=True):
            try:
                outcome = Outcome(**json.loads(line))
            except ValueError:
                break  # the kill came while it was written
            if not line.endswith(b"\n"):
                break
            self.outcomes[outcome.commit] = outcome
            whole += line
        if path.stat().st_size != len(whole):
            os.truncate(path, len(whole))


def _lock(folder: Path) -> int | None:
    file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def _forget_old(root: Path) -> None:
    """Removes bisections that nobody will resume any more."""
    for folder in root.glob("*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > FORGOTTEN_AFTER:
                lock = _lock(folder)
                if lock is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                    os.close(lock)
