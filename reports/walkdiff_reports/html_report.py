# SPDX-License-Identifier: MIT
"""The report as one HTML page that needs nothing else: no file, no network, no script."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from walkdiff_reports import heat
from walkdiff_reports.commands import harms, join
from walkdiff_reports.report import Report
from walkdiff_reports.view import of_bucket

TEMPLATES = Path(__file__).parent / "templates"
OPEN = 3  # buckets that are unfolded at first

# How a verdict looks: what it is worth.
LOOKS = {"agree": "good", "permitted": "good", "unsupported": "idle", "waived": "known"}


def look(verdict: str) -> str:
    """The style of a verdict; all that are not named are findings."""
    return LOOKS.get(verdict, "finding")


def _number(value: int) -> str:
    return f"{value:,}"


def _harmless(value: object) -> object:
    """A text without characters that would turn it around or hide in it; line ends stay."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return "".join("\ufffd" if harms(c) and c not in "\n\t" else c for c in value)


def environment() -> Environment:
    """The templates, with everything escaped that does not come from a template itself."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = _number
    made.globals["look"] = look
    return made


def asset(name: str) -> Markup:
    """The text of a style sheet or a script of ours, for a page."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    assert "</" not in text
    return Markup(text)


def policy(script: str) -> str:
    """A content security policy that lets our own style and script run, and nothing be fetched."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = ("default-src 'none'", "style-src 'unsafe-inline'", f"script-src 'sha256-{digest}'")
    return "; ".join((*rules, "base-uri 'none'", "form-action 'none'"))


def write(report: Report) -> str:
    """The page."""
    script = asset("page.js")
    summary = report.summary
    decided = Counter(bucket.finding.rule for bucket in report.buckets)
    coverage = summary.get("coverage")
    command = summary.get("command")
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            summary=summary,
            style=asset("page.css"),
            script=script,
            policy=policy(str(script)),
            buckets=[of_bucket(bucket, bucket.rank <= OPEN) for bucket in report.buckets],
            verdicts=sorted({bucket.finding.verdict for bucket in report.buckets}),
            states=sorted({bucket.state for bucket in report.buckets} - {""}),
            heat=heat.of(coverage if isinstance(coverage, dict) else {}, report.rules, decided),
            waived=report.waived,
            command=join(str(command[0]).split() + [str(word) for word in command[1:]])
            if isinstance(command, list) and command
            else "",
        )
    )
