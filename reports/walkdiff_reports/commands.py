# SPDX-License-Identifier: MIT
"""Commands that a reader can run as they are."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Iterable

from walkdiff_reports.run import Finding, Run

HARMFUL = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories of characters that do something to a terminal, or to the line


def harms(character: str) -> bool:
    """Whether a character would move the cursor, break the line or turn the text around."""
    return unicodedata.category(character) in HARMFUL


def quote(word: str) -> str:
    """A word for the shell; in $'…' of bash where it holds what would do harm on a terminal."""
    if not any(map(harms, word)):
        return shlex.quote(word)
    escaped = "".join(_escape(character) for character in word)
    return f"$'{escaped}'"


def _escape(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    return f"\\U{ord(character):08x}" if harms(character) else character


def join(words: Iterable[str]) -> str:
    """A command on one line."""
    return " ".join(map(quote, words))


def reproduce(run: Run, finding: Finding) -> list[str]:
    """The words of the command that makes the first case of a bucket again and judges it; none if it has no seed."""
    seed, index = finding.first.get("seed"), finding.first.get("index")
    if seed is None or index is None:
        return []
    words = ["walkdiff", "fuzz", "--walker", finding.walker]
    for profile in run.summary.get("profiles", ()):
        words += ["--profile", str(profile)]
    return [*words, "--seed", str(seed), "--case", str(index)]


def replay(walker: str) -> list[str]:
    """The words of the command that judges a walker's answer to a case stored in case.json."""
    return ["walkdiff", "replay", "--walker", walker, "case.json"]
