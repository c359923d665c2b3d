# SPDX-License-Identifier: MIT
"""What our pytest items have in common."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from walkdiff_driver.program import ProgramError


class TestFailure(Exception):
    """A test failed; the message is all there is to show."""

    __test__ = False


class Item(pytest.Item):
    """An item whose failures are told in its own words, without a Python traceback."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:  # type: ignore[override]
        """The text of a failure."""
        if excinfo.errisinstance((TestFailure, ProgramError)):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the item is, and its name in headings: no end of the node id, whose dots pytest would replace."""
        return self.path, 0, f"{self.path.name}: {self.name}"


def skip(reason: str) -> NoReturn:
    """Skips the item that runs; pytest's summary names the item's file instead of ours."""
    raise pytest.skip.Exception(reason, _use_item_location=True)


def named_on_command_line(config: pytest.Config, file: Path) -> list[str] | None:
    """The items of the file that the command line names (FILE::NAME); None if it does not name the file itself."""
    names = None
    for argument in config.args:
        path, _, name = argument.partition("::")
        if (config.invocation_params.dir / path).resolve() == file.resolve():
            names = (names or []) + ([name] if name else [])
    return names
