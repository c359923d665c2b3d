# SPDX-License-Identifier: MIT
"""Which runs of a store are alive: each holds a lock on a file beside the store, which ends with its process."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Self


class RunLock:
    """A lock that is held."""

    def __init__(self, path: Path, file: int) -> None:
        self.path, self._file = path, file

    @classmethod
    def take(cls, store: Path, run: int) -> Self | None:
        """Takes the lock of a run, or returns None if a process has it."""
        path = store.with_name(f"{store.name}.run-{run}.lock")
        while True:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                return None
            with contextlib.suppress(FileNotFoundError):
                if os.fstat(file).st_ino == path.stat().st_ino:
                    return cls(path, file)
            os.close(file)  # who had it before has removed it meanwhile

    def release(self) -> None:
        """Gives it back."""
        self.path.unlink(missing_ok=True)
        os.close(self._file)
