# SPDX-License-Identifier: MIT
"""docs/detection.md and docs/detection.svg, from what was measured."""

from __future__ import annotations

import math
from html import escape
from statistics import median
from typing import Any

HEAD = """# How soon defects are found

Made by `bench/detection --update`; do not edit.

```
.venv/bin/python bench/detection             # measures, and says what has changed since the numbers below
.venv/bin/python bench/detection --update    # … and makes this page of them
```

Every defect that the sample walker can be given ([defects.def](../harness/walkers/sample/defects.def)) is searched for
by `walkdiff fuzz --until-finding` on one core, {seeds} times with different seeds. *cases* and *seconds* are medians;
seconds are from the start of the program to its end, of the machine that measured. *buckets* is what a run of
{cases} cases ends with: 1 is best, more means that one cause shows as several. The exit status is 1 if a defect is not
found by every seed within {limit:g} s, or takes more than ten times as many cases as the last time, so that whatever
runs it nightly hears of it.

**{found} of {count} found**; in the median after {median_cases:.0f} cases and {median_seconds:.2f} s, the slowest after
{most_cases:.0f} cases and {most_seconds:.2f} s.

![The share of defects found, over the number of cases](detection.svg)
"""

PROOF = """
## Seen by AT, all of them

No defect of S1 and S2 is invisible to AT: each has a stored case in [cases/seed-defects](../cases/seed-defects) whose
right answer no permitted choice makes that of the defective walker, and for each pair of defects there is a stored case
that the two answer differently (`tests/unit/test_seed_defects.c`).
"""


TRIAGE = """
## One bucket for one defect

`bench/triage`: runs of {cases:,} cases with {seeds} seeds each. *A seed*: the buckets that one ends with;
*over all*: the signatures that all have together. 1 is best: one bucket, the same whatever the seed.
The twelve that must be 1 are {twelve}.

For those with more than one, [the table of mistakes](reference/mistakes.md) has nothing that gives just their answers,
so that their buckets tell what was expected and what came instead. Where a walker takes a table, an address or a field
for another one (S1-01, S1-21, S1-26, S1-30, S1-37, S2-05, S2-06), it goes on where the case has put nothing on purpose,
and what it answers there has no name. The largest bucket comes first: it is the one to read.

| walker | a seed | over all | the defect |
| --- | --- | --- | --- |
"""

TRIAGE_TREES = """
KVM's walker of two versions of Linux. Without waivers, with those of what is known of it ([7.3](findings/kvm-7.3.md),
[6.12](findings/kvm-6.12.md)), and with these and one check or one line taken out of it: that of the last column.
*In all*: signatures that every seed has. 6.12 as exposed is given ten times as many cases: nine in ten are refused.

| tree | a seed | over all | in all | planted |
| --- | --- | --- | --- | --- |
"""


def triage_section(triage: dict[str, Any]) -> str:
    """What bench/triage measured."""

    def a_seed(one: dict[str, Any]) -> str:
        return f"{one['least']}" if one["least"] == one["most"] else f"{one['least']} to {one['most']}"

    text = TRIAGE.format(cases=triage["cases"], seeds=triage["rows"][0]["seeds"], twelve=", ".join(triage["twelve"]))
    for one in triage["rows"]:
        text += f"| {one['name']} | {a_seed(one)} | {one['signatures']} | {one['text']} |\n"
    text += TRIAGE_TREES if triage["trees"] else ""
    for one in triage["trees"]:
        planted = f"{one['file']}: `{one['planted']}`".replace("|", "\\|") if "planted" in one else ""
        planted += f" — {one['more']}" if "more" in one else ""
        text += f"| {one['name']} | {a_seed(one)} | {one['signatures']} | {one['in_all']} | {planted} |\n"
    return text


