# SPDX-License-Identifier: MIT
"""Kills processes of a reference at random moments of a run, and compares with a run that nobody disturbed.

`python tests/python/reference_kills.py 50` kills fifty times in a run of each reference; the tests kill a few times.
The victims are all processes below walkdiff's own: the one that the walker is in, QEMU, and the copies of QEMU. What
must be the same is every line of `replay --json`: the order of the cases, the answers, the verdicts.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import lzma
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "harness" / "driver"))

from walkdiff_driver.program import program  # noqa: E402

REFERENCES = ("qemu,cpu=neoverse-n1", "qemu,cpu=max", "unicorn")
VECTORS = ROOT / "cases" / "vectors"


def below(pid: int) -> Iterator[int]:
    """All descendants of a process."""
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in task.read_text(encoding="ascii").split():
                yield int(child)
                yield from below(int(child))


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return "gone"


@dataclass
class Outcome:
    """What became of a run that was disturbed."""

    lines: int
    statuses: tuple[int, int]  # of the run that nobody disturbed, and of the other
    difference: str  # the first line that is not the same, as both have it; empty: all are
    killed: Counter[str] = field(default_factory=Counter)
    words: str = ""  # what the disturbed run wrote to its standard error, the end of it

    @property
    def same(self) -> bool:
        return not self.difference and self.statuses[0] == self.statuses[1]

    def explanation(self) -> str:
        """Why it is not the same, in a few lines."""
        return (
            f"exit status {self.statuses[0]} undisturbed, {self.statuses[1]} disturbed\n{self.difference}{self.words}"
        )


def write_cases(folder: Path, walker: str, every: int) -> Path:
    """Vectors of all kinds for a reference: each n-th."""
    profile = "v92" if "max" in walker else "n1"
    lines = lzma.decompress((VECTORS / f"{profile}.jsonl.xz").read_bytes()).decode().splitlines(keepends=True)
    file = folder / "cases.jsonl"
    file.write_text("".join(lines[::every]), encoding="utf-8")
    return file


def first_difference(want: Path, got: Path) -> str:
    """The first line in which two files differ, as both have it."""
    with want.open(encoding="utf-8") as wanted, got.open(encoding="utf-8") as given:
        for number, (one, other) in enumerate(itertools.zip_longest(wanted, given, fillvalue="(no more)\n"), 1):
            if one != other:
                return f"line {number}\n  undisturbed: {one.rstrip()}\n  disturbed:   {other.rstrip()}\n"
    return ""


def replay(walker: str, files: list[str], output: Path, words: Path) -> subprocess.Popen[bytes]:
    with output.open("wb") as stream, words.open("wb") as errors:
        return subprocess.Popen(
            [str(program(ROOT)), "replay", "--walker", walker, "--json", *files],
            stdout=stream,
            stderr=errors,
            cwd=ROOT,
        )


def kill_at_random(process: subprocess.Popen[bytes], kills: int, pause: float, dice: random.Random) -> Counter[str]:
    """Kills until there is nobody left to kill or it has killed often enough."""
    killed: Counter[str] = Counter()
    while process.poll() is None:
        victims = list(below(process.pid)) if killed.total() < kills else []
        if victims:
            victim = dice.choice(victims)
            name = name_of(victim)
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                killed[name] += 1
        # The first as soon as there is one: how long a run takes is the machine's affair.
        time.sleep(dice.uniform(0, 2 * pause) if killed else 0.001)
    return killed


def trial(walker: str, kills: int, folder: Path, *, every: int, pause: float, seed: int) -> Outcome:
    """Runs the same cases undisturbed and disturbed, again and again so that the run lasts for the kills."""
    file = str(write_cases(folder, walker, every))
    want, got, words = folder / "want", folder / "got", folder / "words"
    dice = random.Random(seed)
    begin = time.monotonic()
    replay(walker, [file], want, words).wait(timeout=900)
    once = time.monotonic() - begin
    files = [file] * math.ceil(2 * kills * pause / once)
    status = replay(walker, files, want, words).wait(timeout=900)
    outcome = Outcome(want.read_bytes().count(b"\n"), (status, status), "")
    while outcome.same and outcome.killed.total() < kills:  # how long a run takes is the machine's affair
        process = replay(walker, files, got, words)
        outcome.killed += kill_at_random(process, kills - outcome.killed.total(), pause, dice)
        outcome.statuses = (status, process.returncode)
        outcome.difference = first_difference(want, got)
    last = words.read_text(encoding="utf-8", errors="replace").splitlines()[-4:]
    outcome.words = "".join(f"  {line}\n" for line in last)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kills", type=int, nargs="?", default=50, help="kills in the run of each reference")
    parser.add_argument("--walker", action="append", help=f"default: {', '.join(REFERENCES)}")
    parser.add_argument("--pause", type=float, help="seconds between two kills, on average")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    bad = 0
    print(f"seed {arguments.seed}")
    for walker in arguments.walker or REFERENCES:
        # Several times what it takes to open the walker.
        pause = arguments.pause or (0.08 if walker == "unicorn" else 0.25)
        with tempfile.TemporaryDirectory() as folder:
            done = trial(walker, arguments.kills, Path(folder), every=1, pause=pause, seed=arguments.seed)
        bad += not done.same or done.killed.total() < arguments.kills
        kinds = ", ".join(f"{count} {name}" for name, count in sorted(done.killed.items()))
        verdict = "the same" if done.same else "NOT THE SAME"
        print(f"{walker}: {done.lines} lines, {done.killed.total()} kills ({kinds}): {verdict}", flush=True)
        if not done.same:
            print(done.explanation(), end="", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
