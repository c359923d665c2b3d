# SPDX-License-Identifier: MIT
"""The comparison of a walker before and after a change: the same cases through both, and what becomes of them.

It comes in legs, whose results stay in a folder: whoever is killed goes on with the leg after the last whole one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from walkdiff_driver.line_coverage import Line, Map, read_blocks
from walkdiff_driver.review_sides import Side, differences
from walkdiff_driver.tasks import Loop, Task
from walkdiff_driver.verb import VerbError

Json = dict[str, Any]

LEG_SECONDS = 30.0
SHRINK_EACH, SHRINK_LEAST, SHRINK_MOST = 10.0, 20.0, 180.0
SHRUNK = ", shrunk"

# Changes in the order in which they are read; the first ones are for the worse (harness/judge/changes.h).
ORDER = (
    "regression",
    "crash gained",
    "hang gained",
    "retry gained",
    "warning gained",
    "still wrong",
    "support lost",
    "fix",
    "crash lost",
    "hang lost",
    "retry lost",
    "warning lost",
    "support gained",
    "neutral",
    "unjudged",
)


# In this order cases are made small, as long as there is time: what is read first.
SHRINK_ORDER = (*ORDER[:5], "fix", *(name for name in ORDER[5:] if name != "fix"))


class Interrupted(Exception):
    """Somebody stopped the review; what is done stays done."""


@dataclass(frozen=True)
class Plan:
    """How much is run, and of what."""

    program: str
    seed: int
    seconds: float | None
    cases: int | None
    jobs: int
    profiles: tuple[str, ...]
    stored: tuple[Path, ...]
    waivers: tuple[Path, ...]  # folders; none: walkdiff's own
    timeout: float
    shrink: bool
    say: Callable[[str], None] = field(default=lambda _: None, compare=False)
    stopped: Callable[[], bool] = field(default=lambda: False, compare=False)

    def identity(self) -> Json:
        """What must be the same where a review goes on."""
        members = ("seed", "seconds", "cases", "shrink")
        return {
            **{name: getattr(self, name) for name in members},
            "profiles": list(self.profiles),
            "stored": [str(path) for path in self.stored],
            "waivers": [
                hashlib.sha256(path.read_bytes()).hexdigest()
                for folder in self.waivers
                for path in sorted(folder.glob("*.toml"))
            ],
        }

    def waiver_words(self) -> list[str]:
        """Options of the verbs that judge."""
        return [word for folder in self.waivers for word in ("--waivers", str(folder))]


@dataclass
class Lines:
    """Which of the lines that differ ran, of one side."""

    file_root: str = ""
    changed: set[Line] = field(default_factory=set)
    code: set[Line] = field(default_factory=set)
    ran: set[Line] = field(default_factory=set)
    why_not: str = ""

    def as_json(self, side: Side) -> Json:
        """For the result; lines that did not run with their texts."""
        if self.why_not:
            return {"why_not": self.why_not}
        with_code = self.changed & self.code
        texts: dict[str, list[str]] = {}

        def tell(lines: Iterable[Line]) -> list[Json]:
            told = []
            for file, number in sorted(lines):
                if file not in texts:
                    texts[file] = (side.text_of(file) or "").splitlines()
                text = texts[file][number - 1].rstrip() if number <= len(texts[file]) else ""
                told.append({"file": file.removeprefix("/linux/"), "line": number, "text": text})
            return told

        return {
            "changed": len(self.changed),
            "without_code": len(self.changed - self.code),
            "ran": tell(with_code & self.ran),
            "did_not_run": tell(with_code - self.ran),
        }


class Pair:
    """One comparison, in a folder of its own."""

    def __init__(self, before: Side, after: Side, folder: Path, plan: Plan, seconds: float | None) -> None:
        self.before, self.after, self.folder, self.plan, self.seconds = before, after, folder, plan, seconds

    # ------------------------------------------------------------ processes

    def _ask(
        self, arguments: Sequence[str], accepted: tuple[int, ...] = (0, 1), seconds: float | None = None
    ) -> list[str]:
        """The lines that walkdiff answers. Raises VerbError; the process ends with us, whatever ends us."""
        lines: list[str] = []
        loop = Loop()
        ended: list[tuple[int | None, str, bool]] = []

        def on_end(task: Task) -> None:
            ended.append((task.status, task.last_words(), task.timed_out))

        loop.start(Task([self.plan.program, *arguments], lines.append, on_end, seconds=seconds))
        try:
            while loop.tasks:
                loop.step(0.5)
                self.check()
        finally:
            loop.abandon()
        status, words, timed_out = ended[0]
        if status not in accepted and not timed_out:
            raise VerbError(f"walkdiff {arguments[0]}: {words.removeprefix('walkdiff: ') or f'status {status}'}")
        if words and not timed_out:
            self.plan.say(words)
        return lines

    def check(self) -> None:
        """Raises Interrupted if somebody stopped us: what a signal's handler raises can get lost where it strikes."""
        if self.plan.stopped():
            raise Interrupted

    # ------------------------------------------------------------ lines

    def _prepare_lines(self) -> tuple[tuple[Lines, Map | None], tuple[Lines, Map | None]]:
        """What differs, and the files that runs note in what they ran: before, after."""
        sides = (self.before, self.after)
        blocks = [read_blocks(side.covered) if side.covered else None for side in sides]
        files = [
            {file for file in found.files() if not file.startswith("/usr/")} if found else set() for found in blocks
        ]
        if not all(blocks):
            missing = next(side for side, found in zip(sides, blocks, strict=True) if not found)
            why = f"{missing.title}: {missing.why_not_covered}"
            return (Lines(why_not=why), None), (Lines(why_not=why), None)
        differ = differences(self.before, self.after, files[0], files[1])
        result = []
        aimed = 0
        for name, found, changed in (("before", blocks[0], differ.before), ("after", blocks[1], differ.after)):
            assert found
            noted = Map(self.folder / f"coverage-{name}", found)
            if not noted.path.exists():
                new = noted.path.with_suffix(".new")
                aimed = Map(new, found).make(changed, aimed)
                os.replace(new, noted.path)
            result.append((Lines(changed=changed, code=found.code()), noted))
        return result[0], result[1]

    # ------------------------------------------------------------ the run

    def _legs(self) -> list[tuple[float | None, int | None]]:
        """How long each leg takes, or how many cases it makes."""
        if self.plan.cases is not None:
            return [(None, self.plan.cases)]
        left = self.seconds or 0.0
        legs: list[tuple[float | None, int | None]] = []
        while left > 0:
            now = left if left < 1.5 * LEG_SECONDS else LEG_SECONDS
            legs.append((now, None))
            left -= now
        return legs

    def _leg(self, number: int, seconds: float | None, cases: int | None, maps: tuple[Map | None, Map | None]) -> Json:
        """Runs a leg, or takes what it gave earlier."""
        path = self.folder / f"leg-{number}.json"
        if path.exists():
            return json.loads(path.read_text())
        corpus = self.folder / "corpus"
        command = ["fuzz", "--walker", self.after.noting, "--against", self.before.noting, "--json", "--quiet"]
        if not self.after.kind:
            command += ["--guided", "--corpus", str(corpus)]
        command += ["--seed", str(self.plan.seed + number), "--jobs", str(self.plan.jobs)]
        command += ["--timeout", f"{self.plan.timeout}s"]
        command += [word for profile in self.plan.profiles for word in ("--profile", profile)]
        stored = [*self.plan.stored] if not number else [corpus] if corpus.exists() else []
        command += [word for where in stored for word in ("--stored", str(where))]
        command += self.plan.waiver_words()
        command += ["--time", f"{seconds:.3f}s"] if seconds is not None else ["--cases", str(cases)]
        for option, noted in (("--coverage-before", maps[0]), ("--coverage", maps[1])):
            command += [option, str(noted.path)] if noted else []
        told = json.loads(self._ask(command)[-1])
        if told["state"] == "interrupted":
            raise Interrupted
        _write(path, json.dumps(told))
        return told

    def run(self) -> Json:
        """The whole comparison; its result as JSON."""
        self.check()
        self.folder.mkdir(parents=True, exist_ok=True)
        result: Json = {
            name: {"title": side.title, "spec": side.spec}
            for name, side in (("before", self.before), ("after", self.after))
        }
        if self.before.code and self.before.code == self.after.code:
            return {**result, "same_code": True, "cases": 0, "changes": [], "counts": {}, "rules": [], "lines": {}}
        self._forget_others()
        done = self.folder / "result.json"
        if done.exists():
            return json.loads(done.read_text())
        (lines_before, map_before), (lines_after, map_after) = self._prepare_lines()
        changes = Changes()
        legs = self._legs()
        for number, (seconds, cases) in enumerate(legs):
            long = f"{seconds:.0f} s" if seconds is not None else f"{cases:,} cases"
            self.plan.say(f"{self.after.title}: compares, {number + 1} of {len(legs)} ({long})")
            changes.add(self._leg(number, seconds, cases, (map_before, map_after)))
        for lines, noted in ((lines_before, map_before), (lines_after, map_after)):
            if noted:
                lines.ran = noted.ran()
        found = changes.ordered()
        if found:
            self._make_small(found)
        result |= changes.summary()
        result["before"]["version"], result["after"]["version"] = changes.versions
        result["changes"] = found
        result["lines"] = {"before": lines_before.as_json(self.before), "after": lines_after.as_json(self.after)}
        _write(done, json.dumps(result))
        return result

    def _forget_others(self) -> None:
        """What the folder holds is of these two walkers, or it goes: a library may be another one since."""
        note = self.folder / "sides.json"
        ours = json.dumps([[side.spec, side.code] for side in (self.before, self.after)])
        if note.exists() and note.read_text() != ours:
            for entry in self.folder.iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        _write(note, ours)

    # ------------------------------------------------------------ minimal cases

    def _make_small(self, changes: list[Json]) -> None:
        """Shrinks the case of each change with both answers pinned, and looks what the walkers say to what came out."""
        whole, small = self.folder / "cases.jsonl", self.folder / "shrunk.jsonl"
        order = sorted(range(len(changes)), key=lambda i: SHRINK_ORDER.index(changes[i]["change"]))
        _write(whole, "".join(_numbered(changes[i]["case"], i) for i in order))
        if self.plan.shrink and not small.exists():
            budget = min(SHRINK_MOST, max(SHRINK_LEAST, self.seconds or 0.0))
            self.plan.say(
                f"{self.after.title}: makes the cases of {len(changes)} changes small (at most {budget:.0f} s)"
            )
            new = small.with_suffix(".new.jsonl")
            new.unlink(missing_ok=True)
            command = ["shrink", "--walker", self.after.opened, "--walker", self.before.opened, "--quiet"]
            command += ["--time", f"{SHRINK_EACH}s", "--timeout", f"{self.plan.timeout}s", "--out", str(new)]
            self._ask([*command, *self.plan.waiver_words(), str(whole)], seconds=budget)
            new.touch()
            os.replace(new, small)
        shrunk = _by_number(small)
        first = self._classify(changes, [shrunk.get(i, change["case"]) for i, change in enumerate(changes)], "small")
        missing = [i for i in range(len(changes)) if i not in first]
        again = self._classify(
            [changes[i] for i in missing], [changes[i]["case"] for i in missing], "whole"
        )  # those that are other changes when they are small
        for i, change in enumerate(changes):
            told = first.get(i) or again.get(missing.index(i) if i in missing else -1)
            change["shrunk"] = i in first and i in shrunk
            change["confirmed"] = told is not None
            if told:
                for name in ("sides", "expected", "rule", "title"):
                    change[name] = told[name]
            if change["shrunk"]:
                change["case"] = {**shrunk[i], "id": change["case"].get("id", "") + SHRUNK}

    def _classify(self, changes: list[Json], cases: list[Json], name: str) -> dict[int, Json]:
        """What the walkers, built as users build them, say to cases: for each that is the change that it should be."""
        if not cases:
            return {}
        path = self.folder / f"{name}.jsonl"
        _write(path, "".join(_numbered(case, i) for i, case in enumerate(cases)))
        command = ["fuzz", "--walker", self.after.opened, "--against", self.before.opened, "--json", "--quiet"]
        command += ["--seed", "0", "--stored", str(path), "--timeout", f"{self.plan.timeout}s"]
        command += self.plan.waiver_words()
        command += [word for profile in self.plan.profiles for word in ("--profile", profile)]
        told = json.loads(self._ask(command)[-1])
        found = {change["first"]["index"]: change for change in told["findings"]}
        return {
            i: found[i]
            for i, change in enumerate(changes)
            if i in found and found[i]["signature"] == change["signature"]
        }


