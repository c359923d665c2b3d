# SPDX-License-Identifier: MIT
"""`walkdiff nightly`: replays what is known, fuzzes, and says what is new. See docs/nightly.md."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from walkdiff_driver import filing, nightly_config, waiver_files
from walkdiff_driver.core import Cell, Core, adding, reached, write_cases
from walkdiff_driver.nightly_config import Config, TestedWalker
from walkdiff_driver.nightly_lock import RunLock
from walkdiff_driver.nightly_report import Screen, conclude, write_folder
from walkdiff_driver.store import (
    BACK,
    FLAKY,
    KNOWN,
    NEW,
    UNCONFIRMED,
    Bucket,
    Run,
    Sighting,
    Store,
    StoreError,
    Walker,
    now,
)
from walkdiff_driver.tasks import Loop, Task
from walkdiff_driver.verb import (
    FAILED,
    FOUND,
    NOTHING_FOUND,
    Parser,
    VerbError,
    check_is_walker,
    complain,
    parse_number,
    parse_seconds,
    use_utf8,
    walkdiff_program,
)

USAGE = """\
usage: walkdiff nightly --config FILE [OPTIONS]

Replays all that is known and the corpus, then fuzzes until the time is over, and says what is new. Killed, it goes on
where it was when it is started again.

  --config FILE    what to run, docs/nightly.md
  --code-change    a short run for a change of a walker: the store is read, not changed, and only what it does not know
                   is reported
  --shard I/N      do part I of N, for N machines that share the work
  --walker NAME=W  the spec of a walker of the configuration, instead of its own; several are several options
  --base W         with --code-change: the walker before the change; what it does too is not new
  --time T         how long, instead of the configuration's time
  --cases N        how many cases for each walker
  --jobs J         so many processes at once
  --seed S         a number, `date` or `random`
  --store FILE     the findings store
  --out DIR        the folder for reports and for what is needed meanwhile
  --fresh          begin a new run even if one can be resumed
  --check          look whether the configuration is right and the walkers can be opened, and stop
  --json           the result as one JSON object
  --quiet          no progress, only the result

