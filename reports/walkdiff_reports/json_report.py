# SPDX-License-Identifier: MIT
"""The report for programs: cases/schema/report.schema.json describes it."""

from __future__ import annotations

import json
from dataclasses import asdict

from walkdiff_reports.commands import join
from walkdiff_reports.report import Bucket, Report
from walkdiff_reports.run import Json

FORMAT = 1  # of the report: what `report` says


def _finding(bucket: Bucket) -> Json:
    told = {
        "rank": bucket.rank,
        "impact": bucket.impact.name,
        "against_all": bucket.against_all,
        "state": bucket.state,
        "first_seen": bucket.first_seen,
        "command": join(bucket.again),
        "decided_by": bucket.rule,
        "answers": bucket.answers,
        "fields": bucket.told.get("rows"),
        "error": bucket.told.get("error"),
    }
    return {**bucket.finding.data, **{name: value for name, value in told.items() if value not in ("", None, [])}}


def write(report: Report) -> str:
    """The run as one JSON document: the summary, and the buckets in the order in which they should be read."""
    document: Json = {
        "report": FORMAT,
        "run": report.summary,
        "findings": [_finding(bucket) for bucket in report.buckets],
    }
    if report.trend:
        document["nights"] = [asdict(night) for night in report.trend.nights]
    return json.dumps(document, ensure_ascii=True, indent=1) + "\n"
