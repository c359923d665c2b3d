# SPDX-License-Identifier: GPL-2.0-only
"""Where a tree's files come from: a folder, or a revision of a git repository. Neither is ever written to."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from linuxgit import Repository, RepositoryError, split_revision

from .errors import CannotBuild, WrongUse


@dataclass(frozen=True)
class Tree:
    root: Path  # with the tree's files
    name: str  # for messages: the path, or path@revision
    path: Path  # of the user's tree


@dataclass(frozen=True)
class Source:
    """What a spec names, before any file is laid out."""

    path: Path
    name: str
    repository: Repository | None = None  # of a revision
    tree: str = ""  # the revision's tree object

    @property
    def place(self) -> str:
        """A name for where its files lie: that of all revisions of a repository is one."""
        if self.repository:
            return self.repository.folder.stem
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:16]


def find_source(argument: str, cache: Path) -> Source:
    path, revision = split_revision(argument)
    if revision is None:
        return Source(path, str(path))
    repository = Repository(path, cache)
    return Source(path, f"{path}@{revision}", repository, repository.tree_of(revision))


def lay_out(source: Source) -> Tree:
    """The files: those of the folder, or the revision's in a work tree of ours."""
    root = source.path
    if source.repository:
        try:
            root = source.repository.lay_out(source.tree)
        except RepositoryError as error:
            raise CannotBuild(f"{source.name}: its files cannot be read from git: {error}") from error
    if not (root / "arch/arm64/kvm").is_dir():
        raise (CannotBuild if source.repository else WrongUse)(
            f"{source.name}: not a Linux tree: it has no arch/arm64/kvm"
        )
    return Tree(root, source.name, source.path)


def version_of(tree: Tree) -> str:
    """As the tree's Makefile says: "7.3.4", "6.12.0-rc1"."""
    text = (tree.root / "Makefile").read_text(errors="replace")
    found = {
        name: (re.search(rf"^{name}[ \t]*=[ \t]*(\S*)", text, re.MULTILINE) or ["", ""])[1]
        for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL", "EXTRAVERSION")
    }
    return f"{found['VERSION']}.{found['PATCHLEVEL']}.{found['SUBLEVEL'] or 0}{found['EXTRAVERSION']}"
