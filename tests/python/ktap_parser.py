# SPDX-License-Identifier: MIT
"""A strict parser of KTAP version 1, after Documentation/dev-tools/ktap.rst of Linux: unknown lines are errors."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

VERSION = "KTAP version 1"
PLAN = re.compile(r"1\.\.(0|[1-9][0-9]*)\Z")
RESULT = re.compile(r"(ok|not ok) ([1-9][0-9]*)(?: ([^#]*[^# ]))?(?: #(?: (.*))?)?\Z")
DIRECTIVES = ("SKIP", "TODO", "XFAIL", "TIMEOUT", "ERROR")
MUST_FAIL = ("TIMEOUT", "ERROR")
INDENT = "  "


class KtapError(Exception):
    """A line that KTAP version 1 does not have there."""


@dataclass
class Test:
    """A result line with what it is about."""

    passed: bool
    description: str
    directive: str = ""
    data: str = ""
    diagnostics: list[str] = field(default_factory=list)
    subtests: list[Test] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether it makes its parent fail."""
        return not self.passed and self.directive not in ("SKIP", "TODO", "XFAIL")


class _Parser:
    def __init__(self, text: str) -> None:
        if not text.endswith("\n"):
            raise KtapError("the last line has no end")
        self.lines = text[:-1].split("\n")
        self.at = 0

    def fail(self, why: str) -> KtapError:
        line = self.lines[self.at] if self.at < len(self.lines) else "the end"
        return KtapError(f"line {self.at + 1}: {why}: {line!r}")

    def peek(self, depth: int) -> str | None:
        """The next line of this depth without its indentation; None if it is none of it."""
        if self.at == len(self.lines):
            return None
        line = self.lines[self.at]
        if line != line.rstrip() or any(ord(c) < 0x20 or ord(c) == 0x7F for c in line):
            raise self.fail("space at the end, or a control character")
        if not line.startswith(INDENT * depth):
            return None
        return line[len(INDENT) * depth :]

    def tests(self, depth: int) -> list[Test]:
        """Version, plan, and as many tests as are planned."""
        if self.peek(depth) != VERSION:
            raise self.fail("a version line is wanted")
        self.at += 1
        plan = PLAN.match(self.peek(depth) or "")
        if not plan:
            raise self.fail("a plan is wanted")
        self.at += 1
        return [self.test(depth, number) for number in range(1, int(plan[1]) + 1)]

    def test(self, depth: int, number: int) -> Test:
        """Diagnostics, subtests perhaps, and the result."""
        diagnostics: list[str] = []
        subtests: list[Test] = []
        while True:
            line = self.peek(depth)
            if line is None:
                raise self.fail(f"test {number} of depth {depth} has no result")
            if line == "#" or line.startswith("# "):
                diagnostics.append(line[2:])
                self.at += 1
            elif line == INDENT + VERSION and not subtests:
                subtests = self.tests(depth + 1)
            else:
                return self.result(line, number, diagnostics, subtests)

    def result(self, line: str, number: int, diagnostics: list[str], subtests: list[Test]) -> Test:
        """The result line itself."""
        match = RESULT.match(line)
        if not match:
            raise self.fail("is no result line")
        if int(match[2]) != number:
            raise self.fail(f"the number must be {number}")
        word, _, rest = (match[4] or "").partition(" ")
        directive = word if word in DIRECTIVES else ""
        test = Test(match[1] == "ok", match[3] or "", directive, rest if directive else match[4] or "")
        test.diagnostics, test.subtests = diagnostics, subtests
        if directive in MUST_FAIL and test.passed:
            raise self.fail(f"{directive} goes with `not ok`")
        if test.passed and any(subtest.failed for subtest in subtests):
            raise self.fail("passes, though a subtest fails")
        self.at += 1
        return test


def parse(text: str) -> list[Test]:
    """The tests of a KTAP text; raises KtapError."""
    parser = _Parser(text)
    tests = parser.tests(0)
    if parser.at < len(parser.lines):
        raise parser.fail("more than was planned")
    return tests
