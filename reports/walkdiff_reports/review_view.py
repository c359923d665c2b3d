# SPDX-License-Identifier: MIT
"""A review before it has a format: what each pair's comparison gave, and what the C core says of each change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from walkdiff_reports import core
from walkdiff_reports.order import IMPACTS, UNKNOWN, Impact, impact_of
from walkdiff_reports.run import Json

# What each kind of change is; harness/judge/changes.h has the same words.
KINDS = {
    "regression": "it was right, and is wrong",
    "crash gained": "the walker dies where it did not",
    "hang gained": "the walker does not answer where it did",
    "retry gained": "the walker asks to execute the instruction again",
    "warning gained": "the walker's code raises a warning where it did not",
    "still wrong": "it was wrong, and is wrong in another way",
    "support lost": "the walker does not answer this kind of case any more",
    "fix": "it was wrong, and is right",
    "crash lost": "the walker does not die any more",
    "hang lost": "the walker answers where it did not",
    "retry lost": "the walker does not ask to execute it again any more",
    "warning lost": "the walker's code does not warn any more",
    "support gained": "the walker answers this kind of case where it did not",
    "neutral": "both answers are permitted",
    "unjudged": "the oracle does not know the answer",
}
GAINED = ("crash gained", "hang gained")


@dataclass(frozen=True)
class Change:
    """All cases whose answers changed in one way."""

    data: Json  # as harness/driver/walkdiff_driver/review_run.py leaves it
    told: Json  # what `walkdiff explain --json` says of its case; {"error": …} if it could not read it
    rank: int
    impact: Impact

    @property
    def kind(self) -> str:
        """A name of KINDS."""
        return str(self.data["change"])

    @property
    def worse(self) -> bool:
        """Whether it is for the worse."""
        return bool(self.data["worse"])

    @property
    def count(self) -> int:
        """How many cases."""
        return int(self.data["count"])

    @property
    def signature(self) -> str:
        """What all of them have in common."""
        return str(self.data["signature"])

    @property
    def sides(self) -> tuple[Json, Json]:
        """What the judge says of the answers before and after."""
        return self.data["sides"]["before"], self.data["sides"]["after"]

    @property
    def wrong(self) -> Json:
        """The side that is wrong: the later one, if both are."""
        before, after = self.sides
        return after if after.get("signature") or not before.get("signature") else before

    @property
    def heading(self) -> str:
        """What it is about, in words."""
        if self.kind == "neutral":
            return self.signature.removeprefix("neutral: ")
        if self.kind in ("support gained", "support lost"):
            return self.signature.split(": ", 1)[1]
        title = str(self.wrong.get("title") or self.signature)
        rule = self.rule
        tail = f" ({rule['id']}{': ' if rule['id'] else ''}{rule['text']})" if rule else ""
        return title.removesuffix(tail) if tail else title

    @property
    def rule(self) -> Json | None:
        """The rule that decides; None where it is not a matter of one."""
        return self.told.get("rule")

    @property
    def answers(self) -> list[Json]:
        """The expected answer, and those before and after."""
        return self.told.get("answers", [])

    @property
    def case(self) -> Json:
        """Its case, shrunk if `shrunk`."""
        return self.data["case"]

    @property
    def shrunk(self) -> bool:
        """Whether the case is as small as it gets."""
        return bool(self.data.get("shrunk"))

    def words(self, side: int) -> str:
        """What an answer is worth: 0 the one before, 1 the one after."""
        told = self.sides[side]
        verdict = str(told["verdict"])
        if verdict in ("agree", "permitted"):
            answers = self.answers
            has_default = len(answers) > 2 and answers[0]["outcome"] != "of the kind"
            other = has_default and answers[side + 1].get("differs") and not told.get("choice")
            choice = f", by a choice: {told['choice']}" if told.get("choice") else ""
            return f"right{', by the default' if other else choice}"
        if verdict == "unsupported":
            return f"unsupported: {(told.get('got') or {}).get('unsupported', 'the oracle does not know')}"
        known = f", and known: {told['waiver']}" if told.get("waiver") else ""
        return {"deviation": "wrong", "exception-mismatch": "wrong"}.get(verdict, verdict) + known


@dataclass(frozen=True)
class Compared:
    """What comes of one pair."""

    result: Json
    changes: list[Change]

    @property
    def title(self) -> str:
        """What was changed."""
        return str(self.result.get("title") or self.result.get("after", {}).get("title", ""))

    @property
    def worse(self) -> list[Change]:
        """The changes for the worse."""
        return [change for change in self.changes if change.worse]

    @property
    def cannot_build(self) -> str:
        """Why there is no comparison; "" if there is one."""
        return str(self.result.get("cannot_build", ""))

    @property
    def cases(self) -> int:
        """How many cases both were given."""
        return int(self.result.get("cases", 0))

    @property
    def rules(self) -> list[str]:
        """The rules that the cases applied."""
        return self.result.get("rules", [])

    @property
    def ways(self) -> list[tuple[str, int, int]]:
        """Each kind of change that there is, with how many ways and cases."""
        ways = Counter(change.kind for change in self.changes)
        return [(kind, ways[kind], self.result["counts"].get(kind, 0)) for kind in KINDS if ways[kind]]

    @property
    def waived(self) -> dict[str, int]:
        """By a waiver's id: how many of the answers, before or after, are wrong in the way that it tells of."""
        return self.result.get("waived") or {}

    @property
    def headline(self) -> str:
        """The outcome in a sentence."""
        if self.cannot_build:
            return f"Cannot be built: {self.cannot_build}"
        if self.result["same_code"]:
            return "No change: the walker's code is the same"
        if not self.changes:
            return f"No change in {self.cases:,} cases"
        if self.worse:
            return f"{_number(len(self.worse), 'way')} in which it gets worse, in {self.cases:,} cases"
        fixes = sum(change.kind == "fix" for change in self.changes)
        fixed = f"; {_number(fixes, 'way')} in which it is fixed" if fixes else ""
        return f"Nothing gets worse in {self.cases:,} cases{fixed}"

    @property
    def not_run(self) -> list[tuple[str, Json]]:
        """Changed lines that did not run, with "+" or "-"."""
        lines = self.result.get("lines") or {}
        return [
            (sign, line) for side, sign in (("after", "+"), ("before", "-"))
            for line in lines.get(side, {}).get("did_not_run", [])
        ]  # fmt: skip

    @property
    def ran(self) -> int:
        """How many of the changed lines ran."""
        lines = self.result.get("lines") or {}
        return sum(len(lines.get(side, {}).get("ran", [])) for side in ("before", "after"))

    @property
    def without_code(self) -> int:
        """How many of the changed lines are no code: comments, declarations."""
        lines = self.result.get("lines") or {}
        return sum(lines.get(side, {}).get("without_code", 0) for side in ("before", "after"))

    @property
    def no_lines(self) -> str:
        """Why it is not known which lines ran; "" if it is."""
        return str((self.result.get("lines") or {}).get("after", {}).get("why_not", ""))

    @property
    def elsewhere(self) -> list[str]:
        """Changed files that the walker has no changed code of."""
        lines = self.result.get("lines") or {}
        inside = {
            line["file"] for side in lines.values() for name in ("ran", "did_not_run") for line in side.get(name, [])
        }
        return [name for name in self.result.get("changed_files", []) if name not in inside]


