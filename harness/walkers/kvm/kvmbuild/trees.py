# SPDX-License-Identifier: GPL-2.0-only
"""Where a tree's files come from: a folder, or a revision of a git repository. Neither is ever written to."""

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .errors import CannotBuild, WrongUse

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


@dataclass(frozen=True)
class Tree:
    root: Path  # with the tree's files
    name: str  # for messages: the path, or path@revision


def split_revision(argument: str) -> tuple[Path, str | None]:
    """A path, or the shortest path@ that is a folder, and the revision behind it."""
    if Path(argument).is_dir():
        return Path(argument).resolve(), None
    for at in re.finditer("@", argument):
        if Path(argument[: at.start()] or ".").is_dir():
            return Path(argument[: at.start()] or ".").resolve(), argument[at.end() :]
    raise WrongUse(f"{argument}: no such folder")


def find_tree(argument: str, cache: Path) -> Tree:
    path, revision = split_revision(argument)
    tree = Tree(path, str(path)) if revision is None else Tree(lay_out(path, revision, cache), f"{path}@{revision}")
    if not (tree.root / "arch/arm64/kvm").is_dir():
        raise WrongUse(f"{tree.name}: not a Linux tree: it has no arch/arm64/kvm")
    return tree


def version_of(tree: Tree) -> str:
    """As the tree's Makefile says: "7.3.4", "6.12.0-rc1"."""
    text = (tree.root / "Makefile").read_text(errors="replace")
    found = {
        name: (re.search(rf"^{name}[ \t]*=[ \t]*(\S*)", text, re.MULTILINE) or ["", ""])[1]
        for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL", "EXTRAVERSION")
    }
    return f"{found['VERSION']}.{found['PATCHLEVEL']}.{found['SUBLEVEL'] or 0}{found['EXTRAVERSION']}"


def git(arguments: list[str], environment: dict[str, str] | None = None) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(["git", *arguments], env={**clean, **(environment or {})}, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise WrongUse("a revision needs git, which is not installed") from error
    if done.returncode:
        raise WrongUse(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"git {arguments[0]} failed")
    return done.stdout.strip()


def lay_out(repository: Path, revision: str, cache: Path) -> Path:
    """Lays the revision's files out in a work tree of ours. The next revision changes only what differs."""
    if revision.startswith("-"):
        raise WrongUse(f"'{revision}' is no revision")
    read_only = ["-c", f"safe.directory={repository}", "-C", str(repository)]
    common = Path(git([*read_only, "rev-parse", "--path-format=absolute", "--git-common-dir"]))
    tree = git([*read_only, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{tree}}"])
    name = hashlib.sha256(str(common).encode()).hexdigest()[:16]
    ours, files = cache / "repositories" / f"{name}.git", cache / "repositories" / name
    environment = {"GIT_DIR": str(ours), "GIT_WORK_TREE": str(files)}
    objects = git([*read_only, "rev-parse", "--path-format=absolute", "--git-path", "objects"])
    if not (ours / "complete").exists():
        files.mkdir(parents=True, exist_ok=True)
        git(["init", "-q"], environment)
        git(["config", "core.sparseCheckout", "true"], environment)
        (ours / "complete").touch()
    (ours / "objects/info").mkdir(parents=True, exist_ok=True)
    (ours / "objects/info/alternates").write_text(f"{objects}\n")
    (ours / "info").mkdir(exist_ok=True)
    (ours / "info/sparse-checkout").write_text("\n".join(PATTERNS) + "\n")
    (ours / "index.lock").unlink(missing_ok=True)  # of a build that was killed: we hold the cache's lock
    try:
        git(["read-tree", "--reset", "-u", tree], environment)
    except WrongUse as error:
        raise CannotBuild(f"{repository}@{revision}: its files cannot be read from git: {error}") from error
    return files
