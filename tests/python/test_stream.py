# SPDX-License-Identifier: MIT
"""`walkdiff fuzz --begin --stream`: what a line tells is all of the cases up to there, neither less nor more."""

from __future__ import annotations

import json
import select
import subprocess
from pathlib import Path
from typing import Any

from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
TIMES = ("command", "state", "seconds", "cases_per_second")


def fuzz(*options: str, status: tuple[int, ...] = (0, 1)) -> list[dict[str, Any]]:
    """What a run prints, without what differs from run to run."""
    walker = ("--walker", "sample,defect=S1-18", "--ref", "none", "--seed", "3", "--quiet", "--no-shrink")
    done = subprocess.run([str(program(ROOT)), "fuzz", *walker, *options], capture_output=True, text=True, timeout=120)
    assert done.returncode in status, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def without_times(summary: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in summary.items() if name not in TIMES}


def test_work_that_nobody_has_taken_over_is_not_left_far_behind() -> None:
    walker = ("--walker", "sample", "--ref", "none", "--seed", "3", "--quiet", "--no-shrink")
    command = [str(program(ROOT)), "fuzz", *walker, "--stream", "--acknowledged", "--time", "60s"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdin and run.stdout
        told = json.loads(run.stdout.readline())
        assert not select.select([run.stdout], [], [], 2)[0], (
            "it tells more, though nobody has taken over the first line"
        )
        run.stdin.write("\n")
        run.stdin.flush()
        then = json.loads(run.stdout.readline())
        assert then["cases"] > told["cases"]
        assert then["processor_seconds"] - told["processor_seconds"] < 1
        run.stdin.close()  # nobody will: it goes on without
        while then["processor_seconds"] - told["processor_seconds"] < 2:
            then = json.loads(run.stdout.readline())
        run.terminate()
        run.stdout.read()


def test_every_line_is_what_a_run_of_so_many_cases_finds() -> None:
    lines = fuzz("--begin", "5001", "--time", "1.6s", "--stream")
    assert len(lines) >= 2
    assert [line["state"] for line in lines] == ["running"] * (len(lines) - 1) + ["complete"]
    assert [line["cases"] for line in lines] == sorted(line["cases"] for line in lines)
    some = [line for line in lines if line["cases"]]
    for line in some[0], some[len(some) // 2], some[-1]:
        (whole,) = fuzz("--begin", "5001", "--cases", str(line["cases"]), "--json")
        assert without_times(line) == without_times(whole)
    assert lines[-1]["findings"]


def test_a_stretch_is_the_sum_of_its_parts() -> None:
    parts = [fuzz("--begin", begin, "--cases", "3000", "--json")[0] for begin in ("1000", "4000")]
    (whole,) = fuzz("--begin", "1000", "--cases", "6000", "--json")
    counts = [{f["signature"]: f["count"] for f in summary["findings"]} for summary in (*parts, whole)]
    assert counts[2] == {name: counts[0].get(name, 0) + counts[1].get(name, 0) for name in counts[0] | counts[1]}
    assert min(f["first"]["index"] for f in whole["findings"]) >= 1000


def test_the_first_case_that_reached_a_cell_reaches_it_again_alone() -> None:
    (summary,) = fuzz("--cases", "4000", "--json")
    cells = {
        (rule, stage, granule): index
        for rule, stages in summary["reached"].items()
        for stage, granules in stages.items()
        for granule, index in granules.items()
    }
    assert set(cells) == {
        (rule, stage, granule)
        for rule, stages in summary["coverage"].items()
        for stage, granules in stages.items()
        for granule in granules
    }
    for (rule, stage, granule), index in sorted(cells.items())[:: len(cells) // 20]:
        (alone,) = fuzz("--begin", str(index), "--cases", "1", "--json")
        assert alone["reached"][rule][stage][granule] == index
        if index:
            (before,) = fuzz("--cases", str(index), "--json")
            assert granule not in before["coverage"][rule].get(stage, {})


def test_a_run_whose_stream_nobody_reads_ends(tmp_path: Path) -> None:
    command = [str(program(ROOT)), "fuzz", "--walker", "sample", "--seed", "1", "--time", "10m", "--stream", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout and run.stderr
        assert json.loads(run.stdout.readline())["state"] == "running"
        run.stdout.close()
        assert run.wait(timeout=20) == 2
        assert "standard output: Broken pipe" in run.stderr.read()
