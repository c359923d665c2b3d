# SPDX-License-Identifier: MIT
"""The coverage of a run as a heat map: rule × stage × granule."""

from __future__ import annotations

import math
from dataclasses import dataclass

from walkdiff_reports.run import Json

STAGES = ("stage1", "stage2")
GRANULES = ("4K", "16K", "64K", "none")
SHADES = 6  # beside that of zero


@dataclass(frozen=True)
class Cell:
    """How often a rule was applied at a stage with a granule, and how dark that is: 0 to SHADES."""

    count: int
    shade: int

    @property
    def short(self) -> str:
        """The count in a few characters."""
        for limit, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
            if self.count >= limit:
                return (
                    f"{self.count / limit:.0f}{unit}" if self.count >= 10 * limit else f"{self.count / limit:.1f}{unit}"
                )
        return str(self.count) if self.count else ""


@dataclass(frozen=True)
class Row:
    """A rule with its cells: stage 1, then stage 2, by granule."""

    rule: Json
    cells: list[Cell]
    findings: int  # buckets that it decided

    @property
    def reached(self) -> bool:
        """Whether it was applied at all."""
        return any(cell.count for cell in self.cells)


@dataclass(frozen=True)
class HeatMap:
    """All rules, in the order of the table."""

    rows: list[Row]

    @property
    def reached(self) -> int:
        """How many rules were applied."""
        return sum(row.reached for row in self.rows)

    @property
    def unreached(self) -> list[Row]:
        """Those that never were."""
        return [row for row in self.rows if not row.reached]


def _count(coverage: Json, rule: str, stage: str, granule: str) -> int:
    value: object = coverage
    for name in (rule, stage, granule):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, int) else 0


def of(coverage: Json, rules: list[Json], findings: dict[str, int]) -> HeatMap:
    """The map of a run. `findings`: how many buckets each rule decided."""
    counts = [[_count(coverage, rule["name"], s, g) for s in STAGES for g in GRANULES] for rule in rules]
    scale = math.log1p(max((count for row in counts for count in row), default=0)) or 1.0

    def shade(count: int) -> int:
        return max(1, math.ceil(SHADES * math.log1p(count) / scale)) if count > 0 else 0

    return HeatMap(
        [
            Row(rule, [Cell(count, shade(count)) for count in row], findings.get(rule["name"], 0))
            for rule, row in zip(rules, counts, strict=True)
        ]
    )
