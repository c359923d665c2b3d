# SPDX-License-Identifier: MIT
"""The report as JUnit XML: a suite a walker, a failure a bucket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from walkdiff_reports.order import OLD
from walkdiff_reports.report import Bucket, Report
from walkdiff_reports.run import Json
from walkdiff_reports.text_report import bucket_lines

NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ERRORS = ("crash", "hang")  # what JUnit calls an error: the walker gave no answer at all
PASSES = ("agree", "permitted")


def clean(text: str) -> str:
    """A text that XML 1.0 can hold."""
    return NOT_IN_XML.sub("\ufffd", text)


@dataclass(frozen=True)
class Outcome:
    """A test case of a suite. `kind` is "", "skipped", "failure", "error", or "known": an earlier night told of it."""

    name: str
    kind: str = ""
    type: str = ""
    message: str = ""
    text: str = ""


def outcomes(report: Report, walker: Json) -> Iterator[Outcome]:
    """What a walker's suite holds: what passed, in one; each bucket; what was not judged, or is known."""
    verdicts = walker["verdicts"]
    passed = ", ".join(f"{verdicts[name]:,} {name}" for name in PASSES if verdicts.get(name))
    yield Outcome(f"answers that the architecture permits: {passed or 'none'}")
    for bucket in report.buckets:
        if bucket.finding.walker == walker["walker"]:
            yield _of_bucket(report, bucket)
    for name in ("unsupported", "waived"):
        if verdicts.get(name):
            yield Outcome(f"{name} cases", "skipped", message=f"{verdicts[name]:,} cases are {name}")


def _of_bucket(report: Report, bucket: Bucket) -> Outcome:
    finding = bucket.finding
    known = bucket.state in OLD
    since = f" since {bucket.first_seen[:10]}" if bucket.first_seen else ""
    return Outcome(
        name=f"{finding.verdict}: {finding.signature}",
        kind="known" if known else "error" if finding.verdict in ERRORS else "failure",
        type=finding.verdict,
        message=f"{bucket.state}{since}: {finding.title}" if known else finding.title,
        text="\n".join(bucket_lines(report, bucket)).strip("\n"),
    )


ELEMENTS = {"skipped": "skipped", "known": "skipped", "failure": "failure", "error": "error"}  # by kind


def _count(cases: list[Outcome], element: str) -> str:
    return str(sum(ELEMENTS.get(case.kind) == element for case in cases))


def _suite(report: Report, walker: Json, seconds: str) -> Xml.Element:
    cases = list(outcomes(report, walker))
    suite = Xml.Element("testsuite", name=clean(walker["walker"]), time=seconds)
    suite.set("tests", str(len(cases)))
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, _count(cases, kind))
    properties = Xml.SubElement(suite, "properties")
    versions = (("walkdiff", report.summary["walkdiff"]), ("version", walker["version"]), ("role", walker["role"]))
    for name, value in (*versions, ("seed", report.summary.get("seed", "")), ("cases", report.cases)):
        Xml.SubElement(properties, "property", name=name, value=clean(str(value)))
    for case in cases:
        element = Xml.SubElement(suite, "testcase", classname=f"walkdiff.{clean(walker['walker'])}", time="0")
        element.set("name", clean(case.name))
        if case.kind:
            detail = Xml.SubElement(element, ELEMENTS[case.kind], message=clean(case.message))
            if detail.tag != "skipped":
                detail.set("type", clean(case.type))
            detail.text = clean(case.text) or None
    return suite


def write(report: Report) -> str:
    """The report as JUnit XML."""
    seconds = report.summary.get("seconds")
    spent = f"{seconds:.3f}" if isinstance(seconds, int | float) else "0"
    suites = [_suite(report, walker, spent) for walker in report.walkers]
    root = Xml.Element("testsuites", name="walkdiff", time=spent)
    for attribute in ("tests", "failures", "errors", "skipped"):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in suites)))
    root.extend(suites)
    Xml.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"
