# SPDX-License-Identifier: MIT
"""Kills nightly runs with SIGKILL at random moments, has them resumed, and compares with runs that nobody disturbed.

`python tests/python/nightly_kills.py 100` kills a hundred times, which takes some minutes; the tests kill a few times.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
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
        self.gaps: list[float] = []  # seconds between the last commit and the kill, while cases were run

    def kill_once(self, after: float) -> bool:
        """Lets the run live so long, and kills it. Returns False if it was complete before."""
        run = start(self.config)
        try:
            out, err = run.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            os.kill(run.pid, signal.SIGKILL)
            self._note_gap(time.time())
            run.communicate()
            self._look_after_kill(run.pid)
            if self.complete:  # it had told everything
                self.compare()
            return not self.complete
        assert run.returncode == 1, (run.returncode, out, err)
        self.complete = True
        self.compare()
        return False

    def _note_gap(self, killed: float) -> None:
        log = self.store.with_name(self.store.name + "-wal")
        if not log.exists():
            return
        committed = log.stat().st_mtime
        with Store.open_for_reading(self.store) as store:
            runs = store.runs()
            if runs and any(leg["cases"] for leg in store.running_legs(runs[-1].id)):
                self.gaps.append(killed - committed)

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
    killed, runs, gaps, longest = 0, 0, [], 4.0
    while killed < given.kills:
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(Path(folder), given.seed + runs, given.cases, given.jobs)
            while killed < given.kills and trial.kill_once(chance.uniform(0.05, longest)):
                killed += 1
            if killed == given.kills:
                trial.finish()
            runs += 1
            gaps += trial.gaps
        print(f"{killed} kills, {runs} runs", flush=True)
    print(f"from the last commit to the kill: median {statistics.median(gaps):.2f} s, most {max(gaps):.2f} s")
    print(f"{killed} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
