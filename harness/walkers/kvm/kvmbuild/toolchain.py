# SPDX-License-Identifier: GPL-2.0-only
"""The compiler, and how it is made to take arm64 sources."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .errors import CannotBuild

# What the compiler of another machine says of it, and arm64 sources must not see.
FOREIGN = ("__x86_64__", "__x86_64", "__amd64__", "__amd64", "__MMX__", "__SSE__", "__SSE2__", "__SSE_MATH__")

WALKS_OF_SANITIZERS = ("-fsanitize=address,undefined", "-fsanitize-recover=address", "-fno-omit-frame-pointer")


@dataclass(frozen=True)
class Toolchain:
    command: str  # "gcc", "clang", "aarch64-linux-gnu-gcc"
    sanitize: bool = False
    debug: bool = False

    @cached_property
    def path(self) -> str:
        path = shutil.which(self.command)
        if not path:
            raise CannotBuild(f"cc={self.command}: there is no such compiler")
        return path

    @cached_property
    def version(self) -> str:
        first = self._ask("--version").splitlines()[0]
        number = re.search(r"\d+\.\d+(\.\d+)?", re.sub(r"\(.*?\)", "", first)) or re.search(r"\d+\.\d+(\.\d+)?", first)
        return f"{'clang' if self.is_clang else 'gcc'} {number[0] if number else '?'}"

    @cached_property
    def machine(self) -> str:
        return self._ask("-dumpmachine").strip()

    @cached_property
    def is_clang(self) -> bool:
        return "clang" in self._ask("--version")

    @property
    def is_foreign(self) -> bool:
        """Its programs do not run here as they are."""
        return self.machine.split("-")[0] != self._host

    @cached_property
    def _host(self) -> str:
        import platform

        return platform.machine()

    @cached_property
    def builtin_headers(self) -> str:
        return self._ask("-print-file-name=include").strip()

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """What the result depends on beside files and options."""
        return (self._ask("--version").splitlines()[0], self.machine)

    @property
    def to_arm64(self) -> list[str]:
        if self.machine.startswith("aarch64"):
            return []
        return [*(f"-U{name}" for name in FOREIGN), "-D__aarch64__=1", "-D__AARCH64EL__=1"]

    @property
    def debugging(self) -> list[str]:
        """Behind the other flags: variables are where a debugger finds them."""
        return ["-Og", "-g"] if self.debug else []

    @property
    def sanitizer_runtime(self) -> str:
        """The library that must be loaded before all others where code with AddressSanitizer is."""
        return str(Path(self._ask("-print-file-name=libasan.so").strip()).resolve())

    @property
    def sanitizers(self) -> list[str]:
        return list(WALKS_OF_SANITIZERS) if self.sanitize else []

    def _ask(self, option: str) -> str:
        done = subprocess.run([self.path, option], capture_output=True, text=True)
        if done.returncode:
            raise CannotBuild(f"{self.command} {option}: {done.stderr.strip()}")
        return done.stdout
