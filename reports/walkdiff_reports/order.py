# SPDX-License-Identifier: MIT
"""The order in which findings are read: what puts the oracle in doubt first, then the worst, then the most frequent."""

from __future__ import annotations

from walkdiff_reports.run import Finding, Run

# Verdicts of one tier are ordered by their counts alone.
TIERS = (
    ("reference-conflict",),
    ("crash",),
    ("hang",),
    ("deviation", "exception-mismatch"),
    ("inconsistent",),
    ("retry",),
    ("warn",),
)


def tier(verdict: str) -> int:
    """The place of a verdict among the tiers; one that is not known comes last."""
    return next((i for i, names in enumerate(TIERS) if verdict in names), len(TIERS))


def against_all(run: Run, finding: Finding) -> bool:
    """Whether every walker of the run, and there are several, departs from the oracle with this very signature."""
    walkers = {walker["walker"] for walker in run.summary["walkers"]}
    same = {f.walker for f in run.findings if f.signature == finding.signature}
    return len(walkers) > 1 and walkers <= same


def ranked(run: Run) -> list[Finding]:
    """The findings of a run, first those to read first."""
    return sorted(run.findings, key=lambda f: (not against_all(run, f), tier(f.verdict), -f.count, f.signature))
