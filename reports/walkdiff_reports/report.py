# SPDX-License-Identifier: MIT
"""A report, before it has a format: the run, its buckets in the order of reading, and what the C core says of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from walkdiff_reports import commands, core
from walkdiff_reports.order import DOUBT, IMPACTS, OLD, UNKNOWN, WRONG_ANSWERS, Impact, against_all, impact_of, tier
from walkdiff_reports.run import Finding, Json, Run
from walkdiff_reports.trend import Trend


@dataclass(frozen=True)
class Bucket:
    """A finding with what is to be said of it."""

    finding: Finding
    told: Json  # what `walkdiff explain --json` says; {"error": …} if it could not read the case
    impact: Impact
    against_all: bool
    state: str  # "new", "known", "back", …; "" without a store
    first_seen: str  # "" without a store
    again: list[str]  # the command that makes the first case again, by words; none if there is no such
    rank: int = 0

    @property
    def rule(self) -> Json | None:
        """The rule or choice, with id, function and text; None if the C core has none of that name."""
        return self.told.get("rule") or self.told.get("decided_by")

    @property
    def answers(self) -> list[Json]:
        """The answers side by side, the expected one first; none if the case could not be read."""
        return self.told.get("answers", [])

    @property
    def replay(self) -> list[str]:
        """The command that judges the case, stored in case.json, by words."""
        return commands.replay(self.finding.walker)


@dataclass(frozen=True)
class Report:
    """Everything that a format shows."""

    run: Run
    buckets: list[Bucket]
    verdicts: list[Json]  # the table of verdicts
    rules: list[Json]  # the table of rules
    trend: Trend | None = None

    @property
    def cases(self) -> int:
        """How many cases were run."""
        return int(self.run.summary.get("cases", 0))

    @property
    def summary(self) -> Json:
        """What summary.json says."""
        return self.run.summary

    @property
    def walkers(self) -> list[Json]:
        """The walkers of the run, as the summary tells of them."""
        return self.run.summary["walkers"]

    @property
    def headline(self) -> str:
        """The outcome in a sentence."""
        if not self.buckets:
            return "Nothing found: no answer departs from the architecture"
        found = f"{len(self.buckets):,} way{'' if len(self.buckets) == 1 else 's'}"
        names = sorted({bucket.finding.walker for bucket in self.buckets})
        if len(names) == 1:
            return f"{found} in which {names[0]} departs from the architecture"
        return f"{found} in which {len(names)} walkers depart from the architecture"

    @property
    def of_summary(self) -> str:
        """What was run: cases, seed, time, how it ended."""
        said = self.summary
        parts = [f"{self.cases:,} case{'' if self.cases == 1 else 's'}"]
        parts += [f"seed {said['seed']}"] if "seed" in said else []
        parts += [f"{said['seconds']:,} s"] if isinstance(said.get("seconds"), int | float) else []
        parts += [str(said["began"])[:16].replace("T", " ")] if "began" in said else []
        parts += [str(said["state"])] if said.get("state") not in (None, "complete") else []
        return ", ".join(parts)

    @property
    def doubts(self) -> int:
        """How many buckets put the oracle itself in doubt."""
        return sum(bucket.against_all or bucket.finding.verdict == DOUBT for bucket in self.buckets)

    @property
    def waived(self) -> dict[str, int]:
        """How many findings each waiver matched."""
        said = self.summary.get("waived")
        return {name: n for name, n in said.items() if isinstance(n, int)} if isinstance(said, dict) else {}

    def counts(self) -> list[tuple[Json, list[int]]]:
        """The verdicts that occurred, each with how often for each walker."""
        table = [
            (entry, [walker["verdicts"].get(entry["name"], 0) for walker in self.walkers]) for entry in self.verdicts
        ]
        return [(entry, counts) for entry, counts in table if any(counts)]


def _bucket(run: Run, finding: Finding, told: Json, trend: Trend | None) -> Bucket:
    answers = told.get("answers", [])
    known = trend.known(finding) if trend else None
    return Bucket(
        finding=finding,
        told=told,
        impact=impact_of(answers[0], answers[1]) if len(answers) > 1 and finding.verdict in WRONG_ANSWERS else UNKNOWN,
        against_all=against_all(run, finding),
        state=str(finding.data.get("state") or (known.state if known else "")),
        first_seen=str(finding.data.get("first_seen") or (known.first_seen if known else "")),
        again=commands.reproduce(run, finding),
    )


def _place(bucket: Bucket) -> tuple[object, ...]:
    finding = bucket.finding
    doubt = bucket.against_all or finding.verdict == DOUBT
    return (
        not bucket.against_all,
        not doubt,
        bucket.state in OLD,
        tier(finding.verdict),
        IMPACTS.index(bucket.impact),
        -finding.count,
        finding.signature,
        finding.walker,
    )


def make(run: Run, trend: Trend | None = None, step: Callable[[], None] = lambda: None) -> Report:
    """Makes the report of a run; `step` is called for each finding that was explained."""
    buckets = []
    for finding, told in zip(run.findings, core.explain([f.data for f in run.findings]), strict=True):
        buckets.append(_bucket(run, finding, told, trend))
        step()
    buckets.sort(key=_place)
    ranked = [replace(bucket, rank=rank) for rank, bucket in enumerate(buckets, 1)]
    return Report(run, ranked, core.table("verdicts"), core.table("rules"), trend)
