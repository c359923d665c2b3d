# SPDX-License-Identifier: MIT
"""Kills nightly runs with SIGKILL at random moments, has them resumed, and compares with runs that nobody disturbed.

`python tests/python/nightly_kills.py 100` kills a hundred times, which takes some minutes; the tests kill a few times.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "harness" / "driver"))

from walkdiff_driver.program import program  # noqa: E402
from walkdiff_driver.store import Store  # noqa: E402

WALKER = "sample,defect=S1-18"
Key = tuple[str, str]


def configure(folder: Path, seed: int, cases: int, jobs: int) -> Path:
    """Writes the configuration of a run whose result is a function of the seed."""
    path = folder / "nightly.toml"
    settings = f'time = "1h"\ncases = {cases}\njobs = {jobs}\nseed = {seed}\nreferences = []\n'
    path.write_text(f'{settings}[[walker]]\nname = "w"\nspec = "{WALKER}"\n')
    return path


def undisturbed(seed: int, cases: int) -> dict[Key, int]:
    """What a run finds: counts by verdict and signature."""
    fuzz = ["fuzz", "--walker", WALKER, "--ref", "none", "--seed", str(seed), "--cases", str(cases), "--json"]
    done = subprocess.run([str(program(ROOT)), *fuzz, "--quiet"], capture_output=True, text=True, timeout=300)
    return {(f["verdict"], f["signature"]): f["count"] for f in json.loads(done.stdout)["findings"]}


def start(config: Path, *options: str) -> subprocess.Popen[str]:
    """A nightly run, in a session of its own."""
    command = [str(program(ROOT)), "nightly", "--config", str(config), "--quiet", *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=config.parent, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def processes_of(session: int) -> list[str]:
    """The processes of a session that are alive."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(stat.parent.name)
    return found


@dataclass
class Process:
    """A process that is stopped."""

    pid: int
    parent: int
    command: list[str]
    spent: float  # processor seconds


def stop_all(session: int) -> list[Process]:
    """Stops all processes of a session at one moment, as far as there is one."""
    found: dict[int, Process] = {}
    while True:  # one that was about to start another one has done so when it is stopped
        new = [int(pid) for pid in processes_of(session) if int(pid) not in found]
        if not new:
            return list(found.values())
        for pid in new:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGSTOP)
        for pid in new:
            found[pid] = Process(pid, 0, [], 0.0)
            with contextlib.suppress(OSError):
                folder = Path("/proc", str(pid))
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                command = (folder / "cmdline").read_bytes().decode().split("\0")
                spent = int((folder / "schedstat").read_text().split()[0]) / 1e9
                found[pid] = Process(pid, parent, command, spent)


def counts(store: Path) -> dict[Key, int]:
    """The findings of a store."""
    with Store.open_for_reading(store) as opened:
        return {(bucket.verdict, bucket.signature): bucket.count for bucket in opened.buckets()}


class Trial:
    """A run that is killed again and again until it is complete."""

    def __init__(self, folder: Path, seed: int, cases: int, jobs: int) -> None:
        self.seed, self.cases = seed, cases
        self.config = configure(folder, seed, cases, jobs)
        self.store = folder / "walkdiff.sqlite"
        self.complete = False
        self.before: dict[Key, int] = {}
        self.lost: list[float] = []  # processor seconds of work at each kill that no commit had, while cases were run

    def kill_once(self, after: float) -> bool:
        """Lets the run live so long, and kills it. Returns False if it was complete before."""
        run = start(self.config)
        try:
            out, err = run.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            stopped = stop_all(run.pid)
            self._note_lost(stopped)
            os.kill(run.pid, signal.SIGKILL)
            for process in stopped:
                with contextlib.suppress(OSError):
                    os.kill(process.pid, signal.SIGCONT)
            run.communicate()
            self._look_after_kill(run.pid)
            if self.complete:  # it had told everything
                self.compare()
            return not self.complete
        assert run.returncode == 1, (run.returncode, out, err)
        self.complete = True
        self.compare()
        return False

    def _note_lost(self, stopped: list[Process]) -> None:
        """What the processes that fuzz have spent so far, and what of that is committed: nothing moves meanwhile."""
        fuzzers = {process.pid for process in stopped if "--stream" in process.command}
        spent = [process.spent for process in stopped if process.parent in fuzzers]
        if not spent:
            return
        with Store.open_for_reading(self.store) as store:
            runs = store.runs()
            legs = store.running_legs(runs[-1].id) if runs else []
            committed = [json.loads(store.leg_summary(leg["id"])).get("processor_seconds", 0.0) for leg in legs]
        self.lost.append(sum(spent) - sum(committed))

    def _look_after_kill(self, session: int) -> None:
        deadline = time.monotonic() + 20
        while processes_of(session) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert processes_of(session) == [], "processes outlive the run"
        if not self.store.exists():
            return
        with Store.open(self.store) as store:
            assert store.check() == []
            self.complete = any(run.ending == "complete" for run in store.runs())
        found = counts(self.store)
        for key, count in self.before.items():
            assert found.get(key, 0) >= count, f"{key} was lost"
        self.before = found

    def finish(self) -> None:
        """Lets the run end, and compares it with one that nobody disturbed."""
        run = start(self.config)
        try:
            _, err = run.communicate(timeout=120)
        finally:
            run.kill()
        assert run.returncode == 1, (run.returncode, err)
        self.compare()

    def compare(self) -> None:
        """The run is one run, ran each case once, and counted each finding once."""
        with Store.open_for_reading(self.store) as store:
            assert store.check() == []
            (run,) = store.runs()
            assert run.ending == "complete"
            stretches = sorted((leg["first"], leg["cases"]) for leg in store.legs(run.id))
            done = 0
            for first, cases in stretches:
                assert first <= done, f"cases {done} to {first} were never run"
                assert first >= done or cases == 0, f"cases {first} to {done} were counted twice"
                done = max(done, first + cases)
            assert done == self.cases
            assert run.summary["cases"] == self.cases
            states = {state for _, state, _ in store.seen_in(run.id)}
        assert states == {"new"}
        assert counts(self.store) == undisturbed(self.seed, self.cases)


def main() -> int:
    """Kills as often as it is told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int)
    parser.add_argument("--cases", type=int, default=600_000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1, help="of the random moments, and of the first run")
    given = parser.parse_args()
    chance = random.Random(given.seed)
    killed, runs, lost, longest = 0, 0, [], 4.0
    while killed < given.kills:
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(Path(folder), given.seed + runs, given.cases, given.jobs)
            while killed < given.kills and trial.kill_once(chance.uniform(0.05, longest)):
                killed += 1
            if killed == given.kills:
                trial.finish()
            runs += 1
            lost += trial.lost
        print(f"{killed} kills, {runs} runs", flush=True)
    late = sum(seconds > 1 for seconds in lost)
    print(f"work that is done again, in processor seconds: median {statistics.median(lost):.2f}, most {max(lost):.2f}")
    print(f"{killed - late} passed, {late} failed")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
