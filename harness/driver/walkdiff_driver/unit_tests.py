# SPDX-License-Identifier: MIT
"""C unit tests as items: each test function in tests/unit/test_<topic>.c, and the end of the program itself."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from walkdiff_driver.items import Item, TestFailure, skip
from walkdiff_driver.program import ProgramError, build_folder

TEST_FUNCTION = re.compile(r"^static void (\w+)\(void \*\*\w+\)", re.MULTILINE)  # the compiler warns if one is not used
TAP_RESULT = re.compile(r"(?P<bad>not )?ok \d+ (?:- (?P<name>.*)|# SKIP (?P<skipped>.*))")
TAP_PLAN = re.compile(r"1\.\.(\d+)")
SECONDS = 600  # after which a test program counts as hung
NO_CMOCKA = "cmocka is not on this machine (./walkdiff doctor says how to get it)"


def is_unit_test(config: pytest.Config, file: Path) -> bool:
    """Whether the file holds C unit tests."""
    return file.parent == config.rootpath / "tests" / "unit" and file.match("test_*.c")


def has_cmocka(root: Path) -> bool:
    """Whether the build found cmocka, and so built the C unit tests."""
    cache = build_folder(root) / "CMakeCache.txt"
    return cache.exists() and "WALKDIFF_cmocka_FOUND:INTERNAL=1" in cache.read_text(encoding="utf-8")


@dataclass
class Result:
    """What a test program says of one test function."""

    outcome: str  # "passed", "failed" or "skipped"
    text: list[str] = field(default_factory=list)


@dataclass
class Run:
    """What a test program says."""

    results: dict[str, Result]
    planned: int
    reported: int
    status: int
    output: str


def read_tap(output: str) -> tuple[dict[str, Result], int, int]:
    """Reads cmocka's TAP: the result of each function, how many results were announced, and how many came."""
    results: dict[str, Result] = {}
    planned = reported = 0
    before: list[str] = []  # what the function printed; its result comes after it
    latest: Result | None = None
    for line in output.splitlines():
        if plan := TAP_PLAN.fullmatch(line):
            planned += int(plan[1])
        elif found := TAP_RESULT.fullmatch(line):
            outcome = "skipped" if found["skipped"] else "failed" if found["bad"] else "passed"
            name = found["name"] or found["skipped"]
            latest = Result(outcome, before)
            if name not in results or outcome == "failed":  # a function may be run more than once
                results[name] = latest
            reported += 1
            before = []
        elif line.startswith("#") and latest:
            latest.text.append(line.lstrip("# "))
        else:
            before.append(line)
    return results, planned, reported


class UnitTestFile(pytest.File):
    """A topic. Its program runs once, when the first item runs."""

    _run: Run | None = None
    names: Iterable[str] = ()  # of the test functions

    @property
    def program(self) -> Path:
        """The executable of the topic."""
        return build_folder(self.config.rootpath) / "tests" / self.path.stem

    def collect(self) -> Iterator[pytest.Item]:
        """An item a test function, and one for the program."""
        self.names = dict.fromkeys(TEST_FUNCTION.findall(self.path.read_text(encoding="utf-8")))
        for name in self.names:
            yield FunctionItem.from_parent(self, name=name)
        yield ProgramItem.from_parent(self, name="the program runs to its end")

    def run(self) -> Run:
        """What the program said."""
        if self._run is None:
            self._run = self._run_program()
        return self._run

    def _run_program(self) -> Run:
        root = self.config.rootpath
        if not has_cmocka(root):
            skip(NO_CMOCKA)
        if not self.program.exists():
            topic = self.path.stem.removeprefix("test_")
            raise ProgramError(f"{self.program} is not built: is wd_unit_test({topic} …) in tests/CMakeLists.txt?")
        try:
            done = subprocess.run(
                [str(self.program)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                cwd=root,
                env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"},
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired as expired:
            raise ProgramError(f"{self.program} did not end within {SECONDS} s") from expired
        return Run(*read_tap(done.stdout), done.returncode, done.stdout)


class FunctionItem(Item):
    """One test function."""

    parent: UnitTestFile

    def runtest(self) -> None:
        """Passes on what the program said."""
        run = self.parent.run()
        result = run.results.get(self.name)
        if result is None:
            raise TestFailure(f"{self.path.stem} (status {run.status}) says nothing of {self.name}:\n{run.output}")
        text = "\n".join(result.text)
        if result.outcome == "failed":
            raise TestFailure(f"{self.name}:\n{text}\nto see it again: {self.parent.program}")
        if result.outcome == "skipped":
            skip(text or "skipped by the test itself")


class ProgramItem(Item):
    """The program as a whole: what no function shows, as a leak found at its end."""

    parent: UnitTestFile

    def runtest(self) -> None:
        """Fails if the program failed and no function's item tells it."""
        run = self.parent.run()
        told = any(result.outcome == "failed" and name in self.parent.names for name, result in run.results.items())
        if run.reported < run.planned:
            raise TestFailure(f"ended after {run.reported} of {run.planned} tests, status {run.status}:\n{run.output}")
        if run.status and not told:
            raise TestFailure(f"every listed test passed, but the status is {run.status}:\n{run.output}")
