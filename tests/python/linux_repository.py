# SPDX-License-Identifier: MIT
"""A git repository of Linux for tests, made from the trees that tests/trees/fetch gets: the tags v6.12 and v7.3, and
whatever commits a test adds.

The objects of both trees are made once, beside the trees, and borrowed by each repository; so one is made in a second.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernel_trees import git, tree, trees_folder

AT = "arch/arm64/kvm/at.c"
NESTED = "arch/arm64/kvm/nested.c"
IN_THE_WORK_TREE = "/arch/arm64/kvm/"  # all else is sparse: a work tree of everything would take seconds
DATE = 1_750_000_000  # of the first commit; each is an hour later


def _run(arguments: list[str], environment: Mapping[str, str] | None = None, stdin: str | None = None) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(
        ["git", *arguments], env={**clean, **(environment or {})}, input=stdin, capture_output=True, text=True
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


def _tree_object(store: Path, folder: Path) -> str:
    """The tree object of a folder, made if need be."""
    known = hashlib.sha256(f"{(folder / 'Makefile').read_text()}{folder.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    note = store / f"tree-{known}"
    if not note.exists():
        environment = {
            "GIT_DIR": str(store),
            "GIT_WORK_TREE": str(folder),
            "GIT_INDEX_FILE": str(store / f"index-{known}"),
        }
        _run(["-C", str(folder), "-c", "core.compression=1", "add", "-A", "-f", "."], environment)
        note.write_text(_run(["write-tree"], environment))
        (store / f"index-{known}").unlink()
    return note.read_text()


def _tree_objects() -> tuple[Path, dict[str, str]]:
    """The store of the objects, and the tree objects by version."""
    folders = {version: tree(version) for version in ("6.12", "7.3")}
    store = trees_folder() / "objects.git"
    with (trees_folder() / "objects.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (store / "HEAD").exists():
            _run(["init", "-q", "--bare", str(store)])
        return store, {version: _tree_object(store, folder) for version, folder in folders.items()}


@dataclass
class LinuxRepository:
    """A user's repository."""

    path: Path
    commits: int = 0

    def git(self, *arguments: str) -> str:
        return git(self.path, *arguments)

    def text(self, revision: str, file: str) -> str:
        """The content of a file of a revision."""
        return _run(["-C", str(self.path), "cat-file", "blob", f"{revision}:{file}"]) + "\n"

    def commit(self, parent: str | None, subject: str, files: Mapping[str, str], tree_object: str = "") -> str:
        """Adds a commit, which changes these files of its parent (or of a tree), to no branch. @return its name"""
        self.commits += 1
        who = f"A Developer <developer@example.com> {DATE + 3600 * self.commits} +0000"
        parts = [f"commit refs/heads/made\ncommitter {who}\ndata {len(subject.encode())}\n{subject}\n"]
        parts.append(f"from {self.git('rev-parse', parent)}\n" if parent else "")
        parts.append(f'M 040000 {tree_object} ""\n' if tree_object else "")
        parts.extend(f"M 100644 inline {name}\ndata {len(text.encode())}\n{text}\n" for name, text in files.items())
        _run(["-C", str(self.path), "fast-import", "--quiet", "--force"], stdin="".join(parts))
        made = self.git("rev-parse", "refs/heads/made")
        self.git("update-ref", "-d", "refs/heads/made")
        return made

    def change(self, parent: str, subject: str, file: str, change: Callable[[str], str]) -> str:
        """Adds a commit that changes one file, and does. @return its name"""
        text = self.text(parent, file)
        changed = change(text)
        assert changed != text, f"{subject}: {file} is not as the test expects it"
        return self.commit(parent, subject, {file: changed})

    def replace(self, parent: str, subject: str, file: str, old: str, new: str) -> str:
        """Adds a commit that replaces a text, which must be there once. @return its name"""
        assert self.text(parent, file).count(old) == 1, f"{subject}: {file} does not hold once: {old}"
        return self.change(parent, subject, file, lambda text: text.replace(old, new))

    def check_out(self, revision: str) -> None:
        """Makes it the branch main, with index and (sparse) work tree."""
        self.git("update-ref", "refs/heads/main", revision)
        self.git("symbolic-ref", "HEAD", "refs/heads/main")
        self.git("read-tree", "--reset", "-u", "HEAD")

    def snapshot(self) -> dict[str, tuple[int, bytes]]:
        """All of it, byte for byte, with the times: git's files, index, work tree."""
        return {
            str(path.relative_to(self.path)): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
            for path in self.path.rglob("*")
        }


def linux_repository(target: Path) -> LinuxRepository:
    """Makes a repository; HEAD is v7.3. The test is skipped where the trees are not there."""
    store, objects = _tree_objects()
    target.mkdir(parents=True)
    repository = LinuxRepository(target)
    repository.git("init", "-q", "-b", "main")
    (target / ".git/objects/info").mkdir(exist_ok=True)
    (target / ".git/objects/info/alternates").write_text(f"{store}/objects\n")
    (target / ".git/info").mkdir(exist_ok=True)
    (target / ".git/info/sparse-checkout").write_text(f"{IN_THE_WORK_TREE}\n")
    repository.git("config", "core.sparseCheckout", "true")
    older = repository.commit(None, "Linux 6.12", {}, objects["6.12"])
    newer = repository.commit(older, "Linux 7.3", {}, objects["7.3"])
    repository.git("tag", "v6.12", older)
    repository.git("tag", "v7.3", newer)
    repository.check_out(newer)
    return repository
