# SPDX-License-Identifier: MIT
"""Golden triage tests: stored cases with answers, and what the judge must say of each; see tests/triage/README.md."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from walkdiff_driver import stored_answers
from walkdiff_driver.golden import REWRITTEN
from walkdiff_driver.items import Item, TestFailure
from walkdiff_driver.program import FINISHED, ProgramError, build_folder, program

GOLDEN = ("verdict", "rule", "signature", "title")


def is_triage_file(config: pytest.Config, file: Path) -> bool:
    """Whether the file holds golden triage tests."""
    return file.suffix == ".jsonl" and file.parent == config.rootpath / "tests" / "triage"


class TriageFile(pytest.File):
    """A file of stored answers. All of its cases are judged at once, when the first item runs."""

    _judgements: list[dict[str, Any]] | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """An item a line."""
        for number, entry in enumerate(self.entries()):
            name = entry["case"]["id"] if "case" in entry else entry["fuzz"]["walker"].partition(",")[2]
            yield TriageItem.from_parent(self, name=name, number=number)

    def entries(self) -> list[dict[str, Any]]:
        """What the file says."""
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def judgements(self) -> list[dict[str, Any]]:
        """What the judge says now, a judgement an entry."""
        if self._judgements is None:
            stored = iter(self._replay([entry["case"] for entry in self.entries() if "case" in entry]))
            self._judgements = [next(stored) if "case" in entry else self._fuzz(entry) for entry in self.entries()]
        return self._judgements

    def rewrite(self, number: int, golden: dict[str, Any]) -> None:
        """Makes an entry say what the judge says now."""
        entries = self.entries()
        entries[number] = {name: entries[number][name] for name in entries[number] if name not in GOLDEN} | golden
        text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        self.path.write_text(text, encoding="utf-8")
        name = str(self.path.relative_to(self.config.rootpath))
        told = self.config.stash.setdefault(REWRITTEN, [])
        if name not in told:
            told.append(name)

    def _replay(self, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not cases:
            return []
        answerer = shlex.join([sys.executable, stored_answers.__file__, str(self.path)])
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
            file.write("".join(json.dumps(case) + "\n" for case in cases))
            file.flush()
            lines = self._run("replay", "--walker", f"exec:{answerer}", "--json", file.name)
        if len(lines) != len(cases):
            raise ProgramError(f"{self.path} holds {len(cases)} cases, but replay judged {len(lines)}")
        return lines

    def _fuzz(self, entry: dict[str, Any]) -> dict[str, Any]:
        """The finding of a short run that has the verdict of the entry."""
        fuzz = entry["fuzz"]
        walkers = build_folder(self.config.rootpath) / "tests" / "walkers"
        (summary,) = self._run(
            *("fuzz", "--walker", fuzz["walker"].replace("so:", f"so:{walkers}/"), "--ref", "none", "--json"),
            *("--profile", fuzz["profile"], "--seed", str(fuzz["seed"]), "--cases", str(fuzz["cases"])),
        )
        found = [finding for finding in summary["findings"] if finding["verdict"] == entry["verdict"]]
        return found[0] if found else {"verdict": "nothing found"}

    def _run(self, *arguments: str) -> list[dict[str, Any]]:
        root = self.config.rootpath
        done = subprocess.run([str(program(root)), *arguments], capture_output=True, text=True, cwd=root)
        if done.returncode not in FINISHED:
            raise ProgramError(f"{shlex.join(arguments)}\nended with status {done.returncode}:\n{done.stderr.strip()}")
        return [json.loads(line) for line in done.stdout.splitlines()]


class TriageItem(Item):
    """One answer."""

    parent: TriageFile

    def __init__(self, *, number: int, **rest: Any) -> None:  # noqa: ANN401 (what pytest hands to a node)
        super().__init__(**rest)
        self.number = number

    def runtest(self) -> None:
        """Fails with what differs; with --update-golden it rewrites the entry instead."""
        entry, judgement = self.parent.entries()[self.number], self.parent.judgements()[self.number]
        expected = {name: entry[name] for name in GOLDEN if name in entry}
        got = {name: judgement[name] for name in GOLDEN if name in judgement}
        if got.get("verdict") == "unsupported":
            raise TestFailure(f"nothing was judged: {judgement['got']}")
        if got == expected:
            return
        if self.config.getoption("update_golden"):
            self.parent.rewrite(self.number, got)
            return
        differing = [name for name in GOLDEN if got.get(name) != expected.get(name)]
        lines = [f"{name}\n  must be {expected.get(name)}\n  is      {got.get(name)}" for name in differing]
        again = f"./walkdiff test --update-golden {self.path.relative_to(self.config.rootpath)}"
        raise TestFailure("\n".join([*lines, "", f"If what it is now is right: {again}"]))
