# SPDX-License-Identifier: MIT
"""What a run learns of its walker before it begins is the same for any number of jobs and in all parts of the run."""

from __future__ import annotations

import subprocess
from pathlib import Path

WALKDIFF = Path(__file__).resolve().parents[2] / "walkdiff"
RUN = ("fuzz", "--walker", "sample,defect=S1-05", "--ref", "none", "--seed", "5", "--cases", "60000", "--no-shrink")


def fuzz(out: Path, *options: str) -> bytes:
    """The findings that a run leaves."""
    done = subprocess.run([WALKDIFF, *RUN, "--quiet", "--out", out, *options], capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    return (out / "findings.jsonl").read_bytes()


def test_a_run_that_learns_finds_the_same_with_any_jobs_and_in_parts(tmp_path: Path) -> None:
    whole = fuzz(tmp_path / "whole")
    assert fuzz(tmp_path / "jobs", "--jobs", "3") == whole
    shards = [tmp_path / f"shard{i}" for i in (1, 2)]
    for i, shard in enumerate(shards, 1):
        fuzz(shard, "--shard", f"{i}/2")
    assert fuzz(tmp_path / "merged", "--merge", *map(str, shards)) == whole
