# SPDX-License-Identifier: MIT
"""Shrinking at the end of `walkdiff fuzz`: whenever it is ended, what lies in the folder is whole."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
CASES = 40

# Wrong about everything, and so slow that shrinking takes a while; the run itself it answers at once.
SLOW = f"""
import json, sys, time
answered = 0
for line in sys.stdin:
    time.sleep(0.05 if answered >= {CASES} else 0)
    answered += 1
    print(json.dumps({{"id": json.loads(line)["id"], "par": "0x80000000000003ff"}}), flush=True)
"""


def start(folder: Path) -> subprocess.Popen[str]:
    (folder / "slow.py").write_text(SLOW)
    command = [str(program(ROOT)), "fuzz", "--walker", f"exec:{sys.executable} slow.py", "--ref", "none", "--seed", "1"]
    command += ["--cases", str(CASES), "--out", "out", "--quiet"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def state(folder: Path) -> str | None:
    try:
        return json.loads((folder / "out/summary.json").read_text())["state"]
    except FileNotFoundError:
        return None


def wait_for_shrinking(folder: Path) -> list[dict[str, Any]]:
    """What is on the disk when all cases were judged."""
    for _ in range(600):
        if state(folder) == "complete":
            time.sleep(0.3)
            return findings(folder)
        time.sleep(0.1)
    raise AssertionError("the run does not end")


def findings(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "out/findings.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whoever_ends_the_shrinking_finds_all_findings(tmp_path: Path, end: signal.Signals) -> None:
    with start(tmp_path) as run:
        before = wait_for_shrinking(tmp_path)
        run.send_signal(end)
        assert run.wait(timeout=30) == (1 if end != signal.SIGKILL else -signal.SIGKILL)
    after = findings(tmp_path)
    assert len(before) > 1
    assert [f["signature"] for f in after] == [f["signature"] for f in before]
    assert [f["count"] for f in after] == [f["count"] for f in before]
    assert state(tmp_path) == "complete"
    assert not after[-1]["shrunk"]
    assert "shrunk" not in after[-1]["case"]["id"]
