# SPDX-License-Identifier: MIT
"""Golden command-line tests: a script, and exactly what it prints; tests/cli/README.md tells how to write one."""

from __future__ import annotations

import difflib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from walkdiff_driver.items import Item, TestFailure
from walkdiff_driver.program import program

SECONDS = 120  # after which a script counts as hung
REWRITTEN = pytest.StashKey[list[str]]()


def is_golden_test(config: pytest.Config, file: Path) -> bool:
    """Whether the file is the script of a golden test."""
    return file.suffix == ".sh" and file.is_relative_to(config.rootpath / "tests" / "cli")


@dataclass(frozen=True)
class Output:
    """What a script printed, and its exit status; each part has a file of its own beside the script."""

    stdout: str
    stderr: str
    status: str

    @classmethod
    def expected(cls, script: Path) -> Output:
        """What the files beside the script say: a file that is not there stands for nothing, or for status 0."""
        files = cls.files(script)
        return cls(**{part: file.read_text(encoding="utf-8") if file.exists() else "" for part, file in files.items()})

    @staticmethod
    def files(script: Path) -> dict[str, Path]:
        """The file of each part."""
        return {part: script.with_suffix(f".{part}") for part in ("stdout", "stderr", "status")}

    def rewrite(self, script: Path) -> list[Path]:
        """Makes the files say this; returns those that changed."""
        changed = []
        for part, file in self.files(script).items():
            text = getattr(self, part)
            if text == (file.read_text(encoding="utf-8") if file.exists() else ""):
                continue
            changed.append(file)
            if text:
                file.write_text(text, encoding="utf-8")
            else:
                file.unlink()
        return changed

    def differences(self, got: Output) -> Iterator[str]:
        """The lines that differ."""
        for part in ("stdout", "stderr", "status"):
            old, new = (getattr(output, part).splitlines() for output in (self, got))
            yield from difflib.unified_diff(old, new, f"{part} expected", f"{part} got", lineterm="")


class GoldenFile(pytest.File):
    """A script."""

    def collect(self) -> Iterator[pytest.Item]:
        """The one item of a script."""
        yield GoldenItem.from_parent(self, name="prints what it should")


class GoldenItem(Item):
    """Runs a script and compares."""

    def runtest(self) -> None:
        """Fails with a diff; with --update-golden it rewrites the expectation instead."""
        got = self._run()
        if self.config.getoption("update_golden"):
            changed = got.rewrite(self.path)
            root = self.config.rootpath
            self.config.stash.setdefault(REWRITTEN, []).extend(str(file.relative_to(root)) for file in changed)
            return
        expected = Output.expected(self.path)
        if got != expected:
            raise TestFailure(
                "\n".join(expected.differences(got))
                + "\n\nIf the new output is right: ./walkdiff test --update-golden "
                + str(self.path.relative_to(self.config.rootpath))
            )

    def _run(self) -> Output:
        root = self.config.rootpath
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for data in ("cases", "tests"):
                (folder / data).symlink_to(root / data)
            environment = {
                "PATH": f"{program(root).parent}:{os.environ['PATH']}",
                "HOME": name,
                "LC_ALL": "C.UTF-8",
                "TERM": "dumb",
            }
            try:
                done = subprocess.run(
                    ["sh", "-u", str(self.path)],
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    cwd=folder,
                    env=environment,
                    timeout=SECONDS,
                )
            except subprocess.TimeoutExpired as expired:
                raise TestFailure(f"did not end within {SECONDS} s") from expired
        return Output(done.stdout, done.stderr, f"{done.returncode}\n" if done.returncode else "")
