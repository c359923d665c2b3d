# SPDX-License-Identifier: MIT
"""Linux trees for the tests of kvm:, those that tests/trees/fetch gets, and variants of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

VERSIONS = ("7.3", "6.12")


def trees_folder() -> Path:
    """Where tests/trees/fetch puts them."""
    cache = os.environ.get("WALKDIFF_CACHE") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "walkdiff"
    )
    return Path(os.environ.get("WALKDIFF_TREES") or Path(cache, "trees"))


def tree(version: str) -> Path:
    """The tree of a version, or the test is skipped; in CI it is there."""
    path = trees_folder() / version
    if not (path / "Makefile").is_file():
        missing = f"no Linux tree {version}: tests/trees/fetch gets it"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return path


def variant(original: Path, target: Path, file: str, change: Callable[[str], str]) -> Path:
    """A tree of symbolic links to another one, with one file changed."""
    target.mkdir(parents=True)
    folder, source = target, original
    for part in Path(file).parts:
        for entry in source.iterdir():
            if entry.name != part:
                (folder / entry.name).symlink_to(entry)
        folder, source = folder / part, source / part
        if source.is_dir():
            folder.mkdir()
    text = source.read_text()
    changed = change(text)
    assert changed != text, f"{file} is not as the test expects it"
    folder.write_text(changed)
    return target


def repository(original: Path, files: Collection[str], target: Path) -> Path:
    """A git repository with some files of a tree (a name that ends in / is all files of a folder), committed."""
    listed = [folder for name in files if name.endswith("/") for folder in (original / name).iterdir()]
    for name in {*files, *(str(path.relative_to(original)) for path in listed)}:
        if (original / name).is_file():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(original / name, path)
    git(target, "init", "-q")
    commit(target, "the tree")
    return target


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(folder: Path, message: str) -> str:
    """Commits everything. @return the revision"""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")
