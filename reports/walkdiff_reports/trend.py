# SPDX-License-Identifier: MIT
"""What the findings store remembers of the nights before, as far as reports show it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from walkdiff_driver.store import STATES, Bucket, Store, StoreError

from walkdiff_reports.run import Finding, ReportError

NIGHTS_SHOWN = 60


@dataclass(frozen=True)
class Night:
    """A run of the past: what it saw, by the state that each bucket had in it."""

    number: int
    name: str
    began: str
    ending: str
    cases: int
    cells: int
    states: dict[str, int]
    versions: dict[str, str]  # of the walkers

    @property
    def buckets(self) -> int:
        """How many buckets it saw."""
        return sum(self.states.values())


@dataclass(frozen=True)
class Trend:
    """The nights, the oldest first, and every bucket that the store has, by walker, verdict and signature."""

    nights: list[Night]
    buckets: dict[tuple[str, str, str], Bucket]
    specs: dict[str, set[str]]  # of a walker's spec: its names in configurations

    def known(self, finding: Finding) -> Bucket | None:
        """What the store has of a finding. The store knows walkers by their names in configurations."""
        names = {finding.walker, *self.specs.get(finding.walker, ())}
        keys = ((name, finding.verdict, finding.signature) for name in sorted(names))
        return next((self.buckets[key] for key in keys if key in self.buckets), None)


def load(path: Path) -> Trend:
    """Reads a store; raises ReportError."""
    specs: dict[str, set[str]] = {}
    try:
        with Store.open_for_reading(path) as store:
            nights = store.trend()
            buckets = {bucket.key: bucket for bucket in store.buckets()}
    except StoreError as error:
        raise ReportError(str(error)) from error
    for night in nights:
        for walker in night.run.walkers:
            specs.setdefault(walker.spec, set()).add(walker.name)
    return Trend(
        [
            Night(
                number=night.run.id,
                name=night.run.name,
                began=night.run.began,
                ending=night.run.ending,
                cases=int(night.run.summary.get("cases", 0)),
                cells=night.cells,
                states={state: night.states[state] for state in STATES if night.states.get(state)},
                versions={walker.name: walker.version for walker in night.run.walkers},
            )
            for night in nights[-NIGHTS_SHOWN:]
        ],
        buckets,
        specs,
    )
