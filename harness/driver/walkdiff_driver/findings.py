# SPDX-License-Identifier: MIT
"""`walkdiff findings`: lists and filters what a store knows, and shows one finding whole."""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
from pathlib import Path
from typing import Any

from walkdiff_driver.store import STATES, Bucket, Night, Store, StoreError
from walkdiff_driver.verb import DEFAULT_STORE, NOTHING_FOUND, Parser, complain, use_utf8

USAGE = f"""\
usage: walkdiff findings [OPTIONS] [FINDING...]

Lists the findings of a store, those that are new or back first; or tells all that is known of some, by number.

  --store FILE     the store (default: {DEFAULT_STORE})
  --state STATE    only those: new, known, waived, fixed, back, flaky, retracted; several are several options
  --walker W       only those of walkers whose name matches, like 'kvm*'
  --rule RULE      only those of rules whose name matches, like 'VA_*'
  --verdict V      only those with this verdict
  --run N          only those that run N saw, with the state that they had in it
  --runs           the runs instead of the findings
  --case           the minimal case alone, JSON Lines for `walkdiff replay`
  --check          looks whether the store is intact
  --json           a finding, or run, a line, as JSON

Exit status: 0, or 2 if used wrongly, or the store cannot be read, or is not intact.
"""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = Parser("findings", USAGE)
    parser.add_argument("finding", nargs="*", type=int)
    parser.add_argument("--store", type=Path, default=Path(DEFAULT_STORE))
    parser.add_argument("--state", action="append", choices=STATES, default=[])
    parser.add_argument("--walker", default="*")
    parser.add_argument("--rule", default="*")
    parser.add_argument("--verdict", default="*")
    parser.add_argument("--run", type=int)
    parser.add_argument("--runs", action="store_true")
    parser.add_argument("--case", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.runs and (given.finding or given.case or given.run is not None):
        parser.error("--runs lists runs: no findings, --case or --run")
    return given


def chosen(store: Store, given: argparse.Namespace) -> list[tuple[Bucket, str, int]]:
    """The findings that were asked for: each with its state and count, now or in a run."""
    if given.run is not None:
        store.run(given.run)
        found = store.seen_in(given.run)
    else:
        found = [(bucket, bucket.state, bucket.count) for bucket in store.buckets()]
    if given.finding:
        by_number = {item[0].id: item for item in found}
        for number in given.finding:
            store.bucket(number)
        found = [by_number[number] for number in given.finding if number in by_number]
    patterns = ((given.walker, "walker"), (given.rule, "rule"), (given.verdict, "verdict"))
    found = [
        item
        for item in found
        if all(fnmatch.fnmatchcase(getattr(item[0], name), pattern) for pattern, name in patterns)
        and (not given.state or item[1] in given.state)
    ]
    if not given.finding:
        urgent = ("new", "back")
        found.sort(key=lambda item: (urgent.index(item[1]) if item[1] in urgent else len(urgent), item[0].id))
    return found


def finding_json(store: Store, bucket: Bucket, state: str, count: int) -> dict[str, Any]:
    """All of a finding, for programs."""
    changes = [
        {"run": change.run, "at": change.at, "was": change.was, "became": change.became, "why": change.why}
        for change in store.changes(bucket=bucket.id)
    ]
    return {**bucket.as_finding(), "state": state, "count": count, "changes": changes}


def show_list(found: list[tuple[Bucket, str, int]]) -> None:
    """A line a finding."""
    if not found:
        print("no findings")
        return
    width = max(len(bucket.walker) for bucket, _, _ in found)
    print(f"{'no.':>5}  {'state':<11}  {'walker':<{width}}  {'cases':>9}  {'last seen':<10}  signature")
    for bucket, state, count in found:
        verdict = "" if bucket.verdict == "deviation" else f"{bucket.verdict}: "
        print(
            f"{bucket.id:>5}  {state:<11}  {bucket.walker:<{width}}  {count:>9}  {bucket.last_seen[:10]}  "
            f"{verdict}{bucket.signature}"
        )


def show_whole(store: Store, bucket: Bucket, state: str, count: int) -> None:
    """All that is known of a finding."""
    print(f"finding {bucket.id}: {bucket.title}\n")
    rows = {
        "state": state + (f" by {bucket.waiver}" if bucket.waiver else ""),
        "walker": bucket.walker,
        "verdict": bucket.verdict,
        "signature": bucket.signature,
        "rule": bucket.rule,
        "cases": str(count),
        "first seen": f"{bucket.first_seen}, run {bucket.first_run}",
        "last seen": f"{bucket.last_seen}, run {bucket.last_run}",
        "found as": f"seed {bucket.seed} case {bucket.first_index}" if bucket.seed is not None else "a stored case",
        "expected": json.dumps(bucket.expected),
        "got": json.dumps(bucket.got),
        **({"note": bucket.note} if bucket.note else {}),
    }
    for name, counts in bucket.facets.items():
        rows[name] = ", ".join(f"{value} ({n})" for value, n in sorted(counts.items(), key=lambda item: -item[1]))
    for name, text in rows.items():
        print(f"  {name:<11} {text}")
    print(f"\n  {'minimal case' if bucket.minimal_case else 'case'}:\n{json.dumps(bucket.case)}\n\n  history:")
    for change in store.changes(bucket=bucket.id):
        print(f"  {change.at}  run {change.run or '-'}: {change.became} ({change.why})")
    print()


def run_json(night: Night) -> dict[str, Any]:
    """A run, for programs."""
    run = night.run
    members = {name: getattr(run, name) for name in ("id", "name", "mode", "began", "ended", "ending", "error", "host")}
    members |= {name: getattr(run, name) for name in ("walkdiff", "seed", "shard", "seconds", "resumed", "summary")}
    walkers = [
        {"name": walker.name, "spec": walker.spec, "version": walker.version, "role": walker.role}
        for walker in run.walkers
    ]
    return {**members, "walkers": walkers, "states": night.states, "cells": night.cells}


def show_runs(store: Store, as_json: bool) -> None:
    """A line a run."""
    nights = store.trend()
    if as_json:
        for night in nights:
            print(json.dumps(run_json(night)))
        return
    print(f"{'run':>4}  {'began':<20}  {'ending':<11}  {'cases':>11}  {'seed':>10}  findings")
    for night in nights:
        run = night.run
        states = ", ".join(f"{count} {state}" for state, count in sorted(night.states.items())) or "none"
        cases = run.summary.get("cases", 0)
        print(f"{run.id:>4}  {run.began:<20}  {run.ending:<11}  {cases:>11}  {run.seed:>10}  {states}")


def show(store: Store, given: argparse.Namespace) -> int:
    """Shows what was asked for; the exit status."""
    if given.check:
        wrong = store.check()
        for text in wrong:
            complain(f"{store.path}: {text}")
        if not wrong:
            print(f"{store.path}: intact")
        return 2 if wrong else NOTHING_FOUND
    if given.runs:
        show_runs(store, given.json)
        return NOTHING_FOUND
    found = chosen(store, given)
    if given.case:
        for bucket, _, _ in found:
            print(json.dumps({**bucket.case, "id": f"finding {bucket.id}"}, ensure_ascii=False))
    elif given.json:
        for item in found:
            print(json.dumps(finding_json(store, *item), ensure_ascii=False))
    elif given.finding:
        for item in found:
            show_whole(store, *item)
    else:
        show_list(found)
    return NOTHING_FOUND


def main() -> int:
    """The verb; its exit status."""
    use_utf8()
    given = arguments()
    try:
        with Store.open_for_reading(given.store) as store:
            status = show(store, given)
        sys.stdout.flush()
    except StoreError as error:
        return complain(str(error))
    except BrokenPipeError:
        sys.stderr.close()
        return NOTHING_FOUND
    return status


if __name__ == "__main__":
    sys.exit(main())
