# SPDX-License-Identifier: MIT
"""`walkdiff fuzz --dask`: what it finds is what one machine finds, whoever dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from distributed import Client, LocalCluster
from walkdiff_driver.dask_fuzz import Cut, Stretch
from walkdiff_driver.program import program

ROOT = Path(__file__).resolve().parents[2]
RUN = ("--walker", "sample,defect=S2-02", "--ref", "none", "--seed", "5", "--quiet")
CASES = 300_001
DEADLINE = 100.0  # seconds, for a machine that is very busy


def fuzz(*options: str) -> subprocess.Popen[str]:
    """Starts `walkdiff fuzz`."""
    command = [str(program(ROOT)), "fuzz", *RUN, *options]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def end(process: subprocess.Popen[str]) -> str:
    """Waits for a run that finds something; what it printed."""
    out, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1, errors
    return out


def wait_for_parts(out: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Waits until so many parts are done."""
    begin = time.monotonic()
    while len(list((out / "parts").glob("*-*"))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - begin < DEADLINE
        time.sleep(0.02)


@pytest.fixture(scope="module")
def one_machine(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What one machine finds."""
    out = tmp_path_factory.mktemp("one")
    end(fuzz("--cases", str(CASES), "--out", str(out)))
    return (out / "findings.jsonl").read_bytes()


@dataclass
class Cluster:
    """A scheduler, and workers that are processes of their own and that nobody starts again."""

    address: str
    workers: list[subprocess.Popen[bytes]]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """One with two workers."""
    with LocalCluster(n_workers=0, processes=False, dashboard_address=None, host="127.0.0.1", protocol="tcp") as local:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", local.scheduler_address, "--no-nanny"]
        command += ["--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path)]
        workers = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
        try:
            with Client(local) as client:
                client.wait_for_workers(2, timeout=DEADLINE)
            yield Cluster(local.scheduler_address, workers)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()


def test_a_run_on_two_workers_of_which_one_is_killed_finds_what_one_machine_finds(
    cluster: Cluster, one_machine: bytes, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = fuzz("--dask", cluster.address, "--task", "0.1s", "--cases", str(CASES), "--out", str(out))
    wait_for_parts(out, 2, process)
    cluster.workers[0].kill()
    assert process.poll() is None
    end(process)
    assert (out / "findings.jsonl").read_bytes() == one_machine
    assert not (out / "parts").exists()


def test_a_run_that_was_interrupted_goes_on_where_it_was(one_machine: bytes, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--dask", "local", "--jobs", "1", "--task", "0.2s", "--cases", str(CASES), "--out", str(out))
    process = fuzz(*options)
    wait_for_parts(out, 2, process)
    process.send_signal(signal.SIGINT)
    end(process)
    kept = {path.name for path in (out / "parts").iterdir()}
    assert kept
    end(fuzz(*options))
    assert (out / "findings.jsonl").read_bytes() == one_machine


def test_a_walker_that_cannot_be_opened_ends_the_run_at_once_with_what_it_said() -> None:
    command = [str(program(ROOT)), "fuzz", "--dask", "local", "--jobs", "1", "--walker", "so:nowhere.so", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 2
    assert "nowhere.so" in done.stderr


def test_cases_are_cut_into_stretches_that_leave_nothing_out() -> None:
    cut = Cut(end=100, done={Stretch(10, 20), Stretch(40, 41)}, under_way={Stretch(20, 25)})
    seen = []
    while (stretch := cut.next(12)) is not None:
        seen.append(stretch)
        cut.done.add(stretch)
    assert seen[:3] == [Stretch(0, 10), Stretch(25, 37), Stretch(37, 40)]
    assert cut.whole() == 20
    cut.done |= cut.under_way
    assert cut.whole() == 100
