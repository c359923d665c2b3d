# SPDX-License-Identifier: MIT
"""Case files as tests: each case is an item; in packed files (*.jsonl.xz) each thousand cases are one."""

from __future__ import annotations

import json
import lzma
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from walkdiff_driver.items import Item, TestFailure, named_on_command_line, skip
from walkdiff_driver.program import Judgement, ProgramError, replay

PASSES = frozenset({"agree", "permitted", "waived"})
UNSUPPORTED = "unsupported"
PACKED = ".jsonl.xz"
SUFFIXES = (".json", ".jsonl", PACKED)
NOT_CASES = ("schema", "waivers")  # folders of cases/ that hold other things
CHUNK = 1000
CHUNK_NAME = "cases {}-{}"
SHOWN = 10  # failures of a chunk that are told


def is_case_file(config: pytest.Config, file: Path) -> bool:
    """Whether pytest collects the file: it is in cases/, or the command line names it."""
    if not file.name.endswith(SUFFIXES):
        return False
    if named_on_command_line(config, file) is not None:
        return True
    folder = config.rootpath / "cases"
    return file.is_relative_to(folder) and file.relative_to(folder).parts[0] not in NOT_CASES


def read_documents(file: Path) -> list[str]:
    """The text of each case of a file."""
    if file.name.endswith(".json"):
        documents = [file.read_text(encoding="utf-8")]
    elif file.name.endswith(PACKED):
        with lzma.open(file, "rt", encoding="utf-8") as packed:
            documents = packed.readlines()
    else:
        documents = file.read_text(encoding="utf-8").splitlines()
    return [document for document in documents if document.strip()]


def case_id(document: str) -> str | None:
    """The id of a case; None if it has none or is no JSON: the program says what is wrong with it."""
    try:
        found = json.loads(document)
    except ValueError:
        return None
    name = found.get("id") if isinstance(found, dict) else None
    return name if isinstance(name, str) else None


class CaseFile(pytest.File):
    """A file of cases. The walker answers all of them at once, when the first item runs."""

    _outcome: list[Judgement] | ProgramError | None = None
    _size = 0

    @property
    def walker(self) -> str:
        """The walker under test."""
        return str(self.config.getoption("walker"))

    def collect(self) -> Iterator[pytest.Item]:
        """An item a case, or an item a chunk of a packed file."""
        documents = read_documents(self.path)
        self._size = len(documents)
        if not documents:
            raise self.CollectError(f"{self.path} holds no case")
        step = CHUNK if self._in_chunks() else 1
        for first in range(0, len(documents), step):
            last = min(first + step, len(documents))
            name = CHUNK_NAME.format(first + 1, last) if step > 1 else case_id(documents[first]) or f"case {last}"
            yield CaseItem.from_parent(self, name=name, cases=slice(first, last))

    def _in_chunks(self) -> bool:
        if not self.path.name.endswith(PACKED) or self.config.getoption("each"):
            return False
        asked_for = named_on_command_line(self.config, self.path) or []
        return all(name.startswith(CHUNK_NAME.split("{")[0]) for name in asked_for)

    def judgements(self) -> list[Judgement]:
        """What the judge says of each case, in the order of the file."""
        if self._outcome is None:
            try:
                self._outcome = self._replay()
            except ProgramError as error:
                self._outcome = error
        if isinstance(self._outcome, ProgramError):
            raise self._outcome
        return self._outcome

    def _replay(self) -> list[Judgement]:
        judgements = replay(self.config.rootpath, self.walker, self.path)
        if len(judgements) != self._size:
            raise ProgramError(f"{self.path} holds {self._size} cases, but replay judged {len(judgements)}")
        return judgements


class CaseItem(Item):
    """One case, or some neighbours."""

    parent: CaseFile

    def __init__(self, *, cases: slice, **rest: Any) -> None:  # noqa: ANN401 (what pytest hands to a node)
        super().__init__(**rest)
        self.cases = cases

    def runtest(self) -> None:
        """Fails on the first finding; a case that somebody does not support is skipped, never passed."""
        judgements = self.parent.judgements()[self.cases]
        findings = [j for j in judgements if j.verdict not in PASSES and j.verdict != UNSUPPORTED]
        if findings:
            raise TestFailure(self._failure(findings, len(judgements)))
        reasons = Counter(_reason(j) for j in judgements if j.verdict == UNSUPPORTED)
        if reasons:
            skip(_skipped(reasons, len(judgements)))

    def _failure(self, findings: list[Judgement], total: int) -> str:
        told = [self._sentence(finding) for finding in findings[:SHOWN]]
        if total > 1:
            told.insert(0, f"{len(findings)} of {total} cases fail; the first {len(told)}:")
        return "\n\n".join(told)

    def _sentence(self, finding: Judgement) -> str:
        file = self.path
        if file.is_relative_to(self.config.rootpath):
            file = file.relative_to(self.config.rootpath)
        name, walker = finding.id or self.name, self.parent.walker
        again = shlex.join(["./walkdiff", "test", "--walker", walker, f"{file}::{name}"])
        return (
            f"{name}: {finding.verdict} of walker {walker}, decided by rule {finding.rule}.\n"
            f"  the architecture permits  {_compact(finding.expected)}\n"
            f"  the walker answers        {_compact(finding.got)}\n"
            f"  to see it again           {again}"
        )


def _compact(answer: object) -> str:
    """An answer as JSON, without the descriptors that were read on the way."""
    if isinstance(answer, dict):
        answer = {name: value for name, value in answer.items() if name != "trace"}
    return json.dumps(answer, separators=(",", ":"))


def _reason(judgement: Judgement) -> str:
    for answer in (judgement.got, judgement.expected):
        if isinstance(answer, dict) and UNSUPPORTED in answer:
            return str(answer[UNSUPPORTED])
    return UNSUPPORTED


def _skipped(reasons: Counter[str], total: int) -> str:
    if total == 1:
        return f"unsupported: {next(iter(reasons))}"
    told = ", ".join(f"{count} × {reason}" for reason, count in reasons.most_common(3))
    return f"{reasons.total()} of {total} cases unsupported: {told}"
