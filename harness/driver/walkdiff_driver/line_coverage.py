# SPDX-License-Identifier: MIT
"""Which lines of a walker ran: the blocks of a library that calls __sanitizer_cov_trace_pc(), and the lines in them.

harness/host/line_coverage.h says what the file is that a run notes them in.
"""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from walkdiff_driver.verb import VerbError

MAGIC = 0x3165676172766F43
HEAD = struct.Struct("<QQ")
RAN, AIMED_SHIFT, AIMED_BLOCKS = 1, 1, 127
CALL = "__sanitizer_cov_trace_pc"

Line = tuple[str, int]  # file, as the library's debugging information names it, and number

FUNCTION = re.compile(r"^[0-9a-f]+ <.*>:$")
PLACE = re.compile(r"^(/.*):(\d+)(?: \(discriminator \d+\))?$")
INSTRUCTION = re.compile(r"^\s+([0-9a-f]+):\t(.*)$")


def is_instrumented(library: Path) -> bool:
    """Whether a library tells what it runs."""
    done = subprocess.run(["nm", "-D", "--undefined-only", str(library)], capture_output=True, text=True)
    return done.returncode == 0 and CALL in done.stdout


@dataclass
class Blocks:
    """The blocks of a library: by the address that the call at a block's begin returns to, the lines in it."""

    lines: dict[int, set[Line]] = field(default_factory=dict)
    size: int = 0

    def files(self) -> set[str]:
        """The files that there is code of."""
        return {file for lines in self.lines.values() for file, _ in lines}

    def with_lines(self, wanted: Collection[Line]) -> Iterator[int]:
        """The blocks that hold one of some lines, by address."""
        chosen = set(wanted)
        return (address for address in sorted(self.lines) if self.lines[address] & chosen)

    def code(self) -> set[Line]:
        """The lines that there is code of."""
        return set().union(*self.lines.values())


def read_blocks(library: Path) -> Blocks:
    """The blocks of an instrumented library. Raises VerbError."""
    command = ["objdump", "-d", "-l", "--no-show-raw-insn", str(library)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", env={"LC_ALL": "C"})
    except FileNotFoundError as error:
        raise VerbError("objdump is not installed (binutils): it tells which lines a walker is made of") from error
    if done.returncode:
        raise VerbError(f"objdump: {done.stderr.strip()}")
    return parse_blocks(done.stdout)


def parse_blocks(text: str) -> Blocks:
    """The same from objdump's text."""
    blocks = Blocks()
    place: Line | None = None
    block: set[Line] | None = None  # the one that we are in
    before: set[Line] = set()  # what of a function stands before its first call
    called = False
    for line in text.splitlines():
        match = INSTRUCTION.match(line)
        if match:
            address = int(match[1], 16)
            blocks.size = max(blocks.size, address + 16)
            if called:
                block = blocks.lines.setdefault(address, set())
                block |= before
                before = set()
            called = CALL in match[2] and match[2].startswith("call")
            if place:
                (before if block is None or called else block).add(place)
        elif FUNCTION.match(line):
            place, block, before, called = None, None, set(), False
        else:
            found = PLACE.match(line)
            if found:
                place = (found[1], int(found[2]))
    return blocks


class Map:
    """The file that runs note in what they ran; it stays as it is from run to run."""

    def __init__(self, path: Path, blocks: Blocks) -> None:
        self.path, self.blocks = path, blocks

    def make(self, aimed: Collection[Line], first: int = 0) -> int:
        """Makes it, with the blocks that hold these lines to be aimed at; returns how many there are."""
        flags = bytearray(self.blocks.size)
        count = 0
        for count, address in enumerate(self.blocks.with_lines(aimed), 1):
            flags[address] = ((first + count - 1) % AIMED_BLOCKS + 1) << AIMED_SHIFT
        self.path.write_bytes(HEAD.pack(MAGIC, len(flags)) + flags)
        return count

    def ran(self) -> set[Line]:
        """The lines that ran up to now."""
        flags = self.path.read_bytes()[HEAD.size :]
        hit = (lines for address, lines in self.blocks.lines.items() if flags[address] & RAN)
        return set().union(*hit)