Exit status: 0 nothing new, 1 something is new or back, or a waiver is stale, 2 used wrongly or could not run.
"""

CONFIRMATIONS = 3  # how often a finding is run again before it is filed
REPLAY_SHARE = 0.1  # of the time, at most
SHRINK_SECONDS = 10.0  # for a case
SEGMENT_BITS = 32  # the indices of one stream of cases: so many for each
SLICE_SECONDS = 600.0  # a leg ends after so long, for the walkers to take turns
COMMIT_SECONDS = 0.5  # replays are committed this often
SETTLED_SECONDS = 2.0  # a finding is run again when it has been there for so long
CASES_AT_ONCE = 64  # made for the corpus by one process
LOG_MOST = 1 << 20  # bytes of stderr.log
TRIES = 3  # to start a leg that ends badly without having done anything
LAST_SECONDS = 0.05  # with less left, no leg is started


@dataclass
class Leg:
    """A process that fuzzes a stretch of a seed."""

    id: int
    slot: int
    walker: TestedWalker
    segment: int
    first: int
    task: Task | None = None
    told: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)  # findings of its last line
    reached: set[Cell] = field(default_factory=set)
    making: int = 0  # cases for the corpus that are still to be made
    cases: int = 0
    ended: str | None = None


@dataclass
class Options:
    """What the command line adds to the configuration."""

    shard: int = 1
    shards: int = 1
    code_change: bool = False
    fresh: bool = False
    quiet: bool = False
    json: bool = False


def fingerprint_of(config: Config, options: Options, walkers: list[Walker], version: str) -> str:
    """What a run must have in common with one that died, to go on with it."""
    told = (
        *(config.name, config.profiles, config.cases, config.jobs, config.seed, str(config.base)),
        *(options.shard, options.shards, version, [(w.name, w.spec, w.version) for w in walkers]),
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def choose_seed(config: Config, runs: list[Run], shard: str) -> int:
    """The seed of a new run. By date it is the same on every shard, and another one for each run of a day."""
    if isinstance(config.seed, int):
        return config.seed
    if config.seed == "random":
        return secrets.randbits(32)
    day = datetime.now(UTC).strftime("%Y%m%d")
    before = [run for run in runs if run.name == config.name and run.shard == shard and str(run.seed)[:8] == day]
    return int(day) * 1000 + len(before)


class Nightly:
    """A run."""

    def __init__(self, config: Config, options: Options, store: Store, core: Core, screen: Screen) -> None:
        self.config, self.options, self.store, self.core, self.screen = config, options, store, core, screen
        self.loop = Loop()
        self.run = 0
        self.seed = 0
        self.folder = config.out
        self.specs: dict[str, str] = {}  # of walkers, by name
        self.names: dict[str, str] = {}  # the other way
        self.references: list[str] = []
        self.spent_before = 0.0
        self.began = time.monotonic()
        self.legs: list[Leg] = []
        self.turns = dict.fromkeys(range(config.jobs), 0)  # of each slot: which walker is next
        self.failures: dict[str, int] = {}  # of walkers: legs that ended badly, one after the other
        self.errors: list[str] = []
        self.unsure: dict[int, float] = {}  # buckets to be run again, and since when that is known
        self.confirmed: set[int] = set()
        self.confirming = False
        self.making: list[tuple[Leg, int, set[Cell]]] = []  # cases for the corpus to be made
        self.busy_making = False
        self.to_shrink: list[int] = []
        self.shrinking = False
        self.can_shrink = core.has_shrink()
        self.known_cells: set[Cell] = set()
        self.stale: list[str] = []
        self.stopping = False
        self.last_looked = 0.0

    # ------------------------------------------------------------ time

    def spent(self) -> float:
        """Seconds of the run's time that are over, without those in which it was dead."""
        return self.spent_before + time.monotonic() - self.began

    def left(self) -> float:
        """Seconds that are left."""
        return self.config.time - self.spent()

    # ------------------------------------------------------------ begin and end

    def open(self, walkers: list[Walker]) -> RunLock:
        """Begins a run, or takes up one that died. Returns its lock."""
        self.specs = {walker.name: walker.spec for walker in walkers}
        self.names = {walker.spec: walker.name for walker in walkers}
        self.references = [walker.spec for walker in walkers if walker.role == "reference"]
        version = self.core.version()
        fingerprint = fingerprint_of(self.config, self.options, walkers, version)
        lock = self._resume(fingerprint)
        if lock is None:
            lock = self._begin(fingerprint, walkers, version)
        run = self.store.run(self.run)
        self.seed, self.spent_before, self.began = run.seed, run.seconds, time.monotonic()
        name = f"change-{os.getpid()}" if self.options.code_change else f"run-{self.run}"
        self.folder = self.config.out / name
        (self.folder / "work").mkdir(parents=True, exist_ok=True)
        self.known_cells = self.store.cells()
        return lock

    def _begin(self, fingerprint: str, walkers: list[Walker], version: str) -> RunLock:
        shard = f"{self.options.shard}/{self.options.shards}"
        with self.store.transaction():  # nobody sees the run before it is locked
            self.run = self.store.begin_run(
                name=self.config.name,
                mode="code-change" if self.options.code_change else "nightly",
                walkdiff=version,
                seed=choose_seed(self.config, self.store.runs(), shard),
                shard=shard,
                fingerprint=fingerprint,
                config=json.loads(json.dumps(self.config, default=_plain)),
                walkers=walkers,
            )
            lock = RunLock.take(self.config.store, self.run)
        if lock is None:
            raise VerbError(f"{self.config.store}: run {self.run} is locked")
        self.screen.say(f"run {self.run} begins, seed {self.store.run(self.run).seed}")
        return lock

    def _resume(self, fingerprint: str) -> RunLock | None:
        """Goes on with the last run that died and is like this one. Others that died are closed."""
        taken: RunLock | None = None
        for run in reversed(self.store.runs()):
            if run.ending not in ("running", "interrupted") or run.host != os.uname().nodename:
                continue
            lock = RunLock.take(self.config.store, run.id)
            if lock is None:
                continue  # it is alive
            wanted = not self.options.fresh and run.fingerprint == fingerprint and taken is None
            if wanted and run.seconds < self.config.time and not self._is_old(run):
                taken = lock
                self.run = run.id
                self.store.resume_run(run.id)
                self.screen.say(f"run {run.id} goes on after {run.seconds:.0f} s, seed {run.seed}")
                continue
            if run.ending == "running":
                self.store.end_run(run.id, "died")
            lock.release()
        return taken

    def _is_old(self, run: Run) -> bool:
        """Whether a run is of another night: one that began more than twice its time ago."""
        began = datetime.strptime(run.began, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return (datetime.now(UTC) - began).total_seconds() > 2 * self.config.time + 60

    def work(self) -> int:
        """Does all of it; the exit status."""
        for leg in self.store.running_legs(self.run):
            self.store.end_leg(leg["id"], "died")
        self._take_up_unsure()
        self._replay_known()
        self._fuzz()
        self._finish_up()
        for bucket in self.store.drop_explained(self.run):
            self.screen.say(f"finding {bucket.id} is explained by others: {bucket.signature}")
        ending = "interrupted" if self.stopping else "failed" if self.errors else "complete"
        self._prune()
        # It has ended when it has been told: whoever is killed before that tells it again, as long as it is new.
        error = "; ".join(self.errors) or None
        run = replace(self.store.run(self.run), ending=ending, error=error, ended=now(), seconds=self.spent())
        write_folder(self.store, run, self.folder, sys.argv)
        found = conclude(self.store, run, self.stale, self.screen, self.options.json, self.options.code_change)
        with self.store.transaction():
            self.store.spend(self.run, run.seconds)
            self.store.end_run(self.run, ending, error)
        shutil.rmtree(self.folder / "work", ignore_errors=True)
        for error in self.errors:
            complain(f"nightly: {error}")
        return FAILED if self.errors else FOUND if found else NOTHING_FOUND

    def stop(self, *_: object) -> None:
        """A signal: ends the run in good order, so that it can be resumed."""
        self.stopping = True

    def abandon(self) -> None:
        """Ends all that runs."""
        self.loop.abandon()

    def _step(self, seconds: float = 0.1) -> None:
        """Waits a moment, and starts what can be started beside the fuzzing."""
        self._confirm_some()
        self._make_some()
        self._shrink_some()
        self.loop.step(seconds)
        if time.monotonic() - self.last_looked > 1:
            self.last_looked = time.monotonic()
            cases = sum(leg.cases for leg in self.legs)
            self.screen.progress(self.spent(), self.config.time, cases, self.store.seen_in(self.run))

    # ------------------------------------------------------------ replaying what is known

    def _replay_known(self) -> None:
        """All known buckets, the waivers' cases, and the corpus: a tenth of the time at most."""
        walkers = [*self.config.walkers, *(TestedWalker(spec, spec) for spec in self.references)]
        for number, walker in enumerate(walkers):
            seconds = max(0.0, REPLAY_SHARE * self.config.time - self.spent()) / (len(walkers) - number)
            if self.stopping or seconds < LAST_SECONDS:
                return
            self._replay_walker(walker, seconds, is_reference=number >= len(self.config.walkers))

    def _replay_walker(self, walker: TestedWalker, seconds: float, is_reference: bool) -> None:
        seen = {bucket.id for bucket, _, _ in self.store.seen_in(self.run)}
        buckets = {
            f"b{bucket.id}": bucket for bucket in self.store.buckets(walker=walker.name) if bucket.id not in seen
        }
        waivers = {f"w{i}": waiver for i, waiver in enumerate(self._waivers_of(walker))}
        corpus = [] if is_reference else self.store.corpus(walker.name, self.run)
        entries = {f"c{entry.id}": entry for entry in corpus}
        cases: dict[str, dict[str, Any]] = {}
        cases |= {name: waiver.case() for name, waiver in waivers.items()}
        cases |= {name: bucket.case for name, bucket in buckets.items()}
        cases |= {name: entry.case for name, entry in entries.items()}
        if not cases:
            return
        waiting: list[filing.Judgement] = []
        last = [time.monotonic()]

        def file() -> None:
            with self.store.transaction():
                self._file_replays(walker, is_reference, waiting, buckets, entries)
                self.store.spend(self.run, self.spent())
            waiting.clear()
            last[0] = time.monotonic()

        def on_line(line: str) -> None:
            judgement = json.loads(line)
            if judgement["id"] in waivers:
                waiver = waivers[judgement["id"]]
                why = waiver.stale_by(judgement)
                if why:
                    self.stale.append(f"{waiver.id} ({walker.name}): {why}")
            else:
                waiting.append(judgement)
            if time.monotonic() - last[0] > COMMIT_SECONDS:
                file()

        path = self._write("replay", [_without_expectations(case, name) for name, case in cases.items()])
        task = self._run_to_end(self.core.replay(walker.spec, path), on_line, seconds)
        file()
        if task.status not in (0, 1) and not task.timed_out and not self.stopping:
            self.errors.append(f"replay with walker '{walker.name}' ended with {task.status}: {task.last_words()}")

    def _file_replays(
        self,
        walker: TestedWalker,
        is_reference: bool,
        judgements: list[filing.Judgement],
        buckets: dict[str, Bucket],
        entries: dict[str, Any],
    ) -> None:
        for judgement in judgements:
            name = judgement["id"]
            if name in buckets:
                seen = filing.replayed(self.store, self.run, buckets[name], judgement, is_reference)
            elif filing.is_finding(judgement):
                sighting = filing.sighting_of(walker.name, judgement, entries[name].case, 1)
                seen = self.store.see(self.run, None, sighting)
            else:
                seen = None
            if seen:
                self._doubt(seen)
        done = [entries[judgement["id"]].id for judgement in judgements if judgement["id"] in entries]
        self.store.replayed(self.run, walker.name, done)

    def _waivers_of(self, walker: TestedWalker) -> list[waiver_files.Waiver]:
        name = waiver_files.name_in(walker.spec)
        version = next(w.version for w in self.store.run(self.run).walkers if w.name == walker.name)
        folder = self.core.waivers or waiver_files.own_folder()
        if not folder.is_dir():
            return []
        return [waiver for waiver in waiver_files.load([folder]) if waiver.is_for(name, version)]

    # ------------------------------------------------------------ fuzzing

    def _fuzz(self) -> None:
        while not self.stopping:
            for slot in range(self.config.jobs):
                if not any(leg.slot == slot and leg.ended is None for leg in self.legs):
                    self._start_leg(slot)
            if not any(leg.ended is None for leg in self.legs):
                return
            self._step()

    def _stream(self, slot: int) -> int:
        """The number of a slot's stream of cases, among those of all shards."""
        return slot * self.options.shards + self.options.shard - 1

    def _stretch(self, slot: int) -> tuple[int, int | None]:
        """The indices of a slot's stream: the first, and the end if there is one."""
        stream = self._stream(slot)
        if self.config.cases is None:
            return stream << SEGMENT_BITS, None
        streams = self.config.jobs * self.options.shards
        size = -(-self.config.cases // streams)
        return stream * size, min((stream + 1) * size, self.config.cases)

    def _start_leg(self, slot: int) -> None:
        """Starts the next leg of a slot: its walkers take turns, and each goes on where its last leg ended."""
        if self.left() < LAST_SECONDS:
            return
        count = len(self.config.walkers)
        begin, end = self._stretch(slot)
        for turn in range(count):
            walker = self.config.walkers[(slot + self.turns[slot] + turn) % count]
            if self.failures.get(walker.name, 0) >= TRIES:
                continue
            first = max(
                (leg["first"] + leg["cases"] for leg in self.store.legs(self.run) if self._is_of(leg, walker, slot)),
                default=begin,
            )
            if end is not None and first >= end:
                continue
            self.turns[slot] += turn + 1
            self._start(slot, walker, first, None if end is None else end - first)
            return

    def _is_of(self, leg: Any, walker: TestedWalker, slot: int) -> bool:  # noqa: ANN401
        return leg["walker"] == walker.name and leg["segment"] == self._stream(slot)

    def _start(self, slot: int, walker: TestedWalker, first: int, cases: int | None) -> None:
        references = self.references if walker == self.config.walkers[0] else []
        number = self.store.begin_leg(self.run, walker.name, self._stream(slot), first)
        leg = Leg(number, slot, walker, self._stream(slot), first)
        seconds = min(max(LAST_SECONDS, self.left()), SLICE_SECONDS)
        if len(self.config.walkers) > 1:
            seconds = min(seconds, max(1.0, self.config.time / 4 / len(self.config.walkers)))
        command = self.core.fuzz(walker.spec, references, self.seed, first, cases, seconds)
        self.legs.append(leg)
        leg.task = self.loop.start(
            Task(
                command,
                lambda line: self._take_line(leg, line),
                lambda task: self._end_leg(leg, task),
                acknowledges=True,
            )
        )

    def _take_line(self, leg: Leg, line: str) -> None:
        """Commits what a leg has done so far."""
        summary = json.loads(line)
        if summary["state"] == "failed":
            return
        sightings = []
        told = {(f["walker"], f["verdict"], f["signature"]): f for f in summary["findings"]}
        for key in leg.told | told:
            finding, count = told.get(key) or leg.told[key], told[key]["count"] if key in told else 0
            if key in leg.told and key in told and leg.told[key]["count"] == count:
                continue
            name = self.names.get(finding["walker"], finding["walker"])
            sightings.append(Sighting(name, finding, count, finding["facets"] if count else {}))
        leg.told = told
        with self.store.transaction():
            self.store.advance_leg(leg.id, adding(summary))
            self.store.spend(self.run, self.spent())
            seen = [self.store.see(self.run, leg.id, sighting) for sighting in sightings]
        if leg.task:
            leg.task.acknowledge()
        leg.cases = summary["cases"]
        for bucket in seen:
            self._doubt(bucket)
        self._want_cells(leg, summary)

    def _log(self, leg: Leg, words: str) -> None:
        """Keeps what walkers wrote before they died."""
        path = self.folder / "stderr.log"
        if words and (not path.exists() or path.stat().st_size < LOG_MOST):
            with path.open("a", encoding="utf-8") as file:
                file.write(f"# {leg.walker.spec}, seed {self.seed}, from case {leg.first}\n{words}\n")

    def _end_leg(self, leg: Leg, task: Task) -> None:
        self._log(leg, task.last_words())
        if (task.status in (0, 1) and leg.cases) or self.stopping:
            leg.ended = "complete"
            self.failures[leg.walker.name] = 0
        else:
            leg.ended = "failed"
            tries = 1 if leg.cases else self.failures.get(leg.walker.name, 0) + 1
            self.failures[leg.walker.name] = tries
            if tries == TRIES:
                self.errors.append(f"walker '{leg.walker.name}': {task.last_words()}")
            self.screen.say(f"walker '{leg.walker.name}': fuzzing ended with {task.status}: {task.last_words()}")
        self._close_leg(leg)

    def _close_leg(self, leg: Leg) -> None:
        """A leg whose process has ended and whose cases are in the corpus is added to the run."""
        if leg.ended and not leg.making and leg in self.legs:
            self.store.end_leg(leg.id, leg.ended)

    # ------------------------------------------------------------ the corpus

    def _want_cells(self, leg: Leg, summary: dict[str, Any]) -> None:
        """Has the cases made that reached what no case of the corpus reaches."""
        wanted: dict[int, set[Cell]] = {}
        for cell, index in reached(summary).items():
            if cell not in self.known_cells:
                self.known_cells.add(cell)
                wanted.setdefault(index, set()).add(cell)
        for index, cells in sorted(wanted.items()):
            leg.making += 1
            self.making.append((leg, index, cells))

    def _make_some(self) -> None:
        if self.busy_making or not self.making or self.stopping:
            return
        wanted, self.making = self.making[:CASES_AT_ONCE], self.making[CASES_AT_ONCE:]
        lines: list[str] = []
        self.busy_making = True

        def on_end(task: Task) -> None:
            self.busy_making = False
            cases = {case["id"]: case for case in map(json.loads, lines) if "op" in case}
            with self.store.transaction():
                for leg, index, cells in wanted:
                    case = cases.get(f"seed {self.seed} case {index}")
                    if case:
                        self.store.keep(self.run, case, cells)
                    leg.making -= 1
                    self._close_leg(leg)
            if task.status != 0:
                self.screen.say(f"making cases for the corpus ended with {task.status}: {task.last_words()}")

        self.loop.start(Task(self.core.make_cases(self.seed, [index for _, index, _ in wanted]), lines.append, on_end))

    # ------------------------------------------------------------ running findings again

    def _take_up_unsure(self) -> None:
        """What the run had seen before it died, and not run again."""
        for bucket, state, _ in self.store.seen_in(self.run):
            if state in (UNCONFIRMED, BACK):
                self._doubt(bucket)
        for bucket in self.store.buckets(states=[UNCONFIRMED]):
            if bucket.walker in self.specs:
                self._doubt(bucket)
        self.to_shrink = [b.id for b, state, _ in self.store.seen_in(self.run) if state == NEW and not b.minimal_case]

    def _doubt(self, bucket: Bucket) -> None:
        """Has a bucket run again, if it would be filed as something that it was not."""
        if bucket.state in (UNCONFIRMED, BACK, FLAKY) and bucket.id not in self.confirmed:
            self.confirmed.add(bucket.id)
            self.unsure[bucket.id] = time.monotonic()

    def _confirm_some(self) -> None:
        if self.confirming or not self.unsure:
            return
        # What a run knows of few cases it may sort otherwise when it knows more.
        fuzzing = any(leg.ended is None for leg in self.legs)
        due = [n for n, since in self.unsure.items() if not fuzzing or time.monotonic() - since > SETTLED_SECONDS]
        found = [bucket for bucket in (self.store.bucket(number) for number in due) if bucket.count]
        self.confirmed -= set(due) - {bucket.id for bucket in found}
        for number in due:
            del self.unsure[number]
        if not found:
            return
        walker = found[0].walker
        buckets = {bucket.id: bucket for bucket in found if bucket.walker == walker}
        self.unsure |= {bucket.id: 0.0 for bucket in found if bucket.walker != walker}
        self.confirming = True
        self._run_again(self.specs.get(walker, walker), buckets, lambda found: self._file_confirmed(buckets, found))

    def _run_again(
        self, spec: str, buckets: dict[int, Bucket], then: Callable[[dict[int, list[filing.Judgement]]], None]
    ) -> None:
        """Replays each bucket's case several times."""
        found: dict[int, list[filing.Judgement]] = {number: [] for number in buckets}
        cases = [
            _without_expectations(bucket.case, f"{number} {time}")
            for time in range(CONFIRMATIONS)
            for number, bucket in buckets.items()
        ]

        def on_line(line: str) -> None:
            judgement = json.loads(line)
            found[int(judgement["id"].split()[0])].append(judgement)

        def on_end(task: Task) -> None:
            if task.status not in (0, 1):
                self.screen.say(f"running findings again ended with {task.status}: {task.last_words()}")
            for number in buckets:  # what was not answered did not show
                found[number] += [{"verdict": "unsupported"}] * (CONFIRMATIONS - len(found[number]))
            then(found)

        path = self._write("again", cases)
        seconds = 60 + 2 * len(cases) * self.config.timeout
        self.loop.start(Task(self.core.replay(spec, path), on_line, on_end, seconds=seconds))

    def _file_confirmed(self, buckets: dict[int, Bucket], found: dict[int, list[filing.Judgement]]) -> None:
        """Files what was run again. In code-change mode what the base does too is not new."""
        base = self.config.base if self.options.code_change else None
        under_test = {walker.name for walker in self.config.walkers}
        doubtful = {
            number: bucket
            for number, bucket in buckets.items()
            if base and bucket.walker in under_test and all(filing.shows(bucket, j) for j in found[number])
        }
        if not base or not doubtful:
            self._file_confirmed_by_base(buckets, found, {})
            return
        self._run_again(base, doubtful, lambda of_base: self._file_confirmed_by_base(buckets, found, of_base))

    def _file_confirmed_by_base(
        self,
        buckets: dict[int, Bucket],
        found: dict[int, list[filing.Judgement]],
        of_base: dict[int, list[filing.Judgement]],
    ) -> None:
        with self.store.transaction():
            for number, bucket in buckets.items():
                answers = of_base.get(number, [])
                if answers and all(filing.shows(bucket, judgement) for judgement in answers):
                    self.store.set_state(number, KNOWN, self.run, "the base answers so, too")
                    continue
                state = filing.confirm(self.store, self.run, bucket, found[number])
                if state == NEW and bucket.minimal_case is None:
                    self.to_shrink.append(number)
        for number in buckets:
            self.screen.filed(self.store.bucket(number))
        self.confirming = False

    # ------------------------------------------------------------ shrinking

    def _shrink_some(self) -> None:
        if self.shrinking or not self.to_shrink or not self.can_shrink or self.stopping:
            return
        bucket = self.store.bucket(self.to_shrink.pop(0))
        if bucket.verdict == "inconsistent":
            return
        lines: list[str] = []
        self.shrinking = True
        path = self._write("shrink", [{**bucket.as_finding(), "walker": self.specs.get(bucket.walker, bucket.walker)}])
        spec = self.specs.get(bucket.walker, bucket.walker)

        def on_end(task: Task) -> None:
            self.shrinking = False
            if task.status in (0, 1) and lines:
                self._take_shrunk(bucket, json.loads(lines[-1]))
            elif not self.stopping:
                self.screen.say(f"finding {bucket.id}: shrinking ended with {task.status}: {task.last_words()}")

        seconds = SHRINK_SECONDS
        self.loop.start(Task(self.core.shrink(spec, path, seconds), lines.append, on_end, seconds=6 * seconds))

    def _take_shrunk(self, bucket: Bucket, case: dict[str, Any]) -> None:
        """Takes a shrunk case once its answers are known and show the same bucket."""
        shrunk = replace(bucket, minimal_case={name: case[name] for name in case if name not in ("expect", "note")})
        self.shrinking = True

        def then(found: dict[int, list[filing.Judgement]]) -> None:
            self.shrinking = False
            if all(filing.shows(bucket, judgement) for judgement in found[bucket.id]):
                shown = found[bucket.id][0]
                title = filing.title_of(self.store.bucket(bucket.id), shown)
                answers = {"expected": shown["expected"], "got": shown["got"], "title": title}
                self.store.show(bucket.id, minimal=shrunk.minimal_case, **answers)
            else:
                self.screen.say(f"finding {bucket.id}: the shrunk case does not show it: the first one is kept")

        self._run_again(self.specs.get(bucket.walker, bucket.walker), {bucket.id: shrunk}, then)

    # ------------------------------------------------------------ the end

    def _finish_up(self) -> None:
        """Lets everything that is under way end: what was seen is filed, what is new is shrunk while there is time."""
        for leg in self.legs:
            if leg.ended is None and leg.task:
                leg.task.stop()
        grace = max(2 * SHRINK_SECONDS, REPLAY_SHARE * self.config.time)
        end = time.monotonic() + grace
        while self.loop.tasks or self.unsure or self.making or (self.to_shrink and self.can_shrink):
            if time.monotonic() > end:
                self.to_shrink.clear()
            if self.stopping and not self.loop.tasks and not self.unsure:
                break
            self._step()
        for leg in self.legs:
            leg.making = 0
            if leg.ended and any(row["id"] == leg.id for row in self.store.running_legs(self.run)):
                self.store.end_leg(leg.id, leg.ended)

    def _prune(self) -> None:
        """Keeps the corpus, the store and the folder within their bounds."""
        self.store.prune_corpus(self.config.corpus)
        prune_folders(self.config.out, self.config.disk.out, self.config.disk.runs, self.folder)
        if self.store.size() > 0.8 * self.config.disk.store:
            self.store.forget_details(self.config.disk.runs)

    # ------------------------------------------------------------ helpers

    def _write(self, name: str, cases: list[dict[str, Any]]) -> Path:
        path = self.folder / "work" / f"{name}-{len(self.loop.tasks)}-{time.monotonic_ns()}.jsonl"
        for old in path.parent.glob(f"{name}-*.jsonl"):
            if not any(str(old) in task.command for task in self.loop.tasks):
                old.unlink()
        write_cases(path, cases)
        return path

    def _run_to_end(self, command: list[str], on_line: Callable[[str], None], seconds: float) -> Task:
        """Runs a command while everything else goes on."""
        ended: list[Task] = []
        task = self.loop.start(Task(command, on_line, ended.append, seconds=seconds))
        while not ended:
            if self.stopping:
                task.stop()
            self._step()
        return task


def _plain(value: object) -> object:
    """A member of the configuration as JSON."""
    return str(value) if isinstance(value, Path) else vars(value)


def _without_expectations(case: dict[str, Any], name: str) -> dict[str, Any]:
    """A case under another name; what it expects is the oracle's business now."""
    kept = {member: value for member, value in case.items() if member not in ("expect", "permitted", "choices")}
    return {**kept, "id": name}


def folder_size(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def prune_folders(out: Path, most_bytes: int, most_runs: int, keep: Path) -> None:
    """Removes the folders of the oldest runs, until so many and so many bytes are left."""
    folders = sorted([*out.glob("run-*"), *out.glob("change-*")], key=lambda folder: folder.stat().st_mtime)
    sizes = {folder: folder_size(folder) for folder in folders}
    for folder in folders:
        if folder == keep or (len(sizes) <= most_runs and sum(sizes.values()) <= most_bytes):
            continue
        del sizes[folder]
        shutil.rmtree(folder, ignore_errors=True)


# ---------------------------------------------------------------- the verb


def arguments(argv: list[str] | None = None) -> tuple[Parser, argparse.Namespace]:
    """The command line."""
    parser = Parser("nightly", USAGE)
    parser.add_argument("--config", type=Path, required=True)
    for name in ("--code-change", "--fresh", "--check", "--json", "--quiet"):
        parser.add_argument(name, action="store_true")
    parser.add_argument("--walker", action="append", default=[])
    for name in ("--shard", "--base", "--time", "--cases", "--jobs", "--seed", "--store", "--out"):
        parser.add_argument(name)
    return parser, parser.parse_args(argv)


def override(config: Config, given: argparse.Namespace) -> Config:
    """The configuration with what the command line says instead."""
    time_member = "change_time" if given.code_change else "time"
    read: dict[str, tuple[str, Callable[[str], Any]]] = {
        "time": (time_member, parse_seconds),
        "cases": ("cases", parse_number),
        "jobs": ("jobs", nightly_config.SETTINGS["jobs"][1]),
        "seed": ("seed", nightly_config.SETTINGS["seed"][1]),
        "store": ("store", Path),
        "out": ("out", Path),
        "base": ("base", str),
    }
    for option, (member, reader) in read.items():
        text = getattr(given, option)
        if text is not None:
            try:
                config = replace(config, **{member: reader(text)})
            except ValueError as error:
                raise VerbError(f"nightly: --{option} {error}") from error
    walkers = {walker.name: walker for walker in config.walkers}
    for text in given.walker:
        name, equals, spec = text.partition("=")
        if not equals or name not in walkers:
            raise VerbError(f"nightly: --walker '{text}': NAME=W is wanted, NAME one of: {', '.join(walkers)}")
        check_is_walker("nightly: --walker", spec)
        walkers[name] = TestedWalker(name, spec)
    return replace(config, walkers=tuple(walkers.values()))


def shard_of(text: str | None) -> tuple[int, int]:
    """The numbers of I/N."""
    match = re.fullmatch(r"(\d+)/(\d+)", text or "1/1")
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise VerbError(f"nightly: --shard '{text}': I/N is wanted, like 2/4")
    return int(match[1]), int(match[2])


def gather_waivers(config: Config) -> Path | None:
    """One folder with walkdiff's own waivers and those of the configuration's folders; None if there are no others."""
    if not config.waivers:
        return None
    own = waiver_files.own_folder()
    folders = [*([own] if own.is_dir() else []), *config.waivers]
    waiver_files.load(folders)
    gathered = config.out / f"waivers-{os.getpid()}" / "waivers"
    shutil.rmtree(gathered.parent, ignore_errors=True)
    gathered.mkdir(parents=True)
    for number, folder in enumerate(folders):
        for path in sorted(folder.glob("*.toml")):
            shutil.copy(path, gathered / f"{number}-{path.name}")
        cases = gathered.parent / folder.resolve().name  # the paths of cases begin beside a folder of waivers
        shutil.copytree(folder, cases, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.toml"))
    return gathered


@contextmanager
def store_for(config: Config, code_change: bool) -> Iterator[Store]:
    """The store of a run. In code-change mode it is a copy, so that a change leaves no trace in the night's store."""
    if not code_change:
        with Store.open(config.store, config.disk.store) as store:
            yield store
        return
    config.out.mkdir(parents=True, exist_ok=True)
    scratch = config.out / f"code-change-{os.getpid()}.sqlite"
    try:
        if config.store.is_file():
            with Store.open_for_reading(config.store) as known:
                known.copy_to(scratch)
        with Store.open(scratch, config.disk.store) as store:
            yield store
    finally:
        for path in config.out.glob(f"{scratch.name}*"):
            path.unlink()


def probe_all(config: Config, core: Core) -> list[Walker]:
    """All walkers of a run with their versions, references last."""
    walkers: dict[str, Walker] = {}
    for number, walker in enumerate(config.walkers):
        references = config.references if number == 0 else ()
        for found in core.probe(walker.name, walker.spec, references):
            if walkers.setdefault(found.name, found) != found:
                raise VerbError(f"walker '{found.name}': a reference has the same name")
    return sorted(walkers.values(), key=lambda walker: walker.role == "reference")


def run_nightly(config: Config, options: Options, check: bool) -> int:
    """Runs; the exit status."""
    waivers = gather_waivers(config)
    core = Core(walkdiff_program(), config.profiles, config.timeout, waivers)
    screen = Screen(options.quiet, options.json)
    try:
        walkers = probe_all(config, core)
        if check:
            for walker in walkers:
                print(f"{walker.role:<10}  {walker.name}: {walker.spec} {walker.version}".rstrip())
            return NOTHING_FOUND
        with store_for(config, options.code_change) as store:
            nightly = Nightly(replace(config, store=store.path), options, store, core, screen)
            lock = nightly.open(walkers)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, nightly.stop)
            try:
                return nightly.work()
            finally:
                nightly.abandon()
                lock.release()
                screen.close()
    finally:
        if waivers:
            shutil.rmtree(waivers.parent, ignore_errors=True)


def main() -> int:
    """The verb; its exit status."""
    use_utf8()
    _, given = arguments()
    try:
        config = override(nightly_config.load(given.config), given)
        if given.code_change:
            config = replace(config, time=config.change_time)
        elif given.base:
            raise VerbError("nightly: --base is for --code-change")
        shard, shards = shard_of(given.shard)
        options = Options(shard, shards, given.code_change, given.fresh, given.quiet, given.json)
        return run_nightly(config, options, given.check)
    except (VerbError, StoreError) as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{error.filename or 'nightly'}: {error.strerror}")


if __name__ == "__main__":
    sys.exit(main())
