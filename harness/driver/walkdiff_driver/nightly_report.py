# SPDX-License-Identifier: MIT
"""What a nightly run tells: while it lasts, at its end, and in its folder, which `walkdiff report` reads."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from walkdiff_driver.store import BACK, FIXED, FLAKY, NEW, REPORTED, RETRACTED, STATES, Bucket, Run, Store

PLAIN_SECONDS = 60.0  # between lines of progress where there is no terminal

Seen = list[tuple[Bucket, str, int]]  # buckets of a run, their state in it, cases


def duration(seconds: float) -> str:
    """A time for people: "1 h 05 min", "3 min 20 s", "12 s"."""
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{whole} s"


def name_of(bucket: Bucket) -> str:
    """A bucket in a line."""
    verdict = "" if bucket.verdict == "deviation" else f"{bucket.verdict}: "
    return f"{bucket.walker}: {verdict}{bucket.signature}"


class Screen:
    """Progress on stderr: a line that changes on a terminal, lines elsewhere."""

    def __init__(self, quiet: bool, as_json: bool) -> None:
        self._quiet = quiet
        self.as_json = as_json
        self._status: Any = None
        self._last = time.monotonic()
        if not quiet and sys.stderr.isatty():
            try:
                from rich.console import Console
            except ImportError:  # an installation whose Python lacks it: plain lines
                return
            self._status = Console(stderr=True).status("begins")
            self._status.start()

    def say(self, text: str) -> None:
        """Something that happened."""
        if self._quiet:
            return
        line = f"{time.strftime('%H:%M:%S')}  {text}"
        if self._status:
            self._status.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)

    def filed(self, bucket: Bucket) -> None:
        """A bucket was run again, and filed."""
        if bucket.state in (*REPORTED, FLAKY):
            self.say(f"{bucket.state:<5}  {bucket.id}  {name_of(bucket)}")

    def progress(self, spent: float, whole: float, cases: int, seen: Seen) -> None:
        """How far the run is."""
        if self._quiet or (not self._status and time.monotonic() - self._last < PLAIN_SECONDS):
            return
        self._last = time.monotonic()
        states = Counter(state for _, state, _ in seen)
        found = ", ".join(f"{states[state]} {state}" for state in STATES if states[state]) or "no findings"
        text = f"{duration(spent)} of {duration(whole)}, {cases:,} cases, {found}"
        if self._status:
            self._status.update(text)
        else:
            self.say(text)

    def close(self) -> None:
        """Leaves the terminal as it was."""
        if self._status:
            self._status.stop()
            self._status = None


def result(store: Store, run: Run, stale: list[str]) -> dict[str, Any]:
    """What came out, for programs."""
    seen = store.seen_in(run.id)
    findings = {
        state: [
            {**bucket.as_finding(), "state": state, "count": count} for bucket, then, count in seen if then == state
        ]
        for state in (NEW, BACK, FIXED, RETRACTED, FLAKY)
    }
    return {
        "run": run.id,
        "ending": run.ending,
        **({"error": run.error} if run.error else {}),
        "seed": run.seed,
        "shard": run.shard,
        "seconds": round(run.seconds, 1),
        "resumed": run.resumed,
        "cases": run.summary.get("cases", 0),
        "states": dict(Counter(state for _, state, _ in seen)),
        **findings,
        "waived": run.summary.get("waived", {}),
        "stale_waivers": stale,
    }


def conclude(store: Store, run: Run, stale: list[str], screen: Screen, as_json: bool, code_change: bool) -> bool:
    """Shows what came out. Returns whether something is to be looked at."""
    screen.close()
    told = result(store, run, stale)
    if as_json:
        print(json.dumps(told, ensure_ascii=False), flush=True)
    else:
        _show(store, run, told, stale, code_change)
    return bool(told[NEW] or told[BACK] or stale)


def _show(store: Store, run: Run, told: dict[str, Any], stale: list[str], code_change: bool) -> None:
    resumed = f", resumed {run.resumed} times" if run.resumed else ""
    print(f"run {run.id}: {run.ending}, {duration(run.seconds)}{resumed}, {told['cases']:,} cases, seed {run.seed}")
    shown = (NEW, BACK) if code_change else (NEW, BACK, FIXED, RETRACTED, FLAKY)
    for bucket, state, count in store.seen_in(run.id):
        if state in shown:
            print(f"{state:<9}  {bucket.id:>4}  {name_of(bucket)} ({count} cases)")
            if state in REPORTED:
                print(f"{'':<9}  {'':>4}  {bucket.title}")
    for text in stale:
        print(f"stale waiver {text}")
    counts = [f"{told['states'][state]} {state}" for state in STATES if told["states"].get(state)]
    parts = [", ".join(counts)] if counts else []
    waived = sum(told["waived"].values())
    if waived:
        parts.append(f"{waived:,} cases waived by {', '.join(sorted(told['waived']))}")
    if parts:
        print("; ".join(parts))
    if not (told[NEW] or told[BACK] or stale):
        print("nothing new")
    sys.stdout.flush()


def summary_of(run: Run, buckets: int, command: list[str]) -> dict[str, Any]:
    """A run in the form of fuzz's summary.json."""
    added = run.summary
    walkers = [
        {
            "walker": walker.spec,
            "name": walker.name,
            "version": walker.version,
            "role": walker.role,
            "verdicts": added.get("verdicts", {}).get(walker.spec, {}),
            "profiles": added.get("profiles", {}).get(walker.spec, {}),
            "restarts": added.get("restarts", {}).get(walker.spec, 0),
        }
        for walker in run.walkers
    ]
    cases = added.get("cases", 0)
    return {
        "walkdiff": run.walkdiff,
        "command": ["walkdiff", "nightly", *command[1:]],
        "state": run.ending,
        **({"error": run.error} if run.error else {}),
        "run": run.id,
        "began": run.began,
        "ended": run.ended,
        "seed": run.seed,
        "shard": run.shard,
        "profiles": run.config.get("profiles", []),
        "jobs": run.config.get("jobs", 1),
        "seconds": round(run.seconds, 1),
        "cases": cases,
        "cases_per_second": round(cases / run.seconds, 1) if run.seconds else 0,
        "successes": added.get("successes", 0),
        "walkers": walkers,
        "waived": added.get("waived", {}),
        "buckets": buckets,
        "choices": added.get("choices", {}),
        "coverage": added.get("coverage", {}),
    }


def write_folder(store: Store, run: Run, folder: Path, command: list[str]) -> None:
    """Leaves findings.jsonl and summary.json of a run: each is complete, or not there."""
    specs = {walker.name: walker.spec for walker in run.walkers}
    lines = [
        {
            **bucket.as_finding(),
            "walker": specs.get(bucket.walker, bucket.walker),
            "name": bucket.walker,
            "state": state,
            "count": count,
        }
        for bucket, state, count in store.seen_in(run.id)
        if state not in (FIXED, RETRACTED)
    ]
    _replace(folder / "findings.jsonl", "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    summary = summary_of(run, len(lines), command)
    _replace(folder / "summary.json", json.dumps(summary, ensure_ascii=False) + "\n")


def _replace(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    try:
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
