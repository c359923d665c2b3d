# SPDX-License-Identifier: MIT
"""The report as plain text, 72 columns wide: for a reply on a mailing list."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator

from walkdiff_reports.commands import harms, quote
from walkdiff_reports.report import Bucket, Report
from walkdiff_reports.run import Json

COLUMNS = 72
SHOWN = 10  # buckets that are told in full; of the others the title
MARGIN = "   "


# What `votes` count, docs/judging.md.
VOTES = {"oracle": "as the oracle", "same": "the same wrong answer", "other": "another answer", "none": "no answer"}


def against_all_words(bucket: Bucket) -> str:
    """That all others say the same, against the oracle."""
    alone = bucket.finding.oracle_alone
    where = f"In {alone:,} of these cases all" if alone is not None else "All"
    return f"{where} who answer say the same, against the oracle: look at the oracle first."


def plain(text: str) -> str:
    """A text without what would move the cursor of whoever reads it."""
    return "".join(" " if harms(character) else character for character in text)


def wrapped(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """Lines of a text, none longer than COLUMNS."""
    hang = " " * len(first) if rest is None else rest
    return textwrap.wrap(
        plain(text), COLUMNS, initial_indent=first, subsequent_indent=hang, break_on_hyphens=False
    ) or [first.rstrip()]


def command_lines(words: list[str]) -> list[str]:
    """A shell command over as many lines as it takes; a word is never broken."""
    lines, line = [], MARGIN + " "
    for word in map(quote, words):
        if len(line) + 1 + len(word) + 2 > COLUMNS and line.strip():
            lines.append(line + " \\")
            line = MARGIN + "    " + word
        else:
            line += " " + word
    return [*lines, line]


SAID_ELSEWHERE = ("id", "note", "tags", "expect", "choices", "permitted")  # members that no walk depends on


def case_lines(case: Json) -> list[str]:
    """A case as JSON that stays valid when it is copied: broken between members and elements alone."""
    inputs = {name: value for name, value in case.items() if name not in SAID_ELSEWHERE}
    pieces = json.dumps(inputs, ensure_ascii=True, separators=(",\n", ": ")).split("\n")
    lines, line = [], MARGIN + " "
    for piece in pieces:
        if len(line) + 1 + len(piece) > COLUMNS and line.strip():
            lines.append(line)
            line = MARGIN + "  " + piece
        else:
            line += " " + piece
    return [*lines, line]


def versions(report: Report) -> Iterator[str]:
    """What was run, and in which versions."""
    yield from wrapped(f"{report.headline}.")
    yield ""
    yield from wrapped(report.of_summary, "run      ")
    yield from wrapped(str(report.summary["walkdiff"]), "walkdiff ")
    for walker in report.walkers:
        version = f" {walker['version']}" if walker["version"] else ""
        yield from wrapped(f"{walker['walker']}{version} ({walker['role']})", "walker   ")


def verdicts(report: Report) -> Iterator[str]:
    """How often each verdict, a column for each walker under its number."""
    yield ""
    for number, walker in enumerate(report.walkers, 1):
        yield from wrapped(f"({number}) {walker['walker']}", "  ")
    yield "".join([f"  {'verdict':<20}", *(f"{f'({number})':>12}" for number in range(1, len(report.walkers) + 1))])
    for entry, counts in report.counts():
        row = "".join([f"  {entry['name']:<20}", *(f"{count:>12,}" for count in counts)])
        yield from wrapped(row, "", "") if len(row) > COLUMNS else [row]
    for waiver, count in report.waived.items():
        yield from wrapped(f"{count:>12,} waived by {waiver}", "  ")


def field_rows(bucket: Bucket) -> Iterator[str]:
    """The answers field by field; what differs is marked with '!'."""
    names = [answer["name"] for answer in bucket.answers]
    width = (COLUMNS - len(MARGIN) - 2 - 18) // max(1, len(names)) - 1
    yield MARGIN + "  " + f"{'':<18}" + " ".join(f"{name:<{width}}" for name in names).rstrip()
    for row in bucket.told["rows"]:
        differs = any(cell["differs"] for cell in row["cells"])
        if not differs and row["name"] != "answer":
            continue
        cells = [cell["value"] if cell["present"] else "-" for cell in row["cells"]]
        yield (
            MARGIN
            + ("! " if differs else "  ")
            + f"{row['name']:<18}"
            + " ".join(f"{plain(cell):<{width}}" for cell in cells).rstrip()
        )[:COLUMNS]


def bucket_lines(report: Report, bucket: Bucket) -> Iterator[str]:
    """A bucket in full."""
    finding = bucket.finding
    yield ""
    head = [finding.verdict, *([bucket.impact.name] if bucket.impact.name else []), bucket.state]
    cases = f"{finding.count:,} case{'' if finding.count == 1 else 's'}"
    yield from wrapped(": ".join(filter(None, head)) + f" ({cases})", f"{bucket.rank:>2}. ", "    ")
    if len({walker["walker"] for walker in report.walkers}) > 1:
        yield from wrapped(f"walker {finding.walker}", MARGIN + " ")
    yield from wrapped(finding.title, MARGIN + " ")
    if bucket.against_all:
        yield from wrapped(against_all_words(bucket), MARGIN + " ")
    for walker, votes in finding.votes.items():
        said = ", ".join(f"{count:,} {VOTES.get(vote, vote)}" for vote, count in votes.items() if count)
        yield from wrapped(f"{walker} in these cases: {said or 'not asked'}", MARGIN + " ", MARGIN + "   ")
    rule = bucket.rule
    if rule:
        source = ", ".join(filter(None, (rule["id"], rule["function"])))
        yield from wrapped(f"{rule['name']} ({source}): {rule['text']}", MARGIN + " Rule: ", MARGIN + " ")
    for answer in bucket.answers:
        yield from wrapped(answer["words"], MARGIN + f" {answer['name']}: ", MARGIN + "   ")
    if bucket.answers:
        yield from field_rows(bucket)
    if bucket.told.get("error"):
        yield from wrapped(bucket.told["error"], MARGIN + " This case cannot be read: ", MARGIN + " ")
    for member in ("id", "note"):
        if bucket.told.get(member):
            yield from wrapped(bucket.told[member], f"{MARGIN} {member.capitalize()}: ", MARGIN + " ")
    yield MARGIN + (" Case, shrunk:" if finding.shrunk else " Case:")
    yield from case_lines(finding.case)
    if bucket.again:
        yield MARGIN + " Again:"
        yield from command_lines(bucket.again)


def others(report: Report) -> Iterator[str]:
    """The titles of buckets that are not told in full."""
    rest = report.buckets[SHOWN:]
    if not rest:
        return
    yield ""
    yield f"And {len(rest):,} more:"
    yield ""
    for bucket in rest:
        finding = bucket.finding
        yield from wrapped(f"{finding.verdict} ({finding.count:,}): {finding.title}", f"{bucket.rank:>3}. ")


def write(report: Report) -> str:
    """The report as text."""
    lines = [*versions(report), *verdicts(report)]
    for bucket in report.buckets[:SHOWN]:
        lines += bucket_lines(report, bucket)
    return "\n".join([*lines, *others(report)]) + "\n"
