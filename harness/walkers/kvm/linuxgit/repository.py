# SPDX-License-Identifier: MIT
"""A repository of ours that borrows the objects of somebody's."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# What of a revision is laid out: all that the configuration and the compiler can ask for, and no drivers.
PATTERNS = (
    "/Makefile",
    "/Kbuild",
    "Kconfig*",
    "/scripts/",
    "/include/",
    "/arch/arm64/",
    "/kernel/",
    "/virt/",
    "/tools/include/",
    "/tools/arch/arm64/",
    "/lib/",
    "/mm/",
)

# Of any repository: no lock is taken only to be quick later, and what a partial clone lacks is not fetched into it.
READ_ONLY = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}

# Of ours: what the user has set for theirs (line ends, hooks, filters, signatures) is not for it.
OURS_ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}

# Who commits here: always the same, so that a patch on a base always gives the same commit.
COMMITTER = {"GIT_COMMITTER_NAME": "walkdiff", "GIT_COMMITTER_EMAIL": "walkdiff@localhost"}

PR_SET_PDEATHSIG = 1
SHA = re.compile(r"[0-9a-f]{7,64}\Z")


class RepositoryError(Exception):
    """The user's repository does not have what was asked for: exit status 2."""


class PatchError(RepositoryError):
    """A patch that does not apply, or is none.

    `patch` is its subject or the name of its file, `hunk` the lines of the hunk that does not apply, if it is one.
    """

    def __init__(self, message: str, patch: str = "", hunk: str = "") -> None:
        super().__init__(message)
        self.patch, self.hunk = patch, hunk


def cache_folder() -> Path:
    """Where the builder of kvm: keeps what it makes, and we the repositories of ours."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(os.environ.get("WALKDIFF_CACHE") or Path(base) / "walkdiff") / "kvm"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def split_revision(argument: str) -> tuple[Path, str | None]:
    """A path, or the shortest path@ that is a folder, and the revision behind it."""
    if Path(argument).is_dir():
        return Path(argument).resolve(), None
    for at in re.finditer("@", argument):
        if Path(argument[: at.start()] or ".").is_dir():
            return Path(argument[: at.start()] or ".").resolve(), argument[at.end() :]
    raise RepositoryError(f"{argument}: no such folder")


def find_path(argument: str) -> Path:
    """The folder of a tree that is named without a revision."""
    path, revision = split_revision(argument)
    if revision is not None:
        raise RepositoryError(f"{argument}: the folder of the tree is wanted, without a revision")
    return path


@dataclass(frozen=True)
class Commit:
    """A commit of theirs, or one that we made of a patch."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: str  # "Name <address>"
    date: str  # of the author, "2024-11-05"
    subject: str

    @property
    def short(self) -> str:
        """As people write it: "8f1c2a4b6d0e"."""
        return self.sha[:12]

    @property
    def title(self) -> str:
        """As the kernel's people name commits: 8f1c2a4b6d0e ("KVM: arm64: ...")."""
        return f'{self.short} ("{self.subject}")'


_libc = ctypes.CDLL(None)


