# SPDX-License-Identifier: MIT
"""A review as plain text, 72 columns wide: for a reply on a mailing list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from walkdiff_reports.review_view import KINDS, Change, Compared, Review
from walkdiff_reports.text_report import COLUMNS, MARGIN, case_lines, command_lines, plain, wrapped

SHOWN = 10  # changes for the worse that are told in full, and as many fixes
LINES_SHOWN, FILES_SHOWN = 12, 6
WAIVERS_SHOWN = 4
LISTED = 20  # others of a kind, by their titles


def sides(pair: Compared) -> Iterator[str]:
    """What was compared."""
    for name in ("before", "after"):
        told = pair.result[name]
        version = f" ({told['version']})" if told.get("version") else ""
        yield from wrapped(f"{told['title']}{version}", f"{name:<8}")
    if pair.result.get("seeds"):
        seeds = ", ".join(map(str, pair.result["seeds"]))
        kind = f" of the kind {pair.result['kind']}" if pair.result.get("kind") else ""
        profiles = f", profiles {' '.join(pair.result['profiles'])}" if pair.result["profiles"] else ""
        yield from wrapped(
            f"{pair.cases:,}{kind}, seed {seeds}{profiles}; walkdiff {pair.result['walkdiff']}",
            f"{'cases':<8}",
        )


def table(pair: Compared) -> Iterator[str]:
    """How many changes of which kind."""
    yield f"  {'change':<16}{'ways':>6}{'cases':>10}"
    for kind, ways, cases in pair.ways:
        yield from wrapped(f"{kind:<16}{ways:>6,}{cases:>10,}  {KINDS[kind]}", "  ", " " * 36)


def known(pair: Compared) -> Iterator[str]:
    """What waivers tell of."""
    if not pair.waived:
        return
    more = len(pair.waived) - WAIVERS_SHOWN
    counts = [f"{name} {count:,}" for name, count in list(pair.waived.items())[:WAIVERS_SHOWN]]
    total = sum(pair.waived.values())
    yield ""
    yield from wrapped(
        f"Known by waivers, and no less wrong: {total:,} of these answers ({', '.join(counts)}"
        f"{f', and {more} more waivers' if more > 0 else ''})."
    )


def lines(pair: Compared) -> Iterator[str]:
    """Which of the changed lines ran: loudly, which did not."""
    yield ""
    if pair.no_lines:
        yield from wrapped(f"WHICH LINES RAN IS NOT KNOWN: {pair.no_lines}.")
        return
    total = pair.ran + len(pair.not_run)
    if not total:
        yield from wrapped("NO CHANGED LINE IS CODE OF THE WALKER: nothing of the change was tested.")
    elif pair.not_run:
        yield from wrapped(f"{len(pair.not_run)} OF {total} CHANGED LINES WITH CODE DID NOT RUN:")
        yield from _not_run(pair)
    else:
        yield f"All {total} changed lines with code ran."
    if pair.without_code:
        yield f"({pair.without_code} more are no code: comments, declarations, macros.)"
    if pair.elsewhere:
        more = len(pair.elsewhere) - FILES_SHOWN
        names = ", ".join(pair.elsewhere[:FILES_SHOWN]) + (f", and {more} more" if more > 0 else "")
        yield from wrapped(f"Changed, and not seen by this review: {names}.")


def _not_run(pair: Compared) -> Iterator[str]:
    by_file: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for sign, line in pair.not_run:
        by_file[line["file"], sign].append((line["line"], line["text"]))
    left = LINES_SHOWN
    for (file, sign), found in by_file.items():
        if left <= 0:
            break
        yield from wrapped(f"{file}{' (before)' if sign == '-' else ''}", "  ")
        for number, text in found[:left]:
            yield plain(f"  {number:>6} {sign} {text.expandtabs(8)}")[:COLUMNS].rstrip()
        left -= len(found)
    if left < 0:
        yield f"  and {-left} more"


def change_lines(pair: Compared, change: Change) -> Iterator[str]:
    """A change in full."""
    yield ""
    cases = f"{change.count:,} case{'' if change.count == 1 else 's'}"
    impact = f": {change.impact.name}" if change.impact.name else ""
    kind = change.kind.upper() if change.worse else change.kind
    yield from wrapped(f"{kind}{impact} ({cases})", f"{change.rank:>2}. ", "    ")
    yield from wrapped(change.heading, MARGIN + " ")
    rule = change.rule
    if rule:
        source = ", ".join(filter(None, (rule["id"], rule["function"])))
        yield from wrapped(f"{rule['name']} ({source}): {rule['text']}", MARGIN + " Rule: ", MARGIN + " ")
    names = {"base": "before", "patch": "after"}
    for answer in change.answers:
        name = names.get(answer["name"], answer["name"])
        worth = {"before": change.words(0), "after": change.words(1)}.get(name, "")
        text = answer.get("words") or ""
        par = f" {answer['par']}" if answer.get("par") else ""
        worth = f" - {worth}" if worth and not worth.startswith("unsupported") else ""
        yield from wrapped(f"{text}{par}{worth}", MARGIN + f" {name}: ", MARGIN + "   ")
        for place in answer.get("warn", []):
            yield from wrapped(place, MARGIN + "   warns at ")
    yield from _fields(change)
    if change.data.get("confirmed") is False:
        yield from wrapped(
            "SEEN WITH THE BUILD THAT NOTES LINES ALONE: the usual build does not show it.", MARGIN + " "
        )
    yield MARGIN + (" Case, shrunk:" if change.shrunk else " Case:")
    yield from case_lines(change.case)


def _fields(change: Change) -> Iterator[str]:
    """The answers field by field, where they differ."""
    rows = [row for row in change.told.get("rows", []) if any(cell["differs"] for cell in row["cells"])]
    rows = [row for row in rows if row["name"] not in ("answer", "FST", "F")]  # which the words above say
    names = ("expected", "before", "after")
    for row in rows:
        cells = [plain(cell["value"]) if cell["present"] else "none" for cell in row["cells"]]
        told = (f"{name} {cell}" for name, cell in zip(names, cells, strict=False))
        yield from wrapped(f"{row['name']}: {', '.join(told)}", MARGIN + " ! ", MARGIN + "   ")


def others(changes: list[Change]) -> Iterator[str]:
    """The titles of those that are not told in full, by kind."""
    by_kind: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_kind[change.kind].append(change)
    for kind, found in by_kind.items():
        yield ""
        yield f"{kind} ({len(found):,} more):"
        for change in found[:LISTED]:
            text = change.signature.split(": ", 1)[1]
            yield from wrapped(f"{text} ({change.count:,})", f"{change.rank:>3}. ")
        if len(found) > LISTED:
            yield from wrapped(f"and {len(found) - LISTED:,} more, which --format html or json has", "     ")


def pair_lines(review: Review, pair: Compared) -> Iterator[str]:
    """A comparison."""
    yield from wrapped(f"{pair.headline}.")
    if pair.cannot_build:
        return
    yield ""
    yield from sides(pair)
    if pair.result["same_code"]:
        return
    if pair.changes:
        yield ""
        yield from table(pair)
        yield from known(pair)
    elif pair.rules:
        yield ""
        yield from wrapped(", ".join(pair.rules) + ".", f"rules covered ({len(pair.rules)}): ", "  ")
    yield from lines(pair)
    worse, fixes = pair.worse, [change for change in pair.changes if change.kind == "fix"]
    full = worse[:SHOWN] + fixes[: SHOWN if len(worse) < SHOWN else 3]
    if not worse and not fixes:
        full = pair.changes[:SHOWN]
    for change in full:
        yield from change_lines(pair, change)
    told = {change.rank for change in full}
    yield from others([change for change in pair.changes if change.rank not in told])
    if pair.changes:
        yield ""
        yield "To see a case step by step, stored in case.json:"
        yield from command_lines(review.replay(pair))


def write(review: Review) -> str:
    """The review as text."""
    text: list[str] = []
    for number, pair in enumerate(review.compared, 1):
        if len(review.compared) > 1:
            text += ["", *wrapped(pair.title, f"[{number}/{len(review.compared)}] "), ""]
        text += pair_lines(review, pair)
    if len(review.compared) > 1:
        text = [*wrapped(f"{review.headline}."), *text]
    return "\n".join([*text, "", "To repeat this review:", *command_lines(review.command)]) + "\n"