class Changes:
    """What several legs found, put together."""

    def __init__(self) -> None:
        self.cases = 0
        self.seconds = 0.0
        self.seeds: list[int] = []
        self.profiles: list[str] = []
        self.versions = ("", "")
        self.walkdiff = self.kind = ""
        self.counts: Counter[str] = Counter()
        self.waived: Counter[str] = Counter()
        self.coverage: Json = {}
        self._by_signature: dict[str, Json] = {}

    def add(self, told: Json) -> None:
        """Takes in the summary of a leg."""
        self.cases += told["cases"]
        self.seconds += told["seconds"]
        self.seeds.append(told["seed"])
        self.profiles = told["profiles"]
        self.walkdiff, self.kind = told["walkdiff"], told.get("kind", "")
        self.versions = (told["walkers"][1]["version"], told["walkers"][0]["version"])
        self.counts.update(told["changes"])
        self.waived.update(told["waived"])
        for rule, stages in told["coverage"].items():
            for stage, granules in stages.items():
                cells = self.coverage.setdefault(rule, {}).setdefault(stage, {})
                for granule, count in granules.items():
                    cells[granule] = cells.get(granule, 0) + count
        for change in told["findings"]:
            known = self._by_signature.setdefault(change["signature"], change)
            if known is change:
                change["change"], change["worse"] = change["sides"]["change"], change["sides"]["worse"]
                continue
            known["count"] += change["count"]
            for facet, values in change["facets"].items():
                for value, count in values.items():
                    known["facets"][facet][value] = known["facets"][facet].get(value, 0) + count

    def ordered(self) -> list[Json]:
        """The changes, the worst kind first, of a kind those that are most frequent."""
        return sorted(
            self._by_signature.values(),
            key=lambda change: (ORDER.index(change["change"]), -change["count"], change["signature"]),
        )

    def summary(self) -> Json:
        """All but the changes themselves."""
        return {
            "walkdiff": self.walkdiff,
            **({"kind": self.kind} if self.kind else {}),
            "same_code": False,
            "cases": self.cases,
            "seconds": round(self.seconds, 1),
            "seeds": self.seeds,
            "profiles": self.profiles,
            "counts": {name: self.counts[name] for name in ORDER if self.counts[name]},
            "waived": dict(self.waived.most_common()),
            "coverage": self.coverage,
            "rules": sorted(rule for rule, stages in self.coverage.items() if stages),
        }


def is_worse(result: Json) -> bool:
    """Whether a pair's result has a change for the worse."""
    return any(change["worse"] for change in result.get("changes", ()))


def _numbered(case: Json, number: int) -> str:
    inputs = {name: value for name, value in case.items() if name not in ("expect", "choices", "permitted", "note")}
    return json.dumps({**inputs, "id": f"change {number}"}) + "\n"


def _by_number(path: Path) -> dict[int, Json]:
    """The cases that shrinking has come to, by the numbers of their changes."""
    if not path.exists():
        return {}
    cases: dict[int, Json] = {}
    for line in path.read_text().splitlines():
        case = json.loads(line)
        name = case.pop("id")
        if name.endswith(SHRUNK):
            case.pop("expect", None)
            cases[int(name.removeprefix("change ").removesuffix(SHRUNK))] = case
    return cases


def _write(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    os.replace(new, path)


def fingerprint(values: object) -> str:
    """A short name for what a review is about."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
