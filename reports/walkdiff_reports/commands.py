# SPDX-License-Identifier: MIT
"""Commands that a reader can run as they are."""

from __future__ import annotations

import shlex

from walkdiff_reports.run import Finding, Run


def reproduce(run: Run, finding: Finding) -> str:
    """The command that makes the first case of a bucket again and judges it; "" if the run is not seeded."""
    seed, index = finding.first.get("seed"), finding.first.get("index")
    if seed is None or index is None:
        return ""
    words = ["walkdiff", "fuzz", "--walker", finding.walker]
    for profile in run.summary.get("profiles", ()):
        words += ["--profile", str(profile)]
    return shlex.join([*words, "--seed", str(seed), "--case", str(index)])


def replay(finding: Finding) -> str:
    """The command that judges the case of a bucket, stored in case.json."""
    return shlex.join(["walkdiff", "replay", "--walker", finding.walker, "case.json"])