KINDS = """
## Defects of the other kinds

`bench/detection/kinds.py`: what the models of the [kinds that are no walkers](subjects.md) can be given, PT, TL and IP
of the seeds first: {seeds} searches each, no longer than {limit:g} s. **{found} of {count} found by every seed.**
As edits of Linux's files these are found, too: of `pgtable` PT-01 to PT-05, of `idmap` PT-01, PT-04 and PT-05, of
`tlbi` TL-01 to TL-04 (`tests/python/test_pgtable.py`, `test_idmap.py`, `test_tlbi.py`). Of TL-01 that edit is the
nearest that there can be: where KVM makes an address of an operand itself (`tlbi_va_s1_to_va()`), the top byte
counts, as where TBI is 0. What the seed asks after, maintenance that the machine executes while TCR_EL1 is the
host's, is no line of KVM's that an edit could change: the operand has address bits 55:12 alone, KVM passes it on as
it is, and the machine below is walkdiff's.

| kind | id | found | cases | at most | the defective one … |
| --- | --- | --- | --- | --- | --- |
"""


def kinds_section(kinds: dict[str, Any]) -> str:
    """What bench/detection/kinds.py measured."""
    rows = kinds["defects"]
    found = sum(one["found"] == kinds["seeds"] for one in rows)
    text = KINDS.format(seeds=kinds["seeds"], limit=kinds["limit"], found=found, count=len(rows))
    for one in rows:
        text += f"| {one['kind']} | {one['defect']} | {one['found']}/{kinds['seeds']} | {one['cases']:.0f} | "
        text += f"{one['most_cases']:,} | {one['text']} |\n"
    return text


def page(
    kept: dict[str, Any],
    mutants: list[dict[str, Any]],
    guidance: dict[str, Any] | None,
    triage: dict[str, Any] | None,
    kinds: dict[str, Any] | None,
) -> str:
    """The page of the manual."""
    defects = kept["defects"]
    text = HEAD.format(
        seeds=kept["seeds"],
        cases=f"{kept['cases']:,}",
        limit=kept["limit"],
        found=sum(one["found"] for one in defects),
        count=len(defects),
        median_cases=median(one["cases"] for one in defects),
        median_seconds=median(one["seconds"] for one in defects),
        most_cases=max(one["cases"] for one in defects),
        most_seconds=max(one["most_seconds"] for one in defects),
    )
    text += PROOF + "\n## Seed defects\n\n| id | found | cases | seconds | buckets | the defective walker … |\n"
    text += "| --- | --- | --- | --- | --- | --- |\n"
    for one in defects:
        found = sum(each["found"] for each in one["searches"])
        seeds = len(one["searches"])
        text += (
            f"| {one['subject']} | {found}/{seeds} | {one['cases']:.0f} | {one['seconds']:.2f} | {one['buckets']} | "
        )
        text += one["text"].replace("|", "\\|") + " |\n"
    text += kinds_section(kinds) if kinds else ""
    text += triage_section(triage) if triage else ""
    text += guidance_section(guidance) if guidance else ""
    return text + "".join(mutant_section(campaign) for campaign in mutants)


GUIDANCE = """
## What guidance is worth

`bench/detection/guidance.py`: the oracle made wrong in one place alone (a rule at a stage with a granule, 0 is 4K, 1 is
16K, 2 is 64K) that random cases reach less often than once in ten thousand, and there only where two control bits are
set. Places and bits are drawn at random. Medians over {seeds} seeds of the cases and seconds to the first finding, no
longer than {limit:g} s each (how many seeds found it stands in brackets). In the geometric mean **an unguided run takes
{ratio:.1f} times as many cases** as `fuzz --guided`, whose cases cost more: compare the seconds too.

| defect | cases | guided | seconds | guided |
| --- | --- | --- | --- | --- |
"""

GUIDANCE_ELSEWHERE = """
Where the defect is not rare, guidance costs: half of the cases are mutants, and what any random case shows is found up
to twice as late. The seed defects and the mutants below are of that kind; their numbers are of unguided runs.
"""


