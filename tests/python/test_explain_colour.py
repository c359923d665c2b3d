# SPDX-License-Identifier: MIT
"""`walkdiff explain` is coloured on a terminal, and nowhere else unless that is asked for."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
CASE = "cases/explain/epd.json"


def explain(*options: str, terminal: bool = True, **variables: str) -> str:
    """What is shown of a walker that is wrong."""
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    environment |= {"TERM": "xterm", **variables}
    command = [str(program(ROOT)), "explain", "--walker", "sample,defect=S1-06", *options, CASE]
    if not terminal:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout
    master, slave = pty.openpty()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=slave, stderr=slave) as run:
        os.close(slave)
        text = b""
        while piece := read(master):
            text += piece
        assert run.wait(timeout=60) == 0
    os.close(master)
    return text.decode()


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the end of a terminal
        return b""


def test_a_terminal_shows_what_differs_in_colours() -> None:
    text = explain()
    assert "\x1b[1;31m!" in text
    assert "\x1b[32m0x4  Translation fault, level 0\x1b[0m" in text


def test_nothing_is_coloured_where_it_is_not_wanted() -> None:
    for text in (
        explain(NO_COLOR="1"),
        explain(TERM="dumb"),
        explain("--color", "never"),
        explain(terminal=False),
        explain("--color=auto", terminal=False),
    ):
        assert "\x1b" not in text
        assert "! FST [6:1]" in text


def test_colours_can_be_had_everywhere() -> None:
    assert "\x1b[1;31m" in explain("--color=always", NO_COLOR="1", terminal=False)
    assert "\x1b[1;31m" in explain(NO_COLOR="")  # set, but empty: as if it were not there
