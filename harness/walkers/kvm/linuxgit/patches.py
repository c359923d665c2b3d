# SPDX-License-Identifier: MIT
"""Patches as they come by mail, made into commits of ours: what `git am` does, without a work tree."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .repository import OURS_ALONE, Commit, PatchError, Repository, RepositoryError, Workbench, checked, run_git

BASE_COMMIT = re.compile(rb"^base-commit: ([0-9a-f]{7,64})\s*$", re.MULTILINE)
PREREQUISITE = re.compile(rb"^prerequisite-patch-id: ([0-9a-f]{40,64})\s*$", re.MULTILINE)
MAIL = re.compile(
    rb"\A\s*(From |(From|Subject|Date|Message-ID|Return-Path|Received|Delivered-To|MIME-Version): )", re.I
)
DIFF = re.compile(rb"^(diff --git |diff -|--- \S)", re.MULTILINE)
NUMBER = re.compile(r"\[[^]]*\b0*(\d+)/0*(\d+)[^]]*\]")
NAMED = re.compile(r"^(?:diff --git a/(\S+) |--- a/([^\t\n]+)|(?:rename|copy) from (.+))", re.MULTILINE)
HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@.*$")


@dataclass(frozen=True)
class Patch:
    """One change with its message; `number`: that of "[PATCH 2/7]", if it has one."""

    subject: str
    message: str
    author: tuple[str, str, str]  # name, address, date; "" what is not known
    diff: bytes
    number: int | None = None


@dataclass(frozen=True)
class Series:
    """The patches of a file or mailbox, in their order."""

    name: str
    patches: tuple[Patch, ...]
    base_commit: str | None  # as `git format-patch --base` notes it
    prerequisites: tuple[str, ...]  # ids of patches that it says must be there, and are not part of it


def read_series(content: bytes, name: str) -> Series:
    """Reads a mailbox, a mail, or a plain diff. Raises PatchError if there is no patch in it."""
    base = BASE_COMMIT.search(content)
    ids = tuple(found.decode() for found in PREREQUISITE.findall(content))
    patches = _of_mails(content, name) if MAIL.match(content) else _of_diff(content, name)
    if not patches:
        raise PatchError(f"{name}: there is no patch in it")
    if len({patch.number for patch in patches} - {None}) == len(patches):  # mailboxes are in any order
        patches.sort(key=lambda patch: patch.number or 0)
    return Series(name, tuple(patches), base[1].decode() if base else None, ids)


def _of_diff(content: bytes, name: str) -> list[Patch]:
    found = DIFF.search(content)
    if not found:
        return []
    told = content[: found.start()].decode(errors="replace").strip()
    subject = told.splitlines()[0] if told else Path(name).name if name != "-" else "a patch"
    return [Patch(subject, told or subject, ("", "", ""), content[found.start() :])]


def _of_mails(content: bytes, name: str) -> list[Patch]:
    patches = []
    with tempfile.TemporaryDirectory(prefix="walkdiff-patch-") as scratch:
        done = run_git(["mailsplit", "-b", f"-o{scratch}"], OURS_ALONE, content)
        if done.returncode:
            raise PatchError(f"{name}: is no mailbox: {done.stderr.decode(errors='replace').strip()}")
        for mail in sorted(Path(scratch).glob("[0-9]*")):
            text, diff = mail.with_suffix(".text"), mail.with_suffix(".diff")
            arguments = ["mailinfo", "--encoding=UTF-8", str(text), str(diff)]
            told = checked(run_git(arguments, OURS_ALONE, mail.read_bytes()), "git mailinfo")
            if DIFF.search(diff.read_bytes()):
                patches.append(_of_mail(told, text.read_text(errors="replace"), diff.read_bytes(), mail.read_bytes()))
    return patches


def _of_mail(told: str, text: str, diff: bytes, mail: bytes) -> Patch:
    members = dict(line.split(": ", 1) for line in told.splitlines() if ": " in line)
    subject = members.get("Subject", "a patch")
    headers = re.split(rb"\r?\n\r?\n", mail, maxsplit=1)[0].decode(errors="replace")
    heading = re.search(r"^Subject:(.*(?:\n[ \t].*)*)", headers, re.MULTILINE | re.IGNORECASE)
    number = NUMBER.search(heading[1]) if heading else None
    author = (members.get("Author", ""), members.get("Email", ""), members.get("Date", ""))
    return Patch(subject, f"{subject}\n\n{text.strip()}".strip(), author, diff, int(number[1]) if number else None)


def base_of(repository: Repository, series: Series) -> Commit | None:
    """The commit that the series says it is made on, or None if it says none. Raises PatchError."""
    if not series.base_commit:
        return None
    try:
        return repository.commit(series.base_commit)
    except RepositoryError as error:
        raise PatchError(
            f"{series.name}: its base-commit {series.base_commit} is not in {repository.tree}: fetch it there, or name "
            "a base"
        ) from error


def apply_series(repository: Repository, series: Series, base: str | None = None) -> tuple[Commit, list[Commit]]:
    """Makes commits of ours of the patches: on `base`, or on the series' own base-commit, or on HEAD.

    The same patches on the same base give the same commits. Returns the base, and the commits, the oldest first. Raises
    PatchError with the hunk that does not apply.
    """
    start = repository.commit(base) if base else base_of(repository, series) or repository.commit("HEAD")
    made: list[Commit] = []
    with repository.workbench(start.tree) as bench:
        bench.need({name for patch in series.patches for name in _named(patch.diff.decode(errors="replace"))})
        for number, patch in enumerate(series.patches, 1):
            name = f"{series.name}: patch {number} of {len(series.patches)}, “{patch.subject}”"
            _apply(bench, patch, name, start, series.prerequisites)
            parent = made[-1] if made else start
            made.append(
                repository.commit_tree(bench.write(), [parent.sha], patch.message, _author(repository, patch, start))
            )
    return start, made


def transplant(repository: Repository, commit: Commit, base: Commit) -> Commit:
    """Makes a commit of ours: what a commit changes of its first parent, put on another base. Raises PatchError."""
    if not commit.parents:
        raise PatchError(f"{commit.title} has no parent that it changes")
    command = ("diff-tree", "-r", "-p", "--binary", "--full-index", "--no-renames", "--no-color")
    done = repository.git(*command, commit.parents[0], commit.sha)
    checked(done, "git diff-tree")
    patch = Patch(commit.subject, commit.subject, ("", "", ""), done.stdout)
    with repository.workbench(base.tree) as bench:
        bench.need(_named(patch.diff.decode(errors="replace")))
        _apply(bench, patch, commit.title, base, ())
        return repository.commit_tree(bench.write(), [base.sha], commit.subject, _author(repository, patch, base))


def _apply(bench: Workbench, patch: Patch, name: str, base: Commit, needs: tuple[str, ...]) -> None:
    done = bench.git("apply", "--cached", "--whitespace=nowarn", "-", stdin=patch.diff)
    if not done.returncode:
        return
    told = [line.removeprefix("error: ") for line in done.stderr.decode(errors="replace").strip().splitlines()]
    failed = re.match(r"patch failed: (.*):(\d+)$", told[0]) if told else None
    hunk = _hunk(patch.diff.decode(errors="replace"), failed[1], int(failed[2])) if failed else []
    why = f"{failed[1]}: {hunk[0]}" if failed and hunk else "; ".join(told) or "git apply does not say why"
    does_not = "is damaged" if told and "corrupt patch" in told[0] else f"does not apply to {base.title}"
    if needs and "apply" in does_not:
        why += f" (the series says that it needs {len(needs)} other patches first)"
    raise PatchError(f"{name} {does_not}: {why}", patch.subject, "\n".join(hunk))


def _named(diff: str) -> set[str]:
    """The files that a diff may read."""
    return {name.removeprefix("a/") for pair in NAMED.findall(diff) for name in pair if name}


def _hunk(diff: str, file: str, line: int) -> list[str]:
    """The lines of the hunk of a file that begins at a line, its "@@" first."""
    lines = diff.splitlines()
    current = ""
    for i, text in enumerate(lines):
        if text.startswith("--- "):
            current = text[4:].split("\t")[0].removeprefix("a/")
        match = HUNK.match(text)
        if match and current == file and int(match[1]) == line:
            return [text, *_body(lines[i + 1 :], int(match[2] or 1), int(match[3] or 1))]
    return []


def _body(lines: list[str], old: int, new: int) -> list[str]:
    """The lines of a hunk, by how many it has of the old and of the new file."""
    body = []
    for line in lines:
        if old <= 0 and new <= 0:
            break
        old -= not line.startswith(("+", "\\"))
        new -= not line.startswith(("-", "\\"))
        body.append(line)
    return body


def _author(repository: Repository, patch: Patch, base: Commit) -> dict[str, str]:
    name, address, date = patch.author
    return {
        "GIT_AUTHOR_NAME": name or "unknown",
        "GIT_AUTHOR_EMAIL": address or "unknown@localhost",
        "GIT_AUTHOR_DATE": date or repository.ask("log", "-1", "--format=%aI", base.sha),
    }
