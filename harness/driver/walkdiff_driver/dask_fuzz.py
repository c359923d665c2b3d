# SPDX-License-Identifier: MIT
"""`walkdiff fuzz --dask`: a fuzzing run whose cases are shared among the workers of a Dask cluster.

The cases of a run are a range of indices. It is cut into stretches of some seconds; each is a task, which runs
`walkdiff fuzz --begin … --cases … --part` on a worker and brings the part back. The parts are put together by `walkdiff
fuzz --merge`: what comes out is what one machine finds, to the byte, however the range was cut and whoever died.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from walkdiff_driver.verb import (
    FAILED,
    Parser,
    VerbError,
    check_is_walker,
    complain,
    parse_number,
    parse_seconds,
    walkdiff_program,
)

USAGE = """\
usage: walkdiff fuzz --dask ADDRESS|local [OPTIONS]

Shares a fuzzing run among the workers of a Dask cluster: the one whose scheduler is at ADDRESS (tcp://host:8786), or
one of processes of this machine. What is found is what one machine finds. Workers that die are made up for by others.

  --dask WHERE     the scheduler's address, or `local`
  --jobs J         local: so many workers (default: one for each core)
  --cases N        so many cases, like 1000000 or 1M
  --time T         so long, like 30s, 10m, 2h (default: 60s, if --cases is not given)
  --seed S         the same seed gives the same cases (default: random, and shown first)
  --out DIR        leave DIR/findings.jsonl and DIR/summary.json; what is done is kept in DIR/parts until it is whole,
                   and a run that was interrupted goes on there
  --task TIME      how long a task is to take (default: 20s)
  --quiet          no progress, and a summary of one line

All other options are those of `walkdiff fuzz`, and are its own on each machine: --walker, --ref, --profile, --waivers,
--timeout, --json. A worker runs the program that its environment names in WALKDIFF_PROGRAM, or the one that is at the
same place as ours, or `walkdiff` in its PATH; it must be the same version.
"""

FIRST_CASES = 20_000  # of the first tasks, by which the speed is measured
NOBODY_KNOWS = 1 << 63  # how many cases the run has as a whole
GROWTH = 8  # a task has at most so many times the cases of those before
ATTEMPTS = 5  # at a stretch whose workers die again and again
FINISHED = (0, 1)  # exit statuses of a run that came to its end
PROGRESS_SECONDS = 10.0


class PartError(Exception):
    """A worker's walkdiff could not do its part; trying again would not help."""


@dataclass(frozen=True, order=True)
class Stretch:
    """Cases begin to end - 1 of a run."""

    begin: int
    end: int


@dataclass(frozen=True)
class Part:
    """What a worker brings back."""

    data: bytes
    seconds: float


def run_part(program: str, options: list[str], stretch: Stretch) -> Part:
    """Does a stretch, on a worker."""
    found = os.environ.get("WALKDIFF_PROGRAM") or (program if os.access(program, os.X_OK) else shutil.which("walkdiff"))
    if not found:
        raise PartError(f"there is no walkdiff here: not at {program}, not in PATH")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "part"
        count = str(stretch.end - stretch.begin)
        command = [found, "fuzz", *options, "--begin", str(stretch.begin), "--cases", count, "--part", str(file)]
        begin = time.monotonic()
        done = subprocess.run([*command, "--quiet"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode not in FINISHED:
            raise PartError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr.strip()}")
        return Part(file.read_bytes(), time.monotonic() - begin)


@dataclass
class Cut:
    """How the cases of a run are cut into stretches: what is done, what is under way, and what comes next."""

    end: int | None  # of the run; None: no limit
    done: set[Stretch] = field(default_factory=set)
    under_way: set[Stretch] = field(default_factory=set)

    def next(self, cases: int) -> Stretch | None:
        """The next stretch of at most so many cases that nobody has; None: there is none."""
        begin = 0
        limit = self.end
        for taken in sorted(self.done | self.under_way):
            if taken.begin > begin:
                limit = taken.begin if limit is None else min(limit, taken.begin)
                break
            begin = max(begin, taken.end)
        end = begin + cases if limit is None else min(begin + cases, limit)
        return Stretch(begin, end) if begin < end else None

    def whole(self) -> int:
        """The cases from 0 on that are all done."""
        end = 0
        for stretch in sorted(self.done):
            if stretch.begin != end:
                break
            end = stretch.end
        return end


class Store:
    """The parts that came back, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, stretch: Stretch) -> Path:
        """The file of a part."""
        return self.folder / f"{stretch.begin}-{stretch.end}"

    def keep(self, stretch: Stretch, data: bytes) -> None:
        """Writes a part, whole or not at all."""
        new = self.path(stretch).with_suffix(".new")
        new.write_bytes(data)
        new.replace(self.path(stretch))

    def stretches(self) -> set[Stretch]:
        """Those that are there."""
        found = set()
        for path in self.folder.iterdir():
            begin, _, end = path.name.partition("-")
            if begin.isdigit() and end.isdigit():
                found.add(Stretch(int(begin), int(end)))
        return found


@dataclass
class Pace:
    """How many cases a task is to have, by how fast tasks were."""

    task_seconds: float
    cases: int = FIRST_CASES

    def learn(self, stretch: Stretch, part: Part) -> None:
        """Takes a task that is done into account."""
        speed = (stretch.end - stretch.begin) / max(part.seconds, 0.001)
        wanted = int(speed * self.task_seconds)
        self.cases = max(1000, min(wanted, GROWTH * self.cases))


@contextmanager
def cluster(where: str, jobs: int | None) -> Iterator["distributed.Client"]:  # noqa: F821, UP037
    """A client of the cluster."""
    import cloudpickle
    import dask
    import distributed

    # Workers elsewhere need not have this package: what they run comes with the task.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # deaths of workers are told in our words
    if where == "local":
        # A worker that dies is started anew, and its task may be anybody's, as often as it takes.
        with (
            dask.config.set({"distributed.scheduler.allowed-failures": ATTEMPTS, "distributed.admin.log-length": 0}),
            distributed.LocalCluster(
                n_workers=jobs or os.cpu_count() or 1,
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            ) as local,
            distributed.Client(local) as client,
        ):
            yield client
        return
    try:
        client = distributed.Client(where, timeout=10)
    except (OSError, ValueError) as error:
        raise VerbError(f"--dask {where}: {error}") from error
    with client:
        yield client


@dataclass
class Campaign:
    """A run under way."""

    client: "distributed.Client"  # noqa: F821, UP037
    program: str
    options: list[str]
    cut: Cut
    store: Store
    pace: Pace
    deadline: float | None
    tell: Callable[[str], None]
    attempts: dict[Stretch, int] = field(default_factory=dict)
    last_told: float = 0.0

    def submit(self, stretch: Stretch) -> "distributed.Future":  # noqa: F821, UP037
        """Gives a stretch to whoever is free."""
        self.cut.under_way.add(stretch)
        return self.client.submit(run_part, self.program, self.options, stretch, pure=False, retries=0)

    def room(self) -> int:
        """How many tasks may be under way: each worker has one in hand and one before it."""
        return 2 * max(1, sum(self.client.nthreads().values()))

    def fill(self, futures: dict["distributed.Future", Stretch]) -> None:  # noqa: F821, UP037
        """Submits as much as there is room for."""
        while len(futures) < self.room() and (self.deadline is None or time.monotonic() < self.deadline):
            stretch = self.cut.next(self.pace.cases)
            if stretch is None:
                return
            futures[self.submit(stretch)] = stretch

    def take(self, future: "distributed.Future", stretch: Stretch) -> "distributed.Future | None":  # noqa: F821, UP037
        """Takes what came of a task; the future of another attempt if its workers died."""
        import distributed

        try:
            part = future.result()
        except (distributed.KilledWorker, distributed.CancelledError, OSError) as error:
            self.attempts[stretch] = self.attempts.get(stretch, 0) + 1
            if self.attempts[stretch] == ATTEMPTS:
                raise VerbError(f"cases {stretch.begin} to {stretch.end - 1}: workers died: {error}") from error
            self.tell(f"cases {stretch.begin} to {stretch.end - 1}: workers died; again")
            return self.submit(stretch)
        self.store.keep(stretch, part.data)
        self.cut.under_way.discard(stretch)
        self.cut.done.add(stretch)
        self.pace.learn(stretch, part)
        return None

    def progress(self) -> None:
        """Tells from time to time how far the run has come."""
        if time.monotonic() - self.last_told < PROGRESS_SECONDS:
            return
        self.last_told = time.monotonic()
        done = sum(stretch.end - stretch.begin for stretch in self.cut.done)
        of = f" of {self.cut.end:,}" if self.cut.end is not None else ""
        self.tell(f"{done:,}{of} cases, {len(self.client.nthreads())} workers")

    def run(self) -> None:
        """Runs until the cases or the time are over."""
        import distributed

        futures: dict[distributed.Future, Stretch] = {}
        self.fill(futures)
        while futures:
            with suppress(distributed.TimeoutError, TimeoutError):
                distributed.wait(list(futures), timeout=1.0, return_when="FIRST_COMPLETED")
            for future in [future for future in futures if future.done()]:
                stretch = futures.pop(future)
                again = self.take(future, stretch)
                if again is not None:
                    futures[again] = stretch
            self.fill(futures)
            self.progress()


def merge(program: str, options: list[str], cases: int, paths: list[Path], given: argparse.Namespace) -> int:
    """Puts the parts together; the exit status of the run."""
    out = ["--out", str(given.out)] if given.out else []
    flags = [flag for flag, is_set in (("--quiet", given.quiet), ("--json", given.json)) if is_set]
    command = [program, "fuzz", *options, "--cases", str(cases), *out, *flags, "--merge", *map(str, paths)]
    return subprocess.run(command).returncode


def arguments() -> tuple[argparse.Namespace, list[str]]:
    """The command line: what is ours, and what goes to every `walkdiff fuzz`."""
    parser = Parser("fuzz --dask", USAGE)
    parser.add_argument("--dask", required=True)
    parser.add_argument("--jobs", type=parse_number)
    parser.add_argument("--cases", type=parse_number)
    parser.add_argument("--time", type=parse_seconds)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--task", type=parse_seconds, default=20.0)
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--json", action="store_true")
    for refused in ("--begin", "--case", "--shard", "--part", "--of"):
        parser.add_argument(refused)
    for refused in ("--stream", "--merge", "--until-finding", "--guided"):
        parser.add_argument(refused, action="store_true")
    parser.add_argument("--walker")
    given, others = parser.parse_known_args()
    for name in ("begin", "case", "shard", "part", "of", "stream", "merge", "until_finding", "guided"):
        if getattr(given, name):
            parser.error(f"--{name.replace('_', '-')} does not go with --dask")
    if given.walker:
        others += ["--walker", given.walker]
    if given.jobs and given.dask != "local":
        parser.error("--jobs is for --dask local: a cluster has the workers that it has")
    if given.cases is None and given.time is None:
        given.time = 60.0
    return given, others


def interrupt(number: int, frame: object) -> None:
    """SIGTERM and SIGHUP end a run as SIGINT does."""
    raise KeyboardInterrupt


def run(given: argparse.Namespace, others: list[str]) -> int:
    """Runs, and puts together what came of it."""
    seed = secrets.randbits(32) if given.seed is None else given.seed
    program = walkdiff_program()
    whole = NOBODY_KNOWS if given.cases is None else given.cases
    options = [*others, "--seed", str(seed), "--of", str(whole)]

    def tell(words: str) -> None:
        if not given.quiet:
            print(f"walkdiff: {words}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        store = Store(given.out / "parts" if given.out else Path(temporary))
        cut = Cut(end=given.cases, done=store.stretches())
        if given.seed is None:
            tell(f"seed {seed}")
        if cut.done:
            tell(f"{sum(stretch.end - stretch.begin for stretch in cut.done):,} cases are done already")
        try:
            with cluster(given.dask, given.jobs) as client:
                deadline = time.monotonic() + given.time if given.time else None
                Campaign(client, program, options, cut, store, Pace(given.task), deadline, tell).run()
        except KeyboardInterrupt:
            tell("interrupted; what follows is what was done")
        cases = cut.whole()
        if not cases:
            return complain("nothing was done")
        paths = [store.path(stretch) for stretch in sorted(cut.done) if stretch.end <= cases]
        status = merge(program, options, cases, paths, given)
        if given.out and status in FINISHED and cases == given.cases:
            shutil.rmtree(store.folder)
        return status


def main() -> int:
    """The verb; its exit status."""
    given, others = arguments()
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    try:
        check_is_walker("fuzz --dask", given.walker or "")
        return run(given, others)
    except (VerbError, PartError) as error:
        return complain(str(error))
    except ImportError as error:
        complain(f"fuzz --dask: {error}; it needs the package `distributed`")
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
