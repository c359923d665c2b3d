# SPDX-License-Identifier: MIT
"""The report for programs."""

from __future__ import annotations

import json

from walkdiff_reports.commands import reproduce
from walkdiff_reports.order import ranked
from walkdiff_reports.run import Run


def write(run: Run) -> str:
    """The run as one JSON document: the summary, and the buckets in the order in which they should be read."""
    buckets = [{"rank": rank, **f.data, "command": reproduce(run, f)} for rank, f in enumerate(ranked(run), 1)]
    return json.dumps({"report": 1, "run": run.summary, "findings": buckets}, ensure_ascii=False, indent=1) + "\n"
