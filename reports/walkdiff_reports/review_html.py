# SPDX-License-Identifier: MIT
"""A review as one HTML page that needs nothing else: no file, no network, no script."""

from __future__ import annotations

from walkdiff_reports import heat
from walkdiff_reports.commands import join
from walkdiff_reports.html_report import OPEN, asset, environment, policy
from walkdiff_reports.review_text import lines
from walkdiff_reports.review_view import KINDS, Change, Compared, Review
from walkdiff_reports.view import BucketView, Command, Facet, pretty

# How a kind of change looks: what it is worth (page.css).
LOOKS = {"fix": "good", "neutral": "idle", "support gained": "idle", "support lost": "known", "unjudged": "idle"}


def look(kind: str) -> str:
    """The style of a kind."""
    return LOOKS.get(kind, "good" if kind.endswith("lost") else "known" if kind == "still wrong" else "finding")


def _told(change: Change) -> dict[str, object]:
    """What explain tells, with the answers' names as readers know them."""
    names = {"base": "before", "patch": "after"}
    if "answers" not in change.told:
        return change.told
    answers = [{**answer, "name": names.get(answer["name"], answer["name"])} for answer in change.told["answers"]]
    return {**change.told, "answers": answers}


def view_of(review: Review, pair: Compared, change: Change, number: int) -> BucketView:
    """A change as the template of buckets shows it."""
    remarks = [f"before: {change.words(0)}; after: {change.words(1)}"]
    if "error" in change.told:
        remarks.append(f"The case cannot be read: {change.told['error']}")
    if change.data.get("confirmed") is False:
        remarks.append("Seen with the build that notes lines alone: the usual build does not show it.")
    return BucketView(
        anchor=f"change-{number}-{change.rank}",
        rank=change.rank,
        verdict=change.kind,
        title=change.heading,
        signature=change.signature,
        walker="",
        count=change.count,
        told=_told(change),
        case=pretty(change.case),
        impact=change.impact.name,
        impact_text=change.impact.text,
        shrunk=change.shrunk,
        is_open=change.worse and change.rank <= OPEN,
        remarks=remarks,
        facets=[
            Facet(name, sorted(values.items(), key=lambda item: -item[1]))
            for name, values in change.data["facets"].items()
            if values
        ],
        commands=[Command("see both answers to the case, stored in case.json", join(review.replay(pair)))],
        rule=change.rule,
    )


def write(review: Review) -> str:
    """The page."""
    script = asset("page.js")
    made = environment()
    made.globals["look"] = look
    pairs = [
        {
            "pair": pair,
            "changes": [view_of(review, pair, change, number) for change in pair.changes],
            "lines": "\n".join(lines(pair)).strip() if "lines" in pair.result and not pair.result["same_code"] else "",
            "heat": heat.of(pair.result.get("coverage", {}), review.rules, {}),
        }
        for number, pair in enumerate(review.compared, 1)
    ]
    return made.get_template("review.html.j2").render(
        review=review,
        pairs=pairs,
        kinds=KINDS,
        style=asset("page.css"),
        script=script,
        policy=policy(str(script)),
        command=join(review.command),
    )
