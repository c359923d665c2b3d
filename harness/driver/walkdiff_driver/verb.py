# SPDX-License-Identifier: MIT
"""What verbs in Python have in common: a usage that is written out, and our way to complain."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import NoReturn

NOTHING_FOUND, FOUND, FAILED = 0, 1, 2  # exit statuses, docs/judging.md

DEFAULT_STORE = "walkdiff.sqlite"


class VerbError(Exception):
    """The verb cannot do what it was asked; the message is for the user."""


class Parser(argparse.ArgumentParser):
    """argparse with a usage that is written out, since it is a page of the manual."""

    def __init__(self, verb: str, usage: str) -> None:
        super().__init__(allow_abbrev=False)
        self._verb, self._text = verb, usage

    def format_help(self) -> str:
        """The usage, whole."""
        return self._text

    def error(self, message: str) -> NoReturn:
        """Complains and ends."""
        complain(f"{self._verb}: {message}")
        print(self._text, end="", file=sys.stderr)
        sys.exit(FAILED)


def complain(message: str) -> int:
    """Tells the user what is wrong. Returns the exit status, for `return complain(…)`."""
    sys.stdout.flush()
    print(f"walkdiff: {message}", file=sys.stderr)
    return FAILED


def walkdiff_program() -> str:
    """The program `walkdiff` that runs the verb: it knows what is of the C core."""
    path = os.environ.get("WALKDIFF_PROGRAM")
    if not path:
        raise VerbError("WALKDIFF_PROGRAM is not set: verbs are run as `walkdiff VERB`")
    return path


TIME = re.compile(r"(\d+(?:\.\d+)?)([smh]?)\Z")
SIZE = re.compile(r"(\d+)([kMG]?)\Z")


def parse_seconds(text: str) -> float:
    """A time as the options of walkdiff take it: 90, 90s, 1.5m, 2h. Raises ValueError."""
    match = TIME.match(text)
    if not match or float(match[1]) <= 0:
        raise ValueError(f"'{text}': a time is wanted, like 30s, 10m or 2h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def parse_number(text: str) -> int:
    """A whole number with k, M or G after it perhaps. Raises ValueError."""
    match = SIZE.match(text)
    if not match:
        raise ValueError(f"'{text}': a whole number is wanted, like 1000000 or 1M")
    return int(match[1]) * {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}[match[2]]


def use_utf8() -> None:
    """Signatures hold arrows; a C locale must not stop them."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


def existing_file(text: str) -> Path:
    """A path that must name a file. Raises ValueError."""
    path = Path(text)
    if not path.is_file():
        raise ValueError(f"{text}: there is no such file")
    return path


def kind_of(spec: str) -> str:
    """The kind of subject that a spec names; "" if it is a walker's."""
    name, _, rest = spec.partition(":")
    if name == "model":
        return rest.partition(",")[0]
    kinds = [word.removeprefix("subject=") for word in spec.split(",")[1:] if word.startswith("subject=")]
    return kinds[0] if name in ("kvm", "so") and kinds and kinds[0] != "at" else ""


def check_is_walker(what: str, spec: str) -> None:
    """Raises VerbError if a spec names a subject of another kind, with which `what` cannot be done."""
    if kind_of(spec):
        raise VerbError(f"{what} is for walkers, and '{spec}' is a subject of the kind {kind_of(spec)}")
