# SPDX-License-Identifier: MIT
"""The order in which findings are read: what puts the oracle in doubt first, then the worst, then the most frequent."""

from __future__ import annotations

from dataclasses import dataclass

from walkdiff_reports.run import Finding, Json, Run

DOUBT = "reference-conflict"  # the verdict that may be about the oracle
WRONG_ANSWERS = (DOUBT, "deviation", "exception-mismatch")  # verdicts on answers that have an impact
OLD = ("known", "waived", "fixed", "flaky", "retracted")  # states of the store: an earlier night told of it

# Verdicts of one tier are ordered by impact, then by their counts.
TIERS = (
    (DOUBT,),
    ("crash",),
    ("hang",),
    ("deviation", "exception-mismatch"),
    ("inconsistent",),
    ("retry",),
    ("warn",),
)


@dataclass(frozen=True)
class Impact:
    """What a wrong answer does to whoever relies on it. The order of IMPACTS is that of how bad it is."""

    name: str
    text: str


LETS_THROUGH = Impact("lets through", "translates where a fault is required")
WRONG_ADDRESS = Impact("wrong address", "translates to another address")
REFUSES = Impact("refuses", "faults where a translation is required")
WRONG_MEMORY = Impact("wrong update", "leaves other words in memory")
WRONG_ATTRIBUTES = Impact("wrong attributes", "reports other memory attributes or shareability")
MISREPORTS = Impact("misreports", "faults rightly, and reports the fault wrongly")
RESERVED_BITS = Impact("reserved bits", "leaves bits of PAR_EL1 that are RES0 or RES1 wrong, and nothing else")
UNKNOWN = Impact("", "")
IMPACTS = (
    LETS_THROUGH,
    WRONG_ADDRESS,
    REFUSES,
    WRONG_MEMORY,
    WRONG_ATTRIBUTES,
    MISREPORTS,
    RESERVED_BITS,
    UNKNOWN,
)
FAULTS = ("fault", "exception", "undefined")


def impact_of(expected: Json, got: Json) -> Impact:
    """The impact of an answer, both as `walkdiff explain --json` tells them."""
    required, given = expected["outcome"], got["outcome"]
    differs = got["differs"]
    if differs == ["RES0/1"]:
        return RESERVED_BITS
    if required in FAULTS and given == "success":
        return LETS_THROUGH
    if required == "success" and given in FAULTS:
        return REFUSES
    if required == given == "success":
        by_aspect = (("PA", WRONG_ADDRESS), ("memory", WRONG_MEMORY))
        return next((impact for aspect, impact in by_aspect if aspect in differs), WRONG_ATTRIBUTES)
    if required in FAULTS and given in FAULTS:
        return WRONG_MEMORY if differs == ["memory"] else MISREPORTS
    return UNKNOWN


def tier(verdict: str) -> int:
    """The place of a verdict among the tiers; one that is not known comes last."""
    return next((i for i, names in enumerate(TIERS) if verdict in names), len(TIERS))


def against_all(run: Run, finding: Finding) -> bool:
    """
    Whether all walkers that answer say the same, against the oracle.

    The run counts such cases; where it does not, every walker of it, and there are several, must have a bucket of this
    signature.
    """
    if finding.oracle_alone is not None:
        return finding.oracle_alone > 0
    walkers = {walker["walker"] for walker in run.summary["walkers"]}
    same = {f.walker for f in run.findings if f.signature == finding.signature}
    return len(walkers) > 1 and walkers <= same