def guidance_section(guidance: dict[str, Any]) -> str:
    """What bench/detection/guidance.py measured."""
    text = GUIDANCE.format(**guidance)
    for one in guidance["defects"]:
        cells = [f"{median(one[way]):,.0f} ({one[f'{way}_found']})" for way in ("plain", "guided")]
        seconds = [f"{one[f'{way}_seconds']:.1f}" for way in ("plain", "guided")]
        text += f"| {one['defect']} | {' | '.join((*cells, *seconds))} |\n"
    return text + GUIDANCE_ELSEWHERE


def mutant_section(campaign: dict[str, Any]) -> str:
    """What became of the mutants of one walker."""
    all_of_them = campaign["mutants"]
    by = {status: [one for one in all_of_them if one["status"] == status] for status in STATUSES}
    judged = len(by["found"]) + len(by["not found"])
    cases = [one["cases"] for one in by["found"]]
    text = f"\n## Mutants of {campaign['title']}\n\n{campaign['about']}\n\n"
    text += "| mutants | found | not found | equivalent | found, of those that are not equivalent |\n"
    text += "| --- | --- | --- | --- | --- |\n"
    text += f"| {len(all_of_them)} | {len(by['found'])} | {len(by['not found'])} | {len(by['equivalent'])} | "
    text += f"{100 * len(by['found']) / judged:.1f} % |\n" if judged else "- |\n"
    if cases:
        text += f"\nThose found took {median(cases):.0f} cases in the median, {max(cases):,} at most, "
        text += f"{max(one['seconds'] for one in by['found']):.1f} s at most.\n"
    for status in ("not found", "equivalent"):
        if not by[status]:
            continue
        text += f"\n{status.capitalize()}:\n\n| mutant | was | is | why |\n| --- | --- | --- | --- |\n"
        for one in by[status]:
            was, now = (f"`{one[name]}`".replace("|", "\\|") for name in ("was", "now"))
            text += f"| {one['file']}:{one['line']} | {was} | {now} | {one.get('reason', 'not looked into')} |\n"
    return text


STATUSES = ("found", "not found", "equivalent")

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 360, 56, 16, 20, 48
COLORS = ("#1a5fb4", "#c64600", "#26a269", "#813d9c", "#a51d2d", "#986a44", "#3d3846")


def plot(kept: dict[str, Any], mutants: list[dict[str, Any]]) -> str:
    """The share found over the number of cases, a curve for the seed defects and one for each walker's mutants."""
    defects = kept["defects"]
    curves = [("seed defects", [one["cases"] for one in defects if one["found"]], len(defects))]
    for campaign in mutants:
        of_interest = [one for one in campaign["mutants"] if one["status"] != "equivalent"]
        found = [one["cases"] for one in of_interest if one["status"] == "found"]
        curves.append((f"mutants of {campaign['title']}", found, len(of_interest)))
    most = max((max(cases) for _, cases, _ in curves if cases), default=1)
    decades = max(1, math.ceil(math.log10(most)))

    def x(cases: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log10(max(cases, 1)) / decades

    def y(share: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        "<!-- SPDX-License-Identifier: MIT -->",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for decade in range(decades + 1):
        at = x(10**decade)
        parts.append(f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10**decade:,}</text>')
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts.append(f'<line x1="{LEFT}" y1="{y(share):.1f}" x2="{WIDTH - RIGHT}" y2="{y(share):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(share) + 4:.1f}" text-anchor="end">{share:.0%}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">cases</text>')
    for number, (name, cases, count) in enumerate(curves):
        color = COLORS[number % len(COLORS)]
        path = f"M{x(1):.1f},{y(0):.1f}"
        for position, each in enumerate(sorted(cases)):
            path += f"H{x(each):.1f}V{y((position + 1) / count):.1f}"
        path += f"H{WIDTH - RIGHT}"
        parts.append(f'<path d="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        label = HEIGHT - BOTTOM - 12 - 18 * (len(curves) - 1 - number)
        parts.append(
            f'<text x="{WIDTH - RIGHT - 8}" y="{label}" text-anchor="end" fill="{color}">'
            f"{escape(name)}: {len(cases)} of {count}</text>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"