@dataclass(frozen=True)
class Review:
    """Everything that a format shows."""

    compared: list[Compared]
    command: list[str]
    rules: list[Json]  # the table of rules

    @property
    def worse(self) -> int:
        """How many ways there are in which something gets worse."""
        return sum(len(pair.worse) for pair in self.compared)

    @property
    def headline(self) -> str:
        """The outcome in a sentence."""
        if len(self.compared) == 1:
            return self.compared[0].headline
        bad = sum(bool(pair.worse) for pair in self.compared)
        return f"{bad} of {len(self.compared)} make something worse" if self.compared else "Nothing to compare"

    def replay(self, pair: Compared) -> list[str]:
        """The words of the command that judges a case, stored in case.json."""
        specs = [pair.result[side]["spec"] for side in ("before", "after")]
        return ["walkdiff", "explain", *(word for spec in specs for word in ("--walker", spec)), "case.json"]

    def document(self) -> Json:
        """All of it for programs."""

        def tell(change: Change) -> Json:
            told: dict[str, Any] = {
                "rank": change.rank,
                "impact": change.impact.name,
                "decided_by": change.rule,
                "answers": change.answers,
                "fields": change.told.get("rows"),
                "error": change.told.get("error"),
            }
            return {**change.data, **{name: value for name, value in told.items() if value not in ("", None, [])}}

        return {
            "review": 1,
            "command": self.command,
            "worse": self.worse,
            "compared": [
                {**pair.result, "headline": pair.headline, "changes": [tell(change) for change in pair.changes]}
                for pair in self.compared
            ],
        }


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _for_explain(change: Json) -> Json:
    before, after = change["sides"]["before"], change["sides"]["after"]
    members = {"case": change["case"], "expected": change["expected"], "base": before["got"], "patch": after["got"]}
    if change["rule"] != "NONE":
        members["rule"] = change["rule"]
    for told in (after, before):
        if told["verdict"] not in ("agree", "unsupported") and told.get("expected"):
            members["expected"] = told["expected"]  # the nearest permitted answer
            break
    return members


def make(results: Sequence[Json], command: Sequence[str]) -> Review:
    """Makes a review of the results of its pairs."""
    compared = []
    for result in results:
        changes = []
        told = core.explain([_for_explain(change) for change in result.get("changes", [])])
        for change, explained in zip(result.get("changes", []), told, strict=True):
            answers = explained.get("answers", [])
            impact = impact_of(answers[0], answers[-1]) if len(answers) > 2 and change["worse"] else UNKNOWN
            changes.append(Change(change, explained, 0, impact))
        kinds = list(KINDS)
        changes.sort(key=lambda c: (kinds.index(c.kind), IMPACTS.index(c.impact), -c.count, c.signature))
        ranked = [Change(c.data, c.told, rank, c.impact) for rank, c in enumerate(changes, 1)]
        compared.append(Compared(result, ranked))
    return Review(compared, list(command), core.table("rules"))
