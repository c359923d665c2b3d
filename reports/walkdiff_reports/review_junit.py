# SPDX-License-Identifier: MIT
"""A review as JUnit XML: a suite a pair, a test case a change; what is worse fails, what is better passes."""

from __future__ import annotations

import xml.etree.ElementTree as Xml

from walkdiff_reports.junit_report import ELEMENTS, Outcome, clean
from walkdiff_reports.review_text import change_lines, lines
from walkdiff_reports.review_view import GAINED, Change, Compared, Review


def outcomes(pair: Compared) -> list[Outcome]:
    """What a pair's suite holds."""
    if pair.cannot_build:
        return [Outcome("the walker can be built", "error", "cannot build", pair.cannot_build)]
    found = [Outcome(f"the same answers before and after, but for what follows: {pair.cases:,} cases")]
    found += [_of_change(pair, change) for change in pair.changes]
    if pair.not_run or pair.no_lines:
        told = "\n".join(lines(pair)).strip()
        found.append(Outcome("every changed line of code ran", "skipped", message=told))
    elif pair.ran:
        found.append(Outcome("every changed line of code ran"))
    return found


def _of_change(pair: Compared, change: Change) -> Outcome:
    name = change.signature if change.signature.startswith(change.kind) else f"{change.kind}: {change.signature}"
    if not change.worse:
        return Outcome(name)
    return Outcome(
        name,
        kind="error" if change.kind in GAINED else "failure",
        type=change.kind,
        message=change.heading,
        text="\n".join(change_lines(pair, change)).strip("\n"),
    )


def _suite(pair: Compared) -> Xml.Element:
    cases = outcomes(pair)
    seconds = f"{pair.result.get('seconds', 0):.3f}"
    title = clean(pair.title)
    suite = Xml.Element("testsuite", name=title, time=seconds, tests=str(len(cases)))
    for attribute, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(ELEMENTS.get(case.kind) == element for case in cases)))
    properties = Xml.SubElement(suite, "properties")
    for name in ("before", "after"):
        if name in pair.result:
            Xml.SubElement(properties, "property", name=name, value=clean(pair.result[name]["spec"]))
    for case in cases:
        element = Xml.SubElement(
            suite, "testcase", classname=f"walkdiff.review.{title}", time="0", name=clean(case.name)
        )
        if case.kind:
            detail = Xml.SubElement(element, ELEMENTS[case.kind], message=clean(case.message))
            if detail.tag != "skipped":
                detail.set("type", clean(case.type))
            detail.text = clean(case.text) or None
    return suite


def write(review: Review) -> str:
    """The review as JUnit XML."""
    suites = [_suite(pair) for pair in review.compared]
    spent = sum(float(suite.get("time", "0")) for suite in suites)
    root = Xml.Element("testsuites", name="walkdiff review", time=f"{spent:.3f}")
    for attribute in ("tests", "failures", "errors", "skipped"):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in suites)))
    root.extend(suites)
    Xml.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"
