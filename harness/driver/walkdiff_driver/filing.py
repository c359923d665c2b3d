# SPDX-License-Identifier: MIT
"""What becomes of a bucket's state when its case is run again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from walkdiff_driver.store import (
    BACK,
    FIXED,
    FLAKY,
    GONE,
    NEW,
    RETRACTED,
    WAIVED,
    WRONG_ANSWERS,
    Bucket,
    Sighting,
    Store,
)

Judgement = dict[str, Any]  # a line of `walkdiff replay --json`

RIGHT = ("agree", "permitted")
NO_FINDING = (*RIGHT, "waived", "unsupported")
# What replay, where every walker is under test, may say of what a reference did.
AS_REFERENCE = WRONG_ANSWERS
FAMILY_DASH = " — "  # between a family of checks and the case of one of them, in a title


def answer_of(result: dict[str, Any]) -> dict[str, Any]:
    """What of a result is the answer: neither how the walker came to it nor what the case is called."""
    return {name: value for name, value in result.items() if name not in ("trace", "id")}


def shows(bucket: Bucket, judgement: Judgement) -> bool:
    """Whether a judgement is a finding of this bucket."""
    verdict = judgement["verdict"]
    if bucket.verdict == "inconsistent":  # needs two cases; one of them must be answered as it was
        return answer_of(judgement.get("got") or {}) == answer_of(bucket.got)
    same = verdict == bucket.verdict or (verdict in WRONG_ANSWERS and bucket.verdict in WRONG_ANSWERS)
    as_reference = bucket.verdict == "reference-conflict" and verdict in AS_REFERENCE
    return (same or as_reference) and judgement.get("signature") == bucket.signature


def title_of(bucket: Bucket, judgement: Judgement) -> str:
    """The title of a bucket that is shown by another case. Of a family of checks it begins with the family."""
    family, dash, _ = bucket.title.partition(FAMILY_DASH)
    return f"{family}{dash}{judgement['title']}" if bucket.family and dash else judgement["title"]


def confirm(store: Store, run: int, bucket: Bucket, judgements: Sequence[Judgement]) -> str:
    """Files a bucket that was run again several times: as new or still back, or as flaky. Returns its state."""
    shown = sum(shows(bucket, judgement) for judgement in judgements)
    if shown == len(judgements) > 0:
        state = bucket.state if bucket.state == BACK else NEW
        why = f"run again, it showed {shown} times of {len(judgements)}"
    elif judgements and all(judgement["verdict"] == "waived" for judgement in judgements):
        state, why = WAIVED, f"waiver {judgements[0].get('waiver')} matches it"
    else:
        state, why = FLAKY, f"run again, it showed {shown} times of {len(judgements)}"
    store.set_state(bucket.id, state, run, why, waiver=judgements[0].get("waiver") if state == WAIVED else None)
    return state


def sighting_of(walker: str, judgement: Judgement, case: dict[str, Any], count: int) -> Sighting:
    """A judgement that is a finding, as the store takes it."""
    finding = {name: judgement[name] for name in ("verdict", "signature", "title", "rule", "expected", "got")}
    explained = {name: judgement.get(name, []) for name in ("also", "families")}
    return Sighting(walker, {**finding, "case": case, **explained}, count)


def is_finding(judgement: Judgement) -> bool:
    """Whether a judgement belongs into some bucket."""
    return judgement["verdict"] not in NO_FINDING and "signature" in judgement


def replayed(store: Store, run: int, bucket: Bucket, judgement: Judgement, reference: bool) -> Bucket | None:
    """Says what became of a bucket of an earlier run whose case was replayed. Returns the bucket that it shows now,
    or None if it shows none."""
    verdict = judgement["verdict"]
    same_answer = answer_of(judgement.get("got") or {}) == answer_of(bucket.got)
    if shows(bucket, judgement):
        seen = Sighting(bucket.walker, bucket.as_finding(), 0)
        return store.see(run, None, seen)
    if bucket.verdict == "inconsistent" or verdict == "unsupported":
        return None
    if verdict == "waived":
        if bucket.state != WAIVED:
            waiver = judgement.get("waiver")
            store.set_state(bucket.id, WAIVED, run, f"waiver {waiver} matches it", waiver=waiver)
        return None
    if bucket.state not in GONE:
        now = "rightly" if verdict in RIGHT else f"otherwise: {judgement.get('signature', verdict)}"
        if same_answer:
            store.set_state(bucket.id, RETRACTED, run, f"the walker answers as it did; it is now judged {now}")
        else:
            store.set_state(bucket.id, FIXED, run, f"the walker now answers its case {now}")
    if not is_finding(judgement) or reference:
        return None
    return store.see(run, None, sighting_of(bucket.walker, judgement, bucket.case, 1))