def _end_with_parent() -> None:
    """So that no git goes on writing to ours after a kill, beside the one of whoever takes the work up again."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run_git(
    arguments: Sequence[str], environment: Mapping[str, str], stdin: bytes | None = None, folder: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Runs git, whatever its status is; nothing of the caller's own GIT_* gets there."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        return subprocess.run(
            ["git", *arguments],
            env={**clean, **READ_ONLY, **environment},
            capture_output=True,
            cwd=folder,
            preexec_fn=_end_with_parent,
            **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}),  # type: ignore[arg-type]
        )
    except FileNotFoundError as error:
        raise RepositoryError("a revision needs git, which is not installed") from error


def checked(done: subprocess.CompletedProcess[bytes], what: str) -> str:
    """The output of a git that did what it was to; raises RepositoryError."""
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        raise RepositoryError((told[-1] if told else f"{what} failed").removeprefix("fatal: ").removeprefix("error: "))
    return done.stdout.decode(errors="replace").strip()


class Repository:
    """One of ours for one of theirs.

    Nothing is ever written to theirs: no object, no ref, no index, no work tree. The one command there is rev-parse.
    Not even a time: git would renew that of an object of theirs that it is to write and finds there. So what it is to
    write it writes to a place of its own (`made`), from where it cannot see theirs.
    """

    def __init__(self, tree: Path, cache: Path | None = None) -> None:
        """`tree`: any folder of theirs, bare, linked or shallow as it may be. Raises RepositoryError."""
        self.tree = tree
        root = (cache or cache_folder()) / "repositories"
        common = self.ask_theirs("rev-parse", "--path-format=absolute", "--git-common-dir")
        objects = self.ask_theirs("rev-parse", "--path-format=absolute", "--git-path", "objects")
        name = hashlib.sha256(common.encode()).hexdigest()[:16]
        self.folder = root / f"{name}.git"
        self.files = root / name
        self.made = self.folder / "made"
        self.objects = [objects, str(self.made)]  # of theirs, and what we made of patches
        if not (self.folder / "complete").exists():
            self._make()
        self.files.mkdir(parents=True, exist_ok=True)
        self.made.mkdir(exist_ok=True)
        self.borrow(self.folder, self.objects)
        shallow = Path(common, "shallow")
        with contextlib.suppress(FileNotFoundError):
            _write(self.folder / "shallow", shallow.read_bytes())

    def _make(self) -> None:
        """Whole or not at all."""
        kind = self.ask_theirs("rev-parse", "--show-object-format")
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder.parent, prefix="new-") as scratch:
            made = Path(scratch, "git")
            self.make_bare(made, kind)
            self._git(made, "config", "core.bare", "false")
            self._git(made, "config", "core.sparseCheckout", "true")
            (made / "complete").touch()
            if self.folder.is_dir() and not (self.folder / "complete").exists():
                shutil.rmtree(self.folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # somebody else was first
                os.rename(made, self.folder)

    def make_bare(self, folder: Path, kind: str | None = None) -> None:
        """An empty repository without hooks, that is never tidied up behind our back."""
        kind = kind or self.ask_theirs("rev-parse", "--show-object-format")
        arguments = ["init", "-q", "--bare", "--template=", f"--object-format={kind}", str(folder)]
        checked(run_git(arguments, OURS_ALONE), "git init")
        for key in ("gc.auto", "maintenance.auto"):
            self._git(folder, "config", key, "0" if key == "gc.auto" else "false")

    @staticmethod
    def borrow(folder: Path, objects: Sequence[str]) -> None:
        """Lets a repository of ours read the objects of others."""
        (folder / "objects/info").mkdir(parents=True, exist_ok=True)
        _write(folder / "objects/info/alternates", "".join(f"{path}\n" for path in objects).encode())

    # ------------------------------------------------------------ questions

    def ask_theirs(self, *arguments: str) -> str:
        """The answer of a git command that only reads, of their repository. Raises RepositoryError."""
        command = ["-c", f"safe.directory={self.tree}", "-C", str(self.tree), *arguments]
        return checked(run_git(command, {}), f"git {arguments[0]}")

    def _git(self, folder: Path, *arguments: str) -> str:
        return checked(run_git(arguments, {"GIT_DIR": str(folder), **OURS_ALONE}), f"git {arguments[0]}")

    def git(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs git in our repository, which has all of their objects, whatever its status is."""
        ours = {"GIT_DIR": str(self.folder), "GIT_WORK_TREE": str(self.files), **OURS_ALONE, **COMMITTER}
        return run_git(arguments, {**ours, **(environment or {})}, stdin, self.files)

    def ask(self, *arguments: str) -> str:
        """The answer of a git command in our repository. Raises RepositoryError."""
        return checked(self.git(*arguments), f"git {arguments[0]}")

    def resolve(self, revision: str) -> str:
        """The name of the object that a revision is: in their words (branches, HEAD@{1}), or a commit that we made."""
        if not revision or revision.startswith("-"):
            raise RepositoryError(f"'{revision}' is no revision")
        try:
            return self.ask_theirs("rev-parse", "--verify", "--end-of-options", revision).splitlines()[-1]
        except RepositoryError as error:
            if SHA.match(revision):
                with contextlib.suppress(RepositoryError):
                    return self.ask("rev-parse", "--verify", "--end-of-options", f"{revision}^{{object}}")
            raise RepositoryError(f"{self.tree}: revision '{revision}': {error}") from error

    def tree_of(self, revision: str) -> str:
        """The tree object of a revision."""
        return self._peel(revision, "tree")

    def _peel(self, revision: str, kind: str) -> str:
        sha = self.resolve(revision)
        try:
            return self.ask("rev-parse", "--verify", "--end-of-options", f"{sha}^{{{kind}}}")
        except RepositoryError as error:
            raise RepositoryError(f"{self.tree}: revision '{revision}' is no {kind}: {error}") from error

    def commit(self, revision: str) -> Commit:
        """The commit that a revision is. Raises RepositoryError."""
        return self.commits_of([self._peel(revision, "commit")])[0]

    def commits_of(self, shas: Sequence[str]) -> list[Commit]:
        """What is known of some commits, in their order."""
        if not shas:
            return []
        line = "%H%x00%T%x00%P%x00%an <%ae>%x00%as%x00%s"
        arguments = ("log", "--no-walk=unsorted", "--stdin", "--no-show-signature", f"--format={line}")
        told = checked(self.git(*arguments, stdin="".join(f"{sha}\n" for sha in shas).encode()), "git log")
        found = []
        for text in told.splitlines():
            sha, tree, parents, author, date, subject = text.split("\0")
            found.append(Commit(sha, tree, tuple(parents.split()), author, date, subject))
        return found

    def range(self, base: str, head: str, paths: Sequence[str] = ()) -> list[Commit]:
        """The commits of base..head, the oldest first; only those that touch the paths, if there are any."""
        ends = (self._peel(base, "commit"), self._peel(head, "commit"))
        listed = self.ask("rev-list", "--topo-order", "--reverse", f"{ends[0]}..{ends[1]}", "--", *paths)
        return self.commits_of(listed.split())

    def split_range(self, text: str) -> tuple[str, str]:
        """BASE..HEAD, or BASE...HEAD, whose base is their merge base; what is left out is HEAD."""
        match = re.fullmatch(r"(.*?)(\.\.\.?)(.*)", text)
        if not match:
            raise RepositoryError(f"'{text}': BASE..HEAD is wanted")
        base, head = (self.commit(end or "HEAD").sha for end in (match[1], match[3]))
        return (self.ask("merge-base", base, head) if match[2] == "..." else base), head

    def file(self, revision: str, path: str) -> bytes | None:
        """The content of a file of a revision, or None if it has none."""
        done = self.git("cat-file", "blob", f"{self.tree_of(revision)}:{path}")
        return None if done.returncode else done.stdout

    def diff(self, base: str, head: str, paths: Sequence[str] = (), context: int = 3) -> str:
        """What differs between two revisions, as a patch."""
        trees = (self.tree_of(base), self.tree_of(head))
        arguments = ("diff-tree", "-r", "-p", "-M", "--no-color", f"-U{context}", *trees, "--", *paths)
        return checked(self.git(*arguments), "git diff-tree")

    def walker(self, commit: Commit, options: str = "") -> str:
        """The spec of the walker of a commit, theirs or ours."""
        return f"kvm:{self.tree}@{commit.sha}" + (f",{options}" if options else "")

    # ------------------------------------------------------------ what is written to ours

    def lay_out(self, tree: str) -> Path:
        """Lays the files of a tree object out in a work tree of ours, where only what differs changes.

        There is one for each repository: who calls this holds the lock of the cache. Raises RepositoryError.
        """
        (self.folder / "info").mkdir(exist_ok=True)
        _write(self.folder / "info/sparse-checkout", ("\n".join(PATTERNS) + "\n").encode())
        (self.folder / "index.lock").unlink(missing_ok=True)  # of a build that was killed
        self.ask("read-tree", "--reset", "-u", tree)
        return self.files

    @contextlib.contextmanager
    def workbench(self, tree: str) -> Iterator[Workbench]:
        """Where a tree object is changed."""
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="index-") as scratch:
            environment = {"GIT_INDEX_FILE": str(Path(scratch, "index"))}
            checked(self.git("read-tree", tree, environment=environment), "git read-tree")
            yield Workbench(self, tree, {**environment, "GIT_OBJECT_DIRECTORY": str(self.made)})

    def commit_tree(self, tree: str, parents: Sequence[str], message: str, author: Mapping[str, str]) -> Commit:
        """Makes a commit in ours. `author`: GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_AUTHOR_DATE."""
        arguments = ["commit-tree", tree, *(word for parent in parents for word in ("-p", parent))]
        environment = {**author, "GIT_COMMITTER_DATE": author["GIT_AUTHOR_DATE"]}
        sha = checked(self.git(*arguments, environment=environment, stdin=message.encode()), "git commit-tree")
        return self.commits_of([sha])[0]


class Workbench:
    """An index of its own, and a place for objects from where those of theirs are not seen."""

    def __init__(self, repository: Repository, tree: str, environment: dict[str, str]) -> None:
        self._repository, self._tree, self._environment = repository, tree, environment

    def git(self, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Runs git there, whatever its status is."""
        return self._repository.git(*arguments, environment=self._environment, stdin=stdin)

    def need(self, paths: Iterable[str]) -> None:
        """Brings the content that files have in the tree."""
        for path in paths:
            content = self._repository.git("cat-file", "blob", f"{self._tree}:{path}")
            if not content.returncode:
                checked(self.git("hash-object", "-w", "--stdin", stdin=content.stdout), "git hash-object")

    def write(self) -> str:
        """The tree object that the index now is."""
        return checked(self.git("write-tree", "--missing-ok"), "git write-tree")


def _write(path: Path, content: bytes) -> None:
    """Writes a file, as a whole, unless it is so already: others may read it at the moment."""
    with contextlib.suppress(OSError):
        if path.read_bytes() == content:
            return
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as new:
        new.write(content)
    os.replace(new.name, path)
