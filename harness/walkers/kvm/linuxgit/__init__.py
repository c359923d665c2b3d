# SPDX-License-Identifier: MIT
"""Somebody's git repository of Linux, read without being written to.

A `Repository` is one of ours, in walkdiff's cache, that borrows the objects of theirs. What has to be written (files of
a revision, commits made of patches, the state of a bisection) is written there.
"""

from .patches import Series, apply_series, read_series, transplant
from .repository import Commit, PatchError, Repository, RepositoryError, cache_folder, find_path, split_revision

__all__ = [
    "Commit",
    "PatchError",
    "Repository",
    "RepositoryError",
    "Series",
    "apply_series",
    "cache_folder",
    "find_path",
    "read_series",
    "split_revision",
    "transplant",
]
