# SPDX-License-Identifier: MIT
"""Fuzz targets as tests: fuzz_<target>.c replays its inputs, tests/fuzz/corpus/<target>, without a fuzzer."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from walkdiff_driver.items import Item, TestFailure
from walkdiff_driver.program import ProgramError, build_folder

FOLDER = Path("tests", "fuzz")


def is_fuzz_target(config: pytest.Config, file: Path) -> bool:
    """Whether the file is a fuzz target."""
    return file.parent == config.rootpath / FOLDER and file.match("fuzz_*.c")


class FuzzTargetFile(pytest.File):
    """A fuzz target."""

    def collect(self) -> Iterator[pytest.Item]:
        """The one item of a target."""
        yield CorpusItem.from_parent(self, name="the corpus replays")


class CorpusItem(Item):
    """The corpus of a target."""

    def runtest(self) -> None:
        """Fails with what the replay printed."""
        root = self.config.rootpath
        target = self.path.stem.removeprefix("fuzz_")
        program = build_folder(root) / FOLDER / f"replay_{target}"
        if not program.exists():
            raise ProgramError(f"{program} is not built: is wd_fuzz_target({target} …) in {FOLDER}/CMakeLists.txt?")
        command = [str(program), str(FOLDER / "corpus" / target)]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=root,
        )
        if done.returncode:
            raise TestFailure(f"{' '.join(command)}\nended with status {done.returncode}:\n{done.stdout}")
