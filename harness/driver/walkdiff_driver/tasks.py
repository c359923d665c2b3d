# SPDX-License-Identifier: MIT
"""Child processes that tell lines, several at once, followed by one loop."""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence

READ_AT_ONCE = 1 << 20
LAST_WORDS = 2000  # characters of what a child wrote to stderr
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent() -> None:
    """For preexec_fn: the child is killed when its parent dies, however that dies."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Task:
    """A child process. Each line that it writes is told to `on_line`; when it has ended, `on_end` gets its status."""

    def __init__(
        self,
        command: Sequence[str],
        on_line: Callable[[str], None],
        on_end: Callable[[Task], None],
        *,
        seconds: float | None = None,
        acknowledges: bool = False,
    ) -> None:
        self.command = list(command)
        self.on_line = on_line
        self.on_end = on_end
        self.status: int | None = None
        self.timed_out = False
        self.deadline = None if seconds is None else time.monotonic() + seconds
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        self._rest = b""
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE if acknowledges else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            preexec_fn=end_with_parent,
        )
        assert self.process.stdout is not None
        self.file = self.process.stdout.fileno()
        os.set_blocking(self.file, False)

    def last_words(self) -> str:
        """The end of what it wrote to stderr."""
        size = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, size - LAST_WORDS))
        return self._stderr.read().decode(errors="replace").strip()

    def acknowledge(self) -> None:
        """Tells the process that a line of it was taken over: it may go on."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            os.write(self.process.stdin.fileno(), b"\n")

    def _close_files(self) -> None:
        for file in (self.process.stdin, self.process.stdout):
            if file is not None:
                file.close()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Asks the process to end."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def read(self) -> bool:
        """Takes what is there. Returns False at the end."""
        try:
            data = os.read(self.file, READ_AT_ONCE)
        except BlockingIOError:
            return True
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self.on_line(line.decode(errors="replace"))
        return bool(data)

    def close(self) -> None:
        """Waits for the process, which has closed its output, and tells how it ended."""
        self._close_files()
        self.status = self.process.wait()
        self.on_end(self)
        self._stderr.close()

    def abandon(self) -> None:
        """Ends the process at once; nobody is told."""
        self.stop(signal.SIGKILL)
        self._close_files()
        self.process.wait()
        self._stderr.close()


class Loop:
    """Follows tasks."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.tasks: list[Task] = []

    def start(self, task: Task) -> Task:
        """Follows a task from now on."""
        self._selector.register(task.file, selectors.EVENT_READ, task)
        self.tasks.append(task)
        return task

    def step(self, seconds: float) -> None:
        """Waits so long at most for something to happen, and sees to it."""
        for key, _ in self._selector.select(seconds):
            task = key.data
            if not task.read():
                self._selector.unregister(task.file)
                self.tasks.remove(task)
                task.close()
        for task in self.tasks:
            if task.deadline is not None and time.monotonic() > task.deadline:
                task.timed_out, task.deadline = True, None
                task.stop(signal.SIGKILL)

    def abandon(self) -> None:
        """Ends all that runs at once."""
        for task in self.tasks:
            self._selector.unregister(task.file)
            task.abandon()
        self.tasks.clear()
