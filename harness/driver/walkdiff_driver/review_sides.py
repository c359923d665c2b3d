# SPDX-License-Identifier: MIT
"""What a review compares: a walker before and after, how each is opened, and where its sources are."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from walkdiff_driver.line_coverage import Line, is_instrumented
from walkdiff_driver.verb import VerbError, kind_of

IN_TREE = "/linux/"  # how the debugging information of kvm: names a tree (kvmbuild/compile.py)


class CannotBuild(VerbError):
    """A walker's sources do not give a walker: exit status 125."""


@dataclass(frozen=True)
class Side:
    """A walker. `title` is for people; `spec` opens it anywhere; `opened` here, without building it again."""

    title: str
    spec: str
    opened: str
    code: str  # the same for walkers whose code is the same; "" where that is not known
    covered: Path | None = None  # the same walker as a library that notes what it runs
    why_not_covered: str = ""
    options: str = ""  # what it is opened with
    text_of: Callable[[str], str | None] = field(default=lambda _: None)  # of a file, by its name in the library
    kind: str = ""  # of a subject that is no walker

    @property
    def noting(self) -> str:
        """The spec that opens the library that notes what it runs."""
        return f"so:{self.covered}{',' + self.options if self.options else ''}" if self.covered else self.opened


def of_spec(spec: str, title: str = "") -> Side:
    """The side of any walker. Raises VerbError, CannotBuild."""
    name, _, rest = spec.partition(":")
    if name == "kvm" and rest:
        return _of_kvm(spec, rest, title or spec)
    if name == "so" and rest:
        path, _, options = rest.partition(",")
        return _of_library(spec, Path(path), options, title or spec)
    return Side(title or spec, spec, spec, "", why_not_covered="it is neither so: nor kvm:", kind=kind_of(spec))


def _of_library(spec: str, path: Path, options: str, title: str) -> Side:
    if not path.is_file():
        raise VerbError(f"walker '{spec}': {path}: there is no such file")
    covered = path.resolve() if is_instrumented(path) else None
    why = "" if covered else "it is not compiled with -fsanitize-coverage=trace-pc"
    code = hashlib.sha256(path.read_bytes()).hexdigest() + options
    return Side(title, spec, spec, code, covered, why, options, _text_of_file, kind_of(spec))


def _text_of_file(name: str) -> str | None:
    try:
        return Path(name).read_text(errors="replace")
    except OSError:
        return None


def _of_kvm(spec: str, rest: str, title: str) -> Side:
    from kvmbuild.__main__ import build, parse  # the builder is only there for those who build

    try:
        form, what = _built(build, parse, rest)
        chosen = parse(rest)
        if form != "library":
            return Side(title, spec, f"exec:{what}", "", why_not_covered="it is a program of its own (san, or cc=)")
        covered = None if chosen.sanitize else Path(_built(build, parse, f"{rest},cover")[1])
    except OSError as error:
        raise VerbError(f"walker '{spec}': the builder: {error}") from error
    kind = kind_of(spec)
    options = f"subject={kind}" if kind else chosen.own_options
    opened = f"so:{what}{',' + options if options else ''}"
    why = "" if covered else "it is built with sanitizers"
    return Side(title, spec, opened, what + options, covered, why, options, _text_in(chosen.tree), kind)


def _built(build: Callable, parse: Callable, text: str) -> tuple[str, str]:  # type: ignore[type-arg]
    from kvmbuild.errors import CannotBuild as NoWalker
    from kvmbuild.errors import WrongUse
    from linuxgit import RepositoryError

    try:
        return build(parse(text))
    except NoWalker as error:
        raise CannotBuild(f"walker 'kvm:{text.removesuffix(',cover')}': {error}") from error
    except (WrongUse, RepositoryError) as error:
        raise VerbError(f"walker 'kvm:{text}': {error}") from error


def _text_in(tree: str) -> Callable[[str], str | None]:
    """What reads the files of a tree, or of a revision."""
    from linuxgit import Repository, split_revision

    path, revision = split_revision(tree)
    repository = Repository(path) if revision is not None else None

    def read(name: str) -> str | None:
        if not name.startswith(IN_TREE):
            return None
        file = name.removeprefix(IN_TREE)
        if not repository or revision is None:
            return _text_of_file(str(path / file))
        content = repository.file(revision, file)
        return None if content is None else content.decode(errors="replace")

    return read


# ---------------------------------------------------------------- what differs


@dataclass(frozen=True)
class Differences:
    """Lines that are only before, and lines that are only after."""

    before: set[Line]
    after: set[Line]


HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


def changed_lines(before: str, after: str) -> tuple[list[int], list[int]]:
    """The numbers of the lines that only one of two texts has."""
    if before == after:
        return [], []
    with tempfile.TemporaryDirectory(prefix="walkdiff-review-") as scratch:
        names = [Path(scratch, name) for name in ("before", "after")]
        for name, text in zip(names, (before, after), strict=True):
            name.write_text(text)
        command = ["git", "diff", "--no-index", "--no-color", "--no-ext-diff", "-U0", *map(str, names)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        except FileNotFoundError as error:
            raise VerbError("git is not installed: it tells which lines differ") from error
        if done.returncode not in (0, 1):
            raise VerbError(f"git diff: {done.stderr.strip()}")
    sides: tuple[list[int], list[int]] = ([], [])
    for match in HUNK.finditer(done.stdout):
        for side, (start, count) in enumerate(((match[1], match[2]), (match[3], match[4]))):
            sides[side].extend(range(int(start), int(start) + int(count or 1)))
    return sides


def counterparts(before: Collection[str], after: Collection[str]) -> list[tuple[str, str]]:
    """The files of both, each with its counterpart: of the same name, and of the folders above the most the same.

    One that has none stands beside "".
    """
    pairs, taken = [], set()
    for name in sorted(after):
        parts = name.split("/")
        same = [other for other in before if other.split("/")[-1] == parts[-1] and other not in taken]
        best = max(same, key=lambda other: (_alike(parts, other.split("/")), other), default="")
        taken.add(best)
        pairs.append((best, name))
    return pairs + [(name, "") for name in sorted(before) if name not in taken]


def _alike(one: list[str], other: list[str]) -> int:
    """How many parts two paths have in common at their ends."""
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        count += 1
    return count


def differences(before: Side, after: Side, files_before: Collection[str], files_after: Collection[str]) -> Differences:
    """Of the files that the two are made of, the lines that differ."""
    found = Differences(set(), set())
    for old, new in counterparts(files_before, files_after):
        texts = (before.text_of(old) if old else "", after.text_of(new) if new else "")
        lines = changed_lines(texts[0] or "", texts[1] or "")
        found.before.update((old, number) for number in lines[0])
        found.after.update((new, number) for number in lines[1])
    return found
