# SPDX-License-Identifier: MIT
"""What the pages show of a bucket, ready for the templates: also for pages of others that show pairs of answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from walkdiff_reports.commands import join
from walkdiff_reports.diagram import Diagram, of_told
from walkdiff_reports.order import DOUBT
from walkdiff_reports.report import Bucket
from walkdiff_reports.run import Json
from walkdiff_reports.text_report import VOTES, against_all_words

LINE = 92  # columns of a case


@dataclass(frozen=True)
class Facet:
    """A facet of a bucket: how often each value occurred."""

    name: str
    values: list[tuple[str, int]]

    @property
    def largest(self) -> int:
        """The largest of the counts, at least 1."""
        return max((count for _, count in self.values), default=1) or 1


@dataclass(frozen=True)
class Command:
    """A command to copy, with what it does."""

    does: str
    line: str


@dataclass(frozen=True)
class BucketView:
    """
    A bucket as templates/bucket.html.j2 shows it. `told` is what `walkdiff explain --json` tells; it has any number of
    answers, the first of which is the expected one: a review shows those of base and patch beside it.
    """

    anchor: str
    rank: int
    verdict: str
    title: str
    signature: str
    walker: str
    count: int
    told: Json
    case: str
    css: str = "finding"
    impact: str = ""
    impact_text: str = ""
    state: str = ""
    first_seen: str = ""
    shrunk: bool = False
    is_open: bool = False
    remarks: list[str] = field(default_factory=list)
    facets: list[Facet] = field(default_factory=list)
    votes: list[Facet] = field(default_factory=list)  # of each other walker: how it answered these cases
    commands: list[Command] = field(default_factory=list)
    rule: Json | None = None

    @property
    def heading(self) -> str:
        """The title without the rule in words, which stands beside it."""
        rule = self.rule
        tail = f" ({rule['id']}{': ' if rule['id'] else ''}{rule['text']})" if rule else ""
        return self.title.removesuffix(tail) if tail else self.title

    @property
    def diagram(self) -> Diagram | None:
        """The walk diagram; None if the case could not be read, or is of a subject that is no walker."""
        return of_told(self.told) if "answers" in self.told and "steps" in self.told else None

    @property
    def rows(self) -> list[Json]:
        """The fields of the answers that differ, or that there are words for."""
        return [row for row in self.told["rows"] if not _is_quiet(row)]

    @property
    def quiet_rows(self) -> list[Json]:
        """The others: alike in every answer that has them."""
        return [row for row in self.told["rows"] if _is_quiet(row)]

    @property
    def steps(self) -> list[Json]:
        """The steps of the walk; `depth` is 1 for all that stage 2 does for a stage 1 descriptor."""
        steps, depth = [], 0
        for step in self.told.get("steps", []):
            if step["kind"] == "begin":
                depth = step["depth"]
            steps.append({**step, "depth": depth if step["stage"] == 2 else 0})
        return steps


def _is_quiet(row: Json) -> bool:
    cells = row["cells"]
    values = {cell["value"] for cell in cells if cell["present"]}
    return len(values) == 1 and not any(cell["differs"] or cell["words"] for cell in cells)


def pretty(value: Any, room: int = LINE, indent: str = "") -> str:  # noqa: ANN401
    """JSON with what fits on a line on one line."""
    flat = json.dumps(value, ensure_ascii=True)
    if len(indent) + len(flat) <= room or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        items = [
            f"{json.dumps(name, ensure_ascii=True)}: {pretty(member, room, inner)}" for name, member in value.items()
        ]
        return "{\n" + ",\n".join(inner + item for item in items) + f"\n{indent}}}"
    return "[\n" + _filled([pretty(item, room, inner) for item in value], room, inner) + f"\n{indent}]"


def _filled(items: list[str], room: int, indent: str) -> str:
    """Elements, as many on a line as fit."""
    lines, line = [], indent
    for i, item in enumerate(items):
        piece = item + ("," if i < len(items) - 1 else "")
        if line != indent and len(line) + 1 + len(piece) > room:
            lines.append(line)
            line = indent
        line += piece if line == indent else " " + piece
    return "\n".join([*lines, line])


def _remarks(bucket: Bucket) -> list[str]:
    told, remarks = bucket.told, []
    if bucket.against_all:
        remarks.append(against_all_words(bucket))
    elif bucket.finding.verdict == DOUBT:
        remarks.append("A reference and the oracle disagree: either of them may be wrong.")
    if "error" in told:
        remarks.append(f"The case cannot be read: {told['error']}")
    if told.get("walk_gives_expected") is False:
        remarks.append("The walk shown is the default one; it does not give the expected answer.")
    other = bucket.finding.other
    if other:
        place = ", ".join(f"{name} {other[name]}" for name in ("seed", "index") if name in other)
        answers = told.get("other", {}).get("answers", [])
        words = f" ({answers[0]['words']})" if answers else ""
        remarks.append(
            "Each answer by itself is permitted. This one proves one resolution of the choice, and the answer to"
            f" {place}{words} the default one, though an implementation must always resolve it alike."
        )
    return remarks


def of_bucket(bucket: Bucket, is_open: bool) -> BucketView:
    """A bucket of a run."""
    finding = bucket.finding
    commands = [Command("judge the case, stored in case.json", join(bucket.replay))]
    commands += [Command("make the first case again and judge it", join(bucket.again))] if bucket.again else []
    return BucketView(
        anchor=f"finding-{bucket.rank}",
        rank=bucket.rank,
        verdict=finding.verdict,
        title=finding.title,
        signature=finding.signature,
        walker=finding.walker,
        count=finding.count,
        told=bucket.told,
        case=pretty(finding.case),
        impact=bucket.impact.name,
        impact_text=bucket.impact.text,
        state=bucket.state,
        first_seen=bucket.first_seen[:10],
        shrunk=finding.shrunk,
        is_open=is_open,
        remarks=_remarks(bucket),
        facets=[
            Facet(name, sorted(values.items(), key=lambda item: -item[1]))
            for name, values in finding.facets.items()
            if values
        ],
        votes=[
            Facet(name, [(VOTES.get(vote, vote), count) for vote, count in votes.items() if count])
            for name, votes in finding.votes.items()
        ],
        commands=commands,
        rule=bucket.rule,
    )
